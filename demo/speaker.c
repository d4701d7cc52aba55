/* speaker.c - says a WAV file in real time, block by block as a microphone would, and notes when each block was pushed.
 *
 *   speaker URL KEY SECRET voice.wav OUT_DIR
 *
 * In the midst of it, it sends a message of 100 kB. Writes OUT_DIR/said.wav (24 kHz, mono) and OUT_DIR/said.csv (a line for each block of 20 ms: the time of its push, us). */
#define _POSIX_C_SOURCE 200809L
#include "../examples-c/wav.h"
#include "story.h"
#include <math.h>
#include <stoa.h>
#include <time.h>

#define RATE 24000
#define BLOCK (RATE / 50)
#define PATIENCE_MS 20000

static void must(stoa_status status)
{
    if (status == STOA_OK)
        return;
    fprintf(stderr, "speaker: %s: %s\n", stoa_status_text(status), stoa_last_error());
    exit(1);
}

static void fail(const char *path, const char *why)
{
    fprintf(stderr, "speaker: %s: %s\n", path, why);
    exit(1);
}

/* Any rate and channels to 24 kHz mono, by a windowed sinc over 2 * HALF zero crossings; *out_count is filled up to whole blocks. */
static int16_t *prepare(const wav *in, size_t *out_count)
{
    enum { HALF = 16 };
    const double pi = 3.14159265358979, step = (double)in->rate / RATE, cut = step > 1 ? 1 / step : 1;
    size_t count = (size_t)((double)in->count / step), blocks = (count + BLOCK - 1) / BLOCK, i;
    int16_t *out = (int16_t *)calloc(blocks * BLOCK + 1, sizeof(int16_t));
    for (i = 0; out && i < count; i++) {
        double at = (double)i * step, sum = 0, weight = 0;
        double first = ceil(at - HALF / cut), last = floor(at + HALF / cut), j;
        for (j = first < 0 ? 0 : first; j <= last && j < (double)in->count; j++) {
            double x = (at - j) * cut, sinc = fabs(x) < 1e-9 ? 1 : sin(pi * x) / (pi * x);
            double w = sinc * (0.5 + 0.5 * cos(pi * x / HALF)), mono = 0;
            uint32_t c;
            for (c = 0; c < in->channels; c++)
                mono += in->samples[(size_t)j * in->channels + c];
            sum += w * mono / in->channels;
            weight += w;
        }
        sum = weight > 0 ? sum / weight : 0;
        out[i] = (int16_t)(sum > 32767 ? 32767 : sum < -32768 ? -32768 : sum);
    }
    *out_count = blocks * BLOCK;
    return out;
}

/* The listener sends a data packet when it is subscribed: nothing that is said is missed. */
static void await_listener(stoa_channel *channel)
{
    stoa_event event = STOA_EVENT_INIT;
    uint32_t kind;
    do {
        stoa_status status = stoa_channel_poll_event(channel, PATIENCE_MS, &event);
        if (status == STOA_TIMED_OUT)
            fail("the listener", "it did not come");
        must(status);
        kind = event.kind;
        if (kind == STOA_EVENT_USER_JOINED)
            printf("speaker   sees %s join\n", event.user);
        must(stoa_event_free(&event));
    } while (kind != STOA_EVENT_DATA_RECEIVED);
}

/* A long message shares the connection with the voice, and must not be heard. */
static void send_story(stoa_channel *channel)
{
    static char text[STORY_BYTES + 1];
    stoa_message_options options = STOA_MESSAGE_OPTIONS_INIT;
    story(text);
    options.message_id = "story";
    must(stoa_channel_send_message(channel, text, STORY_BYTES, &options, NULL));
    printf("speaker   sends a message of %d bytes meanwhile\n", STORY_BYTES);
    fflush(stdout);
}

static void sleep_until(uint64_t time_us)
{
    uint64_t now = stoa_time_us();
    struct timespec rest;
    if (now >= time_us)
        return;
    rest.tv_sec = (time_t)((time_us - now) / 1000000);
    rest.tv_nsec = (long)((time_us - now) % 1000000 * 1000);
    nanosleep(&rest, NULL);
}

int main(int argc, char **argv)
{
    stoa_engine_options engine_options = STOA_ENGINE_OPTIONS_INIT;
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_engine *engine;
    stoa_channel *channel;
    wav voice = {0, 0, 0, NULL};
    wav_writer said;
    int16_t *samples;
    size_t count, at;
    uint64_t start;
    char path[1024];
    const char *why;
    FILE *times;

    if (argc != 6)
        fail(argv[0], "usage: speaker URL KEY SECRET voice.wav OUT_DIR");
    why = wav_read(argv[4], &voice);
    if (why)
        fail(argv[4], why);
    samples = prepare(&voice, &count);
    if (!samples)
        fail(argv[4], "out of memory");
    snprintf(path, sizeof path, "%s/said.wav", argv[5]);
    if (!wav_create(&said, path, RATE, 1) || !wav_append(&said, samples, count) || !wav_close(&said, RATE, 1))
        fail(path, "it cannot be written");
    snprintf(path, sizeof path, "%s/said.csv", argv[5]);
    times = fopen(path, "w");
    if (!times)
        fail(path, "it cannot be written");

    engine_options.url = argv[1];
    engine_options.app_id = argv[2];
    engine_options.app_certificate = argv[3];
    must(stoa_engine_new(&engine_options, &engine));
    options.name = "demo";
    options.user = "speaker";
    options.sample_rate = RATE;
    must(stoa_channel_new(engine, &options, &channel));
    start = stoa_time_us();
    must(stoa_channel_connect(channel, PATIENCE_MS));
    printf("speaker   joined in %.0f ms\n", (double)(stoa_time_us() - start) / 1000);
    await_listener(channel);
    printf("speaker   says %.1f s, a block of 20 ms every 20 ms\n", (double)count / RATE);
    fflush(stdout);

    start = stoa_time_us();
    for (at = 0; at < count; at += BLOCK) {
        sleep_until(start + (at + BLOCK) * 1000000 / RATE); /* a block is there when its last sample was spoken */
        fprintf(times, "%llu\n", (unsigned long long)stoa_time_us());
        must(stoa_channel_push_audio(channel, samples + at, BLOCK, -1, NULL));
        if (at == count / BLOCK / 2 * BLOCK)
            send_story(channel);
    }
    must(stoa_channel_wait_played(channel, PATIENCE_MS));
    sleep_until(stoa_time_us() + 500000); /* what has left shall also arrive before the stream ends */
    must(stoa_channel_free(channel));
    must(stoa_engine_free(engine));
    free(samples);
    free(voice.samples);
    if (fclose(times) != 0)
        fail(path, "it cannot be written");
    return 0;
}
