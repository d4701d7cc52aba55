/* hello.c - the smallest conversation: Ada says something, Bob hears it and answers.
 * cc -std=c99 hello.c -lstoa -o hello && ./hello */
#include <stdio.h>
#include <stdlib.h>
#include <stoa.h>

#define RATE 24000

static void must(stoa_status status)
{
    if (status == STOA_OK)
        return;
    fprintf(stderr, "%s: %s\n", stoa_status_text(status), stoa_last_error());
    exit(1);
}

static stoa_channel *join(stoa_engine *engine, const char *user)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *channel;
    options.name = "agora";
    options.user = user;
    options.subscribe_all = 1;
    must(stoa_channel_new(engine, &options, &channel));
    must(stoa_channel_connect(channel, 20000));
    return channel;
}

/* Waits until the other one is in the room, and can be heard. */
static void meet(stoa_channel *channel)
{
    stoa_event event = STOA_EVENT_INIT;
    int subscribed;
    do {
        must(stoa_channel_poll_event(channel, 20000, &event));
        subscribed = event.kind == STOA_EVENT_AUDIO_SUBSCRIBE_STATE_CHANGED && event.new_state == STOA_SUBSCRIBE_SUBSCRIBED;
        printf("%s %s\n", stoa_event_name(event.kind), event.user);
        must(stoa_event_free(&event));
    } while (!subscribed);
}

/* Four seconds of a hum, which leave in real time. */
static void say(stoa_channel *channel, int hertz)
{
    static int16_t samples[RATE * 4];
    int i;
    for (i = 0; i < RATE * 4; i++)
        samples[i] = (int16_t)((i * hertz * 2 / RATE) % 2 ? 3000 : -3000);
    must(stoa_channel_push_audio(channel, samples, RATE * 4, -1, NULL));
}

static stoa_stream *voice_of(stoa_channel *channel, const char *user)
{
    stoa_stream *voice;
    must(stoa_channel_stream(channel, user, &voice));
    return voice;
}

/* Listens for half a second of sound. */
static void hear(stoa_stream *voice, const char *user)
{
    static int16_t samples[STOA_FRAME_SAMPLES_MAX];
    stoa_frame frame = STOA_FRAME_INIT;
    unsigned heard = 0;
    while (heard < RATE / 2) {
        must(stoa_stream_read(voice, 20000, samples, STOA_FRAME_SAMPLES_MAX, &frame));
        if (frame.level < 60) /* dB below the loudest there is; 127 is silence */
            heard += frame.samples_per_channel;
    }
    printf("%u samples of %s were heard, at -%u dB\n", heard, user, (unsigned)frame.level);
    must(stoa_stream_free(voice));
}

int main(void)
{
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_engine *engine;
    stoa_channel *ada, *bob;
    stoa_stream *voice_of_ada, *voice_of_bob;

    options.app_id = "hello"; /* no url: the room server inside */
    must(stoa_engine_new(&options, &engine));
    ada = join(engine, "ada");
    bob = join(engine, "bob");
    meet(ada);
    meet(bob);

    voice_of_ada = voice_of(bob, "ada"); /* before they speak, so that nothing is missed */
    voice_of_bob = voice_of(ada, "bob");
    say(ada, 200);
    hear(voice_of_ada, "ada");
    say(bob, 300);
    hear(voice_of_bob, "bob");

    must(stoa_engine_free(engine)); /* closes both channels */
    must(stoa_channel_free(ada));
    must(stoa_channel_free(bob));
    return 0;
}
