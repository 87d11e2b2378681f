package all

import (
	"pons/protocol"
	"pons/protocol/bacnet"
	"pons/protocol/cip"
	"pons/protocol/coap"
	"pons/protocol/dnp3"
	"pons/protocol/fins"
	"pons/protocol/fox"
	"pons/protocol/hartip"
	"pons/protocol/iec104"
	"pons/protocol/knx"
	"pons/protocol/lantronix"
	"pons/protocol/modbus"
	"pons/protocol/moxa"
	"pons/protocol/opcua"
	"pons/protocol/profinet"
	"pons/protocol/s7"
	"pons/protocol/sics"
)

// plant are the protocols of buildings and plant.
func plant() []protocol.Parser {
	return []protocol.Parser{profinet.Parser(), bacnet.Parser(), dnp3.Parser(), opcua.Parser(), s7.Parser(), knx.Parser(), fox.Parser(), fins.Parser(), sics.Parser()}
}

// plantByPort are those of them that need a port to be sure.
func plantByPort() []protocol.Parser {
	return []protocol.Parser{cip.Parser(), modbus.Parser(), iec104.Parser(), lantronix.Parser(), moxa.Parser(), coap.Parser(), hartip.Parser()}
}
