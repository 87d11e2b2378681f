package product_test

import (
	"strings"
	"testing"

	"pons/product"
)

// Pairs of real firms whose names are near each other. Neither may be taken for the other; where the catalog does not
// know one of them, it must stay unknown rather than become its neighbour.
const confusable = `
Medtronic/Medrad; Medtronic/Meditronic Lighting; Mindray/Mindways; Roche/Bosch; GE HealthCare/Gendex; Philips/Phillips 66;
Siemens/Simmons Bedding; Stryker/Strykher Systems; Baxter/Dexter; Abbott/Abiomed; Abbott/AbbVie; Abbott/Abbey; Hologic/Hologram Labs;
Masimo/Maximus; Zoll/Zoho; Zoll/Zolt; Getinge/Gettings; Natus/Natura; Natus/Nautilus; Nonin/Nokia; Omron/Orion; Olympus/Olympia;
Sysmex/Sysman; Sysmex/Symex; Terumo/Teruya; Terumo/Tesmo; Varian/Verian; Varian/Vaisala; Vyaire/Vaire; Steris/Sterigenics;
Draeger/Kruger; Draeger/Dragon; Hillrom/Hilton; Welch Allyn/Allyn Bacon; Fresenius/Fresnel Optics; Hamilton Medical/Hamilton Beach;
Nova Biomedical/Novartis; Nova Biomedical/Novo Nordisk; Nova Biomedical/Novation; Edwards Lifesciences/Edwards Fire; Edwards Lifesciences/Edwards Vacuum;
Boston Scientific/Boston Dynamics; Boston Scientific/Boston Acoustics; Bio-Rad/Biorad Radiation Shielding; Bio-Rad/Biotronik; Biotronik/Biotek;
bioMérieux/Biomet; Beckman Coulter/Bachmann; Cepheid/Cephalon; Werfen/Werner; Radiometer/Radiodetection; Hologic/Horologic; Qiagen/Quagen;
Illumina/Illumination; Eppendorf/Eppelheim; Leica Biosystems/Leica Geosystems; Sartorius/Sartori; Tecan/Tekan; Waters/Walters; Bruker/Brucker Survey;
Shimadzu/Shimano; Agilent Technologies/Agilysys; Arkray/Array; Horiba/Horizon; Tosoh/Toshiba; Helena/Helene; Helmer/Helmet; Elekta/Electra; Elekta/Elektra;
Accuray/Accura; Brainlab/Brainscope; Fujifilm/Fujitsu; Canon/Canonical; Canon/Cannondale; Konica Minolta/Konecranes; Carestream/Caretronic;
Carestream/Carefusion; Agfa/Alfa; Esaote/Esoterix; Samsung/Samsonite; United Imaging/United Rentals; Sectra/Spectra; Sectra/Spectrum Dynamics;
Intelerad/Interad; Barco/Braco; Bracco/Barco; Eizo/Eisai; Sony/Sonic; Arthrex/Arthrocare Imaging; Conmed/Comed; Conmed/Comen; Comen/Contec; Erbe/Ebe;
Bovie/Bowie; Teleflex/Telex; Merit Medical/Merlin Medical; Alcon/Alcor; Alcon/Alco; Topcon/Topaz; Nidek/Nipro; Nidek/Nikon; Keeler/Kohler; Marco/Marconi;
Marco/Macro; Optos/Opto; Optovue/Optos; Lumenis/Luminex; Lumenis/Luminous; Cardinal Health/Cardiac Science; Moog Medical/Moore Medical;
Nipro/Nitro; Nikkiso/Nikko; Toray/Toray Sanders; ResMed/Resonetics; ResMed/Rasmed; Invacare/Invivo; DeVilbiss/Devil; Ambu/Ambow; Medela/Medeva;
Medela/Medella; Laborie/Laboratory; Cochlear/Cochran; Linet/Linnet; Linet/Linear; Joerns/Jones; Seca/Seko; Tanita/Tanisha; Detecto/Detector; Laerdal/Laird;
Gaumard/Gauthier; Omnicell/Omnicare; Omnicell/Omnicom; Swisslog Healthcare/Swisscom; Ergotron/Ergoline; Capsa/Capsule; Advantech/Advent; Epic/Epicor;
Epic/Epson; Cerner/Corner; Fluke Biomedical/Flux; Rauland/Roland; Ascom/Axiom; Ascom/Acom; Ascom/Asco; Jeron/Heron; Tunstall/Tuthill; Zebra/Zephyr; Zebra/Zerba;
Dell/Delta Electronics; Dell/Bell; HP/HPE; Lenovo/Lennox; Lenovo/Leonova; Lenovo/Lenoco Tools; Acer/Aker; Asus/Asos; Toshiba/Tosibox; Intel/Intelerad; AMD/AMD Global Telemedicine;
Cisco/Crisco; Cisco/Sysco; Cisco/Disco; Aruba/Areva; Juniper Networks/Jupiter Networks; Fortinet/Fortis; Netgear/NetScout; Netgear/NetApp;
Axis/Avis; Axis/Access; Bosch/Busch; Bosch/Bose; Hikvision/Hitachi; Dahua/Dahlia; Mobotix/Mobitex; APC/ABC; APC/Arc; Eaton/Easton; Eaton/Eton; Vertiv/Vertex;
Honeywell/Honeycomb; Tridium/Trident; Tridium/Iridium; Johnson Controls/Johnson & Johnson; Johnson Controls/Johnson Outdoors; Trane/Train; Carrier/Currier;
Schneider Electric/Schindler; Schneider Electric/Snyder; Schneider Electric/Scheider & Bach; Emerson/Emersed; Emerson/Ericsson; Crane/Craneware; Otis/Ortis; Kone/Sone;
Brother/Brothers; Brother/Brotherton; Epson/Esson; Ricoh/Riso; Ricoh/Rico; Xerox/Xero; Lexmark/Landmark; Logitech/Logistech; Poly/Polly; Poly/Polar; Avaya/Aviya; Mitel/Mattel;
Garmin/Gemini; Apple/Ample; Apple/Applied; Google/Goggle; Amazon/Amazone Farm; Microsoft/MicroPort; Microsoft/Microsemi; Oracle/Oracal; Motorola/Motorcraft; Nokia/Nonin;
Spacelabs Healthcare/Space Age; Criticare/Criticool; Bionet/Bioness; Edan/Eden; Schiller/Schindler; Huntleigh/Huntley; Arjo/Argo;
Haemonetics/Hemonetic Supply; Abiomed/Abiotech; LifeScan/LifeSpan; LivaNova/Lavazza; Dexcom/Dexon; Dexcom/Vexcom; Insulet/Insulate; Ypsomed/Ypsilon; Outset Medical/Onset;
Mesa Labs/Mesa Air; Vaisala/Valhalla; Testo/Tesco; Setra/Sectra; Primex/Primax; Monnit/Monitor; Belmont/Bellmont Hotels; Gentherm/Genthema; Mizuho/Mizuno;
Rockwell Automation/Rockwell Medical
`

