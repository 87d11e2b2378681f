package account

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"pons/audit"
	"pons/fault"
	"pons/sqldb"
)

// Throttling: the first freeTries failures in a row cost nothing, then each doubles the pause from firstPause up to
// longestPause. An address gets more tries, since a ward may share one. NIST SP 800-63B-4 §3.2.2 allows at most 100
// failures in a row; at 15 minutes each, guessing never gets there in a day.
const (
	freeTriesLogin   = 5
	freeTriesAddress = 20
	firstPause       = 2 * time.Second
	longestPause     = 15 * time.Minute
	forgetAfter      = 24 * time.Hour
)

// touchEvery is how often use of a session or token is written down: a page is not worth an Update.
const touchEvery = time.Minute

// Throttled is the answer to a sign-in that comes too soon; it wraps fault.Busy.
type Throttled struct{ Wait time.Duration }

func (t Throttled) Error() string {
	return fmt.Sprintf("too many failed sign-ins; try again in %s", t.Wait.Round(time.Second))
}

// Unwrap makes it a fault.Busy.
func (t Throttled) Unwrap() error { return fault.Busy }

var errSignIn = fmt.Errorf("login or password is wrong: %w", fault.Denied)

// SignIn checks a login and password that came from an address and starts a session; cookie is what the browser
// keeps, and is nowhere else. Whether the login exists, is disabled, or the password is wrong, the answer and its
// time are the same: fault.Denied. It answers Throttled when it is asked too often.
func (a *Accounts) SignIn(ctx context.Context, login, password, address, agent string, now time.Time) (cookie string, who Actor, err error) {
	login = strings.ToLower(strings.TrimSpace(login))
	// The failure is written before the password is looked at, so that many guesses at once do not pass as one.
	if err := a.attempt(ctx, login, address, now); err != nil {
		return "", Actor{}, err
	}
	var p Person
	hash := a.decoy
	err = a.db.View(ctx, func(tx *sqldb.Tx) error {
		if !loginForm.MatchString(login) {
			return nil // nobody's, and perhaps not even text
		}
		found, h, err := personAndHash(tx, login)
		if err == nil && h != "" && !found.Disabled {
			p, hash = found, h
		}
		if errors.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return "", Actor{}, err
	}
	ok, err := a.matches(ctx, hash, password)
	if err != nil {
		return "", Actor{}, err
	}
	if !ok || p.ID == "" {
		return "", Actor{}, a.refused(ctx, p, address, now)
	}
	cookie = base64.RawURLEncoding.EncodeToString(random(32))
	_, err = a.db.Update(ctx, func(tx *sqldb.Tx) error {
		// The account may have been disabled, or its password changed, while the hash was computed.
		n, err := tx.Exec(`UPDATE account_person SET signed_in = $2 WHERE id = $1 AND NOT disabled AND password = $3`, p.ID, now.UnixMicro(), hash)
		if err != nil {
			return err
		}
		if n == 0 {
			return errSignIn
		}
		if _, err := tx.Exec(`DELETE FROM account_attempt WHERE subject IN ($1, $2)`, subject("login", login), subject("address", address)); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM account_session WHERE created < $1 OR seen < $2`,
			now.Add(-a.policy.Absolute).UnixMicro(), now.Add(-a.policy.Idle).UnixMicro()); err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO account_session (hash, person, created, seen, address, agent) VALUES ($1, $2, $3, $4, $5, $6)`,
			digest(cookie), p.ID, now.UnixMicro(), now.UnixMicro(), clip(address), clip(agent)); err != nil {
			return err
		}
		return audit.Append(tx, audit.Entry{At: now, Actor: p.actor().String(), Verb: "person.signin", Object: "person:" + p.Login, After: audit.Fields{"address": clip(address)}})
	})
	if err != nil {
		return "", Actor{}, err
	}
	return cookie, p.actor(), nil
}

