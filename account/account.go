// Package account knows the people who use Pons: who they are, what they may do and on which sites' rows, their
// sign-ins, sessions and API tokens. It decides permissions, and writes every change of them to the audit log; what
// a page shows of a permission, and where a cookie lies, is decided by the faces. Times are parameters.
package account

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"pons/audit"
	"pons/fault"
	"pons/sqldb"
)

//go:embed *.sql
var files embed.FS

// Schema is the tables of people, sessions and tokens.
func Schema() sqldb.Schema { return sqldb.Schema{Name: "account", FS: files} }

// Policy is what an administrator may tighten.
type Policy struct {
	Idle     time.Duration // a session ends when it was not used so long
	Absolute time.Duration // and in any case so long after sign-in
}

// DefaultPolicy follows the upper ends of the OWASP Session Management Cheat Sheet (15–30 minutes idle for
// applications with sensitive data, 4–8 hours in all), widened to one hospital shift of twelve hours.
func DefaultPolicy() Policy { return Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour} }

// Accounts is safe for many goroutines.
type Accounts struct {
	db      *sqldb.DB
	policy  Policy
	hashing chan struct{} // a hash takes 19 MiB: few at once
	decoy   string        // what the password of an unknown login is compared with
}

// New makes the accounts of a database.
func New(db *sqldb.DB, p Policy) *Accounts {
	return &Accounts{db: db, policy: p, hashing: make(chan struct{}, 4), decoy: hashPassword(string(random(16)))}
}

// Person is one account.
type Person struct {
	ID       string
	Login    string // lower case
	Name     string
	Email    string // may be empty
	Roles    []Role
	Scope    Scope
	Disabled bool
	Created  time.Time
	SignedIn time.Time // last time; zero = never
}

var loginForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._@+-]{1,99}$`)

func (p *Person) check() error {
	p.Login = strings.ToLower(strings.TrimSpace(p.Login))
	p.Name, p.Email = strings.TrimSpace(p.Name), strings.TrimSpace(p.Email)
	if !loginForm.MatchString(p.Login) {
		return fmt.Errorf("login %q: use 2 to 100 letters, digits and . _ @ + -: %w", p.Login, fault.Invalid)
	}
	if p.Name == "" {
		p.Name = p.Login
	}
	if p.Email != "" {
		if _, err := mail.ParseAddress(p.Email); err != nil {
			return fmt.Errorf("email %q is not an address: %w", p.Email, fault.Invalid)
		}
	}
	if len(p.Roles) == 0 {
		return fmt.Errorf("%s needs at least one role: %w", p.Login, fault.Invalid)
	}
	for _, r := range p.Roles {
		if !slices.Contains(Roles(), r) {
			return fmt.Errorf("role %q is none of %v: %w", r, Roles(), fault.Invalid)
		}
	}
	for _, list := range []*[]string{&p.Scope.Sites, &p.Scope.Departments} {
		var clean []string
		for _, s := range *list {
			if s = strings.Join(strings.Fields(s), " "); s != "" && !slices.Contains(clean, s) {
				clean = append(clean, s)
			}
		}
		*list = clean
	}
	return nil
}

func (p Person) fields() audit.Fields {
	return audit.Fields{"login": p.Login, "name": p.Name, "email": p.Email, "roles": words(p.Roles), "disabled": fmt.Sprint(p.Disabled),
		"sites": strings.Join(p.Scope.Sites, ", "), "departments": strings.Join(p.Scope.Departments, ", ")}
}

func (p Person) actor() Actor {
	return Actor{Kind: ByPerson, ID: p.ID, Login: p.Login, Name: p.Name, Roles: p.Roles, Scope: p.Scope}
}

// Add creates a person. Wraps fault.Conflict when the login is taken.
func (a *Accounts) Add(ctx context.Context, by Actor, p Person, password string, now time.Time) (Person, error) {
	if err := need(by, AccountManage); err != nil {
		return Person{}, err
	}
	return a.add(ctx, by, p, password, now, nil)
}

func (a *Accounts) add(ctx context.Context, by Actor, p Person, password string, now time.Time, also func(*sqldb.Tx) error) (Person, error) {
	if err := p.check(); err != nil {
		return Person{}, err
	}
	if err := CheckPassword(password, p.Login); err != nil {
		return Person{}, err
	}
	hash, err := a.hash(ctx, password)
	if err != nil {
		return Person{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Person{}, err
	}
	p.ID, p.Created = id.String(), now.UTC().Truncate(time.Microsecond)
	_, err = a.db.Update(ctx, func(tx *sqldb.Tx) error {
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		if _, err := personBy(tx, "login", p.Login); !errors.Is(err, fault.NotFound) {
			return errors.Join(err, fmt.Errorf("login %s is taken: %w", p.Login, fault.Conflict))
		}
		if _, err := tx.Exec(`INSERT INTO account_person (id, login, name, email, password, roles, sites, departments, disabled, created)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			p.ID, p.Login, p.Name, p.Email, hash, words(p.Roles), lines(p.Scope.Sites), lines(p.Scope.Departments), p.Disabled, now.UnixMicro()); err != nil {
			return err
		}
		return audit.Append(tx, audit.Entry{At: now, Actor: by.String(), Verb: "person.add", Object: "person:" + p.Login, After: p.fields()})
	})
	return p, err
}

