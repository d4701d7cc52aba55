/*
stoa.h - real-time voice for programs: join a room, hear every speaker as PCM of their own, speak, exchange messages.

This header is the contract of the library: whatever is not said here is not promised. It only grows.
The room server is inside: without a URL an engine opens rooms of its own, and other processes join with
stoa_engine_url(). With a URL the same program joins a LiveKit server or cluster.

A whole program: two users of one room, one speaks, the other hears.

#include <stdio.h>
#include <stdlib.h>
#include "stoa.h"

static void must(stoa_status status)
{
    if (status == STOA_OK)
        return;
    fprintf(stderr, "%s: %s\n", stoa_status_text(status), stoa_last_error());
    exit(1);
}

static stoa_channel *join(stoa_engine *engine, const char *user)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *channel;
    options.name = "agora";
    options.user = user;
    options.subscribe_all = 1;                  // otherwise see stoa_channel_subscribe()
    must(stoa_channel_new(engine, &options, &channel));
    must(stoa_channel_connect(channel, 5000));
    return channel;
}

int main(void)
{
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_frame frame = STOA_FRAME_INIT;
    static int16_t said[24000], heard[STOA_FRAME_SAMPLES_MAX];
    stoa_engine *engine;
    stoa_channel *ada, *bob;
    stoa_stream *voice;

    options.app_id = "example";                 // no url: the room server inside
    must(stoa_engine_new(&options, &engine));
    ada = join(engine, "ada");
    bob = join(engine, "bob");

    must(stoa_channel_stream(bob, "ada", &voice));

    for (int i = 0; i < 24000; i++)             // one second of a hum, 24 kHz mono
        said[i] = i / 60 % 2 ? 3000 : -3000;
    must(stoa_channel_push_audio(ada, said, 24000, -1, NULL));

                                                // until nothing came for a second
    while (stoa_stream_read(voice, 1000, heard, STOA_FRAME_SAMPLES_MAX, &frame) == STOA_OK)
        printf("%u samples at -%u dB\n", (unsigned)frame.samples_per_channel, (unsigned)frame.level);
    must(stoa_stream_free(voice));
    must(stoa_engine_free(engine));             // closes both channels
    must(stoa_channel_free(ada));
    must(stoa_channel_free(bob));
    return 0;
}

Build it with: cc -std=c99 program.c -lstoa

CONVENTIONS
- Functions are named stoa_<noun>_<verb>. The object comes first, then inputs, then outputs, whose names begin with out_.
  An output is written only on success, or where a function says otherwise. An output that may be NULL says so.
- No enum and no bool: fixed-width integers and constants. Flags are 0 or 1.
- Times of the clock are microseconds since the Unix epoch (see stoa_time_us), and their names end in _us.
  Lengths of strings and data are bytes. Lengths of PCM are samples for each channel: a buffer for `capacity` samples
  in stereo holds 2 * capacity values. PCM is interleaved and in the machine's byte order.
- Strings in are UTF-8 with a closing zero byte, at most 65,536 bytes. An optional one may be NULL, which is the same as "".
- Strings out go into the caller's (buffer, capacity), with a closing zero byte. out_length gets the length in bytes without
  the zero; it may be NULL. Where the buffer is too small, nothing is written into it, out_length gets the length all the same,
  and the status is STOA_ERROR_BUFFER_TOO_SMALL. So (NULL, 0, &length) asks for the length.
- Structs begin with their own size in bytes. Begin with the macro STOA_..._INIT, or set everything to zero and then the size.
  Zero in an option means its default. Structs grow at the end only; a program compiled with an older header keeps working, and
  an option which the library does not have yet is refused with STOA_ERROR_BAD_STRUCT.

ERRORS
- Most functions return a stoa_status: 0 is done; positive, nothing is wrong (timed out, queue full, end of stream, interrupted);
  negative, an error. Misuse is an error as well, never a crash: NULL, a freed handle, a wrong size, bad UTF-8.
- stoa_last_error() is a sentence about the last error on this thread, and says what to do. The functions stoa_..._last_error()
  tell the last error of a handle, for languages that move between threads.
- "The handle errors", which every function with a handle can return, are: STOA_ERROR_NULL_ARGUMENT (a handle or another argument
  is NULL that must not be), STOA_ERROR_BAD_HANDLE (never valid, of another type, or freed), STOA_ERROR_CLOSED (its engine was
  freed; free the handle) and STOA_ERROR_INTERNAL (a fault inside the library: the object is unusable, the process is safe).

OWNERSHIP
- Handles are no addresses; never follow, compare by order, or copy what they "point" to. Each is freed once, by its _free.
- Any order is right: when an engine is freed its channels close, and their handles answer STOA_ERROR_CLOSED until they are freed.
  Streams then end. Freeing NULL does nothing and is STOA_OK; freeing twice is STOA_ERROR_BAD_HANDLE.
- Whatever is passed in is copied, or read before the function returns. Only user_data stays with the library: its
  user_data_free, if not NULL, is called exactly once: after the last call of the callback, or, when the function that was to
  take the callback fails (or the callback is NULL), before that function returns. What was taken is done with when the callback
  is replaced or taken off, or its object is freed.

THREADS
- Every function may be called from any thread, and inside callbacks. One thread at a time pushes into a channel, and one reads
  a stream: a second one at the same moment gets STOA_ERROR_BUSY.
- Event and frame callbacks run on the engine's dispatch thread, one at a time. While one of them is slow the others wait; no
  frame is lost before receive_queue_ms have passed. A callback must return, and must not throw or jump out.
- After a function that replaces or takes off a callback, or frees its object, returns STOA_OK, the old callback is not running
  and never runs again. When it runs on another thread it is waited for, at most one second; then the status is
  STOA_ERROR_BUSY: all the same it will not start again, and user_data_free tells when it has returned. Called inside the
  callback itself, they do not wait.
- In a language with an interpreter or a runtime of its own, free engines and take the log's callback off before that ends: a callback
  would come into what is no more. Who waits on descriptors instead needs no callbacks: see stoa_stream_descriptor() and
  stoa_channel_event_descriptor().
- No signal handler is set. The library's threads block SIGPIPE and SIGXFSZ, but for the dispatch thread, which is yours.

FORK
- A child that is forked before the first engine or server may use the library. One that is forked later has none of its threads:
  there every function that returns a stoa_status answers STOA_ERROR_CLOSED at once and does nothing, _free as well. Let such a
  child call exec, exit or _exit. The parent goes on as before.

TIMEOUTS
- What can wait takes timeout_ms: 0 never waits, a negative one waits for ever. Freeing is bounded by itself: see each _free.
*/

// Generated from src/ffi; do not edit.

#ifndef STOA_H
#define STOA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// VERSION AND CLOCK ----------------------------------------------------------------------

// The version of this header.
#define STOA_VERSION "0.1.0"

// The same as a number: major * 1000000 + minor * 1000 + patch.
#define STOA_VERSION_NUMBER 1000

// The version of the library that is running, such as "0.1.0". STOA_VERSION is the header's.
//
// Returns: the version, valid for ever.
// Threads: any.
const char *stoa_version(void);

// The same as a number to compare: major * 1000000 + minor * 1000 + patch. STOA_VERSION_NUMBER is the header's.
//
// Returns: the number.
// Threads: any.
uint32_t stoa_version_number(void);

// The clock of all times in this library: it starts at the system's time of day and then runs evenly, whatever is done to that.
//
// Returns: microseconds since the Unix epoch.
// Threads: any.
uint64_t stoa_time_us(void);

// STATUS ----------------------------------------------------------------------

// The call did what it says.
#define STOA_OK 0

// Nothing was ready before the timeout.
#define STOA_TIMED_OUT 1

// A bounded queue took only a part, or nothing.
#define STOA_QUEUE_FULL 2

// The stream is over, and everything in it was read.
#define STOA_END_OF_STREAM 3

// What was queued or being pushed was dropped by an interrupt.
#define STOA_INTERRUPTED 4

// An argument is NULL where it must not be.
#define STOA_ERROR_NULL_ARGUMENT (-1)

// A handle was never valid, is of another type, or was freed.
#define STOA_ERROR_BAD_HANDLE (-2)

// A struct's size, its unknown tail or a reserved member does not fit this version.
#define STOA_ERROR_BAD_STRUCT (-3)

// A string is not UTF-8.
#define STOA_ERROR_BAD_UTF8 (-4)

// An argument is out of its range.
#define STOA_ERROR_BAD_ARGUMENT (-5)

// The call cannot work in the present state.
#define STOA_ERROR_BAD_STATE (-6)

// The engine of this object was freed.
#define STOA_ERROR_CLOSED (-7)

// Another thread is in the same call, or in a callback that must end first.
#define STOA_ERROR_BUSY (-8)

// No such user, track or stream.
#define STOA_ERROR_NOT_FOUND (-9)

// The caller's buffer is too small; the needed length was written.
#define STOA_ERROR_BUFFER_TOO_SMALL (-10)

// The server could not be reached.
#define STOA_ERROR_UNREACHABLE (-11)

// The server answered, and refused.
#define STOA_ERROR_REFUSED (-12)

// What answered is no LiveKit server, or broke the protocol.
#define STOA_ERROR_PROTOCOL (-13)

// The token is missing, malformed, expired, or for another room or user.
#define STOA_ERROR_BAD_TOKEN (-14)

// An address or port is in use, or may not be bound.
#define STOA_ERROR_ADDRESS (-15)

// The connection was lost.
#define STOA_ERROR_DISCONNECTED (-16)

// The token lacks the privilege.
#define STOA_ERROR_NOT_ALLOWED (-17)

// A limit of the library was reached.
#define STOA_ERROR_LIMIT (-18)

// A fault inside the library; the object is unusable, the process is safe.
#define STOA_ERROR_INTERNAL (-19)

// The outcome of a call: 0 is done, positive means nothing is wrong, negative is an error. Numbers are never used again.
typedef int32_t stoa_status;

// A short English text for a status, such as "timed out".
//
// Returns: the text; "unknown status" for a number that is none. Never NULL. It is valid for ever.
// Threads: any.
const char *stoa_status_text(stoa_status status);

// The sentence of the last error on this thread: what was wrong, and what to do.
//
// Returns: the sentence; "" before the first error. Never NULL. It is valid until the next stoa function on this thread;
//   a successful call leaves it as it is.
// Threads: each has its own. Where a language moves between threads, see stoa_engine_last_error() and its like.
const char *stoa_last_error(void);

// HANDLES ----------------------------------------------------------------------

// A channel: one user's conversation in a room.
typedef struct stoa_channel stoa_channel;

// An engine: media threads, one dispatch thread for callbacks, and the room server where no URL is given.
typedef struct stoa_engine stoa_engine;

// A room server, which programs on other machines and browsers can join.
typedef struct stoa_server stoa_server;

// A stream: the sound of one remote user, or of all of them mixed.
typedef struct stoa_stream stoa_stream;

// Called exactly once when the library is done with a user_data. See OWNERSHIP.
typedef void (*stoa_user_data_free)(void *user_data);

// LOG ----------------------------------------------------------------------

// Nothing is logged.
#define STOA_LOG_OFF 0

// Something failed.
#define STOA_LOG_ERROR 1

// Something is not as it should be, and goes on.
#define STOA_LOG_WARN 2

// What happened.
#define STOA_LOG_INFO 3

// How it happened.
#define STOA_LOG_DEBUG 4

// A log callback: one line, UTF-8, without a line's end, valid until the callback returns.
// It runs on a thread of the log's own, never twice at a time, soon after what it tells of. Nobody waits for it: where 512 lines
// wait for it, more are lost, and it is told how many. It may call every function.
typedef void (*stoa_log_callback)(uint32_t level, const char *text, void *user_data);

// Sets where log lines go, for the whole process. Until then the environment variable STOA_LOG (error, warn, info or debug)
// sends them to standard error, and without it nothing is logged. Room servers of this process log here too: who joins, leaves or
// is refused, and why a token was.
//
// level: the highest STOA_LOG_... to be told.
// callback: gets the lines; NULL: standard error.
// user_data, user_data_free: see OWNERSHIP.
// Returns: STOA_OK; STOA_ERROR_BAD_ARGUMENT: no such level; STOA_ERROR_BUSY: done, but the old callback is in its last run
//   (see THREADS); STOA_ERROR_INTERNAL.
// Threads: any, also inside the callback. What is logged by calls from inside the callback is dropped.
stoa_status stoa_log_set(uint32_t level,
                         stoa_log_callback callback,
                         void *user_data,
                         stoa_user_data_free user_data_free);

// ENGINE ----------------------------------------------------------------------

// How an engine is made. Begin with STOA_ENGINE_OPTIONS_INIT.
typedef struct stoa_engine_options {
    // The size of this struct, bytes.
    size_t size;
    // The app id, or LiveKit's API key: 1 to 256 bytes. Required.
    const char *app_id;
    // The app certificate, or LiveKit's API secret: at most 256 bytes. NULL: with the room server inside, a random secret that
    // nobody else has; with a url, each channel needs a token of its own.
    const char *app_certificate;
    // The LiveKit server: ws:// or http://, with TLS wss:// or https://. NULL: the room server inside, on loopback and free
    // ports. A server elsewhere is reached through the HTTP proxy that the environment names as this call is made
    // (http_proxy, https_proxy, all_proxy, and no_proxy, as curl reads them), the media without it.
    const char *url;
    // Media threads, 1 to 64. 0: as many as cores, at most 4.
    uint32_t threads;
    // Leave it zero.
    uint32_t reserved;
    // With TLS: the path of a PEM file with the certificates to trust, and no others. NULL: those of the system, or of the
    // environment's SSL_CERT_FILE and SSL_CERT_DIR. Without TLS it is not looked at.
    const char *ca_file;
} stoa_engine_options;

