package radius

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

func attribute(kind byte, v string) string { return string([]byte{kind, byte(2 + len(v))}) + v }

func request(code byte, attributes ...string) string {
	body := strings.Join(attributes, "")
	return string(binary.BigEndian.AppendUint16([]byte{code, 7}, uint16(headerSize+len(body)))) + strings.Repeat("\x55", 16) + body
}

func TestDialogues(t *testing.T) {
	for _, c := range []struct {
		name, data string
		want       []string
	}{
		{"an access point lets a pump in", request(accessRequest, attribute(userName, "host/pump7.ward.example"), attribute(2, "0123456789abcdef"), attribute(nasAddress, "\xc0\x00\x02\x01"),
			attribute(nasID, "AP-ICU-3"), attribute(called, "00-1E-BD-00-00-01:ward-devices"), attribute(calling, "00-09-FB-00-00-07"), attribute(nasPortID, "wlan0")),
			[]string{"client radius.nas_id = AP-ICU-3 (NAS-Identifier)", "client radius.called_station = 00-1E-BD-00-00-01:ward-devices (Called-Station-Id)",
				"00:09:fb:00:00:07| radius.ssid = ward-devices (Called-Station-Id)", "00:09:fb:00:00:07| radius.nas_port_id = wlan0 (NAS-Port-Id)",
				"00:09:fb:00:00:07| radius.access_by = AP-ICU-3 (request about this host)", "00:09:fb:00:00:07| radius.principal_host = host/pump7.ward.example (User-Name of a machine)"}},
		{"a proxy is not who lets in", request(accountingRequest, attribute(nasAddress, "\x0a\x01\x02\x03"), attribute(nasID, "SW-7"), attribute(calling, "0009fb000007"),
			attribute(framedIP, "\x0a\x01\x02\x09"), attribute(proxyState, "x")),
			[]string{"|10.1.2.3 radius.nas_id = SW-7 (NAS-Identifier)", "00:09:fb:00:00:07| radius.access_by = SW-7 (request about this host)",
				"00:09:fb:00:00:07|10.1.2.9 mac = 00:09:fb:00:00:07 (Calling-Station-Id)", "00:09:fb:00:00:07|10.1.2.9 ip = 10.1.2.9 (Framed-IP-Address)"}},
		{"somebody behind a proxy", request(accessRequest, attribute(nasID, "SW-7"), attribute(proxyState, "x")), nil},
		{"a NAS with another address of its own", request(accessRequest, attribute(nasAddress, "\x0a\x01\x02\x03"), attribute(nasID, "SW-7")),
			[]string{"client radius.nas_ip = 10.1.2.3 (NAS-IP-Address)", "client radius.nas_id = SW-7 (NAS-Identifier)"}},
		{"people and telephones", request(accessRequest, attribute(userName, "invented.nurse"), attribute(calling, "555-0100"), attribute(called, "555-0199")), nil},
		{"an attribute that is longer than the message", request(accessRequest, "\x01\x09ab"), []string{"error: radius: malformed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := protocoltest.Dialogue(t, Parser(), protocoltest.Turn{Dir: protocol.ToServer, Data: c.data})
			if !slices.Equal(got, c.want) {
				t.Errorf("said %q\nnot  %q", got, c.want)
			}
		})
	}
}
