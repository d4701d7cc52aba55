// Tokens of both families. What they say is JSON, as stoa.h has it.

#ifndef STOA_TOKEN_HPP
#define STOA_TOKEN_HPP

#include "error.hpp"

namespace stoa {

namespace token {

// An AccessToken2. An empty user is any.
inline std::string build_rtc(const std::string &app_id, const std::string &certificate, const std::string &channel,
                             const std::string &user, uint64_t ttl_seconds = 3600)
{
    return detail::text(stoa_token_build_rtc, app_id.c_str(), certificate.c_str(), channel.c_str(), user.c_str(), ttl_seconds);
}

// LiveKit's.
inline std::string build_livekit(const std::string &key, const std::string &secret, const std::string &room,
                                 const std::string &user, uint64_t ttl_seconds = 3600)
{
    return detail::text(stoa_token_build_livekit, key.c_str(), secret.c_str(), room.c_str(), user.c_str(), ttl_seconds);
}

// Of either family, with everything that it can say.
inline std::string build_json(const std::string &document, const std::string &key, const std::string &secret)
{
    return detail::text(stoa_token_build_json, document.c_str(), key.c_str(), secret.c_str());
}

// Not verified: anybody could have made it.
inline std::string show(const std::string &token)
{
    return detail::text(stoa_token_show, token.c_str());
}

// Throws where a check fails. An empty room or user is not looked at.
inline std::string verify(const std::string &token, const std::string &key, const std::string &secret,
                          const std::string &room = {}, const std::string &user = {})
{
    return detail::text(stoa_token_verify, token.c_str(), key.c_str(), secret.c_str(), room.c_str(), user.c_str());
}

} // namespace token

} // namespace stoa

#endif
