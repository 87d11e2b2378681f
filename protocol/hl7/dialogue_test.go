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

func with(more ...string) []string { return append(slices.Clone(headFacts), more...) }

func obx18(id string) string { return "OBX|1|NM|1^HR||60|bpm|||||F|||2026||||" + id }

func TestDialogues(t *testing.T) {
	for _, c := range []struct {
		name  string
		turns []protocoltest.Turn
		want  []string
	}{
		{"a message", []protocoltest.Turn{ask(message(head))}, headFacts},
		{"two in one segment, and what is between frames", []protocoltest.Turn{
			ask(message(head) + "\r\n noise " + message(head, obx18("P1^X")))}, with("client hl7.equipment_id = P1^X (OBX-18)")},
		{"an acknowledgement speaks of both", []protocoltest.Turn{answer(message(`MSH|^~\&|EHR|HOSP|MON|ICU4|2026||ACK|77|P|2.3`, "MSA|AA|77"))}, []string{
			"server hl7.sending_application = EHR (MSH-3)", "server hl7.sending_facility = HOSP (MSH-4)",
			"client hl7.receiving_application = MON (MSH-5)", "client hl7.receiving_facility = ICU4 (MSH-6)",
			"server hl7.message_type = ACK (MSH-9)", "server hl7.version = 2.3 (MSH-12)"}},
		{"delimiters of its own, escapes", []protocoltest.Turn{
			ask(message(`MSH#*+!%#A!F!B!E!C#D*E%F##`, "OBX#1#################P1*N!X41!!.br!+P2*M"))}, []string{
			`client hl7.sending_application = A|B\C (MSH-3)`, "client hl7.sending_facility = D^E&F (MSH-4)",
			"client hl7.equipment_id = P1^NA (OBX-18)", "client hl7.equipment_id = P2^M (OBX-18)"}},
		{"the five encoding characters of v2.7", []protocoltest.Turn{ask(message(`MSH|^~\&#|MON|||||||||2.7.1^USA`))}, []string{
			"client hl7.sending_application = MON (MSH-3)", "client hl7.version = 2.7.1 (MSH-12)"}},
		{"line feeds end segments", []protocoltest.Turn{ask("\x0b" + head + "\nPID|1\n" + obx18("P1") + "\n\x1c\r")}, with("client hl7.equipment_id = P1 (OBX-18)")},
		{"line feeds inside text do not", []protocoltest.Turn{ask(message(head, "OBX|1|TX|||first\nPRT|||||||||LEAK|\nMSH|^~\\&|LEAK\n", obx18("P1")))},
			with("client hl7.equipment_id = P1 (OBX-18)")},
		{"no frame at all", []protocoltest.Turn{ask(head + "\r" + obx18("P1") + "\r")}, with("client hl7.equipment_id = P1 (OBX-18)")},
		{"a frame cut off and begun again", []protocoltest.Turn{ask("\x0b" + head + "\rOBX|1|NM||" + message(head, obx18("P1")))}, with("client hl7.equipment_id = P1 (OBX-18)")},
		{"a last segment without its end", []protocoltest.Turn{ask("\x0b" + head + "\r" + obx18("P1") + "\x1c\r")}, with("client hl7.equipment_id = P1 (OBX-18)")},
		{"a device behind a gateway, known by its MAC", []protocoltest.Turn{ask(message(head, obx18("8015-SN1^^0003B1FFFE112204^EUI-64")))},
			with("00:03:b1:11:22:04| hl7.equipment_id = 8015-SN1^^0003B1FFFE112204^EUI-64 (OBX-18)")},
		{"a device that speaks for itself", []protocoltest.Turn{ask(message(head, obx18("M^^00-00-5E-FF-FE-00-53-01^EUI-64")))},
			with("client hl7.equipment_id = M^^00-00-5E-FF-FE-00-53-01^EUI-64 (OBX-18)")},
		{"an EUI-64 that is none", []protocoltest.Turn{ask(message(head, obx18("MX800^PHILIPS^DE12345678^EUI-64")))},
			with("client hl7.equipment_id = MX800^PHILIPS^DE12345678^EUI-64 (OBX-18)")},
		{"participation and equipment", []protocoltest.Turn{ask(message(head,
			"PRT|1|UC||DEV|"+secret+"||||"+secret+"|(01)00643169001763(21)X7^FDA||||||00643169001763",
			"EQU|AN-9^LAB|2026"))}, with("client hl7.device_id = (01)00643169001763(21)X7^FDA (PRT-10)",
			"client hl7.udi = (01)00643169001763(21)X7 (PRT-10)", "client hl7.udi = 00643169001763 (PRT-16)",
			"client hl7.equipment_id = AN-9^LAB (EQU-1)")},
		{"empty and null fields", []protocoltest.Turn{ask(message(`MSH|^~\&|""||^^|  |||||P|`, obx18("^^^")))}, nil},
		{"a field too long to be a name", []protocoltest.Turn{ask(message(`MSH|^~\&|MON|` + strings.Repeat("x", 3*maxField) + `|EHR`))},
			[]string{"client hl7.sending_application = MON (MSH-3)", "server hl7.receiving_application = EHR (MSH-5)"}},
		{"Latin-1", []protocoltest.Turn{ask(message("MSH|^~\\&|Dr\xe4ger"))}, []string{"client hl7.sending_application = Dräger (MSH-3)"}},
		{"a header without delimiters", []protocoltest.Turn{ask(message("MSHABC|x|y", obx18("P1")) + message(head))}, headFacts},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := protocoltest.Dialogue(t, Parser(), c.turns...); !slices.Equal(got, c.want) {
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
			fields[at] = "OPEN"
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
	if n := strings.Count(said, "= OPEN ("); n != wishes {
		t.Errorf("%d wanted fields read, want %d:\n%s", n, wishes, said)
	}
}

// TestLargeMessages holds the bound on what is asked for in one piece: an embedded document passes through.
func TestLargeMessages(t *testing.T) {
	data := []byte(message(head, "OBX|1|ED|PDF||^AP^^Base64^"+strings.Repeat("JVBERi0x", 1<<17), obx18("P1")))
	conv := Parser().New(protocol.Opening{Transport: protocol.TCP})
	var last string
	for used := 0; used < len(data); {
		window := data[used:min(len(data), used+2*maxField)]
		n, err := conv.Next(time.Time{}, protocol.ToServer, window, func(f fact.Fact) { last = f.Value })
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
	data := []byte(message(head, "PID|1||7^^^HOSP^MR||"+secret, "PV1|1|I|ICU4^B12", "OBR|1|||VITALS", obx18("MX800^PHILIPS"), obx18("MX800^PHILIPS"), obx18("MX800^PHILIPS")))
	conv := Parser().New(protocol.Opening{Transport: protocol.TCP})
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := conv.Next(time.Time{}, protocol.ToServer, data, func(fact.Fact) {}); n != len(data) || err != nil {
			b.Fatal(n, err)
		}
	}
}
