// What is freed, taken off or disconnected inside user_data_free, wherever that runs: nothing locks up, each is freed once, and what is
// gone says so. The argument "quick" leaves out, for valgrind, what is the same again.

#define _POSIX_C_SOURCE 200809L
#define EAGER 0
#define LOUD 0
#include "room.h"

#include <pthread.h>
#include <time.h>

// One callback, and what its user_data_free does.
typedef struct ending {
    stoa_engine *engine;
    stoa_channel *channel;
    stoa_stream *stream;
    uint64_t listener;
    void (*act)(struct ending *);
    int freed;
} ending;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void on_event(stoa_channel *channel, const stoa_event *event, void *user_data)
{
    (void)channel, (void)event, (void)user_data;
}

static void on_frame(const char *user, const stoa_frame *frame, const int16_t *samples, void *user_data)
{
    (void)user, (void)frame, (void)samples, (void)user_data;
}

static void on_log(uint32_t level, const char *line, void *user_data)
{
    (void)level, (void)line, (void)user_data;
}

static void on_free(void *user_data)
{
    ending *ending = user_data;
    ending->act(ending); // what waited for this callback in vain would say that it is busy
    pthread_mutex_lock(&lock);
    ending->freed++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

// Done, or what it is about is gone already: what user_data_free is a part of may have freed it.
static void done(stoa_status status)
{
    TRUE(status == STOA_OK || status == STOA_ERROR_BAD_HANDLE || status == STOA_ERROR_CLOSED);
}

static void disconnects(ending *ending)
{
    done(stoa_channel_disconnect(ending->channel, 20000));
}

static void frees_its_channel(ending *ending)
{
    done(stoa_channel_free(ending->channel));
}

static void frees_its_stream(ending *ending)
{
    done(stoa_stream_free(ending->stream));
}

static void frees_its_engine(ending *ending)
{
    done(stoa_engine_free(ending->engine));
}

static void frees_everything(ending *ending)
{
    frees_its_engine(ending);
    frees_its_channel(ending);
    frees_its_stream(ending);
}

static void sets_others(ending *ending)
{
    uint64_t listener = 0;
    stoa_status added = stoa_channel_on(ending->channel, "played", on_event, NULL, NULL, &listener);
    done(added);
    if (added == STOA_OK)
        done(stoa_channel_off(ending->channel, listener));
    done(stoa_channel_set_event_callback(ending->channel, on_event, NULL, NULL));
    done(stoa_channel_set_frame_callback(ending->channel, on_frame, NULL, NULL));
    done(stoa_stream_set_frame_callback(ending->stream, on_frame, NULL, NULL));
}

static void (*const acts[])(ending *) = {disconnects,      frees_its_channel, frees_its_stream,
                                         frees_its_engine, frees_everything,  sets_others};
enum { ACTS = sizeof acts / sizeof *acts };

// Where a callback is, and how it goes.
enum { EVENTS, LISTENER, ONCE, FRAMES, STREAM, PLACES };
enum { TAKEN_OFF, REPLACED, OBJECT_FREED, ENGINE_FREED, REFUSED, HAD_ITS_EVENT, WAYS };

// Sets a callback there, or takes it off where it is none.
static stoa_status set(ending *ending, int place, int is, void (*end)(void *))
{
    stoa_event_callback event = is ? on_event : NULL;
    stoa_frame_callback frame = is ? on_frame : NULL;
    switch (place) {
    case EVENTS:
        return stoa_channel_set_event_callback(ending->channel, event, ending, end);
    case LISTENER:
        return stoa_channel_on(ending->channel, "played", event, ending, end, &ending->listener);
    case ONCE:
        return stoa_channel_once(ending->channel, "played", event, ending, end, &ending->listener);
    case FRAMES:
        return stoa_channel_set_frame_callback(ending->channel, frame, ending, end);
    default:
        return stoa_stream_set_frame_callback(ending->stream, frame, ending, end);
    }
}

static void wait_for(const ending *ending)
{
    struct timespec until;
    int error = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    pthread_mutex_lock(&lock);
    while (ending->freed == 0 && error == 0)
        error = pthread_cond_timedwait(&changed, &lock, &until);
    TRUE(ending->freed == 1);
    pthread_mutex_unlock(&lock);
}

static void goes(ending *ending, int place, int way)
{
    int is_listener = place == LISTENER || place == ONCE;
    if (way == REFUSED) {
        // NULL is no listener, and takes the others off, whose user_data is done with at once.
        TRUE(set(ending, place, 0, on_free) == (is_listener ? STOA_ERROR_NULL_ARGUMENT : STOA_OK));
        return;
    }
    EXPECT(STOA_OK, NULL, set(ending, place, 1, on_free));
    if (way == TAKEN_OFF)
        done(UNLESS_BUSY(is_listener ? stoa_channel_off(ending->channel, ending->listener) : set(ending, place, 0, NULL)));
    else if (way == REPLACED)
        done(UNLESS_BUSY(set(ending, place, 1, NULL)));
    else if (way == OBJECT_FREED)
        done(UNLESS_BUSY(place == STREAM ? stoa_stream_free(ending->stream) : stoa_channel_free(ending->channel)));
    else if (way == ENGINE_FREED)
        done(UNLESS_BUSY(stoa_engine_free(ending->engine)));
    else
        done(stoa_channel_mark(ending->channel, 1));
}

static void ends(int place, int way, int act)
{
    ending ending = {NULL, NULL, NULL, 0, acts[act], 0};
    ending.engine = new_engine();
    ending.channel = join(ending.engine, "ada");
    EXPECT(STOA_OK, NULL, stoa_channel_mixed_stream(ending.channel, &ending.stream));
    goes(&ending, place, way);
    if (way == HAD_ITS_EVENT)
        wait_for(&ending);
    done(UNLESS_BUSY(stoa_stream_free(ending.stream)));
    done(UNLESS_BUSY(stoa_channel_free(ending.channel)));
    done(UNLESS_BUSY(stoa_engine_free(ending.engine)));
    wait_for(&ending);
}

static void sets_another_log(ending *ending)
{
    frees_everything(ending);
    EXPECT(STOA_OK, NULL, stoa_log_set(STOA_LOG_DEBUG, on_log, NULL, NULL));
}

static void log_ends(int way)
{
    ending ending = {NULL, NULL, NULL, 0, sets_another_log, 0};
    ending.engine = new_engine();
    ending.channel = join(ending.engine, "ada");
    EXPECT(STOA_OK, NULL, stoa_channel_mixed_stream(ending.channel, &ending.stream));
    if (way == REFUSED) {
        EXPECT(STOA_ERROR_BAD_ARGUMENT, "level", stoa_log_set(99, on_log, &ending, on_free));
    } else {
        EXPECT(STOA_OK, NULL, stoa_log_set(STOA_LOG_DEBUG, on_log, &ending, on_free));
        EXPECT(STOA_OK, NULL, UNLESS_BUSY(stoa_log_set(STOA_LOG_OFF, way == REPLACED ? on_log : NULL, NULL, NULL)));
    }
    wait_for(&ending);
    EXPECT(STOA_OK, NULL, UNLESS_BUSY(stoa_log_set(STOA_LOG_OFF, NULL, NULL, NULL)));
    EXPECT(STOA_ERROR_BAD_HANDLE, NULL, stoa_engine_free(ending.engine));
}

int main(int argc, char **argv)
{
    int quick = argc > 1 && strcmp(argv[1], "quick") == 0;
    for (int place = EVENTS; place < PLACES; place++)
        for (int way = TAKEN_OFF; way < WAYS; way++)
            for (int act = quick ? ACTS - 2 : 0; act < ACTS; act++) {
                int listener = place == LISTENER || place == ONCE;
                if ((way == REPLACED && listener) || (way == HAD_ITS_EVENT && place != ONCE))
                    continue;
                ends(place, way, act);
            }
    log_ends(TAKEN_OFF);
    log_ends(REPLACED);
    log_ends(REFUSED);
    printf("%d failures\n", failures);
    return failures != 0;
}
