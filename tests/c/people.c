// What users tell of themselves and ask of each other, over real sockets: metadata and its events, calls answered by a listener, calls
// that fail, as many as there may be at once, and those that wait when the user, or the engine, goes.

#define _POSIX_C_SOURCE 200809L
#include "expect.h"

#include <pthread.h>
#include <time.h>

enum { SLOW_USERS = 4, CALLS = 256 };

static stoa_engine *engine;

static stoa_channel *join(const char *user)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *made = NULL;
    options.name = "room";
    options.user = user;
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &made));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(made, 60000));
    return made;
}

// The next event of a kind that is about this user; the others are thrown away.
static stoa_event next(stoa_channel *channel, uint32_t kind, const char *user)
{
    stoa_event event = STOA_EVENT_INIT;
    int found = 0;
    while (!found && stoa_channel_poll_event(channel, 60000, &event) == STOA_OK) {
        found = event.kind == kind && strcmp(event.user, user) == 0;
        if (!found)
            stoa_event_free(&event);
    }
    TRUE(found);
    return event;
}

static int data_is(const stoa_event *event, const char *text)
{
    return event->data_length == strlen(text) && memcmp(event->data, text, event->data_length) == 0;
}

static int knows(stoa_channel *channel, const char *user, const char *part)
{
    char json[4096] = "";
    EXPECT(STOA_OK, NULL, stoa_channel_user_info(channel, user, json, sizeof json, NULL));
    return strstr(json, part) != NULL;
}

static void tell(stoa_channel *ada, stoa_channel *bob)
{
    stoa_event event;
    char json[4096] = "";
    EXPECT(STOA_OK, NULL, stoa_channel_set_user_info(ada, "Ada", "curious", "{\"seat\": \"3\", \"hat\": \"red\"}", 20000));
    TRUE(knows(ada, NULL, "\"name\":\"Ada\"") && knows(ada, "ada", "\"seat\":\"3\""));
    event = next(bob, STOA_EVENT_USER_NAME_CHANGED, "ada");
    TRUE(data_is(&event, "Ada"));
    EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    event = next(bob, STOA_EVENT_USER_METADATA_CHANGED, "ada");
    TRUE(data_is(&event, "curious"));
    EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    event = next(bob, STOA_EVENT_USER_ATTRIBUTES_CHANGED, "ada");
    TRUE(data_is(&event, "{\"hat\":\"red\",\"seat\":\"3\"}"));
    EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    TRUE(knows(bob, "ada", "\"metadata\":\"curious\""));
    EXPECT(STOA_OK, NULL, stoa_channel_set_user_info(ada, NULL, NULL, "{\"hat\": \"\"}", 20000));
    event = next(bob, STOA_EVENT_USER_ATTRIBUTES_CHANGED, "ada");
    TRUE(data_is(&event, "{\"hat\":\"\"}") && !knows(bob, "ada", "hat"));
    EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    event = next(ada, STOA_EVENT_CONNECTION_QUALITY_CHANGED, "bob");
    TRUE(event.old_state == STOA_QUALITY_UNKNOWN && event.new_state == STOA_QUALITY_EXCELLENT);
    EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    EXPECT(STOA_OK, NULL, stoa_channel_room_info(ada, json, sizeof json, NULL));
    TRUE(strstr(json, "\"name\":\"room\"") != NULL && strstr(json, "\"users\":2") != NULL);
}

// Answers on the dispatch thread: what it is given, or an error where that is "no".
static void answer(stoa_channel *channel, const stoa_event *event, void *user_data)
{
    char given[64] = "";
    (void)user_data;
    if (event->data_length > 0)
        memcpy(given, event->data, event->data_length < 63 ? event->data_length : 63);
    TRUE(strcmp(event->topic, "echo") == 0 && event->elapsed_us == 8000000 && strlen(event->message_id) == 36);
    if (strcmp(given, "no") == 0)
        EXPECT(STOA_OK, NULL, stoa_channel_rpc_fail(channel, event->id, 77, "not today"));
    else
        EXPECT(STOA_OK, NULL, stoa_channel_rpc_answer(channel, event->id, given));
    EXPECT(STOA_ERROR_NOT_FOUND, "waits for an answer", stoa_channel_rpc_answer(channel, event->id, given));
}

