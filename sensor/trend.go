package sensor

import (
	"time"

	"pons/sqldb"
)

// Recent returns the samples of all sensors since a time, by name and in order.
func Recent(tx *sqldb.Tx, since time.Time) (map[string][]Sample, error) {
	rows, err := tx.Query("SELECT sensor, at, seconds, frames, bytes, dropped, memory, spooled, errors FROM sensor_sample WHERE at >= $1 ORDER BY sensor, at", micros(since))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string][]Sample{}
	for rows.Next() {
		var s Sample
		var name string
		var at int64
		if err := rows.Scan(&name, &at, &s.Seconds, &s.Frames, &s.Bytes, &s.Dropped, &s.Memory, &s.Spooled, &s.Errors); err != nil {
			return nil, err
		}
		s.At = fromMicros(at)
		out[name] = append(out[name], s)
	}
	return out, rows.Err()
}

// Trend sums samples up in steps from one time to another. A step in which the sensor said nothing has no seconds: what it
// did then is not known.
func Trend(samples []Sample, from, to time.Time, step time.Duration) []Sample {
	from = from.Truncate(step)
	out := make([]Sample, 0, int(to.Sub(from)/step)+1)
	for at := from; at.Before(to); at = at.Add(step) {
		out = append(out, Sample{At: at})
	}
	for _, s := range samples {
		i := int(s.At.Sub(from) / step)
		if s.At.Before(from) || i >= len(out) {
			continue
		}
		o := &out[i]
		o.Seconds, o.Frames, o.Bytes, o.Dropped, o.Errors = o.Seconds+s.Seconds, o.Frames+s.Frames, o.Bytes+s.Bytes, o.Dropped+s.Dropped, o.Errors+s.Errors
		o.Memory, o.Spooled = max(o.Memory, s.Memory), max(o.Spooled, s.Spooled)
	}
	return out
}

// Session is one session of listening as the hub has it: a run of the inventory, which can be undone.
type Session struct {
	Name         string
	Batches, Run int64 // Run 0: it has said nothing of a device
	Began, Heard time.Time
}

// Sessions lists the latest sessions of a sensor, the latest first.
func Sessions(tx *sqldb.Tx, name string, limit int) ([]Session, error) {
	rows, err := tx.Query("SELECT session, last_seq, run, began_at, heard_at FROM sensor_session WHERE sensor = $1 ORDER BY began_at DESC, session DESC LIMIT $2", name, int64(limit))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Session
	for rows.Next() {
		var s Session
		var began, heard int64
		if err := rows.Scan(&s.Name, &s.Batches, &s.Run, &began, &heard); err != nil {
			return nil, err
		}
		s.Began, s.Heard = fromMicros(began), fromMicros(heard)
		out = append(out, s)
	}
	return out, rows.Err()
}

// Pending is until when an unused code of a sensor is good; zero where there is none.
func Pending(tx *sqldb.Tx) (map[string]time.Time, error) {
	rows, err := tx.Query("SELECT sensor, expires_at FROM sensor_code WHERE used_at = 0")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]time.Time{}
	for rows.Next() {
		var name string
		var expires int64
		if err := rows.Scan(&name, &expires); err != nil {
			return nil, err
		}
		out[name] = fromMicros(expires)
	}
	return out, rows.Err()
}

// Invented is a sensor of a synthetic hospital: nobody holds its key, since it has none, so that nothing can speak for it.
type Invented struct {
	Name, Title string
	Since       time.Time
	Heard       time.Time
	Health      *Health
	Samples     []Sample
	Networks    []Network
}

// Invent writes an invented sensor, or brings it up to date.
func Invent(tx *sqldb.Tx, v Invented) error {
	if err := CheckName(v.Name); err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO sensor_unit (name, public_key, created_at, created_by, enrolled_at, retired_at, retired_by, heard_at, batches, refused, refused_why, missed, health)
		VALUES ($1, '', $2, 'demo', $2, 0, '', 0, 0, 0, '', 0, '') ON CONFLICT (name) DO NOTHING`, v.Name, micros(v.Since)); err != nil {
		return err
	}
	if v.Title != "" {
		if _, err := tx.Exec("INSERT INTO sensor_title (sensor, title) VALUES ($1, $2) ON CONFLICT (sensor) DO NOTHING", v.Name, v.Title); err != nil {
			return err
		}
	}
	u, err := Get(tx, v.Name)
	if err != nil {
		return err
	}
	if u.key != "" || !u.Retired.IsZero() {
		return nil // people have made it a real one, or retired it
	}
	w := &unitWork{Unit: u, batches: max(1, int64(len(v.Samples)))}
	w.Health = v.Health
	t := &taking{tx: tx, now: v.Heard}
	if err := t.note(w); err != nil {
		return err
	}
	if len(v.Networks) > 0 {
		if err := t.networks(v.Name, &Health{At: micros(v.Heard), Networks: v.Networks}); err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE sensor_network SET first_at = $1 WHERE sensor = $2 AND first_at > $1", micros(v.Since), v.Name); err != nil {
			return err
		}
	}
	_, err = tx.Merge("sensor_sample", []string{"sensor", "at"}, []string{"sensor", "at", "seconds", "frames", "bytes", "dropped", "memory", "spooled", "errors"}, func(yield func([]any) bool) {
		for _, s := range v.Samples {
			if !yield([]any{v.Name, micros(s.At.Truncate(sampleSpan)), s.Seconds, s.Frames, s.Bytes, s.Dropped, s.Memory, s.Spooled, s.Errors}) {
				return
			}
		}
	})
	return err
}
