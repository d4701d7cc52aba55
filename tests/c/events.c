// Every kind of event: one conversation brings all of them about, and each is seen by a listener of its name and by one for once.

#define _POSIX_C_SOURCE 200809L
#define EAGER 1
#define LOUD 12000
#include "listening.h"
#include "service.h"
#include "voice.h"

enum { ADA, BOB }; // ada speaks, bob hears

// Who has to see it.
static const int seen_by[KINDS + 1] = {
    [STOA_EVENT_CONNECTION_STATE_CHANGED] = BOB,
    [STOA_EVENT_USER_JOINED] = BOB,
    [STOA_EVENT_USER_LEFT] = BOB,
    [STOA_EVENT_AUDIO_SUBSCRIBE_STATE_CHANGED] = BOB,
    [STOA_EVENT_USER_MUTED] = BOB,
    [STOA_EVENT_STREAM_ENDED] = BOB,
    [STOA_EVENT_PLAYED] = ADA,
    [STOA_EVENT_DATA_RECEIVED] = BOB,
    [STOA_EVENT_OVERFLOW] = ADA,
    [STOA_EVENT_USER_SPEAKING] = BOB,
    [STOA_EVENT_STREAM_MESSAGE] = BOB,
    [STOA_EVENT_STREAM_MESSAGE_ERROR] = BOB,
    [STOA_EVENT_MESSAGE_SENT] = ADA,
    [STOA_EVENT_TOKEN_WILL_EXPIRE] = ADA,
    [STOA_EVENT_STARVING] = ADA,
    [STOA_EVENT_STREAM_OVERFLOW] = BOB,
    [STOA_EVENT_SPEECH_STARTED] = BOB,
    [STOA_EVENT_SPEECH_ENDED] = BOB,
    [STOA_EVENT_USER_METADATA_CHANGED] = ADA,
    [STOA_EVENT_USER_ATTRIBUTES_CHANGED] = ADA,
    [STOA_EVENT_CONNECTION_QUALITY_CHANGED] = BOB,
    [STOA_EVENT_ROOM_METADATA_CHANGED] = BOB,
    [STOA_EVENT_RPC_CALLED] = BOB,
    [STOA_EVENT_RPC_ANSWERED] = ADA,
    [STOA_EVENT_MICROPHONE_MUTED] = ADA,
    [STOA_EVENT_PERMISSIONS_CHANGED] = BOB,
    [STOA_EVENT_USER_NAME_CHANGED] = ADA,
};

static record all[2][KINDS + 1], first[2][KINDS + 1];
static stoa_engine *engine;
static stoa_channel *ada, *bob;
static uint64_t began;

static void comes(uint32_t kind)
{
    int who = seen_by[kind];
    if (await(&all[who][kind].calls, 1) && await(&first[who][kind].calls, 1))
        return;
    printf("%s does not come\n", stoa_event_name(kind));
    failures++;
}

static void join_with_a_token_that_ends_soon(void)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    static char token[2048];
    EXPECT(STOA_OK, NULL, stoa_token_build_rtc(APP, CERTIFICATE, "room", "ada", 29, token, sizeof token, NULL));
    options.name = "room";
    options.user = "ada";
    options.token = token;
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &ada));
    bob = new_channel(engine, "bob");
    for (uint32_t kind = 1; kind <= KINDS; kind++)
        for (int who = ADA; who <= BOB; who++) {
            listen_to(&all[who][kind], who == ADA ? ada : bob, stoa_event_name(kind), 0);
            listen_to(&first[who][kind], who == ADA ? ada : bob, stoa_event_name(kind), 1);
        }
    EXPECT(STOA_OK, NULL, stoa_channel_connect(bob, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(ada, 20000));
    comes(STOA_EVENT_TOKEN_WILL_EXPIRE);
    EXPECT(STOA_OK, NULL, stoa_token_build_rtc(APP, CERTIFICATE, "room", "ada", 3600, token, sizeof token, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_renew_token(ada, token));
    comes(STOA_EVENT_USER_JOINED);
}

// Sound that is heard and not read, and that comes too late once.
static void speak_and_starve(void)
{
    stoa_vad_options vad = STOA_VAD_OPTIONS_INIT;
    EXPECT(STOA_OK, NULL, stoa_channel_set_vad(bob, &vad));
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe(bob, "ada", 20000));
    // A busy machine may tear a voice apart, so that no speech is found in it; one time it does not.
    for (int i = 0; i < 10 && get(&all[BOB][STOA_EVENT_SPEECH_ENDED].calls) == 0; i++) {
        say(ada, 4000);
        EXPECT(STOA_OK, NULL, stoa_channel_mark(ada, 1));
        TRUE(await(&all[ADA][STOA_EVENT_PLAYED].calls, i + 1));
        within(3000, &all[BOB][STOA_EVENT_SPEECH_ENDED].calls, 1);
    }
    comes(STOA_EVENT_SPEECH_ENDED);
    // The machine may be too slow for a gap that is no pause; one time it is not.
    for (int i = 0; i < 50 && get(&all[ADA][STOA_EVENT_STARVING].calls) == 0; i++) {
        uint64_t queued = 1;
        speak(ada, 60);
        while (queued > 0 && stoa_channel_queued(ada, &queued) == STOA_OK)
            rest(5);
        rest(60);
        speak(ada, 60);
        within(200, &all[ADA][STOA_EVENT_STARVING].calls, 1);
    }
}

