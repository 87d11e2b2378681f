package web

import (
	"slices"
	"strings"

	"pons/flow"
)

// flowMapPage is the map of who talks with whom.
type flowMapPage struct {
	*flowScene
	Map       *flow.Map
	Picture   mapPicture
	Table     flowTable
	Pager     Pager
	Protocols []flow.Tally
	Nodes     int
	Links     int
	Began     string
	Matrix    *Chart
	Groups    []flow.Spot // those that can be opened or closed
}

// mapPicture is what the island draws. Names of its parts are short: a map of 700 spots is sent whole.
type mapPicture struct {
	Title string    `json:"title"`
	Spots []mapSpot `json:"spots"`
	Arcs  []mapArc  `json:"arcs"`
}

type mapSpot struct {
	Name    string `json:"n"`
	Group   string `json:"g,omitempty"` // of a device whose group is open
	Kind    string `json:"k"`
	Devices int    `json:"d"`
	Bytes   int64  `json:"b"`
	Href    string `json:"h,omitempty"`
}

type mapArc struct {
	From      int32  `json:"f"`
	To        int32  `json:"t"`
	Bytes     int64  `json:"b"`
	Pairs     int    `json:"p"`
	Protocols string `json:"s"`
	Href      string `json:"h"`
}

func kindName(k flow.Kind) string {
	return [...]string{flow.Device: "device", flow.Unknown: "unknown", flow.Internet: "internet", flow.Group: "group", flow.Outside: "outside"}[k]
}

// flowMap shows who talks with whom.
func (s *Server) flowMap(v *Visit) error {
	p, err := s.flowScene(v, "/flows")
	if err != nil {
		return err
	}
	page := &flowMapPage{flowScene: p}
	if p.Heard() {
		g, err := s.selected(v, p)
		if err != nil {
			return err
		}
		page.Protocols = g.Protocols()
		page.Nodes, page.Links = len(g.Nodes), len(g.Links)
		page.Map = g.Map(p.By, p.Open)
		page.setPicture()
		if p.Look == "matrix" {
			page.setMatrix()
		}
		for _, x := range page.Map.Spots {
			if x.Group == "" && (x.Kind <= flow.Internet) {
				page.Groups = append(page.Groups, x)
			}
		}
		for _, name := range p.Open {
			if !slices.ContainsFunc(page.Groups, func(x flow.Spot) bool { return x.Name == name }) {
				page.Groups = append(page.Groups, flow.Spot{Name: name, Group: name})
			}
		}
		page.Table = page.table()
		page.Pager = page.Table.cut(p.flowAsk, p.Path, "lines")
	}
	islands := []string{"flow"}
	if p.Look == "matrix" {
		islands = []string{"chart"}
	}
	if !p.Heard() {
		islands = nil
	}
	return v.Render(Page{Title: "Who talks with whom", About: "Devices by group, and what goes between them. Open a group to see its devices, follow a line to its conversations.", Wide: true, Status: p.status(),
		Islands: islands, Actions: p.exports("groups")}, page.View())
}

// spotHref is where a spot leads: a group opens, a device has its page.
func (p *flowMapPage) spotHref(x *flow.Spot) string {
	switch {
	case x.ID != "":
		return deviceHref(x.ID, "network")
	case x.Group == "" && x.Kind <= flow.Internet:
		return p.with(func(a *flowAsk) { a.Open = append(a.Open, x.Name) }).href("/flows")
	}
	return ""
}

func (p *flowMapPage) arcHref(arc *flow.Arc) string {
	return p.with(func(a *flowAsk) {
		a.A, a.B, a.Open = p.Map.Spots[arc.From].Name, p.Map.Spots[arc.To].Name, nil
	}).href("/flows/list")
}

func (p *flowMapPage) setPicture() {
	p.Picture = mapPicture{Title: "Who talks with whom", Spots: []mapSpot{}, Arcs: []mapArc{}}
	for i := range p.Map.Spots {
		x := &p.Map.Spots[i]
		p.Picture.Spots = append(p.Picture.Spots, mapSpot{x.Name, x.Group, kindName(x.Kind), x.Devices, x.Bytes, p.spotHref(x)})
	}
	for i := range p.Map.Arcs {
		arc := &p.Map.Arcs[i]
		href := ""
		if len(p.Map.Arcs) <= 400 { // beyond, lines are too close to be met by a pointer
			href = p.arcHref(arc)
		}
		p.Picture.Arcs = append(p.Picture.Arcs, mapArc{arc.From, arc.To, arc.Bytes(), arc.Pairs, strings.Join(arc.Protocols, ", "), href})
	}
}

