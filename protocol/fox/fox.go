// Package fox reads the hello of Niagara Fox, by which building management stations and their workbenches meet. It decides
// which of its words identify a host: its name and number, the application and the systems beneath. What follows, logins
// and points, is not read. The format is public only by observation (nmap's fox-info among others), hence a little less
// trust.
package fox

import (
	"bytes"
	"errors"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of either end.
const (
	HostName    fact.Attr = "fox.host_name"
	HostID      fact.Attr = "fox.host_id"
	StationName fact.Attr = "fox.station_name"
	AppName     fact.Attr = "fox.app_name" // Station, Workbench
	AppVersion  fact.Attr = "fox.app_version"
	Brand       fact.Attr = "fox.brand"
	OSName      fact.Attr = "fox.os_name"
	OSVersion   fact.Attr = "fox.os_version"
	VM          fact.Attr = "fox.vm"
	VMVersion   fact.Attr = "fox.vm_version"
	Version     fact.Attr = "fox.version" // of the protocol
)

// attrOf names the words of a hello that are read. A host address is what a station believes, and often its default.
func attrOf(word string) fact.Attr {
	switch word {
	case "hostName":
		return HostName
	case "hostId":
		return HostID
	case "station.name":
		return StationName
	case "app.name":
		return AppName
	case "app.version":
		return AppVersion
	case "brandId":
		return Brand
	case "os.name":
		return OSName
	case "os.version":
		return OSVersion
	case "vm.name":
		return VM
	case "vm.version":
		return VMVersion
	case "fox.version":
		return Version
	}
	return ""
}

// trustOwn is of a station's own word in a format known by observation.
const trustOwn = 0.85

// maxHello bounds a hello: those seen take about 500 bytes.
const maxHello = 8 << 10

var (
	opening = []byte("fox a ")
	hello   = []byte(" fox hello\n{\n")
	ending  = []byte("\n};;")
)

var errMalformed = errors.New("fox: no hello")

// Parser claims a hello on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "fox", Doc: "Niagara Fox: building management stations by name, host id, version and brand",
		Attrs:  []fact.Attr{HostName, HostID, StationName, AppName, AppVersion, Brand, OSName, OSVersion, VM, VMVersion, Version},
		Over:   []protocol.Transport{protocol.TCP},
		First:  "f",
		Claims: claims,
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{keys: [2]fact.Key{protocol.ToServer: o.Client.Key(), protocol.ToClient: o.Server.Key()}}
		},
	}
}

// claims wants the first words of a hello. The one who opens numbers its message 1, the one who answers 0.
func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.TCP || len(b) < 24 || !bytes.HasPrefix(b, opening) || !bytes.Contains(b[:min(len(b), 40)], hello) {
		return false
	}
	return (b[len(opening)] == '1') == (o.FirstDir == protocol.ToServer)
}

type conversation struct {
	keys [2]fact.Key
	said [2]bool
}

// Next reads a hello of each side.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	d &= 1
	if c.said[d] {
		return len(b), nil
	}
	if n := min(len(b), len(opening)); !bytes.Equal(b[:n], opening[:n]) {
		return 0, errMalformed
	}
	end := bytes.Index(b, ending)
	if end < 0 {
		if len(b) > maxHello {
			return 0, errMalformed
		}
		return 0, nil
	}
	head := bytes.Index(b[:end], hello)
	if head < 0 {
		return 0, errMalformed
	}
	for line := range bytes.Lines(b[head+len(hello) : end]) {
		word, value, ok := bytes.Cut(bytes.TrimSpace(line), []byte("="))
		if !ok || len(value) < 2 || value[1] != ':' {
			continue
		}
		if attr := attrOf(string(word)); attr != "" {
			emit(fact.Fact{Subject: c.keys[d], Attr: attr, Value: string(value[2:]), Trust: trustOwn, Because: "hello"})
		}
	}
	c.said[d] = true
	if c.said[0] && c.said[1] {
		return end + len(ending), protocol.Done
	}
	return end + len(ending), nil
}
