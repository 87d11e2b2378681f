package hl7

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/protocoltest"
)

const secret = "DOE^JANE"

func ask(s string) protocoltest.Turn    { return protocoltest.Turn{Dir: protocol.ToServer, Data: s} }
func answer(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToClient, Data: s} }

// message frames segments.
func message(segments ...string) string {
	return "\x0b" + strings.Join(segments, "\r") + "\r\x1c\r"
}

const head = `MSH|^~\&|MON|ICU4|EHR|HOSP|20260101||ORU^R01^ORU_R01|77|P|2.6`

var headFacts = []string{
	"client hl7.sending_application = MON (MSH-3)", "client hl7.sending_facility = ICU4 (MSH-4)",
	"server hl7.receiving_application = EHR (MSH-5)", "server hl7.receiving_facility = HOSP (MSH-6)",
	"client hl7.message_type = ORU^R01^ORU_R01 (MSH-9)", "client hl7.version = 2.6 (MSH-12)",
}

// behind is what is said of a device that the monitor gateway named.
func behind(key, attr, id, in string) []string {
	return with(key+" "+attr+" = "+id+" ("+in+")", key+" parent = 192.0.2.1 ("+in+")")
}

// said leaves out what is counted and the practice, which every dialogue has.
func said(lines []string) []string {
	return slices.DeleteFunc(lines, func(s string) bool { return strings.Contains(s, " counts ") || strings.Contains(s, " practice = ") })
}

func with(more ...string) []string { return append(slices.Clone(headFacts), more...) }

func obxOf(id string) string { return "OBX|1|NM|1^HR||60|bpm|||||F|||2026||||" + id }

const prt = "hl7/MON/ICU4/(01)00643169001763(21)X7^FDA "

// tree is a message of a monitor and a module of it, with a patient beside them.
var tree = []string{head, "PID|1||7^^^HOSP^MR||" + secret, "OBR|1|A^" + secret + "|B||" + secret,
	"OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||M^^0012210000000007^EUI-64",
	"OBX|2|ST|531969^MDC_ID_MODEL_NUMBER^MDC|1.0.0.1|MX800||||||R",
	"OBX|3|ST|531970^MDC_ID_MODEL_MANUFACTURER^MDC|1.0.0.2|Philips||||||R",
	"OBX|4|ST|531972^MDC_ID_PROD_SPEC_SERIAL^MDC|1.0.0.3|DE98||||||R",
	"OBX|5|ST|531975^MDC_ID_PROD_SPEC_SW^MDC|1.0.0.4|M.03.02||||||R",
	"OBX|6||70675^MDC_DEV_PRESS_BLD_NONINV_VMD^MDC|1.1.0.0|||||||X",
	"OBX|7|NM|150021^MDC_PRESS_BLD_NONINV_SYS^MDC|1.1.1.1|" + secret + "||||||R",
	"OBR|2|" + secret, "OBX|1|ST|531969^MDC_ID_MODEL_NUMBER^MDC|1.0.0.1|NOBODY||||||R"}

var treeFacts = func() (out []string) {
	for _, s := range []string{"hl7.equipment_id = M^^0012210000000007^EUI-64 (OBX-18)", "eui64 = 00:12:21:00:00:00:00:07 (OBX-18)", "parent = 192.0.2.1 (OBX-18)",
		"hl7.device_type = 69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS (device tree)", "class = patient-monitor (device tree)", "hl7.model = MX800 (device tree)",
		"hl7.manufacturer = Philips (device tree)", "hl7.serial = DE98 (device tree)", "hl7.software = M.03.02 (device tree)",
		"hl7.device_type = 70675^MDC_DEV_PRESS_BLD_NONINV_VMD (device tree)"} {
		out = append(out, "eui64/00:12:21:00:00:00:00:07 "+s)
	}
	return out
}()

