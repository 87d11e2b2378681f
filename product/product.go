// Package product knows makers, models and device classes under the many names people give them. It
// decides which name is meant and answers "unknown" when it cannot tell; which device bears the name is
// inventory's to decide.
package product

import (
	_ "embed"
	"slices"
	"sync"
)

// Catalog is what is known of makers, models and classes. It never changes once made and may be used by many
// goroutines at once.
type Catalog struct {
	texts []string // what it was parsed from, in order

	classes []Class
	classAt map[string]int32 // by name
	codeAt  map[string]int32 // by FDA product code
	words   vocabulary

	makers     []maker
	makerAt    map[string]int32   // by canonical name
	aliases    map[string][]alias // by squashed spelling
	makerSpel  spelling           // own parts of the names
	makerLost  spelling           // all names, for text with letters lost
	commonSpel spelling           // words of many names
	prefixes   []prefix           // sorted by key

	models    []model
	modelKeys map[string][]int32 // index in keys
	keys      []modelKey
	modelSpel spelling
}

// Class is a kind of device.
type Class struct {
	Name         string // canonical, as "infusion-pump"
	Title        string // for people
	Parent       string // name of the wider class, empty at the top
	Category     string // medical, iot, it, ot or network
	LifeSupport  bool   // a patient's life may depend on it minute by minute
	Connected    bool   // usually on a network
	ProductCodes []string
	Synonyms     []string
	Own          bool // a line of the hospital's own gives it
}

// Identity is what a maker, model and description name between them.
type Identity struct {
	Maker       string // canonical where known, else the text cleaned
	Model       string // canonical where known, else the text cleaned
	ModelNumber string // the maker's catalogue number, where the text was one
	Class       string // empty: cannot tell
	Category    string
	MakerKnown  bool
	ModelKnown  bool
	Confidence  float64 // of the class: 0.95 from a known model, 0.7 from a description alone, 0 none
	Because     []string
}

//go:embed data/classes.txt
var classesText string

//go:embed data/makers.txt
var makersText string

//go:embed data/models.txt
var modelsText string

var builtIn = sync.OnceValues(func() (*Catalog, error) { return parse(classesText, makersText, modelsText) })

// Default is the catalog that comes with Pons. It panics only on data that a test of this package refuses.
func Default() *Catalog {
	c, err := builtIn()
	if err != nil {
		panic(err)
	}
	return c
}

// With is the catalog and a hospital's own text in the same format, whose lines win over the ones there were. An
// error is of type Mistakes. The text's examples are not tried; Check tries them.
func (c *Catalog) With(extra string) (*Catalog, error) {
	return parse(append(slices.Clone(c.texts), extra)...)
}

// Class finds a class by its canonical name.
func (c *Catalog) Class(name string) (Class, bool) {
	i, ok := c.classAt[name]
	if !ok {
		return Class{}, false
	}
	return c.classes[i], true
}

// ClassByProductCode finds the class of a three-letter FDA product code.
func (c *Catalog) ClassByProductCode(code string) (Class, bool) {
	i, ok := c.codeAt[code]
	if !ok {
		return Class{}, false
	}
	return c.classes[i], true
}

// ClassBySynonym finds the class a text speaks of, as maintenance systems word it: "PUMP, INFUSION", "Infusion pumps".
// The most specific wording wins; a text that names none is false.
func (c *Catalog) ClassBySynonym(s string) (Class, bool) {
	i := c.words.class(fold(s))
	if i < 0 {
		return Class{}, false
	}
	return c.classes[i], true
}

// Classes lists every class, in the order of the data. The slice is the caller's.
func (c *Catalog) Classes() []Class { return slices.Clone(c.classes) }

// Makers lists every canonical maker, sorted.
func (c *Catalog) Makers() []string {
	names := make([]string, len(c.makers))
	for i := range c.makers {
		names[i] = c.makers[i].name
	}
	slices.Sort(names)
	return names
}
