// Package truth holds what independent decoders say of the hosts in captures, in the words of CONTRACTS.md, and
// compares it with what Pons says. It decides what counts as found, as missed and as said of the wrong host, and
// where the two accounts differ by decision (apart.go); it reads no protocol itself.
package truth

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"pons/fact"
	"pons/fault"
)

// Claim is one value that a decoder ties to one host of one capture.
type Claim struct {
	File    string // path of the capture
	MAC, IP string // either may be empty
	Field   string // the decoder's own word
	Attrs   []fact.Attr
	Pieces  []string // parts that must all be found, each inside one value of one of Attrs
	Any     bool     // one of Pieces is enough

	// Forbidden values are people or credentials: Pons must state them nowhere.
	Forbidden bool
}

// Family is the attribute under which a claim is counted.
func (c *Claim) Family() fact.Attr { return c.Attrs[0] }

// Value is the claim's value in one line.
func (c *Claim) Value() string { return oneLine(strings.Join(c.Pieces, " ")) }

// fields maps tshark's fields to the attributes that may hold them. What stands in neither list is no identity:
// snmp.value.octets (values without the object they are of), ldap.baseObject, s7comm.data.returncode.
var fields = map[string][]fact.Attr{
	"dhcp.option.hostname":                  {"dhcp.hostname"},
	"dhcp.option.vendor_class_id":           {"dhcp.vendor_class"},
	"dhcp.option.request_list_item":         {"dhcp.param_list"},
	"nbns.name":                             {"nbns.name"},
	"browser.server":                        {"nbns.name", "smb.browser_name", "nbns.group", "browser.name"},
	"lldp.tlv.system.name":                  {"lldp.system_name"},
	"lldp.tlv.system.desc":                  {"lldp.system_description"},
	"cdp.deviceid":                          {"cdp.device_id"},
	"cdp.platform":                          {"cdp.platform"},
	"cdp.software_version":                  {"cdp.version"},
	"snmp.community":                        {"snmp.cleartext_community"},
	"dns.ptr.domain_name":                   {"mdns.service", "mdns.name"},
	"dns.txt":                               {"mdns.txt"},
	"http.user_agent":                       {"http.user_agent"},
	"http.server":                           {"http.server"},
	"tls.handshake.extensions_server_name":  {"tls.sni"},
	"tls.handshake.ja3":                     {"tls.ja3"},
	"tls.handshake.ja3s":                    {"tls.ja3s"},
	"x509sat.uTF8String":                    {"tls.cert_subject", "tls.cert_issuer"},
	"x509sat.printableString":               {"tls.cert_subject", "tls.cert_issuer"},
	"ftp.response.arg":                      {"ftp.banner"},
	"ssh.protocol":                          {"ssh.banner"},
	"smb.native_os":                         {"smb.native_os"},
	"smb.native_lanman":                     {"smb.native_lanman"},
	"ntlmssp.auth.hostname":                 {"ntlm.computer"},
	"ntlmssp.version.build_number":          {"ntlm.os_version"},
	"kerberos.CNameString":                  {"kerberos.principal_host"},
	"rdp.client.name":                       {"rdp.client_name"},
	"mqtt.clientid":                         {"mqtt.client_id"},
	"sip.User-Agent":                        {"sip.user_agent"},
	"sip.Server":                            {"sip.user_agent", "sip.server"},
	"syslog.msg":                            {"syslog.hostname"},
	"bacapp.object_name":                    {"bacnet.object_name"},
	"bacapp.vendor_identifier":              {"bacnet.vendor_id"},
	"opcua.ApplicationUri":                  {"opcua.application_uri"},
	"pn_dcp.suboption_device_nameofstation": {"profinet.name_of_station"},

	// Beyond the shared account, for what Extract asks of other captures.
	"dhcpv6.vendorclass.data": {"dhcpv6.vendor_class"},
	"lldp.chassis.id.mac":     {"lldp.chassis_id"},
	"lldp.port.id.mac":        {"lldp.port_id"},
	"dicom.userinfo.version":  {"dicom.implementation_version"},
	"enip.lir.name":           {"cip.product_name"},
	"radius.NAS_Identifier":   {"radius.nas_id"},
	"syslog.hostname":         {"syslog.hostname"},
}

