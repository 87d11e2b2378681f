package inventory

import (
	"net/netip"
	"strings"

	"pons/fact"
	"pons/fingerprint"
)

// wireName says which observation of the wire gives which attribute of a device, and how far it is believed
// (domain dossier 5.7, proposal).
type wireName struct {
	from  fact.Attr
	to    fact.Attr
	trust float64
	read  func(string) string // nil: as it is
}

var wireNames = []wireName{
	{"dhcp.hostname", fact.Hostname, 0.6, nil},
	{"dhcp.fqdn", fact.Hostname, 0.6, firstLabel},
	{"dhcpv6.fqdn", fact.Hostname, 0.6, firstLabel},
	{"mdns.name", fact.Hostname, 0.5, mdnsHost},
	{"nbns.name", fact.Hostname, 0.5, nil},
	{"llmnr.name", fact.Hostname, 0.4, firstLabel},
	{"ntlm.computer", fact.Hostname, 0.7, nil},
	{"snmp.sys_name", fact.Hostname, 0.6, firstLabel},
	{"lldp.system_name", fact.Hostname, 0.7, firstLabel},
	{"cdp.device_id", fact.Hostname, 0.7, firstLabel},
	{"dicom.calling_ae", fact.AETitle, 0.5, nil},
	{"dicom.serial", fact.Serial, 0.9, nil},
	{"dicom.software", fact.SoftwareVersion, 0.9, nil},
	{"lldp.med_serial", fact.Serial, 0.9, nil},
	{"lldp.med_software", fact.SoftwareVersion, 0.8, nil},
	{"lldp.med_asset_id", fact.AssetTag, 0.7, nil},
	{"hl7.udi", fact.UDI, 0.8, nil},
	{"hl7.device_id", fact.EUI64, 0.8, eui64Only},
	{"hl7.equipment_id", fact.EUI64, 0.8, eui64Only},
	{"snmp.sys_location", fact.Location, 0.5, nil},
	{"hl7.serial", fact.Serial, 0.9, nil},
	{"hl7.software", fact.SoftwareVersion, 0.9, nil},
	{"dicom.udi", fact.UDI, 0.9, nil},
	{"intellivue.serial", fact.Serial, 0.9, nil},
	{"intellivue.software", fact.SoftwareVersion, 0.8, nil},
	{"fhir.serial", fact.Serial, 0.8, nil},
	{"fhir.udi", fact.UDI, 0.8, nil},
	{"upnp.serial", fact.Serial, 0.6, nil},
	{"astm.software", fact.SoftwareVersion, 0.7, nil},
	{"astm.serial", fact.Serial, 0.8, nil},
	{"poct1a.serial", fact.Serial, 0.9, nil},
	{"poct1a.version", fact.SoftwareVersion, 0.9, nil},
	{"cip.serial", fact.Serial, 0.8, nil},
	{"s7.serial", fact.Serial, 0.9, nil},
	{"fhir.version", fact.SoftwareVersion, 0.8, nil},
	{"fhir.udi_di", fact.UDIDI, 0.9, nil},
	{"intellivue.bed_label", fact.Bed, 0.7, nil},
	{"wsd.location_bed", fact.Bed, 0.9, nil},
	{"medibus.revision", fact.SoftwareVersion, 0.9, nil},
	{"moxa.serial", fact.Serial, 0.8, nil},
	{"bacnet.serial", fact.Serial, 0.9, nil},
	{"dnp3.serial", fact.Serial, 0.8, nil},
	{"dnp3.software", fact.SoftwareVersion, 0.8, nil},
	{"snmp.ent_serial", fact.Serial, 0.8, nil},
	{"snmp.printer_serial", fact.Serial, 0.9, nil},
	{"snmp.ent_software", fact.SoftwareVersion, 0.7, nil},
	{"rdp.client_name", fact.Hostname, 0.6, nil},
	{"smb.server_name", fact.Hostname, 0.5, firstLabel},
	{"kerberos.principal_host", fact.Hostname, 0.6, firstLabel},
	{"fox.host_name", fact.Hostname, 0.6, hostLabel},
	{"tds.client_name", fact.Hostname, 0.5, firstLabel},
	{"snmp.printer_name", fact.Hostname, 0.5, hostLabel},
	{"fox.app_version", fact.SoftwareVersion, 0.8, nil},
	{"opcua.version", fact.SoftwareVersion, 0.7, nil},
	{"s7.version", fact.SoftwareVersion, 0.8, nil},
	{"fins.version", fact.SoftwareVersion, 0.8, nil},
	{"cip.revision", fact.SoftwareVersion, 0.7, nil},
	{"sics.software", fact.SoftwareVersion, 0.8, nil},
	{"sics.serial", fact.Serial, 0.9, nil},
	{"knx.serial", fact.Serial, 0.8, nil},
	{"dhcp.vendor_serial", fact.Serial, 0.7, nil},
	{"ipp.firmware", fact.SoftwareVersion, 0.8, nil},
	{"hl7.firmware", fact.SoftwareVersion, 0.7, nil}, // where no software is named, which is believed more
	{"intellivue.firmware", fact.SoftwareVersion, 0.6, nil},
	{"snmp.ups_software", fact.SoftwareVersion, 0.8, nil},
}

