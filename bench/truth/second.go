package truth

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"pons/fact"
	"pons/fault"
)

// Second opinions keep Pons from being fitted to tshark: what Arkime and Zeek expect of the captures that they test
// themselves with. They name conversations; a value is claimed of the end whose word it is by the protocol.

// arkime maps fields of Arkime's sessions to the attribute and the end: of the source, else of the destination.
var arkime = []struct {
	field  string
	attr   fact.Attr
	source bool
}{
	{"http.useragent", "http.user_agent", true}, {"tls.ja3", "tls.ja3", true}, {"tls.ja4", "tls.ja4", true}, {"tls.ja3s", "tls.ja3s", false},
	{"quic.host", "tls.sni", true}, {"quic.useragent", "quic.user_agent", true}, {"mqtt.clientId", "mqtt.client_id", true},
	{"opcua.endpointUrl", "opcua.endpoint_url", false}, {"modbus.unitid", "modbus.unit_id", false}, {"snmp.engineId", "snmp.engine_id", false},
	{"dhcp.host", "dhcp.hostname", true}, {"dhcp.classId", "dhcp.vendor_class", true},
}

// Arkime reads the expected sessions (NAME.test beside NAME.pcap) of a folder.
func Arkime(dir string) (claims []Claim, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.test"))
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		path := strings.TrimSuffix(name, ".test") + ".pcap"
		if _, err := os.Stat(path); err != nil {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var test struct {
			Sessions []struct{ Body map[string]any } `json:"sessions3"`
		}
		if err := json.Unmarshal(data, &test); err != nil {
			return nil, fmt.Errorf("%s: %v: %w", name, err, fault.Invalid)
		}
		for _, s := range test.Sessions {
			for _, m := range arkime {
				end := "destination.ip"
				if m.source {
					end = "source.ip"
				}
				ip, mac := "", ""
				if ip, _ = at(s.Body, end).(string); ip == "0.0.0.0" && m.source { // a DHCP client has no address yet
					if macs := texts(at(s.Body, "source.mac")); len(macs) == 1 {
						ip, mac = "", macs[0]
					}
				}
				for _, v := range texts(at(s.Body, m.field)) {
					if m.attr == "opcua.endpoint_url" { // Pons keeps scheme, host and port
						v = strings.Join(strings.SplitN(v, "/", 4)[:3], "/")
					}
					claims = unique(claims, Claim{File: path, MAC: mac, IP: ip, Field: "arkime " + m.field, Attrs: []fact.Attr{m.attr}, Pieces: []string{v}})
				}
			}
		}
	}
	return claims, nil
}

// at follows a dotted path into nested objects.
func at(v map[string]any, path string) any {
	first, rest, more := strings.Cut(path, ".")
	if !more {
		return v[first]
	}
	inner, _ := v[first].(map[string]any)
	return at(inner, rest)
}

func texts(v any) (out []string) {
	switch v := v.(type) {
	case string:
		out = append(out, v)
	case float64:
		out = append(out, strconv.Itoa(int(v)))
	case []any:
		for _, e := range v {
			out = append(out, texts(e)...)
		}
	}
	return out
}

func unique(claims []Claim, c Claim) []Claim {
	if c.IP == "" && c.MAC == "" || c.Pieces[0] == "" || slices.ContainsFunc(claims, func(o Claim) bool {
		return o.File == c.File && o.IP == c.IP && o.MAC == c.MAC && o.Family() == c.Family() && o.Pieces[0] == c.Pieces[0]
	}) {
		return claims
	}
	return append(claims, c)
}

// zeek maps columns of Zeek's logs to the attribute and the end: of the originator, else of the responder.
var zeek = map[string][]struct {
	column     string
	attr       fact.Attr
	originator bool
}{
	"ssh.log":  {{"client", "ssh.banner", true}, {"server", "ssh.banner", false}},
	"ntlm.log": {{"hostname", "ntlm.computer", true}, {"server_nb_computer_name", "ntlm.computer", false}},
	"rdp.log":  {{"client_name", "rdp.client_name", true}},
	"sip.log":  {{"user_agent", "sip.user_agent", true}},
	"ssl.log":  {{"server_name", "tls.sni", true}, {"version", "tls.version", false}},
	"dhcp.log": {{"host_name", "dhcp.hostname", true}, {"assigned_addr", "dhcp.assigned_ip", true}},
}

