package all_test

import (
	"bytes"
	"context"
	"os"
	"reflect"
	"testing"

	"pons/capture"
	"pons/fact"
	"pons/protocol"
	"pons/protocol/all"
)

// TestWorkers reads every shared capture with one, two and three workers: records, traffic and counters are the same.
func TestWorkers(t *testing.T) {
	parsers := all.Parsers()
	for _, path := range corpusFiles(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		read := func(workers int) ([]fact.Record, []protocol.Traffic, protocol.Counters) {
			e := protocol.NewEngine(parsers, protocol.Options{Workers: workers})
			if src, err := capture.Open(bytes.NewReader(data), path); err == nil {
				_, _ = src.Run(context.Background(), func(f capture.Frame) { e.Frame(f.At, uint32(f.Link), f.Number, f.Data) })
			}
			records := e.Finish()
			return records, e.Traffic(), e.Counters()
		}
		records, traffic, count := read(1)
		for _, n := range []int{2, 3} {
			r, tr, c := read(n)
			if !reflect.DeepEqual(records, r) {
				t.Errorf("%s: %d workers say something else of the hosts", path, n)
			}
			if !reflect.DeepEqual(traffic, tr) {
				t.Errorf("%s: %d workers sum other traffic", path, n)
			}
			if !reflect.DeepEqual(count, c) {
				t.Errorf("%s: %d workers count\n%+v, one\n%+v", path, n, c, count)
			}
		}
	}
}