// Fills a stoa_engine_options.
#define STOA_ENGINE_OPTIONS_INIT { sizeof(stoa_engine_options), NULL, NULL, NULL, 0, 0, NULL }

// Starts an engine: its threads, and the room server where no url is given. Several engines may live in one process.
//
// options: app_id is required.
// out_engine: the new engine; free it with stoa_engine_free().
// Returns: STOA_OK; STOA_ERROR_NULL_ARGUMENT: options, app_id or out_engine; STOA_ERROR_BAD_STRUCT; STOA_ERROR_BAD_UTF8;
//   STOA_ERROR_BAD_ARGUMENT: a name's length, the url, the threads, the ca_file; STOA_ERROR_BAD_STATE: TLS on a system
//   without trusted certificates; STOA_ERROR_ADDRESS: no port on loopback; STOA_ERROR_LIMIT: too many handles; STOA_ERROR_INTERNAL.
// Threads: any. Does not wait for the network.
stoa_status stoa_engine_new(const stoa_engine_options *options,
                            stoa_engine **out_engine);

// Frees an engine: closes its channels and its room server, ends its streams and its threads. Its channels tell no event of that.
// Handles of its channels and streams are still to be freed.
//
// engine: NULL does nothing.
// Returns: STOA_OK; STOA_ERROR_BAD_HANDLE; STOA_ERROR_BUSY: freed, but a callback is still in its last run (see THREADS);
//   STOA_ERROR_INTERNAL.
// Threads: any, also inside callbacks, where it does not wait for the callback. Takes at most two seconds, offline too.
stoa_status stoa_engine_free(stoa_engine *engine);

// The URL that other processes join with: the room server inside, or the url of the options.
//
// buffer, capacity, out_length: see CONVENTIONS, strings out.
// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; the handle errors.
// Threads: any.
stoa_status stoa_engine_url(const stoa_engine *engine, char *buffer, size_t capacity, size_t *out_length);

// Builds a token (a LiveKit JWT) with which one user may join one room of this engine, speak, hear,
// send data, and change what others are told of that user.
//
// room: the channel's name, 1 to 256 bytes. user: the identity, 1 to 256 bytes.
// ttl_seconds: how long it may be used to join, from 1 s to 10 years.
// buffer, capacity, out_length: see CONVENTIONS, strings out. 2048 bytes are enough.
// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: a length or the time;
//   STOA_ERROR_BAD_TOKEN: the engine has a url and no app certificate; the handle errors.
// Threads: any.
stoa_status stoa_engine_build_token(const stoa_engine *engine,
                                    const char *room,
                                    const char *user,
                                    uint64_t ttl_seconds,
                                    char *buffer,
                                    size_t capacity,
                                    size_t *out_length);

// The sentence of the last error of this engine; "" without one.
//
// buffer, capacity, out_length: see CONVENTIONS, strings out.
// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BAD_HANDLE.
// Threads: any.
stoa_status stoa_engine_last_error(const stoa_engine *engine,
                                   char *buffer,
                                   size_t capacity,
                                   size_t *out_length);

// TOKEN ----------------------------------------------------------------------
//
// Tokens of two families let a user into a room: LiveKit's JWT, which every LiveKit server reads, and AccessToken2 ("007..."), which
// the room server inside reads too. As JSON, for building and for showing, a token is one of
//
//   {"family": "livekit", "claims": {"sub": "ada", "exp": 1700003600, "video": {"room": "hall", "roomJoin": true}}}
//   {"family": "access_token2", "claims": {"app_id": "...", "issue_ts": 1700000000, "expire": 3600, "salt": 1, "services": [
//     {"type": "rtc", "channel": "hall", "uid": "7", "privileges": {"join_channel": 3600, "publish_audio": 3600}}]}}
//
// LiveKit's claims are those of the JWT itself, with all grants of livekit/protocol: video, sip, agent, inference, observability,
// roomConfig, roomPreset, sha256, kind, kindDetails, attributes, metadata, name. Claims that are not known are kept.
//
// The services of an AccessToken2, with their own members and their privileges:
//   rtc        channel, uid ("": any user)    join_channel, publish_audio, publish_video, publish_data
//   rtm        user_id                        login
//   streaming  channel, account               publish_mix, publish_raw
//   fpa                                       login
//   chat       user_id                        user, app
//   fcdn       channel, account               publish, play
//   apaas      room_uuid, user_uuid, role     room_user, user, app
//   rtm2       user_id, permissions           login
//   convo_ai, stt
// Privileges last so many seconds after issue_ts, and no longer than the token; 0 grants nothing. One without a name goes by its
// number. rtm2's permissions are {"message_channels": {"read": ["a"], "write": []}}, likewise stream_channels, group_channels,
// server_groups, users. A service of a number that is not known hides those behind it: "unknown" then says its type, how many
// services and how many bytes.
//
// Clocks may differ: a token counts until a minute after its time, and from a minute before.

// Builds a LiveKit token (a JWT, signed with HMAC-SHA-256), without an engine: with it one user may join one room, speak, hear and
// send data. Every LiveKit server that has the key takes it, and so does the room server inside.
//
// key: the API key (app id), 1 to 256 bytes. secret: the API secret (app certificate), 1 to 256 bytes.
// room: the channel's name, 1 to 256 bytes. user: the identity, 1 to 256 bytes.
// ttl_seconds: how long it may be used to join, from 1 s to 10 years.
// buffer, capacity, out_length: see CONVENTIONS, strings out. 2048 bytes are enough.
// Returns: STOA_OK; STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: a length
//   or the time; STOA_ERROR_INTERNAL.
// Threads: any.
stoa_status stoa_token_build_livekit(const char *key,
                                     const char *secret,
                                     const char *room,
                                     const char *user,
                                     uint64_t ttl_seconds,
                                     char *buffer,
                                     size_t capacity,
                                     size_t *out_length);

// Builds an AccessToken2, without an engine: with it one user may join one channel and publish audio, video and data, each for
// as long as the token lasts. The room server inside takes it.
//
// app_id, certificate: 32 hexadecimal characters each. A certificate that is NULL or "" makes the token "": nothing can be signed.
// channel: the room's name, 1 to 256 bytes.
// user: the identity (a number as text, or a name), at most 256 bytes; NULL or "": any user.
// ttl_seconds: from 1 s to 10 years. 3600 is usual.
// buffer, capacity, out_length: see CONVENTIONS, strings out. 2048 bytes are enough.
// Returns: STOA_OK; STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: a length,
//   the time, or no 32 hexadecimal characters; STOA_ERROR_INTERNAL.
// Threads: any.
stoa_status stoa_token_build_rtc(const char *app_id,
                                 const char *certificate,
                                 const char *channel,
                                 const char *user,
                                 uint64_t ttl_seconds,
                                 char *buffer,
                                 size_t capacity,
                                 size_t *out_length);

// Builds a token of either family from its JSON form (see above), with everything that it can say.
//
// document: the token as JSON, at most 64 kB. The key (iss, app_id) may be left out, and so may the times: from now, for an hour.
//   So may the salt, which is then drawn.
// key: the API key, or the app id. secret: the API secret, or the app certificate; 1 to 256 bytes each, and for an AccessToken2 32
//   hexadecimal characters.
// buffer, capacity, out_length: see CONVENTIONS, strings out. A token of more than 500 bytes may be some bytes longer at the next
//   call, by another salt: leave room to spare.
// Returns: STOA_OK; STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: a length, or
//   what the document says; STOA_ERROR_INTERNAL.
// Threads: any.
stoa_status stoa_token_build_json(const char *document,
                                  const char *key,
                                  const char *secret,
                                  char *buffer,
                                  size_t capacity,
                                  size_t *out_length);

// Shows what a token of either family says, as JSON (see above). It is NOT verified: anybody could have made it.
//
// token: at most 64 kB.
// buffer, capacity, out_length: see CONVENTIONS, strings out.
// Returns: STOA_OK; STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: too long;
//   STOA_ERROR_BAD_TOKEN: it is none; STOA_ERROR_INTERNAL.
// Threads: any.
stoa_status stoa_token_show(const char *token,
                            char *buffer,
                            size_t capacity,
                            size_t *out_length);

// Verifies a token of either family and shows what it says, as JSON (see above): key, signature (compared in constant time),
// algorithm, times; and, where a room or a user is given, that it lets that user into that room now.
//
// token: at most 64 kB. key: the API key, or the app id, that it must be of. secret: the API secret, or the app certificate.
// room, user: NULL or "": not looked at. Another user than the token's is refused, unless the token is for any (AccessToken2).
// buffer, capacity, out_length: see CONVENTIONS, strings out.
// Returns: STOA_OK; STOA_ERROR_BAD_TOKEN: stoa_last_error() says which check failed (which is not for who brought the token);
//   STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: a length;
//   STOA_ERROR_INTERNAL.
// Threads: any.
stoa_status stoa_token_verify(const char *token,
                              const char *key,
                              const char *secret,
                              const char *room,
                              const char *user,
                              char *buffer,
                              size_t capacity,
                              size_t *out_length);

// FRAMES ----------------------------------------------------------------------

// The longest frame: 120 ms at 48 kHz, in samples for each channel. A buffer of this size times the channels always suffices.
#define STOA_FRAME_SAMPLES_MAX 5760

// The sound was sent, arrived and was decoded.
#define STOA_ORIGIN_DECODED 0

// The packet was lost; the sound came from a copy, or the error correction (FEC), in another packet.
#define STOA_ORIGIN_RECOVERED 1

// The packet was lost; the sound is the decoder's guess.
#define STOA_ORIGIN_CONCEALED 2

// The user stopped speaking; the frame is the fading end of it. Nothing comes then until the user speaks again.
#define STOA_ORIGIN_SILENCE 3

// Nobody speaks, or voice detection is off (see stoa_channel_set_vad).
#define STOA_SPEECH_NONE 0

// Speech begins: the frame with which it was found, or, with speech_only, the first of its pre-roll.
#define STOA_SPEECH_START 1

// In the midst of speech.
#define STOA_SPEECH_SPEAKING 2

// Speech ends with this frame. Where the user sends nothing any more, it is a frame of 10 ms of silence.
#define STOA_SPEECH_END 3

// What is known about a frame of PCM. Begin with STOA_FRAME_INIT.
typedef struct stoa_frame {
    // The size of this struct, bytes.
    size_t size;
    // When the frame was ready to be heard: microseconds since the Unix epoch (see stoa_time_us).
    uint64_t timestamp_us;
    // When its packet arrived, on the same clock; 0 where no packet did.
    uint64_t arrival_us;
    // The RTP time of its first sample, in units of 1/48000 s, without wrap.
    uint64_t rtp_time;
    // Where the sound came from: STOA_ORIGIN_...
    uint32_t origin;
    // Samples for each channel.
    uint32_t samples_per_channel;
    // The channel's rate, Hz.
    uint32_t sample_rate;
    // 1 or 2, interleaved.
    uint32_t channels;
    // Always 2: 16-bit signed, in the machine's byte order.
    uint32_t bytes_per_sample;
    // Loudness below the maximum, dB: 0 is the loudest, 127 is silence (-dBov, RFC 6464).
    uint32_t level;
    // How likely it is a voice, 0 to 1, by a neural network that looks at 16 of every 32 ms; 0.6 is a fair threshold. It runs up
    // to 32 ms behind, and takes a loud steady tone for a voice. Below -70 dB it is 0.
    double voice_probability;
    // The frame's part in speech: STOA_SPEECH_...
    uint32_t speech;
    // Zero.
    uint32_t reserved;
} stoa_frame;

// Fills a stoa_frame.
#define STOA_FRAME_INIT { sizeof(stoa_frame), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

// A frame callback. It runs on the engine's dispatch thread (see THREADS); everything is valid until it returns.
//
// user: whose sound it is; "" for the mix.
// samples: frame->samples_per_channel * frame->channels values, interleaved.
typedef void (*stoa_frame_callback)(const char *user,
                                    const stoa_frame *frame,
                                    const int16_t *samples,
                                    void *user_data);

// EVENTS ----------------------------------------------------------------------

// "connection_state_changed": old_state and new_state (STOA_STATE_...), reason, status and text say why, elapsed_us since the last
// change.
#define STOA_EVENT_CONNECTION_STATE_CHANGED 1

// "user_joined": user.
#define STOA_EVENT_USER_JOINED 2

// "user_left": user, reason.
#define STOA_EVENT_USER_LEFT 3

// "audio_subscribe_state_changed": user, old_state and new_state (STOA_SUBSCRIBE_...), elapsed_us since the last change.
#define STOA_EVENT_AUDIO_SUBSCRIBE_STATE_CHANGED 4

// "user_muted": user; STOA_EVENT_FLAG_MUTED is set, or not set after unmuting.
#define STOA_EVENT_USER_MUTED 5

// "stream_ended": user, track; the user left, stopped publishing or was unsubscribed. What is in the stream can still be read.
#define STOA_EVENT_STREAM_ENDED 6

// "played": id is the number of a playout mark; status is STOA_OK when everything before it has left, STOA_INTERRUPTED when it
// was dropped.
#define STOA_EVENT_PLAYED 7

// "data_received": user (the sender; "" for the server), topic, data; STOA_EVENT_FLAG_RELIABLE.
#define STOA_EVENT_DATA_RECEIVED 8

// "overflow": the queue was full; status is STOA_QUEUE_FULL; id is how many events were dropped since the last event of this kind.
#define STOA_EVENT_OVERFLOW 9

// "user_speaking": user, level; STOA_EVENT_FLAG_SPEAKING is set, or not set after the end. The server listens for it, not this library.
#define STOA_EVENT_USER_SPEAKING 10

// "stream_message": a whole message: user (the sender; "" for the server), message_id, format, topic, data.
#define STOA_EVENT_STREAM_MESSAGE 11

