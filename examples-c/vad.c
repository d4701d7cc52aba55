/* vad.c - says who speaks when, and writes each utterance, first syllable included, to a file of its own.
 * cc -std=c99 vad.c -lstoa -o vad && ./vad speech.wav utterance
 * Ada plays the file into a room; the scribe writes utterance-1.wav, utterance-2.wav, ... */
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

static stoa_channel *join(stoa_engine *engine, const char *user, const wav *like, uint32_t subscribe_all)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *channel;
    options.name = "forum";
    options.user = user;
    options.sample_rate = like->rate;
    options.channels = like->channels;
    options.subscribe_all = subscribe_all;
    must(stoa_channel_new(engine, &options, &channel));
    must(stoa_channel_connect(channel, -1));
    return channel;
}

/* Speech alone comes out of the stream: its first frame says so, and its last. */
static void write_down(const char *prefix, const stoa_frame *frame, const int16_t *samples)
{
    static wav_writer file;
    static unsigned number;
    static char path[1024];
    static uint64_t began;
    if (frame->speech == STOA_SPEECH_START) {
        snprintf(path, sizeof path, "%s-%u.wav", prefix, ++number);
        check(wav_create(&file, path, frame->sample_rate, frame->channels), path, "it cannot be written");
        began = frame->timestamp_us;
    }
    if (!file.file) /* its first frame was lost */
        return;
    check(wav_append(&file, samples, (size_t)frame->samples_per_channel * frame->channels), path, "it cannot be written");
    if (frame->speech == STOA_SPEECH_END) {
        check(wav_close(&file, frame->sample_rate, frame->channels), path, "it cannot be written");
        file.file = NULL;
        printf("%s: %.1f s\n", path, (double)(frame->timestamp_us - began) / 1e6);
    }
}

int main(int argc, char **argv)
{
    static int16_t samples[2 * STOA_FRAME_SAMPLES_MAX];
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_vad_options vad = STOA_VAD_OPTIONS_INIT;
    stoa_event event = STOA_EVENT_INIT;
    stoa_frame frame = STOA_FRAME_INIT;
    stoa_engine *engine;
    stoa_channel *ada, *scribe;
    stoa_stream *voice;
    stoa_status status, played;
    uint64_t origin;
    size_t pushed = 0, taken;
    int speaking = 0;
    wav play = {0, 0, 0, NULL};
    const char *why = argc == 3 ? wav_read(argv[1], &play) : "usage: vad speech.wav prefix";
    check(!why && play.channels <= 2, argc == 3 ? argv[1] : argv[0], why ? why : "it has more than two channels");

    options.app_id = "vad";
    must(stoa_engine_new(&options, &engine));
    ada = join(engine, "ada", &play, 0);
    scribe = join(engine, "scribe", &play, 1);
    vad.speech_only = 1; /* everything else is the default: a pause of half a second ends an utterance */
    must(stoa_channel_set_vad(scribe, &vad));
    must(stoa_channel_stream(scribe, "ada", &voice));
    origin = stoa_time_us();
    do { /* the file goes in as it fits: who waits for that does not read, and loses what is heard */
        must(stoa_channel_push_audio(ada, play.samples + pushed * play.channels, play.count - pushed, 0, &taken));
        pushed += taken;
        must(played = stoa_channel_wait_played(ada, 20));
        while (stoa_channel_poll_event(scribe, 0, &event) == STOA_OK) {
            if (event.kind == STOA_EVENT_SPEECH_STARTED)
                printf("%4.1f s: %s speaks\n", (double)(event.time_us - origin) / 1e6, event.user);
            if (event.kind == STOA_EVENT_SPEECH_ENDED)
                printf("%4.1f s: %s is silent, after %.1f s\n", (double)(event.time_us - origin) / 1e6, event.user,
                       (double)event.elapsed_us / 1e6);
            speaking = event.kind == STOA_EVENT_SPEECH_STARTED || (speaking && event.kind != STOA_EVENT_SPEECH_ENDED);
            must(stoa_event_free(&event));
        }
        while ((status = stoa_stream_read(voice, 0, samples, STOA_FRAME_SAMPLES_MAX, &frame)) == STOA_OK)
            write_down(argv[2], &frame, samples);
        must(status);
    } while (pushed < play.count || played == STOA_TIMED_OUT || speaking);
    must(stoa_engine_free(engine));
    free(play.samples);
    return 0;
}
