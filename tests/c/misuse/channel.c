// Channels: how they are made, what they tell, and the connection.

#define FOR_HALL "the token is for the room 'hall', not for 'room'; take one for this room"
#define FOR_BOB \
    "the token is for the user 'bob', not for 'ada'; leave the user out of the options, or take its own token"

static void channel_new_rows(void)
{
    stoa_channel_options good = STOA_CHANNEL_OPTIONS_INIT, *options = &good;
    char token[2048];
    good.name = "room";
    ENGINES(stoa_channel_new(engine, options, &out.channel));
    NO_OPTIONS(stoa_channel_options, "STOA_CHANNEL_OPTIONS_INIT", stoa_channel_new(engine, NULL, &out.channel));
    OPTIONS(stoa_channel_options, "STOA_CHANNEL_OPTIONS_INIT", stoa_channel_new(engine, options, &out.channel));
    STRINGS("options->name", options->name, REQUIRED, 256, stoa_channel_new(engine, options, &out.channel));
    STRINGS("options->user", options->user, OPTIONAL, 256, stoa_channel_new(engine, options, &out.channel));
    STRINGS("options->token", options->token, OPTIONAL, 0, stoa_channel_new(engine, options, &out.channel));
#define REFUSED(member, value, sentence)                                                                               \
    MEMBER(member, value, STOA_ERROR_BAD_ARGUMENT, sentence, stoa_channel_new(engine, options, &out.channel))
#define RATES "give 8000, 16000, 24000, 32000, 44100 or 48000"
    REFUSED(sample_rate, 22050, "sample_rate is 22050 Hz: " RATES);
    REFUSED(sample_rate, 4294967295, "sample_rate is 4294967295 Hz: " RATES);
    REFUSED(channels, 3, "channels is 3: give 1 (mono) or 2 (stereo)");
    REFUSED(channels, 4294967295, "channels is 4294967295: give 1 (mono) or 2 (stereo)");
    REFUSED(subscribe_all, 2, "subscribe_all is 2: give 0 or 1");
    REFUSED(eager, 2, "eager is 2: give 0 or 1");
    REFUSED(listen_only, 2, "listen_only is 2: give 0 or 1");
    REFUSED(no_reconnect, 2, "no_reconnect is 2: give 0 or 1");
    REFUSED(reconnect_timeout_ms, 999, "reconnect_timeout_ms is 999: give 1000 to 3600000 ms, or 0 for the default");
    REFUSED(reconnect_timeout_ms, 3600001, "reconnect_timeout_ms is 3600001: give 1000 to 3600000 ms, or 0 for the default");
    REFUSED(send_queue_ms, 19, "send_queue_ms is 19: give 20 to 600000 ms, or 0 for the default");
    REFUSED(send_queue_ms, 600001, "send_queue_ms is 600001: give 20 to 600000 ms, or 0 for the default");
    REFUSED(send_policy, 3,
            "send_policy is 3: give STOA_QUEUE_DEFAULT (0, refuse), STOA_QUEUE_DROP_OLDEST (1) or STOA_QUEUE_DROP_NEWEST (2)");
    REFUSED(receive_queue_ms, 1999, "receive_queue_ms is 1999: give 2000 to 60000 ms, or 0 for the default");
    REFUSED(receive_queue_ms, 60001, "receive_queue_ms is 60001: give 2000 to 60000 ms, or 0 for the default");
    REFUSED(receive_policy, 3,
            "receive_policy is 3: give STOA_QUEUE_DROP_OLDEST (1, the default) or STOA_QUEUE_DROP_NEWEST (2)");
    REFUSED(bitrate, 5999, "bitrate is 5999: give 6000 to 510000 bits a second, or 0 for the default");
    REFUSED(bitrate, 510001, "bitrate is 510001: give 6000 to 510000 bits a second, or 0 for the default");
    options->user = "ada";
    REFUSED(uid, 7, "user is \"ada\" and uid is 7: give only one of them");
#undef REFUSED
    MEMBER(reserved, 1, STOA_ERROR_BAD_STRUCT, "options->reserved is 1: leave it zero",
           stoa_channel_new(engine, options, &out.channel));
#define TOKEN(what, setup, sentence)                                                                                   \
    ROW_WITH(setup, what, STOA_ERROR_BAD_TOKEN, sentence, stoa_channel_new(engine, options, &out.channel))
    options->token = "no token";
    TOKEN("options->token is \"no token\"", (void)0,
          NO_JWT);
    options->token = token;
    EXPECT(STOA_OK, NULL, stoa_token_build_livekit("key", "secret", "hall", "ada", 60, token, sizeof token, NULL));
    TOKEN("options->token is for another room", (void)0, FOR_HALL);
    EXPECT(STOA_OK, NULL, stoa_token_build_livekit("key", "secret", "room", "bob", 60, token, sizeof token, NULL));
    TOKEN("options->token is for another user", (void)0,
          FOR_BOB);
#undef TOKEN
    options->token = NULL;
    NO_PLACE("out_channel", stoa_channel_new(engine, options, NULL));
}

