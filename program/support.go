package program

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
)

// SupportLevel is what devices of one level can count on.
type SupportLevel struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Hours      string     `json:"hours"`              // "24×7", "Mon–Fri 7–17"
	Response   int        `json:"response,omitempty"` // minutes within these hours until somebody works on it; 0 none promised
	Restore    int        `json:"restore,omitempty"`  // minutes until it works again or a replacement does; 0 none promised
	FirstLine  string     `json:"first_line,omitempty"`
	SecondLine string     `json:"second_line,omitempty"`
	Vendor     string     `json:"vendor,omitempty"`
	Note       string     `json:"note,omitempty"`
	Origin     Provenance `json:"origin"`
}

// SupportRule gives a level to the devices that have all of what it names; an empty field holds for every device.
type SupportRule struct {
	Class       string `json:"class,omitempty"`    // of the taxonomy: "infusion-pump"
	Category    string `json:"category,omitempty"` // medical, iot, it, ot, network
	LifeSupport string `json:"life_support,omitempty"`
	Criticality string `json:"criticality,omitempty"`
	Level       string `json:"level"` // a level's id
	Why         string `json:"why,omitempty"`
}

// SupportModel is levels and rules. The first rule that holds for a device decides.
type SupportModel struct {
	Levels []SupportLevel `json:"levels"`
	Rules  []SupportRule  `json:"rules"`
}

// Condition is one thing that a rule asks of a device: a field of the device list and its value.
type Condition struct{ Field, Value string }

// Conditions are what a rule asks, in words of the device list; none for a rule that holds for every device.
func (r SupportRule) Conditions() []Condition {
	all := []Condition{{"class", r.Class}, {"category", r.Category}, {"life_support", r.LifeSupport}, {"criticality", r.Criticality}}
	return slices.DeleteFunc(all, func(c Condition) bool { return c.Value == "" })
}

// Text is the rule's condition for people.
func (r SupportRule) Text() string {
	var parts []string
	for _, c := range r.Conditions() {
		switch c {
		case Condition{"life_support", "yes"}:
			parts = append(parts, "supports life")
		case Condition{"life_support", "no"}:
			parts = append(parts, "does not support life")
		default:
			parts = append(parts, strings.ReplaceAll(c.Field, "_", " ")+" "+c.Value)
		}
	}
	if parts == nil {
		return "every device"
	}
	return strings.Join(parts, ", ")
}

// Support is the answer for one device.
type Support struct {
	Level SupportLevel
	Rule  int // its number from 1; 0 when no rule holds and nobody promised anything
	// Unsure is the number of an earlier rule that would hold if something were known that is not; 0 none.
	Unsure int
}

// SupportFor says which level of support a device gets, and why. An attribute that is not known is empty; it fulfils
// no condition, and the answer says when knowing it could give another level: unknown is never taken for no.
func (m SupportModel) SupportFor(class, category, lifeSupport, criticality string) (Support, string) {
	has := map[string]string{"class": class, "category": category, "life_support": lifeSupport, "criticality": criticality}
	var s Support
	var missing string
	for i, r := range m.Rules {
		holds, unknown := true, ""
		possible := true
		for _, c := range r.Conditions() {
			switch {
			case strings.EqualFold(has[c.Field], c.Value):
			case has[c.Field] == "":
				holds, unknown = false, c.Field
			default:
				holds, possible = false, false
			}
		}
		if holds {
			s.Rule = i + 1
			s.Level, _ = m.Level(r.Level)
			break
		}
		if possible && s.Unsure == 0 {
			s.Unsure, missing = i+1, strings.ReplaceAll(unknown, "_", " ")
		}
	}
	why := "no rule holds for it"
	if s.Rule > 0 {
		why = fmt.Sprintf("rule %d: %s", s.Rule, m.Rules[s.Rule-1].Text())
	}
	if s.Unsure > 0 {
		why += fmt.Sprintf("; %s is not known, and rule %d could hold", missing, s.Unsure)
	}
	return s, why
}

// Level finds a level by its id.
func (m SupportModel) Level(id string) (SupportLevel, bool) {
	for _, l := range m.Levels {
		if l.ID == id {
			return l, true
		}
	}
	return SupportLevel{}, false
}

// DefaultSupport is what the page starts from. The levels are Pons's proposal, no published standard: 15 minutes and
// an hour are what hospitals commonly ask of their on-call, restoring times and lines are assumptions to be edited.
func DefaultSupport() SupportModel {
	origin := Provenance{Source: OwnProposal, Date: "2026-11", Confidence: "assumption"}
	return SupportModel{
		Levels: []SupportLevel{
			{ID: "life", Name: "Life-critical", Hours: "24×7", Response: 15, Restore: 4 * 60, FirstLine: "Biomed on call, in the house", SecondLine: "Clinical systems engineer on call", Vendor: "24×7 line by contract", Note: "A spare stands on the ward or in the pool.", Origin: origin},
			{ID: "high", Name: "High", Hours: "24×7, on call", Response: 60, Restore: 8 * 60, FirstLine: "Service desk", SecondLine: "Biomed or network on call", Vendor: "Next day by contract", Origin: origin},
			{ID: "standard", Name: "Standard", Hours: "Mon–Fri 7–17", Response: 4 * 60, Restore: 3 * 24 * 60, FirstLine: "Service desk", SecondLine: "Biomed shop", Vendor: "Time and material", Origin: origin},
			{ID: "run", Name: "Run to fail", Hours: "Mon–Fri 7–17", FirstLine: "Service desk", Note: "Replaced from stock, not repaired.", Origin: origin},
		},
		Rules: []SupportRule{
			{LifeSupport: "yes", Level: "life", Why: "A patient cannot wait."},
			{Criticality: "high", Level: "high", Why: "Somebody judged it critical."},
			{Category: "network", Level: "high", Why: "What it carries stops with it."},
			{Category: "medical", Criticality: "low", Level: "run", Why: "Judged to matter little."},
			{Category: "medical", Level: "standard"},
			{Category: "it", Level: "standard"},
			{Category: "ot", Level: "standard"},
			{Category: "iot", Level: "run"},
		},
	}
}

