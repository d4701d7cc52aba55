// Listeners by name: on, once and off, inside callbacks and beside them. Each event is seen once, user_data_free is called once,
// and nothing runs after off. (Every kind of event: events.c. A listener beside sound: slow_listener.c.)

#define _POSIX_C_SOURCE 200809L
#define EAGER 1 // each frame as it was sent
#define LOUD 12000
#include "listening.h"

enum { MARKS = 800 };

// Names, wrong ones too; nobody has to be connected.
static void names(void)
{
    static record records[256];
    record refused = {0};
    stoa_engine *engine = new_engine();
    stoa_channel *ada = new_channel(engine, "ada");
    uint64_t number = 7;
    for (uint32_t kind = 1; kind <= KINDS; kind++) {
        TRUE(strlen(stoa_event_name(kind)) > 0);
        for (int once = 0; once < 2; once++) {
            record one = {0};
            listen_to(&one, ada, stoa_event_name(kind), once);
            EXPECT(STOA_OK, NULL, stoa_channel_off(ada, one.listener));
            EXPECT(STOA_ERROR_NOT_FOUND, "taken off", stoa_channel_off(ada, one.listener));
            TRUE(one.freed == 1 && one.calls == 0);
        }
    }
    TRUE(strcmp(stoa_event_name(KINDS + 1), "") == 0);
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "user_joined", stoa_channel_on(ada, "joined", on_event, &refused, on_free, &number));
    EXPECT(STOA_ERROR_BAD_UTF8, "event", stoa_channel_once(ada, "\xff", on_event, &refused, on_free, &number));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "callback", stoa_channel_on(ada, "played", NULL, &refused, on_free, &number));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "channel", stoa_channel_on(NULL, "played", on_event, &refused, on_free, &number));
    TRUE(number == 7 && refused.freed == 4 && refused.calls == 0);
    EXPECT(STOA_ERROR_NOT_FOUND, NULL, stoa_channel_off(ada, 0));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "channel", stoa_channel_off(NULL, 1));
    for (int i = 0; i < 256; i++)
        listen_to(&records[i], ada, i % 2 ? "played" : NULL, i % 3 == 0);
    EXPECT(STOA_ERROR_LIMIT, "256", stoa_channel_on(ada, "played", on_event, &refused, on_free, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_off(ada, records[9].listener));
    EXPECT(STOA_OK, NULL, stoa_channel_on(ada, "played", on_event, &refused, on_free, NULL));
    TRUE(refused.freed == 5);
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
    EXPECT(STOA_ERROR_CLOSED, NULL, stoa_channel_on(ada, "played", on_event, &refused, on_free, NULL));
    EXPECT(STOA_ERROR_CLOSED, NULL, stoa_channel_off(ada, records[8].listener));
    EXPECT(STOA_OK, NULL, stoa_channel_free(ada));
    EXPECT(STOA_ERROR_BAD_HANDLE, NULL, stoa_channel_on(ada, "played", on_event, &refused, on_free, NULL));
    for (int i = 0; i < 256; i++)
        TRUE(records[i].freed == 1);
    TRUE(refused.freed == 8 && refused.calls == 0);
}

// The first event, "connecting", may run before the call returns, and free what it works on.
static void begin(stoa_channel *channel)
{
    stoa_status begun = stoa_channel_connect(channel, 0);
    TRUE(begun == STOA_OK || begun == STOA_ERROR_CLOSED);
}

// What listeners do inside; the first event is "connecting".

static void takes_itself_off(record *record)
{
    EXPECT(STOA_OK, NULL, stoa_channel_off(record->channel, record->listener));
    EXPECT(STOA_ERROR_NOT_FOUND, NULL, stoa_channel_off(record->channel, record->listener));
    TRUE(get(&record->freed) == 0);
}

static void takes_the_other_off(record *record)
{
    EXPECT(STOA_OK, NULL, stoa_channel_off(record->channel, record->other->listener));
    TRUE(get(&record->other->freed) == 1 && get(&record->other->calls) == 0);
}

static void disconnects(record *record)
{
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(record->channel, 20000));
}

static void frees_its_channel(record *record)
{
    EXPECT(STOA_OK, NULL, stoa_channel_free(record->channel));
    TRUE(get(&record->other->freed) == 1);
}

static void frees_its_engine(record *record)
{
    EXPECT(STOA_OK, NULL, stoa_engine_free(record->engine));
    TRUE(get(&record->other->freed) == 1);
}

static void inside(void (*act)(record *), int once, int channel_is_freed, int engine_is_freed)
{
    record actor = {0}, other = {0};
    stoa_engine *engine = new_engine();
    stoa_channel *ada = new_channel(engine, "ada");
    actor.inside = act;
    actor.engine = engine;
    actor.other = &other;
    listen_to(&actor, ada, "connection_state_changed", once);
    listen_to(&other, ada, "connection_state_changed", 0);
    begin(ada);
    TRUE(await(&actor.done, 1));
    if (act == takes_itself_off || channel_is_freed || engine_is_freed)
        over(&actor);
    EXPECT(channel_is_freed ? STOA_ERROR_BAD_HANDLE : STOA_OK, NULL, UNLESS_BUSY(stoa_channel_free(ada)));
    over(&actor);
    over(&other);
    EXPECT(engine_is_freed ? STOA_ERROR_BAD_HANDLE : STOA_OK, NULL, UNLESS_BUSY(stoa_engine_free(engine)));
    if (once || act == takes_itself_off)
        TRUE(actor.calls == 1);
}

