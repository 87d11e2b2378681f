package app

import (
	"context"
	"hash/fnv"
	"log/slog"
	"math"
	"time"

	"pons/sensor"
	"pons/sqldb"
)

// demoSensor is an invented sensor: what it hears by day, and what is wrong with it.
type demoSensor struct {
	name, title string
	frames      float64 // a second at noon
	drops       float64 // share at noon
	silent      time.Duration
	networks    []sensor.Network
	off         int // hours a week ago in which it was off
}

// demoSensors are three at the demo's mirror ports: one well, one too slow for its port, one that has been silent since
// somebody moved a cable. Their health is made up; nothing listens.
func demoSensors() []demoSensor {
	return []demoSensor{
		{name: "core-east", title: "Core switch, East (synthetic)", frames: 31_000, off: 3, networks: []sensor.Network{{VLAN: 20, Prefix: "10.20.3.0/24", Hosts: 38}, {VLAN: 20, Prefix: "10.20.9.0/24", Hosts: 27}, {VLAN: 40, Prefix: "10.20.31.0/24", Hosts: 22}}},
		{name: "trunk-west", title: "Trunk to the West wing (synthetic)", frames: 64_000, drops: 0.021, networks: []sensor.Network{{VLAN: 31, Prefix: "10.21.4.0/24", Hosts: 44}, {VLAN: 31, Prefix: "10.21.17.0/24", Hosts: 31}}},
		{name: "clinic-1", title: "Outpatient clinic (synthetic)", frames: 6_500, silent: 44 * time.Hour, networks: []sensor.Network{{VLAN: 0, Prefix: "10.22.2.0/24", Hosts: 19}}},
	}
}

// demoDays is how many days of health the demo has, and demoSpan what one invented sample spans: enough for each of the
// pictures, and few enough for a start at once.
const (
	demoDays = 15
	demoSpan = 15 * time.Minute
)

// sample is what a sensor would have counted from a time on: quiet nights and weekends, a rhythm that is the same whenever
// it is asked for.
func (x demoSensor) sample(at time.Time, span time.Duration) sensor.Sample {
	sum := fnv.New32a()
	sum.Write([]byte(x.name + at.Format(time.RFC3339)))
	chance := float64(sum.Sum32()%1000) / 1000
	hour := float64(at.Hour()) + float64(at.Minute())/60
	day := 0.3 + 0.7*math.Exp(-math.Pow((hour-12.5)/4.5, 2))
	if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
		day = 0.25 + 0.35*day
	}
	rate := x.frames * day * (0.9 + 0.2*chance)
	frames := int64(rate * span.Seconds())
	dropped := int64(0)
	if day > 0.75 {
		dropped = int64(float64(frames) * x.drops * (day - 0.75) * 4 * (0.7 + 0.6*chance))
	}
	return sensor.Sample{At: at, Seconds: span.Seconds(), Frames: frames, Bytes: frames * 610, Dropped: dropped, Memory: int64((190 + 60*day + 8*chance) * (1 << 20)), Spooled: int64(chance * 3), Errors: int64(rate / 9000 * (1 + chance) * span.Minutes())}
}

// inventSensors writes the demo's sensors as of a time; since is from when on samples are missing.
func inventSensors(tx *sqldb.Tx, since, now time.Time, version string) error {
	for _, x := range demoSensors() {
		last := now.Add(-x.silent)
		v := sensor.Invented{Name: x.name, Title: x.title, Since: now.AddDate(0, 0, -demoDays-2), Heard: last, Networks: x.networks}
		for at := since.Truncate(demoSpan); at.Before(last); at = at.Add(demoSpan) {
			if ago := now.Sub(at); x.off > 0 && ago > 7*24*time.Hour && ago < 7*24*time.Hour+time.Duration(x.off)*time.Hour {
				continue // a power cut that nobody noticed
			}
			v.Samples = append(v.Samples, x.sample(at, demoSpan))
		}
		s := x.sample(last, 10*time.Second)
		v.Health = &sensor.Health{Version: version, Began: now.AddDate(0, 0, -6).UnixMicro(), At: last.UnixMicro(), Seconds: 10, Memory: s.Memory,
			Interfaces: []sensor.InterfaceLoad{{Name: "eth1", Frames: s.Frames, Bytes: s.Bytes, Dropped: s.Dropped}}}
		if err := sensor.Invent(tx, v); err != nil {
			return err
		}
	}
	return nil
}

// demoPulse is how often the demo's sensors are heard: a sensor that is up is never late.
const demoPulse = time.Minute

// pulse lets the demo's sensors go on while the demo is served.
func pulse(ctx context.Context, db *sqldb.DB, now func() time.Time, log *slog.Logger) error {
	tick := time.NewTicker(demoPulse)
	defer tick.Stop()
	for {
		at := now().UTC()
		if _, err := db.Update(ctx, func(tx *sqldb.Tx) error { return inventSensors(tx, at.Add(-2*demoSpan), at, Version) }); err != nil && ctx.Err() == nil {
			log.Error("invented sensors", "error", err) // the next beat tries again
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
