package fact

import (
	"strconv"
	"strings"
	"time"
)

// Order is the order of day, month and year in a numeric date.
type Order string

// The orders in use. ISO dates are read as year-month-day whatever the order.
const (
	MDY Order = "mdy" // United States
	DMY Order = "dmy" // most of the world
	YMD Order = "ymd"
)

// presentYear anchors Date's window for two-digit years; DateNear takes the anchor from the caller.
const presentYear = 2026

// Date returns s as 2006-01-02. It reads ISO, American and European numeric dates (order decides, unless only one
// reading is possible), dates with a month's name, compact 20060102, Excel's day numbers (1900 system), and any of
// these with a time of day behind it, which is dropped. Two-digit years fall between 1957 and 2056.
func Date(s string, order Order) (string, bool) { return DateNear(s, order, presentYear) }

// DateNear is Date with a window for two-digit years that slides with year: from 69 years before to 30 after it, as
// purchases lie decades back and warranties a few years ahead.
func DateNear(s string, order Order, year int) (string, bool) {
	if len(s) == 10 && s[4] == '-' && s[7] == '-' { // most dates of exports, without allocation
		if d, ok := isoDay(s); ok && d.valid() {
			return s, true
		}
	}
	d, _, ok := readDate(s, order, year)
	if !ok {
		return "", false
	}
	return d.String(), true
}

// Timestamp returns s as RFC 3339 in UTC, for times of last sight. It reads what Date reads, and seconds or
// milliseconds since 1970. A time without zone is taken as UTC; a date alone is its midnight.
func Timestamp(s string, order Order) (string, bool) {
	s = strings.TrimSpace(s)
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC().Format(time.RFC3339), true
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		switch {
		case n > 900_000_000 && n < 4_000_000_000: // 1998 to 2096
			return time.Unix(n, 0).UTC().Format(time.RFC3339), true
		case n > 900_000_000_000 && n < 4_000_000_000_000:
			return time.UnixMilli(n).UTC().Format(time.RFC3339), true
		}
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil && plausibleSerial(n) {
		t, _ := SerialDate(n, false)
		return t.Format(time.RFC3339), true
	}
	d, rest, ok := readDate(s, order, presentYear)
	if !ok {
		return "", false
	}
	clock, ok := readClock(rest)
	if !ok {
		return "", false
	}
	return d.time().Add(clock).Format(time.RFC3339), true
}

// DateOrder returns the order that a numeric date betrays: "13/02/2024" can only be DMY. It is empty where both
// readings are possible or the text is not a numeric date; numeric tells these two apart.
func DateOrder(s string) (order Order, numeric bool) {
	n, _, ok := numericParts(strings.TrimSpace(s))
	if !ok || n[0].digits > 2 {
		return "", false
	}
	switch a, b := n[0].value, n[1].value; {
	case a > 31 || b > 31 || a > 12 && b > 12:
		return "", false
	case a > 12:
		return DMY, true
	case b > 12:
		return MDY, true
	case a == b: // 05/05/2024 is the same day in both
		return "", false
	}
	return "", true
}

// SerialDate returns the time that a spreadsheet means by a day number, with the fraction as time of day. The 1900
// system counts 1 January 1900 as 1 and believes in 29 February 1900 (Lotus 1-2-3's mistake, kept by Excel); the
// 1904 system, of old Macintosh workbooks, counts 1 January 1904 as 0.
func SerialDate(n float64, date1904 bool) (time.Time, bool) {
	if !(n >= 0 && n < 2_958_466) { // 31 December 9999 in the 1900 system
		return time.Time{}, false
	}
	days := int(n)
	seconds := int((n-float64(days))*86400 + 0.5)
	base := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case date1904:
		base = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case days < 60:
		days++
	}
	return base.AddDate(0, 0, days).Add(time.Duration(seconds) * time.Second), true
}

// plausibleSerial accepts day numbers of 1927 to 2119 only, so that a year, a room or a price is not read as a date.
func plausibleSerial(n float64) bool { return n >= 10_000 && n < 80_000 }

// day is a calendar day.
type day struct{ y, m, d int }

func (d day) valid() bool {
	if d.y < 1900 || d.y > 2200 || d.m < 1 || d.m > 12 || d.d < 1 || d.d > 31 {
		return false
	}
	return d.d <= 28 || d.time().Day() == d.d
}

