// Tokens that no engine builds.

#define HEXADECIMAL "0123456789abcdef0123456789abcdef"
#define NO_JWT "The token is no JWT: it does not have three parts with dots between; give it whole, as it was made."

static void token_rows(void)
{
    const char *key = "key", *secret = "secret", *room = "room", *user = "ada";
    STRINGS("key", key, REQUIRED, 256,
            stoa_token_build_livekit(key, secret, room, user, 60, out.text, sizeof out.text, &out.length));
    STRINGS("secret", secret, REQUIRED, 256,
            stoa_token_build_livekit(key, secret, room, user, 60, out.text, sizeof out.text, &out.length));
    STRINGS("room", room, REQUIRED, 256,
            stoa_token_build_livekit(key, secret, room, user, 60, out.text, sizeof out.text, &out.length));
    STRINGS("user", user, REQUIRED, 256,
            stoa_token_build_livekit(key, secret, room, user, 60, out.text, sizeof out.text, &out.length));
    ROW("ttl_seconds is 0", STOA_ERROR_BAD_ARGUMENT, TOKEN_TIME,
        stoa_token_build_livekit(key, secret, room, user, 0, out.text, sizeof out.text, NULL));
    ROW("ttl_seconds is 18446744073709551615", STOA_ERROR_BAD_ARGUMENT, TOKEN_TIME,
        stoa_token_build_livekit(key, secret, room, user, UINT64_MAX, out.text, sizeof out.text, NULL));
    TEXT_OUT(stoa_token_build_livekit(key, secret, room, user, 60, buffer, capacity, out_length));
}

static void token_rtc_rows(void)
{
    const char *app_id = HEXADECIMAL, *certificate = HEXADECIMAL, *room = "room", *user = "ada";
    STRINGS("app_id", app_id, NOT_NULL, 0,
            stoa_token_build_rtc(app_id, certificate, room, user, 60, out.text, sizeof out.text, &out.length));
    STRINGS("certificate", certificate, OPTIONAL, 0,
            stoa_token_build_rtc(app_id, certificate, room, user, 60, out.text, sizeof out.text, &out.length));
    STRINGS("channel", room, REQUIRED, 256,
            stoa_token_build_rtc(app_id, certificate, room, user, 60, out.text, sizeof out.text, &out.length));
    STRINGS("user", user, OPTIONAL, 256,
            stoa_token_build_rtc(app_id, certificate, room, user, 60, out.text, sizeof out.text, &out.length));
#define HEX_32(named)                                                                                                  \
    "The app " named " of an AccessToken2 has 32 hexadecimal characters, and this one has not: give it as it was issued."
    ROW("app_id is empty", STOA_ERROR_BAD_ARGUMENT, HEX_32("id"),
        stoa_token_build_rtc("", certificate, room, user, 60, out.text, sizeof out.text, &out.length));
    ROW("app_id is \"app\"", STOA_ERROR_BAD_ARGUMENT, HEX_32("id"),
        stoa_token_build_rtc("app", certificate, room, user, 60, out.text, sizeof out.text, &out.length));
    ROW("certificate is \"secret\"", STOA_ERROR_BAD_ARGUMENT, HEX_32("certificate"),
        stoa_token_build_rtc(app_id, "secret", room, user, 60, out.text, sizeof out.text, &out.length));
#undef HEX_32
    ROW("certificate is NULL", STOA_OK, NULL,
        stoa_token_build_rtc(app_id, NULL, room, user, 60, out.text, sizeof out.text, &out.length));
    TRUE(out.length == 0);
    ROW("certificate is empty", STOA_OK, NULL,
        stoa_token_build_rtc(app_id, "", room, user, 60, out.text, sizeof out.text, &out.length));
    TRUE(out.length == 0);
    ROW("user is NULL", STOA_OK, NULL,
        stoa_token_build_rtc(app_id, certificate, room, NULL, 60, out.text, sizeof out.text, &out.length));
    ROW("ttl_seconds is 0", STOA_ERROR_BAD_ARGUMENT, TOKEN_TIME,
        stoa_token_build_rtc(app_id, certificate, room, user, 0, out.text, sizeof out.text, NULL));
    ROW("ttl_seconds is 18446744073709551615", STOA_ERROR_BAD_ARGUMENT, TOKEN_TIME,
        stoa_token_build_rtc(app_id, certificate, room, user, UINT64_MAX, out.text, sizeof out.text, NULL));
    TEXT_OUT(stoa_token_build_rtc(app_id, certificate, room, user, 60, buffer, capacity, out_length));
}

