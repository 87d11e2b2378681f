package smb

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of a host that announces itself. The comment of an announcement is free text of people and is not read.
const (
	BrowserServer  fact.Attr = "browser.server"
	BrowserDomain  fact.Attr = "browser.domain"
	BrowserVersion fact.Attr = "browser.os_version" // "5.1"
	BrowserRole    fact.Attr = "browser.role"
)

// Kinds of NetBIOS datagrams that carry data (RFC 1002 §4.4.1).
const (
	directUnique = 0x10
	broadcast    = 0x12
)

// Commands of the browser service (MS-BRWS §2.2).
const (
	hostAnnouncement   = 1
	electionRequest    = 8
	domainAnnouncement = 12
	masterAnnouncement = 15
)

const (
	datagramHeader = 14
	nameSize       = 34
	transaction    = 0x25
)

// roles are bits of the announced server type (MS-BRWS §2.2.1, MS-SRVS §2.2.2.7) that say what a host is for.
var roles = [...]struct {
	bit  uint32
	name string
}{{1 << 2, "sql-server"}, {1 << 3, "domain-controller"}, {1 << 4, "backup-domain-controller"}, {1 << 5, "time-source"}, {1 << 9, "print-server"},
	{1 << 10, "dial-in-server"}, {1 << 11, "unix"}, {1 << 12, "workstation-nt"}, {1 << 15, "server-nt"}}

// Browser claims NetBIOS datagrams by their two encoded names.
func Browser() protocol.Parser {
	return protocol.Parser{
		Name: "browser", Doc: "NetBIOS datagrams: what hosts of Windows networks announce of themselves",
		Attrs:  []fact.Attr{BrowserServer, BrowserDomain, BrowserVersion, BrowserRole, NetBIOSName},
		Over:   []protocol.Transport{protocol.UDP},
		First:  "\x10\x11\x12",
		Claims: func(o protocol.Opening) bool { return o.Transport == protocol.UDP && datagram(o.First) },
		New:    func(o protocol.Opening) protocol.Conversation { return announcements{o} },
	}
}

// datagram: type, flags, id 2, source address 4, source port 2, length 2, offset 2, source name, destination name.
func datagram(b []byte) bool {
	return len(b) >= datagramHeader+2*nameSize && b[0] >= directUnique && b[0] <= broadcast && b[8] == 0 && b[9] == 138 &&
		b[datagramHeader] == 32 && b[datagramHeader+nameSize] == 32
}

type announcements struct{ o protocol.Opening }

// Next reads one datagram. What it says is the sender's by the address inside: a distribution server passes
// datagrams on (RFC 1002 §5.3).
func (c announcements) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if !datagram(b) {
		return 0, errFraming
	}
	sender := c.o.Client
	if d == protocol.ToClient {
		sender = c.o.Server
	}
	subject := sender.Key()
	if ip := netip.AddrFrom4([4]byte(b[4:8])); ip != sender.IP && !ip.IsUnspecified() && !ip.IsLoopback() && !ip.IsMulticast() && sender.IP.Is4() {
		subject = fact.Host("", ip.String())
	}
	if name, suffix, ok := netbiosName(b[datagramHeader:]); ok && (suffix == 0x00 || suffix == 0x20) {
		state(subject, NetBIOSName, name, "source of a NetBIOS datagram", emit)
	}
	if m := mailslot(b[datagramHeader+2*nameSize:]); len(m) > 0 {
		announced(m, subject, emit)
	}
	return len(b), nil
}

// mailslot returns what a transaction writes to \MAILSLOT\BROWSE: words 11 and 12 are its length and place.
func mailslot(m []byte) []byte {
	if len(m) < header1Size+1+34 || m[0] != smb1 || m[4] != transaction || m[header1Size] < 17 {
		return nil
	}
	words := m[header1Size+1:]
	n, at := int(binary.LittleEndian.Uint16(words[22:])), int(binary.LittleEndian.Uint16(words[24:]))
	names := m[header1Size+1+34 : min(len(m), header1Size+1+34+64)]
	if at+n > len(m) || !bytes.Contains(bytes.ToUpper(names), []byte(`\MAILSLOT\BROWSE`)) {
		return nil
	}
	return m[at : at+n]
}

// announced reads an announcement: command, count, period 4, name 16, version 2, type 4, browser version 2,
// signature 2, comment.
func announced(m []byte, sender fact.Key, emit func(fact.Fact)) {
	switch m[0] {
	case hostAnnouncement, masterAnnouncement:
		if len(m) < 28 {
			return
		}
		state(sender, BrowserServer, fixed(m[6:22]), "host announcement", emit)
		if m[22] != 0 {
			state(sender, BrowserVersion, strconv.Itoa(int(m[22]))+"."+strconv.Itoa(int(m[23])), "host announcement", emit)
		}
		kind := binary.LittleEndian.Uint32(m[24:])
		for _, r := range roles {
			if kind&r.bit != 0 {
				state(sender, BrowserRole, r.name, "host announcement", emit)
			}
		}
	case domainAnnouncement: // the comment is the name of the master, which is the sender
		if len(m) < 32 {
			return
		}
		state(sender, BrowserDomain, fixed(m[6:22]), "domain announcement", emit)
		state(sender, BrowserServer, fixed(m[32:min(len(m), 48)]), "domain announcement", emit)
	case electionRequest: // version, criteria 4, uptime 4, unused 4, name
		if len(m) > 14 {
			state(sender, BrowserServer, fixed(m[14:min(len(m), 30)]), "election request", emit)
		}
	}
}

// fixed reads a name that ends with a zero or its field.
func fixed(b []byte) string {
	if end := bytes.IndexByte(b, 0); end >= 0 {
		b = b[:end]
	}
	if bytes.IndexFunc(b, func(r rune) bool { return r < ' ' || r >= 0x7f }) >= 0 {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// netbiosName reads an encoded name: 32, then each half byte as a letter from A (RFC 1001 §14.1), then an empty scope.
func netbiosName(b []byte) (name string, suffix byte, ok bool) {
	if len(b) < nameSize || b[0] != 32 {
		return "", 0, false
	}
	var out [16]byte
	for i := range out {
		hi, lo := b[1+2*i]-'A', b[2+2*i]-'A'
		if hi > 15 || lo > 15 {
			return "", 0, false
		}
		out[i] = hi<<4 | lo
	}
	name = fixed(out[:15])
	return name, out[15], name != ""
}
