// Package ntlm reads the messages of NTLM authentication (MS-NLMP), which travel inside SMB, DCE/RPC, LDAP, HTTP, TDS
// and others. It decides what a message says of the machine that sent it: its name, its domain, its version. User
// names, responses and keys are not read. It is no parser of the engine and stands a floor below them, because
// parsers do not import each other.
package ntlm

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf16"

	"pons/fact"
)

// Attributes of whoever sent a message: the server sends the challenge, the client the other two.
const (
	Computer  fact.Attr = "ntlm.computer"   // NetBIOS name, and the DNS name where it is told: "PUMPSRV", "pumpsrv.ward.example"
	Domain    fact.Attr = "ntlm.domain"     // likewise; of a machine in no domain the name of the machine
	OSVersion fact.Attr = "ntlm.os_version" // "10.0.19041": Samba says "6.1.0" whatever it runs on
)

// Attrs lists them, for the Attrs of a parser that reads such messages.
func Attrs() []fact.Attr { return []fact.Attr{Computer, Domain, OSVersion} }

// The messages (MS-NLMP §2.2.1).
const (
	Negotiate    = 1
	Challenge    = 2
	Authenticate = 3
)

// Flags (MS-NLMP §2.2.2.5).
const (
	flagUnicode       = 1 << 0
	flagDomain        = 1 << 12 // a NEGOTIATE names its domain
	flagWorkstation   = 1 << 13 // a NEGOTIATE names its workstation
	flagTargetInfo    = 1 << 23
	flagVersion       = 1 << 25
	flagTargetDomain  = 1 << 16 // the target name is a domain
	flagTargetMachine = 1 << 17 // the target name is a machine
)

// Identifiers of target information (MS-NLMP §2.2.2.1).
const (
	avEnd         = 0
	avComputer    = 1
	avDomain      = 2
	avDNSComputer = 3
	avDNSDomain   = 4
)

// maxName is longer than any name there is: DNS allows 255 bytes (RFC 1035 §2.3.4).
const maxName = 255

var signature = []byte("NTLMSSP\x00")

// Message is what one message says of the machine that sent it; fields that it does not hold are empty.
type Message struct {
	Type                  uint32
	Computer, DNSComputer string
	Domain, DNSDomain     string
	OSVersion             string
	Anonymous             bool // an AUTHENTICATE without credentials
}

// Find reads the first message in b, which may stand in a GSS-API or SPNEGO token, and tells whether there is one.
// A message that is cut or damaged is read as far as it goes.
func Find(b []byte) (Message, bool) {
	for {
		at := bytes.Index(b, signature)
		if at < 0 {
			return Message{}, false
		}
		if m, ok := read(b[at:]); ok {
			return m, true
		}
		b = b[at+len(signature):]
	}
}

// Say finds the messages in b and states what they say of their sender; it tells whether there was any.
func Say(b []byte, sender fact.Key, emit func(fact.Fact)) bool {
	m, ok := Find(b)
	if !ok {
		return false
	}
	because := "NTLM negotiate"
	switch m.Type {
	case Challenge:
		because = "NTLM challenge"
	case Authenticate:
		because = "NTLM authenticate"
	}
	say := func(a fact.Attr, v string) {
		if v != "" {
			emit(fact.Fact{Subject: sender, Attr: a, Value: v, Because: because})
		}
	}
	say(Computer, m.Computer)
	say(Computer, m.DNSComputer)
	say(Domain, m.Domain)
	say(Domain, m.DNSDomain)
	say(OSVersion, m.OSVersion)
	return true
}

// read reads a message that begins with the signature.
func read(b []byte) (m Message, ok bool) {
	if len(b) < 16 {
		return m, false
	}
	switch m.Type = binary.LittleEndian.Uint32(b[8:]); m.Type {
	case Negotiate:
		return m, m.negotiate(b)
	case Challenge:
		return m, m.challenge(b)
	case Authenticate:
		return m, m.authenticate(b)
	}
	return m, false
}

// negotiate: signature, type, flags, domain, workstation, version. The names are in the client's code page.
func (m *Message) negotiate(b []byte) bool {
	flags := binary.LittleEndian.Uint32(b[12:])
	if len(b) >= 32 {
		domain, workstation := field(b, 16), field(b, 24)
		if flags&flagDomain != 0 {
			m.Domain = oem(domain)
		}
		if flags&flagWorkstation != 0 {
			m.Computer = oem(workstation)
		}
	}
	if flags&flagVersion != 0 && contents(b, 16, 24) >= 40 {
		m.OSVersion = version(b, 32)
	}
	return true
}

// challenge: signature, type, target name, flags, challenge, context, target information, version.
func (m *Message) challenge(b []byte) bool {
	if len(b) < 32 {
		return false
	}
	flags := binary.LittleEndian.Uint32(b[20:])
	target := text(field(b, 12), flags)
	if flags&flagTargetInfo != 0 && len(b) >= 48 {
		m.target(begun(b, 40))
	}
	switch {
	case flags&flagTargetMachine != 0 && m.Computer == "":
		m.Computer = target
	case flags&flagTargetDomain != 0 && m.Domain == "":
		m.Domain = target
	}
	if flags&flagVersion != 0 && contents(b, 12, 40) >= 56 {
		m.OSVersion = version(b, 48)
	}
	return true
}

