package coap

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

// TestLate makes the capture of an answer without its question, as when a group was asked: who answers is the server.
func TestLate(t *testing.T) {
	s := protocoltest.Synthetic{Transport: protocol.UDP, ClientMAC: [6]byte{0, 0x50, 0xc2, 1, 2, 3}, ServerMAC: [6]byte{0, 0x1c, 0x2b, 1, 2, 4},
		ClientIP: [4]byte{10, 77, 2, 1}, ServerIP: [4]byte{10, 77, 2, 2}, ClientPort: 40001, ServerPort: 5683}
	s.Turns = []protocoltest.Turn{down(udp(1, 0x45, "\xc1\x28\xff</t>;rt=\"temperature-c\""))}
	s.Written(t, "late.pcap")
}

// TestCost holds that what teaches nothing costs no memory.
func TestCost(t *testing.T) {
	data := []byte(udp(2, 0x45, "\x61\x07\x60\xff21.5")) // a measurement that was subscribed to
	o := protocol.Opening{Transport: protocol.UDP, Server: protocol.Endpoint{Port: port}, FirstDir: protocol.ToClient, First: data}
	p := Parser()
	conv := p.New(o)
	if n := testing.AllocsPerRun(100, func() {
		if !p.Claims(o) {
			t.Fatal("not claimed")
		}
		if used, err := conv.Next(time.Time{}, protocol.ToClient, data, nil); used != len(data) || err != nil {
			t.Fatal(used, err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func up(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToServer, Data: s} }

func down(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToClient, Data: s} }

// udp is a message of a type and a code with one byte of token.
func udp(kind, code byte, rest string) string {
	return string([]byte{0x41 | kind<<4, code, 0, 7, 9}) + rest
}

// TestNegatives holds the captures of what looks alike to the bytes they are made of.
func TestNegatives(t *testing.T) {
	s := protocoltest.Synthetic{Transport: protocol.UDP, ClientMAC: [6]byte{0, 0x50, 0xc2, 1, 2, 3}, ServerMAC: [6]byte{0, 0x1c, 0x2b, 1, 2, 4},
		ClientIP: [4]byte{10, 77, 2, 1}, ServerIP: [4]byte{10, 77, 2, 2}, ClientPort: 40001, ServerPort: 5683}
	s.Turns = []protocoltest.Turn{
		up("</t>;rt=\"temperature-c\""),                                        // the list without a header
		up("\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00"),                         // DTLS
		up(udp(0, 0x1f, "\xbb.well-known\x04core")),                            // a method that nobody has assigned
		up(udp(2, 1, "\xbb.well-known\x04core")),                               // a request that acknowledges
		up(udp(0, 1, "\xbb.well-")),                                            // an option longer than the datagram
		down(udp(2, 0x45, "\xc1\x28\xff")),                                     // a body that is not there
		down("\x4f\x45\x00\x07" + "123456789012345" + "\xc1\x28\xff</t>;rt=x"), // a token of 15 bytes
	}
	s.Written(t, "neg-port.pcap")
	s.ServerPort, s.ClientPort = 9000, 40002
	s.Turns = []protocoltest.Turn{up(udp(0, 1, "\xb4time")), down(udp(2, 0x45, "\xc1\x28\xff{\"rt\":1}"))} // a form this weak needs its port
	s.Written(t, "neg-other.pcap")
	s.Transport, s.ServerPort, s.ClientPort = protocol.TCP, 5683, 40003
	s.Turns = []protocoltest.Turn{up("GET /.well-known/core HTTP/1.1\r\n\r\n"), down("HTTP/1.1 200 OK\r\n\r\n</t>;rt=x")}
	s.Written(t, "neg-http.pcap")
}

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

// TestLists reads lists that the recordings do not hold.
func TestLists(t *testing.T) {
	for _, c := range []struct {
		name, list string
		want       []string
	}{
		{"several, without quotes, with commas inside", `</a,b>;title="x,</c>;rt=no";rt="a b";if=core.s,</d>;rt=e`, []string{
			"server coap.resource_type = a (list of links, rt)", "server coap.resource_type = b (list of links, rt)",
			"server coap.interface = core.s (list of links, if)", "server coap.resource_type = e (list of links, rt)"}},
		{"a quote inside quotes", `</a>;title="\",rt=no";rt=x`, []string{"server coap.resource_type = x (list of links, rt)"}},
		{"of other hosts", `<coap://10.1.2.3:61616/t>;rt=t,<coap://[2001:db8::7]/u>;rt=u,<coap://ward7/v>;rt=v,</w>;rt=w;anchor="coap://10.1.2.4"`, []string{
			"|10.1.2.3 coap.resource_type = t (list of links, rt)", "|2001:db8::7 coap.resource_type = u (list of links, rt)"}},
		{"no list", `21.5`, nil},
	} {
		body := "\xc1\x28\xff" + c.list
		got := play(t, down(udp(2, 0x45, body)))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

// TestBlocks holds that a link cut by a block is put together, and that one whose block is lost is left out.
func TestBlocks(t *testing.T) {
	list := `</t>;title="0123456789";rt="temperature-c",</h>;rt="humidity-p"` // of 16 bytes a block
	var blocks []protocoltest.Turn
	for at := 0; at < len(list); at += 16 {
		more, end := byte(8), at+16
		if end >= len(list) {
			more, end = 0, len(list)
		}
		blocks = append(blocks, down(udp(2, 0x45, "\xc1\x28\xb1"+string([]byte{byte(at/16)<<4 | more})+"\xff"+list[at:end])))
	}
	want := []string{"server coap.resource_type = temperature-c (list of links, rt)", "server coap.resource_type = humidity-p (list of links, rt)"}
	if got := play(t, blocks...); !slices.Equal(got, want) {
		t.Errorf("whole: %q", got)
	}
	if got := play(t, slices.Delete(slices.Clone(blocks), 1, 2)...); len(got) > 0 {
		t.Errorf("without the second: %q", got)
	}
	again := slices.Concat(blocks[:2], blocks[1:]) // sent twice
	if got := play(t, again...); !slices.Equal(got, want) {
		t.Errorf("with the second twice: %q", got)
	}
}

// TestRegistration reads who registers, for itself and for others, and holds that updates and other queries say nothing.
func TestRegistration(t *testing.T) {
	for _, c := range []struct {
		options string
		want    []string
	}{
		{"\xb2rd\x48ep=pump7\xff", []string{"error: coap: malformed"}}, // no body follows
		{"\xb2rd\x49ep=pump7", []string{"error: coap: malformed"}},     // one byte short
		{"\xb2rd\x48ep=pump7", []string{"client coap.endpoint = pump7 (registration, query ep)"}},
		{"\xb2bs\x47ep=pump", []string{"client coap.endpoint = pump (registration, query ep)"}},
		{"\xb2rd\x45ep=p7\x09lwm2m=1.1", []string{"client coap.endpoint = p7 (registration, query ep)", "client coap.lwm2m_version = 1.1 (registration, query lwm2m)"}},
		{"\xb2rd\x45ep=p7\x0d\x07base=coap://10.1.2.3", []string{"|10.1.2.3 coap.endpoint = p7 (registration, query ep)"}},
		{"\xb2rd\x4d\x04base=coap://ward7\x05ep=p7", nil},
		{"\xb2rd\x043fa1\x46lt=300", nil},
		{"\xb7patient\x45ep=me", nil},
		{"\x35pump7\x82rd\x46lt=300", []string{"server coap.host = pump7 (option Uri-Host)"}},
		{"\x3810.1.2.3\x84time", nil},  // an address is no news
		{"\x35pump7\xd4\x17coap", nil}, // for a proxy,
	} {
		if got := play(t, up(udp(0, 2, c.options))); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q", c.options, got)
		}
	}
}

// play reads datagrams.
func play(t *testing.T, turns ...protocoltest.Turn) []string {
	t.Helper()
	return protocoltest.Datagrams(t, Parser(), port, turns...)
}

// TestStream holds that messages over TCP say the same however they are cut, and that a body too long to wait for is passed
// over.
func TestStream(t *testing.T) {
	list := "\xc1\x28\xff</t>;rt=t"
	long := "\xff" + strings.Repeat("x", 70000)
	body := "\xf1" + "\x00\x00\x10\x5d" + "\x45\x09" + long // 65,805 and 4,189 more are 69,994: seven bytes are the next message's
	body = body[:1+4+2+65805+0x105d]
	turns := []protocoltest.Turn{up("\x01\xe1\x09"), down("\x01\xe1\x09"), up("\xd1\x04\x01\x09\xbb.well-known\x04core"),
		down(body), down(string([]byte{byte(len(list))<<4 | 1, 0x45, 9}) + list)}
	want := []string{"server coap.resource_type = t (list of links, rt)"}
	if got := protocoltest.Dialogue(t, Parser(), turns...); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	protocoltest.Splits(t, Parser(), slices.Delete(turns, 3, 4)...)
}
