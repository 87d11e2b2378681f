package web

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pons/plan"
)

// resultView is one state of a scenario beside what it comes to, as pages show it.
type resultView struct {
	Entry   scenarioEntry
	Plan    *plan.Plan
	Out     *plan.Projection
	Version int64  // of an earlier state that is looked at; 0 is the newest
	Y       int    // the year that the methods are shown of
	Role    string // whose FTE are drawn; empty: all
	Pending bool   // the draws still run
}

// amount writes FTE and hours: whole where they are, else with two decimals.
func amount(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return trimFloat(v)
}

// signed writes a difference with its sign.
func signed(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	if math.Round(v*100) > 0 {
		return "+" + trimFloat(v)
	}
	return trimFloat(v)
}

// coins writes money in whole units: nobody plans cents.
func coins(v float64) string {
	if math.IsNaN(v) || math.Abs(v) > 1e15 {
		return ""
	}
	return Count(int(math.Round(v)))
}

func (r *resultView) first() *plan.Year { return &r.Out.Years[0] }
func (r *resultView) last() *plan.Year  { return &r.Out.Years[len(r.Out.Years)-1] }
func (r *resultView) year() *plan.Year  { return &r.Out.Years[r.Y] }

// years are the columns of every table by year.
func (r *resultView) years() []string {
	out := make([]string, len(r.Out.Years))
	for i := range r.Out.Years {
		out[i] = strconv.Itoa(r.Out.Years[i].Year)
	}
	return out
}

// peopleKnown says whether anybody has said who is here: a plan in which every role has nobody does not say that the
// hospital is empty, so that everything that is made of those who are here is unknown. In a plan in which one role has
// somebody, a role without has nobody: 0, on every page and in the report.
func peopleKnown(p *plan.Plan) bool {
	return slices.ContainsFunc(p.Roles, func(r plan.Role) bool { return r.CurrentFTE > 0 })
}

// there is the FTE of the people of today; NaN when nobody has said.
func there(p *plan.Plan) float64 {
	if !peopleKnown(p) {
		return math.NaN()
	}
	sum := 0.0
	for i := range p.Roles {
		sum += p.Roles[i].CurrentFTE
	}
	return sum
}

// shortOf sums the roles that have too few people and those that have more than are needed; people of one role do not
// do another's work. NaN when nobody has said who is there.
func shortOf(p *plan.Plan, y *plan.Year) (short float64, shortRoles int, over float64, overRoles int) {
	if !peopleKnown(p) {
		return math.NaN(), 0, math.NaN(), 0
	}
	for i := range y.Roles {
		switch gap := y.Roles[i].GapFTE; {
		case gap > 1e-9:
			short, shortRoles = short+gap, shortRoles+1
		case gap < -1e-9:
			over, overRoles = over-gap, overRoles+1
		}
	}
	return short, shortRoles, over, overRoles
}

func backlogOf(y *plan.Year) float64 {
	sum := 0.0
	for i := range y.Roles {
		sum += y.Roles[i].BacklogHours
	}
	return sum
}

// devicesOf counts the classes that no other class holds, so that no device is counted twice.
func devicesOf(p *plan.Plan, y *plan.Year) int {
	n := 0
	for i := range p.Classes {
		if len(p.Classes[i].SubsetOf) == 0 {
			n += y.Classes[i].Count
		}
	}
	return n
}

// bindings lists the methods with the roles in which each decides, most first.
type binding struct {
	Method plan.Method
	Roles  []string
}

func bindings(y *plan.Year) []binding {
	var out []binding
	for _, m := range []plan.Method{plan.ByRatio, plan.ByWorkload, plan.ByCoverage} {
		b := binding{Method: m}
		for i := range y.Roles {
			if y.Roles[i].Binding == m && y.Roles[i].RequiredFTE > 0 {
				b.Roles = append(b.Roles, y.Roles[i].Name)
			}
		}
		if len(b.Roles) > 0 {
			out = append(out, b)
		}
	}
	slices.SortStableFunc(out, func(a, b binding) int { return cmp.Compare(len(b.Roles), len(a.Roles)) })
	return out
}

// span are the lowest and the highest percentile that were drawn: "P10–P90".
func (r *resultView) span() (low, high int, title string) {
	q := r.Out.Percentiles
	if q == nil || len(q.Percentiles) == 0 {
		return 0, 0, ""
	}
	for i, v := range q.Percentiles {
		if v < q.Percentiles[low] {
			low = i
		}
		if v > q.Percentiles[high] {
			high = i
		}
	}
	return low, high, fmt.Sprintf("P%s–P%s", amount(q.Percentiles[low]), amount(q.Percentiles[high]))
}

