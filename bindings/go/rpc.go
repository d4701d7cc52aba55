package stoa

// #include <stoa.h>
import "C"

import (
	"context"
	"fmt"
	"time"
)

// An RPCCode is why a call failed: one of these, or the other user's own.
type RPCCode uint32

const (
	RPCUnsupportedMethod       RPCCode = C.STOA_RPC_UNSUPPORTED_METHOD
	RPCRecipientNotFound       RPCCode = C.STOA_RPC_RECIPIENT_NOT_FOUND
	RPCRequestPayloadTooLarge  RPCCode = C.STOA_RPC_REQUEST_PAYLOAD_TOO_LARGE
	RPCUnsupportedServer       RPCCode = C.STOA_RPC_UNSUPPORTED_SERVER
	RPCUnsupportedVersion      RPCCode = C.STOA_RPC_UNSUPPORTED_VERSION
	RPCApplicationError        RPCCode = C.STOA_RPC_APPLICATION_ERROR
	RPCConnectionTimeout       RPCCode = C.STOA_RPC_CONNECTION_TIMEOUT
	RPCResponseTimeout         RPCCode = C.STOA_RPC_RESPONSE_TIMEOUT
	RPCRecipientDisconnected   RPCCode = C.STOA_RPC_RECIPIENT_DISCONNECTED
	RPCResponsePayloadTooLarge RPCCode = C.STOA_RPC_RESPONSE_PAYLOAD_TOO_LARGE
	RPCSendFailed              RPCCode = C.STOA_RPC_SEND_FAILED
)

// An RPCError is a call that has failed.
type RPCError struct {
	Code RPCCode
	Err  error  // an *Error
	Data string // what the other user's error carries; only in RPCAnswered
}

func (e *RPCError) Error() string { return fmt.Sprintf("%v (code %d)", e.Err, e.Code) }

func (e *RPCError) Unwrap() error { return e.Err }

// RegisterRPC takes others' calls of a method from now on, over this connection and later ones. Each comes as an event RPCCalled.
func (c *Channel) RegisterRPC(method string) error {
	return call(func(in *input) C.stoa_status { return C.stoa_channel_rpc_register(c.handle, in.text(method)) })
}

// UnregisterRPC takes calls of a method no more. Those that have come may still be answered.
func (c *Channel) UnregisterRPC(method string) error {
	return call(func(in *input) C.stoa_status { return C.stoa_channel_rpc_unregister(c.handle, in.text(method)) })
}

// CallRPC calls a method of another user in the room, and waits for the answer: until the context ends, and at most for response,
// 1 ms to 10 min, or 15 s where it is 0. Payload and answer are at most 15,360 bytes of UTF-8.
//
// A call that failed is an *RPCError; one that could not begin an *Error.
func (c *Channel) CallRPC(ctx context.Context, user, method, payload string, response time.Duration) (answer string, err error) {
	var ticket C.uint64_t
	err = poll(ctx, ErrQueueFull, func(in *input) C.stoa_status {
		return C.stoa_channel_rpc_call(c.handle, in.text(user), in.text(method), in.text(payload), milliseconds(response), &ticket)
	})
	if err != nil {
		return "", err
	}
	var code C.uint32_t
	err = poll(ctx, ErrTimedOut, func(*input) C.stoa_status {
		var length C.size_t
		status := C.stoa_channel_rpc_wait(c.handle, ticket, 0, &code, nil, 0, &length)
		if code != 0 || status == C.STOA_ERROR_BUFFER_TOO_SMALL { // it has ended; with a code STOA_TIMED_OUT says how
			return C.STOA_OK
		}
		return status
	})
	if err != nil {
		return "", err
	}
	answer, err = text(func(_ *input, buffer *C.char, capacity C.size_t, length *C.size_t) C.stoa_status {
		return C.stoa_channel_rpc_wait(c.handle, ticket, 0, &code, buffer, capacity, length)
	})
	if code != 0 {
		err = &RPCError{Code: RPCCode(code), Err: err}
	}
	return answer, err
}

// AnswerRPC answers a call that came as RPCCalled. ErrNotFound: it was answered, its time is over, or its caller left.
func (c *Channel) AnswerRPC(id uint64, payload string) error {
	return call(func(in *input) C.stoa_status {
		return C.stoa_channel_rpc_answer(c.handle, C.uint64_t(id), in.text(payload))
	})
}

// FailRPC answers a call that came as RPCCalled with an error. code is not 0: RPCApplicationError, or your own below 1001 or above 1999.
// text is a sentence of at most 256 bytes.
func (c *Channel) FailRPC(id uint64, code RPCCode, text string) error {
	return call(func(in *input) C.stoa_status {
		return C.stoa_channel_rpc_fail(c.handle, C.uint64_t(id), C.uint32_t(code), in.text(text))
	})
}
