package mqtt

import (
	"slices"
	"strings"
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

// secret stands wherever a person or a credential does.
const secret = "DOE-JANE-19700101"

func packet(kind byte, parts ...string) string {
	body := strings.Join(parts, "")
	return string([]byte{kind, byte(len(body)&0x7f | 0x80), byte(len(body) >> 7)}) + body
}

func str(s string) string { return string([]byte{byte(len(s) >> 8), byte(len(s))}) + s }

func TestDialogues(t *testing.T) {
	up := func(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToServer, Data: s} }
	down := func(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToClient, Data: s} }
	clear := []string{"client practice = cleartext-credentials (CONNECT with a password)", "server practice = cleartext-credentials (CONNECT with a password)"}
	for _, c := range []struct {
		name  string
		turns []protocoltest.Turn
		want  []string
	}{
		{"3.1.1 with a will and a login", []protocoltest.Turn{up(packet(connect, str("MQTT"), "\x04\xc6\x00\x3c", str("pump-7"), str("ward/"+secret), str(secret), str(secret), str(secret))),
			down("\x20\x02\x00\x00"), up(packet(0x30, str("ward/"+secret), secret))}, append([]string{"client mqtt.version = 3.1.1 (CONNECT)", "client mqtt.client_id = pump-7 (CONNECT)"}, clear...)},
		{"5.0, the server names the client", []protocoltest.Turn{up(packet(connect, str("MQTT"), "\x05\x02\x00\x3c", "\x05\x11\x00\x00\x00\x0a", str(""))),
			down(packet(connAck, "\x00\x00", "\x13", "\x24\x01", "\x22\x00\x0a", "\x12", str("auto-0F2A1B")))}, []string{"client mqtt.version = 5.0 (CONNECT)", "client mqtt.client_id = auto-0F2A1B (CONNACK)"}},
		{"a user without a password, an address for a name", []protocoltest.Turn{up(packet(connect, str("MQIsdp"), "\x03\x82\x00\x3c", str(secret+"@example.org"), str(secret)))}, []string{"client mqtt.version = 3.1 (CONNECT)"}},
		{"a length beyond the packet", []protocoltest.Turn{up(packet(connect, str("MQTT"), "\x04\x02\x00\x3c", "\x40\x00abc"))}, []string{"error: mqtt: no CONNECT: invalid"}},
	} {
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
