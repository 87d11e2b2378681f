package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pons/account"
	"pons/column"
	"pons/fact"
	"pons/fault"
	"pons/inventory"
	"pons/linkage"
	"pons/query"
	"pons/sqldb"
)

// pairRows is how many pairs a page shows: each is a table of its own.
const pairRows = 10

// joinAt is the weight of evidence that joins two records without a person.
const joinAt = int(linkage.Merge)

// pairItem is two devices that may be one, field by field.
type pairItem struct {
	A, B   *inventory.Row
	Score  string
	Why    []reason
	Fields []pairField // of which both say something
	OnlyA  []evidence
	OnlyB  []evidence
}

// reason is one piece of evidence with its weight in bits: positive speaks for one device, negative for two.
type reason struct {
	Weight, Text string
	Against      bool
}

// pairField is one attribute of both.
type pairField struct {
	Title, A, B string
	Mark        string // same, differs, or empty where one of them says nothing
}

// pairAttrs are what people compare, in that order.
func pairAttrs() []fact.Attr {
	return []fact.Attr{fact.Class, fact.Manufacturer, fact.Model, fact.Serial, fact.ControlNumber, fact.AssetTag, fact.MAC, fact.IP, fact.Hostname, fact.AETitle,
		fact.Site, fact.Building, fact.Department, fact.Room, fact.Owner, fact.Status, fact.AcquiredOn, fact.SoftwareVersion, fact.OS}
}

// readPairs fills the queue of possible duplicates. Both devices of a pair are inside of the scope, or it is not
// shown.
func (s *Server) readPairs(v *Visit, tx *sqldb.Tx, p *queuePage, ask asker, scope account.Scope) error {
	p.Facets, p.Narrow, p.Text = nil, false, ""
	skip, _ := strconv.Atoi(v.Form("from")) // a number that is none is the start
	skip = min(max(0, skip), 1_000_000)
	pairs, total, err := s.Inventory.Pairs(tx, inventory.PairQuery{Sites: scope.Sites, Departments: scope.Departments, Skip: skip, Limit: pairRows})
	if err != nil {
		return err
	}
	for _, d := range pairs {
		if d.A != nil && d.B != nil {
			p.Pairs = append(p.Pairs, pairOf(d))
		}
	}
	p.Total = total
	p.Pager = Pager{From: min(skip+1, total), To: min(skip+len(pairs), total), Total: total, Noun: "pairs"}
	if skip > 0 {
		p.Pager.Prev = queueHref(p.Name) + "?from=" + strconv.Itoa(max(0, skip-pairRows))
	}
	if skip+len(pairs) < total {
		p.Pager.Next = queueHref(p.Name) + "?from=" + strconv.Itoa(skip+len(pairs))
	}
	return nil
}

func pairOf(d inventory.Duplicate) pairItem {
	it := pairItem{A: d.A, B: d.B, Score: strconv.FormatFloat(d.Score, 'f', 1, 64)}
	for _, text := range d.Because {
		weight, what, ok := strings.Cut(text, " ")
		if _, err := strconv.ParseFloat(weight, 64); !ok || err != nil {
			weight, what = "", text
		}
		it.Why = append(it.Why, reason{weight, what, strings.HasPrefix(weight, "-")})
	}
	it.compare()
	return it
}

// compare sets the two devices side by side; what neither says is left out.
func (it *pairItem) compare() {
	sources := func(r *inventory.Row) string { return strings.Join(strings.Split(r.Sources, "\n"), ", ") }
	it.Fields = []pairField{{Title: "Sources", A: sources(it.A), B: sources(it.B)}}
	for _, name := range pairAttrs() {
		attr, ok := inventory.AttributeNamed(name)
		x, y := it.A.All(name), it.B.All(name)
		switch {
		case !ok || len(x)+len(y) == 0:
		case len(y) == 0:
			it.OnlyA = append(it.OnlyA, evidence{Name: attr.Title, Text: strings.Join(x, ", ")})
		case len(x) == 0:
			it.OnlyB = append(it.OnlyB, evidence{Name: attr.Title, Text: strings.Join(y, ", ")})
		default:
			f := pairField{Title: attr.Title, A: strings.Join(x, ", "), B: strings.Join(y, ", "), Mark: "differs"}
			for _, value := range x {
				if slices.ContainsFunc(y, func(other string) bool { return attr.Fold(other) == attr.Fold(value) }) {
					f.Mark = "same"
				}
			}
			it.Fields = append(it.Fields, f)
		}
	}
}

// matchPage looks for the device that another one really is.
type matchPage struct {
	Row   *inventory.Row
	About string
	Q     string
	Back  string
	Found []pairItem
	Guess bool // nothing was asked: these are what is alike and fits
	May   bool
}

const matchLimit = 6

