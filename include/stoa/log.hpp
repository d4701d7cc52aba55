// Where log lines go.

#ifndef STOA_LOG_HPP
#define STOA_LOG_HPP

#include "error.hpp"

#include <utility>

namespace stoa {

namespace detail {

template <class F> void call_log(uint32_t level, const char *text, void *user_data) noexcept
{
    try {
        (*static_cast<F *>(user_data))(level, text);
    } catch (...) {
    }
}

} // namespace detail

// To standard error.
inline void log_set(uint32_t level) { check(stoa_log_set(level, nullptr, nullptr, nullptr)); }

// Calls f(uint32_t level, const char *text) on a thread of the log's own.
template <class F> void log_set(uint32_t level, F f)
{
    check(stoa_log_set(level, detail::call_log<F>, new F(std::move(f)), detail::release<F>));
}

} // namespace stoa

#endif