// "stream_message_error": a message that came in part was given up, or a chunk was refused: user, message_id, format; status and
// text say why.
#define STOA_EVENT_STREAM_MESSAGE_ERROR 12

// "message_sent": id is the number that queueing the message gave; message_id. status is STOA_OK when all of it has left, or says with
// text why it did not.
#define STOA_EVENT_MESSAGE_SENT 13

// "token_will_expire": renew the token; elapsed_us is the time that is left.
#define STOA_EVENT_TOKEN_WILL_EXPIRE 14

// "starving": the send queue ran dry, more sound came 20 to 500 ms too late, and the hearers had a gap of elapsed_us. Not told where
// the end was said, by a playout mark or stoa_channel_wait_played() there, nor after an interrupt, nor while muted.
#define STOA_EVENT_STARVING 15

// "stream_overflow": user ("" for the mix), track; status is STOA_QUEUE_FULL; id is how many frames of the stream were dropped since the
// last event of this kind, because nobody took them in time. At once for the first, then at most once a second; while unread it
// adds up.
#define STOA_EVENT_STREAM_OVERFLOW 16

// "speech_started": the voice detector heard user begin to speak (see stoa_channel_set_vad).
#define STOA_EVENT_SPEECH_STARTED 17

// "speech_ended": the voice detector heard user stop, or the user is not heard any more; elapsed_us is how long the speech was.
#define STOA_EVENT_SPEECH_ENDED 18

// "user_metadata_changed": user (this channel's own too), data is all of the metadata now.
#define STOA_EVENT_USER_METADATA_CHANGED 19

// "user_attributes_changed": user (this channel's own too), data is a JSON object of what changed: name and value, "" where it is gone.
#define STOA_EVENT_USER_ATTRIBUTES_CHANGED 20

// "connection_quality_changed": user (this channel's own too), old_state and new_state (STOA_QUALITY_...). A state: where too many
// events wait, the newest of a user takes the place of the one before and keeps its old_state.
#define STOA_EVENT_CONNECTION_QUALITY_CHANGED 21

// "room_metadata_changed": data is all of the room's metadata now.
#define STOA_EVENT_ROOM_METADATA_CHANGED 22

// "rpc_called": user calls a method that was registered: topic is the method, data what it is given, message_id the caller's own id.
// Answer with id, within elapsed_us: stoa_channel_rpc_answer() or stoa_channel_rpc_fail().
#define STOA_EVENT_RPC_CALLED 23

// "rpc_answered": a call has ended: id is the number that stoa_channel_rpc_call() gave, user who was called. status is STOA_OK and data
// the answer; otherwise reason is the code (STOA_RPC_..., or the other's own), text its message, and data what it carries.
#define STOA_EVENT_RPC_ANSWERED 24

// "microphone_muted": the server muted this channel's microphone (STOA_EVENT_FLAG_MUTED is set), or unmuted it; it is done already.
// stoa_channel_mute() has the next word.
#define STOA_EVENT_MICROPHONE_MUTED 25

// "permissions_changed": user (this channel's own too), data is a JSON object: "permission" of stoa_channel_user_info(). What is not
// allowed any more answers STOA_ERROR_NOT_ALLOWED from then on.
#define STOA_EVENT_PERMISSIONS_CHANGED 26

// "user_name_changed": user (this channel's own too), data is the name now.
#define STOA_EVENT_USER_NAME_CHANGED 27

// Set in flags: the user is muted now.
#define STOA_EVENT_FLAG_MUTED 1

// Set in flags: the data came over the reliable channel.
#define STOA_EVENT_FLAG_RELIABLE 2

// Set in flags: the user is speaking now.
#define STOA_EVENT_FLAG_SPEAKING 4

// Format of a message: JSON chunks, `{"msg_id", "part_idx", "total_parts", "content"}`.
#define STOA_FORMAT_JSON 1

// Format of a message: chunks `msg_id|part|total|base64`.
#define STOA_FORMAT_BASE64 2

// Format of a message: LiveKit's text stream.
#define STOA_FORMAT_TEXT 3

// Format of a message: LiveKit's byte stream.
#define STOA_FORMAT_BYTES 4

// Quality of a connection: the server has not said.
#define STOA_QUALITY_UNKNOWN 0

// Quality of a connection: nothing comes from there.
#define STOA_QUALITY_LOST 1

// Quality of a connection: it disturbs.
#define STOA_QUALITY_POOR 2

// Quality of a connection: it can be heard.
#define STOA_QUALITY_GOOD 3

// Quality of a connection: nothing is wrong.
#define STOA_QUALITY_EXCELLENT 4

// Connection: not connected.
#define STOA_STATE_DISCONNECTED 1

// Connection: the first connection is being made.
#define STOA_STATE_CONNECTING 2

// Connection: in the room.
#define STOA_STATE_CONNECTED 3

// Connection: lost, and being made again (see stoa_channel_reconnect).
#define STOA_STATE_RECONNECTING 4

// Connection: given up.
#define STOA_STATE_FAILED 5

// Subscription: the user is unknown or gone.
#define STOA_SUBSCRIBE_IDLE 0

// Subscription: not subscribed.
#define STOA_SUBSCRIBE_NO_SUBSCRIBE 1

// Subscription: asked for.
#define STOA_SUBSCRIBE_SUBSCRIBING 2

// Subscription: the user is heard when speaking.
#define STOA_SUBSCRIBE_SUBSCRIBED 3

// No reason is known or needed.
#define STOA_REASON_NONE 0

// The user asked for it.
#define STOA_REASON_REQUESTED 1

// Another connection joined with the same identity.
#define STOA_REASON_DUPLICATE_IDENTITY 2

// The server is shutting down.
#define STOA_REASON_SERVER_SHUTDOWN 3

// Removed by an administrator or the server.
#define STOA_REASON_REMOVED 4

// The room was deleted or closed.
#define STOA_REASON_ROOM_CLOSED 5

// The connection was lost.
#define STOA_REASON_CONNECTION_LOST 6

// The server could not be reached.
#define STOA_REASON_UNREACHABLE 7

// The token was refused.
#define STOA_REASON_BAD_TOKEN 8

// The server or the peer broke the protocol.
#define STOA_REASON_PROTOCOL 9

// The join was refused for another reason.
#define STOA_REASON_REFUSED 10

// The join took longer than the timeout.
#define STOA_REASON_TIMED_OUT 11

// A fault inside the library.
#define STOA_REASON_INTERNAL 12

// The token's time was over.
#define STOA_REASON_TOKEN_EXPIRED 13

// One event of a channel. Begin with STOA_EVENT_INIT. Which members mean something is said at each STOA_EVENT_...; the others are
// zero, or "". The strings and the data belong to the library: after stoa_channel_poll_event() until stoa_event_free(), inside a
// callback until it returns.
typedef struct stoa_event {
    // The size of this struct, bytes.
    size_t size;
    // When it happened: microseconds since the Unix epoch (see stoa_time_us).
    uint64_t time_us;
    // What happened: STOA_EVENT_...
    uint32_t kind;
    // The event's own status: STOA_OK, or what went wrong.
    stoa_status status;
    // The state before.
    uint32_t old_state;
    // The state now.
    uint32_t new_state;
    // Why: STOA_REASON_... (see stoa_reason_name()); the code of a call that failed.
    uint32_t reason;
    // STOA_EVENT_FLAG_..., added.
    uint32_t flags;
    // Microseconds since the last change of this state, or another time that the event tells.
    uint64_t elapsed_us;
    // A number: a playout mark, a message's number, or a count.
    uint64_t id;
    // The user it is about, UTF-8. Never NULL.
    const char *user;
    // The sentence that goes with status. Never NULL.
    const char *text;
    // The topic of data, UTF-8. Never NULL.
    const char *topic;
    // The data; NULL without any.
    const uint8_t *data;
    // Bytes of data.
    size_t data_length;
    // The library's own: leave it alone.
    void *owner;
    // The id of a message, as its sender chose it, UTF-8. Never NULL.
    const char *message_id;
    // How a message came: STOA_FORMAT_...
    uint32_t format;
    // Loudness below the maximum, dB: 0 is the loudest, 127 is silence.
    uint32_t level;
    // The track as stoa_channel_track_stream() was given it, UTF-8; "" for a user's voice. Never NULL.
    const char *track;
} stoa_event;

// Fills a stoa_event.
#define STOA_EVENT_INIT { sizeof(stoa_event), 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, 0, NULL }

// An event callback. It runs on the engine's dispatch thread (see THREADS); the event is valid until it returns.
//
// channel: the channel's handle, as given to the function that set the callback.
typedef void (*stoa_event_callback)(stoa_channel *channel, const stoa_event *event, void *user_data);

// Frees what belongs to an event that stoa_channel_poll_event() filled in, and sets all its members but size to zero.
// An event that was never filled in, or freed already, needs nothing. Events inside callbacks are not to be freed.
//
// event: NULL does nothing.
// Returns: STOA_OK; STOA_ERROR_BAD_STRUCT; STOA_ERROR_BAD_HANDLE: a copy of this event was freed already; STOA_ERROR_INTERNAL.
// Threads: any.
stoa_status stoa_event_free(stoa_event *event);

// The name of a kind of event, such as "user_joined".
//
// kind: STOA_EVENT_...
// Returns: the name; "" for a number that is no kind. Never NULL. It is valid for ever.
// Threads: any.
const char *stoa_event_name(uint32_t kind);

// The name of a reason, such as "duplicate_identity".
//
// reason: STOA_REASON_...
// Returns: the name; "" for a number that is no reason. Never NULL. It is valid for ever.
// Threads: any.
const char *stoa_reason_name(uint32_t reason);

// CHANNEL ----------------------------------------------------------------------

// The default of a queue: sending refuses what does not fit (STOA_QUEUE_FULL), receiving drops the oldest.
#define STOA_QUEUE_DEFAULT 0

// A full queue drops its oldest sound.
#define STOA_QUEUE_DROP_OLDEST 1

// A full queue drops what is new.
#define STOA_QUEUE_DROP_NEWEST 2

// How a channel is made. Begin with STOA_CHANNEL_OPTIONS_INIT.
typedef struct stoa_channel_options {
    // The size of this struct, bytes.
    size_t size;
    // The room's name, 1 to 256 bytes. Required.
    const char *name;
    // The user's identity, at most 256 bytes. NULL: uid, or, where that is 0, one that the library chooses (see stoa_channel_user).
    const char *user;
    // The caller's own token, for this room and user. NULL: built from the engine's app id and certificate.
    const char *token;
    // A numeric identity, which stands for its decimal form. Give user or uid, not both.
    uint32_t uid;
    // The rate of all PCM of this channel: 8000, 16000, 24000, 32000, 44100 or 48000 Hz. 0: 24000.
    uint32_t sample_rate;
    // 1: mono; 2: stereo, interleaved. 0: 1.
    uint32_t channels;
    // 1: subscribe to every user who speaks. 0: to nobody before stoa_channel_subscribe().
    uint32_t subscribe_all;
    // 1: give each frame out the moment it can be decoded, for machines that listen. 0: on an even clock, for people.
    uint32_t eager;
    // Capacity of the send queue, 20 to 600,000 ms. 0: 30,000.
    uint32_t send_queue_ms;
    // What a full send queue does: STOA_QUEUE_...
    uint32_t send_policy;
    // Capacity of each stream, 2,000 to 60,000 ms. 0: 2,000.
    uint32_t receive_queue_ms;
    // What a full stream does: STOA_QUEUE_...; what it dropped is counted (see stoa_stream_dropped).
    uint32_t receive_policy;
    // Opus bit rate, 6,000 to 510,000 bits a second. 0: 24,000.
    uint32_t bitrate;
    // 1: never speak: the others see no microphone, which spares them and the server work for every silent listener; pushing is
    // STOA_ERROR_BAD_STATE. 0: a microphone from the start.
    uint32_t listen_only;
    // For how long a lost connection is tried to be made again, 1,000 to 3,600,000 ms (see stoa_channel_reconnect). 0: 60,000.
    uint32_t reconnect_timeout_ms;
    // 1: a lost connection is the end: STOA_STATE_FAILED, and the streams of users end. 0: it is made again.
    uint32_t no_reconnect;
    // Zero.
    uint32_t reserved;
} stoa_channel_options;

// Fills a stoa_channel_options.
#define STOA_CHANNEL_OPTIONS_INIT { sizeof(stoa_channel_options), NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

// Makes a channel of an engine, not yet connected.
//
// options: name is required.
// out_channel: the new channel; free it with stoa_channel_free().
// Returns: STOA_OK; STOA_ERROR_BAD_STRUCT; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: the sentence names the option;
//   STOA_ERROR_BAD_TOKEN: the token is none, or for another room or user, or there is none and no app certificate to build one
//   from; STOA_ERROR_LIMIT: too many handles; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_new(stoa_engine *engine,
                             const stoa_channel_options *options,
                             stoa_channel **out_channel);

// Frees a channel: takes off its callbacks, disconnects, and ends its streams, whose handles are still to be freed.
//
// channel: NULL does nothing.
// Returns: STOA_OK; STOA_ERROR_BAD_HANDLE; STOA_ERROR_BUSY: freed, but a callback is still in its last run (see THREADS);
//   STOA_ERROR_INTERNAL.
// Threads: any, also inside callbacks, where it does not wait for the callback. Takes at most one second, offline too.
//   Calls of other threads that wait on this channel return soon.
stoa_status stoa_channel_free(stoa_channel *channel);

// Joins the room, and waits until that is done or has failed.
//
// timeout_ms: 0: returns at once; events tell the rest. Negative: waits for ever.
// Returns: STOA_OK: connected (with timeout 0: begun); STOA_TIMED_OUT: not in time, and given up;
//   STOA_ERROR_BAD_STATE: connected, or connecting, already; STOA_ERROR_UNREACHABLE; STOA_ERROR_REFUSED; STOA_ERROR_BAD_TOKEN;
//   STOA_ERROR_PROTOCOL: no LiveKit server; STOA_ERROR_DISCONNECTED: the connection was lost before it was complete, or
//   stoa_channel_disconnect() was called on another thread; the handle errors.
// Threads: any.
stoa_status stoa_channel_connect(stoa_channel *channel,
                                 int32_t timeout_ms);

