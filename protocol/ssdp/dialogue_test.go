package ssdp

import (
	"slices"
	"strings"
	"testing"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/protocoltest"
)

const announcement = `NOTIFY * HTTP/1.1
HOST: 239.255.255.250:1900
CACHE-CONTROL: max-age=1800
LOCATION: http://192.0.2.1:49152/description.xml?session=1
NT: upnp:rootdevice
NTS: ssdp:alive
SERVER: Linux/3.14.0 UPnP/1.0 IpBridge/1.41.0
USN: uuid:2f402f80-da50-11e1-9b23-00178829d301::upnp:rootdevice

`

func TestDialogues(t *testing.T) {
	for _, c := range []struct {
		name, text string
		dir        protocol.Dir
		want       []string
	}{
		{"announcement", announcement, protocol.ToServer, []string{
			"client ssdp.location = http://192.0.2.1:49152/description.xml (announcement)",
			"client ssdp.server = Linux/3.14.0 UPnP/1.0 IpBridge/1.41.0 (announcement)",
			"client ssdp.usn = uuid:2f402f80-da50-11e1-9b23-00178829d301::upnp:rootdevice (announcement)"}},
		{"farewell", "NOTIFY * HTTP/1.1\nHost:239.255.255.250:1900\nNTS:ssdp:byebye\nUSN:uuid:1\n\n", protocol.ToServer, []string{"client ssdp.usn = uuid:1 (announcement)"}},
		{"answer", "HTTP/1.1 200 OK\nST: upnp:rootdevice\nServer: gate/2\nLocation: http://192.0.2.2/d.xml\nEXT:\n\n", protocol.ToClient, []string{
			"server ssdp.server = gate/2 (answer to a search)", "server ssdp.location = http://192.0.2.2/d.xml (answer to a search)"}},
		{"search", "M-SEARCH * HTTP/1.1\nMAN: \"ssdp:discover\"\nST: ssdp:all\nUSER-AGENT: Windows/10.0 UPnP/1.1\nCPFN.UPNP.ORG: Invented Nurse's phone\n\nServer: x\n", protocol.ToServer,
			[]string{"client http.user_agent = Windows/10.0 UPnP/1.1 (search)"}},
		{"no end, and a field without a colon", "NOTIFY * HTTP/1.1\nnothing\nUSN: uuid:1", protocol.ToServer, []string{"client ssdp.usn = uuid:1 (announcement)"}},
		{"something else", "GET / HTTP/1.1\nServer: x\n\n", protocol.ToServer, []string{"error: ssdp: malformed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := strings.ReplaceAll(c.text, "\n", "\r\n")
			if got := protocoltest.Dialogue(t, Parser(), protocoltest.Turn{Dir: c.dir, Data: data}); !slices.Equal(got, c.want) {
				t.Errorf("said %q", got)
			}
			if got := claims(protocol.Opening{Transport: protocol.UDP, FirstDir: c.dir, First: []byte(data)}); got == strings.HasPrefix(c.want[0], "error") {
				t.Errorf("claims: %v", got)
			}
		})
	}
}

// TestRepeats holds that an announcement that says nothing new costs nothing.
func TestRepeats(t *testing.T) {
	conv, data, ignore := Parser().New(protocol.Opening{Transport: protocol.UDP}), []byte(announcement), func(fact.Fact) {}
	next := func() {
		if n, err := conv.Next(noTime, protocol.ToServer, data, ignore); n != len(data) || err != nil {
			t.Fatal(n, err)
		}
	}
	if n := testing.AllocsPerRun(100, next); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