func TestDialogues(t *testing.T) {
	for _, c := range []struct {
		name  string
		turns []protocoltest.Turn
		want  []string
	}{
		{"a message", []protocoltest.Turn{ask(message(head))}, headFacts},
		{"two in one segment, and what is between frames", []protocoltest.Turn{
			ask(message(head) + "\r\n noise " + message(head, obxOf("P1^X")))}, behind("hl7/MON/ICU4/P1^X", "hl7.equipment_id", "P1^X", "OBX-18")},
		{"an acknowledgement speaks of both", []protocoltest.Turn{answer(message(`MSH|^~\&|EHR|HOSP|MON|ICU4|2026||ACK|77|P|2.3`, "MSA|AA|77"))}, []string{
			"server hl7.sending_application = EHR (MSH-3)", "server hl7.sending_facility = HOSP (MSH-4)",
			"client hl7.receiving_application = MON (MSH-5)", "client hl7.receiving_facility = ICU4 (MSH-6)",
			"server hl7.message_type = ACK (MSH-9)", "server hl7.version = 2.3 (MSH-12)"}},
		{"delimiters of its own, escapes", []protocoltest.Turn{
			ask(message(`MSH#*+!%#A!F!B!E!C#D*E%F##`, "OBX#1#################P1*N!X41!!.br!+P2*M"))}, []string{
			`client hl7.sending_application = A|B\C (MSH-3)`, "client hl7.sending_facility = D^E&F (MSH-4)",
			`hl7/A|B\C/D^E&F/P1^NA hl7.equipment_id = P1^NA (OBX-18)`, `hl7/A|B\C/D^E&F/P1^NA parent = 192.0.2.1 (OBX-18)`,
			`hl7/A|B\C/D^E&F/P2^M hl7.equipment_id = P2^M (OBX-18)`, `hl7/A|B\C/D^E&F/P2^M parent = 192.0.2.1 (OBX-18)`}},
		{"the five encoding characters of v2.7", []protocoltest.Turn{ask(message(`MSH|^~\&#|MON|||||||||2.7.1^USA`))}, []string{
			"client hl7.sending_application = MON (MSH-3)", "client hl7.version = 2.7.1 (MSH-12)"}},
		{"line feeds end segments", []protocoltest.Turn{ask("\x0b" + head + "\nPID|1\n" + obxOf("P1") + "\n\x1c\r")}, behind("hl7/MON/ICU4/P1", "hl7.equipment_id", "P1", "OBX-18")},
		{"line feeds inside text do not", []protocoltest.Turn{ask(message(head, "OBX|1|TX|||first\nPRT|||||||||LEAK|\nMSH|^~\\&|LEAK\n", obxOf("P1")))},
			behind("hl7/MON/ICU4/P1", "hl7.equipment_id", "P1", "OBX-18")},
		{"no frame at all", []protocoltest.Turn{ask(head + "\r" + obxOf("P1") + "\r")}, behind("hl7/MON/ICU4/P1", "hl7.equipment_id", "P1", "OBX-18")},
		{"a frame cut off and begun again", []protocoltest.Turn{ask("\x0b" + head + "\rOBX|1|NM||" + message(head, obxOf("P1")))}, behind("hl7/MON/ICU4/P1", "hl7.equipment_id", "P1", "OBX-18")},
		{"a last segment without its end", []protocoltest.Turn{ask("\x0b" + head + "\r" + obxOf("P1") + "\x1c\r")}, behind("hl7/MON/ICU4/P1", "hl7.equipment_id", "P1", "OBX-18")},
		{"a device behind a gateway, known by its MAC", []protocoltest.Turn{ask(message(head, obxOf("8015-SN1^^0003B1FFFE112204^EUI-64")))},
			with("00:03:b1:11:22:04| hl7.equipment_id = 8015-SN1^^0003B1FFFE112204^EUI-64 (OBX-18)",
				"00:03:b1:11:22:04| eui64 = 00:03:b1:ff:fe:11:22:04 (OBX-18)", "00:03:b1:11:22:04| parent = 192.0.2.1 (OBX-18)")},
		{"a device that speaks for itself", []protocoltest.Turn{ask(message(head, obxOf("M^^00-00-5E-FF-FE-00-53-01^EUI-64")))},
			with("client hl7.equipment_id = M^^00-00-5E-FF-FE-00-53-01^EUI-64 (OBX-18)", "client eui64 = 00:00:5e:ff:fe:00:53:01 (OBX-18)")},
		{"a device behind a gateway, known by an EUI-64 of its maker's", []protocoltest.Turn{ask(message(head, obxOf("M^^0012210000000007^EUI-64")))},
			with("eui64/00:12:21:00:00:00:00:07 hl7.equipment_id = M^^0012210000000007^EUI-64 (OBX-18)",
				"eui64/00:12:21:00:00:00:00:07 eui64 = 00:12:21:00:00:00:00:07 (OBX-18)", "eui64/00:12:21:00:00:00:00:07 parent = 192.0.2.1 (OBX-18)")},
		{"a device that bears the sender's EUI-64", []protocoltest.Turn{ask(message(`MSH|^~\&|M^0012210000000007^EUI-64|||||||||2.6`, obxOf("X^^0012210000000007^EUI-64")))},
			[]string{"client hl7.sending_application = M^0012210000000007^EUI-64 (MSH-3)", "client eui64 = 00:12:21:00:00:00:00:07 (MSH-3)",
				"client hl7.version = 2.6 (MSH-12)", "client hl7.equipment_id = X^^0012210000000007^EUI-64 (OBX-18)", "client eui64 = 00:12:21:00:00:00:00:07 (OBX-18)"}},
		{"a device that bears the sender's name", []protocoltest.Turn{ask(message(`MSH|^~\&|CONNEX-0042`, obxOf("CONNEX-0042^WELCHALLYN")))},
			[]string{"client hl7.sending_application = CONNEX-0042 (MSH-3)", "client hl7.equipment_id = CONNEX-0042^WELCHALLYN (OBX-18)"}},
		{"the device tree of IHE PCD-01", []protocoltest.Turn{ask(message(tree...))}, with(treeFacts...)},
		{"an EUI-64 that is none", []protocoltest.Turn{ask(message(head, obxOf("MX800^PHILIPS^DE12345678^EUI-64")))},
			behind("hl7/MON/ICU4/MX800^PHILIPS^DE12345678^EUI-64", "hl7.equipment_id", "MX800^PHILIPS^DE12345678^EUI-64", "OBX-18")},
		{"participation and equipment", []protocoltest.Turn{ask(message(head,
			"PRT|1|UC||DEV|"+secret+"||||"+secret+"|(01)00643169001763(21)X7^FDA||||||00643169001763^FDA|||LOT|X7||69985^MDC_DEV_PUMP_INFUS_MDS^MDC",
			"EQU|AN-9^LAB|2026"))}, with(prt+"hl7.device_id = (01)00643169001763(21)X7^FDA (PRT-10)",
			prt+"hl7.udi = (01)00643169001763(21)X7 (PRT-10)", prt+"parent = 192.0.2.1 (PRT-10)", prt+"hl7.udi = 00643169001763 (PRT)",
			prt+"hl7.serial = X7 (PRT)", prt+"hl7.device_type = 69985^MDC_DEV_PUMP_INFUS_MDS^MDC (PRT)", prt+"class = infusion-pump (PRT)",
			"hl7/MON/ICU4/AN-9^LAB hl7.equipment_id = AN-9^LAB (EQU-1)", "hl7/MON/ICU4/AN-9^LAB parent = 192.0.2.1 (EQU-1)")},
		{"empty and null fields", []protocoltest.Turn{ask(message(`MSH|^~\&|""||^^|  |||||P|`, obxOf("^^^")))}, nil},
		{"a field too long to be a name", []protocoltest.Turn{ask(message(`MSH|^~\&|MON|` + strings.Repeat("x", 3*maxField) + `|EHR`))},
			[]string{"client hl7.sending_application = MON (MSH-3)", "server hl7.receiving_application = EHR (MSH-5)"}},
		{"Latin-1", []protocoltest.Turn{ask(message("MSH|^~\\&|Dr\xe4ger"))}, []string{"client hl7.sending_application = Dräger (MSH-3)"}},
		{"a header without delimiters", []protocoltest.Turn{ask(message("MSHABC|x|y", obxOf("P1")) + message(head))}, headFacts},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := said(protocoltest.Dialogue(t, Parser(), c.turns...)); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			protocoltest.Splits(t, Parser(), c.turns...)
		})
	}
}

