package linkage

import (
	"fmt"
	"slices"
	"strings"
)

// evidence is the sum of what two records say about being one device.
type evidence struct {
	score   float64
	linked  bool // some key agrees: without one, agreement of model and place joins nothing
	because []string
	explain bool
}

func (e *evidence) add(w float64, format string, args ...any) {
	e.score += w
	if e.explain {
		e.because = append(e.because, fmt.Sprintf("%+.1f ", w)+fmt.Sprintf(format, args...))
	}
}

func (e *evidence) key(w float64, format string, args ...any) {
	e.linked = true
	e.add(w, format, args...)
}

func common(a, b []string) string {
	for _, x := range a {
		if slices.Contains(b, x) {
			return x
		}
	}
	return ""
}

// keyring knows, for one set of records, which keys different devices share.
type keyring struct {
	shared map[string]bool
	reused map[string]bool // hostnames that several devices of one source bear
}

// compare weighs two records. Disagreements count only where both speak.
func (k *keyring) compare(a, b *Profile, explain bool) evidence {
	e := evidence{explain: explain}
	k.compareKeys(a, b, &e)
	k.compareSerials(a, b, &e)
	compareIdentity(a, b, &e)
	return e
}

func (k *keyring) compareKeys(a, b *Profile, e *evidence) {
	sameMAC := false
	if m, weak := k.commonKey("mac", a.MACs, b.MACs); m != "" {
		if weak {
			e.add(wShared, "MAC %s, which several devices bear", m)
		} else {
			sameMAC = true
			e.key(wMAC, "same MAC %s", m)
		}
	} else if m := common(a.Local, b.Local); m != "" {
		e.key(wLocalMAC, "same locally administered MAC %s", m)
	} else if otherNIC(a, b) {
		e.add(wNICsOther, "no MAC in common")
	}
	if x := common(a.EUI64s, b.EUI64s); x != "" {
		e.key(wEUI, "same EUI-64 %s", x)
	}
	if h, weak := k.commonKey("host", a.Hosts, b.Hosts); h != "" {
		if k.shared["host:"+h] {
			e.add(wShared, "hostname %s, which very many devices bear", h)
		} else if weak || k.reused["host:"+h] {
			e.key(wHostReused, "hostname %s, which was used more than once", h)
		} else {
			e.key(wHost, "same hostname %s", h)
		}
	} else if len(a.Hosts) > 0 && len(b.Hosts) > 0 {
		w := wHostOther
		if sameMAC && a.Source != b.Source {
			w /= 2 // a machine renamed since the other source looked
		}
		e.add(w, "hostnames differ")
	}
	if ip := common(a.IPs, b.IPs); ip != "" && near(a, b) {
		e.key(wIP, "same IP %s", ip)
	}
	if x := common(a.AEs, b.AEs); x != "" {
		e.key(wAE, "same AE title %s", x)
	}
	switch {
	case a.Control != "" && a.Control == b.Control && a.Numbers && b.Numbers && a.Source != b.Source:
		e.key(wControlOther, "control number %s in another numbering", a.Control)
	case a.Control != "" && a.Control == b.Control:
		e.key(wControl, "same control number %s", a.Control)
	case a.Control != "" && b.Control != "" && a.Source != b.Source && !(a.Numbers && b.Numbers):
		e.add(wNumberOther, "control numbers differ")
	}
	switch {
	case a.Tag != "" && a.Tag == b.Tag:
		e.key(wTag, "same asset tag %s", a.Tag)
	case a.Tag != "" && b.Tag != "":
		e.add(wNumberOther, "asset tags differ")
	}
}

// commonKey returns a value both hold, one that is not shared by preference.
func (k *keyring) commonKey(kind string, a, b []string) (value string, weak bool) {
	for _, x := range a {
		if !slices.Contains(b, x) {
			continue
		}
		if !k.shared[kind+":"+x] {
			return x, false
		}
		value, weak = x, true
	}
	return value, weak
}

func (k *keyring) compareSerials(a, b *Profile, e *evidence) {
	if a.Serial == "" || b.Serial == "" {
		return
	}
	switch {
	case a.Serial == b.Serial && a.UDIDI != "" && a.UDIDI == b.UDIDI && !k.shared["udi:"+a.UDIDI+"/"+a.Serial]:
		e.key(wUDI, "same UDI-DI %s and serial %s", a.UDIDI, a.Serial)
	case a.Serial == b.Serial && k.shared["serial:"+a.Serial]:
		e.add(wShared, "serial %s, which several devices bear", a.Serial)
	case a.Serial == b.Serial:
		w := wSerial
		switch {
		case len(a.Serial) < 5:
			w = wSerialLow
		case len(a.Serial) < 7:
			w = wSerialMid
		}
		e.key(w, "same serial %s", a.Serial)
	case oneEdit(a.Serial, b.Serial) || within(a.Serial, b.Serial):
		e.add(wSerialNear, "serials %s and %s differ by little", a.Serial, b.Serial)
	default:
		e.add(wSerialOther, "serials %s and %s differ", a.Serial, b.Serial)
	}
}

// compareIdentity weighs what the records say the device is and where.
func compareIdentity(a, b *Profile, e *evidence) {
	if a.Maker != "" && b.Maker != "" {
		if a.Maker == b.Maker {
			e.add(wMakerSame, "same maker")
		} else {
			e.add(wMakerOther, "makers %s and %s", a.Maker, b.Maker)
		}
	}
	if a.Model != "" && b.Model != "" {
		if a.Model == b.Model {
			e.add(wModelSame, "same model")
		} else {
			e.add(wModelOther, "models %s and %s", a.Model, b.Model)
		}
	}
	if a.Class != "" && b.Class != "" {
		switch {
		case a.Class == b.Class:
			e.add(wClassSame, "same class")
		case !computer[a.Class] && !computer[b.Class]:
			e.add(wClassOther, "classes %s and %s", a.Class, b.Class)
		}
	}
	if a.Site != "" && b.Site != "" {
		if a.Site == b.Site {
			e.add(wSiteSame, "same site")
		} else {
			e.add(wSiteOther, "sites differ")
		}
	}
	if a.Unit != "" && a.Unit == b.Unit {
		e.add(wUnitSame, "same department")
	}
}

// computer lists the classes under which IT records the computer inside a medical device: a CMDB's
// "workstation" and a CMMS's "ultrasound" do not contradict each other.
var computer = map[string]bool{"workstation": true, "server": true, "laptop": true, "computer": true, "thin-client": true, "tablet": true}

func near(a, b *Profile) bool {
	if a.Seen.IsZero() || b.Seen.IsZero() {
		return true
	}
	d := a.Seen.Sub(b.Seen)
	return d.Abs() <= weakWindow
}

// oneEdit says whether two texts differ by one insertion, deletion, substitution or swap of neighbours.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		if i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:] {
			return true
		}
		return i == len(a) || a[i+1:] == b[i+1:]
	}
	return a[i:] == b[i+1:]
}

// within says whether the shorter serial is the longer one cut at an end, as label printers and columns of
// fixed width do: at least 5 characters left, at most 3 lost.
func within(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return len(a) >= 5 && len(b)-len(a) <= 3 && (strings.HasPrefix(b, a) || strings.HasSuffix(b, a))
}
