// The rows of the module rtc, one function each, in C: what a program that used it finds here, by the same names. main() lists them.
// Those about connections are in seed_connecting.c, those about sound in seed_sending.c, seed_hearing.c and seed_later.c, and what events
// tell of states and times is in seed_events.c.

#include "seed.h"

static char text[4096];

static void rtc_options(void)
{
    static const uint32_t rates[] = {8000, 16000, 24000, 32000, 44100, 48000};
    stoa_channel *chosen = channel_of(NULL, 0);
    for (size_t i = 0; i < 12; i++) {
        stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
        stoa_channel *made = NULL;
        options.name = "room";
        options.sample_rate = rates[i / 2];
        options.channels = 1 + (uint32_t)(i % 2);
        EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &made));
        EXPECT(STOA_OK, NULL, stoa_channel_free(made));
    }
    EXPECT(STOA_OK, NULL, stoa_channel_user(chosen, text, sizeof text, NULL));
    TRUE(text[0] != 0 && strcmp(text, "0") != 0); // uid 0: the library chose one
    EXPECT(STOA_OK, NULL, stoa_channel_free(chosen));
}

static void build_token(void)
{
    char claims[4096];
    static const char *const privileges[] = {"join_channel", "publish_audio", "publish_video", "publish_data"};
    EXPECT(STOA_OK, NULL, stoa_token_build_rtc(APP, CERTIFICATE, "room", "7", 3600, text, sizeof text, NULL));
    TRUE(strncmp(text, "007", 3) == 0);
    EXPECT(STOA_OK, NULL, stoa_token_verify(text, APP, CERTIFICATE, "room", "7", claims, sizeof claims, NULL));
    for (int i = 0; i < 4; i++)
        TRUE(strstr(claims, privileges[i]) != NULL);
    EXPECT(STOA_OK, NULL, stoa_token_build_rtc(APP, "", "room", "7", 3600, text, sizeof text, NULL));
    TRUE(text[0] == 0); // no certificate: empty
}

static void users_uid_channel_id_token(void)
{
    size_t count = 0;
    stoa_event event = next(ada, STOA_EVENT_USER_JOINED);
    TRUE(strcmp(event.user, "77") == 0); // a numeric uid is its decimal form
    stoa_event_free(&event);
    EXPECT(STOA_OK, NULL, stoa_channel_user_count(ada, &count));
    TRUE(count == 1);
    EXPECT(STOA_OK, NULL, stoa_channel_user_at(ada, 0, text, sizeof text, NULL));
    TRUE(strcmp(text, "77") == 0);
    EXPECT(STOA_OK, NULL, stoa_channel_user(bob, text, sizeof text, NULL));
    TRUE(strcmp(text, "77") == 0);
    EXPECT(STOA_OK, NULL, stoa_channel_name(bob, text, sizeof text, NULL));
    TRUE(strcmp(text, "room") == 0);
    EXPECT(STOA_OK, NULL, stoa_channel_token(bob, text, sizeof text, NULL));
    TRUE(text[0] != 0);
}

static void send_stream_message(void)
{
    for (uint32_t format = STOA_FORMAT_JSON; format <= STOA_FORMAT_BYTES; format++) {
        stoa_message_options options = STOA_MESSAGE_OPTIONS_INIT;
        stoa_event event;
        options.format = format;
        options.message_id = "m";
        EXPECT(STOA_OK, NULL, stoa_channel_send_message(ada, "grüß dich 🙂", 16, &options, NULL));
        event = next(bob, STOA_EVENT_STREAM_MESSAGE);
        TRUE(event.format == format && event.data_length == 16 && memcmp(event.data, "grüß dich 🙂", 16) == 0);
        TRUE(strcmp(event.user, "ada") == 0 && strcmp(event.message_id, "m") == 0);
        stoa_event_free(&event);
    }
    // A chunk that says nonsense is told, and nothing is kept of it.
    EXPECT(STOA_OK, NULL, stoa_channel_send_data(ada, "{\"msg_id\": \"x\", \"part_idx\": 9, \"total_parts\": 2, \"content\": \"\"}", 64, NULL));
    {
        stoa_event event = next(bob, STOA_EVENT_STREAM_MESSAGE_ERROR);
        TRUE(event.status < 0 && event.text[0] != 0);
        stoa_event_free(&event);
    }
}

static void chat(void)
{
    uint64_t tickets[3];
    for (int i = 0; i < 3; i++)
        EXPECT(STOA_OK, NULL, stoa_channel_send_message(ada, "123" + i, 1, NULL, &tickets[i]));
    for (int i = 0; i < 3; i++) {
        stoa_event event = next(bob, STOA_EVENT_STREAM_MESSAGE);
        TRUE(event.data_length == 1 && event.data[0] == '1' + i);
        stoa_event_free(&event);
        EXPECT(STOA_OK, NULL, stoa_channel_wait_sent(ada, tickets[i], LONG));
    }
}

static int heard;

static void on_message(stoa_channel *channel, const stoa_event *event, void *user_data)
{
    (void)channel;
    heard++;
    *(int *)user_data = event->kind == STOA_EVENT_STREAM_MESSAGE;
}

static void on_once_off(void)
{
    static const char *const names[] = {"connection_state_changed", "user_joined", "user_left", "audio_subscribe_state_changed",
                                        "stream_message", "stream_message_error"};
    uint64_t listener = 0, ticket = 0;
    int right = 0;
    stoa_event event;
    for (int i = 0; i < 6; i++) {
        EXPECT(STOA_OK, NULL, stoa_channel_on(bob, names[i], on_message, &right, NULL, &listener));
        EXPECT(STOA_OK, NULL, stoa_channel_off(bob, listener));
    }
    EXPECT(STOA_OK, NULL, stoa_channel_once(bob, "stream_message", on_message, &right, NULL, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_send_message(ada, "one", 3, NULL, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_send_message(ada, "two", 3, NULL, &ticket));
    EXPECT(STOA_OK, NULL, stoa_channel_wait_sent(ada, ticket, LONG));
    event = next(bob, STOA_EVENT_STREAM_MESSAGE); // the second: the first went to the listener
    TRUE(event.data_length == 3 && memcmp(event.data, "two", 3) == 0);
    stoa_event_free(&event);
    TRUE(heard == 1 && right);
}

int main(void)
{
    meet();
    rtc_options();
    build_token();
    users_uid_channel_id_token();
    send_stream_message();
    chat();
    on_once_off();
    return part();
}
