package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"pons/ledger"
	"pons/raci"
	"pons/sqldb"
	"pons/staff"
)

// employee is one line of the demo's list of people. All of them are invented; phone numbers are of the range that is
// kept for fiction (555-0100 to 555-0199).
type employee struct {
	name, team, title string
	sites             string // of general, saltfen, brackenholt; empty: all
	fte               float64
	shift             string
	skills            string // levels in the order of the catalogue; "-" is not known
	certificates      string // "CBET -2y +1y; CCNA": issued and expiring, in days, months or years from today
}

// The usual shifts of the demo.
const (
	early   = "mon-fri 06:30-15:00"
	office  = "mon-fri 08:00-16:30"
	late    = "mon-fri 14:30-23:00"
	weekend = "sat-sun 08:00-16:30"
	desk    = "mon-fri 07:00-19:00"
	nights  = "22:45-07:15"
)

// employees are about thirty people of the three sites. One of them alone knows risk management, one certificate
// has run out, one has left and still stands in the on-call order.
func employees() []employee {
	return []employee{
		{"Mirelle Oakhanger", "biomed", "HTM manager", "", 1, office, "2 3 1 1 2 1 3 4", "CHTM -3y +2y"},
		{"Tobin Ferrars", "biomed", "BMET III", "", 1, office, "4 4 2 2 2 1 3 2", "CBET -4y +1y"},
		{"Ysolde Grange", "biomed", "BMET III", "general", 1, early, "4 4 3 1 1 1 3 1", "CBET -3y -40d"},
		{"Casper Lindqvist-Moor", "biomed", "BMET II", "general", 1, early, "3 3 1 1 1 1 2 0", "CABT -2y +3y"},
		{"Priya Vantongeren", "biomed", "BMET II", "general", 1, late, "3 3 2 1 1 1 2 0", "CABT -1y +4y"},
		{"Otis Brambleford", "biomed", "BMET II", "saltfen", 1, early, "3 3 1 1 1 1 2 0", ""},
		{"Nadia Kestrel", "biomed", "BMET II", "brackenholt", 0.8, "mon-thu 08:00-16:30", "3 3 1 0 0 1 2 0", "CABT -3y +75d"},
		{"Hollis Wren", "biomed", "BMET I", "general", 1, early, "2 2 1 1 1 0 2 0", ""},
		{"Imogen Tarrow", "biomed", "BMET I", "general", 1, weekend, "2 2 1 1 1 0 2 0", ""},
		{"Lucan Pell", "biomed", "BMET I", "saltfen", 1, late, "2 1 1 - - 0 1 0", ""},
		{"Beatrix Sorrel", "biomed", "BMET I", "saltfen", 0.5, weekend, "2 2 1 1 - 0 1 0", ""},
		{"Anselm Dovecote", "biomed", "Imaging engineer", "", 1, office, "3 4 2 4 1 1 2 1", "CRES -2y +3y"},
		{"Rosalind Farthing", "biomed", "Imaging engineer", "general", 1, early, "3 4 2 3 1 1 2 1", "CRES -1y +4y"},
		{"Emeric Vale", "biomed", "Clinical systems engineer", "", 1, office, "1 3 4 4 3 1 3 1", "CISS -2y +1y"},
		{"Gideon Ashlock", "biomed", "BMET II", "general", 1, early, "3 3 1 1 1 1 2 0", "CBET -2y +1y"}, // has left
		{"Theodora Quince", "it", "IT support", "", 1, desk, "0 1 2 1 2 1 1 0", "CompTIA A+ -1y +2y"},
		{"Rufus Holloway", "it", "IT support", "general", 1, office, "0 1 2 1 2 1 1 0", "CompTIA A+ -2y +1y"},
		{"Selene Marchbanks", "it", "IT support", "general", 1, nights, "0 0 2 0 1 0 1 0", "CompTIA Network+ -2y +120d"},
		{"Jolyon Peverell", "it", "IT support", "saltfen", 1, office, "0 1 2 1 2 1 1 0", ""},
		{"Cordelia Nash", "it", "IT support", "brackenholt", 0.6, "mon-wed 08:00-16:30", "0 1 1 - 1 - 1 0", ""},
		{"Evander Stroud", "security", "Medical-device security analyst", "", 1, office, "0 2 3 3 4 4 2 1", "CISSP -2y +1y"},
		{"Linnea Castellan", "security", "Medical-device security analyst", "", 1, "mon-fri 10:00-18:30", "0 1 3 2 3 1 2 1", "CompTIA Security+ -1y +2y"},
		{"Barnaby Thistlewood", "security", "Security manager", "", 1, office, "0 1 2 1 4 1 1 3", "CISM -1y +2y"},
		{"Ottilie Ravenscar", "network", "Network engineer", "", 1, office, "0 1 4 2 3 1 1 1", "CCNA -1y +2y"},
		{"Fenwick Adair", "network", "Network engineer", "", 1, "mon-fri 07:00-15:30", "0 1 4 1 2 1 1 0", "CCNA -2y +1y"},
		{"Wilhelmina Prior", "network", "Network engineer", "saltfen", 0.8, "tue-fri 08:00-16:30", "0 0 3 1 2 1 1 0", ""},
		{"Percival Lyndhurst", "clinical-informatics", "Clinical informaticist", "", 1, office, "0 3 2 3 2 1 3 2", "CPHIMS -1y +2y"},
		{"Marguerite Holt", "clinical-informatics", "Clinical informaticist", "general", 0.8, "mon-thu 09:00-17:30", "0 2 1 2 1 1 3 1", ""},
		{"Quentin Abernathy", "vendor", "Field service engineer", "", 0, "mon-fri 08:00-17:00", "3 4 2 4 1 1 1 0", ""},
		{"Saskia Underhill", "vendor", "Field service engineer", "general", 0, "mon-fri 08:00-17:00", "3 4 1 1 1 1 1 0", ""},
	}
}