// wireNamesOf finds the rows of an observation: a constant table.
var wireNamesOf = func() map[fact.Attr][]*wireName {
	m := map[fact.Attr][]*wireName{}
	for i := range wireNames {
		m[wireNames[i].from] = append(m[wireNames[i].from], &wireNames[i])
	}
	return m
}()

// observed says whether an attribute is a raw observation of the wire: its name has a family.
func observed(attr fact.Attr) bool { return strings.IndexByte(string(attr), '.') >= 0 }

func firstLabel(s string) string {
	s, _, _ = strings.Cut(s, ".")
	return s
}

// hostLabel is a host's name by its first label; an address is none.
func hostLabel(s string) string {
	if _, err := netip.ParseAddr(s); err == nil || strings.ContainsAny(s, " \t") {
		return ""
	}
	return firstLabel(s)
}

// mdnsHost keeps host names ("printer.local") and leaves service instances ("Bed 3._ipp._tcp.local") alone.
func mdnsHost(s string) string {
	host, ok := strings.CutSuffix(strings.TrimSuffix(s, "."), ".local")
	if !ok || strings.Contains(host, ".") || strings.HasPrefix(host, "_") {
		return ""
	}
	return host
}

func eui64Only(s string) string {
	for _, part := range strings.Split(s, "^") {
		if e, ok := fact.ParseEUI64(part); ok {
			return e
		}
	}
	return ""
}

// modalityClass is the class of device that makes images of a DICOM modality (PS3.3 C.7.3.1.1.1).
var modalityClass = map[string]string{"CT": "ct", "MR": "mri", "US": "ultrasound", "MG": "mammography", "XA": "angiography", "RF": "fluoroscopy",
	"CR": "cr-reader", "DX": "x-ray", "PT": "pet-ct", "ECG": "ecg"}

// finding is what one observation says of a device: a reading of the protocol's own field, or a rule's.
type finding struct {
	attr  fact.Attr
	value string
	kind  string // of evidence: findings of one kind are one witness
	trust float64
	from  *Statement // the observation
	why   string     // "dicom.model", "rule windows/msft: dhcp.vendor_class MSFT 5.0"
}

func (f *finding) because() string { return f.why + ", " + f.from.Because }

