package stoa_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"stoa.dev/stoa"
)

func TestMessages(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	cleo := r.join(stoa.ChannelOptions{User: "cleo"})
	await(r, r.ada, func(e stoa.UserJoined) bool { return e.User == "cleo" })
	long := strings.Repeat("A long message. ", 10000)
	for _, options := range []stoa.MessageOptions{
		{},
		{Format: stoa.FormatText, ID: "one", Topic: "lk.chat"},
		{Format: stoa.FormatBytes, ID: "two", Topic: "topic"},
		{Format: stoa.FormatJSON, ID: "three"},
		{Format: stoa.FormatBase64, ID: "four"},
		{Format: stoa.FormatJSON, ID: "five", Lossy: true},
	} {
		text := long
		if options.Lossy {
			text = "short"
		}
		ticket, err := r.ada.SendMessage(r.ctx, []byte(text), options)
		must(t, err)
		must(t, r.ada.WaitSent(r.ctx, ticket))
		sent := await(r, r.ada, func(e stoa.MessageSent) bool { return e.Ticket == ticket })
		must(t, sent.Err)
		got := await(r, r.bob, func(stoa.StreamMessage) bool { return true })
		equal(t, "the message", string(got.Data), text)
		equal(t, "its sender", got.User, "ada")
		equal(t, "its id", got.ID, sent.ID)
		if options.ID != "" {
			equal(t, "its id", got.ID, options.ID)
			equal(t, "its format", got.Format, options.Format)
		}
		equal(t, "its topic", got.Topic, options.Topic)
	}
	_, err := r.ada.SendMessage(r.ctx, nil, stoa.MessageOptions{To: []string{"nobody", "cleo"}, Topic: "empty"})
	must(t, err)
	_, err = r.ada.SendMessage(r.ctx, []byte("to all"), stoa.MessageOptions{})
	must(t, err)
	got := await(r, cleo, func(e stoa.StreamMessage) bool { return e.Topic == "empty" })
	equal(t, "its length", len(got.Data), 0)
	equal(t, "bob's next message", string(await(r, r.bob, func(stoa.StreamMessage) bool { return true }).Data), "to all")

	_, err = r.ada.SendMessage(r.ctx, []byte("\xff"), stoa.MessageOptions{})
	refused(t, err, stoa.ErrBadUTF8)
	refused(t, r.ada.WaitSent(r.ctx, 999), stoa.ErrNotFound)

	must(t, r.ada.Disconnect(r.ctx))
	ticket, err := r.ada.SendMessage(r.ctx, []byte("later"), stoa.MessageOptions{})
	must(t, err)
	must(t, r.ada.Connect(r.ctx))
	must(t, r.ada.WaitSent(r.ctx, ticket))
	equal(t, "bob's next message", string(await(r, r.bob, func(stoa.StreamMessage) bool { return true }).Data), "later")
}

func TestData(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	for i, options := range []stoa.DataOptions{{}, {Topic: "temperature"}, {Lossy: true}, {To: []string{"bob"}}} {
		must(t, r.ada.SendData([]byte{0, byte(i)}, options))
		e := await(r, r.bob, func(stoa.DataReceived) bool { return true })
		equal(t, "the data", string(e.Data), string([]byte{0, byte(i)}))
		equal(t, "its sender", e.User, "ada")
		equal(t, "its topic", e.Topic, options.Topic)
		equal(t, "whether it is reliable", e.Reliable, !options.Lossy)
	}
	must(t, r.ada.SendData([]byte("for cleo"), stoa.DataOptions{To: []string{"cleo"}}))
	must(t, r.ada.SendData(nil, stoa.DataOptions{}))
	equal(t, "bob's next data", len(await(r, r.bob, func(stoa.DataReceived) bool { return true }).Data), 0)
	refused(t, r.ada.SendData(make([]byte, 60001), stoa.DataOptions{}), stoa.ErrBadArgument)
}

