// Package nbns reads the NetBIOS name service (RFC 1002 §4.2). It decides which computer names and groups a host
// holds: those it registers, answers to or lists in a status. Names of users (suffix 03) are people and are not read.
package nbns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/dnsmsg"
)

// Attributes of a host with NetBIOS names.
const (
	Name  fact.Attr = "nbns.name"
	Group fact.Attr = "nbns.group" // workgroup or domain
)

const port = 137

// Opcodes (RFC 1002 §4.2.1.1; 9 is what some stacks send for refresh, 15 is multihomed registration).
const (
	opQuery     = 0
	opRegister  = 5
	opRelease   = 6
	opRefresh   = 8
	opRefresh2  = 9
	opMultihome = 15
)

const nbstat = 33

var errMalformed = errors.New("nbns: malformed")

// Parser claims NetBIOS names on port 137.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "nbns", Doc: "NetBIOS names: computer and workgroup names that hosts register or answer to",
		Attrs: []fact.Attr{fact.MAC, Name, Group},
		Over:  []protocol.Transport{protocol.UDP},
		Claims: func(o protocol.Opening) bool {
			if o.Transport != protocol.UDP || o.Server.Port != port && o.Client.Port != port || !dnsmsg.Plausible(o.First) || len(o.First) < 14 {
				return false
			}
			return o.First[12] == 32 && o.First[2]&0x80 != 0 == (o.FirstDir == protocol.ToClient)
		},
		New: func(o protocol.Opening) protocol.Conversation { return conversation{o} },
	}
}

type conversation struct{ o protocol.Opening }

// Next reads one message.
func (c conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if len(b) > 2 && b[2]&0xf8 == 0 {
		return len(b), nil // a question, which names others
	}
	m, err := dnsmsg.Parse(b)
	sender := c.o.Client
	if d == protocol.ToClient {
		sender = c.o.Server
	}
	switch {
	case m.Response() && m.Rcode() == 0 && m.Opcode() == opQuery:
		for _, r := range m.Answers {
			if r.Type == nbstat {
				return len(b), errors.Join(err, status(r.Data, sender, emit))
			}
			// A name server says "recursion available" and answers for others; an end node holds the name (§4.2.13).
			holder(r, sender, m.Flags&0x0080 != 0, "answer", emit)
		}
	case !m.Response():
		switch m.Opcode() {
		case opRegister, opRefresh, opRefresh2, opMultihome, opRelease:
			for _, r := range m.Additional {
				holder(r, sender, false, "registration", emit)
			}
		}
	}
	return len(b), err
}

// holder reads an NB record: pairs of flags and address. The sender holds the name, or the host with the address.
func holder(r dnsmsg.Record, sender protocol.Endpoint, forOthers bool, because string, emit func(fact.Fact)) {
	if r.Type != dnsmsg.TypeNB || len(r.Name) == 0 {
		return
	}
	name, suffix, ok := decode(r.Name[0])
	if !ok {
		return
	}
	for b := r.Data; len(b) >= 6; b = b[6:] {
		group, ip := b[0]&0x80 != 0, netip.AddrFrom4([4]byte(b[2:6]))
		subject := sender.Key()
		if forOthers && ip != sender.IP {
			if group { // a group's list of members says nothing of the sender
				continue
			}
			subject = fact.Host("", ip.String())
		}
		say(subject, name, suffix, group, because, emit)
	}
}

// status reads a node status answer: a count, names of 15 bytes with suffix and flags, then the adapter's address.
func status(b []byte, sender protocol.Endpoint, emit func(fact.Fact)) error {
	if len(b) < 1 || len(b) < 1+int(b[0])*18 {
		return errMalformed
	}
	n := int(b[0])
	for i := range n {
		e := b[1+i*18:]
		say(sender.Key(), strings.TrimRight(string(e[:15]), " \x00"), e[15], binary.BigEndian.Uint16(e[16:])&0x8000 != 0, "node status", emit)
	}
	if rest := b[1+n*18:]; len(rest) >= 6 && [6]byte(rest[:6]) != [6]byte{} && rest[0]&1 == 0 && sender.IP.IsValid() {
		mac := protocol.MACText(rest[:6])
		emit(fact.Fact{Subject: fact.Host(mac, sender.IP.String()), Attr: fact.MAC, Value: mac, Because: "node status"})
	}
	return nil
}

// say emits what a name with its suffix means (MS-BRWS, Microsoft KB 163409): 00 and 20 unique are the computer,
// 00 and 1E group are the workgroup or domain.
func say(subject fact.Key, name string, suffix byte, group bool, because string, emit func(fact.Fact)) {
	attr := Name
	switch {
	case !group && (suffix == 0x00 || suffix == 0x20):
	case group && (suffix == 0x00 || suffix == 0x1e):
		attr = Group
	default:
		return
	}
	emit(fact.Fact{Subject: subject, Attr: attr, Value: name, Because: fmt.Sprintf("%s, suffix %02x", because, suffix)})
}

// decode reads the first-level encoding: each half byte as a letter from A (RFC 1001 §14.1).
func decode(label string) (name string, suffix byte, ok bool) {
	if len(label) != 32 {
		return "", 0, false
	}
	var b [16]byte
	for i := range b {
		hi, lo := label[2*i]-'A', label[2*i+1]-'A'
		if hi > 15 || lo > 15 {
			return "", 0, false
		}
		b[i] = hi<<4 | lo
	}
	name = strings.TrimRight(string(b[:15]), " \x00")
	return name, b[15], name != "" && name != "*" && name[0] > 2 // __MSBROWSE__ is wrapped in control bytes
}
