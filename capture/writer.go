package capture

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Writer writes frames as a little-endian pcap file with nanosecond times. All frames have the writer's link type.
type Writer struct {
	w     io.Writer
	link  LinkType
	begun bool
	buf   []byte
}

// NewWriter makes a writer; the file header goes out with the first frame or with Flush.
func NewWriter(w io.Writer, link LinkType) *Writer { return &Writer{w: w, link: link} }

// Flush writes the file header where nothing was written yet, so that a capture without frames is a capture.
func (w *Writer) Flush() error {
	if w.begun {
		return nil
	}
	w.begun = true
	var h [24]byte
	binary.LittleEndian.PutUint32(h[0:], magicNano)
	binary.LittleEndian.PutUint16(h[4:], 2)
	binary.LittleEndian.PutUint16(h[6:], 4)
	binary.LittleEndian.PutUint32(h[16:], maxFrame)
	binary.LittleEndian.PutUint32(h[20:], uint32(w.link))
	_, err := w.w.Write(h[:])
	return err
}

// Write writes one frame: At, Data and Length (0 means len(Data)).
func (w *Writer) Write(f Frame) error {
	if len(f.Data) > maxFrame {
		return fmt.Errorf("capture: a frame of %d bytes is more than %d", len(f.Data), maxFrame)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	length := max(f.Length, len(f.Data))
	w.buf = append(w.buf[:0], make([]byte, 16)...)
	binary.LittleEndian.PutUint32(w.buf[0:], uint32(f.At.Unix()))
	binary.LittleEndian.PutUint32(w.buf[4:], uint32(f.At.Nanosecond()))
	binary.LittleEndian.PutUint32(w.buf[8:], uint32(len(f.Data)))
	binary.LittleEndian.PutUint32(w.buf[12:], uint32(length))
	_, err := w.w.Write(append(w.buf, f.Data...))
	return err
}
