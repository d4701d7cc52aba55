// Every function of the header from eight threads at once, with handles that other threads free and make anew meanwhile, and now and
// then with one of a wrong type: nothing crashes, and no status comes that the header does not name at the function.
// The argument is how long, in seconds.

#define _POSIX_C_SOURCE 200809L
#include "expect.h"

#include <pthread.h>

enum { THREADS = 8, ENGINES = 2, CHANNELS = 4, STREAMS = 6, FUNCTIONS = 64 };

static void *engines[ENGINES], *channels[CHANNELS], *streams[STREAMS], *servers[1];
static uint64_t until;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long calls[FUNCTIONS], good[FUNCTIONS];
static long taken = 0, freed = 0;

struct worker {
    pthread_t thread;
    uint32_t random;
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

static void *swap(void **slot, void *handle)
{
    return __atomic_exchange_n(slot, handle, __ATOMIC_ACQ_REL);
}

static void *engine(struct worker *worker)
{
    return load(&engines[next(worker) % ENGINES]);
}

static void *stream(struct worker *worker)
{
    return load(&streams[next(worker) % STREAMS]);
}

// One in fifty is something else.
static void *channel(struct worker *worker)
{
    switch (next(worker) % 100) {
    case 0:
        return stream(worker);
    case 1:
        return NULL;
    default:
        return load(&channels[next(worker) % CHANNELS]);
    }
}

static void count_free(void *user_data)
{
    (void)user_data;
    __atomic_add_fetch(&freed, 1, __ATOMIC_RELAXED);
}

static void on_event(stoa_channel *of, const stoa_event *event, void *user_data)
{
    uint32_t state;
    (void)user_data;
    if (event->user == NULL || event->text == NULL || event->topic == NULL)
        abort();
    stoa_channel_state(of, &state);
}

static void on_frame(const char *user, const stoa_frame *frame, const int16_t *samples, void *user_data)
{
    (void)user_data;
    if (user == NULL || frame->samples_per_channel > STOA_FRAME_SAMPLES_MAX || samples[0] == -32768)
        abort();
}

static void on_log(uint32_t level, const char *text, void *user_data)
{
    (void)user_data;
    if (level > STOA_LOG_DEBUG || text == NULL)
        abort();
}

// Which statuses a function may have: a bit for each.
#define BIT(status) (UINT64_C(1) << ((status) + 32))
#define HANDLE                                                                                                         \
    (BIT(STOA_OK) | BIT(STOA_ERROR_NULL_ARGUMENT) | BIT(STOA_ERROR_BAD_HANDLE) | BIT(STOA_ERROR_CLOSED))

static void check(int function, const char *name, stoa_status status, uint64_t allowed)
{
    __atomic_add_fetch(&calls[function], 1, __ATOMIC_RELAXED);
    if (status == STOA_OK)
        __atomic_add_fetch(&good[function], 1, __ATOMIC_RELAXED);
    if (allowed & BIT(status))
        return;
    pthread_mutex_lock(&lock);
    printf("%s: %d (%s): %s\n", name, (int)status, stoa_status_text(status), stoa_last_error());
    failures++;
    pthread_mutex_unlock(&lock);
}

#define CALL(number, allowed, function, ...)                                                                           \
    case number:                                                                                                       \
        check(number, #function, function(__VA_ARGS__), (allowed));                                                    \
        break

static void make_engine(struct worker *worker)
{
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_engine *made = NULL;
    options.app_id = "app";
    options.threads = 1;
    EXPECT(STOA_OK, NULL, stoa_engine_new(&options, &made));
    check(0, "stoa_engine_free", stoa_engine_free(swap(&engines[next(worker) % ENGINES], made)),
          BIT(STOA_OK) | BIT(STOA_ERROR_BUSY));
}

static void make_channel(struct worker *worker)
{
    static const char *const names[] = {"ada", "bob", "cleo", "dan"};
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *made = NULL;
    uint32_t number = next(worker) % CHANNELS;
    options.name = "room";
    options.user = names[number];
    options.subscribe_all = 1;
    check(1, "stoa_channel_new", stoa_channel_new(engine(worker), &options, &made), HANDLE);
    if (made != NULL)
        check(2, "stoa_channel_free", stoa_channel_free(swap(&channels[number], made)), BIT(STOA_OK) | BIT(STOA_ERROR_BUSY));
}

static void make_stream(struct worker *worker)
{
    stoa_stream *made = NULL;
    stoa_status status;
    if (next(worker) % 2)
        check(3, "stoa_channel_mixed_stream", status = stoa_channel_mixed_stream(channel(worker), &made), HANDLE);
    else
        check(4, "stoa_channel_stream", status = stoa_channel_stream(channel(worker), "ada", &made),
              HANDLE | BIT(STOA_ERROR_NOT_FOUND) | BIT(STOA_ERROR_BAD_STATE) | BIT(STOA_ERROR_BUSY));
    if (made != NULL)
        check(5, "stoa_stream_free", stoa_stream_free(swap(&streams[next(worker) % STREAMS], made)),
              BIT(STOA_OK) | BIT(STOA_ERROR_BUSY));
    else if (status == STOA_OK)
        abort();
}

static void make_server(void)
{
    stoa_server_options options = STOA_SERVER_OPTIONS_INIT;
    stoa_server *made = NULL;
    options.keys = "key:secret";
    EXPECT(STOA_OK, NULL, stoa_server_new(&options, &made));
    check(6, "stoa_server_free", stoa_server_free(swap(&servers[0], made)), BIT(STOA_OK));
}

static void poll_event(struct worker *worker)
{
    stoa_event event = STOA_EVENT_INIT;
    check(7, "stoa_channel_poll_event", stoa_channel_poll_event(channel(worker), 5, &event), HANDLE | BIT(STOA_TIMED_OUT));
    if (stoa_event_name(event.kind) == NULL)
        abort();
    check(8, "stoa_event_free", stoa_event_free(&event), BIT(STOA_OK));
}

static void set_callback(struct worker *worker)
{
    int off = next(worker) % 2;
    uint64_t allowed = HANDLE | BIT(STOA_ERROR_BUSY);
    __atomic_add_fetch(&taken, 1, __ATOMIC_RELAXED);
    switch (next(worker) % 3) {
    case 0:
        check(9, "stoa_channel_set_event_callback",
              stoa_channel_set_event_callback(channel(worker), off ? NULL : on_event, NULL, count_free), allowed);
        break;
    case 1:
        check(10, "stoa_channel_set_frame_callback",
              stoa_channel_set_frame_callback(channel(worker), off ? NULL : on_frame, NULL, count_free), allowed);
        break;
    default:
        check(11, "stoa_stream_set_frame_callback",
              stoa_stream_set_frame_callback(stream(worker), off ? NULL : on_frame, NULL, count_free), allowed);
    }
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    uint64_t subscribing = HANDLE | BIT(STOA_TIMED_OUT) | BIT(STOA_ERROR_BAD_STATE) | BIT(STOA_ERROR_NOT_FOUND) |
                           BIT(STOA_ERROR_BUSY);
    uint64_t pushing = HANDLE | BIT(STOA_QUEUE_FULL) | BIT(STOA_TIMED_OUT) | BIT(STOA_INTERRUPTED) | BIT(STOA_ERROR_BUSY);
    int16_t pcm[STOA_FRAME_SAMPLES_MAX] = {0};
    float floats[480] = {0};
    char text[2048];
    size_t size;
    uint32_t number;
    uint64_t big, other;
    int32_t descriptor;
    stoa_frame frame = STOA_FRAME_INIT;
    while (stoa_time_us() < until) {
        stoa_channel *c = channel(worker);
        stoa_stream *s = stream(worker);
        stoa_engine *e = engine(worker);
        stoa_server *v = load(&servers[0]);
        switch (next(worker) % 47) {
        case 0:
            if (next(worker) % 64 == 0)
                make_engine(worker);
            break;
        case 1:
            if (next(worker) % 8 == 0)
                make_server();
            break;
        case 2:
            if (next(worker) % 16 == 0)
                make_channel(worker);
            break;
        case 3:
        case 4:
            make_stream(worker);
            break;
        case 5:
        case 6:
            poll_event(worker);
            break;
        case 7:
        case 8:
            set_callback(worker);
            break;
        case 9:
            check(12, "stoa_log_set", stoa_log_set(STOA_LOG_DEBUG, on_log, NULL, NULL),
                  BIT(STOA_OK) | BIT(STOA_ERROR_BUSY));
            break;
        case 10:
        case 11:
        CALL(13, HANDLE | BIT(STOA_TIMED_OUT) | BIT(STOA_ERROR_BAD_STATE) | BIT(STOA_ERROR_DISCONNECTED) |
                     BIT(STOA_ERROR_UNREACHABLE),
             stoa_channel_connect, c, (int32_t)(next(worker) % 400));
        case 14:
            if (next(worker) % 16 == 0)
                check(14, "stoa_channel_disconnect", stoa_channel_disconnect(c, (int32_t)(next(worker) % 50)),
                      HANDLE | BIT(STOA_TIMED_OUT));
            break;
        CALL(15, HANDLE, stoa_engine_url, e, text, sizeof text, &size);
        CALL(16, HANDLE, stoa_engine_build_token, e, "room", "ada", 60, text, sizeof text, &size);
        CALL(17, HANDLE, stoa_engine_last_error, e, text, sizeof text, &size);
        CALL(18, HANDLE, stoa_channel_state, c, &number);
        CALL(19, HANDLE, stoa_channel_name, c, text, sizeof text, &size);
        CALL(20, HANDLE, stoa_channel_user, c, text, sizeof text, &size);
        CALL(21, HANDLE, stoa_channel_token, c, text, sizeof text, &size);
        CALL(22, HANDLE, stoa_channel_last_error, c, text, sizeof text, &size);
        CALL(23, pushing, stoa_channel_push_audio, c, pcm, 960, 5, &size);
        CALL(24, pushing, stoa_channel_push_audio_f32, c, floats, 480, 5, &size);
        CALL(25, HANDLE, stoa_channel_queued, c, &big);
        CALL(26, HANDLE | BIT(STOA_ERROR_LIMIT), stoa_channel_mark, c, 7);
        CALL(27, HANDLE | BIT(STOA_TIMED_OUT) | BIT(STOA_INTERRUPTED), stoa_channel_wait_played, c, 5);
        CALL(28, HANDLE, stoa_channel_interrupt, c, &big, &other);
        CALL(29, HANDLE | BIT(STOA_ERROR_BUSY), stoa_channel_mute, c, next(worker) % 2);
        CALL(30, HANDLE, stoa_channel_user_count, c, &size);
        CALL(31, HANDLE | BIT(STOA_ERROR_NOT_FOUND), stoa_channel_user_at, c, 0, text, sizeof text, &size);
        CALL(32, subscribing, stoa_channel_subscribe, c, "ada", 5);
        CALL(33, subscribing, stoa_channel_unsubscribe, c, "ada", 5);
        CALL(34, HANDLE, stoa_channel_subscribe_state, c, "ada", &number);
        CALL(35, HANDLE | BIT(STOA_QUEUE_FULL) | BIT(STOA_ERROR_BAD_STATE) | BIT(STOA_ERROR_BUSY), stoa_channel_send_data, c,
             "data", 4, NULL);
        CALL(36, HANDLE | BIT(STOA_TIMED_OUT) | BIT(STOA_END_OF_STREAM) | BIT(STOA_ERROR_BUSY), stoa_stream_read, s, 5, pcm,
             STOA_FRAME_SAMPLES_MAX, &frame);
        CALL(37, HANDLE, stoa_stream_readable, s, &size);
        CALL(38, HANDLE, stoa_stream_descriptor, s, &descriptor);
        CALL(39, HANDLE, stoa_stream_user, s, text, sizeof text, &size);
        CALL(40, HANDLE, stoa_stream_dropped, s, &big);
        CALL(41, HANDLE, stoa_stream_last_error, s, text, sizeof text, &size);
        CALL(42, HANDLE, stoa_server_url, v, text, sizeof text, &size);
        CALL(43, HANDLE, stoa_server_port, v, &number);
        CALL(44, HANDLE, stoa_server_udp_port, v, &number);
        CALL(45, HANDLE, stoa_server_last_error, v, text, sizeof text, &size);
        CALL(46, BIT(STOA_OK), stoa_token_build_livekit, "key", "secret", "room", "ada", 60, text, sizeof text, &size);
        default:
            if (stoa_version() == NULL || stoa_version_number() == 0 || stoa_last_error() == NULL)
                abort();
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static struct worker workers[THREADS];
    struct worker first = {0};
    long total = 0;
    for (int i = 0; i < ENGINES; i++)
        make_engine(&first), first.random += 77777777;
    for (int i = 0; i < 8 * CHANNELS; i++)
        make_channel(&first);
    until = stoa_time_us() + (argc > 1 ? strtoul(argv[1], NULL, 10) : 3) * UINT64_C(1000000);
    for (int i = 0; i < THREADS; i++) {
        workers[i].random = (uint32_t)i * 40503u + 1;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            exit(1);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    for (int i = 0; i < ENGINES; i++)
        stoa_engine_free(engines[i]);
    for (int i = 0; i < CHANNELS; i++)
        stoa_channel_free(channels[i]);
    for (int i = 0; i < STREAMS; i++)
        stoa_stream_free(streams[i]);
    stoa_server_free(servers[0]);
    EXPECT(STOA_OK, NULL, stoa_log_set(STOA_LOG_OFF, NULL, NULL, NULL));
    TRUE(freed == taken);
    for (int i = 0; i <= 46; i++)
        total += calls[i];
    printf("%ld calls; connected %ld times of %ld, read %ld frames of %ld, %ld callbacks\n", total, good[13], calls[13],
           good[36], calls[36], taken);
    printf("%d failures\n", failures);
    return failures != 0;
}
