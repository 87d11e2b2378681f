package all_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"pons/capture"
	"pons/fact"
	"pons/protocol"
	"pons/protocol/all"
	"pons/protocol/synthetic"
)

// TestNothingPrivate plants an invented patient and credentials in every place where a protocol can carry them and
// searches all that the engine says: records, traffic, counters. Each planted conversation must have been read, or the
// search would prove nothing.
func TestNothingPrivate(t *testing.T) {
	for _, plant := range synthetic.Planted() {
		e := protocol.NewEngine(all.Parsers(), protocol.Options{})
		src, err := capture.Open(bytes.NewReader(synthetic.Capture(plant.Conversation)), "planted.pcap")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := src.Run(t.Context(), func(f capture.Frame) { e.Frame(f.At, uint32(f.Link), f.Number, f.Data) }); err != nil {
			t.Fatal(err)
		}
		changed, gone, traffic := e.Harvest()
		said := fmt.Sprintf("%+v\n%+v\n%+v\n%+v\n%+v", changed, gone, traffic, e.Finish(), e.Counters())
		for _, found := range synthetic.FindCanaries([]byte(said)) {
			t.Errorf("%s: %s", plant.Parser, found)
		}
		read := false
		for _, c := range e.Counters().Parsers {
			if c.Panics > 0 {
				t.Errorf("%s panicked", c.Name)
			}
			read = read || c.Name == plant.Parser && c.Conversations > 0
		}
		if !strings.Contains(said, plant.Open) {
			t.Errorf("%s did not say %q:\n%s", plant.Parser, plant.Open, said)
		}
		if len(synthetic.FindCanaries(synthetic.Capture(plant.Conversation))) == 0 {
			t.Errorf("nothing is planted for %s", plant.Parser)
		}
		if !read {
			t.Errorf("the conversation planted for %s was not read by it", plant.Parser)
		}
	}
}

// TestSearch holds that the search finds a canary in each spelling, and nothing in other text.
func TestSearch(t *testing.T) {
	if found := synthetic.FindCanaries([]byte("quixotic 778899001 1953-11-27 hunter2")); found != nil {
		t.Errorf("found %q", found)
	}
	for _, s := range []string{"x Quxzelda", "adlezxuq", "%51%55%58%5a%45%4c%44%41", "5155585a454c4441", "UVVYWkVMREE", "eFFVWFpFTERBeA", "eHhRVVhaRUxEQXh4", "q\x00u\x00x\x00z\x00e\x00l\x00d\x00a\x00"} {
		if len(synthetic.FindCanaries([]byte(s))) == 0 {
			t.Errorf("%q is not found", s)
		}
	}
}

// TestFaultSaysNothing holds that a parser that fails, with bytes of the wire in its words, leaves a count and no word:
// not in the log, not on standard error, not in what the engine says.
func TestFaultSaysNothing(t *testing.T) {
	faulty := protocol.Parser{Name: "faulty", Doc: "fails", Attrs: []fact.Attr{"faulty.x"}, Claims: func(o protocol.Opening) bool { return true },
		New: func(protocol.Opening) protocol.Conversation { return fault{} }}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	oldLog, oldErr := slog.Default(), os.Stderr
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	os.Stderr = write
	e := protocol.NewEngine([]protocol.Parser{faulty}, protocol.Options{})
	for _, plant := range synthetic.Planted() {
		src, err := capture.Open(bytes.NewReader(synthetic.Capture(plant.Conversation)), "planted.pcap")
		if err == nil {
			_, err = src.Run(t.Context(), func(f capture.Frame) { e.Frame(f.At, uint32(f.Link), f.Number, f.Data) })
		}
		if err != nil {
			t.Error(err)
		}
	}
	records, count := e.Finish(), e.Counters()
	os.Stderr = oldErr
	slog.SetDefault(oldLog)
	write.Close()
	var stderr bytes.Buffer
	if _, err := stderr.ReadFrom(read); err != nil {
		t.Fatal(err)
	}
	if p := count.Parsers[0]; p.Panics == 0 || p.Errors < p.Panics {
		t.Errorf("nothing failed: %+v", p)
	}
	if stderr.Len() > 0 || log.Len() > 0 {
		t.Errorf("a fault is a count, not a line: %s%s", &stderr, &log)
	}
	for _, found := range synthetic.FindCanaries(fmt.Appendf(nil, "%+v %+v", records, count)) {
		t.Error(found)
	}
}

// fault fails on every second call with what it was given, in words and in a panic.
type fault struct{}

func (fault) Next(_ time.Time, d protocol.Dir, data []byte, _ func(fact.Fact)) (int, error) {
	if d == protocol.ToServer {
		panic(string(data))
	}
	return 0, fmt.Errorf("cannot read %q", data)
}

// TestAttributesAreNamed holds that no parser may say an attribute whose name promises a person's data or a credential.
func TestAttributesAreNamed(t *testing.T) {
	for _, p := range all.Parsers() {
		for _, a := range p.Attrs {
			for _, word := range []string{"patient", "person", "password", "secret", "passcode", "token", "cookie", "birth", "mrn", "result", "body", "payload", "subject_name", "user_name", "username"} {
				if strings.Contains(string(a), word) {
					t.Errorf("%s may say %s", p.Name, a)
				}
			}
		}
	}
}
