package stoa_test

import (
	"context"
	"errors"
	"math"
	"sort"
	"testing"
	"time"

	"stoa.dev/stoa"
)

const (
	appID       = "00000000000000000000000000000001"
	certificate = "00000000000000000000000000000002"
	rate        = 24000
	patience    = 20 * time.Second // for what has to come; no test waits for it to pass
)

// ada and bob are in a room of an engine of their own.
type room struct {
	t        *testing.T
	ctx      context.Context
	engine   *stoa.Engine
	ada, bob *stoa.Channel
}

func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func newEngine(t *testing.T, options stoa.EngineOptions) *stoa.Engine {
	t.Helper()
	engine, err := stoa.NewEngine(options)
	must(t, err)
	t.Cleanup(func() { must(t, engine.Close()) })
	return engine
}

func newChannel(t *testing.T, engine *stoa.Engine, options stoa.ChannelOptions) *stoa.Channel {
	t.Helper()
	options.Name = "agora"
	channel, err := engine.NewChannel(options)
	must(t, err)
	t.Cleanup(func() { must(t, channel.Close()) })
	return channel
}

func newRoom(t *testing.T) room {
	t.Helper()
	engine := newEngine(t, stoa.EngineOptions{AppID: appID, AppCertificate: certificate})
	r := room{t: t, ctx: patient(t), engine: engine}
	r.ada = r.join(stoa.ChannelOptions{User: "ada"})
	r.bob = r.join(stoa.ChannelOptions{User: "bob"})
	await(r, r.ada, func(e stoa.UserJoined) bool { return e.User == "bob" })
	return r
}

func (r room) join(options stoa.ChannelOptions) *stoa.Channel {
	r.t.Helper()
	channel := newChannel(r.t, r.engine, options)
	must(r.t, channel.Connect(r.ctx))
	return channel
}

// await takes events until one is of this type and as wanted.
func await[E stoa.Event](r room, channel *stoa.Channel, wanted func(E) bool) E {
	r.t.Helper()
	for {
		event, err := channel.Event(r.ctx)
		if err != nil {
			r.t.Fatalf("no %T came: %v", *new(E), err)
		}
		if e, ok := event.(E); ok && wanted(e) {
			if age := stoa.Now().Sub(e.When()); age < 0 || age > patience {
				r.t.Errorf("%T happened %v ago", e, age)
			}
			return e
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused demands this error, with a sentence of the library's where it is a status.
func refused(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%v should be %v", err, want)
	}
	var whole *stoa.Error
	if status, ok := want.(stoa.Status); ok && (!errors.As(err, &whole) || status < 0 && len(whole.Text) <= len(status.Error())) {
		t.Fatalf("%v is no sentence about %v", err, want)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s is %v, and should be %v", what, got, want)
	}
}

// tone is a sine wave, in each of the channels.
func tone(hertz, amplitude float64, channels int, length time.Duration) []int16 {
	pcm := make([]int16, int(length.Seconds()*rate)*channels)
	for i := range pcm {
		pcm[i] = int16(amplitude * math.Sin(2*math.Pi*hertz*float64(i/channels)/rate))
	}
	return pcm
}

// heard is the pitch and the amplitude of the first of the channels, in most of half a second of loud frames: a late one is faded.
func heard(r room, voice *stoa.Stream, channels int) (hertz, amplitude float64) {
	r.t.Helper()
	var pitches, levels []float64
	pcm := make([]int16, stoa.FrameSamplesMax*channels)
	for loud := 0; loud < 30; {
		n, frame, err := voice.Read(r.ctx, pcm)
		must(r.t, err)
		equal(r.t, "the length of a frame", n, frame.Samples*channels)
		equal(r.t, "its channels", frame.Channels, channels)
		equal(r.t, "its rate", frame.SampleRate, rate)
		if frame.Level >= 30 || frame.Origin != stoa.OriginDecoded {
			continue
		}
		if loud++; loud <= 5 {
			continue
		}
		var first, last, crossings, square float64
		for i := 0; i < frame.Samples; i++ {
			sample := float64(pcm[i*channels])
			square += sample * sample
			if before := float64(pcm[max(i-1, 0)*channels]); (before < 0) != (sample < 0) {
				last = float64(i-1) + before/(before-sample)
				if crossings++; crossings == 1 {
					first = last
				}
			}
		}
		if crossings > 1 {
			pitches = append(pitches, (crossings-1)/2*rate/(last-first))
		}
		levels = append(levels, math.Sqrt(2*square/float64(frame.Samples)))
	}
	sort.Float64s(pitches)
	sort.Float64s(levels)
	return pitches[len(pitches)/2], levels[len(levels)/2]
}

func (r room) hears(voice *stoa.Stream, channels int, hertz, amplitude float64) {
	r.t.Helper()
	h, a := heard(r, voice, channels)
	r.t.Logf("%.0f Hz, amplitude %.0f", h, a)
	if math.Abs(h-hertz) > 10 || math.Abs(a/amplitude-1) > 0.2 {
		r.t.Fatalf("%.0f Hz at %.0f was heard, not %.0f Hz at %.0f", h, a, hertz, amplitude)
	}
}

// watched is a context that tells each time when somebody is about to wait for its end.
func watched(ctx context.Context) (context.Context, <-chan struct{}) {
	waits := make(chan struct{}, 1000)
	return watchedContext{ctx, waits}, waits
}

type watchedContext struct {
	context.Context
	waits chan<- struct{}
}

func (w watchedContext) Done() <-chan struct{} {
	select {
	case w.waits <- struct{}{}:
	default:
	}
	return w.Context.Done()
}
