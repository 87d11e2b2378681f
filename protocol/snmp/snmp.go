// Package snmp reads SNMP versions 1, 2c and the open part of 3 (RFC 1157, 3416, 3412). It decides what an agent
// says of itself in the system group, the entity and printer MIBs; that a community travelled in the clear is a
// fact, the community itself is never one.
package snmp

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/netip"
	"strconv"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/ber"
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
	PrinterName        fact.Attr = "snmp.printer_name"
	PrinterSerial      fact.Attr = "snmp.printer_serial"
	HostDevice         fact.Attr = "snmp.host_device"
	UPSManufacturer    fact.Attr = "snmp.ups_manufacturer"
	UPSModel           fact.Attr = "snmp.ups_model"
	UPSSoftware        fact.Attr = "snmp.ups_software"
	BridgeMAC          fact.Attr = "snmp.bridge_mac"
	TrapEnterprise     fact.Attr = "snmp.trap_enterprise" // an object below the maker's number: "1.3.6.1.4.1.9.1.1208"
	EngineID           fact.Attr = "snmp.engine_id"
	EngineEnterprise   fact.Attr = "snmp.engine_enterprise" // the maker's number in it: "9"
	EngineMAC          fact.Attr = "snmp.engine_mac"        // of one of the agent's interfaces, not always this one
	EngineBoots        fact.Attr = "snmp.engine_boots"
)

// attrOf names the objects that identify a device (RFC 3418, RFC 6933 with the first entity as the whole, RFC 3805,
// RFC 2790, RFC 1628, RFC 4188, RFC 3584 §3.1), by their encoding, so that the others cost nothing. sysContact is left
// out: it names people.
func attrOf(object []byte) fact.Attr {
	switch string(object) {
	case "\x2b\x06\x01\x02\x01\x01\x01\x00": // 1.3.6.1.2.1.1.1.0
		return SysDescr
	case "\x2b\x06\x01\x02\x01\x01\x02\x00": // 1.3.6.1.2.1.1.2.0
		return SysObjectID
	case "\x2b\x06\x01\x02\x01\x01\x05\x00": // 1.3.6.1.2.1.1.5.0
		return SysName
	case "\x2b\x06\x01\x02\x01\x01\x06\x00": // 1.3.6.1.2.1.1.6.0
		return SysLocation
	case "\x2b\x06\x01\x02\x01\x2f\x01\x01\x01\x01\x0a\x01": // 1.3.6.1.2.1.47.1.1.1.1.10.1
		return EntSoftware
	case "\x2b\x06\x01\x02\x01\x2f\x01\x01\x01\x01\x0b\x01": // 1.3.6.1.2.1.47.1.1.1.1.11.1
		return EntSerial
	case "\x2b\x06\x01\x02\x01\x2f\x01\x01\x01\x01\x0c\x01": // 1.3.6.1.2.1.47.1.1.1.1.12.1
		return EntManufacturer
	case "\x2b\x06\x01\x02\x01\x2f\x01\x01\x01\x01\x0d\x01": // 1.3.6.1.2.1.47.1.1.1.1.13.1
		return EntModel
	case "\x2b\x06\x01\x02\x01\x2b\x05\x01\x01\x10\x01": // 1.3.6.1.2.1.43.5.1.1.16.1
		return PrinterName
	case "\x2b\x06\x01\x02\x01\x2b\x05\x01\x01\x11\x01": // 1.3.6.1.2.1.43.5.1.1.17.1
		return PrinterSerial
	case "\x2b\x06\x01\x02\x01\x19\x03\x02\x01\x03\x01": // 1.3.6.1.2.1.25.3.2.1.3.1
		return HostDevice
	case "\x2b\x06\x01\x02\x01\x21\x01\x01\x01\x00": // 1.3.6.1.2.1.33.1.1.1.0
		return UPSManufacturer
	case "\x2b\x06\x01\x02\x01\x21\x01\x01\x02\x00": // 1.3.6.1.2.1.33.1.1.2.0
		return UPSModel
	case "\x2b\x06\x01\x02\x01\x21\x01\x01\x03\x00": // 1.3.6.1.2.1.33.1.1.3.0
		return UPSSoftware
	case "\x2b\x06\x01\x02\x01\x11\x01\x01\x00": // 1.3.6.1.2.1.17.1.1.0
		return BridgeMAC
	case "\x2b\x06\x01\x06\x03\x01\x01\x04\x03\x00": // 1.3.6.1.6.3.1.1.4.3.0
		return TrapEnterprise
	}
	return ""
}

