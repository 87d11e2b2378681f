package app

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDeviceDocument holds the JSON of devices against shared/CONTRACTS.md, field by field, for every device of a
// capture (discover) and of a small hospital (devices).
func TestDeviceDocument(t *testing.T) {
	files := hospital(t)
	s := newSite(t)
	captures, err := filepath.Glob(filepath.Join(files, "captures", "*.pcap"))
	if err != nil || len(captures) == 0 {
		t.Fatal(err, captures)
	}
	check := func(command, text string, inventory bool) {
		n := 0
		for line := range strings.Lines(text) {
			n++
			for _, wrong := range documentFaults([]byte(line), inventory) {
				t.Errorf("%s, device %d: %s\n%.300s", command, n, wrong, line)
			}
		}
		if n < 30 {
			t.Errorf("%s: only %d devices", command, n)
		}
	}
	check("discover", s.must(append([]string{"discover", "--format", "jsonl"}, captures...)...), false)
	for _, f := range []string{"cmms.xlsx", "cmdb.csv", "dhcp.csv", "nac.csv"} {
		s.must("import", filepath.Join(files, f), "--source", strings.Split(f, ".")[0])
	}
	s.must(append([]string{"import"}, captures...)...)
	check("devices", s.must("devices", "--format", "jsonl"), true)
}

// documentFaults says what of a device's JSON is not as promised.
func documentFaults(line []byte, inventory bool) (wrong []string) {
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	var d map[string]any
	if err := json.Unmarshal(line, &d); err != nil {
		return []string{err.Error()}
	}
	for _, k := range []string{"id", "category", "class", "manufacturer", "model", "version", "os", "serial", "udi_di"} {
		if _, ok := d[k].(string); !ok {
			bad("%s is no text", k)
		}
	}
	if !slices.Contains([]string{"medical", "iot", "it", "ot", "network", "unknown"}, fmt.Sprint(d["category"])) {
		bad("category %v", d["category"])
	}
	if c, ok := d["confidence"].(float64); !ok || c < 0 || c > 1 {
		bad("confidence %v", d["confidence"])
	}
	for _, k := range []string{"macs", "ips", "hostnames", "services", "facts"} {
		if _, ok := d[k].([]any); !ok {
			bad("%s is no list", k)
		}
	}
	moment := func(of map[string]any, k string) {
		if v, ok := of[k]; ok {
			if _, err := time.Parse(time.RFC3339, fmt.Sprint(v)); err != nil || !strings.HasSuffix(fmt.Sprint(v), "Z") {
				bad("%s %v is no time in UTC", k, v)
			}
		}
	}
	moment(d, "first_seen")
	moment(d, "last_seen")
	fields := func(list any, of string, texts, numbers []string, f func(map[string]any)) {
		for _, x := range list.([]any) {
			m, ok := x.(map[string]any)
			if !ok {
				bad("%s holds %v", of, x)
				continue
			}
			for _, k := range texts {
				if _, ok := m[k].(string); !ok {
					bad("%s: %s is no text", of, k)
				}
			}
			for _, k := range numbers {
				if _, ok := m[k].(float64); !ok {
					bad("%s: %s is no number", of, k)
				}
			}
			f(m)
		}
	}
	if wrong != nil {
		return wrong
	}
	fields(d["services"], "services", []string{"transport", "protocol", "role"}, []string{"port"}, func(map[string]any) {})
	won, said := map[string]bool{}, map[string]bool{}
	fields(d["facts"], "facts", []string{"attr", "value", "source", "at", "because"}, []string{"trust"}, func(m map[string]any) {
		moment(m, "at")
		if w, ok := m["won"].(bool); ok {
			said[fmt.Sprint(m["attr"])] = true
			won[fmt.Sprint(m["attr"])] = won[fmt.Sprint(m["attr"])] || w
		}
		if m["value"] == "" {
			bad("a fact of %v without a value", m["attr"])
		}
	})
	for attr := range said {
		if !won[attr] {
			bad("facts about %s, none of which has won", attr)
		}
	}
	for _, k := range []string{"class", "manufacturer", "model", "serial", "os"} {
		if d[k] != "" && !won[k] {
			bad("%s without a fact", k)
		}
	}
	if !inventory {
		return wrong
	}
	records, ok := d["records"].([]any)
	if !ok || len(records) == 0 {
		bad("no records")
		return wrong
	}
	fields(d["records"], "records", []string{"source", "file", "key"}, nil, func(m map[string]any) {
		if row, ok := m["row"].(float64); m["source"] != "wire" && (!ok || row < 1) {
			bad("row %v of %v", m["row"], m["file"])
		}
	})
	return wrong
}
