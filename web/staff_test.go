package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"
	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"

	"pons/account"
	"pons/ledger"
	"pons/raci"
	"pons/sqldb"
	"pons/staff"
)

// staffSite is a site with devices, a few invented people, one of them with a hostile name, a rotation, a training and
// the template of duties. It gives the ids of the people by name.
func staffSite(t *testing.T) (*site, map[string]string) {
	t.Helper()
	s := deviceSite(t)
	ids := map[string]string{}
	hours := func(text string) staff.Hours {
		h, err := staff.ParseHours(text)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	by := ledger.By{Actor: "person:biomed", At: testNow}
	_, err := s.db.Update(t.Context(), func(tx *sqldb.Tx) error {
		for _, p := range []staff.Person{
			{Name: "Ann Example", Team: staff.Biomed, Title: "BMET III", FTE: 1, Phone: "555-0100", Skills: map[string]int{"Networking": 1, "Electrical safety": 4},
				Shifts: []staff.Shift{{Hours: hours("mon-fri 07:00-15:30")}}, Certificates: []staff.Certificate{{Name: "CBET", Expires: "2026-10-01"}}, Absences: []staff.Absence{{From: "2026-12-01", To: "2026-12-04", Why: "vacation"}}},
			{Name: "Bob Example", Team: staff.Biomed, Title: "BMET I", FTE: 0.5, Sites: []string{"East"}},
			{Name: evil, Team: staff.Security, Title: evil, FTE: 1, Phone: evil, Contact: evil, Shifts: []staff.Shift{{Hours: hours("always"), Site: evil}}},
		} {
			saved, err := s.web.staff.AddPerson(tx, p, by)
			if err != nil {
				return err
			}
			ids[p.Name] = saved.ID
		}
		if _, err := s.web.staff.PutRotation(tx, "", 0, staff.Rotation{Name: evil, Team: staff.Biomed, People: []string{ids["Bob Example"]}, Days: 7, Anchor: "2026-11-02", Handover: 480, Hours: hours("15:30-07:00")}, by); err != nil {
			return err
		}
		if _, err := s.web.staff.PutTraining(tx, "", 0, staff.Training{Title: "BMET III", What: evil, Skill: "Networking", Level: 3, Hours: 50, Due: "2026-11-01"}, by); err != nil {
			return err
		}
		_, err := s.web.duties.StartFromTemplate(tx, by)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.web.Changed()
	return s, ids
}

// staffPages are the pages of people and duties, filled.
func staffPages(s *site, ids map[string]string) []string {
	rule, rotation, training := "", "", ""
	err := s.db.View(s.t.Context(), func(tx *sqldb.Tx) error {
		_, rules, err := s.web.duties.Rules(tx)
		if err != nil {
			return err
		}
		rule = rules[7].ID
		rotations, err := s.web.staff.Rotations(tx)
		if err != nil {
			return err
		}
		rotation = rotations[0].ID
		plans, err := s.web.staff.Trainings(tx)
		training = plans[0].ID
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return []string{
		"/answers", "/answers?activity=maintenance&class=infusion-pump&place=East&at=2026-11-20T03:00", "/answers?device=CE-1",
		"/duties", "/duties?edit=1", "/duties/rules/" + rule, "/duties/rules/new?activity=maintenance",
		"/people", "/people/add", "/people/import", staffHref(ids["Ann Example"]), staffHref(ids[evil]), staffHref(ids["Ann Example"]) + "/edit",
		"/coverage", "/coverage?need=skill:Networking&place=East&hour=3", "/oncall", "/oncall/" + rotation, "/oncall/new",
		"/skills", "/skills?edit=1", "/skills?tab=held", "/skills?tab=gaps", "/skills?tab=training", "/training/new", "/training/done", "/training/" + training,
		"/reconcile/nobody", "/reconcile/nobody?when=week&activity=device-incident",
	}
}

// TestStaffPages walks the filled pages as every role: nobody sees what they may not, nothing fails, and a name with
// script in it is inert.
func TestStaffPages(t *testing.T) {
	s, ids := staffSite(t)
	for _, role := range account.Roles() {
		v := s.as(role)
		for _, path := range staffPages(s, ids) {
			a := v.get(path)
			verb := account.StaffRead
			switch {
			case strings.Contains(path, "/answers") || strings.Contains(path, "/duties") || strings.Contains(path, "/nobody"):
				verb = account.DutyRead
			case strings.Contains(path, "/add") || strings.Contains(path, "/import") || strings.HasSuffix(path, "/edit") || strings.Contains(path, "/training/"):
				verb = account.StaffWrite
			}
			may := account.Actor{Roles: []account.Role{role}}.Can(verb)
			want := http.StatusForbidden
			if may {
				want = http.StatusOK
			}
			if path == "/answers?device=CE-1" && role == account.Clinical {
				want = http.StatusOK // East and ICU are theirs
			}
			if a.status != want {
				t.Errorf("%s as %s: %d, want %d", path, role, a.status, want)
				continue
			}
			if may {
				checkMarkup(t, path+" as "+string(role), a)
			}
			if strings.Contains(a.body, "<script>alert") {
				t.Errorf("%s: a name runs", path)
			}
		}
	}
	if strings.Contains(s.log.String(), "page failed") || strings.Contains(s.log.String(), "panicked") {
		t.Errorf("the log tells of failures:\n%s", s.log)
	}
}

// TestStaff adds a person, gives them shifts and skills, meets mistakes at their fields, and takes things back.
func TestStaff(t *testing.T) {
	s, _ := staffSite(t)
	v := s.as(account.Biomed)
	form := func(name string) url.Values {
		return url.Values{"name": {name}, "team": {"it"}, "title": {"IT support"}, "fte": {"0,5"}, "sites": {"East\r\nWest"}}
	}
	for field, change := range map[string][2]string{"name": {"name", "Ann Example"}, "fte": {"fte", "full"}, "title": {"title", ""}, "end": {"end", "2020-13-01"}} {
		f := form("Cy New")
		f.Set(change[0], change[1])
		a := v.post("/people", f)
		if a.status != 422 || len(all(t, a, "#f-"+field+"-error")) != 1 {
			t.Errorf("%s: %d, errors %q", field, a.status, all(t, a, ".error"))
		}
	}
	a := v.post("/people", form("Cy New"))
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/people/") {
		t.Fatalf("add: %d to %s", a.status, a.location)
	}
	page := a.location
	if got := v.get(page); !strings.Contains(got.body, "Cy New") || !strings.Contains(got.body, "off the list") && len(all(t, got, ".note form")) != 1 {
		t.Errorf("the page of the new one lacks its undo: %q", all(t, got, ".note"))
	}
	for _, c := range []struct {
		part  string
		form  url.Values
		want  int
		wrong string
	}{
		{"shifts", url.Values{"hours": {"mon 25:00-26:00"}}, 422, "hours"},
		{"shifts", url.Values{"hours": {"mon-fri 22:00-06:00"}}, 303, ""},
		{"absences", url.Values{"absent_from": {"2026-11-21"}, "absent_to": {"2026-11-20"}}, 422, "absent_to"},
		{"absences", url.Values{"absent_from": {"2026-11-20"}, "absent_to": {"2026-11-20"}, "absent_why": {"training"}}, 303, ""},
		{"certificates", url.Values{"certificate": {""}}, 422, "certificate"},
		{"certificates", url.Values{"certificate": {"CCNA"}, "expires": {"2027-01-01"}}, 303, ""},
		{"skills", url.Values{"skill": {"Networking", "Security"}, "level": {"3", ""}}, 303, ""},
		{"certificates", url.Values{"remove": {"0"}}, 303, ""},
		{"certificates", url.Values{"remove": {"7"}}, 409, ""},
		{"shoes", url.Values{}, 404, ""},
	} {
		a := v.post(page+"/"+c.part, c.form)
		if a.status != c.want || c.wrong != "" && len(all(t, a, "#f-"+c.wrong+"-error")) != 1 {
			t.Errorf("%s %v: %d %q, want %d at %s", c.part, c.form, a.status, all(t, a, ".error"), c.want, c.wrong)
		}
	}
	got := v.get(page)
	for _, want := range []string{"mon-fri 22:00-06:00", "20 Nov 2026", "absent", "training"} {
		if !strings.Contains(got.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if a := v.post(page, url.Values{"version": {"1"}, "name": {"Cy New"}, "team": {"it"}, "title": {"x"}, "fte": {"1"}}); a.status != http.StatusConflict {
		t.Errorf("a stale form: %d", a.status)
	}
	if a := v.post(page+"/remove", nil); a.status != http.StatusSeeOther {
		t.Errorf("remove: %d", a.status)
	}
	undo := attribute(t, v.get("/people"), ".note form", "action")
	if a := v.get(page); a.status != http.StatusNotFound {
		t.Errorf("removed, and the page is there: %d", a.status)
	}
	if a := v.post(undo, nil); a.status != http.StatusSeeOther || v.get(page).status != http.StatusOK {
		t.Errorf("undo by %s: %d", undo, a.status)
	}
	if a := s.as(account.Security).post("/people", form("Di New")); a.status != http.StatusForbidden {
		t.Errorf("security writes people: %d", a.status)
	}
}

// TestPastePeople brings a list in, and nobody of a list with a mistake.
func TestPastePeople(t *testing.T) {
	s, _ := staffSite(t)
	v := s.as(account.Biomed)
	a := v.post("/people/import", url.Values{"people": {"name\tteam\trole\nEve New\tit\tIT support\nFay New\tcooks\tChef\nAnn Example\tit\tx\n"}})
	if a.status != 422 || !strings.Contains(a.body, "line 3") || !strings.Contains(a.body, "cooks") || !strings.Contains(a.body, "Eve New") {
		t.Errorf("mistakes: %d %q", a.status, all(t, a, ".line-mistakes"))
	}
	if strings.Contains(v.get("/people").body, "Eve New") {
		t.Error("half a list came in")
	}
	if a := v.post("/people/import", url.Values{"people": {"name\tteam\trole\tNetworking\nEve New\tit\tIT support\t3\n"}}); a.status != http.StatusSeeOther {
		t.Errorf("import: %d %s", a.status, a.body)
	}
	if !strings.Contains(v.get("/people").body, "Eve New") {
		t.Error("the list did not come in")
	}
}

// TestSkillsAndTraining changes what is required, plans a training, records it, and sees the level raised.
func TestSkillsAndTraining(t *testing.T) {
	s, ids := staffSite(t)
	v := s.as(account.Biomed)
	f := url.Values{"version": {"0"}, "skill": {"Networking", "Soldering", ""}, "role": {"BMET III", ""}, "level.0.0": {"3"}, "level.0.1": {"2"}, "weight.0": {"2"}, "weight.1": {"1"},
		"training_hours": {"32"}, "oncall_share": {"much"}, "qualified": {"2"}, "zone": {"America/New_York"}}
	if a := v.post("/skills", f); a.status != 422 || len(all(t, a, "#f-oncall_share-error")) != 1 {
		t.Errorf("a share of much: %d %q", a.status, all(t, a, ".error"))
	}
	f.Set("oncall_share", "25")
	f.Set("zone", "Mars/Phobos")
	if a := v.post("/skills", f); a.status != 422 || len(all(t, a, "#f-zone-error")) != 1 {
		t.Errorf("Mars: %d %q", a.status, all(t, a, ".error"))
	}
	f.Set("zone", "America/New_York")
	if a := v.post("/skills", f); a.status != http.StatusSeeOther {
		t.Fatalf("save: %d", a.status)
	}
	if a := v.post("/skills", f); a.status != http.StatusConflict {
		t.Errorf("the second writer of the same state: %d", a.status)
	}
	if got := v.get(staffHref(ids["Ann Example"])); !strings.Contains(text(got.doc(t)), "gap score4") { // (3−1) × 2
		t.Errorf("the gap is not (3−1)×2: %q", all(t, got, "#skills .card-header"))
	}
	if a := v.post("/training/new", url.Values{"what": {"Soldering"}, "hours": {"many"}, "title": {"BMET III"}}); a.status != 422 || len(all(t, a, "#f-hours-error")) != 1 {
		t.Errorf("many hours: %d", a.status)
	}
	if a := v.post("/training/done", url.Values{"what": {"Wi-Fi"}, "person": {ids["Ann Example"]}, "skill": {"Networking"}, "level": {"3"}, "hours": {"8"}, "on": {"2026-11-19"}, "evidence": {"test"}}); a.status != http.StatusSeeOther {
		t.Errorf("record: %d", a.status)
	}
	if got := v.get(staffHref(ids["Ann Example"])); !strings.Contains(text(got.doc(t)), "gap score0") || !strings.Contains(text(got.doc(t)), "8 h done") {
		t.Errorf("the level is not raised: %q", all(t, got, "#skills .card-header"))
	}
}

// TestRotation holds the form of a rotation.
func TestRotation(t *testing.T) {
	s, ids := staffSite(t)
	v := s.as(account.Biomed)
	f := url.Values{"name": {"Nights"}, "team": {"biomed"}, "person": {ids["Ann Example"], "", ids["Bob Example"]}, "days": {"seven"}, "anchor": {"2026-11-16"}, "handover": {"8 o'clock"}, "hours": {"when dark"}}
	a := v.post("/oncall/new", f)
	if a.status != 422 || len(all(t, a, "#f-days-error, #f-handover-error, #f-hours-error")) != 3 {
		t.Errorf("mistakes: %d %q", a.status, all(t, a, ".error"))
	}
	f.Set("days", "7")
	f.Set("handover", "08:00")
	f.Set("hours", "18:00-06:00")
	if a := v.post("/oncall/new", f); a.status != http.StatusSeeOther {
		t.Fatalf("save: %d", a.status)
	}
	if got := text(v.get("/oncall").doc(t)); !strings.Contains(got, "Nights") || !strings.Contains(got, "too few people") || !strings.Contains(got, "1 in 2") {
		t.Errorf("rotations: %s", got)
	}
}

// TestDuties starts from the template, changes the grid, adds a narrower rule, and reads what is wrong.
func TestDuties(t *testing.T) {
	s, ids := staffSite(t)
	v := s.as(account.Biomed)
	if a := v.post("/duties/template", nil); a.status != http.StatusConflict {
		t.Errorf("the template over a matrix: %d", a.status)
	}
	grid := v.get("/duties?edit=1")
	f := url.Values{}
	for _, in := range allNodes(t, grid, "form[action='/duties'] input[type=hidden]") {
		f.Set(attributeOf(in, "name"), attributeOf(in, "value"))
	}
	for _, sel := range allNodes(t, grid, "form[action='/duties'] select") {
		for o := range sel.Descendants() {
			if o.Data == "option" && hasAttribute(o, "selected") {
				f.Set(attributeOf(sel, "name"), attributeOf(o, "value"))
			}
		}
	}
	if a := v.post("/duties", f); a.status != http.StatusSeeOther {
		t.Fatalf("the grid as it is: %d", a.status)
	}
	if got := text(v.get("/duties").doc(t)); !strings.Contains(got, "0 rules are saved") || !strings.Contains(got, "exactly one A") || !strings.Contains(got, "Nobody is in Network") && !strings.Contains(got, "Nobody is in Vendor") {
		t.Errorf("the matrix: %.600s", got)
	}
	first := ""
	for name := range f {
		if strings.HasSuffix(name, " team:biomed") && f.Get(name) == "A/R" {
			first = name
		}
	}
	f.Set(first, "R")
	if a := v.post("/duties", f); a.status != http.StatusSeeOther {
		t.Fatalf("the grid changed: %d", a.status)
	}
	if got := text(v.get("/duties").doc(t)); !strings.Contains(got, "1 rule is saved") || !strings.Contains(got, "nobody is accountable") {
		t.Errorf("a lost A is no mistake: %.400s", got)
	}
	rule := url.Values{"activity": {raci.Maintenance}, "class": {"infusion-pump"}, "category": {"medical"}, "party": {"person:" + ids["Bob Example"]}, "letters": {"A/R"}}
	if a := v.post("/duties/rules/new", rule); a.status != 422 || len(all(t, a, "#f-category-error")) != 1 {
		t.Errorf("class and category: %d %q", a.status, all(t, a, ".error"))
	}
	rule.Set("category", "")
	rule.Set("hours", "when dark")
	if a := v.post("/duties/rules/new", rule); a.status != 422 || len(all(t, a, "#f-hours-error")) != 1 {
		t.Errorf("hours: %d %q", a.status, all(t, a, ".error"))
	}
	rule.Set("hours", "15:30-07:00")
	if a := v.post("/duties/rules/new", rule); a.status != http.StatusSeeOther {
		t.Fatalf("rule: %d", a.status)
	}
	undo := attribute(t, v.get("/duties"), ".note form", "action")
	got := text(v.get("/answers?activity=maintenance&class=infusion-pump&place=East&at=2026-11-20T03:00").doc(t))
	if !strings.Contains(got, "Bob Example") || !strings.Contains(got, "8.1") || !strings.Contains(got, "on call") {
		t.Errorf("at night: %.800s", got)
	}
	if got := text(v.get("/answers?activity=maintenance&class=infusion-pump&place=West&at=2026-11-20T03:00").doc(t)); !strings.Contains(got, "the party has no people") {
		t.Errorf("Bob does not serve West: %.800s", got)
	}
	if a := v.get("/answers?at=yesterday"); a.status != 422 || !strings.Contains(a.body, "is no time") {
		t.Errorf("at yesterday: %d", a.status)
	}
	if !strings.HasPrefix(undo, "/duties/undo/rule/") {
		t.Errorf("undo is %q", undo)
	}
	if a := v.post(undo, nil); a.status != http.StatusSeeOther || strings.Contains(v.get("/duties").body, "infusion-pump") {
		t.Errorf("undo: %d", a.status)
	}
	if a := v.post("/duties/activities", url.Values{"name": {"Loaner pool"}}); a.status != http.StatusSeeOther {
		t.Errorf("activity: %d", a.status)
	}
	if a := v.post("/duties/activities/loaner-pool", url.Values{"do": {"remove"}}); a.status != http.StatusSeeOther || strings.Contains(v.get("/duties").body, ">25 Loaner pool") {
		t.Errorf("remove the activity: %d", a.status)
	}
}

// TestNobodyAnswers counts devices, keeps to the person's scope, and leads to the rows.
func TestNobodyAnswers(t *testing.T) {
	s, _ := staffSite(t)
	v := s.as(account.Administrator)
	// Friday 09:14 in UTC: Ann is present at every site, so that only what has no rule or people is open. Incident is
	// security's, present at one (hostile) site only.
	if got := text(v.get("/reconcile/nobody").doc(t)); !strings.Contains(got, "0 of 5 devices") {
		t.Errorf("now: %.500s", got)
	}
	got := v.get("/reconcile/nobody?activity=device-incident")
	if body := text(got.doc(t)); !strings.Contains(body, "5 of 5 devices · 100 %") || !strings.Contains(body, "the party has no people") && !strings.Contains(body, "nobody on duty") {
		t.Errorf("incident: %.500s", body)
	}
	rows := 0
	for _, n := range allNodes(t, got, "td.num a") {
		list := v.get(attributeOf(n, "href"))
		var want, have int
		if _, err := fmt.Sscan(text(n), &want); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscan(strings.Join(all(t, list, ".results .card-title"), " "), &have); err != nil || have != want {
			t.Errorf("%s: %d devices, want %d (%v)", attributeOf(n, "href"), have, want, err)
		}
		rows += want
	}
	if rows != 5 {
		t.Errorf("the groups have %d devices", rows)
	}
	if got := text(s.as(account.Clinical).get("/reconcile/nobody?activity=device-incident").doc(t)); strings.Contains(got, "of 5 devices") {
		t.Errorf("the ward counts other wards' devices: %.400s", got)
	}
	if got := all(t, v.get("/reconcile"), ".queue-card"); !strings.Contains(strings.Join(got, "|"), "0 Nobody answers for") {
		t.Errorf("the card: %q", got)
	}
	page := v.get("/devices/" + s.idOf("CE-1"))
	if got := strings.Join(all(t, page, ".answers-now"), " "); !strings.Contains(got, "Corrective maintenanceAnn Example") || !strings.Contains(got, "Incidentnobody") {
		t.Errorf("the device's line: %q", got)
	}
	list := v.get("/devices?cols=name,class,answers")
	if got := strings.Join(all(t, list, "td[data-label='Answers now']"), "|"); strings.Count(got, "Ann Example") != 5 {
		t.Errorf("the column: %q", got)
	}
	if a := v.get("/devices.csv?cols=name,class,answers"); a.status != http.StatusOK || strings.Contains(a.body, "Answers") {
		t.Errorf("the file: %d %.100s", a.status, a.body)
	}
}

// TestNobodyIsUnknownWithoutDuties holds that an empty matrix is unknown, not zero.
func TestNobodyIsUnknownWithoutDuties(t *testing.T) {
	s := deviceSite(t)
	v := s.as(account.Administrator)
	if got := strings.Join(all(t, v.get("/reconcile"), ".queue-card"), "|"); !strings.Contains(got, "unknown Nobody answers for") {
		t.Errorf("the card: %q", got)
	}
	for _, path := range []string{"/answers", "/duties", "/reconcile/nobody"} {
		if got := text(v.get(path).doc(t)); !strings.Contains(got, "Start from the template") {
			t.Errorf("%s has no way on: %.300s", path, got)
		}
	}
	if a := v.post("/duties/template", nil); a.status != http.StatusSeeOther {
		t.Fatalf("template: %d", a.status)
	}
	if got := text(v.get("/reconcile/nobody").doc(t)); !strings.Contains(got, "5 of 5 devices") {
		t.Errorf("a matrix without people: %.300s", got)
	}
}

// TestStaffInBrowser looks at the filled pages as people see them, and finds by hand who answers at night.
func TestStaffInBrowser(t *testing.T) {
	s, ids := staffSite(t)
	for _, width := range []int64{1440, 390} {
		tab := s.open(account.Administrator, width, 900)
		for i, path := range staffPages(s, ids) {
			theme := "light"
			if i%2 == int(width/1000) {
				theme = "dark"
			}
			name := strings.Trim(strings.NewReplacer("/", "-", "?", "-", "=", "-", "&", "-", ":", "-").Replace(path), "-") + fmt.Sprintf("-%d", width)
			tab.visit(path, theme)
			tab.shot(name)
			tab.accessible(name)
			tab.quiet(name)
		}
	}
	tab := s.open(account.Viewer, 1280, 900)
	tab.visit("/answers", "light")
	tab.run(
		chromedp.Evaluate[chromedp.Void](`document.querySelector("#f-place").value = "East"; document.querySelector("#f-at").value = "2026-11-20T03:00"`),
		chromedp.Click(css(".filter-bar .btn-primary")),
		until(`document.querySelector(".who-name")?.textContent.includes("Bob Example")`),
	)
	tab.shot("answers-by-hand")
	tab.quiet("answers by hand")
}

func allNodes(t *testing.T, a answer, selector string) []*html.Node {
	t.Helper()
	return cascadia.QueryAll(a.doc(t), cascadia.MustCompile(selector))
}

func hasAttribute(n *html.Node, name string) bool {
	for _, at := range n.Attr {
		if at.Key == name {
			return true
		}
	}
	return false
}
