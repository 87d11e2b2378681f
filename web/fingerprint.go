package web

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"pons/account"
	"pons/fault"
	"pons/fingerprint"
	"pons/inventory"
	"pons/sqldb"
)

// fingerprintJob is the one change of rules that is being worked into the devices.
const fingerprintJob = "fingerprints"

const (
	fingerprintHref = "/fingerprints"
	ownRulesHref    = fingerprintHref + "/own"
	rulePacksHref   = fingerprintHref + "/packs"
)

// fingerprintPage is what the pages of fingerprints share.
type fingerprintPage struct {
	Tab  string
	May  bool // write rules
	Busy bool // a change is being worked in
}

func (s *Server) fingerprintPage(v *Visit, tab string) fingerprintPage {
	return fingerprintPage{Tab: tab, May: v.May(account.RuleWrite) && v.Actor.Scope.All(), Busy: s.jobs.busy(fingerprintJob)}
}

func (p fingerprintPage) tabs() []Tab {
	tab := func(label, name string) Tab {
		return Tab{Label: label, Href: strings.TrimSuffix(fingerprintHref+"/"+name, "/"), Count: -1, On: p.Tab == name}
	}
	return []Tab{tab("Rules", ""), tab("Own rules", "own"), tab("Packs", "packs")}
}

func fingerprintCrumbs() []Link { return []Link{{"Fingerprints", fingerprintHref}} }

// mayRules refuses who sees a part of the hospital only: rules name the devices of all of it.
func mayRules(v *Visit) error {
	if !v.Actor.Scope.All() {
		return fmt.Errorf("rules are the whole hospital's; your scope is a part of it: %w", fault.Denied)
	}
	return nil
}

// rulesShown is how many rules one page of the list holds.
const rulesShown = 100

// rulesPage lists the rules in force and how many devices each names.
type rulesPage struct {
	fingerprintPage
	Query, Of      string // words looked for; a pack, "" all
	Lines          []ruleLine
	Pager          Pager
	Packs          []string
	Total, Looked  int
	InForce, Named int // rules; of them, those that name a device
	Problem        string
}

// ruleLine is one rule of the list.
type ruleLine struct {
	*fingerprint.Rule
	Devices int
}

// sayings is what the rule says, in words.
func (l ruleLine) sayings() string {
	var out []string
	for _, s := range l.Says {
		if !strings.Contains(string(s.Attr), ".") || strings.HasPrefix(string(s.Attr), "service.") {
			out = append(out, string(s.Attr)+" "+s.Value)
		}
	}
	return strings.Join(out, " · ")
}

// trust is how far the rule is believed alone, for the attribute it looks at first.
func (l ruleLine) trust() string {
	return strconv.FormatFloat(l.Of(l.When[0][0].Attr).Weight, 'f', 2, 64)
}

func (l ruleLine) kind() string { return l.Of(l.When[0][0].Attr).Name }

// sure is how the rule's author knows, in words.
func (l ruleLine) sure() string {
	return map[fingerprint.Sure]string{fingerprint.Verified: "read in the source", fingerprint.Expert: "known in the field", fingerprint.Proposal: "a proposal"}[l.Sure]
}

