package inventory

import (
	"testing"

	"pons/fact"
)

// TestClassByModality holds that a device which sends images of one kind is what makes them, and an archive is not.
func TestClassByModality(t *testing.T) {
	n := NewNormalizer(catalog)
	for _, c := range []struct {
		name       string
		modalities []string
		model      string
		want       string
	}{
		{"a scanner that nobody knows", []string{"CT"}, "ACME 9000", "ct"},
		{"an archive sends all kinds", []string{"CT", "MR"}, "ACME 9000", ""},
		{"a modality without equipment", []string{"MR"}, "", ""},
		{"a modality that is no device", []string{"SR"}, "ACME X", ""},
		{"the catalogue knows the model", []string{"US"}, "LOGIQ E9", "ultrasound"},
	} {
		r := fact.Record{Source: "wire", Subject: fact.Host("00:80:40:11:22:01", "")}
		for _, m := range c.modalities {
			r.Facts = append(r.Facts, fact.Fact{Attr: "dicom.modality", Value: m, Source: "wire:dicom", Because: "frame 1"})
		}
		if c.model != "" {
			r.Facts = append(r.Facts, fact.Fact{Attr: "dicom.manufacturer", Value: "ACME IMAGING", Source: "wire:dicom"}, fact.Fact{Attr: "dicom.model", Value: c.model, Source: "wire:dicom"})
		}
		got := ""
		for _, s := range n.Statements("wire", &r) {
			if s.Attr == fact.Class {
				got = s.Value
			}
		}
		if got != c.want {
			t.Errorf("%s: class %q, want %q", c.name, got, c.want)
		}
	}
}

// TestNamesOfPlant holds that what plant, power, scales and telephones say of themselves in fields made for it names the
// device.
func TestNamesOfPlant(t *testing.T) {
	n := NewNormalizer(catalog)
	for _, c := range []struct {
		said  map[fact.Attr]string
		attr  fact.Attr
		value string
	}{
		{map[fact.Attr]string{"lldp.med_manufacturer": "Acme Telephones", "lldp.med_software": "4.2.1"}, fact.SoftwareVersion, "4.2.1"},
		{map[fact.Attr]string{"cip.product_name": "1756-EN2T/B", "cip.revision": "5.28"}, fact.SoftwareVersion, "5.28"},
		{map[fact.Attr]string{"fins.model": "CJ2M-CPU33", "fins.version": "02.01"}, fact.Manufacturer, "Omron"},
		{map[fact.Attr]string{"fins.model": "CJ2M-CPU33"}, fact.Model, "CJ2M-CPU33"},
		{map[fact.Attr]string{"fox.host_name": "jace-east"}, fact.Hostname, "jace-east"},
		{map[fact.Attr]string{"fox.host_name": "192.0.2.7"}, fact.Hostname, ""},
		{map[fact.Attr]string{"sics.model": "MS3002S", "sics.serial": "B021002593"}, fact.Serial, "B021002593"},
		{map[fact.Attr]string{"snmp.ups_model": "Smart-UPS 3000"}, fact.Model, "Smart-UPS 3000"},
		{map[fact.Attr]string{"cdp.platform": "cisco WS-C2940-8TT-S"}, fact.Model, "WS-C2940-8TT-S"},
	} {
		r := fact.Record{Source: "wire", Subject: fact.Host("00:80:40:11:22:01", "")}
		for a, v := range c.said {
			r.Facts = append(r.Facts, fact.Fact{Attr: a, Value: v, Source: "wire", Because: "frame 1"})
		}
		got := ""
		for _, s := range n.Statements("wire", &r) {
			if s.Attr == c.attr && got == "" {
				got = s.Value
			}
		}
		if got != c.value {
			t.Errorf("%v: %s %q, want %q", c.said, c.attr, got, c.value)
		}
	}
}
