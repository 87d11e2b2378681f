package dnsmsg

import (
	"slices"
	"strings"
	"testing"
)

// answer is a response for "a.local" with an A record, a TXT record by a compressed name, and an SRV record.
const answer = "\x12\x34\x84\x00\x00\x01\x00\x02\x00\x00\x00\x01" +
	"\x01a\x05local\x00\x00\x01\x00\x01" +
	"\xc0\x0c\x00\x01\x80\x01\x00\x00\x00\x78\x00\x04\x0a\x00\x00\x01" +
	"\x04Dr.X\xc0\x0e\x00\x10\x00\x01\x00\x00\x00\x78\x00\x06\x02ab\x02cd" +
	"\xc0\x0c\x00\x21\x00\x01\x00\x00\x00\x78\x00\x0a\x00\x00\x00\x00\x00\x50\x01b\xc0\x0e"

func TestParse(t *testing.T) {
	m, err := Parse([]byte(answer))
	if err != nil || !m.Response() || m.Opcode() != 0 || m.Rcode() != 0 || m.ID != 0x1234 {
		t.Fatalf("%+v, %v", m, err)
	}
	if len(m.Questions) != 1 || Text(m.Questions[0].Name) != "a.local" || len(m.Answers) != 2 || len(m.Additional) != 1 {
		t.Fatalf("%+v", m)
	}
	if r := m.Answers[0]; r.Type != TypeA || Text(r.Name) != "a.local" || string(r.Data) != "\x0a\x00\x00\x01" {
		t.Errorf("%+v", r)
	}
	// A dot inside a label belongs to the label: service names are free text (RFC 6763 §4.1.1).
	if r := m.Answers[1]; !slices.Equal(r.Name, []string{"Dr.X", "local"}) || !slices.Equal(r.Strings(), []string{"ab", "cd"}) {
		t.Errorf("%+v", r)
	}
	target, _, err := m.NameAt(m.Additional[0].At + 6)
	if err != nil || Text(target) != "b.local" {
		t.Errorf("%q, %v", target, err)
	}
}

// TestCut holds that what is readable before the cut is returned with the error.
func TestCut(t *testing.T) {
	for n := range len(answer) {
		m, err := Parse([]byte(answer[:n]))
		if err == nil {
			t.Errorf("%d of %d bytes without an error", n, len(answer))
		}
		if n >= 41 && len(m.Answers) == 0 {
			t.Errorf("%d bytes hold the first answer, but it is not there", n)
		}
	}
}

func TestHostileNames(t *testing.T) {
	for name, b := range map[string]string{
		"a pointer to itself": "\xc0\x00",
		"two in a circle":     "\xc0\x02\xc0\x00",
		"past the end":        "\x3fshort",
		"no end":              "\x01a",
		"a reserved label":    "\x80",
		"longer than a name":  strings.Repeat("\x3f"+strings.Repeat("x", 63), 5) + "\x00",
	} {
		m := Message{raw: []byte(b)}
		if labels, _, err := m.NameAt(0); err == nil {
			t.Errorf("%s: %q", name, labels)
		}
	}
}

func TestPlausible(t *testing.T) {
	if !Plausible([]byte(answer)) || Plausible([]byte(answer[:11])) || Plausible(make([]byte, 12)) || Plausible([]byte("\x00\x00\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00")) {
		t.Error("counts that fit are plausible, others are not")
	}
}