// defaults are the communities that agents are delivered with: those of RFC 1157's time, and of printers, switches and
// cable modems (their manuals; nmap's list of SNMP communities has the same).
var defaults = [...]string{"public", "private", "internal", "admin", "manager", "monitor", "security", "write", "ILMI", "cable-docsis", "cisco", "default", "snmpd", "community"}

func isDefault(community []byte) bool {
	for _, d := range defaults {
		if string(community) == d {
			return true
		}
	}
	return false
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

const trapPort = 162

var errMalformed = errors.New("snmp: malformed")

// Parser claims SNMP by its BER frame, on any UDP port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "snmp", Doc: "SNMP: what agents say they are, and communities in the clear",
		Attrs: []fact.Attr{SysDescr, SysObjectID, SysName, SysLocation, CleartextCommunity, EntSerial, EntModel,
			EntManufacturer, EntSoftware, PrinterName, PrinterSerial, HostDevice, UPSManufacturer, UPSModel, UPSSoftware, BridgeMAC,
			TrapEnterprise, EngineID, EngineEnterprise, EngineMAC, EngineBoots, fact.Practice},
		Over:   []protocol.Transport{protocol.UDP},
		First:  "0",
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
	factory bool // the community is one that agents are delivered with
	rest    []byte
}

func open(b []byte) (m message, ok bool) {
	body, _, ok := ber.Expect(b, ber.Sequence)
	if !ok {
		return m, false
	}
	v, body, ok := ber.Expect(body, ber.Integer)
	if !ok {
		return m, false
	}
	switch m.version = ber.Small(v); m.version {
	case 0, 1:
		community, after, ok := ber.Expect(body, ber.Octets) // it stays here
		if !ok {
			return m, false
		}
		m.factory, body = isDefault(community), after
		m.pdu, m.rest, _, ok = ber.Element(body)
		return m, ok && m.pdu >= getRequest && m.pdu <= report
	case 3:
		m.rest = body
		_, body, ok = ber.Expect(body, ber.Sequence)
		if !ok {
			return m, false
		}
		_, _, ok = ber.Expect(body, ber.Octets)
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
		return len(b), c.version3(m.rest, d, sender, emit)
	}
	emit(fact.Fact{Subject: sender.Key(), Attr: CleartextCommunity, Value: "true", Because: "version 1 or 2c message"})
	if m.factory && m.pdu == getResponse {
		emit(fact.Fact{Subject: sender.Key(), Attr: fact.Practice, Value: fact.DefaultCommunity, Because: "response to a community of the factory"})
	}
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
		if _, b, ok = ber.Expect(b, ber.Integer); !ok {
			return errMalformed
		}
	}
	return bindings(b, agent, emit)
}

func bindings(b []byte, agent fact.Key, emit func(fact.Fact)) error {
	list, _, ok := ber.Expect(b, ber.Sequence)
	if !ok {
		return errMalformed
	}
	for len(list) > 0 {
		var pair, name, value []byte
		var tag byte
		if pair, list, ok = ber.Expect(list, ber.Sequence); !ok {
			return errMalformed
		}
		if name, pair, ok = ber.Expect(pair, ber.OID); !ok {
			return errMalformed
		}
		if tag, value, _, ok = ber.Element(pair); !ok {
			return errMalformed
		}
		attr := attrOf(name)
		switch {
		case attr == "":
		case attr == SysObjectID || attr == TrapEnterprise:
			if tag == ber.OID {
				emit(fact.Fact{Subject: agent, Attr: attr, Value: oid(value), Because: "object " + oid(name)})
			}
		case attr == BridgeMAC:
			if tag == ber.Octets && len(value) == 6 && value[0]&1 == 0 && [6]byte(value) != [6]byte{} {
				emit(fact.Fact{Subject: agent, Attr: attr, Value: protocol.MACText(value), Because: "object " + oid(name)})
			}
		case tag == ber.Octets:
			emit(fact.Fact{Subject: agent, Attr: attr, Value: string(value), Because: "object " + oid(name)})
		}
	}
	return nil
}

