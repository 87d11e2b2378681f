package staff_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pons/audit"
	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
	"pons/staff"
)

// The people of these tests are invented.

func hours(t testing.TB, text string) staff.Hours {
	t.Helper()
	h, err := staff.ParseHours(text)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHours(t *testing.T) {
	for text, want := range map[string]string{
		"mon-fri 07:00-15:30":            "mon-fri 07:00-15:30",
		"Weekdays 7-15:30; weekend":      "mon-fri 07:00-15:30, sat-sun",
		"18:00–06:00":                    "mon-sun 18:00-06:00",
		"sat-mon":                        "mon+sat-sun",
		"always":                         "always",
		"mon+wed 08:00-12:00, tue":       "mon+wed 08:00-12:00, tue",
		"monday 00:00-24:00":             "mon",
		"mon-fri 17:00-07:00 \n sat-sun": "mon-fri 17:00-07:00, sat-sun",
	} {
		h, err := staff.ParseHours(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got := h.String()
		if want == "mon-sun 18:00-06:00" {
			want = "18:00-06:00"
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
		again, err := staff.ParseHours(got)
		if err != nil || again.String() != got {
			t.Errorf("%q does not come back: %q, %v", got, again, err)
		}
	}
	for _, text := range []string{"mon-fri 25:00-26:00", "blue 07:00-08:00", "mon 07:00-07:00", "mon 07:00-08:00 extra", "7:5-8", "mon-", "07:00"} {
		if h, err := staff.ParseHours(text); !errors.Is(err, fault.Invalid) {
			t.Errorf("%q was taken as %q, %v", text, h, err)
		}
	}
}

// TestHoursProperty holds that the text of hours means what the hours mean, and that windows cross midnight.
func TestHoursProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var h staff.Hours
		for range rapid.IntRange(1, 4).Draw(rt, "windows") {
			from := rapid.IntRange(0, 1439).Draw(rt, "from")
			to := rapid.IntRange(0, 1440).Draw(rt, "to")
			if from == to {
				to = (to + 1) % 1440
			}
			h = append(h, staff.Window{Days: staff.Days(rapid.IntRange(1, 127).Draw(rt, "days")), From: from, To: to})
		}
		again, err := staff.ParseHours(h.String())
		if err != nil {
			rt.Fatalf("%s: %v", h, err)
		}
		where := staff.HoursWhere(h.At)
		for minute := range 7 * 1440 {
			slow := false
			for _, w := range h { // minute by minute from each day's beginning
				for d := range 7 {
					end := w.To
					if w.To <= w.From {
						end += 1440
					}
					since := (minute - d*1440 + 7*1440) % (7 * 1440)
					slow = slow || w.Days&(1<<d) != 0 && since >= w.From && since < end
				}
			}
			if h.At(minute) != slow || again.At(minute) != slow || where.At(minute) != slow {
				rt.Fatalf("%s (read again %s, put together %s) at minute %d: %v, %v, %v, want %v", h, again, where, minute, h.At(minute), again.At(minute), where.At(minute), slow)
			}
		}
	})
}

func FuzzParseHours(f *testing.F) {
	for _, s := range []string{"mon-fri 07:00-15:30, sat-sun", "always", "18:00-06:00", "mon+wed 8-9", "–,;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := staff.ParseHours(text)
		if err != nil {
			return
		}
		again, err := staff.ParseHours(h.String())
		if err != nil || again.String() != h.String() {
			t.Fatalf("%q: %q does not come back: %q, %v", text, h, again, err)
		}
	})
}

var east = time.FixedZone("east", -5*3600)

func person(id, name string, team staff.Team, shifts ...staff.Shift) staff.Person {
	return staff.Person{ID: id, Name: name, Team: team, Title: "BMET II", FTE: 1, Shifts: shifts}
}

