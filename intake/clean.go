package intake

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"pons/fact"
)

// valueKind is how the cells of an attribute are read.
type valueKind uint8

const (
	asText valueKind = iota
	asID             // text that identifies: a number shortened by a spreadsheet is refused
	asNotes
	asModel
	asMAC
	asIP
	asEUI
	asDate
	asStamp
	asMoney
	asNumber
	asMonths
	asYears
	asFlag
	asStatus
	asLevel
)

var kinds = map[fact.Attr]valueKind{
	fact.ControlNumber: asID, fact.AssetTag: asID, fact.Serial: asID, fact.UDI: asID, fact.UDIDI: asID, fact.ModelNumber: asID, fact.Parent: asID, customRecordID: asID,
	fact.Notes: asNotes, fact.Model: asModel, fact.MAC: asMAC, fact.IP: asIP, fact.EUI64: asEUI,
	fact.ContractEnd: asDate, fact.AcquiredOn: asDate, fact.InServiceOn: asDate, fact.WarrantyEnd: asDate, fact.InspectedOn: asDate,
	fact.PMLast: asDate, fact.PMNext: asDate, fact.RetiredOn: asDate, fact.LastSeen: asStamp, fact.FirstSeen: asStamp,
	fact.AcquiredCost: asMoney, fact.RiskScore: asNumber, fact.ExpectedLife: asYears, fact.PMInterval: asMonths,
	fact.LifeSupport: asFlag, fact.StoresEPHI: asFlag, fact.Status: asStatus, fact.Criticality: asLevel,
}

func kindOf(a fact.Attr) valueKind { return kinds[a] }

// tidy returns the text of a cell as a value: no blanks around, single spaces within, no control characters, mojibake
// mended, and the wrappings that keep spreadsheets from eating leading zeros (="007", '007) taken off. Text that starts
// with = + - @ is data like any other; whoever exports it has to escape it.
func tidy(s string) string {
	if s == "" {
		return s
	}
	plain, space := true, true
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < ' ' || c >= 0x7f || c == ' ' && space {
			plain = false
			break
		}
		space = c == ' '
	}
	if !plain || space {
		s = tidySlow(s, false)
	}
	if len(s) > 3 && s[0] == '=' && s[1] == '"' && s[len(s)-1] == '"' && strings.IndexByte(s[2:len(s)-1], '"') < 0 {
		s = strings.TrimSpace(s[2 : len(s)-1])
	} else if len(s) > 1 && s[0] == '\'' && s[1] >= '0' && s[1] <= '9' && strings.IndexByte(s[1:], '\'') < 0 {
		s = s[1:]
	}
	return s
}

// tidySlow does what tidy says for text that needs it; lines keeps line breaks.
func tidySlow(s string, lines bool) string {
	s = mend(s)
	var b strings.Builder
	b.Grow(len(s))
	gap := ""
	for _, r := range s {
		switch {
		case lines && r == '\n':
			gap = "\n"
		case unicode.IsSpace(r):
			if gap == "" {
				gap = " "
			}
		case r < ' ', r == 0x7f, r == '\ufeff', r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x80 && r < 0xa0: // controls, zero width and direction marks
		default:
			if b.Len() > 0 {
				b.WriteString(gap)
			}
			gap = ""
			b.WriteRune(r)
		}
	}
	return b.String()
}