// TestNothingPrivate plants a patient in every field that is not wanted, of every segment.
func TestNothingPrivate(t *testing.T) {
	const planted = secret + "^19700101"
	var segments []string
	for _, name := range []string{"MSH", "EVN", "PID", "PD1", "NK1", "PV1", "PV2", "GT1", "IN1", "ORC", "OBR", "OBX", "NTE", "PRT", "EQU", "ZXX", "ZPD", "AL1", "DG1", "TXA", "MSA", "ERR"} {
		fields := make([]string, 60)
		for i := range fields {
			fields[i] = planted
		}
		for _, w := range wishesOf([3]byte([]byte(name))) {
			at := w.field
			if name == "MSH" {
				at--
			}
			if w.slot != obx5 { // the result: OBX-3 names no attribute of a device
				fields[at] = "OPEN"
			}
		}
		fields[0] = name
		if name == "MSH" {
			fields[1] = `^~\&`
		}
		segments = append(segments, strings.Join(fields, "|"))
	}
	turn := ask(message(segments...))
	said := strings.Join(protocoltest.Dialogue(t, Parser(), turn), "\n")
	if strings.Contains(said, "DOE") || strings.Contains(said, "1970") {
		t.Errorf("a patient is in the facts:\n%s", said)
	}
	if n := strings.Count(said, "= OPEN ("); n < 10 {
		t.Errorf("%d wanted fields read:\n%s", n, said)
	}
}

