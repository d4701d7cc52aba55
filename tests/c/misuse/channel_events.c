// Events and callbacks.

static void channel_event_rows(void)
{
    CHANNELS(stoa_channel_poll_event(channel, -1, &out.event));
    ROW("out_event is NULL", STOA_ERROR_NULL_ARGUMENT, "out_event is NULL: give a stoa_event, begun with STOA_EVENT_INIT",
        stoa_channel_poll_event(channel, -1, NULL));
    SIZES("out_event", stoa_event, "STOA_EVENT_INIT", out.event.size, stoa_channel_poll_event(channel, -1, &out.event));
    CHANNELS(stoa_channel_event_descriptor(channel, &out.descriptor));
    NO_PLACE("out_descriptor", stoa_channel_event_descriptor(channel, NULL));
    CHANNELS(stoa_channel_set_event_callback(channel, on_event, NULL, count_free));
    ROW("callback is NULL", STOA_OK, NULL, stoa_channel_set_event_callback(channel, NULL, NULL, count_free));
    TRUE(freed == 1);
    CHANNELS(stoa_channel_set_frame_callback(channel, on_frame, NULL, count_free));
    ROW("callback is NULL", STOA_OK, NULL, stoa_channel_set_frame_callback(channel, NULL, NULL, count_free));
    TRUE(freed == 1);
}

#define NO_LISTENER "there is no listener <n>: it was taken off, or has had its event; give a number that is in use"

static void listener_rows(void)
{
    static const char many[] = "256 listeners are on this channel already; take one off, or listen to every event with one";
    const char *event = "played";
    stoa_channel *good = channel;
    uint64_t listener;
#define CALLBACK_NULL "callback is NULL: give the function to be called"
#define NO_EVENT "no event is named 'no_event': give one of <names>"
    CHANNELS(stoa_channel_on(channel, event, on_event, NULL, count_free, &out.big));
    STRINGS("event", event, OPTIONAL, 0, stoa_channel_on(channel, event, on_event, NULL, count_free, &out.big));
    ROW("event is \"no_event\"", STOA_ERROR_BAD_ARGUMENT, NO_EVENT,
        stoa_channel_on(channel, "no_event", on_event, NULL, count_free, &out.big));
    ROW("callback is NULL", STOA_ERROR_NULL_ARGUMENT, CALLBACK_NULL,
        stoa_channel_on(channel, event, NULL, NULL, count_free, &out.big));
    CHANNELS(stoa_channel_once(channel, event, on_event, NULL, count_free, &out.big));
    STRINGS("event", event, OPTIONAL, 0, stoa_channel_once(channel, event, on_event, NULL, count_free, &out.big));
    ROW("event is \"no_event\"", STOA_ERROR_BAD_ARGUMENT, NO_EVENT,
        stoa_channel_once(channel, "no_event", on_event, NULL, count_free, &out.big));
    ROW("callback is NULL", STOA_ERROR_NULL_ARGUMENT, CALLBACK_NULL,
        stoa_channel_once(channel, event, NULL, NULL, count_free, &out.big));
#undef CALLBACK_NULL
#undef NO_EVENT
    CHANNELS(stoa_channel_off(channel, 1));
    ROW("listener is 0", STOA_ERROR_NOT_FOUND, NO_LISTENER, stoa_channel_off(channel, 0));
    ROW("listener is 18446744073709551615", STOA_ERROR_NOT_FOUND, NO_LISTENER, stoa_channel_off(channel, UINT64_MAX));

    channel = small_channel(0);
    ROW("event is NULL", STOA_OK, NULL, stoa_channel_on(channel, NULL, on_event, NULL, count_free, &out.big));
    ROW("event is empty", STOA_OK, NULL, stoa_channel_on(channel, "", on_event, NULL, count_free, &out.big));
    listener = out.big;
    TRUE(freed == 0);
    EXPECT(STOA_OK, NULL, stoa_channel_off(channel, listener));
    TRUE(freed == 1);
    ROW("listener was taken off", STOA_ERROR_NOT_FOUND, NO_LISTENER, stoa_channel_off(channel, listener));
    ROW("event is NULL", STOA_OK, NULL, stoa_channel_once(channel, NULL, on_event, NULL, count_free, &out.big));
    ROW("event is empty", STOA_OK, NULL, stoa_channel_once(channel, "", on_event, NULL, count_free, &out.big));
    ROW("out_listener is NULL", STOA_OK, NULL, stoa_channel_on(channel, event, on_event, NULL, count_free, NULL));
    ROW("out_listener is NULL", STOA_OK, NULL, stoa_channel_once(channel, event, on_event, NULL, count_free, NULL));
    for (int i = 5; i < 256; i++)
        EXPECT(STOA_OK, NULL, stoa_channel_on(channel, event, on_event, NULL, count_free, NULL));
    ROW("256 listeners are there", STOA_ERROR_LIMIT, many,
        stoa_channel_on(channel, event, on_event, NULL, count_free, &out.big));
    ROW("256 listeners are there", STOA_ERROR_LIMIT, many,
        stoa_channel_once(channel, event, on_event, NULL, count_free, &out.big));
    begin();
    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
    TRUE(freed == 256);
    channel = good;
}

