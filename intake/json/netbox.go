package json

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"pons/fault"
	"pons/intake"
)

// maxDump bounds a NetBox dump, which is held whole because its objects refer to each other.
const maxDump = 1 << 30

// dump is the objects of a NetBox database as its "dumpdata" writes them: {"model", "pk", "fields"}, with numbers where
// they refer to each other. Devices and virtual machines become rows with those numbers resolved, so that the columns
// have the names of NetBox's REST interface.
type dump struct {
	size    int64
	objects map[string]map[string]object // fields by model and key
	order   map[string][]string
	macs    map[string][]string // by table and key of the device
	addrs   map[string][]string // likewise
}

// isDump says whether the first object is of a dump.
func isDump(o object) bool {
	model, _ := o.get("model").(string)
	_, ok := o.get("fields").(object)
	return ok && strings.Count(model, ".") == 1
}

// refers names the model behind a field that holds another object's key.
var refers = map[string]string{
	"device_type": "dcim.devicetype", "manufacturer": "dcim.manufacturer", "site": "dcim.site", "location": "dcim.location", "rack": "dcim.rack", "role": "dcim.devicerole",
	"device_role": "dcim.devicerole", "platform": "dcim.platform", "tenant": "tenancy.tenant", "primary_ip4": "ipam.ipaddress", "primary_ip6": "ipam.ipaddress", "oob_ip": "ipam.ipaddress",
	"virtual_chassis": "dcim.virtualchassis", "cluster": "virtualization.cluster", "region": "dcim.region", "untagged_vlan": "ipam.vlan",
}

// kept are the fields of an object that is referred to which say what it is.
var kept = map[string]bool{"name": true, "model": true, "part_number": true, "address": true, "manufacturer": true, "region": true, "dns_name": true}

func readDump(f intake.File) (*dump, error) {
	if f.Size > maxDump {
		return nil, fmt.Errorf("a NetBox dump of more than %d MiB is not read whole; export the devices through its REST interface: %w", maxDump>>20, fault.Invalid)
	}
	d := &dump{size: f.Size, objects: map[string]map[string]object{}, order: map[string][]string{}, macs: map[string][]string{}, addrs: map[string][]string{}}
	s := newStream(f)
	for {
		o, err := s.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		model, _ := o.get("model").(string)
		pk, _ := o.get("pk").(string)
		fields, ok := o.get("fields").(object)
		if !ok || !(strings.HasPrefix(model, "dcim.") || strings.HasPrefix(model, "ipam.") || strings.HasPrefix(model, "tenancy.") || strings.HasPrefix(model, "virtualization.")) {
			continue // users, sessions and the like are nobody's business here
		}
		if d.objects[model] == nil {
			d.objects[model] = map[string]object{}
		}
		d.objects[model][pk] = fields
		d.order[model] = append(d.order[model], pk)
	}
	if len(d.sheets()) == 0 {
		return nil, fmt.Errorf("the dump has no devices (dcim.device); export it with them: %w", fault.Invalid)
	}
	d.interfaces("dcim.interface", "device", "dcim.device")
	d.interfaces("virtualization.vminterface", "virtual_machine", "virtualization.virtualmachine")
	return d, nil
}

// interfaces gathers the addresses of the interfaces of each device.
func (d *dump) interfaces(model, owner, table string) {
	owners := map[string]string{}
	for _, pk := range d.order[model] {
		o := d.objects[model][pk]
		of, _ := o.get(owner).(string)
		owners[pk] = table + "/" + of
		if mac, _ := o.get("mac_address").(string); mac != "" {
			d.macs[table+"/"+of] = append(d.macs[table+"/"+of], mac)
		}
	}
	for _, pk := range d.order["ipam.ipaddress"] {
		o := d.objects["ipam.ipaddress"][pk]
		id, _ := o.get("assigned_object_id").(string)
		if key, ok := owners[id]; ok && typeName(o.get("assigned_object_type")) == model {
			if a, _ := o.get("address").(string); a != "" {
				d.addrs[key] = append(d.addrs[key], a)
			}
		}
	}
}

// typeName reads a generic relation's type: "dcim.interface", or ["dcim", "interface"] with natural keys.
func typeName(v any) string {
	switch t := v.(type) {
	case string:
		return t
	case []any:
		var parts []string
		for _, e := range t {
			s, _ := e.(string)
			parts = append(parts, s)
		}
		return strings.Join(parts, ".")
	}
	return ""
}

func (d *dump) sheets() []string {
	var out []string
	for _, model := range []string{"dcim.device", "virtualization.virtualmachine"} {
		if len(d.order[model]) > 0 {
			out = append(out, model)
		}
	}
	return out
}

func (d *dump) rows(model string) (intake.Rows, error) {
	if len(d.order[model]) == 0 {
		return nil, fmt.Errorf("there is no %q in the dump: %w", model, fault.Invalid)
	}
	var table []map[string]string
	names := map[string]bool{}
	for _, pk := range d.order[model] {
		row := map[string]string{"id": pk, "interfaces.mac_address": strings.Join(d.macs[model+"/"+pk], "; "), "interfaces.ip_address": strings.Join(d.addrs[model+"/"+pk], "; ")}
		d.flatten("", d.objects[model][pk], 0, func(name, value string) {
			if value != "" {
				row[name] = value
			}
		})
		for name := range row {
			names[name] = true
		}
		table = append(table, row)
	}
	r := &dumpRows{dump: d}
	for name := range names {
		r.columns = append(r.columns, name)
	}
	sort.Strings(r.columns)
	r.table = table
	return r, nil
}

// flatten says the fields of an object and, of objects that it refers to, those that say what they are.
func (d *dump) flatten(prefix string, o object, depth int, say func(name, value string)) {
	for _, f := range o {
		name := prefix + f.name
		if strings.HasPrefix(f.name, "_") || depth > 0 && !kept[f.name] {
			continue
		}
		if model, ok := refers[f.name]; ok {
			if key, _ := f.value.(string); key != "" && depth < 3 {
				if other, ok := d.objects[model][key]; ok {
					d.flatten(name+".", other, depth+1, say)
				}
			}
			continue
		}
		leaf(name, f.value, 0, say)
	}
}

type dumpRows struct {
	dump    *dump
	columns []string
	table   []map[string]string
	line    int
	started bool
	cells   []string
}

func (r *dumpRows) Line() int                { return r.line }
func (r *dumpRows) Progress() (int64, int64) { return r.dump.size, r.dump.size }
func (r *dumpRows) Close() error             { return nil }

func (r *dumpRows) Next() ([]string, error) {
	r.cells = r.cells[:0]
	if !r.started {
		r.started = true
		r.cells = append(r.cells, r.columns...)
		return r.cells, nil
	}
	if r.line == len(r.table) {
		return nil, io.EOF
	}
	for _, c := range r.columns {
		r.cells = append(r.cells, r.table[r.line][c])
	}
	r.line++
	return r.cells, nil
}
