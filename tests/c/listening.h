// What the programs about listeners share: a record of each, which tells every step. See room.h for EAGER and LOUD.

#ifndef LISTENING_H
#define LISTENING_H

#include "room.h"

#include <pthread.h>
#include <time.h>

enum { KINDS = 27 };

static inline void rest(int ms)
{
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&pause, NULL);
}

// A listener's record. One lock guards all of them, and `changed` tells each step.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

typedef struct record {
    int calls, calls_after_free, freed, done;
    uint32_t kind;   // of the newest event
    uint64_t time_us;
    int block_ms;    // the first call takes this long
    void (*inside)(struct record *);
    stoa_engine *engine;
    stoa_channel *channel;
    uint64_t listener;
    struct record *other;
} record;

// Waits until *value >= wanted, `ms` at most.
static inline int within(int ms, const int *value, int wanted)
{
    struct timespec until;
    int reached, error = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += ms % 1000 * 1000000L;
    until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&lock);
    while (*value < wanted && error == 0)
        error = pthread_cond_timedwait(&changed, &lock, &until);
    reached = *value >= wanted;
    pthread_mutex_unlock(&lock);
    return reached;
}

static inline int await(const int *value, int wanted)
{
    return within(30000, value, wanted);
}

static inline int get(const int *value)
{
    int got;
    pthread_mutex_lock(&lock);
    got = *value;
    pthread_mutex_unlock(&lock);
    return got;
}

static inline void add(int *value)
{
    pthread_mutex_lock(&lock);
    ++*value;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static inline void on_event(stoa_channel *channel, const stoa_event *event, void *user_data)
{
    record *record = user_data;
    int first;
    pthread_mutex_lock(&lock);
    TRUE(channel == record->channel);
    first = record->calls++ == 0;
    record->calls_after_free += record->freed;
    record->kind = event->kind;
    record->time_us = event->time_us;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    if (!first)
        return;
    if (record->block_ms > 0)
        rest(record->block_ms);
    if (record->inside != NULL)
        record->inside(record);
    add(&record->done);
}

static inline void on_free(void *user_data)
{
    record *record = user_data;
    add(&record->freed);
}

static inline void listen_to(record *record, stoa_channel *channel, const char *event, int once)
{
    record->channel = channel;
    EXPECT(STOA_OK, NULL,
           (once ? stoa_channel_once : stoa_channel_on)(channel, event, on_event, record, on_free, &record->listener));
    TRUE(record->listener != 0);
}

static inline void over(record *record)
{
    TRUE(await(&record->freed, 1));
    TRUE(get(&record->freed) == 1 && get(&record->calls_after_free) == 0);
}

#endif
