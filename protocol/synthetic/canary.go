package synthetic

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"

	"pons/protocol"
)

// The canaries: an invented patient, and credentials that open nothing. They are planted wherever a protocol can carry
// one, and must be found in no output, in no spelling.
const (
	CanaryName   = "QUXZELDA"   // a patient's
	CanaryNumber = "7788990011" // a medical record's
	CanaryBirth  = "19531127"   // a birth date
	CanaryResult = "VRANTHOLME" // a result, or words of a report
	CanarySecret = "hunter2zqx" // a password, a community, a token
	CanaryUser   = "zqxoperator"
)

// Canaries lists them.
func Canaries() []string {
	return []string{CanaryName, CanaryNumber, CanaryBirth, CanaryResult, CanarySecret, CanaryUser}
}

// FindCanaries returns what of the canaries is in data: plain in any case, in base64 at each of its three offsets, in
// hexadecimal, in UTF-16 of both orders, reversed, percent-encoded.
func FindCanaries(data []byte) (found []string) {
	lower := asciiLower(data)
	for _, canary := range Canaries() {
		for kind, spelling := range spellings(canary) {
			in, want := data, []byte(spelling)
			if !strings.HasPrefix(kind, "base64") {
				in, want = lower, asciiLower(want)
			}
			if at := bytes.Index(in, want); at >= 0 {
				found = append(found, fmt.Sprintf("%s (%s) in %q", canary, kind, data[max(0, at-60):min(len(data), at+len(want)+20)]))
			}
		}
	}
	slices.Sort(found)
	return found
}

// asciiLower keeps every byte in its place, also where they are no text.
func asciiLower(b []byte) []byte {
	out := bytes.Clone(b)
	for i, c := range out {
		if c >= 'A' && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return out
}

// spellings are the ways in which a canary may be written.
func spellings(s string) map[string]string {
	reversed := []byte(s)
	slices.Reverse(reversed)
	percent := ""
	for i := range len(s) {
		percent += fmt.Sprintf("%%%02x", s[i])
	}
	out := map[string]string{"plain": s, "hex": hex.EncodeToString([]byte(s)), "reversed": string(reversed), "percent-encoded": percent,
		"UTF-16LE": wide(s, binary.LittleEndian), "UTF-16BE": wide(s, binary.BigEndian)}
	for offset := range 3 { // without the characters that its neighbours have a share in
		coded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", offset) + s))
		out[fmt.Sprintf("base64 at %d", offset)] = strings.TrimRight(coded, "=")[(offset*8+5)/6 : len(strings.TrimRight(coded, "="))-1]
	}
	return out
}

func wide(s string, order binary.ByteOrder) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, 0, 0)
		order.PutUint16(b[len(b)-2:], u)
	}
	return string(b)
}

const person = CanaryName + "^" + CanaryResult + "^^^" + CanaryNumber + "^" + CanaryBirth

// Plant is a conversation that carries canaries, of a parser that must have read it all the same.
type Plant struct {
	Parser string
	Open   string // a value beside the canaries that must be said; "" where the protocol says nothing else
	Conversation
}

