//! Pages that a room server shows beside its rooms, and the tokens that a development server gives to them.

use super::{ServerOptions, validate};
use crate::signal::join;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use std::time::Duration;

/// A file that the room server shows to browsers.
#[derive(Debug)]
pub struct Page {
    /// Where: `/`, or something that no client asks for.
    pub path: &'static str,
    /// What it is, as in `text/html; charset=utf-8`.
    pub content_type: &'static str,
    /// `body` is compressed by gzip.
    pub gzip: bool,
    /// What is shown.
    pub body: &'static [u8],
}

/// Where a page asks for a token, with `room` and `user` in the query.
const TOKEN: &str = "/page/token";
/// How long such a token is good for.
const TOKEN_TIME: Duration = Duration::from_secs(6 * 3600);
/// Nothing from elsewhere runs in a page, and nothing may show it in a frame; a call goes to any server that the page is told.
const POLICY: &str = "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; media-src 'self' blob: mediastream:; \
                      style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'";

/// What is shown, and whether tokens are handed out.
#[derive(Default)]
pub(super) struct Site {
    pages: &'static [Page],
    /// The key and the secret that sign tokens for the page.
    signs: Option<(String, String)>,
}

impl Site {
    pub(super) fn new(options: &ServerOptions) -> Site {
        Site { pages: options.pages, signs: options.keys.first().cloned().filter(|_| options.development) }
    }

    /// The answer, where the request is for a page or for its token.
    pub(super) fn answer(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
        if self.pages.is_empty() || !matches!(*method, Method::GET | Method::HEAD) {
            return None;
        }
        if uri.path() == TOKEN {
            return Some(self.token(uri.query().unwrap_or_default(), headers));
        }
        let page = self.pages.iter().find(|page| page.path == uri.path())?;
        let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        // Who looks whether the server lives asks at the same place, and wants a word.
        if page.path == "/" && !accepts.contains("text/html") {
            return None;
        }
        let mut response = page.body.into_response();
        let told = response.headers_mut();
        told.insert(header::CONTENT_TYPE, HeaderValue::from_static(page.content_type));
        told.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        told.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        told.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if page.gzip {
            told.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Some(response)
    }

    fn token(&self, query: &str, headers: &HeaderMap) -> Response {
        let refused = |status: StatusCode, text: &str| (status, format!("{text}\n")).into_response();
        let Some((key, secret)) = &self.signs else {
            let text = "This server hands out no tokens: paste one, or start it with --dev.";
            return refused(StatusCode::FORBIDDEN, text);
        };
        // A page from elsewhere may be open in the same browser. Browsers say where a request comes from, and others
        // could as well ask for themselves.
        if headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
            return refused(StatusCode::FORBIDDEN, "Tokens are for this server's own page.");
        }
        let given = |name| join::parameter(query, name).unwrap_or_default();
        let (room, user) = (given("room"), given("user"));
        if let Err(error) = validate::name("room", &room).and_then(|()| validate::name("user", &user)) {
            return refused(StatusCode::BAD_REQUEST, &error.text);
        }
        match super::token::build_livekit(key, secret, &room, &user, TOKEN_TIME) {
            Ok(token) => ([(header::CACHE_CONTROL, "no-store")], token).into_response(),
            Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.text),
        }
    }
}
