// Every function in every state of its object: new, connected, failed, disconnected, after its engine was freed, and freed. The table
// says the status that the header names for each.

#include "expect.h"

enum { NEW, CONNECTED, FAILED, LEFT, CLOSED, FREED, STATES };

static const char *const names[STATES] = {"new", "connected", "failed", "left", "engine freed", "freed"};

static stoa_engine *engine;
static stoa_channel *channel;
static stoa_stream *mix, *user_stream;
static stoa_server *server;

static char text[2048];
static int16_t pcm[STOA_FRAME_SAMPLES_MAX];
static float floats[480];
static size_t size;
static uint32_t number;
static uint64_t big;
static int32_t descriptor;

static void on_event(stoa_channel *of, const stoa_event *event, void *user_data)
{
    (void)of, (void)event, (void)user_data;
}

static void on_frame(const char *user, const stoa_frame *frame, const int16_t *samples, void *user_data)
{
    (void)user, (void)frame, (void)samples, (void)user_data;
}

static stoa_status take_event(void)
{
    stoa_event event = STOA_EVENT_INIT;
    stoa_status status;
    while ((status = stoa_channel_poll_event(channel, 0, &event)) == STOA_OK)
        EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    return status;
}

static stoa_status set_event_callback(void)
{
    stoa_status status = stoa_channel_set_event_callback(channel, on_event, NULL, NULL);
    TRUE(stoa_channel_set_event_callback(channel, NULL, NULL, NULL) == status);
    return status;
}

static stoa_status set_frame_callback(void)
{
    stoa_status status = stoa_channel_set_frame_callback(channel, on_frame, NULL, NULL);
    TRUE(stoa_channel_set_frame_callback(channel, NULL, NULL, NULL) == status);
    return status;
}

static stoa_status ask_stream(const char *user)
{
    stoa_stream *stream = NULL;
    stoa_status status = user != NULL ? stoa_channel_stream(channel, user, &stream) : stoa_channel_mixed_stream(channel, &stream);
    TRUE((status == STOA_OK) == (stream != NULL));
    stoa_stream_free(stream);
    return status;
}

static stoa_status read_stream(stoa_stream *stream)
{
    stoa_frame frame = STOA_FRAME_INIT;
    stoa_status status;
    while ((status = stoa_stream_read(stream, 0, pcm, STOA_FRAME_SAMPLES_MAX, &frame)) == STOA_OK)
        ;
    return status;
}

