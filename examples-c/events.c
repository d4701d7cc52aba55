/* events.c - events by name: `on` for each, `once` for the first, `off` for no more; what nobody listens to is polled.
 * cc -std=c99 events.c -lstoa -pthread -o events && ./events */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <stoa.h>

#define RATE 24000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void must(stoa_status status)
{
    if (status == STOA_OK)
        return;
    fprintf(stderr, "%s: %s\n", stoa_status_text(status), stoa_last_error());
    exit(1);
}

/* A listener: it runs on the engine's dispatch thread, and counts. */
static void on_event(stoa_channel *channel, const stoa_event *event, void *user_data)
{
    (void)channel;
    printf("%s %s%s\n", stoa_event_name(event->kind), event->user,
           event->flags & STOA_EVENT_FLAG_SPEAKING ? " begins to speak" : "");
    pthread_mutex_lock(&lock);
    ++*(unsigned *)user_data;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void await(const unsigned *count, unsigned least)
{
    pthread_mutex_lock(&lock);
    while (*count < least)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static stoa_channel *new_channel(stoa_engine *engine, const char *user)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *channel;
    options.name = "agora";
    options.user = user;
    must(stoa_channel_new(engine, &options, &channel));
    return channel;
}

int main(void)
{
    static int16_t hum[RATE];
    static unsigned joined, spoke, left;
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_event event = STOA_EVENT_INIT;
    stoa_engine *engine;
    stoa_channel *ada, *bob;
    uint64_t listener;
    int i;

    options.app_id = "events";
    must(stoa_engine_new(&options, &engine));
    ada = new_channel(engine, "ada");
    bob = new_channel(engine, "bob");
    must(stoa_channel_once(ada, "user_joined", on_event, &joined, NULL, NULL));
    must(stoa_channel_on(ada, "user_left", on_event, &left, NULL, NULL));
    must(stoa_channel_on(ada, "user_speaking", on_event, &spoke, NULL, &listener));
    must(stoa_channel_connect(ada, -1));
    must(stoa_channel_connect(bob, -1));
    await(&joined, 1);

    for (i = 0; i < RATE; i++)
        hum[i] = (int16_t)(i / 60 % 2 ? 8000 : -8000);
    must(stoa_channel_push_audio(bob, hum, RATE, -1, NULL));
    await(&spoke, 1);
    must(stoa_channel_off(ada, listener)); /* it is not running, and will not run again */

    must(stoa_channel_free(bob));
    await(&left, 1);
    while (stoa_channel_poll_event(ada, 0, &event) == STOA_OK) {
        printf("polled: %s %u -> %u after %.1f ms\n", stoa_event_name(event.kind), (unsigned)event.old_state,
               (unsigned)event.new_state, (double)event.elapsed_us / 1000);
        must(stoa_event_free(&event));
    }
    must(stoa_channel_free(ada));
    must(stoa_engine_free(engine));
    return 0;
}
