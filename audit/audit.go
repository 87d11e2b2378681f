// Package audit is the log of who changed what in Pons and what it was before. Entries are only added, and each is
// chained to the one before by a hash, so that a changed, removed or inserted entry shows. It decides how the chain
// is made and checked, and refuses fields whose names say that they hold a secret or a patient's data; what is worth
// an entry, and the redacted values in it, are its callers' to decide.
//
// The chain shows tampering by those who do not recompute all of it. Against someone who owns the database, keep the
// hash of Head outside from time to time (the server logs it every six hours).
package audit

import (
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode"

	"pons/fault"
	"pons/sqldb"
)

//go:embed *.sql
var files embed.FS

// Schema is the table of entries.
func Schema() sqldb.Schema { return sqldb.Schema{Name: "audit", FS: files} }

// Fields are values before or after a change, as text, redacted by the caller.
type Fields map[string]string

// Entry is one change. At is kept to the microsecond, in UTC.
type Entry struct {
	At     time.Time
	Actor  string // "person:ann", "token:ann/ci", "command:root"
	Verb   string // what was done: "person.add", "device.merge"
	Object string // to what: "person:bob", "device:0190…"
	Before Fields
	After  Fields
	Why    string // the reason a person gave, or what caused it
}

// Record is an entry as it stands in the log.
type Record struct {
	Seq  int64 // 1, 2, 3 …
	Hash string
	Entry
}

