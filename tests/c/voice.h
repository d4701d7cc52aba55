// A voice: the demo's, which speaks from its beginning on, without a pause of half a second in its first 4.8 s. Programs run in the
// project's folder.

#ifndef VOICE_H
#define VOICE_H

#include "../../examples-c/wav.h"
#include "expect.h"

// Pushes its first `ms`, at its own rate, 24 kHz mono.
static inline void say(stoa_channel *channel, int ms)
{
    wav voice = {0, 0, 0, NULL};
    const char *why = wav_read("demo/voice.wav", &voice);
    size_t count = (size_t)ms * 24;
    TRUE(why == NULL && voice.rate == 24000 && voice.channels == 1 && voice.count >= count);
    if (why == NULL)
        EXPECT(STOA_OK, NULL, stoa_channel_push_audio(channel, voice.samples, count, 0, NULL));
    free(voice.samples);
}

#endif
