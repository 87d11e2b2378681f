package synthetic

import (
	"encoding/binary"
	"slices"
	"strings"
)

// plantedHL7 is a message of every segment that is common, canaries in every field that may not be read.
func plantedHL7() string {
	open := map[string][]int{"MSH": {3, 4, 5, 6, 9, 12}, "OBX": {3, 18}, "EQU": {1}, "PRT": {10, 16, 20, 22}}
	var out strings.Builder
	out.WriteByte(0x0b)
	for _, name := range strings.Fields("MSH SFT EVN PID PD1 NK1 PV1 PV2 GT1 IN1 IN2 ACC ORC OBR NTE OBX SPM TXA PRT EQU ZXX ZPD AL1 DG1 PR1 RXA RXE RXR SCH AIG FT1 ROL DB1 UB1 QRD MRG") {
		fields := make([]string, 60)
		for i := range fields {
			fields[i] = person + "&" + CanaryUser + "~" + CanaryResult + "\\X" + "51555A\\" + CanarySecret
		}
		for _, at := range open[name] {
			if name == "MSH" {
				at--
			}
			fields[at] = "OPEN"
		}
		if fields[0] = name; name == "MSH" {
			fields[1] = `^~\&`
		}
		out.WriteString(strings.Join(fields, "|") + "\r")
	}
	out.WriteString("\x1c\r")
	return out.String()
}

func dicomPDU(kind byte, body string) string {
	return string([]byte{kind, 0}) + string(binary.BigEndian.AppendUint32(nil, uint32(len(body)))) + body
}

func dicomItem(kind byte, body string) string {
	return string([]byte{kind, 0}) + string(binary.BigEndian.AppendUint16(nil, uint16(len(body)))) + body
}

func associateBody(more string) string {
	return "\x00\x01\x00\x00ARCHIVE         CT01            " + strings.Repeat("\x00", 32) + dicomItem(0x10, "1.2.840.10008.3.1.1.1") +
		dicomItem(0x20, "\x01\x00\x00\x00"+dicomItem(0x30, "1.2.840.10008.5.1.4.1.1.2")+dicomItem(0x40, "1.2.840.10008.1.2")) + more
}

func plantedAssociation() string {
	length := func(s string) string { return string(binary.BigEndian.AppendUint16(nil, uint16(len(s)))) + s }
	return dicomPDU(1, associateBody(dicomItem(0x50, dicomItem(0x52, "1.2.3.4")+dicomItem(0x58, "\x02\x00"+length(CanaryUser)+length(CanarySecret)))))
}

func dicomElement(explicit bool, group, element uint16, vr, text string) string {
	if len(text)%2 == 1 {
		text += " "
	}
	b := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, group), element)
	switch {
	case !explicit:
		b = binary.LittleEndian.AppendUint32(b, uint32(len(text)))
	case vr == "SQ" || vr == "UN" || vr == "UT" || vr == "OB":
		b = binary.LittleEndian.AppendUint32(append(append(b, vr...), 0, 0), uint32(len(text)))
	default:
		b = binary.LittleEndian.AppendUint16(append(b, vr...), uint16(len(text)))
	}
	return string(b) + text
}

func dicomCommand(kind uint16, more string) string {
	body := dicomElement(false, 0, 2, "UI", "1.2.840.10008.5.1.4.1.1.2\x00") + dicomElement(false, 0, 0x100, "US", string(binary.LittleEndian.AppendUint16(nil, kind))) + more
	return dicomValue(3, dicomElement(false, 0, 0, "UL", string(binary.LittleEndian.AppendUint32(nil, uint32(len(body)))))+body)
}

func dicomValue(control byte, body string) string {
	return dicomPDU(4, string(binary.BigEndian.AppendUint32(nil, uint32(len(body)+2)))+"\x01"+string([]byte{control})+body)
}

// plantedSet is a data set of every group in which a patient can be, canaries in all elements but those of the equipment.
func plantedSet(explicit bool) string {
	type entry struct {
		group, element uint16
		vr, text       string
	}
	nested := dicomElement(explicit, 0x0008, 0x0070, "LO", CanaryName) + dicomElement(explicit, 0x0010, 0x0010, "PN", person) + dicomElement(explicit, 0x0018, 0x1000, "LO", CanaryNumber)
	sequence := func(undefined bool) string {
		if undefined {
			return "\xfe\xff\x00\xe0\xff\xff\xff\xff" + nested + "\xfe\xff\x0d\xe0\x00\x00\x00\x00\xfe\xff\xdd\xe0\x00\x00\x00\x00"
		}
		return "\xfe\xff\x00\xe0" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(nested)))) + nested
	}
	set := []entry{{8, 5, "CS", "ISO_IR 100"}, {8, 0x60, "CS", "CT"}, {8, 0x70, "LO", "ACME"}, {8, 0x1010, "SH", "CT-ROOM-2"}, {8, 0x1090, "LO", "CT 9000"},
		{8, 0x1032, "SQ", sequence(false)}, {0x18, 0x1000, "LO", "SN-1"}, {0x18, 0x1020, "LO", "V5"}, {0x20, 0xd, "UI", "1.2.3." + CanaryNumber + "." + CanaryBirth}}
	for _, e := range []uint32{0x00080018, 0x00080020, 0x00080050, 0x00080054, 0x00080080, 0x00080090, 0x00081030, 0x0008103e, 0x00081040, 0x00081048, 0x00081050, 0x00081070,
		0x00091001, 0x00091002, 0x00100010, 0x00100020, 0x00100030, 0x00100040, 0x00101000, 0x00101010, 0x00101040, 0x001021b0, 0x00104000, 0x00180010, 0x00180015, 0x00181030,
		0x00181400, 0x00200010, 0x0020000e, 0x00204000, 0x00291010, 0x00321032, 0x00324000, 0x00400241, 0x00400253, 0x00400254, 0x00400280, 0x0040a160, 0x00420010} {
		set = append(set, entry{uint16(e >> 16), uint16(e), "LO", person})
	}
	set = append(set, entry{0x40, 0xa730, "SQ", sequence(false)})
	slices.SortFunc(set, func(a, b entry) int { return int(a.group)<<16 + int(a.element) - int(b.group)<<16 - int(b.element) })
	var out strings.Builder
	for _, e := range set {
		out.WriteString(dicomElement(explicit, e.group, e.element, e.vr, e.text))
	}
	return out.String()
}

