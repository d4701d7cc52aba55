//! What a client has not, and why: every other cell has to pass. A cell here that passes is wrong too, so that the list stays true.

use super::rows::ROWS;
use super::servers::NOT_ROOT;

/// How the name of the client begins, what it cannot, and the reason that its puppet gives.
const LIMITS: &[(&str, &[&str], &str)] = &[
    ("Stoa", &["video", "video layers"], "Stoa's client is for sound alone"),
    ("Stoa", &["data track"], "Stoa's client has no data tracks"),
    ("Stoa", &["full reconnect", "node failure", "server leave"], "Stoa's client asks for no simulated faults"),
    // What its rooms were is not known to the other node; that both join anew there, "server restart" shows.
    ("Stoa, one on each", &["rejoin as before"], GONE),
    ("@livekit/rtc-node", &["hear of a mute"], "@livekit/rtc-node cannot mute a track"),
    ("@livekit/rtc-node", &["video layers"], "@livekit/rtc-node cannot ask for a layer"),
    ("@livekit/rtc-node", &["data track"], "@livekit/rtc-node has no data tracks"),
    ("livekit-client 2.23.0 in Firefox", &["redundancy"], "Firefox cannot send redundant copies"),
    (PION, &["active speakers"], "LiveKit's Pion client cannot be seen speaking"),
    (PION, &["redundancy"], "LiveKit's Pion client cannot send redundant copies"),
    (PION, &["video layers"], "LiveKit's Pion client cannot film in layers"),
    (PION, &["text stream", "byte stream"], "LiveKit's Pion client has no streams"),
    (PION, &["call"], "LiveKit's Pion client cannot be called"),
    (PION, &["answer a call"], "LiveKit's Pion client cannot call"),
    (
        PION,
        &["resume", "loses nothing", "full reconnect", "node failure", "server restart", "rejoin as before"],
        "LiveKit's Pion client cannot resume",
    ),
    (PION, &["ICE over TCP"], "LiveKit's Pion client cannot send media over TCP"),
];

pub const GONE: &str = "a node of a cluster ends for good, and its rooms with it";
const PION: &str = "LiveKit's Pion client";

/// The reason why a row may be without a feature.
fn reason(row: &str, feature: &str) -> Option<&'static str> {
    let client = ROWS.iter().find(|it| it.test == row).expect("a row").client;
    let mut limits =
        LIMITS.iter().filter(|(start, features, _)| client.starts_with(start) && features.contains(&feature));
    limits.next().map(|(_, _, reason)| *reason)
}

/// What is wrong with a cell of which its client says that it cannot.
pub fn excuse(row: &str, feature: &str, given: &str) -> Result<(), String> {
    if reason(row, feature) == Some(given) {
        return Ok(());
    }
    Err(format!("not in tests/interop/limits.rs: {given}"))
}

/// The same, for a run that only tests: it may be without the right to lose packets.
pub fn excuse_in_a_test(row: &str, feature: &str, given: &str) -> Result<(), String> {
    if given == NOT_ROOT { Ok(()) } else { excuse(row, feature, given) }
}

/// What is wrong with a cell that passed.
pub fn passes(row: &str, feature: &str) -> Result<(), String> {
    reason(row, feature).map_or(Ok(()), |reason| Err(format!("it passed; tests/interop/limits.rs says: {reason}")))
}
