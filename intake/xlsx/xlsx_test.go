package xlsx

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"pons/fault"
	"pons/intake"
)

// pack makes a workbook of parts; sheets get the names S1, S2, … in order.
func pack(tb testing.TB, parts map[string]string, sheets ...string) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	add := func(name, text string) {
		w, err := z.Create(name)
		if err != nil {
			tb.Fatal(err)
		}
		io.WriteString(w, text)
	}
	list, rels := "", `<Relationship Id="rs" Type="http://x/styles" Target="styles.xml"/><Relationship Id="rt" Type="http://x/sharedStrings" Target="/xl/sharedStrings.xml"/>`
	for i, s := range sheets {
		list += fmt.Sprintf(`<sheet name="S%d" sheetId="%d" r:id="r%d"/>`, i+1, i+1, i+1)
		rels += fmt.Sprintf(`<Relationship Id="r%d" Type="http://x/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, i+1)
		add(fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1), s)
	}
	if parts["xl/workbook.xml"] == "" {
		add("xl/workbook.xml", `<?xml version="1.0"?><workbook><workbookPr/><sheets>`+list+`</sheets></workbook>`)
	}
	add("xl/_rels/workbook.xml.rels", `<Relationships>`+rels+`</Relationships>`)
	for name, text := range parts {
		add(name, text)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func sheetOf(rows string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="x"><sheetData>` + rows + `</sheetData></worksheet>`
}

func cellsOf(tb testing.TB, data []byte, sheet string) ([][]string, error) {
	tb.Helper()
	book, err := open(intake.File{Name: "a.xlsx", Data: bytes.NewReader(data), Size: int64(len(data))}, intake.Choice{})
	if err != nil {
		return nil, err
	}
	if sheet == "" {
		sheet = book.Sheets()[0]
	}
	rows, err := book.Rows(sheet)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out [][]string
	for {
		cells, err := rows.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, append([]string{}, cells...))
	}
}

const styles = `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd;@"/><numFmt numFmtId="165" formatCode="[$-409]d-mmm-yy h:mm AM/PM"/><numFmt numFmtId="166" formatCode="000000"/>
<numFmt numFmtId="167" formatCode="[h]:mm"/><numFmt numFmtId="168" formatCode="&quot;day&quot; 0"/><numFmt numFmtId="169" formatCode="mmm"/><numFmt numFmtId="170" formatCode="mm:ss"/></numFmts>
<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="167"/><xf numFmtId="168"/><xf numFmtId="22"/><xf numFmtId="20"/><xf numFmtId="169"/><xf numFmtId="170"/></cellXfs></styleSheet>`

