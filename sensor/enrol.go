package sensor

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pons/bus"
	"pons/fault"
)

// Code is what a sensor is given once to become one of the hub's: a secret, which is a key that may do nothing but ask for
// enrolment, and the pin by which the hub's certificate is known. It is shown once and kept nowhere.
type Code struct {
	secret [10]byte
	pin    Pin
}

// Pin is the beginning of the SHA-256 of a certificate's public key (SubjectPublicKeyInfo); all zero: there is none, and
// the certificate must be one that the system trusts.
type Pin [16]byte

// PinOf is the pin of a certificate.
func PinOf(c *x509.Certificate) (p Pin) {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	copy(p[:], sum[:])
	return p
}

// ParsePin reads what String writes.
func ParsePin(text string) (p Pin, err error) {
	b, err := letters.DecodeString(text)
	if err != nil || len(b) != len(p) {
		return p, fmt.Errorf("%q is no pin: %w", text, fault.Invalid)
	}
	copy(p[:], b)
	return p, nil
}

func (p Pin) String() string { return letters.EncodeToString(p[:]) }

// letters are those of Crockford's base 32, which leaves out what is mistaken for another.
var letters = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// CodeLife is how long a code is good for: the day on which somebody stands before the machine (expert default).
const CodeLife = 24 * time.Hour

// newCode makes a code by chance: 80 bits of it.
func newCode(pin Pin) Code {
	c := Code{pin: pin}
	rand.Read(c.secret[:]) // never fails
	return c
}

// String is the code as people copy it: eight groups of six letters and digits, the last four bytes of which tell slips.
func (c Code) String() string {
	raw := append(c.secret[:len(c.secret):len(c.secret)], c.pin[:]...)
	sum := sha256.Sum256(raw)
	text := letters.EncodeToString(append(raw, sum[:4]...))
	var groups []string
	for len(text) > 0 {
		groups = append(groups, text[:6])
		text = text[6:]
	}
	return strings.Join(groups, "-")
}

// ParseCode reads a code as it was copied, in capitals or not, with or without dashes.
func ParseCode(text string) (c Code, err error) {
	wrong := fmt.Errorf("the enrolment code has a slip in it; copy it again, all eight groups: %w", fault.Invalid)
	plain := strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(strings.TrimSpace(text)))
	raw, err := letters.DecodeString(plain)
	if err != nil || len(raw) != len(c.secret)+len(c.pin)+4 {
		return c, wrong
	}
	sum := sha256.Sum256(raw[:len(raw)-4])
	if !bytes.Equal(sum[:4], raw[len(raw)-4:]) {
		return c, wrong
	}
	copy(c.secret[:], raw)
	copy(c.pin[:], raw[len(c.secret):])
	return c, nil
}

func (c Code) key() (bus.Key, error) { return bus.KeyOf(c.secret[:]) }

// trust judges the hub's certificate: by the pin, or, where that does not fit or is none, as the system does.
func (p Pin) trust(address string) *tls.Config {
	host := address
	if h, _, err := net.SplitHostPort(address); err == nil {
		host = h
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, InsecureSkipVerify: true, // VerifyConnection judges
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 {
				return errors.New("the hub shows no certificate")
			}
			got := PinOf(s.PeerCertificates[0])
			if p != (Pin{}) && subtle.ConstantTimeCompare(got[:], p[:]) == 1 {
				return nil
			}
			o := x509.VerifyOptions{DNSName: host, Intermediates: x509.NewCertPool()}
			for _, c := range s.PeerCertificates[1:] {
				o.Intermediates.AddCert(c)
			}
			if _, err := s.PeerCertificates[0].Verify(o); err != nil {
				return fmt.Errorf("this is not the hub that the enrolment code is of (%w); a hub with a new key needs a new code", err)
			}
			return nil
		}}
}

// Membership is what a sensor keeps of its enrolment, in a file of mode 0600.
type Membership struct {
	Name string `json:"name"` // empty: not enrolled yet, but the key is made
	Hub  string `json:"hub"`
	Pin  string `json:"pin"`
	Seed string `json:"seed"`
	Code string `json:"code"` // the public half of the key of the code that it was, or is to be, enrolled by
}

// memberFile is its name in the sensor's folder.
const memberFile = "sensor.json"

// LoadMembership reads it; fault.NotFound when there is none.
func LoadMembership(dir string) (m Membership, err error) {
	text, err := os.ReadFile(filepath.Join(dir, memberFile))
	if errors.Is(err, os.ErrNotExist) {
		return m, fmt.Errorf("%s: not enrolled here: %w", dir, fault.NotFound)
	}
	if err != nil {
		return m, fmt.Errorf("membership: %w", err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%s is damaged; enrol the sensor anew with a code: %w", filepath.Join(dir, memberFile), fault.Invalid)
	}
	return m, nil
}

func (m *Membership) save(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("membership: %w", err)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, memberFile), text)
}

