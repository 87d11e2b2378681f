package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"

	"pons/fact"
	"pons/fault"
)

// Kind is what sort of system a file comes from. It decides what vague headers mean ("Tag", "Name", "Vendor").
type Kind string

// The kinds.
const (
	CMMS    Kind = "cmms"    // biomed's maintenance system
	CMDB    Kind = "cmdb"    // IT's records of assets
	NAC     Kind = "nac"     // network access control and endpoint lists
	DHCP    Kind = "dhcp"    // leases and reservations
	Switch  Kind = "switch"  // MAC address tables
	Generic Kind = "generic" // none of these for sure
)

// Mapping says what each column of a file means. A person confirms it, it is kept as YAML, and the next export of the
// same system is read with it.
type Mapping struct {
	Source    fact.Source `yaml:"source"`
	Kind      Kind        `yaml:"kind"`
	Sheet     string      `yaml:"sheet,omitempty"`
	Delimiter string      `yaml:"delimiter,omitempty"`
	HeaderRow int         `yaml:"header_row,omitempty"` // line of the header, where it is not found by itself
	DateOrder fact.Order  `yaml:"date_order,omitempty"` // where a column does not say otherwise
	Date1904  bool        `yaml:"date_1904,omitempty"`  // day numbers in text count from 1904
	Key       []string    `yaml:"key"`                  // headers, best first: the first that is filled names the row
	Columns   []Column    `yaml:"columns"`
}

// Column says what one column means.
type Column struct {
	Header     string     `yaml:"header"`
	Attr       fact.Attr  `yaml:"attr"`               // an attribute, custom.something, or "ignore"
	Split      string     `yaml:"split,omitempty"`    // "site / department": the cell holds several attributes
	Dates      fact.Order `yaml:"dates,omitempty"`    // order of day and month in this column
	Currency   string     `yaml:"currency,omitempty"` // where the amounts do not name one
	Unit       string     `yaml:"unit,omitempty"`     // of intervals: days, weeks, months, years
	Confidence float64    `yaml:"confidence,omitempty"`
	Reason     string     `yaml:"reason,omitempty"`
}

// LoadMapping reads a mapping from YAML. Fields that do not exist are errors, so that a slip of the pen is not read
// as "ignore".
func LoadMapping(r io.Reader) (Mapping, error) {
	var m Mapping
	d := yaml.NewDecoder(io.LimitReader(r, 4<<20))
	d.KnownFields(true)
	if err := d.Decode(&m); err != nil {
		return Mapping{}, fmt.Errorf("mapping: %s: %w", yamlFault(err), fault.Invalid)
	}
	return m, m.Check()
}

// yamlFault is what is wrong with a mapping's YAML, in one line and without the names of our types.
func yamlFault(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if several := (*yaml.TypeError)(nil); errors.As(err, &several) {
		text = strings.Join(several.Errors, "; ")
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, " in type intake.Mapping", ""), " in type intake.Column", "")
}

