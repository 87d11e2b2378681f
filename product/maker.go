package product

import (
	"slices"
	"strings"
)

type maker struct {
	name  string
	key   string // squashed
	owner int32  // index of the maker that owns this one, -1 for none
}

// alias is one maker a spelling may stand for.
type alias struct {
	maker int32
	exact bool     // only as written: no words around it, no slip
	only  []string // classes, their parents or categories it is meant for; none: any
	text  int      // the text it comes from; a later text wins
}

type prefix struct {
	key   string
	first int // length of the first word
	maker int32
}

// Maker is the canonical name of what a cell gives as the maker. An unknown one comes back cleaned, with false: a name
// is never guessed from too little.
func (c *Catalog) Maker(s string) (name string, known bool) {
	if blank(s) {
		return "", false
	}
	if i := c.pick(c.makersNamed(s), nil); i >= 0 {
		return c.makers[i].name, true
	}
	return clean(s), false
}

// legal is a word that says only what kind of company it is.
func legal(w string) bool {
	switch w {
	case "ag", "gmbh", "inc", "ltd", "llc", "ab", "co", "corp", "corporation", "incorporated", "limited", "company", "lp", "llp",
		"plc", "sa", "sas", "sarl", "srl", "spa", "nv", "bv", "kg", "kgaa", "oy", "oyj", "aps", "as", "asa", "se", "pty", "pte", "sdn",
		"bhd", "kk", "ulc", "pvt", "cv", "mbh", "cokg", "gmbhco", "cie", "ltda", "sl", "zoo", "ohg", "ev", "the", "and", "incorp", "corpn":
		return true
	}
	return false
}

// region is a word that says only where a branch of a company is, or that it is a branch.
func region(w string) bool {
	switch w {
	case "usa", "us", "america", "americas", "north", "american", "of", "international", "intl", "europe", "european", "deutschland",
		"germany", "uk", "france", "italia", "italy", "japan", "china", "shenzhen", "beijing", "shanghai", "hangzhou", "canada", "asia",
		"pacific", "global", "worldwide", "group", "holding", "holdings", "division", "div", "subsidiary", "sales", "service", "services",
		"mfg", "industries", "manufacturing", "manufacturer", "operations", "ireland", "netherlands", "sweden", "finland", "denmark", "switzerland", "schweiz",
		"austria", "belgium", "spain", "mexico", "india", "korea", "taiwan", "singapore", "australia", "brasil", "brazil", "israel", "now",
		"formerly", "fka", "dba", "business", "unit", "products", "product", "technical", "support", "solutions":
		return true
	}
	return false
}

// trade is a word that says only in which trade a company is.
func trade(w string) bool {
	switch w {
	case "medical", "healthcare", "health", "care", "systems", "system", "technologies", "technology", "instruments", "instrument",
		"diagnostics", "laboratories", "electronics", "med", "equipment", "devices", "networks", "networking", "scientific", "surgical", "biomedical", "medizintechnik", "sys", "diagnostic", "tech":
		return true
	}
	return false
}

// mostWords and mostParts bound the work on text that is no name; the longest name of the data has nine words.
const mostWords, mostParts = 16, 4

// makersNamed lists who a cell may name, best reading first; each reading is tried only where the ones before gave
// nothing.
func (c *Catalog) makersNamed(s string) []alias {
	folded := fold(s)
	var buf [16]string
	words := appendTokens(buf[:0], folded)
	words = words[:min(len(words), mostWords)]
	if len(words) == 0 {
		return nil
	}
	for n := len(words); n > 0; n-- { // "Hamilton Company, Inc." is not "Hamilton, Inc."
		if found := c.aliases[strings.Join(words[:n], "")]; found != nil {
			return found
		}
		if !legal(words[n-1]) {
			break
		}
	}
	words = withoutLegal(words)
	if len(words) == 0 {
		return nil
	}
	key := strings.Join(words, "")
	if found := c.aliases[key]; found != nil {
		return found
	}
	if i := strings.IndexByte(folded, ','); i > 0 { // "BRAUN, B."
		turned := tokens(folded[i+1:] + " " + folded[:i])
		if found := c.aliases[strings.Join(withoutLegal(turned), "")]; found != nil {
			return found
		}
	}
	if strings.ContainsAny(folded, "/()[];|") {
		if found := c.firmsBetween(folded); found != nil {
			return found
		}
	}
	if found := c.firmWithin(words); found != nil {
		return found
	}
	if found := c.firmBegun(words, key); found != nil {
		return found
	}
	return c.firmMisspelt(words, key)
}

func withoutLegal(words []string) []string {
	kept := words
	for i, w := range words {
		if legal(w) {
			kept = slices.Clone(words[:i])
			for _, w := range words[i:] {
				if !legal(w) {
					kept = append(kept, w)
				}
			}
			break
		}
	}
	if n := len(kept); n > 2 && kept[n-2] == "a" && kept[n-1] == "s" { // A/S
		kept = kept[:n-2]
	}
	return kept
}

// firmsBetween reads "Hill-Rom / Welch Allyn" and "PHYSIO CONTROL (STRYKER)": the parts must name one maker, or one
// and its owner, of which the owned is meant.
func (c *Catalog) firmsBetween(folded string) []alias {
	var found []alias
	parts := strings.FieldsFunc(folded, func(r rune) bool { return strings.ContainsRune("/()[];|", r) })
	for _, part := range parts[:min(len(parts), mostParts)] {
		if len(strings.TrimSpace(part)) < 2 {
			return nil
		}
		here := c.makersNamed(part)
		switch {
		case here == nil:
		case found == nil || c.owns(found[0].maker, here[0].maker):
			found = here
		case here[0].maker != found[0].maker && !c.owns(here[0].maker, found[0].maker):
			return nil
		}
	}
	return found
}

