package main

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"pons/audit"
	"pons/column"
	"pons/inventory"
	"pons/product"
	"pons/query"
	"pons/sqldb"
)

// facetColumns are the facets of the device list, by field and by column of the table.
var facetColumns = [][2]string{{"category", "category"}, {"class", "class"}, {"manufacturer", "manufacturer"}, {"model", "model"}, {"site", "site"},
	{"department", "department"}, {"status", "status"}, {"os", "os"}, {"vlan", "vlan"}, {"criticality", "criticality"}}

// filters are questions of each shape, and the SQL that finds the same rows.
var filters = []struct{ ask, where string }{
	{"", "1 = 1"},
	{"class:infusion-pump", "lower(class) = 'infusion-pump'"},
	{"class:infusion-pump and not has:owner", "lower(class) = 'infusion-pump' AND owner = '' AND clinical_owner = '' AND technical_owner = ''"},
	{"12a", "lower(name) LIKE '%12a%' OR lower(serial) LIKE '%12a%' OR lower(macs) LIKE '%12a%' OR lower(hostnames) LIKE '%12a%'"},
	{"zzzzzz", "lower(name) LIKE '%zzzzzz%' OR lower(serial) LIKE '%zzzzzz%' OR lower(macs) LIKE '%zzzzzz%' OR lower(hostnames) LIKE '%zzzzzz%'"},
	{"acquired_on:2015..2020", "acquired_on BETWEEN '2015-01-01' AND '2020-12-31'"},
	{"mac:00:12 or class:ct", "macs LIKE '00:12%' OR class = 'ct'"},
}

