package all

import (
	"pons/protocol"
	"pons/protocol/bacnet"
	"pons/protocol/cip"
	"pons/protocol/modbus"
	"pons/protocol/s7"
)

// plant are the protocols of buildings and plant.
func plant() []protocol.Parser {
	return []protocol.Parser{bacnet.Parser(), s7.Parser()}
}

// plantByPort are those of them that need a port to be sure.
func plantByPort() []protocol.Parser {
	return []protocol.Parser{cip.Parser(), modbus.Parser()}
}
