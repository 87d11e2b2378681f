package query

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Literal is one value as a question writes it.
type Literal struct {
	Text  string // without quotes; the lower end where To is used
	To    string // the upper end of a range
	Range bool   // Text..To; either end may be empty
	Wild  bool   // * and ? in Text stand for other characters
}

// Mode is how a Pred looks at a value.
type Mode uint8

const (
	Equal    Mode = iota // folded text is Text
	Contains             // folded text contains Text
	Prefix               // folded text starts with Text
	Glob                 // folded text fits the pattern Text
	Between              // Lo <= number <= Hi
	Subnet               // From <= address <= To, of the same family
)

// Pred is what is asked of one value, made ready for one moment. It is the meeting point of Match, which asks
// row by row, and of column, which asks a million rows at once.
type Pred struct {
	Mode     Mode
	Text     string // folded
	Lo, Hi   float64
	From, To netip.Addr
}

// Holds says whether the value satisfies the predicate.
func (p Pred) Holds(v Value) bool {
	switch p.Mode {
	case Equal:
		return Fold(v.Text) == p.Text
	case Contains:
		return strings.Contains(Fold(v.Text), p.Text)
	case Prefix:
		return strings.HasPrefix(Fold(v.Text), p.Text)
	case Glob:
		return MatchGlob(p.Text, Fold(v.Text))
	case Between:
		return p.Lo <= v.Num && v.Num <= p.Hi
	default:
		a, err := netip.ParseAddr(v.Text)
		return err == nil && a.Is4() == p.From.Is4() && a.Compare(p.From) >= 0 && a.Compare(p.To) <= 0
	}
}

// MatchGlob says whether the whole of text fits the pattern: * any run, ? any one character.
func MatchGlob[T string | []byte](pattern string, text T) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && pattern[p] == '?':
			p++
			t += runeLen(text, t)
		case p < len(pattern) && pattern[p] == text[t]:
			p++
			t++
		case star >= 0:
			mark += runeLen(text, mark)
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// runeLen is the length of the character of valid UTF-8 that starts at i.
func runeLen[T string | []byte](s T, i int) int {
	n := 1
	for i+n < len(s) && s[i+n]&0xC0 == 0x80 {
		n++
	}
	return n
}

// pred reads a literal for a field of kind k under a relation. The message of an error says what is wrong with
// the value; the parser adds where.
func (l Literal) pred(k Kind, rel Rel, now time.Time) (Pred, error) {
	if rel == In { // a list is exact
		if rel = Is; k == Text && !l.Wild {
			rel = Eq
		}
	}
	switch k {
	case Time, Date, Number:
		lo, hi, err := l.span(k, rel, now)
		return Pred{Mode: Between, Lo: lo, Hi: hi}, err
	}
	if rel > Eq {
		return Pred{}, fmt.Errorf("a %s has no order, so %s cannot be asked|use : or =", k, rel)
	}
	if k == IP {
		return l.ipPred(rel)
	}
	if l.Range {
		return Pred{}, fmt.Errorf("a %s has no ranges|put the value in quotes if the dots belong to it", k)
	}
	if k == MAC {
		return l.macPred(rel)
	}
	text := Fold(l.Text)
	switch {
	case k == Bool:
		yes, ok := parseBool(text)
		if !ok {
			return Pred{}, fmt.Errorf("%q is neither yes nor no|write yes or no", l.Text)
		}
		return Pred{Mode: Equal, Text: yes}, nil
	case l.Wild && rel == Is:
		return Pred{Mode: Glob, Text: text}, nil
	case k == Text && rel == Is && text != "":
		return Pred{Mode: Contains, Text: text}, nil
	}
	return Pred{Mode: Equal, Text: text}, nil
}

