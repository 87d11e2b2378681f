package sensor

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"pons/bus"
	"pons/fact"
	"pons/fault"
	"pons/protocol"
	"pons/protocol/all"
)

// Batch is what a sensor has to say at one time. Seq counts the batches of a session from 1.
type Batch struct {
	Session string
	Seq     uint64
	At      time.Time
	Records []fact.Record // whole records of hosts of whom something is new
	Gone    []fact.Key    // hosts that are known under another key now
	Traffic []protocol.Traffic
	Health  *Health // nil in all but one batch of a harvest
}

// Bounds of a batch. The hub reads bytes of a sensor that may have been stolen: maxBody bounds what they unpack to, maxText
// one text (protocol bounds values to 2 KiB, reasons are a line), maxItems the rows of each list, maxParts the braces in it:
// objects of nothing unpack to fifty times their text, and a fact as a sensor writes it is some hundred bytes. A message must also fit the
// broker (bus.MaxMessage); roomy is what is left of that for a body.
const (
	version  = 1
	maxBody  = 8 << 20
	maxText  = 4 << 10
	maxItems = 50_000
	maxParts = 1 << 17
	maxLabel = 64
	roomy    = bus.MaxMessage - 1<<10
)

// The form on the wire: JSON of short names, deflated, after a version byte. Facts that repeat (sources, reasons, hours)
// deflate to little; measured on the shared captures a batch takes about 60 bytes a fact.
type (
	wireBatch struct {
		At      int64         `json:"t"`
		Records []wireRecord  `json:"r,omitempty"`
		Gone    []string      `json:"g,omitempty"`
		Traffic []wireTraffic `json:"w,omitempty"`
		Health  *Health       `json:"h,omitempty"`
	}
	wireRecord struct {
		Host  string     `json:"k"`
		At    int64      `json:"t"`
		Facts []wireFact `json:"f"`
	}
	wireFact struct {
		Attr    string  `json:"a"`
		Value   string  `json:"v"`
		Source  string  `json:"s,omitempty"`
		Trust   float64 `json:"p,omitempty"`
		At      int64   `json:"t,omitempty"`
		Because string  `json:"b,omitempty"`
	}
	wireTraffic struct {
		Hour      int64     `json:"h"` // Unix seconds
		Client    string    `json:"c"`
		Server    string    `json:"s"`
		Transport uint8     `json:"n,omitempty"`
		Port      uint16    `json:"o,omitempty"`
		Protocol  string    `json:"p,omitempty"`
		Counts    [9]uint64 `json:"q"` // packets and bytes up, down, conversations, associations, messages, studies, minutes
		First     int64     `json:"f"`
		Last      int64     `json:"l"`
	}
)

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// encode packs the body of a batch: all of it but session and number.
func (b *Batch) encode() ([]byte, error) {
	w := wireBatch{At: micros(b.At), Health: b.Health}
	for i := range b.Records {
		r := &b.Records[i]
		out := wireRecord{Host: hostText(r.Subject), At: micros(r.At), Facts: make([]wireFact, len(r.Facts))}
		for j, f := range r.Facts {
			out.Facts[j] = wireFact{string(f.Attr), f.Value, string(f.Source), f.Trust, micros(f.At), f.Because}
		}
		w.Records = append(w.Records, out)
	}
	for _, k := range b.Gone {
		w.Gone = append(w.Gone, hostText(k))
	}
	for _, t := range b.Traffic {
		w.Traffic = append(w.Traffic, wireTraffic{t.Hour.Unix(), t.Client.Value, t.Server.Value, uint8(t.Transport), t.Port, t.Protocol,
			[9]uint64{t.Up.Packets, t.Up.Bytes, t.Down.Packets, t.Down.Bytes, t.Conversations, t.Associations, t.Messages, t.Studies, t.Minutes}, micros(t.First), micros(t.Last)})
	}
	var buf bytes.Buffer
	buf.WriteByte(version)
	z, err := flate.NewWriter(&buf, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	count := &counting{w: z}
	if err := json.NewEncoder(count).Encode(w); err != nil {
		return nil, fmt.Errorf("batch: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	if count.n > maxBody || count.parts > maxParts || buf.Len() > roomy {
		return nil, errTooLarge
	}
	return buf.Bytes(), nil
}

type counting struct {
	w        io.Writer
	n, parts int
}

func (c *counting) Write(p []byte) (int, error) {
	c.n += len(p)
	c.parts += bytes.Count(p, brace)
	return c.w.Write(p)
}

var brace = []byte("{")

var errTooLarge = fmt.Errorf("a batch is too large for a message: %w", fault.Invalid)

// decode reads a body. Whatever is not as a sensor writes it makes the whole batch fault.Invalid: nothing of it can be
// trusted, and nothing of it may stop the hub.
func decode(body []byte) (*Batch, error) {
	if len(body) == 0 || body[0] != version {
		return nil, fmt.Errorf("a batch of another version: update the hub before its sensors: %w", fault.Invalid)
	}
	z := flate.NewReader(bytes.NewReader(body[1:]))
	text, err := io.ReadAll(io.LimitReader(z, maxBody+1))
	if err != nil || len(text) > maxBody {
		return nil, fmt.Errorf("a batch does not unpack: %w", fault.Invalid)
	}
	if bytes.Count(text, brace) > maxParts {
		return nil, fmt.Errorf("a batch of too many rows: %w", fault.Invalid)
	}
	var w wireBatch
	if err := json.Unmarshal(text, &w); err != nil {
		return nil, fmt.Errorf("a batch cannot be read: %w", fault.Invalid)
	}
	if len(w.Records) > maxItems || len(w.Gone) > maxItems || len(w.Traffic) > maxItems {
		return nil, fmt.Errorf("a batch of too many rows: %w", fault.Invalid)
	}
	c := &checker{}
	b := &Batch{At: c.time(w.At), Health: w.Health}
	for _, r := range w.Records {
		out := fact.Record{Subject: c.host(r.Host), At: c.time(r.At), Facts: make([]fact.Fact, len(r.Facts))}
		for i, f := range r.Facts {
			out.Facts[i] = fact.Fact{Attr: c.attr(f.Attr), Value: c.text(f.Value), Source: c.source(f.Source), Trust: c.share(f.Trust), At: c.time(f.At), Because: c.text(f.Because)}
		}
		b.Records = append(b.Records, out)
	}
	for _, k := range w.Gone {
		b.Gone = append(b.Gone, c.host(k))
	}
	for _, t := range w.Traffic {
		b.Traffic = append(b.Traffic, c.traffic(t))
	}
	c.health(b.Health)
	if c.err != nil {
		return nil, c.err
	}
	return b, nil
}

// checker keeps the first thing that is wrong.
type checker struct{ err error }

func (c *checker) fail(what string) {
	if c.err == nil {
		c.err = fmt.Errorf("a batch holds %s: %w", what, fault.Invalid)
	}
}

// earliest and latest are the times that a capture can have: from before Pons on, to where microseconds still sort.
const (
	earliest = 0
	latest   = 4102444800 // 2100-01-01, in seconds
)

func (c *checker) time(us int64) time.Time {
	if us < earliest || us > latest*1_000_000 {
		c.fail("a time that cannot be")
	}
	return fromMicros(us)
}

func (c *checker) text(s string) string {
	if len(s) > maxText || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		c.fail("a text that is no line")
	}
	return s
}

// childMark begins the key of a device that a host speaks for (fact.Child); a host's begins with an address or a bar.
const childMark = "child:"

func hostText(k fact.Key) string {
	if k.Kind == "child" {
		return childMark + k.Value
	}
	return k.Value
}

// host takes the key of a host as fact.Host writes it, or a child's as fact.Child does.
func (c *checker) host(value string) fact.Key {
	if id, ok := strings.CutPrefix(value, childMark); ok {
		if c.text(id) == "" || fact.Child(id).Value != id {
			c.fail("a child without a key")
		}
		return fact.Child(id)
	}
	k := fact.Key{Kind: "host", Value: value}
	if c.text(value) == "" || len(value) > maxLabel || strings.Count(value, "|") != 1 || strings.Contains(value, "/") {
		c.fail("a host without a key")
	}
	return k
}

func (c *checker) label(s, more string) string {
	if len(s) > maxLabel || strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune(more, r)
	}) {
		c.fail("a name that is none")
	}
	return s
}

