package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"

	"pons/account"
	"pons/fact"
	"pons/sqldb"
)

// queueSite is a site with something in every queue, a hostile source among it.
func queueSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	pump := func(n int, more ...string) fact.Record {
		return deviceFile("cmms", fmt.Sprintf("CE-%d", n), n, append([]string{"control_number", fmt.Sprintf("CE-%d", n), "manufacturer", "B. Braun", "model", "Infusomat Space",
			"class", "infusion-pump", "serial", fmt.Sprintf("47112%02d", n), "site", "East", "department", "ICU"}, more...)...)
	}
	rows := []fact.Record{
		pump(1, "owner", "Biomed East", "acquired_on", "2019-03-01"), pump(2, "owner", "Biomed East", "acquired_on", "2024-07-01"), pump(3, "owner", "Biomed East"), pump(4, "owner", "Biomed East"),
		pump(5), // nobody owns it
		deviceFile("cmms", "CE-20", 20, "control_number", "CE-20", "manufacturer", "Philips", "model", "IntelliVue MX800", "class", "patient-monitor", "serial", "DE551100", "site", "East", "department", "ICU", "owner", "Biomed East"),
		deviceFile("cmms", "CE-21", 21, "control_number", "CE-21", "manufacturer", "Philips", "model", "IntelliVue MX800", "class", "patient-monitor", "serial", "DE551101", "site", "West", "department", "Radiology", "owner", "Biomed West"),
		deviceFile("cmms", "CE-22", 22, "control_number", "CE-22", "manufacturer", "Dell", "mac", "02:00:5e:00:00:01", "site", "East", "department", "ICU", "owner", "IT"),
		deviceFile("cmms", "CE-30", 30, "control_number", "CE-30", "serial", "ZZ-777777"),
	}
	s.bring("cmms", "cmms", rows...)
	s.bring("cmms", "cmms", rows[:len(rows)-1]...) // CE-30 is gone
	s.bring("cmdb", "cmdb",
		deviceFile("cmdb", "A20", 1, "asset_tag", "A20", "serial", "DE551100", "manufacturer", "Philips", "model", "IntelliVue MX800", "owner", "IT Clinical", "site", "East", "department", "ICU"),
		deviceFile("cmdb", "A21", 2, "asset_tag", "A21", "serial", "DE551101", "manufacturer", "Philips", "model", "IntelliVue MX800", "owner", evil, "site", "West", "department", "Radiology"),
		deviceFile("cmdb", "A22", 3, "asset_tag", "A22", "manufacturer", "Dell", "mac", "02:00:5e:00:00:01", "site", "East", "department", "ICU", "owner", "IT"))
	s.bring("dhcp", "dhcp",
		deviceFile("dhcp", "l1", 1, "mac", "00:12:21:aa:bb:cc", "ip", "10.31.0.9", "hostname", "PUMP-"+"9", "last_seen", "2026-11-20T09:00:00Z"))
	return s
}

