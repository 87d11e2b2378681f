package inventory

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"

	"pons/fact"
	"pons/fault"
)

// Statement is one value that one record says of a device, after normalisation.
type Statement struct {
	Attr    fact.Attr
	Value   string
	Source  fact.Source // empty: the record's; else who really said it, such as oui or wire:dhcp
	Trust   float64
	At      time.Time // zero: the record's
	Because string
	Raw     string // the source's own word where the value is another spelling of it
	Derived bool   // the catalogue or a registry says so of what the source said
}

// Record is what one source says of one subject now.
type Record struct {
	ID     int64
	Source string // as named at import: cmms
	Kind   string // of the source: cmms, cmdb, dhcp, nac, switch, wire, person, generic …
	Key    string // the source's own key
	Device string // id of the device it belongs to
	File   string
	Row    int
	At     time.Time // when the source said so
	Run    int64     // the import that said so last with a change
	Seen   int64     // the last import that repeated it
	Absent time.Time // since when it is missing from its source; zero: present
	Said   []Statement
}

// Name is the record's stable name in linkage and decisions.
func (r *Record) Name() string { return r.Source + "/" + r.Key }

// Gathers says whether statements of this kind of source add up over time (the wire, people) rather than each
// replacing the one before (a row of an export).
func gathers(kind string) bool { return kind == "wire" || kind == "person" }

// wellKnown gives the attributes of a stored statement one byte instead of their name. The list only ever
// grows at its end: stored bodies refer to it by index.
var wellKnown = []fact.Attr{
	fact.ControlNumber, fact.AssetTag, fact.Serial, fact.Manufacturer, fact.Model, fact.ModelNumber, fact.Description,
	fact.Class, fact.Category, fact.MAC, fact.IP, fact.Hostname, fact.VLAN, fact.Switch, fact.Port, fact.Site, fact.Building,
	fact.Floor, fact.Room, fact.Department, fact.CostCenter, fact.Location, fact.Owner, fact.ClinicalOwner, fact.TechnicalOwner,
	fact.Status, fact.AcquiredOn, fact.AcquiredCost, fact.WarrantyEnd, fact.PMInterval, fact.PMLast, fact.PMNext,
	fact.SoftwareVersion, fact.OS, fact.LastSeen, fact.FirstSeen, fact.Service, fact.LifeSupport, fact.Criticality, fact.Notes,
}

func wellKnownIndex() map[fact.Attr]byte {
	m := make(map[fact.Attr]byte, len(wellKnown))
	for i, a := range wellKnown {
		m[a] = byte(i)
	}
	return m
}

// attrCodes is a constant table.
var attrCodes = wellKnownIndex()

const columnPrefix = "column "

// encodeSaid packs statements for storage: a version byte, then per statement attribute, value, source,
// trust in percent with a bit for derived ones, time in microseconds, reason and the source's own word. About 40 % of the size of JSON and ten times as fast.
func encodeSaid(said []Statement) []byte {
	b := make([]byte, 0, 1+len(said)*40)
	b = append(b, 1)
	for i := range said {
		s := &said[i]
		if code, ok := attrCodes[s.Attr]; ok {
			b = append(b, code)
		} else {
			b = append(b, 0xff)
			b = appendText(b, string(s.Attr))
		}
		b = appendText(b, s.Value)
		b = appendText(b, string(s.Source))
		trust := byte(math.Round(s.Trust * 100))
		if s.Derived {
			trust |= derivedBit
		}
		b = append(b, trust)
		micros := int64(0)
		if !s.At.IsZero() {
			micros = s.At.UnixMicro()
		}
		b = binary.AppendVarint(b, micros)
		form, because := byte(0), s.Because
		if rest, ok := strings.CutPrefix(because, columnPrefix); ok && rest != "" {
			form, because = form|columnForm, rest
		}
		if s.Raw != "" {
			form |= rawForm
			if rest, ok := strings.CutSuffix(because, ": "+s.Raw); ok && rest != "" {
				form, because = form|rawSuffixForm, rest
			}
		}
		b = append(b, form)
		b = appendText(b, because)
		if s.Raw != "" {
			b = appendText(b, s.Raw)
		}
	}
	return b
}

// The forms of a reason: "column X", with the source's own word beside it, and ending in that word.
const (
	derivedBit = 0x80

	columnForm    = 1
	rawForm       = 2
	rawSuffixForm = 4
)

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// decodeSaid reads what encodeSaid wrote. All values share one string, so that a body costs one allocation.
func decodeSaid(body []byte) ([]Statement, error) {
	if len(body) == 0 || body[0] != 1 {
		return nil, fmt.Errorf("stored statement of unknown version: %w", fault.Invalid)
	}
	d := decoder{text: string(body), at: 1}
	said := make([]Statement, 0, len(body)/32+1)
	for d.at < len(d.text) && !d.bad {
		var s Statement
		code := d.byte()
		switch {
		case code == 0xff:
			s.Attr = fact.Attr(d.string())
		case int(code) < len(wellKnown):
			s.Attr = wellKnown[code]
		default:
			d.bad = true
		}
		s.Value = d.string()
		s.Source = fact.Source(d.string())
		trust := d.byte()
		s.Derived = trust&derivedBit != 0
		s.Trust = float64(trust&^derivedBit) / 100
		if micros := d.varint(); micros != 0 {
			s.At = time.UnixMicro(micros).UTC()
		}
		form := d.byte()
		s.Because = d.string()
		if form&rawForm != 0 {
			s.Raw = d.string()
		}
		switch form & (columnForm | rawSuffixForm) {
		case columnForm:
			s.Because = columnPrefix + s.Because
		case rawSuffixForm:
			s.Because += ": " + s.Raw
		case columnForm | rawSuffixForm:
			s.Because = columnPrefix + s.Because + ": " + s.Raw
		}
		said = append(said, s)
	}
	if d.bad {
		return nil, fmt.Errorf("stored statement is damaged at byte %d: %w", d.at, fault.Invalid)
	}
	return said, nil
}

type decoder struct {
	text string
	at   int
	bad  bool
}

func (d *decoder) byte() byte {
	if d.at >= len(d.text) {
		d.bad = true
		return 0
	}
	d.at++
	return d.text[d.at-1]
}

func (d *decoder) uvarint() uint64 {
	var x uint64
	for shift := uint(0); shift < 64; shift += 7 {
		c := d.byte()
		x |= uint64(c&0x7f) << shift
		if c < 0x80 || d.bad {
			return x
		}
	}
	d.bad = true
	return 0
}

func (d *decoder) varint() int64 {
	u := d.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (d *decoder) string() string {
	n := d.uvarint()
	if n > uint64(len(d.text)-d.at) {
		d.bad = true
		return ""
	}
	s := d.text[d.at : d.at+int(n)]
	d.at += int(n)
	return s
}
