package product

import (
	"slices"
	"strings"
)

// vocabulary finds classes in running text by the words of their synonyms.
type vocabulary struct {
	id        map[string]int32
	count     []int32             // synonyms that hold the word
	synonyms  []synonym           // every one
	under     [][]int32           // word: synonyms found by it, their rarest
	spelling  spelling            // of the words
	accessory int32               // the word itself
	minor     map[int32]bool      // words that make what they stand at the end of an accessory
	pairs     map[string][2]int32 // neighbours of a synonym, joined: "xray" is "x ray"
}

type synonym struct {
	class  int32
	words  []int32 // sorted
	weight int     // words that tell something: "system" does not
	length int     // letters
}

// accessoryClass is what a cable for a monitor is, whatever the monitor.
const accessoryClass = "accessory"

// filler says nothing about the class.
func filler(w string) bool {
	switch w {
	case "of", "for", "the", "and", "a", "an", "to", "in", "type", "other", "misc", "nos", "new", "old", "de":
		return true
	}
	return false
}

// plain is a word that makes a wording longer and no more specific: "x-ray system" says less than "mammographic".
func plain(w string) bool {
	switch w {
	case "system", "unit", "machine", "device", "equipment", "apparatus", "x":
		return true
	}
	return false
}

// singular takes a plural's ending off. It need not be English, only the same for both sides.
func singular(w string) string {
	n := len(w)
	switch {
	case n <= 3 || w[n-1] != 's' || w[n-2] == 's' || w[n-2] == 'u' || w[n-2] == 'i':
		return w
	case strings.HasSuffix(w, "ies") && n > 5:
		return w[:n-3] + "y"
	case strings.HasSuffix(w, "xes") || strings.HasSuffix(w, "ches") || strings.HasSuffix(w, "shes"):
		return w[:n-2]
	}
	return w[:n-1]
}

// american spells a word as the data does: "anaesthesia", "analyser", "haematology".
func american(w string) string {
	if len(w) < 6 {
		return w
	}
	for _, p := range [...][2]string{{"anaesth", "anesth"}, {"haem", "hem"}, {"analyser", "analyzer"}, {"steriliser", "sterilizer"},
		{"foetal", "fetal"}, {"paediatric", "pediatric"}, {"oesoph", "esoph"}, {"nebuliser", "nebulizer"}, {"fibre", "fiber"},
		{"centre", "center"}, {"vapouriser", "vaporizer"}, {"vaporiser", "vaporizer"}, {"gynaec", "gynec"}, {"orthopaed", "orthoped"}} {
		if i := strings.Index(w, p[0]); i >= 0 {
			return w[:i] + p[1] + w[i+len(p[0]):]
		}
	}
	return w
}

// add takes a synonym in.
func (v *vocabulary) add(class int32, text string) {
	if v.id == nil {
		v.spelling.strict = true
		v.id, v.pairs = map[string]int32{}, map[string][2]int32{}
	}
	var words []int32
	length, weight, last := 0, 0, ""
	for _, w := range tokens(fold(text)) {
		if filler(w) {
			continue
		}
		w = american(singular(w))
		length += len(w)
		if !plain(w) {
			weight++
		}
		words = append(words, v.word(w))
		if last != "" {
			v.pairs[last+w] = [2]int32{v.id[last], v.id[w]}
		}
		last = w
	}
	slices.Sort(words)
	v.synonyms = append(v.synonyms, synonym{class, slices.Compact(words), weight, length})
}

func (v *vocabulary) word(w string) int32 {
	i, ok := v.id[w]
	if !ok {
		i = int32(len(v.id))
		v.id[w] = i
		v.count = append(v.count, 0)
	}
	v.count[i]++
	return i
}

