// Two threads in one call, callbacks that block, and limits.

// A call on a thread of its own, and what it ended with.
struct other {
    pthread_t thread;
    stoa_status (*call)(void);
    stoa_status status;
    char sentence[512];
};

static void *run_other(void *argument)
{
    struct other *other = argument;
    other->status = other->call();
    snprintf(other->sentence, sizeof other->sentence, "%s", stoa_last_error());
    return NULL;
}

static void begin_other(struct other *other, stoa_status (*call)(void))
{
    other->call = call;
    if (pthread_create(&other->thread, NULL, run_other, other) != 0)
        abort();
}

static stoa_status end_other(struct other *other)
{
    pthread_join(other->thread, NULL);
    return other->status;
}

// The row of a call that another thread made, with the sentence of that thread.
static void judge_other(const char *function, const char *what, stoa_status status, const char *sentence, struct other *other)
{
    stoa_status got = end_other(other);
    TRUE(got == status && (status >= 0 || is_like(sentence, other->sentence)));
    printf("%s\t%s\t%d\t%s\n", function, what, (int)status, status < 0 ? sentence : "");
}

// Calls again until it ends like that, 20 s at most.
#define UNTIL(status, call)                                                                                            \
    do {                                                                                                               \
        int tries = 0;                                                                                                 \
        while ((call) != (status) && tries++ < 10000)                                                                  \
            pause_ms(2);                                                                                               \
        TRUE(tries < 10000);                                                                                           \
    } while (0)

static int16_t sound[48000];

static stoa_status push_for_ever(void)
{
    return stoa_channel_push_audio(channel, sound, 48000, -1, NULL);
}

static stoa_status push_floats_for_ever(void)
{
    static float floats[48000];
    return stoa_channel_push_audio_f32(channel, floats, 48000, -1, NULL);
}

static stoa_status wait_for_ever(void)
{
    return stoa_channel_wait_played(channel, -1);
}

static stoa_status read_for_ever(void)
{
    static int16_t pcm[STOA_FRAME_SAMPLES_MAX];
    stoa_frame frame = STOA_FRAME_INIT;
    stoa_status status;
    // The other thread may be inside at that very moment.
    while ((status = stoa_stream_read(stream, -1, pcm, STOA_FRAME_SAMPLES_MAX, &frame)) == STOA_ERROR_BUSY)
        ;
    return status;
}

static void two_threads_rows(void)
{
    static const char pushing[] = "another thread is pushing to this channel; push from one at a time";
    static float floats[480];
    stoa_channel *good = channel;
    stoa_stream *mix = stream;
    struct other other, waiting[64];

    channel = small_channel(0);
    begin_other(&other, push_for_ever);
    UNTIL(1, queued() == 20000);
    ROW("another thread is pushing", STOA_ERROR_BUSY, pushing, stoa_channel_push_audio(channel, sound, 480, -1, &out.length));
    ROW("another thread is pushing", STOA_ERROR_BUSY, pushing,
        stoa_channel_push_audio_f32(channel, floats, 480, -1, &out.length));
    EXPECT(STOA_OK, NULL, stoa_channel_interrupt(channel, NULL, NULL));
    judge_other("stoa_channel_push_audio", "another thread interrupts", STOA_INTERRUPTED, NULL, &other);
    begin_other(&other, push_floats_for_ever);
    UNTIL(1, queued() == 20000);
    EXPECT(STOA_OK, NULL, stoa_channel_interrupt(channel, NULL, NULL));
    judge_other("stoa_channel_push_audio_f32", "another thread interrupts", STOA_INTERRUPTED, NULL, &other);

    EXPECT(STOA_OK, NULL, stoa_channel_push_audio(channel, sound, 480, -1, NULL));
    for (int i = 0; i < 64; i++)
        begin_other(&waiting[i], wait_for_ever);
    UNTIL(STOA_ERROR_LIMIT, stoa_channel_wait_played(channel, 0));
    ROW("64 threads wait", STOA_ERROR_LIMIT, "64 threads wait for this channel's playout already; use marks",
        stoa_channel_wait_played(channel, -1));
    EXPECT(STOA_OK, NULL, stoa_channel_interrupt(channel, NULL, NULL));
    judge_other("stoa_channel_wait_played", "another thread interrupts", STOA_INTERRUPTED, NULL, &waiting[0]);
    for (int i = 1; i < 64; i++)
        TRUE(end_other(&waiting[i]) == STOA_INTERRUPTED);

    EXPECT(STOA_OK, NULL, stoa_channel_mixed_stream(channel, &stream));
    begin_other(&other, read_for_ever);
    UNTIL(STOA_ERROR_BUSY, stoa_stream_read(stream, 0, out.pcm, STOA_FRAME_SAMPLES_MAX, &out.frame));
    ROW("another thread is reading", STOA_ERROR_BUSY, "another thread is reading this stream; give each stream one reader",
        stoa_stream_read(stream, -1, out.pcm, STOA_FRAME_SAMPLES_MAX, &out.frame));
    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
    judge_other("stoa_stream_read", "its channel is freed", STOA_END_OF_STREAM, NULL, &other);
    EXPECT(STOA_OK, NULL, stoa_stream_free(stream));
    channel = good;
    stream = mix;
}

