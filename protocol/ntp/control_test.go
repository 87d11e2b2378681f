package ntp

import (
	"slices"
	"testing"
	"time"

	"pons/fact"
	"pons/protocol"
)

// TestControl reads an answer to ntpq -c rv; the text is in the form of RFC 9327 §4 and of ntpd 4.2.8.
func TestControl(t *testing.T) {
	const text = "version=\"ntpd 4.2.8p15@1.3728-o Wed Sep 23 11:46:38 UTC 2020 (1)\",\r\nprocessor=\"x86_64\", system=\"Linux/5.10.0\", leap=0, stratum=2,\r\nrefid=192.0.2.1, name=\"unfinished"
	head := []byte{0x26, 0x82, 0, 1, 0, 0, 0, 0, 0, 0, 0, byte(len(text))}
	read := func(b []byte) (said []string) {
		o := protocol.Opening{Transport: protocol.UDP, FirstDir: protocol.ToClient, First: b, Server: protocol.Endpoint{Port: 123}}
		if !Parser().Claims(o) {
			t.Fatal("not claimed")
		}
		if _, err := Parser().New(o).Next(time.Time{}, protocol.ToClient, b, func(f fact.Fact) { said = append(said, string(f.Attr)+"="+f.Value) }); err != nil {
			t.Fatal(err)
		}
		return said
	}
	want := []string{"ntp.version=4", "ntp.version=ntpd 4.2.8p15@1.3728-o Wed Sep 23 11:46:38 UTC 2020 (1)", "ntp.processor=x86_64", "ntp.system=Linux/5.10.0"}
	if got := read(append(slices.Clone(head), text...)); !slices.Equal(got, want) {
		t.Errorf("said %q", got)
	}
	if got := read(append(slices.Clone(head), text[:20]...)); !slices.Equal(got, want[:1]) {
		t.Errorf("cut: %q", got)
	}
}

// TestQuiet holds that a clock that ticks costs nothing.
func TestQuiet(t *testing.T) {
	b := make([]byte, header)
	b[0], b[1], b[12], b[13] = 0x24, 2, 192, 1
	c := Parser().New(protocol.Opening{Transport: protocol.UDP})
	n := 0
	emit := func(fact.Fact) { n++ }
	next := func() {
		if _, err := c.Next(time.Time{}, protocol.ToClient, b, emit); err != nil {
			t.Fatal(err)
		}
	}
	next()
	if allocs := testing.AllocsPerRun(100, next); allocs > 0 || n != 3 {
		t.Errorf("%v allocations, %d facts", allocs, n)
	}
}