// refused writes down a failed sign-in of somebody who exists. An unknown login is not written: it may be a
// password in the wrong field.
func (a *Accounts) refused(ctx context.Context, p Person, address string, now time.Time) error {
	if p.ID == "" {
		return errSignIn
	}
	_, err := a.db.Update(ctx, func(tx *sqldb.Tx) error {
		return audit.Append(tx, audit.Entry{At: now, Actor: "nobody", Verb: "person.signin.refused", Object: "person:" + p.Login, After: audit.Fields{"address": clip(address)}})
	})
	return errors.Join(errSignIn, err)
}

// attempt counts a failure for the login and the address in advance; success takes it back.
func (a *Accounts) attempt(ctx context.Context, login, address string, now time.Time) error {
	var wait time.Duration
	_, err := a.db.Update(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(`DELETE FROM account_attempt WHERE last < $1`, now.Add(-forgetAfter).UnixMicro()); err != nil {
			return err
		}
		for _, s := range []struct {
			subject string
			free    int
		}{{subject("login", login), freeTriesLogin}, {subject("address", address), freeTriesAddress}} {
			var failures int
			var last int64
			err := tx.QueryRow(`SELECT failures, last FROM account_attempt WHERE subject = $1`, s.subject).Scan(&failures, &last)
			if err != nil && !errors.Is(err, fault.NotFound) {
				return err
			}
			wait = max(wait, time.UnixMicro(last).Add(pause(failures, s.free)).Sub(now))
			if _, err := tx.Exec(`INSERT INTO account_attempt (subject, failures, last) VALUES ($1, 1, $2)
				ON CONFLICT (subject) DO UPDATE SET failures = account_attempt.failures + 1, last = excluded.last`, s.subject, now.UnixMicro()); err != nil {
				return err
			}
		}
		if wait > 0 {
			return Throttled{wait} // and the counts stay as they were: waiting is not made longer by asking
		}
		return nil
	})
	return err
}

// pause is how long after its last failure a subject must wait.
func pause(failures, free int) time.Duration {
	if failures < free {
		return 0
	}
	return min(longestPause, firstPause<<min(failures-free, 20))
}

func subject(kind, s string) string { return kind + ":" + digest(s) }

func clip(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "?")
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "")
	}
	return s
}

// Session finds the actor of a cookie, or fault.Denied when the session is unknown, has ended or its person is
// disabled.
func (a *Accounts) Session(ctx context.Context, cookie string, now time.Time) (Actor, error) {
	var p Person
	var created, seen int64
	hash := digest(cookie)
	err := a.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		p, err = scanPerson(tx.QueryRow(`SELECT p.id, p.login, p.name, p.email, p.roles, p.sites, p.departments, p.disabled, p.created, p.signed_in, s.created, s.seen
			FROM account_session s JOIN account_person p ON p.id = s.person WHERE s.hash = $1`, hash).Scan, &created, &seen)
		return err
	})
	if errors.Is(err, fault.NotFound) {
		return Actor{}, fmt.Errorf("no such session: %w", fault.Denied)
	}
	if err != nil {
		return Actor{}, err
	}
	switch last := time.UnixMicro(seen); {
	case p.Disabled:
		return Actor{}, fmt.Errorf("%s is disabled: %w", p.Login, fault.Denied)
	case !now.Before(last.Add(a.policy.Idle)), !now.Before(time.UnixMicro(created).Add(a.policy.Absolute)):
		return Actor{}, fmt.Errorf("the session has ended: %w", fault.Denied)
	case now.Sub(last) >= touchEvery:
		a.touch(ctx, `UPDATE account_session SET seen = $2 WHERE hash = $1 AND seen < $2`, hash, now)
	}
	return p.actor(), nil
}

// touch notes a use if the writer's turn can be had at once: a long import must not hold up every page. While it
// lasts, sessions may look idle for longer than they are; the next request tries again.
func (a *Accounts) touch(ctx context.Context, q, key string, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	_, _ = a.db.Update(ctx, func(tx *sqldb.Tx) error { _, err := tx.Exec(q, key, now.UnixMicro()); return err })
}

