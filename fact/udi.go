package fact

import (
	"fmt"
	"strings"
	"time"
)

// Carrier is what a UDI carrier states: the text under or inside the barcode of a label. DI names
// the model (maker, version, packaging), the rest the one device; only DI and serial together name one device.
type Carrier struct {
	Issuer       string // GS1, HIBCC or ICCBBA; "" when nothing could be read
	DI           string // GTIN of 14 digits; labeler, product and unit of HIBC; product identifier of ISBT 128
	Serial       string
	Lot          string
	Manufactured string        // 2006-01-02
	Expires      string        // 2006-01-02
	Parts        []CarrierPart // everything that the carrier states, in its order
	Raw          string        // as given
}

// CarrierPart is one element of a carrier.
type CarrierPart struct {
	Name  string       // where it stands: "AI (21)", "HIBC /S", "ISBT 128 =,"
	Value string       // as written
	Field CarrierField // "" for what Carrier has no field for
}

// CarrierField says which field of a Carrier a part gave.
type CarrierField string

// The fields.
const (
	CarrierDI           CarrierField = "di"
	CarrierSerial       CarrierField = "serial"
	CarrierLot          CarrierField = "lot"
	CarrierManufactured CarrierField = "manufactured"
	CarrierExpires      CarrierField = "expires"
)

// From names the part of the carrier that gave a field: "AI (21)".
func (u *Carrier) From(f CarrierField) string {
	for _, p := range u.Parts {
		if p.Field == f {
			return p.Name
		}
	}
	return ""
}

// maxUDI bounds a carrier. The issuers' own limit is 76 characters of human-readable text (FDA, "UDI formats by
// FDA-accredited issuing agency" v1.3) for what a UDI needs; company-internal elements come on top.
const maxUDI = 512

// ParseUDI reads a carrier of GS1 (parenthesised, as scanned with FNC1 = ASCII 29, as a Digital Link, or a bare GTIN),
// of HIBCC (primary, secondary, combined) or of ICCBBA (ISBT 128), with or without the scanner's symbology prefix
// ("]d2"). Check digits are verified. The error names the place and the mend; what it leaves in Carrier is Raw and what
// could be read before it, without a DI that failed its check.
func ParseUDI(text string) (Carrier, error) { return ParseUDINear(text, presentYear) }

