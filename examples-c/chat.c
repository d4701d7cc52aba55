/* chat.c - Ada and Bob exchange messages, in each format, and know of each when it has left.
 * cc -std=c99 chat.c -lstoa -o chat && ./chat */
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

/* Waits for an event of this kind; the caller frees it. */
static stoa_event next(stoa_channel *channel, uint32_t kind)
{
    stoa_event event = STOA_EVENT_INIT;
    for (;;) {
        must(stoa_channel_poll_event(channel, 20000, &event));
        if (event.kind == STOA_EVENT_STREAM_MESSAGE_ERROR)
            fprintf(stderr, "from %s: %s\n", event.user, event.text);
        if (event.kind == kind)
            return event;
        must(stoa_event_free(&event));
    }
}

/* Queues a text and returns its number. NULL would be a text stream, which every LiveKit client reads. */
static uint64_t say(stoa_channel *channel, uint32_t format, const char *text)
{
    stoa_message_options options = STOA_MESSAGE_OPTIONS_INIT;
    uint64_t ticket;
    options.format = format;
    options.topic = "lk.chat";
    must(stoa_channel_send_message(channel, text, strlen(text), &options, &ticket));
    return ticket;
}

static void hear(stoa_channel *channel)
{
    stoa_event event = next(channel, STOA_EVENT_STREAM_MESSAGE);
    printf("%s: %.*s\n", event.user, (int)event.data_length, (const char *)event.data);
    must(stoa_event_free(&event));
}

int main(void)
{
    static const char *const said[] = {"How do I get to the agora?", "Past the stoa, to the left. 🏛️", "Thank you!"};
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_engine *engine;
    stoa_channel *ada, *bob;
    stoa_event event;
    uint64_t ticket;

    options.app_id = "chat"; /* no url: the room server inside */
    must(stoa_engine_new(&options, &engine));
    ada = join(engine, "ada");
    bob = join(engine, "bob");
    event = next(ada, STOA_EVENT_USER_JOINED);
    must(stoa_event_free(&event));

    ticket = say(ada, STOA_FORMAT_TEXT, said[0]);
    hear(bob);
    event = next(ada, STOA_EVENT_MESSAGE_SENT);
    printf("message %u of Ada has left: %s\n", (unsigned)ticket, event.id == ticket ? stoa_status_text(event.status) : "?");
    must(stoa_event_free(&event));

    ticket = say(bob, STOA_FORMAT_JSON, said[1]);
    must(stoa_channel_wait_sent(bob, ticket, 20000)); /* the same without an event */
    hear(ada);

    say(ada, STOA_FORMAT_BASE64, said[2]);
    hear(bob);

    must(stoa_engine_free(engine)); /* closes both channels */
    must(stoa_channel_free(ada));
    must(stoa_channel_free(bob));
    return 0;
}
