package fingerprint

import (
	"strings"
	"testing"
)

// macOf returns the first MAC of a prefix of 6, 7 or 9 digits, the rest being digits of "123456".
func macOf(prefix string) string {
	digits := (prefix + "123456")[:12]
	var mac strings.Builder
	for i := 0; i < 12; i += 2 {
		if i > 0 {
			mac.WriteByte(':')
		}
		mac.WriteString(digits[i : i+2])
	}
	return strings.ToLower(mac.String())
}

// TestMedicalPrefixes holds every prefix of domain/05 §5.5 with the name it is registered under.
func TestMedicalPrefixes(t *testing.T) {
	for _, line := range strings.Split(strings.TrimSpace(`
0009FB Philips
00095C Philips
7C94B2 Philips
001FFF Respironics, Inc.
24E5AA Philips Oral Healthcare, Inc.
080019 GENERAL ELECTRIC CORPORATION
50A0308 GE Medical System China Co. Ltd.
A0F217 GE Medical System(China) Co., Ltd.
444B5D GE Healthcare
A4DA220 General Electric Company
0000A1 GE Medical Systems
004097 DATEX DIVISION OF
00105D Draeger Medical
0030E6 Draeger Medical Systems, Inc.
F0E5C3 Draeger
884B39 Siemens Healthineers
001865 Siemens Healthcare Diagnostics Manufacturing Ltd
20E791 Siemens Healthcare Diagnostics, Inc
00A0AA SPACELABS MEDICAL
00A09A NIHON KOHDEN AMERICA
0040D1 FUKUDA DENSHI CO., LTD.
000F14 Mindray Co., Ltd.
380B26 Mindray
00A037 Mindray DS USA, Inc.
6C3E51 Mindray
98CCE4 Shenzhen Mindray Animal Medical Technology Co.,LTD
0809B6 Masimo Corp
504A5E Masimo Corporation
8809AF Masimo Corporation
B810D4 Masimo Corporation
C022F1 Masimo
C816A5 Masimo Corporation
C88BE8 Masimo Corporation
E0C2B7 Masimo Corporation
001221 B.Braun Melsungen AG
5842E4 Baxter International Inc
5846E1 Baxter International Inc
00B094 Alaris, Inc.
00D075 ALARIS MEDICAL SYSTEMS, INC.
F8C678 Carefusion
9CC8AE Becton, Dickinson and Company
0003B1 ICU Medical, Inc.
001A01 Smiths Medical
001338 FRESENIUS-VIAL
B04C05 Fresenius Medical Care Deutschland GmbH
0014B8 Hill-Rom
000DD1 Stryker Corporation
001AFA Welch Allyn, Inc.
000F82 Mortara Instrument, Inc.
40BD9E Physio-Control, Inc
002252 Zoll
002541 Maquet Critical Care AB
002508 Maquet Cardiopulmonary AG
0064A6 Maquet CardioVascular
349B5B Maquet GmbH
54FA89 Medtronic
DC16A2 Medtronic Diabetes
000F19 Boston Scientific
000E2F Roche Diagnostics GmbH
B87879 Roche Diagnostics GmbH
006019 Roche Diagnostics
004049 Roche Diagnostics International Ltd.
C0A26D Abbott Point of Care
0013DD Abbott Diagnostics
D0D286 Beckman Coulter K.K.
00E090 BECKMAN LAB. AUTOMATION DIV.
001C38 Bio-Rad Laboratories, Inc.
00066B Sysmex Corporation
28DEF6 bioMerieux Inc.
002138 Cepheid
006093 VARIAN
0008FB SonoSite, Inc.
00E0A4 ESAOTE S.p.A.
001686 Karl Storz Imaging
BC66416 Intuitive Surgical, Inc
001D4A Carestream Health, Inc.
000113 OLYMPUS CORPORATION
000E31 Olympus Soft Imaging Solutions GmbH
080066 AGFA CORPORATION
00C02D FUJI PHOTO FILM CO., LTD.
88B436 FUJIFILM Corporation
0009EF Vocera Communications
00013E Ascom Tateco AB
00905E RAULAND-BORG CORPORATION
`), "\n") {
		prefix, want, _ := strings.Cut(line, " ")
		mac := macOf(prefix)
		if got, ok := Maker(mac); got != want || !ok {
			t.Errorf("Maker(%q) = %q, %v; want %q", mac, got, ok, want)
		}
		if Module(mac) {
			t.Errorf("Module(%q): %s makes devices", mac, want)
		}
	}
}

