// Room servers.

static void server_new_rows(void)
{
    stoa_server_options good = STOA_SERVER_OPTIONS_INIT, *options = &good;
    uint32_t port = 0;
    good.keys = "key:secret";
    NO_OPTIONS(stoa_server_options, "STOA_SERVER_OPTIONS_INIT", stoa_server_new(NULL, &out.server));
    OPTIONS(stoa_server_options, "STOA_SERVER_OPTIONS_INIT", stoa_server_new(options, &out.server));
    STRINGS("options->bind", options->bind, OPTIONAL, 0, stoa_server_new(options, &out.server));
    STRINGS("options->keys", options->keys, NOT_NULL, 0, stoa_server_new(options, &out.server));
#define MADE(what, setup, status, sentence) ROW_WITH(setup, what, status, sentence, stoa_server_new(options, &out.server))
    MADE("options->keys is empty", options->keys = "", STOA_ERROR_BAD_ARGUMENT,
           "keys is empty: give at least one KEY:SECRET, or nobody could join");
    MADE("options->keys is \"key:secret other\"", options->keys = "key:secret other", STOA_ERROR_BAD_ARGUMENT,
           "entry 2 of keys has no colon: give KEY:SECRET, separated by spaces");
    MADE("options->keys is \":secret\"", options->keys = ":secret", STOA_ERROR_BAD_ARGUMENT,
           "a key is empty: give 1 to 256 bytes");
    MADE("options->keys is \"key:\"", options->keys = "key:", STOA_ERROR_BAD_ARGUMENT,
           "the secret of a key is empty: give 1 to 256 bytes");
    options->keys = "key:secret";
    MADE("options->bind is \"localhost\"", options->bind = "localhost", STOA_ERROR_BAD_ARGUMENT,
           "bind is \"localhost\": give an IPv4 or IPv6 address, such as 0.0.0.0");
    // RFC 5737: of no machine.
    MADE("options->bind is of another machine", options->bind = "203.0.113.1", STOA_ERROR_ADDRESS,
           "The room server cannot bind TCP 203.0.113.1:0: it is no address of this machine; choose one that is, or 0.0.0.0 "
           "for all of them (<why>).");
    options->bind = NULL;
    MEMBER(port, 65536, STOA_ERROR_BAD_ARGUMENT, "port is 65536: give 1 to 65535, or 0 for a free one",
           stoa_server_new(options, &out.server));
    MEMBER(port, 4294967295, STOA_ERROR_BAD_ARGUMENT, "port is 4294967295: give 1 to 65535, or 0 for a free one",
           stoa_server_new(options, &out.server));
    MEMBER(udp_port, 65536, STOA_ERROR_BAD_ARGUMENT, "udp_port is 65536: give 1 to 65535, or 0 for a free one",
           stoa_server_new(options, &out.server));
    MEMBER(udp_port, 4294967295, STOA_ERROR_BAD_ARGUMENT, "udp_port is 4294967295: give 1 to 65535, or 0 for a free one",
           stoa_server_new(options, &out.server));
    EXPECT(STOA_OK, NULL, stoa_server_port(server, &port));
    MADE("options->port is taken", options->port = port, STOA_ERROR_ADDRESS,
           "The room server cannot bind TCP 127.0.0.1:<n>: another program has it; choose another port, or 0 for a free one "
           "(<why>).");
    options->port = 0;
    EXPECT(STOA_OK, NULL, stoa_server_udp_port(server, &port));
    MADE("options->udp_port is taken", options->udp_port = port, STOA_ERROR_ADDRESS,
           "The room server cannot bind UDP 127.0.0.1:<n>: another program has it; choose another port, or 0 for a free one "
           "(<why>).");
    options->udp_port = 0;
    STRINGS("options->webhooks", options->webhooks, OPTIONAL, 0, stoa_server_new(options, &out.server));
    MADE("options->webhooks is \"https://host:99999/\"", options->webhooks = "https://host:99999/", STOA_ERROR_BAD_ARGUMENT,
           "the webhook \"https://host:99999/\" has a port that is none: give 1 to 65535");
    MADE("options->webhooks is \"host\"", options->webhooks = "host", STOA_ERROR_BAD_ARGUMENT,
           "the webhook \"host\" does not begin with http:// or https://: give one as https://host:port/path, or http://");
    MADE("options->webhooks has nine URLs", options->webhooks = "http://a http://b http://c http://d http://e http://f "
           "http://g http://h http://i", STOA_ERROR_BAD_ARGUMENT, "there are 9 webhooks: give at most 8");
    setenv("SSL_CERT_FILE", "/dev/null", 1);
    setenv("SSL_CERT_DIR", "/nowhere", 1);
    MADE("options->webhooks has one by TLS, and the system no trusted certificates", options->webhooks = "https://host/",
         STOA_ERROR_BAD_STATE,
         "this system's trusted certificates were not found (<why>): install them (ca-certificates), or give a ca_file");
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
    options->webhooks = NULL;
    MEMBER(metrics, 2, STOA_ERROR_BAD_ARGUMENT, "metrics is 2: give 0 or 1", stoa_server_new(options, &out.server));
    MEMBER(remote_unmute, 2, STOA_ERROR_BAD_ARGUMENT, "remote_unmute is 2: give 0 or 1",
           stoa_server_new(options, &out.server));
#undef MADE
    NO_PLACE("out_server", stoa_server_new(options, NULL));
}

static void server_rows(void)
{
    SERVERS(stoa_server_url(server, out.text, sizeof out.text, &out.length));
    TEXT_OUT(stoa_server_url(server, buffer, capacity, out_length));
    SERVERS(stoa_server_port(server, &out.number));
    NO_PLACE("out_port", stoa_server_port(server, NULL));
    SERVERS(stoa_server_udp_port(server, &out.number));
    NO_PLACE("out_port", stoa_server_udp_port(server, NULL));
    SERVERS(stoa_server_get_stats(server, &out.server_stats));
    NO_STATS(stoa_server_stats, "STOA_SERVER_STATS_INIT", stoa_server_get_stats(server, NULL));
    SIZES("out_stats", stoa_server_stats, "STOA_SERVER_STATS_INIT", out.server_stats.size,
          stoa_server_get_stats(server, &out.server_stats));
    SERVERS(stoa_server_last_error(server, out.text, sizeof out.text, &out.length));
    TEXT_OUT(stoa_server_last_error(server, buffer, capacity, out_length));
}
