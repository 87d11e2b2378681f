package plan

import (
	"math"
	"strconv"
	"strings"
)

// number writes a figure as people read it: 1,338 and 0.75, at most four decimals.
func number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "unknown"
	case math.IsInf(v, 0):
		return "without end"
	}
	s := strconv.FormatFloat(math.Abs(v), 'f', 4, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	whole, frac, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if frac != "" {
		whole += "." + frac
	}
	if v < 0 && s != "0" {
		return "−" + whole
	}
	return whole
}

func whole(n int) string { return number(float64(n)) }

// money writes an amount to the cent.
func money(v float64) string {
	s := strconv.FormatFloat(math.Abs(v), 'f', 2, 64)
	w, f, _ := strings.Cut(s, ".")
	for i := len(w) - 3; i > 0; i -= 3 {
		w = w[:i] + "," + w[i:]
	}
	if v < 0 {
		w = "−" + w
	}
	return w + "." + f
}

// percent writes a share: 0.035 is 3.5 %.
func percent(v float64) string { return number(math.Round(v*1e6)/1e4) + " %" }
