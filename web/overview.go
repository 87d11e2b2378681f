package web

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"pons/account"
	"pons/column"
	"pons/fact"
	"pons/inventory"
	"pons/sensor"
	"pons/sqldb"
)

// overviewPage is the first page as one person sees it.
type overviewPage struct {
	Empty  bool // no device at all, in nobody's scope
	Import bool // may import

	Total, Reconciled int
	Trend             trend
	Categories        []Part
	Queues            []Part
	Waiting           int // devices in some queue

	Since   []sight // since the person was last here
	When    time.Time
	FirstTo bool // never here before: the last week instead
	Own     []sight
	OwnText string

	Classes, Makers []Part
	Heat            *Chart
	HeatNote        string
	Ages            *Chart
	AgesUnknown     int
	Oldest          []*inventory.Row
	Sources         []freshSource
	MaySources      bool
	Tour            []tourStop
	Practices       []Part
	PracticesNone   int // devices of which no practice is known
	Heard           []Part
	Sensors         *sensorsHeard // nil: there is none, or not this person's to see
	People          *peopleCard   // nil: not this person's to see
	Fresh           time.Time
}

// sight is one number worth looking at, with its rows.
type sight struct {
	Count  int
	Text   string
	Href   string
	Status Status // only where it is more than none
}

// freshSource is one source and how fresh it is.
type freshSource struct {
	inventory.SourceStatus
	Stale bool
	Href  string // its devices
}

// tourStop is one thing to look at in the demo.
type tourStop struct{ Title, Text, Href string }

const (
	// visitGap is how long somebody is away before the next look is another visit: as long as a session may idle.
	visitGap    = 30 * time.Minute
	firstLook   = 7 * 24 * time.Hour
	visitCookie = "pons_visit"
	tourCookie  = "pons_tour"

	overviewClasses = 12
	overviewSites   = 12
	overviewYears   = 15
)

// staleAfter is how old a source's latest word may be: sources of the network change by the hour and are exported
// weekly at least, records are exported monthly (expert defaults).
func staleAfter(kind string) time.Duration {
	if slices.Contains([]string{"wire", "nac", "dhcp", "switch", "rtls"}, kind) {
		return 7 * 24 * time.Hour
	}
	return 35 * 24 * time.Hour
}

func (s *Server) overview(v *Visit) error {
	ready, read := s.Index.Ready()
	if !ready {
		return s.loading(v, "Overview", read)
	}
	if v.Part() {
		v.W.Header().Set("HX-Refresh", "true")
	}
	ask, err := s.asker(v)
	if err != nil {
		return err
	}
	p := overviewPage{Import: v.May(account.ImportRun), MaySources: v.May(account.ImportRead)}
	page := Page{Title: "Overview", About: "What the hospital has, what is not agreed on, and what became new.", Islands: []string{"chart"}}
	all, err := ask.find("", column.Request{Limit: 1, Facets: []string{"category", "class", "manufacturer", "site", "queue"}, FacetLimit: overviewClasses})
	if err != nil {
		return err
	}
	p.Total = all.Total
	if p.Total == 0 {
		p.Empty = s.Index.Table().Len() == 0
		return v.Render(Page{Title: "Overview", About: "One record for every connected device, from every source that knows it."}, p.View())
	}
	p.counts(ask, all)
	if p.Reconciled, err = ask.count(reconciled); err != nil {
		return err
	}
	p.When, p.FirstTo = v.lastVisit()
	if err := p.pictures(ask, all); err != nil {
		return err
	}
	oldest, err := ask.find("is:conflict", column.Request{Sort: []column.Order{{Field: "conflict_since"}}, Limit: 6})
	if err != nil {
		return err
	}
	var sources []inventory.SourceStatus
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		if p.Oldest, err = s.Inventory.Rows(tx, oldest.IDs); err != nil {
			return err
		}
		if sources, err = s.Inventory.Sources(tx); err != nil || !v.May(account.SensorRead) {
			return err
		}
		units, err := sensor.List(tx)
		p.Sensors = heardSensors(units, v.Now)
		return err
	})
	if err != nil {
		return err
	}
	if p.Trend, err = s.trend(v, p.Reconciled, p.Total, "overview-trend"); err != nil {
		return err
	}
	p.setSources(ask, sources)
	if err := p.network(ask); err != nil {
		return err
	}
	if err := p.since(ask, v); err != nil {
		return err
	}
	if err := p.own(ask, v.Actor.Roles); err != nil {
		return err
	}
	if p.People, err = s.peopleNeeded(v); err != nil {
		return err
	}
	if err := s.tour(v, ask, &p); err != nil {
		return err
	}
	page.Fresh = p.Fresh
	if p.Import {
		page.Actions = overviewActions()
	}
	return v.Render(page, p.View())
}

