//! Access tokens of two families: LiveKit's JWT ([`jwt`], its claims in `grants.rs`) and AccessToken2 ([`access2`]).
//!
//! [`pass`]: getting into a room with either. [`document`]: either as JSON, for building and for showing.

pub mod access2;
pub mod document;
mod grants;
pub mod jwt;
pub mod pass;

/// Which kind of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// A JWT with LiveKit's claims.
    LiveKit,
    /// `007…`.
    AccessToken2,
}

impl Family {
    /// The family's name in the JSON form.
    pub fn name(self) -> &'static str {
        match self {
            Family::LiveKit => "livekit",
            Family::AccessToken2 => "access_token2",
        }
    }
}

/// Which kind of token a text would be: AccessTokens begin with the digits of their version, a JWT with its header's brace,
/// in base64 `e`.
pub fn family(token: &str) -> Family {
    if token.starts_with(|first: char| first.is_ascii_digit()) { Family::AccessToken2 } else { Family::LiveKit }
}
