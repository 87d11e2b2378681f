package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"pons/fault"
	"pons/sensor"
	"pons/sqldb"
)

// blindDays is how long a device may be silent before it counts as not heard: portable equipment leaves its shelf once a
// month at least (expert default; CIS Controls v8.1, safeguard 1.5, asks for a look at what passive discovery found every
// week).
const blindDays = 30

// blindAsk is everything that the address of the page says.
type blindAsk struct {
	Days    int
	By      sensor.By
	Points  string // switch, vlan, both
	Weights sensor.Weights
}

func defaultBlindAsk() blindAsk {
	return blindAsk{Days: blindDays, By: sensor.BySwitch, Points: string(sensor.MirrorSwitch), Weights: sensor.DefaultWeights()}
}

func readBlindAsk(v *Visit) (blindAsk, error) {
	a := defaultBlindAsk()
	for _, f := range []struct {
		name, label string
		at          *int
		most        int
	}{{"days", "days", &a.Days, 3650}, {"life", "the weight of life support", &a.Weights.LifeSupport, 1000}, {"high", "the weight of high criticality", &a.Weights.Critical, 1000}} {
		if text := v.Form(f.name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 || n > f.most {
				return a, fmt.Errorf("%s: a whole number from 1 to %d is expected, not %q: %w", f.label, f.most, text, fault.Invalid)
			}
			*f.at = n
		}
	}
	if by := sensor.By(v.Form("by")); slices.Contains(sensor.Groupings(), by) {
		a.By = by
	}
	if p := v.Form("points"); slices.ContainsFunc(pointOptions(), func(o Option) bool { return o.Value == p }) {
		a.Points = p
	}
	return a, nil
}

func pointOptions() []Option {
	return []Option{{"switch", "switches"}, {"vlan", "VLANs of a site"}, {"both", "either"}}
}

