package stoa

// #include <stoa.h>
import "C"

import (
	"context"
	"encoding/json"
	"unsafe"
)

// A Reason is why a connection ended or a user left.
type Reason uint32

const (
	ReasonNone              Reason = C.STOA_REASON_NONE
	ReasonRequested         Reason = C.STOA_REASON_REQUESTED
	ReasonDuplicateIdentity Reason = C.STOA_REASON_DUPLICATE_IDENTITY
	ReasonServerShutdown    Reason = C.STOA_REASON_SERVER_SHUTDOWN
	ReasonRemoved           Reason = C.STOA_REASON_REMOVED
	ReasonRoomClosed        Reason = C.STOA_REASON_ROOM_CLOSED
	ReasonConnectionLost    Reason = C.STOA_REASON_CONNECTION_LOST
	ReasonUnreachable       Reason = C.STOA_REASON_UNREACHABLE
	ReasonBadToken          Reason = C.STOA_REASON_BAD_TOKEN
	ReasonProtocol          Reason = C.STOA_REASON_PROTOCOL
	ReasonRefused           Reason = C.STOA_REASON_REFUSED
	ReasonTimedOut          Reason = C.STOA_REASON_TIMED_OUT
	ReasonInternal          Reason = C.STOA_REASON_INTERNAL
	ReasonTokenExpired      Reason = C.STOA_REASON_TOKEN_EXPIRED
)

// String is the reason's name, such as "duplicate_identity".
func (r Reason) String() string { return C.GoString(C.stoa_reason_name(C.uint32_t(r))) }

// A Quality is how good a connection is, as the server judges it.
type Quality uint32

const (
	QualityUnknown   Quality = C.STOA_QUALITY_UNKNOWN
	QualityLost      Quality = C.STOA_QUALITY_LOST
	QualityPoor      Quality = C.STOA_QUALITY_POOR
	QualityGood      Quality = C.STOA_QUALITY_GOOD
	QualityExcellent Quality = C.STOA_QUALITY_EXCELLENT
)

// Event waits for the next event. At most 1024 wait to be taken; then the oldest are dropped, and Overflow tells how many.
func (c *Channel) Event(ctx context.Context) (Event, error) {
	raw := C.stoa_event{size: C.sizeof_stoa_event}
	err := c.events.next(ctx, func(*input) C.stoa_status { return C.stoa_channel_poll_event(c.handle, 0, &raw) })
	if err != nil {
		return nil, err
	}
	defer C.stoa_event_free(&raw)
	return eventOf(&raw), nil
}

// eventOf copies what an event says out of the library's memory.
func eventOf(raw *C.stoa_event) Event {
	at := At{timeOf(raw.time_us)}
	user, topic, id := C.GoString(raw.user), C.GoString(raw.topic), C.GoString(raw.message_id)
	data := C.GoBytes(unsafe.Pointer(raw.data), C.int(raw.data_length))
	err := errorOf(raw.status, C.GoString(raw.text))
	number, elapsed := uint64(raw.id), durationOf(raw.elapsed_us)
	is := func(flag C.uint32_t) bool { return raw.flags&flag != 0 }
	switch raw.kind {
	case C.STOA_EVENT_CONNECTION_STATE_CHANGED:
		return ConnectionStateChanged{at, ConnectionState(raw.old_state), ConnectionState(raw.new_state), Reason(raw.reason), err, elapsed}
	case C.STOA_EVENT_USER_JOINED:
		return UserJoined{at, user}
	case C.STOA_EVENT_USER_LEFT:
		return UserLeft{at, user, Reason(raw.reason)}
	case C.STOA_EVENT_AUDIO_SUBSCRIBE_STATE_CHANGED:
		return AudioSubscribeStateChanged{at, user, SubscribeState(raw.old_state), SubscribeState(raw.new_state), elapsed}
	case C.STOA_EVENT_USER_MUTED:
		return UserMuted{at, user, is(C.STOA_EVENT_FLAG_MUTED)}
	case C.STOA_EVENT_STREAM_ENDED:
		return StreamEnded{at, user, C.GoString(raw.track)}
	case C.STOA_EVENT_PLAYED:
		return Played{at, number, err}
	case C.STOA_EVENT_DATA_RECEIVED:
		return DataReceived{at, user, topic, data, is(C.STOA_EVENT_FLAG_RELIABLE)}
	case C.STOA_EVENT_OVERFLOW:
		return Overflow{at, number}
	case C.STOA_EVENT_USER_SPEAKING:
		return UserSpeaking{at, user, int(raw.level), is(C.STOA_EVENT_FLAG_SPEAKING)}
	case C.STOA_EVENT_STREAM_MESSAGE:
		return StreamMessage{at, user, id, topic, Format(raw.format), data}
	case C.STOA_EVENT_STREAM_MESSAGE_ERROR:
		return StreamMessageError{at, user, id, Format(raw.format), err}
	case C.STOA_EVENT_MESSAGE_SENT:
		return MessageSent{at, number, id, err}
	case C.STOA_EVENT_TOKEN_WILL_EXPIRE:
		return TokenWillExpire{at, elapsed}
	case C.STOA_EVENT_STARVING:
		return Starving{at, elapsed}
	case C.STOA_EVENT_STREAM_OVERFLOW:
		return StreamOverflow{at, user, C.GoString(raw.track), number}
	case C.STOA_EVENT_SPEECH_STARTED:
		return SpeechStarted{at, user}
	case C.STOA_EVENT_SPEECH_ENDED:
		return SpeechEnded{at, user, elapsed}
	case C.STOA_EVENT_USER_METADATA_CHANGED:
		return UserMetadataChanged{at, user, string(data)}
	case C.STOA_EVENT_USER_ATTRIBUTES_CHANGED:
		return UserAttributesChanged{at, user, parsed[map[string]string](data)}
	case C.STOA_EVENT_CONNECTION_QUALITY_CHANGED:
		return ConnectionQualityChanged{at, user, Quality(raw.old_state), Quality(raw.new_state)}
	case C.STOA_EVENT_ROOM_METADATA_CHANGED:
		return RoomMetadataChanged{at, string(data)}
	case C.STOA_EVENT_RPC_CALLED:
		return RPCCalled{at, number, user, topic, string(data), id, elapsed}
	case C.STOA_EVENT_RPC_ANSWERED:
		if err != nil {
			return RPCAnswered{at, number, user, "", &RPCError{RPCCode(raw.reason), err, string(data)}}
		}
		return RPCAnswered{at, number, user, string(data), nil}
	case C.STOA_EVENT_MICROPHONE_MUTED:
		return MicrophoneMuted{at, is(C.STOA_EVENT_FLAG_MUTED)}
	case C.STOA_EVENT_PERMISSIONS_CHANGED:
		return PermissionsChanged{at, user, parsed[Permission](data)}
	case C.STOA_EVENT_USER_NAME_CHANGED:
		return UserNameChanged{at, user, string(data)}
	}
	return Unknown{at, uint32(raw.kind), C.GoString(C.stoa_event_name(raw.kind))}
}

// parsed is JSON of the library's own, which always parses.
func parsed[T any](data []byte) (value T) {
	json.Unmarshal(data, &value)
	return value
}
