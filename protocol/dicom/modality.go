package dicom

import "strings"

// modalityOf returns the modality, in the terms of (0008,0060), whose images a storage SOP class holds
// (PS3.4 annex B.5, PS3.3 §C.7.3.1.1.1), or "". Classes that every kind of device sends, such as secondary
// capture, presentation states, structured reports and dose reports, tell nothing and are left out.
func modalityOf(syntax string) string {
	class, ok := strings.CutPrefix(syntax, "1.2.840.10008.5.1.4.1.1.")
	if !ok {
		return ""
	}
	switch class {
	case "1":
		return "CR"
	case "1.1", "1.1.1":
		return "DX"
	case "1.2", "1.2.1", "13.1.3", "13.1.4", "13.1.5":
		return "MG"
	case "1.3", "1.3.1":
		return "IO"
	case "2", "2.1", "2.2":
		return "CT"
	case "3", "3.1", "6", "6.1", "6.2":
		return "US"
	case "4", "4.1", "4.2", "4.3", "4.4":
		return "MR"
	case "12.1", "12.1.1", "13.1.1":
		return "XA"
	case "12.2", "12.2.1":
		return "RF"
	case "14.1", "14.2":
		return "IVOCT"
	case "20":
		return "NM"
	case "77.1.1", "77.1.1.1":
		return "ES"
	case "77.1.2", "77.1.2.1":
		return "GM"
	case "77.1.3", "77.1.6":
		return "SM"
	case "77.1.4", "77.1.4.1":
		return "XC"
	case "77.1.5.1", "77.1.5.2":
		return "OP"
	case "77.1.5.4":
		return "OPT"
	case "128", "130":
		return "PT"
	case "481.1":
		return "RTIMAGE"
	case "9.1.1", "9.1.2", "9.1.3":
		return "ECG"
	case "9.2.1":
		return "HD"
	case "9.3.1":
		return "EPS"
	}
	return ""
}
