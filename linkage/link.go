package linkage

import (
	"cmp"
	"slices"
	"strings"
)

// Link groups records into devices. The records must be closed under shared keys (every record that shares a
// key of Keys with one of them is among them, but for crowded keys), as inventory's neighbourhoods are. The
// result depends on the set of records, decisions and crowded keys only, not on their order. crowded names
// the keys that more than Crowded records of the whole inventory hold.
func Link(records []*Profile, decisions []Decision, crowded map[string]bool) Result {
	l := newLinker(records)
	if len(records) == 1 {
		return l.result()
	}
	l.hear(decisions)
	for k := range crowded {
		l.keys.share(k)
	}
	l.findHolders()
	l.findShared()
	l.join()
	return l.result()
}

func newLinker(records []*Profile) *linker {
	order := make([]int, len(records))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return cmp.Compare(records[x].ID, records[y].ID) })
	l := &linker{records: make([]*Profile, len(records)), input: order, group: make([]int, len(records)),
		members: make([][]int, len(records)), decided: map[[2]int]bool{}}
	for i, in := range order {
		l.records[i] = records[in]
		l.group[i] = i
		l.members[i] = []int{i}
	}
	return l
}

// hear notes the answers that are about the records.
func (l *linker) hear(decisions []Decision) {
	if len(decisions) == 0 {
		return
	}
	index := make(map[string]int, len(l.records))
	for i, p := range l.records {
		index[p.ID] = i
	}
	for _, d := range decisions {
		a, okA := index[d.A]
		b, okB := index[d.B]
		if okA && okB && a != b {
			l.decided[pair(a, b)] = d.Same
		}
	}
}

type linker struct {
	records []*Profile // by ID
	input   []int      // record → index in the caller's slice
	group   []int
	members [][]int
	holders map[string][]int
	keys    keyring
	decided map[[2]int]bool
	edges   []edge
	open    []edge // candidates that did not join
	looked  int    // pairs compared
}

type edge struct {
	a, b  int
	score float64
}

func pair(a, b int) [2]int { return [2]int{min(a, b), max(a, b)} }

func (l *linker) findHolders() {
	l.holders = map[string][]int{}
	for i, p := range l.records {
		for _, k := range Keys(p) {
			l.holders[k] = append(l.holders[k], i)
		}
	}
	for k, h := range l.holders {
		if len(h) < 2 || l.keys.shared[k] {
			delete(l.holders, k)
		}
	}
}

func (k *keyring) share(key string) {
	if k.shared == nil {
		k.shared = map[string]bool{}
	}
	k.shared[key] = true
}

// findShared marks the keys that different devices bear: where two entries of one source hold the key and
// contradict each other in what else they say.
func (l *linker) findShared() {
	l.keys.reused = map[string]bool{}
	for k, h := range l.holders {
		kind, _, _ := strings.Cut(k, ":")
		alike := map[[2]string]int{} // entries of one source and class that hold the key
		if kind == "serial" || kind == "udi" {
			for _, i := range h {
				alike[[2]string{l.records[i].Source, l.records[i].Class}]++
			}
		}
		for x, i := range h {
			for _, j := range h[x+1:] {
				a, b := l.records[i], l.records[j]
				if a.Source != b.Source || l.decided[pair(i, j)] {
					continue
				}
				switch kind {
				case "mac":
					if otherSerial(a, b) || otherHost(a, b) || otherTag(a, b) {
						l.keys.share(k)
					}
				case "host":
					if otherNIC(a, b) && common(a.IPs, b.IPs) == "" || otherSerial(a, b) {
						l.keys.reused[k] = true
					}
				case "serial", "udi":
					// Two entries of one device are a double entry; three or more of one serial are what
					// somebody typed to get past the field.
					if a.Class == b.Class && alike[[2]string{a.Source, a.Class}] > 2 && !otherwiseSame(a, b) {
						l.keys.share(k)
					}
				}
			}
		}
	}
}

func otherwiseSame(a, b *Profile) bool {
	return common(a.MACs, b.MACs) != "" || common(a.Hosts, b.Hosts) != "" || a.Tag != "" && a.Tag == b.Tag
}

// otherEntry says whether two entries of one list name different products: what joins both to a third record, such as
// a serial number of another maker's series, does not make them one device.
func otherEntry(a, b *Profile) bool {
	return a.Source == b.Source && (a.Maker != "" && b.Maker != "" && a.Maker != b.Maker || a.Model != "" && b.Model != "" && a.Model != b.Model)
}

// otherTag says whether two entries of one list are two things to IT: tags and addresses differ.
func otherTag(a, b *Profile) bool {
	return a.Tag != "" && b.Tag != "" && a.Tag != b.Tag && len(a.IPs) > 0 && len(b.IPs) > 0 && common(a.IPs, b.IPs) == ""
}

