package fingerprint

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"

	"pons/fact"
	"pons/fault"
)

// recogAttrs says which observation a recog database is about. What stands for none is kept under its own name and
// never fits: Pons does not look at it (it never probes, and does not fetch favicons).
var recogAttrs = map[string]fact.Attr{
	"dhcp_vendor_class": "dhcp.vendor_class", "dns.versionbind": "dns.version", "ftp.banner": "ftp.greeting",
	"html_title": "http.title", "http_header.cookie": "http.cookie", "http_header.server": "http.server",
	"http_header.wwwauth": "http.www_authenticate", "http_header.x-powered-by": "http.powered_by",
	"mdns.device-info.txt": "mdns.txt", "mdns.workstation.txt": "mdns.txt", "ntp.readvar": "ntp.version",
	"rtsp_header.server": "rtsp.server", "sip_header.server": "sip.server", "sip_header.user_agent": "sip.user_agent",
	"smb.native_lm": "smb.native_lanman", "smb.native_os": "smb.native_os", "smtp.banner": "smtp.greeting",
	"snmp.sys_description": "snmp.sys_descr", "snmp.sys_object_id": "snmp.sys_object_id", "ssh.banner": "ssh.software",
	"telnet_banners": "telnet.banner", "x509.issuer": "tls.cert_issuer", "x509.subject": "tls.cert_subject",
}

// recogNames turns recog's names of what it says into ours. What it says of the program that answered (service.*), of
// names and clocks is kept under its own name: a program's maker is not the device's.
var recogNames = map[string]fact.Attr{"hw.vendor": fact.Manufacturer, "hw.product": fact.Model, "hw.serial_number": fact.Serial,
	"os.product": fact.OS, "os.version": "os_version"}

// recogClasses are the classes of product that recog's kinds of hardware are.
var recogClasses = map[string]string{
	"Printer": "printer", "Multifunction Device": "multifunction-printer", "Multifunction": "multifunction-printer", "Label Printer": "label-printer",
	"Switch": "switch", "Router": "router", "Broadband router": "router", "WAP": "access-point", "Wireless Access Point": "access-point", "Wireless Controller": "wlan-controller",
	"Firewall": "firewall", "Load balancer": "load-balancer", "Load Balancer": "load-balancer", "VPN": "firewall",
	"IP Camera": "camera", "Web cam": "camera", "Camera": "camera", "DVR": "video-recorder", "NVR": "video-recorder", "Video Recorder": "video-recorder",
	"IP Phone": "phone", "VoIP Phone": "phone", "VoIP": "phone", "VoIP Gateway": "voip-gateway", "PBX": "voip-gateway",
	"UPS": "ups", "Power device": "pdu", "PDU": "pdu", "NAS": "storage", "Storage": "storage", "SAN": "storage",
	"KVM": "kvm", "Console Server": "kvm", "Terminal Server": "serial-server", "Device Server": "serial-server", "Serial Device Server": "serial-server",
	"Video Conferencing": "video-conference", "Video conferencing": "video-conference", "Thin Client": "thin-client", "Laptop": "laptop", "Tablet": "tablet",
	"Mobile Phone": "smartphone", "Smart TV": "smart-tv", "TV": "smart-tv", "Media Player": "smart-tv", "Speaker": "voice-assistant", "PLC": "plc", "Time Server": "ntp-server",
	"Building Automation": "hvac-controller", "HVAC": "hvac-controller", "Physical Access Control": "access-control", "Access Control": "access-control",
}

// recogTrust caps what a finding of recog is worth: its rules were written for one answer to one probe (expert default).
const recogTrust = 0.7

type recogFile struct {
	Matches  string             `xml:"matches,attr"`
	Protocol string             `xml:"protocol,attr"`
	Prints   []recogFingerprint `xml:"fingerprint"`
}

type recogFingerprint struct {
	Pattern     string `xml:"pattern,attr"`
	Flags       string `xml:"flags,attr"`
	Certainty   string `xml:"certainty,attr"`
	Description string `xml:"description"`
	Examples    []struct {
		Attrs []xml.Attr `xml:",any,attr"`
		Text  string     `xml:",chardata"`
	} `xml:"example"`
	Params []struct {
		Pos   int    `xml:"pos,attr"`
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	} `xml:"param"`
}

