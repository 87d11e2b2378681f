package demo

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// implementation is how a maker's DICOM software names itself: UID roots from domain/05 §5.2, endings and version
// names invented in the makers' manner.
func implementation(v *device) (uid, version string) {
	switch v.article.maker {
	case "GE HealthCare":
		return "1.2.840.113619.6.435", "GE_" + strings.ToUpper(strings.ReplaceAll(v.article.model, " ", "_"))
	case "Philips":
		return "1.3.46.670589.50.1.8.0", "MR_DICOM_" + v.version
	case "Siemens Healthineers":
		return "1.3.12.2.1107.5.8.3.485", "SIEMENS_" + strings.ReplaceAll(v.article.model, " ", "_")
	case "Canon Medical Systems":
		return "1.2.392.200036.9116.7.8.1.1.1", "TM_CT_CMW_V10"
	case "Carestream":
		return "1.2.840.113564.3.4.1", "CSH_DRX_5.7"
	case "Hologic":
		return "1.2.840.113681.2.1", "HOLOGIC_DIM_1.9"
	case "Varian":
		return "1.2.246.352.70.2.1.120.1", "VARIAN_TB_27"
	case "SonoSite":
		return "1.2.840.114340.1", "SONOSITE_3"
	}
	return "1.2.276.0.7230010.3.0.3.6.6", "OFFIS_DCMTK_366"
}

// modality is the DICOM modality and the storage class of a device class.
func modality(class string) (name, sop string) {
	const root = "1.2.840.10008.5.1.4.1.1."
	switch class {
	case "ct":
		return "CT", root + "2"
	case "mri":
		return "MR", root + "4"
	case "ultrasound":
		return "US", root + "6.1"
	case "mammography":
		return "MG", root + "1.2"
	case "angiography", "c-arm":
		return "XA", root + "12.1"
	case "linac":
		return "RTIMAGE", root + "481.1"
	}
	return "DX", root + "1.1"
}

const (
	implicitLittle = "1.2.840.10008.1.2"
	application    = "1.2.840.10008.3.1.1.1"
)

// store is an association of a modality with the archive and one C-STORE of an image of a phantom.
func (l *listener) store(v *device, at time.Time) {
	kind, sop := modality(v.article.class)
	uid, version := implementation(v)
	s := l.dial(at, ends(v), l.to(l.archive), l.ephemeral(), 11112, l.d.Uint32())
	item := func(t byte, body []byte) []byte {
		return append([]byte{t, 0, byte(len(body) >> 8), byte(len(body))}, body...)
	}
	user := func(uid, version string) []byte {
		b := item(0x51, []byte{0, 0, 0x40, 0})
		return item(0x50, append(append(b, item(0x52, []byte(uid))...), item(0x55, []byte(version[:min(16, len(version))]))...))
	}
	fixed := fmt.Appendf([]byte{0, 1, 0, 0}, "%-16.16s%-16.16s", "QM_PACS", v.ae)
	fixed = append(append(fixed, make([]byte, 32)...), item(0x10, []byte(application))...)
	context := append([]byte{1, 0, 0, 0}, append(item(0x30, []byte(sop)), item(0x40, []byte(implicitLittle))...)...)
	pdu := func(t byte, body []byte) []byte {
		return append(binary.BigEndian.AppendUint32([]byte{t, 0}, uint32(len(body))), body...)
	}
	s.say(true, pdu(1, append(append(append([]byte{}, fixed...), item(0x20, context)...), user(uid, version)...)))
	accepted := append([]byte{1, 0, 0, 0}, item(0x40, []byte(implicitLittle))...)
	s.say(false, pdu(2, append(append(append([]byte{}, fixed...), item(0x21, accepted)...), user("1.2.752.24.9999.1.2", "SECTRA_25_1")...)))
	instance := fmt.Sprintf("%s.%d.%d", strings.TrimSuffix(uid, "."), l.w.Seed%1000, l.d.Uint32())
	data := func(control byte, body []byte) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(body)+2))
		return pdu(4, append(append(b, 1, control), body...))
	}
	s.say(true, data(3, command(0x0001, sop, instance, 0x0000)))
	s.say(true, data(2, l.image(v, kind, sop, instance)))
	s.say(false, data(3, command(0x8001, sop, instance, 0x0101)))
	s.say(true, pdu(5, make([]byte, 4)))
	s.say(false, pdu(6, make([]byte, 4)))
	s.close()
}

// element is one element in implicit little endian, padded to an even length.
func element(group, number uint16, value string) []byte {
	if len(value)%2 == 1 {
		if strings.HasPrefix(value, "1.") { // UIDs are padded with zero, text with a space
			value += "\x00"
		} else {
			value += " "
		}
	}
	b := binary.LittleEndian.AppendUint16(nil, group)
	b = binary.LittleEndian.AppendUint16(b, number)
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(value))), value...)
}

