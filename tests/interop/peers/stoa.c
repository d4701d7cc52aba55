// Stoa's client as a puppet: tests/interop/puppet.rs says how it is told what to do, tests/interop/features.rs what there is to do.

#define _GNU_SOURCE
#include "stoa.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 24000, FRAME = RATE / 50, PATIENCE_MS = 15000 };

static stoa_engine *engine;
static stoa_channel *channel;
static char given[4096];
// A stream that stays open, by "keep".
static stoa_stream *kept;
// What the speaking thread speaks, Hz; 0: nothing. Written under the lock.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static double hertz;

// One line; the words that go in have no line ends.
static void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    flockfile(stdout);
    vprintf(format, arguments);
    putchar('\n');
    fflush(stdout);
    funlockfile(stdout);
    va_end(arguments);
}

static void hex(const uint8_t *data, size_t length, char *out)
{
    for (size_t i = 0; i < length; i++)
        sprintf(out + 2 * i, "%02x", data[i]);
}

static const char *why(uint32_t reason)
{
    switch (reason) {
    case STOA_REASON_REQUESTED: return "requested";
    case STOA_REASON_DUPLICATE_IDENTITY: return "duplicate";
    case STOA_REASON_REMOVED: return "removed";
    case STOA_REASON_ROOM_CLOSED: return "room closed";
    default: return "other";
    }
}

static const char *quality(uint32_t state)
{
    static const char *const names[] = { "unknown", "lost", "poor", "good", "excellent" };
    return state <= STOA_QUALITY_EXCELLENT ? names[state] : "?";
}

// The method "greet", which knows everybody but nobody.
static void greet(stoa_channel *its, const stoa_event *event)
{
    char answer[512];
    if (event->data_length == 6 && memcmp(event->data, "nobody", 6) == 0) {
        stoa_channel_rpc_fail(its, event->id, 101, "there is nobody");
        return;
    }
    snprintf(answer, sizeof answer, "%.*s greets %s", (int)event->data_length, (const char *)event->data, event->user);
    stoa_channel_rpc_answer(its, event->id, answer);
}

static void on_event(stoa_channel *its, const stoa_event *event, void *user_data)
{
    char *text;
    (void)user_data;
    switch (event->kind) {
    case STOA_EVENT_USER_JOINED:
        say("event\tjoined\t%s", event->user);
        break;
    case STOA_EVENT_USER_LEFT:
        say("event\tleft\t%s", event->user);
        break;
    case STOA_EVENT_USER_MUTED:
        say("event\tmuted\t%s\t%d", event->user, event->flags & STOA_EVENT_FLAG_MUTED ? 1 : 0);
        break;
    case STOA_EVENT_USER_SPEAKING:
        if (event->flags & STOA_EVENT_FLAG_SPEAKING)
            say("event\tspeaking\t%s", event->user);
        break;
    case STOA_EVENT_DATA_RECEIVED:
        say("event\tdata\t%s\t%s\t%s\t%.*s", event->user, event->topic,
            event->flags & STOA_EVENT_FLAG_RELIABLE ? "reliable" : "lossy", (int)event->data_length, (const char *)event->data);
        break;
    case STOA_EVENT_STREAM_MESSAGE:
        text = calloc(2, event->data_length + 1);
        if (text == NULL)
            abort();
        if (event->format == STOA_FORMAT_BYTES)
            hex(event->data, event->data_length, text);
        else if (event->data_length > 0)
            memcpy(text, event->data, event->data_length);
        say("event\t%s\t%s\t%s\t%s", event->format == STOA_FORMAT_BYTES ? "bytes" : "text", event->user, event->topic, text);
        free(text);
        break;
    case STOA_EVENT_USER_NAME_CHANGED:
        say("event\tname\t%s\t%.*s", event->user, (int)event->data_length, (const char *)event->data);
        break;
    case STOA_EVENT_USER_METADATA_CHANGED:
        say("event\tmetadata\t%s\t%.*s", event->user, (int)event->data_length, (const char *)event->data);
        break;
    case STOA_EVENT_USER_ATTRIBUTES_CHANGED:
        say("event\tattributes\t%s\t%.*s", event->user, (int)event->data_length, (const char *)event->data);
        break;
    case STOA_EVENT_CONNECTION_QUALITY_CHANGED:
        say("event\tquality\t%s\t%s", event->user, quality(event->new_state));
        break;
    case STOA_EVENT_RPC_CALLED:
        greet(its, event);
        break;
    case STOA_EVENT_CONNECTION_STATE_CHANGED:
        if (event->old_state == STOA_STATE_CONNECTED && event->new_state == STOA_STATE_RECONNECTING)
            say("event\treconnecting");
        if (event->old_state == STOA_STATE_RECONNECTING && event->new_state == STOA_STATE_CONNECTED)
            say("event\treconnected");
        if (event->new_state == STOA_STATE_DISCONNECTED || event->new_state == STOA_STATE_FAILED)
            say("event\tclosed\t%s\t%s", why(event->reason), event->text);
        break;
    }
}

