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

    for (int i = 0; i < 24000; i++)             // one second of a hum, 24 kHz mono
        said[i] = i / 60 % 2 ? 3000 : -3000;
    must(stoa_channel_push_audio(ada, said, 24000, -1, NULL));

    must(stoa_channel_stream(bob, "ada", &voice));
    for (int i = 0; i < 50; i++) {
        must(stoa_stream_read(voice, 2000, heard, STOA_FRAME_SAMPLES_MAX, &frame));
        printf("%u samples at -%u dB\n", (unsigned)frame.samples_per_channel, (unsigned)frame.level);
    }
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
// It runs on any thread of the library, never twice at a time. Be quick: who logs waits.
typedef void (*stoa_log_callback)(uint32_t level, const char *text, void *user_data);

// Sets where log lines go, for the whole process. Until then the environment variable STOA_LOG (error, warn, info or debug)
// sends them to standard error, and without it nothing is logged.
//
// level: the highest STOA_LOG_... to be told.
// callback: gets the lines; NULL: standard error.
// user_data, user_data_free: see OWNERSHIP.
// Returns: STOA_OK; STOA_ERROR_BAD_ARGUMENT: no such level; STOA_ERROR_BUSY: done, but the old callback is in its last run
//   (see THREADS); STOA_ERROR_INTERNAL.
// Threads: any, also inside the callback. Lines from inside the callback are dropped.
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
    // The LiveKit server: ws:// or http://; this version speaks no TLS, and refuses wss:// and https://. NULL: the room server
    // inside, on loopback and free ports.
    const char *url;
    // Media threads, 1 to 64. 0: as many as cores, at most 4.
    uint32_t threads;
    // Leave it zero.
    uint32_t reserved;
} stoa_engine_options;

// Fills a stoa_engine_options.
#define STOA_ENGINE_OPTIONS_INIT { sizeof(stoa_engine_options), NULL, NULL, NULL, 0, 0 }

// Starts an engine: its threads, and the room server where no url is given. Several engines may live in one process.
//
// options: app_id is required.
// out_engine: the new engine; free it with stoa_engine_free().
// Returns: STOA_OK; STOA_ERROR_NULL_ARGUMENT: options, app_id or out_engine; STOA_ERROR_BAD_STRUCT; STOA_ERROR_BAD_UTF8;
//   STOA_ERROR_BAD_ARGUMENT: a name's length, the url, the threads; STOA_ERROR_ADDRESS: no port on loopback;
//   STOA_ERROR_LIMIT: too many handles; STOA_ERROR_INTERNAL.
// Threads: any. Does not wait for the network.
stoa_status stoa_engine_new(const stoa_engine_options *options,
                            stoa_engine **out_engine);

// Frees an engine: closes its channels and its room server, ends its streams and its threads.
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

// Builds a token (a LiveKit JWT) with which one user may join one room of this engine, speak, hear and send data.
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
    // How likely it is a voice, 0 to 1, by a neural network that looks at 16 ms at a time; 0.6 is a fair threshold. It runs up
    // to 16 ms behind, and takes a loud steady tone for a voice.
    double voice_probability;
} stoa_frame;

// Fills a stoa_frame.
#define STOA_FRAME_INIT { sizeof(stoa_frame), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

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
// change. While nobody takes it, it merges into the newest of its kind: old_state stays the oldest.
#define STOA_EVENT_CONNECTION_STATE_CHANGED 1

// "user_joined": user.
#define STOA_EVENT_USER_JOINED 2

// "user_left": user, reason.
#define STOA_EVENT_USER_LEFT 3

// "audio_subscribe_state_changed": user, old_state and new_state (STOA_SUBSCRIBE_...), elapsed_us since the last change.
#define STOA_EVENT_AUDIO_SUBSCRIBE_STATE_CHANGED 4

// "user_muted": user; STOA_EVENT_FLAG_MUTED is set, or not set after unmuting.
#define STOA_EVENT_USER_MUTED 5

// "stream_ended": user; the user left, stopped publishing or was unsubscribed. What is in the stream can still be read.
#define STOA_EVENT_STREAM_ENDED 6

// "played": id is the number of a playout mark; status is STOA_OK when everything before it has left, STOA_INTERRUPTED when it
// was dropped.
#define STOA_EVENT_PLAYED 7

// "data_received": user (the sender; "" for the server), topic, data; STOA_EVENT_FLAG_RELIABLE.
#define STOA_EVENT_DATA_RECEIVED 8

// "overflow": the queue was full; id is how many events were dropped since the last event of this kind.
#define STOA_EVENT_OVERFLOW 9

// Set in flags: the user is muted now.
#define STOA_EVENT_FLAG_MUTED 1

// Set in flags: the data came over the reliable channel.
#define STOA_EVENT_FLAG_RELIABLE 2

// Connection: not connected.
#define STOA_STATE_DISCONNECTED 1

// Connection: the first connection is being made.
#define STOA_STATE_CONNECTING 2

// Connection: in the room.
#define STOA_STATE_CONNECTED 3

// Connection: lost, and being made again. This version gives up at once (state 5); later ones will not.
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
    // Why: STOA_REASON_...
    uint32_t reason;
    // STOA_EVENT_FLAG_..., added.
    uint32_t flags;
    // Microseconds since the last change of this state.
    uint64_t elapsed_us;
    // A number: a playout mark, or a count.
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
} stoa_event;

// Fills a stoa_event.
#define STOA_EVENT_INIT { sizeof(stoa_event), 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, 0, NULL }

// An event callback. It runs on the engine's dispatch thread (see THREADS); the event is valid until it returns.
//
// channel: the channel's handle, as given to stoa_channel_set_event_callback().
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
    // Zero.
    uint32_t reserved;
} stoa_channel_options;

