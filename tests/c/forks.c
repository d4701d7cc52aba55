// A child that inherits a used library: every function answers at once and does nothing, and its exit does not lock up. The parent
// goes on. It prints the rows of docs/misuse.md.

#define _POSIX_C_SOURCE 200809L
#include "every.h"

#include <sys/wait.h>
#include <unistd.h>

static struct given given;

static void start(void)
{
    give(&given);
    EXPECT(STOA_OK, NULL, stoa_engine_new(&given.engine_options, &given.engine));
    EXPECT(STOA_OK, NULL, stoa_server_new(&given.server_options, &given.server));
    EXPECT(STOA_OK, NULL, stoa_channel_new(given.engine, &given.channel_options, &given.channel));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(given.channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_mixed_stream(given.channel, &given.stream));
}

static void finish(void)
{
    EXPECT(STOA_OK, NULL, stoa_stream_free(given.stream));
    EXPECT(STOA_OK, NULL, stoa_channel_free(given.channel));
    EXPECT(STOA_OK, NULL, stoa_engine_free(given.engine));
    EXPECT(STOA_OK, NULL, stoa_server_free(given.server));
}

static void refused(void)
{
    static const char sentence[] =
        "this process was forked from one that used the library: exec a program, or fork before the first use";
    static struct given before;
    given.old_engine = given.engine, given.old_channel = given.channel;
    given.old_stream = given.stream, given.old_server = given.server;
    given.timeout_ms = -1;
    before = given;
    for (int i = 0; i < FUNCTIONS; i++) {
        stoa_status wanted = every[i].has_status ? STOA_ERROR_CLOSED : STOA_OK;
        expect_at(__LINE__, every[i].name, every[i].call(&given), wanted, wanted == STOA_OK ? NULL : sentence);
        TRUE(memcmp(&given, &before, sizeof given) == 0);
        if (every[i].has_status)
            printf("%s\tin a forked child\t%d\t%s\n", every[i].name, STOA_ERROR_CLOSED, sentence);
        else
            printf("%s\tin a forked child\t-\tas everywhere\n", every[i].name);
    }
    TRUE(every_freed == every_taken);
    EXPECT(STOA_OK, NULL, stoa_engine_free(NULL));
}

// What a child does, and its exit, within 20 s.
static void in_child(void (*work)(void))
{
    int status = 0;
    pid_t child;
    fflush(stdout);
    child = fork();
    if (child == 0) {
        alarm(20);
        work();
        exit(failures != 0);
    }
    TRUE(waitpid(child, &status, 0) == child);
    TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void use(void)
{
    start();
    finish();
}

int main(void)
{
    in_child(use); // forked before the first use
    start();
    in_child(refused);
    EXPECT(STOA_OK, NULL, stoa_channel_poll_event(given.channel, 20000, &given.event));
    EXPECT(STOA_OK, NULL, stoa_event_free(&given.event));
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(given.channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(given.channel, 20000));
    finish();
    printf("%d failures\n", failures);
    return failures != 0;
}
