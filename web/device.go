package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"pons/account"
	"pons/fact"
	"pons/fault"
	"pons/inventory"
	"pons/sqldb"
)

// devicePage is one device as one person sees it.
type devicePage struct {
	Device      *inventory.Device
	Tab         string
	Groups      []factGroup
	Edit        fact.Attr // the attribute whose form is open
	Problem     string
	Row         fact.Attr // the attribute whose row alone is asked for
	Entered     string    // what was typed into the form, when it was refused
	Custom      string    // the name of an attribute of the hospital's own, being added
	Network     []factLine
	Duplicates  []inventory.Duplicate
	Answers     []inventory.Decided
	Names       map[string]string // of other devices, by id
	History     []inventory.Change
	Documents   []inventory.Attachment
	System      systemCard
	Options     map[fact.Attr][]string
	MayEdit     bool
	MayMerge    bool
	MayImport   bool
	MaySee      bool // the audit log
	HasNetwork  bool
	Services    []inventory.DocumentService
	Answering   []answerLine
	WireTotal   int
	OfDocuments int
	Talk        *deviceTalk
}

// factLine is one attribute with what it is, or with nothing when it is not known.
type factLine struct {
	inventory.Attribute
	Value *inventory.Value // nil: not known
}

// factGroup is a card of the identity page. Quiet lines are those that are not known and seldom are.
type factGroup struct {
	Title string
	Lines []factLine
	Quiet []factLine
}

// alwaysShown are attributes whose absence is news.
func alwaysShown() []fact.Attr {
	return []fact.Attr{fact.Category, fact.Class, fact.Manufacturer, fact.Model, fact.Serial, fact.ControlNumber, fact.SoftwareVersion, fact.Site,
		fact.Department, fact.Room, fact.Owner, fact.ClinicalOwner, fact.TechnicalOwner, fact.Status, fact.Criticality, fact.LifeSupport}
}

// setGroups sorts what is said, and what is not, into cards.
func (p *devicePage) setGroups() {
	at := map[string]int{}
	add := func(a inventory.Attribute, v *inventory.Value) {
		line := factLine{a, v}
		if a.Group == "Network" {
			if v != nil && !slices.Contains([]fact.Attr{fact.FirstSeen, fact.LastSeen, fact.Service}, a.Name) { // these have places of their own
				p.Network = append(p.Network, line)
			}
			return
		}
		i, ok := at[a.Group]
		if !ok {
			i = len(p.Groups)
			at[a.Group] = i
			p.Groups = append(p.Groups, factGroup{Title: a.Group})
		}
		switch {
		case v != nil || slices.Contains(alwaysShown(), a.Name) || p.Edit == a.Name || p.Row == a.Name:
			p.Groups[i].Lines = append(p.Groups[i].Lines, line)
		case a.Editable:
			p.Groups[i].Quiet = append(p.Groups[i].Quiet, line)
		}
	}
	for _, a := range inventory.Attributes() {
		add(a, p.Device.Value(a.Name))
	}
	at["Custom"] = len(p.Groups)
	p.Groups = append(p.Groups, factGroup{Title: "Custom"})
	for i := range p.Device.Values {
		v := &p.Device.Values[i]
		if strings.HasPrefix(string(v.Attr), fact.CustomPrefix) {
			if a, ok := inventory.AttributeNamed(v.Attr); ok {
				add(a, v)
			}
		}
	}
	p.Groups = slices.DeleteFunc(p.Groups, func(g factGroup) bool { return g.Title != "Custom" && len(g.Lines)+len(g.Quiet) == 0 })
	p.Services = p.Device.Document().Services
	p.WireTotal = len(p.Device.Wire)
	p.HasNetwork = len(p.Network)+len(p.Services)+p.WireTotal > 0
}

// href is the device's page.
func deviceHref(id, tab string) string {
	href := "/devices/" + url.PathEscape(id)
	if tab != "" && tab != "identity" {
		href += "?tab=" + tab
	}
	return href
}

// tabs of the page. Those of later capabilities appear with them.
func (p *devicePage) tabs() []Tab {
	tab := func(name, label string, n int) Tab {
		return Tab{Label: label, Href: deviceHref(p.Device.ID, name), Count: n, On: p.Tab == name}
	}
	return []Tab{tab("identity", "Identity", -1), tab("network", "Network", -1), tab("history", "History", -1), tab("documents", "Documents", p.OfDocuments)}
}

// seen reads the device of the address, if the person may see it. Whether one exists that they may not, is not
// theirs to know. The site chosen at the top narrows lists, and hides no device that one has the address of.
func (s *Server) seen(v *Visit, tx *sqldb.Tx) (*inventory.Device, error) {
	id := v.R.PathValue("id")
	d, err := s.Inventory.Get(tx, id)
	if errors.Is(err, fault.NotFound) {
		found, lookErr := s.Inventory.Lookup(tx, id) // a tag, a serial, an address: what a label or a ticket says
		if lookErr != nil {
			return nil, lookErr
		}
		if len(found) == 1 {
			d, err = s.Inventory.Get(tx, found[0])
		}
	}
	if err != nil {
		return nil, err
	}
	if !v.Actor.Scope.Holds(d.Place()) {
		return nil, fmt.Errorf("device %s: %w", id, fault.NotFound)
	}
	return d, nil
}

// see is seen in a View of its own.
func (s *Server) see(v *Visit) (d *inventory.Device, err error) {
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		d, err = s.seen(v, tx)
		return err
	})
	return d, err
}

