// The rows of the module rtc, one function each, in C: what a program that used it finds here, by the same names. main() lists them.

#include "expect.h"

#define APP "970ca35de60c44645bbae8a215061b33"
#define CERTIFICATE "5cfd2fd1755d40ecb72977518be15d3b"
#define RATE 24000
#define LONG 60000

static stoa_engine *engine;
static stoa_channel *ada, *bob;
static char text[4096];

static stoa_channel *channel_of(const char *user, uint32_t uid)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *made = NULL;
    options.name = "room";
    options.user = user;
    options.uid = uid;
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &made));
    return made;
}

// The next event of a kind; those before it are thrown away. The caller frees it.
static stoa_event next(stoa_channel *channel, uint32_t kind)
{
    stoa_event event = STOA_EVENT_INIT;
    int found = 0;
    while (!found && stoa_channel_poll_event(channel, LONG, &event) == STOA_OK) {
        found = event.kind == kind;
        if (!found)
            stoa_event_free(&event);
    }
    TRUE(found);
    return event;
}

static void hum(stoa_channel *channel, size_t samples)
{
    static int16_t pcm[RATE];
    for (size_t i = 0; i < RATE; i++)
        pcm[i] = i / 60 % 2 ? 3000 : -3000;
    EXPECT(STOA_OK, NULL, stoa_channel_push_audio(channel, pcm, samples, -1, NULL));
}

static void rtc_engine(void)
{
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_engine *second = NULL;
    options.app_id = "";
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "app_id", stoa_engine_new(&options, &second));
    options.app_id = APP;
    options.app_certificate = CERTIFICATE;
    EXPECT(STOA_OK, NULL, stoa_engine_new(&options, &engine));
    EXPECT(STOA_OK, NULL, stoa_engine_new(&options, &second)); // several in one process
    EXPECT(STOA_OK, NULL, stoa_engine_free(second));
}

static void create_channel_and_destroy(void)
{
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_channel_options channel = STOA_CHANNEL_OPTIONS_INIT;
    stoa_engine *offline = NULL;
    stoa_channel *live = NULL;
    uint64_t began;
    options.app_id = APP;
    options.app_certificate = CERTIFICATE;
    options.url = "ws://127.0.0.1:9"; // nobody answers there
    EXPECT(STOA_OK, NULL, stoa_engine_new(&options, &offline));
    channel.name = "room";
    EXPECT(STOA_OK, NULL, stoa_channel_new(offline, &channel, &live));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(live, 0));
    began = stoa_time_us();
    EXPECT(STOA_OK, NULL, stoa_engine_free(offline));
    TRUE(stoa_time_us() - began < 10000000);
    EXPECT(STOA_ERROR_CLOSED, NULL, stoa_channel_connect(live, 0));
    EXPECT(STOA_OK, NULL, stoa_channel_free(live));
}

static void rtc_options(void)
{
    static const uint32_t rates[] = {8000, 16000, 24000, 32000, 44100, 48000};
    stoa_channel *chosen = channel_of(NULL, 0);
    for (size_t i = 0; i < 12; i++) {
        stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
        stoa_channel *made = NULL;
        options.name = "room";
        options.sample_rate = rates[i / 2];
        options.channels = 1 + (uint32_t)(i % 2);
        EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &made));
        EXPECT(STOA_OK, NULL, stoa_channel_free(made));
    }
    EXPECT(STOA_OK, NULL, stoa_channel_user(chosen, text, sizeof text, NULL));
    TRUE(text[0] != 0 && strcmp(text, "0") != 0); // uid 0: the library chose one
    EXPECT(STOA_OK, NULL, stoa_channel_free(chosen));
}

