package stoa

// #include <stoa.h>
import "C"

import (
	"strings"
	"sync/atomic"
)

// ServerOptions say how a room server is made. The zero value of each but Keys is its default.
type ServerOptions struct {
	Bind         string   // the address to bind; "": 127.0.0.1
	Keys         []string // API keys with their secrets, each as KEY:SECRET; required
	Port         int      // TCP, for signalling, 1 to 65535; 0: a free one
	UDPPort      int      // for media, 1 to 65535; 0: a free one
	Webhooks     []string // URLs to which events are posted, signed with the first of the keys; at most 8
	Metrics      bool     // show the numbers at /metrics, to everyone who can reach the port
	RemoteUnmute bool     // let the room service open somebody's microphone
}

// A Server is a room server, which engines, LiveKit's clients and browsers can join.
type Server struct {
	handle        *C.stoa_server
	url           string
	port, udpPort C.uint32_t
	closed        atomic.Bool
}

// NewServer binds and starts a room server.
func NewServer(options ServerOptions) (*Server, error) {
	s := &Server{}
	err := call(func(in *input) C.stoa_status {
		return C.stoa_server_new(&C.stoa_server_options{
			size:          C.sizeof_stoa_server_options,
			bind:          in.text(options.Bind),
			keys:          in.text(strings.Join(options.Keys, " ")),
			port:          number(options.Port),
			udp_port:      number(options.UDPPort),
			webhooks:      in.text(strings.Join(options.Webhooks, " ")),
			metrics:       flag(options.Metrics),
			remote_unmute: flag(options.RemoteUnmute),
		}, &s.handle)
	})
	if err != nil {
		return nil, err
	}
	s.url, err = text(func(_ *input, buffer *C.char, capacity C.size_t, length *C.size_t) C.stoa_status {
		return C.stoa_server_url(s.handle, buffer, capacity, length)
	})
	if err == nil {
		err = call(func(*input) C.stoa_status { return C.stoa_server_port(s.handle, &s.port) })
	}
	if err == nil {
		err = call(func(*input) C.stoa_status { return C.stoa_server_udp_port(s.handle, &s.udpPort) })
	}
	if err != nil {
		C.stoa_server_free(s.handle)
		return nil, err
	}
	return s, nil
}

// Close tells the participants that the server shuts down, and closes its ports. It takes at most two seconds.
func (s *Server) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	return call(func(*input) C.stoa_status { return C.stoa_server_free(s.handle) })
}

// URL is what to join with, such as "ws://127.0.0.1:7880".
func (s *Server) URL() string { return s.url }

// Port is the TCP port for signalling.
func (s *Server) Port() int { return int(s.port) }

// UDPPort is the UDP port for media.
func (s *Server) UDPPort() int { return int(s.udpPort) }
