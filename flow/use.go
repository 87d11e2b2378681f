package flow

import (
	"cmp"
	"context"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"pons/sqldb"
)

// hoursOfWeek is how many hours a week has.
const hoursOfWeek = 7 * 24

// Use is how much a device was used on some days. What was not watched is not counted as rest: Observed tells how much
// was watched.
type Use struct {
	Node
	ObservedDays  int // days on which a point that knows the device was listening at least half of the day
	ObservedHours int // hours in which such a point was listening
	SeenHours     int // of them, hours in which the device was heard
	SeenDays      int // days on which it was heard
	ActiveMinutes int // minutes in which it worked: anything but upkeep of the network
	Associations  int64
	Messages      int64
	Studies       int64
	Sent          int64 // bytes
	Received      int64
	// Week is the pattern of a week, Monday 00:00 first, in the zone of the settings: active minutes, and the hours
	// watched.
	Week    [hoursOfWeek]uint32
	Watched [hoursOfWeek]uint16
	Days    []DayUse // in order, days without a sound left out

	rated int // active minutes of the observed days
}

// DayUse is one day of a device.
type DayUse struct {
	Day                             time.Time
	ActiveMinutes                   int
	SeenHours, ObservedHours        int
	Associations, Messages, Studies int64
	Sent, Received                  int64
}

// Online is the share of the watched hours in which the device was heard; ok is false where nothing was watched.
func (u *Use) Online() (share float64, ok bool) {
	if u.ObservedHours == 0 {
		return 0, false
	}
	return float64(u.SeenHours) / float64(u.ObservedHours), true
}

// HoursADay is the active time of an observed day, in hours; ok is false where fewer than minDays were observed.
func (u *Use) HoursADay(minDays int) (hours float64, ok bool) {
	if u.ObservedDays < max(minDays, 1) {
		return 0, false
	}
	return float64(u.rated) / 60 / float64(u.ObservedDays), true
}

// Usage is how devices were used in a window of whole days.
type Usage struct {
	Window
	Uses     []Use // by node, in the order of their names
	Settings Settings
	Made     time.Time
	at       map[string]int
}

// Find returns the use of a device; nil when nothing was heard of it.
func (u *Usage) Find(device string) *Use {
	if i, ok := u.at[device]; ok {
		return &u.Uses[i]
	}
	return nil
}

type cachedUses struct {
	Window
	rev   sqldb.Rev
	took  time.Duration
	usage *Usage
}

// Usage tells how devices were used in a window, of which only whole days count. Like a Graph, it may be some seconds
// old.
func (f *Flows) Usage(ctx context.Context, w Window, now time.Time) (*Usage, error) {
	f.cache.mu.Lock()
	defer f.cache.mu.Unlock()
	w.From, w.To = w.From.UTC().Truncate(24*time.Hour), w.To.UTC().Truncate(24*time.Hour)
	var out *Usage
	err := f.db.View(ctx, func(tx *sqldb.Tx) error {
		for _, c := range f.cache.uses {
			if c.Window == w && (c.rev == tx.Rev() || c.took > freshAfter && now.Sub(c.usage.Made) < worth*c.took && !now.Before(c.usage.Made)) {
				out = c.usage
				return nil
			}
		}
		begun := time.Now()
		var err error
		if out, err = f.readUsage(tx, w); err != nil {
			return err
		}
		out.Made = now
		f.cache.uses = slices.DeleteFunc(f.cache.uses, func(c cachedUses) bool { return c.Window == w })
		f.cache.uses = append(f.cache.uses, cachedUses{w, tx.Rev(), time.Since(begun), out})
		if len(f.cache.uses) > 2 { // some megabytes each
			f.cache.uses = slices.Delete(f.cache.uses, 0, 1)
		}
		return nil
	})
	return out, err
}

// pointDay is a point of listening on a day.
type pointDay struct {
	day   int64
	point string
}

func readWatch(tx *sqldb.Tx, points map[int64]string, from, to int64) (map[pointDay]int64, error) {
	out := map[pointDay]int64{}
	err := eachRow(tx, "SELECT day, source, hours FROM flow_watch WHERE day BETWEEN $1 AND $2", []any{from, to}, func(rows *sqldb.Rows) error {
		var day, source, hours int64
		err := rows.Scan(&day, &source, &hours)
		out[pointDay{day, points[source]}] |= hours
		return err
	})
	return out, err
}

