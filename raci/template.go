package raci

import (
	"fmt"

	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
	"pons/staff"
)

// The provenance of the template. The table is a proposal (domain/09 §9.1, [P]): no body publishes one, so it is
// shown as an assumption to be argued about. The five columns IT, BIO, SEC, CLIN and VEND are the teams it, biomed,
// security, clinical-informatics and vendor; that clinical informatics stands for the clinical side is ours.
const (
	TemplateSource     = "template: Pons' own proposal; nothing is published"
	TemplateConfidence = "assumption"
	TemplateDate       = "2026-11"
)

// Keys of the activities that pages of devices ask about.
const (
	Maintenance  = "maintenance"
	PatchInstall = "patch-installation"
	Incident     = "device-incident"
)

// templateRow is one line of the template; letters are those of IT, BIO, SEC, CLIN and VEND.
type templateRow struct {
	key, name string
	letters   [5]Letters
}

func templateTeams() [5]staff.Team {
	return [5]staff.Team{staff.IT, staff.Biomed, staff.Security, staff.Informatics, staff.Vendor}
}

// template is the table of domain/09 §9.1, line by line.
func template() []templateRow {
	return []templateRow{
		{"inventory-of-record", "Device inventory of record", [5]Letters{"C", "A/R", "C", "I", "I"}},
		{"network-discovery", "Network discovery operation", [5]Letters{"R", "C", "A/R", "I", ""}},
		{"classification", "Classification approval", [5]Letters{"C", "A/R", "R", "I", ""}},
		{"procurement-review", "Procurement security review", [5]Letters{"R", "R", "A", "C", "C"}},
		{"mds2-sbom", "MDS2/SBOM collection", [5]Letters{"I", "R", "A/R", "I", "R"}},
		{"incoming-inspection", "Incoming inspection", [5]Letters{"I", "A/R", "I", "I", "C"}},
		{"network-onboarding", "Network onboarding (NAC/VLAN)", [5]Letters{"A/R", "R", "C", "I", "C"}},
		{Maintenance, "PM/corrective maintenance", [5]Letters{"I", "A/R", "I", "C", "R"}},
		{"patch-assessment", "Patch assessment", [5]Letters{"C", "R", "A/R", "I", "R"}},
		{PatchInstall, "Patch installation on medical device", [5]Letters{"C", "A/R", "C", "C", "R"}},
		{"workstation-patch", "OS patch of clinical workstation", [5]Letters{"A/R", "C", "C", "I", ""}},
		{"compensating-control", "Compensating control", [5]Letters{"R", "C", "A/R", "I", "C"}},
		{"remote-access", "Vendor remote access", [5]Letters{"R", "C", "A", "I", "R"}},
		{"segmentation-change", "Firewall/segmentation change", [5]Letters{"A/R", "C", "R", "C", "I"}},
		{"risk-scoring", "Risk scoring", [5]Letters{"I", "R", "A/R", "C", ""}},
		{"risk-acceptance", "Risk acceptance", [5]Letters{"I", "C", "R", "A", "I"}},
		{Incident, "Incident response, device", [5]Letters{"R", "R", "A/R", "C", "R"}},
		{"downtime", "Downtime/manual procedure", [5]Letters{"C", "C", "I", "A/R", ""}},
		{"recall", "Recall/MDR handling", [5]Letters{"I", "A/R", "C", "R", "R"}},
		{"backup-restore", "Backup/restore of device config", [5]Letters{"R", "A/R", "I", "I", "C"}},
		{"credentials", "User accounts/credentials", [5]Letters{"R", "C", "A", "I", ""}},
		{"decommission", "Decommission/sanitize", [5]Letters{"R", "A/R", "C", "I", "C"}},
		{"training", "Training & competency (technical staff)", [5]Letters{"R", "A/R", "R", "C", "C"}},
		{"capital-plan", "Capital replacement plan", [5]Letters{"C", "A/R", "C", "C", "I"}},
	}
}

// TemplateMatrix is the template as values: what StartFromTemplate writes.
func TemplateMatrix() ([]Activity, []Rule) {
	var activities []Activity
	var rules []Rule
	teams := templateTeams()
	for i, row := range template() {
		activities = append(activities, Activity{Key: row.key, Number: i + 1, Name: row.name, Source: TemplateSource})
		r := Rule{ID: fmt.Sprintf("template-%02d", i+1), Activity: row.key, Parties: map[Party]Letters{}, Source: TemplateSource}
		for j, l := range row.letters {
			if l != "" {
				r.Parties[TeamParty(teams[j])] = l
			}
		}
		rules = append(rules, r)
	}
	return activities, arrange(activities, rules)
}

// StartFromTemplate writes the template into an empty matrix, and says how many activities it has. A matrix that is
// not empty is left alone: it wraps fault.Conflict.
func (d *Duties) StartFromTemplate(tx *sqldb.Tx, by ledger.By) (int, error) {
	there, err := d.Activities(tx)
	if err != nil {
		return 0, err
	}
	if len(there) > 0 {
		return 0, fmt.Errorf("the matrix has %d activities already; the template is for an empty one: %w", len(there), fault.Conflict)
	}
	before, err := d.rules.List(tx)
	if err != nil {
		return 0, err
	}
	for _, e := range before { // rules of activities that were removed would come back with them
		if _, err := d.rules.Remove(tx, e.ID, by); err != nil {
			return 0, err
		}
	}
	activities, rules := TemplateMatrix()
	for _, a := range activities {
		if _, err := d.activities.Put(tx, a.Key, 0, a, by); err != nil {
			return 0, err
		}
	}
	for _, r := range rules {
		if _, err := d.rules.Add(tx, r, by); err != nil {
			return 0, err
		}
	}
	return len(activities), nil
}
