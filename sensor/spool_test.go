package sensor

import (
	"bytes"
	"compress/flate"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pons/bus"
	"pons/fact"
	"pons/fault"
	"pons/protocol"
)

func sorted(lines []string) []string { slices.Sort(lines); return lines }

// contents lists what a spool would send.
func contents(t testing.TB, s *Spool) (out []string) {
	t.Helper()
	for at := uint64(0); ; {
		e, ok, err := s.Next(at)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return out
		}
		out = append(out, fmt.Sprintf("%s/%d:%s", e.Session, e.Seq, e.Body))
		at = e.Position + 1
	}
}

// TestSpoolCutAnywhere: a spool whose last file ends at any byte has every entry before the cut, and goes on.
func TestSpoolCutAnywhere(t *testing.T) {
	dir := t.TempDir()
	s := openSpool(t, dir, 0)
	var ends []int64
	for n := range 5 {
		if err := s.Append("one", uint64(n+1)*0x0101010101010101, bytes.Repeat([]byte{byte('a' + n)}, 20*n)); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, s.bytes)
	}
	all := contents(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "000000000001.seg")
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) {
		for _, damage := range []bool{false, true} {
			text := whole[:cut:cut]
			if damage { // the file system made room that was not written
				text = append(text, make([]byte, 200)...)
			}
			os.RemoveAll(dir)
			os.MkdirAll(dir, 0o700)
			if err := os.WriteFile(name, text, 0o600); err != nil {
				t.Fatal(err)
			}
			s := openSpool(t, dir, 0)
			want := 0
			for want < len(ends) && ends[want] <= int64(cut) {
				want++
			}
			if got := contents(t, s); !slices.Equal(got, all[:want]) {
				t.Fatalf("cut at %d: %v", cut, got)
			}
			if err := s.Append("two", 1, []byte("next")); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = openSpool(t, dir, 0)
			if got := contents(t, s); len(got) != want+1 || got[want] != "two/1:next" {
				t.Fatalf("cut at %d, then: %v", cut, got)
			}
			s.Close()
		}
	}
}

// TestSpoolBitRot: a byte that changed on the disk is told; what comes before it in its file and all other files stand.
func TestSpoolBitRot(t *testing.T) {
	dir := t.TempDir()
	s := openSpool(t, dir, 0)
	for n := range 3 {
		if err := s.Append("one", uint64(n+1), []byte("body")); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	s = openSpool(t, dir, 0)
	if err := s.Append("two", 1, []byte("other")); err != nil {
		t.Fatal(err)
	}
	s.Close()
	name := filepath.Join(dir, "000000000001.seg")
	text, _ := os.ReadFile(name)
	text[len(text)/2] ^= 1
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	s = openSpool(t, dir, 0)
	defer s.Close()
	if got := contents(t, s); !slices.Equal(got, []string{"one/1:body", "two/1:other"}) {
		t.Errorf("%v", got)
	}
}

// TestSpoolModel: whatever is appended, acknowledged and reopened, a spool holds the newest of what the hub lacks, within its
// bound, and counts the rest.
func TestSpoolModel(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		os.RemoveAll(dir)
		s, err := OpenSpool(dir, minSpool)
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { s.Close() }()
		type batch struct {
			session string
			seq     uint64
		}
		var kept []batch // that the hub lacks
		done := map[string]uint64{}
		seq, session, appended, acknowledged := uint64(0), 0, 0, 0
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			switch rapid.IntRange(0, 5).Draw(rt, "step") {
			case 0, 1, 2:
				seq++
				b := batch{fmt.Sprintf("s%d", session), seq}
				if err := s.Append(b.session, b.seq, make([]byte, rapid.IntRange(0, 900<<10).Draw(rt, "size"))); err != nil {
					rt.Fatal(err)
				}
				kept, appended = append(kept, b), appended+1
			case 3:
				session, seq = session+1, 0
			case 4:
				if len(kept) == 0 {
					continue
				}
				last := kept[rapid.IntRange(0, len(kept)-1).Draw(rt, "until")]
				done[last.session] = last.seq
				if err := s.Done(map[string]uint64{last.session: last.seq}); err != nil {
					rt.Fatal(err)
				}
			case 5:
				if err := s.Close(); err != nil {
					rt.Fatal(err)
				}
				if s, err = OpenSpool(dir, minSpool); err != nil {
					rt.Fatal(err)
				}
				if err := s.Done(done); err != nil {
					rt.Fatal(err)
				}
			}
			before := len(kept)
			kept = slices.DeleteFunc(kept, func(b batch) bool { return b.seq <= done[b.session] })
			acknowledged += before - len(kept)
			got := contents(t, s)
			n, _, lost := s.Depth()
			if len(got) != n || len(got) > len(kept) {
				rt.Fatalf("%d in the spool, %d counted, %d at most", len(got), n, len(kept))
			}
			for i, b := range kept[len(kept)-len(got):] { // the newest
				if !strings.HasPrefix(got[i], fmt.Sprintf("%s/%d:", b.session, b.seq)) {
					rt.Fatalf("%.20s, want %v", got[i], b)
				}
			}
			dropped := len(kept) - len(got)
			if int(lost) != appended-acknowledged-len(got) {
				rt.Fatalf("%d counted as lost; %d appended, %d acknowledged, %d kept", lost, appended, acknowledged, len(got))
			}
			kept = kept[dropped:]
			var size int64
			files, _ := filepath.Glob(filepath.Join(dir, "*.seg"))
			for _, f := range files {
				if info, err := os.Stat(f); err == nil {
					size += info.Size()
				}
			}
			if size > minSpool {
				rt.Fatalf("%d bytes on the disk", size)
			}
		}
	})
}