// plantedImage stores an object, and makes and changes a performed procedure step.
func plantedImage(explicit bool) string {
	set := plantedSet(explicit)
	third := len(set) / 3
	return dicomCommand(1, dicomElement(false, 0, 0x1000, "UI", "1.2."+CanaryNumber)) + dicomValue(0, set[:third]) + dicomValue(0, set[third:2*third]) + dicomValue(2, set[2*third:]) +
		dicomCommand(0x140, dicomElement(false, 0, 0x1000, "UI", "1.2."+CanaryNumber)) + dicomValue(2, set) + dicomCommand(0x120, "") + dicomValue(2, set) + dicomCommand(0x20, "") + dicomValue(2, set)
}

// plantedWorklist answers a query with a patient.
func plantedWorklist(explicit bool) string {
	return dicomCommand(0x8020, "") + dicomValue(2, plantedSet(explicit))
}

// ber is an element of ASN.1 in its basic encoding.
func ber(tag byte, parts ...string) string {
	body := strings.Join(parts, "")
	if len(body) < 128 {
		return string([]byte{tag, byte(len(body))}) + body
	}
	return string([]byte{tag, 0x82, byte(len(body) >> 8), byte(len(body))}) + body
}

func ldapBind() string {
	return ber(0x30, ber(2, "\x01"), ber(0x60, ber(2, "\x03"), ber(4, "cn="+CanaryUser+",ou=people,dc=example"), ber(0x80, CanarySecret))) +
		ber(0x30, ber(2, "\x02"), ber(0x63, ber(4, "cn="+CanaryName+",dc=example"), ber(0x0a, "\x00"), ber(0x0a, "\x00"), ber(2, "\x00"), ber(2, "\x00"), ber(1, "\x00"),
			ber(0xa3, ber(4, "mail"), ber(4, CanaryName)), ber(0x30)))
}

func snmpGet() string {
	return ber(0x30, ber(2, "\x01"), ber(4, CanarySecret), ber(0xa0, ber(2, "\x01"), ber(2, "\x00"), ber(2, "\x00"), ber(0x30, ber(0x30, ber(6, "\x2b\x06\x01\x02\x01\x01\x05\x00"), ber(5)))))
}

func mqttString(s string) string { return string([]byte{byte(len(s) >> 8), byte(len(s))}) + s }

func mqttConnect() string {
	body := mqttString("MQTT") + "\x04\xc6\x00\x3c" + mqttString("pump-7") + mqttString("ward/"+CanaryName) + mqttString(CanaryResult) + mqttString(CanaryUser) + mqttString(CanarySecret)
	return string([]byte{0x10, byte(len(body))}) + body
}

func mqttPublish() string {
	body := mqttString("patient/"+CanaryNumber) + person
	return string([]byte{0x30, byte(len(body))}) + body
}

func smbHeader(command byte) []byte {
	h := make([]byte, 64)
	copy(h, "\xfeSMB\x40\x00")
	h[12] = command
	h[14] = 1
	return h
}

func netbios(b []byte) string {
	return string([]byte{0, 0, byte(len(b) >> 8), byte(len(b))}) + string(b)
}

func smbNegotiate() string {
	b := append(smbHeader(0), make([]byte, 36)...)
	b[64], b[66], b[68] = 36, 2, 1
	return netbios(append(b, 0x02, 0x02, 0x10, 0x02))
}

func smbCreate(path string) string {
	name := encodeWide(path)
	b := append(smbHeader(5), make([]byte, 56)...)
	b[64] = 57
	binary.LittleEndian.PutUint16(b[64+44:], 120)
	binary.LittleEndian.PutUint16(b[64+46:], uint16(len(name)))
	return netbios(append(b, name...))
}

func encodeWide(s string) []byte { return []byte(wide(s, binary.LittleEndian)) }

// coapOption is an option of CoAP, by the difference of its number to that before.
func coapOption(delta byte, value string) string {
	if n := len(value); n >= 13 {
		return string([]byte{delta<<4 | 13, byte(n - 13)}) + value
	}
	return string([]byte{delta<<4 | byte(len(value))}) + value
}
