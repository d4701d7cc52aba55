// A row of docs/misuse.md: a function, what is wrong, the call, and the status and the sentence that it has to end with. Each row is
// checked as it is printed, together with what holds for every call: an output is written only on success; the sentence is the
// object's last error as well as the thread's; a success leaves the thread's sentence alone; a callback that is not taken has its
// user_data freed.

#ifndef TABLE_H
#define TABLE_H

#include "../expect.h"

#include <ctype.h>
#include <stdarg.h>

// What the rows are about. A row that needs another one swaps it in, and back.
static stoa_engine *engine;
static stoa_channel *channel;
static stoa_stream *stream;
static stoa_server *server;

// Where calls write to: filled with a pattern before each.
static struct out {
    char text[4096];
    int16_t pcm[STOA_FRAME_SAMPLES_MAX];
    size_t length;
    uint32_t number;
    uint64_t big, other;
    int32_t descriptor;
    stoa_engine *engine;
    stoa_channel *channel;
    stoa_stream *stream;
    stoa_server *server;
    stoa_event event;
    stoa_frame frame;
    stoa_engine_stats engine_stats;
    stoa_server_stats server_stats;
    stoa_channel_stats channel_stats;
    stoa_stream_stats stream_stats;
} out, untouched;

static char sentence_before[4096];
static int freed;

static void count_free(void *user_data)
{
    (void)user_data;
    __atomic_add_fetch(&freed, 1, __ATOMIC_SEQ_CST);
}

static void on_event(stoa_channel *of, const stoa_event *event, void *user_data)
{
    (void)of, (void)event, (void)user_data;
}

static void on_frame(const char *user, const stoa_frame *frame, const int16_t *samples, void *user_data)
{
    (void)user, (void)frame, (void)samples, (void)user_data;
}

// A text of the moment; the last eight stay.
static const char *say(const char *format, ...)
{
    static char texts[8][512];
    static int next = 0;
    char *text = texts[next++ % 8];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof texts[0], format, arguments);
    va_end(arguments);
    return text;
}

// Whether a sentence is as expected: <n> stands for digits, and any other <name> for what varies.
static int is_like(const char *expected, const char *got)
{
    const char *end = *expected == '<' ? strchr(expected, '>') : NULL;
    int digits = strncmp(expected, "<n>", 3) == 0;
    if (end == NULL)
        return *expected == *got && (*got == 0 || is_like(expected + 1, got + 1));
    for (; *got != 0 && (!digits || isdigit((unsigned char)*got)); got++)
        if (is_like(end + 1, got + 1))
            return 1;
    return 0;
}

static void begin(void)
{
    memset(&out, 0x5a, sizeof out);
    out.event.size = sizeof out.event;
    out.frame.size = sizeof out.frame;
    out.engine_stats.size = sizeof out.engine_stats;
    out.server_stats.size = sizeof out.server_stats;
    out.channel_stats.size = sizeof out.channel_stats;
    out.stream_stats.size = sizeof out.stream_stats;
    snprintf(sentence_before, sizeof sentence_before, "%s", stoa_last_error());
    freed = 0;
}

static void keep(void)
{
    untouched = out;
}

static int begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

// The last error of the object that the function is of, which may be none, or bad.
static const char *last_error_of(const char *function)
{
    static char text[4096];
    stoa_status status = STOA_ERROR_BAD_HANDLE;
    int of_engine = begins(function, "stoa_engine_") || strcmp(function, "stoa_channel_new") == 0;
    if (strstr(function, "_last_error") != NULL || strstr(function, "_free") != NULL)
        return NULL;
    if (of_engine && strcmp(function, "stoa_engine_new") != 0)
        status = stoa_engine_last_error(engine, text, sizeof text, NULL);
    else if (!of_engine && begins(function, "stoa_channel_"))
        status = stoa_channel_last_error(channel, text, sizeof text, NULL);
    else if (begins(function, "stoa_stream_"))
        status = stoa_stream_last_error(stream, text, sizeof text, NULL);
    else if (begins(function, "stoa_server_") && strcmp(function, "stoa_server_new") != 0)
        status = stoa_server_last_error(server, text, sizeof text, NULL);
    return status == STOA_OK ? text : NULL;
}

