/* listener.c - records the user "speaker", notes when each frame was handed over, and reads the message that comes meanwhile.
 * Before that it tries to join with tokens that must not work.
 *
 *   listener URL KEY SECRET OUT_DIR
 *
 * Writes OUT_DIR/heard.wav (24 kHz, mono) and OUT_DIR/heard.csv, a line for each frame: when stoa_stream_read() returned it, us;
 * its samples; its origin (STOA_ORIGIN_...). */
#include "../examples-c/wav.h"
#include "story.h"
#include <stoa.h>

#define RATE 24000
#define PATIENCE_US 20000000u

static void must(stoa_status status)
{
    if (status >= STOA_OK)
        return;
    fprintf(stderr, "listener: %s: %s\n", stoa_status_text(status), stoa_last_error());
    exit(1);
}

static void fail(const char *path, const char *why)
{
    fprintf(stderr, "listener: %s: %s\n", path, why);
    exit(1);
}

/* A token for another room is refused here, one that another secret signed by the server. */
static void try_bad_tokens(stoa_engine *engine, const char *key, stoa_channel_options options)
{
    stoa_channel *channel;
    char token[2048];
    options.user = "intruder";
    options.token = token;
    must(stoa_engine_build_token(engine, "another-room", "intruder", 60, token, sizeof token, NULL));
    if (stoa_channel_new(engine, &options, &channel) != STOA_ERROR_BAD_TOKEN)
        fail("a token for another room", "it was taken");
    printf("listener  tried a token for another room, and was refused: %s\n", stoa_last_error());
    must(stoa_token_build_livekit(key, "not the secret of this server", options.name, "intruder", 60, token, sizeof token, NULL));
    must(stoa_channel_new(engine, &options, &channel));
    if (stoa_channel_connect(channel, 20000) != STOA_ERROR_BAD_TOKEN)
        fail("a token that another secret signed", "it was taken");
    printf("listener  tried a token that another secret signed, and was refused: %s\n", stoa_last_error());
    must(stoa_channel_free(channel));
}

/* Whether the message is the whole story. */
static int is_story(const stoa_event *event)
{
    static char text[STORY_BYTES + 1];
    story(text);
    if (event->data_length != STORY_BYTES || memcmp(event->data, text, STORY_BYTES) != 0)
        fail("the message", "it is not what the speaker sent");
    printf("listener  got the message '%s' of %d bytes from %s, every byte as it was sent\n", event->message_id, STORY_BYTES, event->user);
    return 1;
}

/* Tells what happens; where the speaker is subscribed, opens the stream and says so to everyone. */
static void watch(stoa_channel *channel, stoa_stream **voice, int *have_story)
{
    stoa_event event = STOA_EVENT_INIT;
    stoa_status status = stoa_channel_poll_event(channel, *voice ? 0 : 100, &event);
    must(status);
    if (status == STOA_TIMED_OUT)
        return;
    if (event.kind == STOA_EVENT_USER_JOINED)
        printf("listener  sees %s join\n", event.user);
    if (event.kind == STOA_EVENT_STREAM_MESSAGE)
        *have_story = is_story(&event);
    if (event.kind == STOA_EVENT_USER_LEFT)
        printf("listener  sees %s leave\n", event.user);
    if (event.kind == STOA_EVENT_AUDIO_SUBSCRIBE_STATE_CHANGED && event.new_state == STOA_SUBSCRIBE_SUBSCRIBED && !*voice) {
        printf("listener  is subscribed to %s\n", event.user);
        must(stoa_channel_stream(channel, event.user, voice));
        must(stoa_channel_send_data(channel, "listening", 9, NULL));
    }
    fflush(stdout);
    must(stoa_event_free(&event));
}

int main(int argc, char **argv)
{
    static int16_t samples[STOA_FRAME_SAMPLES_MAX];
    stoa_engine_options engine_options = STOA_ENGINE_OPTIONS_INIT;
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_frame frame = STOA_FRAME_INIT;
    stoa_status status = STOA_OK;
    stoa_engine *engine;
    stoa_channel *channel;
    stoa_stream *voice = NULL;
    int have_story = 0;
    wav_writer heard;
    uint64_t last, dropped;
    char path[1024];
    FILE *frames;

    if (argc != 5)
        fail(argv[0], "usage: listener URL KEY SECRET OUT_DIR");
    snprintf(path, sizeof path, "%s/heard.wav", argv[4]);
    if (!wav_create(&heard, path, RATE, 1))
        fail(path, "it cannot be written");
    snprintf(path, sizeof path, "%s/heard.csv", argv[4]);
    frames = fopen(path, "w");
    if (!frames)
        fail(path, "it cannot be written");

    engine_options.url = argv[1];
    engine_options.app_id = argv[2];
    engine_options.app_certificate = argv[3];
    must(stoa_engine_new(&engine_options, &engine));
    options.name = "demo";
    options.user = "listener";
    options.sample_rate = RATE;
    options.subscribe_all = 1;
    try_bad_tokens(engine, argv[2], options);
    must(stoa_channel_new(engine, &options, &channel));
    last = stoa_time_us();
    must(stoa_channel_connect(channel, 20000));
    printf("listener  joined in %.0f ms\n", (double)(stoa_time_us() - last) / 1000);

    for (last = stoa_time_us(); status != STOA_END_OF_STREAM;) {
        watch(channel, &voice, &have_story);
        if (voice)
            status = stoa_stream_read(voice, 100, samples, STOA_FRAME_SAMPLES_MAX, &frame);
        must(status);
        if (voice && status == STOA_OK) {
            last = stoa_time_us();
            fprintf(frames, "%llu,%u,%u\n", (unsigned long long)last, (unsigned)frame.samples_per_channel, (unsigned)frame.origin);
            if (!wav_append(&heard, samples, frame.samples_per_channel))
                fail("heard.wav", "it cannot be written");
        }
        if (stoa_time_us() - last > PATIENCE_US)
            fail("the speaker", voice ? "nothing came for 20 s" : "it did not come, or could not be subscribed to");
    }
    if (!have_story)
        fail("the message", "it did not come whole");
    must(stoa_stream_dropped(voice, &dropped));
    printf("listener  heard %.1f s; %llu frames were not taken in time\n", heard.bytes / 2.0 / RATE, (unsigned long long)dropped);
    must(stoa_stream_free(voice));
    must(stoa_channel_free(channel));
    must(stoa_engine_free(engine));
    if (!wav_close(&heard, RATE, 1) || fclose(frames) != 0)
        fail(path, "it cannot be written");
    return 0;
}
