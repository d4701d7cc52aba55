// What the programs about callbacks share: an engine, channels in one room, and sound. Before it is included, EAGER says how frames are
// given out (as in stoa_channel_options), and LOUD how loud the hum is.

#ifndef ROOM_H
#define ROOM_H

#include "expect.h"

#define APP "970ca35de60c44645bbae8a215061b33"
#define CERTIFICATE "5cfd2fd1755d40ecb72977518be15d3b"

enum { RATE = 24000 };

static inline stoa_engine *new_engine(void)
{
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_engine *engine = NULL;
    options.app_id = APP;
    options.app_certificate = CERTIFICATE;
    EXPECT(STOA_OK, NULL, stoa_engine_new(&options, &engine));
    return engine;
}

static inline stoa_channel *new_channel(stoa_engine *engine, const char *user)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *channel = NULL;
    options.name = "room";
    options.user = user;
    options.subscribe_all = 1;
    options.eager = EAGER;
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &channel));
    return channel;
}

static inline stoa_channel *join(stoa_engine *engine, const char *user)
{
    stoa_channel *channel = new_channel(engine, user);
    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 20000));
    return channel;
}

static inline void speak(stoa_channel *channel, int ms)
{
    static int16_t pcm[RATE * 4];
    size_t count = (size_t)ms * RATE / 1000;
    for (size_t i = 0; i < count; i++)
        pcm[i] = i / 60 % 2 ? LOUD : -LOUD;
    EXPECT(STOA_OK, NULL, stoa_channel_push_audio(channel, pcm, count, 0, NULL));
}

static inline uint64_t now_ms(void)
{
    return stoa_time_us() / 1000;
}

#endif
