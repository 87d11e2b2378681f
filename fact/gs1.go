package fact

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// gs1Separator is FNC1 as scanners transmit it: it ends an element of variable length.
const gs1Separator = "\x1d"

// gs1Symbology are the symbology identifiers of ISO/IEC 15424 that announce GS1 element strings: GS1-128, DataBar and
// composite, DataMatrix, QR, DotCode.
var gs1Symbology = map[string]bool{"]C1": true, "]e0": true, "]e1": true, "]e2": true, "]d2": true, "]Q3": true, "]J1": true}

// application is one GS1 application identifier (AI): which values it takes. Table of GS1 General Specifications §3.2.
type application struct {
	id       string
	min, max int  // characters of the value
	digits   bool // digits only
	date     bool // begins with YYMMDD
	field    CarrierField
}

// applications are those that a medical device's label bears (domain dossier 7.5); others are read by their prefix.
var applications = []application{
	{"00", 18, 18, true, false, ""},
	{"01", 14, 14, true, false, CarrierDI},
	{"02", 14, 14, true, false, ""}, // the trade item inside a logistic unit: not this device
	{"03", 14, 14, true, false, ""},
	{"10", 1, 20, false, false, CarrierLot},
	{"11", 6, 6, true, true, CarrierManufactured},
	{"12", 6, 6, true, true, ""},
	{"13", 6, 6, true, true, ""},
	{"15", 6, 6, true, true, ""},
	{"16", 6, 6, true, true, ""},
	{"17", 6, 6, true, true, CarrierExpires},
	{"20", 2, 2, true, false, ""},
	{"21", 1, 20, false, false, CarrierSerial},
	{"22", 1, 20, false, false, ""},
	{"235", 1, 28, false, false, ""},
	{"240", 1, 30, false, false, ""},
	{"241", 1, 30, false, false, ""},
	{"242", 1, 6, true, false, ""},
	{"243", 1, 20, false, false, ""},
	{"250", 1, 30, false, false, ""}, // serial of a component, not of the device
	{"30", 1, 8, true, false, ""},
	{"37", 1, 8, true, false, ""},
	{"7003", 10, 10, true, true, CarrierExpires}, // YYMMDDHHMM
	{"8008", 8, 12, true, true, CarrierManufactured},
	{"8012", 1, 20, false, false, ""}, // software version
}

// aiLength is how many digits an AI has, by its first two: GS1 General Specifications §7.8. 0: not assigned.
var aiLength = func() (n [100]int) {
	for length, prefixes := range map[int][]int{
		2: {0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 30, 37, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99},
		3: {23, 24, 25, 40, 41, 42, 71},
		4: {31, 32, 33, 34, 35, 36, 39, 43, 70, 72, 80, 81, 82},
	} {
		for _, p := range prefixes {
			n[p] = length
		}
	}
	return n
}()

// fixedLength is the length of the value of AIs that end without FNC1, by their first two digits: the predefined list of
// GS1 General Specifications §7.8.5, less the AI. 0: variable.
var fixedLength = [100]int{0: 18, 1: 14, 2: 14, 3: 14, 4: 16, 11: 6, 12: 6, 13: 6, 14: 6, 15: 6, 16: 6, 17: 6, 18: 6, 19: 6, 20: 2,
	31: 6, 32: 6, 33: 6, 34: 6, 35: 6, 36: 6, 41: 13}

// longestAI is how long the value of an AI may be that is not in the table.
const longestAI = 90

// aiAt returns the AI at the start of s.
func aiAt(s string) (application, bool) {
	if len(s) < 2 || !isDigits(s[:2]) {
		return application{}, false
	}
	prefix := int(s[0]-'0')*10 + int(s[1]-'0')
	n := aiLength[prefix]
	if n == 0 || len(s) < n || !isDigits(s[:n]) {
		return application{}, false
	}
	for _, a := range applications {
		if a.id == s[:n] {
			return a, true
		}
	}
	if f := fixedLength[prefix]; f > 0 {
		return application{id: s[:n], min: f, max: f, digits: true}, true
	}
	return application{id: s[:n], min: 1, max: longestAI}, true
}