// reading is an observation whose value names a maker or a model in a field made for it, or may name one.
var readings = map[fact.Attr]struct {
	attr fact.Attr
	free bool // a text in which the catalogue must know a model
}{
	"hl7.equipment_id": {fact.Model, true}, "hl7.device_id": {fact.Model, true}, "http.user_agent": {fact.Model, true},
	"dicom.manufacturer": {fact.Manufacturer, false}, "lldp.med_manufacturer": {fact.Manufacturer, false}, "snmp.ent_manufacturer": {fact.Manufacturer, false},
	"dicom.model": {fact.Model, false}, "lldp.med_model": {fact.Model, false}, "ipp.make_and_model": {fact.Model, false}, "astm.model": {fact.Model, false},
	"poct1a.model": {fact.Model, false}, "snmp.ent_model": {fact.Model, false}, "intellivue.model": {fact.Model, false},
	"hl7.manufacturer": {fact.Manufacturer, false}, "hl7.model": {fact.Model, false}, "fhir.manufacturer": {fact.Manufacturer, false}, "fhir.model": {fact.Model, false},
	"intellivue.manufacturer": {fact.Manufacturer, false}, "poct1a.manufacturer": {fact.Manufacturer, false}, "astm.manufacturer": {fact.Manufacturer, false},
	"upnp.manufacturer": {fact.Manufacturer, false}, "medibus.model": {fact.Model, false},
	"poct1a.vendor": {fact.Manufacturer, false}, "opcua.manufacturer": {fact.Manufacturer, false}, "dnp3.vendor": {fact.Manufacturer, false}, "dnp3.product": {fact.Model, false},
	"profinet.vendor_name": {fact.Manufacturer, false}, "cip.vendor_name": {fact.Manufacturer, false}, "moxa.model": {fact.Model, false},
	"http.title": {fact.Model, true}, "dhcp.vendor_class": {fact.Model, true}, "snmp.sys_descr": {fact.Model, true}, "lldp.system_description": {fact.Model, true},
	"cdp.platform": {fact.Model, true}, "upnp.model": {fact.Model, true},
	"snmp.ups_manufacturer": {fact.Manufacturer, false}, "snmp.ups_model": {fact.Model, false}, "fins.model": {fact.Model, false}, "sics.model": {fact.Model, false},
	"modbus.model": {fact.Model, false}, "profinet.type_of_station": {fact.Model, false}, "opcua.product_name": {fact.Model, true}, "s7.module_type": {fact.Model, false},
}

// readWire adds the attributes that wire observations give, and finds what else they say: maker and model are the ones
// most believed, unless the source states them itself. stated says whether a fact is the source's own.
func (n *Normalizer) readWire(said []Statement, maker, model **fact.Fact, stated func(*fact.Fact) bool) ([]Statement, []finding) {
	seen, from := n.seen[:0], n.from[:0] // what was observed, and of each its statement
	look := func(i int, attr fact.Attr, value string) {
		seen = fingerprint.AppendExpanded(seen, fingerprint.Observation{Attr: attr, Value: value})
		for len(from) < len(seen) {
			from = append(from, i)
		}
	}
	roles := [2]struct {
		name string
		at   int // the statement, 0: none of them
	}{{name: "client"}, {name: "server"}}
	for i := range len(said) { // what is appended below is not looked at again
		s := &said[i]
		switch {
		case s.Attr == fact.Service:
			look(i, s.Attr, s.Value)
			role := s.Value[strings.LastIndexByte(s.Value, '/')+1:]
			for j := range roles {
				if roles[j].name == role && roles[j].at == 0 {
					roles[j].at = i + 1
				}
			}
			continue
		case s.Attr == fact.MAC:
			if name, ok := fingerprint.Maker(s.Value); ok {
				look(i, "oui", name)
			}
			continue
		case s.Attr == fact.Hostname:
			look(i, s.Attr, s.Value)
			continue
		case !observed(s.Attr):
			continue
		}
		look(i, s.Attr, s.Value)
		for _, w := range wireNamesOf[s.Attr] {
			s, v := &said[i], said[i].Value
			if w.read != nil {
				v = w.read(v)
			}
			if v == "" || fact.Placeholder(v) {
				continue
			}
			said = append(said, Statement{Attr: w.to, Value: v, Source: s.Source, Trust: w.trust, At: s.At, Derived: true, Because: string(s.Attr) + ", " + s.Because})
			if w.to == fact.Hostname || w.to == fact.AETitle {
				look(i, w.to, v)
			}
		}
	}
	for _, role := range roles {
		if role.at > 0 {
			s := &said[role.at-1]
			said = append(said, Statement{Attr: fact.Role, Value: role.name, Source: s.Source, Trust: s.Trust, At: s.At, Derived: true, Because: string(fact.Service) + " " + s.Value + ", " + s.Because})
		}
	}
	n.seen, n.from = seen, from
	stable := said[:len(said):len(said)] // findings point into it
	found := n.fieldFindings(stable)
	for _, hit := range n.rules.Match(seen) {
		o, s := seen[hit.At], &stable[from[hit.At]]
		why := "rule " + hit.Rule.Name() + ": " + string(o.Attr) + " " + brief(o.Value)
		for _, x := range hit.Says {
			k := hit.Rule.Of(o.Attr)
			found = append(found, finding{attr: x.Attr, value: x.Value, kind: k.Name, trust: k.Weight, from: s, why: why})
		}
	}
	return n.fuse(stable, found, maker, model, stated)
}

