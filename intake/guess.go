package intake

import (
	"fmt"
	"sort"
	"strings"

	"pons/fact"
)

// profile is what the sampled values of a column look like.
type profile struct {
	rows, filled, distinct        int
	mac, ip, date, number, symbol int // how many values can be read as one
	hostname, serial, spaced      int
	status, flag, udi, os         int
	order                         map[fact.Order]int // "" = numeric dates open to both readings
	currency                      string
	example                       string
}

// Guess says what each column of a table means, how sure that is and why. A nil sample is not an error; headers alone
// are then the reason.
func Guess(t *Table) Mapping {
	m := Mapping{HeaderRow: t.header}
	if len(t.Sheets) > 1 {
		m.Sheet = t.Sheet
	}
	profiles := make([]profile, len(t.Headers))
	for i := range t.Headers {
		profiles[i] = look(t.Sample, i)
	}
	m.Kind = guessKind(t.Headers, profiles)
	m.Source = fact.Source(m.Kind)
	readings := make([][]match, len(t.Headers))
	for i, h := range t.Headers {
		readings[i] = weigh(recognise(h, string(m.Kind)), h, profiles[i], m.Kind)
	}
	yieldToNamed(readings)
	m.Columns = assign(t.Headers, readings, profiles)
	order, sure := majorityOrder(profiles)
	m.DateOrder = order
	for i := range m.Columns {
		detail(&m.Columns[i], t, i, profiles[i], order, sure)
	}
	m.Key = guessKey(m.Columns, profiles, m.Kind)
	return m
}

// look reads a column of the sample.
func look(sample [][]string, i int) profile {
	p := profile{rows: len(sample), order: map[fact.Order]int{}}
	seen := map[string]bool{}
	for _, row := range sample {
		s := cell(row, i)
		if s == "" || fact.Placeholder(s) {
			continue
		}
		p.filled++
		if !seen[s] {
			seen[s] = true
		}
		if p.example == "" {
			p.example = s
		}
		p.count(s)
	}
	p.distinct = len(seen)
	return p
}

func (p *profile) count(s string) {
	if len(s) >= 11 && (strings.ContainsAny(s, ":-. _") || strings.ContainsAny(s, "abcdefABCDEF")) && len(fact.MACs(s)) > 0 {
		p.mac++
	}
	if strings.ContainsAny(s, ".:") && len(fact.IPs(s)) > 0 {
		p.ip++
	}
	if _, ok := fact.Date(s, fact.MDY); ok {
		p.date++
		if o, numeric := fact.DateOrder(s); numeric {
			p.order[o]++
		}
	}
	if n, ok := fact.Money(s); ok {
		p.number++
		if code := n[strings.IndexByte(n, '.')+3:]; code != "" {
			p.symbol++
			p.currency = strings.TrimSpace(code)
		}
	}
	letters, digits, spaces, other := 0, 0, 0, 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			letters++
		case r == ' ':
			spaces++
		case r == '-' || r == '_' || r == '.':
		default:
			other++
		}
	}
	if spaces > 0 {
		p.spaced++
	}
	if spaces == 0 && other == 0 && letters >= 2 && len(s) <= 63 {
		p.hostname++
	}
	if spaces == 0 && other == 0 && digits >= 3 && len(s) >= 5 && len(s) <= 24 {
		p.serial++
	}
	if _, ok := statusWord(s); ok {
		p.status++
	}
	if _, ok := yesNo(s); ok {
		p.flag++
	}
	if strings.HasPrefix(s, "(01)") || strings.HasPrefix(s, "]d201") || strings.HasPrefix(s, "]C101") || strings.HasPrefix(s, "=/") && strings.Contains(s, "=,") || len(s) > 20 && strings.HasPrefix(s, "01") && isDigits(s[:16]) || strings.HasPrefix(s, "+") && len(s) > 7 && strings.ContainsRune(s, '/') {
		p.udi++
	}
	low := strings.ToLower(s)
	if strings.HasPrefix(low, "windows") || strings.HasPrefix(low, "microsoft windows") || strings.Contains(low, "linux") || strings.HasPrefix(low, "macos") || strings.HasPrefix(low, "ios ") || strings.HasPrefix(low, "android") {
		p.os++
	}
}

