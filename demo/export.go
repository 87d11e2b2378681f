package demo

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
)

// export is one file that somebody hands over: rows as text, and the device behind each.
type export struct {
	file   string
	title  string // above the header
	header []string
	rows   [][]string
	behind []string
	total  bool // a total below
	comma  rune
	ansi   bool // Windows-1252 instead of UTF-8
}

func (e *export) add(v *device, cells ...string) {
	e.rows, e.behind = append(e.rows, cells), append(e.behind, v.id)
}

// shuffle puts the rows into the order of chance, as sorted exports would give the devices away.
func (e *export) shuffle(d dice) {
	d.Shuffle(len(e.rows), func(i, j int) {
		e.rows[i], e.rows[j] = e.rows[j], e.rows[i]
		e.behind[i], e.behind[j] = e.behind[j], e.behind[i]
	})
}

func (e export) write(w io.Writer) error {
	if strings.HasSuffix(e.file, ".xlsx") {
		return e.workbook(w)
	}
	var b strings.Builder
	line := func(cells []string) {
		for i, c := range cells {
			if i > 0 {
				b.WriteRune(e.comma)
			}
			if strings.ContainsAny(c, "\"\n\r") || strings.ContainsRune(c, e.comma) {
				c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
			}
			b.WriteString(c)
		}
		b.WriteString("\r\n")
	}
	line([]string{e.title})
	line(nil)
	line(e.header)
	for _, r := range e.rows {
		line(r)
	}
	if e.total {
		line([]string{"Total", itoa(len(e.rows))})
	}
	text := b.String()
	if e.ansi {
		ansi, err := charmap.Windows1252.NewEncoder().String(text)
		if err != nil {
			return err
		}
		text = ansi
	}
	_, err := io.WriteString(w, text)
	return err
}

// workbook writes the rows as biomed's spreadsheet: a merged title, an empty line, a bold header; days are at
// times real dates, at times text, at times bare numbers; money is at times a number.
func (e export) workbook(w io.Writer) error {
	f := excelize.NewFile()
	defer f.Close()
	const sheet = "Equipment"
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		return err
	}
	sw, err := f.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	day, err := f.NewStyle(&excelize.Style{NumFmt: 14})
	if err != nil {
		return err
	}
	put := func(row int, cells ...any) error { return sw.SetRow("A"+itoa(row), cells) }
	if err := put(1, excelize.Cell{StyleID: bold, Value: e.title}); err != nil {
		return err
	}
	if err := sw.MergeCell("A1", "H1"); err != nil {
		return err
	}
	var head []any
	for _, h := range e.header {
		head = append(head, excelize.Cell{StyleID: bold, Value: h})
	}
	if err := put(3, head...); err != nil {
		return err
	}
	for i, r := range e.rows {
		cells := make([]any, len(r))
		for j, c := range r {
			cells[j] = cellOf(e.header[j], c, day)
		}
		if err := put(4+i, cells...); err != nil {
			return err
		}
	}
	if err := put(4+len(e.rows), "Total", len(e.rows)); err != nil {
		return err
	}
	if err := sw.Flush(); err != nil {
		return err
	}
	return f.Write(w)
}

// cellOf types a cell as a spreadsheet does that people filled in: bare day numbers and ISO days of date columns
// are numbers, ISO ones with a date style; plain amounts are numbers; all else stays text, serial numbers above all.
func cellOf(column, text string, day int) any {
	isDate := strings.HasPrefix(column, "Last") || strings.HasPrefix(column, "Next") || strings.HasSuffix(column, "Date") || strings.HasSuffix(column, "End")
	if isDate {
		if t, err := time.Parse("2006-01-02", text); err == nil {
			n, _ := strconv.Atoi(excelDay(t))
			return excelize.Cell{StyleID: day, Value: n}
		}
	}
	if isDate || column == "Acq Cost" || column == "PM Freq (mo)" || column == "Floor" {
		if n, err := strconv.Atoi(text); err == nil {
			return n
		}
	}
	return text
}

// biomed is the equipment inventory of clinical engineering, with the headers of TMS-like systems.
func (w *world) biomed() export {
	d := newDice(w.Seed, "cmms")
	e := export{file: "cmms.xlsx", title: "Equipment Inventory - Clinical Engineering - " + Mark, total: true, comma: ',', ansi: true,
		header: []string{"Control #", "Mfgr", "Model", "Serial #", "Description", "Dept", "Cost Center", "Facility", "Building", "Floor", "Room", "Status",
			"Risk", "Life Support", "PM Freq (mo)", "Last PM", "Next PM", "Acq Date", "Acq Cost", "Warranty End", "Contract #", "Contract Vendor", "Contract End",
			"Owner", "SW Version", "Parent", "MAC Address"}}
	if w.CSV {
		e.file = "cmms.csv"
	}
	spare := d.Perm(9_000)
	for i, v := range w.devices {
		if !v.biomed {
			continue
		}
		e.add(v, w.biomedRow(d, v, controlNumber(v))...)
		if d.often(w.twiceInCMMS) {
			e.add(v, w.biomedRow(d, v, "CE-"+itoa(200_000+spare[i%len(spare)]+i/len(spare)*9_000))...)
		}
	}
	e.shuffle(d)
	return e
}

