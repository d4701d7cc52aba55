// Calls between users.

#define NO_CALL "no call <n> waits for an answer: it was answered, came to the end of its time, or its caller left"
#define NO_SUCH_CALL "no call has the number <n>, or 256 calls have ended since; take it from the event"

// Written whatever the status is, and so beside the outputs that are compared.
static uint32_t code;

static void rpc_rows(void)
{
    static char long_payload[15362];
    const char *method = "add", *user = "bob", *payload = "x", *text = "no";
    stoa_channel *connected = channel;
    memset(long_payload, 'x', sizeof long_payload - 1);
    CHANNELS(stoa_channel_rpc_register(channel, "add"));
    STRINGS("method", method, REQUIRED, 64, stoa_channel_rpc_register(channel, method));
    CHANNELS(stoa_channel_rpc_unregister(channel, "add"));
    STRINGS("method", method, REQUIRED, 64, stoa_channel_rpc_unregister(channel, method));
    ROW("method is not registered", STOA_ERROR_NOT_FOUND, "no method 'other' is registered; look at its name",
        stoa_channel_rpc_unregister(channel, "other"));
    CHANNELS(stoa_channel_rpc_call(channel, "bob", "add", "x", 0, &out.big));
    STRINGS("user", user, REQUIRED, 256, stoa_channel_rpc_call(channel, user, "add", "x", 0, &out.big));
    STRINGS("method", method, REQUIRED, 64, stoa_channel_rpc_call(channel, "bob", method, "x", 0, &out.big));
    STRINGS("payload", payload, OPTIONAL, 0, stoa_channel_rpc_call(channel, "bob", "add", payload, 0, &out.big));
#define TOO_LONG "the payload has 15361 bytes: give at most 15360, and send more as a message"
    ROW("payload is 15361 bytes long", STOA_ERROR_BAD_ARGUMENT, TOO_LONG,
        stoa_channel_rpc_call(channel, "bob", "add", long_payload, 0, &out.big));
    ROW("response_ms is 600001", STOA_ERROR_BAD_ARGUMENT, "response_ms is 600001: give 1 to 600000 ms, or 0 for the default",
        stoa_channel_rpc_call(channel, "bob", "add", "x", 600001, &out.big));
    CHANNELS(stoa_channel_rpc_wait(channel, 1, -1, &code, out.text, sizeof out.text, &out.length));
    ROW("ticket is 0", STOA_ERROR_NOT_FOUND, NO_SUCH_CALL,
        stoa_channel_rpc_wait(channel, 0, -1, &code, out.text, sizeof out.text, &out.length));
    ROW("ticket is 18446744073709551615", STOA_ERROR_NOT_FOUND, NO_SUCH_CALL,
        stoa_channel_rpc_wait(channel, UINT64_MAX, -1, &code, out.text, sizeof out.text, &out.length));
    NO_PLACE("out_code", stoa_channel_rpc_wait(channel, 1, -1, NULL, out.text, sizeof out.text, &out.length));
    CHANNELS(stoa_channel_rpc_answer(channel, 1, "x"));
    STRINGS("payload", payload, OPTIONAL, 0, stoa_channel_rpc_answer(channel, 1, payload));
    ROW("payload is 15361 bytes long", STOA_ERROR_BAD_ARGUMENT, TOO_LONG, stoa_channel_rpc_answer(channel, 1, long_payload));
#undef TOO_LONG
    CHANNELS(stoa_channel_rpc_fail(channel, 1, 7, "no"));
    STRINGS("text", text, OPTIONAL, 256, stoa_channel_rpc_fail(channel, 1, 7, text));
    ROW("code is 0", STOA_ERROR_BAD_ARGUMENT, "code is 0: give the number of an error", stoa_channel_rpc_fail(channel, 1, 0, "no"));

    channel = small_channel(0);
    for (int i = 0; i < 256; i++)
        EXPECT(STOA_OK, NULL, stoa_channel_rpc_register(channel, say("method %d", i)));
    ROW("256 methods are registered", STOA_ERROR_LIMIT, "256 methods are registered already; unregister one",
        stoa_channel_rpc_register(channel, "one more"));
    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
    channel = connected;
}

