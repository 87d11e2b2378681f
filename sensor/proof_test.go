package sensor

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"pons/bus"
	"pons/inventory"
	"pons/product"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

// The proofs run sensor, hub and brokers as processes of their own (this test program, told by the environment which part it
// is) and kill them with SIGKILL at random moments. A part gets what it needs as JSON.
const role = "PONS_SENSOR_TEST_ROLE"

type part struct {
	Role     string // sensor, hub, node
	Dir      string
	DB       string // hub: the SQLite file
	Listen   string // hub with a broker of its own
	Cluster  string // sensor and hub: addresses of a cluster
	Batches  int    // sensor: how many it has to say
	Name     string // node
	Port     int    // node: for clients
	Route    int    // node: for the cluster
	Routes   []int  // node: of all
	Pair     string // hub: certificate and key
	Interval time.Duration
}

func TestMain(m *testing.M) {
	text := os.Getenv(role)
	if text == "" {
		os.Exit(m.Run())
	}
	var p part
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	go func() { // a part does not outlive the test
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	t := &process{}
	switch p.Role {
	case "sensor":
		p.sensor(t)
	case "hub":
		p.hub(t)
	case "node":
		p.node(t)
	}
}

// process stands in for a test in a part: what fails ends it.
type process struct{ testing.TB }

func (*process) Helper()                     {}
func (*process) Fatal(args ...any)           { fmt.Println(append([]any{"fatal:"}, args...)...); os.Exit(1) }
func (t *process) Fatalf(f string, a ...any) { t.Fatal(fmt.Sprintf(f, a...)) }

// sensor stores batches as fast as it is told and forwards them. It says "stored N" once a batch is on the disk, and goes on
// where it was after a death.
func (p part) sensor(t *process) {
	m, err := LoadMembership(p.Dir)
	if err != nil {
		t.Fatal(err)
	}
	spool := openSpool(t, filepath.Join(p.Dir, "spool"), 0)
	creds := ""
	if p.Cluster != "" {
		m.Hub = p.Cluster
	}
	log, _ := quiet()
	go func() {
		if err := Forward(context.Background(), ForwardOptions{Member: m, Creds: creds, Spool: spool, Clock: &Clock{}, Log: log}); err != nil {
			t.Fatal(err)
		}
	}()
	next := 1
	if text, err := os.ReadFile(filepath.Join(p.Dir, "said")); err == nil {
		if next, err = strconv.Atoi(string(text)); err != nil {
			t.Fatal(err)
		}
		next++
	}
	for ; next <= p.Batches; next++ {
		// A batch that was stored when death came before that was noted is stored again, under its number.
		say(t, spool, fmt.Sprintf("session-%d", (next-1)/50), uint64((next-1)%50+1), next)
		if err := replaceFile(filepath.Join(p.Dir, "said"), []byte(strconv.Itoa(next))); err != nil {
			t.Fatal(err)
		}
		fmt.Println("stored", next)
		time.Sleep(p.Interval)
	}
	for !empty(spool)() {
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println("done")
	select {}
}

// hub takes what comes until it dies.
func (p part) hub(t *process) {
	ctx := context.Background()
	db, err := sqldb.Open(ctx, sqldb.Options{Path: p.DB, Schemas: schemas()})
	if err != nil {
		t.Fatal(err)
	}
	o := bus.LinkOptions{URL: p.Cluster, Name: "hub"}
	if p.Cluster == "" {
		pair, err := tls.LoadX509KeyPair(p.Pair, p.Pair)
		if err != nil {
			t.Fatal(err)
		}
		o.Broker, err = bus.StartBroker(bus.BrokerOptions{Listen: p.Listen, Dir: p.Dir, TLS: &tls.Config{Certificates: []tls.Certificate{pair}}, Serve: Serve(), Admit: func(public string) (g bus.Grant, ok bool) {
			err := db.View(ctx, func(tx *sqldb.Tx) (err error) {
				g, err = Grants(tx, public, time.Now())
				return err
			})
			return g, err == nil
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	link, err := bus.Connect(o)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("up")
	log, _ := quiet()
	h := &Hub{DB: db, Inventory: inventory.New(db, product.Default(), time.Now), Link: link, Now: time.Now, Log: log}
	if err := h.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// node is one of a cluster: the server of the same module that the hub embeds, as an administrator would run it.
func (p part) node(t *process) {
	o := &server.Options{ServerName: p.Name, Host: "127.0.0.1", Port: p.Port, NoLog: true, NoSigs: true, JetStream: true, StoreDir: p.Dir, JetStreamMaxStore: 1 << 30, JetStreamMaxMemory: 16 << 20,
		Cluster: server.ClusterOpts{Name: "pons-test", Host: "127.0.0.1", Port: p.Route}}
	for _, port := range p.Routes {
		if port != p.Route {
			o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))})
		}
	}
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(30 * time.Second) {
		t.Fatal("not ready")
	}
	fmt.Println("up")
	select {}
}

// running is a part that runs.
type running struct {
	cmd   *exec.Cmd
	stdin io.Closer
	lines chan string
}

func run(t testing.TB, p part) *running {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{cmd: exec.Command(os.Args[0]), lines: make(chan string, 1<<16)}
	r.cmd.Env = append(os.Environ(), role+"="+string(text))
	r.cmd.Stderr = os.Stderr
	if r.stdin, err = r.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(r.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			r.lines <- s.Text()
		}
	}()
	t.Cleanup(r.kill)
	return r
}

// kill is kill -9.
func (r *running) kill() {
	_ = r.cmd.Process.Kill() // it may have ended
	_ = r.cmd.Wait()
}

// saw waits for a line.
func (r *running) saw(t testing.TB, want string, within time.Duration) bool {
	t.Helper()
	late := time.After(within)
	for {
		select {
		case line, ok := <-r.lines:
			switch {
			case !ok:
				return false
			case strings.HasPrefix(line, "fatal:"):
				t.Fatal(line)
			case line == want:
				return true
			}
		case <-late:
			return false
		}
	}
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// holds checks that the hub has each of a sensor's batches once: all hosts, and traffic that adds up.
func holds(t *testing.T, db *sqldb.DB, batches int) {
	t.Helper()
	inv := inventory.New(db, product.Default(), time.Now)
	got, gotFlows := devices(t, inv), flows(t, db, inv)
	calm := sqldbtest.Open(t, schemas())
	plain := inventory.New(calm, product.Default(), time.Now)
	spool := openSpool(t, t.TempDir(), 0)
	defer spool.Close()
	key, err := bus.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := calm.Update(context.Background(), func(tx *sqldb.Tx) error {
		if err := SetHub(tx, "x", Pin{}); err != nil {
			return err
		}
		if _, err := Invite(tx, ann, "icu-3", CodeLife, time.Now()); err != nil {
			return err
		}
		_, err := tx.Exec("UPDATE sensor_unit SET public_key = $1, enrolled_at = 1 WHERE name = 'icu-3'", key.Public())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	h := &Hub{DB: calm, Inventory: plain, Now: time.Now}
	h.Log, _ = quiet()
	var messages []bus.Message
	for n := 1; n <= batches; n++ {
		say(t, spool, "one", uint64(n), n)
		e, _, err := spool.Next(uint64(n - 1))
		if err != nil {
			t.Fatal(err)
		}
		sealed := envelope{session: e.Session, seq: e.Seq, base: 1, body: e.Body}
		message, err := sealed.seal(batchSubject+"icu-3", key)
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, bus.Message{Subject: batchSubject + "icu-3", Data: message})
	}
	if err := h.take(context.Background(), messages); err != nil {
		t.Fatal(err)
	}
	same(t, "devices", got, devices(t, plain))
	same(t, "flows", gotFlows, flows(t, calm, plain))
	if n := strings.Count(got, "\n") + 1; n != batches {
		t.Errorf("%d devices of %d batches", n, batches)
	}
	err = db.View(context.Background(), func(tx *sqldb.Tx) error {
		u, err := Get(tx, "icu-3")
		if err == nil && (u.Batches != int64(batches) || u.Missed != 0 || u.Refused != 0) {
			t.Errorf("%d batches counted once, %d missed, %d refused; %d were said", u.Batches, u.Missed, u.Refused, batches)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// prepared makes a hub's database with one sensor enrolled in a folder, without a network.
func prepared(t *testing.T, hub string) (db *sqldb.DB, path, sensorDir, pair string) {
	t.Helper()
	path, sensorDir = filepath.Join(t.TempDir(), "pons.db"), t.TempDir()
	db, err := sqldb.Open(context.Background(), sqldb.Options{Path: path, Schemas: schemas()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	pair, pin := pairFile(t)
	key, err := bus.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	seed, err := key.Seed()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Update(context.Background(), func(tx *sqldb.Tx) error {
		if err := SetHub(tx, hub, pin); err != nil {
			return err
		}
		if _, err := Invite(tx, ann, "icu-3", CodeLife, time.Now()); err != nil {
			return err
		}
		_, err := tx.Exec("UPDATE sensor_unit SET public_key = $1, enrolled_at = 1 WHERE name = 'icu-3'", key.Public())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	m := Membership{Name: "icu-3", Hub: hub, Pin: pin.String(), Seed: string(seed)}
	if err := m.save(sensorDir); err != nil {
		t.Fatal(err)
	}
	return db, path, sensorDir, pair
}

// TestKilledAtAnyMoment: sensor and hub, with the broker in it, die by SIGKILL again and again while batches flow; in the end the hub
// has each of them once, as in a run without deaths.
func TestKilledAtAnyMoment(t *testing.T) {
	const batches = 400
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(t)))
	db, path, dir, pair := prepared(t, address)
	hub := part{Role: "hub", Dir: t.TempDir(), DB: path, Listen: address, Pair: pair}
	sensor := part{Role: "sensor", Dir: dir, Batches: batches, Interval: 10 * time.Millisecond}
	r := rand.New(rand.NewPCG(7, 11))
	h, s := run(t, hub), run(t, sensor)
	deaths := 0
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); deaths++ {
		time.Sleep(time.Duration(200+r.IntN(1200)) * time.Millisecond)
		switch r.IntN(3) {
		case 0:
			s.kill()
			s = run(t, sensor)
		case 1:
			h.kill()
			time.Sleep(time.Duration(r.IntN(300)) * time.Millisecond)
			h = run(t, hub)
		case 2:
			h.kill()
			s.kill()
			h, s = run(t, hub), run(t, sensor)
		}
	}
	if !s.saw(t, "done", 60*time.Second) {
		t.Fatal("the sensor did not get rid of everything")
	}
	h.kill()
	s.kill()
	t.Logf("%d deaths", deaths)
	if deaths < 5 {
		t.Errorf("the moments are badly chosen: %d deaths", deaths)
	}
	holds(t, db, batches)
}

// TestClusterLosesANode: a cluster of three nodes, of which one after the other dies while batches flow; at the end one of them
// stays dead. Sensor and hub die too.
func TestClusterLosesANode(t *testing.T) {
	const batches = 400
	ports, routes := []int{freePort(t), freePort(t), freePort(t)}, []int{freePort(t), freePort(t), freePort(t)}
	var addresses []string
	nodes, parts := make([]*running, 3), make([]part, 3)
	for i := range parts {
		parts[i] = part{Role: "node", Name: "n" + strconv.Itoa(i), Dir: t.TempDir(), Port: ports[i], Route: routes[i], Routes: routes}
		nodes[i] = run(t, parts[i])
		addresses = append(addresses, "nats://127.0.0.1:"+strconv.Itoa(ports[i]))
	}
	for _, n := range nodes {
		if !n.saw(t, "up", 40*time.Second) {
			t.Fatal("a node does not come up")
		}
	}
	cluster := strings.Join(addresses, ",")
	db, path, dir, _ := prepared(t, cluster)
	hub := part{Role: "hub", DB: path, Cluster: cluster}
	sensor := part{Role: "sensor", Dir: dir, Cluster: cluster, Batches: batches, Interval: 20 * time.Millisecond}
	h, s := run(t, hub), run(t, sensor)
	if !s.saw(t, "stored 20", 40*time.Second) {
		t.Fatal("the sensor does not begin")
	}
	r := rand.New(rand.NewPCG(3, 5))
	for round := range 3 {
		time.Sleep(time.Duration(500+r.IntN(1000)) * time.Millisecond)
		nodes[round].kill()
		switch round {
		case 0:
			h.kill()
			h = run(t, hub)
		case 1:
			s.kill()
			s = run(t, sensor)
		}
		if round < 2 {
			time.Sleep(2 * time.Second)
			nodes[round] = run(t, parts[round])
			if !nodes[round].saw(t, "up", 40*time.Second) {
				t.Fatal("a node does not come back")
			}
			time.Sleep(2 * time.Second) // it catches up: two of three must live at any time
		}
	}
	if !s.saw(t, "done", 120*time.Second) {
		t.Fatal("the sensor did not get rid of everything")
	}
	h.kill()
	holds(t, db, batches)
}
