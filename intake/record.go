package intake

import (
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"pons/fact"
	"pons/fault"
)

// RowError is a row that could not become a record. The reading goes on after it.
type RowError struct {
	File   string
	Row    int    // data row from 1
	Line   int    // where to look in the file
	Column string // header, empty where the whole row is meant
	Reason string // with the mend
}

func (e *RowError) Error() string {
	where := fmt.Sprintf("%s: row %d (line %d)", e.File, e.Row, e.Line)
	if e.Column != "" {
		where += ", column " + strconv.Quote(e.Column)
	}
	return where + ": " + e.Reason
}

// Place says where the row stands and why it was rejected, for those below that cannot name this type.
func (e *RowError) Place() (file string, row int, column, reason string) {
	return e.File, e.Row, e.Column, e.Reason
}

// Unwrap makes a RowError fault.Invalid.
func (e *RowError) Unwrap() error { return fault.Invalid }

// Records reads the table with a mapping: one record a data row, said at the given time. A *RowError rejects one row;
// any other error ends the reading and names the place. Records may be kept.
//
// A value that cannot be read as what its attribute wants (a date "summer 2015") is kept as custom.<attribute> with the
// reason in Because, so that nothing is lost and nothing is guessed. Of two models in a cell the first is said, with the
// whole cell in Because.
func (t *Table) Records(m Mapping, at time.Time) iter.Seq2[fact.Record, error] {
	return func(yield func(fact.Record, error) bool) {
		p, err := t.plan(m, at)
		if err != nil {
			yield(fact.Record{}, fmt.Errorf("%s: %w", t.File, err))
			return
		}
		err = t.scan(func(row, line int, cells []string) bool {
			rec, err := p.record(row, line, cells)
			return yield(rec, err)
		})
		if err != nil {
			yield(fact.Record{}, fmt.Errorf("%s: %w", t.File, err))
		}
	}
}

// PreviewRow is one row as written and as read.
type PreviewRow struct {
	Row    int
	Cells  []string    // one a header
	Facts  []fact.Fact // empty when rejected
	Key    string
	Reject string // why the row would be rejected
}

// Preview reads the first n data rows with a mapping.
func (t *Table) Preview(m Mapping, n int) ([]PreviewRow, error) {
	p, err := t.plan(m, time.Time{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.File, err)
	}
	var out []PreviewRow
	if n <= 0 {
		return nil, nil
	}
	err = t.scan(func(row, line int, cells []string) bool {
		pr := PreviewRow{Row: row, Cells: make([]string, len(t.Headers))}
		copy(pr.Cells, cells)
		rec, err := p.record(row, line, cells)
		if err != nil {
			pr.Reject = err.Error()
			var re *RowError
			if errors.As(err, &re) {
				pr.Reject = re.Reason
			}
		} else {
			pr.Facts, pr.Key = rec.Facts, rec.Subject.Value
		}
		out = append(out, pr)
		return len(out) < n
	})
	if err != nil {
		return out, fmt.Errorf("%s: %w", t.File, err)
	}
	return out, nil
}

// plan is a mapping made ready for one table.
type plan struct {
	table   *Table
	mapping Mapping
	at      time.Time
	year    int // anchor of two-digit years
	columns []columnPlan
	keys    []keyPlan
	width   int            // more cells than these shift a delimited row; 0 = not known
	seen    map[uint64]int // hashes of the keys given, to tell duplicates apart
	facts   int            // of the last record: what to make room for
}

type columnPlan struct {
	index   int
	attr    fact.Attr
	kind    valueKind
	because string
	order   fact.Order
	column  Column
	parts   split
	cache   map[string][]fact.Fact // facts by cell, for columns of few different values
}

type keyPlan struct {
	index  int
	kind   valueKind
	prefix string
}

// cacheLimit bounds how many different cells of a column are remembered; a column with more gains nothing by it.
const cacheLimit = 4096

