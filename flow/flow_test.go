package flow

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pons/audit"
	"pons/fact"
	"pons/inventory"
	"pons/ledger"
	"pons/product"
	"pons/protocol"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func schemas() []sqldb.Schema {
	return []sqldb.Schema{audit.Schema(), ledger.Schema(), inventory.Schema(), Schema()}
}

func onBoth(t *testing.T, body func(t *testing.T, f *Flows)) {
	t.Helper()
	sqldbtest.Run(t, schemas(), func(t *testing.T, db *sqldb.DB) {
		body(t, New(db, inventory.New(db, product.Default(), func() time.Time { return monday })))
	})
}

func (f *Flows) apply(t testing.TB, source string, traffic ...protocol.Traffic) {
	t.Helper()
	if _, err := f.db.Update(t.Context(), func(tx *sqldb.Tx) error { return Apply(tx, source, traffic) }); err != nil {
		t.Fatal(err)
	}
}

func (f *Flows) forget(t testing.TB, source string) {
	t.Helper()
	if _, err := f.db.Update(t.Context(), func(tx *sqldb.Tx) error { return Forget(tx, source) }); err != nil {
		t.Fatal(err)
	}
}

// stored is all that the tables say, by names and not by numbers.
func (f *Flows) stored(t testing.TB) []string {
	t.Helper()
	var out []string
	err := f.db.View(t.Context(), func(tx *sqldb.Tx) error {
		services, err := readServices(tx)
		if err != nil {
			return err
		}
		if err := eachRow(tx, `SELECT s.name, grain, start, c.subject, p.subject, service, `+sumFields+` FROM flow_sum, flow_source s, flow_host c, flow_host p
			WHERE s.id = source AND c.id = client AND p.id = server`, nil, func(rows *sqldb.Rows) error {
			var source, client, server string
			var g, start, service, first, last int64
			var r row
			if err := rows.Scan(append([]any{&source, &g, &start, &client, &server, &service}, r.into(&first, &last)...)...); err != nil {
				return err
			}
			r.First, r.Last = seconds(first), seconds(last)
			out = append(out, fmt.Sprint(source, g, start, client, server, services[service], r))
			return nil
		}); err != nil {
			return err
		}
		if err := eachRow(tx, `SELECT s.name, day, h.subject, sent, received, associations, messages, studies, hours, active FROM flow_use, flow_source s, flow_host h WHERE s.id = source AND h.id = host`, nil,
			func(rows *sqldb.Rows) error {
				var source, host string
				var day int64
				var b busy
				err := b.scan(rows, &source, &day, &host)
				out = append(out, fmt.Sprint(source, day, host, b))
				return err
			}); err != nil {
			return err
		}
		return eachRow(tx, `SELECT s.name, day, hours FROM flow_watch, flow_source s WHERE s.id = source`, nil, func(rows *sqldb.Rows) error {
			var source string
			var day, hours int64
			err := rows.Scan(&source, &day, &hours)
			out = append(out, fmt.Sprint("watch", source, day, hours))
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// anyTraffic draws traffic among a few hosts, over the end of a month.
func anyTraffic(t *rapid.T) protocol.Traffic {
	ends := []fact.Key{fact.Host("00:09:fb:00:00:01", ""), fact.Host("00:09:fb:00:00:02", ""), fact.Host("", "10.1.2.3"), fact.Host("", "8.8.8.8"), fact.Host("01:00:5e:00:00:fb", ""), fact.Host("", "224.0.0.251")}
	hour := time.Date(2026, 2, 28, 21, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 6).Draw(t, "hour")) * time.Hour)
	minute := rapid.IntRange(0, 59).Draw(t, "minute")
	at := hour.Add(time.Duration(minute) * time.Minute)
	n := func(name string) uint64 { return rapid.Uint64Range(0, 1000).Draw(t, name) }
	return protocol.Traffic{Hour: hour, Client: rapid.SampledFrom(ends).Draw(t, "client"), Server: rapid.SampledFrom(ends).Draw(t, "server"),
		Transport: rapid.SampledFrom([]protocol.Transport{protocol.TCP, protocol.UDP, protocol.Link}).Draw(t, "transport"),
		Port:      rapid.SampledFrom([]uint16{104, 443, 50000, 50001}).Draw(t, "port"), Protocol: rapid.SampledFrom([]string{"", "dicom", "dns"}).Draw(t, "protocol"),
		Up: protocol.Volume{Packets: n("up"), Bytes: n("upbytes")}, Down: protocol.Volume{Packets: n("down"), Bytes: n("downbytes")},
		Conversations: n("conversations"), Associations: n("associations"), Messages: n("messages"), Studies: n("studies"),
		Minutes: 1 << minute, First: at, Last: at.Add(time.Duration(rapid.IntRange(0, 59).Draw(t, "length")) * time.Second)}
}

// TestOrderAndBatches holds that sums depend neither on the order of traffic nor on how it is cut into batches, that
// forgetting a source removes its part and nothing else, and that nothing is lost or made up.
func TestOrderAndBatches(t *testing.T) {
	onBoth(t, func(t *testing.T, f *Flows) {
		rapid.Check(t, func(r *rapid.T) {
			traffic := rapid.SliceOfN(rapid.Custom(anyTraffic), 1, 25).Draw(r, "traffic")
			other := rapid.SliceOfN(rapid.Custom(anyTraffic), 0, 10).Draw(r, "other")
			f.apply(t, "a#1", traffic...)
			want := f.stored(t)
			var bytes, sum uint64
			for i := range traffic {
				bytes += traffic[i].Up.Bytes + traffic[i].Down.Bytes
			}
			g, err := f.Graph(t.Context(), Window{}, monday)
			if err != nil {
				t.Fatal(err)
			}
			for i := range g.Links {
				sum += uint64(g.Links[i].Bytes())
			}
			if sum != bytes {
				r.Fatalf("%d bytes went in, %d are there", bytes, sum)
			}
			f.forget(t, "a#1")
			if left := f.stored(t); len(left) > 0 {
				r.Fatalf("forgotten, and still there: %v", left)
			}
			f.apply(t, "b#1", other...)
			before := f.stored(t)
			shuffled := slices.Clone(traffic)
			d := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 1))
			d.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			for rest := shuffled; len(rest) > 0; {
				n := 1 + d.IntN(len(rest))
				f.apply(t, "a#1", rest[:n]...)
				rest = rest[n:]
			}
			both := slices.Clone(want)
			both = append(both, before...)
			slices.Sort(both)
			if got := f.stored(t); !slices.Equal(got, both) {
				r.Fatalf("in pieces:\n%v\nwhole:\n%v", got, both)
			}
			f.forget(t, "a#1")
			if got := f.stored(t); !slices.Equal(got, before) {
				r.Fatalf("after the undo:\n%v\nbefore:\n%v", got, before)
			}
			f.forget(t, "b#1")
		})
	})
}

// TestPieces holds that the pieces of any window cover each of its hours once, and no other.
func TestPieces(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		from := time.Date(2025, 11, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 3000).Draw(r, "from")) * time.Hour)
		to := from.Add(time.Duration(rapid.IntRange(1, 4000).Draw(r, "hours")) * time.Hour)
		covered := map[int64]int{}
		for _, p := range pieces(Window{from, to}) {
			for at := p.from; at <= p.to; at++ {
				begin, end := at, at+1
				switch p.grain {
				case daily:
					begin, end = at*24, at*24+24
				case monthly:
					m := time.Date(int(at/12), time.Month(at%12+1), 1, 0, 0, 0, 0, time.UTC)
					begin, end = m.Unix()/3600, m.AddDate(0, 1, 0).Unix()/3600
				}
				for h := begin; h < end; h++ {
					covered[h]++
				}
			}
		}
		for h := from.Unix() / 3600; h < to.Unix()/3600; h++ {
			if covered[h] != 1 {
				r.Fatalf("hour %d is covered %d times", h, covered[h])
			}
			delete(covered, h)
		}
		if len(covered) > 0 {
			r.Fatalf("hours outside are covered: %v", covered)
		}
	})
}

