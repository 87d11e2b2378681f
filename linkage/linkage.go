// Package linkage decides which records speak of the same device. It is pure: records in, groups and
// proposals with reasons out, the same for any order of the same records. It leaves to inventory where
// records come from, how they are stored, and which value of a group wins.
//
// The method is record linkage after Fellegi and Sunter (1969): records that share a key are candidates,
// each agreement and disagreement adds its weight in evidence, a sum above Merge joins, one above Propose is
// put to a person. Keys that turn out to be shared by different devices (a dock's MAC, a hostname used again,
// a placeholder serial nobody listed) lose their weight first, so that they glue nothing.
package linkage

import (
	"slices"
	"strings"
	"time"
)

// Profile is what linkage needs to know of one record, in canonical spelling. Empty means not said.
type Profile struct {
	ID      string // the record's stable name, source and key: orders everything
	Source  string // records of one source with different IDs are different entries of it
	Maker   string // canonical
	Model   string // canonical, "" when the model is not known to the catalogue
	Class   string
	Serial  string   // FoldSerial
	UDIDI   string   // names a model, not a device: a key only together with Serial
	Control string   // the CMMS's number
	Numbers bool     // the source gives control numbers itself: two such sources may each begin at 1
	Tag     string   // IT's asset tag
	MACs    []string // globally administered, canonical
	Local   []string // locally administered MACs: weak
	EUI64s  []string
	Hosts   []string // FoldHost
	IPs     []string
	AEs     []string
	Site    string    // folded
	Unit    string    // department, folded
	Seen    time.Time // when the source saw it, for weak keys; zero when unknown
}

// Decision is a person's answer about two records.
type Decision struct {
	A, B string // Profile.ID
	Same bool
}

// Proposal is a pair of records that may be one device, for a person to decide.
type Proposal struct {
	A, B    string
	Score   float64
	Because []string
}

// Result is the outcome for one set of records.
type Result struct {
	Groups    [][]int // indexes into the input, each group and the groups ordered by ID
	Proposals []Proposal
	Shared    []string // keys found to be shared by different devices
}

// Weights of evidence in natural-logarithm-like units, tuned on the synthetic hospitals; expert defaults.
const (
	Merge   = 8.0
	Propose = 4.0
	veto    = -6.0 // a pair this contradictory keeps two groups apart

	wUDI          = 14.0 // DI and serial together name one device worldwide
	wMAC          = 12.0
	wEUI          = 12.0
	wSerial       = 9.0 // 7 or more characters
	wSerialMid    = 7.5 // 5 or 6 characters
	wSerialLow    = 4.0 // 4 characters
	wControl      = 9.0
	wControlOther = 2.0 // equal numbers of two CMMSs: a coincidence, unless the product is the same
	wTag          = 9.0
	wHost         = 8.0 // a name that one device of each source bears
	wHostReused   = 4.0
	wLocalMAC     = 4.0 // random or set by hand: joins only with a second key
	wShared       = 1.0 // what is left of a key known to be shared
	wIP           = 4.0
	wAE           = 3.0

	wMakerSame, wMakerOther   = 1.0, -6.0
	wModelSame, wModelOther   = 2.0, -5.0
	wClassSame, wClassOther   = 0.5, -4.0
	wSerialOther, wSerialNear = -8.0, -2.0
	wNICsOther                = -4.0
	wHostOther                = -4.0
	wNumberOther              = -3.0
	wSiteSame, wSiteOther     = 0.5, -1.0
	wUnitSame                 = 0.5

	// Crowded is the most records that are one device: a key that more hold says nothing at all, and evidence along
	// a chain of keys joins no more. No hospital device is spoken of by that many records, and comparing them
	// pairwise would cost their square. A person's word may join more.
	Crowded = 60
)

// weakWindow is how far apart two sightings of one IP may lie and still support a shared hostname: hospitals
// reserve addresses for devices, and exports are half-yearly. An IP alone joins nothing. Expert default.
const weakWindow = 180 * 24 * time.Hour

// Keys returns the blocking keys of a record, sorted: two records are compared only if they share one.
// Each is kind + ":" + value.
func Keys(p *Profile) []string {
	keys := make([]string, 0, 8)
	for k := range p.Keys {
		keys = append(keys, k.String())
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Key is a blocking key in two parts, which costs no text of its own.
type Key struct{ Kind, Value string }

// String is the key as Keys spells it.
func (k Key) String() string { return k.Kind + ":" + k.Value }

// Keys yields the blocking keys of a record, in no order; one may come twice.
func (p *Profile) Keys(yield func(Key) bool) {
	for _, many := range [...]struct {
		kind   string
		values []string
	}{{"mac", p.MACs}, {"lmac", p.Local}, {"eui", p.EUI64s}, {"host", p.Hosts}, {"ip", p.IPs}, {"ae", p.AEs}} {
		for _, v := range many.values {
			if v != "" && !yield(Key{many.kind, v}) {
				return
			}
		}
	}
	udi := ""
	if p.UDIDI != "" && p.Serial != "" { // beside the serial alone, which makers' numberings share and crowd
		udi = p.UDIDI + "/" + p.Serial
	}
	for _, one := range [...]Key{{"serial", p.Serial}, {"udi", udi}, {"control", p.Control}, {"tag", p.Tag}} {
		if one.Value != "" && !yield(one) {
			return
		}
	}
}

// FoldSerial brings serial numbers that people spell differently to one text: upper case, letters and digits
// only, O read as 0 (the commonest misreading on a label), leading zeros dropped (spreadsheets lose them).
// It returns "" for what cannot be a serial: fewer than 4 characters, no digit, one character repeated.
func FoldSerial(s string) string {
	var b strings.Builder
	digit, varied := false, false
	var first byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z':
			c -= 'a' - 'A'
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z':
		default:
			continue
		}
		digit = digit || c >= '0' && c <= '9'
		if c == 'O' {
			c = '0'
		}
		if b.Len() == 0 {
			if c == '0' {
				continue
			}
			first = c
		}
		varied = varied || c != first
		b.WriteByte(c)
	}
	if !digit || !varied || b.Len() < 4 {
		return ""
	}
	return b.String()
}

// genericHosts are names that come with the box and name nobody.
var genericHosts = map[string]bool{
	"localhost": true, "unknown": true, "android": true, "iphone": true, "ipad": true, "printer": true,
	"laptop": true, "desktop": true, "computer": true, "workstation": true, "default": true, "none": true,
	"debian": true, "ubuntu": true, "raspberrypi": true, "espressif": true, "host": true, "client": true,
	"openwrt": true, "linux": true, "wlan": true, "dhcp": true, "device": true,
}

// FoldHost brings a hostname to its first label in lower case; "" for an address or a name that comes with
// the box.
func FoldHost(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if s == "" || strings.Count(s, ".") == 3 && strings.Trim(s, "0123456789.") == "" {
		return ""
	}
	s, _, _ = strings.Cut(s, ".")
	s = strings.TrimSuffix(s, "$")
	if len(s) < 3 || genericHosts[s] {
		return ""
	}
	return s
}

// FoldPlace brings names of sites and departments to one spelling.
func FoldPlace(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 127 {
			b.WriteRune(r)
		}
	}
	return b.String()
}
