package web

import (
	"slices"
	"strings"
	"time"

	"pons/fact"
	"pons/inventory"
)

// whereabouts fills the rows of the queues that ask what became of a device: on the network only, in a system only,
// or gone from a source.
func (p *queuePage) whereabouts() {
	state := func(verb, value, note string) queueChoice {
		return queueChoice{Say: string(fact.Status) + "=" + value, Verb: verb, Note: note}
	}
	for i := range p.Items {
		it := &p.Items[i]
		it.Evidence = networkOf(it.Row, it.Device)
		switch p.Name {
		case "unrecorded":
			it.Choices = []queueChoice{state("Record as in service", "in-service", "it is ours"), state("Record as loaned", "loaned", "it is somebody else's, and may stay")}
		case "unseen":
			it.Choices = []queueChoice{state("In service, not connected", "in-service", ""), state("In storage", "storage", ""), state("Missing", "missing", "somebody has to look for it"), state("Retired", "retired", "")}
		default:
			it.Evidence = append(goneFrom(it.Device), it.Evidence...)
			it.Choices = []queueChoice{state("Retired", "retired", ""), state("Missing", "missing", "somebody has to look for it"), state("Still in service", "in-service", "the source is wrong")}
		}
	}
}

// networkOf is what the network and the systems know of a device that only some of them know.
func networkOf(r *inventory.Row, d *inventory.Device) []evidence {
	var out []evidence
	add := func(name, text, note string) {
		if text != "" {
			out = append(out, evidence{name, text, note})
		}
	}
	add("serial", r.Get(fact.Serial), "")
	add("control number", strings.Join(r.All(fact.ControlNumber), ", "), "")
	add("MAC", strings.Join(r.All(fact.MAC), ", "), chipMaker(d))
	add("IP", strings.Join(r.All(fact.IP), ", "), "")
	add("hostname", strings.Join(r.All(fact.Hostname), ", "), "")
	add("switch", strings.TrimSpace(d.Get(fact.Switch)+" "+d.Get(fact.Port)), "")
	add("VLAN", r.Get(fact.VLAN), d.Get(fact.SSID))
	add("state", r.Get(fact.Status), "")
	add("sources", strings.Join(strings.Split(r.Sources, "\n"), ", "), "")
	return out
}

// chipMaker is what the MAC prefix says of the maker.
func chipMaker(d *inventory.Device) string {
	v := d.Value(fact.Manufacturer)
	if v == nil {
		return ""
	}
	for _, votes := range [][]inventory.Vote{v.Won, v.Lost} {
		for i := range votes {
			if votes[i].Source == "oui" {
				return votes[i].Value
			}
		}
	}
	return ""
}

// goneFrom lists the sources that no longer list a device, the latest first.
func goneFrom(d *inventory.Device) []evidence {
	var out []evidence
	records := slices.Clone(d.Records)
	slices.SortFunc(records, func(a, b *inventory.Record) int { return b.Absent.Compare(a.Absent) })
	for _, rec := range records {
		if !rec.Absent.IsZero() {
			out = append(out, evidence{"gone from", rec.Source + " " + rec.Key, "since " + rec.Absent.Format(time.DateOnly)})
		}
	}
	return out
}
