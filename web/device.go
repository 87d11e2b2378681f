package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
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
	WireTotal   int
	OfDocuments int
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
	p.setGroups()
	if v.Part() && (p.Edit != "" || p.Row != "") { // one row: its form, or the row as it was
		if line, ok := p.line(cmp.Or(p.Edit, p.Row)); ok {
			return v.Fragment(p.factRow(line))
		}
	}
	return v.Render(Page{Title: p.Device.Name(), About: aboutDevice(p.Device), Fresh: p.Device.LastSeen, Status: status, Wide: false, Islands: []string{"devices"},
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

// editDevice takes a person's word on one attribute.
func (s *Server) editDevice(v *Visit) error {
	d, err := s.see(v)
	if err != nil {
		return err
	}
	name := fact.Attr(v.Form("attr"))
	p := devicePage{Tab: "identity", Edit: name, Entered: v.Form("value"), Custom: v.Form("custom")}
	if p.Custom != "" {
		if name, err = customAttr(p.Custom); err == nil && p.Entered == "" {
			err = fmt.Errorf("%s: give a value: %w", p.Custom, fault.Invalid)
		}
		if err != nil {
			p.Problem = sentence(err)
			return s.showDevice(v, p, 400)
		}
	}
	value, err := inventory.CleanValue(name, p.Entered)
	if err == nil && outOfScope(v.Actor.Scope, name, value) {
		err = fmt.Errorf("%s is outside of your scope: the device would no longer be yours to see: %w", value, fault.Invalid)
	}
	if errors.Is(err, fault.Invalid) {
		p.Problem = sentence(err)
		return s.showDevice(v, p, 400)
	}
	if err != nil {
		return err
	}
	edit, err := s.Inventory.StateAll(v.Context(), []string{d.ID}, inventory.Edit{Actor: v.Actor.String(), Why: v.Form("why"), Values: map[fact.Attr]string{name: value}})
	if err != nil {
		return err
	}
	if err := s.freshen(v); err != nil {
		return err
	}
	attr, _ := inventory.AttributeNamed(name)
	text := attr.Title + " is now " + value + "."
	if value == "" {
		text = "Your word on " + lowerFirst(attr.Title) + " is taken back; what the sources say decides again."
	}
	back := deviceHref(d.ID, "")
	return v.Redirect(back, &Flash{Status: Good, Text: text, Undo: "/devices/edits/" + edit + "/undo?back=" + url.QueryEscape(back)})
}

// decideDevice takes the answer to whether two devices are one.
func (s *Server) decideDevice(v *Visit) error {
	d, err := s.see(v)
	if err != nil {
		return err
	}
	var other *inventory.Device
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		if other, err = s.Inventory.Get(tx, v.Form("other")); err == nil && !v.Actor.Scope.Holds(other.Place()) {
			err = fmt.Errorf("device %s: %w", v.Form("other"), fault.NotFound)
		}
		return err
	})
	if err != nil {
		return err
	}
	same := v.Form("same") == "yes"
	if err := s.Inventory.Decide(v.Context(), inventory.Answer{A: d.ID, B: other.ID, Same: same, Actor: v.Actor.String(), Why: v.Form("why")}); err != nil {
		return err
	}
	if err := s.freshen(v); err != nil {
		return err
	}
	f := &Flash{Status: Good, Text: d.Name() + " and " + other.Name() + " are told apart, and are not proposed again.", Undo: undecideHref(d.ID, other.ID)}
	if same {
		f.Text = d.Name() + " and " + other.Name() + " are one device now."
	}
	return v.Redirect(deviceHref(d.ID, ""), f)
}

func undecideHref(a, b string) string {
	return deviceHref(a, "") + "/undecide?other=" + url.QueryEscape(b)
}

