package sensor

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var blindDay = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func drawSpots(rt *rapid.T, switches int) []Spot {
	return rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) Spot {
		d := Spot{Site: rapid.SampledFrom([]string{"", "East", "West"}).Draw(rt, "site"), VLAN: rapid.SampledFrom([]string{"", "20", "31"}).Draw(rt, "vlan"),
			LifeSupport: rapid.Bool().Draw(rt, "life"), Critical: rapid.Bool().Draw(rt, "critical"),
			Subnets: rapid.SampledFrom([][]string{nil, {"10.0.0.0/24"}, {"10.0.0.0/24", "10.0.1.0/24"}}).Draw(rt, "subnets")}
		if n := rapid.IntRange(0, switches).Draw(rt, "switch"); n > 0 {
			d.Switch = fmt.Sprint("sw-", n)
		}
		if days := rapid.IntRange(-1, 60).Draw(rt, "heard"); days >= 0 {
			d.Heard = blindDay.AddDate(0, 0, -days)
		}
		return d
	}), 0, 40).Draw(rt, "devices")
}

var bothKinds = []PointKind{MirrorSwitch, MirrorVLAN}

// TestAdviceReaches holds the greedy choice against the best choice by brute force, and that its parts add up.
func TestAdviceReaches(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		devices := drawSpots(rt, 5)
		since := blindDay.AddDate(0, 0, -rapid.IntRange(0, 40).Draw(rt, "days"))
		w := Weights{rapid.IntRange(-1, 9).Draw(rt, "life"), rapid.IntRange(-1, 9).Draw(rt, "critical")}
		most := rapid.IntRange(1, 4).Draw(rt, "most")
		got := Advise(devices, bothKinds, w, since, most)

		var points []Point
		worth := func(chosen uint) (weight int) {
			for i := range devices {
				d := &devices[i]
				if d.Heard.IsZero() || d.Heard.Before(since) {
					for j, p := range points {
						if chosen>>j&1 == 1 && slices.Contains(d.points(bothKinds), p) {
							weight += w.of(d)
							break
						}
					}
				}
			}
			return weight
		}
		for i := range devices {
			for _, p := range devices[i].points(bothKinds) {
				if !slices.Contains(points, p) {
					points = append(points, p)
				}
			}
		}
		best := 0
		for chosen := uint(0); chosen < 1<<len(points); chosen++ {
			if bits.OnesCount(chosen) <= most {
				best = max(best, worth(chosen))
			}
		}
		weight, total, last := 0, 0, 0
		picked := uint(0)
		for i, m := range got.Mirrors {
			weight, total = weight+m.Weight, total+m.Devices
			if m.Total != total || m.Devices <= 0 || m.Vital > m.Devices || i > 0 && m.Weight > last {
				rt.Fatalf("mirror %d: %+v after weight %d", i, m, last)
			}
			last = m.Weight
			picked |= 1 << slices.Index(points, m.Point)
		}
		if weight != worth(picked) {
			rt.Fatalf("the mirrors say %d, they show %d", weight, worth(picked))
		}
		if float64(weight) < 0.632*float64(best) {
			rt.Fatalf("greedy reaches %d of %d", weight, best)
		}
	})
}