// Leaves the room. The streams of users end. The channel can connect again.
//
// timeout_ms: 0: returns at once; an event tells the rest. Negative: waits until it is done.
// Returns: STOA_OK: disconnected (with timeout 0: begun), also when it was so before; STOA_TIMED_OUT: not yet, and it goes on in
//   the background; the handle errors.
// Threads: any.
stoa_status stoa_channel_disconnect(stoa_channel *channel,
                                    int32_t timeout_ms);

// Makes the connection again now, without a wait for the next attempt: for a program that knows that the network is another one, or
// there again.
//
// A connection that was lost is made again by itself. The channel is then in STOA_STATE_RECONNECTING, and all goes on: users stay,
// their streams are silent, and calls are kept until the server can hear of them. Attempts follow at once, after 300 ms, and then
// ever more slowly, up to 8 s apart, until options.reconnect_timeout_ms is over: then it is STOA_STATE_FAILED, with the reason.
// - Where the server knows the participant still, it goes on as the same one, and nothing that is reliable is lost or doubled.
//   Otherwise the channel joins anew as the same user, with the newest token: the others see it leave and join. The microphone is
//   published as it was, muted or not, wanted users are subscribed to again, and streams go on. Users who are gone get "user_left".
//   Messages that the server did not have in whole are told as failed by "message_sent"; those that wait are sent. Reliable data
//   that was not acknowledged is sent again.
// - What was pushed is not held back: live sound is dropped as it would have been spoken, so that nobody hears it seconds late, and
//   playout marks are passed in time. Sound that still gets through is heard.
// - Reconnected is not who was removed, whose room was closed, whose identity joined again elsewhere, and whose token is refused.
//
// In STOA_STATE_CONNECTED the connection is given up, and made again from new sockets.
//
// Returns: STOA_OK: begun, and events tell the rest; STOA_ERROR_BAD_STATE: neither connected nor reconnecting, or the channel was
//   made with no_reconnect; STOA_ERROR_BUSY: too many calls wait for this channel; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_reconnect(stoa_channel *channel);

// The state of the connection.
//
// out_state: STOA_STATE_...
// Returns: STOA_OK; the handle errors.
// Threads: any.
stoa_status stoa_channel_state(const stoa_channel *channel, uint32_t *out_state);

// The room's name, as in the options.
//
// buffer, capacity, out_length: see CONVENTIONS, strings out.
// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; the handle errors.
// Threads: any.
stoa_status stoa_channel_name(const stoa_channel *channel, char *buffer, size_t capacity, size_t *out_length);

// The user's own identity: of the options, or the one that the library chose.
//
// buffer, capacity, out_length: see CONVENTIONS, strings out.
// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; the handle errors.
// Threads: any.
stoa_status stoa_channel_user(const stoa_channel *channel, char *buffer, size_t capacity, size_t *out_length);

// The token in use: of the options, or the one that the library built. It is a secret.
//
// buffer, capacity, out_length: see CONVENTIONS, strings out.
// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; the handle errors.
// Threads: any.
stoa_status stoa_channel_token(const stoa_channel *channel,
                               char *buffer,
                               size_t capacity,
                               size_t *out_length);

// Takes a token in place of the one in use, without leaving: after "token_will_expire", or to change what the user may do. It counts
// for later connects; a connection to a Stoa room server takes it over at once. A server that refuses it goes on by the one
// before, and another "token_will_expire" tells. LiveKit's servers refresh tokens by themselves and take none from outside.
//
// token: for the same room and user, of either family, at most 64 kB.
// Returns: STOA_OK: it is in use, or on its way; STOA_ERROR_BAD_TOKEN: it is no token, or for another room or user;
//   STOA_ERROR_BUSY: too many calls wait for this channel; STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BAD_UTF8;
//   STOA_ERROR_BAD_ARGUMENT: too long; the handle errors.
// Threads: any.
stoa_status stoa_channel_renew_token(const stoa_channel *channel,
                                     const char *token);

// The sentence of the last error of this channel; "" without one. A connection that failed tells its own in the event.
//
// buffer, capacity, out_length: see CONVENTIONS, strings out.
// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BAD_HANDLE.
// Threads: any.
stoa_status stoa_channel_last_error(const stoa_channel *channel,
                                    char *buffer,
                                    size_t capacity,
                                    size_t *out_length);

// CHANNEL: SPEAKING ----------------------------------------------------------------------

// Pushes PCM into the send queue, from where it leaves in real time. Any length, also less than a frame.
// With STOA_QUEUE_DEFAULT it waits while the queue is full; dropping queues take everything at once.
// What is pushed before the channel is connected leaves once it is.
//
// samples: 16-bit PCM at the channel's rate, interleaved: count * channels values. NULL is right for a count of 0.
// count: samples for each channel.
// timeout_ms: how long to wait for room. 0: take what fits now. Negative: until everything is taken.
// out_accepted: how many samples for each channel were taken, from the front; written for every status that is not negative.
//   May be NULL.
// Returns: STOA_OK: all taken, or dropped as the queue's policy has it; STOA_QUEUE_FULL: with timeout 0, a part or nothing was taken; STOA_TIMED_OUT: a part or nothing
//   was taken in time; STOA_INTERRUPTED: stoa_channel_interrupt() dropped it, what was taken as well;
//   STOA_ERROR_BUSY: another thread is pushing; STOA_ERROR_BAD_STATE: the channel is listen_only;
//   STOA_ERROR_NOT_ALLOWED: the server does not let this user speak (any more); STOA_ERROR_BAD_ARGUMENT: an odd address or an
//   impossible count; the handle errors.
// Threads: any, one at a time.
stoa_status stoa_channel_push_audio(stoa_channel *channel,
                                    const int16_t *samples,
                                    size_t count,
                                    int32_t timeout_ms,
                                    size_t *out_accepted);

// The same for floats.
//
// samples: PCM in -1.0 to 1.0; what is beyond is clipped, and what is no number is silence.
// count, timeout_ms, out_accepted: as stoa_channel_push_audio().
// Returns: the statuses of stoa_channel_push_audio().
// Threads: any, one at a time, whichever of the two functions it calls.
stoa_status stoa_channel_push_audio_f32(stoa_channel *channel,
                                        const float *samples,
                                        size_t count,
                                        int32_t timeout_ms,
                                        size_t *out_accepted);

// How much sound is queued and has not left yet.
//
// out_queued_us: microseconds of sound.
// Returns: STOA_OK; the handle errors.
// Threads: any.
stoa_status stoa_channel_queued(const stoa_channel *channel, uint64_t *out_queued_us);

// Puts a playout mark behind the last sample that was pushed. When that has left, or was dropped, the event "played" tells it.
//
// id: any number; the event has it.
// Returns: STOA_OK; STOA_ERROR_LIMIT: 256 marks are waiting already; STOA_ERROR_BAD_STATE: the channel is listen_only;
//   the handle errors.
// Threads: any.
stoa_status stoa_channel_mark(stoa_channel *channel,
                              uint64_t id);

// Waits until everything that was pushed before has left. Without a connection nothing leaves; while a lost one is made again
// (see stoa_channel_reconnect), sound is dropped when it would have left.
//
// timeout_ms: 0: only looks. Negative: waits for ever.
// Returns: STOA_OK, also when nothing is queued; STOA_TIMED_OUT; STOA_INTERRUPTED: it was dropped;
//   STOA_ERROR_LIMIT: 64 threads are waiting already; the handle errors.
// Threads: any.
stoa_status stoa_channel_wait_played(stoa_channel *channel,
                                     int32_t timeout_ms);

// Be silent now: drops what is queued, and what another thread is just pushing. At most one frame more leaves.
//
// out_sent: samples for each channel that have left since the channel was made. May be NULL.
// out_dropped: samples for each channel that were dropped by this call. May be NULL.
// Returns: STOA_OK, also when nothing is queued; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_interrupt(stoa_channel *channel,
                                   uint64_t *out_sent,
                                   uint64_t *out_dropped);

// Mutes or unmutes the microphone, also before connecting. While muted the queue is paced out in silence, and the others are told.
// The server may mute it as well, which is the event "microphone_muted"; this call then unmutes it.
//
// muted: 1 or 0.
// Returns: STOA_OK; STOA_ERROR_BAD_ARGUMENT: neither 0 nor 1; STOA_ERROR_BUSY: too many calls wait for this channel;
//   the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_mute(stoa_channel *channel,
                              uint32_t muted);

// CHANNEL: USERS AND HEARING ----------------------------------------------------------------------

// How many other users are in the room.
//
// out_count: the number.
// Returns: STOA_OK; the handle errors.
// Threads: any.
stoa_status stoa_channel_user_count(const stoa_channel *channel, size_t *out_count);

// One of the other users in the room. They are in the order in which they joined; when one leaves, those behind move up.
//
// index: 0 to count - 1.
// buffer, capacity, out_length: see CONVENTIONS, strings out. 257 bytes are enough.
// Returns: STOA_OK; STOA_ERROR_NOT_FOUND: there are not as many (any more); STOA_ERROR_BUFFER_TOO_SMALL; the handle errors.
// Threads: any.
stoa_status stoa_channel_user_at(const stoa_channel *channel,
                                 size_t index,
                                 char *buffer,
                                 size_t capacity,
                                 size_t *out_length);

// Subscribes to a user's sound, and waits until the server has done so. For a user who does not speak yet it takes effect then,
// and the call waits as long. See subscribe_all for users who are still to come.
//
// user: the identity, 1 to 256 bytes.
// timeout_ms: 0: returns at once; an event tells the rest, or the same call again. Negative: waits for ever.
// Returns: STOA_OK: subscribed; STOA_TIMED_OUT: not yet, but it stays asked for; STOA_ERROR_BAD_STATE: not connected;
//   STOA_ERROR_NOT_FOUND: no such user in the room, or gone meanwhile; STOA_ERROR_NOT_ALLOWED: the server does not let this user
//   hear (any more); STOA_ERROR_BUSY: too many calls are waiting; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: the length;
//   the handle errors.
// Threads: any.
stoa_status stoa_channel_subscribe(stoa_channel *channel,
                                   const char *user,
                                   int32_t timeout_ms);

// Unsubscribes from a user's sound, and waits until the server has done so. The user's stream ends.
//
// user: the identity, 1 to 256 bytes.
// timeout_ms: 0: returns at once; an event tells the rest, or the same call again. Negative: waits for ever.
// Returns: STOA_OK: not subscribed, also when it was so before; STOA_TIMED_OUT: not yet; STOA_ERROR_BAD_STATE: not connected;
//   STOA_ERROR_NOT_FOUND: no such user in the room, or gone meanwhile; STOA_ERROR_BUSY: too many calls are waiting;
//   STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: the length; the handle errors.
// Threads: any.
stoa_status stoa_channel_unsubscribe(stoa_channel *channel,
                                     const char *user,
                                     int32_t timeout_ms);

// Whether a user is subscribed to.
//
// user: the identity, 1 to 256 bytes.
// out_state: STOA_SUBSCRIBE_...; STOA_SUBSCRIBE_IDLE for a user who is not here.
// Returns: STOA_OK; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: the length; the handle errors.
// Threads: any.
stoa_status stoa_channel_subscribe_state(const stoa_channel *channel, const char *user, uint32_t *out_state);

// The stream of one user who is in the room: that user's sound alone. It can be asked for before the user speaks; frames come once
// the user is subscribed to. It ends when the user leaves, stops publishing or is unsubscribed; then ask for a new one.
//
// user: the identity, 1 to 256 bytes.
// out_stream: a handle of its own for each call, of one and the same stream; free it with stoa_stream_free().
// Returns: STOA_OK; STOA_ERROR_NOT_FOUND: no such user in the room; STOA_ERROR_BAD_STATE: not connected; STOA_ERROR_BAD_UTF8;
//   STOA_ERROR_BAD_ARGUMENT: the length; STOA_ERROR_LIMIT: too many handles; STOA_ERROR_BUSY: too many calls wait for this
//   channel; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_stream(stoa_channel *channel,
                                const char *user,
                                stoa_stream **out_stream);

// The stream of one audio track of a user who is in the room: for a participant that publishes more than one, such as an agent with a
// voice and background sound, or a browser that shares a screen with its sound. stoa_channel_user_info() tells which tracks there are.
// While a handle of the stream is held the track is subscribed to, whether the user is or not; when the last one is freed it is
// unsubscribed. It may be the track that stoa_channel_stream() gives, too: the two streams do not depend on each other.
// It ends, and stream_ended tells so with the track, when the track is unpublished or the user leaves, and with the connection; then ask
// for a new one. A connection that comes back goes on with the track of that name (by its id only as long as the server knows it).
// The mix, voice detection, dumps and stoa_channel_set_frame_callback() are of the users' voices alone, without it.
//
// user: the identity, 1 to 256 bytes.
// track: the track's name, 1 to 256 bytes; or its id ("TR_..."), where no audio track of the user has that name. Of several with the
//   same name it is the first.
// out_stream: a handle of its own for each call, of one and the same stream for the same track; free it with stoa_stream_free().
// Returns: STOA_OK; STOA_ERROR_NOT_FOUND: no such user in the room, or no such audio track (now): the sentence says which there are;
//   STOA_ERROR_NOT_ALLOWED: the server does not let this user hear (any more); STOA_ERROR_BAD_STATE: not connected;
//   STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: the length; STOA_ERROR_LIMIT: too many handles; STOA_ERROR_BUSY: too many calls wait
//   for this channel; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_track_stream(stoa_channel *channel,
                                      const char *user,
                                      const char *track,
                                      stoa_stream **out_stream);

