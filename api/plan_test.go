package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pons/account"
	"pons/plan"
)

// planFile is a small plan of an invented hospital, with a range to draw from.
const planFile = `currency: USD
base_year: 2026
horizon_years: 2
wage_escalation: 0.035
benefits: 0.28
classes:
  - {name: biomed, count: 6000, growth: {low: 1%, mode: 3%, high: 6%}, inventory: "category:medical"}
  - {name: pumps, count: 10, inventory: "class:infusion-pump", subset_of: biomed}
roles:
  - {name: BMET, team: biomed, salary: 65000, current_fte: 5, ratio: {devices_per_fte: 1000, classes: [biomed]}}
  - {name: HTM manager, team: biomed, salary: 118000, current_fte: 1, ratio: {fte_per_fte: 12, roles: [BMET]}}
workload:
  items:
    - {role: BMET, class: biomed, name: PM, per_device_year: 1, hours: 0.5}
simulation: {draws: 200, seed: 1}
`

// planner gives a token of a new person.
func (s *site) planner(login string, scope account.Scope, role account.Role) string {
	s.t.Helper()
	ctx := context.Background()
	if _, err := s.accounts.Add(ctx, account.Command("test"), account.Person{Login: login, Name: "Person of " + login, Roles: []account.Role{role}, Scope: scope}, "a long way over the bridge", now); err != nil {
		s.t.Fatal(err)
	}
	_, who, err := s.accounts.SignIn(ctx, login, "a long way over the bridge", "127.0.0.1", "test", now)
	if err != nil {
		s.t.Fatal(err)
	}
	var verbs []account.Verb
	for _, v := range []account.Verb{account.InventoryRead, account.PlanRead, account.PlanWrite, account.ProgramRead} {
		if slices.Contains(role.Verbs(), v) {
			verbs = append(verbs, v)
		}
	}
	text, _, err := s.accounts.AddToken(ctx, who, "plans", verbs, now.AddDate(0, 1, 0), now)
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

// fetch makes a request with a header and gives what came back.
func (s *site) fetch(token, method, path, kind, body, accept string) (int, http.Header, string) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
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
	return res.StatusCode, res.Header, string(text)
}

// wrong is a problem document.
type wrong struct {
	Detail string
	Errors []struct{ Message, Location string }
}

func (w wrong) at(location string) string {
	for _, e := range w.Errors {
		if e.Location == location {
			return e.Message
		}
	}
	return fmt.Sprintf("nothing there, only %+v", w)
}

