package dicom

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/protocoltest"
)

const secret = "DOE^JANE^19700101"

func ask(s string) protocoltest.Turn    { return protocoltest.Turn{Dir: protocol.ToServer, Data: s} }
func answer(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToClient, Data: s} }

func be16(n int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(n))) }
func be32(n int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(n))) }
func le16(n int) string { return string(binary.LittleEndian.AppendUint16(nil, uint16(n))) }
func le32(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }

func pdu(kind byte, body string) string { return string(rune(kind)) + "\x00" + be32(len(body)) + body }

func item(kind byte, body string) string { return string(rune(kind)) + "\x00" + be16(len(body)) + body }

func associate(kind byte, items ...string) string {
	pad := func(s string) string { return s + strings.Repeat(" ", 16-len(s)) }
	return pdu(kind, "\x00\x01\x00\x00"+pad("ARCHIVE")+pad("CT01")+strings.Repeat("\x00", 32)+
		item(0x10, "1.2.840.10008.3.1.1.1")+strings.Join(items, ""))
}

func offer(id byte, syntax string) string {
	return item(itemContextRQ, string(rune(id))+"\x00\x00\x00"+item(itemAbstractSyntax, syntax)+item(0x40, "1.2.840.10008.1.2"))
}

// value is a P-DATA PDU with one fragment; control has bit 0 for a command, bit 1 for the last.
func value(control byte, body string) string {
	return pdu(pduData, be32(len(body)+2)+"\x01"+string(rune(control))+body)
}

// plainElement is an element without, typed one with a value representation.
func plainElement(tag uint32, text string) string {
	if len(text)%2 == 1 {
		text += " "
	}
	return le16(int(tag>>16)) + le16(int(tag&0xffff)) + le32(len(text)) + text
}

func typedElement(tag uint32, vr, text string) string {
	if len(text)%2 == 1 {
		text += " "
	}
	head := le16(int(tag>>16)) + le16(int(tag&0xffff)) + vr
	if longForm(vr[0], vr[1]) {
		return head + "\x00\x00" + le32(len(text)) + text
	}
	return head + le16(len(text)) + text
}

func command(kind int, more ...string) string {
	return value(3, plainElement(0x00000002, "1.2.840.10008.5.1.4.1.1.2\x00")+plainElement(tagCommandField, le16(kind))+strings.Join(more, ""))
}

// image is a data set with a patient in every place where one can be.
func image() string {
	return plainElement(0x00080005, "ISO_IR 100") + plainElement(0x00080018, "1.2.3.4") + plainElement(0x00080050, secret) +
		plainElement(tagModality, "CT") + plainElement(tagManufacturer, "ACME") + plainElement(0x00080090, secret) +
		plainElement(tagStation, "CT-ROOM-2") + plainElement(0x00081030, secret) +
		// a sequence of undefined length, whose items repeat the attributes of another machine
		le16(8) + le16(0x1032) + le32(undefined) +
		le16(0xfffe) + le16(0xe000) + le32(undefined) + plainElement(tagManufacturer, secret) +
		le16(8) + le16(0x1140) + le32(undefined) + le16(0xfffe) + le16(0xe0dd) + le32(0) +
		le16(0xfffe) + le16(0xe00d) + le32(0) +
		le16(0xfffe) + le16(0xe000) + le32(10) + "0123456789" +
		le16(0xfffe) + le16(0xe0dd) + le32(0) +
		plainElement(tagModel, "CT 9000") + plainElement(0x00100010, secret) + plainElement(0x00100020, secret) +
		plainElement(0x00104000, strings.Repeat(secret, 100)) + plainElement(tagSerial, "SN-1") +
		plainElement(tagSoftware, `V5.1\Boot 2`) + plainElement(0x00181030, secret) + plainElement(tagManufacturer, secret)
}

var equipment = []string{
	"client dicom.modality = CT (C-STORE (0008,0060))", "client dicom.manufacturer = ACME (C-STORE (0008,0070))",
	"client dicom.station = CT-ROOM-2 (C-STORE (0008,1010))", "client dicom.model = CT 9000 (C-STORE (0008,1090))",
	"client dicom.serial = SN-1 (C-STORE (0018,1000))", "client dicom.software = V5.1 (C-STORE (0018,1020))",
	"client dicom.software = Boot 2 (C-STORE (0018,1020))",
}