func (s *Server) fingerprints(v *Visit) error {
	p := rulesPage{fingerprintPage: s.fingerprintPage(v, ""), Query: v.Form("q"), Of: v.Form("pack")}
	var counts map[string]int
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		if err = s.Inventory.FollowRules(tx); err != nil {
			return err
		}
		counts, p.Total, p.Looked, err = s.Inventory.RuleCounts(tx, v.Scope().Holds)
		return err
	})
	if err != nil {
		return err
	}
	if problem := s.Inventory.RulesProblem(); problem != nil {
		p.Problem = sentence(problem)
	}
	words := strings.Fields(strings.ToLower(p.Query))
	var lines []ruleLine
	for _, r := range s.Inventory.Rules().Rules() {
		p.InForce++
		l := ruleLine{r, counts[r.Name()]}
		if l.Devices > 0 {
			p.Named++
		}
		pack := r.Pack
		if pack == "" {
			pack = "brought"
		}
		if !slices.Contains(p.Packs, pack) {
			p.Packs = append(p.Packs, pack)
		}
		text := strings.ToLower(r.Name() + " " + r.About + " " + l.sayings() + " " + string(r.When[0][0].Attr))
		if p.Of != "" && p.Of != pack || slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			continue
		}
		lines = append(lines, l)
	}
	slices.SortStableFunc(lines, func(a, b ruleLine) int { return b.Devices - a.Devices })
	from, _ := strconv.Atoi(v.Form("from"))
	from = min(max(from, 0), len(lines))
	p.Lines = lines[from:min(from+rulesShown, len(lines))]
	p.Pager = Pager{From: from + 1, To: from + len(p.Lines), Total: len(lines), Noun: "rules"}
	if from > 0 {
		p.Pager.Prev = p.at(max(from-rulesShown, 0))
	}
	if p.Pager.To < len(lines) {
		p.Pager.Next = p.at(from + rulesShown)
	}
	return v.Render(Page{Title: "Fingerprints", About: "The rules by which Pons knows a device on the wire, and how many devices each one names."}, p.View())
}

func (p rulesPage) at(from int) string {
	return withQuery(fingerprintHref, "q", p.Query, "pack", p.Of, "from", strconv.Itoa(from))
}

// fingerprintRuleHref leads to one rule.
func fingerprintRuleHref(name string) string {
	return fingerprintHref + "/rule?name=" + queryEscape(name)
}

// rulePage is one rule, whole.
type rulePage struct {
	Rule ruleLine
	Text string
	May  bool
}

func (s *Server) fingerprint(v *Visit) error {
	if err := s.DB.View(v.Context(), func(tx *sqldb.Tx) error { return s.Inventory.FollowRules(tx) }); err != nil {
		return err
	}
	r := s.Inventory.Rules().Rule(v.Form("name"))
	if r == nil {
		return fmt.Errorf("there is no rule of that name: %w", fault.NotFound)
	}
	p := rulePage{Rule: ruleLine{Rule: r}, Text: fingerprint.Format([]*fingerprint.Rule{r}), May: v.May(account.RuleWrite) && v.Actor.Scope.All()}
	return v.Render(Page{Title: "Rule " + r.Name(), About: r.About, Crumbs: fingerprintCrumbs()}, p.View())
}

// ownRulesPage is the hospital's own rules while they are written.
type ownRulesPage struct {
	fingerprintPage
	Text    string
	Over    int64
	Since   inventory.RulePack
	Wrong   []lineMistake
	Problem string
	Trial   *inventory.RuleTrial
	Added   string // where a rule was begun for the writer, from what
}

func (p ownRulesPage) rows() string {
	return strconv.Itoa(min(max(strings.Count(p.Text, "\n")+3, 16), 40))
}

// ownRules reads the hospital's own rules.
func (s *Server) ownRules(v *Visit) (pack inventory.RulePack, err error) {
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		pack, err = s.Inventory.RulePackNamed(tx, fingerprint.LocalPack)
		if errors.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	if errors.Is(err, fault.NotFound) {
		err = nil
	}
	return pack, err
}

func (s *Server) ownFingerprints(v *Visit) error {
	p := ownRulesPage{fingerprintPage: s.fingerprintPage(v, "own")}
	var err error
	if p.Since, err = s.ownRules(v); err != nil {
		return err
	}
	p.Text, p.Over = p.Since.Text, p.Since.ID
	if conditions := v.R.URL.Query()["when"]; len(conditions) > 0 && p.May {
		p.Added = v.Form("from")
		p.Text = strings.TrimSpace(p.Text+"\n\n"+beginRule(conditions, v.Form("class"), p.Added, p.Text)) + "\n"
	}
	return s.showOwnRules(v, p, 0)
}

