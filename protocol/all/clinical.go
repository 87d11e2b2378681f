package all

import (
	"pons/protocol"
	"pons/protocol/dicom"
	"pons/protocol/hl7"
)

// clinical are the protocols of medical devices.
func clinical() []protocol.Parser {
	return []protocol.Parser{dicom.Parser(), hl7.Parser()}
}

// clinicalByPort are those of them that need a port to be sure.
func clinicalByPort() []protocol.Parser {
	return []protocol.Parser{}
}
