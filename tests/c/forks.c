// A child that inherits a used library: every call answers at once, and its exit does not lock up. The parent goes on.

#define _POSIX_C_SOURCE 200809L
#include "expect.h"

#include <sys/wait.h>
#include <unistd.h>

static stoa_engine *engine;
static stoa_channel *channel;
static stoa_stream *stream;

static void start(void)
{
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_channel_options channel_options = STOA_CHANNEL_OPTIONS_INIT;
    options.app_id = "app";
    channel_options.name = "room";
    EXPECT(STOA_OK, NULL, stoa_engine_new(&options, &engine));
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &channel_options, &channel));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_mixed_stream(channel, &stream));
}

static void finish(void)
{
    EXPECT(STOA_OK, NULL, stoa_stream_free(stream));
    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
}

static void refused(void)
{
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_event event = STOA_EVENT_INIT;
    stoa_frame frame = STOA_FRAME_INIT;
    int16_t pcm[480] = {0};
    char text[256];
    uint32_t state;
    stoa_engine *other = NULL;
    options.app_id = "app";
    EXPECT(STOA_ERROR_CLOSED, "forked", stoa_engine_new(&options, &other));
    EXPECT(STOA_ERROR_CLOSED, "forked", stoa_engine_url(engine, text, sizeof text, NULL));
    EXPECT(STOA_ERROR_CLOSED, "forked", stoa_channel_state(channel, &state));
    EXPECT(STOA_ERROR_CLOSED, "forked", stoa_channel_connect(channel, -1));
    EXPECT(STOA_ERROR_CLOSED, "forked", stoa_channel_disconnect(channel, -1));
    EXPECT(STOA_ERROR_CLOSED, "forked", stoa_channel_push_audio(channel, pcm, 480, -1, NULL));
    EXPECT(STOA_ERROR_CLOSED, "forked", stoa_channel_wait_played(channel, -1));
    EXPECT(STOA_ERROR_CLOSED, "forked", stoa_channel_poll_event(channel, -1, &event));
    EXPECT(STOA_ERROR_CLOSED, "forked", stoa_stream_read(stream, -1, pcm, 480, &frame));
    EXPECT(STOA_ERROR_CLOSED, "forked", stoa_log_set(STOA_LOG_DEBUG, NULL, NULL, NULL));
    EXPECT(STOA_ERROR_CLOSED, "forked", stoa_stream_free(stream));
    EXPECT(STOA_ERROR_CLOSED, "forked", stoa_channel_free(channel));
    EXPECT(STOA_ERROR_CLOSED, "forked", stoa_engine_free(engine));
    EXPECT(STOA_OK, NULL, stoa_engine_free(NULL));
}

// What a child does, and its exit, within 20 s.
static void in_child(void (*work)(void))
{
    int status = 0;
    pid_t child;
    fflush(stdout);
    child = fork();
    if (child == 0) {
        alarm(20);
        work();
        exit(failures != 0);
    }
    TRUE(waitpid(child, &status, 0) == child);
    TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void use(void)
{
    start();
    finish();
}

int main(void)
{
    stoa_event event = STOA_EVENT_INIT;
    in_child(use); // forked before the first use
    start();
    in_child(refused);
    EXPECT(STOA_OK, NULL, stoa_channel_poll_event(channel, 20000, &event));
    EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 20000));
    finish();
    printf("%d failures\n", failures);
    return failures != 0;
}
