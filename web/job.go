package web

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"pons/fault"
	"pons/intake"
)

// The names of jobs.
const (
	dryRunJob = "dry run"
	importJob = "import"
	undoJob   = "undo"
)

var (
	errCancelled = errors.New("it was cancelled; nothing was written")
	errStopped   = errors.New("the server was stopped while it ran; nothing was written, and it can be started again")
)

// job is long work that goes on while nobody looks. Jobs write, and the database has one writer: they take turns.
type job struct {
	Key, What string
	File, By  string
	Began     time.Time

	turn   chan struct{} // closed when it may start
	done   chan struct{} // closed when it has ended
	cancel context.CancelCauseFunc

	mu       sync.Mutex
	phase    string
	rows     int
	progress func() intake.Progress
	told     string // why it failed
}

// say tells what the job does now.
func (j *job) say(phase string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.phase = phase
}

func (j *job) count(rows int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.rows = rows
}

func (j *job) follow(progress func() intake.Progress) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.progress = progress
}

func (j *job) running() bool {
	select {
	case <-j.done:
		return false
	default:
		return true
	}
}

// jobView is a job at one moment.
type jobView struct {
	What, File, By string
	Began          time.Time
	Phase          string
	Rows           int
	Read, Total    int64    // bytes of the file
	Behind         *jobView // what it waits for
	Done           bool
	Failed         string // why, in words for people
}

func (j *job) view() jobView {
	j.mu.Lock()
	defer j.mu.Unlock()
	v := jobView{What: j.What, File: j.File, By: j.By, Began: j.Began, Phase: j.phase, Rows: j.rows, Done: !j.running(), Failed: j.told}
	if j.progress != nil {
		p := j.progress()
		v.Read, v.Total, v.Rows = min(p.Read, p.Total), p.Total, max(v.Rows, p.Rows)
	}
	return v
}

// jobs are the long works of this server. They are in memory: what a stop of the server ends was one unit, of which
// nothing stays.
type jobs struct {
	ctx  context.Context
	stop context.CancelCauseFunc
	now  func() time.Time
	all  sync.WaitGroup

	mu   sync.Mutex
	of   map[string]*job
	line []*job // under way, in the order of their turns
}

func newJobs(now func() time.Time) *jobs {
	ctx, stop := context.WithCancelCause(context.Background())
	return &jobs{ctx: ctx, stop: stop, now: now, of: map[string]*job{}}
}

// start begins a job, or returns the one that runs under the key already. after is told how it ended, also when it never
// had its turn, and puts an error into the words that people are told.
func (q *jobs) start(key, what, file, by string, do func(context.Context, *job) error, after func(error) string) (j *job, fresh bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if old := q.of[key]; old != nil && old.running() {
		return old, false, nil
	}
	if q.ctx.Err() != nil {
		return nil, false, fmt.Errorf("the server is being stopped: %w", fault.Busy)
	}
	ctx, cancel := context.WithCancelCause(q.ctx)
	j = &job{Key: key, What: what, File: file, By: by, Began: q.now(), turn: make(chan struct{}), done: make(chan struct{}), cancel: cancel, phase: "waiting"}
	q.of[key] = j
	q.line = append(q.line, j)
	if len(q.line) == 1 {
		close(j.turn)
	}
	q.all.Go(func() {
		err := j.run(ctx, do)
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		cancel(nil)
		q.end(j, after(err))
	})
	return j, true, nil
}

func (j *job) run(ctx context.Context, do func(context.Context, *job) error) error {
	select {
	case <-j.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	return do(ctx, j)
}

// end gives the turn to the next.
func (q *jobs) end(j *job, told string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j.mu.Lock()
	j.told = told
	j.mu.Unlock()
	first := q.line[0]
	q.line = slices.DeleteFunc(q.line, func(other *job) bool { return other == j })
	if first == j && len(q.line) > 0 {
		close(q.line[0].turn)
	}
	close(j.done)
}

// find is the job of a key and what it waits for; ok is false when there is none, or none that is worth telling of.
func (q *jobs) find(key string) (view jobView, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j := q.of[key]
	if j == nil {
		return jobView{}, false
	}
	view = j.view()
	if i := slices.Index(q.line, j); i > 0 {
		ahead := q.line[0].view()
		view.Behind = &ahead
	}
	return view, true
}

func (q *jobs) busy(key string) bool {
	view, ok := q.find(key)
	return ok && !view.Done
}

// settle waits a little for the job of a key, if there is one.
func (q *jobs) settle(ctx context.Context, key string) {
	q.mu.Lock()
	j := q.of[key]
	q.mu.Unlock()
	if j != nil {
		j.wait(ctx)
	}
}

// cancel ends a job that runs; what it would have written is not written.
func (q *jobs) cancel(key string) {
	q.mu.Lock()
	j := q.of[key]
	q.mu.Unlock()
	if j != nil {
		j.cancel(errCancelled)
	}
}

// tidy forgets jobs that ended an hour ago: who wanted to know has looked.
func (q *jobs) tidy() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for key, j := range q.of {
		if !j.running() && q.now().Sub(j.Began) > time.Hour {
			delete(q.of, key)
		}
	}
}

// patience is how long a page waits for a job before it shows progress: most files are small, and their result may
// as well come at once.
const patience = 1500 * time.Millisecond

// wait waits a little for a job to end.
func (j *job) wait(ctx context.Context) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-j.done:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Run keeps the house of the pages until the context ends: it removes uploads that nobody came back to, and at the
// end stops what still runs and waits for it, so that the database can be closed.
func (s *Server) Run(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Minute)
	defer tick.Stop()
	for {
		s.tidy()
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.jobs.stop(errStopped)
			s.jobs.all.Wait()
			return nil
		}
	}
}

// tidy removes what nobody came back to.
func (s *Server) tidy() {
	s.jobs.tidy()
	if err := s.uploads.sweep(s.jobs.busy); err != nil {
		s.Log.Error("uploads sweep failed", "error", err)
	}
}