static void converse(void)
{
    static const char bad[] = "{\"msg_id\": \"x\", \"part_idx\": 9, \"total_parts\": 2, \"content\": \"\"}";
    EXPECT(STOA_OK, NULL, stoa_channel_send_message(ada, "hello", 5, NULL, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_send_data(ada, "x", 1, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_send_data(ada, bad, sizeof bad - 1, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_rpc_register(bob, "sleep"));
    EXPECT(STOA_OK, NULL, stoa_channel_rpc_call(ada, "bob", "sleep", NULL, 1000, NULL)); // nobody answers
    EXPECT(STOA_OK, NULL, stoa_channel_set_user_info(bob, "Bob", "about bob", "{\"seat\": \"3\"}", 20000));
}

// What an administrator does; the microphone is muted by ada herself before.
static void administer(void)
{
    static char info[65536], body[512];
    const char *track;
    EXPECT(STOA_OK, NULL, stoa_channel_mute(ada, 1));
    comes(STOA_EVENT_USER_MUTED);
    EXPECT(STOA_OK, NULL, stoa_channel_mute(ada, 0));
    TRUE(await(&all[BOB][STOA_EVENT_USER_MUTED].calls, 2));
    EXPECT(STOA_OK, NULL, stoa_channel_user_info(ada, NULL, info, sizeof info, NULL));
    track = strstr(info, "\"TR_");
    TRUE(track != NULL);
    snprintf(body, sizeof body, "{\"room\": \"room\", \"identity\": \"ada\", \"muted\": true, \"track_sid\": %.*s}",
             track == NULL ? 0 : (int)strcspn(track, ",}"), track == NULL ? "" : track);
    service(engine, "MutePublishedTrack", body);
    service(engine, "UpdateRoomMetadata", "{\"room\": \"room\", \"metadata\": \"about the room\"}");
    service(engine, "UpdateParticipant",
            "{\"room\": \"room\", \"identity\": \"bob\", \"permission\": {\"can_subscribe\": true, \"can_publish\": true}}");
}

// Events that nobody takes run over, and who listens to that alone is told.
static void run_over(void)
{
    EXPECT(STOA_OK, NULL, stoa_channel_connect(ada, 20000));
    for (uint32_t kind = 1; kind <= KINDS; kind++)
        if (kind != STOA_EVENT_OVERFLOW)
            EXPECT(STOA_OK, NULL, stoa_channel_off(ada, all[ADA][kind].listener));
    for (uint64_t mark = 0; mark < 1200;)
        if (stoa_channel_mark(ada, mark) == STOA_OK)
            mark++;
        else
            rest(1);
    comes(STOA_EVENT_OVERFLOW);
}

static void seen(const record *all, const record *first, uint32_t kind, int has_to)
{
    TRUE(all->calls == 0 || (all->kind == kind && all->time_us >= began && all->time_us <= stoa_time_us()));
    TRUE(first->calls == (all->calls > 0) && (first->calls == 0 || first->kind == kind));
    TRUE(all->calls > 0 || !has_to);
}

int main(void)
{
    stoa_event event = STOA_EVENT_INIT;
    stoa_stream *unread = NULL;
    began = stoa_time_us();
    engine = new_engine();
    join_with_a_token_that_ends_soon();
    EXPECT(STOA_OK, NULL, stoa_channel_stream(bob, "ada", &unread));
    speak_and_starve();
    converse();
    administer();
    for (uint32_t kind = 1; kind <= KINDS; kind++)
        if (kind != STOA_EVENT_OVERFLOW && kind != STOA_EVENT_USER_LEFT && kind != STOA_EVENT_STREAM_ENDED)
            comes(kind);
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(ada, 20000));
    comes(STOA_EVENT_STREAM_ENDED);
    comes(STOA_EVENT_USER_LEFT);
    // There is a listener for everything, so polling sees nothing.
    EXPECT(STOA_TIMED_OUT, NULL, stoa_channel_poll_event(bob, 50, &event));
    run_over();
    EXPECT(STOA_OK, NULL, stoa_stream_free(unread));
    EXPECT(STOA_OK, NULL, stoa_channel_free(ada));
    EXPECT(STOA_OK, NULL, stoa_channel_free(bob));
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
    for (int who = ADA; who <= BOB; who++)
        for (uint32_t kind = 1; kind <= KINDS; kind++) {
            over(&all[who][kind]);
            over(&first[who][kind]);
            seen(&all[who][kind], &first[who][kind], kind, who == seen_by[kind]);
        }
    printf("%d failures\n", failures);
    return failures != 0;
}
