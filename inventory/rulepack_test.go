package inventory

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pons/fact"
	"pons/fault"
	"pons/fingerprint"
	"pons/sqldb"
)

const quokkaRule = `rule own/quokka
about our Quokka pumps
when dhcp.vendor_class begins QUOKKA
says class = infusion-pump
says manufacturer = B. Braun
trust 0.9
source what we know
like dhcp.vendor_class: QUOKKA/2
unlike dhcp.vendor_class: KOALA/2
`

// TestRulePack takes rules in, tries them, switches them off and back, and finds the devices that wait for one.
func TestRulePack(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		var hosts []fact.Record
		for i := range 12 {
			hosts = append(hosts, *onWire(fmt.Sprintf("02:00:5e:00:53:%02x", i), "dhcp.vendor_class", "QUOKKA/2", "dhcp.hostname", fmt.Sprintf("QK-%03d", i), "tls.sni", "cloud.quokka.example"))
		}
		for i := range 3 {
			hosts = append(hosts, *onWire(fmt.Sprintf("02:00:5e:00:54:%02x", i), "dhcp.hostname", fmt.Sprintf("ZZTOP%d", i)))
		}
		bring(t, inv, "wire", "wire", hosts...)
		classes := func(class string) int { return strings.Count(dump(t, inv), "class="+class) }
		view := func(f func(tx *sqldb.Tx) error) {
			t.Helper()
			if err := inv.db.View(ctx, f); err != nil {
				t.Fatal(err)
			}
		}
		view(func(tx *sqldb.Tx) error {
			g, err := inv.UnknownGroups(tx, nil, 10)
			if err != nil || g.Devices != 15 || len(g.Groups) != 2 || g.Groups[0].Of != 12 || g.Groups[1].Of != 3 || g.Alone != 0 {
				t.Errorf("groups %+v, %v", g, err)
				return err
			}
			if first := g.Groups[0].Traits; first[0].Attr != "dhcp.vendor_class" && first[0].Attr != fact.Hostname || len(first) != 3 {
				t.Errorf("traits of the first group %+v", first)
			}
			if g, err = inv.UnknownGroups(tx, func(string, string) bool { return false }, 10); err != nil || g.Devices != 0 {
				t.Errorf("outside of the scope: %+v, %v", g, err)
			}
			trial, err := inv.TryRules(tx, fingerprint.LocalPack, quokkaRule, nil)
			if err != nil || trial.Fits != 12 || trial.Changed != 12 || trial.Against != 0 || len(trial.Rows) == 0 || trial.Rows[0].Rule != "own/quokka" {
				t.Errorf("trial %+v, %v", trial, err)
			}
			return nil
		})
		if n := classes("infusion-pump"); n != 0 {
			t.Fatalf("a trial names %d devices", n)
		}
		if _, err := inv.SetRulePack(ctx, PackEdit{Name: fingerprint.LocalPack, Text: strings.Replace(quokkaRule, "QUOKKA/2", "WOMBAT", 1), Actor: "ann"}); !errors.Is(err, fault.Invalid) {
			t.Errorf("an example that does not hold: %v", err)
		}
		if n, err := inv.SetRulePack(ctx, PackEdit{Name: fingerprint.LocalPack, Text: quokkaRule, Actor: "ann"}); err != nil || n != 12 {
			t.Fatalf("changed %d, %v", n, err)
		}
		if n := classes("infusion-pump"); n != 12 {
			t.Errorf("%d pumps", n)
		}
		if _, err := inv.SetRulePack(ctx, PackEdit{Name: fingerprint.LocalPack, Text: "", Over: 0, Actor: "bob"}); !errors.Is(err, fault.Conflict) {
			t.Errorf("two writers: %v", err)
		}
		view(func(tx *sqldb.Tx) error {
			counts, _, _, err := inv.RuleCounts(tx, nil)
			if counts["local:own/quokka"] != 12 {
				t.Errorf("counts %v", counts)
			}
			return err
		})
		// Another process sees the rules without being told, and so do captures that come later.
		other := New(inv.db, catalog, inv.now)
		late := onWire("02:00:5e:00:55:01", "dhcp.vendor_class", "QUOKKA/3")
		if _, err := other.Import(ctx, Import{Source: "wire", Kind: "wire", File: "late.pcap", Actor: "ann", Records: each(*late)}); err != nil {
			t.Fatal(err)
		}
		if n := classes("infusion-pump"); n != 13 {
			t.Errorf("%d pumps with the late one", n)
		}
		for _, step := range []struct {
			state string
			want  int
		}{{PackOff, 0}, {PackOn, 13}, {PackRemoved, 0}} {
			text := quokkaRule
			if step.state == PackRemoved {
				text = ""
			}
			if _, err := inv.SetRulePack(ctx, PackEdit{Name: fingerprint.LocalPack, Text: text, State: step.state, Over: -1, Actor: "ann"}); err != nil {
				t.Fatal(err)
			}
			if n := classes("infusion-pump"); n != step.want {
				t.Errorf("%s: %d pumps, want %d", step.state, n, step.want)
			}
		}
	})
}

