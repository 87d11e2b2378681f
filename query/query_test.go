package query_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pons/query"
)

var now = time.Date(2026, 6, 15, 10, 30, 0, 0, time.UTC)

func schema(t testing.TB) *query.Schema {
	t.Helper()
	s, err := query.NewSchema(
		query.Field{Name: "class", Title: "Class", Kind: query.Keyword},
		query.Field{Name: "manufacturer", Title: "Maker", Kind: query.Keyword, Aliases: []string{"maker"}},
		query.Field{Name: "owner", Title: "Owner", Kind: query.Keyword},
		query.Field{Name: "source", Title: "Sources", Kind: query.Set},
		query.Field{Name: "hostname", Title: "Hostname", Kind: query.Text},
		query.Field{Name: "ip", Title: "IP", Kind: query.IP},
		query.Field{Name: "mac", Title: "MAC", Kind: query.MAC},
		query.Field{Name: "last_seen", Title: "Last seen", Kind: query.Time, Aliases: []string{"seen"}},
		query.Field{Name: "acquired_on", Title: "Acquired", Kind: query.Date},
		query.Field{Name: "cost", Title: "Cost", Kind: query.Number},
		query.Field{Name: "connected", Title: "Connected", Kind: query.Bool},
		query.Field{Name: "flag", Title: "Flags", Kind: query.Flags, Values: []string{"life-support", "stores-ephi"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// device builds a row from "field=value" pairs.
func device(t testing.TB, s *query.Schema, cells ...string) *query.Row {
	t.Helper()
	r := s.NewRow()
	for _, c := range cells {
		name, value, _ := strings.Cut(c, "=")
		i, ok := s.Find(name)
		if !ok || !r.Add(i, value) {
			t.Fatalf("cell %q", c)
		}
	}
	return r
}

func TestMatch(t *testing.T) {
	s := schema(t)
	pump := device(t, s, "class=infusion-pump", "manufacturer=B. Braun", "source=cmms", "source=dhcp", "hostname=PUMP-ICU3-07",
		"ip=10.20.3.9", "ip=fe80::1", "mac=00-12-21-AA-BB-CC", "last_seen=2026-06-01T10:30:00Z", "acquired_on=2019-12-31", "cost=2500",
		"connected=true", "flag=life-support")
	for _, c := range []struct {
		query string
		want  bool
	}{
		{``, true},
		{`class:infusion-pump and manufacturer:"B. Braun" and not has:owner and last_seen<30d`, true},
		{`CLASS:Infusion-Pump maker:"b. braun"`, true},
		{`class:infusion`, false}, {`class:infusion*`, true}, {`class:"infusion*"`, false}, {`class:*-p?mp`, true}, {`class:*`, true},
		{`class=infusion-pump`, true}, {`class!=infusion-pump`, false}, {`owner!=anyone`, true}, {`class=infusion*`, false},
		{`class in (ventilator, infusion-pump)`, true}, {`class:(ventilator,"infusion-pump")`, true}, {`class in (a,b)`, false}, {`class in (x*, infusion*)`, true},
		{`hostname:icu3`, true}, {`hostname=icu3`, false}, {`hostname=pump-icu3-07`, true}, {`hostname:PUMP-*`, true}, {`hostname:ICU*`, false},
		{`hostname in (icu3)`, false}, {`hostname in (pump-icu3-07, x)`, true}, {`hostname:""`, false},
		{`source:dhcp source:cmms`, true}, {`source:dhcp and not source:cmms`, false},
		{`has:owner`, false}, {`missing:owner`, true}, {`-has:owner`, true}, {`has:hostname`, true}, {`missing:ip`, false},
		{`is:life-support`, true}, {`is:LIFE_SUPPORT`, true}, {`is:stores-ephi`, false}, {`is:connected`, true}, {`connected:no`, false}, {`flag:life-support`, true},
		{`flag in (life-support, stores-ephi)`, true}, {`has:flag`, true},
		{`ip:10.20.0.0/16`, true}, {`ip:10.21.0.0/16`, false}, {`ip:10.20.3.9`, true}, {`ip=10.20.3.9`, true}, {`ip:10.20.3.1..10.20.3.20`, true},
		{`ip:10.20.*`, true}, {`ip:fe80::/10`, true}, {`ip:::/0`, true}, {`ip:2001::/16`, false}, {`ip in (192.168.0.0/16, 10.20.3.0/24)`, true}, {`ip:::ffff:10.20.3.9`, true},
		{`mac:00:12:21`, true}, {`mac:001221`, true}, {`mac:0012.21aa`, true}, {`mac:00:12:2*`, true}, {`mac:12:21`, false}, {`mac=00:12:21:aa:bb:cc`, true}, {`mac=001221aabbcd`, false},
		// 14 days ago exactly
		{`last_seen<30d`, true}, {`last_seen>30d`, false}, {`last_seen<14d`, false}, {`last_seen<=14d`, true}, {`last_seen>14d`, false}, {`last_seen>=14d`, true},
		{`last_seen<336h`, false}, {`last_seen>20159min`, true}, {`last_seen<3w`, true}, {`last_seen<1mo`, true}, {`last_seen:2w`, true}, {`seen>1y`, false},
		{`last_seen>-30d`, true}, {`last_seen<-30d`, false}, {`last_seen<+1d`, true}, {`last_seen:7d..30d`, true}, {`last_seen:30d..7d`, true}, {`last_seen:15d..30d`, false},
		{`last_seen:10d..`, true}, {`last_seen:..10d`, false}, {`last_seen:30d..today`, true}, {`last_seen:2026-01-01..7d`, true},
		{`last_seen:2026-06-01`, true}, {`last_seen:2026-06`, true}, {`last_seen:2026`, true}, {`last_seen:2025`, false}, {`last_seen>2026-06-01`, false},
		{`last_seen>=2026-06-01`, true}, {`last_seen<2026-06-01`, false}, {`last_seen<=2026-06-01`, true}, {`last_seen>2026-05-31`, true}, {`last_seen<2026-06-01T10:31`, true},
		{`last_seen:2026-06-01T10:30`, true}, {`last_seen=2026-06-01T12:30:00+02:00`, true}, {`last_seen:today`, false}, {`last_seen<now`, true}, {`last_seen<yesterday`, true},
		{`acquired_on:2015..2020`, true}, {`acquired_on:2015..2019`, true}, {`acquired_on:2020..`, false}, {`acquired_on:..2019-12-31`, true}, {`acquired_on:2019-12`, true},
		{`acquired_on<2019-12-31`, false}, {`acquired_on<=2019`, true}, {`acquired_on>5y`, true}, {`acquired_on<7y`, true}, {`acquired_on!=2019`, false},
		{`cost:2500`, true}, {`cost=2.5k`, true}, {`cost<2500`, false}, {`cost<=2500`, true}, {`cost>2499.99`, true}, {`cost:1000..`, true}, {`cost:..1000`, false}, {`cost:1k..3k`, true},
		{`cost in (1, 2000..3000)`, true}, {`cost>1M`, false}, {`cost>=250000%`, true},
		{`braun`, true}, {`"B. Braun"`, true}, {`icu3`, true}, {`20.3`, true}, {`00:12:21`, true}, {`00-12-21-AA-BB-CC`, true}, {`001221aabbcc`, true}, {`fe80::1`, true},
		{`pump-*`, true}, {`ump-*`, false}, {`-braun`, false}, {`-nothing`, true}, {`2500`, false},
		{`class:x or braun and cost>1`, true}, {`(class:x or braun) and cost<1`, false}, {`not (class:x or cost<1)`, true}, {`not not braun`, true}, {`NOT class:x AND braun`, true},
		{`(((braun)))`, true}, {`(class:x)or(braun)`, true}, {`last_seen < 30d`, true}, {`class : infusion-pump`, true},
	} {
		e, err := query.Parse(s, c.query)
		if err != nil {
			t.Errorf("%s: %v", c.query, err)
			continue
		}
		if got := query.Match(e, pump, now); got != c.want {
			t.Errorf("%s: got %v, want %v (read as %s)", c.query, got, c.want, e)
		}
		again, err := query.Parse(s, e.String())
		if err != nil || !reflect.DeepEqual(e, again) {
			t.Errorf("%s: canonical %s reads as %s, %v", c.query, e, again, err)
		}
	}
}

func TestErrors(t *testing.T) {
	s := schema(t)
	for _, c := range []struct {
		query          string
		column, length int
		message, hint  string
	}{
		{`clas:x`, 1, 4, `no field "clas"`, "class"},
		{`é and clas:x`, 7, 4, `no field "clas"`, "class"},
		{`zzzzzz:x`, 1, 6, `no field`, "quotes"},
		{`class:"B. Braun`, 7, 9, "not closed", `"`},
		{`(class:x`, 1, 1, "not closed", ")"},
		{`class:x)`, 8, 1, "closes nothing", ""},
		{`class:x and`, 12, 0, "missing at the end", ""},
		{`class:`, 7, 0, "value is missing", ""},
		{`and x`, 1, 3, "nothing before", ""},
		{`()`, 1, 2, "empty", ""},
		{`cost:abc`, 6, 3, "not a number", "1.5k"},
		{`cost:..`, 6, 2, "no end", ""},
		{`cost:5..1`, 6, 4, "upside down", ""},
		{`cost=1..5`, 6, 4, "colon", ""},
		{`class<5`, 7, 1, "no order", ":"},
		{`ip:10.20.0.0/99`, 4, 12, "not a subnet", ""},
		{`ip:10.20`, 4, 5, "not an IP", ""},
		{`mac:pump`, 5, 4, "not a MAC", ""},
		{`last_seen<30m`, 11, 3, "minutes or months", "mo"},
		{`last_seen<soon`, 11, 4, "not a time", ""},
		{`last_seen<9999y`, 11, 5, "250 years", ""},
		{`connected:maybe`, 11, 5, "neither yes nor no", ""},
		{`is:life-suport`, 4, 11, "no flag", "life-support"},
		{`has:ownr`, 5, 4, "no field", "owner"},
		{`has=owner`, 4, 1, "colon", ""},
		{`class in x`, 6, 4, "list", ""},
		{`class in (a b)`, 13, 1, "comma", ""},
		{`class in (a,`, 10, 1, "not closed", ""},
		{`class:a"b`, 8, 1, "quote in the middle", ""},
		{`class:"a"b`, 10, 1, "follows the closing quote", ""},
		{`- x`, 1, 1, "minus", ""},
		{`""`, 1, 2, "empty", ""},
		{"a\x00b", 2, 1, "cannot be read", ""},
		{strings.Repeat("(", 10_000), 51, 1, "levels", ""},
		{strings.Repeat("-", 10_000) + "x", 51, 1, "levels", ""},
		{strings.Repeat("x ", 1<<19), 1, 0, "bytes", ""},
		{strings.Repeat("class:x ", 300), 1601, 1, "terms", "in ("},
		{strings.Repeat("x ", 30), 21, 1, "words", ""},
		{"class:x *a*?b", 9, 5, "two plain characters", "hostname"},
		{"ip in (" + strings.Repeat("10.0.0.0/8,", 30) + "::1)", 7, 1, "patterns", ""},
		{"class in (" + strings.Repeat("x,", 6000) + "x)", 10, 1, "values in a list", ""},
	} {
		name := c.query[:min(len(c.query), 30)]
		_, err := query.Parse(s, c.query)
		var qe *query.Error
		if !errors.As(err, &qe) {
			t.Errorf("%s: error is %v", name, err)
			continue
		}
		if qe.Column != c.column || qe.Length != c.length || !strings.Contains(qe.Message, c.message) || !strings.Contains(qe.Hint, c.hint) {
			t.Errorf("%s: %+v, want column %d length %d %q %q", name, *qe, c.column, c.length, c.message, c.hint)
		}
	}
}

func TestFacetLinks(t *testing.T) {
	s := schema(t)
	class, _ := s.Find("class")
	host, _ := s.Find("hostname")
	e, err := query.Parse(s, `pump or bed`)
	if err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		got  query.Expr
		want string
	}{
		{query.Expr{}.With(s, class, "a b"), `class:"a b"`},
		{e.With(s, class, "a"), `(pump or bed) and class:a`},
		{e.With(s, class, "a").With(s, class, "b").With(s, class, "b"), `(pump or bed) and class in (a, b)`},
		{e.With(s, class, "a").With(s, class, "b").Without(class, "A"), `(pump or bed) and class:b`},
		{e.With(s, class, "a").Without(class, ""), `pump or bed`},
		{e.With(s, host, "x").With(s, host, "y*"), `(pump or bed) and hostname in (x, "y*")`},
		{e.With(s, host, "x"), `(pump or bed) and hostname=x`},
		{query.Both(e, query.Expr{}.With(s, class, "a")), `(pump or bed) and class:a`},
	}
	for i, c := range steps {
		if c.got.String() != c.want {
			t.Errorf("%d: %s, want %s", i, c.got, c.want)
		}
		again, err := query.Parse(s, c.got.String())
		if err != nil || !reflect.DeepEqual(again, c.got) {
			t.Errorf("%d: %s does not come back: %s %v", i, c.got, again, err)
		}
	}
	if got := fmt.Sprint(e.With(s, class, "a").With(s, class, "b").Chosen(class)); got != "[a b]" {
		t.Errorf("chosen: %s", got)
	}
	if e.String() != "pump or bed" {
		t.Errorf("the original changed: %s", e)
	}
}

func TestComplete(t *testing.T) {
	s := schema(t)
	values := func(field int, prefix string) []string {
		if s.Field(field).Name == "manufacturer" {
			return []string{"B. Braun", "Baxter", "GE"}
		}
		return []string{"infusion-pump", "ventilator"}
	}
	for _, c := range []struct {
		text string // | is the caret
		want string // first suggestion
		from int
	}{
		{`cla|`, "class:", 0},
		{`class|`, "class:", 0},
		{`make|`, "manufacturer:", 0},
		{`class:inf|`, "infusion-pump", 6},
		{`class:v| and x`, "ventilator", 6},
		{`x and manufacturer:|`, `"B. Braun"`, 19},
		{`x and manufacturer:"b. |`, `"B. Braun"`, 19},
		{`class in (a, ven|`, "ventilator", 13},
		{`class:(ven|`, "ventilator", 7},
		{`has:own|`, "owner", 4},
		{`-is:life|`, "life-support", 4},
		{`is:conn|`, "connected", 3},
		{`last_seen<|`, "7d", 10},
		{`connected:n|`, "no", 10},
		{`class:x an|`, "and ", 8},
		{`(class:x) o|`, "owner:", 10},
		{`-hostn|`, "hostname:", 1},
	} {
		caret := strings.Index(c.text, "|")
		got := query.Complete(s, strings.Replace(c.text, "|", "", 1), caret, values)
		if len(got) == 0 || got[0].Text != c.want || got[0].From != c.from || got[0].To != caret {
			t.Errorf("%s: %+v, want %q from %d", c.text, got, c.want, c.from)
		}
	}
}

func TestNatural(t *testing.T) {
	order := []string{"", "-", "a", "a0", "a00", "a01", "a1", "a2", "a10", "a10b", "a10b2", "a10b10", "a999999999", "a1000000000", "a" + strings.Repeat("9", 300), "a1" + strings.Repeat("0", 300), "aa", "bed 9", "bed 10", "é"}
	for i, a := range order {
		for j, b := range order {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := query.Natural(a, b); got != want {
				t.Errorf("%q %q: %d want %d", a, b, got, want)
			}
			if ka, kb := query.NaturalKey(a), query.NaturalKey(b); ka < kb && want >= 0 || ka > kb && want <= 0 {
				t.Errorf("keys of %q %q disagree: %x %x", a, b, ka, kb)
			}
		}
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "", true}, {"?", "", false}, {"?", "€", true}, {"*??", "€", false}, {"*??", "x€", true}, {"a*b*c", "aXbYbZc", true}, {"a*b*c", "aXbYbZ", false},
		{"*€*", "a€b", true}, {"?€", "€€", true}, {"a**", "a", true}, {"", "", true}, {"", "a", false},
	} {
		if got := query.MatchGlob(c.pattern, c.text); got != c.want {
			t.Errorf("%q %q: %v", c.pattern, c.text, got)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	for _, f := range [][]query.Field{
		{{Name: "has"}}, {{Name: "a b"}}, {{Name: ""}}, {{Name: "a"}, {Name: "A"}}, {{Name: "a", Aliases: []string{"and"}}}, {{Name: "a", Kind: query.Flags}},
	} {
		if _, err := query.NewSchema(f...); err == nil {
			t.Errorf("%v was taken", f)
		}
	}
}

func TestRowRefuses(t *testing.T) {
	s := schema(t)
	r := s.NewRow()
	for _, c := range [][2]string{{"ip", "10.0.0"}, {"mac", "00:12"}, {"cost", "NaN"}, {"cost", "x"}, {"connected", "maybe"}, {"flag", "red"}, {"last_seen", "soon"}, {"class", ""}} {
		i, _ := s.Find(c[0])
		if r.Add(i, c[1]) {
			t.Errorf("%v was taken", c)
		}
	}
	if len(r.Cells()) != 0 {
		t.Errorf("cells %v", r.Cells())
	}
}

func FuzzParse(f *testing.F) {
	s := schema(f)
	row := device(f, s, "class=infusion-pump", "hostname=PUMP-ICU3-07", "ip=10.20.3.9", "mac=001221aabbcc", "last_seen=2026-06-01", "cost=5", "flag=life-support")
	for _, q := range []string{
		`class:infusion-pump and manufacturer:"B. Braun" and not has:owner and last_seen<30d`, `a or (b -c) "d\"e"`, `class in (a*, "b, c")`, `cost:1..5 ip:10.0.0.0/8 or mac:00:12`,
		`is:life-support missing:owner last_seen:7d..30d`, `class!="x y"`, `00:12:21 fe80::1`, `owner in (*)`, `a!b`, `*=b`, `class:=b`, `-(-(x))`,
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 5000 {
			return
		}
		query.Complete(s, text, len(text)/2, nil)
		e, err := query.Parse(s, text)
		if err != nil {
			var qe *query.Error
			if !errors.As(err, &qe) || qe.Column < 1 || qe.Message == "" {
				t.Fatalf("%q: %#v", text, err)
			}
			return
		}
		again, err := query.Parse(s, e.String())
		if err != nil || !reflect.DeepEqual(e, again) {
			t.Fatalf("%q: %q comes back as %q, %v", text, e, again, err)
		}
		if query.Match(e, row, now) != query.Match(again, row, now) {
			t.Fatalf("%q differs", text)
		}
	})
}
