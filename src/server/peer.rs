//! One peer connection of a participant: the sections it can send on, its data channels, its place in the routing tables.

mod addresses;
mod channels;
mod descriptions;

pub use channels::{Lane, MAX_QUEUED, MAX_QUEUED_ALONE};

use super::check::Checks;
use super::intake::Intake;
use super::shortcut::Shortcut;
use super::track::{Cursor, Payloads, TrackId};
use crate::rtc::{self, KeysSlot};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::change::SdpPendingOffer;
use str0m::channel::ChannelId;
use str0m::media::{MediaKind, Mid};
use str0m::net::{Protocol, TcpType};
use str0m::rtp::Ssrc;
use str0m::{Candidate, Rtc, RtcConfig};

/// Media sections of one connection: several times what the largest room needs.
pub const MAX_SECTIONS: usize = 512;

/// Candidates that a client may name for one connection, all its restarts together: str0m forgets none of them. Further ones are not
/// missed, since the client's own checks tell where it is.
const MAX_CANDIDATES: usize = 256;

/// A section this side can send on.
#[derive(Debug)]
pub struct Section {
    pub mid: Mid,
    pub kind: MediaKind,
    pub track: Option<TrackId>,
    /// The track that the client was told of last. Some clients notice a track only when the name on its section changes.
    pub shown: Option<TrackId>,
    /// The track that the client was told of before now, or is told of now.
    pub last: Option<TrackId>,
    pub cursor: Cursor,
    /// The client receives here; false while it refuses the section.
    pub usable: bool,
}

/// A peer connection.
pub struct Peer {
    pub rtc: Rtc,
    /// The local ICE user name fragment, by which first packets find their way.
    pub ufrag: String,
    /// The one that the client goes by until it answers a restart of this side's.
    pub former_ufrag: Option<String>,
    pub addresses: VecDeque<(Protocol, SocketAddr)>,
    pub connected: bool,
    pub sections: Vec<Section>,
    pub payloads: Payloads,
    pub keys: KeysSlot,
    pub intake: Intake,
    pub shortcut: Shortcut,
    pub checks: Checks,
    /// Candidates of the client's that may still be taken.
    candidates: usize,
    /// The channels to send on.
    channels: [Option<ChannelId>; 3],
    /// The channels with ids known beforehand. Of the clients that announce them some open channels in-band all the same
    /// and would not see what is sent here: these count only once the client has used them, or opened no others.
    agreed: [Option<ChannelId>; 3],
    waiting: VecDeque<(Lane, Vec<u8>)>,
    waiting_bytes: usize,
    /// Data packets dropped because too much was waiting, or because they were too long.
    pub dropped: u64,
    /// The entry in the timer queue that counts.
    pub scheduled: Option<Instant>,
    /// Written to since it was last polled, and so in the server's list of such.
    pub dirty: bool,
    /// The offer that waits for its answer (two peer connections: this side offers), and whether one has had an answer.
    pub pending: Option<SdpPendingOffer>,
    answered: bool,
}

impl Peer {
    /// A connection that is announced at the UDP addresses `media`, and at the TCP addresses `streams` (RFC 6544, passive: the
    /// client connects). str0m gives TCP the lower priority.
    pub fn new(config: RtcConfig, media: &[SocketAddr], streams: &[SocketAddr], now: Instant) -> Peer {
        let (mut rtc, keys) = rtc::dtls::build(config, now);
        let udp = media.iter().map(|address| Candidate::host(*address, Protocol::Udp));
        let tcp = streams.iter().map(|a| Candidate::builder().tcp().host(*a).tcptype(TcpType::Passive).build());
        for candidate in udp.chain(tcp).flatten() {
            rtc.add_local_candidate(candidate);
        }
        Peer {
            ufrag: rtc.direct_api().local_ice_credentials().ufrag,
            rtc,
            addresses: VecDeque::new(),
            connected: false,
            sections: Vec::new(),
            payloads: Payloads::default(),
            keys,
            intake: Intake::default(),
            shortcut: Shortcut::default(),
            checks: Checks::default(),
            candidates: MAX_CANDIDATES,
            channels: [None; 3],
            agreed: [None; 3],
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            dropped: 0,
            scheduled: None,
            dirty: false,
            pending: None,
            answered: false,
            former_ufrag: None,
        }
    }

    fn add_section(&mut self, mid: Mid, kind: MediaKind) {
        self.sections.push(Section {
            mid,
            kind,
            track: None,
            shown: None,
            last: None,
            cursor: Cursor::default(),
            usable: true,
        });
    }

    pub fn section(&mut self, mid: Mid) -> Option<&mut Section> {
        self.sections.iter_mut().find(|s| s.mid == mid)
    }

    /// Gives a section another SSRC, with numbers of its own: what comes next on it is another track. Returns the SSRCs, old and new,
    /// and those of what is sent again.
    pub fn renew(&mut self, mid: Mid) -> Vec<(u32, u32)> {
        let mut api = self.rtc.direct_api();
        let Some(old) = api.stream_tx_by_mid(mid, None).map(|stream| (stream.ssrc(), stream.rtx())) else {
            return Vec::new();
        };
        let (ssrc, repair) = (api.new_ssrc(), old.1.map(|_| api.new_ssrc()));
        // Not `reset_stream_tx`: str0m would still look the stream up by the old number.
        api.remove_stream_tx(old.0);
        api.declare_stream_tx(ssrc, repair, mid, None);
        if let Some(section) = self.section(mid) {
            section.cursor = Cursor::default();
        }
        let repairs = old.1.zip(repair).map(|(old, new)| (*old, *new));
        std::iter::once((*old.0, *ssrc)).chain(repairs).collect()
    }

    /// Sound is never sent again, so nothing is kept for it: a few kB for each section.
    pub fn keep_nothing(&mut self, mid: Mid) {
        if let Some(stream) = self.rtc.direct_api().stream_tx_by_mid(mid, None) {
            stream.set_rtx_cache(0, Duration::ZERO, None);
        }
    }

    /// The SSRC this side sends with on a section, once it is negotiated.
    pub fn ssrc(&mut self, mid: Mid) -> Option<Ssrc> {
        self.rtc.direct_api().stream_tx_by_mid(mid, None).map(|stream| stream.ssrc())
    }
}