// lastVisit is when the person was here before this visit, as their browser remembers; without a memory it is a
// week ago.
func (v *Visit) lastVisit() (before time.Time, first bool) {
	var earlier, last int64 // seconds; 0 is never
	if c, err := v.R.Cookie(visitCookie); err == nil {
		parts := strings.Split(c.Value, ".")
		if len(parts) == 3 && parts[0] == v.Actor.ID {
			a, err1 := strconv.ParseInt(parts[1], 10, 64)
			b, err2 := strconv.ParseInt(parts[2], 10, 64)
			if err1 == nil && err2 == nil && 0 <= a && a <= b && b <= v.Now.Unix() {
				earlier, last = a, b
			}
		}
	}
	if last != 0 && v.Now.Sub(time.Unix(last, 0)) > visitGap {
		earlier = last
	}
	v.cookie(visitCookie, fmt.Sprintf("%s.%d.%d", v.Actor.ID, earlier, v.Now.Unix()), themeAge)
	if earlier == 0 {
		return v.Now.Add(-firstLook).Truncate(time.Second), true
	}
	return time.Unix(earlier, 0).UTC(), false
}

// counts are the bars of the first row.
func (p *overviewPage) counts(ask asker, all column.Page) {
	p.Categories = facetParts(ask, "category", all.Facets["category"], all.Total)
	p.Classes = facetParts(ask, "class", all.Facets["class"], 0)
	p.Makers = facetParts(ask, "manufacturer", all.Facets["manufacturer"], 0)
	most := 1
	for _, c := range all.Facets["queue"].Values {
		most = max(most, c.Rows)
	}
	p.Waiting = all.Total - all.Facets["queue"].Missing
	for _, q := range queues() {
		n := facetCount(all.Facets["queue"], q.Name)
		p.Queues = append(p.Queues, Part{q.Title, queueHref(q.Name), n, float64(n) / float64(most), q.Status})
	}
}

// facetParts makes bars of a facet, unknown last. Shares are of the whole; of the longest bar where whole is 0.
func facetParts(ask asker, field string, f column.Facet, whole int) []Part {
	if whole == 0 {
		whole = max(1, f.Missing)
		for _, c := range f.Values {
			whole = max(whole, c.Rows)
		}
	}
	var out []Part
	for _, c := range f.Values {
		if c.Rows > 0 {
			out = append(out, Part{Label: c.Value, Href: askHref(ask.is(field, c.Value)), Count: c.Rows, Share: float64(c.Rows) / float64(whole)})
		}
	}
	if f.Missing > 0 {
		out = append(out, Part{Href: askHref(ask.is(field, "")), Count: f.Missing, Share: float64(f.Missing) / float64(whole), Status: Neutral})
	}
	return out
}

// pictures are the heat map of sites and the years of acquisition.
func (p *overviewPage) pictures(ask asker, all column.Page) error {
	sites := all.Facets["site"]
	names := make([]string, 0, overviewSites+1)
	for _, c := range sites.Values {
		if c.Rows > 0 {
			names = append(names, c.Value)
		}
	}
	if hidden := sites.Distinct - len(names); hidden > 0 {
		p.HeatNote = fmt.Sprintf("The %d sites with most devices; %d more are not drawn.", len(names), hidden)
	}
	if len(names) > 0 {
		if sites.Missing > 0 {
			names = append(names, "")
		}
		p.Heat = &Chart{ID: "overview-heat", Title: "Devices by site and category", Kind: HeatChart, Unit: "devices", Along: "site"}
		for _, site := range names {
			p.Heat.X = append(p.Heat.X, orUnknown(site))
		}
		for _, c := range p.Categories {
			question := ask.is("category", c.Label)
			page, err := ask.find(question, column.Request{Limit: 1, Facets: []string{"site"}, FacetLimit: 1000})
			if err != nil {
				return err
			}
			row := Series{Name: orUnknown(c.Label)}
			for _, site := range names {
				n := page.Facets["site"].Missing
				if site != "" {
					n = facetCount(page.Facets["site"], site)
				}
				row.Values = append(row.Values, float64(n))
				row.Hrefs = append(row.Hrefs, askHref(question+" and "+ask.is("site", site)))
			}
			p.Heat.Series = append(p.Heat.Series, row)
		}
		slices.Reverse(p.Heat.Series) // a heat map is drawn from below
	}
	return p.ages(ask)
}