func TestEquipment(t *testing.T) {
	set := image()
	explicit := typedElement(0x00080005, "CS", "ISO_IR 100") + typedElement(tagModality, "CS", "CT") +
		typedElement(tagManufacturer, "LO", "ACME") + typedElement(tagStation, "SH", "CT-ROOM-2") +
		le16(8) + le16(0x1032) + "SQ\x00\x00" + le32(undefined) + le16(0xfffe) + le16(0xe000) + le32(undefined) +
		typedElement(tagModel, "LO", secret) + le16(0xfffe) + le16(0xe00d) + le32(0) + le16(0xfffe) + le16(0xe0dd) + le32(0) +
		typedElement(tagModel, "LO", "CT 9000") + typedElement(0x00091001, "UN", secret) + typedElement(0x00100010, "PN", secret) +
		typedElement(tagSerial, "LO", "SN-1") + typedElement(tagSoftware, "LO", `V5.1\Boot 2`)
	for _, c := range []struct {
		name  string
		turns []protocoltest.Turn
		want  []string
	}{
		{"implicit", []protocoltest.Turn{ask(command(commandStore) + value(2, set))}, equipment},
		{"explicit", []protocoltest.Turn{ask(command(commandStore) + value(2, explicit))}, equipment},
		{"in fragments", []protocoltest.Turn{ask(command(commandStore) + value(0, set[:77]) + value(0, set[77:78]) + value(0, "") + value(2, set[78:]))}, equipment},
		{"the second of two", []protocoltest.Turn{ask(command(0x0020) + value(2, set) + command(commandStore) + value(2, set))}, equipment},
		{"sent on behalf of another", []protocoltest.Turn{ask(command(commandStore, plainElement(tagMoveOriginator, "WORKSTATION")) + value(2, set))}, nil},
		{"sent by the acceptor for a C-GET", []protocoltest.Turn{answer(command(commandStore) + value(2, set))}, nil},
		{"the answer to a query", []protocoltest.Turn{answer(command(0x8020) + value(2, set))}, nil},
		{"big endian", []protocoltest.Turn{ask(command(commandStore) + value(2, "\x00\x08\x00\x70LO\x00\x04ACME"))}, nil},
		{"a fragment longer than its PDU", []protocoltest.Turn{ask(pdu(pduData, be32(5000)+"\x01\x03"+set[:50]) + command(commandStore) + value(2, set))}, equipment},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := protocoltest.Dialogue(t, Parser(), c.turns...)
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if strings.Contains(strings.Join(got, "\n"), "DOE") {
				t.Error("a patient is in the facts")
			}
			protocoltest.Splits(t, Parser(), c.turns...)
		})
	}
}

