package truth

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pons/capture"
	"pons/fact"
	"pons/protocol"
)

// Row is the score of one family.
type Row struct {
	Family fact.Attr
	Wanted int // values that the truth names and Pons should say
	Apart  int // values that Pons does not say, by decision (apart.go); not in Wanted
	Found  int // of Wanted, those said of a host that the truth names
	Plain  int // of Found, those where the host has the very address that the truth names: no IPv6 or tunnel behind it
	Stated int // values of the truth that Pons says, of any host
	Wrong  int // of Stated, those said of a host that the truth does not name for them
	Unread bool
}

// Recall is Found of Wanted.
func (r Row) Recall() float64 { return share(r.Found, r.Wanted) }

// WrongShare is Wrong of Stated.
func (r Row) WrongShare() float64 {
	if r.Stated == 0 {
		return 0
	}
	return float64(r.Wrong) / float64(r.Stated)
}

// Write prints a line a family and the sum.
func (s *Score) Write(w io.Writer) {
	rows, total := s.Rows()
	fmt.Fprintf(w, "%-28s %7s %7s %7s %7s %7s %7s\n", "family", "wanted", "found", "recall", "stated", "wrong", "apart")
	for _, r := range append(rows, total) {
		if r.Unread {
			fmt.Fprintf(w, "%-28s %7d %s\n", r.Family, r.Wanted, "   not read yet")
			continue
		}
		fmt.Fprintf(w, "%-28s %7d %7d %7.4f %7d %7d %7d\n", r.Family, r.Wanted, r.Found, r.Recall(), r.Stated, r.Wrong, r.Apart)
	}
	fmt.Fprintf(w, "wrong: %.4f; found, with what is apart counted as missed: %.4f; the same by the very address alone: %.4f\n", total.WrongShare(),
		share(total.Found, total.Wanted+total.Apart), share(total.Plain, total.Wanted+total.Apart))
}

func share(n, of int) float64 {
	if of == 0 {
		return 1
	}
	return float64(n) / float64(of)
}

// Note is one value worth reading.
type Note struct {
	Kind   string // missed, apart, wrong, unlisted (said by Pons, unknown to the truth), forbidden
	File   string
	Host   string
	Family fact.Attr
	Value  string
	Why    string
}

// Score sums over captures.
type Score struct {
	rows  map[fact.Attr]*Row
	Notes []Note
}

// Rows returns the families by name, and their sum; families that no parser reads are in the sum only as Unread.
func (s *Score) Rows() (rows []Row, total Row) {
	for _, r := range s.rows {
		rows = append(rows, *r)
		if !r.Unread {
			total.Wanted, total.Apart, total.Found = total.Wanted+r.Wanted, total.Apart+r.Apart, total.Found+r.Found
			total.Stated, total.Wrong, total.Plain = total.Stated+r.Stated, total.Wrong+r.Wrong, total.Plain+r.Plain
		}
	}
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.Family, b.Family) })
	total.Family = "all"
	return rows, total
}

// Discover reads captured bytes with every given parser; the error is the capture's, and records hold what was read
// before it.
func Discover(data []byte, name string, parsers []protocol.Parser) ([]fact.Record, protocol.Counters, error) {
	e := protocol.NewEngine(parsers, protocol.Options{})
	src, err := capture.Open(bytes.NewReader(data), name)
	if err == nil {
		_, err = src.Run(context.Background(), func(f capture.Frame) { e.Frame(f.At, uint32(f.Link), f.Number, f.Data) })
	}
	return e.Finish(), e.Counters(), err
}

// Judge reads every capture that claims name and compares. A capture that cannot be opened is an error; one that ends
// early is not.
func Judge(claims []Claim, parsers []protocol.Parser) (*Score, error) {
	read := map[fact.Attr]bool{}
	for _, p := range parsers {
		for _, a := range p.Attrs {
			read[a] = true
		}
	}
	s := &Score{rows: map[fact.Attr]*Row{}}
	byFile := map[string][]Claim{}
	for _, c := range claims {
		byFile[c.File] = append(byFile[c.File], c)
	}
	var files []string
	for f := range byFile {
		files = append(files, f)
	}
	slices.Sort(files)
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		records, _, _ := Discover(data, path, parsers)
		s.file(filepath.Base(path), byFile[path], records, readFrames(data, path, records), read)
	}
	return s, nil
}

func (s *Score) row(a fact.Attr) *Row {
	r := s.rows[a]
	if r == nil {
		r = &Row{Family: a}
		s.rows[a] = r
	}
	return r
}

