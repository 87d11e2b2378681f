package inventory

import (
	"cmp"
	"slices"

	"pons/fact"
	"pons/linkage"
	"pons/product"
)

// Reconcile makes devices of records without a database: what pons discover does, and the reference that the
// stored inventory is tested against. kind names the kind of each source; the result depends on the set of
// records only. Device ids are the names of their first records.
func Reconcile(c *product.Catalog, p Precedence, kind func(fact.Source) string, records []fact.Record, decisions []linkage.Decision) ([]*Device, []linkage.Proposal) {
	n := NewNormalizer(c)
	byName := map[string]*Record{}
	var all []*Record
	for i := range records {
		r := recordOf(n, kind(records[i].Source), &records[i])
		if old, ok := byName[r.Name()]; ok {
			*old = *n.join(old, r)
			continue
		}
		byName[r.Name()] = r
		all = append(all, r)
	}
	return groupRecords(NewResolver(c, p), all, decisions)
}

// groupRecords puts records on devices and resolves each.
func groupRecords(resolver *Resolver, all []*Record, decisions []linkage.Decision) ([]*Device, []linkage.Proposal) {
	slices.SortFunc(all, func(a, b *Record) int { return cmp.Compare(a.Name(), b.Name()) })
	profiles := make([]*linkage.Profile, len(all))
	for i, r := range all {
		profiles[i] = r.profile()
	}
	var devices []*Device
	var proposals []linkage.Proposal
	parts, crowded := components(profiles, decisions)
	for _, part := range parts {
		alike := make([]*linkage.Profile, len(part))
		for i, x := range part {
			alike[i] = profiles[x]
		}
		result := linkage.Link(alike, decisions, crowded)
		proposals = append(proposals, result.Proposals...)
		for _, g := range result.Groups {
			members := make([]*Record, len(g))
			for i, x := range g {
				members[i] = all[part[x]]
			}
			d := resolver.Resolve(members)
			d.ID = d.Records[0].Name()
			for _, r := range d.Records {
				r.Device = d.ID
			}
			devices = append(devices, d)
		}
	}
	slices.SortFunc(devices, func(a, b *Device) int { return cmp.Compare(a.ID, b.ID) })
	return devices, proposals
}

// recordOf normalises one record as its source gives it.
func recordOf(n *Normalizer, kind string, r *fact.Record) *Record {
	return &Record{Source: string(r.Source), Kind: kind, Key: r.Subject.Value, File: r.File, Row: r.Row, At: r.At, Said: n.Statements(kind, r)}
}

// merge joins two statements of one source about one subject. Sources that gather keep both, with the latest
// time of each; of a row the later statement stands, of two at one time the one whose words, as its source wrote them,
// are greater, so that neither order nor catalogue matters.
func merge(a, b *Record) *Record {
	if !gathers(a.Kind) {
		if c := a.At.Compare(b.At); c > 0 || c == 0 && compareWords(a, b) >= 0 {
			return a
		}
		return b
	}
	out := *a
	if b.At.After(a.At) {
		out.At, out.File, out.Row = b.At, b.File, b.Row
	}
	out.Said = slices.Concat(a.Said, b.Said)
	for i := range out.Said {
		if out.Said[i].At.IsZero() {
			if i < len(a.Said) {
				out.Said[i].At = a.At
			} else {
				out.Said[i].At = b.At
			}
		}
	}
	slices.SortFunc(out.Said, compareStatements)
	out.Said = slices.CompactFunc(out.Said, func(x, y Statement) bool {
		return x.Attr == y.Attr && x.Value == y.Value && x.Source == y.Source
	})
	switch a.Kind {
	case "person":
		out.Said = lastWord(out.Said)
	case "wire":
		out.Said = oneSpan(out.Said)
	}
	return &out
}

// oneSpan keeps the earliest first and the latest last time at which a host was seen.
func oneSpan(said []Statement) []Statement {
	best := map[fact.Attr]string{}
	for _, s := range said {
		old, ok := best[s.Attr]
		if s.Attr == fact.FirstSeen && (!ok || s.Value < old) || s.Attr == fact.LastSeen && s.Value > old {
			best[s.Attr] = s.Value
		}
	}
	return slices.DeleteFunc(said, func(s Statement) bool {
		keep, ok := best[s.Attr]
		return ok && s.Value != keep
	})
}

// join is merge with what gathers normalised as a whole: what one capture shows of a host, another explains.
func (n *Normalizer) join(a, b *Record) *Record {
	out := merge(a, b)
	if out.Kind == "wire" {
		out.Said = n.Statements(out.Kind, out.written())
	}
	return out
}

// written is the record as its source gave it.
func (r *Record) written() *fact.Record {
	return &fact.Record{Source: fact.Source(r.Source), Subject: fact.Key{Kind: "row", Value: r.Key}, File: r.File, Row: r.Row, At: r.At, Facts: asWritten(r.Said)}
}

// lastWord keeps a person's latest statement of each attribute.
func lastWord(said []Statement) []Statement {
	latest := map[fact.Attr]Statement{}
	for _, s := range said {
		if old, ok := latest[s.Attr]; !ok || cmp.Or(s.At.Compare(old.At), cmp.Compare(s.Value, old.Value)) > 0 {
			latest[s.Attr] = s
		}
	}
	return slices.DeleteFunc(said, func(s Statement) bool { return latest[s.Attr] != s })
}

func compareWords(a, b *Record) int {
	x, y := asWritten(a.Said), asWritten(b.Said)
	slices.SortFunc(x, fact.Compare)
	slices.SortFunc(y, fact.Compare)
	return slices.CompareFunc(x, y, fact.Compare)
}

// components splits records into parts that share no key, so that each can be linked alone, and names the keys
// that too many records hold to mean anything.
func components(profiles []*linkage.Profile, decisions []linkage.Decision) (parts [][]int, crowded map[string]bool) {
	counts := map[string]int{}
	for _, p := range profiles {
		for _, k := range linkage.Keys(p) {
			counts[k]++
		}
	}
	crowded = map[string]bool{}
	for k, n := range counts {
		if n > linkage.Crowded {
			crowded[k] = true
		}
	}
	return componentsOf(profiles, decisions, crowded), crowded
}

// componentsOf is components where the crowded keys of the whole inventory are known.
func componentsOf(profiles []*linkage.Profile, decisions []linkage.Decision, crowded map[string]bool) (parts [][]int) {
	parent := make([]int, len(profiles))
	for i := range parent {
		parent[i] = i
	}
	find := func(x int) int {
		for parent[x] != x {
			parent[x] = parent[parent[x]]
			x = parent[x]
		}
		return x
	}
	first := map[string]int{}
	for i, p := range profiles {
		for _, k := range linkage.Keys(p) {
			if crowded[k] {
				continue
			}
			if j, ok := first[k]; ok {
				parent[find(i)] = find(j)
			} else {
				first[k] = i
			}
		}
	}
	if len(decisions) > 0 {
		index := make(map[string]int, len(profiles))
		for i, p := range profiles {
			index[p.ID] = i
		}
		for _, d := range decisions {
			a, okA := index[d.A]
			b, okB := index[d.B]
			if okA && okB {
				parent[find(a)] = find(b)
			}
		}
	}
	byRoot := map[int][]int{}
	for i := range profiles {
		byRoot[find(i)] = append(byRoot[find(i)], i)
	}
	for _, p := range byRoot {
		parts = append(parts, p)
	}
	slices.SortFunc(parts, func(a, b []int) int { return cmp.Compare(a[0], b[0]) })
	return parts
}
