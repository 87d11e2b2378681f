package demo

import (
	"context"
	"fmt"
	"time"

	"pons/inventory"
	"pons/program"
	"pons/sqldb"
)

// clarifier is who wrote the first phase of the demo's program.
const clarifier = "command:demo"

// invented is said of everything in the demo's program that no inventory can tell.
const invented = "Invented for the demo."

// Clarify writes the first phase of an invented program into the books: a charter, eight interviews, objectives, KPIs
// with targets and owners, and a baseline signed of the inventory as it is. Readings of earlier days are computed from
// the counts that the inventory kept of them, and of nothing else: what the demo cannot know stays not measured.
// at is the moment at which the baseline is signed, UTC.
func Clarify(ctx context.Context, db *sqldb.DB, p *program.Program, inv *inventory.Inventory, at time.Time) error {
	today := at.UTC().Truncate(24 * time.Hour)
	day := func(back int) program.Day { return program.DayOf(today.AddDate(0, 0, -back)) }
	charter := program.Charter{
		Title: "Connected devices: known, answered for, staffed", Sponsor: "Chief information officer", Lead: "Director of biomedical engineering",
		Why:      "Ten times the connected devices of a decade ago, the same people, and nobody who can say which device is whose. " + invented,
		Scope:    "All sites; every device that is connected or should be.",
		OutScope: "Building technology beyond its connection to the clinical network; research devices without patients.",
		Goals:    []string{"One inventory that biomed, IT and security trust", "Somebody answers for every device at every hour", "A staffing plan that the board can follow down to the device"},
		Clarify:  program.Span{Start: day(behind), End: day(behind - 90)}, Assess: program.Span{Start: day(behind - 90), End: day(behind - 180)}, Design: program.Span{Start: day(behind - 180), End: day(behind - 540)},
	}
	if _, err := p.SetCharter(ctx, 0, charter, clarifier, invented); err != nil {
		return fmt.Errorf("demo: charter: %w", err)
	}
	for _, talk := range talks(day) {
		if _, err := p.Interviews().Put(ctx, "", 0, talk, clarifier, invented); err != nil {
			return fmt.Errorf("demo: interview of %s: %w", talk.Who, err)
		}
	}
	if err := clarifyKPIs(ctx, p, day); err != nil {
		return err
	}
	for _, o := range objectives(day) {
		if _, err := p.Objectives().Put(ctx, "", 0, o, clarifier, invented); err != nil {
			return fmt.Errorf("demo: objective %s: %w", o.Title, err)
		}
	}
	if err := pastReadings(ctx, db, p, inv, today); err != nil {
		return err
	}
	return signDemo(ctx, p, inv, at)
}

// pastReadings computes the KPIs of the days of which the inventory kept a count.
func pastReadings(ctx context.Context, db *sqldb.DB, p *program.Program, inv *inventory.Inventory, today time.Time) error {
	var days []inventory.Day
	if err := db.View(ctx, func(tx *sqldb.Tx) (err error) {
		days, err = inv.Days(tx, today.AddDate(0, 0, -90))
		return err
	}); err != nil {
		return err
	}
	for _, d := range days {
		at, err := time.Parse(time.DateOnly, d.Day)
		if err != nil {
			return fmt.Errorf("demo: count of %s: %w", d.Day, err)
		}
		f := program.Figures{program.Devices: float64(d.Devices), program.Reconciled: float64(d.Reconciled), program.Conflicting: float64(d.Conflicts),
			program.Ownerless: float64(d.NoOwner), program.Unclassified: float64(d.Unclassified)}
		if _, err := p.RecordDay(ctx, at, f, clarifier); err != nil {
			return fmt.Errorf("demo: readings of %s: %w", d.Day, err)
		}
	}
	return nil
}

