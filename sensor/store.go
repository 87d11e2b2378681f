package sensor

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"pons/account"
	"pons/audit"
	"pons/bus"
	"pons/fault"
	"pons/sqldb"
)

// Unit is a sensor as the hub knows it.
type Unit struct {
	Name       string
	Created    time.Time
	CreatedBy  string
	Enrolled   time.Time // zero: its code has not been used yet
	Retired    time.Time // zero: it may speak
	RetiredBy  string
	Heard      time.Time // when its last batch came in
	Batches    int64
	Refused    int64  // batches that could not be read, or were signed by another
	RefusedWhy string // of the last
	Missed     int64  // batches that it dropped because its disk's share was full
	Health     *Health

	key string // public
}

// State is what a list shows of a sensor.
type State string

// The states. A sensor sends at least every harvest; lateAfter without one is worth a look.
const (
	Invited State = "invited" // a code was made, nobody has used it
	Up      State = "up"
	Late    State = "late"
	Retired State = "retired"
)

const lateAfter = 2 * time.Minute // a dozen harvests (expert default)

// State is how the sensor does at a time.
func (u *Unit) State(now time.Time) State {
	switch {
	case !u.Retired.IsZero():
		return Retired
	case u.Enrolled.IsZero():
		return Invited
	case now.Sub(u.Heard) > lateAfter:
		return Late
	}
	return Up
}

const unitColumns = "name, public_key, created_at, created_by, enrolled_at, retired_at, retired_by, heard_at, batches, refused, refused_why, missed, health"

func scanUnit(scan func(...any) error) (u Unit, err error) {
	var created, enrolled, retired, heard int64
	var health string
	if err := scan(&u.Name, &u.key, &created, &u.CreatedBy, &enrolled, &retired, &u.RetiredBy, &heard, &u.Batches, &u.Refused, &u.RefusedWhy, &u.Missed, &health); err != nil {
		return u, err
	}
	u.Created, u.Enrolled, u.Retired, u.Heard = fromMicros(created), fromMicros(enrolled), fromMicros(retired), fromMicros(heard)
	if health != "" {
		if err := json.Unmarshal([]byte(health), &u.Health); err != nil {
			return u, fmt.Errorf("health of sensor %s: %w", u.Name, err)
		}
	}
	return u, nil
}