func TestSpoolRefuses(t *testing.T) {
	dir := t.TempDir()
	s := openSpool(t, dir, 0)
	defer s.Close()
	if _, err := OpenSpool(dir, 0); !errors.Is(err, fault.Busy) || !strings.Contains(err.Error(), "another sensor") {
		t.Errorf("opened twice: %v", err)
	}
	if _, err := OpenSpool(t.TempDir(), 10); !errors.Is(err, fault.Invalid) {
		t.Errorf("ten bytes: %v", err)
	}
	if err := s.Append("one", 1, make([]byte, bus.MaxMessage)); !errors.Is(err, fault.Invalid) {
		t.Errorf("an entry of the size of a message: %v", err)
	}
}

func someBatch() Batch {
	at := time.Date(2026, 3, 2, 12, 0, 0, 123000, time.UTC)
	return Batch{At: at,
		Records: []fact.Record{
			{Subject: fact.Host("00:12:21:00:00:01", ""), At: at, Facts: []fact.Fact{{Attr: "dhcp.hostname", Value: "Pümpe 1", Source: "wire:dhcp", Trust: 0.5, At: at, Because: "option 12, frame 3"}, {Attr: fact.LastSeen, Value: "2026-03-02T12:00:00Z", At: at}}},
			{Subject: fact.Child("eui64/00:12:21:00:01:aa:bb:cc"), At: at, Facts: []fact.Fact{{Attr: fact.Parent, Value: "10.0.0.1"}}},
		},
		Gone: []fact.Key{fact.Host("", "10.0.0.1"), fact.Child("serial/12")},
		Traffic: []protocol.Traffic{{Hour: at.Truncate(time.Hour), Client: fact.Host("00:12:21:00:00:01", ""), Server: fact.Host("", "10.0.0.9"), Transport: protocol.TCP, Port: 104, Protocol: "dicom",
			Up: protocol.Volume{Packets: 1, Bytes: 2}, Down: protocol.Volume{Packets: 3, Bytes: 4}, Conversations: 5, Associations: 6, Messages: 7, Studies: 8, Minutes: 1 << 59, First: at, Last: at}},
		Health: &Health{Version: "v1", Began: 1, At: 2, Seconds: 10, Interfaces: []InterfaceLoad{{"eth0", 1, 2, 3}}, Networks: []Network{{12, "10.0.0.0/24", 3}}},
	}
}

