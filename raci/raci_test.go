package raci_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pons/audit"
	"pons/fault"
	"pons/ledger"
	"pons/raci"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
	"pons/staff"
)

// The people and sites of these tests are invented.

func hours(t testing.TB, text string) staff.Hours {
	t.Helper()
	h, err := staff.ParseHours(text)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func people(t testing.TB) ([]staff.Person, []staff.Rotation) {
	day := staff.Shift{Hours: hours(t, "mon-fri 07:00-15:30")}
	return []staff.Person{
			{ID: "ada", Name: "Ada", Team: staff.Biomed, Title: "BMET II", FTE: 1, Shifts: []staff.Shift{day}},
			{ID: "bo", Name: "Bo", Team: staff.Biomed, Title: "BMET I", FTE: 1, Sites: []string{"Eastgate"}},
			{ID: "cy", Name: "Cy", Team: staff.Security, Title: "Medical-device security analyst", FTE: 1, Absences: []staff.Absence{{From: "2026-11-23", To: "2026-11-23"}}, Shifts: []staff.Shift{day}},
		}, []staff.Rotation{{ID: "r", Name: "Biomed nights", Team: staff.Biomed, People: []string{"bo"}, Days: 7, Anchor: "2026-11-02", Handover: 480,
			Hours: hours(t, "mon-thu 15:30-07:00")}}
}

func matrix(t testing.TB, more ...raci.Rule) *raci.Matrix {
	who, rotations := people(t)
	activities, rules := raci.TemplateMatrix()
	return raci.NewMatrix(activities, append(rules, more...), staff.NewRoster(who, rotations, time.UTC, 2))
}

func TestTemplateIsTheTable(t *testing.T) {
	activities, rules := raci.TemplateMatrix()
	if len(activities) != 24 || len(rules) != 24 { // domain/09 §9.1 has 24 lines
		t.Fatalf("%d activities, %d rules", len(activities), len(rules))
	}
	line := func(n int) string {
		var out []string
		for _, team := range []staff.Team{staff.IT, staff.Biomed, staff.Security, staff.Informatics, staff.Vendor} {
			out = append(out, string(rules[n-1].Parties[raci.TeamParty(team)]))
		}
		return activities[n-1].Name + "|" + strings.Join(out, "|")
	}
	for n, want := range map[int]string{
		1: "Device inventory of record|C|A/R|C|I|I", 4: "Procurement security review|R|R|A|C|C", 8: "PM/corrective maintenance|I|A/R|I|C|R",
		16: "Risk acceptance|I|C|R|A|I", 21: "User accounts/credentials|R|C|A|I|", 24: "Capital replacement plan|C|A/R|C|C|I",
	} {
		if got := line(n); got != want {
			t.Errorf("line %d is %s, want %s", n, got, want)
		}
	}
	if n := raci.Mistakes(matrix(t).Check("2026-11-20")); n != 0 {
		t.Errorf("the template has %d mistakes: %+v", n, matrix(t).Check("2026-11-20"))
	}
}

func TestAnswerable(t *testing.T) {
	m := matrix(t,
		raci.Rule{ID: "n1", Activity: raci.Maintenance, Class: "infusion-pump", Site: "Eastgate", Hours: hours(t, "18:00-06:00"), Parties: map[raci.Party]raci.Letters{raci.RoleParty("BMET I"): raci.Both}},
		raci.Rule{ID: "n2", Activity: raci.Maintenance, Category: "network", Parties: map[raci.Party]raci.Letters{raci.PersonParty("gone"): raci.Both}},
		raci.Rule{ID: "n3", Activity: raci.Incident, Class: "ct", Hours: hours(t, "mon"), Parties: map[raci.Party]raci.Letters{raci.TeamParty(staff.IT): raci.Both}},
		raci.Rule{ID: "n4", Activity: raci.Incident, Class: "ct", Hours: hours(t, "mon 12:00-13:00"), Parties: map[raci.Party]raci.Letters{raci.TeamParty(staff.IT): raci.Both}},
	)
	pump := raci.Device{ID: "1", Class: "infusion-pump", Category: "medical", Site: "Eastgate"}
	for _, c := range []struct {
		activity string
		device   raci.Device
		at       string
		who      string
		nobody   raci.Nobody
		why      string
	}{
		{raci.Maintenance, pump, "2026-11-18 10:00", "Ada", "", "rule 8 for all devices"},
		{raci.Maintenance, pump, "2026-11-18 20:00", "Bo", "", "rule 8.2 for class infusion-pump at Eastgate 18:00-06:00"},
		{raci.Maintenance, pump, "2026-11-19 05:00", "Bo", "", "on call: Biomed nights"},
		{raci.Maintenance, pump, "2026-11-21 20:00", "", raci.OffDuty, "nobody present and nobody on call"}, // Saturday
		{raci.Maintenance, raci.Device{Class: "mri", Site: "Westfold"}, "2026-11-18 20:00", "", raci.OffDuty, "at Westfold"},
		{raci.Maintenance, raci.Device{Class: "switch", Category: "network"}, "2026-11-18 10:00", "", raci.NoPeople, "rule 8.1 for category network"},
		{raci.Incident, pump, "2026-11-20 10:00", "Cy", "", "rule 17"},
		{raci.Incident, pump, "2026-11-23 10:00", "", raci.Absent, "Cy would be present by"},
		{raci.Incident, raci.Device{Class: "ct"}, "2026-11-23 12:30", "", raci.Unclear, "17.1 and 17.2"},
		{"downtime", pump, "2026-11-20 10:00", "", raci.NoPeople, "Clinical informatics has nobody"},
		{"tea", pump, "2026-11-20 10:00", "", raci.NoRule, "tea"},
	} {
		at, err := time.Parse("2006-01-02 15:04", c.at)
		if err != nil {
			t.Fatal(err)
		}
		a := m.Answerable(c.activity, c.device, at)
		name := ""
		if d, ok := a.Who(); ok {
			name = d.Person.Name
		}
		if why := strings.Join(a.Why, " → "); name != c.who || a.Nobody != c.nobody || !strings.Contains(why, c.why) {
			t.Errorf("%s of %s at %s: %q %q by %s; want %q %q by %s", c.activity, c.device.Class, c.at, name, a.Nobody, why, c.who, c.nobody, c.why)
		}
	}
	if a := m.Answerable(raci.Incident, pump, time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)); len(a.Responsible) != 4 {
		t.Errorf("responsible: %+v", a.Responsible)
	}
}

