package web

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode"

	"pons/fault"
	"pons/inventory"
)

const (
	// uploadLimit is the largest file taken: a million rows of a CMMS export are about 300 MB, a full-size capture of
	// a busy switch port fills 2 GB in minutes; larger ones go in by `pons import` on the server.
	uploadLimit = 2 << 30
	// uploadAge is how long a file waits after it was last touched.
	uploadAge = 24 * time.Hour
	// uploadsEach is how many files one person may leave waiting, so that nobody fills the disk by mistake.
	uploadsEach = 10
)

// upload is a file on its way into the inventory, and what its person has decided of it so far.
type upload struct {
	ID, Owner string
	Name      string
	Size      int64
	Touched   time.Time
	Partial   bool `json:",omitempty"` // still arriving, or its sender went away
	Capture   bool `json:",omitempty"`

	Sheet, Delimiter string `json:",omitempty"` // as chosen; empty: recognised
	Mapping          string `json:",omitempty"` // YAML
	From             string `json:",omitempty"` // where the mapping comes from, in words
	Source           string `json:",omitempty"` // of a capture; a table's is in its mapping
	Part             bool   `json:",omitempty"` // the file is not the source's full list
	Said             string `json:",omitempty"` // date of the export; empty: now

	Under  string         `json:",omitempty"` // what runs now: one of the jobs' names
	Since  time.Time      // when that began
	Failed string         `json:",omitempty"` // why the last of them ended without a result
	Damage string         `json:",omitempty"` // where a capture breaks off
	Dry    *inventory.Run `json:",omitempty"` // what an import would do
	Run    int64          `json:",omitempty"` // the import that was made of it
}

// forget drops what was found out before the person changed their mind.
func (u *upload) forget() { u.Dry, u.Failed, u.Damage = nil, "", "" }

// uploads keeps files that wait to be imported, each in a folder of its own.
type uploads struct {
	dir  string // empty until a temporary folder is made
	now  func() time.Time
	once sync.Once
	err  error
	mu   sync.Mutex // held while an upload.json is read and written
}

func (u *uploads) root() (string, error) {
	u.once.Do(func() {
		if u.dir == "" {
			u.dir, u.err = os.MkdirTemp("", "pons-uploads-")
			return
		}
		u.err = os.MkdirAll(u.dir, 0o700)
	})
	return u.dir, u.err
}

// folder is where an upload lies. What is no id leads nowhere.
func (u *uploads) folder(id string) (string, error) {
	root, err := u.root()
	if err != nil {
		return "", err
	}
	if len(id) != len(rand.Text()) || strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		return "", noUpload()
	}
	return filepath.Join(root, id), nil
}

func noUpload() error {
	return fmt.Errorf("no file of yours waits here; files are kept for a day after they were last looked at: %w", fault.NotFound)
}

// receive takes a file in, under an id of 26 random characters.
func (u *uploads) receive(ctx context.Context, owner, name string, from io.Reader) (upload, error) {
	return u.keep(ctx, rand.Text(), owner, name, from)
}

// keep is receive under a known id. Of a file that does not arrive whole nothing stays.
func (u *uploads) keep(ctx context.Context, id, owner, name string, from io.Reader) (up upload, err error) {
	up = upload{ID: id, Owner: owner, Name: fileName(name), Touched: u.now(), Partial: true}
	dir, err := u.folder(up.ID)
	if err != nil {
		return up, err
	}
	waiting, err := u.list(owner)
	if err != nil {
		return up, err
	}
	if len(waiting) >= uploadsEach {
		return up, fmt.Errorf("%d of your files wait to be imported; finish or discard some of them first: %w", len(waiting), fault.Conflict)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return up, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(diskFull(err), os.RemoveAll(dir))
		}
	}()
	if err := u.write(up); err != nil {
		return up, err
	}
	out, err := os.OpenFile(filepath.Join(dir, "data"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return up, err
	}
	up.Size, err = io.Copy(out, io.LimitReader(from, uploadLimit+1))
	if err := errors.Join(err, out.Close(), ctx.Err()); err != nil {
		return up, err
	}
	switch {
	case up.Size == 0:
		return up, fmt.Errorf("%s is empty; export it again: %w", up.Name, fault.Invalid)
	case up.Size > uploadLimit:
		return up, fmt.Errorf("%s is larger than 2 GB; import it on the server with “pons import”, or split it: %w", up.Name, fault.Invalid)
	}
	up.Partial, up.Touched = false, u.now()
	return up, u.write(up)
}

// diskFull says in words that a person can act on that there is no room.
func diskFull(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("the server's disk is full: nothing of this was kept, and nothing else was touched; free some space and try again: %w", fault.Busy)
	}
	return err
}

// fileName keeps the base of a name, in one line of sane length: browsers send what they like.
func fileName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "")))
	if runes := []rune(name); len(runes) > 120 {
		name = string(runes[len(runes)-120:])
	}
	if name == "" || name == "." || name == ".." {
		return "file"
	}
	return name
}

func (u *uploads) write(up upload) error {
	dir, err := u.folder(up.ID)
	if err != nil {
		return err
	}
	text, err := json.Marshal(up)
	if err != nil {
		return err
	}
	next := filepath.Join(dir, "upload.json.new")
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return diskFull(err)
	}
	return os.Rename(next, filepath.Join(dir, "upload.json"))
}

func (u *uploads) read(id string) (up upload, err error) {
	dir, err := u.folder(id)
	if err != nil {
		return up, err
	}
	text, err := os.ReadFile(filepath.Join(dir, "upload.json"))
	if errors.Is(err, os.ErrNotExist) {
		return up, noUpload()
	}
	if err != nil {
		return up, err
	}
	return up, json.Unmarshal(text, &up)
}

// get is a person's own upload; another's is not there for them.
func (u *uploads) get(id, owner string) (upload, error) {
	up, err := u.read(id)
	if err == nil && (up.Owner != owner || up.Partial || owner == "") {
		return upload{}, noUpload()
	}
	return up, err
}

// change lets f change what is kept of an upload.
func (u *uploads) change(id string, f func(*upload)) (upload, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	up, err := u.read(id)
	if err != nil {
		return up, err
	}
	f(&up)
	up.Touched = u.now()
	return up, u.write(up)
}

// path is a file in the folder of an upload.
func (u *uploads) path(id, file string) string {
	dir, err := u.folder(id)
	if err != nil {
		return os.DevNull
	}
	return filepath.Join(dir, file)
}

func (u *uploads) remove(id string) error {
	dir, err := u.folder(id)
	if err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

// all lists every upload, partial ones too.
func (u *uploads) all() ([]upload, error) {
	root, err := u.root()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	var out []upload
	for _, e := range entries {
		if up, err := u.read(e.Name()); err == nil { // what cannot be read is no upload of ours
			out = append(out, up)
		}
	}
	return out, nil
}

// list is what waits for one person, the latest first.
func (u *uploads) list(owner string) ([]upload, error) {
	all, err := u.all()
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(up upload) bool { return up.Owner != owner || up.Partial || up.Run != 0 })
	slices.SortFunc(all, func(a, b upload) int { return b.Touched.Compare(a.Touched) })
	return all, nil
}

// sweep removes what nobody has touched for a day, but for what busy says is in use.
func (u *uploads) sweep(busy func(id string) bool) error {
	all, err := u.all()
	if err != nil {
		return err
	}
	for _, up := range all {
		if u.now().Sub(up.Touched) > uploadAge && !busy(up.ID) {
			err = errors.Join(err, u.remove(up.ID))
		}
	}
	return err
}
