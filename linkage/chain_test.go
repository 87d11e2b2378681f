package linkage

import (
	"fmt"
	"slices"
	"testing"
)

// chain makes records in which each shares a key with the 59 beside it, in cliques that overlap by half, so that all
// are one component. kinds says which keys; sources how many lists they come from (0: each its own, as on a wire).
func chain(n int, kinds string, sources int) []*Profile {
	out := make([]*Profile, n)
	for i := range out {
		p := &Profile{ID: fmt.Sprintf("r%06d", i), Source: fmt.Sprint("s", i)}
		if sources > 0 {
			p.Source = fmt.Sprint("s", i%sources)
		}
		a, b := fmt.Sprint(i/60), fmt.Sprint((i+30)/60)
		for _, k := range kinds {
			switch k {
			case 'h':
				p.Hosts = []string{"host" + a, "host-" + b}
			case 'i':
				p.IPs = one("10." + b)
			case 's':
				p.Serial = "SERIAL" + b
			case 'm':
				p.MACs = []string{"mac" + a, "mac-" + b}
			}
		}
		out[i] = p
	}
	return out
}

// TestChains holds that a component of any size glues no more than one key can, and that the work grows with the number
// of pairs that share a key, not with the square of the component.
func TestChains(t *testing.T) {
	for _, kinds := range []string{"hi", "his", "m", "mh", "ms"} {
		for _, sources := range []int{0, 1, 3} {
			work := map[int]int{}
			for _, n := range []int{600, 2400} {
				records := chain(n, kinds, sources)
				l := newLinker(records)
				l.findHolders()
				l.findShared()
				l.join()
				work[n] = l.looked
				for _, g := range l.result().Groups {
					if len(g) > Crowded {
						t.Errorf("%s of %d lists: %d records on one device", kinds, sources, len(g))
					}
				}
				back := slices.Clone(records)
				slices.Reverse(back)
				if a, b := groups(records, Link(records, nil, nil)), groups(back, Link(back, nil, nil)); a != b {
					t.Errorf("%s of %d lists: another order gives other devices", kinds, sources)
				}
			}
			if work[2400] > 5*work[600] {
				t.Errorf("%s of %d lists: %d comparisons for 600 records, %d for 2400", kinds, sources, work[600], work[2400])
			}
		}
	}
}

// TestCrowd: a key says nothing from Crowded+1 holders on, and a device of so many records is none.
func TestCrowd(t *testing.T) {
	holders := func(n int) (out []*Profile) {
		for i := range n {
			out = append(out, &Profile{ID: fmt.Sprintf("r%03d", i), Source: fmt.Sprint("s", i), MACs: one("m")})
		}
		return out
	}
	if r := Link(holders(Crowded), nil, nil); len(r.Groups) != 1 {
		t.Errorf("%d devices of %d records with one MAC", len(r.Groups), Crowded)
	}
	if r := Link(holders(Crowded+1), nil, map[string]bool{"mac:m": true}); len(r.Groups) != Crowded+1 || len(r.Proposals) != 0 {
		t.Errorf("%d devices, %d proposals of a crowd", len(r.Groups), len(r.Proposals))
	}
}
