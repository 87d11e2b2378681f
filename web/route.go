package web

import (
	"net/http"
	"strings"

	"pons/account"
)

// Route is one line of the route table.
type Route struct {
	// Pattern is net/http's: method and path, "GET /devices/{id}".
	Pattern string
	// Verb is what the person must be allowed to do. What their scope of rows forbids is for the handler to see to.
	Verb account.Verb
	// Menu is where the page stands.
	Menu Place
	// Do answers. An error becomes the page that its kind of fault asks for.
	Do func(*Visit) error
	// Body is the most bytes a request may carry; 0 is 1 MiB. Slow lifts the limits of time, for up- and downloads.
	Body int64
	Slow bool
}

// Place is where a page stands in the menu: its section, and its title there. A page without a title is not in
// the menu, but its section is open while it is looked at.
type Place struct {
	Section string
	Title   string
}

// The sections of the menu, in the order of the work.
const (
	Overview  = "Overview"
	Devices   = "Devices"
	Reconcile = "Reconcile"
	Exposure  = "Exposure"
	Risk      = "Risk"
	Remediate = "Remediate"
	Network   = "Network"
	Work      = "Work"
	Vendors   = "Vendors"
	People    = "People"
	Plan      = "Plan"
	Program   = "Program"
	Sources   = "Sources"
	Admin     = "Admin"
)

type section struct {
	title string
	icon  Icon
	apart bool // a line above it
}

func sections() []section {
	return []section{
		{Overview, IconOverview, false}, {Devices, IconDevices, false}, {Reconcile, IconReconcile, false},
		{Exposure, IconExposure, false}, {Risk, IconRisk, false}, {Remediate, IconRemediate, false},
		{Network, IconNetwork, false}, {Work, IconWork, false}, {Vendors, IconVendors, false},
		{People, IconPeople, false}, {Plan, IconPlan, false}, {Program, IconProgram, false},
		{Sources, IconSources, true}, {Admin, IconAdmin, false},
	}
}

