package program

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
)

// Baseline is a person's word that this was the inventory at a moment: what every later plan is measured against. It
// is written once, locked, and never changed; a later one takes its place.
type Baseline struct {
	AsOf       time.Time `json:"as_of"`
	Revision   int64     `json:"revision"` // of the database
	Statement  string    `json:"statement"`
	SignedBy   string    `json:"signed_by"` // as the signer names themselves
	SignedAs   string    `json:"signed_as"` // their function
	Devices    int       `json:"devices"`
	Reconciled int       `json:"reconciled"`
	Goal       float64   `json:"goal"` // share of reconciled devices that was asked for, 0..1
	// Why says why it was signed below the goal.
	Why    string      `json:"why,omitempty"`
	Counts []Tally     `json:"counts"`
	Open   []OpenQueue `json:"open,omitempty"`
	Hash   string      `json:"hash"` // SHA-256 of Content, hexadecimal
}

// Tally is how many devices have a value in a field; the empty name is for those of which it is not known.
type Tally struct {
	Field   string `json:"field"` // category, class, site
	Name    string `json:"name"`
	Devices int    `json:"devices"`
}

// OpenQueue is what was left open when it was signed.
type OpenQueue struct {
	Queue   string `json:"queue"`
	Devices int    `json:"devices"`
}

// BaselineGoal is the share of reconciled devices that a baseline should have (domain/09 §9.4: at least 80 %;
// assumption).
const BaselineGoal = .8

// Share is the share of reconciled devices, 0..1; false where there is no device.
func (b Baseline) Share() (float64, bool) {
	if b.Devices == 0 {
		return 0, false
	}
	return float64(b.Reconciled) / float64(b.Devices), true
}

// Content is the text that is signed: every field on a line of its own, in one order, so that the hash can be had with
// any tool. Names are quoted, so that none of them can pass for a line.
func (b Baseline) Content() string {
	var w strings.Builder
	line := func(parts ...any) {
		for i, p := range parts {
			if i > 0 {
				w.WriteByte(' ')
			}
			if s, ok := p.(string); ok && i > 0 {
				p = strconv.Quote(s)
			}
			fmt.Fprint(&w, p)
		}
		w.WriteByte('\n')
	}
	line("pons-baseline", 1)
	line("as-of", b.AsOf.UTC().Format(time.RFC3339Nano))
	line("revision", b.Revision)
	line("statement", b.Statement)
	line("signed-by", b.SignedBy)
	line("signed-as", b.SignedAs)
	line("devices", b.Devices)
	line("reconciled", b.Reconciled)
	line("goal", strconv.FormatFloat(b.Goal, 'g', -1, 64))
	line("why", b.Why)
	counts, open := slices.Clone(b.Counts), slices.Clone(b.Open)
	sortBaseline(counts, open)
	for _, c := range counts {
		line("count", c.Field, c.Name, c.Devices)
	}
	for _, q := range open {
		line("open", q.Queue, q.Devices)
	}
	return w.String()
}

func sortBaseline(counts []Tally, open []OpenQueue) {
	slices.SortFunc(counts, func(a, b Tally) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), b.Devices-a.Devices, cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(open, func(a, b OpenQueue) int { return cmp.Compare(a.Queue, b.Queue) })
}

// Holds says whether the content is still what was signed.
func (b Baseline) Holds() bool { return b.Hash == b.Sum() }

// Sum is the SHA-256 of the content, hexadecimal.
func (b Baseline) Sum() string {
	sum := sha256.Sum256([]byte(b.Content()))
	return hex.EncodeToString(sum[:])
}

func (p *Program) baselines() Shelf[Baseline] {
	return Shelf[Baseline]{ledger.NewBook("program.baseline", checkBaseline), p}
}

// Baselines gives the signed baselines, the newest first.
func (p *Program) Baselines(ctx context.Context) ([]ledger.Entry[Baseline], error) {
	list, err := p.baselines().List(ctx)
	slices.SortStableFunc(list, func(a, b ledger.Entry[Baseline]) int { return b.Body.AsOf.Compare(a.Body.AsOf) })
	return list, err
}