// The stream of all users who are subscribed to, mixed. It outlives connections, and ends when the channel is freed.
//
// out_stream: a handle of its own for each call, of one and the same stream; free it with stoa_stream_free().
// Returns: STOA_OK; STOA_ERROR_LIMIT: too many handles; STOA_ERROR_BUSY: too many calls wait for this channel; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_mixed_stream(stoa_channel *channel,
                                      stoa_stream **out_stream);

// CHANNEL: WHAT USERS TELL OF THEMSELVES ----------------------------------------------------------------------
//
// Each user has a name to show, metadata (any text) and attributes (texts by names), which everybody in the room sees; the room has
// metadata too. They begin as the tokens say, and change as users ask for and the server allows: with the grant
// canUpdateOwnMetadata, which the tokens that the library builds for its own channels have. As JSON a user is
//
//   {"user": "ada", "name": "Ada", "metadata": "", "attributes": {"seat": "3"}, "kind": "standard", "joined_ms": 1700000000000,
//    "quality": "excellent", "speaking": false, "muted": false, "permission": {"can_publish": true, "can_publish_sources": [],
//    "can_publish_data": true, "can_subscribe": true, "can_update_metadata": true, "hidden": false},
//    "tracks": [{"id": "TR_...", "name": "microphone", "kind": "audio", "source": "microphone", "muted": false}]}
//
// kind is standard, agent, sip, ingress, egress, connector or bridge; quality is unknown, lost, poor, good or excellent, as the
// server judges the connection; speaking is what the server hears; muted is the microphone. A permission that the server does not
// tell is null; no can_publish_sources means all. joined_ms counts from the Unix epoch. The room is
//
//   {"name": "hall", "id": "RM_...", "metadata": "", "users": 2, "publishers": 2, "recording": false, "created_ms": 1700000000000}
//
// where users and publishers count this user too. Later versions may add members.

// What is known of a user in the room, as JSON (see above).
//
// user: the identity, at most 256 bytes; NULL or "": this channel's own user.
// buffer, capacity, out_length: see CONVENTIONS, strings out. It may have grown at the next call: leave room to spare.
// Returns: STOA_OK; STOA_ERROR_BAD_STATE: not connected; STOA_ERROR_NOT_FOUND: no such user in the room;
//   STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: the length; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_user_info(const stoa_channel *channel,
                                   const char *user,
                                   char *buffer,
                                   size_t capacity,
                                   size_t *out_length);

// What is known of the room, as JSON (see above).
//
// buffer, capacity, out_length: see CONVENTIONS, strings out. It may have grown at the next call: leave room to spare.
// Returns: STOA_OK; STOA_ERROR_BAD_STATE: not connected; STOA_ERROR_BUFFER_TOO_SMALL; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_room_info(const stoa_channel *channel,
                                   char *buffer,
                                   size_t capacity,
                                   size_t *out_length);

// Asks the server to tell everybody something else of this channel's own user, and waits for its answer. The new values come as
// events, here as well. A value cannot become empty again, but for attributes.
//
// name: the name to show, at most 256 bytes; NULL or "": as it is.
// metadata: NULL or "": as it is.
// attributes: a JSON object of strings, those that are to change, where "" takes one away; NULL or "": as they are.
// timeout_ms: 0: returns STOA_TIMED_OUT at once, and a refusal is a line in the log. Negative: waits as long as the request, at
//   most 10 seconds.
// Returns: STOA_OK: done; STOA_TIMED_OUT: asked for, not answered yet; STOA_ERROR_NOT_ALLOWED: the server refuses, since the token
//   lacks canUpdateOwnMetadata; STOA_ERROR_LIMIT: it is too long for the server, or 64 changes wait for its answer;
//   STOA_ERROR_REFUSED: another refusal; STOA_ERROR_BAD_STATE: not connected; STOA_ERROR_DISCONNECTED: the connection ended before
//   the answer; STOA_ERROR_BUSY: too many calls are waiting; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: nothing is to change, a
//   length, or no JSON object of strings; the handle errors.
// Threads: any, also inside callbacks.
stoa_status stoa_channel_set_user_info(stoa_channel *channel,
                                       const char *name,
                                       const char *metadata,
                                       const char *attributes,
                                       int32_t timeout_ms);

// CHANNEL: CALLS BETWEEN USERS ----------------------------------------------------------------------
//
// A user calls a method of another one and gets an answer, as with LiveKit's RPC: what a call is given and what it answers are
// texts of at most 15,360 bytes (longer ones are for messages). A method is registered once and may then be called over every
// connection; each call comes as an event "rpc_called" and waits for its answer here, at most 256 at a time and 64 of one user.
// Others' calls of methods that are not registered are answered by the library, with STOA_RPC_UNSUPPORTED_METHOD. One that
// nobody answers comes to the end of its time, at the caller.

// A call failed: the method is not registered there.
#define STOA_RPC_UNSUPPORTED_METHOD 1400

// A call failed: no such user is in the room (any more).
#define STOA_RPC_RECIPIENT_NOT_FOUND 1401

// A call failed: what it is given is too long.
#define STOA_RPC_REQUEST_PAYLOAD_TOO_LARGE 1402

// A call failed: its server passes no calls on.
#define STOA_RPC_UNSUPPORTED_SERVER 1403

// A call failed: the other one speaks no such version.
#define STOA_RPC_UNSUPPORTED_VERSION 1404

// A call failed: the method itself failed.
#define STOA_RPC_APPLICATION_ERROR 1500

// A call failed: no acknowledgement came within 7 seconds.
#define STOA_RPC_CONNECTION_TIMEOUT 1501

// A call failed: no answer came in time.
#define STOA_RPC_RESPONSE_TIMEOUT 1502

// A call failed: the other user left, or this connection ended.
#define STOA_RPC_RECIPIENT_DISCONNECTED 1503

// A call failed: the answer is too long.
#define STOA_RPC_RESPONSE_PAYLOAD_TOO_LARGE 1504

// A call failed: it could not be sent.
#define STOA_RPC_SEND_FAILED 1505

// Takes calls of a method from now on, over this connection and later ones. Registering again is as once.
//
// method: its name, 1 to 64 bytes.
// Returns: STOA_OK; STOA_ERROR_LIMIT: 256 methods are registered; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: the length;
//   the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_rpc_register(stoa_channel *channel,
                                      const char *method);

// Takes calls of a method no more. Those that have come may still be answered.
//
// method: its name, 1 to 64 bytes.
// Returns: STOA_OK; STOA_ERROR_NOT_FOUND: it is not registered; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: the length;
//   the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_rpc_unregister(stoa_channel *channel,
                                        const char *method);

// Calls a method of another user in the room. Each call that begins ends with one event "rpc_answered", and stoa_channel_rpc_wait()
// waits for it.
//
// user: the identity, 1 to 256 bytes. method: its name, 1 to 64 bytes.
// payload: what it is given, at most 15,360 bytes; NULL is the same as "".
// response_ms: how long the answer may take, from 1 to 600,000; 0: 15,000. The other user is told 7 seconds less, at least 1 second.
// out_ticket: gets a number, which the event has as its id; they count from 1. May be NULL.
// Returns: STOA_OK: on its way; STOA_QUEUE_FULL: 256 calls wait for their answers; STOA_ERROR_BAD_STATE: not connected;
//   STOA_ERROR_NOT_FOUND: no such user in the room; STOA_ERROR_NOT_ALLOWED: the token does not let this user send data;
//   STOA_ERROR_BUSY: too many calls of this channel's functions are waiting; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: a length,
//   or response_ms; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_rpc_call(stoa_channel *channel,
                                  const char *user,
                                  const char *method,
                                  const char *payload,
                                  uint32_t response_ms,
                                  uint64_t *out_ticket);

// Waits until a call has ended, and gives its answer. The last 256 calls that have ended can be asked for, also again.
//
// ticket: from stoa_channel_rpc_call().
// timeout_ms: 0: only looks. Negative: waits for ever, which is until the call's own time is over.
// out_code: gets the code where the call has failed (STOA_RPC_..., or the other's own), and 0 otherwise, whatever the status is.
// buffer, capacity, out_length: the answer; see CONVENTIONS, strings out. 15,361 bytes are enough for an answer of version 1.
// Returns: STOA_OK: answered; STOA_TIMED_OUT: not yet, or, where out_code is not 0, no answer came in the call's own time;
//   STOA_ERROR_REFUSED: the other user, or its library, answered with an error; STOA_ERROR_NOT_FOUND: the user left before, or there
//   is no such number; STOA_ERROR_DISCONNECTED: this connection ended before; STOA_QUEUE_FULL: the connection had no room for it;
//   STOA_ERROR_NOT_ALLOWED: the right to send data was lost before it left; STOA_ERROR_BUFFER_TOO_SMALL; the handle errors.
// Threads: any, also inside callbacks.
stoa_status stoa_channel_rpc_wait(stoa_channel *channel,
                                  uint64_t ticket,
                                  int32_t timeout_ms,
                                  uint32_t *out_code,
                                  char *buffer,
                                  size_t capacity,
                                  size_t *out_length);

// Answers a call that came as "rpc_called".
//
// call: its number, the event's id.
// payload: the answer, at most 15,360 bytes; NULL is the same as "".
// Returns: STOA_OK: on its way; STOA_ERROR_NOT_FOUND: it was answered, its time is over, or its caller left; STOA_ERROR_BAD_STATE:
//   not connected; STOA_ERROR_BUSY: too many calls of this channel's functions are waiting; STOA_ERROR_BAD_UTF8;
//   STOA_ERROR_BAD_ARGUMENT: the length; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_rpc_answer(stoa_channel *channel,
                                    uint64_t call,
                                    const char *payload);

// Answers a call that came as "rpc_called" with an error.
//
// call: its number, the event's id.
// code: not 0. 1001 to 1999 are LiveKit's, of which STOA_RPC_APPLICATION_ERROR is the general one; others are for your own meanings.
// text: a sentence for the caller, at most 256 bytes; NULL is the same as "".
// Returns: STOA_OK: on its way; STOA_ERROR_NOT_FOUND: it was answered, its time is over, or its caller left; STOA_ERROR_BAD_STATE:
//   not connected; STOA_ERROR_BUSY: too many calls of this channel's functions are waiting; STOA_ERROR_BAD_UTF8;
//   STOA_ERROR_BAD_ARGUMENT: the length, or the code; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_rpc_fail(stoa_channel *channel,
                                  uint64_t call,
                                  uint32_t code,
                                  const char *text);

// CHANNEL: DATA ----------------------------------------------------------------------

// How data is sent. Begin with STOA_DATA_OPTIONS_INIT.
typedef struct stoa_data_options {
    // The size of this struct, bytes.
    size_t size;
    // A name by which receivers tell data apart, at most 256 bytes. NULL: none.
    const char *topic;
    // The identities of the users who get it. NULL with to_count 0: everyone.
    const char *const *to;
    // How many there are, at most 4096.
    size_t to_count;
    // 1: sent once, may be lost or overtaken. 0: reliable and in order.
    uint32_t lossy;
    // Leave it zero.
    uint32_t reserved;
} stoa_data_options;

// Fills a stoa_data_options.
#define STOA_DATA_OPTIONS_INIT { sizeof(stoa_data_options), NULL, NULL, 0, 0, 0 }

// Sends a data packet to the others in the room, who get the event "data_received".
//
// data: the bytes; NULL is right for a length of 0.
// length: bytes, at most 60,000, which is what LiveKit's servers take; where it is lossy better less than 1,200, one network packet.
// options: NULL: reliable, to everyone, without a topic.
// Returns: STOA_OK: taken over for sending; STOA_QUEUE_FULL: too much is waiting to be sent, try later;
//   STOA_ERROR_BAD_STATE: not connected; STOA_ERROR_NOT_ALLOWED: the token does not let this user send data;
//   STOA_ERROR_BUSY: too many calls are waiting; STOA_ERROR_BAD_STRUCT; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: a length, or lossy; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_send_data(stoa_channel *channel,
                                   const void *data,
                                   size_t length,
                                   const stoa_data_options *options);

// CHANNEL: MESSAGES ----------------------------------------------------------------------
//
// A message is up to 16 MiB of text or bytes. It travels in chunks, and the others get it whole, in one event "stream_message";
// they recognise every format by itself. Messages of a channel leave in the order in which they were sent, and each has its own
// completion, the event "message_sent". Sound goes first, so a long message disturbs nobody.
//
// What comes in chunks is put together by sender and id: nobody can touch another's message. A chunk that does not fit is
// refused, and a message that stays incomplete for 15 seconds is given up; "stream_message_error" tells both. Of one user 16
// messages and 48 MiB can be on their way here, of all 256 and 128 MiB; beyond that, who holds most loses what waited longest.
// Events that nobody takes hold at most 64 MiB of messages and data: then the oldest go, and "overflow" counts them.
// A data packet that is no chunk stays "data_received". One that has the shape of a chunk, but cannot be one, counts as a chunk. One
// that was cut so short that the shape cannot be seen (of JSON before both msg_id and part_idx are named, of base64 before its third
// bar) comes as "data_received" too, and the message that it is missing from is given up after its 15 seconds.

