package flow

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"time"

	"pons/fault"
	"pons/protocol"
	"pons/sqldb"
)

// grain is how long a stored sum spans.
type grain int64

const (
	hourly grain = iota
	daily
	monthly
)

// of tells in which span of the grain an hour lies, and which bit of its parts the hour (or its minutes) takes.
func (g grain) of(hour time.Time, minutes int64) (start, parts int64) {
	switch h := hour.Unix() / 3600; g {
	case hourly:
		return h, minutes
	case daily:
		return h / 24, 1 << (h % 24)
	default:
		return monthOf(hour), 1 << (hour.Day() - 1)
	}
}

func monthOf(t time.Time) int64 { return int64(t.Year())*12 + int64(t.Month()) - 1 }

func dayOf(t time.Time) int64 { return t.Unix() / 86400 }

// key is what a stored sum is of. The hour's source is the same for all of one Apply.
type key struct{ start, client, server, service int64 }

// row is a stored sum.
type row struct {
	Sum
	parts int64
}

// busy is what one host did in a day. Minutes of active are bits from the first of the day.
type busy struct {
	sent, received                  int64
	associations, messages, studies int64
	hours                           int64
	active                          [180]byte
}

// Source names what can be taken back as one, such as an import or the session of a sensor: the point at which it
// listened, and which part of what that point said.
func Source(point, part string) string { return point + "#" + part }

// Apply adds traffic to what a source has said. The sums of all Apply of a source do not depend on their order, nor on
// how traffic was cut into batches; that the same traffic is not given twice is the caller's to see to. What stands
// before the last # of the source's name is its point of listening: two points that saw one conversation are not added
// up. Errors are the database's, and fault.Invalid for a source without a name.
func Apply(tx *sqldb.Tx, source string, traffic []protocol.Traffic) error {
	if source == "" {
		return fmt.Errorf("traffic needs a source with a name: %w", fault.Invalid)
	}
	if len(traffic) == 0 {
		return nil
	}
	a := &applying{tx: tx}
	var err error
	if a.source, a.fresh, err = enrol(tx, source); err != nil {
		return err
	}
	if a.hosts, err = hostIDs(tx, traffic); err != nil {
		return err
	}
	if a.services, err = serviceIDs(tx, traffic); err != nil {
		return err
	}
	for _, g := range []grain{hourly, daily, monthly} {
		if err := a.sums(g, traffic); err != nil {
			return err
		}
	}
	if err := a.uses(traffic); err != nil {
		return err
	}
	return a.watches(traffic)
}

// applying is one Apply under way.
type applying struct {
	tx       *sqldb.Tx
	source   int64
	fresh    bool // nothing of the source is stored yet
	hosts    map[string]int64
	services map[Service]int64
}

// enrol makes a source known.
func enrol(tx *sqldb.Tx, name string) (id int64, fresh bool, err error) {
	err = tx.QueryRow("SELECT id FROM flow_source WHERE name = $1", name).Scan(&id)
	if !errors.Is(err, fault.NotFound) {
		return id, false, err
	}
	if err := tx.QueryRow("SELECT COALESCE(MAX(id), 0) + 1 FROM flow_source").Scan(&id); err != nil {
		return 0, false, err
	}
	point := name
	if i := strings.LastIndexByte(name, '#'); i > 0 {
		point = name[:i]
	}
	_, err = tx.Exec("INSERT INTO flow_source (id, name, point) VALUES ($1, $2, $3)", id, name, point)
	return id, true, err
}

// chunk is how many keys one statement looks up. SQLite finds the number of a place by going through those before it, so
// that a statement of 10,000 places costs more than ten of 1,000.
const chunk = 1000

// hostIDs are the numbers of the ends of traffic; new ones get theirs.
func hostIDs(tx *sqldb.Tx, traffic []protocol.Traffic) (map[string]int64, error) {
	want := map[string]int64{}
	for i := range traffic {
		want[subjectOf(traffic[i].Client)] = 0
		want[subjectOf(traffic[i].Server)] = 0
	}
	return want, number(tx, want)
}