// target reads target information: pairs of identifier and value, UTF-16 whatever the flags say.
func (m *Message) target(b []byte) {
	for len(b) >= 4 {
		id, n := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		if id == avEnd || 4+n > len(b) {
			return
		}
		value := b[4 : 4+n]
		switch id {
		case avComputer:
			m.Computer = wide(value)
		case avDomain:
			m.Domain = wide(value)
		case avDNSComputer:
			m.DNSComputer = wide(value)
		case avDNSDomain:
			m.DNSDomain = wide(value)
		}
		b = b[4+n:]
	}
}

// authenticate: signature, type, LM response, NT response, domain, user, workstation, session key, flags, version. The
// user is passed over. The oldest clients end before the flags (MS-NLMP §2.2.1.3, note on Windows NT).
func (m *Message) authenticate(b []byte) bool {
	if len(b) < 52 {
		return false
	}
	flags, first := uint32(flagUnicode), contents(b, 12, 20, 28, 36, 44, 52)
	if first >= 64 && len(b) >= 64 {
		flags = binary.LittleEndian.Uint32(b[60:])
	}
	m.Anonymous = binary.LittleEndian.Uint16(b[36:]) == 0 && binary.LittleEndian.Uint16(b[20:]) == 0
	m.Domain = domainOfUser(text(field(b, 28), flags))
	m.Computer = text(field(b, 44), flags)
	if flags&flagVersion != 0 && first >= 72 {
		m.OSVersion = version(b, 64)
	}
	return true
}

// domainOfUser leaves out what names no domain of the hospital's: accounts of people at Microsoft, and "this machine".
func domainOfUser(s string) string {
	switch {
	case s == ".", strings.EqualFold(s, "MicrosoftAccount"), strings.EqualFold(s, "AzureAD"), strings.Contains(s, "@"):
		return ""
	}
	return s
}

// begun is field where the end may lie outside: the pairs of target information are whole one by one, and some servers
// count the closing pair that they leave out.
func begun(b []byte, at int) []byte {
	n, from := int(binary.LittleEndian.Uint16(b[at:])), int64(binary.LittleEndian.Uint32(b[at+4:]))
	if from > int64(len(b)) {
		return nil
	}
	return b[from:min(from+int64(n), int64(len(b)))]
}

// field returns the part of b that the length and offset at a place name; nothing where it lies outside.
func field(b []byte, at int) []byte {
	if at+8 > len(b) {
		return nil
	}
	n, off := int(binary.LittleEndian.Uint16(b[at:])), uint64(binary.LittleEndian.Uint32(b[at+4:]))
	if off > uint64(len(b)) || n > len(b)-int(off) {
		return nil
	}
	return b[off:][:n]
}

// contents returns where the contents of the fields begin: what a head holds before that is part of the head, and what
// it would hold behind is not there, whatever the flags say.
func contents(b []byte, fields ...int) int {
	first := len(b)
	for _, at := range fields {
		if at+8 <= len(b) && binary.LittleEndian.Uint16(b[at:]) > 0 {
			first = min(first, int(binary.LittleEndian.Uint32(b[at+4:])))
		}
	}
	return first
}

// version reads major, minor and build of the operating system; "" where they are missing or all zero.
func version(b []byte, at int) string {
	if at+8 > len(b) {
		return ""
	}
	major, minor, build := b[at], b[at+1], binary.LittleEndian.Uint16(b[at+2:])
	if major == 0 {
		return ""
	}
	out := strconv.AppendUint(make([]byte, 0, 12), uint64(major), 10)
	out = strconv.AppendUint(append(out, '.'), uint64(minor), 10)
	return string(strconv.AppendUint(append(out, '.'), uint64(build), 10))
}

func text(b []byte, flags uint32) string {
	if flags&flagUnicode != 0 {
		return wide(b)
	}
	return oem(b)
}

// wide reads UTF-16 in the order of Intel; a text that is no name is nothing.
func wide(b []byte) string {
	if len(b) > 2*maxName {
		return ""
	}
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		units = append(units, binary.LittleEndian.Uint16(b))
	}
	return name(string(utf16.Decode(units)))
}

// oem reads a text in the code page of whoever wrote it, which is ASCII in names that can be looked up.
func oem(b []byte) string {
	if len(b) > maxName {
		return ""
	}
	for _, c := range b {
		if c >= 0x80 {
			return ""
		}
	}
	return name(string(b))
}

// name drops ending zeros, and what holds characters that no name holds.
func name(s string) string {
	s = strings.TrimRight(s, "\x00")
	for _, r := range s {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return ""
		}
	}
	return s
}