// How a message is sent. Begin with STOA_MESSAGE_OPTIONS_INIT.
typedef struct stoa_message_options {
    // The size of this struct, bytes.
    size_t size;
    // Its id, at most 256 bytes, for STOA_FORMAT_BASE64 at most 32 characters without a bar. Messages that are on their way at the
    // same time need different ones. NULL: the library chooses one.
    const char *message_id;
    // A name by which receivers tell messages apart, at most 256 bytes. NULL: none. Many of LiveKit's clients show the text streams
    // of the topic "lk.chat".
    const char *topic;
    // The identities of the users who get it, together at most 16,384 bytes. NULL with to_count 0: everyone.
    const char *const *to;
    // How many there are, at most 4096.
    size_t to_count;
    // STOA_FORMAT_... 0: STOA_FORMAT_TEXT, which every LiveKit client reads. Programs that use the chunks of agora-realtime-ai-api
    // read STOA_FORMAT_JSON (its version 1.0) or STOA_FORMAT_BASE64 (1.1.0).
    uint32_t format;
    // 1: each chunk is sent once, may be lost or overtaken, and the message with it; only for STOA_FORMAT_JSON and
    // STOA_FORMAT_BASE64. 0: reliable and in order.
    uint32_t lossy;
} stoa_message_options;

// Fills a stoa_message_options.
#define STOA_MESSAGE_OPTIONS_INIT { sizeof(stoa_message_options), NULL, NULL, NULL, 0, 0, 0 }

// Queues a message for the others in the room. It is copied.
//
// Without a connection, or while it is made again, it waits for the next one. When a connection ends, or cannot be made, all that
// has not left fails: "message_sent" says so with STOA_ERROR_DISCONNECTED. 1024 messages and 32 MiB can wait; more is refused, for you to try later.
// data: the message, UTF-8 but for STOA_FORMAT_BYTES; NULL is right for a length of 0, which is a message too.
// length: bytes, at most 16,777,216.
// options: NULL: a text stream, to everyone, without a topic.
// out_ticket: gets a number, which the event "message_sent" has as its id; they count from 1. May be NULL.
// Returns: STOA_OK: queued; STOA_QUEUE_FULL: nothing was taken, try again after the next "message_sent";
//   STOA_ERROR_NOT_ALLOWED: the token does not let this user send data; STOA_ERROR_BAD_UTF8: of a text, or of an option;
//   STOA_ERROR_BAD_STRUCT; STOA_ERROR_BAD_ARGUMENT: a length, an id, a format, or lossy; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_send_message(stoa_channel *channel,
                                      const void *data,
                                      size_t length,
                                      const stoa_message_options *options,
                                      uint64_t *out_ticket);

// Waits until a message has left: the server has all of it (where it is lossy: it was handed to the network).
//
// ticket: from stoa_channel_send_message().
// timeout_ms: 0: only looks. Negative: waits for ever.
// Returns: STOA_OK; STOA_TIMED_OUT: it still waits, or is on its way; STOA_ERROR_DISCONNECTED or STOA_ERROR_NOT_ALLOWED: it failed, as
//   its event "message_sent" says; STOA_ERROR_NOT_FOUND: no such number, or from before 64 connections that
//   failed; the handle errors.
// Threads: any, also inside callbacks.
stoa_status stoa_channel_wait_sent(stoa_channel *channel,
                                   uint64_t ticket,
                                   int32_t timeout_ms);

// CHANNEL: EVENTS AND CALLBACKS ----------------------------------------------------------------------
//
// Each event is seen once: by the callbacks that take it, and otherwise by whoever polls. The callback of
// stoa_channel_set_event_callback() takes every event, a listener those of its name. Several callbacks for one event all see it:
// first that for every event, then the listeners in the order in which they were added. What is waiting when a callback is set or
// a listener added goes to it. So a program may listen to some events by name and poll the others.
// At most 1024 events wait. When there are more, the oldest are dropped, and "overflow" tells how many; changes of a state are not
// dropped but merged into one: old_state is the oldest, new_state the newest.
// Likewise each frame goes to the callback of its stream, else to that of its channel, else to readers.

// Takes the next event that no callback takes.
//
// timeout_ms: 0: only looks. Negative: waits for ever.
// out_event: gets the event, which stoa_event_free() frees. An event that was not freed before is overwritten, and leaks.
// Returns: STOA_OK; STOA_TIMED_OUT: none came; while callbacks take every event, at once; STOA_ERROR_BAD_STRUCT;
//   STOA_ERROR_LIMIT: too many events were not freed, and this one is lost; the handle errors.
// Threads: any; each event goes to one of them.
stoa_status stoa_channel_poll_event(stoa_channel *channel,
                                    int32_t timeout_ms,
                                    stoa_event *out_event);

// A descriptor for poll, epoll, kqueue, libuv or asyncio: readable while there are events that no callback takes, or the channel is
// closed. Then call stoa_channel_poll_event() with timeout 0 until it is not STOA_OK. Only wait on it: do not write to or close it.
// It belongs to the channel, and is closed with it: when the channel is freed.
//
// out_descriptor: the descriptor; the same at each call.
// Returns: STOA_OK; STOA_ERROR_LIMIT: the process has no more descriptors; the handle errors.
// Threads: any.
stoa_status stoa_channel_event_descriptor(stoa_channel *channel,
                                          int32_t *out_descriptor);

// Sets, replaces or takes off the channel's event callback.
//
// callback: NULL takes it off, and events wait for stoa_channel_poll_event() again.
// user_data, user_data_free: see OWNERSHIP.
// Returns: STOA_OK; STOA_ERROR_BUSY: done, but the old callback is in its last run (see THREADS); the handle errors.
// Threads: any, also inside the callback.
stoa_status stoa_channel_set_event_callback(stoa_channel *channel,
                                            stoa_event_callback callback,
                                            void *user_data,
                                            stoa_user_data_free user_data_free);

// Adds a listener for the events of one name, which then are not for polling any more. Listeners with one name all get the event.
//
// event: the name, such as "user_joined" (see STOA_EVENT_...). NULL: every event.
// user_data, user_data_free: see OWNERSHIP.
// out_listener: the listener's number on this channel, for stoa_channel_off(); written before the callback can run. It may be NULL:
//   the listener then stays until the channel is freed.
// Returns: STOA_OK; STOA_ERROR_BAD_ARGUMENT: no event has this name, and the sentence lists those that there are;
//   STOA_ERROR_BAD_UTF8; STOA_ERROR_LIMIT: the channel has 256 listeners; the handle errors, also where callback is NULL.
// Threads: any, also inside callbacks: a listener that is added there gets the next event, not the present one.
stoa_status stoa_channel_on(stoa_channel *channel,
                            const char *event,
                            stoa_event_callback callback,
                            void *user_data,
                            stoa_user_data_free user_data_free,
                            uint64_t *out_listener);

// Adds a listener for one event: after the first of its name it is off, and user_data_free was called.
//
// event, user_data, user_data_free, out_listener: as with stoa_channel_on().
// Returns: the statuses of stoa_channel_on().
// Threads: any, also inside callbacks, as with stoa_channel_on().
stoa_status stoa_channel_once(stoa_channel *channel,
                              const char *event,
                              stoa_event_callback callback,
                              void *user_data,
                              stoa_user_data_free user_data_free,
                              uint64_t *out_listener);

// Takes a listener off. What nobody else listens to waits for stoa_channel_poll_event() again.
//
// listener: the number that stoa_channel_on() or stoa_channel_once() gave.
// Returns: STOA_OK: it is not running and never runs again (inside the listener itself: never again after this run);
//   STOA_ERROR_NOT_FOUND: there is no such listener, it is off already, or was for one event and had it;
//   STOA_ERROR_BUSY: off, but still in its last run after a second (see THREADS); the handle errors.
// Threads: any, also inside callbacks, also inside this one, where it does not wait.
stoa_status stoa_channel_off(stoa_channel *channel,
                             uint64_t listener);

// Sets, replaces or takes off a callback for the frames of every user who is subscribed to.
//
// callback: NULL takes it off, and frames wait for stoa_stream_read() again.
// user_data, user_data_free: see OWNERSHIP.
// Returns: STOA_OK; STOA_ERROR_BUSY: done, but the old callback is in its last run (see THREADS); the handle errors.
// Threads: any, also inside the callback.
stoa_status stoa_channel_set_frame_callback(stoa_channel *channel,
                                            stoa_frame_callback callback,
                                            void *user_data,
                                            stoa_user_data_free user_data_free);

// CHANNEL: VOICE DETECTION ----------------------------------------------------------------------
//
// Who speaks when, found in the sound of each user who is subscribed to. Events tell the beginnings and ends
// (STOA_EVENT_SPEECH_STARTED, STOA_EVENT_SPEECH_ENDED), and so does the member `speech` of each frame. With speech_only a stream
// gives out speech alone, each time from its pre-roll on, so that no first syllable is lost.

// How speech is told from its absence. Begin with STOA_VAD_OPTIONS_INIT. Counts are of blocks of 10 ms.
// A block is active when it is louder than a threshold and more probably a voice than another.
typedef struct stoa_vad_options {
    // The size of this struct, bytes.
    size_t size;
    // Blocks before those in which speech was found that still belong to it, 1 to 1000. 0: 16.
    uint32_t pre_start_recognize_count;
    // Blocks that are looked at for a beginning, 1 to 1000. 0: 30.
    uint32_t start_recognize_count;
    // Blocks that are looked at for an end, 1 to 6000. 0: 50.
    uint32_t stop_recognize_count;
    // 1: streams of users give out frames of speech alone. When speech is found, all at once those of the pre_start_recognize_count
    // and start_recognize_count blocks before; together they may be at most half of the channel's receive_queue_ms.
    // 0: streams give out everything.
    uint32_t speech_only;
    // The share of the blocks looked at that has to be active for a beginning, above 0.0, at most 1.0. 0.0: 0.7.
    double active_percent;
    // The share of the blocks looked at that has to be inactive for an end, above 0.0, at most 1.0. 0.0: 0.5.
    double inactive_percent;
    // Before speech, a block is active above this voice probability, 1 to 99 percent. 0: 70.
    uint32_t start_voice_prob;
    // The same in speech. 0: 70.
    uint32_t stop_voice_prob;
    // Before speech, a block is active above this level, -100 to -1 dB of the maximum. 0: -50; in noise -40 to -30 is better.
    int32_t start_rms_threshold;
    // The same in speech. 0: -50.
    int32_t stop_rms_threshold;
} stoa_vad_options;

// Fills a stoa_vad_options.
#define STOA_VAD_OPTIONS_INIT { sizeof(stoa_vad_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

// Listens for speech in the sound of every user who is subscribed to, also of those whose stream nobody holds. Any state of the
// channel is right; it stays through disconnecting. Speech that goes on when this is called ends with it. The mix is not listened to.
//
// options: NULL: no more.
// Returns: STOA_OK; STOA_ERROR_BAD_ARGUMENT: the sentence names the option; STOA_ERROR_BAD_STRUCT; STOA_ERROR_BUSY: too many calls
//   wait for this channel; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_set_vad(stoa_channel *channel,
                                 const stoa_vad_options *options);

// CHANNEL: DUMP ----------------------------------------------------------------------
//
// What is sent and heard, as WAV files to listen to later: 16-bit PCM at the channel's rate. `<room>-<user>-sent.wav` is what left
// (after muting and interrupting), `<room>-<user>-heard-<other>.wav` each user who is subscribed to, also those whose stream nobody
// holds. In names everything but letters, digits, `-`, `_` and `.` becomes `_`; a file that is there is left alone, and the new one
// gets a number. All files begin at the same moment, and silence stands where nothing was said: laid over each other they are the
// conversation. Once a second their heads are brought up to date, so that they play also after a crash.

// Dump what leaves.
#define STOA_DUMP_SENT 1

// Dump what is heard of each user.
#define STOA_DUMP_HEARD 2

// How a dump is made. Begin with STOA_DUMP_OPTIONS_INIT.
typedef struct stoa_dump_options {
    // The size of this struct, bytes.
    size_t size;
    // A directory that is there. Required.
    const char *directory;
    // Bytes of all files of this dump together, 4,096 to 4,294,967,295. What does not fit is dropped, and counted. 0: 268,435,456.
    uint64_t max_bytes;
    // STOA_DUMP_..., added. 0: both.
    uint32_t what;
    // Zero.
    uint32_t reserved;
} stoa_dump_options;

// Fills a stoa_dump_options.
#define STOA_DUMP_OPTIONS_INIT { sizeof(stoa_dump_options), NULL, 0, 0, 0 }

// Begins a dump, in place of the one before, or ends it. Any state of the channel is right; a dump goes on through disconnecting,
// and ends with the channel. The media never waits for the disk: what the disk does not take in time is dropped, and counted. An
// error of the disk ends the dump, and the log (see stoa_log_set) tells it.
//
// options: directory is required. NULL: ends the dump and completes its files.
// Returns: STOA_OK; STOA_ERROR_BAD_ARGUMENT: the sentence names the option; STOA_ERROR_BAD_STRUCT; STOA_ERROR_BAD_UTF8;
//   STOA_ERROR_BUSY: too many calls wait for this channel; STOA_ERROR_INTERNAL: no thread could be started; the handle errors.
// Threads: any. Waits for the files of a dump that ends, at most one second; after that they are completed in the background.
stoa_status stoa_channel_set_dump(stoa_channel *channel,
                                  const stoa_dump_options *options);

// How many frames are in no file, because max_bytes was reached or the disk was too slow.
//
// out_frames: the number, of all dumps of this channel.
// Returns: STOA_OK; the handle errors.
// Threads: any.
stoa_status stoa_channel_dump_dropped(const stoa_channel *channel, uint64_t *out_frames);

// STREAM ----------------------------------------------------------------------

// Frees a handle of a stream. A callback that was set through it is taken off, unless another handle has set one since. The user stays
// subscribed. Who waits in stoa_stream_read() on this handle gets STOA_ERROR_BAD_HANDLE.
//
// stream: NULL does nothing.
// Returns: STOA_OK; STOA_ERROR_BAD_HANDLE; STOA_ERROR_BUSY: freed, but the callback is still in its last run (see THREADS);
//   STOA_ERROR_INTERNAL.
// Threads: any, also inside callbacks, where it does not wait for the callback. Takes at most one second.
stoa_status stoa_stream_free(stoa_stream *stream);

