package column_test

import (
	"fmt"
	"time"

	"pons/column"
	"pons/query"
)

// A list keeps its rows in a table and asks for a page with its facets.
func Example() {
	schema, err := query.NewSchema(
		query.Field{Name: "class", Title: "Class", Kind: query.Keyword},
		query.Field{Name: "hostname", Title: "Hostname", Kind: query.Text},
		query.Field{Name: "owner", Title: "Owner", Kind: query.Keyword},
		query.Field{Name: "last_seen", Title: "Last seen", Kind: query.Time},
	)
	if err != nil {
		panic(err)
	}
	class, _ := schema.Find("class")
	hostname, _ := schema.Find("hostname")
	lastSeen, _ := schema.Find("last_seen")

	table := column.New(schema)
	now := time.Date(2026, 6, 15, 0, 0, 0, 0, time.UTC)
	row := schema.NewRow()
	table.Update(func(w *column.Writer) {
		for i := range 12 {
			row.Reset()
			row.Add(class, []string{"infusion-pump", "ventilator"}[i%2])
			row.Add(hostname, fmt.Sprintf("ICU-%d", i))
			row.AddTime(lastSeen, now.AddDate(0, 0, -i*5))
			w.Put(fmt.Sprintf("device-%02d", i), row)
		}
	})

	asked, err := query.Parse(schema, `class:infusion-pump not has:owner last_seen<30d`)
	if err != nil {
		panic(err)
	}
	page, err := table.Find(column.Request{
		Expr: asked, Now: now, Limit: 2, Widen: true,
		Sort:   []column.Order{{Field: "hostname", Desc: true}},
		Facets: []string{"class"},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(page.IDs, "of", page.Total, "more:", page.Next != "")
	fmt.Println(page.Facets["class"].Values)

	_, err = query.Parse(schema, `clas:infusion-pump`)
	fmt.Println(err)
	// Output:
	// [device-04 device-02] of 3 more: true
	// [{infusion-pump 3} {ventilator 3}]
	// query, column 1: there is no field "clas" (did you mean class?)
}