// siteNames are the demo's sites by their short names.
func siteNames() map[string]string {
	out := map[string]string{}
	for _, s := range places() {
		out[s.slug] = s.name
	}
	return out
}

// zone is where the demo hospital lies.
const zone = "America/New_York"

// left is who has left, and still stands in the on-call order: its hole.
const left = "Gideon Ashlock"

// People writes the demo's people, their shifts, rotations, training and duties, as of a day, and says how many people
// there are. It leaves a list that is not empty alone.
func People(ctx context.Context, db *sqldb.DB, by ledger.By) (int, error) {
	s := staff.New()
	duties := raci.New(s)
	n := 0
	_, err := db.Update(ctx, func(tx *sqldb.Tx) error {
		there, err := s.People(tx)
		if err != nil || len(there) > 0 {
			return err
		}
		e, err := s.Expectations(tx)
		if err != nil {
			return err
		}
		e.Zone = zone
		if e, err = s.PutExpectations(tx, 0, e, by); err != nil {
			return err
		}
		ids := map[string]string{}
		for i, one := range employees() {
			p, err := one.person(i, e, by.At.In(e.Location()))
			if err == nil {
				p, err = s.AddPerson(tx, p, by)
			}
			if err != nil {
				return fmt.Errorf("demo: %s: %w", one.name, err)
			}
			ids[p.Name] = p.ID
		}
		n = len(ids)
		if err := onCall(tx, s, ids, by); err != nil {
			return err
		}
		if err := training(tx, s, ids, by); err != nil {
			return err
		}
		if _, err := duties.StartFromTemplate(tx, by); err != nil {
			return err
		}
		return narrower(tx, duties, by)
	})
	return n, err
}

func (e employee) person(i int, expected staff.Expectations, at time.Time) (staff.Person, error) {
	today := staff.DateOf(at)
	p := staff.Person{Name: e.name, Team: staff.Team(e.team), Title: e.title, FTE: e.fte, Phone: fmt.Sprintf("555-01%02d", i), Start: today.Add(-500 - 37*i), Skills: map[string]int{}}
	for _, short := range strings.Fields(e.sites) {
		p.Sites = append(p.Sites, siteNames()[short])
	}
	hours, err := staff.ParseHours(e.shift)
	if err != nil {
		return p, err
	}
	p.Shifts = []staff.Shift{{Hours: hours}}
	for j, level := range strings.Fields(e.skills) {
		if level != "-" {
			p.Skills[expected.Skills[j].Name] = int(level[0] - '0')
		}
	}
	for _, c := range strings.Split(e.certificates, ";") {
		if c = strings.TrimSpace(c); c != "" {
			p.Certificates = append(p.Certificates, certificate(c, at))
		}
	}
	if e.name == left {
		p.End = today.Add(-20)
	}
	if e.name == "Emeric Vale" {
		p.Absences = []staff.Absence{{From: today.Add(9), To: today.Add(20), Why: "vacation"}}
	}
	return p, nil
}

// certificate reads "CBET -2y +75d".
func certificate(text string, at time.Time) staff.Certificate {
	words := strings.Fields(text)
	var days []staff.Date
	for len(words) > 1 && strings.ContainsAny(words[len(words)-1][:1], "+-") {
		var n int
		var unit string
		if _, err := fmt.Sscanf(words[len(words)-1], "%d%s", &n, &unit); err != nil {
			break
		}
		when := at.AddDate(0, 0, n)
		if unit == "y" {
			when = at.AddDate(n, 0, 0)
		}
		days = append(days, staff.DateOf(when))
		words = words[:len(words)-1]
	}
	c := staff.Certificate{Name: strings.Join(words, " ")}
	if len(days) == 2 {
		c.Issued, c.Expires = days[1], days[0]
	}
	return c
}

