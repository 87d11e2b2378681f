package plan

import (
	"context"
	"fmt"
	"strings"
	"time"

	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
)

// Scenario is a plan under a name, kept in versions: every saved state stays, with who and when.
type Scenario struct {
	Name  string  `json:"name"`
	About string  `json:"about,omitempty"`
	Plan  Plan    `json:"plan"`
	From  *Origin `json:"from,omitempty"`
}

// Origin is the scenario that one was copied from.
type Origin struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
	Name    string `json:"name"`
}

// Scenarios keeps scenarios in the database. It is safe for many goroutines.
type Scenarios struct {
	db   *sqldb.DB
	now  func() time.Time
	book ledger.Book[Scenario]
}

// NewScenarios makes the store of a database whose schemas hold the audit log and the ledger.
func NewScenarios(db *sqldb.DB, now func() time.Time) *Scenarios {
	return &Scenarios{db: db, now: now, book: ledger.NewBook("plan.scenario", checkScenario)}
}

func checkScenario(s *Scenario) error {
	s.Name, s.About = strings.Join(strings.Fields(s.Name), " "), strings.TrimSpace(s.About)
	if s.Name == "" || len([]rune(s.Name)) > 100 {
		return fault.Mistakes{{Path: "name", Text: "a scenario needs a name of at most 100 letters"}}
	}
	_, err := s.Plan.Check()
	return err
}

// List gives the scenarios in the order in which they were made.
func (s *Scenarios) List(tx *sqldb.Tx) ([]ledger.Entry[Scenario], error) { return s.book.List(tx) }

// Get gives a scenario as it is now. It wraps fault.NotFound.
func (s *Scenarios) Get(tx *sqldb.Tx, id string) (ledger.Entry[Scenario], error) {
	e, err := s.book.Get(tx, id)
	if err == nil && e.Removed {
		err = fmt.Errorf("the scenario %s was removed; its versions are kept: %w", e.Body.Name, fault.NotFound)
	}
	return e, err
}

// Version gives a scenario as it was.
func (s *Scenarios) Version(tx *sqldb.Tx, id string, version int64) (ledger.Entry[Scenario], error) {
	return s.book.Version(tx, id, version)
}

// History gives all versions, newest first.
func (s *Scenarios) History(tx *sqldb.Tx, id string) ([]ledger.Entry[Scenario], error) {
	return s.book.History(tx, id)
}

// InForce gives the scenario that people go by: of the locked ones the one saved last, else of all. It wraps
// fault.NotFound when there is none.
func (s *Scenarios) InForce(tx *sqldb.Tx) (ledger.Entry[Scenario], error) {
	list, err := s.book.List(tx)
	if err != nil {
		return ledger.Entry[Scenario]{}, err
	}
	if len(list) == 0 {
		return ledger.Entry[Scenario]{}, fmt.Errorf("there is no scenario yet: %w", fault.NotFound)
	}
	best := list[0]
	for _, e := range list[1:] {
		if e.Locked && !best.Locked || e.Locked == best.Locked && e.At.After(best.At) {
			best = e
		}
	}
	return best, nil
}

func (s *Scenarios) update(ctx context.Context, actor, why string, f func(*sqldb.Tx, ledger.By) (ledger.Entry[Scenario], error)) (e ledger.Entry[Scenario], err error) {
	_, err = s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
		e, err = f(tx, ledger.By{Actor: actor, At: s.now(), Why: why})
		return err
	})
	return e, err
}

// unique refuses a name that another scenario has: people tell scenarios apart by it.
func (s *Scenarios) unique(tx *sqldb.Tx, id, name string) error {
	list, err := s.book.List(tx)
	if err != nil {
		return err
	}
	for _, e := range list {
		if e.ID != id && fold(e.Body.Name) == fold(name) {
			return fault.Mistakes{{Path: "name", Text: fmt.Sprintf("there is a scenario called %s already", e.Body.Name)}}
		}
	}
	return nil
}

// Add keeps a new scenario. Mistakes of its plan come back as Mistakes, and nothing is kept then.
func (s *Scenarios) Add(ctx context.Context, actor, why string, body Scenario) (ledger.Entry[Scenario], error) {
	return s.update(ctx, actor, why, func(tx *sqldb.Tx, by ledger.By) (ledger.Entry[Scenario], error) {
		if err := s.unique(tx, "", body.Name); err != nil {
			return ledger.Entry[Scenario]{}, err
		}
		return s.book.Add(tx, body, by)
	})
}

// Save keeps the next version of a scenario. version is the one that was looked at: fault.Conflict when somebody saved
// meanwhile, or when it is locked.
func (s *Scenarios) Save(ctx context.Context, actor, why, id string, version int64, body Scenario) (ledger.Entry[Scenario], error) {
	return s.update(ctx, actor, why, func(tx *sqldb.Tx, by ledger.By) (ledger.Entry[Scenario], error) {
		if _, err := s.Get(tx, id); err != nil {
			return ledger.Entry[Scenario]{}, err
		}
		if err := s.unique(tx, id, body.Name); err != nil {
			return ledger.Entry[Scenario]{}, err
		}
		return s.book.Put(tx, id, version, body, by)
	})
}

// Copy makes a scenario out of another's newest state.
func (s *Scenarios) Copy(ctx context.Context, actor, id, name string) (ledger.Entry[Scenario], error) {
	return s.update(ctx, actor, "", func(tx *sqldb.Tx, by ledger.By) (ledger.Entry[Scenario], error) {
		of, err := s.Get(tx, id)
		if err != nil {
			return of, err
		}
		if err := s.unique(tx, "", name); err != nil {
			return of, err
		}
		body := of.Body
		body.Name, body.From = name, &Origin{ID: of.ID, Version: of.Version, Name: of.Body.Name}
		return s.book.Add(tx, body, by)
	})
}

// Lock keeps a scenario as it is, or lets it go.
func (s *Scenarios) Lock(ctx context.Context, actor, id string, locked bool) (ledger.Entry[Scenario], error) {
	return s.update(ctx, actor, "", func(tx *sqldb.Tx, by ledger.By) (ledger.Entry[Scenario], error) {
		if e, err := s.Get(tx, id); err != nil {
			return e, err
		}
		return s.book.Lock(tx, id, locked, by)
	})
}

// Remove takes a scenario off the list; Restore brings it back.
func (s *Scenarios) Remove(ctx context.Context, actor, id string) (ledger.Entry[Scenario], error) {
	return s.update(ctx, actor, "", func(tx *sqldb.Tx, by ledger.By) (ledger.Entry[Scenario], error) {
		return s.book.Remove(tx, id, by)
	})
}

// Restore makes an earlier version the newest again.
func (s *Scenarios) Restore(ctx context.Context, actor, id string, version int64) (ledger.Entry[Scenario], error) {
	return s.update(ctx, actor, fmt.Sprintf("version %d again", version), func(tx *sqldb.Tx, by ledger.By) (ledger.Entry[Scenario], error) {
		return s.book.Restore(tx, id, version, by)
	})
}
