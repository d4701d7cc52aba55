// Every function of the header, with every argument that is wrong and in every state: its status and its sentence. It prints the rows
// of docs/misuse.md; see table.h for what is checked of each. One file a noun: a new function has its rows there, and a line in
// every.h. The argument "quick" leaves out what valgrind cannot do, or not in time: callbacks that block, as many handles as there can
// be, and a process without descriptors.

#define _GNU_SOURCE
#include "../every.h"
#include "table.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static stoa_channel *bob; // the other user

static void pause_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static stoa_engine *engine_of(const char *url)
{
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_engine *made = NULL;
    options.app_id = "key";
    options.app_certificate = "secret";
    options.url = url;
    options.threads = 1;
    EXPECT(STOA_OK, NULL, stoa_engine_new(&options, &made));
    return made;
}

static stoa_channel *channel_of(const char *user)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *made = NULL;
    options.name = "room";
    options.user = user;
    // So long it waits for a server that went away: a busy machine comes to all rows of that state meanwhile.
    options.reconnect_timeout_ms = 20000;
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &made));
    return made;
}

static void speak(stoa_channel *speaker, size_t ms)
{
    static int16_t pcm[24 * 5000];
    for (size_t i = 0; i < ms * 24; i++)
        pcm[i] = i / 60 % 2 ? 3000 : -3000;
    EXPECT(STOA_OK, NULL, stoa_channel_push_audio(speaker, pcm, ms * 24, 0, NULL));
}

static void wait_for(uint32_t kind, uint32_t new_state, const char *user)
{
    stoa_event event = STOA_EVENT_INIT;
    int found = 0;
    while (!found && stoa_channel_poll_event(channel, 40000, &event) == STOA_OK) {
        found = event.kind == kind && (new_state == 0 || event.new_state == new_state) && strcmp(event.user, user) == 0;
        stoa_event_free(&event);
    }
    TRUE(found);
}

static void wait_for_user(const char *user)
{
    wait_for(STOA_EVENT_USER_JOINED, 0, user);
}

#include "values.c"

#include "engine.c"

#include "token.c"

#include "server.c"

#include "channel.c"

#include "channel_audio.c"

#include "channel_users.c"

#include "channel_people.c"

#include "channel_rpc.c"

#include "channel_data.c"

#include "channel_messages.c"

#include "channel_events.c"

#include "channel_listening.c"

#include "stream.c"

#include "busy.c"

static void state_rows(enum state now);

#include "connect.c"

// One wrong handle of each sort for each noun.
static void wrong_handles(void)
{
    stoa_server_options options = STOA_SERVER_OPTIONS_INIT;
    stoa_server *freed_server = NULL;
    stoa_channel *closed_channel, *freed_channel = channel_of("cleo");
    stoa_stream *closed_stream = NULL, *freed_stream = NULL;
    stoa_engine *good = engine, *freed_engine;
    options.keys = "key:secret";
    EXPECT(STOA_OK, NULL, stoa_server_new(&options, &freed_server));
    EXPECT(STOA_OK, NULL, stoa_server_free(freed_server));
    EXPECT(STOA_OK, NULL, stoa_channel_mixed_stream(freed_channel, &freed_stream));
    EXPECT(STOA_OK, NULL, stoa_stream_free(freed_stream));
    EXPECT(STOA_OK, NULL, stoa_channel_free(freed_channel));
    engine = freed_engine = engine_of(NULL);
    closed_channel = channel_of("dan");
    EXPECT(STOA_OK, NULL, stoa_channel_mixed_stream(closed_channel, &closed_stream));
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
    engine = good;
    nouns[ENGINE].freed = freed_engine;
    nouns[CHANNEL].freed = freed_channel, nouns[CHANNEL].closed = closed_channel;
    nouns[STREAM].freed = freed_stream, nouns[STREAM].closed = closed_stream;
    nouns[SERVER].freed = freed_server;
    nouns[ENGINE].other = nouns[STREAM].other = nouns[SERVER].other = channel;
    nouns[CHANNEL].other = stream;
}

static void argument_rows(void)
{
    log_rows();
    engine_new_rows();
    engine_rows();
    token_rows();
    token_rtc_rows();
    token_json_rows();
    token_show_rows();
    token_verify_rows();
    server_new_rows();
    server_rows();
    channel_new_rows();
    channel_rows();
    audio_rows();
    user_rows();
    people_rows();
    rpc_rows();
    data_rows();
    message_rows();
    vad_rows();
    dump_rows();
    channel_event_rows();
    listener_rows();
    taken_once();
    stream_rows();
}

// The groups of rows that are checked in every state.
static void (*const in_every_state[])(void) = {
    channel_states,   audio_states,         user_states,     people_states,  rpc_states,    data_states,
    listening_states, channel_event_states, listener_states, message_states, stream_states,
};

