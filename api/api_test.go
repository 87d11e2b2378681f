package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"pons/account"
	"pons/audit"
	"pons/fact"
	"pons/flow"
	"pons/inventory"
	"pons/ledger"
	"pons/product"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

var now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

type site struct {
	t        *testing.T
	url      string
	inv      *inventory.Inventory
	accounts *account.Accounts
	token    string // of the administrator
	east     string // of a person who sees one site
	read     string // of the administrator, for reading only
}

func row(source, key string, n int, pairs ...string) fact.Record {
	r := fact.Record{Source: fact.Source(source), Subject: fact.Key{Kind: "row", Value: key}, File: source + ".csv", Row: n}
	for i := 0; i < len(pairs); i += 2 {
		r.Facts = append(r.Facts, fact.Fact{Attr: fact.Attr(pairs[i]), Value: pairs[i+1], Because: "column " + pairs[i]})
	}
	return r
}

func onBoth(t *testing.T, body func(t *testing.T, s *site)) {
	sqldbtest.Run(t, []sqldb.Schema{audit.Schema(), account.Schema(), ledger.Schema(), inventory.Schema(), flow.Schema()}, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		inv := inventory.New(db, product.Default(), func() time.Time { return now })
		index, err := inventory.NewIndex(inv)
		if err != nil {
			t.Fatal(err)
		}
		s := &site{t: t, inv: inv}
		s.bring("cmms", "cmms",
			row("cmms", "CE-1", 1, "control_number", "CE-1", "manufacturer", "BBRAUN", "model", "Infusomat Space", "serial", "471125", "site", "East", "department", "ICU", "mac", "00:12:21:aa:bb:cc"),
			row("cmms", "CE-2", 2, "control_number", "CE-2", "manufacturer", "GE Medical Systems", "model", "LOGIQ E9", "serial", "US123456", "site", "West"),
			row("cmms", "CE-3", 3, "control_number", "CE-3", "manufacturer", "Philips", "model", "IntelliVue MX800", "serial", "DE9912345"))
		s.bring("dhcp", "dhcp", row("dhcp", "x", 1, "mac", "00:12:21:aa:bb:cc", "ip", "10.31.0.9", "hostname", "PUMP-1"))
		accounts := account.New(db, account.DefaultPolicy())
		s.accounts = accounts
		root := account.Command("test")
		tokens := map[string]string{}
		for _, p := range []account.Person{
			{Login: "ada", Name: "Ada", Roles: []account.Role{account.Administrator}},
			{Login: "eve", Name: "Eve", Roles: []account.Role{account.Biomed}, Scope: account.Scope{Sites: []string{"East"}}},
		} {
			if _, err := accounts.Add(ctx, root, p, "a long way over the bridge", now); err != nil {
				t.Fatal(err)
			}
			_, who, err := accounts.SignIn(ctx, p.Login, "a long way over the bridge", "127.0.0.1", "test", now)
			if err != nil {
				t.Fatal(err)
			}
			text, _, err := accounts.AddToken(ctx, who, "test", []account.Verb{account.InventoryRead, account.InventoryWrite}, now.AddDate(0, 1, 0), now)
			if err != nil {
				t.Fatal(err)
			}
			tokens[p.Login] = text
			if p.Login == "ada" {
				if s.read, _, err = accounts.AddToken(ctx, who, "read", []account.Verb{account.InventoryRead}, now.AddDate(0, 1, 0), now); err != nil {
					t.Fatal(err)
				}
			}
		}
		refresh := func() {
			if err := index.Refresh(ctx); err != nil {
				t.Error(err)
			}
		}
		refresh()
		s.token, s.east = tokens["ada"], tokens["eve"]
		h := httptest.NewServer(New(Deps{DB: db, Inventory: inv, Index: index, Changed: refresh, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: func() time.Time { return now }, Version: "test"}))
		t.Cleanup(h.Close)
		s.url = h.URL + Prefix
		body(t, s)
	})
}

func (s *site) bring(source, kind string, records ...fact.Record) {
	s.t.Helper()
	_, err := s.inv.Import(context.Background(), inventory.Import{Source: source, Kind: kind, File: source + ".csv", Actor: "test", Whole: true, Records: func(yield func(fact.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}})
	if err != nil {
		s.t.Fatal(err)
	}
}

// call makes a request and reads the answer into out.
func (s *site) call(token, method, path, body string, out any) int {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, bytes.NewBufferString(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			s.t.Fatalf("%s %s: %d %s: %v", method, path, res.StatusCode, text, err)
		}
	}
	return res.StatusCode
}

