package web

import (
	"cmp"
	"time"

	"pons/column"
	"pons/fact"
	"pons/sensor"
)

// practiceTitle says an insecure practice in words.
func practiceTitle(value string) string {
	return cmp.Or(map[string]string{
		fact.CleartextCredentials: "logins that can be read", fact.DefaultCommunity: "SNMP default community", fact.TelnetInUse: "Telnet", fact.FTPInUse: "FTP", fact.SMB1: "SMB 1",
		fact.OldTLS: "TLS older than 1.2", fact.ExpiredCertificate: "expired certificates", fact.SelfSignedCertificate: "self-signed certificates", fact.CleartextDICOM: "DICOM not encrypted",
		fact.CleartextHL7: "HL7 not encrypted", fact.InternetTalk: "talks with the Internet", fact.RemoteSession: "remote sessions from outside", fact.UnauthenticatedControl: "open plant control",
	}[value], value)
}

// sensorsHeard is how the sensors do.
type sensorsHeard struct{ Up, Of int }

// heardSensors counts the sensors that are heard; nil where none was ever enrolled.
func heardSensors(units []sensor.Unit, now time.Time) *sensorsHeard {
	var x sensorsHeard
	for i := range units {
		switch units[i].State(now) {
		case sensor.Up:
			x.Up++
			x.Of++
		case sensor.Late:
			x.Of++
		}
	}
	if x.Of == 0 {
		return nil
	}
	return &x
}

// network is who is heard now, and which practices were seen. Nothing is said of a hospital of which nothing was heard.
func (p *overviewPage) network(ask asker) error {
	looks := []struct {
		label, question string
		status          Status
	}{{"in the last hour", "heard<1h", ""}, {"in the last day", "heard<1d", ""}, {"in the last 7 days", "heard<7d", ""}, {"ever", "has:heard", ""},
		{"expected, not for 7 days", "expected:yes and heard>7d", Warn}, {"expected, never heard", "expected:yes and missing:heard", Neutral}}
	for _, l := range looks {
		n, err := ask.count(l.question)
		if err != nil {
			return err
		}
		p.Heard = append(p.Heard, Part{Label: l.label, Href: askHref(l.question), Count: n, Share: float64(n) / float64(p.Total), Status: l.status})
	}
	if p.Heard[3].Count == 0 {
		p.Heard = nil
	}
	page, err := ask.find("", column.Request{Limit: 1, Facets: []string{"practice"}, FacetLimit: len(fact.Practices())})
	if err != nil {
		return err
	}
	seen := page.Facets["practice"]
	p.PracticesNone, seen.Missing = seen.Missing, 0 // a bar of those would dwarf the others
	p.Practices = facetParts(ask, "practice", seen, 0)
	for i := range p.Practices {
		p.Practices[i].Label = practiceTitle(p.Practices[i].Label)
	}
	return nil
}
