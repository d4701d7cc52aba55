//! The page of `stoa serve`: a room to talk in, with livekit-client beside it, so that no network is needed.

use stoa::driver::Page;

macro_rules! page {
    ($path:literal, $type:literal, $file:literal, gzip: $gzip:literal) => {
        Page { path: $path, content_type: $type, gzip: $gzip, body: include_bytes!(concat!("page/", $file)) }
    };
}

/// All that it is made of.
pub static PAGES: [Page; 4] = [
    page!("/", "text/html; charset=utf-8", "index.html", gzip: false),
    page!("/page/page.css", "text/css; charset=utf-8", "page.css", gzip: false),
    page!("/page/page.js", "text/javascript; charset=utf-8", "page.js", gzip: false),
    page!("/page/livekit-client.umd.js", "text/javascript; charset=utf-8", "livekit-client.umd.js.gz", gzip: true),
];
