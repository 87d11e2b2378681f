package web

import (
	"net/http"
	"slices"
	"strings"

	"pons/account"
	"pons/sqldb"
)

// personForm is the form of one person, new or known.
type personForm struct {
	Person  account.Person
	New     bool
	Self    bool
	Problem string
	Trouble string // of the password
}

func (s *Server) people(v *Visit) error {
	var people []account.Person
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		people, err = account.People(tx)
		return err
	})
	if err != nil {
		return err
	}
	return v.Render(Page{Title: "People and roles", About: "Who may sign in, what they may do, and on which sites' devices.", Actions: peopleActions()}, peopleList(people))
}

func (s *Server) newPerson(v *Visit) error {
	return s.showPerson(v, personForm{New: true, Person: account.Person{Roles: []account.Role{account.Viewer}}}, 0)
}

func (s *Server) showPerson(v *Visit, f personForm, status int) error {
	title, about := f.Person.Name, "What "+f.Person.Login+" may do, and where."
	if f.New {
		title, about = "Add a person", "They sign in with the name and the password that you give them, and change the password themselves."
	}
	f.Self = f.Person.ID == v.Actor.ID && !f.New
	return v.Render(Page{Title: title, About: about, Status: status, Crumbs: []Link{{"People and roles", "/admin/people"}}}, f.View())
}

// personOf reads the form into p.
func personOf(v *Visit, p account.Person) account.Person {
	p.Name, p.Email = v.Form("name"), v.Form("email")
	p.Roles = nil
	for _, role := range v.FormAll("role") {
		p.Roles = append(p.Roles, account.Role(role))
	}
	split := func(name string) []string {
		return strings.FieldsFunc(v.Form(name), func(r rune) bool { return r == '\n' || r == '\r' })
	}
	p.Scope = account.Scope{Sites: split("sites"), Departments: split("departments")}
	return p
}

func (s *Server) addPerson(v *Visit) error {
	p := personOf(v, account.Person{Login: v.Form("login")})
	added, err := s.accounts.Add(v.Context(), v.Actor, p, v.R.PostFormValue("password"), v.Now)
	if status := formStatus(err); status != 0 {
		return s.showPerson(v, personForm{New: true, Person: p, Problem: sentence(err)}, status)
	}
	if err != nil {
		return err
	}
	return v.Redirect("/admin/people", &Flash{Status: Good, Text: added.Name + " may sign in as " + added.Login + "."})
}

func (s *Server) byLogin(v *Visit) (p account.Person, err error) {
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		p, err = account.ByLogin(tx, v.R.PathValue("login"))
		return err
	})
	return p, err
}

func (s *Server) person(v *Visit) error {
	p, err := s.byLogin(v)
	if err != nil {
		return err
	}
	return s.showPerson(v, personForm{Person: p}, 0)
}

func (s *Server) changePerson(v *Visit) error {
	old, err := s.byLogin(v)
	if err != nil {
		return err
	}
	p := personOf(v, old)
	err = s.accounts.Change(v.Context(), v.Actor, p, v.Now)
	if status := formStatus(err); status != 0 {
		return s.showPerson(v, personForm{Person: p, Problem: sentence(err)}, status)
	}
	if err != nil {
		return err
	}
	return v.Redirect("/admin/people", &Flash{Status: Good, Text: p.Name + " is changed."})
}

func (s *Server) resetPassword(v *Visit) error {
	p, err := s.byLogin(v)
	if err != nil {
		return err
	}
	if p.ID == v.Actor.ID {
		return v.Redirect("/account", nil) // one's own wants the old one
	}
	err = s.accounts.SetPassword(v.Context(), v.Actor, p.Login, "", v.R.PostFormValue("password"), "", v.Now)
	if status := formStatus(err); status != 0 {
		return s.showPerson(v, personForm{Person: p, Trouble: sentence(err)}, status)
	}
	if err != nil {
		return err
	}
	return v.Redirect("/admin/people/person/"+p.Login, &Flash{Status: Good, Text: p.Name + " has a new password and is signed out everywhere."})
}

// ablePerson shuts a person out, or lets them in again: each is the undo of the other.
func (s *Server) ablePerson(v *Visit) error {
	p, err := s.byLogin(v)
	if err != nil {
		return err
	}
	p.Disabled = v.Form("disabled") == "yes"
	if err := s.accounts.Change(v.Context(), v.Actor, p, v.Now); err != nil {
		return err
	}
	f := &Flash{Status: Good, Text: p.Name + " may sign in again."}
	if p.Disabled {
		f = &Flash{Status: Good, Text: p.Name + " is shut out and signed out everywhere.", Undo: "/admin/people/person/" + p.Login + "/able?disabled=no"}
	}
	return v.Redirect("/admin/people", f)
}

// roleName is a role as people write it.
func roleName(r account.Role) string {
	if r == account.IT {
		return "IT"
	}
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}

// roleText says what a role is for.
func roleText(r account.Role) string {
	switch r {
	case account.Administrator:
		return "People, settings, the server, and everything else"
	case account.Biomed:
		return "Imports, corrects and reconciles records; sets sources and classes"
	case account.IT:
		return "The same, for IT's sources"
	case account.Security:
		return "Reads everything, the audit log too; runs feeds"
	case account.Clinical:
		return "Looks up devices of a ward, corrects owner and place"
	case account.Viewer:
		return "Reads and exports"
	}
	return ""
}

func scopeWords(sc account.Scope) string {
	if sc.All() {
		return "everything"
	}
	return strings.Join(slices.Concat(sc.Sites, sc.Departments), ", ")
}

// findPeople finds people by name or login, for those who may manage them.
func (s *Server) findPeople(v *Visit, q string, limit int) ([]Hit, error) {
	if !v.May(account.AccountManage) {
		return nil, nil
	}
	var hits []Hit
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		people, err := account.People(tx)
		for _, p := range people {
			if len(hits) < limit && strings.Contains(strings.ToLower(p.Name+" "+p.Login), strings.ToLower(q)) {
				hits = append(hits, Hit{Icon: IconUser, Text: p.Name, Detail: p.Login, Href: "/admin/people/person/" + p.Login, Exact: strings.EqualFold(p.Login, q)})
			}
		}
		return err
	})
	return hits, err
}

// alive tells a proxy or a monitor that the server answers, and whether its database does.
func (s *Server) alive(v *Visit) error {
	v.W.Header().Set("Cache-Control", "no-store")
	if err := s.DB.View(v.Context(), func(*sqldb.Tx) error { return nil }); err != nil {
		http.Error(v.W, "database unreachable", http.StatusServiceUnavailable)
		return nil
	}
	_, err := v.W.Write([]byte("ok\n"))
	return err
}
