package sensor

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"pons/bus"
	"pons/fault"
)

// ForwardOptions say what is forwarded, and as whom.
type ForwardOptions struct {
	Member Membership
	Creds  string // of an external cluster; empty: the hub's own broker
	Spool  *Spool
	Clock  *Clock
	Log    *slog.Logger
}

// How a sensor forwards (expert defaults). window is how many batches may be on their way that the hub has not said it has;
// a hub that answers and has not moved for stuckAfter has not got them, and they are sent again. While nothing is to be sent the
// hub is asked every idleAsk, which also tells its time.
const (
	window      = 256
	sendTimeout = 10 * time.Second
	askEvery    = time.Second
	idleAsk     = 30 * time.Second
	stuckAfter  = 30 * time.Second
	awayWait    = time.Second
)

// Forward sends what is in the spool, the oldest first, and forgets what the hub has, until the context ends. It never gives
// up: while the hub is away, or refuses, the spool fills.
func Forward(ctx context.Context, o ForwardOptions) error {
	key, err := bus.ParseKey([]byte(o.Member.Seed))
	if err != nil {
		return err
	}
	pin, err := ParsePin(o.Member.Pin)
	if err != nil {
		return err
	}
	link := linkTo(o.Member.Hub, o.Creds, pin, key)
	link.Name, link.Inbox = "pons sensor "+o.Member.Name, inbox(o.Member.Name)
	f := &forwarder{o: o, key: key}
	if f.link, err = bus.Connect(link); err != nil {
		return fmt.Errorf("hub %s: %w", o.Member.Hub, err)
	}
	defer f.link.Close()
	f.run(ctx)
	return nil
}

type forwarder struct {
	o    ForwardOptions
	key  bus.Key
	link *bus.Link

	next  uint64    // position in the spool of what is sent next
	moved time.Time // when the hub last moved on
	said  string    // what was last logged
}

func (f *forwarder) run(ctx context.Context) {
	f.moved = time.Now()
	for ctx.Err() == nil {
		if err := f.link.State(); err != nil {
			f.tell(err)
			f.next = 0 // whatever was on its way
			wait(ctx, nil, awayWait)
			continue
		}
		if f.o.Spool.Pending(f.next) == 0 {
			f.moved = time.Now()
		}
		asked := f.ask(ctx)
		sent := f.send(ctx)
		switch pending := f.o.Spool.Pending(f.next); {
		case ctx.Err() != nil:
			return
		case !sent:
			wait(ctx, nil, awayWait)
		case pending == 0:
			wait(ctx, f.o.Spool.Grown(), idleAsk)
		case asked && time.Since(f.moved) > stuckAfter:
			f.next, f.moved = 0, time.Now()
		default:
			wait(ctx, f.o.Spool.Grown(), askEvery)
		}
	}
}

func wait(ctx context.Context, grown <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-grown:
	case <-timer.C:
	}
}

// tell logs what is wrong, once for as long as it stays the same; nil: all is well.
func (f *forwarder) tell(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text == f.said {
		return
	}
	if f.said = text; err != nil {
		batches, bytes, _ := f.o.Spool.Depth()
		f.o.Log.Warn("sensor hub away", "error", text, "stored", batches, "bytes", bytes)
		return
	}
	f.o.Log.Info("sensor hub reached", "sensor", f.o.Member.Name)
}

// ask asks the hub how far it is, forgets what it has, and sets the clock by it. It says whether the hub answered.
func (f *forwarder) ask(ctx context.Context) bool {
	q, err := json.Marshal(question{Sessions: f.o.Spool.Sessions(askedSessions)})
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	before := time.Now()
	text, err := f.link.Ask(ctx, askSubject+f.o.Member.Name, q)
	if err != nil {
		f.tell(err)
		return false
	}
	var r reply
	if err := json.Unmarshal(text, &r); err != nil {
		f.tell(fmt.Errorf("the hub answers what no hub does: %w", fault.Invalid))
		return false
	}
	f.o.Clock.heard(fromMicros(r.Now), before, time.Now())
	if r.Retired {
		f.tell(fmt.Errorf("the hub has retired this sensor, or another machine was enrolled in its place; a new code brings it back: %w", fault.Denied))
		return false
	}
	f.tell(nil)
	had := f.o.Spool.Pending(^uint64(0))
	if err := f.o.Spool.Done(r.Done); err != nil {
		f.tell(err)
		return false
	}
	if f.o.Spool.Pending(^uint64(0)) < had {
		f.moved = time.Now()
	}
	return true
}

// send sends what there is room for in the window, and says whether the broker took it.
func (f *forwarder) send(ctx context.Context) bool {
	subject := batchSubject + f.o.Member.Name
	for f.o.Spool.Pending(f.next) < window {
		e, ok, err := f.o.Spool.Next(f.next)
		if err != nil {
			f.tell(err)
			return false
		}
		if !ok {
			return true
		}
		sealed := envelope{session: e.Session, seq: e.Seq, base: e.Base, body: e.Body}
		message, err := sealed.seal(subject, f.key)
		if err == nil {
			sending, cancel := context.WithTimeout(ctx, sendTimeout)
			err = f.link.Send(sending, subject, message)
			cancel()
		}
		if err != nil {
			f.tell(err)
			return false
		}
		f.next = e.Position + 1
	}
	return true
}
