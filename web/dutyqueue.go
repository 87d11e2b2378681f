package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"pons/account"
	"pons/plan"
	"pons/raci"
	"pons/sqldb"
)

// nobodyPage is the devices that nobody answers for, by class and site.
type nobodyPage struct {
	Found      raci.Unanswered
	Activity   string
	Activities []raci.Activity
	At         time.Time // in the hospital's zone
	Asked      bool      // for a time of somebody's choice, not now
	Week       bool
	Problem    string // with the time
	Known      bool   // there is a matrix
	May        bool
	Lines      []raci.Alike
	From       int // the first of the lines that are shown
	ask        asker
}

// linesShown is how many lines the queue shows at once; the rest is counted and a click away.
const linesShown = 200

// groupsAt are the groups of the devices of one revision of the index, as one scope sees them.
type groupsAt struct {
	rev    sqldb.Rev
	scope  string
	groups []raci.Group
}

// dutyGroups counts devices that are alike to the duties. The last count is kept while the index stays as it is.
func (s *Server) dutyGroups(v *Visit, ask asker) ([]raci.Group, error) {
	bounds := v.Scope()
	key := strings.Join(bounds.Sites, "\n") + "\x00" + strings.Join(bounds.Departments, "\n")
	rev := s.Index.Rev()
	if last := s.groupsAt.Load(); last != nil && last.rev == rev && last.scope == key {
		return last.groups, nil
	}
	groups, err := groupsOf(ask)
	if err == nil {
		s.groupsAt.Store(&groupsAt{rev, key, groups})
	}
	return groups, err
}

// nobodyCount is the card among the queues.
type nobodyCount struct {
	Count  int
	Total  int
	Known  bool // there is a matrix, so that the count means something
	Hidden bool
}

// nobodyNow counts the devices for whose maintenance nobody answers now.
func (s *Server) nobodyNow(v *Visit, ask asker) (c nobodyCount, err error) {
	if !v.May(account.DutyRead) {
		return nobodyCount{Hidden: true}, nil
	}
	m, err := s.duties.Current(v.Context(), s.DB)
	if err != nil {
		return c, err
	}
	if _, ok := m.Activity(raci.Maintenance); !ok {
		return c, nil
	}
	groups, err := s.dutyGroups(v, ask)
	if err != nil {
		return c, err
	}
	u := m.Unanswered(raci.Maintenance, groups, v.Now)
	return nobodyCount{Count: u.Devices, Total: u.Total, Known: true}, nil
}

// nobody is the queue.
func (s *Server) nobody(v *Visit) error {
	if ready, read := s.Index.Ready(); !ready {
		return s.loading(v, "Nobody answers for", read)
	}
	p := nobodyPage{Activity: v.Form("activity"), Week: v.Form("when") == "week", May: v.May(account.DutyWrite)}
	m, err := s.duties.Current(v.Context(), s.DB)
	if err != nil {
		return err
	}
	status := 0
	p.At = v.Now.In(m.Roster.Zone).Truncate(time.Minute)
	if text := v.Form("at"); text != "" {
		if at, err := time.ParseInLocation(clockLayout, text, m.Roster.Zone); err != nil {
			p.Problem, status = noTime(text), 422
		} else {
			p.At, p.Asked = at, true
		}
	}
	p.Activities, p.Known = m.Activities, len(m.Activities) > 0
	if _, ok := m.Activity(p.Activity); !ok {
		p.Activity = raci.Maintenance
		if _, ok := m.Activity(p.Activity); !ok && p.Known {
			p.Activity = m.Activities[0].Key
		}
	}
	if p.ask, err = s.asker(v); err != nil {
		return err
	}
	if p.Known {
		groups, err := s.dutyGroups(v, p.ask)
		if err != nil {
			return err
		}
		if p.Week {
			p.Found = m.UnansweredInWeek(p.Activity, groups, p.At)
		} else {
			p.Found = m.Unanswered(p.Activity, groups, p.At)
		}
		p.Lines = p.Found.Alike()
	}
	if n, err := strconv.Atoi(v.Form("from")); err == nil && n > 0 && n < len(p.Lines) {
		p.From = n
	}
	return v.Render(Page{Title: "Nobody answers for", About: "Devices for which nobody who is accountable can be reached.", Fresh: m.Newest(), Status: status, Crumbs: []Link{{"Reconcile", "/reconcile"}}, Actions: p.actions()}, p.View())
}

// devices is the device list of one group.
func (p nobodyPage) devices(g raci.Group) string {
	return p.list(p.ask.is("class", g.Class), p.ask.is("site", g.Site), p.ask.is("category", g.Category))
}

func (p nobodyPage) list(parts ...string) string {
	return "/devices?q=" + url.QueryEscape(strings.Join(append(parts, plan.InUse), " and ")) + "&cols=" + url.QueryEscape("name,class,manufacturer,model,site,department,owner,"+answersColumn)
}

// askable is how many groups one question of the device list names; of more, each group has its own.
const askable = 12

// together is the device list of all groups of a line; empty where they are too many for one question.
func (p nobodyPage) together(l raci.Alike) string {
	if len(l.Groups) > askable {
		return ""
	}
	var each []string
	for _, g := range l.Groups {
		each = append(each, "("+p.ask.is("class", g.Class)+" and "+p.ask.is("category", g.Category)+")")
	}
	return p.list("("+strings.Join(each, " or ")+")", p.ask.is("site", l.Site))
}

func (p nobodyPage) when() string {
	if p.Week {
		return "week"
	}
	return "then"
}

func (p nobodyPage) activityOptions() []Option {
	return answersPage{Matrix: &raci.Matrix{Activities: p.Activities}}.activityOptions()
}

func (p nobodyPage) shown() []raci.Alike {
	return p.Lines[p.From:min(len(p.Lines), p.From+linesShown)]
}

// rest is how many lines follow those that are shown, of how many devices, and where they are.
func (p nobodyPage) rest() (lines, devices int, href string) {
	to := p.From + len(p.shown())
	for _, l := range p.Lines[to:] {
		lines++
		devices += l.Devices
	}
	return lines, devices, p.href(to)
}

// href is this page from a line on.
func (p nobodyPage) href(from int) string {
	q := url.Values{"activity": {p.Activity}, "when": {p.when()}}
	if p.Asked {
		q.Set("at", p.At.Format(clockLayout))
	}
	if from > 0 {
		q.Set("from", strconv.Itoa(from))
	}
	return "/reconcile/nobody?" + q.Encode()
}

// keepWords joins the steps of a walk into one line.
func keepWords(why []string) string { return strings.Join(why, " → ") }
