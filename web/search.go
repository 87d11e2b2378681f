package web

import "strings"

// Hit is one thing that the search found. Exact says that the text is the thing's own identifier, so that a scanned
// tag opens it at once.
type Hit struct {
	Icon         Icon
	Text, Detail string
	Href         string
	Exact        bool
}

// HitGroup is the hits of one kind.
type HitGroup struct {
	Title string
	Hits  []Hit
}

// finder looks for one kind of thing: at most limit hits that the person may see, best first.
type finder struct {
	title string
	find  func(v *Visit, q string, limit int) ([]Hit, error)
}

// searches lists what the command box looks through, in the order shown.
func (s *Server) searches() []finder {
	return []finder{
		{"Pages", s.findPages},
		{"Devices", s.findDevices},
		{"Staff", s.findStaff},
		{"People", s.findPeople},
	}
}

func (s *Server) search(v *Visit) error {
	q := v.Form("q")
	if len(q) > 200 {
		q = q[:200]
	}
	limit := 20
	if v.Part() {
		limit = 6
	}
	var groups []HitGroup
	var exact []Hit
	if q != "" {
		for _, f := range s.finders {
			hits, err := f.find(v, q, limit)
			if err != nil {
				return err
			}
			if len(hits) == 0 {
				continue
			}
			groups = append(groups, HitGroup{f.title, hits})
			for _, h := range hits {
				if h.Exact {
					exact = append(exact, h)
				}
			}
		}
	}
	switch {
	case v.Part():
		return v.Fragment(hitList(groups, q))
	case v.Form("go") != "" && len(exact) == 1:
		return v.Redirect(exact[0].Href, nil)
	}
	return v.Render(Page{Title: "Search", About: "Everything that you may see and that answers to a name, a number or an address."}, searchPage(groups, q))
}

// findPages finds pages of the menu by their titles.
func (s *Server) findPages(v *Visit, q string, limit int) ([]Hit, error) {
	var hits []Hit
	add := func(m MenuItem, icon Icon, detail string) {
		if len(hits) < limit && strings.Contains(strings.ToLower(m.Title), strings.ToLower(q)) {
			hits = append(hits, Hit{Icon: icon, Text: m.Title, Detail: detail, Href: m.Href})
		}
	}
	for _, m := range v.menu() {
		add(m, m.Icon, "page")
		for _, sub := range m.Under {
			add(sub, m.Icon, m.Title)
		}
	}
	return hits, nil
}
