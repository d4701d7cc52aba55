package stoa

// #include <stoa.h>
import "C"

import (
	"context"
	"sync/atomic"
	"time"
)

// A QueuePolicy is what a full queue does.
type QueuePolicy uint32

const (
	QueueDefault    QueuePolicy = C.STOA_QUEUE_DEFAULT // sending refuses what does not fit, receiving drops the oldest
	QueueDropOldest QueuePolicy = C.STOA_QUEUE_DROP_OLDEST
	QueueDropNewest QueuePolicy = C.STOA_QUEUE_DROP_NEWEST
)

// A ConnectionState is how a channel is connected.
type ConnectionState uint32

const (
	StateDisconnected ConnectionState = C.STOA_STATE_DISCONNECTED
	StateConnecting   ConnectionState = C.STOA_STATE_CONNECTING
	StateConnected    ConnectionState = C.STOA_STATE_CONNECTED
	StateReconnecting ConnectionState = C.STOA_STATE_RECONNECTING // lost, and being made again
	StateFailed       ConnectionState = C.STOA_STATE_FAILED       // given up
)

// ChannelOptions say how a channel is made. The zero value of each but Name is its default.
type ChannelOptions struct {
	Name             string        // the room's name, 1 to 256 bytes; required
	User             string        // the user's identity, at most 256 bytes; "": UID, or one that the library chooses
	Token            string        // for this room and user; "": built from the engine's app id and certificate
	UID              uint32        // a numeric identity, which stands for its decimal form; give User or UID
	SampleRate       int           // of all PCM, 8000, 16000, 24000, 32000, 44100 or 48000 Hz; 0: 24000
	Channels         int           // 1: mono; 2: stereo, interleaved; 0: 1
	SubscribeAll     bool          // subscribe to every user who speaks; false: see Subscribe
	Eager            bool          // give frames out the moment they can be decoded, for machines that listen
	SendQueue        time.Duration // capacity of the send queue, 20 ms to 10 min; 0: 30 s
	SendPolicy       QueuePolicy
	ReceiveQueue     time.Duration // capacity of each stream, 2 s to 1 min; 0: 2 s
	ReceivePolicy    QueuePolicy
	Bitrate          int           // of Opus, 6,000 to 510,000 bits a second; 0: 24,000
	ListenOnly       bool          // never speak, and have no microphone
	ReconnectTimeout time.Duration // for how long a lost connection is tried to be made again, 1 s to 1 h; 0: 1 min
	NoReconnect      bool          // a lost connection is the end
}

// A Channel is one user's conversation in a room.
type Channel struct {
	handle     *C.stoa_channel
	name, user string
	channels   int
	events     *descriptor
	pushing    turn
	interrupts atomic.Uint64
	closed     atomic.Bool
}

// NewChannel makes a channel, not yet connected.
func (e *Engine) NewChannel(options ChannelOptions) (*Channel, error) {
	c := &Channel{name: options.Name, channels: max(options.Channels, 1), pushing: make(turn, 1)}
	err := call(func(in *input) C.stoa_status {
		return C.stoa_channel_new(e.handle, &C.stoa_channel_options{
			size:                 C.sizeof_stoa_channel_options,
			name:                 in.text(options.Name),
			user:                 in.text(options.User),
			token:                in.text(options.Token),
			uid:                  C.uint32_t(options.UID),
			sample_rate:          number(options.SampleRate),
			channels:             number(options.Channels),
			subscribe_all:        flag(options.SubscribeAll),
			eager:                flag(options.Eager),
			send_queue_ms:        milliseconds(options.SendQueue),
			send_policy:          C.uint32_t(options.SendPolicy),
			receive_queue_ms:     milliseconds(options.ReceiveQueue),
			receive_policy:       C.uint32_t(options.ReceivePolicy),
			bitrate:              number(options.Bitrate),
			listen_only:          flag(options.ListenOnly),
			reconnect_timeout_ms: milliseconds(options.ReconnectTimeout),
			no_reconnect:         flag(options.NoReconnect),
		}, &c.handle)
	})
	if err != nil {
		return nil, err
	}
	c.user, err = text(func(_ *input, buffer *C.char, capacity C.size_t, length *C.size_t) C.stoa_status {
		return C.stoa_channel_user(c.handle, buffer, capacity, length)
	})
	if err == nil {
		c.events, err = newDescriptor(func(out *C.int32_t) C.stoa_status { return C.stoa_channel_event_descriptor(c.handle, out) })
	}
	if err != nil {
		C.stoa_channel_free(c.handle)
		return nil, err
	}
	return c, nil
}

// Close leaves the room and ends the channel's streams, which are still to be closed each. Calls that wait on the channel return
// ErrClosed. It takes at most one second.
func (c *Channel) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	c.events.close()
	return call(func(*input) C.stoa_status { return C.stoa_channel_free(c.handle) })
}

// Connect joins the room. When the context ends before that is done, it is given up. The error says why it failed.
func (c *Channel) Connect(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// The reason of a failure is told by an event, which is the program's, or by the call that waits. So a thread waits here.
	done := make(chan error, 1)
	go func() { done <- call(func(*input) C.stoa_status { return C.stoa_channel_connect(c.handle, -1) }) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	for waits := true; waits; { // the thread may be about to begin
		C.stoa_channel_disconnect(c.handle, 0)
		select {
		case <-done:
			waits = false
		case <-time.After(time.Millisecond):
		}
	}
	C.stoa_channel_disconnect(c.handle, 0) // it may have been done just before
	return ctx.Err()
}

// Disconnect leaves the room, and waits until that is done; when the context ends before, it goes on in the background. The streams
// of users end. The channel can connect again.
func (c *Channel) Disconnect(ctx context.Context) error {
	if err := call(func(*input) C.stoa_status { return C.stoa_channel_disconnect(c.handle, 0) }); err != nil {
		return err
	}
	return poll(ctx, ErrTimedOut, func(*input) C.stoa_status {
		var state C.uint32_t
		status := C.stoa_channel_state(c.handle, &state)
		if status == C.STOA_OK && state != C.STOA_STATE_DISCONNECTED && state != C.STOA_STATE_FAILED {
			return C.STOA_TIMED_OUT
		}
		return status
	})
}

// Reconnect makes the connection again now: for a program that knows that the network is another one, or there again. Events tell
// the rest.
func (c *Channel) Reconnect() error {
	return call(func(*input) C.stoa_status { return C.stoa_channel_reconnect(c.handle) })
}

// State is the state of the connection.
func (c *Channel) State() (ConnectionState, error) {
	var state C.uint32_t
	err := call(func(*input) C.stoa_status { return C.stoa_channel_state(c.handle, &state) })
	return ConnectionState(state), err
}

// Name is the room's name.
func (c *Channel) Name() string { return c.name }

// User is the user's own identity: of the options, or the one that the library chose.
func (c *Channel) User() string { return c.user }

// Token is the token in use, a secret.
func (c *Channel) Token() (string, error) {
	return text(func(_ *input, buffer *C.char, capacity C.size_t, length *C.size_t) C.stoa_status {
		return C.stoa_channel_token(c.handle, buffer, capacity, length)
	})
}

// RenewToken takes a token for the same room and user in place of the one in use, without leaving.
func (c *Channel) RenewToken(token string) error {
	return call(func(in *input) C.stoa_status { return C.stoa_channel_renew_token(c.handle, in.text(token)) })
}
