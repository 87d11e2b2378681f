package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Stream is where the broker keeps messages until they are received: bounded, refusing what is new when it is full, so
// that a sender knows to keep it.
type Stream struct {
	Name     string
	Subjects []string
	MaxBytes int64 // default 512 MiB
	Replicas int   // copies on different nodes; default as many as there are nodes for, up to three
}

// How messages are taken (expert defaults). atOnce bounds memory: messages are at most MaxMessage. A message that is not put
// away within ackWait is given out again, so Receive says from time to time that it is still at it.
const (
	defaultStream = 512 << 20
	atOnce        = 32
	ackWait       = time.Minute
	stillAtIt     = ackWait / 3
	fetchWait     = 5 * time.Second
	retryWait     = time.Second
)

// Receive takes messages until the context ends, which is no error. take gets some of them in the order in which they were
// stored, at most 32, and puts them away; only when it has returned nil are they acknowledged. After an error it gets the same
// ones again, a second later. Messages can come twice all the same, when an acknowledgement is lost: take must know them
// again. trouble, which may be nil, is told of what goes wrong meanwhile, of the broker and of take; Receive goes on.
func (l *Link) Receive(ctx context.Context, s Stream, take func(context.Context, []Message) error, trouble func(error)) error {
	if trouble == nil {
		trouble = func(error) {}
	}
	for {
		consumer, err := l.consumer(ctx, s)
		for err == nil && ctx.Err() == nil {
			err = receive(ctx, consumer, take, trouble)
		}
		if ctx.Err() != nil {
			return nil
		}
		trouble(err)
		pause(ctx, retryWait)
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// consumer makes the stream and the one durable place in it, or finds them as they are.
func (l *Link) consumer(ctx context.Context, s Stream) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*connectTimeout)
	defer cancel()
	stream, err := l.js.Stream(ctx, s.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = l.create(ctx, s)
	}
	if err != nil {
		return nil, linkError(fmt.Errorf("stream %s: %w", s.Name, err))
	}
	c, err := stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{Durable: "hub", AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxAckPending: 4 * atOnce})
	if err != nil {
		return nil, linkError(fmt.Errorf("consumer of %s: %w", s.Name, err))
	}
	return c, nil
}

func (l *Link) create(ctx context.Context, s Stream) (stream jetstream.Stream, err error) {
	conf := jetstream.StreamConfig{Name: s.Name, Subjects: s.Subjects, Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew,
		Storage: jetstream.FileStorage, MaxBytes: s.MaxBytes, MaxMsgSize: MaxMessage, Replicas: s.Replicas}
	if conf.MaxBytes == 0 {
		conf.MaxBytes = defaultStream
	}
	if s.Replicas != 0 {
		return l.js.CreateStream(ctx, conf)
	}
	for _, conf.Replicas = range []int{3, 1} { // a single node has room for one copy
		if stream, err = l.js.CreateStream(ctx, conf); err == nil {
			return stream, nil
		}
	}
	return nil, err
}

// receive takes one round of messages.
func receive(ctx context.Context, c jetstream.Consumer, take func(context.Context, []Message) error, trouble func(error)) error {
	waiting, cancel := context.WithTimeout(ctx, fetchWait)
	defer cancel()
	first, err := c.Next(jetstream.FetchContext(waiting))
	if errors.Is(err, jetstream.ErrNoMessages) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	if err != nil {
		return err
	}
	round := []jetstream.Msg{first}
	if more, err := c.FetchNoWait(atOnce - 1); err == nil {
		for m := range more.Messages() {
			round = append(round, m)
		}
	}
	messages := make([]Message, len(round))
	for i, m := range round {
		messages[i] = Message{m.Subject(), m.Data()}
	}
	working, done := context.WithCancel(ctx)
	defer done()
	go func() {
		tick := time.NewTicker(stillAtIt)
		defer tick.Stop()
		for {
			select {
			case <-working.Done():
				return
			case <-tick.C:
				for _, m := range round {
					_ = m.InProgress() // at worst they come again
				}
			}
		}
	}()
	for {
		err := take(ctx, messages)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return nil
		}
		trouble(err)
		pause(ctx, retryWait)
	}
	for _, m := range round {
		if err := m.Ack(); err != nil {
			return err
		}
	}
	return nil
}
