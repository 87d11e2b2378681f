package pcap

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"pons/fact"
	"pons/fault"
)

// lab is a capture of ours: DICOM, HL7 with a phantom patient, SNMP and DHCP between network namespaces.
const lab = "../../../shared/data/pcap/lab/dicom_hl7_snmp_dhcp.pcap"

func read(t *testing.T, data []byte) (Result, error) {
	t.Helper()
	return Read(context.Background(), bytes.NewReader(data), "lab.pcap", nil)
}

func labBytes(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile(lab)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func names(r Result) string {
	var out []string
	for _, rec := range r.Records {
		out = append(out, rec.Subject.Value+" "+rec.Get("dhcp.hostname"))
	}
	return strings.Join(out, "\n")
}

func TestReadsHosts(t *testing.T) {
	whole, err := read(t, labBytes(t))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(names(whole), "00:03:b1:11:22:04| ALARIS-PCU-0042") {
		t.Errorf("the pump is missing:\n%s", names(whole))
	}
	for _, rec := range whole.Records {
		if rec.File != "lab.pcap" || rec.Source.Kind() != "wire" || rec.At.IsZero() {
			t.Errorf("%+v", rec)
		}
		for _, f := range rec.Facts {
			if f.Attr == fact.Attr("snmp.community") || strings.Contains(strings.ToUpper(f.Value), "PHANTOM") {
				t.Errorf("%s holds what is never a value: %s", rec.Subject.Value, f.Attr)
			}
		}
	}
	var packed bytes.Buffer
	gz := gzip.NewWriter(&packed)
	gz.Write(labBytes(t))
	gz.Close()
	again, err := read(t, packed.Bytes())
	if err != nil || names(again) != names(whole) {
		t.Errorf("compressed: %v\n%s", err, names(again))
	}
}

func TestACutCaptureYieldsWhatIsReadable(t *testing.T) {
	data := labBytes(t)
	cut, err := read(t, data[:len(data)/2+7])
	if !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "lab.pcap") || !strings.Contains(err.Error(), "frame") {
		t.Errorf("error %v must name the file and the frame", err)
	}
	if len(cut.Records) == 0 || cut.Count.Frames == 0 {
		t.Error("what was readable is lost")
	}
}

func TestSniff(t *testing.T) {
	if !Sniff(labBytes(t)[:8]) {
		t.Error("a capture is not known as one")
	}
	for _, text := range []string{"", "Control #,Mfgr", "PK\x03\x04", "{\"a\":1}"} {
		if Sniff([]byte(text)) {
			t.Errorf("%q is taken for a capture", text)
		}
	}
}

func TestProgress(t *testing.T) {
	last := int64(0)
	r, err := Read(context.Background(), bytes.NewReader(labBytes(t)), "lab.pcap", func(n int64) {
		if n < last {
			t.Errorf("progress goes back from %d to %d", last, n)
		}
		last = n
	})
	if err != nil || last == 0 || r.Bytes != int64(len(labBytes(t))) {
		t.Errorf("told %d, read %d, %v", last, r.Bytes, err)
	}
}