// file scores one capture.
func (s *Score) file(name string, claims []Claim, records []fact.Record, sent frames, read map[fact.Attr]bool) {
	for i := range claims {
		c := &claims[i]
		if c.Forbidden {
			s.forbid(name, c, records)
			continue
		}
		why := apart(name, c)
		r := s.row(c.Family())
		r.Unread = !slices.ContainsFunc(c.Attrs, func(a fact.Attr) bool { return read[a] })
		note := Note{Kind: "missed", File: name, Host: c.MAC + "|" + c.IP, Family: c.Family(), Value: c.Value(), Why: why}
		switch {
		case c.said(records, sent):
			r.Wanted++
			r.Found++
			if c.said(records, nil) {
				r.Plain++
			}
			continue
		case why != "":
			r.Apart++
			note.Kind = "apart"
		default:
			r.Wanted++
		}
		if !r.Unread {
			s.Notes = append(s.Notes, note)
		}
	}
	for i := range records {
		for _, f := range records[i].Facts {
			s.stated(name, claims, &records[i], f, sent)
		}
	}
}

// stated judges one fact of Pons's by the claims of its family.
func (s *Score) stated(name string, claims []Claim, r *fact.Record, f fact.Fact, sent frames) {
	var family fact.Attr
	known := ""
	for i := range claims {
		c := &claims[i]
		if c.Forbidden || !slices.Contains(c.Attrs, f.Attr) {
			continue
		}
		family = cmp.Or(family, c.Family())
		if c.within(f.Value) && (c.isHost(r) || c.MAC == "" && c.IP == "" || sent.inside(c, r, f)) {
			s.row(c.Family()).Stated++
			return
		}
		if c.equals(f.Value) {
			family, known = c.Family(), c.MAC+"|"+c.IP
		}
	}
	if family == "" {
		return // the truth says nothing of this family here
	}
	note := Note{Kind: "unlisted", File: name, Host: r.Subject.Value, Family: family, Value: f.Value, Why: f.Because}
	if known != "" {
		s.row(family).Stated++
		if note.Why = rightAfterAll(name, r, f, sent); note.Why == "" {
			s.row(family).Wrong++
			note.Kind, note.Why = "wrong", "the truth says "+known+"; "+f.Because
		} else {
			note.Kind = "apart"
		}
	}
	s.Notes = append(s.Notes, note)
}

// forbid looks for a person's name or a credential among all values and reasons.
func (s *Score) forbid(name string, c *Claim, records []fact.Record) {
	secret := c.Pieces[0]
	for i := range records {
		for _, f := range records[i].Facts {
			if !holds(f.Value, secret) && !holds(f.Because, secret) {
				continue
			}
			if mayBe(name, c, f) == "" {
				s.Notes = append(s.Notes, Note{Kind: "forbidden", File: name, Host: records[i].Subject.Value, Family: f.Attr, Value: f.Value, Why: "holds the value of " + c.Field})
			}
		}
	}
}

// holds tells whether a text holds a secret as a word of its own.
func holds(text, secret string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], secret)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(secret)
		if (i == 0 || !word(text[i-1])) && (end == len(text) || !word(text[end])) {
			return true
		}
		from = i + 1
	}
}

func word(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// isHost tells whether the record is of the claim's host.
func (c *Claim) isHost(r *fact.Record) bool {
	mac, ip := r.Subject.SplitHost()
	return c.MAC != "" && (c.MAC == mac || slices.Contains(r.All(fact.MAC), c.MAC)) ||
		c.IP != "" && (c.IP == ip || slices.Contains(r.All(fact.IP), c.IP))
}

// within tells whether a value holds a piece of the claim, or all of them.
func (c *Claim) within(value string) bool {
	return slices.ContainsFunc(c.Pieces, func(p string) bool { return strings.Contains(value, oneLine(p)) })
}

// equals tells whether a value is the claim's, whole.
func (c *Claim) equals(value string) bool {
	if c.Any {
		return false // bits of names of a chain of certificates
	}
	return value == c.Value() || len(c.Pieces) > 1 && slices.Contains(c.Pieces, value)
}

// said tells whether the records say the claim of its host.
func (c *Claim) said(records []fact.Record, sent frames) bool {
	found := make([]bool, len(c.Pieces))
	for i := range records {
		r := &records[i]
		host := c.isHost(r)
		if !host {
			clear(found)
		}
		for _, f := range r.Facts {
			if !slices.Contains(c.Attrs, f.Attr) || !host && !sent.inside(c, r, f) {
				continue
			}
			for n, piece := range c.Pieces {
				found[n] = found[n] || strings.Contains(f.Value, oneLine(piece))
			}
		}
		if !slices.Contains(found, false) || c.Any && slices.Contains(found, true) {
			return true
		}
	}
	return false
}
