package inventory

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"pons/fact"
	"pons/fingerprint"
	"pons/product"
)

// Flags mark what a device needs from a person: each is a queue.
type Flags uint32

// The queues.
const (
	FlagConflict     Flags = 1 << iota // sources disagree on a disputed attribute
	FlagDuplicate                      // may be one with another device
	FlagUnseen                         // recorded in a system, made to be connected, never seen on the network, and no person said what became of it
	FlagUnrecorded                     // on the network, in no system, and no person stated its lifecycle state
	FlagNoOwner                        // nobody answers for it
	FlagNoPlace                        // no site, department, room or location
	FlagUnclassified                   // class unknown
	FlagAbsent                         // missing from a source that used to list it, and no person stated its lifecycle state since
	FlagPerson                         // a person has stated something of it
	FlagExpected                       // ought to be on the network: recorded, in service, and made to be connected or with an address
)

// Vote is one record's statement about an attribute.
type Vote struct {
	Statement
	Record *Record
}

// kind is the kind of source that really speaks.
func (v *Vote) kind() string { return kindOf(&v.Statement, v.Record) }

func kindOf(s *Statement, rec *Record) string {
	if s.Source == "oui" {
		return "oui"
	}
	return rec.Kind
}

// When is the time of the statement.
func (v *Vote) When() time.Time { return whenOf(&v.Statement, v.Record) }

func whenOf(s *Statement, rec *Record) time.Time {
	if s.At.IsZero() {
		return rec.At
	}
	return s.At
}

// Belief is how far the statement is trusted, 0..1: what it says of itself, or what its kind of source deserves.
func (v *Vote) Belief() float64 {
	if v.Trust > 0 {
		return v.Trust
	}
	return kindTrust[v.kind()]
}

// Value is what a device is said to be in one attribute: the votes that carry it and those that lost.
type Value struct {
	Attr     fact.Attr
	Value    string   // the winner; for attributes of many values the first
	All      []string // for attributes of many values: every one, most believed first
	Won      []Vote   // the winner's vote first
	Lost     []Vote
	Conflict bool // the losers disagree and nobody has decided
}

// Device is the record reconciled from everything that is said of one device.
type Device struct {
	ID         string
	Rev        int64
	Created    time.Time
	FirstSeen  time.Time // on the network; zero: never
	LastSeen   time.Time
	Heard      time.Time // when a capture or a sensor saw it last; zero: none did
	Values     []Value   // in the order of the vocabulary, then custom attributes by name
	Wire       []Vote    // raw observations of the wire, by attribute and value
	Records    []*Record
	Flags      Flags
	Conflicts  []fact.Attr
	Confidence float64 // 0..1 in maker and class together
	System     *System // the medical system it belongs to; nil: none
}

// Value returns the value of an attribute, nil when nothing is said.
func (d *Device) Value(attr fact.Attr) *Value {
	for i := range d.Values {
		if d.Values[i].Attr == attr {
			return &d.Values[i]
		}
	}
	return nil
}

// Get returns the winning text of an attribute, or "".
func (d *Device) Get(attr fact.Attr) string {
	if v := d.Value(attr); v != nil {
		return v.Value
	}
	return ""
}

// All returns every value of an attribute of many values.
func (d *Device) All(attr fact.Attr) []string {
	if v := d.Value(attr); v != nil {
		return v.All
	}
	return nil
}

// Name is what people call the device: its hostname, number, tag or address, whichever is known first, else the
// name under which its gateway speaks for it.
func (d *Device) Name() string {
	for _, attr := range []fact.Attr{fact.Hostname, fact.ControlNumber, fact.AssetTag, fact.Serial, fact.MAC, fact.IP, fact.EUI64} {
		if v := d.Get(attr); v != "" {
			return v
		}
	}
	for _, r := range d.Records { // a device that another speaks for is called as that one calls it
		if r.Kind == "wire" && r.Key != "" && !strings.Contains(r.Key, "|") {
			return r.Key
		}
	}
	return "unnamed"
}

// systemKinds are the sources in which a hospital records what it owns; networkKinds those that see the wire.
var (
	systemKinds  = []string{"cmms", "cmdb", "itam", "fhir", "generic"}
	networkKinds = []string{"wire", "nac", "dhcp", "switch"}
)

// Resolver decides what wins among statements. It is pure and safe for use by one goroutine.
type Resolver struct {
	catalog    *product.Catalog
	precedence Precedence
	votes      []ballot  // reused
	at         time.Time // the day on which support of operating systems is judged; zero: it is not
	desk       *desk     // nil: each device has memory of its own
}

