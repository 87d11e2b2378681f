package web

import (
	"encoding/csv"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"pons/fault"
	"pons/plan"
)

// sheet is one table of a result as a file. Numbers are written without groups, so that a spreadsheet reads them.
type sheet struct {
	Key, Title string
	Head       []string
	Rows       [][]string
}

// sheets are all tables of the results.
func (r *resultView) sheets() []sheet {
	out := []sheet{r.roleSheet(), chartSheet("money", r.moneyChart()), r.classSheet()}
	for key, c := range map[string]*Chart{"gap": r.gapChart(), "hours": r.hoursChart(), "backlog": r.backlogChart()} {
		if c != nil {
			out = append(out, chartSheet(key, *c))
		}
	}
	if len(r.Out.Tornado) > 0 {
		out = append(out, r.swingSheet())
	}
	slices.SortStableFunc(out, func(a, b sheet) int { return slices.Index(sheetOrder(), a.Key) - slices.Index(sheetOrder(), b.Key) })
	return out
}

func sheetOrder() []string {
	return []string{"roles", "money", "gap", "hours", "backlog", "tornado", "classes"}
}

// plain writes a number for a file; nothing when it is not known.
func plain(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return strconv.FormatFloat(math.Round(v*1e4)/1e4, 'f', -1, 64)
}

// roleSheet has a line for each role and year: the three methods, what binds, who is there, money and backlog.
func (r *resultView) roleSheet() sheet {
	s := sheet{Key: "roles", Title: "FTE by role and year", Head: []string{"year", "role", "team", "driver", "driver_of", "ratio_fte", "workload_hours", "workload_fte", "coverage_fte", "binding", "required_fte"}}
	low, high, span := r.span()
	if span != "" {
		s.Head = append(s.Head, "p"+plain(r.Out.Percentiles.Percentiles[low]), "p"+plain(r.Out.Percentiles.Percentiles[high]), "probability_enough")
	}
	s.Head = append(s.Head, "current_fte", "available_fte", "gap_fte", "cost", "currency", "backlog_hours")
	known := peopleKnown(r.Plan)
	if !known {
		s.Head = slices.DeleteFunc(s.Head, func(h string) bool {
			return slices.Contains([]string{"current_fte", "available_fte", "gap_fte", "backlog_hours", "probability_enough"}, h)
		})
	}
	for y := range r.Out.Years {
		for i := range r.Out.Years[y].Roles {
			x := &r.Out.Years[y].Roles[i]
			row := []string{strconv.Itoa(r.Out.Years[y].Year), x.Name, string(x.Team), plain(x.Driver), x.DriverOf, plain(x.RatioFTE), plain(x.WorkloadHours), plain(x.WorkloadFTE), plain(x.CoverageFTE), string(x.Binding), plain(x.RequiredFTE)}
			if span != "" {
				l, h, ok := r.bandOf(x.Name, y)
				if !ok {
					l, h = math.NaN(), math.NaN()
				}
				row = append(row, plain(l), plain(h))
				if known {
					row = append(row, plain(r.enough(x.Name, y)))
				}
			}
			if known {
				row = append(row, plain(x.CurrentFTE), plain(x.AvailableFTE), plain(x.GapFTE))
			}
			row = append(row, strconv.FormatFloat(x.Cost, 'f', 2, 64), r.Plan.Currency)
			if known {
				row = append(row, plain(x.BacklogHours))
			}
			s.Rows = append(s.Rows, row)
		}
	}
	return s
}

// classSheet has a line for each class and year.
func (r *resultView) classSheet() sheet {
	s := sheet{Key: "classes", Title: "Devices by class and year", Head: []string{"year", "class", "question", "count", "added", "retired", "replaced"}}
	for y := range r.Out.Years {
		for i, c := range r.Out.Years[y].Classes {
			s.Rows = append(s.Rows, []string{strconv.Itoa(r.Out.Years[y].Year), c.Name, r.Plan.Classes[i].Inventory, strconv.Itoa(c.Count), strconv.Itoa(c.Added), strconv.Itoa(c.Retired), strconv.Itoa(c.Replaced)})
		}
	}
	return s
}

