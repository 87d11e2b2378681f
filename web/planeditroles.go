package web

import (
	"fmt"
	"strings"

	"pons/plan"
)

// hourFields are the parts of a working year: path and label.
func hourFields() [][2]string {
	return [][2]string{{"paid", "Paid hours"}, {"vacation", "Vacation"}, {"holidays", "Holidays"}, {"sick", "Sick leave"}, {"training", "Training"}, {"admin_leave", "Other leave"}}
}

// staffKnown is how many roles the staff list knows people of.
func (f *planForm) staffKnown() (n int) {
	for i := range f.P.Roles {
		if _, known := staffOf(f.P.Roles[i].Name, f.Staff); known {
			n++
		}
	}
	return n
}

func (f *planForm) roleYear(i int) plan.RoleYear {
	if i >= len(f.Out.Years[0].Roles) {
		return plan.RoleYear{}
	}
	return f.Out.Years[0].Roles[i]
}

// restWrong opens the rest of a role when a mistake stands in it.
func (f *planForm) restWrong(i int) bool {
	for _, word := range []string{"benefits", "ramp_up_months", "attrition", "months_to_fill", "skills", "hires", "productive_hours"} {
		at := fmt.Sprintf("roles[%d].%s", i, word)
		if f.Wrong.At(at) != "" || f.Wrong.At("new:"+at) != "" {
			return true
		}
	}
	for _, m := range f.Wrong {
		if strings.HasPrefix(m.Path, fmt.Sprintf("new:roles[%d].", i)) {
			return true
		}
	}
	return false
}

// restSaid is the rest of a role in one line.
func (f *planForm) restSaid(i int) string {
	r := &f.P.Roles[i]
	parts := []string{}
	if len(r.Hires) > 0 {
		sum := 0.0
		for _, h := range r.Hires {
			sum += h.FTE
		}
		parts = append(parts, fmt.Sprintf("%s FTE to come", fteText(sum)))
	}
	if r.Attrition > 0 {
		parts = append(parts, numberText(r.Attrition, "rate")+" leave a year")
	}
	if r.RampMonths > 0 {
		parts = append(parts, numberText(r.RampMonths, "")+" months to learn")
	}
	if r.Hours != nil {
		parts = append(parts, "own working year")
	}
	if len(r.Skills) > 0 {
		parts = append(parts, strings.Join(r.Skills, ", "))
	}
	if len(parts) == 0 {
		return "Hires, ramp-up, attrition, skills, hours"
	}
	return strings.Join(parts, " · ")
}

// nobodySaid tells a 0 that somebody wrote from a field that was left empty: both count as nobody.
func (f *planForm) nobodySaid(i int) string {
	if planText(f.P, fmt.Sprintf("roles[%d].current_fte", i)) == "0" {
		return "0 stated"
	}
	return "empty: 0"
}
