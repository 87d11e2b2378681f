package dicom

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
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

var ofCT = []string{
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
		{"implicit", []protocoltest.Turn{ask(command(commandStore) + value(2, set))}, ofCT},
		{"explicit", []protocoltest.Turn{ask(command(commandStore) + value(2, explicit))}, ofCT},
		{"in fragments", []protocoltest.Turn{ask(command(commandStore) + value(0, set[:77]) + value(0, set[77:78]) + value(0, "") + value(2, set[78:]))}, ofCT},
		{"the second of two", []protocoltest.Turn{ask(command(0x0020) + value(2, set) + command(commandStore) + value(2, set))}, ofCT},
		{"sent on behalf of another", []protocoltest.Turn{ask(command(commandStore, plainElement(tagMoveOriginator, "WORKSTATION")) + value(2, set))}, nil},
		{"sent by the acceptor for a C-GET", []protocoltest.Turn{answer(command(commandStore) + value(2, set))}, nil},
		{"the answer to a query", []protocoltest.Turn{answer(command(0x8020) + value(2, set))}, nil},
		{"big endian", []protocoltest.Turn{ask(command(commandStore) + value(2, bigEndianImage()))}, ofCT},
		{"deflated", []protocoltest.Turn{ask(command(commandStore) + value(2, "\x8d\x54\xdb\x6e\x9b\x40\x10\x7d\xf7\x57"))}, nil},
		{"elements out of order", []protocoltest.Turn{ask(command(commandStore) + value(2, plainElement(tagSerial, "SN-1")+plainElement(tagManufacturer, secret)))},
			[]string{"client dicom.serial = SN-1 (C-STORE (0018,1000))"}},
		{"from an archive", []protocoltest.Turn{ask(strings.Replace(associate(pduAssociateRQ), "CT01   ", "PACS_01", 1) + command(commandStore) + value(2, set))},
			[]string{"client dicom.calling_ae = PACS_01 (A-ASSOCIATE-RQ, calling AE title)", "server dicom.called_ae = ARCHIVE (A-ASSOCIATE-RQ, called AE title)"}},
		{"from another modality", []protocoltest.Turn{ask(strings.Replace(associate(pduAssociateRQ), "CT01", "MR_1", 1) + command(commandStore) + value(2, set))},
			[]string{"client dicom.calling_ae = MR_1 (A-ASSOCIATE-RQ, calling AE title)", "server dicom.called_ae = ARCHIVE (A-ASSOCIATE-RQ, called AE title)",
				"client dicom.service = image forwarding (C-STORE of another modality than the calling AE title's)"}},
		{"of a second machine", []protocoltest.Turn{ask(command(commandStore) + value(2, set) + command(commandStore) + value(2, strings.ReplaceAll(set, "SN-1", "SN-2")))},
			append(slices.Clone(ofCT), "client dicom.service = image forwarding (C-STORE of several machines)")},
		{"a performed procedure step", []protocoltest.Turn{ask(command(commandCreate) + value(2, plainElement(tagModality, "MR")+plainElement(0x00100010, secret)+
			plainElement(0x0020000d, "1.2.3")+plainElement(0x00400241, "MR_AE")+plainElement(tagPerformedName, "MR-ROOM-1")+plainElement(0x00400254, secret)))},
			[]string{"client dicom.modality = MR (N-CREATE (0008,0060))", "client dicom.station = MR-ROOM-1 (N-CREATE (0040,0242))"}},
		{"a device identifier", []protocoltest.Turn{ask(command(commandStore) + value(2, typedElement(tagModality, "CS", "CT")+
			typedElement(tagUDISequence, "SQ", le16(0xfffe)+le16(0xe000)+le32(32)+typedElement(tagUDI, "UT", "(01)00884838000018  "))+
			typedElement(tagSoftware, "LO", "7")))},
			[]string{"client dicom.modality = CT (C-STORE (0008,0060))", "client dicom.udi = (01)00884838000018 (C-STORE (0018,100A))",
				"client dicom.software = 7 (C-STORE (0018,1020))"}},
		{"a fragment longer than its PDU", []protocoltest.Turn{ask(pdu(pduData, be32(5000)+"\x01\x03"+set[:50]) + command(commandStore) + value(2, set))}, ofCT},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := stated(protocoltest.Dialogue(t, Parser(), c.turns...))
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

// stated leaves out what is counted and the practice, which every dialogue has.
func stated(said []string) []string {
	return slices.DeleteFunc(said, func(s string) bool { return strings.Contains(s, " counts ") || strings.Contains(s, " practice = ") })
}

// bigEndianImage is the equipment of image() in explicit big endian.
func bigEndianImage() string {
	element := func(tag uint32, vr, text string) string {
		if len(text)%2 == 1 {
			text += " "
		}
		return be32(int(tag)) + vr + be16(len(text)) + text
	}
	return element(tagModality, "CS", "CT") + element(tagManufacturer, "LO", "ACME") + element(tagStation, "SH", "CT-ROOM-2") +
		be32(0x00081032) + "SQ\x00\x00" + be32(undefined) + be32(tagItem) + be32(undefined) + element(tagModel, "LO", secret) +
		be32(tagItemEnd) + be32(0) + be32(tagSequenceEnd) + be32(0) + element(tagModel, "LO", "CT 9000") + element(0x00100010, "PN", secret) +
		element(tagSerial, "LO", "SN-1") + element(tagSoftware, "LO", `V5.1\Boot 2`)
}

// TestCounts counts an association, its objects and its studies.
func TestCounts(t *testing.T) {
	object := func(study string) string {
		return command(commandStore) + value(2, plainElement(tagModality, "CT")+plainElement(0x00100010, secret)+plainElement(tagStudy, study)+plainElement(0x7fe00010, "pixels"))
	}
	turns := []protocoltest.Turn{ask(associate(pduAssociateRQ)), answer(associate(pduAssociateAC)), ask(object("1.2.3") + object("1.2.3") + object("1.2.4"))}
	counts := map[string]int{}
	for _, s := range protocoltest.Dialogue(t, Parser(), turns...) {
		if strings.Contains(s, "1.2.3") {
			t.Errorf("a study's number is in the facts: %s", s)
		}
		if what, ok := strings.CutPrefix(s, "client counts "); ok {
			counts[what]++
		}
	}
	if counts["flow.association"] != 1 || counts["flow.message"] != 3 || counts["flow.study"] != 2 {
		t.Errorf("%v", counts)
	}
	protocoltest.Splits(t, Parser(), turns...)
}

// TestUserIdentity says that a passcode went by, and nothing of it.
func TestUserIdentity(t *testing.T) {
	for kind, want := range map[byte]bool{1: false, 2: true, 3: false, 5: true} {
		turn := ask(associate(pduAssociateRQ, item(itemUserInfo, item(itemUserIdentity, string([]byte{kind, 0})+be16(len(secret))+secret+be16(len(secret))+secret))))
		said := strings.Join(protocoltest.Dialogue(t, Parser(), turn), "\n")
		if strings.Contains(said, "cleartext-credentials") != want || strings.Contains(said, "DOE") {
			t.Errorf("identity of type %d: %s", kind, said)
		}
		protocoltest.Splits(t, Parser(), turn)
	}
}

// TestLate claims an association by a command when its beginning was not captured, and only the way that fits.
func TestLate(t *testing.T) {
	for _, c := range []struct {
		data  string
		dir   protocol.Dir
		claim bool
	}{
		{lateCommand(commandStore), protocol.ToServer, true}, {lateCommand(commandStore), protocol.ToClient, false},
		{lateCommand(0x8001), protocol.ToClient, true}, {lateCommand(0x8001), protocol.ToServer, false},
		{value(2, image()), protocol.ToServer, false},
	} {
		if got := Parser().Claims(protocol.Opening{Transport: protocol.TCP, FirstDir: c.dir, First: []byte(c.data)}); got != c.claim {
			t.Errorf("%q in direction %d: %v", c.data[:12], c.dir, got)
		}
	}
	if got := stated(protocoltest.Dialogue(t, Parser(), ask(lateCommand(commandStore)+value(2, image())))); !slices.Equal(got, ofCT) {
		t.Errorf("%q", got)
	}
}

func lateCommand(kind int) string {
	rest := plainElement(0x00000002, "1.2.840.10008.5.1.4.1.1.2\x00") + plainElement(tagCommandField, le16(kind))
	return value(3, plainElement(0, le32(len(rest)))+rest)
}

// TestFiles sends pydicom's files, of every transfer syntax, and looks for what they say of their equipment and for what
// they say of patients.
func TestFiles(t *testing.T) {
	paths, _ := filepath.Glob("../../../shared/data/clinical/dicom_files_pydicom_mit/*.dcm")
	found := map[string]bool{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		set := string(data)
		if len(data) > 140 && string(data[128:132]) == "DICM" {
			set = set[132:]
			if strings.HasPrefix(set, "\x02\x00\x00\x00UL\x04\x00") {
				set = set[12+binary.LittleEndian.Uint32([]byte(set[8:])):]
			}
		}
		var turns []protocoltest.Turn
		for i, at := 0, 0; at < len(set) && i < 40; i, at = i+1, at+1000 {
			turns = append(turns, ask(value(0, set[at:min(at+1000, len(set))])))
		}
		turns = append([]protocoltest.Turn{ask(command(commandStore))}, append(turns, ask(value(2, "")))...)
		for _, s := range protocoltest.Dialogue(t, Parser(), turns...) {
			found[filepath.Base(path)+": "+s] = true
			for _, word := range []string{"CompressedSamples", "Patient", "Lestrade", "Anonymized", "^", "Last", "1.3.6", "JFK"} {
				if strings.Contains(s, word) {
					t.Errorf("%s: %s", path, s)
				}
			}
		}
	}
	for _, want := range []string{
		"CT_small.dcm: client dicom.manufacturer = GE MEDICAL SYSTEMS (C-STORE (0008,0070))",
		"CT_small.dcm: client dicom.station = CT01_OC0 (C-STORE (0008,1010))",
		"MR_small_implicit.dcm: client dicom.manufacturer = TOSHIBA_MEC (C-STORE (0008,0070))",
		"MR_small_expb.dcm: client dicom.manufacturer = TOSHIBA_MEC (C-STORE (0008,0070))",
		"MR_small.dcm: client dicom.model = MRT50H1 (C-STORE (0008,1090))",
	} {
		if !found[want] {
			t.Errorf("not found: %s", want)
		}
	}
	if len(found) < 100 {
		t.Errorf("%d facts of %d files", len(found), len(paths))
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
		{"a machine titled for another modality", []string{offer(1, mr)}, nil},
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
	if got := stated(protocoltest.Dialogue(t, Parser(), turn)); !slices.Equal(got, want) {
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
