// What all handles have in common.

#ifndef STOA_HANDLE_HPP
#define STOA_HANDLE_HPP

#include "../stoa.h"

#include <utility>

namespace stoa {

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

} // namespace stoa

#endif
