package web

import (
	"encoding/json"
	"math"
)

// ChartKind is how a chart draws its series. No pies, no gauges.
type ChartKind string

// The kinds: a line for a trend, bars for a comparison, a heat map for two ordered scales (X across, one series a
// row), a band for a projection (Low and High around Values; a series without them is a line to compare with), a
// waterfall for arithmetic (one series, first and last are totals), bars that lie across for long names and both signs,
// a tornado (two series: what the result becomes with each assumption at its low and at its high, around Base), steps
// along a numeric axis (At).
const (
	LineChart      ChartKind = "line"
	BarChart       ChartKind = "bar"
	StackedChart   ChartKind = "stacked"
	HeatChart      ChartKind = "heat"
	BandChart      ChartKind = "band"
	WaterfallChart ChartKind = "waterfall"
	AcrossChart    ChartKind = "across"
	TornadoChart   ChartKind = "tornado"
	StepChart      ChartKind = "step"
	RadarChart     ChartKind = "radar" // levels of the domains of X, from 0 to Top; for maturity only
)

// Chart is a picture with the table behind it. The page must name the island "chart" (Page.Islands).
type Chart struct {
	ID     string // unique on the page
	Title  string
	Kind   ChartKind
	Unit   string   // "devices", "%", "USD"
	Along  string   // what X is: "month", "likelihood"
	X      []string // one for each value of every series
	Series []Series
	Tall   bool
	Base   float64   // of a tornado: the result that its bars lie around
	At     []float64 // of steps: where each of X lies on the axis
	Top    float64   // of a radar: the highest level
}

// Series is one row of values. NaN is unknown and leaves a gap. Hrefs, where given, lead to the rows behind each
// value. Status is only for series that are a status.
type Series struct {
	Name      string
	Values    []float64
	Low, High []float64
	Hrefs     []string
	Status    Status
}

type chartJSON struct {
	Kind   ChartKind    `json:"kind"`
	Title  string       `json:"title"`
	Unit   string       `json:"unit"`
	Along  string       `json:"along"`
	X      []string     `json:"x"`
	Series []seriesJSON `json:"series"`
	Base   float64      `json:"base,omitempty"`
	At     []jsonNum    `json:"at,omitempty"`
	Top    float64      `json:"top,omitempty"`
}

type seriesJSON struct {
	Name   string    `json:"name"`
	Values []jsonNum `json:"values"`
	Low    []jsonNum `json:"low,omitempty"`
	High   []jsonNum `json:"high,omitempty"`
	Hrefs  []string  `json:"hrefs,omitempty"`
	Status Status    `json:"status,omitempty"`
}

// jsonNum is a number that may be unknown: NaN and infinities become null.
type jsonNum float64

func (n jsonNum) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

func (c Chart) data() chartJSON {
	nums := func(in []float64) []jsonNum {
		out := make([]jsonNum, len(in))
		for i, v := range in {
			out[i] = jsonNum(v)
		}
		return out
	}
	d := chartJSON{Kind: c.Kind, Title: c.Title, Unit: c.Unit, Along: c.Along, X: c.X, Base: c.Base, At: nums(c.At), Top: c.Top}
	for _, s := range c.Series {
		d.Series = append(d.Series, seriesJSON{Name: s.Name, Values: nums(s.Values), Low: nums(s.Low), High: nums(s.High), Hrefs: s.Hrefs, Status: s.Status})
	}
	return d
}

// cell is the text of one value in the table behind the picture, empty when it is not known.
func (s Series) cell(i int) string {
	if i >= len(s.Values) || math.IsNaN(s.Values[i]) {
		return ""
	}
	text := trimFloat(s.Values[i])
	if i < len(s.Low) && i < len(s.High) {
		text += " (" + trimFloat(s.Low[i]) + "–" + trimFloat(s.High[i]) + ")"
	}
	return text
}

func (s Series) href(i int) string {
	if i < len(s.Hrefs) {
		return s.Hrefs[i]
	}
	return ""
}

func trimFloat(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return Count(int(v))
	}
	whole, frac := math.Modf(math.Round(v*100) / 100)
	out := Count(int(whole))
	if whole == 0 && v < 0 {
		out = "−0"
	}
	b, _ := json.Marshal(math.Round(math.Abs(frac)*100) / 100)
	if len(b) > 1 {
		out += string(b[1:])
	}
	return out
}
