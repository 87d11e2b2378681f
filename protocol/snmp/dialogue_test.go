package snmp

import (
	"slices"
	"testing"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/protocoltest"
)

// element lays out a BER element of less than 128 bytes.
func element(tag byte, parts ...string) string {
	body := ""
	for _, p := range parts {
		body += p
	}
	return string([]byte{tag, byte(len(body))}) + body
}

func number(n byte) string { return element(0x02, string(n)) }

// pdu is a PDU with sysName.0 as its one binding.
func pdu(kind byte) string {
	return element(kind, number(7), number(0), number(0), element(0x30, element(0x30, element(0x06, "\x2b\x06\x01\x02\x01\x01\x05\x00"), element(0x04, "monitor7"))))
}

const engineID = "\x80\x00\x0e\x08\x03\x00\x10\x5d\x00\x00\x07" // enterprise 3592, a MAC

func three(flags byte, scoped string) string {
	usm := element(0x30, element(0x04, engineID), number(9), number(100), element(0x04, "invented.nurse"), element(0x04), element(0x04))
	return element(0x30, number(3), element(0x30, number(1), number(100), element(0x04, string(flags)), number(3)), element(0x04, usm), scoped)
}

func two(community string, kind byte) string {
	return element(0x30, number(1), element(0x04, community), pdu(kind))
}

func TestDialogues(t *testing.T) {
	scoped := func(kind byte) string { return element(0x30, element(0x04, engineID), element(0x04), pdu(kind)) }
	engine := func(who string) []string {
		return []string{who + " snmp.engine_id = 80000e080300105d000007 (version 3 header)", who + " snmp.engine_boots = 9 (version 3 header)",
			who + " snmp.engine_enterprise = 3592 (engine id)", who + " snmp.engine_mac = 00:10:5d:00:00:07 (engine id)"}
	}
	name := " snmp.sys_name = monitor7 (object 1.3.6.1.2.1.1.5.0)"
	readable := " snmp.cleartext_community = true (version 1 or 2c message)"
	for _, c := range []struct {
		name string
		turn protocoltest.Turn
		want []string
	}{
		{"version 3 without encryption", protocoltest.Turn{Dir: protocol.ToClient, Data: three(1, scoped(getResponse))}, append(engine("server"), "server"+name)},
		{"version 3 with encryption", protocoltest.Turn{Dir: protocol.ToClient, Data: three(3, element(0x04, "0123456789"))}, engine("server")},
		{"a trap of version 3 is the sender's", protocoltest.Turn{Dir: protocol.ToServer, Data: three(0, scoped(trapV2))}, append(engine("client"), "client"+name)},
		{"the engine of an inform is its receiver's", protocoltest.Turn{Dir: protocol.ToServer, Data: three(0, scoped(inform))}, append(engine("server"), "client"+name)},
		{"a question names the engine that is asked", protocoltest.Turn{Dir: protocol.ToServer, Data: three(0, scoped(getRequest))}, engine("server")},
		{"the factory's community is told of, not told", protocoltest.Turn{Dir: protocol.ToClient, Data: two("public", getResponse)},
			[]string{"server" + readable, "server practice = snmp-default-community (response to a community of the factory)", "server" + name}},
		{"a question in it is no answer", protocoltest.Turn{Dir: protocol.ToServer, Data: two("public", getNext)}, []string{"client" + readable}},
		{"another community", protocoltest.Turn{Dir: protocol.ToClient, Data: two("phantom", getResponse)}, []string{"server" + readable, "server" + name}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := protocoltest.Dialogue(t, Parser(), c.turn); !slices.Equal(got, c.want) {
				t.Errorf("said %q\nnot  %q", got, c.want)
			}
		})
	}
}

// TestWalk holds that the objects of a walk that identify nothing cost nothing.
func TestWalk(t *testing.T) {
	binding := element(0x30, element(0x06, "\x2b\x06\x01\x02\x01\x02\x02\x01\x0a\x01"), element(0x41, "\x07\x07"))
	data := []byte(element(0x30, number(1), element(0x04, "phantom"), element(getResponse, number(7), number(0), number(0), element(0x30, binding, binding, binding))))
	conv, ignore := Parser().New(protocol.Opening{Transport: protocol.UDP}), func(fact.Fact) {}
	if n := testing.AllocsPerRun(100, func() { conv.Next(time.Time{}, protocol.ToClient, data, ignore) }); n > 1 { // the subject's key
		t.Errorf("%v allocations", n)
	}
}
