package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"pons/api"
	"pons/audit"
	"pons/bus"
	"pons/inventory"
	"pons/sqldb"
	"pons/web"
)

// ServeCommand serves the pages and the API.
type ServeCommand struct {
	Listen       string `default:"127.0.0.1:8080" placeholder:"ADDRESS" env:"PONS_LISTEN" help:"Address and port (${default}). Other computers reach an address that is not loopback: it wants a certificate."`
	TLSCert      string `name:"tls-cert" placeholder:"FILE" env:"PONS_TLS_CERT" help:"Certificate chain, PEM. Read anew when it changes."`
	TLSKey       string `name:"tls-key" placeholder:"FILE" env:"PONS_TLS_KEY" help:"Its key, PEM."`
	InsecureHTTP bool   `name:"insecure-http" env:"PONS_INSECURE_HTTP" help:"Serve other computers without TLS: for a proxy of your own in front that has the certificate."`
	Name         string `placeholder:"TEXT" env:"PONS_NAME" help:"Name of the hospital, shown in the menu."`
	Sensors      string `placeholder:"ADDRESS" env:"PONS_SENSORS" help:"Listen for sensors at this address and port, with a message broker of the server's own."`
	NATS         string `name:"nats" placeholder:"URL" env:"PONS_NATS" help:"Take what sensors send from a NATS cluster with JetStream (nats://… or tls://…, several with commas between) instead."`
	NATSCreds    string `name:"nats-creds" placeholder:"FILE" env:"PONS_NATS_CREDS" help:"Credentials for that cluster."`
	Styleguide   bool   `hidden:"" help:"Add /styleguide, for people who build pages."`

	demo    string // what the sign-in page of a demo says
	anyPort bool   // take a free port when the one asked for is in use
}

// Run serves until it is interrupted.
func (c ServeCommand) Run(s *session) error {
	return s.withDB(func(db *sqldb.DB) error { return c.serve(s, db) })
}

// shutdownTime is how long requests that are under way may take to end.
const shutdownTime = 10 * time.Second

func (c ServeCommand) serve(s *session, db *sqldb.DB) error {
	log := s.log()
	bell := bus.New()
	devices := inventory.New(db, catalogue(), s.now)
	index, err := inventory.NewIndex(devices)
	if err != nil {
		return err
	}
	key, err := signingKey(s.Data)
	if err != nil {
		return err
	}
	pages, err := web.New(web.Deps{
		RuleKey: key,
		DB:      db, Inventory: devices, Index: index, Changed: func() { bell.Ring(bus.Changed) }, Uploads: filepath.Join(s.Data, "uploads"), Log: log, Version: Version, Secure: c.TLSCert != "", Styleguide: c.Styleguide, Name: c.Name, Demo: c.demo,
	})
	if err != nil {
		return err
	}
	listener, address, err := c.listener()
	if err != nil {
		return err
	}
	if err := c.greet(s, pages, address); err != nil {
		return err
	}
	sensors, err := c.openHub(s, db, devices, func() { bell.Ring(bus.Changed) }, log)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(s.ctx)
	sensors.run(ctx, group)
	whole := http.NewServeMux()
	whole.Handle("/", pages)
	whole.Handle(api.Prefix+"/", api.New(api.Deps{
		DB: db, Inventory: devices, Index: index, Changed: func() { bell.Ring(bus.Changed) }, Log: log, Now: s.now, Version: Version, Name: c.Name, Demo: c.demo != "",
	}))
	serveHTTP(ctx, group, listener, whole, log)
	group.Go(func() error { return pages.Run(ctx) })
	group.Go(func() error {
		return index.Run(ctx, bell.Listen(ctx, bus.Changed), func(err error) { log.Error("index refresh", "error", err) })
	})
	group.Go(func() error { return recordDays(ctx, db, devices, log) })
	if c.demo != "" {
		group.Go(func() error { return pulse(ctx, db, s.now, log) })
	}
	group.Go(func() error { return pages.RecordDays(ctx) })
	group.Go(func() error { return pages.RunFlows(ctx) })
	return group.Wait()
}

