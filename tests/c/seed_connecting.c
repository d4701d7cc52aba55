// The rows of the module rtc about engines, connections and the log. See seed.c.

#include "seed.h"

#include <pthread.h>

static char text[4096];

static void rtc_engine(void)
{
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_engine *second = NULL;
    options.app_id = "";
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "app_id", stoa_engine_new(&options, &second));
    engine = engine_of(NULL);
    second = engine_of(NULL); // several in one process
    EXPECT(STOA_OK, NULL, stoa_engine_free(second));
}

static void frees_in_time(stoa_engine *freed)
{
    uint64_t began = stoa_time_us();
    EXPECT(STOA_OK, NULL, stoa_engine_free(freed));
    TRUE(stoa_time_us() - began < 8000000); // at most two seconds, and a busy machine's pauses
}

// Channels that wait for a server which took their connections and says nothing, and channels that are in a room.
static void create_channel_and_destroy(void)
{
    enum { LIVE = 4 };
    char url[64];
    int silent = port_of(LIVE, url, sizeof url);
    stoa_engine *offline = engine_of(url), *online = engine_of(NULL);
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *waiting[LIVE], *talking[LIVE];
    options.name = "room";
    for (int i = 0; i < LIVE; i++) {
        EXPECT(STOA_OK, NULL, stoa_channel_new(offline, &options, &waiting[i]));
        EXPECT(STOA_OK, NULL, stoa_channel_connect(waiting[i], 0));
        TRUE(accept(silent, NULL, NULL) >= 0); // left open
        EXPECT(STOA_OK, NULL, stoa_channel_new(online, &options, &talking[i]));
        EXPECT(STOA_OK, NULL, stoa_channel_connect(talking[i], LONG));
        hum(talking[i], RATE);
    }
    frees_in_time(offline);
    frees_in_time(online);
    for (int i = 0; i < LIVE; i++) {
        EXPECT(STOA_ERROR_CLOSED, NULL, stoa_channel_connect(waiting[i], 0));
        EXPECT(STOA_ERROR_CLOSED, NULL, stoa_channel_connect(talking[i], 0));
        EXPECT(STOA_OK, NULL, stoa_channel_free(waiting[i]));
        EXPECT(STOA_OK, NULL, stoa_channel_free(talking[i]));
    }
    close(silent);
}

static void connect_and_states(void)
{
    ada = channel_of("ada", 0);
    bob = channel_of(NULL, 77);
    expect_state(ada, 1);
    EXPECT(STOA_OK, NULL, stoa_channel_connect(ada, LONG));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(bob, 0)); // returns at once, and an event tells
    for (uint32_t state = 2; state <= 3; state++) {
        stoa_event event = next(bob, STOA_EVENT_CONNECTION_STATE_CHANGED);
        TRUE(event.old_state == state - 1 && event.new_state == state);
        stoa_event_free(&event);
    }
    expect_state(ada, 3);
    expect_state(bob, 3);
}

// A failed connect: state 5, by status, by event and by sentence. One that takes too long is given up.
static void fails(const char *url, const char *with, stoa_status status, uint32_t reason, const char *says)
{
    stoa_engine *there = engine_of(url);
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *channel = NULL;
    stoa_event event;
    options.name = "room";
    options.user = "ada";
    options.token = with;
    EXPECT(STOA_OK, NULL, stoa_channel_new(there, &options, &channel));
    EXPECT(status, says, stoa_channel_connect(channel, LONG));
    expect_state(channel, 5);
    EXPECT(STOA_OK, NULL, stoa_channel_last_error(channel, text, sizeof text, NULL));
    TRUE(strstr(text, says) != NULL);
    event = next(channel, STOA_EVENT_CONNECTION_STATE_CHANGED);
    TRUE(event.old_state == 1 && event.new_state == 2 && event.status == STOA_OK && event.text[0] == 0);
    stoa_event_free(&event);
    event = next(channel, STOA_EVENT_CONNECTION_STATE_CHANGED);
    TRUE(event.old_state == 2 && event.new_state == 5 && event.status == status && event.reason == reason);
    TRUE(strstr(event.text, says) != NULL);
    stoa_event_free(&event);
    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
    EXPECT(STOA_OK, NULL, stoa_engine_free(there));
}