// most says whether nearly all filled values are of the counted sort. Four fifths: a column that is of a sort holds
// strays, but not a fifth of them (expert judgement).
func (p profile) most(n int) bool { return p.filled > 0 && n*5 >= p.filled*4 }

// some says whether at least a fifth is; fewer speak against what the header says, unless there are hardly any values.
func (p profile) some(n int) bool { return p.filled < 3 || n*5 >= p.filled }

// weigh holds the readings of a header against the values, and adds what the values alone say.
func weigh(readings []match, header string, p profile, kind Kind) []match {
	out := make([]match, 0, len(readings)+1)
	for _, m := range readings {
		if m.attr == fact.Status && (kind == NAC || kind == DHCP || kind == Switch) {
			continue // of a lease or a session, not of a device's life
		}
		if why := contradicts(m.attr, p); why != "" {
			m.confidence *= 0.3
			m.reason += ", but " + why
		} else if why := supports(m.attr, p); why != "" {
			m.confidence = min(0.99, m.confidence+0.15)
			m.reason += ", and " + why
		}
		if p.filled == 0 && p.rows > 0 {
			m.confidence *= 0.6
			m.reason += ", but no row has a value"
		}
		out = append(out, m)
	}
	if m, ok := byContent(p, header); ok {
		out = append(out, m)
	}
	sort.SliceStable(out, func(a, b int) bool { return out[a].confidence > out[b].confidence })
	return out
}

// yieldToNamed lets a header that means something only in this kind of source step back where another column bears
// the attribute's own name: in a CMMS "Asset Tag" is the control number only if there is no "Control #".
func yieldToNamed(readings [][]match) {
	named := map[fact.Attr]int{}
	for c := range readings {
		for _, m := range readings[c] {
			if !m.byKind && m.confidence >= 0.9 {
				named[m.attr] = c + 1
			}
		}
	}
	for c := range readings {
		for i := range readings[c] {
			if m := &readings[c][i]; m.byKind && named[m.attr] != 0 && named[m.attr] != c+1 {
				m.confidence *= 0.5
			}
		}
	}
}

func contradicts(a fact.Attr, p profile) string {
	switch kindOf(a) {
	case asMAC:
		if !p.some(p.mac) {
			return "few values are MAC addresses"
		}
	case asIP:
		if !p.some(p.ip) {
			return "few values are IP addresses"
		}
	case asDate, asStamp:
		if !p.some(p.date + p.number) {
			return "few values are dates"
		}
	case asMoney, asNumber:
		if !p.some(p.number) {
			return "few values are numbers"
		}
	case asStatus:
		if !p.some(p.status) && p.most(p.date) {
			return "the values are dates"
		}
	default:
		switch {
		case a == fact.Hostname && p.spaced*2 > p.filled:
			return "the values have spaces"
		case a == fact.Hostname && p.most(p.ip), a == fact.Serial && p.most(p.mac):
			return "the values are addresses"
		case a == fact.Description && p.filled > 10 && p.most(p.hostname) && p.distinct*10 >= p.filled*9 && p.serial*2 > p.filled:
			return "the values are names of single machines"
		}
	}
	return ""
}

func supports(a fact.Attr, p profile) string {
	switch k := kindOf(a); {
	case p.filled == 0:
	case k == asMAC && p.most(p.mac):
		return "the values are MAC addresses"
	case k == asIP && p.most(p.ip):
		return "the values are IP addresses"
	case (k == asDate || k == asStamp) && p.most(p.date):
		return "the values are dates"
	case k == asStatus && p.most(p.status):
		return "the values are states"
	case a == fact.OS && p.most(p.os):
		return "the values are operating systems"
	}
	return ""
}

