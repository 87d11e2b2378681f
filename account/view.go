package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"pons/audit"
	"pons/fault"
	"pons/sqldb"
)

// View is a question about a list that a person keeps under a name: what stands after the "?" of the list's page.
// Views belong to people and not to what the list shows, so one table serves every list there will be.
type View struct {
	ID      string
	Person  string // id
	Owner   string // the person's name
	List    string // the page it belongs to: "devices"
	Name    string
	Query   string
	Shared  bool // everybody sees it, each within their own scope
	Created time.Time
}

// MaxViews bounds what one person may keep for one list: more tabs than that nobody reads (expert default).
const MaxViews = 50

// maxViewQuery leaves room for a pasted list of tags, which the query language allows.
const maxViewQuery = 64 << 10

// SaveView keeps a view of the actor's, in the place of theirs with the same name.
func (a *Accounts) SaveView(ctx context.Context, by Actor, v View, now time.Time) (View, error) {
	if by.Kind != ByPerson {
		return View{}, fmt.Errorf("only a person who is signed in can keep a view: %w", fault.Denied)
	}
	v.Name = strings.Join(strings.Fields(v.Name), " ")
	switch {
	case v.Name == "" || len([]rune(v.Name)) > 60:
		return View{}, fmt.Errorf("a view needs a name of at most 60 characters: %w", fault.Invalid)
	case len(v.Query) > maxViewQuery:
		return View{}, fmt.Errorf("the question of view %s is too long to keep: %w", v.Name, fault.Invalid)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return View{}, err
	}
	v.ID, v.Person, v.Owner, v.Created = id.String(), by.ID, by.Name, now.UTC().Truncate(time.Microsecond)
	_, err = a.db.Update(ctx, func(tx *sqldb.Tx) error {
		var n int64
		if err := tx.QueryRow(`SELECT COUNT(*) FROM account_view WHERE person = $1 AND list = $2 AND name <> $3`, v.Person, v.List, v.Name).Scan(&n); err != nil {
			return err
		}
		if n >= MaxViews {
			return fmt.Errorf("you keep %d views of this list already; remove one first: %w", n, fault.Invalid)
		}
		if err := tx.QueryRow(`INSERT INTO account_view (id, person, list, name, query, shared, created) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (person, list, name) DO UPDATE SET query = excluded.query, shared = excluded.shared RETURNING id`,
			v.ID, v.Person, v.List, v.Name, v.Query, v.Shared, v.Created.UnixMicro()).Scan(&v.ID); err != nil {
			return err
		}
		if !v.Shared {
			return nil // what only the person sees is nobody's business
		}
		return audit.Append(tx, audit.Entry{At: now, Actor: by.String(), Verb: "view.share", Object: "view:" + v.List + "/" + v.Name, After: audit.Fields{"query": v.Query}})
	})
	return v, err
}

// RemoveView removes one of the actor's views, or, with account.manage, a shared one of anybody's.
func (a *Accounts) RemoveView(ctx context.Context, by Actor, id string, now time.Time) (View, error) {
	var v View
	_, err := a.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
		v, err = scanView(tx.QueryRow(viewSelect+` WHERE v.id = $1`, id).Scan)
		if err != nil {
			return fmt.Errorf("view: %w", err)
		}
		if v.Person != by.ID && (!v.Shared || !by.Can(AccountManage)) {
			if !v.Shared {
				return fmt.Errorf("view: %w", fault.NotFound) // whether it exists is not theirs to know
			}
			return fmt.Errorf("view %s belongs to %s: %w", v.Name, v.Owner, fault.Denied)
		}
		if _, err := tx.Exec(`DELETE FROM account_view WHERE id = $1`, id); err != nil {
			return err
		}
		if !v.Shared {
			return nil
		}
		return audit.Append(tx, audit.Entry{At: now, Actor: by.String(), Verb: "view.remove", Object: "view:" + v.List + "/" + v.Name, Before: audit.Fields{"query": v.Query}})
	})
	return v, err
}

const viewSelect = `SELECT v.id, v.person, p.name, v.list, v.name, v.query, v.shared, v.created FROM account_view v JOIN account_person p ON p.id = v.person`

func scanView(scan func(...any) error) (v View, err error) {
	var created int64
	err = scan(&v.ID, &v.Person, &v.Owner, &v.List, &v.Name, &v.Query, &v.Shared, &created)
	v.Created = time.UnixMicro(created).UTC()
	return v, err
}

// Views lists the views of a list that a person sees: their own by name, then what others share.
func Views(tx *sqldb.Tx, person, list string) ([]View, error) {
	rows, err := tx.Query(viewSelect+` WHERE v.list = $1 AND (v.person = $2 OR v.shared) ORDER BY v.name, v.id`, list, person)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []View
	for rows.Next() {
		v, err := scanView(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b View) int {
		switch mine := a.Person == person; {
		case mine == (b.Person == person):
			return 0
		case mine:
			return -1
		}
		return 1
	})
	return out, nil
}
