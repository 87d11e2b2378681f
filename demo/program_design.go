package demo

import (
	"context"
	"fmt"
	"time"

	"pons/program"
)

// designActor is who writes the demo's program.
const designActor = "command:demo"

// Design gives the synthetic hospital the second and third phase of its program as they would stand on a day: two
// assessments of maturity with their evidence, gaps, a support model, a committee and what it decided, a roadmap of
// 18 months of which half a year lies behind, and a communication plan. All people are invented.
func Design(ctx context.Context, p *program.Program, at time.Time) error {
	d := &design{ctx: ctx, p: p, today: program.DayOf(at)}
	d.roadmap()
	d.maturity()
	d.support()
	d.gaps()
	d.governance()
	d.messages()
	return d.err
}

type design struct {
	ctx   context.Context
	p     *program.Program
	today program.Day
	tasks []string // ids of the roadmap's tasks, by their line from 1
	err   error
}

// keep notes the first error; what follows it is not written.
func (d *design) keep(what string, err error) {
	if d.err == nil && err != nil {
		d.err = fmt.Errorf("demo: %s: %w", what, err)
	}
}

func put[T any](d *design, shelf program.Shelf[T], what string, body T) string {
	if d.err != nil {
		return ""
	}
	e, err := shelf.Put(d.ctx, "", 0, body, designActor, "")
	d.keep(what, err)
	return e.ID
}

// behind is how many days of the roadmap lie behind.
const behind = 185

// work is a line of the demo's roadmap: start counts days from its beginning, -1 is as soon as what it needs is done.
type work struct {
	phase, title, owner, kpi string
	start, days              int
	needs                    []int // lines, from 1
	hours                    float64
	cost                     int64
	status                   program.Status
	percent                  int
}

// works are 26 pieces of work over 18 months. Costs are invented, of plausible size only.
func works() []work {
	const done, busy, stuck, todo, dropped = program.Done, program.InProgress, program.Blocked, program.NotStarted, program.Dropped
	return []work{
		{"1", "Sponsor and charter", "CIO", "", 0, 21, nil, 40, 0, done, 100},
		{"1", "Stakeholder interviews", "Program lead", "", 21, 35, []int{1}, 72, 0, done, 100},
		{"1", "One inventory list from CMMS, CMDB and network", "Biomed inventory", "Inventory coverage", 14, 61, nil, 260, 18_000, done, 100},
		{"1", "RACI draft", "Program lead", "Devices nobody answers for", 56, 24, []int{2}, 36, 0, done, 100},
		{"1", "KPI baseline", "Program lead", "", 75, 14, []int{3}, 24, 0, done, 100},
		{"1", "Phase 1 reviewed by the committee", "CIO", "", 91, 0, []int{4, 5}, 0, 0, done, 100},
		{"2", "Maturity and gap assessment", "Program lead", "", 92, 28, []int{6}, 60, 0, done, 100},
		{"2", "Risk scoring of connected medical devices", "Device security", "Mean residual risk", 92, 70, []int{6}, 180, 0, done, 100},
		{"2", "Skills and coverage map", "Biomed manager", "Skills with a single point of failure", 120, 45, []int{7}, 60, 0, done, 100},
		{"2", "Staffing model and scenarios", "Biomed director", "Staffing gap", 166, 32, []int{9}, 90, 0, busy, 60},
		{"2", "Segmentation design", "Network", "Devices in segments", 130, 80, []int{8}, 210, 46_000, busy, 70},
		{"2", "Support levels agreed with the wards", "Biomed manager", "MTTR", 170, 24, []int{7}, 48, 0, busy, 50},
		{"2", "AEM and patch policy", "Biomed and security", "Patch SLA", 163, 30, []int{8}, 64, 0, stuck, 30},
		{"2", "Budget for the next fiscal year", "CFO office", "", -1, 24, []int{10, 11}, 40, 0, todo, 0},
		{"2", "Plan approved", "CIO", "", -1, 0, []int{12, 13, 14}, 0, 0, todo, 0},
		{"3", "Hire two BMETs and a device security analyst", "Biomed director", "Staffing gap", -1, 120, []int{15}, 160, 24_000, todo, 0},
		{"3", "Cross-training of imaging and network", "Biomed manager", "Skills with a single point of failure", -1, 90, []int{16}, 320, 38_000, todo, 0},
		{"3", "NAC in monitor mode, all sites", "Network", "Devices in segments", -1, 90, []int{15}, 260, 92_000, todo, 0},
		{"3", "NAC enforcement, pilot ward", "Network", "Devices in segments", -1, 40, []int{18}, 120, 12_000, todo, 0},
		{"3", "NAC enforcement, all wards", "Network", "Devices in segments", -1, 180, []int{19}, 420, 64_000, todo, 0},
		{"3", "CMMS, ITSM and SIEM integration", "IT integration", "Devices discovered and matched", -1, 140, []int{15}, 380, 85_000, todo, 0},
		{"3", "Support levels in force", "Service desk", "MTTR", -1, 45, []int{21, 12}, 70, 0, todo, 0},
		{"3", "Location tags for mobile pumps", "Biomed inventory", "Could not locate", 300, 90, []int{15}, 140, 110_000, dropped, 0},
		{"3", "Downtime drill with the ICU", "Security and clinical", "MTTA", -1, 21, []int{19}, 64, 4_000, todo, 0},
		{"3", "Year-one review against the KPI baseline", "Program lead", "", -1, 14, []int{17, 20, 22, 24}, 40, 0, todo, 0},
		{"3", "Program handed over to the line", "CIO", "", -1, 0, []int{25}, 0, 0, todo, 0},
	}
}