// Connected, with bob in the room, who answers "echo" here and leaves "slow" alone.
static void rpc_rows_in_the_room(void)
{
    stoa_event event = STOA_EVENT_INIT;
    uint64_t ticket = 0;
    int called = 0;
    ROW("user is not in the room", STOA_ERROR_NOT_FOUND, NOBODY,
        stoa_channel_rpc_call(channel, "nobody", "echo", "x", 0, &out.big));
    ROW("call is 0", STOA_ERROR_NOT_FOUND, NO_CALL, stoa_channel_rpc_answer(channel, 0, "x"));
    ROW("call is 18446744073709551615", STOA_ERROR_NOT_FOUND, NO_CALL, stoa_channel_rpc_answer(channel, UINT64_MAX, "x"));
    ROW("call is 0", STOA_ERROR_NOT_FOUND, NO_CALL, stoa_channel_rpc_fail(channel, 0, 7, "x"));

    EXPECT(STOA_OK, NULL, stoa_channel_rpc_register(bob, "echo"));
    EXPECT(STOA_OK, NULL, stoa_channel_rpc_register(bob, "slow"));
    EXPECT(STOA_OK, NULL, stoa_channel_rpc_call(channel, "bob", "echo", "twice", 0, &ticket));
    while (!called && stoa_channel_poll_event(bob, 20000, &event) == STOA_OK) {
        called = event.kind == STOA_EVENT_RPC_CALLED;
        if (called)
            EXPECT(STOA_OK, NULL, stoa_channel_rpc_answer(bob, event.id, "twice"));
        stoa_event_free(&event);
    }
    TRUE(called);
    EXPECT(STOA_OK, NULL, stoa_channel_rpc_wait(channel, ticket, 20000, &code, out.text, sizeof out.text, NULL));
    TRUE(strcmp(out.text, "twice") == 0 && code == 0);
    TEXT_OUT(stoa_channel_rpc_wait(channel, ticket, 0, &code, buffer, capacity, out_length));

    EXPECT(STOA_OK, NULL, stoa_channel_rpc_call(channel, "bob", "other", NULL, 0, &ticket));
    ROW("the method is not registered there", STOA_ERROR_REFUSED,
        "'bob' answered with the error 1400: Method not supported at destination",
        stoa_channel_rpc_wait(channel, ticket, 20000, &code, out.text, sizeof out.text, &out.length));
    TRUE(code == STOA_RPC_UNSUPPORTED_METHOD);
    ROW("out_ticket is NULL", STOA_OK, NULL, stoa_channel_rpc_call(channel, "bob", "slow", NULL, 1, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_rpc_call(channel, "bob", "slow", NULL, 100, &ticket));
    ROW("no answer comes", STOA_TIMED_OUT, NULL,
        stoa_channel_rpc_wait(channel, ticket, 20000, &code, out.text, sizeof out.text, &out.length));
    TRUE(code == STOA_RPC_RESPONSE_TIMEOUT);
}

static void rpc_states(void)
{
    static uint64_t left_open;
    int connected = state == CONNECTED;
    if (state == FAILED)
        ROW("the connection ended before the answer", STOA_ERROR_DISCONNECTED, "the connection ended before the answer<why>",
            stoa_channel_rpc_wait(channel, left_open, 20000, &code, out.text, sizeof out.text, &out.length));
    ALWAYS(stoa_channel_rpc_register(channel, "add"));
    ALWAYS(stoa_channel_rpc_unregister(channel, "add"));
    STATES(NULL, STOA_ERROR_BAD_STATE, STOA_ERROR_BAD_STATE, STOA_OK, STOA_ERROR_BAD_STATE,
           stoa_channel_rpc_call(channel, "bob", "slow", "x", 120000, &out.big)); // until the connection fails
    if (connected) {
        uint64_t after = 0;
        left_open = out.big;
        // Answered after the one before is acknowledged, which would end sooner otherwise.
        EXPECT(STOA_OK, NULL, stoa_channel_rpc_call(channel, "bob", "other", NULL, 0, &after));
        EXPECT(STOA_ERROR_REFUSED, "'bob' answered with the error 1400: Method not supported at destination",
               stoa_channel_rpc_wait(channel, after, 20000, &code, out.text, sizeof out.text, &out.length));
    }
    STATES(NO_SUCH_CALL, STOA_ERROR_NOT_FOUND, STOA_ERROR_NOT_FOUND, STOA_ERROR_NOT_FOUND, STOA_ERROR_NOT_FOUND,
           stoa_channel_rpc_wait(channel, 0, 0, &code, out.text, sizeof out.text, &out.length));
    ROW(state_names[state], connected ? STOA_ERROR_NOT_FOUND : STOA_ERROR_BAD_STATE, connected ? NO_CALL : not_connected[state],
        stoa_channel_rpc_answer(channel, 0, "x"));
    ROW(state_names[state], connected ? STOA_ERROR_NOT_FOUND : STOA_ERROR_BAD_STATE, connected ? NO_CALL : not_connected[state],
        stoa_channel_rpc_fail(channel, 0, 7, "x"));
}
