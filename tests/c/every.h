// Every function of the header, once, with a call that is right or harmless: for the programs that call all of them, from many threads
// (threads.c), in a forked child (forks.c) and inside a callback (misuse/). A new function is one line here.
//
// CALL: a function with a status. TELL: one without, and what must not be.
// The order is that of a life: what changes a channel's state, and what frees, is at the end.

#ifndef EVERY_H
#define EVERY_H

#include "expect.h"
#include "scratch.h"

// Where the calls take their arguments from and write to.
struct given {
    stoa_engine *engine;
    stoa_channel *channel;
    stoa_stream *stream;
    stoa_server *server;
    // What the _free functions get; NULL does nothing.
    stoa_engine *old_engine;
    stoa_channel *old_channel;
    stoa_stream *old_stream;
    stoa_server *old_server;
    const char *user;
    int32_t timeout_ms;
    stoa_engine_options engine_options;
    stoa_channel_options channel_options;
    stoa_server_options server_options;
    stoa_vad_options vad_options;
    stoa_dump_options dump_options;
    // Outputs, of which the numbers are inputs of other functions.
    stoa_engine *new_engine;
    stoa_channel *new_channel;
    stoa_stream *new_stream;
    stoa_server *new_server;
    stoa_event event;
    stoa_frame frame;
    stoa_engine_stats engine_stats;
    stoa_server_stats server_stats;
    stoa_channel_stats channel_stats;
    stoa_stream_stats stream_stats;
    uint64_t ticket, listener, call;
    char text[2048];
    int16_t pcm[STOA_FRAME_SAMPLES_MAX];
    float floats[480];
    size_t size;
    uint32_t number;
    uint64_t big, other;
    int32_t descriptor;
};

