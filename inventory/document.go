package inventory

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"pons/fact"
)

// Document is a device as the command line prints it: shared/CONTRACTS.md of the house, field by field. What
// is not known is absent or empty, never guessed.
type Document struct {
	ID             string            `json:"id"`
	Name           string            `json:"name"`
	Category       string            `json:"category"`
	Class          string            `json:"class"`
	Manufacturer   string            `json:"manufacturer"`
	Model          string            `json:"model"`
	Version        string            `json:"version"`
	OS             string            `json:"os"`
	OSVersion      string            `json:"os_version,omitempty"`
	OSSupport      string            `json:"os_support,omitempty"` // supported, extended, ended, unknown
	Roles          []string          `json:"roles,omitempty"`      // server, client
	Practices      []string          `json:"practices,omitempty"`  // insecure ones that were seen
	Serial         string            `json:"serial"`
	UDIDI          string            `json:"udi_di"`
	MACs           []string          `json:"macs"`
	IPs            []string          `json:"ips"`
	Hostnames      []string          `json:"hostnames"`
	AETitles       []string          `json:"ae_titles,omitempty"`
	Confidence     float64           `json:"confidence"`
	FirstSeen      *time.Time        `json:"first_seen,omitempty"`
	LastSeen       *time.Time        `json:"last_seen,omitempty"`
	Services       []DocumentService `json:"services"`
	Owner          string            `json:"owner,omitempty"`
	ClinicalOwner  string            `json:"clinical_owner,omitempty"`
	TechnicalOwner string            `json:"technical_owner,omitempty"`
	Location       *DocumentPlace    `json:"location,omitempty"`
	System         *DocumentSystem   `json:"system,omitempty"`
	Criticality    string            `json:"criticality,omitempty"`
	LifeSupport    string            `json:"life_support,omitempty"`
	State          string            `json:"lifecycle_state,omitempty"`
	Attributes     map[string]string `json:"attributes,omitempty"` // every other winning value
	Conflicts      []string          `json:"conflicts,omitempty"`
	Queues         []string          `json:"queues,omitempty"`
	Records        []DocumentRecord  `json:"records,omitempty"`
	Facts          []DocumentFact    `json:"facts"`
}

// DocumentService is a service that the device offers or uses.
type DocumentService struct {
	Transport string `json:"transport"`
	Port      int    `json:"port"`
	Protocol  string `json:"protocol"`
	Role      string `json:"role"`
}

// DocumentPlace is where the device is.
type DocumentPlace struct {
	Site       string `json:"site,omitempty"`
	Building   string `json:"building,omitempty"`
	Floor      string `json:"floor,omitempty"`
	Department string `json:"department,omitempty"`
	Room       string `json:"room,omitempty"`
	Bed        string `json:"bed,omitempty"`
	Text       string `json:"text,omitempty"`
}

// DocumentSystem is the medical system that the device belongs to.
type DocumentSystem struct {
	Name  string   `json:"name"`
	Whole string   `json:"whole,omitempty"` // id of the device that the parts name, where it is more than a name
	Parts []string `json:"parts"`           // ids of all members, the whole among them
}

// DocumentRecord is a row of a source that the device is made of.
type DocumentRecord struct {
	Source string     `json:"source"`
	File   string     `json:"file,omitempty"`
	Row    int        `json:"row,omitempty"`
	Key    string     `json:"key"`
	Absent *time.Time `json:"not_in_source_since,omitempty"`
}

// DocumentFact is one statement about the device. Won is absent for raw observations of the wire.
type DocumentFact struct {
	Attr    string    `json:"attr"`
	Value   string    `json:"value"`
	Source  string    `json:"source"`
	Trust   float64   `json:"trust"`
	At      time.Time `json:"at"`
	Because string    `json:"because"`
	Won     *bool     `json:"won,omitempty"`
}

var queueNames = []struct {
	flag Flags
	name string
}{
	{FlagConflict, "conflict"}, {FlagDuplicate, "duplicate"}, {FlagUnseen, "unseen"}, {FlagUnrecorded, "unrecorded"},
	{FlagNoOwner, "no-owner"}, {FlagNoPlace, "no-location"}, {FlagUnclassified, "unclassified"}, {FlagAbsent, "absent"},
}

// Names lists the queues that the flags stand for.
func (f Flags) Names() []string {
	var out []string
	for _, q := range queueNames {
		if f&q.flag != 0 {
			out = append(out, q.name)
		}
	}
	return out
}

