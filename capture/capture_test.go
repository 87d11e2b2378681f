package capture

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pons/fault"
)

var moment = time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC)

// sample is a pcap of three frames as Writer makes it.
func sample(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b, LinkEthernet)
	for i := range 3 {
		if err := w.Write(Frame{At: moment.Add(time.Duration(i)), Length: 100, Data: bytes.Repeat([]byte{byte(i + 1)}, 60)}); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// read collects frames until the end or the error.
func read(t testing.TB, r io.Reader) (frames []Frame, err error) {
	t.Helper()
	src, err := Open(r, "x.pcap")
	if err != nil {
		return nil, err
	}
	_, err = src.Run(context.Background(), func(f Frame) {
		f.Data = bytes.Clone(f.Data)
		frames = append(frames, f)
	})
	return frames, err
}

func TestWriterReadBack(t *testing.T) {
	frames, err := read(t, bytes.NewReader(sample(t)))
	if err != nil || len(frames) != 3 {
		t.Fatalf("%d frames, %v", len(frames), err)
	}
	f := frames[2]
	if !f.At.Equal(moment.Add(2)) || f.Link != LinkEthernet || f.Number != 3 || f.Length != 100 || !bytes.Equal(f.Data, bytes.Repeat([]byte{3}, 60)) {
		t.Errorf("the third frame is %+v", f)
	}
}

func TestEmptyCapture(t *testing.T) {
	var b bytes.Buffer
	if err := NewWriter(&b, LinkRaw).Flush(); err != nil {
		t.Fatal(err)
	}
	if frames, err := read(t, &b); err != nil || len(frames) != 0 {
		t.Errorf("%d frames, %v", len(frames), err)
	}
}

// TestPcapForms reads both byte orders, both resolutions and Kuznetzov's longer headers.
func TestPcapForms(t *testing.T) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for magic, nano := range map[uint32]int{magicMicro: 7000, magicNano: 7, magicModified: 7000} {
			b := order.AppendUint32(nil, magic)
			b = append(order.AppendUint16(order.AppendUint16(b, 2), 4), make([]byte, 12)...)
			b = order.AppendUint32(b, uint32(LinkRaw)|0x10000000) // with an FCS length, which is not the link type
			for _, v := range []uint32{1000, 7, 4, 1500} {
				b = order.AppendUint32(b, v)
			}
			if magic == magicModified {
				b = append(b, make([]byte, 8)...)
			}
			b = append(b, "abcd"...)
			frames, err := read(t, bytes.NewReader(b))
			if err != nil || len(frames) != 1 {
				t.Fatalf("%v %x: %d frames, %v", order, magic, len(frames), err)
			}
			f := frames[0]
			if f.Link != LinkRaw || !f.At.Equal(time.Unix(1000, int64(nano))) || f.Length != 1500 || string(f.Data) != "abcd" {
				t.Errorf("%v %x: %+v", order, magic, f)
			}
		}
	}
}

// ng builds pcapng blocks.
type ng struct {
	order binary.AppendByteOrder
	b     []byte
}

func (n *ng) block(kind uint32, body []byte) {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	n.b = n.order.AppendUint32(n.b, kind)
	n.b = n.order.AppendUint32(n.b, uint32(len(body)+12))
	n.b = append(n.b, body...)
	n.b = n.order.AppendUint32(n.b, uint32(len(body)+12))
}

func (n *ng) words(v ...uint32) (b []byte) {
	for _, w := range v {
		b = n.order.AppendUint32(b, w)
	}
	return b
}

func (n *ng) section() {
	n.block(blockSection, append(n.words(byteOrderMagic, 0x00000001), n.words(0xffffffff, 0xffffffff)...))
}

// port adds an interface; resolution 0 leaves the option out.
func (n *ng) port(link LinkType, resolution byte, offset uint64) {
	b := n.order.AppendUint16(nil, uint16(link))
	b = append(n.order.AppendUint16(b, 0), n.words(65535)...)
	if resolution != 0 {
		b = n.order.AppendUint16(n.order.AppendUint16(b, optTsresol), 1)
		b = append(b, resolution, 0, 0, 0)
	}
	if offset != 0 {
		b = n.order.AppendUint16(n.order.AppendUint16(b, optTsoffset), 8)
		b = n.order.AppendUint64(b, offset)
	}
	n.block(blockInterface, append(b, n.words(0)...))
}