// heard is what one node did on one day, by point.
type heard struct {
	points []string
	sums   []busy
}

func (f *Flows) readUsage(tx *sqldb.Tx, w Window) (*Usage, error) {
	u := &Usage{Window: w, at: map[string]int{}}
	var err error
	if u.Settings, _, err = f.Settings(tx); err != nil {
		return nil, err
	}
	points, err := readPoints(tx)
	if err != nil {
		return nil, err
	}
	from, to := dayOf(w.From), dayOf(w.To)-1
	watch, err := readWatch(tx, points, from, to)
	if err != nil {
		return nil, err
	}
	hosts := map[int64]bool{}
	if err := eachRow(tx, "SELECT DISTINCT host FROM flow_use WHERE day BETWEEN $1 AND $2", []any{from, to}, func(rows *sqldb.Rows) error {
		var id int64
		err := rows.Scan(&id)
		hosts[id] = true
		return err
	}); err != nil {
		return nil, err
	}
	g := &Graph{}
	place, err := f.nodes(tx, g, hosts)
	if err != nil {
		return nil, err
	}
	count := newCounter(u.Settings.location(), watch, from, to)
	err = eachRow(tx, "SELECT day, host, source, sent, received, associations, messages, studies, hours, active FROM flow_use WHERE day BETWEEN $1 AND $2 ORDER BY day, host, source", []any{from, to},
		func(rows *sqldb.Rows) error {
			var day, host, source int64
			var b busy
			if err := b.scan(rows, &day, &host, &source); err != nil {
				return err
			}
			count.hear(day, place[host], points[source], &b)
			return nil
		})
	if err != nil {
		return nil, err
	}
	count.flush()
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Kind > Unknown || count.uses[int32(i)] == nil {
			continue
		}
		use := count.finish(int32(i))
		use.Node = *n
		u.Uses = append(u.Uses, *use)
	}
	slices.SortFunc(u.Uses, func(a, b Use) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	for i := range u.Uses {
		if id := u.Uses[i].ID; id != "" {
			u.at[id] = i
		}
	}
	return u, nil
}

// counter turns what was heard, day by day, into uses.
type counter struct {
	zone     *time.Location
	watch    map[pointDay]int64
	from, to int64
	day      int64
	today    map[int32]*heard
	uses     map[int32]*Use
	knows    map[int32][]string // points that heard the node at all
	week     map[int64][24]uint8
}

func newCounter(zone *time.Location, watch map[pointDay]int64, from, to int64) *counter {
	return &counter{zone: zone, watch: watch, from: from, to: to, day: math.MinInt64, today: map[int32]*heard{}, uses: map[int32]*Use{}, knows: map[int32][]string{}, week: map[int64][24]uint8{}}
}

// hear takes what a source says of a host's day. Days come in order.
func (c *counter) hear(day int64, node int32, point string, b *busy) {
	if day != c.day {
		c.flush()
		c.day = day
	}
	h := c.today[node]
	if h == nil {
		h = &heard{}
		c.today[node] = h
	}
	if !slices.Contains(c.knows[node], point) {
		c.knows[node] = append(c.knows[node], point)
	}
	for i, p := range h.points {
		if p == point {
			h.sums[i].add(b)
			return
		}
	}
	h.points, h.sums = append(h.points, point), append(h.sums, *b)
}

// flush counts the day that ends.
func (c *counter) flush() {
	for node, h := range c.today {
		b := h.sums[0]
		for i := 1; i < len(h.sums); i++ {
			b.most(&h.sums[i])
		}
		u := c.uses[node]
		if u == nil {
			u = &Use{}
			c.uses[node] = u
		}
		d := DayUse{Day: time.Unix(c.day*86400, 0).UTC(), SeenHours: bits.OnesCount64(uint64(b.hours)), Associations: b.associations, Messages: b.messages, Studies: b.studies, Sent: b.sent, Received: b.received}
		week := c.hours(c.day)
		for hour := range 24 {
			n := b.minutes(hour)
			d.ActiveMinutes += n
			u.Week[week[hour]] += uint32(n)
		}
		u.Days = append(u.Days, d)
		u.SeenDays++
		u.SeenHours += d.SeenHours
		u.ActiveMinutes += d.ActiveMinutes
		u.Associations += d.Associations
		u.Messages += d.Messages
		u.Studies += d.Studies
		u.Sent += d.Sent
		u.Received += d.Received
	}
	clear(c.today)
}