// device shows one device. The id of a device that went into another, and whatever else names just one, lead to it.
func (s *Server) device(v *Visit) error {
	p := devicePage{Tab: v.Form("tab"), Edit: fact.Attr(v.Form("edit")), Row: fact.Attr(v.Form("row")), Custom: v.Form("custom")}
	if !slices.Contains([]string{"network", "history", "documents"}, p.Tab) {
		p.Tab = "identity"
	}
	return s.showDevice(v, p, 0)
}

func (s *Server) showDevice(v *Visit, p devicePage, status int) error {
	p.MayEdit, p.MayMerge, p.MayImport, p.MaySee = v.May(account.InventoryWrite), v.May(account.InventoryMerge), v.May(account.ImportRead), v.May(account.AuditRead)
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		if p.Device, err = s.seen(v, tx); err != nil {
			return err
		}
		return s.readDevice(v, tx, &p)
	})
	if err != nil {
		return err
	}
	if v.R.Method == "GET" && v.R.PathValue("id") != p.Device.ID {
		keep := url.Values{}
		for _, name := range []string{"tab", "edit"} {
			if value := v.Form(name); value != "" {
				keep.Set(name, value)
			}
		}
		href := deviceHref(p.Device.ID, "")
		if len(keep) > 0 {
			href += "?" + keep.Encode()
		}
		return v.Redirect(href, nil)
	}
	if !p.MayEdit {
		p.Edit = ""
	}
	if p.Answering, err = s.answersNow(v, p.Device); err != nil {
		return err
	}
	islands := []string{"devices"}
	if p.Talk != nil && p.Talk.Use != nil {
		islands = append(islands, "chart")
	}
	p.setGroups()
	if v.Part() && (p.Edit != "" || p.Row != "") { // one row: its form, or the row as it was
		if line, ok := p.line(cmp.Or(p.Edit, p.Row)); ok {
			return v.Fragment(p.factRow(line))
		}
	}
	return v.Render(Page{Title: p.Device.Name(), About: aboutDevice(p.Device), Fresh: p.Device.LastSeen, Status: status, Wide: false, Islands: islands,
		Crumbs: []Link{{"Devices", "/devices"}}, Actions: p.actions()}, p.View())
}

// readDevice reads what the tab shows, beside the device itself.
func (s *Server) readDevice(v *Visit, tx *sqldb.Tx, p *devicePage) (err error) {
	id := p.Device.ID
	if p.Documents, err = s.Inventory.Attachments(tx, id); err != nil {
		return err
	}
	p.OfDocuments = len(p.Documents)
	var others []string
	switch p.Tab {
	case "identity":
		if p.Duplicates, err = s.Inventory.DuplicatesOf(tx, id); err != nil {
			return err
		}
		scope := v.Actor.Scope
		p.Duplicates = slices.DeleteFunc(p.Duplicates, func(d inventory.Duplicate) bool { return !scope.Holds(d.B.Place()) })
		return s.readSystem(v, tx, p)
	case "network":
		p.Talk, err = s.talkOf(v, tx, p.Device)
	case "history":
		if p.History, err = s.Inventory.History(tx, id, historyLines); err != nil {
			return err
		}
		if p.Answers, err = s.Inventory.Answers(tx, p.Device); err != nil {
			return err
		}
		for _, c := range p.History {
			others = append(others, c.Other)
		}
		for _, a := range p.Answers {
			others = append(others, a.Other)
		}
		p.Names, err = s.namesOf(v, tx, others)
	}
	return err
}

// historyLines is how much of a device's history a page shows; the audit log has the rest of what people did.
const historyLines = 200

// namesOf are the names of devices that the person may see.
func (s *Server) namesOf(v *Visit, tx *sqldb.Tx, ids []string) (map[string]string, error) {
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" })
	slices.Sort(ids)
	rows, err := s.Inventory.Rows(tx, slices.Compact(ids))
	names, scope := map[string]string{}, v.Actor.Scope
	for _, r := range rows {
		if scope.Holds(r.Place()) {
			names[r.ID] = r.Name
		}
	}
	return names, err
}

// line finds the line of an attribute.
func (p *devicePage) line(name fact.Attr) (factLine, bool) {
	for _, g := range p.Groups {
		for _, l := range g.Lines {
			if l.Name == name {
				return l, true
			}
		}
	}
	return factLine{}, false
}

// aboutDevice is what it is, in one line: what is not known is left out.
func aboutDevice(d *inventory.Device) string {
	var parts []string
	for _, attr := range []fact.Attr{fact.Class, fact.Manufacturer, fact.Model} {
		if text := d.Get(attr); text != "" {
			parts = append(parts, text)
		}
	}
	if len(parts) == 0 {
		return "What this is, no source says."
	}
	return strings.Join(parts, " · ")
}

// place is where the device is, from the campus to the bed.
func devicePlace(get func(fact.Attr) string) string {
	var parts []string
	for _, attr := range []fact.Attr{fact.Site, fact.Building, fact.Floor, fact.Department, fact.Room, fact.Bed} {
		if text := get(attr); text != "" && !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	if len(parts) == 0 {
		return get(fact.Location)
	}
	return strings.Join(parts, " / ")
}

// briefDevice is the panel beside the list.
func (s *Server) briefDevice(v *Visit) error {
	d, err := s.see(v)
	if err != nil {
		return err
	}
	if !v.Part() {
		return v.Redirect(deviceHref(d.ID, ""), nil)
	}
	return v.Fragment(deviceBrief(d))
}
