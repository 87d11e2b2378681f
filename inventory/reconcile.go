package inventory

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"

	"pons/fact"
	"pons/linkage"
	"pons/product"
)

// Reconcile makes devices of records without a database: what pons discover does, and the reference that the
// stored inventory is tested against. kind names the kind of each source; the result depends on the set of
// records only. Device ids are the names of their first records.
func Reconcile(c *product.Catalog, p Precedence, kind func(fact.Source) string, records []fact.Record, decisions []linkage.Decision) ([]*Device, []linkage.Proposal) {
	return groupRecords(NewResolver(c, p), normalized(c, kind, records, nil), decisions)
}

// Discovered makes devices of what was seen on the wire, as Reconcile does, on a day for the support of their systems,
// and yields them in the order of their ids. It is for a program that prints them and ends: records lose their facts as
// they are read, and a device holds until the next is asked for, so that no more than the statements are in memory at
// once.
func Discovered(c *product.Catalog, day time.Time, records []fact.Record) iter.Seq[*Device] {
	return func(yield func(*Device) bool) {
		groups, _ := grouped(normalized(c, fact.Source.Kind, records, func(r *fact.Record) { *r = fact.Record{} }), nil)
		resolver := NewResolver(c, nil).On(day)
		resolver.desk = &desk{}
		for i, g := range groups {
			if !yield(resolver.deviceOf(g)) {
				return
			}
			for _, r := range g {
				r.Said = nil
			}
			groups[i] = nil
		}
	}
}

// normalized reads records, those of one name as one. done is told when a record is no longer needed; it may be nil.
func normalized(c *product.Catalog, kind func(fact.Source) string, records []fact.Record, done func(*fact.Record)) []*Record {
	type name struct{ source, key string }
	n := NewNormalizer(c)
	byName := make(map[name]*Record, len(records))
	all := make([]*Record, 0, len(records))
	for i := range records {
		r := recordOf(n, kind(records[i].Source), &records[i])
		if done != nil {
			done(&records[i])
		}
		k := name{r.Source, r.Key}
		if old, ok := byName[k]; ok {
			*old = *n.join(old, r)
			continue
		}
		byName[k] = r
		all = append(all, r)
	}
	return all
}

// groupRecords puts records on devices and resolves each.
func groupRecords(resolver *Resolver, all []*Record, decisions []linkage.Decision) ([]*Device, []linkage.Proposal) {
	groups, proposals := grouped(all, decisions)
	devices := make([]*Device, len(groups))
	for i, g := range groups {
		devices[i] = resolver.deviceOf(g)
	}
	return devices, proposals
}

// deviceOf resolves a device whose id is the name of its first record.
func (r *Resolver) deviceOf(members []*Record) *Device {
	d := r.Resolve(members)
	d.ID = d.Records[0].Name()
	for _, rec := range d.Records {
		rec.Device = d.ID
	}
	return d
}

// byRecordName orders records by their names.
func byRecordName(a, b *Record) int {
	if a.Source == b.Source {
		return strings.Compare(a.Key, b.Key)
	}
	return strings.Compare(a.Name(), b.Name())
}

