package inventory

import (
	"strings"

	"pons/fact"
	"pons/query"
)

// Within is the question that keeps a list to some sites and departments, for column.Request.Scope. Empty lists
// bound nothing; a device whose site is not known is outside of a scope that names sites.
func (l *List) Within(sites, departments []string) (query.Expr, error) {
	var parts []string
	for _, p := range []struct {
		field  string
		values []string
	}{{"site", sites}, {"department", departments}} {
		if len(p.values) == 0 {
			continue
		}
		quoted := make([]string, len(p.values))
		for i, v := range p.values {
			quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
		}
		parts = append(parts, p.field+" in ("+strings.Join(quoted, ", ")+")")
	}
	return query.Parse(l.schema, strings.Join(parts, " and "))
}

// Place is the site and department of a row, which decide who may see and change it.
func (r *Row) Place() (site, department string) { return r.Get(fact.Site), r.Get(fact.Department) }

// Place is the site and department of a device, which decide who may see and change it.
func (d *Device) Place() (site, department string) { return d.Get(fact.Site), d.Get(fact.Department) }
