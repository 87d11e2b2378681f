package fhir

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pons/fact"
)

// reader is what JSON and XML have in common.
type reader interface{ Write([]byte) }

// read gives a document to a reader in pieces of n bytes and returns what was found.
func read(begin func(func(fact.Attr, string, string)) reader, doc string, n int) (said []string) {
	r := begin(func(a fact.Attr, v, id string) { said = append(said, id+" "+string(a)+" = "+v) })
	for piece := range slices.Chunk([]byte(doc), n) {
		data := slices.Clone(piece)
		r.Write(data)
		clear(data) // the bytes are not the reader's to keep
	}
	return said
}

func asJSON(f func(fact.Attr, string, string)) reader { return NewJSON(f) }
func asXML(f func(fact.Attr, string, string)) reader  { return NewXML(f) }

const secret = "DOE JANE"

// bundle is a search's answer with devices and an invented patient, in the order that servers write and in another.
const bundle = `{"resourceType":"Bundle","id":"x","entry":[
{"resource":{"resourceType":"Patient","name":[{"family":"` + secret + `","value":"` + secret + `"}],"identifier":[{"system":"` + systemEUI64 + `","value":"` + secret + `"}],"manufacturer":"` + secret + `","serialNumber":"` + secret + `"}},
{"resource":{"resourceType":"Device","identifier":[{"system":"urn:mrn","value":"` + secret + `"},{"value":"00-12-21-00-00-00-00-07","system":"` + systemEUI64 + `"}],
 "patient":{"reference":"Patient/77","display":"` + secret + `"},"note":[{"text":"` + secret + `"}],
 "udiCarrier":[{"deviceIdentifier":"00012345678905","carrierHRF":"(01)00012345678905(21)123456"}],
 "manufacturer":"ACME \"\u00e4\" \ud83d\ude00","modelNumber":"PM1","serialNumber":"123456","version":[{"value":"1.2"},{"value":"F3","type":{"text":"` + secret + `"}}],
 "deviceName":[{"name":"Pump of ` + secret + `","type":"user-friendly-name"},{"name":"MyMonitor","type":"udi-label-name"}],
 "type":{"coding":[{"code":"69965","display":"MDC_DEV_MON"}],"text":"` + secret + `"}}},
{"resource":{"serialNumber":"77","contained":[{"resourceType":"Observation","serialNumber":"` + secret + `"}],"model":"old one","udi":"X","resourceType":"Device"}},
{"resource":{"resourceType":"Device","modelNumber":"without a number of its own"}}]}`

var want = []string{"eui64/00:12:21:00:00:00:00:07 eui64 = 00:12:21:00:00:00:00:07", "eui64/00:12:21:00:00:00:00:07 fhir.manufacturer = ACME \"ä\" 😀",
	"eui64/00:12:21:00:00:00:00:07 fhir.model = PM1", "eui64/00:12:21:00:00:00:00:07 fhir.name = MyMonitor",
	"eui64/00:12:21:00:00:00:00:07 fhir.serial = 123456", "eui64/00:12:21:00:00:00:00:07 fhir.udi = (01)00012345678905(21)123456",
	"eui64/00:12:21:00:00:00:00:07 fhir.udi_di = 00012345678905", "eui64/00:12:21:00:00:00:00:07 fhir.type = 69965^MDC_DEV_MON",
	"eui64/00:12:21:00:00:00:00:07 fhir.version = 1.2", "eui64/00:12:21:00:00:00:00:07 fhir.version = F3",
	"fhir//77 fhir.model = old one", "fhir//77 fhir.serial = 77", "fhir//77 fhir.udi = X"}

func TestJSON(t *testing.T) {
	for _, n := range []int{1, 2, 7, len(bundle)} {
		if got := read(asJSON, bundle, n); !slices.Equal(got, want) {
			t.Errorf("in pieces of %d: %q\nwant %q", n, got, want)
		}
	}
	for cut := range bundle { // a document may end anywhere
		if got := strings.Join(read(asJSON, bundle[:cut], 100), "\n"); strings.Contains(got, secret) {
			t.Errorf("cut at %d: %s", cut, got)
		}
	}
	for _, doc := range []string{strings.Repeat("[", 100), strings.Repeat(`{"resource":`, 100), "}", `{"resourceType":"Device","serialNumber":"` + strings.Repeat("x", 999) + `"}`, `{"a":"\u12`, `"\uZZZZ"`} {
		if got := read(asJSON, doc, 3); got != nil {
			t.Errorf("%.30s: %q", doc, got)
		}
	}
}

// TestExamples reads the point-of-care guide's examples: of its devices one has an EUI-64, and its patient says nothing.
func TestExamples(t *testing.T) {
	paths, _ := filepath.Glob("../../../shared/data/clinical/fhir_pocd_examples_hl7/*.xml")
	if len(paths) < 15 {
		t.Fatalf("%d examples", len(paths))
	}
	all := ""
	for _, path := range paths {
		doc, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got := read(asXML, string(doc), 100)
		if strings.HasPrefix(filepath.Base(path), "Device-PhysioMonitor") {
			want := []string{"eui64 = 01:23:45:67:89:ab:cd:ef", "fhir.manufacturer = MyCompany", "fhir.model = PM1", "fhir.serial = 123456",
				"fhir.udi = (01)00012345678905(21)123456", "fhir.udi_di = 00012345678905", "fhir.type = 69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS"}
			for i := range want {
				want[i] = "eui64/01:23:45:67:89:ab:cd:ef " + want[i]
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q", got)
			}
		} else if !strings.HasPrefix(filepath.Base(path), "Device-") && got != nil {
			t.Errorf("%s: %q", path, got)
		}
		all += strings.Join(got, "\n")
		for _, n := range []int{1, 13, len(doc)} {
			if other := read(asXML, string(doc), n); !slices.Equal(other, got) {
				t.Errorf("%s in pieces of %d: %q", path, n, other)
			}
		}
	}
	if all == "" {
		t.Error("nothing found")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(bundle), uint8(7))
	f.Add([]byte(`<Bundle><entry><resource><Device><serialNumber value="1"/></Device></resource></entry></Bundle>`), uint8(3))
	f.Fuzz(func(t *testing.T, doc []byte, n uint8) {
		for _, begin := range []func(func(fact.Attr, string, string)) reader{asJSON, asXML} {
			whole, pieces := read(begin, string(doc), len(doc)+1), read(begin, string(doc), int(n)+1)
			if !slices.Equal(whole, pieces) {
				t.Errorf("in one piece %q, in pieces %q", whole, pieces)
			}
		}
	})
}
