package intake

import (
	_ "embed" // the synonyms
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"pons/fact"
)

//go:embed synonyms.txt
var synonyms string

// What a column may mean besides an attribute.
const (
	attrIgnore     fact.Attr = "ignore"
	attrPatient    fact.Attr = "patient"    // of the synonyms only: never read
	attrCredential fact.Attr = "credential" // of the synonyms only: never read
	attrRecordID   fact.Attr = "record_id"  // of the synonyms only: becomes custom.record_id
	customRecordID           = fact.CustomPrefix + "record_id"
)

// abbreviations are the words that exports shorten, and what they stand for. They apply to synonyms and headers alike.
var abbreviations = map[string]string{
	"number": "no", "num": "no", "nbr": "no", "nr": "no", "numb": "no", "mfr": "manufacturer", "mfg": "manufacturer", "mfgr": "manufacturer",
	"manuf": "manufacturer", "mnfr": "manufacturer", "manufact": "manufacturer", "mfgs": "manufacturer", "manufacture": "manufacturer", "dept": "department", "desc": "description",
	"descr": "description", "eqpt": "equipment", "equip": "equipment", "equipt": "equipment", "eqp": "equipment", "bldg": "building", "acq": "acquisition",
	"freq": "frequency", "ctrl": "control", "ctl": "control", "loc": "location", "addr": "address", "dt": "date", "ser": "serial", "warr": "warranty", "svc": "service",
	"mo": "months", "mos": "months", "month": "months", "yr": "years", "yrs": "years", "year": "years", "centre": "center", "ctr": "center", "exp": "expiration", "expiry": "expiration",
	"expires": "expiration", "expire": "expiration", "ver": "version", "rev": "revision", "maint": "maintenance", "freqs": "frequency", "purch": "purchase", "sched": "schedule",
	"insp": "inspection", "proc": "procedure", "addresses": "address", "locations": "location", "manufacturers": "manufacturer", "models": "model", "types": "type", "departments": "department", "serials": "serial", "statuses": "status", "mgmt": "management", "hdw": "hardware", "hw": "hardware", "fw": "firmware",
}

// vocabulary is the synonyms by folded header.
type vocabulary struct {
	general map[string]fact.Attr
	byKind  map[string]map[string]fact.Attr
	doubles []string // synonyms given twice, which is a mistake in the list
}

var words = sync.OnceValue(func() *vocabulary {
	v := &vocabulary{general: map[string]fact.Attr{}, byKind: map[string]map[string]fact.Attr{}}
	for line := range strings.Lines(synonyms) {
		name, list, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		name, kind, _ := strings.Cut(name, "@")
		into := v.general
		if kind != "" {
			if v.byKind[kind] == nil {
				v.byKind[kind] = map[string]fact.Attr{}
			}
			into = v.byKind[kind]
		}
		for synonym := range strings.SplitSeq(list, "|") {
			synonym = strings.TrimSpace(synonym)
			for _, key := range [...]string{fact.Fold(synonym), strings.Join(tokens(synonym), "")} {
				if have, ok := into[key]; !ok {
					into[key] = fact.Attr(name)
				} else if have != fact.Attr(name) {
					v.doubles = append(v.doubles, synonym+": "+string(have)+", "+name)
				}
			}
		}
	}
	return v
})

// tokens splits a header into its words: at punctuation, at camel case, with "#" as "no", shortened words written out.
func tokens(header string) []string {
	var out []string
	start := -1
	end := func(i int) {
		if start >= 0 {
			w := strings.ToLower(header[start:i])
			if long, ok := abbreviations[w]; ok {
				w = long
			}
			out = append(out, w)
			start = -1
		}
	}
	var before rune
	for i, r := range header {
		letter := unicode.IsLetter(r) || unicode.IsDigit(r)
		switch {
		case !letter:
			end(i)
			if r == '#' {
				out = append(out, "no")
			}
		case start < 0:
			start = i
		case unicode.IsUpper(r) && (unicode.IsLower(before) || unicode.IsUpper(before) && startsLower(header[i+utf8.RuneLen(r):])):
			end(i)
			start = i
		}
		before = r
	}
	end(len(header))
	return out
}

// startsLower says whether a word goes on in small letters: "MACAddress" parts before the second A, "MACs" and "IPv4" do not.
func startsLower(s string) bool {
	return len(s) >= 2 && s[0] >= 'a' && s[0] <= 'z' && s[1] >= 'a' && s[1] <= 'z'
}

