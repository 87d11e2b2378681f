package fingerprint

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"slices"
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

// prefixes are the registry's blocks of one length.
type prefixes struct {
	shift uint     // bits of a 48-bit MAC below the prefix
	keys  []uint64 // ascending
	owner []uint32 // by key, an index of registrants
}

type macRegistry struct {
	registrants []registrant
	longest     [3]prefixes // 36, 28, 24 bits
}

// registry is decoded by the first to ask: about 46,000 prefixes of 29,000 names, tens of milliseconds.
var registry = sync.OnceValue(loadRegistry)

func (r *macRegistry) find(mac string) (registrant, bool) {
	bits, ok := parseMAC(mac)
	if !ok || bits == 0 || bits>>40&3 != 0 { // group bit 0x01, local bit 0x02 of the first octet
		return registrant{}, false
	}
	for i := range r.longest {
		p := &r.longest[i]
		if at, found := slices.BinarySearch(p.keys, bits>>p.shift); found {
			return r.registrants[p.owner[at]], true
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

// block is a registered prefix while the registry is built.
type block struct {
	key   uint64
	owner uint32
}

func loadRegistry() *macRegistry {
	text, err := unpack(ieeeTable)
	if err != nil {
		panic(fmt.Sprintf("fingerprint: data/ieee.txt.gz: %v", err))
	}
	r := &macRegistry{}
	modules := parseTable("modules.txt", moduleTable, 3)
	var blocks [3][]block
	add := func(name, assigned string) {
		owner := uint32(len(r.registrants))
		r.registrants = append(r.registrants, registrant{name: name, module: isModule(name, modules)})
		for prefix := range strings.SplitSeq(assigned, " ") {
			key, err := strconv.ParseUint(prefix, 16, 64)
			length := slices.Index([]int{9, 7, 6}, len(prefix))
			if err != nil || length < 0 {
				panic(fmt.Sprintf("fingerprint: %q of %q is no MAC prefix of 6, 7 or 9 digits", prefix, name))
			}
			blocks[length] = append(blocks[length], block{key, owner})
		}
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		name, assigned, _ := strings.Cut(line, "\t")
		add(name, assigned)
	}
	for _, row := range parseTable("prefixes.txt", prefixTable, 4) {
		add(row[1], row[0])
	}
	for i, shift := range []uint{12, 20, 24} {
		slices.SortStableFunc(blocks[i], func(a, b block) int { return int(a.key) - int(b.key) })
		p := prefixes{shift: shift, keys: make([]uint64, len(blocks[i])), owner: make([]uint32, len(blocks[i]))}
		for j, b := range blocks[i] {
			p.keys[j], p.owner[j] = b.key, b.owner
		}
		r.longest[i] = p
	}
	return r
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

// isModule says whether a registered name is, or begins with, a name of the module makers' table as whole words.
func isModule(name string, modules [][]string) bool {
	for _, row := range modules {
		stem := row[0]
		if len(name) < len(stem) || !strings.EqualFold(name[:len(stem)], stem) {
			continue
		}
		if len(name) == len(stem) {
			return true
		}
		next := name[len(stem)] | 0x20
		if (next < 'a' || next > 'z') && (next < '0' || next > '9') {
			return true
		}
	}
	return false
}
