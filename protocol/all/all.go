// Package all lists the protocols that Pons reads, in the order in which they are asked. It decides nothing else.
package all

import (
	"slices"

	"pons/protocol"
	"pons/protocol/arp"
	"pons/protocol/cdp"
	"pons/protocol/dhcp"
	"pons/protocol/lldp"
	"pons/protocol/snmp"
	"pons/protocol/tls"
)

// Parsers returns every parser. Those that know their EtherType or a strong signature come first; those that need a
// port to be sure come last.
func Parsers() []protocol.Parser {
	return slices.Concat(link(), windows(), text(), clinical(), plant(), []protocol.Parser{tls.Parser(), tls.ParserDTLS()}, windowsByPort(), textByPort(), clinicalByPort(), plantByPort())
}

// link are the protocols that speak of the link and of addresses.
func link() []protocol.Parser {
	return []protocol.Parser{arp.Parser(), lldp.Parser(), cdp.Parser(), dhcp.Parser(), snmp.Parser(), dhcp.ParserV6()}
}
