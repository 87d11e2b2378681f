package json

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pons/fault"
	"pons/intake"
)

func table(data []byte, sheet string) ([][]string, []string, error) {
	book, err := open(intake.File{Name: "a.json", Data: bytes.NewReader(data), Size: int64(len(data))}, intake.Choice{})
	if err != nil {
		return nil, nil, err
	}
	if sheet == "" {
		sheet = book.Sheets()[0]
	}
	rows, err := book.Rows(sheet)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var out [][]string
	for {
		cells, err := rows.Next()
		if err == io.EOF {
			return out, book.Sheets(), nil
		}
		if err != nil {
			return out, nil, err
		}
		out = append(out, append([]string{}, cells...))
	}
}

func TestShapes(t *testing.T) {
	want := [][]string{{"id", "name", "site.name", "macs"}, {"1", "a", "Main", "m1; m2"}, {"2", "b", "", ""}}
	for name, text := range map[string]string{
		"array":      `[{"id":1,"name":"a","site":{"name":"Main"},"macs":["m1","m2"]},{"id":2,"name":"b","site":{"name":null},"macs":[]}]`,
		"lines":      "{\"id\":1,\"name\":\"a\",\"site\":{\"name\":\"Main\"},\"macs\":[\"m1\",\"m2\"]}\n{\"id\":2,\"name\":\"b\"}\n",
		"ServiceNow": `{"result":[{"id":"1","name":"a","site":{"name":"Main"},"macs":"m1; m2"},{"id":"2","name":"b"}]}`,
		"records":    `{"count":2,"records":[{"id":1,"name":"a","site":{"name":"Main"},"macs":["m1","m2"]},{"id":2,"name":"b"}],"next":null}`,
		"marked":     "\ufeff" + `[{"id":1,"name":"a","site":{"name":"Main"},"macs":["m1","m2"]},{"id":2,"name":"b"}]`,
		"one":        `{"id":1,"name":"a","site":{"name":"Main"},"macs":["m1","m2"]} {"id":2,"name":"b"}`,
	} {
		got, _, err := table([]byte(text), "")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestLateField holds that a field which only a late object has is a column.
func TestLateField(t *testing.T) {
	text := strings.Repeat("{\"a\":1}\n", 5000) + `{"a":2,"serial":"S1"}`
	got, _, err := table([]byte(text), "")
	if err != nil || len(got) != 5002 || !reflect.DeepEqual(got[5001], []string{"2", "S1"}) {
		t.Errorf("%d rows, %v", len(got), err)
	}
}

func TestWords(t *testing.T) {
	got, _, err := table([]byte(`[{"n":12345678901234567890,"b":true,"f":1.50,"s":"x\u00e4","list":[{"mac":"m1"},{"mac":"m2"}]}]`), "")
	want := [][]string{{"n", "b", "f", "s", "list.mac"}, {"12345678901234567890", "true", "1.50", "xä", "m1; m2"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestBroken(t *testing.T) {
	for text, want := range map[string]string{
		`[{"a":1},{"a":`:   "breaks off after object 1",
		`[{"a":1},5]`:      "object 2 is a bare value",
		`[[1]]`:            "object 1 is a list",
		`[{"a":1},{"a":}]`: "after object 1, near byte",
		`[]`:               "no object",
		`[{"a":"` + strings.Repeat("x", 9<<20) + `"}]`:                        "longer than 4 MiB",
		`[{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}]`: "nested deeper",
	} {
		_, _, err := table([]byte(text), "")
		if err == nil || !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v", text, err)
		}
	}
}

// TestNetBox reads the demonstration database of NetBox (MIT, see the licence beside it) as it is.
func TestNetBox(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("../../../shared/data/inventory/netbox_demo_v3.6_mit.json"))
	if err != nil {
		t.Fatal(err)
	}
	got, sheets, err := table(data, "dcim.device")
	if err != nil || len(got) != 73 || !reflect.DeepEqual(sheets, []string{"dcim.device", "virtualization.virtualmachine"}) {
		t.Fatalf("%d rows, %v, %v", len(got), sheets, err)
	}
	at := map[string]int{}
	for i, h := range got[0] {
		at[h] = i
	}
	for column, want := range map[string]string{"id": "1", "name": "dmi01-akron-rtr01", "device_type.manufacturer.name": "Cisco", "device_type.model": "ISR 1111-8P", "site.name": "DM-Akron", "role.name": "Router", "status": "active"} {
		if i, ok := at[column]; !ok || got[1][i] != want {
			t.Errorf("%s = %q, want %q", column, got[1][i], want)
		}
	}
}

// TestNetBoxAddresses joins the addresses of interfaces to their device.
func TestNetBoxAddresses(t *testing.T) {
	text := `[{"model":"dcim.device","pk":7,"fields":{"name":"pump","primary_ip4":3,"serial":"S1"}},
{"model":"dcim.interface","pk":5,"fields":{"device":7,"name":"eth0","mac_address":"00:12:21:aa:bb:cc"}},
{"model":"ipam.ipaddress","pk":3,"fields":{"address":"10.0.0.1/24","assigned_object_type":["dcim","interface"],"assigned_object_id":5}},
{"model":"auth.user","pk":1,"fields":{"username":"ann","password":"x"}}]`
	got, _, err := table([]byte(text), "")
	want := [][]string{{"id", "interfaces.ip_address", "interfaces.mac_address", "name", "primary_ip4.address", "serial"}, {"7", "10.0.0.1/24", "00:12:21:aa:bb:cc", "pump", "10.0.0.1/24", "S1"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

// FuzzJSON feeds it any bytes: it must end, and with rows as wide as the columns or an error.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`[{"a":1}]`, "{\"a\":{\"b\":[1,{\"c\":2}]}}\n{\"a\":3}", `{"result":[{"x":"y"}],"z":1}`, `[{"model":"dcim.device","pk":1,"fields":{"name":"x","site":2}}]`, `{}`, `[[`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, _, err := table(data, "")
		if err != nil && !errors.Is(err, fault.Invalid) {
			t.Fatalf("%v is no fault.Invalid", err)
		}
		for _, r := range rows {
			if len(r) != len(rows[0]) {
				t.Fatal(rows)
			}
		}
	})
}
