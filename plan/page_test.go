package plan_test

import (
	"errors"
	"maps"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"pons/plan"
)

var blocks = regexp.MustCompile("(?ms)^```(yaml wrong|yaml|text)\n(.*?)^```$")

// around is what the fragments of the page leave out.
const around = `
currency: USD
base_year: 2026
classes: [{name: biomed, count: 6000}]
roles: [{name: BMET, salary: 65000, ratio: {devices_per_fte: 1000, classes: [biomed]}}]
`

// TestPage holds docs/plan.md against the code: every plan of it can be read and computed, its mistakes are those that
// are shown, and every key of a plan and of a projection is named in it.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../docs/plan.md")
	if err != nil {
		t.Fatal(err)
	}
	var wrong string
	read := 0
	for _, m := range blocks.FindAllStringSubmatch(string(page), -1) {
		switch m[1] {
		case "yaml":
			read++
			whole, part := map[string]any{}, map[string]any{}
			if err := errors.Join(yaml.Unmarshal([]byte(around), &whole), yaml.Unmarshal([]byte(m[2]), &part)); err != nil {
				t.Fatalf("%v\n%s", err, m[2])
			}
			maps.Copy(whole, part)
			text, err := yaml.Marshal(whole)
			if err != nil {
				t.Fatal(err)
			}
			p, _, err := plan.Read("plan.yaml", strings.NewReader(string(text)))
			if err != nil {
				t.Errorf("%v\n%s", err, m[2])
				continue
			}
			project(t, p)
		case "yaml wrong":
			wrong = m[2]
		case "text":
			if _, _, err := plan.Read("plan.yaml", strings.NewReader(wrong)); err == nil || strings.TrimSpace(m[2]) != err.Error() {
				t.Errorf("the page shows\n%sbut it is\n%v", m[2], err)
			}
		}
	}
	if read < 7 || wrong == "" {
		t.Errorf("%d plans and mistakes %q found on the page", read, wrong)
	}
	for key := range keys(reflect.TypeFor[plan.Plan](), map[string]bool{}) {
		if !strings.Contains(string(page), "`"+key+"`") {
			t.Errorf("the page does not name the key %s of a plan", key)
		}
	}
	_, projection, _ := strings.Cut(string(page), "## The JSON of a projection")
	for key := range keys(reflect.TypeFor[plan.Year](), map[string]bool{}) {
		if !strings.Contains(projection, "`"+key+"`") {
			t.Errorf("the page does not name the key %s of a projection", key)
		}
	}
}

// keys gathers the names of the JSON tags of a type and of what it holds.
func keys(t reflect.Type, out map[string]bool) map[string]bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return keys(t.Elem(), out)
	case reflect.Struct:
		if t == reflect.TypeFor[plan.Range]() {
			return out
		}
		for i := range t.NumField() {
			if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "" && name != "-" {
				out[name] = true
				keys(t.Field(i).Type, out)
			}
		}
	}
	return out
}
