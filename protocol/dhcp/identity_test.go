package dhcp

import (
	"slices"
	"strings"
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

// discover lays out a client's message through a relay, with options.
func discover(options ...string) string {
	b := make([]byte, 240)
	b[0], b[1], b[2] = 1, 1, 6
	copy(b[24:], "\x0a\x01\x02\xfe") // the relay
	copy(b[28:], "\x00\x09\xfb\x00\x00\x07")
	copy(b[236:], cookie[:])
	return string(b) + "\x35\x01\x01" + strings.Join(options, "") + "\xff"
}

func option(code byte, v string) string { return string([]byte{code, byte(len(v))}) + v }

func TestIdentity(t *testing.T) {
	got := protocoltest.Dialogue(t, Parser(), protocoltest.Turn{Dir: protocol.ToServer, Data: discover(
		option(optClientID, "\xff\x00\x00\x00\x07\x00\x03\x00\x01\x00\x09\xfb\x00\x00\x07"), option(optUserClass, "\x04iPXE"), option(optArch, "\x00\x07"),
		option(optUUID, "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff\x01"), option(optEnterprise, "\x00\x00\x0e\x08\x03abc"),
		option(optVendorInfo, "\x00\x00\x0d\xe9\x14\x01\x0600095C\x02\x04SN-7\x03\x04BED7"), option(optRelay, "\x01\x08Gi1/0/13\x02\x06\x00\x1e\xbd\x00\x00\x01"))})
	var want []string
	for _, v := range []string{"dhcp.relay = 10.1.2.254 (relay address)", "dhcp.relay_circuit_id = Gi1/0/13 (option 82)", "dhcp.relay_remote_id = 001ebd000001 (option 82)",
		"dhcp.client_id = ff000000070003000100" + "09fb000007 (option 61)", "dhcp.user_class = iPXE (option 77)", "dhcp.client_arch = x64-uefi (option 93)",
		"dhcp.client_uuid = 11223344-5566-7788-99aa-bbccddeeff01 (option 97)", "dhcp.vendor_enterprise = 3592 (option 124)", "dhcp.vendor_enterprise = 3561 (option 125)",
		"dhcp.vendor_oui = 00095C (option 125)", "dhcp.vendor_serial = SN-7 (option 125)", "dhcp.vendor_product_class = BED7 (option 125)"} {
		want = append(want, "00:09:fb:00:00:07| "+v)
	}
	if !slices.Equal(got, want) {
		t.Errorf("said %q\nnot  %q", got, want)
	}
	plain := protocoltest.Dialogue(t, Parser(), protocoltest.Turn{Dir: protocol.ToServer, Data: discover(option(optClientID, "\x01\x00\x09\xfb\x00\x00\x07"))})
	if len(plain) != 1 {
		t.Errorf("a client identifier that is the hardware address says nothing: %q", plain)
	}
}