// TestCells reads one cell of each sort.
func TestCells(t *testing.T) {
	shared := `<sst><si><t>plain</t></si><si><r><rPr><b/></rPr><t>rich </t></r><r><t xml:space="preserve">text</t></r><rPh sb="0" eb="1"><t>sound</t></rPh></si><si><t>a &amp; b &lt;c&gt; &#228;&#xE4;</t></si><si/><si><t>line_x000D_two _x005F_x0041_</t></si><si><t><![CDATA[<raw>]]> end</t></si></sst>`
	for _, c := range []struct{ name, cell, want string }{
		{"shared", `<c r="A1" t="s"><v>0</v></c>`, "plain"},
		{"rich", `<c r="A1" t="s"><v>1</v></c>`, "rich text"},
		{"entities", `<c r="A1" t="s"><v>2</v></c>`, "a & b <c> ää"},
		{"empty shared", `<c r="A1" t="s"><v>3</v></c>`, ""},
		{"escapes", `<c r="A1" t="s"><v>4</v></c>`, "line\rtwo _x0041_"},
		{"CDATA", `<c r="A1" t="s"><v>5</v></c>`, "<raw> end"},
		{"inline", `<c r="A1" t="inlineStr"><is><t>in</t></is></c>`, "in"},
		{"inline rich", `<c r="A1" t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r></is></c>`, "inline"},
		{"formula text", `<c r="A1" t="str"><f>CONCAT("&lt;",A2)</f><v>joined</v></c>`, "joined"},
		{"formula number", `<c r="A1"><f>1+1</f><v>2</v></c>`, "2"},
		{"true", `<c r="A1" t="b"><v>1</v></c>`, "TRUE"},
		{"false", `<c r="A1" t="b"><v>0</v></c>`, "FALSE"},
		{"error", `<c r="A1" t="e"><v>#REF!</v></c>`, "#REF!"},
		{"number", `<c r="A1"><v>12</v></c>`, "12"},
		{"noise", `<c r="A1"><v>27948.000000000004</v></c>`, "27948"},
		{"tenth", `<c r="A1"><v>0.10000000000000001</v></c>`, "0.1"},
		{"exponent", `<c r="A1"><v>1.2345678901E10</v></c>`, "12345678901"},
		{"date", `<c r="A1" s="1"><v>45737</v></c>`, "2025-03-21"},
		{"custom date", `<c r="A1" s="2"><v>45737.75</v></c>`, "2025-03-21"},
		{"date and time", `<c r="A1" s="3"><v>45737.75</v></c>`, "2025-03-21T18:00:00"},
		{"padded", `<c r="A1" s="4"><v>1234</v></c>`, "001234"},
		{"elapsed", `<c r="A1" s="5"><v>1.5</v></c>`, "1.5"},
		{"quoted word", `<c r="A1" s="6"><v>7</v></c>`, "7"},
		{"builtin date and time", `<c r="A1" s="7"><v>45737.5</v></c>`, "2025-03-21T12:00:00"},
		{"time", `<c r="A1" s="8"><v>0.5</v></c>`, "12:00:00"},
		{"month", `<c r="A1" s="9"><v>45737</v></c>`, "2025-03-21"},
		{"minutes", `<c r="A1" s="10"><v>0.0104166666666667</v></c>`, "00:15:00"},
		{"ISO date", `<c r="A1" t="d"><v>2025-03-21</v></c>`, "2025-03-21"},
		{"prefix", `<x:c r="A1" t="str"><x:v>pre</x:v></x:c>`, "pre"},
		{"quoted >", `<c r="A1" t="str" x="a>b"><v>ok</v></c>`, "ok"},
		{"comment", `<!-- <c r="A1"><v>no</v></c> --><c r="A1" t="str"><v>yes</v></c>`, "yes"},
		{"style without value", `<c r="A1" s="1"/>`, ""},
	} {
		rows, err := cellsOf(t, pack(t, map[string]string{"xl/styles.xml": styles, "xl/sharedStrings.xml": shared}, sheetOf(`<row r="1">`+c.cell+`</row>`)), "")
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := ""
		if len(rows) == 1 && len(rows[0]) > 0 {
			got = rows[0][0]
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPlaces(t *testing.T) {
	rows, err := cellsOf(t, pack(t, nil, sheetOf(`<row r="2"><c r="B2" t="str"><v>b</v></c><c r="AA2" t="str"><v>aa</v></c></row><row/><row><c t="str"><v>x</v></c><c t="str"><v>y</v></c></row>`)), "")
	if err != nil {
		t.Fatal(err)
	}
	first := make([]string, 27)
	first[1], first[26] = "b", "aa"
	if want := [][]string{first, {}, {"x", "y"}}; !reflect.DeepEqual(rows, want) {
		t.Errorf("%q", rows)
	}
}

func Test1904(t *testing.T) {
	main := `<workbook><workbookPr date1904="1"/><sheets><sheet name="S1" r:id="r1"/></sheets></workbook>`
	rows, err := cellsOf(t, pack(t, map[string]string{"xl/workbook.xml": main, "xl/styles.xml": styles}, sheetOf(`<row><c s="1"><v>44275</v></c></row>`)), "")
	if err != nil || rows[0][0] != "2025-03-21" {
		t.Errorf("%q, %v", rows, err)
	}
}

// TestAgainstExcelize writes a workbook with the library and expects the cells that it would show.
func TestAgainstExcelize(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	f.NewSheet("Zweites Blatt")
	want := [][]string{{"Control #", "Größe", "", "x & <y>"}, {"00123", "3.5", "TRUE", "line\ntwo"}}
	f.SetSheetRow("Zweites Blatt", "A1", &[]any{"Control #", "Größe", nil, "x & <y>"})
	f.SetSheetRow("Zweites Blatt", "A2", &[]any{"00123", 3.5, true, "line\ntwo"})
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := cellsOf(t, b.Bytes(), "Zweites Blatt")
	if err != nil || !reflect.DeepEqual(rows, want) {
		t.Errorf("%q, %v", rows, err)
	}
}

// TestHostile holds that archives made to exhaust, and broken ones, end in one clear line.
func TestHostile(t *testing.T) {
	zeros := strings.Repeat("<row/>", 14<<20)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"bomb in a sheet":    {pack(t, nil, sheetOf(zeros)), "zip bomb"},
		"bomb in the styles": {pack(t, map[string]string{"xl/styles.xml": strings.Repeat("<a b=\"c\"/>", 4<<20)}, sheetOf("")), "no honest workbook"},
		"endless text":       {pack(t, nil, sheetOf(`<row><c t="str"><v>`+strings.Repeat("x", 5<<20)+`</v></c></row>`)), "longer than 4 MiB"},
		"far column":         {pack(t, nil, sheetOf(`<row r="7"><c r="XFD7"><v>1</v></c></row>`)), "row 7 has a value in column 16384"},
		"cut sheet":          {pack(t, nil, `<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c`), "breaks off in row 2"},
		"cut row":            {pack(t, nil, `<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c>`), "breaks off in row 1"},
		"unknown text":       {pack(t, nil, sheetOf(`<row r="3"><c r="A3" t="s"><v>99</v></c></row>`)), "row 3: a cell refers to text"},
		"no workbook":        {pack(t, map[string]string{"xl/workbook.xml": "<workbook/>"}, sheetOf("")), "no sheet with cells"},
		"document":           {zipOf(t, "word/document.xml"), "Word document"},
		"OpenDocument":       {zipOf(t, "content.xml"), "OpenDocument"},
		"binary workbook":    {zipOf(t, "xl/workbook.bin"), ".xlsb"},
		"other archive":      {zipOf(t, "readme.txt"), "unpack it"},
	} {
		_, err := cellsOf(t, c.data, "")
		if err == nil || !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func zipOf(t *testing.T, name string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if _, err := z.Create(name); err != nil {
		t.Fatal(err)
	}
	z.Close()
	return b.Bytes()
}

// FuzzSheet feeds the scanner sheets, text and styles of any bytes: it must end, and with rows or an error.
func FuzzSheet(f *testing.F) {
	f.Add(`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><v>45737</v></c></row>`, `<sst><si><t>x</t></si></sst>`, styles)
	f.Add(`<row><c t="inlineStr"><is><t>a_x000D_&amp;&#xE4;</t></is></c><c t="b"><v>1</v></c></row>`, `<sst><si><r><t>x</t></r><rPh><t>y</t></rPh></si></sst>`, `<styleSheet/>`)
	f.Add(`<row><c><v>1e5</v></c><!-- --><c t="str"><v><![CDATA[x]]></v></c></row`, `<sst`, `<numFmt numFmtId="1" formatCode="[`)
	f.Fuzz(func(t *testing.T, sheet, shared, style string) {
		if len(sheet)+len(shared)+len(style) > 1<<16 {
			return
		}
		rows, err := cellsOf(t, pack(t, map[string]string{"xl/sharedStrings.xml": shared, "xl/styles.xml": style}, sheetOf(sheet)), "")
		if err != nil && !errors.Is(err, fault.Invalid) {
			t.Fatalf("%v is no fault.Invalid", err)
		}
		for _, r := range rows {
			if len(r) > intake.MaxColumns {
				t.Fatal(len(r))
			}
		}
	})
}

// FuzzArchive feeds it any archive.
func FuzzArchive(f *testing.F) {
	f.Add(pack(f, map[string]string{"xl/styles.xml": styles}, sheetOf(`<row><c><v>1</v></c></row>`)))
	f.Add([]byte("PK\x03\x04"))
	f.Add(ole)
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := cellsOf(t, data, ""); err != nil && !errors.Is(err, fault.Invalid) {
			t.Fatalf("%v is no fault.Invalid", err)
		}
	})
}
