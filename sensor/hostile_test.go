package sensor

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"pons/bus"
	"pons/fact"
	"pons/fault"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

// stolen is a connection to a site's broker by whoever holds a key, without the manners of a sensor.
func (s *site) stolen(key bus.Key, name string) *nats.Conn {
	s.t.Helper()
	nc, err := nats.Connect("tls://"+s.listening, nats.Secure(s.pin.trust(s.listening)), nats.Nkey(key.Public(), key.Sign), nats.CustomInboxPrefix(inbox(name)),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(nc.Close)
	return nc
}

// TestAnswersGoHome holds that nobody makes the hub, or the broker, speak where only the hub may: the subject under which
// an answer is wanted is the asker's word, and the hub may publish everywhere.
func TestAnswersGoHome(t *testing.T) {
	sqldbtest.Run(t, schemas(), func(t *testing.T, db *sqldb.DB) {
		s := newSite(t, db)
		thief := s.member("thief", t.TempDir())
		s.member("icu-3", t.TempDir())
		key, err := bus.ParseKey([]byte(thief.Seed))
		if err != nil {
			t.Fatal(err)
		}
		nc := s.stolen(key, "thief")
		own, err := bus.Connect(bus.LinkOptions{Broker: s.broker})
		if err != nil {
			t.Fatal(err)
		}
		defer own.Close()
		heard := make(chan string, 100)
		for _, subject := range []string{"$JS.API.STREAM.PURGE.PONS", "$JS.API.STREAM.DELETE.PONS", batchSubject + "icu-3", "_INBOX.pons.icu-3.x.y"} {
			if err := own.Answer(t.Context(), subject, func(m bus.Message) []byte { heard <- m.Subject + " " + string(m.Data); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		q, _ := json.Marshal(question{})
		for _, reply := range []string{"$JS.API.STREAM.PURGE.PONS", "$JS.API.STREAM.DELETE.PONS", batchSubject + "icu-3", "_INBOX.pons.icu-3.x.y"} {
			_ = nc.PublishRequest(askSubject+"thief", reply, q)
			_ = nc.PublishRequest(batchSubject+"thief", reply, []byte("x"))
		}
		if _, err := nc.RequestWithContext(t.Context(), askSubject+"thief", q); err != nil {
			t.Fatal("the hub does not answer a proper question:", err)
		}
		time.Sleep(200 * time.Millisecond) // what was said is on its way to the listener
		for len(heard) > 0 {
			t.Error("said for the thief:", <-heard)
		}
	})
}

// TestKeyOfAnother: a code does not make a sensor of the key that another sensor has, whose public half is no secret.
func TestKeyOfAnother(t *testing.T) {
	s := newSite(t, sqldbtest.Open(t, schemas()))
	victim := s.member("icu-3", t.TempDir())
	code, err := ParseCode(s.invite("thief"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := code.key()
	if err != nil {
		t.Fatal(err)
	}
	a := application{Code: key.Public(), Key: keyOf(t, victim).Public()}
	if a.Signature, err = key.Sign(a.signed()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Update(t.Context(), func(tx *sqldb.Tx) error { _, err := admit(tx, &a, time.Now()); return err }); !errors.Is(err, fault.Denied) {
		t.Errorf("admitted: %v", err)
	}
	if u := s.unit("thief"); u.key != "" {
		t.Error("the thief has the key")
	}
}

// TestTwoWithOneCode: of two machines that present one code at once, one becomes the sensor.
func TestTwoWithOneCode(t *testing.T) {
	sqldbtest.Run(t, schemas(), func(t *testing.T, db *sqldb.DB) {
		s := newSite(t, db)
		code := s.invite("icu-3")
		errs := make(chan error, 4)
		for range cap(errs) {
			dir := t.TempDir()
			go func() { _, err := Enrol(t.Context(), dir, s.listening, code, ""); errs <- err }()
		}
		in := 0
		for range cap(errs) {
			if err := <-errs; err == nil {
				in++
			} else if !errors.Is(err, fault.Denied) {
				t.Error(err)
			}
		}
		if in != 1 {
			t.Errorf("%d machines became one sensor", in)
		}
	})
}

// TestBombs: what unpacks to fifty times its text, and what a spool of months ago would hold, is refused and nothing of it is
// kept; the sensor's next word is taken.
func TestBombs(t *testing.T) {
	bomb := func(text string) []byte {
		var b bytes.Buffer
		b.WriteByte(version)
		z, _ := flate.NewWriter(&b, flate.BestCompression)
		_, _ = z.Write([]byte(text))
		z.Close()
		return b.Bytes()
	}
	for name, body := range map[string][]byte{
		"a gigabyte of blanks": bomb(`{"t":1` + strings.Repeat(" ", 64<<20) + `}`),
		"objects of nothing":   bomb(`{"t":1,"r":[{"k":"00:12:21:00:00:01|","f":[{}` + strings.Repeat(",{}", 1<<20) + `]}]}`),
		"deep":                 bomb(`{"t":1,"r":` + strings.Repeat("[", 1<<20)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := decode(body); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 100<<20 {
			t.Errorf("%s: %d MB for %d bytes", name, grown>>20, len(body))
		}
	}
	s := newSite(t, sqldbtest.Open(t, schemas()))
	m := s.member("icu-3", t.TempDir())
	key := keyOf(t, m)
	link, err := bus.Connect(bus.LinkOptions{URL: "tls://" + s.listening, Key: key, TLS: s.pin.trust(s.listening), Inbox: inbox("icu-3"), Once: true})
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close()
	for seq, at := range []time.Time{time.Now().Add(-sessionKeep - time.Hour), time.Now()} {
		mac := fmt.Sprintf("00:12:21:00:00:0%d", seq+1)
		b := Batch{At: at, Records: []fact.Record{{Subject: fact.Host(mac, ""), At: at, Facts: []fact.Fact{{Attr: fact.MAC, Value: mac}}}}}
		body, err := b.encode()
		if err != nil {
			t.Fatal(err)
		}
		e := envelope{session: "old", seq: uint64(seq) + 1, base: 1, body: body}
		message, err := e.seal(batchSubject+"icu-3", *key)
		if err == nil {
			err = link.Send(t.Context(), batchSubject+"icu-3", message)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the second is taken", func() bool { return strings.Contains(devices(t, s.inv), "00:12:21:00:00:02") })
	if got := devices(t, s.inv); strings.Contains(got, "00:12:21:00:00:01") || s.unit("icu-3").Refused != 1 {
		t.Errorf("%d refused:\n%s", s.unit("icu-3").Refused, got)
	}
}
