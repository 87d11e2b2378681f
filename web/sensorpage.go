package web

import (
	"math"
	"slices"
	"strconv"
	"time"

	"pons/account"
	"pons/sensor"
	"pons/sqldb"
)

// sensorPage is one sensor.
type sensorPage struct {
	sensorLine
	May, Undo bool
	Whole     bool // the person sees the whole hospital, and so where hosts are
	Time      string
	Sum       sensor.Sample // of the time shown
	Charts    []Chart
	Networks  []sensor.Seen
	Left      int // networks that are not shown
	Sessions  []sensor.Session
	Problem   string
	Devices   int // that it speaks of
	Ready     bool
}

type sensorTime struct {
	Option
	span, step time.Duration
}

// sensorTimes are the spans that can be chosen, with the step of a point: 100 to 300 points each.
func sensorTimes() []sensorTime {
	return []sensorTime{{Option{"day", "24 hours"}, 24 * time.Hour, 10 * time.Minute}, {Option{"week", "7 days"}, 7 * 24 * time.Hour, time.Hour}, {Option{"month", "30 days"}, 30 * 24 * time.Hour, 4 * time.Hour}}
}

// networksShown are the networks of one page, sessionsShown the sessions: a month of them.
const (
	networksShown = 200
	sessionsShown = 31
)

func (s *Server) sensor(v *Visit) error { return s.showSensor(v, "", 0) }

func (s *Server) showSensor(v *Visit, problem string, status int) error {
	name := v.R.PathValue("name")
	p := sensorPage{May: maySensors(v), Undo: v.May(account.ImportRead), Whole: v.Actor.Scope.All(), Time: v.Form("t"), Problem: problem}
	times := sensorTimes()
	at := max(0, slices.IndexFunc(times, func(o sensorTime) bool { return o.Value == p.Time }))
	p.Time = times[at].Value
	from := v.Now.UTC().Add(-times[at].span)
	var samples []sensor.Sample
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		u, err := sensor.Get(tx, name)
		if err != nil {
			return err
		}
		p.sensorLine = sensorLine{Unit: u, State: u.State(v.Now), Now: v.Now}
		titles, err := sensor.Titles(tx)
		if err != nil {
			return err
		}
		p.Title = titles[name]
		pending, err := sensor.Pending(tx)
		if err != nil {
			return err
		}
		p.Pending = pending[name]
		if samples, err = sensor.Samples(tx, name, from, v.Now.UTC()); err != nil {
			return err
		}
		if p.Networks, err = sensor.Networks(tx, name); err != nil {
			return err
		}
		p.Sessions, err = sensor.Sessions(tx, name, sessionsShown)
		return err
	})
	if err != nil {
		return err
	}
	if len(p.Networks) > networksShown {
		p.Left = len(p.Networks) - networksShown
		p.Networks = p.Networks[:networksShown]
	}
	counts, ready, err := s.sourceDevices(v)
	if err != nil {
		return err
	}
	p.Ready, p.Devices = ready, counts[sensor.Source(name)]
	trend := sensor.Trend(samples, from, v.Now.UTC(), times[at].step)
	p.Sum = loadOf(samples)
	p.Charts = sensorCharts(trend, times[at].span)
	title := p.Title
	if title == "" {
		title = name
	}
	page := Page{Title: title, About: "Sensor " + name + ": what it hears, what it loses, and how it is.", Fresh: p.Heard, Status: status, Islands: []string{"chart"}, Crumbs: []Link{{"Sensors", "/sensors"}}}
	return v.Render(page, p.View())
}

// sensorCharts are the pictures over time: gaps are times of which nothing is known.
func sensorCharts(trend []sensor.Sample, span time.Duration) []Chart {
	form := "2 Jan 15:04"
	if span <= 24*time.Hour {
		form = "15:04"
	}
	x := make([]string, len(trend))
	series := func(name string, of func(sensor.Sample) float64) []Series {
		s := Series{Name: name, Values: make([]float64, len(trend))}
		for i := range trend {
			x[i], s.Values[i] = trend[i].At.Format(form), math.NaN()
			if trend[i].Seconds > 0 {
				s.Values[i] = math.Round(of(trend[i])*1000) / 1000
			}
		}
		return []Series{s}
	}
	along := "time (UTC)"
	return []Chart{
		{ID: "rate", Title: "Frames heard", Kind: LineChart, Unit: "frames/s", Along: along, X: x, Series: series("frames/s", func(s sensor.Sample) float64 { return perSecond(s.Frames, s.Seconds) })},
		{ID: "bits", Title: "Traffic heard", Kind: LineChart, Unit: "Mbit/s", Along: along, X: x, Series: series("Mbit/s", func(s sensor.Sample) float64 { return perSecond(s.Bytes, s.Seconds) * 8 / 1e6 })},
		{ID: "drops", Title: "Frames dropped", Kind: LineChart, Unit: "%", Along: along, X: x, Series: series("% of frames", func(s sensor.Sample) float64 { return dropShare(s) * 100 })},
		{ID: "memory", Title: "Memory", Kind: LineChart, Unit: "MiB", Along: along, X: x, Series: series("MiB", func(s sensor.Sample) float64 { return float64(s.Memory) / (1 << 20) })},
		{ID: "spool", Title: "Batches that wait on its disk", Kind: LineChart, Unit: "batches", Along: along, X: x, Series: series("batches", func(s sensor.Sample) float64 { return float64(s.Spooled) })},
		{ID: "errors", Title: "Conversations that no parser could read", Kind: LineChart, Unit: "a minute", Along: along, X: x, Series: series("a minute", func(s sensor.Sample) float64 { return perSecond(s.Errors, s.Seconds) * 60 })},
	}
}

func vlanText(vlan uint16) string {
	if vlan == 0 {
		return "untagged"
	}
	return strconv.Itoa(int(vlan))
}

// subnetQuery is the list of devices with an address there.
func subnetQuery(prefix string) string { return "ip:" + prefix }
