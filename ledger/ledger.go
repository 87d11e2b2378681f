// Package ledger keeps what people write by hand and nobody imports: staff, duties, interviews, roadmaps, scenarios.
// A Book holds the entries of one noun; every saved state of an entry is a version that stays, with who and when, so
// that each can be compared, brought back and undone, and each change is in the audit log with what it was before.
// It decides how entries are kept; what an entry says, and whether it may be said, is decided by the package whose
// noun it is. Books are small (thousands of entries, not millions): they are read whole.
package ledger

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"pons/audit"
	"pons/fault"
	"pons/sqldb"
)

//go:embed *.sql
var files embed.FS

// Schema is the table of entries.
func Schema() sqldb.Schema { return sqldb.Schema{Name: "ledger", FS: files} }

// By says who writes, when and, where it was said, why.
type By struct {
	Actor string // as audit writes it: "person:ann"
	At    time.Time
	Why   string
}

// Entry is one entry in one of its states.
type Entry[T any] struct {
	ID      string
	Version int64 // 1, 2, 3 …
	Body    T
	Removed bool
	Locked  bool // stays as it is until it is unlocked
	At      time.Time
	Actor   string
	Why     string
	Rev     sqldb.Rev
}

// Book is the entries of one noun.
type Book[T any] struct {
	name  string
	check func(*T) error
}

// maxBody bounds one entry: a plan with its assumptions takes some 60 kB.
const maxBody = 4 << 20

// NewBook names a book ("program.interview"; its first word is the package's). check brings a body into its form and
// says what is wrong with it (wrapping fault.Invalid); nil takes everything.
func NewBook[T any](name string, check func(*T) error) Book[T] {
	return Book[T]{name: name, check: check}
}

// Name is the book's name.
func (b Book[T]) Name() string { return b.name }

const columns = `id, version, removed, locked, body, at, actor, why, rev`

func (b Book[T]) scan(scan func(...any) error) (e Entry[T], err error) {
	var body string
	var at, rev int64
	if err = scan(&e.ID, &e.Version, &e.Removed, &e.Locked, &body, &at, &e.Actor, &e.Why, &rev); err != nil {
		return e, fmt.Errorf("%s: %w", b.name, err)
	}
	e.At, e.Rev = time.UnixMicro(at).UTC(), sqldb.Rev(rev)
	if err = json.Unmarshal([]byte(body), &e.Body); err != nil {
		return e, fmt.Errorf("%s %s version %d: %w", b.name, e.ID, e.Version, err)
	}
	return e, nil
}

// List gives the entries that are not removed, in the order in which they were made (UUIDv7 ids) or by name.
func (b Book[T]) List(tx *sqldb.Tx) ([]Entry[T], error) {
	return b.read(tx, `SELECT `+columns+` FROM ledger_entry WHERE book = $1 AND newest AND NOT removed ORDER BY id`, b.name)
}

// Bodies gives what List gives, without the states.
func (b Book[T]) Bodies(tx *sqldb.Tx) ([]T, error) {
	entries, err := b.List(tx)
	out := make([]T, len(entries))
	for i := range entries {
		out[i] = entries[i].Body
	}
	return out, err
}

// History gives all states of an entry, newest first. It wraps fault.NotFound when there never was one.
func (b Book[T]) History(tx *sqldb.Tx, id string) ([]Entry[T], error) {
	list, err := b.read(tx, `SELECT `+columns+` FROM ledger_entry WHERE book = $1 AND id = $2 ORDER BY version DESC`, b.name, id)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("%s %s: %w", b.name, id, fault.NotFound)
	}
	return list, err
}

