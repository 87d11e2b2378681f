package http

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

func ask(s string) protocoltest.Turn {
	return protocoltest.Turn{Dir: protocol.ToServer, Data: strings.ReplaceAll(s, "\n", "\r\n")}
}

func answer(s string) protocoltest.Turn {
	return protocoltest.Turn{Dir: protocol.ToClient, Data: strings.ReplaceAll(s, "\n", "\r\n")}
}

const (
	userAgent = "client http.user_agent = pump/1 (User-Agent header)"
	server    = "server http.server = gate/2 (Server header)"
)

var basic = []string{"client practice = cleartext-credentials (Authorization header, Basic)", "server practice = cleartext-credentials (Authorization header, Basic)"}

// pageOf is an answer of HTML with a length.
func pageOf(body string) protocoltest.Turn {
	return answer(fmt.Sprintf("HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nContent-Length: %d\n\n", len(body)) + body)
}

const devices = `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","serialNumber":"DOE"}},
{"resource":{"resourceType":"Device","manufacturer":"ACME","serialNumber":"77"}}]}`

const renderer = `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device><deviceType>urn:x:device:Printer:1</deviceType>` +
	`<friendlyName a="b">Printer &amp; Co</friendlyName><manufacturer>ACME</manufacturer><modelName>LP</modelName><serialNumber/><UDN>uuid:1</UDN>` +
	`<deviceList><device><modelName>other</modelName></device></deviceList></device></root>`

// zipped is an answer that gzip packed, in chunks.
func zipped(kind, body string) protocoltest.Turn {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	z.Write([]byte(body))
	z.Close()
	head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n", kind, buf.Len())
	return protocoltest.Turn{Dir: protocol.ToClient, Data: head + buf.String() + "\r\n0\r\n\r\n"}
}

// noise is text that does not pack well.
func noise(n int) string {
	b, state := make([]byte, n), uint32(1)
	for i := range b {
		state = state*1664525 + 1013904223
		b[i] = 'a' + byte(state>>24)%26
	}
	return string(b)
}

