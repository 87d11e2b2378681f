package all

import (
	"pons/protocol"
	"pons/protocol/dcerpc"
	"pons/protocol/dns"
	"pons/protocol/eapol"
	"pons/protocol/kerberos"
	"pons/protocol/ldap"
	"pons/protocol/llmnr"
	"pons/protocol/mdns"
	"pons/protocol/nbns"
	"pons/protocol/radius"
	"pons/protocol/rdp"
	"pons/protocol/smb"
	"pons/protocol/ssdp"
	"pons/protocol/tds"
	"pons/protocol/wsd"
)

// windows are the protocols of names, directories and Windows networks.
func windows() []protocol.Parser {
	return []protocol.Parser{mdns.Parser(), llmnr.Parser(), nbns.Parser(), smb.Parser(), smb.Browser(), dcerpc.Parser(), ldap.Parser(), kerberos.Parser(),
		rdp.Parser(), tds.Parser(), tds.Browser(), radius.Parser(), eapol.Parser(), ssdp.Parser(), wsd.Parser()}
}

// windowsByPort are those of them that need a port to be sure.
func windowsByPort() []protocol.Parser {
	return []protocol.Parser{dns.Parser()}
}
