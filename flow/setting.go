package flow

import (
	"context"
	"fmt"
	"time"

	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
)

// Settings are what the hospital decides about traffic. The zero value of a field takes the default.
type Settings struct {
	HourDays  int     `json:"hour_days"`  // days for which sums of an hour are kept
	DayDays   int     `json:"day_days"`   // days for which sums of a day and use are kept
	Months    int     `json:"months"`     // months for which sums of a month are kept
	Zone      string  `json:"zone"`       // in whose hours the pattern of a week is told (IANA name)
	MinDays   int     `json:"min_days"`   // observed days below which use is unknown
	MinPeers  int     `json:"min_peers"`  // devices of a group below which nobody stands out
	Low       float64 `json:"low"`        // percentile of active hours a day at and below which a device is under-used
	High      float64 `json:"high"`       // percentile at and above which it is over-used
	LowShare  float64 `json:"low_share"`  // and the share of its group's median at or below which it must lie
	HighShare float64 `json:"high_share"` // and the share at or above which it must lie
}

// Default is a default with what it rests on.
type Default struct {
	Field, Title, Unit string
	Value              string
	Source, Date       string
	Confidence         string // verified, secondary, expert, assumption
}

// DefaultSettings are in force where the hospital said nothing.
func DefaultSettings() Settings {
	return Settings{HourDays: 14, DayDays: 400, Months: 25, Zone: "UTC", MinDays: 14, MinPeers: 5, Low: 10, High: 90, LowShare: 0.5, HighShare: 1.5}
}

// Defaults lists the defaults and what each rests on.
func Defaults() []Default {
	const house, day = "Pons, no published figure", "2026-11"
	return []Default{
		{"hour_days", "Sums of an hour are kept", "days", "14", house + ": two weeks, so that a weekday can be compared with the one before; 5,000 devices make about 10 million rows", day, "expert"},
		{"day_days", "Sums of a day and use are kept", "days", "400", house + ": a year and the month before it, so that seasons can be compared", day, "expert"},
		{"months", "Sums of a month are kept", "months", "25", house + ": two years and the month that runs; what was never seen in them counts as new", day, "expert"},
		{"zone", "Hours of the week are those of", "", "UTC", "nothing said", day, "assumption"},
		{"min_days", "Use is unknown below", "observed days", "14", house + ": two weeks hold each weekday twice", day, "expert"},
		{"min_peers", "Nobody stands out among fewer than", "devices of a group", "5", house + ": a percentile of fewer says nothing", day, "expert"},
		{"low", "Under-used at or below percentile", "of active hours a day", "10", house + ": a tenth of a group is few enough to look at one by one", day, "assumption"},
		{"low_share", "and at or below", "of the group's median", "0.5", house + ": some device always is the last; it must also be far from the middle", day, "assumption"},
		{"high", "Over-used at or above percentile", "of active hours a day", "90", house + ": as for under-used", day, "assumption"},
		{"high_share", "and at or above", "of the group's median", "1.5", house + ": as for under-used", day, "assumption"},
	}
}

// check fills in defaults and says what is wrong.
func (s *Settings) check() error {
	d := DefaultSettings()
	for _, x := range []struct {
		name     string
		at       *int
		def      int
		min, max int
	}{{"days of hours", &s.HourDays, d.HourDays, 1, 92}, {"days", &s.DayDays, d.DayDays, 31, 1200}, {"months", &s.Months, d.Months, 2, 120},
		{"observed days", &s.MinDays, d.MinDays, 1, 366}, {"devices of a group", &s.MinPeers, d.MinPeers, 2, 1000}} {
		if *x.at == 0 {
			*x.at = x.def
		}
		if *x.at < x.min || *x.at > x.max {
			return fmt.Errorf("%s: %d, want %d to %d: %w", x.name, *x.at, x.min, x.max, fault.Invalid)
		}
	}
	for _, x := range []struct {
		name     string
		at       *float64
		def      float64
		min, max float64
	}{{"low percentile", &s.Low, d.Low, 0.1, 49}, {"high percentile", &s.High, d.High, 51, 99.9}, {"share of the median below", &s.LowShare, d.LowShare, 0.01, 1}, {"share of the median above", &s.HighShare, d.HighShare, 1, 100}} {
		if *x.at == 0 {
			*x.at = x.def
		}
		if !(*x.at >= x.min && *x.at <= x.max) {
			return fmt.Errorf("%s: %g, want %g to %g: %w", x.name, *x.at, x.min, x.max, fault.Invalid)
		}
	}
	if s.Zone == "" {
		s.Zone = d.Zone
	}
	if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "Local" {
		return fmt.Errorf("time zone %q: a name such as Europe/Berlin is expected: %w", s.Zone, fault.Invalid)
	}
	return nil
}