static void token_json_rows(void)
{
    const char *document = "{\"family\": \"livekit\"}", *key = "key", *secret = "secret";
    STRINGS("document", document, NOT_NULL, 0,
            stoa_token_build_json(document, key, secret, out.text, sizeof out.text, &out.length));
    STRINGS("key", key, REQUIRED, 256, stoa_token_build_json(document, key, secret, out.text, sizeof out.text, &out.length));
    STRINGS("secret", secret, REQUIRED, 256,
            stoa_token_build_json(document, key, secret, out.text, sizeof out.text, &out.length));
    TEXT_OUT(stoa_token_build_json(document, key, secret, buffer, capacity, out_length));
#define DOCUMENT(what, json, sentence)                                                                                 \
    ROW_WITH(document = json, what, STOA_ERROR_BAD_ARGUMENT, sentence,                                                 \
             stoa_token_build_json(document, key, secret, out.text, sizeof out.text, &out.length))
#define ACCESS(claims) "{\"family\": \"access_token2\", \"claims\": {" claims "}}"
#define SERVICE(members) ACCESS("\"services\": [{" members "}]")
    DOCUMENT("document is empty", "", "the document is not JSON: <why>; give an object with family and claims");
    DOCUMENT("document is no JSON", "{", "the document is not JSON: <why>; give an object with family and claims");
    DOCUMENT("document is no object", "[]", "the document is no JSON object: give one with family and claims");
    DOCUMENT("document has no family", "{}", "family is \"\": give \"livekit\" or \"access_token2\"");
    DOCUMENT("document has a member that is not known", "{\"famly\": \"livekit\"}",
             "the document has a member \"famly\" that is not known here: remove it");
    DOCUMENT("document has a claim of a wrong type", "{\"family\": \"livekit\", \"claims\": {\"sub\": 7}}",
             "The token's claim sub is not a string: make it that.");
    DOCUMENT("document names another key", "{\"family\": \"livekit\", \"claims\": {\"iss\": \"app\"}}",
             "iss is \"app\", and the key \"key\": leave iss out, or take its own key");
    DOCUMENT("key is not 32 hexadecimal characters, for an AccessToken2", SERVICE("\"type\": \"rtc\""),
             "The app id of an AccessToken2 has 32 hexadecimal characters, and this one has not: give it as it was issued.");
    DOCUMENT("document has no services", ACCESS(""), "services is no list: give at least one service");
    DOCUMENT("document has a service that is none", ACCESS("\"services\": [7]"),
             "a service is no JSON object: give one with type and privileges");
    DOCUMENT("document has a service of no type that is known", SERVICE("\"type\": \"tv\""),
             "the service's type is \"tv\": give rtc, rtm, streaming, fpa, chat, fcdn, apaas, rtm2, convo_ai or stt");
    DOCUMENT("document has a privilege that is not known", SERVICE("\"type\": \"rtc\", \"privileges\": {\"sing\": 1}"),
             "\"sing\" is not known here: give <names> or a number");
    DOCUMENT("document has a privilege whose time is none", SERVICE("\"type\": \"rtc\", \"privileges\": {\"1\": -1}"),
             "1 is no whole number: give 0 to 4294967295");
    DOCUMENT("document has a privilege twice",
             SERVICE("\"type\": \"rtc\", \"privileges\": {\"1\": 1, \"join_channel\": 1}"),
             "the privilege join_channel is there twice, by name and by number: leave one out");
#undef DOCUMENT
#undef ACCESS
#undef SERVICE
}

