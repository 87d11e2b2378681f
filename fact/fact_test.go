package fact

import (
	"strings"
	"testing"
)

// TestChild holds that the key of a child is one bounded line, the same when made of itself, and different for different
// devices.
func TestChild(t *testing.T) {
	for in, want := range map[string]string{"eui64/00:12": "eui64/00:12", " a\tb\x00 ": "a b", "\xff/é": "/é"} {
		if got := Child(in).Value; got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	long := "hl7/" + strings.Repeat("é", 100)
	a, b := Child(long+"1"), Child(long+"2")
	if a == b || len(a.Value) > 120 || Child(a.Value) != a {
		t.Errorf("%q and %q", a.Value, b.Value)
	}
}
