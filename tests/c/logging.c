// The log: a room server inside the program says there why it refuses somebody, who was refused does not hear why, and a callback may do
// whatever it likes.

#include "expect.h"

#include <pthread.h>

#define SECRET "a-secret-of-more-than-thirty-two-characters"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char lines[200000];
static int freed;

static void on_line(uint32_t level, const char *line, void *user_data)
{
    stoa_server **doomed = user_data;
    pthread_mutex_lock(&lock);
    if (strlen(lines) + strlen(line) + 16 < sizeof lines)
        sprintf(lines + strlen(lines), "%u %s\n", (unsigned)level, line);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    // What the line is about ends inside the callback.
    if (*doomed != NULL && strstr(line, "joins") != NULL) {
        EXPECT(STOA_OK, NULL, stoa_server_free(*doomed));
        *doomed = NULL;
    }
}

static void on_free(void *user_data)
{
    (void)user_data;
    pthread_mutex_lock(&lock);
    freed++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

// Waits until a line with these words was told; a line that never comes ends the program by its time limit.
static void wait_for(const char *words)
{
    pthread_mutex_lock(&lock);
    while (strstr(lines, words) == NULL)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

// Takes the callback off, beside which a line may be told just now, and waits until it is done with for the last time.
static void log_off(int times)
{
    EXPECT(STOA_OK, NULL, UNLESS_BUSY(stoa_log_set(STOA_LOG_OFF, NULL, NULL, NULL)));
    pthread_mutex_lock(&lock);
    while (freed < times)
        pthread_cond_wait(&changed, &lock);
    TRUE(freed == times);
    pthread_mutex_unlock(&lock);
}

static stoa_server *new_server(char *url, size_t capacity)
{
    stoa_server_options options = STOA_SERVER_OPTIONS_INIT;
    stoa_server *server = NULL;
    options.keys = "app:" SECRET;
    EXPECT(STOA_OK, NULL, stoa_server_new(&options, &server));
    EXPECT(STOA_OK, NULL, stoa_server_url(server, url, capacity, NULL));
    return server;
}

// Joins with a certificate, right or wrong. The engine is the caller's to free.
static stoa_status join(const char *url, const char *certificate, stoa_engine **engine)
{
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_channel_options channel_options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_channel *channel = NULL;
    options.app_id = "app";
    options.app_certificate = certificate;
    options.url = url;
    channel_options.name = "hall";
    channel_options.user = "ada";
    EXPECT(STOA_OK, NULL, stoa_engine_new(&options, engine));
    EXPECT(STOA_OK, NULL, stoa_channel_new(*engine, &channel_options, &channel));
    return stoa_channel_connect(channel, 20000);
}

int main(void)
{
    char url[100];
    stoa_server *doomed = NULL;
    stoa_engine *wrong = NULL, *right = NULL;
    stoa_server *server = new_server(url, sizeof url);
    EXPECT(STOA_OK, NULL, stoa_log_set(STOA_LOG_DEBUG, on_line, &doomed, on_free));

    TRUE(join(url, "another-secret-of-more-than-thirty-two-characters", &wrong) < 0);
    TRUE(strstr(stoa_last_error(), "ignature") == NULL);
    wait_for("signature is wrong");
    wait_for("3 ada in hall is Failed, was Connecting: ");

    TRUE(join(url, SECRET, &right) == STOA_OK);
    wait_for("3 ada in hall is Connected, was Connecting\n");
    EXPECT(STOA_OK, NULL, stoa_engine_free(right));
    EXPECT(STOA_OK, NULL, stoa_server_free(server));

    // The level bounds what is told, and the server that is told of ends inside the callback.
    log_off(1);
    server = new_server(url, sizeof url);
    doomed = server;
    lines[0] = 0;
    EXPECT(STOA_OK, NULL, stoa_log_set(STOA_LOG_INFO, on_line, &doomed, on_free));
    (void)join(url, SECRET, &right); // it may be refused: the server is going
    wait_for("joins");
    EXPECT(STOA_OK, NULL, stoa_engine_free(right));
    EXPECT(STOA_OK, NULL, stoa_engine_free(wrong));
    log_off(2);
    TRUE(doomed == NULL);
    TRUE(strstr(lines, "event") == NULL);
    printf("%d failures\n", failures);
    return failures != 0;
}
