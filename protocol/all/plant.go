package all

import (
	"pons/protocol"
	"pons/protocol/bacnet"
)

// plant are the protocols of buildings and plant.
func plant() []protocol.Parser {
	return []protocol.Parser{bacnet.Parser()}
}

// plantByPort are those of them that need a port to be sure.
func plantByPort() []protocol.Parser {
	return []protocol.Parser{}
}