// TestAdviceKeeps holds that order does not matter, that more candidates never lower what all of them reach, that nothing
// unknown counts as seen, and that a device without a place counts to no point.
func TestAdviceKeeps(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		devices := drawSpots(rt, 6)
		since := blindDay.AddDate(0, 0, -14)
		w := DefaultWeights()
		all := Advise(devices, bothKinds, w, since, 0)
		mixed := rapid.Permutation(devices).Draw(rt, "mixed")
		if !reflect.DeepEqual(all, Advise(mixed, bothKinds, w, since, 0)) {
			rt.Fatal("the order of devices changes the advice")
		}
		for _, by := range Groupings() {
			for _, across := range []bool{false, true} {
				a, wholeA := Cover(devices, by, across, since)
				b, wholeB := Cover(mixed, by, across, since)
				if !reflect.DeepEqual(a, b) || wholeA != wholeB {
					rt.Fatal("the order of devices changes the coverage")
				}
				expected := 0
				for _, c := range a {
					expected += c.Expected
					if c.Seen > c.Expected || c.Vital > c.Unseen() {
						rt.Fatalf("%+v", c)
					}
				}
				if expected < wholeA.Expected || by != BySubnet && expected != wholeA.Expected {
					rt.Fatalf("%s: groups hold %d of %d", by, expected, wholeA.Expected)
				}
			}
		}
		for _, kinds := range [][]PointKind{{MirrorSwitch}, {MirrorVLAN}} {
			if some := Advise(devices, kinds, w, since, 0); some.Reach > all.Reach || total(some) > total(all) || total(some) != some.Reach {
				rt.Fatalf("fewer candidates reach %+v, all reach %+v", some, all)
			}
		}
		never := slices.Clone(devices)
		for i := range never {
			never[i].Heard = time.Time{}
		}
		if _, whole := Cover(never, BySite, false, time.Time{}); whole.Seen != 0 || whole.Expected != len(never) {
			rt.Fatalf("devices that were never heard: %+v", whole)
		}
		nowhere := slices.Clone(devices)
		for i := range nowhere {
			nowhere[i].Switch, nowhere[i].VLAN = "", ""
		}
		if a := Advise(nowhere, bothKinds, w, since, 0); len(a.Mirrors) != 0 || a.Nowhere() != a.Unseen || a.Unseen != all.Unseen {
			rt.Fatalf("devices without a place: %+v", a)
		}
	})
}

func total(a Advice) int {
	if len(a.Mirrors) == 0 {
		return 0
	}
	return a.Mirrors[len(a.Mirrors)-1].Total
}

func TestSubnet(t *testing.T) {
	for ip, want := range map[string]string{"10.1.2.3": "10.1.2.0/24", "::ffff:10.1.2.3": "10.1.2.0/24", "fd00:1:2:3:4::1": "fd00:1:2:3::/64", "fe80::1": "", "169.254.1.1": "", "x": "", "": "", "0.0.0.0": "", "224.0.0.1": ""} {
		if got := Subnet(ip); got != want {
			t.Errorf("%s: %s, want %s", ip, got, want)
		}
	}
}

// TestTrend holds that sums stay whole and that silence is no zero.
func TestTrend(t *testing.T) {
	from := time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC)
	var in []Sample
	for i := range 24 {
		if i != 5 {
			in = append(in, Sample{At: from.Add(time.Duration(i) * 5 * time.Minute), Seconds: 300, Frames: 10, Bytes: 100, Dropped: 1, Memory: int64(i), Errors: 2})
		}
	}
	in = append(in, Sample{At: from.Add(-time.Minute), Frames: 99}, Sample{At: from.Add(48 * time.Hour), Frames: 99})
	out := Trend(in, from, from.Add(3*time.Hour), time.Hour)
	if len(out) != 3 || out[0].Frames != 110 || out[0].Seconds != 3300 || out[1].Frames != 120 || out[1].Memory != 23 || out[2].Seconds != 0 {
		t.Errorf("%+v", out)
	}
}

// BenchmarkBlindSpots is a large hospital: 100,000 devices at 2,000 switches.
func BenchmarkBlindSpots(b *testing.B) {
	d := rand.New(rand.NewPCG(1, 2))
	devices := make([]Spot, 100_000)
	for i := range devices {
		devices[i] = Spot{Site: fmt.Sprint("site ", d.IntN(8)), Building: fmt.Sprint("building ", d.IntN(60)), VLAN: fmt.Sprint(d.IntN(200)), Switch: fmt.Sprint("sw-", d.IntN(2000)),
			Subnets: []string{fmt.Sprintf("10.%d.%d.0/24", d.IntN(8), d.IntN(200))}, LifeSupport: d.IntN(20) == 0}
		if d.IntN(3) > 0 {
			devices[i].Heard = blindDay.AddDate(0, 0, -d.IntN(60))
		}
	}
	since := blindDay.AddDate(0, 0, -30)
	for b.Loop() {
		Advise(devices, bothKinds, DefaultWeights(), since, 10)
		Cover(devices, BySwitch, false, since)
		Cover(devices, ByVLAN, true, since)
	}
}