// lists measures the device list on an inventory of so many devices, against the SQL that would do the same.
func lists(dir string, rows, rounds int) error {
	path := filepath.Join(dir, "pons.db")
	file := filepath.Join(dir, "cmms.csv")
	if err := fixture(file, rows); err != nil {
		return err
	}
	took, err := timed(func() error { return imported(file, path) })
	if err != nil {
		return err
	}
	fmt.Printf("%d rows imported in %.1f s\n", rows, took.Seconds())
	ctx := context.Background()
	start := time.Now()
	db, err := sqldb.Open(ctx, sqldb.Options{Path: path, Schemas: []sqldb.Schema{audit.Schema(), inventory.Schema()}})
	if err != nil {
		return err
	}
	defer db.Close()
	inv := inventory.New(db, product.Default(), time.Now)
	index, err := inventory.NewIndex(inv)
	if err != nil {
		return err
	}
	fmt.Printf("open, migrate, catalogue: %v\n", time.Since(start).Round(time.Millisecond))
	first, err := timed(func() error {
		return db.View(ctx, func(tx *sqldb.Tx) error { _, err := inv.First(tx, nil, nil, 50); return err })
	})
	if err != nil {
		return err
	}
	fmt.Printf("first page of rows without the index: %v\n", first.Round(time.Microsecond))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	ready, err := timed(func() error { return index.Refresh(ctx) })
	if err != nil {
		return err
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	peak, err := peakMemory()
	if err != nil {
		return err
	}
	fmt.Printf("index ready in %.1f s (15 is promised), heap %d MiB, peak of the process %d MiB\n", ready.Seconds(), (after.HeapAlloc-before.HeapAlloc)>>20, peak>>20)
	if err := facets(ctx, db, index, rounds); err != nil {
		return err
	}
	return devicePage(ctx, db, inv, index)
}

// facets times a filtered, sorted page with all facet counts against the GROUP BYs that would compute the counts.
func facets(ctx context.Context, db *sqldb.DB, index *inventory.Index, rounds int) error {
	list, table := index.View()
	var fields []string
	for _, f := range facetColumns {
		fields = append(fields, f[0])
	}
	for _, f := range filters {
		e, err := query.Parse(list.Schema(), f.ask)
		if err != nil {
			return err
		}
		total := 0
		var mine []time.Duration
		for range max(rounds*7, 15) {
			start := time.Now()
			page, err := table.Find(column.Request{Expr: e, Now: time.Now(), Sort: []column.Order{{Field: "manufacturer"}, {Field: "name"}}, Facets: fields, Limit: 50})
			if err != nil {
				return err
			}
			mine, total = append(mine, time.Since(start)), page.Total
		}
		var sql []time.Duration
		for range rounds {
			took, err := timed(func() error { return groupBys(ctx, db, f.where) })
			if err != nil {
				return err
			}
			sql = append(sql, took)
		}
		slices.Sort(mine)
		slices.Sort(sql)
		p50, worst, group := mine[len(mine)/2], mine[len(mine)-1], sql[len(sql)/2]
		fmt.Printf("%-40q %8d found: page with %d facets %6.1f ms (worst %.1f), GROUP BYs %7.0f ms, ratio 1/%.0f\n", f.ask, total, len(fields),
			ms(p50), ms(worst), ms(group), group.Seconds()/p50.Seconds())
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func groupBys(ctx context.Context, db *sqldb.DB, where string) error {
	return db.View(ctx, func(tx *sqldb.Tx) error {
		for _, f := range facetColumns {
			rows, err := tx.Query("SELECT " + f[1] + ", COUNT(*) FROM inventory_device WHERE " + where + " GROUP BY " + f[1])
			if err != nil {
				return err
			}
			for rows.Next() {
			}
			if err := rows.Err(); err != nil {
				return err
			}
			rows.Close()
		}
		return nil
	})
}

// devicePage times what the device page reads against its bare SQL.
func devicePage(ctx context.Context, db *sqldb.DB, inv *inventory.Inventory, index *inventory.Index) error {
	_, table := index.View()
	page, err := table.Find(column.Request{Now: time.Now(), Limit: 500})
	if err != nil {
		return err
	}
	var whole, bare []time.Duration
	for _, id := range page.IDs {
		err := db.View(ctx, func(tx *sqldb.Tx) error {
			start := time.Now()
			if _, err := inv.Get(tx, id); err != nil {
				return err
			}
			if _, err := inv.History(tx, id, 50); err != nil {
				return err
			}
			whole = append(whole, time.Since(start))
			start = time.Now()
			if err := readBare(tx, id); err != nil {
				return err
			}
			bare = append(bare, time.Since(start))
			return nil
		})
		if err != nil {
			return err
		}
	}
	slices.Sort(whole)
	slices.Sort(bare)
	w, b := whole[len(whole)/2], bare[len(bare)/2]
	fmt.Printf("device page's data %v, its bare SQL %v, ratio %.1f (at most 3 is promised)\n", w, b, w.Seconds()/b.Seconds())
	return nil
}

// readBare reads the columns of the device, its records and its history as texts, and does nothing with them.
func readBare(tx *sqldb.Tx, id string) error {
	for _, q := range []struct {
		text    string
		columns int
	}{
		{"SELECT " + strings.Repeat("name, ", 8) + "category, class, manufacturer, model, serial, control_number, asset_tag, udi_di, version, os, macs, ips, hostnames, ae_titles, vlan, site, building, department, room, cost_center, clinical_owner, technical_owner, owner, status, criticality, life_support, acquired_on, acquired_cost, warranty_end, contract_end, pm_next, sources, conflicts, custom FROM inventory_device WHERE id = $1", 42},
		{"SELECT source, record_key, device, born, kind, file, body FROM inventory_record WHERE device = $1", 7},
		{"SELECT actor, what, detail FROM inventory_change WHERE device = $1 ORDER BY id DESC LIMIT 50", 3},
	} {
		rows, err := tx.Query(q.text, id)
		if err != nil {
			return err
		}
		into := make([]any, q.columns)
		for i := range into {
			into[i] = new([]byte)
			if q.columns != 7 || i != 6 {
				into[i] = new(string)
			}
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				return err
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
	}
	return nil
}
