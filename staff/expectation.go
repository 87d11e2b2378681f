package staff

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
)

// Expectations are what the hospital asks of its people: skills by title, hours of training, how often somebody may be
// on call; and on which clock it lives. There is one set; what nobody has changed is as Defaults says.
type Expectations struct {
	Version   int64                     `json:"-"`
	At        time.Time                 `json:"-"` // when it was last written
	Skills    []Skill                   `json:"skills"`
	Required  map[string]map[string]int `json:"required"`       // title → skill → level 0–4
	Training  float64                   `json:"training_hours"` // hours a year for each FTE
	Share     float64                   `json:"oncall_share"`   // at most this share of the time on call: 0.25 is one week in four
	Qualified int                       `json:"qualified"`      // level from which a skill counts as held
	Zone      string                    `json:"zone"`           // IANA name: "America/New_York"
}

// Skill is one line of the catalogue. Weight is what a missing level counts in the gap score.
type Skill struct {
	Name   string  `json:"name"`
	Weight float64 `json:"weight"`
}

// Default is a shipped number with where it comes from.
type Default struct {
	Name, Value, Unit, Source, Date, Confidence string
}

// The sources of the defaults. The matrix of skills is a proposal (domain/09 §9.6, [P]: a design choice that no
// body publishes), and is shown as an assumption; likewise the level from which a skill counts.
// Hours of training are those of domain/09 §9.6 and 01 §1.3, rotations those of 01 §1.5, the score that of 01 §1.11.
const (
	matrixSource   = "Pons' own proposal; nothing is published"
	trainingSource = "expert default of Pons"
	shareSource    = "expert default of Pons: 1 week in 4, so 4 people for each skill"
	defaultsDate   = "2026-11"
)

// The shipped numbers.
const (
	defaultTraining  = 40   // hours/FTE/year
	defaultShare     = 0.25 // 1 week in 4
	defaultQualified = 2    // of 0–4
	defaultWeight    = 1
	defaultZone      = "UTC"
)

// Titles of the shipped matrix, in its order. BMET II stands between BMET I and III and has no column there: what it
// takes is not known until the hospital says so.
func defaultTitles() []string {
	return []string{"BMET I", "BMET III", "Imaging engineer", "Clinical systems engineer", "Medical-device security analyst", "IT support", "Network engineer", "HTM manager"}
}

// defaultMatrix is the table of domain/09 §9.6, row by row.
func defaultMatrix() ([]string, [][8]int) {
	return []string{"Electrical safety", "Medical devices", "Networking", "DICOM/HL7/SDC", "Security", "Risk/14971/80001", "CMMS/data", "Leadership/finance"}, [][8]int{
		{2, 4, 3, 1, 0, 0, 0, 2},
		{2, 4, 4, 3, 2, 1, 1, 3},
		{1, 2, 2, 4, 3, 2, 4, 1},
		{1, 2, 4, 4, 3, 1, 2, 1},
		{1, 2, 1, 3, 4, 2, 3, 2},
		{0, 2, 1, 3, 4, 1, 2, 3},
		{2, 3, 2, 3, 2, 1, 1, 3},
		{0, 1, 1, 1, 1, 0, 1, 4},
	}
}

// DefaultExpectations are those of a hospital that has said nothing yet.
func DefaultExpectations() Expectations {
	e := Expectations{Required: map[string]map[string]int{}, Training: defaultTraining, Share: defaultShare, Qualified: defaultQualified, Zone: defaultZone}
	skills, levels := defaultMatrix()
	for i, name := range skills {
		e.Skills = append(e.Skills, Skill{name, defaultWeight})
		for j, title := range defaultTitles() {
			if e.Required[title] == nil {
				e.Required[title] = map[string]int{}
			}
			e.Required[title][name] = levels[i][j]
		}
	}
	return e
}

