package all

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"pons/fact"
	"pons/fault"
	"pons/intake"
)

// TestMappingReused guesses a mapping, keeps it as YAML, and reads the next month's export of the same system with it,
// in which the columns stand in another order below a longer title.
func TestMappingReused(t *testing.T) {
	_, m, _, _ := read(t, "Title\n\nControl #,Mfgr,Last PM,Ward\nCE-1,Acme,13/02/2024,A\nCE-2,Acme,03/04/2024,B\n")
	m.Source = "cmms:east"
	c, _ := m.Column("Ward")
	c.Attr = "custom.mri_zone"
	var b bytes.Buffer
	if err := m.Save(&b); err != nil {
		t.Fatal(err)
	}
	again, err := intake.LoadMapping(bytes.NewReader(b.Bytes()))
	if err != nil || !reflect.DeepEqual(again, m) {
		t.Fatalf("%v\n%s", err, b.String())
	}
	table, err := intake.Open(Formats(), file("next.csv", []byte("Title\nof two lines\n\nWard,Last PM,Control #,New,Mfgr\nC,05/06/2024,CE-3,x,Acme\n")), intake.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	recs, errs := records(table, again)
	if len(errs) > 0 || len(recs) != 1 {
		t.Fatal(recs, errs)
	}
	want := "control_number=CE-3\nmanufacturer=Acme\npm_last=2024-06-05 (column Last PM: 05/06/2024 read as day/month)\ncustom.mri_zone=C\n"
	if r := recs[0]; said(r) != want || r.Source != "cmms:east" || r.Subject != (fact.Key{Kind: "row", Value: "CE-3"}) {
		t.Errorf("%s%+v", said(r), r)
	}
	table, err = intake.Open(Formats(), file("other.csv", []byte("Control #,Mfgr\nCE-3,Acme\n")), intake.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	_, errs = records(table, again)
	if len(errs) != 1 || !errors.Is(errs[0], fault.Invalid) || !strings.Contains(errs[0].Error(), `other.csv: there is no column "Last PM"`) {
		t.Errorf("a file without a mapped column: %v", errs)
	}
}

func TestMappingCheck(t *testing.T) {
	good := intake.Mapping{Source: "cmms", Kind: intake.CMMS, Key: []string{"ID"}, Columns: []intake.Column{{Header: "ID", Attr: fact.ControlNumber}, {Header: "Place", Attr: fact.Location, Split: "site / room"}}}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*intake.Mapping){
		"names no source":                     func(m *intake.Mapping) { m.Source = " " },
		`kind "erp"`:                          func(m *intake.Mapping) { m.Kind = "erp" },
		`date_order "myd"`:                    func(m *intake.Mapping) { m.DateOrder = "myd" },
		`column "ID": attribute "colour"`:     func(m *intake.Mapping) { m.Columns[0].Attr = "colour" },
		`column "ID": attribute "custom."`:    func(m *intake.Mapping) { m.Columns[0].Attr = "custom." },
		`column "ID": attribute "custom.A B"`: func(m *intake.Mapping) { m.Columns[0].Attr = "custom.A B" },
		`column "Place": split "site"`:        func(m *intake.Mapping) { m.Columns[1].Split = "site" },
		`column "Place": is listed twice`:     func(m *intake.Mapping) { m.Columns = append(m.Columns, m.Columns[1]) },
		`column "Two": attribute control_number`: func(m *intake.Mapping) {
			m.Columns = append(m.Columns, intake.Column{Header: "Two", Attr: fact.ControlNumber})
		},
		`column "Nowhere": is a key`: func(m *intake.Mapping) { m.Key = []string{"Nowhere"} },
		"no column is read":          func(m *intake.Mapping) { m.Columns = nil; m.Key = nil },
		`column "Patient Name": holds patients`: func(m *intake.Mapping) {
			m.Columns = append(m.Columns, intake.Column{Header: "Patient Name", Attr: fact.Owner})
		},
		`column "Admin Password": holds cred`: func(m *intake.Mapping) {
			m.Columns = append(m.Columns, intake.Column{Header: "Admin Password", Attr: "custom.x"})
		},
		`column "ID": currency "usd"`:    func(m *intake.Mapping) { m.Columns[0].Currency = "usd" },
		`column "ID": unit "fortnights"`: func(m *intake.Mapping) { m.Columns[0].Unit = "fortnights" },
		`column "ID": dates "x"`:         func(m *intake.Mapping) { m.Columns[0].Dates = "x" },
	} {
		m := good
		m.Columns = append([]intake.Column(nil), good.Columns...)
		change(&m)
		err := m.Check()
		if err == nil || !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for text, want := range map[string]string{"source: x\ncolour: red\n": "colour", "a: [": "mapping:", "": "mapping:"} {
		if _, err := intake.LoadMapping(strings.NewReader(text)); err == nil || !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestPreview(t *testing.T) {
	table, m, _, _ := read(t, "Control #,Mfgr,Notes\nCE-1,Acme,=1+1\n,,lost\nCE-3,Acme,\n")
	rows, err := table.Preview(m, 10)
	if err != nil || len(rows) != 3 {
		t.Fatal(rows, err)
	}
	if r := rows[0]; r.Row != 1 || r.Key != "CE-1" || len(r.Facts) != 3 || !reflect.DeepEqual(r.Cells, []string{"CE-1", "Acme", "=1+1"}) {
		t.Errorf("%+v", r)
	}
	if r := rows[1]; r.Reject == "" || len(r.Facts) != 0 {
		t.Errorf("%+v", r)
	}
	if rows, _ := table.Preview(m, 1); len(rows) != 1 {
		t.Errorf("%d rows", len(rows))
	}
}

// TestWorkbook reads a workbook as biomed keeps it: cover and pivot sheets beside the list, a title, a header of two
// rows with merged cells, dates as dates, tags padded by a format, a total below.
func TestWorkbook(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	f.SetSheetName("Sheet1", "Cover")
	f.SetSheetRow("Cover", "A1", &[]any{"Clinical Engineering"})
	f.SetSheetRow("Cover", "A3", &[]any{"Prepared by", "ann"})
	f.NewSheet("By maker")
	f.SetSheetRow("By maker", "A1", &[]any{"Manufacturer", "Count"})
	for i := range 50 {
		f.SetSheetRow("By maker", fmt.Sprintf("A%d", i+2), &[]any{fmt.Sprintf("Maker %d", i), i})
	}
	f.NewSheet("Inventory")
	f.SetSheetRow("Inventory", "A1", &[]any{"Equipment Inventory"})
	f.MergeCell("Inventory", "A1", "H1")
	f.SetSheetRow("Inventory", "A3", &[]any{"Control #", "Device", nil, nil, "Location", nil, "PM", nil})
	f.SetSheetRow("Inventory", "A4", &[]any{nil, "Manufacturer", "Model", "Serial #", "Building", "Room", "Last", "Next"})
	for _, m := range [][2]string{{"A3", "A4"}, {"B3", "D3"}, {"E3", "F3"}, {"G3", "H3"}} {
		if err := f.MergeCell("Inventory", m[0], m[1]); err != nil {
			t.Fatal(err)
		}
	}
	day, _ := f.NewStyle(&excelize.Style{NumFmt: 14})
	tag := "000000"
	padded, _ := f.NewStyle(&excelize.Style{CustomNumFmt: &tag})
	for i := range 20 {
		r := i + 5
		f.SetSheetRow("Inventory", fmt.Sprintf("A%d", r), &[]any{1000 + i, "Acme", "M1", fmt.Sprintf("00%d", i), "A", i, 45737 + i, 46000 + i})
		f.SetCellStyle("Inventory", fmt.Sprintf("A%d", r), fmt.Sprintf("A%d", r), padded)
		f.SetCellStyle("Inventory", fmt.Sprintf("G%d", r), fmt.Sprintf("H%d", r), day)
	}
	f.SetSheetRow("Inventory", "A26", &[]any{"Total", 20})
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	table, err := intake.Open(Formats(), file("inventory.xlsx", b.Bytes()), intake.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	if table.Sheet != "Inventory" || strings.Join(table.Sheets, "|") != "Cover|By maker|Inventory" || table.Format != "xlsx" {
		t.Fatalf("sheet %q of %q", table.Sheet, table.Sheets)
	}
	m := intake.Guess(table)
	recs, errs := records(table, m)
	if len(errs) > 0 || len(recs) != 20 {
		t.Fatalf("%d records, %v", len(recs), errs)
	}
	want := "control_number=001003\nmanufacturer=Acme\nmodel=M1\nserial=003\nbuilding=A\nroom=3\npm_last=2025-03-24\npm_next=2025-12-12\n"
	if said(recs[3]) != want || recs[3].Row != 4 {
		t.Errorf("headers %q\n%swant\n%s", table.Headers, said(recs[3]), want)
	}
	if p := table.Progress(); p.Rows != 20 || p.Read != p.Total || p.Total == 0 {
		t.Errorf("progress %+v", p)
	}
	table, err = intake.Open(Formats(), file("inventory.xlsx", b.Bytes()), intake.Choice{Sheet: "by maker"})
	if err != nil || table.Sheet != "By maker" {
		t.Errorf("%v", err)
	}
	if _, err = intake.Open(Formats(), file("inventory.xlsx", b.Bytes()), intake.Choice{Sheet: "Nope"}); !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "Cover, By maker, Inventory") {
		t.Errorf("%v", err)
	}
}

// TestChosenHeader lets a person say where the header is.
func TestChosenHeader(t *testing.T) {
	text := []byte("Serial,Model,Manufacturer,Room\nfoo,bar,baz,qux\nS1,M1,Acme,1\nS2,M2,Acme,2\n")
	table, err := intake.Open(Formats(), file("a.csv", text), intake.Choice{Header: 2})
	if err != nil {
		t.Fatal(err)
	}
	if m := intake.Guess(table); strings.Join(table.Headers, " ") != "foo bar baz qux" || len(table.Sample) != 2 || m.Choice().Header != 2 {
		t.Errorf("headers %q, %d rows", table.Headers, len(table.Sample))
	}
	if _, err := intake.Open(Formats(), file("a.csv", text), intake.Choice{Header: 9}); !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "line 9") {
		t.Errorf("%v", err)
	}
}

// TestNetBoxDump reads NetBox's demonstration database from the file to the records.
func TestNetBoxDump(t *testing.T) {
	table, err := intake.OpenPath(Formats(), "../../../shared/data/inventory/netbox_demo_v3.6_mit.json", intake.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	m := intake.Guess(table)
	recs, errs := records(table, m)
	if table.Sheet != "dcim.device" || m.Kind != intake.CMDB || len(recs) != 72 || len(errs) != 0 {
		t.Fatalf("sheet %s, kind %s, %d records, %v", table.Sheet, m.Kind, len(recs), errs)
	}
	r := recs[0]
	for attr, want := range map[fact.Attr]string{fact.Hostname: "dmi01-akron-rtr01", fact.Manufacturer: "Cisco", fact.Model: "ISR 1111-8P", fact.Site: "DM-Akron", fact.Class: "Router", fact.Status: "in-service"} {
		if got := r.Get(attr); got != want {
			t.Errorf("%s = %q, want %q", attr, got, want)
		}
	}
}

// TestRecordsKept holds that records stay as they were when the reading has gone on.
func TestRecordsKept(t *testing.T) {
	for _, f := range []intake.File{file("a.xlsx", workbook(t, 3000, false)), file("b.xlsx", workbook(t, 3000, true))} {
		table, err := intake.Open(Formats(), f, intake.Choice{})
		if err != nil {
			t.Fatal(err)
		}
		m := intake.Guess(table)
		var kept []fact.Record
		var texts []string
		for rec, err := range table.Records(m, readAt) {
			if err != nil {
				t.Fatal(err)
			}
			kept = append(kept, rec)
			texts = append(texts, strings.Clone(said(rec)))
		}
		for i, r := range kept {
			if said(r) != texts[i] {
				t.Fatalf("record %d changed", i)
			}
		}
	}
}

// FuzzGuess feeds whole files of any bytes through all of intake: what is guessed passes its own check, and every
// record has a key of its own and facts that are not empty.
func FuzzGuess(f *testing.F) {
	for _, s := range []string{"Control #,Mfgr\nCE-1,Acme\n", "MAC;IP\n001221aabbcc;10.0.0.1\n", "t\n\nA,B\nC,D\nE,F\nTotal,1\n", `[{"serial":"x","site":{"name":"y"}}]`, "a\tb\tc\n1\t2\t3\n", "Location\nA / B\nC / D\nE / F\nG / H\n",
		"Group,,Other,\nSerial,Model,Last PM,Cost\nS1,M1,1/2/20,$5\n", "\"x\n", "Serial,Serial,serial\n1,2,3\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := intake.Open(Formats(), file("x", data), intake.Choice{})
		if err != nil {
			if !errors.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		m := intake.Guess(table)
		if err := m.Check(); err != nil {
			if strings.Contains(err.Error(), "no column is read") {
				return
			}
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := m.Save(&b); err != nil {
			t.Fatal(err)
		}
		if again, err := intake.LoadMapping(&b); err != nil || !reflect.DeepEqual(again, m) {
			t.Fatalf("%v\n%+v\n%+v", err, again, m)
		}
		keys := map[string]bool{}
		for rec, err := range table.Records(m, readAt) {
			if err != nil {
				if !errors.Is(err, fault.Invalid) {
					t.Fatal(err)
				}
				continue
			}
			if rec.Subject.Value == "" || keys[rec.Subject.Value] {
				t.Fatalf("key %q", rec.Subject.Value)
			}
			keys[rec.Subject.Value] = true
			for _, x := range rec.Facts {
				if x.Value == "" || x.Attr == "" {
					t.Fatalf("%+v", x)
				}
			}
		}
		if _, err := table.Preview(m, 10); err != nil && !errors.Is(err, fault.Invalid) {
			t.Fatal(err)
		}
	})
}
