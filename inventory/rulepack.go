package inventory

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pons/audit"
	"pons/fact"
	"pons/fault"
	"pons/fingerprint"
	"pons/sqldb"
)

// ruleset is the rules in force: what Pons brings, packs, and the hospital's own.
type ruleset struct {
	*fingerprint.Set
	id      int64 // of the newest version of any pack; 0: none
	problem error // why a pack is left out
}

// RulePack is one version of a pack of rules.
type RulePack struct {
	ID     int64
	Name   string // fingerprint.LocalPack: the hospital's own
	Text   string // empty in lists
	Origin string // the file it came in, or "written here"
	Signer string // base64 of the key whose signature was checked; empty: nobody's
	State  string // on, off, removed
	Rules  int
	Actor  string
	At     time.Time
}

// The states of a pack.
const (
	PackOn      = "on"
	PackOff     = "off"
	PackRemoved = "removed"
)

// newestPacks selects the version of each pack that stands.
const newestPacks = "SELECT MAX(id) FROM inventory_rule_pack GROUP BY name"

// Rules is the set in force as far as this process has seen.
func (inv *Inventory) Rules() *fingerprint.Set { return inv.ruleset.Load().Set }

// RulesProblem says why a pack is not in force; nil when all are.
func (inv *Inventory) RulesProblem() error { return inv.ruleset.Load().problem }

// followRules brings the rules in line with the database: another process may have changed them. A pack that a newer Pons
// cannot read is left out and named, so that imports go on.
func (inv *Inventory) followRules(tx *sqldb.Tx) (*fingerprint.Set, error) {
	var id int64
	if err := tx.QueryRow("SELECT COALESCE(MAX(id), 0) FROM inventory_rule_pack").Scan(&id); err != nil {
		return nil, err
	}
	have := inv.ruleset.Load()
	if have.id == id {
		return have.Set, nil
	}
	next, err := rulesOf(tx, "", "")
	if err != nil {
		return nil, err
	}
	next.id = id
	inv.ruleset.Store(next)
	return next.Set, nil
}

// FollowRules brings the rules of this process in line with the database, for a page that shows them.
func (inv *Inventory) FollowRules(tx *sqldb.Tx) error {
	_, err := inv.followRules(tx)
	return err
}

// rulesOf compiles the rules that stand, with a pack's text in place of its own where a name is given.
func rulesOf(tx *sqldb.Tx, instead, text string) (*ruleset, error) {
	rows, err := tx.Query("SELECT name, body FROM inventory_rule_pack WHERE id IN ("+newestPacks+") AND state = $1 ORDER BY name", PackOn)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := &ruleset{}
	rules := fingerprint.Brought()
	read := func(name, body string) {
		got, err := fingerprint.Parse(name, body)
		if err != nil {
			out.problem = fmt.Errorf("rule pack %s is left out until it is mended: %w", name, err)
			return
		}
		rules = append(rules, got...)
	}
	for rows.Next() {
		var name, body string
		if err := rows.Scan(&name, &body); err != nil {
			return nil, err
		}
		if name != instead {
			read(name, body)
		}
	}
	if instead != "" {
		read(instead, text)
	}
	out.Set = fingerprint.Compile(rules)
	return out, rows.Err()
}

const packColumns = "id, name, origin, signer, state, rules, actor, at"

// RulePacks lists the packs that stand, without their texts, by name; removed ones are not among them.
func (inv *Inventory) RulePacks(tx *sqldb.Tx) ([]RulePack, error) {
	return readPacks(tx, "SELECT "+packColumns+" FROM inventory_rule_pack WHERE id IN ("+newestPacks+") AND state <> $1 ORDER BY name", PackRemoved)
}

// RulePackHistory lists the versions of a pack, the newest first.
func (inv *Inventory) RulePackHistory(tx *sqldb.Tx, name string, limit int) ([]RulePack, error) {
	return readPacks(tx, "SELECT "+packColumns+" FROM inventory_rule_pack WHERE name = $1 ORDER BY id DESC LIMIT $2", name, int64(limit))
}