static void wrong(const char *file, int line, const char *function, const char *what, const char *problem)
{
    fprintf(stderr, "%s:%d: %s, %s: %s\n", file, line, function, what, problem);
    failures++;
}

// Checks a row, and prints it: function, what is wrong, status, sentence, with tabs between.
static void judge(const char *file, int line, const char *call, const char *what, stoa_status got, stoa_status status,
                  const char *sentence)
{
    char function[64], said[4096];
    const char *own;
    int bad = status < 0;
    snprintf(function, sizeof function, "%.*s", (int)strcspn(call, "("), call);
    snprintf(said, sizeof said, "%s", stoa_last_error());
    if (got != status) {
        wrong(file, line, function, what, say("%d (%s): \"%s\", and not %d", (int)got, stoa_status_text(got), said, (int)status));
        return;
    }
    if (bad && (sentence == NULL || !is_like(sentence, said)))
        wrong(file, line, function, what, say("it says \"%s\" and not \"%s\"", said, sentence));
    if (status == STOA_OK && strcmp(said, sentence_before) != 0)
        wrong(file, line, function, what, say("a success left the sentence \"%s\"", said));
    if (status == STOA_ERROR_BUFFER_TOO_SMALL) {
        untouched.length = out.length;
        untouched.frame = out.frame;
    }
    if (status > 0)
        untouched.length = out.length;
    if (status != STOA_OK && memcmp(&out, &untouched, sizeof out) != 0)
        wrong(file, line, function, what, "an output was written");
    if (bad && status != STOA_ERROR_BUSY && strstr(call, "count_free") != NULL && freed != 1)
        wrong(file, line, function, what, say("user_data_free was called %d times", freed));
    own = bad ? last_error_of(function) : NULL;
    if (own != NULL && strcmp(own, said) != 0)
        wrong(file, line, function, what, say("the object's last error is \"%s\"", own));
    printf("%s\t%s\t%d\t%s\n", function, what, (int)status, bad ? sentence : "");
}

// A row: what is wrong, the status, the sentence (NULL where it is no error), the call. ROW_WITH sets something up before the call.
#define ROW(what, status, sentence, ...) ROW_WITH((void)0, what, status, sentence, __VA_ARGS__)
#define ROW_WITH(setup, what, status, sentence, ...) ROW_OF(#__VA_ARGS__, setup, what, status, sentence, __VA_ARGS__)
#define ROW_OF(named, setup, what, status, sentence, ...)                                                              \
    (begin(), (void)(setup), keep(), judge(__FILE__, __LINE__, named, what, (__VA_ARGS__), status, sentence))

// A row of a function that returns a text or a number.
#define VALUE(what, shown, is_right, function)                                                                         \
    do {                                                                                                               \
        if (!(is_right))                                                                                               \
            wrong(__FILE__, __LINE__, function, what, "not the value " shown);                                         \
        printf("%s\t%s\t-\t%s\n", function, what, shown);                                                              \
    } while (0)

// HANDLES ----------------------------------------------------------------------

#define NOT_CONNECTED "the channel is not connected; connect it first"
#define CONNECTING_NOW "the channel is still connecting; wait until it is connected"
#define RECONNECTING_NOW "the channel is reconnecting; wait until it is connected again"
#define ENGINE_FREED "the channel's engine was freed: free the channel"

enum noun { ENGINE, CHANNEL, STREAM, SERVER };

// Handles that are wrong: freed, of another kind, of an engine that was freed. main() makes them.
static struct {
    const char *name;
    void *freed, *other, *closed;
} nouns[] = {{"engine", NULL, NULL, NULL}, {"channel", NULL, NULL, NULL}, {"stream", NULL, NULL, NULL}, {"server", NULL, NULL, NULL}};

struct wrong_handle {
    void *handle;
    const char *what, *sentence;
    stoa_status status;
};