func orUnknown(text string) string {
	if text == "" {
		return "unknown"
	}
	return text
}

// ages counts devices by the year in which they were acquired, where at least one says so.
func (p *overviewPage) ages(ask asker) error {
	known, err := ask.count("has:acquired_on")
	if err != nil || known == 0 {
		return err
	}
	p.AgesUnknown = p.Total - known
	year := ask.now.UTC().Year()
	first := year - overviewYears + 1
	c := &Chart{ID: "overview-ages", Title: "Fleet by year of acquisition", Kind: BarChart, Unit: "devices", Along: "year"}
	bars := Series{Name: "devices"}
	add := func(label, question string) error {
		n, err := ask.count(question)
		c.X = append(c.X, label)
		bars.Values = append(bars.Values, float64(n))
		bars.Hrefs = append(bars.Hrefs, askHref(question))
		return err
	}
	if err := add("before "+strconv.Itoa(first), fmt.Sprintf("acquired_on<%d", first)); err != nil {
		return err
	}
	for y := first; y <= year; y++ {
		if err := add(strconv.Itoa(y), fmt.Sprintf("acquired_on:%d", y)); err != nil {
			return err
		}
	}
	if later, err := ask.count(fmt.Sprintf("acquired_on>%d", year)); err != nil {
		return err
	} else if later > 0 {
		if err := add("later", fmt.Sprintf("acquired_on>%d", year)); err != nil {
			return err
		}
	}
	c.Series = []Series{bars}
	p.Ages = c
	return nil
}

func (p *overviewPage) setSources(ask asker, list []inventory.SourceStatus) {
	for _, one := range list {
		at := one.Last.Finished
		p.Sources = append(p.Sources, freshSource{one, one.Last.ID == 0 || ask.now.Sub(at) > staleAfter(one.Kind), askHref(ask.is("source", one.Name))})
		if at.After(p.Fresh) {
			p.Fresh = at
		}
	}
	slices.SortStableFunc(p.Sources, func(a, b freshSource) int { return a.Last.Finished.Compare(b.Last.Finished) })
}

// since counts what became new since the person was last here.
func (p *overviewPage) since(ask asker, v *Visit) error {
	at := p.When.UTC().Format(time.RFC3339)
	for _, q := range []struct {
		question, text string
		status         Status
	}{{"created>=" + at, "first recorded", Info}, {"is:conflict and conflict_since>=" + at, "new in conflict", Warn}, {"first_seen>=" + at, "first seen on the network", Info}} {
		n, err := ask.count(q.question)
		if err != nil {
			return err
		}
		p.Since = append(p.Since, sight{n, plural(n, "device ", "devices ") + q.text, askHref(q.question), q.status})
	}
	if !p.MaySources {
		return nil
	}
	fresh, stale := 0, 0
	for _, one := range p.Sources {
		if one.Last.Finished.After(p.When) {
			fresh++
		}
		if one.Stale {
			stale++
		}
	}
	p.Since = append(p.Since, sight{fresh, plural(fresh, "source imported", "sources imported"), "/sources", Neutral}, sight{stale, plural(stale, "source stale", "sources stale"), "/sources", Warn})
	return nil
}

