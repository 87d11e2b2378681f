package all_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pons/capture"
	"pons/fact"
	"pons/protocol"
	"pons/protocol/all"
)

// corpus holds captures by others and what tshark, an independent implementation, says of the hosts in them.
const corpus = "../../../shared/data/pcap"

func corpusFiles(t testing.TB) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(corpus, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (strings.Contains(path, ".pcap") || strings.HasSuffix(path, ".cap") || strings.HasSuffix(path, ".trace")) {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil || len(paths) < 700 {
		t.Fatalf("%s holds %d captures (%v)", corpus, len(paths), err)
	}
	return paths
}

// discover reads captured bytes with every parser; the error is the capture's.
func discover(data []byte, name string) ([]fact.Record, protocol.Counters, error) {
	e := protocol.NewEngine(all.Parsers(), protocol.Options{})
	src, err := capture.Open(bytes.NewReader(data), name)
	if err == nil {
		_, err = src.Run(context.Background(), func(f capture.Frame) { e.Frame(f.At, uint32(f.Link), f.Number, f.Data) })
	}
	return e.Finish(), e.Counters(), err
}

// wanted is one value of one host by tshark's account, in the words of CONTRACTS.md.
type wanted struct {
	mac, ip string
	attr    fact.Attr
	values  []string // pieces that must all be found in one value
}

// floor is the recall reached where it is not 1; a change that falls below it has lost something. What is missing
// of HTTP and TLS is inside QUIC, SOCKS, STARTTLS, SCTP and 802.11, or has no address in tshark's account.
var floor = map[fact.Attr]float64{"http.user_agent": 0.87, "http.server": 0.92, "tls.sni": 0.85, "tls.ja3": 0.88}

// identityFields maps tshark's fields to attributes. Others are of protocols that are not read yet, or credentials.
var identityFields = map[string]fact.Attr{
	"dhcp.option.hostname":          "dhcp.hostname",
	"dhcp.option.vendor_class_id":   "dhcp.vendor_class",
	"dhcp.option.request_list_item": "dhcp.param_list",
	"nbns.name":                     "nbns.name",
	"lldp.tlv.system.name":          "lldp.system_name",
	"lldp.tlv.system.desc":          "lldp.system_description",
	"cdp.deviceid":                  "cdp.device_id",
	"cdp.platform":                  "cdp.platform",
	"cdp.software_version":          "cdp.version",
	"snmp.community":                "snmp.cleartext_community",
	"dns.ptr.domain_name":           "mdns.service",
	"dns.txt":                       "mdns.txt",

	"http.user_agent":                      "http.user_agent",
	"http.server":                          "http.server",
	"tls.handshake.extensions_server_name": "tls.sni",
	"tls.handshake.ja3":                    "tls.ja3",
}

// labKinds maps the kinds of the lab capture's list, by protocol.
var labKinds = map[string]fact.Attr{
	"dhcp hostname": "dhcp.hostname", "dhcp vendor_class": "dhcp.vendor_class", "dhcp param_list": "dhcp.param_list",
	"dhcp assigned_ip": "dhcp.assigned_ip",
	"snmp sysDescr":    "snmp.sys_descr", "snmp sysName": "snmp.sys_name", "snmp sysLocation": "snmp.sys_location",
	"snmp sysObjectID": "snmp.sys_object_id",
	"dicom ae_calling": "dicom.calling_ae", "dicom ae_called": "dicom.called_ae",
	"dicom impl_class_uid": "dicom.implementation_class_uid", "dicom impl_version": "dicom.implementation_version",
	"dicom manufacturer": "dicom.manufacturer", "dicom model": "dicom.model", "dicom serial": "dicom.serial",
	"dicom software": "dicom.software", "dicom station_name": "dicom.station", "dicom modality": "dicom.modality",
	"hl7 sending_app": "hl7.sending_application", "hl7 sending_facility": "hl7.sending_facility",
	"hl7 receiving_app": "hl7.receiving_application", "hl7 receiving_facility": "hl7.receiving_facility",
	"hl7 message_type": "hl7.message_type", "hl7 version": "hl7.version",
}

func identity(t *testing.T) map[string][]wanted {
	out := map[string][]wanted{}
	for _, line := range jsonLines(t, "identity_tshark.jsonl") {
		var entry struct {
			Pcap  string
			Hosts map[string]map[string][]string
		}
		if err := json.Unmarshal(line, &entry); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(corpus, strings.TrimPrefix(entry.Pcap, "dev/pcap/"))
		for host, fields := range entry.Hosts {
			mac, ip, _ := strings.Cut(host, "|")
			for field, values := range fields {
				attr, ok := identityFields[field]
				if !ok {
					continue
				}
				for _, v := range values {
					w := wanted{mac: mac, ip: ip, attr: attr}
					switch attr {
					case "dhcp.param_list":
						w.values = []string{strings.ReplaceAll(v, "|", ",")}
					case "snmp.cleartext_community":
						w.values = []string{"true"}
					case "nbns.name":
						v, _, _ = strings.Cut(v, "<")
						w.values = []string{v}
					default:
						w.values = strings.Split(v, "|")
					}
					out[path] = append(out[path], w)
				}
			}
		}
	}
	for _, line := range jsonLines(t, "lab/facts_tshark.jsonl") {
		var entry struct{ Pcap, MAC, IP, Proto, Kind, Value string }
		if err := json.Unmarshal(line, &entry); err != nil {
			t.Fatal(err)
		}
		attr, ok := labKinds[entry.Proto+" "+entry.Kind]
		if path := filepath.Join(corpus, strings.TrimPrefix(entry.Pcap, "pcap/")); ok && strings.HasPrefix(entry.Pcap, "pcap/") {
			out[path] = append(out[path], wanted{mac: entry.MAC, ip: entry.IP, attr: attr, values: []string{entry.Value}})
		}
	}
	return out
}

func jsonLines(t *testing.T, name string) (lines [][]byte) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(corpus, name))
	if err != nil {
		t.Fatal(err)
	}
	sc := bufio.NewScanner(bytes.NewReader(data))
	sc.Buffer(nil, 1<<24)
	for sc.Scan() {
		lines = append(lines, slices.Clone(sc.Bytes()))
	}
	return lines
}

