package inventory

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"pons/audit"
	"pons/fault"
	"pons/sqldb"
)

// Attachment is a document that a person put beside a device: a manual, a certificate, a picture of the type plate.
// (Document is the device itself as programs print it.)
type Attachment struct {
	ID     string
	Device string // the id it was attached to, which may have gone into another since
	Name   string // the file's name
	Kind   string // media type, found in the bytes and never believed from the sender
	Size   int
	Actor  string
	Added  time.Time
}

// MaxAttachment is the most bytes of a document. Bodies lie in the database, so that a backup has them; a service
// manual of 300 scanned pages fits.
const MaxAttachment = 20 << 20

// maxAttachments bounds what one device carries.
const maxAttachments = 200

// deletedKept is how long a removed document can be brought back before its bytes are gone.
const deletedKept = 30 * 24 * time.Hour

// Attach puts a document beside a device. PDF, PNG, JPEG, GIF, WebP and plain text are taken; what it is, its bytes
// say.
func (inv *Inventory) Attach(ctx context.Context, device, actor, name string, body []byte) (Attachment, error) {
	a := Attachment{ID: uuid.Must(uuid.NewV7()).String(), Name: fileName(name), Size: len(body), Actor: actor, Added: inv.now().UTC().Truncate(time.Microsecond)}
	var ok bool
	switch a.Kind, ok = sniff(body); {
	case len(body) == 0:
		return a, fmt.Errorf("%s is empty: %w", a.Name, fault.Invalid)
	case len(body) > MaxAttachment:
		return a, fmt.Errorf("%s has more than %d MiB: %w", a.Name, MaxAttachment>>20, fault.Invalid)
	case !ok:
		return a, fmt.Errorf("%s is neither a PDF nor a picture (PNG, JPEG, GIF, WebP) nor plain text: %w", a.Name, fault.Invalid)
	}
	_, err := inv.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
		if a.Device, err = inv.current(tx, device); err != nil {
			return err
		}
		var n int64
		if err := tx.QueryRow("SELECT COUNT(*) FROM inventory_document WHERE device = $1 AND deleted_at = 0", a.Device).Scan(&n); err != nil {
			return err
		}
		if n >= maxAttachments {
			return fmt.Errorf("the device has %d documents already; remove one first: %w", n, fault.Invalid)
		}
		if _, err := tx.Exec("INSERT INTO inventory_document (id, device, name, kind, size, actor, added_at, deleted_at, body) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)",
			a.ID, a.Device, a.Name, a.Kind, int64(a.Size), a.Actor, micros(a.Added), body); err != nil {
			return err
		}
		return audit.Append(tx, audit.Entry{At: a.Added, Actor: actor, Verb: "device.attach", Object: a.Device, After: audit.Fields{"document": a.Name, "kind": a.Kind, "bytes": strconv.Itoa(a.Size)}})
	})
	if err != nil {
		return a, fmt.Errorf("document of device %s: %w", device, err)
	}
	return a, nil
}

const attachmentColumns = "id, device, name, kind, size, actor, added_at"

func scanAttachment(scan func(...any) error, more ...any) (Attachment, error) {
	var a Attachment
	var size, added int64
	err := scan(append([]any{&a.ID, &a.Device, &a.Name, &a.Kind, &size, &a.Actor, &added}, more...)...)
	a.Size, a.Added = int(size), fromMicros(added)
	return a, err
}