func (a blindAsk) href(path string, pairs ...string) string {
	v, base := url.Values{}, defaultBlindAsk()
	set := func(name, value, usual string) {
		if value != usual {
			v.Set(name, value)
		}
	}
	set("days", strconv.Itoa(a.Days), strconv.Itoa(base.Days))
	set("by", string(a.By), string(base.By))
	set("points", a.Points, base.Points)
	set("life", strconv.Itoa(a.Weights.LifeSupport), strconv.Itoa(base.Weights.LifeSupport))
	set("high", strconv.Itoa(a.Weights.Critical), strconv.Itoa(base.Weights.Critical))
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// questions to the device list. They hold of the same devices as sensor's counts.
func (a blindAsk) unheard() string { return fmt.Sprintf("(missing:heard or heard>%dd)", a.Days) }

func (a blindAsk) heard() string { return fmt.Sprintf("heard<=%dd", a.Days) }

const blindExpected, blindVital = "expected:yes", "(is:life_support or criticality:high)"

// groupsShown are the groups of one page, those with the most unseen; the file has all. mirrorsShown is how many next
// mirror ports are told: more is next year's budget.
const (
	groupsShown  = 100
	mirrorsShown = 10
	heatColumns  = 12
)

// blindGroup is a line of the list.
type blindGroup struct {
	sensor.Coverage
	Label   string
	Sensors []string // that told of hosts there
	Ask     string   // its devices
}

type blindMirror struct {
	sensor.Mirror
	Label string
	Ask   string // the devices that it adds
}

type blindCell struct {
	sensor.Coverage
	Ask string
}

type blindPage struct {
	blindAsk
	Ready   bool
	Whole   sensor.Coverage
	Last    time.Time // the newest word of the wire on an expected device
	Groups  []blindGroup
	Left    int
	Advice  sensor.Advice
	Mirrors []blindMirror
	Columns []string // of the heat picture: VLANs
	Rows    []blindRow
	Scoped  bool
	Sensors bool // somebody listens
}

type blindRow struct {
	Site  string
	Cells []blindCell
}

func groupLabel(by sensor.By, name string) string {
	switch {
	case name == "":
		return "no source says"
	case by == sensor.ByVLAN:
		return "VLAN " + name
	}
	return name
}

// groupAsk is the question for a group's devices.
func (a asker) groupAsk(by sensor.By, name string) string {
	switch {
	case by != sensor.BySubnet:
		return a.is(string(by), name)
	case name == "":
		return "missing:ip"
	}
	return subnetQuery(name)
}

func allOf(terms ...string) string { return strings.Join(terms, " ") }

// blind reads what the page and its files show: three statements.
func (s *Server) blind(v *Visit) (*blindPage, error) {
	a, err := readBlindAsk(v)
	if err != nil {
		return nil, err
	}
	ask, err := s.asker(v)
	if err != nil {
		return nil, err
	}
	p := &blindPage{blindAsk: a, Scoped: !v.Scope().All()}
	p.Ready, _ = s.Index.Ready()
	scope := v.Scope()
	holds := scope.Holds
	if scope.All() {
		holds = nil
	}
	devices, err := s.spots.Spots(v.Context(), s.Inventory, holds)
	if err != nil {
		return nil, err
	}
	var networks []sensor.Seen
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		networks, err = sensor.Networks(tx, "")
		return err
	})
	if err != nil {
		return nil, err
	}
	p.Sensors = len(networks) > 0
	for i := range devices {
		if devices[i].Heard.After(p.Last) {
			p.Last = devices[i].Heard
		}
	}
	since := v.Now.AddDate(0, 0, -a.Days)
	var groups []sensor.Coverage
	groups, p.Whole = sensor.Cover(devices, a.By, false, since)
	for _, c := range groups {
		g := blindGroup{Coverage: c, Label: groupLabel(a.By, c.Name), Ask: ask.groupAsk(a.By, c.Name)}
		if !p.Scoped {
			g.Sensors = listeners(networks, a.By, c.Name)
		}
		p.Groups = append(p.Groups, g)
	}
	p.Advice = sensor.Advise(devices, sensor.Kinds(a.Points), a.Weights, since, mirrorsShown)
	var before []string
	for _, m := range p.Advice.Mirrors {
		x := blindMirror{Mirror: m, Label: "switch " + m.Name}
		here := ask.is("switch", m.Name)
		if m.Kind == sensor.MirrorVLAN {
			x.Label = "VLAN " + m.Name + " at " + m.Site
			if m.Site == "" {
				x.Label = "VLAN " + m.Name + ", site unknown"
			}
			here = "(" + allOf(ask.is("vlan", m.Name), ask.is("site", m.Site)) + ")"
		}
		x.Ask = allOf(blindExpected, a.unheard(), here)
		if a.Points == "both" && len(before) > 0 {
			x.Ask += " not (" + strings.Join(before, " or ") + ")"
		}
		before = append(before, here)
		p.Mirrors = append(p.Mirrors, x)
	}
	p.heat(ask, devices, since)
	return p, nil
}

// listeners are the sensors that told of hosts in a group.
func listeners(networks []sensor.Seen, by sensor.By, name string) (out []string) {
	for _, n := range networks {
		here := by == sensor.BySubnet && n.Prefix == name || by == sensor.ByVLAN && strconv.Itoa(int(n.VLAN)) == name
		if here && !slices.Contains(out, n.Sensor) {
			out = append(out, n.Sensor)
		}
	}
	return out
}