// recordEvery is how often the count of the day is taken anew, so that the trend also has days without an import.
const recordEvery = 6 * time.Hour

// recordDays keeps how far the inventory is reconciled, day by day, until the context ends. The newest hash of the audit
// log goes to the server's log with it: kept there, it shows when the chain in the database was made anew.
func recordDays(ctx context.Context, db *sqldb.DB, devices *inventory.Inventory, log *slog.Logger) error {
	tick := time.NewTicker(recordEvery)
	defer tick.Stop()
	for {
		err := db.View(ctx, func(tx *sqldb.Tx) error {
			seq, hash, err := audit.Head(tx)
			if err == nil {
				log.Info("audit head", "entry", seq, "hash", hash)
			}
			return err
		})
		if err != nil && ctx.Err() == nil {
			log.Error("audit head", "error", err)
		}
		if err := devices.RecordDay(ctx); err != nil && ctx.Err() == nil {
			log.Error("count of the day", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// listener opens the port, with TLS where there is a certificate, and refuses to serve other computers in clear.
func (c ServeCommand) listener() (net.Listener, string, error) {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return nil, "", usageError("--tls-cert and --tls-key belong together")
	}
	if c.TLSCert == "" && !c.InsecureHTTP && !loopback(c.Listen) {
		return nil, "", usageError(fmt.Sprintf("%s can be reached by other computers: give --tls-cert and --tls-key, or --insecure-http if a proxy in front has the certificate", c.Listen))
	}
	listener, err := net.Listen("tcp", c.Listen)
	if host, _, split := net.SplitHostPort(c.Listen); err != nil && c.anyPort && split == nil {
		listener, err = net.Listen("tcp", net.JoinHostPort(host, "0"))
	}
	if err != nil {
		return nil, "", fmt.Errorf("%w; choose another with --listen", err)
	}
	if c.TLSCert == "" {
		return listener, "http://" + listener.Addr().String(), nil
	}
	pair := &keyPair{cert: c.TLSCert, key: c.TLSKey}
	if _, err := pair.get(nil); err != nil {
		listener.Close()
		return nil, "", err
	}
	return tls.NewListener(listener, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.get, NextProtos: []string{"h2", "http/1.1"}}), "https://" + listener.Addr().String(), nil
}

// loopback says whether only this computer can reach the address.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// keyPair is a certificate that is read anew when its file has changed.
type keyPair struct {
	cert, key string
	mu        sync.Mutex
	pair      *tls.Certificate
	changed   time.Time
}

func (k *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	info, err := os.Stat(k.cert)
	if err == nil && k.pair != nil && info.ModTime().Equal(k.changed) {
		return k.pair, nil
	}
	if err == nil {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(k.cert, k.key); err == nil {
			k.pair, k.changed = &pair, info.ModTime()
			return k.pair, nil
		}
	}
	if k.pair != nil {
		return k.pair, nil // half-written files: the old pair serves until the new one can be read
	}
	return nil, fmt.Errorf("certificate: %w", err)
}

// serveHTTP adds the server to the group: it ends with the context, after the requests under way.
func serveHTTP(ctx context.Context, group *errgroup.Group, listener net.Listener, handler http.Handler, log *slog.Logger) {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		quiet, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		if err := server.Shutdown(quiet); err != nil {
			return server.Close()
		}
		return nil
	})
}

// greet says where the server is, and, before there is an administrator, how to make one. The code goes to the
// terminal and not into the log, which more people may read.
func (c ServeCommand) greet(s *session, pages *web.Server, address string) error {
	code, err := pages.SetupCode(s.ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "\n  Pons %s serves at %s\n", Version, address)
	if c.demo != "" {
		fmt.Fprintf(s.Err, "  %s\n", c.demo)
	}
	if code != "" {
		fmt.Fprintf(s.Err, "  Nobody can sign in yet: create the administrator there with the setup code %s\n", code)
	}
	_, err = fmt.Fprintln(s.Err)
	return err
}