// desk is the memory of one device, used again for the next.
type desk struct {
	device Device
	votes  []Vote
	pool   [64]string
	texts  []string // what is left of the pool
}

// lend returns the desk's device, emptied, and room for votes.
func (k *desk) lend(records []*Record, votes int) (*Device, []Vote) {
	k.device = Device{Records: records, Values: k.device.Values[:0], Wire: k.device.Wire[:0], Conflicts: k.device.Conflicts[:0]}
	k.votes = slices.Grow(k.votes[:0], votes)[:votes]
	k.texts = k.pool[:0]
	return &k.device, k.votes
}

// ballot is a vote as it is sorted.
type ballot struct {
	attr int // index into the vocabulary; past its end for custom attributes
	rank int
	weak bool
	*Statement
	rec *Record
}

func (b *ballot) vote() Vote { return Vote{Statement: *b.Statement, Record: b.rec} }

// NewResolver returns a resolver with an administrator's orders of sources.
func NewResolver(c *product.Catalog, p Precedence) *Resolver {
	return &Resolver{catalog: c, precedence: p}
}

// On sets the day on which the support of operating systems is judged.
func (r *Resolver) On(day time.Time) *Resolver {
	r.at = day.UTC()
	return r
}

// Resolve makes a device of the records that speak of it. The result does not depend on their order.
func (r *Resolver) Resolve(records []*Record) *Device {
	records = slices.Clone(records)
	slices.SortFunc(records, byRecordName)
	r.votes = r.votes[:0]
	raw := 0
	for _, rec := range records {
		for i := range rec.Said {
			if !r.cast(rec, &rec.Said[i]) {
				raw++
			}
		}
	}
	slices.SortFunc(r.votes, compareBallots)
	d, votes := r.begin(records, raw)
	for from := 0; from < len(r.votes); {
		to := from + 1
		for to < len(r.votes) && r.votes[to].Attr == r.votes[from].Attr {
			to++
		}
		r.count(d, r.votes[from:to], votes[from:to:to])
		from = to
	}
	r.derive(d)
	return d
}

// begin is a device with its raw observations, and room for the votes of all its values in one piece.
func (r *Resolver) begin(records []*Record, raw int) (d *Device, votes []Vote) {
	if r.desk != nil {
		d, votes = r.desk.lend(records, len(r.votes))
	} else {
		d, votes = &Device{Records: records}, make([]Vote, len(r.votes))
		d.Values = make([]Value, 0, min(len(votes)+2, len(attributes)))
	}
	if raw == 0 {
		return d, votes
	}
	d.Wire = slices.Grow(d.Wire, raw)
	for _, rec := range records {
		for i := range rec.Said {
			if s := &rec.Said[i]; rawObservation(s.Attr) {
				d.Wire = append(d.Wire, Vote{Statement: *s, Record: rec})
			}
		}
	}
	return d, votes
}

// rawObservation says whether an attribute is an observation of the wire that is kept beside a device's values.
func rawObservation(attr fact.Attr) bool {
	return observed(attr) && vocabularyHas(attr) < 0 && !strings.HasPrefix(string(attr), fact.CustomPrefix)
}

// cast puts a statement to the vote; false: it is a raw observation, of which none is held.
func (r *Resolver) cast(rec *Record, s *Statement) bool {
	i := vocabularyHas(s.Attr)
	if i < 0 {
		if rawObservation(s.Attr) {
			return false
		}
		i = len(attributes)
	}
	b := ballot{attr: i, Statement: s, rec: rec}
	order := byRecord
	if i < len(attributes) {
		order = r.precedence.order(&attributes[i])
	} else if o, ok := r.precedence[s.Attr]; ok {
		order = o
	}
	kind := kindOf(s, rec)
	b.rank = rank(order, kind)
	b.weak = s.Trust > 0 && s.Trust <= trustUnknown && kind != "person"
	r.votes = append(r.votes, b)
	return true
}

// vocabularyHas is an attribute's place in the vocabulary; -1: it is not in it.
func vocabularyHas(attr fact.Attr) int {
	if i, ok := vocabulary[attr]; ok {
		return i
	}
	return -1
}

// hospitalsOwn is how an attribute is counted that a hospital defined: a constant.
var hospitalsOwn = Attribute{Disputed: true}