// hours tells which hour of the week each hour of a day is.
func (c *counter) hours(day int64) [24]uint8 {
	w, ok := c.week[day]
	if !ok {
		for h := range w {
			t := time.Unix(day*86400+int64(h)*3600, 0).In(c.zone)
			w[h] = uint8((int(t.Weekday())+6)%7*24 + t.Hour())
		}
		c.week[day] = w
	}
	return w
}

// halfDay is how many hours must have been watched for a day to count as observed: use over a whole day is told of it.
const halfDay = 12

// finish counts what was watched, also on the days on which nothing was heard.
func (c *counter) finish(node int32) *Use {
	u := c.uses[node]
	next := 0
	for day := c.from; day <= c.to; day++ {
		var hours int64
		for _, p := range c.knows[node] {
			hours |= c.watch[pointDay{day, p}]
		}
		n := bits.OnesCount64(uint64(hours))
		u.ObservedHours += n
		if n >= halfDay {
			u.ObservedDays++
		}
		for next < len(u.Days) && dayOf(u.Days[next].Day) < day {
			next++
		}
		if next < len(u.Days) && dayOf(u.Days[next].Day) == day {
			u.Days[next].ObservedHours = n
			if n >= halfDay {
				u.rated += u.Days[next].ActiveMinutes
			}
		}
		if hours == 0 {
			continue
		}
		week := c.hours(day)
		for h := range 24 {
			u.Watched[week[h]] += uint16(hours >> h & 1)
		}
	}
	return u
}

// Within is the part of a usage that an asker may see: holds as in Ask, where as in Ask.Where.
func (u *Usage) Within(holds func(site, department string) bool, where map[string]bool) []*Use {
	var out []*Use
	for i := range u.Uses {
		x := &u.Uses[i]
		if holds != nil && !holds(x.Known.Site, x.Known.Department) || where != nil && (x.ID == "" || !where[x.ID]) {
			continue
		}
		out = append(out, x)
	}
	return out
}

// Verdict is where a device stands among its likes.
type Verdict string

// The verdicts. Resting is said of a device whose records do not say that it is in service: a spare is not under-used.
const (
	NotKnown  Verdict = "unknown"
	AsOthers  Verdict = "as others"
	UnderUsed Verdict = "under-used"
	OverUsed  Verdict = "over-used"
	Resting   Verdict = "not in service"
)

// Ranked is a device among its likes.
type Ranked struct {
	*Use
	Group   string
	Hours   float64 // active hours of an observed day; NaN: unknown
	Verdict Verdict
	Because string
}

// Likes is a group of devices: a model, or a class.
type Likes struct {
	Name         string
	Maker        string // of a model
	Devices      int    // heard in the window
	Rated        int    // of them observed for long enough and in service
	Low, Median  float64
	High         float64 // percentiles of the settings, and the median; NaN where there are too few
	Under, Over  int
	Resting      int
	Hours        float64 // active hours of all together, of an observed day
	Associations int64
	Messages     int64
	Studies      int64
}

// Compare ranks devices among those of the same model or class ("model", "class"). A device is under-used when its
// active hours of an observed day are at or below the low percentile of its group and at or below a share of the
// group's median, over-used likewise; both are of the settings. A percentile alone would always blame somebody.
func Compare(uses []*Use, by By, s Settings) ([]Likes, []Ranked) {
	groups := map[string][]int{}
	ranked := make([]Ranked, 0, len(uses))
	for _, u := range uses {
		name := u.Known.Model
		if by == "class" {
			name = u.Known.Class
		}
		if u.Kind != Device || name == "" {
			continue
		}
		r := Ranked{Use: u, Group: name, Hours: math.NaN(), Verdict: NotKnown}
		if h, ok := u.HoursADay(s.MinDays); ok {
			r.Hours = h
		} else {
			r.Because = "observed on " + count(u.ObservedDays) + " of the " + count(s.MinDays) + " days that are needed"
		}
		if u.Known.Status != "" && u.Known.Status != "in-service" {
			r.Verdict, r.Because = Resting, "its records say: "+u.Known.Status
		}
		groups[name] = append(groups[name], len(ranked))
		ranked = append(ranked, r)
	}
	likes := make([]Likes, 0, len(groups))
	for name, members := range groups {
		likes = append(likes, compareGroup(name, members, ranked, s))
	}
	slices.SortFunc(likes, func(a, b Likes) int {
		return cmp.Or(cmp.Compare(b.Under+b.Over, a.Under+a.Over), cmp.Compare(b.Devices, a.Devices), cmp.Compare(a.Name, b.Name))
	})
	return likes, ranked
}