// Recog is what became of a file of recog's XML.
type Recog struct {
	Rules    []*Rule
	Prints   int      // fingerprints in it
	Examples int      // examples in it that could be read
	Outside  int      // examples kept in files beside it, which are not read
	Left     []string // fingerprints that cannot be expressed, and why: one line each
	Unused   bool     // it is about something that Pons never looks at
}

// ReadRecog reads a file of Rapid7's recog (BSD-2): "ssh_banners.xml". Its rules are those of the file, first come
// first served; their examples come with them. What RE2 cannot express is left out and named.
func ReadRecog(name string, r io.Reader) (Recog, error) {
	var out Recog
	data, err := io.ReadAll(io.LimitReader(r, MaxText+1))
	if err != nil {
		return out, err
	}
	if len(data) > MaxText {
		return out, fmt.Errorf("%s is larger than %d MB: %w", name, MaxText>>20, fault.Invalid)
	}
	var f recogFile
	d := xml.NewDecoder(bytes.NewReader(data)) // knows no entities but XML's five, and opens nothing
	if err := d.Decode(&f); err != nil {
		return out, fmt.Errorf("%s: %w: %w", name, err, fault.Invalid)
	}
	stem := strings.TrimSuffix(path.Base(name), ".xml")
	about := f.Matches
	if about == "" {
		about = stem
	}
	attr, ok := recogAttrs[about]
	if !ok {
		attr, out.Unused = fact.Attr("recog."+strings.ToLower(strings.NewReplacer(" ", "_", "-", "_").Replace(about))), true
	}
	for i := range f.Prints {
		out.Prints++
		rule, examples, outside, err := recogRule(stem, i+1, attr, &f.Prints[i])
		if err != nil {
			out.Left = append(out.Left, fmt.Sprintf("%s, fingerprint %d: %v", path.Base(name), i+1, err))
			continue
		}
		out.Examples += examples
		out.Outside += outside
		out.Rules = append(out.Rules, rule)
	}
	if out.Prints == 0 {
		return out, fmt.Errorf("%s holds no fingerprints of recog: %w", name, fault.Invalid)
	}
	return out, nil
}

// recogRule turns one fingerprint into a rule.
func recogRule(stem string, n int, attr fact.Attr, f *recogFingerprint) (r *Rule, examples, outside int, err error) {
	pattern, err := goExpression(f.Pattern, f.Flags)
	if err != nil {
		return nil, 0, 0, err
	}
	r = &Rule{ID: fmt.Sprintf("%s/%d", stem, n), About: oneLine(f.Description), Sure: Expert, Source: "recog " + stem + ".xml, Rapid7, BSD-2",
		First: stem, When: [][]Condition{{{attr, Matches, pattern}}}}
	r.Trust = min(recogTrust, KindOf(attr).Weight)
	if c, err := strconv.ParseFloat(f.Certainty, 64); err == nil && c > 0 && c < 1 {
		r.Trust *= c
	}
	given := map[string]fact.Attr{}
	class := ""
	for _, p := range f.Params {
		to, ok := recogNames[p.Name]
		if !ok {
			to = fact.Attr(strings.ToLower(strings.ReplaceAll(p.Name, "-", "_")))
		}
		value := strings.ReplaceAll(oneLine(p.Value), "$", "$$")
		if p.Pos > 0 {
			value = "$" + strconv.Itoa(p.Pos)
		}
		if p.Pos > 9 {
			return nil, 0, 0, fmt.Errorf("takes group %d: a rule's groups are 1 to 9", p.Pos)
		}
		if value == "" || strings.HasSuffix(p.Name, ".cpe23") || strings.HasSuffix(p.Name, ".certainty") || strings.Contains(p.Value, "{") {
			continue
		}
		given[p.Name] = to
		r.Says = append(r.Says, Saying{to, value})
		if p.Pos == 0 && (p.Name == "hw.device" || p.Name == "os.device" && class == "") && recogClasses[p.Value] != "" {
			class = recogClasses[p.Value]
		}
	}
	if class != "" {
		r.Says = append(r.Says, Saying{fact.Class, class})
	}
	if len(r.Says) == 0 {
		r.Says = []Saying{{"known", "yes"}} // such fingerprints only keep later ones from fitting
	}
	for _, x := range f.Examples {
		e := Example{}
		text, elsewhere := x.Text, false
		for _, a := range x.Attrs {
			switch a.Name.Local {
			case "_encoding":
				if a.Value == "base64" {
					raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(x.Text), ""))
					if err != nil {
						return nil, 0, 0, fmt.Errorf("an example that is no base64")
					}
					text = string(raw)
				}
			case "_filename":
				elsewhere = true
			default:
				if to, ok := given[a.Name.Local]; ok {
					e.Gives = append(e.Gives, Saying{to, strings.TrimSpace(a.Value)})
				}
			}
		}
		if elsewhere {
			outside++
			continue
		}
		if text == "" {
			continue
		}
		examples++
		e.Seen = []Observation{{attr, text}}
		r.Likes = append(r.Likes, e)
	}
	return r, examples, outside, nil
}

