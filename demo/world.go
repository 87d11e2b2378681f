package demo

import (
	"fmt"
	"net/netip"
	"sort"
	"strconv"
	"strings"
	"time"
)

// world is the hospital as it really is, before anybody writes it down.
type world struct {
	Options
	rates
	asOf    time.Time // the day the exports are of: At, or before it in an earlier export
	name    string
	sites   []site
	makers  map[string]maker
	devices []*device
	rogues  []*device
	dock    []string // MAC addresses of docking stations, each lent to many laptops
}

type site struct {
	name, slug string
	units      []unit
	block      byte // second octet of its addresses: 10.block.0.0/16
}

type unit struct {
	name, code     string
	cost           string // cost centre
	building       string
	floor          int
	clinical       string // who answers for care there
	life           bool   // critical care
	imaging, other bool   // where imaging stands; where no patient lies
}

// device is one thing that exists.
type device struct {
	id      string
	number  int // counts from 0; control numbers and asset tags are made of it
	article article
	serial  string // "" where the label cannot be read
	site    int
	unit    unit
	room    int
	bed     int
	online  bool
	mac     string // canonical
	second  string // a second adapter, Wi-Fi as a rule
	ip      netip.Addr
	host    string // hostname it bears
	version string
	system  string
	bought  time.Time
	price   int
	ae      string
	parent  *device
	biomed  bool // in the CMMS
	known   bool // in the CMDB
	leased  bool // in the DHCP export
	spoiled bool // calls itself by a hostname that another device bore
	guest   bool // a rogue
}

// build makes the hospital: devices by the catalogue's shares, places, addresses, and who keeps a record of what.
func build(o Options) *world {
	w := &world{Options: o, rates: ratesAt(o.Damage), asOf: o.At, name: "Quillmere Health (synthetic)", sites: places(), makers: map[string]maker{}}
	for _, m := range makers() {
		w.makers[m.name] = m
	}
	d := newDice(o.Seed, "devices")
	var deck []article
	list := articles()
	total := 0
	for _, a := range list {
		total += a.share
	}
	for _, a := range list {
		n := (a.share*o.Devices + total/2) / total
		for range max(n, 1) {
			deck = append(deck, a)
		}
	}
	d.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	for len(deck) < o.Devices {
		deck = append(deck, deck[d.IntN(len(deck))])
	}
	deck = deck[:o.Devices]
	for i, a := range deck {
		w.devices = append(w.devices, w.newDevice(d, i, a))
	}
	w.pairModules(newDice(o.Seed, "modules"))
	w.nameHosts(newDice(o.Seed, "hostnames"))
	w.addRogues(newDice(o.Seed, "rogues"))
	docks := newDice(o.Seed, "docks")
	for range max(1, o.Devices/3000) {
		w.dock = append(w.dock, macUnder(docks, "00e04c"))
	}
	return w
}

func (w *world) newDevice(d dice, i int, a article) *device {
	v := &device{id: fmt.Sprintf("D%05d", i), number: i, article: a, site: d.IntN(len(w.sites))}
	v.unit = w.place(d, v)
	v.room, v.bed = d.between(1, 39), d.between(1, 2)
	v.serial = newSerial(d)
	if d.often(w.noSerial) {
		v.serial = ""
	}
	v.online = d.often(a.wired)
	oui := ""
	if len(a.oui) > 0 {
		oui = a.oui[d.IntN(len(a.oui))]
	}
	v.mac = macUnder(d, oui)
	if a.category == "it" && (a.talk&(talkWindows|talkPrinter) != 0) && d.often(secondAdapter) {
		v.second = macUnder(d, d.oneOf("7cb566", "8cf8c5", "e4a471", "1002b5", "008092"))
	}
	v.ip = netip.AddrFrom4([4]byte{10, w.sites[v.site].block, byte(d.between(1, 63)), byte(d.between(1, 239))})
	if len(a.versions) > 0 {
		v.version = a.versions[d.IntN(len(a.versions))]
	}
	if len(a.systems) > 0 {
		v.system = a.systems[d.IntN(len(a.systems))]
	}
	v.bought = w.At.AddDate(0, 0, -d.between(60, 17*365))
	v.price = a.cost * d.between(82, 118) / 100
	if a.talk&talkDICOM != 0 {
		v.ae = fmt.Sprintf("%s%02d%s", a.host, i%100, strings.ToUpper(w.sites[v.site].slug[:2]))
	}
	v.biomed, v.known, v.leased = d.often(inCMMS(a)), d.often(inCMDB(v)), v.online && d.often(inDHCP)
	return v
}

