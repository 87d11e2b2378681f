package app

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"pons/fault"
	"pons/fingerprint"
	"pons/inventory"
	"pons/sqldb"
)

// FingerprintCommand is about the rules by which devices are known on the wire.
type FingerprintCommand struct {
	List   FingerprintList   `cmd:"" help:"Print the packs of rules and the keys that are trusted."`
	Import FingerprintImport `cmd:"" help:"Take rules in: rule packs, texts of rules, and recog's XML, as files or folders."`
	Export FingerprintExport `cmd:"" help:"Write a pack as a file, signed with your key."`
	Remove FingerprintRemove `cmd:"" help:"Take a pack of rules away; what it said of devices goes with it."`
	Keygen FingerprintKeygen `cmd:"" help:"Make a pair of keys for signing packs."`
	Trust  FingerprintTrust  `cmd:"" help:"Believe packs signed with a key."`
}

// FingerprintList is pons fingerprint list.
type FingerprintList struct {
	Format string `enum:"table,jsonl" default:"table" help:"How packs are printed: ${enum} (${default})."`
}

// Run prints the packs.
func (c FingerprintList) Run(s *session) error {
	return s.withInventory(func(inv *inventory.Inventory) error {
		return inv.DB().View(s.ctx, func(tx *sqldb.Tx) error {
			packs, err := inv.RulePacks(tx)
			if err != nil {
				return err
			}
			keys, err := inv.RuleKeys(tx)
			if err != nil {
				return err
			}
			type line struct {
				Pack   string `json:"pack"`
				Rules  int    `json:"rules"`
				State  string `json:"state"`
				Signer string `json:"signer,omitempty"`
				Origin string `json:"origin"`
			}
			lines := []line{{"brought", len(fingerprint.Brought()), inventory.PackOn, "", "comes with Pons"}}
			for _, p := range packs {
				lines = append(lines, line{p.Name, p.Rules, p.State, signerName(keys, p.Signer), p.Origin})
			}
			if c.Format == "jsonl" {
				e := json.NewEncoder(s.Out)
				for _, l := range lines {
					if err := e.Encode(l); err != nil {
						return err
					}
				}
				return nil
			}
			out := tabwriter.NewWriter(s.Out, 0, 8, 2, ' ', 0)
			fmt.Fprintln(out, "PACK\tRULES\tSTATE\tSIGNED BY\tORIGIN")
			for _, l := range lines {
				fmt.Fprintf(out, "%s\t%d\t%s\t%s\t%s\n", l.Pack, l.Rules, l.State, or(l.Signer, "-"), brief(l.Origin))
			}
			if len(keys) > 0 {
				fmt.Fprintln(out, "\nTRUSTED KEY\tOF")
				for _, k := range keys {
					fmt.Fprintf(out, "%s\t%s\n", fingerprint.KeyName(k.Key), brief(k.Name))
				}
			}
			return out.Flush()
		})
	})
}

// signerName says whose key a pack is signed with.
func signerName(keys []inventory.RuleKey, signer string) string {
	key, err := fingerprint.ParseKey(signer)
	if signer == "" || err != nil {
		return ""
	}
	for _, k := range keys {
		if k.Key.Equal(key) {
			return k.Name
		}
	}
	return fingerprint.KeyName(key)
}

// FingerprintImport is pons fingerprint import PATH….
type FingerprintImport struct {
	Paths    []string `arg:"" name:"path" help:"Rule packs (pons fingerprint export), texts of rules (docs/fingerprints.md), recog's XML files, or folders of them."`
	Name     string   `placeholder:"NAME" help:"The pack's name; else recog for XML, what a pack calls itself, local for a text of rules."`
	Unsigned bool     `help:"Take packs that nobody signed, or that a stranger did."`
	DryRun   bool     `name:"dry-run" help:"Read and check, keep nothing."`
}

// What one import may read: recog is 51 files and 3 MB.
const (
	fingerprintFiles = 1000
	fingerprintBytes = 64 << 20
)