func TestProposals(t *testing.T) {
	const ct, mr, secondary = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.7"
	for _, c := range []struct {
		name  string
		items []string
		want  []string
	}{
		{"a CT also sends secondary captures", []string{offer(1, ct), offer(3, secondary)}, []string{"client: CT"}},
		{"an archive sends everything", []string{offer(1, ct), offer(3, mr)}, nil},
		{"a workstation asks for images back", []string{offer(1, ct), item(itemUserInfo, item(itemRole, be16(len(ct))+ct+"\x00\x01"))}, nil},
		{"an echo", []string{offer(1, "1.2.840.10008.1.1")}, nil},
	} {
		var got []string
		for _, s := range protocoltest.Dialogue(t, Parser(), ask(associate(pduAssociateRQ, c.items...))) {
			if m, ok := strings.CutPrefix(s, "client dicom.modality = "); ok {
				got = append(got, "client: "+m[:2])
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestAcceptorAlone reads a capture of one direction: the titles come from the answer.
func TestAcceptorAlone(t *testing.T) {
	turn := answer(associate(pduAssociateAC, item(itemUserInfo, item(itemImplementation, "1.2.3")+item(itemVersionName, "GATE_1"))))
	if !Parser().Claims(protocol.Opening{Transport: protocol.TCP, FirstDir: protocol.ToClient, First: []byte(turn.Data)}) {
		t.Error("not claimed")
	}
	want := []string{"client dicom.calling_ae = CT01 (A-ASSOCIATE-AC, calling AE title)",
		"server dicom.called_ae = ARCHIVE (A-ASSOCIATE-AC, called AE title)",
		"server dicom.implementation_class_uid = 1.2.3 (A-ASSOCIATE-AC, item 52)",
		"server dicom.implementation_version = GATE_1 (A-ASSOCIATE-AC, item 55)"}
	if got := protocoltest.Dialogue(t, Parser(), turn); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	both := protocoltest.Dialogue(t, Parser(), ask(associate(pduAssociateRQ)), turn)
	if !slices.ContainsFunc(both, func(s string) bool { return strings.Contains(s, "RQ, called") }) ||
		slices.ContainsFunc(both, func(s string) bool { return strings.Contains(s, "AC, called") }) {
		t.Errorf("with the request: %q", both)
	}
}

func TestErrors(t *testing.T) {
	for _, s := range []string{"GET / HTTP/1.1\r\n", pdu(pduAssociateRJ, "\x00\x01\x01\x07\x00"), "\x01\x00\xff\xff\xff\xff", "\x09\x00\x00\x00\x00\x04"} {
		said := protocoltest.Dialogue(t, Parser(), ask(s))
		if len(said) != 1 || !strings.HasPrefix(said[0], "error: ") {
			t.Errorf("%q: %q", s, said)
		}
		if Parser().Claims(protocol.Opening{Transport: protocol.TCP, First: []byte(s + strings.Repeat("\x00", 80))}) {
			t.Errorf("%q claimed", s)
		}
	}
}

// TestVectors reads pynetdicom's encoded PDUs and compares with what it says of them.
func TestVectors(t *testing.T) {
	raw, err := os.ReadFile("../../../shared/data/clinical/dicom_pdus_pynetdicom_mit/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors map[string]struct {
		Hex      string
		Comments []string `json:"expected_from_comments"`
	}
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for name, v := range vectors {
		data, err := hex.DecodeString(v.Hex)
		if err != nil {
			t.Fatal(err)
		}
		turn := ask(string(data))
		if len(data) > 0 && data[0] == pduAssociateAC {
			turn = answer(string(data))
		}
		said := strings.Join(protocoltest.Dialogue(t, Parser(), turn), "\n")
		if strings.Contains(said, "p4ssw0rd") {
			t.Errorf("%s: a password is in the facts", name)
		}
		protocoltest.Splits(t, Parser(), turn)
		if !strings.HasPrefix(name, "encoded_pdu_items/a_associate_") || data[0] == pduAssociateRJ {
			continue
		}
		for _, comment := range v.Comments {
			for label, attr := range map[string]fact.Attr{"Called AET: ": attrCalledAE, "Calling AET: ": attrCallingAE,
				"Implementation Class UID: ": attrImplementation, "Implementation Version Name: ": attrVersionName} {
				if want, ok := strings.CutPrefix(comment, label); ok {
					if compared++; !strings.Contains(said, string(attr)+" = "+strings.TrimSpace(want)+" (") {
						t.Errorf("%s: no %s %s in\n%s", name, attr, want, said)
					}
				}
			}
		}
	}
	if compared < 30 {
		t.Errorf("only %d values compared", compared)
	}
}

func BenchmarkAssociation(b *testing.B) {
	data := []byte(associate(pduAssociateRQ, offer(1, "1.2.840.10008.5.1.4.1.1.2"), offer(3, "1.2.840.10008.1.1"),
		item(itemUserInfo, item(itemImplementation, "1.2.3")+item(itemVersionName, "GATE_1"))))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		conv := Parser().New(protocol.Opening{Transport: protocol.TCP})
		if n, err := conv.Next(time.Time{}, protocol.ToServer, data, func(fact.Fact) {}); n != len(data) || err != nil {
			b.Fatal(n, err)
		}
	}
}

// BenchmarkImage is a stored image of half a megabyte, in segments of an Ethernet.
func BenchmarkImage(b *testing.B) {
	var data []byte
	data = append(data, command(commandStore)+value(0, image()+plainElement(0x7fe00010, strings.Repeat("p", 1000)))...)
	for range 32 {
		data = append(data, value(0, strings.Repeat("p", 16<<10))...)
	}
	data = append(data, value(2, "pp")...)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		conv := Parser().New(protocol.Opening{Transport: protocol.TCP})
		held := 0
		for at := 0; at < len(data); {
			end := min(at+1448+held, len(data))
			n, err := conv.Next(time.Time{}, protocol.ToServer, data[at:end], func(fact.Fact) {})
			if err != nil {
				b.Fatal(err)
			}
			held = end - at - n
			at += n
		}
	}
}
