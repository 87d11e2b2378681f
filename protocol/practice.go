package protocol

import (
	"slices"
	"strconv"

	"pons/fact"
)

// remoteParsers and remotePorts are of sessions in which somebody works on a host (IANA; VNC displays 0 to 9). Ports
// decide only where no parser knows the talk.
var (
	remoteParsers = []string{"rdp", "ssh", "telnet", "vnc", "rfb"}
	remotePorts   = []struct {
		from, to uint16
		name     string
	}{{22, 22, "ssh"}, {23, 23, "telnet"}, {3389, 3389, "rdp"}, {5900, 5909, "vnc"}}
)

// judge states what a conversation in which both ends have spoken says of them: that a host of a private network
// talks with the Internet, and that somebody there works on it.
func (w *worker) judge(f *flow) {
	f.talks = true
	a, b := f.key.a, f.key.b
	inside := uint8(0)
	switch {
	case a.hi == noSource || b.hi == noSource:
		return
	case a.private() && a.host() && b.public():
	case b.private() && b.host() && a.public():
		inside = 1
	default:
		return
	}
	h := f.host[inside]
	if h == nil {
		return
	}
	f.outside = true
	session := ""
	if inside != f.client {
		session = w.remoteSession(f)
	}
	if h.internet == nil {
		h.internet = w.practice(h, fact.InternetTalk, w.talk(f, "")+" with "+f.pair(1-inside).ip.String())
	}
	if session != "" && h.remote == nil {
		h.remote = w.practice(h, fact.RemoteSession, w.talk(f, session)+" from "+f.pair(1-inside).ip.String())
	}
	f.remote = session != ""
	w.practised(f)
}

// remoteSession names the kind of session in which a client works on the server, "" for none.
func (w *worker) remoteSession(f *flow) string {
	if f.key.transport != TCP {
		return ""
	}
	if f.parser > 0 {
		if name := w.parsers[f.parser-1].Name; slices.Contains(remoteParsers, name) {
			return name
		}
		return ""
	}
	port := f.port(1 - f.client)
	for _, r := range remotePorts {
		if port >= r.from && port <= r.to {
			return r.name
		}
	}
	return ""
}

// talk describes a conversation: "tcp/443 tls".
func (w *worker) talk(f *flow, name string) string {
	text := "tcp/"
	if f.key.transport == UDP {
		text = "udp/"
	}
	text += strconv.Itoa(int(f.port(1 - f.client)))
	if name == "" && f.parser > 0 {
		name = w.parsers[f.parser-1].Name
	}
	if name != "" {
		text += " " + name
	}
	return text
}

func (w *worker) practice(h *host, value, because string) *statement {
	f := fact.Fact{Subject: fact.Key{Kind: "host", Value: h.keyText()}, Attr: fact.Practice, Value: value, Because: because}
	w.hosts.add(&f, w.p.nano, w.p.frame)
	return h.find(&statementKey{fact.Practice, value, ""})
}

// practised notes that a conversation's practices went on until its last packet.
func (w *worker) practised(f *flow) {
	if !f.outside {
		return
	}
	for _, h := range f.host {
		if h == nil || h.internet == nil {
			continue
		}
		h.internet.last = max(h.internet.last, f.last)
		if f.remote && h.remote != nil {
			h.remote.last = max(h.remote.last, f.last)
		}
	}
}
