// Package web is the face of Pons for people: server-rendered pages, one route table, one file per noun. It
// decides what a page shows, where it stands in the menu, what a browser may do with it, and how errors look. Who
// may do what is account's to decide, and what is true of a device is decided on the floors below: a page reads,
// shows, and hands a person's will down.
//
// Every page works without script and is better with it. Nothing is inline and nothing comes from elsewhere, so
// the Content-Security-Policy is the strictest there is. How a page is added: docs/adding-a-page.md.
package web

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"pons/account"
	"pons/fault"
	"pons/flow"
	"pons/inventory"
	"pons/plan"
	"pons/program"
	"pons/raci"
	"pons/sensor"
	"pons/sqldb"
	"pons/staff"
)

// Deps is what the pages stand on.
type Deps struct {
	DB  *sqldb.DB
	Log *slog.Logger
	// Inventory is the record of devices, Index what lists are asked of. Changed wakes those who follow the
	// database after a page has written to it; nil does nothing.
	Inventory *inventory.Inventory
	Index     *inventory.Index
	Changed   func()
	// Uploads is the folder in which files wait to be imported; empty is the system's folder for temporary files.
	Uploads string
	Version string
	Now     func() time.Time // nil: time.Now
	Started time.Time
	// Secure says that browsers reach this server by TLS: cookies are then only sent over it.
	Secure bool
	// Styleguide adds /styleguide, which shows every part; for tests and for people who build pages.
	Styleguide bool
	// Name of the hospital, shown beneath the menu. Demo is what the sign-in page tells the visitor of a demo; it
	// also marks the data as made up.
	Name, Demo string
	// RuleKey signs the rule packs that are exported; nil: they are not signed.
	RuleKey ed25519.PrivateKey
}

// Server is the web face. It is made by New and is inert until its Handler is served.
type Server struct {
	Deps
	accounts    *account.Accounts
	program     *program.Program
	staff       *staff.Staff
	duties      *raci.Duties
	groupsAt    atomic.Pointer[groupsAt]
	plans       *plan.Scenarios
	flows       *flow.Flows
	spots       sensor.SpotSet // what ought to be heard
	projections projections
	drawing     drawing // the draws of plans that run
	advices     advices // what budgets are best spent on
	table       []Route
	handler     http.Handler
	finders     []finder
	uploads     *uploads
	jobs        *jobs
	ready       atomic.Bool // there is an administrator
	placesAt    atomic.Pointer[placesAt]
	rewriting   atomic.Pointer[rewriting] // the order of sources that is being worked into the devices
}

// New builds the pages. It fails when the binary was built without its styles and scripts.
func New(d Deps) (*Server, error) {
	if err := bundled.complete(); err != nil {
		return nil, err
	}
	if d.DB == nil || d.Log == nil || d.Inventory == nil || d.Index == nil {
		return nil, errors.New("web: a database, a log, an inventory and its index are needed")
	}
	if d.Changed == nil {
		d.Changed = func() {}
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Started.IsZero() {
		d.Started = d.Now()
	}
	s := &Server{Deps: d, accounts: account.New(d.DB, account.DefaultPolicy()), program: program.New(d.DB, d.Now)}
	s.staff = staff.New()
	s.duties = raci.New(s.staff)
	s.plans = plan.NewScenarios(d.DB, d.Now)
	s.flows = flow.New(d.DB, d.Inventory)
	s.uploads, s.jobs = &uploads{dir: d.Uploads, now: d.Now}, newJobs(d.Now)
	s.table = s.routes()
	s.finders = s.searches()
	mux := http.NewServeMux()
	for _, r := range s.table {
		mux.Handle(r.Pattern, s.serve(r))
	}
	assets := bundled.handler()
	mux.Handle("GET /assets/", assets)
	mux.HandleFunc("GET /robots.txt", func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = bundled.url("robots.txt")
		assets.ServeHTTP(w, r)
	})
	mux.Handle("/", s.serve(Route{Pattern: "/", Verb: SignedIn, Do: s.notFound}))
	s.handler = s.guard(mux)
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// SetupCode is the one-time code for the first administrator, for the terminal of the one who starts the server;
// empty when there is an administrator.
func (s *Server) SetupCode(ctx context.Context) (string, error) {
	return s.accounts.SetupCode(ctx, s.Now())
}

func (s *Server) notFound(v *Visit) error {
	return fmt.Errorf("no page has the address %s: %w", v.R.URL.Path, fault.NotFound)
}
