//! stoa.h - real-time voice for programs: join a room, hear every speaker as PCM of their own, speak, exchange messages.
//!
//! This header is the contract of the library: whatever is not said here is not promised. It only grows.
//! The room server is inside: without a URL an engine opens rooms of its own, and other processes join with
//! stoa_engine_url(). With a URL the same program joins a LiveKit server or cluster.
//!
//! A whole program: two users of one room, one speaks, the other hears.
//!
//! ```c
//! #include <stdio.h>
//! #include <stdlib.h>
//! #include "stoa.h"
//!
//! static void must(stoa_status status)
//! {
//!     if (status == STOA_OK)
//!         return;
//!     fprintf(stderr, "%s: %s\n", stoa_status_text(status), stoa_last_error());
//!     exit(1);
//! }
//!
//! static stoa_channel *join(stoa_engine *engine, const char *user)
//! {
//!     stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
//!     stoa_channel *channel;
//!     options.name = "agora";
//!     options.user = user;
//!     options.subscribe_all = 1;                  // otherwise see stoa_channel_subscribe()
//!     must(stoa_channel_new(engine, &options, &channel));
//!     must(stoa_channel_connect(channel, 5000));
//!     return channel;
//! }
//!
//! int main(void)
//! {
//!     stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
//!     stoa_frame frame = STOA_FRAME_INIT;
//!     static int16_t said[24000], heard[STOA_FRAME_SAMPLES_MAX];
//!     stoa_engine *engine;
//!     stoa_channel *ada, *bob;
//!     stoa_stream *voice;
//!
//!     options.app_id = "example";                 // no url: the room server inside
//!     must(stoa_engine_new(&options, &engine));
//!     ada = join(engine, "ada");
//!     bob = join(engine, "bob");
//!
//!     must(stoa_channel_stream(bob, "ada", &voice));
//!
//!     for (int i = 0; i < 24000; i++)             // one second of a hum, 24 kHz mono
//!         said[i] = i / 60 % 2 ? 3000 : -3000;
//!     must(stoa_channel_push_audio(ada, said, 24000, -1, NULL));
//!
//!                                                 // until nothing came for a second
//!     while (stoa_stream_read(voice, 1000, heard, STOA_FRAME_SAMPLES_MAX, &frame) == STOA_OK)
//!         printf("%u samples at -%u dB\n", (unsigned)frame.samples_per_channel, (unsigned)frame.level);
//!     must(stoa_stream_free(voice));
//!     must(stoa_engine_free(engine));             // closes both channels
//!     must(stoa_channel_free(ada));
//!     must(stoa_channel_free(bob));
//!     return 0;
//! }
//! ```
//!
//! Build it with: cc -std=c99 program.c -lstoa
//!
//! CONVENTIONS
//! - Functions are named stoa_<noun>_<verb>. The object comes first, then inputs, then outputs, whose names begin with out_.
//!   An output is written only on success, or where a function says otherwise. An output that may be NULL says so.
//! - No enum and no bool: fixed-width integers and constants. Flags are 0 or 1.
//! - Times of the clock are microseconds since the Unix epoch (see stoa_time_us), and their names end in _us.
//!   Lengths of strings and data are bytes. Lengths of PCM are samples for each channel: a buffer for `capacity` samples
//!   in stereo holds 2 * capacity values. PCM is interleaved and in the machine's byte order.
//! - Strings in are UTF-8 with a closing zero byte, at most 65,536 bytes. An optional one may be NULL, which is the same as "".
//! - Strings out go into the caller's (buffer, capacity), with a closing zero byte. out_length gets the length in bytes without
//!   the zero; it may be NULL. Where the buffer is too small, nothing is written into it, out_length gets the length all the same,
//!   and the status is STOA_ERROR_BUFFER_TOO_SMALL. So (NULL, 0, &length) asks for the length.
//! - Structs begin with their own size in bytes. Begin with the macro STOA_..._INIT, or set everything to zero and then the size.
//!   Zero in an option means its default. Structs grow at the end only; a program compiled with an older header keeps working, and
//!   an option which the library does not have yet is refused with STOA_ERROR_BAD_STRUCT.
//!
//! ERRORS
//! - Most functions return a stoa_status: 0 is done; positive, nothing is wrong (timed out, queue full, end of stream, interrupted);
//!   negative, an error. Misuse is an error as well, never a crash: NULL, a freed handle, a wrong size, bad UTF-8.
//! - stoa_last_error() is a sentence about the last error on this thread, and says what to do. The functions stoa_..._last_error()
//!   tell the last error of a handle, for languages that move between threads.
//! - "The handle errors", which every function with a handle can return, are: STOA_ERROR_NULL_ARGUMENT (a handle or another argument
//!   is NULL that must not be), STOA_ERROR_BAD_HANDLE (never valid, of another type, or freed), STOA_ERROR_CLOSED (its engine was
//!   freed; free the handle) and STOA_ERROR_INTERNAL (a fault inside the library: the object is unusable, the process is safe).
//!
//! OWNERSHIP
//! - Handles are no addresses; never follow, compare by order, or copy what they "point" to. Each is freed once, by its _free.
//! - Any order is right: when an engine is freed its channels close, and their handles answer STOA_ERROR_CLOSED until they are freed.
//!   Streams then end. Freeing NULL does nothing and is STOA_OK; freeing twice is STOA_ERROR_BAD_HANDLE.
//! - Whatever is passed in is copied, or read before the function returns. Only user_data stays with the library: its
//!   user_data_free, if not NULL, is called exactly once: after the last call of the callback, or, when the function that was to
//!   take the callback fails (or the callback is NULL), before that function returns. What was taken is done with when the callback
//!   is replaced or taken off, or its object is freed.
//!
//! THREADS
//! - Every function may be called from any thread, and inside callbacks. One thread at a time pushes into a channel, and one reads
//!   a stream: a second one at the same moment gets STOA_ERROR_BUSY.
//! - Event and frame callbacks run on the engine's dispatch thread, one at a time. While one of them is slow the others wait; no
//!   frame is lost before receive_queue_ms have passed. A callback must return, and must not throw or jump out.
//! - After a function that replaces or takes off a callback, or frees its object, returns STOA_OK, the old callback is not running
//!   and never runs again. When it runs on another thread it is waited for, at most one second; then the status is
//!   STOA_ERROR_BUSY: all the same it will not start again, and user_data_free tells when it has returned. Called inside the
//!   callback itself, they do not wait.
//! - In a language with an interpreter or a runtime of its own, free engines and take the log's callback off before that ends: a callback
//!   would come into what is no more. Who waits on descriptors instead needs no callbacks: see stoa_stream_descriptor() and
//!   stoa_channel_event_descriptor().
//! - No signal handler is set. The library's threads block SIGPIPE and SIGXFSZ, but for the dispatch thread, which is yours.
//!
//! FORK
//! - A child that is forked before the first engine or server may use the library. One that is forked later has none of its threads:
//!   there every function that returns a stoa_status answers STOA_ERROR_CLOSED at once and does nothing, _free as well. Let such a
//!   child call exec, exit or _exit. The parent goes on as before.
//!
//! TIMEOUTS
//! - What can wait takes timeout_ms: 0 never waits, a negative one waits for ever. Freeing is bounded by itself: see each _free.
#![allow(rustdoc::invalid_html_tags, reason = "these docs are the head of the C header, which is no HTML")]
#![allow(non_camel_case_types)] // The names are C's.
#![allow(clippy::missing_safety_doc)] // What a caller has to keep to is in the header's own text.

// The nouns of the header.
pub mod channel;
pub mod channel_audio;
pub mod channel_data;
pub mod channel_dump;
pub mod channel_events;
pub mod channel_messages;
pub mod channel_people;
pub mod channel_rpc;
pub mod channel_stats;
pub mod channel_users;
pub mod channel_vad;
pub mod engine;
pub mod event;
pub mod frame;
pub mod log;
pub mod server;
pub mod stats;
pub mod status;
pub mod stream;
pub mod token;
pub mod types;
pub mod version;

// The boundary.
mod callback;
mod fork;
mod handle;
mod options;
mod panic;
mod slot;
mod string;
