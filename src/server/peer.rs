//! One peer connection of a participant: the sections it can send on, its data channels, its place in the routing tables.

use super::check::Checks;
use super::shortcut::Shortcut;
use super::track::{Cursor, Payloads, TrackId};
use super::video::sections;
use crate::rtc;
use crate::signal::sdp;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::channel::{ChannelConfig, ChannelId, Reliability};
use str0m::error::{ProtoError, RtcError, SctpError};
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, TcpType};
use str0m::rtp::Ssrc;
use str0m::{Candidate, Rtc, RtcConfig};

/// Media sections of one connection: several times what the largest room needs.
pub const MAX_SECTIONS: usize = 512;
/// What waits for a data channel that is full or not open yet, bytes; more is dropped and counted. This much each has in any case.
pub const MAX_QUEUED: usize = 4 * 1024 * 1024;
/// And this much while the room's listeners together hold little: the longest message, in any format, for who reads more slowly than it
/// is sent.
pub const MAX_QUEUED_ALONE: usize = 40 * 1024 * 1024;
/// A channel that holds less than this is offered what waits, bytes.
const LOW: usize = 128 * 1024;
/// Addresses that lead to one connection by UDP, and as many by TCP: a client has a few interfaces, and roams.
const MAX_ADDRESSES: usize = 8;

/// Candidates that a client may name for one connection, all its restarts together: str0m forgets none of them. Further ones are not
/// missed, since the client's own checks tell where it is.
const MAX_CANDIDATES: usize = 256;

/// The data channels, by LiveKit's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    Reliable = 0,
    Lossy = 1,
    /// Packets of data tracks.
    DataTrack = 2,
}

impl Lane {
    const ALL: [Lane; 3] = [Lane::Reliable, Lane::Lossy, Lane::DataTrack];
}