func quoted(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// keep makes a scenario out of planFile.
func (s *site) keep(token, name string) Scenario {
	s.t.Helper()
	var out Scenario
	if got, _, text := s.fetch(token, "POST", "/plans", jsonType, quoted(map[string]any{"name": name, "file": planFile, "why": "a test"}), ""); got != 201 || json.Unmarshal([]byte(text), &out) != nil {
		s.t.Fatalf("add: %d %s", got, text)
	}
	return out
}

func TestPlanIsKeptReadReplacedAndPatched(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		token := s.planner("pat", account.Scope{}, account.Biomed)
		made := s.keep(token, "Base")
		if made.Version != 1 || made.Currency != "USD" || made.BaseYear != 2026 || made.Actor != "token:pat/plans" || made.Why != "a test" || !slices.ContainsFunc(made.Notes, func(n string) bool { return strings.Contains(n, "rounding is not given") }) {
			t.Fatalf("%+v", made)
		}
		path := "/plans/" + made.ID

		// as JSON and as a file, both of which can be sent back
		status, header, text := s.fetch(token, "GET", path, "", "", "")
		var got Scenario
		if err := json.Unmarshal([]byte(text), &got); err != nil || status != 200 || header.Get("ETag") != `"1"` || got.Name != "Base" || got.Plan == nil {
			t.Fatalf("%d %v %s %v", status, header, text, err)
		}
		status, header, file := s.fetch(token, "GET", path, "", "", "application/yaml, */*;q=0.1")
		again, _, err := plan.Read("", strings.NewReader(file))
		if err != nil || status != 200 || header.Get("Content-Type") != yamlType || again.Roles[1].Salary != 118000 || again.Classes[0].Growth.High != 0.06 {
			t.Fatalf("%d %v: %v", status, header, err)
		}
		body := quoted(map[string]any{"version": 1, "about": "the same again, with words", "plan": got.Plan})
		if status := s.call(token, "PUT", path, body, &got); status != 200 || got.Version != 2 || got.Name != "Base" || got.About == "" {
			t.Fatalf("replace: %d %+v", status, got)
		}
		if status := s.call(token, "PUT", path, body, nil); status != http.StatusConflict {
			t.Errorf("a version that was overtaken: %d", status)
		}

		// single values
		patch := quoted(map[string]any{"version": 2, "changes": map[string]string{"roles[0].salary": "70,000", "classes[0].growth": "4%"}, "why": "raise"})
		if status := s.call(token, "PATCH", path, patch, &got); status != 200 || got.Version != 3 {
			t.Fatalf("patch: %d %+v", status, got)
		}
		var p plan.Plan
		if err := json.Unmarshal(got.Plan.RawMessage, &p); err != nil || p.Roles[0].Salary != 70000 || p.Classes[0].Growth != plan.Exactly(0.04) {
			t.Errorf("%+v %v", p.Roles[0], err)
		}
		if status := s.call(token, "PATCH", path, patch, nil); status != http.StatusConflict {
			t.Errorf("a patch of an older version: %d", status)
		}

		// the list, a page at a time
		for _, name := range []string{"Second", "Third"} {
			s.keep(token, name)
		}
		var names []string
		cursor := ""
		for range 3 {
			var page struct {
				Plans []Scenario
				Total int
				Next  string
			}
			if s.call(token, "GET", "/plans?limit=1&cursor="+cursor, "", &page); page.Total != 3 || len(page.Plans) != 1 || page.Plans[0].Plan != nil {
				t.Fatalf("%+v", page)
			}
			names, cursor = append(names, page.Plans[0].Name), page.Next
		}
		if fmt.Sprint(names) != "[Base Second Third]" || cursor != "" {
			t.Errorf("%v, then %q", names, cursor)
		}

		// history and what was before
		var history struct{ Versions []PlanVersion }
		if s.call(token, "GET", path+"/versions", "", &history); len(history.Versions) != 3 || history.Versions[0].Why != "raise" {
			t.Fatalf("%+v", history)
		}
		if c := history.Versions[0].Changes; !slices.ContainsFunc(c, func(x PlanChange) bool {
			return x.Path == "roles/BMET/salary" && x.Before == "65,000" && x.After == "70,000"
		}) {
			t.Errorf("%+v", c)
		}
		s.call(token, "GET", path+"/versions/1", "", &got)
		if err := json.Unmarshal(got.Plan.RawMessage, &p); err != nil || p.Roles[0].Salary != 65000 || got.Version != 1 {
			t.Errorf("version 1: %+v %v", got, err)
		}
		if status := s.call(token, "GET", path+"/versions/9", "", nil); status != 404 {
			t.Errorf("a version that never was: %d", status)
		}
	})
}

func TestPlanCopyLockRemoveRestore(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		token := s.planner("pat", account.Scope{}, account.Biomed)
		made := s.keep(token, "Base")
		var copied Scenario
		if got := s.call(token, "POST", "/plans/"+made.ID+"/copy", `{"name":"What if"}`, &copied); got != 201 || copied.From == nil || copied.From.ID != made.ID || copied.From.Version != 1 {
			t.Fatalf("%d %+v", got, copied)
		}
		var bad wrong
		if got := s.call(token, "POST", "/plans/"+made.ID+"/copy", `{"name":"what IF"}`, &bad); got != 422 || !strings.Contains(bad.at("body.name"), "already") {
			t.Errorf("a name twice: %d %+v", got, bad)
		}
		path := "/plans/" + copied.ID
		change := `{"version":2,"changes":{"horizon_years":"4"}}`
		if got := s.call(token, "POST", path+"/lock", "", &copied); got != 200 || !copied.Locked || copied.Version != 2 {
			t.Fatalf("lock: %d %+v", got, copied)
		}
		if got := s.call(token, "PATCH", path, change, nil); got != http.StatusConflict {
			t.Errorf("a locked plan took a change: %d", got)
		}
		if got := s.call(token, "DELETE", path, "", nil); got != http.StatusConflict {
			t.Errorf("a locked plan was removed: %d", got)
		}
		if got := s.call(token, "POST", path+"/unlock", "", &copied); got != 200 || copied.Locked {
			t.Errorf("unlock: %d", got)
		}
		if got := s.call(token, "DELETE", path, "", nil); got != 204 {
			t.Errorf("remove: %d", got)
		}
		for _, gone := range []string{"GET " + path, "DELETE " + path, "GET " + path + "/projection", "GET " + path + "/report.pdf"} {
			method, at, _ := strings.Cut(gone, " ")
			if got := s.call(token, method, at, "", nil); got != 404 {
				t.Errorf("%s of what was removed: %d", gone, got)
			}
		}
		if got := s.call(token, "POST", path+"/restore", `{"version":1}`, &copied); got != 200 || copied.Removed || copied.Name != "What if" {
			t.Errorf("restore: %d %+v", got, copied)
		}
		if got := s.call(token, "POST", "/plans/nothing/restore", `{"version":1}`, nil); got != 404 {
			t.Errorf("restore of nothing: %d", got)
		}
	})
}