// trap reads a version 1 trap: enterprise, agent address, generic and specific number, time, bindings. A trap that
// a proxy passes on is the agent's by the address inside.
func trap(b []byte, sender protocol.Endpoint, emit func(fact.Fact)) error {
	enterprise, b, ok := ber.Expect(b, ber.OID)
	if !ok {
		return errMalformed
	}
	address, b, ok := ber.Expect(b, tagAddress)
	if !ok || len(address) != 4 {
		return errMalformed
	}
	agent := sender.Key()
	if ip := netip.AddrFrom4([4]byte(address)); ip != sender.IP && !ip.IsUnspecified() && !ip.IsLoopback() {
		agent = fact.Host("", ip.String())
	}
	if v := oid(enterprise); v != "" {
		emit(fact.Fact{Subject: agent, Attr: TrapEnterprise, Value: v, Because: "version 1 trap"})
	}
	for range 3 {
		if _, _, b, ok = ber.Element(b); !ok {
			return errMalformed
		}
	}
	return bindings(b, agent, emit)
}

// version3 reads what version 3 leaves open: the engine whose clock and keys hold (RFC 3414 §2.4, RFC 3411 §5), which
// often names the maker and a MAC, and where nothing is encrypted the bindings. The engine is that of who answers, or
// of who sends a trap.
func (c conversation) version3(b []byte, d protocol.Dir, sender protocol.Endpoint, emit func(fact.Fact)) error {
	global, b, ok := ber.Expect(b, ber.Sequence) // message id, size, flags, security model
	if !ok {
		return errMalformed
	}
	flags := byte(1 << 1) // encrypted, unless it says otherwise
	if _, rest, ok := ber.Expect(global, ber.Integer); ok {
		if _, rest, ok = ber.Expect(rest, ber.Integer); ok {
			if f, _, ok := ber.Expect(rest, ber.Octets); ok && len(f) == 1 {
				flags = f[0]
			}
		}
	}
	security, b, ok := ber.Expect(b, ber.Octets)
	if !ok {
		return errMalformed
	}
	var pdu byte
	var rest []byte
	if flags&(1<<1) == 0 {
		pdu, rest = scoped(b)
	}
	usm, _, ok := ber.Expect(security, ber.Sequence)
	if !ok {
		return nil // another security model
	}
	id, usm, ok := ber.Expect(usm, ber.Octets)
	if !ok {
		return errMalformed
	}
	agent, boots := sender.Key(), []byte(nil)
	if n, _, ok := ber.Expect(usm, ber.Integer); ok {
		boots = n
	}
	switch {
	case d == protocol.ToClient || pdu == trapV2:
		engine(id, boots, agent, emit)
	case pdu == 0 && c.o.Server.Port == trapPort: // a trap or an inform
	default:
		engine(id, boots, c.o.Server.Key(), emit)
	}
	switch pdu {
	case getResponse, trapV2, inform, report:
		return variables(rest, agent, emit)
	}
	return nil
}

// scoped reads a PDU that is not encrypted: context engine, context name, PDU (RFC 3412 §6).
func scoped(b []byte) (pdu byte, rest []byte) {
	b, _, ok := ber.Expect(b, ber.Sequence)
	if !ok {
		return 0, nil
	}
	for range 2 {
		if _, b, ok = ber.Expect(b, ber.Octets); !ok {
			return 0, nil
		}
	}
	pdu, rest, _, _ = ber.Element(b)
	return pdu, rest
}

// engine states an engine's identifier and what it is made of: four bytes of the maker's number with the first bit set,
// a format, and for format 3 a MAC.
func engine(id, boots []byte, agent fact.Key, emit func(fact.Fact)) {
	if len(id) < 5 || len(id) > 32 {
		return
	}
	say := func(a fact.Attr, v, because string) {
		emit(fact.Fact{Subject: agent, Attr: a, Value: v, Because: because})
	}
	say(EngineID, hex.EncodeToString(id), "version 3 header")
	if n := ber.Small(boots); n > 0 {
		say(EngineBoots, strconv.Itoa(n), "version 3 header")
	}
	if id[0]&0x80 == 0 {
		return
	}
	if n := binary.BigEndian.Uint32(id) & 0x7fffffff; n > 0 {
		say(EngineEnterprise, strconv.FormatUint(uint64(n), 10), "engine id")
	}
	if id[4] == 3 && len(id) == 11 && id[5]&1 == 0 && [6]byte(id[5:]) != [6]byte{} {
		say(EngineMAC, protocol.MACText(id[5:]), "engine id")
	}
}