// matrixGroups is how many groups a matrix shows: those of most traffic.
const matrixGroups = 25

// setMatrix makes a matrix of the groups: bytes from the row to the column.
func (p *flowMapPage) setMatrix() {
	order := make([]int32, len(p.Map.Spots))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		return int(min(max(p.Map.Spots[b].Bytes-p.Map.Spots[a].Bytes, -1), 1))
	})
	order = order[:min(len(order), matrixGroups)]
	at := map[int32]int{}
	c := &Chart{ID: "flow-matrix", Title: "Conversing pairs between groups", Kind: HeatChart, Unit: "pairs", Along: p.By.Title(), Tall: true}
	for i, spot := range order {
		at[spot] = i
		c.X = append(c.X, p.Map.Spots[spot].Name)
	}
	for _, spot := range order {
		// Groups that were heard and said nothing to each other are zero and not unknown.
		c.Series = append(c.Series, Series{Name: p.Map.Spots[spot].Name, Values: make([]float64, len(order)), Hrefs: make([]string, len(order))})
	}
	for i := range p.Map.Arcs {
		arc := &p.Map.Arcs[i]
		a, okA := at[arc.From]
		b, okB := at[arc.To]
		if !okA || !okB {
			continue
		}
		for _, cell := range [][2]int{{a, b}, {b, a}} {
			c.Series[cell[0]].Values[cell[1]] = float64(arc.Pairs)
			c.Series[cell[0]].Hrefs[cell[1]] = p.arcHref(arc)
		}
	}
	p.Matrix = c
}

// table is the map as rows.
func (p *flowMapPage) table() flowTable {
	t := flowTable{Name: "groups", Caption: "Lines of the map", Columns: []Column{{Title: p.By.Title()}, {Title: "with"}, {Title: "Protocols"}, {Title: "Pairs", Numeric: true}, {Title: "Bytes", Numeric: true},
		{Title: "Conversations", Numeric: true, HideNarrow: true}, {Title: "First seen", HideNarrow: true}, {Title: "Last seen", HideNarrow: true}}}
	for i := range p.Map.Arcs {
		arc := &p.Map.Arcs[i]
		from, to := &p.Map.Spots[arc.From], &p.Map.Spots[arc.To]
		pairs := flowCount(arc.Pairs)
		pairs.Href = p.arcHref(arc)
		t.Rows = append(t.Rows, []flowCell{{Text: from.Name, Href: p.spotHref(from)}, {Text: to.Name, Href: p.spotHref(to)}, flowText(strings.Join(arc.Protocols, ", ")), pairs, flowBytes(arc.Bytes()),
			flowCount(arc.Conversations), {At: arc.First}, {At: arc.Last}})
	}
	return t
}

func (s *Server) groupTable(v *Visit, p *flowScene) (flowTable, error) {
	g, err := s.selected(v, p)
	if err != nil {
		return flowTable{}, err
	}
	page := &flowMapPage{flowScene: p, Map: g.Map(p.By, p.Open)}
	return page.table(), nil
}

// tabs are the two ways to look at groups.
func (p *flowMapPage) tabs() []Tab {
	view := func(name, label string) Tab {
		return Tab{Label: label, Href: p.with(func(a *flowAsk) { a.Look = name }).href(p.Path), Count: -1, On: (p.Look == "matrix") == (name == "matrix")}
	}
	return []Tab{view("", "Map"), view("matrix", "Matrix")}
}

// left says what is not drawn.
func (p *flowMapPage) left() string {
	var parts []string
	if n := p.Map.LeftSpots; n > 0 {
		parts = append(parts, Count(n)+plural(n, " device", " devices"))
	}
	if n := p.Map.LeftArcs; n > 0 {
		parts = append(parts, Count(n)+plural(n, " line", " lines"))
	}
	return strings.Join(parts, " and ") + " of least traffic are not drawn: narrow the question, or close groups. The list of conversations has everything."
}

func (p *flowMapPage) isOpen(name string) bool { return slices.Contains(p.Open, name) }

// closed is the map with a group closed.
func (p *flowMapPage) closed(name string) string {
	return p.with(func(a *flowAsk) { a.Open = slices.DeleteFunc(a.Open, func(x string) bool { return x == name }) }).href(p.Path)
}

// byProtocol narrows the map to a protocol, or lets it go.
func (p *flowMapPage) byProtocol(name string) string {
	return p.with(func(a *flowAsk) {
		if a.Protocol == name {
			name = ""
		}
		a.Protocol = name
	}).href(p.Path)
}
