package program

import (
	"fmt"
	"time"

	"pons/fault"
)

// Day is a day of the calendar, "2026-11-20"; empty is not known. Days are the hospital's own: they have no zone.
type Day string

// DayOf is the day of a moment, UTC.
func DayOf(t time.Time) Day { return Day(t.UTC().Format(time.DateOnly)) }

// Time is the day's first moment, UTC; the zero time when the day is not known.
func (d Day) Time() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return t
}

// Add is the day so many days later.
func (d Day) Add(days int) Day { return DayOf(d.Time().AddDate(0, 0, days)) }

// Until is how many days pass from this day to the other.
func (d Day) Until(other Day) int { return other.number() - d.number() }

// number counts days since 1970-01-01, a Thursday.
func (d Day) number() int { return int(d.Time().Unix() / 86400) }

func dayNumbered(n int) Day { return DayOf(time.Unix(int64(n)*86400, 0)) }

// The years that a plan may speak of. Outside of them a date is a slip of the keyboard.
const (
	firstYear = 1990
	lastYear  = 2100
)

// checkDay says what is wrong with a day that was typed in.
func checkDay(what string, d Day, needed bool) error {
	if d == "" {
		if needed {
			return fmt.Errorf("%s: a day is needed, like 2026-11-20: %w", what, fault.Invalid)
		}
		return nil
	}
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return fmt.Errorf("%s: %q is no day; write it like 2026-11-20: %w", what, string(d), fault.Invalid)
	}
	if t.Year() < firstYear || t.Year() > lastYear {
		return fmt.Errorf("%s: the year %d lies outside of %d to %d: %w", what, t.Year(), firstYear, lastYear, fault.Invalid)
	}
	return nil
}

// weekdays of a week that people work, Monday to Friday.
const (
	weekDays = 7
	workDays = 5
)

// axis is the line on which a schedule is reckoned: calendar days, or working days with weekends left out, so that
// every sum of days is a plain sum. A Saturday and a Sunday stand where their Monday stands.
type axis struct{ working bool }

func (a axis) place(d Day) int {
	n := d.number()
	if !a.working {
		return n
	}
	monday := n + 3 // days since Monday, 1969-12-29
	week, day := floorDiv(monday, weekDays)
	return week*workDays + min(day, workDays)
}

// day is the first day at a place.
func (a axis) day(place int) Day {
	if !a.working {
		return dayNumbered(place)
	}
	week, day := floorDiv(place, workDays)
	return dayNumbered(week*weekDays + day - 3)
}

func floorDiv(a, b int) (quotient, rest int) {
	quotient, rest = a/b, a%b
	if rest < 0 {
		quotient, rest = quotient-1, rest+b
	}
	return quotient, rest
}
