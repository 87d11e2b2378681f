// Package intellivue reads what Philips IntelliVue monitors say of themselves in the Data Export protocol (Data Export
// Interface Programming Guide, IEEE 11073 nomenclature): the connect indication that they broadcast and the MDS create
// event that opens an association. It decides which bytes are an event and which attributes are looked into, those of
// the monitor; measurements, alarms and the patient's demographics are objects of their own and are not read.
package intellivue

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strings"
	"time"
	"unicode/utf16"

	"pons/fact"
	"pons/protocol"
)

// The attributes of this protocol.
const (
	attrMaker    fact.Attr = "intellivue.manufacturer"
	attrModel    fact.Attr = "intellivue.model"
	attrSerial   fact.Attr = "intellivue.serial"
	attrPart     fact.Attr = "intellivue.part_number"
	attrHardware fact.Attr = "intellivue.hardware"
	attrSoftware fact.Attr = "intellivue.software"
	attrFirmware fact.Attr = "intellivue.firmware"
	attrSystemID fact.Attr = "intellivue.system_id"
	attrBed      fact.Attr = "intellivue.bed_label"
)

// trust by domain/05 §5.7: a vendor's own protocol weighs 0.95. No recording of a real monitor is in the tests, so what
// was read has been held against published code alone and is believed a little less.
const trust = 0.9

// Ports (Programming Guide, Network interfaces): connect indications are broadcast to 24005, data goes over 24105.
const (
	portIndication = 24005
	portData       = 24105
)

// Layout of the messages that are read.
const (
	operationInvoke    = 0x0001 // ROIV_APDU
	eventIndication    = 0x0D17 // NOM_NOTI_MDS_CONNECT_INDIC
	eventCreate        = 0x0D06 // NOM_NOTI_MDS_CREAT
	classMDS           = 0x0021 // NOM_MOC_VMS_MDS; its simple form, of the indication, is 0x0023
	sessionProtocol    = 0xE100
	sessionConnect     = 0x0D
	sessionAccept      = 0x0E
	headerSize         = 4                                                          // nomenclature version, or session and context
	operationSize      = 4                                                          // type and length
	invokeSize         = 6                                                          // invoke id, command, length
	eventSize          = 14                                                         // object class and handle, time, type, length
	managedObjectSize  = 6                                                          // class and handle, before the attributes of a created object
	maxAttributes      = 64                                                         // a monitor states a dozen
	associationSession = "\x05\x08\x13\x01\x00\x16\x01\x02\x80\x00\x14\x02\x00\x02" // the session data of every association
)

// Attributes that are read.
const (
	attributeModel     = 0x0928 // NOM_ATTR_ID_MODEL
	attributeSpecs     = 0x092D // NOM_ATTR_ID_PROD_SPECN
	attributeSystemID  = 0x0984 // NOM_ATTR_SYS_ID
	attributeBed       = 0x091E // NOM_ATTR_ID_BED_LABEL
	attributeBedNotice = 0xF135 // the label in a connect indication
	attributeAddress   = 0xF100 // NOM_ATTR_NET_ADDR_INFO
)

// Parser reads IntelliVue Data Export over UDP on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name:   "intellivue",
		Doc:    "Philips IntelliVue Data Export: patient monitors by model, serial number, part numbers, software and system id.",
		Attrs:  []fact.Attr{attrMaker, attrModel, attrSerial, attrPart, attrHardware, attrSoftware, attrFirmware, attrSystemID, attrBed, fact.MAC, fact.EUI64, fact.Class},
		Over:   []protocol.Transport{protocol.UDP},
		Claims: claims,
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{ends: [2]protocol.Endpoint{o.Client, o.Server}}
		},
	}
}

// claims accepts a connect indication, a message of an association, or the opening of one at its port.
func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.UDP || len(b) < 16 {
		return false
	}
	switch b[0] {
	case 0x00:
		_, ok := indication(b)
		return ok
	case 0xE1:
		return exported(b)
	case sessionConnect, sessionAccept:
		at := 2
		if b[1] == 0xff {
			at = 4
		}
		return (o.Server.Port == portData || o.Client.Port == portData) && len(b) > at+len(associationSession) &&
			string(b[at:at+len(associationSession)]) == associationSession
	}
	return false
}

// exported tells a message of an association: the session's constant, an operation and its length.
func exported(b []byte) bool {
	return len(b) >= headerSize+operationSize && binary.BigEndian.Uint16(b) == sessionProtocol && b[2] == 0 && b[4] == 0 &&
		(b[5] == 1 || b[5] == 2 || b[5] == 3 || b[5] == 5) && int(binary.BigEndian.Uint16(b[6:])) == len(b)-headerSize-operationSize
}

// indication returns the attributes of a connect indication.
func indication(b []byte) ([]byte, bool) {
	if len(b) < headerSize || b[0] != 0 || b[1] != 0 || b[2] == 0 {
		return nil, false
	}
	return event(b, eventIndication)
}

// event returns what follows the head of an event of a kind; lengths must fit one into the other.
func event(b []byte, kind uint16) ([]byte, bool) {
	if len(b) < headerSize+operationSize+invokeSize+eventSize || binary.BigEndian.Uint16(b[4:]) != operationInvoke {
		return nil, false
	}
	at := headerSize + operationSize
	if int(binary.BigEndian.Uint16(b[6:])) != len(b)-at || int(binary.BigEndian.Uint16(b[at+4:])) != len(b)-at-invokeSize {
		return nil, false
	}
	at += invokeSize
	if binary.BigEndian.Uint16(b[at+10:]) != kind || int(binary.BigEndian.Uint16(b[at+12:])) > len(b)-at-eventSize {
		return nil, false
	}
	return b[at+eventSize:], true
}

