package demo

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Phantoms lists what the captures carry of a patient who does not exist and of secrets that open nothing. None
// of it may ever turn up in a fact, a log, a page or a database.
func Phantoms() []string {
	return []string{phantomFamily, phantomGiven, phantomNumber, phantomStreet, phantomBirth, phantomResult, phantomCommunity, phantomPassword,
		base64.StdEncoding.EncodeToString([]byte("zzbiomed:" + phantomPassword))}
}

const (
	phantomFamily    = "ZZPHANTOM"
	phantomGiven     = "VELLICHORA"
	phantomNumber    = "ZZMRN900001"
	phantomStreet    = "1 ZZNOWHERE LANE"
	phantomBirth     = "19010203"
	phantomResult    = "4242.4242"
	phantomCommunity = "zzcommunity"
	phantomPassword  = "ZZopensesame"
)

// listener is one span port while it records.
type listener struct {
	*traffic
	w       *world
	d       dice
	site    int
	start   time.Time
	router  nic
	archive *device // PACS
	engine  *device // HL7 integration engine
	pumps   *device // server of the infusion pumps
	portal  *device // intranet
	port    uint16
}

const recording = 30 * time.Minute

// record makes half an hour at the span port of a site: who is there says so by ARP and DHCP, and leads the
// conversations of its kind.
func (w *world) record(site int) *traffic {
	l := &listener{traffic: &traffic{}, w: w, d: newDice(w.Seed, "wire "+w.sites[site].slug), site: site, start: w.At.Add(-recording), port: 49152}
	l.router = nic{[6]byte{0x4c, 0xe1, 0x75, 0, 0, byte(site + 1)}, netip.AddrFrom4([4]byte{10, w.sites[site].block, 0, 1})}
	if site == 1 {
		l.vlan = 31 // this port is a trunk
	}
	l.archive, l.engine, l.pumps, l.portal = w.first("pacs-server", 0), w.first("server", 0), w.first("server", 1), w.first("server", 2)
	// IEEE 802 local experimental EtherType: a label that no parser claims.
	l.ethernet(l.start, [6]byte{}, broadcast, 0x88b5, []byte(Mark))
	l.announce(l.router, l.start.Add(time.Millisecond))
	l.hosts = l.choose()
	for _, v := range l.hosts {
		l.converse(v)
	}
	return l.traffic
}

// first is the n-th device of a class, or the last before it; nil where there is none.
func (w *world) first(class string, n int) (found *device) {
	for _, v := range w.devices {
		if v.article.class == class && usable(v) {
			found = v
			if n--; n < 0 {
				break
			}
		}
	}
	return found
}

// usable: a multicast source address cannot be on a wire.
func usable(v *device) bool { return v.online && macBytes(v.mac)[0]&1 == 0 }

// choose takes one device of every model at the site, then more by chance, and some that no system knows.
func (l *listener) choose() []*device {
	var here, rogues, chosen []*device
	for _, v := range l.w.devices {
		if v.site == l.site && usable(v) {
			here = append(here, v)
		}
	}
	l.d.Shuffle(len(here), func(i, j int) { here[i], here[j] = here[j], here[i] })
	for _, v := range l.w.rogues {
		if v.site == l.site {
			rogues = append(rogues, v)
		}
	}
	seen, taken := map[string]bool{}, map[*device]bool{}
	take := func(v *device) { taken[v], chosen = true, append(chosen, v) }
	for _, v := range here {
		if !seen[v.article.model] {
			seen[v.article.model] = true
			take(v)
		}
	}
	guests := rogues[:min(len(rogues), 8)]
	for _, v := range here {
		if len(chosen)+len(guests) >= l.w.Wire/len(l.w.sites) {
			break
		}
		if !taken[v] {
			take(v)
		}
	}
	return append(chosen, guests...)
}

func ends(v *device) nic { return nic{macBytes(v.mac), v.ip} }

// to is a peer as this segment sees it: behind the router where it stands at another site.
func (l *listener) to(v *device) nic {
	n := ends(v)
	if v.site != l.site {
		n.mac = l.router.mac
	}
	return n
}

func (l *listener) moment() time.Time {
	return l.start.Add(time.Second + time.Duration(l.d.Int64N(int64(recording-time.Minute))).Truncate(time.Microsecond))
}

func (l *listener) ephemeral() uint16 {
	l.port++
	if l.port < 49152 {
		l.port = 49152
	}
	return l.port
}

