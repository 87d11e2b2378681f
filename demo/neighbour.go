package demo

import (
	"encoding/binary"
	"strings"
	"time"
)

// snmp is a management station's GET of the system group and the answer (SNMPv2c, RFC 3416).
func (l *listener) snmp(v *device, at time.Time) {
	station := l.router
	if l.portal != nil && l.portal != v {
		station = l.to(l.portal)
	}
	id := l.d.Uint32() & 0x7fffffff
	oids := [][]byte{{1, 1, 0}, {1, 2, 0}, {1, 5, 0}, {1, 6, 0}}
	where := l.w.sites[v.site].name + "/" + v.unit.building + "/" + v.unit.name
	values := [][]byte{ber(4, []byte(sysDescr(v))), ber(6, enterprise(v)), ber(4, []byte(v.host)), ber(4, []byte(where))}
	var asked, told []byte
	for i, o := range oids {
		name := ber(6, append([]byte{0x2b, 6, 1, 2, 1}, o...))
		asked = append(asked, ber(0x30, append(append([]byte{}, name...), 5, 0))...)
		told = append(told, ber(0x30, append(append([]byte{}, name...), values[i]...))...)
	}
	message := func(pdu byte, binds []byte) []byte {
		head := append(ber(2, binary.BigEndian.AppendUint32(nil, id)), 2, 1, 0, 2, 1, 0)
		body := append([]byte{2, 1, 1}, ber(4, []byte(phantomCommunity))...)
		return ber(0x30, append(body, ber(pdu, append(head, ber(0x30, binds)...))...))
	}
	port := l.ephemeral()
	l.udp(at, station, ends(v), port, 161, message(0xa0, asked))
	l.udp(at.Add(4*time.Millisecond), ends(v), station, 161, port, message(0xa2, told))
}

// ber is one element of basic encoding: tag, definite length, value.
func ber(tag byte, value []byte) []byte {
	b := []byte{tag}
	switch n := len(value); {
	case n < 128:
		b = append(b, byte(n))
	case n < 256:
		b = append(b, 0x81, byte(n))
	default:
		b = append(b, 0x82, byte(n>>8), byte(n))
	}
	return append(b, value...)
}

func sysDescr(v *device) string {
	a := v.article
	switch a.maker {
	case "HP":
		return "HP ETHERNET MULTI-ENVIRONMENT,ROM none,JETDIRECT,JD153,EEPROM JSI24110012,CIDATE 08/20/2021"
	case "Zebra":
		return "Zebra Wireless ZD620 " + v.version
	case "APC":
		return "APC Web/SNMP Management Card (MB:v4.1.0 PF:" + v.version + " PN:apc_hw05_aos_" + strings.NewReplacer("v", "", ".", "").Replace(v.version) +
			".bin AF1:" + v.version + " AN1:apc_hw05_sumx.bin MN:AP9630 HR:05 SN: " + v.serial + " MD:02/11/2020)"
	case "Cisco":
		return ciscoVersion(v)
	}
	return a.maker + " " + a.model + " " + v.version
}

func ciscoVersion(v *device) string {
	switch v.article.class {
	case "access-point":
		return "Cisco AP Software, ap1g7-k9w8 Version: " + v.version
	case "router":
		return "Cisco IOS Software [Bengaluru], ISR Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version " + v.version + ", RELEASE SOFTWARE (fc2)"
	}
	return "Cisco IOS Software [Cupertino], Catalyst L3 Switch Software (CAT9K_IOSXE), Version " + v.version + ", RELEASE SOFTWARE (fc3)"
}

func ciscoPlatform(v *device) string {
	return map[string]string{"access-point": "cisco C9120AXI-B", "router": "cisco ISR4451-X/K9", "switch": "cisco C9300-48P", "phone": "Cisco IP Phone 8845"}[v.article.class]
}

// enterprise is the sysObjectID under 1.3.6.1.4.1 with the maker's registered number (domain/05 §5.6): HP 11,
// Zebra 10642, APC 318, Cisco 9; Net-SNMP 8072 stands for the rest.
func enterprise(v *device) []byte {
	n := map[string]uint32{"HP": 11, "Zebra": 10642, "APC": 318, "Cisco": 9}[v.article.maker]
	if n == 0 {
		n = 8072
	}
	b := []byte{0x2b, 6, 1, 4, 1}
	if n >= 1<<14 {
		b = append(b, byte(n>>14)|0x80)
	}
	if n >= 1<<7 {
		b = append(b, byte(n>>7)|0x80)
	}
	return append(b, byte(n&0x7f), 1, 1)
}

