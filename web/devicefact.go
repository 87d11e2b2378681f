package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pons/fact"
	"pons/inventory"
)

// said is one value that lost, with everybody who says it.
type said struct {
	Value string
	Votes []inventory.Vote
}

// alsoSaid are the values that lost, the most believed first.
func alsoSaid(v *inventory.Value) []said {
	var out []said
	for i := range v.Lost {
		vote := v.Lost[i]
		at := slices.IndexFunc(out, func(s said) bool { return s.Value == vote.Value })
		if at < 0 {
			at = len(out)
			out = append(out, said{Value: vote.Value})
		}
		out[at].Votes = append(out[at].Votes, vote)
	}
	return out
}

// sayer is who a vote's source is, for people.
func sayer(v inventory.Vote) string {
	switch {
	case v.Source == "oui":
		return "MAC prefix (IEEE)"
	case v.Source == "catalog":
		return "follows from the class"
	case v.Source != "":
		return string(v.Source)
	case v.Record.Kind == "person":
		return "a person"
	}
	return v.Record.Source
}

// byPerson says whether a person's word wins.
func byPerson(v *inventory.Value) bool {
	return v != nil && len(v.Won) > 0 && v.Won[0].Source == "" && v.Won[0].Record.Kind == "person"
}

// evidence is the walk from a value back to where it was said: one step a vote, one the record it stands in.
func (p *devicePage) evidence(votes []inventory.Vote, won bool) []WalkStep {
	var out []WalkStep
	for i, vote := range votes {
		if i == 6 {
			out = append(out, WalkStep{Text: Count(len(votes)-i) + " more records say so", Href: ""})
			break
		}
		verb := " says "
		if !won {
			verb = " said "
		}
		out = append(out, WalkStep{Text: sayer(vote) + verb + vote.Value, Source: vote.Because + "; trust " + trust(vote.Belief()) + ", " + vote.When().UTC().Format("2006-01-02 15:04")})
		if vote.Record.Kind != "person" {
			step := WalkStep{Text: recordPlace(vote.Record), Source: recordState(vote.Record)}
			if p.MayImport && vote.Record.Run > 0 {
				step.Href = importHref(vote.Record.Run)
			}
			out = append(out, step)
		}
	}
	return out
}

// recordPlace is where a record stands: file and row, or its key in the source.
func recordPlace(r *inventory.Record) string {
	switch {
	case r.File != "" && r.Row > 0:
		return r.File + ", row " + strconv.Itoa(r.Row)
	case r.File != "":
		return r.File + ", " + r.Key
	}
	return r.Source + " " + r.Key
}

func recordState(r *inventory.Record) string {
	text := "record " + r.Key + " of " + r.Source
	if !r.Absent.IsZero() {
		text += ", not in the source since " + r.Absent.UTC().Format("2006-01-02")
	}
	return text
}

func trust(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }

// importHref is the page of one import.
func importHref(run int64) string { return "/sources/runs/" + strconv.FormatInt(run, 10) }

// owners are who answers for the device.
func owners(d *inventory.Device) string {
	var out []string
	for _, o := range []struct {
		attr fact.Attr
		role string
	}{{fact.Owner, ""}, {fact.ClinicalOwner, " (clinical)"}, {fact.TechnicalOwner, " (technical)"}} {
		if name := d.Get(o.attr); name != "" {
			out = append(out, name+o.role)
		}
	}
	return strings.Join(out, " · ")
}

// briefAttrs are what the panel says of a device.
func briefAttrs() []fact.Attr {
	return []fact.Attr{fact.Class, fact.Manufacturer, fact.Model, fact.Serial, fact.ControlNumber, fact.AssetTag, fact.SoftwareVersion, fact.OS, fact.IP, fact.MAC, fact.Hostname, fact.Criticality}
}

func valuesOf(d *inventory.Device, attr fact.Attr) []string {
	v := d.Value(attr)
	switch {
	case v == nil:
		return nil
	case v.All != nil:
		return v.All
	}
	return []string{v.Value}
}

func deviceAttrTitle(name fact.Attr) string {
	if a, ok := inventory.AttributeNamed(name); ok {
		return a.Title
	}
	return string(name)
}

func groupTitle(group string) string {
	if group == "Custom" {
		return "Of your own"
	}
	return group
}

func nonEmpty(texts ...string) []string {
	return slices.DeleteFunc(texts, func(t string) bool { return t == "" })
}

// recordKey is a record's key, for people: a person's record is named after the one it hangs on.
func recordKey(r *inventory.Record) string {
	if r.Kind == "person" {
		return ""
	}
	return r.Key
}

// isMono says whether values are read letter by letter.
func isMono(kind inventory.Kind, name fact.Attr) bool {
	switch kind {
	case inventory.MAC, inventory.IP, inventory.Serial:
		return true
	}
	return slices.Contains([]fact.Attr{fact.ControlNumber, fact.AssetTag, fact.UDI, fact.UDIDI, fact.Hostname, fact.AETitle, fact.EUI64, fact.SoftwareVersion, fact.Service}, name)
}

// sayers are all who say the winning value.
func sayers(v *inventory.Value) string {
	var out []string
	for i := range v.Won {
		if who := sayer(v.Won[i]); !slices.Contains(out, who) {
			out = append(out, who)
		}
	}
	return strings.Join(out, ", ")
}

func otherSayers(v *inventory.Value) int { return strings.Count(sayers(v), ", ") }

func (p *devicePage) editHref(name fact.Attr) string {
	return deviceHref(p.Device.ID, "") + "?edit=" + url.QueryEscape(string(name)) + "#a-" + string(name)
}

// entered is what the form of an attribute begins with: what was refused, else what is so now.
func (p *devicePage) entered(l factLine) string {
	if p.Problem != "" {
		return p.Entered
	}
	if l.Value == nil {
		return ""
	}
	return l.Value.Value
}

func (p *devicePage) customName() string {
	if p.Custom == "new" {
		return ""
	}
	return p.Custom
}

// maySplit says whether there is something to split off.
func (p *devicePage) maySplit() bool {
	n := 0
	for _, r := range p.Device.Records {
		if r.Kind != "person" {
			n++
		}
	}
	return p.MayMerge && n > 1
}

func (p *devicePage) recordColumns() []Column {
	columns := []Column{{Title: "Source"}, {Title: "Key"}, {Title: "Where", HideNarrow: true}, {Title: "Said"}, {Title: "In the source"}}
	if p.maySplit() {
		columns = append([]Column{{Title: "Select"}}, columns...)
	}
	return columns
}

func (p deviceListPage) mayRemove() bool { return p.Chosen != nil && (p.Own || p.Manage) }
