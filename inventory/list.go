package inventory

import (
	"slices"
	"strings"
	"time"

	"pons/fact"
	"pons/query"
)

// field is one field of the device list: what may be asked of it and where a row holds it.
type field struct {
	query.Field
	attrs []fact.Attr // what it reads, first first
	cols  []int       // their columns in Row.text; -1 for custom attributes
}

// listFields are the fields of the device list, before custom attributes.
func listFields() []field {
	one := func(attr fact.Attr) []fact.Attr { return []fact.Attr{attr} }
	f := func(name, title string, kind query.Kind, attrs []fact.Attr, aliases ...string) field {
		return field{Field: query.Field{Name: name, Title: title, Kind: kind, Aliases: aliases}, attrs: attrs}
	}
	fields := []field{
		f("name", "Name", query.Text, nil),
		f("category", "Category", query.Keyword, one(fact.Category)),
		f("class", "Class", query.Keyword, one(fact.Class)),
		f("manufacturer", "Manufacturer", query.Keyword, one(fact.Manufacturer), "maker", "mfr"),
		f("model", "Model", query.Keyword, one(fact.Model)),
		f("serial", "Serial", query.Text, one(fact.Serial), "sn", "serial_number"),
		f("control_number", "Control number", query.Text, one(fact.ControlNumber), "control", "ce"),
		f("asset_tag", "Asset tag", query.Text, one(fact.AssetTag), "tag"),
		f("udi_di", "UDI-DI", query.Text, one(fact.UDIDI), "udi"),
		f("version", "Version", query.Keyword, one(fact.SoftwareVersion)),
		f("os", "OS", query.Keyword, one(fact.OS)),
		f("os_version", "OS version", query.Keyword, one(fact.OSVersion)),
		f("os_support", "OS support", query.Keyword, one(fact.OSSupport), "support"),
		f("role", "Role", query.Set, one(fact.Role)),
		f("practice", "Insecure practice", query.Set, one(fact.Practice), "practices"),
		f("mac", "MAC", query.MAC, one(fact.MAC)),
		f("ip", "IP", query.IP, one(fact.IP)),
		f("hostname", "Hostname", query.Text, one(fact.Hostname), "host"),
		f("ae_title", "AE title", query.Text, one(fact.AETitle), "ae"),
		f("vlan", "VLAN", query.Keyword, one(fact.VLAN)),
		f("switch", "Switch", query.Keyword, one(fact.Switch)),
		f("site", "Site", query.Keyword, one(fact.Site), "facility", "campus"),
		f("building", "Building", query.Keyword, one(fact.Building)),
		f("department", "Department", query.Keyword, one(fact.Department), "dept", "unit"),
		f("room", "Room", query.Text, one(fact.Room)),
		f("cost_center", "Cost center", query.Keyword, one(fact.CostCenter)),
		f("owner", "Owner", query.Set, []fact.Attr{fact.Owner, fact.ClinicalOwner, fact.TechnicalOwner}),
		f("clinical_owner", "Clinical owner", query.Keyword, one(fact.ClinicalOwner)),
		f("technical_owner", "Technical owner", query.Keyword, one(fact.TechnicalOwner)),
		f("status", "State", query.Keyword, one(fact.Status), "state", "lifecycle"),
		f("criticality", "Criticality", query.Keyword, one(fact.Criticality)),
		f("life_support", "Life support", query.Bool, one(fact.LifeSupport)),
		f("acquired_on", "Acquired", query.Date, one(fact.AcquiredOn), "acquired"),
		f("cost", "Acquisition cost", query.Number, one(fact.AcquiredCost), "acquired_cost"),
		f("warranty_end", "Warranty ends", query.Date, one(fact.WarrantyEnd), "warranty"),
		f("contract_end", "Contract ends", query.Date, one(fact.ContractEnd), "contract"),
		f("pm_next", "PM due", query.Date, one(fact.PMNext), "pm_due"),
		f("part_of", "Part of", query.Keyword, one(fact.Parent), "system", "parent"),
		f("first_seen", "First seen", query.Time, nil),
		f("last_seen", "Last seen", query.Time, nil, "seen"),
		f("heard", "Last heard by a sensor or capture", query.Time, nil),
		f("expected", "Expected on the network", query.Bool, nil),
		f("created", "Recorded", query.Time, nil),
		f("confidence", "Confidence", query.Number, nil),
		f("source", "Source", query.Set, nil, "sources"),
		f("conflict", "Conflict in", query.Set, nil, "conflicts"),
		f("conflict_since", "In conflict since", query.Time, nil),
		f("queue", "Queue", query.Flags, nil, "queues"),
	}
	fields[len(fields)-1].Values = QueueNames()
	return fields
}

