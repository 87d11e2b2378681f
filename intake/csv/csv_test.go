package csv

import (
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"pons/fault"
	"pons/intake"
)

func all(r *reader) (out [][]string, err error) {
	for {
		cells, err := r.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, append([]string{}, cells...))
	}
}

func TestRows(t *testing.T) {
	for text, want := range map[string][][]string{
		"a,b\nc,d\n":            {{"a", "b"}, {"c", "d"}},
		"a,b\r\nc,d":            {{"a", "b"}, {"c", "d"}},
		"a,,\n\n,\n":            {{"a", "", ""}, {""}, {"", ""}},
		"\"a,b\",c\n":           {{"a,b", "c"}},
		"\"a\"\"b\",c\n":        {{"a\"b", "c"}},
		"\"a\nb\",c\nd,e\n":     {{"a\nb", "c"}, {"d", "e"}},
		"\"a\r\nb\",c\r\nd,e":   {{"a\nb", "c"}, {"d", "e"}},
		"5\" tube,x\ny,z\n":     {{"5\" tube", "x"}, {"y", "z"}},
		"\"5\" tube\",x\ny,z\n": {{"5\" tube", "x"}, {"y", "z"}},
		"a, \"b,c\" ,d\n":       {{"a", " \"b", "c\" ", "d"}},
		"a, \"b,c\",d\n":        {{"a", "b,c", "d"}},
		"\"open,x\ny,z\n":       {{"\"open", "x"}, {"y", "z"}},
		"\"\",\"\"\n":           {{"", ""}},
		"a\x00b,\"c\x00\"\n":    {{"ab", "c"}},
		"":                      nil,
		"\n":                    {{""}},
		"\"a\"":                 {{"a"}},
		"x,\"a\nb":              {{"x", "\"a"}, {"b"}},
	} {
		for _, slow := range []bool{false, true} {
			src := io.Reader(strings.NewReader(text))
			if slow {
				src = iotest.OneByteReader(src)
			}
			got, err := all(newReader(src, ','))
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%q: %q, %v; want %q", text, got, err, want)
			}
		}
	}
}

// TestLikeStandard writes random tables with encoding/csv and expects the same cells back.
func TestLikeStandard(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	words := []string{"", "a", "b c", "d,e", "f\"g", "h\ni", "ä", "\"", "x;y", "1.5", "  lead", "tail "}
	for range 300 {
		var rows [][]string
		width := 2 + r.IntN(6)
		for range 1 + r.IntN(20) {
			row := make([]string, width)
			for i := range row {
				row[i] = words[r.IntN(len(words))]
			}
			rows = append(rows, row)
		}
		var b bytes.Buffer
		w := stdcsv.NewWriter(&b)
		w.Comma = []rune(",;\t|")[r.IntN(4)]
		w.UseCRLF = r.IntN(2) == 0
		if err := w.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		got, err := all(newReader(&b, byte(w.Comma)))
		if err != nil || !reflect.DeepEqual(got, rows) {
			t.Fatalf("%q, %v; want %q", got, err, rows)
		}
	}
}

// TestStrayQuote holds that a quote that never closes costs its own row and no other.
func TestStrayQuote(t *testing.T) {
	text := "id,note\n1,\"broken\n"
	for i := range 2000 {
		text += fmt.Sprintf("%d,x\n", i+2)
	}
	got, err := all(newReader(strings.NewReader(text), ','))
	if err != nil || len(got) != 2002 || got[1][1] != "\"broken" {
		t.Errorf("%d rows, %v", len(got), err)
	}
}

// TestUnquotedFile holds that a file full of stray quotes is read row by row.
func TestUnquotedFile(t *testing.T) {
	got, err := all(newReader(strings.NewReader(strings.Repeat("1,\"wide 5 inch\n", 20_000)), ','))
	if err != nil || len(got) != 20_000 || got[19_999][1] != "\"wide 5 inch" {
		t.Errorf("%d rows, %v", len(got), err)
	}
}

func TestLines(t *testing.T) {
	r := newReader(strings.NewReader("a,b\n\"c\nc\",d\n\ne,f\n"), ',')
	var lines []int
	for {
		if _, err := r.Next(); err != nil {
			break
		}
		lines = append(lines, r.Line())
	}
	if !reflect.DeepEqual(lines, []int{1, 2, 4, 5}) {
		t.Errorf("lines %v", lines)
	}
}

func TestDelimiter(t *testing.T) {
	for text, want := range map[string]byte{
		"a,b,c\n1,2,3\n": ',', "a;b;c\n1,5;2,5;3\n": ';', "a\tb\n1,2\t3,4\n": '\t', "a|b|c\n1|2|3\n": '|', "a^b\n1^2\n": '^', "single\nx\ny\n": ',',
		"A title, with a comma\n\nx;y;z\n1;2;3\n4;5;6\n": ';', "a,b\n\"x;y;z\",1\n\"u;v;w\",2\n": ',',
	} {
		if got := guessDelimiter([]byte(text), "a.csv", false); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	f := intake.File{Name: "a.csv", Data: strings.NewReader("a,b;c\n1,2;3\n"), Size: 12}
	for choice, ok := range map[string]bool{";": true, "tab": true, `\t`: true, "ab": false, `"`: false} {
		if _, err := open(f, intake.Choice{Delimiter: choice}); (err == nil) != ok || err != nil && !errors.Is(err, fault.Invalid) {
			t.Errorf("delimiter %q: %v", choice, err)
		}
	}
}

// FuzzCSV feeds it any bytes, whole and one by one: it must end, with the same rows both ways.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n\"c\nd\",e\n", "sep=;\na;b\n", "\xff\xfea\x00,\x00b\x00", "\"\"\"\n", "a\rb\r", "\xef\xbb\xbfx,\xe4\n", "\"a\" b,c\n\x1a", "x\x00y,\"z"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		book, err := open(intake.File{Name: "a.csv", Data: bytes.NewReader(data), Size: int64(len(data))}, intake.Choice{})
		if err != nil {
			if !errors.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		rows, err := book.Rows("")
		if err != nil {
			t.Fatal(err)
		}
		whole, err := all(rows.(*reader))
		if err != nil && !errors.Is(err, fault.Invalid) {
			t.Fatal(err)
		}
		if encodingOf(data[:min(len(data), 256<<10)]) == utf8ish && !bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) && !bytes.HasPrefix(data, []byte("sep=")) && bytes.IndexByte(data, '\r') < 0 {
			slow, err2 := all(newReader(iotest.OneByteReader(bytes.NewReader(data)), rows.(*reader).delim))
			if (err == nil) != (err2 == nil) || !reflect.DeepEqual(whole, slow) {
				t.Fatalf("%q, %v\n%q, %v", whole, err, slow, err2)
			}
		}
	})
}