func (d day) time() time.Time { return time.Date(d.y, time.Month(d.m), d.d, 0, 0, 0, 0, time.UTC) }

func (d day) String() string {
	b := [10]byte{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0'}
	for i, y := 3, d.y; i >= 0; i, y = i-1, y/10 {
		b[i] += byte(y % 10)
	}
	b[5] += byte(d.m / 10)
	b[6] += byte(d.m % 10)
	b[8] += byte(d.d / 10)
	b[9] += byte(d.d % 10)
	return string(b[:])
}

// readDate reads the date at the start of s and returns what follows it.
func readDate(s string, order Order, year int) (d day, rest string, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) < 5 || len(s) > 40 {
		return day{}, "", false
	}
	if n, rest, ok := numericParts(s); ok {
		d, ok = numericDay(n, order, year)
		return d, rest, ok
	}
	if d, rest, ok := namedMonth(s, year); ok {
		return d, rest, d.valid()
	}
	digits := 0
	for digits < len(s) && isDigit(s[digits]) {
		digits++
	}
	switch {
	case digits == 8 && (len(s) == 8 || s[8] == 'T' || s[8] == ' '), digits == 14 && len(s) == 14: // 20211231, DICOM's and HL7's spelling
		d := day{atoi(s[:4]), atoi(s[4:6]), atoi(s[6:8])}
		return d, s[8:], d.valid()
	case digits == 5 && (len(s) == 5 || s[5] == '.'):
		if n, err := strconv.ParseFloat(s, 64); err == nil && plausibleSerial(n) {
			t, _ := SerialDate(n, false)
			return day{t.Year(), int(t.Month()), t.Day()}, "", true
		}
	}
	return day{}, "", false
}

func isoDay(s string) (day, bool) {
	for i := 0; i < 10; i++ {
		if i != 4 && i != 7 && !isDigit(s[i]) {
			return day{}, false
		}
	}
	return day{atoi(s[:4]), atoi(s[5:7]), atoi(s[8:10])}, true
}

// part is one number of a numeric date.
type part struct{ value, digits int }

// numericParts reads three numbers with one kind of separator between them: 2021-12-31, 12/31/2021, 31.12.21.
func numericParts(s string) (n [3]part, rest string, ok bool) {
	var sep byte
	i := 0
	for k := range n {
		for i < len(s) && isDigit(s[i]) && n[k].digits < 5 {
			n[k].value = n[k].value*10 + int(s[i]-'0')
			n[k].digits++
			i++
		}
		if n[k].digits == 0 || n[k].digits > 4 || n[k].digits == 3 {
			return n, "", false
		}
		if k == 2 {
			break
		}
		if i >= len(s) || (s[i] != '/' && s[i] != '-' && s[i] != '.') || (sep != 0 && s[i] != sep) {
			return n, "", false
		}
		sep = s[i]
		i++
		for sep == '.' && i < len(s) && s[i] == ' ' { // "31. 12. 2021"
			i++
		}
	}
	rest = s[i:]
	if rest != "" && rest[0] != ' ' && rest[0] != 'T' && rest[0] != ',' && rest[0] != 't' {
		return n, "", false
	}
	return n, rest, true
}

// numericDay decides which number is which.
func numericDay(n [3]part, order Order, year int) (day, bool) {
	if n[0].digits == 4 { // year first is always year, month, day
		d := day{n[0].value, n[1].value, n[2].value}
		return d, d.valid()
	}
	if n[1].digits > 2 || n[2].digits == 1 {
		return day{}, false
	}
	full := func(p part) int { return fullYear(p, year) }
	mdy := day{full(n[2]), n[0].value, n[1].value}
	dmy := day{full(n[2]), n[1].value, n[0].value}
	ymd := day{full(n[0]), n[1].value, n[2].value}
	tries := [3]day{mdy, dmy, ymd}
	switch {
	case order == DMY:
		tries = [3]day{dmy, mdy, ymd}
	case order == YMD && n[2].digits == 2:
		tries = [3]day{ymd, mdy, dmy}
	}
	for i, d := range tries {
		if d == ymd && n[2].digits != 2 && i == 2 {
			break
		}
		if d.valid() {
			return d, true
		}
	}
	return day{}, false
}

// fullYear puts a two-digit year into the hundred years that end 30 years after year.
func fullYear(p part, year int) int {
	if p.digits > 2 {
		return p.value
	}
	full := year - year%100 + p.value
	switch {
	case full > year+30:
		full -= 100
	case full <= year-70:
		full += 100
	}
	return full
}

