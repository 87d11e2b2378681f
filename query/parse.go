package query

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of one question. They leave room for a pasted list of some thousand tags, and keep what one question
// can cost far from what would hurt others.
const (
	MaxLength   = 64 << 10 // bytes
	MaxDepth    = 50       // parentheses and nots inside each other
	MaxTerms    = 200      // terms and words
	MaxWords    = 10       // bare words: each searches every text field
	MaxAny      = 5000     // values of one list
	MaxPatterns = 20       // of them that are patterns, subnets or prefixes: each is looked for by itself
)

// Error says what is wrong with a question, where, and how to mend it.
type Error struct {
	Column  int    // of the first character that is wrong, from 1, in characters
	Length  int    // characters that are wrong; 0 at the end of the text
	Message string // "there is no field \"clas\""
	Hint    string // "did you mean class?"; may be empty
}

// Error is the message with its column and hint, in one line.
func (e *Error) Error() string {
	text := fmt.Sprintf("query, column %d: %s", e.Column, e.Message)
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return text
}

// Parse reads a question. The error is an *Error. The empty text asks nothing and holds for every row.
func Parse(s *Schema, text string) (Expr, error) {
	if len(text) > MaxLength {
		return Expr{}, &Error{Column: 1, Message: fmt.Sprintf("the query has %d bytes, more than %d", len(text), MaxLength), Hint: "ask for less at once"}
	}
	p := &parser{schema: s, text: text}
	if i := strings.IndexFunc(text, func(r rune) bool { return r == utf8.RuneError || r < ' ' && !isSpace(r) }); i >= 0 {
		return Expr{}, p.fail(i, i+1, "a character that cannot be read", "remove it")
	}
	p.space()
	if p.done() {
		return Expr{}, nil
	}
	e, err := p.or()
	if err != nil {
		return Expr{}, err
	}
	if !p.done() {
		return Expr{}, p.fail(p.pos, p.pos+1, "a parenthesis closes nothing", "remove it, or open one before it")
	}
	return e, nil
}

type parser struct {
	schema              *Schema
	text                string
	pos                 int // byte
	depth, terms, words int
}

func isSpace(r rune) bool { return unicode.IsSpace(r) }

func (p *parser) done() bool { return p.pos >= len(p.text) }

func (p *parser) peek() byte {
	if p.done() {
		return 0
	}
	return p.text[p.pos]
}

func (p *parser) space() {
	for !p.done() {
		r, n := utf8.DecodeRuneInString(p.text[p.pos:])
		if !isSpace(r) {
			return
		}
		p.pos += n
	}
}

// fail makes an Error over the bytes [from, to).
func (p *parser) fail(from, to int, message, hint string) *Error {
	to = max(from, min(to, len(p.text)))
	return &Error{Column: utf8.RuneCountInString(p.text[:from]) + 1, Length: utf8.RuneCountInString(p.text[from:to]), Message: message, Hint: hint}
}

// keyword takes the word if it is next and ends there.
func (p *parser) keyword(word string) bool {
	end := p.pos + len(word)
	if end > len(p.text) || !strings.EqualFold(p.text[p.pos:end], word) {
		return false
	}
	if end < len(p.text) {
		r, _ := utf8.DecodeRuneInString(p.text[end:])
		if !isSpace(r) && r != '(' && r != ')' && r != '"' {
			return false
		}
	}
	p.pos = end
	p.space()
	return true
}

func (p *parser) or() (Expr, error) {
	var args []Expr
	for {
		e, err := p.and()
		if err != nil {
			return e, err
		}
		args = append(args, e)
		if !p.keyword("or") {
			return join(Or, args), nil
		}
	}
}

func (p *parser) and() (Expr, error) {
	var args []Expr
	for {
		e, err := p.not()
		if err != nil {
			return e, err
		}
		args = append(args, e)
		start := p.pos
		if p.keyword("and") {
			continue
		}
		if p.done() || p.peek() == ')' || p.keyword("or") {
			p.pos = start
			return join(And, args), nil
		}
	}
}

