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