// routes is the whole table, in the order of the menu. Lines of one noun stand together; what a person must be
// allowed to do stands in every line.
func (s *Server) routes() []Route {
	table := []Route{
		{Pattern: "GET /{$}", Verb: account.InventoryRead, Menu: Place{Overview, "Overview"}, Do: s.overview},
		{Pattern: "POST /tour", Verb: account.InventoryRead, Menu: Place{Section: Overview}, Do: s.endTour},

		{Pattern: "GET /devices", Verb: account.InventoryRead, Menu: Place{Devices, "Devices"}, Do: s.devices},
		{Pattern: "GET /devices/suggest", Verb: account.InventoryRead, Menu: Place{Section: Devices}, Do: s.suggestDevices},
		{Pattern: "GET /devices.csv", Verb: account.InventoryExport, Menu: Place{Section: Devices}, Do: s.exportDevices, Slow: true},
		{Pattern: "GET /devices.xlsx", Verb: account.InventoryExport, Menu: Place{Section: Devices}, Do: s.exportDevices, Slow: true},
		{Pattern: "POST /devices/views", Verb: account.InventoryRead, Menu: Place{Section: Devices}, Do: s.saveDeviceView},
		{Pattern: "POST /devices/views/{id}/remove", Verb: account.InventoryRead, Menu: Place{Section: Devices}, Do: s.removeDeviceView},
		{Pattern: "POST /devices/bulk", Verb: account.InventoryWrite, Menu: Place{Section: Devices}, Do: s.bulkDevices},
		{Pattern: "POST /devices/edits/{id}/undo", Verb: account.InventoryWrite, Menu: Place{Section: Devices}, Do: s.undoEdit},
		{Pattern: "GET /devices/{id}", Verb: account.InventoryRead, Menu: Place{Section: Devices}, Do: s.device},
		{Pattern: "GET /devices/{id}/brief", Verb: account.InventoryRead, Menu: Place{Section: Devices}, Do: s.briefDevice},
		{Pattern: "POST /devices/{id}/edit", Verb: account.InventoryWrite, Menu: Place{Section: Devices}, Do: s.editDevice},
		{Pattern: "POST /devices/{id}/decide", Verb: account.InventoryMerge, Menu: Place{Section: Devices}, Do: s.decideDevice},
		{Pattern: "POST /devices/{id}/undecide", Verb: account.InventoryMerge, Menu: Place{Section: Devices}, Do: s.undecideDevice},
		{Pattern: "GET /devices/{id}/split", Verb: account.InventoryMerge, Menu: Place{Section: Devices}, Do: s.splitDevice},
		{Pattern: "POST /devices/{id}/split", Verb: account.InventoryMerge, Menu: Place{Section: Devices}, Do: s.splitDevice},
		{Pattern: "POST /devices/{id}/system", Verb: account.InventoryWrite, Menu: Place{Section: Devices}, Do: s.joinSystem},
		{Pattern: "POST /devices/{id}/documents", Verb: account.InventoryWrite, Menu: Place{Section: Devices}, Do: s.attachDocument, Body: documentBody, Slow: true},
		{Pattern: "GET /devices/{id}/documents/{document}", Verb: account.InventoryRead, Menu: Place{Section: Devices}, Do: s.document, Slow: true},
		{Pattern: "POST /devices/{id}/documents/{document}/remove", Verb: account.InventoryWrite, Menu: Place{Section: Devices}, Do: s.removeDocument},
		{Pattern: "POST /devices/{id}/documents/{document}/restore", Verb: account.InventoryWrite, Menu: Place{Section: Devices}, Do: s.restoreDocument},

		{Pattern: "GET /reconcile", Verb: account.InventoryRead, Menu: Place{Reconcile, "Queues"}, Do: s.reconcile},
		{Pattern: "GET /devices/unknown", Verb: account.InventoryRead, Menu: Place{Reconcile, "Unknown devices"}, Do: s.unknownDevices},
		{Pattern: "GET /reconcile/{queue}", Verb: account.InventoryRead, Menu: Place{Section: Reconcile}, Do: s.queue},
		{Pattern: "POST /reconcile/answer", Verb: account.QueueResolve, Menu: Place{Section: Reconcile}, Do: s.answerQueue},
		{Pattern: "GET /reconcile/settle", Verb: account.QueueResolve, Menu: Place{Section: Reconcile}, Do: s.settle},
		{Pattern: "POST /reconcile/settle", Verb: account.QueueResolve, Menu: Place{Section: Reconcile}, Do: s.settle},
		{Pattern: "GET /reconcile/match/{id}", Verb: account.InventoryMerge, Menu: Place{Section: Reconcile}, Do: s.match},
		{Pattern: "POST /reconcile/pair", Verb: account.InventoryMerge, Menu: Place{Section: Reconcile}, Do: s.answerPair},
		{Pattern: "POST /reconcile/unanswer", Verb: account.InventoryMerge, Menu: Place{Section: Reconcile}, Do: s.unanswerPair},

		{Pattern: "GET /flows", Verb: account.FlowRead, Menu: Place{Network, "Who talks with whom"}, Do: s.flowMap},
		{Pattern: "GET /flows/list", Verb: account.FlowRead, Menu: Place{Network, "Conversations"}, Do: s.flowList},
		{Pattern: "GET /flows/servers", Verb: account.FlowRead, Menu: Place{Network, "Servers"}, Do: s.flowServers},
		{Pattern: "GET /flows/new", Verb: account.FlowRead, Menu: Place{Network, "New conversations"}, Do: s.flowNew},
		{Pattern: "GET /flows/use", Verb: account.FlowRead, Menu: Place{Network, "Use by hour"}, Do: s.flowUse},
		{Pattern: "GET /flows/models", Verb: account.FlowRead, Menu: Place{Network, "Use by model"}, Do: s.flowModels},
		{Pattern: "POST /flows/settings", Verb: account.SettingWrite, Menu: Place{Section: Network}, Do: s.setFlows},
		{Pattern: "GET /flows/export/{file}", Verb: account.FlowRead, Menu: Place{Section: Network}, Do: s.exportFlows, Slow: true},

		{Pattern: "GET /answers", Verb: account.DutyRead, Menu: Place{People, "Who answers"}, Do: s.whoAnswers},
		{Pattern: "GET /reconcile/nobody", Verb: account.DutyRead, Menu: Place{People, "Nobody answers"}, Do: s.nobody},
		{Pattern: "GET /duties", Verb: account.DutyRead, Menu: Place{People, "Duties"}, Do: s.dutyMatrix},
		{Pattern: "POST /duties", Verb: account.DutyWrite, Menu: Place{Section: People}, Do: s.saveDuties},
		{Pattern: "POST /duties/template", Verb: account.DutyWrite, Menu: Place{Section: People}, Do: s.startDuties},
		{Pattern: "POST /duties/activities", Verb: account.DutyWrite, Menu: Place{Section: People}, Do: s.addActivity},
		{Pattern: "POST /duties/activities/{key}", Verb: account.DutyWrite, Menu: Place{Section: People}, Do: s.changeActivity},
		{Pattern: "GET /duties/rules/{id}", Verb: account.DutyRead, Menu: Place{Section: People}, Do: s.rule},
		{Pattern: "POST /duties/rules/{id}", Verb: account.DutyWrite, Menu: Place{Section: People}, Do: s.saveRule},
		{Pattern: "POST /duties/rules/{id}/remove", Verb: account.DutyWrite, Menu: Place{Section: People}, Do: s.removeRule},
		{Pattern: "POST /duties/undo/{noun}/{id}/{version}", Verb: account.DutyWrite, Menu: Place{Section: People}, Do: s.undoDuty},
		{Pattern: "GET /people", Verb: account.StaffRead, Menu: Place{People, "People"}, Do: s.staffPeople},
		{Pattern: "POST /people", Verb: account.StaffWrite, Menu: Place{Section: People}, Do: s.addStaff},
		{Pattern: "GET /people/add", Verb: account.StaffWrite, Menu: Place{Section: People}, Do: s.newStaff},
		{Pattern: "GET /people/import", Verb: account.StaffWrite, Menu: Place{Section: People}, Do: s.staffImport},
		{Pattern: "POST /people/import", Verb: account.StaffWrite, Menu: Place{Section: People}, Do: s.importStaff},
		{Pattern: "GET /people/{id}", Verb: account.StaffRead, Menu: Place{Section: People}, Do: s.staffPerson},
		{Pattern: "POST /people/{id}", Verb: account.StaffWrite, Menu: Place{Section: People}, Do: s.changeStaff},
		{Pattern: "GET /people/{id}/edit", Verb: account.StaffWrite, Menu: Place{Section: People}, Do: s.editStaff},
		{Pattern: "POST /people/{id}/remove", Verb: account.StaffWrite, Menu: Place{Section: People}, Do: s.removeStaff},
		{Pattern: "POST /people/{id}/{part}", Verb: account.StaffWrite, Menu: Place{Section: People}, Do: s.changeStaffPart},
		{Pattern: "POST /people/undo/{noun}/{id}/{version}", Verb: account.StaffWrite, Menu: Place{Section: People}, Do: s.undoStaff},
		{Pattern: "GET /coverage", Verb: account.StaffRead, Menu: Place{People, "Coverage"}, Do: s.coverage},
		{Pattern: "GET /oncall", Verb: account.StaffRead, Menu: Place{People, "On call"}, Do: s.onCall},
		{Pattern: "GET /oncall/{id}", Verb: account.StaffRead, Menu: Place{Section: People}, Do: s.rotation},
		{Pattern: "POST /oncall/{id}", Verb: account.StaffWrite, Menu: Place{Section: People}, Do: s.saveRotation},
		{Pattern: "POST /oncall/{id}/remove", Verb: account.StaffWrite, Menu: Place{Section: People}, Do: s.removeRotation},
		{Pattern: "GET /skills", Verb: account.StaffRead, Menu: Place{People, "Skills"}, Do: s.skills},
		{Pattern: "POST /skills", Verb: account.StaffWrite, Menu: Place{Section: People}, Do: s.saveExpectations},
		{Pattern: "GET /training/{id}", Verb: account.StaffWrite, Menu: Place{Section: People}, Do: s.training},
		{Pattern: "POST /training/{id}", Verb: account.StaffWrite, Menu: Place{Section: People}, Do: s.saveTraining},
		{Pattern: "POST /training/{id}/remove", Verb: account.StaffWrite, Menu: Place{Section: People}, Do: s.removeTraining},

		{Pattern: "GET /plan", Verb: account.PlanRead, Menu: Place{Plan, "Scenarios"}, Do: s.planScenarios},
		{Pattern: "POST /plan", Verb: account.PlanWrite, Menu: Place{Section: Plan}, Do: s.addPlan},
		{Pattern: "POST /plan/file", Verb: account.PlanWrite, Menu: Place{Section: Plan}, Do: s.addPlanFile, Body: planFileLimit + 1<<20, Slow: true},
		{Pattern: "GET /plan/{id}", Verb: account.PlanRead, Menu: Place{Section: Plan}, Do: s.openPlan},
		{Pattern: "GET /plan/{id}/baseline", Verb: account.PlanRead, Menu: Place{Section: Plan}, Do: s.planStepPage("baseline")},
		{Pattern: "POST /plan/{id}/baseline", Verb: account.PlanWrite, Menu: Place{Section: Plan}, Do: s.savePlanStep("baseline")},
		{Pattern: "GET /plan/{id}/recount", Verb: account.PlanWrite, Menu: Place{Section: Plan}, Do: s.recountPlan},
		{Pattern: "POST /plan/{id}/recount", Verb: account.PlanWrite, Menu: Place{Section: Plan}, Do: s.recountPlan},
		{Pattern: "GET /plan/{id}/roles", Verb: account.PlanRead, Menu: Place{Section: Plan}, Do: s.planStepPage("roles")},
		{Pattern: "POST /plan/{id}/roles", Verb: account.PlanWrite, Menu: Place{Section: Plan}, Do: s.savePlanStep("roles")},
		{Pattern: "GET /plan/{id}/ratios", Verb: account.PlanRead, Menu: Place{Section: Plan}, Do: s.planStepPage("ratios")},
		{Pattern: "POST /plan/{id}/ratios", Verb: account.PlanWrite, Menu: Place{Section: Plan}, Do: s.savePlanStep("ratios")},
		{Pattern: "GET /plan/{id}/growth", Verb: account.PlanRead, Menu: Place{Section: Plan}, Do: s.planStepPage("growth")},
		{Pattern: "POST /plan/{id}/growth", Verb: account.PlanWrite, Menu: Place{Section: Plan}, Do: s.savePlanStep("growth")},
		{Pattern: "GET /plan/{id}/coverage", Verb: account.PlanRead, Menu: Place{Section: Plan}, Do: s.planStepPage("coverage")},
		{Pattern: "POST /plan/{id}/coverage", Verb: account.PlanWrite, Menu: Place{Section: Plan}, Do: s.savePlanStep("coverage")},
		{Pattern: "POST /plan/{id}/try", Verb: account.PlanRead, Menu: Place{Section: Plan}, Do: s.tryPlan},
		{Pattern: "GET /plan/{id}/report.pdf", Verb: account.PlanRead, Menu: Place{Section: Plan}, Do: s.planReport},
		{Pattern: "GET /plan/{id}/workbook.xlsx", Verb: account.PlanRead, Menu: Place{Section: Plan}, Do: s.planWorkbook},
		{Pattern: "GET /plan/{id}/plan.yaml", Verb: account.PlanRead, Menu: Place{Section: Plan}, Do: s.planFile},
		{Pattern: "POST /plan/{id}/copy", Verb: account.PlanWrite, Menu: Place{Section: Plan}, Do: s.copyPlan},
		{Pattern: "POST /plan/{id}/lock", Verb: account.PlanWrite, Menu: Place{Section: Plan}, Do: s.lockPlan},
		{Pattern: "POST /plan/{id}/remove", Verb: account.PlanWrite, Menu: Place{Section: Plan}, Do: s.removePlan},
		{Pattern: "POST /plan/{id}/restore", Verb: account.PlanWrite, Menu: Place{Section: Plan}, Do: s.restorePlan},
		{Pattern: "GET /plan/{id}/results", Verb: account.PlanRead, Menu: Place{Section: Plan}, Do: s.planResults},
		{Pattern: "GET /plan/{id}/results/{sheet}", Verb: account.PlanRead, Menu: Place{Section: Plan}, Do: s.planSheet},
		{Pattern: "GET /plan/{id}/why", Verb: account.PlanRead, Menu: Place{Section: Plan}, Do: s.planWhy},
		{Pattern: "GET /plan/{id}/advice", Verb: account.PlanRead, Menu: Place{Section: Plan}, Do: s.planAdvice},
		{Pattern: "POST /plan/{id}/advice", Verb: account.PlanWrite, Menu: Place{Section: Plan}, Do: s.adoptAdvice},
		{Pattern: "GET /plan/{id}/history", Verb: account.PlanRead, Menu: Place{Section: Plan}, Do: s.planHistory},
		{Pattern: "GET /plan/{id}/assumptions", Verb: account.PlanRead, Menu: Place{Section: Plan}, Do: s.planAssumptions},
		{Pattern: "POST /plan/{id}/assumptions", Verb: account.PlanWrite, Menu: Place{Section: Plan}, Do: s.planAssumptions},
		{Pattern: "GET /plan/compare", Verb: account.PlanRead, Menu: Place{Plan, "Compare"}, Do: s.planCompare},
		{Pattern: "GET /plan/defaults", Verb: account.PlanRead, Menu: Place{Plan, "Defaults"}, Do: s.planDefaults},

		{Pattern: "GET /program", Verb: account.ProgramRead, Menu: Place{Program, "Program"}, Do: s.programFirst},
		{Pattern: "GET /program/charter", Verb: account.ProgramRead, Menu: Place{Section: Program}, Do: s.charter},
		{Pattern: "POST /program/charter", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.setCharter},
		{Pattern: "POST /program/charter/restore", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.restoreCharter},
		{Pattern: "GET /program/interviews", Verb: account.ProgramRead, Menu: Place{Program, "Interviews"}, Do: s.interviews},
		{Pattern: "POST /program/interviews", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.addInterview},
		{Pattern: "GET /program/interviews/new", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.newInterview},
		{Pattern: "GET /program/interviews/{id}", Verb: account.ProgramRead, Menu: Place{Section: Program}, Do: s.interview},
		{Pattern: "POST /program/interviews/{id}", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.changeInterview},
		{Pattern: "GET /program/interviews/{id}/edit", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.editInterview},
		{Pattern: "POST /program/interviews/{id}/answers", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.sayAnswer},
		{Pattern: "POST /program/interviews/{id}/answers/remove", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.removeAnswer},
		{Pattern: "POST /program/interviews/{id}/remove", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.removeInterview},
		{Pattern: "POST /program/interviews/{id}/restore", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.restoreInterview},
		{Pattern: "GET /program/guides/{role}", Verb: account.ProgramRead, Menu: Place{Section: Program}, Do: s.guide},
		{Pattern: "POST /program/guides/{role}", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.setGuide},
		{Pattern: "POST /program/guides/{role}/restore", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.restoreGuide},
		{Pattern: "GET /program/themes", Verb: account.ProgramRead, Menu: Place{Program, "Themes"}, Do: s.themes},
		{Pattern: "POST /program/themes/rename", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.renameTheme},
		{Pattern: "GET /program/objectives", Verb: account.ProgramRead, Menu: Place{Program, "Objectives"}, Do: s.objectives},
		{Pattern: "POST /program/objectives", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.setObjective},
		{Pattern: "GET /program/objectives/new", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.newObjective},
		{Pattern: "GET /program/objectives/{id}", Verb: account.ProgramRead, Menu: Place{Section: Program}, Do: s.objective},
		{Pattern: "POST /program/objectives/{id}", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.setObjective},
		{Pattern: "POST /program/objectives/{id}/remove", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.removeObjective},
		{Pattern: "POST /program/objectives/{id}/restore", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.restoreObjective},
		{Pattern: "GET /program/kpis", Verb: account.ProgramRead, Menu: Place{Program, "KPIs"}, Do: s.kpis},
		{Pattern: "POST /program/kpis", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.setKPI},
		{Pattern: "GET /program/kpis/new", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.newKPI},
		{Pattern: "POST /program/kpis/measure", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.measureKPIs},
		{Pattern: "GET /program/kpis/{kpi}", Verb: account.ProgramRead, Menu: Place{Section: Program}, Do: s.kpi},
		{Pattern: "POST /program/kpis/{kpi}", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.setKPI},
		{Pattern: "POST /program/kpis/{kpi}/restore", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.restoreKPI},
		{Pattern: "POST /program/kpis/{kpi}/away", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.putAwayKPI},
		{Pattern: "POST /program/kpis/{kpi}/readings", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.enterReading},
		{Pattern: "POST /program/kpis/{kpi}/readings/remove", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.removeReading},
		{Pattern: "POST /program/kpis/{kpi}/readings/restore", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.restoreReading},
		{Pattern: "GET /program/baseline", Verb: account.ProgramRead, Menu: Place{Program, "Baseline"}, Do: s.baseline},
		{Pattern: "GET /program/baseline/line", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.showLine},
		{Pattern: "POST /program/baseline/line", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.setLine},
		{Pattern: "POST /program/baseline/line/restore", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.restoreLine},
		{Pattern: "GET /program/baseline/sign", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.signForm},
		{Pattern: "POST /program/baseline/sign", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.sign},
		{Pattern: "GET /program/baseline/{id}", Verb: account.ProgramRead, Menu: Place{Section: Program}, Do: s.signedBaseline},
		{Pattern: "GET /program/baseline/{id}/content.txt", Verb: account.ProgramRead, Menu: Place{Section: Program}, Do: s.baselineContent},
		{Pattern: "GET /program/maturity", Verb: account.ProgramRead, Menu: Place{Program, "Maturity"}, Do: s.maturity},
		{Pattern: "POST /program/maturity", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.assessment},
		{Pattern: "GET /program/maturity/new", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.assessment},
		{Pattern: "GET /program/maturity/targets", Verb: account.ProgramRead, Menu: Place{Section: Program}, Do: s.aims},
		{Pattern: "POST /program/maturity/targets", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.aims},
		{Pattern: "GET /program/maturity/{assessment}", Verb: account.ProgramRead, Menu: Place{Section: Program}, Do: s.assessment},
		{Pattern: "POST /program/maturity/{assessment}", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.assessment},
		{Pattern: "GET /program/gaps", Verb: account.ProgramRead, Menu: Place{Program, "Gaps"}, Do: s.programGaps},
		{Pattern: "POST /program/gaps", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.programGap},
		{Pattern: "GET /program/gaps/new", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.programGap},
		{Pattern: "GET /program/gaps/{gap}", Verb: account.ProgramRead, Menu: Place{Section: Program}, Do: s.programGap},
		{Pattern: "POST /program/gaps/{gap}", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.programGap},
		{Pattern: "POST /program/gaps/{gap}/task", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.taskForGap},
		{Pattern: "GET /program/support", Verb: account.ProgramRead, Menu: Place{Program, "Support model"}, Do: s.support},
		{Pattern: "GET /program/support/edit", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.supportEdit},
		{Pattern: "POST /program/support/edit", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.supportEdit},
		{Pattern: "GET /program/governance", Verb: account.ProgramRead, Menu: Place{Program, "Governance"}, Do: s.governance},
		{Pattern: "GET /program/governance/committees/new", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.committee},
		{Pattern: "POST /program/governance/committees", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.committee},
		{Pattern: "GET /program/governance/committees/{committee}", Verb: account.ProgramRead, Menu: Place{Section: Program}, Do: s.committee},
		{Pattern: "POST /program/governance/committees/{committee}", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.committee},
		{Pattern: "GET /program/governance/rights/new", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.decisionRight},
		{Pattern: "POST /program/governance/rights", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.decisionRight},
		{Pattern: "GET /program/governance/rights/{right}", Verb: account.ProgramRead, Menu: Place{Section: Program}, Do: s.decisionRight},
		{Pattern: "POST /program/governance/rights/{right}", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.decisionRight},
		{Pattern: "GET /program/governance/decisions/new", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.decision},
		{Pattern: "POST /program/governance/decisions", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.decision},
		{Pattern: "GET /program/governance/decisions/{decision}", Verb: account.ProgramRead, Menu: Place{Section: Program}, Do: s.decision},
		{Pattern: "POST /program/governance/decisions/{decision}", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.decision},
		{Pattern: "GET /program/roadmap", Verb: account.ProgramRead, Menu: Place{Program, "Roadmap"}, Do: s.roadmap},
		{Pattern: "POST /program/roadmap/start", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.startRoadmap},
		{Pattern: "GET /program/roadmap/settings", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.roadmapSettings},
		{Pattern: "POST /program/roadmap/settings", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.roadmapSettings},
		{Pattern: "POST /program/roadmap/tasks", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.saveTask},
		{Pattern: "GET /program/roadmap/tasks/new", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.roadmapTask},
		{Pattern: "GET /program/roadmap/tasks/{task}", Verb: account.ProgramRead, Menu: Place{Section: Program}, Do: s.roadmapTask},
		{Pattern: "POST /program/roadmap/tasks/{task}", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.saveTask},
		{Pattern: "GET /program/roadmap/tasks/{task}/move", Verb: account.ProgramRead, Menu: Place{Section: Program}, Do: s.previewMove},
		{Pattern: "POST /program/roadmap/tasks/{task}/move", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.moveTask},
		{Pattern: "POST /program/roadmap/benefits", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.benefit},
		{Pattern: "GET /program/roadmap/benefits/new", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.benefit},
		{Pattern: "GET /program/roadmap/benefits/{benefit}", Verb: account.ProgramRead, Menu: Place{Section: Program}, Do: s.benefit},
		{Pattern: "POST /program/roadmap/benefits/{benefit}", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.benefit},
		{Pattern: "GET /program/messages", Verb: account.ProgramRead, Menu: Place{Program, "Communication"}, Do: s.messages},
		{Pattern: "POST /program/messages", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.message},
		{Pattern: "GET /program/messages/new", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.message},
		{Pattern: "GET /program/messages/{message}", Verb: account.ProgramRead, Menu: Place{Section: Program}, Do: s.message},
		{Pattern: "POST /program/messages/{message}", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.message},
		{Pattern: "POST /program/messages/{message}/sent", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.messageSent},
		{Pattern: "POST /program/undo/{noun}/{id}/{version}", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.undoDesign},
		{Pattern: "POST /program/remove/{noun}/{id}", Verb: account.ProgramWrite, Menu: Place{Section: Program}, Do: s.removeDesign},

		{Pattern: "GET /sources", Verb: account.ImportRead, Menu: Place{Sources, "Freshness"}, Do: s.sourceFreshness},
		{Pattern: "GET /sources/runs", Verb: account.ImportRead, Menu: Place{Sources, "Imports"}, Do: s.runs},
		{Pattern: "GET /sources/runs/{run}", Verb: account.ImportRead, Menu: Place{Section: Sources}, Do: s.run},
		{Pattern: "GET /sources/runs/{run}/mapping.yaml", Verb: account.ImportRead, Menu: Place{Section: Sources}, Do: s.runMapping},
		{Pattern: "GET /sources/runs/{run}/rejected.csv", Verb: account.ImportRead, Menu: Place{Section: Sources}, Do: s.runRejected},
		{Pattern: "POST /sources/runs/{run}/undo", Verb: account.ImportUndo, Menu: Place{Section: Sources}, Do: s.undoRun},
		{Pattern: "GET /sources/import", Verb: account.ImportRun, Menu: Place{Sources, "Import a file"}, Do: s.importFile},
		{Pattern: "POST /sources/import", Verb: account.ImportRun, Menu: Place{Section: Sources}, Do: s.receiveFile, Body: uploadLimit + 1<<20, Slow: true},
		{Pattern: "GET /sources/import/{upload}", Verb: account.ImportRun, Menu: Place{Section: Sources}, Do: s.openUpload},
		{Pattern: "GET /sources/import/{upload}/columns", Verb: account.ImportRun, Menu: Place{Section: Sources}, Do: s.importColumns},
		{Pattern: "POST /sources/import/{upload}/columns", Verb: account.ImportRun, Menu: Place{Section: Sources}, Do: s.changeColumns},
		{Pattern: "GET /sources/import/{upload}/mapping.yaml", Verb: account.ImportRun, Menu: Place{Section: Sources}, Do: s.saveMapping},
		{Pattern: "POST /sources/import/{upload}/mapping", Verb: account.ImportRun, Menu: Place{Section: Sources}, Do: s.loadMapping, Body: 5 << 20},
		{Pattern: "GET /sources/import/{upload}/dry-run", Verb: account.ImportRun, Menu: Place{Section: Sources}, Do: s.dryRun},
		{Pattern: "POST /sources/import/{upload}/dry-run", Verb: account.ImportRun, Menu: Place{Section: Sources}, Do: s.startDryRun},
		{Pattern: "GET /sources/import/{upload}/rows.csv", Verb: account.ImportRun, Menu: Place{Section: Sources}, Do: s.dryRowsCSV, Slow: true},
		{Pattern: "GET /sources/import/{upload}/apply", Verb: account.ImportRun, Menu: Place{Section: Sources}, Do: s.applying},
		{Pattern: "POST /sources/import/{upload}/apply", Verb: account.ImportRun, Menu: Place{Section: Sources}, Do: s.startApply},
		{Pattern: "POST /sources/import/{upload}/cancel", Verb: account.ImportRun, Menu: Place{Section: Sources}, Do: s.cancelUpload},
		{Pattern: "POST /sources/import/{upload}/discard", Verb: account.ImportRun, Menu: Place{Section: Sources}, Do: s.discardUpload},
		{Pattern: "GET /sensors", Verb: account.SensorRead, Menu: Place{Sources, "Sensors"}, Do: s.sensors},
		{Pattern: "POST /sensors", Verb: account.SensorWrite, Menu: Place{Section: Sources}, Do: s.enrolSensor},
		{Pattern: "GET /sensors/{name}", Verb: account.SensorRead, Menu: Place{Section: Sources}, Do: s.sensor},
		{Pattern: "POST /sensors/{name}/title", Verb: account.SensorWrite, Menu: Place{Section: Sources}, Do: s.renameSensor},
		{Pattern: "POST /sensors/{name}/retire", Verb: account.SensorWrite, Menu: Place{Section: Sources}, Do: s.retireSensor},
		{Pattern: "GET /blindspots", Verb: account.SensorRead, Menu: Place{Sources, "Blind spots"}, Do: s.blindSpots},
		{Pattern: "GET /blindspots/export/{file}", Verb: account.SensorRead, Menu: Place{Section: Sources}, Do: s.exportBlindSpots, Slow: true},

		{Pattern: "GET /admin/precedence", Verb: account.SettingRead, Menu: Place{Admin, "Order of sources"}, Do: s.precedence},
		{Pattern: "POST /admin/precedence", Verb: account.SettingWrite, Menu: Place{Section: Admin}, Do: s.setPrecedence, Slow: true},
		{Pattern: "GET /fingerprints", Verb: account.InventoryRead, Menu: Place{Admin, "Fingerprints"}, Do: s.fingerprints},
		{Pattern: "GET /fingerprints/rule", Verb: account.InventoryRead, Menu: Place{Section: Admin}, Do: s.fingerprint},
		{Pattern: "GET /fingerprints/own", Verb: account.InventoryRead, Menu: Place{Section: Admin}, Do: s.ownFingerprints},
		{Pattern: "POST /fingerprints/own", Verb: account.RuleWrite, Menu: Place{Section: Admin}, Do: s.setOwnFingerprints, Body: 4 << 20, Slow: true},
		{Pattern: "GET /fingerprints/saving", Verb: account.InventoryRead, Menu: Place{Section: Admin}, Do: s.fingerprintSaving},
		{Pattern: "GET /fingerprints/packs", Verb: account.InventoryRead, Menu: Place{Section: Admin}, Do: s.rulePacks},
		{Pattern: "POST /fingerprints/packs", Verb: account.RuleWrite, Menu: Place{Section: Admin}, Do: s.importRulePack, Body: packBody, Slow: true},
		{Pattern: "POST /fingerprints/packs/{name}", Verb: account.RuleWrite, Menu: Place{Section: Admin}, Do: s.changeRulePack, Slow: true},
		{Pattern: "GET /fingerprints/packs/{name}/file", Verb: account.InventoryRead, Menu: Place{Section: Admin}, Do: s.exportRulePack, Slow: true},
		{Pattern: "POST /fingerprints/keys", Verb: account.RuleWrite, Menu: Place{Section: Admin}, Do: s.trustRuleKey},
		{Pattern: "GET /admin/catalog", Verb: account.SettingRead, Menu: Place{Admin, "Catalog"}, Do: s.catalogUnknown},
		{Pattern: "POST /admin/catalog/name", Verb: account.SettingWrite, Menu: Place{Section: Admin}, Do: s.nameUnknown, Slow: true},
		{Pattern: "GET /admin/catalog/lines", Verb: account.SettingRead, Menu: Place{Section: Admin}, Do: s.catalogLines},
		{Pattern: "POST /admin/catalog/lines", Verb: account.SettingWrite, Menu: Place{Section: Admin}, Do: s.setCatalogLines, Body: 4 << 20, Slow: true},
		{Pattern: "GET /admin/catalog/saving", Verb: account.SettingRead, Menu: Place{Section: Admin}, Do: s.catalogSaving},
		{Pattern: "GET /admin/catalog/history", Verb: account.SettingRead, Menu: Place{Section: Admin}, Do: s.catalogHistory},
		{Pattern: "POST /admin/catalog/restore", Verb: account.SettingWrite, Menu: Place{Section: Admin}, Do: s.restoreCatalog, Slow: true},
		{Pattern: "GET /admin/catalog/classes", Verb: account.SettingRead, Menu: Place{Section: Admin}, Do: s.catalogClasses},
		{Pattern: "GET /admin/catalog/makers", Verb: account.SettingRead, Menu: Place{Section: Admin}, Do: s.catalogMakers},
		{Pattern: "GET /admin/catalog/models", Verb: account.SettingRead, Menu: Place{Section: Admin}, Do: s.catalogModels},
		{Pattern: "GET /admin/people", Verb: account.AccountManage, Menu: Place{Admin, "People and roles"}, Do: s.people},
		{Pattern: "POST /admin/people", Verb: account.AccountManage, Menu: Place{Section: Admin}, Do: s.addPerson},
		{Pattern: "GET /admin/people/add", Verb: account.AccountManage, Menu: Place{Section: Admin}, Do: s.newPerson},
		{Pattern: "GET /admin/people/person/{login}", Verb: account.AccountManage, Menu: Place{Section: Admin}, Do: s.person},
		{Pattern: "POST /admin/people/person/{login}", Verb: account.AccountManage, Menu: Place{Section: Admin}, Do: s.changePerson},
		{Pattern: "POST /admin/people/person/{login}/password", Verb: account.AccountManage, Menu: Place{Section: Admin}, Do: s.resetPassword},
		{Pattern: "POST /admin/people/person/{login}/able", Verb: account.AccountManage, Menu: Place{Section: Admin}, Do: s.ablePerson},
		{Pattern: "GET /admin/audit", Verb: account.AuditRead, Menu: Place{Admin, "Audit log"}, Do: s.auditLog},
		{Pattern: "GET /admin/audit.csv", Verb: account.AuditRead, Menu: Place{Section: Admin}, Do: s.auditExport, Slow: true},
		{Pattern: "POST /admin/audit/check", Verb: account.AuditRead, Menu: Place{Section: Admin}, Do: s.auditCheck, Slow: true},
		{Pattern: "GET /admin/health", Verb: account.SystemOperate, Menu: Place{Admin, "About and health"}, Do: s.health},

		{Pattern: "GET /search", Verb: SignedIn, Do: s.search},
		{Pattern: "GET /account", Verb: SignedIn, Do: s.ownAccount},
		{Pattern: "POST /account/password", Verb: SignedIn, Do: s.changePassword},
		{Pattern: "POST /account/tokens", Verb: account.TokenOwn, Do: s.addToken},
		{Pattern: "POST /account/tokens/{id}/revoke", Verb: SignedIn, Do: s.revokeToken},
		{Pattern: "POST /scope", Verb: SignedIn, Do: s.setScope},
		{Pattern: "POST /theme", Verb: Public, Do: s.setTheme},
		{Pattern: "GET /sign-in", Verb: Public, Do: s.signInForm},
		{Pattern: "POST /sign-in", Verb: Public, Do: s.signIn},
		{Pattern: "POST /sign-out", Verb: Public, Do: s.signOut},
		{Pattern: "GET " + firstStart, Verb: Public, Do: s.firstStartForm},
		{Pattern: "POST " + firstStart, Verb: Public, Do: s.firstStart},
		{Pattern: "GET /healthz", Verb: Public, Do: s.alive},
	}
	if s.Styleguide {
		table = append(table, Route{Pattern: "GET /styleguide", Verb: SignedIn, Menu: Place{Admin, "Parts of pages"}, Do: s.styleguide})
	}
	return table
}

