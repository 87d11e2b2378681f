package demo

import (
	"fmt"
	"os"
	"slices"
)

// How a month earlier differs. Assumptions, made so that a trend can be seen: nobody counted how fast hospitals mend
// their lists.
const (
	newcomers = .08 // devices that no system had recorded yet
	moved     = .03 // rows that still name the department from which a device has moved since
)

// unfilled are cells that were still empty a month earlier, by column of the exports that people keep.
func unfilled() map[string]float64 {
	return map[string]float64{"Serial #": .04, "Owner": .10, "Dept": .03, "Facility": .03, "MAC Address": .05,
		"serial_number": .05, "mac_address": .04, "managed_by": .10, "location": .05}
}

// connected is how many sites the network people's exports covered: they began with one and added one every three weeks.
func connected(days int) int { return max(1, 3-days/20) }

// WriteEarlier makes in dir what the four exports of the same hospital were some days before o.At: fewer devices, the
// newest last; cells that nobody had filled in; departments that devices have left since; the network of fewer sites;
// nothing that happened after that day. The further back, the poorer: what is missing at one time is missing at every time before. There is no
// truth and no capture beside them.
func WriteEarlier(dir string, o Options, days int) (Hospital, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Hospital{}, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Hospital{}, fmt.Errorf("demo: %w", err)
	}
	w := build(o)
	w.asOf = o.At.AddDate(0, 0, -days)
	months := float64(days) / 30
	fresh := w.newerThan(months)
	beyond := map[string]bool{}
	for _, v := range slices.Concat(w.devices, w.rogues) {
		beyond[v.id] = fresh[v.id] || v.site >= connected(days)
	}
	out := Hospital{Name: w.name, Rows: map[string]int{}}
	for _, s := range w.sites {
		out.Sites = append(out.Sites, s.name)
	}
	out.Devices, out.Rogues = len(w.devices), len(w.rogues)
	for _, v := range w.devices {
		if fresh[v.id] {
			out.Devices--
		}
	}
	for _, v := range w.rogues {
		if fresh[v.id] {
			out.Rogues--
		}
	}
	for i, e := range []export{w.biomed(), w.configuration(), w.leases(), w.endpoints()} {
		e = w.earlier(e, []map[string]bool{fresh, fresh, beyond, beyond}[i], months)
		out.Rows[e.file] = len(e.rows)
		if err := out.save(dir, e.file, e.write); err != nil {
			return out, err
		}
	}
	return out, nil
}

// newerThan are the devices that nobody had recorded so many months ago. Rogues come and go faster.
func (w *world) newerThan(months float64) map[string]bool {
	d := newDice(w.Seed, "newcomers")
	fresh := map[string]bool{}
	for _, v := range w.devices {
		if d.often(min(newcomers*months, .4)) {
			fresh[v.id] = true
		}
	}
	for _, v := range w.rogues {
		if d.often(min(4*newcomers*months, .9)) {
			fresh[v.id] = true
		}
	}
	return fresh
}

// earlier is an export as it was. One chance is drawn for every cell, so that an export of another day differs in
// nothing else.
func (w *world) earlier(e export, lacks map[string]bool, months float64) export {
	d := newDice(w.Seed, "earlier "+e.file)
	empty := unfilled()
	place := max(slices.Index(e.header, "Dept"), slices.Index(e.header, "department"))
	out := e
	out.rows, out.behind = nil, nil
	for i, row := range e.rows {
		row = slices.Clone(row)
		for j := range row {
			if d.often(min(empty[e.header[j]]*months, .6)) {
				row[j] = ""
			}
		}
		units := w.sites[0].units
		if from := units[d.IntN(len(units))]; d.often(min(moved*months, .3)) && place >= 0 && row[place] != "" {
			row[place] = from.name
		}
		if !lacks[e.behind[i]] {
			out.rows, out.behind = append(out.rows, row), append(out.behind, e.behind[i])
		}
	}
	return out
}
