package app

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"pons/fact"
	"pons/inventory"
	"pons/protocol"
)

// sighted sums what the captures held.
type sighted struct {
	protocol.Counters
	talked map[string]uint64 // conversations by parser
	beyond map[string]bool   // addresses of the Internet of which no more is known
}

// outside sets a record aside that says no more than that an address of the Internet was met.
func (s *sighted) outside(r fact.Record) bool {
	mac, ip := r.Subject.SplitHost()
	if r.Subject.Kind != "host" || mac != "" || !isPublic(ip) {
		return false
	}
	for i := range r.Facts {
		switch r.Facts[i].Attr {
		case fact.IP, fact.Service, fact.FirstSeen, fact.LastSeen:
		default:
			return false
		}
	}
	if s.beyond == nil {
		s.beyond = map[string]bool{}
	}
	s.beyond[ip] = true
	return true
}

func (s *sighted) add(c protocol.Counters) {
	if s.talked == nil {
		s.talked = map[string]uint64{}
	}
	s.Frames += c.Frames
	s.Bytes += c.Bytes
	s.Undecodable += c.Undecodable
	s.Unfollowed += c.Unfollowed
	s.Encrypted += c.Encrypted
	s.FragmentsLost += c.FragmentsLost
	s.Conversations += c.Conversations
	s.Unclaimed += c.Unclaimed
	s.Evicted += c.Evicted
	s.Losses += c.Losses
	for _, p := range c.Parsers {
		if p.Conversations > 0 {
			s.talked[p.Name] += p.Conversations
		}
	}
}

// categories are the parts of the table, in the order of a hospital's interest.
var categories = []string{"medical", "ot", "iot", "it", "network", ""}

// line is one device of the table.
type line struct {
	category, class, name string
	cells                 [10]string
}

var discoveryTitles = [10]string{"NAME", "CLASS", "MANUFACTURER", "MODEL", "VERSION", "SERIAL", "ADDRESS", "SERVICES", "PRACTICES", "CONFIDENCE"}

// printDiscovery prints devices by category and class, and what the captures held. Hosts of the Internet of which
// nothing but the address is known are counted, not listed.
func printDiscovery(w io.Writer, devices iter.Seq[*inventory.Device], seen sighted) error {
	outside := len(seen.beyond)
	counts := map[string]int{"": outside}
	var lines []line
	total := len(seen.beyond)
	for d := range devices {
		l := deviceLineOf(d)
		counts[l.category]++
		total++
		if l.category == "" && l.class == "" && isOutside(d) {
			outside++
			continue
		}
		lines = append(lines, l)
	}
	slices.SortStableFunc(lines, func(a, b line) int {
		switch {
		case a.category != b.category:
			return cmp.Compare(slices.Index(categories, a.category), slices.Index(categories, b.category))
		case a.class != b.class:
			return strings.Compare(a.class, b.class)
		}
		return strings.Compare(a.name, b.name)
	})
	out := bufio.NewWriterSize(w, 64<<10)
	writeLines(out, lines)
	if outside > 0 {
		fmt.Fprintf(out, "and %d addresses of the Internet of which no more is known (--format jsonl lists them)\n", outside)
	}
	fmt.Fprintf(out, "%d devices: %s\n", total, categoryText(counts))
	fmt.Fprintf(out, "%d frames, %d conversations: %s\n", seen.Frames, seen.Conversations, protocolText(seen.talked))
	if text := unreadText(seen); text != "" {
		fmt.Fprintf(out, "not read: %s\n", text)
	}
	return out.Flush()
}

func deviceLineOf(d *inventory.Device) line {
	l := line{category: d.Get(fact.Category), class: d.Get(fact.Class), name: d.Name()}
	if !slices.Contains(categories, l.category) {
		l.category = ""
	}
	confidence := "-"
	if d.Confidence > 0 {
		confidence = fmt.Sprintf("%.2f", d.Confidence)
	}
	l.cells = [10]string{brief(l.name), brief(l.class), brief(d.Get(fact.Manufacturer)), brief(d.Get(fact.Model)), brief(d.Get(fact.SoftwareVersion)), brief(d.Get(fact.Serial)),
		brief(addressText(d)), brief(serviceText(d)), brief(practiceText(d)), confidence}
	return l
}

