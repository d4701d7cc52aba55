// What the programs of the module rtc's rows about sound share: channels with queues of every kind, a talk spurt, a dump's file.

#ifndef SEED_SOUND_H
#define SEED_SOUND_H

#include "seed.h"
#include "voice.h"

static int16_t pcm[STOA_FRAME_SAMPLES_MAX];

static inline stoa_channel *with_options(const char *user, uint32_t send_ms, uint32_t send_policy, uint32_t receive_policy)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *made = NULL;
    options.name = "room";
    options.user = user;
    options.send_queue_ms = send_ms;
    options.send_policy = send_policy;
    options.receive_policy = receive_policy;
    options.eager = 1; // each frame as it was sent
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &made));
    return made;
}

static inline void is_pcm_audio_frame(const stoa_frame *frame)
{
    TRUE(frame->bytes_per_sample == 2 && frame->channels == 1 && frame->sample_rate == RATE);
    TRUE(frame->samples_per_channel > 0 && frame->samples_per_channel <= RATE / 1000 * 30);
    TRUE(frame->timestamp_us >= frame->arrival_us && frame->timestamp_us <= stoa_time_us());
    TRUE(frame->arrival_us > 0 || frame->origin != STOA_ORIGIN_DECODED);
    TRUE(frame->level <= 127 && frame->voice_probability >= 0.0 && frame->voice_probability <= 1.0);
    TRUE(frame->level <= 70 || frame->voice_probability == 0.0);
}

// Reads until the speaker's talk spurt is over, and counts.
typedef struct spurt {
    int frames, decoded, voice, speech[4];
    uint32_t loudest, quietest; // levels of decoded frames
} spurt;

static inline spurt read_spurt(stoa_stream *stream)
{
    spurt spurt = {0, 0, 0, {0, 0, 0, 0}, 127, 0};
    stoa_frame frame = STOA_FRAME_INIT;
    stoa_status status = STOA_OK;
    // A lost end of the spurt does not come; nothing else takes so long.
    for (int late = 0; late < 10;) {
        status = stoa_stream_read(stream, spurt.frames == 0 ? LONG : 500, pcm, STOA_FRAME_SAMPLES_MAX, &frame);
        if (status != STOA_OK) {
            late++;
            continue;
        }
        is_pcm_audio_frame(&frame);
        spurt.frames++;
        spurt.speech[frame.speech & 3]++;
        if (frame.origin == STOA_ORIGIN_SILENCE)
            break;
        if (frame.origin != STOA_ORIGIN_DECODED)
            continue;
        spurt.decoded++;
        spurt.voice += frame.voice_probability > 0.5;
        spurt.loudest = frame.level < spurt.loudest ? frame.level : spurt.loudest;
        spurt.quietest = frame.level > spurt.quietest ? frame.level : spurt.quietest;
    }
    return spurt;
}

static inline size_t louder_than(int level, const wav *file)
{
    size_t count = 0;
    for (size_t i = 0; i < file->count; i++)
        count += abs(file->samples[i]) > level;
    return count;
}

// Whether it is a WAV file's head, whose sizes are right.
static inline int is_whole(const uint8_t *bytes, size_t size)
{
    return bytes != NULL && size > 44 && memcmp(bytes, "RIFF", 4) == 0 && wav_u32(bytes + 4) == size - 8 &&
           memcmp(bytes + 36, "data", 4) == 0 && wav_u32(bytes + 40) == size - 44;
}

// A whole WAV file whose sizes are right, and with so many samples that are louder than `level`; it is removed. The caller frees its
// samples. A dump's end waits one second for the disk; a busy machine may write on after that, and is waited for, 20 s at most.
static inline wav file_of(const char *directory, const char *name, int level, size_t least)
{
    wav read = {0, 0, 0, NULL};
    const char *why;
    char path[4096];
    int whole = 0;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    for (int tries = 0; tries < 2000 && !whole; tries++) {
        size_t size = 0;
        uint8_t *bytes = wav_bytes(path, &size, &why);
        whole = is_whole(bytes, size);
        free(bytes);
        free(read.samples);
        read.samples = NULL;
        whole = whole && wav_read(path, &read) == NULL && read.count * 2 == size - 44 && louder_than(level, &read) >= least;
        if (!whole)
            rest(10);
    }
    TRUE(whole && read.rate == RATE && read.channels == 1);
    remove(path);
    return read;
}

#endif
