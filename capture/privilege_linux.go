package capture

import (
	"errors"
	"fmt"
	"os/user"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"pons/fault"
)

// DropPrivileges makes the whole process, every thread of it, an ordinary one: it becomes the named user (and its group, in
// no others), holds no capability, and can gain none by running another program. What is open stays open: raw sockets are
// opened before. A process that is not root stays who it is and loses its capabilities alone; naming another user is
// fault.Denied then.
func DropPrivileges(name string) error {
	if err := everyThread(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	if err := everyThread(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0); err != nil && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("ambient capabilities: %w", err) // EINVAL: a kernel before 4.3, which has none
	}
	if name != "" {
		if err := become(name); err != nil {
			return err
		}
	}
	head, none := &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &[2]unix.CapUserData{}
	var pin runtime.Pinner // every thread reads them
	defer pin.Unpin()
	pin.Pin(head)
	pin.Pin(none)
	if err := everyThread(unix.SYS_CAPSET, uintptr(unsafe.Pointer(head)), uintptr(unsafe.Pointer(none)), 0); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	return nil
}

// become changes the user and the group. Go's own Setuid changes all threads.
func become(name string) error {
	who, err := user.Lookup(name)
	if err != nil {
		return fmt.Errorf("there is no user %s here: %w", name, fault.NotFound)
	}
	uid, err1 := strconv.Atoi(who.Uid)
	gid, err2 := strconv.Atoi(who.Gid)
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("user %s: %w", name, err)
	}
	if syscall.Getuid() == uid {
		return nil
	}
	if syscall.Geteuid() != 0 {
		return fmt.Errorf("only root can become %s: %w", name, fault.Denied)
	}
	if err := syscall.Setgroups([]int{gid}); err != nil {
		return fmt.Errorf("groups of %s: %w", name, err)
	}
	if err := syscall.Setgid(gid); err != nil {
		return fmt.Errorf("group of %s: %w", name, err)
	}
	if err := syscall.Setuid(uid); err != nil {
		return fmt.Errorf("user %s: %w", name, err)
	}
	return nil
}

// everyThread makes a system call on every thread of the process.
func everyThread(call, a, b, c uintptr) error {
	_, _, errno := syscall.AllThreadsSyscall6(call, a, b, c, 0, 0, 0)
	if errno == syscall.ENOTSUP {
		return errors.New("this program was built with cgo, which hides its threads; build it with CGO_ENABLED=0 as `make build` does")
	}
	if errno != 0 {
		return errno
	}
	return nil
}
