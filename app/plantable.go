package app

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"pons/plan"
)

// yearsAbreast is how many years stand beside each other: with a role's name and its gap they fit 100 columns.
const yearsAbreast = 6

// printPlan prints a projection for people: the years, the roles, what may be otherwise, what is doubtful.
func printPlan(w io.Writer, p *plan.Plan, out *plan.Projection) error {
	var b strings.Builder
	first, last := out.Years[0].Year, out.Years[len(out.Years)-1].Year
	method := map[plan.Method]string{plan.ByRatio: "by ratio", plan.ByWorkload: "by workload", plan.ByGreater: "by the greater of ratio and workload"}[p.Method]
	if p.Name != "" {
		fmt.Fprintf(&b, "%s\n", inert(p.Name))
	}
	when := strconv.Itoa(first)
	if last > first {
		when += " to " + strconv.Itoa(last)
	}
	fmt.Fprintf(&b, "%s, %s, rounding %s, amounts in %s\n", when, method, p.Rounding, p.Currency)
	if base := p.Baseline; base != nil {
		site := "the whole inventory"
		if base.Site != "" {
			site = inert(base.Site)
		}
		fmt.Fprintf(&b, "counted as of %s over %s devices of %s\n", inert(base.AsOf), grouped(float64(base.Devices), 0), site)
	}
	b.WriteString("\n")
	planYears(&b, out)
	for from := 0; from < len(out.Years); from += yearsAbreast {
		planRoles(&b, out.Years[from:min(from+yearsAbreast, len(out.Years))])
	}
	planClasses(&b, out)
	planChances(&b, out)
	if len(out.Warnings) > 0 {
		b.WriteString("Warnings\n")
		for _, line := range out.Warnings {
			fmt.Fprintf(&b, "  %s\n", inert(line))
		}
	}
	_, err := io.WriteString(w, strings.TrimRight(b.String(), "\n")+"\n")
	return err
}

func planYears(b *strings.Builder, out *plan.Projection) {
	fmt.Fprintf(b, "%-6s%12s%12s%10s%20s%20s%14s\n", "YEAR", "REQUIRED", "CURRENT", "GAP", "WAGES+BENEFITS", "SPEND", "BACKLOG H")
	for _, y := range out.Years {
		current, backlog := 0.0, 0.0
		for i := range y.Roles {
			current += y.Roles[i].CurrentFTE
			backlog += y.Roles[i].BacklogHours
		}
		fmt.Fprintf(b, "%-6d%12s%12s%10s%20s%20s%14s\n", y.Year, grouped(y.TotalFTE, 2), grouped(current, 2), signed(y.TotalFTE-current), grouped(y.TotalCost, 2), grouped(y.Spend, 2), grouped(backlog, 0))
	}
	b.WriteString("\n")
}

// planRoles prints required FTE by role, each with the method that binds.
func planRoles(b *strings.Builder, years []plan.Year) {
	width := min(40, 91-11*len(years))
	b.WriteString(padded("REQUIRED FTE", width))
	for _, y := range years {
		fmt.Fprintf(b, "%9d  ", y.Year)
	}
	fmt.Fprintf(b, "%8s\n", "GAP")
	end := years[len(years)-1]
	for i := range end.Roles {
		b.WriteString(padded(end.Roles[i].Name, width))
		for _, y := range years {
			r := &y.Roles[i]
			fmt.Fprintf(b, "%9s %s", grouped(r.RequiredFTE, 2), strings.ToUpper(string(r.Binding)[:1]))
		}
		fmt.Fprintf(b, "%8s\n", signed(end.Roles[i].GapFTE))
	}
	fmt.Fprintf(b, "R, W, C: ratio, workload or coverage binds. GAP: required in %d less current.\n\n", end.Year)
}

// planClasses prints the devices of the first and the last year.
func planClasses(b *strings.Builder, out *plan.Projection) {
	first, last := out.Years[0], out.Years[len(out.Years)-1]
	if len(first.Classes) == 0 {
		return
	}
	ends := []plan.Year{first, last}
	if first.Year == last.Year {
		ends = ends[:1]
	}
	fmt.Fprintf(b, "%-46s", "DEVICES")
	for _, y := range ends {
		fmt.Fprintf(b, "%12d", y.Year)
	}
	b.WriteString("\n")
	for i := range first.Classes {
		b.WriteString(padded(first.Classes[i].Name, 46))
		for _, y := range ends {
			fmt.Fprintf(b, "%12s", grouped(float64(y.Classes[i].Count), 0))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
}

// widest is how many bars of the tornado the table shows.
const widest = 8

// planChances prints what the draws came to and what matters most.
func planChances(b *strings.Builder, out *plan.Projection) {
	if s := out.Percentiles; s != nil && len(s.Percentiles) > 0 {
		shown := s.Percentiles[:min(len(s.Percentiles), 6)]
		fmt.Fprintf(b, "%-25s", fmt.Sprintf("REQUIRED FTE, %s draws", grouped(float64(s.Draws), 0)))
		for _, q := range shown {
			fmt.Fprintf(b, "%10s", "P"+strconv.FormatFloat(q, 'g', -1, 64))
		}
		fmt.Fprintf(b, "%14s\n", "ENOUGH")
		for _, y := range s.TotalFTE {
			fmt.Fprintf(b, "%-25d", y.Year)
			for i := range shown {
				fmt.Fprintf(b, "%10s", grouped(y.Values[i], 2))
			}
			enough := "unknown"
			if y.Enough != nil {
				enough = fmt.Sprintf("%.0f %%", 100**y.Enough)
			}
			fmt.Fprintf(b, "%14s\n", enough)
		}
		fmt.Fprintf(b, "ENOUGH: how likely the available people are enough in every role. Seed %d.\n\n", s.Seed)
	}
	if len(out.Tornado) > 0 {
		fmt.Fprintf(b, "%-56s%14s%14s%14s\n", "WHAT MATTERS MOST ("+out.Tornado[0].Unit+")", "LOW", "BASE", "HIGH")
		for _, t := range out.Tornado[:min(len(out.Tornado), widest)] {
			fmt.Fprintf(b, "%s%14s%14s%14s\n", padded(t.Name, 56), grouped(t.Low, 2), grouped(t.Base, 2), grouped(t.High, 2))
		}
		b.WriteString("\n")
	}
}

// padded cuts or fills a name to a column's width.
func padded(name string, width int) string {
	r := []rune(inert(name))
	if len(r) >= width {
		return string(r[:width-2]) + "… "
	}
	return string(r) + strings.Repeat(" ", width-len(r))
}

// grouped writes a figure with thousands apart.
func grouped(v float64, decimals int) string {
	s := strconv.FormatFloat(math.Abs(v), 'f', decimals, 64)
	whole, rest, _ := strings.Cut(s, ".")
	digits := []byte(whole)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = slices.Insert(digits, i, ',')
	}
	if rest != "" {
		rest = "." + rest
	}
	if v < 0 && strings.Trim(s, "0.") != "" {
		return "-" + string(digits) + rest
	}
	return string(digits) + rest
}

func signed(v float64) string {
	if s := grouped(v, 2); v > 0 && strings.Trim(s, "0.") != "" {
		return "+" + s
	} else {
		return s
	}
}
