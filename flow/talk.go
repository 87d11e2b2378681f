package flow

import (
	"time"

	"pons/protocol"
	"pons/sqldb"
)

// Talk is one device: whom it talked with in all that is kept, and how it was used in some days. It is read by itself, in
// six statements, so that the page of a device does not wait for the whole network.
type Talk struct {
	Graph    *Graph // the device and its peers
	Use      *Use   // nil: it was not heard in these days
	Settings Settings
	Heard    bool // any traffic is known, of whatever device
}

// Talk reads a device's talk. subjects are the hosts of the wire that it is; the use is of so many days, which end with
// the newest that was listened to.
func (f *Flows) Talk(tx *sqldb.Tx, device string, subjects []string, days int, now time.Time) (*Talk, error) {
	t := &Talk{Graph: &Graph{Made: now, byID: map[string]int32{}}}
	var err error
	if t.Settings, _, err = f.Settings(tx); err != nil {
		return nil, err
	}
	points, watch := map[int64]string{}, map[pointDay]int64{}
	newest := int64(0)
	if err := eachRow(tx, "SELECT w.day, w.hours, s.id, s.point FROM flow_watch w JOIN flow_source s ON s.id = w.source", nil, func(rows *sqldb.Rows) error {
		var day, hours, source int64
		var point string
		err := rows.Scan(&day, &hours, &source, &point)
		points[source] = point
		watch[pointDay{day, point}] |= hours
		newest = max(newest, min(day, dayOf(now)))
		return err
	}); err != nil {
		return nil, err
	}
	if t.Heard = len(watch) > 0; !t.Heard || len(subjects) == 0 {
		return t, nil
	}
	if err := f.readTalk(tx, t, subjects, points, now); err != nil {
		return nil, err
	}
	t.Use, err = f.readUse(tx, t, subjects, points, watch, newest, days)
	if i, ok := t.Graph.Find(device); ok && t.Use != nil {
		t.Use.Node = t.Graph.Nodes[i]
	}
	return t, err
}

// readTalk reads the sums of the months in which the device was at either end.
func (f *Flows) readTalk(tx *sqldb.Tx, t *Talk, subjects []string, points map[int64]string, now time.Time) error {
	var months []any
	for m := monthOf(now) - int64(t.Settings.Months); m <= monthOf(now)+1; m++ {
		months = append(months, m)
	}
	args := append(months, anys(subjects)...)
	side := func(end string) string {
		return "SELECT f.start, f.client, c.subject, f.server, p.subject, f.service, v.protocol, v.transport, v.port, f.source, " + sumFields +
			" FROM flow_sum f JOIN flow_host c ON c.id = f.client JOIN flow_host p ON p.id = f.server JOIN flow_service v ON v.id = f.service" +
			" WHERE f.grain = 2 AND f.grain > 0 AND f.start IN " + sqldb.In(len(months), 1) + " AND " + end + " IN (SELECT id FROM flow_host WHERE subject IN " + sqldb.In(len(subjects), 1+len(months)) + ")"
	}
	sums := &totals{points: pointNumbers(points), at: map[pair]int32{}}
	names, services := map[int64]string{}, map[int64]Service{}
	// UNION leaves out a row that both sides bring: what the device said to itself.
	if err := eachRow(tx, side("f.client")+" UNION "+side("f.server"), args, func(rows *sqldb.Rows) error {
		var x total
		var start, source, transport, port int64
		var client, server string
		var service Service
		if err := rows.Scan(append([]any{&start, &x.client, &client, &x.server, &server, &x.service, &service.Protocol, &transport, &port, &source}, x.into(&x.first, &x.last)...)...); err != nil {
			return err
		}
		service.Transport, service.Port = protocol.Transport(transport), uint16(port)
		names[x.client], names[x.server], services[x.service] = client, server, service
		sums.add(x, source)
		return nil
	}); err != nil {
		return err
	}
	place, err := f.place(tx, t.Graph, names)
	if err != nil {
		return err
	}
	t.Graph.link(sums, place, services)
	return nil
}

// readUse reads what the device did in the newest days.
func (f *Flows) readUse(tx *sqldb.Tx, t *Talk, subjects []string, points map[int64]string, watch map[pointDay]int64, newest int64, days int) (*Use, error) {
	list := make([]any, days)
	for i := range list {
		list[i] = newest - int64(days-1-i)
	}
	count := newCounter(t.Settings.location(), watch, newest-int64(days-1), newest)
	err := eachRow(tx, "SELECT day, source, sent, received, associations, messages, studies, hours, active FROM flow_use WHERE day IN "+sqldb.In(days, 1)+
		" AND host IN (SELECT id FROM flow_host WHERE subject IN "+sqldb.In(len(subjects), 1+days)+") ORDER BY day, host, source", append(list, anys(subjects)...), func(rows *sqldb.Rows) error {
		var day, source int64
		var b busy
		if err := b.scan(rows, &day, &source); err != nil {
			return err
		}
		count.hear(day, 0, points[source], &b)
		return nil
	})
	if err != nil {
		return nil, err
	}
	count.flush()
	if count.uses[0] == nil {
		return nil, nil
	}
	return count.finish(0), nil
}