// byContent reads a column by its values alone.
func byContent(p profile, header string) (match, bool) {
	if p.filled < 2 && !strings.HasPrefix(header, "Column ") {
		return match{}, false
	}
	switch {
	case p.filled == 0:
	case p.most(p.mac):
		return match{attr: fact.MAC, confidence: 0.85, reason: "the values are MAC addresses"}, true
	case p.most(p.ip):
		return match{attr: fact.IP, confidence: 0.75, reason: "the values are IP addresses"}, true
	case p.most(p.udi):
		return match{attr: fact.UDI, confidence: 0.75, reason: "the values are UDI carriers"}, true
	case p.most(p.os):
		return match{attr: fact.OS, confidence: 0.65, reason: "the values are operating systems"}, true
	case p.filled > 4 && p.most(p.status) && p.distinct <= 12 && !p.most(p.flag):
		return match{attr: fact.Status, confidence: 0.6, reason: "the values are states"}, true
	case strings.HasPrefix(header, "Column ") && p.filled > 4 && p.distinct*20 >= p.filled*19:
		if p.most(p.serial) && p.date*2 < p.filled {
			return match{attr: fact.Serial, confidence: 0.5, reason: "the values look like serial numbers"}, true
		}
		if p.most(p.hostname) {
			return match{attr: fact.Hostname, confidence: 0.5, reason: "the values look like host names"}, true
		}
	}
	return match{}, false
}

// assign gives every column its best reading that no surer column has taken.
func assign(headers []string, readings [][]match, profiles []profile) []Column {
	type claim struct{ column, reading int }
	var claims []claim
	for c := range readings {
		for r := range readings[c] {
			claims = append(claims, claim{c, r})
		}
	}
	sort.SliceStable(claims, func(a, b int) bool {
		x, y := readings[claims[a].column][claims[a].reading], readings[claims[b].column][claims[b].reading]
		if x.confidence != y.confidence {
			return x.confidence > y.confidence
		}
		return profiles[claims[a].column].filled > profiles[claims[b].column].filled
	})
	out := make([]Column, len(headers))
	taken := map[fact.Attr]int{}
	for i, h := range headers {
		out[i] = Column{Header: h}
	}
	for _, c := range claims {
		m, col := readings[c.column][c.reading], &out[c.column]
		if col.Attr != "" || m.confidence < 0.4 {
			continue
		}
		switch m.attr {
		case attrPatient:
			*col = Column{Header: col.Header, Attr: attrIgnore, Confidence: 1, Reason: "patients' data are never read"}
			continue
		case attrCredential:
			*col = Column{Header: col.Header, Attr: attrIgnore, Confidence: 1, Reason: "credentials are never read"}
			continue
		case attrRecordID:
			m.attr = customRecordID
		}
		if other, ok := taken[m.attr]; ok && m.attr != attrIgnore && !severalColumns[m.attr] {
			if col.Reason == "" {
				col.Reason = fmt.Sprintf("also looks like %s, which %q fits better", m.attr, headers[other])
			}
			continue
		}
		taken[m.attr] = c.column
		col.Attr, col.Confidence, col.Reason = m.attr, m.confidence, m.reason
	}
	modelFromNumber(out, taken)
	customs := map[fact.Attr]bool{}
	for i := range out {
		col := &out[i]
		if col.Attr == "" && profiles[i].filled == 0 && profiles[i].rows > 0 {
			col.Attr, col.Reason = attrIgnore, "no row has a value"
		}
		if col.Attr != "" {
			continue
		}
		a := fact.Attr(fact.CustomPrefix + slug(col.Header))
		for n := 2; customs[a] || a == fact.CustomPrefix || a == customRecordID; n++ {
			a = fact.Attr(fmt.Sprintf("%s%s_%d", fact.CustomPrefix, slug("column "+col.Header), n))
		}
		customs[a] = true
		col.Attr = a
		if col.Reason == "" {
			col.Reason = "the header is not known; kept as a custom attribute"
		}
	}
	return out
}

