// Every function of the header from eight threads at once, with handles that other threads free and make anew meanwhile, and now and
// then with one of a wrong type: nothing crashes, hangs or leaks. It prints each status that a function had, and how often, which
// tests/misuse.rs compares with what the header says there. The argument: how many calls each thread makes.

#define _POSIX_C_SOURCE 200809L
#include "every.h"

#include <pthread.h>

enum { THREADS = 8, ENGINES = 2, CHANNELS = 4, STREAMS = 6, SERVERS = 2, LOWEST = -40, STATUSES = 64 };

static void *engines[ENGINES], *channels[CHANNELS], *streams[STREAMS], *servers[SERVERS];
static const char *const users[CHANNELS] = {"ada", "bob", "cleo", "dan"};
static long had[FUNCTIONS][STATUSES];
static long calls;

struct worker {
    pthread_t thread;
    uint32_t random;
    struct given given;
};

static uint32_t next(struct worker *worker)
{
    worker->random = worker->random * 1664525u + 1013904223u;
    return worker->random >> 8;
}

static void *load(void **slot)
{
    return __atomic_load_n(slot, __ATOMIC_ACQUIRE);
}

// One in fifty is something else.
static void *one_of(struct worker *worker, void **slots, int count)
{
    switch (next(worker) % 100) {
    case 0:
        return load(&streams[0]) == NULL ? (void *)worker : load(&streams[0]);
    case 1:
        return NULL;
    default:
        return load(&slots[next(worker) % (uint32_t)count]);
    }
}

// Puts a new handle where others find it. What was there is the caller's to free.
static void *put(void **slot, void *made)
{
    return made == NULL ? NULL : __atomic_exchange_n(slot, made, __ATOMIC_ACQ_REL);
}

static void call(struct worker *worker, int function)
{
    struct given *g = &worker->given;
    stoa_status status = every[function].call(g);
    __atomic_add_fetch(&had[function][status - LOWEST], 1, __ATOMIC_RELAXED);
    if (!every[function].has_status && status != STOA_OK)
        abort();
}

static int function_named(const char *name)
{
    for (int i = 0; i < FUNCTIONS; i++)
        if (strcmp(every[i].name, name) == 0)
            return i;
    abort();
}

static int ends(const char *name, const char *with)
{
    return strlen(name) > strlen(with) && strcmp(name + strlen(name) - strlen(with), with) == 0;
}

// A call with handles that the others use too. Of those that start threads and sockets, or end them, most are left out.
static void step(struct worker *worker, int function)
{
    struct given *g = &worker->given;
    const char *name = every[function].name;
    int costly = ends(name, "engine_new") || ends(name, "engine_free") || ends(name, "server_new") || ends(name, "server_free");
    uint32_t number = next(worker) % CHANNELS;
    g->engine = one_of(worker, engines, ENGINES);
    g->channel = one_of(worker, channels, CHANNELS);
    g->stream = one_of(worker, streams, STREAMS);
    g->server = one_of(worker, servers, SERVERS);
    g->timeout_ms = ends(name, "_connect") ? (int32_t)(next(worker) % 400) : 5;
    g->channel_options.user = users[number];
    g->old_engine = NULL, g->old_channel = NULL, g->old_stream = NULL, g->old_server = NULL;
    if (costly && next(worker) % 8 != 0)
        return;
    // Freed under the others' hands: the handle stays in its place until a new one comes.
    if (ends(name, "_free") && next(worker) % 4 == 0) {
        g->old_engine = g->engine, g->old_channel = g->channel, g->old_stream = g->stream, g->old_server = g->server;
    }
    if (ends(name, "_poll_event"))
        stoa_event_free(&g->event);
    call(worker, function);
    g->old_engine = put(&engines[next(worker) % ENGINES], g->new_engine);
    g->old_channel = put(&channels[number], g->new_channel);
    g->old_stream = put(&streams[next(worker) % STREAMS], g->new_stream);
    g->old_server = put(&servers[next(worker) % SERVERS], g->new_server);
    g->new_engine = NULL, g->new_channel = NULL, g->new_stream = NULL, g->new_server = NULL;
    call(worker, function_named("stoa_stream_free"));
    call(worker, function_named("stoa_channel_free"));
    call(worker, function_named("stoa_engine_free"));
    call(worker, function_named("stoa_server_free"));
}

// Each thread begins with all of them, in an order of its own.
static void *work(void *argument)
{
    struct worker *worker = argument;
    uint32_t first = next(worker);
    for (long i = 0; i < calls; i++)
        step(worker, (int)(i < FUNCTIONS ? (first + (uint32_t)i) % FUNCTIONS : next(worker) % FUNCTIONS));
    stoa_event_free(&worker->given.event);
    return NULL;
}

static void start(struct worker *worker)
{
    static const char *const makers[] = {"stoa_engine_new", "stoa_server_new", "stoa_channel_new", "stoa_channel_connect",
                                         "stoa_channel_mixed_stream"};
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++)
        for (int times = 0; times < 16; times++)
            step(worker, function_named(makers[i]));
}

int main(int argc, char **argv)
{
    static struct worker workers[THREADS];
    calls = argc > 1 ? strtol(argv[1], NULL, 10) : 500;
    for (int i = 0; i < THREADS; i++) {
        workers[i].random = (uint32_t)i * 40503u + 1;
        give(&workers[i].given);
    }
    start(&workers[0]);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            exit(1);
    for (int i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    // Some were freed before.
    for (int i = 0; i < ENGINES; i++)
        stoa_engine_free(engines[i]);
    for (int i = 0; i < CHANNELS; i++)
        stoa_channel_free(channels[i]);
    for (int i = 0; i < STREAMS; i++)
        stoa_stream_free(streams[i]);
    for (int i = 0; i < SERVERS; i++)
        stoa_server_free(servers[i]);
    EXPECT(STOA_OK, NULL, stoa_log_set(STOA_LOG_OFF, NULL, NULL, NULL));
    TRUE(every_freed == every_taken);
    for (int i = 0; i < FUNCTIONS; i++)
        for (int j = 0; j < STATUSES; j++)
            if (had[i][j] != 0)
                printf("%s\t%d\t%ld\n", every[i].name, j + LOWEST, had[i][j]);
    printf("%d failures\n", failures);
    return failures != 0;
}