func (l *listener) converse(v *device) {
	at, me, t := l.moment(), ends(v), v.article.talk
	if t&talkServer == 0 && v.article.class != "switch" && v.article.class != "router" {
		at = l.lease(v, at)
	}
	l.announce(me, at)
	l.ask(me, l.router, at.Add(20*time.Millisecond))
	at = at.Add(time.Second)
	does := func(k talk, lead func(*device, time.Time)) {
		if t&k != 0 {
			lead(v, at)
			at = at.Add(2 * time.Second)
		}
	}
	does(talkWindows, l.windows)
	does(talkPrinter, l.printer)
	does(talkSNMP, l.snmp)
	does(talkSwitch, l.neighbour)
	does(talkPhone, l.phone)
	does(talkMDNS, l.bonjour)
	does(talkHTTP, l.browse)
	if t&talkTLS != 0 && l.pumps != nil && l.pumps != v {
		l.secure(v, l.pumps, at, helloEmbedded)
	}
	if t&talkDICOM != 0 && l.archive != nil {
		l.store(v, at)
	}
	if t&talkHL7 != 0 && l.engine != nil {
		l.result(v, at)
	}
	if v.guest {
		l.stranger(v, at)
	}
}

// announce is a gratuitous ARP, ask a request with its reply.
func (l *listener) announce(n nic, at time.Time) {
	l.ethernet(at, n.mac, broadcast, 0x0806, arpMessage(1, n, nic{ip: n.ip}))
}

func (l *listener) ask(who, whom nic, at time.Time) {
	l.ethernet(at, who.mac, broadcast, 0x0806, arpMessage(1, who, nic{ip: whom.ip}))
	l.ethernet(at.Add(200*time.Microsecond), whom.mac, who.mac, 0x0806, arpMessage(2, whom, who))
}

func arpMessage(op uint16, from, to nic) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0, 1, 8, 0, 6, 4}, op)
	src, dst := from.ip.As4(), to.ip.As4()
	return append(append(append(append(b, from.mac[:]...), src[:]...), to.mac[:]...), dst[:]...)
}

// lease is the four messages of DHCP (RFC 2131).
func (l *listener) lease(v *device, at time.Time) time.Time {
	me := ends(v)
	nobody, everybody := nic{me.mac, netip.IPv4Unspecified()}, nic{broadcast, netip.AddrFrom4([4]byte{255, 255, 255, 255})}
	vendor, asked := dhcpManners(v)
	xid := l.d.Uint32()
	client := func(kind byte, ip bool) []byte {
		o := []byte{53, 1, kind, 61, 7, 1}
		o = append(o, me.mac[:]...)
		if ip {
			b := me.ip.As4()
			o = append(append(o, 50, 4), b[:]...)
		}
		if v.host != "" {
			o = append(append(o, 12, byte(len(v.host))), v.host...)
		}
		if vendor != "" {
			o = append(append(o, 60, byte(len(vendor))), vendor...)
		}
		return append(append(o, 55, byte(len(asked))), asked...)
	}
	server := func(kind byte) []byte {
		b := l.router.ip.As4()
		o := append([]byte{53, 1, kind, 54, 4}, b[:]...)
		o = append(o, 51, 4, 0, 1, 0x51, 0x80, 1, 4, 255, 255, 0, 0, 3, 4)
		o = append(o, b[:]...)
		domain := l.w.domain()
		return append(append(o, 15, byte(len(domain))), domain...)
	}
	none := netip.IPv4Unspecified()
	l.udp(at, nobody, everybody, 68, 67, bootp(1, xid, none, me.mac, client(1, false)))
	l.udp(at.Add(3*time.Millisecond), l.router, me, 67, 68, bootp(2, xid, me.ip, me.mac, server(2)))
	l.udp(at.Add(5*time.Millisecond), nobody, everybody, 68, 67, bootp(1, xid, none, me.mac, client(3, true)))
	l.udp(at.Add(8*time.Millisecond), l.router, me, 67, 68, bootp(2, xid, me.ip, me.mac, server(5)))
	return at.Add(20 * time.Millisecond)
}

func bootp(op byte, xid uint32, yours netip.Addr, mac [6]byte, options []byte) []byte {
	b := make([]byte, 236, 300)
	b[0], b[1], b[2] = op, 1, 6
	binary.BigEndian.PutUint32(b[4:], xid)
	ip := yours.As4()
	copy(b[16:], ip[:])
	copy(b[28:], mac[:])
	b = append(append(append(b, 0x63, 0x82, 0x53, 0x63), options...), 255)
	for len(b) < 300 {
		b = append(b, 0)
	}
	return b
}

