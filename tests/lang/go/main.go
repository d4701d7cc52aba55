// Two users of one room: one says a tone, the other hears it by polling, by descriptor (Go's poller) and by callback.
// Needs CGO_CFLAGS and CGO_LDFLAGS that lead to an installation.
package main

/*
#cgo LDFLAGS: -lstoa
#include <stdlib.h>
#include <stoa.h>
void onFrame(char *user, stoa_frame *frame, int16_t *samples, void *userData);
*/
import "C"

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"sort"
	"syscall"
	"time"
	"unsafe"
)

const rate, hertz, amplitude, patience = 24000, 440, 8000, 20 * time.Second

var called = make(chan []int16, 1000)

//export onFrame
func onFrame(user *C.char, frame *C.stoa_frame, samples *C.int16_t, userData unsafe.Pointer) {
	if frame.level < 30 && frame.origin == C.STOA_ORIGIN_DECODED {
		called <- append([]int16(nil), unsafe.Slice((*int16)(samples), int(frame.samples_per_channel))...)
	}
}

func demand(good bool, format string, values ...any) {
	if !good {
		fmt.Fprintf(os.Stderr, format+"\n", values...)
		os.Exit(1)
	}
}

// The sentence of the last error belongs to the thread, so the goroutine stays on its own (see main).
func must(status C.stoa_status) C.stoa_status {
	demand(status >= 0, "%s", C.GoString(C.stoa_last_error()))
	return status
}

func join(engine *C.stoa_engine, user string) (channel *C.stoa_channel) {
	options := C.stoa_channel_options{size: C.sizeof_stoa_channel_options, name: C.CString("agora"), user: C.CString(user), subscribe_all: 1}
	must(C.stoa_channel_new(engine, &options, &channel))
	must(C.stoa_channel_connect(channel, 20000))
	return
}

// The tone in half a second of frames: how often it crosses zero, and how loud it is in most of them.
func check(way string, frames [][]int16) {
	var crossings, count float64
	var levels []float64
	last := int16(0)
	for _, frame := range frames[5:30] {
		square := 0.0
		for _, sample := range frame {
			if (sample < 0) != (last < 0) {
				crossings++
			}
			last = sample
			square += float64(sample) * float64(sample)
			count++
		}
		levels = append(levels, math.Sqrt(2*square/float64(len(frame))))
	}
	sort.Float64s(levels)
	heard, level := crossings/2*rate/count, levels[len(levels)/2]
	fmt.Printf("%s: %.0f Hz, amplitude %.0f\n", way, heard, level)
	demand(math.Abs(heard-hertz) < 10 && math.Abs(level/amplitude-1) < 0.2, "by %s %d Hz of %d should be heard", way, hertz, amplitude)
}

var samples [C.STOA_FRAME_SAMPLES_MAX]C.int16_t

// Reads one frame, and keeps it when it was decoded and is loud. False: nothing there.
func read(voice *C.stoa_stream, timeout C.int32_t, frames *[][]int16) bool {
	frame := C.stoa_frame{size: C.sizeof_stoa_frame}
	if must(C.stoa_stream_read(voice, timeout, &samples[0], C.STOA_FRAME_SAMPLES_MAX, &frame)) != C.STOA_OK {
		return false
	}
	if frame.level < 30 && frame.origin == C.STOA_ORIGIN_DECODED {
		*frames = append(*frames, append([]int16(nil), unsafe.Slice((*int16)(&samples[0]), int(frame.samples_per_channel))...))
	}
	return true
}

func main() {
	runtime.LockOSThread()
	var engine *C.stoa_engine
	var voice *C.stoa_stream
	options := C.stoa_engine_options{size: C.sizeof_stoa_engine_options, app_id: C.CString("go")}
	must(C.stoa_engine_new(&options, &engine))
	ada, bob := join(engine, "ada"), join(engine, "bob")
	must(C.stoa_channel_stream(bob, C.CString("ada"), &voice))
	var tone [6 * rate]C.int16_t
	for i := range tone {
		tone[i] = C.int16_t(amplitude * math.Sin(2*math.Pi*hertz*float64(i)/rate))
	}
	must(C.stoa_channel_push_audio(ada, &tone[0], C.size_t(len(tone)), 0, nil))

	var polled, waited, got [][]int16
	for len(polled) < 30 {
		demand(read(voice, 20000, &polled), "nothing was heard for 20 s")
	}
	check("polling", polled)

	// Go closes what it has a file of, so it gets a duplicate. The goroutine sleeps in Go's poller.
	var descriptor C.int32_t
	must(C.stoa_stream_descriptor(voice, &descriptor))
	duplicate, err := syscall.Dup(int(descriptor))
	demand(err == nil, "dup: %v", err)
	file := os.NewFile(uintptr(duplicate), "stream")
	err = file.SetReadDeadline(time.Now().Add(patience))
	demand(err == nil, "Go cannot poll the descriptor: %v", err)
	connection, err := file.SyscallConn()
	demand(err == nil, "no connection: %v", err)
	err = connection.Read(func(uintptr) bool {
		for read(voice, 0, &waited) {
		}
		return len(waited) >= 30
	})
	demand(err == nil, "nothing was heard by descriptor: %v", err)
	file.Close()
	check("descriptor", waited)

	must(C.stoa_stream_set_frame_callback(voice, C.stoa_frame_callback(C.onFrame), nil, nil))
	for len(got) < 30 {
		select {
		case frame := <-called:
			got = append(got, frame)
		case <-time.After(patience):
			demand(false, "nothing was heard by callback")
		}
	}
	must(C.stoa_stream_set_frame_callback(voice, nil, nil, nil))
	check("callback", got)

	must(C.stoa_stream_free(voice))
	must(C.stoa_channel_free(ada))
	must(C.stoa_channel_free(bob))
	must(C.stoa_engine_free(engine))
}