static void call(stoa_channel *ada, stoa_channel *bob)
{
    char text[64] = "";
    uint32_t code = 9;
    uint64_t ticket = 0, listener = 0;
    size_t length = 0;
    stoa_event event;
    EXPECT(STOA_OK, NULL, stoa_channel_rpc_register(bob, "echo"));
    EXPECT(STOA_OK, NULL, stoa_channel_on(bob, "rpc_called", answer, NULL, NULL, &listener));
    EXPECT(STOA_OK, NULL, stoa_channel_rpc_call(ada, "bob", "echo", "hello 🎉", 0, &ticket));
    EXPECT(STOA_OK, NULL, stoa_channel_rpc_wait(ada, ticket, 20000, &code, text, sizeof text, &length));
    TRUE(strcmp(text, "hello 🎉") == 0 && length == strlen(text) && code == 0 && ticket == 1);
    event = next(ada, STOA_EVENT_RPC_ANSWERED, "bob");
    TRUE(event.id == ticket && event.status == STOA_OK && event.reason == 0 && data_is(&event, "hello 🎉"));
    EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    EXPECT(STOA_OK, NULL, stoa_channel_rpc_call(ada, "bob", "echo", "no", 0, &ticket));
    EXPECT(STOA_ERROR_REFUSED, "'bob' answered with the error 77: not today",
           stoa_channel_rpc_wait(ada, ticket, 20000, &code, text, sizeof text, &length));
    TRUE(code == 77);
    event = next(ada, STOA_EVENT_RPC_ANSWERED, "bob");
    TRUE(event.status == STOA_ERROR_REFUSED && event.reason == 77 && strcmp(event.text, "not today") == 0);
    EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    for (int i = 0; i < 300; i++) {
        EXPECT(STOA_OK, NULL, stoa_channel_rpc_call(ada, "bob", "echo", "again", 0, &ticket));
        EXPECT(STOA_OK, NULL, stoa_channel_rpc_wait(ada, ticket, 20000, &code, text, sizeof text, &length));
    }
    EXPECT(STOA_ERROR_NOT_FOUND, "256 calls have ended since", stoa_channel_rpc_wait(ada, 1, -1, &code, text, sizeof text, &length));
    EXPECT(STOA_OK, NULL, stoa_channel_off(bob, listener));
}

static void wait_a_little(void)
{
    struct timespec time = {0, 2000000};
    nanosleep(&time, NULL);
}

// As many calls as may wait: 64 for each of four users.
static uint64_t fill(stoa_channel *ada, stoa_channel **slow)
{
    static const char *const names[SLOW_USERS] = {"s0", "s1", "s2", "s3"};
    uint64_t ticket = 0, last = 0;
    stoa_event event;
    for (int i = 0; i < SLOW_USERS; i++) {
        slow[i] = join(names[i]);
        EXPECT(STOA_OK, NULL, stoa_channel_rpc_register(slow[i], "sleep"));
        event = next(ada, STOA_EVENT_USER_JOINED, names[i]);
        EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    }
    for (int i = 0; i < CALLS; i++) {
        stoa_status status;
        while ((status = stoa_channel_rpc_call(ada, names[i % SLOW_USERS], "sleep", NULL, 300000, &ticket)) == STOA_ERROR_BUSY)
            wait_a_little();
        TRUE(status == STOA_OK);
        last = ticket;
        // Each has to be acknowledged within seconds, and a slow machine could not do that with all of them at once.
        for (int user = 0; i % SLOW_USERS == SLOW_USERS - 1 && user < SLOW_USERS; user++) {
            event = next(slow[user], STOA_EVENT_RPC_CALLED, "ada");
            EXPECT(STOA_OK, NULL, stoa_event_free(&event));
        }
    }
    EXPECT(STOA_QUEUE_FULL, NULL, stoa_channel_rpc_call(ada, "bob", "echo", NULL, 0, &ticket));
    TRUE(ticket == last);
    return last;
}

