// Misuse with an engine, a server and channels that are there: handles of the wrong type, stale and freed twice; calls out of order;
// options, samples and names out of range.

#include "expect.h"

static int freed = 0;

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

static stoa_engine *new_engine(void)
{
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_engine *engine = NULL;
    options.app_id = "app";
    EXPECT(STOA_OK, NULL, stoa_engine_new(&options, &engine));
    if (engine == NULL)
        exit(1);
    return engine;
}

static stoa_channel *new_channel(stoa_engine *engine, const char *user)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *channel = NULL;
    options.name = "room";
    options.user = user;
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &channel));
    return channel;
}

// One option out of range, and the word that its sentence has to have.
#define REFUSED(member, value, status, word)                                                                           \
    do {                                                                                                               \
        stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;                                                      \
        options.name = "room";                                                                                         \
        options.member = (value);                                                                                      \
        EXPECT(status, word, stoa_channel_new(engine, &options, &channel));                                            \
    } while (0)

static void channel_options(stoa_engine *engine)
{
    static char long_name[258];
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *channel = NULL;
    char sentence[256];
    memset(long_name, 'a', sizeof long_name - 1);

    EXPECT(STOA_ERROR_NULL_ARGUMENT, "options is NULL", stoa_channel_new(engine, NULL, &channel));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "name is NULL", stoa_channel_new(engine, &options, &channel));
    options.name = "room";
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "out_channel is NULL", stoa_channel_new(engine, &options, NULL));
    REFUSED(name, "", STOA_ERROR_BAD_ARGUMENT, "empty");
    REFUSED(name, long_name, STOA_ERROR_BAD_ARGUMENT, "257 bytes");
    REFUSED(name, "\xe2\x82", STOA_ERROR_BAD_UTF8, "UTF-8");
    REFUSED(user, long_name, STOA_ERROR_BAD_ARGUMENT, "257 bytes");
    REFUSED(user, "\xff", STOA_ERROR_BAD_UTF8, "UTF-8");
    REFUSED(sample_rate, 22050, STOA_ERROR_BAD_ARGUMENT, "22050");
    REFUSED(sample_rate, UINT32_MAX, STOA_ERROR_BAD_ARGUMENT, "sample_rate");
    REFUSED(channels, 3, STOA_ERROR_BAD_ARGUMENT, "channels is 3");
    REFUSED(subscribe_all, 2, STOA_ERROR_BAD_ARGUMENT, "subscribe_all");
    REFUSED(eager, 2, STOA_ERROR_BAD_ARGUMENT, "eager");
    REFUSED(send_queue_ms, 1, STOA_ERROR_BAD_ARGUMENT, "send_queue_ms");
    REFUSED(send_policy, 3, STOA_ERROR_BAD_ARGUMENT, "send_policy");
    REFUSED(receive_queue_ms, 1999, STOA_ERROR_BAD_ARGUMENT, "receive_queue_ms");
    REFUSED(receive_policy, 3, STOA_ERROR_BAD_ARGUMENT, "receive_policy");
    REFUSED(bitrate, 5999, STOA_ERROR_BAD_ARGUMENT, "bitrate");
    REFUSED(listen_only, 2, STOA_ERROR_BAD_ARGUMENT, "listen_only");
    REFUSED(token, "no token", STOA_ERROR_BAD_TOKEN, NULL);
    REFUSED(size, 8, STOA_ERROR_BAD_STRUCT, "STOA_CHANNEL_OPTIONS_INIT");
    TRUE(channel == NULL);
    EXPECT(STOA_OK, NULL, stoa_engine_last_error(engine, sentence, sizeof sentence, NULL));
    TRUE(strcmp(sentence, stoa_last_error()) == 0);
}

