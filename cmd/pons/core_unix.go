//go:build unix

package main

import "syscall"

// noCore keeps the kernel from writing the memory of a process that died to a file: packets lie in it, and what people say
// in them. A system without the limit is none that leaves cores.
func noCore() { _ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) }