static void renew_rows(void)
{
    static char own[2048], made[2048];
    const char *token = own;
    EXPECT(STOA_OK, NULL, stoa_token_build_livekit("key", "secret", "room", "ada", 60, own, sizeof own, NULL));
    CHANNELS(stoa_channel_renew_token(channel, token));
    STRINGS("token", token, NOT_NULL, 0, stoa_channel_renew_token(channel, token));
    ROW("token is empty", STOA_ERROR_BAD_TOKEN, NO_JWT, stoa_channel_renew_token(channel, ""));
    EXPECT(STOA_OK, NULL, stoa_token_build_livekit("key", "secret", "hall", "ada", 60, made, sizeof made, NULL));
    ROW("token is for another room", STOA_ERROR_BAD_TOKEN, FOR_HALL, stoa_channel_renew_token(channel, made));
    EXPECT(STOA_OK, NULL, stoa_token_build_livekit("key", "secret", "room", "bob", 60, made, sizeof made, NULL));
    ROW("token is for another user", STOA_ERROR_BAD_TOKEN, FOR_BOB, stoa_channel_renew_token(channel, made));
}

static void channel_rows(void)
{
    renew_rows();
    CHANNELS(stoa_channel_get_stats(channel, &out.channel_stats));
    NO_STATS(stoa_channel_stats, "STOA_CHANNEL_STATS_INIT", stoa_channel_get_stats(channel, NULL));
    SIZES("out_stats", stoa_channel_stats, "STOA_CHANNEL_STATS_INIT", out.channel_stats.size,
          stoa_channel_get_stats(channel, &out.channel_stats));
    CHANNELS(stoa_channel_connect(channel, -1));
    CHANNELS(stoa_channel_disconnect(channel, -1));
    CHANNELS(stoa_channel_reconnect(channel));
    CHANNELS(stoa_channel_state(channel, &out.number));
    NO_PLACE("out_state", stoa_channel_state(channel, NULL));
    CHANNELS(stoa_channel_name(channel, out.text, sizeof out.text, &out.length));
    TEXT_OUT(stoa_channel_name(channel, buffer, capacity, out_length));
    CHANNELS(stoa_channel_user(channel, out.text, sizeof out.text, &out.length));
    TEXT_OUT(stoa_channel_user(channel, buffer, capacity, out_length));
    CHANNELS(stoa_channel_token(channel, out.text, sizeof out.text, &out.length));
    TEXT_OUT(stoa_channel_token(channel, buffer, capacity, out_length));
    HANDLES(CHANNEL, channel, STOA_ERROR_NULL_ARGUMENT, STOA_OK,
            stoa_channel_last_error(channel, out.text, sizeof out.text, &out.length));
    TEXT_OUT(stoa_channel_last_error(channel, buffer, capacity, out_length));
}

static void channel_states(void)
{
    static char token[2048];
    EXPECT(STOA_OK, NULL, stoa_channel_token(channel, token, sizeof token, NULL));
    ALWAYS(stoa_channel_renew_token(channel, token));
    ALWAYS(stoa_channel_get_stats(channel, &out.channel_stats));
    ALWAYS(stoa_channel_state(channel, &out.number));
    ALWAYS(stoa_channel_name(channel, out.text, sizeof out.text, &out.length));
    ALWAYS(stoa_channel_user(channel, out.text, sizeof out.text, &out.length));
    ALWAYS(stoa_channel_token(channel, out.text, sizeof out.text, &out.length));
    ALWAYS(stoa_channel_last_error(channel, out.text, sizeof out.text, &out.length));
}
