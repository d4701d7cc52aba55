// A channel: one room, one user.

#ifndef STOA_CHANNEL_HPP
#define STOA_CHANNEL_HPP

#include "error.hpp"
#include "event.hpp"
#include "handle.hpp"
#include "stream.hpp"

#include <optional>
#include <vector>

namespace stoa {

// A call of another user's method that has failed.
class rpc_error : public error {
public:
    // A status of a call that has failed may be STOA_TIMED_OUT or STOA_QUEUE_FULL, which are no errors elsewhere.
    rpc_error(stoa_status status, uint32_t code)
        : error(status, status < 0 ? stoa_last_error() : stoa_status_text(status)), code_(code)
    {
    }
    // STOA_RPC_..., or the other user's own.
    uint32_t code() const noexcept { return code_; }

private:
    uint32_t code_;
};

class channel : public handle<stoa_channel, stoa_channel_free> {
public:
    using handle::handle;

    stoa_status connect(int32_t timeout_ms) { return check(stoa_channel_connect(get(), timeout_ms)); }
    stoa_status disconnect(int32_t timeout_ms) { return check(stoa_channel_disconnect(get(), timeout_ms)); }
    void reconnect() { check(stoa_channel_reconnect(get())); }
    uint32_t state() const
    {
        return detail::value<uint32_t>(stoa_channel_state, get());
    }
    std::string name() const
    {
        return detail::text(stoa_channel_name, get());
    }
    std::string user() const
    {
        return detail::text(stoa_channel_user, get());
    }
    std::string token() const
    {
        return detail::text(stoa_channel_token, get());
    }
    void renew_token(const std::string &token) { check(stoa_channel_renew_token(get(), token.c_str())); }
    stoa_channel_stats stats() const
    {
        stoa_channel_stats stats = STOA_CHANNEL_STATS_INIT;
        check(stoa_channel_get_stats(get(), &stats));
        return stats;
    }
    // What went wrong last on this handle, on whatever thread.
    std::string last_error() const
    {
        return detail::text(stoa_channel_last_error, get());
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
        return detail::value<uint64_t>(stoa_channel_queued, get());
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
        return detail::value<uint32_t>(stoa_channel_subscribe_state, get(), user.c_str());
    }
    std::vector<std::string> users() const
    {
        std::vector<std::string> users;
        size_t count = 0;
        check(stoa_channel_user_count(get(), &count));
        for (size_t index = 0; index < count; index++) {
            try {
                users.push_back(detail::text(stoa_channel_user_at, get(), index));
            } catch (const error &gone) {
                if (gone.status() != STOA_ERROR_NOT_FOUND)
                    throw;
                break;
            }
        }
        return users;
    }
    // JSON; an empty user is this channel's own.
    std::string user_info(const std::string &user = {}) const
    {
        return detail::text(stoa_channel_user_info, get(), user.c_str());
    }
    std::string room_info() const
    {
        return detail::text(stoa_channel_room_info, get());
    }
    // What is empty stays as it is. Attributes are a JSON object of strings.
    stoa_status set_user_info(const std::string &name, const std::string &metadata, const std::string &attributes,
                              int32_t timeout_ms)
    {
        return check(
            stoa_channel_set_user_info(get(), name.c_str(), metadata.c_str(), attributes.c_str(), timeout_ms));
    }
    stream user_stream(const std::string &user)
    {
        return stream(detail::value<stoa_stream *>(stoa_channel_stream, get(), user.c_str()));
    }
    // While it is held that track is subscribed to, whether the user is or not.
    stream track_stream(const std::string &user, const std::string &track)
    {
        return stream(detail::value<stoa_stream *>(stoa_channel_track_stream, get(), user.c_str(), track.c_str()));
    }
    stream mixed_stream()
    {
        return stream(detail::value<stoa_stream *>(stoa_channel_mixed_stream, get()));
    }

    stoa_status send_data(const void *data, size_t length, const std::string &topic = {},
                          const std::vector<std::string> &to = {}, bool lossy = false)
    {
        std::vector<const char *> users = detail::pointers(to);
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
        std::vector<const char *> users = detail::pointers(to);
        stoa_message_options options = STOA_MESSAGE_OPTIONS_INIT;
        options.topic = detail::or_null(topic);
        options.to = users.data();
        options.to_count = users.size();
        options.format = format;
        return send_message(message, options);
    }
    std::optional<uint64_t> send_message(const std::string &message, const stoa_message_options &options)
    {
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

    // Calls come as events "rpc_called".
    void register_rpc(const std::string &method) { check(stoa_channel_rpc_register(get(), method.c_str())); }
    void unregister_rpc(const std::string &method) { check(stoa_channel_rpc_unregister(get(), method.c_str())); }
    void answer_rpc(uint64_t call, const std::string &payload)
    {
        check(stoa_channel_rpc_answer(get(), call, payload.c_str()));
    }
    void fail_rpc(uint64_t call, uint32_t code, const std::string &text)
    {
        check(stoa_channel_rpc_fail(get(), call, code, text.c_str()));
    }
    // The call's number: its event "rpc_answered" has it as id. Nothing where too many wait for their answers.
    std::optional<uint64_t> call_rpc(const std::string &user, const std::string &method, const std::string &payload,
                                     uint32_t response_ms = 0)
    {
        uint64_t ticket = 0;
        if (check(stoa_channel_rpc_call(get(), user.c_str(), method.c_str(), payload.c_str(), response_ms, &ticket))
            == STOA_OK)
            return ticket;
        return std::nullopt;
    }
    // The answer; nothing where it has not come yet. Throws rpc_error where the call has failed.
    std::optional<std::string> wait_rpc(uint64_t ticket, int32_t timeout_ms)
    {
        uint32_t code = 0;
        std::string answer;
        stoa_status status = detail::take(answer, [&](char *b, size_t c, size_t *l) {
            return stoa_channel_rpc_wait(get(), ticket, timeout_ms, &code, b, c, l);
        });
        if (code != 0)
            throw rpc_error(status, code);
        if (check(status) == STOA_OK)
            return answer;
        return std::nullopt;
    }

    // Listens for speech in what every user says; nullptr: no more.
    void set_vad(const stoa_vad_options *options) { check(stoa_channel_set_vad(get(), options)); }
    // Writes what is sent and heard into files; nullptr ends that.
    void set_dump(const stoa_dump_options *options) { check(stoa_channel_set_dump(get(), options)); }
    uint64_t dump_dropped() const
    {
        return detail::value<uint64_t>(stoa_channel_dump_dropped, get());
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
        return detail::value<int32_t>(stoa_channel_event_descriptor, get());
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

} // namespace stoa

#endif
