// Messages.

static void message_rows(void)
{
    stoa_message_options good = STOA_MESSAGE_OPTIONS_INIT, *options = &good;
    const char *users[1] = {"bob"}, **to = users;
    stoa_channel *connected = channel;
    CHANNELS(stoa_channel_send_message(channel, "text", 4, NULL, &out.big));
    OPTIONS(stoa_message_options, "STOA_MESSAGE_OPTIONS_INIT",
            stoa_channel_send_message(channel, "text", 4, options, &out.big));
    STRINGS("options->message_id", options->message_id, OPTIONAL, 256,
            stoa_channel_send_message(channel, "text", 4, options, &out.big));
    STRINGS("options->topic", options->topic, OPTIONAL, 256,
            stoa_channel_send_message(channel, "text", 4, options, &out.big));
    MEMBER(to_count, 1, STOA_ERROR_NULL_ARGUMENT, "to is NULL, and to_count is not 0: give the users, or a to_count of 0",
           stoa_channel_send_message(channel, "text", 4, options, &out.big));
    options->to = to;
    MEMBER(to_count, 4097, STOA_ERROR_BAD_ARGUMENT, "to_count is 4097: give at most 4096, or none for everyone",
           stoa_channel_send_message(channel, "text", 4, options, &out.big));
    options->to_count = 1;
    STRINGS("a user in to", users[0], REQUIRED, 256, stoa_channel_send_message(channel, "text", 4, options, &out.big));
    {
        const char *many[65];
        for (int i = 0; i < 65; i++)
            many[i] = i == 0 ? of_length(256) : many[0];
        options->to = many;
        MEMBER(to_count, 65, STOA_ERROR_BAD_ARGUMENT, "the users in to have 16640 bytes: give at most 16384, or none for everyone",
               stoa_channel_send_message(channel, "text", 4, options, &out.big));
    }
    options->to_count = 0;
    options->to = NULL;
#define REFUSED(member, value, sentence)                                                                               \
    MEMBER(member, value, STOA_ERROR_BAD_ARGUMENT, sentence, stoa_channel_send_message(channel, "text", 4, options, &out.big))
    REFUSED(format, 5, "format is 5: give STOA_FORMAT_JSON (1) to STOA_FORMAT_BYTES (4), or 0");
    REFUSED(format, 4294967295, "format is 4294967295: give STOA_FORMAT_JSON (1) to STOA_FORMAT_BYTES (4), or 0");
    REFUSED(lossy, 2, "lossy is 2: give 0 or 1");
    REFUSED(lossy, 1, "LiveKit's streams are always reliable: leave lossy out, or take another format");
#undef REFUSED
    options->format = STOA_FORMAT_BASE64;
#define BAD_ID(id, what)                                                                                               \
    ROW_WITH(options->message_id = id, what, STOA_ERROR_BAD_ARGUMENT,                                                  \
             "the id \"<id>\" does not go into base64 chunks: give at most 32 characters, none a bar",                 \
             stoa_channel_send_message(channel, "text", 4, options, &out.big))
    BAD_ID("a|b", "options->message_id has a bar, and options->format is STOA_FORMAT_BASE64");
    BAD_ID(of_length(33), "options->message_id has 33 characters, and options->format is STOA_FORMAT_BASE64");
#undef BAD_ID
    ROW("data is NULL", STOA_ERROR_NULL_ARGUMENT, "data is NULL, and length is not 0: give the bytes, or a length of 0",
        stoa_channel_send_message(channel, NULL, 4, NULL, &out.big));
    ROW("data is not UTF-8, and no byte stream", STOA_ERROR_BAD_UTF8,
        "the message is not UTF-8 at byte 2: encode it, or send it as a byte stream",
        stoa_channel_send_message(channel, "ab\xff", 3, NULL, &out.big));
    ROW("length is 16777217", STOA_ERROR_BAD_ARGUMENT, "a message of 16777217 bytes is too long: give at most 16777216",
        stoa_channel_send_message(channel, "text", 16777217, NULL, &out.big));
    ROW("length is 18446744073709551615", STOA_ERROR_BAD_ARGUMENT,
        "a message of 18446744073709551615 bytes is too long: give at most 16777216",
        stoa_channel_send_message(channel, "text", SIZE_MAX, NULL, &out.big));

    CHANNELS(stoa_channel_wait_sent(channel, 1, -1));
#define NO_TICKET "no message has the number <n>; give one that stoa_channel_send_message() gave"
    ROW("ticket is 0", STOA_ERROR_NOT_FOUND, NO_TICKET, stoa_channel_wait_sent(channel, 0, -1));
    ROW("ticket is 18446744073709551615", STOA_ERROR_NOT_FOUND, NO_TICKET, stoa_channel_wait_sent(channel, UINT64_MAX, -1));
#undef NO_TICKET

    channel = small_channel(0);
    ROW("options is NULL", STOA_OK, NULL, stoa_channel_send_message(channel, "text", 4, NULL, &out.big));
    TRUE(out.big == 1);
    ROW("out_ticket is NULL", STOA_OK, NULL, stoa_channel_send_message(channel, "text", 4, NULL, NULL));
    for (int i = 2; i < 1024; i++)
        EXPECT(STOA_OK, NULL, stoa_channel_send_message(channel, NULL, 0, NULL, NULL));
    ROW("1024 messages wait", STOA_QUEUE_FULL, NULL, stoa_channel_send_message(channel, "text", 4, NULL, &out.big));
    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
    channel = connected;
}

static void message_states(void)
{
    uint64_t ticket;
    ALWAYS(stoa_channel_send_message(channel, "text", 4, NULL, &out.big));
    ticket = out.big;
    STATES(NULL, STOA_TIMED_OUT, STOA_TIMED_OUT, STOA_OK, STOA_TIMED_OUT,
           stoa_channel_wait_sent(channel, ticket, state == CONNECTED ? 20000 : 0));
}

// In a room, a user whose token allows no data: a message that waits for the connection fails when it is there.
static void forbidden_rows(void)
{
    static const char none[] = "the token does not let this user send data; take one with canPublishData";
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *good = channel;
    uint64_t ticket = 0;
    char token[2048];
    EXPECT(STOA_OK, NULL,
           stoa_token_build_json("{\"family\": \"livekit\", \"claims\": {\"sub\": \"eve\", \"video\": "
                                 "{\"room\": \"room\", \"roomJoin\": true, \"canPublishData\": false}}}",
                                 "key", "secret", token, sizeof token, NULL));
    options.name = "room";
    options.token = token;
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &channel));
    EXPECT(STOA_OK, NULL, stoa_channel_send_message(channel, "text", 4, NULL, &ticket));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 20000));
    ROW("the token allows no data", STOA_ERROR_NOT_ALLOWED, none, stoa_channel_send_data(channel, "data", 4, NULL));
    ROW("the token allows no data", STOA_ERROR_NOT_ALLOWED, none,
        stoa_channel_send_message(channel, "text", 4, NULL, &out.big));
    ROW("the token allows no data", STOA_ERROR_NOT_ALLOWED, none, stoa_channel_wait_sent(channel, ticket, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
    channel = good;
}
