//go:build !unix

package sensor

import (
	"fmt"
	"os"
)

// lockFile opens the file: sensors listen on Linux only, where it is locked too.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	return f, nil
}
