package hartip

import (
	"slices"
	"strings"
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

// TestNegatives holds the captures of what looks alike to the bytes they are made of.
func TestNegatives(t *testing.T) {
	s := protocoltest.Synthetic{Transport: protocol.UDP, ClientMAC: [6]byte{0, 0x50, 0x56, 1, 2, 3}, ServerMAC: [6]byte{0, 0x26, 0x16, 1, 2, 4},
		ClientIP: [4]byte{10, 78, 2, 1}, ServerIP: [4]byte{10, 78, 2, 2}, ClientPort: 40001, ServerPort: 5094}
	flawed := []byte(through(typeResponse, own, 20, longTag("TT-7")))
	flawed[len(flawed)-1] ^= 1
	s.Turns = []protocoltest.Turn{
		up("\x03\x00\x00\x00\x00\x01\x00\x0d\x01\x00\x00\x75\x30"), // a version that there is not
		up("\x01\x00\x02\x00\x00\x01\x00\x09"),                     // a length that is not the datagram's
		up("\x01\x07\x02\x00\x00\x01\x00\x08"),                     // a type that nobody has assigned
		down(string(flawed)),                                       // a checksum that does not fit
	}
	s.Written(t, "neg-port.pcap")
	s.ServerPort, s.ClientPort = 9000, 40002
	s.Turns = []protocoltest.Turn{up(message(typeRequest, idKeepAlive, "")), down(message(typeResponse, idKeepAlive, ""))} // this needs its port
	s.Written(t, "neg-other.pcap")
	s.Transport, s.ServerPort, s.ClientPort = protocol.TCP, 5094, 40003
	s.Turns = []protocoltest.Turn{up("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"), down("\x15\x03\x01\x00\x02\x02\x28")}
	s.Written(t, "neg-tls.pcap")
}

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

func up(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToServer, Data: s} }

func down(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToClient, Data: s} }

func message(kind, id byte, body string) string {
	return string([]byte{1, kind, id, 0, 0, 7, byte((header + len(body)) >> 8), byte(header + len(body))}) + body
}

const (
	own    = "\x26\x4e\x00\x00\xd2" // a gateway's
	sensor = "\x26\x2d\x00\x12\x34" // of a device behind it
)

// bare is an answer without a checksum; an empty device is polling address 0.
func bare(device string, command byte, data string) string {
	start := "\x06\x00"
	if device != "" {
		start = "\x86" + device
	}
	return start + string([]byte{command, byte(len(data))}) + data
}

func through(kind byte, device string, command byte, data string) string {
	frame := bare(device, command, data)
	return message(kind, idPassThrough, "\xff\xff"+frame+string([]byte{sum([]byte(frame))}))
}

func answer(device string, command byte, data string) protocoltest.Turn {
	return down(through(typeResponse, device, command, data))
}

func longTag(s string) string { return "\x00\x00" + s + strings.Repeat("\x00", 32-len(s)) }

// is is the answer to command 0.
func is(device string, revision, flags byte) string {
	return "\x00\x00\xfe" + device[:2] + "\x05" + string([]byte{revision, 4, 1, 0x0e, flags}) + device[2:] + "\x05\x02\x00\x02\xd0\x00\x26\x00\x26\x84"
}

func identityOf(who, kind, id, revision string) []string {
	return []string{who + " hartip.manufacturer_id = 38 (command 0)", who + " hartip.device_type = " + kind + " (command 0)", who + " hartip.device_id = " + id + " (command 0)",
		who + " hartip.universal_revision = " + revision + " (command 0)", who + " hartip.device_revision = 4 (command 0)", who + " hartip.software_revision = 1 (command 0)"}
}

// TestDialogues holds who a frame is about: what is not proven to be the server is a device of its own.
func TestDialogues(t *testing.T) {
	child := "hart/262d001234"
	for _, c := range []struct {
		name  string
		turns []protocoltest.Turn
		want  []string
	}{
		{"at polling address 0 it is the server", []protocoltest.Turn{answer("", 0, is(own, 7, 0)), answer(own, 20, longTag("GW-1"))},
			append(identityOf("server", "0x264e", "0000d2", "7"), "server hartip.long_tag = GW-1 (command 20)")},
		{"a bridge is the server, others are behind it", []protocoltest.Turn{answer(own, 0, is(own, 7, 4)), answer(sensor, 20, longTag("TT-7"))},
			append(identityOf("server", "0x264e", "0000d2", "7"), child+" hartip.long_tag = TT-7 (command 20)")},
		{"before the server is known none is it", []protocoltest.Turn{answer(sensor, 0, is(sensor, 7, 0))}, identityOf(child, "0x262d", "001234", "7")},
		{"revision 5 has the maker in the type", []protocoltest.Turn{answer("", 0, is(own, 5, 0)[:14])}, identityOf("server", "0x264e", "0000d2", "5")},
		{"revision 6 does not say the maker", []protocoltest.Turn{answer("", 0, is(own, 6, 0))}, identityOf("server", "0x264e", "0000d2", "6")[1:]},
		{"a tag, without its descriptor", []protocoltest.Turn{answer(sensor, 13, "\x00\x00"+"\x00\x15\x09\x58\x54\x09"+strings.Repeat("\x15", 15))}, []string{child + " hartip.tag = @ATIVEPI (command 13)"}},
		{"a tag as delivered", []protocoltest.Turn{answer(sensor, 13, "\x00\x00"+strings.Repeat("\xff", 21)), answer(sensor, 20, longTag(strings.Repeat("?", 32)))}, nil},
		{"through the gateway", []protocoltest.Turn{answer("", 77, "\x00\x00\x01\x02\x05"+bare(sensor, 20, longTag("TT-7")))}, []string{child + " hartip.long_tag = TT-7 (command 20)"}},
		{"the gateway's list", []protocoltest.Turn{answer("", 84, "\x00\x00\x00\x01\xfb\x00\x00\x26"+sensor+"\x07TT-7"+strings.Repeat("\x00", 28))},
			[]string{child + " hartip.manufacturer_id = 38 (command 84)", child + " hartip.device_type = 0x262d (command 84)", child + " hartip.device_id = 001234 (command 84)",
				child + " hartip.universal_revision = 7 (command 84)", child + " hartip.long_tag = TT-7 (command 84)"}},
		{"directly", []protocoltest.Turn{down(message(typeResponse, idDirect, "\x00\x00\x00\x01\x02\x00\x26\x00\x14\x21\x00"+longTag("GW-1")[2:]))}, []string{"server hartip.long_tag = GW-1 (command 20)"}},
		{"a frame that did not arrive", []protocoltest.Turn{answer(own, 20, "\x88"+longTag("GW-1")[1:])}, nil},
		{"measurements and messages", []protocoltest.Turn{answer(own, 1, "\x00\x00\x20\x41\xac\x00\x00"), answer(own, 12, "\x00\x00"+strings.Repeat("\x04\x20\xe0", 8))}, nil},
		{"set up by whoever asks", []protocoltest.Turn{answer(own, 6, "\x00\x00\x00\x00"), answer(own, 42, "\x00\x00")}, []string{"server practice = plant-control-open (command 6)"}},
		{"set up in vain", []protocoltest.Turn{answer(own, 6, "\x07\x00\x00\x00")}, nil},
		{"what is asked says nothing", []protocoltest.Turn{up(through(typeRequest, own, 22, longTag("GW-1")))}, nil},
	} {
		if got := protocoltest.Dialogue(t, Parser(), c.turns...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", c.name, got)
		}
		protocoltest.Splits(t, Parser(), c.turns...)
	}
}
