// Package sqldbtest runs a test body on both databases: on a SQLite file in a temporary folder, and on PostgreSQL.
// It decides where the PostgreSQL of a test comes from: the address in PONS_TEST_POSTGRES, or a server of its own,
// one for each test process, on a unix socket in a temporary folder, that dies with the process however that ends.
// A machine without PostgreSQL fails the test and says what to install. What is tested is left to others.
package sqldbtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pons/sqldb"
)

// Run runs the body twice, as the subtests sqlite and postgres, each with an empty database that has the schemas.
func Run(t *testing.T, schemas []sqldb.Schema, body func(t *testing.T, db *sqldb.DB)) {
	t.Helper()
	RunOptions(t, schemas, func(t *testing.T, o sqldb.Options) { body(t, open(t, o)) })
}

// RunOptions is Run for a test that opens the database itself, several times or in another process.
func RunOptions(t *testing.T, schemas []sqldb.Schema, body func(t *testing.T, o sqldb.Options)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { body(t, SQLite(t, schemas)) })
	t.Run("postgres", func(t *testing.T) { body(t, Postgres(t, schemas)) })
}

// Open is an empty SQLite database for a test or benchmark that is not about storage.
func Open(t testing.TB, schemas []sqldb.Schema) *sqldb.DB {
	t.Helper()
	return open(t, SQLite(t, schemas))
}

// OpenPostgres is an empty PostgreSQL database, for a benchmark.
func OpenPostgres(t testing.TB, schemas []sqldb.Schema) *sqldb.DB {
	t.Helper()
	return open(t, Postgres(t, schemas))
}

// SQLite is where a new SQLite database will be.
func SQLite(t testing.TB, schemas []sqldb.Schema) sqldb.Options {
	t.Helper()
	return sqldb.Options{Path: filepath.Join(t.TempDir(), "pons.db"), Schemas: schemas}
}

// Postgres is an empty schema of its own in the test server; it is dropped when the test ends.
func Postgres(t testing.TB, schemas []sqldb.Schema) sqldb.Options {
	t.Helper()
	srv, err := server()
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	dsn := srv.dsn
	name := fmt.Sprintf("pons_test_%d_%d", os.Getpid(), counter.Add(1))
	admin(t, dsn, "CREATE SCHEMA "+name)
	t.Cleanup(func() { admin(t, dsn, "DROP SCHEMA "+name+" CASCADE") })
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		t.Fatalf("PONS_TEST_POSTGRES must be a URL: postgres://user@host/database")
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return sqldb.Options{DSN: u.String(), Schemas: schemas}
}

func open(t testing.TB, o sqldb.Options) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func admin(t testing.TB, dsn, q string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, q); err != nil {
		t.Fatal(err)
	}
}

// The one server of this test process, and the number of schemas made in it: state of the process that a test kit
// cannot do without, since tests of a package share nothing else.
var (
	server  = sync.OnceValues(start)
	counter atomic.Int64
)

// keeper starts the server and ends it when its standard input closes, which the end of the test process, by
// whatever cause, brings about. Then it removes the folder.
const keeper = `
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c synchronous_commit=off \
  -c full_page_writes=off -c shared_buffers=64MB -c max_connections=200 -c max_wal_size=2GB -c autovacuum=off </dev/null >"$2/log" 2>&1 &
pg=$!
read -r _
kill -QUIT $pg 2>/dev/null
wait $pg
cd / && rm -rf "$2"
`

func start() (running, error) {
	if dsn := os.Getenv("PONS_TEST_POSTGRES"); dsn != "" {
		return running{dsn: dsn}, nil
	}
	bin, err := binaries()
	if err != nil {
		return running{}, err
	}
	dir, err := os.MkdirTemp("/tmp", "ponspg") // a socket's path must be short: not TMPDIR
	if err != nil {
		return running{}, err
	}
	attr, err := unprivileged(dir)
	if err != nil {
		return running{}, err
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "pons", "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.SysProcAttr, initdb.Dir, initdb.Env = attr, dir, []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	if out, err := initdb.CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return running{}, fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	keep := exec.Command("/bin/sh", "-c", keeper, "sh", bin, dir)
	keep.SysProcAttr, keep.Dir, keep.Env = attr, dir, initdb.Env
	in, err := keep.StdinPipe() // closes with this process
	if err != nil {
		return running{}, err
	}
	if err := keep.Start(); err != nil {
		return running{}, err
	}
	dsn := "postgres://pons@/postgres?host=" + url.QueryEscape(dir)
	if err := ready(dsn, 30*time.Second); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		in.Close()
		return running{}, fmt.Errorf("server did not start: %w: %s", err, bytes.TrimSpace(log))
	}
	return running{dsn, in}, nil
}

// running is the server; in is the keeper's input, held here because a garbage collection would close it.
type running struct {
	dsn string
	in  io.Closer
}

func ready(dsn string, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, dsn)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// binaries finds the folder with initdb and postgres, the newest when there are several.
func binaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	best, version := "", -1
	for _, f := range found {
		v, err := strconv.Atoi(strings.Split(f, "/")[4])
		if err == nil && v > version {
			best, version = filepath.Dir(f), v
		}
	}
	if best == "" {
		if p, err := exec.LookPath("initdb"); err == nil {
			if p, err = filepath.EvalSymlinks(p); err == nil {
				best = filepath.Dir(p)
			}
		}
	}
	if best == "" {
		return "", fmt.Errorf("initdb is neither in PATH nor in /usr/lib/postgresql; install it (Debian: apt-get install postgresql) or set PONS_TEST_POSTGRES to a postgres:// address whose user may create schemas")
	}
	return best, nil
}

// unprivileged gives the folder to a user who is not root, as whom PostgreSQL refuses to run.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() != 0 {
		return attr, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, fmt.Errorf("run as root, and neither the user postgres nor nobody exists: %w", err)
		}
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), NoSetGroups: false}
	return attr, os.Chown(dir, uid, gid)
}