// TestOnDuty walks a week of a small shop: a day shift, a night shift that crosses midnight, a rotation, an absence.
func TestOnDuty(t *testing.T) {
	ada := person("a", "Ada Day", staff.Biomed, staff.Shift{Hours: hours(t, "mon-fri 07:00-15:30"), Until: "2026-11-20"})
	bo := person("b", "Bo Night", staff.Biomed, staff.Shift{Hours: hours(t, "thu 22:00-06:00"), Site: "East"})
	cy := person("c", "Cy Call", staff.Biomed)
	cy.Absences = []staff.Absence{{From: "2026-11-21", To: "2026-11-22", Why: "vacation"}}
	di := person("d", "Di Call", staff.Security)
	di.Sites = []string{"West"}
	rot := staff.Rotation{ID: "r", Name: "On call", Team: staff.Biomed, People: []string{"c", "d"}, Days: 7, Anchor: "2026-11-16", Handover: 8 * 60, Hours: hours(t, "mon-fri 15:30-07:00, sat-sun")}
	r := staff.NewRoster([]staff.Person{di, cy, bo, ada}, []staff.Rotation{rot}, east, 2)
	at := func(text string) time.Time {
		l, err := time.ParseInLocation("2006-01-02 15:04", text, east)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	for _, c := range []struct{ at, site, want string }{
		{"2026-11-16 07:00", "East", "Ada Day present"},                   // Monday, before the handover: the rotation has not begun
		{"2026-11-16 07:30", "East", "Ada Day present"},                   //
		{"2026-11-16 15:30", "East", "Cy Call on call"},                   // the shift ends to the minute
		{"2026-11-19 23:00", "East", "Bo Night present; Cy Call on call"}, // Thursday night
		{"2026-11-20 05:59", "East", "Bo Night present; Cy Call on call"}, // still Thursday's shift
		{"2026-11-20 06:00", "East", "Cy Call on call"},
		{"2026-11-19 23:00", "West", "Cy Call on call"}, // Bo is at East
		{"2026-11-21 12:00", "East", "away Cy Call absent until 2026-11-22 (vacation)"},
		{"2026-11-23 07:30", "East", ""},                // Ada's shift is valid until Friday
		{"2026-11-23 20:00", "East", ""},                // Di is lent to biomed, and serves West only
		{"2026-11-23 20:00", "West", "Di Call on call"}, // the second turn
		{"2026-11-23 07:59", "West", ""},                // before the handover it is Cy's turn, in no hours of it
		{"2026-11-23 20:00", "", ""},                    // a site that is not known is not Di's
	} {
		found := r.At(at(c.at)).Who(staff.Need{Team: staff.Biomed, Site: c.site})
		var got []string
		for _, d := range found.Present {
			got = append(got, d.Person.Name+" present")
		}
		for _, d := range found.OnCall {
			got = append(got, d.Person.Name+" on call")
		}
		if len(got) == 0 {
			for _, a := range found.Away {
				got = append(got, "away "+a.Person.Name+" "+a.Why)
			}
		}
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%s at %q: %q, want %q", c.at, c.site, s, c.want)
		}
	}
	// The same instant on another clock is the same answer.
	if f := r.At(at("2026-11-16 07:30").UTC()).Who(staff.Need{Team: staff.Biomed, AnySite: true}); len(f.Present) != 1 {
		t.Errorf("in UTC: %+v", f)
	}
}

// TestCoverage counts the hours of a week by hand: 5 days of 8.5 hours touch 9 hours of the clock each, the last of
// them only half, so that 8 are covered.
func TestCoverage(t *testing.T) {
	ada := person("a", "Ada", staff.Biomed, staff.Shift{Hours: hours(t, "mon-fri 07:00-15:30")})
	bo := person("b", "Bo", staff.Biomed, staff.Shift{Hours: hours(t, "mon 07:00-15:00")})
	ada.Skills, bo.Skills = map[string]int{"Networking": 2}, map[string]int{"Networking": 1}
	r := staff.NewRoster([]staff.Person{ada, bo}, nil, east, 2)
	at := time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)
	c := r.Coverage(at, staff.Need{Team: staff.Biomed, AnySite: true}, staff.Need{Skill: "Networking", AnySite: true}, staff.Need{Team: staff.Network, AnySite: true})
	if got := c[0].Week; !got.Equal(time.Date(2026, 11, 16, 0, 0, 0, 0, east)) {
		t.Errorf("the week begins at %s", got)
	}
	if c[0].Holes != 168-40 || c[0].Singles != 32 || c[0].HolesIn().String() == "" || c[0].SinglesIn().String() != "tue-fri 07:00-15:00" {
		t.Errorf("biomed: %d holes, %d singles in %s", c[0].Holes, c[0].Singles, c[0].SinglesIn())
	}
	if c[0].Hours[7].Count() != 2 || c[0].Hours[15].Count() != 0 || c[0].SinglePoint() {
		t.Errorf("biomed: %+v, %+v, single point %v", c[0].Hours[7], c[0].Hours[15], c[0].SinglePoint())
	}
	if !c[1].SinglePoint() || len(c[1].Holders) != 1 || c[1].Singles != 40 {
		t.Errorf("networking: %d holders, %d singles", len(c[1].Holders), c[1].Singles)
	}
	if c[2].Holes != 168 || len(c[2].Holders) != 0 || c[2].Share() != 0 {
		t.Errorf("network: %d holes", c[2].Holes)
	}
}

