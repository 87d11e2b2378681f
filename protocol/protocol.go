// Package protocol turns frames into facts: it peels link layers, follows conversations, hands their
// bytes to parsers and collects what they say of each host. It decides which bytes belong together and
// to whom; what a protocol's bytes mean is each parser's own, and what the facts make a device is
// inventory's.
package protocol

import (
	"errors"
	"net/netip"
	"time"

	"pons/fact"
)

// Transport is what carries a conversation.
type Transport uint8

// The transports. Link is a bare Ethernet payload (ARP, LLDP, CDP): the frames of one sender and kind are one
// conversation, always ToServer.
const (
	Link Transport = iota
	UDP
	TCP
)

// Endpoint is one side of a conversation. MAC is the address in the frame, zero where there is none, which is
// a router's where the host is not on this link; Host therefore leaves it to the engine to keep or drop it.
type Endpoint struct {
	IP   netip.Addr
	MAC  [6]byte
	Port uint16
	host *host // where the engine knows it by now
}

// Key is the fact subject of this endpoint.
func (e Endpoint) Key() fact.Key {
	if e.host != nil {
		return fact.Key{Kind: "host", Value: e.host.keyText()}
	}
	ip := ""
	if e.IP.IsValid() {
		ip = e.IP.String()
	}
	return fact.Host(macOf(e.MAC[:]).String(), ip)
}

// Dir is the direction of data in a conversation.
type Dir uint8

// ToServer is from the side that opened the conversation.
const (
	ToServer Dir = iota
	ToClient
)

// Opening is what is known when a conversation begins: who, how, and its first bytes. First may be data of
// either direction (a one-sided or late capture); Parser.Claims looks at content first and at ports last.
//
// Who is the client is told by the SYN, else guessed from ports and from who spoke first. While it is a guess,
// Claims is asked both ways round: where content tells the direction (a request, a response), a parser claims
// only the way that fits, and the sides are settled by that. After bytes were lost, a conversation is claimed
// and opened anew at what follows.
type Opening struct {
	Transport      Transport
	EtherType      uint16   // Link only (LLC/SNAP frames: 0 with the LLC header in First)
	Client, Server Endpoint // for UDP the sender of the first datagram is the client, unless only its port is below 1024
	FirstDir       Dir
	First          []byte // valid only during the call
	Frame          uint64 // number of the frame in its capture, from 1
}

// Parser is one protocol, as a value. Doc is one line for docs/protocols.md; Attrs lists every attribute it
// can emit.
type Parser struct {
	Name, Doc string
	Attrs     []fact.Attr
	Over      []Transport // what can carry it; none: anything. Others' conversations are not offered
	First     string      // the bytes that Opening.First can begin with where it claims; none: any. What begins otherwise is not offered
	Claims    func(Opening) bool
	New       func(Opening) Conversation
}

// Conversation reads one conversation. Next works like bufio.SplitFunc: it returns the bytes used; zero asks
// for more; an error ends the conversation and is counted, not logged; Done ends it well and Renew hands it on.
// For UDP and Link, data is one datagram, what is not used is dropped, and an error ends that datagram only. Time
// comes from the frame. Data is valid only during the call. A conversation may hold at most Options.MaxBuffer
// bytes back: skip large bodies by using them up.
//
// The engine fills an emitted fact's At (when zero), Source ("wire:"+Parser.Name when empty) and appends
// ", frame N" to its Because; Subject must be one of the endpoints' keys, a fact.Host of the parser's own, or the fact.Child of a device that an
// endpoint speaks for.
// Values are made one line of printable text; empty ones are dropped. A fact.MAC stated of a fact.Host that has
// both says that the address is the host's own and not a router's.
type Conversation interface {
	Next(at time.Time, d Dir, data []byte, emit func(fact.Fact)) (advance int, err error)
}

// What a conversation counts rather than states: a parser emits a fact of one of these attributes, with no value, for
// each unit that went by, and the engine adds it to the conversation's Traffic. No fact is kept of them.
const (
	Association fact.Attr = "flow.association" // a session above the transport: a DICOM association, an SMB or RDP session
	Message     fact.Attr = "flow.message"     // an HL7 or ASTM message, a DICOM object stored, a print job
	Study       fact.Attr = "flow.study"       // the first object of another DICOM study in an association
)

// Traffic is what two hosts exchanged over one service within one hour of the clock, or the part of it since it was
// last asked for: the parts of an hour add up, Minutes by or.
type Traffic struct {
	Hour           time.Time // the hour's beginning, UTC
	Client, Server fact.Key  // subjects of the records of both ends; a group address is a host key with that address alone
	Transport      Transport
	Port           uint16 // the server's; an EtherType for Link
	Protocol       string // the parser's name; empty when none claimed it
	Up, Down       Volume // from the client, from the server
	Conversations  uint64 // begun in the hour
	Associations   uint64
	Messages       uint64
	Studies        uint64
	Minutes        uint64 // bit n is set when a frame was seen in minute n
	First, Last    time.Time
}

// Volume is what one direction carried, headers included.
type Volume struct{ Packets, Bytes uint64 }

// Done is returned by Conversation.Next when the conversation holds nothing more of interest: the engine stops
// following it, and counts no error.
//
//lint:ignore ST1012 a signal like io.EOF, no failure
var Done = errors.New("done")

// Renew is returned by Conversation.Next when what follows the bytes used is another protocol's (CONNECT,
// STARTTLS): the engine offers the conversation anew from there, and counts no error.
//
//lint:ignore ST1012 a signal like io.EOF, no failure
var Renew = errors.New("renew")