static void listener_states(void)
{
    uint64_t listener;
    ALWAYS(stoa_channel_once(channel, "user_left", on_event, NULL, NULL, &out.big));
    EXPECT(STOA_OK, NULL, stoa_channel_off(channel, out.big));
    ALWAYS(stoa_channel_on(channel, "user_left", on_event, NULL, NULL, &out.big));
    listener = out.big;
    ALWAYS(stoa_channel_off(channel, listener));
}

// What is taken is freed once: when it is replaced, taken off, or its channel is freed.
static void taken_once(void)
{
    begin();
    EXPECT(STOA_OK, NULL, stoa_channel_set_event_callback(channel, on_event, NULL, count_free));
    EXPECT(STOA_OK, NULL, stoa_channel_set_frame_callback(channel, on_frame, NULL, count_free));
    EXPECT(STOA_OK, NULL, stoa_stream_set_frame_callback(stream, on_frame, NULL, count_free));
    TRUE(freed == 0);
    ROW("a callback is set", STOA_TIMED_OUT, NULL, stoa_channel_poll_event(channel, -1, &out.event));
    begin();
    EXPECT(STOA_OK, NULL, stoa_channel_set_event_callback(channel, on_event, NULL, count_free));
    EXPECT(STOA_OK, NULL, stoa_channel_set_frame_callback(channel, on_frame, NULL, count_free));
    EXPECT(STOA_OK, NULL, stoa_stream_set_frame_callback(stream, on_frame, NULL, count_free));
    TRUE(freed == 3);
    EXPECT(STOA_OK, NULL, stoa_channel_set_event_callback(channel, NULL, NULL, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_set_frame_callback(channel, NULL, NULL, NULL));
    EXPECT(STOA_OK, NULL, stoa_stream_set_frame_callback(stream, NULL, NULL, NULL));
    TRUE(freed == 6);
}

static void drain(void)
{
    stoa_event event = STOA_EVENT_INIT;
    while (stoa_channel_poll_event(channel, 0, &event) == STOA_OK)
        EXPECT(STOA_OK, NULL, stoa_event_free(&event));
}

static void channel_event_states(void)
{
    drain();
    STATES(NULL, STOA_TIMED_OUT, STOA_TIMED_OUT, STOA_TIMED_OUT, STOA_TIMED_OUT,
           stoa_channel_poll_event(channel, 0, &out.event));
    ALWAYS(stoa_channel_event_descriptor(channel, &out.descriptor));
    ALWAYS(stoa_channel_set_event_callback(channel, on_event, NULL, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_set_event_callback(channel, NULL, NULL, NULL));
    ALWAYS(stoa_channel_set_frame_callback(channel, on_frame, NULL, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_set_frame_callback(channel, NULL, NULL, NULL));
}
