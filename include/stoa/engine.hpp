// An engine: where channels are made.

#ifndef STOA_ENGINE_HPP
#define STOA_ENGINE_HPP

#include "channel.hpp"

namespace stoa {

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
        return channel(detail::value<stoa_channel *>(stoa_channel_new, get(), &options));
    }
    std::string url() const
    {
        return detail::text(stoa_engine_url, get());
    }
    stoa_engine_stats stats() const
    {
        stoa_engine_stats stats = STOA_ENGINE_STATS_INIT;
        check(stoa_engine_get_stats(get(), &stats));
        return stats;
    }
    // Of the room server inside.
    stoa_server_stats server_stats() const
    {
        stoa_server_stats stats = STOA_SERVER_STATS_INIT;
        check(stoa_engine_get_server_stats(get(), &stats));
        return stats;
    }
    // What went wrong last on this handle, on whatever thread.
    std::string last_error() const
    {
        return detail::text(stoa_engine_last_error, get());
    }
    std::string build_token(const std::string &room, const std::string &user, uint64_t ttl_seconds = 3600) const
    {
        return detail::text(stoa_engine_build_token, get(), room.c_str(), user.c_str(), ttl_seconds);
    }

private:
    static stoa_engine *make(const stoa_engine_options &options)
    {
        return detail::value<stoa_engine *>(stoa_engine_new, &options);
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

} // namespace stoa

#endif
