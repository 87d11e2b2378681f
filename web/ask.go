package web

import (
	"net/url"
	"time"

	"pons/column"
	"pons/inventory"
	"pons/query"
)

// asker asks the index on behalf of one person: nothing outside of their scope is found or counted.
type asker struct {
	list  *inventory.List
	table *column.Table
	scope query.Expr
	now   time.Time
}

func (s *Server) asker(v *Visit) (asker, error) {
	a := asker{now: v.Now}
	a.list, a.table = s.Index.View()
	bounds := v.Scope()
	var err error
	a.scope, err = a.list.Within(bounds.Sites, bounds.Departments)
	return a, err
}

// find answers a question in the language of the list; r says how.
func (a asker) find(text string, r column.Request) (column.Page, error) {
	expr, err := query.Parse(a.list.Schema(), text)
	if err != nil {
		return column.Page{}, err
	}
	r.Expr, r.Scope, r.Now = query.Both(r.Expr, expr), a.scope, a.now
	return a.table.Find(r)
}

// count is how many devices answer to a question.
func (a asker) count(text string) (int, error) {
	p, err := a.find(text, column.Request{Limit: 1})
	return p.Total, err
}

// is writes the question for devices whose field has the value; the empty value is for those that have none.
func (a asker) is(field, value string) string {
	if value == "" {
		return "missing:" + field
	}
	i, ok := a.list.Schema().Find(field)
	if !ok {
		return ""
	}
	return query.Expr{}.With(a.list.Schema(), i, value).String()
}

// askHref is the device list that a question finds.
func askHref(text string) string {
	if text == "" {
		return "/devices"
	}
	return "/devices?q=" + url.QueryEscape(text)
}
