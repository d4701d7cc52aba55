package stoa

// #include <stoa.h>
import "C"

import (
	"sync/atomic"
	"time"
)

// EngineOptions say how an engine is made. The zero value of each but AppID is its default.
type EngineOptions struct {
	AppID          string // the app id, or LiveKit's API key, 1 to 256 bytes; required
	AppCertificate string // the app certificate, or LiveKit's API secret; "": a random one inside, or a token for each channel
	URL            string // the LiveKit server: ws://, wss://, http:// or https://; "": the room server inside
	Threads        int    // media threads, 1 to 64; 0: as many as cores, at most 4
	CAFile         string // with TLS, a PEM file of the certificates to trust, and no others; "": those of the system
}

// An Engine is media threads and, without a URL, a room server.
type Engine struct {
	handle *C.stoa_engine
	url    string
	closed atomic.Bool
}

// NewEngine starts an engine. It does not wait for the network.
func NewEngine(options EngineOptions) (*Engine, error) {
	e := &Engine{}
	err := call(func(in *input) C.stoa_status {
		return C.stoa_engine_new(&C.stoa_engine_options{
			size:            C.sizeof_stoa_engine_options,
			app_id:          in.text(options.AppID),
			app_certificate: in.text(options.AppCertificate),
			url:             in.text(options.URL),
			threads:         number(options.Threads),
			ca_file:         in.text(options.CAFile),
		}, &e.handle)
	})
	if err != nil {
		return nil, err
	}
	e.url, err = text(func(_ *input, buffer *C.char, capacity C.size_t, length *C.size_t) C.stoa_status {
		return C.stoa_engine_url(e.handle, buffer, capacity, length)
	})
	if err != nil {
		C.stoa_engine_free(e.handle)
		return nil, err
	}
	return e, nil
}

// Close closes the engine's channels and its room server, and ends its streams. They are still to be closed each. It takes at most
// two seconds.
func (e *Engine) Close() error {
	if e.closed.Swap(true) {
		return nil
	}
	return call(func(*input) C.stoa_status { return C.stoa_engine_free(e.handle) })
}

// URL is what other processes join with.
func (e *Engine) URL() string { return e.url }

// BuildToken builds a LiveKit token with which this user may join this room of this engine. ttl is 1 s to 10 years, in whole seconds.
func (e *Engine) BuildToken(room, user string, ttl time.Duration) (string, error) {
	return text(func(in *input, buffer *C.char, capacity C.size_t, length *C.size_t) C.stoa_status {
		return C.stoa_engine_build_token(e.handle, in.text(room), in.text(user), seconds(ttl), buffer, capacity, length)
	})
}
