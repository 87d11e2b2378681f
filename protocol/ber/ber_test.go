package ber

import "testing"

func TestElement(t *testing.T) {
	for _, c := range []struct {
		in, body, rest string
		tag            byte
		ok             bool
	}{
		{"\x04\x02abc", "ab", "c", Octets, true},
		{"\x30\x00", "", "", Sequence, true},
		{"\x30\x81\x02abc", "ab", "c", Sequence, true},
		{"\x30\x84\x00\x00\x00\x01a", "a", "", Sequence, true}, // lengths need not be the shortest (X.690 §8.1.3.5)
		{"\x04\x03ab", "", "", 0, false},
		{"\x04", "", "", 0, false},
		{"\x04\x82\x01", "", "", 0, false},
		{"\x30\x80ab\x00\x00", "", "", 0, false},
		{"\x1f\x20\x01a", "", "", 0, false},
		{"\x04\x85\x00\x00\x00\x00\x01a", "", "", 0, false},
		{"\x04\x84\xff\xff\xff\xffab", "", "", 0, false},
	} {
		tag, body, rest, ok := Element([]byte(c.in))
		if tag != c.tag || string(body) != c.body || string(rest) != c.rest || ok != c.ok {
			t.Errorf("%q: %x %q %q %v", c.in, tag, body, rest, ok)
		}
	}
	if _, _, ok := Expect([]byte("\x04\x00"), Integer); ok {
		t.Error("another tag was taken")
	}
}

func TestHeaderTellsCutFromWrong(t *testing.T) {
	for in, want := range map[string]int{"\x30": 0, "\x30\x82\x01": 0, "\x30\x80": -1, "\x3f\x01": -1, "\x30\x05": 2, "\x30\x82\x01\x00": 4} {
		if _, size, _, _ := Header([]byte(in)); size != want {
			t.Errorf("%q: header of %d, not %d", in, size, want)
		}
	}
}

func TestSmall(t *testing.T) {
	for in, want := range map[string]int{"\x05": 5, "\x01\x00": 256, "": -1, "\x80": -1, "\x00\x00\x00\x01": -1} {
		if got := Small([]byte(in)); got != want {
			t.Errorf("%q: %d, not %d", in, got, want)
		}
	}
}
