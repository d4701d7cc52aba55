// What arrives, and with whom: the longest and the shortest message of every format, and messages and data packets that are for one user
// while another one is in the room. The argument "quick" makes the longest 256 KiB, for valgrind.

#define _POSIX_C_SOURCE 200809L
#define EAGER 0
#define LOUD 0
#include "room.h"

enum { LONGEST = 16777216, PACKETS = 50 };

static char longest[LONGEST];

// The next event of a kind; the others are thrown away, but for those that tell of a failure. The caller frees it.
static stoa_event next(stoa_channel *channel, uint32_t kind)
{
    stoa_event event = STOA_EVENT_INIT;
    int found = 0;
    while (!found && stoa_channel_poll_event(channel, 60000, &event) == STOA_OK) {
        found = event.kind == kind;
        if (event.status != STOA_OK) {
            printf("%s: %s: %s\n", stoa_event_name(event.kind), stoa_status_text(event.status), event.text);
            failures++;
        }
        if (!found)
            stoa_event_free(&event);
    }
    TRUE(found);
    return event;
}

// One message to bob alone.
static void message(stoa_channel *ada, stoa_channel *bob, uint32_t format, size_t length)
{
    const char *const to[] = {"bob"};
    stoa_message_options options = STOA_MESSAGE_OPTIONS_INIT;
    stoa_event event;
    uint64_t ticket = 0;
    options.message_id = "longest";
    options.to = to;
    options.to_count = 1;
    options.format = format;
    EXPECT(STOA_OK, NULL, stoa_channel_send_message(ada, longest, length, &options, &ticket));
    event = next(bob, STOA_EVENT_STREAM_MESSAGE);
    TRUE(event.data_length == length && (length == 0 || memcmp(event.data, longest, length) == 0));
    TRUE(event.format == format && strcmp(event.user, "ada") == 0 && strcmp(event.message_id, "longest") == 0);
    EXPECT(STOA_OK, NULL, stoa_event_free(&event));
    EXPECT(STOA_OK, NULL, stoa_channel_wait_sent(ada, ticket, 60000));
}

// One data packet to bob alone, on each channel. A lossy one may be lost, and is sent again; one that was only late may then arrive
// among those of the other topic.
static void data(stoa_channel *ada, stoa_channel *bob, uint32_t lossy)
{
    const char *const to[] = {"bob"};
    stoa_data_options options = STOA_DATA_OPTIONS_INIT;
    stoa_event event = STOA_EVENT_INIT;
    int got = 0;
    options.topic = lossy ? "now" : "surely";
    options.to = to;
    options.to_count = 1;
    options.lossy = lossy;
    for (int tries = 0; tries < (lossy ? PACKETS : 1) && !got; tries++) {
        EXPECT(STOA_OK, NULL, stoa_channel_send_data(ada, "secret", 6, &options));
        while (!got && stoa_channel_poll_event(bob, lossy ? 1000 : 60000, &event) == STOA_OK) {
            if (event.kind == STOA_EVENT_DATA_RECEIVED && strcmp(event.topic, options.topic) == 0) {
                TRUE(event.data_length == 6 && memcmp(event.data, "secret", 6) == 0 && strcmp(event.user, "ada") == 0);
                TRUE(event.flags == (lossy ? 0 : STOA_EVENT_FLAG_RELIABLE));
                got = 1;
            }
            stoa_event_free(&event);
        }
    }
    TRUE(got);
}

// What was for bob alone went before on the same reliable channel, so whoever gets this got nothing of it.
static void only_what_is_for_everyone(stoa_channel *ada, stoa_channel *cleo)
{
    stoa_event event = STOA_EVENT_INIT;
    int messages = 0, packets = 0;
    EXPECT(STOA_OK, NULL, stoa_channel_send_data(ada, "for everyone", 12, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_send_message(ada, "for everyone", 12, NULL, NULL));
    while ((messages == 0 || packets == 0) && stoa_channel_poll_event(cleo, 60000, &event) == STOA_OK) {
        int is_message = event.kind == STOA_EVENT_STREAM_MESSAGE, is_packet = event.kind == STOA_EVENT_DATA_RECEIVED;
        TRUE(event.kind != STOA_EVENT_STREAM_MESSAGE_ERROR);
        if (is_message || is_packet)
            TRUE(event.data_length == 12 && memcmp(event.data, "for everyone", 12) == 0);
        messages += is_message;
        packets += is_packet;
        stoa_event_free(&event);
    }
    TRUE(messages == 1 && packets == 1);
}

int main(int argc, char **argv)
{
    size_t most = argc > 1 && strcmp(argv[1], "quick") == 0 ? LONGEST / 64 : LONGEST;
    stoa_engine *engine = new_engine();
    stoa_channel *ada, *bob, *cleo;
    stoa_event event;
    // Text of one byte a character, of which every format has the most parts; no two parts are the same.
    for (size_t i = 0; i < LONGEST; i++)
        longest[i] = (char)(' ' + (i * 31 + i / 93 * 7 + i / 8649) % 95);
    bob = join(engine, "bob");
    cleo = join(engine, "cleo");
    ada = join(engine, "ada");
    event = next(cleo, STOA_EVENT_USER_JOINED);
    stoa_event_free(&event);
    for (uint32_t format = STOA_FORMAT_JSON; format <= STOA_FORMAT_BYTES; format++) {
        message(ada, bob, format, most);
        message(ada, bob, format, 0);
    }
    data(ada, bob, 1);
    data(ada, bob, 0);
    only_what_is_for_everyone(ada, cleo);
    EXPECT(STOA_OK, NULL, stoa_channel_free(ada));
    EXPECT(STOA_OK, NULL, stoa_channel_free(bob));
    EXPECT(STOA_OK, NULL, stoa_channel_free(cleo));
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
    printf("%d failures\n", failures);
    return failures != 0;
}
