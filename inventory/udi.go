package inventory

import (
	"fmt"
	"slices"
	"strings"

	"pons/fact"
	"pons/fault"
)

// lotAttr is where the lot of a UDI goes: devices have no lot of their own in the vocabulary, but recalls name lots.
const lotAttr fact.Attr = fact.CustomPrefix + "lot"

// unreadUDI begins what the reason of a statement says of a carrier that could not be read.
const unreadUDI = "; its UDI is not used: "

// readUDI adds what UDI carriers among the statements say: the device identifier, serial and lot, where the source does
// not state them itself. A carrier in the field of the identifier is taken apart, and a trade item number gets the
// leading zeros that spreadsheets lose. A carrier that fails its check says nothing more than its own text.
func readUDI(said []Statement) []Statement {
	isUDI := func(s Statement) bool { return s.Attr == fact.UDI || s.Attr == fact.UDIDI }
	if !slices.ContainsFunc(said, isUDI) {
		return said
	}
	n := len(said)
	for i := range n { // first, so that what is stated is known before anything is derived
		if said[i].Attr == fact.UDIDI && isIdentifier(said[i].Value) {
			readIdentifier(&said[i])
		}
	}
	for _, attr := range []fact.Attr{fact.UDIDI, fact.UDI} {
		for i := range n {
			if said[i].Attr == attr && (attr == fact.UDI || !isIdentifier(said[i].Value) && said[i].Raw == "") {
				said = readCarrier(said, i)
			}
		}
	}
	return said
}

// readCarrier adds what the carrier at i says.
func readCarrier(said []Statement, i int) []Statement {
	from := said[i]
	c, err := fact.ParseUDI(from.Value)
	if err != nil {
		note(&said[i], err)
		return said
	}
	add := func(attr fact.Attr, value string, field fact.CarrierField) {
		known := func(x Statement) bool {
			return x.Attr == attr && (x.Value == value && x.Source == from.Source || !x.Derived && (attr != fact.UDIDI || fact.DeviceIdentifier(x.Value) != ""))
		}
		if value != "" && !fact.Placeholder(value) && !slices.ContainsFunc(said, known) {
			said = append(said, Statement{Attr: attr, Value: value, Source: from.Source, Trust: from.Trust, At: from.At, Derived: true,
				Because: c.Issuer + " " + c.From(field) + " of the UDI, " + from.Because})
		}
	}
	if from.Attr == fact.UDIDI {
		if c.DI != "" {
			respell(&said[i], c.DI, from.Value)
		}
		add(fact.UDI, from.Value, fact.CarrierDI)
	}
	add(fact.UDIDI, c.DI, fact.CarrierDI)
	add(fact.Serial, c.Serial, fact.CarrierSerial)
	add(lotAttr, c.Lot, fact.CarrierLot)
	return said
}

// isIdentifier says whether the text has the form of a device identifier alone, and not of a whole carrier.
func isIdentifier(s string) bool { return len(s) <= 25 && !strings.ContainsAny(s, "()+=&/]<*") }

// readIdentifier gives a trade item number its leading zeros; one that fails its check digit is no key.
func readIdentifier(s *Statement) {
	di := fact.DeviceIdentifier(s.Value)
	if di == "" {
		_, err := fact.ParseUDI(s.Value)
		note(s, err)
	} else if di != s.Value {
		respell(s, di, s.Value)
	}
}

// respell brings a statement to another spelling and keeps the source's own.
func respell(s *Statement, value, written string) {
	s.Value, s.Raw = value, written
	s.Because += ": " + written
}

// note says in a statement's reason why its carrier is not used, once.
func note(s *Statement, err error) {
	if err != nil && !strings.Contains(s.Because, unreadUDI) {
		s.Because += unreadUDI + err.Error()
	}
}

// twoIdentifiers stands for two device identifiers in one record: none of them is its key. No identifier is spelt so.
const twoIdentifiers = "?"

// oneOf is the one device identifier that a record states.
func oneOf(have, di string) string {
	switch {
	case have == "" || have == di:
		return di
	case di == "":
		return have
	}
	return twoIdentifiers
}

// cleanIdentifier reads a device identifier that a person gives, alone or in a whole carrier.
func cleanIdentifier(value string) (string, error) {
	if isIdentifier(value) {
		if di := fact.DeviceIdentifier(value); di != "" {
			return di, nil
		}
	}
	c, err := fact.ParseUDI(value)
	switch {
	case err != nil:
		return "", fmt.Errorf("UDI-DI: %v: %w", err, fault.Invalid)
	case c.DI == "":
		return "", fmt.Errorf("UDI-DI: %s names a serial or lot only; give the barcode that holds (01): %w", value, fault.Invalid)
	}
	return c.DI, nil
}
