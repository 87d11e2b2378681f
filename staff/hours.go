package staff

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pons/fault"
)

// Days is a set of weekdays: bit 0 is Monday.
type Days uint8

// EveryDay is Monday to Sunday.
const EveryDay Days = 1<<7 - 1

// bitOf is the place of a weekday in a week that begins on Monday.
func bitOf(d time.Weekday) int { return (int(d) + 6) % 7 }

var dayNames = [7]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// Window is a span of the day on some weekdays. From and To are minutes after midnight; where To is not after From it
// ends on the next day, and belongs to the day on which it begins.
type Window struct {
	Days     Days
	From, To int
}

// Hours are times of the week: what any of its windows holds. Its text is what people write: "mon-fri 07:00-15:30,
// sat-sun" (no time: the whole day; no days: every day; "always"). The zero value holds nothing.
type Hours []Window

// Always is the whole week.
func Always() Hours { return Hours{{EveryDay, 0, dayMinutes}} }

const (
	dayMinutes  = 24 * 60
	weekMinutes = 7 * dayMinutes
	maxWindows  = 28
)

// ParseHours reads hours. Its errors name the part that is not understood.
func ParseHours(text string) (Hours, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	text = strings.NewReplacer("–", "-", "—", "-", " - ", "-", ";", ",", "\n", ",", " and ", ", ").Replace(text)
	if text == "" {
		return nil, nil
	}
	var out Hours
	for _, part := range strings.Split(text, ",") {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		w := Window{Days: EveryDay, From: 0, To: dayMinutes}
		var days Days
		for i, word := range words {
			d, isDays := parseDays(word)
			from, to, isSpan := parseSpan(word)
			switch {
			case isDays && i == 0:
				days = d
			case isSpan && i == len(words)-1:
				w.From, w.To = from, to
			default:
				return nil, fault.Wrong("hours", "%q in %q is neither days nor a time; write mon-fri 07:00-15:30, or sat-sun", word, strings.TrimSpace(part))
			}
		}
		if days != 0 {
			w.Days = days
		}
		out = append(out, w)
	}
	return out, out.check()
}

func (h Hours) check() error {
	if len(h) > maxWindows {
		return fault.Wrong("hours", "%d windows; at most %d", len(h), maxWindows)
	}
	for _, w := range h {
		if w.Days == 0 || w.Days > EveryDay || w.From < 0 || w.From >= dayMinutes || w.To < 0 || w.To > dayMinutes {
			return fault.Wrong("hours", "hours lie between 00:00 and 24:00 of a weekday")
		}
		if w.From == w.To {
			return fault.Wrong("hours", "%s-%s is no time at all; the whole day is 00:00-24:00", clockText(w.From), clockText(w.To))
		}
	}
	return nil
}

func parseDays(word string) (Days, bool) {
	switch word {
	case "always", "daily", "everyday":
		return EveryDay, true
	case "weekdays", "workdays":
		return 1<<5 - 1, true
	case "weekend", "weekends":
		return 1<<5 | 1<<6, true
	}
	var days Days
	for _, part := range strings.Split(word, "+") {
		from, to, ranged := strings.Cut(part, "-")
		a, ok := dayOf(from)
		if !ok {
			return 0, false
		}
		b := a
		if ranged {
			if b, ok = dayOf(to); !ok {
				return 0, false
			}
		}
		for i := a; ; i = (i + 1) % 7 {
			days |= 1 << i
			if i == b {
				break
			}
		}
	}
	return days, true
}

func dayOf(word string) (int, bool) {
	for i, name := range dayNames {
		if len(word) >= 2 && (strings.HasPrefix(word, name) || word == name[:2]) && strings.HasPrefix(longDays[i], word) {
			return i, true
		}
	}
	return 0, false
}

var longDays = [7]string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

func parseSpan(word string) (from, to int, ok bool) {
	a, b, ok := strings.Cut(word, "-")
	if !ok {
		return 0, 0, false
	}
	from, ok = ParseClock(a)
	if !ok {
		return 0, 0, false
	}
	to, ok = ParseClock(b)
	return from, to, ok
}