// Planted returns conversations of protocols that carry people's data and credentials, canaries in every place that the
// parser must leave alone, between hosts of their own.
func Planted() (plants []Plant) {
	add := func(parser, open string, transport protocol.Transport, port uint16, turns ...Turn) {
		n := byte(len(plants) + 1)
		plants = append(plants, Plant{parser, open, Conversation{Transport: transport, ClientMAC: [6]byte{0, 9, 0xfb, 0, 1, n}, ServerMAC: [6]byte{0, 0x50, 0x56, 0, 2, n},
			ClientIP: [4]byte{10, 9, 1, n}, ServerIP: [4]byte{10, 9, 2, n}, ClientPort: 40000 + uint16(n), ServerPort: port, Turns: turns}})
	}
	up := func(s string) Turn { return Turn{protocol.ToServer, s} }
	down := func(s string) Turn { return Turn{protocol.ToClient, s} }

	add("hl7", "OPEN", protocol.TCP, 6661, up(plantedHL7()), down("\x0bMSH|^~\\&|EHR|HOSP|MON|ICU||"+CanarySecret+"|ACK|"+CanaryNumber+"|P|2.6\rMSA|AE|"+person+"|"+person+"\rERR|"+person+"\r\x1c\r"))
	for _, explicit := range []bool{false, true} {
		add("dicom", "SN-1", protocol.TCP, 104, up(plantedAssociation()), down(dicomPDU(2, associateBody(""))), up(plantedImage(explicit)), down(plantedWorklist(explicit)))
	}
	add("http", "PLAIN-1", protocol.TCP, 80,
		up("GET /patient/"+CanaryName+"?mrn="+CanaryNumber+" HTTP/1.1\r\nHost: portal\r\nUser-Agent: pump/1\r\nReferer: http://portal/"+CanaryName+"\r\nCookie: s="+CanarySecret+
			"\r\nAuthorization: Basic "+base64.StdEncoding.EncodeToString([]byte(CanaryUser+":"+CanarySecret))+"\r\nX-User: "+CanaryUser+"\r\n\r\n"),
		down(httpBody("200 OK", "text/html", "<title>"+CanaryName+"</title>"+person, "Server: gate/1\r\nSet-Cookie: s="+CanarySecret+"\r\nWWW-Authenticate: Basic realm="+CanaryName+"\r\n")),
		up(strings.Replace(httpBody("", "application/x-www-form-urlencoded", "user="+CanaryUser+"&password="+CanarySecret, ""), "HTTP/1.1 ", "POST /login HTTP/1.1", 1)),
		down(httpBody("302 Found", "text/html", person, "Location: /"+CanaryName+"\r\n")),
		up("GET /fhir HTTP/1.1\r\n\r\n"), down(httpBody("200 OK", "application/fhir+json", plantedFHIR(), "")),
		up("GET / HTTP/1.1\r\nAuthorization: Bearer "+CanarySecret+"\r\n\r\n"), down(httpBody("200 OK", "text/html", "<title>"+url.QueryEscape(CanaryName)+CanaryName+"</title>", "")))
	add("astm", "F345", protocol.TCP, 5100, up("\x05\x021H|\\^&||"+CanarySecret+"|ARCHITECT^8.10^F345\r\x03C4\r\n\x022P|1|"+CanaryNumber+"|||"+person+"||"+CanaryBirth+"|F\rO|1|"+person+"\rR|1|^^^GLU|"+
		CanaryResult+"\rC|1|I|"+person+"\rM|1|"+person+"\rS|1|"+person+"\rQ|1|"+person+"\rL|1|N\r\x0300\r\n\x04"))
	add("poct1a", "77", protocol.TCP, 5000, up(`<HEL.R01><HDR><HDR.control_id V="1"/></HDR><DEV><DEV.serial_id V="77"/></DEV></HEL.R01><OBS.R01><PT><PT.patient_id V="`+CanaryNumber+`"/><PT.name V="`+
		CanaryName+`"/><PT.birth_date V="`+CanaryBirth+`"/><OBS><OBS.value V="`+CanaryResult+`"/></OBS></PT><OPR><OPR.operator_id V="`+CanaryUser+`"/></OPR><NTE><NTE.text V="x">`+CanaryResult+`</NTE.text></NTE></OBS.R01>`))
	add("medibus", "", protocol.TCP, 10001, up("\x1bQ6C\r"), down("\x01*0A8"+CanaryName+"\x03"+CanaryResult+"\r"))
	add("ftp", "files ready", protocol.TCP, 21, down("220 files ready\r\n"), up("USER "+CanaryUser+"\r\n"), down("331 Password for "+CanaryUser+"\r\n"), up("PASS "+CanarySecret+"\r\n"),
		down("230 Welcome "+CanaryUser+"\r\n"), up("RETR "+CanaryName+".dcm\r\nSTOR /"+CanaryNumber+"/"+CanaryBirth+".pdf\r\nACCT "+CanarySecret+"\r\n"), down("550 "+CanaryName+": no such file\r\n"))
	add("telnet", "", protocol.TCP, 23, down("\xff\xfd\x18\xff\xfb\x01pump login: "), up(CanaryUser+"\r\n"), down("Password: "), up(CanarySecret+"\r\n"), down("\r\nLast login of "+CanaryUser+"\r\n"+person))
	add("smtp", "ESMTP Postfix", protocol.TCP, 25, down("220 mail ESMTP Postfix\r\n"), up("EHLO ward7\r\n"), down("250-mail\r\n250 AUTH LOGIN PLAIN\r\n"),
		up("AUTH PLAIN "+base64.StdEncoding.EncodeToString([]byte("\x00"+CanaryUser+"\x00"+CanarySecret))+"\r\n"), down("235 ok "+CanaryUser+"\r\n"),
		up("MAIL FROM:<"+CanaryUser+"@example.org>\r\nRCPT TO:<"+CanaryName+"@example.org>\r\nDATA\r\n"), down("354 go\r\n"),
		up("Subject: "+person+"\r\nFrom: "+CanaryName+"\r\n\r\n"+CanaryResult+"\r\n.\r\nQUIT\r\n"), down("250 queued for "+CanaryName+"\r\n"))
	add("pop3", "", protocol.TCP, 110, down("+OK POP3 ready\r\n"), up("USER "+CanaryUser+"\r\n"), down("+OK\r\n"), up("PASS "+CanarySecret+"\r\n"), down("+OK "+CanaryUser+" has mail\r\n"))
	add("imap", "", protocol.TCP, 143, down("* OK IMAP4rev1 ready\r\n"), up("a1 LOGIN "+CanaryUser+" "+CanarySecret+"\r\n"), down("a1 OK hello "+CanaryUser+"\r\n* 1 FETCH (BODY {"+person+"})\r\n"))
	add("ldap", "", protocol.TCP, 389, up(ldapBind()), down("\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"))
	add("snmp", "", protocol.UDP, 161, up(snmpGet()))
	add("mqtt", "pump-7", protocol.TCP, 1883, up(mqttConnect()), down("\x20\x02\x00\x00"), up(mqttPublish()))
	add("sip", "phone/1", protocol.UDP, 5060, up("REGISTER sip:pbx SIP/2.0\r\nVia: SIP/2.0/UDP 10.9.1.1\r\nFrom: \""+CanaryName+"\" <sip:"+CanaryUser+"@pbx>;tag=1\r\nTo: <sip:"+CanaryUser+
		"@pbx>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\nContact: <sip:"+CanaryUser+"@10.9.1.1>\r\nAuthorization: Digest username=\""+CanaryUser+"\", response=\""+CanarySecret+"\"\r\nUser-Agent: phone/1\r\nContent-Length: 0\r\n\r\n"))
	add("rtsp", "cam/1", protocol.TCP, 554, up("DESCRIBE rtsp://"+CanaryUser+":"+CanarySecret+"@cam/"+CanaryName+" RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: viewer/1\r\nAuthorization: Basic "+
		base64.StdEncoding.EncodeToString([]byte(CanaryUser+":"+CanarySecret))+"\r\n\r\n"), down("RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: cam/1\r\nContent-Length: 10\r\n\r\n"+CanaryNumber))
	add("syslog", "app", protocol.UDP, 514, up("<34>Jan  2 03:04:05 gate app[7]: login of "+CanaryUser+" with "+CanarySecret+" for "+person))
	add("coap", "temperature-c", protocol.UDP, 5683, up("\x41\x03\x00\x01\x09"+coapOption(11, CanaryName)+coapOption(0, CanaryResult)+coapOption(4, "mrn="+CanaryNumber)+"\xff"+CanaryResult),
		up("\x41\x02\x00\x02\x09"+coapOption(11, "rd")+coapOption(4, "ep=pump-7")+coapOption(0, "d="+CanaryName)+coapOption(0, "pw="+CanarySecret)),
		down("\x41\x45\x00\x03\x09"+coapOption(12, "\x28")+"\xff</"+CanaryName+"/"+CanaryNumber+`>;title="`+person+`";rt="temperature-c",</x?u=`+CanaryUser+">;anchor="+CanaryBirth),
		down("\x41\x45\x00\x04\x09"+coapOption(8, CanaryNumber)+coapOption(4, "")+"\xff"+person))
	add("smb", "", protocol.TCP, 445, up(smbNegotiate()), up(smbCreate("\\"+CanaryName+"\\"+CanaryNumber+"_"+CanaryBirth+".pdf")))
	logins(add)
	return plants
}

func httpBody(status, kind, body, more string) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\n%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", status, more, kind, len(body), body)
}

func plantedFHIR() string {
	return `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"` + CanaryNumber + `","name":[{"family":"` + CanaryName + `","value":"` + CanaryName + `"}],"birthDate":"` +
		CanaryBirth + `","manufacturer":"` + CanaryName + `","serialNumber":"` + CanaryNumber + `","identifier":[{"value":"` + CanaryNumber + `"}]}},{"resource":{"resourceType":"Observation","valueString":"` +
		CanaryResult + `","device":{"display":"` + CanaryName + `"},"note":[{"text":"` + CanaryResult + `"}]}},{"resource":{"resourceType":"Device","manufacturer":"ACME","serialNumber":"PLAIN-1","patient":{"reference":"Patient/` +
		CanaryNumber + `","display":"` + CanaryName + `"},"note":[{"text":"` + CanaryResult + `"}],"identifier":[{"system":"urn:mrn","value":"` + CanaryNumber + `"}],"deviceName":[{"name":"` + CanaryName +
		`","type":"patient-reported-name"}],"contact":[{"value":"` + CanaryUser + `"}],"url":"http://` + CanaryUser + `","text":{"div":"<div>` + CanaryName + `</div>"}}}]}`
}