var zeekVersions = map[string]string{"SSLv3": "SSL 3.0", "TLSv10": "TLS 1.0", "TLSv11": "TLS 1.1", "TLSv12": "TLS 1.2", "TLSv13": "TLS 1.3"}

// Zeek reads the expected logs below dir/Baseline and finds the capture of dir/Traces that each row is about by its
// addresses and ports. Rows whose capture is not there, or not the only one, are left out.
func Zeek(dir string) (claims []Claim, err error) {
	traces := map[string][]byte{}
	err = filepath.WalkDir(filepath.Join(dir, "Traces"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			traces[path], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	logs, err := filepath.Glob(filepath.Join(dir, "Baseline", "*", "*.log"))
	if err != nil {
		return nil, err
	}
	for _, name := range logs {
		columns := zeek[filepath.Base(name)]
		if columns == nil {
			continue
		}
		rows, err := rows(name)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			path := traceOf(traces, row)
			if path == "" {
				continue
			}
			for _, col := range columns {
				v := row[col.column]
				if v == "" || v == "-" || v == "(empty)" || strings.Contains(v, `\x`) {
					continue
				}
				c := Claim{File: path, MAC: row["mac"], IP: row["id.resp_h"], Field: "zeek " + filepath.Base(name) + " " + col.column, Attrs: []fact.Attr{col.attr}}
				if col.originator {
					c.IP = row["id.orig_h"]
				}
				if known := zeekVersions[v]; col.column == "version" {
					if v = known; v == "" {
						continue
					}
				}
				c.Pieces = []string{v}
				claims = unique(claims, c)
			}
		}
	}
	return claims, nil
}

// rows reads a log of tabs; its column names follow #fields, or are the first line.
func rows(name string) (out []map[string]string, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var names []string
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\n")
		if head, ok := strings.CutPrefix(line, "#fields\t"); ok {
			names = strings.Split(head, "\t")
			continue
		}
		if strings.HasPrefix(line, "#") || line == "" {
			continue
		}
		cells := strings.Split(line, "\t")
		if names == nil {
			names = cells
			continue
		}
		row := map[string]string{}
		for i, cell := range cells {
			if i < len(names) {
				row[names[i]] = cell
			}
		}
		out = append(out, row)
	}
	return out, nil
}

// traceOf finds the one capture that holds the row's conversation: source, destination and ports stand in a row in a
// header without options. DHCP rows are found by the client's address and its name.
func traceOf(traces map[string][]byte, row map[string]string) string {
	var needles [][]byte
	if mac, err := net.ParseMAC(row["mac"]); err == nil {
		needles = [][]byte{mac}
		if name := row["host_name"]; name != "" && name != "-" {
			needles = append(needles, []byte(name))
		}
	} else {
		from, err1 := netip.ParseAddr(row["id.orig_h"])
		to, err2 := netip.ParseAddr(row["id.resp_h"])
		p1, err3 := strconv.ParseUint(row["id.orig_p"], 10, 16)
		p2, err4 := strconv.ParseUint(row["id.resp_p"], 10, 16)
		if err1 != nil || err2 != nil || err3 != nil || err4 != nil {
			return ""
		}
		needle := append(from.AsSlice(), to.AsSlice()...)
		needle = binary.BigEndian.AppendUint16(needle, uint16(p1))
		needles = [][]byte{binary.BigEndian.AppendUint16(needle, uint16(p2))}
	}
	found := ""
	for path, data := range traces {
		if slices.ContainsFunc(needles, func(n []byte) bool { return !bytes.Contains(data, n) }) {
			continue
		}
		if found != "" {
			return ""
		}
		found = path
	}
	return found
}