// TestBodies reads the few bodies that say what a device is, and no others.
func TestBodies(t *testing.T) {
	const title = "server http.title = HP LaserJet & Co (title of the first page)"
	const html = "<html><head\tx><meta a='<'><TITLE > HP LaserJet &amp; Co </TITLE><title>second</title>"
	chunked := func(kind, body string) protocoltest.Turn {
		return answer(fmt.Sprintf("HTTP/1.1 200 OK\nContent-Type: %s\nTransfer-Encoding: chunked\n\n", kind) + fmt.Sprintf("5\n%s\n%x\n%s\n0\n\n", body[:5], len(body)-5, body[5:]))
	}
	for _, c := range []struct {
		name  string
		turns []protocoltest.Turn
		want  []string
	}{
		{"the first page's title", []protocoltest.Turn{ask("GET / HTTP/1.1\n\n"), pageOf(html)}, []string{title}},
		{"a login's", []protocoltest.Turn{ask("GET /login HTTP/1.1\n\n"), pageOf(html)}, []string{title}},
		{"another page's", []protocoltest.Turn{ask("GET /patients HTTP/1.1\n\n"), pageOf(html)}, nil},
		{"a page for somebody known", []protocoltest.Turn{ask("GET / HTTP/1.1\nCookie: a=b\n\n"), pageOf(html)}, nil},
		{"a page behind a password", []protocoltest.Turn{ask("GET / HTTP/1.1\nAuthorization: Basic x\n\n"), pageOf(html)}, basic},
		{"nobody asked", []protocoltest.Turn{pageOf(html)}, nil},
		{"a long one", []protocoltest.Turn{ask("GET / HTTP/1.1\n\n"), pageOf("<title>" + strings.Repeat("x", 99) + "</title>")}, nil},
		{"FHIR", []protocoltest.Turn{ask("GET /fhir/Device HTTP/1.1\n\n"), chunked("application/fhir+json", strings.ReplaceAll(devices, "\n", " "))},
			[]string{"fhir/ACME/77 fhir.manufacturer = ACME (FHIR Device)", "fhir/ACME/77 fhir.serial = 77 (FHIR Device)"}},
		{"FHIR sent to a server", []protocoltest.Turn{ask("POST /fhir/Device HTTP/1.1\nContent-Type: application/fhir+xml\nContent-Length: 51\n\n<Device><serialNumber value=\"77\"/></Device>        ")},
			[]string{"fhir//77 fhir.serial = 77 (FHIR Device)"}},
		{"packed", []protocoltest.Turn{ask("GET /fhir/Device HTTP/1.1\n\n"), zipped("application/fhir+json", devices)},
			[]string{"fhir/ACME/77 fhir.manufacturer = ACME (FHIR Device)", "fhir/ACME/77 fhir.serial = 77 (FHIR Device)"}},
		{"packed and large", []protocoltest.Turn{ask("GET / HTTP/1.1\n\n"), zipped("text/html", html+noise(200<<10))}, []string{title}},
		{"packed and damaged", []protocoltest.Turn{ask("GET / HTTP/1.1\n\n"), answer("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: gzip\nContent-Length: 9\n\n<title>DO")}, nil},
		{"compressed otherwise", []protocoltest.Turn{ask("GET /fhir/Device HTTP/1.1\n\n"), answer("HTTP/1.1 200 OK\nContent-Type: application/fhir+json\nContent-Encoding: br\n\n" + devices)}, nil},
		{"a UPnP description", []protocoltest.Turn{ask("GET /d.xml HTTP/1.1\n\n"), chunked("text/xml", renderer)}, []string{
			"server upnp.device_type = urn:x:device:Printer:1 (UPnP description)", "server upnp.friendly_name = Printer & Co (UPnP description)",
			"server upnp.manufacturer = ACME (UPnP description)", "server upnp.model = LP (UPnP description)", "server upnp.udn = uuid:1 (UPnP description)"}},
		{"other XML", []protocoltest.Turn{ask("GET /d.xml HTTP/1.1\n\n"), chunked("text/xml", "<a><manufacturer>DOE</manufacturer><deviceType>x-ray machine</deviceType><modelName>DOE</modelName></a>")}, nil},
		{"NTLM", []protocoltest.Turn{ask("GET / HTTP/1.1\n\n"), answer("HTTP/1.1 401 No\nWWW-Authenticate: NTLM " +
			"TlRMTVNTUAACAAAADAAMADgAAAAFgooiESIzRFVmd4gAAAAAAAAAACQAJABEAAAACgBhSgAAAA9QAFUATQBQAFMAVgACAAwAUABVAE0AUABTAFYAAQAMAFAAVQBNAFAAUwBWAAAAAAA=" +
			"\nContent-Length: 0\n\n")},
			[]string{"server ntlm.computer = PUMPSV (NTLM challenge)", "server ntlm.domain = PUMPSV (NTLM challenge)", "server ntlm.os_version = 10.0.19041 (NTLM challenge)"}},
		{"a reverse proxy passes a client's name on", []protocoltest.Turn{ask("GET / HTTP/1.1\nX-Forwarded-For: 10.1.1.1\nUser-Agent: pump/1\n\n")},
			[]string{"client http.user_agent = pump/1 (User-Agent header, passed on)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := protocoltest.Dialogue(t, Parser(), c.turns...); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if len(c.turns[len(c.turns)-1].Data) < 8<<10 { // at each byte of a large one takes minutes
				protocoltest.Splits(t, Parser(), c.turns...)
			}
		})
	}
}