func TestModules(t *testing.T) {
	// The module prefixes of domain/05 §5.5, then one of each kind beside them.
	for _, prefix := range []string{
		"0080A3", "00C0F2", "000D2C", "000F2C", "0090E8", "500B88", "008092", "1CBCEC", "84253F", "001723", "00233D",
		"00409D", "0013A2", "240AC4", "0025CA", "0016A4",
	} {
		mac := macOf(prefix)
		name, ok := Maker(mac)
		if !ok || !Module(mac) {
			t.Errorf("Module(%q) of %q = false", mac, name)
		}
	}
	for _, mac := range []string{"", "00:80:a3", "02:80:a3:11:22:33", "ff:ff:ff:ff:ff:ff", macOf("00A0C8"), macOf("000CE6")} {
		if Module(mac) {
			t.Errorf("Module(%q) = true", mac)
		}
	}
	for name, want := range map[string]bool{
		"Lantronix": true, "LANTRONIX, Inc.": true, "Lantronixes": false, "Laird Connectivity": true, "Lair": false,
		"NXP Semiconductors": true, "NXPower": false, "MURATA MACHINERY, LTD.": false, "Murata Manufacturing Co., Ltd.": true,
	} {
		r := newRegistry(name+"\t001122\n", nil, parseTable("modules.txt", moduleTable, 3))
		if got, ok := r.find("00:11:22:33:44:55"); got.module != want || !ok {
			t.Errorf("%q is a module's maker: %v, want %v", name, got.module, want)
		}
	}
}

// TestModuleNames holds every row of modules.txt to a name that the registry has: a row that matches nothing is a typo.
func TestModuleNames(t *testing.T) {
	for _, row := range parseTable("modules.txt", moduleTable, 3) {
		found := false
		for _, r := range registry().registrants {
			found = found || isModule(r.name, map[string]bool{strings.ToLower(row[0]): true})
		}
		if !found {
			t.Errorf("data/modules.txt: no registered name begins with %q", row[0])
		}
	}
}

func TestLongestPrefixWins(t *testing.T) {
	for mac, want := range map[string]string{
		"50:a0:30:8a:bb:cc": "GE Medical System China Co. Ltd.", // MA-M 50A0308
		"50:a0:30:5a:bb:cc": "Jiangsu Jinshi Legend Technology Co.,Ltd",
		"1c:87:74:01:22:33": "Philips Personal Health Solutions", // MA-M 1C87740
		"70:b3:d5:71:92:33": "2M Technology",                     // MA-S 70B3D5719
		"70:b3:d5:f2:f2:33": "TELEPLATFORMS",
		"8c:1f:64:a6:02:33": "Active Optical Systems, LLC",
		"00:50:c2:7d:52:33": "DEUTA-WERKE GmbH", // IAB 0050C27D5
	} {
		if got, ok := Maker(mac); got != want || !ok {
			t.Errorf("Maker(%q) = %q, %v; want %q", mac, got, ok, want)
		}
	}
	r := newRegistry("Block\t001122\nMedium\t0011223\nSmall\t001122334 AABBCC\nStale\tF00000\n", [][]string{{"F00000", "Later"}}, nil)
	for mac, want := range map[string]string{
		"00:11:22:33:4f:ff": "Small",
		"00:11:22:33:50:00": "Medium",
		"00:11:22:33:3f:ff": "Medium",
		"00:11:22:40:00:00": "Block",
		"00:11:22:2f:ff:ff": "Block",
		"f0:00:00:00:00:00": "Later", // a later assignment goes before the table
	} {
		if got, ok := r.find(mac); got.name != want || !ok {
			t.Errorf("find(%q) = %q, %v; want %q", mac, got.name, ok, want)
		}
	}
}