// talk is one hour's conversation between two hosts.
func talk(hour time.Time, client, server fact.Key, name string, port uint16, minutes uint64) protocol.Traffic {
	return protocol.Traffic{Hour: hour, Client: client, Server: server, Transport: protocol.TCP, Port: port, Protocol: name,
		Up: protocol.Volume{Packets: 10, Bytes: 1000}, Down: protocol.Volume{Packets: 5, Bytes: 500}, Conversations: 1, Associations: 1, Minutes: minutes, First: hour, Last: hour.Add(time.Minute)}
}

// devices imports hosts with a class, a model, a site and a department.
func (f *Flows) devices(t testing.TB, lines ...[6]string) {
	t.Helper()
	records := func(yield func(fact.Record, error) bool) {
		for _, l := range lines {
			r := fact.Record{Subject: fact.Host(l[0], ""), Facts: []fact.Fact{{Attr: fact.MAC, Value: l[0]}, {Attr: fact.Hostname, Value: l[1]}, {Attr: fact.Class, Value: l[2]},
				{Attr: fact.Model, Value: l[3]}, {Attr: fact.Site, Value: l[4]}, {Attr: fact.Department, Value: l[5]}}}
			if !yield(r, nil) {
				return
			}
		}
	}
	if _, err := f.inv.Import(t.Context(), inventory.Import{Source: "wire", Kind: "wire", File: "x.pcap", At: monday, Records: records}); err != nil {
		t.Fatal(err)
	}
}

