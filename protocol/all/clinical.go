package all

import (
	"pons/protocol"
	"pons/protocol/astm"
	"pons/protocol/carescape"
	"pons/protocol/dicom"
	"pons/protocol/hl7"
	"pons/protocol/intellivue"
	"pons/protocol/medibus"
	"pons/protocol/poct1a"
)

// clinical are the protocols of medical devices.
func clinical() []protocol.Parser {
	return []protocol.Parser{dicom.Parser(), hl7.Parser(), astm.Parser(), poct1a.Parser(), intellivue.Parser(), medibus.Parser()}
}

// clinicalByPort are those of them that need a port to be sure.
func clinicalByPort() []protocol.Parser {
	return []protocol.Parser{carescape.Parser()}
}
