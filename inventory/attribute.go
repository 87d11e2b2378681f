package inventory

import (
	"slices"
	"strings"

	"pons/fact"
	"pons/linkage"
)

// Kind is how an attribute's values are typed, compared and shown.
type Kind uint8

// The kinds of attribute.
const (
	Text   Kind = iota // compared without case, spaces and punctuation
	Exact              // compared to the letter
	Serial             // compared as linkage folds serial numbers
	Date               // 2006-01-02
	Money              // 27948.00 or 27948.00 USD
	Number
	YesNo // yes, no
	MAC
	IP
	Time // RFC 3339
)

// Attribute is one thing a device record says. Order lists kinds of source from the most to the least
// believed for this attribute; an administrator may change it. Kinds that are not listed come after.
type Attribute struct {
	Name     fact.Attr
	Title    string
	Group    string // Identity, Network, Place, Ownership, Money, Maintenance, Lifecycle
	Kind     Kind
	Multi    bool // every value counts, none wins
	Disputed bool // different values are a conflict for a person
	Order    []string
	Options  []string // for attributes with a closed list
	Editable bool     // a person may state it on the device page
}

var (
	byRecord   = []string{"person", "cmms", "cmdb", "itam", "fhir", "wire", "nac", "dhcp", "switch", "rtls", "generic", "oui"}
	byIT       = []string{"person", "cmdb", "itam", "cmms", "nac", "dhcp", "wire", "switch", "generic"}
	byWire     = []string{"person", "wire", "nac", "dhcp", "switch", "cmdb", "itam", "cmms", "generic"}
	bySoftware = []string{"person", "wire", "cmdb", "itam", "nac", "cmms", "generic"}
	byPlace    = []string{"person", "rtls", "cmms", "cmdb", "itam", "wire", "nac", "switch", "generic"}
)

var yesNo = []string{"yes", "no"}

// Statuses are the lifecycle states a source can report.
var Statuses = []string{"in-service", "spare", "storage", "in-repair", "missing", "retired", "loaned", "pending", "ordered", "disposed"}