// heard are the attributes that parsers and the engine say.
var heard = sync.OnceValue(func() map[fact.Attr]bool {
	out := map[fact.Attr]bool{fact.FirstSeen: true, fact.LastSeen: true, fact.MAC: true, fact.IP: true, fact.Practice: true, fact.Service: true}
	for _, p := range all.Parsers() {
		for _, a := range p.Attrs {
			out[a] = true
		}
	}
	return out
})

// attr takes what parsers say, and nothing that a file or a person would: a sensor has no say about owners and criticality.
// What is not known here with a dot in its name (dhcp.hostname) is what a newer sensor observed: only rules look at it.
func (c *checker) attr(s string) fact.Attr {
	a := fact.Attr(c.label(s, "._-"))
	if !heard()[a] && !strings.Contains(s, ".") || strings.HasPrefix(s, fact.CustomPrefix) {
		c.fail("an attribute that the wire does not know")
	}
	return a
}

func (c *checker) source(s string) fact.Source {
	if s != "" && fact.Source(s).Kind() != "wire" {
		c.fail("a source that is not the wire")
	}
	return fact.Source(c.label(s, ":_-."))
}

func (c *checker) share(p float64) float64 {
	if !(p >= 0 && p <= 1) {
		c.fail("a trust that is none")
	}
	return p
}