static void out_of_order(stoa_channel *channel)
{
    static char data[60001];
    stoa_data_options to_nobody = STOA_DATA_OPTIONS_INIT;
    stoa_event event = STOA_EVENT_INIT;
    stoa_stream *stream = NULL;
    int16_t pcm[480] = {0};
    uint32_t state = 0;
    size_t count = 77;
    uint64_t dropped = 0;
    char text[64];

    EXPECT(STOA_OK, NULL, stoa_channel_state(channel, &state));
    TRUE(state == STOA_STATE_DISCONNECTED);
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "out_state", stoa_channel_state(channel, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_push_audio(channel, pcm, 240, 0, &count));
    TRUE(count == 240);
    count = 77;
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "samples is NULL", stoa_channel_push_audio(channel, NULL, 1, 0, NULL));
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "odd address",
           stoa_channel_push_audio(channel, (const int16_t *)(const void *)((const char *)pcm + 1), 1, 0, NULL));
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "count", stoa_channel_push_audio(channel, pcm, SIZE_MAX, 0, NULL));
    TRUE(count == 77);
    EXPECT(STOA_TIMED_OUT, NULL, stoa_channel_wait_played(channel, 0));
    EXPECT(STOA_OK, NULL, stoa_channel_interrupt(channel, NULL, &dropped));
    TRUE(dropped == 240);
    EXPECT(STOA_OK, NULL, stoa_channel_wait_played(channel, -1));
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "muted is 2", stoa_channel_mute(channel, 2));
    EXPECT(STOA_OK, NULL, stoa_channel_user_count(channel, &count));
    TRUE(count == 0);
    EXPECT(STOA_ERROR_NOT_FOUND, "index is 0", stoa_channel_user_at(channel, 0, text, sizeof text, NULL));
    EXPECT(STOA_ERROR_BAD_STATE, NULL, stoa_channel_subscribe(channel, "ada", -1));
    EXPECT(STOA_ERROR_BAD_STATE, NULL, stoa_channel_unsubscribe(channel, "ada", -1));
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "user is empty", stoa_channel_subscribe(channel, "", -1));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "user is NULL", stoa_channel_subscribe(channel, NULL, -1));
    EXPECT(STOA_ERROR_BAD_UTF8, "user", stoa_channel_subscribe_state(channel, "\x80", &state));
    EXPECT(STOA_ERROR_BAD_STATE, NULL, stoa_channel_stream(channel, "ada", &stream));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "out_stream", stoa_channel_stream(channel, "ada", NULL));
    TRUE(stream == NULL);
    EXPECT(STOA_ERROR_BAD_STATE, NULL, stoa_channel_send_data(channel, "data", 4, NULL));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "data is NULL", stoa_channel_send_data(channel, NULL, 4, NULL));
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "60001", stoa_channel_send_data(channel, data, sizeof data, NULL));
    to_nobody.to_count = 1;
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "options->to", stoa_channel_send_data(channel, "data", 4, &to_nobody));
    to_nobody.to_count = 0;
    to_nobody.lossy = 2;
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "lossy", stoa_channel_send_data(channel, "data", 4, &to_nobody));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "out_event", stoa_channel_poll_event(channel, -1, NULL));
    event.size = 1;
    EXPECT(STOA_ERROR_BAD_STRUCT, "STOA_EVENT_INIT", stoa_channel_poll_event(channel, -1, &event));
    event.size = sizeof event;
    EXPECT(STOA_TIMED_OUT, NULL, stoa_channel_poll_event(channel, 0, &event));
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(channel, -1));
    EXPECT(STOA_OK, NULL, stoa_channel_last_error(channel, text, 1, NULL) == STOA_ERROR_BUFFER_TOO_SMALL ? STOA_OK : 1);
}

