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
    /// The client's user name fragment and password. It may check before its answer, which tells them, has come.
    theirs: Option<(String, String)>,
    /// This side's user name fragment, and from where checks that named it came.
    ours: String,
    proven: Vec<(Protocol, SocketAddr)>,
    /// So many of them were checked with the client's present credentials.
    checked: usize,
}

impl Checks {
    /// A description of the client's was taken.
    pub fn described(&mut self, description: &str) {
        let named = |name| sdp::attribute(description, name).map(str::to_string);
        let theirs = named("ice-ufrag").zip(named("ice-pwd"));
        if theirs.is_some() && theirs != self.theirs {
            self.theirs = theirs;
            self.checked = 0;
        }
    }

    /// A check with the right integrity came from there, and was answered. `ours` is this side's user name fragment.
    pub fn proven(&mut self, ours: &str, from: (Protocol, SocketAddr)) {
        if ours != self.ours {
            self.ours = ours.to_string();
            self.proven.clear();
            self.checked = 0;
        }
        if self.proven.len() < MOST && !self.proven.contains(&from) {
            self.proven.push(from);
        }
    }

    /// The next check to be sent, and where to.
    pub fn next(&mut self, crypto: &CryptoProvider) -> Option<((Protocol, SocketAddr), Vec<u8>)> {
        let ((ufrag, password), to) = (self.theirs.as_ref()?, *self.proven.get(self.checked)?);
        self.checked += 1;
        let user = format!("{ufrag}:{}", self.ours);
        // Roles are settled where one side is lite, so the tie-breaker breaks none.
        let message = StunMessage::binding_request(&user, TransId::new(), false, 0, PRIORITY, false);
        let mut bytes = vec![0; 256 + user.len()];
        let hmac = |key: &[u8], parts: &[&[u8]]| crypto.sha1_hmac_provider.sha1_hmac(key, parts);
        let length = message.to_bytes(Some(password.as_bytes()), &mut bytes, hmac).ok()?;
        bytes.truncate(length);
        Some((to, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(port: u16) -> (Protocol, SocketAddr) {
        (Protocol::Udp, SocketAddr::from(([192, 0, 2, 1], port)))
    }

    fn described(checks: &mut Checks, ufrag: &str) {
        checks.described(&format!("v=0\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:secret\r\n"));
    }

    #[test]
    fn each_address_is_checked_once_for_each_pair_of_credentials() {
        let crypto = crate::rtc::crypto_provider();
        let mut checks = Checks::default();
        described(&mut checks, "first");
        assert_eq!(checks.next(&crypto), None, "nothing is proven");
        checks.proven("ours", from(1));
        let (to, bytes) = checks.next(&crypto).expect("a check");
        let message = StunMessage::parse(&bytes).expect("STUN");
        assert!(to == from(1) && message.is_binding_request() && !message.use_candidate());
        assert_eq!(message.username(), Some("first:ours"));
        assert!(message.ice_controlled().is_some() && message.prio() == Some(PRIORITY));
        let hmac = |key: &[u8], parts: &[&[u8]]| crypto.sha1_hmac_provider.sha1_hmac(key, parts);
        assert!(message.verify(b"secret", hmac) && !message.verify(b"another", hmac));
        let again = (Protocol::Tcp, from(1).1);
        checks.proven("ours", from(1));
        checks.proven("ours", again);
        assert_eq!(checks.next(&crypto).map(|(to, _)| to), Some(again));
        described(&mut checks, "first");
        assert_eq!(checks.next(&crypto), None, "nothing changed");
        described(&mut checks, "second");
        (1..100).for_each(|port| checks.proven("ours", from(port)));
        assert_eq!(std::iter::from_fn(|| checks.next(&crypto)).count(), MOST);
    }

    #[test]
    fn what_checks_before_its_answer_is_checked_then() {
        let crypto = crate::rtc::crypto_provider();
        let mut checks = Checks::default();
        checks.proven("ours", from(1));
        assert_eq!(checks.next(&crypto), None, "nothing is known of the client");
        described(&mut checks, "first");
        assert_eq!(checks.next(&crypto).map(|(to, _)| to), Some(from(1)));
        // Both restart: what was proven before says nothing of now.
        checks.proven("new", from(2));
        described(&mut checks, "second");
        assert_eq!(std::iter::from_fn(|| checks.next(&crypto)).map(|(to, _)| to).collect::<Vec<_>>(), [from(2)]);
    }
}