// brief bounds a value in a reason.
func brief(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}

// productText is the part of an observation in which a product may be named: of an HL7 entity identifier its namespace
// (HL7 v2.6 2.A.28; IHE PCD puts the model there), of a program's account of itself its name. Browsers name no device.
func productText(attr fact.Attr, value string) string {
	switch attr {
	case "hl7.equipment_id", "hl7.device_id":
		parts := strings.Split(value, "^")
		if len(parts) < 2 {
			return ""
		}
		return parts[1]
	case "http.user_agent":
		name, _, _ := strings.Cut(value, "/")
		if name == "Mozilla" || len(name) > 60 || strings.ContainsAny(name, "(;") {
			return ""
		}
		return strings.NewReplacer("-", " ", "_", " ").Replace(name)
	}
	return value
}

// fieldFindings are what fields made for it say of maker, model and class.
func (n *Normalizer) fieldFindings(said []Statement) []finding {
	var found []finding
	var modality *Statement
	equipment, several := false, false
	add := func(attr fact.Attr, value string, s *Statement, trust float64) {
		if value == "" || fact.Placeholder(value) {
			return
		}
		found = append(found, finding{attr: attr, value: value, kind: fingerprint.KindOf(s.Attr).Name, trust: trust, from: s, why: string(s.Attr)})
	}
	for i := range said {
		s := &said[i]
		switch s.Attr {
		case "dicom.implementation_class_uid":
			if m, toolkit, ok := fingerprint.DICOMRoot(s.Value); ok && !toolkit {
				add(fact.Manufacturer, m, s, fingerprint.KindOf(s.Attr).Weight)
			}
		case "snmp.sys_object_id":
			if m, ok := fingerprint.EnterpriseOf(s.Value); ok {
				add(fact.Manufacturer, m, s, fingerprint.KindOf(s.Attr).Weight)
			}
		case "dicom.modality":
			several = several || modality != nil && modality.Value != s.Value
			modality = s
		}
		if !observed(s.Attr) {
			continue
		}
		r, ok := readings[s.Attr]
		if !ok {
			continue
		}
		equipment = equipment || s.Attr == "dicom.manufacturer" || s.Attr == "dicom.model"
		trust := fingerprint.KindOf(s.Attr).Weight
		if !r.free {
			add(r.attr, s.Value, s, max(trust, 0.7))
		} else if text := productText(s.Attr, s.Value); text != "" {
			if id := n.identify("", text, ""); id.ModelKnown {
				if !strings.HasPrefix(string(s.Attr), "hl7.") { // who sends results under a model's name is that model
					trust = min(trust, 0.6)
				}
				add(r.attr, text, s, trust)
			}
		}
	}
	// A host that sends images of one modality, and names itself in them as the equipment that made them, is what makes
	// such images. Modality and equipment come out of one association and are one kind of evidence; it stands alone all
	// the same, at the weight of a clinical protocol, since the standard has the two written by the acquiring device
	// (PS3.3 C.7.3, C.7.5). A host that sends several kinds is an archive or a workstation; one that names no equipment
	// passes on what others made.
	if modality != nil && !several && modalityClass[modality.Value] != "" {
		trust := 0.6
		if equipment {
			trust = trustAlone
		}
		add(fact.Class, modalityClass[modality.Value], modality, trust)
	}
	return found
}
