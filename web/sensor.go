package web

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"pons/account"
	"pons/fault"
	"pons/sensor"
	"pons/sqldb"
)

// sensorLine is a sensor as the list shows it.
type sensorLine struct {
	sensor.Unit
	Title   string
	State   sensor.State
	Day     []sensor.Sample // the last 24 hours, by the hour
	Pending time.Time       // until when an unused code is good
	VLANs   int
	Subnets int
	Now     time.Time
}

func sensorHref(name string) string { return "/sensors/" + name }

// badge says how a sensor does.
func (l sensorLine) badge() (Status, string) {
	switch l.State {
	case sensor.Retired:
		return Neutral, "retired"
	case sensor.Invited:
		if l.Pending.IsZero() || !l.Pending.After(l.Now) {
			return Warn, "code has expired"
		}
		return Info, "waiting for enrolment"
	case sensor.Late:
		if l.Heard.IsZero() {
			return Warn, "enrolled, not heard yet"
		}
		return Bad, "silent for " + strings.TrimSuffix(relative(l.Heard, l.Now), " ago")
	}
	return Good, "on air"
}

// loadOf sums samples up.
func loadOf(samples []sensor.Sample) (sum sensor.Sample) {
	for _, s := range samples {
		sum.Seconds, sum.Frames, sum.Bytes, sum.Dropped, sum.Errors = sum.Seconds+s.Seconds, sum.Frames+s.Frames, sum.Bytes+s.Bytes, sum.Dropped+s.Dropped, sum.Errors+s.Errors
	}
	return sum
}

// perSecond is NaN where the sensor said nothing: not known is not zero.
func perSecond(n int64, seconds float64) float64 {
	if seconds <= 0 {
		return math.NaN()
	}
	return float64(n) / seconds
}

// rateText writes what a sensor hears: "12,300 frames/s, 84 Mbit/s"; empty when it is not known.
func rateText(s sensor.Sample) string {
	if s.Seconds <= 0 {
		return ""
	}
	return Count(int(math.Round(perSecond(s.Frames, s.Seconds)))) + " frames/s, " + bitRate(perSecond(s.Bytes, s.Seconds)*8)
}

func bitRate(bits float64) string {
	for _, u := range []struct {
		over float64
		name string
	}{{1e9, "Gbit/s"}, {1e6, "Mbit/s"}, {1e3, "kbit/s"}} {
		if bits >= u.over {
			return strconv.FormatFloat(bits/u.over, 'f', 1, 64) + " " + u.name
		}
	}
	return strconv.FormatFloat(bits, 'f', 0, 64) + " bit/s"
}

// dropShare is the share of frames that the kernel threw away because the sensor was too slow.
func dropShare(s sensor.Sample) float64 {
	if s.Frames+s.Dropped == 0 {
		return 0
	}
	return float64(s.Dropped) / float64(s.Frames+s.Dropped)
}

// dropStatus judges a share of drops. Any frame may be the one that names a device, most are not: under a thousandth is as
// good as none, over a hundredth conversations are torn (expert defaults).
func dropStatus(s sensor.Sample) (Status, string) {
	switch share := dropShare(s); {
	case s.Seconds <= 0:
		return Neutral, ""
	case s.Dropped == 0:
		return Good, "none"
	case share < 0.001:
		return Good, Count(int(s.Dropped)) + " (under 0.1 %)"
	case share < 0.01:
		return Warn, Count(int(s.Dropped)) + " (some, " + strconv.FormatFloat(share*100, 'f', 1, 64) + " %)"
	default:
		return Bad, Count(int(s.Dropped)) + " (too many, " + strconv.FormatFloat(share*100, 'f', 1, 64) + " %)"
	}
}

// spoolText is what waits on a sensor's disk.
func spoolText(h *sensor.Health) (Status, string) {
	switch {
	case h == nil:
		return Neutral, ""
	case h.Lost > 0:
		return Bad, Count(int(h.Spooled)) + " wait, " + Count(int(h.Lost)) + " were lost"
	case h.Spooled > 12: // two minutes of harvests: the hub is behind, or was away
		return Warn, Count(int(h.Spooled)) + " batches, " + byteSize(h.SpoolBytes)
	}
	return Good, "up to date"
}

// frames are the frames a second of the last day, for a small picture; hours without a word are left out.
func (l sensorLine) frames() (out []float64) {
	for _, s := range l.Day {
		if s.Seconds > 0 {
			out = append(out, perSecond(s.Frames, s.Seconds))
		}
	}
	return out
}

// running is since when the process runs; zero where it is not known.
func (l sensorLine) running() time.Time {
	if l.Health == nil || l.Health.Began == 0 {
		return time.Time{}
	}
	return time.UnixMicro(l.Health.Began).UTC()
}

func (l sensorLine) version() string {
	if l.Health == nil {
		return ""
	}
	return l.Health.Version
}

func (l sensorLine) interfaces() string {
	if l.Health == nil {
		return ""
	}
	var names []string
	for _, i := range l.Health.Interfaces {
		names = append(names, i.Name)
	}
	return strings.Join(names, ", ")
}

// invitation is a code, shown this once.
type invitation struct{ Name, Command, Code, Until string }

type sensorsPage struct {
	Lines   []sensorLine
	May     bool // enrol, rename, retire
	Address string
	Problem string // of the form
	Name    string // as typed
	Code    *invitation
}

