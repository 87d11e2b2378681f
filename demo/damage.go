package demo

import (
	"strings"
	"time"
	"unicode"
)

// rates are the chances of each kind of damage. At damage 1 they are those counted in the project's synthetic
// hospital (shared/data/hospital_synthetic: 2,088 CMMS, 1,327 CMDB and 2,298 DHCP rows); docs/demo.md compares
// the two. Conditional rates are per row on which the damage is possible: a zero can only be lost from a serial
// number that begins with one.
type rates struct {
	noSerial        float64 // 20 of 3,000 devices: the label cannot be read, people write a placeholder
	moduleBearsPump float64 // 12 of 167 pump modules
	hostReused      float64 // about 11 of 2,223 named devices on the network
	twiceInCMMS     float64 // 61 of 2,027 devices, under another control number
	serialSpace     float64 // 55 of 2,030 serials, before or behind
	serialNA        float64 // 34 of 2,068 in the CMMS
	serialNAInIT    float64 // 265 of 1,327 in the CMDB
	letterO         float64 // 27 of about 1,350 serials with a zero
	hyphen          float64 // 17 of 2,030
	zeroLost        float64 // 12 of 522 serials that begin with a zero
	lowerCase       float64 // 7 of about 1,000 serials with a letter
	makerNA         float64 // 39 of 2,088
	makerInModel    float64 // 52 of 2,088
	unitLower       float64 // 174 of 2,088
	nicSwapped      float64 // 14 of 195 addresses in the CMMS are an adapter since replaced
	onDock          float64 // 14 of 197 laptops in the CMDB list the dock's address
	hostMissing     float64 // 314 of 2,223 leases
	ipNA            float64 // 272 of 1,327
	ipStale         float64 // 87 of 982
	placeNA         float64 // 274 of 1,327
	groupNA         float64 // 427 of 1,327
	ownerNA         float64 // assumption; the synthetic hospital's exports name no owner
}

// What does not grow with damage, from the same counts.
const (
	variantSpelling = .58 // makers written as any of their names, their own among them: 976 of 2,049 come out otherwise
	variantModel    = .55 // models: 1,143 of 2,088
	macInCMMS       = .155
	secondAdapter   = .20 // IT devices with two adapters: 149 of 733
	inDHCP          = .93
	rogueShare      = 25 // of 1,000: 75 of 3,000
)

func ratesAt(x float64) rates {
	s := func(p float64) float64 { return min(p*x, .9) }
	return rates{
		noSerial: s(.0067), moduleBearsPump: s(.072), hostReused: s(.005), twiceInCMMS: s(.030), serialSpace: s(.027), serialNA: s(.0165),
		serialNAInIT: s(.20), letterO: s(.020), hyphen: s(.0084), zeroLost: s(.023), lowerCase: s(.007), makerNA: s(.0187),
		makerInModel: s(.025), unitLower: s(.083), nicSwapped: s(.072), onDock: s(.071), hostMissing: s(.141), ipNA: s(.205),
		ipStale: s(.089), placeNA: s(.206), groupNA: s(.322), ownerNA: s(.25),
	}
}

// inCMMS: medical 1,997 of 2,119, IT 27 of 732, other 3 of 148; plant
// equipment and servers are assumptions.
func inCMMS(a article) float64 {
	if a.talk&talkServer != 0 {
		return .3
	}
	switch a.category {
	case "medical":
		return .9425
	case "it":
		return .037
	case "ot":
		return .15
	}
	return .02
}

// inCMDB: of medical devices on the network 522 of about 1,357, IT 667 of 732, cameras 77 of 82, access points 61
// of 66; plant equipment and servers are assumptions.
func inCMDB(v *device) float64 {
	if v.article.talk&talkServer != 0 {
		return .95
	}
	switch v.article.category {
	case "medical":
		if v.online {
			return .385
		}
		return 0
	case "it":
		return .911
	case "ot":
		return .45
	}
	return .93
}

// nothing is what people write where they know nothing.
func nothing(d dice) string { return d.oneOf("", "N/A", "-", "unknown", "UNK") }

// serialAs is a serial number as somebody wrote it down. One mishap per number.
func (w *world) serialAs(d dice, v *device, na float64) string {
	if v.serial == "" {
		if d.often(.1) {
			return nothing(d)
		}
		return d.oneOf("123456", "System Serial Number", "To be filled by O.E.M.", "SEE LABEL", "0000000", "see label")
	}
	if d.often(na) {
		return nothing(d)
	}
	s := v.serial
	switch {
	case strings.HasPrefix(s, "0") && d.often(w.zeroLost):
		s = strings.TrimLeft(s, "0")
	case strings.Contains(s, "0") && d.often(w.letterO):
		s = swapZero(d, s)
	case d.often(w.hyphen):
		s = s[:3] + "-" + s[3:]
	case strings.ContainsFunc(s, unicode.IsLetter) && d.often(w.lowerCase):
		s = strings.ToLower(s)
	}
	if d.often(w.serialSpace) {
		if d.often(.5) {
			return " " + s
		}
		return s + " "
	}
	return s
}

// swapZero writes the letter O for one of the zeros.
func swapZero(d dice, s string) string {
	n := d.IntN(strings.Count(s, "0"))
	for i := range s {
		if s[i] == '0' {
			if n == 0 {
				return s[:i] + "O" + s[i+1:]
			}
			n--
		}
	}
	return s
}

func (w *world) makerAs(d dice, v *device, na float64) string {
	if d.often(na) {
		return nothing(d)
	}
	if m := w.makers[v.article.maker]; len(m.spelled) > 0 && d.often(variantSpelling) {
		if i := d.IntN(len(m.spelled) + 1); i < len(m.spelled) {
			return m.spelled[i]
		}
	}
	return v.article.maker
}

func (w *world) modelAs(d dice, v *device, prefix float64) string {
	m := v.article.model
	if len(v.article.spelled) > 0 && d.often(variantModel) {
		m = d.oneOf(v.article.spelled...)
	}
	if d.often(prefix) {
		m = v.article.maker + " " + m
	}
	return m
}

// macAs writes an address in one of six notations.
func macAs(d dice, mac string) string {
	hex := strings.ReplaceAll(mac, ":", "")
	switch d.IntN(6) {
	case 0:
		return mac
	case 1:
		return strings.ToUpper(mac)
	case 2:
		return strings.ToUpper(strings.ReplaceAll(mac, ":", "-"))
	case 3:
		return strings.ToUpper(strings.ReplaceAll(mac, ":", " "))
	case 4:
		return hex[:4] + "." + hex[4:8] + "." + hex[8:]
	}
	return strings.ToUpper(hex)
}

// dateAs writes a day in one of four ways, equally often as in the synthetic hospital: month first with slashes,
// ISO, day and month's name, and the bare serial number that Excel leaves behind.
func dateAs(d dice, t time.Time) string {
	switch d.IntN(4) {
	case 0:
		return t.Format("01/02/2006")
	case 1:
		return t.Format("2006-01-02")
	case 2:
		return t.Format("02-Jan-06")
	}
	return excelDay(t)
}

func costAs(d dice, dollars int) string {
	if d.often(.47) {
		return "$" + thousands(dollars) + ".00"
	}
	return itoa(dollars)
}