func (c *checker) traffic(t wireTraffic) protocol.Traffic {
	if t.Hour < earliest || t.Hour > latest || t.Hour%3600 != 0 || t.Transport > uint8(protocol.TCP) || t.Counts[8]>>60 != 0 {
		c.fail("traffic of no hour")
	}
	for _, n := range t.Counts {
		if n > 1<<60 {
			c.fail("traffic that cannot be counted")
		}
	}
	if strings.HasPrefix(t.Client, childMark) || strings.HasPrefix(t.Server, childMark) {
		c.fail("traffic of a device without an address")
	}
	n := &t.Counts
	return protocol.Traffic{Hour: time.Unix(t.Hour, 0).UTC(), Client: c.host(t.Client), Server: c.host(t.Server), Transport: protocol.Transport(t.Transport), Port: t.Port,
		Protocol: c.label(t.Protocol, "._-+ "), Up: protocol.Volume{Packets: n[0], Bytes: n[1]}, Down: protocol.Volume{Packets: n[2], Bytes: n[3]},
		Conversations: n[4], Associations: n[5], Messages: n[6], Studies: n[7], Minutes: n[8], First: c.time(t.First), Last: c.time(t.Last)}
}

// envelope is a batch on its way: the body, which batch it is, and the oldest number of its session that the sensor can
// still send, so that the hub knows what is lost from what is late.
type envelope struct {
	session   string
	seq, base uint64
	body      []byte
}

// seal writes an envelope for a sensor's subject, signed: only the holder of the sensor's key can have sent it, whichever
// brokers it went through.
func (e *envelope) seal(subject string, key bus.Key) ([]byte, error) {
	b := []byte{version, byte(len(e.session))}
	b = append(b, e.session...)
	b = binary.AppendUvarint(b, e.seq)
	b = binary.AppendUvarint(b, e.base)
	b = append(b, e.body...)
	signature, err := key.Sign(append([]byte(subject+"\x00"), b...))
	if err != nil {
		return nil, err
	}
	return append(b, signature...), nil
}

// unseal reads an envelope and checks the signature.
func unseal(subject, public string, data []byte) (*envelope, error) {
	bad := fmt.Errorf("a message that no sensor writes: %w", fault.Invalid)
	if len(data) < 2+bus.SignatureSize || data[0] != version {
		return nil, bad
	}
	signed, signature := data[:len(data)-bus.SignatureSize], data[len(data)-bus.SignatureSize:]
	if !bus.Verify(public, append([]byte(subject+"\x00"), signed...), signature) {
		return nil, fmt.Errorf("the signature is not that of the sensor's key: %w", fault.Denied)
	}
	n := int(signed[1])
	rest := signed[2:]
	if n == 0 || n > maxLabel || len(rest) < n {
		return nil, bad
	}
	e := &envelope{session: string(rest[:n])}
	c := &checker{}
	if c.label(e.session, "-"); c.err != nil {
		return nil, bad
	}
	rest = rest[n:]
	for _, into := range []*uint64{&e.seq, &e.base} {
		v, size := binary.Uvarint(rest)
		if size <= 0 || v == 0 || v > 1<<62 {
			return nil, bad
		}
		*into, rest = v, rest[size:]
	}
	if e.base > e.seq {
		return nil, bad
	}
	e.body = rest
	return e, nil
}

// pieces cuts a batch into ones that fit a message each, and packs them. What does not fit alone is a host that says
// megabytes of itself: it keeps what fits.
func (b *Batch) pieces() ([][]byte, error) {
	body, err := b.encode()
	if err == nil {
		return [][]byte{body}, nil
	}
	if err != errTooLarge {
		return nil, err
	}
	one, two := *b, Batch{At: b.At}
	switch r, g, t := len(b.Records), len(b.Gone), len(b.Traffic); {
	case r+g+t > 1:
		one.Records, two.Records = b.Records[:(r+1)/2], b.Records[(r+1)/2:]
		one.Gone, two.Gone = b.Gone[:g/2], b.Gone[g/2:]
		one.Traffic, two.Traffic = b.Traffic[:t/2], b.Traffic[t/2:]
		if r <= 1 && g <= 1 && t <= 1 { // one of each: apart
			one.Gone, one.Traffic, two.Records, two.Gone, two.Traffic = nil, nil, nil, b.Gone, b.Traffic
			if r == 0 {
				one.Gone, two.Gone = b.Gone, nil
			}
		}
	case r == 1 && len(b.Records[0].Facts) > 1:
		short := b.Records[0]
		short.Facts = short.Facts[:len(short.Facts)/2]
		one.Records = []fact.Record{short}
		return one.pieces()
	default:
		return nil, err
	}
	first, err := one.pieces()
	if err != nil {
		return nil, err
	}
	second, err := two.pieces()
	return append(first, second...), err
}