// attributes is the vocabulary in the order of the device page.
var attributes = []Attribute{
	{Name: fact.Category, Title: "Category", Group: "Identity", Kind: Exact, Order: byRecord, Editable: true, Options: []string{"medical", "iot", "it", "ot", "network"}},
	{Name: fact.Class, Title: "Class", Group: "Identity", Kind: Exact, Disputed: true, Order: byRecord, Editable: true},
	{Name: fact.Manufacturer, Title: "Manufacturer", Group: "Identity", Disputed: true, Order: byRecord, Editable: true},
	{Name: fact.Model, Title: "Model", Group: "Identity", Disputed: true, Order: byRecord, Editable: true},
	{Name: fact.ModelNumber, Title: "Model number", Group: "Identity", Order: byRecord, Editable: true},
	{Name: fact.Description, Title: "Description", Group: "Identity", Order: byRecord, Editable: true},
	{Name: fact.Serial, Title: "Serial number", Group: "Identity", Kind: Serial, Disputed: true, Order: byRecord, Editable: true},
	{Name: fact.ControlNumber, Title: "Control number", Group: "Identity", Kind: Exact, Multi: true, Order: byRecord, Editable: true},
	{Name: fact.AssetTag, Title: "Asset tag", Group: "Identity", Kind: Exact, Multi: true, Order: byIT, Editable: true},
	{Name: fact.UDIDI, Title: "UDI-DI", Group: "Identity", Kind: Exact, Disputed: true, Order: byRecord, Editable: true},
	{Name: fact.UDI, Title: "UDI", Group: "Identity", Kind: Exact, Order: byRecord},
	{Name: fact.ProductCode, Title: "FDA product code", Group: "Identity", Kind: Exact, Order: byRecord, Editable: true},
	{Name: fact.GMDN, Title: "GMDN code", Group: "Identity", Kind: Exact, Order: byRecord},
	{Name: fact.UMDNS, Title: "UMDNS code", Group: "Identity", Kind: Exact, Order: byRecord},
	{Name: fact.SoftwareVersion, Title: "Software version", Group: "Identity", Kind: Text, Disputed: true, Order: bySoftware, Editable: true},
	{Name: fact.OS, Title: "Operating system", Group: "Identity", Order: bySoftware, Editable: true},
	{Name: fact.OSVersion, Title: "System version", Group: "Identity", Order: bySoftware, Editable: true},
	{Name: fact.OSSupport, Title: "System support", Group: "Identity", Kind: Exact, Order: bySoftware, Options: []string{"supported", "extended", "ended", "unknown"}},

	{Name: fact.MAC, Title: "MAC addresses", Group: "Network", Kind: MAC, Multi: true, Order: byWire},
	{Name: fact.EUI64, Title: "EUI-64", Group: "Network", Kind: Exact, Multi: true, Order: byWire},
	{Name: fact.IP, Title: "IP addresses", Group: "Network", Kind: IP, Multi: true, Order: byWire},
	{Name: fact.Hostname, Title: "Hostnames", Group: "Network", Multi: true, Order: byWire},
	{Name: fact.AETitle, Title: "AE titles", Group: "Network", Kind: Exact, Multi: true, Order: byWire},
	{Name: fact.Domain, Title: "Domain", Group: "Network", Order: byWire},
	{Name: fact.VLAN, Title: "VLAN", Group: "Network", Kind: Exact, Order: byWire},
	{Name: fact.Switch, Title: "Switch", Group: "Network", Order: byWire},
	{Name: fact.Port, Title: "Switch port", Group: "Network", Order: byWire},
	{Name: fact.SSID, Title: "SSID", Group: "Network", Kind: Exact, Order: byWire},
	{Name: fact.Service, Title: "Services", Group: "Network", Kind: Exact, Multi: true, Order: byWire},
	{Name: fact.Role, Title: "Role", Group: "Network", Kind: Exact, Multi: true, Order: byWire},
	{Name: fact.Practice, Title: "Insecure practices", Group: "Network", Kind: Exact, Multi: true, Order: byWire},

	{Name: fact.Site, Title: "Site", Group: "Place", Disputed: true, Order: byPlace, Editable: true},
	{Name: fact.Building, Title: "Building", Group: "Place", Disputed: true, Order: byPlace, Editable: true},
	{Name: fact.Floor, Title: "Floor", Group: "Place", Disputed: true, Order: byPlace, Editable: true},
	{Name: fact.Department, Title: "Department", Group: "Place", Disputed: true, Order: byPlace, Editable: true},
	{Name: fact.Room, Title: "Room", Group: "Place", Disputed: true, Order: byPlace, Editable: true},
	{Name: fact.Bed, Title: "Bed", Group: "Place", Order: byPlace, Editable: true},
	{Name: fact.Location, Title: "Location", Group: "Place", Order: byPlace, Editable: true},
	{Name: fact.CostCenter, Title: "Cost center", Group: "Place", Kind: Exact, Order: byRecord, Editable: true},

	{Name: fact.Owner, Title: "Owner", Group: "Ownership", Disputed: true, Order: byRecord, Editable: true},
	{Name: fact.ClinicalOwner, Title: "Clinical owner", Group: "Ownership", Disputed: true, Order: byRecord, Editable: true},
	{Name: fact.TechnicalOwner, Title: "Technical owner", Group: "Ownership", Disputed: true, Order: byIT, Editable: true},
	{Name: fact.Vendor, Title: "Vendor", Group: "Ownership", Order: byRecord, Editable: true},
	{Name: fact.Contract, Title: "Contract", Group: "Ownership", Order: byRecord, Editable: true},
	{Name: fact.ContractEnd, Title: "Contract ends", Group: "Ownership", Kind: Date, Order: byRecord, Editable: true},

	{Name: fact.Status, Title: "Lifecycle state", Group: "Lifecycle", Kind: Exact, Disputed: true, Order: byRecord, Editable: true, Options: Statuses},
	{Name: fact.Criticality, Title: "Criticality", Group: "Lifecycle", Kind: Exact, Disputed: true, Order: byRecord, Editable: true, Options: []string{"high", "medium", "low"}},
	{Name: fact.LifeSupport, Title: "Life support", Group: "Lifecycle", Kind: YesNo, Disputed: true, Order: byRecord, Editable: true, Options: yesNo},
	{Name: fact.StoresEPHI, Title: "Stores ePHI", Group: "Lifecycle", Kind: YesNo, Disputed: true, Order: byRecord, Editable: true, Options: yesNo},
	{Name: fact.RiskScore, Title: "EM score", Group: "Lifecycle", Kind: Number, Order: byRecord},
	{Name: fact.AcquiredOn, Title: "Acquired", Group: "Money", Kind: Date, Disputed: true, Order: byRecord, Editable: true},
	{Name: fact.AcquiredCost, Title: "Acquisition cost", Group: "Money", Kind: Money, Disputed: true, Order: byRecord, Editable: true},
	{Name: fact.InServiceOn, Title: "In service since", Group: "Lifecycle", Kind: Date, Order: byRecord, Editable: true},
	{Name: fact.WarrantyEnd, Title: "Warranty ends", Group: "Money", Kind: Date, Disputed: true, Order: byRecord, Editable: true},
	{Name: fact.ExpectedLife, Title: "Expected life (years)", Group: "Lifecycle", Kind: Number, Order: byRecord, Editable: true},
	{Name: fact.RetiredOn, Title: "Retired", Group: "Lifecycle", Kind: Date, Order: byRecord, Editable: true},
	{Name: fact.InspectedOn, Title: "Incoming inspection", Group: "Maintenance", Kind: Date, Order: byRecord},
	{Name: fact.PMInterval, Title: "PM interval (months)", Group: "Maintenance", Kind: Number, Order: byRecord},
	{Name: fact.PMLast, Title: "PM last done", Group: "Maintenance", Kind: Date, Order: byRecord},
	{Name: fact.PMNext, Title: "PM next due", Group: "Maintenance", Kind: Date, Order: byRecord},
	{Name: fact.PMProcedure, Title: "PM procedure", Group: "Maintenance", Order: byRecord},
	{Name: fact.Parent, Title: "Part of", Group: "Identity", Kind: Exact, Order: byRecord, Editable: true},
	{Name: fact.Notes, Title: "Notes", Group: "Lifecycle", Multi: true, Order: byRecord, Editable: true},
	{Name: fact.FirstSeen, Title: "First seen", Group: "Network", Kind: Time, Multi: true, Order: byWire},
	{Name: fact.LastSeen, Title: "Last seen", Group: "Network", Kind: Time, Multi: true, Order: byWire},
}