func (p *parser) not() (Expr, error) {
	start := p.pos
	if p.depth++; p.depth > MaxDepth {
		return Expr{}, p.fail(start, start+1, fmt.Sprintf("more than %d levels inside each other", MaxDepth), "write it flatter")
	}
	defer func() { p.depth-- }()
	switch {
	case p.done():
		return Expr{}, p.fail(start, start, "something is missing at the end", "add a term, or remove the last word")
	case p.keyword("not"):
		e, err := p.not()
		return negate(e), err
	case p.peek() == '-':
		p.pos++
		if r, _ := utf8.DecodeRuneInString(p.text[p.pos:]); p.done() || isSpace(r) {
			return Expr{}, p.fail(start, start+1, "a minus stands alone", "write -term, or put it in quotes to search for it")
		}
		e, err := p.not()
		return negate(e), err
	case p.peek() == '(':
		p.pos++
		p.space()
		if p.peek() == ')' {
			return Expr{}, p.fail(start, p.pos+1, "the parentheses are empty", "")
		}
		e, err := p.or()
		if err != nil {
			return e, err
		}
		if p.peek() != ')' {
			return e, p.fail(start, start+1, "the parenthesis is not closed", "add ) where it ends")
		}
		p.pos++
		p.space()
		return e, nil
	}
	return p.term()
}

func (p *parser) term() (Expr, error) {
	start := p.pos
	if p.terms++; p.terms > MaxTerms {
		return Expr{}, p.fail(start, start+1, fmt.Sprintf("more than %d terms", MaxTerms), "use field in (a, b, …) for many values of one field")
	}
	for _, word := range []string{"and", "or"} {
		if p.keyword(word) {
			return Expr{}, p.fail(start, start+len(word), word+" has nothing before it", "put it in quotes to search for the word")
		}
	}
	if c := p.peek(); c == ')' || c == ',' || strings.IndexByte(":=<>!", c) >= 0 {
		return Expr{}, p.fail(start, start+1, fmt.Sprintf("%q is not expected here", c), "write field:value, or put it in quotes")
	}
	if p.peek() == '"' {
		return p.word()
	}
	for !p.done() {
		r, n := utf8.DecodeRuneInString(p.text[p.pos:])
		if !isNameRune(r) {
			break
		}
		p.pos += n
	}
	name := p.text[start:p.pos]
	nameEnd := p.pos
	field, known := p.schema.Find(name)
	reserved := isReserved(name)
	p.space()
	if known && p.keyword("in") {
		if p.peek() == '(' {
			return p.list(field)
		}
		return Expr{}, p.fail(nameEnd, p.pos, "in wants a list", "write "+name+" in (a, b)")
	}
	relStart := p.pos
	rel, negated, ok := p.relation()
	switch {
	case !ok || name == "" || !known && !reserved && p.isAddress(start):
		p.pos = start
		return p.word()
	case !known && !reserved:
		return Expr{}, p.fail(start, nameEnd, fmt.Sprintf("there is no field %q", name), p.nearField(name))
	case reserved && !known && (rel != Is || negated):
		return Expr{}, p.fail(relStart, p.pos, name+" goes with a colon", "write "+name+":…")
	}
	p.space()
	if reserved {
		return p.special(strings.ToLower(name))
	}
	if rel == Is && p.peek() == '(' {
		return p.list(field)
	}
	lit, err := p.value(field, rel, false)
	if err != nil {
		return Expr{}, err
	}
	p.space()
	e := Expr{Op: Term, Field: field, Rel: rel, Any: []Literal{lit}, schema: p.schema}
	if rel == Is && lit.Wild && lit.Text == "*" {
		e = Expr{Op: Has, Field: field, schema: p.schema}
	}
	if negated {
		e = negate(e)
	}
	return e, nil
}

func isReserved(name string) bool {
	switch strings.ToLower(name) {
	case "has", "missing", "is":
		return true
	}
	return false
}

// isAddress says whether the word at start is a MAC or an IPv6 address, whose colons are its own.
func (p *parser) isAddress(start int) bool {
	word := p.text[start:]
	if i := strings.IndexFunc(word, func(r rune) bool { return isSpace(r) || r == '(' || r == ')' || r == '"' }); i >= 0 {
		word = word[:i]
	}
	if digits, separated, ok := hexDigits(word); ok && separated && len(digits) >= 4 {
		return true
	}
	_, err := netip.ParseAddr(word)
	return err == nil
}

