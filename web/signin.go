package web

import (
	"errors"
	"fmt"
	"net/http"

	"pons/account"
	"pons/fault"
)

// firstStart is where the first administrator is created.
const firstStart = "/first-start"

func (s *Server) signInForm(v *Visit) error {
	if v.SignedIn() {
		return v.Redirect(v.Form("next"), nil)
	}
	return v.Render(Page{Title: "Sign in"}, signInPage{Next: v.Form("next"), DemoHint: s.Demo}.View())
}

func (s *Server) signIn(v *Visit) error {
	login := v.Form("login")
	cookie, _, err := s.accounts.SignIn(v.Context(), login, v.R.PostFormValue("password"), v.address(), v.R.UserAgent(), v.Now)
	var throttled account.Throttled
	switch {
	case errors.As(err, &throttled):
		v.W.Header().Set("Retry-After", fmt.Sprint(int(throttled.Wait.Seconds())+1))
		return v.Render(Page{Title: "Sign in", Status: http.StatusTooManyRequests}, signInPage{Login: login, Next: v.Form("next"), Problem: sentence(err)}.View())
	case isDenied(err):
		return v.Render(Page{Title: "Sign in", Status: http.StatusUnauthorized}, signInPage{Login: login, Next: v.Form("next"), Problem: "The name or the password is wrong.", DemoHint: s.Demo}.View())
	case err != nil:
		return err
	}
	s.startSession(v, cookie)
	return v.Redirect(v.Form("next"), nil)
}

// startSession gives the browser its cookie, which ends with the browser or with the session, whichever is first.
func (s *Server) startSession(v *Visit, cookie string) {
	http.SetCookie(v.W, &http.Cookie{Name: s.sessionName(), Value: cookie, Path: "/", HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode})
}

func (s *Server) signOut(v *Visit) error {
	if v.session != "" {
		if err := s.accounts.SignOut(v.Context(), v.session); err != nil {
			return err
		}
	}
	v.cookie(s.sessionName(), "", 0)
	v.cookie(scopeCookie, "", 0)
	return v.Redirect("/sign-in", &Flash{Status: Good, Text: "You are signed out."})
}

func (s *Server) firstStartForm(v *Visit) error {
	if s.ready.Load() {
		return v.Redirect("/", nil)
	}
	return v.Render(Page{Title: "First start"}, firstStartView(v, "").View())
}

func firstStartView(v *Visit, problem string) firstStartPage {
	return firstStartPage{Problem: problem, Fields: []Field{
		{Name: "code", Label: "Setup code", Value: v.Form("code"), Required: true, Mono: true, Autocomplete: "one-time-code", Placeholder: "1A2B-3C4D-5E6F-7A8B", Focus: v.Form("code") == ""},
		{Name: "name", Label: "Your name", Value: v.Form("name"), Required: true, Autocomplete: "name"},
		{Name: "login", Label: "Name to sign in with", Value: v.Form("login"), Required: true, Autocomplete: "username"},
		passwordField("password", "Password"),
	}}
}

func passwordField(name, label string) Field {
	return Field{Name: name, Label: label, Kind: "password", Required: true, Autocomplete: "new-password", MinLength: account.MinPassword,
		Hint: fmt.Sprintf("At least %d characters. A sentence that you can remember is good.", account.MinPassword)}
}

func (s *Server) firstStart(v *Visit) error {
	p := account.Person{Login: v.Form("login"), Name: v.Form("name")}
	password := v.R.PostFormValue("password")
	if _, err := s.accounts.Setup(v.Context(), v.Form("code"), p, password, v.address(), v.Now); err != nil {
		if status := formStatus(err); status != 0 && !errors.Is(err, fault.Conflict) {
			return v.Render(Page{Title: "First start", Status: status}, firstStartView(v, sentence(err)).View())
		}
		return err
	}
	s.ready.Store(true)
	cookie, _, err := s.accounts.SignIn(v.Context(), p.Login, password, v.address(), v.R.UserAgent(), v.Now)
	if err != nil {
		return err
	}
	s.startSession(v, cookie)
	return v.Redirect("/", &Flash{Status: Good, Text: "The administrator is created and you are signed in."})
}

// formStatus is the status of a form shown again because of what was entered; 0 when the error is not about that.
func formStatus(err error) int {
	switch {
	case errors.Is(err, fault.Invalid):
		return http.StatusUnprocessableEntity
	case errors.Is(err, fault.Conflict):
		return http.StatusConflict
	case errors.Is(err, fault.Denied):
		return http.StatusForbidden
	case errors.Is(err, fault.Busy):
		return http.StatusTooManyRequests
	}
	return 0
}