// neighbour is what a switch or an access point tells its link, by LLDP and CDP, and answers to SNMP.
func (l *listener) neighbour(v *device, at time.Time) {
	l.lldp(v, at, ciscoVersion(v), 0x0014, nil)
	l.cdp(v, at.Add(time.Second), v.host+"."+l.w.domain(), "GigabitEthernet1/0/24", ciscoVersion(v), ciscoPlatform(v), 0x28)
	l.snmp(v, at.Add(2*time.Second))
}

// phone is LLDP with the inventory of LLDP-MED, and CDP.
func (l *listener) phone(v *device, at time.Time) {
	med := func(kind byte, text string) []byte {
		return tlv(127, append([]byte{0x00, 0x12, 0xbb, kind}, text...))
	}
	inventory := append(med(1, "\x00\x3f\x03"), med(5, "12")...)
	inventory = append(inventory, med(6, "sb2_8845_v2")...)
	inventory = append(inventory, med(7, "sip8845_65."+v.version)...)
	inventory = append(inventory, med(8, v.serial)...)
	inventory = append(inventory, med(9, "Cisco Systems, Inc.")...)
	inventory = append(inventory, med(10, "CP-8845")...)
	l.lldp(v, at, "Cisco IP Phone 8845, V1, sip8845_65."+v.version, 0x0024, inventory)
	l.cdp(v, at.Add(time.Second), v.host, "Port 1", "sip8845_65."+v.version, ciscoPlatform(v), 0x490)
}

// tlv is one element of LLDP: 7 bits of kind, 9 of length (IEEE 802.1AB).
func tlv(kind byte, value []byte) []byte {
	return append([]byte{kind<<1 | byte(len(value)>>8), byte(len(value))}, value...)
}

func (l *listener) lldp(v *device, at time.Time, description string, capable uint16, more []byte) {
	mac, ip := macBytes(v.mac), v.ip.As4()
	b := tlv(1, append([]byte{4}, mac[:]...))
	b = append(b, tlv(2, []byte("\x05Gi1/0/24"))...)
	b = append(b, tlv(3, []byte{0, 120})...)
	b = append(b, tlv(5, []byte(v.host))...)
	b = append(b, tlv(6, []byte(description))...)
	b = append(b, tlv(7, []byte{byte(capable >> 8), byte(capable), byte(capable >> 8), byte(capable)})...)
	b = append(b, tlv(8, append(append([]byte{5, 1}, ip[:]...), 2, 0, 0, 0, 1, 0))...)
	b = append(append(b, more...), 0, 0)
	l.ethernet(at, mac, [6]byte{0x01, 0x80, 0xc2, 0, 0, 0x0e}, 0x88cc, b)
}

// cdp is version 2 in an LLC/SNAP frame.
func (l *listener) cdp(v *device, at time.Time, id, port, version, platform string, capable uint32) {
	ip := v.ip.As4()
	var body []byte
	put := func(kind uint16, value []byte) {
		body = binary.BigEndian.AppendUint16(body, kind)
		body = binary.BigEndian.AppendUint16(body, uint16(len(value)+4))
		body = append(body, value...)
	}
	put(1, []byte(id))
	put(2, append([]byte{0, 0, 0, 1, 1, 1, 0xcc, 0, 4}, ip[:]...))
	put(3, []byte(port))
	put(4, binary.BigEndian.AppendUint32(nil, capable))
	put(5, []byte(version))
	put(6, []byte(platform))
	b := append([]byte{2, 180, 0, 0}, body...)
	binary.BigEndian.PutUint16(b[2:], cdpChecksum(b))
	l.ethernet(at, macBytes(v.mac), [6]byte{0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc}, 0, append([]byte{0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0}, b...))
}

// cdpChecksum is the internet checksum save for an odd last byte, which Cisco's routers put into the low half of
// the last word, and lower by one where its top bit is set (Wireshark packet-cdp.c explains the quirk).
func cdpChecksum(b []byte) uint16 {
	if len(b)%2 == 0 {
		return checksum(b)
	}
	last := b[len(b)-1]
	padded := append(append([]byte{}, b[:len(b)-1]...), 0, last)
	if last&0x80 != 0 {
		padded[len(padded)-1]--
		padded[len(padded)-2]--
	}
	return checksum(padded)
}
