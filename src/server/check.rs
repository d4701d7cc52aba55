//! A check of this side's own, back to where a client's came from (RFC 8445, section 7.3.1.4).
//!
//! This side is ICE-lite, and such agents only answer. But Pion, and with it all that is written on LiveKit's Go SDK, takes a way at
//! once when a check comes back on it, and otherwise at its next tick, up to 200 ms later. What a client names is never checked, only
//! what a check with the right integrity came from; each such address once, as long as the credentials are the same.

use crate::signal::sdp;
use std::net::SocketAddr;
use str0m::config::CryptoProvider;
use str0m::ice::{StunMessage, TransId};
use str0m::net::Protocol;

/// Addresses that are checked of one connection; a client with more gets no checks there, and waits for its tick.
const MOST: usize = 16;
/// That of a peer-reflexive candidate (RFC 8445, section 5.1.2).
const PRIORITY: u32 = 110 << 24 | 65_535 << 8 | 255;

/// What a connection needs for it.
#[derive(Debug, Default)]
pub struct Checks {
    /// The client's user name fragment and password.
    theirs: Option<(String, String)>,
    checked: Vec<(Protocol, SocketAddr)>,
}

impl Checks {
    /// A description of the client's was taken.
    pub fn described(&mut self, description: &str) {
        let named = |name| sdp::attribute(description, name).map(str::to_string);
        let theirs = named("ice-ufrag").zip(named("ice-pwd"));
        if theirs.is_some() && theirs != self.theirs {
            self.theirs = theirs;
            self.checked.clear();
        }
    }

    /// A check with the right integrity came from there, and was answered: what is to be sent back. `ours` is this side's user name
    /// fragment.
    pub fn back(&mut self, ours: &str, from: (Protocol, SocketAddr), crypto: &CryptoProvider) -> Option<Vec<u8>> {
        let (ufrag, password) = self.theirs.as_ref()?;
        if self.checked.len() >= MOST || self.checked.contains(&from) {
            return None;
        }
        self.checked.push(from);
        let user = format!("{ufrag}:{ours}");
        // Roles are settled where one side is lite, so the tie-breaker breaks none.
        let message = StunMessage::binding_request(&user, TransId::new(), false, 0, PRIORITY, false);
        let mut bytes = vec![0; 256 + user.len()];
        let hmac = |key: &[u8], parts: &[&[u8]]| crypto.sha1_hmac_provider.sha1_hmac(key, parts);
        let length = message.to_bytes(Some(password.as_bytes()), &mut bytes, hmac).ok()?;
        bytes.truncate(length);
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_is_checked_once_for_each_pair_of_credentials() {
        let crypto = crate::rtc::crypto_provider();
        let mut checks = Checks::default();
        let from = |port| (Protocol::Udp, SocketAddr::from(([192, 0, 2, 1], port)));
        assert_eq!(checks.back("ours", from(1), &crypto), None, "nothing is known of the client");
        let described = |ufrag: &str| format!("v=0\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:secret\r\n");
        checks.described(&described("first"));
        let bytes = checks.back("ours", from(1), &crypto).expect("a check");
        let message = StunMessage::parse(&bytes).expect("STUN");
        assert!(message.is_binding_request() && !message.use_candidate());
        assert_eq!(message.username(), Some("first:ours"));
        assert!(message.ice_controlled().is_some() && message.prio() == Some(PRIORITY));
        let hmac = |key: &[u8], parts: &[&[u8]]| crypto.sha1_hmac_provider.sha1_hmac(key, parts);
        assert!(message.verify(b"secret", hmac) && !message.verify(b"another", hmac));
        assert_eq!(checks.back("ours", from(1), &crypto), None);
        assert!(checks.back("ours", (Protocol::Tcp, from(1).1), &crypto).is_some());
        checks.described(&described("first"));
        assert_eq!(checks.back("ours", from(1), &crypto), None, "nothing changed");
        checks.described(&described("second"));
        let sent = (1..100).filter(|port| checks.back("ours", from(*port), &crypto).is_some()).count();
        assert_eq!(sent, MOST);
    }
}