var (
	ct     = fact.Host("00:09:fb:00:00:01", "")
	pacs   = fact.Host("00:09:fb:00:00:02", "")
	pump   = fact.Host("00:09:fb:00:00:03", "")
	cloud  = fact.Host("", "8.8.8.8")
	nobody = fact.Host("", "10.9.9.9")
)

func (f *Flows) hospital(t testing.TB) {
	f.devices(t, [6]string{"00:09:fb:00:00:01", "CT1", "ct", "SOMATOM", "East", "Radiology"}, [6]string{"00:09:fb:00:00:02", "PACS", "pacs-server", "", "East", "IT"},
		[6]string{"00:09:fb:00:00:03", "PUMP1", "infusion-pump", "Infusomat", "West", "ICU"})
	f.apply(t, "port#1", talk(monday.Add(8*time.Hour), ct, pacs, "dicom", 104, 7), talk(monday.Add(9*time.Hour), ct, pacs, "dicom", 104, 1), talk(monday.Add(9*time.Hour), pump, cloud, "tls", 443, 1),
		talk(monday.Add(9*time.Hour), nobody, pacs, "", 50123, 1), talk(monday.Add(9*time.Hour), ct, pacs, "dns", 53, 1<<30))
}

// TestAsk asks a small hospital what the pages ask.
func TestAsk(t *testing.T) {
	onBoth(t, func(t *testing.T, f *Flows) {
		f.hospital(t)
		g, err := f.Graph(t.Context(), Window{monday, monday.AddDate(0, 0, 1)}, monday)
		if err != nil {
			t.Fatal(err)
		}
		lines := func(g *Graph) (out []string) {
			for _, l := range g.Links {
				out = append(out, g.Nodes[l.Client].Name+">"+g.Nodes[l.Server].Name+" "+l.Service.Name()+fmt.Sprintf(" %d", l.Bytes()))
			}
			slices.Sort(out)
			return out
		}
		expect := func(name string, got []string, want ...string) {
			t.Helper()
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		expect("everything", lines(g.Select(Ask{})), "10.9.9.9>PACS TCP dynamic port 1500", "CT1>PACS dicom 3000", "PUMP1>8.8.8.8 tls 1500")
		expect("upkeep", lines(g.Select(Ask{Upkeep: true, Protocol: "dns"})), "CT1>PACS dns 1500")
		expect("outside", lines(g.Select(Ask{External: true})), "PUMP1>8.8.8.8 tls 1500")
		east := func(site, _ string) bool { return site == "East" }
		expect("scope", lines(g.Select(Ask{Holds: east})), "CT1>PACS dicom 3000", outsideName+">PACS TCP dynamic port 1500")
		expect("nobody's", lines(g.Select(Ask{Holds: func(site, _ string) bool { return site == "North" }})))
		m := g.Select(Ask{}).Map("class", []string{"ct"})
		var spots []string
		for _, s := range m.Spots {
			spots = append(spots, fmt.Sprint(s.Name, "/", s.Group, "/", s.Devices, "/", s.Bytes))
		}
		slices.Sort(spots)
		expect("spots", spots, "CT1/ct/1/3000", "Hosts without a device//1/1500", "Internet//1/1500", "infusion-pump//1/1500", "pacs-server//1/4500")
		if len(m.Arcs) != 3 || m.Arcs[0].Bytes() != 3000 || m.Arcs[0].Protocols[0] != "dicom" {
			t.Errorf("arcs %+v", m.Arcs)
		}
		if s := g.Select(Ask{Protocol: "dicom"}).Servers(); len(s) != 1 || s[0].Clients != 1 || g.Nodes[s[0].Node].Name == "" {
			t.Errorf("servers %+v", s)
		}
	})
}

// TestFresh finds what was never seen before a day.
func TestFresh(t *testing.T) {
	onBoth(t, func(t *testing.T, f *Flows) {
		f.hospital(t)
		later := monday.AddDate(0, 1, 3)
		f.apply(t, "port#2", talk(later, ct, pacs, "dicom", 104, 1), talk(later, ct, cloud, "tls", 443, 1), talk(later, fact.Host("00:09:fb:00:00:04", ""), pacs, "dicom", 104, 1))
		g, err := f.Graph(t.Context(), Window{}, monday)
		if err != nil {
			t.Fatal(err)
		}
		part, fresh := g.Fresh(monday.AddDate(0, 0, 7), Ask{})
		var got []string
		for _, x := range fresh {
			got = append(got, fmt.Sprint(part.Nodes[x.Client].Name, ">", part.Nodes[x.Server].Name, " ", x.NewClient, x.NewServer))
		}
		slices.Sort(got)
		if want := []string{"00:09:fb:00:00:04>PACS true false", "CT1>8.8.8.8 false false"}; !slices.Equal(got, want) {
			t.Errorf("new: %q, want %q", got, want)
		}
	})
}

// TestPoints holds that two points of listening that saw one conversation are not added up, and two parts of one are.
func TestPoints(t *testing.T) {
	onBoth(t, func(t *testing.T, f *Flows) {
		x := talk(monday, ct, pacs, "dicom", 104, 1)
		f.apply(t, "core#1", x)
		f.apply(t, "edge#1", x)
		f.apply(t, "core#2", x)
		g, err := f.Graph(t.Context(), Window{}, monday)
		if err != nil || len(g.Links) != 1 || g.Links[0].Bytes() != 3000 || g.Links[0].Associations != 2 {
			t.Fatalf("%+v %v", g.Links, err)
		}
	})
}

// TestUse counts use, and says nothing of hours in which nobody listened.
func TestUse(t *testing.T) {
	onBoth(t, func(t *testing.T, f *Flows) {
		f.devices(t, [6]string{"00:09:fb:00:00:01", "CT1", "ct", "SOMATOM", "East", "Radiology"}, [6]string{"00:09:fb:00:00:02", "PACS", "pacs-server", "", "East", "IT"})
		for day := range 3 { // the port listens from 6 to 20 o'clock
			for hour := 6; hour < 20; hour++ {
				at := monday.AddDate(0, 0, day).Add(time.Duration(hour) * time.Hour)
				f.apply(t, "port#"+fmt.Sprint(day), talk(at, pump, cloud, "tls", 443, 1))
				if hour == 8 && day < 2 {
					f.apply(t, "port#"+fmt.Sprint(day), talk(at, ct, pacs, "dicom", 104, 1<<59|1<<10|1), talk(at, ct, pacs, "dns", 53, 1<<20))
				}
			}
		}
		u, err := f.Usage(t.Context(), Window{monday, monday.AddDate(0, 0, 7)}, monday)
		if err != nil || len(u.Uses) == 0 || u.Uses[0].Name != "00:09:fb:00:00:03" {
			t.Fatalf("%+v %v", u, err)
		}
		var x *Use
		for i := range u.Uses {
			if u.Uses[i].Name == "CT1" {
				x = &u.Uses[i]
			}
		}
		if x == nil || x.ActiveMinutes != 6 || x.SeenHours != 2 || x.ObservedHours != 42 || x.ObservedDays != 3 || x.Associations != 4 || x.Week[8] != 3 || x.Week[24+8] != 3 || x.Watched[8] != 1 || x.Watched[3] != 0 {
			t.Fatalf("%+v", x)
		}
		if share, ok := x.Online(); !ok || share != 2.0/42 {
			t.Errorf("online %v %v", share, ok)
		}
		if h, ok := x.HoursADay(3); !ok || h < 0.0333 || h > 0.0334 {
			t.Errorf("hours a day %v %v", h, ok)
		}
		if _, ok := x.HoursADay(4); ok {
			t.Error("use is told from fewer days than were asked for")
		}
	})
}

// TestCompare blames those who are far from the others, and nobody else.
func TestCompare(t *testing.T) {
	s := DefaultSettings()
	var uses []*Use
	add := func(name, status string, days int, hours float64) {
		uses = append(uses, &Use{Node: Node{Kind: Device, ID: name, Name: name, Known: Known{Model: "M", Status: status}}, ObservedDays: days, rated: int(hours * 60 * float64(days))})
	}
	for i := range 8 {
		add(fmt.Sprint("usual", i), "in-service", 20, 5)
	}
	add("idle", "in-service", 20, 0.5)
	add("busy", "", 20, 12)
	add("spare", "spare", 20, 0)
	add("late", "in-service", 3, 0)
	likes, ranked := Compare(uses, "model", s)
	got := map[string]Verdict{}
	for _, r := range ranked {
		got[r.Name] = r.Verdict
		if r.Verdict != AsOthers && r.Because == "" {
			t.Errorf("%s is %s for no reason", r.Name, r.Verdict)
		}
	}
	for name, want := range map[string]Verdict{"usual0": AsOthers, "idle": UnderUsed, "busy": OverUsed, "spare": Resting, "late": NotKnown} {
		if got[name] != want {
			t.Errorf("%s is %s, want %s", name, got[name], want)
		}
	}
	if len(likes) != 1 || likes[0].Under != 1 || likes[0].Over != 1 || likes[0].Rated != 10 || likes[0].Resting != 1 || likes[0].Median != 5 {
		t.Errorf("%+v", likes)
	}
	if _, alone := Compare(uses[:1], "model", s); alone[0].Verdict != NotKnown {
		t.Errorf("a device alone is %s", alone[0].Verdict)
	}
}

// TestSettingsAndTidy keeps settings with their version and drops what is too old, and only that.
func TestSettingsAndTidy(t *testing.T) {
	onBoth(t, func(t *testing.T, f *Flows) {
		f.hospital(t)
		now := monday.AddDate(0, 0, 40)
		whole, err := f.Graph(t.Context(), Window{}, monday)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Tidy(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		hours, err := f.Graph(t.Context(), Window{monday.Add(8 * time.Hour), monday.Add(10 * time.Hour)}, now)
		if err != nil || len(hours.Links) != 0 {
			t.Errorf("old hours stay: %+v %v", hours.Links, err)
		}
		after, err := f.Graph(t.Context(), Window{monday, monday.AddDate(0, 0, 1)}, now)
		if err != nil || len(after.Links) != len(whole.Links) {
			t.Errorf("days went: %+v %v", after.Links, err)
		}
		save := func(version int64, s Settings) error {
			_, err := f.db.Update(t.Context(), func(tx *sqldb.Tx) error {
				return f.SetSettings(tx, version, s, ledger.By{Actor: "person:ann", At: now})
			})
			return err
		}
		if err := save(0, Settings{HourDays: -1}); err == nil {
			t.Error("hours are kept for −1 days")
		}
		if err := save(0, Settings{Zone: "Mars/Olympus"}); err == nil {
			t.Error("a zone of another planet")
		}
		if err := save(0, Settings{DayDays: 31, Zone: "Europe/Berlin"}); err != nil {
			t.Fatal(err)
		}
		if err := f.Tidy(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		if after, err = f.Graph(t.Context(), Window{monday, monday.AddDate(0, 0, 1)}, now); err != nil || len(after.Links) != 0 {
			t.Errorf("old days stay: %+v %v", after.Links, err)
		}
		if months, err := f.Graph(t.Context(), Window{}, now); err != nil || len(months.Links) != len(whole.Links) {
			t.Errorf("months went: %+v %v", months.Links, err)
		}
		f.forget(t, "port#1")
		if left := f.stored(t); len(left) > 0 {
			t.Errorf("an undo after tidying leaves %v", left)
		}
	})
}

// TestKinds tells ends apart.
func TestKinds(t *testing.T) {
	for subject, want := range map[string]Kind{"00:09:fb:00:00:01|": Unknown, "|10.1.2.3": Unknown, "|8.8.8.8": Internet, "|2001:4860:4860::8888": Internet, "|fe80::1": Unknown, "|fd00::1": Unknown,
		"|224.0.0.1": Group, "|255.255.255.255": Group, "ff:ff:ff:ff:ff:ff|": Group, "01:00:5e:00:00:fb|": Group, "|ff02::fb": Group, "|100.64.1.1": Unknown, "|169.254.1.1": Unknown} {
		if got := kindOf(subject); got != want {
			t.Errorf("%s: kind %d, want %d", subject, got, want)
		}
	}
}

// TestTalk holds that a device read by itself says what the whole network says of it, also of what it says to itself.
func TestTalk(t *testing.T) {
	onBoth(t, func(t *testing.T, f *Flows) {
		f.hospital(t)
		f.apply(t, "core#1", talk(monday.AddDate(0, 1, 0), ct, pacs, "dicom", 104, 3), talk(monday, pacs, pacs, "http", 80, 1))
		g, err := f.Graph(t.Context(), Window{}, monday)
		if err != nil {
			t.Fatal(err)
		}
		usage, err := f.Usage(t.Context(), Window{monday.AddDate(0, 0, -27), monday.AddDate(0, 0, 1)}, monday)
		if err != nil {
			t.Fatal(err)
		}
		for i := range g.Nodes {
			n := &g.Nodes[i]
			if n.Kind != Device {
				continue
			}
			var got *Talk
			if err := f.db.View(t.Context(), func(tx *sqldb.Tx) (err error) {
				got, err = f.Talk(tx, n.ID, n.Hosts, 28, monday)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			lines := func(g *Graph, me int32) (out []string) {
				for _, p := range g.Peers(me) {
					out = append(out, fmt.Sprint(g.Nodes[p.Node].Name, p.Out, p.Service, p.Sum))
				}
				return out
			}
			me, ok := got.Graph.Find(n.ID)
			if !ok || !slices.Equal(lines(got.Graph, me), lines(g, int32(i))) {
				t.Errorf("%s by itself %q, in the whole %q", n.Name, lines(got.Graph, me), lines(g, int32(i)))
			}
			want := usage.Find(n.ID)
			if want == nil || got.Use == nil || got.Use.ActiveMinutes != want.ActiveMinutes || got.Use.ObservedHours != want.ObservedHours || got.Use.Week != want.Week {
				t.Errorf("%s: use by itself %+v, in the whole %+v", n.Name, got.Use, want)
			}
		}
	})
}