// ParseClock reads a time of the day as minutes after midnight: "07:30", "7", "24:00".
func ParseClock(text string) (int, bool) {
	hour, minute, cut := strings.Cut(strings.TrimSpace(text), ":")
	h, err := strconv.Atoi(hour)
	if err != nil || len(hour) > 2 || h < 0 || h > 24 {
		return 0, false
	}
	m := 0
	if cut {
		if m, err = strconv.Atoi(minute); err != nil || len(minute) != 2 || m < 0 || m > 59 {
			return 0, false
		}
	}
	total := h*60 + m
	return total, total <= dayMinutes
}

func clockText(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

// String writes the hours as ParseHours reads them.
func (h Hours) String() string {
	parts := make([]string, len(h))
	for i, w := range h {
		days, span := w.Days.String(), clockText(w.From)+"-"+clockText(w.To)
		switch whole := w.From == 0 && w.To == dayMinutes; {
		case whole && w.Days == EveryDay:
			parts[i] = "always"
		case whole:
			parts[i] = days
		case w.Days == EveryDay:
			parts[i] = span
		default:
			parts[i] = days + " " + span
		}
	}
	return strings.Join(parts, ", ")
}

// String writes the days: "mon-fri", "mon+wed".
func (d Days) String() string {
	if d == EveryDay {
		return "mon-sun"
	}
	var runs []string
	for i := 0; i < 7; {
		if d&(1<<i) == 0 {
			i++
			continue
		}
		j := i
		for j+1 < 7 && d&(1<<(j+1)) != 0 {
			j++
		}
		if j == i {
			runs = append(runs, dayNames[i])
		} else {
			runs = append(runs, dayNames[i]+"-"+dayNames[j])
		}
		i = j + 1
	}
	return strings.Join(runs, "+")
}

// MarshalText and UnmarshalText keep hours as people write them.
func (h Hours) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads them.
func (h *Hours) UnmarshalText(b []byte) (err error) {
	*h, err = ParseHours(string(b))
	return err
}

// At says whether the hours hold a minute of the week, counted from Monday 00:00.
func (h Hours) At(minute int) bool {
	for _, w := range h {
		if on, _ := w.at(minute/dayMinutes, minute%dayMinutes); on {
			return true
		}
	}
	return false
}

// at says whether the window is open at a minute of a day (0 is Monday), and whether it was opened the day before.
func (w Window) at(day, minute int) (on, before bool) {
	if w.Days&(1<<day) != 0 && minute >= w.From && (w.To <= w.From || minute < w.To) {
		return true, false
	}
	if w.To <= w.From && w.Days&(1<<((day+6)%7)) != 0 && minute < w.To {
		return true, true
	}
	return false, false
}

// Edges are the minutes of the week at which the hours begin or end.
func (h Hours) Edges() []int {
	var out []int
	for _, w := range h {
		for d := range 7 {
			if w.Days&(1<<d) == 0 {
				continue
			}
			end := d*dayMinutes + w.To
			if w.To <= w.From {
				end += dayMinutes
			}
			out = append(out, d*dayMinutes+w.From, end%weekMinutes)
		}
	}
	return out
}

// MinuteOf is the minute of the week of a time, in its own zone.
func MinuteOf(local time.Time) int {
	return bitOf(local.Weekday())*dayMinutes + local.Hour()*60 + local.Minute()
}

// HoursOf writes a set of hours of the week (0 is Monday 00:00–01:00) as Hours.
func HoursOf(in func(hour int) bool) Hours {
	return HoursWhere(func(minute int) bool { return in(minute / 60) })
}

// HoursWhere writes a set of minutes of the week as Hours: each day's runs together, and days of the same runs.
func HoursWhere(in func(minute int) bool) Hours {
	var runs [7][]Window
	for d := range runs {
		for m := 0; m < dayMinutes; {
			if !in(d*dayMinutes + m) {
				m++
				continue
			}
			from := m
			for m < dayMinutes && in(d*dayMinutes+m) {
				m++
			}
			runs[d] = append(runs[d], Window{From: from, To: m})
		}
	}
	var out Hours
	var used Days
	for d := range 7 {
		if used&(1<<d) != 0 {
			continue
		}
		var days Days
		for e := d; e < 7; e++ {
			if used&(1<<e) == 0 && slices.Equal(runs[d], runs[e]) {
				days |= 1 << e
			}
		}
		used |= days
		for _, w := range runs[d] {
			w.Days = days
			out = append(out, w)
		}
	}
	return out
}