// Defaults tells the shipped numbers and where they come from.
func Defaults() []Default {
	return []Default{
		{"Levels required by role", "8 skills × 8 roles", "level 0–4", matrixSource, defaultsDate, "assumption"},
		{"Weight of a skill in the gap score", "1", "per level", "Pons' own proposal; nothing is published: score = Σ max(0, required − held) × weight, equal weights", defaultsDate, "assumption"},
		{"Training", "40", "h/FTE/year", trainingSource, defaultsDate, "expert"},
		{"Most on call", "25 %", "of the time", shareSource, defaultsDate, "expert"},
		{"Skill counts as held from", "2", "level of 0–4", "Pons' own proposal; nothing is published: 2 works alone on what is usual", defaultsDate, "assumption"},
		{"Single point of failure below", "2", "people", "expert default of Pons", defaultsDate, "expert"},
		{"Time zone", "UTC", "", "until the hospital says where it is", defaultsDate, "assumption"},
	}
}

// Certificates that the field knows. AAMI's list is verified for CABT, CBET, CRES, CHTM and CISS (2019 handbook);
// those of others are an expert's selection (domain/09 §9.6). Any other name may be entered.
func Certificates() []string {
	return []string{"CABT", "CBET", "CRES", "CHTM", "CISS", "CompTIA A+", "CompTIA Network+", "CompTIA Security+", "CCNA", "CISSP", "CISM", "GICSP", "HCISPP", "CPHIMS", "ITIL Foundation"}
}