func (n *ng) packet(index uint32, units uint64, data string) {
	b := n.words(index, uint32(units>>32), uint32(units), uint32(len(data)), uint32(len(data)+10))
	n.block(blockEnhanced, append(b, data...))
}

func TestPcapng(t *testing.T) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		n := &ng{order: order}
		n.section()
		n.port(LinkEthernet, 0, 0)      // microseconds
		n.port(LinkRaw, 9, 0)           // nanoseconds
		n.port(LinkSLL2, 0x80|10, 1000) // 1/1024 s, 1000 s later
		n.block(0x0bad, []byte("a block of a kind that nobody knows"))
		n.packet(0, 2_000_003, "one")
		n.packet(1, 3_000_000_007, "two")
		n.packet(2, 5<<10|512, "three")
		obsolete := append(order.AppendUint16(order.AppendUint16(nil, 1), 9), n.words(0, 42, 4, 4)...)
		n.block(blockPacket, append(obsolete, "four"...))
		n.block(blockSimple, append(n.words(4), "five"...))
		n.section() // another section forgets the interfaces
		n.port(LinkNull, 6, 0)
		n.packet(0, 1, "six")
		frames, err := read(t, bytes.NewReader(n.b))
		if err != nil {
			t.Fatal(order, err)
		}
		want := []struct {
			link LinkType
			at   time.Time
			data string
		}{{LinkEthernet, time.Unix(2, 3000), "one"}, {LinkRaw, time.Unix(3, 7), "two"}, {LinkSLL2, time.Unix(1005, 5e8), "three"},
			{LinkRaw, time.Unix(0, 42), "four"}, {LinkEthernet, time.Unix(0, 42), "five"}, {LinkNull, time.Unix(0, 1000), "six"}}
		if len(frames) != len(want) {
			t.Fatalf("%v: %d frames, want %d", order, len(frames), len(want))
		}
		for i, w := range want {
			if f := frames[i]; f.Link != w.link || !f.At.Equal(w.at) || string(f.Data) != w.data || f.Number != uint64(i+1) {
				t.Errorf("%v: frame %d is %+v, want %+v", order, i+1, f, w)
			}
		}
	}
}

func TestGzip(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(sample(t))
	w.Close()
	// One byte at a time, as a slow pipe on standard input may give it.
	if frames, err := read(t, iotest.OneByteReader(bytes.NewReader(b.Bytes()))); err != nil || len(frames) != 3 {
		t.Errorf("%d frames, %v", len(frames), err)
	}
	if frames, err := read(t, bytes.NewReader(b.Bytes()[:b.Len()-12])); !errors.Is(err, fault.Invalid) {
		t.Errorf("a cut gzip file: %d frames, %v", len(frames), err)
	}
}