// dhcpManners are the vendor class and the requested options by which a system is known.
func dhcpManners(v *device) (vendor string, asked []byte) {
	a := v.article
	switch {
	case strings.HasPrefix(v.system, "Windows"):
		return "MSFT 5.0", []byte{1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252}
	case a.maker == "HP" && a.class == "printer":
		return "Hewlett-Packard JetDirect", []byte{6, 3, 1, 15, 66, 67, 13, 44, 12, 81, 252}
	case a.maker == "Axis":
		return "AXIS,Network Camera,P3245-LV," + v.version, []byte{1, 3, 6, 12, 15, 28, 42, 120}
	case a.talk&talkPhone != 0:
		return "Cisco Systems, Inc. IP Phone CP-8845", []byte{1, 66, 6, 3, 15, 150, 35}
	case a.maker == "Apple":
		return "", []byte{1, 121, 3, 6, 15, 119, 252}
	case a.class == "mobile-computer" || a.maker == "Samsung":
		return "android-dhcp-10", []byte{1, 3, 6, 15, 26, 28, 51, 58, 59, 43}
	case a.class == "access-point" && a.maker == "Cisco":
		return "Cisco AP c9120AXI", []byte{1, 6, 15, 44, 3, 7, 33, 150, 43}
	case a.maker == "APC":
		return "APC", []byte{1, 3, 6, 12, 15, 43}
	}
	return "udhcp 1.20.2", []byte{1, 3, 6, 12, 15, 28, 42}
}

func (w *world) domain() string { return "quillmere.example" }

var (
	groupMDNS  = nic{[6]byte{0x01, 0x00, 0x5e, 0, 0, 0xfb}, netip.AddrFrom4([4]byte{224, 0, 0, 251})}
	groupLLMNR = nic{[6]byte{0x01, 0x00, 0x5e, 0, 0, 0xfc}, netip.AddrFrom4([4]byte{224, 0, 0, 252})}
)

// windows registers a NetBIOS name, answers to its name by LLMNR, browses and talks TLS.
func (l *listener) windows(v *device, at time.Time) {
	me := ends(v)
	if v.host != "" {
		local := nic{broadcast, netip.AddrFrom4([4]byte{10, l.w.sites[l.site].block, 255, 255})}
		l.udp(at, me, local, 137, 137, nbnsRegistration(uint16(l.d.Uint32()), v.host, me.ip))
		l.resolve(l.hosts[l.d.IntN(len(l.hosts))], v, at.Add(40*time.Millisecond))
	}
	if l.portal == nil || l.portal == v {
		return
	}
	agent := "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0"
	if strings.Contains(v.system, "Windows 7") {
		agent = "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko"
	}
	l.get(v, l.portal, at.Add(100*time.Millisecond), agent, "/start?patient="+phantomNumber, true)
	l.secure(v, l.portal, at.Add(500*time.Millisecond), helloBrowser)
}

// resolve is a neighbour's question for a name by LLMNR (RFC 4795) and the answer of the host that bears it.
func (l *listener) resolve(who, whom *device, at time.Time) {
	if who == whom {
		return
	}
	name := dns.Fqdn(whom.host)
	m := new(dns.Msg)
	m.Id = uint16(l.d.Uint32())
	m.Question = []dns.Question{{Name: name, Qtype: dns.TypeA, Qclass: dns.ClassINET}}
	port := l.ephemeral()
	l.udp(at, ends(who), groupLLMNR, port, 5355, pack(m))
	m.Response = true
	m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 30}, A: whom.ip.AsSlice()}}
	l.udp(at.Add(2*time.Millisecond), ends(whom), ends(who), 5355, port, pack(m))
}

// nbnsRegistration is a NetBIOS name registration (RFC 1002 §4.2.2) for a workstation name.
func nbnsRegistration(id uint16, host string, ip netip.Addr) []byte {
	name := strings.ToUpper(host)
	name = fmt.Sprintf("%-15.15s\x00", name)
	b := binary.BigEndian.AppendUint16(nil, id)
	b = append(b, 0x29, 0x10, 0, 1, 0, 0, 0, 0, 0, 1, 32)
	for i := range 16 {
		b = append(b, 'A'+name[i]>>4, 'A'+name[i]&15)
	}
	a := ip.As4()
	b = append(b, 0, 0, 0x20, 0, 1, 0xc0, 12, 0, 0x20, 0, 1, 0, 4, 0x93, 0xe0, 0, 6, 0, 0)
	return append(b, a[:]...)
}

func pack(m *dns.Msg) []byte {
	b, err := m.Pack()
	if err != nil { // names and values are this package's own
		panic("demo: " + err.Error())
	}
	return b
}

