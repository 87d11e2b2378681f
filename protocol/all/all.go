// Package all lists the protocols that Pons reads, in the order in which they are asked. It decides nothing else.
package all

import (
	"pons/protocol"
	"pons/protocol/arp"
	"pons/protocol/cdp"
	"pons/protocol/dhcp"
	"pons/protocol/dicom"
	"pons/protocol/hl7"
	"pons/protocol/http"
	"pons/protocol/lldp"
	"pons/protocol/llmnr"
	"pons/protocol/mdns"
	"pons/protocol/nbns"
	"pons/protocol/snmp"
	"pons/protocol/tls"
)

// Parsers returns every parser. Those that know their EtherType or a strong signature come first; those that need a
// port to be sure come last.
func Parsers() []protocol.Parser {
	return []protocol.Parser{
		arp.Parser(),
		lldp.Parser(),
		cdp.Parser(),
		dhcp.Parser(),
		snmp.Parser(),
		dhcp.ParserV6(),
		mdns.Parser(),
		llmnr.Parser(),
		nbns.Parser(),
		dicom.Parser(),
		hl7.Parser(),
		http.Parser(),
		tls.Parser(),
	}
}