func TestCalls(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	must(t, r.bob.RegisterRPC("double"))
	must(t, r.ada.RegisterRPC("greet"))
	answer := func(channel *stoa.Channel, calls int) {
		for range calls {
			e := await(r, channel, func(stoa.RPCCalled) bool { return true })
			if e.Within <= 0 || e.CallerID == "" {
				t.Errorf("%+v", e)
			}
			if e.Payload == "" {
				if err := channel.FailRPC(e.ID, 42, "nothing to "+e.Method); err != nil {
					t.Error(err)
				}
			} else if err := channel.AnswerRPC(e.ID, e.User+e.Payload+e.Payload); err != nil {
				t.Error(err)
			}
		}
		if err := channel.AnswerRPC(999, ""); !errors.Is(err, stoa.ErrNotFound) {
			t.Error(err)
		}
	}
	go answer(r.bob, 2)
	got, err := r.ada.CallRPC(r.ctx, "bob", "double", "ab", 0)
	must(t, err)
	equal(t, "the answer", got, "adaabab")
	told := await(r, r.ada, func(stoa.RPCAnswered) bool { return true })
	must(t, told.Err)
	equal(t, "the answer", told.Answer, "adaabab")
	equal(t, "who was called", told.User, "bob")

	var failed *stoa.RPCError
	_, err = r.ada.CallRPC(r.ctx, "bob", "double", "", time.Minute)
	refused(t, err, stoa.ErrRefused)
	if !errors.As(err, &failed) || failed.Code != 42 || !strings.Contains(err.Error(), "nothing to double") {
		t.Fatal(err)
	}
	told = await(r, r.ada, func(e stoa.RPCAnswered) bool { return e.Err != nil })
	if !errors.As(told.Err, &failed) || failed.Code != 42 {
		t.Fatal(told.Err)
	}

	go answer(r.ada, 1)
	got, err = r.bob.CallRPC(r.ctx, "ada", "greet", "!", 0)
	must(t, err)
	equal(t, "the answer", got, "bob!!")

	must(t, r.bob.UnregisterRPC("double"))
	refused(t, r.bob.UnregisterRPC("double"), stoa.ErrNotFound)
	_, err = r.ada.CallRPC(r.ctx, "bob", "double", "ab", 0)
	if !errors.As(err, &failed) || failed.Code != stoa.RPCUnsupportedMethod {
		t.Fatal(err)
	}
	_, err = r.ada.CallRPC(r.ctx, "nobody", "double", "ab", 0)
	refused(t, err, stoa.ErrNotFound)
	must(t, r.bob.RegisterRPC("slow"))
	_, err = r.ada.CallRPC(r.ctx, "bob", "slow", "", time.Millisecond)
	refused(t, err, stoa.ErrTimedOut)
	if !errors.As(err, &failed) || failed.Code != stoa.RPCResponseTimeout {
		t.Fatal(err)
	}
}

func TestWhatIsKnownOfUsers(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	equal(t, "the room", r.ada.Name(), "agora")
	equal(t, "the user", r.ada.User(), "ada")
	users, err := r.ada.Users()
	must(t, err)
	equal(t, "the others", fmt.Sprint(users), "[bob]")
	must(t, r.bob.SetUserInfo(r.ctx, stoa.UserChange{Name: "Bob", Metadata: "a listener", Attributes: map[string]string{"seat": "3"}}))
	equal(t, "the name", await(r, r.ada, func(e stoa.UserNameChanged) bool { return e.User == "bob" }).Name, "Bob")
	info, err := r.ada.UserInfo("bob")
	must(t, err)
	own, err := r.bob.UserInfo("")
	must(t, err)
	for _, user := range []stoa.User{info, own} {
		equal(t, "the user", user.User+user.Name+user.Metadata+user.Attributes["seat"]+user.Kind, "bobBoba listener3standard")
		if user.Permission.CanPublish == nil || !*user.Permission.CanPublish || user.JoinedMS == 0 {
			t.Fatalf("%+v", user)
		}
	}
	equal(t, "the track", info.Tracks[0].Source, "microphone")
	hall, err := r.ada.RoomInfo()
	must(t, err)
	equal(t, "the room", hall.Name, "agora")
	equal(t, "its users", hall.Users, 2)
	_, err = r.ada.UserInfo("nobody")
	refused(t, err, stoa.ErrNotFound)
	_, err = r.ada.Stream("nobody")
	refused(t, err, stoa.ErrNotFound)
	refused(t, r.bob.SetUserInfo(r.ctx, stoa.UserChange{}), stoa.ErrBadArgument)
}