// firmWithin finds a known name with words around it that say nothing, as in "Mindray Bio-Medical (Shenzhen)". A name
// of two words or more, ten letters together, may have any words after it.
func (c *Catalog) firmWithin(words []string) []alias {
	for first := 0; first < len(words) && (first == 0 || region(words[first-1])); first++ {
		for end := len(words); end > first; end-- {
			if first == 0 && end == len(words) {
				continue
			}
			key := strings.Join(words[first:end], "")
			found := unbound(c.aliases[key])
			if found == nil {
				continue
			}
			if end-first > 1 && len(key) >= 10 && !trade(words[end-1]) || len(key) >= 4 && saysNothing(words[end:], len(key) >= 6) {
				return found
			}
		}
	}
	return nil
}

func saysNothing(words []string, tradeToo bool) bool {
	for _, w := range words {
		if !region(w) && !(tradeToo && trade(w)) {
			return false
		}
	}
	return true
}

// unbound leaves out the aliases that are taken only as written.
func unbound(found []alias) []alias {
	for i, a := range found {
		if a.exact {
			rest := slices.Clone(found[:i])
			for _, a := range found[i:] {
				if !a.exact {
					rest = append(rest, a)
				}
			}
			if len(rest) == 0 {
				return nil
			}
			return rest
		}
	}
	return found
}

// firmBegun reads a name that a column cut off inside a word: six letters or more that begin the names of one maker only.
// Columns are not so narrow that they take the last letter or two of a short name, so those are another name.
func (c *Catalog) firmBegun(words []string, key string) []alias {
	if len(key) < 6 || saysNothing(words, true) {
		return nil
	}
	i, _ := slices.BinarySearchFunc(c.prefixes, key, func(p prefix, k string) int { return strings.Compare(p.key, k) })
	owner := int32(-1)
	for ; i < len(c.prefixes) && strings.HasPrefix(c.prefixes[i].key, key); i++ {
		p := &c.prefixes[i]
		if owner >= 0 && p.maker != owner || p.first == len(key) || len(key) < 10 && len(p.key)-len(key) < 3 && len(words) == 1 {
			return nil
		}
		owner = p.maker
	}
	if owner < 0 {
		return nil
	}
	return []alias{{maker: owner}}
}

// firmMisspelt reads a name with a slip in what is the firm's own of it: a word like "Medical" lends no length.
func (c *Catalog) firmMisspelt(words []string, key string) []alias {
	own := core(words)
	if strings.IndexByte(key, lost) >= 0 && len(own) >= 5 {
		if owner, _, ok := c.makerLost.nearest(own, strings.Count(own, string(rune(lost)))); ok {
			return []alias{{maker: owner}}
		}
	}
	if mended := c.mendCommon(words); mended != nil {
		if found := c.aliases[strings.Join(mended, "")]; found != nil {
			return found
		}
	}
	if len(own) < 6 {
		return nil
	}
	for _, k := range [...]string{own, key} {
		if owner, _, ok := c.makerSpel.nearest(k, slips(len(k))); ok {
			return []alias{{maker: owner}}
		}
	}
	return nil
}

// common are the long words that many firms' names hold. A slip in one of them does not touch what is the firm's own.
var common = []string{"healthcare", "technologies", "technology", "instruments", "diagnostics", "laboratories", "electronics", "equipment",
	"scientific", "surgical", "biomedical", "international", "corporation", "communications", "industries", "networks", "products",
	"pharmaceuticals", "engineering", "manufacturing"}

// mendCommon mends slips in such words; nil: there were none.
func (c *Catalog) mendCommon(words []string) []string {
	var mended []string
	for i, w := range words {
		if len(w) < 7 {
			continue
		}
		if _, meant, ok := c.commonSpel.nearest(w, 1); ok && meant != w {
			if mended == nil {
				mended = slices.Clone(words)
			}
			mended[i] = meant
		}
	}
	return withoutLegal(mended)
}

// core is the squashed name without the words before and behind it that many firms bear.
func core(words []string) string {
	for len(words) > 0 && (region(words[0]) || trade(words[0])) {
		words = words[1:]
	}
	for n := len(words); n > 0 && (region(words[n-1]) || trade(words[n-1])); n-- {
		words = words[:n-1]
	}
	return strings.Join(words, "")
}

// pick chooses among the makers a spelling may mean: one meant for this class first, else the one meant for any.
func (c *Catalog) pick(named []alias, class *Class) int32 {
	best, text := int32(-1), -1
	for _, a := range named {
		if class != nil && c.meant(a, class) {
			return a.maker
		}
		if len(a.only) == 0 && a.text >= text {
			best, text = a.maker, a.text
		}
	}
	return best
}

// meant tells whether an alias bound to classes is bound to this one, one of its parents or its category.
func (c *Catalog) meant(a alias, class *Class) bool {
	for _, only := range a.only {
		if only == class.Category {
			return true
		}
		for k := class; ; {
			if k.Name == only {
				return true
			}
			i, ok := c.classAt[k.Parent]
			if !ok {
				break
			}
			k = &c.classes[i]
		}
	}
	return false
}

// owns tells whether maker a owns maker b, directly or through others.
func (c *Catalog) owns(a, b int32) bool {
	for n := 0; b >= 0 && n < 8; n++ {
		b = c.makers[b].owner
		if a == b {
			return true
		}
	}
	return false
}
