package web

import (
	"fmt"
	"runtime"
	"time"

	"pons/audit"
	"pons/sqldb"
)

// health shows how the server itself is.
func (s *Server) health(v *Visit) error {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	p := healthPage{
		Version: s.Version, GoVersion: runtime.Version(), Started: s.Started,
		Memory:   fmt.Sprintf("%d MiB of %d MiB taken from the system", memory.HeapAlloc>>20, memory.Sys>>20),
		Database: map[string]string{"sqlite": "SQLite", "postgres": "PostgreSQL"}[s.DB.Dialect()],
	}
	begin := time.Now()
	var entries int64
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		p.Revision = int64(tx.Rev())
		entries, _, err = audit.Head(tx)
		return err
	})
	if err != nil {
		return err
	}
	took := time.Since(begin)
	p.Checks = append(p.Checks, check{"Database answers", fmt.Sprintf("in %s", took.Round(10*time.Microsecond)), Good, "well"})
	if took > 250*time.Millisecond { // a page takes several such reads; one second is where people notice
		p.Checks[0].Status, p.Checks[0].Word = Warn, "slow"
	}
	connection := check{"Connection of browsers", "by TLS", Good, "well"}
	if !s.Secure {
		connection = check{"Connection of browsers", "without TLS of its own: right on this computer, or behind a proxy that has the certificate", Info, "plain HTTP"}
	}
	names := check{"Catalog of names", "what Pons brings and the hospital's own lines are in force", Good, "well"}
	if problem := s.Inventory.CatalogProblem(); problem != nil {
		names = check{"Catalog of names", problem.Error(), Warn, "own lines left out"}
	}
	p.Checks = append(p.Checks, connection, names, check{"Audit log", Count(int(entries)) + " entries; check their chain on its page", Good, "kept"})
	return v.Render(Page{Title: "About and health", About: "The version that runs here, and how it is."}, p.View())
}
