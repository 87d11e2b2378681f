package smb

import (
	"encoding/binary"
	"fmt"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/ntlm"
)

// Commands of SMB 2 and 3 (MS-SMB2 §2.2.1).
const (
	cmdNegotiate2 = 0
	cmdSetup2     = 1
)

// dialects are the revisions (MS-SMB2 §2.2.4); 0x02ff says only that a negotiation of SMB 2 follows.
func dialectOf(revision uint16) string {
	switch revision {
	case 0x0202:
		return "2.0.2"
	case 0x0210:
		return "2.1"
	case 0x0300:
		return "3.0"
	case 0x0302:
		return "3.0.2"
	case 0x0311:
		return "3.1.1"
	}
	return ""
}

// message2 reads a negotiation or a session setup. Offsets count from the header's first byte.
func (c *conversation) message2(d protocol.Dir, m []byte, emit func(fact.Fact)) {
	response := m[16]&1 != 0
	body, setup := m[header2Size:], m[12] == cmdSetup2
	switch {
	case !setup && response && len(body) >= 64:
		if v := dialectOf(binary.LittleEndian.Uint16(body[4:])); v != "" {
			c.dialect(v, emit)
		}
		server := c.o.Server.Key()
		signing(body[2]&2 != 0, server, emit)
		guid(body[8:24], server, emit)
		ntlm.Say(part(m, body[56:]), server, emit)
	case setup && response && len(body) >= 8:
		ntlm.Say(part(m, body[4:]), c.sender(d), emit)
		if binary.LittleEndian.Uint32(m[8:]) == 0 {
			emit(fact.Fact{Subject: c.o.Server.Key(), Attr: protocol.Association})
		}
	case setup && !response && len(body) >= 24:
		c.token(part(m, body[12:]), c.sender(d), emit)
	}
}

// part returns what an offset and a length of two bytes each point to.
func part(m, at []byte) []byte {
	off, n := int(binary.LittleEndian.Uint16(at)), int(binary.LittleEndian.Uint16(at[2:]))
	if off > len(m) {
		return nil
	}
	return m[off:min(off+n, len(m))]
}

// guid writes an identifier as Windows does (MS-DTYP §2.3.4); Samba's holds the host's name in its bytes, and is as
// good an identifier. All zeros are none.
func guid(b []byte, k fact.Key, emit func(fact.Fact)) {
	if [16]byte(b) == [16]byte{} {
		return
	}
	emit(fact.Fact{Subject: k, Attr: ServerGUID, Because: "negotiate response", Value: fmt.Sprintf("%08x-%04x-%04x-%x-%x",
		binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint16(b[4:]), binary.LittleEndian.Uint16(b[6:]), b[8:10], b[10:16])})
}
