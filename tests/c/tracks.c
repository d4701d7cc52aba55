// A track's own stream: it is subscribed to while a handle is held, whether the user is or not, and ends with the track.
// Channels publish a microphone alone, so the track is that one. Two tracks of one user: tests/behaviour/tracks.rs.

#define EAGER 0
#define LOUD 8000
#include "room.h"

#include <time.h>

static int16_t samples[STOA_FRAME_SAMPLES_MAX];

// At most 20 s.
#define UNTIL(what)                                                                                                    \
    do {                                                                                                               \
        int tries = 0;                                                                                                 \
        while (!(what) && ++tries < 4000)                                                                              \
            nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);                                                   \
        TRUE(what);                                                                                                    \
    } while (0)

// Bob's alone: nobody else hears anybody. As of a moment ago.
static uint64_t subscriptions(stoa_engine *engine)
{
    stoa_server_stats stats = STOA_SERVER_STATS_INIT;
    EXPECT(STOA_OK, NULL, stoa_engine_get_server_stats(engine, &stats));
    return stats.subscriptions;
}

static uint64_t packets(stoa_stream *stream)
{
    stoa_stream_stats stats = STOA_STREAM_STATS_INIT;
    EXPECT(STOA_OK, NULL, stoa_stream_get_stats(stream, &stats));
    return stats.packets_received;
}

static stoa_channel *join_deaf(stoa_engine *engine, const char *user, int listen_only)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *channel = NULL;
    options.name = "room";
    options.user = user;
    options.listen_only = listen_only;
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &channel));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 20000));
    return channel;
}

static void count_frame(const char *user, const stoa_frame *frame, const int16_t *pcm, void *count)
{
    (void)user, (void)frame, (void)pcm;
    ++*(int *)count;
}

// Speaks until the sound is heard.
static void hear(stoa_channel *speaker, stoa_stream *stream)
{
    stoa_status status = STOA_TIMED_OUT;
    int loud = 0;
    for (int tries = 0; tries < 40 && !loud; tries++) {
        stoa_frame frame = STOA_FRAME_INIT;
        speak(speaker, 200);
        while (!loud && (status = stoa_stream_read(stream, 500, samples, STOA_FRAME_SAMPLES_MAX, &frame)) == STOA_OK)
            loud = frame.origin == STOA_ORIGIN_DECODED && frame.level < 30;
        TRUE(status == STOA_OK || status == STOA_TIMED_OUT);
    }
    TRUE(loud);
}

static void ends(stoa_channel *bob, stoa_stream *stream)
{
    stoa_event event = STOA_EVENT_INIT;
    stoa_frame frame = STOA_FRAME_INIT;
    stoa_status status;
    while ((status = stoa_stream_read(stream, 20000, samples, STOA_FRAME_SAMPLES_MAX, &frame)) == STOA_OK)
        ;
    EXPECT(STOA_END_OF_STREAM, NULL, status);
    do {
        stoa_event_free(&event);
        status = stoa_channel_poll_event(bob, 20000, &event);
    } while (status == STOA_OK && event.kind != STOA_EVENT_STREAM_ENDED);
    EXPECT(STOA_OK, NULL, status);
    TRUE(strcmp(event.user, "ada") == 0 && strcmp(event.track, "microphone") == 0);
    stoa_event_free(&event);
}

int main(void)
{
    stoa_stream *one = NULL, *other = NULL;
    stoa_engine *engine = new_engine();
    stoa_channel *ada = join_deaf(engine, "ada", 0), *bob = join_deaf(engine, "bob", 1);
    char user[8];
    uint32_t state = 0;
    int frames = 0;
    UNTIL(one != NULL || stoa_channel_track_stream(bob, "ada", "microphone", &one) == STOA_OK);
    EXPECT(STOA_ERROR_NOT_FOUND, "'ada' has no audio track 'music'; there is 'microphone'",
           stoa_channel_track_stream(bob, "ada", "music", &other));
    EXPECT(STOA_OK, NULL, stoa_channel_track_stream(bob, "ada", "microphone", &other));
    EXPECT(STOA_OK, NULL, stoa_stream_user(one, user, sizeof user, NULL));
    TRUE(strcmp(user, "ada") == 0);
    EXPECT(STOA_OK, NULL, stoa_channel_set_frame_callback(bob, count_frame, &frames, NULL));
    hear(ada, one);
    UNTIL(packets(one) > 0);
    UNTIL(subscriptions(engine) == 1);
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe_state(bob, "ada", &state));
    TRUE(state == STOA_SUBSCRIBE_NO_SUBSCRIBE);
    EXPECT(STOA_OK, NULL, stoa_stream_free(one));
    hear(ada, other);
    TRUE(subscriptions(engine) == 1);
    EXPECT(STOA_OK, NULL, stoa_stream_free(other));
    UNTIL(subscriptions(engine) == 0);
    EXPECT(STOA_OK, NULL, UNLESS_BUSY(stoa_channel_set_frame_callback(bob, NULL, NULL, NULL)));
    TRUE(frames == 0);

    EXPECT(STOA_OK, NULL, stoa_channel_track_stream(bob, "ada", "microphone", &one));
    hear(ada, one);
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(ada, 20000));
    ends(bob, one);
    EXPECT(STOA_OK, NULL, stoa_stream_free(one));
    EXPECT(STOA_OK, NULL, stoa_channel_free(ada));
    EXPECT(STOA_OK, NULL, stoa_channel_free(bob));
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
    printf("%d failures\n", failures);
    return failures != 0;
}