// advertise sends an mDNS response with a service's PTR, SRV, TXT and A records (RFC 6763).
func (l *listener) advertise(v *device, at time.Time, service, instance string, txt ...string) {
	host := strings.ReplaceAll(v.host, " ", "-")
	if host == "" {
		host = "device-" + strings.ReplaceAll(v.mac[9:], ":", "")
	}
	kind, target := service+".local.", host+".local."
	full := strings.NewReplacer(" ", "\\ ", ".", "\\.", "(", "\\(", ")", "\\)").Replace(instance) + "." + kind
	head := func(name string, t uint16) dns.RR_Header {
		return dns.RR_Header{Name: name, Rrtype: t, Class: dns.ClassINET, Ttl: 120}
	}
	m := new(dns.Msg)
	m.Response, m.Authoritative = true, true
	m.Answer = []dns.RR{&dns.PTR{Hdr: head(kind, dns.TypePTR), Ptr: full}}
	m.Extra = []dns.RR{&dns.SRV{Hdr: head(full, dns.TypeSRV), Port: 631, Target: target}, &dns.TXT{Hdr: head(full, dns.TypeTXT), Txt: txt},
		&dns.A{Hdr: head(target, dns.TypeA), A: v.ip.AsSlice()}}
	l.udp(at, ends(v), groupMDNS, 5353, 5353, pack(m))
}

func (l *listener) bonjour(v *device, at time.Time) {
	switch v.article.maker {
	case "Axis":
		l.advertise(v, at, "_axis-video._tcp", "AXIS P3245-LV - "+strings.ToUpper(strings.ReplaceAll(v.mac, ":", "")), "macaddress="+strings.ToUpper(strings.ReplaceAll(v.mac, ":", "")))
		if l.portal != nil {
			l.get(v, l.portal, at.Add(time.Second), "AXIS P3245-LV/"+v.version, "/vms/notify", false)
		}
	default:
		l.advertise(v, at, "_companion-link._tcp", v.host, "rpMd=iPad12,1", "rpVr=530.1")
		if l.portal != nil {
			l.secure(v, l.portal, at.Add(time.Second), helloBrowser)
		}
	}
}

func (l *listener) printer(v *device, at time.Time) {
	name := v.article.maker + " " + v.article.model
	if v.article.maker == "HP" {
		name = "HP LaserJet Enterprise M507"
	}
	l.advertise(v, at, "_ipp._tcp", fmt.Sprintf("%s [%s]", name, strings.ToUpper(strings.ReplaceAll(v.mac[9:], ":", ""))), "txtvers=1", "ty="+name, "product=("+name+")", "note="+v.unit.name)
	l.snmp(v, at.Add(time.Second))
}

// browse is a GET with a user agent that names the product.
func (l *listener) browse(v *device, at time.Time) {
	server := l.portal
	if v.article.category == "medical" {
		server = l.pumps
	}
	if server == nil || server == v {
		return
	}
	agent := strings.ReplaceAll(v.article.maker, " ", "") + "-" + strings.ReplaceAll(v.article.model, " ", "-") + "/" + v.version
	l.get(v, server, at, agent, "/device/report", false)
}

// get is one HTTP exchange; with secrets it carries a phantom password.
func (l *listener) get(v, server *device, at time.Time, agent, path string, secrets bool) {
	s := l.dial(at, ends(v), l.to(server), l.ephemeral(), 80, l.d.Uint32())
	host := strings.ToLower(server.host) + "." + l.w.domain()
	req := "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: " + agent + "\r\nAccept: */*\r\n"
	if secrets {
		req += "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("zzbiomed:"+phantomPassword)) + "\r\n"
	}
	s.say(true, []byte(req+"\r\n"))
	body := "<html><title>synthetic</title>" + phantomFamily + "</html>"
	s.say(false, fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nServer: Microsoft-IIS/10.0\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
	s.close()
}

// stranger is what a device that nobody knows does: a tablet looks for printers, an access point hands out leases.
func (l *listener) stranger(v *device, at time.Time) {
	if v.article.class == "access-point" {
		everybody := nic{broadcast, netip.AddrFrom4([4]byte{255, 255, 255, 255})}
		lent := netip.AddrFrom4([4]byte{192, 168, 0, byte(l.d.between(100, 199))})
		own := netip.AddrFrom4([4]byte{192, 168, 0, 1})
		b := own.As4()
		options := append([]byte{53, 1, 2, 54, 4}, b[:]...)
		l.udp(at, nic{macBytes(v.mac), own}, everybody, 67, 68, bootp(2, l.d.Uint32(), lent, macBytes(macUnder(l.d, "a4b805")), options))
		return
	}
	if v.article.maker == "Apple" {
		l.advertise(v, at, "_companion-link._tcp", "Private "+v.article.model, "rpMd="+v.article.model)
	}
}