// flags is the queues that a device is in.
func (s *site) flags(id string) []string {
	s.t.Helper()
	var names []string
	err := s.db.View(s.t.Context(), func(tx *sqldb.Tx) error {
		d, err := s.web.Inventory.Get(tx, id)
		if err == nil {
			names = d.Flags.Names()
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return names
}

func (s *site) value(id string, attr fact.Attr) (value string) {
	s.t.Helper()
	err := s.db.View(s.t.Context(), func(tx *sqldb.Tx) error {
		d, err := s.web.Inventory.Get(tx, id)
		if err == nil {
			value = d.Get(attr)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return value
}

func TestQueuesAreCounted(t *testing.T) {
	s := queueSite(t)
	v := s.as(account.Biomed)
	want := map[string]string{"Conflicts": "2", "Possible duplicates": "2", "In no system": "1", "No owner": "3", "Gone from a source": "1"}
	a := v.get("/reconcile")
	checkMarkup(t, "/reconcile", a)
	for _, n := range cascadia.QueryAll(a.doc(t), cascadia.MustCompile(".queue-card")) {
		title := text(cascadia.Query(n, cascadia.MustCompile(".queue-title")))
		if count, ok := want[title]; ok && text(cascadia.Query(n, cascadia.MustCompile(".queue-count"))) != count {
			t.Errorf("%s: %s, want %s", title, text(n), count)
		}
		page := v.get(attributeOf(n, "href"))
		if page.status != http.StatusOK {
			t.Errorf("%s leads to %d", title, page.status)
		}
		checkMarkup(t, attributeOf(n, "href"), page)
		if count, ok := want[title]; ok && title != "Possible duplicates" {
			if rows := len(cascadia.QueryAll(page.doc(t), cascadia.MustCompile("[data-row]"))); fmt.Sprint(rows) != count {
				t.Errorf("%s: %d rows, want %s", title, rows, count)
			}
		}
	}
}

func TestConflictIsDecidedAndUndone(t *testing.T) {
	s := queueSite(t)
	v := s.as(account.Biomed)
	id := s.idOf("CE-20")
	a := v.get("/reconcile/conflict")
	if got := all(t, a, ".decision .answer button strong"); !slices.Contains(got, "Biomed East") || !slices.Contains(got, "IT Clinical") {
		t.Fatalf("answers are %q", got)
	}
	if strings.Contains(a.body, "<script>alert") || !strings.Contains(a.body, "&lt;script&gt;alert") {
		t.Error("a hostile owner is not shown as text")
	}
	if got := strings.Join(all(t, a, ".votes li"), "|"); !strings.Contains(got, "cmms") || !strings.Contains(got, "trust 0.80") || !strings.Contains(got, "column owner, row 1") {
		t.Errorf("who says so: %s", got)
	}
	done := v.post("/reconcile/answer", url.Values{"device": {id}, "say": {"owner=IT Clinical"}, "back": {"/reconcile/conflict"}})
	if done.status != http.StatusSeeOther || s.value(id, fact.Owner) != "IT Clinical" || slices.Contains(s.flags(id), "conflict") {
		t.Fatalf("%d: owner is %q, queues %v", done.status, s.value(id, fact.Owner), s.flags(id))
	}
	next := v.get(done.location)
	if n := len(all(t, next, "[data-row]")); n != 1 {
		t.Errorf("%d conflicts are left, want 1", n)
	}
	undo := attribute(t, next, ".note form", "action")
	if a := v.post(undo, nil); a.status != http.StatusSeeOther || a.location != "/reconcile/conflict" {
		t.Fatalf("undo: %d to %s", a.status, a.location)
	}
	if s.value(id, fact.Owner) != "Biomed East" || !slices.Contains(s.flags(id), "conflict") {
		t.Errorf("undone: owner is %q, queues %v", s.value(id, fact.Owner), s.flags(id))
	}
	for what, form := range map[string]url.Values{
		"no such class":    {"device": {id}, "say": {"class=flux capacitor"}},
		"not editable":     {"device": {id}, "say": {"mac=00:12:21:00:00:01"}},
		"an empty value":   {"device": {id}, "attr": {"owner"}, "value": {" "}},
		"nothing was said": {"device": {id}},
	} {
		if a := v.post("/reconcile/answer", form); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d", what, a.status)
		}
	}
}

func TestSettleBySource(t *testing.T) {
	s := queueSite(t)
	v := s.as(account.Biomed)
	a := v.get("/reconcile/settle?attr=owner&source=cmms")
	checkMarkup(t, "settle", a)
	if got := all(t, a, ".list tbody tr"); len(got) != 2 || s.value(s.idOf("CE-20"), fact.Owner) != "Biomed East" {
		t.Fatalf("the preview shows %q", got)
	}
	if a := v.get("/reconcile/settle?attr=owner&source=cmdb&q=" + url.QueryEscape("site:East")); len(all(t, a, ".list tbody tr")) != 1 {
		t.Errorf("narrowed to East: %q", all(t, a, ".list tbody tr"))
	}
	done := v.post("/reconcile/settle", url.Values{"attr": {"owner"}, "source": {"cmdb"}, "q": {"site:East"}, "back": {"/reconcile/conflict"}})
	if done.status != http.StatusSeeOther || s.value(s.idOf("CE-20"), fact.Owner) != "IT Clinical" || s.value(s.idOf("CE-21"), fact.Owner) != "Biomed West" {
		t.Errorf("%d: owners are %q and %q", done.status, s.value(s.idOf("CE-20"), fact.Owner), s.value(s.idOf("CE-21"), fact.Owner))
	}
	v.post(attribute(t, v.get(done.location), ".note form", "action"), nil)
	if s.value(s.idOf("CE-20"), fact.Owner) != "Biomed East" {
		t.Error("settling cannot be undone")
	}
}

// TestSettleManyWantsTheNumber holds that more than 100 devices want their number typed.
func TestSettleManyWantsTheNumber(t *testing.T) {
	s := newSite(t)
	var a, b []fact.Record
	for i := range 101 {
		serial := fmt.Sprintf("SN-%07d", i)
		a = append(a, deviceFile("cmms", serial, i, "control_number", fmt.Sprint("CE-", 1000+i), "serial", serial, "manufacturer", "Philips", "owner", "Biomed"))
		b = append(b, deviceFile("cmdb", serial, i, "asset_tag", fmt.Sprint("A", 1000+i), "serial", serial, "manufacturer", "Philips", "owner", "IT"))
	}
	s.bring("cmms", "cmms", a...)
	s.bring("cmdb", "cmdb", b...)
	v := s.as(account.IT)
	form := url.Values{"attr": {"owner"}, "source": {"cmdb"}, "back": {"/reconcile/conflict"}}
	if a := v.post("/reconcile/settle", form); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Type 101") {
		t.Fatalf("without the number: %d", a.status)
	}
	form.Set("typed", "101")
	done := v.post("/reconcile/settle", form)
	if done.status != http.StatusSeeOther {
		t.Fatalf("with the number: %d", done.status)
	}
	if got := all(t, v.get("/reconcile/conflict"), "[data-row]"); len(got) != 0 {
		t.Errorf("%d conflicts are left", len(got))
	}
}

func TestPairIsAnsweredAndUndone(t *testing.T) {
	s := queueSite(t)
	v := s.as(account.IT)
	a := v.get("/reconcile/duplicate")
	checkMarkup(t, "duplicates", a)
	if len(all(t, a, ".pair")) != 1 || !strings.Contains(strings.Join(all(t, a, ".pair-reasons li"), "|"), "same locally administered MAC") {
		t.Fatalf("pairs %q because %q", all(t, a, ".pair"), all(t, a, ".pair-reasons li"))
	}
	x, y := s.idOf("CE-22"), s.idOf("A22")
	for _, same := range []string{"yes", "no"} {
		done := v.post("/reconcile/pair", url.Values{"a": {x}, "b": {y}, "same": {same}, "back": {"/reconcile/duplicate"}})
		if done.status != http.StatusSeeOther || (s.idOf("CE-22") == s.idOf("A22")) != (same == "yes") {
			t.Fatalf("same %s: %d, devices %s and %s", same, done.status, s.idOf("CE-22"), s.idOf("A22"))
		}
		next := v.get(done.location)
		if n := len(all(t, next, ".pair")); n != 0 {
			t.Errorf("same %s: %d pairs are left", same, n)
		}
		if a := v.post(attribute(t, next, ".note form", "action"), nil); a.status != http.StatusSeeOther {
			t.Fatalf("undo: %d", a.status)
		}
		if s.idOf("CE-22") == s.idOf("A22") || len(all(t, v.get("/reconcile/duplicate"), ".pair")) != 1 {
			t.Errorf("same %s, undone: the pair does not wait again", same)
		}
	}
	if a := v.post("/reconcile/pair", url.Values{"a": {x}, "b": {y}, "same": {"perhaps"}}); a.status != http.StatusBadRequest {
		t.Errorf("neither yes nor no: %d", a.status)
	}
}

func TestGapIsFilled(t *testing.T) {
	s := queueSite(t)
	v := s.as(account.Biomed)
	id := s.idOf("CE-5")
	a := v.get("/reconcile/no-owner?q=" + url.QueryEscape("class:infusion-pump"))
	if got := strings.Join(all(t, a, ".decision .answers"), "|"); !strings.Contains(got, "Set Biomed East") || !strings.Contains(got, "of ICU, medical") {
		t.Fatalf("suggested is %q", got)
	}
	ids := []string{id, s.idOf("CE-30")}
	done := v.post("/reconcile/answer", url.Values{"device": ids, "attr": {"clinical_owner"}, "value": {"Ward 3"}, "back": {"/reconcile/no-owner"}})
	if done.status != http.StatusSeeOther || s.value(id, fact.ClinicalOwner) != "Ward 3" || s.value(ids[1], fact.ClinicalOwner) != "Ward 3" {
		t.Fatalf("%d: %q", done.status, s.value(id, fact.ClinicalOwner))
	}
	v.post(attribute(t, v.get(done.location), ".note form", "action"), nil)
	if s.value(id, fact.ClinicalOwner) != "" || s.value(ids[1], fact.ClinicalOwner) != "" {
		t.Error("two at once cannot be undone at once")
	}
	if a := v.post("/reconcile/answer", url.Values{"device": {ids[1]}, "attr": {"class"}, "value": {"Infusion pump"}}); a.status != http.StatusSeeOther || s.value(ids[1], fact.Class) != "infusion-pump" {
		t.Errorf("a class by its title: %d, %q", a.status, s.value(ids[1], fact.Class))
	}
	if a := v.get("/reconcile/no-owner?q=" + url.QueryEscape("class:(")); a.status != http.StatusBadRequest || !strings.Contains(a.body, "queue-q-error") {
		t.Errorf("a question that cannot be read: %d", a.status)
	}
}

func TestWhereaboutsAreDecided(t *testing.T) {
	s := queueSite(t)
	v := s.as(account.Biomed)
	for name, queue := range map[string]string{"PUMP-9": "unrecorded", "CE-30": "absent"} {
		id := s.idOf(name)
		if !strings.Contains(v.get("/reconcile/"+queue).body, "/devices/"+id) {
			t.Fatalf("%s is not shown in %s", name, queue)
		}
		form := url.Values{"device": {id}, "say": {"status=in-service"}, "back": {"/reconcile/" + queue}}
		if queue == "unrecorded" {
			form.Set("set.owner", "Biomed East")
			form.Set("set.class", "infusion pump")
		}
		if a := v.post("/reconcile/answer", form); a.status != http.StatusSeeOther || slices.Contains(s.flags(id), queue) {
			t.Errorf("%s: %d, queues %v", name, a.status, s.flags(id))
		}
	}
	if id := s.idOf("PUMP-9"); s.value(id, fact.Owner) != "Biomed East" || s.value(id, fact.Class) != "infusion-pump" {
		t.Errorf("recorded as %q of %q", s.value(id, fact.Class), s.value(id, fact.Owner))
	}
}

func TestMatchFindsTheOther(t *testing.T) {
	s := queueSite(t)
	v := s.as(account.Biomed)
	stray := s.idOf("PUMP-9")
	guess := v.get("/reconcile/match/" + stray + "?back=/reconcile/unrecorded")
	checkMarkup(t, "match", guess)
	if len(all(t, guess, ".pair")) == 0 {
		t.Error("a stray B. Braun address has no counterpart among the pumps never seen")
	}
	if a := v.get("/reconcile/match/" + stray + "?q=CE-5"); len(all(t, a, ".pair")) != 1 {
		t.Fatalf("CE-5 finds %q", all(t, a, ".pair"))
	}
	v.post("/reconcile/pair", url.Values{"a": {stray}, "b": {s.idOf("CE-5")}, "same": {"yes"}})
	if s.idOf("CE-5") != s.idOf("PUMP-9") {
		t.Error("they are two devices still")
	}
}

// TestQueuesAndScope holds that nobody sees or decides what is outside of their scope, and that who may only read
// is offered nothing to decide.
func TestQueuesAndScope(t *testing.T) {
	s := queueSite(t)
	admin := s.actor(account.Administrator)
	east := account.Person{Login: "east", Name: "Person of East", Roles: []account.Role{account.Biomed}, Scope: account.Scope{Sites: []string{"East"}}}
	if _, err := s.web.accounts.Add(t.Context(), admin, east, testPassword, testNow); err != nil {
		t.Fatal(err)
	}
	v := s.as("east")
	for _, path := range []string{"/", "/reconcile", "/reconcile/conflict", "/reconcile/no-owner", "/reconcile/absent", "/reconcile/unrecorded", "/reconcile/settle?attr=owner&source=cmms"} {
		a := v.get(path)
		for _, other := range []string{"CE-21", "CE-30", "Radiology", "PUMP-9"} {
			if strings.Contains(a.body, other) {
				t.Errorf("%s shows %s, which is outside of the scope", path, other)
			}
		}
	}
	if got := all(t, v.get("/reconcile/conflict"), "[data-row]"); len(got) != 1 {
		t.Errorf("conflicts of East: %q", got)
	}
	west := s.idOf("CE-21")
	if a := v.post("/reconcile/answer", url.Values{"device": {west}, "say": {"owner=IT"}}); a.status != http.StatusNotFound || s.value(west, fact.Owner) != "Biomed West" {
		t.Errorf("a device of West: %d, owner %q", a.status, s.value(west, fact.Owner))
	}
	if a := v.post("/reconcile/answer", url.Values{"device": {s.idOf("CE-20"), west}, "say": {"owner=IT"}}); a.status != http.StatusNotFound || s.value(s.idOf("CE-20"), fact.Owner) == "IT" {
		t.Errorf("one of two outside: %d", a.status)
	}
	if a := v.post("/reconcile/answer", url.Values{"device": {s.idOf("CE-20")}, "say": {"site=West"}}); a.status != http.StatusBadRequest {
		t.Errorf("out of one's own sight: %d", a.status)
	}
	for _, path := range []string{"/reconcile/pair", "/reconcile/unanswer"} {
		if a := v.post(path, url.Values{"a": {s.idOf("CE-20")}, "b": {west}, "same": {"yes"}}); a.status != http.StatusNotFound {
			t.Errorf("%s with a device of West: %d", path, a.status)
		}
	}
	if a := v.get("/reconcile/match/" + west); a.status != http.StatusNotFound {
		t.Errorf("match of a device of West: %d", a.status)
	}
	if a := v.get("/reconcile/match/" + s.idOf("CE-20") + "?q=CE-21"); len(all(t, a, ".pair")) != 0 {
		t.Error("a device of West is offered")
	}
	viewer := s.as(account.Viewer)
	for _, q := range queues() {
		a := viewer.get(queueHref(q.Name))
		if a.status != http.StatusOK || len(all(t, a, "main form[method=post]")) != 0 {
			t.Errorf("%s for a viewer: %d, forms %q", q.Name, a.status, all(t, a, "main form[method=post]"))
		}
	}
	for _, role := range []account.Role{account.Viewer, account.Clinical, account.Security} {
		if a := s.as(role).post("/reconcile/answer", url.Values{"device": {west}, "say": {"owner=IT"}}); a.status != http.StatusForbidden {
			t.Errorf("%s decides: %d", role, a.status)
		}
	}
}

func TestQueueStatements(t *testing.T) {
	s := queueSite(t)
	cookie := s.cookie(account.Administrator)
	paths := []string{"/", "/reconcile", "/admin/precedence", orderHref(fact.Owner, []string{"person", "cmdb", "cmms"}), "/reconcile/settle?attr=owner&source=cmdb", "/reconcile/match/" + s.idOf("PUMP-9")}
	for _, q := range queues() {
		paths = append(paths, queueHref(q.Name))
	}
	for _, path := range paths {
		ctx, counter := sqldb.CountStatements(t.Context())
		r, err := http.NewRequestWithContext(ctx, "GET", "http://pons.test"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(cookie)
		w := &blackHole{h: http.Header{}}
		s.web.ServeHTTP(w, r)
		if n := counter.Count(); w.status != 200 || n == 0 || n > 20 {
			t.Errorf("%s: status %d, %d statements, want at most 20", path, w.status, n)
		} else {
			t.Logf("%s: %d statements", path, n)
		}
	}
}

// TestDecideByKeyboard decides a conflict and a pair without the mouse, and undoes both.
func TestDecideByKeyboard(t *testing.T) {
	s := queueSite(t)
	tab := s.open(account.Biomed, 1280, 900)
	first := func() string {
		return eval[string](tab, `document.querySelector("[data-row] .name")?.textContent ?? ""`)
	}
	ready := until(`document.body.dataset.keys === "live"`) // the island runs
	tab.visit("/reconcile/conflict", "light")
	tab.run(ready)
	name, rows := first(), eval[int](tab, `document.querySelectorAll("[data-row]").length`)
	tab.run(
		press("j", "KeyJ", "j"), until(`!!document.querySelector("[data-row][aria-current]")`), press("2", "Digit2", "2"),
		until(fmt.Sprintf(`!!document.querySelector(".note form") && document.querySelectorAll("[data-row]").length === %d`, rows-1)),
		ready,
	)
	if first() == name {
		t.Errorf("%s is still in conflict", name)
	}
	tab.run(press("u", "KeyU", "u"), until(fmt.Sprintf(`document.querySelectorAll("[data-row]").length === %d`, rows)))
	tab.accessible("conflicts")
	tab.quiet("conflicts")

	tab.visit("/reconcile/duplicate", "light")
	tab.run(ready)
	tab.run(press("j", "KeyJ", "j"), until(`!!document.querySelector("[data-row][aria-current]")`), press("1", "Digit1", "1"), until(`!!document.querySelector(".note form") && !document.querySelector("[data-row]") && document.body.dataset.keys === "live"`))
	if s.idOf("CE-22") != s.idOf("A22") {
		t.Error("1 does not join the pair")
	}
	tab.run(press("u", "KeyU", "u"), until(`!!document.querySelector("[data-row]")`))
	if s.idOf("CE-22") == s.idOf("A22") {
		t.Error("u does not take it back")
	}
	tab.accessible("duplicates")
	tab.quiet("duplicates")
	for _, path := range []string{"/", "/reconcile/no-owner", "/reconcile/unrecorded", "/reconcile/unseen", "/reconcile/settle?attr=owner&source=cmdb", "/reconcile/match/" + s.idOf("PUMP-9"), orderHref(fact.Owner, whole([]string{"person", "cmdb", "cmms"}))} {
		for _, theme := range []string{"light", "dark"} {
			tab.visit(path, theme)
			tab.accessible(path + " " + theme)
			tab.quiet(path)
		}
	}
}