// Append adds the entry to the log, in the Update that makes the change, so that there is never one without the
// other. It wraps fault.Invalid when the entry has no time, actor, verb or object, or a field that must not be kept.
func Append(tx *sqldb.Tx, e Entry) error {
	if e.At.IsZero() || e.Actor == "" || e.Verb == "" || e.Object == "" {
		return fmt.Errorf("audit entry %q by %q on %q needs time, actor, verb and object: %w", e.Verb, e.Actor, e.Object, fault.Invalid)
	}
	for _, fields := range []Fields{e.Before, e.After} {
		for name := range fields {
			if Secret(name) {
				return fmt.Errorf("audit entry %s: field %q is a secret or a patient's data by its name and is not kept: %w", e.Verb, name, fault.Invalid)
			}
		}
	}
	var seq int64
	var prev string
	if err := tx.QueryRow(`SELECT seq, hash FROM audit_head WHERE one = 1`).Scan(&seq, &prev); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	seq++
	r, err := rowOf(e)
	if err != nil {
		return err
	}
	hash := r.hash(prev, seq)
	if _, err := tx.Exec(`INSERT INTO audit_entry (seq, at, actor, verb, object, before, after, why, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		seq, r.at, r.actor, r.verb, r.object, r.before, r.after, r.why, hash); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	_, err = tx.Exec(`UPDATE audit_head SET seq = $1, hash = $2 WHERE one = 1`, seq, hash)
	return err
}

// row is an entry as it is stored and hashed.
type row struct {
	at                                      int64
	actor, verb, object, before, after, why string
}

func rowOf(e Entry) (row, error) {
	r := row{at: e.At.UnixMicro(), actor: e.Actor, verb: e.Verb, object: e.Object, why: e.Why}
	for _, f := range []struct {
		fields Fields
		text   *string
	}{{e.Before, &r.before}, {e.After, &r.after}} {
		if f.fields == nil {
			f.fields = Fields{}
		}
		b, err := json.Marshal(f.fields) // keys come out in order
		if err != nil {
			return row{}, fmt.Errorf("audit entry %s: %w: %w", e.Verb, err, fault.Invalid)
		}
		*f.text = string(b)
	}
	return r, nil
}

// hash chains the row to the one before. Every part is preceded by its length, so that no two entries are written
// alike.
func (r row) hash(prev string, seq int64) string {
	h := sha256.New()
	var n [8]byte
	part := func(s string) {
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		io.WriteString(h, s)
	}
	part(prev)
	for _, v := range []int64{seq, r.at} {
		binary.BigEndian.PutUint64(n[:], uint64(v))
		h.Write(n[:])
	}
	for _, s := range []string{r.actor, r.verb, r.object, r.before, r.after, r.why} {
		part(s)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Head is the number and the hash of the newest entry: 0 and "" in an empty log.
func Head(tx *sqldb.Tx) (seq int64, hash string, err error) {
	err = tx.QueryRow(`SELECT seq, hash FROM audit_head WHERE one = 1`).Scan(&seq, &hash)
	return seq, hash, err
}

// Verify walks the chain and returns how many entries are sound from the beginning. It wraps fault.Conflict, and
// names the first broken link, when one is.
func Verify(tx *sqldb.Tx) (sound int64, err error) {
	headSeq, headHash, err := Head(tx)
	if err != nil {
		return 0, err
	}
	rows, err := tx.Query(`SELECT seq, at, actor, verb, object, before, after, why, hash FROM audit_entry ORDER BY seq`)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var prev string
	for rows.Next() {
		var r row
		var seq int64
		var hash string
		if err := rows.Scan(&seq, &r.at, &r.actor, &r.verb, &r.object, &r.before, &r.after, &r.why, &hash); err != nil {
			return sound, err
		}
		if seq != sound+1 {
			return sound, fmt.Errorf("audit log: entry %d is missing: %w", sound+1, fault.Conflict)
		}
		if hash != r.hash(prev, seq) {
			return sound, fmt.Errorf("audit log: entry %d of %s was changed, or the one before it was: %w",
				seq, time.UnixMicro(r.at).UTC().Format(time.RFC3339), fault.Conflict)
		}
		sound, prev = seq, hash
	}
	if err := rows.Err(); err != nil {
		return sound, err
	}
	if sound != headSeq || prev != headHash {
		return sound, fmt.Errorf("audit log: it ends at entry %d, and entry %d was written: the end was cut off or changed: %w", sound, headSeq, fault.Conflict)
	}
	return sound, nil
}

// Filter chooses entries; empty parts choose all. From is included, Until is not.
type Filter struct {
	Actor, Verb, Object string
	From, Until         time.Time
}

func (f Filter) where(q string, args []any) (string, []any) {
	add := func(cond string, arg any) {
		args = append(args, arg)
		q += fmt.Sprintf(" AND "+cond+" $%d", len(args))
	}
	if f.Actor != "" {
		add("actor =", f.Actor)
	}
	if f.Verb != "" {
		add("verb =", f.Verb)
	}
	if f.Object != "" {
		add("object =", f.Object)
	}
	if !f.From.IsZero() {
		add("at >=", f.From.UnixMicro())
	}
	if !f.Until.IsZero() {
		add("at <", f.Until.UnixMicro())
	}
	return q, args
}

// List gives a page of at most limit entries, newest first, older than the entry number before (0: from the newest).
// next is what to pass for the following page, 0 when this is the last.
func List(tx *sqldb.Tx, f Filter, before int64, limit int) (page []Record, next int64, err error) {
	q, args := `SELECT seq, at, actor, verb, object, before, after, why, hash FROM audit_entry WHERE seq > 0`, []any(nil)
	if before > 0 {
		q, args = q+" AND seq < $1", append(args, before)
	}
	q, args = f.where(q, args)
	args = append(args, limit+1)
	q += fmt.Sprintf(" ORDER BY seq DESC LIMIT $%d", len(args))
	for r, err := range read(tx, q, args) {
		if err != nil {
			return nil, 0, err
		}
		page = append(page, r)
	}
	if len(page) > limit {
		page = page[:limit]
		next = page[limit-1].Seq
	}
	return page, next, nil
}

// All gives every chosen entry, oldest first, for an export. Do not use the transaction while reading.
func All(tx *sqldb.Tx, f Filter) iter.Seq2[Record, error] {
	q, args := f.where(`SELECT seq, at, actor, verb, object, before, after, why, hash FROM audit_entry WHERE seq > 0`, nil)
	return read(tx, q+" ORDER BY seq", args)
}

func read(tx *sqldb.Tx, q string, args []any) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		rows, err := tx.Query(q, args...)
		if err != nil {
			yield(Record{}, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			var r Record
			var at int64
			var before, after string
			if err := rows.Scan(&r.Seq, &at, &r.Actor, &r.Verb, &r.Object, &before, &after, &r.Why, &r.Hash); err != nil {
				yield(Record{}, err)
				return
			}
			r.At = time.UnixMicro(at).UTC()
			if err := errors.Join(json.Unmarshal([]byte(before), &r.Before), json.Unmarshal([]byte(after), &r.After)); err != nil {
				yield(r, fmt.Errorf("audit entry %d: %w: %w", r.Seq, err, fault.Conflict))
				return
			}
			if !yield(r, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(Record{}, err)
		}
	}
}

// Secret says whether a field of this name must not be kept: its words say that it holds a credential, or what
// identifies a patient. It errs on the side of refusing.
func Secret(name string) bool {
	words := strings.FieldsFunc(splitCamel(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, w := range words {
		words[i] = strings.ToLower(w)
	}
	for _, part := range []string{"password", "passwd", "passphrase", "secret", "apikey", "privatekey", "credential", "patient", "setupcode"} {
		if strings.Contains(strings.Join(words, ""), part) {
			return true
		}
	}
	for _, w := range []string{"pwd", "token", "community", "cookie", "session", "hash", "pin", "otp", "totp", "mrn", "ssn", "dob", "birthdate", "diagnosis"} {
		if slices.Contains(words, w) {
			return true
		}
	}
	return false
}

// splitCamel puts a space before a capital that follows a small letter.
func splitCamel(s string) string {
	var b strings.Builder
	var last rune
	for _, r := range s {
		if unicode.IsUpper(r) && unicode.IsLower(last) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		last = r
	}
	return b.String()
}
