// The rows of the module rtc about events, as far as they tell a state before and after, a time or a level. See seed.c.
// Times are compared with the events' own, generously: a machine may be busy in between.

#include "seed.h"
#include "voice.h"

enum { MS = 1000, SLACK = 250 * MS, SECOND = 1000 * MS };

static int near_to(uint64_t a, uint64_t b)
{
    return a <= b + SLACK && b <= a + SLACK;
}

// The next change of a state, and how long after the one before it came: as its elapsed_us says, and `least` or more.
static void changes(stoa_channel *channel, uint32_t kind, uint32_t from, uint32_t to, uint64_t *last_us, uint64_t least)
{
    stoa_event event = next(channel, kind);
    // Others may still be leaving.
    while (kind == STOA_EVENT_AUDIO_SUBSCRIBE_STATE_CHANGED && strcmp(event.user, "77") != 0) {
        stoa_event_free(&event);
        event = next(channel, kind);
    }
    if (event.old_state != from || event.new_state != to || event.elapsed_us < least ||
        (*last_us != 0 && !near_to(event.elapsed_us, event.time_us - *last_us))) {
        printf("%s: from %u to %u after %" PRIu64 ", not from %u to %u after %" PRIu64 " or more; %" PRIu64 " after the last\n",
               stoa_event_name(kind), (unsigned)event.old_state, (unsigned)event.new_state, event.elapsed_us, (unsigned)from,
               (unsigned)to, least, event.time_us - *last_us);
        failures++;
    }
    TRUE(event.time_us >= *last_us && event.time_us <= stoa_time_us());
    *last_us = event.time_us;
    stoa_event_free(&event);
}

static void connection_state_changed(void)
{
    const uint32_t kind = STOA_EVENT_CONNECTION_STATE_CHANGED;
    stoa_channel *cleo = channel_of("cleo", 0);
    uint64_t last_us = stoa_time_us(); // it is disconnected from now on
    rest(100);
    EXPECT(STOA_OK, NULL, stoa_channel_connect(cleo, LONG));
    changes(cleo, kind, 1, 2, &last_us, 100 * MS);
    changes(cleo, kind, 2, 3, &last_us, 1);
    rest(100);
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(cleo, LONG));
    changes(cleo, kind, 3, 1, &last_us, 100 * MS);
    EXPECT(STOA_OK, NULL, stoa_channel_connect(cleo, LONG));
    changes(cleo, kind, 1, 2, &last_us, 1);
    changes(cleo, kind, 2, 3, &last_us, 1);
    EXPECT(STOA_OK, NULL, stoa_channel_free(cleo));
}

// One user comes, is subscribed to and unsubscribed from, and leaves.
static void audio_subscribe_state_changed(void)
{
    const uint32_t kind = STOA_EVENT_AUDIO_SUBSCRIBE_STATE_CHANGED;
    uint64_t last_us = 0;
    uint32_t state = 9;
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe_state(ada, "77", &state));
    TRUE(state == 0);
    EXPECT(STOA_OK, NULL, stoa_channel_connect(bob, LONG));
    changes(ada, kind, 0, 1, &last_us, 0);
    rest(100);
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe(ada, "77", LONG));
    changes(ada, kind, 1, 2, &last_us, 100 * MS);
    changes(ada, kind, 2, 3, &last_us, 1);
    rest(100);
    EXPECT(STOA_OK, NULL, stoa_channel_unsubscribe(ada, "77", LONG));
    changes(ada, kind, 3, 1, &last_us, 100 * MS);
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe(ada, "77", LONG));
    changes(ada, kind, 1, 2, &last_us, 1);
    changes(ada, kind, 2, 3, &last_us, 1);
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(bob, LONG));
    changes(ada, kind, 3, 0, &last_us, 1);
    bob_comes();
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe(ada, "77", LONG));
}