// beginRule writes the beginning of a rule from conditions ("oui is Quokka Werke"), for a person to finish.
func beginRule(conditions []string, class, from, text string) string {
	id := ""
	for n := 1; id == "" || strings.Contains(text, "rule "+id+"\n"); n++ {
		id = "own/" + strconv.Itoa(n)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "rule %s\nabout %s\n", id, oneLine("devices that share: "+from))
	var likes []string
	for i, c := range conditions {
		c = oneLine(c)
		word := "and"
		if i == 0 {
			word = "when"
		}
		fmt.Fprintf(&b, "%s %s\n", word, c)
		if parts := strings.SplitN(c, " ", 3); len(parts) == 3 {
			say := "with"
			if i == 0 {
				say = "like"
			}
			likes = append(likes, say+" "+parts[0]+": "+parts[2])
		}
	}
	if class == "" {
		class = "CLASS"
	}
	fmt.Fprintf(&b, "says class = %s\ntrust 0.9\nsource what we know of these devices\n%s\n", oneLine(class), strings.Join(likes, "\n"))
	return b.String()
}

// oneLine joins words with single blanks.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func (s *Server) showOwnRules(v *Visit, p ownRulesPage, status int) error {
	return v.Render(Page{Title: "Own rules", About: "Rules that only your hospital needs. Try them on your own devices before you keep them.", Crumbs: fingerprintCrumbs(), Fresh: p.Since.At, Status: status}, p.View())
}

// setOwnFingerprints tries the text that was sent on the hospital's own devices, or keeps it.
func (s *Server) setOwnFingerprints(v *Visit) error {
	if err := mayRules(v); err != nil {
		return err
	}
	p := ownRulesPage{fingerprintPage: s.fingerprintPage(v, "own"), Text: strings.ReplaceAll(v.R.FormValue("text"), "\r\n", "\n")}
	over, err := strconv.ParseInt(v.Form("over"), 10, 64)
	if err != nil {
		return fmt.Errorf("the version that was edited is missing: %w", fault.Invalid)
	}
	if p.Since, err = s.ownRules(v); err != nil {
		return err
	}
	if p.Over = p.Since.ID; p.Over != over {
		p.Problem = "Somebody else saved other rules since you began. Yours are below, not saved: saving them now replaces the other ones."
		return s.showOwnRules(v, p, http.StatusConflict)
	}
	if v.Form("do") == "save" {
		err = s.saveRules(v, inventory.PackEdit{Name: fingerprint.LocalPack, Text: p.Text, Origin: "written here", Over: over}, ownRulesHref, "The rules are kept.")
	} else {
		var trial inventory.RuleTrial
		err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
			trial, err = s.Inventory.TryRules(tx, fingerprint.LocalPack, p.Text, v.Scope().Holds)
			return err
		})
		if err == nil {
			p.Trial = &trial
			return s.showOwnRules(v, p, 0)
		}
	}
	var wrong fault.Mistakes
	if errors.As(err, &wrong) {
		lines := strings.Split(p.Text, "\n")
		for _, m := range wrong {
			l := lineMistake{Line: m.Line, What: m.Text}
			if m.Line > 0 && m.Line <= len(lines) {
				l.Text = strings.TrimSpace(lines[m.Line-1])
			}
			p.Wrong = append(p.Wrong, l)
		}
		return s.showOwnRules(v, p, http.StatusUnprocessableEntity)
	}
	return err
}

// saveRules works a pack into the devices: at once where that takes a moment, else in the background behind a page that
// tells how far it is. said goes before the number of records in the message.
func (s *Server) saveRules(v *Visit, edit inventory.PackEdit, back, said string) error {
	if edit.State != inventory.PackRemoved {
		if _, err := fingerprint.Check(edit.Name, edit.Text); err != nil {
			return err
		}
	}
	edit.Actor = v.Actor.String()
	j, err := s.reread(v, fingerprintJob, "the rules", "reading %s records anew", func(ctx context.Context, progress func(done, total int)) (string, error) {
		edit.Progress = progress
		changed, err := s.Inventory.SetRulePack(ctx, edit)
		return said + " " + recordsCount(changed) + " " + plural(changed, "reads", "read") + " otherwise.", err
	})
	if err != nil {
		return err
	}
	if j.running() {
		return v.Redirect(fingerprintHref+"/saving", nil)
	}
	return rulesSaved(v, j.view(), back)
}

