package app

import (
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// bar is progress on a terminal, and nothing where standard error is none.
type bar struct{ p *progressbar.ProgressBar }

// progress begins a bar over a number of bytes; -1 is unknown.
func (s *session) progress(what string, total int64) *bar {
	f, ok := s.Err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &bar{}
	}
	return &bar{progressbar.NewOptions64(total, progressbar.OptionSetWriter(f), progressbar.OptionSetDescription(what),
		progressbar.OptionShowBytes(true), progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(24))}
}

func (b *bar) set(n int64) {
	if b.p != nil {
		_ = b.p.Set64(n) // only a terminal that went away
	}
}

func (b *bar) say(what string) {
	if b.p != nil {
		b.p.Describe(what)
	}
}

func (b *bar) done() {
	if b.p != nil {
		_ = b.p.Finish()
	}
}
