package opcua

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

// text is a UA string.
func text(s string) string {
	return string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

// message is a MSG chunk of a service.
func message(id uint16, body string) string {
	head := binary.LittleEndian.AppendUint16([]byte("\x01\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\x01\x00"), id)
	return "MSGF" + string(binary.LittleEndian.AppendUint32(nil, uint32(8+len(head)+len(body)))) + string(head) + body
}

// TestBuild reads the build that a server states of itself, who logs in with a readable password, and that an anonymous
// session writes; the user's name and password are invented and must not be said.
func TestBuild(t *testing.T) {
	requestHeader := "\x00\x00" + strings.Repeat("\x00", 16) + text("") + "\x00\x00\x00\x00" + "\x00\x00\x00"
	responseHeader := strings.Repeat("\x00", 16) + "\x00" + "\xff\xff\xff\xff" + "\x00\x00\x00"
	none := "\xff\xff\xff\xff"
	activate := func(token, body string) string {
		return message(activateRequest, requestHeader+none+none+none+none+"\x01\x00"+token+"\x01"+text(body))
	}
	build := text("urn:maker:server") + text("Acme Automation") + text("Acme Server") + text("4.2.1") + text("99") + strings.Repeat("\x00", 8)
	turns := []protocoltest.Turn{
		{Dir: protocol.ToServer, Data: activate("\x44\x01", text("p")+text("invented-user")+text("invented-password")+none)},
		{Dir: protocol.ToClient, Data: message(readResponse, responseHeader+"\x01\x00\x00\x00\x01\x16\x01\x00\x54\x01\x01"+text(build))},
		{Dir: protocol.ToClient, Data: message(writeResponse, responseHeader)},
		{Dir: protocol.ToServer, Data: activate("\x41\x01", text("anonymous"))},
		{Dir: protocol.ToClient, Data: message(writeResponse, responseHeader)},
	}
	got := protocoltest.Dialogue(t, Parser(), turns...)
	want := []string{
		"client practice = cleartext-credentials (ActivateSession with a password that is not encrypted)",
		"server practice = cleartext-credentials (ActivateSession with a password that is not encrypted)",
		"server opcua.product_uri = urn:maker:server (BuildInfo)",
		"server opcua.manufacturer = Acme Automation (BuildInfo)",
		"server opcua.product_name = Acme Server (BuildInfo)",
		"server opcua.version = 4.2.1 (BuildInfo)",
		"server practice = plant-control-open (an anonymous session writes or calls)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %s\nwant %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	protocoltest.Splits(t, Parser(), turns...)
}
