package http

import (
	"bytes"
	"compress/gzip"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/fhir"
	"pons/protocol/ippmsg"
)

// content is the kind of body that a head announces, as far as it matters here.
type content uint8

const (
	unread content = iota
	fhirJSON
	fhirXML
	plainXML
	html
	printing
)

// contentOf reads a media type: FHIR's own since STU3 and before (application/json+fhir), XML of UPnP, HTML, IPP.
func contentOf(value []byte) content {
	value, _, _ = bytes.Cut(value, []byte(";"))
	value = bytes.TrimSpace(value)
	switch {
	case equalFold(value, "application/fhir+json"), equalFold(value, "application/json+fhir"):
		return fhirJSON
	case equalFold(value, "application/fhir+xml"), equalFold(value, "application/xml+fhir"):
		return fhirXML
	case equalFold(value, "text/xml"), equalFold(value, "application/xml"):
		return plainXML
	case equalFold(value, "text/html"):
		return html
	case equalFold(value, "application/ipp"):
		return printing
	}
	return unread
}

// reader returns what reads the body that follows a head, nil for none: of most bodies not a byte is looked at.
func (c *conversation) reader(h *head, d protocol.Dir) interface{ Write([]byte) } {
	r := c.plainReader(h, d)
	if r != nil && h.packed {
		return &packed{into: r}
	}
	return r
}

// plainReader is the reader of a body as it is once it is unpacked.
func (c *conversation) plainReader(h *head, d protocol.Dir) interface{ Write([]byte) } {
	if h.encoded || h.response && h.status != 200 {
		return nil
	}
	switch {
	case h.content == fhirJSON:
		return fhir.NewJSON(c.device)
	case h.content == fhirXML:
		return fhir.NewXML(c.device)
	case h.content == printing && !h.response:
		return ippmsg.NewRequest(func() { c.emit(fact.Fact{Subject: c.keys[d], Attr: protocol.Message, Because: "print job"}) })
	case !h.response || h.request.proxied || h.relayed:
		return nil
	case h.content == printing:
		return ippmsg.NewAnswer(func(attr fact.Attr, value string) {
			c.emit(fact.Fact{Subject: c.keys[d], Attr: attr, Value: value, Trust: ippmsg.Trust, Because: "IPP printer attributes"})
		})
	case h.content == plainXML:
		return &description{page: page{say: func(tag int, text string) { c.describe(d, tag, text) }, names: upnpNames[:]}}
	case h.content == html && h.request.first && !h.request.private:
		return &page{names: titleName[:], limit: maxTitleAt, say: func(_ int, text string) {
			if protocol.OfPerson(text) {
				return
			}
			c.emit(fact.Fact{Subject: c.keys[d], Attr: attrTitle, Value: text, Trust: trustHeader, Because: "title of the first page"})
		}}
	}
	return nil
}

const (
	// maxPacked is how much of a compressed body is held, maxUnpacked how much of what is in it is read: a search's answer
	// of a hundred devices is less.
	maxPacked   = 64 << 10
	maxUnpacked = 512 << 10
)

// packed holds the beginning of a body that gzip packed until it is complete.
type packed struct {
	into interface{ Write([]byte) }
	held []byte
	done bool
}

// Write takes the next bytes.
func (p *packed) Write(b []byte) {
	if p.done {
		return
	}
	p.held = append(p.held, b[:min(len(b), maxPacked-len(p.held))]...)
	if len(p.held) == maxPacked {
		p.unpack()
	}
}

// unpack reads what is held; what is cut or damaged is read as far as it goes.
func (p *packed) unpack() {
	if p.done {
		return
	}
	p.done = true
	if z, err := gzip.NewReader(bytes.NewReader(p.held)); err == nil {
		var buf [4096]byte
		for left := maxUnpacked; left > 0; {
			n, err := z.Read(buf[:])
			p.into.Write(buf[:n])
			if left -= n; err != nil {
				break
			}
		}
	}
	p.held = nil
}

// device says what a FHIR resource tells of a device: it has no address here, and whose server tells is not its own.
func (c *conversation) device(attr fact.Attr, value, id string) {
	c.emit(fact.Fact{Subject: fact.Child(id), Attr: attr, Value: value, Trust: fhir.Trust, Because: "FHIR Device"})
}