func compareGroup(name string, members []int, ranked []Ranked, s Settings) Likes {
	l := Likes{Name: name, Devices: len(members), Low: math.NaN(), Median: math.NaN(), High: math.NaN()}
	var hours []float64
	for _, i := range members {
		r := &ranked[i]
		l.Maker = cmp.Or(l.Maker, r.Known.Manufacturer)
		l.Associations += r.Associations
		l.Messages += r.Messages
		l.Studies += r.Studies
		if r.Verdict == Resting {
			l.Resting++
		} else if !math.IsNaN(r.Hours) {
			hours = append(hours, r.Hours)
		}
		if !math.IsNaN(r.Hours) {
			l.Hours += r.Hours
		}
	}
	l.Rated = len(hours)
	if l.Rated >= s.MinPeers {
		slices.Sort(hours)
		l.Low, l.Median, l.High = quantile(hours, s.Low/100), quantile(hours, 0.5), quantile(hours, s.High/100)
	}
	for _, i := range members {
		r := &ranked[i]
		switch {
		case r.Verdict == Resting || math.IsNaN(r.Hours):
		case l.Rated < s.MinPeers:
			r.Because = count(l.Rated) + " devices of the " + count(s.MinPeers) + " that a comparison needs"
		case l.Median > 0 && r.Hours <= l.Low && r.Hours <= s.LowShare*l.Median: // where half of them rest, rest is usual
			r.Verdict, r.Because = UnderUsed, "at or below percentile "+trim(s.Low)+" ("+tenth(l.Low)+" h) and "+trim(s.LowShare*100)+" % of the median ("+tenth(l.Median)+" h) of "+count(l.Rated)
			l.Under++
		case r.Hours >= l.High && r.Hours >= s.HighShare*l.Median && r.Hours > 0:
			r.Verdict, r.Because = OverUsed, "at or above percentile "+trim(s.High)+" ("+tenth(l.High)+" h) and "+trim(s.HighShare*100)+" % of the median ("+tenth(l.Median)+" h) of "+count(l.Rated)
			l.Over++
		default:
			r.Verdict = AsOthers
		}
	}
	return l
}

// quantile of sorted values, between the two nearest (Hyndman and Fan's type 7, which spreadsheets use).
func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// Observed tells at which points somebody listened, and since when.
type Observed struct {
	Point       string
	First, Last time.Time // days
	Hours       int
}

// Observed lists the points of listening by name.
func (f *Flows) Observed(tx *sqldb.Tx) ([]Observed, error) {
	points, err := readPoints(tx)
	if err != nil {
		return nil, err
	}
	watch, err := readWatch(tx, points, 0, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	at := map[string]*Observed{}
	for k, hours := range watch {
		o := at[k.point]
		day := time.Unix(k.day*86400, 0).UTC()
		if o == nil {
			o = &Observed{Point: k.point, First: day, Last: day}
			at[k.point] = o
		}
		if day.Before(o.First) {
			o.First = day
		}
		if day.After(o.Last) {
			o.Last = day
		}
		o.Hours += bits.OnesCount64(uint64(hours))
	}
	out := make([]Observed, 0, len(at))
	for _, o := range at {
		out = append(out, *o)
	}
	slices.SortFunc(out, func(a, b Observed) int { return strings.Compare(a.Point, b.Point) })
	return out, nil
}

func tenth(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

func count(n int) string { return strconv.Itoa(n) }

func trim(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
