package web

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"

	"pons/account"
	"pons/fact"
	"pons/program"
	"pons/sqldb"
)

// fillClarify makes what the pages of the first phase have to show: an interview, an objective, readings, a baseline.
func (s *site) fillClarify() {
	s.t.Helper()
	ctx, p := s.t.Context(), s.web.program
	must := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	_, err := p.SetCharter(ctx, 0, program.Charter{Title: "Devices with an owner", Sponsor: "CIO", Scope: "all sites", Goals: []string{"find every pump"}, Clarify: program.Span{Start: "2026-10-01", End: "2026-11-19"}}, "test", "")
	must(err)
	_, err = p.Interviews().Put(ctx, "walk", 0, program.Interview{Role: "clinical", Who: "Nurse manager " + evil, On: "2026-11-02", By: "Ann Example", Answers: []program.Answer{
		{Question: "What workarounds does the ward use every day, and since when?", Text: "We hide pumps " + evil, Tag: program.Pain, Severity: 4, Frequency: program.Daily, Theme: "Searching " + evil},
		{Text: "I would not say this aloud", Tag: program.Quoted, Theme: "searching " + evil},
		{Text: "no theme to this", Tag: program.Opportunity},
	}}, "test", "")
	must(err)
	_, err = p.Objectives().Put(ctx, "walk", 0, program.Objective{Title: "Find every pump " + evil, Owner: "HTM director", State: program.ObjectiveAgreed, Due: "2026-11-01", Themes: []string{"searching " + evil, "gone"}, KPIs: []string{"reconciled", "mttr"}}, "test", "")
	must(err)
	for back := 3; back >= 1; back-- {
		_, err = p.RecordDay(ctx, testNow.AddDate(0, 0, -back), program.Figures{program.Devices: 40, program.Reconciled: float64(30 + back)}, "test")
		must(err)
	}
	_, err = p.Validate(ctx, 0, program.Validation{Queue: "no-owner", Site: "East", Owner: "biomed East", Due: "2026-11-01"}, "test", "")
	must(err)
}

