package syslog

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

// secret stands wherever a person or a message does.
const secret = "DOE-JANE-19700101"

func TestMessages(t *testing.T) {
	for _, c := range []struct {
		text, host, app string
		ok              bool
	}{
		{"<34>Oct 11 22:14:15 gate-2 su: 'su root' failed for " + secret, "gate-2", "su", true},
		{"<34>Oct  1 22:14:15 gate-2 sshd[77]: Accepted for " + secret, "gate-2", "sshd", true},
		{"<34>Oct  1 2026 22:14:15 gate-2 fw[7]: x", "gate-2", "fw", true},
		{"<165>1 2003-10-11T22:14:15.003Z pump-7.icu.example evntslog - ID47 - " + secret, "pump-7.icu.example", "evntslog", true},
		{"<165>1 - - app - - -", "-", "app", true},
		{"<30>2026-01-02T03:04:05.1+01:00 gate-2 dhcpd[1]: " + secret, "gate-2", "dhcpd", true},
		{"<34>Oct 11 22:14:15 sshd[77]: " + secret, "", "sshd", true},
		{"<34>Oct 11 22:14:15 gate-2 " + secret + " said", "gate-2", "", true},
		{"<189>29: *Mar  1 18:46:11: %SYS-5-CONFIG_I: " + secret, "", "", false},
		{"<34>" + secret, "", "", false},
		{"<34>Oct", "", "", false}, {"<34>Oct 11 22", "", "", false}, {"<34>1 ", "", "", false},
	} {
		_, rest, ok := priority([]byte(c.text))
		if !ok {
			t.Fatal(c.text)
		}
		if h, ok := headOf(rest); ok != c.ok || string(h.host) != c.host || string(h.app) != c.app {
			t.Errorf("%q: %q %q %v", c.text, h.host, h.app, ok)
		}
	}
	for _, text := range []string{"", "<", "<>", "<a>", "<192>x", "<1234>x", "34>x"} {
		if _, _, ok := priority([]byte(text)); ok {
			t.Errorf("%q has a priority", text)
		}
	}
}

func up(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToServer, Data: s} }

func TestDialogues(t *testing.T) {
	const host = "client syslog.hostname = gate-2 (HOSTNAME)"
	long := strings.Repeat(secret, 60)
	for _, c := range []struct {
		name  string
		turns []protocoltest.Turn
		want  []string
	}{
		{"lines", []protocoltest.Turn{up("<34>Oct 11 22:14:15 gate-2 su: " + long + "\n<34>Oct 11 22:14:15 gate-2 cron[1]: " + secret + "\n")},
			[]string{host, "client syslog.app = su (APP-NAME)", "client syslog.app = cron (APP-NAME)"}},
		{"counted", []protocoltest.Turn{up("36 <34>1 2003-10-11T22:14:15Z gate-2 su33 <34>1 2003-10-11T22:14:15Z pump-7")}, []string{host, "client syslog.app = su (APP-NAME)"}},
		{"a relay is none of its hosts for long", []protocoltest.Turn{up("<34>Oct 11 22:14:15 gate-2 su: x\n<34>Oct 11 22:14:15 pump-7 sshd: x\n<34>Oct 11 22:14:15 gate-2 cron: x\n")},
			[]string{host, "client syslog.app = su (APP-NAME)"}},
		{"a user who logs is no program", []protocoltest.Turn{up("<13>Oct 11 22:14:15 gate-2 " + secret + ": hello\n<13>1 2003-10-11T22:14:15Z gate-2 " + secret + " - - -\n")}, []string{host}},
		{"addresses are no names", []protocoltest.Turn{up("<34>Oct 11 22:14:15 192.0.2.1 x@y: x\n")}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := protocoltest.Dialogue(t, Parser(), c.turns...); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			protocoltest.Splits(t, Parser(), c.turns...)
		})
	}
}

// TestQuiet holds that messages that name nobody new cost nothing.
func TestQuiet(t *testing.T) {
	data := []byte("<34>Oct 11 22:14:15 gate-2 sshd[77]: x")
	c := Parser().New(protocol.Opening{Transport: protocol.UDP})
	n := 0
	emit := func(fact.Fact) { n++ }
	next := func() {
		if used, err := c.Next(time.Time{}, protocol.ToServer, data, emit); err != nil || used != len(data) {
			t.Fatal(used, err)
		}
	}
	next()
	if allocs := testing.AllocsPerRun(100, next); allocs > 0 || n != 2 {
		t.Errorf("%v allocations, %d facts", allocs, n)
	}
}
