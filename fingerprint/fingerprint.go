// Package fingerprint decides whom a raw identifier of the wire names, and how much that is worth: a MAC prefix by the
// IEEE registries, a DICOM implementation class UID by its root, an SNMP sysObjectID by its enterprise number, a build
// of Windows by its release, and everything else (banners, titles, DHCP options, host names …) by rules that are data
// and not code: text blocks with examples (docs/fingerprints.md), those that Pons brings in rules/ and those of packs,
// signed ones and recog's XML among them. Tables are in data/, a source and a confidence on every line. It leaves to
// package product which firm a name is, and to package inventory what several findings make of one device.
package fingerprint