// months are the first three letters of the months in the languages whose exports were seen: English, German, French,
// Spanish and Italian. Three letters tell French juin and juillet not apart, so they have four.
var months = map[string]int{
	"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
	"mär": 3, "mrz": 3, "mai": 5, "okt": 10, "dez": 12, "fev": 2, "fév": 2, "avr": 4, "juin": 6, "juil": 7, "aoû": 8, "aou": 8,
	"déc": 12, "ene": 1, "abr": 4, "ago": 8, "dic": 12, "gen": 1, "mag": 5, "giu": 6, "lug": 7, "set": 9, "ott": 10,
}

// namedMonth reads 12-Dec-21, 12 December 2021, Dec 12 2021, Dec 12, 2021 and 2021-Dec-12.
func namedMonth(s string, year int) (d day, rest string, ok bool) {
	var numbers [2]part
	month, count, i := 0, 0, 0
	monthFirst := false
	for i < len(s) && (count < 2 || month == 0) {
		c := s[i]
		switch {
		case isDigit(c):
			if count == 2 {
				return day{}, "", false
			}
			p := &numbers[count]
			for i < len(s) && isDigit(s[i]) && p.digits < 5 {
				p.value, p.digits = p.value*10+int(s[i]-'0'), p.digits+1
				i++
			}
			count++
			if i+2 <= len(s) && p.digits <= 2 && isOrdinal(s[i:i+2]) && (i+2 == len(s) || !isAlnum(s[i+2])) {
				i += 2
			}
		case isAlnum(c) || c >= 0x80:
			j := i
			for j < len(s) && !isDigit(s[j]) && (isAlnum(s[j]) || s[j] >= 0x80) {
				j++
			}
			m := monthOf(s[i:j])
			if m == 0 {
				m = weekday(s[i:j])
				if m == 0 || month != 0 || count != 0 {
					return day{}, "", false
				}
				i = j
				continue
			}
			if month != 0 {
				return day{}, "", false
			}
			month, monthFirst = m, count == 0
			i = j
		case c == ' ' || c == '-' || c == '/' || c == ',' || c == '.':
			i++
		default:
			return day{}, "", false
		}
	}
	if count != 2 || month == 0 || (i < len(s) && s[i] != ' ' && s[i] != ',' && s[i] != 'T') {
		return day{}, "", false
	}
	a, b := numbers[0], numbers[1]
	if a.digits == 4 && !monthFirst {
		a, b = b, a
	}
	if a.digits > 2 || b.digits == 1 || b.digits == 3 || b.digits > 4 {
		return day{}, "", false
	}
	return day{fullYear(b, year), month, a.value}, s[i:], true
}

func isOrdinal(s string) bool {
	switch strings.ToLower(s) {
	case "st", "nd", "rd", "th":
		return true
	}
	return false
}

func monthOf(w string) int {
	w = strings.ToLower(w)
	r := []rune(w)
	if len(r) < 3 || len(r) > 10 {
		return 0
	}
	if len(r) >= 4 {
		if m := months[string(r[:4])]; m != 0 {
			return m
		}
	}
	return months[string(r[:3])]
}

// weekday says whether the word is a day of the week, which may stand before a date and says nothing.
func weekday(w string) int {
	if len(w) >= 3 {
		if i := strings.Index("monday tuesday wednesday thursday friday saturday sunday", strings.ToLower(w)); i >= 0 {
			return 1
		}
	}
	return 0
}

// readClock reads the time of day behind a date: "", "T08:00", " 8:00:05 PM".
func readClock(s string) (time.Duration, bool) {
	s = strings.Trim(s, " ,Tt")
	s = strings.TrimSuffix(s, "Z")
	s = strings.TrimSuffix(s, " UTC")
	if s == "" {
		return 0, true
	}
	for _, layout := range [...]string{"15:04:05", "15:04", "3:04:05 PM", "3:04 PM", "3:04:05PM", "3:04PM", "15:04:05.999999999", "150405", "15:04:05Z07:00", "15:04:05 -0700"} {
		if t, err := time.Parse(layout, strings.ToUpper(s)); err == nil {
			t = t.UTC()
			return t.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)), true
		}
	}
	return 0, false
}

func atoi(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}