// Attachments lists a device's documents, the newest first, with those of the devices that went into it.
func (inv *Inventory) Attachments(tx *sqldb.Tx, device string) ([]Attachment, error) {
	rows, err := tx.Query(`WITH RECURSIVE former (id) AS (SELECT CAST($1 AS TEXT) UNION SELECT g.id FROM inventory_gone g JOIN former f ON g.heir = f.id)
		SELECT `+attachmentColumns+` FROM inventory_document WHERE deleted_at = 0 AND device IN (SELECT id FROM former) ORDER BY added_at DESC, id DESC`, device)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Attachment
	for rows.Next() {
		a, err := scanAttachment(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// Attachment returns a document of a device with its bytes.
func (inv *Inventory) Attachment(tx *sqldb.Tx, device, id string) (Attachment, []byte, error) {
	var body []byte
	a, err := scanAttachment(tx.QueryRow("SELECT "+attachmentColumns+", body FROM inventory_document WHERE id = $1 AND deleted_at = 0", id).Scan, &body)
	if err != nil {
		return a, nil, fmt.Errorf("document: %w", err)
	}
	return a, bytes.Clone(body), inv.belongs(tx, a, device)
}

// belongs says whether a document is the device's, by the id it has today.
func (inv *Inventory) belongs(tx *sqldb.Tx, a Attachment, device string) error {
	have, err := inv.current(tx, a.Device)
	if err != nil {
		return err
	}
	if want, err := inv.current(tx, device); err != nil || want != have {
		return fmt.Errorf("document of device %s: %w", device, fault.NotFound)
	}
	return nil
}

// Detach removes a document; Reattach brings it back within thirty days.
func (inv *Inventory) Detach(ctx context.Context, device, id, actor string) (Attachment, error) {
	return inv.setDetached(ctx, device, id, actor, true)
}

// Reattach brings a removed document back.
func (inv *Inventory) Reattach(ctx context.Context, device, id, actor string) (Attachment, error) {
	return inv.setDetached(ctx, device, id, actor, false)
}

func (inv *Inventory) setDetached(ctx context.Context, device, id, actor string, gone bool) (a Attachment, err error) {
	_, err = inv.db.Update(ctx, func(tx *sqldb.Tx) error {
		var deleted int64
		if a, err = scanAttachment(tx.QueryRow("SELECT "+attachmentColumns+", deleted_at FROM inventory_document WHERE id = $1", id).Scan, &deleted); err != nil {
			return err
		}
		if err := inv.belongs(tx, a, device); err != nil {
			return err
		}
		if gone == (deleted != 0) {
			return fmt.Errorf("%s is so already: %w", a.Name, fault.Conflict)
		}
		at := inv.now().UTC()
		stamp, verb := int64(0), "device.reattach"
		if gone {
			stamp, verb = micros(at), "device.detach"
		}
		if _, err := tx.Exec("UPDATE inventory_document SET deleted_at = $1 WHERE id = $2", stamp, id); err != nil {
			return err
		}
		if _, err := tx.Exec("DELETE FROM inventory_document WHERE deleted_at > 0 AND deleted_at < $1", micros(at.Add(-deletedKept))); err != nil {
			return err
		}
		return audit.Append(tx, audit.Entry{At: at, Actor: actor, Verb: verb, Object: a.Device, Before: audit.Fields{"document": a.Name}})
	})
	if err != nil {
		return a, fmt.Errorf("document: %w", err)
	}
	return a, nil
}

// sniff finds what a document is by its first bytes (PDF 32000 §7.5.2, PNG §5.2, JPEG T.81 B.1.1.3, GIF89a §17,
// RFC 9649); text is UTF-8 without control characters other than those of lines.
func sniff(body []byte) (kind string, ok bool) {
	for _, magic := range []struct{ prefix, kind string }{
		{"%PDF-", "application/pdf"}, {"\x89PNG\r\n\x1a\n", "image/png"}, {"\xff\xd8\xff", "image/jpeg"}, {"GIF87a", "image/gif"}, {"GIF89a", "image/gif"},
	} {
		if bytes.HasPrefix(body, []byte(magic.prefix)) {
			return magic.kind, true
		}
	}
	if len(body) >= 12 && string(body[:4]) == "RIFF" && string(body[8:12]) == "WEBP" {
		return "image/webp", true
	}
	strange := func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' || r == 0x7f }
	if utf8.Valid(body) && bytes.IndexFunc(body, strange) < 0 {
		return "text/plain; charset=utf-8", true
	}
	return "", false
}

// fileName is a name without folders and what cannot be shown, as a browser or a person gave it.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != '"' {
			return r
		}
		return -1
	}, name))
	if runes := []rune(name); len(runes) > 120 {
		name = string(runes[:60]) + "…" + string(runes[len(runes)-59:])
	}
	if name == "" || name == "." || name == "/" || name == ".." {
		return "document"
	}
	return name
}
