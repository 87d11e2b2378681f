package web

import (
	"errors"
	"mime"
	"strings"
	"unicode"

	"pons/plan"
)

// planMistakes are the mistakes of a plan in an error; false when it is another error or none.
func planMistakes(err error) (plan.Mistakes, bool) {
	var m plan.Mistakes
	ok := errors.As(err, &m)
	return m, ok
}

// attachment names a file that a browser keeps.
func attachment(name, ext string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == ' ' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, name)
	return mime.FormatMediaType("attachment", map[string]string{"filename": strings.TrimSpace(name) + "." + ext})
}