// QueueNames lists the queues as queries name them.
func QueueNames() []string {
	names := make([]string, len(queueNames))
	for i, q := range queueNames {
		names[i] = q.name
	}
	return names
}

// List is the device list's schema: the fields every hospital has and the attributes this one added.
type List struct {
	fields []field
	schema *query.Schema
}

// NewList returns the list with custom attributes as further text fields.
func NewList(custom []fact.Attr) (*List, error) {
	l := &List{fields: listFields()}
	for _, attr := range custom {
		l.fields = append(l.fields, field{Field: query.Field{Name: string(attr), Title: strings.TrimPrefix(string(attr), fact.CustomPrefix), Kind: query.Keyword}, attrs: []fact.Attr{attr}})
	}
	fields := make([]query.Field, len(l.fields))
	for i := range l.fields {
		f := &l.fields[i]
		fields[i] = f.Field
		for _, attr := range f.attrs {
			f.cols = append(f.cols, slices.Index(rowAttrs[:], attr))
		}
	}
	var err error
	l.schema, err = query.NewSchema(fields...)
	return l, err
}

// Schema is what may be asked of the list.
func (l *List) Schema() *query.Schema { return l.schema }

// Text is what a row says in a field, for showing and exporting: values of many joined by ", ", times as RFC 3339.
func (l *List) Text(r *Row, i int) string {
	f := &l.fields[i]
	if len(f.attrs) > 0 {
		var all []string
		for _, a := range f.attrs {
			for _, v := range split(r.Get(a)) {
				if !slices.Contains(all, v) {
					all = append(all, v)
				}
			}
		}
		return strings.Join(all, ", ")
	}
	switch f.Name {
	case "name":
		return r.Name
	case "first_seen":
		return stamp(r.FirstSeen)
	case "last_seen":
		return stamp(r.LastSeen)
	case "heard":
		return stamp(r.Heard)
	case "expected":
		return expectedWord(r)
	case "created":
		return stamp(r.Created)
	case "conflict_since":
		return stamp(r.Disputed)
	case "confidence":
		return percent(r.Confidence)
	case "source":
		return strings.ReplaceAll(r.Sources, separator, ", ")
	case "conflict":
		return strings.ReplaceAll(r.Conflicts, separator, ", ")
	case "queue":
		return strings.Join(r.Flags.Names(), ", ")
	}
	return ""
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

func percent(f float64) string {
	n := int(f*100 + 0.5)
	return string([]byte{'0' + byte(n/100), '.', '0' + byte(n/10%10), '0' + byte(n%10)})
}

// Fill puts a row's values into a query row, which it resets first.
func (l *List) Fill(q *query.Row, r *Row) {
	q.Reset()
	for i := range l.fields {
		f := &l.fields[i]
		for j, col := range f.cols {
			var text string
			if col >= 0 {
				text = r.text[col]
			} else {
				text = r.Custom[f.attrs[j]]
			}
			if text == "" {
				continue
			}
			if f.attrs[j] == fact.AcquiredCost {
				text, _, _ = strings.Cut(text, " ")
			}
			for {
				one, rest, more := strings.Cut(text, separator)
				q.Add(i, one)
				if !more {
					break
				}
				text = rest
			}
		}
		if len(f.attrs) == 0 {
			l.fillOwn(q, i, f.Name, r)
		}
	}
}

// fillOwn fills a field that is no attribute.
func (l *List) fillOwn(q *query.Row, i int, name string, r *Row) {
	switch name {
	case "name":
		q.Add(i, r.Name)
	case "first_seen":
		q.AddTime(i, r.FirstSeen)
	case "last_seen":
		q.AddTime(i, r.LastSeen)
	case "heard":
		q.AddTime(i, r.Heard)
	case "expected":
		q.Add(i, expectedWord(r))
	case "created":
		q.AddTime(i, r.Created)
	case "conflict_since":
		q.AddTime(i, r.Disputed)
	case "confidence":
		q.AddNum(i, r.Confidence)
	case "source":
		for _, s := range split(r.Sources) {
			q.Add(i, s)
		}
	case "conflict":
		for _, s := range split(r.Conflicts) {
			q.Add(i, s)
		}
	case "queue":
		for _, s := range r.Flags.Names() {
			q.Add(i, s)
		}
	}
}
