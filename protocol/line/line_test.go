package line

import (
	"strings"
	"testing"

	"pons/fact"
)

func TestLine(t *testing.T) {
	talk := Between(fact.Host("", "192.0.2.1"), fact.Host("", "192.0.2.2"))
	for _, c := range []struct {
		data, text string
		used       int
	}{
		{"no end", "", 0},
		{"one\r\ntwo", "one", 5},
		{strings.Repeat("x", Max), "", Max},
		{"still that line", "", 15},
		{"and its end\nnext\n", "", 12},
		{"next\n", "next", 5},
		{strings.Repeat("x", Max) + "\nnext", "", Max + 1},
		{"next\n", "next", 5},
	} {
		if text, used := talk.Line(1, []byte(c.data)); string(text) != c.text || used != c.used {
			t.Errorf("%.20q: %q, %d", c.data, text, used)
		}
	}
}

func TestPractice(t *testing.T) {
	talk := Between(fact.Host("", "192.0.2.1"), fact.Host("", "192.0.2.2"))
	n := 0
	for range 3 {
		talk.Practice(func(fact.Fact) { n++ }, fact.FTPInUse, "USER")
		talk.Practice(func(fact.Fact) { n++ }, fact.CleartextCredentials, "PASS")
	}
	if n != 4 {
		t.Errorf("%d facts", n)
	}
}

func TestReply(t *testing.T) {
	for _, c := range []struct {
		line, text string
		code       int
		more, ok   bool
	}{
		{"220 vsFTPd", "vsFTPd", 220, false, true}, {"220-a", "a", 220, true, true}, {"250", "", 250, false, true},
		{"22", "", 0, false, false}, {"2200 x", "", 0, false, false}, {"abc d", "", 0, false, false}, {"920 x", "", 0, false, false},
	} {
		if code, more, text, ok := Reply([]byte(c.line)); code != c.code || more != c.more || string(text) != c.text || ok != c.ok {
			t.Errorf("%q: %d %v %q %v", c.line, code, more, text, ok)
		}
	}
}

func TestWords(t *testing.T) {
	if !Is([]byte("StartTLS"), "starttls") || Is([]byte("starttls "), "starttls") || !Contains([]byte("220 ProFTPD"), "ftp") || Contains([]byte("ft"), "ftp") {
		t.Error("words")
	}
	for name, want := range map[string]bool{"gate-2.example": true, "localhost": false, "localhost.localdomain": false, "[192.0.2.1]": false,
		"192.0.2.1": false, "a b": false, "": false, "PUMP_7": true} {
		if HostName([]byte(name)) != want {
			t.Errorf("%q", name)
		}
	}
	if name, value := Field([]byte("Server : x:y ")); string(name) != "Server" || string(value) != "x:y" {
		t.Errorf("%q %q", name, value)
	}
	if n, ok := Number([]byte("0042")); n != 42 || !ok {
		t.Error(n)
	}
}

func TestMessage(t *testing.T) {
	const text = "INVITE x SIP/2.0\r\nVia: a\r\n folded\r\nContent-Length: 5\r\n\r\nab\r\nc\r\n\r\nBYE x\n\n"
	var m Message
	var got []string
	for data := []byte(text); len(data) > 0; {
		part, line, used := m.Step(data)
		if used == 0 {
			t.Fatal("stuck")
		}
		switch part {
		case Start:
			got = append(got, "start "+string(line))
		case Named:
			name, value := Field(line)
			if n, ok := Number(value); ok && Is(name, "content-length") {
				m.Length(n)
			}
			got = append(got, string(name))
		case Blank:
			got = append(got, "blank")
		}
		data = data[used:]
	}
	if strings.Join(got, ",") != "start INVITE x SIP/2.0,Via,Content-Length,blank,start BYE x,blank" || !m.Framed() {
		t.Errorf("%q", got)
	}
	m = Message{}
	if _, _, used := m.Step([]byte(strings.Repeat("x", Max))); used != Max {
		t.Error(used)
	}
	if _, _, used := m.Step([]byte("rest\nBYE\n")); used != 5 {
		t.Error(used)
	}
}
