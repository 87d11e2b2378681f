package dnsmsg

import "testing"

// TestWalk holds that a walk finds what Parse finds, whole or cut.
func TestWalk(t *testing.T) {
	for n := range len(answer) + 1 {
		b := []byte(answer[:n])
		m, _ := Parse(b)
		want := append(append(append([]Record(nil), m.Answers...), m.Authority...), m.Additional...)
		w, ok := Walk(b)
		for i := 0; ok; i++ {
			e, more := w.Next()
			if !more {
				if i != len(want) {
					t.Fatalf("%d bytes: %d records of %d", n, i, len(want))
				}
				break
			}
			if r := want[i]; NameAt(b, e.NameAt) != Text(r.Name) || e.Type != r.Type || e.Class != r.Class || string(e.Data) != string(r.Data) || e.At != r.At {
				t.Fatalf("%d bytes: %+v, not %+v", n, e, r)
			}
		}
	}
}

func TestWalkAllocates(t *testing.T) {
	b := []byte(answer)
	if n := testing.AllocsPerRun(100, func() {
		w, _ := Walk(b)
		for _, ok := w.Next(); ok; _, ok = w.Next() {
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
