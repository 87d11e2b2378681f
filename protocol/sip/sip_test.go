package sip

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

// secret stands wherever a person or a credential does.
const secret = "DOE-JANE-19700101"

func up(s string) protocoltest.Turn {
	return protocoltest.Turn{Dir: protocol.ToServer, Data: strings.ReplaceAll(s, "\n", "\r\n")}
}

func down(s string) protocoltest.Turn {
	return protocoltest.Turn{Dir: protocol.ToClient, Data: strings.ReplaceAll(s, "\n", "\r\n")}
}

func TestDialogues(t *testing.T) {
	for _, c := range dialogues {
		t.Run(c.name, func(t *testing.T) {
			got := protocoltest.Dialogue(t, Parser(), c.turns...)
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if strings.Contains(strings.Join(got, "\n"), secret) {
				t.Errorf("%q holds what is private", got)
			}
			protocoltest.Splits(t, Parser(), c.turns...)
		})
	}
}

const register = "REGISTER sip:pbx.example SIP/2.0\nVia: SIP/2.0/TCP 192.0.2.1:5060;branch=z\nFrom: <sip:" + secret + "@pbx>\nTo: <sip:" + secret + "@pbx>\n" +
	"Contact: <sip:" + secret + "@192.0.2.1>;+sip.instance=\"<urn:uuid:00000000-0000-0000-0000-00226bda1c2f>\";+u.sip!devicename.ccm.cisco.com=\"SEP00226BDA1C2F\"\n" +
	"User-Agent: Cisco-CP8841/12.8\nAuthorization: Digest username=\"" + secret + "\"\nContent-Length: 32\n\nUser-Agent: " + secret + "\n\n"

var dialogues = []struct {
	name  string
	turns []protocoltest.Turn
	want  []string
}{
	{"a phone registers", []protocoltest.Turn{up(register), down("\n\nSIP/2.0 200 OK\nv: SIP/2.0/TCP 192.0.2.1\nServer: Asterisk PBX 18\nl: 0\n\n"), up(register)},
		[]string{"client sip.instance = urn:uuid:00000000-0000-0000-0000-00226bda1c2f (Contact, +sip.instance)", "client sip.device = SEP00226BDA1C2F (Contact, device name)",
			"client sip.user_agent = Cisco-CP8841/12.8 (User-Agent)", "server sip.user_agent = Asterisk PBX 18 (Server)"}},
	{"a request that a proxy passes on is of the last Via", []protocoltest.Turn{up("INVITE sip:" + secret + "@h SIP/2.0\nVia: SIP/2.0/TCP 192.0.2.7\nVia: SIP/2.0/UDP 10.1.1.1:5060;received=198.51.100.9;rport=1\nUser-Agent: phone/1\n\n")},
		[]string{"|198.51.100.9 sip.user_agent = phone/1 (User-Agent)"}},
	{"or of nobody", []protocoltest.Turn{up("INVITE tel:" + secret + " SIP/2.0\nVia: SIP/2.0/TCP a, SIP/2.0/UDP phone.example;branch=1\nUser-Agent: phone/1\n\n"),
		down("SIP/2.0 200 OK\nRecord-Route: <sip:h>\nServer: x\n\n")}, nil},
}

func TestClaims(t *testing.T) {
	for first, want := range map[string]bool{"INVITE sip:a@b SIP/2.0\r\n": true, "INVITE sip:a@b": true, "GET / HTTP/1.1\r\n": false, "OPTIONS sip:a RTSP/1.0\r\n": false,
		"SIP/2.0 200 OK": false, "invite sip:a@b SIP/2.0\r\n": false, "REGISTER http://a SIP/2.0": false} {
		for _, transport := range []protocol.Transport{protocol.UDP, protocol.TCP} {
			if got := Parser().Claims(protocol.Opening{Transport: transport, First: []byte(first)}); got != want {
				t.Errorf("%q: %v", first, got)
			}
		}
	}
}

// TestQuiet holds that a phone that says the same all day costs nothing.
func TestQuiet(t *testing.T) {
	data := []byte(up("OPTIONS sip:pbx SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z\nUser-Agent: phone/1\nContent-Length: 0\n\n").Data)
	c := Parser().New(protocol.Opening{Transport: protocol.UDP})
	n := 0
	emit := func(fact.Fact) { n++ }
	next := func() {
		if used, err := c.Next(time.Time{}, protocol.ToServer, data, emit); err != nil || used != len(data) {
			t.Fatal(used, err)
		}
	}
	next()
	if allocs := testing.AllocsPerRun(100, next); allocs > 0 || n != 1 {
		t.Errorf("%v allocations, %d facts", allocs, n)
	}
}
