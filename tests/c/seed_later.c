// The rows of the module rtc that its version 1.1.0 added: voice detection and dumps. See seed.c. The argument is a folder for dumps.

#include "seed_sound.h"

// What a voice of two seconds brings about; no parameters: the seed's.
static spurt listen_to_a_voice(const stoa_vad_options *options)
{
    stoa_stream *stream = NULL;
    spurt spoken;
    EXPECT(STOA_OK, NULL, stoa_channel_set_vad(ada, options));
    EXPECT(STOA_OK, NULL, stoa_channel_stream(ada, "77", &stream));
    say(bob, 2000);
    spoken = read_spurt(stream);
    EXPECT(STOA_OK, NULL, stoa_channel_wait_played(bob, LONG)); // also where its end was given up
    EXPECT(STOA_OK, NULL, stoa_stream_free(stream));
    return spoken;
}

// Whether a voice is found, and told of from its start to its end.
static int is_found(const stoa_vad_options *options)
{
    spurt spoken = listen_to_a_voice(options);
    stoa_event event = STOA_EVENT_INIT;
    uint64_t started = 0;
    int told = 0;
    while (!told && stoa_channel_poll_event(ada, 3000, &event) == STOA_OK) {
        if (event.kind == STOA_EVENT_SPEECH_STARTED || event.kind == STOA_EVENT_SPEECH_ENDED)
            TRUE(strcmp(event.user, "77") == 0);
        if (event.kind == STOA_EVENT_SPEECH_STARTED)
            started = event.time_us;
        if (event.kind == STOA_EVENT_SPEECH_ENDED)
            told = started > 0 && event.time_us > started && event.elapsed_us > 300000;
        stoa_event_free(&event);
    }
    EXPECT(STOA_OK, NULL, stoa_channel_set_vad(ada, NULL));
    clear_events(ada, 0); // of other pauses in the voice
    return told && spoken.speech[STOA_SPEECH_START] >= 1 && spoken.speech[STOA_SPEECH_SPEAKING] > 10;
}

static void enable_vad_and_vad_configs(void)
{
    stoa_vad_options seeds = STOA_VAD_OPTIONS_INIT, deaf = STOA_VAD_OPTIONS_INIT;
    stoa_event event = STOA_EVENT_INIT;
    spurt spoken;
    deaf.start_rms_threshold = -1; // the voice's loudest is far below
    spoken = listen_to_a_voice(&deaf);
    TRUE(spoken.voice > 10 && spoken.speech[STOA_SPEECH_NONE] == spoken.frames);
    while (stoa_channel_poll_event(ada, 0, &event) == STOA_OK) {
        TRUE(event.kind != STOA_EVENT_SPEECH_STARTED && event.kind != STOA_EVENT_SPEECH_ENDED);
        stoa_event_free(&event);
    }
    seeds.pre_start_recognize_count = 16;
    seeds.start_recognize_count = 30;
    seeds.stop_recognize_count = 20;
    seeds.active_percent = 0.7;
    seeds.inactive_percent = 0.5;
    seeds.start_voice_prob = seeds.stop_voice_prob = 70;
    seeds.start_rms_threshold = seeds.stop_rms_threshold = -50;
    for (int defaults = 0; defaults < 2; defaults++) {
        stoa_vad_options zeros = STOA_VAD_OPTIONS_INIT;
        int found = 0;
        // A busy machine may tear a voice apart; one time it does not.
        for (int tries = 0; tries < 10 && !found; tries++)
            found = is_found(defaults ? &zeros : &seeds);
        TRUE(found);
    }
}

static void enable_pcm_dump(const char *directory)
{
    enum { SPOKEN = RATE / 50 * 45 }; // so much waits for a thread that stands still, and none is given up
    stoa_dump_options options = STOA_DUMP_OPTIONS_INIT;
    stoa_stream *stream = NULL;
    stoa_channel_stats stats = STOA_CHANNEL_STATS_INIT;
    uint64_t dropped = 7;
    wav sent, heard;
    options.directory = directory; // both: what is sent, and what is heard
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe(bob, "ada", LONG));
    is_forwarded_to(bob);
    EXPECT(STOA_OK, NULL, stoa_channel_stream(bob, "ada", &stream));
    EXPECT(STOA_OK, NULL, stoa_channel_set_dump(bob, &options));
    do // the media thread may take a frame before it hears of a call
        EXPECT(STOA_OK, NULL, stoa_channel_get_stats(bob, &stats));
    while (stats.calls_waiting > 0);
    hum(bob, RATE / 2);
    hum(ada, SPOKEN);
    EXPECT(STOA_OK, NULL, stoa_channel_wait_played(bob, LONG));
    TRUE(read_spurt(stream).decoded > 36);
    EXPECT(STOA_OK, NULL, stoa_channel_set_dump(bob, NULL)); // completes the files
    EXPECT(STOA_OK, NULL, stoa_channel_dump_dropped(bob, &dropped));
    TRUE(dropped == 0);
    sent = file_of(directory, "room-77-sent.wav", 1000, RATE / 2);
    heard = file_of(directory, "room-77-heard-ada.wav", 1000, SPOKEN * 8 / 10);
    TRUE(louder_than(1000, &sent) == RATE / 2); // as it was pushed
    TRUE(louder_than(1000, &heard) < SPOKEN * 12 / 10);
    free(sent.samples);
    free(heard.samples);
    EXPECT(STOA_OK, NULL, stoa_stream_free(stream));
}

int main(int argc, char **argv)
{
    meet();
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe(ada, "77", LONG));
    is_forwarded_to(ada);
    enable_vad_and_vad_configs();
    enable_pcm_dump(argc > 1 ? argv[1] : ".");
    return part();
}
