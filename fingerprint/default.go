package fingerprint

import (
	"embed"
	"sync"
)

//go:embed rules/*.txt
var ruleFiles embed.FS

// Subject is one file of the rules that Pons brings.
type Subject struct {
	Name  string // "windows"
	Rules []*Rule
}

// Subjects are the rules that Pons brings, by file.
func Subjects() []Subject { return brought() }

var brought = sync.OnceValue(func() []Subject {
	entries, err := ruleFiles.ReadDir("rules")
	if err != nil {
		panic(err) // the folder is embedded
	}
	var out []Subject
	for _, e := range entries {
		text, err := ruleFiles.ReadFile("rules/" + e.Name())
		if err != nil {
			panic(err)
		}
		rules, err := Parse("", string(text))
		if err != nil {
			panic("fingerprint: rules/" + e.Name() + ": " + err.Error()) // a damaged program; the tests read every file
		}
		out = append(out, Subject{Name: e.Name()[:len(e.Name())-len(".txt")], Rules: rules})
	}
	return out
})

// Brought returns the rules that Pons brings, in their order.
func Brought() []*Rule {
	var out []*Rule
	for _, s := range brought() {
		out = append(out, s.Rules...)
	}
	return out
}

// Default is the set of the rules that Pons brings.
func Default() *Set { return defaultSet() }

var defaultSet = sync.OnceValue(func() *Set { return Compile(Brought()) })
