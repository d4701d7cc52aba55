// Connecting to what is not there, refuses, or is none: a server of this file, which says one thing to everyone.

static struct fake {
    int listener, port;
    const char *says; // NULL: nothing
    pthread_t thread;
} fake;

static void *serve_fake(void *argument)
{
    int taken;
    (void)argument;
    while ((taken = accept(fake.listener, NULL, NULL)) >= 0) {
        char request[4096];
        if (recv(taken, request, sizeof request, 0) > 0 && fake.says != NULL)
            (void)!write(taken, fake.says, strlen(fake.says));
        if (fake.says == NULL)
            (void)!recv(taken, request, sizeof request, 0); // until the client goes
        close(taken);
    }
    return NULL;
}

static void begin_fake(const char *says)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fake.says = says;
    fake.listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fake.listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(fake.listener, 8) != 0 ||
        getsockname(fake.listener, (struct sockaddr *)&address, &length) != 0)
        abort();
    fake.port = ntohs(address.sin_port);
    if (pthread_create(&fake.thread, NULL, serve_fake, NULL) != 0)
        abort();
}

static void end_fake(void)
{
    shutdown(fake.listener, SHUT_RDWR);
    pthread_join(fake.thread, NULL);
    close(fake.listener);
}

static stoa_status connect_for_ever(void)
{
    return stoa_channel_connect(channel, -1);
}

// Another engine and channel, whose server is this one; and back.
static stoa_engine *real_engine;
static stoa_channel *real_channel;

static void go_to(const char *says)
{
    char url[64];
    begin_fake(says);
    snprintf(url, sizeof url, "ws://127.0.0.1:%d", fake.port);
    real_engine = engine, real_channel = channel;
    engine = engine_of(url);
    channel = channel_of("ada");
}

static void go_back(void)
{
    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
    end_fake();
    engine = real_engine, channel = real_channel;
}

static void connect_rows(void)
{
    struct other other;
    uint32_t now = 0;
    uint64_t ticket = 0;
    go_to(NULL);
    ROW("the server says nothing", STOA_TIMED_OUT, NULL, stoa_channel_connect(channel, 50));
    // The call itself waits half a second for it, which a busy machine may take.
    UNTIL(1, stoa_channel_state(channel, &now) == STOA_OK && now == STOA_STATE_DISCONNECTED);
    begin_other(&other, connect_for_ever);
    UNTIL(1, stoa_channel_state(channel, &now) == STOA_OK && now == STOA_STATE_CONNECTING);
    ROW("another thread is connecting", STOA_ERROR_BAD_STATE, "the channel is connected or connecting; disconnect it first",
        stoa_channel_connect(channel, -1));
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(channel, 20000));
    judge_other("stoa_channel_connect", "another thread disconnects", STOA_ERROR_DISCONNECTED,
                "the channel was disconnected while it was connecting", &other);
    go_back();
    go_to("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    ROW("what answers is no LiveKit server", STOA_ERROR_PROTOCOL,
        "the server answered with HTTP 200 instead of a WebSocket; check that the URL is a LiveKit server's",
        stoa_channel_connect(channel, 20000));
    go_back();
    go_to("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nfull");
    EXPECT(STOA_OK, NULL, stoa_channel_send_message(channel, "text", 4, NULL, &ticket));
    ROW("the server refuses", STOA_ERROR_REFUSED,
        "the server refused the join with HTTP 503 (full); ask who runs it, or try later",
        stoa_channel_connect(channel, 20000));
    ROW("the connection could not be made", STOA_ERROR_DISCONNECTED,
        "the connection ended before the message had left<why>; connect, and send it again",
        stoa_channel_wait_sent(channel, ticket, 20000));
    go_back();
    go_to("HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n\r\ntoken");
    ROW("the server takes no such token", STOA_ERROR_BAD_TOKEN,
        "the server refused the token (HTTP 401: token); check app id, certificate, room and expiry",
        stoa_channel_connect(channel, 20000));
    go_back();
}

// A server that says nothing is given up after ten seconds, which a busy machine may need for the rows: the state is set up anew.
static void connecting_again(void)
{
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 0));
    wait_for(STOA_EVENT_CONNECTION_STATE_CHANGED, STOA_STATE_CONNECTING, "");
}

// Every function of a channel whose server has taken its connection, and says nothing.
static void connecting_rows(void)
{
    stoa_stream *real_stream = stream;
    go_to(NULL);
    EXPECT(STOA_OK, NULL, stoa_channel_mixed_stream(channel, &stream));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 0));
    wait_for(STOA_EVENT_CONNECTION_STATE_CHANGED, STOA_STATE_CONNECTING, "");
    ROW("connecting", STOA_ERROR_BAD_STATE, "the channel is connected or connecting; disconnect it first",
        stoa_channel_connect(channel, -1));
    state_rows(CONNECTING);
    ROW("connecting", STOA_OK, NULL, stoa_channel_disconnect(channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_stream_free(stream));
    go_back();
    stream = real_stream;
}