// Takes a listener off, maybe beside its run: OK says that it is done with, and busy, a second later, that it will be. True for OK.
static int taken_off(record *record, stoa_channel *channel)
{
    uint64_t start = now_ms();
    stoa_status off = stoa_channel_off(channel, record->listener);
    if (off == STOA_OK)
        TRUE(get(&record->done) == get(&record->calls) && get(&record->freed) == 1);
    else
        TRUE(off == STOA_ERROR_BUSY && now_ms() - start >= 900);
    over(record);
    return off == STOA_OK;
}

static void waits_for_the_other(record *record)
{
    TRUE(await(&record->other->done, 1));
}

// off on another thread waits for the run, a second at most. One that is held lasts until off has said so. True for a wait that had its
// end.
static int off_beside(int once, int is_held)
{
    record slow = {0}, holder = {0};
    stoa_engine *engine = new_engine();
    stoa_channel *ada = new_channel(engine, "ada");
    int has_waited = 1;
    slow.block_ms = is_held ? 0 : 300;
    slow.inside = is_held ? waits_for_the_other : NULL;
    slow.other = &holder;
    listen_to(&slow, ada, "connection_state_changed", once);
    begin(ada);
    TRUE(await(&slow.calls, 1));
    if (is_held) {
        uint64_t start = now_ms();
        EXPECT(STOA_ERROR_BUSY, "still running", stoa_channel_off(ada, slow.listener));
        TRUE(now_ms() - start >= 900 && get(&slow.done) == 0 && get(&slow.freed) == 0);
        add(&holder.done);
        over(&slow);
    } else {
        has_waited = taken_off(&slow, ada);
    }
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(ada, 20000));
    EXPECT(STOA_OK, NULL, UNLESS_BUSY(stoa_channel_free(ada)));
    EXPECT(STOA_OK, NULL, UNLESS_BUSY(stoa_engine_free(engine)));
    TRUE(slow.calls == 1);
    return has_waited;
}

// Marks are told to a listener while there is one, and to a thread that polls otherwise: each once.
static int by_listener, by_polling, marks[MARKS + 1];

static void saw(const stoa_event *event, int *by)
{
    pthread_mutex_lock(&lock);
    if (event->kind == STOA_EVENT_PLAYED && event->id <= MARKS) {
        marks[event->id]++;
        ++*by;
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void on_mark(stoa_channel *channel, const stoa_event *event, void *user_data)
{
    (void)channel, (void)user_data;
    saw(event, &by_listener);
}

static void *poll_all(void *channel)
{
    stoa_event event = STOA_EVENT_INIT;
    while (stoa_channel_poll_event(channel, -1, &event) == STOA_OK) {
        saw(&event, &by_polling);
        EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    }
    return NULL;
}

static void set_marks(stoa_channel *channel, uint64_t from, uint64_t to)
{
    while (from < to)
        if (stoa_channel_mark(channel, from) == STOA_OK)
            from++;
        else
            rest(1);
}

static void polling_beside_listeners(void)
{
    stoa_engine *engine = new_engine();
    stoa_channel *ada = join(engine, "ada");
    record records[MARKS / 20] = {{0}};
    pthread_t poller;
    int total = 0;
    pthread_create(&poller, NULL, poll_all, ada);
    for (uint64_t mark = 0, round = 0; mark < MARKS; mark += 20, round++) {
        EXPECT(STOA_OK, NULL, stoa_channel_on(ada, "played", on_mark, &records[round], on_free,
                                              &records[round].listener));
        set_marks(ada, mark, mark + 10);
        if (round == 0)
            TRUE(await(&by_listener, 10));
        taken_off(&records[round], ada);
        set_marks(ada, mark + 10, mark + 20);
        if (round == 0)
            TRUE(await(&by_polling, 10));
    }
    for (int i = 0; i < 3000 && total < MARKS; i++) {
        rest(10);
        total = get(&by_listener) + get(&by_polling);
    }
    EXPECT(STOA_OK, NULL, UNLESS_BUSY(stoa_channel_free(ada)));
    pthread_join(poller, NULL);
    EXPECT(STOA_OK, NULL, UNLESS_BUSY(stoa_engine_free(engine)));
    TRUE(by_listener + by_polling == MARKS);
    for (int mark = 0; mark < MARKS; mark++)
        TRUE(marks[mark] == 1);
}

int main(void)
{
    names();
    for (int once = 0, tries = 0; once < 2; once++, tries = 0) {
        inside(takes_itself_off, once, 0, 0);
        inside(takes_the_other_off, once, 0, 0);
        inside(disconnects, once, 0, 0);
        inside(frees_its_channel, once, 1, 0);
        inside(frees_its_engine, once, 0, 1);
        off_beside(once, 1);
        // A machine that is busy may make the short run too long for off, but not each time.
        while (tries < 5 && !off_beside(once, 0))
            tries++;
        TRUE(tries < 5);
    }
    polling_beside_listeners();
    printf("%d failures\n", failures);
    return failures != 0;
}
