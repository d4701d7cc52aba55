// Tokens from C: built, shown and verified in both families; a channel with an AccessToken2 of its own, renewed while it is connected.

#include "expect.h"

#define APP "0123456789abcdef0123456789abcdef"
#define CERTIFICATE "fedcba9876543210fedcba9876543210"

static char token[4096], text[8192];
static size_t length;

#define HAS(part) TRUE(strstr(text, (part)) != NULL)

static void access_token(void)
{
    EXPECT(STOA_OK, NULL, stoa_token_build_rtc(APP, CERTIFICATE, "hall", "7", 3600, token, sizeof token, &length));
    TRUE(strncmp(token, "007", 3) == 0 && strlen(token) == length);
    EXPECT(STOA_OK, NULL, stoa_token_show(token, text, sizeof text, NULL));
    HAS("\"family\":\"access_token2\"");
    HAS("\"join_channel\":3600");
    HAS("\"publish_audio\":3600");
    HAS("\"publish_video\":3600");
    HAS("\"publish_data\":3600");
    TRUE(strstr(text, CERTIFICATE) == NULL);
    EXPECT(STOA_OK, NULL, stoa_token_verify(token, APP, CERTIFICATE, "hall", "7", text, sizeof text, NULL));
    EXPECT(STOA_OK, NULL, stoa_token_verify(token, APP, CERTIFICATE, NULL, NULL, text, sizeof text, &length));
    TRUE(strlen(text) == length);
    EXPECT(STOA_ERROR_BAD_TOKEN, "not for 'cellar'", stoa_token_verify(token, APP, CERTIFICATE, "cellar", NULL, NULL, 0, NULL));
    EXPECT(STOA_ERROR_BAD_TOKEN, "not for '8'", stoa_token_verify(token, APP, CERTIFICATE, NULL, "8", NULL, 0, NULL));
    EXPECT(STOA_ERROR_BAD_TOKEN, "signature", stoa_token_verify(token, APP, APP, NULL, NULL, NULL, 0, NULL));
    EXPECT(STOA_ERROR_BAD_TOKEN, "app id", stoa_token_verify(token, CERTIFICATE, CERTIFICATE, NULL, NULL, NULL, 0, NULL));
    EXPECT(STOA_ERROR_BUFFER_TOO_SMALL, "needed", stoa_token_verify(token, APP, CERTIFICATE, NULL, NULL, text, 5, &length));
    TRUE(length > 100);
    // Without a certificate there is no token to build.
    EXPECT(STOA_OK, NULL, stoa_token_build_rtc(APP, NULL, "hall", "7", 3600, token, sizeof token, &length));
    TRUE(length == 0 && token[0] == 0);
    EXPECT(STOA_OK, NULL, stoa_token_build_rtc(APP, CERTIFICATE, "hall", NULL, 3600, token, sizeof token, NULL));
    EXPECT(STOA_OK, NULL, stoa_token_verify(token, APP, CERTIFICATE, "hall", "anyone", text, sizeof text, NULL));
    HAS("\"uid\":\"\"");
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "app id", stoa_token_build_rtc("app", CERTIFICATE, "hall", "7", 3600, token, sizeof token, NULL));
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "certificate", stoa_token_build_rtc(APP, "secret", "hall", "7", 3600, token, sizeof token, NULL));
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "empty", stoa_token_build_rtc(APP, CERTIFICATE, "", "7", 3600, token, sizeof token, NULL));
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "10 years", stoa_token_build_rtc(APP, CERTIFICATE, "hall", "7", 0, token, sizeof token, NULL));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "channel", stoa_token_build_rtc(APP, CERTIFICATE, NULL, "7", 60, token, sizeof token, NULL));
}

static void json(void)
{
    static char again[4096];
    const char *jwt = "{\"family\": \"livekit\", \"claims\": {\"sub\": \"ada\", \"attributes\": {\"lang\": \"de\"}, \"own\": [1],"
                      "\"video\": {\"room\": \"hall\", \"roomJoin\": true, \"canPublish\": false}, \"sip\": {\"call\": true}}}";
    const char *all = "{\"family\": \"access_token2\", \"claims\": {\"services\": ["
                      "{\"type\": \"rtm\", \"user_id\": \"u\", \"privileges\": {\"login\": 60}},"
                      "{\"type\": \"apaas\", \"room_uuid\": \"r\", \"user_uuid\": \"u\", \"role\": 2}]}}";
    EXPECT(STOA_OK, NULL, stoa_token_build_json(jwt, "key", "secret", token, sizeof token, &length));
    EXPECT(STOA_OK, NULL, stoa_token_verify(token, "key", "secret", "hall", "ada", text, sizeof text, NULL));
    HAS("\"family\":\"livekit\"");
    HAS("\"canPublish\":false");
    HAS("\"own\":[1]");
    HAS("\"call\":true");
    // What was shown builds the same token again.
    EXPECT(STOA_OK, NULL, stoa_token_build_json(text, "key", "secret", again, sizeof again, NULL));
    TRUE(strcmp(token, again) == 0);
    EXPECT(STOA_ERROR_BAD_TOKEN, "not for 'eve'", stoa_token_verify(token, "key", "secret", "hall", "eve", text, sizeof text, NULL));
    EXPECT(STOA_OK, NULL, stoa_token_build_json(all, APP, CERTIFICATE, token, sizeof token, NULL));
    EXPECT(STOA_OK, NULL, stoa_token_verify(token, APP, CERTIFICATE, NULL, NULL, text, sizeof text, NULL));
    HAS("\"role\":2");
    EXPECT(STOA_ERROR_BAD_TOKEN, "rtc", stoa_token_verify(token, APP, CERTIFICATE, "hall", NULL, text, sizeof text, NULL));
    EXPECT(STOA_OK, NULL, stoa_token_build_json(text, APP, CERTIFICATE, again, sizeof again, NULL));
    TRUE(strcmp(token, again) == 0);
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "JSON", stoa_token_build_json("{", "key", "secret", token, sizeof token, NULL));
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "family", stoa_token_build_json("{}", "key", "secret", token, sizeof token, NULL));
    EXPECT(STOA_ERROR_BAD_ARGUMENT, "empty", stoa_token_build_json(jwt, "key", "", token, sizeof token, NULL));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "document", stoa_token_build_json(NULL, "key", "secret", token, sizeof token, NULL));
    EXPECT(STOA_ERROR_BAD_TOKEN, "three parts", stoa_token_show("hello", text, sizeof text, NULL));
    EXPECT(STOA_ERROR_BAD_TOKEN, "007", stoa_token_show("006abc", text, sizeof text, NULL));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "token", stoa_token_show(NULL, text, sizeof text, NULL));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "secret", stoa_token_verify(token, "key", NULL, NULL, NULL, text, sizeof text, NULL));
}