// application is what a sensor sends for enrolment: its key, in the name of the code's.
type application struct {
	Code      string `json:"code"` // public
	Key       string `json:"key"`  // public
	Signature []byte `json:"signature"`
}

func (a *application) signed() []byte { return []byte(enrolSubject + "\x00" + a.Key) }

type admission struct {
	Name  string `json:"name,omitempty"`
	Error string `json:"error,omitempty"`
}

// Enrol makes this folder a sensor's: it presents the code to the hub and keeps the membership. The sensor's key is made here
// and never leaves; it is on the disk before the code is presented, so that a sensor that dies in between can present the same
// code again. creds is a file of credentials for a cluster that is not the hub's own; the code then only says who this is.
func Enrol(ctx context.Context, dir, hub, text, creds string) (m Membership, err error) {
	code, err := ParseCode(text)
	if err != nil {
		return m, err
	}
	codeKey, err := code.key()
	if err != nil {
		return m, err
	}
	m, err = LoadMembership(dir)
	if err == nil && m.Name != "" && m.Code == codeKey.Public() { // the code still stands in a start script
		m.Hub = hub
		return m, m.save(dir)
	}
	if err != nil || m.Code != codeKey.Public() {
		key, err := bus.NewKey()
		if err != nil {
			return m, err
		}
		seed, err := key.Seed()
		if err != nil {
			return m, err
		}
		m = Membership{Hub: hub, Pin: code.pin.String(), Seed: string(seed), Code: codeKey.Public()}
		if err := m.save(dir); err != nil {
			return m, err
		}
	}
	m.Hub = hub
	key, err := bus.ParseKey([]byte(m.Seed))
	if err != nil {
		return m, err
	}
	o := linkTo(hub, creds, code.pin, codeKey)
	o.Name, o.Inbox, o.Once = "pons enrolment", codeInbox(codeKey.Public()), true
	link, err := bus.Connect(o)
	if errors.Is(err, fault.Denied) {
		return m, fmt.Errorf("the hub does not know this enrolment code; it may have been used or have expired: make another with `pons sensor enrol`: %w", fault.Denied)
	}
	if err != nil {
		return m, fmt.Errorf("hub %s: %w", hub, err)
	}
	defer link.Close()
	a := application{Code: codeKey.Public(), Key: key.Public()}
	if a.Signature, err = codeKey.Sign(a.signed()); err != nil {
		return m, err
	}
	question, err := json.Marshal(a)
	if err != nil {
		return m, err
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	answer, err := link.Ask(ctx, enrolSubject, question)
	if err != nil {
		return m, fmt.Errorf("hub %s: %w", hub, err)
	}
	var said admission
	if err := json.Unmarshal(answer, &said); err != nil || said.Error == "" && CheckName(said.Name) != nil {
		return m, fmt.Errorf("hub %s answers what no hub does: %w", hub, fault.Invalid)
	}
	if said.Error != "" {
		return m, fmt.Errorf("the hub refuses: %s: %w", said.Error, fault.Denied)
	}
	m.Name = said.Name
	return m, m.save(dir)
}

// codeInbox is where the answer to a code arrives: its key is 56 letters, longer than any name.
func codeInbox(public string) string { return inbox(strings.ToLower(public)) }

// askTimeout is how long an answer of the hub is waited for: its database may be in an import's hands.
const askTimeout = 15 * time.Second

// linkTo says how a hub is reached: host:port or tls://host:port of its own broker, or the addresses of a cluster, several
// with commas between, for which there is a file of credentials. A cluster's certificate is judged as the system does, and not
// asked for where its address says nats://.
func linkTo(hub, creds string, pin Pin, key bus.Key) bus.LinkOptions {
	if creds != "" || strings.HasPrefix(hub, "nats://") {
		return External(hub, creds)
	}
	_, address, found := strings.Cut(hub, "://")
	if !found {
		hub, address = "tls://"+hub, hub
	}
	return bus.LinkOptions{URL: hub, Key: &key, TLS: pin.trust(address)}
}

// External says how a cluster that is not the hub's own is reached, by the hub and by its sensors.
func External(url, creds string) bus.LinkOptions {
	o := bus.LinkOptions{URL: url, Creds: creds}
	if strings.HasPrefix(url, "tls://") {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return o
}