// addressText is the first IPv4 address, else any, else the MAC, and how many more there are.
func addressText(d *inventory.Device) string {
	ips := d.All(fact.IP)
	if len(ips) == 0 {
		ips = d.All(fact.MAC)
	}
	if len(ips) == 0 {
		return ""
	}
	best := ips[0]
	for _, ip := range ips {
		if strings.Contains(ip, ".") {
			best = ip
			break
		}
	}
	if len(ips) > 1 {
		best += fmt.Sprintf(" +%d", len(ips)-1)
	}
	return best
}

// serviceText names the protocols that the device serves.
func serviceText(d *inventory.Device) string {
	var names []string
	for _, s := range d.All(fact.Service) {
		if parts := strings.Split(s, "/"); len(parts) == 4 && parts[3] == "server" && !slices.Contains(names, parts[2]) {
			names = append(names, parts[2])
		}
	}
	return strings.Join(names, " ")
}

// practiceText lists the insecure practices that were seen.
func practiceText(d *inventory.Device) string {
	names := d.All(fact.Practice)
	if len(names) == 0 {
		for i := range d.Wire {
			if v := &d.Wire[i]; v.Attr == fact.Practice && !slices.Contains(names, v.Value) {
				names = append(names, v.Value)
			}
		}
	}
	return strings.Join(names, " ")
}

func isPublic(ip string) bool {
	a, err := netip.ParseAddr(ip)
	return err == nil && !a.IsPrivate() && !a.IsLinkLocalUnicast() && !a.IsLoopback()
}

// isOutside tells of hosts with public addresses alone.
func isOutside(d *inventory.Device) bool {
	ips := d.All(fact.IP)
	for _, ip := range ips {
		if !isPublic(ip) {
			return false
		}
	}
	return len(ips) > 0 && len(d.All(fact.MAC)) == 0
}

// writeLines writes the table with columns as wide as they need; the category stands over its devices.
func writeLines(out *bufio.Writer, lines []line) {
	var width [len(discoveryTitles)]int
	for i, t := range discoveryTitles {
		width[i] = len(t)
	}
	for i := range lines {
		for j, c := range &lines[i].cells {
			width[j] = max(width[j], utf8.RuneCountInString(c))
		}
	}
	row := func(cells *[10]string) {
		for j, c := range cells {
			out.WriteString(c)
			if j < len(cells)-1 {
				for range width[j] - utf8.RuneCountInString(c) + 2 {
					out.WriteByte(' ')
				}
			}
		}
		out.WriteByte('\n')
	}
	row(&discoveryTitles)
	for i := range lines {
		if l := &lines[i]; i == 0 || l.category != lines[i-1].category {
			fmt.Fprintf(out, "-- %s\n", cmp.Or(l.category, "unknown"))
		}
		row(&lines[i].cells)
	}
}

func categoryText(counts map[string]int) string {
	var parts []string
	for _, c := range categories {
		if n := counts[c]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, cmp.Or(c, "unknown")))
		}
	}
	return strings.Join(parts, ", ")
}

// protocolText lists the protocols by the number of their conversations.
func protocolText(talked map[string]uint64) string {
	var names []string
	for name := range talked {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(talked[b], talked[a]), strings.Compare(a, b)) })
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", name, talked[name])
	}
	if len(names) == 0 {
		return "no protocol that is read"
	}
	return strings.Join(names, ", ")
}

// unreadText says what was not read and why.
func unreadText(s sighted) string {
	var parts []string
	for _, p := range []struct {
		n    uint64
		what string
	}{
		{s.Unclaimed, "conversations of protocols unknown here"}, {s.Unfollowed - min(s.Encrypted, s.Unfollowed), "frames of other transports (ICMP, SCTP, …)"},
		{s.Encrypted, "frames that Wi-Fi encrypts"}, {s.Undecodable, "damaged or unknown frames"}, {s.Losses, "holes in connections"},
		{s.FragmentsLost, "fragments without their rest"}, {s.Evicted, "conversations for lack of room"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	return strings.Join(parts, "; ")
}