// onCall writes who is called outside of shifts. In biomed's order stands one who has left, and it is his turn.
func onCall(tx *sqldb.Tx, s *staff.Staff, ids map[string]string, by ledger.By) error {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return err
	}
	monday := staff.NewRoster(nil, nil, loc, 1).WeekOf(by.At)
	outside, err := staff.ParseHours("mon-fri 16:30-08:00, sat-sun")
	if err != nil {
		return err
	}
	for _, r := range []struct {
		name   string
		team   staff.Team
		weeks  int // since the first turn
		people []string
	}{
		{"Biomed on call", staff.Biomed, 11, []string{"Tobin Ferrars", "Ysolde Grange", "Otis Brambleford", left}},
		{"Network on call", staff.Network, 6, []string{"Ottilie Ravenscar", "Fenwick Adair"}},
		{"Security on call", staff.Security, 9, []string{"Evander Stroud", "Linnea Castellan", "Barnaby Thistlewood"}},
	} {
		rot := staff.Rotation{Name: r.name, Team: r.team, Days: 7, Anchor: staff.DateOf(monday.AddDate(0, 0, -7*r.weeks)), Handover: 8 * 60, Hours: slices.Clone(outside)}
		for _, name := range r.people {
			rot.People = append(rot.People, ids[name])
		}
		if _, err := s.PutRotation(tx, "", 0, rot, by); err != nil {
			return fmt.Errorf("demo: %s: %w", r.name, err)
		}
	}
	return nil
}

// training writes what was learned this year and what is planned.
func training(tx *sqldb.Tx, s *staff.Staff, ids map[string]string, by ledger.By) error {
	today := staff.DateOf(by.At)
	for _, t := range []staff.Training{
		{Person: ids["Linnea Castellan"], What: "Medical device risk, ISO 14971 workshop", Skill: "Risk/14971/80001", Level: 3, Hours: 16, Due: today.Add(60), Cost: 180000, Currency: "USD"},
		{Person: ids["Rosalind Farthing"], What: "DICOM and HL7 integration, second engineer", Skill: "DICOM/HL7/SDC", Level: 4, Hours: 32, Due: today.Add(30), Cost: 320000, Currency: "USD"},
		{Title: "BMET II", What: "Networking for biomed", Skill: "Networking", Level: 2, Hours: 8, Due: today.Add(-14), Cost: 40000, Currency: "USD"},
	} {
		if _, err := s.PutTraining(tx, "", 0, t, by); err != nil {
			return fmt.Errorf("demo: %s: %w", t.What, err)
		}
	}
	for _, r := range []staff.Record{
		{Person: ids["Tobin Ferrars"], What: "Ventilator service, maker's course", Skill: "Medical devices", Level: 4, On: today.Add(-120), Hours: 24, Evidence: "maker's certificate"},
		{Person: ids["Emeric Vale"], What: "HL7 FHIR integration", Skill: "DICOM/HL7/SDC", Level: 4, On: today.Add(-45), Hours: 16, Evidence: "sheet of signatures"},
		{Person: ids["Priya Vantongeren"], What: "Networking for biomed", Skill: "Networking", Level: 2, On: today.Add(-30), Hours: 8, Evidence: "test passed"},
		{Person: ids["Ottilie Ravenscar"], What: "Segmentation of medical networks", On: today.Add(-75), Hours: 44, Evidence: "course bill"},
	} {
		if _, err := s.Done(tx, r, by); err != nil {
			return fmt.Errorf("demo: %s: %w", r.What, err)
		}
	}
	return nil
}

// narrower writes what is different at this hospital: imaging has its own engineers, dialysis is promised to a role
// that nobody fills, weekends at the rehabilitation site are the vendor's, who does not come then.
func narrower(tx *sqldb.Tx, duties *raci.Duties, by ledger.By) error {
	sites := siteNames()
	weekends, err := staff.ParseHours("sat-sun")
	if err != nil {
		return err
	}
	imaging := func() map[raci.Party]raci.Letters {
		return map[raci.Party]raci.Letters{raci.RoleParty("Imaging engineer"): raci.Both, raci.TeamParty(staff.Vendor): raci.Responsible, raci.TeamParty(staff.Biomed): raci.Consulted}
	}
	for _, r := range []raci.Rule{
		{Activity: raci.Maintenance, Class: "ct", Parties: imaging()},
		{Activity: raci.Maintenance, Class: "mri", Parties: imaging()},
		{Activity: raci.Maintenance, Class: "dialysis", Parties: map[raci.Party]raci.Letters{raci.RoleParty("Dialysis specialist"): raci.Both, raci.TeamParty(staff.Biomed): raci.Informed}},
		{Activity: raci.Maintenance, Category: "network", Parties: map[raci.Party]raci.Letters{raci.TeamParty(staff.Network): raci.Both, raci.TeamParty(staff.IT): raci.Informed}},
		{Activity: raci.Maintenance, Category: "it", Parties: map[raci.Party]raci.Letters{raci.TeamParty(staff.IT): raci.Both, raci.TeamParty(staff.Biomed): raci.Consulted}},
		{Activity: raci.Maintenance, Site: sites["brackenholt"], Hours: weekends, Parties: map[raci.Party]raci.Letters{raci.TeamParty(staff.Vendor): raci.Both, raci.TeamParty(staff.Biomed): raci.Informed}},
	} {
		if _, err := duties.PutRule(tx, "", 0, r, by); err != nil {
			return fmt.Errorf("demo: rule of %s: %w", r.Activity, err)
		}
	}
	return nil
}