// grouped says which records are one device, in the order of their names. Most hosts of a network share no key with
// another; only those that do are weighed.
func grouped(all []*Record, decisions []linkage.Decision) (groups [][]*Record, proposals []linkage.Proposal) {
	slices.SortFunc(all, byRecordName)
	parts, crowded := components(all, decisions)
	groups = make([][]*Record, 0, len(parts))
	alone := slices.Clone(all) // the groups of one lie in it
	for _, part := range parts {
		if len(part) == 1 {
			i := part[0]
			groups = append(groups, alone[i:i+1:i+1])
			continue
		}
		alike := make([]*linkage.Profile, len(part))
		for i, x := range part {
			alike[i] = all[x].profile()
		}
		result := linkage.Link(alike, decisions, crowded)
		proposals = append(proposals, result.Proposals...)
		for _, g := range result.Groups {
			members := make([]*Record, len(g))
			for i, x := range g {
				members[i] = all[part[x]]
			}
			slices.SortFunc(members, byRecordName)
			groups = append(groups, members)
		}
	}
	slices.SortFunc(groups, func(a, b []*Record) int { return byRecordName(a[0], b[0]) })
	return groups, proposals
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
func components(all []*Record, decisions []linkage.Decision) (parts [][]int, crowded map[string]bool) {
	numbers := make(map[linkage.Key]int32, 3*len(all))
	var keys []linkage.Key
	var holders []int32                  // of each key
	held := make([]int32, 0, 3*len(all)) // keys of all records, one record's after another's
	ends := make([]int32, len(all))
	var p linkage.Profile
	for i, r := range all {
		p = linkage.Profile{MACs: p.MACs[:0], Local: p.Local[:0], EUI64s: p.EUI64s[:0], Hosts: p.Hosts[:0], IPs: p.IPs[:0], AEs: p.AEs[:0]}
		r.describe(&p)
		begin := len(held)
		for k := range p.Keys {
			n, ok := numbers[k]
			if !ok {
				n = int32(len(keys))
				numbers[k] = n
				keys, holders = append(keys, k), append(holders, 0)
			}
			if !slices.Contains(held[begin:], n) {
				held = append(held, n)
				holders[n]++
			}
		}
		ends[i] = int32(len(held))
	}
	crowded = map[string]bool{}
	for n, many := range holders {
		if many > linkage.Crowded {
			crowded[keys[n].String()] = true
		}
	}
	s := newSets(len(all))
	first := make([]int32, len(keys)) // the first holder, from 1
	begin := int32(0)
	for i := range all {
		for _, n := range held[begin:ends[i]] {
			switch {
			case holders[n] > linkage.Crowded:
			case first[n] > 0:
				s.join(i, int(first[n]-1))
			default:
				first[n] = int32(i + 1)
			}
		}
		begin = ends[i]
	}
	s.joinTold(decisions, func(yield func(int, string) bool) {
		for i, r := range all {
			if !yield(i, r.Name()) {
				return
			}
		}
	})
	return s.parts(), crowded
}

// sets are disjoint sets of the numbers below a bound.
type sets []int

func newSets(n int) sets {
	s := make(sets, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func (s sets) find(x int) int {
	for s[x] != x {
		s[x] = s[s[x]]
		x = s[x]
	}
	return x
}

func (s sets) join(a, b int) { s[s.find(a)] = s.find(b) }

// joinTold joins what people decided on, so that it is looked at together.
func (s sets) joinTold(decisions []linkage.Decision, names iter.Seq2[int, string]) {
	if len(decisions) == 0 {
		return
	}
	index := make(map[string]int, len(s))
	for i, name := range names {
		index[name] = i
	}
	for _, d := range decisions {
		a, okA := index[d.A]
		b, okB := index[d.B]
		if okA && okB {
			s.join(a, b)
		}
	}
}

// parts are the sets, each and all of them in order.
func (s sets) parts() [][]int {
	at := make([]int, len(s)) // of each root, its part from 1
	members := make([]int, len(s))
	size := make([]int, len(s))
	n := 0
	for i := range s {
		r := s.find(i)
		if size[r] == 0 {
			n++
		}
		size[r]++
	}
	out := make([][]int, 0, n)
	for i := range s {
		r := s.find(i)
		if at[r] == 0 {
			out = append(out, members[:0:size[r]])
			members = members[size[r]:]
			at[r] = len(out)
		}
		out[at[r]-1] = append(out[at[r]-1], i)
	}
	return out
}

// componentsOf is components where the crowded keys of the whole inventory are known.
func componentsOf(profiles []*linkage.Profile, decisions []linkage.Decision, crowded map[string]bool) (parts [][]int) {
	s := newSets(len(profiles))
	first := map[string]int{}
	for i, p := range profiles {
		for _, k := range linkage.Keys(p) {
			if crowded[k] {
				continue
			}
			if j, ok := first[k]; ok {
				s.join(i, j)
			} else {
				first[k] = i
			}
		}
	}
	s.joinTold(decisions, func(yield func(int, string) bool) {
		for i, p := range profiles {
			if !yield(i, p.ID) {
				return
			}
		}
	})
	return s.parts()
}