static void in_the_room(stoa_engine *engine)
{
    stoa_channel *channel = new_channel(engine, "ada");
    stoa_stream *stream = NULL, *stale;
    stoa_frame frame = STOA_FRAME_INIT;
    stoa_event event = STOA_EVENT_INIT, copy;
    int16_t pcm[STOA_FRAME_SAMPLES_MAX];
    size_t count = 77;
    char text[8];

    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 10000));
    EXPECT(STOA_ERROR_BAD_STATE, NULL, stoa_channel_connect(channel, 10000));
    EXPECT(STOA_OK, NULL, stoa_channel_push_audio(channel, NULL, 0, -1, &count));
    TRUE(count == 0);
    EXPECT(STOA_ERROR_NOT_FOUND, NULL, stoa_channel_stream(channel, "nobody", &stream));

    EXPECT(STOA_OK, NULL, stoa_channel_poll_event(channel, 10000, &event));
    TRUE(event.kind == STOA_EVENT_CONNECTION_STATE_CHANGED && event.user != NULL && event.owner != NULL);
    copy = event;
    EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    TRUE(event.kind == 0 && event.size == sizeof event);
    EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    EXPECT(STOA_ERROR_BAD_HANDLE, "freed", stoa_event_free(&copy));

    EXPECT(STOA_OK, NULL, stoa_channel_mixed_stream(channel, &stream));
    EXPECT(STOA_ERROR_BUFFER_TOO_SMALL, "needed", stoa_channel_user(channel, text, 3, &count));
    TRUE(count == 3);
    EXPECT(STOA_OK, NULL, stoa_stream_user(stream, text, sizeof text, &count));
    TRUE(count == 0 && text[0] == 0);
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "out_samples", stoa_stream_read(stream, 0, NULL, 10, &frame));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "out_frame", stoa_stream_read(stream, 0, pcm, 10, NULL));
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "capacity", stoa_stream_read(stream, 0, pcm, SIZE_MAX, &frame));
    frame.size = 55;
    EXPECT(STOA_ERROR_BAD_STRUCT, "STOA_FRAME_INIT", stoa_stream_read(stream, 0, pcm, 10, &frame));

    EXPECT(STOA_ERROR_BAD_HANDLE, "stoa_channel is needed", stoa_channel_connect((stoa_channel *)(void *)stream, 0));
    EXPECT(STOA_ERROR_BAD_HANDLE, "stoa_stream is needed", stoa_stream_free((stoa_stream *)(void *)engine));
    EXPECT(STOA_ERROR_BAD_HANDLE, "stoa_engine is needed", stoa_engine_free((stoa_engine *)(void *)channel));

    freed = 0;
    EXPECT(STOA_OK, NULL, stoa_stream_set_frame_callback(stream, on_frame, NULL, count_free));
    EXPECT(STOA_OK, NULL, stoa_channel_set_event_callback(channel, on_event, NULL, count_free));
    TRUE(freed == 0);
    EXPECT(STOA_OK, NULL, stoa_channel_set_event_callback(channel, on_event, NULL, count_free));
    TRUE(freed == 1);
    EXPECT(STOA_TIMED_OUT, NULL, stoa_channel_poll_event(channel, 0, &event));
    stale = stream;
    EXPECT(STOA_OK, NULL, stoa_stream_free(stream));
    TRUE(freed == 2);
    EXPECT(STOA_ERROR_BAD_HANDLE, "freed", stoa_stream_free(stale));
    EXPECT(STOA_ERROR_BAD_HANDLE, "freed", stoa_stream_readable(stale, &count));

    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
    TRUE(freed == 3);
    EXPECT(STOA_ERROR_BAD_HANDLE, "freed", stoa_channel_free(channel));
    EXPECT(STOA_ERROR_BAD_HANDLE, "freed", stoa_channel_mark(channel, 1));
}

static void engine_first(void)
{
    stoa_engine *engine = new_engine();
    stoa_channel *channel = new_channel(engine, "ada");
    stoa_stream *stream = NULL;
    stoa_frame frame = STOA_FRAME_INIT;
    int16_t pcm[STOA_FRAME_SAMPLES_MAX];
    char sentence[256];
    stoa_status status;

    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 10000));
    EXPECT(STOA_OK, NULL, stoa_channel_mixed_stream(channel, &stream));
    freed = 0;
    EXPECT(STOA_OK, NULL, stoa_channel_set_event_callback(channel, on_event, NULL, count_free));
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
    TRUE(freed == 1);
    EXPECT(STOA_ERROR_BAD_HANDLE, "freed", stoa_engine_free(engine));
    EXPECT(STOA_ERROR_CLOSED, "engine was freed", stoa_channel_connect(channel, 0));
    EXPECT(STOA_ERROR_CLOSED, "engine was freed", stoa_channel_push_audio(channel, pcm, 1, 0, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_last_error(channel, sentence, sizeof sentence, NULL));
    TRUE(strstr(sentence, "engine was freed") != NULL);
    do
        status = stoa_stream_read(stream, 2000, pcm, STOA_FRAME_SAMPLES_MAX, &frame);
    while (status == STOA_OK);
    EXPECT(STOA_END_OF_STREAM, NULL, status);
    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
    EXPECT(STOA_OK, NULL, stoa_stream_free(stream));
}

static void servers(void)
{
    stoa_server_options options = STOA_SERVER_OPTIONS_INIT;
    stoa_server *server = NULL, *second = NULL;
    uint32_t port = 0;
    options.keys = "key:secret";
    EXPECT(STOA_OK, NULL, stoa_server_new(&options, &server));
    EXPECT(STOA_OK, NULL, stoa_server_port(server, &port));
    TRUE(port != 0);
    options.port = port;
    EXPECT(STOA_ERROR_ADDRESS, NULL, stoa_server_new(&options, &second));
    options.port = 0;
    options.bind = "203.0.113.1"; // RFC 5737: of no machine
    EXPECT(STOA_ERROR_ADDRESS, NULL, stoa_server_new(&options, &second));
    TRUE(second == NULL);
    EXPECT(STOA_OK, NULL, stoa_server_free(server));
    EXPECT(STOA_ERROR_BAD_HANDLE, "freed", stoa_server_free(server));
}

int main(void)
{
    stoa_engine *engine = new_engine();
    stoa_channel *channel = new_channel(engine, NULL);
    channel_options(engine);
    out_of_order(channel);
    in_the_room(engine);
    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
    engine_first();
    servers();
    printf("%d failures\n", failures);
    return failures != 0;
}
