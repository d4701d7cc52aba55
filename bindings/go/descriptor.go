package stoa

// #include <stoa.h>
import "C"

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// A descriptor of the library on which goroutines wait in Go's poller, one at a time.
type descriptor struct {
	file *os.File
	conn syscall.RawConn
	turn turn
}

// newDescriptor takes the function of the library that tells it.
func newDescriptor(of func(out *C.int32_t) C.stoa_status) (*descriptor, error) {
	var number C.int32_t
	if err := call(func(*input) C.stoa_status { return of(&number) }); err != nil {
		return nil, err
	}
	// Go closes what it has a file of, and the library's own is not to be closed.
	duplicate, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(number), syscall.F_DUPFD_CLOEXEC, 0)
	if errno != 0 {
		return nil, os.NewSyscallError("fcntl", errno)
	}
	file := os.NewFile(duplicate, "stoa")
	conn, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &descriptor{file, conn, make(turn, 1)}, nil
}

// next makes a call that does not wait, at once and each time that there may be news, until its status is not STOA_TIMED_OUT.
func (d *descriptor) next(ctx context.Context, f func(in *input) C.stoa_status) error {
	if err := d.turn.take(ctx); err != nil {
		return err
	}
	defer d.turn.give()
	defer context.AfterFunc(ctx, func() { d.file.SetReadDeadline(time.Unix(1, 0)) })()
	for {
		// The deadline may be one that the context of the wait before has set late. That of this one is set after its Err.
		d.file.SetReadDeadline(time.Time{})
		if err := ctx.Err(); err != nil {
			return err
		}
		var made error
		err := d.conn.Read(func(uintptr) bool {
			made = call(f)
			return !errors.Is(made, ErrTimedOut)
		})
		if err == nil {
			return made
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return errorOf(C.STOA_ERROR_CLOSED, "it was closed while this call waited, or before")
		}
	}
}

func (d *descriptor) close() { d.file.Close() }