// control is the CMMS's number of a device, tag IT's.
func controlNumber(v *device) string { return "CE-" + itoa(20_000+v.number) }
func tag(v *device) string           { return fmt.Sprintf("A1%05d", v.number) }

func (w *world) biomedRow(d dice, v *device, control string) []string {
	a := v.article
	interval := []int{6, 12, 24}[d.IntN(3)]
	last := w.At.AddDate(0, 0, -d.between(3, 700))
	for last.After(w.asOf) { // the maintenance before it
		last = last.AddDate(0, -interval, 0)
	}
	status, unitName, mac := d.oneOf("In Service", "In Use", "ACTIVE"), v.unit.name, ""
	if d.often(.0055) {
		status = "RETIR"
	}
	if d.often(w.unitLower) {
		unitName = strings.ToLower(unitName)
	}
	switch {
	case v.online && d.often(macInCMMS):
		mac = v.mac
		if d.often(w.nicSwapped) {
			mac = macUnder(d, strings.ReplaceAll(v.mac[:8], ":", ""))
		}
		mac = macAs(d, mac)
	case d.often(.45):
		mac = nothing(d)
	}
	risk, life := itoa(d.between(4, 13)), "N"
	if a.life {
		risk, life = itoa(d.between(14, 20)), "Y"
	}
	contract := []string{"", "", ""}
	if a.cost > 30_000 && d.often(.6) {
		contract = []string{fmt.Sprintf("SC-%d-%03d", 2019+d.IntN(7), d.IntN(900)), v.article.maker + " Service", dateAs(d, w.At.AddDate(0, d.between(-6, 40), 0))}
	}
	owner, parent, version := v.unit.clinical, "", ""
	if d.often(w.ownerNA) {
		owner = nothing(d)
	}
	if v.parent != nil && v.parent.biomed && d.often(.5) {
		parent = controlNumber(v.parent)
	}
	if d.often(.4) {
		version = v.version
	}
	return []string{control, w.makerAs(d, v, w.makerNA), w.modelAs(d, v, w.makerInModel), w.serialAs(d, v, w.serialNA), describe(a.class), unitName, v.unit.cost,
		w.sites[v.site].name, v.unit.building, itoa(v.unit.floor), itoa(v.room), status, risk, life, itoa(interval), dateAs(d, last),
		dateAs(d, last.AddDate(0, interval, 0)), dateAs(d, v.bought), costAs(d, v.price), dateAs(d, v.bought.AddDate(d.between(1, 3), 0, 0)),
		contract[0], contract[1], contract[2], owner, version, parent, mac}
}

// describe is the class as biomed's nomenclature words it.
func describe(class string) string { return strings.ToUpper(strings.ReplaceAll(class, "-", " ")) }

// configuration is IT's export of configuration items, ServiceNow's column names.
func (w *world) configuration() export {
	d := newDice(w.Seed, "cmdb")
	e := export{file: "cmdb.csv", title: "Configuration items - " + Mark, comma: ';', ansi: true,
		header: []string{"name", "asset_tag", "serial_number", "mac_address", "ip_address", "manufacturer", "model_id", "location", "department",
			"support_group", "managed_by", "install_status", "os", "short_description"}}
	staff := []string{"Wilhelmina Stroud", "Percival Ashgrove", "Delphine Marchbanks", "Horatio Winterbourne"}
	for _, v := range w.devices {
		if !v.known {
			continue
		}
		ip, place, group, boss, host := v.ip.String(), w.sites[v.site].name+" / "+v.unit.name,
			d.oneOf("Clinical Apps", "Desktop Support", "Biomed", "Network Operations"), d.oneOf(staff...), v.host
		switch {
		case !v.online || d.often(w.ipNA):
			ip = nothing(d)
		case d.often(w.ipStale):
			ip = fmt.Sprintf("10.%d.%d.%d", w.sites[v.site].block, d.between(1, 63), d.between(1, 239))
		}
		if d.often(w.placeNA) {
			place = ""
		}
		if d.often(w.groupNA) {
			group = nothing(d)
		}
		if d.often(w.ownerNA) {
			boss = ""
		}
		system := ""
		if v.system != "" && d.often(.77) {
			system = v.system
		}
		if host == "" {
			host = tag(v)
		}
		e.add(v, host, tag(v), w.serialAs(d, v, w.serialNAInIT), w.addresses(d, v), ip, w.makerAs(d, v, 0), w.modelAs(d, v, 0),
			place, v.unit.name, group, boss, "Installed", system, "synthetic")
	}
	e.shuffle(d)
	return e
}

