// Package all lists the formats of files that intake reads, in the order in which they are tried. It decides nothing
// else.
package all

import (
	"pons/intake"
	"pons/intake/csv"
	"pons/intake/json"
	"pons/intake/xlsx"
)

// Formats are all formats of tables. Text comes last: nearly anything could be text.
func Formats() []intake.Format {
	return []intake.Format{xlsx.Format(), json.Format(), csv.Format()}
}
