package program

import (
	"pons/ledger"
)

// The sources of the catalogue (domain/09 §9.2; maintenance: domain/02 §2.7). Formulas are the field's own; which of them a hospital follows, and to what target, is
// its own decision, so most come without a target.
var (
	kpiSource         = Provenance{ExpertDefault, "2026-11", "expert"}
	maintenanceSource = Provenance{ExpertDefault + ": formulas as the field uses them", "2026-11", "expert"}
	isacSource        = Provenance{"Health-ISAC, paper on the responsibility for medical devices", "2026-11", "verified"}
	houseProposal     = Provenance{OwnProposal, "2026-11", "assumption"}
)

func defaultKPI(id string) (ledger.Entry[KPI], bool) {
	for _, e := range DefaultKPIs() {
		if e.ID == id {
			return e, true
		}
	}
	return ledger.Entry[KPI]{}, false
}

// DefaultKPIs is the catalogue that Pons brings, in the order of its groups.
func DefaultKPIs() []ledger.Entry[KPI] {
	var out []ledger.Entry[KPI]
	group, source := "", Provenance{}
	add := func(id, name, unit, period string, better Better, measure, formula string) *KPI {
		out = append(out, ledger.Entry[KPI]{ID: id, Body: KPI{Name: name, Group: group, Unit: unit, Period: period, Better: better, Measure: measure, Formula: formula, Provenance: source}})
		return &out[len(out)-1].Body
	}
	target := func(k *KPI, n float64, why string, from Provenance) { k.Target, k.Note, k.Provenance = &n, why, from }

	group, source = "Inventory", kpiSource
	add("devices", "Devices of record", "devices", "day", Higher, "devices", "devices in the inventory").Note = "A count, not a goal: it tells what every share is a share of."
	target(add("reconciled", "Reconciled devices", "%", "day", Higher, "reconciled", "devices without conflict or possible duplicate, known to a system and, where connected, to the network ÷ devices"),
		80, "The roadmap's first phase ends with at least 80 % of the devices.", houseProposal)
	add("coverage", "Inventory coverage", "%", "day", Higher, "coverage", "devices seen on the network and recorded in a CMMS ÷ devices seen on the network").Note = "IT's own computers stand in the denominator too, and in no CMMS: look at the coverage of medical devices first."
	target(add("coverage-medical", "Inventory coverage, medical", "%", "day", Higher, "coverage-medical", "medical devices seen on the network and recorded in a CMMS ÷ medical devices seen on the network"),
		95, "Level 4 of the maturity model asks for 95 % matched.", houseProposal)
	add("unknown-class", "Unknown class", "%", "day", Lower, "unknown-class", "devices without a class ÷ devices")
	add("unrecorded", "In no system", "%", "day", Lower, "unrecorded", "devices on the network that no CMMS or CMDB knows ÷ devices seen on the network")
	add("cmms-lost", "In the CMMS, not seen for 30 days", "%", "day", Lower, "cmms-lost", "devices in a CMMS, made to be connected, not seen for 30 days ÷ devices in a CMMS")
	add("conflicts", "Open conflicts", "devices", "day", Lower, "conflicts", "devices of which two sources say different things")
	add("duplicates", "Possible duplicates", "devices", "day", Lower, "duplicates", "devices that may be recorded twice")
	add("no-owner", "No owner", "%", "day", Lower, "no-owner", "devices without any owner ÷ devices")
	add("no-location", "No location", "%", "day", Lower, "no-location", "devices of which no source says where they are ÷ devices")
	add("freshness", "Freshness, P90", "days", "day", Lower, "freshness", "days since last seen on the network that nine of ten seen devices do not exceed")
	for _, field := range Mandatory() {
		add("complete-"+field, "Filled in: "+field, "%", "day", Higher, "complete-"+field, "devices whose "+field+" is known ÷ devices")
	}

	group, source = "Security", kpiSource
	add("unsupported-os", "Unsupported operating system", "%", "month", Lower, "", "devices on an operating system that its maker no longer supports ÷ devices whose operating system is known").Provenance = isacSource
	add("secure-config", "Secure configuration", "%", "month", Higher, "", "devices in the configuration that the hospital approved ÷ devices in scope").Provenance = isacSource
	add("kev-exposed", "Exposed to exploited vulnerabilities", "devices", "week", Lower, "", "devices with a vulnerability on the KEV list")
	add("critical-age", "Age of open critical findings, median", "days", "week", Lower, "", "median of today − day found, critical findings that are open")
	add("patch-sla", "Patched within SLA", "%", "month", Higher, "", "devices patched within SLA ÷ devices to which the patch applies").Provenance = maintenanceSource
	add("mds2", "MDS2 on file", "%", "quarter", Higher, "", "devices with an MDS2 younger than 24 months ÷ medical devices")
	add("sbom", "SBOM on file", "%", "quarter", Higher, "", "devices with an SBOM ÷ medical devices")
	add("segmented", "Segmented", "%", "month", Higher, "", "devices behind an enforced zone policy ÷ devices in scope")
	add("residual-risk", "Mean residual risk", "points", "month", Lower, "", "mean of the residual risk scores; note the 95th percentile beside it")
	add("acceptance-expiring", "Risk acceptances that end within 30 days", "acceptances", "week", Lower, "", "accepted risks whose end is at most 30 days ahead")
	add("vendor-no-ticket", "Vendor sessions without a ticket", "sessions", "month", Lower, "", "remote sessions of vendors without a ticket")

	group, source = "Maintenance", maintenanceSource
	add("pm-completion", "PM completion", "%", "month", Higher, "", "planned maintenance done in its window ÷ due in its window; separately for high-risk and by basis (maker, AEM)")
	target(add("pm-current-life", "PM not overdue, life support", "%", "day", Higher, "pm-current-life", "life-support devices whose next maintenance is not past ÷ life-support devices with a next maintenance recorded"),
		100, "High-risk devices are maintained without exception.", kpiSource)
	add("pm-late", "PM overdue", "%", "day", Lower, "pm-late", "devices whose next maintenance is past ÷ devices with a next maintenance recorded").Provenance = houseProposal
	add("pm-on-time", "PM on time", "%", "month", Higher, "", "planned maintenance done by its due day ÷ done")
	add("pm-yield", "PM yield", "%", "quarter", Higher, "", "planned maintenance that found something ÷ done").Note = "Evidence for an alternate schedule; neither high nor low is good in itself."
	add("mtbf", "Mean time between failures", "h", "year", Higher, "", "time in service ÷ failures, without those not found and use errors")
	add("mttr", "Mean time to repair, hands-on", "h", "month", Lower, "", "hours of repair ÷ repairs")
	add("turnaround", "Turnaround, median", "h", "month", Lower, "", "median of closed − opened; note the P90 beside it")
	add("response", "Response within SLA", "%", "month", Higher, "", "work orders first touched within the SLA of their priority ÷ work orders")
	add("uptime", "Operational uptime", "%", "month", Higher, "", "1 − downtime ÷ scheduled hours of service")
	add("nff", "No fault found", "%", "month", Lower, "", "corrective work without a fault ÷ corrective work closed")
	add("repeat-repair", "Repeat repair", "%", "month", Lower, "", "corrective work on the same device within 30 days for the same cause ÷ corrective work")
	add("first-time-fix", "First-time fix", "%", "month", Higher, "", "corrective work closed in one visit ÷ corrective work")
	add("backlog-90", "Work older than 90 days", "work orders", "week", Lower, "", "open work orders older than 90 days")
	add("could-not-locate", "Could not locate", "%", "month", Lower, "", "planned maintenance not done because the device was not found ÷ due")

	group, source = "Resources", kpiSource
	target(add("unanswered", "Nobody answers", "%", "day", Lower, "unanswered", "devices for which at this moment nobody answers ÷ devices asked about"), 0,
		"Every device has somebody who answers for it at every hour.", houseProposal)
	add("staffing-gap", "Staffing gap", "FTE", "month", Lower, "staffing-gap", "sum over the roles of the plan in force, this year: max(0, FTE required − FTE there now); a surplus in one role does not fill another")
	add("vacancy", "Vacancy", "%", "month", Lower, "vacancy", "FTE of vacant posts ÷ FTE of all posts")
	target(add("training-hours", "Training per FTE", "h/FTE", "year", Higher, "training-hours", "hours of training in the last 365 days ÷ FTE in post"),
		40, "The budget that the resource plan reckons with.", kpiSource)
	add("single-skills", "Skills with a single point of failure", "skills", "month", Lower, "single-skills", "skills of the matrix that fewer than two people in post hold")
	add("certs-expired", "Certificates expired", "certificates", "month", Lower, "certs-expired", "certificates past their day, of people in post")
	add("overtime", "Overtime", "%", "month", Lower, "", "hours of overtime ÷ hours worked")
	add("on-call-load", "On-call load", "calls", "month", Lower, "", "calls per week on call")
	add("utilisation", "Utilisation of people", "%", "month", Higher, "", "productive hours logged ÷ productive hours")

	group, source = "Finance", kpiSource
	add("cosr", "Cost of service ratio", "%", "year", Lower, "", "total cost of service ÷ acquisition cost of the devices served").Note = "No benchmark below the plan's data-quality gate."
	add("contracts-soon", "Contracts that end within 90 days", "devices", "day", Lower, "contracts-soon", "devices whose service contract ends within 90 days")

	group, source = "Service", kpiSource
	add("mtta", "Mean time to answer", "h", "month", Lower, "", "mean of answered − reported, incidents")
	add("after-hours", "After hours", "%", "month", Lower, "", "incidents outside of business hours ÷ incidents")
	add("reopened", "Reopened", "%", "month", Lower, "", "work orders opened again ÷ closed")

	group, source = "Clinical", kpiSource
	add("downtime-high-risk", "Downtime of high-risk devices", "h", "month", Lower, "", "hours in which high-risk devices could not be used")
	add("diversions", "Diversions", "events", "quarter", Lower, "", "patients diverted or procedures moved because of a device")

	group, source = "Compliance", kpiSource
	target(add("sanitized", "Sanitised before disposal", "%", "quarter", Higher, "", "disposals with a record of sanitisation ÷ disposals"), 100, "A device that leaves with data is a breach.", kpiSource)
	add("mdr-in-time", "Reported within 10 work days", "%", "year", Higher, "", "reportable events reported within 10 work days ÷ reportable events")
	add("recall-in-time", "Recalls closed on time", "%", "quarter", Higher, "", "recalls closed by their day ÷ recalls")
	return out
}
