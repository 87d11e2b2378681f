package ippmsg_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/http"
	"pons/protocol/ippmsg"
	"pons/protocol/protocoltest"
)

// secret stands wherever a person or a document does.
const secret = "DOE-JANE-19700101"

// attribute encodes one value of RFC 8010 §3.1.4.
func attribute(tag byte, name, value string) string {
	return string([]byte{tag, byte(len(name) >> 8), byte(len(name))}) + name + string([]byte{byte(len(value) >> 8), byte(len(value))}) + value
}

const (
	answer  = "\x02\x00\x00\x00\x00\x00\x00\x01"
	request = "\x02\x00\x00\x02\x00\x00\x00\x01"
)

func operation() string {
	return "\x01" + attribute(0x47, "attributes-charset", "utf-8") + attribute(0x48, "attributes-natural-language", "en")
}

// printer is what a printer answers to Get-Printer-Attributes, in the words of RFC 8011 §5.4.
func printer(uri string, more ...string) string {
	return "\x04" + attribute(0x45, "printer-uri-supported", uri) + attribute(0x41, "printer-make-and-model", "HP LaserJet M507") +
		attribute(0x41, "", "another value of it") + attribute(0x41, "printer-location", "Ward 7") + attribute(0x41, "printer-info", secret) +
		attribute(0x41, "printer-device-id", "MFG:HP;MDL:LaserJet M507;SN:VNB3R12345;") + attribute(0x13, "printer-firmware-string-version", "") +
		attribute(0x34, "media-col-database", "") + attribute(0x4a, "", "media-size") + strings.Join(more, "") +
		attribute(0x45, "printer-uuid", "urn:uuid:0a1b2c3d-0000-1000-8000-3cd92b0a0002")
}

var said = []string{"ipp.make_and_model=HP LaserJet M507", "ipp.location=Ward 7", "ipp.device_id=MFG:HP;MDL:LaserJet M507;SN:VNB3R12345;",
	"ipp.uuid=urn:uuid:0a1b2c3d-0000-1000-8000-3cd92b0a0002"}

func read(message string, piece int) (lines []string) {
	r := ippmsg.NewAnswer(func(a fact.Attr, v string) { lines = append(lines, string(a)+"="+v) })
	for b := []byte(message); len(b) > 0; {
		n := min(piece, len(b))
		r.Write(b[:n])
		b = b[n:]
	}
	return lines
}

func TestAnswers(t *testing.T) {
	jobs := "\x02" + attribute(0x42, "job-name", secret) + attribute(0x42, "printer-location", secret)
	for _, c := range []struct {
		name, message string
		want          []string
	}{
		{"a printer", answer + operation() + printer("ipp://192.0.2.32/ipp/print") + jobs + "\x03" + secret, said},
		{"a value that is too long", answer + operation() + printer("ipp://h/ipp", attribute(0x41, "x", strings.Repeat("x", 5000))) + "\x03", said},
		{"a queue by its path", answer + operation() + printer("ipp://print.example/printers/ward7") + "\x03", nil},
		{"a queue by CUPS's version", answer + operation() + printer("ipp://h/ipp", attribute(0x41, "cups-version", "2.4.2")) + "\x03", nil},
		{"several printers", answer + operation() + printer("ipp://h/1") + printer("ipp://h/2") + "\x03", nil},
		{"a refusal", "\x02\x00\x04\x06\x00\x00\x00\x01" + operation() + printer("ipp://h/ipp") + "\x03", nil},
		{"cut", answer + operation() + printer("ipp://h/ipp"), nil},
		{"no IPP", "HTTP is no printer", nil},
	} {
		for _, piece := range []int{1, 2, 3, 7, 100, 1 << 20} {
			if got := read(c.message, piece); !slices.Equal(got, c.want) {
				t.Errorf("%s in pieces of %d: %q", c.name, piece, got)
			}
		}
	}
}

// TestOverHTTP reads a printer and a print job in the conversation that carries them.
func TestOverHTTP(t *testing.T) {
	post := func(first, body string) string {
		return fmt.Sprintf("%s\r\nContent-Type: application/ipp\r\nContent-Length: %d\r\n\r\n%s", first, len(body), body)
	}
	turns := []protocoltest.Turn{
		{Dir: protocol.ToServer, Data: post("POST /ipp/print HTTP/1.1", request+operation()+attribute(0x42, "requesting-user-name", secret)+"\x03"+secret)},
		{Dir: protocol.ToClient, Data: post("HTTP/1.1 200 OK", answer+operation()+printer("ipp://h/ipp/print")+"\x03")},
	}
	got := protocoltest.Dialogue(t, http.Parser(), turns...)
	want := []string{"client counts flow.message"}
	for _, s := range said {
		want = append(want, "server "+strings.Replace(s, "=", " = ", 1)+" (IPP printer attributes)")
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	protocoltest.Splits(t, http.Parser(), turns...)
}

func FuzzWrite(f *testing.F) {
	f.Add([]byte(answer+operation()+printer("ipp://h/ipp")+"\x03"), 3)
	f.Fuzz(func(t *testing.T, data []byte, piece int) {
		if whole, pieces := read(string(data), 1<<20), read(string(data), 1+max(0, piece)%64); !slices.Equal(whole, pieces) {
			t.Errorf("%q in one piece, %q in pieces", whole, pieces)
		}
	})
}

// TestPrinter reads a real printer's answer, which comes in chunks.
func TestPrinter(t *testing.T) {
	records, _ := protocoltest.Read(t, "testdata/ippeveprinter.pcap", http.Parser())
	var got []string
	for _, line := range protocoltest.Lines(records, http.Parser()) {
		if strings.Contains(line, " ipp.") {
			got = append(got, line)
		}
	}
	if text := strings.Join(got, "\n"); !strings.Contains(text, "3c:d9:2b:0a:00:02|  ipp.make_and_model = HP LaserJet M507 ") || !strings.Contains(text, "ipp.location = Ward 7, nurses station ") {
		t.Errorf("said\n%s", text)
	}
}
