package api

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"pons/account"
)

// programToken is a token of a person of this role, for the program.
func (s *site) programToken(role account.Role, login string, scope account.Scope) string {
	s.t.Helper()
	ctx := context.Background()
	if _, err := s.accounts.Add(ctx, account.Command("test"), account.Person{Login: login, Name: login, Roles: []account.Role{role}, Scope: scope}, "a long way over the bridge", now); err != nil {
		s.t.Fatal(err)
	}
	_, who, err := s.accounts.SignIn(ctx, login, "a long way over the bridge", "127.0.0.1", "test", now)
	if err != nil {
		s.t.Fatal(err)
	}
	verbs := []account.Verb{account.ProgramRead}
	if who.Can(account.ProgramWrite) {
		verbs = append(verbs, account.ProgramWrite)
	}
	text, _, err := s.accounts.AddToken(ctx, who, "program", verbs, now.AddDate(0, 1, 0), now)
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

func TestProgramByAPI(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		token := s.programToken(account.Biomed, "ann", account.Scope{})
		reader := s.programToken(account.Executive, "cio", account.Scope{})
		part := s.programToken(account.Biomed, "bob", account.Scope{Sites: []string{"East"}})
		if got := s.call(s.token, "GET", "/program/interviews", "", nil); got != http.StatusForbidden {
			t.Errorf("a token of the inventory reads the program: %d", got)
		}
		talk := `{"role":"htm","who":"Director of biomed","on":"2026-02-20","consent":"yes","answers":[{"text":"Nobody trusts the list","tag":"quote","severity":3,"frequency":"daily","theme":"Trust"}]}`
		var i Interview
		if got := s.call(token, "POST", "/program/interviews", talk, &i); got != 200 || i.ID == "" || i.Version != 1 || !i.Held {
			t.Fatalf("add: %d %+v", got, i)
		}
		if got := s.call(reader, "POST", "/program/interviews", talk, nil); got != http.StatusForbidden {
			t.Errorf("an executive writes: %d", got)
		}
		var wrong struct {
			Errors []struct{ Message, Location string }
		}
		bad := `{"role":"htm","who":"x","on":"2026-02-20","answers":[{"text":"MRN 0042317","tag":"pain"}]}`
		if got := s.call(token, "POST", "/program/interviews", bad, &wrong); got != 422 || len(wrong.Errors) != 1 || wrong.Errors[0].Location != "body.answers.1.text" || strings.Contains(wrong.Errors[0].Message, "0042317") {
			t.Errorf("patient data: %d %+v", got, wrong)
		}
		if got := s.call(token, "PUT", "/program/interviews/"+i.ID, strings.Replace(talk, `{"role"`, `{"version":7,"role"`, 1), nil); got != http.StatusConflict {
			t.Errorf("a stale writer: %d", got)
		}
		if got := s.call(token, "PUT", "/program/interviews/nobody", talk, nil); got != http.StatusNotFound {
			t.Errorf("nobody's: %d", got)
		}
		var themes struct {
			Themes []Theme
		}
		if got := s.call(reader, "GET", "/program/themes", "", &themes); got != 200 || len(themes.Themes) != 1 || themes.Themes[0].Weight != 12 || len(themes.Themes[0].Quotes) != 1 {
			t.Errorf("themes: %d %+v", got, themes)
		}
		var o Objective
		if got := s.call(token, "POST", "/program/objectives", `{"title":"One list","state":"agreed","owner":"HTM","themes":["Trust"],"kpis":["mttr"]}`, &o); got != 200 || o.Themes[0] != "trust" {
			t.Errorf("objective: %d %+v", got, o)
		}
		if got := s.call(token, "DELETE", "/program/objectives/"+o.ID, "", nil); got != 204 {
			t.Errorf("remove: %d", got)
		}
		var list struct{ KPIs []KPI }
		if got := s.call(reader, "GET", "/program/kpis", "", &list); got != 200 || len(list.KPIs) < 40 || list.KPIs[0].Latest != nil || list.KPIs[0].State != "not measured" {
			t.Errorf("kpis: %d, %d of them", got, len(list.KPIs))
		}
		var r Reading
		for range 2 {
			if got := s.call(token, "PUT", "/program/kpis/pm-completion/readings/2026-02-28", `{"numerator":47,"denominator":50,"source":"work orders"}`, &r); got != 200 || r.Value == nil || *r.Value != 94 {
				t.Errorf("a reading: %d %+v", got, r)
			}
		}
		var few Reading
		if got := s.call(token, "PUT", "/program/kpis/pm-completion/readings/2026-01-31", `{"numerator":4,"denominator":5,"source":"work orders"}`, &few); got != 200 || few.Value != nil || !few.Suppressed {
			t.Errorf("four of five: %d %+v", got, few)
		}
		if got := s.call(token, "PUT", "/program/kpis/pm-completion/readings/2026-03-03", `{"value":1,"source":"x"}`, nil); got != 422 {
			t.Errorf("tomorrow: %d", got)
		}
		var readings struct{ Readings []Reading }
		if got := s.call(reader, "GET", "/program/kpis/pm-completion/readings", "", &readings); got != 200 || len(readings.Readings) != 2 {
			t.Errorf("readings: %d %+v", got, readings)
		}
		if got := s.call(token, "DELETE", "/program/kpis/pm-completion/readings/2026-01-31", "", nil); got != 204 {
			t.Errorf("take back: %d", got)
		}
		var k KPI
		if got := s.call(token, "PUT", "/program/kpis/pump-calls", `{"name":"Calls for pumps","group":"Ours","formula":"calls","unit":"calls","period":"week","better":"lower","target":5}`, &k); got != 200 || k.Version != 1 {
			t.Errorf("a KPI: %d %+v", got, k)
		}
		sign := `{"statement":"This is it.","signed_by":"Ann","signed_as":"HTM director","why":"the first one"}`
		var b Baseline
		if got := s.call(token, "POST", "/program/baselines", sign, &b); got != 200 || b.Devices != 3 || !b.Holds || len(b.Hash) != 64 {
			t.Errorf("sign: %d %+v", got, b)
		}
		if got := s.call(token, "POST", "/program/baselines", `{"statement":"This is it.","signed_by":"Ann","signed_as":""}`, nil); got != 422 {
			t.Errorf("without a function: %d", got)
		}
		for _, method := range []string{"GET", "POST"} {
			if got := s.call(part, method, "/program/baselines", sign, nil); got != http.StatusForbidden {
				t.Errorf("%s of the whole by who sees a part: %d", method, got)
			}
		}
	})
}
