package query

import (
	"slices"
	"strings"
	"time"
)

// Op says what an expression is.
type Op uint8

const (
	All  Op = iota // holds for every row; the zero Expr
	And            // every one of Args holds
	Or             // at least one of Args holds
	Not            // Args[0] does not hold
	Has            // the row has some value in Field
	Term           // some value of Field satisfies one of Any under Rel
	Word           // some value of a searched field contains, or fits, Any[0]
)

// Rel is the relation of a Term.
type Rel uint8

const (
	Is Rel = iota // ":"
	Eq            // "="
	Lt
	Le
	Gt
	Ge
	In // one of a list of values; a list of one is written, and kept, as Is or Eq
)

// String is the relation as it is written.
func (r Rel) String() string { return [...]string{":", "=", "<", "<=", ">", ">=", " in "}[r] }

// Expr is a question, as a tree. The zero value asks nothing and holds for every row. Expressions are values:
// nothing changes one that exists.
type Expr struct {
	Op    Op
	Args  []Expr
	Field int
	Rel   Rel
	Any   []Literal

	schema *Schema
}

// Schema returns the schema that the expression was parsed with; nil for the zero Expr.
func (e Expr) Schema() *Schema { return e.schema }

// Both returns the expression that holds where e and o both hold: how a scope is laid over a question.
func Both(e, o Expr) Expr { return join(And, []Expr{e, o}) }

// join builds And or Or in its one normal form: nothing nested in its like, no All inside, no single argument.
func join(op Op, args []Expr) Expr {
	out := Expr{Op: op}
	for _, a := range args {
		switch {
		case a.Op == All && op == And:
		case a.Op == All:
			return Expr{}
		case a.Op == op:
			out.Args = append(out.Args, a.Args...)
			out.schema = a.schema
		default:
			out.Args = append(out.Args, a)
			out.schema = a.schema
		}
	}
	switch len(out.Args) {
	case 0:
		return Expr{}
	case 1:
		return out.Args[0]
	}
	return out
}

func negate(e Expr) Expr {
	if e.Op == Not {
		return e.Args[0]
	}
	return Expr{Op: Not, Args: []Expr{e}, schema: e.schema}
}

// Preds returns what a Term or Word asks of a value of the field at the moment now; the field of a Term is its
// own. Some value must satisfy one of them.
func (e Expr) Preds(field int, now time.Time) []Pred {
	kind := e.schema.fields[field].Kind
	out := make([]Pred, 0, len(e.Any))
	for _, l := range e.Any {
		if e.Op == Word {
			out = append(out, wordPreds(l, kind)...)
		} else if p, err := l.pred(kind, e.Rel, now); err == nil { // Parse has refused what could err
			out = append(out, p)
		}
	}
	return out
}

func wordPreds(l Literal, k Kind) []Pred {
	text := Fold(l.Text)
	if l.Wild {
		return []Pred{{Mode: Glob, Text: text}}
	}
	out := []Pred{{Mode: Contains, Text: text}}
	if k == MAC {
		digits, separated, ok := hexDigits(text)
		if ok && (separated && len(digits) >= 6 || len(digits) == 12) && colons(digits) != text {
			out = append(out, Pred{Mode: Contains, Text: colons(digits)})
		}
	}
	return out
}

// Match says whether the expression holds for the row at the moment now. It is the meaning of the language,
// written to be right rather than fast.
func Match(e Expr, row *Row, now time.Time) bool {
	switch e.Op {
	case All:
		return true
	case And:
		for _, a := range e.Args {
			if !Match(a, row, now) {
				return false
			}
		}
		return true
	case Or:
		return slices.ContainsFunc(e.Args, func(a Expr) bool { return Match(a, row, now) })
	case Not:
		return !Match(e.Args[0], row, now)
	case Has:
		return len(row.Values(e.Field)) > 0
	case Term:
		return matchField(e, e.Field, row, now)
	default:
		for i, f := range e.schema.fields {
			if f.Kind.Searched() && matchField(e, i, row, now) {
				return true
			}
		}
		return false
	}
}

func matchField(e Expr, field int, row *Row, now time.Time) bool {
	preds := e.Preds(field, now)
	for _, v := range row.Values(field) {
		if slices.ContainsFunc(preds, func(p Pred) bool { return p.Holds(v) }) {
			return true
		}
	}
	return false
}

// String is the canonical text: parsed with the same schema it gives the same expression.
func (e Expr) String() string {
	var b strings.Builder
	e.write(&b, All)
	return b.String()
}

