package poct1a

import (
	"slices"
	"strings"
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

const secret = "DOE^JANE"

func ask(s string) protocoltest.Turn    { return protocoltest.Turn{Dir: protocol.ToServer, Data: s} }
func answer(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToClient, Data: s} }

const hello = `<?xml version="1.0" encoding="utf-8"?>
<HEL.R01><HDR><HDR.message_type V="HEL.R01"/><HDR.control_id V="00001"/><HDR.version_id V="POCT1"/></HDR>
<DEV><DEV.device_id V="">MGH^ICU</DEV.device_id><DEV.vendor_id V="ACME" /><DEV.model_id V='Gas 500'/>
<DEV.serial_id V = "0600100736"/><DEV.manufacturer_name V="Acme &amp; Sons"/><DEV.hw_version V="K1"/>
<DEV.sw_version SN="X" V="3.10.8.0">3.10.8.0_it-IT</DEV.sw_version><DEV.device_name V="GLU-07"/>
<DCP><DCP.application_timeout V="120"/></DCP></DEV></HEL.R01>`

// results is a result with an invented patient, and with a device's elements where they are not the device's.
const results = `<OBS.R01><HDR><HDR.control_id V="2"/></HDR><SVC><PT><PT.patient_id V="MRN77"/><PT.name V="` + secret + `"/>
<DEV.serial_id V="` + secret + `"/><OBS><OBS.observation_id V="GLU"/><OBS.value V="5.5" U="mmol/L"/></OBS>` + secret + `</PT>
<OPR><OPR.operator_id V="` + secret + `"/></OPR></SVC></OBS.R01>`

var want = []string{"client counts flow.message", "client poct1a.device_id = MGH^ICU (HEL.R01 DEV.device_id)", "client poct1a.vendor = ACME (HEL.R01 DEV.vendor_id)",
	"client poct1a.model = Gas 500 (HEL.R01 DEV.model_id)", "client poct1a.serial = 0600100736 (HEL.R01 DEV.serial_id)",
	"client poct1a.manufacturer = Acme & Sons (HEL.R01 DEV.manufacturer_name)", "client poct1a.hardware = K1 (HEL.R01 DEV.hw_version)",
	"client poct1a.version = 3.10.8.0 (HEL.R01 DEV.sw_version)", "client poct1a.device_name = GLU-07 (HEL.R01 DEV.device_name)"}

func TestSynthetic(t *testing.T) {
	s := protocoltest.Synthetic{Transport: protocol.TCP, ClientMAC: [6]byte{0, 6, 0x66, 0, 0x22, 0xa1}, ServerMAC: [6]byte{0, 0x50, 0x56, 1, 2, 4},
		ClientIP: [4]byte{192, 0, 2, 51}, ServerIP: [4]byte{192, 0, 2, 40}, ClientPort: 49200, ServerPort: 5000}
	s.Turns = []protocoltest.Turn{ask(hello), answer(`<ACK.R01><HDR><HDR.control_id V="4011"/></HDR><ACK><ACK.type_cd V="AA"/></ACK></ACK.R01>`), ask(results)}
	s.Written(t, "hello.pcap")
	s.Turns = []protocoltest.Turn{ask(`<?xml version="1.0"?><HELLO><DEV><DEV.serial_id V="1"/></DEV></HELLO>`), answer(`<OBS.X01><DEV.model_id V="1"/></OBS.X01>`)}
	s.Written(t, "neg-xml.pcap")
}

func TestDialogues(t *testing.T) {
	for _, c := range []struct {
		name  string
		turns []protocoltest.Turn
		want  []string
	}{
		{"hello and results", []protocoltest.Turn{ask(hello), ask(results)}, append(slices.Clone(want), "client counts flow.message")},
		{"hello again", []protocoltest.Turn{ask(hello + "\x1c\r\n" + hello)}, append(slices.Clone(want), "client counts flow.message")},
		{"results alone", []protocoltest.Turn{ask(results)}, []string{"client counts flow.message"}},
		{"tags without end", []protocoltest.Turn{ask(`<HEL.R01><DEV><DEV.serial_id V="` + strings.Repeat("x", 3*maxTag) + `"/><DEV.model_id V="M1"/>`)},
			[]string{"client counts flow.message", "client poct1a.model = M1 (HEL.R01 DEV.model_id)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := protocoltest.Dialogue(t, Parser(), c.turns...)
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if s := strings.Join(got, ""); strings.Contains(s, "DOE") || strings.Contains(s, "MRN") {
				t.Error("a patient is in the facts")
			}
			protocoltest.Splits(t, Parser(), c.turns...)
		})
	}
}

func TestClaims(t *testing.T) {
	for first, want := range map[string]bool{
		hello: true, results: true, "\xef\xbb\xbf\r\n<ACK.R01>": true, "<!-- a --><DST.R01 x>": true,
		"<html><head>": false, "<HEL.R0": false, "<HEL.R011>": false, "GET / HTTP/1.1": false, "<?xml": false,
	} {
		if got := Parser().Claims(protocol.Opening{Transport: protocol.TCP, First: []byte(first)}); got != want {
			t.Errorf("%q: %v", first, got)
		}
	}
}
