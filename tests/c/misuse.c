// Misuse that needs no engine: every function with NULL and with what was never a handle; structs, strings and ports out of range.

#include "expect.h"

static char text[64];
static size_t length;
static int16_t pcm[64];
static float floats[64];
static uint32_t number;
static uint64_t big;
static int32_t descriptor;
static int freed;

static void count_free(void *user_data)
{
    (void)user_data;
    freed++;
}

static void on_event(stoa_channel *channel, const stoa_event *event, void *user_data)
{
    (void)channel, (void)event, (void)user_data;
}

static void on_frame(const char *user, const stoa_frame *frame, const int16_t *samples, void *user_data)
{
    (void)user, (void)frame, (void)samples, (void)user_data;
}

// Every function with a handle, given a bad one: each has to end with the same status, and to write nothing.
static void every_handle(void *bad, stoa_status status, const char *word)
{
    stoa_channel *channel = bad;
    stoa_stream *stream = bad;
    stoa_engine *engine = bad;
    stoa_server *server = bad;
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *out_channel = NULL;
    stoa_stream *out_stream = NULL;
    stoa_event event = STOA_EVENT_INIT;
    stoa_frame frame = STOA_FRAME_INIT;
    options.name = "room";
    length = 77, number = 77, big = 77, descriptor = 77, text[0] = 'x', freed = 0;

    EXPECT(status, word, stoa_engine_url(engine, text, sizeof text, &length));
    EXPECT(status, word, stoa_engine_build_token(engine, "room", "user", 60, text, sizeof text, &length));
    EXPECT(status, word, stoa_engine_last_error(engine, text, sizeof text, &length));
    EXPECT(status, word, stoa_channel_new(engine, &options, &out_channel));
    EXPECT(status, word, stoa_channel_connect(channel, -1));
    EXPECT(status, word, stoa_channel_disconnect(channel, -1));
    EXPECT(status, word, stoa_channel_state(channel, &number));
    EXPECT(status, word, stoa_channel_name(channel, text, sizeof text, &length));
    EXPECT(status, word, stoa_channel_user(channel, text, sizeof text, &length));
    EXPECT(status, word, stoa_channel_token(channel, text, sizeof text, &length));
    EXPECT(status, word, stoa_channel_last_error(channel, text, sizeof text, &length));
    EXPECT(status, word, stoa_channel_push_audio(channel, pcm, 8, -1, &length));
    EXPECT(status, word, stoa_channel_push_audio_f32(channel, floats, 8, -1, &length));
    EXPECT(status, word, stoa_channel_queued(channel, &big));
    EXPECT(status, word, stoa_channel_mark(channel, 1));
    EXPECT(status, word, stoa_channel_wait_played(channel, -1));
    EXPECT(status, word, stoa_channel_interrupt(channel, &big, &big));
    EXPECT(status, word, stoa_channel_mute(channel, 1));
    EXPECT(status, word, stoa_channel_user_count(channel, &length));
    EXPECT(status, word, stoa_channel_user_at(channel, 0, text, sizeof text, &length));
    EXPECT(status, word, stoa_channel_subscribe(channel, "user", -1));
    EXPECT(status, word, stoa_channel_unsubscribe(channel, "user", -1));
    EXPECT(status, word, stoa_channel_subscribe_state(channel, "user", &number));
    EXPECT(status, word, stoa_channel_stream(channel, "user", &out_stream));
    EXPECT(status, word, stoa_channel_mixed_stream(channel, &out_stream));
    EXPECT(status, word, stoa_channel_send_data(channel, "data", 4, NULL));
    EXPECT(status, word, stoa_channel_poll_event(channel, -1, &event));
    EXPECT(status, word, stoa_channel_set_event_callback(channel, on_event, NULL, count_free));
    EXPECT(status, word, stoa_channel_set_frame_callback(channel, on_frame, NULL, count_free));
    EXPECT(status, word, stoa_stream_read(stream, -1, pcm, 64, &frame));
    EXPECT(status, word, stoa_stream_readable(stream, &length));
    EXPECT(status, word, stoa_stream_descriptor(stream, &descriptor));
    EXPECT(status, word, stoa_stream_set_frame_callback(stream, on_frame, NULL, count_free));
    EXPECT(status, word, stoa_stream_user(stream, text, sizeof text, &length));
    EXPECT(status, word, stoa_stream_dropped(stream, &big));
    EXPECT(status, word, stoa_stream_last_error(stream, text, sizeof text, &length));
    EXPECT(status, word, stoa_server_url(server, text, sizeof text, &length));
    EXPECT(status, word, stoa_server_port(server, &number));
    EXPECT(status, word, stoa_server_udp_port(server, &number));
    EXPECT(status, word, stoa_server_last_error(server, text, sizeof text, &length));

    TRUE(length == 77 && number == 77 && big == 77 && descriptor == 77 && text[0] == 'x');
    TRUE(out_channel == NULL && out_stream == NULL && event.kind == 0 && frame.samples_per_channel == 0);
    TRUE(freed == 3);
}

