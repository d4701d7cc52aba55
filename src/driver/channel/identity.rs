//! Who the user of a channel is, and the token that lets them in.

use super::ChannelOptions;
use crate::driver::{engine, random_u64};
use crate::token::pass;
use crate::{Error, Result, Status};
use std::time::Duration;

/// How long a token that the library builds is valid.
pub(super) const TOKEN_TTL: Duration = Duration::from_secs(3600);

/// Who the user is and what lets them in: from the caller's token, or from the options and the engine's certificate.
pub(super) fn identity(engine: &engine::Parts, options: &ChannelOptions) -> Result<(String, String)> {
    let named = match (options.user.as_str(), options.uid) {
        ("", 0) => None,
        ("", uid) => Some(uid.to_string()),
        (user, _) => Some(user.to_string()),
    };
    if options.token.is_empty() {
        let user = named.unwrap_or_else(chosen);
        let token = engine.build_token(&options.name, &user, TOKEN_TTL)?;
        return Ok((user, token));
    }
    let user = token_user(&options.token, &options.name, named.as_deref())?;
    // A token for anyone (AccessToken2, uid 0) leaves the choice.
    let user = if user.is_empty() { named.unwrap_or_else(chosen) } else { user };
    Ok((user, options.token.clone()))
}

/// An identity for a user who has none.
fn chosen() -> String {
    (random_u64() as u32).max(1).to_string()
}

/// Whom a token of the caller's is for; it must be for this room, and for this user where one is named. The server verifies it.
pub(super) fn token_user(token: &str, room: &str, named: Option<&str>) -> Result<String> {
    let bad = |text| Err(Error::new(Status::BAD_TOKEN, text));
    let pass = pass::read(token, room)?;
    let (user, own) = (pass.claims.sub, pass.claims.video.room);
    let anyone = pass.access.is_some() && user.is_empty();
    if let Some(named) = named.filter(|named| *named != user && !anyone) {
        let text = format!(
            "the token is for the user '{user}', not for '{named}'; leave the user out of the options, or take its own token"
        );
        return bad(text);
    }
    if !own.is_empty() && own != room {
        return bad(format!("the token is for the room '{own}', not for '{room}'; take one for this room"));
    }
    Ok(user)
}
