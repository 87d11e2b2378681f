package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"pons/account"
	"pons/staff"
)

// coveragePage is the week of one team or skill, and the whole table of all.
type coveragePage struct {
	Covers   []staff.Cover
	Chosen   *staff.Cover
	Need     string // "team:biomed", "skill:Networking"
	Site     string
	Sites    []string
	Week     staff.Date
	Hour     int // of the week; -1: none is chosen
	Found    staff.Found
	Heat     *Chart
	Loads    []staff.Load
	Expected staff.Expectations
	People   int
	May      bool
}

// coverHref is the coverage of a need at a site in a week, an hour of it looked at; -1 looks at none.
func coverHref(need, site, week string, hour int) string {
	q := url.Values{}
	for name, value := range map[string]string{"need": need, "place": site, "week": week} {
		if value != "" {
			q.Set(name, value)
		}
	}
	href := "/coverage"
	if hour >= 0 {
		q.Set("hour", strconv.Itoa(hour))
	}
	if len(q) > 0 {
		href += "?" + q.Encode()
	}
	if hour >= 0 {
		href += "#hour"
	}
	return href
}

func needKey(n staff.Need) string {
	if n.Team != "" {
		return "team:" + string(n.Team)
	}
	return "skill:" + n.Skill
}

func (s *Server) coverage(v *Visit) error {
	p := coveragePage{Need: v.Form("need"), Site: v.Form("place"), Hour: -1, May: v.May(account.StaffWrite)}
	roster, err := s.readRoster(v, &p.Expected)
	if err != nil {
		return err
	}
	p.People = len(roster.People)
	p.Sites = sitesOf(roster, s.places()["site"])
	at := v.Now
	if day, err := time.ParseInLocation(time.DateOnly, v.Form("week"), roster.Zone); err == nil {
		at = day.Add(12 * time.Hour)
	}
	week := roster.WeekOf(at)
	p.Week = staff.DateOf(week)
	needs := append(staff.TeamNeeds(roster.People, p.Site), staff.SkillNeeds(p.Expected, p.Site)...)
	p.Covers = roster.Coverage(at, needs...)
	for i := range p.Covers {
		if needKey(p.Covers[i].Need) == p.Need {
			p.Chosen = &p.Covers[i]
		}
	}
	if p.Chosen == nil && len(p.Covers) > 0 {
		p.Chosen = &p.Covers[0]
	}
	if p.Chosen != nil {
		p.Need = needKey(p.Chosen.Need)
		p.Heat = p.heat()
		if h, err := strconv.Atoi(v.Form("hour")); err == nil && h >= 0 && h < staff.WeekHours {
			p.Hour = h
			p.Found = roster.At(p.Chosen.Hours[h].At).Who(p.Chosen.Need)
		}
	}
	p.Loads = roster.Loads(v.Now, p.Expected.Share)
	return v.Render(Page{Title: "Coverage", About: "How many people can be reached in each hour of the week: present, or on call.", Fresh: roster.Newest(), Islands: []string{"chart"}, Actions: p.actions()}, p.View())
}

// sitesOf are the sites of devices, then those that only people name.
func sitesOf(roster *staff.Roster, places []string) []string {
	out := slices.Clone(places)
	for _, s := range roster.Sites() {
		if !slices.ContainsFunc(out, func(x string) bool { return strings.EqualFold(x, s) }) {
			out = append(out, s)
		}
	}
	return out
}

// heat draws the chosen week: hours across, days down. The picture draws its first row at the bottom.
func (p *coveragePage) heat() *Chart {
	c := &Chart{ID: "week", Title: "People who can be reached: " + p.Chosen.Need.String(), Kind: HeatChart, Unit: "people", Along: "hour"}
	for h := range 24 {
		c.X = append(c.X, fmt.Sprintf("%02d", h))
	}
	for d := 6; d >= 0; d-- {
		row := Series{Name: p.Chosen.Hours[d*24].At.Format("Mon 2 Jan")}
		for h := range 24 {
			row.Values = append(row.Values, float64(p.Chosen.Hours[d*24+h].Count()))
			row.Hrefs = append(row.Hrefs, coverHref(p.Need, p.Site, string(p.Week), d*24+h))
		}
		c.Series = append(c.Series, row)
	}
	return c
}

func (p coveragePage) needOptions() []Option {
	var out []Option
	for i := range p.Covers {
		n := p.Covers[i].Need
		label := "Team " + n.Team.Title()
		if n.Skill != "" {
			label = "Skill " + n.Skill
		}
		out = append(out, Option{needKey(n), label})
	}
	return out
}

func siteOptions(sites []string, none string) []Option {
	out := []Option{{"", none}}
	for _, s := range sites {
		out = append(out, Option{s, s})
	}
	return out
}

// coverStatus says how a need is met.
func coverStatus(c *staff.Cover) (Status, string) {
	switch {
	case len(c.Holders) == 0:
		return Bad, "nobody"
	case c.SinglePoint():
		return Bad, "one person"
	case c.Holes > 0:
		return Warn, "holes"
	case c.Singles > 0:
		return Info, "thin"
	}
	return Good, "covered"
}

func needLabel(n staff.Need) string {
	if n.Skill != "" {
		return n.Skill
	}
	return n.Team.Title()
}

// dutyWords is by which shift or rotation somebody is there.
func dutyWords(d staff.Duty) string {
	_, text, _ := strings.Cut(d.Because(), ": ")
	return text
}

func hourWords(at time.Time) string { return at.Format("Monday 2 January, 15:04") }
