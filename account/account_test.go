package account

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"pons/audit"
	"pons/fault"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

var (
	ctx     = context.Background()
	start   = time.Date(2026, 3, 1, 7, 0, 0, 0, time.UTC)
	schemas = []sqldb.Schema{audit.Schema(), Schema()}
)

const good = "correct horse battery"

func run(t *testing.T, body func(t *testing.T, db *sqldb.DB, a *Accounts)) {
	t.Helper()
	sqldbtest.Run(t, schemas, func(t *testing.T, db *sqldb.DB) { body(t, db, New(db, DefaultPolicy())) })
}

func add(t *testing.T, a *Accounts, login string, roles ...Role) Person {
	t.Helper()
	p, err := a.Add(ctx, Command("root"), Person{Login: login, Roles: roles}, good, start)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func want(t *testing.T, what string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: got %v, want %v", what, err, kind)
	}
}

// log reads the audit log and checks that nothing secret is in it.
func log(t *testing.T, db *sqldb.DB) (verbs []string) {
	t.Helper()
	if err := db.View(ctx, func(tx *sqldb.Tx) error {
		if _, err := audit.Verify(tx); err != nil {
			return err
		}
		for r, err := range audit.All(tx, audit.Filter{}) {
			if err != nil {
				return err
			}
			verbs = append(verbs, r.Verb)
			for _, f := range []audit.Fields{r.Before, r.After} {
				for k, v := range f {
					if strings.Contains(v, good) || strings.Contains(v, "argon2") {
						t.Errorf("%s: %s holds a secret", r.Verb, k)
					}
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return verbs
}

func TestFirstStart(t *testing.T) {
	run(t, func(t *testing.T, db *sqldb.DB, a *Accounts) {
		old, err := a.SetupCode(ctx, start)
		if err != nil || len(old) < 16 {
			t.Fatal(old, err)
		}
		code, err := a.SetupCode(ctx, start)
		if err != nil || code == old {
			t.Fatal(code, err)
		}
		_, err = a.Setup(ctx, old, Person{Login: "ann"}, good, "127.0.0.1", start)
		want(t, "an older code", err, fault.Denied)
		_, err = a.Setup(ctx, "", Person{Login: "ann"}, good, "127.0.0.1", start)
		want(t, "no code", err, fault.Denied)
		_, err = a.Setup(ctx, code, Person{Login: "ann"}, "short", "127.0.0.1", start)
		want(t, "a short password", err, fault.Invalid)
		p, err := a.Setup(ctx, strings.ToLower(code)+" ", Person{Login: "Ann"}, good, "127.0.0.1", start)
		if err != nil || p.Login != "ann" || len(p.Roles) != 1 || p.Roles[0] != Administrator {
			t.Fatal(p, err)
		}
		_, err = a.Setup(ctx, code, Person{Login: "eve"}, good, "127.0.0.1", start)
		want(t, "the code again", err, fault.Conflict)
		if code, err := a.SetupCode(ctx, start); code != "" || err != nil {
			t.Error("a code although there is an administrator", err)
		}
		for i := range 10 {
			if _, err = a.Setup(ctx, "guess", Person{Login: "eve"}, good, "127.0.0.1", start); i > freeTriesLogin {
				want(t, "guessing", err, fault.Busy)
			}
		}
		if got := log(t, db); len(got) != 1 || got[0] != "person.add" {
			t.Errorf("log %v", got)
		}
	})
}

func TestSessionsEnd(t *testing.T) {
	run(t, func(t *testing.T, db *sqldb.DB, a *Accounts) {
		add(t, a, "root", Administrator)
		ann := add(t, a, "ann", Biomed)
		signIn := func() string {
			t.Helper()
			cookie, who, err := a.SignIn(ctx, " ANN ", good, "10.0.0.1", "curl", start)
			if err != nil || who.String() != "person:ann" || !who.Can(ImportRun) {
				t.Fatal(who, err)
			}
			return cookie
		}
		cookie := signIn()
		// Used every 20 minutes it lives on, until it is twelve hours old.
		now := start
		for now = start.Add(20 * time.Minute); now.Sub(start) < 12*time.Hour; now = now.Add(20 * time.Minute) {
			if _, err := a.Session(ctx, cookie, now); err != nil {
				t.Fatal(now.Sub(start), err)
			}
			// The note of use gives way to other writers after a moment; here nobody writes, but a busy machine may be slow.
			if _, err := db.Update(ctx, func(tx *sqldb.Tx) error {
				_, err := tx.Exec(`UPDATE account_session SET seen = $1`, now.UnixMicro())
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		_, err := a.Session(ctx, cookie, now)
		want(t, "after twelve hours", err, fault.Denied)
		cookie = signIn()
		_, err = a.Session(ctx, cookie, start.Add(30*time.Minute))
		want(t, "after half an hour idle", err, fault.Denied)
		_, err = a.Session(ctx, cookie+"x", start)
		want(t, "a forged cookie", err, fault.Denied)
		if err := a.SignOut(ctx, cookie); err != nil {
			t.Fatal(err)
		}
		_, err = a.Session(ctx, cookie, start)
		want(t, "after signing out", err, fault.Denied)

		cookie, other := signIn(), signIn()
		me, err := a.Session(ctx, cookie, start)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "a wrong old password", a.SetPassword(ctx, me, "ann", "wrong", good+"!", cookie, start), fault.Denied)
		want(t, "somebody else's password", a.SetPassword(ctx, me, "root", good, good+"!", cookie, start), fault.Denied)
		if err := a.SetPassword(ctx, me, "ann", good, good+"!", cookie, start); err != nil {
			t.Fatal(err)
		}
		if _, err = a.Session(ctx, cookie, start); err != nil {
			t.Error("the session that changed the password ended:", err)
		}
		_, err = a.Session(ctx, other, start)
		want(t, "another session after a new password", err, fault.Denied)
		_, _, err = a.SignIn(ctx, "ann", good, "10.0.0.1", "", start)
		want(t, "the old password", err, fault.Denied)

		want(t, "ending somebody else's sessions", func() error { _, err := a.EndSessions(ctx, me, "other", start); return err }(), fault.Denied)
		if n, err := a.EndSessions(ctx, Command("root"), ann.ID, start); n != 1 || err != nil {
			t.Error(n, err)
		}
		_, err = a.Session(ctx, cookie, start)
		want(t, "a session that was ended", err, fault.Denied)

		ann.Disabled = true
		if err := a.Change(ctx, Command("root"), ann, start); err != nil {
			t.Fatal(err)
		}
		_, err = a.Session(ctx, cookie, start)
		want(t, "a disabled person's session", err, fault.Denied)
		_, _, err = a.SignIn(ctx, "ann", good+"!", "10.0.0.1", "", start)
		want(t, "a disabled person", err, fault.Denied)
		log(t, db)
	})
}

func TestThrottle(t *testing.T) {
	run(t, func(t *testing.T, db *sqldb.DB, a *Accounts) {
		a.decoy = hashPassword("nobody has this")
		add(t, a, "ann", Administrator)
		now := start
		try := func(login, password, address string) error {
			_, _, err := a.SignIn(ctx, login, password, address, "", now)
			return err
		}
		for range freeTriesLogin {
			want(t, "a wrong password", try("ann", "wrong", "10.0.0.1"), fault.Denied)
		}
		var th Throttled
		if err := try("ann", good, "10.0.0.2"); !errors.As(err, &th) || th.Wait != firstPause {
			t.Errorf("the right password from elsewhere, too soon: %v", err)
		}
		now = now.Add(firstPause)
		want(t, "one more", try("ann", "wrong", "10.0.0.1"), fault.Denied)
		if err := try("ann", good, "10.0.0.1"); !errors.As(err, &th) || th.Wait != 2*firstPause {
			t.Errorf("the pause did not double: %v", err)
		}
		now = now.Add(2 * firstPause)
		if err := try("ann", good, "10.0.0.1"); err != nil {
			t.Error(err)
		}
		want(t, "after success the count is new", try("ann", "wrong", "10.0.0.1"), fault.Denied)
		// One address trying many logins is slowed too.
		var err error
		for i := range freeTriesAddress + 1 {
			err = try("login"+string(rune('a'+i)), "wrong", "10.6.6.6")
		}
		want(t, "many logins from one address", err, fault.Busy)
		if p := pause(1000, 5); p != longestPause {
			t.Errorf("the longest pause is %s", p)
		}
		want(t, "bytes that are not text", try("a\x00\xff", "x", "10.9.9.9"), fault.Denied)
		for _, v := range log(t, db) {
			if v != "person.add" && v != "person.signin" && v != "person.signin.refused" {
				t.Errorf("log has %s", v)
			}
		}
	})
}

func TestLastAdministratorStays(t *testing.T) {
	run(t, func(t *testing.T, db *sqldb.DB, a *Accounts) {
		ann := add(t, a, "ann", Administrator, Biomed)
		ann.Roles = []Role{Viewer}
		want(t, "demoted", a.Change(ctx, Command("root"), ann, start), fault.Conflict)
		ann.Roles, ann.Disabled = []Role{Administrator}, true
		want(t, "disabled", a.Change(ctx, Command("root"), ann, start), fault.Conflict)
		add(t, a, "bob", Administrator)
		if err := a.Change(ctx, Command("root"), ann, start); err != nil {
			t.Error(err)
		}
		_, err := a.Add(ctx, Command("root"), Person{Login: "BOB", Roles: []Role{Viewer}}, good, start)
		want(t, "a login twice", err, fault.Conflict)
		bob, _, err := a.SignIn(ctx, "bob", good, "", "", start)
		if err != nil {
			t.Fatal(err)
		}
		who, err := a.Session(ctx, bob, start)
		if err != nil {
			t.Fatal(err)
		}
		who.Roles = []Role{Security}
		_, err = a.Add(ctx, who, Person{Login: "cat", Roles: []Role{Viewer}}, good, start)
		want(t, "without account.manage", err, fault.Denied)
		for _, p := range []Person{{Login: "x y", Roles: []Role{Viewer}}, {Login: "cat"}, {Login: "cat", Roles: []Role{"king"}}, {Login: "cat", Email: "@", Roles: []Role{Viewer}}} {
			_, err := a.Add(ctx, Command("root"), p, good, start)
			want(t, p.Login, err, fault.Invalid)
		}
		if err := db.View(ctx, func(tx *sqldb.Tx) error {
			all, err := People(tx)
			if err == nil && (len(all) != 2 || all[0].Login != "ann" || !all[0].Disabled || !all[1].SignedIn.Equal(start)) {
				t.Errorf("people %+v", all)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTokens(t *testing.T) {
	run(t, func(t *testing.T, db *sqldb.DB, a *Accounts) {
		add(t, a, "root", Administrator)
		p := add(t, a, "ann", Biomed)
		p.Scope.Sites = []string{" North  Campus ", "North Campus"}
		if err := a.Change(ctx, Command("root"), p, start); err != nil {
			t.Fatal(err)
		}
		_, ann, err := a.SignIn(ctx, "ann", good, "", "", start)
		if err != nil {
			t.Fatal(err)
		}
		day := start.Add(24 * time.Hour)
		text, tok, err := a.AddToken(ctx, ann, "ci", []Verb{InventoryRead, ImportRun}, day, start)
		if err != nil || !strings.HasPrefix(text, "pons_") {
			t.Fatal(text, err)
		}
		_, _, err = a.AddToken(ctx, ann, "ci", []Verb{InventoryRead}, day, start)
		want(t, "a name twice", err, fault.Conflict)
		_, _, err = a.AddToken(ctx, ann, "x", []Verb{AccountManage}, day, start)
		want(t, "more than the roles", err, fault.Denied)
		_, _, err = a.AddToken(ctx, ann, "x", []Verb{InventoryRead}, start.Add(400*24*time.Hour), start)
		want(t, "for ever", err, fault.Invalid)
		who, err := a.ByTokenText(ctx, text, start)
		if err != nil || who.String() != "token:ann/ci" || !who.Can(ImportRun) || who.Can(InventoryWrite) || !May(who, InventoryRead, "north campus", "") || May(who, InventoryRead, "", "") {
			t.Errorf("%+v, %v", who, err)
		}
		_, _, err = a.AddToken(ctx, who, "child", []Verb{InventoryRead}, day, start)
		want(t, "a token that makes a token", err, fault.Denied)
		_, err = a.ByTokenText(ctx, text, day)
		want(t, "expired", err, fault.Denied)
		_, err = a.ByTokenText(ctx, text+"x", start)
		want(t, "forged", err, fault.Denied)
		if err := db.View(ctx, func(tx *sqldb.Tx) error {
			list, err := Tokens(tx, p.ID)
			if len(list) != 1 || list[0].Name != "ci" || len(list[0].Verbs) != 2 {
				t.Errorf("%+v", list)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		// What the person loses, the token loses.
		p.Roles = []Role{Viewer}
		if err := a.Change(ctx, Command("root"), p, start); err != nil {
			t.Fatal(err)
		}
		if who, err = a.ByTokenText(ctx, text, start); err != nil || who.Can(ImportRun) || !who.Can(InventoryRead) {
			t.Errorf("%+v, %v", who, err)
		}
		_, bob, err := a.SignIn(ctx, "root", good, "", "", start)
		if err != nil {
			t.Fatal(err)
		}
		viewer := bob
		viewer.ID, viewer.Roles = "other", []Role{Viewer}
		want(t, "somebody else's token", a.RevokeToken(ctx, viewer, tok.ID, start), fault.Denied)
		if err := a.RevokeToken(ctx, bob, tok.ID, start); err != nil {
			t.Fatal(err)
		}
		_, err = a.ByTokenText(ctx, text, start)
		want(t, "revoked", err, fault.Denied)
		log(t, db)
	})
}

func TestRolesAndScopes(t *testing.T) {
	may := func(r Role, v Verb) bool { return Actor{Roles: []Role{r}}.Can(v) }
	for _, v := range Verbs() {
		if !may(Administrator, v) {
			t.Errorf("the administrator lacks %s", v)
		}
	}
	for _, c := range []struct {
		r    Role
		v    Verb
		want bool
	}{
		{Biomed, ImportRun, true}, {IT, QueueResolve, true}, {Biomed, AccountManage, false}, {Biomed, AuditRead, false},
		{Security, AuditRead, true}, {Security, FeedRun, true}, {Security, InventoryWrite, false},
		{Clinical, InventoryWrite, true}, {Clinical, InventoryMerge, false}, {Viewer, InventoryRead, true}, {Viewer, InventoryWrite, false},
		{"king", InventoryRead, false},
	} {
		if may(c.r, c.v) != c.want {
			t.Errorf("%s %s: %v", c.r, c.v, !c.want)
		}
	}
	if (Actor{}).Can(InventoryRead) || May(Actor{}, InventoryRead, "", "") || (Actor{}).String() != "nobody" {
		t.Error("nobody may do something")
	}
	a := Actor{Roles: []Role{Viewer}, Scope: Scope{Sites: []string{"North"}, Departments: []string{"ICU", "ED"}}}
	for _, c := range []struct {
		site, department string
		want             bool
	}{{"north ", "icu", true}, {"North", "OR", false}, {"South", "ICU", false}, {"", "ICU", false}, {"North", "", false}} {
		if May(a, InventoryRead, c.site, c.department) != c.want {
			t.Errorf("%q %q: %v", c.site, c.department, !c.want)
		}
	}
	if a.Scope.All() || !(Scope{}).All() || !May(Command("root"), AccountManage, "anywhere", "") {
		t.Error("scopes")
	}
}

func TestPasswords(t *testing.T) {
	for p, ok := range map[string]bool{"elevenchars": false, "twelve chars": true, "aaaaaaaaaaaaaaaa": false, "ann.smith-2026": false, "smørrebrødet!": true, strings.Repeat("ab cd", 60): false} {
		if err := CheckPassword(p, "ann.smith@x"); (err == nil) != ok {
			t.Errorf("%q: %v", p, err)
		}
	}
	h := hashPassword(good)
	if !strings.HasPrefix(h, "$argon2id$v=19$m=19456,t=2,p=1$") || !checkHash(h, good) || checkHash(h, good+" ") || h == hashPassword(good) {
		t.Error("hash", h)
	}
	for _, bad := range []string{"", "$", "plain", "$argon2id$v=19$m=1,t=0,p=0$AA$AA", "$argon2id$v=19$m=99999999,t=2,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAA"} {
		if checkHash(bad, "") {
			t.Errorf("%q matches", bad)
		}
	}
}
