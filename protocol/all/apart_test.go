package all_test

import "strings"

// moved holds hosts that tshark's account names by the frame's sender while the message is about another: DHCP
// through a relay or with a hardware address that differs from the frame's, and CDP inside a tunnel.
var moved = map[string]string{
	"DHCP.pcap 00:0a:28:00:fa:41|0.0.0.0":                                  "00:0b:82:01:fc:42",
	"DHCP.pcap 00:23:eb:10:2c:29|62.12.173.121":                            "b8:27:eb:b8:53:c8",
	"DHCP.pcap 74:83:ef:07:d0:a9|10.30.1.1":                                "5a:4f:34:b1:af:66",
	"DHCP.pcap 74:83:ef:07:d0:a9|10.50.1.1":                                "5a:4f:34:b1:af:66",
	"dhcp_discover_param_req_and_client_id.pcap 00:0a:28:00:fa:41|0.0.0.0": "00:0b:82:01:fc:42",
	"arkime_synthetic.pcap aa:bb:cc:dd:ee:ff|0.0.0.0":                      "00:00:00:00:aa:bb",
	"raw_ip.pcap |0.0.0.0":                                                 "0a:00:27:00:00:0d",
	"gre-erspan.pcap 64:00:f1:e2:01:01|2.2.2.2 CSR3":                       "64:00:f1:e1:03:03",
	"gre-erspan.pcap 64:00:f1:e2:01:01|2.2.2.2 CSR2":                       "64:00:f1:e1:02:02",
	"gre-erspan.pcap 64:00:f1:e2:01:01|2.2.2.2 cisco CSR1000V":             "64:00:f1:e1:02:02",
	"gre-erspan.pcap 64:00:f1:e2:01:01|2.2.2.2 Cisco IOS Software, IOS-XE": "64:00:f1:e1:02:02",
}

// asked holds NetBIOS names that hosts asked for. tshark's account lists them under the host that asked; they are
// other hosts' names, and Pons does not take them.
var asked = map[string]string{
	"BSAP.pcap":                           "WPAD",
	"IgmpPackets.pcap":                    "ASISELFHOST WPAD",
	"PROFINET.pcap":                       "ARMMF.ADOBE.COM ISATAP WORKGROUP WPAD AMERICAS NTS-AM-MIPS01 NTS-AM-SOPHOS",
	"Telnet.pcap":                         "READHALL LIBRH1 LIBRH5 SMTP.AOL.COM KASPERSKY.COM",
	"Tunnels.pcap":                        "IPV6.GOOGLE.COM",
	"sll.pcap":                            "WPAD",
	"smb_v2_only_non_zero_reserved1.pcap": "*",
	"nbns.pcap":                           "WORKGROUP", // a group, which is nbns.group
}

// askedBy holds askers where another host of the capture does hold the name.
var askedBy = map[string]string{
	"arkime_synthetic.pcap 10.20.7.100": "WORKSTATION",
	"arkime_synthetic.pcap 10.20.8.10":  "TESTHOST",
	"arkime_synthetic.pcap 10.20.8.1":   "TESTHOST", // a name server's answer about 10.20.8.77
}

// apart says why Pons differs from tshark's account by decision, "" where it does not; it turns w to the right host.
func apart(file string, w *wanted) string {
	at := file + " " + w.mac + "|" + w.ip
	for key, mac := range moved {
		if key == at || strings.HasPrefix(at+" "+w.values[0], key) && len(key) > len(at) {
			w.mac, w.ip = mac, ""
			return ""
		}
	}
	switch {
	case w.attr == "nbns.name" && (strings.Contains(" "+asked[file]+" ", " "+w.values[0]+" ") || askedBy[file+" "+w.ip] == w.values[0]):
		return "asked for, not held"
	case w.attr == "mdns.service" && !strings.HasSuffix(w.values[0], ".local"):
		return "unicast DNS"
	case w.attr == "mdns.txt" && (strings.HasPrefix(w.values[0], "v=spf1") || strings.HasPrefix(w.values[0], "k=rsa")):
		return "unicast DNS"
	case file == "packet_trailer.pcap" && w.attr == "mdns.service":
		return "known answers of a question: they may be others'"
	case file == "radiotap.pcap":
		return "802.11 is not read yet"
	case file == "dhcp.pcap" && w.attr == "dhcp.vendor_class":
		return "a server's answer about the class of its client"
	case file == "snmpv3_synthetic.pcap" && w.ip == "10.0.1.11":
		return "a message without a PDU is no SNMP"
	}
	return ""
}
