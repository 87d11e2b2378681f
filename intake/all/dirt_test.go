package all

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"pons/fact"
	"pons/fault"
	"pons/intake"
)

// read opens a text, guesses and returns the records and the rejected rows.
func read(t *testing.T, text string) (*intake.Table, intake.Mapping, []fact.Record, []error) {
	t.Helper()
	table, err := intake.Open(Formats(), file("dirt.csv", []byte(text)), intake.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	m := intake.Guess(table)
	recs, errs := records(table, m)
	return table, m, recs, errs
}

func records(table *intake.Table, m intake.Mapping) (recs []fact.Record, errs []error) {
	for rec, err := range table.Records(m, readAt) {
		if err != nil {
			errs = append(errs, err)
		} else {
			recs = append(recs, rec)
		}
	}
	return recs, errs
}

// said writes the facts of a record as "attr=value" lines, and the why of those that have more to say than the column.
func said(r fact.Record) string {
	var b strings.Builder
	for _, f := range r.Facts {
		fmt.Fprintf(&b, "%s=%s", f.Attr, f.Value)
		if strings.Contains(f.Because, ": ") {
			fmt.Fprintf(&b, " (%s)", f.Because)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestDirt reads one cell of dirt each and expects what it means.
func TestDirt(t *testing.T) {
	for _, c := range []struct{ name, header, cell, want string }{
		{"Excel day number", "Acq Date", "45737", "acquired_on=2025-03-21\n"},
		{"month name", "Acq Date", "12-Dec-21", "acquired_on=2021-12-12\n"},
		{"open date", "Acq Date", "03/06/2025", "acquired_on=2025-03-06 (column Acq Date: 03/06/2025 read as month/day)\n"},
		{"no date", "Acq Date", "summer 2015", "custom.acquired_on=summer 2015 (column Acq Date: no date)\n"},
		{"leading zeros", "Serial #", "00410807", "serial=00410807\n"},
		{"Excel's text trick", "Serial #", `"=""00410807"""`, "serial=00410807\n"},
		{"shortened number", "Serial #", "1.23457E+11", "custom.serial=1.23457E+11 (column Serial #: a spreadsheet has shortened the number; export the column as text)\n"},
		{"UDI as scanned", "UDI", "]d2015102222223333610A213B1\x1d21PX12345", "udi=]d2015102222223333610A213B1<GS>21PX12345\n"},
		{"UDI of HIBC", "UDI", "+A123BJC5D6E71/$$52001510X3C", "udi=+A123BJC5D6E71/$$52001510X3C\n"},
		{"UDI of ISBT 128", "UDI", `"=/A9999XYZ100T0944=,000025"`, "udi==/A9999XYZ100T0944=,000025\n"},
		{"N/A", "Serial #", "N/A", ""},
		{"dash", "Serial #", "-", ""},
		{"unknown", "Serial #", "unknown", ""},
		{"BIOS placeholder", "Serial #", "To be filled by O.E.M.", ""},
		{"zero MAC", "MAC Address", "00:00:00:00:00:00", ""},
		{"two models", "Model Name", "MX800/MX700", "model=MX800 (column Model Name: first of \"MX800/MX700\")\n"},
		{"MAC, dots", "MAC Address", "0012.21aa.bbcc", "mac=00:12:21:aa:bb:cc\n"},
		{"MAC, blanks", "MAC Address", "00 12 21 AA BB CC", "mac=00:12:21:aa:bb:cc\n"},
		{"MAC, bare", "MAC Address", "001221AABBCC", "mac=00:12:21:aa:bb:cc\n"},
		{"MAC, two halves", "MAC Address", "001221-AABBCC", "mac=00:12:21:aa:bb:cc\n"},
		{"several MACs", "MAC Address", `"00-12-21-AA-BB-CC, 00:12:21:aa:bb:cd"`, "mac=00:12:21:aa:bb:cc\nmac=00:12:21:aa:bb:cd\n"},
		{"MACs over lines", "MAC Address", "\"00-12-21-AA-BB-CC\r\n001221AABBCD\"", "mac=00:12:21:aa:bb:cc\nmac=00:12:21:aa:bb:cd\n"},
		{"EUI-64 in a MAC column", "MAC Address", "00:12:21:ff:fe:aa:bb:cc", "eui64=00:12:21:ff:fe:aa:bb:cc\n"},
		{"several IPs", "IP Address", "10.0.0.1; 10.0.0.2/24", "ip=10.0.0.1\nip=10.0.0.2\n"},
		{"no IP", "IP Address", "DHCP", ""},
		{"odd IP", "IP Address", "10.0.0", "custom.ip=10.0.0 (column IP Address: no IP address)\n"},
		{"trailing blanks", "Serial #", "MQ992348  ", "serial=MQ992348\n"},
		{"no-break blank", "Serial #", "\u00a0MQ992348\u00a0", "serial=MQ992348\n"},
		{"mojibake", "Mfgr", "DrÃ¤ger", "manufacturer=Dräger\n"},
		{"formula", "Notes", "=1+1", "notes==1+1\n"},
		{"formula with a call", "Serial #", "=HYPERLINK(1)", "serial==HYPERLINK(1)\n"},
		{"plus, minus, at", "Notes", "@SUM(A1)", "notes=@SUM(A1)\n"},
		{"minus serial", "Serial #", "-5512", "serial=-5512\n"},
		{"script", "Hostname", "<script>alert(1)</script>", "hostname=<script>alert(1)</script>\n"},
		{"Excel error", "Serial #", "#REF!", ""},
		{"status", "Status", "In Use", "status=in-service (column Status: \"In Use\")\n"},
		{"cut status", "Status", "RETIR", "status=retired (column Status: \"RETIR\")\n"},
		{"odd status", "Status", "Q7", "custom.status=Q7 (column Status: not understood as status)\n"},
		{"money", "Acq Cost", `"$27,948.00"`, "acquired_cost=27948.00 USD\n"},
		{"interval", "PM Freq (mo)", "Annual", "pm_interval=12 (column PM Freq (mo): \"Annual\")\n"},
		{"days", "PM Interval (days)", "365", "pm_interval=12 (column PM Interval (days): \"365\")\n"},
		{"flag", "Life Support", "Y", "life_support=yes (column Life Support: \"Y\")\n"},
		{"level", "Criticality", "1 - most critical", "criticality=high (column Criticality: \"1 - most critical\")\n"},
		{"life", "Expected Life (Years)", "10", "expected_life=10\n"},
		{"seen", "Last Seen", "2025-04-29 08:00:00", "last_seen=2025-04-29T08:00:00Z\n"},
		{"zero bytes", "Serial #", "AB\x00\x0012345", "serial=AB12345\n"},
		{"inches", "Notes", `5" screen`, "notes=5\" screen\n"},
		{"quoted quote", "Notes", `"the ""new"" one, here"`, "notes=the \"new\" one, here\n"},
		{"stray quotes", "Notes", `"the "new" one"`, "notes=the \"new\" one\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, recs, errs := read(t, "Control #,Mfr,"+c.header+"\nCE-1,Acme,"+c.cell+"\nCE-2,Acme,\n")
			if c.header == "Mfgr" {
				_, _, recs, errs = read(t, "Control #,Room,"+c.header+"\nCE-1,Acme,"+c.cell+"\nCE-2,Acme,\n")
			}
			if len(errs) > 0 || len(recs) != 2 {
				t.Fatalf("%d records, %v", len(recs), errs)
			}
			got := strings.Join(strings.SplitAfter(said(recs[0]), "\n")[2:], "")
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestShape reads the shapes that reports have around their tables, and expects the same two rows from all.
func TestShape(t *testing.T) {
	for name, text := range map[string]string{
		"plain":             "Control #,Mfgr,Model,Serial #,Room\nCE-1,Acme,M1,S100,1\nCE-2,Acme,M2,S200,2\n",
		"titles":            "Equipment Inventory\nMercy Health, as of 1/5/2026\n\nControl #,Mfgr,Model,Serial #,Room\nCE-1,Acme,M1,S100,1\nCE-2,Acme,M2,S200,2\n",
		"total":             "Control #,Mfgr,Model,Serial #,Room\nCE-1,Acme,M1,S100,1\nCE-2,Acme,M2,S200,2\nTotal,2\n",
		"total behind":      "Control #,Mfgr,Model,Serial #,Room\nCE-1,Acme,M1,S100,1\nCE-2,Acme,M2,S200,2\n\nGrand Total:,,,,2\nEnd of report\nPage 1 of 1\n(2 rows affected)\n",
		"sums":              "Control #,Mfgr,Model,Serial #,Room\nCE-1,Acme,M1,S100,1\nCE-2,Acme,M2,S200,2\n,,,,3\n",
		"blank rows":        "\n\nControl #,Mfgr,Model,Serial #,Room\n\nCE-1,Acme,M1,S100,1\n,,,,\nCE-2,Acme,M2,S200,2\n\n",
		"header again":      "Inventory\nControl #,Mfgr,Model,Serial #,Room\nCE-1,Acme,M1,S100,1\nInventory\nControl #,Mfgr,Model,Serial #,Room\nCE-2,Acme,M2,S200,2\n",
		"merged above":      "Identification,,,,Location\nControl #,Mfgr,Model,Serial #,Room\nCE-1,Acme,M1,S100,1\nCE-2,Acme,M2,S200,2\n",
		"merged both ways":  "Control #,Device,,Serial #,Location\n,Mfgr,Model,,Room\nCE-1,Acme,M1,S100,1\nCE-2,Acme,M2,S200,2\n",
		"semicolons":        "Control #;Mfgr;Model;Serial #;Room\nCE-1;Acme;M1;S100;1\nCE-2;Acme;M2;S200;2\n",
		"tabs":              "Control #\tMfgr\tModel\tSerial #\tRoom\nCE-1\tAcme\tM1\tS100\t1\nCE-2\tAcme\tM2\tS200\t2\n",
		"bars":              "Control #|Mfgr|Model|Serial #|Room\nCE-1|Acme|M1|S100|1\nCE-2|Acme|M2|S200|2\n",
		"carets":            "Control #^Mfgr^Model^Serial #^Room\nCE-1^Acme^M1^S100^1\nCE-2^Acme^M2^S200^2\n",
		"sep line":          "sep=;\r\nControl #;Mfgr;Model;Serial #;Room\r\nCE-1;Acme;M1;S100;1\r\nCE-2;Acme;M2;S200;2\r\n",
		"byte order mark":   "\ufeffControl #,Mfgr,Model,Serial #,Room\r\nCE-1,Acme,M1,S100,1\r\nCE-2,Acme,M2,S200,2",
		"old Macintosh":     "Control #,Mfgr,Model,Serial #,Room\rCE-1,Acme,M1,S100,1\rCE-2,Acme,M2,S200,2\r",
		"all quoted":        "\"Control #\",\"Mfgr\",\"Model\",\"Serial #\",\"Room\"\n\"CE-1\",\"Acme\",\"M1\",\"S100\",\"1\"\n\"CE-2\", \"Acme\",\"M2\",\"S200\",\"2\"\n",
		"header over lines": "\"Control\n#\",Mfgr,Model,\"Serial\n#\",Room\nCE-1,Acme,M1,S100,1\nCE-2,Acme,M2,S200,2\n",
		"end of DOS text":   "Control #,Mfgr,Model,Serial #,Room\r\nCE-1,Acme,M1,S100,1\r\nCE-2,Acme,M2,S200,2\r\n\x1a",
		"UTF-16LE":          string(wide(binary.LittleEndian, "\ufeffControl #,Mfgr,Model,Serial #,Room\r\nCE-1,Acme,M1,S100,1\r\nCE-2,Acme,M2,S200,2\r\n")),
		"UTF-16BE":          string(wide(binary.BigEndian, "\ufeffControl #\tMfgr\tModel\tSerial #\tRoom\r\nCE-1\tAcme\tM1\tS100\t1\r\nCE-2\tAcme\tM2\tS200\t2\r\n")),
		"UTF-16 unmarked":   string(wide(binary.LittleEndian, "Control #,Mfgr,Model,Serial #,Room\r\nCE-1,Acme,M1,S100,1\r\nCE-2,Acme,M2,S200,2\r\n")),
	} {
		t.Run(name, func(t *testing.T) {
			table, m, recs, errs := read(t, text)
			if len(errs) > 0 || len(recs) != 2 {
				t.Fatalf("%d records %v, %v; headers %q", len(recs), recs, errs, table.Headers)
			}
			for i, rec := range recs {
				want := fmt.Sprintf("control_number=CE-%d\nmanufacturer=Acme\nmodel=M%d\nserial=S%d00\nroom=%d\n", i+1, i+1, i+1, i+1)
				if said(rec) != want || rec.Row != i+1 || rec.Subject.Value != fmt.Sprintf("CE-%d", i+1) {
					t.Errorf("row %d, key %s:\n%swant\n%s%+v", rec.Row, rec.Subject.Value, said(rec), want, m.Columns)
				}
			}
		})
	}
}

func wide(order binary.AppendByteOrder, s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

func TestWindows1252(t *testing.T) {
	_, _, recs, errs := read(t, "Control #,Mfgr,Notes\nCE-1,Dr\xe4ger,\x80 20 \x96 \"M\xfcller\"\nCE-2,Dräger,UTF-8 beside it\n")
	if len(errs) > 0 || len(recs) != 2 {
		t.Fatal(recs, errs)
	}
	if got := recs[0].Get(fact.Manufacturer) + "|" + recs[0].Get(fact.Notes) + "|" + recs[1].Get(fact.Manufacturer); got != "Dräger|€ 20 – \"Müller\"|Dräger" {
		t.Errorf("got %q", got)
	}
}

// TestWithoutHeader recognises columns by what is in them.
func TestWithoutHeader(t *testing.T) {
	var b strings.Builder
	for i := range 10 {
		fmt.Fprintf(&b, "00:12:21:aa:bb:%02x,10.0.0.%d,PUMP-ICU-%02d\n", i+16, i+1, i)
	}
	table, m, recs, errs := read(t, b.String())
	if len(errs) > 0 || len(recs) != 10 || said(recs[0]) != "mac=00:12:21:aa:bb:10\nip=10.0.0.1\nhostname=PUMP-ICU-00\n" {
		t.Errorf("%d records, %v, headers %q, %+v", len(recs), errs, table.Headers, m.Columns)
	}
	_, m, recs, _ = read(t, "Thing,Foo,Bar\nx,00:12:21:aa:bb:cc,5\ny,0012.21aa.bbcd,6\nz,001221AABBCE,7\n")
	if c, _ := m.Column("Foo"); c.Attr != fact.MAC || len(recs) != 3 || recs[0].Subject.Value != "00:12:21:aa:bb:cc" {
		t.Errorf("a column of MACs under a silent header is %+v", c)
	}
}

func TestDateOrders(t *testing.T) {
	for _, c := range []struct{ name, dates, want, how string }{
		{"by one that is clear", "03/06/2025 13/02/2024 05/04/2023", "2025-06-03 2024-02-13 2023-04-05", "dmy"},
		{"American", "03/06/2025 02/13/2024 05/04/2023", "2025-03-06 2024-02-13 2023-05-04", "mdy"},
		{"both", "03/06/2025 13/02/2024 02/13/2024 02/14/2024", "2025-03-06 2024-02-13 2024-02-13 2024-02-14", "mdy"},
		{"open", "03/06/2025 05/04/2023", "2025-03-06 2023-05-04", "mdy"},
	} {
		text := "Control #,Last PM\n"
		for i, d := range strings.Fields(c.dates) {
			text += fmt.Sprintf("CE-%d,%s\n", i, d)
		}
		_, m, recs, _ := read(t, text)
		var got []string
		for _, r := range recs {
			got = append(got, r.Get(fact.PMLast))
		}
		col, _ := m.Column("Last PM")
		if strings.Join(got, " ") != c.want || string(col.Dates) != c.how {
			t.Errorf("%s: %v %s (%s)", c.name, got, col.Dates, col.Reason)
		}
		if c.name == "open" && !strings.Contains(col.Reason, "ambiguous") || c.name == "both" && !strings.Contains(col.Reason, "both orders") {
			t.Errorf("%s: reason %q", c.name, col.Reason)
		}
	}
}

func TestLocations(t *testing.T) {
	for text, want := range map[string]string{
		"Mercy Main / ICU 1|Mercy East / Med/Surg 5W|Mercy Main / ED|Mercy East / ED":                            "site=Mercy East\ndepartment=Med/Surg 5W\n",
		"Main > Bldg A > Floor 3 > Room 312|Main > Bldg B > Floor 2 > Room 11|Main > Bldg B > Floor 2 > Room 12": "site=Main\nbuilding=Bldg B\nfloor=Floor 2\nroom=Room 11\n",
		"ICU 1|Med/Surg 5W|storage room behind the lab":                                                          "location=Med/Surg 5W\n",
	} {
		doc := "name;serial_number;location\n"
		for i, l := range strings.Split(text, "|") {
			doc += fmt.Sprintf("pc-%d;S%d00;%s\n", i, i, l)
		}
		_, m, recs, _ := read(t, doc)
		got := strings.Join(strings.SplitAfter(said(recs[1]), "\n")[2:], "")
		if got != want {
			t.Errorf("%s:\n%swant\n%s%+v", text, got, want, m.Columns[2])
		}
	}
}

// TestKeys holds that keys are the source's own where it has them, apart where it gives one twice, and the same in
// another run and after changes that do not change what the row is.
func TestKeys(t *testing.T) {
	more := ""
	for i := range 40 {
		more += fmt.Sprintf("CE-9%d,Acme,M9,S9%d,In Use\n", i, i)
	}
	text := "Control #,Mfgr,Model,Serial #,Status\nCE-1,Acme,M1,S100,In Use\nCE-1,Acme,M2,S200,In Use\n,Acme,M3,S300,In Use\nN/A,Acme,M4,N/A,In Use\nN/A,Acme,M4,N/A,In Use\n" + more
	keys := func(text string) (out []string) {
		_, _, recs, errs := read(t, text)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		for _, r := range recs {
			out = append(out, r.Subject.Value)
		}
		return out
	}
	a := keys(text)
	if a[0] != "CE-1" || !strings.HasPrefix(a[1], "CE-1#") || a[2] != "serial:S300" || !strings.HasPrefix(a[3], "#") || a[4] != a[3]+".2" {
		t.Errorf("keys %q", a)
	}
	if b := keys(strings.ReplaceAll(text, "In Use", "Retired")); strings.Join(a, " ") != strings.Join(b, " ") {
		t.Errorf("keys change with the status: %q, %q", a, b)
	}
}

func TestRejected(t *testing.T) {
	text := "Control #,Mfgr,Model,Serial #\n"
	for i := range 30 {
		text += fmt.Sprintf("CE-%d,Acme,M1,S%d00\n", i, i)
	}
	text += "CE-90,B. Braun, Inc.,M1,S1\nCE-91,Acme,torn\n,Acme,,\nCE-92,Acme,M1,S9200\n"
	_, _, recs, errs := read(t, text)
	if len(recs) != 31 || len(errs) != 3 || recs[30].Row != 34 {
		t.Fatalf("%d records, last row %d, %v", len(recs), recs[len(recs)-1].Row, errs)
	}
	for i, want := range []string{"dirt.csv: row 31 (line 32): has 5 cells where the header has 4", "dirt.csv: row 32 (line 33): has 3 cells", "dirt.csv: row 33 (line 34): names no device"} {
		var re *intake.RowError
		if !errors.As(errs[i], &re) || !errors.Is(errs[i], fault.Invalid) || !strings.HasPrefix(errs[i].Error(), want) {
			t.Errorf("%v, want %s", errs[i], want)
		}
	}
}

// TestRefused holds that what cannot be a table ends in one line that names the file, the place and the mend.
func TestRefused(t *testing.T) {
	long := bytes.Repeat([]byte("a,"), 1<<20)
	for name, c := range map[string]struct {
		data []byte
		want []string
	}{
		"empty.csv":    {nil, []string{"empty.csv", "empty", "export it again"}},
		"blank.csv":    {[]byte("\r\n \r\n"), []string{"blank.csv", "only blanks"}},
		"header.csv":   {[]byte("Control #,Mfgr,Model\n"), []string{"header.csv", "line 1", "no row of data"}},
		"wide.csv":     {append(bytes.Clone(long), '\n'), []string{"wide.csv", "line 1", "more than the 4096", "check the delimiter"}},
		"endless.csv":  {bytes.Repeat([]byte("abcdefgh"), 1<<20), []string{"endless.csv", "line 1", "no end within 4 MiB"}},
		"picture.png":  {append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 600)...), []string{"picture.png", "picture", "CSV or XLSX"}},
		"list.pdf":     {[]byte("%PDF-1.7 ..."), []string{"PDF"}},
		"report.xls":   {[]byte("<html><table><tr><td>x</td></tr></table>"), []string{"web page", "save it as XLSX"}},
		"random.bin":   {bytes.Repeat([]byte{1, 2, 3, 0, 5, 6, 7, 0x11}, 400), []string{"random.bin", "no table", "CSV or XLSX"}},
		"cut.xlsx":     {workbook(t, 50, true)[:3000], []string{"cut.xlsx", "cut off or damaged", "again"}},
		"secret.xlsx":  {compoundFile("EncryptedPackage"), []string{"secret.xlsx", "password", "save it again"}},
		"old.xls":      {compoundFile("Workbook"), []string{"old.xls", ".xls", "save it as .xlsx"}},
		"capture.pcap": {append([]byte{0xd4, 0xc3, 0xb2, 0xa1}, make([]byte, 40)...), []string{"packet capture"}},
		"empty.json":   {[]byte("[]"), []string{"no object"}},
		"bad.json":     {[]byte(`[{"a":1,"b":2},{"a":`), []string{"bad.json", "after object 1", "export it again"}},
	} {
		_, err := intake.Open(Formats(), file(name, c.data), intake.Choice{})
		if err == nil || !errors.Is(err, fault.Invalid) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q does not say %q", name, err, w)
			}
		}
	}
	if _, err := intake.OpenPath(Formats(), "nowhere.csv", intake.Choice{}); !errors.Is(err, fault.NotFound) {
		t.Error(err)
	}
	if _, err := intake.OpenPath(Formats(), ".", intake.Choice{}); !errors.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

// TestBreakInside holds that rows before the place where a file breaks are read, and that the place is named.
func TestBreakInside(t *testing.T) {
	text := []byte("Control #,Mfgr,Model\n")
	for i := range 5000 {
		text = fmt.Appendf(text, "CE-%d,Acme,M1\n", i)
	}
	text = append(text, bytes.Repeat([]byte("x"), 5<<20)...)
	table, err := intake.Open(Formats(), file("a.csv", text), intake.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	recs, errs := records(table, intake.Guess(table))
	if len(recs) != 5000 || len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), "a.csv: line 5002 has no end") {
		t.Errorf("%d records, %v", len(recs), errs)
	}
}

// compoundFile is as much of Microsoft's compound format as tells what is in it: a header and a directory entry.
func compoundFile(stream string) []byte {
	b := make([]byte, 2048)
	copy(b, []byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1})
	binary.LittleEndian.PutUint16(b[30:], 9)
	binary.LittleEndian.PutUint32(b[48:], 1)
	copy(b[1024:], wide(binary.LittleEndian, "Root Entry"))
	copy(b[1024+128:], wide(binary.LittleEndian, stream))
	return b
}

// TestTwoGigabytes reads the top and the progress of a file of 2 GB that is made up as it is read; reading it whole is
// what BenchmarkCSV does with a million rows.
func TestTwoGigabytes(t *testing.T) {
	e := millionRows(11_000_000)
	if e.size() < 2<<30 {
		t.Fatal(e.size())
	}
	table, err := intake.Open(Formats(), intake.File{Name: "big.csv", Data: e, Size: e.size()}, intake.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for rec, err := range table.Records(intake.Guess(table), readAt) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 20_000 {
			if p := table.Progress(); rec.Row != n || p.Total != e.size() || p.Read < 3<<20 || p.Rows < 19_000 {
				t.Errorf("row %d, progress %+v", rec.Row, p)
			}
			break
		}
	}
}