type page struct {
	Devices []Device
	Total   int
	Next    string
	Facets  map[string]map[string]int
}

func TestNobodyWithoutAToken(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		for _, path := range []string{"/devices", "/devices/x", "/queues", "/changes", "/sources", "/queues/duplicate/pairs"} {
			if got := s.call("", "GET", path, "", nil); got != http.StatusUnauthorized {
				t.Errorf("%s without a token: %d", path, got)
			}
			if got := s.call("nonsense", "GET", path, "", nil); got != http.StatusUnauthorized {
				t.Errorf("%s with a wrong token: %d", path, got)
			}
		}
	})
}

func TestDevicesQueryFacetsAndPages(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		var p page
		if got := s.call(s.token, "GET", `/devices?where=class:infusion-pump+and+has:mac&facets=class,site`, "", &p); got != 200 {
			t.Fatalf("status %d", got)
		}
		if p.Total != 1 || len(p.Devices) != 1 || p.Devices[0].Manufacturer != "B. Braun" || p.Devices[0].Hostnames[0] != "PUMP-1" || p.Facets["site"]["East"] != 1 || len(p.Devices[0].Records) != 2 {
			t.Errorf("%+v", p)
		}
		seen := map[string]bool{}
		cursor := ""
		for range 3 {
			p = page{}
			s.call(s.token, "GET", "/devices?limit=1&sort=-serial&cursor="+cursor, "", &p)
			for _, d := range p.Devices {
				seen[d.Serial] = true
			}
			cursor = p.Next
		}
		if len(seen) != 3 || cursor != "" {
			t.Errorf("paging saw %v, then %q", seen, cursor)
		}
		var wrong struct {
			Errors []struct{ Message string }
		}
		if got := s.call(s.token, "GET", "/devices?where=clas:x", "", &wrong); got != 422 || len(wrong.Errors) != 1 || !strings.Contains(wrong.Errors[0].Message, "column 1") {
			t.Errorf("a wrong query: %d %+v", got, wrong)
		}
		if got := s.call(s.token, "GET", "/devices?cursor=nonsense", "", nil); got != 422 {
			t.Errorf("a wrong cursor: %d", got)
		}
		if got := s.call(s.token, "GET", "/devices/nothing", "", nil); got != 404 {
			t.Errorf("no such device: %d", got)
		}
	})
}

func TestScopeHoldsEverywhere(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		var all, mine page
		s.call(s.token, "GET", "/devices?facets=site", "", &all)
		s.call(s.east, "GET", "/devices?facets=site", "", &mine)
		if all.Total != 3 || mine.Total != 1 || len(mine.Facets["site"]) != 1 {
			t.Fatalf("all %d, mine %d %v", all.Total, mine.Total, mine.Facets)
		}
		for _, d := range all.Devices {
			want := 404
			if d.Location.Site == "East" {
				want = 200
			}
			for _, path := range []string{"", "/facts", "/history"} {
				if got := s.call(s.east, "GET", "/devices/"+d.ID+path, "", nil); got != want {
					t.Errorf("%s%s of %q: %d, want %d", d.Name, path, d.Location.Site, got, want)
				}
			}
			if got := s.call(s.east, "PATCH", "/devices/"+d.ID, `{"values":{"room":"7"}}`, nil); got != want {
				t.Errorf("edit of %q: %d, want %d", d.Location.Site, got, want)
			}
		}
		var changes struct{ Devices []Device }
		s.call(s.east, "GET", "/changes", "", &changes)
		if len(changes.Devices) != 1 {
			t.Errorf("changes %d, want 1", len(changes.Devices))
		}
		var queues struct{ Queues []Queue }
		s.call(s.east, "GET", "/queues", "", &queues)
		for _, q := range queues.Queues {
			if q.Devices > 1 {
				t.Errorf("queue %+v counts others' devices", q)
			}
		}
	})
}

