package product_test

import (
	"strings"
	"sync"
	"testing"

	"pons/product"
)

func TestIdentify(t *testing.T) {
	c := product.Default()
	for _, r := range []struct {
		maker, model, description string
		want                      product.Identity
	}{
		// The model tells maker, class and category.
		{"", "LIFEPAK 15", "", product.Identity{Maker: "Stryker", Model: "LIFEPAK 15", Class: "defibrillator", Category: "medical"}},
		{"unknown", "LogiqE9", "", product.Identity{Maker: "GE HealthCare", Model: "LOGIQ E9", Class: "ultrasound", Category: "medical"}},
		{"N/A", "GE HealthCare LOGIQ E9", "", product.Identity{Maker: "GE HealthCare", Model: "LOGIQ E9", Class: "ultrasound", Category: "medical"}},
		{"Lenovo", "20UD", "", product.Identity{Maker: "Lenovo", Model: "ThinkPad T14", ModelNumber: "20UD", Class: "laptop", Category: "it"}},
		{"B BRAUN", "8713050u", "", product.Identity{Maker: "B. Braun", Model: "Infusomat Space", ModelNumber: "8713050U", Class: "infusion-pump", Category: "medical"}},
		// Predecessors and brands.
		{"Agilent", "MX500", "PATIENT MONITOR", product.Identity{Maker: "Philips", Model: "IntelliVue MX500", Class: "patient-monitor", Category: "medical"}},
		{"HP", "M1205A", "", product.Identity{Maker: "Philips", Model: "M1205A", Class: "patient-monitor", Category: "medical"}},
		{"Hill-Rom", "CVSM 6000", "", product.Identity{Maker: "Welch Allyn", Model: "Connex VSM 6000", Class: "vital-signs-monitor", Category: "medical"}},
		{"Philips", "V60", "", product.Identity{Maker: "Philips Respironics", Model: "V60", Class: "niv-device", Category: "medical"}},
		// Words around, voltages, colours, two models in a cell.
		{"B. Braun", "Infusomat Space w/ SpaceStation", "", product.Identity{Maker: "B. Braun", Model: "Infusomat Space", Class: "infusion-pump", Category: "medical"}},
		{"Alaris", "PUMP MODULE 8100 115V", "", product.Identity{Maker: "Becton Dickinson", Model: "Alaris 8100", ModelNumber: "8100", Class: "infusion-pump-module", Category: "medical"}},
		{"Philips", "MX800/MX700", "", product.Identity{Maker: "Philips", Model: "IntelliVue MX800", Class: "patient-monitor", Category: "medical"}},
		{"Dell", "Optiplex 7080 Micro (black)", "", product.Identity{Maker: "Dell", Model: "OptiPlex 7080", Class: "workstation", Category: "it"}},
		{"", "", "Alaris 8015 PCU infusion pump", product.Identity{Maker: "Becton Dickinson", Model: "Alaris 8015", Class: "infusion-pump", Category: "medical"}},
		// The description alone, also inverted; the most specific wording wins.
		{"Acme", "F-9", "PUMP, INFUSION", product.Identity{Maker: "Acme", Model: "F-9", Class: "infusion-pump", Category: "medical"}},
		{"Acme", "F-9", "INFUSION PUMP MODULE", product.Identity{Maker: "Acme", Model: "F-9", Class: "infusion-pump-module", Category: "medical"}},
		{"Acme", "F-9", "INFUSION PUMP, SYRINGE", product.Identity{Maker: "Acme", Model: "F-9", Class: "syringe-pump", Category: "medical"}},
		{"Acme", "F-9", "Defibrilator", product.Identity{Maker: "Acme", Model: "F-9", Class: "defibrillator", Category: "medical"}},
		{"Acme", "F-9", "BATTERY, DEFIBRILLATOR", product.Identity{Maker: "Acme", Model: "F-9", Class: "accessory", Category: "medical"}},
		{"Acme", "F-9", "MONITOR, BEDSIDE, WITH STAND", product.Identity{Maker: "Acme", Model: "F-9", Class: "patient-monitor", Category: "medical"}},
		{"Siemens", "ABC", "HVAC controller", product.Identity{Maker: "Siemens", Model: "ABC", Class: "hvac-controller", Category: "ot"}},
		{"Siemens", "ABC", "CT scanner", product.Identity{Maker: "Siemens Healthineers", Model: "ABC", Class: "ct", Category: "medical"}},
		// The model's text as a description, and nothing at all.
		{"Acme", "Infusion pump", "", product.Identity{Maker: "Acme", Model: "Infusion pump", Class: "infusion-pump", Category: "medical"}},
		{"Acme", "F-9", "", product.Identity{Maker: "Acme", Model: "F-9"}},
		{"", "", "", product.Identity{}},
		{"Dr\xe4ger", "V500", "", product.Identity{Maker: "Draeger", Model: "Evita V500", Class: "ventilator", Category: "medical"}},
		{"Dr\ufffdger", "Evita V500", "", product.Identity{Maker: "Draeger", Model: "Evita V500", Class: "ventilator", Category: "medical"}},
		{"DrÃ¤ger", "V500", "", product.Identity{Maker: "Draeger", Model: "Evita V500", Class: "ventilator", Category: "medical"}},
	} {
		got := c.Identify(r.maker, r.model, r.description)
		if got.Maker != r.want.Maker || got.Model != r.want.Model || got.ModelNumber != r.want.ModelNumber || got.Class != r.want.Class || got.Category != r.want.Category {
			t.Errorf("%q %q %q is %+v, not %+v", r.maker, r.model, r.description, got, r.want)
		}
		if (got.Class == "") != (got.Confidence == 0) || got.Confidence > 0.95 {
			t.Errorf("%q %q %q: class %q with confidence %v", r.maker, r.model, r.description, got.Class, got.Confidence)
		}
		if got.Class != "" && len(got.Because) == 0 {
			t.Errorf("%q %q %q: no reason given", r.maker, r.model, r.description)
		}
	}
	if id := c.Identify("Philips", "MX800/MX700", ""); !strings.Contains(strings.Join(id.Because, " "), "first known") {
		t.Errorf("two models in a cell go unsaid: %q", id.Because)
	}
}

