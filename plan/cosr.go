package plan

import (
	"fmt"
	"math"
)

// Cosr asks for the cost of service ratio: what keeping an inventory costs a year, over what the same inventory was
// bought for (domain note 1, §1.7). Lines are summed on both sides; ratios are never averaged.
type Cosr struct {
	Threshold float64    `json:"threshold,omitempty" as:"rate"` // least share of devices with an acquisition cost; 0.80 when empty
	Lines     []CosrLine `json:"lines"`
}

// CosrLine is a group of devices with both sides of the ratio, amounts a year.
type CosrLine struct {
	Name            string  `json:"name"`
	Labor           float64 `json:"labor,omitempty" as:"money"` // loaded
	Contracts       float64 `json:"contracts,omitempty" as:"money"`
	Parts           float64 `json:"parts,omitempty" as:"money"`
	TimeAndMaterial float64 `json:"time_and_material,omitempty" as:"money"`
	Overhead        float64 `json:"overhead,omitempty" as:"money"`
	Value           float64 `json:"acquisition_value" as:"money"` // of the devices whose cost is known
	Devices         int     `json:"devices,omitempty"`
	WithCost        int     `json:"devices_with_cost,omitempty"` // devices whose acquisition cost is known
}

// CosrThreshold is the share of devices with a known acquisition cost below which no benchmark is shown (expert
// default: a ratio over a fifth of unknown value says more about the records than about the service).
const CosrThreshold = 0.80

// CosrResult is the ratio with its quality.
type CosrResult struct {
	Cost, Value float64
	Ratio       float64 // NaN when the value is not known
	Share       float64 // of devices with a known acquisition cost; NaN when nothing is counted
	Threshold   float64
	Comparable  bool // good enough for a benchmark
	Because     string
	Benchmark   string // empty when not comparable
}

// Compute sums both sides and says whether the ratio may be compared with others'.
func (c *Cosr) Compute() CosrResult {
	r := CosrResult{Ratio: math.NaN(), Share: math.NaN(), Threshold: c.Threshold}
	if r.Threshold == 0 {
		r.Threshold = CosrThreshold
	}
	var devices, known int
	for _, l := range c.Lines {
		r.Cost += l.Labor + l.Contracts + l.Parts + l.TimeAndMaterial + l.Overhead
		r.Value += l.Value
		devices += l.Devices
		known += l.WithCost
	}
	if devices > 0 {
		r.Share = float64(known) / float64(devices)
	}
	if r.Value > 0 {
		r.Ratio = r.Cost / r.Value
	}
	switch {
	case r.Value <= 0:
		r.Because = "no acquisition value is known"
	case devices == 0:
		r.Because = "how many devices have an acquisition cost is not known"
	case r.Share < r.Threshold:
		r.Because = fmt.Sprintf("only %.0f %% of the devices have an acquisition cost; a benchmark needs %.0f %%", 100*r.Share, 100*r.Threshold)
	default:
		r.Comparable = true
		r.Because = fmt.Sprintf("%.0f %% of the devices have an acquisition cost", 100*r.Share)
		r.Benchmark = "3 to 7 % in-house, depending on imaging and laboratory; 5 % or less is often called good, without a standard (BI&T, verified)"
	}
	return r
}
