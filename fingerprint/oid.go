package fingerprint

import (
	_ "embed"
	"strings"
	"sync"
)

var (
	//go:embed data/dicom_roots.txt
	dicomTable string
	//go:embed data/enterprises.txt
	enterpriseTable string
)

// DICOMRoot returns whose DICOM software an implementation class UID names. The longest root of
// data/dicom_roots.txt that the UID equals or descends from wins. With toolkit, the name is of a library that
// anybody's device may carry (MergeCOM3, DCMTK, pynetdicom, dcm4che, fo-dicom): never the device's maker.
// Otherwise it is a maker, spelt as package product spells it.
func DICOMRoot(uid string) (maker string, toolkit bool, ok bool) {
	roots := dicomRoots()
	for at := trimUID(uid); at != ""; at = parent(at) {
		if root, ok := roots[at]; ok {
			return root.name, root.toolkit, true
		}
	}
	return "", false, false
}

// EnterpriseOf returns the maker of an SNMP agent by the enterprise number of its sysObjectID (domain/05 §5.6,
// data/enterprises.txt), spelt as package product spells it. The OID is in dotted numbers, with or without a
// leading dot, and may begin with "iso." or "enterprises." as net-snmp's tools print it. Agents that are only
// software (net-snmp, Windows, VMware) name nobody: they answer the same on every maker's hardware.
func EnterpriseOf(oid string) (maker string, ok bool) {
	number, ok := enterpriseNumber(oid)
	if !ok {
		return "", false
	}
	maker, ok = enterprises()[number]
	return maker, ok
}

type dicomRoot struct {
	name    string
	toolkit bool
}

var dicomRoots = sync.OnceValue(func() map[string]dicomRoot {
	roots := map[string]dicomRoot{}
	for _, row := range parseTable("dicom_roots.txt", dicomTable, 5) {
		roots[row[0]] = dicomRoot{name: row[1], toolkit: row[2] == "toolkit"}
	}
	return roots
})

var enterprises = sync.OnceValue(func() map[string]string {
	makers := map[string]string{}
	for _, row := range parseTable("enterprises.txt", enterpriseTable, 5) {
		if row[2] == "maker" {
			makers[row[0]] = row[1]
		}
	}
	return makers
})

// maxUID is the length of the longest UID that DICOM allows (PS3.5 §9.1); what is longer is not a UID.
const maxUID = 64

// trimUID takes off what pads a UID to even length on the wire: a NUL by the standard, a blank by habit.
func trimUID(uid string) string {
	uid = strings.TrimRight(strings.TrimSpace(uid), "\x00")
	if len(uid) > maxUID {
		return ""
	}
	return uid
}

// parent cuts the last arc off an OID; the parent of a single arc is "".
func parent(oid string) string {
	if at := strings.LastIndexByte(oid, '.'); at > 0 {
		return oid[:at]
	}
	return ""
}

// enterpriseNumber returns the arc below 1.3.6.1.4.1.
func enterpriseNumber(oid string) (string, bool) {
	oid = strings.TrimPrefix(strings.TrimSpace(oid), ".")
	if rest, ok := strings.CutPrefix(oid, "iso."); ok {
		oid = "1." + rest
	}
	for _, root := range []string{"1.3.6.1.4.1.", "SNMPv2-SMI::enterprises.", "enterprises."} {
		if rest, ok := strings.CutPrefix(oid, root); ok {
			number, _, _ := strings.Cut(rest, ".")
			return number, number != ""
		}
	}
	return "", false
}
