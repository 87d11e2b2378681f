package all

import (
	"pons/protocol"
	"pons/protocol/http"
)

// text are the protocols of sessions, mail, voice, video, printing and telemetry.
func text() []protocol.Parser {
	return []protocol.Parser{http.Parser()}
}

// textByPort are those of them that need a port to be sure.
func textByPort() []protocol.Parser {
	return []protocol.Parser{}
}
