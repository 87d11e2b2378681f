package web

import (
	"fmt"
	"hash/crc32"
	"net/url"
	"slices"
	"strings"

	"pons/account"
	"pons/fault"
	"pons/ledger"
	"pons/program"
)

// themesPage is what the interviews come to.
type themesPage struct {
	Themes  []themeLine
	Loose   []program.Voice
	Held    int
	Heavy   int // the heaviest weight
	Tag     program.Tag
	Role    string
	Tags    []Tab
	Roles   []Option
	May     bool
	Rename  string // the theme whose form is open
	Problem string
}

// themeLine is one theme with what was made of it.
type themeLine struct {
	program.Theme
	Objectives []Link
}

const themesPath = "/program/themes"

// themeHref leads to one theme in the list.
func themeHref(key string) string { return themesPath + "#" + themeAnchor(key) }

// themeAnchor makes an id of a theme's key; its sum keeps apart what only differs in other letters.
func themeAnchor(key string) string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, key)
	return fmt.Sprintf("theme-%s-%08x", plain, crc32.ChecksumIEEE([]byte(key)))
}

func (s *Server) themes(v *Visit) error { return s.showThemes(v, "", 0) }

func (s *Server) showThemes(v *Visit, problem string, status int) error {
	all, err := s.program.Interviews().List(v.Context())
	if err != nil {
		return err
	}
	objectives, err := s.program.Objectives().List(v.Context())
	if err != nil {
		return err
	}
	p := themesPage{Tag: program.Tag(v.Form("tag")), Role: v.Form("role"), May: v.May(account.ProgramWrite), Rename: v.Form("rename"), Problem: problem}
	page := Page{Title: "Themes", About: "What many said, heaviest first: weight is severity × how often, summed over answers.", Status: status, Actions: p.Actions()}
	chosen, counts := p.choose(all)
	for _, e := range all {
		if e.Body.Held {
			p.Held++
		}
		if e.At.After(page.Fresh) {
			page.Fresh = e.At
		}
	}
	p.tabs(counts)
	themes, loose := program.Themes(chosen)
	p.Loose = loose
	for _, t := range themes {
		line := themeLine{Theme: t}
		for _, o := range objectives {
			if slices.Contains(o.Body.Themes, t.Key) && o.Body.State != program.ObjectiveDropped {
				line.Objectives = append(line.Objectives, Link{o.Body.Title, objectiveHref(o.ID)})
			}
		}
		p.Heavy = max(p.Heavy, t.Weight)
		p.Themes = append(p.Themes, line)
	}
	return v.Render(page, p.View())
}

// choose narrows the answers to a tag and a role, and counts the tags.
func (p *themesPage) choose(all []ledger.Entry[program.Interview]) ([]ledger.Entry[program.Interview], map[program.Tag]int) {
	counts := map[program.Tag]int{}
	seen := map[string]bool{}
	var out []ledger.Entry[program.Interview]
	for _, e := range all {
		if !seen[e.Body.Role] && len(e.Body.Answers) > 0 {
			seen[e.Body.Role] = true
		}
		if p.Role != "" && e.Body.Role != p.Role {
			continue
		}
		kept := e
		kept.Body.Answers = nil
		for _, a := range e.Body.Answers {
			counts[a.Tag]++
			counts[""]++
			if p.Tag == "" || a.Tag == p.Tag {
				kept.Body.Answers = append(kept.Body.Answers, a)
			}
		}
		out = append(out, kept)
	}
	p.Roles = []Option{{"", "every role"}}
	for _, g := range program.DefaultGuides() {
		if seen[g.Role] {
			p.Roles = append(p.Roles, Option{g.Role, g.Title})
		}
	}
	return out, counts
}

func (p *themesPage) tabs(counts map[program.Tag]int) {
	for _, tag := range append([]program.Tag{""}, program.Tags()...) {
		label := string(tag)
		if tag == "" {
			label = "everything"
		}
		q := url.Values{}
		if tag != "" {
			q.Set("tag", string(tag))
		}
		if p.Role != "" {
			q.Set("role", p.Role)
		}
		href := themesPath
		if len(q) > 0 {
			href += "?" + q.Encode()
		}
		p.Tags = append(p.Tags, Tab{Label: label, Href: href, Count: counts[tag], On: tag == p.Tag})
	}
}

// renameTheme gives all answers of a theme another name; a name that another theme has joins the two.
func (s *Server) renameTheme(v *Visit) error {
	from, to := program.ThemeKey(v.Form("theme")), v.Form("name")
	changed, err := s.program.RenameTheme(v.Context(), from, to, v.Actor.String())
	if status := formStatus(err); status != 0 {
		return s.showThemes(v, sentence(err), status)
	}
	if err != nil {
		return err
	}
	if changed == 0 {
		return fmt.Errorf("no answer speaks of %q: %w", from, fault.NotFound)
	}
	return v.Redirect(themeHref(program.ThemeKey(to)), &Flash{Status: Good, Text: fmt.Sprintf("%s %s of “%s” now.", Count(changed), plural(changed, "answer speaks", "answers speak"), to)})
}

// partOf is a theme's weight as a share of the heaviest.
func (p themesPage) partOf(t themeLine) float64 {
	if p.Heavy == 0 {
		return 0
	}
	return float64(t.Weight) / float64(p.Heavy)
}

func newObjectiveHref(theme string) string {
	return objectivesPath + "/new?theme=" + url.QueryEscape(theme)
}