// match shows devices that a device may be the same as: those that answer to what is typed, or those that are
// alike and miss what this one has.
func (s *Server) match(v *Visit) error {
	p := matchPage{Q: v.Form("q"), Back: local(v.Form("back")), May: v.May(account.InventoryMerge)}
	if !strings.HasPrefix(p.Back, "/reconcile") {
		p.Back = "/reconcile"
	}
	ask, err := s.asker(v)
	if err != nil {
		return err
	}
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		d, err := s.seen(v, tx)
		if err != nil {
			return err
		}
		own, err := s.Inventory.Rows(tx, []string{d.ID})
		if err != nil {
			return err
		}
		if len(own) == 0 {
			return fmt.Errorf("device %s: %w", d.ID, fault.NotFound)
		}
		p.Row, p.About = own[0], rowAbout(own[0])
		var ids []string
		if p.Q != "" {
			ids, err = s.Inventory.Lookup(tx, p.Q)
			if err == nil && len(ids) < matchLimit {
				ids, err = alsoWord(ask, ids, p.Q)
			}
		} else {
			p.Guess = true
			ids, err = counterparts(ask, own[0])
		}
		if err != nil {
			return err
		}
		rows, err := s.Inventory.Rows(tx, ids)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.ID != d.ID && v.Scope().Holds(r.Place()) && len(p.Found) < matchLimit {
				it := pairItem{A: own[0], B: r}
				it.compare()
				p.Found = append(p.Found, it)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return v.Render(Page{Title: "Which device is " + p.Row.Name + "?", About: "If another record is the same device, the two become one. That can be taken back.", Islands: []string{"queue"},
		Crumbs: []Link{{"Reconcile", "/reconcile"}, {"Queue", p.Back}}}, p.View())
}

// alsoWord adds devices in which the text stands anywhere.
func alsoWord(ask asker, ids []string, text string) ([]string, error) {
	quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
	if _, err := query.Parse(ask.list.Schema(), quoted); err != nil {
		return ids, nil // a text that cannot be looked for is not anywhere
	}
	page, err := ask.find(quoted, column.Request{Limit: matchLimit + 1})
	for _, id := range page.IDs {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, err
}

// counterparts are devices alike that miss what this one has: a record that was never seen for one that is in no
// system, and the other way round.
func counterparts(ask asker, r *inventory.Row) ([]string, error) {
	want := "is:unseen"
	if r.Flags&inventory.FlagUnseen != 0 {
		want = "is:unrecorded"
	}
	for _, by := range [][]fact.Attr{{fact.Manufacturer, fact.Model}, {fact.Class, fact.Department}, {fact.Manufacturer}, {fact.Class}} {
		_, question := likeness(ask, r, by)
		if question == "" {
			continue
		}
		page, err := ask.find(question+" and "+want, column.Request{Limit: matchLimit + 1, Sort: []column.Order{{Field: "created"}}})
		if err != nil || len(page.IDs) > 0 {
			return page.IDs, err
		}
	}
	return nil, nil
}

// answerPair takes a person's answer on whether two devices are one.
func (s *Server) answerPair(v *Visit) error {
	a, b, err := s.bothSeen(v)
	if err != nil {
		return err
	}
	same := v.Form("same") == "yes"
	if !same && v.Form("same") != "no" {
		return fmt.Errorf("say whether they are the same device: %w", fault.Invalid)
	}
	if err := s.Inventory.Decide(v.Context(), inventory.Answer{A: a.ID, B: b.ID, Same: same, Actor: v.Actor.String(), Why: v.Form("why")}); err != nil {
		return err
	}
	if err := s.freshen(v); err != nil {
		return err
	}
	text := fmt.Sprintf("%s and %s stay two devices; they are not proposed again.", a.Name, b.Name)
	if same {
		text = fmt.Sprintf("%s and %s are one device now.", a.Name, b.Name)
	}
	back := local(v.Form("back"))
	undo := url.Values{"a": {a.ID}, "b": {b.ID}, "back": {back}}
	return v.Redirect(back, &Flash{Status: Good, Text: text, Undo: "/reconcile/unanswer?" + undo.Encode()})
}

// unanswerPair takes the answer back.
func (s *Server) unanswerPair(v *Visit) error {
	a, b, err := s.bothSeen(v)
	if err != nil {
		return err
	}
	if err := s.Inventory.Undecide(v.Context(), a.ID, b.ID, v.Actor.String()); err != nil {
		return err
	}
	if err := s.freshen(v); err != nil {
		return err
	}
	return v.Redirect(local(v.Form("back")), &Flash{Status: Good, Text: "The answer is taken back; evidence decides again."})
}

// bothSeen reads the two devices of a form, which may have become one, when the person may see them.
func (s *Server) bothSeen(v *Visit) (a, b *inventory.Row, err error) {
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		for _, one := range []struct {
			id  string
			row **inventory.Row
		}{{v.Form("a"), &a}, {v.Form("b"), &b}} {
			d, err := s.Inventory.Get(tx, one.id)
			if err != nil {
				return err
			}
			rows, err := s.Inventory.Rows(tx, []string{d.ID})
			if err != nil {
				return err
			}
			if len(rows) == 0 || !v.Scope().Holds(rows[0].Place()) {
				return fmt.Errorf("device %s: %w", one.id, fault.NotFound)
			}
			*one.row = rows[0]
		}
		return nil
	})
	return a, b, err
}
