// What users tell of themselves.

static void people_rows(void)
{
    const char *user = "ada", *name = NULL, *metadata = NULL, *attributes = NULL;
    CHANNELS(stoa_channel_user_info(channel, "ada", out.text, sizeof out.text, &out.length));
    STRINGS("user", user, OPTIONAL, 256, stoa_channel_user_info(channel, user, out.text, sizeof out.text, &out.length));
    CHANNELS(stoa_channel_room_info(channel, out.text, sizeof out.text, &out.length));
    CHANNELS(stoa_channel_set_user_info(channel, "Ada", NULL, NULL, -1));
    STRINGS("name", name, OPTIONAL, 256, stoa_channel_set_user_info(channel, name, "m", NULL, -1));
    STRINGS("metadata", metadata, OPTIONAL, 0, stoa_channel_set_user_info(channel, "Ada", metadata, NULL, -1));
    STRINGS("attributes", attributes, OPTIONAL, 0, stoa_channel_set_user_info(channel, "Ada", NULL, attributes, -1));
    ROW("nothing is to change", STOA_ERROR_BAD_ARGUMENT, "name, metadata and attributes are all empty: give what is to change",
        stoa_channel_set_user_info(channel, NULL, "", "{}", -1));
#define NO_OBJECT "attributes is no JSON object of strings (<why>): give one such as {\"seat\": \"3\"}"
    ROW("attributes is a list", STOA_ERROR_BAD_ARGUMENT, NO_OBJECT, stoa_channel_set_user_info(channel, NULL, NULL, "[]", -1));
    ROW("attributes has a number", STOA_ERROR_BAD_ARGUMENT, NO_OBJECT,
        stoa_channel_set_user_info(channel, NULL, NULL, "{\"seat\": 3}", -1));
    ROW("attributes is cut off", STOA_ERROR_BAD_ARGUMENT, NO_OBJECT,
        stoa_channel_set_user_info(channel, NULL, NULL, "{\"seat\"", -1));
#undef NO_OBJECT
}

// Connected, with bob in the room.
static void people_rows_in_the_room(void)
{
    static char half[40000], other_half[40000];
    TEXT_OUT(stoa_channel_user_info(channel, "bob", buffer, capacity, out_length));
    TEXT_OUT(stoa_channel_room_info(channel, buffer, capacity, out_length));
    ROW("user is not in the room", STOA_ERROR_NOT_FOUND, NOBODY,
        stoa_channel_user_info(channel, "nobody", out.text, sizeof out.text, &out.length));
    ROW("user is NULL", STOA_OK, NULL, stoa_channel_user_info(channel, NULL, out.text, sizeof out.text, &out.length));
    TRUE(strstr(out.text, "\"user\":\"ada\"") != NULL);
    ROW("timeout_ms is 0", STOA_TIMED_OUT, NULL, stoa_channel_set_user_info(channel, "Ada", NULL, NULL, 0));
    snprintf(half, sizeof half, "{\"a\": \"%0*d\"}", (int)sizeof half - 20, 0);
    snprintf(other_half, sizeof other_half, "{\"b\": \"%0*d\"}", (int)sizeof other_half - 20, 0);
    EXPECT(STOA_OK, NULL, stoa_channel_set_user_info(channel, NULL, NULL, half, 20000));
    ROW("too long for the server", STOA_ERROR_LIMIT, "the server refused to change this user: <why>",
        stoa_channel_set_user_info(channel, NULL, NULL, other_half, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_set_user_info(channel, NULL, NULL, "{\"a\": \"\"}", 20000));
}

static void people_states(void)
{
    STATES(NULL, STOA_ERROR_BAD_STATE, STOA_ERROR_BAD_STATE, STOA_OK, STOA_ERROR_BAD_STATE,
           stoa_channel_user_info(channel, NULL, out.text, sizeof out.text, &out.length));
    STATES(NULL, STOA_ERROR_BAD_STATE, STOA_ERROR_BAD_STATE, STOA_OK, STOA_ERROR_BAD_STATE,
           stoa_channel_room_info(channel, out.text, sizeof out.text, &out.length));
    STATES(NULL, STOA_ERROR_BAD_STATE, STOA_ERROR_BAD_STATE, STOA_OK, STOA_ERROR_BAD_STATE,
           stoa_channel_set_user_info(channel, "Ada", NULL, NULL, 20000));
}

// In a room, a user whose token allows to look at it, and nothing else.
static void unheard_rows(void)
{
    static const int16_t pcm[480];
    static const float floats[480];
    static const char may_not_speak[] = "this user may not speak in this room (any more); take a token with canPublish";
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *good = channel;
    char token[2048];
    EXPECT(STOA_OK, NULL,
           stoa_token_build_json("{\"family\": \"livekit\", \"claims\": {\"sub\": \"zoe\", \"video\": {\"room\": \"room\", "
                                 "\"roomJoin\": true, \"canPublish\": false, \"canSubscribe\": false}}}",
                                 "key", "secret", token, sizeof token, NULL));
    options.name = "room";
    options.token = token;
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &channel));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 20000));
    ROW("the token allows no sound", STOA_ERROR_NOT_ALLOWED, may_not_speak,
        stoa_channel_push_audio(channel, pcm, 480, -1, &out.length));
    ROW("the token allows no sound", STOA_ERROR_NOT_ALLOWED, may_not_speak,
        stoa_channel_push_audio_f32(channel, floats, 480, -1, &out.length));
    ROW("the token allows no hearing", STOA_ERROR_NOT_ALLOWED,
        "this user may not hear in this room (any more); take a token with canSubscribe",
        stoa_channel_subscribe(channel, "bob", -1));
    ROW("the token allows no hearing", STOA_ERROR_NOT_ALLOWED,
        "this user may not hear in this room (any more); take a token with canSubscribe",
        stoa_channel_track_stream(channel, "bob", "microphone", &out.stream));
    ROW("the token allows no change", STOA_ERROR_NOT_ALLOWED, "the server refused to change this user: <why>",
        stoa_channel_set_user_info(channel, "Zoe", NULL, NULL, 20000));
    ROW("the token allows no data", STOA_ERROR_NOT_ALLOWED,
        "the token does not let this user send data; take one with canPublishData",
        stoa_channel_rpc_call(channel, "bob", "add", NULL, 0, &out.big));
    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
    channel = good;
}
