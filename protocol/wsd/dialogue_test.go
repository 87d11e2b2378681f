package wsd

import (
	"slices"
	"strings"
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

// envelope wraps a body as the specification of 2009/01 does, in the words of sdc11073 and of Windows.
func envelope(action, body string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><!-- synthetic --><s12:Envelope xmlns:s12="http://www.w3.org/2003/05/soap-envelope" ` +
		`xmlns:wsa="http://www.w3.org/2005/08/addressing" xmlns:wsd="http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01" ` +
		`xmlns:dpws="http://docs.oasis-open.org/ws-dd/ns/dpws/2009/01" xmlns:mdpws="http://standards.ieee.org/downloads/11073/11073-20702-2016">` +
		`<s12:Header><wsa:Action>http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01/` + action + `</wsa:Action>` +
		`<wsa:To>urn:docs-oasis-open-org:ws-dd:ns:discovery:2009:01</wsa:To></s12:Header><s12:Body>` + body + `</s12:Body></s12:Envelope>`
}

func match(kind, xaddrs string) string {
	return `<wsd:` + kind + `><wsa:EndpointReference><wsa:Address>urn:uuid:11223344-0000-0000-0000-00095c000007</wsa:Address><x:y xmlns:x="a>b"/></wsa:EndpointReference>` +
		`<wsd:Types>dpws:Device mdpws:MedicalDevice</wsd:Types><wsd:Scopes MatchBy="x">sdc.mds.pkp:1.2.840.10004.20701.1.1
		sdc.ctxt.loc:/sdc.ctxt.loc.detail/HOSP%2FICU%2F%2F%2F%2F7?fac=HOSP&amp;poc=ICU%203&amp;bed=7 sdc.ctxt.pat:/root/phantom?name=phantom SDC.CTXT.OPR:/invented/nurse</wsd:Scopes>` +
		`<wsd:XAddrs>` + xaddrs + `</wsd:XAddrs><wsd:MetadataVersion>1</wsd:MetadataVersion></wsd:` + kind + `>`
}

// said is what such a match says, of a host and for a reason.
func said(who, because string, xaddr string) (out []string) {
	for _, v := range []string{"wsd.endpoint = urn:uuid:11223344-0000-0000-0000-00095c000007", "wsd.types = dpws:Device", "wsd.types = mdpws:MedicalDevice",
		"wsd.xaddrs = " + xaddr, "wsd.scopes = sdc.mds.pkp:1.2.840.10004.20701.1.1",
		"wsd.scopes = sdc.ctxt.loc:/sdc.ctxt.loc.detail/HOSP%2FICU%2F%2F%2F%2F7?fac=HOSP&poc=ICU%203&bed=7",
		"wsd.location_facility = HOSP", "wsd.location_poc = ICU 3", "wsd.location_bed = 7"} {
		out = append(out, who+" "+v+" ("+because+")")
	}
	return out
}

func TestDialogues(t *testing.T) {
	for _, c := range []struct {
		name string
		dir  protocol.Dir
		text string
		want []string
	}{
		{"hello of a medical device", protocol.ToServer, envelope("Hello", match("Hello", "https://192.0.2.1:6464/uuid?sequence=1 https://[fe80::1]:6464/uuid")),
			slices.Insert(said("client", "Hello", "https://192.0.2.1:6464/uuid"), 4, "client wsd.xaddrs = https://[fe80::1]:6464/uuid (Hello)")},
		{"match of a device", protocol.ToClient, envelope("ProbeMatches", `<wsd:ProbeMatches>`+match("ProbeMatch", "http://192.0.2.2:80/")+`</wsd:ProbeMatches>`),
			said("server", "ProbeMatch", "http://192.0.2.2:80/")},
		{"a proxy answers for another", protocol.ToClient, envelope("ResolveMatches", `<wsd:ResolveMatches>`+match("ResolveMatch", "http://192.0.2.77:80/")+`</wsd:ResolveMatches>`),
			said("|192.0.2.77", "ResolveMatch", "http://192.0.2.77:80/")},
		{"addresses of the other family are the sender's", protocol.ToServer, envelope("Hello", match("Hello", "http://[2001:db8::7]:80/")),
			said("client", "Hello", "http://[2001:db8::7]:80/")},
		{"who probes has not what it probes for", protocol.ToServer, envelope("Probe", `<wsd:Probe><wsd:Types>mdpws:MedicalDevice</wsd:Types></wsd:Probe>`),
			[]string{"client wsd.seeks = mdpws:MedicalDevice (Probe)"}},
		{"entities of its own are refused", protocol.ToServer, `<!DOCTYPE a [<!ENTITY b "c">]>` + envelope("Hello", match("Hello", "")), []string{"error: wsd: malformed"}},
		{"no deeper than a message is", protocol.ToServer, strings.Replace(envelope("Hello", "@"), "@", strings.Repeat("<a>", 100)+strings.Repeat("</a>", 100), 1), []string{"error: wsd: malformed"}},
		{"elements that do not match", protocol.ToServer, envelope("Hello", "<wsd:Hello></wsd:Bye>"), []string{"error: wsd: malformed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := protocoltest.Dialogue(t, Parser(), protocoltest.Turn{Dir: c.dir, Data: c.text}); !slices.Equal(got, c.want) {
				t.Errorf("said\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			if strings.HasPrefix(c.want[0], "error") {
				return
			}
			for _, dir := range []protocol.Dir{protocol.ToServer, protocol.ToClient} {
				if got := claims(protocol.Opening{Transport: protocol.UDP, FirstDir: dir, First: []byte(c.text)}); got != (dir == c.dir) {
					t.Errorf("claims in direction %d: %v", dir, got)
				}
			}
		})
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{"a&amp;b": "a&b", "&lt;&gt;&quot;&apos;": `<>"'`, "&#65;&#x42;": "AB", "&none;&": "&none;&", "&#0;&#x110000;": "&#0;&#x110000;"} {
		if got := unescape([]byte(in)); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
