package stoa_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"stoa.dev/stoa"
)

// service calls the room service of the server inside, as an administrator of the room.
func (r room) service(method string, request map[string]any) {
	r.t.Helper()
	token, err := stoa.BuildToken(`{"family": "livekit", "claims": {"video": {"room": "agora", "roomAdmin": true}}}`,
		appID, certificate)
	must(r.t, err)
	request["room"] = "agora"
	body, err := json.Marshal(request)
	must(r.t, err)
	url := strings.Replace(r.engine.URL(), "ws", "http", 1) + "/twirp/livekit.RoomService/" + method
	post, err := http.NewRequestWithContext(r.ctx, "POST", url, bytes.NewReader(body))
	must(r.t, err)
	post.Header.Set("Authorization", "Bearer "+token)
	post.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(post)
	must(r.t, err)
	defer answer.Body.Close()
	if said, _ := io.ReadAll(answer.Body); answer.StatusCode != 200 {
		r.t.Fatalf("%s: %s", method, said)
	}
}

func TestEventsOfConnections(t *testing.T) {
	t.Parallel()
	r := room{t: t, ctx: patient(t), engine: newEngine(t, stoa.EngineOptions{AppID: "go"})}
	ada := r.join(stoa.ChannelOptions{User: "ada"})
	equal(t, "the first change", fmt.Sprint(changes(r, ada, 2)), "[1-2 none 2-3 none]")
	bob := r.join(stoa.ChannelOptions{User: "bob"})
	equal(t, "who joined", await(r, ada, func(stoa.UserJoined) bool { return true }).User, "bob")

	must(t, ada.Reconnect())
	equal(t, "the change", fmt.Sprint(changes(r, ada, 2)), "[3-4 requested 4-3 none]")
	refused(t, newChannel(t, r.engine, stoa.ChannelOptions{}).Reconnect(), stoa.ErrBadState)

	must(t, bob.Disconnect(r.ctx))
	left := await(r, ada, func(e stoa.UserLeft) bool { return e.User == "bob" })
	equal(t, "why", left.Reason, stoa.ReasonRequested)

	r.join(stoa.ChannelOptions{User: "ada"})
	lost := await(r, ada, func(e stoa.ConnectionStateChanged) bool {
		return e.New == stoa.StateFailed || e.New == stoa.StateDisconnected
	})
	equal(t, "why", lost.Reason, stoa.ReasonDuplicateIdentity)
	equal(t, "its name", lost.Reason.String(), "duplicate_identity")
	refused(t, lost.Err, stoa.ErrDisconnected)
}

// changes are the next ones of the connection's state.
func changes(r room, channel *stoa.Channel, count int) (told []string) {
	for len(told) < count {
		e := await(r, channel, func(stoa.ConnectionStateChanged) bool { return true })
		told = append(told, fmt.Sprintf("%d-%d %v", e.Old, e.New, e.Reason))
	}
	return told
}

func TestEventsOfUsers(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	good := await(r, r.ada, func(e stoa.ConnectionQualityChanged) bool { return e.User == "bob" })
	equal(t, "the quality", good.New, stoa.QualityExcellent)
	equal(t, "the quality before", good.Old, stoa.QualityUnknown)

	must(t, r.bob.SetUserInfo(r.ctx, stoa.UserChange{Name: "Bob", Metadata: "a listener", Attributes: map[string]string{"seat": "3"}}))
	for _, channel := range []*stoa.Channel{r.ada, r.bob} {
		// In whichever order they come.
		var name, metadata, seat string
		for name == "" || metadata == "" || seat == "" {
			event, err := channel.Event(r.ctx)
			must(t, err)
			switch e := event.(type) {
			case stoa.UserNameChanged:
				name = e.User + e.Name
			case stoa.UserMetadataChanged:
				metadata = e.User + e.Metadata
			case stoa.UserAttributesChanged:
				seat = e.User + e.Attributes["seat"]
			}
		}
		equal(t, "what bob tells", name+metadata+seat, "bobBobboba listenerbob3")
	}

	r.service("UpdateRoomMetadata", map[string]any{"metadata": "a hall"})
	equal(t, "the metadata", await(r, r.ada, func(stoa.RoomMetadataChanged) bool { return true }).Metadata, "a hall")

	info, err := r.ada.UserInfo("")
	must(t, err)
	r.service("MutePublishedTrack", map[string]any{"identity": "ada", "track_sid": info.Tracks[0].ID, "muted": true})
	equal(t, "muted", await(r, r.ada, func(stoa.MicrophoneMuted) bool { return true }).Muted, true)

	r.service("UpdateParticipant", map[string]any{"identity": "ada", "permission": map[string]any{"can_subscribe": true, "can_publish_data": false}})
	changed := await(r, r.ada, func(e stoa.PermissionsChanged) bool { return e.User == "ada" })
	if p := changed.Permission; p.CanSubscribe == nil || !*p.CanSubscribe || p.CanPublishData == nil || *p.CanPublishData {
		t.Fatalf("%+v", p)
	}
	refused(t, r.ada.SendData([]byte("not any more"), stoa.DataOptions{}), stoa.ErrNotAllowed)
}

