package sqldb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"pons/fault"
)

// Tx is one transaction. It belongs to the goroutine that runs the function given to View or Update, and ends
// with it.
type Tx struct {
	ctx     context.Context
	s       session
	rev     Rev
	err     error // the first failure; everything after returns it
	open    *Rows
	bulk    bool
	ended   bool
	counter *Counter
}

// Rev is the new revision in an Update, and the newest committed one in a View.
func (tx *Tx) Rev() Rev { return tx.rev }

// Context is the context of the View or Update. An Update inside an Update is refused when it is given this one.
func (tx *Tx) Context() context.Context { return tx.ctx }

// Exec runs one statement and returns the number of rows it inserted, changed or deleted. Arguments are $1, $2 …
// of integer, float, bool, string, []byte kinds, pointers to these (nil is NULL), or nil.
func (tx *Tx) Exec(q string, args ...any) (rows int64, err error) {
	if err := tx.ready(q); err != nil {
		return 0, err
	}
	n, err := tx.s.exec(q, args)
	return n, tx.keep(err)
}

// Query runs one statement that answers with rows. Close the Rows, or read them to the end, before the next
// statement.
func (tx *Tx) Query(q string, args ...any) (*Rows, error) {
	if err := tx.ready(q); err != nil {
		return nil, err
	}
	c, err := tx.s.query(q, args)
	if err != nil {
		return nil, tx.keep(err)
	}
	tx.open = &Rows{tx: tx, c: c}
	return tx.open, nil
}

// QueryRow runs one statement and keeps its first row for Scan, which answers fault.NotFound when there is none.
func (tx *Tx) QueryRow(q string, args ...any) *Row {
	rows, err := tx.Query(q, args...)
	return &Row{rows: rows, err: err}
}

type rowSeq = iter.Seq[[]any]

// Insert adds many rows and returns how many: COPY on PostgreSQL, one prepared statement on SQLite. A yielded
// slice may be reused for the next row. The sequence must not use the transaction.
func (tx *Tx) Insert(table string, cols []string, rows iter.Seq[[]any]) (int64, error) {
	if err := tx.ready("INSERT " + table); err != nil {
		return 0, err
	}
	tx.bulk = true
	defer func() { tx.bulk = false }()
	n, err := tx.s.insert(table, cols, rows)
	return n, tx.keep(wrap(err, "insert into ", table))
}

// Merge inserts many rows and, where the key is taken, sets the other columns to the new values; of rows with the
// same key the last counts. cols includes key, on which the table has a unique index; when there are no other
// columns, rows that exist are left alone. It returns the number of rows inserted or changed, in which
// rows that share a key may count once or each. The sequence must not use the transaction.
func (tx *Tx) Merge(table string, key, cols []string, rows iter.Seq[[]any]) (int64, error) {
	if err := tx.ready("MERGE " + table); err != nil {
		return 0, err
	}
	tx.bulk = true
	defer func() { tx.bulk = false }()
	n, err := tx.s.merge(table, key, cols, rows)
	return n, tx.keep(wrap(err, "merge into ", table))
}

func wrap(err error, what, name string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s%s: %w", what, name, err)
}

func (tx *Tx) ready(q string) error {
	switch {
	case tx.err != nil:
		return tx.err
	case tx.ended:
		return fmt.Errorf("the transaction has ended: %w", fault.Invalid)
	case tx.open != nil:
		return tx.keep(fmt.Errorf("close the rows of the query before the next statement (%s): %w", brief(q), fault.Invalid))
	case tx.bulk:
		return tx.keep(fmt.Errorf("rows of a bulk insert must not use the transaction (%s): %w", brief(q), fault.Invalid))
	case tx.ctx.Err() != nil:
		return tx.keep(context.Cause(tx.ctx))
	}
	tx.counter.add(q)
	return nil
}

func (tx *Tx) keep(err error) error {
	if err != nil && tx.err == nil {
		tx.err = err
	}
	return err
}