// Document renders the device for other programs.
func (d *Device) Document() *Document {
	doc := &Document{ID: d.ID, Name: d.Name(), Category: d.Get(fact.Category), Class: d.Get(fact.Class), Manufacturer: d.Get(fact.Manufacturer),
		Model: d.Get(fact.Model), Version: d.Get(fact.SoftwareVersion), OS: d.Get(fact.OS), OSVersion: d.Get(fact.OSVersion),
		OSSupport: d.Get(fact.OSSupport), Roles: d.All(fact.Role), Practices: d.All(fact.Practice), Serial: d.Get(fact.Serial), UDIDI: d.Get(fact.UDIDI),
		MACs: list(d.All(fact.MAC)), IPs: list(d.All(fact.IP)), Hostnames: list(d.All(fact.Hostname)), AETitles: d.All(fact.AETitle),
		Confidence: d.Confidence, FirstSeen: moment(d.FirstSeen), LastSeen: moment(d.LastSeen), Services: []DocumentService{},
		Owner: d.Get(fact.Owner), ClinicalOwner: d.Get(fact.ClinicalOwner), TechnicalOwner: d.Get(fact.TechnicalOwner),
		Criticality: d.Get(fact.Criticality), LifeSupport: d.Get(fact.LifeSupport), State: d.Get(fact.Status), Queues: d.Flags.Names(), Facts: []DocumentFact{}}
	if doc.Category == "" {
		doc.Category = "unknown"
	}
	slices.Sort(doc.MACs)
	slices.Sort(doc.IPs)
	for _, s := range d.All(fact.Service) {
		parts := strings.Split(s, "/")
		if len(parts) != 4 {
			continue
		}
		port, _ := strconv.Atoi(parts[1])
		doc.Services = append(doc.Services, DocumentService{Transport: parts[0], Port: port, Protocol: parts[2], Role: parts[3]})
	}
	place := DocumentPlace{Site: d.Get(fact.Site), Building: d.Get(fact.Building), Floor: d.Get(fact.Floor), Department: d.Get(fact.Department),
		Room: d.Get(fact.Room), Bed: d.Get(fact.Bed), Text: d.Get(fact.Location)}
	if place != (DocumentPlace{}) {
		doc.Location = &place
	}
	if d.System != nil {
		doc.System = &DocumentSystem{Name: d.System.Name}
		if d.System.Whole != nil {
			doc.System.Whole = d.System.Whole.ID
		}
		for _, m := range d.System.Members() {
			doc.System.Parts = append(doc.System.Parts, m.ID)
		}
	}
	for _, c := range d.Conflicts {
		doc.Conflicts = append(doc.Conflicts, string(c))
	}
	for _, r := range d.Records {
		doc.Records = append(doc.Records, DocumentRecord{Source: r.Source, File: r.File, Row: r.Row, Key: r.Key, Absent: moment(r.Absent)})
	}
	for i := range d.Values {
		v := &d.Values[i]
		if !inDocument[v.Attr] {
			if doc.Attributes == nil {
				doc.Attributes = map[string]string{}
			}
			doc.Attributes[string(v.Attr)] = v.Value
		}
		for j := range v.Won {
			doc.Facts = append(doc.Facts, documentFact(&v.Won[j], flag(true)))
		}
		for j := range v.Lost {
			doc.Facts = append(doc.Facts, documentFact(&v.Lost[j], flag(false)))
		}
	}
	for i := range d.Wire {
		doc.Facts = append(doc.Facts, documentFact(&d.Wire[i], nil))
	}
	return doc
}

// inDocument are the attributes that have a field of their own.
var inDocument = map[fact.Attr]bool{fact.Category: true, fact.Class: true, fact.Manufacturer: true, fact.Model: true, fact.SoftwareVersion: true, fact.OS: true, fact.OSVersion: true, fact.OSSupport: true, fact.Role: true, fact.Practice: true,
	fact.Serial: true, fact.UDIDI: true, fact.MAC: true, fact.IP: true, fact.Hostname: true, fact.AETitle: true, fact.Service: true, fact.Owner: true,
	fact.ClinicalOwner: true, fact.TechnicalOwner: true, fact.Site: true, fact.Building: true, fact.Floor: true, fact.Department: true, fact.Room: true,
	fact.Bed: true, fact.Location: true, fact.Criticality: true, fact.LifeSupport: true, fact.Status: true, fact.FirstSeen: true, fact.LastSeen: true}

func documentFact(v *Vote, won *bool) DocumentFact {
	source := string(v.Source)
	if source == "" {
		source = v.Record.Source
	}
	return DocumentFact{Attr: string(v.Attr), Value: v.Value, Source: source, Trust: v.Belief(), At: v.When(), Because: v.Because, Won: won}
}

func list(s []string) []string { return append([]string{}, s...) }

func flag(b bool) *bool { return &b }

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
