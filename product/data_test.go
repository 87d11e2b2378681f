package product_test

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"

	"pons/product"
)

// Every "> text; text" line of makers.txt must resolve to the maker above it.
func TestMakerExamplesResolve(t *testing.T) {
	c := product.Default()
	name, tried := "", 0
	for n, line := range lines(t, "data/makers.txt") {
		switch {
		case strings.HasPrefix(line, ">"):
			for _, text := range strings.Split(line[1:], ";") {
				tried++
				if got, known := c.Maker(strings.TrimSpace(text)); !known || got != name {
					t.Errorf("line %d: %q is %q (%v), not %q", n+1, strings.TrimSpace(text), got, known, name)
				}
			}
		case line != "" && line[0] != '#' && line[0] != '@':
			name = strings.TrimSpace(strings.Split(line, "|")[0])
		}
	}
	if tried < 200 {
		t.Errorf("only %d examples", tried)
	}
}

// A maker's canonical name means that maker, however it is written, unless the data binds its own name to classes.
func TestMakerNamesItself(t *testing.T) {
	c := product.Default()
	for _, name := range c.Makers() {
		if name == "Siemens" {
			continue // bare, it means Siemens Healthineers; the class decides
		}
		for _, text := range []string{name, strings.ToUpper(name), name + " Inc.", name + ", LLC", " " + strings.ToLower(name) + " GmbH"} {
			if got, known := c.Maker(text); !known || got != name {
				t.Errorf("%q is %q (%v), not %q", text, got, known, name)
			}
		}
	}
}

// The FDA product codes of classes.txt exist, and a class is life-supporting exactly where FDA flags one of its codes
// as life-sustaining, save where the data writes "L!", which a comment above must account for.
func TestProductCodesAreFDAs(t *testing.T) {
	foi := lines(t, "../../shared/data/fda/foiclass.txt")
	header := strings.Split(foi[0], "|")
	code, life := slices.Index(header, "PRODUCTCODE"), slices.Index(header, "Life_Sustain_support_flag")
	if code < 0 || life < 0 {
		t.Fatal("foiclass.txt has other columns: ", header)
	}
	sustains := map[string]string{}
	for _, line := range foi[1:] {
		f := strings.Split(line, "|")
		if len(f) > life {
			sustains[f[code]] = f[life]
		}
	}
	codes, comment := 0, false
	for n, line := range lines(t, "data/classes.txt") {
		f := strings.Split(line, "|")
		if len(f) != 7 || strings.HasPrefix(line, "#") {
			comment = strings.HasPrefix(line, "#") && len(f) == 1 && !strings.HasPrefix(line, "# ---")
			continue
		}
		flags, flagged := strings.TrimSpace(f[4]), false
		for _, c := range strings.Fields(f[5]) {
			codes++
			y, known := sustains[c]
			if !known {
				t.Errorf("line %d: FDA has no product code %s", n+1, c)
			}
			flagged = flagged || y == "Y"
		}
		switch {
		case strings.Contains(flags, "L!"):
			if flagged {
				t.Errorf("line %d: FDA flags a code of %s, so \"L\" is enough", n+1, f[0])
			}
			if !comment {
				t.Errorf("line %d: %s is \"L!\" without a comment that says why", n+1, f[0])
			}
		case strings.Contains(flags, "L") != flagged:
			t.Errorf("line %d: flags %q of %s, but FDA's flag is %v", n+1, flags, f[0], flagged)
		}
		comment = false
	}
	if codes < 80 {
		t.Errorf("only %d product codes", codes)
	}
}

// FDA's own names of these product codes were not written for this catalog: they show how it reads wordings it has not
// seen. A name may lead to no class; one that leads to a class should lead to the code's, its parent or its child.
func TestFDAsWordings(t *testing.T) {
	c := product.Default()
	read, agree := 0, 0
	for _, line := range lines(t, "../../shared/data/fda/foiclass.txt")[1:] {
		f := strings.Split(line, "|")
		want, ours := c.ClassByProductCode(f[2])
		if !ours {
			continue
		}
		got, ok := c.ClassBySynonym(f[3])
		if !ok {
			continue
		}
		read++
		if got.Name == want.Name || got.Parent == want.Name || want.Parent == got.Name {
			agree++
			continue
		}
		t.Logf("%s %q reads %s, not %s", f[2], f[3], got.Name, want.Name)
	}
	t.Logf("%d of %d wordings that were read agree (%.3f)", agree, read, rate(agree, read))
	if rate(agree, read) < 0.75 {
		t.Error("below 0.75")
	}
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		out = append(out, s.Text())
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	return out
}
