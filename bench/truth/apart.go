package truth

import (
	"slices"
	"strings"

	"pons/fact"
)

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

// outsideTLS are captures whose certificates travel in other protocols than TLS.
var outsideTLS = []string{"ike-cert_synthetic.pcap", "IPsec.pcap", "KRB5.pcap", "kinit.pcap", "ocsp-request-response.pcap", "ocsp-response-only.pcap",
	"ocsp-revoked.pcap", "example2.pcap", "missing_ldap_logs.pcapng"}

// underWay are captures whose first FTP reply is no greeting.
var underWay = []string{"Ftp.pcap", "IPv4-encapsulated-IPv6.pcap", "ftp-with-numbers-in-filename.pcap", "telnet-auth-missing-name.pcap"}

// bacnet holds hosts whose BACnet messages name a value that is not theirs, by file, MAC and value.
var bacnet = map[string]string{
	"bacnet-stack-services.pcap 00:0c:6e:b0:3c:15 SYNERGY":      "asked for (Who-Has), not held",
	"bacnet_services.pcap 00:e0:4b:04:bd:fa relay 108":          "asked for (Who-Has), not held",
	"bacnet_services.pcap 00:e0:c9:00:10:a5 relay 108":          "a router passes another's question on",
	"bacnet-stack-services.pcap 00:60:2d:00:15:d5 SimpleServer": "a router passes on what 192.168.0.13 says",
	"bacnet-stack-services.pcap 00:60:2d:00:15:d5 0":            "a router passes on what 192.168.0.13 says",
	"bacnet_error_reject_abort.pcap 10:98:19:00:00:a1 0":        "names the vendor of a private service, not of the device",
	"BACnet_device_control.pcap 00:26:b9:dd:2a:20 7":            "names the vendor of a private service, not of the device",
}

// apart says why Pons differs from tshark's account by decision, "" where it does not; it turns c to the right host.
// Every reason here is one that a stranger with the capture open would agree to.
func apart(file string, c *Claim) string {
	at := file + " " + c.MAC + "|" + c.IP
	for key, mac := range moved {
		if key == at || strings.HasPrefix(at+" "+c.Pieces[0], key) && len(key) > len(at) {
			c.MAC, c.IP = mac, ""
			return ""
		}
	}
	switch {
	case c.Field == "nbns.name" && (strings.Contains(" "+asked[file]+" ", " "+c.Pieces[0]+" ") || askedBy[file+" "+c.IP] == c.Pieces[0]):
		return "asked for, not held"
	case c.Field == "dns.ptr.domain_name" && !strings.HasSuffix(c.Pieces[0], ".local"):
		return "unicast DNS: a name server's word about others"
	case c.Field == "dns.txt" && (strings.HasPrefix(c.Pieces[0], "v=spf1") || strings.HasPrefix(c.Pieces[0], "k=rsa")):
		return "unicast DNS: a name server's word about others"
	case file == "packet_trailer.pcap" && c.Field == "dns.ptr.domain_name":
		return "known answers of a question: they may be others'"
	case file == "dhcp.pcap" && c.Field == "dhcp.option.vendor_class_id":
		return "a server's answer about the class of its client"
	case strings.HasPrefix(c.Field, "x509sat") && slices.Contains(outsideTLS, file):
		return "no certificate of a TLS handshake: IKE, PKINIT, a directory's entry or a signer of OCSP answers"
	case c.Field == "ftp.response.arg" && slices.Contains(underWay, file):
		return "no greeting: the session was under way when the capture began, or it is not FTP"
	case strings.HasPrefix(c.Field, "pn_dcp.") && c.MAC != "00:09:91:43:e0:67":
		return "asked for (Ident Req), not held"
	case c.Field == "opcua.ApplicationUri" && len(c.Pieces) == 2 && strings.Contains(c.Pieces[0], "discovery_server"):
		return "a discovery server's list of others"
	case strings.HasPrefix(c.Field, "x509sat") && file == "client-certificate.pcap":
		return "a person's certificate"
	case strings.HasPrefix(c.Field, "bacapp.") && bacnet[file+" "+c.MAC+" "+c.Pieces[0]] != "":
		return bacnet[file+" "+c.MAC+" "+c.Pieces[0]]
	case strings.HasPrefix(c.Field, "bacapp.") && file == "bacnet_services.pcap" && c.IP == "192.168.0.255":
		return "a repeater sends copies of others' broadcasts under the broadcast address"
	case c.Field == "bacapp.object_name" && file == "bacnet_segmented_data.pcap":
		return "bytes that are no text in the encoding that they name"
	case c.Field == "browser.server" && slices.Contains([]string{"WORKGROUP", "MSHOME", "AMERICAS"}, c.Pieces[0]):
		return "a workgroup or domain, not a host"
	case file == "dce_rpc_ntlm.pcapng" && c.Field == "zeek ntlm.log server_nb_computer_name":
		return "Zeek has the ends the wrong way round: frame 5, the challenge, is 10.10.10.121's"
	case file == "kerberos_tso.pcapng" && c.IP == "172.16.0.100":
		return "a ticket server's answer names its client"
	case strings.HasPrefix(c.IP, "0.") && c.IP != "0.0.0.0":
		return "an address of 0.0.0.0/8 is no host's"
	case file == "snmpv3_synthetic.pcap" && c.Field == "snmp.community" && c.IP == "10.0.1.11":
		return "a message without a PDU is no SNMP"
	case c.MAC == "" && c.IP == "":
		return "the account names no host"
	}
	return ""
}

// own are the families whose messages speak of their sender and nobody else, and in clear text: the frame proves them.
var own = []fact.Attr{"http.server", "http.user_agent", "ssh.banner", "ftp.banner", "cdp.platform", "cdp.version", "smb.native_os",
	"smb.native_lanman"}

// rightAfterAll says why a value that Pons states of a host which tshark's account does not name for it is right, ""
// where it is not.
func rightAfterAll(file string, r *fact.Record, f fact.Fact, sent frames) string {
	switch {
	case slices.Contains(own, f.Attr) && sent.spoken(r, f):
		return "the frame is this host's and holds the value: the account left it out"
	case f.Attr == "nbns.name" && file == "arkime_synthetic.pcap" && r.Subject.Value == "|10.20.8.77":
		return "the name server's answer says that this address holds the name"
	case file == "dce_rpc_ntlm.pcapng" && f.Value == "CBTH-WS-2":
		return "the challenge, frame 5, is this host's"
	case file == "gre-erspan.pcap" && r.Subject.Value == "64:00:f1:e1:03:03|":
		return "the sender of the mirrored frame; the account has one tunnel's end for two switches"
	case file == "OPCUA-Binary.pcap" && f.Attr == "mdns.name" && strings.HasPrefix(f.Because, "A record"):
		return "the announcement's A record gives this address to the name"
	}
	return ""
}

// mayBe says why a fact may hold the word of a person or a credential of the same capture, "" where it may not.
func mayBe(file string, c *Claim, f fact.Fact) string {
	switch {
	case c.Field == "ftp.request.arg" && f.Attr == fact.IP:
		return "an address: the argument of EPRT is the client's own"
	case c.Field == "snmp.community" && f.Attr == "quic.version":
		return "the account takes a packet of QUIC for SNMP"
	case file == "raw_ntlm_in_smb.pcap" && strings.HasPrefix(string(f.Attr), "ntlm."):
		return "the name of the machine, which is also its user's; the machine announces it"
	}
	return ""
}