// vocabulary is the place of each attribute in the list: a constant table.
var vocabulary = func() map[fact.Attr]int {
	m := make(map[fact.Attr]int, len(attributes))
	for i := range attributes {
		m[attributes[i].Name] = i
	}
	return m
}()

// Attributes returns the vocabulary in the order of the device page.
func Attributes() []Attribute { return slices.Clone(attributes) }

// AttributeNamed finds an attribute of the vocabulary; a custom attribute ("custom.mri_zone") is a text that
// people may edit.
func AttributeNamed(name fact.Attr) (Attribute, bool) {
	if i, ok := vocabulary[name]; ok {
		return attributes[i], true
	}
	if custom, ok := strings.CutPrefix(string(name), fact.CustomPrefix); ok && custom != "" {
		return Attribute{Name: name, Title: custom, Group: "Custom", Order: byRecord, Disputed: true, Editable: true}, true
	}
	return Attribute{}, false
}

// fold brings a value to the text by which two sources are said to agree.
func (a *Attribute) fold(v string) string {
	switch a.Kind {
	case Text:
		return linkage.FoldPlace(v)
	case Serial:
		if s := linkage.FoldSerial(v); s != "" {
			return s
		}
	case Number:
		return strings.TrimSuffix(strings.TrimSuffix(v, "0"), ".")
	}
	return v
}

// rank is the place of a kind of source in an order; kinds not listed share the place before a maker guessed
// from a MAC prefix, which is always last.
func rank(order []string, kind string) int {
	if i := slices.Index(order, kind); i >= 0 {
		return i
	}
	if kind == "oui" {
		return len(order) + 1
	}
	return len(order)
}

// Precedence holds the orders of sources that an administrator changed.
type Precedence map[fact.Attr][]string

func (p Precedence) order(a *Attribute) []string {
	if o, ok := p[a.Name]; ok {
		return o
	}
	return a.Order
}
