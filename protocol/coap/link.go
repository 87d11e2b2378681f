package coap

import (
	"bytes"
	"net/netip"
)

// link takes the first link of a list in link format (RFC 6690 §2): <target>;name=value;name="value",<target>… It is
// whole when a comma follows, or when nothing else can.
func link(b []byte, last bool) (one, rest []byte, ok bool) {
	at := outside(b, ',')
	if at < 0 {
		return b, nil, last && len(b) > 0
	}
	return b[:at], b[at+1:], true
}

// outside finds a byte that is neither in a target nor in a quoted value.
func outside(b []byte, want byte) int {
	quoted, target := false, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && !target:
			quoted = !quoted
		case quoted:
		case c == '<':
			target = true
		case c == '>':
			target = false
		case c == want && !target:
			return i
		}
	}
	return -1
}

// split parts a link into its target and its parameters.
func split(one []byte) (target, params []byte, ok bool) {
	one = bytes.TrimSpace(one)
	end := bytes.IndexByte(one, '>')
	if len(one) < 2 || one[0] != '<' || end < 0 {
		return nil, nil, false
	}
	return one[1:end], bytes.TrimPrefix(bytes.TrimSpace(one[end+1:]), []byte(";")), true
}

// param takes the first of a link's parameters; a value in quotes is returned without them.
func param(params []byte) (name, value, rest []byte) {
	one := params
	if at := outside(params, ';'); at >= 0 {
		one, rest = params[:at], params[at+1:]
	}
	name, value, _ = bytes.Cut(bytes.TrimSpace(one), []byte("="))
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		value = value[1 : len(value)-1]
	}
	return name, value, rest
}

// authority is the host of an absolute URI where it is an address; named tells that the URI is absolute at all.
func authority(uri []byte) (ip netip.Addr, named bool) {
	_, rest, found := bytes.Cut(uri, []byte("://"))
	if !found {
		return ip, false
	}
	if at := bytes.IndexAny(rest, "/?"); at >= 0 {
		rest = rest[:at]
	}
	if addr, err := netip.ParseAddrPort(string(rest)); err == nil {
		return addr.Addr().WithZone(""), true
	}
	ip, _ = netip.ParseAddr(string(bytes.Trim(rest, "[]")))
	return ip.WithZone(""), true
}
