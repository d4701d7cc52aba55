package stoa

import "time"

// An Event is one of the types of this file, for a type switch:
//
//	switch e := event.(type) {
//	case stoa.UserJoined:
//		fmt.Println(e.User, "is here")
//	case stoa.StreamMessage:
//		fmt.Printf("%s: %s\n", e.User, e.Data)
//	}
//
// Later versions may have more.
type Event interface {
	// When is when it happened.
	When() time.Time
}

// At is when an event happened.
type At struct{ Time time.Time }

func (a At) When() time.Time { return a.Time }

// ConnectionStateChanged tells how the channel is connected now. Reason and Err say why; Elapsed is the time since the last change.
type ConnectionStateChanged struct {
	At
	Old, New ConnectionState
	Reason   Reason
	Err      error
	Elapsed  time.Duration
}

// UserJoined tells that a user is in the room.
type UserJoined struct {
	At
	User string
}

// UserLeft tells that a user is not in the room any more.
type UserLeft struct {
	At
	User   string
	Reason Reason
}

// AudioSubscribeStateChanged tells whether a user is subscribed to now. Elapsed is the time since the last change.
type AudioSubscribeStateChanged struct {
	At
	User     string
	Old, New SubscribeState
	Elapsed  time.Duration
}

// UserMuted tells that a user muted the microphone, or unmuted it.
type UserMuted struct {
	At
	User  string
	Muted bool
}

// StreamEnded tells that a user left, stopped publishing or was unsubscribed. What is in the stream can still be read.
// Track is "" for the user's voice, else what Channel.TrackStream was given.
type StreamEnded struct {
	At
	User, Track string
}

// Played tells that everything before a mark has left (see Channel.Mark). Err is ErrInterrupted where it was dropped.
type Played struct {
	At
	ID  uint64
	Err error
}

// DataReceived is a data packet. User is "" for the server.
type DataReceived struct {
	At
	User, Topic string
	Data        []byte
	Reliable    bool
}

// Overflow tells that events were dropped since the last Overflow, because nobody took them.
type Overflow struct {
	At
	Dropped uint64
}

// UserSpeaking tells that the server hears a user speak, or no more. Level is in dB below the maximum.
type UserSpeaking struct {
	At
	User     string
	Level    int
	Speaking bool
}

// StreamMessage is a whole message. User is "" for the server.
type StreamMessage struct {
	At
	User, ID, Topic string
	Format          Format
	Data            []byte
}

// StreamMessageError tells that a message which came in part was given up, or a chunk refused.
type StreamMessageError struct {
	At
	User, ID string
	Format   Format
	Err      error
}

// MessageSent tells that the message of a ticket has left; Err, that it has not.
type MessageSent struct {
	At
	Ticket uint64
	ID     string
	Err    error
}

// TokenWillExpire tells to renew the token (see Channel.RenewToken). Left is the time for it.
type TokenWillExpire struct {
	At
	Left time.Duration
}

// Starving tells that sound was pushed too late, and that the hearers had a gap.
type Starving struct {
	At
	Gap time.Duration
}

// StreamOverflow tells that frames of a stream were dropped since the last one of this kind. User is "" for the mix; Track is
// "" for it and for a user's voice.
type StreamOverflow struct {
	At
	User, Track string
	Dropped     uint64
}

// SpeechStarted tells that a user began to speak (see Channel.SetVAD).
type SpeechStarted struct {
	At
	User string
}

// SpeechEnded tells that a user stopped, or is not heard any more. Length is how long the speech was.
type SpeechEnded struct {
	At
	User   string
	Length time.Duration
}

// UserMetadataChanged tells all of a user's metadata now, this channel's own user's too.
type UserMetadataChanged struct {
	At
	User, Metadata string
}

// UserAttributesChanged tells those of a user's attributes that changed, "" where one is gone; this channel's own user's too.
type UserAttributesChanged struct {
	At
	User       string
	Attributes map[string]string
}

// ConnectionQualityChanged tells how good a user's connection is, this channel's own user's too.
type ConnectionQualityChanged struct {
	At
	User     string
	Old, New Quality
}

// RoomMetadataChanged tells all of the room's metadata now.
type RoomMetadataChanged struct {
	At
	Metadata string
}

// RPCCalled is a user's call of a method that was registered. Answer by ID, within this time: Channel.AnswerRPC or Channel.FailRPC.
type RPCCalled struct {
	At
	ID                    uint64
	User, Method, Payload string
	CallerID              string // the caller's own id of the call
	Within                time.Duration
}

// RPCAnswered tells that a call of this channel has ended. Err is nil, or an *RPCError. Channel.CallRPC returns the same.
type RPCAnswered struct {
	At
	ID           uint64
	User, Answer string
	Err          error
}

// MicrophoneMuted tells that the server muted this channel's microphone, or unmuted it.
type MicrophoneMuted struct {
	At
	Muted bool
}

// PermissionsChanged tells what a user may do now, this channel's own user too.
type PermissionsChanged struct {
	At
	User       string
	Permission Permission
}

// UserNameChanged tells a user's name to show, this channel's own user's too.
type UserNameChanged struct {
	At
	User, Name string
}

// Unknown is an event of a library that is newer than this package.
type Unknown struct {
	At
	Kind uint32
	Name string
}
