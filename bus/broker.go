package bus

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"pons/fault"
)

// Broker is a message broker inside this process: for a site that does not want to run one. It keeps messages on disk, so
// that they outlive it.
type Broker struct {
	opt BrokerOptions
	own Key // of this process's links, new at each start
	srv *server.Server

	mu      sync.Mutex
	out     *server.Account   // of those who come from outside; nil: they come too early
	clients map[uint64]string // connection → its public key
}

// BrokerOptions say where a broker listens and whom it lets in.
type BrokerOptions struct {
	Listen   string      // host:port for others; empty: only this process
	Dir      string      // what is kept
	MaxBytes int64       // disk at most; default 1 GiB. When it is full, senders are refused and keep what they have
	TLS      *tls.Config // of connections from outside; required with Listen
	// Admit says what the holder of a public key may do, and whether it may connect at all. It is asked at each
	// connection and by Review, on many goroutines.
	Admit func(public string) (Grant, bool)
	// Serve are the subjects on which those from outside reach this process and its streams. They live in an account of their
	// own: the subject to which an answer goes is the asker's word, and from there it reaches nobody but askers, where
	// otherwise it could be one that orders the broker to delete what it keeps.
	Serve []string
}

// Grant is what a connection may publish and what it may subscribe to: subjects of NATS, where * is one word and > the rest.
type Grant struct{ Publish, Subscribe []string }

// Bounds of the broker (expert defaults): MaxMessage is what a sender may send at once, connections at a hospital are
// some hundred at most, and a connection that does not prove who it is within a few seconds ends.
const (
	MaxMessage     = 1 << 20
	maxConnections = 2048
	authTimeout    = 10 * time.Second
	startTimeout   = 30 * time.Second
	defaultStore   = 1 << 30
)

// StartBroker starts a broker. Close ends it; what it keeps stays on disk.
func StartBroker(o BrokerOptions) (*Broker, error) {
	if o.Listen != "" && (o.TLS == nil || o.Admit == nil) {
		return nil, fmt.Errorf("a broker that others reach needs a certificate and somebody who says whom to admit: %w", fault.Invalid)
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultStore
	}
	own, err := NewKey()
	if err != nil {
		return nil, err
	}
	b := &Broker{opt: o, own: own, clients: map[uint64]string{}}
	conf := &server.Options{
		ServerName: "pons", NoLog: true, NoSigs: true, DontListen: o.Listen == "",
		MaxPayload: MaxMessage, MaxConn: maxConnections, AuthTimeout: authTimeout.Seconds(),
		JetStream: true, StoreDir: o.Dir, JetStreamMaxStore: o.MaxBytes, JetStreamMaxMemory: 16 << 20, DisableJetStreamBanner: true,
		CustomClientAuthentication: b, AlwaysEnableNonce: true,
	}
	if o.Listen != "" {
		host, port, err := net.SplitHostPort(o.Listen)
		if err != nil {
			return nil, fmt.Errorf("address %q: host and port are expected: %w", o.Listen, fault.Invalid)
		}
		conf.Host = host
		if conf.Port, err = strconv.Atoi(port); err != nil || conf.Port < 0 || conf.Port > 65535 {
			return nil, fmt.Errorf("address %q: the port is no number: %w", o.Listen, fault.Invalid)
		}
		if conf.Port == 0 {
			conf.Port = server.RANDOM_PORT
		} else if probe, err := net.Listen("tcp", o.Listen); err != nil { // the server would end the process
			return nil, fmt.Errorf("%w; choose another with --sensors", err)
		} else {
			probe.Close()
		}
		conf.TLSConfig, conf.TLS, conf.TLSTimeout = o.TLS, true, authTimeout.Seconds()
	}
	if b.srv, err = server.NewServer(conf); err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	go b.srv.Start()
	if !b.srv.ReadyForConnections(startTimeout) {
		b.Close()
		return nil, fmt.Errorf("the broker does not start; is %s in use by another process? %w", o.Dir, fault.Busy)
	}
	if err := b.divide(); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// divide makes the account of those from outside, and the doors to this process's. The server gives its first account a
// place for streams only while there is no second, so this is after its start.
func (b *Broker) divide() error {
	out, err := b.srv.RegisterAccount("outside")
	if err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	inside := b.srv.GlobalAccount()
	for _, subject := range b.opt.Serve {
		if err := errors.Join(inside.AddServiceExport(subject, []*server.Account{out}), out.AddServiceImport(inside, subject, subject)); err != nil {
			return fmt.Errorf("broker: %s: %w", subject, err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.out = out
	return nil
}

// Address is where the broker listens; empty when it does not.
func (b *Broker) Address() string {
	if b.opt.Listen == "" || b.srv.Addr() == nil {
		return ""
	}
	return b.srv.Addr().String()
}

// Close ends the broker and its connections.
func (b *Broker) Close() {
	b.srv.Shutdown()
	b.srv.WaitForShutdown()
}

// Check lets connections in: it is what the server asks. The client has signed the server's nonce with its key.
func (b *Broker) Check(c server.ClientAuthentication) bool {
	said := c.GetOpts()
	signature, err := base64.RawURLEncoding.DecodeString(said.Sig)
	if err != nil {
		if signature, err = base64.StdEncoding.DecodeString(said.Sig); err != nil {
			return false
		}
	}
	if !ValidPublic(said.Nkey) || !Verify(said.Nkey, c.GetNonce(), signature) {
		return false
	}
	if said.Nkey == b.own.public {
		c.RegisterUser(&server.User{Username: "hub"})
		return true
	}
	grant, ok := Grant{}, false
	if b.opt.Admit != nil {
		grant, ok = b.opt.Admit(said.Nkey)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !ok || b.out == nil {
		return false
	}
	c.RegisterUser(&server.User{Username: said.Nkey, Account: b.out, Permissions: &server.Permissions{
		Publish:   permission(grant.Publish),
		Subscribe: permission(grant.Subscribe),
	}})
	b.clients[c.GetID()] = said.Nkey
	return true
}

// permission allows these subjects and nothing else; none at all where there are none.
func permission(subjects []string) *server.SubjectPermission {
	if len(subjects) == 0 {
		return &server.SubjectPermission{Deny: []string{">"}}
	}
	return &server.SubjectPermission{Allow: subjects}
}

// Review asks again who of the connected may be, and ends the connections of those who may not any more. It returns
// how many it ended.
func (b *Broker) Review(ctx context.Context) (ended int) {
	b.mu.Lock()
	clients := make(map[uint64]string, len(b.clients))
	for id, key := range b.clients {
		clients[id] = key
	}
	b.mu.Unlock()
	for id, key := range clients {
		if ctx.Err() != nil {
			return ended
		}
		alive := b.srv.GetClient(id) != nil
		if alive {
			if _, ok := b.opt.Admit(key); ok {
				continue
			}
			if err := b.srv.DisconnectClientByID(id); err == nil {
				ended++
			}
		}
		b.mu.Lock()
		delete(b.clients, id)
		b.mu.Unlock()
	}
	return ended
}

// errNoBroker is an asking for a link inside the process without a broker there.
var errNoBroker = errors.New("neither a broker here nor the address of one")
