package web

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pons/column"
	"pons/fact"
	"pons/fault"
	"pons/inventory"
	"pons/query"
	"pons/sqldb"
)

// conflicts fills the rows of the conflict queue: one for each device and attribute of which its sources disagree.
func (p *queuePage) conflicts() {
	var items []queueItem
	sources := map[string]bool{}
	for _, it := range p.Items {
		it.Since = it.Row.Disputed
		val := it.Device.Value(p.Attr)
		if val == nil || !val.Conflict {
			continue
		}
		it.Choices = valueChoices(val)
		for _, c := range it.Choices {
			for _, vote := range c.Votes {
				sources[vote.Source] = true
			}
		}
		items = append(items, it)
	}
	p.Items = items
	for source := range sources {
		p.Settle = append(p.Settle, Option{source, source})
	}
	slices.SortFunc(p.Settle, func(a, b Option) int { return strings.Compare(a.Value, b.Value) })
}

// valueChoices are the values that sources give for an attribute, the winner's first, each with those who say so.
func valueChoices(val *inventory.Value) []queueChoice {
	attr, _ := inventory.AttributeNamed(val.Attr)
	var out []queueChoice
	at := map[string]int{}
	for n, votes := range [][]inventory.Vote{val.Won, val.Lost} {
		for i := range votes {
			vote := &votes[i]
			key := attr.Fold(vote.Value)
			if n == 0 {
				key = attr.Fold(val.Value)
			}
			j, ok := at[key]
			if !ok {
				j = len(out)
				at[key] = j
				c := queueChoice{Verb: "Use", Value: vote.Value, Wins: n == 0}
				if _, err := inventory.CleanValue(val.Attr, vote.Value); err == nil {
					c.Say = string(val.Attr) + "=" + vote.Value
				}
				out = append(out, c)
			}
			out[j].Votes = append(out[j].Votes, voteOf(vote))
		}
	}
	return out
}

func voteOf(vote *inventory.Vote) queueVote {
	return queueVote{Source: voteSource(vote), Because: voteBecause(vote), At: vote.When(), Trust: strconv.FormatFloat(vote.Belief(), 'f', 2, 64)}
}

// voteSource is who really speaks.
func voteSource(vote *inventory.Vote) string {
	if vote.Source != "" {
		return string(vote.Source)
	}
	return vote.Record.Source
}

func voteBecause(vote *inventory.Vote) string {
	if vote.Record.Row == 0 {
		return vote.Because
	}
	return fmt.Sprintf("%s, row %d", vote.Because, vote.Record.Row)
}

// settlePage is the preview of settling many conflicts by one source.
type settlePage struct {
	Attr    inventory.Attribute
	Source  string
	Text    string
	Back    string
	Found   int // conflicts of the question
	Changes []settleChange
	Silent  int // the source says nothing that could be used
	Outside int // the value would take the device out of the person's scope
	Typed   string
	Problem string
}

// settleChange is what one device would be told.
type settleChange struct {
	ID, Name, About, Now, Then string
}

// NeedsTyped says whether the number must be typed.
func (p settlePage) NeedsTyped() bool { return len(p.Changes) > typedAbove }

// settle shows what it means to believe one source in all conflicts of a question; POST does it.
func (s *Server) settle(v *Visit) error {
	p := settlePage{Source: v.Form("source"), Text: v.Form("q"), Back: local(v.Form("back")), Typed: v.Form("typed")}
	attr, ok := inventory.AttributeNamed(fact.Attr(v.Form("attr")))
	if !ok || !attr.Editable || p.Source == "" {
		return v.Redirect(queueHref("conflict"), &Flash{Status: Warn, Text: "Choose an attribute and a source first."})
	}
	p.Attr = attr
	if p.Back == "/" {
		p.Back = queueHref("conflict") + "?attr=" + string(attr.Name)
	}
	ask, err := s.asker(v)
	if err != nil {
		return err
	}
	expr, err := query.Parse(ask.list.Schema(), p.Text)
	if err != nil {
		return fmt.Errorf("%w: %w", err, fault.Invalid)
	}
	page, err := ask.find("is:conflict and "+ask.is("conflict", string(attr.Name)), column.Request{Expr: expr, Sort: []column.Order{{Field: "conflict_since"}}, Limit: inventory.MaxEdit})
	if err != nil {
		return err
	}
	p.Found = page.Total
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		for part := range slices.Chunk(page.IDs, 500) {
			devices, err := s.Inventory.Devices(tx, part)
			if err != nil {
				return err
			}
			for _, d := range devices {
				p.add(v, d)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if v.R.Method == "POST" {
		if p.NeedsTyped() && strings.NewReplacer(",", "", " ", "").Replace(p.Typed) != strconv.Itoa(len(p.Changes)) {
			p.Problem = fmt.Sprintf("Type %d into the box: that many devices will change.", len(p.Changes))
		} else if len(p.Changes) > 0 {
			return s.settleNow(v, p)
		}
	}
	status := 0
	if p.Problem != "" {
		status = 422
	}
	return v.Render(Page{Title: "Use what " + p.Source + " says", Status: status, Crumbs: []Link{{"Reconcile", "/reconcile"}, {"Conflicts", p.Back}},
		About: "Of every device shown, " + lowerFirst(attr.Title) + " becomes what " + p.Source + " says now, as your word. Nothing is changed before the last button."}, p.View())
}

// add finds what the source says of the device's attribute.
func (p *settlePage) add(v *Visit, d *inventory.Device) {
	val := d.Value(p.Attr.Name)
	if val == nil || !val.Conflict {
		return
	}
	for _, votes := range [][]inventory.Vote{val.Won, val.Lost} {
		for i := range votes {
			if voteSource(&votes[i]) != p.Source || !votes[i].Record.Absent.IsZero() {
				continue
			}
			value, err := inventory.CleanValue(p.Attr.Name, votes[i].Value)
			if err != nil || value == "" {
				continue
			}
			if outOfScope(v.Scope(), p.Attr.Name, value) {
				p.Outside++
				return
			}
			p.Changes = append(p.Changes, settleChange{ID: d.ID, Name: d.Name(), About: aboutDevice(d), Now: val.Value, Then: value})
			return
		}
	}
	p.Silent++
}

func (s *Server) settleNow(v *Visit, p settlePage) error {
	said := make(map[string]map[fact.Attr]string, len(p.Changes))
	for _, c := range p.Changes {
		said[c.ID] = map[fact.Attr]string{p.Attr.Name: c.Then}
	}
	return s.stateQueue(v, said, "as "+p.Source+" says", p.Back, fmt.Sprintf("%s of %s is now what %s says.", p.Attr.Title, devicesCount(len(said)), p.Source))
}