func TestPlanProjectionAndComparison(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		token := s.planner("exe", account.Scope{}, account.Executive)
		writer := s.planner("pat", account.Scope{}, account.Biomed)
		made := s.keep(writer, "Base")
		var out struct {
			Years []struct {
				Year     int
				TotalFTE float64 `json:"total_fte"`
				Roles    []struct {
					Name     string
					Required float64 `json:"required_fte"`
				}
			}
			Percentiles map[string]any
			Tornado     []map[string]any
			Warnings    []string
		}
		if got := s.call(token, "GET", "/plans/"+made.ID+"/projection", "", &out); got != 200 || len(out.Years) != 3 || out.Years[0].Roles[0].Required != 6 || out.Years[0].TotalFTE != 6.5 || out.Percentiles != nil {
			t.Fatalf("%d %+v", got, out)
		}
		if got := s.call(token, "GET", "/plans/"+made.ID+"/projection?simulate=true", "", &out); got != 200 || out.Percentiles["draws"] != 200.0 || len(out.Tornado) == 0 {
			t.Errorf("%d %+v", got, out)
		}
		// the same out of a file, in both forms, and nothing kept
		if got, _, text := s.fetch(token, "POST", "/projection", yamlType, planFile, ""); got != 200 || json.Unmarshal([]byte(text), &out) != nil || out.Years[0].TotalFTE != 6.5 || !slices.ContainsFunc(out.Warnings, func(w string) bool { return strings.HasPrefix(w, "rounding is not given") }) {
			t.Errorf("%d %s", got, text)
		}
		_, _, whole := s.fetch(token, "GET", "/plans/"+made.ID, "", "", "")
		var doc Scenario
		if err := json.Unmarshal([]byte(whole), &doc); err != nil {
			t.Fatal(err)
		}
		if got, _, text := s.fetch(token, "POST", "/projection?simulate=true", jsonType, string(doc.Plan.RawMessage), ""); got != 200 || !strings.Contains(text, `"percentiles"`) {
			t.Errorf("%d %s", got, text)
		}
		// side by side
		var copied Scenario
		s.call(writer, "POST", "/plans/"+made.ID+"/copy", `{"name":"Grow fast"}`, &copied)
		if got := s.call(writer, "PATCH", "/plans/"+copied.ID, `{"version":1,"changes":{"classes[0].growth":"30%"}}`, nil); got != 200 {
			t.Fatalf("patch: %d", got)
		}
		var both struct{ Plans []PlanOutcome }
		if got := s.call(token, "GET", "/plans/compare?ids="+made.ID+","+copied.ID, "", &both); got != 200 || len(both.Plans) != 2 {
			t.Fatalf("%d %+v", got, both)
		}
		a, b := both.Plans[0], both.Plans[1]
		if len(a.Changes) != 0 || len(b.Changes) == 0 || a.Years[0].Devices != 6000 || a.Years[2].FTE >= b.Years[2].FTE || b.Years[2].Devices != 10140 || a.Years[0].Current != 6 || a.Years[0].Missing != 1 {
			t.Errorf("%+v\n%+v", a, b)
		}
		for _, ids := range []string{made.ID, "", made.ID + ",nothing"} {
			if got := s.call(token, "GET", "/plans/compare?ids="+ids, "", nil); got != 422 && got != 404 {
				t.Errorf("compare of %q: %d", ids, got)
			}
		}
	})
}

