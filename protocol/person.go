package protocol

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// OfPerson says whether a name that somebody gave a device in free words says whose it is: "Dr. Meyer's ECG", "iPhone von
// Anna". Such a name is about a person and is never said. A host name is a name of the network, which administrators gave, or
// the device itself, and is not asked: "annas-iphone" is said. The words are the possessive of English and of makers' presets
// (Apple's in the languages of its largest markets), and the titles by which people are spoken of; that they suffice is expert
// judgement, and a name lost to them costs little, because makers say what a device is elsewhere.
func OfPerson(name string) bool {
	for rest := name; ; {
		at := strings.IndexAny(rest, "'’‘´`")
		if at < 0 {
			break
		}
		before := rest[:at]
		_, size := utf8.DecodeRuneInString(rest[at:])
		rest = rest[at+size:]
		last, _ := utf8.DecodeLastRuneInString(before)
		if !unicode.IsLetter(last) {
			continue
		}
		after := strings.TrimPrefix(strings.TrimPrefix(rest, "s"), "S")
		next, _ := utf8.DecodeRuneInString(after)
		switch ends := after == "" || !unicode.IsLetter(next); {
		case len(after) < len(rest) && ends: // Zelda's
			return true
		case strings.ContainsRune("sSxXzZ", last) && ends: // Max' iPad
			return true
		}
	}
	words := strings.FieldsFunc(name, func(r rune) bool {
		return unicode.IsSpace(r) || r == '=' || r == '(' || r == '[' || r == '_' || r == ','
	})
	for i, w := range words {
		capital := false // the next word begins like a name
		if i+1 < len(words) {
			r, _ := utf8.DecodeRuneInString(words[i+1])
			capital = unicode.IsUpper(r)
		}
		for _, title := range titles {
			if len(w) >= len(title) && strings.EqualFold(w[:len(title)], title) && (len(w) == len(title) && capital || strings.HasSuffix(title, ".") && len(w) > len(title)) {
				return true
			}
		}
		if i > 0 && capital {
			for _, of := range ofs {
				if strings.EqualFold(w, of) {
					return true
				}
			}
		}
	}
	return false
}

// titles stand before a name; one with a point also without a blank after it ("Dr.Meyer").
var titles = [...]string{"dr", "dr.", "prof", "prof.", "mr", "mr.", "mrs", "mrs.", "ms.", "mme", "mme.", "doctor", "docteur", "dottore", "herr", "frau", "schwester", "pfleger"}

// ofs stand between a device and whose it is, where the next word begins with a capital: "iPad de Ana".
var ofs = [...]string{"von", "van", "de", "di", "af", "av"}
