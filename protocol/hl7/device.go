package hl7

import (
	"strings"

	"pons/fact"
	"pons/protocol"
)

// spec is an attribute of a device that is said beside its name: by an observation of IHE PCD's device tree or by a
// field of PRT.
type spec byte

const (
	noSpec spec = iota
	specType
	specManufacturer
	specModel
	specSerial
	specHardware
	specSoftware
	specFirmware
	specUDI
	specs
)

func (s spec) attr() fact.Attr {
	return [specs]fact.Attr{"", attrDeviceType, attrManufacturer, attrModel, attrSerial, attrHardware, attrSoftware, attrFirmware, attrUDI}[s]
}

func specOf(slot int) spec {
	switch slot {
	case prt16:
		return specUDI
	case prt20:
		return specSerial
	}
	return specType
}

// observation returns what an observation identifier says of a device, by its code or name in the MDC nomenclature
// (ISO/IEEE 11073-10101, partitions 1 and 8). Measurements are none of these.
func observation(code, name string) spec {
	switch {
	case strings.HasPrefix(name, "MDC_DEV_") && (strings.HasSuffix(name, "_MDS") || strings.HasSuffix(name, "_VMD")), code == "69965", code == "69985":
		return specType
	case name == "MDC_ID_MODEL_NUMBER", code == "531969":
		return specModel
	case name == "MDC_ID_MODEL_MANUFACTURER", code == "531970":
		return specManufacturer
	case name == "MDC_ID_PROD_SPEC_SERIAL", code == "531972":
		return specSerial
	case name == "MDC_ID_PROD_SPEC_HW", code == "531974":
		return specHardware
	case name == "MDC_ID_PROD_SPEC_SW", code == "531975":
		return specSoftware
	case name == "MDC_ID_PROD_SPEC_FW", code == "531976":
		return specFirmware
	}
	return noSpec
}

// classes are the classes of device behind the names of MDC systems; numbers come without names too.
var classes = [...]struct{ name, code, class string }{
	{"MDC_DEV_MON_PHYSIO_MULTI_PARAM", "69965", "patient-monitor"},
	{"MDC_DEV_PUMP_INFUS", "69985", "infusion-pump"},
	{"MDC_DEV_SYS_PT_VENT", "", "ventilator"},
	{"MDC_DEV_SYS_VENT", "", "ventilator"},
	{"MDC_DEV_SYS_ANESTH", "", "anesthesia-machine"},
	{"MDC_DEV_ANESTH", "", "anesthesia-machine"},
}

func classOf(deviceType string) string {
	code, name, _ := strings.Cut(deviceType, "^")
	for _, c := range classes {
		if strings.HasPrefix(name, c.name) || c.code == code && c.code != "" {
			return c.class
		}
	}
	return ""
}

// observed notes whether an observation is of a device, and which attribute its value is.
func (s *side) observed(raw []byte) {
	code, rest, _ := cut(raw, s.marks.component)
	name, _, _ := cut(rest, s.marks.component)
	if len(code) > 6 || len(name) > 64 {
		return
	}
	switch sp := observation(string(code), string(name)); sp {
	case noSpec:
	case specType:
		s.pending.keep(sp, strings.TrimSuffix(string(code)+"^"+string(name), "^"))
	default:
		s.spec = sp
	}
}

// maxPending bounds what waits for the name of its device: a monitor has a dozen modules.
const maxPending = 16

// pending is what was said of a device before the segment that says it ended.
type pending struct {
	any   bool
	count int
	said  [maxPending]struct {
		spec  spec
		value string
	}
}

func (p *pending) keep(s spec, value string) {
	if value == "" || s == noSpec || p.count == maxPending {
		return
	}
	p.said[p.count].spec, p.said[p.count].value = s, value
	p.count++
	p.any = true
}

// device is one that a message named.
type device struct {
	subject fact.Key
	said    [specs]string // last, to say nothing again
}

// maxDevices bounds the devices remembered of one conversation; those beyond are said again each time.
const maxDevices = 4096

