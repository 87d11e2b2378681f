package fingerprint

import (
	"strings"
	"testing"

	"pons/product"
)

func TestDICOMRoot(t *testing.T) {
	for uid, want := range map[string]dicomRoot{
		"1.2.840.113619.6.408":                      {"GE HealthCare", false},
		"1.3.46.670589.50.1.8.0":                    {"Philips", false},
		"1.2.840.113704.1.111":                      {"Philips", false},
		"1.3.12.2.1107.5.9.20000101":                {"Siemens Healthineers", false},
		"1.2.840.113681.2.1":                        {"Hologic", false}, // a public list gives it to Philips
		"1.2.246.352.70.2.1.120.1":                  {"Varian", false},
		"1.2.392.200036.9116.2.1":                   {"Canon Medical Systems", false},
		"1.2.392.200036.9125.1":                     {"Fujifilm", false},
		"1.2.392.200036.9107.1":                     {"Konica Minolta", false},
		"1.2.840.113564.1":                          {"Carestream", false},
		"1.3.51.0.7.1":                              {"Agfa", false},
		"1.2.124.113532.1":                          {"Agfa", false},
		"1.2.752.24.1":                              {"Sectra", false},
		"1.2.156.112605.1":                          {"United Imaging", false},
		"1.2.840.114340.1":                          {"SonoSite", false},
		"2.16.840.1.113669.2.931128":                {"MergeCOM3", true},
		"1.2.276.0.7230010.3.0.3.6.2":               {"DCMTK", true},
		"1.2.40.0.13.1.3":                           {"dcm4che", true},
		"1.2.826.0.1.3680043.9.3811.2.0.2":          {"pynetdicom", true},
		"1.2.826.0.1.3680043.8.498.1":               {"pydicom", true},
		"1.3.6.1.4.1.30071.8":                       {"fo-dicom", true},
		"1.2.826.0.1.3680043.2.135.1066.101":        {"Conquest", true},
		"1.2.276.0.7230010.3.0.3.6.7\x00":           {"DCMTK", true}, // padded to even length
		" 1.3.46.670589.50.1.8.0 ":                  {"Philips", false},
		"1.2.840.113619":                            {"GE HealthCare", false},
		"1.2.840.1136190.1":                         {}, // another root with the same digits before
		"1.2.840.11361":                             {},
		"1.2.826.0.1.3680043.9.38110":               {},
		"1.2.840.10008.1.1":                         {}, // DICOM's own
		"":                                          {},
		".":                                         {},
		"....":                                      {},
		"ORTHANC":                                   {},
		"1.2.840.113619" + strings.Repeat(".1", 40): {}, // longer than a UID may be
	} {
		maker, toolkit, ok := DICOMRoot(uid)
		if maker != want.name || toolkit != want.toolkit || ok != (want.name != "") {
			t.Errorf("DICOMRoot(%q) = %q, %v, %v; want %+v", uid, maker, toolkit, ok, want)
		}
	}
}

func TestEnterpriseOf(t *testing.T) {
	for oid, want := range map[string]string{
		"1.3.6.1.4.1.9.1.1208":           "Cisco",
		".1.3.6.1.4.1.9.1.1208":          "Cisco",
		"iso.3.6.1.4.1.9.1.1208":         "Cisco",
		".iso.3.6.1.4.1.9.1.1208":        "Cisco",
		"SNMPv2-SMI::enterprises.3592.1": "Draeger",
		"enterprises.318":                "APC",
		" 1.3.6.1.4.1.12621.1 ":          "GE HealthCare",
		"1.3.6.1.4.1.22447.2":            "B. Braun",
		"1.3.6.1.4.1.55350":              "Siemens Healthineers",
		"1.3.6.1.4.1.4329.6.3.2.1.1":     "Siemens",
		"1.3.6.1.4.1.297.1.11.93":        "Xerox", // Fuji Xerox's printers, not Fujifilm's modalities
		"1.3.6.1.4.1.28708.1":            "Fujifilm",
		"1.3.6.1.4.1.38966.1":            "Stryker",
		"1.3.6.1.4.1.8691.2.8":           "Moxa",
		"1.3.6.1.4.1.332.11":             "Digi International",
		"1.3.6.1.4.1.8072.3.2.10":        "", // net-snmp on Linux
		"1.3.6.1.4.1.311.1.1.3.1.2":      "", // Windows
		"1.3.6.1.4.1.6876.4.1":           "", // ESXi
		"1.3.6.1.4.1.99999999.1":         "",
		"1.3.6.1.4.1.":                   "",
		"1.3.6.1.4.1..9":                 "",
		"1.3.6.1.4.1":                    "",
		"1.3.6.1.2.1.1.1":                "",
		"0.0":                            "", // what agents without an identity say
		"11.3.6.1.4.1.9":                 "",
		"":                               "",
		"Cisco":                          "",
	} {
		maker, ok := EnterpriseOf(oid)
		if maker != want || ok != (want != "") {
			t.Errorf("EnterpriseOf(%q) = %q, %v; want %q", oid, maker, ok, want)
		}
	}
}