func TestConfusableMakersStayApart(t *testing.T) {
	c := product.Default()
	pairs := 0
	for _, pair := range strings.Split(strings.ReplaceAll(confusable, "\n", " "), ";") {
		a, b, ok := strings.Cut(strings.TrimSpace(pair), "/")
		if !ok {
			t.Fatalf("no pair: %q", pair)
		}
		pairs++
		for _, write := range []func(string) string{strings.ToUpper, strings.ToLower, func(s string) string { return s + " Inc." }} {
			left, known := c.Maker(write(a))
			right, other := c.Maker(write(b))
			if !known {
				t.Errorf("%q is unknown", write(a))
			}
			if other && left == right {
				t.Errorf("%q and %q are both %q", write(a), write(b), left)
			}
		}
	}
	if pairs < 150 {
		t.Errorf("only %d pairs", pairs)
	}
}

// A word that is no maker stays itself.
func TestNoMakerIsGuessed(t *testing.T) {
	c := product.Default()
	for _, text := range []string{"Medical", "Healthcare Systems", "Technologies Inc", "Medical Systems", "General", "International", "Systems",
		"American", "Universal", "National", "Electronics", "Scientific", "Instruments", "Diagnostics", "Biomedical", "Health", "Surgical", "Vision Systems",
		"Acme Medical", "Foo Healthcare", "Smith & Co", "Johnson", "Pacific Medical", "Central Supply", "Storage Room", "Loaner", "ICU 4", "Biomed Shop",
		"Precision", "Advanced", "Dynamic", "Innovative", "First Choice", "Premier", "Superior Medical", "Midwest Medical Supply", "See label", "12345", "A", "ZZ"} {
		if got, known := c.Maker(text); known {
			t.Errorf("%q is taken for %q", text, got)
		}
	}
	for _, text := range []string{"", " ", "unknown", "UNK", "N/A", "n/a", "-", "--", "?", "None", "TBD", "null", "unknown manufacturer"} {
		if got, known := c.Maker(text); known || got != "" {
			t.Errorf("%q is %q (%v), not empty", text, got, known)
		}
	}
}

// A number or a short name that belongs to another maker's product is no model.
func TestShortModelsNeedTheirMaker(t *testing.T) {
	c := product.Default()
	for _, r := range [][3]string{
		{"Olympus", "8100", ""}, {"Steris", "6700", ""}, {"Dell", "5008", ""}, {"Cisco", "840", ""}, {"Foo Medical", "8015", ""},
		{"Acme", "G5", ""}, {"Philips", "XT", ""}, {"Lenovo", "PACS", ""}, {"", "XT", "CHAIR"}, {"", "8100", "LAPTOP"}, {"", "840", "PATIENT MONITOR"},
		{"Acme", "Series 8100", ""}, {"Brother", "A500", "PRINTER"}, {"Xerox", "5008S", "COPIER"},
		{"Foo Furniture", "Infinity", ""}, {"Dell", "Ingenia", ""}, {"Sony", "B650", ""}, {"Ikea", "Duo", ""}, {"Olympus", "Compact Infinity chair", ""},
	} {
		if id := c.Identify(r[0], r[1], r[2]); id.ModelKnown {
			t.Errorf("%q is taken for %s %s (%v)", r, id.Maker, id.Model, id.Because)
		}
	}
	for _, r := range [][4]string{
		{"Alaris", "8100", "", "Alaris 8100"}, {"", "8015", "INFUSION PUMP", "Alaris 8015"}, {"Hill-Rom", "6700", "", "Connex VSM 6000"},
		{"unknown", "5008", "DIALYSIS", "5008"}, {"Puritan Bennett", "840", "", "PB840"}, {"Omnicell", "XT", "", "XT"}, {"Sectra", "PACS", "", "PACS"},
	} {
		if id := c.Identify(r[0], r[1], r[2]); id.Model != r[3] || !id.ModelKnown {
			t.Errorf("%q is %q, not %q", r[:3], id.Model, r[3])
		}
	}
}
