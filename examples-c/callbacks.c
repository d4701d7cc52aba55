/* callbacks.c - events and frames by callback. They run on the engine's dispatch thread, so what they share is locked.
 * cc -std=c99 callbacks.c -lstoa -pthread -o callbacks && ./callbacks */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <stoa.h>

#define RATE 24000

/* What the callbacks have seen. */
typedef struct seen {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned subscribed, samples, played, done_with;
} seen;

static void must(stoa_status status)
{
    if (status == STOA_OK)
        return;
    fprintf(stderr, "%s: %s\n", stoa_status_text(status), stoa_last_error());
    exit(1);
}

static void add(seen *all, unsigned *number, unsigned by)
{
    pthread_mutex_lock(&all->lock);
    *number += by;
    pthread_cond_broadcast(&all->changed);
    pthread_mutex_unlock(&all->lock);
}

static void await(seen *all, const unsigned *number, unsigned least)
{
    pthread_mutex_lock(&all->lock);
    while (*number < least)
        pthread_cond_wait(&all->changed, &all->lock);
    pthread_mutex_unlock(&all->lock);
}

static void on_event(stoa_channel *channel, const stoa_event *event, void *user_data)
{
    seen *all = (seen *)user_data;
    (void)channel;
    printf("event: %s %s\n", stoa_event_name(event->kind), event->user);
    if (event->kind == STOA_EVENT_AUDIO_SUBSCRIBE_STATE_CHANGED && event->new_state == STOA_SUBSCRIBE_SUBSCRIBED)
        add(all, &all->subscribed, 1);
    if (event->kind == STOA_EVENT_PLAYED && event->id == 7)
        add(all, &all->played, 1);
}

static void on_frame(const char *user, const stoa_frame *frame, const int16_t *samples, void *user_data)
{
    seen *all = (seen *)user_data;
    (void)user;
    (void)samples; /* frame->samples_per_channel * frame->channels values */
    if (frame->level < 60)
        add(all, &all->samples, frame->samples_per_channel);
}

/* Called once for each callback, when it will not run again. */
static void on_done(void *user_data)
{
    seen *all = (seen *)user_data;
    add(all, &all->done_with, 1);
}

static stoa_channel *join(stoa_engine *engine, const char *user, seen *all)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *channel;
    options.name = "agora";
    options.user = user;
    options.subscribe_all = 1;
    must(stoa_channel_new(engine, &options, &channel));
    must(stoa_channel_set_event_callback(channel, on_event, all, on_done));
    must(stoa_channel_set_frame_callback(channel, on_frame, all, on_done));
    must(stoa_channel_connect(channel, -1));
    return channel;
}

int main(void)
{
    static seen all = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, 0, 0};
    static int16_t hum[RATE * 4];
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_engine *engine;
    stoa_channel *ada, *bob;
    int i;

    options.app_id = "callbacks";
    must(stoa_engine_new(&options, &engine));
    ada = join(engine, "ada", &all);
    bob = join(engine, "bob", &all);
    await(&all, &all.subscribed, 2); /* each to the other: who speaks before that may speak to nobody */

    for (i = 0; i < RATE * 4; i++)
        hum[i] = (int16_t)(i / 60 % 2 ? 3000 : -3000);
    must(stoa_channel_push_audio(ada, hum, RATE, -1, NULL));
    must(stoa_channel_mark(ada, 7)); /* the event "played" comes when the last sample before it has left */
    must(stoa_channel_push_audio(ada, hum + RATE, RATE * 3, -1, NULL));
    await(&all, &all.played, 1);
    await(&all, &all.samples, RATE / 2);

    must(stoa_channel_free(bob));
    must(stoa_channel_free(ada));
    must(stoa_engine_free(engine));
    await(&all, &all.done_with, 4);
    printf("heard at least half a second, and every callback is done with its data\n");
    return 0;
}