// location is the zone of the settings.
func (s *Settings) location() *time.Location {
	l, err := time.LoadLocation(s.Zone)
	if err != nil {
		return time.UTC // the zone was known when it was saved, and another computer may know fewer
	}
	return l
}

// book holds the one entry of settings.
func book() ledger.Book[Settings] { return ledger.NewBook("flow.setting", (*Settings).check) }

const settingEntry = "settings"

// Settings are those in force, and the version to give back to SetSettings; 0 where the defaults stand.
func (f *Flows) Settings(tx *sqldb.Tx) (s Settings, version int64, err error) {
	list, err := book().List(tx)
	if err != nil {
		return s, 0, err
	}
	for _, e := range list {
		if e.ID == settingEntry {
			s, version = e.Body, e.Version
		}
	}
	return s, version, s.check()
}

// SetSettings puts other settings in force. It wraps fault.Invalid, and fault.Conflict when somebody else was faster.
func (f *Flows) SetSettings(tx *sqldb.Tx, version int64, s Settings, by ledger.By) error {
	if err := s.check(); err != nil {
		return err
	}
	_, err := book().Put(tx, settingEntry, version, s, by)
	return err
}

// tidyRows is how many rows one Update drops at most, so that nobody waits for it.
const tidyRows = 50_000

// Tidy drops what is older than the settings keep: the sums of days and months hold what those of hours did. It works in
// pieces, so that other writers go in between.
func (f *Flows) Tidy(ctx context.Context, now time.Time) error {
	for {
		var dropped int64
		_, err := f.db.Update(ctx, func(tx *sqldb.Tx) error {
			s, _, err := f.Settings(tx)
			if err != nil {
				return err
			}
			now := now.UTC()
			for _, g := range []struct {
				grain grain
				until int64
			}{{hourly, (dayOf(now) - int64(s.HourDays)) * 24}, {daily, dayOf(now) - int64(s.DayDays)}, {monthly, monthOf(now) - int64(s.Months)}} {
				n, err := dropSums(tx, g.grain, g.until)
				if dropped += n; err != nil {
					return err
				}
			}
			n, err := tx.Exec("DELETE FROM flow_use WHERE day < $1", dayOf(now)-int64(s.DayDays))
			dropped += min(n, tidyRows-1)
			return err
		})
		if err != nil || dropped < tidyRows {
			return err
		}
	}
}

// dropSums drops one span at a time: the oldest of a grain that ended before until.
func dropSums(tx *sqldb.Tx, g grain, until int64) (dropped int64, err error) {
	for dropped < tidyRows {
		var oldest int64
		if err := tx.QueryRow("SELECT COALESCE(MIN(start), $2) FROM flow_sum WHERE grain = $1", int64(g), until).Scan(&oldest); err != nil || oldest >= until {
			return dropped, err
		}
		n, err := tx.Exec("DELETE FROM flow_sum WHERE grain = $1 AND start = $2", int64(g), oldest)
		if dropped += n; err != nil {
			return dropped, err
		}
	}
	return dropped, nil
}
