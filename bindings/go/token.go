package stoa

// #include <stoa.h>
import "C"

import "time"

func seconds(d time.Duration) C.uint64_t { return C.uint64_t(d / time.Second) }

// BuildLiveKitToken builds a LiveKit JWT for one user of one room, signed with this secret. ttl is 1 s to 10 years, in whole seconds.
func BuildLiveKitToken(key, secret, room, user string, ttl time.Duration) (string, error) {
	return text(func(in *input, buffer *C.char, capacity C.size_t, length *C.size_t) C.stoa_status {
		return C.stoa_token_build_livekit(in.text(key), in.text(secret), in.text(room), in.text(user), seconds(ttl), buffer, capacity, length)
	})
}

// BuildRTCToken builds an AccessToken2 ("007..."), which the room server inside takes. appID and certificate are 32 hexadecimal
// characters each; without a certificate the token is "". user "" is any user. ttl is 1 s to 10 years, in whole seconds.
func BuildRTCToken(appID, certificate, channel, user string, ttl time.Duration) (string, error) {
	return text(func(in *input, buffer *C.char, capacity C.size_t, length *C.size_t) C.stoa_status {
		return C.stoa_token_build_rtc(in.text(appID), in.text(certificate), in.text(channel), in.text(user), seconds(ttl), buffer, capacity, length)
	})
}

// BuildToken builds a token of either family from its JSON form, which stoa.h describes.
func BuildToken(document, key, secret string) (string, error) {
	return text(func(in *input, buffer *C.char, capacity C.size_t, length *C.size_t) C.stoa_status {
		return C.stoa_token_build_json(in.text(document), in.text(key), in.text(secret), buffer, capacity, length)
	})
}

// ShowToken returns what a token of either family says, as JSON. It is not verified: anybody could have made it.
func ShowToken(token string) (string, error) {
	return text(func(in *input, buffer *C.char, capacity C.size_t, length *C.size_t) C.stoa_status {
		return C.stoa_token_show(in.text(token), buffer, capacity, length)
	})
}

// VerifyToken verifies a token of either family, and that it lets this user into this room now ("": not looked at). It returns what
// the token says, as JSON. The sentence of ErrBadToken says which check failed, which is not for who brought the token.
func VerifyToken(token, key, secret, room, user string) (string, error) {
	return text(func(in *input, buffer *C.char, capacity C.size_t, length *C.size_t) C.stoa_status {
		return C.stoa_token_verify(in.text(token), in.text(key), in.text(secret), in.text(room), in.text(user), buffer, capacity, length)
	})
}
