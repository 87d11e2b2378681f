package fact

import "strings"

// placeholders are the words that people, BIOS makers and spreadsheets put where a value is missing, in lower case
// with single spaces. Words that a status, a flag or a quantity may really have ("missing", "pending", "no", "x",
// "0") are not among them, nor are short runs of digits that a numbering reaches ("12345").
var placeholders = words(`
n/a | na | n.a. | n.a | n / a | n\a | n-a | n/d | n/k | nk | not applicable | not appl. | none | nil | null | nul | (null) | <null> | [null] | \n | nan | undefined | unspecified
unknown | unk | unk. | unkn | unkwn | unknow | unkown | uknown | un known | (unknown) | <unknown> | unknown device | unidentified | undetermined
not available | not avail | not avail. | unavailable | not known | not specified | not provided | not entered | not listed | not recorded | not set | not assigned | not given | not stated | not on file | no info | no information | no data | no value | no entry
none listed | none given | none assigned | none available | none recorded | none entered | unassigned | (none) | <none> | [none] | <empty> | (empty) | empty | (blank) | [blank] | blank | <blank> | left blank
tbd | tba | tbc | t.b.d. | t.b.a. | to be determined | to be advised | to be announced | to be confirmed | to be assigned | to follow | pending serial
see tag | see label | see note | see notes | see below | see above | see comments | see attached | see unit | see device | see sticker | on unit | on device | various | varies | multiple | several
no serial | no serial number | no serial # | no serial no | no serial no. | no ser | no ser # | no sn | no s/n | no s n | no sn# | nosn | noserial | none visible | no number | no tag | no asset tag | no asset | no label | no barcode | no model | no mac | no ip | no id | not tagged | not labeled | not labelled | not visible | not readable | not legible | illegible | unreadable | can't read | cant read | cannot read | unable to read | worn off | worn | scratched off | label missing | tag missing | missing label | missing tag
system serial number | system product name | system manufacturer | system version | system name | system sku | to be filled by o.e.m. | to be filled by oem | to be filled by o.e.m | default string | o.e.m. | oem | oem default | chassis serial number | chassis manufacturer | base board serial number | baseboard serial number | not specified by oem | type1productconfigid | product name | all series | no asset information | no enclosure | asset-1234567890 | 1234567890abcdef | sernum0 | serial number | serial no | serial no. | serial # | serial# | serial | asset tag | asset tag# | asset no | model number
#n/a | #n/a! | #ref! | #value! | #div/0! | #name? | #null! | #num! | #spill! | #calc! | #getting_data | ######
123456 | 1234567 | 12345678 | 123456789 | 1234567890 | 0123456789 | 012345678 | 0123456 | 01234567 | 987654321 | abc123 | abcdefg | abcdef | asdf | asdfgh | qwerty
desconocido | ninguno | no disponible | sin numero | sin número | unbekannt | keine angabe | k.a. | k. a. | nicht vorhanden | inconnu | aucun | non disponible | non renseigné | sconosciuto | onbekend | desconhecido
`)

// longestPlaceholder bounds what has to be compared at all.
const longestPlaceholder = 24

func words(list string) map[string]struct{} {
	out := map[string]struct{}{}
	for _, line := range strings.Split(list, "\n") {
		for _, w := range strings.Split(line, " | ") {
			if w = strings.TrimSpace(w); w != "" {
				out[w] = struct{}{}
			}
		}
	}
	return out
}

// Placeholder says whether a cell's text stands for "no value": empty, N/A, -, ??, unknown, TBD, 0000, xxxx, "System
// Serial Number", #REF! and their kin. A placeholder never identifies anything and is never a value.
func Placeholder(s string) bool {
	s = strings.TrimSpace(s)
	if s == "" || s == "\u00a0" {
		return true
	}
	if len(s) > longestPlaceholder {
		return onlyMarks(s)
	}
	var buf [longestPlaceholder]byte
	n, space := 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			space = true
			continue
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		}
		if space {
			buf[n] = ' '
			n, space = n+1, false
		}
		buf[n] = c
		n++
	}
	if _, ok := placeholders[string(buf[:n])]; ok {
		return true
	}
	return filler(buf[:n]) || onlyMarks(s)
}

// filler says whether the lower-case text is one sign over and over: 000, xx, 1111111, with or without separators
// ("00-00-00", "0.0.0.0").
func filler(b []byte) bool {
	var sign byte
	n := 0
	for _, c := range b {
		switch {
		case c == '-' || c == ':' || c == '.' || c == ' ' || c == '/' || c == '_':
			continue
		case sign == 0:
			sign = c
		case c != sign:
			return false
		}
		n++
	}
	switch {
	case sign == 'x':
		return n >= 2
	case sign == '0':
		return n >= 3
	case sign >= '1' && sign <= '9': // six like digits are a number that a tag may reach; seven are a filler
		return n >= 7
	}
	return false
}

// onlyMarks says whether s holds no letter and no digit: -, --, ?, ***, …
func onlyMarks(s string) bool {
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			return false
		case r < 0x80, r == '–', r == '—', r == '…', r == '\u00a0', r == '\ufeff', r == '\u200b', r == '·', r == '¿', r == '−':
		default:
			return false
		}
	}
	return true
}