func (t *Table) plan(m Mapping, at time.Time) (*plan, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	year := at.Year()
	if at.IsZero() {
		year = 2026
	}
	p := &plan{table: t, mapping: m, at: at, year: year, seen: map[uint64]int{}}
	if t.delimited && t.layout.line > 0 {
		p.width = t.layout.width
	}
	place := map[string]int{}
	for i := len(t.Headers) - 1; i >= 0; i-- {
		place[fact.Fold(t.Headers[i])] = i
	}
	for i, h := range t.Headers {
		place[h] = i
	}
	find := func(header string) (int, bool) {
		i, ok := place[header]
		if !ok {
			i, ok = place[fact.Fold(header)]
		}
		return i, ok
	}
	for _, c := range m.Columns {
		if c.Attr == attrIgnore {
			continue
		}
		i, ok := find(c.Header)
		if !ok {
			return nil, fmt.Errorf("there is no column %q, which the mapping reads; the file has %s. Map again or set it to ignore: %w", c.Header, clip(strings.Join(t.Headers, ", "), 300), fault.Invalid)
		}
		cp := columnPlan{index: i, attr: c.Attr, kind: kindOf(c.Attr), because: "column " + t.Headers[i], order: c.Dates, column: c}
		if cp.order == "" {
			cp.order = m.DateOrder
		}
		if c.Split != "" {
			cp.parts, _ = parseSplit(c.Split)
		}
		switch cp.kind {
		case asDate, asStamp, asMonths, asYears, asFlag, asStatus, asLevel, asModel, asText:
			cp.cache = map[string][]fact.Fact{}
		}
		p.columns = append(p.columns, cp)
	}
	for n, header := range m.Key {
		c, _ := m.Column(header)
		i, _ := find(header)
		k := keyPlan{index: i, kind: kindOf(c.Attr)}
		if n > 0 {
			k.prefix = strings.TrimPrefix(string(c.Attr), fact.CustomPrefix) + ":"
		}
		p.keys = append(p.keys, k)
	}
	return p, nil
}

// record reads one row.
func (p *plan) record(row, line int, cells []string) (fact.Record, error) {
	reject := func(column, reason string) (fact.Record, error) {
		return fact.Record{}, &RowError{File: p.table.File, Row: row, Line: line, Column: column, Reason: reason}
	}
	if p.width > 0 && len(cells) > p.width {
		if n := lastFilled(cells); n > p.width {
			return reject("", fmt.Sprintf("has %d cells where the header has %d; a separator inside a value has shifted the others, quote the value in the source", n, p.width))
		}
	} else if p.width > 0 && p.table.layout.rigid && len(cells) < p.width {
		return reject("", fmt.Sprintf("has %d cells where the header and the other rows have %d; a line break inside a value has torn it, quote the value in the source", len(cells), p.width))
	}
	facts := make([]fact.Fact, 0, p.facts+1)
	for i := range p.columns {
		if c := &p.columns[i]; c.index < len(cells) && cells[c.index] != "" {
			facts = p.read(c, cells[c.index], facts)
		}
	}
	p.facts = len(facts)
	key := p.key(cells)
	if key == "" && !names(facts) {
		return reject("", "names no device: there is no number, address, host name or model in it; fill one in the source")
	}
	return fact.Record{Source: p.mapping.Source, Subject: fact.Key{Kind: "row", Value: p.unique(key, facts)}, File: p.table.File, Row: row, At: p.at, Facts: facts}, nil
}

// names says whether the facts point at a device at all.
func names(facts []fact.Fact) bool {
	for i := range facts {
		switch facts[i].Attr {
		case fact.ControlNumber, fact.AssetTag, fact.Serial, fact.UDI, fact.MAC, fact.EUI64, fact.IP, fact.Hostname, fact.AETitle, fact.Model, fact.ModelNumber, customRecordID:
			return true
		}
	}
	return false
}

// read turns one cell into facts.
func (p *plan) read(c *columnPlan, raw string, facts []fact.Fact) []fact.Fact {
	if c.cache != nil {
		if known, ok := c.cache[raw]; ok {
			return append(facts, known...)
		}
	}
	n := len(facts)
	facts = p.readNew(c, raw, facts)
	if c.cache != nil {
		if len(c.cache) < cacheLimit {
			c.cache[strings.Clone(raw)] = append([]fact.Fact(nil), facts[n:]...)
		} else {
			c.cache = nil
		}
	}
	return facts
}