// TestLargeMessages holds the bound on what is asked for in one piece: an embedded document passes through.
func TestLargeMessages(t *testing.T) {
	data := []byte(message(head, "OBX|1|ED|PDF||^AP^^Base64^"+strings.Repeat("JVBERi0x", 1<<17), obxOf("P1")))
	conv := Parser().New(protocol.Opening{Transport: protocol.TCP})
	var last string
	for used := 0; used < len(data); {
		window := data[used:min(len(data), used+2*maxField)]
		n, err := conv.Next(time.Time{}, protocol.ToServer, window, func(f fact.Fact) {
			if f.Attr == attrEquipment {
				last = f.Value
			}
		})
		if err != nil || n == 0 {
			t.Fatalf("%d bytes in hand, asked for more (%v)", len(window), err)
		}
		used += n
	}
	if last != "P1" {
		t.Errorf("behind the document: %q", last)
	}
}

func TestClaims(t *testing.T) {
	for first, want := range map[string]bool{
		message(head): true, head: true, "\r\n" + message(head): true, "\x0bBHS|^~\\&|A|": true,
		"tail of a message\r\x1c\r" + message(head): true,
		"\x0bMSH|": false, "MSHABC|x|yyyyy": false, "\x0bPID|1|^~\\&|": false, "": false, "\x0b": false, "\x01\x00\x00\x00": false,
	} {
		o := protocol.Opening{Transport: protocol.TCP, First: []byte(first)}
		if got := Parser().Claims(o); got != want {
			t.Errorf("%q: %v", first, got)
		}
	}
}

func BenchmarkFeed(b *testing.B) {
	data := []byte(message(head, "PID|1||7^^^HOSP^MR||"+secret, "PV1|1|I|ICU4^B12", "OBR|1|||VITALS", obxOf("MX800^PHILIPS"), obxOf("MX800^PHILIPS"), obxOf("MX800^PHILIPS")))
	conv := Parser().New(protocol.Opening{Transport: protocol.TCP})
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := conv.Next(time.Time{}, protocol.ToServer, data, func(fact.Fact) {}); n != len(data) || err != nil {
			b.Fatal(n, err)
		}
	}
}

// TestSynthetic is a gateway's feed of IHE PCD-01 and an alert of PCD-04, with an invented patient.
func TestSynthetic(t *testing.T) {
	s := protocoltest.Synthetic{Transport: protocol.TCP, ClientMAC: [6]byte{0, 0x50, 0x56, 1, 2, 5}, ServerMAC: [6]byte{0, 0x50, 0x56, 1, 2, 6},
		ClientIP: [4]byte{192, 0, 2, 21}, ServerIP: [4]byte{192, 0, 2, 22}, ClientPort: 49200, ServerPort: 6661}
	s.Turns = []protocoltest.Turn{ask(message(tree...)), answer(message(`MSH|^~\&|EHR|HOSP|MON|ICU4|2026||ACK^R01|77|P|2.6`, "MSA|AA|77")),
		ask(message(`MSH|^~\&|MON|ICU4|EHR|HOSP|20260101||ORU^R40^ORU_R40|78|P|2.6`, "PID|1||7^^^HOSP^MR||"+secret, "OBR|1||B|196616^MDC_EVT_ALARM^MDC",
			"OBX|1||69985^MDC_DEV_PUMP_INFUS_MDS^MDC|1.0.0.0|||||||X|||||||", "PRT|1|UC||EQUIP^Equipment^HL70912||||||PCU-0042^ALARIS||||||00885403222222|||LOT1|SN77||69985^MDC_DEV_PUMP_INFUS_MDS^MDC",
			"OBX|2|ST|196616^MDC_EVT_ALARM^MDC|1.1.1.1|"+secret+"||||||R"))}
	s.Written(t, "pcd.pcap")
}
