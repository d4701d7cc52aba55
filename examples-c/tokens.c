/* tokens.c - builds tokens of both families, shows and verifies them, joins with one, renews it without leaving, and has others refused.
 *
 *   cc -std=c99 tokens.c $(pkg-config --cflags --libs stoa) -o tokens && ./tokens */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stoa.h>

/* An AccessToken2 needs 32 hexadecimal characters each; a LiveKit server's key and secret may be any. */
#define APP "970ca35de60c44645bbae8a215061b33"
#define CERTIFICATE "5cfd2fd1755d40ecb72977518be15d3b"

static void must(stoa_status status)
{
    if (status == STOA_OK)
        return;
    fprintf(stderr, "%s: %s\n", stoa_status_text(status), stoa_last_error());
    exit(1);
}

static void show(const char *family, const char *token)
{
    char claims[4096];
    must(stoa_token_verify(token, APP, CERTIFICATE, "hall", "ada", claims, sizeof claims, NULL));
    printf("%s: %s\n", family, claims);
}

static void refused(const char *what, stoa_status status)
{
    if (status != STOA_ERROR_BAD_TOKEN) {
        fprintf(stderr, "%s was not refused\n", what);
        exit(1);
    }
    printf("%s is refused: %s\n", what, stoa_last_error());
}

int main(void)
{
    stoa_engine_options engine_options = STOA_ENGINE_OPTIONS_INIT;
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    stoa_event event = STOA_EVENT_INIT;
    stoa_engine *engine;
    stoa_channel *ada;
    char access[2048], livekit[2048], brief[2048], claims[4096], *changed;
    uint32_t kind, state;

    must(stoa_token_build_rtc(APP, CERTIFICATE, "hall", "ada", 3600, access, sizeof access, NULL));
    show("AccessToken2", access);
    must(stoa_token_build_livekit(APP, CERTIFICATE, "hall", "ada", 3600, livekit, sizeof livekit, NULL));
    show("LiveKit", livekit);
    /* Everything else that a token can say goes in as JSON: this one may be used for 20 seconds. */
    must(stoa_token_build_json("{\"family\": \"access_token2\", \"claims\": {\"expire\": 20, \"services\": [{\"type\": \"rtc\","
                               "\"channel\": \"hall\", \"uid\": \"ada\", \"privileges\": {\"join_channel\": 20, \"publish_audio\": 20}}]}}",
                               APP, CERTIFICATE, brief, sizeof brief, NULL));

    refused("a token for another room", stoa_token_verify(access, APP, CERTIFICATE, "cellar", "", claims, sizeof claims, NULL));
    refused("a token for another user", stoa_token_verify(livekit, APP, CERTIFICATE, "", "eve", claims, sizeof claims, NULL));
    changed = strrchr(livekit, '.') + 1;
    *changed = *changed == 'A' ? 'B' : 'A';
    refused("a changed signature", stoa_token_verify(livekit, APP, CERTIFICATE, "", "", claims, sizeof claims, NULL));

    engine_options.app_id = APP;
    engine_options.app_certificate = CERTIFICATE;
    must(stoa_engine_new(&engine_options, &engine));
    options.name = "hall";
    options.user = "ada";
    options.token = brief;
    must(stoa_channel_new(engine, &options, &ada));
    must(stoa_channel_connect(ada, 5000));
    do { /* it expires soon: the event comes at once */
        must(stoa_channel_poll_event(ada, 10000, &event));
        kind = event.kind;
        if (kind == STOA_EVENT_TOKEN_WILL_EXPIRE)
            printf("the token expires in %.0f s\n", (double)event.elapsed_us / 1e6);
        must(stoa_event_free(&event));
    } while (kind != STOA_EVENT_TOKEN_WILL_EXPIRE);
    must(stoa_channel_renew_token(ada, access));
    must(stoa_channel_state(ada, &state));
    printf("renewed, and still %s\n", state == STOA_STATE_CONNECTED ? "in the room" : "not in the room");
    must(stoa_channel_free(ada));
    must(stoa_engine_free(engine));
    return 0;
}
