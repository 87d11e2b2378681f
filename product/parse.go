package product

import (
	"fmt"
	"slices"
	"strings"
)

// reader takes catalog texts in, one after another. Lines are "field | field | …" under a section: @classes, @makers
// or "@models Maker". docs/catalog.md tells the format.
type reader struct {
	c       *Catalog
	text    int // which text
	line    int
	section string
	maker   int32 // of the @models section
	owners  []pending
	modelAt map[string]int32    // by maker and name
	spelled map[string][]string // the words of each alias
	wrong   []Mistake
}

// pending is an owner named before it may be known.
type pending struct {
	maker int32
	owner string
	text  int
	line  int
}

func parse(texts ...string) (*Catalog, error) {
	c := &Catalog{texts: texts, classAt: map[string]int32{}, codeAt: map[string]int32{}, makerAt: map[string]int32{},
		aliases: map[string][]alias{}, modelKeys: map[string][]int32{}}
	r := &reader{c: c, modelAt: map[string]int32{}, spelled: map[string][]string{}}
	// Three rounds, so that the sections may stand in any order: models speak of makers, aliases of classes.
	for _, round := range [...]string{"@classes", "@makers", "@models"} {
		for i, text := range texts {
			r.text, r.line, r.section = i, 0, ""
			for line := range strings.Lines(text) {
				r.line++
				r.take(strings.TrimSpace(line), round)
			}
		}
	}
	r.finish()
	if err := mistakes(r.wrong); err != nil {
		return nil, err
	}
	return c, nil
}

func (r *reader) failf(format string, args ...any) {
	r.wrong = append(r.wrong, Mistake{r.text + 1, r.line, fmt.Sprintf(format, args...)})
}

func (r *reader) take(line, round string) {
	switch {
	case line == "" || line[0] == '#' || line[0] == '>':
		return
	case line[0] == '@':
		name, rest, _ := strings.Cut(line, " ")
		r.section = name
		if name != "@classes" && name != "@makers" && name != "@models" {
			if round != "@classes" {
				return
			}
			r.failf("unknown section %q: write @classes, @makers or \"@models Maker\"", name)
			return
		}
		if name == "@models" && round == name {
			i, ok := r.c.makerAt[strings.TrimSpace(rest)]
			if !ok {
				r.failf("@models of unknown maker %q: add it under @makers first", rest)
				r.section = "" // what follows is nobody's
			}
			r.maker = i
		}
		return
	case r.section == "":
		if round == "@classes" {
			r.failf("%q stands before any section: begin with @classes, @makers or \"@models Maker\"", line)
		}
		return
	case r.section != round:
		return
	}
	fields := strings.Split(line, "|")
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	switch round {
	case "@classes":
		r.class(fields)
	case "@makers":
		r.makerLine(fields)
	case "@models":
		r.modelLine(fields)
	}
}

func (r *reader) class(f []string) {
	if len(f) != 7 || f[0] == "" {
		r.failf("a class has 7 fields (name | title | parent | category | flags | product codes | synonyms), not %d", len(f))
		return
	}
	k := Class{Name: f[0], Title: f[1], Parent: f[2], Category: f[3], LifeSupport: strings.Contains(f[4], "L"),
		Connected: strings.Contains(f[4], "C"), ProductCodes: strings.Fields(f[5]), Synonyms: list(f[6]), Own: r.text >= own}
	if !slices.Contains([]string{"medical", "iot", "it", "ot", "network"}, k.Category) {
		r.failf("class %q: category %q is none of medical, iot, it, ot, network", k.Name, k.Category)
	}
	if strings.Trim(f[4], "LC!") != "" {
		r.failf("class %q: flags %q may be L, L! and C", k.Name, f[4])
	}
	if k.Parent != "" {
		if _, ok := r.c.classAt[k.Parent]; !ok {
			r.failf("class %q: parent %q is not a class above it; name one that stands before it, or none", k.Name, k.Parent)
		}
	}
	i, again := r.c.classAt[k.Name]
	if again && r.text == 0 {
		r.failf("class %q is given twice", k.Name)
		return
	}
	if again {
		old := r.c.classes[i]
		k.ProductCodes, k.Synonyms = append(slices.Clone(old.ProductCodes), k.ProductCodes...), append(slices.Clone(old.Synonyms), k.Synonyms...)
		r.c.classes[i] = k
	} else {
		i = int32(len(r.c.classes))
		r.c.classAt[k.Name] = i
		r.c.classes = append(r.c.classes, k)
	}
	for _, code := range k.ProductCodes {
		if j, taken := r.c.codeAt[code]; taken && j != i && r.text == 0 {
			r.failf("product code %s of class %q is already %q's", code, k.Name, r.c.classes[j].Name)
		}
		r.c.codeAt[code] = i
	}
}

