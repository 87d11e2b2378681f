package program

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"pons/ledger"
	"pons/sqldb"
)

// Theme is what several answers speak of.
type Theme struct {
	Key    string // folded name: how objectives and addresses name it
	Name   string // as most answers write it
	Weight int    // sum of severity × frequency; answers without a severity add nothing
	// Unrated is how many answers (quotes aside) have no severity, so that a low weight is not taken for a small worry.
	Unrated    int
	Worst      int // highest severity
	Interviews int
	Roles      []string // that named it, in the order of the guides
	Tags       map[Tag]int
	Voices     []Voice // the heaviest first
	Withheld   int     // quotes of people who did not agree to be quoted
}

// Voice is one answer with where it was said.
type Voice struct {
	Interview string
	Place     int // of the answer in its interview, from 0
	Role, Who string
	On        Day
	Consent   Consent
	Answer
}

// Quotable says whether the words may be shown as somebody's.
func (v Voice) Quotable() bool { return v.Tag == Quoted && v.Consent == Agreed }

// ThemeKey folds a theme's name: spelling in capitals or with more spaces is the same theme.
func ThemeKey(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

// Themes sums up what interviews say, the heaviest theme first, and gives the answers that have no theme yet. The
// order of the interviews does not matter.
func Themes(interviews []ledger.Entry[Interview]) (themes []Theme, loose []Voice) {
	by := map[string]*Theme{}
	names := map[string]map[string]int{}
	for _, e := range interviews {
		for n, a := range e.Body.Answers {
			v := Voice{Interview: e.ID, Place: n, Role: e.Body.Role, Who: e.Body.Who, On: e.Body.On, Consent: e.Body.Consent, Answer: a}
			key := ThemeKey(a.Theme)
			if key == "" {
				loose = append(loose, v)
				continue
			}
			t := by[key]
			if t == nil {
				t = &Theme{Key: key, Tags: map[Tag]int{}}
				by[key], names[key] = t, map[string]int{}
			}
			t.add(v)
			names[key][a.Theme]++
		}
	}
	slices.SortFunc(loose, byWeight)
	for key, t := range by {
		t.finish()
		for name, n := range names[key] {
			if t.Name == "" || n > names[key][t.Name] || n == names[key][t.Name] && name < t.Name {
				t.Name = name
			}
		}
		themes = append(themes, *t)
	}
	slices.SortFunc(themes, func(a, b Theme) int {
		return cmp.Or(b.Weight-a.Weight, len(b.Voices)-len(a.Voices), cmp.Compare(a.Key, b.Key))
	})
	return themes, loose
}

func (t *Theme) add(v Voice) {
	t.Voices = append(t.Voices, v)
	t.Weight += v.Weight()
	t.Worst = max(t.Worst, v.Severity)
	t.Tags[v.Tag]++
	if v.Severity == 0 && v.Tag != Quoted {
		t.Unrated++
	}
	if v.Tag == Quoted && !v.Quotable() {
		t.Withheld++
	}
}

// finish counts what the voices come to, in an order of their own.
func (t *Theme) finish() {
	slices.SortFunc(t.Voices, byWeight)
	talks, roles := map[string]bool{}, map[string]bool{}
	for _, v := range t.Voices {
		talks[v.Interview], roles[v.Role] = true, true
	}
	t.Interviews = len(talks)
	for _, g := range DefaultGuides() {
		if roles[g.Role] {
			t.Roles = append(t.Roles, g.Role)
		}
	}
}

func byWeight(a, b Voice) int {
	return cmp.Or(b.Weight()-a.Weight(), cmp.Compare(b.On, a.On), cmp.Compare(a.Interview, b.Interview), a.Place-b.Place)
}

// ThemeNames lists the names of all themes, for suggestions while answers are written.
func ThemeNames(themes []Theme) []string {
	out := make([]string, len(themes))
	for i, t := range themes {
		out[i] = t.Name
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(strings.Compare(ThemeKey(a), ThemeKey(b)), strings.Compare(a, b)) })
	return out
}

// RenameTheme gives every answer of a theme another name, and every objective that meets it follows; a name that
// another theme has joins the two. It gives how many answers changed.
func (p *Program) RenameTheme(ctx context.Context, key, name, actor string) (changed int, err error) {
	if err := tidyName("the theme", &name, true); err != nil {
		return 0, wrongIn("name", err)
	}
	by := p.by(actor, "theme “"+key+"” is “"+name+"” now")
	_, err = p.db.Update(ctx, func(tx *sqldb.Tx) error {
		talks := p.Interviews().Book
		list, err := talks.List(tx)
		if err != nil {
			return err
		}
		for _, e := range list {
			body, hit := e.Body, 0
			body.Answers = slices.Clone(body.Answers)
			for i := range body.Answers {
				if ThemeKey(body.Answers[i].Theme) == key {
					body.Answers[i].Theme = name
					hit++
				}
			}
			if changed += hit; hit == 0 {
				continue
			}
			if _, err := talks.Put(tx, e.ID, e.Version, body, by); err != nil {
				return err
			}
		}
		goals := p.Objectives().Book
		objectives, err := goals.List(tx)
		if err != nil {
			return err
		}
		for _, e := range objectives {
			i := slices.Index(e.Body.Themes, key)
			if i < 0 {
				continue
			}
			body := e.Body
			body.Themes = slices.Clone(body.Themes)
			body.Themes[i] = name
			if _, err := goals.Put(tx, e.ID, e.Version, body, by); err != nil {
				return err
			}
		}
		return nil
	})
	return changed, err
}
