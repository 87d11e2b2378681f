package linkage

import (
	"fmt"
	"testing"
)

// TestAdversary is a list of hospitals that want to glue devices together. keep lists pairs that must be one device
// ("a b"), apart pairs that must never be.
func TestAdversary(t *testing.T) {
	rec := func(id, source string, p Profile) *Profile { p.ID, p.Source = id, source; return &p }
	type pairs [][2]string
	cases := []struct {
		name      string
		records   []*Profile
		decisions []Decision
		same      pairs
		apart     pairs
	}{
		{name: "docks with two laptops each, serials missing", records: []*Profile{
			rec("cmdb/1", "cmdb", Profile{Maker: "Lenovo", Class: "laptop", Hosts: one("lt-1"), MACs: []string{"a1", "dock1"}}),
			rec("cmdb/2", "cmdb", Profile{Maker: "Lenovo", Class: "laptop", Hosts: one("lt-2"), MACs: []string{"a2", "dock1", "dock2"}}),
			rec("cmdb/3", "cmdb", Profile{Maker: "Lenovo", Class: "laptop", Hosts: one("lt-3"), MACs: []string{"a3", "dock2"}}),
			rec("dhcp/dock1", "dhcp", Profile{MACs: one("dock1"), Hosts: one("lt-2")}), rec("dhcp/a1", "dhcp", Profile{MACs: one("a1"), Hosts: one("lt-1")}),
			rec("dhcp/dock2", "dhcp", Profile{MACs: one("dock2"), Hosts: one("lt-3")}),
		}, same: pairs{{"cmdb/1", "dhcp/a1"}, {"cmdb/2", "dhcp/dock1"}, {"cmdb/3", "dhcp/dock2"}}, apart: pairs{{"cmdb/1", "cmdb/2"}, {"cmdb/2", "cmdb/3"}}},
		{name: "a dock on the wire joins two laptops of different lists", records: []*Profile{
			rec("cmdb/1", "cmdb", Profile{Class: "laptop", Hosts: one("lt-1"), MACs: []string{"a1"}}),
			rec("itam/2", "itam", Profile{Class: "laptop", Hosts: one("lt-2"), MACs: []string{"a2"}}),
			rec("dhcp/dock", "dhcp", Profile{MACs: one("dock"), Hosts: []string{"lt-1", "lt-2"}}),
		}, apart: pairs{{"cmdb/1", "itam/2"}}},
		{name: "a dock that no list knows, seen with one name after another", records: []*Profile{
			rec("cmdb/1", "cmdb", Profile{Class: "laptop", Serial: "PF1AAAA1", Hosts: one("lt-1")}),
			rec("cmdb/2", "cmdb", Profile{Class: "laptop", Serial: "PF1BBBB2", Hosts: one("lt-2")}),
			rec("dhcp/dock", "dhcp", Profile{MACs: one("dock"), Hosts: one("lt-1")}), rec("nac/dock", "nac", Profile{MACs: one("dock"), Hosts: one("lt-2")}),
		}, apart: pairs{{"cmdb/1", "cmdb/2"}}},
		{name: "a KVM's USB NIC in the records of three consoles", records: []*Profile{
			rec("cmdb/1", "cmdb", Profile{Class: "workstation", Serial: "CN1AAAA", MACs: []string{"w1", "kvm"}}),
			rec("cmdb/2", "cmdb", Profile{Class: "workstation", Serial: "CN2BBBB", MACs: []string{"w2", "kvm"}}),
			rec("cmdb/3", "cmdb", Profile{Class: "workstation", MACs: []string{"w3", "kvm"}}),
			rec("nac/kvm", "nac", Profile{MACs: one("kvm")}),
		}, apart: pairs{{"cmdb/1", "cmdb/2"}, {"cmdb/1", "cmdb/3"}, {"cmdb/2", "cmdb/3"}}},
		{name: "a USB NIC moved from one cart to another, in one list each", records: []*Profile{
			rec("cmdb/1", "cmdb", Profile{Class: "workstation", Hosts: one("wow-1"), Serial: "CN1AAAA", MACs: one("usb")}),
			rec("dhcp/usb", "dhcp", Profile{Hosts: one("wow-2"), MACs: one("usb")}),
			rec("itam/2", "itam", Profile{Class: "workstation", Hosts: one("wow-2"), Serial: "CN2BBBB"}),
		}, apart: pairs{{"cmdb/1", "itam/2"}}},
		{name: "cloned virtual machines with one MAC", records: []*Profile{
			rec("cmdb/1", "cmdb", Profile{Class: "server", Hosts: one("vm-1"), MACs: one("vm"), IPs: one("10.0.0.1")}),
			rec("cmdb/2", "cmdb", Profile{Class: "server", Hosts: one("vm-2"), MACs: one("vm"), IPs: one("10.0.0.2")}),
			rec("itam/3", "itam", Profile{Class: "server", Hosts: one("vm-3"), MACs: one("vm")}),
			rec("dhcp/x", "dhcp", Profile{MACs: one("vm"), Hosts: one("vm-1")}),
		}, apart: pairs{{"cmdb/1", "cmdb/2"}, {"cmdb/1", "itam/3"}, {"cmdb/2", "itam/3"}}},
		{name: "cloned virtual machines without a name in the list", records: []*Profile{
			rec("cmdb/1", "cmdb", Profile{Class: "server", MACs: one("vm"), IPs: one("10.0.0.1"), Tag: "a1"}),
			rec("cmdb/2", "cmdb", Profile{Class: "server", MACs: one("vm"), IPs: one("10.0.0.2"), Tag: "a2"}),
		}, apart: pairs{{"cmdb/1", "cmdb/2"}}},
		{name: "serial 1234567 on two models", records: []*Profile{
			rec("cmms/1", "cmms", Profile{Maker: "Baxter", Model: "Spectrum", Class: "infusion-pump", Serial: "1234567", Control: "1"}),
			rec("cmms/2", "cmms", Profile{Maker: "Baxter", Model: "Evo IQ", Class: "infusion-pump", Serial: "1234567", Control: "2"}),
			rec("cmdb/3", "cmdb", Profile{Maker: "Baxter", Serial: "1234567"}),
			rec("fhir/4", "fhir", Profile{Maker: "Zoll", Serial: "1234567"}),
		}, apart: pairs{{"cmms/1", "cmms/2"}, {"cmms/1", "fhir/4"}, {"cmdb/3", "fhir/4"}}},
		{name: "serial 1234567 on things without a maker in two lists", records: []*Profile{
			rec("cmms/1", "cmms", Profile{Class: "infusion-pump", Serial: "1234567", Control: "1"}),
			rec("itam/2", "itam", Profile{Class: "printer", Serial: "1234567", Tag: "t"}),
		}, apart: pairs{{"cmms/1", "itam/2"}}},
		{name: "two hospitals number from 1", records: []*Profile{
			rec("north/17", "north", Profile{Numbers: true, Maker: "Zoll", Model: "R Series", Class: "defibrillator", Serial: "AF11A001", Control: "17", Site: "north"}),
			rec("south/17", "south", Profile{Numbers: true, Maker: "Zoll", Model: "R Series", Class: "defibrillator", Serial: "AF12B772", Control: "17", Site: "south"}),
			rec("north/18", "north", Profile{Numbers: true, Maker: "Zoll", Model: "R Series", Class: "defibrillator", Control: "18", Site: "north"}),
			rec("south/18", "south", Profile{Numbers: true, Maker: "Zoll", Model: "R Series", Class: "defibrillator", Control: "18", Site: "south"}),
			rec("north/19", "north", Profile{Numbers: true, Control: "19"}), rec("south/19", "south", Profile{Numbers: true, Control: "19"}),
			rec("north/20", "north", Profile{Numbers: true, Control: "20", Maker: "Zoll", Class: "defibrillator", Unit: "icu"}), rec("south/20", "south", Profile{Numbers: true, Control: "20", Maker: "Zoll", Class: "defibrillator", Unit: "icu"}),
		}, apart: pairs{{"north/17", "south/17"}, {"north/18", "south/18"}, {"north/19", "south/19"}, {"north/20", "south/20"}}},
		{name: "IT's list has the CMMS's number", records: []*Profile{
			rec("cmms/17", "cmms", Profile{Maker: "Zoll", Model: "R Series", Class: "defibrillator", Control: "ce17", Serial: "AF11A001"}),
			rec("cmdb/A1", "cmdb", Profile{Maker: "Zoll", Class: "defibrillator", Control: "ce17", Tag: "a1"}),
		}, same: pairs{{"cmms/17", "cmdb/A1"}}},
		{name: "hostnames by room, given again and again", records: []*Profile{
			rec("cmdb/1", "cmdb", Profile{Maker: "Dell", Class: "workstation", Hosts: one("or4-ws"), Serial: "AAAA111"}),
			rec("cmdb/2", "cmdb", Profile{Maker: "Dell", Class: "workstation", Hosts: one("or4-ws"), Serial: "BBBB222"}),
			rec("itam/3", "itam", Profile{Maker: "Dell", Class: "workstation", Hosts: one("or4-ws"), Serial: "CCCC333"}),
			rec("dhcp/n", "dhcp", Profile{Hosts: one("or4-ws"), MACs: one("n")}), rec("dhcp/o", "dhcp", Profile{Hosts: one("or4-ws"), MACs: one("o")}),
		}, apart: pairs{{"cmdb/1", "cmdb/2"}, {"cmdb/1", "itam/3"}, {"cmdb/2", "itam/3"}, {"dhcp/n", "dhcp/o"}}},
		{name: "an address lent from one to another", records: []*Profile{
			rec("dhcp/n", "dhcp", Profile{MACs: one("n"), IPs: one("10.0.0.1")}), rec("nac/o", "nac", Profile{MACs: one("o"), IPs: one("10.0.0.1")}),
			rec("cmdb/1", "cmdb", Profile{Class: "printer", IPs: one("10.0.0.1"), Tag: "t"}),
		}, apart: pairs{{"dhcp/n", "nac/o"}, {"dhcp/n", "cmdb/1"}}},
		{name: "a person's different inside a chain", records: []*Profile{
			rec("cmms/1", "cmms", Profile{Serial: "AF11A001", Control: "1"}), rec("cmdb/1", "cmdb", Profile{Serial: "AF11A001", MACs: one("m")}),
			rec("dhcp/m", "dhcp", Profile{MACs: one("m"), Hosts: one("defib-1")}), rec("nac/m", "nac", Profile{MACs: one("m")}),
		}, decisions: []Decision{{"cmms/1", "nac/m", false}}, apart: pairs{{"cmms/1", "nac/m"}}},
		{name: "different beats two sames around it", records: []*Profile{
			rec("cmms/1", "cmms", Profile{Control: "1"}), rec("cmdb/1", "cmdb", Profile{Tag: "1"}), rec("dhcp/m", "dhcp", Profile{MACs: one("m")}),
		}, decisions: []Decision{{"cmms/1", "cmdb/1", true}, {"cmdb/1", "dhcp/m", true}, {"cmms/1", "dhcp/m", false}}, apart: pairs{{"cmms/1", "dhcp/m"}}},
		{name: "AE titles as they come in the box", records: []*Profile{
			rec("wire/1", "wire/1", Profile{MACs: one("n"), AEs: one("STORESCU"), IPs: one("10.0.0.1")}), rec("wire/2", "wire/2", Profile{MACs: one("o"), AEs: one("STORESCU"), IPs: one("10.0.0.2")}),
			rec("cmms/1", "cmms", Profile{Class: "ultrasound", AEs: one("STORESCU"), Control: "1"}),
		}, apart: pairs{{"wire/1", "wire/2"}, {"wire/1", "cmms/1"}}},
		{name: "a random MAC that two phones drew", records: []*Profile{
			rec("dhcp/r", "dhcp", Profile{Local: one("r"), Hosts: one("ann-phone")}), rec("nac/r", "nac", Profile{Local: one("r"), Hosts: one("bob-phone")}),
		}, apart: pairs{{"dhcp/r", "nac/r"}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := Link(c.records, c.decisions, nil)
			of := map[string]int{}
			for g, members := range r.Groups {
				for _, i := range members {
					of[c.records[i].ID] = g
				}
			}
			for _, p := range c.same {
				if of[p[0]] != of[p[1]] {
					t.Errorf("%v are one device:\n%s", p, groups(c.records, r))
				}
			}
			for _, p := range c.apart {
				if of[p[0]] == of[p[1]] {
					t.Errorf("%v are not one device:\n%s", p, groups(c.records, r))
				}
			}
			if t.Failed() {
				for _, p := range r.Proposals {
					t.Logf("%s %s %.1f %v", p.A, p.B, p.Score, p.Because)
				}
				k := keyring{}
				for _, p := range append(c.same, c.apart...) {
					var x [2]*Profile
					for _, q := range c.records {
						for i := range p {
							if q.ID == p[i] {
								x[i] = q
							}
						}
					}
					t.Log(p, fmt.Sprint(k.compare(x[0], x[1], true).because))
				}
			}
		})
	}
}