// Copies the next frame out of the stream's ring buffer.
//
// timeout_ms: 0: only looks. Negative: waits for ever.
// out_samples: gets 16-bit PCM at the channel's rate, interleaved.
// capacity: room in samples for each channel, that is, capacity * channels values; STOA_FRAME_SAMPLES_MAX always suffices.
// out_frame: gets what is known about the frame; begin with STOA_FRAME_INIT.
// Returns: STOA_OK; STOA_TIMED_OUT: no frame came; STOA_END_OF_STREAM: it is over, and everything was read;
//   STOA_ERROR_BUFFER_TOO_SMALL: out_frame->samples_per_channel is the room that is needed, and the frame stays;
//   STOA_ERROR_BUSY: another thread is reading; STOA_ERROR_BAD_STRUCT;
//   STOA_ERROR_BAD_ARGUMENT: an odd address or an impossible capacity; the handle errors, but never STOA_ERROR_CLOSED.
// Threads: any, one at a time. Costs no allocation, no lock and, when a frame is there, no system call.
stoa_status stoa_stream_read(stoa_stream *stream,
                             int32_t timeout_ms,
                             int16_t *out_samples,
                             size_t capacity,
                             stoa_frame *out_frame);

// How many frames can be read without waiting.
//
// out_frames: the number.
// Returns: STOA_OK; the handle errors, but never STOA_ERROR_CLOSED.
// Threads: any.
stoa_status stoa_stream_readable(const stoa_stream *stream, size_t *out_frames);

// A descriptor for poll, epoll, kqueue, libuv or asyncio: readable while there are frames to read, or the end of the stream to be
// seen. Then call stoa_stream_read() with timeout 0 until STOA_TIMED_OUT. Only wait on it: do not write to or close it. (A
// language that can only wait by reading may read its byte, and then has to read the stream until STOA_TIMED_OUT.)
// It belongs to the stream, and is closed with it: when its last handle is freed and no frame callback of the channel takes its frames.
//
// out_descriptor: the descriptor; the same at each call.
// Returns: STOA_OK; STOA_ERROR_LIMIT: the process has no more descriptors; the handle errors, but never STOA_ERROR_CLOSED.
// Threads: any.
stoa_status stoa_stream_descriptor(stoa_stream *stream,
                                   int32_t *out_descriptor);

// Sets, replaces or takes off the stream's frame callback. A stream has one, whichever of its handles set it.
// What is in the ring buffer goes to the callback first, and stoa_stream_read() gets nothing while there is one.
//
// callback: NULL takes it off, and frames wait for stoa_stream_read() again.
// user_data, user_data_free: see OWNERSHIP.
// Returns: STOA_OK; STOA_ERROR_BUSY: done, but the old callback is in its last run (see THREADS);
//   the handle errors, but never STOA_ERROR_CLOSED.
// Threads: any, also inside the callback.
stoa_status stoa_stream_set_frame_callback(stoa_stream *stream,
                                           stoa_frame_callback callback,
                                           void *user_data,
                                           stoa_user_data_free user_data_free);

// Whose sound it is.
//
// buffer, capacity, out_length: see CONVENTIONS, strings out. The mix has "".
// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; the handle errors, but never STOA_ERROR_CLOSED.
// Threads: any.
stoa_status stoa_stream_user(const stoa_stream *stream, char *buffer, size_t capacity, size_t *out_length);

// How many frames were dropped because nobody took them in time (see receive_queue_ms).
//
// out_frames: the number since the stream began.
// Returns: STOA_OK; the handle errors, but never STOA_ERROR_CLOSED.
// Threads: any.
stoa_status stoa_stream_dropped(const stoa_stream *stream, uint64_t *out_frames);

// The sentence of the last error of this stream; "" without one.
//
// buffer, capacity, out_length: see CONVENTIONS, strings out.
// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BAD_HANDLE.
// Threads: any.
stoa_status stoa_stream_last_error(const stoa_stream *stream,
                                   char *buffer,
                                   size_t capacity,
                                   size_t *out_length);

// SERVER ----------------------------------------------------------------------

// How a room server is made. Begin with STOA_SERVER_OPTIONS_INIT.
typedef struct stoa_server_options {
    // The size of this struct, bytes.
    size_t size;
    // The address to bind, such as "0.0.0.0" or "::1". NULL: 127.0.0.1, this machine only.
    const char *bind;
    // API keys with their secrets (app ids with their certificates), as KEY:SECRET, separated by spaces or line ends. Required.
    const char *keys;
    // TCP port for signalling, 1 to 65535. 0: a free one (see stoa_server_port).
    uint32_t port;
    // UDP port for media, 1 to 65535. 0: a free one (see stoa_server_udp_port).
    uint32_t udp_port;
    // Where events (room_started, participant_joined, track_published, …) are posted as LiveKit's webhooks, signed with the first
    // of the keys: at most 8 URLs as https://HOST:PORT/PATH or http://, separated by spaces or line ends. NULL: nowhere.
    const char *webhooks;
    // 1: GET /metrics shows the numbers of stoa_server_get_stats, as Prometheus reads them, to everyone who can reach the port.
    // 0: nobody sees them.
    uint32_t metrics;
    // 1: the room service may unmute, which opens somebody's microphone from afar. 0: only the publisher may; but what was muted with
    // the permission to publish, when that was taken, is unmuted with it when it is given back.
    uint32_t remote_unmute;
} stoa_server_options;

// Fills a stoa_server_options.
#define STOA_SERVER_OPTIONS_INIT { sizeof(stoa_server_options), NULL, NULL, 0, 0, NULL, 0, 0 }

// Binds and starts a room server. Engines with its url, official LiveKit clients and browsers can join it.
//
// options: keys is required.
// out_server: the new server; free it with stoa_server_free().
// Returns: STOA_OK; STOA_ERROR_NULL_ARGUMENT: options, keys or out_server; STOA_ERROR_BAD_STRUCT; STOA_ERROR_BAD_UTF8;
//   STOA_ERROR_BAD_ARGUMENT: the sentence names the option; STOA_ERROR_BAD_STATE: webhooks by TLS on a system without trusted
//   certificates; STOA_ERROR_ADDRESS: the address is not of this machine, or the port
//   is taken or not allowed; STOA_ERROR_LIMIT: too many handles; STOA_ERROR_INTERNAL.
// Threads: any.
stoa_status stoa_server_new(const stoa_server_options *options,
                            stoa_server **out_server);

// Frees a room server: tells its participants that it shuts down, and closes its ports.
//
// server: NULL does nothing.
// Returns: STOA_OK; STOA_ERROR_BAD_HANDLE; STOA_ERROR_INTERNAL.
// Threads: any. Takes at most two seconds.
stoa_status stoa_server_free(stoa_server *server);

// The URL to join with, such as "ws://127.0.0.1:7880".
//
// buffer, capacity, out_length: see CONVENTIONS, strings out.
// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; the handle errors.
// Threads: any.
stoa_status stoa_server_url(const stoa_server *server, char *buffer, size_t capacity, size_t *out_length);

// The TCP port for signalling.
//
// out_port: the port.
// Returns: STOA_OK; the handle errors.
// Threads: any.
stoa_status stoa_server_port(const stoa_server *server, uint32_t *out_port);

// The UDP port for media.
//
// out_port: the port.
// Returns: STOA_OK; the handle errors.
// Threads: any.
stoa_status stoa_server_udp_port(const stoa_server *server, uint32_t *out_port);

// The sentence of the last error of this server; "" without one.
//
// buffer, capacity, out_length: see CONVENTIONS, strings out.
// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BAD_HANDLE.
// Threads: any.
stoa_status stoa_server_last_error(const stoa_server *server,
                                   char *buffer,
                                   size_t capacity,
                                   size_t *out_length);

// STATISTICS ----------------------------------------------------------------------
//
// What engines, channels, streams and servers count. Members count from the beginning and do not fall, so that of two readings one
// can be subtracted from the other; those that say "Now" are of the moment instead. (What counts as lost may yet come, and falls
// then.) What took time is a stoa_delay. Times are microseconds.
//
// From one mouth to another ear a sample passes these stages: capture_queue, encode, network (half a round_trip, to the server and
// from it), jitter_buffer, decode, ring. Numbers that a media thread counts are up to 100 ms old: reading them waits for nothing
// and holds nothing up. Processor time is up to 10 ms behind, in a thread that is busy without a pause longer.

// How long something took, many times. The mean is total_us / count; of the time between two readings it is the difference of
// total_us by the difference of count.
typedef struct stoa_delay {
    // How many times it was measured.
    uint64_t count;
    // The sum of all.
    uint64_t total_us;
    // The longest.
    uint64_t max_us;
    // Now: a moving average, in which the newest weighs 1/16.
    uint64_t recent_us;
} stoa_delay;

// What an engine and its threads have counted since stoa_engine_new(). Begin with STOA_ENGINE_STATS_INIT.
typedef struct stoa_engine_stats {
    // The size of this struct, bytes.
    size_t size;
    // When the numbers were taken.
    uint64_t time_us;
    // Now: media threads.
    uint64_t threads;
    // Now: channels, connected or not.
    uint64_t channels;
    // Now: channels that are connected.
    uint64_t channels_connected;
    // Now: handles of this process, of all engines and servers, those of events included.
    uint64_t handles;
    // Processor time of the media threads together.
    uint64_t cpu_media_us;
    // Processor time of the dispatch thread, that of the callbacks included.
    uint64_t cpu_dispatch_us;
    // Processor time of the thread that conceals lost sound.
    uint64_t cpu_codec_us;
    // Processor time of the room server inside; 0 where the engine has a url.
    uint64_t cpu_server_us;
    // Event and frame callbacks: one run each.
    stoa_delay callbacks;
    // Now: channels and streams that wait for their turn on the dispatch thread.
    uint64_t dispatch_waiting;
    // What concealment waited for its thread.
    stoa_delay codec_queue;
    // Now: concealments that wait for it, at most 256.
    uint64_t codec_waiting;
    // Concealments that a media thread did by itself, because too many waited.
    uint64_t codec_refused;
    // Datagrams (over TCP: frames) that all its channels sent, those that were freed included; see stoa_channel_stats.
    uint64_t packets_sent;
    // What was in them, bytes.
    uint64_t bytes_sent;
    // Datagrams (over TCP: frames) that arrived for them.
    uint64_t packets_received;
    // What was in them, bytes.
    uint64_t bytes_received;
    // RTP packets of their microphones that did not arrive at the server, by its own reports.
    uint64_t audio_packets_lost;
} stoa_engine_stats;

// Fills a stoa_engine_stats.
#define STOA_ENGINE_STATS_INIT { sizeof(stoa_engine_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, { 0, 0, 0, 0 }, 0, { 0, 0, 0, 0 }, 0, 0, 0, 0, 0, 0, 0 }

// What a room server has counted since it was started. Begin with STOA_SERVER_STATS_INIT.
typedef struct stoa_server_stats {
    // The size of this struct, bytes.
    size_t size;
    // When the numbers were taken.
    uint64_t time_us;
    // Now: rooms.
    uint64_t rooms;
    // Now: participants in all rooms.
    uint64_t participants;
    // Now: microphones and other tracks that are published.
    uint64_t tracks;
    // Now: ways from a track to one who hears it.
    uint64_t subscriptions;
    // Participants that joined.
    uint64_t joins;
    // Joins that were refused: a bad token, a full room.
    uint64_t joins_refused;
    // Participants that came back with a new WebSocket.
    uint64_t resumes;
    // Participants that were removed for a fault, theirs or the server's.
    uint64_t participants_failed;
    // Datagrams (over TCP: frames) that arrived.
    uint64_t packets_received;
    // What was in them, bytes.
    uint64_t bytes_received;
    // Of packets_received: those from an address that belongs to no participant.
    uint64_t packets_unknown;
    // Of packets_received: those that are none of WebRTC's.
    uint64_t packets_malformed;
    // Datagrams (over TCP: frames) sent.
    uint64_t packets_sent;
    // What was in them, bytes.
    uint64_t bytes_sent;
    // Of packets_sent: those that the system had no room for, and that were lost.
    uint64_t packets_unsent;
    // RTP packets that arrived.
    uint64_t media_packets_received;
    // Their payload, bytes.
    uint64_t media_bytes_received;
    // Of media_packets_received: those of a track that nobody hears.
    uint64_t media_packets_unheard;
    // Of media_packets_received: those without payload, or of no published track.
    uint64_t media_packets_ignored;
    // RTP packets sent on, one for each listener.
    uint64_t media_packets_forwarded;
    // Their payload, bytes.
    uint64_t media_bytes_forwarded;
    // RTP packets not sent on to a listener whose connection was not ready.
    uint64_t media_dropped_unready;
    // RTP packets not sent on to a listener who cannot take their format.
    uint64_t media_dropped_format;
    // RTP packets not sent on, because they are from before the listener began.
    uint64_t media_dropped_old;
    // Data packets that arrived.
    uint64_t data_packets_received;
    // Their bytes.
    uint64_t data_bytes_received;
    // Data packets sent on, one for each addressee.
    uint64_t data_packets_forwarded;
    // Their bytes.
    uint64_t data_bytes_forwarded;
    // Data packets of senders whose token does not allow them.
    uint64_t data_dropped_forbidden;
    // Data packets that could not be read.
    uint64_t data_dropped_malformed;
    // Data packets that had arrived before: sent again after a resume, for their sender did not know.
    uint64_t data_dropped_doubled;
    // Data packets not sent on to an addressee who reads too slowly.
    uint64_t data_dropped_full;
    // Now: bytes of data that wait for addressees.
    uint64_t data_waiting_bytes;
    // Now: WebSockets.
    uint64_t websockets;
    // WebSockets that were closed because their reader was too slow, or gone.
    uint64_t websockets_dropped;
    // WebSocket messages that arrived.
    uint64_t signals_received;
    // WebSocket messages sent.
    uint64_t signals_sent;
    // Now: WebSocket messages that wait for their readers, at most 512 for each.
    uint64_t signals_waiting;
    // Processor time of the server's thread.
    uint64_t cpu_us;
    // Calls of the room service.
    uint64_t service_calls;
    // Of service_calls: those that were refused.
    uint64_t service_refused;
    // Webhooks that were taken; this and the next two count once for each URL.
    uint64_t webhooks_sent;
    // Webhooks that nobody took, after four attempts.
    uint64_t webhooks_failed;
    // Webhooks dropped because 1024 waited.
    uint64_t webhooks_dropped;
    // RTP packets of sound that publishers sent and that did not arrive, by their sequence numbers; counted every 5 s.
    uint64_t media_packets_lost;
    // RTP packets that listeners did not get, as they report (RFC 3550): lost on the way to them, or before, for what is missing here
    // is missing in what is sent on.
    uint64_t media_packets_lost_onward;
    // Interarrival jitter at the listeners, as they report: once for each report of each track.
    stoa_delay jitter;
    // From the server to a listener and back, by the same reports.
    stoa_delay round_trip;
    // Key frames that publishers of video were asked for.
    uint64_t key_frames_asked;
} stoa_server_stats;