// command is a C-STORE request (1) or response (0x8001); data says whether a data set follows (0x0101: none).
func command(field uint16, sop, instance string, data uint16) []byte {
	word := func(n uint16) string { return string([]byte{byte(n), byte(n >> 8)}) }
	b := append(element(0, 0x0002, sop), element(0, 0x0100, word(field))...)
	if field&0x8000 == 0 {
		b = append(append(append(b, element(0, 0x0110, word(1))...), element(0, 0x0700, word(0))...), element(0, 0x0800, word(data))...)
	} else {
		b = append(append(append(b, element(0, 0x0120, word(1))...), element(0, 0x0800, word(data))...), element(0, 0x0900, word(0))...)
	}
	b = append(b, element(0, 0x1000, instance)...)
	length := string(binary.LittleEndian.AppendUint32(nil, uint32(len(b))))
	return append(element(0, 0, length), b...)
}

// image is the data set of an image without an image: who made it, and a phantom's name.
func (l *listener) image(v *device, kind, sop, instance string) []byte {
	var b []byte
	put := func(g, n uint16, value string) { b = append(b, element(g, n, value)...) }
	put(0x0008, 0x0016, sop)
	put(0x0008, 0x0018, instance)
	put(0x0008, 0x0060, kind)
	put(0x0008, 0x0070, v.article.maker)
	put(0x0008, 0x0080, l.w.name)
	put(0x0008, 0x1010, v.host[:min(16, len(v.host))])
	put(0x0008, 0x1090, v.article.model)
	put(0x0010, 0x0010, phantomFamily+"^"+phantomGiven)
	put(0x0010, 0x0020, phantomNumber)
	put(0x0010, 0x0030, phantomBirth)
	put(0x0010, 0x1040, phantomStreet)
	put(0x0018, 0x1000, v.serial)
	put(0x0018, 0x1020, v.version)
	return b
}

// result is an ORU of a phantom's measurement over MLLP to the integration engine; OBX-18 names the device.
func (l *listener) result(v *device, at time.Time) {
	s := l.dial(at, ends(v), l.to(l.engine), l.ephemeral(), 6661, l.d.Uint32())
	stamp := at.Format("20060102150405")
	app := strings.ToUpper(strings.NewReplacer(" ", "_", ".", "", "é", "e").Replace(v.article.maker)) + "_" + strings.ToUpper(strings.ReplaceAll(v.article.model, " ", "_"))
	facility := strings.ToUpper(l.w.sites[l.site].slug)
	hex := strings.ToUpper(strings.ReplaceAll(v.mac, ":", ""))
	instance := fmt.Sprintf("%s^%s^%s^EUI-64", v.serial, v.article.model, hex[:6]+"FFFE"+hex[6:])
	id := itoa(int(l.d.Uint32() >> 8))
	code, units := "147842^MDC_ECG_HEART_RATE^MDC", "264864^MDC_DIM_BEAT_PER_MIN^MDC"
	if strings.Contains(v.article.class, "analyzer") {
		code, units = "2823-3^POTASSIUM^LN", "mmol/L"
	}
	segments := []string{
		`MSH|^~\&|` + app + "|" + facility + "|QM_ENGINE|QUILLMERE|" + stamp + "||ORU^R01^ORU_R01|" + id + "|P|2.6",
		"PID|1||" + phantomNumber + "^^^SYNTH^MR||" + phantomFamily + "^" + phantomGiven + "^^^^^L||" + phantomBirth + "|U|||" + phantomStreet + "^^ZZVILLE",
		"PV1|1|I|" + v.unit.code + "^" + itoa(v.room) + "^" + itoa(v.bed),
		"OBR|1|" + id + "^" + app + "||" + code + "|||" + stamp,
		"OBX|1|NM|" + code + "|1.1.1.1|" + phantomResult + "|" + units + "|||||F|||" + stamp + "||||" + instance,
	}
	if v.article.maker == "Philips" { // PRT came with HL7 2.7: the device in PRT-10, a phantom beside it in PRT-5
		segments[0] = strings.Replace(segments[0], "|P|2.6", "|P|2.8.1", 1)
		segments = append(segments, "PRT|1|AD||EQUIP^Equipment^HL70912|"+phantomNumber+"^"+phantomFamily+"^"+phantomGiven+"|||||"+instance)
	}
	s.say(true, mllp(segments))
	s.say(false, mllp([]string{`MSH|^~\&|QM_ENGINE|QUILLMERE|` + app + "|" + facility + "|" + stamp + "||ACK^R01^ACK|A" + id + "|P|2.6", "MSA|AA|" + id}))
	s.close()
}

func mllp(segments []string) []byte {
	return []byte("\x0b" + strings.Join(segments, "\r") + "\r\x1c\r")
}