// Fills a stoa_channel_options.
#define STOA_CHANNEL_OPTIONS_INIT { sizeof(stoa_channel_options), NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

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
// Returns: STOA_OK: all taken; STOA_QUEUE_FULL: with timeout 0, a part or nothing was taken; STOA_TIMED_OUT: a part or nothing
//   was taken in time; STOA_INTERRUPTED: stoa_channel_interrupt() dropped it, what was taken as well;
//   STOA_ERROR_BUSY: another thread is pushing; STOA_ERROR_BAD_STATE: the channel is listen_only;
//   STOA_ERROR_BAD_ARGUMENT: an odd address or an impossible count;
//   the handle errors.
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
// Returns: STOA_OK; STOA_ERROR_LIMIT: 256 marks are waiting already; the handle errors.
// Threads: any.
stoa_status stoa_channel_mark(stoa_channel *channel,
                              uint64_t id);

// Waits until everything that was pushed before has left. Without a connection nothing leaves.
//
// timeout_ms: 0: only looks. Negative: waits for ever.
// Returns: STOA_OK, also when nothing is queued; STOA_TIMED_OUT; STOA_INTERRUPTED: it was dropped;
//   STOA_ERROR_LIMIT: 64 threads are waiting already; the handle errors.
// Threads: any.
stoa_status stoa_channel_wait_played(stoa_channel *channel, int32_t timeout_ms);

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
//
// muted: 1 or 0.
// Returns: STOA_OK; STOA_ERROR_BAD_ARGUMENT: neither 0 nor 1; the handle errors.
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
// timeout_ms: 0: returns at once; an event tells the rest. Negative: waits for ever.
// Returns: STOA_OK: subscribed; STOA_TIMED_OUT: not yet, but it stays asked for; STOA_ERROR_BAD_STATE: not connected;
//   STOA_ERROR_NOT_FOUND: no such user in the room, or gone meanwhile; STOA_ERROR_BUSY: too many calls are waiting; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: the length;
//   the handle errors.
// Threads: any.
stoa_status stoa_channel_subscribe(stoa_channel *channel,
                                   const char *user,
                                   int32_t timeout_ms);

// Unsubscribes from a user's sound, and waits until the server has done so. The user's stream ends.
//
// user: the identity, 1 to 256 bytes.
// timeout_ms: 0: returns at once; an event tells the rest. Negative: waits for ever.
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
//   STOA_ERROR_BAD_ARGUMENT: the length; STOA_ERROR_LIMIT: too many handles; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_stream(stoa_channel *channel,
                                const char *user,
                                stoa_stream **out_stream);

// The stream of all users who are subscribed to, mixed. It outlives connections, and ends when the channel is freed.
//
// out_stream: a handle of its own for each call, of one and the same stream; free it with stoa_stream_free().
// Returns: STOA_OK; STOA_ERROR_LIMIT: too many handles; the handle errors.
// Threads: any. Does not wait.
stoa_status stoa_channel_mixed_stream(stoa_channel *channel,
                                      stoa_stream **out_stream);

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

// CHANNEL: EVENTS AND CALLBACKS ----------------------------------------------------------------------
//
// Each event is seen once: by the callback while there is one, and otherwise by whoever polls. What is waiting when a callback is
// set goes to the callback. Likewise each frame: to the callback of its stream, else to that of its channel, else to readers.

// Takes the next event.
//
// timeout_ms: 0: only looks. Negative: waits for ever.
// out_event: gets the event, which stoa_event_free() frees. An event that was not freed before is overwritten, and leaks.
// Returns: STOA_OK; STOA_TIMED_OUT: none came, as while an event callback is set; STOA_ERROR_BAD_STRUCT; STOA_ERROR_LIMIT: too many events were not freed, and this one is lost; the handle errors.
// Threads: any; each event goes to one of them.
stoa_status stoa_channel_poll_event(stoa_channel *channel,
                                    int32_t timeout_ms,
                                    stoa_event *out_event);

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

// STREAM ----------------------------------------------------------------------

// Frees a handle of a stream. A callback that was set through it is taken off. The user stays subscribed.
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
//   STOA_ERROR_BUSY: another thread is reading, or a callback is just taking a frame; STOA_ERROR_BAD_STRUCT;
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
// It belongs to the stream, and is closed when the last handle of the stream is freed.
//
// out_descriptor: the descriptor; the same at each call.
// Returns: STOA_OK; STOA_ERROR_LIMIT: the process has no more descriptors; the handle errors, but never STOA_ERROR_CLOSED.
// Threads: any.
stoa_status stoa_stream_descriptor(stoa_stream *stream,
                                   int32_t *out_descriptor);

// Sets, replaces or takes off the stream's frame callback. A stream has one, whichever of its handles set it.
// What is in the ring buffer goes to the callback first.
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
} stoa_server_options;

// Fills a stoa_server_options.
#define STOA_SERVER_OPTIONS_INIT { sizeof(stoa_server_options), NULL, NULL, 0, 0 }

// Binds and starts a room server. Engines with its url, official LiveKit clients and browsers can join it.
//
// options: keys is required.
// out_server: the new server; free it with stoa_server_free().
// Returns: STOA_OK; STOA_ERROR_NULL_ARGUMENT: options, keys or out_server; STOA_ERROR_BAD_STRUCT; STOA_ERROR_BAD_UTF8;
//   STOA_ERROR_BAD_ARGUMENT: the sentence names the option; STOA_ERROR_ADDRESS: the address is not of this machine, or the port
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

#ifdef __cplusplus
}
#endif

#endif