func TestDialogues(t *testing.T) {
	for _, c := range []struct {
		name  string
		turns []protocoltest.Turn
		want  []string
	}{
		{"request and response", []protocoltest.Turn{
			ask("GET / HTTP/1.1\nHost: ward7.example\nUser-Agent: pump/1\n\n"),
			answer("HTTP/1.1 200 OK\nServer: gate/2\nContent-Length: 0\n\n"),
		}, []string{"server http.host = ward7.example (Host header)", userAgent, server}},
		{"pipelined, bodies of both framings hide what looks like a head", []protocoltest.Turn{
			ask("POST /a HTTP/1.1\nContent-Length: 42\n\nGET / HTTP/1.1\nUser-Agent: body/9\n\n....GET /b HTTP/1.1\nUser-Agent: pump/1\n\n"),
			answer("HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked\n\n1A;x=y\nHTTP/1.1 200 OK\nServer: x\n0\nTrailer: 1\n\nHTTP/1.1 200 OK\nServer: gate/2\n\n"),
		}, []string{userAgent, server}},
		{"the answer to HEAD has a length and no body", []protocoltest.Turn{
			ask("HEAD / HTTP/1.1\n\nGET / HTTP/1.1\n\n"),
			answer("HTTP/1.1 200 OK\nContent-Length: 500\n\nHTTP/1.1 304 Not Modified\nContent-Length: 500\n\nHTTP/1.1 200 OK\nServer: gate/2\n\n"),
		}, []string{server}},
		{"an interim answer precedes the answer", []protocoltest.Turn{
			ask("PUT / HTTP/1.1\nExpect: 100-continue\nContent-Length: 2\n\n"),
			answer("HTTP/1.1 100 Continue\n\n"), ask("ab"),
			answer("HTTP/1.1 200 OK\nServer: gate/2\nContent-Length: 0\n\n"),
		}, []string{server}},
		{"after an upgrade nothing is read", []protocoltest.Turn{
			ask("GET / HTTP/1.1\nUser-Agent: pump/1\nUpgrade: websocket\n\n"),
			answer("HTTP/1.1 101 Switching Protocols\nServer: gate/2\n\nHTTP/1.1 200 OK\nServer: x\n\n"),
		}, []string{userAgent, server}},
		{"a body without length lasts to the end", []protocoltest.Turn{
			ask("GET / HTTP/1.0\n\n"),
			answer("HTTP/1.0 200 OK\nServer: gate/2\n\nHTTP/1.0 200 OK\nServer: x\n\n"),
		}, []string{server}},
		{"only answers captured, one of them to a HEAD", []protocoltest.Turn{
			answer("HTTP/1.1 200 OK\nContent-Length: 500\n\nHTTP/1.1 200 OK\nServer: gate/2\nContent-Length: 3\n\nabc"),
		}, []string{server}},
		{"a field folded onto three lines", []protocoltest.Turn{
			ask("GET / HTTP/1.1\nUser-Agent: a\n  b\n\t c \nHost: h\n\n"),
		}, []string{"client http.user_agent = a b c (User-Agent header)", "server http.host = h (Host header)"}},
		{"a proxy is not the host, and its answers are not its own", []protocoltest.Turn{
			ask("GET http://far.example/ HTTP/1.1\nHost: far.example\nUser-Agent: pump/1\n\n"),
			answer("HTTP/1.1 200 OK\nServer: gate/2\nContent-Length: 0\n\n"),
		}, []string{userAgent, "server http.server = gate/2 (Server header, through a proxy)"}},
		{"garbage, then a head", []protocoltest.Turn{
			answer("\x00\x01\x02 the rest of a picture \xff\n\nmore\nHTTP/1.1 200 OK\nServer: gate/2\n\n"),
		}, []string{server}},
		{"values that are no names", []protocoltest.Turn{
			ask("GET / HTTP/1.1\nUser-Agent: " + strings.Repeat("x", maxValue+1) + "\nHost: a b<script>\n\n"),
		}, nil},
		{"Latin-1 becomes UTF-8", []protocoltest.Turn{
			ask("GET / HTTP/1.1\nUser-Agent: Dr\xe4ger\n\n"),
		}, []string{"client http.user_agent = Dräger (User-Agent header)"}},
		{"a chunk size that is no number", []protocoltest.Turn{
			answer("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nffffffffffffffffff\nxyz\nHTTP/1.1 200 OK\nServer: gate/2\n\n"),
		}, []string{server}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := protocoltest.Dialogue(t, Parser(), c.turns...); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			protocoltest.Splits(t, Parser(), c.turns...)
		})
	}
}

