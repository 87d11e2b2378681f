package sensor

import (
	"bytes"
	"compress/flate"
	"io"
	"testing"
	"time"

	"pons/capture"
	"pons/fact"
	"pons/protocol"
	"pons/protocol/all"
	"pons/protocol/synthetic"
)

// TestBatchHoldsNothingPrivate packs what an engine says of conversations full of an invented patient and of credentials
// and searches the message as it goes over the bus, packed and unpacked. The devices behind gateways must arrive as they left.
func TestBatchHoldsNothingPrivate(t *testing.T) {
	var conversations []synthetic.Conversation
	for _, p := range synthetic.Planted() {
		conversations = append(conversations, p.Conversation)
	}
	e := protocol.NewEngine(all.Parsers(), protocol.Options{})
	src, err := capture.Open(bytes.NewReader(synthetic.Capture(conversations...)), "planted.pcap")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := src.Run(t.Context(), func(f capture.Frame) { e.Frame(f.At, uint32(f.Link), f.Number, f.Data) }); err != nil {
		t.Fatal(err)
	}
	b := Batch{Session: "s", Seq: 1, At: time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC)}
	b.Records, b.Gone, b.Traffic = e.Harvest()
	body, err := b.encode()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(flate.NewReader(bytes.NewReader(body[1:])))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("SN-1")) || !bytes.Contains(text, []byte("PLAIN-1")) {
		t.Errorf("the equipment beside the patient is not in the batch: %s", text)
	}
	for _, found := range append(synthetic.FindCanaries(body), synthetic.FindCanaries(text)...) {
		t.Error(found)
	}
	got, err := decode(body)
	if err != nil {
		t.Fatal(err)
	}
	children := func(records []fact.Record) (keys []fact.Key) {
		for i := range records {
			if records[i].Subject.Kind == "child" {
				keys = append(keys, records[i].Subject)
			}
		}
		return keys
	}
	left, came := children(b.Records), children(got.Records)
	if len(left) == 0 || len(left) != len(came) {
		t.Fatalf("children left as %v and came as %v", left, came)
	}
	for i := range left {
		if left[i] != came[i] {
			t.Errorf("%v came as %v", left[i], came[i])
		}
	}
}
