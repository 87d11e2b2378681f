package app

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"

	"golang.org/x/term"

	"pons/account"
	"pons/fault"
	"pons/sqldb"
)

// UserCommand is about people who may sign in.
type UserCommand struct {
	List     UserList     `cmd:"" help:"List people."`
	Add      UserAdd      `cmd:"" help:"Add a person; asks for the password, or reads it from standard input."`
	Change   UserChange   `cmd:"" help:"Change a person's name, roles or scope."`
	Password UserPassword `cmd:"" help:"Give a person a new password and sign them out; asks, or reads standard input."`
	Disable  UserDisable  `cmd:"" help:"Shut a person out and sign them out."`
	Enable   UserEnable   `cmd:"" help:"Let a person sign in again."`
}

// by is the actor of the command line: the system's user.
func by() account.Actor {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return account.Command(u.Username)
	}
	return account.Command("unknown")
}

// password asks for one on a terminal, without showing it, and reads a line where there is none.
func (s *session) password(prompt string) (string, error) {
	if f, ok := s.In.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(s.Err, prompt)
		text, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(s.Err)
		return string(text), err
	}
	line, err := bufio.NewReader(io.LimitReader(s.In, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", fmt.Errorf("a password is expected on standard input: %w", fault.Invalid)
	}
	return line, nil
}

// withAccounts runs f with the accounts of the database.
func (s *session) withAccounts(f func(*sqldb.DB, *account.Accounts) error) error {
	return s.withDB(func(db *sqldb.DB) error { return f(db, account.New(db, account.DefaultPolicy())) })
}

// withPerson runs f with the person of a login.
func (s *session) withPerson(login string, f func(*account.Accounts, account.Person) error) error {
	return s.withAccounts(func(db *sqldb.DB, a *account.Accounts) error {
		var p account.Person
		err := db.View(s.ctx, func(tx *sqldb.Tx) (err error) {
			p, err = account.ByLogin(tx, login)
			return err
		})
		if err != nil {
			return err
		}
		return f(a, p)
	})
}

func roles(names []string) []account.Role {
	out := make([]account.Role, len(names))
	for i, n := range names {
		out[i] = account.Role(n)
	}
	return out
}

// UserList lists people.
type UserList struct {
	Format string `enum:"table,jsonl" default:"table" help:"${enum} (${default})."`
}

// Run prints a line a person.
func (c UserList) Run(s *session) error {
	return s.withDB(func(db *sqldb.DB) error {
		var people []account.Person
		err := db.View(s.ctx, func(tx *sqldb.Tx) (err error) {
			people, err = account.People(tx)
			return err
		})
		if err != nil {
			return err
		}
		out := json.NewEncoder(s.Out)
		for _, p := range people {
			state := "may sign in"
			if p.Disabled {
				state = "shut out"
			}
			if c.Format == "jsonl" {
				err = out.Encode(map[string]any{"login": p.Login, "name": p.Name, "roles": p.Roles, "sites": p.Scope.Sites, "departments": p.Scope.Departments, "disabled": p.Disabled})
			} else {
				_, err = fmt.Fprintf(s.Out, "%-24s %-28s %-12s %s\n", p.Login, p.Name, state, strings.Join(roleNames(p.Roles), " "))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func roleNames(roles []account.Role) []string {
	out := make([]string, len(roles))
	for i, r := range roles {
		out[i] = string(r)
	}
	return out
}

// UserAdd adds a person.
type UserAdd struct {
	Login       string   `arg:"" help:"Name to sign in with."`
	Name        string   `help:"The person's name."`
	Email       string   `help:"Their address."`
	Roles       []string `name:"role" default:"viewer" help:"administrator, biomed, it, security, clinical, viewer; may be repeated (${default})."`
	Sites       []string `name:"site" help:"Only devices of this site; may be repeated."`
	Departments []string `name:"department" help:"Only devices of this department; may be repeated."`
}

// Run adds them.
func (c UserAdd) Run(s *session) error {
	password, err := s.password("Password for " + c.Login + ": ")
	if err != nil {
		return err
	}
	return s.withAccounts(func(_ *sqldb.DB, a *account.Accounts) error {
		p, err := a.Add(s.ctx, by(), account.Person{Login: c.Login, Name: c.Name, Email: c.Email, Roles: roles(c.Roles),
			Scope: account.Scope{Sites: c.Sites, Departments: c.Departments}}, password, s.now())
		if err != nil {
			return err
		}
		fmt.Fprintf(s.Err, "%s may sign in as %s\n", p.Name, p.Login)
		return nil
	})
}

// UserChange changes what is given and leaves the rest.
type UserChange struct {
	Login       string   `arg:"" help:"Who."`
	Name        *string  `help:"New name."`
	Email       *string  `help:"New address."`
	Roles       []string `name:"role" help:"New roles; may be repeated."`
	Sites       []string `name:"site" help:"New sites; may be repeated."`
	Departments []string `name:"department" help:"New departments; may be repeated."`
	Everywhere  bool     `help:"All sites and departments."`
}

// Run changes them.
func (c UserChange) Run(s *session) error {
	return s.withPerson(c.Login, func(a *account.Accounts, p account.Person) error {
		if c.Name != nil {
			p.Name = *c.Name
		}
		if c.Email != nil {
			p.Email = *c.Email
		}
		if len(c.Roles) > 0 {
			p.Roles = roles(c.Roles)
		}
		if c.Everywhere {
			p.Scope = account.Scope{}
		}
		if len(c.Sites) > 0 {
			p.Scope.Sites = c.Sites
		}
		if len(c.Departments) > 0 {
			p.Scope.Departments = c.Departments
		}
		return a.Change(s.ctx, by(), p, s.now())
	})
}

// UserPassword sets a password.
type UserPassword struct {
	Login string `arg:"" help:"Who."`
}

// Run sets it.
func (c UserPassword) Run(s *session) error {
	password, err := s.password("New password for " + c.Login + ": ")
	if err != nil {
		return err
	}
	return s.withAccounts(func(_ *sqldb.DB, a *account.Accounts) error {
		return a.SetPassword(s.ctx, by(), c.Login, "", password, "", s.now())
	})
}

// UserDisable shuts a person out.
type UserDisable struct {
	Login string `arg:"" help:"Who."`
}

// Run shuts them out.
func (c UserDisable) Run(s *session) error { return able(s, c.Login, false) }

// UserEnable lets a person in again.
type UserEnable struct {
	Login string `arg:"" help:"Who."`
}

// Run lets them in.
func (c UserEnable) Run(s *session) error { return able(s, c.Login, true) }

func able(s *session, login string, enabled bool) error {
	return s.withPerson(login, func(a *account.Accounts, p account.Person) error {
		p.Disabled = !enabled
		return a.Change(s.ctx, by(), p, s.now())
	})
}