func TestEventsOfSound(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	must(t, r.bob.SetVAD(&stoa.VADOptions{StartRMSThreshold: -40, StopRMSThreshold: -40}))
	voice, err := r.bob.Stream("ada") // which nobody reads
	must(t, err)
	defer voice.Close()
	must(t, r.bob.Subscribe(r.ctx, "ada"))
	state := await(r, r.bob, func(e stoa.AudioSubscribeStateChanged) bool { return e.New == stoa.SubscribeSubscribed })
	equal(t, "whose", state.User, "ada")
	_, err = r.ada.PushAudio(r.ctx, tone(440, 20000, 1, 3*time.Second))
	must(t, err)
	must(t, r.ada.Mark(1))

	// In whichever order they come.
	var started, ended, speaking, silent, dropped bool
	for !(started && ended && speaking && silent && dropped) {
		event, err := r.bob.Event(r.ctx)
		must(t, err)
		switch e := event.(type) {
		case stoa.SpeechStarted:
			equal(t, "who", e.User, "ada")
			started = true
		case stoa.SpeechEnded:
			equal(t, "who", e.User, "ada")
			if e.Length <= 0 || e.Length > 4*time.Second {
				t.Fatalf("the speech was %v", e.Length)
			}
			ended = started
		case stoa.UserSpeaking:
			equal(t, "who", e.User, "ada")
			if e.Speaking && (e.Level <= 0 || e.Level > 30) {
				t.Fatalf("the level is -%d dB", e.Level)
			}
			speaking = speaking || e.Speaking
			silent = silent || speaking && !e.Speaking
		case stoa.StreamOverflow:
			equal(t, "whose", e.User, "ada")
			dropped = e.Dropped > 0
		}
	}
	if frames, err := voice.Dropped(); err != nil || frames == 0 {
		t.Fatalf("%d frames were dropped: %v", frames, err)
	}
	if frames, err := voice.Readable(); err != nil || frames < 50 {
		t.Fatalf("%d frames are readable: %v", frames, err)
	}
	must(t, r.bob.SetVAD(nil))
	must(t, r.bob.Unsubscribe(r.ctx, "ada"))
	equal(t, "whose end", await(r, r.bob, func(stoa.StreamEnded) bool { return true }).User, "ada")
}

func TestEventOfStarving(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	told, stop := context.WithCancel(r.ctx)
	ended := make(chan error, 1)
	go func() {
		var err error
		// Where the machine is too slow a gap is so long that it is a pause; the next one need not be.
		for err == nil && told.Err() == nil {
			if _, err = r.ada.PushAudio(r.ctx, tone(440, 8000, 1, 100*time.Millisecond)); err == nil {
				err = emptied(r.ada)
			}
			time.Sleep(60 * time.Millisecond)
		}
		ended <- err
	}()
	e := await(r, r.ada, func(stoa.Starving) bool { return true })
	stop()
	must(t, <-ended)
	if e.Gap < 20*time.Millisecond || e.Gap > 500*time.Millisecond {
		t.Fatalf("the gap is %v", e.Gap)
	}
}

// emptied waits until the send queue is empty. WaitPlayed would say that this is the end, and what comes then is never late.
func emptied(channel *stoa.Channel) error {
	for {
		if queued, err := channel.Queued(); err != nil || queued == 0 {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

func TestEventsOfTrouble(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	must(t, r.ada.SendData([]byte("id|2|1|QQ=="), stoa.DataOptions{})) // a chunk that cannot be one
	bad := await(r, r.bob, func(stoa.StreamMessageError) bool { return true })
	equal(t, "whose", bad.User, "ada")
	equal(t, "its id", bad.ID, "id")
	equal(t, "its format", bad.Format, stoa.FormatBase64)
	if bad.Err == nil || bad.Err.Error() == "" {
		t.Fatal("it says not why")
	}

	for i := 0; i < 1200; { // more than wait
		err := r.ada.SendData([]byte{byte(i)}, stoa.DataOptions{})
		if err == nil {
			i++
			continue
		}
		refused(t, err, stoa.ErrQueueFull)
	}
	for stats := (stoa.ChannelStats{}); stats.EventsDropped < 100; {
		var err error
		stats, err = r.bob.Stats()
		must(t, err)
		must(t, r.ctx.Err())
	}
	lost := await(r, r.bob, func(stoa.Overflow) bool { return true })
	if lost.Dropped < 100 {
		t.Fatalf("%d events were dropped", lost.Dropped)
	}

	token, err := stoa.BuildRTCToken(appID, certificate, "agora", "cleo", 20*time.Second)
	must(t, err)
	cleo := r.join(stoa.ChannelOptions{User: "cleo", Token: token})
	e := await(r, cleo, func(stoa.TokenWillExpire) bool { return true })
	if e.Left <= 0 || e.Left > 20*time.Second {
		t.Fatalf("%v are left", e.Left)
	}
	renewed, err := stoa.BuildRTCToken(appID, certificate, "agora", "cleo", time.Hour)
	must(t, err)
	must(t, cleo.RenewToken(renewed))
	used, err := cleo.Token()
	must(t, err)
	equal(t, "the token", used, renewed)
	refused(t, cleo.RenewToken("none"), stoa.ErrBadToken)
}
