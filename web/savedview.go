package web

import (
	"fmt"
	"net/url"

	"pons/account"
	"pons/fault"
)

// viewQuery is what a saved view of this page keeps: the question, the columns and the order; not the place in it.
func (p deviceListPage) viewQuery() string {
	q := p.at("")
	q.Tab = ""
	if q.Cols == nil { // a view looks the same to everybody it is shared with
		for _, c := range p.Columns {
			q.Cols = append(q.Cols, c.Key)
		}
	}
	return q.values().Encode()
}

func (p deviceListPage) chosenName() string {
	if p.Chosen == nil {
		return ""
	}
	return p.Chosen.Name
}

// saveDeviceView keeps the list as it is under a name.
func (s *Server) saveDeviceView(v *Visit) error {
	asked, err := url.ParseQuery(v.Form("query"))
	if err != nil {
		return fmt.Errorf("the question of the view: %w", fault.Invalid)
	}
	q := readDeviceQuery(asked, s.Index.List().Schema()) // nothing but what the list understands is kept
	q.After, q.Tab = "", ""
	kept, err := s.accounts.SaveView(v.Context(), v.Actor, account.View{List: "devices", Name: v.Form("name"), Query: q.values().Encode(), Shared: v.Form("shared") == "yes"}, v.Now)
	if err != nil {
		return err
	}
	q.Tab = kept.ID
	text := "View “" + kept.Name + "” is kept for you."
	if kept.Shared {
		text = "View “" + kept.Name + "” is shared with everybody."
	}
	return v.Redirect(q.href("/devices"), &Flash{Status: Good, Text: text})
}

// removeDeviceView removes a view; its undo keeps it again.
func (s *Server) removeDeviceView(v *Visit) error {
	gone, err := s.accounts.RemoveView(v.Context(), v.Actor, v.R.PathValue("id"), v.Now)
	if err != nil {
		return err
	}
	f := &Flash{Status: Good, Text: "View “" + gone.Name + "” is removed."}
	if gone.Person == v.Actor.ID {
		again := url.Values{"name": {gone.Name}, "query": {gone.Query}}
		if gone.Shared {
			again.Set("shared", "yes")
		}
		f.Undo = "/devices/views?" + again.Encode()
	}
	return v.Redirect("/devices?"+gone.Query, f)
}
