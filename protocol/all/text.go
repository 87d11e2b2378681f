package all

import (
	"pons/protocol"
	"pons/protocol/ftp"
	"pons/protocol/http"
	"pons/protocol/imap"
	"pons/protocol/mqtt"
	"pons/protocol/mysql"
	"pons/protocol/ntp"
	"pons/protocol/openvpn"
	"pons/protocol/pop3"
	"pons/protocol/postgres"
	"pons/protocol/quic"
	"pons/protocol/rfb"
	"pons/protocol/rtsp"
	"pons/protocol/sip"
	"pons/protocol/smtp"
	"pons/protocol/socks"
	"pons/protocol/ssh"
	"pons/protocol/stun"
	"pons/protocol/syslog"
	"pons/protocol/telnet"
)

// text are the protocols of sessions, mail, voice, video, printing and telemetry.
func text() []protocol.Parser {
	return []protocol.Parser{http.Parser(), ssh.Parser(), quic.Parser(), rtsp.Parser(), sip.Parser(), mqtt.Parser(), rfb.Parser(), stun.Parser(), mysql.Parser(), postgres.Parser(), openvpn.Parser()}
}

// textByPort are those of them that need a port to be sure, at least for some of what they read.
func textByPort() []protocol.Parser {
	return []protocol.Parser{ntp.Parser(), socks.Parser(), syslog.Parser(), ftp.Parser(), smtp.Parser(), pop3.Parser(), imap.Parser(), telnet.Parser()}
}
