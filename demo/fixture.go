package demo

import (
	"bufio"
	"fmt"
	"io"
	"strconv"

	"github.com/xuri/excelize/v2"
)

// fixtureHeader are the 20 columns of the large tables that benchmarks import.
func fixtureHeader() []string {
	return []string{"Control #", "Manufacturer", "Model", "Serial #", "Description", "Department", "Cost Center", "Facility", "Building", "Floor",
		"Room", "Status", "PM Freq (mo)", "Last PM", "Acq Date", "Acq Cost", "Owner", "Hostname", "IP Address", "MAC Address"}
}

// fixtureRows calls put with each of n rows of a large hospital, each its own device, without damage; the slice is
// valid only during the call. Rows look like devices of the catalogue and are made in constant memory.
func fixtureRows(n int, seed uint64, put func([]string) error) error {
	d, sites := newDice(seed, "fixture"), places()
	var deck []article
	for _, a := range articles() {
		for range a.share {
			deck = append(deck, a)
		}
	}
	row := make([]string, 20)
	for i := range n {
		a, s := deck[d.IntN(len(deck))], d.IntN(len(sites))
		u := sites[s].units[d.IntN(len(sites[s].units))]
		oui := "02005e" // locally administered where the maker is not told by the address
		if len(a.oui) > 0 {
			oui = a.oui[0]
		}
		tail := fmt.Sprintf("%06x", i&0xffffff) // no address comes twice within 16 million rows
		host := a.host
		if host == "" {
			host = "DEV"
		}
		row = append(row[:0], "CE-"+strconv.Itoa(1_000_000+i), a.maker, a.model, "QM"+strconv.Itoa(10_000_000+i), describe(a.class), u.name, u.cost, sites[s].name,
			u.building, strconv.Itoa(u.floor), strconv.Itoa(d.between(1, 400)), "In Service", "12",
			"2025-"+two(d.between(1, 12))+"-"+two(d.between(1, 28)), "20"+two(d.between(10, 24))+"-"+two(d.between(1, 12))+"-"+two(d.between(1, 28)),
			strconv.Itoa(a.cost), u.clinical, host+"-"+strconv.Itoa(i),
			"10."+strconv.Itoa(100+i>>16&127)+"."+strconv.Itoa(i>>8&255)+"."+strconv.Itoa(i&255),
			oui[:2]+":"+oui[2:4]+":"+oui[4:6]+":"+tail[:2]+":"+tail[2:4]+":"+tail[4:6])
		if err := put(row); err != nil {
			return err
		}
	}
	return nil
}

func two(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// WriteCSV writes a table of rows × 20 columns with a header, for benchmarks: a million rows take a second or two
// and constant memory. The content is as synthetic as the demo hospital.
func WriteCSV(w io.Writer, rows int, seed uint64) error {
	b := bufio.NewWriterSize(w, 1<<20)
	put := func(cells []string) error {
		for i, c := range cells {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(c) // no cell holds a comma, quote or newline
		}
		_, err := b.WriteString("\r\n")
		return err
	}
	if err := put(fixtureHeader()); err != nil {
		return err
	}
	if err := fixtureRows(rows, seed, put); err != nil {
		return err
	}
	return b.Flush()
}

// WriteXLSX writes the same table as WriteCSV to the sheet "Equipment" of a workbook, all cells as text.
func WriteXLSX(w io.Writer, rows int, seed uint64) error {
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetSheetName("Sheet1", "Equipment"); err != nil {
		return err
	}
	sw, err := f.NewStreamWriter("Equipment")
	if err != nil {
		return err
	}
	line, cells := 0, make([]any, 20)
	put := func(row []string) error {
		line++
		for i, c := range row {
			cells[i] = c
		}
		return sw.SetRow("A"+strconv.Itoa(line), cells)
	}
	if err := put(fixtureHeader()); err != nil {
		return err
	}
	if err := fixtureRows(rows, seed, put); err != nil {
		return err
	}
	if err := sw.Flush(); err != nil {
		return err
	}
	return f.Write(w)
}