// TestPackSignatures holds who may bring rules in.
func TestPackSignatures(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		pack := fingerprint.Pack{Name: "st-elsewhere", Text: quokkaRule}
		open := func(data []byte, unsigned bool) error {
			return inv.db.View(context.Background(), func(tx *sqldb.Tx) error { _, err := inv.OpenPack(tx, data, unsigned); return err })
		}
		plain, sealed := pack.Seal(nil), pack.Seal(private)
		tampered := []byte(strings.Replace(string(sealed), "infusion-pump", "ventilator", 1))
		renamed := []byte(strings.Replace(string(sealed), "name st-elsewhere", "name st-anyone", 1))
		for _, c := range []struct {
			name     string
			data     []byte
			unsigned bool
			want     error
		}{{"unsigned", plain, false, fault.Denied}, {"unsigned, taken", plain, true, nil}, {"a stranger's", sealed, false, fault.Denied}, {"a stranger's, taken", sealed, true, nil},
			{"tampered", tampered, true, fault.Denied}, {"renamed", renamed, true, fault.Denied}, {"cut", sealed[:40], true, fault.Invalid}} {
			if err := open(c.data, c.unsigned); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		if err := inv.TrustRuleKey(context.Background(), public, "St. Elsewhere", "ann"); err != nil {
			t.Fatal(err)
		}
		if err := open(sealed, false); err != nil {
			t.Errorf("trusted: %v", err)
		}
		if err := inv.TrustRuleKey(context.Background(), public, "", "ann"); err != nil {
			t.Fatal(err)
		}
		if err := open(sealed, false); !errors.Is(err, fault.Denied) {
			t.Errorf("trusted no longer: %v", err)
		}
	})
}

// TestSupportGrowsOld holds that a day which ends a support is seen without an import.
func TestSupportGrowsOld(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		bring(t, inv, "wire", "wire", *onWire(plainMAC, "ssh.banner", "SSH-2.0-OpenSSH_9.2p1 Debian-2")) // Debian 12: ends 2026-06-10
		if got := dump(t, inv); !strings.Contains(got, "os_support=supported") {
			t.Fatalf("before: %s", got)
		}
		later := New(inv.db, catalog, func() time.Time { return noon.AddDate(0, 4, 0) })
		if n, err := later.RefreshSupport(context.Background()); err != nil || n != 1 {
			t.Errorf("refreshed %d, %v", n, err)
		}
		if n, err := later.RefreshSupport(context.Background()); err != nil || n != 0 {
			t.Errorf("again %d, %v", n, err)
		}
		if got := dump(t, later); !strings.Contains(got, "os_support=extended") {
			t.Errorf("after: %s", got)
		}
	})
}