func (p *plan) readNew(c *columnPlan, raw string, facts []fact.Fact) []fact.Fact {
	add := func(a fact.Attr, value, because string) {
		facts = append(facts, fact.Fact{Attr: a, Value: value, Because: because})
	}
	unreadable := func(s, why string) {
		name := fact.CustomPrefix + strings.TrimPrefix(string(c.attr), fact.CustomPrefix)
		add(fact.Attr(name), s, c.because+": "+why)
	}
	if c.attr == fact.UDI || c.attr == fact.UDIDI { // a scanner's separator is a control character: the lot ends there
		raw = strings.ReplaceAll(raw, "\x1d", "<GS>")
	}
	s := tidy(raw)
	if fact.Placeholder(s) {
		return facts
	}
	if len(c.parts.attrs) > 0 {
		return c.divide(s, facts)
	}
	switch c.kind {
	case asText:
		add(c.attr, s, c.because)
	case asNotes:
		add(c.attr, tidySlow(raw, true), c.because)
	case asID:
		if shortened(s) {
			unreadable(s, "a spreadsheet has shortened the number; export the column as text")
		} else if s != "0" && s != "00" {
			add(c.attr, s, c.because)
		}
	case asModel:
		first, several := firstModel(s)
		if several {
			add(c.attr, first, c.because+": first of "+strconv.Quote(s))
		} else {
			add(c.attr, s, c.because)
		}
	case asMAC, asIP, asEUI:
		if one, ok := c.address(s); ok { // nearly always
			add(c.attr, one, c.because)
			break
		}
		attr, values, why := c.addresses(raw, s)
		for _, v := range values {
			add(attr, v, c.because)
		}
		if why != "" {
			unreadable(s, why)
		}
	case asDate:
		if p.mapping.Date1904 {
			if n, err := strconv.ParseFloat(s, 64); err == nil && n > 8000 && n < 80000 {
				if d, ok := fact.SerialDate(n, true); ok {
					s = d.Format("2006-01-02")
				}
			}
		}
		if d, ok := fact.DateNear(s, c.order, p.year); ok {
			add(c.attr, d, c.dateBecause(s))
		} else {
			unreadable(s, "no date")
		}
	case asStamp:
		if d, ok := fact.Timestamp(s, c.order); ok {
			add(c.attr, d, c.dateBecause(s))
		} else {
			unreadable(s, "no time")
		}
	default:
		if v, because, ok := c.measure(s); ok {
			add(c.attr, v, because)
		} else {
			unreadable(s, "not understood as "+string(c.attr))
		}
	}
	return facts
}

// address reads a cell that holds one address and nothing else.
func (c *columnPlan) address(s string) (string, bool) {
	switch c.kind {
	case asMAC:
		return fact.ParseMAC(s)
	case asIP:
		return fact.ParseIP(s)
	}
	return fact.ParseEUI64(s)
}

// addresses reads any other cell; raw is the cell as written and s the same, tidy. why says what is wrong when there is
// no address and the cell does not say so itself.
func (c *columnPlan) addresses(raw, s string) (attr fact.Attr, values []string, why string) {
	switch c.kind {
	case asMAC:
		if values = fact.MACs(raw); len(values) == 0 {
			if eui, ok := fact.ParseEUI64(s); ok {
				return fact.EUI64, []string{eui}, ""
			}
			why = "no MAC address"
		}
	case asIP:
		values, why = fact.IPs(raw), "no IP address"
	case asEUI:
		why = "no EUI-64"
	}
	if len(values) > 0 || looksNull(s) {
		return c.attr, values, ""
	}
	return c.attr, nil, why
}

// measure reads amounts, intervals, flags and the words of closed vocabularies.
func (c *columnPlan) measure(s string) (value, because string, ok bool) {
	because = c.because
	switch c.kind {
	case asMoney:
		if value, ok = fact.Money(s); ok && c.column.Currency != "" && value[len(value)-1] <= '9' {
			value += " " + c.column.Currency
		}
		return value, because, ok
	case asNumber:
		value, ok = fact.Number(s)
		return value, because, ok
	case asMonths:
		var n float64
		if n, ok = span(s, c.column.Unit); ok {
			value = plainNumber(n)
		}
	case asYears:
		unit := c.column.Unit
		if unit == "" {
			unit = "years"
		}
		var n float64
		if n, ok = span(s, unit); ok {
			value = plainNumber(n / 12)
		}
	case asFlag:
		value, ok = yesNo(s)
	case asStatus:
		if value, ok = installStatus[s]; !ok || !strings.Contains(fact.Fold(c.column.Header), "install") {
			value, ok = statusWord(s)
		}
	case asLevel:
		value, ok = level(s)
	}
	if ok && value != s {
		because += ": " + strconv.Quote(s)
	}
	return value, because, ok
}

