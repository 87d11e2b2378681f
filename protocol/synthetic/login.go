package synthetic

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"

	"pons/protocol"
)

// logins are conversations in which people sign in, ask, print, speak and are spoken of: canaries wherever the protocol
// has room for a name, a password, a question or an answer.
func logins(add func(parser, open string, transport protocol.Transport, port uint16, turns ...Turn)) {
	up := func(s string) Turn { return Turn{protocol.ToServer, s} }
	down := func(s string) Turn { return Turn{protocol.ToClient, s} }
	tcp, udp := protocol.TCP, protocol.UDP

	add("kerberos", "WARD.EXAMPLE", udp, 88, up(kerberosRequest()), down(kerberosError()))
	add("radius", "ap-7", udp, 1812, up(radiusPacket(1, 1, CanaryUser, 2, CanarySecret+"zzzzzz", 32, "ap-7", 31, "02-00-5E-00-53-07", 89, CanaryUser)),
		down(radiusPacket(2, 1, CanaryUser, 18, "Welcome "+CanaryName, 25, person, 11, CanaryUser)))
	add("tds", "viewer.exe", tcp, 1433, up(tdsPacket(0x10, tdsLogin())), down(tdsPacket(4, "\xaa"+short(40)+"\x18\x48\x00\x00\x01\x0e"+short(10)+wideText(CanaryUser+CanaryName))),
		up(tdsPacket(1, wideText("SELECT result FROM patient WHERE name='"+CanaryName+"' AND mrn="+CanaryNumber))), down(tdsPacket(4, "\xd1"+wideText(person))))
	add("http", "ACME LP 9", tcp, 631,
		up(httpPost("/ipp/print", "application/ipp", ippMessage("\x00\x0b", "", 0x42, "requesting-user-name", CanaryUser))),
		down(httpBody("200 OK", "application/ipp", ippMessage("\x00\x00", "\x04", 0x41, "printer-make-and-model", "ACME LP 9", 0x42, "job-originating-user-name", CanaryUser, 0x42, "job-name", CanaryName), "")),
		up(httpPost("/ipp/print", "application/ipp", ippMessage("\x00\x02", "", 0x42, "requesting-user-name", CanaryUser, 0x42, "job-name", "Report "+CanaryName+" "+CanaryBirth)+person)))
	add("mysql", "8.0.33", tcp, 3306, down(mysqlPacket(0, "\x0a8.0.33\x00\x01\x00\x00\x00saltsalt\x00\xff\xf7\x21\x02\x00\xff\xdf\x15"+strings.Repeat("\x00", 10)+"saltsaltsalt\x00mysql_clear_password\x00")),
		up(mysqlPacket(1, "\x0d\xa6\x0f\x00\x00\x00\x00\x01\x21"+strings.Repeat("\x00", 23)+CanaryUser+"\x00\x0a"+CanarySecret+CanaryName+"\x00mysql_clear_password\x00")), down(mysqlPacket(2, "\x00\x00\x00\x02\x00\x00\x00")),
		up(mysqlPacket(0, "\x03SELECT "+CanaryResult+" WHERE mrn='"+CanaryNumber+"'")), down(mysqlPacket(1, "\x01")+mysqlPacket(2, person)))
	add("postgres", "14.5", tcp, 5432, up(pgStartup()), down("R\x00\x00\x00\x08\x00\x00\x00\x03"), up(pgMessage('p', CanarySecret+"\x00")),
		down("R\x00\x00\x00\x08\x00\x00\x00\x00"+pgMessage('S', "server_version\x0014.5\x00")+pgMessage('S', "session_authorization\x00"+CanaryUser+"\x00")+"Z\x00\x00\x00\x05I"),
		up(pgMessage('Q', "SELECT * FROM patient WHERE name='"+CanaryName+"'\x00")), down(pgMessage('D', "\x00\x01\x00\x00\x00\x20"+person)+pgMessage('E', "SERROR\x00M"+person+"\x00\x00")))
	add("rfb", "", tcp, 5900, down("RFB 003.008\n"), up("RFB 003.008\n"), down("\x01\x02"), up("\x02"), down(CanarySecret+"123456"), up(CanarySecret+"654321"), down("\x00\x00\x00\x00"), up("\x01"),
		down("\x04\x00\x03\x00"+strings.Repeat("\x00", 16)+"\x00\x00\x00\x20"+CanaryName+" on "+CanaryUser), up("\x06\x00\x00\x00\x00\x00\x00\x0a"+CanaryNumber))
	add("rdp", "", tcp, 3389, up(tpkt("\xe0\x00\x00\x00\x00\x00Cookie: mstshash="+CanaryUser+"\r\n\x01\x00\x08\x00\x03\x00\x00\x00")), down(tpkt("\xd0\x00\x00\x12\x34\x00\x02\x00\x08\x00\x02\x00\x00\x00")))
	add("socks", "", tcp, 1080, up("\x05\x01\x02"), down("\x05\x02"), up("\x01"+string(rune(len(CanaryUser)))+CanaryUser+string(rune(len(CanarySecret)))+CanarySecret), down("\x01\x00"))
	add("stun", "agent/1", udp, 3478, up("\x00\x01\x00\x20\x21\x12\xa4\x42transaction!"+"\x00\x06\x00\x0b"+CanaryUser+"\x00"+"\x80\x22\x00\x07agent/1\x00"+"\x00\x1c\x00\x00"))
	add("snmp", "gate 9", udp, 161, up(snmpGet()), down(snmpSystem()))
	add("snmp", "", udp, 161, up(snmpThree()))
	add("http", "PC-7", tcp, 80, up("GET /ntlm HTTP/1.1\r\nHost: portal\r\nAuthorization: NTLM "+base64.StdEncoding.EncodeToString([]byte(ntlmThird()))+"\r\n\r\n"), down("HTTP/1.1 401 no\r\nContent-Length: 0\r\n\r\n"))
	add("http", "ECG 12", tcp, 80, up("GET /desc.xml HTTP/1.1\r\nHost: gate\r\n\r\n"), down(httpBody("200 OK", "text/xml", `<root xmlns="urn:schemas-upnp-org:device-1-0"><device><deviceType>urn:x:device:Ecg:1</deviceType><friendlyName>`+
		CanaryName+`'s ECG</friendlyName><manufacturer>ACME</manufacturer><modelDescription>`+CanaryName+`</modelDescription><modelName>ECG 12</modelName></device></root>`, "")))
	add("ssdp", "IpBridge/1", udp, 1900, up("NOTIFY * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\nNTS: ssdp:alive\r\nServer: Linux UPnP/1.0 IpBridge/1\r\nLocation: http://10.9.1.1/d.xml?u="+CanaryUser+"\r\nCPFN.UPNP.ORG: "+CanaryName+"\r\n\r\n"))
	add("mdns", "_airplay._tcp.local", udp, 5353, down(dnsAnswer("_airplay._tcp.local", "Dr. "+CanaryName+"._airplay._tcp.local", CanaryName+"’s phone._airplay._tcp.local")))
	add("wsd", "bed=7", udp, 3702, up(wsdHello()))
	add("fox", "bms-01", tcp, 1911, up("fox a 1 -1 fox hello\n{\nfox.version=s:1.0\nid=i:1\n};;\n"), down("fox a 0 -1 fox hello\n{\nfox.version=s:1.0.1\nhostName=s:bms-01\n};;\n"),
		up("fox a 2 -1 fox authenticate\n{\nuser=s:"+CanaryUser+"\npassword=s:"+CanarySecret+"\n};;\nfox a 3 -1 fox message\n{\nhostName=s:"+CanaryName+"\n};;\n"))
	add("opcua", "opc.tcp://srv:4840", tcp, 4840, up(opcHello()), up(opcActivate()), down("ERRF"+long(uint32(16+len(person)))+"\x00\x00\x05\x80"+long(uint32(len(person)))+person))
}

