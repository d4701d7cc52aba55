// Voice detection and dumps.

static void vad_rows(void)
{
    stoa_vad_options good = STOA_VAD_OPTIONS_INIT, *options = &good;
    CHANNELS(stoa_channel_set_vad(channel, options));
    ROW("options is NULL", STOA_OK, NULL, stoa_channel_set_vad(channel, NULL));
    OPTIONS(stoa_vad_options, "STOA_VAD_OPTIONS_INIT", stoa_channel_set_vad(channel, options));
#define REFUSED(member, value, sentence)                                                                               \
    MEMBER(member, value, STOA_ERROR_BAD_ARGUMENT, sentence, stoa_channel_set_vad(channel, options))
#define COUNT(member, most)                                                                                            \
    REFUSED(member, most##1, #member " is " #most "1: give 1 to " #most "0 blocks of 10 ms, or 0 for the default");    \
    REFUSED(member, 4294967295, #member " is 4294967295: give 1 to " #most "0 blocks of 10 ms, or 0 for the default")
    COUNT(pre_start_recognize_count, 100);
    COUNT(start_recognize_count, 100);
    COUNT(stop_recognize_count, 600);
#undef COUNT
    REFUSED(speech_only, 2, "speech_only is 2: give 0 or 1");
#define SHARE(member, value)                                                                                           \
    REFUSED(member, value, #member " is " #value ": give a share above 0.0, at most 1.0, or 0.0 for the default")
    SHARE(active_percent, 1.5);
    SHARE(active_percent, -0.1);
    SHARE(inactive_percent, 1.5);
    SHARE(inactive_percent, -0.1);
#undef SHARE
#define NUMBER(member, value, range) REFUSED(member, value, #member " is " #value ": give " range ", or 0 for the default")
    NUMBER(start_voice_prob, 100, "1 to 99 percent");
    NUMBER(start_voice_prob, 4294967295, "1 to 99 percent");
    NUMBER(stop_voice_prob, 100, "1 to 99 percent");
    NUMBER(stop_voice_prob, 4294967295, "1 to 99 percent");
    NUMBER(start_rms_threshold, 1, "-100 to -1 dB");
    NUMBER(start_rms_threshold, -101, "-100 to -1 dB");
    NUMBER(stop_rms_threshold, 1, "-100 to -1 dB");
    NUMBER(stop_rms_threshold, -101, "-100 to -1 dB");
#undef NUMBER
    options->active_percent = strtod("nan", NULL);
    ROW("options->active_percent is no number", STOA_ERROR_BAD_ARGUMENT,
        "active_percent is NaN: give a share above 0.0, at most 1.0, or 0.0 for the default",
        stoa_channel_set_vad(channel, options));
    options->active_percent = 0.0;
    options->speech_only = 1;
    REFUSED(pre_start_recognize_count, 90,
            "pre_start_recognize_count and start_recognize_count are 1200 ms together, which with speech_only is more than half "
            "of receive_queue_ms (2000): give less, or make the channel with a larger one");
#undef REFUSED
}

static void dump_rows(void)
{
    stoa_dump_options good = STOA_DUMP_OPTIONS_INIT, *options = &good;
    good.directory = scratch();
    CHANNELS(stoa_channel_set_dump(channel, options));
    ROW("options is NULL", STOA_OK, NULL, stoa_channel_set_dump(channel, NULL));
    OPTIONS(stoa_dump_options, "STOA_DUMP_OPTIONS_INIT", stoa_channel_set_dump(channel, options));
    STRINGS("options->directory", options->directory, NOT_NULL, 0, stoa_channel_set_dump(channel, options));
#define REFUSED(member, value, sentence)                                                                               \
    MEMBER(member, value, STOA_ERROR_BAD_ARGUMENT, sentence, stoa_channel_set_dump(channel, options))
    REFUSED(max_bytes, 4095, "max_bytes is 4095: give 4096 to 4294967295, or 0 for the default");
    REFUSED(max_bytes, 4294967296, "max_bytes is 4294967296: give 4096 to 4294967295, or 0 for the default");
    REFUSED(what, 4, "what is 4: give STOA_DUMP_SENT (1), STOA_DUMP_HEARD (2), their sum, or 0 for both");
    REFUSED(what, 4294967295, "what is 4294967295: give STOA_DUMP_SENT (1), STOA_DUMP_HEARD (2), their sum, or 0 for both");
#undef REFUSED
    MEMBER(reserved, 1, STOA_ERROR_BAD_STRUCT, "options->reserved is 1: leave it zero", stoa_channel_set_dump(channel, options));
#define INTO(path, what, sentence)                                                                                     \
    ROW_WITH(options->directory = path, "options->directory " what, STOA_ERROR_BAD_ARGUMENT, sentence,                 \
             stoa_channel_set_dump(channel, options))
    INTO("", "is empty", "directory is empty: give one that is there");
    INTO("/nowhere/at all", "is not there", "the directory '/nowhere/at all' cannot be used: <why>; make it first");
    INTO("/dev/null", "is no directory", "'/dev/null' is no directory: give one");
#undef INTO

    CHANNELS(stoa_channel_dump_dropped(channel, &out.big));
    NO_PLACE("out_frames", stoa_channel_dump_dropped(channel, NULL));
}

static void listening_states(void)
{
    stoa_vad_options vad = STOA_VAD_OPTIONS_INIT;
    stoa_dump_options dump = STOA_DUMP_OPTIONS_INIT;
    dump.directory = scratch();
    ALWAYS(stoa_channel_set_vad(channel, &vad));
    EXPECT(STOA_OK, NULL, stoa_channel_set_vad(channel, NULL));
    ALWAYS(stoa_channel_set_dump(channel, &dump));
    ALWAYS(stoa_channel_dump_dropped(channel, &out.big));
    EXPECT(STOA_OK, NULL, stoa_channel_set_dump(channel, NULL));
}
