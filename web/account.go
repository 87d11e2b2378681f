package web

import (
	"fmt"
	"slices"
	"time"

	"pons/account"
	"pons/fault"
	"pons/sqldb"
)

// accountPage is one's own password and API tokens.
type accountPage struct {
	Tokens    []account.Token
	Verbs     []account.Verb // that a token may be given
	NewToken  string         // shown once
	TokenName string
	Problem   string // of the password
	Trouble   string // of the token
}

func (s *Server) ownAccount(v *Visit) error { return s.showAccount(v, accountPage{}, 0) }

func (s *Server) showAccount(v *Visit, p accountPage, status int) error {
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		p.Tokens, err = account.Tokens(tx, v.Actor.ID)
		return err
	})
	if err != nil {
		return err
	}
	if v.May(account.TokenOwn) {
		for _, verb := range account.Verbs() {
			// A token is for programs that read and write records; people and the server are left to people.
			if v.May(verb) && !slices.Contains([]account.Verb{account.AccountManage, account.TokenOwn, account.SystemOperate}, verb) {
				p.Verbs = append(p.Verbs, verb)
			}
		}
	}
	return v.Render(Page{Title: "Password and tokens", About: "How you and your programs get into Pons.", Status: status}, p.View(v))
}

func (s *Server) changePassword(v *Visit) error {
	fresh := v.R.PostFormValue("password")
	err := s.accounts.SetPassword(v.Context(), v.Actor, v.Actor.Login, v.R.PostFormValue("old"), fresh, v.session, v.Now)
	if status := formStatus(err); status != 0 {
		return s.showAccount(v, accountPage{Problem: sentence(err)}, status)
	}
	if err != nil {
		return err
	}
	return v.Redirect("/account", &Flash{Status: Good, Text: "Your password is changed. Other browsers are signed out."})
}

func (s *Server) addToken(v *Visit) error {
	var verbs []account.Verb
	for _, text := range v.FormAll("verb") {
		verbs = append(verbs, account.Verb(text))
	}
	days := map[string]int{"30": 30, "90": 90, "365": 365}[v.Form("days")]
	if days == 0 {
		return fmt.Errorf("a token lives 30, 90 or 365 days: %w", fault.Invalid)
	}
	text, token, err := s.accounts.AddToken(v.Context(), v.Actor, v.Form("name"), verbs, v.Now.AddDate(0, 0, days), v.Now)
	if status := formStatus(err); status != 0 {
		return s.showAccount(v, accountPage{Trouble: sentence(err), TokenName: v.Form("name")}, status)
	}
	if err != nil {
		return err
	}
	return s.showAccount(v, accountPage{NewToken: text, TokenName: token.Name}, 0)
}

func (s *Server) revokeToken(v *Visit) error {
	if err := s.accounts.RevokeToken(v.Context(), v.Actor, v.R.PathValue("id"), v.Now); err != nil {
		return err
	}
	return v.Redirect("/account", &Flash{Status: Good, Text: "The token is revoked."})
}

// verbLabel says in words what a verb allows.
func verbLabel(verb account.Verb) string {
	switch verb {
	case account.InventoryRead:
		return "read devices"
	case account.InventoryWrite:
		return "correct devices: values, owner, place"
	case account.InventoryMerge:
		return "merge and split devices"
	case account.InventoryExport:
		return "export devices"
	case account.QueueResolve:
		return "resolve queues"
	case account.ImportRead:
		return "read imports"
	case account.ImportRun:
		return "import files"
	case account.ImportUndo:
		return "undo imports"
	case account.SettingRead:
		return "read settings"
	case account.SettingWrite:
		return "change settings: sources, aliases, classes"
	case account.FeedRead:
		return "read feeds"
	case account.FeedRun:
		return "run feeds"
	case account.AuditRead:
		return "read the audit log"
	case account.AccountManage:
		return "manage people and roles"
	case account.TokenOwn:
		return "make API tokens"
	case account.SystemOperate:
		return "operate the server"
	}
	return string(verb)
}

// tokenState is how a token stands.
func tokenState(t account.Token, now time.Time) (Status, string) {
	switch {
	case !now.Before(t.Expires):
		return Bad, "expired"
	case t.Expires.Sub(now) < 14*24*time.Hour: // two weeks: time enough to replace it during working hours
		return Warn, "expires soon"
	}
	return Good, "valid"
}
