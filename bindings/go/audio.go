package stoa

// #include <stoa.h>
import "C"

import (
	"context"
	"fmt"
	"time"
	"unsafe"
)

// PushAudio queues PCM, which leaves in real time; where the queue is full it waits for room. What is pushed before the channel is
// connected leaves once it is.
//
// samples are at the channel's rate, interleaved; any number of whole ones. n is how many of them were taken, from the front.
// ErrInterrupted: Interrupt dropped it, what was taken as well. ErrBadState: the channel is ListenOnly. ErrNotAllowed: the server does
// not let this user speak.
func (c *Channel) PushAudio(ctx context.Context, samples []int16) (n int, err error) {
	return c.push(ctx, len(samples), func(from, count C.size_t, accepted *C.size_t) C.stoa_status {
		rest := (*C.int16_t)(unsafe.SliceData(samples[from:]))
		return C.stoa_channel_push_audio(c.handle, rest, count, 0, accepted)
	})
}

// PushFloats is PushAudio for samples in -1 to 1. What is beyond is clipped.
func (c *Channel) PushFloats(ctx context.Context, samples []float32) (n int, err error) {
	return c.push(ctx, len(samples), func(from, count C.size_t, accepted *C.size_t) C.stoa_status {
		rest := (*C.float)(unsafe.SliceData(samples[from:]))
		return C.stoa_channel_push_audio_f32(c.handle, rest, count, 0, accepted)
	})
}

// TryPushAudio is PushAudio that takes what fits now. ErrQueueFull: that was a part or nothing. ErrBusy: another goroutine is pushing.
func (c *Channel) TryPushAudio(samples []int16) (n int, err error) {
	if err := c.whole(len(samples)); err != nil {
		return 0, err
	}
	select {
	case c.pushing <- struct{}{}:
		defer c.pushing.give()
	default:
		return 0, errorOf(C.STOA_ERROR_BUSY, "another goroutine is pushing into this channel: let one push, or use PushAudio, which waits")
	}
	var accepted C.size_t
	err = call(func(*input) C.stoa_status {
		data := (*C.int16_t)(unsafe.SliceData(samples))
		return C.stoa_channel_push_audio(c.handle, data, C.size_t(len(samples)/c.channels), 0, &accepted)
	})
	return int(accepted) * c.channels, err
}

// push takes what fits, and asks again for room: nothing else tells that there is some. `some` pushes count samples for each channel,
// from this value on.
func (c *Channel) push(ctx context.Context, values int, some func(from, count C.size_t, accepted *C.size_t) C.stoa_status) (n int, err error) {
	if err := c.whole(values); err != nil {
		return 0, err
	}
	if err := c.pushing.take(ctx); err != nil {
		return 0, err
	}
	defer c.pushing.give()
	interrupts := c.interrupts.Load()
	err = poll(ctx, ErrQueueFull, func(*input) C.stoa_status {
		if c.interrupts.Load() != interrupts { // between two calls, where the library cannot see it
			return C.STOA_INTERRUPTED
		}
		var accepted C.size_t
		status := some(C.size_t(n), C.size_t((values-n)/c.channels), &accepted)
		n += int(accepted) * c.channels
		return status
	})
	return n, err
}

func (c *Channel) whole(values int) error {
	if values%c.channels == 0 {
		return nil
	}
	return errorOf(C.STOA_ERROR_BAD_ARGUMENT, fmt.Sprintf("%d values are no whole samples of %d channels", values, c.channels))
}

// Queued is how much sound is queued and has not left.
func (c *Channel) Queued() (time.Duration, error) {
	var us C.uint64_t
	err := call(func(*input) C.stoa_status { return C.stoa_channel_queued(c.handle, &us) })
	return durationOf(us), err
}

// Mark puts a playout mark behind the last sample that was pushed. Played tells its id when that has left, or was dropped.
func (c *Channel) Mark(id uint64) error {
	return call(func(*input) C.stoa_status { return C.stoa_channel_mark(c.handle, C.uint64_t(id)) })
}

// WaitPlayed waits until nothing is queued. ErrInterrupted: it was dropped. To wait for the end of one thing while others are pushed
// behind it, take Mark.
func (c *Channel) WaitPlayed(ctx context.Context) error {
	interrupts := c.interrupts.Load()
	return poll(ctx, ErrTimedOut, func(*input) C.stoa_status {
		if c.interrupts.Load() != interrupts {
			return C.STOA_INTERRUPTED
		}
		return C.stoa_channel_wait_played(c.handle, 0)
	})
}

// Interrupt is silent now: it drops what is queued, and what another goroutine is pushing. At most one frame more leaves.
//
// sent is how many samples for each channel have left since the channel was made, dropped how many this call dropped.
func (c *Channel) Interrupt() (sent, dropped uint64, err error) {
	c.interrupts.Add(1)
	var outSent, outDropped C.uint64_t
	err = call(func(*input) C.stoa_status { return C.stoa_channel_interrupt(c.handle, &outSent, &outDropped) })
	return uint64(outSent), uint64(outDropped), err
}

// Mute mutes or unmutes the microphone, also before connecting. While muted the queue is paced out in silence.
func (c *Channel) Mute(muted bool) error {
	return call(func(*input) C.stoa_status { return C.stoa_channel_mute(c.handle, flag(muted)) })
}
