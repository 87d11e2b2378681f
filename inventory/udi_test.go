package inventory

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"pons/fact"
	"pons/fault"
	"pons/sqldb"
)

func saidOf(said []Statement, attr fact.Attr) string {
	var all []string
	for _, s := range said {
		if s.Attr == attr {
			all = append(all, s.Value)
		}
	}
	return strings.Join(all, " ")
}

func TestReadUDI(t *testing.T) {
	const carrier = "(01)51022222233336(10)A213B1(21)PX12345"
	n := NewNormalizer(catalog)
	for name, c := range map[string]struct {
		kind            string
		pairs           []string
		di, serial, lot string
		key             string // the identifier as a key
	}{
		"a carrier":                    {"cmms", []string{"udi", carrier}, "51022222233336", "PX12345", "A213B1", "51022222233336"},
		"a carrier in the identifier":  {"cmms", []string{"udi_di", carrier}, "51022222233336", "PX12345", "A213B1", "51022222233336"},
		"both":                         {"cmms", []string{"udi", carrier, "udi_di", carrier}, "51022222233336", "PX12345", "A213B1", "51022222233336"},
		"a stated serial stands":       {"cmms", []string{"udi", carrier, "serial", "PX99999"}, "51022222233336", "PX99999", "A213B1", "51022222233336"},
		"a stated identifier stands":   {"cmms", []string{"udi", carrier, "udi_di", "5901234123457"}, "05901234123457", "PX12345", "A213B1", "05901234123457"},
		"unless it fails its check":    {"cmms", []string{"udi", carrier, "udi_di", "05901234123458"}, "05901234123458 51022222233336", "PX12345", "A213B1", "51022222233336"},
		"zeros of a spreadsheet":       {"cmdb", []string{"udi_di", "614141000036"}, "00614141000036", "", "", "00614141000036"},
		"HIBC":                         {"cmms", []string{"udi", "+A123BJC5D6E71/$$52001510X3C"}, "A123BJC5D6E71", "", "10X3", "A123BJC5D6E71"},
		"an identifier of HIBC":        {"cmms", []string{"udi_di", "A123BJC5D6E71"}, "A123BJC5D6E71", "", "", "A123BJC5D6E71"},
		"a bad check digit":            {"cmms", []string{"udi", "(01)51022222233337(21)PX12345"}, "", "", "", ""},
		"a bad check digit, alone":     {"cmms", []string{"udi_di", "51022222233337"}, "51022222233337", "", "", ""},
		"the wire":                     {"wire", []string{"hl7.udi", carrier}, "51022222233336", "PX12345", "A213B1", "51022222233336"},
		"two carriers, neither a key":  {"wire", []string{"hl7.udi", carrier, "udi", "(01)05901234123457"}, "05901234123457 51022222233336", "PX12345", "A213B1", ""},
		"a serial that is none":        {"cmms", []string{"udi", "(01)51022222233336(21)N/A"}, "51022222233336", "", "", "51022222233336"},
		"a separator of a scanner":     {"cmms", []string{"udi", "]d2015102222223333610A213B1<GS>21PX12345"}, "51022222233336", "PX12345", "A213B1", "51022222233336"},
		"words instead of a UDI":       {"cmms", []string{"udi_di", "on the label"}, "on the label", "", "", ""},
		"a secondary barcode says lot": {"cmms", []string{"udi", "(17)300430(10)A213B1"}, "", "", "A213B1", ""},
	} {
		r := row("x", "1", 1, c.pairs...)
		once := n.Statements(c.kind, &r)
		if di, serial, lot := saidOf(once, fact.UDIDI), saidOf(once, fact.Serial), saidOf(once, lotAttr); di != c.di || serial != c.serial || lot != c.lot {
			t.Errorf("%s: di %q, serial %q, lot %q", name, di, serial, lot)
		}
		if p := (&Record{Source: "x", Key: "1", Kind: c.kind, Said: once}).profile(); p.UDIDI != c.key {
			t.Errorf("%s: key %q, wants %q", name, p.UDIDI, c.key)
		}
		if again := n.Statements(c.kind, &fact.Record{Source: r.Source, Facts: asWritten(once)}); !slices.Equal(once, again) {
			t.Errorf("%s: normalised again\n%+v\nis\n%+v", name, once, again)
		}
	}
	r := row("cmms", "1", 1, "udi", carrier)
	for _, s := range n.Statements("cmms", &r) {
		if s.Attr == fact.Serial && s.Because != "GS1 AI (21) of the UDI, column udi" {
			t.Errorf("serial because %s", s.Because)
		}
	}
	r = row("cmms", "1", 1, "udi_di", "51022222233337")
	if s := n.Statements("cmms", &r)[0]; !strings.Contains(s.Because, "computed 6") {
		t.Errorf("a bad check digit is not said: %s", s.Because)
	}
}

// TestUDILinks: identifier and serial together are one device wherever they come from; the identifier alone names a model.
func TestUDILinks(t *testing.T) {
	byLabel := row("cmms", "CE-1", 1, "control_number", "CE-1", "udi", "(01)51022222233336(21)PX12")
	byColumns := row("cmdb", "A1", 1, "asset_tag", "A1", "udi_di", "51022222233336", "serial", "PX12")
	sameModel := row("cmdb", "A2", 2, "asset_tag", "A2", "udi_di", "51022222233336", "serial", "PX77")
	noSerial := row("itam", "T1", 1, "udi_di", "51022222233336")
	otherModel := row("itam", "T2", 2, "udi_di", "05901234123457", "serial", "PX12")
	badCheck := row("itam", "T3", 3, "udi_di", "51022222233337", "serial", "PX12")
	lists := []struct {
		source, kind string
		rows         []fact.Record
	}{{"cmms", "cmms", []fact.Record{byLabel}}, {"cmdb", "cmdb", []fact.Record{byColumns, sameModel}}, {"itam", "itam", []fact.Record{noSerial, otherModel, badCheck}}}
	want := ""
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}} {
		onBoth(t, func(t *testing.T, inv *Inventory) {
			for _, i := range order {
				bring(t, inv, lists[i].source, lists[i].kind, lists[i].rows...)
			}
			got := dump(t, inv)
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("order %v:\n%s\nwant\n%s", order, got, want)
			}
			var merged string
			err := inv.db.View(context.Background(), func(tx *sqldb.Tx) error {
				for d, err := range inv.All(tx) {
					if err != nil {
						return err
					}
					if len(d.Records) > 1 {
						merged += d.Records[0].Name() + " " + d.Records[len(d.Records)-1].Name() + "; "
					}
				}
				return nil
			})
			if err != nil || merged != "cmdb/A1 cmms/CE-1; " {
				t.Errorf("merged: %s %v", merged, err)
			}
		})
	}
}

func TestAPersonsIdentifierIsChecked(t *testing.T) {
	for text, want := range map[string]string{"(01)51022222233336(21)1": "51022222233336", "614141000036": "00614141000036", "A123BJC5D6E71": "A123BJC5D6E71"} {
		if got, err := CleanValue(fact.UDIDI, text); got != want || err != nil {
			t.Errorf("%s: %q %v", text, got, err)
		}
	}
	for _, text := range []string{"51022222233337", "(21)PX1", "no idea"} {
		if got, err := CleanValue(fact.UDIDI, text); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %q %v", text, got, err)
		}
	}
}
