// A room server for other processes and browsers.

#ifndef STOA_SERVER_HPP
#define STOA_SERVER_HPP

#include "error.hpp"
#include "handle.hpp"

namespace stoa {

class server : public handle<stoa_server, stoa_server_free> {
public:
    using handle::handle;

    explicit server(const stoa_server_options &options) : handle(make(options)) {}

    std::string url() const
    {
        return detail::text(stoa_server_url, get());
    }
    uint32_t port() const
    {
        return detail::value<uint32_t>(stoa_server_port, get());
    }
    uint32_t udp_port() const
    {
        return detail::value<uint32_t>(stoa_server_udp_port, get());
    }
    stoa_server_stats stats() const
    {
        stoa_server_stats stats = STOA_SERVER_STATS_INIT;
        check(stoa_server_get_stats(get(), &stats));
        return stats;
    }
    // What went wrong last on this handle, on whatever thread.
    std::string last_error() const
    {
        return detail::text(stoa_server_last_error, get());
    }

private:
    static stoa_server *make(const stoa_server_options &options)
    {
        return detail::value<stoa_server *>(stoa_server_new, &options);
    }
};

} // namespace stoa

#endif