func (tx *Tx) end() {
	if tx.open != nil {
		tx.open.Close()
	}
	tx.ended = true
}

func brief(q string) string {
	q = strings.Join(strings.Fields(q), " ")
	if len(q) > 120 {
		q = strings.ToValidUTF8(q[:120], "") + "…"
	}
	return q
}

// Rows is the answer of a query, read with Next and Scan.
type Rows struct {
	tx   *Tx
	c    cursor
	err  error
	done bool
}

// Next moves to the next row, and closes the rows when there is none.
func (r *Rows) Next() bool {
	if r.done {
		return false
	}
	ok, err := r.c.next()
	if err != nil {
		r.err = r.tx.keep(err)
	}
	if !ok || err != nil {
		r.Close()
		return false
	}
	return true
}

// Scan copies the columns of the row into the destinations: pointers to integer, float, bool, string and []byte
// kinds; pointers to such pointers, which NULL makes nil; *any, which holds int64, float64, string, []byte or nil
// (and bool on PostgreSQL); *Raw, which is valid until the next Next.
func (r *Rows) Scan(dest ...any) error {
	if r.done {
		return fmt.Errorf("scan without a row: %w", fault.Invalid)
	}
	return r.c.scan(dest)
}

// Err is the error that ended Next, if one did.
func (r *Rows) Err() error { return r.err }

// Close ends the query. Closing twice does no harm.
func (r *Rows) Close() error {
	if !r.done {
		r.done = true
		r.c.close()
		r.tx.open = nil
	}
	return r.err
}

// Raw is a TEXT or BYTEA column as it lies in the driver's memory, without a copy: valid until the next Next,
// nil when NULL. For reading whole tables.
type Raw []byte

// Row is the first row of a query.
type Row struct {
	rows *Rows
	err  error
}

// Scan copies the row as Rows.Scan does, and wraps fault.NotFound when the query found none.
func (r *Row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return errNoRow
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	for _, d := range dest {
		if raw, ok := d.(*Raw); ok {
			*raw = bytes.Clone(*raw) // the row closes with this call
		}
	}
	return nil
}

var errNoRow = fmt.Errorf("no such row: %w", fault.NotFound)

// In is "($from,$from+1,…)" with n places, for an IN list. No values make "(NULL)", which nothing is in. Stay
// under 32,766 places a statement, SQLite's limit.
func In(n, from int) string {
	if n <= 0 {
		return "(NULL)"
	}
	b := make([]byte, 0, 2+n*6)
	b = append(b, '(')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '$')
		b = strconv.AppendInt(b, int64(from+i), 10)
	}
	return string(append(b, ')'))
}

// Like is a text as it stands inside a LIKE pattern, for "lower(x) LIKE $1 ESCAPE '!'" with "%"+Like(text)+"%". The
// ESCAPE must be said: without it PostgreSQL takes the backslash for one, and SQLite takes none.
func Like(text string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text)
}

// Counter counts the statements of the transactions that run with its context.
type Counter struct {
	mu    sync.Mutex
	texts []string
}

type counterKey struct{}

// CountStatements gives a context whose transactions are counted: a test counts what a page takes. BEGIN, COMMIT
// and the revision are not counted; a bulk insert is one.
func CountStatements(ctx context.Context) (context.Context, *Counter) {
	c := &Counter{}
	return context.WithValue(ctx, counterKey{}, c), c
}

func counterOf(ctx context.Context) *Counter {
	c, _ := ctx.Value(counterKey{}).(*Counter)
	return c
}

func (c *Counter) add(q string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	c.texts = append(c.texts, q)
	c.mu.Unlock()
}

// Count is the number of statements so far.
func (c *Counter) Count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.texts)
}

// Texts are the statements so far, in their order.
func (c *Counter) Texts() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.texts...)
}

