// A connection that is given up and made again, by the public functions: states 3, 4, 3, while users, streams and calls go on; and the
// end of it, by disconnect and by free.

#define EAGER 1
#define LOUD 12000
#include "room.h"

enum { LONG = 30000 };

// The next change of the connection's state: from one state to another, and the time that it says.
static void changes(stoa_channel *channel, uint32_t from, uint32_t to)
{
    stoa_event event = STOA_EVENT_INIT;
    int found = 0;
    while (!found && stoa_channel_poll_event(channel, LONG, &event) == STOA_OK) {
        // Nobody leaves, nobody comes, and no stream ends meanwhile.
        TRUE(event.kind != STOA_EVENT_USER_LEFT && event.kind != STOA_EVENT_STREAM_ENDED);
        found = event.kind == STOA_EVENT_CONNECTION_STATE_CHANGED;
        if (found)
            TRUE(event.old_state == from && event.new_state == to);
        stoa_event_free(&event);
    }
    TRUE(found);
}

static void state_is(stoa_channel *channel, uint32_t wanted)
{
    uint32_t state = 0;
    EXPECT(STOA_OK, NULL, stoa_channel_state(channel, &state));
    TRUE(state == wanted);
}

static void wait_for_user(stoa_channel *channel)
{
    stoa_event event = STOA_EVENT_INIT;
    int found = 0;
    while (!found && stoa_channel_poll_event(channel, LONG, &event) == STOA_OK) {
        found = event.kind == STOA_EVENT_AUDIO_SUBSCRIBE_STATE_CHANGED && event.new_state == STOA_SUBSCRIBE_SUBSCRIBED;
        stoa_event_free(&event);
    }
    TRUE(found);
}

// Speaks for 200 ms, and waits until half of it was heard. It is said again where it is lost: the server may not forward yet, and a
// busy machine may stand still.
static void is_heard(stoa_channel *speaker, stoa_stream *stream)
{
    static int16_t pcm[STOA_FRAME_SAMPLES_MAX];
    stoa_frame frame = STOA_FRAME_INIT;
    size_t samples = 0;
    while (stoa_stream_read(stream, 500, pcm, STOA_FRAME_SAMPLES_MAX, &frame) == STOA_OK) {
        // Of what was said before.
    }
    for (uint64_t until = now_ms() + LONG; samples < RATE / 10 && now_ms() < until;) {
        samples = 0;
        speak(speaker, 200);
        while (samples < RATE / 10 && stoa_stream_read(stream, 1000, pcm, STOA_FRAME_SAMPLES_MAX, &frame) == STOA_OK)
            samples += frame.samples_per_channel;
    }
    TRUE(samples >= RATE / 10);
}

static void comes_back(void)
{
    stoa_engine *engine = new_engine();
    stoa_channel *ada = new_channel(engine, "ada"), *bob;
    stoa_stream *stream = NULL;
    uint64_t ticket = 0;
    EXPECT(STOA_ERROR_BAD_STATE, "not connected", stoa_channel_reconnect(ada));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(ada, LONG));
    changes(ada, STOA_STATE_DISCONNECTED, STOA_STATE_CONNECTING);
    changes(ada, STOA_STATE_CONNECTING, STOA_STATE_CONNECTED);
    bob = join(engine, "bob");
    wait_for_user(ada);
    EXPECT(STOA_OK, NULL, stoa_channel_stream(ada, "bob", &stream));
    is_heard(bob, stream);
    for (int round = 0; round < 3; round++) {
        EXPECT(STOA_OK, NULL, stoa_channel_reconnect(ada));
        EXPECT(STOA_ERROR_BAD_STATE, NULL, stoa_channel_connect(ada, 0));
        // What is sent meanwhile arrives.
        EXPECT(STOA_OK, NULL, stoa_channel_send_message(ada, "hello", 5, NULL, &ticket));
        changes(ada, STOA_STATE_CONNECTED, STOA_STATE_RECONNECTING);
        changes(ada, STOA_STATE_RECONNECTING, STOA_STATE_CONNECTED);
        state_is(ada, STOA_STATE_CONNECTED);
        EXPECT(STOA_OK, NULL, stoa_channel_wait_sent(ada, ticket, LONG));
        is_heard(bob, stream);
    }
    EXPECT(STOA_OK, NULL, stoa_stream_free(stream));
    EXPECT(STOA_OK, NULL, stoa_channel_free(ada));
    EXPECT(STOA_OK, NULL, stoa_channel_free(bob));
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
}

static void ends_on_the_way(int freed)
{
    stoa_engine *engine = new_engine();
    stoa_channel *ada = join(engine, "ada");
    uint64_t began;
    EXPECT(STOA_OK, NULL, stoa_channel_reconnect(ada));
    changes(ada, STOA_STATE_DISCONNECTED, STOA_STATE_CONNECTING);
    changes(ada, STOA_STATE_CONNECTING, STOA_STATE_CONNECTED);
    began = now_ms();
    if (!freed) {
        EXPECT(STOA_OK, NULL, stoa_channel_disconnect(ada, LONG));
        state_is(ada, STOA_STATE_DISCONNECTED);
        EXPECT(STOA_ERROR_BAD_STATE, "not connected", stoa_channel_reconnect(ada));
    }
    EXPECT(STOA_OK, NULL, stoa_channel_free(ada));
    TRUE(now_ms() - began < 20000); // and does not wait for the connection, which would take a minute
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
}

static void switched_off(void)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_engine *engine = new_engine();
    stoa_channel *ada = NULL;
    options.name = "room";
    options.user = "ada";
    options.no_reconnect = 1;
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &ada));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(ada, LONG));
    EXPECT(STOA_ERROR_BAD_STATE, "no_reconnect", stoa_channel_reconnect(ada));
    EXPECT(STOA_OK, NULL, stoa_channel_free(ada));
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
}

int main(void)
{
    comes_back();
    ends_on_the_way(0);
    ends_on_the_way(1);
    switched_off();
    printf("%d failures\n", failures);
    return failures != 0;
}
