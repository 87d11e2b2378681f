package plan

import (
	"fmt"
	"strings"
)

// InUse is the question that leaves out what is no longer there. Every class of the template asks with it.
const InUse = "not status:(retired,disposed)"

// Template is a plan to begin with: the classes that every hospital has with their questions to the inventory, the
// roles of the domain note with ratios and pay, the maintenance of each class, coverage, and the source of every
// figure. Its counts are 0 until Recount fills them, and its current FTE until somebody says who is there. Amounts are
// US dollars whatever the currency: another currency needs other salaries, and the assumptions say so.
func Template(currency string, year int) *Plan {
	t := templater{p: &Plan{
		Name: "Template", Currency: currency, BaseYear: year, Horizon: 5, Rounding: QuarterUp, Method: ByGreater,
		Simulation: Simulation{Draws: 10_000, Seed: 1, Percentiles: []float64{10, 50, 80, 90}},
	}}
	p := t.p
	p.Benefits = t.value("benefits", "benefits")
	p.WageEscalation = t.value("wage_escalation", "wage_escalation")
	p.Workload.Hours = DefaultHours()
	for _, part := range []string{"paid", "vacation", "holidays", "sick", "training", "wrench_time"} {
		t.value("hours/"+part, "workload/productive_hours/"+part)
	}
	t.classes()
	t.roles()
	t.work()
	p.Coverage = []Coverage{{Role: "BMET III", Name: "clinical engineering on call", OnCall: &OnCall{MaxShare: t.value("on-call/share", "coverage/BMET III · clinical engineering on call/on_call/max_share")}}}
	return p
}

type templater struct{ p *Plan }

// value takes a default into the plan, and its source with it.
func (t *templater) value(key string, paths ...string) float64 {
	d, ok := DefaultOf(key)
	if !ok {
		panic("plan: no default " + key) // a slip in this package: TestTemplate finds it
	}
	for _, path := range paths {
		t.assume(path, number(d.Value), d)
	}
	return d.Value
}

func (t *templater) assume(path, value string, d Default) {
	note := d.Note
	if d.Low != 0 || d.High != 0 {
		note = strings.TrimSpace(fmt.Sprintf("Sensible range %s to %s. %s", number(d.Low), number(d.High), d.Note))
	}
	t.p.Assumptions = append(t.p.Assumptions, Assumption{Path: path, Value: value, Unit: d.Unit, Source: d.Source, Date: d.Date, Confidence: d.Confidence, Note: note})
}

func (t *templater) span(key, path string) Range {
	d, _ := DefaultOf(key)
	t.value(key, path)
	return Range{d.Low, d.Value, d.High}
}

func (t *templater) classes() {
	add := func(c Class) { t.p.Classes = append(t.p.Classes, c) }
	life := t.value("life/biomed", "classes/biomed/expected_life")
	biomed := t.span("growth/biomed", "classes/biomed/growth")
	add(Class{Name: "biomed", Inventory: "category:medical and " + InUse, Growth: biomed, ExpectedLife: life, Risk: 1})
	add(Class{Name: "connected medical", Inventory: "category:medical and (has:mac or has:ip) and " + InUse, Growth: t.span("growth/connected medical", "classes/connected medical/growth"), Connected: true, SubsetOf: []string{"biomed"}, ExpectedLife: life, Risk: 4})
	imaging := t.span("growth/imaging", "classes/imaging systems/growth")
	var every, pictures, systems []string
	for _, c := range Cares() {
		every = append(every, c.Question)
		switch c.Role {
		case "Imaging engineer":
			pictures = append(pictures, c.Question)
		case "Laboratory and dialysis specialist":
			systems = append(systems, c.Question)
		}
		if c.Class == "anesthesia machines" {
			systems = append(systems, c.Question)
		}
	}
	add(Class{Name: "imaging systems", Inventory: any1(pictures) + " and " + InUse, Growth: imaging, SubsetOf: []string{"biomed"}, Risk: 3})
	add(Class{Name: "laboratory, dialysis and anesthesia systems", Inventory: any1(systems) + " and " + InUse, Growth: biomed, SubsetOf: []string{"biomed"}, Risk: 3})
	for _, c := range Cares() {
		grow := biomed
		if c.Role == "Imaging engineer" {
			grow = imaging
		}
		add(Class{Name: c.Class, Inventory: c.Question + " and " + InUse, Growth: grow, SubsetOf: []string{"biomed"}, Risk: c.Risk})
	}
	add(Class{Name: lowRisk.Class, Inventory: "category:medical and not " + any1(every) + " and " + InUse, Growth: biomed, SubsetOf: []string{"biomed"}, Risk: lowRisk.Risk})
	add(Class{Name: "IT endpoints", Inventory: "category:it and " + InUse, Growth: t.span("growth/IT endpoints", "classes/IT endpoints/growth"), Connected: true})
	add(Class{Name: "IoT and building", Inventory: "category:(iot,ot) and " + InUse, Growth: t.span("growth/IoT and building", "classes/IoT and building/growth"), Connected: true, Risk: 2})
	add(Class{Name: "network devices", Inventory: "category:network and " + InUse, Growth: Exactly(0), Connected: true})
	add(Class{Name: "not classified", Inventory: "not has:category and " + InUse, Growth: Exactly(0), Note: "What these are is not known: no role but the coordinator is driven by them until they are."})
}