// relation takes : = != < <= > >=. Not-equal is Eq, negated.
func (p *parser) relation() (rel Rel, negated, ok bool) {
	for _, c := range []struct {
		text    string
		rel     Rel
		negated bool
	}{{"!=", Eq, true}, {"<=", Le, false}, {">=", Ge, false}, {":", Is, false}, {"=", Eq, false}, {"<", Lt, false}, {">", Gt, false}} {
		if strings.HasPrefix(p.text[p.pos:], c.text) {
			p.pos += len(c.text)
			return c.rel, c.negated, true
		}
	}
	return 0, false, false
}

// special reads what follows has:, missing: and is:.
func (p *parser) special(name string) (Expr, error) {
	start := p.pos
	raw, _, err := p.raw(false)
	if err != nil {
		return Expr{}, err
	}
	end := p.pos
	p.space()
	if name == "is" {
		fl, ok := p.schema.flags[nameKey(raw)]
		if !ok {
			return Expr{}, p.fail(start, end, fmt.Sprintf("there is no flag %q", raw), nearest(raw, p.schema.flagNames()))
		}
		return Expr{Op: Term, Field: fl.field, Any: []Literal{{Text: fl.value}}, schema: p.schema}, nil
	}
	field, ok := p.schema.Find(raw)
	if !ok {
		return Expr{}, p.fail(start, end, fmt.Sprintf("there is no field %q", raw), p.nearField(raw))
	}
	e := Expr{Op: Has, Field: field, schema: p.schema}
	if name == "missing" {
		e = negate(e)
	}
	return e, nil
}

// list reads (a, b, …).
func (p *parser) list(field int) (Expr, error) {
	open := p.pos
	p.pos++
	var values []Literal
	patterns := 0
	for {
		p.space()
		if p.done() {
			return Expr{}, p.fail(open, open+1, "the list is not closed", "add ) where it ends")
		}
		lit, err := p.value(field, In, true)
		if err != nil {
			return Expr{}, err
		}
		if values = append(values, lit); len(values) > MaxAny {
			return Expr{}, p.fail(open, open+1, fmt.Sprintf("more than %d values in a list", MaxAny), "ask for less at once")
		}
		if pr, err := lit.pred(p.schema.fields[field].Kind, In, time.Unix(0, 0)); err == nil && pr.Mode != Equal && pr.Mode != Between {
			if patterns++; patterns > MaxPatterns {
				return Expr{}, p.fail(open, open+1, fmt.Sprintf("more than %d patterns in a list", MaxPatterns), "ask for less at once")
			}
		}
		p.space()
		switch p.peek() {
		case ',':
			p.pos++
		case ')':
			p.pos++
			p.space()
			return choose(p.schema, field, values), nil
		case 0:
		default:
			return Expr{}, p.fail(p.pos, p.pos+1, "a comma is missing between the values", "write (a, b); put a value of several words in quotes")
		}
	}
}

// value reads one literal and checks it against the field.
func (p *parser) value(field int, rel Rel, inList bool) (Literal, error) {
	start := p.pos
	raw, quoted, err := p.raw(inList)
	if err != nil {
		return Literal{}, err
	}
	f := p.schema.fields[field]
	lit := Literal{Text: raw}
	if !quoted {
		if from, to, ok := strings.Cut(raw, ".."); ok && (f.Kind.numeric() || f.Kind == IP) {
			if from == "" && to == "" {
				return lit, p.fail(start, p.pos, "the range has no end", "write from.., ..to or from..to")
			}
			lit = Literal{Text: from, To: to, Range: true}
		}
		lit.Wild = (rel == Is || rel == In) && !lit.Range && strings.ContainsAny(raw, "*?")
	}
	if lit.Wild && raw == "*" && !inList {
		return lit, nil // has
	}
	if f.Kind == Flags {
		fl, ok := p.schema.flags[nameKey(raw)]
		if !ok || fl.field != field {
			return lit, p.fail(start, p.pos, fmt.Sprintf("there is no flag %q", raw), nearest(raw, f.Values))
		}
		lit = Literal{Text: fl.value}
	}
	if _, bad := lit.pred(f.Kind, rel, time.Unix(0, 0)); bad != nil {
		message, hint, _ := strings.Cut(bad.Error(), "|")
		return lit, p.fail(start, p.pos, f.Name+": "+message, hint)
	}
	return lit, nil
}

