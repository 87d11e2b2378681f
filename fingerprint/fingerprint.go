// Package fingerprint decides whom a raw identifier of the wire names: a MAC prefix by the IEEE registries, a DICOM
// implementation class UID by its root, an SNMP sysObjectID by its enterprise number. Its tables are data in data/,
// a source and a confidence on every line. It leaves to package product which firm a registered name is, and to
// package inventory how much a name is worth beside other evidence. Rules as data over other observations
// (banners, titles, DHCP options) come with the discovery issue.
package fingerprint
