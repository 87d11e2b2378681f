// Package plan computes the people and the money that a hospital's devices need: classes of devices and how they grow,
// roles, three methods side by side (ratio, workload, coverage) and which of them binds, cost, backlog, uncertainty,
// and what to do with a budget. Its core is pure: a Plan goes in, numbers and the arithmetic behind them come out. It
// decides how counts become hours, hours become heads and heads become money; what devices there are is decided by the
// inventory, who works here by staff, and how a plan looks as a workbook, a page or a report by those above.
//
// The methods, defaults and worked examples are those of domain note 1 (resource planning); every default carries its
// source and confidence (Defaults) and can be changed.
package plan

import (
	"encoding/json"
	"math"
)

// Plan is one plan file: what is known, what is assumed, and how to count. The zero Plan is not valid; Read fills what
// a file leaves out with the defaults and says so.
type Plan struct {
	Name           string       `json:"name,omitempty"`
	Note           string       `json:"note,omitempty"`
	Currency       string       `json:"currency"`                  // ISO 4217; every amount of the plan
	BaseYear       int          `json:"base_year"`                 // the year of the counts
	Horizon        int          `json:"horizon_years"`             // years after it, 0 to 30
	WageEscalation float64      `json:"wage_escalation" as:"rate"` // per year, compounding from year 1
	Benefits       float64      `json:"benefits" as:"rate"`        // on top of salary
	Rounding       Rounding     `json:"rounding"`
	Method         Method       `json:"method"`
	Beds           float64      `json:"beds,omitempty"` // staffed beds, for ratios by beds
	BedGrowth      float64      `json:"bed_growth,omitempty" as:"rate"`
	Classes        []Class      `json:"classes"`
	Roles          []Role       `json:"roles"`
	Workload       Workload     `json:"workload,omitzero"`
	Coverage       []Coverage   `json:"coverage,omitempty"`
	Costs          []Cost       `json:"costs,omitempty"`
	Cosr           *Cosr        `json:"cosr,omitempty"`
	Simulation     Simulation   `json:"simulation,omitzero"`
	Assumptions    []Assumption `json:"assumptions,omitempty"`
	Baseline       *Baseline    `json:"baseline,omitempty"`
}

// Rounding is how FTE are rounded: up to the next step, after a slack of 1e-9 so that 3.0000 stays 3.
type Rounding string

// The roundings.
const (
	NoRounding Rounding = "none"
	QuarterUp  Rounding = "quarter-up"
	HalfUp     Rounding = "half-up"
	IntegerUp  Rounding = "integer-up"
)

// slack is what raw FTE may lie above a step and still count as that step (contract of the plan file).
const slack = 1e-9

// Step is the unit that FTE are rounded up to; 0 for none.
func (r Rounding) Step() float64 {
	switch r {
	case QuarterUp:
		return 0.25
	case HalfUp:
		return 0.5
	case IntegerUp:
		return 1
	}
	return 0
}

// Up rounds raw FTE.
func (r Rounding) Up(fte float64) float64 {
	step := r.Step()
	if step == 0 {
		return fte
	}
	return max(0, math.Ceil((fte-slack)/step)) * step
}

// Method says which of the first two methods counts. Coverage is a floor under each.
type Method string

// The methods.
const (
	ByRatio    Method = "ratio"
	ByWorkload Method = "workload"
	ByGreater  Method = "greater" // of the two
)

// Range is a number with its uncertainty: what it is at least, most likely and at most. Low = Mode = High when it is
// taken as certain; such a Range is a plain number in files.
type Range struct {
	Low  float64 `json:"low"`
	Mode float64 `json:"mode"`
	High float64 `json:"high"`
}

// Exactly is a number taken as certain.
func Exactly(v float64) Range { return Range{v, v, v} }

// Certain says that there is nothing to draw.
func (r Range) Certain() bool { return r.Low == r.High }

// IsZero says that it is nothing.
func (r Range) IsZero() bool { return r == Range{} }

// MarshalJSON writes a plain number when it is certain.
func (r Range) MarshalJSON() ([]byte, error) {
	if r.Certain() {
		return json.Marshal(r.Mode)
	}
	type object Range
	return json.Marshal(object(r))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Range) UnmarshalJSON(b []byte) error {
	var v float64
	if err := json.Unmarshal(b, &v); err == nil {
		*r = Exactly(v)
		return nil
	}
	type object Range
	return json.Unmarshal(b, (*object)(r))
}