// cp1252 are the runes of bytes 0x80 to 0x9f in Windows-1252; the five unused bytes stand for themselves.
var cp1252 = [32]rune{'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8d, 'Ž', 0x8f, 0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9d, 'ž', 'Ÿ'}

// mend undoes UTF-8 that was read as Windows-1252 ("GerÃ¤t"). It does so only when it is certain: all of the text goes
// back into Windows-1252 bytes, and those are valid UTF-8 with at least one character outside ASCII. Honest text never
// is: it would need a letter such as Ã before a sign such as ¤.
func mend(s string) string {
	for range 2 { // it happens twice in a chain of exports
		t, ok := unread(s)
		if !ok {
			return s
		}
		s = t
	}
	return s
}

func unread(s string) (string, bool) {
	i := 0
	for i < len(s) && s[i] < 0x80 {
		i++
	}
	if i == len(s) {
		return s, false
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		switch {
		case r < 0x80 || r >= 0xa0 && r <= 0xff:
			b = append(b, byte(r))
		default:
			c := byte(0)
			for k, w := range cp1252 {
				if w == r {
					c = byte(0x80 + k)
				}
			}
			if c == 0 {
				return s, false
			}
			b = append(b, c)
		}
	}
	if !utf8.Valid(b) {
		return s, false
	}
	return string(b), true
}

// shortened says whether a spreadsheet has turned an identifier into a rounded number: 1.23457E+11.
func shortened(s string) bool {
	if len(s) < 6 || len(s) > 24 || s[0] < '0' || s[0] > '9' || s[1] != '.' && s[1] != ',' {
		return false
	}
	i := strings.IndexAny(s, "Ee")
	return i > 2 && isDigits(s[2:i]) && i+2 < len(s) && s[i+1] == '+' && isDigits(s[i+2:])
}

// statuses are the words of CMMS, CMDB and asset systems for the states of fact.Status.
var statuses = table(`
in-service: in service | in use | active | activ | actv | act | installed | deployed | operational | online | up | in production | production | live | use | functional | working | functioning | ok | good | commissioned | current | assigned | checked out | in operation | operating | issued | running | open | enabled | activated | accepted | clinical use | patient ready | in betrieb | aktiv | en servicio | activo | en service | actif | in uso | attivo | yes | true | y | used | ready for use | permanent | normal | connected
spare: spare | backup | back up | standby | stand by | available | pool | reserve | reserved | hot spare | ready to deploy | deployable | ready | float | float pool | substitute | unassigned unit | ersatz
storage: storage | stored | in storage | warehouse | warehoused | in stock | stock | stockroom | inventory | on shelf | shelf | idle | not in use | unused | mothballed | temporarily out of use | in store | stores | seasonal | lager
in-repair: in repair | out for repair | repair | under repair | being repaired | pending repair | broken | out of order | out of service | oos | down | defective | failed | faulty | in maintenance | maintenance | under maintenance | awaiting parts | waiting for parts | sent to vendor | at vendor | sent out | out for diagnostics | diagnostics | in shop | service required | removed for repair | awaiting repair | hors service | en reparacion | defekt | in reparatur | exception | quarantined | quarantine | rma | unsafe | degraded | offline
missing: missing | lost | not found | cannot locate | can not locate | unable to locate | could not locate | not located | utl | cnl | stolen | lost stolen | lost or stolen | missing in inventory | absent | unlocatable | vermisst | perdido | perdu
retired: retired | retir | retire | inact | inactv | ret | inactive | decommissioned | decommissioning | decommission | decom | turned in | turn in | removed | removed from service | removed from inventory | archived | archive | end of life | eol | obsolete | withdrawn | surplus | excess | excessed | deleted | delete | not active | deactivated | out of inventory | condemned | replaced | off | no | false | n | written off | ausgemustert | stillgelegt | fuera de servicio | baja | reforme | réformé | dismesso | undeployable | to be disposed | pending disposal | pending retirement
loaned: loaned | loaner | on loan | loan | lent | loaned out | rental | rented | rent | demo | demonstration | evaluation | trial | eval | consignment | borrowed | leihgerät | leihgeraet | vendor owned loaner
pending: pending | pending install | pending installation | pending instal | awaiting install | awaiting installation | to be installed | not installed | new | received | receiving | in receiving | incoming | incoming inspection | pending incoming inspection | staged | staging | planned | build | in transit | pending acceptance | pending inspection | awaiting inspection | pre production | preproduction | not yet in service | pending deployment | pending transfer | setup | in setup | configured | acquired | initial inspection | pipeline
ordered: ordered | on order | requested | purchased | purchase order | order | po issued | backordered | procured | bestellt
disposed: disposed | disposed of | disposal | scrapped | scrap | sold | donated | destroyed | recycled | salvaged | salvage | junked | junk | traded in | trade in | trashed | auctioned | returned to vendor | returned to lessor | entsorgt | verschrottet
`)

// installStatus are ServiceNow's codes of cmdb_ci.install_status, as exports without display values have them.
var installStatus = map[string]string{"1": "in-service", "2": "ordered", "3": "in-repair", "4": "pending", "5": "in-repair", "6": "storage", "7": "retired", "8": "missing", "100": "missing"}

// levels are the words for fact.Criticality.
var levels = table(`
high: high | critical | very high | most critical | mission critical | urgent | essential | vital | 1 most critical | 1 high | 1 critical | h | crit | life support | tier 1 | hoch | alta | élevée | severe | extreme | a critical | highest | priority 1 | p1 | major
medium: medium | med | moderate | somewhat critical | 2 somewhat critical | 2 medium | 2 high | m | normal | important | average | tier 2 | mittel | media | moyenne | standard | priority 2 | p2
low: low | less critical | not critical | non critical | noncritical | 3 less critical | 4 not critical | 3 low | minor | l | minimal | very low | negligible | tier 3 | niedrig | gering | baja | faible | lowest | priority 3 | p3 | routine | 4 low | 3 moderate
`)

var flags = table(`
yes: yes | y | true | t | 1 | x | ja | si | sí | oui | checked | positive | wahr | vrai
no: no | n | false | f | 0 | nein | non | unchecked | negative | falsch | faux
`)

// table reads "canonical: word | word" lines into a map by folded word.
func table(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		name, list, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		for w := range strings.SplitSeq(list, "|") {
			out[fact.Fold(w)] = name
		}
		out[fact.Fold(name)] = name
	}
	return out
}

