package plan

// Percentiles are what ten thousand draws of a plan came to.
type Percentiles struct {
	Draws       int               `json:"draws"`
	Seed        uint64            `json:"seed"`
	Percentiles []float64         `json:"percentiles"`
	Roles       []RolePercentiles `json:"roles"`
	TotalFTE    []YearPercentiles `json:"total_fte"`
	TotalCost   []YearPercentiles `json:"total_cost"`
}

// RolePercentiles are those of one role.
type RolePercentiles struct {
	Name  string            `json:"name"`
	Years []YearPercentiles `json:"years"`
}

// YearPercentiles are the values at the percentiles that were asked for, in their order, and the probability that the
// people who are there are enough.
type YearPercentiles struct {
	Year   int       `json:"year"`
	Mean   float64   `json:"mean"`
	Values []float64 `json:"values"`
	Enough *float64  `json:"enough,omitempty"`
}

// Swing is one bar of the tornado: what the result becomes when one assumption takes its low or its high value.
type Swing struct {
	Path string  `json:"path"`
	Name string  `json:"name"`
	Low  float64 `json:"low"`  // result with the assumption at its low
	High float64 `json:"high"` // result with it at its high
	Base float64 `json:"base"`
	Unit string  `json:"unit"` // FTE in the last year
}
