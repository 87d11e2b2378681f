package opcua

import (
	"encoding/binary"
	"strings"
)

// reader takes UA binary values off bytes (part 6, 5.2); once something does not fit it is bad and yields zeros.
type reader struct {
	b   []byte
	bad bool
}

// take takes n bytes.
func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) || r.bad {
		r.bad, r.b = true, nil
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) number() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// text takes a string or a byte string; null is empty.
func (r *reader) text() string {
	n := r.number()
	if n == 1<<32-1 || r.bad {
		return ""
	}
	if n > uint32(len(r.b)) {
		r.bad, r.b = true, nil
		return ""
	}
	return string(r.take(int(n)))
}

// url takes an endpoint's URL, of which scheme, host and port are kept; what follows may hold anything.
func (r *reader) url() string {
	url := r.text()
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return ""
	}
	host, _, _ := strings.Cut(rest, "/")
	if _, after, ok := strings.Cut(host, "@"); ok {
		host = after
	}
	return scheme + "://" + host
}

// localized takes a LocalizedText and returns its text.
func (r *reader) localized() (text string) {
	mask := r.take(1)
	if len(mask) == 0 {
		return ""
	}
	if mask[0]&1 != 0 {
		r.text()
	}
	if mask[0]&2 != 0 {
		text = r.text()
	}
	return text
}

// node takes a NodeId (5.2.2.9) and returns its number where it has one.
func (r *reader) node() uint32 {
	kind := r.take(1)
	if len(kind) == 0 {
		return 0
	}
	switch kind[0] & 0x3f {
	case 0:
		if b := r.take(1); b != nil {
			return uint32(b[0])
		}
	case 1:
		if b := r.take(3); b != nil {
			return uint32(binary.LittleEndian.Uint16(b[1:]))
		}
	case 2:
		r.take(2)
		return r.number()
	case 3, 5:
		r.take(2)
		r.text()
	case 4:
		r.take(18)
	default:
		r.bad = true
	}
	return 0
}

// maxList bounds the elements of a list: more is no list of endpoints or URLs.
const maxList = 256

// list takes an array by taking its elements.
func (r *reader) list(element func()) {
	n := r.number()
	if n == 1<<32-1 || r.bad {
		return
	}
	if n > maxList {
		r.bad, r.b = true, nil
		return
	}
	for ; n > 0 && !r.bad; n-- {
		element()
	}
}

// extension takes an ExtensionObject.
func (r *reader) extension() {
	r.node()
	if encoding := r.take(1); len(encoding) > 0 && encoding[0] != 0 {
		r.text()
	}
}

// requestHeader takes a RequestHeader (part 4, 7.33).
func (r *reader) requestHeader() {
	r.node()
	r.take(16) // time, handle, diagnostics
	r.text()
	r.take(4)
	r.extension()
}

// responseHeader takes a ResponseHeader (part 4, 7.34); one with diagnostics is not followed.
func (r *reader) responseHeader() {
	r.take(16) // time, handle, result
	if mask := r.take(1); len(mask) == 0 || mask[0] != 0 {
		r.bad, r.b = true, nil
		return
	}
	r.list(func() { r.text() })
	r.extension()
}
