package web

import (
	"net/url"
	"strings"

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
	Week       bool
	Known      bool // there is a matrix
	May        bool
	Limit      int
	ask        asker
}

// groupsShown is how many groups the queue shows; the rest is found through the list.
const groupsShown = 200

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
	p := nobodyPage{Activity: v.Form("activity"), Week: v.Form("when") == "week", May: v.May(account.DutyWrite), Limit: groupsShown}
	m, err := s.duties.Current(v.Context(), s.DB)
	if err != nil {
		return err
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
			p.Found = m.UnansweredInWeek(p.Activity, groups, v.Now)
		} else {
			p.Found = m.Unanswered(p.Activity, groups, v.Now)
		}
	}
	return v.Render(Page{Title: "Nobody answers for", About: "Devices for which nobody who is accountable can be reached.", Crumbs: []Link{{"Reconcile", "/reconcile"}}, Actions: p.actions()}, p.View())
}

// devices is the device list of a group.
func (p nobodyPage) devices(g raci.Group) string {
	parts := []string{p.ask.is("class", g.Class), p.ask.is("site", g.Site), p.ask.is("category", g.Category), plan.InUse}
	return "/devices?q=" + url.QueryEscape(strings.Join(parts, " and ")) + "&cols=" + url.QueryEscape("name,class,manufacturer,model,site,department,owner,"+answersColumn)
}

func (p nobodyPage) when() string {
	if p.Week {
		return "week"
	}
	return "now"
}

func (p nobodyPage) activityOptions() []Option {
	return answersPage{Matrix: &raci.Matrix{Activities: p.Activities}}.activityOptions()
}

func (p nobodyPage) shown() []raci.Open {
	return p.Found.Open[:min(len(p.Found.Open), p.Limit)]
}

// keepWords joins the steps of a walk into one line.
func keepWords(why []string) string { return strings.Join(why, " → ") }
