package sensor

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"pons/capture"
	"pons/fact"
	"pons/protocol"
	"pons/protocol/all"
)

// Clock is how far this computer's clock is ahead of the hub's, as far as it is known: all times are set back by it, so that
// a sensor with a wrong clock says when things were by the hub's.
type Clock struct{ ahead atomic.Int64 }

// Ahead is what to take off a time of this computer.
func (c *Clock) Ahead() time.Duration { return time.Duration(c.ahead.Load()) }

// tolerance is by how much clocks may differ without being corrected: what is less is the network's delay and the drift of
// ordinary clocks, and a correction that moves all the time would put frames out of order (expert default).
const tolerance = 2 * time.Second

// heard notes the hub's time, which was between two times here.
func (c *Clock) heard(hub, before, after time.Time) {
	ahead := before.Add(after.Sub(before) / 2).Sub(hub)
	if d := ahead - c.Ahead(); d < -tolerance || d > tolerance {
		if ahead < tolerance && ahead > -tolerance {
			ahead = 0
		}
		c.ahead.Store(int64(ahead))
	}
}

// Tap is where frames come from: an interface, in tests a file.
type Tap struct {
	Name string
	capture.Source
	Count func() capture.Counts
}

// Taps are interfaces that are listened to.
func Taps(list []*capture.Interface) []Tap {
	out := make([]Tap, len(list))
	for i, f := range list {
		out[i] = Tap{f.Name, f, f.Count}
	}
	return out
}

// ListenOptions say what is listened to and where the batches go.
type ListenOptions struct {
	Taps    []Tap
	Spool   *Spool
	Clock   *Clock
	Version string
	Log     *slog.Logger
	Harvest time.Duration    // how often a batch is made; default 10 s
	Session time.Duration    // how long a session lasts; default a day
	Engine  protocol.Options // zero fields are those of SensorEngine
	Now     func() time.Time // default time.Now
}

// SensorEngine bounds what a sensor may hold, so that it runs beside others in a gigabyte: 100,000 hosts and 100,000
// conversations at once are more than one mirror port of a large hospital shows (expert defaults). The figures measured are in
// docs/performance.md.
func SensorEngine() protocol.Options {
	return protocol.Options{MaxFlows: 100_000, MaxMemory: 64 << 20, MaxHosts: 200_000, MaxFacts: 500_000, MaxTraffic: 200_000}
}

// harvestEvery is how soon a new device is known at the hub; networksEvery how often the networks seen are told, which
// change slowly; sessionLife how much an undo takes back (expert defaults).
const (
	harvestEvery  = 10 * time.Second
	networksEvery = 5 * time.Minute
	sessionLife   = 24 * time.Hour
)

// Listen listens until the context ends or all taps have, and then stores what is left to say. What it learnt since
// the last harvest is in memory only: a sensor that is killed loses so much, and learns most of it again when it hears it
// again.
func Listen(ctx context.Context, o ListenOptions) error {
	if o.Harvest == 0 {
		o.Harvest = harvestEvery
	}
	if o.Session == 0 {
		o.Session = sessionLife
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &listener{o: o, began: o.Now(), spoke: o.Now(), before: make([]capture.Counts, len(o.Taps))}
	l.begin()
	hearing, stop := context.WithCancel(ctx)
	defer stop()
	group, hearing := errgroup.WithContext(hearing)
	for _, s := range o.Taps {
		group.Go(func() error {
			_, err := s.Run(hearing, l.frame)
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		})
	}
	done := make(chan error, 1)
	go func() { done <- group.Wait() }()
	tick := time.NewTicker(o.Harvest)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return errors.Join(err, l.end())
		case <-tick.C:
			if err := l.harvest(); err != nil {
				stop()
				return errors.Join(err, <-done)
			}
		}
	}
}

// listener is one process's listening. The mutex is held for one frame or one harvest.
type listener struct {
	o     ListenOptions
	began time.Time // the process

	mu     sync.Mutex
	engine *protocol.Engine
	places places

	session string // what follows is for the harvesting goroutine alone
	since   time.Time
	seq     uint64
	spoke   time.Time // of the last Health
	told    time.Time // of the last networks
	before  []capture.Counts
	counted protocol.Counters
}