static int wrong_handle(enum noun noun, int number, stoa_status null, stoa_status closed, struct wrong_handle *it)
{
    static int local;
    const char *name = nouns[noun].name;
    it->status = STOA_ERROR_BAD_HANDLE;
    switch (number) {
    case 0:
        it->handle = NULL;
        it->what = say("%s is NULL", name);
        it->status = null;
        it->sentence = say("%s is NULL: give the stoa_%s that a stoa function returned", name, name);
        return 1;
    case 1:
    case 2:
    case 3:
        it->handle = number == 1 ? (void *)&local : number == 2 ? (void *)(uintptr_t)1 : (void *)UINTPTR_MAX;
        it->what = say(number == 1 ? "%s is the address of something else" : number == 2 ? "%s is 1" : "%s is all ones", name);
        it->sentence = say("%s is no handle of this library: give the stoa_%s that a stoa function returned", name, name);
        return 1;
    case 4:
        it->handle = nouns[noun].other;
        it->what = say("%s is of another kind", name);
        it->sentence = say("%s is a stoa_%s: a stoa_%s is needed here", name, noun == CHANNEL ? "stream" : "channel", name);
        return 1;
    case 5:
        it->handle = nouns[noun].freed;
        it->what = say("%s was freed", name);
        it->sentence = say("%s is a stoa_%s that was freed: do not use a handle after its free function", name, name);
        return 1;
    case 6:
        it->handle = nouns[noun].closed;
        it->what = "its engine was freed";
        it->status = closed;
        it->sentence = ENGINE_FREED;
        return it->handle != NULL;
    default:
        return 0;
    }
}

// The rows of every wrong handle; `null` and `closed`: the statuses of NULL and of a handle whose engine was freed.
#define HANDLES(noun, kind, null, closed, ...) HANDLES_OF(#__VA_ARGS__, noun, kind, null, closed, __VA_ARGS__)
#define HANDLES_OF(named, noun, kind, null, closed, ...)                                                               \
    do {                                                                                                               \
        stoa_##kind *good_one = kind;                                                                                  \
        struct wrong_handle it;                                                                                        \
        for (int number = 0; wrong_handle(noun, number, null, closed, &it); number++)                                  \
            ROW_OF(named, kind = it.handle, it.what, it.status, it.sentence, __VA_ARGS__);                             \
        kind = good_one;                                                                                               \
    } while (0)

#define ENGINES(...) HANDLES(ENGINE, engine, STOA_ERROR_NULL_ARGUMENT, 0, __VA_ARGS__)
#define SERVERS(...) HANDLES(SERVER, server, STOA_ERROR_NULL_ARGUMENT, 0, __VA_ARGS__)
#define CHANNELS(...) HANDLES(CHANNEL, channel, STOA_ERROR_NULL_ARGUMENT, STOA_ERROR_CLOSED, __VA_ARGS__)
// Streams outlive their engine: the status says what they answer then.
#define STREAMS(closed, ...) HANDLES(STREAM, stream, STOA_ERROR_NULL_ARGUMENT, closed, __VA_ARGS__)

// STRINGS ----------------------------------------------------------------------

enum need { OPTIONAL, REQUIRED, NOT_NULL }; // NOT_NULL: what an empty one is, another row says

struct wrong_text {
    const char *text, *what, *sentence;
    stoa_status status;
};

// The longest string that is read, and one byte, without an end: who reads on leaves the block.
static const char *endless(void)
{
    static char *text = NULL;
    if (text == NULL)
        text = memset(malloc(65537), 'a', 65537);
    return text;
}

static const char *of_length(size_t length)
{
    static char texts[4][4200];
    static int next = 0;
    char *text = memset(texts[next++ % 4], 0, sizeof texts[0]);
    return memset(text, 'a', length);
}

