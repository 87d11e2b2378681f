package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCommittedTable holds that the committed table is what the registries of ../shared/data give. The text within
// the gzip is compared: how Go's compressor packs it may change with Go.
func TestCommittedTable(t *testing.T) {
	want, err := compile("../../../shared/data/fingerprints/ieee")
	if err != nil {
		t.Fatal(err)
	}
	packed, err := os.ReadFile("../data/ieee.txt.gz")
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("data/ieee.txt.gz holds %d bytes that are not the %d of the registries; run go generate ./fingerprint", len(got), len(want))
	}
}

const header = "Registry,Assignment,Organization Name,Organization Address\n"

// registriesOf writes the four files with the given rows.
func registriesOf(t *testing.T, oui, mam, oui36, iab string) string {
	t.Helper()
	dir := t.TempDir()
	for file, rows := range map[string]string{"oui.csv": oui, "mam.csv": mam, "oui36.csv": oui36, "iab.csv": iab} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(rows), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestCompile(t *testing.T) {
	dir := registriesOf(t,
		header+"MA-L,001122,\" Zeta  Medical\nInc \",nowhere\nMA-L,00AABB,Zeta Medical Inc,\nMA-L,080030,CERN,\nMA-L,080030,RMIT,\nMA-L,080030,CERN,\n"+
			"MA-L,70B3D5,IEEE Registration Authority,\nMA-L,00CC00,Private,\nMA-L,02608C,3COM,\n",
		header+"MA-M,50a0308,Alpha,\nMA-M,50A0308,Alpha,\n", header+"MA-S,70B3D5719,Zeta Medical Inc,\n", header+"IAB,0050C27D5,Beta,\n")
	got, err := compile(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := "Alpha\t50A0308\nBeta\t0050C27D5\nZeta Medical Inc\t001122 00AABB 70B3D5719\n"
	if string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	out := filepath.Join(dir, "out.gz")
	if err := run(dir, out); err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := pack(got); err != nil || !bytes.Equal(first, again) {
		t.Errorf("packed twice, two results (%v)", err)
	}
}

func TestDamagedRegistries(t *testing.T) {
	good := header + "MA-M,50A0308,Alpha,\n"
	for want, rows := range map[string]string{
		"not 7 hexadecimal digits": header + "MA-M,50A030,Alpha,\n",
		"holds no assignments":     header,
		"columns are":              "<html>,moved,to,elsewhere\nMA-M,50A0308,Alpha,\n",
		"wrong number of fields":   header + "MA-M,50A0308\n",
		"not 7 hexadecimal":        header + "MA-M,50A03XX,Alpha,\n",
	} {
		_, err := compile(registriesOf(t, header+"MA-L,001122,Zeta,\n", rows, good, good))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "mam.csv") {
			t.Errorf("%q: error %v, want mam.csv and %q", rows, err, want)
		}
	}
	if err := run(t.TempDir(), filepath.Join(t.TempDir(), "out")); err == nil {
		t.Error("a folder without registries gives a table")
	}
}
