// Package fhir reads devices out of FHIR resources (HL7 FHIR DSTU2 to R5, JSON and XML) as they stream by. It decides
// which elements of a Device are looked into; of every other resource, patients and observations first of all, not a
// value is kept. It is no parser of the engine and stands a floor below them: whose conversation it was, http knows.
package fhir

import (
	"strings"

	"pons/fact"
)

// Attributes of a device that a resource describes.
const (
	Manufacturer fact.Attr = "fhir.manufacturer"
	Model        fact.Attr = "fhir.model"
	Name         fact.Attr = "fhir.name"
	Serial       fact.Attr = "fhir.serial"
	UDI          fact.Attr = "fhir.udi"
	UDIDI        fact.Attr = "fhir.udi_di"
	Version      fact.Attr = "fhir.version"
	Type         fact.Attr = "fhir.type"
)

// Attrs lists them, for the Attrs of a parser that reads such resources.
func Attrs() []fact.Attr {
	return []fact.Attr{Manufacturer, Model, Name, Serial, UDI, UDIDI, Version, Type, fact.EUI64}
}

// Trust is that of a record which somebody keeps (domain/05 §5.7 gives none): less than a device's own word.
const Trust = 0.8

// systemEUI64 is the system of identifiers that are an EUI-64 (IEEE 11073-20601, as the PoCD guide writes it).
const systemEUI64 = "urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680"

// key is an element that is looked into, or other.
type key byte

const (
	other key = iota
	resourceType
	resource
	contained
	entry
	manufacturer
	model
	modelNumber
	serialNumber
	deviceName
	name
	value
	display
	kind // type
	version
	identifier
	system
	udiCarrier
	udi
	deviceIdentifier
	carrierHRF
	coding
	code
)

// keyOf returns the key of an element's name. The list is what keeps patients out.
func keyOf(b []byte) key {
	switch string(b) {
	case "resourceType":
		return resourceType
	case "resource":
		return resource
	case "contained":
		return contained
	case "entry":
		return entry
	case "manufacturer":
		return manufacturer
	case "model":
		return model
	case "modelNumber":
		return modelNumber
	case "serialNumber":
		return serialNumber
	case "deviceName":
		return deviceName
	case "name":
		return name
	case "value":
		return value
	case "display":
		return display
	case "type":
		return kind
	case "version":
		return version
	case "identifier":
		return identifier
	case "system":
		return system
	case "udiCarrier":
		return udiCarrier
	case "udi":
		return udi
	case "deviceIdentifier":
		return deviceIdentifier
	case "carrierHRF":
		return carrierHRF
	case "coding":
		return coding
	case "code":
		return code
	}
	return other
}

// maxDepth is deeper than the standard's resources nest; deeper ones are given up.
const maxDepth = 32

// maxVersions bounds the versions of one device.
const maxVersions = 8

// frame is an open element.
type frame struct {
	key key
	at  int8 // elements below the resource it is in, 0 for the resource itself; -1 outside of any
}

// device gathers what a resource says until it ends.
type device struct {
	is                                          bool // the resource is a Device
	maker, model, name, serial, udi, udiDI, eui string
	code, display                               string
	versions                                    []string

	first, second string // of the name or identifier being read: what it is, and its kind or system
}

// walker knows where in a document it is and keeps the values of devices.
type walker struct {
	found   func(attr fact.Attr, value, id string)
	frames  [maxDepth]frame
	depth   int
	over    bool
	devices [4]device // resources open one in the other: bundle, entry, contained
	open    int
}

// enter opens an element. isResource tells where that is known by itself, as in XML.
func (w *walker) enter(k key, isResource, isDevice bool) {
	if w.depth == maxDepth || w.over {
		w.over = true
		return
	}
	f := frame{key: k, at: -1}
	if w.depth > 0 && w.frames[w.depth-1].at >= 0 {
		f.at = w.frames[w.depth-1].at + 1
	}
	if isResource {
		if w.open == len(w.devices) {
			w.over = true
			return
		}
		f.at = 0
		w.devices[w.open] = device{is: isDevice}
		w.open++
	}
	if f.at == 1 {
		d := &w.devices[w.open-1]
		d.first, d.second = "", ""
	}
	w.frames[w.depth] = f
	w.depth++
}

