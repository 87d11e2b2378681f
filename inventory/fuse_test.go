package inventory

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pons/fact"
	"pons/fingerprint"
)

// onWire makes a record of a host: pairs of attribute and value.
func onWire(mac string, pairs ...string) *fact.Record {
	r := &fact.Record{Source: "wire", Subject: fact.Host(mac, ""), At: noon}
	r.Facts = append(r.Facts, fact.Fact{Attr: fact.MAC, Value: mac, Source: "wire:arp", Because: "frame 1"})
	for i := 0; i < len(pairs); i += 2 {
		family, _, _ := strings.Cut(pairs[i], ".")
		r.Facts = append(r.Facts, fact.Fact{Attr: fact.Attr(pairs[i]), Value: pairs[i+1], Source: fact.Source("wire:" + family), Because: "frame 2"})
	}
	return r
}

// resolved is the device that a record alone makes, on a day.
func resolved(r *fact.Record) *Device {
	n := NewNormalizer(catalog)
	return NewResolver(catalog, nil).On(noon).Resolve([]*Record{recordOf(n, "wire", r)})
}

const (
	plainMAC  = "02:00:5e:00:53:01" // locally administered: names nobody
	braunMAC  = "00:12:21:00:53:01"
	philipMAC = "00:09:fb:00:53:01"
)

// TestClassNeedsTwoKinds holds domain dossier 5.7: one witness is not enough, unless it speaks by a standard made for it.
func TestClassNeedsTwoKinds(t *testing.T) {
	for _, c := range []struct {
		name, mac       string
		pairs           []string
		class, category string
		likely          string
	}{
		{"a medical prefix alone", braunMAC, nil, "", "", ""},
		{"a name alone", plainMAC, []string{"dhcp.hostname", "PUMP-ICU3-07"}, "", "", "infusion-pump"},
		{"a name twice is one witness", plainMAC, []string{"dhcp.hostname", "CT01", "dicom.station", "CT01", "nbns.name", "CT01"}, "", "", "ct"},
		{"a name and a maker of such", braunMAC, []string{"dhcp.hostname", "PUMP-ICU3-07"}, "infusion-pump", "medical", ""},
		{"a name and a maker of other things", "00:00:0c:00:53:01", []string{"dhcp.hostname", "PUMP-ICU3-07"}, "", "", "infusion-pump"},
		{"a randomised address of a maker's digits", "02:12:21:00:53:01", []string{"dhcp.hostname", "PUMP-ICU3-07"}, "", "", "infusion-pump"},
		{"SDC says medical by its standard", plainMAC, []string{"wsd.types", "dpws:Device mdpws:MedicalDevice"}, "", "medical", ""},
		{"a banner alone", plainMAC, []string{"snmp.sys_descr", "Lexmark MS810dn version NH61.DN.N634 kernel 3.0.0"}, "", "", "printer"},
		{"a banner and a service", plainMAC, []string{"snmp.sys_descr", "Lexmark MS810dn version NH61.DN.N634 kernel 3.0.0", "mdns.service", "Lexmark._ipp._tcp.local"}, "printer", "it", ""},
		{"a workstation that runs an analyser is no analyser", plainMAC, []string{"dhcp.vendor_class", "MSFT 5.0", "http.user_agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"}, "", "", ""},
		{"a toolkit names no maker and no class", plainMAC, []string{"dicom.implementation_class_uid", "2.16.840.1.113669.2.931128", "dicom.implementation_version", "MergeCOM3_390"}, "", "", ""},
	} {
		d := resolved(onWire(c.mac, c.pairs...))
		likely := ""
		for _, w := range d.Wire {
			if w.Attr == likelyClass {
				likely = w.Value
			}
		}
		if d.Get(fact.Class) != c.class || d.Get(fact.Category) != c.category || likely != c.likely {
			t.Errorf("%s: class %q, category %q, likely %q; want %q, %q, %q", c.name, d.Get(fact.Class), d.Get(fact.Category), likely, c.class, c.category, c.likely)
		}
		if slices.Contains([]string{"MergeCOM3", "DCMTK"}, d.Get(fact.Manufacturer)) {
			t.Errorf("%s: a toolkit is a maker", c.name)
		}
	}
}

