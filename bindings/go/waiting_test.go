package stoa_test

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"stoa.dev/stoa"
)

// Each call that waits is given what never comes.
func TestContextsEndEveryWait(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.join(stoa.ChannelOptions{User: "mute", ListenOnly: true})
	await(r, r.ada, func(e stoa.UserJoined) bool { return e.User == "mute" })
	voice, err := r.ada.Stream("bob")
	must(t, err)
	defer voice.Close()
	must(t, r.bob.RegisterRPC("never"))

	listener, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and says nothing
	must(t, err)
	defer listener.Close()
	dead := newEngine(t, stoa.EngineOptions{AppID: "go", AppCertificate: "secret", URL: "ws://" + listener.Addr().String()})
	lost := newChannel(t, dead, stoa.ChannelOptions{SendQueue: time.Second})
	_, err = lost.TryPushAudio(make([]int16, rate))
	must(t, err)
	full := newChannel(t, dead, stoa.ChannelOptions{})
	send := func(ctx context.Context) error {
		_, err := full.SendMessage(ctx, make([]byte, 16<<20), stoa.MessageOptions{Format: stoa.FormatBytes})
		return err
	}
	must(t, send(r.ctx))
	must(t, send(r.ctx)) // the queue of messages is full

	for name, wait := range map[string]func(context.Context) error{
		"Connect":     lost.Connect,
		"Subscribe":   func(ctx context.Context) error { return r.ada.Subscribe(ctx, "mute") },
		"PushAudio":   func(ctx context.Context) error { _, err := lost.PushAudio(ctx, make([]int16, 1)); return err },
		"PushFloats":  func(ctx context.Context) error { _, err := lost.PushFloats(ctx, make([]float32, 1)); return err },
		"WaitPlayed":  lost.WaitPlayed,
		"Read":        func(ctx context.Context) error { _, _, err := voice.Read(ctx, make([]int16, 1)); return err },
		"Event":       func(ctx context.Context) error { _, err := full.Event(ctx); return err },
		"SendMessage": send,
		"WaitSent":    func(ctx context.Context) error { return full.WaitSent(ctx, 1) },
		"CallRPC":     func(ctx context.Context) error { _, err := r.ada.CallRPC(ctx, "bob", "never", "", 0); return err },
	} {
		t.Run(name, func(t *testing.T) {
			ended, end := context.WithCancel(r.ctx)
			end()
			refused(t, wait(ended), context.Canceled)
			for range 3 { // again: a wait that was given up leaves nothing behind
				ctx, cancel := context.WithCancel(r.ctx)
				ctx, waits := watched(ctx)
				done := make(chan error, 1)
				go func() { done <- wait(ctx) }()
				select {
				case err := <-done:
					t.Fatalf("it did not wait: %v", err)
				case <-waits:
				}
				select {
				case err := <-done:
					t.Fatalf("it did not wait: %v", err)
				case <-time.After(20 * time.Millisecond):
				}
				cancel()
				refused(t, <-done, context.Canceled)
			}
			short, cancel := context.WithTimeout(r.ctx, 10*time.Millisecond)
			defer cancel()
			refused(t, wait(short), context.DeadlineExceeded)
		})
	}

	ended, end := context.WithCancel(r.ctx)
	end()
	refused(t, r.ada.Disconnect(ended), context.Canceled)
	refused(t, r.bob.SetUserInfo(ended, stoa.UserChange{Name: "Bob"}), context.Canceled)
	refused(t, r.bob.Unsubscribe(ended, "mute"), context.Canceled)
	must(t, lost.Disconnect(r.ctx))
	state, err := lost.State()
	must(t, err)
	equal(t, "the state after a connect that was given up", state, stoa.StateDisconnected)
}

func TestAWaitThatWasGivenUpDoesNotEndTheNext(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	for i := range uint64(200) {
		ctx, cancel := context.WithCancel(r.ctx)
		done := make(chan error)
		go func() { _, err := r.bob.Event(ctx); done <- err }()
		go cancel()
		if <-done == nil {
			continue // it was something of bob's own
		}
		must(t, r.ada.SendData([]byte{byte(i)}, stoa.DataOptions{}))
		e := await(r, r.bob, func(stoa.DataReceived) bool { return true })
		equal(t, "what came", e.Data[0], byte(i))
	}
}