func (e Expr) write(b *strings.Builder, outer Op) {
	switch e.Op {
	case And, Or:
		paren := outer == Not || outer == And
		if paren {
			b.WriteByte('(')
		}
		for i, a := range e.Args {
			if i > 0 {
				b.WriteString([...]string{And: " and ", Or: " or "}[e.Op])
			}
			a.write(b, e.Op)
		}
		if paren {
			b.WriteByte(')')
		}
	case Not:
		switch a := e.Args[0]; {
		case a.Op == Has:
			b.WriteString("missing:" + e.schema.fields[a.Field].Name)
		case a.Op == Term && a.Rel == Eq:
			b.WriteString(e.schema.fields[a.Field].Name + "!=" + a.Any[0].quote())
		default:
			b.WriteString("not ")
			a.write(b, Not)
		}
	case Has:
		b.WriteString("has:" + e.schema.fields[e.Field].Name)
	case Term:
		f := e.schema.fields[e.Field]
		if f.Kind == Flags && e.Rel == Is {
			b.WriteString("is:" + e.Any[0].quote())
			return
		}
		b.WriteString(f.Name)
		if e.Rel != In {
			b.WriteString(e.Rel.String() + e.Any[0].quote())
			return
		}
		for i, l := range e.Any {
			b.WriteString([...]string{" in (", ", "}[min(i, 1)] + l.quote())
		}
		b.WriteByte(')')
	case Word:
		b.WriteString(e.Any[0].quoteWord())
	}
}

// quote writes the literal as the value of a field.
func (l Literal) quote() string {
	if l.Range {
		return l.Text + ".." + l.To
	}
	if l.Wild {
		return l.Text
	}
	if l.Text == "" || strings.ContainsAny(l.Text, " \t\r\n()\",\\*?") || strings.Contains(l.Text, "..") || strings.ContainsFunc(l.Text, isSpace) {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(l.Text) + `"`
	}
	return l.Text
}

// quoteWord writes the literal as a bare word: what could be read as anything else is put in quotes.
func (l Literal) quoteWord() string {
	text := l.Text
	if l.Wild {
		return text
	}
	switch strings.ToLower(text) {
	case "and", "or", "not", "in":
		return `"` + text + `"`
	}
	if strings.HasPrefix(text, "-") || strings.ContainsAny(text, ":=<>!") {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
	}
	return l.quote()
}

// With returns the expression with one more choice in a facet: rows whose field is value. A field that has
// choices already takes the value beside them (any of them will do), so that facets widen themselves and narrow
// each other.
func (e Expr) With(s *Schema, field int, value string) Expr {
	lit := Literal{Text: value}
	args := e.conjuncts()
	for i, a := range args {
		if !a.choice(field) {
			continue
		}
		if !slices.Contains(a.Any, lit) {
			args = slices.Clone(args)
			args[i] = choose(a.schema, field, append(slices.Clone(a.Any), lit))
		}
		return join(And, args)
	}
	return join(And, append(slices.Clone(args), choose(s, field, []Literal{lit})))
}

// choose builds the Term for a list of values in its one normal form: a list of one says so with Is, or Eq where
// Is means contains.
func choose(s *Schema, field int, values []Literal) Expr {
	e := Expr{Op: Term, Field: field, Rel: In, Any: values, schema: s}
	if len(values) == 1 {
		switch e.Rel = Is; {
		case values[0].Wild && values[0].Text == "*":
			return Expr{Op: Has, Field: field, schema: s}
		case s.fields[field].Kind == Text && !values[0].Wild:
			e.Rel = Eq
		}
	}
	return e
}

// Without returns the expression without the value among the choices of a facet; the empty value removes all
// choices of the field.
func (e Expr) Without(field int, value string) Expr {
	var args []Expr
	for _, a := range e.conjuncts() {
		if a.choice(field) {
			rest := slices.DeleteFunc(slices.Clone(a.Any), func(l Literal) bool {
				return value == "" || Fold(l.Text) == Fold(value)
			})
			if len(rest) == 0 {
				continue
			}
			a = choose(a.schema, field, rest)
		}
		args = append(args, a)
	}
	return join(And, args)
}

// Chosen returns the values that facets have chosen for the field.
func (e Expr) Chosen(field int) []string {
	var out []string
	for _, a := range e.conjuncts() {
		if a.choice(field) {
			for _, l := range a.Any {
				out = append(out, l.Text)
			}
		}
	}
	return out
}

// conjuncts are the expressions that all must hold.
func (e Expr) conjuncts() []Expr {
	switch e.Op {
	case All:
		return nil
	case And:
		return e.Args
	}
	return []Expr{e}
}

// choice says whether the expression is a plain choice of values of the field, as a facet makes it.
func (e Expr) choice(field int) bool {
	if e.Op != Term || e.Field != field || slices.ContainsFunc(e.Any, func(l Literal) bool { return l.Wild || l.Range }) {
		return false
	}
	exact := Is
	if e.schema.fields[field].Kind == Text {
		exact = Eq
	}
	return e.Rel == exact || e.Rel == In
}
