package query

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Suggestion is something that may be typed next. Text replaces the characters [From, To) of the question,
// counted from 0.
type Suggestion struct {
	Text     string
	Title    string // for people: the field's title; empty for values
	From, To int
}

const maxSuggestions = 20

// Complete suggests what may stand at the caret (characters from 0): fields, then relations, then values, which
// the callback supplies for a field and a prefix in no particular case. A nil callback offers Field.Values only.
func Complete(s *Schema, text string, caret int, values func(field int, prefix string) []string) []Suggestion {
	runes := []rune(text)
	caret = max(0, min(caret, len(runes)))
	if caret > MaxLength {
		return nil
	}
	c := scan(s, runes[:caret])
	sg := suggester{from: c.start, to: caret}
	switch {
	case c.special == "is":
		for _, name := range s.flagNames() {
			sg.offer(c.prefix, Literal{Text: name}.quote(), "")
		}
	case c.special != "":
		for _, f := range s.fields {
			sg.offer(c.prefix, f.Name, f.Title)
		}
	case c.field >= 0:
		sg.values(s.fields[c.field], c, values)
	default:
		sg.names(s, c)
	}
	if len(sg.out) > maxSuggestions {
		sg.out = sg.out[:maxSuggestions]
	}
	return sg.out
}

// context is what stands before the caret.
type context struct {
	start   int    // where the word at the caret begins
	prefix  string // of what is being typed, without its quote
	field   int    // whose value is being typed, or -1
	special string // has, missing or is, when their value is being typed
	after   bool   // a whole term stands before
}

// scan walks to the caret. It is forgiving where Parse is not, since the text is unfinished.
func scan(s *Schema, runes []rune) context {
	c := context{field: -1}
	list, previous := -1, "" // field of the open list; the word before
	var open bool            // in quotes
	reset := func(i int) {
		if i > c.start {
			previous = string(runes[c.start:i])
			c.after = true
		}
		c.start = i + 1
	}
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case r == '\\' && open:
			i++
		case r == '"':
			open = !open
		case open:
		case r == '(':
			word := strings.ToLower(string(runes[c.start:i]))
			if f, rel, _ := cutRelation(s, word); f >= 0 && rel {
				list = f
			} else if word == "" && strings.EqualFold(previous, "in") {
				list = c.field
			}
			reset(i)
			c.after = false
		case r == ')':
			list = -1
			reset(i)
			c.after = true
		case r == ',' && list >= 0:
			c.start = i + 1
		case isSpace(r):
			if word := string(runes[c.start:i]); word != "" {
				if f, ok := s.Find(word); ok {
					c.field = f // remembered for "field in ("
				} else if !strings.EqualFold(word, "in") {
					c.field = -1
				}
			}
			reset(i)
		}
	}
	word := string(runes[min(c.start, len(runes)):])
	if list >= 0 {
		c.field, c.prefix = list, strings.TrimPrefix(word, `"`)
		return c
	}
	c.field = -1
	word = strings.TrimLeft(word, "-")
	c.start = len(runes) - utf8.RuneCountInString(word)
	switch strings.ToLower(previous) {
	case "and", "or", "not":
		c.after = false
	}
	name, rest, ok := strings.Cut(word, ":")
	if ok && isReserved(name) {
		if _, known := s.Find(name); !known {
			c.special, c.prefix = strings.ToLower(name), rest
			c.start = len(runes) - utf8.RuneCountInString(rest)
			return c
		}
	}
	if f, rel, rest := cutRelation(s, word); f >= 0 && rel {
		c.field, c.prefix = f, strings.TrimPrefix(rest, `"`)
		c.start = len(runes) - utf8.RuneCountInString(rest)
		return c
	}
	c.prefix = word
	return c
}

// cutRelation splits "class:inf" into its field, whether a relation follows, and what is behind it.
func cutRelation(s *Schema, word string) (field int, rel bool, rest string) {
	i := strings.IndexAny(word, ":=<>!")
	if i < 0 {
		return -1, false, ""
	}
	f, ok := s.Find(word[:i])
	if !ok {
		return -1, false, ""
	}
	return f, true, strings.TrimLeft(word[i:], ":=<>!")
}

type suggester struct {
	from, to int
	out      []Suggestion
}

// offer adds text when it starts with the prefix, whatever the case.
func (sg *suggester) offer(prefix, text, title string) {
	plain := strings.TrimPrefix(text, `"`)
	if len(sg.out) <= maxSuggestions && strings.HasPrefix(nameKey(plain), nameKey(prefix)) {
		sg.out = append(sg.out, Suggestion{Text: text, Title: title, From: sg.from, To: sg.to})
	}
}

func (sg *suggester) values(f Field, c context, values func(int, string) []string) {
	var seen []string
	add := func(v string) {
		if !slices.Contains(seen, v) {
			seen = append(seen, v)
			sg.offer(c.prefix, Literal{Text: v}.quote(), "")
		}
	}
	switch f.Kind {
	case Bool:
		add("yes")
		add("no")
	case Time, Date:
		for _, v := range []string{"7d", "30d", "90d", "1y", "today", "2026-01-31"} {
			add(v)
		}
	}
	for _, v := range f.Values {
		add(v)
	}
	if values != nil && f.Kind != Bool && f.Kind != Flags && !f.Kind.numeric() {
		for _, v := range values(c.field, c.prefix) {
			add(v)
		}
	}
}

func (sg *suggester) names(s *Schema, c context) {
	if i, ok := s.Find(c.prefix); ok {
		for _, rel := range relations(s.fields[i].Kind) {
			sg.out = append(sg.out, Suggestion{Text: s.fields[i].Name + rel, Title: s.fields[i].Title, From: sg.from, To: sg.to})
		}
	}
	for _, f := range s.fields {
		sg.offer(c.prefix, f.Name+":", f.Title)
	}
	for _, f := range s.fields { // a title or alias leads to the name
		for _, other := range append([]string{f.Title}, f.Aliases...) {
			if c.prefix != "" && strings.HasPrefix(nameKey(other), nameKey(c.prefix)) && !strings.HasPrefix(nameKey(f.Name), nameKey(c.prefix)) {
				sg.out = append(sg.out, Suggestion{Text: f.Name + ":", Title: f.Title, From: sg.from, To: sg.to})
				break
			}
		}
	}
	for _, w := range []string{"has:", "missing:", "is:", "not "} {
		sg.offer(c.prefix, w, "")
	}
	if c.after {
		sg.offer(c.prefix, "and ", "")
		sg.offer(c.prefix, "or ", "")
	}
}

// relations are those a kind knows, as suggestions offer them.
func relations(k Kind) []string {
	if k.numeric() {
		return []string{"<", "<=", ">", ">=", ":"}
	}
	return []string{":", "=", "!=", " in ("}
}