// number fills in the ids of names, and gives new ones to those that have none yet.
func number(tx *sqldb.Tx, want map[string]int64) error {
	names := slices.Sorted(maps.Keys(want))
	for part := range slices.Chunk(names, chunk) {
		if err := eachRow(tx, "SELECT subject, id FROM flow_host WHERE subject IN "+sqldb.In(len(part), 1), anys(part), func(rows *sqldb.Rows) error {
			var name string
			var id int64
			err := rows.Scan(&name, &id)
			want[name] = id
			return err
		}); err != nil {
			return err
		}
	}
	var next int64
	if err := tx.QueryRow("SELECT COALESCE(MAX(id), 0) FROM flow_host").Scan(&next); err != nil {
		return err
	}
	_, err := tx.Insert("flow_host", []string{"id", "subject"}, func(yield func([]any) bool) {
		for _, name := range names {
			if want[name] == 0 {
				next++
				want[name] = next
				if !yield([]any{next, name}) {
					return
				}
			}
		}
	})
	return err
}

// serviceIDs are the numbers of the services of traffic. There are some hundreds in all, so they are read whole.
func serviceIDs(tx *sqldb.Tx, traffic []protocol.Traffic) (map[Service]int64, error) {
	byID, err := readServices(tx)
	if err != nil {
		return nil, err
	}
	known := make(map[Service]int64, len(byID))
	next := int64(0)
	for id, s := range byID {
		known[s] = id
		next = max(next, id)
	}
	for i := range traffic {
		s := serviceOf(&traffic[i])
		if known[s] != 0 {
			continue
		}
		next++
		known[s] = next
		if _, err := tx.Exec("INSERT INTO flow_service (id, protocol, transport, port) VALUES ($1, $2, $3, $4)", next, s.Protocol, int64(s.Transport), int64(s.Port)); err != nil {
			return nil, err
		}
	}
	return known, nil
}

func readServices(tx *sqldb.Tx) (map[int64]Service, error) {
	out := map[int64]Service{}
	err := eachRow(tx, "SELECT id, protocol, transport, port FROM flow_service", nil, func(rows *sqldb.Rows) error {
		var id, transport, port int64
		var s Service
		err := rows.Scan(&id, &s.Protocol, &transport, &port)
		s.Transport, s.Port = protocol.Transport(transport), uint16(port)
		out[id] = s
		return err
	})
	return out, err
}

