package all_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pons/capture"
	"pons/protocol"
	"pons/protocol/all"
)

// BenchmarkEngine reads the frames of one mixed capture (arkime_synthetic: most protocols there are) with every
// parser, conversations and hosts from nothing to records each time; and of one bulk transfer (example2: web).
func BenchmarkEngine(b *testing.B) {
	for _, name := range []string{"arkime_apache2/arkime_synthetic.pcap", "pcapplusplus_unlicense/PcapExamples/example2.pcap"} {
		b.Run(filepath.Base(name), func(b *testing.B) {
			frames := load(b, name)
			b.ReportAllocs()
			for b.Loop() {
				e := protocol.NewEngine(all.Parsers(), protocol.Options{})
				for i := range frames {
					e.Frame(frames[i].At, uint32(frames[i].Link), uint64(i+1), frames[i].Data)
				}
				e.Finish()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(frames)), "ns/frame")
		})
	}
}

// BenchmarkSteady reads the same capture again and again into one engine, an hour later each time: the cost of a
// frame once hosts and facts are known.
func BenchmarkSteady(b *testing.B) {
	frames := load(b, "pcapplusplus_unlicense/PcapExamples/example2.pcap")
	e := protocol.NewEngine(all.Parsers(), protocol.Options{})
	b.ReportAllocs()
	round := time.Duration(0)
	for b.Loop() {
		for i := range frames {
			e.Frame(frames[i].At.Add(round), uint32(frames[i].Link), uint64(i+1), frames[i].Data)
		}
		round += time.Hour
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(frames)), "ns/frame")
}

func load(b *testing.B, name string) (frames []capture.Frame) {
	b.Helper()
	data, err := os.ReadFile(filepath.Join(corpus, name))
	if err != nil {
		b.Fatal(err)
	}
	src, err := capture.Open(bytes.NewReader(data), name)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := src.Run(context.Background(), func(f capture.Frame) {
		f.Data = bytes.Clone(f.Data)
		frames = append(frames, f)
	}); err != nil {
		b.Fatal(err)
	}
	return frames
}