func readPacks(tx *sqldb.Tx, q string, args ...any) ([]RulePack, error) {
	rows, err := tx.Query(q, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []RulePack
	for rows.Next() {
		var p RulePack
		var n, at int64
		if err := rows.Scan(&p.ID, &p.Name, &p.Origin, &p.Signer, &p.State, &n, &p.Actor, &at); err != nil {
			return nil, err
		}
		p.Rules, p.At = int(n), fromMicros(at)
		out = append(out, p)
	}
	return out, rows.Err()
}

// RulePackNamed returns the version of a pack that stands, with its text. It wraps fault.NotFound.
func (inv *Inventory) RulePackNamed(tx *sqldb.Tx, name string) (RulePack, error) {
	p := RulePack{Name: name}
	var n, at int64
	err := tx.QueryRow("SELECT id, body, origin, signer, state, rules, actor, at FROM inventory_rule_pack WHERE name = $1 ORDER BY id DESC LIMIT 1", name).
		Scan(&p.ID, &p.Text, &p.Origin, &p.Signer, &p.State, &n, &p.Actor, &at)
	if err == nil && p.State == PackRemoved {
		err = fault.NotFound
	}
	if errors.Is(err, fault.NotFound) {
		return RulePack{Name: name}, fmt.Errorf("there is no rule pack %s: %w", name, fault.NotFound)
	}
	if err != nil {
		return RulePack{Name: name}, fmt.Errorf("rule pack %s: %w", name, err)
	}
	p.Rules, p.At = int(n), fromMicros(at)
	return p, nil
}

// PackEdit writes a pack's next version.
type PackEdit struct {
	Name   string
	Text   string
	Origin string
	Signer ed25519.PublicKey
	State  string // empty: on
	Over   int64  // the version that was looked at, 0 for none: another is a conflict. Negative: whichever is
	Actor  string
	// Progress is told how many records were looked at and how many there are; it may be nil.
	Progress func(done, total int)
}

// SetRulePack keeps a pack's next version and says of every device on the wire anew what the rules say, in one Update. It
// returns how many records read otherwise. The error of a text that cannot be taken wraps fault.Mistakes and
// fault.Invalid; a pack whose rules are the same is switched or signed anew without a look at the records.
func (inv *Inventory) SetRulePack(ctx context.Context, e PackEdit) (changed int, err error) {
	if !fingerprint.PackName(e.Name) {
		return 0, fmt.Errorf("a pack's name is small letters, digits and dashes, not %q: %w", e.Name, fault.Invalid)
	}
	if e.State == "" {
		e.State = PackOn
	}
	var rules []*fingerprint.Rule
	if e.State != PackRemoved {
		if rules, err = fingerprint.Check(e.Name, e.Text); err != nil {
			return 0, err
		}
	}
	_, err = inv.db.Update(ctx, func(tx *sqldb.Tx) error {
		before, err := inv.RulePackNamed(tx, e.Name)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		if e.Over >= 0 && e.Over != before.ID {
			return fmt.Errorf("somebody changed rule pack %s meanwhile: %w", e.Name, fault.Conflict)
		}
		signer := ""
		if e.Signer != nil {
			signer = base64.StdEncoding.EncodeToString(e.Signer)
		}
		if before.ID != 0 && before.Text == e.Text && before.State == e.State && before.Signer == signer || before.ID == 0 && e.State == PackRemoved {
			return nil
		}
		w, err := inv.writer(tx, e.Actor, "fingerprint")
		if err != nil {
			return err
		}
		id, err := w.take("rule_pack", 1)
		if err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT INTO inventory_rule_pack (id, name, body, origin, signer, state, rules, actor, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
			id, e.Name, e.Text, e.Origin, signer, e.State, int64(len(rules)), e.Actor, micros(w.at)); err != nil {
			return err
		}
		next, err := rulesOf(tx, "", "")
		if err != nil {
			return err
		}
		w.norm = NewNormalizerWith(w.norm.catalog, next.Set)
		if before.Text != e.Text || before.State != e.State {
			if changed, err = w.renameAll(e.Progress); err != nil {
				return err
			}
		}
		return audit.Append(tx, audit.Entry{At: w.at, Actor: e.Actor, Verb: "fingerprint.change", Object: "rule-pack:" + e.Name,
			Before: audit.Fields{"state": before.State, "rules": fmt.Sprint(before.Rules), "version": fmt.Sprint(before.ID)},
			After:  audit.Fields{"state": e.State, "rules": fmt.Sprint(len(rules)), "version": fmt.Sprint(id), "origin": e.Origin, "signer": fingerprint.KeyName(e.Signer)}})
	})
	if err != nil {
		return 0, fmt.Errorf("change of rule pack %s: %w", e.Name, err)
	}
	return changed, inv.db.View(ctx, func(tx *sqldb.Tx) error { _, err := inv.followRules(tx); return err })
}

// RuleKey is a public key whose signature is believed.
type RuleKey struct {
	Key   ed25519.PublicKey
	Name  string
	Actor string
	At    time.Time
}

// RuleKeys lists the keys that are believed, by name.
func (inv *Inventory) RuleKeys(tx *sqldb.Tx) ([]RuleKey, error) {
	rows, err := tx.Query("SELECT public, name, actor, at FROM inventory_rule_key ORDER BY name, public")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []RuleKey
	for rows.Next() {
		var k RuleKey
		var public string
		var at int64
		if err := rows.Scan(&public, &k.Name, &k.Actor, &at); err != nil {
			return nil, err
		}
		if k.Key, err = fingerprint.ParseKey(public); err != nil {
			return nil, err
		}
		k.At = fromMicros(at)
		out = append(out, k)
	}
	return out, rows.Err()
}

// TrustRuleKey believes a key's signatures from now on; without a name it stops to.
func (inv *Inventory) TrustRuleKey(ctx context.Context, key ed25519.PublicKey, name, actor string) error {
	if len(key) != ed25519.PublicKeySize {
		return fmt.Errorf("that is no public key: %w", fault.Invalid)
	}
	name = strings.TrimSpace(name)
	_, err := inv.db.Update(ctx, func(tx *sqldb.Tx) error {
		public := base64.StdEncoding.EncodeToString(key)
		if _, err := tx.Exec("DELETE FROM inventory_rule_key WHERE public = $1", public); err != nil {
			return err
		}
		at := inv.now().UTC()
		if name != "" {
			if _, err := tx.Exec("INSERT INTO inventory_rule_key (public, name, actor, at) VALUES ($1, $2, $3, $4)", public, name, actor, micros(at)); err != nil {
				return err
			}
		}
		return audit.Append(tx, audit.Entry{At: at, Actor: actor, Verb: "fingerprint.trust", Object: "rule-key:" + fingerprint.KeyName(key), After: audit.Fields{"name": name}})
	})
	return err
}

// OpenPack reads a pack's file and holds its signature against the keys that are believed. unsigned says that the person
// takes a pack that nobody signed, or that a stranger did: without it that wraps fault.Denied.
func (inv *Inventory) OpenPack(tx *sqldb.Tx, data []byte, unsigned bool) (fingerprint.Pack, error) {
	p, err := fingerprint.Open(data)
	if err != nil || unsigned {
		return p, err
	}
	if p.Signer == nil {
		return p, fmt.Errorf("pack %s is not signed: ask who made it for a signed one, or say that you take it unsigned: %w", p.Name, fault.Denied)
	}
	keys, err := inv.RuleKeys(tx)
	if err != nil {
		return p, err
	}
	for _, k := range keys {
		if k.Key.Equal(p.Signer) {
			return p, nil
		}
	}
	return p, fmt.Errorf("pack %s is signed with key %s, which nobody here trusts: compare the key with who made it and trust it first: %w", p.Name, fingerprint.KeyName(p.Signer), fault.Denied)
}

// RuleTrial is what another text of a pack would change on the hospital's own devices.
type RuleTrial struct {
	Total   int // records there are
	Looked  int // of them looked at: all that may be seen, or of an even sample of them
	Fits    int // devices that a rule of the text fits
	Changed int // devices of which something would be said otherwise
	Against int // devices of which the text says what another source contradicts
	Rows    []TrialRow
}

// TrialRow is one device in a trial.
type TrialRow struct {
	Device, Name  string
	Rule          string // that fits; empty: one that fitted does no longer
	Attr          string
	Before, After string
	Against       string // what another source says: "cmms: B. Braun"
}

// trialRows bounds the examples of a trial.
const trialRows = 200

// trialAttrs are what rules say that people look at.
var trialAttrs = []fact.Attr{fact.Category, fact.Class, fact.Manufacturer, fact.Model, fact.OS, fact.OSVersion, fact.SoftwareVersion, fact.Practice, likelyClass}

// TryRules says what a pack with another text would say of the hospital's own devices, without changing anything. may says
// which devices the asker sees; nil is all. The error of a text that cannot be taken wraps fault.Mistakes.
func (inv *Inventory) TryRules(tx *sqldb.Tx, name, text string, may func(site, department string) bool) (RuleTrial, error) {
	var out RuleTrial
	rules, err := fingerprint.Check(name, text)
	if err != nil {
		return out, err
	}
	set, err := rulesOf(tx, name, text)
	if err != nil {
		return out, err
	}
	mine := "rule " + name + ":"
	n := NewNormalizerWith(inv.Catalog(), set.Set)
	fits, changed, against := map[string]bool{}, map[string]bool{}, map[string]bool{}
	var ids []string
	out.Total, out.Looked, err = sampled(tx, may, func(s *stored) error {
		if s.Kind != "wire" || len(rules) == 0 && !strings.Contains(string(s.body), mine) {
			return nil
		}
		said := n.Statements(s.Kind, s.written())
		fitted := slices.ContainsFunc(said, func(x Statement) bool { return strings.Contains(x.Because, mine) })
		if fitted {
			fits[s.Device] = true
		}
		for _, attr := range trialAttrs {
			before, after := statementOf(s.Said, attr), statementOf(said, attr)
			differs := before.Value != after.Value
			if !differs && !(fitted && strings.Contains(after.Because, mine)) {
				continue
			}
			row := TrialRow{Device: s.Device, Attr: string(attr), Before: before.Value, After: after.Value}
			if _, rest, ok := strings.Cut(after.Because, mine); ok {
				row.Rule, _, _ = strings.Cut(rest, ":")
			}
			if differs {
				changed[s.Device] = true
			}
			if len(out.Rows) < trialRows {
				out.Rows = append(out.Rows, row)
				ids = append(ids, s.Device)
			}
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	if err := inv.against(tx, &out, ids, against); err != nil {
		return out, err
	}
	out.Fits, out.Changed, out.Against = len(fits), len(changed), len(against)
	return out, nil
}

// against names the devices of a trial and finds what other sources say to the contrary.
func (inv *Inventory) against(tx *sqldb.Tx, out *RuleTrial, ids []string, against map[string]bool) error {
	slices.Sort(ids)
	devices, err := inv.details(tx, slices.Compact(ids))
	if err != nil {
		return err
	}
	by := map[string]*Device{}
	for _, d := range devices {
		by[d.ID] = d
	}
	for i := range out.Rows {
		row := &out.Rows[i]
		d := by[row.Device]
		if d == nil {
			continue
		}
		row.Name = d.Name()
		a, ok := AttributeNamed(fact.Attr(row.Attr))
		v := d.Value(fact.Attr(row.Attr))
		if !ok || a.Multi || v == nil || row.After == "" {
			continue
		}
		for _, vote := range slices.Concat(v.Won, v.Lost) {
			if vote.Record.Kind != "wire" && vote.kind() != "oui" && a.fold(vote.Value) != a.fold(row.After) {
				row.Against = vote.Record.Source + ": " + vote.Value
				against[row.Device] = true
				break
			}
		}
	}
	return nil
}

func statementOf(list []Statement, attr fact.Attr) Statement {
	best := Statement{}
	for _, x := range list {
		if x.Attr == attr && x.Source != "oui" && (best.Attr == "" || x.Trust > best.Trust) {
			best = x
		}
	}
	return best
}

// RuleCounts counts the devices of which each rule says something, by the rule's name; looked is of how many records.
func (inv *Inventory) RuleCounts(tx *sqldb.Tx, may func(site, department string) bool) (counts map[string]int, total, looked int, err error) {
	devices := map[string]map[string]struct{}{}
	total, looked, err = sampled(tx, may, func(s *stored) error {
		for i := range s.Said {
			if !s.Said[i].Derived {
				continue
			}
			for _, why := range strings.Split(s.Said[i].Because, "; ") {
				_, rest, _ := strings.Cut(why, "rule ")
				name, _, ok := strings.Cut(rest, ": ")
				if !ok || strings.ContainsAny(name, " ,") {
					continue
				}
				if devices[name] == nil {
					devices[name] = map[string]struct{}{}
				}
				devices[name][s.Device] = struct{}{}
			}
		}
		return nil
	})
	counts = make(map[string]int, len(devices))
	for name, d := range devices {
		counts[name] = len(d)
	}
	return counts, total, looked, err
}
