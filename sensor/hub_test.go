package sensor

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"pons/account"
	"pons/audit"
	"pons/bus"
	"pons/capture"
	"pons/fact"
	"pons/fault"
	"pons/flow"
	"pons/inventory"
	"pons/ledger"
	"pons/product"
	"pons/protocol"
	"pons/protocol/all"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

func schemas() []sqldb.Schema {
	return []sqldb.Schema{audit.Schema(), account.Schema(), ledger.Schema(), inventory.Schema(), flow.Schema(), Schema()}
}

var ann = account.Command("ann")

// log is where parts under test log to; it is shown when a test fails.
type log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func logger(t testing.TB) (*slog.Logger, *log) {
	l := &log{}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(l.String())
		}
	})
	return slog.New(slog.NewTextHandler(l, nil)), l
}

// ownCertificate is a certificate of the test's own.
func ownCertificate(t testing.TB) (*tls.Config, Pin) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hub"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, PinOf(cert)
}

// site is a hub with a broker of its own.
type site struct {
	t         testing.TB
	db        *sqldb.DB
	inv       *inventory.Inventory
	broker    *bus.Broker
	pin       Pin
	conf      *tls.Config
	dir       string
	log       *slog.Logger
	says      *log
	stop      func()
	listening string
	now       func() time.Time
}