// dateBecause says how a date that could be two days was read.
func (c *columnPlan) dateBecause(s string) string {
	if order, numeric := fact.DateOrder(s); !numeric || order != "" {
		return c.because
	}
	how := "month/day"
	if c.order == fact.DMY {
		how = "day/month"
	}
	return c.because + ": " + s + " read as " + how
}

// divide cuts a cell into the attributes of its parts; what does not have the parts is a location as a whole.
func (c *columnPlan) divide(s string, facts []fact.Fact) []fact.Fact {
	parts, ok := c.parts.cut(s)
	if !ok {
		return append(facts, fact.Fact{Attr: c.attr, Value: s, Because: c.because})
	}
	for i, part := range parts {
		if a := c.parts.attrs[i]; a != attrIgnore && !fact.Placeholder(part) {
			facts = append(facts, fact.Fact{Attr: a, Value: part, Because: c.because})
		}
	}
	return facts
}

// looksNull are words in address columns that say that there is none.
func looksNull(s string) bool {
	switch strings.ToLower(s) {
	case "dhcp", "static", "0.0.0.0", "0", "no", "yes", "127.0.0.1", "::", "::1", "localhost", "dynamic", "auto", "255.255.255.255", "not connected", "not networked", "standalone":
		return true
	}
	return false
}

// key returns what the source calls the row: its first filled key column. Columns after the first say which they are,
// so that a tag 1234 and a serial 1234 are different rows. It is empty where none is filled.
func (p *plan) key(cells []string) string {
	for _, k := range p.keys {
		if k.index >= len(cells) {
			continue
		}
		s := tidy(cells[k.index])
		if fact.Placeholder(s) || s == "0" || shortened(s) {
			continue
		}
		switch k.kind {
		case asMAC:
			if mac, ok := fact.ParseMAC(s); ok {
				s = mac
			} else if macs := fact.MACs(s); len(macs) > 0 {
				s = macs[0]
			} else {
				continue
			}
		case asIP:
			ips := fact.IPs(s)
			if len(ips) == 0 {
				continue
			}
			s = ips[0]
		}
		return k.prefix + s
	}
	return ""
}

// passing are attributes that change while the row stays the same; they do not enter a key made of the content.
var passing = map[fact.Attr]bool{fact.Status: true, fact.LastSeen: true, fact.FirstSeen: true, fact.PMLast: true, fact.PMNext: true, fact.Notes: true, fact.IP: true, fact.Owner: true,
	fact.SoftwareVersion: true, fact.OS: true, fact.InspectedOn: true, fact.RetiredOn: true, fact.Switch: true, fact.Port: true, fact.VLAN: true}

// unique returns the key itself the first time; a row without key, or with one that an earlier row of the file has, is
// named by its lasting content, and counted where even that is the same.
func (p *plan) unique(key string, facts []fact.Fact) string {
	if key != "" {
		h := hash(offset, key)
		if p.seen[h] == 0 {
			p.seen[h] = 1
			return key
		}
	}
	h := uint64(offset)
	for i := range facts {
		if !passing[facts[i].Attr] {
			h = hash(hash(h, string(facts[i].Attr)), facts[i].Value)
		}
	}
	key = fmt.Sprintf("%s#%08x", key, uint32(h^h>>32))
	h = hash(offset, key)
	p.seen[h]++
	if n := p.seen[h]; n > 1 {
		key = fmt.Sprintf("%s.%d", key, n)
	}
	return key
}

// FNV-1a, which gives the same on every machine and in every run.
const offset = 14695981039346656037

func hash(h uint64, s string) uint64 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return (h ^ 0xff) * 1099511628211
}
