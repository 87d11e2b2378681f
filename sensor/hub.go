package sensor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"pons/bus"
	"pons/fact"
	"pons/fault"
	"pons/flow"
	"pons/inventory"
	"pons/protocol"
	"pons/sqldb"
)

// Hub takes what sensors send and puts it away: facts into the inventory, traffic into the flows, health here.
type Hub struct {
	DB        *sqldb.DB
	Inventory *inventory.Inventory
	Link      *bus.Link
	Now       func() time.Time
	Log       *slog.Logger
	Changed   func() // called after something was put away; may be nil
}

// Run answers and receives until the context ends.
func (h *Hub) Run(ctx context.Context) error {
	if err := h.Link.Answer(ctx, enrolSubject, func(m bus.Message) []byte { return h.enrol(ctx, m) }); err != nil {
		return err
	}
	if err := h.Link.Answer(ctx, askSubject+"*", func(m bus.Message) []byte { return h.answer(ctx, m) }); err != nil {
		return err
	}
	last := ""
	return h.Link.Receive(ctx, Stream(), h.take, func(err error) {
		if text := err.Error(); text != last { // a broker that is away is told of once
			h.Log.Warn("sensors receive", "error", text)
			last = text
		}
	})
}

// enrol answers a sensor that presents a code.
func (h *Hub) enrol(ctx context.Context, m bus.Message) []byte {
	var a application
	var said admission
	err := fmt.Errorf("this is no application: %w", fault.Invalid)
	if len(m.Data) <= maxText && json.Unmarshal(m.Data, &a) == nil {
		_, err = h.DB.Update(ctx, func(tx *sqldb.Tx) (err error) {
			said.Name, err = admit(tx, &a, h.Now().UTC())
			return err
		})
	}
	switch {
	case errors.Is(err, fault.Denied), errors.Is(err, fault.Invalid):
		said = admission{Error: strings.TrimSuffix(strings.TrimSuffix(err.Error(), ": "+fault.Denied.Error()), ": "+fault.Invalid.Error())}
	case err != nil:
		h.Log.Error("sensor enrolment", "error", err)
		return nil // it asks again
	default:
		h.Log.Info("sensor enrolled", "sensor", said.Name)
	}
	answer, err := json.Marshal(said)
	if err != nil {
		return nil
	}
	return answer
}

// question is what a sensor asks: how far the hub has come with sessions of which it still keeps batches.
type question struct {
	Sessions []string `json:"sessions"`
}

// reply is the hub's answer.
type reply struct {
	Now     int64             `json:"now"` // the hub's clock, microseconds
	Done    map[string]uint64 `json:"done"`
	Retired bool              `json:"retired,omitempty"`
}

// askedSessions bounds a question.
const askedSessions = 64

