package web

import (
	"math"
	"time"
)

// styleguide shows every part once, for the checks of contrast and labels and for people who build pages. It is
// only there when Deps.Styleguide asks for it; what it shows is made up.
func (s *Server) styleguide(v *Visit) error {
	if v.Part() && v.Form("side") != "" {
		return v.Fragment(styleguideSide())
	}
	ages := []string{"0–7 d", "8–30 d", "31–90 d", "91–180 d", "> 180 d"}
	months := []string{"Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov"}
	charts := []Chart{
		{ID: "c-line", Title: "Reconciled devices", Kind: LineChart, Unit: "%", Along: "month", X: months, Series: []Series{
			{Name: "medical", Values: []float64{61, 64, 66, math.NaN(), 71, 74, 75, 79, 82, 84, 85, 86}},
			{Name: "IT", Values: []float64{70, 71, 75, 78, 78, 80, 84, 86, 88, 90, 91, 93}},
		}},
		{ID: "c-bar", Title: "Open findings by age", Kind: StackedChart, Unit: "findings", Along: "age", X: ages, Series: []Series{
			{Name: "critical", Values: []float64{3, 7, 4, 2, 1}, Status: Bad, Hrefs: []string{"/styleguide", "/styleguide", "/styleguide", "/styleguide", "/styleguide"}},
			{Name: "high", Values: []float64{12, 18, 22, 9, 14}, Status: Warn},
			{Name: "other", Values: []float64{31, 44, 38, 25, 60}, Status: Neutral},
		}},
		{ID: "c-heat", Title: "Patient safety by likelihood", Kind: HeatChart, Unit: "devices", Along: "likelihood", X: []string{"rare", "unlikely", "possible", "likely"}, Series: []Series{
			{Name: "negligible", Values: []float64{412, 120, 33, 4}}, {Name: "minor", Values: []float64{210, 96, 41, 9}},
			{Name: "serious", Values: []float64{88, 61, 22, 7}}, {Name: "life threatening", Values: []float64{12, 9, 6, 2}},
		}},
		{ID: "c-band", Title: "Staff needed", Kind: BandChart, Unit: "FTE", Along: "year", X: []string{"2026", "2027", "2028", "2029"}, Series: []Series{
			{Name: "BMET", Values: []float64{9, 9.5, 10.25, 11}, Low: []float64{8.5, 8.75, 9, 9.25}, High: []float64{9.5, 10.5, 12, 13.75}},
			{Name: "there now", Values: []float64{8, 8, 8, 8}, Status: Neutral},
		}},
		{ID: "c-across", Title: "Gap by role", Kind: AcrossChart, Unit: "FTE", Along: "role", X: []string{"BMET I/II", "Laboratory and dialysis specialist", "IT support"}, Series: []Series{
			{Name: "2026", Values: []float64{1.25, -0.5, 2}}, {Name: "2029", Values: []float64{2, 0, math.NaN()}},
		}},
		{ID: "c-tornado", Title: "What matters most", Kind: TornadoChart, Unit: "FTE", Along: "assumption", Base: 41.25, X: []string{"growth of connected medical", "wrench time", "hours of a PM"}, Series: []Series{
			{Name: "at its low", Values: []float64{39.5, 44, 41}}, {Name: "at its high", Values: []float64{43.75, 40, 41.5}},
		}},
		{ID: "c-step", Title: "What each step buys", Kind: StepChart, Unit: "hours", Along: "USD", X: []string{"0", "83,200", "190,000"}, At: []float64{0, 83200, 190000}, Series: []Series{
			{Name: "hours not covered", Values: []float64{4200, 2100, 900}},
		}},
		{ID: "c-fall", Title: "How the score comes about", Kind: WaterfallChart, Unit: "points", Along: "step", X: []string{"base", "exploited", "life support", "segmented", "score"}, Series: []Series{
			{Name: "points", Values: []float64{42, 18, 12, -33, 39}},
		}},
	}
	return v.Render(Page{
		Title: "Parts", About: "Every part that pages are made of, in one place. The figures are made up.", Fresh: v.Now.Add(-4 * time.Minute),
		Crumbs: []Link{{"Admin", "/admin/health"}}, Islands: []string{"chart"}, Actions: styleguideActions(),
	}, styleguideBody(charts, v.Now))
}

func styleguideFacets() []Facet {
	return []Facet{
		{"Category", []FacetValue{{"medical", 1204, "/styleguide", true}, {"it", 1410, "/styleguide", false}, {"iot", 310, "/styleguide", false}, {"network", 117, "/styleguide", false}}},
		{"Missing", []FacetValue{{"owner", 63, "/styleguide", false}, {"location", 27, "/styleguide", false}, {"a very long value that does not fit into the column", 3, "/styleguide", false}}},
	}
}
