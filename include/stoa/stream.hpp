// A stream: one user's voice, a track, or the mix.

#ifndef STOA_STREAM_HPP
#define STOA_STREAM_HPP

#include "error.hpp"
#include "event.hpp"
#include "handle.hpp"

namespace stoa {

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
        return detail::value<size_t>(stoa_stream_readable, get());
    }
    int descriptor()
    {
        return detail::value<int32_t>(stoa_stream_descriptor, get());
    }
    std::string user() const
    {
        return detail::text(stoa_stream_user, get());
    }
    uint64_t dropped() const
    {
        return detail::value<uint64_t>(stoa_stream_dropped, get());
    }
    stoa_stream_stats stats() const
    {
        stoa_stream_stats stats = STOA_STREAM_STATS_INIT;
        check(stoa_stream_get_stats(get(), &stats));
        return stats;
    }
    // What went wrong last on this handle, on whatever thread.
    std::string last_error() const
    {
        return detail::text(stoa_stream_last_error, get());
    }
    // Calls f(const char *user, const stoa_frame &, const int16_t *samples) on the dispatch thread.
    template <class F> void on_frame(F f)
    {
        check(stoa_stream_set_frame_callback(get(), call_frame<F>, new F(std::move(f)), detail::release<F>));
    }
    void off_frame() { check(stoa_stream_set_frame_callback(get(), nullptr, nullptr, nullptr)); }
};

} // namespace stoa

#endif