// Run reads every path and keeps the packs.
func (c FingerprintImport) Run(s *session) error {
	files, err := c.files()
	if err != nil {
		return err
	}
	if c.Name != "" && !fingerprint.PackName(c.Name) {
		return usageError("--name: a pack's name is small letters, digits and dashes, at most 40")
	}
	return s.withInventory(func(inv *inventory.Inventory) error {
		packs := map[string]*inventory.PackEdit{}
		var names []string
		var total int64
		put := func(p fingerprint.Pack, origin string) {
			if c.Name != "" {
				if c.Name != p.Name {
					p.Signer = nil // the name stands under the signature
				}
				p.Name = c.Name
			}
			e := packs[p.Name]
			if e == nil {
				e = &inventory.PackEdit{Name: p.Name, Origin: origin, Signer: p.Signer, Over: -1, Actor: by().String()}
				packs[p.Name] = e
				names = append(names, p.Name)
			} else {
				e.Text += "\n"
				e.Origin, e.Signer = filepath.Base(filepath.Dir(files[0])), nil
			}
			e.Text += p.Text
		}
		var sum fingerprint.Recog
		unread := 0
		for _, path := range files {
			data, err := readBounded(path, &total)
			if err != nil {
				return err
			}
			switch {
			case fingerprint.IsPack(data):
				var p fingerprint.Pack
				if err := inv.DB().View(s.ctx, func(tx *sqldb.Tx) (err error) {
					p, err = inv.OpenPack(tx, data, c.Unsigned)
					return err
				}); err != nil {
					hint := ""
					if errors.Is(err, fault.Denied) && !strings.Contains(err.Error(), "does not fit") {
						hint = " (--unsigned)"
					}
					return fmt.Errorf("%s: %w%s", path, err, hint)
				}
				put(p, filepath.Base(path))
			case bytes.HasPrefix(bytes.TrimSpace(data), []byte("<")):
				got, err := fingerprint.ReadRecog(filepath.Base(path), bytes.NewReader(data))
				if err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
				sum.Prints, sum.Examples, sum.Left = sum.Prints+got.Prints, sum.Examples+got.Examples, append(sum.Left, got.Left...)
				if got.Unused {
					unread += len(got.Rules)
				}
				put(fingerprint.Pack{Name: "recog", Text: fingerprint.Format(got.Rules)}, filepath.Base(path))
			default:
				put(fingerprint.Pack{Name: fingerprint.LocalPack, Text: string(data)}, filepath.Base(path))
			}
		}
		if sum.Prints > 0 {
			fmt.Fprintf(s.Err, "pons: recog: %d fingerprints with %d examples read; %d cannot be expressed; %d are about what Pons never looks at\n", sum.Prints, sum.Examples, len(sum.Left), unread)
			for _, l := range sum.Left {
				fmt.Fprintln(s.Err, "pons:   left out:", l)
			}
		}
		for _, name := range names {
			if err := c.keep(s, inv, packs[name]); err != nil {
				return err
			}
		}
		return nil
	})
}

// keep checks a pack and keeps it.
func (c FingerprintImport) keep(s *session, inv *inventory.Inventory, e *inventory.PackEdit) error {
	rules, err := fingerprint.Check(e.Name, e.Text)
	if err != nil {
		return fmt.Errorf("%s: %w", e.Origin, err)
	}
	examples := 0
	for _, r := range rules {
		examples += len(r.Likes)
	}
	if c.DryRun {
		return inv.DB().View(s.ctx, func(tx *sqldb.Tx) error {
			t, err := inv.TryRules(tx, e.Name, e.Text, nil)
			if err == nil {
				fmt.Fprintf(s.Out, "%s: %d rules, all %d examples hold; would fit %d devices, change %d, contradict other sources on %d\n", e.Name, len(rules), examples, t.Fits, t.Changed, t.Against)
			}
			return err
		})
	}
	bar := s.progress("reading devices anew", -1)
	defer bar.done()
	e.Progress = func(done, total int) { bar.set(int64(done)) }
	n, err := inv.SetRulePack(s.ctx, *e)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s: %d rules, all %d examples hold; %d records read otherwise\n", e.Name, len(rules), examples, n)
	return nil
}

// files lists what the paths hold, folders by name and not below.
func (c FingerprintImport) files() ([]string, error) {
	var out []string
	for _, p := range c.Paths {
		st, err := os.Stat(p)
		if err != nil {
			return nil, fileError(p, err)
		}
		if !st.IsDir() {
			out = append(out, p)
			continue
		}
		entries, err := os.ReadDir(p)
		if err != nil {
			return nil, fileError(p, err)
		}
		n := len(out)
		for _, e := range entries {
			if ext := filepath.Ext(e.Name()); e.Type().IsRegular() && slices.Contains([]string{".xml", ".txt", ".pack"}, ext) {
				out = append(out, filepath.Join(p, e.Name()))
			}
		}
		if len(out) == n {
			return nil, fmt.Errorf("%s holds no .xml, .txt or .pack file: %w", p, fault.Invalid)
		}
	}
	if len(out) > fingerprintFiles {
		return nil, fmt.Errorf("%d files are more than %d in one import: %w", len(out), fingerprintFiles, fault.Invalid)
	}
	return out, nil
}

// readBounded reads a file whole where it and those before are not too large.
func readBounded(path string, total *int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, fingerprint.MaxText+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if *total += int64(len(data)); len(data) > fingerprint.MaxText || *total > fingerprintBytes {
		return nil, fmt.Errorf("%s: a file of rules is at most %d MB, an import %d MB: %w", path, fingerprint.MaxText>>20, fingerprintBytes>>20, fault.Invalid)
	}
	return data, nil
}

// FingerprintExport is pons fingerprint export PACK.
type FingerprintExport struct {
	Pack string `arg:"" help:"The pack's name; local is the hospital's own rules."`
	Key  string `placeholder:"FILE" help:"The private key to sign with (pons fingerprint keygen); without it the pack is not signed."`
	As   string `placeholder:"NAME" help:"The name under which others know the pack; local must be given one."`
	Out  string `placeholder:"FILE" help:"Where to write; else standard output."`
}