// Baseline gives one. It wraps fault.NotFound.
func (p *Program) Baseline(ctx context.Context, id string) (ledger.Entry[Baseline], error) {
	return p.baselines().Get(ctx, id)
}

// Sign keeps a baseline, locked. Its hash is made here. Below the goal it wants a reason.
func (p *Program) Sign(ctx context.Context, b Baseline, actor string) (ledger.Entry[Baseline], error) {
	if b.Goal == 0 {
		b.Goal = BaselineGoal
	}
	b.AsOf = b.AsOf.UTC().Truncate(time.Microsecond)
	if err := tidyBaseline(&b); err != nil {
		return ledger.Entry[Baseline]{}, err
	}
	b.Hash = b.Sum()
	var e ledger.Entry[Baseline]
	_, err := p.db.Update(ctx, func(tx *sqldb.Tx) error {
		by := ledger.By{Actor: actor, At: p.now(), Why: "signed"}
		book := p.baselines().Book
		added, err := book.Add(tx, b, by)
		if err != nil {
			return err
		}
		e, err = book.Lock(tx, added.ID, true, by)
		return err
	})
	return e, err
}

func tidyBaseline(b *Baseline) error {
	var wrong fault.Mistakes
	wrong.Add("statement", tidyText("the statement", &b.Statement, true))
	wrong.Add("signed_by", tidyName("who signs", &b.SignedBy, true))
	wrong.Add("signed_as", tidyName("the signer's function", &b.SignedAs, true))
	wrong.Add("why", tidyText("the reason", &b.Why, false))
	share, known := b.Share()
	switch {
	case !known:
		wrong.Add("devices", fmt.Errorf("there is no device to sign for: import an inventory first: %w", fault.Invalid))
	case b.Reconciled < 0 || b.Reconciled > b.Devices:
		wrong.Add("reconciled", fmt.Errorf("%d of %d devices cannot be reconciled: %w", b.Reconciled, b.Devices, fault.Invalid))
	case share < b.Goal && b.Why == "":
		wrong.Add("why", fmt.Errorf("%.0f %% of the devices are reconciled, less than the %.0f %% asked for: say why it is signed all the same: %w", share*100, b.Goal*100, fault.Invalid))
	}
	for _, field := range []string{"category", "class", "site"} {
		sum := 0
		for _, c := range b.Counts {
			if c.Field == field {
				sum += c.Devices
			}
		}
		if known && sum != b.Devices {
			wrong.Add("counts", fmt.Errorf("the counts by %s make %d devices and not %d: %w", field, sum, b.Devices, fault.Invalid))
		}
	}
	if b.AsOf.IsZero() {
		wrong.Add("as_of", fmt.Errorf("the moment is missing: %w", fault.Invalid))
	}
	sortBaseline(b.Counts, b.Open)
	return wrong.All()
}

func checkBaseline(b *Baseline) error {
	if err := tidyBaseline(b); err != nil {
		return err
	}
	if !b.Holds() {
		return fmt.Errorf("the hash is not that of the content: %w", fault.Invalid)
	}
	return nil
}

// Drift is how a count moved since a baseline.
type Drift struct {
	Tally
	Now  int
	Gone bool // named then, and not now
	New  bool // named now, and not then
}

// Change is what a count is more or less than then.
func (d Drift) Change() int { return d.Now - d.Devices }

