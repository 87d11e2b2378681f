package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"pons/account"
	"pons/fact"
	"pons/fault"
	"pons/inventory"
	"pons/sqldb"
)

// typedAbove is how many devices may be changed at once before the person types their number (docs/design.md §6).
const typedAbove = 100

// attributeGroup is a group of attributes of the device page.
type attributeGroup struct {
	Title      string
	Attributes []inventory.Attribute
}

// bulkAttributes are what makes sense to set on many devices at once: not their own numbers and names.
func bulkAttributes() []attributeGroup {
	own := []fact.Attr{fact.Serial, fact.ControlNumber, fact.AssetTag, fact.UDIDI, fact.Bed, fact.Description, fact.Parent}
	var out []attributeGroup
	for _, title := range []string{"Ownership", "Place", "Lifecycle", "Identity", "Money"} {
		g := attributeGroup{Title: title}
		for _, a := range inventory.Attributes() {
			if a.Group == title && a.Editable && !slices.Contains(own, a.Name) {
				g.Attributes = append(g.Attributes, a)
			}
		}
		slices.SortStableFunc(g.Attributes, func(a, b inventory.Attribute) int { return len(a.Options) - len(b.Options) })
		out = append(out, g)
	}
	return out
}

// bulkPage is the preview of a change of many devices.
type bulkPage struct {
	IDs       []string
	Which     string // ticked, or found: all of the question
	Q, Back   string
	Attr      inventory.Attribute
	Value     string
	Why       string
	Clear     bool
	Previewed bool
	Now       []bulkNow
	Changed   int // devices whose word of a person would be new
	Sample    []*inventory.Row
	Problem   string
	Typed     string
	Custom    string
}

// bulkNow is a value that some of the devices have now.
type bulkNow struct {
	Value string
	Count int
}

// NeedsTyped says whether the number must be typed.
func (p bulkPage) NeedsTyped() bool { return len(p.IDs) > typedAbove }

// bulkDevices shows what a change of many devices would do; with "apply" it does it.
func (s *Server) bulkDevices(v *Visit) error {
	p := bulkPage{Which: v.Form("which"), Q: v.Form("q"), Back: local(v.Form("back")), Value: v.Form("value"), Why: v.Form("why"), Typed: v.Form("typed"), Clear: v.Form("clear") == "yes"}
	if !strings.HasPrefix(p.Back, "/devices") {
		p.Back = "/devices"
	}
	name := fact.Attr(v.Form("attr"))
	if custom := v.Form("custom"); custom != "" {
		var err error
		if name, err = customAttr(custom); err != nil {
			return err
		}
	}
	attr, ok := inventory.AttributeNamed(name)
	if !ok || !attr.Editable {
		return fmt.Errorf("choose what to set: %w", fault.Invalid)
	}
	p.Attr = attr
	ids, err := s.bulkIDs(v, p)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return v.Redirect(p.Back, &Flash{Status: Warn, Text: "No device was selected."})
	}
	if len(ids) > inventory.MaxEdit {
		return v.Redirect(p.Back, &Flash{Status: Warn, Text: "At most " + Count(inventory.MaxEdit) + " devices can be changed at once; narrow the list."})
	}
	if err := s.bulkNow(v, &p, ids); err != nil {
		return err
	}
	apply := v.Form("apply") != ""
	p.Previewed = apply || v.Form("preview") != ""
	if p.Previewed {
		p.check(v, apply)
	}
	if apply && p.Problem == "" {
		return s.bulkApply(v, p)
	}
	status := 0
	if p.Problem != "" {
		status = 400
	}
	return v.Render(Page{Title: "Set " + lowerFirst(attr.Title) + " of " + devicesCount(len(p.IDs)), Status: status, Islands: []string{"devices"},
		About: "A person's word wins over every source until it is taken back. Nothing is changed before the last button.", Crumbs: []Link{{"Devices", p.Back}}}, p.View())
}

// bulkIDs are the devices meant: those ticked, or all that the question finds.
func (s *Server) bulkIDs(v *Visit, p bulkPage) ([]string, error) {
	if p.Which != "found" {
		ids := slices.Clone(v.FormAll("id"))
		slices.Sort(ids)
		return slices.Compact(ids), nil
	}
	list, table := s.Index.View()
	l := deviceListPage{deviceQuery: deviceQuery{Text: p.Q}, list: list}
	ask, err := l.whole(v)
	if err != nil {
		return nil, err
	}
	ask.Limit = inventory.MaxEdit + 1
	page, err := table.Find(ask)
	return page.IDs, err
}

// bulkNow reads the devices, keeps those that the person may change, and counts what they have now.
func (s *Server) bulkNow(v *Visit, p *bulkPage, ids []string) error {
	scope := v.Scope()
	return s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		rows, err := s.Inventory.Rows(tx, ids)
		if err != nil {
			return err
		}
		counts := map[string]int{}
		for _, r := range rows {
			if !scope.Holds(r.Place()) {
				continue
			}
			p.IDs = append(p.IDs, r.ID)
			if len(p.Sample) < 12 {
				p.Sample = append(p.Sample, r)
			}
			if inRows(p.Attr.Name) {
				counts[strings.Join(r.All(p.Attr.Name), ", ")]++
			}
		}
		if len(p.IDs) == 0 {
			return fmt.Errorf("none of these devices is in your scope: %w", fault.NotFound)
		}
		for value, n := range counts {
			p.Now = append(p.Now, bulkNow{value, n})
		}
		slices.SortFunc(p.Now, func(a, b bulkNow) int {
			if a.Count != b.Count {
				return b.Count - a.Count
			}
			return strings.Compare(a.Value, b.Value)
		})
		return nil
	})
}

