// A program of one thread that waits for everything by poll(): events of two channels. A descriptor is readable while there is something
// to poll, and says nothing of what callbacks take.

#define _POSIX_C_SOURCE 200809L
#define EAGER 0
#define LOUD 0
#include "room.h"

#include <poll.h>

enum { PATIENCE = 20000 };

static struct pollfd watched(stoa_channel *channel)
{
    struct pollfd watched = {0, POLLIN, 0};
    int32_t again = -1;
    EXPECT(STOA_OK, NULL, stoa_channel_event_descriptor(channel, &watched.fd));
    EXPECT(STOA_OK, NULL, stoa_channel_event_descriptor(channel, &again));
    TRUE(again == watched.fd);
    return watched;
}

static int readable(struct pollfd *watched, int ms)
{
    return poll(watched, 1, ms) == 1 && watched->revents == POLLIN;
}

// Takes all that is there, as the header tells; kind 0 is none. Returns whether an event of this kind was among it.
static int drained(stoa_channel *channel, uint32_t kind)
{
    stoa_event event = STOA_EVENT_INIT;
    int found = 0;
    while (stoa_channel_poll_event(channel, 0, &event) == STOA_OK) {
        found |= event.kind == kind;
        EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    }
    return found;
}

// Whether it is unreadable once all was taken. An event that has nothing to do with this may come just then, but not time and again.
static int falls_silent(stoa_channel *channel, struct pollfd *watched)
{
    for (int i = 0; i < 10; i++) {
        drained(channel, 0);
        if (!readable(watched, 0))
            return 1;
    }
    return 0;
}

// Waits for an event of this kind by the descriptor alone.
static int comes(stoa_channel *channel, struct pollfd *watched, uint32_t kind)
{
    uint64_t end = now_ms() + PATIENCE;
    while (now_ms() < end && readable(watched, PATIENCE))
        if (drained(channel, kind))
            return 1;
    return 0;
}

static void on_event(stoa_channel *channel, const stoa_event *event, void *calls)
{
    (void)channel, (void)event;
    __atomic_add_fetch((int *)calls, 1, __ATOMIC_SEQ_CST);
}

int main(void)
{
    stoa_engine *engine = new_engine();
    stoa_channel *ada = new_channel(engine, "ada"), *bob = new_channel(engine, "bob");
    struct pollfd of_ada = watched(ada), of_bob = watched(bob);
    uint64_t listener = 0;
    uint32_t state = 0;
    int calls = 0;

    TRUE(!readable(&of_ada, 0)); // nothing has happened
    EXPECT(STOA_OK, NULL, stoa_channel_connect(ada, 0));
    while (state != STOA_STATE_CONNECTED && failures == 0) {
        TRUE(comes(ada, &of_ada, STOA_EVENT_CONNECTION_STATE_CHANGED));
        EXPECT(STOA_OK, NULL, stoa_channel_state(ada, &state));
    }
    EXPECT(STOA_OK, NULL, stoa_channel_connect(bob, PATIENCE));
    TRUE(comes(ada, &of_ada, STOA_EVENT_USER_JOINED));
    TRUE(comes(bob, &of_bob, STOA_EVENT_USER_JOINED));

    // It stays readable until the last event is taken.
    TRUE(falls_silent(bob, &of_bob));
    for (int i = 0; i < 100; i++)
        EXPECT(STOA_OK, NULL, stoa_channel_send_data(ada, "data", 4, NULL));
    for (int came = 0; came < 100 && failures == 0;) {
        stoa_event event = STOA_EVENT_INIT;
        TRUE(readable(&of_bob, PATIENCE));
        EXPECT(STOA_OK, NULL, stoa_channel_poll_event(bob, 0, &event));
        came += event.kind == STOA_EVENT_DATA_RECEIVED;
        EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    }
    TRUE(falls_silent(bob, &of_bob));

    // What a listener takes is not for polling; what it no longer takes is, also what came before.
    EXPECT(STOA_OK, NULL, stoa_channel_on(bob, "data_received", on_event, &calls, NULL, &listener));
    EXPECT(STOA_OK, NULL, stoa_channel_send_data(ada, "data", 4, NULL));
    for (uint64_t end = now_ms() + PATIENCE; now_ms() < end && !__atomic_load_n(&calls, __ATOMIC_SEQ_CST);)
        poll(NULL, 0, 1);
    TRUE(calls == 1);
    TRUE(falls_silent(bob, &of_bob));
    EXPECT(STOA_OK, NULL, stoa_channel_off(bob, listener));
    EXPECT(STOA_OK, NULL, stoa_channel_send_data(ada, "data", 4, NULL));
    TRUE(comes(bob, &of_bob, STOA_EVENT_DATA_RECEIVED));

    // The end of the engine is to be seen too.
    TRUE(falls_silent(bob, &of_bob));
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
    TRUE(readable(&of_bob, PATIENCE));
    EXPECT(STOA_OK, NULL, stoa_channel_free(ada));
    EXPECT(STOA_OK, NULL, stoa_channel_free(bob));
    printf("%d failures\n", failures);
    return failures != 0;
}
