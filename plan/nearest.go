package plan

import "strings"

// nearest is the word of a list that was probably meant, "" when none is near.
func nearest(word string, list []string) string {
	best, at := "", 3
	for _, s := range list {
		if d := distance(fold(word), fold(s)); d < at && d < max(2, len([]rune(s))/2) {
			best, at = s, d
		}
	}
	if best == "" {
		for _, s := range list {
			if a, b := fold(word), fold(s); len(a) > 2 && (strings.Contains(b, a) || strings.Contains(a, b)) {
				return s
			}
		}
	}
	return best
}

// distance is Levenshtein's.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			cost := diagonal
			if x[i] != y[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}
