package demo

// maker is a manufacturer under its true name and as people spell it.
type maker struct {
	name    string
	spelled []string
}

// article is one model that hospitals own: what it is, how often, how people spell it and how it shows itself
// on the wire. Makers, models and MAC prefixes are real products and IEEE registrations (domain/05 §5.5 and the
// IEEE registry); shares, prices and versions are this package's invention, of plausible size only.
type article struct {
	maker    string
	model    string
	class    string // names of the device taxonomy
	category string // medical, it, iot, ot, network
	share    int    // devices in a hospital of 3,000
	spelled  []string
	oui      []string // MAC prefixes; none: the maker is not told by the address
	host     string   // hostname prefix
	wired    float64  // share that is on the network at all
	cost     int      // US dollars, new
	life     bool     // life-sustaining
	versions []string
	systems  []string // operating systems
	talk     talk
}

// talk says which conversations an article leads on the wire, beside ARP and DHCP.
type talk uint

const (
	talkWindows talk = 1 << iota // NBNS, LLMNR, HTTP user agent, TLS
	talkPrinter                  // mDNS _ipp, SNMP
	talkSNMP                     // SNMP alone
	talkSwitch                   // LLDP, CDP, SNMP
	talkPhone                    // LLDP-MED, CDP
	talkMDNS                     // mDNS with a maker's service
	talkHTTP                     // HTTP with a user agent that names the product
	talkTLS                      // TLS to a server of its own
	talkDICOM                    // association and one store to the archive
	talkHL7                      // ORU over MLLP to the gateway
	talkServer                   // answers, does not ask
)

// makers lists every spelling; those of the makers of the synthetic hospital are the spellings found there.
func makers() []maker {
	return []maker{
		{"Abbott", []string{"ABBOTT POINT OF CARE", "i-STAT Corp"}},
		{"APC", []string{"American Power Conversion", "APC by Schneider Electric", "SCHNEIDER ELECTRIC"}},
		{"Apple", []string{"APPLE INC.", "Apple Inc"}},
		{"Axis", []string{"AXIS COMMUNICATIONS AB"}},
		{"B. Braun", []string{"B. Braun Melsungen AG", "BBRAUN", "B BRAUN", "B.Braun Medical Inc."}},
		{"Baxter", []string{"Sigma", "BAXTER INTL", "Baxter Healthcare Corp"}},
		{"Beckman Coulter", []string{"BECKMAN", "Beckman Coulter Inc."}},
		{"Becton Dickinson", []string{"Alaris", "BECTON, DICKINSON AND CO", "CareFusion", "BD"}},
		{"bioMérieux", []string{"bioMerieux", "BIOMERIEUX INC"}},
		{"Canon Medical Systems", []string{"Toshiba Medical", "CANON MEDICAL SYSTEMS USA", "Canon Medical"}},
		{"Carestream", []string{"CARESTREAM HEALTH", "Kodak Carestream"}},
		{"Cepheid", []string{"CEPHEID INC"}},
		{"Cisco", []string{"Cisco Systems, Inc", "CISCO"}},
		{"Dell", []string{"Dell Inc.", "DELL COMPUTER"}},
		{"Draeger", []string{"Dräger", "Dräger Medical AG & Co", "Drager", "DRAGER MEDICAL"}},
		{"Fresenius", []string{"FRESENIUS MEDICAL CARE"}},
		{"GE HealthCare", []string{"G.E. Medical", "Marquette", "GE MEDICAL SYSTEMS", "General Electric", "GE Healthcare", "GE", "GEHC"}},
		{"Getinge", []string{"MAQUET CRITICAL CARE", "Maquet"}},
		{"Hamilton Medical", []string{"Hamilton", "HAMILTON MEDICAL AG"}},
		{"HPE", []string{"Hewlett Packard Enterprise", "Hewlett-Packard Enterprise"}},
		{"Hillrom", []string{"Hill-Rom", "HILL ROM", "Hill-Rom Co Inc"}},
		{"Hologic", []string{"HOLOGIC INC", "Hologic, Inc.", "Lorad"}},
		{"HP", []string{"Hewlett-Packard", "HP Inc."}},
		{"ICU Medical", []string{"Hospira", "ICU MEDICAL INC"}},
		{"Intuitive Surgical", []string{"INTUITIVE", "Intuitive Surgical Inc"}},
		{"Johnson Controls", []string{"JCI", "JOHNSON CONTROLS INC"}},
		{"Lenovo", []string{"LENOVO"}},
		{"Medtronic", []string{"Covidien", "Nellcor Puritan Bennett", "Puritan Bennett"}},
		{"Mindray", []string{"Shenzhen Mindray", "MINDRAY NORTH AMERICA"}},
		{"Nova Biomedical", []string{"Nova", "NOVA BIOMEDICAL"}},
		{"Olympus", []string{"OLYMPUS AMERICA", "Olympus Medical Systems"}},
		{"Omnicell", []string{"OMNICELL INC"}},
		{"Philips", []string{"PHILIPS MEDICAL SYSTEMS", "Agilent", "Philips Healthcare", "Phillips"}},
		{"Radiometer", []string{"RADIOMETER AMERICA", "Radiometer Medical ApS"}},
		{"Rauland", []string{"RAULAND-BORG", "Rauland-Borg Corporation"}},
		{"Roche", []string{"ROCHE DIAGNOSTICS"}},
		{"Sectra", []string{"SECTRA AB"}},
		{"Siemens Healthineers", []string{"SIEMENS MEDICAL SOLUTIONS", "Siemens", "Siemens Healthcare Diagnostics"}},
		{"SonoSite", []string{"Fujifilm SonoSite", "SONOSITE INC"}},
		{"Stryker", []string{"PHYSIO CONTROL (STRYKER)", "Physio-Control"}},
		{"Sysmex", []string{"SYSMEX AMERICA", "Sysmex Corporation"}},
		{"Tridium", []string{"TRIDIUM INC", "Tridium (Honeywell)"}},
		{"Varian", []string{"VARIAN MEDICAL SYSTEMS", "Varian Oncology"}},
		{"Welch Allyn", []string{"WELCHALLYN", "Hill-Rom / Welch Allyn"}},
		{"Zebra", []string{"Zebra Technologies"}},
		{"Zoll", []string{"ZOLL MEDICAL CORP"}},
	}
}

