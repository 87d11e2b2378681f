// Package sics reads MT-SICS, the commands of Mettler-Toledo's balances and scales (MT-SICS reference manual, levels 0
// to 2), over TCP. It decides what a balance says it is; weights are passed over.
package sics

import (
	"bytes"
	"errors"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of a balance.
const (
	Balance  fact.Attr = "sics.balance"   // type, capacity and unit: "MS3002S 3200.90 g"
	Software fact.Attr = "sics.software"  // version and type definition: "2.10 10.28.0.493.142"
	Serial   fact.Attr = "sics.serial"    // "B021002593"
	DeviceID fact.Attr = "sics.device_id" // given on site: "PHARMACY-2"
	Model    fact.Attr = "sics.model"     // "MS3002S"
)

const maxLine = 512 // own choice: the longest answers list the commands, one a line

var errMalformed = errors.New("sics: malformed")

// Parser claims questions of who a balance is and their answers, on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "sics", Doc: "MT-SICS: balances by model, serial number and software",
		Attrs: []fact.Attr{Balance, Software, Serial, DeviceID, Model},
		Over:  []protocol.Transport{protocol.TCP},
		First: "I",
		Claims: func(o protocol.Opening) bool {
			if len(o.First) < 4 || o.First[0] != 'I' { // cheap: asked of every new conversation, and again as bytes arrive
				return false
			}
			line, _, whole := bytes.Cut(o.First, []byte("\r\n"))
			if o.FirstDir == protocol.ToServer {
				return whole && attrOf(line) != ""
			}
			command, value := answer(line)
			return attrOf(command) != "" && len(value) > 0
		},
		New: func(o protocol.Opening) protocol.Conversation { return &conversation{o} },
	}
}

type conversation struct{ o protocol.Opening }

// Next reads lines, and leaves the beginning of one for later.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (used int, err error) {
	for {
		end := bytes.IndexByte(b[used:], '\n')
		if end > maxLine || end < 0 && len(b)-used > maxLine {
			return used, errMalformed
		}
		if end < 0 {
			return used, nil
		}
		command, value := answer(bytes.TrimSuffix(b[used:used+end], []byte("\r")))
		if attr := attrOf(command); d == protocol.ToClient && attr != "" {
			emit(fact.Fact{Subject: c.o.Server.Key(), Attr: attr, Value: string(value), Because: "answer to " + string(command)})
		}
		used += end + 1
	}
}

// answer splits one: I4 A "B021002593".
func answer(line []byte) (command, value []byte) {
	command, text, ok := bytes.Cut(line, []byte(` A "`))
	if !ok || !bytes.HasSuffix(text, []byte(`"`)) {
		return nil, nil
	}
	return command, text[:len(text)-1]
}

// attrOf names the inquiries that are read.
func attrOf(command []byte) fact.Attr {
	switch string(command) {
	case "I2":
		return Balance
	case "I3":
		return Software
	case "I4":
		return Serial
	case "I10":
		return DeviceID
	case "I11":
		return Model
	}
	return ""
}
