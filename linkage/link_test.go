package linkage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// groups renders a result as sorted lines of record ids, so that tests read as "these are one device".
func groups(records []*Profile, r Result) string {
	var lines []string
	for _, g := range r.Groups {
		var ids []string
		for _, i := range g {
			ids = append(ids, records[i].ID)
		}
		lines = append(lines, strings.Join(ids, " "))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestLink(t *testing.T) {
	cmms := func(n int, p Profile) *Profile {
		p.ID, p.Source, p.Control = fmt.Sprintf("cmms/%d", n), "cmms", fmt.Sprintf("CE-%d", n)
		return &p
	}
	cmdb := func(n int, p Profile) *Profile {
		p.ID, p.Source, p.Tag = fmt.Sprintf("cmdb/%d", n), "cmdb", fmt.Sprintf("A%d", n)
		return &p
	}
	dhcp := func(mac, host, ip string) *Profile {
		return &Profile{ID: "dhcp/" + mac, Source: "dhcp", MACs: []string{mac}, Hosts: one(host), IPs: one(ip)}
	}
	cases := []struct {
		name      string
		records   []*Profile
		decisions []Decision
		want      string
		proposals int
	}{
		{"serial and MAC chain three sources", []*Profile{
			cmms(1, Profile{Maker: "Philips", Model: "MX800", Class: "patient-monitor", Serial: FoldSerial("SN-0471O5")}),
			cmdb(1, Profile{Maker: "Philips", Serial: FoldSerial("sn047105"), MACs: []string{"m1"}}),
			dhcp("m1", "mx800-or4", "10.0.0.1"),
		}, nil, "cmdb/1 cmms/1 dhcp/m1", 0},
		{"a pump module bears its pump's serial", []*Profile{
			cmms(1, Profile{Maker: "BD", Model: "8015", Class: "infusion-pump", Serial: "1828255"}),
			cmms(2, Profile{Maker: "BD", Model: "8100", Class: "infusion-pump-module", Serial: "1828255"}),
		}, nil, "cmms/1\ncmms/2", 0},
		{"a dock's MAC glues no laptops, even without serials", []*Profile{
			cmdb(1, Profile{Maker: "Lenovo", Hosts: one("lt-1"), MACs: []string{"a1", "dock"}}),
			cmdb(2, Profile{Maker: "Lenovo", Hosts: one("lt-2"), MACs: []string{"a2", "dock"}}),
			dhcp("dock", "lt-1", ""), dhcp("a2", "lt-2", ""),
		}, nil, "cmdb/1 dhcp/dock\ncmdb/2 dhcp/a2", 0},
		{"a double entry in the CMMS is one device", []*Profile{
			cmms(1, Profile{Maker: "Zoll", Model: "R Series", Class: "defibrillator", Serial: "YE301376"}),
			cmms(2, Profile{Maker: "Zoll", Model: "R Series", Class: "defibrillator", Serial: "YE301376"}),
		}, nil, "cmms/1 cmms/2", 0},
		{"a hostname used again after replacement", []*Profile{
			cmdb(1, Profile{Maker: "Dell", Hosts: one("wks-1"), MACs: []string{"old"}, Serial: "548373"}),
			cmdb(2, Profile{Maker: "Dell", Hosts: one("wks-1"), MACs: []string{"new"}, Serial: "DT837317"}),
			dhcp("new", "wks-1", "10.0.0.7"),
		}, nil, "cmdb/1\ncmdb/2 dhcp/new", 0},
		{"same name and same address on two NICs", []*Profile{
			dhcp("n1", "wks-9", "10.0.0.9"), dhcp("n2", "wks-9", "10.0.0.9"),
		}, nil, "dhcp/n1 dhcp/n2", 0},
		{"same name, other NIC, other address: a person decides", []*Profile{
			cmdb(5, Profile{Maker: "Dell", Hosts: one("wks-9"), MACs: []string{"n1"}, IPs: one("10.0.0.8")}), dhcp("n2", "wks-9", "10.0.0.9"),
		}, nil, "cmdb/5\ndhcp/n2", 1},
		{"a person said different", []*Profile{
			cmms(1, Profile{Maker: "Zoll", Serial: "YE301376"}), cmdb(1, Profile{Maker: "Zoll", Serial: "YE301376"}),
		}, []Decision{{"cmms/1", "cmdb/1", false}}, "cmdb/1\ncmms/1", 0},
		{"a person said same", []*Profile{
			cmms(1, Profile{Maker: "Zoll", Serial: "YE301376"}), cmdb(1, Profile{Maker: "Baxter", Serial: "00000X"}),
		}, []Decision{{"cmms/1", "cmdb/1", true}}, "cmdb/1 cmms/1", 0},
		{"a serial that many bear is no serial", []*Profile{
			cmms(1, Profile{Maker: "Axis", Model: "P3245", Class: "ip-camera", Serial: "SEE1ABEL"}),
			cmms(2, Profile{Maker: "Axis", Model: "P3245", Class: "ip-camera", Serial: "SEE1ABEL"}),
			cmms(3, Profile{Maker: "Axis", Model: "P3245", Class: "ip-camera", Serial: "SEE1ABEL"}),
		}, nil, "cmms/1\ncmms/2\ncmms/3", 0},
		{"a MAC of one maker's pump now in another's: a person decides", []*Profile{
			cmms(1, Profile{Maker: "Baxter", Model: "Spectrum", Class: "infusion-pump", Serial: "GP670910", MACs: []string{"m"}}),
			cmdb(1, Profile{Maker: "Zoll", Model: "R Series", Class: "defibrillator", Serial: "YE301376", MACs: []string{"m"}}),
		}, nil, "cmdb/1\ncmms/1", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := Link(c.records, c.decisions, nil)
			if got := groups(c.records, r); got != c.want {
				t.Errorf("groups\n%s\nwant\n%s", got, c.want)
			}
			if len(r.Proposals) != c.proposals {
				t.Errorf("proposals %+v, want %d", r.Proposals, c.proposals)
			}
		})
	}
}

func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// TestOrderDoesNotMatter holds the invariant that the same records in any order give the same groups and
// proposals.
func TestOrderDoesNotMatter(t *testing.T) {
	pick := func(t *rapid.T, name string, n int) string {
		i := rapid.IntRange(0, n).Draw(t, name)
		if i == 0 {
			return ""
		}
		return fmt.Sprintf("%s%d", name, i)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 14).Draw(t, "n")
		var records []*Profile
		for i := range n {
			p := &Profile{ID: fmt.Sprintf("r%02d", i), Source: pick(t, "src", 3), Maker: pick(t, "maker", 2), Class: pick(t, "class", 2),
				Serial: pick(t, "5erial", 3), MACs: one(pick(t, "mac", 4)), Hosts: one(pick(t, "host", 3)), IPs: one(pick(t, "ip", 2)), Tag: pick(t, "tag", 6)}
			records = append(records, p)
		}
		var decisions []Decision
		for range rapid.IntRange(0, 2).Draw(t, "d") {
			decisions = append(decisions, Decision{records[rapid.IntRange(0, n-1).Draw(t, "a")].ID, records[rapid.IntRange(0, n-1).Draw(t, "b")].ID, rapid.Bool().Draw(t, "same")})
		}
		base := Link(records, decisions, nil)
		shuffled := slices.Clone(records)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		r.Shuffle(n, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		again := Link(shuffled, decisions, nil)
		if a, b := groups(records, base), groups(shuffled, again); a != b {
			t.Fatalf("order changed the groups\n%s\n--\n%s", a, b)
		}
		if a, b := fmt.Sprint(base.Proposals), fmt.Sprint(again.Proposals); a != b {
			t.Fatalf("order changed the proposals\n%s\n--\n%s", a, b)
		}
		total := 0
		for _, g := range base.Groups {
			total += len(g)
		}
		if total != n {
			t.Fatalf("%d records in, %d out", n, total)
		}
	})
}