// CALLBACKS THAT BLOCK ----------------------------------------------------------------------

// A call waits for the gate to be opened. All are counted; `over`: how often user_data_free was called.
static struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int inside, open, over;
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, 0};

static void pass_gate(int *value)
{
    pthread_mutex_lock(&gate.lock);
    ++*value;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.lock);
}

static void wait_gate(const int *value)
{
    pthread_mutex_lock(&gate.lock);
    while (!*value)
        pthread_cond_wait(&gate.changed, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
}

static int gate_is(const int *value)
{
    int is;
    pthread_mutex_lock(&gate.lock);
    is = *value;
    pthread_mutex_unlock(&gate.lock);
    return is;
}

static void over(void *user_data)
{
    (void)user_data;
    pass_gate(&gate.over);
}

static void blocking_event(stoa_channel *of, const stoa_event *event, void *user_data)
{
    (void)of, (void)event, (void)user_data;
    pass_gate(&gate.inside);
    wait_gate(&gate.open);
}

static void blocking_frame(const char *user, const stoa_frame *frame, const int16_t *samples, void *user_data)
{
    (void)user, (void)frame, (void)samples, (void)user_data;
    pass_gate(&gate.inside);
    wait_gate(&gate.open);
}

// A row with a callback that does not return before it: the callback is done with later, and user_data_free tells when.
#define ROW_WHILE_BLOCKED(set, shut, ...)                                                                              \
    do {                                                                                                               \
        uint64_t start;                                                                                                \
        gate.inside = 0, gate.open = 0, gate.over = 0;                                                                 \
        begin_callbacks();                                                                                             \
        EXPECT(STOA_OK, NULL, set);                                                                                    \
        wait_gate(&gate.inside);                                                                                       \
        start = stoa_time_us();                                                                                        \
        ROW("a callback does not return", STOA_ERROR_BUSY,                                                             \
            "a callback is still running on another thread: it will not start again, but what it uses must stay until " \
            "it returns",                                                                                              \
            __VA_ARGS__);                                                                                              \
        TRUE(stoa_time_us() - start < 15000000 && !gate_is(&gate.over)); /* two seconds, and a busy machine's pauses */  \
        pass_gate(&gate.open);                                                                                       \
        wait_gate(&gate.over);                                                                                         \
        end_callbacks(shut);                                                                                           \
        TRUE(gate_is(&gate.inside) == 1 && gate_is(&gate.over) == 1);                                                  \
    } while (0)

enum { ALL, CHANNEL_FREED, ENGINE_FREED_TOO };

static stoa_engine *outer_engine;
static stoa_channel *outer_channel, *outer_bob;
static stoa_stream *outer_stream;

// An engine of their own, with bob speaking to the channel.
static void begin_callbacks(void)
{
    outer_engine = engine, outer_channel = channel, outer_stream = stream, outer_bob = bob;
    engine = engine_of(NULL);
    channel = channel_of("ada");
    bob = channel_of("bob");
    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(bob, 20000));
    wait_for_user("bob");
    EXPECT(STOA_OK, NULL, stoa_channel_stream(channel, "bob", &stream));
    for (int i = 0; i < 5; i++) // a busy machine may be long about the next line
        speak(bob, 5000);
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe(channel, "bob", 20000));
}

static void end_callbacks(int freed_already)
{
    EXPECT(STOA_OK, NULL, stoa_channel_free(bob));
    EXPECT(freed_already == CHANNEL_FREED ? STOA_ERROR_BAD_HANDLE : STOA_OK, NULL, stoa_channel_free(channel));
    EXPECT(freed_already == ENGINE_FREED_TOO ? STOA_ERROR_BAD_HANDLE : STOA_OK, NULL, stoa_engine_free(engine));
    stoa_stream_free(stream);
    engine = outer_engine, channel = outer_channel, stream = outer_stream, bob = outer_bob;
}