func (d *design) roadmap() {
	start := d.today.Add(-behind)
	d.keep("roadmap", d.p.StartRoadmap(d.ctx, program.RoadmapSettings{Title: "Connected devices, one plan", Start: start, Currency: "USD", Phases: program.DefaultPhases()}, false, designActor))
	for _, w := range works() {
		t := program.Task{Title: w.title, Phase: w.phase, Owner: w.owner, KPI: w.kpi, Days: w.days, EffortHours: w.hours, Cost: w.cost, Status: w.status, Percent: w.percent}
		if w.start >= 0 {
			t.Start = start.Add(w.start)
		}
		if d.err != nil {
			return
		}
		for _, n := range w.needs {
			t.Needs = append(t.Needs, d.tasks[n-1])
		}
		e, _, err := d.p.PutTask(d.ctx, 0, t, designActor, "")
		d.keep(w.title, err)
		d.tasks = append(d.tasks, e.ID)
	}
	for _, b := range []program.Benefit{
		{Date: d.today.Add(-96), Task: d.task(3), KPI: "Inventory coverage", What: "Biomed and IT work from one list; the yearly count took three days less.", Before: "61 %", After: "86 %", Value: 9_600, Confirmed: "Maren Okafor, biomed director"},
		{Date: d.today.Add(-40), Task: d.task(8), KPI: "Mean residual risk", What: "Forty pumps with a known fault were found and updated before the recall notice arrived.", Before: "38", After: "31", Confirmed: "Tobias Lindqvist, CISO"},
	} {
		put(d, d.p.Benefits(), "benefit", b)
	}
}

// task is the id of a line of works, from 1.
func (d *design) task(n int) string {
	if n > len(d.tasks) {
		return ""
	}
	return d.tasks[n-1]
}

