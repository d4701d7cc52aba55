// Two users in a room of the server inside, by the C++ wrapper: sound, events, messages, calls, what is known of users, statistics,
// speech and dumps. Argument: an empty directory for the dump.

#include "../c/expect.h"

#include <atomic>
#include <filesystem>
#include <memory>
#include <stoa.hpp>

static const int32_t LONG = 20000;

static stoa::channel channel_of(stoa::engine &engine, const char *user)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    options.name = "room";
    options.user = user;
    options.subscribe_all = 1;
    return engine.create_channel(options);
}

// The next event of this name.
static stoa::event await(stoa::channel &channel, const std::string &name)
{
    while (std::optional<stoa::event> event = channel.poll_event(LONG))
        if (name == event->name())
            return std::move(*event);
    throw std::runtime_error("no event " + name);
}

// The status with which something fails, STOA_OK where it does not.
template <class F> static stoa_status fails(F f)
{
    try {
        f();
    } catch (const stoa::error &error) {
        TRUE(error.what()[0] != '\0');
        return error.status();
    }
    return STOA_OK;
}

static void people(stoa::channel &ada, stoa::channel &bob)
{
    await(ada, "user_joined");
    TRUE(ada.users() == std::vector<std::string>{"bob"} && ada.name() == "room" && bob.user() == "bob");
    TRUE(ada.state() == STOA_STATE_CONNECTED && !ada.token().empty());
    TRUE(bob.set_user_info("Bob", "", R"({"seat": "3"})", LONG) == STOA_OK);
    TRUE(await(ada, "user_name_changed").data() == "Bob");
    TRUE(ada.user_info("bob").find(R"("name":"Bob")") != std::string::npos);
    TRUE(ada.user_info().find(R"("user":"ada")") != std::string::npos);
    TRUE(ada.room_info().find(R"("name":"room")") != std::string::npos);
    TRUE(fails([&] { ada.user_info("carol"); }) == STOA_ERROR_NOT_FOUND);
    TRUE(ada.last_error().find("carol") != std::string::npos);
    TRUE(fails([&] { ada.renew_token("none"); }) == STOA_ERROR_BAD_TOKEN);
}

static void messages(stoa::channel &ada, stoa::channel &bob)
{
    std::string text(100000, 'x');
    std::optional<uint64_t> ticket = ada.send_message(text, STOA_FORMAT_JSON, "chat", {"bob"});
    TRUE(ticket && ada.wait_sent(*ticket, LONG));
    stoa::event message = await(bob, "stream_message");
    TRUE(message.data() == text);
    TRUE(std::string(message->topic) == "chat");
    stoa_message_options options = STOA_MESSAGE_OPTIONS_INIT;
    options.message_id = "seven";
    TRUE(ada.send_message("7", options) && std::string(await(bob, "stream_message")->message_id) == "seven");
    TRUE(ada.send_data("\0\1", 2, "raw") == STOA_OK);
    stoa::event data = await(bob, "data_received");
    TRUE(data.data() == std::string_view("\0\1", 2) && std::string(data->user) == "ada");
}

static void calls(stoa::channel &ada, stoa::channel &bob)
{
    bob.register_rpc("echo");
    std::optional<uint64_t> ticket = ada.call_rpc("bob", "echo", "12");
    TRUE(ticket && !ada.wait_rpc(*ticket, 0));
    stoa::event call = await(bob, "rpc_called");
    bob.answer_rpc(call->id, std::string(call.data()) + std::string(1000, '!'));
    TRUE(ada.wait_rpc(*ticket, LONG) == "12" + std::string(1000, '!'));

    ticket = ada.call_rpc("bob", "echo", "13");
    bob.fail_rpc(await(bob, "rpc_called")->id, 42, "an unlucky number");
    try {
        ada.wait_rpc(*ticket, LONG);
        TRUE(!"it has failed");
    } catch (const stoa::rpc_error &error) {
        TRUE(error.code() == 42 && error.status() == STOA_ERROR_REFUSED);
        TRUE(std::string(error.what()).find("an unlucky number") != std::string::npos);
    }
    bob.unregister_rpc("echo");
    // Asked for 1 ms: the answer cannot be there in time.
    ticket = ada.call_rpc("bob", "echo", "14", 1);
    try {
        ada.wait_rpc(*ticket, LONG);
        TRUE(!"it has failed");
    } catch (const stoa::rpc_error &error) {
        TRUE(error.code() == STOA_RPC_RESPONSE_TIMEOUT || error.code() == STOA_RPC_UNSUPPORTED_METHOD);
        TRUE(error.what()[0] != '\0');
    }
}

