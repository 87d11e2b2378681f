package fact

import (
	"fmt"
	"strings"
	"time"
)

// hibcCharacters are the 43 characters of HIBC in the order of their values (ANSI/HIBC 2: 0-9, A-Z, then - . space $ /
// + %).
const hibcCharacters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"

// hibcCheck is the check character of what stands before it: the sum of the values modulo 43. ok is false for a
// character that HIBC does not have.
func hibcCheck(s string) (c byte, ok bool) {
	sum := 0
	for i := 0; i < len(s); i++ {
		v := strings.IndexByte(hibcCharacters, s[i])
		if v < 0 {
			return 0, false
		}
		sum += v
	}
	return hibcCharacters[sum%43], true
}

// readHIBC reads a primary ("+A123BJC5D6E71G"), a secondary ("+$$52001510X3GH") or a combined carrier
// ("+A123BJC5D6E71/$$52001510X3C"), and a primary and a secondary one with space between them, as two lines of a
// label are typed into one cell.
func (u *Carrier) readHIBC(s string, year int) error {
	u.Issuer = "HIBCC"
	s = strings.ToUpper(s)
	link := byte(0)
	for i, one := range hibcBarcodes(s) {
		// A check character that is a space is printed as an underscore (ANSI/HIBC 2 §2.3.2.2).
		if strings.HasSuffix(one, "_") {
			one = one[:len(one)-1] + " "
		}
		if len(one) < 4 {
			return fmt.Errorf("HIBC %s is cut: copy the whole text under the barcode", clip(one))
		}
		body, given := one[:len(one)-1], one[len(one)-1]
		want, ok := hibcCheck(body)
		if !ok {
			return fmt.Errorf("HIBC %s holds a character that HIBC does not have: read the label again", clip(body))
		}
		if given != want {
			return fmt.Errorf("HIBC %s: check character is %q, computed %q: a character was misread or the last one is missing (a space is written _); read the label again", clip(one), given, want)
		}
		if body[1] >= 'A' && body[1] <= 'Z' { // a labeler's code begins with a letter, a secondary with $ or a digit
			if err := u.hibcPrimary(body[1:], year); err != nil {
				return err
			}
			link = given
			continue
		}
		secondary, linked := body[1:len(body)-1], body[len(body)-1]
		if i > 0 && link != 0 && linked != link {
			return fmt.Errorf("HIBC %s belongs to another primary barcode (link character %q, wants %q): read both lines of one label", clip(one), linked, link)
		}
		if err := u.hibcSecondary(secondary, year); err != nil {
			return err
		}
	}
	return nil
}

// hibcBarcodes splits a cell that holds more than one barcode: each begins with + after white space or the stars of Code
// 39.
func hibcBarcodes(s string) []string {
	var out []string
	from := 0
	for i := 1; i < len(s); i++ {
		if s[i] == '+' && strings.IndexByte(" *\t\n\r", s[i-1]) >= 0 {
			out = append(out, strings.Trim(s[from:i], " *\t\r\n"))
			from = i
		}
	}
	return append(out, s[from:])
}

// hibcPrimary reads labeler (4), product (1 to 18) and unit of measure (1), and after a slash the secondary data of a
// combined carrier.
func (u *Carrier) hibcPrimary(s string, year int) error {
	di, rest, combined := strings.Cut(s, "/")
	if len(di) < 6 || len(di) > 23 || strings.IndexFunc(di, func(r rune) bool { return !isAlnum(byte(r)) }) >= 0 || !isDigit(di[len(di)-1]) {
		return fmt.Errorf("HIBC primary %s is not a labeler, a product number and a digit (6 to 23 letters and digits): copy the whole text under the barcode", clip(di))
	}
	if err := u.put("HIBC primary", di, CarrierDI, di); err != nil {
		return err
	}
	if !combined {
		return nil
	}
	return u.hibcSecondary(rest, year)
}