// A call, with the statuses in the states above.
#define ROW(call, fresh, connected, failed, left, closed, freed)                                                       \
    do {                                                                                                               \
        static const stoa_status wanted[STATES] = {fresh, connected, failed, left, closed, freed};                     \
        stoa_status got = (call);                                                                                      \
        if (got != wanted[state])                                                                                      \
            printf("in the state \"%s\":\n", names[state]);                                                            \
        expect_at(__LINE__, #call, got, wanted[state], got < 0 ? "" : NULL);                                           \
        if (got < 0)                                                                                                   \
            TRUE(strlen(stoa_last_error()) > 10);                                                                      \
    } while (0)

#define OK STOA_OK
#define STATE STOA_ERROR_BAD_STATE
#define GONE STOA_ERROR_CLOSED
#define BAD STOA_ERROR_BAD_HANDLE
#define NOT_FOUND STOA_ERROR_NOT_FOUND
#define TIMED_OUT STOA_TIMED_OUT
#define END STOA_END_OF_STREAM

static void walk(int state)
{
    ROW(stoa_channel_name(channel, text, sizeof text, &size), OK, OK, OK, OK, GONE, BAD);
    ROW(stoa_channel_user(channel, text, sizeof text, &size), OK, OK, OK, OK, GONE, BAD);
    ROW(stoa_channel_token(channel, text, sizeof text, &size), OK, OK, OK, OK, GONE, BAD);
    ROW(stoa_channel_last_error(channel, text, sizeof text, &size), OK, OK, OK, OK, OK, BAD);
    ROW(stoa_channel_state(channel, &number), OK, OK, OK, OK, GONE, BAD);
    ROW(stoa_channel_interrupt(channel, &big, &big), OK, OK, OK, OK, GONE, BAD);
    ROW(stoa_channel_push_audio(channel, pcm, 480, 0, &size), OK, OK, OK, OK, GONE, BAD);
    ROW(stoa_channel_push_audio_f32(channel, floats, 480, 0, &size), OK, OK, OK, OK, GONE, BAD);
    ROW(stoa_channel_queued(channel, &big), OK, OK, OK, OK, GONE, BAD);
    ROW(stoa_channel_mark(channel, 1), OK, OK, OK, OK, GONE, BAD);
    ROW(stoa_channel_wait_played(channel, 0), TIMED_OUT, TIMED_OUT, TIMED_OUT, TIMED_OUT, GONE, BAD);
    ROW(stoa_channel_interrupt(channel, NULL, NULL), OK, OK, OK, OK, GONE, BAD);
    ROW(stoa_channel_wait_played(channel, -1), OK, OK, OK, OK, GONE, BAD);
    ROW(stoa_channel_mute(channel, 1), OK, OK, OK, OK, GONE, BAD);
    ROW(stoa_channel_mute(channel, 0), OK, OK, OK, OK, GONE, BAD);
    ROW(stoa_channel_user_count(channel, &size), OK, OK, OK, OK, GONE, BAD);
    ROW(stoa_channel_user_at(channel, 9, text, sizeof text, &size), NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND, GONE, BAD);
    ROW(stoa_channel_subscribe(channel, "nobody", -1), STATE, NOT_FOUND, STATE, STATE, GONE, BAD);
    ROW(stoa_channel_unsubscribe(channel, "nobody", -1), STATE, NOT_FOUND, STATE, STATE, GONE, BAD);
    ROW(stoa_channel_unsubscribe(channel, "bob", 0), STATE, OK, STATE, STATE, GONE, BAD);
    ROW(stoa_channel_subscribe(channel, "bob", 0), STATE, TIMED_OUT, STATE, STATE, GONE, BAD);
    ROW(stoa_channel_subscribe_state(channel, "nobody", &number), OK, OK, OK, OK, GONE, BAD);
    ROW(ask_stream("nobody"), STATE, NOT_FOUND, STATE, STATE, GONE, BAD);
    ROW(ask_stream("bob"), STATE, OK, STATE, STATE, GONE, BAD);
    ROW(ask_stream(NULL), OK, OK, OK, OK, GONE, BAD);
    ROW(stoa_channel_send_data(channel, "data", 4, NULL), STATE, OK, STATE, STATE, GONE, BAD);
    ROW(take_event(), TIMED_OUT, TIMED_OUT, TIMED_OUT, TIMED_OUT, GONE, BAD);
    ROW(set_event_callback(), OK, OK, OK, OK, GONE, BAD);
    ROW(set_frame_callback(), OK, OK, OK, OK, GONE, BAD);
    if (user_stream != NULL) {
        ROW(read_stream(user_stream), END, TIMED_OUT, END, END, END, BAD);
        ROW(stoa_stream_user(user_stream, text, sizeof text, &size), OK, OK, OK, OK, OK, BAD);
        ROW(stoa_stream_descriptor(user_stream, &descriptor), OK, OK, OK, OK, OK, BAD);
    }
    ROW(read_stream(mix), TIMED_OUT, TIMED_OUT, TIMED_OUT, TIMED_OUT, END, BAD);
    ROW(stoa_stream_readable(mix, &size), OK, OK, OK, OK, OK, BAD);
    ROW(stoa_stream_descriptor(mix, &descriptor), OK, OK, OK, OK, OK, BAD);
    ROW(stoa_stream_dropped(mix, &big), OK, OK, OK, OK, OK, BAD);
    ROW(stoa_stream_user(mix, text, sizeof text, &size), OK, OK, OK, OK, OK, BAD);
    ROW(stoa_stream_set_frame_callback(mix, on_frame, NULL, NULL), OK, OK, OK, OK, OK, BAD);
    ROW(stoa_stream_set_frame_callback(mix, NULL, NULL, NULL), OK, OK, OK, OK, OK, BAD);
    ROW(stoa_stream_last_error(mix, text, sizeof text, &size), OK, OK, OK, OK, OK, BAD);
    ROW(stoa_engine_url(engine, text, sizeof text, &size), OK, OK, OK, OK, BAD, BAD);
    ROW(stoa_engine_build_token(engine, "room", "ada", 60, text, sizeof text, &size), OK, OK, OK, OK, BAD, BAD);
    ROW(stoa_engine_last_error(engine, text, sizeof text, &size), OK, OK, OK, OK, BAD, BAD);
}

static stoa_engine *engine_of(const char *url)
{
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_engine *made = NULL;
    options.app_id = "key";
    options.app_certificate = "secret";
    options.url = url;
    EXPECT(STOA_OK, NULL, stoa_engine_new(&options, &made));
    return made;
}

static stoa_channel *channel_of(const char *user)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *made = NULL;
    options.name = "room";
    options.user = user;
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &made));
    return made;
}

