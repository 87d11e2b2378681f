package fact

import (
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// vector is one line of testdata/biip_gs1.json; its texts are Python literals.
type vector struct {
	File, Test, Names string
	Row               []string
}

// python reads a Python string literal.
func python(t *testing.T, s string) string {
	t.Helper()
	quoted := `"` + strings.ReplaceAll(strings.Trim(s, `'"`), `"`, `\"`) + `"`
	out, err := strconv.Unquote(quoted)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return out
}

// labelled is a carrier as people read it: (01)07032069804988(10)0329.
func labelled(c Carrier) string {
	var b strings.Builder
	for _, p := range c.Parts {
		b.WriteString(strings.TrimPrefix(p.Name, "AI ") + p.Value)
	}
	return b.String()
}

var (
	pythonElement = regexp.MustCompile(`GS1ElementString\(ai=GS1ApplicationIdentifier\.extract\('(\d+)'\), value='([^']*)'`)
	pythonDate    = regexp.MustCompile(`(?:dt\.)?date\((\d+), (\d+), (\d+)\)`)
	pythonGTIN    = regexp.MustCompile(`gtin=Gtin\(value='(\d+)'`)
)

func dateOf(s string) string {
	m := pythonDate.FindStringSubmatch(s)
	if m == nil {
		return ""
	}
	pad := func(n string) string { return strings.Repeat("0", 2-len(n)) + n }
	return m[1] + "-" + pad(m[2]) + "-" + pad(m[3])
}

// TestGS1AsOthersReadIt holds the reader against the expectations of another one. Left out are its tests of what a UDI
// has no use for: prices, prefixes of companies, GLN, SSCC, and other ways of asking the same message.
func TestGS1AsOthersReadIt(t *testing.T) {
	body, err := os.ReadFile("testdata/biip_gs1.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(body, &vectors); err != nil {
		t.Fatal(err)
	}
	used := 0
	for i, v := range vectors {
		fails := func(text string) {
			used++
			if c, err := ParseUDI(text); err == nil {
				t.Errorf("%d %s: %q is read as %s", i, v.Test, text, labelled(c))
			}
		}
		reads := func(text string) Carrier {
			used++
			c, err := ParseUDI(text)
			if err != nil {
				t.Errorf("%d %s: %v", i, v.Test, err)
			}
			return c
		}
		is := func(what, got, want string) {
			if got != want {
				t.Errorf("%d %s %s: %s is %q, wants %q", i, v.Test, v.Row[0], what, got, want)
			}
		}
		switch v.Test {
		case "test_extract", "test_parse", "test_extract_with_nested_error":
			text := python(t, v.Row[0])
			switch {
			case v.File == "test_gs1_element_strings.py" || v.File == "test_gs1_messages.py":
				if strings.Contains(v.Row[1], "gtin_error") {
					fails("]d2" + text)
					continue
				}
				want := ""
				for _, m := range pythonElement.FindAllStringSubmatch(v.Row[1], -1) {
					want += "(" + m[1] + ")" + m[2]
				}
				is("message", labelled(reads("]d2"+text)), want)
			case v.File == "test_gs1_digital_link_uris.py" && strings.Contains(text, "/01/") || v.File == "test_parse.py" && strings.Contains(text, "http"):
				c := reads(text)
				m := pythonGTIN.FindStringSubmatch(v.Row[1])
				is("DI", c.DI, m[1])
				for _, m := range pythonElement.FindAllStringSubmatch(v.Row[1], -1) {
					if !strings.Contains(labelled(c), "("+m[1]+")"+m[2]) {
						t.Errorf("%d %s: %s lacks (%s)%s", i, v.Test, labelled(c), m[1], m[2])
					}
				}
			case v.File == "test_parse.py" && (strings.HasPrefix(text, "01") && len(text) > 14 || strings.HasPrefix(text, "]C1") || strings.HasPrefix(text, "]e0")):
				if strings.Contains(v.Row[1], "gtin_error") {
					fails(text)
					continue
				}
				is("DI", reads(text).DI, padGTIN(pythonGTIN.FindStringSubmatch(v.Row[1])[1]))
			}
		case "test_extract_fails_when_not_matching_pattern":
			fails("]d2" + python(t, v.Row[1]))
		case "test_extract_fails_with_invalid_date":
			fails("]d2" + python(t, v.Row[0]) + python(t, v.Row[1]))
		case "test_extract_date_and_datetime", "test_extract_handles_zero_day_as_last_day_of_month":
			c := reads("]d2" + python(t, v.Row[0]))
			got, _ := gs1Date(c.Parts[0].Value[:6], 2026)
			is("date", got, dateOf(v.Row[1]))
			switch c.Parts[0].Field {
			case CarrierExpires:
				is("expiry", c.Expires, got)
			case CarrierManufactured:
				is("day of manufacture", c.Manufactured, got)
			}
		case "test_extract_variable_measures", "test_extract_amount_payable", "test_extract_amount_payable_and_currency", "test_extract_percentage_discount":
			text := python(t, v.Row[0])
			is("element", labelled(reads("]d2"+text)), "("+text[:4]+")"+text[4:])
		case "test_parse_with_separator_char":
			if strings.Contains(v.Row[0], "|") { // a separator of that library's caller; it is no character of GS1
				fails("]d2" + python(t, v.Row[0]))
				continue
			}
			is("message", labelled(reads("]d2"+python(t, v.Row[0]))), python(t, v.Row[2]))
		case "test_parse_ignores_redundant_separator_chars", "test_as_hri":
			if v.File == "test_sscc.py" {
				continue
			}
			is("message", labelled(reads("]d2"+python(t, v.Row[0]))), python(t, v.Row[1]))
		case "test_parse_with_invalid_element_values": // allowed there by a setting
			if v.File == "test_gs1_messages.py" {
				fails("]d2" + python(t, v.Row[0]))
			}
		case "test_parse_fails_if_unparsed_data_left":
			if text := python(t, v.Row[0]); strings.HasPrefix(text, "10") {
				fails("]d2" + text)
			} else { // AI (7011) is none of a device: kept up to the separator
				is("message", labelled(reads("]d2"+text)), "(7011)03020185")
			}
		case "test_parse_hri":
			is("message", labelled(reads(python(t, v.Row[0]))), python(t, v.Row[0]))
		case "test_parse_hri_fails_if_no_pattern_matches", "test_parse_hri_fails_if_ai_is_unknown":
			fails(python(t, v.Row[0]))
		case "test_parse_hri_fails_if_not_starting_with_parenthesis":
			if v.Row[0] != "'17221231'" { // without parentheses it is eight digits: too few for a GTIN
				fails(python(t, v.Row[0]))
			}
		case "test_gs1_standard_check_digit":
			used++
			is("check digit", string(checkDigit(python(t, v.Row[0]))), v.Row[1])
		case "test_parse_gtin_12_without_leading_zero", "test_parse_gtin_12_with_1_leading_zero", "test_parse_gtin_12_with_2_leading_zero", "test_parse_gtin_12_with_3_leading_zero", "test_parse_gtin_13":
			text := python(t, v.Row[0])
			is("DI", reads(text).DI, padGTIN(text))
			is("key", DeviceIdentifier(strings.TrimLeft(text, "0")), padGTIN(text))
		case "test_parse_nonnumeric_value":
			if v.File == "gtin/test_parse.py" {
				fails(python(t, v.Row[0]))
			}
		}
	}
	if used < 120 {
		t.Errorf("only %d of the vectors were used", used)
	}
}

func TestParseUDI(t *testing.T) {
	for _, c := range []struct {
		text string
		want Carrier
	}{
		// FDA, "UDI formats by FDA-accredited issuing agency" v1.3: its examples.
		{"(01)51022222233336(11)141231(17)150707(10)A213B1(21)1234",
			Carrier{Issuer: "GS1", DI: "51022222233336", Manufactured: "2014-12-31", Expires: "2015-07-07", Lot: "A213B1", Serial: "1234"}},
		{"]d201510222222333361114123117150707" + "10A213B1\x1d211234",
			Carrier{Issuer: "GS1", DI: "51022222233336", Manufactured: "2014-12-31", Expires: "2015-07-07", Lot: "A213B1", Serial: "1234"}},
		// (its HIBC example ends in the letter C for "check character": the computed one stands here)
		{hibc("+H123PARTNO1234567890120/$$420020216LOT123456789012345/SXYZ456789012345678/16D20130202"),
			Carrier{Issuer: "HIBCC", DI: "H123PARTNO1234567890120", Expires: "2020-02-02", Lot: "LOT123456789012345", Serial: "XYZ456789012345678", Manufactured: "2013-02-02"}},
		{"=/A9999XYZ100T0944=,000025=A99971312345600=>014032=}013032&,1000000000000XYZ123",
			Carrier{Issuer: "ICCBBA", DI: "A9999XYZ100T0944", Serial: "000025", Expires: "2014-02-01", Manufactured: "2013-02-01", Lot: "000000000000XYZ123"}},
		{"=)1TE123456A&)RZ12345678", Carrier{Issuer: "ICCBBA", DI: "1TE123456A", Lot: "RZ12345678"}},
		// Domain dossier 7.5.
		{"+A123BJC5D6E71G", Carrier{Issuer: "HIBCC", DI: "A123BJC5D6E71"}},
		{"*+A123BJC5D6E71G*", Carrier{Issuer: "HIBCC", DI: "A123BJC5D6E71"}},
		{"+A123BJC5D6E71/$$52001510X3C", Carrier{Issuer: "HIBCC", DI: "A123BJC5D6E71", Expires: "2020-01-15", Lot: "10X3"}},
		// Other spellings.
		{"]C10105901234123457" + "21ABC-1", Carrier{Issuer: "GS1", DI: "05901234123457", Serial: "ABC-1"}},
		{"0105901234123457" + "21ABC<GS>17300400", Carrier{Issuer: "GS1", DI: "05901234123457", Serial: "ABC", Expires: "2030-04-30"}},
		{"\x1d0105901234123457" + "21ABC", Carrier{Issuer: "GS1", DI: "05901234123457", Serial: "ABC"}},
		{"(01) 5901234123457 (21) ABC", Carrier{Issuer: "GS1", DI: "05901234123457", Serial: "ABC"}},
		{"(01)05901234123457(21)A(B)1(99)x(y)", Carrier{Issuer: "GS1", DI: "05901234123457", Serial: "A(B)1"}},
		{"https://id.gs1.org/01/05901234123457/10/L1/21/ABC?17=300431", Carrier{}}, // April has 30 days
		{"]Q3https://example.org/x/01/05901234123457/21/ABC?17=300430&ref=a", Carrier{Issuer: "GS1", DI: "05901234123457", Serial: "ABC", Expires: "2030-04-30"}},
		{"5901234123457", Carrier{Issuer: "GS1", DI: "05901234123457"}},
		{"+$$+7SER123GY", Carrier{}}, // a wrong check character
		{hibc("+$$+7SER123G"), Carrier{Issuer: "HIBCC", Serial: "SER123"}},
		{hibc("+$LOT7G"), Carrier{Issuer: "HIBCC", Lot: "LOT7"}},
		{hibc("+$+SER7G"), Carrier{Issuer: "HIBCC", Serial: "SER7"}},
		{hibc("+$$0930LOT7G"), Carrier{Issuer: "HIBCC", Expires: "2030-09-30", Lot: "LOT7"}},
		{hibc("+$$2093027LOT7G"), Carrier{Issuer: "HIBCC", Expires: "2027-09-30", Lot: "LOT7"}},
		{hibc("+$$3270930LOT7G"), Carrier{Issuer: "HIBCC", Expires: "2027-09-30", Lot: "LOT7"}},
		{hibc("+$$62727300LOT7G"), Carrier{Issuer: "HIBCC", Expires: "2027-09-30", Lot: "LOT7"}},
		{hibc("+$$8053270930LOT7G"), Carrier{Issuer: "HIBCC", Expires: "2027-09-30", Lot: "LOT7"}},
		{hibc("+27273LOT7G"), Carrier{Issuer: "HIBCC", Expires: "2027-09-30", Lot: "LOT7"}},
		{"+A123BJC5D6E71G " + hibc("+$+SER7G"), Carrier{Issuer: "HIBCC", DI: "A123BJC5D6E71", Serial: "SER7"}},
		{"+A123BJC5D6E71G " + hibc("+$+SER7H"), Carrier{}}, // the second line of another label
		// What must not pass.
		{"(01)51022222233337(21)1234", Carrier{}},
		{"51022222233337", Carrier{}},
		{"+A123BJC5D6E71H", Carrier{}},
		{"(01)05901234123457(01)51022222233336", Carrier{}},
		{"(01)05901234123457(17)301301", Carrier{}},
		{"", Carrier{}}, {"]d2", Carrier{}}, {"+", Carrier{}}, {"=", Carrier{}}, {"(", Carrier{}}, {"unknown", Carrier{}}, {"(01)", Carrier{}},
		{"=/A9999XYZ100T0944=>014399", Carrier{}},
		{strings.Repeat("9", 1000), Carrier{}},
	} {
		got, err := ParseUDI(c.text)
		if c.want.Issuer == "" {
			if err == nil {
				t.Errorf("%q is read: %+v", c.text, got)
			} else if len(err.Error()) < 30 || len(err.Error()) > 300 {
				t.Errorf("%q: the error names no place and mend, or too much: %v", c.text, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if got.Raw != c.text {
			t.Errorf("%q: raw is %q", c.text, got.Raw)
		}
		got.Raw, got.Parts = "", nil
		if g, w := mustJSON(got), mustJSON(c.want); g != w {
			t.Errorf("%q\n is %s\nnot %s", c.text, g, w)
		}
	}
}

// hibc appends the check character.
func hibc(body string) string {
	c, _ := hibcCheck(body)
	return body + strings.ReplaceAll(string(c), " ", "_")
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestABadCheckDigitLeavesNoIdentifier(t *testing.T) {
	c, err := ParseUDI("(01)51022222233337(10)A")
	if err == nil || c.DI != "" {
		t.Fatalf("DI %q, error %v", c.DI, err)
	}
	for _, want := range []string{"AI (01)", "51022222233337", "computed 6", "read the label again"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: does not say %s", err, want)
		}
	}
}

func TestTheCenturySlides(t *testing.T) {
	for _, c := range []struct {
		yy, year, want int
	}{{26, 2026, 2026}, {76, 2026, 2076}, {77, 2026, 1977}, {99, 2026, 1999}, {0, 2026, 2000}, {49, 2099, 2149}, {50, 2099, 2050}, {10, 2060, 2110}} {
		if got := windowYear(c.yy, c.year); got != c.want {
			t.Errorf("%02d around %d is %d, wants %d", c.yy, c.year, got, c.want)
		}
	}
	a, _ := ParseUDINear("(17)770101", 2026)
	b, _ := ParseUDINear("(17)770101", 2030)
	if a.Expires != "1977-01-01" || b.Expires != "2077-01-01" {
		t.Errorf("%s, %s", a.Expires, b.Expires)
	}
}

func TestUnknownElementsAreKept(t *testing.T) {
	c, err := ParseUDI("]d2010590123412345791NOTE\x1d8012V2.1\x1d21ABC")
	if err != nil || labelled(c) != "(01)05901234123457(91)NOTE(8012)V2.1(21)ABC" || c.From(CarrierSerial) != "AI (21)" {
		t.Errorf("%s, %s, %v", labelled(c), c.From(CarrierSerial), err)
	}
}

func TestDeviceIdentifier(t *testing.T) {
	for text, want := range map[string]string{"05901234123457": "05901234123457", "5901234123457": "05901234123457", "614141000036": "00614141000036",
		"05901234123458": "", "1234": "", "": "", "a123bjc5d6e71": "A123BJC5D6E71", "see label": "", "A9999XYZ100T0944": "A9999XYZ100T0944"} {
		if got := DeviceIdentifier(text); got != want {
			t.Errorf("%q is %q, wants %q", text, got, want)
		}
	}
}

func FuzzParseUDI(f *testing.F) {
	for _, s := range []string{"(01)51022222233336(11)141231(17)150707(10)A213B1(21)1234", "]d2010590123412345721ABC\x1d17300400", "+A123BJC5D6E71/$$52001510X3C",
		"+A123BJC5D6E71G", "=/A9999XYZ100T0944=,000025=A99971312345600=>014032=}013032&,1000000000000XYZ123", "https://id.gs1.org/01/05901234123457/21/ABC?17=300430", "5901234123457"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseUDI(s)
		if err != nil {
			if len(err.Error()) > 1000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		if c.Issuer == "GS1" && c.DI != "" && (len(c.DI) != 14 || DeviceIdentifier(c.DI) != c.DI) {
			t.Errorf("%q gives the DI %q", s, c.DI)
		}
		if len(c.Parts) == 0 {
			t.Errorf("%q is read and says nothing", s)
		}
	})
}