func (d *design) maturity() {
	shows := func(text, href string) []program.Evidence { return []program.Evidence{{Text: text, Href: href}} }
	put(d, d.p.Assessments(), "assessment", program.Assessment{Date: d.today.Add(-183), Assessor: "Maren Okafor", Note: "First look, made with the interviews. Response and training were judged by those who do the work.", Ratings: []program.Rating{
		{Domain: "inventory", Level: 2, Evidence: shows("CMMS export matched by hand each quarter", "/sources")},
		{Domain: "risk", Level: 1}, {Domain: "vulnerability", Level: 1},
		{Domain: "network", Level: 2, Evidence: shows("VLANs for imaging and for infusion at two sites", "")},
		{Domain: "maintenance", Level: 2, Evidence: shows("PM completion in the CMMS", "/devices?q=has:pm_next")},
		{Domain: "governance", Level: 1}, {Domain: "resourcing", Level: 1},
		{Domain: "response", Level: 2, Evidence: shows("Call tree of 2024", "")},
		{Domain: "lifecycle", Level: 1}, {Domain: "training", Level: 0},
	}})
	put(d, d.p.Assessments(), "assessment", program.Assessment{Date: d.today.Add(-4), Assessor: "Maren Okafor", Note: "Second look. Training is assessed for the first time.", Ratings: []program.Rating{
		{Domain: "inventory", Level: 3, Evidence: append(shows("Devices seen on the wire and recorded by CMMS or CMDB", "/devices?q=source:wire"), program.Evidence{Text: "Open conflicts are worked off", Href: "/reconcile"})},
		{Domain: "risk", Level: 2, Evidence: shows("Life support and criticality are on the record", "/devices?q=has:criticality")},
		{Domain: "vulnerability", Level: 2, Evidence: shows("Monthly review with the vendors' bulletins", "")},
		{Domain: "network", Level: 2, Evidence: shows("VLANs known for the devices on the network", "/devices?q=has:vlan")},
		{Domain: "maintenance", Level: 2, Evidence: shows("PM due dates for the devices that need them", "/devices?q=has:pm_next")},
		{Domain: "governance", Level: 3, Evidence: shows("RACI draft and a committee that decides", "/program/governance")},
		{Domain: "resourcing", Level: 2, Evidence: shows("Ratios of the resource plan", "/plan")},
		{Domain: "response", Level: 2, Evidence: shows("Call tree, tested in May", "")},
		{Domain: "lifecycle", Level: 2, Evidence: shows("Retired devices are on the list", "/devices?q=status:retired")},
		{Domain: "training", Level: 1},
	}})
	if d.err != nil {
		return
	}
	aims := program.DefaultAims()
	for i, a := range aims.Aims {
		switch a.Domain {
		case "inventory", "network":
			aims.Aims[i].Target, aims.Aims[i].Weight = 4, 1.5
		case "risk", "response":
			aims.Aims[i].Weight = 2
		case "training":
			aims.Aims[i].Target = 4
		}
	}
	aims.Origin = program.Provenance{Source: program.House, Date: string(d.today), Confidence: "expert"}
	_, err := d.p.SetAims(d.ctx, 0, aims, designActor, "agreed with the sponsor")
	d.keep("targets", err)
}

func (d *design) support() {
	if d.err != nil {
		return
	}
	m := program.DefaultSupport()
	m.Rules = append([]program.SupportRule{m.Rules[0], {Class: "anesthesia-machine", Level: "life", Why: "The theatre stops."}}, m.Rules[1:]...)
	m.Levels[0].FirstLine, m.Levels[0].SecondLine = "Biomed on call, in the house", "Clinical systems engineer on call"
	_, err := d.p.SetSupport(d.ctx, 0, m, designActor, "adopted by the committee as a trial")
	d.keep("support", err)
}