// Class is a class of devices as the plan counts them.
type Class struct {
	Name      string   `json:"name"`
	Count     int      `json:"count"`                     // in the base year
	Inventory string   `json:"inventory,omitempty"`       // the question whose answer Count is: "category:medical"
	Growth    Range    `json:"growth,omitzero" as:"rate"` // per year, compounding
	Connected bool     `json:"connected,omitempty"`       // on the network
	SubsetOf  []string `json:"subset_of,omitempty"`       // classes that hold all of its devices
	// Pipeline is what is known beside the rate: projects that bring devices, retirements that take them away.
	Pipeline     []Change  `json:"pipeline,omitempty"`
	ExpectedLife float64   `json:"expected_life,omitempty"` // years; count ÷ life are replaced each year
	UnitCost     float64   `json:"unit_cost,omitempty" as:"money"`
	Risk         float64   `json:"risk,omitempty"` // weight of an hour not done, 1 when empty
	Contract     *Contract `json:"contract,omitempty"`
	Note         string    `json:"note,omitempty"`
}

// Change is a line of the pipeline. Replaced devices are work, and no growth.
type Change struct {
	Year    int    `json:"year"`
	Name    string `json:"name,omitempty"` // the project, or "end of support"
	Add     int    `json:"add,omitempty"`
	Retire  int    `json:"retire,omitempty"`
	Replace int    `json:"replace,omitempty"`
}

// Contract is the offer of somebody else to keep a class. Both ways are priced; InForce says which one counts.
type Contract struct {
	InForce        bool    `json:"in_force"`
	PricePerDevice float64 `json:"price_per_device,omitempty" as:"money"` // a year
	ShareOfCost    float64 `json:"share_of_cost,omitempty" as:"rate"`     // a year, of the acquisition cost
	Covers         float64 `json:"covers" as:"rate"`                      // share of PM and CM hours it takes over
	Parts          bool    `json:"parts,omitempty"`                       // parts are in the price
	PartsPerDevice float64 `json:"parts_per_device,omitempty" as:"money"` // a year, when in-house
	Escalation     float64 `json:"escalation,omitempty" as:"rate"`        // per year
	Vendor         string  `json:"vendor,omitempty"`
}

// Team is whose people they are.
type Team string

// The teams.
const (
	Biomed      Team = "biomed"
	IT          Team = "it"
	Security    Team = "security"
	Network     Team = "network"
	Informatics Team = "clinical-informatics"
	Vendor      Team = "vendor"
)

// Teams lists the teams in the order of menus.
func Teams() []Team { return []Team{Biomed, IT, Security, Network, Informatics, Vendor} }

// Role is a kind of job.
type Role struct {
	Name       string   `json:"name"`
	Team       Team     `json:"team,omitempty"`
	Salary     float64  `json:"salary" as:"money"` // a year, without benefits
	Currency   string   `json:"currency,omitempty"`
	Benefits   *float64 `json:"benefits,omitempty" as:"rate"` // instead of the plan's
	CurrentFTE float64  `json:"current_fte,omitempty"`
	OpenFTE    float64  `json:"open_fte,omitempty"` // approved and vacant
	MinFTE     float64  `json:"min_fte,omitempty"`  // a floor, as coverage is
	Ratio      *Ratio   `json:"ratio,omitempty"`
	Hours      *Hours   `json:"productive_hours,omitempty"` // instead of the workload's
	Skills     []string `json:"skills,omitempty"`
	Hires      []Hire   `json:"hires,omitempty"`
	RampMonths float64  `json:"ramp_up_months,omitempty"`      // until a new person does a whole person's work
	Attrition  float64  `json:"attrition,omitempty" as:"rate"` // people who leave, per year
	FillMonths float64  `json:"months_to_fill,omitempty"`      // until somebody follows
	Note       string   `json:"note,omitempty"`
}

// Hire is people who will come.
type Hire struct {
	Start string  `json:"start"` // "2027-03" or "2027-03-15"
	FTE   float64 `json:"fte"`
	Note  string  `json:"note,omitempty"`
}

// Ratio drives a role by what one FTE looks after. Exactly one of the four kinds is set.
type Ratio struct {
	DevicesPerFTE float64  `json:"devices_per_fte,omitempty"`
	ValuePerFTE   float64  `json:"value_per_fte,omitempty" as:"money"` // acquisition value of the classes
	Classes       []string `json:"classes,omitempty"`
	FTEPerFTE     float64  `json:"fte_per_fte,omitempty"` // span of control
	Roles         []string `json:"roles,omitempty"`
	BedsPerFTE    float64  `json:"beds_per_fte,omitempty"`
}