static void state_rows(enum state now)
{
    state = now;
    for (size_t i = 0; i < sizeof in_every_state / sizeof in_every_state[0]; i++) {
        if (now == CONNECTING && i > 0)
            connecting_again();
        in_every_state[i]();
    }
    // The last one, for it changes the state.
    STATES(NULL, STOA_ERROR_BAD_STATE, STOA_ERROR_BAD_STATE, STOA_OK, STOA_OK, stoa_channel_reconnect(channel));
    if (now == CONNECTED)
        wait_for(STOA_EVENT_CONNECTION_STATE_CHANGED, STOA_STATE_CONNECTED, "");
}

static void connection_rows(void)
{
    stoa_server_options options = STOA_SERVER_OPTIONS_INIT;
    stoa_channel *silent;
    options.keys = "key:secret";
    EXPECT(STOA_OK, NULL, stoa_server_port(server, &options.port));
    ROW("before connect", STOA_OK, NULL, stoa_channel_disconnect(channel, -1));
    state_rows(FRESH);

    ROW("before connect", STOA_OK, NULL, stoa_channel_connect(channel, 20000));
    ROW("connected", STOA_ERROR_BAD_STATE, "the channel is connected or connecting; disconnect it first",
        stoa_channel_connect(channel, -1));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(bob, 20000));
    event_rows();
    wait_for_user("bob");
    user_rows_in_the_room();
    people_rows_in_the_room();
    rpc_rows_in_the_room();
    unheard_rows();
    data_rows_in_the_room();
    forbidden_rows();
    stream_rows_with_frames();
    silent = join_silent();
    state_rows(CONNECTED);

    // The server goes away under it.
    EXPECT(STOA_OK, NULL, stoa_server_free(server));
    wait_for(STOA_EVENT_CONNECTION_STATE_CHANGED, STOA_STATE_RECONNECTING, "");
    ROW("reconnecting", STOA_ERROR_BAD_STATE, "the channel is connected or connecting; disconnect it first",
        stoa_channel_connect(channel, -1));
    state_rows(RECONNECTING);
    EXPECT(STOA_OK, NULL, stoa_channel_free(silent));
    wait_for(STOA_EVENT_CONNECTION_STATE_CHANGED, STOA_STATE_FAILED, "");
    state_rows(FAILED);
    ROW("connection failed", STOA_ERROR_UNREACHABLE, "127.0.0.1:<n> cannot be reached: <why>; check the URL",
        stoa_channel_connect(channel, 20000));
    ROW("connection failed", STOA_OK, NULL, stoa_channel_disconnect(channel, -1));

    // And comes back.
    EXPECT(STOA_OK, NULL, stoa_server_new(&options, &server));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 20000));
    ROW("connected", STOA_OK, NULL, stoa_channel_disconnect(channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_server_free(server));
    wait_for(STOA_EVENT_CONNECTION_STATE_CHANGED, STOA_STATE_RECONNECTING, "");
    ROW("reconnecting", STOA_OK, NULL, stoa_channel_disconnect(channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_server_new(&options, &server));
    ROW("after disconnect", STOA_OK, NULL, stoa_channel_disconnect(channel, -1));
    state_rows(LEFT);
    ROW("after disconnect", STOA_OK, NULL, stoa_channel_connect(channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(bob, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(bob, 20000));
    wait_for_user("bob");
}

static void free_rows(void)
{
    HANDLES(STREAM, stream, STOA_OK, STOA_OK, stoa_stream_free(stream));
    HANDLES(CHANNEL, channel, STOA_OK, STOA_OK, stoa_channel_free(channel));
    HANDLES(ENGINE, engine, STOA_OK, 0, stoa_engine_free(engine));
    HANDLES(SERVER, server, STOA_OK, 0, stoa_server_free(server));
}

int main(int argc, char **argv)
{
    int quick = argc > 1 && strcmp(argv[1], "quick") == 0;
    stoa_server_options options = STOA_SERVER_OPTIONS_INIT;
    char url[64];
    value_rows();
    options.keys = "key:secret";
    EXPECT(STOA_OK, NULL, stoa_server_new(&options, &server));
    EXPECT(STOA_OK, NULL, stoa_server_url(server, url, sizeof url, NULL));
    engine = engine_of(url);
    channel = channel_of("ada");
    bob = channel_of("bob");
    EXPECT(STOA_OK, NULL, stoa_channel_mixed_stream(channel, &stream));
    wrong_handles();
    argument_rows();
    connection_rows();
    connect_rows();
    connecting_rows();
    two_threads_rows();
    inside_rows();
    if (!quick) {
        no_descriptor_rows();
        blocked_rows();
        no_handle_rows();
    }
    free_rows();
    EXPECT(STOA_OK, NULL, stoa_channel_free(bob));
    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
    EXPECT(STOA_OK, NULL, stoa_stream_free(stream));
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
    EXPECT(STOA_OK, NULL, stoa_server_free(server));
    free((void *)(uintptr_t)endless());
    printf("%d failures\n", failures);
    return failures != 0;
}
