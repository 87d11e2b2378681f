package truth

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"

	"pons/capture"
	"pons/fact"
)

// frames are the beginnings of the frames of a capture, from 1. tshark's account names the outermost sender, without
// IPv6 addresses; what Pons says of an IPv6 host or of a host inside a tunnel is compared with it by way of the frame.
type frames map[uint64][]byte

// headers bound what is kept of a frame: a whole Ethernet frame fits.
const headers = 2048

// readFrames keeps the frames that facts name.
func readFrames(data []byte, name string, records []fact.Record) frames {
	f := frames{}
	for i := range records {
		for _, said := range records[i].Facts {
			if n, ok := frameOf(said); ok {
				f[n] = nil
			}
		}
	}
	src, err := capture.Open(bytes.NewReader(data), name)
	if err != nil {
		return f
	}
	// What is damaged at the end is no matter: the facts came from what is before it.
	_, _ = src.Run(context.Background(), func(fr capture.Frame) {
		if _, wanted := f[fr.Number]; wanted {
			f[fr.Number] = bytes.Clone(fr.Data[:min(len(fr.Data), headers)])
		}
	})
	return f
}

var frameNumber = regexp.MustCompile(`frame (\d+)$`)

func frameOf(f fact.Fact) (uint64, bool) {
	m := frameNumber.FindStringSubmatch(f.Because)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseUint(m[1], 10, 64)
	return n, err == nil
}

// inside tells whether a fact was read from a frame that the claim's host sent by its outermost headers, while its
// subject is the source of an IP header inside that frame (IPv6, or within a tunnel) or a device behind that host.
func (f frames) inside(c *Claim, r *fact.Record, said fact.Fact) bool {
	n, ok := frameOf(said)
	if !ok || len(f[n]) < 34 {
		return false
	}
	frame := f[n]
	if r.Subject.Kind == "child" { // a device that the claim's host speaks for, be it with another value first
		return slices.ContainsFunc(r.Facts, func(other fact.Fact) bool {
			n, ok := frameOf(other)
			return ok && len(f[n]) >= 34 && sender(f[n], c)
		})
	}
	if !sender(frame, c) {
		return false
	}
	for _, ip := range r.All(fact.IP) {
		if sourceOf(frame, ip) {
			return true
		}
	}
	return false
}

// sender tells whether a frame's outermost headers name the claim's host as its source.
func sender(frame []byte, c *Claim) bool {
	return (c.MAC == "" || c.MAC == macOf(frame)) && (c.IP == "" || sourceOf(frame, c.IP))
}

func macOf(frame []byte) string { return net.HardwareAddr(frame[6:12]).String() }

// sourceOf tells whether some IP header in the frame has the address as its source.
func sourceOf(frame []byte, ip string) bool {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return false
	}
	back, version := 12, byte(4)
	if addr.Is6() {
		back, version = 8, 6
	}
	for from := 0; ; {
		i := bytes.Index(frame[from:], addr.AsSlice())
		if i < 0 {
			return false
		}
		if i += from; i >= back && frame[i-back]>>4 == version {
			return true
		}
		from = i + 1
	}
}

// spoken tells whether a fact was read from a frame whose source is its subject and that holds the value as it stands.
func (f frames) spoken(r *fact.Record, said fact.Fact) bool {
	n, ok := frameOf(said)
	if !ok || len(f[n]) < 34 {
		return false
	}
	frame := f[n]
	return bytes.Contains(frame, []byte(said.Value)) &&
		(slices.Contains(r.All(fact.MAC), macOf(frame)) || slices.ContainsFunc(r.All(fact.IP), func(ip string) bool { return sourceOf(frame, ip) }))
}