// forbidden are tshark's fields of people and credentials.
var forbidden = []string{"ftp.request.arg", "ntlmssp.auth.username", "snmp.community", "kerberos.CNameString", "syslog.msg"}

// Tshark reads an account in the shape of identity_tshark.jsonl: one capture a line, {"pcap": PATH, "hosts":
// {"MAC|IP": {FIELD: [VALUE…]}}}. Captures are looked for below dir, by as much of the end of PATH as is there; one
// that is nowhere is an error.
func Tshark(r io.Reader, dir string) (claims []Claim, err error) {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<26)
	for line := 1; sc.Scan(); line++ {
		var entry struct {
			Pcap  string
			Hosts map[string]map[string][]string
		}
		if err := json.Unmarshal(sc.Bytes(), &entry); err != nil {
			return nil, fmt.Errorf("line %d of the truth: %v: %w", line, err, fault.Invalid)
		}
		path, err := locate(dir, entry.Pcap)
		if err != nil {
			return nil, fmt.Errorf("line %d of the truth: %w", line, err)
		}
		for host, said := range entry.Hosts {
			mac, ip, _ := strings.Cut(host, "|")
			for field, values := range said {
				c := Claim{File: path, MAC: mac, IP: ip, Field: field}
				claims = append(claims, wanted(c, values)...)
				claims = append(claims, banned(c, values)...)
			}
		}
	}
	slices.SortFunc(claims, func(a, b Claim) int {
		return strings.Compare(a.File+a.MAC+a.IP+a.Field+a.Value(), b.File+b.MAC+b.IP+b.Field+b.Value())
	})
	return claims, sc.Err()
}

// locate finds a capture below dir by the end of its name.
func locate(dir, name string) (string, error) {
	for rest := filepath.ToSlash(name); rest != ""; {
		path := filepath.Join(dir, filepath.FromSlash(rest))
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path, nil
		}
		_, rest, _ = strings.Cut(rest, "/")
	}
	return "", fmt.Errorf("no capture %s below %s: %w", name, dir, fault.NotFound)
}

// rfc3164 is the head of a BSD syslog message, which tshark leaves in the text: time, host, program.
var rfc3164 = regexp.MustCompile(`^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (\S+) ([\w./-]+)(?:\[\d+\])?:`)

// wanted turns the values of a field into claims that Pons should meet. tshark joins what it saw in one frame by "|".
func wanted(c Claim, values []string) (claims []Claim) {
	c.Attrs = fields[c.Field]
	if c.Attrs == nil {
		return nil
	}
	add := func(attrs []fact.Attr, pieces ...string) {
		c.Attrs, c.Pieces = attrs, pieces
		if !slices.ContainsFunc(claims, func(o Claim) bool { return o.Family() == c.Family() && slices.Equal(o.Pieces, c.Pieces) }) {
			claims = append(claims, c)
		}
	}
	for i, v := range values {
		switch c.Field {
		case "dhcp.option.request_list_item":
			add(c.Attrs, strings.ReplaceAll(v, "|", ","))
		case "snmp.community":
			add(c.Attrs, "true")
		case "nbns.name":
			name, _, _ := strings.Cut(v, "<")
			add(c.Attrs, name)
		case "ftp.response.arg":
			if i == 0 { // the greeting; what follows is chatter
				add(c.Attrs, strings.TrimSpace(v))
			}
		case "syslog.msg":
			if head := rfc3164.FindStringSubmatch(v); head != nil {
				add([]fact.Attr{"syslog.hostname"}, head[1])
				add([]fact.Attr{"syslog.app"}, head[2])
			}
		case "kerberos.CNameString":
			for _, name := range strings.Split(v, "|") {
				if host, ok := strings.CutSuffix(name, "$"); ok {
					add(c.Attrs, host)
				}
			}
		case "x509sat.uTF8String", "x509sat.printableString":
			c.Any = true // names of a whole chain, subjects and issuers mixed: which is the leaf's is not told
			add(c.Attrs, strings.Split(v, "|")...)
		case "ntlmssp.version.build_number":
			if v != "0" { // a version that was not filled in
				add(c.Attrs, v)
			}
		case "ntlmssp.auth.hostname":
			if v != "NULL" {
				add(c.Attrs, v)
			}
		case "tls.handshake.extensions_server_name", "http.user_agent", "http.server":
			add(c.Attrs, v)
		default:
			add(c.Attrs, strings.Split(v, "|")...)
		}
	}
	return claims
}