// Run writes the pack.
func (c FingerprintExport) Run(s *session) error {
	var key ed25519.PrivateKey
	if c.Key != "" {
		var err error
		if key, err = readPrivateKey(c.Key); err != nil {
			return err
		}
	}
	name := or(c.As, c.Pack)
	if name == fingerprint.LocalPack {
		return usageError("--as: local is every hospital's own; say under which name others know these rules")
	}
	if !fingerprint.PackName(name) {
		return usageError("--as: a pack's name is small letters, digits and dashes, at most 40")
	}
	return s.withInventory(func(inv *inventory.Inventory) error {
		var p inventory.RulePack
		if err := inv.DB().View(s.ctx, func(tx *sqldb.Tx) (err error) {
			p, err = inv.RulePackNamed(tx, c.Pack)
			return err
		}); err != nil {
			return err
		}
		data := fingerprint.Pack{Name: name, Text: p.Text}.Seal(key)
		if c.Out == "" {
			_, err := s.Out.Write(data)
			return err
		}
		return os.WriteFile(c.Out, data, 0o644)
	})
}

// FingerprintRemove is pons fingerprint remove PACK.
type FingerprintRemove struct {
	Pack string `arg:"" help:"The pack's name."`
}

// Run takes the pack away.
func (c FingerprintRemove) Run(s *session) error {
	return s.withInventory(func(inv *inventory.Inventory) error {
		if err := inv.DB().View(s.ctx, func(tx *sqldb.Tx) error { _, err := inv.RulePackNamed(tx, c.Pack); return err }); err != nil {
			return err
		}
		n, err := inv.SetRulePack(s.ctx, inventory.PackEdit{Name: c.Pack, State: inventory.PackRemoved, Origin: "removed", Over: -1, Actor: by().String()})
		if err == nil {
			fmt.Fprintf(s.Out, "%s is removed; %d records read otherwise\n", c.Pack, n)
		}
		return err
	})
}

// FingerprintKeygen is pons fingerprint keygen FILE.
type FingerprintKeygen struct {
	File string `arg:"" help:"Where the private key is written; the public one goes beside it as FILE.pub."`
}

// keyBlock is the kind of PEM block that holds a private key's seed.
const keyBlock = "PONS RULE KEY"

// Run makes the keys. It never writes over a file.
func (c FingerprintKeygen) Run(s *session) error {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		path string
		data []byte
		mode os.FileMode
	}{
		{c.File, pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: private.Seed()}), 0o600},
		{c.File + ".pub", []byte(base64.StdEncoding.EncodeToString(public) + "\n"), 0o644},
	} {
		w, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
		if errors.Is(err, os.ErrExist) {
			return fmt.Errorf("%s is there already; choose another name: %w", f.path, fault.Conflict)
		}
		if err != nil {
			return fileError(f.path, err)
		}
		_, err = w.Write(f.data)
		if err := errors.Join(err, w.Close()); err != nil {
			return err
		}
	}
	fmt.Fprintf(s.Out, "key %s: keep %s to yourself, give %s.pub to those who should trust your packs\n", fingerprint.KeyName(public), c.File, c.File)
	return nil
}

// signingKey is the key in the data folder that signs the rule packs which pages hand out; nil where there is none.
func signingKey(data string) (ed25519.PrivateKey, error) {
	path := filepath.Join(data, "fingerprint.key")
	if _, err := os.Stat(path); data == "" || errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return readPrivateKey(path)
}

// readPrivateKey reads what keygen wrote.
func readPrivateKey(path string) (ed25519.PrivateKey, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != keyBlock || len(block.Bytes) != ed25519.SeedSize {
		return nil, fmt.Errorf("%s is no private key of pons fingerprint keygen: %w", path, fault.Invalid)
	}
	return ed25519.NewKeyFromSeed(block.Bytes), nil
}

// FingerprintTrust is pons fingerprint trust FILE.
type FingerprintTrust struct {
	File   string `arg:"" help:"The public key: FILE.pub of pons fingerprint keygen."`
	Name   string `placeholder:"NAME" help:"Whose key it is."`
	Revoke bool   `help:"Believe it no longer; packs taken in before stay."`
}

// Run keeps the key.
func (c FingerprintTrust) Run(s *session) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return fileError(c.File, err)
	}
	key, err := fingerprint.ParseKey(string(data))
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if c.Name == "" && !c.Revoke {
		return usageError("--name: say whose key it is")
	}
	if c.Revoke {
		c.Name = ""
	}
	return s.withInventory(func(inv *inventory.Inventory) error {
		err := inv.TrustRuleKey(s.ctx, key, c.Name, by().String())
		if err == nil && c.Revoke {
			fmt.Fprintf(s.Out, "key %s is not trusted any more\n", fingerprint.KeyName(key))
		} else if err == nil {
			fmt.Fprintf(s.Out, "key %s of %s is trusted\n", fingerprint.KeyName(key), c.Name)
		}
		return err
	})
}
