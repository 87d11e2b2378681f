package main

import (
	"slices"
	"strings"
)

// A linking says by which exact keys rows are taken to be linkable. Rows of one true device that share a key are
// joined, and so are the rows that a chain of such pairs connects; the pairs of rows within one such part are the
// pairs that exact keys can link. Only rows of the same device are ever joined here, so that a key which lies
// (a dock's address) cannot make a wrong pair a wanted one; a key that it would take a lie to use is left out where
// the definition says so.
type linking struct {
	name, doc string
	serial    func(cells) string // key of the serial number, "" for none
	host      bool
	honest    bool // leave out serial keys that rows of several devices bear
}

// linkings, from the strictest to the widest. "keys" is the one that acceptance quotes.
func linkings() []linking {
	return []linking{
		{"exact", "serial as written (outer spaces off) with a maker on the row; MAC", func(c cells) string {
			if plain(c.maker) == "" || blank(c.maker) {
				return ""
			}
			return strings.TrimSpace(c.serial)
		}, false, false},
		{"keys", "serial without case and punctuation, with a maker on the row; MAC of one device; hostname of one device", normalSerial, true, false},
		{"honest", "as keys, without serial numbers that several devices bear (pump modules)", normalSerial, true, true},
		{"wide", "as keys, with leading zeros off, O read as 0, and no maker needed", func(c cells) string {
			return strings.TrimLeft(strings.ReplaceAll(plain(c.serial), "o", "0"), "0")
		}, true, false},
	}
}

func normalSerial(c cells) string {
	if blank(c.maker) {
		return ""
	}
	return plain(c.serial)
}

// blank is a cell that says nothing; placeholder a serial number that is none.
func blank(s string) bool {
	return slices.Contains([]string{"", "na", "unk", "unknown", "none", "null", "tbd"}, plain(s))
}

func placeholder(s string) bool {
	p := plain(s)
	return blank(s) || strings.Trim(p, p[:1]) == "" || // 0000000
		slices.Contains([]string{"123456", "1234567", "12345678", "123456789", "systemserialnumber", "tobefilledbyoem", "seelabel", "defaultstring"}, p)
}

// keysOf are the keys of a row under a linking, each with its kind before a colon.
func (l linking) keysOf(c cells) []string {
	var keys []string
	if !placeholder(c.serial) {
		if s := l.serial(c); s != "" {
			keys = append(keys, "serial:"+s)
		}
	}
	for _, m := range c.macs {
		keys = append(keys, "mac:"+m)
	}
	if l.host && !blank(c.host) {
		keys = append(keys, "host:"+strings.ToLower(strings.TrimSpace(c.host)))
	}
	return keys
}

// wanted parts the rows of every device by the linking's keys. A MAC or a hostname that rows of several devices
// bear is no key; a serial number is one, unless the linking is honest, as it is told apart by maker and model.
func (l linking) wanted(t truth) map[row]string {
	owners := map[string]string{}
	shared := map[string]bool{}
	for r, id := range t.device {
		for _, k := range l.keysOf(t.cells[r]) {
			if was, ok := owners[k]; ok && was != id {
				shared[k] = true
			}
			owners[k] = id
		}
	}
	parent := map[row]row{}
	var find func(row) row
	find = func(r row) row {
		if p, ok := parent[r]; ok && p != r {
			root := find(p)
			parent[r] = root
			return root
		}
		return r
	}
	for _, rows := range groups(t.device) {
		first := map[string]row{}
		for _, r := range rows {
			for _, k := range l.keysOf(t.cells[r]) {
				if shared[k] && (l.honest || !strings.HasPrefix(k, "serial:")) {
					continue
				}
				if f, ok := first[k]; ok {
					a, b := find(f), find(r)
					if a.compare(b) > 0 {
						a, b = b, a
					}
					parent[b] = a
				} else {
					first[k] = r
				}
			}
		}
	}
	out := map[row]string{}
	for r, id := range t.device {
		root := find(r)
		out[r] = id + " " + root.file + " " + itoa(root.n)
	}
	return out
}

// everything wants every pair of rows of one device.
func everything(t truth) map[row]string { return t.device }