func short(n int) string   { return string(binary.LittleEndian.AppendUint16(nil, uint16(n))) }
func long(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }

func wideText(s string) string { return wide(s, binary.LittleEndian) }

func httpPost(path, kind, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: gate\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", path, kind, len(body), body)
}

// kerberosRequest is an AS-REQ of a person (RFC 4120 §5.4.1).
func kerberosRequest() string {
	return ber(0x6a, ber(0x30, ber(0xa1, ber(2, "\x05")), ber(0xa2, ber(2, "\x0a")), ber(0xa4, ber(0x30, ber(0xa0, ber(3, "\x00\x40\x81\x00\x10")),
		ber(0xa1, ber(0x30, ber(0xa0, ber(2, "\x01")), ber(0xa1, ber(0x30, ber(0x1b, CanaryUser))))), ber(0xa2, ber(0x1b, "WARD.EXAMPLE")),
		ber(0xa3, ber(0x30, ber(0xa0, ber(2, "\x02")), ber(0xa1, ber(0x30, ber(0x1b, "krbtgt"), ber(0x1b, "WARD.EXAMPLE"))))),
		ber(0xa5, ber(0x18, "20370913024805Z")), ber(0xa7, ber(2, "\x01")), ber(0xa8, ber(0x30, ber(2, "\x12")))))))
}

