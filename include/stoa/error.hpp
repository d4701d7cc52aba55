// Errors, and strings on their way into the library and out of it.

#ifndef STOA_ERROR_HPP
#define STOA_ERROR_HPP

#include "../stoa.h"

#include <stdexcept>
#include <string>
#include <vector>

namespace stoa {

// A status that is an error, with its sentence.
class error : public std::runtime_error {
public:
    explicit error(stoa_status status) : error(status, stoa_last_error()) {}
    error(stoa_status status, const std::string &text) : std::runtime_error(text), status_(status) {}
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
template <class Ask> stoa_status take(std::string &text, Ask ask)
{
    for (size_t length = 64;;) {
        text.resize(length + 1);
        stoa_status status = ask(&text[0], text.size(), &length);
        if (status == STOA_ERROR_BUFFER_TOO_SMALL)
            continue;
        text.resize(status == STOA_OK ? length : 0);
        return status;
    }
}

// The string that a function of stoa.h gives for these arguments.
template <class F, class... In> std::string text(F function, In... in)
{
    std::string text;
    check(take(text, [&](char *buffer, size_t capacity, size_t *length) {
        return function(in..., buffer, capacity, length);
    }));
    return text;
}

// Valid as long as the strings.
inline std::vector<const char *> pointers(const std::vector<std::string> &strings)
{
    std::vector<const char *> pointers;
    for (const std::string &string : strings)
        pointers.push_back(string.c_str());
    return pointers;
}

// The number or handle that a function of stoa.h gives for these arguments.
template <class T, class F, class... In> T value(F function, In... in)
{
    T value{};
    check(function(in..., &value));
    return value;
}

inline const char *or_null(const std::string &text) { return text.empty() ? nullptr : text.c_str(); }

template <class F> void release(void *user_data) { delete static_cast<F *>(user_data); }

} // namespace detail

} // namespace stoa

#endif