func (r *reader) makerLine(f []string) {
	if len(f) < 2 || len(f) > 3 || f[0] == "" {
		r.failf("a maker has 2 or 3 fields (name | owner | aliases), not %d", len(f))
		return
	}
	i, again := r.c.makerAt[f[0]]
	if again && r.text < own {
		r.failf("maker %q is given twice", f[0])
		return
	}
	if !again {
		i = int32(len(r.c.makers))
		r.c.makers = append(r.c.makers, maker{f[0], squash(fold(f[0])), -1})
		r.c.makerAt[f[0]] = i
	}
	if f[1] != "" {
		r.owners = append(r.owners, pending{i, f[1], r.text, r.line})
	}
	own := false
	if len(f) == 3 {
		for _, a := range list(f[2]) {
			spelling := r.alias(i, a)
			own = own || spelling == key(f[0]) && (!strings.Contains(a, "{") || squash(fold(f[0])) == spelling)
		}
	}
	if !own {
		r.alias(i, f[0])
	}
}

// key is a maker's spelling as it is looked up: squashed, without the kind of company where something else is left.
func key(s string) string {
	words := tokens(fold(s))
	if rest := withoutLegal(words); len(rest) > 0 {
		words = rest
	}
	return strings.Join(words, "")
}

func (r *reader) alias(i int32, text string) string {
	a := alias{maker: i, text: r.text}
	if rest, ok := strings.CutPrefix(text, "="); ok {
		a.exact, text = true, rest
	}
	if before, in, ok := strings.Cut(text, "{"); ok {
		text = strings.TrimSpace(before)
		a.only = strings.Fields(strings.TrimSuffix(in, "}"))
		for _, only := range a.only {
			if _, ok := r.c.classAt[only]; !ok && !slices.Contains([]string{"medical", "iot", "it", "ot", "network"}, only) {
				r.failf("alias %q of %q: %q is no class and no category; in { } stand names of classes", text, r.c.makers[i].name, only)
			}
		}
	}
	k, whole := key(text), squash(fold(text))
	if k == "" {
		r.failf("alias %q of %q has no letters or digits", text, r.c.makers[i].name)
		return ""
	}
	if whole != k {
		r.enter(whole, a, text)
		if r.taken(k, a) { // "Hamilton Company" beside "Hamilton", another firm: only the whole name is its own
			return whole
		}
	}
	r.enter(k, a, text)
	return k
}

// taken tells whether a spelling already means another maker.
func (r *reader) taken(k string, a alias) bool {
	return slices.ContainsFunc(r.c.aliases[k], func(b alias) bool { return b.maker != a.maker && len(b.only) == 0 && len(a.only) == 0 })
}

func (r *reader) enter(k string, a alias, text string) {
	for _, b := range r.c.aliases[k] {
		if b.text == a.text && len(a.only) == 0 && len(b.only) == 0 {
			if b.maker != a.maker {
				r.failf("alias %q of %q is already %q's; give it to one of them, or bind it to classes: \"%[1]s {infusion-pump}\"", text, r.c.makers[a.maker].name, r.c.makers[b.maker].name)
			}
			return
		}
	}
	r.c.aliases[k] = append(r.c.aliases[k], a)
	if r.spelled[k] == nil {
		r.spelled[k] = withoutLegal(tokens(fold(text)))
		if len(r.spelled[k]) == 0 {
			r.spelled[k] = []string{k}
		}
	}
}