// kerberosError names the person again, and says why in words.
func kerberosError() string {
	name := ber(0x30, ber(0xa0, ber(2, "\x01")), ber(0xa1, ber(0x30, ber(0x1b, CanaryUser))))
	return ber(0x7e, ber(0x30, ber(0xa0, ber(2, "\x05")), ber(0xa1, ber(2, "\x1e")), ber(0xa4, ber(0x18, "20260102030405Z")), ber(0xa5, ber(2, "\x00")), ber(0xa6, ber(2, "\x19")),
		ber(0xa7, ber(0x1b, "WARD.EXAMPLE")), ber(0xa8, name), ber(0xa9, ber(0x1b, "WARD.EXAMPLE")), ber(0xaa, name), ber(0xab, ber(0x1b, CanaryResult))))
}

// radiusPacket is a code and attributes of RADIUS (RFC 2865 §5), numbers and texts in turn.
func radiusPacket(code byte, more ...any) string {
	body := ""
	for i := 0; i < len(more); i += 2 {
		body += string([]byte{byte(more[i].(int)), byte(len(more[i+1].(string)) + 2)}) + more[i+1].(string)
	}
	return string([]byte{code, 1, byte((20 + len(body)) >> 8), byte(20 + len(body))}) + "authenticator16b" + body
}

func tdsPacket(kind byte, body string) string {
	return string([]byte{kind, 1, byte((8 + len(body)) >> 8), byte(8 + len(body)), 0, 0, 1, 0}) + body
}

// tdsLogin is a LOGIN7 (MS-TDS §2.2.6.4).
func tdsLogin() string {
	fixed := long(0x74000004) + long(4096) + long(7) + long(1) + long(0) + "\xe0\x03\x00\x00" + long(0) + long(0x409)
	data, offsets := "", ""
	put := func(s string) {
		offsets += short(94+len(data)) + short(len(s))
		data += wideText(s)
	}
	for _, s := range []string{"PC-7", CanaryUser, CanarySecret, "viewer.exe", "SQL-1", "", "ODBC", CanaryName, CanaryName} {
		put(s)
	}
	offsets += "\x02\x00\x00\x00\x00\x01"
	for range 3 {
		put("")
	}
	body := fixed + offsets + long(0) + data
	return long(uint32(len(body)+4)) + body
}

// ippMessage is a request or an answer of IPP (RFC 8010 §3): a tag, a name and a value in turn after the group of the operation.
func ippMessage(operation, group string, attrs ...any) string {
	out := "\x02\x00" + operation + "\x00\x00\x00\x01\x01" + ippAttribute(0x47, "attributes-charset", "utf-8") + ippAttribute(0x48, "attributes-natural-language", "en") + group
	for i := 0; i < len(attrs); i += 3 {
		out += ippAttribute(attrs[i].(int), attrs[i+1].(string), attrs[i+2].(string))
	}
	return out + "\x03"
}

func ippAttribute(tag int, name, value string) string {
	return string([]byte{byte(tag), 0, byte(len(name))}) + name + string([]byte{0, byte(len(value))}) + value
}

func mysqlPacket(seq byte, body string) string {
	return string([]byte{byte(len(body)), byte(len(body) >> 8), 0, seq}) + body
}

func pgMessage(kind byte, body string) string {
	return string([]byte{kind}) + string(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4))) + body
}

func pgStartup() string {
	body := "\x00\x03\x00\x00user\x00" + CanaryUser + "\x00database\x00" + CanaryName + "\x00\x00"
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4))) + body
}

// tpkt wraps a TPDU of X.224 (RFC 1006).
func tpkt(body string) string {
	return string([]byte{3, 0, 0, byte(len(body) + 5), byte(len(body))}) + body
}

// snmpSystem answers with the system group: its contact is a person.
func snmpSystem() string {
	of := func(n byte, v string) string {
		return ber(0x30, ber(6, "\x2b\x06\x01\x02\x01\x01"+string([]byte{n})+"\x00"), ber(4, v))
	}
	return ber(0x30, ber(2, "\x01"), ber(4, CanarySecret), ber(0xa2, ber(2, "\x01"), ber(2, "\x00"), ber(2, "\x00"),
		ber(0x30, of(1, "gate 9"), of(4, CanaryName+" "+CanaryNumber), ber(0x30, ber(6, "\x2b\x06\x01\x04\x01\x81\x00\x01\x00"), ber(4, person)))))
}