static void token_show_rows(void)
{
    const char *token = EVERY_TOKEN;
    STRINGS("token", token, NOT_NULL, 0, stoa_token_show(token, out.text, sizeof out.text, &out.length));
    ROW("token is empty", STOA_ERROR_BAD_TOKEN, NO_JWT, stoa_token_show("", out.text, sizeof out.text, &out.length));
    ROW("token is \"no token\"", STOA_ERROR_BAD_TOKEN, NO_JWT,
        stoa_token_show("no token", out.text, sizeof out.text, &out.length));
    ROW("token is \"a.b.c\"", STOA_ERROR_BAD_TOKEN,
        "The token's payload is not base64url; it was cut or changed: take it as it was made.",
        stoa_token_show("a.b.c", out.text, sizeof out.text, &out.length));
    ROW("token is \"007\"", STOA_ERROR_BAD_TOKEN,
        "The token's content ends too early; it was cut: take it as it was made.",
        stoa_token_show("007", out.text, sizeof out.text, &out.length));
    ROW("token is \"007abcd\"", STOA_ERROR_BAD_TOKEN,
        "The token's content is not zlib's; it was cut or changed: take it as it was made.",
        stoa_token_show("007abcd", out.text, sizeof out.text, &out.length));
    TEXT_OUT(stoa_token_show(token, buffer, capacity, out_length));
}

static void token_verify_rows(void)
{
    static char for_ada[2048], expired[2048];
    const char *token = for_ada, *key = "key", *secret = "secret", *room = "room", *user = "ada";
    EXPECT(STOA_OK, NULL, stoa_token_build_livekit("key", "secret", "room", "ada", 60, for_ada, sizeof for_ada, NULL));
    EXPECT(STOA_OK, NULL,
           stoa_token_build_json("{\"family\": \"livekit\", \"claims\": {\"sub\": \"ada\", \"exp\": 1}}", "key", "secret",
                                 expired, sizeof expired, NULL));
    STRINGS("token", token, NOT_NULL, 0,
            stoa_token_verify(token, key, secret, room, user, out.text, sizeof out.text, &out.length));
    STRINGS("key", key, REQUIRED, 256,
            stoa_token_verify(token, key, secret, room, user, out.text, sizeof out.text, &out.length));
    STRINGS("secret", secret, REQUIRED, 256,
            stoa_token_verify(token, key, secret, room, user, out.text, sizeof out.text, &out.length));
    STRINGS("room", room, OPTIONAL, 0,
            stoa_token_verify(token, key, secret, room, user, out.text, sizeof out.text, &out.length));
    STRINGS("user", user, OPTIONAL, 0,
            stoa_token_verify(token, key, secret, room, user, out.text, sizeof out.text, &out.length));
#define REFUSED(what, sentence, ...) ROW(what, STOA_ERROR_BAD_TOKEN, sentence, __VA_ARGS__)
    REFUSED("token is empty", NO_JWT, stoa_token_verify("", key, secret, room, user, out.text, sizeof out.text, NULL));
    REFUSED("token is of another key", "The token's issuer is no key of this server; check the app id (API key).",
            stoa_token_verify(token, "other", secret, NULL, NULL, out.text, sizeof out.text, NULL));
    REFUSED("token is signed with another secret", "The token's signature is wrong; check the app certificate (API secret).",
            stoa_token_verify(token, key, "other", NULL, NULL, out.text, sizeof out.text, NULL));
    REFUSED("token has expired", "The token has expired; get a new one.",
            stoa_token_verify(expired, key, secret, NULL, NULL, out.text, sizeof out.text, NULL));
    REFUSED("token lets nobody into a room",
            "The token does not allow to join a room (roomJoin); build it with that grant.",
            stoa_token_verify(EVERY_TOKEN, key, secret, room, NULL, out.text, sizeof out.text, NULL));
    REFUSED("token is for another room", "The token is for the room 'room', not for 'hall'; take one for this room.",
            stoa_token_verify(token, key, secret, "hall", NULL, out.text, sizeof out.text, NULL));
    REFUSED("token is for another user", "The token is for the user 'ada', not for 'bob'; take one for this user.",
            stoa_token_verify(token, key, secret, room, "bob", out.text, sizeof out.text, NULL));
#undef REFUSED
    ROW("room is NULL", STOA_OK, NULL, stoa_token_verify(token, key, secret, NULL, user, out.text, sizeof out.text, NULL));
    ROW("room is empty", STOA_OK, NULL, stoa_token_verify(token, key, secret, "", user, out.text, sizeof out.text, NULL));
    ROW("user is NULL", STOA_OK, NULL, stoa_token_verify(token, key, secret, room, NULL, out.text, sizeof out.text, NULL));
    ROW("user is empty", STOA_OK, NULL, stoa_token_verify(token, key, secret, room, "", out.text, sizeof out.text, NULL));
    TEXT_OUT(stoa_token_verify(token, key, secret, room, user, buffer, capacity, out_length));
}