func (r *reader) modelLine(f []string) {
	if len(f) < 2 || len(f) > 4 || f[0] == "" {
		r.failf("a model has 2 to 4 fields (name | class | catalogue numbers | aliases), not %d", len(f))
		return
	}
	class, ok := r.c.classAt[f[1]]
	if !ok {
		r.failf("model %q: class %q is unknown; take one of the list, or add it under @classes", f[0], f[1])
		return
	}
	bound := strings.HasPrefix(f[0], "=")
	name := strings.TrimPrefix(f[0], "=")
	at := fmt.Sprint(r.maker, " ", name)
	i, again := r.modelAt[at]
	if again && r.text < own {
		r.failf("model %q of %s is given twice", name, r.c.makers[r.maker].name)
		return
	}
	if !again {
		i = int32(len(r.c.models))
		r.c.models = append(r.c.models, model{name: name, maker: r.maker})
		r.modelAt[at] = i
	}
	r.c.models[i].class = class
	r.modelKey(i, name, "", bound)
	if len(f) > 2 {
		for _, number := range list(f[2]) {
			r.modelKey(i, number, number, false)
		}
	}
	if len(f) > 3 {
		for _, a := range list(f[3]) {
			rest, bound := strings.CutPrefix(a, "=")
			r.modelKey(i, rest, "", bound)
		}
	}
}

func (r *reader) modelKey(i int32, text, number string, bound bool) {
	k := squash(plus(fold(text)))
	if k == "" {
		r.failf("spelling %q of model %q has no letters or digits", text, r.c.models[i].name)
		return
	}
	for _, j := range r.c.modelKeys[k] {
		other := &r.c.keys[j]
		if other.model == i && other.text == r.text {
			return
		}
		if r.c.models[other.model].maker == r.maker && other.text == r.text {
			r.failf("%q of model %q is already %q's; one spelling names one model of a maker", text, r.c.models[i].name, r.c.models[other.model].name)
			return
		}
	}
	r.c.modelKeys[k] = append(r.c.modelKeys[k], int32(len(r.c.keys)))
	r.c.keys = append(r.c.keys, modelKey{i, number, bound, r.text})
}

// finish settles what needs every line: owners, synonyms and the indexes for misspelt and cut-off names.
func (r *reader) finish() {
	c := r.c
	for _, p := range r.owners {
		i, ok := c.makerAt[p.owner]
		if !ok || i == p.maker {
			r.text, r.line = p.text, p.line
			r.failf("maker %q: owner %q is no other maker of the list; add it under @makers, or leave the field empty", c.makers[p.maker].name, p.owner)
			continue
		}
		c.makers[p.maker].owner = i
	}
	for i, k := range c.classes {
		c.words.add(int32(i), k.Title)
		for _, s := range k.Synonyms {
			c.words.add(int32(i), s)
		}
	}
	accessory := int32(-1)
	if i, ok := c.classAt[accessoryClass]; ok {
		accessory = i
	}
	c.words.done(accessory)
	r.nameIndexes()
	slices.SortFunc(c.prefixes, func(a, b prefix) int { return strings.Compare(a.key, b.key) })
	for k, found := range c.modelKeys {
		if len(k) >= 7 && len(found) == 1 && !c.keys[found[0]].bound {
			c.modelSpel.add(k, c.keys[found[0]].model)
		}
	}
}

// nameIndexes makes the indexes of makers' names. A name goes into the one for slips by its own part where that alone
// means the maker too, else as a whole, and only where its own part is long enough to tell a slip.
func (r *reader) nameIndexes() {
	c := r.c
	for i, w := range common {
		c.commonSpel.add(w, int32(i))
	}
	c.makerSpel.strict, c.modelSpel.strict = true, true
	for k, found := range c.aliases {
		owner := c.pick(found, nil)
		if owner < 0 || unbound(found) == nil {
			continue
		}
		words := r.spelled[k]
		c.prefixes = append(c.prefixes, prefix{k, len(words[0]), owner})
		c.makerLost.add(k, owner)
		own := core(words)
		if len(own) < 7 {
			continue
		}
		if same := unbound(c.aliases[own]); same != nil && c.pick(same, nil) == owner {
			k = own
		}
		c.makerSpel.add(k, owner)
	}
}

func list(s string) []string {
	var out []string
	for _, part := range strings.Split(s, ";") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