// banned turns the values of people and credentials into claims that Pons must not meet. Short ones and words that
// hosts bear too would only be met by chance.
func banned(c Claim, values []string) (claims []Claim) {
	if !slices.Contains(forbidden, c.Field) {
		return nil
	}
	c.Attrs, c.Forbidden = []fact.Attr{fact.Attr(c.Field)}, true
	for _, v := range values {
		for _, name := range strings.Split(v, "|") {
			if len(name) >= 4 && !strings.HasSuffix(name, "$") && !slices.Contains([]string{"NULL", "WELLKNOWN", "ANONYMOUS", "anonymous", "krbtgt"}, name) {
				c.Pieces = []string{name}
				claims = append(claims, c)
			}
		}
	}
	return claims
}

// labKinds maps the kinds of the lab capture's list, by protocol.
var labKinds = map[string]fact.Attr{
	"dhcp hostname": "dhcp.hostname", "dhcp vendor_class": "dhcp.vendor_class", "dhcp param_list": "dhcp.param_list",
	"dhcp assigned_ip": "dhcp.assigned_ip",
	"snmp sysDescr":    "snmp.sys_descr", "snmp sysName": "snmp.sys_name", "snmp sysLocation": "snmp.sys_location",
	"snmp sysObjectID": "snmp.sys_object_id",
	"dicom ae_calling": "dicom.calling_ae", "dicom ae_called": "dicom.called_ae",
	"dicom impl_class_uid": "dicom.implementation_class_uid", "dicom impl_version": "dicom.implementation_version",
	"dicom manufacturer": "dicom.manufacturer", "dicom model": "dicom.model", "dicom serial": "dicom.serial",
	"dicom software": "dicom.software", "dicom station_name": "dicom.station", "dicom modality": "dicom.modality",
	"hl7 sending_app": "hl7.sending_application", "hl7 sending_facility": "hl7.sending_facility",
	"hl7 receiving_app": "hl7.receiving_application", "hl7 receiving_facility": "hl7.receiving_facility",
	"hl7 message_type": "hl7.message_type", "hl7 version": "hl7.version",
}

// Lab reads the account of a lab capture, a fact a line: {"pcap","mac","ip","proto","kind","value"}.
// Captures that are not below dir are left out: the account names others that are not part of the collection.
func Lab(r io.Reader, dir string) (claims []Claim, err error) {
	sc := bufio.NewScanner(r)
	for line := 1; sc.Scan(); line++ {
		var entry struct{ Pcap, MAC, IP, Proto, Kind, Value string }
		if err := json.Unmarshal(sc.Bytes(), &entry); err != nil {
			return nil, fmt.Errorf("line %d of the lab's truth: %v: %w", line, err, fault.Invalid)
		}
		attr, ok := labKinds[entry.Proto+" "+entry.Kind]
		if !ok {
			continue
		}
		path, err := locate(dir, entry.Pcap)
		if err != nil {
			continue
		}
		claims = append(claims, Claim{File: path, MAC: entry.MAC, IP: entry.IP, Field: entry.Proto + " " + entry.Kind,
			Attrs: []fact.Attr{attr}, Pieces: []string{entry.Value}})
	}
	return claims, sc.Err()
}

// oneLine is a value as Pons keeps it: without control characters, runs of spaces as one.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
