package fact

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func TestParseMAC(t *testing.T) {
	const want = "00:12:21:aa:bb:cc"
	for _, s := range []string{"00:12:21:aa:bb:cc", "00:12:21:AA:BB:CC", "00-12-21-AA-BB-CC", "0012.21aa.bbcc", "001221aabbcc",
		"001221AABBCC", "00 12 21 AA BB CC", "00_12_21_aa_bb_cc", "001221-aabbcc", "001221:aabbcc", "  0012.21AA.BBCC ", "0:12:21:aa:bb:cc",
		"0012:21aa:bbcc", "0012-21aa-bbcc", "00.12.21.aa.bb.cc"} {
		if got, ok := ParseMAC(s); !ok || got != want {
			t.Errorf("ParseMAC(%q) = %q, %v", s, got, ok)
		}
	}
	if got, ok := ParseMAC("ED-F1-F2-3C-24-6E"); !ok || got != "ed:f1:f2:3c:24:6e" {
		t.Errorf("a mistyped address with the group bit = %q, %v", got, ok)
	}
	for _, s := range []string{"", "-", "N/A", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "FFFFFFFFFFFF", "000000000000", "01:00:5e:00:00:01",
		"33:33:00:00:00:01", "01:80:c2:00:00:0e", "01-00-0C-CC-CC-CC", "0900.2b00.0001", "ab:00:03:00:00:00", "00:12:21:aa:bb", "00:12:21:aa:bb:cc:dd", "00:12:21:aa:bb:cg", "00:12-21:aa:bb:cc", "001:221:aab:bcc", "00:1221:aabbcc",
		":00:12:21:aa:bb", "00:12:21:aa:bb:", "22:22:22:22:22:22", "00:11:22:33:44:55", "001221aabbccdd", "00::12:21:aa:bb:cc", "10.22.33.217", "a.b.c.d.e.f"} {
		if got, ok := ParseMAC(s); ok {
			t.Errorf("ParseMAC(%q) = %q, want refusal", s, got)
		}
	}
}

// TestParseMACNotations writes random addresses in every notation and expects the same one back.
func TestParseMACNotations(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		var o [6]byte
		for i := range o {
			o[i] = byte(r.Uint32())
		}
		if !nameable(o) {
			continue
		}
		want := fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", o[0], o[1], o[2], o[3], o[4], o[5])
		bare := strings.ReplaceAll(want, ":", "")
		var list []string
		for _, s := range []string{want, strings.ToUpper(want), strings.ReplaceAll(want, ":", "-"), strings.ReplaceAll(want, ":", " "), strings.ReplaceAll(want, ":", "_"),
			bare, strings.ToUpper(bare), bare[:4] + "." + bare[4:8] + "." + bare[8:], bare[:6] + "-" + bare[6:]} {
			list = append(list, s)
			if got, ok := ParseMAC(s); !ok || got != want {
				t.Fatalf("ParseMAC(%q) = %q, %v; want %q", s, got, ok, want)
			}
		}
		other, _ := ParseMAC("02:44:55:66:77:89")
		a := list[r.IntN(len(list))]
		for _, sep := range []string{",", "; ", "\n", " / ", " | ", "  "} {
			if got := MACs(a + sep + "0244.5566.7789"); !reflect.DeepEqual(got, []string{want, other}) && want != other {
				t.Fatalf("MACs(%q) = %q", a+sep+"0244.5566.7789", got)
			}
		}
		if LocallyAdministered(want) != (o[0]&2 != 0) {
			t.Fatalf("LocallyAdministered(%s)", want)
		}
	}
}

func TestMACs(t *testing.T) {
	for cell, want := range map[string]string{
		"7C23B9EE43C6,8C0F6F2628FF":                             "7c:23:b9:ee:43:c6 8c:0f:6f:26:28:ff",
		"8c:0f:6f:56:7e:ae\n0C AA 59 6D 8C 40":                  "8c:0f:6f:56:7e:ae 0c:aa:59:6d:8c:40",
		"8C 0F 6F 56 7E AE 0C AA 59 6D 8C 40":                   "8c:0f:6f:56:7e:ae 0c:aa:59:6d:8c:40",
		"eth0=00:12:21:98:a0:41; wlan: 00-12-21-98-A0-42":       "00:12:21:98:a0:41 00:12:21:98:a0:42",
		"LAN 0012.2198.a041 (dock)":                             "00:12:21:98:a0:41",
		"00:12:21:98:a0:41, 001221 98a041":                      "00:12:21:98:a0:41",
		"01:00:12:21:98:a0:41":                                  "00:12:21:98:a0:41",
		"00:12:21:ff:fe:98:a0:41":                               "",
		"00:00:00:00:00:00 / 00:12:21:98:a0:41":                 "00:12:21:98:a0:41",
		"80:00:00:48:fe:80:00:00:00:00:00:00:00:02:c9:03:00:0a": "",
		"N/A":          "",
		"":             "",
		"SN1234567890": "",
	} {
		if got := strings.Join(MACs(cell), " "); got != want {
			t.Errorf("MACs(%q) = %q, want %q", cell, got, want)
		}
	}
}

