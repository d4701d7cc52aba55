/* rpc.c - Bob answers a method, Ada calls it; and both tell the room something of themselves.
 * cc -std=c99 rpc.c -lstoa -o rpc && ./rpc */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stoa.h>

static void must(stoa_status status)
{
    if (status == STOA_OK)
        return;
    fprintf(stderr, "%s: %s\n", stoa_status_text(status), stoa_last_error());
    exit(1);
}

/* A listener: it runs on the engine's dispatch thread, and may answer there, or later on another one. */
static void on_call(stoa_channel *channel, const stoa_event *event, void *user_data)
{
    char text[64], *end;
    double number;
    (void)user_data;
    snprintf(text, sizeof text, "%.*s", (int)event->data_length, event->data == NULL ? "" : (const char *)event->data);
    printf("%s calls %s(%s) and waits %.0f s\n", event->user, event->topic, text, (double)event->elapsed_us / 1e6);
    number = strtod(text, &end);
    if (end == text) {
        must(stoa_channel_rpc_fail(channel, event->id, STOA_RPC_APPLICATION_ERROR, "this is no number"));
        return;
    }
    snprintf(text, sizeof text, "%g", number * number);
    must(stoa_channel_rpc_answer(channel, event->id, text));
}

static stoa_channel *join(stoa_engine *engine, const char *user)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *channel;
    options.name = "agora";
    options.user = user;
    must(stoa_channel_new(engine, &options, &channel));
    must(stoa_channel_connect(channel, 20000));
    return channel;
}

/* Waits until a user is in the room: only who is there can be called. */
static void await_user(stoa_channel *channel, const char *user)
{
    stoa_event event = STOA_EVENT_INIT;
    int is_here = 0;
    while (!is_here) {
        must(stoa_channel_poll_event(channel, 20000, &event));
        is_here = event.kind == STOA_EVENT_USER_JOINED && strcmp(event.user, user) == 0;
        must(stoa_event_free(&event));
    }
}

static void square(stoa_channel *channel, const char *number)
{
    char answer[15361];
    uint64_t ticket;
    uint32_t code;
    must(stoa_channel_rpc_call(channel, "bob", "square", number, 10000, &ticket));
    if (stoa_channel_rpc_wait(channel, ticket, -1, &code, answer, sizeof answer, NULL) == STOA_OK)
        printf("%s squared is %s\n", number, answer);
    else
        printf("%s: code %u, %s\n", number, (unsigned)code, stoa_last_error());
}

int main(void)
{
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_engine *engine;
    stoa_channel *ada, *bob;
    char info[4096];

    options.app_id = "rpc";
    must(stoa_engine_new(&options, &engine));
    ada = join(engine, "ada");
    bob = join(engine, "bob");
    await_user(ada, "bob");

    must(stoa_channel_on(bob, "rpc_called", on_call, NULL, NULL, NULL));
    must(stoa_channel_rpc_register(bob, "square"));
    square(ada, "12");
    square(ada, "twelve");
    must(stoa_channel_rpc_unregister(bob, "square"));
    square(ada, "12");

    must(stoa_channel_set_user_info(bob, "Bob", NULL, "{\"knows\": \"squares\"}", 20000));
    must(stoa_channel_user_info(bob, NULL, info, sizeof info, NULL));
    printf("%s\n", info);
    must(stoa_engine_free(engine));
    must(stoa_channel_free(ada));
    must(stoa_channel_free(bob));
    return 0;
}
