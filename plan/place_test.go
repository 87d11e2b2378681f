package plan_test

import (
	"errors"
	"strings"
	"testing"

	"pons/fault"
	"pons/plan"
)

// TestPlaces holds that mistakes come in the order of the file, from left to right, and that what is no text is said
// to be none.
func TestPlaces(t *testing.T) {
	_, _, err := plan.Read("p.yaml", strings.NewReader("currency: USD\nbase_year: 2026\nclasses: [{name: a, count: 5}]\nroles:\n  - {name: r, ratio: {devices_per_fte: 0, classes: [x]}, salary: 5, productive_hours: 9000}\n"))
	var found fault.Mistakes
	if !errors.As(err, &found) || len(found) < 3 {
		t.Fatalf("%v", err)
	}
	for i := range found[1:] {
		if a, b := found[i], found[i+1]; a.Line > b.Line || a.Line == b.Line && a.Column > b.Column {
			t.Errorf("%v stands before %v", a, b)
		}
	}
	_, _, err = plan.Read("p.yaml", strings.NewReader("\x7fELF\x00\xff\xfe"))
	if !errors.As(err, &found) || len(found) != 1 || !strings.Contains(found[0].Error(), "p.yaml: this is not UTF-8") {
		t.Errorf("%v", err)
	}
}