// TestNothingPrivate plants secrets wherever a request or a response can hold them.
func TestNothingPrivate(t *testing.T) {
	const secret = "DOE-JANE-19700101"
	said := protocoltest.Dialogue(t, Parser(),
		ask("POST /patient/"+secret+"?mrn="+secret+" HTTP/1.1\nHost: "+secret+":x@h\nAuthorization: Basic "+secret+
			"\nProxy-Authorization: Digest username=\""+secret+"\"\nCookie: s="+secret+"\nReferer: http://h/"+secret+
			"\nX-"+secret+": 1\nUser-Agent: pump/1\nContent-Length: 17\n\n"+secret),
		answer("HTTP/1.1 200 "+secret+"\nSet-Cookie: "+secret+"\nWWW-Authenticate: Basic realm="+secret+
			"\nServer: gate/2\nTransfer-Encoding: chunked\n\n11\n"+secret+"\n0\nX: "+secret+"\n\n"))
	if text := strings.Join(said, "\n"); strings.Contains(text, secret) || !slices.Equal(said, append(slices.Clone(basic), userAgent, server)) {
		t.Errorf("said %q", said)
	}
}

// TestLongLines holds the bound on what is asked for in one piece.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("y", 3*maxLine)
	for _, request := range []string{
		"GET / HTTP/1.1\nX: " + long + "\nUser-Agent: pump/1\n\n",
		"GET /" + long + " HTTP/1.1\nUser-Agent: pump/1\n\n",
		"GET / HTTP/1.1\nX: a\n " + long + "\n b\nUser-Agent: pump/1\n\n",
	} {
		conv := Parser().New(protocol.Opening{Transport: protocol.TCP})
		data := []byte(ask(request).Data)
		for used := 0; used < len(data); {
			window := data[used:min(len(data), used+maxLine)]
			n, err := conv.Next(noTime, protocol.ToServer, window, ignore)
			if err != nil || n == 0 {
				t.Fatalf("%d bytes in hand, asked for more (%v)", len(window), err)
			}
			used += n
			if used+maxLine >= len(data) {
				break
			}
		}
		if got := protocoltest.Dialogue(t, Parser(), ask(request)); !slices.Equal(got, []string{userAgent}) {
			t.Errorf("%.40q: %q", request, got)
		}
	}
}

func TestClaims(t *testing.T) {
	for _, c := range []struct {
		first string
		dir   protocol.Dir
		want  bool
	}{
		{"GET / HTTP/1.1\r\n", protocol.ToServer, true},
		{"GET / HTTP/1.1\r\n", protocol.ToClient, false},
		{"HTTP/1.1 200 OK\r\n", protocol.ToClient, true},
		{"HTTP/1.1 200 OK\r\n", protocol.ToServer, false},
		{"POST /a", protocol.ToServer, true},
		{"OPTIONS sip:a@b SIP/2.0\r\n", protocol.ToServer, false},
		{"OPTIONS rtsp:", protocol.ToServer, false},
		{"OPTIONS * RTSP/1.0\r\n", protocol.ToServer, false},
		{"GET /old\r\n", protocol.ToServer, false},
		{"PRI * HTTP/2.0\r\n\r\nSM", protocol.ToServer, false},
		{"get / HTTP/1.1\r\n", protocol.ToServer, false},
		{"", protocol.ToServer, false},
	} {
		o := protocol.Opening{Transport: protocol.TCP, FirstDir: c.dir, First: []byte(c.first)}
		if got := Parser().Claims(o); got != c.want {
			t.Errorf("%q %d: %v", c.first, c.dir, got)
		}
		o.Transport = protocol.UDP
		if Parser().Claims(o) {
			t.Errorf("%q claimed over UDP", c.first)
		}
	}
}

func BenchmarkConversation(b *testing.B) {
	request := []byte(ask("GET /index HTTP/1.1\nHost: ward7.example\nUser-Agent: pump/1\nAccept: */*\nAccept-Language: en\nCookie: a=b\nConnection: keep-alive\n\n").Data)
	response := []byte(answer("HTTP/1.1 200 OK\nServer: gate/2\nDate: Thu, 01 Jan 2026 00:00:00 GMT\nContent-Type: text/html\nContent-Length: 1200\n\n").Data +
		strings.Repeat("z", 1200))
	conv := Parser().New(protocol.Opening{Transport: protocol.TCP})
	b.SetBytes(int64(len(request) + len(response)))
	b.ReportAllocs()
	for b.Loop() {
		for d, data := range [][]byte{request, response} {
			if n, err := conv.Next(noTime, protocol.Dir(d), data, ignore); n != len(data) || err != nil {
				b.Fatal(fmt.Sprint(n, err))
			}
		}
	}
}