static int wrong_text(const char *what, enum need need, size_t most, int number, struct wrong_text *it)
{
    const char *arrow = strstr(what, "->"), *name = arrow != NULL ? arrow + 2 : what;
    it->status = STOA_ERROR_BAD_ARGUMENT;
    switch (number) {
    case 0:
        it->text = "ab\xff";
        it->what = say("%s is not UTF-8", what);
        it->status = STOA_ERROR_BAD_UTF8;
        it->sentence = say("%s is not UTF-8 at byte 2: encode it as UTF-8", name);
        return 1;
    case 1:
        it->text = endless();
        it->what = say("%s is longer than 65,536 bytes", what);
        it->sentence = say("%s is longer than 65536 bytes: shorten it", name);
        return 1;
    case 2:
        it->text = most != 0 ? of_length(most + 1) : it->text;
        it->what = say("%s is %zu bytes long", what, most + 1);
        it->sentence = say("%s is %zu bytes long: give at most %zu", name, most + 1, most);
        return most != 0 ? 1 : -1;
    case 3:
        it->text = NULL;
        it->what = say("%s is NULL", what);
        it->status = STOA_ERROR_NULL_ARGUMENT;
        it->sentence = say("%s is NULL: give a string", name);
        return need != OPTIONAL ? 1 : 0;
    case 4:
        it->text = "";
        it->what = say("%s is empty", what);
        it->sentence = say("%s is empty: give 1 to %zu bytes", name, most);
        return need == REQUIRED ? 1 : 0;
    default:
        return 0;
    }
}

// The rows of every wrong string: in the variable, with its name in the table, with at most so many bytes (0: any length).
#define STRINGS(called, variable, need, most, ...) STRINGS_OF(#__VA_ARGS__, called, variable, need, most, __VA_ARGS__)
#define STRINGS_OF(named, called, variable, need, most, ...)                                                             \
    do {                                                                                                               \
        const char *good_one = variable;                                                                               \
        struct wrong_text it = {NULL, NULL, NULL, 0};                                                                  \
        for (int number = 0, is; (is = wrong_text(called, need, most, number, &it)) != 0; number++)                      \
            if (is > 0)                                                                                                \
                ROW_OF(named, variable = it.text, it.what, it.status, it.sentence, __VA_ARGS__);                       \
        variable = good_one;                                                                                           \
    } while (0)

static char *buffer;
static size_t capacity, *out_length;

#define BUFFER_NULL "buffer is NULL: give one, or a capacity of 0 to ask for the length"
#define BUFFER_SMALL "the buffer holds <n> bytes, and <n> are needed with the closing zero: give a larger one"

// The rows of a string that goes out into (buffer, capacity, out_length): nothing is written, and the length is told all the same.
#define TEXT_OUT(...) TEXT_OUT_OF(#__VA_ARGS__, __VA_ARGS__)
#define TEXT_OUT_OF(named, ...)                                                                                        \
    do {                                                                                                               \
        size_t length;                                                                                                 \
        buffer = NULL, capacity = 0, out_length = &out.length;                                                         \
        ROW_OF(named, (void)0, "only the length is asked for", STOA_ERROR_BUFFER_TOO_SMALL, BUFFER_SMALL, __VA_ARGS__); \
        length = out.length;                                                                                           \
        buffer = out.text, capacity = length;                                                                          \
        ROW_OF(named, (void)0, "buffer is one byte too small", STOA_ERROR_BUFFER_TOO_SMALL, BUFFER_SMALL, __VA_ARGS__); \
        TRUE(out.length == length);                                                                                    \
        buffer = NULL, capacity = sizeof out.text;                                                                     \
        ROW_OF(named, (void)0, "buffer is NULL", STOA_ERROR_NULL_ARGUMENT, BUFFER_NULL, __VA_ARGS__);                  \
        buffer = out.text, capacity = length + 1, out_length = NULL;                                                   \
        ROW_OF(named, (void)0, "out_length is NULL", STOA_OK, NULL, __VA_ARGS__);                                      \
        TRUE(strlen(out.text) == length);                                                                              \
        capacity = sizeof out.text, out_length = &out.length;                                                          \
    } while (0)

// A result that has no place.
#define NO_PLACE(name, ...)                                                                                            \
    ROW(name " is NULL", STOA_ERROR_NULL_ARGUMENT, name " is NULL: give a place for the result", __VA_ARGS__)

// STRUCTS ----------------------------------------------------------------------