// readGS1Raw reads what a scanner gives: elements one after the other, FNC1 after those of variable length.
func (u *Carrier) readGS1Raw(s string, year int) error {
	u.Issuer = "GS1"
	whole := len(s)
	for {
		s = strings.TrimLeft(s, gs1Separator)
		if s == "" {
			return nil
		}
		a, ok := aiAt(s)
		if !ok {
			return fmt.Errorf("character %d: %s is no GS1 application identifier: a separator may be lost; scan again or type it with parentheses, (01)…(21)…", whole-len(s)+1, clip(s[:min(4, len(s))]))
		}
		s = s[len(a.id):]
		n := strings.IndexByte(s, gs1Separator[0])
		if n < 0 {
			n = len(s)
		}
		n = min(n, a.max)
		if err := u.element(a, s[:n], year); err != nil {
			return err
		}
		s = s[n:]
	}
}

// readGS1Labelled reads what stands under the barcode: "(01)05102222233336(21)1234".
func (u *Carrier) readGS1Labelled(s string, year int) error {
	u.Issuer = "GS1"
	for s != "" {
		a, rest, ok := labelAt(s)
		if !ok {
			return fmt.Errorf("%s is no GS1 application identifier in parentheses: type it as on the label, (01)…(21)…", clip(s[:min(6, len(s))]))
		}
		end := len(rest)
		for i := 1; i < len(rest); i++ {
			if _, _, ok := labelAt(rest[i:]); ok {
				end = i
				break
			}
		}
		value := strings.Trim(rest[:end], " "+gs1Separator)
		if a.id == "01" {
			value = padGTIN(value)
		}
		if err := u.element(a, value, year); err != nil {
			return err
		}
		s = rest[end:]
	}
	return nil
}

// labelAt reads "(01)" at the start of s.
func labelAt(s string) (a application, rest string, ok bool) {
	if s == "" || s[0] != '(' {
		return a, "", false
	}
	id, rest, ok := strings.Cut(s[1:], ")")
	if !ok || len(id) > 4 {
		return a, "", false
	}
	a, ok = aiAt(id)
	return a, rest, ok && a.id == id
}

// linkPath are the AIs that the path of a GS1 Digital Link URI may hold.
const linkPath = " 01 22 10 21 235 "

// readDigitalLink reads "https://id.gs1.org/01/05102222233336/21/1234?17=150707". Only links that name a trade item are
// carriers of a device.
func (u *Carrier) readDigitalLink(s string, year int) error {
	u.Issuer = "GS1"
	link, err := url.Parse(s)
	if err != nil {
		return fmt.Errorf("%s is no link: copy it whole", clip(s))
	}
	segments := strings.Split(strings.Trim(link.Path, "/"), "/")
	at := 0
	for at < len(segments) && segments[at] != "01" {
		at++
	}
	if at == len(segments) || (len(segments)-at)%2 != 0 {
		return fmt.Errorf("link %s names no trade item: a device's link holds /01/ and 14 digits", clip(s))
	}
	read := func(id, value string) error {
		a, ok := aiAt(id)
		if !ok || a.id != id {
			return nil // a parameter of the web page
		}
		if id == "01" {
			value = padGTIN(value)
		}
		return u.element(a, value, year)
	}
	for ; at < len(segments); at += 2 {
		if !strings.Contains(linkPath, " "+segments[at]+" ") {
			return fmt.Errorf("link has /%s/ where (22), (10), (21) or (235) may stand: copy it whole", clip(segments[at]))
		}
		if err := read(segments[at], segments[at+1]); err != nil {
			return err
		}
	}
	for pair := range strings.SplitSeq(link.RawQuery, "&") {
		id, value, _ := strings.Cut(pair, "=")
		if value, err = url.QueryUnescape(value); err != nil {
			continue
		}
		if err := read(id, value); err != nil {
			return err
		}
	}
	return nil
}

// readGTIN takes a bare trade item number for the DI.
func (u *Carrier) readGTIN(s string) error {
	u.Issuer = "GS1"
	if len(s) < 12 {
		return fmt.Errorf("%s has %d digits, a GTIN 12 to 14: give the whole text under the barcode", clip(s), len(s))
	}
	if err := checkGTIN("GTIN", padGTIN(s)); err != nil {
		return err
	}
	return u.put("GTIN", s, CarrierDI, padGTIN(s))
}