func TestFolds(t *testing.T) {
	for in, want := range map[string]string{
		" 00371064": "371064", "O0371064": "371064", "006-47348": "647348", "SND-D2E8074": "SNDD2E8074",
		"SEE LABEL": "", "0000000": "", "": "", "12": "", "sn59O800d": "SN59080" + "0D",
	} {
		if got := FoldSerial(in); got != want {
			t.Errorf("FoldSerial(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"PUMP-1.hospital.example": "pump-1", "10.0.0.1": "", "localhost": "", "WKS1$": "wks1"} {
		if got := FoldHost(in); got != want {
			t.Errorf("FoldHost(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestUDI: a serial that too many bear still names one device together with the model's identifier; the identifier
// alone is no key.
func TestUDI(t *testing.T) {
	const di, serial = "05901234123457", "PX12345"
	records := []*Profile{
		{ID: "cmms/1", Source: "cmms", UDIDI: di, Serial: serial}, {ID: "cmdb/1", Source: "cmdb", UDIDI: di, Serial: serial},
		{ID: "cmms/2", Source: "cmms", UDIDI: "51022222233336", Serial: serial}, {ID: "itam/1", Source: "itam", UDIDI: di}, {ID: "fhir/1", Source: "fhir", UDIDI: di},
	}
	got := groups(records, Link(records, nil, map[string]bool{"serial:" + serial: true}))
	if want := "cmms/1 cmdb/1"; !strings.Contains(got, want) && !strings.Contains(got, "cmdb/1 cmms/1") || strings.Count(got, "\n") != 3 {
		t.Errorf("devices:\n%s", got)
	}
	crowd := map[string]bool{"serial:" + serial: true, "udi:" + di + "/" + serial: true}
	if got := groups(records, Link(records, nil, crowd)); strings.Count(got, "\n") != 4 {
		t.Errorf("what somebody typed on every label merges:\n%s", got)
	}
}
