package web

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"pons/account"
	"pons/fault"
	"pons/query"
	"pons/sqldb"
)

// What a route asks for when it is not a verb of account's.
const (
	Public   account.Verb = "public"    // everyone, signed in or not
	SignedIn account.Verb = "signed-in" // everyone who is signed in
)

const (
	sessionCookie = "pons_session"
	scopeCookie   = "pons_scope"
)

// visit makes the Visit of a request; who it is, enter finds out.
func (s *Server) visit(w http.ResponseWriter, r *http.Request, route Route) *Visit {
	v := &Visit{W: w, R: r, Now: s.Now(), Theme: "auto", server: s, route: route}
	if c, err := r.Cookie(themeCookie); err == nil && (c.Value == "light" || c.Value == "dark") {
		v.Theme = c.Value
	}
	return v
}

// enter finds out who this is, lets them in or sends them to the door, and runs the route.
func (s *Server) enter(v *Visit) error {
	if v.route.Verb == Public && strings.HasPrefix(v.route.Pattern, "GET /healthz") {
		return v.route.Do(v)
	}
	if err := s.identify(v); err != nil {
		return err
	}
	v.takeFlash()
	if !s.ready.Load() {
		needed, err := s.accounts.NeedsSetup(v.Context())
		if err != nil {
			return err
		}
		s.ready.Store(!needed)
		if needed && v.R.URL.Path != firstStart && v.R.URL.Path != "/theme" {
			return v.Redirect(firstStart, nil)
		}
	}
	switch {
	case v.route.Verb == Public:
	case v.Actor.Kind == "":
		return v.toDoor()
	case !v.May(v.route.Verb):
		return fmt.Errorf("this needs the permission %q, which your role (%s) does not have; an administrator can change that: %w", v.route.Verb, v.RoleNames(), fault.Denied)
	}
	// Read the form here, since Request.FormValue would hide that it is too large or broken. Uploads are multipart and
	// are read by their handlers, piece by piece.
	if err := v.R.ParseForm(); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return err
		}
		return fmt.Errorf("the form: %w: %w", err, fault.Invalid)
	}
	return v.route.Do(v)
}

// toDoor sends somebody who is not signed in to the sign-in page, and back afterwards.
func (v *Visit) toDoor() error {
	next := ""
	if v.R.Method == http.MethodGet && v.R.URL.Path != "/" {
		next = "?next=" + url.QueryEscape(v.R.URL.RequestURI())
	}
	if v.Part() {
		v.W.Header().Set("HX-Redirect", "/sign-in")
		v.W.WriteHeader(http.StatusUnauthorized)
		return nil
	}
	return v.Redirect("/sign-in"+next, nil)
}

func (s *Server) sessionName() string {
	if s.Secure {
		return "__Host-" + sessionCookie // browsers then refuse it over plain HTTP and from other hosts
	}
	return sessionCookie
}

// identify finds the actor of the session cookie. A session that has ended is no error: the person is at the door.
func (s *Server) identify(v *Visit) error {
	c, err := v.R.Cookie(s.sessionName())
	if err != nil || c.Value == "" {
		return nil
	}
	who, err := s.accounts.Session(v.Context(), c.Value, v.Now)
	if isDenied(err) {
		v.cookie(s.sessionName(), "", 0)
		return nil
	}
	if err != nil {
		return err
	}
	v.Actor, v.session = who, c.Value
	v.narrow()
	return nil
}

// SignedIn says that the person is known.
func (v *Visit) SignedIn() bool { return v.Actor.Kind != "" }

// May says whether the person may do this at all, on whichever rows.
func (v *Visit) May(verb account.Verb) bool {
	switch verb {
	case Public:
		return true
	case SignedIn:
		return v.SignedIn()
	}
	return v.Actor.Can(verb)
}

// Name of the person.
func (v *Visit) Name() string { return v.Actor.Name }

// RoleNames are the person's roles, in words.
func (v *Visit) RoleNames() string {
	names := make([]string, len(v.Actor.Roles))
	for i, r := range v.Actor.Roles {
		names[i] = roleName(r)
	}
	return strings.Join(names, ", ")
}

// address is where the request comes from, for throttling.
func (v *Visit) address() string {
	host, _, err := net.SplitHostPort(v.R.RemoteAddr)
	if err != nil {
		return v.R.RemoteAddr
	}
	return host
}