// Titles are the titles that something is required of, then those that only people have, each by its order of names.
func (e Expectations) Titles(people []Person) []string {
	var out []string
	for _, t := range append(defaultTitles(), slices.Sorted(maps.Keys(e.Required))...) {
		if _, ok := e.Required[t]; ok && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	var others []string
	for _, p := range people {
		if !slices.ContainsFunc(append(others, out...), func(t string) bool { return strings.EqualFold(t, p.Title) }) {
			others = append(others, p.Title)
		}
	}
	slices.Sort(others)
	return append(out, others...)
}

// Needs is the level that a title must have of a skill; false: nobody has said.
func (e Expectations) Needs(title, skill string) (int, bool) {
	for t, levels := range e.Required {
		if strings.EqualFold(t, title) {
			level, ok := levels[skill]
			return level, ok
		}
	}
	return 0, false
}

// Location is the hospital's clock.
func (e Expectations) Location() *time.Location {
	loc, err := time.LoadLocation(e.Zone)
	if err != nil || e.Zone == "" {
		return time.UTC
	}
	return loc
}

const maxSkills = 60

func (e *Expectations) check() error {
	if len(e.Skills) == 0 || len(e.Skills) > maxSkills {
		return fault.Wrong("skills", "%d skills; a catalogue has 1 to %d", len(e.Skills), maxSkills)
	}
	for i := range e.Skills {
		s := &e.Skills[i]
		if err := text("skill", "the skill", &s.Name, maxName); err != nil {
			return err
		}
		if s.Name == "" {
			return fault.Wrong("skill", "a skill needs a name")
		}
		if !(s.Weight >= 0 && s.Weight <= 10) {
			return fault.Wrong("weight", "%s weighs %g; weights are 0 to 10", s.Name, s.Weight)
		}
		for _, other := range e.Skills[:i] {
			if strings.EqualFold(other.Name, s.Name) {
				return fault.Wrong("skill", "%s is in the catalogue already", s.Name)
			}
		}
	}
	for title, levels := range e.Required {
		if strings.TrimSpace(title) == "" || len(title) > maxName {
			return fault.Wrong("role", "a role needs a name of at most %d characters", maxName)
		}
		for skill, level := range levels {
			if level < 0 || level > maxLevel {
				return fault.Wrong("required", "%s asks for level %d of %s; levels are 0 to %d", title, level, skill, maxLevel)
			}
		}
	}
	if !(e.Training >= 0 && e.Training <= 400) {
		return fault.Wrong("training_hours", "%g hours of training for each FTE; it takes 0 to 400", e.Training)
	}
	if !(e.Share > 0 && e.Share <= 1) {
		return fault.Wrong("oncall_share", "a share of %g; it is above 0 and at most 1 (0.25 is one week in four)", e.Share)
	}
	if e.Qualified < 1 || e.Qualified > maxLevel {
		return fault.Wrong("qualified", "level %d; it is 1 to %d", e.Qualified, maxLevel)
	}
	if _, err := time.LoadLocation(e.Zone); err != nil || e.Zone == "" || e.Zone == "Local" {
		return fault.Wrong("zone", "%q is no time zone; write it like America/New_York or Europe/Berlin", e.Zone)
	}
	return nil
}

// theExpectations is the one entry of its book.
const theExpectations = "hospital"

// Expectations reads what is in force; Version is 0 while nobody has changed the defaults.
func (s *Staff) Expectations(tx *sqldb.Tx) (Expectations, error) {
	e, err := s.expectations.Get(tx, theExpectations)
	if errors.Is(err, fault.NotFound) {
		return DefaultExpectations(), nil
	}
	if err == nil && e.Removed {
		out := DefaultExpectations()
		return out, nil
	}
	e.Body.Version, e.Body.At = e.Version, e.At
	return e.Body, err
}

// PutExpectations writes what shall be in force.
func (s *Staff) PutExpectations(tx *sqldb.Tx, version int64, e Expectations, by ledger.By) (Expectations, error) {
	if version == 0 {
		if now, err := s.Expectations(tx); err == nil && now.Version != 0 {
			return e, fmt.Errorf("somebody else has changed the expectations meanwhile; look at them again: %w", fault.Conflict)
		}
	}
	saved, err := s.expectations.Put(tx, theExpectations, version, e, by)
	saved.Body.Version = saved.Version
	return saved.Body, err
}

// RestoreExpectations makes an earlier state the newest again; version 0 is the shipped one.
func (s *Staff) RestoreExpectations(tx *sqldb.Tx, version int64, by ledger.By) error {
	if version == 0 {
		_, err := s.expectations.Remove(tx, theExpectations, by)
		return err
	}
	_, err := s.expectations.Restore(tx, theExpectations, version, by)
	return err
}

// Gap is what somebody lacks of what the title asks for.
type Gap struct {
	Score   float64   // Σ max(0, required − held) × weight over the skills that are known
	Lacks   []Lacking // the heaviest first
	Unknown []string  // required, and nobody has said how well the person has it
	Asked   bool      // something is required of the title
}

// Lacking is one skill below what is required.
type Lacking struct {
	Skill          string
	Required, Held int
	Score          float64
}

// GapOf compares a person with what the title asks for (domain/01 §1.11). A skill whose level nobody has said adds
// nothing to the score, and is named: unknown is not zero.
func (e Expectations) GapOf(p *Person) Gap {
	var g Gap
	for _, s := range e.Skills {
		need, ok := e.Needs(p.Title, s.Name)
		g.Asked = g.Asked || ok
		if need == 0 {
			continue
		}
		held, known := p.Level(s.Name)
		if !known {
			g.Unknown = append(g.Unknown, s.Name)
			continue
		}
		if held < need {
			score := float64(need-held) * s.Weight
			g.Score += score
			g.Lacks = append(g.Lacks, Lacking{s.Name, need, held, score})
		}
	}
	slices.SortStableFunc(g.Lacks, func(a, b Lacking) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	return g
}

// TitleGap is the gap of all who have a title.
type TitleGap struct {
	Title   string
	People  int
	Score   float64 // summed
	Unknown int     // levels that nobody has said
	Asked   bool
}

// GapsByTitle sums the gaps of those who work here on a day.
func (e Expectations) GapsByTitle(people []Person, day Date) []TitleGap {
	var out []TitleGap
	for _, title := range e.Titles(people) {
		g := TitleGap{Title: title}
		for i := range people {
			if p := &people[i]; p.Works(day) && strings.EqualFold(p.Title, title) {
				one := e.GapOf(p)
				g.People, g.Score, g.Unknown, g.Asked = g.People+1, g.Score+one.Score, g.Unknown+len(one.Unknown), one.Asked
			}
		}
		for t := range e.Required {
			g.Asked = g.Asked || strings.EqualFold(t, title)
		}
		out = append(out, g)
	}
	return out
}
