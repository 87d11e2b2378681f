// Package protocoltest holds what every parser's tests share: captures in, facts as text out, and a fuzz target
// that cuts bytes anywhere. It decides how a parser is examined; what a parser must say is in its own testdata.
package protocoltest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pons/capture"
	"pons/fact"
	"pons/protocol"
)

var update = flag.Bool("update", false, "rewrite testdata/*.want from what the parsers say now")

// Read runs a capture file through an engine and returns the records and counters. A damaged file fails the test.
func Read(t testing.TB, path string, parsers ...protocol.Parser) ([]fact.Record, protocol.Counters) {
	t.Helper()
	e := protocol.NewEngine(parsers, protocol.Options{})
	if err := frames(path, func(f capture.Frame) { e.Frame(f.At, uint32(f.Link), f.Number, f.Data) }); err != nil {
		t.Fatal(err)
	}
	records := e.Finish()
	return records, e.Counters()
}

func frames(path string, deliver func(capture.Frame)) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	src, err := capture.Open(file, filepath.Base(path))
	if err != nil {
		return err
	}
	_, err = src.Run(context.Background(), deliver)
	return err
}

// Run reads every testdata/*.pcap, *.pcapng and *.pcap.gz with the parsers alone and compares what they said, as
// sorted lines, with the .want beside it; -update rewrites those. Captures named neg-* hold traffic that looks
// alike or is damaged, and must yield nothing. There must be at least one of each kind.
func Run(t *testing.T, parsers ...protocol.Parser) {
	t.Helper()
	paths := captures(t)
	positive, negative := 0, 0
	for _, path := range paths {
		name := filepath.Base(path)
		if strings.HasPrefix(name, "neg-") {
			negative++
		} else {
			positive++
		}
		t.Run(name, func(t *testing.T) { runOne(t, path, parsers) })
	}
	if positive == 0 || negative == 0 {
		t.Errorf("testdata holds %d captures and %d negative ones (neg-*); both are needed", positive, negative)
	}
}