static void build_token(void)
{
    char claims[4096];
    static const char *const privileges[] = {"join_channel", "publish_audio", "publish_video", "publish_data"};
    EXPECT(STOA_OK, NULL, stoa_token_build_rtc(APP, CERTIFICATE, "room", "7", 3600, text, sizeof text, NULL));
    TRUE(strncmp(text, "007", 3) == 0);
    EXPECT(STOA_OK, NULL, stoa_token_verify(text, APP, CERTIFICATE, "room", "7", claims, sizeof claims, NULL));
    for (int i = 0; i < 4; i++)
        TRUE(strstr(claims, privileges[i]) != NULL);
    EXPECT(STOA_OK, NULL, stoa_token_build_rtc(APP, "", "room", "7", 3600, text, sizeof text, NULL));
    TRUE(text[0] == 0); // no certificate: empty
}

static void connect(void)
{
    stoa_event event;
    ada = channel_of("ada", 0);
    bob = channel_of(NULL, 77);
    EXPECT(STOA_OK, NULL, stoa_channel_connect(ada, LONG));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(bob, LONG));
    event = next(ada, STOA_EVENT_CONNECTION_STATE_CHANGED);
    TRUE(event.old_state == 1 && event.new_state == 2);
    stoa_event_free(&event);
    event = next(ada, STOA_EVENT_CONNECTION_STATE_CHANGED);
    TRUE(event.old_state == 2 && event.new_state == 3);
    stoa_event_free(&event);
}

static void users_uid_channel_id_token(void)
{
    size_t count = 0;
    stoa_event event = next(ada, STOA_EVENT_USER_JOINED);
    TRUE(strcmp(event.user, "77") == 0); // a numeric uid is its decimal form
    stoa_event_free(&event);
    EXPECT(STOA_OK, NULL, stoa_channel_user_count(ada, &count));
    TRUE(count == 1);
    EXPECT(STOA_OK, NULL, stoa_channel_user_at(ada, 0, text, sizeof text, NULL));
    TRUE(strcmp(text, "77") == 0);
    EXPECT(STOA_OK, NULL, stoa_channel_user(bob, text, sizeof text, NULL));
    TRUE(strcmp(text, "77") == 0);
    EXPECT(STOA_OK, NULL, stoa_channel_name(bob, text, sizeof text, NULL));
    TRUE(strcmp(text, "room") == 0);
    EXPECT(STOA_OK, NULL, stoa_channel_token(bob, text, sizeof text, NULL));
    TRUE(text[0] != 0);
}

static void subscribe_and_get_audio_frames(void)
{
    static int16_t pcm[STOA_FRAME_SAMPLES_MAX];
    stoa_frame frame = STOA_FRAME_INIT;
    stoa_stream *stream = NULL;
    uint32_t state = 9;
    EXPECT(STOA_ERROR_NOT_FOUND, "nobody", stoa_channel_stream(ada, "nobody", &stream));
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe_state(ada, "77", &state));
    TRUE(state == STOA_SUBSCRIBE_NO_SUBSCRIBE); // nobody is subscribed by default
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe(ada, "77", LONG));
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe_state(ada, "77", &state));
    TRUE(state == STOA_SUBSCRIBE_SUBSCRIBED);
    EXPECT(STOA_OK, NULL, stoa_channel_stream(ada, "77", &stream));
    hum(bob, RATE / 2);
    EXPECT(STOA_OK, NULL, stoa_stream_read(stream, LONG, pcm, STOA_FRAME_SAMPLES_MAX, &frame));
    TRUE(frame.bytes_per_sample == 2 && frame.channels == 1 && frame.sample_rate == RATE);
    TRUE(frame.samples_per_channel > 0 && frame.timestamp_us > 0 && frame.arrival_us > 0 && frame.level <= 127);
    EXPECT(STOA_OK, NULL, stoa_channel_unsubscribe(ada, "77", LONG));
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe_state(ada, "77", &state));
    TRUE(state == STOA_SUBSCRIBE_NO_SUBSCRIBE);
    while (stoa_stream_read(stream, LONG, pcm, STOA_FRAME_SAMPLES_MAX, &frame) == STOA_OK) {
    }
    EXPECT(STOA_END_OF_STREAM, NULL, stoa_stream_read(stream, LONG, pcm, STOA_FRAME_SAMPLES_MAX, &frame)); // it ends
    EXPECT(STOA_OK, NULL, stoa_stream_free(stream));
}