type conversation struct {
	ends [2]protocol.Endpoint // of the sender, by direction of the data
	last string               // the attributes said last: a monitor repeats them every few seconds
}

// Next reads one datagram.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	d &= 1
	if attributes, ok := indication(data); ok {
		c.attributes(d, attributes, "connect indication", emit)
	} else if exported(data) {
		if created, ok := event(data, eventCreate); ok && len(created) > managedObjectSize && binary.BigEndian.Uint16(created) == classMDS {
			c.attributes(d, created[managedObjectSize:], "MDS create", emit)
		}
	} else if data[0] == sessionConnect && d == protocol.ToServer {
		emit(fact.Fact{Subject: c.ends[d].Key(), Attr: protocol.Association})
	}
	return len(data), nil
}

// attributes reads a list of attributes: count, length, and of each its id, length and value.
func (c *conversation) attributes(d protocol.Dir, b []byte, in string, emit func(fact.Fact)) {
	if len(b) < 4 || string(b) == c.last {
		return
	}
	c.last = string(b)
	say := func(a fact.Attr, value string) {
		if value = strings.Trim(value, " \x00\t-"); value != "" {
			emit(fact.Fact{Subject: c.ends[d].Key(), Attr: a, Value: value, Trust: trust, Because: in})
		}
	}
	say(fact.Class, "patient-monitor")
	count := int(binary.BigEndian.Uint16(b))
	b = b[4:]
	for range min(count, maxAttributes) {
		if len(b) < 4 {
			return
		}
		id, size := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if b = b[4:]; size > len(b) {
			return
		}
		value := b[:size]
		b = b[size:]
		switch id {
		case attributeModel:
			maker, rest := label(value)
			model, _ := label(rest)
			say(attrMaker, string(maker))
			say(attrModel, string(model))
		case attributeSpecs:
			specs(value, say)
		case attributeSystemID:
			if raw, _ := label(value); len(raw) == 8 {
				text := hex.EncodeToString(raw)
				say(attrSystemID, text)
				if e, ok := fact.ParseEUI64(text); ok {
					say(fact.EUI64, e)
				}
			}
		case attributeBed, attributeBedNotice:
			if text := bed(value); text != "" {
				say(attrBed, text)
			}
		case attributeAddress:
			c.address(d, value, in, emit)
		}
	}
}

// label reads a length and that many bytes, and returns what follows.
func label(b []byte) (text, rest []byte) {
	if len(b) < 2 {
		return nil, nil
	}
	n := int(binary.BigEndian.Uint16(b))
	if b = b[2:]; n > len(b) {
		return nil, nil
	}
	return b[:n], b[n:]
}

// specs reads a production specification: of each entry its kind, its component and a label. Serial and part number of
// the product as a whole and of its main parts are told apart by component; software is every component's.
func specs(b []byte, say func(fact.Attr, string)) {
	const product = 8 // ID_COMP_PRODUCT
	if len(b) < 4 {
		return
	}
	count := int(binary.BigEndian.Uint16(b))
	b = b[4:]
	for range min(count, maxAttributes) {
		if len(b) < 6 {
			return
		}
		kind, component := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
		text, rest := label(b[4:])
		if text == nil {
			return
		}
		b = rest
		switch kind {
		case 1:
			if component == product {
				say(attrSerial, string(text))
			}
		case 2:
			say(attrPart, string(text))
		case 3:
			say(attrHardware, string(text))
		case 4:
			say(attrSoftware, string(text))
		case 5:
			say(attrFirmware, string(text))
		}
	}
}

// address says the MAC where the monitor's own message gives it for the address that the message came from.
func (c *conversation) address(d protocol.Dir, b []byte, in string, emit func(fact.Fact)) {
	if len(b) < 10 {
		return
	}
	ip, mac := netip.AddrFrom4([4]byte(b[6:10])), protocol.MACText(b[:6])
	if ip == c.ends[d].IP && mac != "" && mac != "00:00:00:00:00:00" {
		emit(fact.Fact{Subject: fact.Host(mac, ip.String()), Attr: fact.MAC, Value: mac, Trust: trust, Because: in})
	}
}

// bed is a bed's label in UTF-16, with or without its length before it, if it reads like one. What else stands there may
// be a person's name.
func bed(b []byte) string {
	if text, rest := label(b); text != nil && len(rest) == 0 {
		b = text
	}
	if len(b) > 64 {
		return ""
	}
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		u := binary.BigEndian.Uint16(b[i:])
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	text := strings.TrimSpace(string(utf16.Decode(units)))
	if !bedLike(text) {
		return ""
	}
	return text
}

// bedLike tells a label of places: it holds a number, and its words are abbreviations of up to four letters or words for
// places (expert default).
func bedLike(s string) bool {
	if len(s) > 20 || !strings.ContainsAny(s, "0123456789") {
		return false
	}
	words := strings.FieldsFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' && r < 'a' || r > 'z' })
	for _, w := range words {
		switch strings.ToUpper(w) {
		case "ROOM", "BETT", "ZIMMER", "WARD", "THEATRE", "THEATER", "CHAMBRE", "RECOVERY", "TRAUMA", "RESUS", "STATION":
			continue
		}
		if len(w) > 4 {
			return false
		}
	}
	for _, r := range s {
		if r > 0x7f || strings.ContainsRune("^,;:@", r) {
			return false
		}
	}
	return true
}