// clarifySite has fourteen devices, and a baseline signed of them.
func clarifySite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	var rows []fact.Record
	for i := range 14 {
		key := fmt.Sprintf("CE-%d", i+1)
		rows = append(rows, deviceFile("cmms", key, i+1, "control_number", key, "manufacturer", "BD", "class", "infusion-pump", "serial", fmt.Sprintf("PX7788%02d", i), "site", []string{"East", "West"}[i%2], "pm_next", "2026-10-01"))
	}
	s.bring("cmms", "cmms", rows...)
	ask, err := s.web.wholeHospital(testNow)
	if err != nil {
		t.Fatal(err)
	}
	census, err := s.web.Index.Census(ask.scope, testNow, baselineFields()...)
	if err != nil {
		t.Fatal(err)
	}
	b := program.Baseline{AsOf: testNow, Statement: "This is it.", SignedBy: "Ann " + evil, SignedAs: "HTM director", Why: "It is a test.", Devices: census.Devices, Reconciled: census.Reconciled, Counts: tallies(census)}
	if _, err := s.web.program.Sign(t.Context(), b, "test"); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestInterviewFromGuideToTheme(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Biomed)
	a := v.post("/program/interviews", url.Values{"role": {"htm"}, "who": {"Director of biomed"}, "on": {"2026-11-20"}, "consent": {"yes"}})
	if a.status != 303 || !strings.HasSuffix(a.location, "?q=1") {
		t.Fatalf("begin: %d to %s", a.status, a.location)
	}
	at, _, _ := strings.Cut(a.location, "?")
	guide, err := s.web.program.Guide(t.Context(), "htm")
	if err != nil {
		t.Fatal(err)
	}
	page := v.get(at + "?q=1")
	if got := strings.Join(all(t, page, ".question h2"), "|"); !strings.Contains(got, guide.Body.Questions[0].Text) {
		t.Errorf("the questions: %s", got)
	}
	if n := len(all(t, page, ".answer-form")); n != 1 {
		t.Errorf("%d forms are open, want the one of the first question", n)
	}
	answer := url.Values{"version": {"1"}, "q": {"1"}, "question": {guide.Body.Questions[0].Text}, "text": {"Nobody trusts the list"}, "tag": {"pain"}, "severity": {"4"}, "frequency": {"daily"}, "theme": {"Trust in the list"}}
	if a := v.post(at+"/answers", answer); a.status != 303 || !strings.HasSuffix(a.location, "?q=2") {
		t.Fatalf("answer: %d to %s", a.status, a.location)
	}
	bad := url.Values{"version": {"2"}, "q": {"2"}, "question": {guide.Body.Questions[1].Text}, "text": {"It was for MRN 0042317"}, "tag": {""}, "severity": {"9"}}
	a = v.post(at+"/answers", bad)
	if got := strings.Join(all(t, a, ".answer-form .error"), "|"); a.status != 422 || !strings.Contains(got, "medical record") || !strings.Contains(got, "tag") || !strings.Contains(got, "severity") {
		t.Errorf("an answer with mistakes: %d, %s", a.status, got)
	}
	if len(all(t, a, `.answer-form input[name="cleared"]`)) != 1 || !strings.Contains(a.body, "It was for MRN 0042317") {
		t.Error("the form does not ask whether it is patient data, or loses what was written")
	}
	bad.Set("tag", "risk")
	bad.Set("severity", "5")
	bad.Set("text", "Part 48219933 is late")
	bad.Set("theme", "trust in the LIST")
	bad.Set("cleared", "yes")
	if a := v.post(at+"/answers", bad); a.status != 303 {
		t.Fatalf("looked at: %d", a.status)
	}
	themes := v.get("/program/themes")
	if got := all(t, themes, ".theme .card-title"); len(got) != 2 || !strings.EqualFold(got[0], "Trust in the list") {
		t.Errorf("themes: %q, want one of both answers first", got)
	}
	if got := all(t, themes, ".theme-weight strong")[0]; got != "21" {
		t.Errorf("weight %s, want 4×4 + 5×1", got)
	}
	if got := all(t, v.get("/program/themes?tag=risk"), ".theme .voice"); len(got) != 1 {
		t.Errorf("only risks: %d", len(got))
	}
	e, _ := s.web.program.Interviews().List(t.Context())
	stale := url.Values{"version": {"1"}, "at": {"0"}, "text": {"other"}, "tag": {"pain"}}
	for _, one := range e {
		if "/program/interviews/"+one.ID != at {
			continue
		}
		if a := v.post(at+"/answers", stale); a.status != 409 || !strings.Contains(a.body, "other") {
			t.Errorf("a stale change: %d", a.status)
		}
		if a := v.post(at+"/answers/remove", url.Values{"version": {"3"}, "at": {"1"}}); a.status != 303 {
			t.Errorf("take out: %d", a.status)
		}
		if a := v.post(at+"/restore", url.Values{"version": {"3"}}); a.status != 303 {
			t.Errorf("undo: %d", a.status)
		}
	}
	if got := all(t, v.get(at), ".voice"); len(got) != 2 {
		t.Errorf("after the undo there are %d answers", len(got))
	}
	if a := s.as(account.Executive).post(at+"/answers", answer); a.status != 403 {
		t.Errorf("an executive writes: %d", a.status)
	}
}

func TestThemesKeepWords(t *testing.T) {
	s := clarifySite(t)
	v := s.as(account.Biomed)
	page := v.get("/program/themes")
	if strings.Contains(page.body, "I would not say this aloud") {
		t.Error("a quote is shown without consent")
	}
	if strings.Contains(page.body, evil) {
		t.Error("script in a theme is not inert")
	}
	checkMarkup(t, "/program/themes", page)
	if a := v.post("/program/themes/rename", url.Values{"theme": {"searching " + evil}, "name": {"Search"}}); a.status != 303 {
		t.Fatalf("rename: %d", a.status)
	}
	o, err := s.web.program.Objectives().Get(t.Context(), "walk")
	if err != nil || o.Body.Themes[0] != "search" {
		t.Errorf("the objective follows: %+v, %v", o.Body.Themes, err)
	}
	if a := v.post("/program/themes/rename", url.Values{"theme": {"search"}, "name": {""}}); a.status != 422 {
		t.Errorf("without a name: %d", a.status)
	}
}

