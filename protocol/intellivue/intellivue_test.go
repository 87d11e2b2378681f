package intellivue

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

func be16(n int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(n))) }

func attribute(id int, value string) string { return be16(id) + be16(len(value)) + value }

func list(attributes ...string) string {
	all := strings.Join(attributes, "")
	return be16(len(attributes)) + be16(len(all)) + all
}

func text(s string) string { return be16(len(s)) + s }

func wide(s string) (out string) {
	for _, r := range s + "\x00" {
		out += be16(int(r))
	}
	return out
}

func spec(kind, component int, s string) string { return be16(kind) + be16(component) + text(s) }

// message wraps an event in its operation.
func message(head string, command, class, kind int, body string) string {
	event := be16(class) + "\x00\x00\x00\x00" + "\x00\xd6\xd4\x00" + be16(kind) + be16(len(body)) + body
	invoke := be16(0) + be16(command) + be16(len(event)) + event
	return head + be16(operationInvoke) + be16(len(invoke)) + invoke
}

const session = "\xe1\x00\x00\x02"

func specsOf() string {
	entries := spec(1, 8, "DE98000123") + spec(2, 8, "M8005A\x00\x00") + spec(3, 8, " B.00.05") + spec(5, 0x78, "--------") +
		spec(2, 0x58, "S-M4046-1701A ") + spec(4, 0x58, "M.03.02 ") + spec(1, 0x50, "BOARD77")
	return be16(7) + be16(len(entries)) + entries
}

const address = "\x00\x09\xfb\x01\x02\x03\xc0\x00\x02\x3c\xff\xff\xff\x00"

func notice(label string) string {
	return message("\x00\x00\x01\x00", 0, 0x23, eventIndication, list(attribute(0x0986, "\x00\x01\x11\x4d"), attribute(attributeAddress, address),
		attribute(attributeBedNotice, wide(label)), attribute(attributeSpecs, specsOf()), attribute(attributeModel, text("Philips\x00")+text("M8005A\x00"))+"")+"\x00")
}

func created(label string) string {
	return message(session, 1, classMDS, eventCreate, be16(classMDS)+"\x00\x00\x00\x00"+list(attribute(attributeSystemID, text("\x00\x09\xfb\xff\xfe\x01\x02\x03")),
		attribute(attributeBed, text(wide(label))), attribute(0x095A, "DOE^JANE"), attribute(attributeModel, text("Philips\x00")+text("M8005A"))))
}

// demographics is an event of the patient's object, of an invented patient.
func demographics() string {
	return message(session, 1, 0x2A, eventCreate, be16(0x2A)+"\x00\x00\x00\x00"+list(attribute(0x095D, text(wide("JANE"))), attribute(attributeModel, text("DOE")+text("JANE"))))
}

const request = "\x0d\x20" + associationSession + "\xc1\x10 presentation data"

func TestSynthetic(t *testing.T) {
	s := protocoltest.Synthetic{Transport: protocol.UDP, ClientMAC: [6]byte{0, 9, 0xfb, 1, 2, 3}, ServerMAC: [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		ClientIP: [4]byte{192, 0, 2, 60}, ServerIP: [4]byte{192, 0, 2, 255}, ClientPort: portData, ServerPort: portIndication}
	s.Turns = []protocoltest.Turn{{Dir: protocol.ToServer, Data: notice("ICU BED 12")}, {Dir: protocol.ToServer, Data: notice("DOE JANE")}}
	s.Written(t, "indication.pcap")
	s.ClientMAC, s.ServerMAC, s.ClientIP, s.ServerIP = [6]byte{0, 0x50, 0x56, 1, 2, 4}, s.ClientMAC, [4]byte{192, 0, 2, 70}, s.ClientIP
	s.ClientPort, s.ServerPort = 40000, portData
	s.Turns = []protocoltest.Turn{{Dir: protocol.ToServer, Data: request}, {Dir: protocol.ToClient, Data: "\x0e" + request[1:]},
		{Dir: protocol.ToClient, Data: created("ICU BED 12")}, {Dir: protocol.ToClient, Data: demographics()}}
	s.Written(t, "association.pcap")
	s.ServerPort = portIndication
	s.Turns = []protocoltest.Turn{{Dir: protocol.ToServer, Data: "\x00\x00\x01\x00" + strings.Repeat("\x00\x01", 40)}, {Dir: protocol.ToServer, Data: "\xe1\x00\x00\x02\x00\x01\x00\x05 other"}}
	s.Written(t, "neg-other.pcap")
}

// read gives one datagram to a conversation of a monitor at 192.0.2.60.
func read(t *testing.T, data string) (said []string) {
	o := protocol.Opening{Transport: protocol.UDP, Client: protocol.Endpoint{MAC: [6]byte{0, 9, 0xfb, 1, 2, 3}}, First: []byte(data)}
	if !Parser().Claims(o) {
		t.Errorf("%.20q is not claimed", data)
	}
	_, err := Parser().New(o).Next(time.Time{}, protocol.ToServer, []byte(data), func(f fact.Fact) { said = append(said, string(f.Attr)+" = "+f.Value) })
	if err != nil {
		t.Error(err)
	}
	return said
}

func TestEvents(t *testing.T) {
	want := []string{"class = patient-monitor", "intellivue.bed_label = ICU BED 12", "intellivue.serial = DE98000123", "intellivue.part_number = M8005A",
		"intellivue.hardware = B.00.05", "intellivue.part_number = S-M4046-1701A", "intellivue.software = M.03.02", "intellivue.manufacturer = Philips", "intellivue.model = M8005A"}
	if got := read(t, notice("ICU BED 12")); !slices.Equal(got, want) {
		t.Errorf("indication: %q", got)
	}
	want = []string{"class = patient-monitor", "intellivue.system_id = 0009fbfffe010203", "eui64 = 00:09:fb:ff:fe:01:02:03", "intellivue.bed_label = ICU BED 12",
		"intellivue.manufacturer = Philips", "intellivue.model = M8005A"}
	if got := read(t, created("ICU BED 12")); !slices.Equal(got, want) {
		t.Errorf("creation: %q", got)
	}
	if got := read(t, demographics()); got != nil {
		t.Errorf("the patient's object: %q", got)
	}
	whole := notice("ICU BED 12")
	for cut := range len(whole) { // no datagram is too short to be met
		Parser().New(protocol.Opening{}).Next(time.Time{}, protocol.ToServer, []byte(whole[:cut+1]), func(fact.Fact) {})
	}
}

// TestBedLabels tells places from what may be a person.
func TestBedLabels(t *testing.T) {
	for label, want := range map[string]bool{"ICU BED 12": true, "ECC MON RM15": true, "Room 4-2": true, "B07": true, "Zimmer 3": true,
		"DOE JANE": false, "Doe, J 3": false, "Johnson 3": false, "MRN^77": false, "": false, "1234567890123456789012": false} {
		if got := bed([]byte(wide(label))); (got == label && label != "") != want {
			t.Errorf("%q: %q", label, got)
		}
	}
}
