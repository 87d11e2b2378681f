package fingerprint

import (
	"strings"
	"testing"

	"pons/fact"
	"pons/product"
)

// TestBrought holds every rule that Pons brings to its examples, its makers and classes to the catalogue, and its names
// to one rule each.
func TestBrought(t *testing.T) {
	makers := map[string]bool{}
	for _, m := range product.Default().Makers() {
		makers[m] = true
	}
	seen := map[string]bool{}
	for _, s := range Subjects() {
		for _, r := range s.Rules {
			for _, m := range r.Try() {
				t.Errorf("rules/%s.txt line %d: %s", s.Name, m.Line, m.Text)
			}
			if seen[r.ID] || !strings.HasPrefix(r.ID, s.Name+"/") {
				t.Errorf("rules/%s.txt line %d: the name %s is taken or of another file", s.Name, r.Line, r.ID)
			}
			seen[r.ID] = true
			like, unlike := 0, 0
			for _, e := range r.Likes {
				if e.Unlike {
					unlike++
				} else {
					like++
				}
			}
			if like == 0 || unlike == 0 || r.About == "" {
				t.Errorf("rules/%s.txt line %d: rule %s has %d examples, %d near misses, about %q", s.Name, r.Line, r.ID, like, unlike, r.About)
			}
			for _, says := range r.Says {
				switch {
				case strings.Contains(says.Value, "$"):
				case says.Attr == fact.Manufacturer && !makers[says.Value]:
					if name, known := product.Default().Maker(says.Value); !known || !makers[name] {
						t.Errorf("rules/%s.txt line %d: %q is no maker of package product", s.Name, r.Line, says.Value)
					}
				case says.Attr == fact.Class:
					if _, ok := product.Default().Class(says.Value); !ok {
						t.Errorf("rules/%s.txt line %d: %q is no class of package product", s.Name, r.Line, says.Value)
					}
				}
			}
		}
	}
	if n := len(Brought()); n < 150 {
		t.Errorf("%d rules", n)
	}
}