// Fills a stoa_server_stats.
#define STOA_SERVER_STATS_INIT { sizeof(stoa_server_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, { 0, 0, 0, 0 }, { 0, 0, 0, 0 }, 0 }

// The statistics of an engine.
//
// out_stats: gets the numbers; begin with STOA_ENGINE_STATS_INIT.
// Returns: STOA_OK; STOA_ERROR_BAD_STRUCT; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_engine_get_stats(const stoa_engine *engine, stoa_engine_stats *out_stats);

// The statistics of the room server inside an engine.
//
// out_stats: gets the numbers; begin with STOA_SERVER_STATS_INIT.
// Returns: STOA_OK; STOA_ERROR_BAD_STATE: the engine has a url, so there is none; STOA_ERROR_BAD_STRUCT; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_engine_get_server_stats(const stoa_engine *engine,
                                         stoa_server_stats *out_stats);

// The statistics of a room server.
//
// out_stats: gets the numbers; begin with STOA_SERVER_STATS_INIT.
// Returns: STOA_OK; STOA_ERROR_BAD_STRUCT; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_server_get_stats(const stoa_server *server, stoa_server_stats *out_stats);

// STATISTICS OF CHANNELS AND STREAMS ----------------------------------------------------------------------

// What a channel has counted since stoa_channel_new(), over all its connections. Begin with STOA_CHANNEL_STATS_INIT.
typedef struct stoa_channel_stats {
    // The size of this struct, bytes.
    size_t size;
    // When the numbers of the connection were taken. 0: it was never connected.
    uint64_t time_us;
    // Times that it was connected.
    uint64_t connections;
    // Datagrams (over TCP: frames) sent: sound, data and what keeps the connection.
    uint64_t packets_sent;
    // What was in them, bytes.
    uint64_t bytes_sent;
    // Of packets_sent: those that the system had no room for, and that were lost.
    uint64_t packets_unsent;
    // Datagrams (over TCP: frames) that arrived.
    uint64_t packets_received;
    // What was in them, bytes.
    uint64_t bytes_received;
    // Of packets_received: those that are not of this connection.
    uint64_t packets_rejected;
    // From here to the server and back on the way of the sound, by STUN; about one each 3 s. The stage "network", one way, is
    // taken to be half of it.
    stoa_delay round_trip;
    // WebSocket messages sent.
    uint64_t signals_sent;
    // WebSocket messages that arrived.
    uint64_t signals_received;
    // Now: WebSocket messages that wait to be sent, at most 256.
    uint64_t signals_waiting;
    // From here to the server and back on the WebSocket, by a ping; as often as the server asks for it.
    stoa_delay signal_round_trip;
    // RTP packets of the microphone: a frame of 20 ms each, or the end of a talk spurt.
    uint64_t audio_packets_sent;
    // Their payload with its redundant copies, before encryption, bytes.
    uint64_t audio_bytes_sent;
    // Those of them that did not reach the server, as it reports every few seconds (RTCP receiver reports).
    uint64_t audio_packets_lost;
    // Now: the jitter of the microphone's packets, as the server reports it (RFC 3550, 6.4.1).
    uint64_t audio_jitter_us;
    // Now: payload of the microphone's packets in the last second, bits a second.
    uint64_t audio_bitrate;
    // RTP packets that arrived of a track that is not known, or no more.
    uint64_t audio_packets_unknown;
    // Frames of 20 ms that were encoded and sent.
    uint64_t frames_encoded;
    // Of frames_encoded: those that were nothing but zeros.
    uint64_t frames_silent;
    // Frames that passed in silence while the channel was muted.
    uint64_t frames_muted;
    // Frames that passed while the connection was being made again: what is said then is not said later.
    uint64_t frames_unsent;
    // Frames that could not be encoded.
    uint64_t frames_failed;
    // Talk spurts that ended, each with one packet that says so (DTX).
    uint64_t spurts_ended;
    // The stage "capture queue": how long sound waits from the push to the encoder. Measured as the sound that is queued behind each
    // frame as it leaves, which is the same on average; time without a connection does not count.
    stoa_delay capture_queue;
    // The stage "encode": resampling and Opus, for each frame.
    stoa_delay encode;
    // Samples for each channel that entered the send queue. They are sent, queued, interrupted or dropped_oldest.
    uint64_t samples_pushed;
    // Samples for each channel that left the queue in time, to be sent or muted.
    uint64_t samples_sent;
    // Samples for each channel that stoa_channel_interrupt() dropped.
    uint64_t samples_interrupted;
    // Samples for each channel dropped for newer ones (STOA_QUEUE_DROP_OLDEST).
    uint64_t samples_dropped_oldest;
    // Samples for each channel dropped before they entered (STOA_QUEUE_DROP_NEWEST).
    uint64_t samples_dropped_newest;
    // Samples for each channel for which a push was told that there is no room.
    uint64_t samples_refused;
    // Times that a full frame came after its time, within a talk spurt: whoever pushes was late.
    uint64_t starved;
    // Times that a frame left more than 60 ms late: the media thread got no processor.
    uint64_t overslept;
    // Now: sound in the send queue.
    uint64_t send_queue_us;
    // What it holds at most.
    uint64_t send_queue_capacity_us;
    // Now: playout marks that wait, at most 256.
    uint64_t marks_waiting;
    // Data packets that left towards the server.
    uint64_t data_packets_sent;
    // Their bytes, with what the protocol adds.
    uint64_t data_bytes_sent;
    // Data packets that arrived.
    uint64_t data_packets_received;
    // Their bytes, with what the protocol adds.
    uint64_t data_bytes_received;
    // Now: data packets that wait to leave, at most 128.
    uint64_t data_packets_waiting;
    // Data packets that were not taken: STOA_QUEUE_FULL.
    uint64_t data_packets_refused;
    // Data packets that were taken and then dropped, because the connection was full.
    uint64_t data_packets_dropped;
    // What arrived as data and could not be read.
    uint64_t data_packets_malformed;
    // Now: events that wait to be read, at most 1024.
    uint64_t events_waiting;
    // Events that were dropped because too many waited.
    uint64_t events_dropped;
    // Now: calls of the application that wait for the media thread, at most 256.
    uint64_t calls_waiting;
    // Messages that have left (see stoa_channel_send_message).
    uint64_t messages_sent;
    // Messages that failed, since their connection ended.
    uint64_t messages_failed;
    // Messages that were not taken, since too many waited (STOA_QUEUE_FULL).
    uint64_t messages_unqueued;
    // Now: messages that have not left yet.
    uint64_t messages_waiting;
    // Now: their bytes.
    uint64_t messages_waiting_bytes;
    // Whole messages that came.
    uint64_t messages_received;
    // Now: messages that came in part so far.
    uint64_t messages_incomplete;
    // Chunks and messages that were refused or given up.
    uint64_t messages_refused;
    // Of these, those without an event of their own, since too many had gone before.
    uint64_t messages_untold;
    // Parts of messages that were there already, or came after their message was over.
    uint64_t chunks_doubled;
    // Calls of other users' methods (see stoa_channel_rpc_call).
    uint64_t rpc_calls_made;
    // Of these, those that ended without an answer.
    uint64_t rpc_calls_failed;
    // Calls of this channel's methods that came.
    uint64_t rpc_calls_taken;
    // Calls that the library answered with an error at once.
    uint64_t rpc_calls_refused;
    // Calls that were not answered in time, or whose caller left before.
    uint64_t rpc_calls_unanswered;
    // Requests that came twice, and answers that came too late or from another user than was called.
    uint64_t rpc_calls_stray;
    // Processor time of the channel: how long its media thread has worked for it, by the clock. What the codec thread concealed and
    // the dispatch thread called is the engine's; a stream's own part is the total_us of its decode.
    uint64_t cpu_us;
} stoa_channel_stats;

// Fills a stoa_channel_stats.
#define STOA_CHANNEL_STATS_INIT { sizeof(stoa_channel_stats), 0, 0, 0, 0, 0, 0, 0, 0, { 0, 0, 0, 0 }, 0, 0, 0, { 0, 0, 0, 0 }, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, { 0, 0, 0, 0 }, { 0, 0, 0, 0 }, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

// What a stream has counted. The ring's numbers begin with the stream, those of the reception with the first reader after the
// user was subscribed. In the mix only time_us, network_us, mix_dropped_us and the ring's are not 0. Begin with
// STOA_STREAM_STATS_INIT.
typedef struct stoa_stream_stats {
    // The size of this struct, bytes.
    size_t size;
    // When the numbers of the reception were taken. 0: there are none yet.
    uint64_t time_us;
    // RTP packets that arrived, without duplicates and those that could not be read.
    uint64_t packets_received;
    // Payload of all that arrived, bytes.
    uint64_t bytes_received;
    // Packets that did not arrive, by their sequence numbers: lost between the speaker and here. One that comes late after all is
    // taken off again.
    uint64_t packets_lost;
    // Of packets_received: those that came after their time had been filled.
    uint64_t packets_late;
    // Packets that came again.
    uint64_t packets_duplicate;
    // Packets given up: too much was waiting, or their numbers made no sense.
    uint64_t packets_discarded;
    // Packets that could not be read.
    uint64_t packets_malformed;
    // Of packets_received: those that came while nobody read the stream, and were not decoded.
    uint64_t packets_unread;
    // Frames from their own packet.
    uint64_t frames_decoded;
    // Frames of lost packets, from the copy in a later one (RFC 2198).
    uint64_t frames_recovered_copy;
    // Frames of lost packets, from the error correction in the next one (Opus FEC).
    uint64_t frames_recovered_fec;
    // Frames that were invented, of 10 or 20 ms.
    uint64_t frames_concealed;
    // Last frames of talk spurts.
    uint64_t frames_silence;
    // Time of the speaker that was filled by frames_decoded.
    uint64_t decoded_us;
    // Time that was recovered.
    uint64_t recovered_us;
    // Time that was concealed.
    uint64_t concealed_us;
    // Time of frames_silence.
    uint64_t silence_us;
    // Time that stretching added, so that the delay could grow.
    uint64_t inserted_us;
    // Time that stretching took away, so that the delay could shrink.
    uint64_t removed_us;
    // Now: interarrival jitter (RFC 3550, 6.4.1).
    uint64_t jitter_us;
    // Now: the delay that the jitter buffer aims at.
    uint64_t jitter_target_us;
    // Now: sound in the jitter buffer.
    uint64_t jitter_buffer_us;
    // Now: the stage "network", estimated: half the channel's round trip to the server. The speaker's own way to the server is in
    // the speaker's statistics alone.
    uint64_t network_us;
    // The stage "jitter buffer": from a packet's arrival until it is decoded.
    stoa_delay jitter_buffer;
    // The stage "decode": decoding or concealing a frame, stretching and resampling; the wait for a thread is not in it (see
    // codec_queue of the engine).
    stoa_delay decode;
    // The stage "ring": from when a frame was ready until it was read, or its callback ran.
    stoa_delay ring;
    // Frames put into the ring; one of more than 30 ms takes several places and counts as several.
    uint64_t frames_written;
    // Frames taken out of it.
    uint64_t frames_read;
    // Of frames_written: those dropped for newer ones. See also stoa_stream_dropped().
    uint64_t frames_dropped_oldest;
    // Frames that the full ring did not take.
    uint64_t frames_dropped_newest;
    // Now: frames in the ring.
    uint64_t frames_waiting;
    // What it holds at most.
    uint64_t frames_capacity;
    // Of the mix, in the present connection: sound that was dropped because a speaker was more than 200 ms ahead of it.
    uint64_t mix_dropped_us;
} stoa_stream_stats;

// Fills a stoa_stream_stats.
#define STOA_STREAM_STATS_INIT { sizeof(stoa_stream_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, { 0, 0, 0, 0 }, { 0, 0, 0, 0 }, { 0, 0, 0, 0 }, 0, 0, 0, 0, 0, 0, 0 }

// The statistics of a channel, connected or not.
//
// out_stats: gets the numbers; begin with STOA_CHANNEL_STATS_INIT.
// Returns: STOA_OK; STOA_ERROR_BAD_STRUCT; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_get_stats(const stoa_channel *channel, stoa_channel_stats *out_stats);

// The statistics of a stream, also after its end.
//
// out_stats: gets the numbers; begin with STOA_STREAM_STATS_INIT.
// Returns: STOA_OK; STOA_ERROR_BAD_STRUCT; the handle errors, but never STOA_ERROR_CLOSED.
// Threads: any. Does not wait.
stoa_status stoa_stream_get_stats(const stoa_stream *stream, stoa_stream_stats *out_stats);

#ifdef __cplusplus
}
#endif

#endif
