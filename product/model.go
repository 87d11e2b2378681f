package product

import "strings"

type model struct {
	name  string
	maker int32
	class int32
}

// modelKey is one spelling of a model.
type modelKey struct {
	model  int32
	number string // the catalogue number as the data writes it, where the spelling is one
	bound  bool   // only together with the maker's name
	text   int    // the text it comes from; a later text wins
}

// weak tells the spellings that many makers use: short ones and plain numbers. They count only where they are the
// whole cell, and never beside another maker's name.
func weak(key string) bool {
	if len(key) < 4 {
		return true
	}
	return onlyDigits(key) && len(key) < 6
}

// telling is a spelling so much one product's that it holds beside a name that is not its maker's: it has letters and
// digits, or is a long word and the whole cell. Beside a maker of the catalog, as on a reseller's list, it must be longer
// than beside a name nobody knows, which may be the maker's own, misspelt.
func telling(key string, whole, makerKnown bool) bool {
	least := 5
	if makerKnown {
		least = 7
	}
	if onlyLetters(key) || onlyDigits(key) {
		return onlyLetters(key) && whole && len(key) >= 8
	}
	return len(key) >= least
}

func onlyDigits(key string) bool {
	for i := 0; i < len(key); i++ {
		if !digit(key[i]) {
			return false
		}
	}
	return true
}

// noise is a word beside a model that does not tell which model it is.
func noise(w string) bool {
	switch w {
	case "model", "module", "pump", "monitor", "unit", "device", "system", "series", "ventilator", "infusion", "with", "w", "and",
		"black", "white", "blue", "grey", "gray", "red", "green", "beige", "silver", "110v", "115v", "120v", "220v", "230v", "240v", "100v",
		"50hz", "60hz", "refurbished", "refurb", "new", "used", "rev", "version", "type", "no", "number", "scanner", "printer", "defibrillator",
		"analyzer", "analyser", "machine", "portable", "mobile", "base", "complete", "assembly", "assy", "kit", "us", "usa", "eu", "ultrasound", "laptop",
		"desktop", "computer", "notebook", "display", "color", "colour", "gen", "the", "lvp", "pcu", "main", "poc", "eng", "english", "adult", "old":
		return true
	}
	return false
}

// reading is how a text came to name a model.
type reading struct {
	key    int32
	how    string // for people
	sure   float64
	whole  bool
	family bool // found by a spelling without digits amid other words: perhaps only the family of the model meant
}

// modelNamed finds the model a text names. named is whom the maker's cell may mean; known tells that it means someone
// of the catalog, said that there is something in the cell at all. hint is the class the description gives, -1 for none.
func (c *Catalog) modelNamed(text string, named []alias, said bool, hint int32) (reading, bool) {
	folded := plus(fold(text))
	found, ok := c.modelIn(folded, named, said, hint)
	if ok && found.whole {
		return found, true
	}
	if i := strings.IndexAny(folded, "/,;|+&"); i > 0 {
		parts := strings.FieldsFunc(folded, func(r rune) bool { return strings.ContainsRune("/,;|+&", r) })
		for _, part := range parts[:min(len(parts), mostParts)] {
			if r, ok := c.modelIn(part, named, said, hint); ok {
				if r.whole {
					r.how, r.sure = "the first known of several there,", min(r.sure, 0.9)
				}
				return r, true
			}
		}
	}
	return found, ok
}

func (c *Catalog) modelIn(folded string, named []alias, said bool, hint int32) (reading, bool) {
	var buf [20]string
	words := appendTokens(buf[:0], folded)
	words = words[:min(len(words), mostWords)]
	if len(words) == 0 {
		return reading{}, false
	}
	key := strings.Join(words, "")
	if k := c.choose(c.modelKeys[key], key, named, said, hint, true); k >= 0 {
		return reading{key: k, sure: 0.95, whole: true}, true
	}
	rest, r, ok := c.modelAfterMaker(words, key, named, said, hint)
	if ok {
		return r, true
	}
	within, ok := c.modelWithin(words, named, said, hint)
	if ok && !(within.family && strings.ContainsAny(key, "0123456789")) {
		return within, true
	}
	for _, key := range [...]string{key, rest} {
		if r, ok := c.modelVariant(key, named, said, hint); ok {
			return r, true
		}
		if r, ok := c.modelMisspelt(key, named, said); ok {
			return r, true
		}
	}
	return within, ok
}

// modelAfterMaker reads a model behind its maker's name, as in "GE HealthCare LOGIQ E9" or "PhilipsMX800". rest is what
// stands behind the name, empty where there is none.
func (c *Catalog) modelAfterMaker(words []string, key string, named []alias, said bool, hint int32) (rest string, r reading, ok bool) {
	for n := min(len(words)-1, 5); n > 0; n-- {
		before := c.aliases[strings.Join(words[:n], "")]
		if before == nil {
			continue
		}
		who := named
		if !said || len(named) == 0 {
			who = before
		}
		rest = strings.Join(words[n:], "")
		if k := c.choose(c.modelKeys[rest], rest, who, true, hint, true); k >= 0 {
			return rest, reading{key: k, sure: 0.95, whole: true}, true
		}
	}
	for _, a := range named {
		glued, cut := strings.CutPrefix(key, c.makers[a.maker].key)
		if !cut || glued == "" {
			continue
		}
		if k := c.choose(c.modelKeys[glued], glued, named, true, hint, true); k >= 0 {
			return glued, reading{key: k, sure: 0.95, whole: true}, true
		}
		rest = glued
	}
	return rest, reading{}, false
}