func TestObjectivesAndTheirKPIs(t *testing.T) {
	s := clarifySite(t)
	v := s.as(account.Biomed)
	a := v.post("/program/objectives", url.Values{"title": {"x"}, "state": {"agreed"}, "due": {"soon"}})
	if got := strings.Join(all(t, a, ".error"), "|"); a.status != 422 || !strings.Contains(got, "owner") || !strings.Contains(got, "soon") {
		t.Errorf("mistakes: %d, %s", a.status, got)
	}
	page := v.get("/program/objectives")
	if got := strings.Join(all(t, page, ".objective"), "|"); !strings.Contains(got, "late") || !strings.Contains(got, "Reconciled devices") || !strings.Contains(got, "no answer speaks") {
		t.Errorf("the objective: %s", got)
	}
	checkMarkup(t, "/program/objectives", page)
	if a := v.post("/program/objectives/walk/remove", nil); a.status != 303 {
		t.Fatal(a.status)
	}
	if got := v.get("/program/objectives/walk").status; got != 404 {
		t.Errorf("removed, and %d", got)
	}
	if a := v.post("/program/objectives/walk/restore", url.Values{"version": {"1"}}); a.status != 303 || v.get("/program/objectives/walk").status != 200 {
		t.Errorf("undo: %d", a.status)
	}
}

func TestKPIsByHandAndByPons(t *testing.T) {
	s := clarifySite(t)
	v := s.as(account.Biomed)
	if a := v.post("/program/kpis/measure", nil); a.status != 303 {
		t.Fatal(a.status)
	}
	readings, err := s.web.program.Readings(t.Context(), "2026-11-20")
	if err != nil || len(readings["devices"]) != 1 || len(readings["mttr"]) != 0 {
		t.Fatalf("kept: %+v, %v", readings["devices"], err)
	}
	ask, _ := s.web.wholeHospital(testNow)
	total, _ := ask.count("")
	if got := *readings["devices"][0].Value; got != float64(total) {
		t.Errorf("%v devices, the list has %d", got, total)
	}
	page := v.get("/program/kpis/reconciled")
	if total < program.SmallestBase {
		if !strings.Contains(page.body, "too few") {
			t.Error("a rate of fewer than ten is shown")
		}
	} else if len(all(t, page, `.stat .value a[href^="/devices?q="]`)) != 1 {
		t.Error("the number does not lead to its rows")
	}
	checkMarkup(t, "/program/kpis/reconciled", page)
	a := v.post("/program/kpis/mttr/readings", url.Values{"day": {"2026-11-21"}, "value": {"four"}})
	if got := strings.Join(all(t, a, ".error"), "|"); a.status != 422 || !strings.Contains(got, "no number") {
		t.Errorf("mistakes: %d, %s", a.status, got)
	}
	if a := v.post("/program/kpis/mttr/readings", url.Values{"day": {"2026-11-01"}, "value": {"4,5"}, "source": {"work orders " + evil}}); a.status != 303 {
		t.Fatalf("a reading: %d", a.status)
	}
	if got := strings.Join(all(t, v.get("/program/kpis/mttr"), ".stat .value"), "|"); got != "4.5 h" {
		t.Errorf("mttr is %q", got)
	}
	if a := v.post("/program/kpis/mttr/readings/remove", url.Values{"day": {"2026-11-01"}}); a.status != 303 {
		t.Fatal(a.status)
	}
	if a := v.post("/program/kpis/mttr/readings/restore", url.Values{"day": {"2026-11-01"}, "version": {"1"}}); a.status != 303 {
		t.Fatal(a.status)
	}
	if got := strings.Join(all(t, v.get("/program/kpis/mttr"), ".stat .value"), "|"); got != "4.5 h" {
		t.Errorf("after the undo mttr is %q", got)
	}
	def := url.Values{"name": {"Calls for pumps"}, "group": {"Ours"}, "formula": {"calls"}, "unit": {"calls"}, "period": {"week"}, "better": {"lower"}, "target": {"5"}}
	a = v.post("/program/kpis", def)
	if a.status != 303 || a.location != "/program/kpis/calls-for-pumps" {
		t.Fatalf("a KPI of our own: %d to %s", a.status, a.location)
	}
	if a := v.post("/program/kpis", def); a.location != "/program/kpis/calls-for-pumps-2" {
		t.Errorf("the same name again: %s", a.location)
	}
	def.Set("target", "many")
	if a := v.post("/program/kpis/calls-for-pumps", def); a.status != 422 {
		t.Errorf("a target that is no number: %d", a.status)
	}
	if a := v.post("/program/kpis/calls-for-pumps/restore", url.Values{"version": {"0"}}); a.status != 303 || a.location != "/program/kpis" {
		t.Errorf("undo: %d to %s", a.status, a.location)
	}
	if a := v.post("/program/kpis/mttr/away", url.Values{"away": {"yes"}}); a.status != 303 {
		t.Fatal(a.status)
	}
	if got := strings.Join(all(t, v.get("/program/kpis?show=away"), "tbody th"), "|"); got != "Mean time to repair, hands-on" {
		t.Errorf("put away: %s", got)
	}
}