#define EVERY(CALL, TELL)                                                                                              \
    TELL(stoa_version, stoa_version() == NULL)                                                                         \
    TELL(stoa_version_number, stoa_version_number() != STOA_VERSION_NUMBER)                                            \
    TELL(stoa_time_us, stoa_time_us() == 0)                                                                            \
    TELL(stoa_status_text, stoa_status_text(STOA_OK) == NULL)                                                          \
    TELL(stoa_last_error, stoa_last_error() == NULL)                                                                   \
    TELL(stoa_event_name, strcmp(stoa_event_name(STOA_EVENT_PLAYED), "played") != 0)                                   \
    TELL(stoa_reason_name, strcmp(stoa_reason_name(STOA_REASON_REMOVED), "removed") != 0)                              \
    CALL(stoa_token_build_livekit, stoa_token_build_livekit("key", "secret", "room", "ada", 60, TEXT))                 \
    CALL(stoa_token_build_rtc, stoa_token_build_rtc(EVERY_APP, EVERY_APP, "room", "ada", 60, TEXT))                    \
    CALL(stoa_token_build_json, stoa_token_build_json(EVERY_DOCUMENT, "key", "secret", TEXT))                          \
    CALL(stoa_token_show, stoa_token_show(EVERY_TOKEN, TEXT))                                                          \
    CALL(stoa_token_verify, stoa_token_verify(EVERY_TOKEN, "key", "secret", NULL, NULL, TEXT))                         \
    CALL(stoa_engine_new, stoa_engine_new(&g->engine_options, &g->new_engine))                                         \
    CALL(stoa_engine_url, stoa_engine_url(g->engine, TEXT))                                                            \
    CALL(stoa_engine_build_token, stoa_engine_build_token(g->engine, "room", "ada", 60, TEXT))                         \
    CALL(stoa_engine_get_stats, stoa_engine_get_stats(g->engine, &g->engine_stats))                                    \
    CALL(stoa_engine_get_server_stats, stoa_engine_get_server_stats(g->engine, &g->server_stats))                      \
    CALL(stoa_engine_last_error, stoa_engine_last_error(g->engine, TEXT))                                              \
    CALL(stoa_server_new, stoa_server_new(&g->server_options, &g->new_server))                                         \
    CALL(stoa_server_url, stoa_server_url(g->server, TEXT))                                                            \
    CALL(stoa_server_port, stoa_server_port(g->server, &g->number))                                                    \
    CALL(stoa_server_udp_port, stoa_server_udp_port(g->server, &g->number))                                            \
    CALL(stoa_server_get_stats, stoa_server_get_stats(g->server, &g->server_stats))                                    \
    CALL(stoa_server_last_error, stoa_server_last_error(g->server, TEXT))                                              \
    CALL(stoa_channel_new, stoa_channel_new(g->engine, &g->channel_options, &g->new_channel))                          \
    CALL(stoa_channel_connect, stoa_channel_connect(g->channel, g->timeout_ms))                                        \
    CALL(stoa_channel_state, stoa_channel_state(g->channel, &g->number))                                               \
    CALL(stoa_channel_name, stoa_channel_name(g->channel, TEXT))                                                       \
    CALL(stoa_channel_user, stoa_channel_user(g->channel, TEXT))                                                       \
    CALL(stoa_channel_token, stoa_channel_token(g->channel, TEXT))                                                     \
    CALL(stoa_channel_renew_token, stoa_channel_renew_token(g->channel, g->text))                                      \
    CALL(stoa_channel_get_stats, stoa_channel_get_stats(g->channel, &g->channel_stats))                                \
    CALL(stoa_channel_last_error, stoa_channel_last_error(g->channel, TEXT))                                           \
    CALL(stoa_channel_poll_event, stoa_channel_poll_event(g->channel, g->timeout_ms, &g->event))                       \
    CALL(stoa_channel_event_descriptor, stoa_channel_event_descriptor(g->channel, &g->descriptor))                     \
    CALL(stoa_event_free, stoa_event_free(&g->event))                                                                  \
    CALL(stoa_channel_push_audio, stoa_channel_push_audio(g->channel, g->pcm, 960, g->timeout_ms, &g->size))           \
    CALL(stoa_channel_push_audio_f32, stoa_channel_push_audio_f32(g->channel, g->floats, 480, g->timeout_ms, &g->size)) \
    CALL(stoa_channel_queued, stoa_channel_queued(g->channel, &g->big))                                                \
    CALL(stoa_channel_mark, stoa_channel_mark(g->channel, 7))                                                          \
    CALL(stoa_channel_interrupt, stoa_channel_interrupt(g->channel, &g->big, &g->other))                               \
    CALL(stoa_channel_wait_played, stoa_channel_wait_played(g->channel, g->timeout_ms))                                \
    CALL(stoa_channel_mute, stoa_channel_mute(g->channel, 0))                                                          \
    CALL(stoa_channel_set_vad, stoa_channel_set_vad(g->channel, &g->vad_options))                                      \
    CALL(stoa_channel_set_dump, stoa_channel_set_dump(g->channel, &g->dump_options))                                   \
    CALL(stoa_channel_dump_dropped, stoa_channel_dump_dropped(g->channel, &g->big))                                    \
    CALL(stoa_channel_user_count, stoa_channel_user_count(g->channel, &g->size))                                       \
    CALL(stoa_channel_user_at, stoa_channel_user_at(g->channel, 0, TEXT))                                              \
    CALL(stoa_channel_subscribe, stoa_channel_subscribe(g->channel, g->user, g->timeout_ms))                           \
    CALL(stoa_channel_unsubscribe, stoa_channel_unsubscribe(g->channel, g->user, g->timeout_ms))                       \
    CALL(stoa_channel_subscribe_state, stoa_channel_subscribe_state(g->channel, g->user, &g->number))                  \
    CALL(stoa_channel_user_info, stoa_channel_user_info(g->channel, g->user, TEXT))                                    \
    CALL(stoa_channel_room_info, stoa_channel_room_info(g->channel, TEXT))                                             \
    CALL(stoa_channel_set_user_info, stoa_channel_set_user_info(g->channel, "Ada", "m", "{}", g->timeout_ms))          \
    CALL(stoa_channel_rpc_register, stoa_channel_rpc_register(g->channel, "add"))                                      \
    CALL(stoa_channel_rpc_call, stoa_channel_rpc_call(g->channel, g->user, "add", "2 3", 1000, &g->call))              \
    CALL(stoa_channel_rpc_wait, stoa_channel_rpc_wait(g->channel, g->call, g->timeout_ms, &g->number, TEXT))           \
    CALL(stoa_channel_rpc_answer, stoa_channel_rpc_answer(g->channel, 1, "5"))                                         \
    CALL(stoa_channel_rpc_fail, stoa_channel_rpc_fail(g->channel, 2, STOA_RPC_APPLICATION_ERROR, "no"))                \
    CALL(stoa_channel_rpc_unregister, stoa_channel_rpc_unregister(g->channel, "add"))                                  \
    CALL(stoa_channel_stream, stoa_channel_stream(g->channel, g->user, &g->new_stream))                                \
    CALL(stoa_channel_track_stream, stoa_channel_track_stream(g->channel, g->user, "microphone", &g->new_stream))      \
    CALL(stoa_channel_mixed_stream, stoa_channel_mixed_stream(g->channel, &g->new_stream))                             \
    CALL(stoa_channel_send_data, stoa_channel_send_data(g->channel, "data", 4, NULL))                                  \
    CALL(stoa_channel_wait_sent, stoa_channel_wait_sent(g->channel, g->ticket, g->timeout_ms))                         \
    CALL(stoa_channel_send_message, stoa_channel_send_message(g->channel, "message", 7, NULL, &g->ticket))             \
    CALL(stoa_stream_read, stoa_stream_read(g->stream, g->timeout_ms, g->pcm, STOA_FRAME_SAMPLES_MAX, &g->frame))      \
    CALL(stoa_stream_readable, stoa_stream_readable(g->stream, &g->size))                                              \
    CALL(stoa_stream_descriptor, stoa_stream_descriptor(g->stream, &g->descriptor))                                    \
    CALL(stoa_stream_user, stoa_stream_user(g->stream, TEXT))                                                          \
    CALL(stoa_stream_dropped, stoa_stream_dropped(g->stream, &g->big))                                                 \
    CALL(stoa_stream_get_stats, stoa_stream_get_stats(g->stream, &g->stream_stats))                                    \
    CALL(stoa_stream_last_error, stoa_stream_last_error(g->stream, TEXT))                                              \
    CALL(stoa_stream_set_frame_callback, stoa_stream_set_frame_callback(g->stream, every_frame, taken(), every_free))  \
    CALL(stoa_channel_set_frame_callback, stoa_channel_set_frame_callback(g->channel, every_frame, taken(), every_free)) \
    CALL(stoa_channel_set_event_callback, stoa_channel_set_event_callback(g->channel, every_event, taken(), every_free)) \
    CALL(stoa_channel_on, stoa_channel_on(g->channel, "user_left", every_event, taken(), every_free, &g->listener))    \
    CALL(stoa_channel_off, stoa_channel_off(g->channel, g->listener))                                                  \
    CALL(stoa_channel_once, stoa_channel_once(g->channel, NULL, every_event, taken(), every_free, NULL))               \
    CALL(stoa_log_set, stoa_log_set(STOA_LOG_DEBUG, every_log, taken(), every_free))                                   \
    CALL(stoa_channel_reconnect, stoa_channel_reconnect(g->channel))                                                   \
    CALL(stoa_channel_disconnect, stoa_channel_disconnect(g->channel, g->timeout_ms))                                  \
    CALL(stoa_stream_free, stoa_stream_free(g->old_stream))                                                            \
    CALL(stoa_channel_free, stoa_channel_free(g->old_channel))                                                         \
    CALL(stoa_engine_free, stoa_engine_free(g->old_engine))                                                            \
    CALL(stoa_server_free, stoa_server_free(g->old_server))

