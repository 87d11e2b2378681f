package fingerprint

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
)

//go:generate go run ./generate ../../shared/data/fingerprints/ieee data/ieee.txt.gz

var (
	//go:embed data/ieee.txt.gz
	ieeeTable []byte
	//go:embed data/prefixes.txt
	prefixTable string
	//go:embed data/modules.txt
	moduleTable string
)

// Maker returns the name that a MAC's prefix is registered under at IEEE, as registered: "B.Braun Melsungen AG",
// not "B. Braun". The longest registered prefix of 36, 28 or 24 bits wins. The MAC is in canonical form,
// "00:12:21:aa:bb:cc", in either case. Multicast and locally administered MACs (randomised ones among them), the
// MAC of zeros, and prefixes whose registrant is secret or not one firm name nobody.
func Maker(mac string) (name string, ok bool) {
	owner, ok := registry().find(mac)
	return owner.name, ok
}

// Module says whether a MAC's prefix is registered to a maker of parts that other makers build in: device
// servers, radio modules, network chips (domain/05 §5.5, data/modules.txt). Such a prefix says who made the
// network port; it names nobody's device.
func Module(mac string) bool {
	owner, ok := registry().find(mac)
	return ok && owner.module
}

// registrant is a name in the registry.
type registrant struct {
	name   string
	module bool
}

// lengths are those of registered prefixes, the longest first.
var lengths = [3]struct {
	digits int  // hexadecimal
	shift  uint // bits of a 48-bit MAC below the prefix
}{{9, 12}, {7, 20}, {6, 24}}

type macRegistry struct {
	registrants []registrant
	owner       [len(lengths)]map[uint64]uint32 // by prefix, an index of registrants
}

// registry is decoded by the first to ask: about 46,000 prefixes of 29,000 names, tens of milliseconds.
var registry = sync.OnceValue(loadRegistry)

func (r *macRegistry) find(mac string) (registrant, bool) {
	bits, ok := parseMAC(mac)
	if !ok || bits == 0 || bits>>40&3 != 0 { // group bit 0x01, local bit 0x02 of the first octet
		return registrant{}, false
	}
	for i, length := range lengths {
		if at, found := r.owner[i][bits>>length.shift]; found {
			return r.registrants[at], true
		}
	}
	return registrant{}, false
}

// parseMAC reads six pairs of hexadecimal digits with colons between.
func parseMAC(mac string) (bits uint64, ok bool) {
	if len(mac) != 17 {
		return 0, false
	}
	for i := range len(mac) {
		c := mac[i]
		switch {
		case i%3 == 2:
			if c != ':' {
				return 0, false
			}
			continue
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		bits = bits<<4 | uint64(c)
	}
	return bits, true
}

func loadRegistry() *macRegistry {
	table, err := unpack(ieeeTable)
	if err != nil {
		panic(fmt.Sprintf("fingerprint: data/ieee.txt.gz: %v", err))
	}
	return newRegistry(table, parseTable("prefixes.txt", prefixTable, 4), parseTable("modules.txt", moduleTable, 3))
}

// newRegistry reads the table of names and their prefixes that generate writes, and single prefixes that go
// before it.
func newRegistry(table string, later, modules [][]string) *macRegistry {
	r := &macRegistry{registrants: make([]registrant, 0, strings.Count(table, "\n")+len(later))}
	for i, size := range []int{1 << 14, 1 << 13, 1 << 15} { // of about 9,600, 4,400 and 32,000
		r.owner[i] = make(map[uint64]uint32, size)
	}
	stems := make(map[string]bool, len(modules))
	for _, row := range modules {
		stems[strings.ToLower(row[0])] = true
	}
	for _, row := range later {
		r.add(row[1], row[0], stems)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(table, "\n"), "\n") {
		name, assigned, _ := strings.Cut(line, "\t")
		r.add(name, assigned, stems)
	}
	return r
}

// add gives a name its prefixes, apart from those that are taken.
func (r *macRegistry) add(name, assigned string, moduleStems map[string]bool) {
	owner := uint32(len(r.registrants))
	r.registrants = append(r.registrants, registrant{name: name, module: isModule(name, moduleStems)})
	for prefix := range strings.SplitSeq(assigned, " ") {
		key, err := strconv.ParseUint(prefix, 16, 64)
		length := 0
		for length < len(lengths) && lengths[length].digits != len(prefix) {
			length++
		}
		if err != nil || length == len(lengths) {
			panic(fmt.Sprintf("fingerprint: %q of %q is no MAC prefix of 6, 7 or 9 digits", prefix, name))
		}
		if _, taken := r.owner[length][key]; !taken {
			r.owner[length][key] = owner
		}
	}
}

func unpack(packed []byte) (string, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return "", err
	}
	var text strings.Builder
	if _, err := io.Copy(&text, r); err != nil {
		return "", err
	}
	return text.String(), r.Close()
}

// isModule says whether a registered name is, or begins with, a stem as whole words. Stems are in lower case.
func isModule(name string, stems map[string]bool) bool {
	name = strings.ToLower(name)
	for i := range len(name) {
		if !letterOrDigit(name[i]) && stems[name[:i]] {
			return true
		}
	}
	return stems[name]
}

// letterOrDigit counts every byte beyond ASCII as part of a letter.
func letterOrDigit(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 0x80
}
