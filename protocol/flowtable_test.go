package protocol

import (
	"math/rand/v2"
	"testing"
)

// TestFlowTable plays the table against a map.
func TestFlowTable(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var table flowTable
	want := map[flowKey]*flow{}
	for step := range 200_000 {
		k := flowKey{a: addr{0, uint64(r.IntN(40))}, b: addr{0, uint64(r.IntN(40))}, aPort: uint16(r.IntN(3)), transport: TCP}
		f := table.find(&k, k.hash())
		if f != want[k] {
			t.Fatalf("step %d: %p, want %p", step, f, want[k])
		}
		switch {
		case f == nil && r.IntN(2) == 0:
			f = &flow{key: k}
			table.put(f, k.hash())
			want[k] = f
		case f != nil && r.IntN(2) == 0:
			table.remove(f, k.hash())
			delete(want, k)
		}
		if table.used != len(want) {
			t.Fatalf("step %d: %d used, want %d", step, table.used, len(want))
		}
	}
}