func TestCheck(t *testing.T) {
	who, rotations := people(t)
	roster := staff.NewRoster(who, rotations, time.UTC, 2)
	bio, it := raci.TeamParty(staff.Biomed), raci.TeamParty(staff.IT)
	activities := []raci.Activity{{Key: "x", Number: 1, Name: "X"}, {Key: "y", Number: 2, Name: "Y"}}
	ok := raci.Rule{ID: "y", Activity: "y", Parties: map[raci.Party]raci.Letters{it: raci.Both}}
	for name, c := range map[string]struct {
		rules []raci.Rule
		want  []string
	}{
		"clean":     {[]raci.Rule{{ID: "1", Activity: "x", Parties: map[raci.Party]raci.Letters{bio: raci.Both}}}, nil},
		"no rule":   {nil, []string{"1 X has no rule"}},
		"no A":      {[]raci.Rule{{ID: "1", Activity: "x", Parties: map[raci.Party]raci.Letters{bio: "R"}}}, []string{"rule 1 (X): nobody is accountable"}},
		"two A":     {[]raci.Rule{{ID: "1", Activity: "x", Parties: map[raci.Party]raci.Letters{bio: "A", it: "A/R"}}}, []string{"2 parties are accountable"}},
		"no R":      {[]raci.Rule{{ID: "1", Activity: "x", Parties: map[raci.Party]raci.Letters{bio: "A"}}}, []string{"nobody is responsible"}},
		"hole":      {[]raci.Rule{{ID: "1", Activity: "x", Hours: hours(t, "mon-fri 07:00-15:30"), Parties: map[raci.Party]raci.Letters{bio: "A/R"}}}, []string{"no rule for devices that no narrower rule names, mon-fri 00:00-07:00, mon-fri 15:30-24:00, sat-sun"}},
		"only ct":   {[]raci.Rule{{ID: "1", Activity: "x", Class: "ct", Parties: map[raci.Party]raci.Letters{bio: "A/R"}}}, []string{"no rule for devices that no narrower rule names"}},
		"alike":     {[]raci.Rule{{ID: "1", Activity: "x", Parties: map[raci.Party]raci.Letters{bio: "A/R"}}, {ID: "2", Activity: "x", Site: "E", Parties: map[raci.Party]raci.Letters{it: "A/R"}}, {ID: "3", Activity: "x", Site: "e", Parties: map[raci.Party]raci.Letters{it: "A/R"}}}, []string{"rules 1.1 and 1.2 (X) are equally narrow"}},
		"not alike": {[]raci.Rule{{ID: "1", Activity: "x", Parties: map[raci.Party]raci.Letters{bio: "A/R"}}, {ID: "2", Activity: "x", Hours: hours(t, "sat"), Parties: map[raci.Party]raci.Letters{it: "A/R"}}, {ID: "3", Activity: "x", Hours: hours(t, "sun"), Parties: map[raci.Party]raci.Letters{it: "A/R"}}}, nil},
	} {
		var got []string
		for _, f := range raci.NewMatrix(activities, append(c.rules, ok), roster).Check("2026-11-20") {
			if f.Kind == raci.Mistake {
				got = append(got, f.Text)
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
			continue
		}
		for i := range got {
			if !strings.Contains(got[i], c.want[i]) {
				t.Errorf("%s: %q, want %q", name, got[i], c.want[i])
			}
		}
	}
	var kinds []string
	for _, f := range raci.NewMatrix(activities, []raci.Rule{ok, {ID: "1", Activity: "x", Parties: map[raci.Party]raci.Letters{it: "A/R"}}}, roster).Check("2026-11-20") {
		kinds = append(kinds, string(f.Kind)+" "+f.Text)
	}
	if got := strings.Join(kinds, "; "); got != "warning IT is accountable for everything: one absence, and nobody is; vacancy nobody is in IT: rules 1, 2" {
		t.Errorf("the same everywhere: %s", got)
	}
}

// drawn is a random matrix: few classes, sites and windows, so that rules meet.
func drawn(rt *rapid.T) ([]raci.Activity, []raci.Rule, []staff.Person, []staff.Rotation) {
	activities := []raci.Activity{{Key: "x", Number: 1, Name: "X"}, {Key: "y", Number: 2, Name: "Y"}}
	windows := []string{"", "", "mon-fri 07:00-15:30", "15:30-07:00", "sat-sun", "mon 22:00-06:00"}
	pick := func(name string, from ...string) string { return rapid.SampledFrom(from).Draw(rt, name) }
	parties := []string{"team:biomed", "team:it", "role:BMET I", "person:p1"}
	var rules []raci.Rule
	for i := range rapid.IntRange(0, 7).Draw(rt, "rules") {
		h, err := staff.ParseHours(pick("hours", windows...))
		if err != nil {
			rt.Fatal(err)
		}
		r := raci.Rule{ID: fmt.Sprintf("r%d", i), Activity: pick("activity", "x", "y"), Site: pick("site", "", "", "E", "W"), Hours: h, Parties: map[raci.Party]raci.Letters{}}
		switch pick("narrow", "", "", "class", "category") {
		case "class":
			r.Class = pick("class", "ct", "pump")
		case "category":
			r.Category = pick("category", "medical", "it")
		}
		for _, p := range parties {
			if l := pick("letters", "", "", "A", "A/R", "A/R", "R", "C"); l != "" {
				r.Parties[raci.Party(p)] = raci.Letters(l)
			}
		}
		rules = append(rules, r)
	}
	var who []staff.Person
	for i := range rapid.IntRange(0, 5).Draw(rt, "people") {
		who = append(who, drawnPerson(rt, fmt.Sprintf("p%d", i)))
	}
	var rotations []staff.Rotation
	if len(who) > 1 && rapid.Bool().Draw(rt, "rotation") {
		rotations = append(rotations, staff.Rotation{ID: "r", Name: "r", People: []string{who[0].ID, who[1].ID}, Days: 7, Anchor: "2026-11-02", Handover: 480})
	}
	return activities, rules, who, rotations
}

func drawnPerson(rt *rapid.T, id string) staff.Person {
	h, err := staff.ParseHours(rapid.SampledFrom([]string{"mon-fri 07:00-15:30", "22:00-06:00", "sat"}).Draw(rt, "shift"))
	if err != nil {
		rt.Fatal(err)
	}
	p := staff.Person{ID: id, Name: id, Team: rapid.SampledFrom([]staff.Team{staff.Biomed, staff.IT}).Draw(rt, "team"), Title: rapid.SampledFrom([]string{"BMET I", "x"}).Draw(rt, "title"), Shifts: []staff.Shift{{Hours: h}}}
	if rapid.Bool().Draw(rt, "sited") {
		p.Sites = []string{"E"}
	}
	if rapid.IntRange(0, 3).Draw(rt, "absent") == 0 {
		p.Absences = []staff.Absence{{From: "2026-11-16", To: "2026-11-18"}}
	}
	return p
}

func drawnDevice(rt *rapid.T) raci.Device {
	d := raci.Device{Class: rapid.SampledFrom([]string{"ct", "pump", "bed", ""}).Draw(rt, "class"), Site: rapid.SampledFrom([]string{"E", "W", "N", ""}).Draw(rt, "site")}
	d.Category = map[string]string{"ct": "medical", "pump": "medical", "bed": "it"}[d.Class]
	return d
}

func drawnTime(rt *rapid.T) time.Time {
	return time.Date(2026, 11, 16, 0, rapid.IntRange(0, 7*1440-1).Draw(rt, "minute"), 0, 0, time.UTC)
}

func brief(a raci.Answer) string {
	name := ""
	if d, ok := a.Who(); ok {
		name = d.Person.ID
	}
	return fmt.Sprint(name, a.Nobody, a.Why)
}

// TestCleanMeansOneA holds that a matrix without mistakes gives every device, at every minute, one rule with exactly
// one A and at least one R.
func TestCleanMeansOneA(t *testing.T) {
	clean := 0
	rapid.Check(t, func(rt *rapid.T) {
		activities, rules, who, rotations := drawn(rt)
		// A rule for everything and whole parties make clean matrices frequent enough.
		if rapid.Bool().Draw(rt, "complete") {
			for _, a := range activities {
				rules = append(rules, raci.Rule{ID: "base-" + a.Key, Activity: a.Key, Parties: map[raci.Party]raci.Letters{"team:biomed": raci.Both}})
			}
			for i := range rules {
				if len(rules[i].With(raci.Letters.A)) != 1 {
					rules[i].Parties = map[raci.Party]raci.Letters{"team:it": raci.Both}
				}
				if len(rules[i].With(raci.Letters.R)) == 0 {
					rules[i].Parties["role:x"] = raci.Responsible
				}
			}
		}
		m := raci.NewMatrix(activities, rules, staff.NewRoster(who, rotations, time.UTC, 2))
		if raci.Mistakes(m.Check("2026-11-18")) > 0 {
			return
		}
		clean++
		for range 10 {
			a := m.Answerable(rapid.SampledFrom([]string{"x", "y"}).Draw(rt, "activity"), drawnDevice(rt), drawnTime(rt))
			if a.Rule == nil || len(a.Rule.With(raci.Letters.A)) != 1 || len(a.Rule.With(raci.Letters.R)) == 0 || a.Nobody == raci.NoRule || a.Nobody == raci.Unclear {
				rt.Fatalf("clean, and %+v", a)
			}
		}
	})
	if clean == 0 {
		t.Error("no clean matrix was drawn: the property was not looked at")
	}
}

// TestOrderDoesNotMatter holds that neither the order of rules nor that of people changes an answer.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		activities, rules, who, rotations := drawn(rt)
		m := raci.NewMatrix(activities, rules, staff.NewRoster(who, rotations, time.UTC, 2))
		other := raci.NewMatrix(rapid.Permutation(activities).Draw(rt, "activities"), rapid.Permutation(rules).Draw(rt, "order of rules"),
			staff.NewRoster(rapid.Permutation(who).Draw(rt, "order of people"), rotations, time.UTC, 2))
		for range 8 {
			activity, d, at := rapid.SampledFrom([]string{"x", "y"}).Draw(rt, "activity"), drawnDevice(rt), drawnTime(rt)
			if a, b := brief(m.Answerable(activity, d, at)), brief(other.Answerable(activity, d, at)); a != b {
				rt.Fatalf("%s\n%s", a, b)
			}
		}
		if a, b := fmt.Sprint(m.Check("2026-11-18")), fmt.Sprint(other.Check("2026-11-18")); a != b {
			rt.Fatalf("%s\n%s", a, b)
		}
	})
}