// modelFromNumber lets a model number speak for the model where no column names it.
func modelFromNumber(columns []Column, taken map[fact.Attr]int) {
	if _, ok := taken[fact.Model]; ok {
		return
	}
	if i, ok := taken[fact.ModelNumber]; ok {
		columns[i].Attr = fact.Model
		columns[i].Reason += "; no other column names the model"
	}
}

// detail adds what the values of a column decide: date order, currency, unit, parts of a location.
func detail(c *Column, t *Table, i int, p profile, fallback fact.Order, sure bool) {
	switch kindOf(c.Attr) {
	case asDate, asStamp:
		mdy, dmy, open := p.order[fact.MDY], p.order[fact.DMY], p.order[""]
		switch {
		case mdy > 0 && dmy > 0:
			c.Dates = fact.MDY
			if dmy > mdy {
				c.Dates = fact.DMY
			}
			c.Reason += fmt.Sprintf("; both orders occur (%d month first, %d day first), %d dates could be either", mdy, dmy, open)
			c.Confidence *= 0.9
		case mdy > 0:
			c.Dates = fact.MDY
		case dmy > 0:
			c.Dates = fact.DMY
		case open > 0 && sure:
			c.Dates = fallback
			c.Reason += fmt.Sprintf("; %d dates could be day or month first, read like the other dates of the file", open)
		case open > 0:
			c.Dates = fallback
			c.Reason += fmt.Sprintf("; ambiguous: %d dates could be day or month first, please confirm", open)
			c.Confidence *= 0.8
		}
	case asMoney:
		if p.symbol > 0 {
			c.Currency = p.currency
		}
	case asMonths, asYears:
		c.Unit = unitOf(c.Header)
	}
	if c.Attr == fact.Location {
		if s, why := guessSplit(t.Sample, i); s != "" {
			c.Split = s
			c.Reason += "; " + why
		}
	}
}

func unitOf(header string) string {
	for _, w := range tokens(header) {
		switch w {
		case "day", "days":
			return "days"
		case "week", "weeks", "wk", "wks":
			return "weeks"
		case "months":
			return "months"
		case "years":
			return "years"
		}
	}
	return ""
}

// majorityOrder is the order that the unambiguous dates of the file have; sure when none says otherwise. Without any it
// is month first only if no column has dots, which Americans do not write.
func majorityOrder(profiles []profile) (order fact.Order, sure bool) {
	mdy, dmy, dots := 0, 0, 0
	for _, p := range profiles {
		if p.date*2 < p.filled {
			continue
		}
		mdy += p.order[fact.MDY]
		dmy += p.order[fact.DMY]
		if strings.Count(p.example, ".") == 2 {
			dots++
		}
	}
	if dmy > mdy || dmy == mdy && dots > 0 {
		return fact.DMY, mdy == 0 && dmy > 0
	}
	return fact.MDY, dmy == 0 && mdy > 0
}

// keyOrder is which attribute names a row best, by how stable it is from export to export.
var keyOrder = []fact.Attr{fact.ControlNumber, fact.AssetTag, customRecordID, fact.MAC, fact.UDI, fact.Serial, fact.EUI64, fact.Hostname, fact.IP}

// guessKey ranks the columns that can name a row. The system's own record id goes first where every row has one and no
// number that people know is filled as well.
func guessKey(columns []Column, profiles []profile, kind Kind) []string {
	first, rest := []string{}, []string{}
	for _, a := range keyOrder {
		for i, c := range columns {
			if c.Attr != a || profiles[i].filled == 0 && profiles[i].rows > 0 {
				continue
			}
			p := profiles[i]
			if p.filled*2 >= p.rows && p.distinct*20 >= p.filled*19 {
				first = append(first, c.Header)
			} else {
				rest = append(rest, c.Header)
			}
		}
	}
	return append(first, rest...)
}

