package product_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"pons/product"
)

// harm is one thing that happens to names on their way through people and exports.
type harm struct {
	name string
	do   func(r *rand.Rand, s string) string
}

var harms = []harm{
	{"upper case", func(_ *rand.Rand, s string) string { return strings.ToUpper(s) }},
	{"lower case", func(_ *rand.Rand, s string) string { return strings.ToLower(s) }},
	{"hyphens for blanks", func(_ *rand.Rand, s string) string { return strings.ReplaceAll(s, " ", "-") }},
	{"no blanks", func(_ *rand.Rand, s string) string { return strings.ReplaceAll(s, " ", "") }},
	{"blanks for hyphens", func(_ *rand.Rand, s string) string { return strings.ReplaceAll(s, "-", " ") }},
	{"wide blanks", func(_ *rand.Rand, s string) string { return "  " + strings.ReplaceAll(s, " ", "   ") + "\t" }},
	{"quotes", func(_ *rand.Rand, s string) string { return `"` + s + `"` }},
	{"trade mark", func(_ *rand.Rand, s string) string { return s + "®" }},
	{"doubled letter", func(r *rand.Rand, s string) string {
		return slip(r, s, func(w string, i int) string { return w[:i] + w[i:i+1] + w[i:] })
	}},
	{"letter left out", func(r *rand.Rand, s string) string {
		return slip(r, s, func(w string, i int) string { return w[:i] + w[i+1:] })
	}},
	{"letters swapped", func(r *rand.Rand, s string) string {
		return slip(r, s, func(w string, i int) string { return w[:i] + w[i+1:i+2] + w[i:i+1] + w[i+2:] })
	}},
}

var firms = []harm{
	{"Inc.", func(_ *rand.Rand, s string) string { return s + ", Inc." }},
	{"GmbH & Co. KG", func(_ *rand.Rand, s string) string { return s + " GmbH & Co. KG" }},
	{"LLC", func(_ *rand.Rand, s string) string { return s + " LLC" }},
	{"AB", func(_ *rand.Rand, s string) string { return s + " AB" }},
	{"Corp", func(_ *rand.Rand, s string) string { return s + " CORP" }},
}

// slip changes one letter inside a word of nine letters or more; a text without one stays as it is.
func slip(r *rand.Rand, s string, change func(w string, i int) string) string {
	words := strings.Split(s, " ")
	for _, n := range r.Perm(len(words)) {
		w := words[n]
		plain := strings.IndexFunc(w, func(c rune) bool { return c > unicode.MaxASCII || !unicode.IsLetter(c) }) < 0
		if plain && len(w) >= 9 {
			words[n] = change(w, 2+r.IntN(len(w)-4))
			break
		}
	}
	return strings.Join(words, " ")
}

// The synthetic hospital's rows keep their names when each is damaged once more, maker and model and description alike.
func TestNamesSurviveDamage(t *testing.T) {
	c := product.Default()
	rows := hospital(t, "../../shared/data/hospital_synthetic")
	r := rand.New(rand.NewPCG(7, 7))
	for _, h := range append(harms, firms...) {
		damaged := make([]row, len(rows))
		for i, old := range rows {
			damaged[i] = old
			if !strings.ContainsAny(old.maker, "/-?") && len(old.maker) > 1 && !strings.HasPrefix(strings.ToLower(old.maker), "unk") && old.maker != "N/A" {
				damaged[i].maker = h.do(r, old.maker)
			}
			if !isFirm(h) {
				damaged[i].model, damaged[i].description = h.do(r, old.model), h.do(r, old.description)
			}
		}
		t.Run(h.name, func(t *testing.T) { measure(c, damaged).hold(t, h.name, 0.99, 0.98, 0.98) })
	}
}

func isFirm(h harm) bool {
	for _, f := range firms {
		if f.name == h.name {
			return true
		}
	}
	return false
}

// Every canonical maker survives the same damage.
func TestMakersSurviveDamage(t *testing.T) {
	c := product.Default()
	r := rand.New(rand.NewPCG(9, 9))
	right, all := 0, 0
	for _, name := range c.Makers() {
		if name == "Siemens" {
			continue // means Siemens Healthineers without a class
		}
		for _, h := range append(harms, firms...) {
			all++
			text := h.do(r, name)
			if got, _ := c.Maker(text); got == name {
				right++
			} else {
				t.Logf("%s: %q is %q, not %q", h.name, text, got, name)
			}
		}
	}
	t.Logf("%d of %d makers' damaged names (%.4f)", right, all, rate(right, all))
	if rate(right, all) < 0.99 {
		t.Error("below 0.99")
	}
}

// Every class is found by every synonym, in any order, in the plural and in capitals.
func TestClassesByTheirSynonyms(t *testing.T) {
	c := product.Default()
	right, all := 0, 0
	for _, k := range c.Classes() {
		for _, s := range append(k.Synonyms, k.Title) {
			words := strings.Fields(s)
			turned := strings.Join(append([]string{words[len(words)-1] + ","}, words[:len(words)-1]...), " ")
			for _, text := range []string{s, strings.ToUpper(s), turned, s + "s"} {
				all++
				if got, ok := c.ClassBySynonym(text); ok && got.Name == k.Name {
					right++
				} else {
					t.Logf("%q is %q, not %q", text, got.Name, k.Name)
				}
			}
		}
	}
	t.Logf("%d of %d wordings (%.4f)", right, all, rate(right, all))
	if rate(right, all) < 0.98 {
		t.Error("below 0.98")
	}
}