// TestKPIsOfAScope holds that somebody who sees a part is shown counts of that part, and no trend of the whole.
func TestKPIsOfAScope(t *testing.T) {
	s := clarifySite(t)
	v := s.as(account.Biomed)
	if a := v.post("/scope", url.Values{"site": {"East"}}); a.status != 303 {
		t.Fatal(a.status)
	}
	ask, _ := s.web.wholeHospital(testNow)
	want, err := ask.count(ask.is("site", "East"))
	if err != nil {
		t.Fatal(err)
	}
	page := v.get("/program/kpis/devices")
	if got := strings.Join(all(t, page, ".stat .value"), "|"); got != Count(want)+" devices" {
		t.Errorf("the East has %s, want %d", got, want)
	}
	if strings.Contains(page.body, "kpi-trend") {
		t.Error("a trend of the whole hospital is shown to who sees a part")
	}
	if a := v.get("/program/baseline/sign"); a.status != 403 {
		t.Errorf("signing a part: %d", a.status)
	}
	if a := v.get("/program/baseline"); a.status != 200 || len(all(t, a, "section.card .card-title")) < 2 {
		t.Errorf("the checklist of a part: %d", a.status)
	}
	if a := v.get("/program/baseline/latest"); a.status != 200 || strings.Contains(a.body, "Then and now") {
		t.Errorf("a baseline compared with a part: %d", a.status)
	}
}

func TestBaselineChecklistAndSignature(t *testing.T) {
	s := clarifySite(t)
	v := s.as(account.Biomed)
	ask, _ := s.web.wholeHospital(testNow)
	open, err := ask.count("site:East and is:no-owner")
	if err != nil || open == 0 {
		t.Fatalf("the test wants devices without an owner in the East: %d, %v", open, err)
	}
	line := url.Values{"queue": {"no-owner"}, "site": {"East"}, "version": {"0"}, "state": {"done"}}
	if a := v.post("/program/baseline/line", line); a.status != 422 || !strings.Contains(strings.Join(all(t, a, ".error"), "|"), "still in the queue") {
		t.Errorf("done with devices left: %d", a.status)
	}
	line.Set("state", "accepted")
	if a := v.post("/program/baseline/line", line); a.status != 422 {
		t.Errorf("accepted without a reason: %d", a.status)
	}
	line.Set("reason", "loaners")
	if a := v.post("/program/baseline/line", line); a.status != 303 {
		t.Errorf("accepted: %d", a.status)
	}
	if got := strings.Join(all(t, v.get("/program/baseline"), "tr"), "|"); !strings.Contains(got, "accepted") || !strings.Contains(got, "loaners") {
		t.Errorf("the checklist: %s", got)
	}
	form := v.get("/program/baseline/sign")
	seen := attribute(t, form, `input[name="seen"]`, "value")
	sign := url.Values{"seen": {seen}, "statement": {"This is the inventory."}, "signed_by": {"Ann Example"}, "signed_as": {""}, "why": {"The first one."}}
	if a := v.post("/program/baseline/sign", sign); a.status != 422 || !strings.Contains(a.body, "The first one.") {
		t.Errorf("without a function: %d", a.status)
	}
	sign.Set("signed_as", "HTM director")
	sign.Set("seen", "0000")
	if a := v.post("/program/baseline/sign", sign); a.status != 409 {
		t.Errorf("other numbers than were shown: %d", a.status)
	}
	sign.Set("seen", seen)
	a := v.post("/program/baseline/sign", sign)
	if a.status != 303 {
		t.Fatalf("sign: %d %s", a.status, strings.Join(all(t, a, ".error, .note"), "|"))
	}
	page := v.get(a.location)
	if !strings.Contains(page.body, "The content is what was signed") || !strings.Contains(page.body, "Nothing has changed") {
		t.Error("what was just signed does not hold, or has changed")
	}
	checkMarkup(t, a.location, page)
	s.bring("later", "cmms", deviceFile("later", "L-1", 1, "control_number", "L-1", "class", "infusion-pump", "site", "North"))
	if got := strings.Join(all(t, v.get(a.location), "tr"), "|"); !strings.Contains(got, "North") || !strings.Contains(got, "new") {
		t.Errorf("what has changed since: %s", got)
	}
	content := v.get("/program/baseline/latest/content.txt")
	if content.status != 200 || !strings.HasPrefix(content.body, "pons-baseline 1\n") {
		t.Errorf("the signed text: %d %q", content.status, content.body)
	}
}

