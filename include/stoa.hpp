// stoa.hpp - stoa.h for C++17: objects that free themselves, exceptions for errors, lambdas for callbacks. Header only.
//
// stoa.h is the contract; each member here is the function of that name there. Every object can be moved and not copied, and
// get() gives its handle for whatever is not wrapped. A call that fails throws stoa::error; a positive status is returned.
// Callbacks must not throw; what they throw all the same ends there.

#ifndef STOA_HPP
#define STOA_HPP

#include "stoa.h"

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace stoa {

// A negative status, with its sentence.
class error : public std::runtime_error {
public:
    explicit error(stoa_status status) : std::runtime_error(stoa_last_error()), status_(status) {}
    stoa_status status() const noexcept { return status_; }

private:
    stoa_status status_;
};

// Throws where a status is an error; gives the others back.
inline stoa_status check(stoa_status status)
{
    if (status < 0)
        throw error(status);
    return status;
}

namespace detail {

// Asks a function of stoa.h for a string: first how long it is, then for the string, until it did not grow in between.
template <class Ask> std::string text(Ask ask)
{
    std::string text;
    for (size_t length = 64;;) {
        text.resize(length + 1);
        stoa_status status = ask(&text[0], text.size(), &length);
        if (status == STOA_ERROR_BUFFER_TOO_SMALL)
            continue;
        check(status);
        text.resize(length);
        return text;
    }
}

inline const char *or_null(const std::string &text) { return text.empty() ? nullptr : text.c_str(); }

template <class F> void release(void *user_data) { delete static_cast<F *>(user_data); }

} // namespace detail

// A handle that frees itself.
template <class T, stoa_status (*Free)(T *)> class handle {
public:
    handle() noexcept = default;
    explicit handle(T *raw) noexcept : raw_(raw) {}
    handle(handle &&other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
    handle &operator=(handle &&other) noexcept
    {
        handle old(std::move(other)); // and what was held before is freed now
        std::swap(raw_, old.raw_);
        return *this;
    }
    handle(const handle &) = delete;
    handle &operator=(const handle &) = delete;
    ~handle() { Free(raw_); }

    T *get() const noexcept { return raw_; }
    explicit operator bool() const noexcept { return raw_ != nullptr; }
    // Frees it now, and tells how that went.
    stoa_status free() { return Free(std::exchange(raw_, nullptr)); }

private:
    T *raw_ = nullptr;
};

// One event that was polled.
class event {
public:
    event() noexcept = default;
    event(event &&other) noexcept : raw_(std::exchange(other.raw_, stoa_event(STOA_EVENT_INIT))) {}
    event &operator=(event &&other) noexcept
    {
        event old(std::move(other));
        std::swap(raw_, old.raw_);
        return *this;
    }
    event(const event &) = delete;
    event &operator=(const event &) = delete;
    ~event() { stoa_event_free(&raw_); }

    const stoa_event *operator->() const noexcept { return &raw_; }
    stoa_event *get() noexcept { return &raw_; }
    const char *name() const noexcept { return stoa_event_name(raw_.kind); }

private:
    stoa_event raw_ = STOA_EVENT_INIT;
};

// Calls f(const char *user, const stoa_frame &, const int16_t *samples).
template <class F>
void call_frame(const char *user, const stoa_frame *frame, const int16_t *samples, void *user_data) noexcept
{
    try {
        (*static_cast<F *>(user_data))(user, *frame, samples);
    } catch (...) {
    }
}

// Calls f(const stoa_event &).
template <class F> void call_event(stoa_channel *, const stoa_event *event, void *user_data) noexcept
{
    try {
        (*static_cast<F *>(user_data))(*event);
    } catch (...) {
    }
}

class stream : public handle<stoa_stream, stoa_stream_free> {
public:
    using handle::handle;

    // STOA_OK, STOA_TIMED_OUT or STOA_END_OF_STREAM. Capacity is in samples for each channel.
    stoa_status read(int32_t timeout_ms, int16_t *samples, size_t capacity, stoa_frame &frame)
    {
        return check(stoa_stream_read(get(), timeout_ms, samples, capacity, &frame));
    }
    size_t readable() const
    {
        size_t frames = 0;
        check(stoa_stream_readable(get(), &frames));
        return frames;
    }
    int descriptor()
    {
        int32_t descriptor = -1;
        check(stoa_stream_descriptor(get(), &descriptor));
        return descriptor;
    }
    std::string user() const
    {
        return detail::text([this](char *b, size_t c, size_t *l) { return stoa_stream_user(get(), b, c, l); });
    }
    uint64_t dropped() const
    {
        uint64_t frames = 0;
        check(stoa_stream_dropped(get(), &frames));
        return frames;
    }
    template <class F> void on_frame(F f)
    {
        check(stoa_stream_set_frame_callback(get(), call_frame<F>, new F(std::move(f)), detail::release<F>));
    }
    void off_frame() { check(stoa_stream_set_frame_callback(get(), nullptr, nullptr, nullptr)); }
};

class channel : public handle<stoa_channel, stoa_channel_free> {
public:
    using handle::handle;

    stoa_status connect(int32_t timeout_ms) { return check(stoa_channel_connect(get(), timeout_ms)); }
    stoa_status disconnect(int32_t timeout_ms) { return check(stoa_channel_disconnect(get(), timeout_ms)); }
    void reconnect() { check(stoa_channel_reconnect(get())); }
    uint32_t state() const
    {
        uint32_t state = 0;
        check(stoa_channel_state(get(), &state));
        return state;
    }
    std::string name() const
    {
        return detail::text([this](char *b, size_t c, size_t *l) { return stoa_channel_name(get(), b, c, l); });
    }
    std::string user() const
    {
        return detail::text([this](char *b, size_t c, size_t *l) { return stoa_channel_user(get(), b, c, l); });
    }
    std::string token() const
    {
        return detail::text([this](char *b, size_t c, size_t *l) { return stoa_channel_token(get(), b, c, l); });
    }

    stoa_status push_audio(const int16_t *samples, size_t count, int32_t timeout_ms = -1, size_t *accepted = nullptr)
    {
        return check(stoa_channel_push_audio(get(), samples, count, timeout_ms, accepted));
    }
    stoa_status push_audio(const float *samples, size_t count, int32_t timeout_ms = -1, size_t *accepted = nullptr)
    {
        return check(stoa_channel_push_audio_f32(get(), samples, count, timeout_ms, accepted));
    }
    uint64_t queued_us() const
    {
        uint64_t us = 0;
        check(stoa_channel_queued(get(), &us));
        return us;
    }
    void mark(uint64_t id) { check(stoa_channel_mark(get(), id)); }
    stoa_status wait_played(int32_t timeout_ms) { return check(stoa_channel_wait_played(get(), timeout_ms)); }
    struct interrupted {
        uint64_t sent = 0, dropped = 0;
    };
    interrupted interrupt()
    {
        interrupted samples;
        check(stoa_channel_interrupt(get(), &samples.sent, &samples.dropped));
        return samples;
    }
    void mute(bool muted) { check(stoa_channel_mute(get(), muted ? 1 : 0)); }

    stoa_status subscribe(const std::string &user, int32_t timeout_ms)
    {
        return check(stoa_channel_subscribe(get(), user.c_str(), timeout_ms));
    }
    stoa_status unsubscribe(const std::string &user, int32_t timeout_ms)
    {
        return check(stoa_channel_unsubscribe(get(), user.c_str(), timeout_ms));
    }
    uint32_t subscribe_state(const std::string &user) const
    {
        uint32_t state = 0;
        check(stoa_channel_subscribe_state(get(), user.c_str(), &state));
        return state;
    }
    std::vector<std::string> users() const
    {
        std::vector<std::string> users;
        size_t count = 0;
        check(stoa_channel_user_count(get(), &count));
        for (size_t index = 0; index < count; index++) {
            try {
                users.push_back(detail::text(
                    [&](char *b, size_t c, size_t *l) { return stoa_channel_user_at(get(), index, b, c, l); }));
            } catch (const error &gone) {
                if (gone.status() != STOA_ERROR_NOT_FOUND)
                    throw;
                break;
            }
        }
        return users;
    }
    stream user_stream(const std::string &user)
    {
        stoa_stream *raw = nullptr;
        check(stoa_channel_stream(get(), user.c_str(), &raw));
        return stream(raw);
    }
    // While it is held that track is subscribed to, whether the user is or not.
    stream track_stream(const std::string &user, const std::string &track)
    {
        stoa_stream *raw = nullptr;
        check(stoa_channel_track_stream(get(), user.c_str(), track.c_str(), &raw));
        return stream(raw);
    }
    stream mixed_stream()
    {
        stoa_stream *raw = nullptr;
        check(stoa_channel_mixed_stream(get(), &raw));
        return stream(raw);
    }

    stoa_status send_data(const void *data, size_t length, const std::string &topic = {},
                          const std::vector<std::string> &to = {}, bool lossy = false)
    {
        std::vector<const char *> users;
        for (const std::string &user : to)
            users.push_back(user.c_str());
        stoa_data_options options = STOA_DATA_OPTIONS_INIT;
        options.topic = detail::or_null(topic);
        options.to = users.data();
        options.to_count = users.size();
        options.lossy = lossy ? 1 : 0;
        return check(stoa_channel_send_data(get(), data, length, &options));
    }
    // The message's number: its event "message_sent" has it as id. Nothing where the queue is full. Text, but for STOA_FORMAT_BYTES.
    std::optional<uint64_t> send_message(const std::string &message, uint32_t format = STOA_FORMAT_TEXT,
                                         const std::string &topic = {}, const std::vector<std::string> &to = {})
    {
        std::vector<const char *> users;
        for (const std::string &user : to)
            users.push_back(user.c_str());
        stoa_message_options options = STOA_MESSAGE_OPTIONS_INIT;
        options.topic = detail::or_null(topic);
        options.to = users.data();
        options.to_count = users.size();
        options.format = format;
        uint64_t ticket = 0;
        if (check(stoa_channel_send_message(get(), message.data(), message.size(), &options, &ticket)) == STOA_OK)
            return ticket;
        return std::nullopt;
    }
    // True: it has left.
    bool wait_sent(uint64_t ticket, int32_t timeout_ms)
    {
        return check(stoa_channel_wait_sent(get(), ticket, timeout_ms)) == STOA_OK;
    }

    // Nothing after the timeout.
    std::optional<event> poll_event(int32_t timeout_ms)
    {
        event next;
        if (check(stoa_channel_poll_event(get(), timeout_ms, next.get())) == STOA_OK)
            return next;
        return std::nullopt;
    }
    // To poll for reading; then poll_event(0) until there is nothing.
    int event_descriptor()
    {
        int32_t descriptor = -1;
        check(stoa_channel_event_descriptor(get(), &descriptor));
        return descriptor;
    }
    template <class F> void on_event(F f)
    {
        check(stoa_channel_set_event_callback(get(), call_event<F>, new F(std::move(f)), detail::release<F>));
    }
    void off_event() { check(stoa_channel_set_event_callback(get(), nullptr, nullptr, nullptr)); }
    // A listener for the events of one name; an empty name is every event. off() takes the number.
    template <class F> uint64_t on(const std::string &event, F f) { return listen(stoa_channel_on, event, std::move(f)); }
    template <class F> uint64_t once(const std::string &event, F f)
    {
        return listen(stoa_channel_once, event, std::move(f));
    }
    void off(uint64_t listener) { check(stoa_channel_off(get(), listener)); }
    template <class F> void on_frame(F f)
    {
        check(stoa_channel_set_frame_callback(get(), call_frame<F>, new F(std::move(f)), detail::release<F>));
    }
    void off_frame() { check(stoa_channel_set_frame_callback(get(), nullptr, nullptr, nullptr)); }

private:
    template <class F> uint64_t listen(decltype(stoa_channel_on) *add, const std::string &event, F f)
    {
        uint64_t listener = 0;
        check(add(get(), event.c_str(), call_event<F>, new F(std::move(f)), detail::release<F>, &listener));
        return listener;
    }
};

class engine : public handle<stoa_engine, stoa_engine_free> {
public:
    using handle::handle;

    explicit engine(const stoa_engine_options &options) : handle(make(options)) {}
    // An empty certificate or url is none.
    explicit engine(const std::string &app_id, const std::string &app_certificate = {}, const std::string &url = {})
        : handle(make(app_id, app_certificate, url))
    {
    }

    channel create_channel(const stoa_channel_options &options)
    {
        stoa_channel *raw = nullptr;
        check(stoa_channel_new(get(), &options, &raw));
        return channel(raw);
    }
    std::string url() const
    {
        return detail::text([this](char *b, size_t c, size_t *l) { return stoa_engine_url(get(), b, c, l); });
    }
    std::string build_token(const std::string &room, const std::string &user, uint64_t ttl_seconds = 3600) const
    {
        return detail::text([&](char *b, size_t c, size_t *l) {
            return stoa_engine_build_token(get(), room.c_str(), user.c_str(), ttl_seconds, b, c, l);
        });
    }

private:
    static stoa_engine *make(const stoa_engine_options &options)
    {
        stoa_engine *raw = nullptr;
        check(stoa_engine_new(&options, &raw));
        return raw;
    }
    static stoa_engine *make(const std::string &app_id, const std::string &app_certificate, const std::string &url)
    {
        stoa_engine_options options = STOA_ENGINE_OPTIONS_INIT;
        options.app_id = app_id.c_str();
        options.app_certificate = detail::or_null(app_certificate);
        options.url = detail::or_null(url);
        return make(options);
    }
};

class server : public handle<stoa_server, stoa_server_free> {
public:
    using handle::handle;

    explicit server(const stoa_server_options &options) : handle(make(options)) {}

    std::string url() const
    {
        return detail::text([this](char *b, size_t c, size_t *l) { return stoa_server_url(get(), b, c, l); });
    }
    uint32_t port() const
    {
        uint32_t port = 0;
        check(stoa_server_port(get(), &port));
        return port;
    }
    uint32_t udp_port() const
    {
        uint32_t port = 0;
        check(stoa_server_udp_port(get(), &port));
        return port;
    }

private:
    static stoa_server *make(const stoa_server_options &options)
    {
        stoa_server *raw = nullptr;
        check(stoa_server_new(&options, &raw));
        return raw;
    }
};

} // namespace stoa

#endif