// done readies the index once every synonym is in.
func (v *vocabulary) done(accessory int32) {
	v.accessory = v.id[accessoryClass]
	v.under = make([][]int32, len(v.id))
	v.minor = map[int32]bool{}
	for i, s := range v.synonyms {
		if len(s.words) == 0 {
			continue
		}
		rarest := slices.MinFunc(s.words, func(a, b int32) int { return int(v.count[a] - v.count[b]) })
		v.under[rarest] = append(v.under[rarest], int32(i))
		if s.class == accessory && len(s.words) == 1 {
			v.minor[s.words[0]] = true
		}
	}
	for w, i := range v.id {
		if len(w) >= 6 {
			v.spelling.add(w, i)
		}
	}
}

// read turns folded text into known words; -1 stands for one nobody knows. What comes after "with" is not the thing.
func (v *vocabulary) read(folded string, ids []int32) []int32 {
	var buf [16]string
	words := appendTokens(buf[:0], folded)
	for i := 0; i < len(words); i++ {
		w := words[i]
		if i > 0 && (w == "with" || w == "including" || w == "incl" || w == "w" && strings.Contains(folded, "w/")) {
			break
		}
		if filler(w) {
			continue
		}
		w = american(singular(w))
		if i+1 < len(words) {
			if id, ok := v.id[w+american(singular(words[i+1]))]; ok && len(words[i+1]) > 1 || ok && len(w) > 1 {
				ids = append(ids, id)
				if apart, ok := v.id[w]; ok {
					ids = append(ids, apart)
				}
				if apart, ok := v.id[american(singular(words[i+1]))]; ok {
					ids = append(ids, apart)
				}
				i++
				continue
			}
		}
		pair, joined := v.pairs[w]
		if joined {
			ids = append(ids, pair[0], pair[1])
		}
		if id, ok := v.id[w]; ok {
			ids = append(ids, id)
			continue
		}
		if joined {
			continue
		}
		if short, cut := strings.CutSuffix(w, "s"); cut { // "MRIs", "PDUs"
			if id, ok := v.id[short]; ok {
				ids = append(ids, id)
				continue
			}
		}
		if a, b, ok := v.split(w); ok {
			ids = append(ids, a, b)
			continue
		}
		if id, _, ok := v.spelling.nearest(w, slips(len(w))); ok && len(w) >= 6 {
			ids = append(ids, id)
			continue
		}
		ids = append(ids, -1)
	}
	return ids
}

// split reads "infusionpump" as two words.
func (v *vocabulary) split(w string) (a, b int32, ok bool) {
	for i := 3; i+3 <= len(w); i++ {
		if a, ok = v.id[w[:i]]; !ok {
			continue
		}
		if b, ok = v.id[w[i:]]; ok {
			return a, b, true
		}
	}
	return 0, 0, false
}

// class is the index of the class folded text speaks of, -1 for none: the synonym of most telling words wins, then the one
// of most letters, then the one the data names first.
func (v *vocabulary) class(folded string) int32 {
	var buf [24]int32
	text := v.read(folded, buf[:0])
	best := int32(-1)
	for _, w := range text {
		if w < 0 {
			continue
		}
		for _, i := range v.under[w] {
			if i != best && holds(text, v.synonyms[i].words) && (best < 0 || v.better(i, best)) {
				best = i
			}
		}
	}
	if best < 0 {
		return -1
	}
	// "BATTERY, DEFIBRILLATOR" and "ECG cable" are accessories unless the synonym itself has the word.
	for at, w := range [...]int32{text[0], text[len(text)-1]} {
		if at > 0 && w == v.accessory { // "… and accessories"
			continue
		}
		if v.minor[w] && !slices.Contains(v.synonyms[best].words, w) {
			for _, i := range v.under[w] {
				if len(v.synonyms[i].words) == 1 {
					return v.synonyms[i].class
				}
			}
		}
	}
	return v.synonyms[best].class
}

func (v *vocabulary) better(a, b int32) bool {
	x, y := &v.synonyms[a], &v.synonyms[b]
	if x.weight != y.weight {
		return x.weight > y.weight
	}
	if x.length != y.length {
		return x.length > y.length
	}
	return a < b
}

func holds(text, words []int32) bool {
	for _, w := range words {
		if !slices.Contains(text, w) {
			return false
		}
	}
	return true
}