static void clear_sender_audio_buffer(void)
{
    uint64_t sent = 0, dropped = 0, queued = 1;
    hum(bob, RATE);
    EXPECT(STOA_OK, NULL, stoa_channel_queued(bob, &queued));
    TRUE(queued > 0);
    EXPECT(STOA_OK, NULL, stoa_channel_interrupt(bob, &sent, &dropped));
    TRUE(dropped > 0);
    EXPECT(STOA_OK, NULL, stoa_channel_queued(bob, &queued));
    TRUE(queued <= 20000);
}

static void send_stream_message(void)
{
    for (uint32_t format = STOA_FORMAT_JSON; format <= STOA_FORMAT_BYTES; format++) {
        stoa_message_options options = STOA_MESSAGE_OPTIONS_INIT;
        stoa_event event;
        options.format = format;
        options.message_id = "m";
        EXPECT(STOA_OK, NULL, stoa_channel_send_message(ada, "grüß dich 🙂", 16, &options, NULL));
        event = next(bob, STOA_EVENT_STREAM_MESSAGE);
        TRUE(event.format == format && event.data_length == 16 && memcmp(event.data, "grüß dich 🙂", 16) == 0);
        TRUE(strcmp(event.user, "ada") == 0 && strcmp(event.message_id, "m") == 0);
        stoa_event_free(&event);
    }
    // A chunk that says nonsense is told, and nothing is kept of it.
    EXPECT(STOA_OK, NULL, stoa_channel_send_data(ada, "{\"msg_id\": \"x\", \"part_idx\": 9, \"total_parts\": 2, \"content\": \"\"}", 64, NULL));
    {
        stoa_event event = next(bob, STOA_EVENT_STREAM_MESSAGE_ERROR);
        TRUE(event.status < 0 && event.text[0] != 0);
        stoa_event_free(&event);
    }
}

static void chat(void)
{
    uint64_t tickets[3];
    for (int i = 0; i < 3; i++)
        EXPECT(STOA_OK, NULL, stoa_channel_send_message(ada, "123" + i, 1, NULL, &tickets[i]));
    for (int i = 0; i < 3; i++) {
        stoa_event event = next(bob, STOA_EVENT_STREAM_MESSAGE);
        TRUE(event.data_length == 1 && event.data[0] == '1' + i);
        stoa_event_free(&event);
        EXPECT(STOA_OK, NULL, stoa_channel_wait_sent(ada, tickets[i], LONG));
    }
}

static int heard;

static void on_message(stoa_channel *channel, const stoa_event *event, void *user_data)
{
    (void)channel;
    heard++;
    *(int *)user_data = event->kind == STOA_EVENT_STREAM_MESSAGE;
}