// own is what a role looks for first, from FACE.md's table of people.
func (p *overviewPage) own(ask asker, roles []account.Role) error {
	type look struct {
		text, question string
		status         Status
	}
	looks := map[account.Role][]look{
		account.Biomed: {{"medical, nobody owns it", "category:medical and is:no-owner", Bad}, {"medical, nobody knows where", "category:medical and is:no-location", Warn},
			{"medical, not seen for 90 days", "category:medical and last_seen>90d", Warn}, {"medical, never on the network", "category:medical and is:unseen", Warn}},
		account.Security: {{"on the network, in no system", "is:unrecorded", Bad}, {"with an insecure practice", "has:practice", Bad}, {"with an operating system whose support ended", "os_support:ended", Bad}, {"of no known class", "is:unclassified", Warn},
			{"first on the network this week", "first_seen<7d", Info}, {"medical, nobody owns it", "category:medical and is:no-owner", Warn}},
		account.IT: {{"on the network, in no system", "is:unrecorded", Bad}, {"may be recorded twice", "is:duplicate", Warn},
			{"gone from a source", "is:absent", Info}, {"not medical, nobody owns it", "not category:medical and is:no-owner", Warn}},
		account.Clinical: {{"nobody knows where", "is:no-location", Warn}, {"reported missing", "status:missing", Bad}, {"in repair", "status:in-repair", Info}},
	}
	names := map[account.Role]string{account.Biomed: "For biomed", account.Security: "For security", account.IT: "For IT and network", account.Clinical: "For the ward"}
	for _, role := range roles {
		for _, l := range looks[role] {
			n, err := ask.count(l.question)
			if err != nil {
				return err
			}
			p.Own, p.OwnText = append(p.Own, sight{n, plural(n, "device ", "devices ") + l.text, askHref(l.question), l.status}), names[role]
		}
		if len(p.Own) > 0 {
			return nil // the first role that looks for something
		}
	}
	return nil
}

// tour finds the five things that a visitor of the demo should look at.
func (s *Server) tour(v *Visit, ask asker, p *overviewPage) error {
	if s.Demo == "" {
		return nil
	}
	if c, err := v.R.Cookie(tourCookie); err == nil && c.Value == "seen" {
		return nil
	}
	first := func(question string, order ...column.Order) (string, error) {
		page, err := ask.find(question, column.Request{Limit: 1, Sort: order})
		if err != nil || len(page.IDs) == 0 {
			return "", err
		}
		return page.IDs[0], nil
	}
	merged, err := first(`category:medical and source:cmms and source:wire and not is:conflict`, column.Order{Field: "confidence", Desc: true})
	if err == nil && merged == "" {
		merged, err = first("category:medical", column.Order{Field: "confidence", Desc: true})
	}
	if err != nil {
		return err
	}
	add := func(is bool, title, text, href string) {
		if is {
			p.Tour = append(p.Tour, tourStop{title, text, href})
		}
	}
	count := func(queue string) int {
		for _, q := range p.Queues {
			if q.Href == queueHref(queue) {
				return q.Count
			}
		}
		return 0
	}
	add(count("conflict") > 0, "A conflict", "The CMMS and the CMDB disagree, side by side. Press 1 or 2 to decide, u to undo.", queueHref("conflict"))
	add(merged != "", "One device from many sources", "Spreadsheet rows and packets that became one record, with the evidence of every value.", deviceHref(merged, ""))
	add(count("no-owner") > 0, "Devices that nobody owns", "Suggested owners from devices alike, one click each.", queueHref("no-owner"))
	add(count("unrecorded") > 0, "On the network, in no system", "Seen in the captures, unknown to CMMS and CMDB.", queueHref("unrecorded"))
	add(p.People != nil, "The people it takes", "A resource plan from the inventory: drag a slider, ask every number why, print the board report.", "/plan")
	add(p.Import, "Import a file of your own", "Columns are recognised; nothing is written before you have seen what it would do.", importPath)
	return nil
}

// importPath is where files are brought in.
const importPath = "/sources/import"

// endTour puts the tour away; its undo shows it again.
func (s *Server) endTour(v *Visit) error {
	if v.Form("again") != "" {
		v.cookie(tourCookie, "", 0)
		return v.Redirect("/", nil)
	}
	v.cookie(tourCookie, "seen", themeAge)
	return v.Redirect("/", &Flash{Status: Neutral, Text: "The tour is put away.", Undo: "/tour?again=" + url.QueryEscape("yes")})
}

func (p *overviewPage) share() float64 { return float64(p.Reconciled) / math.Max(1, float64(p.Total)) }

// conflictLinks are the attributes of a row in conflict, each with its place in the queue.
func conflictLinks(r *inventory.Row) []Link {
	var out []Link
	for _, name := range strings.Split(r.Conflicts, "\n") {
		if name != "" {
			out = append(out, Link{attrTitle(fact.Attr(name)), queueHref("conflict") + "?attr=" + url.QueryEscape(name)})
		}
	}
	return out
}
