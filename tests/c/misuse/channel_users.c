// Users and their sound.

#define NOBODY "no user 'nobody' is in the room; wait for user_joined, or look at the users"

static void user_rows(void)
{
    const char *user = "ada", *track = "music";
    CHANNELS(stoa_channel_user_count(channel, &out.length));
    NO_PLACE("out_count", stoa_channel_user_count(channel, NULL));
    CHANNELS(stoa_channel_user_at(channel, 0, out.text, sizeof out.text, &out.length));
    ROW("index is 18446744073709551615", STOA_ERROR_NOT_FOUND,
        "index is 18446744073709551615, and the room has <n> other users: count from 0, and stop here",
        stoa_channel_user_at(channel, SIZE_MAX, out.text, sizeof out.text, &out.length));
    CHANNELS(stoa_channel_subscribe(channel, "ada", -1));
    STRINGS("user", user, REQUIRED, 256, stoa_channel_subscribe(channel, user, -1));
    CHANNELS(stoa_channel_unsubscribe(channel, "ada", -1));
    STRINGS("user", user, REQUIRED, 256, stoa_channel_unsubscribe(channel, user, -1));
    CHANNELS(stoa_channel_subscribe_state(channel, "ada", &out.number));
    STRINGS("user", user, REQUIRED, 256, stoa_channel_subscribe_state(channel, user, &out.number));
    NO_PLACE("out_state", stoa_channel_subscribe_state(channel, user, NULL));
    CHANNELS(stoa_channel_stream(channel, "ada", &out.stream));
    STRINGS("user", user, REQUIRED, 256, stoa_channel_stream(channel, user, &out.stream));
    NO_PLACE("out_stream", stoa_channel_stream(channel, user, NULL));
    CHANNELS(stoa_channel_track_stream(channel, "ada", track, &out.stream));
    STRINGS("user", user, REQUIRED, 256, stoa_channel_track_stream(channel, user, "music", &out.stream));
    STRINGS("track", track, REQUIRED, 256, stoa_channel_track_stream(channel, "ada", track, &out.stream));
    NO_PLACE("out_stream", stoa_channel_track_stream(channel, user, track, NULL));
    CHANNELS(stoa_channel_mixed_stream(channel, &out.stream));
    NO_PLACE("out_stream", stoa_channel_mixed_stream(channel, NULL));
}

// Connected, with bob in the room.
static void user_rows_in_the_room(void)
{
    TEXT_OUT(stoa_channel_user_at(channel, 0, buffer, capacity, out_length));
    ROW("user is not in the room", STOA_ERROR_NOT_FOUND, NOBODY, stoa_channel_subscribe(channel, "nobody", -1));
    ROW("user is not in the room", STOA_ERROR_NOT_FOUND, NOBODY, stoa_channel_unsubscribe(channel, "nobody", -1));
    ROW("user is not in the room", STOA_OK, NULL, stoa_channel_subscribe_state(channel, "nobody", &out.number));
    TRUE(out.number == STOA_SUBSCRIBE_IDLE);
    ROW("user is not in the room", STOA_ERROR_NOT_FOUND, NOBODY, stoa_channel_stream(channel, "nobody", &out.stream));
    ROW("user is not in the room", STOA_ERROR_NOT_FOUND, NOBODY,
        stoa_channel_track_stream(channel, "nobody", "microphone", &out.stream));
    ROW("user has no such track", STOA_ERROR_NOT_FOUND, "'bob' has no audio track 'music'; there is 'microphone'",
        stoa_channel_track_stream(channel, "bob", "music", &out.stream));
}

// A user who never speaks: nobody ever comes to be subscribed to him.
static stoa_channel *join_silent(void)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *silent = NULL;
    options.name = "room";
    options.user = "silent";
    options.listen_only = 1;
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &silent));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(silent, 20000));
    wait_for_user("silent");
    return silent;
}

static void user_states(void)
{
    ALWAYS(stoa_channel_user_count(channel, &out.length));
    STATES("index is 0, and the room has 0 other users: count from 0, and stop here", STOA_ERROR_NOT_FOUND,
           STOA_ERROR_NOT_FOUND, STOA_OK, STOA_OK,
           stoa_channel_user_at(channel, 0, out.text, sizeof out.text, &out.length));
    STATES(NULL, STOA_ERROR_BAD_STATE, STOA_ERROR_BAD_STATE, STOA_OK, STOA_OK,
           stoa_channel_unsubscribe(channel, "bob", state == RECONNECTING ? 3000 : 0));
    STATES(NULL, STOA_ERROR_BAD_STATE, STOA_ERROR_BAD_STATE, STOA_TIMED_OUT, STOA_TIMED_OUT,
           stoa_channel_subscribe(channel, "silent", 0));
    ALWAYS(stoa_channel_subscribe_state(channel, "bob", &out.number));
    STATES(NULL, STOA_ERROR_BAD_STATE, STOA_ERROR_BAD_STATE, STOA_OK, STOA_OK,
           stoa_channel_stream(channel, "bob", &out.stream));
    if (state == CONNECTED || state == RECONNECTING)
        EXPECT(STOA_OK, NULL, stoa_stream_free(out.stream));
    STATES(NULL, STOA_ERROR_BAD_STATE, STOA_ERROR_BAD_STATE, STOA_OK, STOA_OK,
           stoa_channel_track_stream(channel, "bob", "microphone", &out.stream));
    if (state == CONNECTED || state == RECONNECTING)
        EXPECT(STOA_OK, NULL, stoa_stream_free(out.stream));
    ALWAYS(stoa_channel_mixed_stream(channel, &out.stream));
    EXPECT(STOA_OK, NULL, stoa_stream_free(out.stream));
}
