package account

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"pons/audit"
	"pons/fault"
	"pons/sqldb"
)

// tokenPrefix lets scanners of source code find a token that was committed by mistake.
const tokenPrefix = "pons_"

// MaxTokenLife is the longest a token may live: one budget year.
const MaxTokenLife = 366 * 24 * time.Hour

// Token is a program's key to the API, in the name of a person.
type Token struct {
	ID      string
	Person  string // id
	Name    string
	Verbs   []Verb
	Created time.Time
	Expires time.Time
	Used    time.Time // to the minute; zero = never
}

// AddToken makes a token for the actor themselves, limited to verbs that they have; it acts with their scope, and
// loses what they lose. text is shown once and kept nowhere.
func (a *Accounts) AddToken(ctx context.Context, by Actor, name string, verbs []Verb, expires, now time.Time) (text string, t Token, err error) {
	if by.Kind != ByPerson {
		return "", Token{}, fmt.Errorf("only a person who is signed in can make a token: %w", fault.Denied)
	}
	if err := need(by, TokenOwn); err != nil {
		return "", Token{}, err
	}
	name = strings.Join(strings.Fields(name), " ")
	switch {
	case name == "" || len(name) > 100:
		return "", Token{}, fmt.Errorf("a token needs a name of at most 100 characters: %w", fault.Invalid)
	case len(verbs) == 0:
		return "", Token{}, fmt.Errorf("token %s may do nothing; choose what it is for: %w", name, fault.Invalid)
	case !expires.After(now) || expires.Sub(now) > MaxTokenLife:
		return "", Token{}, fmt.Errorf("token %s must expire within a year: %w", name, fault.Invalid)
	}
	for _, v := range verbs {
		if !slices.Contains(Verbs(), v) {
			return "", Token{}, fmt.Errorf("%q is none of %v: %w", v, Verbs(), fault.Invalid)
		}
		if err := need(by, v); err != nil {
			return "", Token{}, err
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", Token{}, err
	}
	text = tokenPrefix + base64.RawURLEncoding.EncodeToString(random(32))
	t = Token{ID: id.String(), Person: by.ID, Name: name, Verbs: verbs, Created: now.UTC().Truncate(time.Microsecond), Expires: expires.UTC().Truncate(time.Microsecond)}
	_, err = a.db.Update(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(`INSERT INTO account_token (id, hash, person, name, verbs, created, expires) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			t.ID, digest(text), t.Person, t.Name, words(verbs), now.UnixMicro(), expires.UnixMicro()); err != nil {
			if errors.Is(err, fault.Conflict) {
				return fmt.Errorf("%s has a token named %s already: %w", by.Login, name, fault.Conflict)
			}
			return err
		}
		return audit.Append(tx, audit.Entry{At: now, Actor: by.String(), Verb: "token.add", Object: "token:" + by.Login + "/" + name,
			After: audit.Fields{"verbs": words(verbs), "expires": t.Expires.Format(time.RFC3339)}})
	})
	if err != nil {
		return "", Token{}, err
	}
	return text, t, nil
}

// ByTokenText finds the actor of an API token, or fault.Denied when it is unknown, expired or its person disabled.
func (a *Accounts) ByTokenText(ctx context.Context, text string, now time.Time) (Actor, error) {
	if !strings.HasPrefix(text, tokenPrefix) {
		return Actor{}, fmt.Errorf("not an API token: %w", fault.Denied)
	}
	var p Person
	var id, name, verbs string
	var expires int64
	var used *int64
	err := a.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		p, err = scanPerson(tx.QueryRow(`SELECT p.id, p.login, p.name, p.email, p.roles, p.sites, p.departments, p.disabled, p.created, p.signed_in,
			t.id, t.name, t.verbs, t.expires, t.used
			FROM account_token t JOIN account_person p ON p.id = t.person WHERE t.hash = $1`, digest(text)).Scan, &id, &name, &verbs, &expires, &used)
		return err
	})
	switch {
	case errors.Is(err, fault.NotFound):
		return Actor{}, fmt.Errorf("no such API token: %w", fault.Denied)
	case err != nil:
		return Actor{}, err
	case p.Disabled:
		return Actor{}, fmt.Errorf("%s is disabled: %w", p.Login, fault.Denied)
	case !now.Before(time.UnixMicro(expires)):
		return Actor{}, fmt.Errorf("API token %s has expired: %w", name, fault.Denied)
	case used == nil || now.Sub(time.UnixMicro(*used)) >= touchEvery:
		a.touch(ctx, `UPDATE account_token SET used = $2 WHERE id = $1`, id, now)
	}
	who := p.actor()
	who.Kind, who.Token, who.Only = ByToken, name, []Verb{}
	for _, v := range strings.Fields(verbs) {
		who.Only = append(who.Only, Verb(v))
	}
	return who, nil
}

// RevokeToken ends a token: one's own, or, with account.manage, anybody's.
func (a *Accounts) RevokeToken(ctx context.Context, by Actor, id string, now time.Time) error {
	_, err := a.db.Update(ctx, func(tx *sqldb.Tx) error {
		var person, login, name string
		if err := tx.QueryRow(`SELECT p.id, p.login, t.name FROM account_token t JOIN account_person p ON p.id = t.person WHERE t.id = $1`, id).
			Scan(&person, &login, &name); err != nil {
			return fmt.Errorf("token %s: %w", id, err)
		}
		if by.Kind != ByPerson || by.ID != person {
			if err := need(by, AccountManage); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(`DELETE FROM account_token WHERE id = $1`, id); err != nil {
			return err
		}
		return audit.Append(tx, audit.Entry{At: now, Actor: by.String(), Verb: "token.revoke", Object: "token:" + login + "/" + name})
	})
	return err
}

// Tokens lists a person's tokens by name.
func Tokens(tx *sqldb.Tx, person string) ([]Token, error) {
	rows, err := tx.Query(`SELECT id, person, name, verbs, created, expires, used FROM account_token WHERE person = $1 ORDER BY name`, person)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Token
	for rows.Next() {
		var t Token
		var verbs string
		var created, expires int64
		var used *int64
		if err := rows.Scan(&t.ID, &t.Person, &t.Name, &verbs, &created, &expires, &used); err != nil {
			return nil, err
		}
		for _, v := range strings.Fields(verbs) {
			t.Verbs = append(t.Verbs, Verb(v))
		}
		t.Created, t.Expires = time.UnixMicro(created).UTC(), time.UnixMicro(expires).UTC()
		if used != nil {
			t.Used = time.UnixMicro(*used).UTC()
		}
		out = append(out, t)
	}
	return out, rows.Err()
}
