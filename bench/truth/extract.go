package truth

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// addresses are the columns before those of an account's fields: who sent a frame, by its outermost headers.
var addresses = []string{"eth.src", "ip.src"}

// Extract asks tshark of every capture below dir and writes its account in the shape of identity_tshark.jsonl, which
// Tshark reads: so that captures that nobody wrote an account of are scored too. tshark must be installed; a capture
// that it cannot read is left out and named on log.
func Extract(dir string, out, log io.Writer) error {
	columns := slices.Concat(addresses, slices.Sorted(maps.Keys(fields)))
	args := []string{"-n", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|"}
	for _, c := range columns {
		args = append(args, "-e", c)
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !captured(path) {
			return err
		}
		var said bytes.Buffer
		cmd := exec.Command("tshark", append([]string{"-r", path}, args...)...)
		cmd.Stdout = &said
		if err := cmd.Run(); err != nil && said.Len() == 0 {
			fmt.Fprintf(log, "%s: %v\n", path, err)
			return nil
		}
		name, err := filepath.Rel(dir, path)
		if hosts := tell(columns, &said); err == nil && len(hosts) > 0 {
			err = enc.Encode(map[string]any{"pcap": filepath.ToSlash(name), "hosts": hosts})
		}
		return err
	})
}

// captured tells captures by their first bytes: pcap in either order of bytes and either unit of time, and pcapng.
func captured(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	var magic [4]byte
	if _, err := io.ReadFull(file, magic[:]); err != nil {
		return false
	}
	switch string(magic[:]) {
	case "\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1", "\xa1\xb2\x3c\x4d", "\x0a\x0d\x0d\x0a":
		return true
	}
	return false
}

// tell reads a line a frame, a column a field, and collects the values that differ by host.
func tell(columns []string, lines io.Reader) map[string]map[string][]string {
	hosts := map[string]map[string][]string{}
	sc := bufio.NewScanner(lines)
	sc.Buffer(nil, 1<<26)
	for sc.Scan() {
		row := strings.Split(sc.Text(), "\t")
		if len(row) != len(columns) {
			continue
		}
		mac, _, _ := strings.Cut(row[0], "|")
		ip, _, _ := strings.Cut(row[1], "|")
		for i := len(addresses); i < len(row); i++ {
			if row[i] == "" {
				continue
			}
			at := mac + "|" + ip
			if hosts[at] == nil {
				hosts[at] = map[string][]string{}
			}
			if said := hosts[at][columns[i]]; !slices.Contains(said, row[i]) {
				hosts[at][columns[i]] = append(said, row[i])
			}
		}
	}
	return hosts
}
