package plan

// Default is a figure that Pons ships: with its unit, where it comes from, of when that is, and how far it is to be
// believed. Every one can be changed in a plan; what a hospital counts itself is better.
type Default struct {
	Key        string     `json:"key"` // "ratio/BMET I/II"
	Title      string     `json:"title"`
	Value      float64    `json:"value"`
	Low        float64    `json:"low,omitempty"` // sensible range; both 0: none known
	High       float64    `json:"high,omitempty"`
	Unit       string     `json:"unit"`
	Source     string     `json:"source"`
	Date       string     `json:"date"` // of the source
	Confidence Confidence `json:"confidence"`
	Note       string     `json:"note,omitempty"`
}

// The defaults of a plan that says nothing of them (domain note 1, §1.6; expert defaults).
const (
	DefaultBenefits       = 0.28
	DefaultWageEscalation = 0.035
	DefaultHorizon        = 3
)

const (
	noteRatio = "default of Pons, by experience; no published benchmark was found"
	noteHours = "default of Pons, by experience; no published table was found"
	noteOwn   = "default of Pons, by experience"
	survey    = "24x7 salary surveys 2019 to 2024"
)

// Defaults lists every figure that Template uses, in the order of a plan.
func Defaults() []Default {
	return []Default{
		{"benefits", "Benefits", DefaultBenefits, 0.25, 0.40, "of salary", noteOwn, "2026", Expert, ""},
		{"wage_escalation", "Rise of wages", DefaultWageEscalation, 0.02, 0.05, "a year", noteOwn, "2026", Expert, ""},
		{"hours/paid", "Paid hours", 2080, 0, 0, "hours a year", "40 h × 52 weeks; bmet wiki", "2026", Secondary, ""},
		{"hours/vacation", "Vacation", 120, 80, 200, "hours a year", noteOwn, "2026", Expert, ""},
		{"hours/holidays", "Holidays", 80, 48, 96, "hours a year", noteOwn, "2026", Expert, ""},
		{"hours/sick", "Sick leave", 56, 24, 96, "hours a year", noteOwn, "2026", Expert, ""},
		{"hours/training", "Training", 40, 20, 120, "hours a year", noteOwn, "2026", Expert, "Keep 10 to 15 % of the hours for training in the first two years."},
		{"hours/wrench_time", "Hands-on share of the hours (wrench time)", 0.75, 0.60, 0.80, "of available hours", "G. I. Johnston, A Maintenance Model for Clinical Engineering, IEEE (abstract)", "1980s", Verified, "Old, and of one hospital."},

		{"growth/biomed", "Growth of general biomed", 0.03, 0.01, 0.04, "a year", noteOwn, "2026", Expert, ""},
		{"growth/imaging", "Growth of imaging", 0.02, 0.01, 0.03, "a year", noteOwn, "2026", Expert, ""},
		{"growth/connected medical", "Growth of connected medical devices", 0.12, 0.08, 0.15, "a year", noteOwn, "2026", Expert, ""},
		{"growth/IT endpoints", "Growth of IT endpoints", 0.04, 0.02, 0.06, "a year", "chosen for this template", "2026", Guess, ""},
		{"growth/IoT and building", "Growth of IoT and building devices", 0.15, 0.10, 0.20, "a year", noteOwn, "2026", Expert, ""},

		{"ratio/BMET I/II", "General biomed devices per BMET I/II", 1000, 500, 1700, "devices per FTE", noteRatio, "2026", Expert, "24x7: 1 BMET per 1,000 devices; 1,500 low-end; about 1,700 general items (verified as published, not as true)."},
		{"ratio/BMET III", "General biomed devices per BMET III", 2000, 1500, 3000, "devices per FTE", noteRatio, "2026", Expert, ""},
		{"ratio/Imaging engineer", "Imaging systems per engineer", 45, 20, 70, "systems per FTE", noteRatio, "2026", Expert, ""},
		{"ratio/Laboratory and dialysis specialist", "Laboratory, dialysis and anesthesia systems per specialist", 150, 80, 250, "systems per FTE", noteRatio, "2026", Expert, ""},
		{"ratio/Clinical systems engineer", "Connected medical devices per engineer", 1200, 800, 2500, "devices per FTE", noteRatio, "2026", Expert, ""},
		{"ratio/Medical device security analyst", "Connected medical and IoT devices per analyst", 3000, 2000, 5000, "devices per FTE", noteRatio, "2026", Expert, "HFMA warns against ratios by size alone: the least positions must be filled in small organisations too."},
		{"ratio/IT support", "Endpoints per support technician", 500, 250, 800, "devices per FTE", noteRatio, "2026", Expert, ""},
		{"ratio/Network engineer", "Connected devices per network engineer", 4000, 2500, 6000, "devices per FTE", noteRatio, "2026", Expert, ""},
		{"ratio/Asset coordinator", "Devices per asset and inventory coordinator", 10000, 6000, 15000, "devices per FTE", noteRatio, "2026", Expert, ""},
		{"ratio/HTM manager", "HTM people per manager", 12, 8, 15, "FTE per FTE", noteRatio, "2026", Expert, ""},

		{"salary/BMET I/II", "BMET I/II", 65000, 55000, 75000, "USD a year", survey, "2024", Expert, "The surveys' rises are verified, the level of 2024 is not."},
		{"salary/BMET III", "BMET III", 82000, 74000, 91000, "USD a year", survey, "2024", Expert, "74.2 k in 2019 and three rises since."},
		{"salary/Imaging engineer", "Imaging engineer", 105000, 100000, 125000, "USD a year", survey, "2024", Expert, "Above 100 k in every region in 2024 (verified)."},
		{"salary/Laboratory and dialysis specialist", "Laboratory and dialysis specialist", 88000, 78000, 98000, "USD a year", "between BMET III and imaging", "2026", Guess, ""},
		{"salary/Clinical systems engineer", "Clinical systems engineer", 100000, 90000, 112000, "USD a year", survey, "2024", Expert, "Clinical engineers: 101.5 k in 2024, derived."},
		{"salary/Medical device security analyst", "Medical device security analyst", 112000, 95000, 135000, "USD a year", "chosen for this template", "2026", Guess, "BLS has information security analysts near 125 k in May 2024 (from memory, not verified)."},
		{"salary/IT support", "IT support", 60000, 50000, 70000, "USD a year", "BLS, from memory", "2024", Expert, ""},
		{"salary/Network engineer", "Network engineer", 98000, 83510, 115000, "USD a year", "chosen for this template", "2026", Guess, "BLS 15-1244: median 83,510 in May 2019 (verified, old)."},
		{"salary/Asset coordinator", "Asset coordinator", 55000, 45000, 65000, "USD a year", "chosen for this template", "2026", Guess, ""},
		{"salary/HTM manager", "HTM manager", 118000, 105000, 130000, "USD a year", survey, "2023", Expert, "116.8 k in 2023, derived."},

		{"work/incoming inspection", "Incoming inspection", 0.75, 0.5, 1.0, "hours per device", noteHours, "2026", Expert, ""},
		{"work/recall events", "Devices that a recall or alert affects", 0.05, 0.02, 0.15, "of the devices a year", "chosen for this template", "2026", Guess, "Replace it by your own count of affected devices."},
		{"work/recall", "Recall or alert", 0.5, 0.25, 1.0, "hours per affected device", noteHours, "2026", Expert, ""},
		{"work/patch campaigns", "Patch campaigns that touch a connected device", 1, 0.5, 3, "a year", "chosen for this template", "2026", Guess, ""},
		{"work/patch", "Cyber patch", 0.75, 0.5, 1.5, "hours per device and campaign", noteHours, "2026", Expert, ""},
		{"work/audit", "Inventory audit", 0.05, 0.03, 0.10, "hours per device and year", noteHours, "2026", Expert, ""},
		{"work/decommission", "Decommission and sanitize", 0.75, 0.5, 2.0, "hours per device", "chosen for this template", "2026", Guess, ""},
		{"life/biomed", "Expected life of medical devices", 10, 7, 12, "years", "chosen for this template", "2026", Guess, "Replace it by your capital plan's lives."},
		{"on-call/share", "Weeks that one person is on call, at most", 0.25, 0.2, 0.34, "of the weeks", "default of Pons, by experience: 1 week in 4", "2026", Expert, ""},
	}
}

