// Events, and how callbacks reach lambdas.

#ifndef STOA_EVENT_HPP
#define STOA_EVENT_HPP

#include "../stoa.h"

#include <string_view>
#include <utility>

namespace stoa {

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
    // Valid as long as this event.
    std::string_view data() const noexcept { return {reinterpret_cast<const char *>(raw_.data), raw_.data_length}; }

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

} // namespace stoa

#endif