// statusWord returns the state a word means.
func statusWord(s string) (string, bool) {
	if len(s) > 40 {
		return "", false
	}
	v, ok := statuses[fact.Fold(s)]
	if !ok { // "A - Active", "7 - Retired", "Active (in use)"
		for _, sep := range [...]string{" - ", ": ", " ("} {
			before, after, found := strings.Cut(s, sep)
			if !found {
				continue
			}
			if len(before) <= 3 && sep != " (" {
				before = after
			}
			if v, ok = statuses[fact.Fold(before)]; ok {
				break
			}
		}
	}
	return v, ok
}

func level(s string) (string, bool) {
	v, ok := levels[fact.Fold(s)]
	return v, ok
}

func yesNo(s string) (string, bool) {
	if len(s) > 10 {
		return "", false
	}
	v, ok := flags[fact.Fold(s)]
	return v, ok
}

// everyMonths are the words for intervals, in months.
var everyMonths = map[string]float64{"annual": 12, "annually": 12, "yearly": 12, "semiannual": 6, "semiannually": 6, "biannual": 6, "biannually": 6, "halfyearly": 6, "sixmonthly": 6, "quarterly": 3, "quarter": 3,
	"monthly": 1, "bimonthly": 2, "biennial": 24, "biennially": 24, "triennial": 36, "everytwoyears": 24, "every2years": 24, "every3years": 36, "twoyearly": 24, "jährlich": 12, "halbjährlich": 6, "vierteljährlich": 3,
	"monatlich": 1, "anual": 12, "semestral": 6, "trimestral": 3, "mensual": 1, "annuel": 12, "semestriel": 6, "trimestriel": 3, "mensuel": 1, "weekly": 12.0 / 52, "daily": 12.0 / 365, "an": 12, "sa": 6, "q": 3}

// span reads a length of time and returns it in months; unit is what a bare number counts ("" = months).
func span(s, unit string) (float64, bool) {
	if n, ok := everyMonths[fact.Fold(s)]; ok {
		return n, true
	}
	low := strings.ToLower(strings.TrimPrefix(strings.ToLower(s), "every "))
	i := 0
	for i < len(low) && (low[i] >= '0' && low[i] <= '9' || low[i] == '.') {
		i++
	}
	n, err := strconv.ParseFloat(low[:i], 64)
	if err != nil || n > 36_500 {
		return 0, false
	}
	switch strings.Trim(low[i:], " -.()") {
	case "":
		switch unit {
		case "days":
			n = days(n)
		case "weeks":
			n = n * 12 / 52
		case "years":
			n *= 12
		}
	case "d", "day", "days", "tage":
		n = days(n)
	case "w", "wk", "wks", "week", "weeks":
		n = n * 12 / 52
	case "m", "mo", "mos", "mon", "month", "months", "mth", "mths", "monate":
	case "q", "quarter", "quarters":
		n *= 3
	case "y", "yr", "yrs", "year", "years", "jahre", "a":
		n *= 12
	default:
		return 0, false
	}
	return n, true
}

// days returns days as months, whole where people mean whole months: 30, 90, 91, 180, 182, 365, 730.
func days(n float64) float64 {
	months := n * 12 / 365.25
	if near := float64(int(months + 0.5)); near >= 1 && months > near-0.1 && months < near+0.1 {
		return near
	}
	return months
}

// plainNumber writes a number with at most two decimals and no zeros behind them.
func plainNumber(n float64) string {
	s := strconv.FormatFloat(n, 'f', 2, 64)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// firstModel returns the first of several models in a cell ("MX800/MX700", "8100; 8015"), and whether there are several.
// Parts count as models when both hold a digit and are built alike, so that "Vigileo/FloTrac" and "AIR-9120/B" stay whole.
func firstModel(s string) (string, bool) {
	for _, sep := range [...]string{"/", ";", ",", "&", " or ", " and ", "+"} {
		before, after, ok := strings.Cut(s, sep)
		if !ok {
			continue
		}
		before, after = strings.TrimSpace(before), strings.TrimSpace(after)
		if next, _, more := strings.Cut(after, sep); more {
			after = strings.TrimSpace(next)
		}
		left := before[strings.LastIndexByte(before, ' ')+1:]
		right := after[strings.LastIndexByte(after, ' ')+1:]
		if len(left) >= 3 && len(right) >= 3 && left != right && alike(left, right) {
			return before, true
		}
	}
	return s, false
}

// alike says whether two words are built alike: the same run of letters and digits (MX800, MX700), or the second only
// the digits of such a run (MX800/700).
func alike(a, b string) bool {
	sa, sb := shape(a), shape(b)
	if !strings.Contains(sa, "9") {
		return false
	}
	return sa == sb || isDigits(b) && strings.HasSuffix(sa, sb) && len(sb) >= 3
}

func shape(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			b = append(b, '9')
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			b = append(b, 'A')
		default:
			b = append(b, c)
		}
	}
	return string(b)
}