// hibcSecondary reads lot, serial, dates and quantity. Parts after a further slash carry their own identifiers: /S
// serial, /16D made on, /14D expires on (ANSI/HIBC 2 table 3).
func (u *Carrier) hibcSecondary(s string, year int) error {
	for i, part := range strings.Split(s, "/") {
		if part == "" {
			continue
		}
		var err error
		switch {
		case i == 0 && (part[0] == '$' || isDigit(part[0]) && !strings.HasPrefix(part, "16D") && !strings.HasPrefix(part, "14D")):
			err = u.hibcReference(part, year)
		case strings.HasPrefix(part, "16D"):
			err = u.hibcDay("HIBC /16D", part[3:], CarrierManufactured)
		case strings.HasPrefix(part, "14D"):
			err = u.hibcDay("HIBC /14D", part[3:], CarrierExpires)
		case part[0] == 'S' && len(part) > 1:
			err = u.put("HIBC /S", part[1:], CarrierSerial, part[1:])
		default:
			err = u.put("HIBC /", part, "", "")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (u *Carrier) hibcDay(name, value string, f CarrierField) error {
	t, err := time.Parse("20060102", value)
	if err != nil {
		return fmt.Errorf("%s: %s is no day (YYYYMMDD): read the label again", name, clip(value))
	}
	return u.put(name, value, f, t.Format(time.DateOnly))
}

// hibcReference reads the part that $ begins: a quantity ($$8, $$9), a date in one of seven forms, then a lot, or a
// serial where a + stands before the date ($+, $$+).
func (u *Carrier) hibcReference(s string, year int) error {
	field, name := CarrierLot, "$"
	switch {
	case isDigit(s[0]): // five digits, the day of the year, then the lot
		return u.hibcDated("HIBC date", '5', s, CarrierLot, year)
	case !strings.HasPrefix(s, "$$"):
		s = s[1:]
		if strings.HasPrefix(s, "+") {
			field, name, s = CarrierSerial, "$+", s[1:]
		}
		return u.hibcRest("HIBC "+name, s, field)
	}
	name, s = "$$", s[2:]
	if strings.HasPrefix(s, "+") {
		field, name, s = CarrierSerial, "$$+", s[1:]
	}
	if s != "" && (s[0] == '8' || s[0] == '9') {
		n := 3
		if s[0] == '9' {
			n = 6
		}
		if len(s) < n || !isDigits(s[:n]) {
			return fmt.Errorf("HIBC $$%c: no quantity of %d digits follows: read the label again", s[0], n-1)
		}
		if err := u.put("HIBC $$"+s[:1], s[1:n], "", ""); err != nil {
			return err
		}
		s = s[n:]
	}
	name = "HIBC " + name
	if s == "" {
		return nil
	}
	switch form := s[0]; form {
	case '0', '1':
		return u.hibcDated(name, 'M', s, field, year)
	case '2', '3', '4', '5', '6':
		return u.hibcDated(name+s[:1], form, s[1:], field, year)
	case '7': // no date
		return u.hibcRest(name+"7", s[1:], field)
	}
	return u.hibcRest(name, s, field)
}

// hibcForms are the digits of each form of date: M is MMYY, 2 MMDDYY, 3 YYMMDD, 4 YYMMDDHH, 5 YYJJJ, 6 YYJJJHH.
var hibcForms = map[byte]int{'M': 4, '2': 6, '3': 6, '4': 8, '5': 5, '6': 7}

// hibcDated reads a date and what it belongs to.
func (u *Carrier) hibcDated(name string, form byte, s string, f CarrierField, year int) error {
	digits := hibcForms[form]
	if len(s) < digits || !isDigits(s[:digits]) {
		return fmt.Errorf("%s: %s does not begin with a date of %d digits: read the label again", name, clip(s), digits)
	}
	date := s[:digits]
	var day string
	var ok bool
	switch form {
	case 'M':
		day, ok = gs1Date(date[2:4]+date[:2]+"00", year) // the month's end
	case '2':
		day, ok = gs1Date(date[4:6]+date[:4], year)
	case '3', '4':
		day, ok = gs1Date(date[:6], year)
	case '5', '6':
		yy, _ := number(date[:2])
		base := windowYear(yy, year) - yy
		day, ok = yearDay(date[:2], date[2:5], base)
	}
	if !ok {
		return fmt.Errorf("%s: %s is no date: read the label again", name, date)
	}
	if err := u.put(name, date, CarrierExpires, day); err != nil {
		return err
	}
	return u.hibcRest(name, s[digits:], f)
}

// hibcRest is the lot or the serial itself; it may be absent.
func (u *Carrier) hibcRest(name, value string, f CarrierField) error {
	if value == "" {
		return nil
	}
	if len(value) > 20 { // 18 in ANSI/HIBC 2, 20 in FDA's table
		return fmt.Errorf("%s: %s has %d characters, wants at most 20: read the label again", name, clip(value), len(value))
	}
	return u.put(name, value, f, value)
}