// firstPage tells the paths of pages that are shown before anybody says who they are. Titles of others may be made for
// one person, or be a person's name.
func firstPage(target []byte) bool {
	switch string(target) {
	case "/", "/index.html", "/index.htm", "/index.php", "/index.asp", "/login", "/login.html", "/login.htm", "/login.php", "/login.asp":
		return true
	}
	return false
}

// The elements of a UPnP device description (UPnP Device Architecture 2.0 §2.3).
const (
	upnpType = iota
	upnpFriendly
	upnpMaker
	upnpModel
	upnpModelNumber
	upnpSerial
	upnpUDN
)

var (
	upnpNames = [...]string{"deviceType", "friendlyName", "manufacturer", "modelName", "modelNumber", "serialNumber", "UDN"}
	titleName = [...]string{"title"}
)

// upnpAttr is the attribute of an element.
func upnpAttr(tag int) fact.Attr { return upnpAttrs()[tag] }

func upnpAttrs() []fact.Attr {
	return []fact.Attr{"upnp.device_type", "upnp.friendly_name", "upnp.manufacturer", "upnp.model", "upnp.model_number", "upnp.serial", "upnp.udn"}
}

// describe says an element of a device description. The name that people give a device may be about one of them.
func (c *conversation) describe(d protocol.Dir, tag int, text string) {
	if tag == upnpFriendly && protocol.OfPerson(text) {
		return
	}
	c.emit(fact.Fact{Subject: c.keys[d], Attr: upnpAttr(tag), Value: text, Trust: trustHeader, Because: "UPnP description"})
}

const (
	// maxTitleAt is how far into a page its title is looked for, maxTitle how long it may be.
	maxTitleAt = 8 << 10
	maxTitle   = 80
	// maxDescription is how much of a document is looked at; the device itself stands at the beginning.
	maxDescription = 16 << 10
)

// page finds the text of the first of each named element in a document, in whatever pieces it comes.
type page struct {
	names []string
	say   func(tag int, text string)
	limit int // bytes after which no more is looked at

	seen  int
	in    bool // inside a tag
	found int  // the element whose text is being kept, plus one
	done  uint32
	buf   []byte
}

// Write takes the next bytes.
func (p *page) Write(b []byte) {
	for _, c := range b {
		if p.seen++; p.seen > p.limit || p.done == 1<<len(p.names)-1 {
			return
		}
		switch {
		case c == '<':
			if p.found > 0 {
				p.take()
			}
			p.in, p.buf = true, p.buf[:0]
		case p.in && (c == '>' || c <= ' ' || c == '/' && len(p.buf) > 0):
			p.tag()
			p.in = false
			if p.found > 0 && c != '>' {
				p.found = -p.found // its attributes are passed over
			}
			p.buf = p.buf[:0]
		case p.found < 0:
			if c == '>' {
				p.found = -p.found
			}
		case (p.in || p.found > 0) && len(p.buf) <= maxTitle:
			p.buf = append(p.buf, c)
		}
	}
}

// tag looks whether the tag that ended is one that is looked for.
func (p *page) tag() {
	p.found = 0
	for i, name := range p.names {
		if p.done>>i&1 == 0 && len(p.buf) == len(name) && bytes.EqualFold(p.buf, []byte(name)) {
			p.found = i + 1
		}
	}
}

// take says the text of an element.
func (p *page) take() {
	tag := p.found - 1
	p.found = 0
	if tag < 0 || len(p.buf) > maxTitle {
		return
	}
	if b := bytes.TrimSpace(p.buf); len(b) > 0 {
		p.done |= 1 << tag
		p.say(tag, string(text(entities(b))))
	}
}

// description is a page that is read only once it is known for a UPnP device description, by its device type.
type description struct{ page }

// Write takes the next bytes.
func (d *description) Write(b []byte) {
	if d.limit == 0 {
		d.limit = maxDescription
		say := d.say
		d.say = func(tag int, text string) {
			if tag == upnpType && len(text) > 4 && text[:4] != "urn:" || tag != upnpType && d.done>>upnpType&1 == 0 {
				d.limit = -1 // another document
				return
			}
			say(tag, text)
		}
	}
	d.page.Write(b)
}

// entities resolves the five that XML and HTML share.
func entities(b []byte) []byte {
	for _, e := range [...][2]string{{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", `"`}, {"&#39;", "'"}, {"&apos;", "'"}, {"&nbsp;", " "}, {"&amp;", "&"}} {
		if bytes.Contains(b, []byte(e[0])) {
			b = bytes.ReplaceAll(b, []byte(e[0]), []byte(e[1]))
		}
	}
	return b
}