// Pushes at most `tries` times with a gap, until one is told: a busy machine may make a pause of it.
static void starving(void)
{
    int told = 0;
    for (int tries = 0; tries < 50 && !told; tries++) {
        stoa_event event = STOA_EVENT_INIT;
        uint64_t began = stoa_time_us(), queued = 1;
        hum(bob, RATE / 10);
        while (queued > 0 && stoa_channel_queued(bob, &queued) == STOA_OK)
            rest(5);
        rest(100); // of which the last frame, 20 ms, is heard
        hum(bob, RATE / 10);
        while (!told && stoa_channel_poll_event(bob, 500, &event) == STOA_OK) {
            if (event.kind == STOA_EVENT_STARVING) {
                TRUE(event.elapsed_us >= 80 * MS && event.elapsed_us <= 500 * MS);
                TRUE(event.time_us >= began && event.elapsed_us <= event.time_us - began - 100 * MS); // all but what was said
                told = 1;
            }
            stoa_event_free(&event);
        }
        EXPECT(STOA_OK, NULL, stoa_channel_wait_played(bob, LONG));
    }
    TRUE(told);
}

static void token_will_expire(void)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *cleo = NULL;
    stoa_event event;
    uint64_t began, made, since;
    static char token[2048];
    began = stoa_time_us();
    EXPECT(STOA_OK, NULL, stoa_token_build_rtc(APP, CERTIFICATE, "room", "cleo", 20, token, sizeof token, NULL));
    made = stoa_time_us();
    options.name = "room";
    options.user = "cleo";
    options.token = token;
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &cleo));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(cleo, LONG));
    event = next(cleo, STOA_EVENT_TOKEN_WILL_EXPIRE);
    // It was made between the two, and a token's times are whole seconds.
    since = event.time_us - made;
    TRUE(event.elapsed_us + since <= 20 * SECOND + SLACK);
    since = event.time_us - began;
    TRUE(event.elapsed_us + since + SECOND + SLACK >= 20 * SECOND);
    stoa_event_free(&event);
    EXPECT(STOA_OK, NULL, stoa_channel_free(cleo));
}

// One voice, and whether it was told as one speech of its length.
static int is_told_as_one_speech(void)
{
    stoa_event event = STOA_EVENT_INIT;
    uint64_t started = 0;
    int speaks = 0, silent = 0, ended = 0, fits = 0;
    say(bob, 2000);
    while (!(silent && ended) && stoa_channel_poll_event(ada, 5000, &event) == STOA_OK) {
        int flag = (event.flags & STOA_EVENT_FLAG_SPEAKING) != 0;
        if (event.kind == STOA_EVENT_USER_SPEAKING) {
            // The voice is some 20 dB below the maximum.
            TRUE(strcmp(event.user, "77") == 0 && (flag ? event.level >= 10 && event.level <= 40 : event.level == 127));
            speaks |= flag;
            silent |= speaks && !flag;
        } else if (event.kind == STOA_EVENT_SPEECH_STARTED) {
            started = event.time_us;
        } else if (event.kind == STOA_EVENT_SPEECH_ENDED) {
            TRUE(started > 0 && event.time_us >= started);
            // From its beginning, which was found some blocks later, to its end, which is told half a second after the voice.
            fits = event.elapsed_us >= SECOND && event.elapsed_us <= 2 * SECOND + SLACK &&
                   (near_to(event.elapsed_us, event.time_us - started + SLACK) || near_to(event.elapsed_us, event.time_us - started));
            ended++;
        }
        stoa_event_free(&event);
    }
    return speaks && silent && ended == 1 && fits;
}

// What the server hears of a voice, and what voice detection does. A busy machine may tear a voice apart, or tell of it late; one time
// of ten it does not.
static void user_speaking_and_speech_ended(void)
{
    stoa_vad_options vad = STOA_VAD_OPTIONS_INIT;
    int told = 0;
    clear_events(ada, 0); // of what was said before
    EXPECT(STOA_OK, NULL, stoa_channel_set_vad(ada, &vad));
    for (int tries = 0; tries < 10 && !told; tries++) {
        told = is_told_as_one_speech();
        if (!told) {
            EXPECT(STOA_OK, NULL, stoa_channel_wait_played(bob, LONG));
            clear_events(ada, 3000);
        }
    }
    TRUE(told);
}

int main(void)
{
    engine = engine_of(NULL);
    connection_state_changed();
    ada = channel_of("ada", 0);
    bob = channel_of(NULL, 77);
    EXPECT(STOA_OK, NULL, stoa_channel_connect(ada, LONG));
    audio_subscribe_state_changed();
    starving();
    token_will_expire();
    user_speaking_and_speech_ended();
    return part();
}
