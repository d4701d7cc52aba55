/* speakers.c - one thread hears many speakers, each as PCM of its own: epoll on the descriptors of their streams. Linux.
 * cc -std=c99 speakers.c -lstoa -lm -o speakers && ./speakers [how many, 8] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <stoa.h>
#include <sys/epoll.h>

#define RATE 16000
#define SPEAKERS_MAX 64

/* What one speaker says, and what was heard of it. */
typedef struct speaker {
    stoa_channel *channel;
    stoa_stream *stream;
    char name[24];
    unsigned hertz, samples, crossings;
    int16_t last;
} speaker;

/* Of how many there is more than a second. */
static int heard;

static void must(stoa_status status)
{
    if (status >= STOA_OK)
        return;
    fprintf(stderr, "%s: %s\n", stoa_status_text(status), stoa_last_error());
    exit(1);
}

static stoa_channel *join(stoa_engine *engine, const char *user, uint32_t subscribe_all)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *channel;
    options.name = "forum";
    options.user = user;
    options.sample_rate = RATE;
    options.subscribe_all = subscribe_all;
    must(stoa_channel_new(engine, &options, &channel));
    must(stoa_channel_connect(channel, -1));
    return channel;
}

/* Takes what there is, without waiting, and counts how often the sound that was sent crosses zero. */
static void hear(speaker *who)
{
    static int16_t samples[STOA_FRAME_SAMPLES_MAX];
    stoa_frame frame = STOA_FRAME_INIT;
    stoa_status status;
    uint32_t i;
    while ((status = stoa_stream_read(who->stream, 0, samples, STOA_FRAME_SAMPLES_MAX, &frame)) == STOA_OK) {
        if (frame.level > 40 || frame.origin > STOA_ORIGIN_RECOVERED)
            continue;
        for (i = 0; i < frame.samples_per_channel; i++) {
            who->crossings += (samples[i] < 0) != (who->last < 0);
            who->last = samples[i];
        }
        heard += who->samples <= RATE && who->samples + frame.samples_per_channel > RATE;
        who->samples += frame.samples_per_channel;
    }
    must(status);
}

int main(int argc, char **argv)
{
    static speaker speakers[SPEAKERS_MAX];
    static int16_t tone[4 * RATE];
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_engine *engine;
    stoa_channel *listener;
    struct epoll_event ready[SPEAKERS_MAX], interest;
    uint64_t end;
    int32_t descriptor;
    int count = argc > 1 ? atoi(argv[1]) : 8, epoll = epoll_create1(0), i, n, right = 0;

    if (count < 1 || count > SPEAKERS_MAX || epoll < 0) {
        fprintf(stderr, "usage: %s [how many speakers, 1 to %d]\n", argv[0], SPEAKERS_MAX);
        return 2;
    }
    options.app_id = "speakers";
    must(stoa_engine_new(&options, &engine));
    for (i = 0; i < count; i++) {
        snprintf(speakers[i].name, sizeof speakers[i].name, "speaker%d", i);
        speakers[i].channel = join(engine, speakers[i].name, 0);
    }
    listener = join(engine, "listener", 1);
    for (i = 0; i < count; i++) {
        must(stoa_channel_stream(listener, speakers[i].name, &speakers[i].stream));
        must(stoa_stream_descriptor(speakers[i].stream, &descriptor));
        interest.events = EPOLLIN;
        interest.data.ptr = &speakers[i];
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &interest) != 0)
            return perror("epoll_ctl"), 1;
    }
    for (i = 0; i < count; i++) { /* four seconds of a tone each, all at once: they leave in real time */
        speakers[i].hertz = 200 + 50 * (unsigned)i;
        for (n = 0; n < 4 * RATE; n++) /* a sine: what a codec does to overtones adds crossings */
            tone[n] = (int16_t)(4000.0 * sin(6.283185307179586 * speakers[i].hertz * n / RATE));
        must(stoa_channel_push_audio(speakers[i].channel, tone, 4 * RATE, -1, NULL));
    }
    for (end = stoa_time_us() + 20000000; heard < count && stoa_time_us() < end;)
        for (n = epoll_wait(epoll, ready, SPEAKERS_MAX, 100), i = 0; i < n; i++)
            hear((speaker *)ready[i].data.ptr);

    for (i = 0; i < count; i++) {
        double hertz = speakers[i].samples ? speakers[i].crossings * 0.5 * RATE / speakers[i].samples : 0.0;
        printf("%-10s said %u Hz; heard %4.2f s of %.0f Hz\n", speakers[i].name, speakers[i].hertz,
               speakers[i].samples / (double)RATE, hertz);
        right += speakers[i].samples > RATE && hertz > speakers[i].hertz - 24.0 && hertz < speakers[i].hertz + 24.0;
        must(stoa_stream_free(speakers[i].stream));
        must(stoa_channel_free(speakers[i].channel));
    }
    must(stoa_channel_free(listener));
    must(stoa_engine_free(engine));
    printf("%d of %d were heard, each alone\n", right, count);
    return right == count ? 0 : 1;
}
