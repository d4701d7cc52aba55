// What the programs of the module rtc's rows share (seed*.c): an engine, two channels in one room, sound, and
// servers that are none.

#ifndef SEED_H
#define SEED_H

#define _POSIX_C_SOURCE 200809L
#include "expect.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define APP "970ca35de60c44645bbae8a215061b33"
#define CERTIFICATE "5cfd2fd1755d40ecb72977518be15d3b"
#define RATE 24000
#define LONG 60000

static stoa_engine *engine;
static stoa_channel *ada, *bob;

static inline void rest(int ms)
{
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&pause, NULL);
}

static inline stoa_engine *engine_of(const char *url)
{
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_engine *made = NULL;
    options.app_id = APP;
    options.app_certificate = CERTIFICATE;
    options.url = url;
    EXPECT(STOA_OK, NULL, stoa_engine_new(&options, &made));
    return made;
}

// A port of loopback and its URL: with `backlog` who connects is let in and hears nothing, without one who connects is refused.
static inline int port_of(int backlog, char *url, size_t capacity)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    int port = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    TRUE(bind(port, (struct sockaddr *)&address, sizeof address) == 0 && (backlog == 0 || listen(port, backlog) == 0));
    TRUE(getsockname(port, (struct sockaddr *)&address, &length) == 0);
    snprintf(url, capacity, "ws://127.0.0.1:%d", ntohs(address.sin_port));
    return port;
}

static inline stoa_channel *channel_of(const char *user, uint32_t uid)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *made = NULL;
    options.name = "room";
    options.user = user;
    options.uid = uid;
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &made));
    return made;
}

// The next event of a kind; those before it are thrown away. The caller frees it.
static inline stoa_event next(stoa_channel *channel, uint32_t kind)
{
    stoa_event event = STOA_EVENT_INIT;
    int found = 0;
    while (!found && stoa_channel_poll_event(channel, LONG, &event) == STOA_OK) {
        found = event.kind == kind;
        if (!found)
            stoa_event_free(&event);
    }
    TRUE(found);
    return event;
}

// Throws away the events that are there, and those that come before `ms` without one.
static inline void clear_events(stoa_channel *channel, int32_t ms)
{
    stoa_event event = STOA_EVENT_INIT;
    while (stoa_channel_poll_event(channel, ms, &event) == STOA_OK)
        stoa_event_free(&event);
}

static inline void expect_state(stoa_channel *channel, uint32_t wanted)
{
    uint32_t state = 0;
    EXPECT(STOA_OK, NULL, stoa_channel_state(channel, &state));
    TRUE(state == wanted);
}

// Waits until it is in that state, 20 s at most.
static inline void wait_for_state(stoa_channel *channel, uint32_t wanted)
{
    uint32_t state = 0;
    for (int tries = 0; tries < 2000 && state != wanted; tries++) {
        EXPECT(STOA_OK, NULL, stoa_channel_state(channel, &state));
        if (state != wanted)
            rest(10);
    }
    TRUE(state == wanted);
}

static inline void hum(stoa_channel *channel, size_t samples)
{
    static int16_t pcm[RATE];
    for (size_t i = 0; i < RATE; i++)
        pcm[i] = i / 60 % 2 ? 3000 : -3000;
    EXPECT(STOA_OK, NULL, stoa_channel_push_audio(channel, pcm, samples, -1, NULL));
}

// Connects bob, and waits until ada knows him.
static inline void bob_comes(void)
{
    EXPECT(STOA_OK, NULL, stoa_channel_connect(bob, LONG));
    for (size_t users = 0; users == 0; rest(1))
        EXPECT(STOA_OK, NULL, stoa_channel_user_count(ada, &users));
}

// The conversation that most rows are about: ada hears, and bob, whose uid is 77, speaks.
static inline void meet(void)
{
    engine = engine_of(NULL);
    ada = channel_of("ada", 0);
    bob = channel_of(NULL, 77);
    EXPECT(STOA_OK, NULL, stoa_channel_connect(ada, LONG));
    bob_comes();
}

static inline int part(void)
{
    EXPECT(STOA_OK, NULL, stoa_channel_free(ada));
    EXPECT(STOA_OK, NULL, stoa_channel_free(bob));
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
    printf("%d failures\n", failures);
    return failures != 0;
}

#endif
