package program

import "pons/fault"

// wrongIn says what is wrong with one field; err is not nil.
func wrongIn(field string, err error) error {
	var m fault.Mistakes
	m.Add(field, err)
	return m
}