// Every spelling of models.txt names its model beside its maker's name.
func TestModelsNameThemselves(t *testing.T) {
	c := product.Default()
	maker, models, spellings, wrong := "", 0, 0, 0
	for n, line := range lines(t, "data/models.txt") {
		if rest, ok := strings.CutPrefix(line, "@models "); ok {
			maker = rest
			continue
		}
		f := strings.Split(line, "|")
		if len(f) < 2 || line[0] == '#' {
			continue
		}
		models++
		name := strings.TrimPrefix(strings.TrimSpace(f[0]), "=")
		for _, s := range strings.Split(strings.Join(append([]string{name}, f[2:]...), ";"), ";") {
			s = strings.TrimPrefix(strings.TrimSpace(s), "=")
			if s == "" {
				continue
			}
			spellings++
			id := c.Identify(maker, s, "")
			if id.Model != name || id.Maker != maker || id.Class != strings.TrimSpace(f[1]) || !id.ModelKnown {
				wrong++
				t.Errorf("line %d: %q of %s is %q %q %q, not %q %q", n+1, s, maker, id.Maker, id.Model, id.Class, name, strings.TrimSpace(f[1]))
			}
		}
	}
	t.Logf("%d models, %d spellings, %d wrong", models, spellings, wrong)
	if models < 400 {
		t.Errorf("only %d models", models)
	}
}

func TestWith(t *testing.T) {
	base := product.Default()
	c, err := base.With(`
@classes
helipad-light | Helipad light | building | ot | C | | helipad light; landing light
@makers
Acme Pumps | | Acme; Acme Infusion
@models Acme Pumps
F-9 | infusion-pump | 990001 | F9 Plus
@models Philips
MX800 Loaner | patient-monitor | | our MX
`)
	if err != nil {
		t.Fatal(err)
	}
	if id := c.Identify("ACME", "990001", ""); id.Maker != "Acme Pumps" || id.Model != "F-9" || id.Class != "infusion-pump" || id.ModelNumber != "990001" {
		t.Errorf("%+v", id)
	}
	if id := c.Identify("Philips", "Our MX", ""); id.Model != "MX800 Loaner" {
		t.Errorf("%+v", id)
	}
	if k, ok := c.ClassBySynonym("LIGHT, LANDING"); !ok || k.Name != "helipad-light" || k.Category != "ot" || k.Parent != "building" {
		t.Errorf("%+v %v", k, ok)
	}
	if _, known := base.Maker("Acme Pumps"); known {
		t.Error("With changed the catalog it came from")
	}
	if id := c.Identify("Alaris", "8100", ""); id.Model != "Alaris 8100" {
		t.Errorf("%+v", id)
	}
	own, err := c.With("@makers\nAlaris Loan Pool | | Alaris")
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := own.Maker("Alaris"); got != "Alaris Loan Pool" {
		t.Errorf("a hospital's own alias does not win: %q", got)
	}
}