// compareBallots orders votes of one attribute from the most to the least believed.
func compareBallots(a, b ballot) int {
	if c := cmp.Compare(a.attr, b.attr); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Attr, b.Attr); c != 0 {
		return c
	}
	if c := compareBool(!a.rec.Absent.IsZero(), !b.rec.Absent.IsZero()); c != 0 {
		return c
	}
	if c := compareBool(a.weak, b.weak); c != 0 {
		return c
	}
	if c := cmp.Compare(a.rank, b.rank); c != 0 {
		return c
	}
	if c := cmp.Compare(b.Trust, a.Trust); c != 0 {
		return c
	}
	if c := whenOf(b.Statement, b.rec).Compare(whenOf(a.Statement, a.rec)); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.Value, b.Value), cmp.Compare(a.rec.Source, b.rec.Source), cmp.Compare(a.rec.Key, b.rec.Key), cmp.Compare(a.Because, b.Because))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// count decides one attribute. Its votes are kept in into, the winner's first.
func (r *Resolver) count(d *Device, votes []ballot, into []Vote) {
	v := Value{Attr: votes[0].Attr, Value: votes[0].Value}
	a := &hospitalsOwn
	if votes[0].attr < len(attributes) {
		a = &attributes[votes[0].attr]
	}
	if a.Multi {
		if r.desk != nil {
			v.All = r.desk.texts
		}
		for i := range votes {
			if !slices.Contains(v.All, votes[i].Value) {
				v.All = append(v.All, votes[i].Value)
			}
			into[i] = votes[i].vote()
		}
		if r.desk != nil {
			r.desk.texts = v.All[len(v.All):]
			v.All = slices.Clip(v.All)
		}
		v.Won = into
		d.Values = append(d.Values, v)
		return
	}
	won := 0
	winner := ""
	if len(votes) > 1 {
		winner = a.fold(v.Value)
	}
	decided := kindOf(votes[0].Statement, votes[0].rec) == "person"
	agrees := func(b *ballot) bool { return b.Value == v.Value || a.fold(b.Value) == winner }
	for i := range votes {
		if agrees(&votes[i]) {
			into[won] = votes[i].vote()
			won++
		}
	}
	lost := won
	for i := range votes {
		b := &votes[i]
		if agrees(b) {
			continue
		}
		into[lost] = b.vote()
		lost++
		if a.Disputed && !decided && !b.weak && !votes[0].weak && kindOf(b.Statement, b.rec) != "oui" && b.rec.Absent.IsZero() {
			v.Conflict = true
		}
	}
	v.Won, v.Lost = into[:won:won], into[won:]
	if v.Conflict {
		d.Conflicts = append(d.Conflicts, v.Attr)
		d.Flags |= FlagConflict
	}
	d.Values = append(d.Values, v)
}

// derive fills what follows from the values: category and life support of the class, times on the network,
// the queues and the confidence.
func (r *Resolver) derive(d *Device) {
	class, known := r.catalog.Class(d.Get(fact.Class))
	if known {
		r.imply(d, fact.Category, class.Category, "class "+class.Name)
		if class.LifeSupport {
			r.imply(d, fact.LifeSupport, "yes", "class "+class.Name+" supports life")
		}
	}
	r.support(d)
	r.seen(d)
	var system, network, absent bool
	decided := stateDecided(d)
	for _, rec := range d.Records {
		system = system || slices.Contains(systemKinds, rec.Kind)
		network = network || slices.Contains(networkKinds, rec.Kind)
		absent = absent || rec.Absent.After(decided)
		if rec.Kind == "person" {
			d.Flags |= FlagPerson
		}
	}
	connected := class.Connected || d.Value(fact.MAC) != nil || d.Value(fact.IP) != nil
	d.Flags |= flagIf(FlagExpected, expected(d, connected)) | flagIf(FlagUnseen, system && !network && connected && decided.IsZero()) | flagIf(FlagUnrecorded, network && !system && decided.IsZero()) |
		flagIf(FlagAbsent, absent) | flagIf(FlagUnclassified, d.Value(fact.Class) == nil) |
		flagIf(FlagNoOwner, d.Value(fact.Owner) == nil && d.Value(fact.ClinicalOwner) == nil && d.Value(fact.TechnicalOwner) == nil) |
		flagIf(FlagNoPlace, d.Value(fact.Site) == nil && d.Value(fact.Department) == nil && d.Value(fact.Room) == nil && d.Value(fact.Location) == nil && d.Value(fact.Building) == nil)
	d.Confidence = confidence(d)
}

