package xlsx

import (
	"math"
	"strconv"
	"strings"
	"time"

	"pons/fact"
)

// format is how a style shows numbers, as far as it changes what the number says.
type format struct {
	shows showing
	pad   int // digits, for formats such as 000000
}

type showing uint8

const (
	showNumber showing = iota
	showDate
	showTime     // of day
	showDateTime // day and time
	showPadded
)

// builtin returns the meaning of the number formats that need no entry in the styles (ECMA-376 Part 1 §18.8.30; 27 to
// 36 and 50 to 58 are dates in the East Asian tables).
func builtin(id int) format {
	switch {
	case id >= 14 && id <= 17, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 54, id == 57, id == 58:
		return format{shows: showDate}
	case id == 22:
		return format{shows: showDateTime}
	case id >= 18 && id <= 21, id >= 32 && id <= 35, id == 45, id == 47, id == 55, id == 56:
		return format{shows: showTime}
	}
	return format{}
}

// custom reads a format's code: whether it has the letters of days or of hours outside quotes and brackets, or is only
// zeros, by which people keep leading zeros.
func custom(code string) format {
	code, _, _ = strings.Cut(code, ";")
	day, hour, minute, zeros, other := false, false, false, 0, false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case '"':
			j := strings.IndexByte(code[i+1:], '"')
			if j < 0 {
				return format{}
			}
			i += j + 1
			other = true
		case '\\', '_', '*':
			i++
			other = other || c == '\\'
		case '[':
			j := strings.IndexByte(code[i:], ']')
			if j < 0 {
				return format{}
			}
			switch strings.ToLower(code[i+1 : i+j]) {
			case "h", "hh", "m", "mm", "s", "ss": // elapsed time is a length, not a moment
				return format{}
			}
			i += j
		case 'y', 'Y', 'd', 'D':
			day = true
		case 'h', 'H', 's', 'S':
			hour = true
		case 'm', 'M': // months beside days and years or alone, minutes beside hours
			minute = true
		case '0':
			zeros++
		case 'G', 'g': // General
			return format{}
		default:
			other = true
		}
	}
	day = day || minute && !hour
	switch {
	case day && hour:
		return format{shows: showDateTime}
	case day:
		return format{shows: showDate}
	case hour:
		return format{shows: showTime}
	case zeros > 1 && !other:
		return format{shows: showPadded, pad: zeros}
	}
	return format{}
}

// readStyles reads the number format of every cell style.
func (b *book) readStyles(name string) error {
	return b.small(name, func(s *scanner) error {
		codes := map[int]format{}
		inXfs := false
		for s.next() {
			switch string(s.name) {
			case "numFmt":
				if id, err := strconv.Atoi(s.attr("numFmtId")); err == nil && !s.closing {
					codes[id] = custom(s.attr("formatCode"))
				}
			case "cellXfs":
				inXfs = !s.closing && !s.empty
			case "xf":
				if !inXfs || s.closing || len(b.formats) > 1<<16 {
					continue
				}
				id, _ := strconv.Atoi(s.attr("numFmtId"))
				f, ok := codes[id]
				if !ok {
					f = builtin(id)
				}
				b.formats = append(b.formats, f)
			}
		}
		return nil
	})
}

// show appends what a number cell says in its format.
func (b *book) show(dst, number []byte, style int) []byte {
	var f format
	if style < len(b.formats) {
		f = b.formats[style]
	}
	switch f.shows {
	case showNumber:
		return plain(dst, number)
	case showPadded:
		for n := len(number); n < f.pad && n > 0 && number[0] != '-' && !strings.ContainsAny(string(number), ".eE"); n++ {
			dst = append(dst, '0')
		}
		return plain(dst, number)
	}
	n, err := strconv.ParseFloat(string(number), 64)
	if err != nil {
		return append(dst, number...)
	}
	if f.shows == showTime && n >= 0 && n < 1 {
		return time.Time{}.Add(time.Duration(n*86400+0.5)*time.Second).AppendFormat(dst, "15:04:05")
	}
	at, ok := fact.SerialDate(n, b.date1904)
	if !ok {
		return append(dst, number...)
	}
	if n == math.Trunc(n) || f.shows == showDate {
		return at.AppendFormat(dst, "2006-01-02")
	}
	return at.AppendFormat(dst, "2006-01-02T15:04:05")
}

// plain appends a number as people see it: without exponent, and without the noise of binary fractions that Excel
// writes in 17 digits and shows in 15.
func plain(dst, number []byte) []byte {
	digits := 0
	exponent := false
	point := false
	for _, c := range number {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == 'E' || c == 'e':
			exponent = true
		case c == '.':
			point = true
		}
	}
	if !exponent && !(point && digits > 15) {
		return append(dst, number...)
	}
	n, err := strconv.ParseFloat(string(number), 64)
	if err != nil || math.Abs(n) >= 1e21 || n != 0 && math.Abs(n) < 1e-9 {
		return append(dst, number...)
	}
	if point || exponent {
		if r, err := strconv.ParseFloat(strconv.FormatFloat(n, 'g', 15, 64), 64); err == nil {
			n = r
		}
	}
	return strconv.AppendFloat(dst, n, 'f', -1, 64)
}