// ParseUDINear is ParseUDI with the century of two-digit years chosen around year (GS1 General Specifications §7.12: at
// least 51 years ahead is the century before, at least 50 years back the one after).
func ParseUDINear(text string, year int) (Carrier, error) {
	u := Carrier{Raw: text}
	s := strings.TrimFunc(text, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' })
	s = separators.Replace(s)
	if len(s) > maxUDI {
		return u, fmt.Errorf("UDI of %d characters: a carrier has at most %d; give the text of one barcode", len(s), maxUDI)
	}
	isGS1 := false
	if len(s) > 3 && s[0] == ']' {
		isGS1 = gs1Symbology[s[:3]]
		s = s[3:]
	}
	s = strings.Trim(s, "*") // start and stop of Code 39, printed by HIBC labels
	var err error
	switch {
	case strings.TrimLeft(s, gs1Separator) == "":
		return u, fmt.Errorf("UDI is empty: give the text under the barcode, such as (01)05102222233336(21)1234")
	case s[0] == '+':
		err = u.readHIBC(s, year)
	case s[0] == '=' || s[0] == '&':
		err = u.readISBT(s)
	case strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://"):
		err = u.readDigitalLink(s, year)
	case s[0] == '(':
		err = u.readGS1Labelled(s, year)
	case len(s) <= 14 && isDigits(s) && !isGS1:
		err = u.readGTIN(s)
	case isGS1 || s[0] == gs1Separator[0] || isDigit(s[0]):
		err = u.readGS1Raw(s, year)
	default:
		return u, fmt.Errorf("UDI %s: neither GS1 (starts with (01) or 01), nor HIBC (+), nor ISBT 128 (=/): copy the whole text under the barcode", clip(s))
	}
	if err != nil {
		return u, fmt.Errorf("UDI: %w", err)
	}
	return u, nil
}

// separators are the ways in which exports write the invisible FNC1.
var separators = strings.NewReplacer("<GS>", gs1Separator, "<FNC1>", gs1Separator, "{GS}", gs1Separator, "\u241d", gs1Separator)

// put records a part and fills its field; a field that two parts state differently is an error.
func (u *Carrier) put(name, value string, f CarrierField, canonical string) error {
	u.Parts = append(u.Parts, CarrierPart{Name: name, Value: value, Field: f})
	var into *string
	switch f {
	case CarrierDI:
		into = &u.DI
	case CarrierSerial:
		into = &u.Serial
	case CarrierLot:
		into = &u.Lot
	case CarrierManufactured:
		into = &u.Manufactured
	case CarrierExpires:
		into = &u.Expires
	default:
		return nil
	}
	if *into != "" && *into != canonical {
		first := *into
		if f == CarrierDI {
			u.DI = ""
		}
		return fmt.Errorf("%s says %s after %s: one carrier names one device; keep one of them", name, clip(canonical), clip(first))
	}
	*into = canonical
	return nil
}

// isbtParts are the data structures of ISBT 128 that a UDI is made of, after FDA "UDI formats by FDA-accredited issuing
// agency" v1.3, with the lengths given there.
var isbtParts = []struct {
	id       string
	min, max int
	field    CarrierField
}{
	{"&,1", 1, 18, CarrierLot},
	{"=/", 10, 25, CarrierDI}, // 16 in FDA's table, up to 25 in ISBT 128 ST-001
	{"=)", 10, 10, CarrierDI}, // blood containers: maker and catalogue number
	{"&)", 10, 10, CarrierLot},
	{"=,", 1, 6, CarrierSerial},
	{"=>", 6, 6, CarrierExpires},
	{"=}", 6, 6, CarrierManufactured},
	{"=+", 5, 5, ""}, // compound message: how many structures follow
}

// readISBT reads "=/A9999XYZ100T0944=,000025=>014032". Structures that are not of a UDI (the donation number "=") are
// kept as parts.
func (u *Carrier) readISBT(s string) error {
	u.Issuer = "ICCBBA"
	for s != "" {
		end := len(s)
		if i := strings.IndexAny(s[1:], "=&"); i >= 0 {
			end = i + 1
		}
		whole := s[:end]
		s = s[end:]
		id, value := whole[:1], whole[1:]
		var field CarrierField
		known := false
		for _, p := range isbtParts {
			v, ok := strings.CutPrefix(whole, p.id)
			if !ok {
				continue
			}
			if len(v) < p.min || len(v) > p.max {
				return fmt.Errorf("ISBT 128 %s has %d characters, wants %d to %d: copy the whole text under the barcode", p.id, len(v), p.min, p.max)
			}
			id, value, field, known = p.id, v, p.field, true
			break
		}
		if !known && len(value) > 1 && !isAlnum(value[0]) {
			id, value = whole[:2], whole[2:]
		}
		if value == "" || strings.IndexFunc(value, func(r rune) bool { return r >= 0x80 || !isAlnum(byte(r)) }) >= 0 {
			return fmt.Errorf("ISBT 128 %s: %s is not letters and digits: copy the whole text under the barcode", id, clip(value))
		}
		canonical := value
		if field == CarrierExpires || field == CarrierManufactured {
			day, ok := yearDay(value[:3], value[3:], 2000)
			if !ok {
				return fmt.Errorf("ISBT 128 %s: %s is no day of a year (YYYJJJ): read the label again", id, value)
			}
			canonical = day
		}
		if err := u.put("ISBT 128 "+id, value, field, canonical); err != nil {
			return err
		}
	}
	return nil
}

// yearDay is the day "002" of the year "20", counted from base, as 2006-01-02.
func yearDay(year, day string, base int) (string, bool) {
	y, okY := number(year)
	d, okD := number(day)
	if !okY || !okD || d < 1 || d > 366 {
		return "", false
	}
	t := time.Date(base+y, 1, d, 0, 0, 0, 0, time.UTC)
	if t.Year() != base+y {
		return "", false
	}
	return t.Format(time.DateOnly), true
}

// number reads a few digits.
func number(s string) (int, bool) {
	n := 0
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, len(s) > 0 && len(s) < 9
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// clip keeps a hostile text out of an error line.
func clip(s string) string {
	if len(s) > 40 {
		return fmt.Sprintf("%.40q…", s)
	}
	return fmt.Sprintf("%q", s)
}