// match is one reading of a header.
type match struct {
	attr       fact.Attr
	confidence float64
	reason     string
	byKind     bool // only in this kind of source
}

// How far a header is believed. Expert judgement, ordered by how specific the wording is; a person sees them.
const (
	sureKind    = 0.98 // the wording of this kind of source
	sureGeneral = 0.95
	sureVague   = 0.70 // a word that means other things elsewhere: "name", "id", "unit"
	surePart    = 0.60 // a known phrase within a longer header
)

// vague are synonyms that say little alone.
var vague = map[string]bool{"id": true, "no": true, "name": true, "type": true, "unit": true, "area": true, "zone": true, "item": true, "host": true, "label": true, "key": true,
	"value": true, "group": true, "user": true, "contact": true, "status": true, "state": true, "class": true, "category": true, "role": true, "device": true, "asset": true, "node": true,
	"machine": true, "interval": true, "frequency": true, "cost": true, "address": true, "center": true, "account": true, "place": true, "article": true, "port": true, "ports": true,
	"interface": true, "version": false, "release": true, "revision": true, "risk": true, "priority": true, "impact": true, "coverage": true, "where": true, "seen": true, "procedure": true,
	"control": true, "block": true, "story": true, "piano": true, "sala": true, "warranty": false, "retired": false, "active": true, "critical": false, "tech": true, "shop": true, "manager": true, "managedby": true, "center no": true, "fl": true, "rm": false,
	"tag": true, "di": true, "ref": true, "pn": true, "uid": true, "ae": true, "unit no": true, "station": true, "make": true, "product": true, "display": true, "lease": true, "client": true, "hardware": true}

// telling are single words that a longer header may contain and still mean.
var telling = map[string]bool{"serial": true, "manufacturer": true, "mac": true, "hostname": true, "building": true, "room": true, "vlan": true, "udi": true, "gmdn": true, "umdns": true,
	"ssid": true, "model": true, "department": true, "fqdn": true, "firmware": true, "floor": true}

// recognise returns the readings of a header for a kind of source, best first.
func recognise(header, kind string) []match {
	var out []match
	add := func(key string, factor float64, how string) {
		if key == "" {
			return
		}
		if a, ok := words().byKind[kind][key]; ok {
			out = append(out, match{a, sureKind * factor, how, true})
		}
		if a, ok := words().general[key]; ok {
			sure := sureGeneral
			if vague[key] {
				sure = sureVague
			}
			out = append(out, match{a, sure * factor, how, false})
		}
	}
	whole := tokens(header)
	joined := strings.Join(whole, "")
	add(joined, 1, "header")
	if folded := fact.Fold(header); folded != joined {
		add(folded, 1, "header")
	}
	if len(out) > 0 {
		if m := out[len(out)-1]; m.attr == fact.Model && whole[len(whole)-1] == "no" { // beside a "Model" column
			out = append(out, match{attr: fact.ModelNumber, confidence: m.confidence * 0.9, reason: m.reason})
		}
		return out
	}
	if i := strings.IndexAny(header, "(["); i > 0 { // "PM Freq (mo)"
		if inner := tokens(header[:i]); len(inner) > 0 {
			add(strings.Join(inner, ""), 0.98, "header without the part in brackets")
		}
	}
	for n := len(whole); len(out) == 0 && n > 1 && nestedTail[whole[n-1]]; n-- { // "support_group.display_value"
		add(strings.Join(whole[:n-1], ""), 0.95, "header without its last word")
	}
	if len(out) > 0 {
		return out
	}
	for size := min(len(whole)-1, 5); size >= 1; size-- {
		for i := len(whole) - size; i >= 0; i-- {
			key := strings.Join(whole[i:i+size], "")
			if size == 1 && !telling[whole[i]] || vague[key] {
				continue
			}
			if a, ok := words().general[key]; ok && len(key) > 2 {
				return append(out, match{attr: a, confidence: surePart, reason: "header contains “" + strings.Join(whole[i:i+size], " ") + "”"})
			}
		}
	}
	return out
}

// nestedTail are the words under which nested objects keep their readable name.
var nestedTail = map[string]bool{"name": true, "display": true, "value": true, "label": true, "text": true, "string": true, "months": true, "years": true, "usd": true, "eur": true, "date": false}
