// Whose turn it is: frames go to a callback before they go to a reader, a free waits for a callback that was taken off in the middle of
// its run, and a listener that is added inside a callback gets the next event.

#define _POSIX_C_SOURCE 200809L
#define EAGER 1
#define LOUD 3000
#include "room.h"

#include <pthread.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
// Long runs that began, were let go and ended, frames that went to a callback, callbacks that are done with, and the marks that the two
// listeners heard of.
static int begun, let_go, ended, called, freed, first_heard, second_heard;

static void add(int *number, int by)
{
    pthread_mutex_lock(&lock);
    *number += by;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static int now(const int *number)
{
    pthread_mutex_lock(&lock);
    int is = *number;
    pthread_mutex_unlock(&lock);
    return is;
}

// One that never comes to it ends the program by its time limit.
static void wait_for(const int *number, int least)
{
    pthread_mutex_lock(&lock);
    while (*number < least)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

// It lasts until it is let go, so that who takes its callback off before that is sure to find it running.
static void long_run(void)
{
    add(&begun, 1);
    wait_for(&let_go, now(&begun));
    add(&ended, 1);
}

static void on_free(void *user_data)
{
    (void)user_data;
    add(&freed, 1);
}

static void long_frame(const char *user, const stoa_frame *frame, const int16_t *samples, void *user_data)
{
    (void)user, (void)frame, (void)samples, (void)user_data;
    long_run();
}

static void short_frame(const char *user, const stoa_frame *frame, const int16_t *samples, void *user_data)
{
    (void)user, (void)frame, (void)samples, (void)user_data;
    add(&called, 1);
}

static void long_event(stoa_channel *channel, const stoa_event *event, void *user_data)
{
    (void)channel, (void)event, (void)user_data;
    long_run();
}

static void second(stoa_channel *channel, const stoa_event *event, void *user_data)
{
    (void)channel, (void)user_data;
    add(&second_heard, (int)event->id);
}

static void first(stoa_channel *channel, const stoa_event *event, void *user_data)
{
    (void)user_data;
    if (event->kind == STOA_EVENT_PLAYED && now(&first_heard) == 0)
        EXPECT(STOA_OK, NULL, stoa_channel_on(channel, "played", second, NULL, NULL, NULL));
    if (event->kind == STOA_EVENT_PLAYED)
        add(&first_heard, (int)event->id);
}

// The pause makes it likely that the free waits by then; nothing depends on its length.
static void *lets_go(void *unused)
{
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    add(&let_go, 1);
    return unused;
}

// What a free answered that began at `start`, beside a run that is let go: OK after the run alone, and busy after a second alone. True
// for OK.
static int has_waited(stoa_status status, uint64_t start, pthread_t thread)
{
    int is_over = now(&ended) == now(&begun);
    TRUE(status == STOA_OK ? is_over : status == STOA_ERROR_BUSY && now_ms() - start >= 900);
    pthread_join(thread, NULL);
    wait_for(&ended, now(&begun));
    return status == STOA_OK;
}

static int stream_free_waits(stoa_channel *ada, stoa_channel *bob)
{
    pthread_t thread;
    stoa_stream *stream = NULL;
    int before = now(&begun);
    EXPECT(STOA_OK, NULL, stoa_channel_stream(bob, "ada", &stream));
    EXPECT(STOA_OK, NULL, stoa_stream_set_frame_callback(stream, long_frame, NULL, NULL));
    speak(ada, 100);
    wait_for(&begun, before + 1);
    EXPECT(STOA_ERROR_BUSY, "still running", stoa_stream_set_frame_callback(stream, NULL, NULL, NULL));
    TRUE(pthread_create(&thread, NULL, lets_go, NULL) == 0);
    uint64_t start = now_ms();
    return has_waited(stoa_stream_free(stream), start, thread);
}

static int channel_free_waits(stoa_engine *engine)
{
    pthread_t thread;
    uint64_t listener = 0;
    int before = now(&begun);
    stoa_channel *guest = join(engine, "guest");
    EXPECT(STOA_OK, NULL, stoa_channel_on(guest, "played", long_event, NULL, NULL, &listener));
    EXPECT(STOA_OK, NULL, stoa_channel_mark(guest, 1));
    wait_for(&begun, before + 1);
    EXPECT(STOA_ERROR_BUSY, "still running", stoa_channel_off(guest, listener));
    TRUE(pthread_create(&thread, NULL, lets_go, NULL) == 0);
    uint64_t start = now_ms();
    return has_waited(stoa_channel_free(guest), start, thread);
}

// A machine that is busy may let the run go too late for a free, but not each time.
static void a_free_waits_for_what_was_taken_off(stoa_engine *engine, stoa_channel *ada, stoa_channel *bob)
{
    int tries = 0;
    while (tries < 5 && !stream_free_waits(ada, bob))
        tries++;
    TRUE(tries < 5);
    for (tries = 0; tries < 5 && !channel_free_waits(engine);)
        tries++;
    TRUE(tries < 5);
}

typedef struct reader {
    stoa_stream *stream;
    stoa_status end;
    int frames;
} reader;

static void *read_all(void *argument)
{
    static int16_t samples[STOA_FRAME_SAMPLES_MAX];
    reader *reader = argument;
    do {
        stoa_frame frame = STOA_FRAME_INIT;
        reader->end = stoa_stream_read(reader->stream, -1, samples, STOA_FRAME_SAMPLES_MAX, &frame);
        add(&reader->frames, reader->end == STOA_OK);
        // Busy: the other thread looked just then whether this one reads.
    } while (reader->end == STOA_OK || reader->end == STOA_ERROR_BUSY);
    return NULL;
}

static void frames_go_to_the_callback(stoa_channel *ada, stoa_channel *bob)
{
    static int16_t samples[STOA_FRAME_SAMPLES_MAX];
    stoa_frame frame = STOA_FRAME_INIT;
    pthread_t thread;
    reader reader = {NULL, STOA_OK, 0};
    EXPECT(STOA_OK, NULL, stoa_channel_stream(bob, "ada", &reader.stream));
    // A reader that waits when the callback comes gives its turn back, and has it again afterwards.
    TRUE(pthread_create(&thread, NULL, read_all, &reader) == 0);
    while (stoa_stream_read(reader.stream, 0, samples, STOA_FRAME_SAMPLES_MAX, &frame) != STOA_ERROR_BUSY)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    EXPECT(STOA_OK, NULL, stoa_stream_set_frame_callback(reader.stream, short_frame, NULL, on_free));
    speak(ada, 400);
    wait_for(&called, 10);
    TRUE(now(&reader.frames) == 0);
    EXPECT(STOA_OK, NULL, UNLESS_BUSY(stoa_stream_set_frame_callback(reader.stream, NULL, NULL, NULL)));
    wait_for(&freed, 2); // after that of the event callback
    speak(ada, 200);
    wait_for(&reader.frames, 5);
    // It waits still when its handle goes, and is not left behind.
    EXPECT(STOA_OK, NULL, stoa_stream_free(reader.stream));
    pthread_join(thread, NULL);
    TRUE(reader.end == STOA_ERROR_BAD_HANDLE);
}

static void a_new_listener_gets_the_next_event(stoa_channel *ada)
{
    EXPECT(STOA_OK, NULL, stoa_channel_set_event_callback(ada, first, NULL, on_free));
    EXPECT(STOA_OK, NULL, stoa_channel_mark(ada, 1));
    wait_for(&first_heard, 1);
    EXPECT(STOA_OK, NULL, stoa_channel_mark(ada, 2));
    wait_for(&second_heard, 1);
    TRUE(now(&second_heard) == 2);
    EXPECT(STOA_OK, NULL, UNLESS_BUSY(stoa_channel_set_event_callback(ada, NULL, NULL, NULL)));
    wait_for(&freed, 1);
}

// What was pushed and dropped without a connection is told at once.
static void marks_are_told_offline(stoa_engine *engine)
{
    uint64_t dropped = 0;
    stoa_event event = STOA_EVENT_INIT;
    stoa_channel *channel = new_channel(engine, "offline");
    speak(channel, 100);
    EXPECT(STOA_OK, NULL, stoa_channel_mark(channel, 7));
    EXPECT(STOA_TIMED_OUT, NULL, stoa_channel_poll_event(channel, 0, &event));
    EXPECT(STOA_OK, NULL, stoa_channel_interrupt(channel, NULL, &dropped));
    TRUE(dropped == RATE / 10);
    EXPECT(STOA_OK, NULL, stoa_channel_poll_event(channel, 0, &event));
    TRUE(event.kind == STOA_EVENT_PLAYED && event.id == 7 && event.status == STOA_INTERRUPTED);
    stoa_event_free(&event);
    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
}

int main(void)
{
    stoa_engine *engine = new_engine();
    stoa_channel *ada = join(engine, "ada"), *bob = join(engine, "bob");
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe(bob, "ada", 20000));
    is_forwarded_to(bob);
    marks_are_told_offline(engine);
    a_new_listener_gets_the_next_event(ada);
    frames_go_to_the_callback(ada, bob);
    a_free_waits_for_what_was_taken_off(engine, ada, bob);
    EXPECT(STOA_OK, NULL, UNLESS_BUSY(stoa_engine_free(engine)));
    printf("%d failures\n", failures);
    return failures != 0;
}