// rulesSaved says how a change ended.
func rulesSaved(v *Visit, j jobView, back string) error {
	if j.Failed != "" {
		return v.Redirect(back, &Flash{Status: Bad, Text: j.Failed})
	}
	return v.Redirect(back, &Flash{Status: Good, Text: j.Phase})
}

// fingerprintSaving tells how far a change is.
func (s *Server) fingerprintSaving(v *Visit) error {
	j, ok := s.jobs.find(fingerprintJob)
	switch {
	case !ok || j.Done && !v.Part():
		if !ok {
			j.Phase = "No change of the rules is under way."
		}
		return rulesSaved(v, j, fingerprintHref)
	case j.Done:
		v.W.Header().Set("HX-Redirect", fingerprintHref+"/saving")
		return v.Fragment(Note(Good, "Done."))
	case v.Part():
		return v.Fragment(jobProgress(j, fingerprintHref+"/saving", ""))
	}
	return v.Render(Page{Title: "Reading devices anew", About: "You may go elsewhere. It is one change: whole, or not at all.", Crumbs: fingerprintCrumbs(), Refresh: 2}, fingerprintSavingBody(j))
}

// rulePacksPage lists the packs and the keys that are trusted.
type rulePacksPage struct {
	fingerprintPage
	Brought int
	Packs   []inventory.RulePack
	Keys    []inventory.RuleKey
	Problem string
	Signing string // name of the server's own key; empty: there is none
}

// signer says whose key a pack is signed with, and whether that is trusted.
func (p rulePacksPage) signer(pack inventory.RulePack) (string, bool) {
	key, err := fingerprint.ParseKey(pack.Signer)
	if pack.Signer == "" || err != nil {
		return "", false
	}
	for _, k := range p.Keys {
		if k.Key.Equal(key) {
			return k.Name, true
		}
	}
	return fingerprint.KeyName(key), false
}

func (s *Server) rulePacks(v *Visit) error { return s.showRulePacks(v, "", 0) }

func (s *Server) showRulePacks(v *Visit, problem string, status int) error {
	p := rulePacksPage{fingerprintPage: s.fingerprintPage(v, "packs"), Brought: len(fingerprint.Brought()), Problem: problem}
	if s.RuleKey != nil {
		p.Signing = fingerprint.KeyName(s.RuleKey.Public().(ed25519.PublicKey))
	}
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		if p.Packs, err = s.Inventory.RulePacks(tx); err != nil {
			return err
		}
		p.Keys, err = s.Inventory.RuleKeys(tx)
		return err
	})
	if err != nil {
		return err
	}
	return v.Render(Page{Title: "Rule packs", About: "Rules as they travel between hospitals: signed by who made them, taken in whole, switched off and removed whole.", Crumbs: fingerprintCrumbs(), Status: status}, p.View())
}

// packBody is the largest file of rules that is taken in.
const packBody = fingerprint.MaxText + 1<<20

// importRulePack takes in a pack's file, a text of rules or a file of recog's XML.
func (s *Server) importRulePack(v *Visit) error {
	if err := mayRules(v); err != nil {
		return err
	}
	file, head, err := v.R.FormFile("file")
	if err != nil {
		return s.showRulePacks(v, "Choose a file first.", http.StatusUnprocessableEntity)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, fingerprint.MaxText+1))
	if err != nil {
		return err
	}
	edit, err := s.readPack(v, head.Filename, data)
	if err == nil {
		err = s.saveRules(v, edit, rulePacksHref, "Pack "+edit.Name+" is taken in.")
	}
	if errors.Is(err, fault.Invalid) || errors.Is(err, fault.Denied) {
		return s.showRulePacks(v, sentence(err), http.StatusUnprocessableEntity)
	}
	return err
}