// drawn are the percentiles of a role in every year, of all roles when it is empty; nil while they are not there.
func (r *resultView) drawn(role string) []plan.YearPercentiles {
	q := r.Out.Percentiles
	if q == nil {
		return nil
	}
	if role == "" {
		return q.TotalFTE
	}
	for i := range q.Roles {
		if q.Roles[i].Name == role {
			return q.Roles[i].Years
		}
	}
	return nil
}

// bandOf is the lowest and the highest percentile of one year.
func (r *resultView) bandOf(role string, y int) (low, high float64, ok bool) {
	d := r.drawn(role)
	l, h, _ := r.span()
	if y >= len(d) || max(l, h) >= len(d[y].Values) {
		return 0, 0, false
	}
	return d[y].Values[l], d[y].Values[h], true
}

// bandText is the band as a table shows it, empty when it is not known.
func (r *resultView) bandText(role string, y int) string {
	low, high, ok := r.bandOf(role, y)
	if !ok {
		return ""
	}
	return amount(math.Round(low*100)/100) + "–" + amount(math.Round(high*100)/100)
}

// enough is the probability that the people who are there suffice; NaN when it is not known.
func (r *resultView) enough(role string, y int) float64 {
	d := r.drawn(role)
	if y >= len(d) || d[y].Enough == nil || !peopleKnown(r.Plan) {
		return math.NaN()
	}
	return *d[y].Enough
}

func shareText(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return Percent(v)
}

// at leads to another page or another look at this result.
func (r *resultView) at(step string, pairs ...string) string {
	q := url.Values{}
	if r.Version > 0 {
		q.Set("version", strconv.FormatInt(r.Version, 10))
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	href := planHref(r.Entry.ID, step)
	if len(q) > 0 {
		href += "?" + q.Encode()
	}
	return href
}

// why leads to how a figure came about: of a role in a year, or of all roles.
func (r *resultView) why(role string, y int) string {
	return r.at("why", "role", role, "year", strconv.Itoa(r.Out.Years[y].Year))
}

func (r *resultView) whys(role string) []string {
	out := make([]string, len(r.Out.Years))
	for y := range out {
		out[y] = r.why(role, y)
	}
	return out
}

// whyClass leads to how a count came about.
func (r *resultView) whyClass(class string, y int) string {
	return r.at("why", "class", class, "year", strconv.Itoa(r.Out.Years[y].Year))
}

// fieldHref leads to the field of the editing step that a path of the plan ("roles[2].salary") stands in: to its row
// where the path is of a whole entry, to the most likely value where it is a range.
func fieldHref(id, path string) string {
	if path == "" {
		return ""
	}
	anchor := "f-" + path
	if path == "workload.productive_hours" {
		anchor += ".wrench_time" // the hours stand there by their parts, unless the plan states their sum
	}
	for list, row := range map[string]string{"classes": "classes", "roles": "roles", "workload.items": "work", "coverage": "coverage"} {
		rest, ok := strings.CutPrefix(path, list+"[")
		if !ok {
			continue
		}
		index, field, _ := strings.Cut(rest, "]")
		switch field {
		case "":
			anchor = row + "-" + index
		case ".ratio":
			anchor = "ratio-" + index
		case ".growth", ".per_device_year", ".hours":
			anchor += ".mode"
		}
	}
	return planHref(id, stepOf(path)) + "#" + anchor
}

// headline is the answer in one sentence.
func (r *resultView) headline() string {
	now, later := r.first(), r.last()
	text := fmt.Sprintf("The devices of %d need %s FTE", now.Year, amount(now.TotalFTE))
	if now.TotalFTE == 0 {
		text = fmt.Sprintf("Nothing in this plan needs people in %d", now.Year)
	}
	if short, roles, over, overRoles := shortOf(r.Plan, now); math.IsNaN(short) {
		text += ". " + peopleUnknown
	} else {
		text += fmt.Sprintf("; %s are there.", amount(there(r.Plan)))
		if roles > 0 {
			text += fmt.Sprintf(" %s FTE are missing in %d %s", amount(short), roles, plural(roles, "role", "roles"))
		} else {
			text += " No role is short of people"
		}
		if overRoles > 0 {
			text += fmt.Sprintf("; %d %s %s FTE more than the devices need", overRoles, plural(overRoles, "role has", "roles have"), amount(over))
		}
		text += "."
	}
	if later.Year != now.Year {
		text += fmt.Sprintf(" In %d it will be %s FTE", later.Year, amount(later.TotalFTE))
		if short, _, _, _ := shortOf(r.Plan, later); short > 0 {
			text += fmt.Sprintf(", %s more than there are where they are needed", amount(short))
		}
		text += "."
	}
	return text
}