// locationSeparators are tried in this order: spaced ones first, as a name may hold a bare one ("Med/Surg 5W").
var locationSeparators = []string{" / ", " > ", " >> ", " - ", " | ", " \\ ", ">", "|", "\\", ", ", "/"}

// guessSplit finds a separator that nearly every filled cell of a location column has equally often, and what the parts are.
func guessSplit(sample [][]string, col int) (pattern, why string) {
	for _, sep := range locationSeparators {
		filled, most := 0, 0
		counts := map[int]int{}
		for _, row := range sample {
			if s := cell(row, col); s != "" && !fact.Placeholder(s) {
				filled++
				counts[strings.Count(s, sep)+1]++
			}
		}
		for n, c := range counts {
			if n > 1 && n <= 4 && (most == 0 || c > counts[most]) {
				most = n
			}
		}
		if filled < 3 || most == 0 || counts[most]*10 < filled*9 {
			continue
		}
		attrs := partAttrs(sample, col, sep, most)
		if attrs == nil {
			continue
		}
		var b strings.Builder
		for i, a := range attrs {
			if i > 0 {
				b.WriteString(sep)
			}
			b.WriteString(string(a))
		}
		return b.String(), fmt.Sprintf("%d of %d values have %d parts at “%s”", counts[most], filled, most, sep)
	}
	return "", ""
}

// partAttrs names the parts of a location by their words and by how many different values each has: a hospital has
// fewer sites than departments and fewer departments than rooms.
func partAttrs(sample [][]string, col int, sep string, n int) []fact.Attr {
	distinct := make([]map[string]bool, n)
	votes := make([]map[fact.Attr]int, n)
	for i := range distinct {
		distinct[i], votes[i] = map[string]bool{}, map[fact.Attr]int{}
	}
	filled := 0
	for _, row := range sample {
		parts := strings.Split(cell(row, col), sep)
		if len(parts) != n {
			continue
		}
		filled++
		for i, p := range parts {
			p = strings.ToLower(strings.TrimSpace(p))
			distinct[i][p] = true
			votes[i][placeWord(p)]++
		}
	}
	if filled > 8 && len(distinct[0])*3 > filled {
		return nil // the first part should be the coarsest
	}
	out := make([]fact.Attr, n)
	used := map[fact.Attr]bool{}
	for i := range out {
		for a, v := range votes[i] {
			if a != "" && v*2 > filled && !used[a] {
				out[i] = a
				used[a] = true
			}
		}
	}
	order := []fact.Attr{fact.Site, fact.Building, fact.Floor, fact.Room}
	if n == 2 {
		order = []fact.Attr{fact.Site, fact.Department, fact.Room}
	} else if n == 3 {
		order = []fact.Attr{fact.Site, fact.Building, fact.Department, fact.Room}
	}
	next := 0
	for i := range out {
		if out[i] != "" {
			continue
		}
		for next < len(order) && used[order[next]] {
			next++
		}
		if next == len(order) {
			return nil
		}
		out[i] = order[next]
		used[order[next]] = true
	}
	return out
}

// placeWord says what a part of a location is by its own wording.
func placeWord(p string) fact.Attr {
	for _, w := range strings.FieldsFunc(p, func(r rune) bool { return r == ' ' || r == '.' || r == '-' || r == '#' }) {
		switch strings.TrimRight(w, "0123456789") {
		case "room", "rm", "suite", "raum", "zimmer":
			return fact.Room
		case "floor", "fl", "level", "lvl", "basement", "etage", "og":
			return fact.Floor
		case "bldg", "building", "tower", "pavilion", "wing", "gebäude", "haus":
			return fact.Building
		case "campus", "hospital", "site":
			return fact.Site
		case "icu", "nicu", "picu", "ed", "or", "pacu", "lab", "radiology", "clinic", "ward", "unit", "dept", "dialysis", "surgery", "pharmacy", "cath", "oncology":
			return fact.Department
		}
	}
	if p != "" && p[0] >= '0' && p[0] <= '9' && len(p) <= 6 {
		return fact.Room
	}
	return ""
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