// leave closes the innermost element.
func (w *walker) leave() {
	if w.depth == 0 || w.over {
		return
	}
	w.depth--
	f := w.frames[w.depth]
	if f.at < 0 || w.open == 0 {
		return
	}
	d := &w.devices[w.open-1]
	switch {
	case f.at == 0:
		w.open--
		if d.is {
			w.state(d)
		}
		*d = device{}
	case f.at == 1 && f.key == deviceName, f.at == 1 && f.key == name:
		// Names that people give may be people's.
		switch d.second {
		case "model-name":
			d.model = or(d.model, d.first)
		case "manufacturer-name", "udi-label-name", "registered-name":
			d.name = or(d.name, d.first)
		}
	case f.at == 1 && f.key == identifier && d.second == systemEUI64:
		if e, ok := fact.ParseEUI64(d.first); ok {
			d.eui = e
		}
	}
}

// wants tells whether the value of an element in the innermost open one is kept.
func (w *walker) wants(k key) bool {
	if w.depth == 0 || w.over {
		return false
	}
	f := w.frames[w.depth-1]
	switch f.at {
	case 0:
		return k == resourceType || k == manufacturer || k == model || k == modelNumber || k == serialNumber || k == version || k == udi
	case 1:
		switch f.key {
		case deviceName, name:
			return k == name || k == value || k == kind
		case udiCarrier, udi:
			return k == deviceIdentifier || k == carrierHRF
		case version:
			return k == value
		case identifier:
			return k == value || k == system
		}
	case 2:
		return f.key == coding && w.depth > 1 && w.frames[w.depth-2].key == kind && (k == code || k == display)
	}
	return false
}

// take keeps a wanted value.
func (w *walker) take(k key, v string) {
	if w.open == 0 || v == "" {
		return
	}
	f, d := w.frames[w.depth-1], &w.devices[w.open-1]
	switch {
	case f.at == 0 && k == resourceType:
		d.is = v == "Device"
	case f.at == 0 && k == manufacturer:
		d.maker = v
	case f.at == 0 && (k == model || k == modelNumber):
		d.model = v
	case f.at == 0 && k == serialNumber:
		d.serial = v
	case f.at == 0 && k == version, f.at == 1 && f.key == version:
		if len(d.versions) < maxVersions {
			d.versions = append(d.versions, v)
		}
	case f.at == 0 && k == udi, f.at == 1 && k == carrierHRF:
		d.udi = or(d.udi, v)
	case f.at == 1 && k == deviceIdentifier:
		d.udiDI = or(d.udiDI, v)
	case f.at == 1 && (k == kind || k == system):
		d.second = v
	case f.at == 1:
		d.first = v
	case k == code && d.code == "":
		d.code = v
	case k == display && d.display == "":
		d.display = v
	}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// state says what a device told. One without a number of its own cannot be told from others of its kind, and says
// nothing.
func (w *walker) state(d *device) {
	id := ""
	switch {
	case d.eui != "":
		id = "eui64/" + d.eui
	case d.serial != "":
		id = "fhir/" + d.maker + "/" + d.serial
	case strings.Contains(d.udi, "(21)"):
		id = "udi/" + d.udi
	default:
		return
	}
	typ := d.code
	if d.display != "" {
		typ = strings.TrimPrefix(typ+"^"+d.display, "^")
	}
	for _, s := range [...]struct {
		attr  fact.Attr
		value string
	}{{fact.EUI64, d.eui}, {Manufacturer, d.maker}, {Model, d.model}, {Name, d.name}, {Serial, d.serial}, {UDI, d.udi}, {UDIDI, d.udiDI}, {Type, typ}} {
		if s.value != "" {
			w.found(s.attr, s.value, id)
		}
	}
	for _, v := range d.versions {
		w.found(Version, v, id)
	}
}
