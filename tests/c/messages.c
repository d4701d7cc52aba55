// Messages over real sockets: a long text in each format both ways, completions, a full queue, misuse, and what becomes of what is queued
// when there is no connection.

#include "expect.h"

static stoa_engine *engine;

static stoa_channel *channel_of(const char *user)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *made = NULL;
    options.name = "room";
    options.user = user;
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &made));
    return made;
}

// The next event of a kind; the others are thrown away.
static stoa_event next(stoa_channel *channel, uint32_t kind)
{
    stoa_event event = STOA_EVENT_INIT;
    int found = 0;
    while (!found && stoa_channel_poll_event(channel, 60000, &event) == STOA_OK) {
        found = event.kind == kind;
        if (!found)
            stoa_event_free(&event);
    }
    TRUE(found);
    return event;
}

// The message with an id; those that come before are thrown away.
static stoa_event message_of(stoa_channel *channel, const char *id)
{
    stoa_event event = next(channel, STOA_EVENT_STREAM_MESSAGE);
    while (event.message_id != NULL && strcmp(event.message_id, id) != 0) {
        stoa_event_free(&event);
        event = next(channel, STOA_EVENT_STREAM_MESSAGE);
    }
    return event;
}

static void exchange(stoa_channel *from, stoa_channel *to, uint32_t format, const char *text, size_t length)
{
    const char *const users[] = {"bob", "ada"};
    stoa_message_options options = STOA_MESSAGE_OPTIONS_INIT;
    stoa_event event;
    uint64_t ticket = 0;
    int found;
    options.message_id = "é-7";
    options.topic = "chat";
    options.to = users;
    options.to_count = 2;
    options.format = format;
    EXPECT(STOA_OK, NULL, stoa_channel_send_message(from, text, length, &options, &ticket));
    event = message_of(to, "é-7");
    TRUE(event.data_length == length && (length == 0 || memcmp(event.data, text, length) == 0));
    TRUE(event.format == (format == 0 ? STOA_FORMAT_TEXT : format));
    TRUE(strcmp(event.topic, "chat") == 0);
    EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    EXPECT(STOA_OK, NULL, stoa_channel_wait_sent(from, ticket, 60000));
    do {
        event = next(from, STOA_EVENT_MESSAGE_SENT);
        TRUE(event.status == STOA_OK && event.id <= ticket);
        TRUE(event.id != ticket || strcmp(event.message_id, "é-7") == 0);
        found = event.kind != STOA_EVENT_MESSAGE_SENT || event.id >= ticket;
        EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    } while (!found);
}

static void misuse(stoa_channel *channel)
{
    static const char big[1];
    stoa_message_options options = STOA_MESSAGE_OPTIONS_INIT;
    uint64_t ticket = 99;
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "data is NULL", stoa_channel_send_message(channel, NULL, 1, NULL, &ticket));
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "16777217", stoa_channel_send_message(channel, big, 16777217, NULL, &ticket));
    EXPECT(STOA_ERROR_BAD_UTF8, "byte stream", stoa_channel_send_message(channel, "\xff", 1, NULL, &ticket));
    options.format = 5;
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "format is 5", stoa_channel_send_message(channel, "x", 1, &options, &ticket));
    options.format = STOA_FORMAT_BYTES;
    options.lossy = 1;
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "reliable", stoa_channel_send_message(channel, "x", 1, &options, &ticket));
    options.lossy = 2;
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "lossy", stoa_channel_send_message(channel, "x", 1, &options, &ticket));
    options.lossy = 0;
    options.format = STOA_FORMAT_BASE64;
    options.message_id = "a|b";
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "bar", stoa_channel_send_message(channel, "x", 1, &options, &ticket));
    options.message_id = "\xff";
    EXPECT(STOA_ERROR_BAD_UTF8, "message_id", stoa_channel_send_message(channel, "x", 1, &options, &ticket));
    options.message_id = NULL;
    options.to_count = 1;
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "to is NULL", stoa_channel_send_message(channel, "x", 1, &options, &ticket));
    options.size = 8;
    EXPECT(STOA_ERROR_BAD_STRUCT, NULL, stoa_channel_send_message(channel, "x", 1, &options, &ticket));
    TRUE(ticket == 99);
    EXPECT(STOA_ERROR_NOT_FOUND, "no message has the number", stoa_channel_wait_sent(channel, 0, 0));
    EXPECT(STOA_ERROR_NOT_FOUND, "no message has the number", stoa_channel_wait_sent(channel, 999999, -1));
}

// Without a connection nothing leaves and the queue fills up; with one all of it does.
static void fill(stoa_channel *channel)
{
    stoa_event event;
    uint64_t first = 0, last = 0, ticket;
    size_t count = 0;
    stoa_status status;
    while ((status = stoa_channel_send_message(channel, "x", 1, NULL, &ticket)) == STOA_OK) {
        first = first == 0 ? ticket : first;
        last = ticket;
        count++;
    }
    TRUE(status == STOA_QUEUE_FULL && strstr(stoa_last_error(), "1024 messages") != NULL);
    TRUE(count == 1024 && last == first + 1023);
    EXPECT(STOA_TIMED_OUT, NULL, stoa_channel_wait_sent(channel, last, 0));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_wait_sent(channel, last, 60000));
    event = next(channel, STOA_EVENT_MESSAGE_SENT);
    TRUE(event.status == STOA_OK);
    EXPECT(STOA_OK, NULL, stoa_event_free(&event));
}

int main(void)
{
    static const char unit[] = "🎉é|\"\\\n語";
    static char text[100000];
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_channel *ada, *bob;
    uint64_t ticket;
    size_t length = 0;
    uint32_t format;
    while (length + sizeof unit - 1 <= sizeof text) {
        memcpy(text + length, unit, sizeof unit - 1);
        length += sizeof unit - 1;
    }
    options.app_id = "app";
    EXPECT(STOA_OK, NULL, stoa_engine_new(&options, &engine));
    ada = channel_of("ada");
    bob = channel_of("bob");
    misuse(ada);
    EXPECT(STOA_OK, NULL, stoa_channel_connect(bob, 20000));
    fill(ada);
    misuse(ada);
    for (format = 0; format <= STOA_FORMAT_BYTES; format++) {
        exchange(ada, bob, format, text, length);
        exchange(bob, ada, format, text, length);
        exchange(ada, bob, format, NULL, 0);
    }

    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(ada, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_send_message(ada, text, length, NULL, &ticket));
    EXPECT(STOA_TIMED_OUT, NULL, stoa_channel_wait_sent(ada, ticket, 10));
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
    EXPECT(STOA_ERROR_CLOSED, NULL, stoa_channel_send_message(ada, "x", 1, NULL, NULL));
    EXPECT(STOA_ERROR_CLOSED, NULL, stoa_channel_wait_sent(ada, ticket, -1));
    EXPECT(STOA_OK, NULL, stoa_channel_free(ada));
    EXPECT(STOA_OK, NULL, stoa_channel_free(bob));
    EXPECT(STOA_ERROR_BAD_HANDLE, NULL, stoa_channel_send_message(ada, "x", 1, NULL, NULL));
    printf("%d failures\n", failures);
    return failures != 0;
}
