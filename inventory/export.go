package inventory

import "strings"

// Inert makes text safe to open in a spreadsheet: what would be read as a formula gets an apostrophe before it
// (OWASP, CSV injection). Plain negative numbers stay as they are.
func Inert(s string) string {
	if s == "" || !strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return s
	}
	if s[0] == '-' && strings.Trim(s[1:], "0123456789.") == "" {
		return s
	}
	return "'" + s
}