// modelMisspelt reads a model with a slip in its letters; its digits must be right.
func (c *Catalog) modelMisspelt(key string, named []alias, said bool) (reading, bool) {
	if len(key) < 7 {
		return reading{}, false
	}
	owner, meant, ok := c.modelSpel.nearest(key, slips(len(key)))
	if !ok || !c.agree(owner, named, said && len(named) > 0) {
		return reading{}, false
	}
	for _, k := range c.modelKeys[meant] {
		if c.keys[k].model == owner {
			return reading{key: k, how: "misspelt", sure: 0.85, whole: true}, true
		}
	}
	return reading{}, false
}

// modelWithin finds the longest run of words that is a model, as in "Optiplex 7080 Micro" or "LVP MODULE 8100". The
// words around must be noise where the run is weak.
func (c *Catalog) modelWithin(words []string, named []alias, said bool, hint int32) (reading, bool) {
	best, length := reading{}, 0
	for first := range words {
		for end := min(len(words), first+6); end > first; end-- {
			if end-first == len(words) {
				continue
			}
			key := strings.Join(words[first:end], "")
			if len(key) <= length {
				break
			}
			found := c.modelKeys[key]
			if found == nil || (weak(key) || len(key) < 5 && onlyLetters(key)) && !allNoise(words[:first], words[end:]) {
				continue
			}
			if k := c.choose(found, key, named, said, hint, false); k >= 0 {
				best, length = reading{key: k, sure: 0.95, family: onlyLetters(key)}, len(key)
			}
		}
	}
	return best, length > 0
}

func onlyLetters(key string) bool {
	for i := 0; i < len(key); i++ {
		if !letter(key[i]) {
			return false
		}
	}
	return true
}

func allNoise(before, after []string) bool {
	for _, w := range before {
		if !noise(w) {
			return false
		}
	}
	for _, w := range after {
		if !noise(w) {
			return false
		}
	}
	return true
}

// modelVariant reads a model with a few letters glued behind its number: "M507dn", "5008S", "MAC5500HD".
func (c *Catalog) modelVariant(key string, named []alias, said bool, hint int32) (reading, bool) {
	for n := len(key) - 1; n >= max(len(key)-4, 3); n-- {
		if !letter(key[n]) || !digit(key[n-1]) {
			continue
		}
		if k := c.choose(c.modelKeys[key[:n]], key[:n], named, said, hint, false); k >= 0 && (!weak(key[:n]) || said) {
			return reading{key: k, how: "a variant of", sure: 0.9}, true
		}
	}
	return reading{}, false
}

// choose takes the model that a spelling means beside this maker, -1 for none. A weak spelling without a maker must be
// the only one and not contradict the description; a strong one beside an unrelated maker is still the model.
func (c *Catalog) choose(found []int32, key string, named []alias, said bool, hint int32, whole bool) int32 {
	best, count, text := int32(-1), 0, -1
	for _, k := range found {
		if c.agree(c.keys[k].model, named, true) && c.keys[k].text >= text {
			best, text = k, c.keys[k].text
		}
	}
	if best >= 0 || len(found) == 0 {
		return best
	}
	for _, k := range found {
		entry := &c.keys[k]
		common := entry.bound || len(key) < 3
		if said && (common || weak(key) || !telling(key, whole, len(named) > 0)) || common && hint != c.models[entry.model].class {
			continue
		}
		if hint >= 0 && (weak(key) || len(found) > 1) && !c.akin(c.models[entry.model].class, hint) {
			continue
		}
		if best >= 0 && entry.text > c.keys[best].text {
			count = 0
		}
		if best < 0 || entry.text >= c.keys[best].text {
			best = k
			count++
		}
	}
	if count != 1 {
		return -1
	}
	return best
}

// akin tells whether two classes could be two words for one thing: the same, one the other's parent, or one parent.
func (c *Catalog) akin(a, b int32) bool {
	x, y := &c.classes[a], &c.classes[b]
	return a == b || x.Parent == y.Name || y.Parent == x.Name || x.Parent != "" && x.Parent == y.Parent
}

// agree tells whether the model's maker is whom the maker's cell may mean, an owner of it or owned by it.
func (c *Catalog) agree(m int32, named []alias, said bool) bool {
	if !said {
		return true
	}
	who := c.models[m].maker
	for _, a := range named {
		if a.maker == who || c.owns(a.maker, who) || c.owns(who, a.maker) {
			return true
		}
	}
	return false
}
