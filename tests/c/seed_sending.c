// The rows of the module rtc about speaking: pushing, the queue, playout marks, interrupting. See seed.c.
// The argument is a folder for dumps, which show what has left.

#include "seed_sound.h"

enum { SHORT = RATE / 50 }; // samples of the shortest queue, 20 ms

static stoa_channel_stats stats_of(const stoa_channel *channel)
{
    stoa_channel_stats stats = STOA_CHANNEL_STATS_INIT;
    EXPECT(STOA_OK, NULL, stoa_channel_get_stats(channel, &stats));
    return stats;
}

// Back-pressure is the caller's choice. Without a connection nothing leaves, so the numbers are exact; what then leaves is dumped.
static void push_audio_frame_into_a_full_queue(const char *directory)
{
    static int16_t ramp[1000];
    for (uint32_t policy = STOA_QUEUE_DEFAULT; policy <= STOA_QUEUE_DROP_NEWEST; policy++) {
        stoa_channel *channel = with_options("cleo", 20, policy, 0);
        stoa_dump_options dump = STOA_DUMP_OPTIONS_INIT;
        stoa_channel_stats stats;
        size_t accepted = 7, first = policy == STOA_QUEUE_DROP_OLDEST ? 1000 - SHORT : 0;
        uint64_t queued = 0;
        wav sent;
        for (int16_t i = 0; i < 1000; i++)
            ramp[i] = (int16_t)(i + 1);
        EXPECT(policy == STOA_QUEUE_DEFAULT ? STOA_QUEUE_FULL : STOA_OK, NULL,
               stoa_channel_push_audio(channel, ramp, 1000, 0, &accepted));
        TRUE(accepted == (policy == STOA_QUEUE_DROP_OLDEST ? 1000 : SHORT));
        if (policy == STOA_QUEUE_DEFAULT) {
            EXPECT(STOA_TIMED_OUT, NULL, stoa_channel_push_audio(channel, ramp, 1, 10, &accepted));
            TRUE(accepted == 0);
        }
        EXPECT(STOA_OK, NULL, stoa_channel_queued(channel, &queued));
        TRUE(queued == 20000);
        stats = stats_of(channel);
        TRUE(stats.send_queue_us == 20000 && stats.send_queue_capacity_us == 20000);
        TRUE(stats.samples_pushed == (policy == STOA_QUEUE_DROP_OLDEST ? 1000 : SHORT));
        TRUE(stats.samples_refused == (policy == STOA_QUEUE_DEFAULT ? 1000 - SHORT + 1 : 0));
        TRUE(stats.samples_dropped_oldest == (policy == STOA_QUEUE_DROP_OLDEST ? 1000 - SHORT : 0));
        TRUE(stats.samples_dropped_newest == (policy == STOA_QUEUE_DROP_NEWEST ? 1000 - SHORT : 0));
        dump.directory = directory;
        dump.what = STOA_DUMP_SENT;
        EXPECT(STOA_OK, NULL, stoa_channel_set_dump(channel, &dump));
        EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, LONG));
        EXPECT(STOA_OK, NULL, stoa_channel_wait_played(channel, LONG));
        EXPECT(STOA_OK, NULL, stoa_channel_set_dump(channel, NULL));
        EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
        sent = file_of(directory, "room-cleo-sent.wav", 0, SHORT);
        // After the silence in which it was not connected.
        TRUE(sent.count >= SHORT && memcmp(sent.samples + sent.count - SHORT, ramp + first, SHORT * 2) == 0);
        free(sent.samples);
    }
}

// What waits for room goes on at the pace of the ear, and a mark tells to the sample what has left.
static void push_audio_frame_is_paced_and_marked(void)
{
    stoa_channel *channel = with_options("cleo", 20, STOA_QUEUE_DEFAULT, 0);
    uint64_t began, took, sent = 0, dropped = 0;
    stoa_event event;
    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, LONG));
    began = stoa_time_us();
    hum(channel, RATE / 2);
    EXPECT(STOA_OK, NULL, stoa_channel_mark(channel, 7));
    event = next(channel, STOA_EVENT_PLAYED);
    took = event.time_us - began;
    TRUE(event.id == 7 && event.status == STOA_OK && took > 450000); // 500 ms less the frame that leaves at once
    stoa_event_free(&event);
    TRUE(stats_of(channel).samples_sent == RATE / 2);
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(channel, LONG));
    hum(channel, SHORT);
    EXPECT(STOA_OK, NULL, stoa_channel_mark(channel, 8));
    EXPECT(STOA_OK, NULL, stoa_channel_interrupt(channel, &sent, &dropped));
    TRUE(sent == RATE / 2 && dropped == SHORT);
    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, LONG));
    event = next(channel, STOA_EVENT_PLAYED);
    TRUE(event.id == 8 && event.status == STOA_INTERRUPTED);
    stoa_event_free(&event);
    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
}

static void clear_sender_audio_buffer(void)
{
    enum { SECONDS = 20 }; // more than may leave while a busy machine comes to the next line
    uint64_t sent = 0, dropped = 0, queued = 1;
    stoa_channel_stats stats;
    for (int i = 0; i < SECONDS; i++)
        hum(bob, RATE);
    EXPECT(STOA_OK, NULL, stoa_channel_queued(bob, &queued));
    TRUE(queued > 0);
    EXPECT(STOA_OK, NULL, stoa_channel_interrupt(bob, &sent, &dropped));
    TRUE(dropped > 0 && sent + dropped == SECONDS * RATE);
    EXPECT(STOA_OK, NULL, stoa_channel_wait_played(bob, LONG));
    EXPECT(STOA_OK, NULL, stoa_channel_queued(bob, &queued));
    stats = stats_of(bob);
    TRUE(queued == 0 && stats.samples_sent == sent && stats.samples_interrupted == dropped);
}

int main(int argc, char **argv)
{
    meet();
    push_audio_frame_into_a_full_queue(argc > 1 ? argv[1] : ".");
    push_audio_frame_is_paced_and_marked();
    clear_sender_audio_buffer();
    return part();
}
