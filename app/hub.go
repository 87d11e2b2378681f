package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"pons/bus"
	"pons/inventory"
	"pons/sensor"
	"pons/sqldb"
)

// reviewEvery is how soon the connection of a sensor that was retired ends. What it sends is refused at once all the same.
const reviewEvery = 2 * time.Second

// hub is the server's end of sensors: a broker of its own or a link to a cluster, and who takes what they send.
type hub struct {
	broker *bus.Broker // nil with a cluster
	link   *bus.Link
	take   *sensor.Hub
}

// openHub starts listening for sensors; nil when the server was not asked to.
func (c ServeCommand) openHub(s *session, db *sqldb.DB, devices *inventory.Inventory, changed func(), log *slog.Logger) (*hub, error) {
	h := &hub{}
	var err error
	switch {
	case c.Sensors != "" && c.NATS != "":
		return nil, usageError("--sensors opens a broker of the server's own, --nats uses another: give one of them")
	case c.NATS != "":
		err = h.join(s, c.NATS, c.NATSCreds, db)
	case c.Sensors != "":
		err = h.listen(s, c, db)
	default:
		return nil, nil
	}
	if err != nil {
		h.close()
		return nil, err
	}
	h.take = &sensor.Hub{DB: db, Inventory: devices, Link: h.link, Now: s.now, Log: log, Changed: changed}
	return h, nil
}

// join uses a cluster that somebody else runs. It need not be up yet.
func (h *hub) join(s *session, url, creds string, db *sqldb.DB) (err error) {
	o := sensor.External(url, creds)
	o.Name = "pons hub"
	if h.link, err = bus.Connect(o); err != nil {
		return fmt.Errorf("--nats %s: %w", url, err)
	}
	_, err = db.Update(s.ctx, func(tx *sqldb.Tx) error { return sensor.SetHub(tx, url, sensor.Pin{}) })
	return err
}

// listen opens the server's own broker.
func (h *hub) listen(s *session, c ServeCommand, db *sqldb.DB) error {
	conf, pin, err := c.sensorTLS(s)
	if err != nil {
		return err
	}
	h.broker, err = bus.StartBroker(bus.BrokerOptions{Listen: c.Sensors, Dir: filepath.Join(s.Data, "bus"), TLS: conf, Serve: sensor.Serve(), Admit: func(public string) (g bus.Grant, ok bool) {
		err := db.View(context.WithoutCancel(s.ctx), func(tx *sqldb.Tx) (err error) {
			g, err = sensor.Grants(tx, public, s.now().UTC())
			return err
		})
		return g, err == nil
	}})
	if err != nil {
		return err
	}
	if h.link, err = bus.Connect(bus.LinkOptions{Broker: h.broker, Name: "pons hub"}); err != nil {
		return err
	}
	address := h.broker.Address()
	fmt.Fprintf(s.Err, "  Sensors reach it at %s\n", address)
	if host, port, err := net.SplitHostPort(address); err == nil {
		if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() { // which of this computer's addresses is not known here
			if name, err := os.Hostname(); err == nil {
				address = net.JoinHostPort(name, port)
			}
		}
	}
	_, err = db.Update(s.ctx, func(tx *sqldb.Tx) error { return sensor.SetHub(tx, address, pin) })
	return err
}

// run adds the hub's work to the group.
func (h *hub) run(ctx context.Context, group *errgroup.Group) {
	if h == nil {
		return
	}
	group.Go(func() error {
		defer h.close()
		return h.take.Run(ctx)
	})
	if h.broker == nil {
		return
	}
	group.Go(func() error {
		tick := time.NewTicker(reviewEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
				h.broker.Review(ctx)
			}
		}
	})
}

func (h *hub) close() {
	if h.link != nil {
		h.link.Close()
	}
	if h.broker != nil {
		h.broker.Close()
	}
}

// sensorTLS is the certificate that sensors see: the server's, or, where it has none, one that is made at the first start and
// kept. Sensors know either by the pin in their code.
func (c ServeCommand) sensorTLS(s *session) (*tls.Config, sensor.Pin, error) {
	pair := &keyPair{cert: c.TLSCert, key: c.TLSKey}
	if c.TLSCert == "" {
		pair = &keyPair{cert: filepath.Join(s.Data, "sensors.crt"), key: filepath.Join(s.Data, "sensors.key")}
		if _, err := os.Stat(pair.key); errors.Is(err, os.ErrNotExist) {
			if err := makeCertificate(pair.cert, pair.key, s.now()); err != nil {
				return nil, sensor.Pin{}, fmt.Errorf("certificate for sensors: %w", err)
			}
		}
	}
	now, err := pair.get(nil)
	if err != nil {
		return nil, sensor.Pin{}, err
	}
	leaf, err := x509.ParseCertificate(now.Certificate[0])
	if err != nil {
		return nil, sensor.Pin{}, fmt.Errorf("certificate: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.get}, sensor.PinOf(leaf), nil
}

// ownLife is how long a certificate of the server's own is good for. Sensors go by its key, not by its dates.
const ownLife = 20 * 365 * 24 * time.Hour

// makeCertificate writes a key and a certificate that it signs itself; the certificate first, so that a key that is there
// has one.
func makeCertificate(certFile, keyFile string, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "Pons hub"}, DNSNames: []string{"pons"}, NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(ownLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		return err
	}
	return os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600)
}