// word reads a bare word or phrase.
func (p *parser) word() (Expr, error) {
	start := p.pos
	if p.words++; p.words > MaxWords {
		return Expr{}, p.fail(start, start+1, fmt.Sprintf("more than %d words", MaxWords), "put a phrase in quotes")
	}
	raw, quoted, err := p.raw(false)
	if err != nil {
		return Expr{}, err
	}
	if raw == "" {
		return Expr{}, p.fail(start, p.pos, "the quotes are empty", "")
	}
	wild := !quoted && strings.ContainsAny(raw, "*?")
	if wild && !sideBySide(raw) {
		return Expr{}, p.fail(start, p.pos, "a pattern for all fields needs two plain characters side by side", "name a field, as in hostname:a*1, or put it in quotes")
	}
	p.space()
	return Expr{Op: Word, Any: []Literal{{Text: raw, Wild: wild}}, schema: p.schema}, nil
}

// sideBySide says whether a pattern has two characters in a row that are neither * nor ?. Without, looking through
// all text takes several times as long, for an answer that means nothing.
func sideBySide(pattern string) bool {
	plain := 0
	for _, r := range pattern {
		if plain++; r == '*' || r == '?' {
			plain = 0
		}
		if plain == 2 {
			return true
		}
	}
	return false
}

// raw reads a quoted or plain value.
func (p *parser) raw(inList bool) (text string, quoted bool, err error) {
	start := p.pos
	if p.peek() == '"' {
		text, err = p.quoted()
		return text, true, err
	}
	for !p.done() {
		r, n := utf8.DecodeRuneInString(p.text[p.pos:])
		if isSpace(r) || r == '(' || r == ')' || inList && r == ',' {
			break
		}
		if r == '"' {
			return "", false, p.fail(p.pos, p.pos+1, "a quote in the middle of a value", `put the whole value in quotes, and write \" for a quote inside it`)
		}
		p.pos += n
	}
	if p.pos == start {
		return "", false, p.fail(start, start+1, "a value is missing", `write field:value; "" is the empty value`)
	}
	return p.text[start:p.pos], false, nil
}

func (p *parser) quoted() (string, error) {
	start := p.pos
	var b strings.Builder
	for p.pos++; !p.done(); p.pos++ {
		c := p.text[p.pos]
		if c == '\\' && p.pos+1 < len(p.text) && (p.text[p.pos+1] == '"' || p.text[p.pos+1] == '\\') {
			p.pos++
			b.WriteByte(p.text[p.pos])
			continue
		}
		if c != '"' {
			b.WriteByte(c)
			continue
		}
		p.pos++
		if r, _ := utf8.DecodeRuneInString(p.text[p.pos:]); !p.done() && !isSpace(r) && r != ')' && r != '(' && r != ',' {
			return "", p.fail(p.pos, p.pos+1, "something follows the closing quote", `write \" for a quote inside quotes`)
		}
		return b.String(), nil
	}
	return "", p.fail(start, len(p.text), "the quote is not closed", `add " where the value ends`)
}

func (p *parser) nearField(name string) string {
	var names []string
	for _, f := range p.schema.fields {
		names = append(append(names, f.Name), f.Aliases...)
	}
	if hint := nearest(name, append(names, "has", "missing", "is")); hint != "" {
		return hint
	}
	return "put it in quotes to search for it as text"
}

func (s *Schema) flagNames() []string {
	var names []string
	for _, f := range s.fields {
		switch f.Kind {
		case Bool:
			names = append(names, strings.ReplaceAll(f.Name, "_", "-"))
		case Flags:
			names = append(names, f.Values...)
		}
	}
	return names
}

// nearest suggests the name with the fewest edits, if they are few: a third of the letters.
func nearest(name string, names []string) string {
	if utf8.RuneCountInString(name) > 64 {
		return ""
	}
	best, bestDistance := "", utf8.RuneCountInString(name)/3+1
	for _, n := range names {
		if d := distance(nameKey(name), nameKey(n)); d < bestDistance || d == bestDistance && best == "" {
			best, bestDistance = n, d
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + best + "?"
}

// distance is Levenshtein's.
func distance(a, b string) int {
	ar, br := []rune(a), []rune(b)
	row := make([]int, len(br)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range ar {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range br {
			cost := 1
			if x == y {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(br)]
}