func TestWaitersHoldNoThreads(t *testing.T) {
	engine := newEngine(t, stoa.EngineOptions{AppID: "go"})
	ctx, cancel := context.WithCancel(patient(t))
	const waiters = 200
	done := make(chan error)
	for range waiters {
		channel := newChannel(t, engine, stoa.ChannelOptions{})
		go func() { _, err := channel.Event(ctx); done <- err }()
	}
	// Who waits inside a call of the library is in a "syscall" instead.
	stacks := make([]byte, 1<<22)
	for waiting := 0; waiting < waiters; {
		must(t, ctx.Err())
		runtime.Gosched()
		waiting = strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "[IO wait]:")
	}
	cancel()
	for range waiters {
		refused(t, <-done, context.Canceled)
	}
}

func TestCloseEndsWhoWaits(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	for range 20 {
		voice, err := r.bob.Stream("ada")
		must(t, err)
		channel := newChannel(t, r.engine, stoa.ChannelOptions{})
		_, err = channel.TryPushAudio(make([]int16, 10))
		must(t, err)
		ctx, waits := watched(r.ctx)
		done := make(chan error)
		go func() { _, _, err := voice.Read(ctx, make([]int16, stoa.FrameSamplesMax)); done <- err }()
		go func() { _, err := channel.Event(ctx); done <- err }()
		go func() { done <- channel.WaitPlayed(ctx) }()
		for range 3 {
			<-waits
		}
		must(t, voice.Close())
		must(t, channel.Close())
		for range 3 {
			refused(t, <-done, stoa.ErrClosed)
		}
	}
	// The engine's end is seen by who waits as well.
	voice, err := r.bob.Stream("ada")
	must(t, err)
	defer voice.Close()
	channel := newChannel(t, r.engine, stoa.ChannelOptions{})
	done := make(chan error, 2)
	go func() { _, _, err := voice.Read(r.ctx, make([]int16, stoa.FrameSamplesMax)); done <- err }()
	go func() { _, err := channel.Event(r.ctx); done <- err }()
	must(t, r.engine.Close())
	for range 2 {
		if err := <-done; !errors.Is(err, stoa.ErrClosed) && err.Error() != "EOF" {
			t.Fatal(err)
		}
	}
}

func TestClosingGivesDescriptorsBack(t *testing.T) {
	r := newRoom(t)
	open := func() int {
		names, err := os.ReadDir("/proc/self/fd")
		must(t, err)
		return len(names)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would close what is forgotten
	before := open()
	for range 100 {
		voice, err := r.bob.Stream("ada")
		must(t, err)
		must(t, voice.Close())
		channel, err := r.engine.NewChannel(stoa.ChannelOptions{Name: "agora"})
		must(t, err)
		must(t, channel.Close())
	}
	for open() > before+50 { // those of other channels come and go
		must(t, r.ctx.Err())
	}
}

func TestClosingTwiceAndInAnyOrder(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	voice, err := r.bob.Stream("ada")
	must(t, err)
	server, err := stoa.NewServer(stoa.ServerOptions{Keys: []string{"key:secret"}})
	must(t, err)
	for range 2 {
		must(t, r.engine.Close())
		must(t, r.bob.Close())
		must(t, voice.Close())
		must(t, server.Close())
	}
	for name, err := range map[string]error{
		"engine":  second(r.engine.BuildToken("agora", "ada", time.Hour)),
		"channel": r.bob.Connect(r.ctx),
		"orphan":  r.ada.Connect(r.ctx),
		"server":  second(server.Stats()),
		"stream":  second(voice.Readable()),
		"event":   second(r.bob.Event(r.ctx)),
	} {
		t.Run(name, func(t *testing.T) { refused(t, err, stoa.ErrClosed) })
	}
}

func second[T any](_ T, err error) error { return err }