// Save writes the mapping as YAML.
func (m Mapping) Save(w io.Writer) error {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(m); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Choice is how a file is opened to be read with the mapping.
func (m Mapping) Choice() Choice {
	return Choice{Sheet: m.Sheet, Delimiter: m.Delimiter, Header: m.HeaderRow}
}

// Column returns the column with this header.
func (m *Mapping) Column(header string) (*Column, bool) {
	for i := range m.Columns {
		if m.Columns[i].Header == header {
			return &m.Columns[i], true
		}
	}
	return nil, false
}

// Attributes are what a column may be mapped to, in the order of a form, apart from custom ones.
func Attributes() []fact.Attr { return slices.Clone(attributes) }

var attributes = []fact.Attr{
	fact.ControlNumber, fact.AssetTag, fact.Serial, fact.Manufacturer, fact.Model, fact.ModelNumber, fact.Description, fact.Class, fact.Category,
	fact.UDI, fact.UDIDI, fact.ProductCode, fact.GMDN, fact.UMDNS,
	fact.MAC, fact.EUI64, fact.IP, fact.Hostname, fact.AETitle, fact.VLAN, fact.Switch, fact.Port, fact.SSID, fact.Domain,
	fact.Site, fact.Building, fact.Floor, fact.Room, fact.Bed, fact.Department, fact.CostCenter, fact.Location,
	fact.Owner, fact.ClinicalOwner, fact.TechnicalOwner, fact.Vendor, fact.Contract, fact.ContractEnd,
	fact.Status, fact.Criticality, fact.LifeSupport, fact.StoresEPHI, fact.RiskScore,
	fact.AcquiredOn, fact.AcquiredCost, fact.InServiceOn, fact.WarrantyEnd, fact.ExpectedLife, fact.InspectedOn,
	fact.PMInterval, fact.PMLast, fact.PMNext, fact.PMProcedure, fact.RetiredOn, fact.SoftwareVersion, fact.OS,
	fact.LastSeen, fact.FirstSeen, fact.Parent, fact.Notes,
}

// severalColumns may be said by more than one column of a row.
var severalColumns = map[fact.Attr]bool{fact.MAC: true, fact.IP: true, fact.EUI64: true, fact.Hostname: true, fact.AETitle: true, fact.Notes: true}

// Check says what is wrong with the mapping itself, naming each column; whether a file has these columns is said when
// it is read.
func (m Mapping) Check() error {
	var wrong []error
	bad := func(header, format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("column %q: %s: %w", header, fmt.Sprintf(format, args...), fault.Invalid))
	}
	if strings.TrimSpace(string(m.Source)) == "" {
		wrong = append(wrong, fmt.Errorf("the mapping names no source; give it a name such as cmms: %w", fault.Invalid))
	}
	switch m.Kind {
	case CMMS, CMDB, NAC, DHCP, Switch, Generic:
	default:
		wrong = append(wrong, fmt.Errorf("kind %q is none of cmms, cmdb, nac, dhcp, switch, generic: %w", m.Kind, fault.Invalid))
	}
	if !knownOrder(m.DateOrder) {
		wrong = append(wrong, fmt.Errorf("date_order %q is none of mdy, dmy, ymd: %w", m.DateOrder, fault.Invalid))
	}
	seen, by := map[string]bool{}, map[fact.Attr]string{}
	read := 0
	for _, c := range m.Columns {
		if c.Header == "" {
			bad(c.Header, "a column needs the header it is found by")
		}
		if seen[c.Header] {
			bad(c.Header, "is listed twice")
		}
		seen[c.Header] = true
		if c.Attr == attrIgnore {
			continue
		}
		read++
		if !knownAttr(c.Attr) {
			bad(c.Header, "attribute %q does not exist; use one of the list, custom.something or ignore", c.Attr)
		}
		if m := recognise(c.Header, ""); len(m) > 0 && (m[0].attr == attrPatient || m[0].attr == attrCredential) {
			bad(c.Header, "holds %s, which is never read; use ignore", map[fact.Attr]string{attrPatient: "patients' data", attrCredential: "credentials"}[m[0].attr])
		}
		if !knownOrder(c.Dates) {
			bad(c.Header, "dates %q is none of mdy, dmy, ymd", c.Dates)
		}
		if len(c.Currency) != 0 && (len(c.Currency) != 3 || strings.ToUpper(c.Currency) != c.Currency) {
			bad(c.Header, "currency %q is no three-letter code such as USD", c.Currency)
		}
		switch c.Unit {
		case "", "days", "weeks", "months", "years":
		default:
			bad(c.Header, "unit %q is none of days, weeks, months, years", c.Unit)
		}
		if c.Split != "" {
			if _, err := parseSplit(c.Split); err != nil {
				bad(c.Header, "split %q: %v", c.Split, err)
			}
		} else if other, double := by[c.Attr]; double && !severalColumns[c.Attr] {
			bad(c.Header, "attribute %s is already read from column %q; ignore one or make it custom", c.Attr, other)
		}
		by[c.Attr] = c.Header
	}
	if read == 0 {
		wrong = append(wrong, fmt.Errorf("no column is read; map at least one that identifies a device: %w", fault.Invalid))
	}
	for _, k := range m.Key {
		if c, ok := m.Column(k); !ok || c.Attr == attrIgnore {
			bad(k, "is a key but is not read")
		}
	}
	return errors.Join(wrong...)
}

func knownOrder(o fact.Order) bool {
	return o == "" || o == fact.MDY || o == fact.DMY || o == fact.YMD
}

func knownAttr(a fact.Attr) bool {
	if name, ok := strings.CutPrefix(string(a), fact.CustomPrefix); ok {
		return name != "" && name == slug(name)
	}
	return slices.Contains(attributes, a)
}

// slug makes an attribute's name of a header: "MRI Zone #" is "mri_zone_no".
func slug(header string) string {
	const longest = 60
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(header) {
		word := string(r)
		switch {
		case r == '#':
			gap, word = true, "no"
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			word = "_" + word
		}
		if b.Len()+len(word) > longest {
			break
		}
		b.WriteString(word)
		gap = r == '#'
	}
	return b.String()
}

// split is a parsed Column.Split: attributes with the separators between them.
type split struct {
	attrs []fact.Attr
	seps  []string
}

// parseSplit reads "site / department" or "building-floor-room".
func parseSplit(s string) (split, error) {
	var sp split
	for s != "" {
		n := 0
		for n < len(s) && (s[n] >= 'a' && s[n] <= 'z' || s[n] == '_' || s[n] == '.' && n > 0) {
			n++
		}
		if n == 0 {
			return split{}, errors.New("expected an attribute")
		}
		a := fact.Attr(s[:n])
		if !knownAttr(a) && a != attrIgnore {
			return split{}, fmt.Errorf("attribute %q does not exist", a)
		}
		sp.attrs = append(sp.attrs, a)
		s = s[n:]
		n = 0
		for n < len(s) && !(s[n] >= 'a' && s[n] <= 'z') {
			n++
		}
		if s != "" {
			sp.seps = append(sp.seps, s[:n])
			s = s[n:]
		}
	}
	if len(sp.attrs) < 2 || len(sp.seps) != len(sp.attrs)-1 {
		return split{}, errors.New("name at least two attributes with a separator between them")
	}
	return sp, nil
}

// cut divides a cell; the last part keeps what is left. ok is false when a separator is missing.
func (sp split) cut(s string) (parts []string, ok bool) {
	for _, sep := range sp.seps {
		before, after, found := strings.Cut(s, sep)
		if !found {
			return nil, false
		}
		parts = append(parts, strings.TrimSpace(before))
		s = after
	}
	return append(parts, strings.TrimSpace(s)), true
}
