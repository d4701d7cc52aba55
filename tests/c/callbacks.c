// Calls inside callbacks, callbacks that are slow, and callbacks that are taken off while they run: nothing locks up, nobody loses
// a frame, user_data_free is called exactly once, and no callback comes after it.

#define _POSIX_C_SOURCE 200809L
#define EAGER 0
#define LOUD 3000
#include "room.h"

#include <pthread.h>
#include <time.h>

// Waits until every frame that the user speaks from now on is forwarded to this channel.
static void wait_for_sound_of(stoa_channel *channel, const char *user)
{
    stoa_event event = STOA_EVENT_INIT;
    int found = 0;
    while (!found && stoa_channel_poll_event(channel, 20000, &event) == STOA_OK) {
        found = event.kind == STOA_EVENT_USER_JOINED && strcmp(event.user, user) == 0;
        stoa_event_free(&event);
    }
    TRUE(found);
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe(channel, user, 20000));
    is_forwarded_to(channel);
}

// A callback's record, guarded by its lock; `changed` tells each step.
struct record {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int calls, calls_after_free, freed, done;
    int read; // frames that another channel's reader has
    void (*inside)(struct record *);
    stoa_engine *engine;
    stoa_channel *channel, *other;
    stoa_stream *stream;
};

static void prepare(struct record *record, void (*inside)(struct record *), stoa_engine *engine, stoa_channel *channel)
{
    memset(record, 0, sizeof *record);
    pthread_mutex_init(&record->lock, NULL);
    pthread_cond_init(&record->changed, NULL);
    record->inside = inside;
    record->engine = engine;
    record->channel = channel;
}

// Waits until *value >= wanted, 20 s at most.
static int await(struct record *record, const int *value, int wanted)
{
    struct timespec until;
    int reached, error = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    pthread_mutex_lock(&record->lock);
    while (*value < wanted && error == 0)
        error = pthread_cond_timedwait(&record->changed, &record->lock, &until);
    reached = *value >= wanted;
    pthread_mutex_unlock(&record->lock);
    return reached;
}

static int get(struct record *record, const int *value)
{
    int got;
    pthread_mutex_lock(&record->lock);
    got = *value;
    pthread_mutex_unlock(&record->lock);
    return got;
}

static void add(struct record *record, int *value)
{
    pthread_mutex_lock(&record->lock);
    ++*value;
    pthread_cond_broadcast(&record->changed);
    pthread_mutex_unlock(&record->lock);
}

static void called(struct record *record)
{
    int first;
    pthread_mutex_lock(&record->lock);
    first = record->calls++ == 0;
    record->calls_after_free += record->freed;
    pthread_cond_broadcast(&record->changed);
    pthread_mutex_unlock(&record->lock);
    if (first && record->inside != NULL)
        record->inside(record);
    if (first)
        add(record, &record->done);
}

static void on_event(stoa_channel *channel, const stoa_event *event, void *user_data)
{
    (void)channel, (void)event;
    called(user_data);
}

static void on_frame(const char *user, const stoa_frame *frame, const int16_t *samples, void *user_data)
{
    (void)user, (void)frame, (void)samples;
    called(user_data);
}

static void on_free(void *user_data)
{
    struct record *record = user_data;
    add(record, &record->freed);
}

// What callbacks do: nothing of it waits for the callback itself, which would say that it is busy.