// place puts imaging where imaging stands, critical care's equipment mostly in critical care, the rest anywhere.
func (w *world) place(d dice, v *device) unit {
	units := w.sites[v.site].units
	for range 99 {
		u := units[d.IntN(len(units))]
		a := v.article
		switch {
		case a.talk&talkServer != 0 || a.class == "switch" || a.class == "router" || a.class == "ups":
			if u.code == "ITCLOSET" {
				return u
			}
		case a.talk&talkDICOM != 0 && a.class != "ultrasound" && a.class != "c-arm" && a.class != "mobile-x-ray":
			if u.imaging {
				return u
			}
		case a.category == "medical" && u.other && !d.often(.1):
		case a.life && !u.life && !d.often(.4):
		default:
			return u
		}
	}
	return units[0]
}

// pairModules hangs every pump module on a pump of its site; some bear their pump's serial number in the records.
func (w *world) pairModules(d dice) {
	var pumps []*device
	for _, v := range w.devices {
		if v.article.model == "Alaris 8015" {
			pumps = append(pumps, v)
		}
	}
	if len(pumps) == 0 {
		return
	}
	for _, v := range w.devices {
		if v.article.class == "infusion-pump-module" {
			v.parent = pumps[d.IntN(len(pumps))]
			if d.often(w.moduleBearsPump) && v.parent.serial != "" {
				v.serial = v.parent.serial
			}
		}
	}
}

// nameHosts gives names by model, unit and three digits. A replaced device leaves its name to another.
func (w *world) nameHosts(d dice) {
	for i, v := range w.devices {
		if v.article.host == "" {
			continue
		}
		v.host = fmt.Sprintf("%s-%s-%03d", v.article.host, v.unit.code, d.IntN(1000))
		if v.article.talk&talkPhone != 0 {
			v.host = "SEP" + strings.ToUpper(strings.ReplaceAll(v.mac, ":", ""))
		}
		if i > 0 && d.often(w.hostReused) {
			if old := w.devices[i-1]; old.host != "" && old.article.talk&talkPhone == 0 {
				v.host, v.spoiled = old.host, true
			}
		}
	}
}

// addRogues puts onto the network what no system knows: private phones and tablets, small computers, access points.
func (w *world) addRogues(d dice) {
	kinds := []struct{ oui, host, maker, model, class string }{
		{"f01898", "iPad", "Apple", "iPad", "tablet"}, {"a4b805", "iPhone", "Apple", "iPhone", "smartphone"},
		{"8cf5a3", "Galaxy-Tab-A8", "Samsung", "Galaxy Tab A8", "tablet"}, {"dca632", "raspberrypi", "Raspberry Pi", "4 Model B", "computer"},
		{"240ac4", "ESP_", "Espressif", "ESP32", "iot-module"}, {"50c7bf", "TL-WR841N", "TP-Link", "TL-WR841N", "access-point"},
	}
	for i := range w.Devices * rogueShare / 1000 {
		k := kinds[d.IntN(len(kinds))]
		v := &device{id: fmt.Sprintf("X%04d", i), guest: true, online: true, leased: true, site: d.IntN(len(w.sites)), mac: macUnder(d, k.oui)}
		v.article = article{maker: k.maker, model: k.model, class: k.class, category: "unknown"}
		v.unit = w.sites[v.site].units[d.IntN(len(w.sites[v.site].units))]
		v.ip = netip.AddrFrom4([4]byte{10, w.sites[v.site].block, 90 + byte(i/240), byte(i%240 + 1)})
		v.host = k.host
		w.rogues = append(w.rogues, v)
	}
}

func (w *world) deviceRows() [][]string {
	rows := [][]string{{"device", "manufacturer", "model", "class", "category", "serial", "site", "unit", "mac", "hostname", "note"}}
	for _, v := range w.devices {
		mac := ""
		if v.online {
			mac = v.mac
		}
		rows = append(rows, []string{v.id, v.article.maker, v.article.model, v.article.class, v.article.category, v.serial,
			w.sites[v.site].name, v.unit.name, mac, v.host, "synthetic"})
	}
	return rows
}

