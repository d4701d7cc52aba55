/* wav.h - reads and writes WAV files, enough for the examples. C99, nothing but the standard library.
 *
 * Read: integer PCM of 8 to 32 bits and 32-bit float, any rate, any channels, chunks in any order. The sizes in the file are not
 * believed: nothing is read past its end, and a data chunk that claims more than there is (as a pipe writes it) gives what is there.
 * Written: 16-bit PCM; the sizes are put in when the file is closed.
 */
#ifndef WAV_H
#define WAV_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What was read: count * channels values, interleaved, on the heap. */
typedef struct wav {
    uint32_t rate, channels;
    size_t count;
    int16_t *samples;
} wav;

/* A file being written. */
typedef struct wav_writer {
    FILE *file;
    uint32_t bytes;
} wav_writer;

#define WAV_FILE_MAX (512u << 20)

static inline uint32_t wav_u16(const uint8_t *p) { return p[0] | (uint32_t)p[1] << 8; }
static inline uint32_t wav_u32(const uint8_t *p) { return wav_u16(p) | wav_u16(p + 2) << 16; }

/* One sample as 16 bits; the most significant two bytes of an integer are its last two. */
static inline int16_t wav_sample(const uint8_t *p, size_t bytes, int is_float)
{
    uint32_t bits;
    float value;
    if (!is_float)
        return (int16_t)(bytes == 1 ? ((int)p[0] - 128) * 256 : (int)(wav_u16(p + bytes - 2) ^ 0x8000u) - 0x8000);
    bits = wav_u32(p);
    memcpy(&value, &bits, sizeof value);
    value *= 32768.0f;
    return (int16_t)(value >= 32767.0f ? 32767 : value > -32768.0f ? value : value <= -32768.0f ? -32768 : 0); /* NaN is 0 */
}

/* The whole file on the heap, or NULL. */
static inline uint8_t *wav_bytes(const char *path, size_t *out_size, const char **out_why)
{
    size_t size = 0, room = 1 << 16;
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = file ? (uint8_t *)malloc(room) : NULL, *more;
    *out_why = file ? "out of memory" : "it cannot be opened";
    while (bytes) {
        size += fread(bytes + size, 1, room - size, file);
        if (size < room)
            break;
        more = room < WAV_FILE_MAX ? (uint8_t *)realloc(bytes, room * 2) : NULL;
        if (!more) {
            *out_why = "it is too large";
            free(bytes);
        }
        bytes = more;
        room *= 2;
    }
    if (file)
        fclose(file);
    *out_size = size;
    return bytes;
}

/* Reads a file; free(out->samples) afterwards. Returns NULL, or what is wrong with it. */
static inline const char *wav_read(const char *path, wav *out)
{
    const char *why;
    size_t size, at, i, fmt = 0, data = 0, data_size = 0, bytes;
    uint32_t format;
    uint8_t *file = wav_bytes(path, &size, &why);
    if (!file)
        return why;
    why = "it is no WAV file";
    if (size >= 12 && !memcmp(file, "RIFF", 4) && !memcmp(file + 8, "WAVE", 4)) {
        for (at = 12; size - at >= 8;) { /* chunks: a name, a size, that many bytes, and one more to an even number */
            size_t length = wav_u32(file + at + 4), left = size - at - 8;
            if (!memcmp(file + at, "fmt ", 4) && length >= 16 && left >= 16)
                fmt = at + 8;
            else if (!memcmp(file + at, "data", 4) && !data)
                data = at + 8, data_size = length < left ? length : left;
            if (length >= left)
                break;
            at += 8 + length + (length & 1 && length < left);
        }
        why = !fmt ? "it has no format chunk" : "it has no sound";
    }
    if (fmt && data) {
        format = wav_u16(file + fmt);
        if (format == 0xfffe && size - fmt >= 26) /* extensible: the format proper comes later */
            format = wav_u16(file + fmt + 24);
        out->channels = wav_u16(file + fmt + 2);
        out->rate = wav_u32(file + fmt + 4);
        bytes = (wav_u16(file + fmt + 14) + 7) / 8;
        why = "only PCM of 8 to 32 bits and 32-bit float are understood";
        if (out->channels && out->rate && ((format == 1 && bytes >= 1 && bytes <= 4) || (format == 3 && bytes == 4))) {
            out->count = data_size / (bytes * out->channels);
            out->samples = (int16_t *)malloc((out->count * out->channels + 1) * sizeof(int16_t));
            why = out->samples ? NULL : "out of memory";
            for (i = 0; out->samples && i < out->count * out->channels; i++)
                out->samples[i] = wav_sample(file + data + i * bytes, bytes, format == 3);
        }
    }
    free(file);
    return why;
}

static inline int wav_header(FILE *file, uint32_t rate, uint32_t channels, uint32_t bytes)
{
    const uint32_t values[] = {36 + bytes, 16, 1 | channels << 16, rate, rate * channels * 2, channels * 2 | 16u << 16, bytes};
    static const uint8_t place[] = {4, 16, 20, 24, 28, 32, 40};
    uint8_t header[44];
    size_t i;
    memcpy(header, "RIFF....WAVEfmt ", 16);
    memcpy(header + 36, "data", 4);
    for (i = 0; i < 28; i++)
        header[place[i / 4] + i % 4] = (uint8_t)(values[i / 4] >> 8 * (i % 4));
    return fwrite(header, 1, 44, file) == 44;
}

/* Begins a file; returns 0 where that fails. */
static inline int wav_create(wav_writer *out, const char *path, uint32_t rate, uint32_t channels)
{
    out->file = fopen(path, "wb+");
    out->bytes = 0;
    return out->file && wav_header(out->file, rate, channels, 0);
}

/* Appends values (samples times channels); returns 0 where that fails, or the file would be longer than its format allows. */
static inline int wav_append(wav_writer *out, const int16_t *values, size_t count)
{
    uint8_t bytes[2];
    for (; count; count--, values++, out->bytes += 2) {
        bytes[0] = (uint8_t)((uint16_t)*values & 0xff);
        bytes[1] = (uint8_t)((uint16_t)*values >> 8);
        if (out->bytes >= WAV_FILE_MAX || fwrite(bytes, 1, 2, out->file) != 2)
            return 0;
    }
    return 1;
}

/* Puts the sizes in and closes the file; returns 0 where that fails. */
static inline int wav_close(wav_writer *out, uint32_t rate, uint32_t channels)
{
    int done = fseek(out->file, 0, SEEK_SET) == 0 && wav_header(out->file, rate, channels, out->bytes);
    return fclose(out->file) == 0 && done;
}

#endif
