package product

import (
	"fmt"
	"slices"
	"strings"
)

// Mistake is a line of a catalog's text that cannot be taken.
type Mistake struct {
	Text int    // which text, from 1; the first three are those that Pons brings, the fourth is the hospital's own
	Line int    // from 1
	What string // what is wrong, and what to write instead
}

// Error names the line; the text too, where it is one that Pons brings.
func (m Mistake) Error() string {
	if m.Text == own+1 {
		return fmt.Sprintf("line %d: %s", m.Line, m.What)
	}
	return fmt.Sprintf("text %d line %d: %s", m.Text, m.Line, m.What)
}

// Mistakes are those of a catalog's texts, in the order of their lines. There is at least one.
type Mistakes []Mistake

// Error says them all, one a line.
func (m Mistakes) Error() string {
	said := make([]string, len(m))
	for i := range m {
		said[i] = m[i].Error()
	}
	return strings.Join(said, "\n")
}

// own is the index of the first text that is not one that Pons brings.
const own = 3

// mostMistakes are told at once; who mends them meets the rest.
const mostMistakes = 20

func mistakes(all []Mistake) error {
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b Mistake) int {
		if a.Text != b.Text {
			return a.Text - b.Text
		}
		return a.Line - b.Line
	})
	return Mistakes(all[:min(len(all), mostMistakes)])
}