// TestOneMoreNeverTakesAway holds that adding a person never turns somebody into nobody.
func TestOneMoreNeverTakesAway(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		activities, rules, who, rotations := drawn(rt)
		m := raci.NewMatrix(activities, rules, staff.NewRoster(who, rotations, time.UTC, 2))
		more := raci.NewMatrix(activities, rules, staff.NewRoster(append(who, drawnPerson(rt, "new")), rotations, time.UTC, 2))
		for range 8 {
			activity, d, at := rapid.SampledFrom([]string{"x", "y"}).Draw(rt, "activity"), drawnDevice(rt), drawnTime(rt)
			if a, b := m.Answerable(activity, d, at), more.Answerable(activity, d, at); a.Nobody == raci.Somebody && b.Nobody != raci.Somebody {
				rt.Fatalf("%s\n%s", brief(a), brief(b))
			}
		}
	})
}

// TestUnanswered holds that counting by group is counting by device.
func TestUnanswered(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		activities, rules, who, rotations := drawn(rt)
		m := raci.NewMatrix(activities, rules, staff.NewRoster(who, rotations, time.UTC, 2))
		at := drawnTime(rt)
		groups := map[raci.Device]int{}
		open, total := 0, rapid.IntRange(0, 30).Draw(rt, "devices")
		for range total {
			d := drawnDevice(rt)
			groups[d]++
			if a := m.Answerable("x", d, at); a.Nobody != raci.Somebody {
				open++
			}
		}
		var list []raci.Group
		for d, n := range groups {
			list = append(list, raci.Group{Class: d.Class, Category: d.Category, Site: d.Site, Devices: n})
		}
		u := m.Unanswered("x", list, at)
		share, known := u.Share()
		if u.Devices != open || u.Total != total || known != (total > 0) || known && share != float64(open)/float64(total) {
			rt.Fatalf("%d of %d, want %d of %d", u.Devices, u.Total, open, total)
		}
		week := m.UnansweredInWeek("x", list, at)
		hour := int(at.Sub(m.Roster.WeekOf(at)).Hours())
		for _, o := range m.Unanswered("x", list, m.Roster.WeekOf(at).Add(time.Duration(hour)*time.Hour)).Open {
			found := false
			for _, w := range week.Open {
				found = found || w.Group == o.Group && w.Hours.At(hour*60)
			}
			if !found {
				rt.Fatalf("%+v is open at hour %d and not in the week", o.Group, hour)
			}
		}
	})
}