static void on_once_off(void)
{
    static const char *const names[] = {"connection_state_changed", "user_joined", "user_left", "audio_subscribe_state_changed",
                                        "stream_message", "stream_message_error"};
    uint64_t listener = 0, ticket = 0;
    int right = 0;
    stoa_event event;
    for (int i = 0; i < 6; i++) {
        EXPECT(STOA_OK, NULL, stoa_channel_on(bob, names[i], on_message, &right, NULL, &listener));
        EXPECT(STOA_OK, NULL, stoa_channel_off(bob, listener));
    }
    EXPECT(STOA_OK, NULL, stoa_channel_once(bob, "stream_message", on_message, &right, NULL, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_send_message(ada, "one", 3, NULL, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_send_message(ada, "two", 3, NULL, &ticket));
    EXPECT(STOA_OK, NULL, stoa_channel_wait_sent(ada, ticket, LONG));
    event = next(bob, STOA_EVENT_STREAM_MESSAGE); // the second: the first went to the listener
    TRUE(event.data_length == 3 && memcmp(event.data, "two", 3) == 0);
    stoa_event_free(&event);
    TRUE(heard == 1 && right);
}

static int frames;

static void on_frame(const char *user, const stoa_frame *frame, const int16_t *samples, void *user_data)
{
    (void)samples;
    (void)user_data;
    frames += strcmp(user, "77") == 0 && frame->samples_per_channel > 0;
}

static void on_playback_audio_frame_before_mixing(void)
{
    EXPECT(STOA_OK, NULL, stoa_channel_set_frame_callback(ada, on_frame, NULL, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_subscribe(ada, "77", LONG));
    hum(bob, RATE / 2);
    EXPECT(STOA_OK, NULL, stoa_channel_wait_played(bob, LONG));
    hum(bob, RATE / 10);
    EXPECT(STOA_OK, NULL, stoa_channel_wait_played(bob, LONG));
    EXPECT(STOA_OK, NULL, stoa_channel_set_frame_callback(ada, NULL, NULL, NULL)); // none runs from here on
    TRUE(frames > 10);
}

static void enable_vad_and_vad_configs(void)
{
    stoa_vad_options options = STOA_VAD_OPTIONS_INIT;
    options.pre_start_recognize_count = 16;
    options.start_recognize_count = 30;
    options.stop_recognize_count = 20;
    options.active_percent = 0.7;
    options.inactive_percent = 0.5;
    options.start_voice_prob = options.stop_voice_prob = 70;
    options.start_rms_threshold = options.stop_rms_threshold = -50;
    EXPECT(STOA_OK, NULL, stoa_channel_set_vad(ada, &options));
    EXPECT(STOA_OK, NULL, stoa_channel_set_vad(ada, NULL));
}

static void enable_pcm_dump(const char *directory)
{
    stoa_dump_options options = STOA_DUMP_OPTIONS_INIT;
    char head[44] = "";
    FILE *file;
    options.directory = directory;
    options.what = STOA_DUMP_SENT;
    EXPECT(STOA_OK, NULL, stoa_channel_set_dump(bob, &options));
    hum(bob, RATE / 5);
    EXPECT(STOA_OK, NULL, stoa_channel_wait_played(bob, LONG));
    EXPECT(STOA_OK, NULL, stoa_channel_set_dump(bob, NULL)); // completes the files
    snprintf(text, sizeof text, "%s/room-77-sent.wav", directory);
    file = fopen(text, "rb");
    TRUE(file != NULL && fread(head, 1, sizeof head, file) == sizeof head && memcmp(head, "RIFF", 4) == 0);
    if (file != NULL)
        fclose(file);
    remove(text);
}

static void on_log(uint32_t level, const char *line, void *user_data)
{
    (void)level;
    (void)line;
    (void)user_data;
}

static void the_logger(void)
{
    EXPECT(STOA_OK, NULL, stoa_log_set(STOA_LOG_INFO, on_log, NULL, NULL));
    EXPECT(STOA_OK, NULL, stoa_log_set(STOA_LOG_ERROR, NULL, NULL, NULL));
}

static void disconnect(void)
{
    stoa_channel *never = channel_of("never", 0);
    uint32_t state = 0;
    stoa_event event;
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(never, -1)); // before connect: at once
    EXPECT(STOA_OK, NULL, stoa_channel_free(never));
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(bob, LONG));
    EXPECT(STOA_OK, NULL, stoa_channel_state(bob, &state));
    TRUE(state == STOA_STATE_DISCONNECTED);
    event = next(ada, STOA_EVENT_USER_LEFT);
    TRUE(strcmp(event.user, "77") == 0 && event.reason == STOA_REASON_REQUESTED);
    stoa_event_free(&event);
}

int main(int argc, char **argv)
{
    rtc_engine();
    create_channel_and_destroy();
    rtc_options();
    build_token();
    connect();
    users_uid_channel_id_token();
    subscribe_and_get_audio_frames();
    clear_sender_audio_buffer();
    send_stream_message();
    chat();
    on_once_off();
    on_playback_audio_frame_before_mixing();
    enable_vad_and_vad_configs();
    enable_pcm_dump(argc > 1 ? argv[1] : ".");
    the_logger();
    disconnect();
    EXPECT(STOA_OK, NULL, stoa_channel_free(ada));
    EXPECT(STOA_OK, NULL, stoa_channel_free(bob));
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
    printf("%d failures\n", failures);
    return failures != 0;
}
