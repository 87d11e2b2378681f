package plan_test

import (
	"testing"
	"time"

	"pons/plan"
	"pons/staff"
)

// TestTrainees: the week of a roster, hour by hour. The people are invented.
func TestTrainees(t *testing.T) {
	hours := func(text string) staff.Hours {
		h, err := staff.ParseHours(text)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	people := []staff.Person{
		{ID: "1", Name: "Ada Quill", Team: staff.Biomed, Title: "BMET III", FTE: 1, Skills: map[string]int{"ventilators": 3}, Shifts: []staff.Shift{{Hours: hours("Mon-Fri 07:00-15:30")}},
			Absences: []staff.Absence{{From: "2026-03-03", To: "2026-03-03"}}},
		{ID: "2", Name: "Ben Marrow", Team: staff.Biomed, Title: "BMET I", FTE: 1, Sites: []string{"Eastgate"}},
		{ID: "3", Name: "Cleo Dunn", Team: staff.Biomed, Title: "BMET I", FTE: 1, End: "2026-02-28", Skills: map[string]int{"ventilators": 4}},
	}
	rotation := staff.Rotation{Name: "biomed", People: []string{"2"}, Days: 7, Anchor: "2026-01-05"}
	r := staff.NewRoster(people, []staff.Rotation{rotation}, time.UTC, 2)
	got := plan.Trainees(r, time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC))
	if len(got) != 2 || got[0].Name != "Ada Quill" || got[0].Role != "BMET III" || got[0].Skills["ventilators"] != 3 {
		t.Fatalf("%+v", got)
	}
	for h, want := range map[int]bool{6: false, 7: true, 14: true, 15: false, 24 + 7: false, 48 + 7: true, 5*24 + 10: false} {
		if got[0].Present[h] != want {
			t.Errorf("hour %d: Ada is there %v, want %v (half an hour is not an hour; she is away on Tuesday)", h, got[0].Present[h], want)
		}
	}
	if got[1].Present != (plan.Week{}) || got[1].OnCall != plan.WholeWeek() {
		t.Errorf("Ben is on call all week: %v, %v", got[1].Present, got[1].OnCall)
	}
	out, err := plan.CrossTrain(got, []plan.SkillNeed{{Skill: "ventilators", Level: 2, OnCall: true, When: got[0].Present}}, []plan.Teaching{{Skill: "ventilators", Cost: 900, Hours: 8}}, nil)
	if err != nil || len(out.Pairings) != 1 || out.Pairings[0].Person != "Ben Marrow" || out.Cost != 1800 {
		t.Errorf("%+v, %v", out, err)
	}
}
