package bacnet

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pons/fact"
	"pons/protocol"
)

// link wraps a network message in a link header.
func link(kind, function byte, body string) []byte {
	b := []byte{kind, function, 0, 0}
	binary.BigEndian.PutUint16(b[2:], uint16(4+len(body)))
	return append(b, body...)
}

// said plays datagrams of one sender and returns what was said, by subject.
func said(t *testing.T, datagrams ...[]byte) (out []string) {
	t.Helper()
	o := protocol.Opening{Transport: protocol.UDP, First: datagrams[0],
		Client: protocol.Endpoint{IP: netip.MustParseAddr("192.0.2.9"), Port: 47808}, Server: protocol.Endpoint{IP: netip.MustParseAddr("192.0.2.1"), Port: 47808}}
	if !Parser().Claims(o) {
		t.Fatalf("% x is not claimed", datagrams[0])
	}
	conv := Parser().New(o)
	for _, b := range datagrams {
		if _, err := conv.Next(time.Time{}, protocol.ToServer, b, func(f fact.Fact) {
			out = append(out, fmt.Sprintf("%s %s %s=%s", f.Subject.Kind, f.Subject.Value, f.Attr, f.Value))
		}); err != nil {
			out = append(out, "error: "+err.Error())
		}
	}
	return out
}

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

const iAm = "\x10\x00\xc4\x02\x00\x04\xd2\x22\x05\xc4\x91\x03\x21\x08" // device 1234, vendor 8

// TestForwarded holds that what a broadcast manager passes on is of the origin that it names, with IPv4 and IPv6.
func TestForwarded(t *testing.T) {
	equal(t, said(t, link(0x81, 0x04, "\xc0\x00\x02\x4d\xba\xc0\x01\x20\xff\xff\x00\xff"+iAm)),
		"host |192.0.2.77 bacnet.device_instance=1234", "host |192.0.2.77 bacnet.vendor_id=8", "host |192.0.2.77 bacnet.vendor_name=Delta Controls")
	origin := netip.MustParseAddr("2001:db8::77").As16()
	equal(t, said(t, link(0x82, 0x08, "\x00\x04\xd2"+string(origin[:])+"\xba\xc0\x01\x00"+iAm))[:1], "host |2001:db8::77 bacnet.device_instance=1234")
	equal(t, said(t, link(0x82, 0x02, "\x00\x04\xd2\x01\x00"+iAm))[:1], "host |192.0.2.9 bacnet.device_instance=1234")
}

// TestSegments reads a device's properties out of an answer in two pieces, and nothing out of one that lost its beginning.
func TestSegments(t *testing.T) {
	property := func(id byte, text string) string {
		return "\x29" + string([]byte{id}) + "\x4e\x75" + string([]byte{byte(1 + len(text))}) + "\x00" + text + "\x4f"
	}
	body := "\x0c\x02\x00\x04\xd2\x1e" + property(77, "AHU 3 roof") + property(70, "BAC-5051E") + "\x29\x2c\x5e\x91\x02\x91\x20\x5f" + property(121, "Delta") + "\x1f"
	first := link(0x81, 0x0a, "\x01\x00\x3c\x07\x00\x04\x0e"+body[:21])
	last := link(0x81, 0x0a, "\x01\x00\x38\x07\x01\x04\x0e"+body[21:])
	equal(t, said(t, first, last),
		"host |192.0.2.9 bacnet.device_instance=1234", "host |192.0.2.9 bacnet.device_name=AHU 3 roof", "host |192.0.2.9 bacnet.object_name=AHU 3 roof",
		"host |192.0.2.9 bacnet.device_instance=1234", "host |192.0.2.9 bacnet.model=BAC-5051E",
		"host |192.0.2.9 bacnet.device_instance=1234", "host |192.0.2.9 bacnet.vendor_name=Delta")
	equal(t, said(t, last))
}

// TestRemote holds whom a router speaks for: a host by its IP or MAC, else a child by network and address; file names are
// nobody's.
func TestRemote(t *testing.T) {
	equal(t, said(t, link(0x81, 0x0a, "\x01\x08\x00\x0d\x01\x3d"+iAm))[:1], "child bacnet/13/61 bacnet.device_instance=1234")
	equal(t, said(t, link(0x81, 0x0a, "\x01\x08\x00\x01\x06\xc0\x00\x02\x05\xba\xc0"+iAm))[:1], "host |192.0.2.5 bacnet.device_instance=1234")
	equal(t, said(t, link(0x81, 0x0a, "\x01\x08\x00\x02\x06\x00\x40\xae\x01\x02\x03"+iAm))[:1], "host 00:40:ae:01:02:03| bacnet.device_instance=1234")
	equal(t, said(t, link(0x81, 0x0a, "\x01\x00\x30\x05\x0c\x0c\x02\x80\x00\x01\x19\x4d\x3e\x75\x05\x00note\x3f"))) // a file's name
	equal(t, said(t, link(0x81, 0x0a, "\x01\x00\x20\x05\x14")), "host |192.0.2.9 practice=plant-control-open")      // a reinitialisation acknowledged
}