struct waiter {
    pthread_t thread;
    stoa_channel *channel;
    uint64_t ticket;
    stoa_status status;
    uint32_t code;
};

static void *wait_for(void *argument)
{
    struct waiter *waiter = argument;
    waiter->status = stoa_channel_rpc_wait(waiter->channel, waiter->ticket, -1, &waiter->code, NULL, 0, NULL);
    return NULL;
}

static void begin(struct waiter *waiter, stoa_channel *channel, uint64_t ticket)
{
    waiter->channel = channel;
    waiter->ticket = ticket;
    if (pthread_create(&waiter->thread, NULL, wait_for, waiter) != 0)
        abort();
}

int main(void)
{
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_channel *ada, *bob, *slow[SLOW_USERS];
    struct waiter left, closed;
    stoa_channel_stats stats = STOA_CHANNEL_STATS_INIT;
    stoa_event event;
    uint64_t last;
    uint32_t code = 0;
    options.app_id = "app";
    EXPECT(STOA_OK, NULL, stoa_engine_new(&options, &engine));
    ada = join("ada");
    bob = join("bob");
    event = next(ada, STOA_EVENT_USER_JOINED, "bob");
    EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    tell(ada, bob);
    call(ada, bob);
    last = fill(ada, slow);
    EXPECT(STOA_TIMED_OUT, NULL, stoa_channel_rpc_wait(ada, last, 0, &code, NULL, 0, NULL));
    TRUE(code == 0);
    begin(&left, ada, last);       // it is s3's
    begin(&closed, ada, last - 1); // it is s2's
    EXPECT(STOA_OK, NULL, stoa_channel_free(slow[3]));
    pthread_join(left.thread, NULL);
    EXPECT(STOA_ERROR_NOT_FOUND, NULL, left.status);
    // Or it was gone before the media thread came to the call.
    TRUE(left.code == STOA_RPC_RECIPIENT_DISCONNECTED || left.code == STOA_RPC_RECIPIENT_NOT_FOUND);
    // Its 64 calls made room.
    EXPECT(STOA_OK, NULL, stoa_channel_rpc_call(ada, "bob", "other", NULL, 0, &last));
    EXPECT(STOA_ERROR_REFUSED, "1400", stoa_channel_rpc_wait(ada, last, 20000, &code, NULL, 0, NULL));
    for (int tries = 0; tries < 10000 && stats.rpc_calls_failed < 66; tries++) {
        wait_a_little();
        EXPECT(STOA_OK, NULL, stoa_channel_get_stats(ada, &stats));
    }
    TRUE(stats.rpc_calls_made == 302 + CALLS + 1 && stats.rpc_calls_failed == 66 && stats.rpc_calls_taken == 0);
    stats.rpc_calls_taken = 0;
    for (int tries = 0; tries < 10000 && stats.rpc_calls_taken < 302; tries++) {
        wait_a_little();
        EXPECT(STOA_OK, NULL, stoa_channel_get_stats(bob, &stats));
    }
    TRUE(stats.rpc_calls_taken == 302 && stats.rpc_calls_unanswered == 0);
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
    pthread_join(closed.thread, NULL);
    TRUE(closed.status == STOA_ERROR_CLOSED || closed.status == STOA_ERROR_DISCONNECTED);
    for (int i = 0; i < 3; i++)
        EXPECT(STOA_OK, NULL, stoa_channel_free(slow[i]));
    EXPECT(STOA_OK, NULL, stoa_channel_free(ada));
    EXPECT(STOA_OK, NULL, stoa_channel_free(bob));
    printf("%d failures\n", failures);
    return failures != 0;
}