// Workload is the bottom-up list of work.
type Workload struct {
	Hours Hours  `json:"productive_hours,omitzero"`
	Items []Item `json:"items,omitempty"`
}

// IsZero says that nothing is listed.
func (w Workload) IsZero() bool { return w.Hours.IsZero() && len(w.Items) == 0 }

// Hours is what one FTE can do in a year: stated, or from its parts.
type Hours struct {
	Stated     float64 // productive hours; 0: from the parts
	Paid       float64 `json:"paid"` // 2,080 in the United States
	Vacation   float64 `json:"vacation"`
	Holidays   float64 `json:"holidays"`
	Sick       float64 `json:"sick"`
	Training   float64 `json:"training"`
	Admin      float64 `json:"admin_leave"`
	WrenchTime float64 `json:"wrench_time" as:"rate"` // share of the available hours that is hands-on work
}

// IsZero says that nothing is stated.
func (h Hours) IsZero() bool { return h == Hours{} }

// MarshalJSON writes a number when the hours are stated.
func (h Hours) MarshalJSON() ([]byte, error) {
	if h.Stated != 0 {
		return json.Marshal(h.Stated)
	}
	type parts struct {
		Paid       float64 `json:"paid"`
		Vacation   float64 `json:"vacation"`
		Holidays   float64 `json:"holidays"`
		Sick       float64 `json:"sick"`
		Training   float64 `json:"training"`
		Admin      float64 `json:"admin_leave"`
		WrenchTime float64 `json:"wrench_time"`
	}
	return json.Marshal(parts{h.Paid, h.Vacation, h.Holidays, h.Sick, h.Training, h.Admin, h.WrenchTime})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (h *Hours) UnmarshalJSON(b []byte) error {
	var v float64
	if err := json.Unmarshal(b, &v); err == nil {
		*h = Hours{Stated: v}
		return nil
	}
	type parts Hours
	return json.Unmarshal(b, (*parts)(h))
}

// Available is the hours that somebody is there in a year. Stated productive hours say nothing of them: the default
// then (domain note 1, §1.3: 1,784).
func (h Hours) Available() float64 {
	if h.Stated != 0 || h.IsZero() {
		return DefaultHours().Available()
	}
	return h.Paid - h.Vacation - h.Holidays - h.Sick - h.Training - h.Admin
}

// Productive is the hours of hands-on work in a year.
func (h Hours) Productive() float64 {
	switch {
	case h.Stated != 0:
		return h.Stated
	case h.IsZero():
		return DefaultHours().Productive()
	}
	return h.Available() * h.WrenchTime
}

// DefaultHours is domain note 1, §1.3: 2,080 − 120 − 80 − 56 − 40 = 1,784 available, × 0.75 = 1,338 productive. The
// share is Johnston's (verified); the parts are an expert's default.
func DefaultHours() Hours {
	return Hours{Paid: 2080, Vacation: 120, Holidays: 80, Sick: 56, Training: 40, WrenchTime: 0.75}
}

// Work is a kind of work.
type Work string

// The kinds of work, in the order of pictures.
const (
	PM       Work = "pm"
	CM       Work = "cm"
	Incoming Work = "incoming"
	Recall   Work = "recall"
	Patch    Work = "patch"
	Audit    Work = "audit"
	Project  Work = "project"
	Training Work = "training"
	After    Work = "after-hours"
	Retiring Work = "retiring"
	Other    Work = "other"
)

// Works lists the kinds of work in the order of pictures.
func Works() []Work {
	return []Work{PM, CM, Incoming, Recall, Patch, Audit, Project, Training, After, Retiring, Other}
}

// Item is one line of work: events a year × hours each. Exactly one way of counting events is set.
type Item struct {
	Role          string  `json:"role"`
	Class         string  `json:"class,omitempty"`
	Name          string  `json:"name"`
	Work          Work    `json:"work,omitempty"`             // read from the name when empty
	PerDeviceYear Range   `json:"per_device_year,omitzero"`   // events for each device of the class
	PerAdded      float64 `json:"per_added_device,omitempty"` // for each device that comes, replacements too
	PerRetired    float64 `json:"per_retired_device,omitempty"`
	EventsPerYear float64 `json:"events_per_year,omitempty"`  // whatever the count
	HoursPerYear  float64 `json:"hours_per_year,omitempty"`   // a sum; Hours is then not used
	Growth        float64 `json:"growth,omitempty" as:"rate"` // of EventsPerYear and HoursPerYear
	Hours         Range   `json:"hours,omitzero"`             // each
	Skill         string  `json:"skill,omitempty"`
	Note          string  `json:"note,omitempty"`
}

// Coverage is one demand that somebody answers: seats that are staffed, a desk that answers calls in time, or an
// on-call rotation. The demands of a role add up; a rotation is a least number of people beside them.
type Coverage struct {
	Role string `json:"role"`
	Name string `json:"name,omitempty"`

	Seats          float64 `json:"seats,omitempty"`
	HoursPerWeek   float64 `json:"hours_per_week,omitempty"`
	AvailableHours float64 `json:"available_hours,omitempty"` // of one FTE a year; 0: the role's

	CallsPerHour  float64       `json:"calls_per_hour,omitempty"`
	HandleMinutes float64       `json:"handle_minutes,omitempty"`
	ServiceLevel  *ServiceLevel `json:"service_level,omitempty"`
	MaxOccupancy  float64       `json:"max_occupancy,omitempty" as:"rate"`
	Shrinkage     *float64      `json:"shrinkage,omitempty" as:"rate"` // share of paid time away from the desk; default 0.30
	Shifts        float64       `json:"shifts,omitempty"`              // default 1

	OnCall *OnCall `json:"on_call,omitempty"`
}

// ServiceLevel is the share of calls answered within some seconds.
type ServiceLevel struct {
	Seconds float64 `json:"seconds"`
	Share   float64 `json:"share" as:"rate"`
}

// OnCall is a rotation outside of core hours and what it costs (domain note 1, §1.5).
type OnCall struct {
	MaxShare     float64 `json:"max_share" as:"rate"`               // of weeks that one person may be on call: 0.25
	StandbyRate  float64 `json:"standby_rate,omitempty" as:"money"` // an hour
	CoreHours    float64 `json:"core_hours,omitempty"`              // a year; 2,000 when empty
	CallOuts     float64 `json:"call_outs,omitempty"`               // a year
	MinCallHours float64 `json:"min_call_hours,omitempty"`
	CallHours    float64 `json:"call_hours,omitempty"` // on average
	OvertimeRate float64 `json:"overtime,omitempty"`   // 1.5
	HourlyWage   float64 `json:"hourly,omitempty" as:"money"`
}

// Cost is money beside wages: tools, training, overhead, parts.
type Cost struct {
	Name       string   `json:"name"`
	Kind       string   `json:"kind,omitempty"` // tools, training, parts, time-and-material, overhead, other
	PerYear    float64  `json:"per_year,omitempty" as:"money"`
	PerFTE     float64  `json:"per_fte,omitempty" as:"money"` // of Roles, or of all
	Roles      []string `json:"roles,omitempty"`
	From       int      `json:"from,omitempty"`  // first year; 0: the base year
	Until      int      `json:"until,omitempty"` // last year; 0: the end
	Escalation float64  `json:"escalation,omitempty" as:"rate"`
}

// Simulation is how uncertainty is drawn.
type Simulation struct {
	Draws       int       `json:"draws,omitempty"`
	Seed        uint64    `json:"seed,omitempty"`
	Percentiles []float64 `json:"percentiles,omitempty"`
}

// IsZero says that nothing is asked.
func (s Simulation) IsZero() bool { return s.Draws == 0 && s.Seed == 0 && len(s.Percentiles) == 0 }

// Assumption says where a value of the plan comes from.
type Assumption struct {
	Path       string     `json:"path"`            // "roles/BMET I/II/ratio/devices_per_fte", by names
	Value      string     `json:"value,omitempty"` // as it was when this was written
	Unit       string     `json:"unit,omitempty"`
	Source     string     `json:"source"`
	Date       string     `json:"date,omitempty"`
	Confidence Confidence `json:"confidence"`
	Note       string     `json:"note,omitempty"`
}

// Confidence is how far a value is to be believed.
type Confidence string

// The confidences, best first.
const (
	Verified  Confidence = "verified"   // read in the source that is named
	Secondary Confidence = "secondary"  // in somebody's account of it
	Expert    Confidence = "expert"     // an expert's default
	Guess     Confidence = "assumption" // chosen here
	Counted   Confidence = "counted"    // from the hospital's own inventory or history
	Stated    Confidence = "stated"     // said by a person of the hospital
)
