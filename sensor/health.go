package sensor

import (
	"encoding/binary"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Health is how a sensor does. What is counted is counted since the last Health of the same process, over Seconds: the
// hub can add it up, and a pause shows as missing seconds.
type Health struct {
	Version    string          `json:"version"`
	Began      int64           `json:"began"` // of the process, microseconds
	At         int64           `json:"at"`    // microseconds, by the hub's clock as far as the sensor knows it
	Seconds    float64         `json:"seconds"`
	Interfaces []InterfaceLoad `json:"interfaces"`
	Memory     int64           `json:"memory"`             // bytes resident
	Spooled    int64           `json:"spooled"`            // batches on disk that the hub has not said it has
	SpoolBytes int64           `json:"spool_bytes"`        // of them
	Lost       int64           `json:"lost"`               // batches dropped because the disk's share was full, since the sensor was set up
	SkewMillis int64           `json:"skew_ms"`            // the sensor's clock less the hub's; it has been taken off all times
	Errors     int64           `json:"errors"`             // conversations and datagrams that a parser could not read
	Undecoded  int64           `json:"undecoded"`          // frames whose headers could not be read
	Networks   []Network       `json:"networks,omitempty"` // every few minutes: where hosts were seen in this session
}

// InterfaceLoad is what went by at one interface.
type InterfaceLoad struct {
	Name    string `json:"name"`
	Frames  int64  `json:"frames"`
	Bytes   int64  `json:"bytes"`
	Dropped int64  `json:"dropped"` // by the kernel, because the sensor was too slow
}

// Network is a part of the network in which hosts were seen: a VLAN (0: untagged) and a /24 or a /64.
type Network struct {
	VLAN   uint16 `json:"vlan"`
	Prefix string `json:"prefix"`
	Hosts  int    `json:"hosts"`
}

// maxNetworks bounds what a sensor tells of: a hospital has some hundred.
const maxNetworks = 4096

// health checks what a sensor says of itself.
func (c *checker) health(h *Health) {
	if h == nil {
		return
	}
	c.text(h.Version)
	c.time(h.Began)
	c.time(h.At)
	if !(h.Seconds >= 0 && h.Seconds <= 86400) || len(h.Interfaces) > 64 || len(h.Networks) > maxNetworks || len(h.Version) > maxLabel {
		c.fail("a health that cannot be")
	}
	for _, n := range []int64{h.Memory, h.Spooled, h.SpoolBytes, h.Lost, h.Errors, h.Undecoded} {
		c.count(n)
	}
	for _, i := range h.Interfaces {
		if c.text(i.Name) == "" || len(i.Name) > maxLabel {
			c.fail("an interface without a name")
		}
		c.count(i.Frames)
		c.count(i.Bytes)
		c.count(i.Dropped)
	}
	for _, n := range h.Networks {
		if _, err := netip.ParsePrefix(n.Prefix); err != nil || n.VLAN > 4095 || n.Hosts < 0 || n.Hosts > maxPlaces {
			c.fail("a network that cannot be")
		}
	}
}

func (c *checker) count(n int64) {
	if n < 0 || n > 1<<60 {
		c.fail("a count that cannot be")
	}
}

// places notes in which VLAN which address of the hospital's own sent something. It is for one goroutine.
type places struct {
	seen map[place]struct{}
	last place // most frames come in trains
}

type place struct {
	vlan uint16
	addr netip.Addr
}

// maxPlaces bounds the memory of places: a /16 and more.
const maxPlaces = 100_000

// note looks at the headers of an Ethernet frame. Counted are private addresses (RFC 1918, 6598, 4193), and others where
// the frame shows that they are on this link: senders of ARP, and of IPv6 neighbour discovery, which is never
// forwarded (hop limit 255, RFC 4861 §7.1).
func (p *places) note(frame []byte) {
	at, vlan := 12, uint16(0)
	for {
		if len(frame) < at+2 {
			return
		}
		kind := binary.BigEndian.Uint16(frame[at:])
		at += 2
		if kind == 0x8100 || kind == 0x88a8 || kind == 0x9100 {
			if len(frame) < at+2 {
				return
			}
			if vlan == 0 {
				vlan = binary.BigEndian.Uint16(frame[at:]) & 0xfff // the outermost names the part of a provider's network
			}
			at += 2
			continue
		}
		if a, ok := source(kind, frame[at:]); ok {
			p.add(place{vlan, a})
		}
		return
	}
}

// source is the sender of a packet, where it is the hospital's own.
func source(kind uint16, b []byte) (netip.Addr, bool) {
	switch {
	case kind == 0x0800 && len(b) >= 20:
		a := netip.AddrFrom4([4]byte(b[12:16]))
		return a, a.IsPrivate() || b[12] == 100 && b[13]&0xc0 == 64
	case kind == 0x0806 && len(b) >= 18 && b[4] == 6 && b[5] == 4:
		a := netip.AddrFrom4([4]byte(b[14:18]))
		return a, !a.IsUnspecified() && !a.IsLinkLocalUnicast()
	case kind == 0x86dd && len(b) >= 40:
		a := netip.AddrFrom16([16]byte(b[8:24]))
		return a, a.IsPrivate() || b[6] == 58 && b[7] == 255 && a.IsGlobalUnicast()
	}
	return netip.Addr{}, false
}

func (p *places) add(at place) {
	if at == p.last {
		return
	}
	p.last = at
	if p.seen == nil {
		p.seen = map[place]struct{}{}
	}
	if len(p.seen) < maxPlaces {
		p.seen[at] = struct{}{}
	}
}

// networks sums hosts up, the fullest first where there are too many.
func (p *places) networks() []Network {
	type part struct {
		vlan   uint16
		prefix netip.Prefix
	}
	hosts := map[part]int{}
	for at := range p.seen {
		bits := 64
		if at.addr.Is4() {
			bits = 24
		}
		if prefix, err := at.addr.Prefix(bits); err == nil {
			hosts[part{at.vlan, prefix}]++
		}
	}
	out := make([]Network, 0, len(hosts))
	for k, n := range hosts {
		out = append(out, Network{k.vlan, k.prefix.String(), n})
	}
	slices.SortFunc(out, func(a, b Network) int {
		if a.Hosts != b.Hosts {
			return b.Hosts - a.Hosts
		}
		if a.VLAN != b.VLAN {
			return int(a.VLAN) - int(b.VLAN)
		}
		return strings.Compare(a.Prefix, b.Prefix)
	})
	return out[:min(len(out), maxNetworks)]
}

// resident is the memory of this process as the kernel counts it; 0 where that cannot be read.
func resident() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// sampleSpan is what a sample sums up, and sampleKeep how long samples are kept (expert defaults): a month of them is 8,640
// rows a sensor.
const (
	sampleSpan = 5 * time.Minute
	sampleKeep = 30 * 24 * time.Hour
)