// newSerial has one of the four shapes found in the synthetic hospital, equally often.
func newSerial(d dice) string {
	switch d.IntN(4) {
	case 0:
		return strconv.Itoa(d.between(0, 9_999_999) + 10_000_000)[1:]
	case 1:
		return "00" + strconv.Itoa(d.between(0, 999_999) + 1_000_000)[1:]
	case 2:
		return fmt.Sprintf("SN%08X", d.Uint32())
	}
	return fmt.Sprintf("%c%c%06d", 'A'+d.IntN(26), 'A'+d.IntN(26), d.IntN(1_000_000))
}

// macUnder is a canonical address under a prefix; without one all six bytes are chance, as in the synthetic
// hospital, where such addresses are at times locally administered or multicast.
func macUnder(d dice, oui string) string {
	b := fmt.Sprintf("%012x", d.Uint64()&0xffff_ffff_ffff)
	if oui != "" {
		b = oui + b[6:]
	}
	parts := make([]string, 6)
	for i := range parts {
		parts[i] = b[2*i : 2*i+2]
	}
	return strings.Join(parts, ":")
}

// places are three invented sites with 25 departments between them.
func places() []site {
	type u = unit
	all := []u{
		{name: "ICU 1", floor: 3, life: true}, {name: "ICU 3", floor: 3, life: true}, {name: "NICU", floor: 4, life: true},
		{name: "ED", floor: 0, life: true}, {name: "OR 4", floor: 2, life: true}, {name: "OR 7", floor: 2, life: true},
		{name: "PACU", floor: 2, life: true}, {name: "Cath Lab", floor: 1, life: true, imaging: true}, {name: "Radiology", floor: 0, imaging: true},
		{name: "Dialysis", floor: 1, life: true}, {name: "Lab", floor: 0}, {name: "Med/Surg 5W", floor: 5}, {name: "Med/Surg 6E", floor: 6},
		{name: "Labor & Delivery", floor: 4, life: true}, {name: "Pediatrics", floor: 4}, {name: "Oncology", floor: 5},
		{name: "Radiation Oncology", floor: 0, imaging: true}, {name: "Endoscopy", floor: 1}, {name: "Clinic B", floor: 1},
		{name: "Clinic D", floor: 1}, {name: "Pharmacy", floor: 0, other: true}, {name: "Sterile Processing", floor: 0, other: true},
		{name: "Registration", floor: 0, other: true}, {name: "IT Closet", floor: 1, other: true}, {name: "Plant Operations", floor: 0, other: true},
	}
	code := strings.NewReplacer(" ", "", "/", "", "&", "")
	sites := []site{{name: "Quillmere General", slug: "general", block: 20}, {name: "Saltfen Women and Children", slug: "saltfen", block: 21},
		{name: "Brackenholt Rehabilitation", slug: "brackenholt", block: 22}}
	buildings := [][]string{{"Tower A", "Tower B", "Annex"}, {"Main Pavilion", "East Wing"}, {"Brackenholt House"}}
	given := []string{"Odile", "Bastien", "Marguerite", "Iskander", "Philippa", "Torvald", "Xanthe", "Leopold", "Ingrid", "Cosimo", "Rosalind", "Ambrose"}
	family := []string{"Vexley", "Thornquill", "Marrowby", "Oakenshaw", "Dapplewick", "Fenhollow", "Glimmerton", "Harkwell", "Pettigrove", "Swanmere"}
	for s := range sites {
		for i, u := range all {
			if s > 0 && (i+s)%5 == 0 && !u.imaging && !u.other { // the smaller sites lack some departments
				continue
			}
			u.code = strings.ToUpper(code.Replace(u.name))
			u.cost = strconv.Itoa(61000 + 1000*s + 10*i)
			u.building = buildings[s][i%len(buildings[s])]
			u.clinical = given[(i*5+s)%len(given)] + " " + family[(i*3+s*7)%len(family)]
			sites[s].units = append(sites[s].units, u)
		}
	}
	return sites
}

func truthRows(exports []export) [][]string {
	rows := [][]string{{"file", "row", "device", "note"}}
	for _, e := range exports {
		for i, id := range e.behind {
			rows = append(rows, []string{e.file, strconv.Itoa(i + 1), id, "synthetic"})
		}
	}
	return rows
}

func sortedBy[T any](s []T, less func(a, b T) bool) []T {
	sort.SliceStable(s, func(i, j int) bool { return less(s[i], s[j]) })
	return s
}
