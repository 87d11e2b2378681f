package demo

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pons/capture"
	"pons/fact"
	"pons/protocol"
	"pons/protocol/arp"
	"pons/protocol/cdp"
	"pons/protocol/dhcp"
	"pons/protocol/dicom"
	"pons/protocol/hl7"
	"pons/protocol/http"
	"pons/protocol/lldp"
	"pons/protocol/llmnr"
	"pons/protocol/mdns"
	"pons/protocol/nbns"
	"pons/protocol/snmp"
	"pons/protocol/tls"
)

// spoken are the parsers of the protocols that the generator speaks.
func spoken() []protocol.Parser {
	return []protocol.Parser{arp.Parser(), lldp.Parser(), cdp.Parser(), dhcp.Parser(), snmp.Parser(), mdns.Parser(), llmnr.Parser(), nbns.Parser(), tls.Parser(), dicom.Parser(), hl7.Parser(), http.Parser()}
}

// heard runs the real parsers over a hospital's captures.
func heard(t *testing.T, dir string, h Hospital) []fact.Record {
	t.Helper()
	var out []fact.Record
	for _, name := range h.Files {
		if !strings.HasSuffix(name, ".pcap") {
			continue
		}
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		source, err := capture.Open(f, name)
		if err != nil {
			t.Fatal(err)
		}
		e := protocol.NewEngine(spoken(), protocol.Options{})
		if _, err := source.Run(context.Background(), func(f capture.Frame) { e.Frame(f.At, uint32(f.Link), f.Number, f.Data) }); err != nil {
			t.Fatal(err)
		}
		c := e.Counters()
		if c.Undecodable > 0 || c.Losses > 0 {
			t.Errorf("%s: %d frames undecodable, %d holes", name, c.Undecodable, c.Losses)
		}
		for _, p := range c.Parsers {
			if p.Errors > 0 {
				t.Errorf("%s: %d of %d conversations of %s end in an error", name, p.Errors, p.Conversations, p.Name)
			}
		}
		out = append(out, e.Finish()...)
	}
	return out
}

// TestWireIsUnderstood: the project's own parsers read the captures without an error, hear every kind of
// statement that the generator makes, and repeat nothing of the phantom patient or of a secret.
func TestWireIsUnderstood(t *testing.T) {
	dir, h := write(t, Options{})
	count := map[fact.Attr]int{}
	for _, r := range heard(t, dir, h) {
		for _, f := range r.Facts {
			count[f.Attr]++
			for _, p := range Phantoms() {
				if strings.Contains(strings.ToLower(f.Value+f.Because+f.Subject.Value), strings.ToLower(p)) {
					t.Errorf("%s = %q repeats %q", f.Attr, f.Value, p)
				}
			}
		}
	}
	for _, a := range []fact.Attr{"dhcp.hostname", "dhcp.vendor_class", "dhcp.param_list", "mdns.name", "mdns.service", "mdns.txt", "nbns.name", "llmnr.name",
		"snmp.sys_descr", "snmp.sys_name", "snmp.sys_object_id", "snmp.sys_location", "snmp.cleartext_community", "lldp.system_name", "lldp.system_description",
		"cdp.device_id", "cdp.platform", "cdp.version", "http.user_agent", "http.server", "tls.sni", "tls.ja3", "tls.ja4", "tls.cert_subject", "tls.cert_not_after",
		"dicom.calling_ae", "dicom.called_ae", "dicom.implementation_class_uid", "dicom.implementation_version", "dicom.manufacturer", "dicom.model",
		"dicom.serial", "dicom.station", "dicom.software", "dicom.modality", "hl7.sending_application", "hl7.sending_facility", "hl7.message_type", "hl7.version", "hl7.equipment_id"} {
		if count[a] == 0 {
			t.Errorf("%s is never heard", a)
		}
	}
}