func (l Literal) ipPred(rel Rel) (Pred, error) {
	wrong := func(text string) error {
		return fmt.Errorf("%q is not an IP address|write 10.20.0.9, 10.20.0.0/16, 10.0.0.1..10.0.0.9 or 10.20.*", text)
	}
	if l.Range {
		from, err := netip.ParseAddr(l.Text)
		if err != nil || from.Zone() != "" {
			return Pred{}, wrong(l.Text)
		}
		to, err := netip.ParseAddr(l.To)
		if err != nil || to.Zone() != "" {
			return Pred{}, wrong(l.To)
		}
		from, to = from.Unmap(), to.Unmap()
		if from.Is4() != to.Is4() || from.Compare(to) > 0 {
			return Pred{}, fmt.Errorf("the range %s..%s is upside down|write the lower address first", l.Text, l.To)
		}
		return Pred{Mode: Subnet, From: from, To: to}, nil
	}
	if rel == Is {
		if l.Wild {
			return Pred{Mode: Glob, Text: Fold(l.Text)}, nil
		}
		if strings.Contains(l.Text, "/") {
			p, err := netip.ParsePrefix(l.Text)
			if err != nil || p.Addr().Is4In6() {
				return Pred{}, fmt.Errorf("%q is not a subnet|write it as 10.20.0.0/16", l.Text)
			}
			p = p.Masked()
			return Pred{Mode: Subnet, From: p.Addr(), To: lastAddr(p)}, nil
		}
	}
	a, err := netip.ParseAddr(l.Text)
	if err != nil || a.Zone() != "" {
		return Pred{}, wrong(l.Text)
	}
	return Pred{Mode: Equal, Text: a.Unmap().String()}, nil
}

