package report

import (
	"math"
	"strconv"
	"strings"
)

// unknown stands where a number is not known: never a zero, never a blank.
const unknown = "unknown"

func known(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// figure writes a number with at most some decimals and commas between thousands: 1,338 and 12.25.
func figure(v float64, decimals int) string {
	if !known(v) {
		return unknown
	}
	s := strconv.FormatFloat(math.Abs(v), 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	whole, part, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if part != "" {
		whole += "." + part
	}
	if v < 0 && s != "0" {
		return "−" + whole
	}
	return whole
}

func fte(v float64) string { return figure(v, 2) }

// gap writes what is missing with its sign: +3.25, −1, 0.
func gap(v float64) string {
	if known(v) && v > 0.004 {
		return "+" + fte(v)
	}
	return fte(v)
}

// percent writes a share: 0.035 is 3.5 %.
func percent(v float64) string {
	if !known(v) {
		return unknown
	}
	return figure(100*v, 1) + " %"
}

// chance writes a probability without pretending to know it to the last draw.
func chance(v float64) string {
	switch {
	case !known(v):
		return unknown
	case v < 0.01:
		return "under 1 %"
	case v > 0.99:
		return "over 99 %"
	}
	return figure(100*v, 0) + " %"
}

// amount writes money in three or four digits: 845 k, 1.94 M.
func amount(v float64) string {
	switch a := math.Abs(v); {
	case !known(v):
		return unknown
	case a >= 999_500_000:
		return figure(v/1e9, 2) + " bn"
	case a >= 99_950_000:
		return figure(v/1e6, 0) + " M"
	case a >= 999_500:
		return figure(v/1e6, 2) + " M"
	case a >= 9_995:
		return figure(v/1e3, 0) + " k"
	}
	return figure(v, 0)
}

func (b *Board) cash(v float64) string {
	if !known(v) {
		return unknown
	}
	return b.Plan.Currency + " " + amount(v)
}

// plural writes "1 role", "2 roles".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return figure(float64(n), 0) + " " + many
}
