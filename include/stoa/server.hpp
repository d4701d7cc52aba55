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
        stoa_server *raw = nullptr;
        check(stoa_server_new(&options, &raw));
        return raw;
    }
};

} // namespace stoa

#endif