// element reads one AI's value.
func (u *Carrier) element(a application, value string, year int) error {
	name := "AI (" + a.id + ")"
	if len(value) < a.min || len(value) > a.max {
		want := fmt.Sprintf("%d to %d", a.min, a.max)
		if a.min == a.max {
			want = fmt.Sprint(a.min)
		}
		return fmt.Errorf("%s: %s has %d characters, wants %s: copy the whole text under the barcode", name, clip(value), len(value), want)
	}
	for i := 0; i < len(value); i++ {
		if c := value[i]; a.digits && !isDigit(c) || !gs1Character(c) {
			return fmt.Errorf("%s: character %d of %s cannot stand there: read the label again", name, i+1, clip(value))
		}
	}
	canonical := value
	if a.date {
		day, ok := gs1Date(value[:6], year)
		if !ok {
			return fmt.Errorf("%s: %s is no day (YYMMDD): read the label again", name, value)
		}
		canonical = day
	}
	if a.field == CarrierDI {
		if err := checkGTIN(name, value); err != nil {
			u.Parts = append(u.Parts, CarrierPart{Name: name, Value: value})
			return err
		}
	}
	return u.put(name, value, a.field, canonical)
}

// gs1Character says whether c is of GS1 character set 82 (General Specifications §7.11), or of the few more that AIs
// outside the table may hold.
func gs1Character(c byte) bool {
	return isAlnum(c) || strings.IndexByte("!\"%&'()*+,-./_:;<=>?# ", c) >= 0
}

// gs1Date reads YYMMDD around year; day 00 is the end of the month.
func gs1Date(s string, year int) (string, bool) {
	yy, okY := number(s[:2])
	month, okM := number(s[2:4])
	day, okD := number(s[4:6])
	if !okY || !okM || !okD || month < 1 || month > 12 {
		return "", false
	}
	y := windowYear(yy, year)
	if day == 0 {
		return time.Date(y, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), true
	}
	t := time.Date(y, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return t.Format(time.DateOnly), t.Day() == day
}

// windowYear gives a two-digit year its century (GS1 General Specifications §7.12).
func windowYear(yy, year int) int {
	century := year - year%100
	switch d := yy - year%100; {
	case d >= 51:
		century -= 100
	case d <= -50:
		century += 100
	}
	return century + yy
}

// checkDigit is the GS1 check digit of what stands before it: weights 3 and 1 from the right.
func checkDigit(payload string) byte {
	sum := 0
	for i := 0; i < len(payload); i++ {
		w := 1
		if (len(payload)-i)%2 == 1 {
			w = 3
		}
		sum += w * int(payload[i]-'0')
	}
	return byte('0' + (10-sum%10)%10)
}

func checkGTIN(name, gtin string) error {
	last := len(gtin) - 1
	if want := checkDigit(gtin[:last]); gtin[last] != want {
		return fmt.Errorf("%s: check digit of %s is %c, computed %c: a digit was misread or typed wrongly; read the label again", name, gtin, gtin[last], want)
	}
	return nil
}

// padGTIN writes a GTIN of 12 or 13 digits with the leading zeros of 14, as every database of UDIs does.
func padGTIN(s string) string {
	if len(s) >= 12 && len(s) < 14 && isDigits(s) {
		return "00"[:14-len(s)] + s
	}
	return s
}

// DeviceIdentifier is a stated UDI-DI as it may serve as a key: a trade item number of 8 to 14 digits with the zeros that
// spreadsheets lose, its check digit verified, or another issuer's identifier in capitals. "" for what fails its
// check or is none.
func DeviceIdentifier(s string) string {
	s = strings.ToUpper(strings.TrimSpace(s))
	if !isDigits(s) {
		if len(s) < 6 || len(s) > 25 || strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 || !isAlnum(byte(r)) && r != '-' && r != '.' }) >= 0 {
			return "" // HIBC 6 to 23, ISBT 128 up to 25 characters
		}
		return s
	}
	if len(s) < 8 || len(s) > 14 {
		return ""
	}
	s = "000000"[:14-len(s)] + s
	if checkDigit(s[:13]) != s[13] {
		return ""
	}
	return s
}
