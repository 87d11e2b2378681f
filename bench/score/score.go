package main

import (
	"cmp"
	"slices"
	"strings"
)

// row names one data row: the base name of its file and its number from 1.
type row struct {
	file string
	n    int
}

func (r row) compare(o row) int { return cmp.Or(cmp.Compare(r.file, o.file), cmp.Compare(r.n, o.n)) }

// thing is a device as it really is, or as the system says.
type thing struct {
	id                  string
	maker, model, class string
}

// cells are what a row says that keys are made of, as written.
type cells struct {
	serial, maker, host string
	macs                []string // canonical
	text                string   // the whole row, for people
}

// truth is the hospital as it is: the device behind every row.
type truth struct {
	device map[row]string
	things map[string]thing
	cells  map[row]cells
}

// answer is what the system made of the rows: for each row the record it was put on.
type answer struct {
	record map[row]string
	things map[string]thing
	twice  []row // rows that stand on several records; the first counts
}

// pairs are unordered pairs of rows, counted.
type pairs struct{ right, of int }

func (p pairs) share() float64 {
	if p.of == 0 {
		return 1
	}
	return float64(p.right) / float64(p.of)
}

func choose2(n int) int { return n * (n - 1) / 2 }

// groups gathers rows by what they belong to, each group in order.
func groups(of map[row]string) map[string][]row {
	out := map[string][]row{}
	for r, id := range of {
		out[id] = append(out[id], r)
	}
	for _, rows := range out {
		slices.SortFunc(rows, row.compare)
	}
	return out
}

// precision: of the pairs of rows that were put on one record, those of one device. Rows without a truth (a
// capture's hosts) do not count.
func precision(t truth, a answer) pairs {
	var p pairs
	for _, rows := range groups(a.record) {
		byDevice, n := map[string]int{}, 0
		for _, r := range rows {
			if id, ok := t.device[r]; ok {
				byDevice[id]++
				n++
			}
		}
		p.of += choose2(n)
		for _, k := range byDevice {
			p.right += choose2(k)
		}
	}
	return p
}

// recall: of the wanted pairs of rows of one device, those that were put on one record. wanted gives each row of
// a device a part; only pairs within one part are wanted. A row on no record is on its own.
func recall(t truth, a answer, wanted map[row]string) pairs {
	var p pairs
	for _, rows := range groups(wanted) {
		together := map[string]int{}
		for _, r := range rows {
			if id, ok := a.record[r]; ok {
				together[id]++
			}
		}
		p.of += choose2(len(rows))
		for _, k := range together {
			p.right += choose2(k)
		}
	}
	return p
}

// missed is a wanted pair that was left apart: neighbours in the order of the rows stand for their whole part.
type missed struct {
	device string
	a, b   row
}

func missedPairs(t truth, a answer, wanted map[row]string) []missed {
	var out []missed
	for _, rows := range groups(wanted) {
		for _, r := range rows[1:] {
			x, okX := a.record[rows[0]]
			y, okY := a.record[r]
			if !okX || !okY || x != y {
				out = append(out, missed{t.device[r], rows[0], r})
			}
		}
	}
	slices.SortFunc(out, func(x, y missed) int { return cmp.Or(x.a.compare(y.a), x.b.compare(y.b)) })
	return out
}

// mixed is a record with rows of several devices.
type mixed struct {
	record string
	rows   []row
	pairs  int // wrong ones
}

func mixedRecords(t truth, a answer) []mixed {
	var out []mixed
	for id, rows := range groups(a.record) {
		byDevice := map[string]int{}
		known := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return t.device[r] == "" })
		for _, r := range known {
			byDevice[t.device[r]]++
		}
		if len(byDevice) < 2 {
			continue
		}
		wrong := choose2(len(known))
		for _, k := range byDevice {
			wrong -= choose2(k)
		}
		out = append(out, mixed{id, known, wrong})
	}
	slices.SortFunc(out, func(x, y mixed) int { return cmp.Or(cmp.Compare(y.pairs, x.pairs), x.rows[0].compare(y.rows[0])) })
	return out
}

// said counts an attribute over rows: how often the record of the row says it, and says it rightly.
type said struct{ rows, said, right int }

// wrongRow is a row whose record says something other than the truth.
type wrongRow struct {
	row       row
	got, want string
}

// attribute compares what the records say with the truth, row by row. Rows whose device is in no list of devices
// (rogues) have no truth to be compared with. part chooses the rows; nil takes all.
func attribute(t truth, a answer, of func(thing) string, part func(row) bool) (said, []wrongRow) {
	var s said
	var wrong []wrongRow
	for r, id := range t.device {
		want, ok := t.things[id]
		if !ok || part != nil && !part(r) {
			continue
		}
		s.rows++
		got := of(a.things[a.record[r]])
		if got != "" {
			s.said++
		}
		if plain(got) == plain(of(want)) {
			s.right++
		} else {
			wrong = append(wrong, wrongRow{r, got, of(want)})
		}
	}
	slices.SortFunc(wrong, func(x, y wrongRow) int { return x.row.compare(y.row) })
	return s, wrong
}

// confusions counts wrong answers by what was said and what is.
func confusions(wrong []wrongRow) []confusion {
	n := map[confusion]int{}
	for _, w := range wrong {
		n[confusion{got: w.got, want: w.want}]++
	}
	var out []confusion
	for c, k := range n {
		c.rows = k
		out = append(out, c)
	}
	slices.SortFunc(out, func(x, y confusion) int {
		return cmp.Or(cmp.Compare(y.rows, x.rows), cmp.Compare(x.want, y.want), cmp.Compare(x.got, y.got))
	})
	return out
}

type confusion struct {
	got, want string
	rows      int
}

// plain is a name without case, spaces and punctuation: "B. Braun" and "b braun" are one.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r > 127:
			return r
		}
		return -1
	}, s)
}