static void handles(void)
{
    int local = 0;
    every_handle(NULL, STOA_ERROR_NULL_ARGUMENT, "NULL");
    every_handle(&local, STOA_ERROR_BAD_HANDLE, "no handle");
    every_handle((void *)(uintptr_t)1, STOA_ERROR_BAD_HANDLE, "no handle");
    every_handle((void *)UINTPTR_MAX, STOA_ERROR_BAD_HANDLE, "no handle");
    EXPECT(STOA_OK, NULL, stoa_engine_free(NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_free(NULL));
    EXPECT(STOA_OK, NULL, stoa_stream_free(NULL));
    EXPECT(STOA_OK, NULL, stoa_server_free(NULL));
    EXPECT(STOA_OK, NULL, stoa_event_free(NULL));
    EXPECT(STOA_ERROR_BAD_HANDLE, "engine", stoa_engine_free((stoa_engine *)(void *)&local));
    EXPECT(STOA_ERROR_BAD_HANDLE, "channel", stoa_channel_free((stoa_channel *)(void *)&local));
    EXPECT(STOA_ERROR_BAD_HANDLE, "stream", stoa_stream_free((stoa_stream *)(void *)&local));
    EXPECT(STOA_ERROR_BAD_HANDLE, "server", stoa_server_free((stoa_server *)(void *)&local));
}

static void engine_options(void)
{
    static char long_name[70000];
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_engine *engine = NULL;
    struct {
        stoa_engine_options options;
        uint64_t later;
    } newer;

    EXPECT(STOA_ERROR_NULL_ARGUMENT, "options is NULL", stoa_engine_new(NULL, &engine));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "app_id is NULL", stoa_engine_new(&options, &engine));
    options.app_id = "";
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "app_id is empty", stoa_engine_new(&options, &engine));
    options.app_id = "app";
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "out_engine is NULL", stoa_engine_new(&options, NULL));
    options.app_certificate = "ab\xff";
    EXPECT(STOA_ERROR_BAD_UTF8, "app_certificate is not UTF-8 at byte 2", stoa_engine_new(&options, &engine));
    memset(long_name, 'a', sizeof long_name - 1);
    options.app_certificate = long_name;
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "longer than 65536", stoa_engine_new(&options, &engine));
    options.app_certificate = long_name + sizeof long_name - 1 - 257;
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "257 bytes", stoa_engine_new(&options, &engine));
    options.app_certificate = NULL;
    options.url = "example.org:7880";
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "ws://", stoa_engine_new(&options, &engine));
    options.url = NULL;
    options.threads = 65;
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "threads is 65", stoa_engine_new(&options, &engine));
    options.threads = 0;
    options.reserved = 1;
    EXPECT(STOA_ERROR_BAD_STRUCT, "reserved", stoa_engine_new(&options, &engine));
    options.reserved = 0;
    options.size = 0;
    EXPECT(STOA_ERROR_BAD_STRUCT, "STOA_ENGINE_OPTIONS_INIT", stoa_engine_new(&options, &engine));
    options.size = sizeof options - 1;
    EXPECT(STOA_ERROR_BAD_STRUCT, "size", stoa_engine_new(&options, &engine));
    options.size = SIZE_MAX;
    EXPECT(STOA_ERROR_BAD_STRUCT, "size", stoa_engine_new(&options, &engine));
    memset(&newer, 0, sizeof newer);
    newer.options.size = sizeof newer;
    newer.options.app_id = "app";
    newer.later = 1;
    EXPECT(STOA_ERROR_BAD_STRUCT, "does not have", stoa_engine_new(&newer.options, &engine));
    TRUE(engine == NULL);
}

