package fact

import (
	"strconv"
	"strings"
)

// currencies are the signs and codes that exports write; a sign that several countries share means the most common.
var currencies = []struct{ sign, code string }{
	{"US$", "USD"}, {"CA$", "CAD"}, {"C$", "CAD"}, {"AU$", "AUD"}, {"A$", "AUD"}, {"NZ$", "NZD"}, {"R$", "BRL"}, {"$", "USD"}, {"€", "EUR"}, {"£", "GBP"},
	{"¥", "JPY"}, {"₹", "INR"}, {"₪", "ILS"}, {"Fr.", "CHF"}, {"zł", "PLN"}, {"kr", "SEK"},
	{"USD", "USD"}, {"EUR", "EUR"}, {"GBP", "GBP"}, {"CHF", "CHF"}, {"CAD", "CAD"}, {"AUD", "AUD"}, {"NZD", "NZD"}, {"JPY", "JPY"}, {"SEK", "SEK"},
	{"NOK", "NOK"}, {"DKK", "DKK"}, {"PLN", "PLN"}, {"CZK", "CZK"}, {"INR", "INR"}, {"ILS", "ILS"}, {"BRL", "BRL"}, {"MXN", "MXN"}, {"ZAR", "ZAR"},
	{"SGD", "SGD"}, {"AED", "AED"}, {"SAR", "SAR"},
}

// Money returns an amount with two decimals and, where the text names one, the currency: "$27,948.00" is
// "27948.00 USD", "27.948,00 €" is "27948.00 EUR", "27948" is "27948.00". More decimals are rounded half up.
func Money(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 40 {
		return "", false
	}
	code := ""
	if !isDigit(s[0]) || !isDigit(s[len(s)-1]) {
		s, code = cutCurrency(s)
	}
	if code == "USD" { // "$ 27,948.00 CAD"
		for _, c := range currencies {
			if t, ok := strings.CutSuffix(s, c.sign); ok && len(c.sign) == 3 && c.sign == c.code {
				s, code = strings.TrimSpace(t), c.code
				break
			}
		}
	}
	s = strings.TrimSuffix(s, ",-")
	s = strings.TrimSuffix(s, ".-")
	n, ok := plainDecimal(s, code == "EUR")
	if !ok {
		return "", false
	}
	n = round2(n)
	if code != "" {
		n += " " + code
	}
	return n, true
}

// cutCurrency takes the sign or code off an amount, at its start (behind a minus or bracket) or end.
func cutCurrency(s string) (rest, code string) {
	minus := ""
	if s[0] == '-' || s[0] == '(' {
		minus, s = s[:1], s[1:]
	}
	for _, c := range currencies {
		t, ok := strings.CutPrefix(s, c.sign)
		if !ok {
			t, ok = strings.CutSuffix(s, c.sign)
		}
		if ok {
			return minus + strings.TrimSpace(t), c.code
		}
	}
	return minus + s, ""
}

// Number returns a number as plain decimal text without thousands separators: "1,234.50" is "1234.5".
func Number(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 40 {
		return "", false
	}
	n, ok := plainDecimal(s, false)
	if !ok {
		return "", false
	}
	if i := strings.IndexByte(n, '.'); i >= 0 {
		n = strings.TrimRight(n, "0")
		n = strings.TrimSuffix(n, ".")
	}
	if n == "-0" {
		n = "0"
	}
	return n, true
}

// plainDecimal returns the digits of a number with a point for the decimals and no leading zeros. Which of comma and
// point parts the decimals is told by the last of them; one alone before exactly three digits parts thousands if it
// is a comma, or a point where comma says that decimals are written with commas (euro amounts).
func plainDecimal(s string, commaDecimals bool) (string, bool) {
	negative := false
	if len(s) > 2 && s[0] == '(' && s[len(s)-1] == ')' { // the accountant's minus
		s, negative = strings.TrimSpace(s[1:len(s)-1]), true
	}
	switch {
	case strings.HasPrefix(s, "-"):
		s, negative = strings.TrimSpace(s[1:]), true
	case strings.HasPrefix(s, "+"):
		s = strings.TrimSpace(s[1:])
	}
	if i := strings.IndexAny(s, "eE"); i > 0 { // 2.7948E4, from a spreadsheet's general format
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || f > 1e15 || f < 1e-9 || f != f {
			return "", false
		}
		s = strconv.FormatFloat(f, 'f', -1, 64)
		commaDecimals = false
	}
	point := decimalMark(s, commaDecimals)
	var b [48]byte
	n := 0
	if negative {
		b[n] = '-'
		n++
	}
	digits, inGroup, grouped, whole := 0, 0, false, 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case isDigit(c):
			inGroup++
			digits++
			if c == '0' && whole == 0 && i != point-1 && i < len(s)-1 && (point < 0 || i < point) {
				continue // leading zeros
			}
			whole++
			b[n] = c
			n++
		case i == point:
			if grouped && inGroup != 3 {
				return "", false
			}
			if whole == 0 {
				b[n] = '0'
				n++
				whole = 1
			}
			b[n] = '.'
			n++
			inGroup, grouped = 0, false
		case (c == ',' || c == '.' || c == ' ' || c == '\'') && (point < 0 || i < point) && digits > 0:
			if grouped && inGroup != 3 || inGroup > 3 || inGroup == 0 {
				return "", false
			}
			grouped, inGroup = true, 0
		default:
			return "", false
		}
	}
	if digits == 0 || grouped && inGroup != 3 {
		return "", false
	}
	if n > 0 && b[n-1] == '.' {
		n--
	}
	return string(b[:n]), true
}

// decimalMark returns the place of the decimal mark in s, or -1.
func decimalMark(s string, commaDecimals bool) int {
	comma, point := strings.LastIndexByte(s, ','), strings.LastIndexByte(s, '.')
	switch {
	case comma < 0 && point < 0:
		return -1
	case comma >= 0 && point >= 0:
		return max(comma, point)
	case point >= 0:
		if strings.Count(s, ".") > 1 || commaDecimals && len(s)-point == 4 {
			return -1
		}
		return point
	default:
		if strings.Count(s, ",") > 1 || !commaDecimals && len(s)-comma == 4 {
			return -1
		}
		return comma
	}
}

// round2 rounds plain decimal text to two decimals, half up, without going through binary fractions.
func round2(n string) string {
	i := strings.IndexByte(n, '.')
	if i < 0 {
		return n + ".00"
	}
	decimals := len(n) - i - 1
	if decimals <= 2 {
		return n + "00"[:2-decimals]
	}
	b := []byte(n[:i+3])
	if n[i+3] < '5' {
		return string(b)
	}
	for k := len(b) - 1; k >= 0; k-- {
		switch {
		case b[k] == '.':
			continue
		case b[k] == '-':
			return "-1" + string(b[1:])
		case b[k] == '9':
			b[k] = '0'
			continue
		}
		b[k]++
		return string(b)
	}
	return "1" + string(b)
}
