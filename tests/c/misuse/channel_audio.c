// Speaking.

#define SAMPLES_NULL "samples is NULL, and count is not 0: give the samples, or a count of 0"
#define COUNT_HUGE "count is <n> samples, more than any memory holds: give samples for each channel"
#define LISTENS "the channel was made with listen_only; make another one to speak"

static uint64_t queued(void)
{
    uint64_t queued_us = 1;
    EXPECT(STOA_OK, NULL, stoa_channel_queued(channel, &queued_us));
    return queued_us;
}

// Channels with a queue of 20 ms, and one that only listens.
static stoa_channel *small_channel(uint32_t listen_only)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *small = NULL;
    options.name = "room";
    options.user = "small";
    options.send_queue_ms = 20;
    options.listen_only = listen_only;
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &small));
    return small;
}

static void audio_rows(void)
{
    static int16_t pcm[9600];
    static float floats[9600];
    const int16_t *odd = (const int16_t *)(const void *)((const char *)pcm + 1);
    const float *odd_float = (const float *)(const void *)((const char *)floats + 2);
    stoa_channel *good = channel;

    CHANNELS(stoa_channel_push_audio(channel, pcm, 480, -1, &out.length));
    ROW("samples is NULL", STOA_ERROR_NULL_ARGUMENT, SAMPLES_NULL, stoa_channel_push_audio(channel, NULL, 1, 0, &out.length));
    ROW("samples is at an odd address", STOA_ERROR_BAD_ARGUMENT, "samples is at an odd address: align it to 2 bytes",
        stoa_channel_push_audio(channel, odd, 1, 0, &out.length));
    ROW("count is 18446744073709551615", STOA_ERROR_BAD_ARGUMENT, COUNT_HUGE,
        stoa_channel_push_audio(channel, pcm, SIZE_MAX, 0, &out.length));
    ROW("count is 0, and samples is NULL", STOA_OK, NULL, stoa_channel_push_audio(channel, NULL, 0, -1, &out.length));
    TRUE(out.length == 0);
    ROW("out_accepted is NULL", STOA_OK, NULL, stoa_channel_push_audio(channel, pcm, 0, 0, NULL));

    CHANNELS(stoa_channel_push_audio_f32(channel, floats, 480, -1, &out.length));
    ROW("samples is NULL", STOA_ERROR_NULL_ARGUMENT, SAMPLES_NULL,
        stoa_channel_push_audio_f32(channel, NULL, 1, 0, &out.length));
    ROW("samples is at an odd address", STOA_ERROR_BAD_ARGUMENT, "samples is at an odd address: align it to 4 bytes",
        stoa_channel_push_audio_f32(channel, odd_float, 1, 0, &out.length));
    ROW("count is 18446744073709551615", STOA_ERROR_BAD_ARGUMENT, COUNT_HUGE,
        stoa_channel_push_audio_f32(channel, floats, SIZE_MAX, 0, &out.length));
    ROW("count is 0, and samples is NULL", STOA_OK, NULL, stoa_channel_push_audio_f32(channel, NULL, 0, -1, &out.length));
    TRUE(out.length == 0);
    ROW("out_accepted is NULL", STOA_OK, NULL, stoa_channel_push_audio_f32(channel, floats, 0, 0, NULL));
    TRUE(queued() == 0);

    CHANNELS(stoa_channel_queued(channel, &out.big));
    NO_PLACE("out_queued_us", stoa_channel_queued(channel, NULL));
    CHANNELS(stoa_channel_mark(channel, 1));
    ROW("id is 0", STOA_OK, NULL, stoa_channel_mark(channel, 0));
    ROW("id is 18446744073709551615", STOA_OK, NULL, stoa_channel_mark(channel, UINT64_MAX));
    CHANNELS(stoa_channel_wait_played(channel, -1));
    CHANNELS(stoa_channel_interrupt(channel, &out.big, &out.other));
    ROW("out_sent is NULL", STOA_OK, NULL, stoa_channel_interrupt(channel, NULL, &out.big));
    ROW("out_dropped is NULL", STOA_OK, NULL, stoa_channel_interrupt(channel, &out.big, NULL));
    CHANNELS(stoa_channel_mute(channel, 1));
    ROW("muted is 2", STOA_ERROR_BAD_ARGUMENT, "muted is 2: give 0 or 1", stoa_channel_mute(channel, 2));
    ROW("muted is 4294967295", STOA_ERROR_BAD_ARGUMENT, "muted is 4294967295: give 0 or 1",
        stoa_channel_mute(channel, UINT32_MAX));

    channel = small_channel(1);
    ROW("listen_only", STOA_ERROR_BAD_STATE, LISTENS, stoa_channel_push_audio(channel, pcm, 480, -1, &out.length));
    ROW("listen_only", STOA_ERROR_BAD_STATE, LISTENS, stoa_channel_push_audio_f32(channel, floats, 480, -1, &out.length));
    ROW("listen_only", STOA_ERROR_BAD_STATE, LISTENS, stoa_channel_mark(channel, 1));
    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));

    channel = small_channel(0);
    ROW("the queue takes a part, and timeout_ms is 0", STOA_QUEUE_FULL, NULL,
        stoa_channel_push_audio(channel, pcm, 9600, 0, &out.length));
    TRUE(out.length == 480 && queued() == 20000);
    ROW("the queue is full, and stays so", STOA_TIMED_OUT, NULL, stoa_channel_push_audio(channel, pcm, 9600, 5, &out.length));
    TRUE(out.length == 0 && queued() == 20000);
    ROW("the queue is full, and timeout_ms is 0", STOA_QUEUE_FULL, NULL,
        stoa_channel_push_audio_f32(channel, floats, 9600, 0, &out.length));
    ROW("the queue is full, and stays so", STOA_TIMED_OUT, NULL,
        stoa_channel_push_audio_f32(channel, floats, 9600, 5, &out.length));
    TRUE(out.length == 0 && queued() == 20000);
    ROW("nothing leaves", STOA_TIMED_OUT, NULL, stoa_channel_wait_played(channel, 5));
    for (int i = 0; i < 256; i++)
        EXPECT(STOA_OK, NULL, stoa_channel_mark(channel, 1));
    ROW("256 marks wait", STOA_ERROR_LIMIT, "256 playout marks wait to be passed; set the next one after an event 'played'",
        stoa_channel_mark(channel, 1));
    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
    channel = good;
}

static void audio_states(void)
{
    static int16_t pcm[480];
    static float floats[480];
    ALWAYS(stoa_channel_interrupt(channel, &out.big, &out.other));
    ALWAYS(stoa_channel_push_audio(channel, pcm, 480, 0, &out.length));
    ALWAYS(stoa_channel_push_audio_f32(channel, floats, 480, 0, &out.length));
    ALWAYS(stoa_channel_queued(channel, &out.big));
    ALWAYS(stoa_channel_mark(channel, 1));
    EXPECT(STOA_TIMED_OUT, NULL, stoa_channel_wait_played(channel, 0));
    EXPECT(STOA_OK, NULL, stoa_channel_interrupt(channel, NULL, NULL));
    ALWAYS(stoa_channel_wait_played(channel, -1));
    ALWAYS(stoa_channel_mute(channel, 1));
    EXPECT(STOA_OK, NULL, stoa_channel_mute(channel, 0));
}
