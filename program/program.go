// Package program carries the resource program from the first interview to the last milestone: who was asked and what
// they said, what is to be reached and how it is measured, how mature the work is and shall be, which devices get which
// support, who decides, the road there, and who is told what when. It decides what these entries must say, what they
// come to (themes, scores, critical path, gaps), and nothing about devices, people on duty or money: those it takes as
// values from the packages that own them, and the faces fetch them.
package program

import (
	"time"

	"pons/ledger"
	"pons/sqldb"
)

// Program is the program of one hospital. It is safe for many goroutines.
type Program struct {
	db  *sqldb.DB
	now func() time.Time
}

// New makes the program of a database. The audit log and the ledger must be in its schemas.
func New(db *sqldb.DB, now func() time.Time) *Program { return &Program{db: db, now: now} }

// by is who writes now.
func (p *Program) by(actor, why string) ledger.By {
	return ledger.By{Actor: actor, At: p.now(), Why: why}
}