// undecideDevice takes answers back, so that evidence decides again.
func (s *Server) undecideDevice(v *Visit) error {
	d, err := s.see(v)
	if err != nil {
		return err
	}
	other := v.Form("other")
	if other == "" {
		other = d.ID
	}
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		o, err := s.Inventory.Get(tx, other)
		if err == nil && !v.Actor.Scope.Holds(o.Place()) {
			err = fmt.Errorf("device %s: %w", other, fault.NotFound)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := s.Inventory.Undecide(v.Context(), d.ID, other, v.Actor.String()); err != nil {
		return err
	}
	if err := s.freshen(v); err != nil {
		return err
	}
	return v.Redirect(deviceHref(d.ID, ""), &Flash{Status: Good, Text: "The answer is taken back; evidence decides again."})
}

// splitPage is the preview of a split.
type splitPage struct {
	Device  *inventory.Device
	Stay    *inventory.Device
	Out     *inventory.Device
	Records []int64
}

// splitDevice shows what taking records out would make of the device; POST does it.
func (s *Server) splitDevice(v *Visit) error {
	p := splitPage{}
	for _, text := range v.FormAll("record") {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("record %q: %w", text, fault.Invalid)
		}
		p.Records = append(p.Records, n)
	}
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		if p.Device, err = s.seen(v, tx); err != nil {
			return err
		}
		p.Stay, p.Out, err = s.Inventory.SplitPreview(tx, p.Device.ID, p.Records)
		return err
	})
	if err != nil {
		return err
	}
	if v.R.Method == "GET" {
		return v.Render(Page{Title: "Split " + p.Device.Name(), About: "What the device and the one taken out of it would be. Nothing is changed before the last button.",
			Crumbs: []Link{{"Devices", "/devices"}, {p.Device.Name(), deviceHref(p.Device.ID, "")}}}, p.View())
	}
	if err := s.Inventory.Split(v.Context(), p.Device.ID, p.Records, v.Actor.String(), v.Form("why")); err != nil {
		return err
	}
	if err := s.freshen(v); err != nil {
		return err
	}
	var made []string
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		made, err = s.Inventory.DevicesOf(tx, p.Records)
		return err
	})
	if err != nil {
		return err
	}
	made = slices.DeleteFunc(made, func(id string) bool { return id == p.Device.ID })
	f := &Flash{Status: Good, Text: plural(len(p.Records), "1 record is", Count(len(p.Records))+" records are") + " a device of their own now."}
	if len(made) > 0 {
		f.Undo = undecideHref(p.Device.ID, made[0])
	}
	return v.Redirect(deviceHref(p.Device.ID, ""), f)
}

// said is one value that lost, with everybody who says it.
type said struct {
	Value string
	Votes []inventory.Vote
}

// alsoSaid are the values that lost, the most believed first.
func alsoSaid(v *inventory.Value) []said {
	var out []said
	for i := range v.Lost {
		vote := v.Lost[i]
		at := slices.IndexFunc(out, func(s said) bool { return s.Value == vote.Value })
		if at < 0 {
			at = len(out)
			out = append(out, said{Value: vote.Value})
		}
		out[at].Votes = append(out[at].Votes, vote)
	}
	return out
}

// sayer is who a vote's source is, for people.
func sayer(v inventory.Vote) string {
	switch {
	case v.Source == "oui":
		return "MAC prefix (IEEE)"
	case v.Source == "catalog":
		return "follows from the class"
	case v.Source != "":
		return string(v.Source)
	case v.Record.Kind == "person":
		return "a person"
	}
	return v.Record.Source
}

// byPerson says whether a person's word wins.
func byPerson(v *inventory.Value) bool {
	return v != nil && len(v.Won) > 0 && v.Won[0].Source == "" && v.Won[0].Record.Kind == "person"
}

// evidence is the walk from a value back to where it was said: one step a vote, one the record it stands in.
func (p *devicePage) evidence(votes []inventory.Vote, won bool) []WalkStep {
	var out []WalkStep
	for i, vote := range votes {
		if i == 6 {
			out = append(out, WalkStep{Text: Count(len(votes)-i) + " more records say so", Href: ""})
			break
		}
		verb := " says "
		if !won {
			verb = " said "
		}
		out = append(out, WalkStep{Text: sayer(vote) + verb + vote.Value, Source: vote.Because + "; trust " + trust(vote.Belief()) + ", " + vote.When().UTC().Format("2006-01-02 15:04")})
		if vote.Record.Kind != "person" {
			step := WalkStep{Text: recordPlace(vote.Record), Source: recordState(vote.Record)}
			if p.MayImport && vote.Record.Run > 0 {
				step.Href = importHref(vote.Record.Run)
			}
			out = append(out, step)
		}
	}
	return out
}

