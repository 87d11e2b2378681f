// Package api is the REST face, v1: devices, facts, queues, changes and resource plans for other programs, and the few
// things that they may write. It decides its own types and keeps them stable; what is true of a device is inventory's, who
// may ask is account's. Only API tokens open it, never a browser's session.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"pons/account"
	"pons/fault"
	"pons/flow"
	"pons/inventory"
	"pons/plan"
	"pons/program"
	"pons/raci"
	"pons/sqldb"
	"pons/staff"
)

// Prefix is where the API is mounted.
const Prefix = "/api/v1"

// Deps is what the API stands on.
type Deps struct {
	DB        *sqldb.DB
	Inventory *inventory.Inventory
	Index     *inventory.Index
	Changed   func() // wakes those who follow the database after a write
	Log       *slog.Logger
	Now       func() time.Time
	Version   string
	Name      string // of the hospital, for reports
	Demo      bool   // the data are invented, and reports say so
}

type server struct {
	Deps
	accounts *account.Accounts
	plans    *plan.Scenarios
	staff    *staff.Staff
	duties   *raci.Duties
	program  *program.Program
	flows    *flow.Flows
}

// New returns the handler of everything under Prefix. The OpenAPI 3.1 document is at Prefix/openapi.json.
func New(d Deps) http.Handler {
	s := &server{Deps: d, accounts: account.New(d.DB, account.DefaultPolicy())}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Changed == nil {
		s.Changed = func() {}
	}
	s.plans, s.program = plan.NewScenarios(d.DB, s.Now), program.New(d.DB, s.Now)
	s.flows = flow.New(d.DB, d.Inventory)
	s.staff = staff.New()
	s.duties = raci.New(s.staff)
	mux := http.NewServeMux()
	config := huma.DefaultConfig("Pons", "1")
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = Prefix+"/openapi", "", Prefix+"/schemas"
	config.Info.Description = "One record for every connected device of a hospital, and the plan of the people and money that they need. Every call carries an API token: Authorization: Bearer …; a token is made on the account page. Times are RFC 3339 in UTC. What is not known is absent or empty."
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	config.Security = []map[string][]string{{"token": {}}}
	config.CreateHooks = nil // no $schema links in answers: they would be another host's name behind a proxy
	routes := humago.New(mux, config)
	s.register(routes)
	s.registerStaff(routes)
	s.registerPlans(routes)
	s.registerProgram(routes)
	s.registerDesign(routes)
	s.registerFlows(routes)
	return s.guard(mux)
}

// bodyLimit is the most a write may carry.
const bodyLimit = 256 << 10

type actorKey struct{}

// guard lets nobody in without a token. The OpenAPI document is open: it holds no data.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		if strings.HasPrefix(r.URL.Path, Prefix+"/openapi") {
			next.ServeHTTP(w, r)
			return
		}
		text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			h.Set("WWW-Authenticate", "Bearer")
			problem(w, http.StatusUnauthorized, "an API token is expected: Authorization: Bearer …")
			return
		}
		who, err := s.accounts.ByTokenText(r.Context(), text, s.Now())
		switch {
		case errors.Is(err, fault.Denied), errors.Is(err, fault.NotFound):
			h.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			problem(w, http.StatusUnauthorized, "this token is unknown, expired or revoked")
			return
		case err != nil:
			s.Log.Error("api token", "error", err)
			problem(w, http.StatusInternalServerError, "the token could not be checked; try again")
			return
		}
		limit := int64(bodyLimit)
		if strings.HasPrefix(r.URL.Path, Prefix+"/plans") || r.URL.Path == Prefix+"/projection" {
			limit = planLimit
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), actorKey{}, who)))
	})
}

func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	fmt.Fprintf(w, "{\"title\":%q,\"status\":%d,\"detail\":%q}\n", http.StatusText(status), status, detail)
}

// may returns who asks, if they may do this at all.
func (s *server) may(ctx context.Context, verb account.Verb) (account.Actor, error) {
	who, _ := ctx.Value(actorKey{}).(account.Actor)
	if !who.Can(verb) {
		return who, huma.Error403Forbidden(fmt.Sprintf("this token may not do %s", verb))
	}
	return who, nil
}

// answer turns a kind of fault into a status. What is nobody's fault is logged and not shown.
func (s *server) answer(err error) error {
	var status huma.StatusError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &status):
		return err
	case errors.Is(err, fault.NotFound):
		return huma.Error404NotFound(err.Error())
	case errors.Is(err, fault.Invalid):
		return huma.Error422UnprocessableEntity(err.Error())
	case errors.Is(err, fault.Conflict):
		return huma.Error409Conflict(err.Error())
	case errors.Is(err, fault.Denied):
		return huma.Error403Forbidden(err.Error())
	case errors.Is(err, fault.Busy):
		return huma.Error503ServiceUnavailable(err.Error())
	case errors.Is(err, context.Canceled):
		return huma.NewError(499, "the caller went away")
	}
	s.Log.Error("api request", "error", err)
	return huma.Error500InternalServerError("this did not work; the server's log says why")
}
