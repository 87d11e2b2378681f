package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Mistake is one thing that is wrong with what a person wrote: where, and how to mend it. It is Invalid.
type Mistake struct {
	File         string `json:"file,omitempty"` // as people call it, "Roles!C7" for a cell; empty where there is none
	Path         string `json:"path"`           // the field, as forms and JSON name it: "roles[2].ratio", "levels.2.name"
	Line, Column int    // of the text, from 1; 0 where there are none
	Text         string `json:"text"`
	Err          error  `json:"-"` // what a caller may look for with errors.As; nil: nothing besides Invalid
}

// Error names the place in a text or the field, then the mend.
func (m Mistake) Error() string {
	var b strings.Builder
	if m.File != "" {
		b.WriteString(m.File + ":")
	}
	switch {
	case m.Line > 0 && m.Column > 0:
		fmt.Fprintf(&b, "%d:%d:", m.Line, m.Column)
	case m.Line > 0:
		fmt.Fprintf(&b, "line %d:", m.Line)
	}
	if b.Len() > 0 {
		b.WriteString(" ")
	}
	if m.Path != "" {
		b.WriteString(m.Path + ": ")
	}
	b.WriteString(m.Text)
	return b.String()
}

// Unwrap makes it Invalid.
func (m Mistake) Unwrap() []error { return []error{Invalid, m.Err} }

// Wrong is a mistake in one field.
func Wrong(path, format string, args ...any) error {
	return Mistake{Path: path, Text: fmt.Sprintf(format, args...)}
}

// Mistakes are all that is wrong with one thing, so that a form can show every one at its field. They are Invalid.
type Mistakes []Mistake

// Error gives a line a mistake.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i := range m {
		lines[i] = m[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap makes them Invalid.
func (m Mistakes) Unwrap() []error {
	out := []error{Invalid}
	for _, x := range m {
		if x.Err != nil {
			out = append(out, x.Err)
		}
	}
	return out
}

// At gives the text of the first mistake at a path or below it, for the field of a form.
func (m Mistakes) At(path string) string {
	for _, x := range m {
		if x.Path == path || strings.HasPrefix(x.Path, path+".") || strings.HasPrefix(x.Path, path+"[") {
			return x.Text
		}
	}
	return ""
}

// Add puts what is wrong with a field among them; nothing is wrong with nil.
func (m *Mistakes) Add(path string, err error) {
	if err != nil {
		*m = append(*m, Mistake{Path: path, Text: strings.TrimSuffix(err.Error(), ": "+Invalid.Error()), Err: err})
	}
}

// All is every mistake as one error, nil for none.
func (m Mistakes) All() error {
	if len(m) == 0 {
		return nil
	}
	return m
}

// MistakesOf finds the mistakes that an error consists of; nil when it names none.
func MistakesOf(err error) Mistakes {
	if many := (Mistakes)(nil); errors.As(err, &many) {
		return many
	}
	if one := (Mistake{}); errors.As(err, &one) {
		return Mistakes{one}
	}
	return nil
}

// Fields are the fields that an error complains of, each with its sentence; nil when it names none.
func Fields(err error) map[string]string {
	found := MistakesOf(err)
	if len(found) == 0 {
		return nil
	}
	out := map[string]string{}
	for _, m := range found {
		if _, ok := out[m.Path]; !ok {
			out[m.Path] = m.Text
		}
	}
	return out
}
