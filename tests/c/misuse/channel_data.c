// Data packets.

static void data_rows(void)
{
    static char data[60001];
    stoa_data_options good = STOA_DATA_OPTIONS_INIT, *options = &good;
    const char *users[1] = {"bob"}, **to = users;
    CHANNELS(stoa_channel_send_data(channel, "data", 4, NULL));
    OPTIONS(stoa_data_options, "STOA_DATA_OPTIONS_INIT", stoa_channel_send_data(channel, "data", 4, options));
    STRINGS("options->topic", options->topic, OPTIONAL, 256, stoa_channel_send_data(channel, "data", 4, options));
    MEMBER(to_count, 1, STOA_ERROR_NULL_ARGUMENT, "to is NULL, and to_count is not 0: give the users, or a to_count of 0",
           stoa_channel_send_data(channel, "data", 4, options));
    options->to = to;
    MEMBER(to_count, 4097, STOA_ERROR_BAD_ARGUMENT, "to_count is 4097: give at most 4096, or none for everyone",
           stoa_channel_send_data(channel, "data", 4, options));
    options->to_count = 1;
    STRINGS("a user in to", users[0], REQUIRED, 256, stoa_channel_send_data(channel, "data", 4, options));
    options->to_count = 0;
    options->to = NULL;
    MEMBER(lossy, 2, STOA_ERROR_BAD_ARGUMENT, "lossy is 2: give 0 or 1", stoa_channel_send_data(channel, "data", 4, options));
    MEMBER(reserved, 1, STOA_ERROR_BAD_STRUCT, "options->reserved is 1: leave it zero",
           stoa_channel_send_data(channel, "data", 4, options));
    ROW("data is NULL", STOA_ERROR_NULL_ARGUMENT, "data is NULL, and length is not 0: give the bytes, or a length of 0",
        stoa_channel_send_data(channel, NULL, 4, NULL));
    ROW("length is 60001", STOA_ERROR_BAD_ARGUMENT, "a data packet of 60001 bytes is too long: give at most 60000",
        stoa_channel_send_data(channel, data, sizeof data, NULL));
    ROW("length is 18446744073709551615", STOA_ERROR_BAD_ARGUMENT,
        "a data packet of 18446744073709551615 bytes is too long: give at most 60000",
        stoa_channel_send_data(channel, "data", SIZE_MAX, NULL));
}

static void data_states(void)
{
    STATES(NULL, STOA_ERROR_BAD_STATE, STOA_ERROR_BAD_STATE, STOA_OK, STOA_OK,
           stoa_channel_send_data(channel, "data", 4, NULL));
}

// Connected.
static void data_rows_in_the_room(void)
{
    ROW("options is NULL", STOA_OK, NULL, stoa_channel_send_data(channel, "data", 4, NULL));
}
