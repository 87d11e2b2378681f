package lldp

import (
	"strings"
	"testing"
	"time"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

// TestInventory reads the LLDP-MED inventory of a frame written here after TIA-1057 §10.2.6: the shared captures
// hold none.
func TestInventory(t *testing.T) {
	tlv := func(kind byte, v string) string { return string([]byte{kind << 1, byte(len(v))}) + v }
	frame := "\x01\x80\xc2\x00\x00\x0e\x00\x09\xfb\x01\x02\x03\x88\xcc" + tlv(1, "\x04\x00\x09\xfb\x01\x02\x03") + tlv(2, "\x07eth0") + tlv(3, "\x00\x78")
	for i, v := range []string{"A", "B.2", "M.03.02", "DE51234567", "Philips", "MX800", "AT-7"} {
		frame += tlv(127, "\x00\x12\xbb"+string(rune(5+i))+v)
	}
	frame += tlv(127, "\x00\x12\xbb\x01\x00\x0f\x03") + tlv(0, "") // capabilities are no inventory
	e := protocol.NewEngine([]protocol.Parser{Parser()}, protocol.Options{})
	e.Frame(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), 1, 1, []byte(frame))
	got := strings.Join(protocoltest.Lines(e.Finish(), Parser()), "\n")
	want := `00:09:fb:01:02:03|  lldp.chassis_id = 00:09:fb:01:02:03  (TLV 1, frame 1)
00:09:fb:01:02:03|  lldp.med_asset_id = AT-7  (LLDP-MED inventory, frame 1)
00:09:fb:01:02:03|  lldp.med_device_class = endpoint-iii  (LLDP-MED capabilities, frame 1)
00:09:fb:01:02:03|  lldp.med_firmware = B.2  (LLDP-MED inventory, frame 1)
00:09:fb:01:02:03|  lldp.med_hardware = A  (LLDP-MED inventory, frame 1)
00:09:fb:01:02:03|  lldp.med_manufacturer = Philips  (LLDP-MED inventory, frame 1)
00:09:fb:01:02:03|  lldp.med_model = MX800  (LLDP-MED inventory, frame 1)
00:09:fb:01:02:03|  lldp.med_serial = DE51234567  (LLDP-MED inventory, frame 1)
00:09:fb:01:02:03|  lldp.med_software = M.03.02  (LLDP-MED inventory, frame 1)
00:09:fb:01:02:03|  lldp.port_id = eth0  (TLV 2, frame 1)`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
