package all

import (
	"fmt"
	"strings"
	"testing"

	"pons/intake"
)

// TestFamilies reads the header rows of the systems that hospitals export from, with a few rows of what such columns
// hold, and expects the columns that a person of the field would choose.
func TestFamilies(t *testing.T) {
	for _, c := range []struct {
		name string
		kind intake.Kind
		// header = attribute; an attribute of "-" is ignored, "?" may be custom
		columns string
		rows    []string
	}{
		{"TMS", intake.CMMS, "ID Number=control_number|Item Identifier=description|Manufacturer=manufacturer|Model=model|Serial Number=serial|Area=department|Status=status|Date Retired=retired_on|Warranty Company=vendor|Warranty End=warranty_end|Meter Reading=?|PM Interval=pm_interval|Next PM=pm_next",
			[]string{"10023|MONITOR, PATIENT|PHILIPS|MX800|DE12345|ICU|ACTIV|||01/31/2027|0|12|01/15/2026", "10024|PUMP, INFUSION|B BRAUN|INFUSOMAT|98765|ED|RETIR|03/22/2024||12/31/2020||12|"}},
		{"AIMS", intake.CMMS, "Tag Number=control_number|Equipment Type=description|Type Code=umdns|Mfr=manufacturer|Model Number=model|Serial Number=serial|Primary Service Dept=technical_owner|Owner Department=department|Default PM Schedule=pm_interval|List Price=acquired_cost|Inspection Template=pm_procedure|Default Priority=criticality|Acquisition Date=acquired_on",
			[]string{"A0001|Ventilator|17429|Draeger|Evita V500|ASBC-0001|BIOMED|ICU|12|41000|VENT-1|High|02/20/2019", "A0002|Ventilator|17429|Draeger|Evita V500|ASBC-0002|BIOMED|NICU|12|41000|VENT-1|High|02/21/2019"}},
		{"MediMizer", intake.CMMS, "Control No=control_number|Asset Tag=asset_tag|Device Description=description|Manufacturer Name=manufacturer|Model=model|Serial=serial|Cost Center=cost_center|Location=location|Condition Status=status|Risk Score=em_score|Incoming Inspection Date=inspected_on|Last PM Date=pm_last|Next PM Due=pm_next|PM Procedure=pm_procedure|In Service Date=in_service_on|Purchase Cost=acquired_cost|Expected Life (Years)=expected_life",
			[]string{"CE100|A1|Defibrillator|Zoll|R Series|AR1|6010|ED 4|In Service|16|3/4/2020|3/1/2025|3/1/2026|DF-1|3/5/2020|$14,000.00|10", "CE101|A2|Defibrillator|Zoll|R Series|AR2|6010|ED 5|Spare|16|3/14/2020|3/21/2025|3/1/2026|DF-1|3/5/2020|$14,000.00|10"}},
		{"Nuvolo", intake.CMMS, "Asset Tag=asset_tag|Equipment ID=control_number|Equipment Name=description|Manufacturer=manufacturer|Model=model|Model Number=model_number|Serial Number=serial|Department=department|Building=building|Floor=floor|Room=room|Lifecycle State=status|Life Support=life_support|Stores ePHI=stores_ephi|Next PM Date=pm_next|UDI-DI=udi_di|FDA Product Code=fda_product_code|IP Address=ip|MAC Address=mac|Software Version=version|Business Criticality=criticality|Vendor=vendor|Support Group=technical_owner|Warranty Expiration=warranty_end",
			[]string{"A-1|ME-1|Patient Monitor|Philips|MX800|865240|DE1|ICU|Main|3|312|In Use|Yes|No|2026-02-01|00884838000001|MHX|10.1.1.1|00:09:fb:00:00:01|L.20|1 - most critical|Philips|Biomed|2027-01-01", "A-2|ME-2|Patient Monitor|Philips|MX800|865240|DE2|ICU|Main|3|313|In Use|Yes|No|2026-02-01|00884838000001|MHX|10.1.1.2|00:09:fb:00:00:02|L.20|2 - somewhat critical|Philips|Biomed|2027-01-01"}},
		{"a CMMS with medical systems: Part of", intake.CMMS, "Control #=control_number|Manufacturer=manufacturer|Model=model|Serial #=serial|Part of=parent|PM Last=pm_last",
			[]string{"CE-1|BD|Alaris 8015|1001|ICU infusion 1|2025-01-02", "CE-2|BD|Alaris 8100|1002|CE-1|2025-01-03"}},
		{"a CMMS with medical systems: System", intake.CMMS, "Control #=control_number|Manufacturer=manufacturer|Model=model|Serial #=serial|System=parent|PM Last=pm_last",
			[]string{"CE-1|BD|Alaris 8015|1001|ICU infusion 1|2025-01-02", "CE-2|BD|Alaris 8100|1002|CE-1|2025-01-03"}},
		{"a CMMS with medical systems: Parent System", intake.CMMS, "Control #=control_number|Manufacturer=manufacturer|Model=model|Serial #=serial|Parent System=parent|PM Last=pm_last",
			[]string{"CE-1|BD|Alaris 8015|1001|ICU infusion 1|2025-01-02", "CE-2|BD|Alaris 8100|1002|CE-1|2025-01-03"}},
		{"a CMMS with medical systems: Medical System", intake.CMMS, "Control #=control_number|Manufacturer=manufacturer|Model=model|Serial #=serial|Medical System=parent|PM Last=pm_last",
			[]string{"CE-1|BD|Alaris 8015|1001|ICU infusion 1|2025-01-02", "CE-2|BD|Alaris 8100|1002|CE-1|2025-01-03"}},
		{"VistA", intake.CMMS, "ENTRY NUMBER=control_number|MANUFACTURER=manufacturer|PARENT SYSTEM=parent|MFGR. EQUIPMENT NAME=description|MODEL=model|SERIAL #=serial|CMR=cost_center|ACQUISITION VALUE=acquired_cost|ACQUISITION DATE=acquired_on|LIFE EXPECTANCY=expected_life|USE STATUS=status|USING SERVICE=department|LOCATION=location|RESPONSIBLE SHOP=technical_owner|REPLACEMENT DATE=?",
			[]string{"12345|PHILIPS||MONITOR|MX800|DE1|123|20000|JAN 5,2015|10|IN USE|MEDICINE|1A-101|BIOMED|", "12346|PHILIPS||MONITOR|MX800|DE2|123|20000|FEB 15,2015|10|IN USE|SURGERY|1A-102|BIOMED|"}},
		{"ServiceNow", intake.CMDB, "sys_id=custom.record_id|name=hostname|asset_tag=asset_tag|serial_number=serial|mac_address=mac|ip_address=ip|manufacturer=manufacturer|model_id=model|location=location|department=department|support_group=technical_owner|managed_by=?|owned_by=owner|install_status=status|os=os|os_version=?|sys_class_name=class|sys_updated_on=-|first_discovered=first_seen|last_discovered=last_seen|business_criticality=criticality|cost_center=cost_center|warranty_expiration=warranty_end|short_description=description|fqdn=?",
			[]string{"aa01|WS-1|A1|S1|00:00:5e:00:53:01|10.1.1.1|Dell|OptiPlex|Main|IT|Desktop|ann|bob|1|Windows 10|10.0|Computer|2025-01-01 10:00:00|2024-01-01 10:00:00|2025-01-01 10:00:00|2 - somewhat critical|77|2027-01-01|workstation|", "aa02|WS-2|A2|S2|00:00:5e:00:53:02|10.1.1.2|Dell|OptiPlex|Main|IT|Desktop|ann|bob|7|Windows 10|10.0|Computer|2025-01-01 10:00:00|2024-01-01 10:00:00|2025-01-01 10:00:00|2 - somewhat critical|77|2027-01-01|workstation|"}},
		{"Snipe-IT", intake.CMDB, "ID=custom.record_id|Company=?|Asset Name=hostname|Asset Tag=asset_tag|Model=model|Model No.=model_number|Category=class|Manufacturer=manufacturer|Serial=serial|Purchased=acquired_on|Cost=acquired_cost|Order Number=model_number?|Supplier=vendor|Checked Out To=owner|Location=location|Status=status|Warranty Expires=warranty_end|Notes=notes|Created At=-",
			[]string{"1|Mercy|LT-1|A1|ThinkPad T14|20UD|Laptop|Lenovo|PF1|2023-01-05|1200.00|PO1|CDW|ann|Main|Deployed|2026-01-05|x|2023-01-05", "2|Mercy|LT-2|A2|ThinkPad T14|20UD|Laptop|Lenovo|PF2|2023-01-05|1200.00|PO2|CDW|bob|Main|Ready to Deploy|2026-01-05||2023-01-05"}},
		{"NetBox", intake.CMDB, "id=custom.record_id|name=hostname|device_type.manufacturer.name=manufacturer|device_type.model=model|serial=serial|asset_tag=asset_tag|site.name=site|location.name=location|rack.name=?|role.name=class|platform.name=os|tenant.name=owner|status.label=status|primary_ip4.address=ip|comments=notes|url=-",
			[]string{"1|sw-1|Cisco|C9300|F1|A1|Main|IDF 1|R1|Access Switch|IOS-XE|IT|Active|10.0.0.1/24||http://x", "2|sw-2|Cisco|C9300|F2|A2|Main|IDF 2|R2|Access Switch|IOS-XE|IT|Active|10.0.0.2/24||http://x"}},
		{"GLPI", intake.CMDB, "Name=hostname|Entity=site|Status=status|Manufacturers=?|Serial number=serial|Inventory number=?|Types=?|Model=model|Operating System - Name=os|Locations=location|Last update=?|Technician in charge=technical_owner|User=owner|Network MAC=mac|Network IP=ip",
			[]string{"pc-1|Mercy|In use|HP|S1|I1|Desktop|EliteDesk|Windows 11|Main|2025-01-01 10:00|ann|bob|00:00:5e:00:53:01|10.0.0.1", "pc-2|Mercy|In use|HP|S2|I2|Desktop|EliteDesk|Windows 11|Main|2025-01-01 10:00|ann|bob|00:00:5e:00:53:02|10.0.0.2"}},
		{"Cisco ISE", intake.NAC, "MACAddress=mac|EndPointPolicy=class|IP Address=ip|Hostname=hostname|NAS-IP-Address=switch|NAS-Port-Id=switch_port|VLAN=vlan|OUI=manufacturer|User-Name=owner|LastSeen=last_seen|IdentityGroup=?|PostureStatus=?",
			[]string{"00:09:FB:00:00:01|Philips-Monitor|10.1.1.1|mx-1|10.0.0.1|Gi1/0/1|20|Philips|host/mx-1|2025-01-01 10:00:00|Medical|NA", "00:09:FB:00:00:02|Philips-Monitor|10.1.1.2|mx-2|10.0.0.1|Gi1/0/2|20|Philips|host/mx-2|2025-01-01 10:00:00|Medical|NA"}},
		{"ClearPass", intake.NAC, "MAC Address=mac|MAC Vendor=manufacturer|Device Category=class|Device Name=hostname|IP Address=ip|SSID=ssid|Status=?|Profile=?|Last Authenticated=last_seen|Switch IP=switch|Switch Port=switch_port",
			[]string{"0009fb000001|Philips|Medical|mx-1|10.1.1.1|CLIN|Known|Philips|2025-01-01 10:00:00|10.0.0.1|1/1", "0009fb000002|Philips|Medical|mx-2|10.1.1.2|CLIN|Known|Philips|2025-01-01 10:00:00|10.0.0.1|1/2"}},
		{"Microsoft DHCP", intake.DHCP, "IPAddress=ip|ScopeId=?|ClientId=mac|HostName=hostname|AddressState=?|LeaseExpiryTime=?",
			[]string{"10.1.1.1|10.1.1.0|00-09-fb-00-00-01|mx-1.mercy.test|Active|1/8/2026 10:00:00 AM", "10.1.1.2|10.1.1.0|00-09-fb-00-00-02|mx-2.mercy.test|Active|1/9/2026 10:00:00 AM"}},
		{"Kea", intake.DHCP, "address=ip|hwaddr=mac|client_id=?|valid_lifetime=?|expire=?|subnet_id=?|hostname=hostname|state=?",
			[]string{"10.1.1.1|00:09:fb:00:00:01|01:00:09:fb:00:00:01|4000|1745913600|1|mx-1|0", "10.1.1.2|00:09:fb:00:00:02|01:00:09:fb:00:00:02|4000|1745913600|1|mx-2|0"}},
		{"switch", intake.Switch, "Vlan=vlan|Mac Address=mac|Type=?|Ports=switch_port",
			[]string{"20|0009.fb00.0001|DYNAMIC|Gi1/0/1", "20|0009.fb00.0002|DYNAMIC|Gi1/0/2"}},
		{"German CMMS", intake.CMMS, "Inventarnummer=control_number|Hersteller=manufacturer|Modell=model|Seriennummer=serial|Bezeichnung=description|Kostenstelle=cost_center|Abteilung=department|Raum=room|Zustand=status|Kaufdatum=acquired_on|Kaufpreis=acquired_cost|Wartungsintervall=pm_interval|Letzte Wartung=pm_last",
			[]string{"4711|Dräger|Evita|A1|Beatmungsgerät|100|Intensiv|12|aktiv|31.12.2019|27.948,00 €|12|15.03.2025", "4712|Dräger|Evita|A2|Beatmungsgerät|100|Intensiv|13|aktiv|30.11.2019|27.948,00 €|12|16.03.2025"}},
		{"patients and passwords", intake.CMMS, "Equipment ID=control_number|Model=model|Patient Name=-|MRN=-|Admin Password=-|SNMP Community=-|PM Due Date=pm_next",
			[]string{"1|MX800|x|x|x|x|2026-01-01", "2|MX800|x|x|x|x|2026-01-01"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var heads, wants []string
			for _, col := range strings.Split(c.columns, "|") {
				h, w, _ := strings.Cut(col, "=")
				heads, wants = append(heads, h), append(wants, w)
			}
			text := strings.Join(heads, "|") + "\n" + strings.Join(c.rows, "\n") + "\n"
			table, err := intake.Open(Formats(), file("a.txt", []byte(text)), intake.Choice{})
			if err != nil {
				t.Fatal(err)
			}
			m := intake.Guess(table)
			if m.Kind != c.kind {
				t.Errorf("kind %s, want %s", m.Kind, c.kind)
			}
			if err := m.Check(); err != nil {
				t.Error(err)
			}
			for i, w := range wants {
				got := string(m.Columns[i].Attr)
				if w == "-" {
					w = "ignore"
				}
				if w != "?" && !strings.HasSuffix(w, "?") && got != w {
					t.Errorf("%s: %s (%.2f, %s), want %s", heads[i], got, m.Columns[i].Confidence, m.Columns[i].Reason, w)
				}
			}
			n := 0
			for rec, err := range table.Records(m, readAt) {
				if err != nil {
					t.Fatal(err)
				}
				n++
				for _, f := range rec.Facts {
					if strings.Contains(f.Because, "not understood") || strings.Contains(f.Because, ": no ") {
						t.Errorf("row %d: %s", n, fmt.Sprint(f))
					}
				}
			}
			if n != len(c.rows) {
				t.Errorf("%d rows", n)
			}
		})
	}
}
