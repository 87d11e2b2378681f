package product_test

import (
	"strings"
	"testing"

	"pons/product"
)

func BenchmarkIdentify(b *testing.B) {
	c := product.Default()
	for _, r := range []struct{ name, maker, model, description string }{
		{"known", "Philips", "IntelliVue MX800", "PATIENT MONITOR"},
		{"within", "Alaris", "Alaris 8100 LVP MODULE", "INFUSION PUMP MODULE"},
		{"misspelt", "Shenzen Mindray", "BeneVison N15", "PATEINT MONITOR"},
		{"unknown", "Acme Widgets of Ohio", "Frobnicator 9000 XLT w/ stand", "MONITOR, BEDSIDE, UNUSUAL KIND"},
		{"hostile", strings.Repeat("co / ", 4000), strings.Repeat("a 1 ", 4000), strings.Repeat("s, ", 4000)},
	} {
		b.Run(r.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.Identify(r.maker, r.model, r.description)
			}
		})
	}
}

func BenchmarkWith(b *testing.B) {
	c := product.Default()
	for b.Loop() {
		if _, err := c.With("@makers\nAcme | | Acme Medical Devices"); err != nil {
			b.Fatal(err)
		}
	}
}
