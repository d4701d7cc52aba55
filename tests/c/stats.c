// Statistics over real sockets: an engine with the room server inside, and a server of its own. One user speaks, the other hears;
// then the numbers of both sides have to fit. With wrong arguments as well.

#include "expect.h"

#include <time.h>

enum { RATE = 24000, FRAME = RATE / 50, FRAMES = 50 };

static int16_t sound[FRAMES * FRAME];
static int16_t heard[STOA_FRAME_SAMPLES_MAX];
static int frames_by_callback = 0;

static void on_frame(const char *user, const stoa_frame *frame, const int16_t *samples, void *user_data)
{
    (void)user, (void)frame, (void)samples, (void)user_data;
    frames_by_callback++;
}

static void nap(void)
{
    struct timespec span = {0, 20 * 1000 * 1000};
    nanosleep(&span, NULL);
}

// Waits for something that comes to be, at most 20 s.
#define UNTIL(what)                                                                                                    \
    do {                                                                                                               \
        int naps = 0;                                                                                                  \
        while (!(what) && naps++ < 1000)                                                                               \
            nap();                                                                                                     \
        TRUE(what);                                                                                                    \
    } while (0)

static stoa_engine_stats engine_stats(stoa_engine *engine)
{
    stoa_engine_stats stats = STOA_ENGINE_STATS_INIT;
    EXPECT(STOA_OK, NULL, stoa_engine_get_stats(engine, &stats));
    return stats;
}

static stoa_server_stats inside_stats(stoa_engine *engine)
{
    stoa_server_stats stats = STOA_SERVER_STATS_INIT;
    EXPECT(STOA_OK, NULL, stoa_engine_get_server_stats(engine, &stats));
    return stats;
}

static stoa_server_stats server_stats(stoa_server *server)
{
    stoa_server_stats stats = STOA_SERVER_STATS_INIT;
    EXPECT(STOA_OK, NULL, stoa_server_get_stats(server, &stats));
    return stats;
}

static stoa_channel_stats channel_stats(stoa_channel *channel)
{
    stoa_channel_stats stats = STOA_CHANNEL_STATS_INIT;
    EXPECT(STOA_OK, NULL, stoa_channel_get_stats(channel, &stats));
    return stats;
}

static stoa_stream_stats stream_stats(stoa_stream *stream)
{
    stoa_stream_stats stats = STOA_STREAM_STATS_INIT;
    EXPECT(STOA_OK, NULL, stoa_stream_get_stats(stream, &stats));
    return stats;
}

static stoa_channel *channel_of(stoa_engine *engine, const char *user)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *made = NULL;
    options.name = "room";
    options.user = user;
    options.subscribe_all = 1;
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &options, &made));
    return made;
}

static void wait_subscribed(stoa_channel *channel, const char *user)
{
    uint32_t state = 0;
    UNTIL(stoa_channel_subscribe_state(channel, user, &state) == STOA_OK && state == STOA_SUBSCRIBE_SUBSCRIBED);
}

static void fits(stoa_delay delay)
{
    TRUE(delay.max_us <= delay.total_us && delay.total_us <= delay.max_us * delay.count + delay.count);
    TRUE(delay.recent_us <= delay.max_us);
}

static void misuse(stoa_engine *engine, stoa_channel *channel, stoa_stream *stream, stoa_server *server)
{
    stoa_engine_stats a = STOA_ENGINE_STATS_INIT;
    stoa_server_stats b = STOA_SERVER_STATS_INIT;
    stoa_channel_stats c = STOA_CHANNEL_STATS_INIT;
    stoa_stream_stats d = STOA_STREAM_STATS_INIT;
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "out_stats", stoa_engine_get_stats(engine, NULL));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "out_stats", stoa_engine_get_server_stats(engine, NULL));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "out_stats", stoa_channel_get_stats(channel, NULL));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "out_stats", stoa_stream_get_stats(stream, NULL));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "out_stats", stoa_server_get_stats(server, NULL));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "engine", stoa_engine_get_stats(NULL, &a));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "engine", stoa_engine_get_server_stats(NULL, &b));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "channel", stoa_channel_get_stats(NULL, &c));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "stream", stoa_stream_get_stats(NULL, &d));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "server", stoa_server_get_stats(NULL, &b));
    EXPECT(STOA_ERROR_BAD_HANDLE, "stoa_channel", stoa_channel_get_stats((stoa_channel *)stream, &c));
    EXPECT(STOA_ERROR_BAD_HANDLE, "stoa_engine", stoa_engine_get_stats((stoa_engine *)server, &a));
    a.size = b.size = c.size = d.size = 0;
    EXPECT(STOA_ERROR_BAD_STRUCT, "STOA_ENGINE_STATS_INIT", stoa_engine_get_stats(engine, &a));
    EXPECT(STOA_ERROR_BAD_STRUCT, "STOA_SERVER_STATS_INIT", stoa_engine_get_server_stats(engine, &b));
    EXPECT(STOA_ERROR_BAD_STRUCT, "STOA_SERVER_STATS_INIT", stoa_server_get_stats(server, &b));
    EXPECT(STOA_ERROR_BAD_STRUCT, "STOA_CHANNEL_STATS_INIT", stoa_channel_get_stats(channel, &c));
    EXPECT(STOA_ERROR_BAD_STRUCT, "STOA_STREAM_STATS_INIT", stoa_stream_get_stats(stream, &d));
    TRUE(a.time_us == 0 && b.time_us == 0 && c.time_us == 0 && d.time_us == 0);
}