// SignOut ends the session of a cookie. One that is not there is ended already.
func (a *Accounts) SignOut(ctx context.Context, cookie string) error {
	_, err := a.db.Update(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`DELETE FROM account_session WHERE hash = $1`, digest(cookie))
		return err
	})
	return err
}

// EndSessions signs a person out everywhere: oneself, or, with account.manage, anybody. It returns how many ended.
func (a *Accounts) EndSessions(ctx context.Context, by Actor, person string, now time.Time) (n int64, err error) {
	if by.Kind != ByPerson || by.ID != person {
		if err := need(by, AccountManage); err != nil {
			return 0, err
		}
	}
	_, err = a.db.Update(ctx, func(tx *sqldb.Tx) error {
		p, err := personBy(tx, "id", person)
		if err != nil {
			return err
		}
		if n, err = tx.Exec(`DELETE FROM account_session WHERE person = $1`, person); err != nil {
			return err
		}
		return audit.Append(tx, audit.Entry{At: now, Actor: by.String(), Verb: "person.signout.all", Object: "person:" + p.Login})
	})
	return n, err
}

// SetupCode makes the one-time code for creating the first administrator, to be shown where only the one who
// started the server sees it. It replaces an earlier code; code is empty when there is an administrator already.
func (a *Accounts) SetupCode(ctx context.Context, now time.Time) (code string, err error) {
	needed, err := a.NeedsSetup(ctx)
	if err != nil || !needed {
		return "", err
	}
	code = strings.ToUpper(fmt.Sprintf("%x-%x-%x-%x", random(2), random(2), random(2), random(2)))
	_, err = a.db.Update(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`INSERT INTO account_setup (one, hash, created) VALUES (1, $1, $2)
			ON CONFLICT (one) DO UPDATE SET hash = excluded.hash, created = excluded.created`, digest(code), now.UnixMicro())
		return err
	})
	return code, err
}

// NeedsSetup says that there is no administrator who could sign in.
func (a *Accounts) NeedsSetup(ctx context.Context) (bool, error) {
	var n int
	err := a.db.View(ctx, func(tx *sqldb.Tx) (err error) { n, err = administrators(tx); return err })
	return n == 0, err
}

// Setup creates the first administrator for the holder of the code, which is spent by it. A wrong code is throttled
// like a wrong password.
func (a *Accounts) Setup(ctx context.Context, code string, p Person, password, address string, now time.Time) (Person, error) {
	const login = "\x00setup" // no login can be this
	if err := a.attempt(ctx, login, address, now); err != nil {
		return Person{}, err
	}
	want := digest(strings.ToUpper(strings.TrimSpace(code)))
	check := func(tx *sqldb.Tx) error {
		n, err := administrators(tx)
		if err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("there is an administrator already; sign in: %w", fault.Conflict)
		}
		var have string
		if err := tx.QueryRow(`SELECT hash FROM account_setup WHERE one = 1`).Scan(&have); err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		if have != want {
			return fmt.Errorf("the setup code is wrong; the newest one was printed when the server started: %w", fault.Denied)
		}
		return nil
	}
	if err := a.db.View(ctx, check); err != nil { // before anything is hashed
		return Person{}, err
	}
	p.Roles, p.Scope, p.Disabled = []Role{Administrator}, Scope{}, false
	return a.add(ctx, Actor{Kind: ByPerson, Login: "setup"}, p, password, now, func(tx *sqldb.Tx) error {
		if err := check(tx); err != nil {
			return err
		}
		_, err := tx.Exec(`DELETE FROM account_setup WHERE one = 1`)
		if err == nil {
			_, err = tx.Exec(`DELETE FROM account_attempt WHERE subject IN ($1, $2)`, subject("login", login), subject("address", address))
		}
		return err
	})
}
