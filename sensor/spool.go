package sensor

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"pons/fault"
)

// Spool keeps batches on disk until the hub has them: the oldest leave first, and when its share of the disk is full the
// oldest are dropped, counted, and told of. It is safe for many goroutines of one process; a second process is refused.
//
// Files. A segment (000000000001.seg, …) is a row of entries, each
//
//	length of the rest (4 bytes, little endian) · CRC-32C of the rest (4) · length of the session (1) · session · number (8) · body
//
// An entry is written with one write and then synced to the disk before Append returns, and nothing is sent before that:
// what the hub knows, the disk has. After a crash the last segment can end in a torn entry, which the checksum tells; it is cut
// off, and all before it stands. A full segment is closed and a new one begun; one whose entries the hub all has is deleted.
// What was lost stands in the file lost, written anew and renamed, before a segment with entries that the hub lacks is deleted.
type Spool struct {
	dir string
	max int64
	seg int64 // bytes of a segment

	mu       sync.Mutex
	lock     *os.File
	entries  []entry // those that the hub may lack, oldest first
	first    uint64  // position of entries[0]: positions count up for as long as the process lives
	segments []segment
	file     *os.File // the last segment, open for appending; nil: the next entry begins one
	bytes    int64    // of all segments
	next     int64    // number of the next segment
	lost     int64
	grown    chan struct{} // has a value after an Append
}

type entry struct {
	session string
	seq     uint64
	segment int64
	offset  int64 // of the body
	size    int
	done    bool
}

type segment struct {
	number, size int64
}

// What a spool may be (expert defaults). A batch of a busy hospital's sensor is some 100 KB every ten seconds at most, 36 MB
// an hour: DefaultSpool is more than two days of that, and months of a quiet one.
const (
	DefaultSpool = 2 << 30
	minSpool     = 4 << 20
	segmentShare = 16 // a segment is this part of the whole, so that dropping the oldest drops little
	maxSegment   = 16 << 20
	entryHead    = 8
	maxEntry     = roomy + entryHead + 9 + maxLabel
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// OpenSpool opens the spool in a folder, which is made where it is missing, and reads what is there. max bounds its bytes on
// disk; zero is DefaultSpool. It wraps fault.Busy when another process has it open.
func OpenSpool(dir string, max int64) (*Spool, error) {
	if max == 0 {
		max = DefaultSpool
	}
	if max < minSpool {
		return nil, fmt.Errorf("a spool of %d bytes: it takes at least %d: %w", max, minSpool, fault.Invalid)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	s := &Spool{dir: dir, max: max, seg: min(max/segmentShare, maxSegment), grown: make(chan struct{}, 1), next: 1}
	var err error
	if s.lock, err = lockFile(filepath.Join(dir, "lock")); err != nil {
		return nil, err
	}
	if err := s.load(); err != nil {
		s.lock.Close()
		return nil, err
	}
	return s, nil
}

// Close closes the files; everything is on the disk already.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.closeFile()
	return errors.Join(err, s.lock.Close())
}

func (s *Spool) closeFile() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}

func (s *Spool) path(number int64) string {
	return filepath.Join(s.dir, fmt.Sprintf("%012d.seg", number))
}

// load reads all segments.
func (s *Spool) load() error {
	if text, err := os.ReadFile(filepath.Join(s.dir, "lost")); err == nil {
		if json.Unmarshal(text, &s.lost) != nil {
			s.lost = 0 // it is renamed into place whole: only damage of the disk comes here
		}
	}
	names, err := filepath.Glob(filepath.Join(s.dir, "*.seg"))
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		var number int64
		if _, err := fmt.Sscanf(filepath.Base(name), "%012d.seg", &number); err != nil || number < 1 {
			continue // not ours
		}
		s.next = number + 1
		size, found, err := s.scan(name, number)
		if err != nil {
			return err
		}
		if found == 0 {
			if err := os.Remove(name); err != nil {
				return fmt.Errorf("spool: %w", err)
			}
			continue
		}
		s.segments = append(s.segments, segment{number, size})
		s.bytes += size
	}
	return nil
}