// maySensors says whether this person may change sensors: they listen to the whole hospital, so a part of it is not enough.
func maySensors(v *Visit) bool { return v.May(account.SensorWrite) && v.Actor.Scope.All() }

func (s *Server) sensors(v *Visit) error { return s.showSensors(v, sensorsPage{}, 0) }

func (s *Server) showSensors(v *Visit, p sensorsPage, status int) error {
	p.May = maySensors(v)
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		if p.Lines, err = sensorLines(tx, v.Now); err != nil {
			return err
		}
		p.Address, _, err = sensor.HubAt(tx)
		if errors.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	var fresh time.Time
	for _, l := range p.Lines {
		if l.Heard.After(fresh) {
			fresh = l.Heard
		}
	}
	return v.Render(Page{Title: "Sensors", About: "Machines at mirror ports that listen and never speak. What they learn of devices comes in by itself.", Fresh: fresh, Status: status, Wide: true}, p.View())
}

// sensorLines reads the list in five statements.
func sensorLines(tx *sqldb.Tx, now time.Time) ([]sensorLine, error) {
	units, err := sensor.List(tx)
	if err != nil {
		return nil, err
	}
	titles, err := sensor.Titles(tx)
	if err != nil {
		return nil, err
	}
	pending, err := sensor.Pending(tx)
	if err != nil {
		return nil, err
	}
	recent, err := sensor.Recent(tx, now.Add(-24*time.Hour))
	if err != nil {
		return nil, err
	}
	networks, err := sensor.Networks(tx, "")
	if err != nil {
		return nil, err
	}
	vlans, subnets := map[string]map[uint16]bool{}, map[string]map[string]bool{}
	for _, n := range networks {
		if vlans[n.Sensor] == nil {
			vlans[n.Sensor], subnets[n.Sensor] = map[uint16]bool{}, map[string]bool{}
		}
		vlans[n.Sensor][n.VLAN], subnets[n.Sensor][n.Prefix] = true, true
	}
	var out, retired []sensorLine
	for _, u := range units {
		l := sensorLine{Unit: u, Title: titles[u.Name], State: u.State(now), Pending: pending[u.Name], Now: now, VLANs: len(vlans[u.Name]), Subnets: len(subnets[u.Name]),
			Day: sensor.Trend(recent[u.Name], now.Add(-24*time.Hour), now, time.Hour)}
		if l.State == sensor.Retired {
			retired = append(retired, l)
		} else {
			out = append(out, l)
		}
	}
	return append(out, retired...), nil
}

// enrolSensor makes a code: for a new sensor, or for the machine that replaces one.
func (s *Server) enrolSensor(v *Visit) error {
	name := v.Form("name")
	if !maySensors(v) {
		return fmt.Errorf("sensors listen to the whole hospital, and your scope is a part of it: %w", fault.Denied)
	}
	var code, address string
	_, err := s.DB.Update(v.Context(), func(tx *sqldb.Tx) (err error) {
		if address, _, err = sensor.HubAt(tx); err != nil {
			return err
		}
		if code, err = sensor.Invite(tx, v.Actor, name, sensor.CodeLife, v.Now.UTC()); err != nil {
			return err
		}
		if v.Form("title") == "" {
			return nil
		}
		return sensor.Rename(tx, v.Actor, name, v.Form("title"), v.Now.UTC())
	})
	switch {
	case errors.Is(err, fault.NotFound):
		return s.showSensors(v, sensorsPage{Problem: sentence(err), Name: name}, 409)
	case formStatus(err) != 0:
		return s.showSensors(v, sensorsPage{Problem: sentence(err), Name: name}, formStatus(err))
	case err != nil:
		return err
	}
	v.W.Header().Set("Cache-Control", "no-store") // the code is shown once and kept nowhere
	return s.showSensors(v, sensorsPage{Code: &invitation{name, "pons sensor --interface IF --hub " + address + " --code " + code, code, v.Now.Add(sensor.CodeLife).UTC().Format("2 January 2006, 15:04 UTC")}}, 0)
}

// renameSensor says what people call it.
func (s *Server) renameSensor(v *Visit) error {
	name := v.R.PathValue("name")
	if !maySensors(v) {
		return fmt.Errorf("sensors listen to the whole hospital, and your scope is a part of it: %w", fault.Denied)
	}
	_, err := s.DB.Update(v.Context(), func(tx *sqldb.Tx) error { return sensor.Rename(tx, v.Actor, name, v.Form("title"), v.Now.UTC()) })
	if errors.Is(err, fault.Invalid) {
		return s.showSensor(v, sentence(err), 422)
	}
	if err != nil {
		return err
	}
	return v.Redirect(sensorHref(name), &Flash{Status: Good, Text: "The sensor is called that now."})
}

// retireSensor takes its right to speak away, after the person typed its name.
func (s *Server) retireSensor(v *Visit) error {
	name := v.R.PathValue("name")
	if !maySensors(v) {
		return fmt.Errorf("sensors listen to the whole hospital, and your scope is a part of it: %w", fault.Denied)
	}
	if v.Form("typed") != name {
		return s.showSensor(v, "Type "+name+" to retire it.", 422)
	}
	_, err := s.DB.Update(v.Context(), func(tx *sqldb.Tx) error { return sensor.Retire(tx, v.Actor, name, v.Now.UTC()) })
	if err != nil {
		return err
	}
	s.Changed()
	return v.Redirect(sensorHref(name), &Flash{Status: Good, Text: "Sensor " + name + " is retired. What it said stays."})
}
