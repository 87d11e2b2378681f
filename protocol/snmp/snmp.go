// Package snmp reads SNMP versions 1, 2c and the open part of 3 (RFC 1157, 3416, 3412). It decides what an agent
// says of itself in the system group, the entity and printer MIBs; that a community travelled in the clear is a
// fact, the community itself is never one.
package snmp

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of an agent; CleartextCommunity is also its manager's.
const (
	SysDescr           fact.Attr = "snmp.sys_descr"
	SysObjectID        fact.Attr = "snmp.sys_object_id"
	SysName            fact.Attr = "snmp.sys_name"
	SysLocation        fact.Attr = "snmp.sys_location"
	CleartextCommunity fact.Attr = "snmp.cleartext_community"
	EntSerial          fact.Attr = "snmp.ent_serial"
	EntModel           fact.Attr = "snmp.ent_model"
	EntManufacturer    fact.Attr = "snmp.ent_manufacturer"
	EntSoftware        fact.Attr = "snmp.ent_software"
	PrinterSerial      fact.Attr = "snmp.printer_serial"
	HostDevice         fact.Attr = "snmp.host_device"
	EngineID           fact.Attr = "snmp.engine_id"
)

// attrOf names the objects that identify a device (RFC 3418, RFC 6933 with the first entity as the whole, RFC 3805,
// RFC 2790). sysContact is left out: it names people.
func attrOf(object string) fact.Attr {
	switch object {
	case "1.3.6.1.2.1.1.1.0":
		return SysDescr
	case "1.3.6.1.2.1.1.2.0":
		return SysObjectID
	case "1.3.6.1.2.1.1.5.0":
		return SysName
	case "1.3.6.1.2.1.1.6.0":
		return SysLocation
	case "1.3.6.1.2.1.47.1.1.1.1.10.1":
		return EntSoftware
	case "1.3.6.1.2.1.47.1.1.1.1.11.1":
		return EntSerial
	case "1.3.6.1.2.1.47.1.1.1.1.12.1":
		return EntManufacturer
	case "1.3.6.1.2.1.47.1.1.1.1.13.1":
		return EntModel
	case "1.3.6.1.2.1.43.5.1.1.17.1":
		return PrinterSerial
	case "1.3.6.1.2.1.25.3.2.1.3.1":
		return HostDevice
	}
	return ""
}

// PDU tags.
const (
	getRequest  = 0xa0
	getNext     = 0xa1
	getResponse = 0xa2
	setRequest  = 0xa3
	trapV1      = 0xa4
	getBulk     = 0xa5
	inform      = 0xa6
	trapV2      = 0xa7
	report      = 0xa8
)

var errMalformed = errors.New("snmp: malformed")

// Parser claims SNMP by its BER frame, on any UDP port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "snmp", Doc: "SNMP: what agents say they are, and communities in the clear",
		Attrs: []fact.Attr{SysDescr, SysObjectID, SysName, SysLocation, CleartextCommunity, EntSerial, EntModel,
			EntManufacturer, EntSoftware, PrinterSerial, HostDevice, EngineID},
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return conversation{o} },
	}
}

func claims(o protocol.Opening) bool {
	if o.Transport != protocol.UDP {
		return false
	}
	m, ok := open(o.First)
	switch {
	case !ok:
		return false
	case m.version == 3:
		return o.Server.Port == 161 || o.Server.Port == 162 || o.Client.Port != 161 // no direction by content
	case m.pdu == getResponse || m.pdu == report:
		return o.FirstDir == protocol.ToClient
	default:
		return o.FirstDir == protocol.ToServer
	}
}

// message is an SNMP message split in its parts. rest is the PDU's contents, or for version 3 what follows the
// version.
type message struct {
	version int
	pdu     byte
	rest    []byte
}

func open(b []byte) (m message, ok bool) {
	body, _, ok := expect(b, tagSequence)
	if !ok {
		return m, false
	}
	v, body, ok := expect(body, tagInteger)
	if !ok {
		return m, false
	}
	switch m.version = small(v); m.version {
	case 0, 1:
		_, body, ok = expect(body, tagOctets) // the community, which stays here
		if !ok {
			return m, false
		}
		m.pdu, m.rest, _, ok = element(body)
		return m, ok && m.pdu >= getRequest && m.pdu <= report
	case 3:
		m.rest = body
		_, body, ok = expect(body, tagSequence)
		if !ok {
			return m, false
		}
		_, _, ok = expect(body, tagOctets)
		return m, ok
	}
	return m, false
}