// Waits for an event of this kind; 0: it did not come within 10 s.
static int event_comes(stoa_channel *channel, uint32_t kind)
{
    stoa_event event = STOA_EVENT_INIT;
    while (stoa_channel_poll_event(channel, 10000, &event) == STOA_OK) {
        int found = event.kind == kind;
        stoa_event_free(&event);
        if (found)
            return 1;
    }
    return 0;
}

static void renewal(void)
{
    stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
    stoa_channel_options channel_options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_engine *engine = NULL;
    stoa_channel *channel = NULL;
    static char fresh[4096], other[4096];
    options.app_id = APP;
    options.app_certificate = CERTIFICATE;
    EXPECT(STOA_OK, NULL, stoa_engine_new(&options, &engine));
    // Less than the notice of 30 s: it is told at once.
    EXPECT(STOA_OK, NULL, stoa_token_build_rtc(APP, CERTIFICATE, "hall", NULL, 10, token, sizeof token, NULL));
    channel_options.name = "hall";
    channel_options.user = "ada";
    channel_options.token = token;
    EXPECT(STOA_OK, NULL, stoa_channel_new(engine, &channel_options, &channel));
    EXPECT(STOA_OK, NULL, stoa_token_build_rtc(APP, CERTIFICATE, "cellar", "ada", 600, other, sizeof other, NULL));
    EXPECT(STOA_ERROR_BAD_TOKEN, "cellar", stoa_channel_renew_token(channel, other));
    EXPECT(STOA_OK, NULL, stoa_token_build_rtc(APP, CERTIFICATE, "hall", "eve", 600, other, sizeof other, NULL));
    EXPECT(STOA_ERROR_BAD_TOKEN, "eve", stoa_channel_renew_token(channel, other));
    EXPECT(STOA_ERROR_BAD_TOKEN, "three parts", stoa_channel_renew_token(channel, "hello"));
    EXPECT(STOA_ERROR_NULL_ARGUMENT, "token", stoa_channel_renew_token(channel, NULL));
    EXPECT(STOA_ERROR_BAD_HANDLE, NULL, stoa_channel_renew_token((stoa_channel *)(void *)engine, token));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_user(channel, text, sizeof text, NULL));
    TRUE(strcmp(text, "ada") == 0);
    TRUE(event_comes(channel, STOA_EVENT_TOKEN_WILL_EXPIRE));
    // One that is not signed by the app: the server refuses it, the session goes on, and another is asked for.
    EXPECT(STOA_OK, NULL, stoa_token_build_rtc(APP, APP, "hall", "ada", 600, other, sizeof other, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_renew_token(channel, other));
    TRUE(event_comes(channel, STOA_EVENT_TOKEN_WILL_EXPIRE));
    EXPECT(STOA_OK, NULL, stoa_channel_token(channel, text, sizeof text, NULL));
    TRUE(strcmp(text, token) == 0);
    EXPECT(STOA_OK, NULL, stoa_token_build_rtc(APP, CERTIFICATE, "hall", "ada", 600, fresh, sizeof fresh, NULL));
    EXPECT(STOA_OK, NULL, stoa_channel_renew_token(channel, fresh));
    EXPECT(STOA_OK, NULL, stoa_channel_token(channel, text, sizeof text, NULL));
    TRUE(strcmp(text, fresh) == 0);
    // Later connects are made with it.
    EXPECT(STOA_OK, NULL, stoa_channel_disconnect(channel, 10000));
    EXPECT(STOA_OK, NULL, stoa_channel_connect(channel, 20000));
    EXPECT(STOA_OK, NULL, stoa_channel_free(channel));
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
}

int main(void)
{
    access_token();
    json();
    renewal();
    printf("%d failures\n", failures);
    return failures != 0;
}
