package stoa_test

import (
	"context"
	"io"
	"testing"
	"time"

	"stoa.dev/stoa"
)

func TestHearsWhatIsSaidUntilTheEnd(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	voice, err := r.bob.Stream("ada")
	must(t, err)
	defer voice.Close()
	equal(t, "whose sound it is", voice.User(), "ada")
	pcm := tone(440, 8000, 1, 2*time.Second)
	n, err := r.ada.PushAudio(r.ctx, pcm)
	must(t, err)
	equal(t, "what was taken", n, len(pcm))
	must(t, r.bob.Subscribe(r.ctx, "ada"))
	state, err := r.bob.SubscribeState("ada")
	must(t, err)
	equal(t, "the state", state, stoa.SubscribeSubscribed)
	r.hears(voice, 1, 440, 8000)

	small := make([]int16, 1)
	n, frame, err := voice.Read(r.ctx, small)
	refused(t, err, stoa.ErrBufferTooSmall)
	equal(t, "what was read", n, 0)
	if frame.Samples <= 1 {
		t.Fatalf("the frame needs room for %d samples", frame.Samples)
	}

	must(t, r.bob.Unsubscribe(r.ctx, "ada"))
	for err = nil; err == nil; {
		_, _, err = voice.Read(r.ctx, make([]int16, stoa.FrameSamplesMax))
	}
	equal(t, "the end", err, io.EOF)
	if stats, err := voice.Stats(); err != nil || stats.FramesRead < 30 || stats.Ring.Count < 30 {
		t.Fatalf("%v: %+v", err, stats)
	}
}

func TestHearsATrackByItsName(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	// Then the track is known.
	must(t, r.bob.Subscribe(r.ctx, "ada"))
	must(t, r.bob.Unsubscribe(r.ctx, "ada"))
	_, err := r.ada.PushAudio(r.ctx, tone(440, 8000, 1, 2*time.Second))
	must(t, err)
	track, err := r.bob.TrackStream("ada", "microphone")
	must(t, err)
	defer track.Close()
	r.hears(track, 1, 440, 8000)
	state, err := r.bob.SubscribeState("ada")
	must(t, err)
	equal(t, "the state", state, stoa.SubscribeNoSubscribe)
	_, err = r.bob.TrackStream("ada", "music")
	refused(t, err, stoa.ErrNotFound)
	must(t, r.ada.Disconnect(r.ctx))
	end := await(r, r.bob, func(e stoa.StreamEnded) bool { return e.Track != "" })
	equal(t, "whose end", end.User+" "+end.Track, "ada microphone")
}

func TestHearsFloatsInStereoAndMixed(t *testing.T) {
	t.Parallel()
	r := room{t: t, ctx: patient(t), engine: newEngine(t, stoa.EngineOptions{AppID: "go"})}
	ada := r.join(stoa.ChannelOptions{User: "ada", Channels: 2})
	bob := r.join(stoa.ChannelOptions{User: "bob", Channels: 2, SubscribeAll: true})
	mix, err := bob.MixedStream()
	must(t, err)
	defer mix.Close()
	equal(t, "whose sound it is", mix.User(), "")
	_, err = ada.PushAudio(r.ctx, make([]int16, 3))
	refused(t, err, stoa.ErrBadArgument)
	var floats []float32
	for _, sample := range tone(600, 9000, 2, 2*time.Second) {
		floats = append(floats, float32(sample)/32768)
	}
	n, err := ada.PushFloats(r.ctx, floats)
	must(t, err)
	equal(t, "what was taken", n, len(floats))
	r.hears(mix, 2, 600, 9000)
}

func TestSendQueue(t *testing.T) {
	t.Parallel()
	engine := newEngine(t, stoa.EngineOptions{AppID: "go"})
	ctx := patient(t)
	channel := newChannel(t, engine, stoa.ChannelOptions{SendQueue: time.Second}) // not connected: nothing leaves
	n, err := channel.TryPushAudio(make([]int16, rate/2))
	must(t, err)
	equal(t, "what was taken", n, rate/2)
	queued, err := channel.Queued()
	must(t, err)
	equal(t, "what is queued", queued, time.Second/2)
	n, err = channel.TryPushAudio(make([]int16, rate))
	refused(t, err, stoa.ErrQueueFull)
	equal(t, "what was taken", n, rate/2)

	pushing, first := watched(ctx)
	waiting, second := watched(ctx)
	listening, third := watched(ctx)
	ended := make(chan error)
	push := func(ctx context.Context) { _, err := channel.PushAudio(ctx, make([]int16, rate)); ended <- err }
	go push(pushing)
	<-first // takes its turn
	<-first // waits for room
	_, err = channel.TryPushAudio(make([]int16, 1))
	refused(t, err, stoa.ErrBusy)
	go push(waiting)
	<-second // waits for its turn
	go func() { ended <- channel.WaitPlayed(listening) }()
	<-third
	_, dropped, err := channel.Interrupt()
	must(t, err)
	equal(t, "what was dropped", dropped, rate)
	var went int
	for range 3 {
		if err := <-ended; err == nil {
			went++ // whose turn it was then
		} else {
			refused(t, err, stoa.ErrInterrupted) // who pushed, and who waited for the end
		}
	}
	equal(t, "how many went on", went, 1)

	_, dropped, err = channel.Interrupt()
	must(t, err)
	equal(t, "what was dropped", dropped, rate)
	must(t, channel.WaitPlayed(ctx))
}

func TestMarksAndMuting(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	_, err := r.ada.PushAudio(r.ctx, tone(440, 8000, 1, 100*time.Millisecond))
	must(t, err)
	must(t, r.ada.Mark(7))
	must(t, r.ada.WaitPlayed(r.ctx))
	played := await(r, r.ada, func(stoa.Played) bool { return true })
	equal(t, "the mark", played.ID, 7)
	must(t, played.Err)
	sent, _, err := r.ada.Interrupt()
	must(t, err)
	if sent < rate/10 {
		t.Fatalf("%d samples have left", sent)
	}

	_, err = r.ada.PushAudio(r.ctx, make([]int16, rate))
	must(t, err)
	must(t, r.ada.Mark(8))
	_, _, err = r.ada.Interrupt()
	must(t, err)
	refused(t, await(r, r.ada, func(e stoa.Played) bool { return e.ID == 8 }).Err, stoa.ErrInterrupted)

	for _, muted := range []bool{true, false} {
		must(t, r.ada.Mute(muted))
		e := await(r, r.bob, func(e stoa.UserMuted) bool { return e.Muted == muted })
		equal(t, "who did it", e.User, "ada")
	}

	silent := r.join(stoa.ChannelOptions{User: "cleo", ListenOnly: true})
	_, err = silent.PushAudio(context.Background(), make([]int16, 10))
	refused(t, err, stoa.ErrBadState)
}