static void server_options(void)
{
    stoa_server_options options = STOA_SERVER_OPTIONS_INIT;
    stoa_server *server = NULL;
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "options is NULL", stoa_server_new(NULL, &server));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "keys is NULL", stoa_server_new(&options, &server));
    options.keys = " ";
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "at least one", stoa_server_new(&options, &server));
    options.keys = "key:secret other";
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "entry 2", stoa_server_new(&options, &server));
    options.keys = "key:";
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "secret of a key is empty", stoa_server_new(&options, &server));
    options.keys = "key:secret";
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "out_server is NULL", stoa_server_new(&options, NULL));
    options.bind = "localhost";
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "bind", stoa_server_new(&options, &server));
    options.bind = NULL;
    options.port = 65536;
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "port is 65536", stoa_server_new(&options, &server));
    options.port = 0;
    options.udp_port = UINT32_MAX;
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "udp_port", stoa_server_new(&options, &server));
    options.size = 8;
    EXPECT(STOA_ERROR_BAD_STRUCT, "STOA_SERVER_OPTIONS_INIT", stoa_server_new(&options, &server));
    TRUE(server == NULL);
}

static void tokens(void)
{
    char token[2048];
    length = 0;
    EXPECT(STOA_OK, NULL, stoa_token_build_livekit("key", "secret", "room", "user", 60, token, sizeof token, &length));
    TRUE(length == strlen(token) && strncmp(token, "eyJ", 3) == 0);
    EXPECT(STOA_ERROR_BUFFER_TOO_SMALL, "needed",
           stoa_token_build_livekit("key", "secret", "room", "user", 60, token, 10, NULL));
    length = 0;
    EXPECT(STOA_ERROR_BUFFER_TOO_SMALL, "needed",
           stoa_token_build_livekit("key", "secret", "room", "user", 60, NULL, 0, &length));
    TRUE(length > 100 && length < 2048);
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "buffer", stoa_token_build_livekit("key", "secret", "room", "user", 60, NULL, 9, NULL));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "key is NULL", stoa_token_build_livekit(NULL, "s", "r", "u", 60, token, 9, NULL));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "secret is NULL", stoa_token_build_livekit("k", NULL, "r", "u", 60, token, 9, NULL));
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "room is empty", stoa_token_build_livekit("k", "s", "", "u", 60, token, 9, NULL));
    EXPECT(STOA_ERROR_BAD_UTF8, "user", stoa_token_build_livekit("k", "s", "r", "\xc3", 60, token, 9, NULL));
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "10 years", stoa_token_build_livekit("k", "s", "r", "u", 0, token, 9, NULL));
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "10 years", stoa_token_build_livekit("k", "s", "r", "u", UINT64_MAX, token, 9, NULL));
}

static void the_rest(void)
{
    stoa_event event = STOA_EVENT_INIT;
    int local = 0;
    EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    event.owner = &local;
    EXPECT(STOA_ERROR_BAD_HANDLE, "owner", stoa_event_free(&event));
    event.size = 0;
    EXPECT(STOA_ERROR_BAD_STRUCT, "STOA_EVENT_INIT", stoa_event_free(&event));

    freed = 0;
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "level is 5", stoa_log_set(5, NULL, NULL, count_free));
    TRUE(freed == 1);
    EXPECT(STOA_OK, NULL, stoa_log_set(STOA_LOG_OFF, NULL, NULL, count_free));
    TRUE(freed == 2);

    TRUE(strcmp(stoa_version(), STOA_VERSION) == 0);
    TRUE(stoa_version_number() == STOA_VERSION_NUMBER);
    TRUE(strcmp(stoa_status_text(STOA_OK), "done") == 0);
    TRUE(strcmp(stoa_status_text(12345), "unknown status") == 0);
    TRUE(strcmp(stoa_event_name(STOA_EVENT_USER_JOINED), "user_joined") == 0);
    TRUE(strcmp(stoa_event_name(0), "") == 0);
    TRUE(stoa_time_us() > UINT64_C(1600000000000000));
}

int main(void)
{
    TRUE(strcmp(stoa_last_error(), "") == 0);
    handles();
    engine_options();
    server_options();
    tokens();
    the_rest();
    printf("%d failures\n", failures);
    return failures != 0;
}