func TestPlanFiles(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		token := s.planner("pat", account.Scope{}, account.Biomed)
		made := s.keep(token, "Base")
		got, header, text := s.fetch(token, "GET", "/plans/"+made.ID+"/report.pdf?paper=Letter", "", "", "")
		if got != 200 || header.Get("Content-Type") != pdfType || !strings.HasPrefix(text, "%PDF-1.") || header.Get("Content-Disposition") == "" || header.Get("ETag") != `"1"` {
			t.Fatalf("report: %d %v", got, header)
		}
		if got, _, _ := s.fetch(token, "GET", "/plans/"+made.ID+"/report.pdf?paper=A0", "", "", ""); got != 422 {
			t.Errorf("a paper that nobody has: %d", got)
		}
		got, header, text = s.fetch(token, "GET", "/plans/"+made.ID+"/workbook.xlsx", "", "", "")
		if got != 200 || header.Get("Content-Type") != xlsxType || !bytes.HasPrefix([]byte(text), []byte("PK\x03\x04")) {
			t.Errorf("workbook: %d %v", got, header)
		}
	})
}

func TestPlanRecount(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		token := s.planner("pat", account.Scope{}, account.Biomed)
		east := s.planner("wes", account.Scope{Sites: []string{"East"}}, account.Biomed)
		made := s.keep(token, "Base")
		var p plan.Plan
		var got Scenario
		if status := s.call(east, "POST", "/plans/"+made.ID+"/recount", `{"version":1}`, nil); status != 403 {
			t.Errorf("who sees one site counted the whole hospital: %d", status)
		}
		if status := s.call(token, "POST", "/plans/"+made.ID+"/recount", `{"version":1}`, &got); status != 200 || got.Version != 2 || got.Baseline == nil || got.Baseline.Devices != 3 || got.Baseline.AsOf != "2026-03-02" || got.Baseline.Revision == 0 {
			t.Fatalf("%d %+v", status, got)
		}
		if err := json.Unmarshal(got.Plan.RawMessage, &p); err != nil || p.Classes[0].Count != 3 || p.Classes[1].Count != 1 || len(p.Baseline.Counts) != 2 {
			t.Errorf("%+v %v", p.Classes, err)
		}
		if status := s.call(token, "POST", "/plans/"+made.ID+"/recount", `{"version":1}`, nil); status != http.StatusConflict {
			t.Errorf("an older version: %d", status)
		}
		s.call(token, "PATCH", "/plans/"+made.ID, `{"version":2,"changes":{"classes[1].inventory":"clas:pump"}}`, &got)
		var bad wrong
		if status := s.call(token, "POST", "/plans/"+made.ID+"/recount", fmt.Sprintf(`{"version":%d}`, got.Version), &bad); status != 422 || !strings.Contains(bad.Detail, "classes[1] (pumps).inventory") || !strings.Contains(bad.Detail, "column 1") {
			t.Errorf("a question that is not understood: %d %+v", status, bad)
		}
	})
}