// inRows says whether rows of the list hold the attribute, so that its values now can be counted.
func inRows(name fact.Attr) bool {
	if strings.HasPrefix(string(name), fact.CustomPrefix) {
		return true
	}
	l, err := inventory.NewList(nil)
	if err != nil {
		return false
	}
	_, ok := l.Schema().Find(string(name))
	return ok
}

// check finds what keeps the change from being done.
func (p *bulkPage) check(v *Visit, apply bool) {
	clean, err := inventory.CleanValue(p.Attr.Name, p.Value)
	switch {
	case err != nil:
		p.Problem = sentence(err)
	case clean == "" && !p.Clear:
		p.Problem = "Give a value, or tick that people's words are taken back."
	case clean != "" && p.Clear:
		p.Problem = "Either give a value, or take people's words back: not both."
	case outOfScope(v.Scope(), p.Attr.Name, clean):
		p.Problem = fmt.Sprintf("%s is outside of your scope: the devices would no longer be yours to see.", clean)
	case apply && p.NeedsTyped() && strings.NewReplacer(",", "", ".", "", " ", "").Replace(p.Typed) != strconv.Itoa(len(p.IDs)):
		p.Problem = fmt.Sprintf("Type %d into the box: that many devices will change.", len(p.IDs))
	}
	p.Value = clean
	if err != nil {
		p.Value = v.Form("value")
	}
	for _, n := range p.Now {
		if n.Value != p.Value {
			p.Changed += n.Count
		}
	}
	if len(p.Now) == 0 {
		p.Changed = len(p.IDs)
	}
}

// outOfScope says whether a value would take a device out of the person's own scope.
func outOfScope(scope account.Scope, name fact.Attr, value string) bool {
	switch name {
	case fact.Site:
		return value != "" && !inside(scope.Sites, value)
	case fact.Department:
		return value != "" && !inside(scope.Departments, value)
	}
	return false
}

func (s *Server) bulkApply(v *Visit, p bulkPage) error {
	edit, err := s.Inventory.StateAll(v.Context(), p.IDs, inventory.Edit{Actor: v.Actor.String(), Why: p.Why, Values: map[fact.Attr]string{p.Attr.Name: p.Value}})
	if err != nil {
		return err
	}
	if err := s.freshen(v); err != nil {
		return err
	}
	text := fmt.Sprintf("%s of %s is now %s.", p.Attr.Title, devicesCount(len(p.IDs)), p.Value)
	if p.Value == "" {
		text = fmt.Sprintf("People's words on %s of %s are taken back.", lowerFirst(p.Attr.Title), devicesCount(len(p.IDs)))
	}
	return v.Redirect(p.Back, &Flash{Status: Good, Text: text, Undo: "/devices/edits/" + url.PathEscape(edit) + "/undo?back=" + url.QueryEscape(p.Back)})
}

// undoEdit takes a change back, of one device or of many.
func (s *Server) undoEdit(v *Visit) error {
	edit, scope := v.R.PathValue("id"), v.Actor.Scope
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		ids, err := s.Inventory.EditedDevices(tx, edit)
		if err != nil {
			return err
		}
		rows, err := s.Inventory.Rows(tx, ids)
		for _, r := range rows {
			if !scope.Holds(r.Place()) {
				return fmt.Errorf("a device of this change is outside of your scope: %w", fault.Denied)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	n, err := s.Inventory.UndoEdit(v.Context(), edit, v.Actor.String())
	if err != nil {
		return err
	}
	if err := s.freshen(v); err != nil {
		return err
	}
	back := local(v.Form("back"))
	if back == "/" {
		back = "/devices"
	}
	return v.Redirect(back, &Flash{Status: Good, Text: "The change of " + devicesCount(n) + " is taken back."})
}

// freshWait is how long a person waits for the list to know what they wrote, at most.
const freshWait = 3 * time.Second

// freshen makes the person's next page see what they wrote.
func (s *Server) freshen(v *Visit) error {
	s.Changed()
	if ready, _ := s.Index.Ready(); !ready {
		return nil // the index reads it on its way
	}
	ctx, cancel := context.WithTimeout(v.Context(), freshWait)
	defer cancel()
	if err := s.Index.Refresh(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	return nil // what takes longer (a new attribute reads everything anew) the server's own round does
}

func devicesCount(n int) string { return Count(n) + " " + plural(n, "device", "devices") }

func lowerFirst(text string) string {
	if len(text) > 1 && text[1] >= 'a' && text[1] <= 'z' { // not FDA, EM, PM
		return strings.ToLower(text[:1]) + text[1:]
	}
	return text
}

// customAttr makes the name of a custom attribute of what a person calls it: "MRI zone" is custom.mri_zone.
func customAttr(title string) (fact.Attr, error) {
	name := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r == ' ' || r == '-' || r == '_' || r == '.':
			return '_'
		}
		return -1
	}, strings.ToLower(strings.TrimSpace(strings.TrimPrefix(title, fact.CustomPrefix)))), "_")
	if name == "" || len(name) > 40 || name[0] >= '0' && name[0] <= '9' {
		return "", fmt.Errorf("an attribute of your own needs a name of letters and digits that begins with a letter, such as “MRI zone”: %w", fault.Invalid)
	}
	return fact.Attr(fact.CustomPrefix + name), nil
}

// attributeOptions are the values of a closed list, with none first.
func attributeOptions(a inventory.Attribute) []Option {
	out := []Option{{"", "—"}}
	for _, o := range a.Options {
		out = append(out, Option{o, o})
	}
	return out
}