// any1 joins questions by "or", in brackets.
func any1(questions []string) string { return "(" + strings.Join(questions, " or ") + ")" }

func (t *templater) roles() {
	for _, r := range []struct {
		name    string
		team    Team
		classes []string
		skills  []string
	}{
		{"BMET I/II", Biomed, []string{"biomed"}, []string{"Electrical safety", "Medical devices"}},
		{"BMET III", Biomed, []string{"biomed"}, []string{"Electrical safety", "Medical devices", "Networking"}},
		{"Imaging engineer", Biomed, []string{"imaging systems"}, []string{"Medical devices", "DICOM/HL7/SDC"}},
		{"Laboratory and dialysis specialist", Biomed, []string{"laboratory, dialysis and anesthesia systems"}, []string{"Medical devices"}},
		{"Clinical systems engineer", Biomed, []string{"connected medical"}, []string{"Networking", "DICOM/HL7/SDC"}},
		{"Asset coordinator", Biomed, []string{"biomed", "IT endpoints", "IoT and building", "network devices", "not classified"}, []string{"CMMS/data"}},
		{"Medical device security analyst", Security, []string{"connected medical", "IoT and building"}, []string{"Security", "Risk/14971/80001"}},
		{"IT support", IT, []string{"IT endpoints"}, []string{"Networking"}},
		{"Network engineer", Network, []string{"connected medical", "IT endpoints", "IoT and building"}, []string{"Networking", "Security"}},
	} {
		t.p.Roles = append(t.p.Roles, Role{
			Name: r.name, Team: r.team, Skills: r.skills,
			Salary: t.value("salary/"+r.name, "roles/"+r.name+"/salary"),
			Ratio:  &Ratio{DevicesPerFTE: t.value("ratio/"+r.name, "roles/"+r.name+"/ratio/devices_per_fte"), Classes: r.classes},
		})
	}
	t.p.Roles = append(t.p.Roles, Role{
		Name: "HTM manager", Team: Biomed, Skills: []string{"Leadership/finance"},
		Salary: t.value("salary/HTM manager", "roles/HTM manager/salary"),
		Ratio: &Ratio{FTEPerFTE: t.value("ratio/HTM manager", "roles/HTM manager/ratio/fte_per_fte"),
			Roles: []string{"BMET I/II", "BMET III", "Imaging engineer", "Laboratory and dialysis specialist", "Clinical systems engineer", "Asset coordinator"}},
	})
}

func (t *templater) work() {
	add := func(it Item) { t.p.Workload.Items = append(t.p.Workload.Items, it) }
	care := Default{Unit: "visits a year × hours", Source: noteHours, Date: "2026", Confidence: Expert}
	for _, c := range append(Cares(), lowRisk) {
		// Observed hours of scheduled visits lie within 10 % (a study of 400 devices, secondary); repairs vary more.
		add(Item{Role: c.Role, Class: c.Class, Name: "PM", Work: PM, PerDeviceYear: Exactly(c.PM), Hours: Range{0.9 * c.PMHours, c.PMHours, 1.1 * c.PMHours}})
		add(Item{Role: c.Role, Class: c.Class, Name: "CM", Work: CM, PerDeviceYear: Exactly(c.CM), Hours: Range{0.8 * c.CMHours, c.CMHours, 1.4 * c.CMHours}})
		t.assume("workload/items/"+c.Role+" · "+c.Class+" · PM", number(c.PM)+" × "+number(c.PMHours), care)
		t.assume("workload/items/"+c.Role+" · "+c.Class+" · CM", number(c.CM)+" × "+number(c.CMHours), care)
	}
	at := func(role, class, name, what string) string {
		return "workload/items/" + role + " · " + class + " · " + name + "/" + what
	}
	const bmet, analyst, clerk = "BMET I/II", "Medical device security analyst", "Asset coordinator"
	add(Item{Role: bmet, Class: "biomed", Name: "incoming inspection", Work: Incoming, PerAdded: 1, Hours: t.span("work/incoming inspection", at(bmet, "biomed", "incoming inspection", "hours"))})
	add(Item{Role: bmet, Class: "biomed", Name: "decommission", Work: Retiring, PerRetired: 1, Hours: t.span("work/decommission", at(bmet, "biomed", "decommission", "hours"))})
	add(Item{Role: bmet, Class: "biomed", Name: "recalls and alerts", Work: Recall, PerDeviceYear: t.span("work/recall events", at(bmet, "biomed", "recalls and alerts", "per_device_year")), Hours: t.span("work/recall", at(bmet, "biomed", "recalls and alerts", "hours"))})
	add(Item{Role: analyst, Class: "connected medical", Name: "cyber patch", Work: Patch, PerDeviceYear: t.span("work/patch campaigns", at(analyst, "connected medical", "cyber patch", "per_device_year")), Hours: t.span("work/patch", at(analyst, "connected medical", "cyber patch", "hours"))})
	for _, class := range []string{"biomed", "IT endpoints", "IoT and building", "network devices", "not classified"} {
		add(Item{Role: clerk, Class: class, Name: "inventory audit", Work: Audit, PerDeviceYear: Exactly(1), Hours: t.span("work/audit", at(clerk, class, "inventory audit", "hours"))})
	}
}
