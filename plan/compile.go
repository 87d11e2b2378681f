package plan

import (
	"slices"
	"strings"
)

// compiled is a checked plan with its names turned into places, so that ten thousand draws of it take no look-ups. It
// is made by compile and shared by Project, Simulate and Optimise; nothing in it changes.
type compiled struct {
	p       *Plan
	years   int   // horizon + 1
	order   []int // roles, those that drive others first
	roles   []compiledRole
	classOf map[string]int
	roleOf  map[string]int
}

type compiledRole struct {
	drivers    []int // classes that count, none within another of them
	leads      []int // roles that this one leads (span of control)
	items      []int // of the workload
	coverage   float64
	productive float64
	available  float64
	benefits   float64
}

// compile needs a plan that Check found sound.
func (p *Plan) compile() *compiled {
	c := &compiled{p: p, years: p.Horizon + 1, roles: make([]compiledRole, len(p.Roles)), classOf: map[string]int{}, roleOf: map[string]int{}}
	for i := range p.Classes {
		c.classOf[fold(p.Classes[i].Name)] = i
	}
	for i := range p.Roles {
		c.roleOf[fold(p.Roles[i].Name)] = i
	}
	for i := range p.Roles {
		r, to := &p.Roles[i], &c.roles[i]
		hours := p.hoursOf(r)
		to.productive, to.available, to.benefits = hours.Productive(), hours.Available(), p.benefitsOf(r)
		to.coverage = r.MinFTE
		if r.Ratio != nil {
			to.drivers = c.distinct(r.Ratio.Classes)
			for _, name := range r.Ratio.Roles {
				if j := c.roleOf[fold(name)]; !slices.Contains(to.leads, j) { // named twice, led once
					to.leads = append(to.leads, j)
				}
			}
		}
		for j := range p.Workload.Items {
			if fold(p.Workload.Items[j].Role) == fold(r.Name) {
				to.items = append(to.items, j)
			}
		}
		to.coverage = max(to.coverage, p.coverageOf(r, to.available))
	}
	c.order, _ = p.leadOrder()
	return c
}

// coverageOf adds a role's seats and desks; its rotations are a floor beside them.
func (p *Plan) coverageOf(r *Role, available float64) float64 {
	var sum, rotation float64
	for i := range p.Coverage {
		c := &p.Coverage[i]
		if fold(c.Role) != fold(r.Name) {
			continue
		}
		fte, _, err := c.FTE(available)
		if err != nil {
			continue // Check has said so
		}
		if c.OnCall != nil {
			rotation = max(rotation, fte)
		} else {
			sum += fte
		}
	}
	return max(sum, rotation)
}

func (p *Plan) hoursOf(r *Role) Hours {
	if r.Hours != nil && !r.Hours.IsZero() {
		return *r.Hours
	}
	return p.Workload.Hours
}

func (p *Plan) benefitsOf(r *Role) float64 {
	if r.Benefits != nil {
		return *r.Benefits
	}
	return p.Benefits
}

// distinct gives the classes of a driver list without those that another of the list holds: a subset is never added
// again to what contains it.
func (c *compiled) distinct(names []string) []int {
	var all []int
	for _, n := range names {
		if i, ok := c.classOf[fold(n)]; ok && !slices.Contains(all, i) {
			all = append(all, i)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(i int) bool {
		return slices.ContainsFunc(all, func(j int) bool { return i != j && c.p.within(i, j, 0) })
	})
}

// within says whether class i is a subset of class j, over any number of steps.
func (p *Plan) within(i, j, depth int) bool {
	if depth > len(p.Classes) {
		return false
	}
	for _, name := range p.Classes[i].SubsetOf {
		k := p.classNamed(name)
		if k == j || (k >= 0 && k != i && p.within(k, j, depth+1)) {
			return true
		}
	}
	return false
}

func (p *Plan) classNamed(name string) int {
	return slices.IndexFunc(p.Classes, func(c Class) bool { return fold(c.Name) == fold(name) })
}

func (p *Plan) roleNamed(name string) int {
	return slices.IndexFunc(p.Roles, func(r Role) bool { return fold(r.Name) == fold(name) })
}

// leadOrder puts roles after those that drive them. A ring of roles that drive each other comes back by name.
func (p *Plan) leadOrder() (order []int, ring []string) {
	const (
		fresh = iota
		open
		done
	)
	state := make([]int, len(p.Roles))
	var path []int
	var visit func(i int) bool
	visit = func(i int) bool {
		switch state[i] {
		case done:
			return true
		case open:
			from := slices.Index(path, i)
			for _, j := range path[from:] {
				ring = append(ring, p.Roles[j].Name)
			}
			ring = append(ring, p.Roles[i].Name)
			return false
		}
		state[i], path = open, append(path, i)
		if r := p.Roles[i].Ratio; r != nil {
			for _, name := range r.Roles {
				if j := p.roleNamed(name); j >= 0 && !visit(j) {
					return false
				}
			}
		}
		state[i], path = done, path[:len(path)-1]
		order = append(order, i)
		return true
	}
	for i := range p.Roles {
		if !visit(i) {
			return nil, ring
		}
	}
	return order, nil
}

// fold is how names are compared: without case and outer or doubled spaces.
func fold(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

// Kind is the kind of an item: stated, or read from its name.
func (it *Item) Kind() Work { return it.workOf() }

// workOf is Kind.
func (it *Item) workOf() Work {
	if it.Work != "" {
		return it.Work
	}
	words := " " + strings.NewReplacer("-", " ", "_", " ", "/", " ").Replace(strings.ToLower(it.Name)) + " "
	for _, k := range []struct {
		work  Work
		words []string
	}{
		{PM, []string{" pm ", "preventive", "planned maintenance", "scheduled maintenance", " ppm "}},
		{CM, []string{" cm ", "corrective", "repair", "unscheduled"}},
		{Incoming, []string{"incoming", "acceptance", "commission", "onboarding"}},
		{Recall, []string{"recall", "alert", "advisory", "field safety"}},
		{Patch, []string{"patch", "update", "upgrade", "cyber", "vulnerab"}},
		{Audit, []string{"audit", "inventory", "rounding", "count"}},
		{Retiring, []string{"decommission", "dispos", "retire", "saniti"}},
		{Training, []string{"training", "education", "course"}},
		{After, []string{"after hours", "on call", "night", "weekend"}},
		{Project, []string{"project", "installation", "migration"}},
	} {
		if slices.ContainsFunc(k.words, func(w string) bool { return strings.Contains(words, w) }) {
			return k.work
		}
	}
	return Other
}