// stateDecided is when a person last stated the device's lifecycle state: that answers the queues that ask what
// became of it. Zero: nobody did.
func stateDecided(d *Device) (at time.Time) {
	for _, rec := range d.Records {
		if rec.Kind != personSource {
			continue
		}
		for i := range rec.Said {
			v := Vote{Statement: rec.Said[i], Record: rec}
			if v.Attr == fact.Status && v.When().After(at) {
				at = v.When()
			}
		}
	}
	return at
}

func flagIf(f Flags, on bool) Flags {
	if on {
		return f
	}
	return 0
}

// imply adds a value that follows from the class where no source states one.
func (r *Resolver) imply(d *Device, attr fact.Attr, value, because string) {
	if value == "" || d.Value(attr) != nil {
		return
	}
	r.put(d, Statement{Attr: attr, Value: value, Source: "catalog", Because: because, Trust: trustKnown}, d.Value(fact.Class).Won[0].Record)
}

// support says whether the maker of the device's operating system still looks after it.
func (r *Resolver) support(d *Device) {
	os := d.Value(fact.OS)
	if os == nil || r.at.IsZero() || d.Value(fact.OSSupport) != nil {
		return
	}
	s := Statement{Attr: fact.OSSupport, Value: fingerprint.NotKnown, Source: "catalog", Because: "no release of " + os.Value + " is known by that version", Trust: os.Won[0].Trust}
	if known, ok := fingerprint.OSSupport(os.Value, d.Get(fact.OSVersion)); ok {
		s.Value, s.Because = known.State(r.at), known.String()
	}
	r.put(d, s, os.Won[0].Record)
}

// put adds a value that follows from others.
func (r *Resolver) put(d *Device, s Statement, rec *Record) {
	attr := s.Attr
	v := Value{Attr: attr, Value: s.Value, Won: []Vote{{Statement: s, Record: rec}}}
	at, _ := slices.BinarySearchFunc(d.Values, vocabulary[attr], func(v Value, i int) int {
		j, ok := vocabulary[v.Attr]
		if !ok {
			j = len(attributes)
		}
		return cmp.Compare(j, i)
	})
	d.Values = slices.Insert(d.Values, at, v)
}

// seen finds the first and last time the network saw the device.
func (r *Resolver) seen(d *Device) {
	span := func(t time.Time) {
		if t.IsZero() {
			return
		}
		if d.FirstSeen.IsZero() || t.Before(d.FirstSeen) {
			d.FirstSeen = t
		}
		if t.After(d.LastSeen) {
			d.LastSeen = t
		}
	}
	for _, attr := range []fact.Attr{fact.FirstSeen, fact.LastSeen} {
		for _, text := range d.All(attr) {
			if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
				span(t.UTC())
			}
		}
	}
	for _, rec := range d.Records {
		if rec.Kind == "wire" {
			for i := range rec.Said {
				span(rec.Said[i].At)
			}
			d.Heard = later(d.Heard, heard(rec))
		}
	}
}

// kindTrust is how far a kind of source is believed about what a device is where the statement does not say
// (expert default).
var kindTrust = map[string]float64{"person": 0.98, "cmms": 0.9, "cmdb": 0.8, "itam": 0.8, "fhir": 0.85, "wire": 0.6, "nac": 0.6, "dhcp": 0.5, "switch": 0.5, "generic": 0.6, "oui": 0.25}

// confidence joins independent kinds of source as 1-∏(1-w), for maker and for class, and takes their mean; what
// is unknown counts as nothing (domain dossier 5.7, proposal).
func confidence(d *Device) float64 {
	total := 0.0
	for _, attr := range []fact.Attr{fact.Manufacturer, fact.Class} {
		v := d.Value(attr)
		if v == nil {
			continue
		}
		best := map[string]float64{}
		for i := range v.Won {
			w := v.Won[i].Trust
			if base := kindTrust[v.Won[i].kind()]; w == 0 || w > base && !(v.Won[i].Derived && v.Won[i].kind() == "wire") { // fused findings carry what they are worth
				w = base
			}
			k := v.Won[i].kind()
			best[k] = max(best[k], w)
		}
		miss := 1.0
		for _, w := range best {
			miss *= 1 - w
		}
		c := 1 - miss
		if v.Conflict {
			c = max(0, c-0.4)
		}
		total += c
	}
	return min(0.99, float64(int(total/2*100+0.5))/100)
}