// List returns all sensors, retired ones too, by name.
func List(tx *sqldb.Tx) ([]Unit, error) {
	rows, err := tx.Query("SELECT " + unitColumns + " FROM sensor_unit ORDER BY name")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Unit
	for rows.Next() {
		u, err := scanUnit(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, rows.Err()
}

// Get returns one sensor; fault.NotFound when there is none of that name.
func Get(tx *sqldb.Tx, name string) (Unit, error) {
	u, err := scanUnit(tx.QueryRow("SELECT "+unitColumns+" FROM sensor_unit WHERE name = $1", name).Scan)
	if err != nil {
		return u, fmt.Errorf("sensor %s: %w", name, err)
	}
	return u, nil
}

// Sample is what a sensor did in the five minutes from At. Seconds are those that it spoke for: fewer than 300 means that it
// was off, or has not sent the rest yet.
type Sample struct {
	At                     time.Time
	Seconds                float64
	Frames, Bytes, Dropped int64
	Memory                 int64 // at most
	Spooled                int64 // batches that waited for the hub, at most
	Errors                 int64
}

// Samples returns a sensor's samples from one time up to another, in order. They are kept for thirty days.
func Samples(tx *sqldb.Tx, name string, from, to time.Time) ([]Sample, error) {
	rows, err := tx.Query("SELECT at, seconds, frames, bytes, dropped, memory, spooled, errors FROM sensor_sample WHERE sensor = $1 AND at >= $2 AND at < $3 ORDER BY at", name, micros(from), micros(to))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Sample
	for rows.Next() {
		var s Sample
		var at int64
		if err := rows.Scan(&at, &s.Seconds, &s.Frames, &s.Bytes, &s.Dropped, &s.Memory, &s.Spooled, &s.Errors); err != nil {
			return nil, err
		}
		s.At = fromMicros(at)
		out = append(out, s)
	}
	return out, rows.Err()
}

// Seen is a part of the network in which a sensor saw hosts: as many as in the session in which it last told.
type Seen struct {
	Sensor string
	Network
	First, Last time.Time
}

// Networks returns what a sensor sees, or, without a name, what all of them see, by VLAN and prefix.
func Networks(tx *sqldb.Tx, name string) ([]Seen, error) {
	rows, err := tx.Query("SELECT sensor, vlan, prefix, hosts, first_at, last_at FROM sensor_network WHERE sensor = $1 OR $1 = '' ORDER BY vlan, prefix, sensor", name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Seen
	for rows.Next() {
		var s Seen
		var first, last, vlan, hosts int64
		if err := rows.Scan(&s.Sensor, &vlan, &s.Prefix, &hosts, &first, &last); err != nil {
			return nil, err
		}
		s.VLAN, s.Hosts, s.First, s.Last = uint16(vlan), int(hosts), fromMicros(first), fromMicros(last)
		out = append(out, s)
	}
	return out, rows.Err()
}

// SetHub notes where sensors reach this hub, and the pin of its certificate: codes carry it.
func SetHub(tx *sqldb.Tx, address string, pin Pin) error {
	_, err := tx.Exec("INSERT INTO sensor_hub (id, address, pin) VALUES (1, $1, $2) ON CONFLICT (id) DO UPDATE SET address = excluded.address, pin = excluded.pin", address, pin.String())
	return err
}

// HubAt is where sensors reach this hub; fault.NotFound while no server has listened for them.
func HubAt(tx *sqldb.Tx) (address string, pin Pin, err error) {
	var text string
	if err := tx.QueryRow("SELECT address, pin FROM sensor_hub WHERE id = 1").Scan(&address, &text); err != nil {
		return "", pin, fmt.Errorf("no server listens for sensors yet; start it with `pons serve --sensors ADDRESS` or `--nats URL`: %w", err)
	}
	pin, err = ParsePin(text)
	return address, pin, err
}

// Invite makes a sensor and a code by which a machine can become it; for a sensor that is there, a code for the machine that
// replaces it: with its first use the old key is worth nothing. The code's text is returned here and nowhere else.
func Invite(tx *sqldb.Tx, by account.Actor, name string, life time.Duration, now time.Time) (text string, err error) {
	if !by.Can(account.SensorWrite) {
		return "", fmt.Errorf("%s lacks %s: %w", by, account.SensorWrite, fault.Denied)
	}
	if err := CheckName(name); err != nil {
		return "", err
	}
	_, pin, err := HubAt(tx)
	if err != nil {
		return "", err
	}
	code := newCode(pin)
	key, err := code.key()
	if err != nil {
		return "", err
	}
	if _, err := tx.Exec(`INSERT INTO sensor_unit (name, public_key, created_at, created_by, enrolled_at, retired_at, retired_by, heard_at, batches, refused, refused_why, missed, health)
		VALUES ($1, '', $2, $3, 0, 0, '', 0, 0, 0, '', 0, '') ON CONFLICT (name) DO NOTHING`, name, micros(now), by.String()); err != nil {
		return "", err
	}
	if _, err := tx.Exec("DELETE FROM sensor_code WHERE sensor = $1 AND used_at = 0 OR expires_at < $2", name, micros(now)); err != nil { // the newest counts
		return "", err
	}
	if _, err := tx.Exec("INSERT INTO sensor_code (public_key, sensor, created_at, created_by, expires_at, used_at, used_by) VALUES ($1, $2, $3, $4, $5, 0, '')",
		key.Public(), name, micros(now), by.String(), micros(now.Add(life))); err != nil {
		return "", err
	}
	return code.String(), audit.Append(tx, audit.Entry{At: now, Actor: by.String(), Verb: "sensor.invite", Object: "sensor:" + name, After: audit.Fields{"until": now.Add(life).UTC().Format(time.RFC3339)}})
}

// Retire takes a sensor's right to speak away, at once: what it sends from here on is refused, codes for it are void, and what
// it said stays. A later code brings it back.
func Retire(tx *sqldb.Tx, by account.Actor, name string, now time.Time) error {
	if !by.Can(account.SensorWrite) {
		return fmt.Errorf("%s lacks %s: %w", by, account.SensorWrite, fault.Denied)
	}
	u, err := Get(tx, name)
	if err != nil {
		return err
	}
	if !u.Retired.IsZero() {
		return fmt.Errorf("sensor %s was retired on %s: %w", name, u.Retired.Format(time.DateOnly), fault.Conflict)
	}
	if _, err := tx.Exec("UPDATE sensor_unit SET retired_at = $1, retired_by = $2, public_key = '' WHERE name = $3", micros(now), by.String(), name); err != nil {
		return err
	}
	if _, err := tx.Exec("DELETE FROM sensor_code WHERE sensor = $1", name); err != nil {
		return err
	}
	return audit.Append(tx, audit.Entry{At: now, Actor: by.String(), Verb: "sensor.retire", Object: "sensor:" + name})
}

// admit makes the holder of a key the sensor that a code is for. The same key with the same code again is answered
// again: its first answer may not have arrived.
func admit(tx *sqldb.Tx, a *application, now time.Time) (name string, err error) {
	denied := fmt.Errorf("the code is not known, was used, or has expired: %w", fault.Denied)
	if !bus.ValidPublic(a.Key) || !bus.Verify(a.Code, a.signed(), a.Signature) {
		return "", denied
	}
	var expires, used int64
	var usedBy string
	err = tx.QueryRow("SELECT sensor, expires_at, used_at, used_by FROM sensor_code WHERE public_key = $1", a.Code).Scan(&name, &expires, &used, &usedBy)
	switch {
	case errors.Is(err, fault.NotFound):
		return "", denied
	case err != nil:
		return "", err
	case micros(now) >= expires, used != 0 && usedBy != a.Key:
		return "", denied
	case used != 0:
		return name, nil
	}
	var held int64 // a key is one sensor's: who applies does not show that it has the other half, and public halves are no secret
	if err := tx.QueryRow("SELECT COUNT(*) FROM sensor_unit WHERE public_key = $1", a.Key).Scan(&held); err != nil {
		return "", err
	}
	if held > 0 {
		return "", fmt.Errorf("another sensor has this key; enrol in a folder of its own: %w", fault.Denied)
	}
	if _, err := tx.Exec("UPDATE sensor_code SET used_at = $1, used_by = $2 WHERE public_key = $3", micros(now), a.Key, a.Code); err != nil {
		return "", err
	}
	if _, err := tx.Exec("UPDATE sensor_unit SET public_key = $1, enrolled_at = $2, retired_at = 0, retired_by = '' WHERE name = $3", a.Key, micros(now), name); err != nil {
		return "", err
	}
	return name, audit.Append(tx, audit.Entry{At: now, Actor: "sensor:" + name, Verb: "sensor.enrol", Object: "sensor:" + name, After: audit.Fields{"key": a.Key}})
}

// Grants says what the holder of a public key may do at the hub's own broker: a sensor sends and asks under its own name,
// a code asks for enrolment, and nobody else comes in.
func Grants(tx *sqldb.Tx, public string, now time.Time) (bus.Grant, error) {
	var name string
	err := tx.QueryRow("SELECT name FROM sensor_unit WHERE public_key = $1 AND retired_at = 0", public).Scan(&name)
	if err == nil {
		return bus.Grant{Publish: []string{batchSubject + name, askSubject + name}, Subscribe: []string{inbox(name) + ".>"}}, nil
	}
	if !errors.Is(err, fault.NotFound) {
		return bus.Grant{}, err
	}
	var expires int64
	if err := tx.QueryRow("SELECT expires_at FROM sensor_code WHERE public_key = $1", public).Scan(&expires); err != nil {
		return bus.Grant{}, err
	}
	if micros(now) >= expires {
		return bus.Grant{}, fmt.Errorf("the code has expired: %w", fault.Denied)
	}
	return bus.Grant{Publish: []string{enrolSubject}, Subscribe: []string{codeInbox(public) + ".>"}}, nil
}
