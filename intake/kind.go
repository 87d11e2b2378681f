package intake

import (
	"strings"

	"pons/fact"
)

// guessKind counts which kind of system has such columns.
func guessKind(headers []string, profiles []profile) Kind {
	score := map[Kind]int{}
	has := map[fact.Attr]bool{}
	for i, h := range headers {
		if m, ok := byContent(profiles[i], ""); ok && (m.attr == fact.MAC || m.attr == fact.IP) {
			has[m.attr] = true
		}
		if ms := recognise(h, ""); len(ms) > 0 {
			has[ms[0].attr] = true
		}
		low := strings.Join(tokens(h), " ")
		for k, marks := range kindMarks {
			for _, w := range marks {
				if strings.Contains(" "+low+" ", " "+w+" ") {
					score[k] += 2
				}
			}
		}
	}
	for a, ks := range kindAttrs {
		if has[a] {
			for k, n := range ks {
				score[k] += n
			}
		}
	}
	if !has[fact.MAC] && !has[fact.IP] {
		score[NAC], score[DHCP], score[Switch] = 0, 0, 0
	}
	if has[fact.MAC] && !has[fact.Serial] && !has[fact.Model] && !has[fact.AssetTag] && !has[fact.ControlNumber] {
		score[NAC] += 3
		score[DHCP] += 2
		if !has[fact.IP] {
			score[Switch] += 3
		}
		if !has[fact.Switch] && !has[fact.Port] {
			score[DHCP] += 2
		}
	}
	best, most := Generic, 1
	for _, k := range []Kind{CMMS, CMDB, NAC, DHCP, Switch} {
		if score[k] > most {
			best, most = k, score[k]
		}
	}
	return best
}

// kindMarks are words of headers that only one kind of system uses.
var kindMarks = map[Kind][]string{
	CMMS:   {"pm", "ppm", "ce no", "biomed", "umdns", "gmdn", "ecri", "preventive", "nomenclature", "control no", "incoming inspection", "em score", "risk score", "bmet", "life support", "equipment id", "procedure", "equipment", "using department", "mp", "wartung"},
	CMDB:   {"sys id", "sys class name", "install status", "operational status", "support group", "assignment group", "managed by", "assigned to", "ci", "configuration item", "device type", "device role", "rack", "checked out to", "model id", "os version", "u_", "tenant", "platform", "otherserial", "asset tag", "status label", "operating system", "computer type"},
	NAC:    {"endpoint", "posture", "identity group", "nas", "calling station id", "profile", "policy", "ssid", "nad", "auth", "authentication", "authorization", "classification", "session", "segment", "sgt"},
	DHCP:   {"lease", "lease expiration", "scope", "reservation", "reserved", "cltt", "client id", "duid", "binding state", "unique id", "valid lifetime", "subnet id", "fixed address", "ends", "starts"},
	Switch: {"mac table", "interface", "ports", "ifname", "type", "vlan", "age", "bridge", "ifdescr"},
}

// kindAttrs are attributes that speak for a kind.
var kindAttrs = map[fact.Attr]map[Kind]int{
	fact.ControlNumber: {CMMS: 3}, fact.PMInterval: {CMMS: 3}, fact.PMLast: {CMMS: 3}, fact.PMNext: {CMMS: 3}, fact.UMDNS: {CMMS: 3}, fact.GMDN: {CMMS: 3}, fact.LifeSupport: {CMMS: 2},
	fact.RiskScore: {CMMS: 2}, fact.AcquiredCost: {CMMS: 1}, fact.InspectedOn: {CMMS: 2}, fact.Description: {CMMS: 1}, fact.PMProcedure: {CMMS: 3}, fact.UDI: {CMMS: 2}, fact.UDIDI: {CMMS: 2},
	fact.OS: {CMDB: 2, NAC: 1}, fact.AssetTag: {CMDB: 1, CMMS: 1}, fact.Hostname: {CMDB: 1, NAC: 1, DHCP: 1}, fact.TechnicalOwner: {CMDB: 1}, fact.Serial: {CMDB: 1, CMMS: 1},
	fact.Model: {CMDB: 1, CMMS: 1}, fact.Switch: {NAC: 2, Switch: 1}, fact.Port: {NAC: 1, Switch: 2}, fact.VLAN: {NAC: 1, Switch: 1}, fact.SSID: {NAC: 3}, fact.LastSeen: {NAC: 1, DHCP: 1},
	fact.IP: {NAC: 1, DHCP: 1},
}
