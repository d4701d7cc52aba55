package stoa

// #include <stoa.h>
import "C"

// A Status is what a call came to. The constants are errors for errors.Is; what a call returns is an *Error, with a sentence.
type Status int32

// The first ones are no faults; the others are. Each function of stoa.h says which it returns and why.
const (
	ErrTimedOut    Status = C.STOA_TIMED_OUT
	ErrQueueFull   Status = C.STOA_QUEUE_FULL
	ErrInterrupted Status = C.STOA_INTERRUPTED

	ErrNullArgument   Status = C.STOA_ERROR_NULL_ARGUMENT
	ErrBadHandle      Status = C.STOA_ERROR_BAD_HANDLE // errors.Is takes it for ErrClosed too: in Go a handle is bad once it was closed
	ErrBadStruct      Status = C.STOA_ERROR_BAD_STRUCT
	ErrBadUTF8        Status = C.STOA_ERROR_BAD_UTF8
	ErrBadArgument    Status = C.STOA_ERROR_BAD_ARGUMENT
	ErrBadState       Status = C.STOA_ERROR_BAD_STATE
	ErrClosed         Status = C.STOA_ERROR_CLOSED // it was closed, or its engine
	ErrBusy           Status = C.STOA_ERROR_BUSY
	ErrNotFound       Status = C.STOA_ERROR_NOT_FOUND
	ErrBufferTooSmall Status = C.STOA_ERROR_BUFFER_TOO_SMALL
	ErrUnreachable    Status = C.STOA_ERROR_UNREACHABLE
	ErrRefused        Status = C.STOA_ERROR_REFUSED
	ErrProtocol       Status = C.STOA_ERROR_PROTOCOL
	ErrBadToken       Status = C.STOA_ERROR_BAD_TOKEN
	ErrAddress        Status = C.STOA_ERROR_ADDRESS
	ErrDisconnected   Status = C.STOA_ERROR_DISCONNECTED
	ErrNotAllowed     Status = C.STOA_ERROR_NOT_ALLOWED
	ErrLimit          Status = C.STOA_ERROR_LIMIT
	ErrInternal       Status = C.STOA_ERROR_INTERNAL
)

// Error is a short text, such as "timed out".
func (s Status) Error() string { return C.GoString(C.stoa_status_text(C.stoa_status(s))) }

// An Error is what a call of the library came to.
type Error struct {
	Status Status
	Text   string // the library's sentence: what was wrong, and what to do
}

func (e *Error) Error() string { return e.Text }

// Is tells whether the target is the status of this error.
func (e *Error) Is(target error) bool {
	return target == e.Status || target == ErrClosed && e.Status == ErrBadHandle
}

// The error of a status and its sentence, "" for one that has none; nil for STOA_OK.
func errorOf(status C.stoa_status, text string) error {
	if status == C.STOA_OK {
		return nil
	}
	if text == "" {
		text = Status(status).Error()
	}
	return &Error{Status(status), text}
}
