package fingerprint

import (
	"fmt"
	"regexp"
	"testing"

	"pons/fact"
)

// manyRules are ten thousand rules: those that Pons brings, recog's, and the rest made up in the manner of local ones.
func manyRules(tb testing.TB) []*Rule {
	tb.Helper()
	rules := append([]*Rule(nil), Brought()...)
	for _, f := range readRecogAll(tb) {
		rules = append(rules, f.Rules...)
	}
	for i := 0; len(rules) < 10_000; i++ {
		rules = append(rules, &Rule{ID: fmt.Sprintf("made/%d", i), Source: "made up", Says: []Saying{{fact.Class, "printer"}},
			When: [][]Condition{{{"hostname", Matches, fmt.Sprintf(`(?i)^dep%c%c[-_]?%d\d`, 'a'+i%26, 'a'+i/26%26, i)}}, {{"snmp.sys_descr", Has, fmt.Sprintf("Model %d-%d", i, i*7)}}}})
	}
	return rules
}

// someHosts are hosts as a hospital shows them, each with eight observations.
func someHosts(n int) [][]Observation {
	agents := []string{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/108.0 Safari/537.36", "Windows-Update-Agent/10.0.10011.16384 Client-Protocol/2.0"}
	descr := []string{"Cisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 12.2(55)SE10, RELEASE SOFTWARE (fc2)", "HP ETHERNET MULTI-ENVIRONMENT,ROM none,JETDIRECT,JD149,EEPROM JSI24090012,CIDATE 09/10/2019",
		"Linux pacs01 5.4.0-42-generic #46-Ubuntu SMP Fri Jul 10 00:24:02 UTC 2020 x86_64"}
	out := make([][]Observation, n)
	for i := range out {
		out[i] = []Observation{{"hostname", fmt.Sprintf("WS-RAD-%05d", i)}, {"dhcp.vendor_class", "MSFT 5.0"}, {"dhcp.param_list", "1,3,6,15,31,33,43,44,46,47,119,121,249,252"},
			{"http.user_agent", agents[i%2]}, {"snmp.sys_descr", descr[i%3]}, {"ssh.software", "OpenSSH_8.2p1 Ubuntu-4ubuntu0.5"}, {"http.server", "Apache/2.4.41 (Ubuntu)"}, {"tls.sni", fmt.Sprintf("host%d.example.org", i)}}
	}
	return out
}

// BenchmarkMatch asks ten thousand rules of one host at a time.
func BenchmarkMatch(b *testing.B) {
	set, hosts := Compile(manyRules(b)), someHosts(1000)
	set.Match(hosts[0])
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		set.Match(hosts[i%len(hosts)])
	}
}

// BenchmarkMatchPlain is the plain way: every expression of the attribute, one after another.
func BenchmarkMatchPlain(b *testing.B) {
	by := map[fact.Attr][]*regexp.Regexp{}
	for _, r := range manyRules(b) {
		for c := range r.Conditions {
			text := c.Text
			if c.Op != Matches {
				text = "(?i)" + regexp.QuoteMeta(text)
			}
			by[c.Attr] = append(by[c.Attr], regexp.MustCompile(text))
		}
	}
	hosts := someHosts(1000)
	for i := 0; b.Loop(); i++ {
		for _, o := range hosts[i%len(hosts)] {
			for _, re := range by[o.Attr] {
				re.MatchString(o.Value)
			}
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	rules := manyRules(b)
	for b.Loop() {
		Compile(rules)
	}
}

// TestPrefilterLosesNothing holds the index to the plain way on all of recog's examples and all that Pons brings.
func TestPrefilterLosesNothing(t *testing.T) {
	for _, r := range manyRules(t)[:5000] {
		for _, all := range r.When {
			for _, c := range all {
				if c.Op != Matches {
					continue
				}
				re := regexp.MustCompile(c.Text)
				need := required(c.Text)
				for _, e := range r.Likes {
					for _, o := range e.Seen {
						if o.Attr != c.Attr || len(need) == 0 || !re.MatchString(o.Value) {
							continue
						}
						found := false
						lower := lowerASCII(o.Value)
						for _, n := range need {
							found = found || regexp.MustCompile(regexp.QuoteMeta(n)).MatchString(lower)
						}
						if !found && isASCII(o.Value) {
							t.Errorf("rule %s: %q fits %s, but holds none of %q", r.ID, o.Value, c.Text, need)
						}
					}
				}
			}
		}
	}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// FuzzParse holds that no text of rules harms the reader, and that what is taken is written and read the same.
func FuzzParse(f *testing.F) {
	f.Add("rule a/b\nwhen x.y matches ^(a)$\nsays class = $1\nsource s\nlike x.y: a\ngives class = a\n")
	f.Add("rule a\nwhen x is b\nor y below 1.2\nand z has q\nsays os = x\nsource s\nunlike x: \"\\n\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := Parse("p", text)
		if err != nil {
			return
		}
		for _, r := range rules {
			r.Try()
		}
		again, err := Parse("p", Format(rules))
		if err != nil || Format(again) != Format(rules) {
			t.Errorf("written and read: %v\n%s\n--\n%s", err, Format(rules), Format(again))
		}
	})
}

// FuzzPack holds that no pack's file harms the reader, and that none passes for signed.
func FuzzPack(f *testing.F) {
	f.Add(Pack{Name: "a-b", Text: "rule x\n"}.Seal(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := Open(data); err == nil && p.Signer != nil {
			t.Errorf("%q passes for signed", p.Name)
		}
	})
}
