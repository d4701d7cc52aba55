package stoa

// #include <stoa.h>
import "C"

import (
	"context"
	"io"
	"sync/atomic"
	"time"
	"unsafe"
)

// FrameSamplesMax is the longest frame, in samples for each channel. A buffer of this length times the channels always suffices.
const FrameSamplesMax = C.STOA_FRAME_SAMPLES_MAX

// An Origin is where the sound of a frame came from.
type Origin uint32

const (
	OriginDecoded   Origin = C.STOA_ORIGIN_DECODED
	OriginRecovered Origin = C.STOA_ORIGIN_RECOVERED // the packet was lost; from a copy, or the error correction, in another one
	OriginConcealed Origin = C.STOA_ORIGIN_CONCEALED // the packet was lost; the decoder's guess
	OriginSilence   Origin = C.STOA_ORIGIN_SILENCE   // the user stopped speaking; nothing comes then until the user speaks again
)

// A Speech is a frame's part in speech, where voice detection is on (see SetVAD).
type Speech uint32

const (
	SpeechNone     Speech = C.STOA_SPEECH_NONE
	SpeechStart    Speech = C.STOA_SPEECH_START
	SpeechSpeaking Speech = C.STOA_SPEECH_SPEAKING
	SpeechEnd      Speech = C.STOA_SPEECH_END
)

// A Frame is what is known about some milliseconds of PCM.
type Frame struct {
	Time             time.Time // when it was ready to be heard
	Arrival          time.Time // when its packet arrived; zero where none did
	RTPTime          uint64    // of its first sample, in units of 1/48000 s, without wrap
	Origin           Origin
	Samples          int     // for each channel
	SampleRate       int     // Hz
	Channels         int     // 1 or 2, interleaved
	Level            int     // dB below the maximum: 0 is the loudest, 127 is silence
	VoiceProbability float64 // 0 to 1; 0.6 is a fair threshold
	Speech           Speech
}

// A Stream is the sound of one remote user, or of all of them mixed.
type Stream struct {
	handle   *C.stoa_stream
	user     string
	channels int
	news     *descriptor
	closed   atomic.Bool
}

// Stream is the sound of one user in the room. It can be asked for before the user speaks; frames come once the user is subscribed to.
// It ends when the user leaves, stops publishing or is unsubscribed; then ask for a new one. ErrNotFound: no such user is here.
func (c *Channel) Stream(user string) (*Stream, error) {
	return c.stream(user, func(in *input, out **C.stoa_stream) C.stoa_status {
		return C.stoa_channel_stream(c.handle, in.text(user), out)
	})
}

// TrackStream is the sound of one more audio track of a user, by the name or the id that UserInfo tells. While the stream is open the track
// is subscribed to, whether the user is or not; the mix, voice detection and dumps are without it. ErrNotFound: no such user or track.
func (c *Channel) TrackStream(user, track string) (*Stream, error) {
	return c.stream(user, func(in *input, out **C.stoa_stream) C.stoa_status {
		return C.stoa_channel_track_stream(c.handle, in.text(user), in.text(track), out)
	})
}

// MixedStream is the sound of all users who are subscribed to, mixed. It outlives connections, and ends when the channel is closed.
func (c *Channel) MixedStream() (*Stream, error) {
	return c.stream("", func(_ *input, out **C.stoa_stream) C.stoa_status { return C.stoa_channel_mixed_stream(c.handle, out) })
}

func (c *Channel) stream(user string, of func(in *input, out **C.stoa_stream) C.stoa_status) (*Stream, error) {
	s := &Stream{user: user, channels: c.channels}
	err := call(func(in *input) C.stoa_status { return of(in, &s.handle) })
	if err != nil {
		return nil, err
	}
	s.news, err = newDescriptor(func(out *C.int32_t) C.stoa_status { return C.stoa_stream_descriptor(s.handle, out) })
	if err != nil {
		C.stoa_stream_free(s.handle)
		return nil, err
	}
	return s, nil
}

// Close frees the stream. The user stays subscribed to. Who waits in Read gets ErrClosed.
func (s *Stream) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.news.close()
	return call(func(*input) C.stoa_status { return C.stoa_stream_free(s.handle) })
}

// Read waits for the next frame and copies it into buf, interleaved, at the channel's rate. n is how many values that are. The error
// is io.EOF when the stream is over and everything was read.
//
// ErrBufferTooSmall: the frame stays, and its Samples, times its Channels, is the room that is needed.
func (s *Stream) Read(ctx context.Context, buf []int16) (n int, frame Frame, err error) {
	raw := C.stoa_frame{size: C.sizeof_stoa_frame}
	var status C.stoa_status
	err = s.news.next(ctx, func(*input) C.stoa_status {
		status = C.stoa_stream_read(s.handle, 0, (*C.int16_t)(unsafe.SliceData(buf)), C.size_t(len(buf)/s.channels), &raw)
		return status
	})
	if status == C.STOA_END_OF_STREAM {
		err = io.EOF
	}
	if err == nil {
		n = int(raw.samples_per_channel * raw.channels)
	}
	return n, frameOf(&raw), err
}

func frameOf(raw *C.stoa_frame) Frame {
	return Frame{
		Time:             timeOf(raw.timestamp_us),
		Arrival:          timeOf(raw.arrival_us),
		RTPTime:          uint64(raw.rtp_time),
		Origin:           Origin(raw.origin),
		Samples:          int(raw.samples_per_channel),
		SampleRate:       int(raw.sample_rate),
		Channels:         int(raw.channels),
		Level:            int(raw.level),
		VoiceProbability: float64(raw.voice_probability),
		Speech:           Speech(raw.speech),
	}
}

// Readable is how many frames Read returns without waiting.
func (s *Stream) Readable() (int, error) {
	var frames C.size_t
	err := call(func(*input) C.stoa_status { return C.stoa_stream_readable(s.handle, &frames) })
	return int(frames), err
}

// User is whose sound it is; "" for the mix.
func (s *Stream) User() string { return s.user }

// Dropped is how many frames were dropped because nobody took them in time.
func (s *Stream) Dropped() (uint64, error) {
	var frames C.uint64_t
	err := call(func(*input) C.stoa_status { return C.stoa_stream_dropped(s.handle, &frames) })
	return uint64(frames), err
}
