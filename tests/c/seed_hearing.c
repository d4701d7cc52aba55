// The rows of the module rtc about hearing: subscribing, streams and their frames, frame callbacks. See seed.c.

#include "seed_sound.h"

#include <poll.h>

static void subscribe_and_get_audio_frames(void)
{
    static const int16_t silence[RATE];
    stoa_frame frame = STOA_FRAME_INIT;
    stoa_stream *stream = NULL;
    struct pollfd readable = {-1, POLLIN, 0};
    uint32_t state = 9;
    spurt hummed, silent, spoken;
    EXPECT(STOA_ERROR_NOT_FOUND, "nobody", stoa_channel_stream(ada, "nobody", &stream));
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe_state(ada, "77", &state));
    TRUE(state == STOA_SUBSCRIBE_NO_SUBSCRIBE); // nobody is subscribed by default
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe(ada, "77", LONG));
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe_state(ada, "77", &state));
    TRUE(state == STOA_SUBSCRIBE_SUBSCRIBED);
    EXPECT(STOA_OK, NULL, stoa_channel_stream(ada, "77", &stream));
    is_forwarded_to(ada);
    EXPECT(STOA_TIMED_OUT, NULL, stoa_stream_read(stream, 10, pcm, STOA_FRAME_SAMPLES_MAX, &frame)); // it does not wait for ever
    EXPECT(STOA_OK, NULL, stoa_stream_descriptor(stream, &readable.fd));
    hum(bob, RATE / 2);
    TRUE(poll(&readable, 1, LONG) == 1 && readable.revents == POLLIN);
    EXPECT(STOA_OK, NULL, stoa_stream_read(stream, 0, pcm, STOA_FRAME_SAMPLES_MAX, &frame));
    hummed = read_spurt(stream);
    EXPECT(STOA_OK, NULL, stoa_channel_push_audio(bob, silence, RATE / 2, -1, NULL));
    silent = read_spurt(stream);
    say(bob, 4000); // of which a busy machine may lose some
    spoken = read_spurt(stream);
    // The hum is a square of 3000: 21 dB below the maximum.
    TRUE(hummed.decoded > 10 && hummed.loudest >= 15 && hummed.loudest <= 27);
    TRUE(silent.decoded > 10 && silent.quietest >= 80 && silent.voice == 0);
    TRUE(spoken.decoded > 100 && spoken.voice > 10 && spoken.loudest < 30);
    TRUE(spoken.speech[STOA_SPEECH_NONE] == spoken.frames); // nobody listens for it yet
    EXPECT(STOA_OK, NULL, stoa_channel_unsubscribe(ada, "77", LONG));
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe_state(ada, "77", &state));
    TRUE(state == STOA_SUBSCRIBE_NO_SUBSCRIBE);
    while (stoa_stream_read(stream, LONG, pcm, STOA_FRAME_SAMPLES_MAX, &frame) == STOA_OK) {
    }
    EXPECT(STOA_END_OF_STREAM, NULL, stoa_stream_read(stream, LONG, pcm, STOA_FRAME_SAMPLES_MAX, &frame)); // it ends
    EXPECT(STOA_OK, NULL, stoa_stream_free(stream));
}

// Streams that nobody reads: one keeps the newest, the other the oldest of what came, and both tell what they dropped.
static void audio_streams_that_nobody_reads(void)
{
    enum { SPOKEN = 4800 }; // frames enough that a busy machine may lose some
    stoa_channel *hearers[2] = {with_options("newest", 0, 0, STOA_QUEUE_DEFAULT),
                                with_options("oldest", 0, 0, STOA_QUEUE_DROP_NEWEST)};
    stoa_stream *streams[2] = {NULL, NULL};
    uint64_t first[2] = {0, 0}, last[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        EXPECT(STOA_OK, NULL, stoa_channel_connect(hearers[i], LONG));
        EXPECT(STOA_OK, NULL, stoa_channel_subscribe(hearers[i], "77", LONG));
        is_forwarded_to(hearers[i]);
        EXPECT(STOA_OK, NULL, stoa_channel_stream(hearers[i], "77", &streams[i]));
    }
    say(bob, SPOKEN);
    EXPECT(STOA_OK, NULL, stoa_channel_wait_played(bob, LONG));
    for (int i = 0; i < 2; i++) {
        stoa_stream_stats stats = STOA_STREAM_STATS_INIT;
        stoa_frame frame = STOA_FRAME_INIT;
        stoa_event event = next(hearers[i], STOA_EVENT_STREAM_OVERFLOW);
        uint64_t dropped = 0, read = 0;
        TRUE(strcmp(event.user, "77") == 0 && event.status == STOA_QUEUE_FULL && event.id > 0);
        stoa_event_free(&event);
        // 2 s fit of what came, and nothing more comes once the stream has ended.
        for (int tries = 0; tries < 2000 && dropped < 100; tries++, rest(10))
            EXPECT(STOA_OK, NULL, stoa_stream_dropped(streams[i], &dropped));
        EXPECT(STOA_OK, NULL, stoa_channel_unsubscribe(hearers[i], "77", LONG));
        for (; stoa_stream_read(streams[i], LONG, pcm, STOA_FRAME_SAMPLES_MAX, &frame) == STOA_OK; read++) {
            first[i] = read == 0 ? frame.rtp_time : first[i];
            last[i] = frame.rtp_time;
        }
        EXPECT(STOA_OK, NULL, stoa_stream_get_stats(streams[i], &stats));
        EXPECT(STOA_OK, NULL, stoa_stream_dropped(streams[i], &dropped));
        TRUE(dropped >= 100 && read >= 90 && stats.frames_read == read && read <= stats.frames_capacity);
        TRUE((i == 0 ? stats.frames_dropped_oldest : stats.frames_dropped_newest) == dropped);
        TRUE((i == 0 ? stats.frames_dropped_newest : stats.frames_dropped_oldest) == 0);
        EXPECT(STOA_OK, NULL, stoa_stream_free(streams[i]));
        EXPECT(STOA_OK, NULL, stoa_channel_free(hearers[i]));
    }
    // In units of 1/48000 s: each has what the other one lost.
    TRUE(first[0] - first[1] > 48000 && last[0] - last[1] > 48000);
}

static int frames;

static void on_frame(const char *user, const stoa_frame *frame, const int16_t *samples, void *user_data)
{
    (void)samples;
    (void)user_data;
    if (strcmp(user, "77") == 0 && frame->samples_per_channel > 0)
        __atomic_add_fetch(&frames, 1, __ATOMIC_SEQ_CST);
}

static void on_playback_audio_frame_before_mixing(void)
{
    EXPECT(STOA_OK, NULL, stoa_channel_set_frame_callback(ada, on_frame, NULL, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe(ada, "77", LONG));
    is_forwarded_to(ada);
    for (int tries = 0; tries < 2000 && __atomic_load_n(&frames, __ATOMIC_SEQ_CST) <= 10; tries++) {
        if (tries % 500 == 0) // a busy machine may lose the most of it
            hum(bob, RATE / 2);
        rest(10);
    }
    EXPECT(STOA_OK, NULL, stoa_channel_wait_played(bob, LONG));
    TRUE(__atomic_load_n(&frames, __ATOMIC_SEQ_CST) > 10);
    EXPECT(STOA_OK, NULL, stoa_channel_set_frame_callback(ada, NULL, NULL, NULL)); // none runs from here on
}

int main(void)
{
    meet();
    subscribe_and_get_audio_frames();
    audio_streams_that_nobody_reads();
    on_playback_audio_frame_before_mixing();
    return part();
}
