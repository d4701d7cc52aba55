// Package stoa is real-time voice for programs: join a room, hear every speaker as PCM of their own, speak, exchange messages. It is
// a thin binding of libstoa.so; stoa.h is the contract and says what is not said here.
//
// Begin with [NewEngine], then [Engine.NewChannel] and [Channel.Connect]. What happens comes from [Channel.Event], what is heard
// from [Channel.Stream].
//
// Every method may be called from any goroutine. Where two would be in each other's way (pushing into one channel, reading one
// stream or the events of one channel) the second waits for its turn. What waits takes a context, and returns its Err when it ends.
//
// An Engine, Channel, Stream or Server is closed by whoever made it, in any order; closing again does nothing. The library calls
// no Go code, but for the log's.
package stoa

/*
#cgo LDFLAGS: -lstoa
#include <stoa.h>
*/
import "C"

import "time"

// Version is that of the library that is running, such as "0.1.0".
func Version() string { return C.GoString(C.stoa_version()) }

// Now is the clock of all times in this package: it starts at the system's time of day and then runs evenly.
func Now() time.Time { return timeOf(C.stoa_time_us()) }
