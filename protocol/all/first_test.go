package all_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"pons/bench/truth"
	"pons/protocol"
	"pons/protocol/all"
)

// TestFirst holds that Parser.First and Parser.Over, by which the engine spares most questions, never exclude what Claims
// would take: for every conversation of every shared capture, as it is and with each other first byte, over each
// transport and both ways round.
func TestFirst(t *testing.T) {
	parsers := all.Parsers()
	asked := 0
	for i := range parsers {
		p := &parsers[i]
		claims, first, over := p.Claims, p.First, p.Over
		if len(over) == 0 {
			t.Errorf("%s: says not what can carry it", p.Name)
		}
		carried := [protocol.TCP + 1]bool{}
		for _, tr := range over {
			carried[tr] = true
		}
		hold := func(o protocol.Opening) {
			if claims(o) && (!carried[o.Transport] || first != "" && strings.IndexByte(first, o.First[0]) < 0) {
				t.Errorf("%s claims %q… over transport %d, which Over and First exclude", p.Name, o.First[:min(len(o.First), 16)], o.Transport)
			}
		}
		p.First, p.Over = "", nil
		p.Claims = func(o protocol.Opening) bool {
			asked++
			hold(o)
			if asked%17 == 0 && !t.Failed() { // every parser comes to be asked: 17 shares no factor with their number
				changed := o
				changed.First = bytes.Clone(o.First[:min(len(o.First), 2048)])
				for b := range 256 {
					changed.First[0] = byte(b)
					changed.Transport = o.Transport
					hold(changed)
				}
				changed.First = o.First
				changed.FirstDir = 1 - o.FirstDir
				for tr := range protocol.TCP + 1 {
					changed.Transport = tr
					hold(changed)
				}
			}
			return claims(o)
		}
	}
	for _, path := range corpusFiles(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, _, _ = truth.Discover(data[:min(len(data), 256<<10)], path, parsers)
	}
	if asked < 100_000 {
		t.Errorf("only %d questions were asked", asked)
	}
}
