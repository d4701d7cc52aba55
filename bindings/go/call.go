package stoa

/*
#include <stdlib.h>
#include <stoa.h>
*/
import "C"

import (
	"context"
	"errors"
	"math"
	"runtime"
	"strings"
	"time"
	"unsafe"
)

// input is what a call is given in C's memory. It is freed after the call, since the library keeps none of it.
type input []unsafe.Pointer

// text is a string with a closing zero byte. One inside would end it early; in this form, which is no UTF-8, the library refuses it.
func (in *input) text(s string) *C.char {
	c := C.CString(strings.ReplaceAll(s, "\x00", "\xc0\x80"))
	*in = append(*in, unsafe.Pointer(c))
	return c
}

// texts is an array of strings; NULL for none.
func (in *input) texts(all []string) (**C.char, C.size_t) {
	if len(all) == 0 {
		return nil, 0
	}
	array := C.malloc(C.size_t(len(all)) * C.size_t(unsafe.Sizeof((*C.char)(nil))))
	*in = append(*in, array)
	for i, s := range all {
		unsafe.Slice((**C.char)(array), len(all))[i] = in.text(s)
	}
	return (**C.char)(array), C.size_t(len(all))
}

// call runs one call of the library, and returns an *Error for every status but STOA_OK.
func call(f func(in *input) C.stoa_status) error {
	var in input
	defer func() {
		for _, p := range in {
			C.free(p)
		}
	}()
	// The sentence of the last error belongs to the thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	status := f(&in)
	if status < 0 {
		return errorOf(status, C.GoString(C.stoa_last_error()))
	}
	return errorOf(status, "")
}

// text returns the string that a call writes into (buffer, capacity, out_length).
func text(f func(in *input, buffer *C.char, capacity C.size_t, length *C.size_t) C.stoa_status) (string, error) {
	buffer := make([]byte, 512)
	for {
		var length C.size_t
		err := call(func(in *input) C.stoa_status {
			return f(in, (*C.char)(unsafe.Pointer(&buffer[0])), C.size_t(len(buffer)), &length)
		})
		if err == nil {
			return string(buffer[:length]), nil
		}
		if !errors.Is(err, ErrBufferTooSmall) {
			return "", err
		}
		buffer = make([]byte, length+64) // it may have grown by the next call
	}
}

// poll makes a call that does not wait, again and again until its status is not this one. Between the calls the goroutine sleeps, and
// holds no thread. Events would tell the moment, but they are the program's, and each is seen once.
func poll(ctx context.Context, notYet Status, f func(in *input) C.stoa_status) error {
	for pause := time.Millisecond; ; pause = min(2*pause, 10*time.Millisecond) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := call(f); !errors.Is(err, notYet) {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// A turn is what one goroutine has at a time.
type turn chan struct{}

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) give() { <-t }

// number is an option as the library has it. What does not fit becomes what the library refuses, with a sentence.
func number(n int) C.uint32_t {
	if n < 0 || n > math.MaxUint32 {
		return math.MaxUint32
	}
	return C.uint32_t(n)
}

// milliseconds is a duration, rounded up: a short one is not the default.
func milliseconds(d time.Duration) C.uint32_t {
	return number(int((d + time.Millisecond - 1) / time.Millisecond))
}

func flag(b bool) C.uint32_t {
	if b {
		return 1
	}
	return 0
}

// timeOf is the zero Time for 0, which stands for none.
func timeOf(us C.uint64_t) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(us))
}

func durationOf(us C.uint64_t) time.Duration { return time.Duration(us) * time.Microsecond }
