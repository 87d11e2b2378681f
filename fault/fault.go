// Package fault holds the kinds of error that a caller may branch on. It decides nothing else: what went
// wrong is said by the text that wraps one of these with %w.
package fault

import "errors"

// The kinds. Wrap one: fmt.Errorf("device %s: %w", id, fault.NotFound).
var (
	NotFound = errors.New("not found")
	Invalid  = errors.New("invalid")
	Conflict = errors.New("conflict")
	Denied   = errors.New("denied")
	Busy     = errors.New("busy")
)