// readPack makes of a file what is to be kept.
func (s *Server) readPack(v *Visit, name string, data []byte) (inventory.PackEdit, error) {
	e := inventory.PackEdit{Origin: name, Over: -1}
	switch {
	case fingerprint.IsPack(data):
		var p fingerprint.Pack
		err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
			p, err = s.Inventory.OpenPack(tx, data, v.Form("unsigned") != "")
			return err
		})
		if p.Name == fingerprint.LocalPack && err == nil {
			err = fmt.Errorf("a pack may not be called local: those are your own rules: %w", fault.Invalid)
		}
		e.Name, e.Text, e.Signer = p.Name, p.Text, p.Signer
		return e, err
	case strings.HasPrefix(strings.TrimSpace(string(data[:min(len(data), 256)])), "<"):
		got, err := fingerprint.ReadRecog(name, strings.NewReader(string(data)))
		stem, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(name), "_", "-"), ".")
		e.Name, e.Text = "recog-"+stem, fingerprint.Format(got.Rules)
		return e, err
	}
	return e, fmt.Errorf("%s is neither a rule pack nor a file of recog: own rules are written on their page: %w", name, fault.Invalid)
}

// changeRulePack switches a pack on or off, or takes it away.
func (s *Server) changeRulePack(v *Visit) error {
	if err := mayRules(v); err != nil {
		return err
	}
	name := v.R.PathValue("name")
	var p inventory.RulePack
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		p, err = s.Inventory.RulePackNamed(tx, name)
		return err
	})
	if err != nil {
		return err
	}
	e := inventory.PackEdit{Name: name, Text: p.Text, Origin: p.Origin, Over: p.ID}
	if p.Signer != "" {
		if e.Signer, err = fingerprint.ParseKey(p.Signer); err != nil {
			return err
		}
	}
	said := ""
	switch v.Form("do") {
	case "on":
		e.State, said = inventory.PackOn, "Pack "+name+" speaks again."
	case "off":
		e.State, said = inventory.PackOff, "Pack "+name+" is switched off."
	case "remove":
		e.State, e.Text, said = inventory.PackRemoved, "", "Pack "+name+" is removed."
	default:
		return fmt.Errorf("a pack is switched on, off, or removed: %w", fault.Invalid)
	}
	return s.saveRules(v, e, rulePacksHref, said)
}

// exportRulePack hands a pack out as a file, signed where the server has a key.
func (s *Server) exportRulePack(v *Visit) error {
	name := v.R.PathValue("name")
	var p inventory.RulePack
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		p, err = s.Inventory.RulePackNamed(tx, name)
		return err
	})
	if err != nil {
		return err
	}
	as := name
	if as == fingerprint.LocalPack {
		as = strings.Trim(strings.Map(func(r rune) rune {
			switch {
			case r >= 'A' && r <= 'Z':
				return r + 32
			case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
				return r
			}
			return '-'
		}, s.Name), "-")
		if !fingerprint.PackName(as) || as == fingerprint.LocalPack {
			as = "our-rules"
		}
	}
	v.W.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.W.Header().Set("Content-Disposition", `attachment; filename="`+as+`.pack"`)
	_, err = v.W.Write(fingerprint.Pack{Name: as, Text: p.Text}.Seal(s.RuleKey))
	return err
}

// trustRuleKey believes a key, or no longer does.
func (s *Server) trustRuleKey(v *Visit) error {
	if err := mayRules(v); err != nil {
		return err
	}
	key, err := fingerprint.ParseKey(v.Form("key"))
	if err != nil {
		return s.showRulePacks(v, "That is no public key: it is one line that ends in “=”, as pons fingerprint keygen writes it into the file that ends in .pub.", http.StatusUnprocessableEntity)
	}
	name, said := v.Form("name"), "Packs of "+v.Form("name")+" are trusted."
	if v.Form("do") == "revoke" {
		name, said = "", "The key is not trusted any more. Packs that were taken in before stay."
	} else if name == "" {
		return s.showRulePacks(v, "Say whose key it is.", http.StatusUnprocessableEntity)
	}
	if err := s.Inventory.TrustRuleKey(v.Context(), key, name, v.Actor.String()); err != nil {
		return err
	}
	return v.Redirect(rulePacksHref, &Flash{Status: Good, Text: said})
}