static void sound(stoa::channel &ada, stoa::channel &bob, const char *directory)
{
    stoa_dump_options dump = STOA_DUMP_OPTIONS_INIT;
    dump.directory = directory;
    bob.set_dump(&dump);
    stoa_vad_options vad = STOA_VAD_OPTIONS_INIT;
    bob.set_vad(&vad);
    vad.start_voice_prob = 100;
    TRUE(fails([&] { bob.set_vad(&vad); }) == STOA_ERROR_BAD_ARGUMENT);

    std::vector<int16_t> hum(24000), pcm(STOA_FRAME_SAMPLES_MAX);
    for (size_t i = 0; i < hum.size(); i++)
        hum[i] = i / 60 % 2 ? 3000 : -3000;
    std::shared_ptr<std::atomic<int>> frames = std::make_shared<std::atomic<int>>(0);
    stoa::stream mix = bob.mixed_stream(), voice = bob.user_stream("ada");
    mix.on_frame([frames](const char *, const stoa_frame &, const int16_t *) { ++*frames; });
    uint64_t played = ada.on("played", [frames](const stoa_event &) { *frames += 1000000; });
    ada.push_audio(hum.data(), hum.size());
    ada.mark(7);
    stoa_frame frame = STOA_FRAME_INIT;
    size_t heard = 0;
    while (heard < 12000 && voice.read(LONG, pcm.data(), pcm.size(), frame) == STOA_OK)
        heard += frame.level < 40 ? frame.samples_per_channel : 0;
    TRUE(heard >= 12000 && voice.user() == "ada");
    TRUE(ada.wait_played(LONG) == STOA_OK && ada.queued_us() == 0);
    TRUE(voice.stats().frames_decoded > 0 && bob.stats().packets_received > 0);
    TRUE(voice.last_error().empty());

    while (*frames < 1000000)
        ada.poll_event(10);
    ada.off(played);
    mix.off_frame();
    TRUE(*frames > 1000000 && frames.use_count() == 1); // both lambdas are gone
    bob.set_vad(nullptr);
    bob.set_dump(nullptr);
    TRUE(bob.dump_dropped() == 0);
    TRUE(std::filesystem::exists(std::filesystem::path(directory) / "room-bob-heard-ada.wav"));
}

int main(int, char **argv)
{
    try {
        stoa::engine engine("970ca35de60c44645bbae8a215061b33", "5cfd2fd1755d40ecb72977518be15d3b");
        stoa::channel ada = channel_of(engine, "ada"), bob = channel_of(engine, "bob");
        TRUE(ada.connect(LONG) == STOA_OK && bob.connect(LONG) == STOA_OK);
        people(ada, bob);
        messages(ada, bob);
        calls(ada, bob);
        sound(ada, bob, argv[1]);
        TRUE(engine.stats().channels == 2 && engine.server_stats().participants == 2);
        TRUE(bob.disconnect(LONG) == STOA_OK);
        TRUE(std::string(await(ada, "user_left")->user) == "bob");
        TRUE(bob.free() == STOA_OK && !bob);
    } catch (const std::exception &error) {
        printf("%s\n", error.what());
        failures++;
    }
    printf("%d failures\n", failures);
    return failures != 0;
}