func (b Book[T]) read(tx *sqldb.Tx, q string, args ...any) ([]Entry[T], error) {
	rows, err := tx.Query(q, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Entry[T]
	for rows.Next() {
		e, err := b.scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// Get gives an entry as it is now, removed or not. It wraps fault.NotFound.
func (b Book[T]) Get(tx *sqldb.Tx, id string) (Entry[T], error) {
	return b.scan(tx.QueryRow(`SELECT `+columns+` FROM ledger_entry WHERE book = $1 AND id = $2 AND newest`, b.name, id).Scan)
}

// Version gives an entry as it was. It wraps fault.NotFound.
func (b Book[T]) Version(tx *sqldb.Tx, id string, version int64) (Entry[T], error) {
	return b.scan(tx.QueryRow(`SELECT `+columns+` FROM ledger_entry WHERE book = $1 AND id = $2 AND version = $3`, b.name, id, version).Scan)
}

// Add writes a new entry under an id of its own.
func (b Book[T]) Add(tx *sqldb.Tx, body T, by By) (Entry[T], error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Entry[T]{}, err
	}
	return b.Put(tx, id.String(), 0, body, by)
}

// Put writes an entry's next state. version is the one that the writer looked at: when somebody else has written
// meanwhile it wraps fault.Conflict, so that nobody's words are lost. 0 writes whatever is there, or a new entry. A
// state that says nothing new is not written. A locked entry wraps fault.Conflict.
func (b Book[T]) Put(tx *sqldb.Tx, id string, version int64, body T, by By) (Entry[T], error) {
	if b.check != nil {
		if err := b.check(&body); err != nil {
			return Entry[T]{}, err
		}
	}
	old, err := b.Get(tx, id)
	fresh := errors.Is(err, fault.NotFound)
	switch {
	case err != nil && !fresh:
		return Entry[T]{}, err
	case fresh && version != 0:
		return Entry[T]{}, err
	case version != 0 && old.Version != version:
		return Entry[T]{}, fmt.Errorf("%s was changed by %s meanwhile; look at it again: %w", title(b.name), who(old.Actor), fault.Conflict)
	case old.Locked:
		return Entry[T]{}, fmt.Errorf("%s was locked by %s; copy it, or unlock it first: %w", title(b.name), who(old.Actor), fault.Conflict)
	}
	next := Entry[T]{ID: id, Version: old.Version + 1, Body: body}
	if fresh {
		return b.write(tx, nil, next, "add", by)
	}
	if old.Removed {
		return b.write(tx, &old, next, "restore", by)
	}
	return b.write(tx, &old, next, "change", by)
}

// Remove takes an entry off the list; its states stay, and Put or Restore brings it back.
func (b Book[T]) Remove(tx *sqldb.Tx, id string, by By) (Entry[T], error) {
	old, err := b.Get(tx, id)
	switch {
	case err != nil:
		return old, err
	case old.Removed:
		return old, nil
	case old.Locked:
		return old, fmt.Errorf("%s was locked by %s; unlock it first: %w", title(b.name), who(old.Actor), fault.Conflict)
	}
	return b.write(tx, &old, Entry[T]{ID: id, Version: old.Version + 1, Body: old.Body, Removed: true}, "remove", by)
}

// Restore makes an earlier state the newest again, also of a removed entry.
func (b Book[T]) Restore(tx *sqldb.Tx, id string, version int64, by By) (Entry[T], error) {
	then, err := b.Version(tx, id, version)
	if err != nil {
		return then, err
	}
	return b.Put(tx, id, 0, then.Body, by)
}

// Lock keeps an entry as it is, or lets it go again.
func (b Book[T]) Lock(tx *sqldb.Tx, id string, locked bool, by By) (Entry[T], error) {
	old, err := b.Get(tx, id)
	if err != nil || old.Locked == locked {
		return old, err
	}
	verb := "lock"
	if !locked {
		verb = "unlock"
	}
	return b.write(tx, &old, Entry[T]{ID: id, Version: old.Version + 1, Body: old.Body, Removed: old.Removed, Locked: locked}, verb, by)
}

func (b Book[T]) write(tx *sqldb.Tx, old *Entry[T], next Entry[T], verb string, by By) (Entry[T], error) {
	body, err := json.Marshal(next.Body)
	if err != nil {
		return next, fmt.Errorf("%s: %w", b.name, err)
	}
	if len(body) > maxBody {
		return next, fmt.Errorf("%s is too long to keep (%d bytes, at most %d): %w", title(b.name), len(body), maxBody, fault.Invalid)
	}
	next.At, next.Actor, next.Why, next.Rev = by.At.UTC().Truncate(time.Microsecond), by.Actor, by.Why, tx.Rev()
	entry := audit.Entry{At: by.At, Actor: by.Actor, Verb: b.name + "." + verb, Object: b.name + ":" + next.ID, Why: by.Why}
	var before []byte
	if old != nil {
		if before, err = json.Marshal(old.Body); err != nil {
			return next, fmt.Errorf("%s: %w", b.name, err)
		}
		if verb == "change" && bytes.Equal(before, body) {
			return *old, nil
		}
		if _, err := tx.Exec(`UPDATE ledger_entry SET newest = FALSE WHERE book = $1 AND id = $2 AND newest`, b.name, next.ID); err != nil {
			return next, err
		}
	}
	if _, err := tx.Exec(`INSERT INTO ledger_entry (book, id, version, newest, removed, locked, body, at, actor, why, rev) VALUES ($1, $2, $3, TRUE, $4, $5, $6, $7, $8, $9, $10)`,
		b.name, next.ID, next.Version, next.Removed, next.Locked, string(body), next.At.UnixMicro(), next.Actor, next.Why, int64(next.Rev)); err != nil {
		return next, err
	}
	entry.Before, entry.After = Differences(before, body)
	return next, audit.Append(tx, entry)
}

// Difference bounds: the log tells what changed, the versions tell it whole.
const (
	maxFields = 40
	maxText   = 200
)

// Differences flattens two JSON documents to dotted names and gives the values that are not the same in both, as the
// audit log keeps them: at most 40 fields, of at most 200 characters; none whose name says that it is a secret.
func Differences(before, after []byte) (was, is audit.Fields) {
	a, b := flat(before), flat(after)
	names := make([]string, 0, len(a)+len(b))
	for n := range a {
		if b[n] != a[n] {
			names = append(names, n)
		}
	}
	for n := range b {
		if _, both := a[n]; !both {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	was, is = audit.Fields{}, audit.Fields{}
	for _, n := range names {
		if audit.Secret(n) {
			continue
		}
		if len(was)+len(is) >= maxFields {
			is["…"] = "more: see the versions"
			break
		}
		if v, ok := a[n]; ok {
			was[n] = cut(v)
		}
		if v, ok := b[n]; ok {
			is[n] = cut(v)
		}
	}
	return was, is
}

func cut(s string) string {
	if r := []rune(s); len(r) > maxText {
		return string(r[:maxText-1]) + "…"
	}
	return s
}

func flat(doc []byte) map[string]string {
	out := map[string]string{}
	var v any
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	if len(doc) == 0 || d.Decode(&v) != nil {
		return out
	}
	flatten(out, "", v)
	return out
}

func flatten(out map[string]string, name string, v any) {
	join := func(part string) string {
		if name == "" {
			return part
		}
		return name + "." + part
	}
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			flatten(out, join(k), x)
		}
	case []any:
		for i, x := range v {
			flatten(out, join(strconv.Itoa(i+1)), x)
		}
	case nil:
	default:
		if s := fmt.Sprint(v); s != "" {
			if name == "" {
				name = "value"
			}
			out[name] = s
		}
	}
}

// title is the noun of a book as people read it: "program.interview" is "the interview".
func title(book string) string {
	if i := strings.LastIndexByte(book, '.'); i >= 0 {
		book = book[i+1:]
	}
	return "the " + book
}

// who is an actor as people read it: "person:ann" is "ann".
func who(actor string) string {
	_, name, ok := strings.Cut(actor, ":")
	if !ok {
		return actor
	}
	return name
}