// oneLine joins words with single blanks.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// goExpression turns an expression of Ruby into one of RE2: in Ruby ^ and $ are always of the line, and what Ruby calls
// multi-line is that a point fits line breaks.
func goExpression(pattern, flags string) (string, error) {
	mode := "m"
	if strings.Contains(flags, "REG_ICASE") {
		mode += "i"
	}
	if strings.Contains(flags, "REG_DOT_NEWLINE") || strings.Contains(flags, "REG_MULTILINE") {
		mode += "s"
	}
	out := rubyEscapes(pattern)
	out = "(?" + mode + ")" + out
	if strings.ContainsAny(out, "\n\r") {
		out = strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(out)
	}
	if trimmed := strings.TrimRight(out, " "); trimmed != out { // a line of rules ends before its blanks
		out = trimmed + strings.Repeat(`\x20`, len(out)-len(trimmed))
	}
	if _, err := regexp.Compile(out); err != nil {
		return "", errors.New(strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return out, nil
}

// rubyEscapes rewrites what the two dialects spell differently: \h is a hexadecimal digit, \Z the end but for a line
// break, inline (?m) is RE2's (?s), and a backslash may stand before any character.
func rubyEscapes(p string) string {
	var b strings.Builder
	class := false
	for i := 0; i < len(p); i++ {
		c := p[i]
		switch {
		case c == '\\' && i+1 < len(p):
			i++
			switch e := p[i]; {
			case e == 'h' && class:
				b.WriteString(`0-9a-fA-F`)
			case e == 'h':
				b.WriteString(`[0-9a-fA-F]`)
			case e == 'H' && !class:
				b.WriteString(`[^0-9a-fA-F]`)
			case e == 'Z' && !class:
				b.WriteString(`\n?\z`)
			case e == 'e':
				b.WriteString(`\x1b`)
			case e >= 'a' && e <= 'z' || e >= 'A' && e <= 'Z' || e >= '0' && e <= '9' || e < 0x80 && strings.IndexByte(`\.+*?()|[]{}^$-`, e) >= 0:
				b.WriteByte('\\')
				b.WriteByte(e)
			default: // \" \/ \_ \@ …
				if class && (e == '^' || e == '-' || e == ']') {
					b.WriteByte('\\')
				}
				b.WriteByte(e)
			}
		case c == '[' && !class:
			class = true
			b.WriteByte(c)
		case c == '[' && class && !strings.HasPrefix(p[i:], "[:"):
			b.WriteString(`\[`)
		case c == ']' && class:
			class = false
			b.WriteByte(c)
		case c == '(' && !class && strings.HasPrefix(p[i:], "(?"):
			end := strings.IndexAny(p[i:], ":)")
			if flags := p[i+2 : i+max(end, 2)]; end > 0 && flags != "" && strings.Trim(flags, "mix-") == "" {
				b.WriteString("(?" + strings.ReplaceAll(flags, "m", "s"))
				i += end - 1
				continue
			}
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