// TestContradictionOpensAConflict holds that strong findings of two makers are a question for a person, and that the answer
// stands.
func TestContradictionOpensAConflict(t *testing.T) {
	r := onWire(plainMAC, "dicom.implementation_class_uid", "1.3.46.670589.50.1.8.0", "snmp.sys_object_id", "1.3.6.1.4.1.12621.1")
	d := resolved(r)
	v := d.Value(fact.Manufacturer)
	if v == nil || !v.Conflict || v.Value != "Philips" || d.Flags&FlagConflict == 0 {
		t.Fatalf("manufacturer %+v", v)
	}
	agreed := resolved(onWire(plainMAC, "dicom.implementation_class_uid", "1.3.46.670589.50.1.8.0", "snmp.sys_object_id", "1.3.6.1.4.1.1776.1"))
	if a := agreed.Value(fact.Manufacturer); a.Conflict || a.Won[0].Trust != 0.97 {
		t.Errorf("two kinds that agree: %+v", a)
	}
	if d.Confidence >= agreed.Confidence-0.15 { // 0.4 of one of the two that the confidence is the mean of
		t.Errorf("confidence %.2f with a contradiction, %.2f without", d.Confidence, agreed.Confidence)
	}
	person := &Record{Source: personSource, Kind: personSource, Key: "wire/x", At: noon.Add(time.Hour), Said: []Statement{{Attr: fact.Manufacturer, Value: "GE HealthCare"}, {Attr: fact.Class, Value: "ventilator"}}}
	both := NewResolver(catalog, nil).Resolve([]*Record{recordOf(NewNormalizer(catalog), "wire", r), person})
	if v := both.Value(fact.Manufacturer); v.Value != "GE HealthCare" || v.Conflict {
		t.Errorf("a person's word: %+v", v)
	}
	if both.Get(fact.Class) != "ventilator" {
		t.Errorf("class %q", both.Get(fact.Class))
	}
}

// TestSystems holds which operating system is said, in which version, and whether it is still looked after.
func TestSystems(t *testing.T) {
	for _, c := range []struct {
		name                 string
		pairs                []string
		os, version, support string
	}{
		{"Windows 10 by its build", []string{"ntlm.os_version", "10.0.19041"}, "Windows 10", "2004", fingerprint.Ended},
		{"a build that a server shares", []string{"ntlm.os_version", "10.0.17763"}, "Windows 10 / Server 2019", "1809", fingerprint.ExtendedOnly},
		{"Samba is not Windows", []string{"ntlm.os_version", "6.1.0"}, "", "", ""},
		{"a wide word bears a narrow one out", []string{"dhcp.vendor_class", "MSFT 5.0", "http.user_agent", "Mozilla/5.0 (Windows NT 6.1)"}, "Windows 7", "", fingerprint.Ended},
		{"a browser does not say which", []string{"http.user_agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"}, "Windows 10 or 11", "", fingerprint.NotKnown},
		{"Ubuntu by its SSH", []string{"ssh.banner", "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.4"}, "Ubuntu", "22.04", fingerprint.Supported},
		{"a system that nobody knows the days of", []string{"telnet.banner", "QNX Neutrino (localhost) (ttyp0)"}, "QNX", "", fingerprint.NotKnown},
		{"nothing", nil, "", "", ""},
	} {
		d := resolved(onWire(plainMAC, c.pairs...))
		if d.Get(fact.OS) != c.os || d.Get(fact.OSVersion) != c.version || d.Get(fact.OSSupport) != c.support {
			t.Errorf("%s: %q %q %q; want %q %q %q", c.name, d.Get(fact.OS), d.Get(fact.OSVersion), d.Get(fact.OSSupport), c.os, c.version, c.support)
		}
	}
}

// TestFindingsTellWhy holds that each value walks back to rule, observation and frame.
func TestFindingsTellWhy(t *testing.T) {
	d := resolved(onWire(plainMAC, "dhcp.vendor_class", "AXIS,Network Camera,M3046-V,8.40.1", "tls.sni", "router1.teamviewer.com", "service", "tcp/443/tls/client"))
	for attr, want := range map[fact.Attr]string{fact.Manufacturer: "rule dhcp/axis-camera: dhcp.vendor_class AXIS,Network Camera,M3046-V,8.40.1, frame 2",
		fact.Practice: "rule remote/teamviewer: tls.sni router1.teamviewer.com, frame 2", fact.Role: "service tcp/443/tls/client, frame 2"} {
		v := d.Value(attr)
		if v == nil || !strings.HasPrefix(v.Won[0].Because, want) {
			t.Errorf("%s: %+v, want because %q", attr, v, want)
		}
	}
	if got := d.All(fact.Practice); !slices.Equal(got, []string{fact.RemoteSession}) {
		t.Errorf("practices %v", got)
	}
}