// addresses lists every adapter of a device in one cell, in any order, the dock of a laptop among them.
func (w *world) addresses(d dice, v *device) string {
	list := []string{v.mac}
	if v.second != "" {
		list = append(list, v.second)
	}
	if v.article.class == "laptop" && d.often(w.onDock) {
		list = append(list, w.dock[d.IntN(len(w.dock))])
	}
	d.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	for i := range list {
		list[i] = macAs(d, list[i])
	}
	return strings.Join(list, d.oneOf(",", "; ", "\n"))
}

// accessSwitch is where a device hangs: each unit has two switches, as a ward's closet has; rogues hang anywhere.
func accessSwitch(v *device, block, n int) string {
	if v.guest || v.unit.code == "" {
		return fmt.Sprintf("sw-%d-%d", block, n)
	}
	return fmt.Sprintf("sw-%d-%s-%d", block, strings.ToLower(v.unit.code), 1+n%2)
}

// leases is the DHCP server's export, joined with the switch ports.
func (w *world) leases() export {
	d := newDice(w.Seed, "dhcp")
	e := export{file: "dhcp.csv", title: "DHCP leases - " + Mark, comma: '\t',
		header: []string{"MAC", "IP Address", "Hostname", "Last Seen", "Switch", "Port", "VLAN"}}
	seen := func() string {
		return w.asOf.AddDate(0, 0, -d.between(0, 364)).Truncate(time.Hour).Format(time.RFC3339)
	}
	row := func(v *device, mac string, block int, vlan string) {
		host := v.host
		if d.often(w.hostMissing) || v.guest && d.often(.5) {
			host = ""
		}
		e.add(v, macAs(d, mac), v.ip.String(), host, seen(), accessSwitch(v, block, d.IntN(40)), fmt.Sprintf("Gi1/0/%d", d.IntN(48)), vlan)
	}
	for _, v := range w.devices {
		if !v.leased {
			continue
		}
		row(v, v.mac, v.site, d.oneOf("20", "31", "40"))
		if v.second != "" {
			row(v, v.second, v.site, d.oneOf("20", "31", "40"))
		}
	}
	for _, v := range w.rogues {
		row(v, v.mac, 9, "99")
	}
	e.shuffle(d)
	return e
}

// endpoints is the export of the network access control: what it profiled, by address only.
func (w *world) endpoints() export {
	d := newDice(w.Seed, "nac")
	e := export{file: "nac.csv", title: "Endpoints - " + Mark, comma: ',',
		header: []string{"MACAddress", "EndPointPolicy", "IdentityGroup", "IPAddress", "NAS-Identifier", "NAS-Port-Id", "Last Seen", "Note"}}
	for _, v := range append(append([]*device{}, w.devices...), w.rogues...) {
		if !v.online || !d.often(.45) {
			continue
		}
		policy, group := profile(v)
		e.add(v, strings.ToUpper(strings.ReplaceAll(v.mac, ":", "-")), policy, group, v.ip.String(), fmt.Sprintf("sw-%d-%d", v.site, d.IntN(40)),
			fmt.Sprintf("GigabitEthernet1/0/%d", d.between(1, 48)), w.asOf.Add(-time.Duration(d.between(0, 20_000))*time.Minute).Format("2006-01-02 15:04:05"), "synthetic")
	}
	e.shuffle(d)
	return e
}

// profile is what a network access control makes of a device: coarse, and silent on most medical ones.
func profile(v *device) (policy, group string) {
	switch {
	case v.guest:
		return "Unknown", "GuestEndpoints"
	case v.article.talk&talkWindows != 0:
		return "Microsoft-Workstation", "Workstation"
	case v.article.talk&talkPhone != 0:
		return "Cisco-IP-Phone-8845", "Cisco-IP-Phone"
	case v.article.talk&talkPrinter != 0:
		return v.article.maker + "-Device", "Printers"
	case v.article.category == "medical":
		return "Unknown", "Medical-Devices"
	}
	return v.article.maker + "-Device", "Profiled"
}

// excelDay is the serial number of a day in the 1900 date system: 45737 is 2025-03-21.
func excelDay(t time.Time) string {
	return itoa(int(t.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours() / 24))
}

func itoa(n int) string { return strconv.Itoa(n) }

func thousands(n int) string {
	s := itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