// What a later version's caller knows more of is 0.
static void later_versions(stoa_stream *stream)
{
    struct {
        stoa_stream_stats stats;
        uint64_t later[4];
    } larger;
    memset(&larger, 0xff, sizeof larger);
    larger.stats.size = sizeof larger;
    EXPECT(STOA_OK, NULL, stoa_stream_get_stats(stream, &larger.stats));
    TRUE(larger.later[0] == 0 && larger.later[3] == 0 && larger.stats.size == sizeof larger);
}

int main(void)
{
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_server_options server_options = STOA_SERVER_OPTIONS_INIT;
    stoa_server_stats server_numbers = STOA_SERVER_STATS_INIT;
    stoa_engine *engine = NULL, *guest = NULL;
    stoa_server *server = NULL;
    stoa_channel *ada, *bob;
    stoa_stream *voice = NULL, *mix = NULL;
    stoa_frame frame = STOA_FRAME_INIT;
    stoa_engine_stats at_engine, before;
    stoa_channel_stats at_ada, at_bob;
    stoa_stream_stats at_voice;
    stoa_server_stats inside;
    uint64_t number = 0, read = 0, began = stoa_time_us();
    char url[64];

    for (int i = 0; i < FRAMES * FRAME; i++)
        sound[i] = i / 40 % 2 ? 4000 : -4000;
    options.app_id = "app";
    EXPECT(STOA_OK, NULL, stoa_engine_new(&options, &engine));
    before = engine_stats(engine);
    TRUE(before.threads >= 1 && before.channels == 0 && before.time_us > 0);
    ada = channel_of(engine, "ada");
    bob = channel_of(engine, "bob");
    at_ada = channel_stats(ada);
    TRUE(at_ada.time_us == 0 && at_ada.packets_sent == 0 && at_ada.connections == 0);
    TRUE(at_ada.send_queue_capacity_us == 30 * 1000 * 1000 && at_ada.send_queue_us == 0);
    EXPECT(STOA_OK, NULL, stoa_channel_push_audio(ada, sound, FRAME, 0, NULL));
    TRUE(channel_stats(ada).send_queue_us == 20000 && channel_stats(ada).samples_pushed == FRAME);
    EXPECT(STOA_OK, NULL, stoa_channel_mark(ada, 1));
    TRUE(channel_stats(ada).marks_waiting == 1);
    EXPECT(STOA_OK, NULL, stoa_channel_interrupt(ada, NULL, NULL));
    at_ada = channel_stats(ada);
    TRUE(at_ada.samples_interrupted == FRAME && at_ada.send_queue_us == 0 && at_ada.marks_waiting == 0);

    EXPECT(STOA_OK, NULL, stoa_channel_connect(ada, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(bob, 20000));
    wait_subscribed(ada, "bob");
    wait_subscribed(bob, "ada");
    is_forwarded_to(bob);
    at_engine = engine_stats(engine);
    TRUE(at_engine.channels == 2 && at_engine.channels_connected == 2);
    EXPECT(STOA_OK, NULL, stoa_channel_stream(bob, "ada", &voice));
    EXPECT(STOA_OK, NULL, stoa_channel_mixed_stream(bob, &mix));
    TRUE(engine_stats(engine).handles == before.handles + 4);
    EXPECT(STOA_OK, NULL, stoa_stream_set_frame_callback(mix, on_frame, NULL, NULL));

    EXPECT(STOA_OK, NULL, stoa_channel_push_audio(ada, sound, FRAMES * FRAME, -1, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_wait_played(ada, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_send_data(ada, "ping", 4, NULL));
    UNTIL(channel_stats(ada).spurts_ended == 1);
    UNTIL(channel_stats(bob).data_packets_received == 1);
    // Half a second without a frame is no end on a busy machine: the end of the spurt is, and five seconds where that is lost.
    for (int quiet = 0; quiet < 10;)
        if (stoa_stream_read(voice, 500, heard, STOA_FRAME_SAMPLES_MAX, &frame) == STOA_OK) {
            read++;
            quiet = frame.origin == STOA_ORIGIN_SILENCE ? 9 : 0;
        } else
            quiet++;
    // The numbers of the end show at most 100 ms later.
    UNTIL(inside_stats(engine).media_packets_received >= FRAMES + 1);
    UNTIL(stream_stats(voice).packets_received + stream_stats(voice).packets_lost >= FRAMES);

    at_ada = channel_stats(ada);
    TRUE(at_ada.connections == 1 && at_ada.frames_encoded == FRAMES && at_ada.frames_silent == 0);
    TRUE(at_ada.audio_packets_sent == FRAMES + 1 && at_ada.audio_bytes_sent > FRAMES * 20);
    TRUE(at_ada.samples_sent == FRAMES * FRAME);
    TRUE(at_ada.samples_pushed == at_ada.samples_sent + at_ada.samples_interrupted);
    TRUE(at_ada.packets_sent > FRAMES && at_ada.bytes_sent > at_ada.audio_bytes_sent);
    TRUE(at_ada.encode.count == FRAMES && at_ada.encode.total_us > 0);
    TRUE(at_ada.capture_queue.count == FRAMES && at_ada.capture_queue.max_us <= 1000 * 1000);
    TRUE(at_ada.capture_queue.total_us >= FRAMES * 400 * 1000);
    TRUE(at_ada.data_packets_sent == 1 && at_ada.data_packets_waiting == 0 && at_ada.marks_waiting == 0);
    TRUE(at_ada.signals_sent > 0 && at_ada.signals_received > 0 && at_ada.packets_rejected == 0);
    UNTIL(channel_stats(ada).round_trip.count >= 1);
    fits(at_ada.encode), fits(at_ada.capture_queue), fits(channel_stats(ada).round_trip);
    at_bob = channel_stats(bob);
    TRUE(at_bob.audio_packets_sent == 0 && at_bob.frames_encoded == 0 && at_bob.packets_received > FRAMES);
    TRUE(at_bob.events_waiting > 0 && at_bob.events_dropped == 0 && at_bob.calls_waiting == 0);

    at_voice = stream_stats(voice);
    TRUE(at_voice.packets_received + at_voice.packets_lost <= FRAMES + 1 && at_voice.bytes_received > FRAMES * 20);
    TRUE(at_voice.frames_decoded <= at_voice.packets_received && at_voice.frames_decoded > 0);
    TRUE(at_voice.decoded_us == at_voice.frames_decoded * 20000);
    TRUE(at_voice.frames_read == read && at_voice.frames_waiting == 0 && at_voice.frames_capacity >= 100);
    TRUE(at_voice.frames_written == at_voice.frames_read + at_voice.frames_dropped_oldest);
    EXPECT(STOA_OK, NULL, stoa_stream_dropped(voice, &number));
    TRUE(number == at_voice.frames_dropped_oldest + at_voice.frames_dropped_newest);
    TRUE(at_voice.decode.count >= at_voice.frames_decoded && at_voice.jitter_buffer.count > 0);
    fits(at_voice.decode), fits(at_voice.jitter_buffer), fits(at_voice.ring);
    TRUE(at_voice.ring.count == read && at_voice.jitter_target_us >= 10000 && at_voice.mix_dropped_us == 0);

    inside = inside_stats(engine);
    TRUE(inside.rooms == 1 && inside.participants == 2 && inside.tracks == 2 && inside.subscriptions == 2);
    TRUE(inside.joins == 2 && inside.joins_refused == 0 && inside.websockets == 2);
    UNTIL(inside_stats(engine).signals_waiting == 0 && channel_stats(ada).signals_waiting == 0);
    TRUE(inside.media_packets_received == inside.media_packets_forwarded + inside.media_packets_unheard);
    TRUE(inside.data_packets_received == 1 && inside.data_packets_forwarded == 1);
    TRUE(inside.packets_received > FRAMES && inside.packets_sent > FRAMES && inside.bytes_sent > inside.media_bytes_forwarded);
    at_engine = engine_stats(engine);
    TRUE(at_engine.cpu_media_us > before.cpu_media_us && at_engine.cpu_server_us > 0);
    UNTIL(engine_stats(engine).cpu_dispatch_us > 0);
    at_voice = stream_stats(voice);
    at_ada = channel_stats(ada), at_bob = channel_stats(bob);
    // What the codec thread decodes, concealed and silent frames, is not the channel's.
    number = at_voice.frames_concealed + at_voice.frames_silence;
    TRUE(at_ada.cpu_us > at_ada.encode.total_us);
    TRUE(at_bob.cpu_us + number * at_voice.decode.max_us > at_voice.decode.total_us);
    // By the clock, each is of one thread, so none is more than has gone by.
    number = stoa_time_us() - began;
    TRUE(at_ada.cpu_us < number && at_bob.cpu_us < number);
    at_engine = engine_stats(engine);
    TRUE(at_engine.packets_sent >= at_ada.packets_sent + at_bob.packets_sent);
    TRUE(at_engine.bytes_received >= at_ada.bytes_received + at_bob.bytes_received);
    UNTIL(stream_stats(voice).network_us > 0);
    TRUE(at_voice.recovered_us == (at_voice.frames_recovered_copy + at_voice.frames_recovered_fec) * 20000);
    TRUE(at_voice.concealed_us >= at_voice.frames_concealed * 10000 && at_voice.concealed_us <= at_voice.frames_concealed * 20000);
    UNTIL(inside_stats(engine).jitter.count >= 1);
    fits(inside_stats(engine).jitter);
    UNTIL((at_engine = engine_stats(engine)).callbacks.count == stream_stats(mix).frames_read);
    TRUE(at_engine.callbacks.count > 0);
    fits(at_engine.callbacks), fits(at_engine.codec_queue);
    // Messages: one that arrives whole, and a chunk that cannot be one.
    EXPECT(STOA_OK, NULL, stoa_channel_send_message(ada, "hello", 5, NULL, &number));
    EXPECT(STOA_OK, NULL, stoa_channel_wait_sent(ada, number, 60000));
    EXPECT(STOA_OK, NULL, stoa_channel_send_data(ada, "{\"msg_id\": \"x\", \"part_idx\": 9, \"total_parts\": 2, \"content\": \"\"}", 64, NULL));
    UNTIL(channel_stats(bob).messages_received == 1 && channel_stats(bob).messages_refused == 1);
    at_ada = channel_stats(ada), at_bob = channel_stats(bob);
    TRUE(at_ada.messages_sent == 1 && at_ada.messages_failed == 0 && at_ada.messages_unqueued == 0);
    TRUE(at_ada.messages_waiting == 0 && at_ada.messages_waiting_bytes == 0);
    TRUE(at_bob.messages_incomplete == 0 && at_bob.messages_untold == 0 && at_bob.chunks_doubled == 0);
    EXPECT(STOA_OK, NULL, stoa_stream_set_frame_callback(mix, NULL, NULL, NULL));
    TRUE(frames_by_callback > 0);

    // A server of its own, and an engine that has its url and so none inside.
    server_options.keys = "app:secret";
    EXPECT(STOA_OK, NULL, stoa_server_new(&server_options, &server));
    EXPECT(STOA_OK, NULL, stoa_server_url(server, url, sizeof url, NULL));
    options.app_certificate = "another secret";
    options.url = url;
    EXPECT(STOA_OK, NULL, stoa_engine_new(&options, &guest));
    TRUE(engine_stats(guest).cpu_server_us == 0);
    EXPECT(STOA_ERROR_BAD_STATE, "no room server inside", stoa_engine_get_server_stats(guest, &server_numbers));
    misuse(engine, ada, voice, server);
    later_versions(voice);
    {
        stoa_channel *stranger = channel_of(guest, "eve");
        EXPECT(STOA_ERROR_BAD_TOKEN, NULL, stoa_channel_connect(stranger, 20000));
        UNTIL(server_stats(server).joins_refused >= 1);
        TRUE(server_stats(server).joins == 0 && server_stats(server).participants == 0);
        UNTIL(server_stats(server).cpu_us > 0);
        EXPECT(STOA_OK, NULL, stoa_channel_free(stranger));
    }
    EXPECT(STOA_OK, NULL, stoa_engine_free(guest));

    // Counting goes on over connections.
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(ada, 20000));
    TRUE(channel_stats(ada).audio_packets_sent == FRAMES + 1);
    EXPECT(STOA_OK, NULL, stoa_channel_connect(ada, 20000));
    UNTIL(channel_stats(ada).connections == 2);
    TRUE(channel_stats(ada).audio_packets_sent == FRAMES + 1);
    TRUE(stream_stats(voice).frames_read == read);

    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
    TRUE(stream_stats(voice).frames_read == read);
    {
        stoa_channel_stats closed = STOA_CHANNEL_STATS_INIT;
        stoa_engine_stats freed = STOA_ENGINE_STATS_INIT;
        EXPECT(STOA_ERROR_CLOSED, "freed", stoa_channel_get_stats(ada, &closed));
        EXPECT(STOA_ERROR_BAD_HANDLE, NULL, stoa_engine_get_stats(engine, &freed));
    }
    EXPECT(STOA_OK, NULL, stoa_channel_free(ada));
    EXPECT(STOA_OK, NULL, stoa_channel_free(bob));
    EXPECT(STOA_OK, NULL, stoa_stream_free(voice));
    EXPECT(STOA_OK, NULL, stoa_stream_free(mix));
    EXPECT(STOA_OK, NULL, stoa_server_free(server));
    printf("%d failures\n", failures);
    return failures != 0;
}