func (d *design) gaps() {
	found := func(days int) program.Day { return d.today.Add(-days) }
	for _, g := range []program.Gap{
		{Area: program.LifecycleProcess, Topic: "Decommissioning and sanitization", Is: "Devices leave the house without a record of what was erased.", Should: "A sanitization record for every device that stored patient data.", Gap: "No form, no owner", Severity: 4, Action: "Write the record and make it a gate of disposal", Found: found(80), By: "Maren Okafor", Href: "/devices?q=status:retired"},
		{Area: program.LifecycleProcess, Topic: "Network onboarding", Is: "New devices get an address on request, by e-mail.", Should: "No address without owner, class and zone.", Severity: 4, Action: "NAC in monitor mode", Task: d.task(18), Found: found(78), By: "Jonas Petrov"},
		{Area: program.LifecycleProcess, Topic: "Incoming inspection", Is: "Done for medical devices; connected ones are not entered with MAC and version.", Should: "MAC, version and MDS2 noted at inspection.", Severity: 3, Action: "Extend the inspection form", Found: found(78), By: "Maren Okafor"},
		{Area: program.LifecycleProcess, Topic: "Preventive maintenance", Is: "Scheduled in the CMMS, life support first.", Severity: 0, Found: found(78), By: "Maren Okafor"},
		{Area: program.SupportWorkflow, Topic: "Triage between IT and biomed", Is: "Calls wander between the two desks; nobody knows how often.", Should: "One number, one first question, one owner.", Gap: "No shared ticket", Severity: 3, Action: "Support levels agreed with the wards", Task: d.task(12), Found: found(75), By: "Priya Raman"},
		{Area: program.SupportWorkflow, Topic: "Escalation after hours", Is: "One biomed phone; imaging has none after 22:00.", Should: "Somebody answers for every life-critical device at any hour.", Severity: 5, Action: "Hire and cross-train for the night", Task: d.task(16), Found: found(75), By: "Priya Raman"},
		{Area: program.VendorGap, Topic: "MDS2 and SBOM at purchase", Is: "Asked for since spring, received for one in three.", Should: "Received before the order.", Severity: 3, Action: "Make both a condition in the purchase form", Found: found(60), By: "Elif Demir"},
		{Area: program.VendorGap, Topic: "Remote access by ticket", Is: "Four vendors keep standing VPN accounts.", Should: "Access opens by ticket and closes by itself.", Severity: 4, Action: "Replace standing accounts by access on request", Found: found(60), By: "Tobias Lindqvist"},
		{Area: program.TechnologyGap, Topic: "Segmentation", Is: "Pumps share a network with office printers at one site.", Should: "A zone for each class that needs one.", Severity: 4, Action: "Segmentation design", Task: d.task(11), Found: found(70), By: "Jonas Petrov", Href: "/devices?q=class:infusion-pump"},
		{Area: program.TechnologyGap, Topic: "CMMS and CMDB in step", Is: "Compared once a month with Pons.", Should: "In step each night.", Severity: 2, Action: "CMMS, ITSM and SIEM integration", Task: d.task(21), Found: found(70), By: "Jonas Petrov"},
	} {
		put(d, d.p.Gaps(), g.Topic, g)
	}
}

func (d *design) governance() {
	committee := put(d, d.p.Committees(), "committee", program.Committee{Name: "Connected Device Committee", Purpose: "Decides what concerns IT, biomed, security and the wards alike.", Cadence: program.EachMonth, Chair: "CIO", Quorum: 4, Next: d.today.Add(12), Members: []program.Member{
		{Role: "CIO", Person: "Helena Brandt", Votes: true}, {Role: "Biomed director", Person: "Maren Okafor", Votes: true}, {Role: "CISO", Person: "Tobias Lindqvist", Votes: true}, {Role: "Network manager", Person: "Jonas Petrov", Votes: true},
		{Role: "Chief nursing officer", Person: "Priya Raman", Votes: true}, {Role: "Physician lead", Votes: true}, {Role: "Supply chain", Person: "Elif Demir"},
	}})
	put(d, d.p.Committees(), "working group", program.Committee{Name: "Device Risk Working Group", Purpose: "Prepares risk acceptances and patch questions for the committee.", Cadence: program.EachTwo, Chair: "Device security analyst", Quorum: 2, Next: d.today.Add(5), Members: []program.Member{
		{Role: "Device security analyst", Person: "Nadia Ferreira", Votes: true}, {Role: "Clinical systems engineer", Person: "Oskar Nyland", Votes: true}, {Role: "Biomed manager", Person: "Lucia Marchetti", Votes: true},
	}})
	for _, r := range []program.DecisionRight{
		{Decision: "Accept a residual risk", Limit: "no patient can be harmed", Decides: "CISO", Recommends: "Device Risk Working Group", Informed: "Biomed director"},
		{Decision: "Accept a residual risk", Limit: "a patient can be harmed", Decides: "Connected Device Committee", Recommends: "Device Risk Working Group", Vetoes: "Chief nursing officer", Informed: "Board"},
		{Decision: "Buy a connected device", Amount: 50_000, Currency: "USD", Decides: "Biomed director", Recommends: "Supply chain", Vetoes: "CISO", Informed: "Network manager"},
		{Decision: "Buy a connected device", Amount: 500_000, Currency: "USD", Decides: "Connected Device Committee", Recommends: "Biomed director", Vetoes: "CISO", Informed: "CFO"},
		{Decision: "Take a device off the network", Limit: "life support", Decides: "Chief nursing officer", Recommends: "CISO", Informed: "Biomed on call"},
		{Decision: "Take a device off the network", Limit: "all others", Decides: "CISO", Recommends: "Device security analyst", Informed: "Owner of the device"},
	} {
		put(d, d.p.DecisionRights(), r.Decision, r)
	}
	for _, x := range []program.Decision{
		{Date: d.today.Add(-94), Title: "Phase 1 is accepted", Outcome: "approved", For: 5, Why: "Baseline above 80 %, interviews done.", Task: d.task(6)},
		{Date: d.today.Add(-64), Title: "Biomed keeps the inventory of record", Outcome: "approved", For: 4, Against: 1, Why: "Biomed sees the devices; IT adds what it scans.", Task: d.task(4)},
		{Date: d.today.Add(-34), Title: "Location tags for mobile pumps", Outcome: "refused", For: 1, Against: 3, Abstained: 1, Why: "Two thirds of the cost for one tenth of the lost time; ask again after year one.", Task: d.task(23)},
		{Date: d.today.Add(-6), Title: "Support levels on trial for three months", Outcome: "approved", For: 5, Why: "The wards want to see the night before they sign.", Task: d.task(12)},
		{Date: d.today.Add(-6), Title: "Patch policy without the vendors' consent", Outcome: "postponed", For: 2, Abstained: 1, Why: "Legal has not answered.", Task: d.task(13)},
	} {
		x.Committee = committee
		put(d, d.p.Decisions(), x.Title, x)
	}
}