// value brings an argument to one of int64, float64, bool, string, []byte, nil, and refuses what the two databases
// would treat differently.
func value(arg any) (any, error) {
	switch v := arg.(type) {
	case nil, int64, bool, []byte:
		return arg, nil // not v, which would be boxed anew
	case string:
		return arg, checkText(v)
	case int:
		return int64(v), nil
	case float64:
		return arg, checkFloat(v)
	case Rev:
		return int64(v), nil
	case time.Time:
		return nil, fmt.Errorf("a time must be passed as microseconds (t.UnixMicro()): %w", fault.Invalid)
	}
	return reflected(reflect.ValueOf(arg))
}

func reflected(v reflect.Value) (any, error) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil, nil
		}
		return value(v.Elem().Interface())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if v.Uint() > math.MaxInt64 {
			return nil, fmt.Errorf("%d does not fit a BIGINT: %w", v.Uint(), fault.Invalid)
		}
		return int64(v.Uint()), nil
	case reflect.Float32, reflect.Float64:
		return v.Float(), checkFloat(v.Float())
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.String:
		return v.String(), checkText(v.String())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return v.Bytes(), nil
		}
	}
	return nil, fmt.Errorf("a value of type %s cannot be stored: %w", v.Type(), fault.Invalid)
}

// PostgreSQL refuses NUL and broken UTF-8 in text, SQLite keeps them: refused on both, so that bad bytes are met
// where they enter.
func checkText(s string) error {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c == 0 || c >= utf8.RuneSelf {
			if strings.IndexByte(s[i:], 0) < 0 && utf8.ValidString(s[i:]) {
				return nil
			}
			return fmt.Errorf("text %.40q holds a NUL byte or broken UTF-8; clean it where it enters: %w", s, fault.Invalid)
		}
	}
	return nil
}

// SQLite stores NaN as NULL; PostgreSQL keeps it.
func checkFloat(f float64) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("%v is not a number that can be stored: %w", f, fault.Invalid)
	}
	return nil
}

// assign gives a column's value to a destination that the fast path of a session does not know.
func assign(dest any, col any) error {
	p := reflect.ValueOf(dest)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return fmt.Errorf("destination %T is not a pointer: %w", dest, fault.Invalid)
	}
	return assignValue(p.Elem(), col)
}

var errNull = errors.New("the column is NULL, which needs a pointer as its destination")

func assignValue(to reflect.Value, col any) error {
	if to.Kind() == reflect.Pointer {
		if col == nil {
			to.SetZero()
			return nil
		}
		p := reflect.New(to.Type().Elem())
		if err := assignValue(p.Elem(), col); err != nil {
			return err
		}
		to.Set(p)
		return nil
	}
	if to.Kind() == reflect.Interface && to.NumMethod() == 0 {
		if col == nil {
			to.SetZero()
		} else {
			to.Set(reflect.ValueOf(col))
		}
		return nil
	}
	if b, ok := to.Addr().Interface().(*[]byte); ok && col == nil {
		*b = nil
		return nil
	}
	switch v := col.(type) {
	case nil:
		return errNull
	case int64:
		switch to.Kind() {
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
			if to.OverflowInt(v) {
				return fmt.Errorf("%d does not fit %s", v, to.Type())
			}
			to.SetInt(v)
			return nil
		case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			if v < 0 || to.OverflowUint(uint64(v)) {
				return fmt.Errorf("%d does not fit %s", v, to.Type())
			}
			to.SetUint(uint64(v))
			return nil
		case reflect.Bool:
			to.SetBool(v != 0)
			return nil
		case reflect.Float32, reflect.Float64:
			to.SetFloat(float64(v))
			return nil
		}
	case float64:
		if to.CanFloat() {
			to.SetFloat(v)
			return nil
		}
	case string:
		if to.Kind() == reflect.String {
			to.SetString(v)
			return nil
		}
	case []byte:
		if to.Kind() == reflect.Slice && to.Type().Elem().Kind() == reflect.Uint8 {
			to.SetBytes(v)
			return nil
		}
	case bool:
		if to.Kind() == reflect.Bool {
			to.SetBool(v)
			return nil
		}
	}
	return fmt.Errorf("a %T does not go into %s", col, to.Type())
}