// TestEnterprisesOfDomain holds that every number of domain/05 §5.6 is in the table.
func TestEnterprisesOfDomain(t *testing.T) {
	known := map[string]bool{}
	for _, row := range parseTable("enterprises.txt", enterpriseTable, 5) {
		known[row[0]] = true
	}
	for _, number := range strings.Fields(`1776 866 38222 32985 19816 2910 12621 22005 45553 3592 4329 55350 5264 17694
		22447 10096 15076 23883 37718 23670 23957 52588 26649 29659 297 28708 3775 18334 36208 38966 55027 49982 50976
		55589 50624 48223 54260 54965 12514 10181 35768 244 8691 332 9 311 8072 318 534 368 4131 4399 20998`) {
		if !known[number] {
			t.Errorf("data/enterprises.txt lacks %s", number)
		}
	}
}

// TestCanonicalMakers holds the makers of both tables to the spelling of the catalogue, the kinds to the two there
// are, and each key to one row.
func TestCanonicalMakers(t *testing.T) {
	catalogue := map[string]bool{}
	for _, name := range product.Default().Makers() {
		catalogue[name] = true
	}
	for _, table := range []struct{ name, text, other string }{
		{"dicom_roots.txt", dicomTable, "toolkit"},
		{"enterprises.txt", enterpriseTable, "software"},
	} {
		seen := map[string]bool{}
		for _, row := range parseTable(table.name, table.text, 5) {
			key, name, kind := row[0], row[1], row[2]
			if seen[key] {
				t.Errorf("data/%s: %s twice", table.name, key)
			}
			seen[key] = true
			if strings.Trim(key, "0123456789.") != "" {
				t.Errorf("data/%s: %q is not dotted numbers", table.name, key)
			}
			switch {
			case kind == "maker" && !catalogue[name]:
				t.Errorf("data/%s: %q of %s is no maker of package product", table.name, name, key)
			case kind == table.other && catalogue[name]:
				t.Errorf("data/%s: %q of %s is a maker, not %s", table.name, name, key, kind)
			case kind != "maker" && kind != table.other:
				t.Errorf("data/%s: %s is of kind %q", table.name, key, kind)
			}
		}
	}
}

func TestDamagedTable(t *testing.T) {
	for _, text := range []string{"a | b | V", "a | b | X | source", "a | b | V | ", " | b | V | source", "a | b | c | V | source"} {
		func() {
			defer func() {
				if said, _ := recover().(string); !strings.Contains(said, "data/x.txt line 2") {
					t.Errorf("%q: panic says %q, want the place", text, said)
				}
			}()
			parseTable("x.txt", "# head\n"+text+"\n", 4)
			t.Errorf("%q is taken", text)
		}()
	}
}

func FuzzOID(f *testing.F) {
	for _, oid := range []string{"1.2.840.113619.6", "1.3.6.1.4.1.9.1.1208", "iso.3.6.1.4.1.9", "", "...", "1.2.40.0.13.1.3\x00"} {
		f.Add(oid)
	}
	f.Fuzz(func(t *testing.T, oid string) {
		if maker, toolkit, ok := DICOMRoot(oid); ok != (maker != "") || toolkit && !ok {
			t.Errorf("DICOMRoot(%q) = %q, %v, %v", oid, maker, toolkit, ok)
		}
		if maker, ok := EnterpriseOf(oid); ok != (maker != "") {
			t.Errorf("EnterpriseOf(%q) = %q, %v", oid, maker, ok)
		}
	})
}

func BenchmarkDICOMRoot(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		DICOMRoot("1.2.276.0.7230010.3.0.3.6.2")
	}
}