func runOne(t *testing.T, path string, parsers []protocol.Parser) {
	records, count := Read(t, path, parsers...)
	for _, p := range count.Parsers {
		if p.Panics > 0 {
			t.Errorf("%s: %d panics", p.Name, p.Panics)
		}
	}
	got := Lines(records, parsers...)
	for _, r := range records {
		checkAttrs(t, r, parsers)
	}
	if strings.HasPrefix(filepath.Base(path), "neg-") {
		if len(got) > 0 {
			t.Errorf("%d facts from a negative capture:\n%s", len(got), strings.Join(got, "\n"))
		}
		return
	}
	if len(got) == 0 {
		t.Errorf("no facts; a capture without any is called neg-%s", filepath.Base(path))
	}
	text := strings.Join(got, "\n") + "\n"
	want := strings.TrimSuffix(strings.TrimSuffix(path, ".gz"), filepath.Ext(strings.TrimSuffix(path, ".gz"))) + ".want"
	if *update {
		if err := os.WriteFile(want, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	old, err := os.ReadFile(want)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if string(old) != text {
		t.Errorf("%s differs (go test -update rewrites it):\n%s", want, difference(string(old), text))
	}
}

// Lines writes down what the parsers said, one fact a line: host, attribute, value, reason. Records of hosts of
// whom they said nothing leave no line.
func Lines(records []fact.Record, parsers ...protocol.Parser) []string {
	var out []string
	for _, r := range records {
		for _, f := range r.Facts {
			if slices.ContainsFunc(parsers, func(p protocol.Parser) bool { return f.Source == fact.Source("wire:"+p.Name) }) {
				out = append(out, fmt.Sprintf("%s  %s = %s  (%s)", r.Subject.Value, f.Attr, f.Value, f.Because))
			}
		}
	}
	slices.Sort(out)
	return out
}

// checkAttrs holds parsers to the attributes they declare.
func checkAttrs(t *testing.T, r fact.Record, parsers []protocol.Parser) {
	t.Helper()
	for _, p := range parsers {
		for _, f := range r.Facts {
			if f.Source == fact.Source("wire:"+p.Name) && f.Attr != fact.Service && !slices.Contains(p.Attrs, f.Attr) {
				t.Errorf("%s emits %s, which its Attrs do not list", p.Name, f.Attr)
			}
		}
	}
}

// difference shows the lines that are only in one of two texts.
func difference(old, now string) string {
	a, b := strings.Split(strings.TrimSpace(old), "\n"), strings.Split(strings.TrimSpace(now), "\n")
	var out []string
	for _, l := range a {
		if !slices.Contains(b, l) {
			out = append(out, "- "+l)
		}
	}
	for _, l := range b {
		if !slices.Contains(a, l) {
			out = append(out, "+ "+l)
		}
	}
	return strings.Join(out, "\n")
}

func captures(t testing.TB) []string {
	t.Helper()
	var paths []string
	for _, glob := range []string{"*.pcap", "*.pcapng", "*.pcap.gz"} {
		found, err := filepath.Glob(filepath.Join("testdata", glob))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	slices.Sort(paths)
	return paths
}

// Fuzz feeds a conversation with arbitrary bytes cut in arbitrary places, seeded with the conversations of
// testdata. It fails on a panic, on an advance outside the data, on undeclared attributes, on values that are no
// text, and where a stream cut in pieces says something else than the stream in one piece.
func Fuzz(f *testing.F, p protocol.Parser) {
	for _, path := range captures(f) {
		spy := spyOn(p, func(o protocol.Opening, data []byte, d protocol.Dir) {
			f.Add(uint8(o.Transport), o.EtherType, o.Client.Port, o.Server.Port, d == protocol.ToClient, data, []byte{3, 100})
		})
		e := protocol.NewEngine([]protocol.Parser{spy}, protocol.Options{})
		if err := frames(path, func(fr capture.Frame) { e.Frame(fr.At, uint32(fr.Link), fr.Number, fr.Data) }); err != nil {
			f.Fatal(err)
		}
		e.Finish()
	}
	f.Fuzz(func(t *testing.T, transport uint8, etherType, client, server uint16, back bool, data, cuts []byte) {
		o := protocol.Opening{Transport: protocol.Transport(transport % 3), EtherType: etherType, First: data, Frame: 1}
		o.Client, o.Server = endpoint(1, client), endpoint(2, server)
		if back {
			o.FirstDir = protocol.ToClient
		}
		claimed := p.Claims(o)
		whole, err := feed(t, p, o, data, nil) // claimed or not: a conversation must not rely on it
		if o.Transport != protocol.TCP || !claimed {
			return
		}
		pieces, err2 := feed(t, p, o, data, cuts)
		if err == nil && err2 == nil && !slices.Equal(whole, pieces) {
			t.Errorf("in one piece: %q\nin pieces %v: %q", whole, cuts, pieces)
		}
	})
}

func endpoint(n byte, port uint16) protocol.Endpoint {
	return protocol.Endpoint{MAC: [6]byte{0, 0, 0x5e, 0, 0x53, n}, IP: addrOf(n), Port: port}
}

// feed plays the engine: it hands out data in pieces of the given sizes, over and over, and returns what was said.
func feed(t *testing.T, p protocol.Parser, o protocol.Opening, data, cuts []byte) (said []string, err error) {
	first := slices.Clone(data)
	o.First = first
	conv := p.New(o)
	clear(first) // it is not the conversation's to keep
	emit := func(f fact.Fact) {
		if tally(f.Attr) {
			said = append(said, string(f.Attr))
			return
		}
		if f.Attr != fact.Service && !slices.Contains(p.Attrs, f.Attr) {
			t.Errorf("emits %s, which Attrs does not list", f.Attr)
		}
		if f.Subject.Kind != "host" && f.Subject.Kind != "child" || f.Subject.Value == "|" || f.Subject.Value == "" {
			t.Errorf("%s = %q has the subject %v, which is no host", f.Attr, f.Value, f.Subject)
		}
		if !utf8.ValidString(f.Because) {
			t.Errorf("%s: Because is not text: %q", f.Attr, f.Because)
		}
		if line := fmt.Sprintf("%s %s=%s", f.Subject.Value, f.Attr, f.Value); !slices.Contains(said, line) {
			said = append(said, line)
		}
	}
	var held []byte
	for i := 0; len(data) > 0; i++ {
		n := len(data)
		if len(cuts) > 0 && o.Transport == protocol.TCP {
			n = min(n, 1+int(cuts[i%len(cuts)]))
		}
		held = append(held, data[:n]...)
		data = data[n:]
		for len(held) > 0 {
			piece := slices.Clone(held)
			used, err := conv.Next(frameTime, o.FirstDir, piece, emit)
			clear(piece) // nor is the data
			if err != nil {
				slices.Sort(said)
				return said, err
			}
			if used < 0 || used > len(held) {
				t.Fatalf("advance %d of %d", used, len(held))
			}
			if used == 0 || o.Transport != protocol.TCP {
				break
			}
			held = held[used:]
		}
		if o.Transport != protocol.TCP {
			break
		}
	}
	slices.Sort(said)
	return said, nil
}