// snmpThree is a message of version 3 with the name of a user (RFC 3414 §2.4).
func snmpThree() string {
	usm := ber(0x30, ber(4, "\x80\x00\x1f\x88\x04gate"), ber(2, "\x01"), ber(2, "\x01"), ber(4, CanaryUser), ber(4, strings.Repeat("\x00", 12)), ber(4, CanarySecret[:8]))
	return ber(0x30, ber(2, "\x03"), ber(0x30, ber(2, "\x01"), ber(2, "\x05\xc0"), ber(4, "\x05"), ber(2, "\x03")), ber(4, usm),
		ber(0x30, ber(4, "\x80\x00\x1f\x88\x04gate"), ber(4, CanaryName), ber(0xa0, ber(2, "\x01"), ber(2, "\x00"), ber(2, "\x00"), ber(0x30))))
}

// ntlmThird is an AUTHENTICATE of NTLM (MS-NLMP §2.2.1.3): the domain, a person, the computer.
func ntlmThird() string {
	const head = 72
	data, fields := "", ""
	for _, s := range []string{"", CanarySecret + CanarySecret + "1234", "WARD", CanaryUser, "PC-7", ""} {
		if s != "" && len(s) != 24 {
			s = wideText(s)
		}
		fields += short(len(s)) + short(len(s)) + long(uint32(head+len(data)))
		data += s
	}
	return "NTLMSSP\x00\x03\x00\x00\x00" + fields + long(0xe2888215) + "\x0a\x00\x61\x4a\x00\x00\x00\x0f" + data
}

// dnsAnswer is a response with pointers from a type of service to its instances, whose first labels may hold dots and blanks.
func dnsAnswer(service string, instances ...string) string {
	name := func(first, rest string) string {
		out := ""
		if first != "" {
			out = string([]byte{byte(len(first))}) + first
		}
		for label := range strings.SplitSeq(rest, ".") {
			out += string([]byte{byte(len(label))}) + label
		}
		return out + "\x00"
	}
	b := "\x00\x00\x84\x00\x00\x00" + string([]byte{0, byte(2 * len(instances))}) + "\x00\x00\x00\x00"
	record := func(owner, kind, data string) string {
		return owner + kind + "\x00\x01\x00\x00\x11\x94" + string([]byte{byte(len(data) >> 8), byte(len(data))}) + data
	}
	for _, i := range instances {
		own := name(strings.TrimSuffix(i, "."+service), service)
		b += record(name("", service), "\x00\x0c", own) + record(own, "\x00\x10", string([]byte{byte(3 + len(CanaryName) + 8)})+"fn="+CanaryName+"'s phone"[:8])
	}
	return b
}

// wsdHello is a monitor with a patient in its scopes (IEEE 11073-20701 §9).
func wsdHello() string {
	return `<?xml version="1.0"?><s12:Envelope xmlns:s12="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://www.w3.org/2005/08/addressing" xmlns:wsd="http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01" ` +
		`xmlns:dpws="http://docs.oasis-open.org/ws-dd/ns/dpws/2009/01"><s12:Header><wsa:Action>http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01/Hello</wsa:Action></s12:Header><s12:Body><wsd:Hello>` +
		`<wsa:EndpointReference><wsa:Address>urn:uuid:11223344-0000-0000-0000-00095c000007</wsa:Address></wsa:EndpointReference><wsd:Types>dpws:Device</wsd:Types>` +
		`<wsd:Scopes>sdc.ctxt.loc:/sdc.ctxt.loc.detail/HOSP?fac=HOSP&amp;bed=7 sdc.ctxt.pat:/root/` + CanaryNumber + `?name=` + CanaryName + ` sdc.ctxt.opr:/` + CanaryUser + `</wsd:Scopes>` +
		`<wsd:XAddrs>https://10.9.1.1:6464/uuid?u=` + CanaryUser + `</wsd:XAddrs></wsd:Hello></s12:Body></s12:Envelope>`
}

func opcHello() string {
	const url = "opc.tcp://srv:4840"
	return "HELF" + long(uint32(32+len(url))) + long(0) + long(65536) + long(65536) + long(0) + long(0) + long(uint32(len(url))) + url
}

// opcActivate signs a person in with a password (OPC 10000-4 §5.6.3).
func opcActivate() string {
	text := func(s string) string { return long(uint32(len(s))) + s }
	none := "\xff\xff\xff\xff"
	body := long(1) + long(1) + long(3) + long(3) + "\x01\x00\xd3\x01" + "\x00\x00" + strings.Repeat("\x00", 8) + long(1) + long(0) + none + long(0) + "\x00\x00\x00" +
		none + none + none + none + none + "\x01\x00\x44\x01\x01" + text(text("p")+text(CanaryUser)+text(CanarySecret)+none) + none + none
	return "MSGF" + long(uint32(8+len(body))) + body
}
