package inventory

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"pons/fault"
	"pons/sqldb"
)

func attachments(t *testing.T, inv *Inventory, device string) (names []string) {
	t.Helper()
	err := inv.db.View(context.Background(), func(tx *sqldb.Tx) error {
		list, err := inv.Attachments(tx, device)
		for _, a := range list {
			names = append(names, a.Name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestDocumentsFollowTheirDevice(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		bring(t, inv, "cmms", "cmms", pumpCMMS, scanCMMS)
		a, b := see(t, inv, "CE-1").ID, see(t, inv, "CE-2").ID
		body := bytes.Repeat([]byte("%PDF-1.7 \x00\xff\n"), 100_000)
		doc, err := inv.Attach(ctx, a, "person:ann", "manual.pdf", body)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := inv.Attach(ctx, b, "person:ann", `C:\pictures\plate.png`, []byte("\x89PNG\r\n\x1a\n")); err != nil {
			t.Fatal(err)
		}
		err = inv.db.View(ctx, func(tx *sqldb.Tx) error {
			got, back, err := inv.Attachment(tx, a, doc.ID)
			if err == nil && (!bytes.Equal(back, body) || got != doc) {
				t.Errorf("comes back as %d bytes, %+v, want %+v", len(back), got, doc)
			}
			if _, _, err := inv.Attachment(tx, b, doc.ID); !errors.Is(err, fault.NotFound) {
				t.Errorf("of another device: %v", err)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := inv.Decide(ctx, Answer{A: a, B: b, Same: true, Actor: "person:ann"}); err != nil {
			t.Fatal(err)
		}
		one := see(t, inv, "CE-1").ID
		if got := strings.Join(attachments(t, inv, one), " "); got != "plate.png manual.pdf" {
			t.Errorf("after a merge: %s", got)
		}
		if err := inv.Undecide(ctx, a, b, "person:ann"); err != nil {
			t.Fatal(err)
		}
		if x, y := attachments(t, inv, a), attachments(t, inv, b); len(x) != 1 || x[0] != "manual.pdf" || len(y) != 1 {
			t.Errorf("after taking the merge back: %q and %q", x, y)
		}
		if _, err := inv.Detach(ctx, a, doc.ID, "person:ann"); err != nil || len(attachments(t, inv, a)) != 0 {
			t.Errorf("removing: %v, %q left", err, attachments(t, inv, a))
		}
		if _, err := inv.Detach(ctx, a, doc.ID, "person:ann"); !errors.Is(err, fault.Conflict) {
			t.Errorf("removing twice: %v", err)
		}
		if _, err := inv.Reattach(ctx, b, doc.ID, "person:ann"); !errors.Is(err, fault.NotFound) {
			t.Errorf("bringing another's back: %v", err)
		}
		if _, err := inv.Reattach(ctx, a, doc.ID, "person:ann"); err != nil || len(attachments(t, inv, a)) != 1 {
			t.Errorf("bringing it back: %v", err)
		}
		if _, err := inv.Attach(ctx, "nothing", "person:ann", "x.txt", []byte("x")); !errors.Is(err, fault.NotFound) {
			t.Errorf("of no device: %v", err)
		}
	})
}

func TestDocumentsAreWhatTheirBytesSay(t *testing.T) {
	for body, want := range map[string]string{
		"%PDF-1.4": "application/pdf", "\xff\xd8\xff\xe0": "image/jpeg", "GIF89a..": "image/gif", "RIFF\x00\x00\x00\x00WEBPVP8 ": "image/webp",
		"plain\r\nwords\t√": "text/plain; charset=utf-8", "<html>": "text/plain; charset=utf-8",
		"MZ\x00": "", "PK\x03\x04": "", "\x7fELF": "", "a\x00b": "", "\xff\xfea\x00": "", "RIFF\x00\x00\x00\x00AVI ": "",
	} {
		if kind, ok := sniff([]byte(body)); kind != want || ok != (want != "") {
			t.Errorf("%q is taken for %q, want %q", body, kind, want)
		}
	}
	for name, want := range map[string]string{"a/b/c.pdf": "c.pdf", `C:\x\y.txt`: "y.txt", "": "document", "..": "document", "/": "document", "a\r\nb\".pdf": "ab.pdf", "\u202egnp.exe": "gnp.exe"} {
		if got := fileName(name); got != want {
			t.Errorf("%q is kept as %q, want %q", name, got, want)
		}
	}
	if n := len([]rune(fileName(strings.Repeat("é", 500) + ".pdf"))); n > 120 {
		t.Errorf("a long name has %d characters", n)
	}
}