#define TEXT g->text, sizeof g->text, &g->size

#define EVERY_APP "0123456789abcdef0123456789abcdef"
#define EVERY_DOCUMENT "{\"family\": \"livekit\", \"claims\": {\"sub\": \"ada\"}}"
// iss "key", sub "ada", to the year 2100, signed with "secret".
#define EVERY_TOKEN                                                                                                    \
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJrZXkiLCJzdWIiOiJhZGEiLCJleHAiOjQxMDI0NDQ4MDB9."                   \
    "VtDbS3cdxeiVas4vBrEhbohYapEyjXov0hQydAcie74"

// What is taken is to be freed once, each.
static long every_taken, every_freed;

static void *taken(void)
{
    __atomic_add_fetch(&every_taken, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static void every_free(void *user_data)
{
    (void)user_data;
    __atomic_add_fetch(&every_freed, 1, __ATOMIC_SEQ_CST);
}

static void every_event(stoa_channel *of, const stoa_event *event, void *user_data)
{
    uint32_t state;
    (void)user_data;
    if (event->user == NULL || event->text == NULL || event->topic == NULL || event->message_id == NULL)
        abort();
    stoa_channel_state(of, &state);
}

static void every_frame(const char *user, const stoa_frame *frame, const int16_t *samples, void *user_data)
{
    (void)user_data;
    if (user == NULL || frame->samples_per_channel > STOA_FRAME_SAMPLES_MAX || samples[0] == -32768)
        abort();
}

static void every_log(uint32_t level, const char *text, void *user_data)
{
    (void)user_data;
    if (level > STOA_LOG_DEBUG || text == NULL)
        abort();
}

#define EVERY_FUNCTION(name, call)                                                                                     \
    static stoa_status every_##name(struct given *g)                                                                   \
    {                                                                                                                  \
        (void)g;                                                                                                       \
        return call;                                                                                                   \
    }
EVERY(EVERY_FUNCTION, EVERY_FUNCTION)
#undef EVERY_FUNCTION

struct every {
    const char *name;
    stoa_status (*call)(struct given *); // of a function without a status: 0, or what must not be
    int has_status;
};

#define EVERY_CALL(name, call) {#name, every_##name, 1},
#define EVERY_TELL(name, call) {#name, every_##name, 0},
static const struct every every[] = {EVERY(EVERY_CALL, EVERY_TELL)};
#undef EVERY_CALL
#undef EVERY_TELL

enum { FUNCTIONS = sizeof every / sizeof every[0] };

static void give(struct given *g)
{
    const stoa_engine_options engine_options = STOA_ENGINE_OPTIONS_INIT;
    const stoa_channel_options channel_options = STOA_CHANNEL_OPTIONS_INIT;
    const stoa_server_options server_options = STOA_SERVER_OPTIONS_INIT;
    const stoa_vad_options vad_options = STOA_VAD_OPTIONS_INIT;
    const stoa_dump_options dump_options = STOA_DUMP_OPTIONS_INIT;
    memset(g, 0, sizeof *g);
    g->user = "ada";
    g->engine_options = engine_options;
    g->engine_options.app_id = "app";
    g->engine_options.threads = 1;
    g->channel_options = channel_options;
    g->channel_options.name = "room";
    g->channel_options.subscribe_all = 1;
    g->server_options = server_options;
    g->server_options.keys = "key:secret";
    g->vad_options = vad_options;
    g->dump_options = dump_options;
    g->dump_options.directory = scratch();
    g->dump_options.max_bytes = 4096;
    g->event.size = sizeof g->event;
    g->frame.size = sizeof g->frame;
    g->engine_stats.size = sizeof g->engine_stats;
    g->server_stats.size = sizeof g->server_stats;
    g->channel_stats.size = sizeof g->channel_stats;
    g->stream_stats.size = sizeof g->stream_stats;
}

#endif
