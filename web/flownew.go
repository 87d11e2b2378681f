package web

import (
	"fmt"
	"time"

	"pons/fault"
	"pons/flow"
)

// flowNewPage is what was never seen before a day.
type flowNewPage struct {
	*flowScene
	Since   time.Time
	Began   time.Time // of everything that is kept
	Table   flowTable
	Pager   Pager
	Hosts   int // ends of which nothing at all was seen before
	Outward int // to or from the internet
}

// newsAfter is how long must have been listened before a day for what is new after it to be news.
const newsAfter = 7 * 24 * time.Hour

// sinceOf is the day asked for; without one, a week before the newest.
func (p *flowScene) sinceOf(now time.Time) (time.Time, error) {
	if p.Since != "" {
		t, err := time.Parse(time.DateOnly, p.Since)
		if err != nil || t.Year() < 1990 || t.Year() > 2200 {
			return t, fmt.Errorf("since %q: a date such as %s is expected: %w", p.Since, now.Format(time.DateOnly), fault.Invalid)
		}
		return t, nil
	}
	scene := *p
	scene.Time = "week"
	return scene.window(now).From, nil
}

// fresh finds what is new. It is asked of everything that is kept: the window is of no matter.
func (s *Server) fresh(v *Visit, p *flowScene) (since time.Time, whole, part *flow.Graph, list []flow.Fresh, err error) {
	if since, err = p.sinceOf(v.Now); err != nil {
		return since, nil, nil, nil, err
	}
	if whole, err = s.flows.Graph(v.Context(), flow.Window{}, v.Now); err != nil {
		return since, nil, nil, nil, err
	}
	part, list = whole.Fresh(since, p.ask)
	return since, whole, part, list, nil
}

func (s *Server) flowNew(v *Visit) error {
	p, err := s.flowScene(v, "/flows/new")
	if err != nil {
		return err
	}
	page := &flowNewPage{flowScene: p}
	since, whole, part, list, err := s.fresh(v, p)
	if err != nil {
		return err
	}
	page.flowScene.Since = since.Format(time.DateOnly)
	page.Since, page.Began = since, whole.Began
	hosts := map[string]bool{}
	for _, x := range list {
		client, server := &part.Nodes[x.Client], &part.Nodes[x.Server]
		if x.NewClient {
			hosts[client.Name] = true
		}
		if x.NewServer {
			hosts[server.Name] = true
		}
		if client.Kind == flow.Internet || server.Kind == flow.Internet {
			page.Outward++
		}
	}
	page.Hosts = len(hosts)
	page.Table = newRows(part, list)
	page.Pager = page.Table.cut(p.flowAsk, p.Path, "new conversations")
	return v.Render(Page{Title: "New conversations", About: "Who began to talk with whom, by a service that the two had never used before.", Wide: true, Status: p.status(), Actions: p.exports("new")}, page.View())
}

func newRows(part *flow.Graph, list []flow.Fresh) flowTable {
	t := flowTable{Name: "new", Caption: "New conversations", Columns: []Column{{Title: "First seen"}, {Title: "Client"}, {Title: "Server"}, {Title: "Protocol"}, {Title: "Service", HideNarrow: true}, {Title: "Bytes", Numeric: true}, {Title: "Conversations", Numeric: true, HideNarrow: true}, {Title: "What is new"}}}
	for i := range list {
		x := &list[i]
		row := endRow(&part.Nodes[x.Client], &part.Nodes[x.Server], x.Service, &x.Sum)
		what := "the conversation"
		switch {
		case x.NewClient && x.NewServer:
			what = "both ends"
		case x.NewClient:
			what = "the client"
		case x.NewServer:
			what = "the server"
		}
		t.Rows = append(t.Rows, []flowCell{row[9], row[0], row[1], row[2], row[3], row[4], row[5], {Text: what}})
	}
	return t
}

func (s *Server) newTable(v *Visit, p *flowScene) (flowTable, error) {
	_, _, part, list, err := s.fresh(v, p)
	if err != nil {
		return flowTable{}, err
	}
	return newRows(part, list), nil
}

// early says that too little was heard before the day for what is new to be news.
func (p *flowNewPage) early() bool { return !p.Began.IsZero() && p.Since.Sub(p.Began) < newsAfter }