// swingSheet is the whole tornado.
func (r *resultView) swingSheet() sheet {
	s := sheet{Key: "tornado", Title: "What matters most", Head: []string{"assumption", "field", "at_low", "base", "at_high", "unit"}}
	for _, x := range r.Out.Tornado {
		s.Rows = append(s.Rows, []string{x.Name, x.Path, plain(x.Low), plain(x.Base), plain(x.High), x.Unit})
	}
	return s
}

// chartSheet is the table behind a picture.
func chartSheet(key string, c Chart) sheet {
	s := sheet{Key: key, Title: c.Title, Head: []string{c.Along}}
	for _, x := range c.Series {
		s.Head = append(s.Head, fmt.Sprintf("%s (%s)", x.Name, c.Unit))
	}
	for i, x := range c.X {
		row := []string{x}
		for _, series := range c.Series {
			row = append(row, plain(series.Values[i]))
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}

// planSheet gives one table of a result as CSV. A cell that a spreadsheet would take for a formula gets an apostrophe.
func (s *Server) planSheet(v *Visit) error {
	r, err := s.result(v)
	if err != nil {
		return err
	}
	if r.Pending { // a file has no second look
		if r.Out, err = s.outcome(v.Context(), r.Entry); err != nil {
			return err
		}
	}
	key, isCSV := strings.CutSuffix(v.R.PathValue("sheet"), ".csv")
	all := r.sheets()
	i := slices.IndexFunc(all, func(x sheet) bool { return x.Key == key })
	if i < 0 || !isCSV {
		return fmt.Errorf("the results have no table %q: %w", key, fault.NotFound)
	}
	h := v.W.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", attachment(r.Entry.Body.Name+" "+key, "csv"))
	h.Set("Cache-Control", "no-store")
	v.W.WriteHeader(http.StatusOK)
	out := csv.NewWriter(v.W)
	_ = out.Write(all[i].Head) // a browser that went away is no error of ours
	for _, row := range all[i].Rows {
		for j := range row {
			if _, err := strconv.ParseFloat(row[j], 64); err != nil { // a number below zero is no formula
				row[j] = inert(row[j])
			}
		}
		_ = out.Write(row)
	}
	out.Flush()
	return nil
}

// confidenceStatus gives a confidence its shape: what was read or counted, what somebody said, what was chosen.
func confidenceStatus(c plan.Confidence) Status {
	switch c {
	case plan.Verified, plan.Counted:
		return Good
	case plan.Secondary, plan.Stated:
		return Info
	case plan.Guess:
		return Warn
	}
	return Neutral
}

// confidenceTitle is a confidence in words.
func confidenceTitle(c plan.Confidence) string {
	switch c {
	case plan.Expert:
		return "expert's default"
	case plan.Guess:
		return "assumption"
	}
	return string(c)
}

// confidenceAbout says what a confidence means.
func confidenceAbout(c plan.Confidence) string {
	switch c {
	case plan.Verified:
		return "read in the source that is named"
	case plan.Secondary:
		return "from somebody's account of the source"
	case plan.Expert:
		return "an expert's default; no published source"
	case plan.Guess:
		return "chosen here; replace it"
	case plan.Counted:
		return "from this hospital's inventory or history"
	case plan.Stated:
		return "said by a person of this hospital"
	}
	return ""
}

// confidences lists them, best first.
func confidences() []plan.Confidence {
	return []plan.Confidence{plan.Counted, plan.Verified, plan.Stated, plan.Secondary, plan.Expert, plan.Guess}
}

// unproven says that a value rests on nobody's reading, counting or word.
func unproven(c plan.Confidence) bool { return c == plan.Expert || c == plan.Guess || c == "" }
