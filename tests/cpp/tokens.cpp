// Tokens of both families, a room server with its log, and errors, by the C++ wrapper.

#include "../c/expect.h"

#include <atomic>
#include <memory>
#include <stoa.hpp>

static const char *APP = "970ca35de60c44645bbae8a215061b33", *CERTIFICATE = "5cfd2fd1755d40ecb72977518be15d3b";
static const char *SECRET = "a-secret-of-32-characters-or-more";

static bool has(const std::string &text, const char *part) { return text.find(part) != std::string::npos; }

// The sentence with which something fails.
template <class F> static std::string sentence(stoa_status status, F f)
{
    try {
        f();
    } catch (const stoa::error &error) {
        TRUE(error.status() == status);
        return error.what();
    }
    return "";
}

static void tokens()
{
    std::string rtc = stoa::token::build_rtc(APP, CERTIFICATE, "hall", "ada");
    std::string jwt = stoa::token::build_livekit("key", SECRET, "hall", "ada", 60);
    TRUE(has(stoa::token::show(rtc), "\"hall\"") && has(stoa::token::verify(rtc, APP, CERTIFICATE, "hall", "ada"), "ada"));
    TRUE(has(stoa::token::verify(jwt, "key", SECRET), "\"room\":\"hall\""));
    // Longer than the first buffer that is tried.
    std::string long_room(200, 'r');
    std::string made = stoa::token::build_json(
        R"({"family": "livekit", "claims": {"sub": "ada", "video": {"roomJoin": true, "room": ")" + long_room + "\"}}}", "key", SECRET);
    TRUE(has(stoa::token::show(made), long_room.c_str()));
    TRUE(has(sentence(STOA_ERROR_BAD_TOKEN, [&] { stoa::token::verify(jwt, "key", SECRET, "cellar"); }), "cellar"));
}

static void server()
{
    std::shared_ptr<std::atomic<int>> lines = std::make_shared<std::atomic<int>>(0);
    stoa::log_set(STOA_LOG_INFO, [lines](uint32_t, const char *) { ++*lines; });
    const std::string keys = std::string(APP) + ":" + CERTIFICATE;
    stoa_server_options options = STOA_SERVER_OPTIONS_INIT;
    options.keys = keys.c_str();
    stoa::server server(options);
    TRUE(server.port() > 0 && server.udp_port() > 0 && has(server.url(), "ws://127.0.0.1:"));

    stoa::engine engine(APP, CERTIFICATE, server.url());
    TRUE(engine.url() == server.url());
    stoa_channel_options channel_options = STOA_CHANNEL_OPTIONS_INIT;
    channel_options.name = "hall";
    channel_options.user = "ada";
    stoa::channel channel = engine.create_channel(channel_options);
    TRUE(channel.connect(20000) == STOA_OK);
    channel.renew_token(engine.build_token("hall", "ada"));
    while (server.stats().participants != 1)
        channel.poll_event(10);
    while (*lines == 0)
        channel.poll_event(10);
    stoa::log_set(STOA_LOG_OFF);
    TRUE(lines.use_count() == 1);
}

static void errors()
{
    TRUE(has(sentence(STOA_ERROR_BAD_ARGUMENT, [] { stoa::engine("example", "", "http//nowhere"); }), "http//nowhere"));
    stoa::engine engine("example");
    stoa_channel_options nameless = STOA_CHANNEL_OPTIONS_INIT;
    std::string text = sentence(STOA_ERROR_NULL_ARGUMENT, [&] { engine.create_channel(nameless); });
    TRUE(!text.empty() && engine.last_error() == text);
}

int main()
{
    try {
        tokens();
        server();
        errors();
    } catch (const std::exception &error) {
        printf("%s\n", error.what());
        failures++;
    }
    printf("%d failures\n", failures);
    return failures != 0;
}
