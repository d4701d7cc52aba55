/* wav.c - plays a WAV file into a room and records the other one who is there.
 *
 *   wav play.wav record.wav              opens a room, says with what another may join it, and waits for them
 *   wav play.wav record.wav URL TOKEN    joins that room
 *
 * cc -std=c99 wav.c -lstoa -o wav */
#include "wav.h"
#include <stoa.h>

static void must(stoa_status status)
{
    if (status >= STOA_OK)
        return;
    fprintf(stderr, "%s: %s\n", stoa_status_text(status), stoa_last_error());
    exit(1);
}

static void check(int good, const char *path, const char *why)
{
    if (good)
        return;
    fprintf(stderr, "%s: %s\n", path, why);
    exit(1);
}

/* The stream of whoever else is, or comes, into the room. */
static stoa_stream *other(stoa_channel *channel)
{
    stoa_event event = STOA_EVENT_INIT;
    stoa_stream *voice = NULL;
    while (!voice) {
        must(stoa_channel_poll_event(channel, -1, &event));
        if (event.kind == STOA_EVENT_USER_JOINED) {
            printf("%s is here\n", event.user);
            must(stoa_channel_stream(channel, event.user, &voice));
        }
        must(stoa_event_free(&event));
    }
    return voice;
}

/* Until the file has left and the other one has been silent for a second, or is gone. */
static void converse(stoa_channel *channel, const wav *play, stoa_stream *voice, wav_writer *record)
{
    static int16_t samples[2 * STOA_FRAME_SAMPLES_MAX];
    stoa_frame frame = STOA_FRAME_INIT;
    stoa_status status = STOA_OK;
    uint64_t queued = 0, last_sound = stoa_time_us();
    size_t pushed = 0, taken;
    while (status != STOA_END_OF_STREAM && (pushed < play->count || queued || stoa_time_us() - last_sound < 1000000)) {
        must(stoa_channel_push_audio(channel, play->samples + pushed * play->channels, play->count - pushed, 0, &taken));
        pushed += taken;
        must(stoa_channel_queued(channel, &queued));
        if (queued)
            last_sound = stoa_time_us();
        status = stoa_stream_read(voice, 20, samples, STOA_FRAME_SAMPLES_MAX, &frame);
        must(status);
        if (status == STOA_OK) {
            check(wav_append(record, samples, (size_t)frame.samples_per_channel * frame.channels), "record", "it cannot be written");
            if (frame.level < 70)
                last_sound = stoa_time_us();
        }
    }
}

int main(int argc, char **argv)
{
    stoa_engine_options engine_options = STOA_ENGINE_OPTIONS_INIT;
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_engine *engine;
    stoa_channel *channel;
    stoa_stream *voice;
    char url[256], token[2048];
    wav_writer record;
    wav play = {0, 0, 0, NULL};
    const char *why;

    if (argc != 3 && argc != 5) {
        fprintf(stderr, "usage: %s play.wav record.wav [URL TOKEN]\n", argv[0]);
        return 2;
    }
    why = wav_read(argv[1], &play);
    check(!why, argv[1], why);
    check(play.channels <= 2, argv[1], "it has more than two channels");
    check(wav_create(&record, argv[2], play.rate, play.channels), argv[2], "it cannot be written");

    engine_options.app_id = "wav";
    engine_options.url = argc == 5 ? argv[3] : NULL;
    must(stoa_engine_new(&engine_options, &engine));
    options.name = "wav";
    options.user = argc == 5 ? "guest" : "host";
    options.token = argc == 5 ? argv[4] : NULL;
    options.sample_rate = play.rate;
    options.channels = play.channels;
    options.subscribe_all = 1;
    must(stoa_channel_new(engine, &options, &channel));
    must(stoa_channel_connect(channel, -1));
    if (argc == 3) {
        must(stoa_engine_url(engine, url, sizeof url, NULL));
        must(stoa_engine_build_token(engine, "wav", "guest", 3600, token, sizeof token, NULL));
        printf("join with: %s play.wav record.wav %s %s\n", argv[0], url, token);
        fflush(stdout);
    }
    voice = other(channel);
    converse(channel, &play, voice, &record);
    check(wav_close(&record, play.rate, play.channels), argv[2], "it cannot be written");
    printf("%s was played, %.1f s recorded\n", argv[1], record.bytes / 2.0 / play.channels / play.rate);

    must(stoa_stream_free(voice));
    must(stoa_channel_free(channel));
    must(stoa_engine_free(engine));
    free(play.samples);
    return 0;
}