// The rows of a struct whose size is wrong.
#define SIZES(what, type, init, variable, ...) SIZES_OF(#__VA_ARGS__, what, type, init, variable, __VA_ARGS__)
#define SIZES_OF(named, what, type, init, variable, ...)                                                               \
    do {                                                                                                               \
        const char *sentence = what "->size is <n>, no size of a " #type ": begin with " init;                         \
        ROW_OF(named, variable = 0, what "->size is 0", STOA_ERROR_BAD_STRUCT, sentence, __VA_ARGS__);                 \
        ROW_OF(named, variable = sizeof(type) - 1, what "->size is one too small", STOA_ERROR_BAD_STRUCT, sentence,    \
               __VA_ARGS__);                                                                                           \
        ROW_OF(named, variable = 4097, what "->size is 4097", STOA_ERROR_BAD_STRUCT, sentence, __VA_ARGS__);           \
        ROW_OF(named, variable = SIZE_MAX, what "->size is all ones", STOA_ERROR_BAD_STRUCT, sentence, __VA_ARGS__);   \
        variable = sizeof(type);                                                                                       \
    } while (0)

// The rows of options of this type, whose variable is called `options`: no size of theirs, and members of a later version.
#define OPTIONS(type, init, ...) OPTIONS_OF(#__VA_ARGS__, type, init, __VA_ARGS__)
#define OPTIONS_OF(named, type, init, ...)                                                                             \
    do {                                                                                                               \
        struct {                                                                                                       \
            type now;                                                                                                  \
            uint64_t later;                                                                                            \
        } newer;                                                                                                       \
        type *good_one = options;                                                                                      \
        memset(&newer, 0, sizeof newer);                                                                               \
        newer.now = *options, newer.later = 1;                                                                         \
        options = &newer.now;                                                                                          \
        SIZES_OF(named, "options", type, init, options->size, __VA_ARGS__);                                            \
        ROW_OF(named, options->size = sizeof newer, "options has a member that the library does not have",             \
               STOA_ERROR_BAD_STRUCT,                                                                                  \
               "options sets an option at byte <n> that this version (<version>) does not have: leave it zero, or use "  \
               "a newer library",                                                                                      \
               __VA_ARGS__);                                                                                           \
        options = good_one;                                                                                            \
    } while (0)

// The row of statistics that have no place.
#define NO_STATS(type, init, ...)                                                                                      \
    ROW("out_stats is NULL", STOA_ERROR_NULL_ARGUMENT, "out_stats is NULL: give a " #type ", begun with " init, __VA_ARGS__)

// The row of options that are NULL where they must not be.
#define NO_OPTIONS(type, init, ...)                                                                                    \
    ROW("options is NULL", STOA_ERROR_NULL_ARGUMENT, "options is NULL: give a " #type ", begun with " init, __VA_ARGS__)

// A member of `options` with a wrong value, and back.
#define MEMBER(member, value, status, sentence, ...) MEMBER_OF(#__VA_ARGS__, member, value, status, sentence, __VA_ARGS__)
#define MEMBER_OF(named, member, value, status, sentence, ...)                                                         \
    do {                                                                                                               \
        uint32_t good_one = options->member;                                                                           \
        ROW_OF(named, options->member = (value), "options->" #member " is " #value, status, sentence, __VA_ARGS__);    \
        options->member = good_one;                                                                                    \
    } while (0)

// STATES ----------------------------------------------------------------------

enum state { FRESH, CONNECTING, CONNECTED, RECONNECTING, FAILED, LEFT };

static const char *const state_names[] = {"before connect", "connecting",        "connected",
                                          "reconnecting",   "connection failed", "after disconnect"};
static const char *const not_connected[] = {NOT_CONNECTED, CONNECTING_NOW, NULL, RECONNECTING_NOW, NOT_CONNECTED, NOT_CONNECTED};
static enum state state;

// A call with its status in each of the states above; `outside`: without a connection, whatever was before. An error's sentence: the
// one given, or that of a channel not connected.
#define STATES(sentence, outside, connecting, connected, reconnecting, ...)                                            \
    do {                                                                                                               \
        const stoa_status wanted[] = {outside, connecting, connected, reconnecting, outside, outside};                 \
        ROW_OF(#__VA_ARGS__, (void)0, state_names[state], wanted[state],                                               \
               wanted[state] == STOA_ERROR_BAD_STATE ? not_connected[state] : sentence, __VA_ARGS__);                         \
    } while (0)

// A call that is right in every state.
#define ALWAYS(...) STATES(NULL, STOA_OK, STOA_OK, STOA_OK, STOA_OK, __VA_ARGS__)

#endif