func TestBatchRoundTrip(t *testing.T) {
	b := someBatch()
	body, err := b.encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode(body)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*got, b) {
		t.Errorf("got\n%+v\nwant\n%+v", *got, b)
	}
}

// TestDecodeRefuses: a batch says nothing that a parser would not.
func TestDecodeRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*Batch){
		"an attribute of a person": func(b *Batch) { b.Records[0].Facts[0].Attr = "custom.zone" },
		"an owner":                 func(b *Batch) { b.Records[0].Facts[0].Attr = fact.Owner },
		"no attribute":             func(b *Batch) { b.Records[0].Facts[0].Attr = "" },
		"a person's word":          func(b *Batch) { b.Records[0].Facts[0].Source = "person:ann" },
		"a row of a spreadsheet":   func(b *Batch) { b.Records[0].Subject = fact.Key{Kind: "row", Value: "CE-1"} },
		"a NUL":                    func(b *Batch) { b.Records[0].Facts[0].Value = "a\x00b" },
		"two lines":                func(b *Batch) { b.Records[0].Facts[0].Because = "a\nb" },
		"a trust of two":           func(b *Batch) { b.Records[0].Facts[0].Trust = 2 },
		"a long value":             func(b *Batch) { b.Records[0].Facts[0].Value = strings.Repeat("x", maxText+1) },
		"half an hour":             func(b *Batch) { b.Traffic[0].Hour = b.Traffic[0].Hour.Add(time.Minute) },
		"a transport of none":      func(b *Batch) { b.Traffic[0].Transport = 9 },
		"a minute 61":              func(b *Batch) { b.Traffic[0].Minutes = 1 << 61 },
		"a count of all":           func(b *Batch) { b.Traffic[0].Up.Bytes = 1 << 63 },
		"a child that talks":       func(b *Batch) { b.Traffic[0].Client = fact.Child("x") },
		"the year 3000":            func(b *Batch) { b.At = time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"before Unix":              func(b *Batch) { b.Records[0].At = time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC) },
		"a network of words":       func(b *Batch) { b.Health.Networks[0].Prefix = "here" },
		"a negative count":         func(b *Batch) { b.Health.Interfaces[0].Frames = -1 },
	} {
		b := someBatch()
		spoil(&b)
		body, err := b.encode()
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := decode(body); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, body := range map[string][]byte{"nothing": nil, "another version": {9, 1, 2}, "no deflate": {version, 1, 2, 3}} {
		if _, err := decode(body); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPieces: what does not fit one message goes in several, whole.
func TestPieces(t *testing.T) {
	b := someBatch()
	for n := range 1000 {
		noise := make([]byte, 1500)
		rand.Read(noise)
		r := fact.Record{Subject: fact.Host("", fmt.Sprintf("10.0.%d.%d", n/200, n%200)), At: b.At}
		for i := range 3 {
			r.Facts = append(r.Facts, fact.Fact{Attr: "http.host", Value: fmt.Sprintf("%d%x", i, noise)})
		}
		b.Records = append(b.Records, r)
	}
	bodies, err := b.pieces()
	if err != nil || len(bodies) < 2 {
		t.Fatal(len(bodies), err)
	}
	var got Batch
	healths := 0
	for _, body := range bodies {
		if len(body) > roomy {
			t.Errorf("a piece of %d bytes", len(body))
		}
		p, err := decode(body)
		if err != nil {
			t.Fatal(err)
		}
		got.Records, got.Gone, got.Traffic = append(got.Records, p.Records...), append(got.Gone, p.Gone...), append(got.Traffic, p.Traffic...)
		if p.Health != nil {
			healths++
		}
	}
	if !reflect.DeepEqual(got.Records, b.Records) || !reflect.DeepEqual(got.Gone, b.Gone) || !reflect.DeepEqual(got.Traffic, b.Traffic) || healths != 1 {
		t.Errorf("%d records, %d gone, %d traffic, %d healths", len(got.Records), len(got.Gone), len(got.Traffic), healths)
	}
	// A host that says megabytes of itself keeps what fits.
	var huge fact.Record
	huge.Subject, huge.At = fact.Host("", "10.0.0.1"), b.At
	for range 2000 {
		noise := make([]byte, 1000)
		rand.Read(noise)
		huge.Facts = append(huge.Facts, fact.Fact{Attr: "http.host", Value: fmt.Sprintf("%x", noise)})
	}
	b = Batch{At: b.At, Records: []fact.Record{huge}}
	if bodies, err = b.pieces(); err != nil || len(bodies) != 1 {
		t.Errorf("%d pieces %v", len(bodies), err)
	}
}

func TestEnvelope(t *testing.T) {
	key, err := bus.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	e := envelope{session: "20260302-1", seq: 7, base: 3, body: []byte("body")}
	message, err := e.seal("pons.batch.icu-3", key)
	if err != nil {
		t.Fatal(err)
	}
	got, err := unseal("pons.batch.icu-3", key.Public(), message)
	if err != nil || !reflect.DeepEqual(*got, e) {
		t.Fatalf("%+v %v", got, err)
	}
	if _, err := unseal("pons.batch.lab-1", key.Public(), message); !errors.Is(err, fault.Denied) {
		t.Errorf("under another name: %v", err)
	}
	for i := range message {
		spoilt := slices.Clone(message)
		spoilt[i] ^= 1
		if _, err := unseal("pons.batch.icu-3", key.Public(), spoilt); err == nil {
			t.Fatalf("byte %d may change", i)
		}
	}
	for i := range message {
		if _, err := unseal("pons.batch.icu-3", key.Public(), message[:i]); err == nil {
			t.Fatalf("may be cut at %d", i)
		}
	}
}

// FuzzUnseal reads what a stolen sensor sends: signed as it should be, and anything inside.
func FuzzUnseal(f *testing.F) {
	b := someBatch()
	body, err := b.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("\x01\x01a\x01\x01"), body)
	f.Add([]byte("\x01\x05a-b-c\x07\x03"), body[:len(body)/2])
	f.Add([]byte(""), []byte{})
	key, err := bus.KeyOf([]byte("fuzz"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, head, body []byte) {
		data := append(slices.Clone(head), body...)
		signature, err := key.Sign(append([]byte("s\x00"), data...))
		if err != nil {
			t.Fatal(err)
		}
		e, err := unseal("s", key.Public(), append(data, signature...))
		if err == nil && (e.seq == 0 || e.base == 0 || e.base > e.seq || e.session == "" || len(e.session) > maxLabel) {
			t.Errorf("%+v", e)
		}
		if b, err := decode(body); err == nil {
			if _, err := b.pieces(); err != nil {
				t.Errorf("what was read cannot be written: %v", err)
			}
			(&sessionWork{said: map[fact.Key]*fact.Record{}}).add(b, time.Unix(1_780_000_000, 0))
		}
	})
}

// FuzzDecode reads bodies as they are before they are deflated.
func FuzzDecode(f *testing.F) {
	f.Add(`{"t":1780000000000000,"r":[{"k":"00:12:21:00:00:01|","t":1,"f":[{"a":"mac","v":"x","p":0.5}]}],"g":["|10.0.0.1","child:eui64/1"]}`)
	f.Add(`{"w":[{"h":3600,"c":"|10.0.0.1","s":"|10.0.0.2","n":2,"o":104,"p":"dicom","q":[1,2,3,4,5,6,7,8,9],"f":1,"l":2}],"h":{"version":"1","seconds":10,"interfaces":[{"name":"eth0"}]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		b, err := decode(deflated(t, text))
		if err != nil {
			return
		}
		for _, r := range b.Records {
			if r.Subject.Value == "" || strings.ContainsRune(r.Subject.Value, 0) {
				t.Errorf("subject %q", r.Subject.Value)
			}
			for _, x := range r.Facts {
				if x.Attr == "" || strings.ContainsAny(x.Value+x.Because+string(x.Source)+string(x.Attr), "\x00\n") {
					t.Errorf("fact %+v", x)
				}
			}
		}
	})
}

func deflated(t testing.TB, text string) []byte {
	t.Helper()
	var buf bytes.Buffer
	buf.WriteByte(version)
	z, err := flate.NewWriter(&buf, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}