// heat is sites against VLANs, those with the most devices.
func (p *blindPage) heat(ask asker, devices []sensor.Spot, since time.Time) {
	cells, _ := sensor.Cover(devices, sensor.ByVLAN, true, since)
	of := map[[2]string]sensor.Coverage{}
	columns, sites := map[string]int{}, map[string]int{}
	for _, c := range cells {
		of[[2]string{c.Site, c.Name}] = c
		columns[c.Name] += c.Expected
		sites[c.Site] += c.Expected
	}
	names := func(of map[string]int) (out []string) {
		for n := range of {
			out = append(out, n)
		}
		slices.SortFunc(out, func(a, b string) int {
			if (a == "") != (b == "") { // what is not known comes last
				return len(b) - len(a)
			}
			if of[a] != of[b] {
				return of[b] - of[a]
			}
			return strings.Compare(a, b)
		})
		return out
	}
	p.Columns = names(columns)
	if len(p.Columns) > heatColumns {
		p.Columns = p.Columns[:heatColumns]
	}
	for _, site := range names(sites) {
		r := blindRow{Site: site}
		for _, vlan := range p.Columns {
			c := of[[2]string{site, vlan}]
			r.Cells = append(r.Cells, blindCell{c, allOf(blindExpected, ask.is("site", site), ask.is("vlan", vlan))})
		}
		p.Rows = append(p.Rows, r)
	}
}

// grade is the colour of a share; the numbers stand in the cell.
func (c blindCell) grade() string {
	switch share := c.Share(); {
	case share < 0.25:
		return "h0"
	case share < 0.5:
		return "h1"
	case share < 0.9:
		return "h2"
	}
	return "h3"
}

func shareStatus(share float64) Status {
	switch {
	case share < 0.25:
		return Bad
	case share < 0.9:
		return Warn
	}
	return Good
}

// blindSpots shows what ought to be heard and is not.
func (s *Server) blindSpots(v *Visit) error {
	p, err := s.blind(v)
	if err != nil {
		return err
	}
	if len(p.Groups) > groupsShown {
		p.Left = len(p.Groups) - groupsShown
		p.Groups = p.Groups[:groupsShown]
	}
	return v.Render(Page{Title: "Blind spots", About: "Devices that records, leases and switches expect on the network and that no sensor or capture hears, by where they hang.", Fresh: p.Last, Wide: true, Actions: p.Actions()}, p.View())
}

// exportBlindSpots writes the groups, or the mirror ports, as a file.
func (s *Server) exportBlindSpots(v *Visit) error {
	p, err := s.blind(v)
	if err != nil {
		return err
	}
	t := flowTable{Name: "blind-spots", Columns: []Column{{Title: string(p.By)}, {Title: "Expected"}, {Title: "Heard in " + strconv.Itoa(p.Days) + " days"}, {Title: "Not heard"}, {Title: "Share heard"}, {Title: "Vital and not heard"}, {Title: "Sensors there"}}}
	for _, g := range p.Groups {
		name := flowCell{Text: g.Name}
		if g.Name == "" {
			name = flowCell{Unknown: "no source says"}
		}
		t.Rows = append(t.Rows, []flowCell{name, flowCount(g.Expected), flowCount(g.Seen), flowCount(g.Unseen()), {Num: float64(int(g.Share()*1000)) / 1000, IsNum: true}, flowCount(g.Vital), {Text: strings.Join(g.Sensors, " ")}})
	}
	if v.R.PathValue("file") == "mirrors.csv" {
		t = flowTable{Name: "mirror-ports", Columns: []Column{{Title: "Order"}, {Title: "Mirror"}, {Title: "Name"}, {Title: "Site"}, {Title: "Devices added"}, {Title: "Vital among them"}, {Title: "Weight"}, {Title: "Devices in all"}, {Title: "Share of the unheard"}}}
		for i, m := range p.Mirrors {
			share := float64(int(1000*float64(m.Total)/float64(p.Advice.Unseen))) / 1000
			t.Rows = append(t.Rows, []flowCell{flowCount(i + 1), {Text: string(m.Kind)}, {Text: m.Name}, {Text: m.Site}, flowCount(m.Devices), flowCount(m.Vital), flowCount(m.Weight), flowCount(m.Total), {Num: share, IsNum: true}})
		}
	} else if v.R.PathValue("file") != "groups.csv" {
		return fmt.Errorf("no file %s: %w", v.R.PathValue("file"), fault.NotFound)
	}
	return t.write(v, "csv")
}