func newSite(t testing.TB, db *sqldb.DB) *site {
	t.Helper()
	s := &site{t: t, db: db, inv: inventory.New(db, product.Default(), time.Now), dir: t.TempDir(), listening: "127.0.0.1:0", now: time.Now}
	s.conf, s.pin = ownCertificate(t)
	s.log, s.says = logger(t)
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

// start starts the broker and the hub.
func (s *site) start() {
	s.t.Helper()
	var err error
	s.broker, err = bus.StartBroker(bus.BrokerOptions{Listen: s.listening, Dir: s.dir, TLS: s.conf, Serve: Serve(), Admit: func(public string) (g bus.Grant, ok bool) {
		err := s.db.View(context.Background(), func(tx *sqldb.Tx) (err error) {
			g, err = Grants(tx, public, s.now())
			return err
		})
		return g, err == nil
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.listening = s.broker.Address()
	if _, err := s.db.Update(context.Background(), func(tx *sqldb.Tx) error { return SetHub(tx, s.listening, s.pin) }); err != nil {
		s.t.Fatal(err)
	}
	link, err := bus.Connect(bus.LinkOptions{Broker: s.broker, Name: "hub"})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	hub := &Hub{DB: s.db, Inventory: s.inv, Link: link, Now: s.now, Log: s.log}
	go func() { done <- hub.Run(ctx) }()
	s.stop = func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Error(err)
		}
		link.Close()
		s.broker.Close()
		s.stop = func() {}
	}
}

func (s *site) invite(name string) string {
	s.t.Helper()
	var code string
	if _, err := s.db.Update(context.Background(), func(tx *sqldb.Tx) (err error) {
		code, err = Invite(tx, ann, name, CodeLife, s.now())
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
	return code
}

func (s *site) unit(name string) (u Unit) {
	s.t.Helper()
	if err := s.db.View(context.Background(), func(tx *sqldb.Tx) (err error) {
		u, err = Get(tx, name)
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
	return u
}

// member enrols a sensor in a folder.
func (s *site) member(name, dir string) Membership {
	s.t.Helper()
	m, err := Enrol(context.Background(), dir, s.listening, s.invite(name), "")
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

// forward runs a sensor's sending until stop.
func (s *site) forward(m Membership, spool *Spool) (clock *Clock, stop func()) {
	s.t.Helper()
	clock = &Clock{}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- Forward(ctx, ForwardOptions{Member: m, Spool: spool, Clock: clock, Log: s.log})
	}()
	return clock, sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Error(err)
		}
	})
}

func openSpool(t testing.TB, dir string, max int64) *Spool {
	t.Helper()
	s, err := OpenSpool(dir, max)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// until waits for something to become true.
func until(t testing.TB, what string, f func() bool) {
	t.Helper()
	for late := time.Now().Add(40 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if f() {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func empty(s *Spool) func() bool {
	return func() bool { n, _, _ := s.Depth(); return n == 0 }
}

// devices writes an inventory down without ids: what is said of each device and by which records.
func devices(t testing.TB, inv *inventory.Inventory) string {
	t.Helper()
	var lines []string
	err := inv.DB().View(context.Background(), func(tx *sqldb.Tx) error {
		for d, err := range inv.All(tx) {
			if err != nil {
				return err
			}
			var b strings.Builder
			for _, r := range d.Records {
				fmt.Fprintf(&b, "%s ", r.Name())
			}
			for _, v := range d.Values {
				fmt.Fprintf(&b, "%s=%s%q ", v.Attr, v.Value, v.All)
			}
			fmt.Fprintf(&b, "%s %s", d.FirstSeen, d.LastSeen)
			lines = append(lines, b.String())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(sorted(lines), "\n")
}

// flows writes the sums of traffic down.
func flows(t testing.TB, db *sqldb.DB, inv *inventory.Inventory) string {
	t.Helper()
	g, err := flow.New(db, inv).Graph(context.Background(), flow.Window{From: time.Unix(0, 0), To: time.Unix(latest, 0)}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, l := range g.Links {
		lines = append(lines, fmt.Sprintf("%s %s %s %+v", g.Nodes[l.Client].Name, g.Nodes[l.Server].Name, l.Service.Name(), l.Sum))
	}
	return strings.Join(sorted(lines), "\n")
}

// same holds two texts against each other, line by line.
func same(t testing.TB, what, got, want string) {
	t.Helper()
	if want == "" {
		t.Errorf("%s: there is nothing to compare with", what)
	}
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	if len(a) != len(b) {
		t.Errorf("%s: %d lines, want %d", what, len(a), len(b))
	}
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Errorf("%s: got\n%s\nwant\n%s", what, a[i], b[i])
			return
		}
	}
}

// tape is a tap that plays a capture file.
func tape(t testing.TB, path string) Tap {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	src, err := capture.Open(f, path)
	if err != nil {
		t.Fatal(err)
	}
	return Tap{Name: "tape", Source: src, Count: func() capture.Counts { return capture.Counts{Frames: 7, Bytes: 700} }}
}

const lab = "../../shared/data/pcap/lab/dicom_hl7_snmp_dhcp.pcap"

// TestFromWireToInventory: a sensor enrols over TLS, listens to a capture, and the hub has what an import of it brings.
func TestFromWireToInventory(t *testing.T) {
	sqldbtest.Run(t, schemas(), func(t *testing.T, db *sqldb.DB) {
		s := newSite(t, db)
		dir := t.TempDir()
		m := s.member("icu-3", dir)
		spool := openSpool(t, dir+"/spool", 0)
		defer spool.Close()
		clock, stop := s.forward(m, spool)
		if err := Listen(context.Background(), ListenOptions{Taps: []Tap{tape(t, lab)}, Spool: spool, Clock: clock, Version: "test", Log: s.log, Harvest: 5 * time.Millisecond}); err != nil {
			t.Fatal(err)
		}
		until(t, "the hub has everything", empty(spool))
		stop()

		u := s.unit("icu-3")
		if u.State(time.Now()) != Up || u.Batches == 0 || u.Refused != 0 || u.Missed != 0 || u.Health == nil || u.Health.Version != "test" {
			t.Errorf("sensor %+v health %+v", u, u.Health)
		}
		err := db.View(context.Background(), func(tx *sqldb.Tx) error {
			samples, err := Samples(tx, "icu-3", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
			if err != nil || len(samples) == 0 || samples[0].Frames != 7 || samples[0].Bytes != 700 || samples[0].Memory == 0 {
				t.Errorf("samples %+v %v", samples, err)
			}
			seen, err := Networks(tx, "")
			if err != nil || len(seen) == 0 || seen[0].Hosts == 0 || seen[0].Sensor != "icu-3" {
				t.Errorf("networks %+v %v", seen, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}

		other := sqldbtest.Open(t, schemas())
		inv := inventory.New(other, product.Default(), time.Now)
		engine := protocol.NewEngine(all.Parsers(), protocol.Options{})
		if _, err := tape(t, lab).Run(context.Background(), func(f capture.Frame) { engine.Frame(f.At, uint32(f.Link), f.Number, f.Data) }); err != nil {
			t.Fatal(err)
		}
		records := engine.Finish()
		_, err = inv.Import(context.Background(), inventory.Import{Source: "wire:icu-3", Kind: "wire", File: "lab", Actor: "ann", Records: func(yield func(fact.Record, error) bool) {
			for _, r := range records {
				if !yield(r, nil) {
					return
				}
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.Update(context.Background(), func(tx *sqldb.Tx) error {
			return flow.Apply(tx, "wire:icu-3#1", engine.Traffic())
		}); err != nil {
			t.Fatal(err)
		}
		same(t, "devices", devices(t, s.inv), devices(t, inv))
		same(t, "flows", flows(t, db, s.inv), flows(t, other, inv))
	})
}

// TestEnrolment: a code works once, within its time, for one machine, and only as it was given.
func TestEnrolment(t *testing.T) {
	s := newSite(t, sqldbtest.Open(t, schemas()))
	ctx := context.Background()
	var skew time.Duration
	s.stop()
	s.now = func() time.Time { return time.Now().Add(skew) }
	s.start()
	refused := func(what, code string, kind error, says string) {
		t.Helper()
		if _, err := Enrol(ctx, t.TempDir(), s.listening, code, ""); !errors.Is(err, kind) || !strings.Contains(fmt.Sprint(err), says) {
			t.Errorf("%s: %v", what, err)
		}
	}
	code := s.invite("icu-3")
	slip := []byte(code)
	slip[9] = "AB"[map[bool]int{true: 1}[slip[9] == 'A']]
	refused("a slip", string(slip), fault.Invalid, "slip")
	refused("half", code[:20], fault.Invalid, "slip")
	refused("another hub's", newCode(s.pin).String(), fault.Denied, "does not know this enrolment code")
	refused("a hub with another certificate", newCode(Pin{1}).String(), fault.Busy, "not the hub that the enrolment code is of")

	dir := t.TempDir()
	m, err := Enrol(ctx, dir, s.listening, strings.ToLower(code), "")
	if err != nil || m.Name != "icu-3" {
		t.Fatal(m, err)
	}
	if again, err := Enrol(ctx, dir, s.listening, code, ""); err != nil || again != m {
		t.Errorf("the same code at the same place: %+v %v", again, err)
	}
	refused("a second machine", code, fault.Denied, "")
	if info, err := os.Stat(dir + "/" + memberFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("membership %v %v", info.Mode(), err)
	}

	// The answer got lost: the same machine asks again, with the key that it made.
	lost := m
	lost.Name = ""
	if err := lost.save(dir); err != nil {
		t.Fatal(err)
	}
	if again, err := Enrol(ctx, dir, s.listening, code, ""); err != nil || again.Seed != m.Seed || again.Name != "icu-3" {
		t.Errorf("after a lost answer: %v", err)
	}

	late := s.invite("icu-4")
	skew = CodeLife + time.Minute
	refused("a day late", late, fault.Denied, "")
	skew = 0
	old := s.invite("icu-4")
	s.invite("icu-4")
	refused("an older code", old, fault.Denied, "")

	for _, name := range []string{"", "ICU", "a/b", "a.b", "-a", strings.Repeat("x", 41), "*"} {
		if _, err := s.db.Update(ctx, func(tx *sqldb.Tx) error { _, err := Invite(tx, ann, name, CodeLife, time.Now()); return err }); !errors.Is(err, fault.Invalid) {
			t.Errorf("name %q: %v", name, err)
		}
	}
	if _, err := s.db.Update(ctx, func(tx *sqldb.Tx) error {
		_, err := Invite(tx, account.Actor{Kind: account.ByPerson, Login: "v", Roles: []account.Role{account.Viewer}}, "x", CodeLife, time.Now())
		return err
	}); !errors.Is(err, fault.Denied) {
		t.Errorf("a viewer invites: %v", err)
	}
	// Nothing at the hub makes a code or a key again.
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		var n int
		return tx.QueryRow("SELECT COUNT(*) FROM sensor_unit WHERE public_key LIKE 'S%' ESCAPE '!'").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// say stores a batch of one host in a spool.
func say(t testing.TB, spool *Spool, session string, seq uint64, host int) {
	t.Helper()
	mac := fmt.Sprintf("00:12:21:00:%02x:%02x", host>>8, host&255)
	b := Batch{At: time.Now().UTC(), Records: []fact.Record{{Subject: fact.Host(mac, ""), At: time.Unix(1_780_000_000, 0).UTC(), Facts: []fact.Fact{{Attr: fact.MAC, Value: mac}, {Attr: "dhcp.hostname", Value: fmt.Sprintf("pump-%d", host), Source: "wire:dhcp"}}}},
		Traffic: []protocol.Traffic{{Hour: time.Unix(1_779_998_400, 0).UTC(), Client: fact.Host(mac, ""), Server: fact.Host("", "10.0.0.1"), Transport: protocol.TCP, Port: 104, Protocol: "dicom",
			Up: protocol.Volume{Packets: 1, Bytes: 100}, Conversations: 1, Minutes: 1, First: time.Unix(1_780_000_000, 0).UTC(), Last: time.Unix(1_780_000_000, 0).UTC()}}}
	body, err := b.encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := spool.Append(session, seq, body); err != nil {
		t.Fatal(err)
	}
}

// TestRetired: what a retired sensor sends is refused at once, on the connection that it has and on any other, and what it said
// stays; a new code brings it back, and what it kept meanwhile comes in.
func TestRetired(t *testing.T) {
	s := newSite(t, sqldbtest.Open(t, schemas()))
	ctx := context.Background()
	dir := t.TempDir()
	m := s.member("icu-3", dir)
	spool := openSpool(t, dir+"/spool", 0)
	defer spool.Close()
	_, stop := s.forward(m, spool)
	say(t, spool, "one", 1, 1)
	until(t, "the first is in", empty(spool))
	if _, err := s.db.Update(ctx, func(tx *sqldb.Tx) error { return Retire(tx, ann, "icu-3", time.Now()) }); err != nil {
		t.Fatal(err)
	}
	say(t, spool, "one", 2, 2)
	until(t, "the refusal is counted", func() bool { return s.unit("icu-3").Refused > 0 })
	if n := s.broker.Review(ctx); n != 1 {
		t.Errorf("%d connections ended", n)
	}
	until(t, "the sensor says why", func() bool {
		return strings.Contains(s.says.String(), "retired") || strings.Contains(s.says.String(), "refuses")
	})
	if got := devices(t, s.inv); strings.Contains(got, "pump-2") || !strings.Contains(got, "pump-1") {
		t.Errorf("inventory\n%s", got)
	}
	if n, _, _ := spool.Depth(); n != 1 {
		t.Errorf("%d batches kept", n)
	}
	if _, err := bus.Connect(bus.LinkOptions{URL: "tls://" + s.listening, Key: keyOf(t, m), TLS: s.pin.trust(s.listening), Once: true}); !errors.Is(err, fault.Denied) {
		t.Errorf("a retired sensor connects: %v", err)
	}
	stop()
	m = s.member("icu-3", dir)
	_, stop = s.forward(m, spool)
	until(t, "what was kept is in", empty(spool))
	stop()
	if got := devices(t, s.inv); !strings.Contains(got, "pump-2") {
		t.Errorf("inventory\n%s", got)
	}
}

func keyOf(t testing.TB, m Membership) *bus.Key {
	t.Helper()
	key, err := bus.ParseKey([]byte(m.Seed))
	if err != nil {
		t.Fatal(err)
	}
	return &key
}

// TestASensorSpeaksForItselfOnly: its connection may not send under another's name, read what others send, or touch the
// stream; and what it smuggles in by another way is not signed by the other.
func TestASensorSpeaksForItselfOnly(t *testing.T) {
	s := newSite(t, sqldbtest.Open(t, schemas()))
	m, other := s.member("icu-3", t.TempDir()), s.member("lab-1", t.TempDir())
	link, err := bus.Connect(bus.LinkOptions{URL: "tls://" + s.listening, Key: keyOf(t, m), TLS: s.pin.trust(s.listening), Inbox: inbox("icu-3"), Once: true})
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close()
	for _, subject := range []string{batchSubject + "lab-1", askSubject + "lab-1", enrolSubject, "$JS.API.STREAM.PURGE.PONS", "$JS.API.STREAM.DELETE.PONS", "$JS.API.STREAM.INFO.PONS", "$JS.API.CONSUMER.MSG.NEXT.PONS.hub"} {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		if answer, err := link.Ask(ctx, subject, []byte("{}")); err == nil {
			t.Errorf("%s answers %s", subject, answer)
		}
		cancel()
	}
	spool := openSpool(t, t.TempDir(), 0)
	defer spool.Close()
	say(t, spool, "one", 1, 1)
	e, _, _ := spool.Next(0)
	forged := envelope{session: e.Session, seq: 1, base: 1, body: e.Body}
	inside, err := bus.Connect(bus.LinkOptions{Broker: s.broker})
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close()
	for _, c := range []struct {
		subject string
		key     *bus.Key
	}{{batchSubject + "lab-1", keyOf(t, m)}, {batchSubject + "icu-3", keyOf(t, other)}} {
		message, err := forged.seal(c.subject, *c.key)
		if err != nil {
			t.Fatal(err)
		}
		if err := inside.Send(context.Background(), c.subject, message); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "both are refused", func() bool { return s.unit("lab-1").Refused == 1 && s.unit("icu-3").Refused == 1 })
	if got := devices(t, s.inv); got != "" {
		t.Errorf("inventory\n%s", got)
	}
}

// TestHubAway: while the hub is away the sensor keeps everything within its bound, the oldest first; what did not fit is counted
// at the hub, and nothing else is missing.
func TestHubAway(t *testing.T) {
	sqldbtest.Run(t, schemas(), func(t *testing.T, db *sqldb.DB) {
		s := newSite(t, db)
		dir := t.TempDir()
		m := s.member("icu-3", dir)
		spool := openSpool(t, dir+"/spool", minSpool)
		defer func() { spool.Close() }()
		s.stop()
		_, stop := s.forward(m, spool)
		const hours = 300 // batches, of which every tenth is large, so that they do not fit 4 MiB
		for seq := uint64(1); seq <= hours; seq++ {
			if seq%10 == 0 {
				noise := make([]byte, 250<<10)
				rand.Read(noise)
				if err := spool.Append("one", seq, noise); err != nil { // unreadable at the hub, which goes on
					t.Fatal(err)
				}
				continue
			}
			say(t, spool, "one", seq, int(seq))
			if seq == 155 { // and the sensor dies
				stop()
				if err := spool.Close(); err != nil {
					t.Fatal(err)
				}
				spool = openSpool(t, dir+"/spool", minSpool)
				_, stop = s.forward(m, spool)
			}
		}
		kept, _, lost := spool.Depth()
		if kept+int(lost) != hours || lost == 0 || kept < hours/4 {
			t.Fatalf("%d kept, %d lost", kept, lost)
		}
		s.start()
		until(t, "the hub has what was kept", empty(spool))
		stop()
		u := s.unit("icu-3")
		large := hours/10 - int(lost)/10
		if u.Missed != lost || u.Batches != int64(kept) || u.Refused != int64(large) {
			t.Errorf("the hub counts %d missed, %d batches, %d refused; %d were lost, %d kept, %d of them large", u.Missed, u.Batches, u.Refused, lost, kept, large)
		}
		if n := strings.Count(devices(t, s.inv), "\n") + 1; n != kept-large {
			t.Errorf("%d devices of %d batches", n, kept-large)
		}
	})
}

// TestClockSkew: a sensor whose clock is two days ahead says when things were by the hub's.
func TestClockSkew(t *testing.T) {
	s := newSite(t, sqldbtest.Open(t, schemas()))
	dir := t.TempDir()
	m := s.member("icu-3", dir)
	spool := openSpool(t, dir+"/spool", 0)
	defer spool.Close()
	s.stop()
	s.now = func() time.Time { return time.Now().Add(-48 * time.Hour) } // the hub is right
	s.start()
	clock, stop := s.forward(m, spool)
	defer stop()
	until(t, "the hub's time is known", func() bool { return clock.Ahead() > 47*time.Hour })
	ctx, cancel := context.WithCancel(context.Background())
	one := Tap{Name: "one", Count: func() capture.Counts { return capture.Counts{} }, Source: source1(func(deliver func(capture.Frame)) {
		deliver(capture.Frame{At: time.Now(), Link: capture.LinkEthernet, Number: 1, Data: arp})
		cancel()
	})}
	if err := Listen(ctx, ListenOptions{Taps: []Tap{one}, Spool: spool, Clock: clock, Log: s.log}); err != nil {
		t.Fatal(err)
	}
	until(t, "the hub has it", empty(spool))
	u := s.unit("icu-3")
	if d := s.now().Sub(fromMicros(u.Health.At)); d < -time.Minute || d > time.Minute || u.Health.SkewMillis < (47*time.Hour).Milliseconds() {
		t.Errorf("health at %s, the hub's clock is %s", fromMicros(u.Health.At), s.now())
	}
	seen := 0
	err := s.db.View(context.Background(), func(tx *sqldb.Tx) error {
		for d, err := range s.inv.All(tx) {
			if err != nil {
				return err
			}
			seen++
			if age := s.now().Sub(d.LastSeen); age < -time.Minute || age > time.Minute {
				t.Errorf("seen at %s, the hub's clock is %s", d.LastSeen, s.now())
			}
		}
		return nil
	})
	if err != nil || seen == 0 {
		t.Error(seen, err)
	}
	// One that never heard the hub's time is moved as a whole.
	b := Batch{At: time.Now(), Records: []fact.Record{{Subject: fact.Host("00:12:21:00:00:01", ""), At: time.Now(), Facts: []fact.Fact{{Attr: fact.LastSeen, Value: time.Now().UTC().Format(time.RFC3339), At: time.Now()}}}}}
	w := &sessionWork{said: map[fact.Key]*fact.Record{}}
	w.add(&b, s.now())
	if at, err := time.Parse(time.RFC3339, b.Records[0].Facts[0].Value); err != nil || at.After(s.now().Add(time.Minute)) || w.at.After(s.now().Add(time.Minute)) {
		t.Errorf("moved to %s and %s", w.at, b.Records[0].Facts[0].Value)
	}
}

type source1 func(func(capture.Frame))

func (f source1) Run(ctx context.Context, deliver func(capture.Frame)) (uint64, error) {
	f(deliver)
	<-ctx.Done()
	return 0, ctx.Err()
}

// arp is a request of 10.0.0.5.
var arp = []byte{255, 255, 255, 255, 255, 255, 0, 0x12, 0x21, 0, 0, 5, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 0, 0x12, 0x21, 0, 0, 5, 10, 0, 0, 5, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

// TestBrokerRefuses: an address in use, and strangers.
func TestBrokerRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	conf, _ := ownCertificate(t)
	admit := func(string) (bus.Grant, bool) { return bus.Grant{}, false }
	if _, err := bus.StartBroker(bus.BrokerOptions{Listen: taken.Addr().String(), Dir: t.TempDir(), TLS: conf, Admit: admit}); err == nil || !strings.Contains(err.Error(), "--sensors") {
		t.Errorf("an address in use: %v", err)
	}
	if _, err := bus.StartBroker(bus.BrokerOptions{Listen: "127.0.0.1:0", Dir: t.TempDir()}); !errors.Is(err, fault.Invalid) {
		t.Errorf("without a certificate: %v", err)
	}
	s := newSite(t, sqldbtest.Open(t, schemas()))
	stranger, err := bus.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]*bus.Key{"a stranger": &stranger, "nobody": nil} {
		if _, err := bus.Connect(bus.LinkOptions{URL: "tls://" + s.listening, Key: key, TLS: s.pin.trust(s.listening), Once: true}); !errors.Is(err, fault.Denied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := bus.Connect(bus.LinkOptions{URL: "nats://" + s.listening, Key: &stranger, Once: true}); err == nil {
		t.Error("a link in the clear stands")
	}
}

// quiet is a log that nobody reads.
func quiet() (*slog.Logger, *log) {
	l := &log{}
	return slog.New(slog.NewTextHandler(l, nil)), l
}

// pairFile writes a certificate and its key into one file.
func pairFile(t testing.TB) (path string, pin Pin) {
	t.Helper()
	conf, pin := ownCertificate(t)
	key, err := x509.MarshalPKCS8PrivateKey(conf.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: conf.Certificates[0].Certificate[0]}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
	path = t.TempDir() + "/pair.pem"
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, pin
}