static void blocked_rows(void)
{
    uint64_t listener = 0;
#define EVENTS stoa_channel_set_event_callback(channel, blocking_event, NULL, over)
#define LISTENER stoa_channel_on(channel, NULL, blocking_event, NULL, over, &listener)
#define FRAMES stoa_channel_set_frame_callback(channel, blocking_frame, NULL, over)
#define STREAM_FRAMES stoa_stream_set_frame_callback(stream, blocking_frame, NULL, over)
    ROW_WHILE_BLOCKED((stoa_channel_mute(bob, 1), EVENTS), ALL, stoa_channel_set_event_callback(channel, NULL, NULL, NULL));
    ROW_WHILE_BLOCKED((stoa_channel_mute(bob, 1), LISTENER), ALL, stoa_channel_off(channel, listener));
    ROW_WHILE_BLOCKED(FRAMES, ALL, stoa_channel_set_frame_callback(channel, NULL, NULL, NULL));
    ROW_WHILE_BLOCKED(STREAM_FRAMES, ALL, stoa_stream_set_frame_callback(stream, NULL, NULL, NULL));
    ROW_WHILE_BLOCKED(STREAM_FRAMES, ALL, stoa_stream_free(stream));
    ROW_WHILE_BLOCKED(FRAMES, CHANNEL_FREED, stoa_channel_free(channel));
    ROW_WHILE_BLOCKED(FRAMES, ENGINE_FREED_TOO, stoa_engine_free(engine));
}

// INSIDE A CALLBACK ----------------------------------------------------------------------

static struct given inside;
static stoa_status outcomes[FUNCTIONS];
static char sentences[FUNCTIONS][512];

// Frees what a call made, so that nothing leaks.
static void tidy(void)
{
    stoa_stream_free(inside.new_stream), stoa_channel_free(inside.new_channel);
    stoa_engine_free(inside.new_engine), stoa_server_free(inside.new_server);
    inside.new_stream = NULL, inside.new_channel = NULL, inside.new_engine = NULL, inside.new_server = NULL;
}

static void call_every(stoa_status *had, int number)
{
    had[number] = every[number].call(&inside);
    snprintf(sentences[number], sizeof sentences[number], "%s", had[number] < 0 ? stoa_last_error() : "");
    tidy();
}

static void every_inside(stoa_channel *of, const stoa_event *event, void *user_data)
{
    (void)of, (void)event, (void)user_data;
    if (gate_is(&gate.inside))
        return;
    pass_gate(&gate.inside);
    for (int i = 0; i < FUNCTIONS; i++)
        call_every(outcomes, i);
    pass_gate(&gate.open);
}

static void begin_inside(void)
{
    stoa_channel *outer;
    char own[257];
    give(&inside);
    inside.user = "nobody";
    inside.engine_options.app_id = "app";
    EXPECT(STOA_OK, NULL, stoa_engine_new(&inside.engine_options, &inside.engine));
    EXPECT(STOA_OK, NULL, stoa_server_new(&inside.server_options, &inside.server));
    EXPECT(STOA_OK, NULL, stoa_channel_new(inside.engine, &inside.channel_options, &inside.channel));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(inside.channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_mixed_stream(inside.channel, &inside.stream));
    outer = channel, channel = inside.channel;
    wait_for(STOA_EVENT_CONNECTION_STATE_CHANGED, STOA_STATE_CONNECTED, "");
    EXPECT(STOA_OK, NULL, stoa_channel_user(channel, own, sizeof own, NULL));
    wait_for(STOA_EVENT_CONNECTION_QUALITY_CHANGED, STOA_QUALITY_EXCELLENT, own); // the last that comes by itself
    channel = outer;
    inside.old_engine = inside.engine, inside.old_channel = inside.channel;
    inside.old_stream = inside.stream, inside.old_server = inside.server;
}