type conversation struct{ o protocol.Opening }

// Next reads one message.
func (c conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	m, ok := open(b)
	if !ok {
		return 0, errMalformed
	}
	sender := c.o.Client
	if d == protocol.ToClient {
		sender = c.o.Server
	}
	if m.version == 3 {
		return len(b), version3(m.rest, d, sender.Key(), emit)
	}
	emit(fact.Fact{Subject: sender.Key(), Attr: CleartextCommunity, Value: "true", Because: "version 1 or 2c message"})
	switch m.pdu {
	case getResponse, trapV2, inform, report:
		return len(b), variables(m.rest, sender.Key(), emit)
	case trapV1:
		return len(b), trap(m.rest, sender, emit)
	}
	return len(b), nil
}

// variables reads request id, error status, error index, and the bindings.
func variables(b []byte, agent fact.Key, emit func(fact.Fact)) error {
	ok := true
	for range 3 {
		if _, b, ok = expect(b, tagInteger); !ok {
			return errMalformed
		}
	}
	return bindings(b, agent, emit)
}

func bindings(b []byte, agent fact.Key, emit func(fact.Fact)) error {
	list, _, ok := expect(b, tagSequence)
	if !ok {
		return errMalformed
	}
	for len(list) > 0 {
		var pair, name, value []byte
		var tag byte
		if pair, list, ok = expect(list, tagSequence); !ok {
			return errMalformed
		}
		if name, pair, ok = expect(pair, tagOID); !ok {
			return errMalformed
		}
		if tag, value, _, ok = element(pair); !ok {
			return errMalformed
		}
		object := oid(name)
		attr := attrOf(object)
		switch {
		case attr == "":
		case attr == SysObjectID && tag == tagOID:
			emit(fact.Fact{Subject: agent, Attr: attr, Value: oid(value), Because: "object " + object})
		case attr != SysObjectID && tag == tagOctets:
			emit(fact.Fact{Subject: agent, Attr: attr, Value: string(value), Because: "object " + object})
		}
	}
	return nil
}

// trap reads a version 1 trap: enterprise, agent address, generic and specific number, time, bindings. A trap that
// a proxy passes on is the agent's by the address inside.
func trap(b []byte, sender protocol.Endpoint, emit func(fact.Fact)) error {
	_, b, ok := expect(b, tagOID)
	if !ok {
		return errMalformed
	}
	address, b, ok := expect(b, tagAddress)
	if !ok || len(address) != 4 {
		return errMalformed
	}
	agent := sender.Key()
	if ip := netip.AddrFrom4([4]byte(address)); ip != sender.IP && !ip.IsUnspecified() && !ip.IsLoopback() {
		agent = fact.Host("", ip.String())
	}
	for range 3 {
		if _, _, b, ok = element(b); !ok {
			return errMalformed
		}
	}
	return bindings(b, agent, emit)
}

// version3 reads what version 3 leaves open: the id of the engine that answers (RFC 3414 §2.4, RFC 3411 §5), which
// often holds the maker's enterprise number and a MAC.
func version3(b []byte, d protocol.Dir, agent fact.Key, emit func(fact.Fact)) error {
	_, b, ok := expect(b, tagSequence) // message id, size, flags, security model
	if !ok {
		return errMalformed
	}
	security, _, ok := expect(b, tagOctets)
	if !ok {
		return errMalformed
	}
	usm, _, ok := expect(security, tagSequence)
	if !ok {
		return nil // another security model
	}
	id, _, ok := expect(usm, tagOctets)
	if !ok {
		return errMalformed
	}
	if d == protocol.ToClient && len(id) >= 5 && len(id) <= 32 {
		emit(fact.Fact{Subject: agent, Attr: EngineID, Value: hex.EncodeToString(id), Because: "version 3 header"})
	}
	return nil
}
