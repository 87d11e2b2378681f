// Package inventory keeps one record per device: it takes what sources state, decides which statements speak
// of one device and which value wins, keeps every losing value, every run and every person's answer, and can
// take each of them back. It leaves to intake and protocol how statements are read, to linkage how alike two
// records are, and to the floors above what a device's record means for risk, work and money.
package inventory

import (
	"embed"
	"io/fs"
	"strings"
	"sync/atomic"
	"time"

	"pons/fingerprint"
	"pons/product"
	"pons/sqldb"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the inventory's tables.
func Schema() sqldb.Schema {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return sqldb.Schema{Name: "inventory", FS: sub}
}

// Inventory is the reconciled record of devices in one database. It is safe for concurrent use.
type Inventory struct {
	db        *sqldb.DB
	brought   *product.Catalog // what Pons knows before the hospital adds its own
	catalogue atomic.Pointer[catalogue]
	ruleset   atomic.Pointer[ruleset]
	now       func() time.Time
}

// New returns the inventory in a database that was opened with Schema. now is the clock, time.Now but in tests.
func New(db *sqldb.DB, c *product.Catalog, now func() time.Time) *Inventory {
	inv := &Inventory{db: db, brought: c, now: now}
	inv.catalogue.Store(&catalogue{Catalog: c})
	inv.ruleset.Store(&ruleset{Set: fingerprint.Default()})
	return inv
}

// DB returns the database the inventory lives in, for callers that read several packages in one View.
func (inv *Inventory) DB() *sqldb.DB { return inv.db }

// splitName takes a record's stable name apart.
func splitName(name string) (source, key string, ok bool) { return strings.Cut(name, "/") }