func lastAddr(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func (l Literal) macPred(rel Rel) (Pred, error) {
	text := l.Text
	if l.Wild && rel == Is {
		text = strings.TrimSuffix(text, "*")
	}
	digits, _, ok := hexDigits(text)
	if !ok {
		return Pred{}, fmt.Errorf("%q is not a MAC address or the start of one|write 00:12:21 or 00:12:21:aa:bb:cc", l.Text)
	}
	whole := len(digits) == 12 || len(digits) == 16
	if rel == Is && (!whole || l.Wild) {
		return Pred{Mode: Prefix, Text: colons(digits)}, nil
	}
	if !whole {
		return Pred{}, fmt.Errorf("%q is not a whole MAC address|write 12 hex digits, or use : for a prefix", l.Text)
	}
	return Pred{Mode: Equal, Text: colons(digits)}, nil
}

// span reads a literal as the closed interval of numbers that satisfy the relation.
func (l Literal) span(k Kind, rel Rel, now time.Time) (lo, hi float64, err error) {
	lo, hi = math.Inf(-1), math.Inf(1)
	if !l.Range {
		b, err := parseBound(k, l.Text, now)
		if err != nil {
			return 0, 0, err
		}
		lo, hi = b.relate(k, rel)
		return lo, hi, nil
	}
	if rel != Is {
		return 0, 0, fmt.Errorf("a range goes with a colon, not with %s|write field:from..to", rel)
	}
	var from, to bound
	if l.Text != "" {
		if from, err = parseBound(k, l.Text, now); err != nil {
			return 0, 0, err
		}
	}
	if l.To != "" {
		if to, err = parseBound(k, l.To, now); err != nil {
			return 0, 0, err
		}
	}
	switch {
	case from.age && to.age: // 7d..30d: the larger age is the earlier moment
		lo, hi = min(from.lo, to.lo), max(from.hi, to.hi)
	case from.age && l.To == "": // 30d.. is 30 days ago or longer
		hi = from.hi
	case to.age && l.Text == "":
		lo = to.lo
	default:
		if l.Text != "" {
			lo = from.lo
		}
		if l.To != "" {
			hi = to.hi
		}
	}
	if lo > hi && !from.moving && !to.moving { // a moving end may pass the other one: then nothing is between
		return 0, 0, fmt.Errorf("the range %s..%s is upside down|write the lower end first", l.Text, l.To)
	}
	return lo, hi, nil
}

// bound is what one end names: the closed interval of a year, a day, a moment or a number.
type bound struct {
	lo, hi float64
	age    bool // an unsigned span: smaller is later
	moving bool // depends on when it is asked
}

func (b bound) relate(k Kind, rel Rel) (lo, hi float64) {
	lo, hi = math.Inf(-1), math.Inf(1)
	if b.age {
		switch rel { // an age turns the relation round
		case Lt:
			rel = Gt
		case Le, Is:
			rel = Ge
		case Gt:
			rel = Lt
		case Ge:
			rel = Le
		}
	}
	switch rel {
	case Is, Eq:
		return b.lo, b.hi
	case Lt:
		hi = below(k, b.lo)
	case Le:
		hi = b.hi
	case Gt:
		lo = above(k, b.hi)
	case Ge:
		lo = b.lo
	}
	return lo, hi
}

func below(k Kind, n float64) float64 {
	if k == Number {
		return math.Nextafter(n, math.Inf(-1))
	}
	return n - 1
}

func above(k Kind, n float64) float64 {
	if k == Number {
		return math.Nextafter(n, math.Inf(1))
	}
	return n + 1
}

func parseBound(k Kind, text string, now time.Time) (bound, error) {
	if k == Number {
		n, err := parseNumber(text)
		return bound{lo: n, hi: n}, err
	}
	if start, end, ok := parseCalendar(text, now); ok {
		moving := text[0] > '9'
		if k == Date {
			first := days(start)
			return bound{lo: first, hi: max(first, days(end.Add(-time.Microsecond))), moving: moving}, nil
		}
		return bound{lo: micros(start), hi: max(micros(start), micros(end)-1), moving: moving}, nil
	}
	at, age, err := parseSpan(text, now)
	if err != nil {
		return bound{}, err
	}
	n := micros(at)
	if k == Date {
		n = days(at)
	}
	return bound{lo: n, hi: n, age: age, moving: true}, nil
}

func parseNumber(text string) (float64, error) {
	digits, factor := text, 1.0
	if n := len(text); n > 1 {
		switch text[n-1] {
		case 'k', 'K':
			digits, factor = text[:n-1], 1e3
		case 'M', 'm':
			digits, factor = text[:n-1], 1e6
		case '%':
			digits, factor = text[:n-1], 0.01
		}
	}
	for i := range len(digits) {
		if c := digits[i]; (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' {
			digits = "" // ParseFloat would also take inf, nan and hex
			break
		}
	}
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || math.IsInf(n*factor, 0) {
		return 0, fmt.Errorf("%q is not a number|write 1000, 12.5, 1.5k or 2M", text)
	}
	return n*factor + 0, nil
}

// parseCalendar reads a named stretch of time, in UTC: a year, month, day, minute or second, or today.
func parseCalendar(text string, now time.Time) (start, end time.Time, ok bool) {
	now = now.UTC()
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	switch strings.ToLower(text) {
	case "now":
		return now, now, true
	case "today":
		return day, day.AddDate(0, 0, 1), true
	case "yesterday":
		return day.AddDate(0, 0, -1), day, true
	case "tomorrow":
		return day.AddDate(0, 0, 1), day.AddDate(0, 0, 2), true
	}
	if len(text) < 4 || len(text) > 40 {
		return start, end, false
	}
	for _, f := range []struct {
		layout string
		y, m   int
		d      int
		t      time.Duration
	}{
		{layout: "2006", y: 1}, {layout: "2006-01", m: 1}, {layout: time.DateOnly, d: 1},
		{layout: "2006-01-02T15:04", t: time.Minute}, {layout: "2006-01-02T15:04Z07:00", t: time.Minute},
		{layout: "2006-01-02T15:04:05", t: time.Second}, {layout: time.RFC3339, t: time.Second},
	} {
		if t, err := time.Parse(f.layout, text); err == nil && t.Year() >= 1 {
			t = t.UTC()
			return t, t.AddDate(f.y, f.m, f.d).Add(f.t), true
		}
	}
	return start, end, false
}

// maxSpanYears bounds spans so that no arithmetic on durations (292 years) or calendars overflows.
const maxSpanYears = 250

func parseSpan(text string, now time.Time) (at time.Time, age bool, err error) {
	wrong := fmt.Errorf("%q is not a time|write 30d, 12h, 2w, 6mo, 1y, 2026-01-31, 2026 or today", text)
	digits := strings.TrimLeft(text, "+-")
	unit := strings.TrimLeft(digits, "0123456789")
	n, convErr := strconv.Atoi(digits[:len(digits)-len(unit)])
	if convErr != nil || len(text)-len(digits) > 1 {
		return at, false, wrong
	}
	unit = strings.ToLower(unit)
	perYear := map[string]int{"min": 525_600, "h": 8_760, "d": 365, "w": 52, "mo": 12, "y": 1}[unit]
	switch {
	case unit == "m":
		return at, false, fmt.Errorf("%q may be minutes or months|write min or mo", text)
	case perYear == 0:
		return at, false, wrong
	case n/perYear > maxSpanYears:
		return at, false, fmt.Errorf("%q is more than %d years|write a date", text, maxSpanYears)
	}
	age = len(text) == len(digits)
	if !strings.HasPrefix(text, "+") {
		n = -n
	}
	now = now.UTC()
	switch unit {
	case "min":
		at = now.Add(time.Duration(n) * time.Minute)
	case "h":
		at = now.Add(time.Duration(n) * time.Hour)
	case "d":
		at = now.AddDate(0, 0, n)
	case "w":
		at = now.AddDate(0, 0, 7*n)
	case "mo":
		at = now.AddDate(0, n, 0)
	case "y":
		at = now.AddDate(n, 0, 0)
	}
	return at, age, nil
}