static void connect_fails_at_state_5_and_says_why(void)
{
    char url[64];
    int refuses = port_of(0, url, sizeof url), silent;
    stoa_engine *there;
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *channel = NULL;
    static char other[2048];
    fails(url, NULL, STOA_ERROR_UNREACHABLE, STOA_REASON_UNREACHABLE, strrchr(url, ':') + 1);
    close(refuses);
    EXPECT(STOA_OK, NULL, stoa_token_build_rtc(APP, APP, "room", "ada", 60, other, sizeof other, NULL)); // not our certificate
    EXPECT(STOA_OK, NULL, stoa_engine_url(engine, url, sizeof url, NULL));
    fails(url, other, STOA_ERROR_BAD_TOKEN, STOA_REASON_BAD_TOKEN, "token");

    silent = port_of(1, url, sizeof url);
    there = engine_of(url);
    options.name = "room";
    EXPECT(STOA_OK, NULL, stoa_channel_new(there, &options, &channel));
    EXPECT(STOA_TIMED_OUT, NULL, stoa_channel_connect(channel, 300));
    wait_for_state(channel, 1); // the call itself waits half a second for it, which a busy machine may take
    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
    EXPECT(STOA_OK, NULL, stoa_engine_free(there));
    close(silent);
}

static void disconnect(void)
{
    stoa_channel *never = channel_of("never", 0);
    uint32_t state = 0;
    stoa_event event;
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(never, -1)); // before connect: at once
    EXPECT(STOA_OK, NULL, stoa_channel_free(never));
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(bob, LONG));
    EXPECT(STOA_OK, NULL, stoa_channel_state(bob, &state));
    TRUE(state == STOA_STATE_DISCONNECTED);
    event = next(ada, STOA_EVENT_USER_LEFT);
    TRUE(strcmp(event.user, "77") == 0 && event.reason == STOA_REASON_REQUESTED);
    stoa_event_free(&event);
}

// Guarded by a lock, since it runs on a thread of the library's.
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static int lines, bad_lines;

static void on_log(uint32_t level, const char *line, void *user_data)
{
    pthread_mutex_lock(&log_lock);
    lines++;
    bad_lines += level != STOA_LOG_ERROR && level != STOA_LOG_WARN;
    bad_lines += line[0] == 0 || strchr(line, '\n') != NULL || user_data != &lines;
    pthread_mutex_unlock(&log_lock);
}

static int lines_told(void)
{
    int told;
    pthread_mutex_lock(&log_lock);
    told = bad_lines == 0 ? lines : -1;
    pthread_mutex_unlock(&log_lock);
    return told;
}

// A refusal that nobody waits for is a warning: whoever has this token may not change what is told of them.
static stoa_channel *warned(void)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *cleo = NULL;
    EXPECT(STOA_OK, NULL, stoa_token_build_rtc(APP, CERTIFICATE, "room", "cleo", 60, text, sizeof text, NULL));
    options.name = "room";
    options.user = "cleo";
    options.token = text;
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &cleo));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(cleo, LONG));
    EXPECT(STOA_TIMED_OUT, NULL, stoa_channel_set_user_info(cleo, "Cleo", NULL, NULL, 0));
    return cleo;
}

static void the_logger(void)
{
    stoa_channel *cleo;
    int told;
    EXPECT(STOA_OK, NULL, stoa_log_set(STOA_LOG_WARN, on_log, &lines, NULL));
    cleo = warned();
    for (int tries = 0; tries < LONG / 10 && lines_told() == 0; tries++)
        rest(10);
    EXPECT(STOA_OK, NULL, stoa_log_set(STOA_LOG_OFF, NULL, NULL, NULL));
    told = lines_told();
    TRUE(told > 0);
    EXPECT(STOA_OK, NULL, stoa_channel_free(cleo));
    cleo = warned();
    EXPECT(STOA_OK, NULL, stoa_channel_free(cleo));
    TRUE(lines_told() == told); // off is off
}

int main(void)
{
    rtc_engine();
    create_channel_and_destroy();
    connect_and_states();
    connect_fails_at_state_5_and_says_why();
    disconnect();
    the_logger();
    return part();
}