// eachRow runs a query and gives each row to f.
func eachRow(tx *sqldb.Tx, query string, args []any, f func(*sqldb.Rows) error) error {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func anys[T any](in []T) []any {
	out := make([]any, len(in))
	for i, v := range in {
		out[i] = v
	}
	return out
}

// sums adds the traffic to the stored sums of a grain.
func (a *applying) sums(g grain, traffic []protocol.Traffic) error {
	sums := map[key]*row{}
	for i := range traffic {
		t := &traffic[i]
		start, parts := g.of(t.Hour.UTC(), int64(t.Minutes))
		k := key{start, a.hosts[subjectOf(t.Client)], a.hosts[subjectOf(t.Server)], a.services[serviceOf(t)]}
		r := sums[k]
		if r == nil {
			r = &row{}
			sums[k] = r
		}
		r.add(&Sum{UpBytes: int64(t.Up.Bytes), UpPackets: int64(t.Up.Packets), DownBytes: int64(t.Down.Bytes), DownPackets: int64(t.Down.Packets),
			Conversations: int64(t.Conversations), Associations: int64(t.Associations), Messages: int64(t.Messages), Studies: int64(t.Studies),
			First: t.First.Truncate(time.Second), Last: t.Last.Truncate(time.Second)})
		r.parts |= parts
	}
	keys := slices.SortedFunc(maps.Keys(sums), func(x, y key) int {
		return cmp.Or(cmp.Compare(x.start, y.start), cmp.Compare(x.client, y.client), cmp.Compare(x.server, y.server), cmp.Compare(x.service, y.service))
	})
	if a.fresh {
		line := make([]any, len(sumColumns))
		_, err := a.tx.Insert("flow_sum", sumColumns, func(yield func([]any) bool) {
			for _, k := range keys {
				if !yield(sums[k].line(line[:0], g, k, a.source)) {
					return
				}
			}
		})
		return err
	}
	args := make([]any, 0, upserted*len(sumColumns))
	for part := range slices.Chunk(keys, upserted) {
		args = args[:0]
		for _, k := range part {
			args = sums[k].line(args, g, k, a.source)
		}
		if _, err := a.tx.Exec(upsert(len(part)), args...); err != nil {
			return err
		}
	}
	return nil
}

var sumColumns = []string{"grain", "start", "client", "server", "service", "source", "up_bytes", "up_packets", "down_bytes", "down_packets",
	"conversations", "associations", "messages", "studies", "parts", "first_at", "last_at"}

const sumFields = "up_bytes, up_packets, down_bytes, down_packets, conversations, associations, messages, studies, parts, first_at, last_at"

// line appends the values of sumColumns.
func (r *row) line(out []any, g grain, k key, source int64) []any {
	return append(out, int64(g), k.start, k.client, k.server, k.service, source, r.UpBytes, r.UpPackets, r.DownBytes, r.DownPackets,
		r.Conversations, r.Associations, r.Messages, r.Studies, r.parts, r.First.Unix(), r.Last.Unix())
}

// upserted is how many sums one statement adds: it makes the way to the database short, and stays cheap to parse.
const upserted = 50

// upsert is the statement that adds n sums to what is stored.
func upsert(n int) string {
	var values strings.Builder
	for i := range n {
		if i > 0 {
			values.WriteByte(',')
		}
		values.WriteString(sqldb.In(len(sumColumns), 1+i*len(sumColumns)))
	}
	return "INSERT INTO flow_sum (grain, start, client, server, service, source, " + sumFields + ") VALUES " + values.String() + `
		ON CONFLICT (grain, start, client, server, service, source) DO UPDATE SET
		up_bytes = flow_sum.up_bytes + excluded.up_bytes, up_packets = flow_sum.up_packets + excluded.up_packets,
		down_bytes = flow_sum.down_bytes + excluded.down_bytes, down_packets = flow_sum.down_packets + excluded.down_packets,
		conversations = flow_sum.conversations + excluded.conversations, associations = flow_sum.associations + excluded.associations,
		messages = flow_sum.messages + excluded.messages, studies = flow_sum.studies + excluded.studies, parts = flow_sum.parts | excluded.parts,
		first_at = CASE WHEN flow_sum.first_at < excluded.first_at THEN flow_sum.first_at ELSE excluded.first_at END,
		last_at = CASE WHEN flow_sum.last_at > excluded.last_at THEN flow_sum.last_at ELSE excluded.last_at END`
}

// into are the destinations of sumFields.
func (r *row) into(first, last *int64) []any {
	return []any{&r.UpBytes, &r.UpPackets, &r.DownBytes, &r.DownPackets, &r.Conversations, &r.Associations, &r.Messages, &r.Studies, &r.parts, first, last}
}

func seconds(n int64) time.Time { return time.Unix(n, 0).UTC() }

// hostDay is a host in a day.
type hostDay struct{ day, host int64 }

// uses adds the traffic to what each host did in the day. Groups are nobody's use.
func (a *applying) uses(traffic []protocol.Traffic) error {
	uses := map[hostDay]*busy{}
	hosts := map[int64]map[int64]bool{}
	for i := range traffic {
		t := &traffic[i]
		h := t.Hour.Unix() / 3600
		client, server := subjectOf(t.Client), subjectOf(t.Server)
		works := client != everybody && server != everybody && !serviceOf(t).Upkeep()
		for _, side := range []struct {
			subject        string
			sent, received protocol.Volume
		}{{client, t.Up, t.Down}, {server, t.Down, t.Up}} {
			if side.sent.Packets == 0 || kindOf(side.subject) > Unknown {
				continue // to be spoken to is no sign of life, and what strangers do is nobody's use
			}
			k := hostDay{h / 24, a.hosts[side.subject]}
			u := uses[k]
			if u == nil {
				u = &busy{}
				uses[k] = u
				if hosts[k.day] == nil {
					hosts[k.day] = map[int64]bool{}
				}
				hosts[k.day][k.host] = true
			}
			u.sent += int64(side.sent.Bytes)
			u.received += int64(side.received.Bytes)
			u.associations += int64(t.Associations)
			u.messages += int64(t.Messages)
			u.studies += int64(t.Studies)
			u.hours |= 1 << (h % 24)
			if works {
				u.mark(int(h%24), t.Minutes)
			}
			if client == server {
				break
			}
		}
	}
	if !a.fresh {
		if err := a.joinUses(uses, hosts); err != nil {
			return err
		}
	}
	keys := slices.SortedFunc(maps.Keys(uses), func(x, y hostDay) int { return cmp.Or(cmp.Compare(x.day, y.day), cmp.Compare(x.host, y.host)) })
	_, err := a.tx.Merge("flow_use", useColumns[:3], useColumns, func(yield func([]any) bool) {
		for _, k := range keys {
			u := uses[k]
			if !yield([]any{k.day, k.host, a.source, u.sent, u.received, u.associations, u.messages, u.studies, u.hours, u.active[:]}) {
				return
			}
		}
	})
	return err
}

var useColumns = []string{"day", "host", "source", "sent", "received", "associations", "messages", "studies", "hours", "active"}

func (a *applying) joinUses(uses map[hostDay]*busy, hosts map[int64]map[int64]bool) error {
	for day, of := range hosts {
		for part := range slices.Chunk(slices.Sorted(maps.Keys(of)), chunk) {
			err := eachRow(a.tx, "SELECT host, sent, received, associations, messages, studies, hours, active FROM flow_use WHERE day = $1 AND source = $2 AND host IN "+sqldb.In(len(part), 3),
				append([]any{day, a.source}, anys(part)...), func(rows *sqldb.Rows) error {
					var host int64
					var o busy
					if err := o.scan(rows, &host); err != nil {
						return err
					}
					uses[hostDay{day, host}].add(&o)
					return nil
				})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// scan reads leading columns and then those of a busy.
func (u *busy) scan(rows *sqldb.Rows, lead ...any) error {
	var active sqldb.Raw
	if err := rows.Scan(append(lead, &u.sent, &u.received, &u.associations, &u.messages, &u.studies, &u.hours, &active)...); err != nil {
		return err
	}
	copy(u.active[:], active)
	return nil
}

// mark sets the minutes of an hour.
func (u *busy) mark(hour int, minutes uint64) {
	for m := minutes & (1<<60 - 1); m != 0; m &= m - 1 {
		i := hour*60 + bits.TrailingZeros64(m)
		u.active[i>>3] |= 1 << (i & 7)
	}
}

// add puts parts of one day together that one point of listening saw.
func (u *busy) add(o *busy) {
	u.sent += o.sent
	u.received += o.received
	u.associations += o.associations
	u.messages += o.messages
	u.studies += o.studies
	u.or(o)
}

// most puts together what two points of listening saw of one day.
func (u *busy) most(o *busy) {
	u.sent, u.received = max(u.sent, o.sent), max(u.received, o.received)
	u.associations, u.messages, u.studies = max(u.associations, o.associations), max(u.messages, o.messages), max(u.studies, o.studies)
	u.or(o)
}

func (u *busy) or(o *busy) {
	u.hours |= o.hours
	for i := range u.active {
		u.active[i] |= o.active[i]
	}
}

// minutes counts the active minutes of an hour.
func (u *busy) minutes(hour int) (n int) {
	for i := hour * 60; i < hour*60+60; i++ {
		n += int(u.active[i>>3] >> (i & 7) & 1)
	}
	return n
}

// watches notes in which hours the source was listening.
func (a *applying) watches(traffic []protocol.Traffic) error {
	days := map[int64]int64{}
	for i := range traffic {
		h := traffic[i].Hour.Unix() / 3600
		days[h/24] |= 1 << (h % 24)
	}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		if _, err := a.tx.Exec("INSERT INTO flow_watch (day, source, hours) VALUES ($1, $2, $3) ON CONFLICT (day, source) DO UPDATE SET hours = flow_watch.hours | excluded.hours", day, a.source, days[day]); err != nil {
			return err
		}
	}
	return nil
}

// Forget takes back everything that a source said. A source that said nothing is no error.
func Forget(tx *sqldb.Tx, source string) error {
	var id int64
	err := tx.QueryRow("SELECT id FROM flow_source WHERE name = $1", source).Scan(&id)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var from, to int64
	if err := tx.QueryRow("SELECT COALESCE(MIN(day), 0), COALESCE(MAX(day), -1) FROM flow_watch WHERE source = $1", id).Scan(&from, &to); err != nil {
		return err
	}
	for _, g := range []struct {
		grain    grain
		from, to int64
	}{{hourly, from * 24, to*24 + 23}, {daily, from, to}, {monthly, monthOf(seconds(from * 86400)), monthOf(seconds(to * 86400))}} {
		if _, err := tx.Exec("DELETE FROM flow_sum WHERE grain = $1 AND start BETWEEN $2 AND $3 AND source = $4", int64(g.grain), g.from, g.to, id); err != nil {
			return err
		}
	}
	if _, err := tx.Exec("DELETE FROM flow_use WHERE day BETWEEN $1 AND $2 AND source = $3", from, to, id); err != nil {
		return err
	}
	if _, err := tx.Exec("DELETE FROM flow_watch WHERE source = $1", id); err != nil {
		return err
	}
	_, err = tx.Exec("DELETE FROM flow_source WHERE id = $1", id)
	return err
}