func (d *design) messages() {
	soon := func(days int) program.Day { return d.today.Add(days) }
	for _, m := range []program.Message{
		{Audience: "Ward managers", Message: "What changes for your devices this month, and whom to call", Channel: "e-mail", Sender: "Priya Raman", Cadence: program.EachMonth, First: soon(-151), Covered: soon(-29), SentOn: soon(-29), Status: program.Planned},
		{Audience: "Biomed technicians", Message: "Open decisions of the week and who takes them", Channel: "huddle", Sender: "Lucia Marchetti", Cadence: program.EachWeek, First: soon(-87), Covered: soon(-3), SentOn: soon(-3), Status: program.Planned},
		{Audience: "Service desk", Message: "How to tell a device fault from a network fault", Channel: "short course", Sender: "Oskar Nyland", Cadence: program.EachQuarter, First: soon(-76), Status: program.Planned, Covered: soon(-76), SentOn: soon(-75)},
		{Audience: "Sponsor", Message: "State of the roadmap: done, late, what to decide", Channel: "one page", Sender: "Maren Okafor", Cadence: program.EachMonth, First: soon(-152), Covered: soon(-60), SentOn: soon(-58), Status: program.Planned},
		{Audience: "Board", Message: "The plan, its cost and what it moves", Channel: "board paper", Sender: "Helena Brandt", Cadence: program.OnMilestone, Task: d.task(15), Offset: 7, Status: program.Planned},
		{Audience: "All staff", Message: "Why pumps and monitors now have a network of their own", Channel: "intranet", Sender: "Communications", Cadence: program.OnMilestone, Task: d.task(19), Offset: -14, Status: program.Draft},
		{Audience: "Physicians", Message: "What to do when a device is taken off the network", Channel: "grand round", Sender: "Priya Raman", Cadence: program.Once, First: soon(16), Status: program.Planned},
		{Audience: "Vendors with remote access", Message: "Standing accounts end; access opens by ticket", Channel: "letter", Sender: "Elif Demir", Cadence: program.Once, First: soon(9), Status: program.Draft},
		{Audience: "Finance", Message: "Cost of the plan by phase and month", Channel: "spreadsheet", Sender: "Maren Okafor", Cadence: program.EachQuarter, First: soon(-70), Covered: soon(-70), SentOn: soon(-70), Status: program.Planned},
		{Audience: "Everyone interviewed", Message: "What you told us and what we do about it", Channel: "e-mail", Sender: "Maren Okafor", Cadence: program.Once, First: soon(-90), Covered: soon(-90), SentOn: soon(-88), Status: program.Sent},
	} {
		put(d, d.p.Messages(), m.Audience, m)
	}
}
