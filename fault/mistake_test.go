package fault

import (
	"errors"
	"fmt"
	"testing"
)

func TestMistakeNamesItsPlace(t *testing.T) {
	for want, m := range map[string]Mistake{
		"plan.yaml:3:7: roles[0].ratio: write a number": {File: "plan.yaml", Line: 3, Column: 7, Path: "roles[0].ratio", Text: "write a number"},
		"line 2: nobody":          {Line: 2, Text: "nobody"},
		"Roles!C7: write a date":  {File: "Roles!C7", Text: "write a date"},
		"fte: write 0.5":          {Path: "fte", Text: "write 0.5"},
		"the plan has no classes": {Text: "the plan has no classes"},
	} {
		if m.Error() != want || !errors.Is(m, Invalid) {
			t.Errorf("%q, wanted %q", m.Error(), want)
		}
	}
}

func TestMistakesAreFoundInWhatWrapsThem(t *testing.T) {
	var all Mistakes
	all.Add("none", nil)
	if all.All() != nil {
		t.Error("nothing is wrong, and yet there is an error")
	}
	all.Add("levels.2.name", fmt.Errorf("write a name: %w", Invalid))
	all.Add("levels.2.name", errors.New("a second word on the same field"))
	err := fmt.Errorf("keep: %w", all.All())
	if got := Fields(err); len(got) != 1 || got["levels.2.name"] != "write a name" || !errors.Is(err, Invalid) {
		t.Errorf("%v", got)
	}
	if got := MistakesOf(err).At("levels.2"); got != "write a name" {
		t.Errorf("at a field: %q", got)
	}
	if got := Fields(fmt.Errorf("keep: %w", Wrong("fte", "%d is too much", 3))); got["fte"] != "3 is too much" {
		t.Errorf("%v", got)
	}
	if Fields(errors.New("the disk is full")) != nil {
		t.Error("an error that names no field names one")
	}
}