// scan reads the entries of a segment up to its end or to the first that is not whole, and cuts the rest off.
func (s *Spool) scan(name string, number int64) (size int64, found int, err error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return 0, 0, fmt.Errorf("spool: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, s.seg+maxEntry+maxSegment))
	if err != nil {
		return 0, 0, fmt.Errorf("spool: %w", err)
	}
	at := 0
	for {
		e, n, ok := parseEntry(text[at:])
		if !ok {
			break
		}
		e.segment, e.offset = number, int64(at)+e.offset
		s.entries = append(s.entries, e)
		at, found = at+n, found+1
	}
	if at == len(text) {
		return int64(at), found, nil
	}
	if err := f.Truncate(int64(at)); err != nil {
		return 0, 0, fmt.Errorf("spool: %w", err)
	}
	return int64(at), found, f.Sync()
}

// parseEntry reads the entry that b begins with, and how long it is; false where it is not whole.
func parseEntry(b []byte) (e entry, n int, ok bool) {
	if len(b) < entryHead {
		return e, 0, false
	}
	size := binary.LittleEndian.Uint32(b)
	if size < 9 || size > maxEntry || int(size) > len(b)-entryHead {
		return e, 0, false
	}
	rest := b[entryHead : entryHead+int(size)]
	if crc32.Checksum(rest, castagnoli) != binary.LittleEndian.Uint32(b[4:]) {
		return e, 0, false
	}
	name := int(rest[0])
	if len(rest) < 9+name {
		return e, 0, false
	}
	e = entry{session: string(rest[1 : 1+name]), seq: binary.LittleEndian.Uint64(rest[1+name:]), offset: int64(entryHead + 9 + name), size: len(rest) - 9 - name}
	return e, entryHead + int(size), true
}

// Append stores the body of a batch; it is on the disk when it returns.
func (s *Spool) Append(session string, seq uint64, body []byte) error {
	if session == "" || len(session) > maxLabel || len(body) > roomy {
		return fmt.Errorf("spool: an entry of %d bytes: %w", len(body), fault.Invalid)
	}
	b := make([]byte, entryHead, entryHead+9+len(session)+len(body))
	b = append(b, byte(len(session)))
	b = append(b, session...)
	b = binary.LittleEndian.AppendUint64(b, seq)
	b = append(b, body...)
	binary.LittleEndian.PutUint32(b, uint32(len(b)-entryHead))
	binary.LittleEndian.PutUint32(b[4:], crc32.Checksum(b[entryHead:], castagnoli))
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.room(int64(len(b))); err != nil {
		return err
	}
	if err := s.write(b); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	last := &s.segments[len(s.segments)-1]
	s.entries = append(s.entries, entry{session: session, seq: seq, segment: last.number, offset: last.size + int64(entryHead+9+len(session)), size: len(body)})
	last.size += int64(len(b))
	s.bytes += int64(len(b))
	select {
	case s.grown <- struct{}{}:
	default:
	}
	return nil
}

// write appends to the last segment, or to a new one. After a failed write, of which part may be on the disk, the segment is
// cut to what stands.
func (s *Spool) write(b []byte) error {
	if s.file != nil && s.segments[len(s.segments)-1].size+int64(len(b)) > s.seg {
		if err := s.closeFile(); err != nil {
			return err
		}
	}
	if s.file == nil {
		f, err := os.OpenFile(s.path(s.next), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		if err := syncDir(s.dir); err != nil {
			f.Close()
			return err
		}
		s.file = f
		s.segments = append(s.segments, segment{number: s.next})
		s.next++
	}
	last := &s.segments[len(s.segments)-1]
	_, err := s.file.WriteAt(b, last.size)
	if err == nil {
		err = s.file.Sync()
	}
	if err != nil {
		err = errors.Join(err, s.file.Truncate(last.size), s.closeFile())
		if last.size == 0 { // a segment of nothing
			err = errors.Join(err, os.Remove(s.path(last.number)))
			s.segments = s.segments[:len(s.segments)-1]
		}
	}
	return err
}

// room drops the oldest segments until there is room for more bytes.
func (s *Spool) room(more int64) error {
	for s.bytes+more > s.max && len(s.segments) > 0 {
		lost := int64(0)
		for _, e := range s.entries {
			if e.segment == s.segments[0].number && !e.done {
				lost++
			}
		}
		if lost > 0 {
			s.lost += lost
			if err := s.keepLost(); err != nil {
				return err
			}
		}
		for i := range s.entries {
			if s.entries[i].segment != s.segments[0].number {
				break
			}
			s.entries[i].done = true
		}
		if err := s.tidy(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Spool) keepLost() error {
	text, err := json.Marshal(s.lost)
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(s.dir, "lost"), text)
}

// tidy forgets entries at the front that are done, and deletes segments of which none is left.
func (s *Spool) tidy() error {
	n := 0
	for n < len(s.entries) && s.entries[n].done {
		n++
	}
	s.entries = slices.Delete(s.entries, 0, n)
	s.first += uint64(n)
	for len(s.segments) > 0 && (len(s.entries) == 0 || s.segments[0].number < s.entries[0].segment) {
		if len(s.segments) == 1 {
			if err := s.closeFile(); err != nil {
				return fmt.Errorf("spool: %w", err)
			}
		}
		if err := os.Remove(s.path(s.segments[0].number)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("spool: %w", err)
		}
		s.bytes -= s.segments[0].size
		s.segments = s.segments[1:]
	}
	return nil
}

// Done forgets what the hub has: of each session the batches up to a number.
func (s *Spool) Done(until map[string]uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.entries {
		if e := &s.entries[i]; e.seq <= until[e.session] {
			e.done = true
		}
	}
	return s.tidy()
}

// Entry is a batch in the spool.
type Entry struct {
	Position uint64 // of the entry among all of this process; the next one is looked for from Position+1
	Session  string
	Seq      uint64
	Base     uint64 // the oldest number of its session that is still here
	Body     []byte
}

// Next returns the first batch at or after a position that the hub lacks; false when there is none.
func (s *Spool) Next(from uint64) (Entry, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := 0
	if from > s.first {
		i = int(min(from-s.first, uint64(len(s.entries))))
	}
	for i < len(s.entries) && s.entries[i].done {
		i++
	}
	if i == len(s.entries) {
		return Entry{}, false, nil
	}
	e := &s.entries[i]
	out := Entry{Position: s.first + uint64(i), Session: e.session, Seq: e.seq, Base: e.seq, Body: make([]byte, e.size)}
	for j := range s.entries {
		if s.entries[j].session == e.session {
			out.Base = min(out.Base, s.entries[j].seq)
			break
		}
	}
	f, err := os.Open(s.path(e.segment))
	if err != nil {
		return Entry{}, false, fmt.Errorf("spool: %w", err)
	}
	defer f.Close()
	if _, err := f.ReadAt(out.Body, e.offset); err != nil {
		return Entry{}, false, fmt.Errorf("spool: %w", err)
	}
	return out, true, nil
}

// Sessions lists the sessions of which something is here, the oldest first, at most n.
func (s *Spool) Sessions(n int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, e := range s.entries {
		if len(out) == n {
			break
		}
		if !e.done && (len(out) == 0 || out[len(out)-1] != e.session) && !slices.Contains(out, e.session) {
			out = append(out, e.session)
		}
	}
	return out
}

// Depth is how much the hub lacks, and how many batches were ever dropped for lack of room.
func (s *Spool) Depth() (batches int, bytes, lost int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		if !e.done {
			batches++
			bytes += int64(e.size)
		}
	}
	return batches, bytes, s.lost
}

// Pending counts the batches before a position that the hub lacks.
func (s *Spool) Pending(before uint64) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.entries {
		if s.first+uint64(i) >= before {
			break
		}
		if !s.entries[i].done {
			n++
		}
	}
	return n
}

// Grown has a value when something was appended since it was last read.
func (s *Spool) Grown() <-chan struct{} { return s.grown }

// replaceFile writes a file whole or not at all.
func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("write %s: %w", path, err)
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !strings.Contains(err.Error(), "not supported") { // some systems cannot sync folders
		return err
	}
	return nil
}