// Inside a callback every function answers as it does outside.
static void inside_rows(void)
{
    static stoa_status outside[FUNCTIONS];
    begin_inside();
    for (int i = 0; i < FUNCTIONS; i++)
        call_every(outside, i);
    begin_inside();
    gate.inside = 0, gate.open = 0;
    EXPECT(STOA_OK, NULL, stoa_channel_mark(inside.channel, 1)); // whose event calls it
    EXPECT(STOA_OK, NULL, stoa_channel_set_event_callback(inside.channel, every_inside, NULL, NULL));
    wait_gate(&gate.open);
    for (int i = 0; i < FUNCTIONS; i++) {
        if (outcomes[i] != outside[i])
            wrong(__FILE__, __LINE__, every[i].name, "inside a callback", say("%d, outside %d", (int)outcomes[i], (int)outside[i]));
        if (every[i].has_status)
            printf("%s\tinside a callback\t%d\t%s\n", every[i].name, (int)outcomes[i], sentences[i]);
        else
            printf("%s\tinside a callback\t-\tas everywhere\n", every[i].name);
    }
    EXPECT(STOA_OK, NULL, stoa_log_set(STOA_LOG_OFF, NULL, NULL, NULL));
    TRUE(every_freed == every_taken);
}

// LIMITS ----------------------------------------------------------------------

// Connected to a room with bob.
static void no_descriptor_rows(void)
{
    static const char none[] = "The room server cannot bind TCP 127.0.0.1:0: no descriptor is left; close some, or raise the limit (<why>).";
    stoa_engine_options engine_options = STOA_ENGINE_OPTIONS_INIT;
    stoa_server_options server_options = STOA_SERVER_OPTIONS_INIT;
    struct rlimit limit, nothing;
    stoa_stream *mix = stream;
    stoa_channel *watched = channel;
    engine_options.app_id = "app";
    server_options.keys = "key:secret";
    EXPECT(STOA_OK, NULL, stoa_channel_stream(channel, "bob", &stream));
    getrlimit(RLIMIT_NOFILE, &limit);
    nothing = limit;
    nothing.rlim_cur = 0;
    fflush(stdout);
    setrlimit(RLIMIT_NOFILE, &nothing);
    ROW("the process has no descriptor left", STOA_ERROR_ADDRESS, none, stoa_engine_new(&engine_options, &out.engine));
    ROW("the process has no descriptor left", STOA_ERROR_ADDRESS, none, stoa_server_new(&server_options, &out.server));
    ROW("the process has no descriptor left", STOA_ERROR_LIMIT, "no descriptor could be made: <why>; free some",
        stoa_stream_descriptor(stream, &out.descriptor));
    channel = bob;
    ROW("the process has no descriptor left", STOA_ERROR_LIMIT, "no descriptor could be made: <why>; free some",
        stoa_channel_event_descriptor(channel, &out.descriptor));
    channel = watched;
    setrlimit(RLIMIT_NOFILE, &limit);
    EXPECT(STOA_OK, NULL, stoa_stream_free(stream));
    stream = mix;
}

// As many handles as there can be.
static void no_handle_rows(void)
{
    static const char full[] = "there are 262144 handles: free those that are no longer needed";
    static stoa_stream *all[262144];
    stoa_engine_options engine_options = STOA_ENGINE_OPTIONS_INIT;
    stoa_server_options server_options = STOA_SERVER_OPTIONS_INIT;
    stoa_channel_options channel_options = STOA_CHANNEL_OPTIONS_INIT;
    size_t count = 0;
    stoa_status status;
    engine_options.app_id = "app";
    server_options.keys = "key:secret";
    channel_options.name = "room";
    while ((status = stoa_channel_mixed_stream(channel, &all[count])) == STOA_OK && ++count < 262144)
        ;
    TRUE(status == STOA_ERROR_LIMIT);
    ROW("there are 262,144 handles", STOA_ERROR_LIMIT, full, stoa_channel_mixed_stream(channel, &out.stream));
    ROW("there are 262,144 handles", STOA_ERROR_LIMIT, full, stoa_channel_stream(channel, "bob", &out.stream));
    ROW("there are 262,144 handles", STOA_ERROR_LIMIT, full,
        stoa_channel_track_stream(channel, "bob", "microphone", &out.stream));
    ROW("there are 262,144 handles", STOA_ERROR_LIMIT, full, stoa_channel_new(engine, &channel_options, &out.channel));
    ROW("there are 262,144 handles", STOA_ERROR_LIMIT, full, stoa_engine_new(&engine_options, &out.engine));
    ROW("there are 262,144 handles", STOA_ERROR_LIMIT, full, stoa_server_new(&server_options, &out.server));
    EXPECT(STOA_OK, NULL, stoa_channel_interrupt(channel, NULL, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_mark(channel, 1));
    ROW("there are 262,144 handles, and the event is lost", STOA_ERROR_LIMIT, full,
        stoa_channel_poll_event(channel, 20000, &out.event));
    while (count > 0)
        if (stoa_stream_free(all[--count]) != STOA_OK)
            failures++;
}