// TestRotationLoad holds the formula of domain/01 §1.5 and its example: 1 week in 4 takes 4 people.
func TestRotationLoad(t *testing.T) {
	for share, want := range map[float64]int{0.25: 4, 0.2: 5, 0.3: 4, 1: 1, 0.5: 2, 1.0 / 3: 3, 0: 0} {
		if got := staff.MinRotation(share); got != want {
			t.Errorf("at most %g on call takes %d people, want %d", share, got, want)
		}
	}
	people := []staff.Person{person("a", "A", staff.Biomed), person("b", "B", staff.Biomed), person("c", "C", staff.Biomed)}
	people[2].End = "2026-01-01"
	rot := staff.Rotation{ID: "r", Name: "r", People: []string{"a", "b", "a", "c"}, Days: 7, Anchor: "2026-11-16"}
	l := staff.NewRoster(people, []staff.Rotation{rot}, east, 2).Loads(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), 0.25)[0]
	if l.Working != 2 || l.Gone != 1 || l.Needed != 4 || l.Feasible || l.Share != 0.5 || l.Now == nil || l.Now.ID != "b" {
		t.Errorf("load: %+v", l)
	}
}

func TestGapsDoNotTakeUnknownForZero(t *testing.T) {
	e := staff.DefaultExpectations()
	p := staff.Person{ID: "p", Title: "bmet iii", Skills: map[string]int{"Electrical safety": 2, "Networking": 3}}
	g := e.GapOf(&p)
	// BMET III asks for 4 of electrical safety (held 2) and 2 of networking (held 3); six others are not known.
	if g.Score != 2 || len(g.Lacks) != 1 || len(g.Unknown) != 6 || !g.Asked {
		t.Errorf("gap: %+v", g)
	}
	if g := e.GapOf(&staff.Person{Title: "BMET II"}); g.Asked || g.Score != 0 || g.Unknown != nil {
		t.Errorf("nobody has said what a BMET II needs: %+v", g)
	}
	if got := e.Required["Medical-device security analyst"]["Risk/14971/80001"]; got != 4 {
		t.Errorf("the matrix is not that of domain/09 §9.6: %d", got)
	}
}

func TestTrainingYear(t *testing.T) {
	e := staff.DefaultExpectations()
	p := staff.Person{ID: "p", Title: "BMET I", FTE: 0.5}
	plans := []staff.Training{{ID: "1", Title: "BMET I", Hours: 8, Due: "2026-12-01"}, {ID: "2", Person: "p", Hours: 16, Due: "2026-06-01"}, {ID: "3", Person: "p", Hours: 4, Due: "2027-01-01"}, {ID: "4", Person: "q", Hours: 4, Due: "2026-01-01"}}
	done := []staff.Record{{Person: "p", Training: "2", On: "2026-05-30", Hours: 14}, {Person: "p", On: "2025-05-30", Hours: 100}}
	y := e.Year([]staff.Person{p}, plans, done, "2026", "2026-11-20")[0]
	if y.Budget != 20 || y.Done != 14 || y.Planned != 8 || y.Left() != -2 {
		t.Errorf("year: %+v", y)
	}
	p.Certificates = []staff.Certificate{{Name: "CBET", Expires: "2026-11-10"}, {Name: "CCNA", Expires: "2027-01-01"}, {Name: "CABT"}}
	x := staff.ExpiringWithin([]staff.Person{p}, "2026-11-20", 30)
	if len(x) != 1 || x[0].Days != -10 {
		t.Errorf("expiring: %+v", x)
	}
}

