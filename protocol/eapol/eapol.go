// Package eapol reads the login of hosts to a switch or an access point (IEEE 802.1X, RFC 3748). It decides which part
// a host plays and which methods it uses. Identities are people's and are passed over, but for machines that log in as
// such.
package eapol

import (
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of the sender.
const (
	Role      fact.Attr = "eapol.role"   // supplicant, authenticator
	Method    fact.Attr = "eapol.method" // "peap", "tls", "md5"; "mka" for keys of MACsec
	Principal fact.Attr = "eapol.principal_host"
)

const etherType = 0x888e

// Kinds of packets (IEEE 802.1X-2020 §11.3.2).
const (
	eap    = 0
	start  = 1
	logoff = 2
	key    = 3
	mka    = 5
)

// Codes of EAP (RFC 3748 §4).
const (
	request  = 1
	response = 2
	success  = 3
	failure  = 4
)

var errMalformed = errors.New("eapol: malformed")

// methodOf names the methods that are met (IANA, EAP method types); 1 to 3 are no methods.
func methodOf(kind byte) string {
	switch kind {
	case 4:
		return "md5"
	case 5:
		return "otp"
	case 6:
		return "gtc"
	case 13:
		return "tls"
	case 17:
		return "leap"
	case 18:
		return "sim"
	case 21:
		return "ttls"
	case 23:
		return "aka"
	case 25:
		return "peap"
	case 26:
		return "mschapv2"
	case 43:
		return "fast"
	case 50:
		return "aka-prime"
	case 52:
		return "pwd"
	case 55:
		return "teap"
	case 254:
		return "wps"
	}
	if kind < 4 {
		return ""
	}
	return strconv.Itoa(int(kind))
}

// Parser claims frames of IEEE 802.1X.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "eapol", Doc: "IEEE 802.1X: who logs in to the network, who lets in, and by which method",
		Attrs: []fact.Attr{Role, Method, Principal},
		Over:  []protocol.Transport{protocol.Link},
		Claims: func(o protocol.Opening) bool {
			return o.Transport == protocol.Link && o.EtherType == etherType && len(o.First) >= 4 && o.First[0] <= 3 && o.First[1] <= 8
		},
		New: func(o protocol.Opening) protocol.Conversation { return conversation{o.Client.Key()} },
	}
}

type conversation struct{ sender fact.Key }

// Next reads one frame: version, kind, length 2, contents.
func (c conversation) Next(_ time.Time, _ protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if len(b) < 4 || 4+int(binary.BigEndian.Uint16(b[2:])) > len(b) {
		return 0, errMalformed
	}
	body := b[4 : 4+int(binary.BigEndian.Uint16(b[2:]))]
	say := func(a fact.Attr, v, because string) {
		if v != "" {
			emit(fact.Fact{Subject: c.sender, Attr: a, Value: v, Because: because})
		}
	}
	switch b[1] {
	case start, logoff:
		say(Role, "supplicant", "start or logoff")
	case mka:
		say(Method, "mka", "key agreement")
	case eap:
		return len(b), c.eap(body, say)
	}
	return len(b), nil
}

// eap: code, identifier, length 2, then of requests and responses kind and data.
func (c conversation) eap(b []byte, say func(fact.Attr, string, string)) error {
	if len(b) < 4 || int(binary.BigEndian.Uint16(b[2:])) > len(b) || binary.BigEndian.Uint16(b[2:]) < 4 {
		return errMalformed
	}
	b = b[:binary.BigEndian.Uint16(b[2:])]
	role := "authenticator"
	switch b[0] {
	case request, success, failure:
	case response:
		role = "supplicant"
	default:
		return errMalformed
	}
	say(Role, role, "EAP")
	if len(b) < 5 || b[0] > response {
		return nil
	}
	say(Method, methodOf(b[4]), "EAP")
	if b[0] == response && b[4] == 1 {
		if s := string(b[5:]); machine(s) {
			say(Principal, s, "EAP identity of a machine")
		}
	}
	return nil
}

// machine tells identities of machines: service principals and accounts that end with $.
func machine(s string) bool {
	if strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }) >= 0 {
		return false
	}
	return len(s) > 5 && strings.EqualFold(s[:5], "host/") || len(s) > 1 && s[len(s)-1] == '$'
}