// device takes in an entity identifier: id^namespace^universal id^type of that.
func (c *conversation) device(s *side, d protocol.Dir, slot int, raw []byte, emit func(fact.Fact)) {
	if len(raw) == 0 {
		return
	}
	if known := s.devices[string(raw)]; known != nil {
		s.device = known
		return
	}
	id := s.marks.text(raw)
	if id == "" {
		return
	}
	f := fact.Fact{Subject: c.subject(s, d, id), Attr: attrEquipment, Value: id, Trust: trustSelf, Because: because(slot)}
	if slot == prt10 {
		f.Attr = attrDevice
	}
	s.device = &device{subject: f.Subject}
	if len(s.devices) < maxDevices {
		if s.devices == nil {
			s.devices = map[string]*device{}
		}
		s.devices[string(raw)] = s.device
	}
	emit(f)
	if e := eui64Of(id); e != "" {
		f.Attr, f.Value = fact.EUI64, e
		emit(f)
	}
	// The human readable form of a GS1 carrier may stand in place of any device id (HL7 v2.9 §7.4.4.10).
	if carrier, _, _ := strings.Cut(id, "^"); gs1(carrier) {
		f.Attr, f.Value = attrUDI, carrier
		emit(f)
	}
	if f.Attr, f.Value = fact.Parent, c.gateway(d); f.Subject != c.keys[d] && f.Value != "" {
		emit(f)
	}
}

// gateway is the sender's address, by which its devices name it.
func (c *conversation) gateway(d protocol.Dir) string {
	if e := c.ends[d]; e.IP.IsValid() {
		return e.IP.String()
	}
	mac, _ := c.keys[d].SplitHost()
	return mac
}

// subject is whom an entity identifier names. One whose universal id is an EUI-64 made of a MAC is the host of that MAC,
// whoever sends it; one that the sender bears in MSH-3 too is the sender; others are behind the sender.
func (c *conversation) subject(s *side, d protocol.Dir, id string) fact.Key {
	eui := eui64Of(id)
	own, _ := c.keys[d].SplitHost()
	if eui != "" {
		if mac := macOf(eui); mac == own && mac != "" {
			return c.keys[d]
		} else if mac != "" {
			return fact.Host(mac, "")
		}
	}
	app := s.marks.text([]byte(s.sender[0]))
	entity, _, _ := strings.Cut(id, "^")
	name, _, _ := strings.Cut(app, "^")
	switch {
	case eui != "" && eui == eui64Of(app), len(entity) >= 4 && entity == name:
		return c.keys[d]
	case eui != "":
		return fact.Child("eui64/" + eui)
	}
	return fact.Child("hl7/" + app + "/" + s.marks.text([]byte(s.sender[1])) + "/" + id)
}

// flush says what was gathered of the device, at the end of a segment. Without a name it waits for one, but that PRT
// names a device by its numbers alone.
func (c *conversation) flush(s *side, d protocol.Dir, emit func(fact.Fact)) {
	p := &s.pending
	if s.device == nil && s.participant {
		for _, said := range p.said[:p.count] {
			if said.spec == specUDI || said.spec == specSerial {
				s.device = &device{subject: c.subject(s, d, said.value)}
				break
			}
		}
	}
	if s.device == nil {
		return
	}
	in := "device tree"
	if s.participant {
		in = "PRT"
	}
	for _, said := range p.said[:p.count] {
		if s.device.said[said.spec] == said.value {
			continue
		}
		s.device.said[said.spec] = said.value
		f := fact.Fact{Subject: s.device.subject, Attr: said.spec.attr(), Value: said.value, Trust: trustSelf, Because: in}
		emit(f)
		if said.spec == specType {
			f.Attr, f.Value = fact.Class, classOf(said.value)
			if f.Value != "" {
				emit(f)
			}
		}
	}
	*p = pending{}
}

func gs1(s string) bool {
	digits, ok := strings.CutPrefix(s, "(01)")
	if !ok || len(digits) < 14 {
		return false
	}
	for i := range 14 {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	return true
}

// eui64Of returns the EUI-64 that an identifier holds and says it is one, in canonical text, or "". In HD and EI the
// kind stands behind the universal id.
func eui64Of(id string) string {
	parts := strings.Split(id, "^")
	for i := 1; i < len(parts); i++ {
		if strings.EqualFold(parts[i], "EUI-64") {
			if e, ok := fact.ParseEUI64(parts[i-1]); ok {
				return e
			}
		}
	}
	return ""
}

// macOf returns the MAC in a canonical EUI-64 that was made of one (IEEE: FF-FE in the middle), or "".
func macOf(eui string) string {
	if len(eui) != 23 || eui[9:14] != "ff:fe" {
		return ""
	}
	return eui[:8] + eui[14:]
}
