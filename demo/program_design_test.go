package demo

import (
	"testing"
	"time"

	"pons/audit"
	"pons/ledger"
	"pons/program"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

func TestDesignStandsInTheMiddleOfItsRoad(t *testing.T) {
	at := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	db := sqldbtest.Open(t, []sqldb.Schema{audit.Schema(), ledger.Schema()})
	p := program.New(db, func() time.Time { return at })
	if err := Design(t.Context(), p, at); err != nil {
		t.Fatal(err)
	}
	err := db.View(t.Context(), func(tx *sqldb.Tx) error {
		r, err := p.Roadmap(tx)
		if err != nil {
			return err
		}
		today := program.DayOf(at)
		done, critical, late := 0, 0, 0
		for _, e := range r.Tasks {
			slot := r.Schedule.Slots[e.ID]
			if e.Body.Status == program.Done {
				done++
				if slot.End > today {
					t.Errorf("%s is done and ends on %s", e.ID, slot.End)
				}
			}
			if slot.Critical {
				critical++
			}
			if e.Body.Late(slot, today) {
				late++
			}
		}
		if months := r.Schedule.Days / 30; len(r.Tasks) != 26 || done < 6 || critical < 5 || late > 4 || months < 16 || months > 21 {
			t.Errorf("%d tasks, %d done, %d critical, %d late, %d months, path %v", len(r.Tasks), done, critical, late, months, r.Schedule.Path)
		}
		list, err := p.AssessmentsIn(tx)
		if err != nil || len(list) != 2 {
			t.Errorf("%d assessments, %v", len(list), err)
		}
		messages, err := p.Messages().Book.List(tx)
		out := program.Outgoing(messages, r.Milestone, today.Add(30))
		if len(messages) != 10 || len(out) < 5 || out[0].Day > today {
			t.Errorf("%d messages, %d go out in a month, first %v", len(messages), len(out), out[0].Day)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
