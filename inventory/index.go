package inventory

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"pons/column"
	"pons/fact"
	"pons/sqldb"
)

// Index answers questions about the device list from memory, in milliseconds at a million devices. It follows
// the database by revision and can be built anew at any time; what it has not seen yet is at most a few seconds
// old. It is safe for concurrent use.
type Index struct {
	inv  *Inventory
	view atomic.Pointer[indexView]

	mu sync.Mutex // held by the one refresh
}

// indexView is one table and how far it has followed the database.
type indexView struct {
	list   *List
	table  *column.Table
	custom []fact.Attr
	rev    atomic.Int64
	ready  atomic.Bool
	read   atomic.Int64
}

// repeating are the text fields whose values repeat: they are searched by dictionary.
var repeating = []string{"room"}

// NewIndex returns an empty index; Refresh or Run fills it.
func NewIndex(inv *Inventory) (*Index, error) {
	x := &Index{inv: inv}
	v, err := newIndexView(nil)
	if err != nil {
		return nil, err
	}
	x.view.Store(v)
	return x, nil
}

func newIndexView(custom []fact.Attr) (*indexView, error) {
	list, err := NewList(custom)
	if err != nil {
		return nil, err
	}
	return &indexView{list: list, table: column.New(list.Schema(), repeating...), custom: custom}, nil
}

// Ready says whether the index has read the whole inventory once, and how many devices it has read.
func (x *Index) Ready() (ready bool, read int) {
	v := x.view.Load()
	return v.ready.Load(), int(v.read.Load())
}

// List is the list whose fields the index knows now.
func (x *Index) List() *List { return x.view.Load().list }

// Table is what is asked. It belongs to the list of the same moment: use View for both.
func (x *Index) Table() *column.Table { return x.view.Load().table }

// View returns the list and the table of one moment.
func (x *Index) View() (*List, *column.Table) {
	v := x.view.Load()
	return v.list, v.table
}

// Rev is the revision that the index has followed to.
func (x *Index) Rev() sqldb.Rev { return sqldb.Rev(x.view.Load().rev.Load()) }

// Refresh brings the index up to the newest revision.
func (x *Index) Refresh(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	v := x.view.Load()
	var newest sqldb.Rev
	err := x.inv.db.View(ctx, func(tx *sqldb.Tx) error {
		newest = tx.Rev()
		if v.ready.Load() && int64(newest) == v.rev.Load() {
			return nil
		}
		if _, err := x.inv.followCatalog(tx); err != nil {
			return err
		}
		custom, err := readCustom(tx)
		if err != nil {
			return err
		}
		if !slices.Equal(custom, v.custom) {
			if v, err = newIndexView(custom); err != nil {
				return err
			}
			if !x.view.Load().ready.Load() {
				x.view.Store(v)
			}
		}
		return x.follow(tx, v)
	})
	if err != nil {
		return err
	}
	v.rev.Store(int64(newest))
	v.ready.Store(true)
	x.view.Store(v)
	return nil
}

// follow reads what changed since the view's revision into its table.
func (x *Index) follow(tx *sqldb.Tx, v *indexView) error {
	after := sqldb.Rev(v.rev.Load())
	if after > 0 {
		gone, err := x.inv.GoneSince(tx, after)
		if err != nil {
			return err
		}
		ids := make([]string, len(gone))
		for i, g := range gone {
			ids[i] = g.ID
		}
		v.table.Delete(ids...)
	}
	q := v.list.schema.NewRow()
	var err error
	v.table.Update(func(w *column.Writer) {
		err = x.inv.Changed(tx, after, func(r *Row) error {
			v.list.Fill(q, r)
			w.Put(r.ID, q)
			v.read.Add(1)
			return nil
		})
	})
	return err
}

// pollEvery is how often the index looks for changes that another process made, such as an import on the command
// line beside a running server.
const pollEvery = 2 * time.Second

// Run keeps the index fresh until the context ends: at once when the bell rings, and every two seconds. report is
// called with errors, which do not end it: the next round tries again.
func (x *Index) Run(ctx context.Context, bell <-chan struct{}, report func(error)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if err := x.Refresh(ctx); err != nil && ctx.Err() == nil {
			report(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case _, ok := <-bell:
			if !ok {
				return nil
			}
		case <-tick.C:
		}
	}
}

// readCustom lists the attributes that the hospital added, by name.
func readCustom(tx *sqldb.Tx) ([]fact.Attr, error) {
	names, err := strings1(tx, "SELECT attr FROM inventory_custom ORDER BY attr")
	if err != nil {
		return nil, err
	}
	out := make([]fact.Attr, len(names))
	for i, n := range names {
		out[i] = fact.Attr(n)
	}
	return out, nil
}
