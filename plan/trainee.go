package plan

import (
	"maps"
	"time"

	"pons/staff"
)

// Trainees are the people of a roster who work here in a week, as CrossTrain takes them, with the hours of that week:
// shifts, turns on call and absences. An hour counts for somebody who is there in each of its quarters. Idle hours and
// what an hour costs are not the roster's to know, and stay 0.
func Trainees(r *staff.Roster, at time.Time) []Trainee {
	monday := r.WeekOf(at)
	var out []Trainee
	place := map[string]int{}
	for i := range r.People {
		p := &r.People[i]
		if p.Works(staff.DateOf(monday)) || p.Works(staff.DateOf(monday.AddDate(0, 0, 6))) {
			place[p.ID] = len(out)
			out = append(out, Trainee{Name: p.Name, Role: p.Title, Skills: maps.Clone(p.Skills)})
		}
	}
	for h := range WeekHours {
		present, called := make([]int, len(out)), make([]int, len(out))
		for quarter := range 4 {
			then := time.Date(monday.Year(), monday.Month(), monday.Day()+h/24, h%24, 15*quarter, 0, 0, r.Zone)
			found := r.At(then).Who(staff.Need{AnySite: true})
			count(place, found.Present, present)
			count(place, found.OnCall, called)
		}
		for i := range out {
			out[i].Present[h] = present[i] == 4
			out[i].OnCall[h] = present[i] < 4 && present[i]+called[i] >= 4
		}
	}
	return out
}

func count(place map[string]int, duties []staff.Duty, to []int) {
	for _, d := range duties {
		if i, ok := place[d.Person.ID]; ok {
			to[i]++
		}
	}
}