func TestWithNamesPlaceAndMend(t *testing.T) {
	for text, want := range map[string]string{
		"Acme | |":                                "begin with @classes",
		"@devices\nAcme":                          "unknown section",
		"@classes\nfoo | Foo | | medical":         "line 2: a class has 7 fields",
		"@classes\nfoo | Foo | | food | | | ":     "category \"food\"",
		"@classes\nfoo | Foo | bar | it | | | ":   "parent \"bar\"",
		"@classes\nfoo | Foo | | it | Q | | ":     "flags \"Q\"",
		"@makers\nAcme":                           "a maker has 2 or 3 fields",
		"@makers\nAcme | Nobody |":                "owner \"Nobody\"",
		"@makers\nAcme | | --":                    "has no letters",
		"@makers\nAcme | | Ac {nope}":             "no class and no category",
		"@makers\nAcme | | Aa\nBeme | | Aa":       "already \"Acme\"'s",
		"@models Nobody\nX 1 | ct":                "unknown maker",
		"@models Philips\nX 1 | nope":             "class \"nope\" is unknown",
		"@models Philips\nX 1 | ct\nX-1 | ct | |": "already \"X 1\"'s",
	} {
		_, err := product.Default().With(text)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "line ") {
			t.Errorf("%q: %v, which does not say %q", text, err, want)
		}
	}
}

func TestClassLookups(t *testing.T) {
	c := product.Default()
	if k, ok := c.ClassByProductCode("FRN"); !ok || k.Name != "infusion-pump" {
		t.Errorf("FRN: %+v", k)
	}
	if k, ok := c.Class("ventilator"); !ok || !k.LifeSupport || k.Category != "medical" || k.Parent != "respiratory" {
		t.Errorf("ventilator: %+v", k)
	}
	for _, miss := range []string{"", "nonsense", "Ventilator"} {
		if _, ok := c.Class(miss); ok {
			t.Errorf("there is a class %q", miss)
		}
		if _, ok := c.ClassByProductCode(miss); ok {
			t.Errorf("there is a code %q", miss)
		}
	}
	for _, miss := range []string{"", "chair for visitors", "unit", "???", "purple"} {
		if k, ok := c.ClassBySynonym(miss); ok {
			t.Errorf("%q is taken for %q", miss, k.Name)
		}
	}
	if n := len(c.Classes()); n < 250 {
		t.Errorf("only %d classes", n)
	}
	if n := len(c.Makers()); n < 800 {
		t.Errorf("only %d makers", n)
	}
}

func TestCatalogIsSharedSafely(t *testing.T) {
	c := product.Default()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				c.Identify("Shenzen Mindray", "BeneVison N15", "PATEINT MONITOR")
				c.Maker("Dr\ufffdger")
				c.ClassBySynonym("PUMP, INFUSION")
			}
		})
	}
	wait.Wait()
}

func FuzzIdentify(f *testing.F) {
	f.Add("DrÃ¤ger", "MX800/MX700", "PUMP, INFUSION")
	f.Add("a/(b)", "+/+", "w/ w/")
	f.Add("\xff\ufffd", "s.p.a.'s", ",,,")
	c := product.Default()
	f.Fuzz(func(t *testing.T, maker, model, description string) {
		id := c.Identify(maker, model, description)
		if id.Class != "" {
			if k, ok := c.Class(id.Class); !ok || k.Category != id.Category {
				t.Errorf("%+v", id)
			}
		}
		if again := c.Identify(maker, model, description); again.Maker != id.Maker || again.Model != id.Model || again.Class != id.Class {
			t.Errorf("%+v, then %+v", id, again)
		}
	})
}
