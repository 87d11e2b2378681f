package fingerprint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pons/fact"
	"pons/fault"
)

// MaxText bounds a pack: recog, the largest there is, takes 3 MB.
const MaxText = 16 << 20

// maxRules bounds the rules of a pack, maxLine one line of it.
const (
	maxRules = 50_000
	maxLine  = 8 << 10
)

// Parse reads a text of rules. The error is fault.Mistakes, with every place that is wrong; examples are not tried (Check).
func Parse(pack, text string) ([]*Rule, error) {
	p := &ruleParser{pack: pack, seen: map[string]int{}}
	if len(text) > MaxText {
		return nil, fault.Mistakes{{Line: 1, Text: fmt.Sprintf("the text is larger than %d MB", MaxText>>20)}}
	}
	for raw := range strings.SplitSeq(text, "\n") {
		p.line++
		line := strings.TrimSpace(raw)
		if line == "" || line[0] == '#' {
			continue
		}
		if len(line) > maxLine {
			p.wrong("the line is longer than %d bytes", maxLine)
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		p.take(word, strings.TrimSpace(rest))
		if len(p.mistakes) > 100 || len(p.rules) > maxRules {
			p.wrong("too much: the rest is not read")
			break
		}
	}
	p.close()
	if len(p.mistakes) > 0 {
		return nil, p.mistakes
	}
	return p.rules, nil
}

// Check reads a text of rules and tries every example. The error is fault.Mistakes.
func Check(pack, text string) ([]*Rule, error) {
	rules, err := Parse(pack, text)
	if err != nil {
		return nil, err
	}
	var wrong fault.Mistakes
	for _, r := range rules {
		wrong = append(wrong, r.Try()...)
		if !slices.ContainsFunc(r.Likes, func(e Example) bool { return !e.Unlike }) {
			wrong = append(wrong, fault.Mistake{Line: r.Line, Text: "rule " + r.ID + " has no example: add a like line"})
		}
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return rules, nil
}

type ruleParser struct {
	pack     string
	line     int
	rules    []*Rule
	rule     *Rule
	example  *Example
	seen     map[string]int
	mistakes fault.Mistakes
}

func (p *ruleParser) wrong(format string, args ...any) {
	p.mistakes = append(p.mistakes, fault.Mistake{Line: p.line, Text: fmt.Sprintf(format, args...)})
}

// close ends the rule that is being read.
func (p *ruleParser) close() {
	if p.rule == nil {
		return
	}
	if said := p.rule.check(); said != "" {
		p.mistakes = append(p.mistakes, fault.Mistake{Line: p.rule.Line, Text: "rule " + p.rule.ID + " " + said})
	}
	p.rules = append(p.rules, p.rule)
	p.rule, p.example = nil, nil
}

func (p *ruleParser) take(word, rest string) {
	if word == "rule" {
		p.close()
		if rest == "" || strings.ContainsAny(rest, " \t:,\"") {
			p.wrong("a rule's name is one word, such as windows/msft")
		} else if before := p.seen[rest]; before > 0 {
			p.wrong("rule %s stands on line %d already", rest, before)
		}
		p.seen[rest] = p.line
		p.rule = &Rule{ID: rest, Pack: p.pack, Line: p.line, Sure: Expert}
		return
	}
	if p.rule == nil {
		p.wrong("%q stands before the first rule", word)
		return
	}
	if rest == "" {
		p.wrong("%s says nothing", word)
		return
	}
	r := p.rule
	switch word {
	case "about":
		r.About = rest
	case "source":
		r.Source = rest
	case "kind":
		r.Kind = rest
	case "first":
		r.First = rest
	case "trust":
		n, err := strconv.ParseFloat(rest, 64)
		if err != nil {
			p.wrong("trust is a number between 0 and 0.99, not %q", rest)
		}
		r.Trust = n
	case "sure":
		if r.Sure = Sure(rest); r.Sure != Verified && r.Sure != Expert && r.Sure != Proposal {
			p.wrong("sure is V (read in the source), E (known in the field) or P (a proposal), not %q", rest)
		}
	case "when", "or":
		if c, ok := p.condition(rest); ok {
			r.When = append(r.When, []Condition{c})
		}
	case "and":
		if len(r.When) == 0 {
			p.wrong("and stands before when")
		} else if c, ok := p.condition(rest); ok {
			at := len(r.When) - 1
			r.When[at] = append(r.When[at], c)
		}
	case "says":
		if attr, value, ok := p.pair(rest, "="); ok {
			r.Says = append(r.Says, Saying{attr, value})
		}
	case "like", "unlike":
		if attr, value, ok := p.pair(rest, ":"); ok {
			r.Likes = append(r.Likes, Example{Seen: []Observation{{attr, unescape(value)}}, Unlike: word == "unlike", Line: p.line})
			p.example = &r.Likes[len(r.Likes)-1]
		}
	case "with", "gives":
		if p.example == nil {
			p.wrong("%s stands before like", word)
		} else if word == "with" {
			if attr, value, ok := p.pair(rest, ":"); ok {
				p.example.Seen = append(p.example.Seen, Observation{attr, unescape(value)})
			}
		} else if attr, value, ok := p.pair(rest, "="); ok {
			p.example.Gives = append(p.example.Gives, Saying{attr, unescape(value)})
		}
	default:
		p.wrong("%q is no word of a rule; there are rule, about, when, and, or, says, kind, trust, sure, source, first, like, unlike, with, gives", word)
	}
}

func (p *ruleParser) condition(rest string) (Condition, bool) {
	attr, tail, _ := strings.Cut(rest, " ")
	op, text, _ := strings.Cut(strings.TrimSpace(tail), " ")
	text = strings.TrimSpace(text)
	c := Condition{fact.Attr(attr), Op(op), text}
	if !slices.Contains(ops, c.Op) || text == "" || !isName(attr) {
		p.wrong("a condition is an attribute, one of is, begins, has, below, matches, and a text: dhcp.vendor_class begins MSFT")
		return c, false
	}
	return c, true
}

// pair reads "attr = value" and "attr: value".
func (p *ruleParser) pair(rest, between string) (fact.Attr, string, bool) {
	attr, value, ok := strings.Cut(rest, between)
	attr, value = strings.TrimSpace(attr), strings.TrimSpace(value)
	if !ok || !isName(attr) || value == "" {
		p.wrong("expected an attribute, %q and a value", between)
		return "", "", false
	}
	return fact.Attr(attr), value, true
}

// isName says whether a text can be the name of an attribute.
func isName(s string) bool {
	return s != "" && len(s) <= 80 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789._-") == ""
}

// unescape reads an example's value: in quotes it is Go's way of writing text, for blanks at the ends and line breaks.
func unescape(s string) string {
	if len(s) >= 2 && s[0] == '"' {
		if text, err := strconv.Unquote(s); err == nil {
			return text
		}
	}
	return s
}

// escape writes a value so that unescape and the line reader give it back.
func escape(s string) string {
	if s == "" || s[0] == '"' || strings.TrimSpace(s) != s || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd || r == 0x85 }) {
		return strconv.Quote(s)
	}
	return s
}