func TestReadPeople(t *testing.T) {
	e := staff.DefaultExpectations()
	people, err := staff.ReadPeople("Name\tTeam\tRole\tFTE\tSites\tSkills\tnetworking\n"+
		"Ada Day\tBiomed\tBMET I\t0,5\tEast; West\tSecurity 3\t2\n\n"+"Bo Night\tit\tIT support\t\t\t\t\n", e)
	if err != nil || len(people) != 2 || people[0].FTE != 0.5 || len(people[0].Sites) != 2 || people[0].Skills["Security"] != 3 || people[0].Skills["Networking"] != 2 || people[1].FTE != 1 {
		t.Fatalf("%+v, %v", people, err)
	}
	_, err = staff.ReadPeople("name,team,role,fte\nAda,biomed,BMET I,1\nBo,cooks,Chef,1\nCy,it,IT support,lots\nAda,it,IT support,1\n", e)
	var bad fault.Mistakes
	if !errors.As(err, &bad) || len(bad) != 3 || bad[0].Line != 3 || bad[1].Line != 4 || bad[2].Line != 5 || !errors.Is(err, fault.Invalid) {
		t.Errorf("mistakes: %v", err)
	}
	for _, text := range []string{"", "name,team\nAda,it", "name,team,role,shoe size\nAda,it,x,42", "name,team,role"} {
		if _, err := staff.ReadPeople(text, e); !errors.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzReadPeople(f *testing.F) {
	f.Add("name,team,role\nAda,it,IT support\n")
	f.Add("Name\tTeam\tRole\tSkills\nAda\tBiomed\tBMET I\tSecurity 3\n")
	e := staff.DefaultExpectations()
	f.Fuzz(func(t *testing.T, text string) {
		people, err := staff.ReadPeople(text, e)
		if (err == nil) == (len(people) == 0) {
			t.Fatalf("%d people and %v", len(people), err)
		}
	})
}

func TestBooks(t *testing.T) {
	sqldbtest.Run(t, []sqldb.Schema{audit.Schema(), ledger.Schema()}, func(t *testing.T, db *sqldb.DB) {
		s := staff.New()
		by := ledger.By{Actor: "person:ann", At: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
		update := func(f func(tx *sqldb.Tx) error) error {
			_, err := db.Update(context.Background(), f)
			return err
		}
		var ada, bo staff.Person
		if err := update(func(tx *sqldb.Tx) (err error) {
			if ada, err = s.AddPerson(tx, staff.Person{Name: " Ada  Day ", Team: "Biomed", Title: "BMET I", FTE: 1, Shifts: []staff.Shift{{Hours: hours(t, "mon-fri 7-15")}}}, by); err != nil {
				return err
			}
			bo, err = s.AddPerson(tx, staff.Person{Name: "Bo", Team: staff.IT, Title: "IT support", FTE: 0.5}, by)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if ada.Name != "Ada Day" || ada.Team != staff.Biomed {
			t.Errorf("not in form: %+v", ada)
		}
		for field, p := range map[string]staff.Person{
			"name":    {Name: "ada day", Team: staff.IT, Title: "x"},
			"team":    {Name: "C", Team: "cooks", Title: "x"},
			"title":   {Name: "C", Team: staff.IT},
			"fte":     {Name: "C", Team: staff.IT, Title: "x", FTE: 3},
			"end":     {Name: "C", Team: staff.IT, Title: "x", Start: "2026-02-01", End: "2026-01-01"},
			"start":   {Name: "C", Team: staff.IT, Title: "x", Start: "01.02.2026"},
			"skills":  {Name: "C", Team: staff.IT, Title: "x", Skills: map[string]int{"Networking": 5}},
			"hours":   {Name: "C", Team: staff.IT, Title: "x", Shifts: []staff.Shift{{}}},
			"expires": {Name: "C", Team: staff.IT, Title: "x", Certificates: []staff.Certificate{{Name: "CBET", Issued: "2026-01-01", Expires: "2025-01-01"}}},
		} {
			err := update(func(tx *sqldb.Tx) error { _, err := s.AddPerson(tx, p, by); return err })
			if got := fault.Fields(err); got[field] == "" || !errors.Is(err, fault.Invalid) {
				t.Errorf("%s: fields %v of %v", field, got, err)
			}
		}
		if err := update(func(tx *sqldb.Tx) error {
			_, err := s.PutRotation(tx, "", 0, staff.Rotation{Name: "r", People: []string{"nobody"}, Days: 7, Anchor: "2026-01-01"}, by)
			return err
		}); !errors.Is(err, fault.Invalid) {
			t.Errorf("a rotation of strangers: %v", err)
		}
		if err := update(func(tx *sqldb.Tx) error {
			if _, err := s.PutRotation(tx, "", 0, staff.Rotation{Name: "r", People: []string{bo.ID}, Days: 7, Anchor: "2026-01-01", Handover: 480}, by); err != nil {
				return err
			}
			if _, err := s.Done(tx, staff.Record{Person: bo.ID, What: "Wi-Fi course", Skill: "Networking", Level: 3, On: "2026-10-01", Hours: 16}, by); err != nil {
				return err
			}
			e, err := s.Expectations(tx)
			if err != nil {
				return err
			}
			e.Zone, e.Training = "America/New_York", 32
			_, err = s.PutExpectations(tx, 0, e, by)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		// Half a list is not saved.
		err := update(func(tx *sqldb.Tx) error {
			_, err := s.AddPeople(tx, []staff.Person{{Name: "New", Team: staff.IT, Title: "x"}, {Name: "Bo", Team: staff.IT, Title: "x"}}, by)
			return err
		})
		if !errors.Is(err, fault.Invalid) {
			t.Errorf("people who are there: %v", err)
		}
		if err := update(func(tx *sqldb.Tx) error {
			if _, err := s.RemovePerson(tx, ada.ID, by); err != nil {
				return err
			}
			_, err := s.RestorePerson(tx, ada.ID, ada.Version, by)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := db.View(context.Background(), func(tx *sqldb.Tx) error {
			r, err := s.Roster(tx)
			if err != nil {
				return err
			}
			if len(r.People) != 2 || r.Zone.String() != "America/New_York" || len(r.Rotations) != 1 || r.Person(ada.ID).Shifts[0].Hours.String() != "mon-fri 07:00-15:00" {
				t.Errorf("roster: %+v", r)
			}
			if level, known := r.Person(bo.ID).Level("Networking"); !known || level != 3 {
				t.Errorf("the course did not raise the level: %d, %v", level, known)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		err = update(func(tx *sqldb.Tx) error { _, err := s.PutPerson(tx, bo.ID, 1, bo, by); return err })
		if !errors.Is(err, fault.Conflict) {
			t.Errorf("a stale writer got %v", err)
		}
	})
}

func TestJSON(t *testing.T) {
	b, err := json.Marshal(staff.Shift{Hours: hours(t, "mon 07:00-15:00")})
	if err != nil || string(b) != `{"hours":"mon 07:00-15:00"}` {
		t.Errorf("%s, %v", b, err)
	}
}

// BenchmarkCoverage is the map of a large shop: 300 people, 8 skills and 6 teams, a week.
func BenchmarkCoverage(b *testing.B) {
	var people []staff.Person
	e := staff.DefaultExpectations()
	for i := range 300 {
		p := person(string(rune('a'+i%26))+time.Duration(i).String(), "P"+time.Duration(i).String(), staff.Teams()[i%6], staff.Shift{Hours: hours(b, []string{"mon-fri 07:00-15:30", "mon-fri 15:00-23:30", "tue-sat 22:45-07:15"}[i%3])})
		p.Skills = map[string]int{e.Skills[i%8].Name: 3}
		people = append(people, p)
	}
	r := staff.NewRoster(people, nil, east, 2)
	needs := append(staff.SkillNeeds(e, ""), staff.TeamNeeds(people, "")...)
	for b.Loop() {
		r.Coverage(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), needs...)
	}
}
