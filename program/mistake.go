package program

import (
	"errors"
	"strings"

	"pons/fault"
)

// Mistake is what is wrong with one field of what was entered.
type Mistake struct {
	Field string // as forms and JSON name it: "days", "levels.2.name"
	Err   error
}

func (m *Mistake) Error() string { return m.Err.Error() }

// Unwrap gives the kind of fault.
func (m *Mistake) Unwrap() error { return m.Err }

// mistakes are all that is wrong with an entry, so that a form can show every one at its field.
type mistakes []error

func (m mistakes) Error() string {
	texts := make([]string, len(m))
	for i, err := range m {
		texts[i] = strings.TrimSuffix(err.Error(), ": "+fault.Invalid.Error())
	}
	return strings.Join(texts, "; ") + ": " + fault.Invalid.Error()
}

func (m mistakes) Unwrap() []error { return m }

// at adds what is wrong with a field; nothing is wrong with nil.
func (m *mistakes) at(field string, err error) {
	if err != nil {
		*m = append(*m, &Mistake{field, err})
	}
}

// all is every mistake as one error, nil for none.
func (m mistakes) all() error {
	if len(m) == 0 {
		return nil
	}
	return m
}

// Mistakes are the fields that an error complains of, each with its sentence; nil when it names none.
func Mistakes(err error) map[string]string {
	var out map[string]string
	var walk func(error)
	walk = func(err error) {
		var one *Mistake
		switch e := err.(type) {
		case interface{ Unwrap() []error }:
			for _, x := range e.Unwrap() {
				walk(x)
			}
		case *Mistake:
			if out == nil {
				out = map[string]string{}
			}
			out[e.Field] = strings.TrimSuffix(e.Error(), ": "+fault.Invalid.Error())
		default:
			if errors.As(err, &one) {
				walk(one)
			}
		}
	}
	if err != nil {
		walk(err)
	}
	return out
}