// Change sets name, email, roles, scope and disabled of the person with p.ID; the login stays. Disabling ends the
// sessions. Wraps fault.Conflict when no administrator would be left.
func (a *Accounts) Change(ctx context.Context, by Actor, p Person, now time.Time) error {
	if err := need(by, AccountManage); err != nil {
		return err
	}
	_, err := a.db.Update(ctx, func(tx *sqldb.Tx) error {
		old, err := personBy(tx, "id", p.ID)
		if err != nil {
			return err
		}
		p.Login = old.Login
		if err := p.check(); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE account_person SET name = $2, email = $3, roles = $4, sites = $5, departments = $6, disabled = $7 WHERE id = $1`,
			p.ID, p.Name, p.Email, words(p.Roles), lines(p.Scope.Sites), lines(p.Scope.Departments), p.Disabled); err != nil {
			return err
		}
		if n, err := administrators(tx); err != nil {
			return err
		} else if n == 0 {
			return fmt.Errorf("%s is the last administrator: make another one first: %w", p.Login, fault.Conflict)
		}
		if p.Disabled {
			if _, err := tx.Exec(`DELETE FROM account_session WHERE person = $1`, p.ID); err != nil {
				return err
			}
		}
		return audit.Append(tx, audit.Entry{At: now, Actor: by.String(), Verb: "person.change", Object: "person:" + p.Login, Before: old.fields(), After: p.fields()})
	})
	return err
}

// SetPassword gives a person a new password and ends all of their sessions but keep (a session's cookie; may be empty).
// A person who changes their own must say the old one; account.manage may set another's.
func (a *Accounts) SetPassword(ctx context.Context, by Actor, login, old, password, keep string, now time.Time) error {
	var p Person
	var hash string
	if err := a.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		p, hash, err = personAndHash(tx, strings.ToLower(strings.TrimSpace(login)))
		return err
	}); err != nil {
		return err
	}
	own := by.Kind == ByPerson && by.ID == p.ID
	if !own {
		if err := need(by, AccountManage); err != nil {
			return err
		}
	} else if ok, err := a.matches(ctx, hash, old); err != nil || !ok {
		return errors.Join(err, fmt.Errorf("the old password is wrong: %w", fault.Denied))
	}
	if err := CheckPassword(password, p.Login); err != nil {
		return err
	}
	fresh, err := a.hash(ctx, password)
	if err != nil {
		return err
	}
	_, err = a.db.Update(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(`UPDATE account_person SET password = $2 WHERE id = $1 AND password = $3`, p.ID, fresh, hash)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("the password was changed by somebody else just now: %w", fault.Conflict)
		}
		if _, err := tx.Exec(`DELETE FROM account_session WHERE person = $1 AND hash <> $2`, p.ID, digest(keep)); err != nil {
			return err
		}
		return audit.Append(tx, audit.Entry{At: now, Actor: by.String(), Verb: "person.passphrase", Object: "person:" + p.Login})
	})
	return err
}

// People lists all people by login.
func People(tx *sqldb.Tx) ([]Person, error) {
	rows, err := tx.Query(`SELECT id, login, name, email, roles, sites, departments, disabled, created, signed_in FROM account_person ORDER BY login`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Person
	for rows.Next() {
		p, err := scanPerson(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// ByLogin finds a person; fault.NotFound when there is none.
func ByLogin(tx *sqldb.Tx, login string) (Person, error) {
	return personBy(tx, "login", strings.ToLower(strings.TrimSpace(login)))
}

// ByID finds a person; fault.NotFound when there is none.
func ByID(tx *sqldb.Tx, id string) (Person, error) { return personBy(tx, "id", id) }

func personBy(tx *sqldb.Tx, column, value string) (Person, error) {
	p, err := scanPerson(tx.QueryRow(`SELECT id, login, name, email, roles, sites, departments, disabled, created, signed_in FROM account_person WHERE `+column+` = $1`, value).Scan)
	if err != nil {
		return Person{}, fmt.Errorf("person %s: %w", value, err)
	}
	return p, nil
}

func personAndHash(tx *sqldb.Tx, login string) (p Person, hash string, err error) {
	if p, err = personBy(tx, "login", login); err != nil {
		return p, "", err
	}
	err = tx.QueryRow(`SELECT password FROM account_person WHERE id = $1`, p.ID).Scan(&hash)
	return p, hash, err
}

// scanPerson reads the columns of People, and after them what more is given.
func scanPerson(scan func(...any) error, more ...any) (Person, error) {
	var p Person
	var roles, sites, departments string
	var created int64
	var signedIn *int64
	if err := scan(append([]any{&p.ID, &p.Login, &p.Name, &p.Email, &roles, &sites, &departments, &p.Disabled, &created, &signedIn}, more...)...); err != nil {
		return Person{}, err
	}
	for _, r := range strings.Fields(roles) {
		p.Roles = append(p.Roles, Role(r))
	}
	p.Scope = Scope{Sites: unlines(sites), Departments: unlines(departments)}
	p.Created = time.UnixMicro(created).UTC()
	if signedIn != nil {
		p.SignedIn = time.UnixMicro(*signedIn).UTC()
	}
	return p, nil
}

func administrators(tx *sqldb.Tx) (n int, err error) {
	err = tx.QueryRow(`SELECT count(*) FROM account_person WHERE NOT disabled AND ' ' || roles || ' ' LIKE '% administrator %'`).Scan(&n)
	return n, err
}

func need(by Actor, v Verb) error {
	if !by.Can(v) {
		return fmt.Errorf("%s lacks %s: %w", by, v, fault.Denied)
	}
	return nil
}

func (a *Accounts) hash(ctx context.Context, password string) (hash string, err error) {
	err = a.slowly(ctx, func() { hash = hashPassword(password) })
	return hash, err
}

func (a *Accounts) matches(ctx context.Context, hash, password string) (ok bool, err error) {
	if len(password) > 4*MaxPassword {
		password = ""
	}
	err = a.slowly(ctx, func() { ok = checkHash(hash, password) })
	return ok, err
}

// slowly runs few hashes at once, so that a crowd at the door cannot take all the memory.
func (a *Accounts) slowly(ctx context.Context, f func()) error {
	select {
	case a.hashing <- struct{}{}:
		defer func() { <-a.hashing }()
		f()
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func words[T ~string](list []T) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = string(s)
	}
	return strings.Join(parts, " ")
}

func lines(list []string) string { return strings.Join(list, "\n") }

func unlines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}