// Since compares the counts of a baseline with counts of now: those that moved most first, and how many stayed.
func (b Baseline) Since(now []Tally) (moved []Drift, same int) {
	type place struct{ field, name string }
	then := map[place]int{}
	for _, c := range b.Counts {
		then[place{c.Field, c.Name}] = c.Devices
	}
	for _, c := range now {
		at := place{c.Field, c.Name}
		was, known := then[at]
		delete(then, at)
		if known && was == c.Devices {
			same++
			continue
		}
		moved = append(moved, Drift{Tally: Tally{c.Field, c.Name, was}, Now: c.Devices, New: !known})
	}
	for at, was := range then {
		if was == 0 {
			same++
			continue
		}
		moved = append(moved, Drift{Tally: Tally{at.field, at.name, was}, Gone: true})
	}
	slices.SortFunc(moved, func(a, b Drift) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), abs(b.Change())-abs(a.Change()), cmp.Compare(a.Name, b.Name))
	})
	return moved, same
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// Validation is how one queue of the inventory is worked off at one site: a line of the checklist before a baseline
// is signed.
type Validation struct {
	Site   string          `json:"site"` // empty: devices whose site is not known
	Queue  string          `json:"queue"`
	Owner  string          `json:"owner,omitempty"`
	Due    Day             `json:"due,omitempty"`
	State  ValidationState `json:"state"`
	Reason string          `json:"reason,omitempty"` // why what is left is accepted
	Left   int             `json:"left"`             // devices in the queue when it was set done or accepted
}

// ValidationState is how far a line is.
type ValidationState string

// The states.
const (
	ValidationOpen     ValidationState = "open"
	ValidationDone     ValidationState = "done"
	ValidationAccepted ValidationState = "accepted"
)

// ValidationStates lists them in order.
func ValidationStates() []ValidationState {
	return []ValidationState{ValidationOpen, ValidationDone, ValidationAccepted}
}

// ID names the line: its queue and its site.
func (v Validation) ID() string { return v.Queue + "@" + v.Site }

// Again says that more devices are in the queue now than when it was called done or accepted.
func (v Validation) Again(now int) bool { return v.State != ValidationOpen && now > v.Left }

func (p *Program) validations() Shelf[Validation] {
	return Shelf[Validation]{ledger.NewBook("program.validation", checkValidation), p}
}

// Validations gives the lines of the checklist that somebody has touched, by ID. All others are open.
func (p *Program) Validations(ctx context.Context) (map[string]ledger.Entry[Validation], error) {
	list, err := p.validations().List(ctx)
	out := map[string]ledger.Entry[Validation]{}
	for _, e := range list {
		out[e.ID] = e
	}
	return out, err
}

// Validate writes a line of the checklist.
func (p *Program) Validate(ctx context.Context, version int64, v Validation, actor, why string) (ledger.Entry[Validation], error) {
	return p.validations().Put(ctx, v.ID(), version, v, actor, why)
}

// RestoreValidation makes an earlier state of a line the newest; version 0 makes it untouched again.
func (p *Program) RestoreValidation(ctx context.Context, id string, version int64, actor string) error {
	if version == 0 {
		_, err := p.validations().Remove(ctx, id, actor, "undone")
		if errors.Is(err, fault.NotFound) {
			return nil
		}
		return err
	}
	_, err := p.validations().Restore(ctx, id, version, actor, "undone")
	return err
}

func checkValidation(v *Validation) error {
	var wrong fault.Mistakes
	wrong.Add("site", tidyName("the site", &v.Site, false))
	wrong.Add("queue", tidyName("the queue", &v.Queue, true))
	wrong.Add("owner", tidyName("the owner", &v.Owner, false))
	wrong.Add("reason", tidyText("the reason", &v.Reason, false))
	wrong.Add("due", checkDay("the due day", v.Due, false))
	switch {
	case v.State == "":
		v.State = ValidationOpen
	case !slices.Contains(ValidationStates(), v.State):
		wrong.Add("state", fmt.Errorf("the state is %q; it is open, done or accepted: %w", v.State, fault.Invalid))
	}
	if v.State == ValidationAccepted && v.Reason == "" {
		wrong.Add("reason", fmt.Errorf("what is left may only be accepted with a reason: %w", fault.Invalid))
	}
	if v.State == ValidationDone && v.Left > 0 {
		wrong.Add("state", fmt.Errorf("%d devices are still in the queue: decide them, or accept them with a reason: %w", v.Left, fault.Invalid))
	}
	if v.Left < 0 {
		wrong.Add("left", fmt.Errorf("%d devices cannot be left: %w", v.Left, fault.Invalid))
	}
	return wrong.All()
}
