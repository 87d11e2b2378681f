package tds

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

func utf(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func packet(kind, status byte, body string) string {
	return string(binary.BigEndian.AppendUint16([]byte{kind, status}, uint16(headerSize+len(body)))) + "\x00\x00\x01\x00" + body
}

// loginOf lays out a login of TDS 7: thirteen places of texts, of which the seventh is the client's MAC.
func loginOf(host, user, password, app, server string) string {
	const head = 94
	var places, texts []byte
	for i, s := range []string{host, user, password, app, server, "", "ODBC", "", "phantomdb", "mac", "", "", ""} {
		if i == 9 {
			places = append(places, "\x00\x09\xfb\x00\x00\x07"...)
			continue
		}
		places = binary.LittleEndian.AppendUint16(places, uint16(head+len(texts)))
		places = binary.LittleEndian.AppendUint16(places, uint16(len(s)))
		texts = append(texts, utf(s)...)
	}
	places = append(places, 0, 0, 0, 0)
	fixed := binary.LittleEndian.AppendUint32(nil, uint32(head+len(texts)))
	fixed = append(fixed, "\x04\x00\x00\x74"+strings.Repeat("\x00", 28)...)
	return string(fixed) + string(places) + string(texts)
}

func TestDialogues(t *testing.T) {
	toServer := func(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToServer, Data: s} }
	toClient := func(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToClient, Data: s} }
	login := loginOf("CART7", "invented.nurse", "phantom", "RIS Viewer", `PACSDB\RIS`)
	said := []string{"client tds.client_name = CART7 (login)", "client tds.app_name = RIS Viewer (login)", "client tds.library = ODBC (login)", `server tds.server_name = PACSDB\RIS (login)`,
		"client tds.client_mac = 00:09:fb:00:00:07 (login)"}
	readable := []string{"client practice = cleartext-credentials (login that is not encrypted)", "server practice = cleartext-credentials (login that is not encrypted)"}
	versions := func(encryption byte) string {
		return packet(result, 1, "\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff"+"\x0f\x00\x07\xd0\x00\x00"+string(encryption))
	}
	for _, c := range []struct {
		name  string
		turns []protocoltest.Turn
		want  []string
	}{
		{"a login that all can read", []protocoltest.Turn{toServer(packet(login7, 1, login))}, slices.Concat(said, readable)},
		{"in two packets", []protocoltest.Turn{toServer(packet(login7, 0, login[:50]) + packet(login7, 1, login[50:]))}, slices.Concat(said, readable)},
		{"without a password", []protocoltest.Turn{toServer(packet(login7, 1, loginOf("CART7", "invented.nurse", "", "RIS Viewer", "192.0.2.2,1433")))}, []string{said[0], said[1], said[2], said[4]}},
		{"the server encrypts", []protocoltest.Turn{toServer(packet(prelogin, 1, "\x00\x00\x06\x00\x06\xff"+"\x04\x00\x00\x00\x00\x00")), toClient(versions(1)), toServer(packet(prelogin, 1, "\x16\x03\x01"))},
			[]string{"server tds.server_version = 15.0.2000 (prelogin)"}},
		{"statements and their results are passed over", []protocoltest.Turn{toServer(packet(batch, 1, utf("select 'phantom'"))), toClient(packet(result, 1, "\x81\x01\x00phantom"))}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := protocoltest.Dialogue(t, Parser(), c.turns...)
			if !slices.Equal(got, c.want) {
				t.Errorf("said %q\nnot  %q", got, c.want)
			}
			protocoltest.Splits(t, Parser(), c.turns...)
		})
	}
}

func TestBrowser(t *testing.T) {
	text := `ServerName;PACSDB;InstanceName;RIS;IsClustered;No;Version;15.0.2000.5;tcp;49152;;ServerName;PACSDB;InstanceName;MSSQLSERVER;IsClustered;No;Version;12.0.2000.8;tcp;1433;;`
	data := "\x05" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(text)))) + text
	got := protocoltest.Dialogue(t, Browser(), protocoltest.Turn{Dir: protocol.ToClient, Data: data})
	want := []string{`server tds.server_name = PACSDB\RIS (browser answer)`, "server tds.server_version = 15.0.2000.5 (browser answer)", "server tds.server_name = PACSDB (browser answer)",
		"server tds.server_version = 12.0.2000.8 (browser answer)"}
	if !slices.Equal(got, want) {
		t.Errorf("said %q", got)
	}
}
