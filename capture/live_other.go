//go:build !linux

package capture

import (
	"context"
	"errors"
)

// errLinux is what listening says elsewhere: reading capture files works everywhere.
var errLinux = errors.New("listening on an interface needs Linux; record a capture and give the file instead")

type live struct{}

func (i *Interface) open(int, bool) error { return errLinux }

// Run fails: there is no listening here.
func (i *Interface) Run(context.Context, func(Frame)) (uint64, error) { return 0, errLinux }

// Close does nothing here.
func (i *Interface) Close() error { return nil }

// DropPrivileges fails: there is nothing to drop where nothing was opened.
func DropPrivileges(string) error { return errLinux }
