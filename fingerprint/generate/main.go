// Package main compiles the IEEE registries of MAC prefixes (oui.csv, mam.csv, oui36.csv and iab.csv, as
// standards-oui.ieee.org publishes them) into the table that package fingerprint embeds. It decides what of the
// registries can name a device's maker; looking a MAC up is left to fingerprint.
//
// The table is gzipped text: a line per registered name, in byte order, with the name, a tab, and its prefixes
// as upper-case hexadecimal in order, separated by blanks. "zcat data/ieee.txt.gz" shows it.
//
// Usage: generate <registry folder> <output file>
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// registries are the files read and the number of hexadecimal digits of an assignment in each: 24, 28 and 36
// bits. IABs are the 36-bit blocks of before 2014.
var registries = []struct {
	file   string
	digits int
}{{"oui.csv", 6}, {"mam.csv", 7}, {"oui36.csv", 9}, {"iab.csv", 9}}

// nobody matches the names that name no maker: a registrant who bought silence, and the registry itself, which
// holds the blocks that it deals out as longer prefixes.
var nobody = regexp.MustCompile(`(?i)^(private|ieee registration authority)$`)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: generate <folder with oui.csv, mam.csv, oui36.csv, iab.csv> <output file>")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(dir, out string) error {
	table, err := compile(dir)
	if err != nil {
		return err
	}
	packed, err := pack(table)
	if err != nil {
		return err
	}
	return os.WriteFile(out, packed, 0o644)
}

// compile reads the registries in dir and returns the table's text.
func compile(dir string) ([]byte, error) {
	names := map[string]string{} // by prefix; "" once two registrants hold it
	for _, reg := range registries {
		f, err := os.Open(filepath.Join(dir, reg.file))
		if err != nil {
			return nil, err
		}
		err = read(f, reg.digits, names)
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", reg.file, err)
		}
	}
	prefixes := map[string][]string{}
	for prefix, name := range names {
		if name != "" {
			prefixes[name] = append(prefixes[name], prefix)
		}
	}
	sorted := make([]string, 0, len(prefixes))
	for name := range prefixes {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	var out bytes.Buffer
	for _, name := range sorted {
		slices.Sort(prefixes[name])
		fmt.Fprintf(&out, "%s\t%s\n", name, strings.Join(prefixes[name], " "))
	}
	return out.Bytes(), nil
}

// read adds a registry's assignments of the given number of digits to names. An assignment that two different
// registrants hold (080030 has three, from before the registry was kept at IEEE) names neither; one with the
// group or local bit set is no maker's promise and is left out.
func read(r io.Reader, digits int, names map[string]string) error {
	rows := csv.NewReader(r)
	rows.FieldsPerRecord = 4
	for line := 0; ; line++ {
		row, err := rows.Read()
		if err == io.EOF {
			if line < 2 {
				return errors.New("holds no assignments")
			}
			return nil
		}
		if err != nil {
			return err
		}
		if line == 0 {
			if row[1] != "Assignment" || row[2] != "Organization Name" {
				return fmt.Errorf("columns are %q, want Registry, Assignment, Organization Name, Organization Address", row)
			}
			continue
		}
		prefix, name := strings.ToUpper(row[1]), strings.Join(strings.Fields(row[2]), " ")
		bits, err := strconv.ParseUint(prefix, 16, 64)
		if err != nil || len(prefix) != digits {
			return fmt.Errorf("assignment %q of %q is not %d hexadecimal digits", row[1], name, digits)
		}
		if first := bits >> (4*digits - 8); first&3 != 0 || nobody.MatchString(name) {
			continue
		}
		if before, twice := names[prefix]; twice && before != name {
			name = ""
		}
		names[prefix] = name
	}
}

// pack gzips the table, without a time so that the same table gives the same bytes.
func pack(table []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(table); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