// narrow reads the site and the department that the person has chosen to look at. What is outside of their own
// scope narrows nothing.
func (v *Visit) narrow() {
	c, err := v.R.Cookie(scopeCookie)
	if err != nil {
		return
	}
	chosen, err := url.ParseQuery(c.Value)
	if err != nil {
		return
	}
	if site := chosen.Get("site"); site != "" && inside(v.Actor.Scope.Sites, site) {
		v.site = site
	}
	if department := chosen.Get("department"); department != "" && inside(v.Actor.Scope.Departments, department) {
		v.department = department
	}
}

func inside(list []string, name string) bool {
	return len(list) == 0 || slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, name) })
}

// Scope is the rows that the page shows: those of the site and department chosen at the top, and never more than
// the person's own scope.
func (v *Visit) Scope() account.Scope {
	scope := v.Actor.Scope
	if v.site != "" {
		scope.Sites = []string{v.site}
	}
	if v.department != "" {
		scope.Departments = []string{v.department}
	}
	return scope
}

func (v *Visit) scopeText() string {
	place := func(chosen string, own []string, all string) string {
		switch {
		case chosen != "":
			return chosen
		case len(own) == 1:
			return own[0]
		case len(own) > 1:
			return "My " + all
		}
		return "All " + all
	}
	site, department := place(v.site, v.Actor.Scope.Sites, "sites"), place(v.department, v.Actor.Scope.Departments, "departments")
	if strings.HasPrefix(department, "All ") {
		return site
	}
	return site + " · " + department
}

// placesShown is how many sites or departments the scope picker offers: more is a list to search, not to pick from.
const placesShown = 200

// places are the sites and departments that devices are at. They are counted anew when the index has moved on,
// since over a million devices that takes longer than the rest of a page.
func (s *Server) places() map[string][]string {
	if s.Index == nil {
		return nil
	}
	rev := s.Index.Rev()
	if known := s.placesAt.Load(); known != nil && known.rev == rev {
		return known.values
	}
	fresh := &placesAt{rev: rev, values: map[string][]string{}}
	for _, field := range []string{"site", "department"} {
		fresh.values[field] = s.Index.Table().Values(field, "", query.Expr{}, s.Now(), placesShown)
	}
	s.placesAt.Store(fresh)
	return fresh.values
}

// places are those that this person may see devices of. Whose own scope is a part counts within it: the names of the
// others' departments are not theirs to know.
func (v *Visit) places(field string) []string {
	if v.Actor.Scope.All() || v.server.Index == nil {
		return v.server.places()[field]
	}
	list, table := v.server.Index.View()
	scope, err := list.Within(v.Actor.Scope.Sites, v.Actor.Scope.Departments)
	if err != nil {
		v.server.Log.Error("places failed", "error", err) // the page is worth having without them
		return nil
	}
	return table.Values(field, "", scope, v.Now, placesShown)
}

type placesAt struct {
	rev    sqldb.Rev
	values map[string][]string
}

// scopeChoices are the sites and departments to choose from: the person's own, or all that devices are at.
func (v *Visit) scopeChoices() []Choice {
	choice := func(name, label, plural, chosen string, own []string) Choice {
		c := Choice{Name: name, Label: label, Value: chosen, Options: []Option{{"", "All " + plural}}}
		if len(own) > 0 {
			c.Options[0].Label = "All of mine"
		} else {
			own = v.places(name)
		}
		own = slices.Clone(own)
		if chosen != "" && !slices.Contains(own, chosen) {
			own = append(own, chosen)
		}
		slices.SortFunc(own, func(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) })
		for _, one := range own {
			c.Options = append(c.Options, Option{one, one})
		}
		return c
	}
	return []Choice{
		choice("site", "Site", "sites", v.site, v.Actor.Scope.Sites),
		choice("department", "Department", "departments", v.department, v.Actor.Scope.Departments),
	}
}

// setScope keeps the chosen scope in the browser.
func (s *Server) setScope(v *Visit) error {
	chosen := url.Values{}
	for _, name := range []string{"site", "department"} {
		if value := v.Form(name); value != "" && len(value) < 200 {
			chosen.Set(name, value)
		}
	}
	v.cookie(scopeCookie, chosen.Encode(), themeAge)
	return v.Redirect(v.Form("next"), nil)
}

// setTheme keeps the chosen theme in the browser.
func (s *Server) setTheme(v *Visit) error {
	theme := v.Form("theme")
	if !slices.Contains([]string{"auto", "light", "dark"}, theme) {
		return fmt.Errorf("theme %q is none of auto, light, dark: %w", theme, fault.Invalid)
	}
	v.cookie(themeCookie, theme, themeAge)
	return v.Redirect(v.Form("next"), nil)
}