// articles is the catalogue, medical first. Shares of classes on the network follow the synthetic hospital.
func articles() []article { return append(medicalArticles(), otherArticles()...) }

func medicalArticles() []article {
	win := []string{"Windows 10 IoT Enterprise LTSC 2019", "Windows 7 Embedded"}
	const m = "medical"
	return []article{
		{"Becton Dickinson", "Alaris 8015", "infusion-pump", m, 180, []string{"8015", "Alaris 8015 PCU", "ALARIS PC UNIT 8015", "Alaris PCU"}, []string{"9cc8ae"}, "ALARIS", .78, 3200, false, []string{"9.33", "12.1.0", "12.1.2"}, nil, talkTLS},
		{"Becton Dickinson", "Alaris 8100", "infusion-pump-module", m, 150, []string{"Alaris 8100 LVP MODULE", "8100", "LVP 8100"}, nil, "", 0, 1900, false, []string{"9.33", "12.1.0"}, nil, 0},
		{"B. Braun", "Infusomat Space", "infusion-pump", m, 165, []string{"8713050U", "Infusomat-Space", "INFUSOMAT SPACE P"}, []string{"001221"}, "PUMP", .70, 2700, false, []string{"012U000061", "012L000082", "012U000093"}, nil, talkHTTP},
		{"B. Braun", "Perfusor Space", "syringe-pump", m, 65, []string{"Perfusor", "PERFUSOR SPACE"}, []string{"001221"}, "SYR", .64, 2500, false, []string{"012U000061", "012U000093"}, nil, talkHTTP},
		{"Baxter", "Sigma Spectrum", "infusion-pump", m, 100, []string{"35700BAX2", "SPECTRUM IQ"}, []string{"5842e4"}, "SPEC", .70, 2600, false, []string{"6.05", "8.00.01", "9.02.03"}, nil, talkTLS},
		{"ICU Medical", "Plum 360", "infusion-pump", m, 75, []string{"Plum A+ 360", "PLUM360"}, []string{"0003b1"}, "PLUM", .66, 2900, false, []string{"15.02", "15.10.01"}, nil, talkTLS},
		{"Philips", "IntelliVue MX800", "patient-monitor", m, 115, []string{"MX800", "865240", "INTELLIVUE MX-800"}, []string{"0009fb"}, "MX800", .94, 24000, true, []string{"L.20.1", "M.03.2", "P.01.04"}, nil, talkHL7},
		{"Philips", "IntelliVue MX500", "patient-monitor", m, 95, []string{"MX500", "866064"}, []string{"0009fb"}, "MX500", .94, 14000, true, []string{"L.20.1", "M.03.2"}, nil, talkHL7},
		{"GE HealthCare", "CARESCAPE B650", "patient-monitor", m, 85, []string{"B650", "CARESCAPE MONITOR B650", "Carescape B650"}, []string{"a0f217"}, "B650", .94, 19000, true, []string{"2.0.4", "3.1.2"}, nil, talkHL7},
		{"Mindray", "BeneVision N15", "patient-monitor", m, 55, []string{"N15", "BENEVISION N-15"}, []string{"000f14"}, "BV", .90, 12000, true, []string{"02.18.00", "05.02.00"}, nil, talkHL7},
		{"Draeger", "Infinity M540", "patient-monitor", m, 55, []string{"M540"}, []string{"f0e5c3"}, "M540", .92, 11000, true, []string{"VG4.1.1", "VG7.1"}, nil, talkHL7},
		{"Welch Allyn", "Connex VSM 6000", "vital-signs-monitor", m, 105, []string{"Connex Vital Signs Monitor 6000", "CVSM 6000", "6700"}, []string{"001afa"}, "CVSM", .75, 3400, false, []string{"1.71.03", "2.42.00"}, nil, talkHTTP},
		{"Draeger", "Evita V500", "ventilator", m, 50, []string{"V500", "EVITA INFINITY V500"}, []string{"00105d"}, "VENT", .55, 38000, true, []string{"2.31", "2.51.04"}, nil, talkHL7},
		{"Hamilton Medical", "HAMILTON-G5", "ventilator", m, 42, []string{"G5", "Hamilton G5"}, nil, "VENTG5", .33, 36000, true, []string{"2.60", "2.85"}, nil, 0},
		{"Getinge", "Servo-i", "ventilator", m, 40, []string{"Servoi", "SERVO I"}, []string{"002541"}, "SERVO", .16, 31000, true, []string{"V7.00.04", "V8.02"}, nil, 0},
		{"Medtronic", "PB840", "ventilator", m, 32, []string{"Puritan Bennett 840", "840"}, nil, "", 0, 27000, true, []string{"4-070212-85-AM"}, nil, 0},
		{"Draeger", "Perseus A500", "anesthesia-machine", m, 28, []string{"A500"}, []string{"00105d"}, "ANES", .53, 72000, true, []string{"1.13", "2.04"}, nil, talkHL7},
		{"GE HealthCare", "Aisys CS2", "anesthesia-machine", m, 14, []string{"AISYS CS²", "Aisys"}, []string{"444b5d"}, "ANES", .53, 69000, true, []string{"11.00", "12.00 SP1"}, nil, talkHL7},
		{"Fresenius", "5008", "dialysis", m, 40, []string{"5008S CorDiax"}, []string{"b04c05"}, "DIAL", .66, 18000, true, []string{"4.57", "4.64"}, nil, 0},
		{"Zoll", "R Series", "defibrillator", m, 48, []string{"R SERIES ALS", "R-SERIES PLUS"}, []string{"002252"}, "ZOLL", .38, 15000, true, []string{"21.20", "24.10"}, nil, 0},
		{"Stryker", "LIFEPAK 20e", "defibrillator", m, 45, []string{"LP20e", "LIFEPAK20"}, []string{"40bd9e"}, "LP", .13, 13000, true, []string{"3202609-123"}, nil, 0},
		{"GE HealthCare", "MAC 5500", "ecg", m, 55, []string{"MAC 5500 HD", "MAC-5500", "MAC5500"}, []string{"0000a1"}, "ECG", .64, 12500, false, []string{"010D", "011A"}, nil, talkHTTP},
		{"GE HealthCare", "LOGIQ E9", "ultrasound", m, 30, []string{"LogiqE9", "Logiq E 9"}, []string{"080019"}, "US", .88, 118000, false, []string{"R4 rev 2.1", "R6.1"}, win, talkDICOM},
		{"Philips", "EPIQ 7", "ultrasound", m, 16, []string{"EPIQ7", "EPIQ 7G"}, []string{"00095c"}, "US", .88, 132000, false, []string{"5.0.1", "7.0.5"}, win, talkDICOM},
		{"SonoSite", "X-Porte", "ultrasound", m, 8, []string{"XPORTE"}, []string{"0008fb"}, "US", .85, 56000, false, []string{"03.10", "04.02"}, nil, talkDICOM},
		{"Nova Biomedical", "StatStrip", "glucose-meter", m, 60, []string{"STATSTRIP GLU"}, nil, "GLU", .72, 780, false, []string{"1.86", "1.91"}, nil, 0},
		{"Abbott", "i-STAT 1", "poc-analyzer", m, 45, []string{"iSTAT1", "I-STAT"}, []string{"c0a26d"}, "ISTAT", .40, 9200, false, []string{"JAMS140C", "JAMS146A"}, nil, 0},
		{"Radiometer", "ABL90 FLEX", "blood-gas-analyzer", m, 14, []string{"ABL90", "ABL 90 Flex Plus"}, nil, "ABL", .93, 21000, false, []string{"3.4 MR2", "3.5 MR4"}, win, talkHL7},
		{"Roche", "cobas c311", "lab-analyzer", m, 14, []string{"COBAS C 311"}, []string{"b87879"}, "COBAS", .96, 96000, false, []string{"01-08", "02-02"}, win, talkHL7},
		{"Beckman Coulter", "AU5800", "lab-analyzer", m, 5, []string{"AU 5800", "AU-5800"}, []string{"d0d286"}, "AU", .96, 310000, false, []string{"5.12"}, win, talkHL7},
		{"Sysmex", "XN-1000", "hematology-analyzer", m, 6, []string{"XN1000", "XN 1000"}, []string{"00066b"}, "XN", .96, 122000, false, []string{"00-22 build 18"}, win, talkHL7},
		{"Cepheid", "GeneXpert XVI", "molecular-analyzer", m, 6, []string{"GENEXPERT 16", "GX-XVI"}, []string{"002138"}, "GX", .92, 74000, false, []string{"6.4", "4.8"}, win, talkHL7},
		{"bioMérieux", "VITEK 2", "microbiology-analyzer", m, 4, []string{"VITEK2 XL", "Vitek-2"}, []string{"28def6"}, "VITEK", .92, 88000, false, []string{"9.02", "8.01"}, win, talkHL7},
		{"Siemens Healthineers", "SOMATOM Definition", "ct", m, 8, []string{"SOMATOM DEF. AS+", "Definition AS"}, []string{"884b39"}, "CT", .97, 780000, false, []string{"VA48A_SP5", "VA30_A_SP2"}, win, talkDICOM},
		{"GE HealthCare", "Revolution CT", "ct", m, 4, []string{"REVOLUTION-CT", "Rev CT"}, []string{"080019"}, "CT", .97, 940000, false, []string{"R12.1.0 build 7"}, nil, talkDICOM},
		{"Canon Medical Systems", "Aquilion ONE", "ct", m, 2, []string{"AQUILION-ONE", "TSX-301A"}, nil, "CT", .97, 890000, false, []string{"V10.4"}, win, talkDICOM},
		{"Siemens Healthineers", "MAGNETOM Avanto", "mri", m, 5, []string{"MAGNETOM AVANTO 1.5T", "Avanto"}, []string{"884b39"}, "MR", .98, 1250000, false, []string{"syngo MR B19", "syngo MR E11"}, win, talkDICOM},
		{"Philips", "Ingenia", "mri", m, 3, []string{"INGENIA 3.0T", "Ingenia 1.5"}, []string{"00095c"}, "MR", .98, 1480000, false, []string{"5.6.1", "5.3.0"}, win, talkDICOM},
		{"Philips", "DigitalDiagnost", "x-ray", m, 8, []string{"DIGITAL DIAGNOST", "DigitalDiagnost C90"}, []string{"00095c"}, "XR", .95, 240000, false, []string{"4.1.6", "1.3"}, win, talkDICOM},
		{"Carestream", "DRX-Revolution", "mobile-x-ray", m, 10, []string{"DRX REVOLUTION", "DRX-REV"}, []string{"001d4a"}, "XR", .90, 165000, false, []string{"5.7.547"}, win, talkDICOM},
		{"Hologic", "Selenia Dimensions", "mammography", m, 4, []string{"SELENIA DIM", "Dimensions 3D"}, nil, "MG", .97, 370000, false, []string{"1.9.2", "1.10"}, win, talkDICOM},
		{"GE HealthCare", "OEC 9900 Elite", "c-arm", m, 8, []string{"OEC-9900", "9900 ELITE"}, []string{"080019"}, "CARM", .80, 142000, false, []string{"9.3"}, nil, talkDICOM},
		{"Siemens Healthineers", "Artis zee", "angiography", m, 4, []string{"ARTIS ZEE FLOOR", "Artis-zee"}, []string{"884b39"}, "XA", .97, 1320000, false, []string{"VC21B", "VD11C"}, win, talkDICOM},
		{"Varian", "TrueBeam", "linac", m, 2, []string{"TRUE BEAM", "TrueBeam STx"}, []string{"006093"}, "LINAC", .97, 2900000, false, []string{"2.7 MR3"}, win, talkDICOM},
		{"Olympus", "CV-190", "video-processor", m, 12, []string{"EVIS EXERA III CV-190", "CV190"}, []string{"000113"}, "ENDO", .60, 34000, false, []string{"2.06"}, nil, 0},
		{"Intuitive Surgical", "da Vinci Xi", "surgical-robot", m, 2, []string{"DAVINCI XI", "IS4000"}, nil, "ROBOT", .90, 1900000, false, []string{"P10e"}, nil, talkTLS},
		{"Draeger", "Isolette 8000", "incubator", m, 20, []string{"ISOLETTE 8000 PLUS", "Isolette"}, nil, "", 0, 21000, true, []string{"5.n"}, nil, 0},
		{"Hillrom", "Progressa", "hospital-bed", m, 36, []string{"PROGRESSA ICU BED", "P7500"}, []string{"0014b8"}, "BED", .55, 26000, false, []string{"2.4"}, nil, 0},
		{"Becton Dickinson", "Pyxis MedStation ES", "medication-cabinet", m, 26, []string{"PYXIS ES", "MedStation ES"}, []string{"00d075"}, "PYXIS", .97, 48000, false, []string{"1.6.1", "1.7.4"}, []string{"Windows 10 IoT Enterprise LTSC 2019"}, talkWindows},
		{"Omnicell", "XT", "medication-cabinet", m, 10, []string{"OMNICELL XT CABINET", "XT Cabinet"}, nil, "OMNI", .97, 51000, false, []string{"25.1"}, []string{"Windows 10 IoT Enterprise LTSC 2019"}, talkWindows},
	}
}