// TestPlanMistakes is §4 of the issue: each wrong thing is told at its field, and nothing is kept of it.
func TestPlanMistakes(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		token := s.planner("pat", account.Scope{}, account.Biomed)
		made := s.keep(token, "Base")
		path := "/plans/" + made.ID
		for at, text := range map[string]string{
			"roles[0].ratio.devices_per_fte":    "0",
			"roles[1].ratio.fte_per_fte":        "-3",
			"classes[0].growth":                 "900%",
			"roles[0].salary":                   "EUR 65,000",
			"roles[0].ratio.classes":            "[nothing]",
			"workload.items[0].hours":           "9000",
			"workload.items[0].role":            "nobody",
			"roles[7].salary":                   "1",
			"roles[0].sallary":                  "1",
			"classes[1].count":                  "many",
			"simulation.draws":                  "-1",
			"currency":                          "dollars",
			"roles[0].benefits":                 "NaN",
			"workload.productive_hours":         "8761",
			"classes[0].growth.high.higher.yet": "1",
		} {
			var bad wrong
			if status := s.call(token, "PATCH", path, quoted(map[string]any{"version": 1, "changes": map[string]string{at: text, "horizon_years": "3"}}), &bad); status != 422 || len(bad.Errors) == 0 {
				t.Errorf("%s = %s: %d %+v", at, text, status, bad)
			} else if !slices.ContainsFunc(bad.Errors, func(e struct{ Message, Location string }) bool {
				return strings.HasPrefix(e.Location, "body.changes."+strings.TrimSuffix(at, ".high.higher.yet"))
			}) {
				t.Errorf("%s = %s is told elsewhere: %+v", at, text, bad.Errors)
			}
		}
		// a role that drives itself in a circle, and an overlap of subsets, in a file: with line and path
		circle := strings.Replace(planFile, "roles: [BMET]", "roles: [HTM manager]", 1)
		var bad wrong
		if status := s.call(token, "POST", "/plans", quoted(map[string]any{"name": "Circle", "file": circle}), &bad); status != 422 || len(bad.Errors) == 0 || !strings.Contains(bad.Errors[0].Location, "body.file.roles[1].ratio") || !strings.HasPrefix(bad.Errors[0].Message, "line 11") {
			t.Errorf("a circle: %d %+v", status, bad)
		}
		misspelt := `{"name":"Misspelt","plan":{"currency":"USD","base_year":2026,"classes":[{"name":"a","count":3}],"roles":[{"name":"r","salary":1,"ratio":{"devices_per_ft":3}}]}}`
		bad = wrong{}
		if status := s.call(token, "POST", "/plans", misspelt, &bad); status != 422 || !strings.Contains(bad.at("body.plan.roles[0].ratio.devices_per_ft"), `"devices_per_fte" was probably meant`) {
			t.Errorf("a misspelt name: %d %+v", status, bad)
		}
		for name, body := range map[string]string{
			"no plan": `{"name":"x"}`, "both": quoted(map[string]any{"name": "x", "file": planFile, "plan": map[string]any{}}), "no name": quoted(map[string]any{"file": planFile}),
			"the same name": quoted(map[string]any{"name": " base ", "file": planFile}), "template and file": quoted(map[string]any{"name": "x", "file": planFile, "template": "hospital"}), "no JSON": `{`, "too large": `{"name":"` + strings.Repeat("x", planLimit) + `"}`,
		} {
			if status := s.call(token, "POST", "/plans", body, nil); status != 422 && status != 400 && status != http.StatusRequestEntityTooLarge {
				t.Errorf("%s: %d", name, status)
			}
		}
		for _, body := range []string{"", "- a\n- b", "currency: [", circle} {
			if got, _, text := s.fetch(token, "POST", "/projection", yamlType, body, ""); got != 422 && got != 400 {
				t.Errorf("%.20q: %d %s", body, got, text)
			}
		}
		var list struct {
			Total int
			Plans []Scenario
		}
		if s.call(token, "GET", "/plans", "", &list); list.Total != 1 || list.Plans[0].Version != 1 {
			t.Errorf("something was kept: %+v", list)
		}
	})
}

func TestPlanTemplate(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		token := s.planner("pat", account.Scope{}, account.Biomed)
		var made, counted Scenario
		if got := s.call(token, "POST", "/plans", `{"name":"New","template":"hospital","currency":"USD","base_year":2026}`, &made); got != 201 || made.Horizon == 0 {
			t.Fatalf("%d %+v", got, made)
		}
		var p plan.Plan
		if got := s.call(token, "POST", "/plans/"+made.ID+"/recount", `{"version":1}`, &counted); got != 200 || json.Unmarshal(counted.Plan.RawMessage, &p) != nil || p.Classes[0].Count != 3 {
			t.Errorf("%d %+v", got, p.Classes)
		}
	})
}

