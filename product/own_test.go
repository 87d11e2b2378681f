package product_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pons/product"
)

// What a person adds by a click is a line that another person would have written, and does what it says.
func TestAddLines(t *testing.T) {
	c := product.Default()
	text := product.AddMaker("# ours\n@makers\nAcme Pumps | | Acme\n\n@models Philips\nMX800 | patient-monitor\n", "Philips", "Fillipps NV")
	text = product.AddMaker(text, "Philips", "Royal | Phil; {x}")
	text = product.AddMaker(text, "Acme Pumps", "Universal Pump Works")
	text = product.AddModel(text, "Acme Pumps", "F-9", "infusion-pump", "")
	text = product.AddModel(text, "Acme Pumps", "F-9", "infusion-pump", "F9 Deluxe")
	want := `# ours
@makers
Acme Pumps | | Acme; Universal Pump Works
> Universal Pump Works
Philips | | Fillipps NV; Royal Phil x
> Fillipps NV; Royal Phil x

@models Philips
MX800 | patient-monitor

@models Acme Pumps
F-9 | infusion-pump | | F9 Deluxe
> F9 Deluxe
`
	if text != want {
		t.Fatalf("got:\n%s", text)
	}
	c, err := c.Check(text)
	if err != nil {
		t.Fatal(err)
	}
	if id := c.Identify("UNIVERSAL PUMP WORKS INC", "f9 deluxe", ""); id.Maker != "Acme Pumps" || id.Model != "F-9" || id.Class != "infusion-pump" {
		t.Errorf("read as %+v", id)
	}
	if again := product.AddMaker(text, "Philips", "Fillipps NV"); again != text {
		t.Errorf("said twice:\n%s", again)
	}
}

// Whatever a list calls a maker or a model can be added: the text stays well formed, and the name is read.
func TestAddAnything(t *testing.T) {
	names := rapid.StringMatching(`[ =>#@|;{}a-zäß.,/-]{0,20}qj[a-z0-9 |;]{4,12}`)
	text := product.AddMaker("", "Zqx Devices", "")
	for seed := range 200 {
		text = product.AddMaker(text, "Zqx Devices", names.Example(seed))
		text = product.AddModel(text, "Zqx Devices", names.Example(1000+seed), "infusion-pump", "")
	}
	if _, err := product.Default().Check(text); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

// Every mistake has its own line, and its mend; an example that does not hold is a mistake.
func TestMistakes(t *testing.T) {
	_, err := product.Default().Check("@makers\nA | B | C | D\n\n@nonsense\nx\n@models Nobody\nX 1 | ct\n@classes\nx-1 | X | | plants | | |\n")
	var wrong product.Mistakes
	if !errors.As(err, &wrong) {
		t.Fatal(err)
	}
	var lines []int
	for _, m := range wrong {
		lines = append(lines, m.Line)
		if m.Text != 4 {
			t.Errorf("%v is of text %d", m, m.Text)
		}
	}
	if !slices.Equal(lines, []int{2, 4, 6, 9}) {
		t.Errorf("lines %v: %v", lines, err)
	}
	for text, want := range map[string]string{
		"@makers\nAcme Pumps | | Acme\n> Acme; Philips": `line 3: example "Philips" is read as Philips, not as Acme Pumps`,
		"> Acme": `line 1: example "Acme" stands beneath no maker`,
		"@makers\nAcme Pumps | | Acme\n@models Acme Pumps\nF-9 | infusion-pump\n> F-12":         `line 5: example "F-12" is read as nothing known, not as F-9`,
		"@classes\nhelipad-light | Helipad light | | ot | C | | landing light\n> infusion pump": `line 3: example "infusion pump" is read as infusion-pump, not as helipad-light`,
	} {
		if _, err := product.Default().Check(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// What people can look up is what the catalog holds.
func TestContents(t *testing.T) {
	c, err := product.Default().With("@makers\nAcme Pumps | Philips | Acme\n@models Acme Pumps\nF-9 | infusion-pump | 990001 | Nine\n@classes\nhelipad-light | Helipad light | | ot | C | |\n")
	if err != nil {
		t.Fatal(err)
	}
	makers, models := c.Contents()
	names := make([]string, len(makers))
	for i, m := range makers {
		names[i] = m.Name
		if m.Own != (m.Name == "Acme Pumps") {
			t.Errorf("%s: own %v", m.Name, m.Own)
		}
		if m.Name == "Acme Pumps" && (m.Owner != "Philips" || !slices.Equal(m.Spellings, []string{"Acme"})) {
			t.Errorf("%+v", m)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, c.Makers()) {
		t.Error("the makers to look up are not the catalog's")
	}
	for _, m := range models {
		k, ok := c.Class(m.Class)
		if !ok || m.Own != (m.Maker == "Acme Pumps") {
			t.Errorf("%+v is of %+v", m, k)
		}
	}
	if k, _ := c.Class("helipad-light"); !k.Own {
		t.Error("a class of the hospital's own is not marked")
	}
}