func otherArticles() []article {
	pc := []string{"Windows 7", "Windows 10 Enterprise", "Windows 11"}
	return []article{
		{"Dell", "OptiPlex 7080", "workstation", "it", 300, []string{"OPTIPLEX-7080", "Optiplex 7080 Micro"}, []string{"8c0f6f"}, "WKS", .995, 1100, false, nil, pc, talkWindows},
		{"HP", "EliteDesk 800", "workstation", "it", 40, []string{"ELITEDESK 800 G5", "EliteDesk 800 Mini"}, []string{"3c5282"}, "WKS", .99, 1050, false, nil, pc, talkWindows},
		{"Lenovo", "ThinkPad T14", "laptop", "it", 200, []string{"TP T14", "20UD"}, []string{"54e1ad"}, "LT", .985, 1400, false, nil, pc, talkWindows},
		{"HP", "LaserJet M507", "printer", "it", 85, []string{"HP LaserJet Enterprise M507", "M507dn"}, []string{"e8d8d1"}, "PRN", .97, 520, false, []string{"2411163_069642"}, nil, talkPrinter},
		{"Zebra", "ZD620", "label-printer", "it", 55, []string{"ZD 620"}, []string{"ac3fa4"}, "LBL", .99, 640, false, []string{"V84.20.21Z"}, nil, talkPrinter},
		{"Zebra", "TC52", "mobile-computer", "it", 26, []string{"TC52-HC", "TC-52"}, []string{"48a493"}, "TC", .97, 1250, false, []string{"10-16-10.00"}, []string{"Android 10"}, talkTLS},
		{"Apple", "iPad", "tablet", "it", 24, []string{"iPad 9th gen", "MK2K3LL/A"}, []string{"f01898"}, "IPAD", .97, 430, false, nil, []string{"iPadOS 17.5"}, talkMDNS},
		{"Cisco", "IP Phone 8845", "phone", "iot", 40, []string{"CP-8845-K9", "8845"}, []string{"c80084"}, "SEP", .99, 310, false, []string{"12.8.1"}, nil, talkPhone},
		{"Dell", "PowerEdge R740", "server", "it", 14, []string{"POWEREDGE-R740", "R740xd"}, []string{"d4bed9"}, "SRV", 1, 9800, false, nil, []string{"Windows Server 2019", "Windows Server 2012 R2"}, talkServer},
		{"HPE", "ProLiant DL380", "server", "it", 10, []string{"PROLIANT DL380 GEN10", "DL380"}, []string{"9457a5"}, "SRV", 1, 10400, false, nil, []string{"Red Hat Enterprise Linux 8", "Windows Server 2016"}, talkServer},
		{"Sectra", "PACS", "pacs-server", "medical", 2, []string{"SECTRA PACS IDS7", "IDS7"}, nil, "PACS", 1, 185000, false, []string{"25.1.2"}, []string{"Windows Server 2019"}, talkServer},
		{"Axis", "P3245", "camera", "iot", 60, []string{"AXIS P3245", "P3245-LV"}, []string{"accc8e"}, "CAM", .98, 690, false, []string{"9.80.1", "10.12.65"}, nil, talkMDNS},
		{"Rauland", "Responder 5", "nurse-call", "iot", 16, []string{"RESPONDER V", "R5 Nurse Call"}, []string{"00905e"}, "NC", .95, 5200, false, []string{"16.1"}, nil, talkHTTP},
		{"Tridium", "JACE 8000", "hvac-controller", "ot", 10, []string{"JACE-8000", "JACE8000"}, []string{"0001f0"}, "JACE", .98, 2400, false, []string{"4.10.1.36", "4.4.73.38"}, nil, talkHTTP},
		{"Johnson Controls", "NAE55", "hvac-controller", "ot", 6, []string{"METASYS NAE55", "MS-NAE5510-2"}, []string{"00108d"}, "NAE", .98, 3900, false, []string{"8.1", "10.1"}, nil, talkHTTP},
		{"APC", "Smart-UPS 1500", "ups", "ot", 18, []string{"SMT1500RM2U", "SMART-UPS 1500 RM"}, []string{"00c0b7"}, "UPS", .97, 980, false, []string{"v6.8.2", "v7.0.8"}, nil, talkSNMP},
		{"Cisco", "C9120AXI", "access-point", "network", 60, []string{"C9120AXI-B", "AIR-9120"}, []string{"4ce175"}, "AP", .99, 820, false, []string{"17.9.4.27", "17.3.5"}, nil, talkSwitch},
		{"Cisco", "Catalyst 9300", "switch", "network", 26, []string{"C9300-48P", "WS-C9300-48P"}, []string{"4ce175"}, "SW", 1, 7400, false, []string{"17.9.4a", "16.12.5b"}, nil, talkSwitch},
		{"Cisco", "ISR 4451", "router", "network", 3, []string{"ISR4451-X/K9", "ISR-4451"}, []string{"4ce175"}, "RTR", 1, 11800, false, []string{"17.6.5"}, nil, talkSwitch},
	}
}