func TestEditAndChanges(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		var feed struct {
			Devices []Device
			Gone    []Gone
			Cursor  string
			More    bool
		}
		s.call(s.token, "GET", "/changes?limit=2", "", &feed)
		n := len(feed.Devices)
		for feed.More {
			s.call(s.token, "GET", "/changes?limit=2&cursor="+feed.Cursor, "", &feed)
			n += len(feed.Devices)
		}
		if n != 3 {
			t.Fatalf("feed of %d, want 3", n)
		}
		feed.Devices = nil
		if s.call(s.token, "GET", "/changes?cursor="+feed.Cursor, "", &feed); len(feed.Devices) != 0 {
			t.Errorf("nothing changed, feed %v", feed.Devices)
		}
		var all page
		s.call(s.token, "GET", "/devices?where=class:infusion-pump", "", &all)
		id := all.Devices[0].ID
		if got := s.call(s.read, "PATCH", "/devices/"+id, `{"values":{"room":"7"}}`, nil); got != 403 {
			t.Errorf("a token for reading writes: %d", got)
		}
		var d Device
		if got := s.call(s.token, "PATCH", "/devices/"+id, `{"values":{"clinical_owner":"Biomed East","room":"7","custom.zone":"B"},"why":"round"}`, &d); got != 200 || d.ClinicalOwner != "Biomed East" || d.Location.Room != "7" || d.Attributes["custom.zone"] != "B" {
			t.Fatalf("%d %+v", got, d)
		}
		s.call(s.token, "GET", "/changes?cursor="+feed.Cursor, "", &feed)
		if len(feed.Devices) != 1 || feed.Devices[0].ID != id {
			t.Errorf("feed after the edit: %+v", feed.Devices)
		}
		var facts struct{ Facts []Fact }
		s.call(s.token, "GET", "/devices/"+id+"/facts", "", &facts)
		found := false
		for _, f := range facts.Facts {
			found = found || f.Attr == "room" && f.Source == "person" && strings.Contains(f.Because, "ada/test") && *f.Won
		}
		if !found {
			t.Errorf("no evidence of the edit in %+v", facts)
		}
		if got := s.call(s.token, "PATCH", "/devices/"+id, `{"values":{"room":null}}`, &d); got != 200 || d.Location.Room != "" {
			t.Errorf("taking back: %d %+v", got, d.Location)
		}
		for _, bad := range []string{`{"values":{"serial number":"x"}}`, `{"values":{"status":"lost"}}`, `{"values":{}}`, `{`} {
			if got := s.call(s.token, "PATCH", "/devices/"+id, bad, nil); got != 422 && got != 400 {
				t.Errorf("%s: %d", bad, got)
			}
		}
		var history struct{ Changes []Change }
		s.call(s.token, "GET", "/devices/"+id+"/history", "", &history)
		if len(history.Changes) < 2 || history.Changes[0].What != "edit" {
			t.Errorf("history %+v", history)
		}
	})
}

func TestOpenAPI(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		var doc struct {
			OpenAPI string `json:"openapi"`
			Paths   map[string]map[string]any
		}
		if got := s.call("", "GET", "/openapi.json", "", &doc); got != 200 || !strings.HasPrefix(doc.OpenAPI, "3.1") {
			t.Fatalf("%d %s", got, doc.OpenAPI)
		}
		for _, path := range []string{"/devices", "/devices/{id}", "/devices/{id}/facts", "/changes", "/queues", "/sources"} {
			if doc.Paths[Prefix+path] == nil {
				t.Errorf("%s is not described", path)
			}
		}
		if fmt.Sprint(doc.Paths[Prefix+"/devices/{id}"]["patch"]) == "<nil>" {
			t.Error("writing is not described")
		}
	})
}

// TestSystem: a device says which medical system it belongs to; who may not see the whole gets no more than the device
// itself says of it.
func TestSystem(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.bring("itam", "itam", row("itam", "T1", 1, "mac", "00:12:21:aa:bb:cc", "parent", "ce 2"))
		var all, mine page
		s.call(s.token, "GET", "/devices", "", &all)
		s.call(s.east, "GET", "/devices", "", &mine)
		systems := 0
		for _, d := range all.Devices {
			if d.System == nil {
				continue
			}
			systems++
			if d.System.Name != "CE-2" || len(d.System.Parts) != 2 || d.System.Whole != d.System.Parts[0] || !slices.Contains(d.System.Parts, d.ID) {
				t.Errorf("%s: %+v", d.Name, d.System)
			}
		}
		if systems != 2 {
			t.Errorf("%d of %d devices belong to a system", systems, len(all.Devices))
		}
		if got := mine.Devices[0].System; got == nil || got.Name != "ce 2" || got.Whole != "" || len(got.Parts) != 1 || got.Parts[0] != mine.Devices[0].ID {
			t.Errorf("in the scope of East: %+v", got)
		}
	})
}