// Limits of a model: a question in the list's language must still hold all rules.
const (
	maxLevels  = 8
	maxRules   = 15
	maxMinutes = 60 * 24 * 60 // sixty days
)

func supportBook() ledger.Book[SupportModel] { return ledger.NewBook("program.support", checkSupport) }

// SupportShelf is the support model as a book of one entry, to write and to restore.
func (p *Program) SupportShelf() Shelf[SupportModel] {
	return Shelf[SupportModel]{Book: supportBook(), p: p}
}

// Support gives the model; version 0 says that it is the default, which nobody has agreed to yet.
func (p *Program) Support(tx *sqldb.Tx) (ledger.Entry[SupportModel], error) {
	e, err := supportBook().Get(tx, onlyEntry)
	if errors.Is(err, fault.NotFound) || err == nil && e.Removed {
		return ledger.Entry[SupportModel]{ID: onlyEntry, Body: DefaultSupport()}, nil
	}
	return e, err
}

// SetSupport writes the model.
func (p *Program) SetSupport(ctx context.Context, version int64, m SupportModel, actor, why string) (ledger.Entry[SupportModel], error) {
	return p.SupportShelf().Put(ctx, onlyEntry, version, m, actor, why)
}

func checkSupport(m *SupportModel) error {
	var wrong fault.Mistakes
	if len(m.Levels) == 0 || len(m.Levels) > maxLevels {
		wrong.Add("levels", fmt.Errorf("a model has 1 to %d levels, not %d: %w", maxLevels, len(m.Levels), fault.Invalid))
	}
	if len(m.Rules) > maxRules {
		wrong.Add("rules", fmt.Errorf("a model has at most %d rules, not %d: %w", maxRules, len(m.Rules), fault.Invalid))
	}
	seen := map[string]bool{}
	for i := range m.Levels {
		l := &m.Levels[i]
		field := func(name string) string { return fmt.Sprintf("levels.%d.%s", i+1, name) }
		if l.ID = strings.TrimSpace(l.ID); l.ID == "" || seen[l.ID] {
			wrong.Add(field("name"), fmt.Errorf("the level %s needs an id of its own: %w", l.Name, fault.Invalid))
		}
		seen[l.ID] = true
		wrong.Add(field("name"), tidyName("the level's name", &l.Name, true))
		wrong.Add(field("hours"), tidyName("the hours of "+l.Name, &l.Hours, true))
		wrong.Add(field("response"), within("the response time", l.Response, 0, maxMinutes))
		wrong.Add(field("restore"), within("the time to restore", l.Restore, 0, maxMinutes))
		wrong.Add(field("first_line"), tidyName("the first line", &l.FirstLine, false))
		wrong.Add(field("second_line"), tidyName("the second line", &l.SecondLine, false))
		wrong.Add(field("vendor"), tidyName("the vendor's part", &l.Vendor, false))
		wrong.Add(field("note"), tidyText("the note", &l.Note, false))
		wrong.Add(field("origin"), l.Origin.check())
		if l.Response > 0 && l.Restore > 0 && l.Restore < l.Response {
			wrong.Add(field("restore"), fmt.Errorf("%s shall work again after %d minutes, before anybody answers after %d: %w", l.Name, l.Restore, l.Response, fault.Invalid))
		}
	}
	for i := range m.Rules {
		r := &m.Rules[i]
		field := func(name string) string { return fmt.Sprintf("rules.%d.%s", i+1, name) }
		for name, s := range map[string]*string{"class": &r.Class, "category": &r.Category, "life_support": &r.LifeSupport, "criticality": &r.Criticality, "why": &r.Why} {
			wrong.Add(field(name), tidyName(name, s, false))
		}
		if r.LifeSupport != "" && r.LifeSupport != "yes" && r.LifeSupport != "no" {
			wrong.Add(field("life_support"), fmt.Errorf("life support is %q; write yes or no, or nothing for both: %w", r.LifeSupport, fault.Invalid))
		}
		if !seen[r.Level] {
			wrong.Add(field("level"), fmt.Errorf("rule %d leads to a level that does not exist: %w", i+1, fault.Invalid))
		}
		for j := range i {
			if covers(m.Rules[j], *r) {
				wrong.Add(field("level"), fmt.Errorf("rule %d never decides: rule %d holds wherever it does; put it first or remove it: %w", i+1, j+1, fault.Invalid))
				break
			}
		}
	}
	return wrong.All()
}

// covers says that the first rule holds wherever the second does.
func covers(first, second SupportRule) bool {
	for _, c := range first.Conditions() {
		if !slices.ContainsFunc(second.Conditions(), func(x Condition) bool { return x.Field == c.Field && strings.EqualFold(x.Value, c.Value) }) {
			return false
		}
	}
	return true
}
