package account

import (
	"fmt"
	"strings"
	"testing"

	"pons/fault"
	"pons/sqldb"
)

func TestViews(t *testing.T) {
	run(t, func(t *testing.T, db *sqldb.DB, a *Accounts) {
		ann, bob, root := add(t, a, "ann", Biomed).actor(), add(t, a, "bob", Viewer).actor(), add(t, a, "root", Administrator).actor()
		names := func(who Actor) (out []string) {
			t.Helper()
			err := db.View(ctx, func(tx *sqldb.Tx) error {
				views, err := Views(tx, who.ID, "devices")
				for _, v := range views {
					out = append(out, v.Name+"?"+v.Query)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		save := func(who Actor, name, query string, shared bool) View {
			t.Helper()
			v, err := a.SaveView(ctx, who, View{List: "devices", Name: name, Query: query, Shared: shared}, start)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		mine := save(ann, "  My\tpumps ", "q=1", false)
		shared := save(ann, "Disputed", "q=2", true)
		save(bob, "A view", "q=3", false)
		if got := strings.Join(names(bob), " "); got != "A view?q=3 Disputed?q=2" {
			t.Errorf("bob sees %s", got)
		}
		if again := save(ann, "My pumps", "q=4", false); again.ID != mine.ID {
			t.Error("a view of the same name is another one")
		}
		if got := strings.Join(names(ann), " "); got != "Disputed?q=2 My pumps?q=4" {
			t.Errorf("ann sees %s", got)
		}
		_, err := a.RemoveView(ctx, bob, mine.ID, start)
		want(t, "removing another's own", err, fault.NotFound)
		_, err = a.RemoveView(ctx, bob, shared.ID, start)
		want(t, "removing what another shares", err, fault.Denied)
		_, err = a.RemoveView(ctx, root, mine.ID, start)
		want(t, "an administrator removing another's own", err, fault.NotFound)
		if _, err := a.RemoveView(ctx, root, shared.ID, start); err != nil {
			t.Errorf("an administrator removing what is shared: %v", err)
		}
		_, err = a.SaveView(ctx, ann, View{List: "devices", Name: " "}, start)
		want(t, "no name", err, fault.Invalid)
		_, err = a.SaveView(ctx, ann, View{List: "devices", Name: strings.Repeat("x", 61)}, start)
		want(t, "a long name", err, fault.Invalid)
		_, err = a.SaveView(ctx, Command("root"), View{List: "devices", Name: "x"}, start)
		want(t, "the command line", err, fault.Denied)
		for i := range MaxViews - 1 {
			save(ann, fmt.Sprint("v", i), "", false)
		}
		_, err = a.SaveView(ctx, ann, View{List: "devices", Name: "one more"}, start)
		want(t, "too many", err, fault.Invalid)
		if got := log(t, db); !strings.Contains(strings.Join(got, " "), "view.share") || !strings.Contains(strings.Join(got, " "), "view.remove") {
			t.Errorf("the audit log has %q", got)
		}
	})
}
