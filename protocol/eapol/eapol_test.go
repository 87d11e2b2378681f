package eapol

import (
	"encoding/binary"
	"flag"
	"os"
	"strings"
	"testing"

	"pons/protocol/protocoltest"
)

const (
	group   = "\x01\x80\xc2\x00\x00\x03"
	monitor = "\x00\x09\xfb\x00\x00\x07" // a maker's prefix
	person  = "\x00\x1b\x17\x00\x00\x08"
	port    = "\x00\x1e\xbd\x00\x00\x01"
)

// frame lays out an EAPOL packet of a kind.
func frame(from string, kind byte, body string) []byte {
	b := append([]byte(group+from+"\x88\x8e\x02"), kind)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(body))), body...)
}

// message lays out an EAP message.
func message(code byte, body string) string {
	return string([]byte{code, 7, 0, byte(4 + len(body))}) + body
}

// login is a monitor that logs in as a machine, a person's laptop, and the switch port that asks them.
func login() [][]byte {
	return [][]byte{
		frame(monitor, start, ""),
		frame(port, eap, message(request, "\x01")),
		frame(monitor, eap, message(response, "\x01host/monitor7.ward.example")),
		frame(port, eap, message(request, "\x0d\x20")),
		frame(monitor, eap, message(response, "\x0d\x00")),
		frame(person, eap, message(response, "\x01invented.nurse@ward.example")),
		frame(person, eap, message(response, "\x19\x00")),
		frame(port, eap, message(success, "")),
		frame(port, mka, "\x01\x20"),
		frame(person, key, "\x02"),
	}
}

func write(t *testing.T, name string, frames [][]byte) {
	b := []byte("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x01\x00\x00\x00")
	for i, f := range frames {
		for _, n := range []int{1767323045, i * 1000, len(f), len(f)} {
			b = binary.LittleEndian.AppendUint32(b, uint32(n))
		}
		b = append(b, f...)
	}
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestCaptures(t *testing.T) {
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		write(t, "testdata/login.pcap", login())
	}
	protocoltest.Run(t, Parser())
}

// TestPeople holds that the identity of a person leaves no trace.
func TestPeople(t *testing.T) {
	records, _ := protocoltest.Read(t, "testdata/login.pcap", Parser())
	if said := strings.Join(protocoltest.Lines(records, Parser()), "\n"); strings.Contains(said, "nurse") || !strings.Contains(said, "monitor7") {
		t.Error(said)
	}
}

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }
