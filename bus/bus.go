// Package bus is how parts of Pons reach each other. Inside a process it is a doorbell (Ring, Listen): it wakes those who
// wait for a topic, carries no data and promises no delivery, because the database is the truth and a listener who was away
// looks there. Between sites it carries messages by NATS (Broker, Link): what is sent is kept by the broker until whoever
// receives it has put it away. It decides how messages travel, who may send which, and how much a broker keeps; what they
// say, and that nothing counts twice, is for those at both ends. Nobody else imports NATS.
package bus

import (
	"context"
	"sync"
)

// Topics of the house.
const (
	Changed = "changed" // somebody committed an Update that stages should look at
	Folded  = "folded"  // the stages have caught up with a change; pages may be redrawn
)

// Bus is safe for many goroutines.
type Bus struct {
	mu        sync.Mutex
	listeners map[string]map[chan struct{}]struct{}
}

// New makes a bus that nobody listens to yet.
func New() *Bus { return &Bus{listeners: map[string]map[chan struct{}]struct{}{}} }

// Ring wakes all who listen to the topic. It never waits.
func (b *Bus) Ring(topic string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ch := range b.listeners[topic] {
		select {
		case ch <- struct{}{}:
		default: // it has not answered the last ring yet
		}
	}
}

// Listen gives a channel that gets a value when the topic was rung since it was last read. It is closed when the
// context ends.
func (b *Bus) Listen(ctx context.Context, topic string) <-chan struct{} {
	ch := make(chan struct{}, 1)
	b.mu.Lock()
	if b.listeners[topic] == nil {
		b.listeners[topic] = map[chan struct{}]struct{}{}
	}
	b.listeners[topic][ch] = struct{}{}
	b.mu.Unlock()
	context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.listeners[topic], ch)
		if len(b.listeners[topic]) == 0 {
			delete(b.listeners, topic)
		}
		close(ch)
	})
	return ch
}
