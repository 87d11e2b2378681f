package fingerprint

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"pons/fact"
)

//go:embed data/kinds.txt
var kindTable string

// Kind is a kind of evidence: findings of one kind are one witness.
type Kind struct {
	Name   string
	Weight float64 // how far its findings are believed alone, 0..1
}

type kindRow struct {
	prefix string
	Kind
}

var kinds = sync.OnceValue(func() []kindRow {
	var out []kindRow
	for i, row := range parseTableOf("kinds.txt", kindTable, 5, "VEP") {
		w, err := strconv.ParseFloat(row[2], 64)
		if err != nil || w <= 0 || w >= 1 {
			panic("fingerprint: data/kinds.txt row " + strconv.Itoa(i+1) + ": " + row[2] + " is no weight")
		}
		out = append(out, kindRow{row[0], Kind{row[1], w}})
	}
	return out
})

// KindOf is the kind of evidence that an attribute's findings are (data/kinds.txt, domain/05 §5.7). What the table does not
// know is a kind of its own, named by the attribute's family, and weighs 0.4.
func KindOf(attr fact.Attr) Kind {
	best := -1
	rows := kinds()
	for i := range rows {
		if strings.HasPrefix(string(attr), rows[i].prefix) && (best < 0 || len(rows[i].prefix) > len(rows[best].prefix)) {
			best = i
		}
	}
	if best >= 0 {
		return rows[best].Kind
	}
	family, _, _ := strings.Cut(string(attr), ".")
	return Kind{family, 0.4}
}

// Of is the kind of evidence of a rule's finding in an attribute, and what it weighs.
func (r *Rule) Of(attr fact.Attr) Kind {
	k := KindOf(attr)
	if r.Kind != "" {
		k.Name = r.Kind
	}
	if r.Trust > 0 {
		k.Weight = r.Trust
	}
	return k
}

// Expand adds to an observation what rules read more easily than the bytes of the protocol: the software part of an SSH
// version (RFC 4253 §4.2), a greeting of FTP or SMTP without its code.
func Expand(o Observation) []Observation { return AppendExpanded(nil, o) }

// AppendExpanded adds the observation and what Expand adds to it.
func AppendExpanded(out []Observation, o Observation) []Observation {
	out = append(out, o)
	add := func(attr fact.Attr, value string) {
		if value = strings.TrimSpace(value); value != "" {
			out = append(out, Observation{attr, value})
		}
	}
	switch o.Attr {
	case "ssh.banner":
		if rest, ok := strings.CutPrefix(o.Value, "SSH-"); ok {
			if _, software, ok := strings.Cut(rest, "-"); ok {
				add("ssh.software", software)
			}
		}
	case "ftp.banner":
		add("ftp.greeting", afterCode(o.Value))
	case "smtp.banner":
		add("smtp.greeting", afterCode(o.Value))
	}
	return out
}

// ExpandAll expands every observation.
func ExpandAll(seen []Observation) []Observation {
	out := make([]Observation, 0, len(seen)+2)
	for _, o := range seen {
		out = AppendExpanded(out, o)
	}
	return out
}

// afterCode takes "220 " or "220-" off a greeting.
func afterCode(s string) string {
	if len(s) > 4 && s[0] == '2' && (s[3] == ' ' || s[3] == '-') {
		return s[4:]
	}
	return s
}
