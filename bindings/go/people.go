package stoa

// #include <stoa.h>
import "C"

import (
	"context"
	"encoding/json"
	"errors"
)

// A SubscribeState is whether a user is subscribed to.
type SubscribeState uint32

const (
	SubscribeIdle        SubscribeState = C.STOA_SUBSCRIBE_IDLE // the user is unknown or gone
	SubscribeNoSubscribe SubscribeState = C.STOA_SUBSCRIBE_NO_SUBSCRIBE
	SubscribeSubscribing SubscribeState = C.STOA_SUBSCRIBE_SUBSCRIBING
	SubscribeSubscribed  SubscribeState = C.STOA_SUBSCRIBE_SUBSCRIBED
)

// A User is what is known of a user in the room; stoa.h says what each member means.
type User struct {
	User       string            `json:"user"`
	Name       string            `json:"name"`
	Metadata   string            `json:"metadata"`
	Attributes map[string]string `json:"attributes"`
	Kind       string            `json:"kind"`
	JoinedMS   int64             `json:"joined_ms"`
	Quality    string            `json:"quality"`
	Speaking   bool              `json:"speaking"`
	Muted      bool              `json:"muted"`
	Permission Permission        `json:"permission"`
	Tracks     []Track           `json:"tracks"`
}

// A Permission is what a user may do; nil is what the server does not tell.
type Permission struct {
	CanPublish        *bool    `json:"can_publish"`
	CanPublishSources []string `json:"can_publish_sources"` // none: all
	CanPublishData    *bool    `json:"can_publish_data"`
	CanSubscribe      *bool    `json:"can_subscribe"`
	CanUpdateMetadata *bool    `json:"can_update_metadata"`
	Hidden            *bool    `json:"hidden"`
}

// A Track is what a user publishes.
type Track struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Source string `json:"source"`
	Muted  bool   `json:"muted"`
}

// A Room is what is known of the room. Users and Publishers count this user too.
type Room struct {
	Name       string `json:"name"`
	ID         string `json:"id"`
	Metadata   string `json:"metadata"`
	Users      int    `json:"users"`
	Publishers int    `json:"publishers"`
	Recording  bool   `json:"recording"`
	CreatedMS  int64  `json:"created_ms"`
}

// UserChange is what SetUserInfo changes; what is empty stays as it is.
type UserChange struct {
	Name       string            // at most 256 bytes
	Metadata   string            // any text
	Attributes map[string]string // those that are to change; "" takes one away
}

// Users are the identities of the others in the room, in the order in which they joined.
func (c *Channel) Users() ([]string, error) {
	var users []string
	for {
		user, err := text(func(_ *input, buffer *C.char, capacity C.size_t, length *C.size_t) C.stoa_status {
			return C.stoa_channel_user_at(c.handle, C.size_t(len(users)), buffer, capacity, length)
		})
		if errors.Is(err, ErrNotFound) {
			return users, nil
		}
		if err != nil {
			return nil, err
		}
		users = append(users, user)
	}
}

// UserInfo is what is known of a user in the room; "" is this channel's own.
func (c *Channel) UserInfo(user string) (info User, err error) {
	document, err := text(func(in *input, buffer *C.char, capacity C.size_t, length *C.size_t) C.stoa_status {
		return C.stoa_channel_user_info(c.handle, in.text(user), buffer, capacity, length)
	})
	if err == nil {
		err = json.Unmarshal([]byte(document), &info)
	}
	return info, err
}

// RoomInfo is what is known of the room.
func (c *Channel) RoomInfo() (info Room, err error) {
	document, err := text(func(_ *input, buffer *C.char, capacity C.size_t, length *C.size_t) C.stoa_status {
		return C.stoa_channel_room_info(c.handle, buffer, capacity, length)
	})
	if err == nil {
		err = json.Unmarshal([]byte(document), &info)
	}
	return info, err
}

// SetUserInfo asks the server to tell everybody something else of this channel's own user, and waits for its answer. When the
// context ends before, the change may still be made.
func (c *Channel) SetUserInfo(ctx context.Context, change UserChange) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	attributes := ""
	if len(change.Attributes) > 0 {
		document, err := json.Marshal(change.Attributes)
		if err != nil {
			return err
		}
		attributes = string(document)
	}
	// To ask again would be another change. So a thread waits here, at most 10 seconds.
	done := make(chan error, 1)
	go func() {
		done <- call(func(in *input) C.stoa_status {
			return C.stoa_channel_set_user_info(c.handle, in.text(change.Name), in.text(change.Metadata), in.text(attributes), -1)
		})
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Subscribe subscribes to a user's sound, and waits until the server has done so: for a user who does not speak yet, until then.
// When the context ends before, it stays asked for. ErrNotFound: no such user is here, or gone meanwhile.
func (c *Channel) Subscribe(ctx context.Context, user string) error {
	return poll(ctx, ErrTimedOut, func(in *input) C.stoa_status { return C.stoa_channel_subscribe(c.handle, in.text(user), 0) })
}

// Unsubscribe unsubscribes from a user's sound, and waits until the server has done so. The user's stream ends.
func (c *Channel) Unsubscribe(ctx context.Context, user string) error {
	return poll(ctx, ErrTimedOut, func(in *input) C.stoa_status { return C.stoa_channel_unsubscribe(c.handle, in.text(user), 0) })
}

// SubscribeState is whether a user is subscribed to.
func (c *Channel) SubscribeState(user string) (SubscribeState, error) {
	var state C.uint32_t
	err := call(func(in *input) C.stoa_status { return C.stoa_channel_subscribe_state(c.handle, in.text(user), &state) })
	return SubscribeState(state), err
}
