// Streams.

static void stream_rows(void)
{
    int16_t *odd = (int16_t *)(void *)((char *)out.pcm + 1);
    STREAMS(STOA_END_OF_STREAM, stoa_stream_read(stream, -1, out.pcm, STOA_FRAME_SAMPLES_MAX, &out.frame));
    NO_PLACE("out_samples", stoa_stream_read(stream, -1, NULL, 10, &out.frame));
    ROW("out_samples is at an odd address", STOA_ERROR_BAD_ARGUMENT, "out_samples is at an odd address: align it to 2 bytes",
        stoa_stream_read(stream, -1, odd, 10, &out.frame));
    ROW("capacity is 18446744073709551615", STOA_ERROR_BAD_ARGUMENT,
        "capacity is <n> samples, more than any memory holds: give the room for each channel",
        stoa_stream_read(stream, -1, out.pcm, SIZE_MAX, &out.frame));
    ROW("out_frame is NULL", STOA_ERROR_NULL_ARGUMENT, "out_frame is NULL: give a stoa_frame, begun with STOA_FRAME_INIT",
        stoa_stream_read(stream, -1, out.pcm, STOA_FRAME_SAMPLES_MAX, NULL));
    SIZES("out_frame", stoa_frame, "STOA_FRAME_INIT", out.frame.size,
          stoa_stream_read(stream, -1, out.pcm, STOA_FRAME_SAMPLES_MAX, &out.frame));
    STREAMS(STOA_OK, stoa_stream_readable(stream, &out.length));
    NO_PLACE("out_frames", stoa_stream_readable(stream, NULL));
    STREAMS(STOA_OK, stoa_stream_descriptor(stream, &out.descriptor));
    NO_PLACE("out_descriptor", stoa_stream_descriptor(stream, NULL));
    STREAMS(STOA_OK, stoa_stream_set_frame_callback(stream, on_frame, NULL, count_free));
    ROW("callback is NULL", STOA_OK, NULL, stoa_stream_set_frame_callback(stream, NULL, NULL, count_free));
    TRUE(freed == 1);
    STREAMS(STOA_OK, stoa_stream_user(stream, out.text, sizeof out.text, &out.length));
    TEXT_OUT(stoa_stream_user(stream, buffer, capacity, out_length));
    STREAMS(STOA_OK, stoa_stream_dropped(stream, &out.big));
    NO_PLACE("out_frames", stoa_stream_dropped(stream, NULL));
    STREAMS(STOA_OK, stoa_stream_get_stats(stream, &out.stream_stats));
    NO_STATS(stoa_stream_stats, "STOA_STREAM_STATS_INIT", stoa_stream_get_stats(stream, NULL));
    SIZES("out_stats", stoa_stream_stats, "STOA_STREAM_STATS_INIT", out.stream_stats.size,
          stoa_stream_get_stats(stream, &out.stream_stats));
    STREAMS(STOA_OK, stoa_stream_last_error(stream, out.text, sizeof out.text, &out.length));
    TEXT_OUT(stoa_stream_last_error(stream, buffer, capacity, out_length));
}

static void stream_states(void)
{
    while (stoa_stream_read(stream, 0, out.pcm, STOA_FRAME_SAMPLES_MAX, &out.frame) == STOA_OK)
        ;
    STATES(NULL, STOA_TIMED_OUT, STOA_TIMED_OUT, STOA_TIMED_OUT, STOA_TIMED_OUT,
           stoa_stream_read(stream, 0, out.pcm, STOA_FRAME_SAMPLES_MAX, &out.frame));
    ALWAYS(stoa_stream_readable(stream, &out.length));
    ALWAYS(stoa_stream_descriptor(stream, &out.descriptor));
    ALWAYS(stoa_stream_set_frame_callback(stream, on_frame, NULL, NULL));
    EXPECT(STOA_OK, NULL, stoa_stream_set_frame_callback(stream, NULL, NULL, NULL));
    ALWAYS(stoa_stream_user(stream, out.text, sizeof out.text, &out.length));
    ALWAYS(stoa_stream_dropped(stream, &out.big));
    ALWAYS(stoa_stream_get_stats(stream, &out.stream_stats));
    ALWAYS(stoa_stream_last_error(stream, out.text, sizeof out.text, &out.length));
}

// The stream of bob, who has spoken: what is not read stays.
static void stream_rows_with_frames(void)
{
    stoa_stream *mix = stream;
    size_t before = 0, after = 0;
    EXPECT(STOA_OK, NULL, stoa_channel_stream(channel, "bob", &stream));
    speak(bob, 2000);
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe(channel, "bob", 20000));
    for (int i = 0; i < 1000 && before < 10; i++) {
        if (i % 100 == 99) // on a slow machine it was over before anybody heard it
            speak(bob, 2000);
        EXPECT(STOA_OK, NULL, stoa_stream_readable(stream, &before));
        pause_ms(20);
    }
    TRUE(before >= 10);
    ROW("the buffer is too small for the frame", STOA_ERROR_BUFFER_TOO_SMALL,
        "the frame has <n> samples for each channel, and capacity is 1: give more room, 5760 always suffices",
        stoa_stream_read(stream, 0, out.pcm, 1, &out.frame));
    TRUE(out.frame.samples_per_channel > 1 && out.frame.samples_per_channel <= STOA_FRAME_SAMPLES_MAX);
    EXPECT(STOA_OK, NULL, stoa_stream_readable(stream, &after));
    TRUE(after >= before);
    EXPECT(STOA_OK, NULL, stoa_channel_interrupt(bob, NULL, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_unsubscribe(channel, "bob", 20000));
    EXPECT(STOA_OK, NULL, stoa_stream_free(stream));
    stream = mix;
}
