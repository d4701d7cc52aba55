// Engines.

#define TOKEN_TIME "a token's time of <n> s is out of range: give 1 s to 10 years"

static void engine_new_rows(void)
{
    stoa_engine_options good = STOA_ENGINE_OPTIONS_INIT, *options = &good;
    good.app_id = "app";
    NO_OPTIONS(stoa_engine_options, "STOA_ENGINE_OPTIONS_INIT", stoa_engine_new(NULL, &out.engine));
    OPTIONS(stoa_engine_options, "STOA_ENGINE_OPTIONS_INIT", stoa_engine_new(options, &out.engine));
    STRINGS("options->app_id", options->app_id, REQUIRED, 256, stoa_engine_new(options, &out.engine));
    STRINGS("options->app_certificate", options->app_certificate, OPTIONAL, 256, stoa_engine_new(options, &out.engine));
    STRINGS("options->url", options->url, OPTIONAL, 0, stoa_engine_new(options, &out.engine));
    MEMBER(threads, 65, STOA_ERROR_BAD_ARGUMENT, "threads is 65: give 1 to 64, or 0 for the default",
           stoa_engine_new(options, &out.engine));
    MEMBER(threads, 4294967295, STOA_ERROR_BAD_ARGUMENT, "threads is 4294967295: give 1 to 64, or 0 for the default",
           stoa_engine_new(options, &out.engine));
    MEMBER(reserved, 1, STOA_ERROR_BAD_STRUCT, "options->reserved is 1: leave it zero", stoa_engine_new(options, &out.engine));
#define URL(text, sentence)                                                                                            \
    ROW_WITH(options->url = text, "options->url is \"" text "\"", STOA_ERROR_BAD_ARGUMENT, sentence,                   \
             stoa_engine_new(options, &out.engine))
#define HINT "give ws:// or wss:// and a host, or leave it empty for the room server inside"
    URL("example.org", "the url \"example.org\" has no scheme known here: " HINT);
    URL("ftp://example.org", "the url \"ftp://example.org\" has no scheme known here: " HINT);
    URL("ws://", "the url \"ws://\" cannot be read (<why>): " HINT);
    URL("ws://example.org:99999", "the url \"ws://example.org:99999\" has a port that is none: give 1 to 65535");
    options->url = "wss://example.org";
    STRINGS("options->ca_file", options->ca_file, OPTIONAL, 0, stoa_engine_new(options, &out.engine));
    ROW_WITH(options->ca_file = "/nowhere/ca.pem", "options->ca_file is \"/nowhere/ca.pem\", which is no file", STOA_ERROR_BAD_ARGUMENT,
             "ca_file \"/nowhere/ca.pem\" cannot be read: <why>", stoa_engine_new(options, &out.engine));
    options->ca_file = "/dev/null";
    ROW("options->ca_file is a file without a certificate", STOA_ERROR_BAD_ARGUMENT,
        "ca_file \"/dev/null\" has no certificate: give a file in PEM form, with BEGIN CERTIFICATE in it",
        stoa_engine_new(options, &out.engine));
    options->ca_file = NULL;
    setenv("SSL_CERT_FILE", "/dev/null", 1);
    setenv("SSL_CERT_DIR", "/nowhere", 1);
    ROW("the system has no trusted certificates", STOA_ERROR_BAD_STATE,
        "this system's trusted certificates were not found (<why>): install them (ca-certificates), or give a ca_file",
        stoa_engine_new(options, &out.engine));
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
    options->url = NULL;
    NO_PLACE("out_engine", stoa_engine_new(options, NULL));
}

static void engine_rows(void)
{
    const char *room = "room", *user = "ada";
    stoa_engine_options keyless = STOA_ENGINE_OPTIONS_INIT;
    stoa_engine *with_key = engine;

    ENGINES(stoa_engine_url(engine, out.text, sizeof out.text, &out.length));
    TEXT_OUT(stoa_engine_url(engine, buffer, capacity, out_length));

    ENGINES(stoa_engine_build_token(engine, "room", "ada", 60, out.text, sizeof out.text, &out.length));
    STRINGS("room", room, REQUIRED, 256, stoa_engine_build_token(engine, room, user, 60, out.text, sizeof out.text, NULL));
    STRINGS("user", user, REQUIRED, 256, stoa_engine_build_token(engine, room, user, 60, out.text, sizeof out.text, NULL));
    ROW("ttl_seconds is 0", STOA_ERROR_BAD_ARGUMENT, TOKEN_TIME,
        stoa_engine_build_token(engine, room, user, 0, out.text, sizeof out.text, NULL));
    ROW("ttl_seconds is 18446744073709551615", STOA_ERROR_BAD_ARGUMENT, TOKEN_TIME,
        stoa_engine_build_token(engine, room, user, UINT64_MAX, out.text, sizeof out.text, NULL));
    TEXT_OUT(stoa_engine_build_token(engine, "room", "ada", 60, buffer, capacity, out_length));
    keyless.app_id = "app";
    keyless.url = "ws://127.0.0.1:1";
    EXPECT(STOA_OK, NULL, stoa_engine_new(&keyless, &engine));
    ROW("the engine has a url and no app certificate", STOA_ERROR_BAD_TOKEN,
        "there is no certificate to build a token with; give the engine one, or the channel a token",
        stoa_engine_build_token(engine, room, user, 60, out.text, sizeof out.text, NULL));

    ENGINES(stoa_engine_get_stats(engine, &out.engine_stats));
    NO_STATS(stoa_engine_stats, "STOA_ENGINE_STATS_INIT", stoa_engine_get_stats(engine, NULL));
    SIZES("out_stats", stoa_engine_stats, "STOA_ENGINE_STATS_INIT", out.engine_stats.size,
          stoa_engine_get_stats(engine, &out.engine_stats));
    ENGINES(stoa_engine_get_server_stats(engine, &out.server_stats));
    NO_STATS(stoa_server_stats, "STOA_SERVER_STATS_INIT", stoa_engine_get_server_stats(engine, NULL));
    SIZES("out_stats", stoa_server_stats, "STOA_SERVER_STATS_INIT", out.server_stats.size,
          stoa_engine_get_server_stats(engine, &out.server_stats));
    ROW("the engine has a url", STOA_ERROR_BAD_STATE,
        "the engine has no room server inside: ask the server that it has the url of",
        stoa_engine_get_server_stats(engine, &out.server_stats));

    ENGINES(stoa_engine_last_error(engine, out.text, sizeof out.text, &out.length));
    TEXT_OUT(stoa_engine_last_error(engine, buffer, capacity, out_length));
    EXPECT(STOA_OK, NULL, stoa_engine_free(engine));
    engine = with_key;
}
