// A listener that takes long loses nobody a frame, who polls waits for none, and the frames for callbacks come after it.

#define _POSIX_C_SOURCE 200809L
#define EAGER 1 // each frame as it was sent
#define LOUD 12000
#include "listening.h"

enum { FRAMES = 45 }; // less than the jitter buffer keeps (1 s): a thread that stands still loses none

// Frames of a stream that are sound which was sent, each with a later RTP time than the one before.
struct sound {
    int frames, in_order, freed;
    uint64_t rtp_time;
};

static void count(struct sound *sound, const stoa_frame *frame)
{
    pthread_mutex_lock(&lock);
    if (frame->origin <= STOA_ORIGIN_RECOVERED) {
        sound->in_order += sound->frames == 0 || frame->rtp_time > sound->rtp_time;
        sound->rtp_time = frame->rtp_time;
        sound->frames++;
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void on_frame(const char *user, const stoa_frame *frame, const int16_t *samples, void *user_data)
{
    (void)user, (void)samples;
    count(user_data, frame);
}

static void on_sound_free(void *user_data)
{
    struct sound *sound = user_data;
    add(&sound->freed);
}

static struct sound by_callback, by_channel, by_reading;

static void waits_for_the_reader(record *record)
{
    (void)record;
    TRUE(await(&by_reading.frames, 15));
}

// Who polls gets his frames meanwhile, since the listener returns only when he has some.
int main(void)
{
    record second = {0};
    stoa_engine *engine = new_engine();
    stoa_channel *ada = join(engine, "ada"), *bob = join(engine, "bob"), *cleo = join(engine, "cleo"), *dan = join(engine, "dan");
    stoa_channel *hearers[3] = {bob, cleo, dan};
    stoa_stream *called = NULL, *polled = NULL;
    stoa_frame frame = STOA_FRAME_INIT;
    static int16_t pcm[STOA_FRAME_SAMPLES_MAX];
    uint64_t dropped = 77;
    for (int i = 0; i < 3; i++) {
        size_t users = 0;
        while (users < 3)
            EXPECT(STOA_OK, NULL, stoa_channel_user_count(hearers[i], &users)), rest(1);
        EXPECT(STOA_OK, NULL, stoa_channel_subscribe(hearers[i], "ada", 20000));
        is_forwarded_to(hearers[i]);
    }
    EXPECT(STOA_OK, NULL, stoa_channel_stream(bob, "ada", &called));
    EXPECT(STOA_OK, NULL, stoa_channel_stream(cleo, "ada", &polled));
    EXPECT(STOA_OK, NULL, stoa_stream_set_frame_callback(called, on_frame, &by_callback, on_sound_free));
    EXPECT(STOA_OK, NULL, stoa_channel_set_frame_callback(dan, on_frame, &by_channel, on_sound_free));
    second.inside = waits_for_the_reader;
    listen_to(&second, ada, "played", 0);
    speak(ada, 20);
    TRUE(await(&by_callback.frames, 1) && await(&by_channel.frames, 1));
    EXPECT(STOA_OK, NULL, stoa_channel_mark(ada, 1));
    TRUE(await(&second.calls, 1));
    speak(ada, FRAMES * 20 - 20);
    for (int late = 0; get(&by_reading.frames) < FRAMES && late < 4;) {
        stoa_status status = stoa_stream_read(polled, 5000, pcm, STOA_FRAME_SAMPLES_MAX, &frame);
        if (status == STOA_OK)
            count(&by_reading, &frame);
        else
            late++;
    }
    TRUE(await(&second.done, 1));
    TRUE(await(&by_callback.frames, FRAMES) && await(&by_channel.frames, FRAMES));
    TRUE(by_reading.frames == FRAMES && by_reading.in_order == FRAMES);
    TRUE(get(&by_callback.in_order) == FRAMES && get(&by_channel.in_order) == FRAMES);
    EXPECT(STOA_OK, NULL, stoa_stream_dropped(called, &dropped));
    TRUE(dropped == 0);
    EXPECT(STOA_OK, NULL, stoa_stream_dropped(polled, &dropped));
    TRUE(dropped == 0);
    EXPECT(STOA_OK, NULL, UNLESS_BUSY(stoa_stream_free(called)));
    TRUE(await(&by_callback.freed, 1));
    EXPECT(STOA_OK, NULL, stoa_stream_free(polled));
    EXPECT(STOA_OK, NULL, UNLESS_BUSY(stoa_channel_free(ada)));
    over(&second);
    EXPECT(STOA_OK, NULL, stoa_channel_free(bob));
    EXPECT(STOA_OK, NULL, stoa_channel_free(cleo));
    EXPECT(STOA_OK, NULL, UNLESS_BUSY(stoa_channel_free(dan)));
    TRUE(await(&by_channel.freed, 1));
    EXPECT(STOA_OK, NULL, UNLESS_BUSY(stoa_engine_free(engine)));
    printf("%d failures\n", failures);
    return failures != 0;
}
