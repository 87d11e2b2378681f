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

// titleModalities are the modalities that hospitals begin AE titles with (domain/05 §5.7: CT01, MR_…), each with those
// that one machine makes too: a PET/CT also sends CT, a room for radiography and fluoroscopy both.
var titleModalities = map[string]string{
	"CT": "CT PT NM", "MR": "MR PT", "US": "US IVUS", "XA": "XA RF CT DX", "RF": "RF XA CR DX", "CR": "CR DX MG RF", "DX": "DX CR RF MG XA",
	"MG": "MG CR DX US", "NM": "NM CT PT", "PT": "PT CT MR NM", "PET": "PT CT MR NM", "ES": "ES XC GM", "ECG": "ECG HD", "OPT": "OPT OP",
}

// modalityOfTitle returns the modality that an AE title begins with, set off from the rest by something that is no
// letter, or "".
func modalityOfTitle(ae string) string {
	i := 0
	for i < len(ae) && (ae[i]|0x20 >= 'a' && ae[i]|0x20 <= 'z') {
		i++
	}
	if word := strings.ToUpper(ae[:i]); titleModalities[word] != "" {
		return word
	}
	return ""
}

// contradicts tells whether a machine titled for one modality does not make the images of another. Documents, reports and
// captures, whose modality is none of a machine's, come from all.
func contradicts(titled, modality string) bool {
	if titled == "" || titleModalities[modality] == "" {
		return false
	}
	for m := range strings.FieldsSeq(titleModalities[titled]) {
		if m == modality {
			return false
		}
	}
	return true
}
