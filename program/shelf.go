package program

import (
	"context"

	"pons/ledger"
	"pons/sqldb"
)

// Shelf is one book of the program with its database: each call is a transaction of its own. Errors are the ledger's:
// fault.NotFound, fault.Conflict when somebody else has written meanwhile, fault.Invalid for what may not be said.
type Shelf[T any] struct {
	Book ledger.Book[T]
	p    *Program
}

// List gives the entries that are not removed, in the order in which they were made.
func (s Shelf[T]) List(ctx context.Context) (list []ledger.Entry[T], err error) {
	err = s.p.db.View(ctx, func(tx *sqldb.Tx) error {
		list, err = s.Book.List(tx)
		return err
	})
	return list, err
}

// Get gives an entry as it is now, removed or not.
func (s Shelf[T]) Get(ctx context.Context, id string) (e ledger.Entry[T], err error) {
	err = s.p.db.View(ctx, func(tx *sqldb.Tx) error {
		e, err = s.Book.Get(tx, id)
		return err
	})
	return e, err
}

// History gives all states of an entry, the newest first.
func (s Shelf[T]) History(ctx context.Context, id string) (list []ledger.Entry[T], err error) {
	err = s.p.db.View(ctx, func(tx *sqldb.Tx) error {
		list, err = s.Book.History(tx, id)
		return err
	})
	return list, err
}

// Put writes an entry's next state; an empty id makes a new one. version is the state that the writer looked at, 0
// for whichever.
func (s Shelf[T]) Put(ctx context.Context, id string, version int64, body T, actor, why string) (ledger.Entry[T], error) {
	return s.update(ctx, func(tx *sqldb.Tx) (ledger.Entry[T], error) {
		if id == "" {
			return s.Book.Add(tx, body, s.p.by(actor, why))
		}
		return s.Book.Put(tx, id, version, body, s.p.by(actor, why))
	})
}

// Remove takes an entry off the list; Restore brings it back.
func (s Shelf[T]) Remove(ctx context.Context, id, actor, why string) (ledger.Entry[T], error) {
	return s.update(ctx, func(tx *sqldb.Tx) (ledger.Entry[T], error) { return s.Book.Remove(tx, id, s.p.by(actor, why)) })
}

// Restore makes an earlier state the newest again, also of a removed entry. It is the undo of every change.
func (s Shelf[T]) Restore(ctx context.Context, id string, version int64, actor, why string) (ledger.Entry[T], error) {
	return s.update(ctx, func(tx *sqldb.Tx) (ledger.Entry[T], error) {
		return s.Book.Restore(tx, id, version, s.p.by(actor, why))
	})
}

func (s Shelf[T]) update(ctx context.Context, write func(*sqldb.Tx) (ledger.Entry[T], error)) (e ledger.Entry[T], err error) {
	_, err = s.p.db.Update(ctx, func(tx *sqldb.Tx) error {
		e, err = write(tx)
		return err
	})
	return e, err
}