/// The channels' labels, and the ids they have where they are agreed on beforehand (protocol 18).
const LANES: [(&str, u16); 3] = [("_reliable", 100), ("_lossy", 101), ("_data_track", 102)];

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
        let (mut rtc, sealer) = rtc::dtls::build(config, now);
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
            shortcut: Shortcut::new(sealer),
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

    /// Declares the data channels that both sides know beforehand.
    pub fn agree_on_channels(&mut self) {
        for lane in Lane::ALL {
            let (label, id) = LANES[lane as usize];
            let config = channel_config(label, lane, Some(id));
            self.agreed[lane as usize] = Some(self.rtc.direct_api().create_data_channel(config));
        }
    }

    /// The client had time to open channels of its own: where it did not, the agreed ones are meant.
    pub fn settle_channels(&mut self) {
        for (channel, agreed) in self.channels.iter_mut().zip(self.agreed) {
            *channel = channel.or(agreed);
        }
        self.drain();
    }

    /// Takes the client's offer: str0m's answer as text, and what the offer's sections say. The error is a reason to end the participant.
    pub fn accept_offer(&mut self, offer: &str) -> Result<(String, Vec<sdp::Section>), String> {
        let offered = self.candidates_of(offer);
        let offer = sections::without_feedback(&offered, true);
        let lines = sdp::sections(&offer);
        if lines.len() > MAX_SECTIONS {
            return Err(format!("an offer of {} sections, more than {MAX_SECTIONS}", lines.len()));
        }
        let parsed =
            SdpOffer::from_sdp_string(&offer).map_err(|e| format!("an offer that does not parse: {}", plain(e)))?;
        let answer =
            self.rtc.sdp_api().accept_offer(parsed).map_err(|e| format!("an offer that does not fit: {}", plain(e)))?;
        for line in lines.iter().filter(|l| l.kind != "application") {
            let usable = line.receives && !line.stopped;
            let mid = Mid::from(line.mid.as_str());
            match self.section(mid) {
                Some(section) => section.usable = usable,
                None if usable => {
                    let kind = if line.kind == "audio" { MediaKind::Audio } else { MediaKind::Video };
                    self.add_section(mid, kind);
                }
                None => {}
            }
        }
        self.payloads = Payloads::of(&self.rtc);
        self.checks.described(&offer);
        Ok((sections::with_feedback(&answer.to_sdp_string(), &offered), lines))
    }

    /// Takes the client's answer to this side's offer.
    pub fn accept_answer(&mut self, answer: &str) -> Result<(), String> {
        let Some(pending) = self.pending.take() else { return Ok(()) };
        self.checks.described(answer);
        let answer = SdpAnswer::from_sdp_string(&self.candidates_of(answer))
            .map_err(|e| format!("an answer that does not parse: {}", plain(e)))?;
        let taken = self.rtc.sdp_api().accept_answer(pending, answer);
        taken.map_err(|e| format!("an answer that does not fit: {}", plain(e)))?;
        self.answered = true;
        self.payloads = Payloads::of(&self.rtc);
        Ok(())
    }

    /// A candidate that the client told by itself.
    pub fn add_candidate(&mut self, candidate: Candidate) {
        if let Some(left) = self.candidates.checked_sub(1) {
            self.candidates = left;
            self.rtc.add_remote_candidate(candidate);
        }
    }

    /// A description of the client's, with no more candidates than may be taken.
    fn candidates_of(&mut self, description: &str) -> String {
        let (description, taken) = sdp::with_candidates(description, self.candidates);
        self.candidates -= taken;
        description
    }

    /// An offer of this side with one more section for each of `missing`, and those that carry nothing any more at rest; the first one
    /// opens the data channels, `restart` restarts ICE.
    pub fn offer(&mut self, missing: &[MediaKind], restart: bool) -> Option<String> {
        let first = self.channels[0].is_none();
        let missing = &missing[..missing.len().min(MAX_SECTIONS.saturating_sub(self.sections.len()))];
        let mut api = self.rtc.sdp_api();
        if first {
            for lane in Lane::ALL {
                let config = channel_config(LANES[lane as usize].0, lane, None);
                self.channels[lane as usize] = Some(api.add_channel_with_config(config));
            }
        }
        // What carries nothing any more: livekit-client ends a subscription only then.
        let over = self.sections.iter().filter(|section| section.track.is_none() && section.shown.is_some());
        over.for_each(|section| api.set_direction(section.mid, Direction::Inactive));
        let add = |kind: &MediaKind| (api.add_media(*kind, Direction::SendOnly, None, None, None), *kind);
        let added: Vec<(Mid, MediaKind)> = missing.iter().map(add).collect();
        if restart {
            api.ice_restart(true);
        }
        let (offer, pending) = api.apply()?;
        self.pending = Some(pending);
        added.into_iter().for_each(|(mid, kind)| self.add_section(mid, kind));
        Some(sections::without_feedback(&offer.to_sdp_string(), false))
    }

    /// The outstanding offer is lost. Returns the sections that it would have added, which are none now.
    pub fn abandon_offer(&mut self) -> Vec<Mid> {
        self.pending = None;
        if !self.answered {
            self.channels = [None; 3];
        }
        let gone = self.sections.extract_if(.., |section| self.rtc.media(section.mid).is_none());
        gone.map(|section| section.mid).collect()
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

    /// Notes where packets come from. The address that had to make room, if any.
    pub fn learn(&mut self, address: (Protocol, SocketAddr)) -> Option<(Protocol, SocketAddr)> {
        if self.addresses.contains(&address) {
            return None;
        }
        self.addresses.push_back(address);
        let same = |other: &&(Protocol, SocketAddr)| other.0 == address.0;
        if self.addresses.iter().filter(same).count() <= MAX_ADDRESSES {
            return None;
        }
        let oldest = self.addresses.iter().position(|other| same(&other))?;
        let oldest = self.addresses.remove(oldest)?;
        if let (Protocol::Tcp, from) = oldest {
            self.invalidate_stream(from);
        }
        Some(oldest)
    }

    /// A TCP connection is closed.
    pub fn forget_stream(&mut self, from: SocketAddr) {
        self.addresses.retain(|address| *address != (Protocol::Tcp, from));
        self.invalidate_stream(from);
    }

    /// An ICE-lite agent holds on to a nominated way until it hears nothing for long, even where the client has nominated
    /// another one meanwhile: so it is told.
    fn invalidate_stream(&mut self, from: SocketAddr) {
        self.shortcut.forget();
        // Mostly ICE found it out by itself (prflx), since clients connect from a port that they announce as 9 (RFC 6544, section
        // 4.5). str0m makes such candidates from text only; kind, protocol and address count.
        for kind in ["prflx", "host"] {
            let text = format!("candidate:1 1 tcp 1 {} {} typ {kind}", from.ip(), from.port());
            if let Ok(candidate) = Candidate::from_sdp_string(&text) {
                self.rtc.direct_api().invalidate_candidate(&candidate);
            }
        }
    }

    /// A channel that the client opened, or that was agreed on, is open.
    pub fn channel_open(&mut self, id: ChannelId, label: &str) {
        let lane = LANES.iter().position(|(name, _)| *name == label);
        if let Some(lane) = lane.filter(|_| !self.agreed.contains(&Some(id))) {
            self.channels[lane] = Some(id);
        }
        if let Some(mut channel) = self.rtc.channel(id) {
            channel.set_buffered_amount_low_threshold(LOW);
        }
        self.drain();
    }

    /// Which lane a channel is that the client sent on.
    pub fn lane(&mut self, id: ChannelId) -> Option<Lane> {
        if self.agreed.contains(&Some(id)) {
            self.settle_channels();
        }
        let is = |lane: &Lane| [self.channels[*lane as usize], self.agreed[*lane as usize]].contains(&Some(id));
        Lane::ALL.into_iter().find(is)
    }

    /// Sends a data packet, or keeps it until there is room, as far as no more than `most` bytes wait. The error says of the client why it
    /// was dropped.
    pub fn send_data(&mut self, lane: Lane, packet: Vec<u8>, most: usize) -> Result<(), &'static str> {
        if !self.waiting.iter().any(|(l, _)| *l == lane) {
            match self.write(lane, &packet) {
                Written::Yes => return Ok(()),
                Written::NotYet => {}
                Written::Never => return Err("takes none so long"),
            }
        }
        // What may be lost is not kept: by the time there is room it is stale.
        if lane != Lane::Reliable || self.waiting_bytes + packet.len() > most {
            self.dropped += 1;
            return Err("reads too slowly");
        }
        self.waiting_bytes += packet.len();
        self.waiting.push_back((lane, packet));
        Ok(())
    }

    /// Bytes that wait for room.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Sends what waited.
    pub fn drain(&mut self) {
        while let Some((lane, packet)) = self.waiting.pop_front() {
            if self.write(lane, &packet) == Written::NotYet {
                self.waiting.push_front((lane, packet));
                return;
            }
            self.waiting_bytes -= packet.len();
        }
    }

    fn write(&mut self, lane: Lane, packet: &[u8]) -> Written {
        let channel = self.channels[lane as usize].and_then(|id| self.rtc.channel(id));
        match channel.map(|mut channel| channel.write(true, packet)) {
            Some(Ok(true)) => Written::Yes,
            Some(Err(RtcError::Sctp(SctpError::Proto(ProtoError::ErrOutboundPacketTooLarge)))) => {
                self.dropped += 1;
                Written::Never
            }
            _ => Written::NotYet,
        }
    }
}

/// What became of a data packet that was given to its channel.
#[derive(PartialEq, Eq)]
enum Written {
    Yes,
    /// The channel is not open, or full.
    NotYet,
    /// It is longer than the client takes (`a=max-message-size`), and was dropped.
    Never,
}

/// What str0m says of a description, but for addresses in this process's memory.
fn plain(error: impl std::fmt::Display) -> String {
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("PointerOffset(")).collect();
    lines.join(" ").trim_end().to_string()
}

fn channel_config(label: &str, lane: Lane, negotiated: Option<u16>) -> ChannelConfig {
    let (ordered, reliability) = match lane {
        Lane::Reliable => (true, Reliability::Reliable),
        Lane::Lossy | Lane::DataTrack => (false, Reliability::MaxRetransmits { retransmits: 0 }),
    };
    ChannelConfig { label: label.into(), ordered, reliability, negotiated, protocol: String::new() }
}
