package inventory

import (
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
	{"lldp.med_software_revision", fact.SoftwareVersion, 0.8, nil},
	{"lldp.med_asset_id", fact.AssetTag, 0.7, nil},
	{"hl7.udi", fact.UDI, 0.8, nil},
	{"hl7.device_id", fact.EUI64, 0.8, eui64Only},
	{"hl7.equipment_id", fact.EUI64, 0.8, eui64Only},
	{"snmp.sys_location", fact.Location, 0.5, nil},
}

func firstLabel(s string) string {
	s, _, _ = strings.Cut(s, ".")
	return s
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

// windowsByNT names the release behind the NT version in a user agent (Microsoft's own table; 10.0 is also
// what Windows 11 says).
var windowsByNT = map[string]string{"5.1": "Windows XP", "6.0": "Windows Vista", "6.1": "Windows 7", "6.2": "Windows 8", "6.3": "Windows 8.1", "10.0": "Windows 10 or 11"}

// modalityClass is the class of device that makes images of a DICOM modality (PS3.3 C.7.3.1.1.1).
var modalityClass = map[string]string{"CT": "ct", "MR": "mri", "US": "ultrasound", "MG": "mammography", "XA": "angiography", "RF": "fluoroscopy",
	"CR": "cr-reader", "DX": "x-ray", "PT": "pet-ct", "ECG": "ecg"}

// classByModality adds the class of a device that sends images of one modality and names itself as their equipment. A
// host that sends several kinds is an archive or a workstation.
func classByModality(said []Statement) []Statement {
	var modality *Statement
	equipment := false
	for i := range said {
		switch s := &said[i]; s.Attr {
		case fact.Class:
			return said
		case "dicom.manufacturer", "dicom.model":
			equipment = true
		case "dicom.modality":
			if modality != nil && modality.Value != s.Value {
				return said
			}
			modality = s
		}
	}
	if modality == nil || !equipment || modalityClass[modality.Value] == "" {
		return said
	}
	return append(said, Statement{Attr: fact.Class, Value: modalityClass[modality.Value], Source: modality.Source, Trust: 0.8, At: modality.At, Derived: true,
		Because: "dicom.modality " + modality.Value + ", " + modality.Because})
}

// readWire adds the attributes that wire observations give, and finds the maker and model they name: the most
// believed, of two alike the first. stated says whether a fact is the source's own.
func (n *Normalizer) readWire(said []Statement, maker, model **fact.Fact, stated func(*fact.Fact) bool) []Statement {
	add := func(from *Statement, attr fact.Attr, value string, trust float64) {
		if value == "" || fact.Placeholder(value) {
			return
		}
		said = append(said, Statement{Attr: attr, Value: value, Source: from.Source, Trust: trust, At: from.At, Derived: true,
			Because: string(from.Attr) + ", " + from.Because})
	}
	name := func(into **fact.Fact, from *Statement, attr fact.Attr, value string, trust float64) {
		if value == "" || fact.Placeholder(value) || *into != nil && (stated(*into) || (*into).Trust >= trust) {
			return
		}
		*into = &fact.Fact{Attr: attr, Value: value, Source: from.Source, Trust: trust, At: from.At, Because: string(from.Attr) + ", " + from.Because}
	}
	for i := range said {
		s := said[i]
		for _, w := range wireNames {
			if w.from != s.Attr {
				continue
			}
			v := s.Value
			if w.read != nil {
				v = w.read(v)
			}
			add(&s, w.to, v, w.trust)
		}
		switch s.Attr {
		case "dicom.manufacturer", "lldp.med_manufacturer":
			name(maker, &s, fact.Manufacturer, s.Value, 0.9)
		case "dicom.model", "lldp.med_model", "ipp.make_and_model":
			name(model, &s, fact.Model, s.Value, 0.9)
		case "dicom.implementation_class_uid":
			if m, toolkit, ok := fingerprint.DICOMRoot(s.Value); ok && !toolkit {
				name(maker, &s, fact.Manufacturer, m, 0.9)
			}
		case "snmp.sys_object_id":
			if m, ok := fingerprint.EnterpriseOf(s.Value); ok {
				name(maker, &s, fact.Manufacturer, m, 0.7)
			}
		case "dhcp.vendor_class", "snmp.sys_descr", "lldp.system_description", "cdp.platform", "upnp.model":
			if id := n.identify("", s.Value, ""); id.ModelKnown {
				name(model, &s, fact.Model, s.Value, 0.6)
			}
			if s.Attr == "dhcp.vendor_class" && strings.HasPrefix(s.Value, "MSFT ") {
				add(&s, fact.OS, "Windows", 0.5)
			}
		case "http.user_agent":
			if _, rest, ok := strings.Cut(s.Value, "Windows NT "); ok && len(rest) >= 3 {
				version := rest[:strings.IndexFunc(rest+";", func(r rune) bool { return r != '.' && (r < '0' || r > '9') })]
				add(&s, fact.OS, windowsByNT[version], 0.6)
			}
		}
	}
	return said
}
