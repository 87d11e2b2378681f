package bus

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"pons/fault"
)

// Link is a connection to a broker that comes back by itself when it breaks. It is safe for many goroutines.
type Link struct {
	nc *nats.Conn
	js jetstream.JetStream

	mu    sync.Mutex
	state error
}

// LinkOptions say to which broker, and as whom.
type LinkOptions struct {
	Broker *Broker     // the one in this process; wins over URL
	URL    string      // nats://host:4222 or tls://host:4222, several with commas between
	TLS    *tls.Config // how the broker's certificate is judged; nil: as the system does
	Key    *Key        // who this end is; nil: nobody, or whom Creds names
	Creds  string      // file of credentials that an external cluster's administrator issued
	Name   string      // of the connection, for the broker's administrator
	Inbox  string      // subjects under which answers come back; default _INBOX
	Once   bool        // fail when the first try does; else keep trying in the background
}

// reconnectWait is the pause between tries, of which the library adds some chance so that a hundred sensors do not come
// back in one instant (expert default).
const (
	reconnectWait  = 2 * time.Second
	connectTimeout = 5 * time.Second
)

// Connect opens a link. Errors wrap fault.Denied when the broker refuses this end, fault.Busy when it cannot be reached.
func Connect(o LinkOptions) (*Link, error) {
	l := &Link{state: fmt.Errorf("not connected yet: %w", fault.Busy)}
	opts := []nats.Option{
		nats.Name(o.Name), nats.Timeout(connectTimeout), nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait), nats.ReconnectJitter(reconnectWait/2, reconnectWait/2),
		nats.RetryOnFailedConnect(!o.Once), nats.IgnoreAuthErrorAbort(), nats.ReconnectBufSize(-1), // nothing is sent later behind the sender's back
		nats.ConnectHandler(func(*nats.Conn) { l.set(nil) }),
		nats.ReconnectHandler(func(*nats.Conn) { l.set(nil) }),
		nats.DisconnectErrHandler(func(nc *nats.Conn, err error) { l.set(linkError(firstError(nc.LastError(), err))) }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { l.set(linkError(err)) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			if errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrPermissionViolation) {
				l.set(linkError(err))
			}
		}),
	}
	if o.Inbox != "" {
		opts = append(opts, nats.CustomInboxPrefix(o.Inbox))
	}
	key := o.Key
	switch {
	case o.Broker != nil:
		key = &o.Broker.own
		opts = append(opts, nats.InProcessServer(o.Broker.srv))
	case o.URL == "":
		return nil, errNoBroker
	case o.TLS != nil:
		opts = append(opts, nats.Secure(o.TLS))
	}
	switch {
	case o.Creds != "":
		opts = append(opts, nats.UserCredentials(o.Creds))
	case key != nil:
		opts = append(opts, nats.Nkey(key.public, key.Sign))
	}
	var err error
	if l.nc, err = nats.Connect(o.URL, opts...); err != nil {
		return nil, linkError(err)
	}
	if l.nc.IsConnected() {
		l.set(nil)
	}
	if l.js, err = jetstream.New(l.nc); err != nil {
		l.nc.Close()
		return nil, fmt.Errorf("broker: %w", err)
	}
	return l, nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return errors.New("the connection broke")
}

// linkError words what the library says, as a kind of fault.
func linkError(err error) error {
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked), errors.Is(err, nats.ErrPermissionViolation):
		return fmt.Errorf("the broker refuses this end (%v): %w", err, fault.Denied)
	case errors.Is(err, fault.Denied), errors.Is(err, fault.Invalid):
		return err
	}
	return fmt.Errorf("the broker cannot be reached: %w: %w", err, fault.Busy)
}

func (l *Link) set(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(l.state, fault.Denied) && err != nil && !errors.Is(err, fault.Denied) && !l.nc.IsConnected() {
		return // why it was refused says more than that the connection is gone
	}
	l.state = err
}

// State is nil while the link stands, and else says why it does not.
func (l *Link) State() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// Close ends the link.
func (l *Link) Close() { l.nc.Close() }

// Message is what is received.
type Message struct {
	Subject string
	Data    []byte
}

// Send gives a message to the broker and waits until that has stored it: on the disks of most of its nodes, where it is a
// cluster. Errors wrap fault.Busy when it cannot now, such as when it is full: the sender keeps the message.
func (l *Link) Send(ctx context.Context, subject string, data []byte) error {
	if len(data) > MaxMessage {
		return fmt.Errorf("a message of %d bytes, more than %d: %w", len(data), MaxMessage, fault.Invalid)
	}
	if _, err := l.js.Publish(ctx, subject, data, jetstream.WithRetryAttempts(0)); err != nil {
		return linkError(err)
	}
	return nil
}

// Ask sends a question and waits for the answer of whoever answers that subject.
func (l *Link) Ask(ctx context.Context, subject string, data []byte) ([]byte, error) {
	m, err := l.nc.RequestWithContext(ctx, subject, data)
	if err != nil {
		return nil, linkError(err)
	}
	return m.Data, nil
}

// homes are where answers go: an inbox of whoever asked, or of the account that the broker asks for. Any other subject is
// the asker's trick: who answers may speak where the asker may not, to the broker's streams for one.
var homes = [...]string{"_INBOX.", "_R_."}

func home(subject string) bool {
	return slices.ContainsFunc(homes[:], func(h string) bool { return strings.HasPrefix(subject, h) })
}

// Answer answers questions on a subject until the context ends; nil is no answer. reply runs for one question at a time.
func (l *Link) Answer(ctx context.Context, subject string, reply func(Message) []byte) error {
	sub, err := l.nc.Subscribe(subject, func(m *nats.Msg) {
		if answer := reply(Message{m.Subject, m.Data}); answer != nil && home(m.Reply) {
			_ = m.Respond(answer) // who asked asks again
		}
	})
	if err != nil {
		return linkError(err)
	}
	context.AfterFunc(ctx, func() { _ = sub.Unsubscribe() })
	return nil
}