static void wait_for(uint32_t kind, uint32_t state)
{
    stoa_event event = STOA_EVENT_INIT;
    int found = 0;
    while (!found && stoa_channel_poll_event(channel, 20000, &event) == STOA_OK) {
        found = event.kind == kind && (state == 0 || event.new_state == state);
        stoa_event_free(&event);
    }
    TRUE(found);
}

int main(void)
{
    stoa_server_options options = STOA_SERVER_OPTIONS_INIT;
    stoa_channel *bob;
    char url[64];
    uint32_t port = 0;
    options.keys = "key:secret";
    EXPECT(STOA_OK, NULL, stoa_server_new(&options, &server));
    EXPECT(STOA_OK, NULL, stoa_server_port(server, &port));
    EXPECT(STOA_OK, NULL, stoa_server_url(server, url, sizeof url, NULL));
    engine = engine_of(url);
    channel = channel_of("ada");
    bob = channel_of("bob");
    EXPECT(STOA_OK, NULL, stoa_channel_mixed_stream(channel, &mix));
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(channel, -1));
    walk(NEW);

    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(bob, 20000));
    wait_for(STOA_EVENT_USER_JOINED, 0);
    EXPECT(STOA_OK, NULL, stoa_channel_stream(channel, "bob", &user_stream));
    EXPECT(STOA_ERROR_BAD_STATE, "disconnect it first", stoa_channel_connect(channel, -1));
    walk(CONNECTED);

    // The server goes away under it.
    EXPECT(STOA_OK, NULL, stoa_server_free(server));
    wait_for(STOA_EVENT_CONNECTION_STATE_CHANGED, STOA_STATE_FAILED);
    walk(FAILED);
    EXPECT(STOA_ERROR_UNREACHABLE, "cannot be reached", stoa_channel_connect(channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(channel, -1));
    walk(FAILED);

    // And comes back.
    options.port = port;
    EXPECT(STOA_OK, NULL, stoa_server_new(&options, &server));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(channel, -1));
    walk(LEFT);

    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
    EXPECT(STOA_ERROR_CLOSED, "engine", stoa_channel_connect(channel, -1));
    EXPECT(STOA_ERROR_CLOSED, "engine", stoa_channel_disconnect(channel, -1));
    walk(CLOSED);

    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
    EXPECT(STOA_OK, NULL, stoa_channel_free(bob));
    EXPECT(STOA_OK, NULL, stoa_stream_free(mix));
    EXPECT(STOA_OK, NULL, stoa_stream_free(user_stream));
    EXPECT(STOA_OK, NULL, stoa_server_free(server));
    walk(FREED);
    printf("%d failures\n", failures);
    return failures != 0;
}
