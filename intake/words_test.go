package intake

import (
	"strings"
	"testing"

	"pons/fact"
)

// TestSynonyms holds that the list says each thing once, of attributes that exist, and is as long as it should be.
func TestSynonyms(t *testing.T) {
	for _, d := range words().doubles {
		t.Errorf("synonym of two attributes: %s", d)
	}
	check := func(a fact.Attr) {
		switch a {
		case attrIgnore, attrPatient, attrCredential, attrRecordID:
		default:
			if !knownAttr(a) {
				t.Errorf("%s is no attribute that a column may have", a)
			}
		}
	}
	has := map[fact.Attr]bool{}
	for _, a := range words().general {
		check(a)
		has[a] = true
	}
	for kind, list := range words().byKind {
		switch Kind(kind) {
		case CMMS, CMDB, NAC, DHCP, Switch:
		default:
			t.Errorf("kind %q does not exist", kind)
		}
		for _, a := range list {
			check(a)
		}
	}
	for _, a := range attributes {
		if !has[a] {
			t.Errorf("%s has no synonym", a)
		}
	}
	if n := len(words().general); n < 1000 {
		t.Errorf("%d synonyms", n)
	}
}

func TestTokens(t *testing.T) {
	for header, want := range map[string]string{
		"Control #": "control no", "Serial#": "serial no", "SerialNumber": "serial no", "serial_number": "serial no", "MACAddress": "mac address", "MAC Address(es)": "mac address es",
		"Mfr. S/N": "manufacturer s n", "device_type.manufacturer.name": "device type manufacturer name", "PM Freq (mo)": "pm frequency months", "u_assetTag": "u asset tag",
		"MACs": "macs", "IPs": "ips", "IPv4 Address": "ipv4 address", "Gerätenummer": "gerätenummer", "": "", "  ": "",
	} {
		if got := strings.Join(tokens(header), " "); got != want {
			t.Errorf("tokens(%q) = %q, want %q", header, got, want)
		}
	}
}

func TestTidy(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "MX800": "MX800", " MQ992348 ": "MQ992348", "ICU  1": "ICU 1", "a\u00a0b": "a b", "a\tb\nc": "a b c", "\ufeffx": "x", "GerÃ¤t": "Gerät", "Ã‚Â°C": "°C", "MÃ¼ller â€“ OP": "Müller – OP",
		"Müller": "Müller", "São": "São", `="00410807"`: "00410807", "'00410807": "00410807", "'tis": "'tis", "=1+1": "=1+1", "+49 30": "+49 30", "-5": "-5", "@x": "@x", "x\x00y": "xy", "日本": "日本",
		"\u202eabc": "abc", "=HYPERLINK(\"x\")": "=HYPERLINK(\"x\")",
	} {
		if got := tidy(s); got != want {
			t.Errorf("tidy(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestStatusWord(t *testing.T) {
	for s, want := range map[string]string{
		"In Use": "in-service", "ACTIVE": "in-service", "RETIR": "retired", "Installed": "in-service", "In Service": "in-service", "Spare": "spare", "Storage": "storage", "Out for repair": "in-repair",
		"Missing": "missing", "Retired": "retired", "Loaner": "loaned", "Pending install": "pending", "On Order": "ordered", "Disposed": "disposed", "in-service": "in-service", "A - Active": "in-service",
		"Retired (2019)": "retired", "Ready to Deploy": "spare", "Stolen": "missing", "decommissioning": "retired", "offline": "in-repair", "Q7": "", "": "",
	} {
		if got, _ := statusWord(s); got != want {
			t.Errorf("statusWord(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestSpan(t *testing.T) {
	for _, c := range []struct{ s, unit, want string }{
		{"12", "", "12"}, {"12 months", "", "12"}, {"6M", "", "6"}, {"Annual", "", "12"}, {"Semi-annual", "", "6"}, {"Quarterly", "", "3"}, {"1 year", "", "12"}, {"365", "days", "12"}, {"90 days", "", "3"},
		{"180", "days", "6"}, {"730 days", "", "24"}, {"2", "years", "24"}, {"every 6 months", "", "6"}, {"52 weeks", "", "12"}, {"0", "", "0"},
	} {
		if n, ok := span(c.s, c.unit); !ok || plainNumber(n) != c.want {
			t.Errorf("span(%q, %q) = %v, %v; want %s", c.s, c.unit, n, ok, c.want)
		}
	}
	for _, s := range []string{"", "often", "12 parsecs", "-3"} {
		if n, ok := span(s, ""); ok {
			t.Errorf("span(%q) = %v", s, n)
		}
	}
}

func TestFirstModel(t *testing.T) {
	for s, want := range map[string]string{
		"MX800/MX700": "MX800", "IntelliVue MX800/MX700": "IntelliVue MX800", "MX800/700": "MX800", "8100; 8015": "8100", "8100 or 8015": "8100", "B650, B450": "B650", "MX800/MX700/MX600": "MX800",
		"Vigileo/FloTrac": "", "AIR-9120/B": "", "MX800": "", "Alaris 8100 LVP MODULE": "", "A/B": "", "HAMILTON-G5": "", "5008/5008": "", "P3245-LV/12": "", "iE33": "",
	} {
		got, several := firstModel(s)
		if several != (want != "") || several && got != want {
			t.Errorf("firstModel(%q) = %q, %v; want %q", s, got, several, want)
		}
	}
}

func TestSplit(t *testing.T) {
	sp, err := parseSplit("site / department")
	if err != nil {
		t.Fatal(err)
	}
	if parts, ok := sp.cut("Mercy East / Med/Surg 5W"); !ok || strings.Join(parts, "|") != "Mercy East|Med/Surg 5W" {
		t.Errorf("cut = %q", parts)
	}
	if _, ok := sp.cut("Mercy East"); ok {
		t.Error("cut without a separator")
	}
	for _, s := range []string{"", "site", "site / ", "sight / department", "/ site"} {
		if _, err := parseSplit(s); err == nil {
			t.Errorf("parseSplit(%q) passes", s)
		}
	}
}