func TestProgramShowsWhatIsDone(t *testing.T) {
	page := newSite(t).as(account.Viewer).get("/program")
	if page.status != 403 {
		t.Errorf("a viewer: %d", page.status)
	}
	s := clarifySite(t)
	if got := strings.Join(all(t, s.as(account.Executive).get("/program"), ".phase h2"), "|"); got != "1. Clarify|2. Assess|3. Design" {
		t.Errorf("phases: %s", got)
	}
	w := s.as(account.Biomed)
	page = w.get("/program")
	got := strings.Join(all(t, page, ".phase"), "|")
	for _, want := range []string{"sponsored by CIO", "1 held", "1 objective", "signed 2026-11-20", "1 day late"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %s", want, got)
		}
	}
	for _, n := range cascadia.QueryAll(page.doc(t), cascadia.MustCompile(".phase-steps a")) {
		href := attributeOf(n, "href")
		if a := w.get(href); a.status != 200 {
			t.Errorf("%s: %d", href, a.status)
		}
	}
	if a := w.post("/program/charter", url.Values{"title": {"x"}, "clarify.start": {"2026-13-40"}}); a.status != 422 || len(all(t, a, ".error")) != 3 {
		t.Errorf("a charter with mistakes: %d, %v", a.status, all(t, a, ".error"))
	}
	if a := w.post("/program/charter", url.Values{"title": {"Other"}, "sponsor": {"CEO"}, "scope": {"East"}, "version": {"1"}}); a.status != 303 {
		t.Fatal(a.status)
	}
	if a := w.post("/program/charter/restore", url.Values{"version": {"1"}}); a.status != 303 || !strings.Contains(w.get("/program").body, "sponsored by CIO") {
		t.Errorf("undo: %d", a.status)
	}
}

func TestGuideIsPrintedAndChanged(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Biomed)
	if got := all(t, v.get("/program/guides/clinical"), ".guide-questions li"); len(got) < 5 {
		t.Errorf("%d questions", len(got))
	}
	a := v.post("/program/guides/clinical", url.Values{"title": {"CNO"}, "text": {"", ""}, "listen": {"", ""}})
	if a.status != 422 {
		t.Errorf("a guide without a question: %d", a.status)
	}
	if a := v.post("/program/guides/clinical", url.Values{"title": {"CNO"}, "text": {"Why " + evil + "?", ""}, "listen": {"", ""}}); a.status != 303 {
		t.Fatal(a.status)
	}
	page := v.get("/program/guides/clinical")
	if got := all(t, page, ".guide-questions li"); len(got) != 1 || strings.Contains(page.body, evil) {
		t.Errorf("in our words: %v", got)
	}
	if a := v.post("/program/guides/clinical/restore", url.Values{"version": {"0"}}); a.status != 303 || len(all(t, v.get("/program/guides/clinical"), ".guide-questions li")) < 5 {
		t.Errorf("undo: %d", a.status)
	}
}

// TestClarifyStatements holds the pages of the first phase to few statements.
func TestClarifyStatements(t *testing.T) {
	s := clarifySite(t)
	cookie := s.cookie(account.Biomed)
	for _, path := range []string{"/program", "/program/interviews", "/program/interviews/walk", "/program/themes", "/program/objectives", "/program/kpis", "/program/kpis/reconciled", "/program/baseline", "/program/baseline/latest"} {
		ctx, counter := sqldb.CountStatements(t.Context())
		r := httptest.NewRequestWithContext(ctx, "GET", path, nil)
		r.AddCookie(cookie)
		w := httptest.NewRecorder()
		s.web.ServeHTTP(w, r)
		if n := int(counter.Count()); w.Code != 200 || n > 20 {
			t.Errorf("%s: status %d, %d statements, want at most 20", path, w.Code, n)
		} else {
			t.Logf("%s: %d statements", path, n)
		}
	}
}