func otherSerial(a, b *Profile) bool {
	return a.Serial != "" && b.Serial != "" && a.Serial != b.Serial && !oneEdit(a.Serial, b.Serial)
}

func otherHost(a, b *Profile) bool {
	return len(a.Hosts) > 0 && len(b.Hosts) > 0 && common(a.Hosts, b.Hosts) == ""
}

func otherNIC(a, b *Profile) bool {
	return len(a.MACs)+len(a.Local) > 0 && len(b.MACs)+len(b.Local) > 0 && common(a.MACs, b.MACs) == "" && common(a.Local, b.Local) == ""
}

// join merges groups along the strongest evidence first; a merge is refused where any two records of the two
// groups contradict each other or a person said they differ, and where evidence alone would put more than Crowded
// records on one device: chains of keys, each of few holders, glue no more than one key of many.
func (l *linker) join() {
	l.candidates()
	slices.SortFunc(l.edges, func(x, y edge) int {
		return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	for _, e := range l.edges {
		ga, gb := l.group[e.a], l.group[e.b]
		if ga == gb {
			continue
		}
		told := e.score >= decided
		if e.score < Merge || !told && len(l.members[ga])+len(l.members[gb]) > Crowded || l.contradict(ga, gb, told) {
			l.open = append(l.open, e)
			continue
		}
		if ga > gb {
			ga, gb = gb, ga
		}
		for _, m := range l.members[gb] {
			l.group[m] = ga
		}
		l.members[ga] = append(l.members[ga], l.members[gb]...)
		l.members[gb] = nil
	}
}

// decided is the score of a person's word: above all evidence.
const decided = 1000

func (l *linker) candidates() {
	seen := map[[2]int]bool{}
	consider := func(i, j int) {
		p := pair(i, j)
		if seen[p] {
			return
		}
		seen[p] = true
		if same, ok := l.decided[p]; ok {
			if same {
				l.edges = append(l.edges, edge{p[0], p[1], decided})
			}
			return
		}
		l.looked++
		e := l.keys.compare(l.records[p[0]], l.records[p[1]], false)
		if e.linked && e.score >= Propose {
			l.edges = append(l.edges, edge{p[0], p[1], e.score})
		}
	}
	for p := range l.decided {
		consider(p[0], p[1])
	}
	for _, h := range l.holders {
		for x, i := range h {
			for _, j := range h[x+1:] {
				consider(i, j)
			}
		}
	}
}

// contradict says whether two groups hold records that cannot be one device. A person's "same" overrules
// evidence, never another person's "different".
func (l *linker) contradict(ga, gb int, told bool) bool {
	for _, i := range l.members[ga] {
		for _, j := range l.members[gb] {
			l.looked++
			if same, ok := l.told(i, j); ok {
				if !same {
					return true
				}
				continue
			}
			if !told && (otherEntry(l.records[i], l.records[j]) || l.keys.compare(l.records[i], l.records[j], false).score <= veto) {
				return true
			}
		}
	}
	return false
}

func (l *linker) result() Result {
	var r Result
	for g, members := range l.members {
		if len(members) == 0 || l.group[g] != g {
			continue
		}
		slices.Sort(members)
		group := make([]int, len(members))
		for i, m := range members {
			group[i] = l.input[m]
		}
		r.Groups = append(r.Groups, group)
	}
	// One proposal per pair of groups: the strongest.
	proposed := map[[2]int]bool{}
	for _, e := range l.open {
		p := pair(l.group[e.a], l.group[e.b])
		if p[0] == p[1] || proposed[p] || l.toldApart(p[0], p[1]) {
			continue
		}
		proposed[p] = true
		why := l.keys.compare(l.records[e.a], l.records[e.b], true)
		r.Proposals = append(r.Proposals, Proposal{A: l.records[e.a].ID, B: l.records[e.b].ID, Score: e.score, Because: why.because})
	}
	for k := range l.keys.shared {
		r.Shared = append(r.Shared, k)
	}
	slices.Sort(r.Shared)
	return r
}

// told is a person's answer about two records.
func (l *linker) told(i, j int) (same, ok bool) {
	if len(l.decided) == 0 {
		return false, false
	}
	same, ok = l.decided[pair(i, j)]
	return same, ok
}

func (l *linker) toldApart(ga, gb int) bool {
	if len(l.decided) == 0 {
		return false
	}
	for _, i := range l.members[ga] {
		for _, j := range l.members[gb] {
			if same, ok := l.decided[pair(i, j)]; ok && !same {
				return true
			}
		}
	}
	return false
}
