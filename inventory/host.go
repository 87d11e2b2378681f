package inventory

import (
	"slices"

	"pons/sqldb"
)

// HostDevices tells which device each host of the wire is now: keys are the subjects of its records ("mac|" or "|ip"),
// values ids. It asks the records' current device, so that merges and splits are followed. Where several sources saw
// the host and disagree on whose it is, the one that spoke last is believed. Hosts without a record are left out.
func (inv *Inventory) HostDevices(tx *sqldb.Tx, keys []string) (map[string]string, error) {
	out := make(map[string]string, len(keys))
	said := make(map[string]int64, len(keys))
	for part := range slices.Chunk(keys, hostChunk) {
		args := make([]any, len(part))
		for i, k := range part {
			args[i] = k
		}
		rows, err := tx.Query("SELECT record_key, device, said_at FROM inventory_record WHERE source IN (SELECT name FROM inventory_source WHERE kind = 'wire') AND record_key IN "+
			sqldb.In(len(part), 1)+" AND device <> ''", args...)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var key, device string
			var at int64
			if err := rows.Scan(&key, &device, &at); err != nil {
				rows.Close()
				return nil, err
			}
			if have, ok := out[key]; !ok || at > said[key] || at == said[key] && device < have {
				out[key], said[key] = device, at
			}
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// hostChunk is how many hosts one statement asks for: SQLite looks for the number of a place among those before it, so that
// more at once is slower.
const hostChunk = 1000

// DeviceHosts is the other way round: the hosts of the wire that each device is, in the order of their keys.
func (inv *Inventory) DeviceHosts(tx *sqldb.Tx, devices []string) (map[string][]string, error) {
	out := make(map[string][]string, len(devices))
	for part := range slices.Chunk(devices, hostChunk) {
		args := make([]any, len(part))
		for i, id := range part {
			args[i] = id
		}
		rows, err := tx.Query("SELECT DISTINCT device, record_key FROM inventory_record WHERE kind = 'wire' AND device IN "+sqldb.In(len(part), 1)+" ORDER BY device, record_key", args...)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var device, key string
			if err := rows.Scan(&device, &key); err != nil {
				rows.Close()
				return nil, err
			}
			out[device] = append(out[device], key)
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
