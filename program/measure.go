package program

import (
	"fmt"
	"math"
	"slices"
)

// Figure names one number that another package holds. The faces gather figures; what nobody holds is absent.
type Figure string

// Figures are plain numbers by name: counts, hours, heads. A figure that is not there is not known, never zero.
type Figures map[Figure]float64

// The figures of the inventory (whole hospital, or a scope), of staff and of duties. Counts are of devices where
// nothing else is said.
const (
	Devices       Figure = "devices"
	Medical       Figure = "medical"
	Seen          Figure = "seen"            // by a source of the network, ever
	SeenCMMS      Figure = "seen.cmms"       // and recorded in a CMMS
	SeenMedical   Figure = "seen.medical"    // medical ones
	SeenMedCMMS   Figure = "seen.medical.in" // medical ones, recorded in a CMMS
	InCMMS        Figure = "cmms"
	CMMSLost      Figure = "cmms.lost" // in a CMMS, made to be connected, not seen for 30 days
	Reconciled    Figure = "reconciled"
	Unclassified  Figure = "unclassified"
	Conflicting   Figure = "conflict"
	Doubled       Figure = "duplicate"
	Unrecorded    Figure = "unrecorded"
	Ownerless     Figure = "no-owner"
	Placeless     Figure = "no-location"
	SeenAgeP90    Figure = "seen.age.p90" // days since last seen that 9 of 10 seen devices do not exceed
	PMKnown       Figure = "pm"           // a next planned maintenance is recorded
	PMLate        Figure = "pm.late"
	PMKnownLife   Figure = "pm.life"
	PMLateLife    Figure = "pm.life.late"
	ContractsSoon Figure = "contract.soon" // contracts that end within 90 days
	Unanswered    Figure = "unanswered"    // nobody answers for them at this moment
	Asked         Figure = "answerable"    // for which it was asked who answers

	Heads         Figure = "fte"          // FTE in post
	OpenPosts     Figure = "fte.open"     // FTE of posts that are vacant
	AllPosts      Figure = "fte.all"      // FTE in post and vacant
	MissingFTE    Figure = "fte.missing"  // FTE that the plan in force asks for this year and its roles lack; one role's surplus fills no other's gap
	TrainingHours Figure = "training"     // hours of training in the last 365 days
	LoneSkills    Figure = "skill.single" // skills that fewer than two people hold
	CertsExpired  Figure = "cert.expired" // certificates past their day
)

// FieldFigure is how many devices have a value in a field.
func FieldFigure(field string) Figure { return Figure("has." + field) }

// Mandatory are the fields that a record should have, as the inventory names them: what a work order, a recall and an
// incident each begin with (expert; a hospital changes targets, not the list).
func Mandatory() []string {
	return []string{"class", "manufacturer", "model", "serial", "site", "department", "owner", "version"}
}

// Measure is how a KPI is computed from figures. With Of it is a rate, Part divided by Of times Times; without it is
// Part.
type Measure struct {
	Name            string
	Part, Of        Figure
	Times           float64 // 100 for per cent; 0 is 1
	Rest            bool    // of a rate: what is not Part
	SampleOf        Figure  // of what is no rate but still wants enough rows, as a percentile does
	Rows, Otherwise Figure  // whose devices the number leads to: those counted, and those that are missing from it
}

// SmallestBase is the least denominator that a rate is shown for: with fewer, one device is more than ten points
// (domain/09 §9.2: n < 10 is suppressed).
const SmallestBase = 10

// Value is what a measure comes to.
type Value struct {
	Known      bool // there is something to show: a number, or that it is suppressed
	Suppressed bool // fewer than SmallestBase in the denominator
	Number     float64
	Part, Of   float64 // of a rate; Of is 0 where there is no denominator
	Missing    []Figure
}