// TestPlanPermissions walks every route of plans as every role.
func TestPlanPermissions(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		writer := s.planner("pat", account.Scope{}, account.Biomed)
		made := s.keep(writer, "Base")
		routes := []struct {
			method, path, body string
			verb               account.Verb
		}{
			{"GET", "/plans", "", account.PlanRead}, {"GET", "/plans/" + made.ID, "", account.PlanRead}, {"GET", "/plans/" + made.ID + "/versions", "", account.PlanRead}, {"GET", "/plans/" + made.ID + "/versions/1", "", account.PlanRead},
			{"GET", "/plans/" + made.ID + "/projection", "", account.PlanRead}, {"GET", "/plans/" + made.ID + "/report.pdf", "", account.PlanRead}, {"GET", "/plans/" + made.ID + "/workbook.xlsx", "", account.PlanRead},
			{"GET", "/plans/compare?ids=" + made.ID + "," + made.ID, "", account.PlanRead},
			{"POST", "/plans", `{"name":"x","file":"y"}`, account.PlanWrite}, {"PUT", "/plans/" + made.ID, `{"version":1,"file":"y"}`, account.PlanWrite}, {"PATCH", "/plans/" + made.ID, `{"version":1,"changes":{"a":"b"}}`, account.PlanWrite},
			{"POST", "/plans/" + made.ID + "/copy", `{"name":"Base"}`, account.PlanWrite}, {"POST", "/plans/" + made.ID + "/recount", `{"version":99}`, account.PlanWrite}, {"POST", "/plans/" + made.ID + "/restore", `{"version":99}`, account.PlanWrite},
			{"POST", "/plans/" + made.ID + "/unlock", "", account.PlanWrite}, {"DELETE", "/plans/nothing", "", account.PlanWrite}, {"POST", "/plans/nothing/lock", "", account.PlanWrite},
		}
		for _, r := range routes {
			if got := s.call("", r.method, r.path, r.body, nil); got != 401 {
				t.Errorf("%s %s without a token: %d", r.method, r.path, got)
			}
			if got := s.call(s.token, r.method, r.path, r.body, nil); got != 403 {
				t.Errorf("%s %s with a token for the inventory alone: %d", r.method, r.path, got)
			}
		}
		for _, role := range account.Roles() {
			if !slices.Contains(role.Verbs(), account.TokenOwn) {
				continue // makes no tokens
			}
			token := s.planner("role-"+string(role), account.Scope{}, role)
			for _, r := range routes {
				got := s.call(token, r.method, r.path, r.body, nil)
				if may := slices.Contains(role.Verbs(), r.verb); may == (got == 403) || got >= 500 || got == 401 {
					t.Errorf("%s %s as %s: %d", r.method, r.path, role, got)
				}
			}
		}
	})
}

func TestPlanOpenAPI(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		var doc struct {
			Paths map[string]map[string]struct {
				OperationID string `json:"operationId"`
				RequestBody struct{ Content map[string]any }
				Responses   map[string]struct{ Content map[string]any }
			}
		}
		if got := s.call("", "GET", "/openapi.json", "", &doc); got != 200 {
			t.Fatal(got)
		}
		for _, want := range []string{"GET /plans list-plans", "POST /plans add-plan", "GET /plans/compare compare-plans", "GET /plans/{id} get-plan", "PUT /plans/{id} replace-plan", "PATCH /plans/{id} edit-plan", "DELETE /plans/{id} remove-plan",
			"POST /plans/{id}/copy copy-plan", "POST /plans/{id}/lock lock-plan", "POST /plans/{id}/unlock unlock-plan", "POST /plans/{id}/restore restore-plan", "POST /plans/{id}/recount recount-plan", "GET /plans/{id}/versions list-plan-versions",
			"GET /plans/{id}/versions/{version} get-plan-version", "GET /plans/{id}/projection project-plan", "GET /plans/{id}/workbook.xlsx get-plan-workbook", "GET /plans/{id}/report.pdf get-plan-report", "POST /projection project"} {
			f := strings.Fields(want)
			if got := doc.Paths[Prefix+f[1]][strings.ToLower(f[0])].OperationID; got != f[2] {
				t.Errorf("%s: %q", want, got)
			}
		}
		one := doc.Paths[Prefix+"/plans/{id}"]["get"].Responses["200"].Content
		if one[jsonType] == nil || one[yamlType] == nil {
			t.Errorf("the answer's kinds are %v", one)
		}
		if doc.Paths[Prefix+"/plans/{id}/report.pdf"]["get"].Responses["200"].Content[pdfType] == nil || doc.Paths[Prefix+"/projection"]["post"].RequestBody.Content[yamlType] == nil {
			t.Error("files are not described")
		}
	})
}
