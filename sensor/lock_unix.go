//go:build unix

package sensor

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"pons/fault"
)

// lockFile takes a file for this process; the lock goes with the process, however that ends.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: another sensor uses this folder; give it one of its own with --data: %w", path, fault.Busy)
		}
		return nil, fmt.Errorf("spool: %w", err)
	}
	return f, nil
}
