// Ada hums for a second, Bob hears it. c++ -std=c++17 hello.cpp $(pkg-config --cflags --libs stoa)
#include <iostream>
#include <stoa.hpp>

static stoa::channel join(stoa::engine &engine, const char *user)
{
    stoa_channel_options options = STOA_CHANNEL_OPTIONS_INIT;
    options.name = "agora";
    options.user = user;
    options.subscribe_all = 1;
    stoa::channel channel = engine.create_channel(options);
    channel.connect(5000);
    return channel;
}

int main()
{
    try {
        stoa::engine engine("example"); // no url: the room server inside
        stoa::channel ada = join(engine, "ada"), bob = join(engine, "bob");
        stoa::stream voice = bob.user_stream("ada");
        std::vector<int16_t> hum(24000), pcm(STOA_FRAME_SAMPLES_MAX);
        for (size_t i = 0; i < hum.size(); i++)
            hum[i] = i / 60 % 2 ? 3000 : -3000;
        ada.push_audio(hum.data(), hum.size());
        stoa_frame frame = STOA_FRAME_INIT;
        while (voice.read(1000, pcm.data(), pcm.size(), frame) == STOA_OK && frame.level < 90)
            std::cout << frame.samples_per_channel << " samples at -" << frame.level << " dB\n";
    } catch (const stoa::error &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