func (h *Hub) answer(ctx context.Context, m bus.Message) []byte {
	name := strings.TrimPrefix(m.Subject, askSubject)
	var q question
	if len(m.Data) > askedSessions*(maxLabel+4)+maxText || json.Unmarshal(m.Data, &q) != nil || len(q.Sessions) > askedSessions {
		return nil
	}
	r := reply{Now: micros(h.Now().UTC()), Done: map[string]uint64{}}
	err := h.DB.View(ctx, func(tx *sqldb.Tx) error {
		u, err := Get(tx, name)
		if err != nil {
			return err
		}
		r.Retired = u.key == ""
		for _, session := range q.Sessions {
			if c := (&checker{}); c.label(session, "-") == "" || c.err != nil {
				return fmt.Errorf("session %q: %w", session, fault.Invalid)
			}
			var seq int64
			err := tx.QueryRow("SELECT last_seq FROM sensor_session WHERE sensor = $1 AND session = $2", name, session).Scan(&seq)
			if err == nil {
				r.Done[session] = uint64(seq)
			} else if !errors.Is(err, fault.NotFound) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil
	}
	answer, err := json.Marshal(r)
	if err != nil {
		return nil
	}
	return answer
}

// take puts messages away in one Update. What one sensor sent must not stop the others: when the whole cannot be stored
// because of what it says, each is tried alone, and the one that cannot be is refused and counted.
func (h *Hub) take(ctx context.Context, messages []bus.Message) error {
	err := h.store(ctx, messages, false)
	if err == nil || !errors.Is(err, fault.Invalid) {
		return err
	}
	for _, m := range messages {
		err := h.store(ctx, []bus.Message{m}, false)
		if errors.Is(err, fault.Invalid) {
			h.Log.Warn("sensor batch refused", "sensor", strings.TrimPrefix(m.Subject, batchSubject), "error", err)
			err = h.store(ctx, []bus.Message{m}, true)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (h *Hub) store(ctx context.Context, messages []bus.Message, refuse bool) error {
	changed := false
	_, err := h.DB.Update(ctx, func(tx *sqldb.Tx) error {
		t := &taking{hub: h, tx: tx, now: h.Now().UTC(), units: map[string]*unitWork{}, refuse: refuse}
		for _, m := range messages {
			if err := t.message(m); err != nil {
				return err
			}
		}
		changed = len(t.order) > 0
		return t.write()
	})
	if err == nil && changed && h.Changed != nil {
		h.Changed()
	}
	return err
}

// taking is one Update's work.
type taking struct {
	hub    *Hub
	tx     *sqldb.Tx
	now    time.Time
	refuse bool // of what is in order, keep only that it came
	units  map[string]*unitWork
	order  []*sessionWork
}

type unitWork struct {
	Unit
	known    bool
	sessions map[string]*sessionWork
	batches  int64
}

// sessionWork is what a session said in the messages in hand.
type sessionWork struct {
	unit    *unitWork
	session string
	last    uint64
	run     int64
	began   time.Time
	moved   bool

	at      time.Time
	said    map[fact.Key]*fact.Record // nil: gone
	traffic []protocol.Traffic
	health  []*Health
}

// message sorts a message in. Only errors of the database are returned.
func (t *taking) message(m bus.Message) error {
	u, err := t.unit(strings.TrimPrefix(m.Subject, batchSubject))
	if err != nil || !u.known {
		return err
	}
	if u.key == "" {
		u.refused("the sensor is retired")
		return nil
	}
	e, err := unseal(m.Subject, u.key, m.Data)
	if err != nil {
		u.refused(err.Error())
		return nil
	}
	s, err := t.session(u, e.session)
	if err != nil || s == nil {
		return err
	}
	next := max(s.last+1, e.base)
	if e.seq != next {
		return nil // it was here before, or what comes before it has not come yet: the sensor sends both again
	}
	if !s.moved {
		s.moved = true
		t.order = append(t.order, s)
	}
	u.batches++
	if e.base > s.last+1 {
		u.Missed = min(u.Missed+int64(min(e.base-s.last-1, mostMissed)), mostMissed)
	}
	s.last = e.seq
	if t.refuse {
		u.refused("the inventory cannot take it")
		return nil
	}
	b, err := decode(e.body)
	if err != nil {
		u.refused(err.Error())
		return nil
	}
	if t.now.Sub(b.At) > sessionKeep { // whether it came before is not known any more
		u.refused("it is older than any spool keeps")
		return nil
	}
	s.add(b, t.now)
	return nil
}

// mostMissed bounds a count that a sensor's word moves.
const mostMissed = 1 << 40

func (u *unitWork) refused(why string) { u.Refused++; u.RefusedWhy = why }

func (t *taking) unit(name string) (*unitWork, error) {
	if u := t.units[name]; u != nil {
		return u, nil
	}
	u := &unitWork{sessions: map[string]*sessionWork{}}
	if CheckName(name) == nil {
		found, err := Get(t.tx, name)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return nil, err
		}
		u.Unit, u.known = found, err == nil
	}
	t.units[name] = u
	return u, nil
}

// sessionsADay bounds the sessions that one sensor may begin: one a minute and more is a sensor that dies over and over.
const sessionsADay = 3000

// sessionKeep is how long a session's place is remembered: longer than any spool waits (expert default).
const sessionKeep = 90 * 24 * time.Hour

func (t *taking) session(u *unitWork, session string) (*sessionWork, error) {
	if s := u.sessions[session]; s != nil {
		return s, nil
	}
	s := &sessionWork{unit: u, session: session, began: t.now, said: map[fact.Key]*fact.Record{}}
	var last, began int64
	err := t.tx.QueryRow("SELECT last_seq, run, began_at FROM sensor_session WHERE sensor = $1 AND session = $2", u.Name, session).Scan(&last, &s.run, &began)
	switch {
	case errors.Is(err, fault.NotFound):
		var n int64
		if err := t.tx.QueryRow("SELECT COUNT(*) FROM sensor_session WHERE sensor = $1 AND began_at > $2", u.Name, micros(t.now.Add(-24*time.Hour))).Scan(&n); err != nil {
			return nil, err
		}
		if n >= sessionsADay {
			u.refused("it begins too many sessions")
			return nil, nil
		}
		if _, err := t.tx.Exec("DELETE FROM sensor_session WHERE sensor = $1 AND heard_at < $2", u.Name, micros(t.now.Add(-sessionKeep))); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	default:
		s.last, s.began = uint64(last), fromMicros(began)
	}
	u.sessions[session] = s
	return s, nil
}

// ahead is how far a batch may be ahead of the hub's clock: the sensor sets its own by it.
const ahead = 2 * time.Minute

// add takes a batch's words: the last on each host counts. A batch from the future is moved to now, with all that it says.
func (s *sessionWork) add(b *Batch, now time.Time) {
	if d := b.At.Sub(now); d > ahead {
		b.shift(-d)
	}
	if b.At.After(s.at) {
		s.at = b.At
	}
	for i := range b.Records {
		s.said[b.Records[i].Subject] = &b.Records[i]
	}
	for _, k := range b.Gone {
		s.said[k] = nil
	}
	s.traffic = append(s.traffic, b.Traffic...)
	if b.Health != nil {
		s.health = append(s.health, b.Health)
	}
}

// shift moves all times of a batch; hours of traffic by whole hours.
func (b *Batch) shift(d time.Duration) {
	by := func(t *time.Time) {
		if !t.IsZero() {
			*t = t.Add(d)
		}
	}
	by(&b.At)
	for i := range b.Records {
		r := &b.Records[i]
		by(&r.At)
		for j := range r.Facts {
			f := &r.Facts[j]
			by(&f.At)
			if f.Attr == fact.FirstSeen || f.Attr == fact.LastSeen {
				if t, err := time.Parse(time.RFC3339, f.Value); err == nil {
					f.Value = t.Add(d).UTC().Format(time.RFC3339)
				}
			}
		}
	}
	for i := range b.Traffic {
		t := &b.Traffic[i]
		t.Hour = t.Hour.Add(d.Truncate(time.Hour))
		by(&t.First)
		by(&t.Last)
	}
	if b.Health != nil {
		b.Health.At += d.Microseconds()
	}
}

// write puts everything away.
func (t *taking) write() error {
	for _, s := range t.order {
		if err := t.observe(s); err != nil {
			return err
		}
		for _, health := range s.health {
			if err := t.sample(s.unit, health); err != nil {
				return err
			}
		}
		if _, err := t.tx.Exec(`INSERT INTO sensor_session (sensor, session, last_seq, run, began_at, heard_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (sensor, session) DO UPDATE SET last_seq = excluded.last_seq, run = excluded.run, heard_at = excluded.heard_at`,
			s.unit.Name, s.session, int64(s.last), s.run, micros(s.began), micros(t.now)); err != nil {
			return err
		}
	}
	for _, u := range t.units {
		if !u.known {
			continue
		}
		if err := t.note(u); err != nil {
			return err
		}
	}
	return nil
}

// observe gives a session's words to the inventory and to the flows, which undo them together by the run.
func (t *taking) observe(s *sessionWork) error {
	if len(s.said) == 0 && len(s.traffic) == 0 {
		return nil
	}
	o := inventory.Observation{Source: Source(s.unit.Name), Session: "session " + s.session, Run: s.run, Actor: "sensor " + s.unit.Name, At: s.at}
	for k, r := range s.said {
		if r == nil {
			o.Gone = append(o.Gone, k)
		} else {
			o.Records = append(o.Records, *r)
		}
	}
	var err error
	if s.run, err = t.hub.Inventory.Observe(t.tx, o); err != nil {
		return fmt.Errorf("sensor %s: %w", s.unit.Name, err)
	}
	if err := flow.Apply(t.tx, flow.Source(o.Source, strconv.FormatInt(s.run, 10)), s.traffic); err != nil {
		return fmt.Errorf("sensor %s: %w", s.unit.Name, err)
	}
	return nil
}

// note writes what is counted of a sensor.
func (t *taking) note(u *unitWork) error {
	heard := micros(u.Heard)
	if u.batches > 0 {
		heard = micros(t.now)
	}
	health := ""
	if u.Health != nil {
		text, err := json.Marshal(u.Health)
		if err != nil {
			return err
		}
		health = string(text)
	}
	_, err := t.tx.Exec("UPDATE sensor_unit SET heard_at = $1, batches = $2, refused = $3, refused_why = $4, missed = $5, health = $6 WHERE name = $7",
		heard, u.Batches+u.batches, u.Refused, u.RefusedWhy, u.Missed, health, u.Name)
	return err
}

// sample adds a health to its five minutes, and keeps it as the sensor's latest.
func (t *taking) sample(u *unitWork, health *Health) error {
	if fromMicros(health.At).After(t.now) {
		health.At = micros(t.now)
	}
	var frames, bytes, dropped int64
	for _, i := range health.Interfaces {
		frames, bytes, dropped = frames+i.Frames, bytes+i.Bytes, dropped+i.Dropped
	}
	at := fromMicros(health.At).Truncate(sampleSpan)
	if at.After(t.now.Add(-sampleKeep)) {
		if _, err := t.tx.Exec(`INSERT INTO sensor_sample (sensor, at, seconds, frames, bytes, dropped, memory, spooled, errors) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (sensor, at) DO UPDATE SET seconds = sensor_sample.seconds + excluded.seconds, frames = sensor_sample.frames + excluded.frames,
			bytes = sensor_sample.bytes + excluded.bytes, dropped = sensor_sample.dropped + excluded.dropped,
			memory = CASE WHEN excluded.memory > sensor_sample.memory THEN excluded.memory ELSE sensor_sample.memory END,
			spooled = CASE WHEN excluded.spooled > sensor_sample.spooled THEN excluded.spooled ELSE sensor_sample.spooled END,
			errors = sensor_sample.errors + excluded.errors`,
			u.Name, micros(at), health.Seconds, frames, bytes, dropped, health.Memory, health.Spooled, health.Errors); err != nil {
			return err
		}
	}
	if len(health.Networks) > 0 {
		if _, err := t.tx.Exec("DELETE FROM sensor_sample WHERE sensor = $1 AND at < $2", u.Name, micros(t.now.Add(-sampleKeep))); err != nil {
			return err
		}
		if err := t.networks(u.Name, health); err != nil {
			return err
		}
	}
	if u.Health == nil || health.At >= u.Health.At {
		kept := *health
		kept.Networks = nil // they have a table
		u.Health = &kept
	}
	return nil
}

// knownNetworks bounds the rows that one sensor may fill.
const knownNetworks = 4 * maxNetworks

func (t *taking) networks(name string, health *Health) error {
	var n int64
	if err := t.tx.QueryRow("SELECT COUNT(*) FROM sensor_network WHERE sensor = $1", name).Scan(&n); err != nil {
		return err
	}
	if n > knownNetworks { // what was not seen for longest goes
		if _, err := t.tx.Exec("DELETE FROM sensor_network WHERE sensor = $1 AND last_at < $2", name, micros(t.now.Add(-sampleKeep))); err != nil {
			return err
		}
	}
	for _, seen := range health.Networks {
		if _, err := t.tx.Exec(`INSERT INTO sensor_network (sensor, vlan, prefix, hosts, first_at, last_at) VALUES ($1, $2, $3, $4, $5, $5)
			ON CONFLICT (sensor, vlan, prefix) DO UPDATE SET hosts = excluded.hosts, last_at = excluded.last_at`,
			name, int64(seen.VLAN), seen.Prefix, int64(seen.Hosts), health.At); err != nil {
			return err
		}
	}
	return nil
}