// recordPlace is where a record stands: file and row, or its key in the source.
func recordPlace(r *inventory.Record) string {
	switch {
	case r.File != "" && r.Row > 0:
		return r.File + ", row " + strconv.Itoa(r.Row)
	case r.File != "":
		return r.File + ", " + r.Key
	}
	return r.Source + " " + r.Key
}

func recordState(r *inventory.Record) string {
	text := "record " + r.Key + " of " + r.Source
	if !r.Absent.IsZero() {
		text += ", not in the source since " + r.Absent.UTC().Format("2006-01-02")
	}
	return text
}

func trust(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }

// importHref is the page of one import.
func importHref(run int64) string { return "/sources/runs/" + strconv.FormatInt(run, 10) }

// owners are who answers for the device.
func owners(d *inventory.Device) string {
	var out []string
	for _, o := range []struct {
		attr fact.Attr
		role string
	}{{fact.Owner, ""}, {fact.ClinicalOwner, " (clinical)"}, {fact.TechnicalOwner, " (technical)"}} {
		if name := d.Get(o.attr); name != "" {
			out = append(out, name+o.role)
		}
	}
	return strings.Join(out, " · ")
}

// briefAttrs are what the panel says of a device.
func briefAttrs() []fact.Attr {
	return []fact.Attr{fact.Class, fact.Manufacturer, fact.Model, fact.Serial, fact.ControlNumber, fact.AssetTag, fact.SoftwareVersion, fact.OS, fact.IP, fact.MAC, fact.Hostname, fact.Criticality}
}

func valuesOf(d *inventory.Device, attr fact.Attr) []string {
	v := d.Value(attr)
	switch {
	case v == nil:
		return nil
	case v.All != nil:
		return v.All
	}
	return []string{v.Value}
}

func deviceAttrTitle(name fact.Attr) string {
	if a, ok := inventory.AttributeNamed(name); ok {
		return a.Title
	}
	return string(name)
}

func groupTitle(group string) string {
	if group == "Custom" {
		return "Of your own"
	}
	return group
}

func nonEmpty(texts ...string) []string {
	return slices.DeleteFunc(texts, func(t string) bool { return t == "" })
}

// recordKey is a record's key, for people: a person's record is named after the one it hangs on.
func recordKey(r *inventory.Record) string {
	if r.Kind == "person" {
		return ""
	}
	return r.Key
}

// isMono says whether values are read letter by letter.
func isMono(kind inventory.Kind, name fact.Attr) bool {
	switch kind {
	case inventory.MAC, inventory.IP, inventory.Serial:
		return true
	}
	return slices.Contains([]fact.Attr{fact.ControlNumber, fact.AssetTag, fact.UDI, fact.UDIDI, fact.Hostname, fact.AETitle, fact.EUI64, fact.SoftwareVersion, fact.Service}, name)
}

// sayers are all who say the winning value.
func sayers(v *inventory.Value) string {
	var out []string
	for i := range v.Won {
		if who := sayer(v.Won[i]); !slices.Contains(out, who) {
			out = append(out, who)
		}
	}
	return strings.Join(out, ", ")
}

func otherSayers(v *inventory.Value) int { return strings.Count(sayers(v), ", ") }

func (p *devicePage) editHref(name fact.Attr) string {
	return deviceHref(p.Device.ID, "") + "?edit=" + url.QueryEscape(string(name)) + "#a-" + string(name)
}

// entered is what the form of an attribute begins with: what was refused, else what is so now.
func (p *devicePage) entered(l factLine) string {
	if p.Problem != "" {
		return p.Entered
	}
	if l.Value == nil {
		return ""
	}
	return l.Value.Value
}

func (p *devicePage) customName() string {
	if p.Custom == "new" {
		return ""
	}
	return p.Custom
}

// maySplit says whether there is something to split off.
func (p *devicePage) maySplit() bool {
	n := 0
	for _, r := range p.Device.Records {
		if r.Kind != "person" {
			n++
		}
	}
	return p.MayMerge && n > 1
}

func (p *devicePage) recordColumns() []Column {
	columns := []Column{{Title: "Source"}, {Title: "Key"}, {Title: "Where", HideNarrow: true}, {Title: "Said"}, {Title: "In the source"}}
	if p.maySplit() {
		columns = append([]Column{{Title: "Select"}}, columns...)
	}
	return columns
}

func (p deviceListPage) mayRemove() bool { return p.Chosen != nil && (p.Own || p.Manage) }