// isHost tells whether the record is of the wanted host.
func (w wanted) isHost(r *fact.Record) bool {
	return w.mac != "" && slices.Contains(r.All(fact.MAC), w.mac) || w.ip != "" && slices.Contains(r.All(fact.IP), w.ip)
}

// said tells whether the records say the wanted value of the wanted host.
func (w wanted) said(records []fact.Record) bool {
	for i := range records {
		r := &records[i]
		if !w.isHost(r) {
			continue
		}
		values := r.All(w.attr)
		if w.attr == "mdns.service" {
			values = append(values, r.All("mdns.name")...)
		}
		all := true
		for _, piece := range w.values {
			piece = strings.Join(strings.Fields(piece), " ") // values are one line
			all = all && slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, piece) })
		}
		if all {
			return true
		}
	}
	return false
}

// TestIdentity scores what is said of each host against tshark's account, per attribute. Where the two differ by
// decision, apart.go says why; everything else must be found.
func TestIdentity(t *testing.T) {
	total, found := map[fact.Attr]int{}, map[fact.Attr]int{}
	for path, wants := range identity(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		records, _, _ := discover(data, path)
		for _, w := range wants {
			if apart(filepath.Base(path), &w) != "" {
				continue
			}
			total[w.attr]++
			if w.said(records) {
				found[w.attr]++
			} else {
				t.Logf("missed in %s: %s|%s %s %.150q", filepath.Base(path), w.mac, w.ip, w.attr, w.values)
			}
		}
	}
	for attr, n := range total {
		recall, least := float64(found[attr])/float64(n), 1.0
		if f, ok := floor[attr]; ok {
			least = f
		}
		t.Logf("%-26s %3d of %3d  %.3f", attr, found[attr], n, recall)
		if recall < least {
			t.Errorf("%s: recall %.3f fell below %.3f", attr, recall, least)
		}
	}
}

// TestCorpus reads every shared capture whole. Nothing may panic, and what is held stays inside the bounds.
func TestCorpus(t *testing.T) {
	for _, path := range corpusFiles(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		records, count, _ := discover(data, path)
		sound(t, path, records, count)
	}
}

// TestDamage reads every capture cut and with bytes flipped. What is damaged is counted or named, never fatal.
func TestDamage(t *testing.T) {
	for i, path := range corpusFiles(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 64<<10 { // the beginnings are enough here; the fuzz targets go on
			data = data[:64<<10]
		}
		for cut := len(data) / 3; cut > 0 && cut < len(data); cut += len(data)/3 + 1 {
			records, count, _ := discover(data[:cut], path)
			sound(t, path, records, count)
		}
		flipped := bytes.Clone(data)
		for at := 24 + 16 + i%37; at < len(flipped); at += 97 {
			flipped[at] ^= byte(1 << (at % 8))
		}
		records, count, _ := discover(flipped, path)
		sound(t, path+" flipped", records, count)
	}
}

// sound checks what must hold of any records.
func sound(t *testing.T, path string, records []fact.Record, count protocol.Counters) {
	t.Helper()
	for _, p := range count.Parsers {
		if p.Panics > 0 {
			t.Errorf("%s: %s panicked %d times", path, p.Name, p.Panics)
		}
	}
	for _, r := range records {
		mac, ip := r.Subject.SplitHost()
		if r.Subject.Kind != "child" && r.Subject.Kind != "host" || r.Subject.Kind == "host" && (mac == "") == (ip == "") {
			t.Errorf("%s: the subject %v is not one MAC or one IP", path, r.Subject)
		}
		for _, f := range r.Facts {
			if f.Value == "" || strings.ContainsAny(f.Value, "\n\r\t\x00\x1b") {
				t.Errorf("%s: %s = %q", path, f.Attr, f.Value)
			}
		}
	}
}