// path of a GET route as a link: "GET /{$}" → "/".
func (r Route) path() string {
	return strings.TrimSuffix(strings.TrimPrefix(r.Pattern, http.MethodGet+" "), "{$}")
}

// MenuItem is one line of the menu as one person sees it. Under is empty for a section of one page.
type MenuItem struct {
	Title, Href string
	Icon        Icon
	Apart       bool
	Current     bool // this page
	Open        bool // a page of this section
	Under       []MenuItem
}

// menu is what this person may see. A section is there when one of its pages is.
func (v *Visit) menu() []MenuItem {
	var items []MenuItem
	for _, sec := range sections() {
		item := MenuItem{Title: sec.title, Icon: sec.icon, Apart: sec.apart, Open: v.route.Menu.Section == sec.title}
		for _, r := range v.server.table {
			if r.Menu.Section == sec.title && r.Menu.Title != "" && v.May(r.Verb) {
				item.Under = append(item.Under, MenuItem{Title: r.Menu.Title, Href: r.path(), Current: r.Pattern == v.route.Pattern})
			}
		}
		if len(item.Under) == 0 {
			continue
		}
		item.Href = item.Under[0].Href
		if len(item.Under) == 1 {
			item.Current, item.Under = item.Under[0].Current, nil
		}
		items = append(items, item)
	}
	return items
}
