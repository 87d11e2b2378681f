package fact

// Device attributes: what a record of a device consists of. Wire observations ("dhcp.hostname") are
// named by the protocol that saw them and are listed by their parsers.
const (
	ControlNumber Attr = "control_number" // the CMMS's own key: CE-20857
	AssetTag      Attr = "asset_tag"      // IT's tag: A100701
	Serial        Attr = "serial"
	Manufacturer  Attr = "manufacturer"
	Model         Attr = "model"
	ModelNumber   Attr = "model_number" // the maker's catalogue number where it differs from the model's name
	Description   Attr = "description"  // nomenclature as the source words it
	Class         Attr = "class"        // of product's taxonomy: infusion-pump
	Category      Attr = "category"     // medical, iot, it, ot, network
	UDI           Attr = "udi"          // the whole carrier text
	UDIDI         Attr = "udi_di"
	ProductCode   Attr = "fda_product_code"
	GMDN          Attr = "gmdn"
	UMDNS         Attr = "umdns"

	MAC      Attr = "mac"      // 00:12:21:aa:bb:cc
	EUI64    Attr = "eui64"    // 00:12:21:ff:fe:aa:bb:cc
	IP       Attr = "ip"       // netip.Addr text
	Hostname Attr = "hostname" // as written
	AETitle  Attr = "ae_title"
	VLAN     Attr = "vlan"
	Switch   Attr = "switch"
	Port     Attr = "switch_port"
	SSID     Attr = "ssid"
	Service  Attr = "service" // transport/port/protocol/role: tcp/11112/dicom/server
	Domain   Attr = "domain"

	Site       Attr = "site" // campus or facility
	Building   Attr = "building"
	Floor      Attr = "floor"
	Room       Attr = "room"
	Bed        Attr = "bed"
	Department Attr = "department"
	CostCenter Attr = "cost_center"
	Location   Attr = "location" // free text, where it could not be split

	Owner          Attr = "owner" // of the record as a whole, when only one is named
	ClinicalOwner  Attr = "clinical_owner"
	TechnicalOwner Attr = "technical_owner"
	Vendor         Attr = "vendor"
	Contract       Attr = "contract"
	ContractEnd    Attr = "contract_end" // dates are 2006-01-02

	Status      Attr = "status"       // lifecycle state: in-service, spare, storage, in-repair, missing, retired, loaned, pending, ordered, disposed
	Criticality Attr = "criticality"  // high, medium, low
	LifeSupport Attr = "life_support" // yes, no
	StoresEPHI  Attr = "stores_ephi"  // yes, no
	RiskScore   Attr = "em_score"

	AcquiredOn      Attr = "acquired_on"
	AcquiredCost    Attr = "acquired_cost" // minor units and currency: "27948.00 USD", "27948.00"
	InServiceOn     Attr = "in_service_on"
	WarrantyEnd     Attr = "warranty_end"
	ExpectedLife    Attr = "expected_life" // years
	InspectedOn     Attr = "inspected_on"
	PMInterval      Attr = "pm_interval" // months
	PMLast          Attr = "pm_last"
	PMNext          Attr = "pm_next"
	PMProcedure     Attr = "pm_procedure"
	RetiredOn       Attr = "retired_on"
	SoftwareVersion Attr = "version"
	OS              Attr = "os"
	OSVersion       Attr = "os_version" // release or build: 22H2, 20.04
	OSSupport       Attr = "os_support" // supported, extended, ended, unknown: of the operating system, on the day it is asked
	Role            Attr = "role"       // server, client: what it is in conversations
	LastSeen        Attr = "last_seen"  // RFC 3339, where the source says so
	FirstSeen       Attr = "first_seen"
	Parent          Attr = "parent" // the medical system this is a part of: its name, or a number, tag, name or serial of the device that is the whole
	Notes           Attr = "notes"
)

// CustomPrefix marks an attribute that a hospital defined for itself: "custom.mri_zone".
const CustomPrefix = "custom."