// Take computes the measure. A figure that is not known, not a number or infinite makes the value unknown.
func (m Measure) Take(f Figures) Value {
	var v Value
	get := func(name Figure) float64 {
		if name == "" {
			return 0
		}
		n, ok := f[name]
		if !ok || math.IsNaN(n) || math.IsInf(n, 0) {
			v.Missing = append(v.Missing, name)
		}
		return n
	}
	part, of, sample := get(m.Part), get(m.Of), get(m.SampleOf)
	if len(v.Missing) > 0 {
		return v
	}
	v.Known = true
	if m.Rest {
		part = of - part
	}
	base := of
	if m.SampleOf != "" {
		base = sample
	}
	if m.Of != "" || m.SampleOf != "" {
		v.Part, v.Of = part, base
		if base < SmallestBase {
			return Value{Known: true, Suppressed: true, Of: base}
		}
	}
	times := m.Times
	if times == 0 {
		times = 1
	}
	if m.Of != "" {
		v.Number = part / of * times
	} else {
		v.Number = part * times
	}
	return v
}

// Measures are all that Pons computes, by name.
func Measures() []Measure {
	list := []Measure{
		{Name: "devices", Part: Devices, Rows: Devices},
		{Name: "reconciled", Part: Reconciled, Of: Devices, Times: 100, Rows: Reconciled, Otherwise: Devices},
		{Name: "coverage", Part: SeenCMMS, Of: Seen, Times: 100, Rows: SeenCMMS, Otherwise: Seen},
		{Name: "coverage-medical", Part: SeenMedCMMS, Of: SeenMedical, Times: 100, Rows: SeenMedCMMS, Otherwise: SeenMedical},
		{Name: "unknown-class", Part: Unclassified, Of: Devices, Times: 100, Rows: Unclassified},
		{Name: "conflicts", Part: Conflicting, Rows: Conflicting},
		{Name: "duplicates", Part: Doubled, Rows: Doubled},
		{Name: "unrecorded", Part: Unrecorded, Of: Seen, Times: 100, Rows: Unrecorded},
		{Name: "no-owner", Part: Ownerless, Of: Devices, Times: 100, Rows: Ownerless},
		{Name: "no-location", Part: Placeless, Of: Devices, Times: 100, Rows: Placeless},
		{Name: "cmms-lost", Part: CMMSLost, Of: InCMMS, Times: 100, Rows: CMMSLost},
		{Name: "freshness", Part: SeenAgeP90, SampleOf: Seen, Rows: Seen},
		{Name: "pm-late", Part: PMLate, Of: PMKnown, Times: 100, Rows: PMLate},
		{Name: "pm-current-life", Part: PMLateLife, Of: PMKnownLife, Times: 100, Rest: true, Rows: PMKnownLife, Otherwise: PMLateLife},
		{Name: "contracts-soon", Part: ContractsSoon, Rows: ContractsSoon},
		{Name: "unanswered", Part: Unanswered, Of: Asked, Times: 100},
		{Name: "vacancy", Part: OpenPosts, Of: AllPosts, Times: 100},
		{Name: "staffing-gap", Part: MissingFTE},
		{Name: "training-hours", Part: TrainingHours, Of: Heads},
		{Name: "single-skills", Part: LoneSkills},
		{Name: "certs-expired", Part: CertsExpired},
	}
	for _, field := range Mandatory() {
		list = append(list, Measure{Name: "complete-" + field, Part: FieldFigure(field), Of: Devices, Times: 100, Rows: FieldFigure(field), Otherwise: Devices})
	}
	return list
}

// MeasureNamed finds a measure.
func MeasureNamed(name string) (Measure, bool) {
	list := Measures()
	i := slices.IndexFunc(list, func(m Measure) bool { return m.Name == name })
	if name == "" || i < 0 {
		return Measure{}, false
	}
	return list[i], true
}

// Lacks says in words what a value waits for.
func (v Value) Lacks() string {
	if len(v.Missing) == 0 {
		return ""
	}
	return fmt.Sprintf("not measured: Pons does not hold %q yet", string(v.Missing[0]))
}