// clarifyKPIs sets targets and owners of some of the catalogue.
func clarifyKPIs(ctx context.Context, p *program.Program, day func(int) program.Day) error {
	for _, one := range []struct {
		id, owner string
		target    float64
		due       program.Day
	}{
		{"reconciled", "Director of biomedical engineering", 80, day(-40)},
		{"coverage-medical", "Director of biomedical engineering", 95, day(-180)},
		{"no-owner", "Director of biomedical engineering", 2, day(-60)},
		{"conflicts", "Inventory coordinator", 100, day(-40)},
		{"unknown-class", "Inventory coordinator", 5, day(-60)},
		{"unrecorded", "Network security lead", 3, day(-90)},
		{"freshness", "Network lead", 14, day(-90)},
		{"pm-current-life", "Director of biomedical engineering", 100, day(-30)},
		{"unanswered", "Chief information officer", 0, day(-120)},
		{"training-hours", "Director of biomedical engineering", 40, day(-365)},
		{"single-skills", "Director of biomedical engineering", 2, day(-365)},
		{"staffing-gap", "Chief information officer", 0, day(-365)},
		{"no-location", "Inventory coordinator", 5, day(-90)},
		{"complete-department", "Inventory coordinator", 95, day(-90)},
		{"vendor-no-ticket", "Network security lead", 0, day(-120)},
		{"mttr", "Director of biomedical engineering", 4, day(-180)},
	} {
		e, err := p.KPI(ctx, one.id)
		if err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		k := e.Body
		k.Target, k.Owner, k.Due = &one.target, one.owner, one.due
		k.Provenance = program.Provenance{Source: "target and owner invented for the demo; formula: " + e.Body.Source, Date: string(day(30)), Confidence: "assumption"}
		if _, err := p.SetKPI(ctx, one.id, 0, k, clarifier, invented); err != nil {
			return fmt.Errorf("demo: KPI %s: %w", one.id, err)
		}
	}
	return nil
}

func objectives(day func(int) program.Day) []program.Objective {
	return []program.Objective{
		{Title: "One inventory that everybody trusts", Text: "Biomed, IT and security look into the same record, and every value says who says so.", Owner: "Director of biomedical engineering", Due: day(-40),
			State: program.ObjectiveAgreed, Themes: []string{"One list to trust"}, KPIs: []string{"reconciled", "conflicts", "coverage-medical", "unknown-class"}},
		{Title: "Somebody answers for every device at three in the morning", Text: "Duties by class and site are written down, and the roster covers them.", Owner: "Chief information officer", Due: day(-120),
			State: program.ObjectiveAgreed, Themes: []string{"Who answers at night", "Who owns it"}, KPIs: []string{"unanswered", "no-owner"}},
		{Title: "Nothing unknown on the clinical network", Text: "What the network sees is in a system, or is shut out.", Owner: "Network security lead", Due: day(-90),
			State: program.ObjectiveAgreed, Themes: []string{"Unknown on the network"}, KPIs: []string{"unrecorded", "freshness"}},
		{Title: "Vendors come in with a ticket, and patches have a window", Text: "Every remote session has a ticket and an end; every ward names a time at which devices may be patched.", Owner: "Network security lead", Due: day(-120),
			State: program.ObjectiveAgreed, Themes: []string{"Vendor remote access", "Patches that wait"}, KPIs: []string{"vendor-no-ticket"}},
		{Title: "No skill that one person holds alone", Text: "Cross-training pairs for imaging, anaesthesia and clinical networks.", Owner: "Director of biomedical engineering", Due: day(-365),
			State: program.ObjectiveAgreed, Themes: []string{"Too few hands"}, KPIs: []string{"single-skills", "training-hours", "staffing-gap"}},
		{Title: "A pump is found in ten minutes", Text: "Wards stop hiding pumps.", Owner: "Nursing operations", Due: day(-180),
			State: program.ObjectiveAgreed, Themes: []string{"Searching for devices"}, KPIs: []string{"no-location", "complete-department"}},
	}
}

// signDemo signs the inventory as it is at the end of the demo's past.
func signDemo(ctx context.Context, p *program.Program, inv *inventory.Inventory, at time.Time) error {
	index, err := inventory.NewIndex(inv)
	if err != nil {
		return err
	}
	if err := index.Refresh(ctx); err != nil {
		return err
	}
	scope, err := index.List().Within(nil, nil)
	if err != nil {
		return err
	}
	fields := []string{"category", "class", "site"}
	c, err := index.Census(scope, at, fields...)
	if err != nil {
		return err
	}
	b := program.Baseline{AsOf: at, Revision: int64(c.Rev), Devices: c.Devices, Reconciled: c.Reconciled,
		Statement: "This is the inventory as of this day. What the queues still hold is known, and is worked off by the coordinators of the sites. " + invented,
		SignedBy:  "Robin Example", SignedAs: "director of biomedical engineering (invented)"}
	for _, field := range fields {
		for _, t := range c.By[field] {
			b.Counts = append(b.Counts, program.Tally{Field: field, Name: t.Name, Devices: t.Devices})
		}
	}
	for _, q := range inventory.QueueNames() {
		b.Open = append(b.Open, program.OpenQueue{Queue: q, Devices: c.Queues[q]})
	}
	if share, _ := b.Share(); share < program.BaselineGoal {
		b.Why = "The plan shall begin now; the network of two sites is captured only since last week, and what is missing is counted. " + invented
	}
	if _, err := p.Sign(ctx, b, clarifier); err != nil {
		return fmt.Errorf("demo: baseline: %w", err)
	}
	return nil
}
