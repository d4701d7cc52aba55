package stoa

// #include <stoa.h>
import "C"

import (
	"context"
	"unsafe"
)

// A Format is how a message travels. Receivers recognise each by itself.
type Format uint32

const (
	FormatJSON   Format = C.STOA_FORMAT_JSON   // chunks of agora-realtime-ai-api 1.0
	FormatBase64 Format = C.STOA_FORMAT_BASE64 // chunks of agora-realtime-ai-api 1.1.0
	FormatText   Format = C.STOA_FORMAT_TEXT   // LiveKit's text stream
	FormatBytes  Format = C.STOA_FORMAT_BYTES  // LiveKit's byte stream
)

// MessageOptions say how a message is sent. The zero value is a text to everyone.
type MessageOptions struct {
	ID     string   // at most 256 bytes, for FormatBase64 at most 32 characters without a bar; "": the library chooses one
	Topic  string   // a name by which receivers tell messages apart, at most 256 bytes
	To     []string // who gets it; none: everyone
	Format Format   // 0: FormatText
	Lossy  bool     // chunks are sent once and may be lost; only for FormatJSON and FormatBase64
}

// SendMessage queues a message of at most 16 MiB for the others in the room, who get it whole, and waits for room in the queue.
// Without a connection it waits there for the next one. The data is copied; it is UTF-8 but for FormatBytes.
//
// The ticket is for WaitSent, and that of the event MessageSent. ErrNotAllowed: the token does not let this user send data.
func (c *Channel) SendMessage(ctx context.Context, data []byte, options MessageOptions) (ticket uint64, err error) {
	var out C.uint64_t
	err = poll(ctx, ErrQueueFull, func(in *input) C.stoa_status {
		to, count := in.texts(options.To)
		return C.stoa_channel_send_message(c.handle, unsafe.Pointer(unsafe.SliceData(data)), C.size_t(len(data)),
			&C.stoa_message_options{
				size:       C.sizeof_stoa_message_options,
				message_id: in.text(options.ID),
				topic:      in.text(options.Topic),
				to:         to,
				to_count:   count,
				format:     C.uint32_t(options.Format),
				lossy:      flag(options.Lossy),
			}, &out)
	})
	return uint64(out), err
}

// WaitSent waits until a message has left: the server has all of it. ErrDisconnected, ErrNotAllowed: it failed.
func (c *Channel) WaitSent(ctx context.Context, ticket uint64) error {
	return poll(ctx, ErrTimedOut, func(*input) C.stoa_status { return C.stoa_channel_wait_sent(c.handle, C.uint64_t(ticket), 0) })
}

// DataOptions say how data is sent. The zero value is reliable and to everyone.
type DataOptions struct {
	Topic string   // a name by which receivers tell data apart, at most 256 bytes
	To    []string // who gets it; none: everyone
	Lossy bool     // sent once, may be lost or overtaken
}

// SendData sends one data packet of at most 60,000 bytes. It does not wait. ErrQueueFull: too much is waiting to be sent, try later.
func (c *Channel) SendData(data []byte, options DataOptions) error {
	return call(func(in *input) C.stoa_status {
		to, count := in.texts(options.To)
		return C.stoa_channel_send_data(c.handle, unsafe.Pointer(unsafe.SliceData(data)), C.size_t(len(data)),
			&C.stoa_data_options{
				size:     C.sizeof_stoa_data_options,
				topic:    in.text(options.Topic),
				to:       to,
				to_count: count,
				lossy:    flag(options.Lossy),
			})
	})
}