// DefaultOf finds a default by its key.
func DefaultOf(key string) (Default, bool) {
	for _, d := range Defaults() {
		if d.Key == key {
			return d, true
		}
	}
	return Default{}, false
}

// Care is the maintenance that one class of devices takes (domain note 1, §1.4: an expert's defaults; observed hours
// for some of them differ by 10 %).
type Care struct {
	Class     string // of the plan
	Question  string // to the inventory
	Role      string
	PM        float64 // visits a year
	PMHours   float64
	CM        float64 // repairs per device and year
	CMHours   float64
	Risk      float64 // weight of an hour not done, by PM risk class: low 1, medium 2, maker's schedule 3, high 4, life support 8 (chosen here)
	RiskClass string
}

// Cares lists the classes in the order of the note.
func Cares() []Care {
	const bmet, senior, imaging, lab = "BMET I/II", "BMET III", "Imaging engineer", "Laboratory and dialysis specialist"
	return []Care{
		{"infusion pumps", "class:(infusion-pump,infusion-pump-module,pca-pump,ambulatory-pump,mri-infusion-pump)", bmet, 1, 0.5, 0.35, 1.5, 4, "high"},
		{"syringe pumps", "class:syringe-pump", bmet, 1, 0.5, 0.25, 1.3, 4, "high"},
		{"ventilators", "class:(ventilator,transport-ventilator,hfo-ventilator)", senior, 2, 1.5, 0.60, 3.0, 8, "life support"},
		{"anesthesia machines", "class:anesthesia-machine", senior, 2, 2.5, 0.80, 3.0, 8, "life support"},
		{"defibrillators", "class:(defibrillator,aed)", bmet, 2, 1.0, 0.20, 2.0, 8, "life support"},
		{"patient monitors", "class:(patient-monitor,vital-signs-monitor,fetal-monitor)", bmet, 1, 0.75, 0.25, 1.5, 4, "high"},
		{"central stations", "class:(central-station,telemetry-receiver,monitoring-server)", senior, 2, 2.0, 0.8, 3.0, 4, "high"},
		{"ECG carts", "class:ecg", bmet, 1, 0.75, 0.3, 1.5, 2, "medium"},
		{"ultrasound", "class:ultrasound", imaging, 2, 1.5, 0.6, 3.0, 2, "medium"},
		{"CT", "class:(ct,pet-ct)", imaging, 4, 5, 6, 5, 3, "maker's schedule"},
		{"MR", "class:mri", imaging, 4, 6, 5, 6, 3, "maker's schedule"},
		{"X-ray rooms", "class:(x-ray,mobile-x-ray,fluoroscopy,angiography,c-arm)", imaging, 2, 4, 3, 4, 3, "maker's schedule"},
		{"mammography", "class:mammography", imaging, 2, 4, 2, 4, 3, "maker's schedule and MQSA"},
		{"dialysis", "class:(dialysis,crrt,peritoneal-dialysis)", lab, 2, 2, 1.5, 2.5, 8, "life support"},
		{"laboratory analyzers", "class:(lab-analyzer,immunoassay-analyzer,hematology-analyzer,coagulation-analyzer,urinalysis-analyzer,microbiology-analyzer,molecular-analyzer,blood-bank-analyzer,blood-gas-analyzer)", lab, 2, 3, 2, 4, 3, "maker's schedule"},
		{"electrosurgical units", "class:electrosurgical-unit", bmet, 1, 1.0, 0.2, 1.5, 4, "high"},
		{"incubators and warmers", "class:(incubator,transport-incubator,infant-warmer)", senior, 2, 1.0, 0.3, 2.0, 8, "life support"},
	}
}

// lowRisk is the rest of biomed: beds, scales, thermometers and what has no line of its own (0 to 0.3 PM a year).
var lowRisk = Care{"other biomed", "", "BMET I/II", 0.3, 0.4, 0.15, 1.0, 1, "low"}
