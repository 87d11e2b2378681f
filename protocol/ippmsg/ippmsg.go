// Package ippmsg reads messages of the Internet Printing Protocol (RFC 8010, RFC 8011) out of the bodies that carry
// them, in whatever pieces they come. It decides which attributes of a printer are said, and whether they are those of
// the host that answers or of a queue on a print server; jobs, documents and the names of people are never looked at.
package ippmsg

import (
	"bytes"

	"pons/fact"
)

// Attributes of a printer.
const (
	MakeAndModel fact.Attr = "ipp.make_and_model"
	Location     fact.Attr = "ipp.location"
	DeviceID     fact.Attr = "ipp.device_id" // IEEE 1284: "MFG:HP;MDL:LaserJet 4200;SN:…;"
	Firmware     fact.Attr = "ipp.firmware"
	UUID         fact.Attr = "ipp.uuid"
)

// Attrs lists them.
func Attrs() []fact.Attr { return []fact.Attr{MakeAndModel, Location, DeviceID, Firmware, UUID} }

// Trust is that of what a device says of itself over HTTP, domain/05 §5.7.
const Trust = 0.6

// Tags of groups, RFC 8010 §3.5.1; higher ones are of values.
const (
	printerGroup = 4
	endOfGroups  = 3
	firstValue   = 0x10
)

const (
	// maxValue bounds what is kept of a value; device ids are the longest.
	maxValue = 512
	// maxRead is how much of a message is looked at: what a printer supports takes up to 64 KiB, and a document
	// that is printed follows behind.
	maxRead = 128 << 10
)

// The values that are kept: first those that are said, in the order of Attrs.
const (
	model = iota
	location
	deviceID
	firmware
	uuid
	cupsVersion // only queues have it
	uri
	values
)

// index tells which value a name is, -1 for those that are passed over.
func index(name []byte) int {
	switch string(name) {
	case "printer-make-and-model":
		return model
	case "printer-location":
		return location
	case "printer-device-id":
		return deviceID
	case "printer-firmware-string-version":
		return firmware
	case "printer-uuid":
		return uuid
	case "cups-version":
		return cupsVersion
	case "printer-uri-supported":
		return uri
	}
	return -1
}

// step says what the next bytes are.
type step uint8

const (
	header step = iota
	tag
	nameLength
	name
	valueLength
	value
	over
)

// Reader reads one message as it comes.
type Reader struct {
	request bool
	say     func(fact.Attr, string)
	job     func()

	seen   int
	step   step
	need   int // bytes of the step that have not come
	buf    []byte
	group  byte
	at     int // the value that is being read, -1 for none
	kept   [values][]byte
	groups int // of printers
}

// NewAnswer reads an answer, and says what it tells of the printer that gives it.
func NewAnswer(say func(fact.Attr, string)) *Reader {
	return &Reader{say: say, need: 8, at: -1}
}

// NewRequest reads a request, and tells when it brings a print job.
func NewRequest(job func()) *Reader { return &Reader{request: true, job: job, need: 8, at: -1} }

// Write takes the next bytes.
func (r *Reader) Write(b []byte) {
	for len(b) > 0 && r.step != over {
		if r.seen > maxRead {
			r.step = over
			return
		}
		n := min(r.need, len(b))
		if r.step != value && r.step != name || len(r.buf)+n <= maxValue {
			r.buf = append(r.buf, b[:n]...)
		}
		b, r.need, r.seen = b[n:], r.need-n, r.seen+n
		for r.need == 0 && r.step != over {
			r.next()
		}
	}
}

// next ends a step and begins another.
func (r *Reader) next() {
	buf := r.buf
	r.buf = r.buf[:0]
	switch r.step {
	case header:
		r.begin(buf)
	case tag:
		r.tag(buf[0])
	case nameLength:
		r.step, r.need = name, int(buf[0])<<8|int(buf[1])
	case name:
		if len(buf) > 0 { // without a name, another value of the last one
			if r.at = -1; r.group == printerGroup {
				r.at = index(buf)
			}
		}
		r.step, r.need = valueLength, 2
	case valueLength:
		r.step, r.need = value, int(buf[0])<<8|int(buf[1])
	case value:
		if r.at >= 0 && len(buf) > 0 && r.kept[r.at] == nil {
			r.kept[r.at] = bytes.Clone(buf)
		}
		r.step, r.need = tag, 1
	}
}

// begin reads version, operation or status, and request id. Versions are 1.0 to 2.2.
func (r *Reader) begin(b []byte) {
	r.step, r.need = tag, 1
	code := int(b[2])<<8 | int(b[3])
	switch {
	case b[0] != 1 && b[0] != 2:
		r.step = over
	case r.request:
		if code == 2 || code == 3 || code == 5 { // Print-Job, Print-URI, Create-Job
			r.job()
		}
		r.step = over
	case code >= 0x100: // no success
		r.step = over
	}
}

// tag reads the tag of a group or of a value's type.
func (r *Reader) tag(b byte) {
	if b >= firstValue {
		r.step, r.need = nameLength, 2
		return
	}
	r.end(b)
	r.group, r.need = b, 1
	if b == endOfGroups {
		r.step = over
	}
}

// end says what a group held once it is known that it was the only one: a server that lists several printers is none
// of them.
func (r *Reader) end(next byte) {
	if r.group == printerGroup {
		r.groups++
	}
	if next == printerGroup && r.groups > 0 {
		r.step = over
		return
	}
	if next != endOfGroups || r.groups != 1 || r.kept[cupsVersion] != nil || queue(r.kept[uri]) {
		return
	}
	for i, attr := range Attrs() {
		if text := bytes.TrimSpace(r.kept[i]); len(text) > 0 {
			r.say(attr, string(text))
		}
	}
}

// queue tells the paths under which print servers offer the printers of others.
func queue(uri []byte) bool {
	return bytes.Contains(uri, []byte("/printers/")) || bytes.Contains(uri, []byte("/classes/"))
}