func TestBooks(t *testing.T) {
	sqldbtest.Run(t, []sqldb.Schema{audit.Schema(), ledger.Schema()}, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		people := staff.New()
		duties := raci.New(people)
		by := ledger.By{Actor: "person:ann", At: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
		update := func(f func(tx *sqldb.Tx) error) error { _, err := db.Update(ctx, f); return err }
		m, err := duties.Current(ctx, db)
		if err != nil || len(m.Activities) != 0 {
			t.Fatalf("%v, %v", m, err)
		}
		if err := update(func(tx *sqldb.Tx) error { _, err := duties.StartFromTemplate(tx, by); return err }); err != nil {
			t.Fatal(err)
		}
		if err := update(func(tx *sqldb.Tx) error { _, err := duties.StartFromTemplate(tx, by); return err }); !errors.Is(err, fault.Conflict) {
			t.Errorf("the template over a matrix: %v", err)
		}
		var saved raci.Rule
		if err := update(func(tx *sqldb.Tx) (err error) {
			saved, err = duties.PutRule(tx, "", 0, raci.Rule{Activity: raci.Maintenance, Site: " Eastgate ", Hours: hours(t, "sat-sun"), Parties: map[raci.Party]raci.Letters{"team:vendor": "ar"}}, by)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for field, r := range map[string]raci.Rule{
			"activity": {Activity: "tea"},
			"category": {Activity: raci.Maintenance, Class: "ct", Category: "medical"},
			"parties":  {Activity: raci.Maintenance, Parties: map[raci.Party]raci.Letters{"team:cooks": "A"}},
		} {
			err := update(func(tx *sqldb.Tx) error { _, err := duties.PutRule(tx, "", 0, r, by); return err })
			if got := fault.Fields(err); got[field] == "" {
				t.Errorf("%s: %v", field, err)
			}
		}
		if m, err = duties.Current(ctx, db); err != nil {
			t.Fatal(err)
		}
		if again, _ := duties.Current(ctx, db); again != m {
			t.Error("read again, though nothing changed")
		}
		last := m.Rules[8]
		if last.ID != saved.ID || last.Label != "8.1" || last.Site != "Eastgate" || last.Parties["team:vendor"] != raci.Both || len(m.Rules) != 25 {
			t.Errorf("the rule is %+v", last)
		}
		if err := update(func(tx *sqldb.Tx) error {
			if _, err := duties.RemoveRule(tx, saved.ID, by); err != nil {
				return err
			}
			if _, err := duties.RemoveActivity(tx, "training", by); err != nil {
				return err
			}
			_, err := duties.AddActivity(tx, "Feed the cat", by)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if m, err = duties.Current(ctx, db); err != nil || len(m.Activities) != 24 || m.Activities[23].Key != "feed-the-cat" || m.Activities[23].Number != 25 || raci.Mistakes(m.Check("2026-11-20")) != 2 {
			t.Errorf("%+v, %v, %+v", m.Activities[23], err, m.Check("2026-11-20"))
		}
	})
}

// BenchmarkAnswerable asks for 100,000 devices of 150 classes at 12 sites, one after another.
func BenchmarkAnswerable(b *testing.B) {
	var more []raci.Rule
	for i := range 40 {
		more = append(more, raci.Rule{ID: fmt.Sprint("n", i), Activity: raci.Maintenance, Class: fmt.Sprint("class-", i), Hours: hours(b, "mon-fri 15:30-07:00, sat-sun"), Parties: map[raci.Party]raci.Letters{"team:biomed": raci.Both}})
	}
	who, rotations := people(b)
	for i := range 300 {
		p := who[0]
		p.ID, p.Name = fmt.Sprint("p", i), fmt.Sprint("P", i)
		who = append(who, p)
	}
	activities, rules := raci.TemplateMatrix()
	roster := staff.NewRoster(who, rotations, time.UTC, 2)
	devices := make([]raci.Device, 100_000)
	for i := range devices {
		devices[i] = raci.Device{ID: fmt.Sprint(i), Class: fmt.Sprint("class-", i%150), Category: "medical", Site: fmt.Sprint("site-", i%12)}
	}
	at := time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)
	for b.Loop() {
		m := raci.NewMatrix(activities, append(rules, more...), roster)
		for i := range devices {
			m.Answerable(raci.Maintenance, devices[i], at)
		}
	}
}

// BenchmarkUnansweredInWeek is the queue of a hospital: 1,800 groups over 168 hours.
func BenchmarkUnansweredInWeek(b *testing.B) {
	m := matrix(b)
	var groups []raci.Group
	for i := range 1800 {
		groups = append(groups, raci.Group{Class: fmt.Sprint("class-", i%150), Category: "medical", Site: fmt.Sprint("site-", i%12), Devices: 500})
	}
	for b.Loop() {
		m.UnansweredInWeek(raci.Maintenance, groups, time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC))
	}
}

// TestAlikeKeepsEveryDevice holds that lines brought together count every open device once, and only join what has the
// same site, reason and hours.
func TestAlikeKeepsEveryDevice(t *testing.T) {
	group := func(class, site string, n int) raci.Group { return raci.Group{Class: class, Site: site, Devices: n} }
	u := raci.Unanswered{Devices: 60, Open: []raci.Open{
		{Group: group("pump", "East", 30), Nobody: raci.OffDuty, Why: []string{"rule 8", "nobody present"}},
		{Group: group("bed", "West", 15), Nobody: raci.OffDuty, Why: []string{"rule 8", "nobody present"}},
		{Group: group("bed", "East", 10), Nobody: raci.OffDuty, Why: []string{"rule 8", "nobody present"}},
		{Group: group("ct", "East", 5), Nobody: raci.NoRule, Why: []string{"no rule"}},
	}}
	lines := u.Alike()
	if len(lines) != 3 || lines[0].Site != "East" || lines[0].Devices != 40 || len(lines[0].Groups) != 2 || lines[0].Groups[0].Class != "pump" {
		t.Fatalf("%+v", lines)
	}
	sum := 0
	for _, l := range lines {
		sum += l.Devices
	}
	if sum != u.Devices {
		t.Errorf("%d of %d devices", sum, u.Devices)
	}
}
