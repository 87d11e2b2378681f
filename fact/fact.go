// Package fact holds the words in which every source speaks: one statement by one source about one
// subject at one time. It decides the shape of a statement and its canonical spelling; what a statement
// means for a device is inventory's to decide.
package fact

import (
	"cmp"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Attr names what a statement is about: a device attribute ("serial", "location.room") or a raw wire
// observation ("dhcp.hostname"). Names are lower case; the families are listed in attr.go.
type Attr string

// Source names who speaks: "cmms", "cmdb", "dhcp-export", "wire:dhcp", "person:ann". The part before a
// colon is the kind of source, and decides default trust and precedence.
type Source string

// Kind is the part of the source before the first colon.
func (s Source) Kind() string {
	kind, _, _ := strings.Cut(string(s), ":")
	return kind
}

// Key names the subject of a statement: one kind of identifier and its value in canonical spelling.
//
//	host    "00:12:21:aa:bb:cc|10.31.0.9"  a host on the wire: MAC, IP or both around the bar
//	child   "eui64/00:12:21:00:01:aa:bb:cc" a device that a host on the wire speaks for, by a number of its maker's
//	row     "CE-20857"                      the source's own key of a row
//	device  a device id, used by people who correct a record
type Key struct {
	Kind  string
	Value string
}

// Compare orders keys by kind, then value.
func (k Key) Compare(o Key) int {
	return cmp.Or(cmp.Compare(k.Kind, o.Kind), cmp.Compare(k.Value, o.Value))
}

// Host is the key of a host on the wire. mac and ip are canonical (ParseMAC, ParseIP) or empty.
func Host(mac, ip string) Key { return Key{Kind: "host", Value: mac + "|" + ip} }

// Child is the key of a device that has no address on the wire because a host speaks for it, such as a monitor behind
// its gateway. id is a number that stays the device's own, led by its kind: "eui64/…", "serial/…". It is made one line
// of at most 120 bytes; what is cut off a longer one is told apart by a sum.
func Child(id string) Key {
	const most, room = 120, 103 // a sum takes 17 bytes
	id = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(id, ""))
	if id = strings.TrimSpace(id); len(id) > most {
		sum := fnv.New64a()
		sum.Write([]byte(id))
		id = strings.TrimSpace(strings.ToValidUTF8(id[:room], "")) + "~" + strconv.FormatUint(sum.Sum64(), 16)
	}
	return Key{Kind: "child", Value: id}
}

// SplitHost returns the MAC and the IP of a host key.
func (k Key) SplitHost() (mac, ip string) {
	mac, ip, _ = strings.Cut(k.Value, "|")
	return mac, ip
}

// Fact is one statement: "DHCP said at 09:14 that 00:09:fb:… calls itself MX800-ICU3". It is immutable.
type Fact struct {
	Subject Key
	Attr    Attr
	Value   string // canonical text; never a credential, never a patient's data
	Source  Source
	Trust   float64 // 0..1, how far this way of knowing is believed; 0 = the source's default
	At      time.Time
	Because string // where it was read: "option 12, frame 17", "column Serial#"
}

// Record is what one source says of one subject in one piece: a row of a spreadsheet, a host in a capture.
// The facts of a record leave Subject and Source empty and inherit the record's; a zero At inherits too.
type Record struct {
	Source  Source
	Subject Key
	File    string // base name of the file, empty for a live wire
	Row     int    // data row from 1; 0 where there are no rows
	At      time.Time
	Facts   []Fact
}

// Get returns the first value said for attr, or "".
func (r *Record) Get(attr Attr) string {
	for i := range r.Facts {
		if r.Facts[i].Attr == attr {
			return r.Facts[i].Value
		}
	}
	return ""
}

// All returns every value said for attr, in the order said.
func (r *Record) All(attr Attr) []string {
	var values []string
	for i := range r.Facts {
		if r.Facts[i].Attr == attr {
			values = append(values, r.Facts[i].Value)
		}
	}
	return values
}

// Compare orders facts by subject, attribute, value, source and time, for stable output.
func Compare(a, b Fact) int {
	return cmp.Or(a.Subject.Compare(b.Subject), cmp.Compare(a.Attr, b.Attr), cmp.Compare(a.Value, b.Value),
		cmp.Compare(a.Source, b.Source), a.At.Compare(b.At), cmp.Compare(a.Because, b.Because))
}