// TestDamaged holds that what is readable is delivered and the error says where and what to do.
func TestDamaged(t *testing.T) {
	whole := sample(t)
	n := &ng{order: binary.LittleEndian}
	n.section()
	n.port(LinkEthernet, 0, 0)
	n.packet(0, 1, "good")
	good := bytes.Clone(n.b)
	huge := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(bytes.Clone(good), blockEnhanced), 0xfffffff0)
	lying := bytes.Clone(good)
	lying[len(lying)-1] ^= 0xff
	wrongPort := &ng{order: binary.LittleEndian, b: bytes.Clone(good)}
	wrongPort.packet(7, 1, "bad")
	absurd := bytes.Clone(whole)
	binary.LittleEndian.PutUint32(absurd[24+76+8:], 0x7fffffff)
	for _, c := range []struct {
		name   string
		data   []byte
		frames int
		says   string
	}{
		{"nothing", nil, 0, "0 bytes"},
		{"text", []byte("this is a text file"), 0, "neither pcap nor pcapng"},
		{"header cut", whole[:20], 0, "byte 0"},
		{"frame header cut", whole[:24+76+8], 1, "byte 100, after frame 1"},
		{"frame cut", whole[:24+76*2+30], 2, "byte 176, after frame 2: the file ends inside frame 3"},
		{"absurd frame", absurd, 1, "a frame of 2147483647 bytes is not possible"},
		{"block cut", good[:len(good)-8], 0, "the file ends inside a block"},
		{"absurd block", huge, 1, "after frame 1: a block of 4294967280 bytes is not possible"},
		{"lengths differ", lying, 0, "ends with"},
		{"no such interface", wrongPort.b, 1, "contradicts itself"},
	} {
		frames, err := read(t, bytes.NewReader(c.data))
		if len(frames) != c.frames || !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "x.pcap: ") {
			t.Errorf("%s: %d frames, %v; want %d and %q", c.name, len(frames), err, c.frames, c.says)
		}
	}
}

func TestReadError(t *testing.T) {
	broken := io.MultiReader(bytes.NewReader(sample(t)[:130]), iotest.ErrReader(errors.New("disk on fire")))
	frames, err := read(t, broken)
	if len(frames) != 1 || err == nil || !strings.Contains(err.Error(), "disk on fire") {
		t.Errorf("%d frames, %v", len(frames), err)
	}
}

func TestCancel(t *testing.T) {
	src, err := Open(bytes.NewReader(sample(t)), "x")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := src.Run(ctx, func(Frame) { t.Error("a frame after the end") }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// shared is the folder of captures made by others.
const shared = "../../shared/data/pcap"

// TestShared reads captures whose frames capinfos (Wireshark 4.0) counted.
func TestShared(t *testing.T) {
	for name, want := range map[string]uint64{
		"pcapplusplus_unlicense/PcapExamples/many_interfaces-1.pcapng":  64,
		"pcapplusplus_unlicense/PcapExamples/pcapng-example.pcapng":     159,
		"pcapplusplus_unlicense/PcapExamples/example2.pcap":             4709,
		"pcapplusplus_unlicense/PcapExamples/microsecs_big_endian.pcap": 13,
		"arkime_apache2/bigendian.pcap":                                 2,
		"lab/dicom_hl7_snmp_dhcp.pcap":                                  1438,
	} {
		file, err := os.Open(filepath.Join(shared, name))
		if err != nil {
			t.Fatal(err)
		}
		src, err := Open(file, name)
		if err != nil {
			t.Fatal(err)
		}
		var got uint64
		_, err = src.Run(context.Background(), func(f Frame) { got = f.Number })
		file.Close()
		if err != nil || got != want {
			t.Errorf("%s: %d frames, want %d, %v", name, got, want, err)
		}
	}
}

// FuzzOpen holds that no bytes make a reader panic, run on for ever or hand out a frame beyond its bound.
func FuzzOpen(f *testing.F) {
	f.Add(sample(f))
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		n := &ng{order: order}
		n.section()
		n.port(LinkEthernet, 9, 5)
		n.packet(0, 77, "data")
		n.block(blockSimple, append(n.words(4), "five"...))
		f.Add(n.b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		frames, err := read(t, bytes.NewReader(data))
		if err != nil && !errors.Is(err, fault.Invalid) {
			t.Errorf("not fault.Invalid: %v", err)
		}
		for i, fr := range frames {
			if len(fr.Data) > maxFrame || fr.Number != uint64(i+1) {
				t.Errorf("frame %d: %d bytes, number %d", i+1, len(fr.Data), fr.Number)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	data, err := os.ReadFile(filepath.Join(shared, "pcapplusplus_unlicense/PcapExamples/example2.pcap"))
	if err != nil {
		b.Fatal(err)
	}
	frames := 0
	for b.Loop() {
		src, err := Open(bytes.NewReader(data), "x")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := src.Run(context.Background(), func(Frame) { frames++ }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(frames), "ns/frame")
}