// Says how the command went.
static void answer(stoa_status status)
{
    if (status == STOA_OK)
        say("ok");
    else if (status > 0)
        say("failed\t%s", stoa_status_text(status)); // Nothing is wrong, so there is no sentence of it either.
    else
        say("failed\t%s: %s", stoa_status_text(status), stoa_last_error());
}

static void close_all(void)
{
    stoa_channel *old = channel;
    pthread_mutex_lock(&lock);
    hertz = 0;
    channel = NULL;
    pthread_mutex_unlock(&lock);
    stoa_stream_free(kept);
    kept = NULL;
    stoa_channel_free(old);
    stoa_engine_free(engine);
    engine = NULL;
}

static stoa_status join(const char *url, const char *token)
{
    stoa_engine_options engine_options = STOA_ENGINE_OPTIONS_INIT;
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *made = NULL;
    stoa_status status;
    close_all();
    snprintf(given, sizeof given, "%s", token);
    engine_options.app_id = "app";
    engine_options.url = url;
    options.name = "hall";
    options.token = token;
    options.subscribe_all = 1;
    if ((status = stoa_engine_new(&engine_options, &engine)) != STOA_OK)
        return status;
    if ((status = stoa_channel_new(engine, &options, &made)) != STOA_OK)
        return status;
    pthread_mutex_lock(&lock);
    channel = made;
    pthread_mutex_unlock(&lock);
    if ((status = stoa_channel_set_event_callback(channel, on_event, NULL, NULL)) != STOA_OK)
        return status;
    if ((status = stoa_channel_rpc_register(channel, "greet")) != STOA_OK)
        return status;
    return stoa_channel_connect(channel, PATIENCE_MS);
}

// Pushes the tone as long as there is one: the queue paces it.
static void *speak(void *nothing)
{
    static int16_t pcm[FRAME];
    uint64_t at = 0;
    for (;;) {
        stoa_channel *now;
        double tone;
        pthread_mutex_lock(&lock);
        tone = hertz;
        now = channel;
        pthread_mutex_unlock(&lock);
        for (int i = 0; i < FRAME; i++)
            pcm[i] = (int16_t)(8000 * sin(2 * 3.14159265358979 * tone * (double)(at + (uint64_t)i) / RATE));
        at += FRAME;
        if (tone == 0 || stoa_channel_push_audio(now, pcm, FRAME, 1000, NULL) < 0) {
            struct timespec pause = { 0, 20000000 };
            nanosleep(&pause, NULL);
        }
    }
    return nothing;
}

// Two seconds of a stream; the last one is measured.
static void measure(stoa_stream *stream)
{
    static int16_t pcm[2 * RATE + STOA_FRAME_SAMPLES_MAX];
    stoa_stream_stats before = STOA_STREAM_STATS_INIT, after = STOA_STREAM_STATS_INIT;
    stoa_frame frame = STOA_FRAME_INIT;
    stoa_status status = STOA_OK;
    size_t count = 0;
    double square = 0, crossings = 0;
    while (status == STOA_OK && count < 2 * RATE) {
        status = stoa_stream_read(stream, PATIENCE_MS, pcm + count, STOA_FRAME_SAMPLES_MAX, &frame);
        // What the reception counted before this stream is known a moment after it was opened.
        if (status == STOA_OK && before.time_us == 0)
            status = stoa_stream_get_stats(stream, &before);
        else if (status == STOA_OK)
            count += frame.samples_per_channel;
    }
    if (status == STOA_OK)
        status = stoa_stream_get_stats(stream, &after);
    if (status != STOA_OK) {
        answer(status);
        return;
    }
    for (size_t i = count - RATE + 1; i < count; i++) {
        square += (double)pcm[i] * pcm[i];
        crossings += pcm[i - 1] < 0 && pcm[i] >= 0;
    }
    say("ok\t%.1f\t%.0f\t%" PRIu64 "\t%" PRIu64, crossings, sqrt(square / RATE),
        after.frames_recovered_copy - before.frames_recovered_copy, after.frames_concealed - before.frames_concealed);
}

static void hear(const char *user)
{
    stoa_stream *stream = NULL;
    stoa_status status = stoa_channel_subscribe(channel, user, PATIENCE_MS);
    if (status == STOA_OK)
        status = stoa_channel_stream(channel, user, &stream);
    if (status == STOA_OK)
        measure(stream);
    else
        answer(status);
    stoa_stream_free(stream);
}

// Opens a stream that stays open.
static stoa_status keep(const char *user)
{
    stoa_stream_free(kept);
    kept = NULL;
    return stoa_channel_stream(channel, user, &kept);
}

// What the kept stream has from now on.
static void hear_kept(void)
{
    static int16_t pcm[STOA_FRAME_SAMPLES_MAX];
    stoa_frame frame = STOA_FRAME_INIT;
    while (stoa_stream_read(kept, 0, pcm, STOA_FRAME_SAMPLES_MAX, &frame) == STOA_OK)
        ;
    measure(kept);
}

