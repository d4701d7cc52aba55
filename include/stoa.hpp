// stoa.hpp - stoa.h for C++17: objects that free themselves, exceptions for errors, lambdas for callbacks. Header only.
//
// stoa.h is the contract; each member here is the function of that name there. Every object can be moved and not copied, and
// get() gives its handle for whatever is not wrapped. A call that fails throws stoa::error; a positive status is returned.
// Callbacks must not throw; what they throw all the same ends there.

#ifndef STOA_HPP
#define STOA_HPP

#include "stoa/channel.hpp"
#include "stoa/engine.hpp"
#include "stoa/log.hpp"
#include "stoa/server.hpp"
#include "stoa/token.hpp"

#endif
