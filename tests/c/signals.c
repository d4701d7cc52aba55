// A connection that closes while it is written to, and a file that may not grow, are errors inside the library: never SIGPIPE or SIGXFSZ,
// which end a program that does not think of them.

#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE
#include "expect.h"
#include "scratch.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define SECRET "a-secret-of-more-than-thirty-two-characters"
// The answer meets a closed connection in one of some hundred.
#define HASTY 400

static int dial(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int socket_ = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    TRUE(socket_ >= 0 && connect(socket_, (struct sockaddr *)&to, sizeof to) == 0);
    return socket_;
}

// Asks, and is gone before the answer: the library's next write meets a reset.
static void hasty(uint16_t port)
{
    static const char question[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    int asking = dial(port);
    setsockopt(asking, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    TRUE(send(asking, question, sizeof question - 1, MSG_NOSIGNAL) > 0);
    shutdown(asking, SHUT_WR);
    close(asking);
}

static int answers(uint16_t port)
{
    static const char question[] = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    char answer[16] = "";
    int asking = dial(port);
    TRUE(send(asking, question, sizeof question - 1, MSG_NOSIGNAL) > 0);
    TRUE(recv(asking, answer, sizeof answer - 1, MSG_WAITALL) > 0);
    close(asking);
    return strncmp(answer, "HTTP/1.1 200", 12) == 0;
}

// A second of sound, while no file may be longer than a tenth of it.
static void dump(const char *url)
{
    static int16_t second[16000];
    struct rlimit before, limit;
    stoa_engine *engine = NULL;
    stoa_channel *channel = NULL;
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_channel_options channel_options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_dump_options dump_options = STOA_DUMP_OPTIONS_INIT;
    options.app_id = "app";
    options.app_certificate = SECRET;
    options.url = url;
    channel_options.name = "hall";
    channel_options.user = "ada";
    channel_options.sample_rate = 16000;
    dump_options.directory = scratch();
    EXPECT(STOA_OK, NULL, stoa_engine_new(&options, &engine));
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &channel_options, &channel));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_set_dump(channel, &dump_options));
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = 3200;
    setrlimit(RLIMIT_FSIZE, &limit);
    EXPECT(STOA_OK, NULL, stoa_channel_push_audio(channel, second, 16000, -1, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_wait_played(channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_set_dump(channel, NULL));
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
}

int main(void)
{
    char url[100];
    uint16_t port;
    stoa_server *server = NULL;
    stoa_server_options options = STOA_SERVER_OPTIONS_INIT;
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    options.keys = "app:" SECRET;
    EXPECT(STOA_OK, NULL, stoa_server_new(&options, &server));
    EXPECT(STOA_OK, NULL, stoa_server_url(server, url, sizeof url, NULL));
    port = (uint16_t)atoi(strrchr(url, ':') + 1);
    for (int time = 0; time < HASTY; time++)
        hasty(port);
    TRUE(answers(port));
    dump(url);
    EXPECT(STOA_OK, NULL, stoa_server_free(server));
    printf("%d failures\n", failures);
    return failures != 0;
}