static void connects(struct record *record)
{
    EXPECT(STOA_ERROR_BAD_STATE, NULL, stoa_channel_connect(record->channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(record->other, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(record->other, 20000));
}

static void disconnects(struct record *record)
{
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(record->channel, 20000));
}

static void takes_itself_off(struct record *record)
{
    EXPECT(STOA_OK, NULL, stoa_channel_set_event_callback(record->channel, NULL, NULL, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_set_frame_callback(record->channel, NULL, NULL, NULL));
    if (record->stream != NULL)
        EXPECT(STOA_OK, NULL, stoa_stream_set_frame_callback(record->stream, NULL, NULL, NULL));
    TRUE(get(record, &record->freed) == 0);
}

static void frees_its_channel(struct record *record)
{
    EXPECT(STOA_OK, NULL, stoa_channel_free(record->channel));
    EXPECT(STOA_ERROR_BAD_HANDLE, "freed", stoa_channel_free(record->channel));
}

static void frees_its_stream(struct record *record)
{
    EXPECT(STOA_OK, NULL, stoa_stream_free(record->stream));
}

static void frees_its_engine(struct record *record)
{
    uint32_t state = 0;
    EXPECT(STOA_OK, NULL, stoa_engine_free(record->engine));
    EXPECT(STOA_ERROR_BAD_HANDLE, "freed", stoa_engine_free(record->engine));
    EXPECT(STOA_ERROR_CLOSED, NULL, stoa_channel_state(record->channel, &state));
}

static void uses_everything(struct record *record)
{
    stoa_event event = STOA_EVENT_INIT;
    stoa_stream *mix = NULL;
    int16_t pcm[STOA_FRAME_SAMPLES_MAX] = {0};
    stoa_frame frame = STOA_FRAME_INIT;
    stoa_status status;
    EXPECT(STOA_TIMED_OUT, NULL, stoa_channel_poll_event(record->channel, 0, &event));
    EXPECT(STOA_OK, NULL, stoa_channel_push_audio(record->channel, pcm, 480, 0, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_wait_played(record->channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_send_data(record->channel, "x", 1, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_mixed_stream(record->channel, &mix));
    status = stoa_stream_read(mix, 100, pcm, STOA_FRAME_SAMPLES_MAX, &frame);
    TRUE(status == STOA_OK || status == STOA_TIMED_OUT);
    EXPECT(STOA_OK, NULL, stoa_stream_free(mix));
}

// One round with an event callback, whose first event is "connected".
static void in_event_callback(void (*inside)(struct record *), int channel_is_freed, int engine_is_freed)
{
    struct record record;
    stoa_engine *engine = new_engine();
    stoa_channel *ada = new_channel(engine, "ada");
    prepare(&record, inside, engine, ada);
    record.other = new_channel(engine, "bob");
    EXPECT(STOA_OK, NULL, stoa_channel_set_event_callback(ada, on_event, &record, on_free));
    if (inside == connects || inside == uses_everything) {
        EXPECT(STOA_OK, NULL, stoa_channel_set_event_callback(ada, NULL, NULL, NULL));
        EXPECT(STOA_OK, NULL, stoa_channel_connect(ada, 20000));
        record.freed = 0;
        EXPECT(STOA_OK, NULL, stoa_channel_set_event_callback(ada, on_event, &record, on_free));
    } else {
        // The first event, "connecting", may run before this returns, and free what it works on.
        stoa_status begun = stoa_channel_connect(ada, 0);
        TRUE(begun == STOA_OK || begun == STOA_ERROR_CLOSED);
    }
    TRUE(await(&record, &record.done, 1));
    EXPECT(channel_is_freed ? STOA_ERROR_BAD_HANDLE : STOA_OK, NULL, UNLESS_BUSY(stoa_channel_free(ada)));
    EXPECT(STOA_OK, NULL, stoa_channel_free(record.other));
    EXPECT(engine_is_freed ? STOA_ERROR_BAD_HANDLE : STOA_OK, NULL, UNLESS_BUSY(stoa_engine_free(engine)));
    TRUE(await(&record, &record.freed, 1));
    TRUE(get(&record, &record.freed) == 1 && get(&record, &record.calls_after_free) == 0);
}

// One round with a frame callback, of a stream or of the channel.
static void in_frame_callback(void (*inside)(struct record *), int of_stream, int channel_is_freed, int engine_is_freed)
{
    struct record record;
    stoa_engine *engine = new_engine();
    stoa_channel *ada = join(engine, "ada"), *bob = join(engine, "bob");
    int stream_is_freed = inside == frees_its_stream;
    prepare(&record, inside, engine, bob);
    record.other = new_channel(engine, "cleo");
    wait_for_sound_of(bob, "ada");
    if (of_stream) {
        EXPECT(STOA_OK, NULL, stoa_channel_stream(bob, "ada", &record.stream));
        EXPECT(STOA_OK, NULL, stoa_stream_set_frame_callback(record.stream, on_frame, &record, on_free));
    } else {
        EXPECT(STOA_OK, NULL, stoa_channel_set_frame_callback(bob, on_frame, &record, on_free));
    }
    speak(ada, 2000);
    TRUE(await(&record, &record.done, 1));
    EXPECT(channel_is_freed ? STOA_ERROR_BAD_HANDLE : STOA_OK, NULL, UNLESS_BUSY(stoa_channel_free(bob)));
    if (of_stream)
        EXPECT(stream_is_freed ? STOA_ERROR_BAD_HANDLE : STOA_OK, NULL, UNLESS_BUSY(stoa_stream_free(record.stream)));
    EXPECT(STOA_OK, NULL, stoa_channel_free(ada));
    EXPECT(STOA_OK, NULL, stoa_channel_free(record.other));
    EXPECT(engine_is_freed ? STOA_ERROR_BAD_HANDLE : STOA_OK, NULL, UNLESS_BUSY(stoa_engine_free(engine)));
    TRUE(await(&record, &record.freed, 1));
    TRUE(get(&record, &record.freed) == 1 && get(&record, &record.calls_after_free) == 0);
}

static void waits_for_the_reader(struct record *record)
{
    TRUE(await(record, &record->read, 15));
}

// One stream's callback takes long: its own frames wait, and a reader of another channel gets his meanwhile, since the callback returns
// only when he has some. All that is spoken fits the jitter buffer (1 s), so that no thread loses any by standing still.
static void slow(void)
{
    struct record record;
    stoa_engine *engine = new_engine();
    stoa_channel *ada = join(engine, "ada"), *bob = join(engine, "bob"), *cleo = join(engine, "cleo");
    stoa_stream *called_back = NULL, *polled = NULL;
    stoa_frame frame = STOA_FRAME_INIT;
    stoa_status freed;
    int16_t pcm[STOA_FRAME_SAMPLES_MAX];
    uint64_t dropped = 77;
    wait_for_sound_of(bob, "ada");
    wait_for_sound_of(cleo, "ada");
    prepare(&record, waits_for_the_reader, engine, bob);
    EXPECT(STOA_OK, NULL, stoa_channel_stream(bob, "ada", &called_back));
    EXPECT(STOA_OK, NULL, stoa_channel_stream(cleo, "ada", &polled));
    EXPECT(STOA_OK, NULL, stoa_stream_set_frame_callback(called_back, on_frame, &record, on_free));
    speak(ada, 900);
    while (record.read < 40 && stoa_stream_read(polled, 20000, pcm, STOA_FRAME_SAMPLES_MAX, &frame) == STOA_OK)
        add(&record, &record.read);
    TRUE(record.read == 40);
    TRUE(await(&record, &record.calls, 40));
    EXPECT(STOA_OK, NULL, stoa_stream_dropped(called_back, &dropped));
    TRUE(dropped == 0);
    EXPECT(STOA_OK, NULL, stoa_stream_dropped(polled, &dropped));
    TRUE(dropped == 0);
    freed = stoa_engine_free(engine);
    EXPECT(STOA_OK, NULL, freed == STOA_OK ? stoa_stream_free(called_back) : UNLESS_BUSY(stoa_stream_free(called_back)));
    TRUE(freed == STOA_OK || freed == STOA_ERROR_BUSY);
    TRUE(freed == STOA_OK ? get(&record, &record.freed) == 1 : await(&record, &record.freed, 1));
    EXPECT(STOA_OK, NULL, stoa_stream_free(polled));
    EXPECT(STOA_OK, NULL, stoa_channel_free(ada));
    EXPECT(STOA_OK, NULL, stoa_channel_free(bob));
    EXPECT(STOA_OK, NULL, stoa_channel_free(cleo));
}

// Of two handles of one stream the second one's callback took the first one's place: it stays when the first is freed, and goes with its own.
static void two_handles(void)
{
    struct record first, second;
    stoa_engine *engine = new_engine();
    stoa_channel *ada = join(engine, "ada"), *bob = join(engine, "bob");
    stoa_stream *one = NULL, *other = NULL;
    wait_for_sound_of(bob, "ada");
    prepare(&first, NULL, engine, bob);
    prepare(&second, NULL, engine, bob);
    EXPECT(STOA_OK, NULL, stoa_channel_stream(bob, "ada", &one));
    EXPECT(STOA_OK, NULL, stoa_channel_stream(bob, "ada", &other));
    EXPECT(STOA_OK, NULL, stoa_stream_set_frame_callback(one, on_frame, &first, on_free));
    EXPECT(STOA_OK, NULL, stoa_stream_set_frame_callback(other, on_frame, &second, on_free));
    TRUE(await(&first, &first.freed, 1));
    EXPECT(STOA_OK, NULL, stoa_stream_free(one));
    TRUE(get(&second, &second.freed) == 0);
    speak(ada, 200);
    TRUE(await(&second, &second.calls, 5));
    EXPECT(STOA_OK, NULL, UNLESS_BUSY(stoa_stream_free(other)));
    TRUE(await(&second, &second.freed, 1));
    EXPECT(STOA_OK, NULL, UNLESS_BUSY(stoa_engine_free(engine)));
    EXPECT(STOA_OK, NULL, stoa_channel_free(ada));
    EXPECT(STOA_OK, NULL, stoa_channel_free(bob));
}

// The argument "quick" leaves out, for valgrind, what depends on time, and what is the same again.
int main(int argc, char **argv)
{
    int quick = argc > 1 && strcmp(argv[1], "quick") == 0;
    in_event_callback(connects, 0, 0);
    in_event_callback(disconnects, 0, 0);
    in_event_callback(takes_itself_off, 0, 0);
    in_event_callback(frees_its_channel, 1, 0);
    in_event_callback(frees_its_engine, 0, 1);
    in_event_callback(uses_everything, 0, 0);
    for (int of_stream = quick; of_stream < 2; of_stream++) {
        in_frame_callback(connects, of_stream, 0, 0);
        in_frame_callback(disconnects, of_stream, 0, 0);
        in_frame_callback(takes_itself_off, of_stream, 0, 0);
        in_frame_callback(frees_its_channel, of_stream, 1, 0);
        in_frame_callback(frees_its_engine, of_stream, 0, 1);
    }
    in_frame_callback(frees_its_stream, 1, 0, 0);
    two_handles();
    if (!quick)
        slow();
    printf("%d failures\n", failures);
    return failures != 0;
}