// begin begins a session: a new engine, which knows nothing of the one before.
func (l *listener) begin() {
	e := l.o.Engine
	for d, field := range map[*int]int{&e.MaxFlows: SensorEngine().MaxFlows, &e.MaxMemory: SensorEngine().MaxMemory, &e.MaxHosts: SensorEngine().MaxHosts,
		&e.MaxFacts: SensorEngine().MaxFacts, &e.MaxTraffic: SensorEngine().MaxTraffic} {
		if *d == 0 {
			*d = field
		}
	}
	engine := protocol.NewEngine(all.Parsers(), e)
	l.mu.Lock()
	l.engine, l.places = engine, places{}
	l.mu.Unlock()
	now := l.now()
	l.session, l.seq, l.since, l.told, l.counted = newSession(now), 0, l.o.Now(), time.Time{}, protocol.Counters{}
}

// newSession names a session: when it began, for people, and some chance, so that no two are alike even where clocks jump.
func newSession(now time.Time) string {
	var b [6]byte
	rand.Read(b[:]) // never fails
	return now.UTC().Format("20060102-150405-") + hex.EncodeToString(b[:])
}

// now is the hub's time, as far as it is known.
func (l *listener) now() time.Time { return l.o.Now().Add(-l.o.Clock.Ahead()).UTC() }

// frame reads one frame, on the goroutine of its tap.
func (l *listener) frame(f capture.Frame) {
	at := f.At
	if ahead := l.o.Clock.Ahead(); ahead != 0 {
		at = at.Add(-ahead)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.engine.Frame(at, uint32(f.Link), f.Number, f.Data)
	if f.Link == capture.LinkEthernet {
		l.places.note(f.Data)
	}
}

// harvest stores what is new.
func (l *listener) harvest() error {
	if l.o.Now().Sub(l.since) >= l.o.Session {
		if err := l.end(); err != nil {
			return err
		}
		l.begin()
		return nil
	}
	l.mu.Lock()
	records, gone, traffic := l.engine.Harvest()
	l.mu.Unlock()
	return l.store(records, gone, traffic)
}

// end ends the session: conversations that were under way say what they can, and every host when it was last seen.
func (l *listener) end() error {
	l.mu.Lock()
	_, gone, traffic := l.engine.Harvest()
	records := l.engine.Finish()
	_, more, rest := l.engine.Harvest()
	l.mu.Unlock()
	return l.store(records, append(gone, more...), append(traffic, rest...))
}

// store makes a batch and puts it on the disk.
func (l *listener) store(records []fact.Record, gone []fact.Key, traffic []protocol.Traffic) error {
	b := Batch{At: l.now(), Records: records, Gone: gone, Traffic: traffic, Health: l.health()}
	bodies, err := b.pieces()
	if err != nil {
		return fmt.Errorf("sensor: %w", err)
	}
	for _, body := range bodies {
		l.seq++
		if err := l.o.Spool.Append(l.session, l.seq, body); err != nil {
			return err
		}
	}
	return nil
}

// health sums up what happened since it was last asked for.
func (l *listener) health() *Health {
	now := l.o.Now()
	batches, bytes, lost := l.o.Spool.Depth()
	h := &Health{Version: l.o.Version, Began: micros(l.began.Add(-l.o.Clock.Ahead()).UTC()), At: micros(l.now()), Seconds: max(0, now.Sub(l.spoke).Seconds()), Memory: resident(),
		Spooled: int64(batches), SpoolBytes: bytes, Lost: lost, SkewMillis: l.o.Clock.Ahead().Milliseconds()}
	for i, s := range l.o.Taps {
		c, old := s.Count(), l.before[i]
		h.Interfaces = append(h.Interfaces, InterfaceLoad{s.Name, int64(c.Frames - old.Frames), int64(c.Bytes - old.Bytes), int64(c.Dropped - old.Dropped)})
		l.before[i] = c
	}
	l.mu.Lock()
	count := l.engine.Counters()
	if now.Sub(l.told) >= networksEvery {
		h.Networks, l.told = l.places.networks(), now
	}
	l.mu.Unlock()
	h.Undecoded = int64(count.Undecodable - l.counted.Undecodable)
	for i := range count.Parsers {
		h.Errors += int64(count.Parsers[i].Errors)
		if i < len(l.counted.Parsers) {
			h.Errors -= int64(l.counted.Parsers[i].Errors)
		}
	}
	l.spoke, l.counted = now, count
	return h
}