func TestEUI64(t *testing.T) {
	for _, s := range []string{"00:12:21:ff:fe:aa:bb:cc", "00-12-21-FF-FE-AA-BB-CC", "001221fffeaabbcc", "0012.21ff.feaa.bbcc", " 0012:21ff:feaa:bbcc"} {
		if got, ok := ParseEUI64(s); !ok || got != "00:12:21:ff:fe:aa:bb:cc" {
			t.Errorf("ParseEUI64(%q) = %q, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "0000000000000000", "ffffffffffffffff", "00:12:21:aa:bb:cc", "001221fffeaabbc", "001221fffeaabbccd", "00:12:21:ff:fe:aa:bbcc"} {
		if got, ok := ParseEUI64(s); ok {
			t.Errorf("ParseEUI64(%q) = %q, want refusal", s, got)
		}
	}
}

func TestIPs(t *testing.T) {
	for cell, want := range map[string]string{
		"10.31.0.9":                    "10.31.0.9",
		" 10.31.0.9/24 ":               "10.31.0.9",
		"10.31.0.9, 10.31.0.10":        "10.31.0.9 10.31.0.10",
		"10.31.0.9;10.31.0.9":          "10.31.0.9",
		"10.31.0.9/10.31.0.10":         "10.31.0.9 10.31.0.10",
		"10.31.0.9 | 2001:DB8::1/64":   "10.31.0.9 2001:db8::1",
		"[2001:db8::1]:443":            "2001:db8::1",
		"10.31.0.9:8080":               "10.31.0.9",
		"010.020.003.040":              "10.20.3.40",
		"::ffff:10.1.1.1":              "10.1.1.1",
		"fe80::1%eth0":                 "fe80::1",
		"0.0.0.0":                      "",
		"127.0.0.1":                    "",
		"::1":                          "",
		"255.255.255.255":              "",
		"224.0.0.1":                    "",
		"DHCP":                         "",
		"300.1.1.1":                    "",
		"1.2.3":                        "",
		"UNK":                          "",
		"mgmt=10.1.1.1 (was 10.1.1.2)": "10.1.1.1 10.1.1.2",
	} {
		if got := strings.Join(IPs(cell), " "); got != want {
			t.Errorf("IPs(%q) = %q, want %q", cell, got, want)
		}
	}
}

func TestPlaceholder(t *testing.T) {
	for _, s := range []string{"", " ", "N/A", "n/a", "NA", "-", "--", "---", "?", "???", "unknown", "UNK", "Unknown ", "none", "NULL", "TBD", "tba", "not available",
		"0000", "00000000", "xxxx", "XX", "System Serial Number", "System Serial Number ", "To be filled by O.E.M.", "To  be filled by O.E.M.", "Default string", "123456789",
		"123456", "#N/A", "#REF!", "#VALUE!", "see tag", "no serial", "No S/N", "00:00:00:00:00:00", "1111111", "—", "…", ".", "\u00a0", "################", "(blank)", "keine Angabe", "********************************"} {
		if !Placeholder(s) {
			t.Errorf("Placeholder(%q) = false", s)
		}
	}
	for _, s := range []string{"0", "00", "12345", "1", "x", "no", "yes", "Missing", "Pending", "Retired", "B. Braun", "5008", "8100", "ICU 1", "A100701", "00410807", "In Use",
		"=1+1", "-5", "@home", "none such street", "unknown caller id box", "Müller", "10.0.0.1", "2000", "A0000", "日本光電", "111111"} {
		if Placeholder(s) {
			t.Errorf("Placeholder(%q) = true", s)
		}
	}
}

func TestFold(t *testing.T) {
	for s, want := range map[string]string{"IntelliVue MX-800": "intellivuemx800", "S/N #": "sn", "Gerät Ö1": "gerätö1", "": ""} {
		if got := Fold(s); got != want {
			t.Errorf("Fold(%q) = %q", s, got)
		}
	}
}

// FuzzCanonical holds that whatever is accepted is a fixed point: canonical text read again is itself.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"00:12:21:aa:bb:cc", "0012.21aa.bbcc", "00 12 21 AA BB CC 00 12 21 AA BB CD", "10.1.1.1/24, ::1", "12-Dec-21", "45737", "$27,948.00", "(1.234,56 €)",
		"1e5", "Dec 12th, 2021 8:00 PM", "20211231083000", "0:1:2:3:4:5", "N/A", "31. 12. 2021"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, mac := range append(MACs(s), func() []string { m, _ := ParseMAC(s); return []string{m} }()...) {
			if again, ok := ParseMAC(mac); mac != "" && (!ok || again != mac || len(mac) != 17) {
				t.Fatalf("MAC %q of %q reads as %q, %v", mac, s, again, ok)
			}
		}
		if e, ok := ParseEUI64(s); ok {
			if again, ok := ParseEUI64(e); !ok || again != e {
				t.Fatalf("EUI-64 %q of %q", e, s)
			}
		}
		for _, ip := range IPs(s) {
			if a, err := netip.ParseAddr(ip); err != nil || a.String() != ip {
				t.Fatalf("IP %q of %q: %v", ip, s, err)
			}
		}
		for _, order := range []Order{MDY, DMY, YMD} {
			if d, ok := Date(s, order); ok {
				if again, ok := Date(d, order); !ok || again != d || len(d) != 10 {
					t.Fatalf("date %q of %q reads as %q, %v", d, s, again, ok)
				}
			}
			if d, ok := Timestamp(s, order); ok {
				if again, ok := Timestamp(d, order); !ok || again != d {
					t.Fatalf("timestamp %q of %q reads as %q, %v", d, s, again, ok)
				}
			}
		}
		if m, ok := Money(s); ok {
			if again, ok := Money(m); !ok || again != m {
				t.Fatalf("money %q of %q reads as %q, %v", m, s, again, ok)
			}
		}
		if n, ok := Number(s); ok {
			if again, ok := Number(n); !ok || again != n {
				t.Fatalf("number %q of %q reads as %q, %v", n, s, again, ok)
			}
		}
		Placeholder(s)
		Fold(s)
	})
}

func BenchmarkCell(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Placeholder("IntelliVue MX800")
		ParseMAC("00-12-21-AA-BB-CC")
		Date("12/31/2021", MDY)
	}
}