// Format writes rules as the text that Parse reads.
func Format(rules []*Rule) string {
	var b strings.Builder
	for i, r := range rules {
		if i > 0 {
			b.WriteByte('\n')
		}
		r.format(&b)
	}
	return b.String()
}

func (r *Rule) format(b *strings.Builder) {
	put := func(word, text string) {
		if text != "" {
			fmt.Fprintf(b, "%s %s\n", word, text)
		}
	}
	put("rule", r.ID)
	put("about", r.About)
	for i, all := range r.When {
		for j, c := range all {
			word := "and"
			if j == 0 && i == 0 {
				word = "when"
			} else if j == 0 {
				word = "or"
			}
			fmt.Fprintf(b, "%s %s %s %s\n", word, c.Attr, c.Op, c.Text)
		}
	}
	for _, s := range r.Says {
		fmt.Fprintf(b, "says %s = %s\n", s.Attr, s.Value)
	}
	put("kind", r.Kind)
	if r.Trust > 0 {
		fmt.Fprintf(b, "trust %g\n", r.Trust)
	}
	put("sure", string(r.Sure))
	put("source", r.Source)
	put("first", r.First)
	for _, e := range r.Likes {
		word := "like"
		if e.Unlike {
			word = "unlike"
		}
		for i, o := range e.Seen {
			if i > 0 {
				word = "with"
			}
			fmt.Fprintf(b, "%s %s: %s\n", word, o.Attr, escape(o.Value))
		}
		for _, g := range e.Gives {
			fmt.Fprintf(b, "gives %s = %s\n", g.Attr, escape(g.Value))
		}
	}
}