func TestNobody(t *testing.T) {
	for mac, why := range map[string]string{
		"00:00:00:00:00:00": "zeros are what software writes for none",
		"ff:ff:ff:ff:ff:ff": "broadcast",
		"01:00:5e:00:00:fb": "multicast",
		"01:12:21:aa:bb:cc": "multicast, with B. Braun's other bits",
		"02:12:21:aa:bb:cc": "locally administered, with B. Braun's other bits",
		"02:60:8c:11:22:33": "3Com's, from before the local bit, is not told from a random one",
		"da:a1:19:11:22:33": "random",
		"50:a0:30:f1:22:33": "the 16th block of an MA-M is the registry's",
		"10:06:1c:ff:ff:ff": "assigned after the registry was read",
		"08:00:30:11:22:33": "three registrants",
		"":                  "empty", "00:12:21": "a prefix", "00-12-21-aa-bb-cc": "hyphens", "001221aabbcc": "bare",
		"00:12:21:aa:bb:cg": "not hexadecimal", "00:12:21:aa:bb:cc ": "a blank behind", "00:12:21:aa:bb:c": "short", "0:012:21:aa:bb:cc": "shifted",
	} {
		if name, ok := Maker(mac); ok || name != "" {
			t.Errorf("Maker(%q) = %q, %v: %s", mac, name, ok, why)
		}
	}
	if got, ok := Maker("00:12:21:AA:BB:CC"); got != "B.Braun Melsungen AG" || !ok {
		t.Errorf("upper case: %q, %v", got, ok)
	}
}

// TestRegistrySize holds the embedded table below 900 kB and above the size that a lost registry would leave.
func TestRegistrySize(t *testing.T) {
	if len(ieeeTable) > 900_000 {
		t.Errorf("data/ieee.txt.gz is %d bytes, want fewer than 900,000", len(ieeeTable))
	}
	for i, least := range []int{9_500, 4_000, 32_000} { // MA-S and IAB, MA-M, MA-L of 2022
		if got := len(registry().owner[i]); got < least {
			t.Errorf("%d prefixes of %d digits, want at least %d", got, lengths[i].digits, least)
		}
	}
}

func FuzzMaker(f *testing.F) {
	for _, mac := range []string{"00:12:21:aa:bb:cc", "50:a0:30:8a:bb:cc", "", "ff:ff:ff:ff:ff:ff", "00:12:21:aa:bb:c\x00"} {
		f.Add(mac)
	}
	f.Fuzz(func(t *testing.T, mac string) {
		name, ok := Maker(mac)
		if ok != (name != "") {
			t.Errorf("Maker(%q) = %q, %v", mac, name, ok)
		}
		if again, _ := Maker(strings.ToUpper(mac)); ok && again != name {
			t.Errorf("Maker(%q) = %q, in upper case %q", mac, name, again)
		}
		if Module(mac) && !ok {
			t.Errorf("Module(%q) of nobody", mac)
		}
	})
}

func BenchmarkMaker(b *testing.B) {
	macs := []string{"00:12:21:aa:bb:cc", "70:b3:d5:71:92:33", "50:a0:30:8a:bb:cc", "fc:ff:aa:01:02:03", "10:06:1c:ff:ff:ff"}
	registry()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Maker(macs[i%len(macs)])
	}
}

// BenchmarkLoad is what the first look-up costs.
func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		loadRegistry()
	}
}