static stoa_status send_message(uint32_t format, const char *topic, const void *data, size_t length)
{
    stoa_message_options options = STOA_MESSAGE_OPTIONS_INIT;
    uint64_t ticket;
    stoa_status status;
    options.topic = topic;
    options.format = format;
    status = stoa_channel_send_message(channel, data, length, &options, &ticket);
    return status == STOA_OK ? stoa_channel_wait_sent(channel, ticket, PATIENCE_MS) : status;
}

static stoa_status send_bytes(const char *topic, const char *digits)
{
    size_t length = strlen(digits) / 2;
    uint8_t *bytes = malloc(length + 1);
    stoa_status status;
    if (bytes == NULL)
        abort();
    for (size_t i = 0; i < length; i++) {
        char pair[3] = { digits[2 * i], digits[2 * i + 1], 0 };
        bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    status = send_message(STOA_FORMAT_BYTES, topic, bytes, length);
    free(bytes);
    return status;
}

// What a method of another user answers.
static void call(const char *user, const char *method, const char *payload)
{
    static char text[16384];
    uint64_t ticket;
    uint32_t code = 0;
    stoa_status status = stoa_channel_rpc_call(channel, user, method, payload, 0, &ticket);
    if (status == STOA_OK)
        status = stoa_channel_rpc_wait(channel, ticket, PATIENCE_MS, &code, text, sizeof text, NULL);
    if (code != 0)
        say("ok\terror %" PRIu32, code);
    else if (status == STOA_OK)
        say("ok\t%s", text);
    else
        answer(status);
}

static void can(const char *what)
{
    if (strcmp(what, "film") == 0 || strcmp(what, "choose layers") == 0)
        say("none\tStoa's client is for sound alone");
    else if (strcmp(what, "push frames") == 0)
        say("none\tStoa's client has no data tracks");
    else
        say("ok");
}

static void obey(char *line)
{
    const char *words[4] = { "", "", "", "" };
    char token[4096], *rest = line;
    for (int i = 0; i < 4 && rest != NULL; i++)
        words[i] = strsep(&rest, "\t");
    if (strcmp(words[0], "join") == 0) {
        answer(join(words[1], words[2]));
    } else if (strcmp(words[0], "leave") == 0) {
        answer(stoa_channel_disconnect(channel, PATIENCE_MS));
    } else if (strcmp(words[0], "speak") == 0) {
        pthread_mutex_lock(&lock);
        hertz = strtod(words[1], NULL);
        pthread_mutex_unlock(&lock);
        say("ok");
    } else if (strcmp(words[0], "hear") == 0) {
        hear(words[1]);
    } else if (strcmp(words[0], "keep") == 0) {
        answer(keep(words[1]));
    } else if (strcmp(words[0], "hear-kept") == 0) {
        hear_kept();
    } else if (strcmp(words[0], "reconnect") == 0) {
        answer(stoa_channel_reconnect(channel));
    } else if (strcmp(words[0], "subscribed") == 0) {
        uint32_t state = 0;
        stoa_status status = stoa_channel_subscribe_state(channel, words[1], &state);
        if (status == STOA_OK)
            say("ok\t%" PRIu32, state);
        else
            answer(status);
    } else if (strcmp(words[0], "mute") == 0) {
        answer(stoa_channel_mute(channel, words[1][0] == '1'));
    } else if (strcmp(words[0], "subscribe") == 0) {
        answer(words[2][0] == '1' ? stoa_channel_subscribe(channel, words[1], PATIENCE_MS)
                                  : stoa_channel_unsubscribe(channel, words[1], PATIENCE_MS));
    } else if (strcmp(words[0], "data") == 0) {
        stoa_data_options options = STOA_DATA_OPTIONS_INIT;
        options.topic = words[2];
        options.lossy = strcmp(words[1], "lossy") == 0;
        answer(stoa_channel_send_data(channel, words[3], strlen(words[3]), &options));
    } else if (strcmp(words[0], "text") == 0) {
        answer(send_message(STOA_FORMAT_TEXT, words[1], words[2], strlen(words[2])));
    } else if (strcmp(words[0], "bytes") == 0) {
        answer(send_bytes(words[1], words[2]));
    } else if (strcmp(words[0], "token") == 0) {
        stoa_status status = stoa_channel_token(channel, token, sizeof token, NULL);
        if (status == STOA_OK)
            say("ok\t%s", strcmp(token, given) == 0 ? "given" : "refreshed");
        else
            answer(status);
    } else if (strcmp(words[0], "call") == 0) {
        call(words[1], words[2], words[3]);
    } else if (strcmp(words[0], "describe") == 0) {
        answer(stoa_channel_set_user_info(channel, words[1], words[2], words[3], PATIENCE_MS));
    } else if (strcmp(words[0], "simulate") == 0 || strcmp(words[0], "scenarios") == 0) {
        say("none\tStoa's client asks for no simulated faults");
    } else if (strcmp(words[0], "can") == 0) {
        can(words[1]);
    } else {
        say("failed\tno such command");
    }
}

int main(void)
{
    pthread_t speaker;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    pthread_create(&speaker, NULL, speak, NULL);
    while ((length = getline(&line, &capacity, stdin)) > 0) {
        line[strcspn(line, "\n")] = 0;
        obey(line);
    }
    free(line);
    close_all();
    return 0;
}
