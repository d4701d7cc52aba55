package stoa

/*
#include <stoa.h>
void stoaGoLog(uint32_t level, char *text, void *userData);
*/
import "C"

import (
	"errors"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A LogLevel is how much the log tells: this and what is above.
type LogLevel uint32

const (
	LogOff   LogLevel = C.STOA_LOG_OFF
	LogError LogLevel = C.STOA_LOG_ERROR
	LogWarn  LogLevel = C.STOA_LOG_WARN
	LogInfo  LogLevel = C.STOA_LOG_INFO
	LogDebug LogLevel = C.STOA_LOG_DEBUG
)

var (
	logSetting sync.Mutex
	logTo      atomic.Pointer[func(LogLevel, string)]
)

// SetLog sets where the lines of the library's log go, for the whole process: to a function, one at a time, on a goroutine that
// nothing of the library waits for; nil is standard error. When SetLog returns nil the function before is not running, and never
// runs again; ErrBusy says that it still is. Call it from outside the function.
func SetLog(level LogLevel, to func(level LogLevel, line string)) error {
	logSetting.Lock()
	defer logSetting.Unlock()
	callback, before := C.stoa_log_callback(nil), logTo.Load()
	if to != nil {
		callback = C.stoa_log_callback(C.stoaGoLog)
		logTo.Store(&to)
	}
	err := call(func(*input) C.stoa_status { return C.stoa_log_set(C.uint32_t(level), callback, nil, nil) })
	if errors.Is(err, ErrBadArgument) { // nothing was set
		logTo.Store(before)
	}
	return err
}

//export stoaGoLog
func stoaGoLog(level C.uint32_t, text *C.char, _ unsafe.Pointer) {
	(*logTo.Load())(LogLevel(level), C.GoString(text))
}
