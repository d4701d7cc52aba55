//! One peer connection of a client: offers and answers one at a time, and which section carries which track.

mod channels;
mod offers;
mod tracks;

use super::relays::Relays;
use super::ways::Ways;
use crate::rtc::Protocol;
use crate::signal::livekit as lk;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::change::SdpPendingOffer;
use str0m::channel::ChannelId;
use str0m::format::Codec;
use str0m::media::Mid;
use str0m::net::Receive;
use str0m::{Candidate, Input, Rtc, RtcConfig};

/// Payload types of Opus and of its redundant form (RFC 2198), as negotiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadTypes {
    /// Opus (RFC 7587).
    pub opus: u8,
    /// Redundant audio, if the peer takes it.
    pub red: Option<u8>,
}

/// A peer connection. It owns the state of the negotiation; [`super::session::Session`] owns its packets.
pub(super) struct Peer {
    pub(super) rtc: Rtc,
    /// Where its packets leave and arrive.
    pub(super) local: SocketAddr,
    pending: Option<(lk::SessionDescription, SdpPendingOffer)>,
    /// The next offer is to restart ICE.
    restart: bool,
    /// Media flows, or did until it begins to flow on another way.
    pub(super) linked: bool,
    /// When something last came over it.
    pub(super) heard: Instant,
    next_offer_id: u32,
    /// Audio sections the server asked for while an offer was outstanding; `again` is its plain "offer once more".
    wanted: u32,
    again: bool,
    microphone: Option<Mid>,
    pending_microphone: Option<Mid>,
    /// The microphone's section is to rest, since the server took the track off it; and the track that is to be offered anew.
    retired: Option<Mid>,
    renewed: Option<String>,
    /// The sections that we offered to hear with.
    receivers: Vec<Mid>,
    /// Remote tracks by section. A track's section may change, and a section be used again.
    tracks: BTreeMap<Mid, Arc<str>>,
    reliable: Option<ChannelId>,
    lossy: Option<ChannelId>,
    /// Ways beside the UDP socket at `local`.
    pub(super) ways: Ways,
    pub(super) relays: Relays,
    /// When the connection wants to be told the time.
    pub(super) wake: Option<Instant>,
    /// STUN answers at the last report.
    pub(super) stun_answers: u64,
}

/// How often the connection reports its round trip and what the server said of the microphone.
const REPORTS: Duration = Duration::from_secs(1);
/// The longest wait for an answer of STUN before the next try: with nine tries, lost media is noticed within about 6 s.
const STUN_RTO: Duration = Duration::from_secs(1);
/// When a connection on which nothing comes any more is lost. str0m goes on for 15 s after the last check of a server that checks
/// of its own, as LiveKit's does; answers to our checks come every second.
const SILENCE: Duration = Duration::from_secs(7);

impl Peer {
    pub(super) fn new(mut config: RtcConfig, local: SocketAddr, now: Instant) -> Peer {
        config.set_max_stun_rto(STUN_RTO);
        let mut rtc = config.set_stats_interval(Some(REPORTS)).build(now);
        if let Ok(candidate) = Candidate::host(local, "udp") {
            rtc.add_local_candidate(candidate);
        }
        Peer {
            rtc,
            local,
            pending: None,
            restart: false,
            linked: false,
            heard: now,
            next_offer_id: 1,
            wanted: 0,
            again: false,
            microphone: None,
            pending_microphone: None,
            retired: None,
            renewed: None,
            receivers: Vec::new(),
            tracks: BTreeMap::new(),
            reliable: None,
            lossy: None,
            ways: Ways::default(),
            relays: Relays::default(),
            wake: Some(now),
            stun_answers: 0,
        }
    }

    /// When it is lost, unless something comes.
    pub(super) fn silent_at(&self) -> Option<Instant> {
        self.linked.then(|| self.heard + SILENCE)
    }

    /// Every offer is answered, ICE was restarted where it was to be, and media can flow.
    pub(super) fn is_settled(&self) -> bool {
        self.pending.is_none() && !self.restart && self.rtc.is_connected()
    }

    /// Packets leave from, and arrive at, another socket from now on.
    pub(super) fn rebind(&mut self, local: SocketAddr) {
        self.forget_ways();
        if let Ok(old) = Candidate::host(self.local, "udp") {
            self.rtc.direct_api().invalidate_candidate(&old);
        }
        self.local = local;
        if let Ok(candidate) = Candidate::host(local, "udp") {
            self.rtc.add_local_candidate(candidate);
        }
    }

    /// A datagram that came from there, and arrived here. False: it is of no use.
    pub(super) fn receive(
        &mut self,
        now: Instant,
        protocol: Protocol,
        from: SocketAddr,
        to: Option<SocketAddr>,
        bytes: &[u8],
    ) -> bool {
        let receive = to.and_then(|to| Receive::new(protocol, from, to, bytes).ok());
        let input = receive.map(|receive| Input::Receive(now, receive)).filter(|input| self.rtc.accepts(input));
        let accepted = input.is_some();
        if let Some(input) = input {
            // An error here is a packet that does not fit; the connection's own state says when it is over.
            let _ = self.rtc.handle_input(input);
        }
        accepted
    }

    /// Opus and RED as negotiated.
    pub(super) fn payload_types(&self) -> PayloadTypes {
        let opus = self.rtc.codec_config().params().iter().find(|p| p.spec().codec == Codec::Opus);
        PayloadTypes { opus: opus.map_or(111, |p| *p.pt()), red: opus.and_then(|p| p.red()).map(|pt| *pt) }
    }

    /// The microphone's section, once the server took it.
    pub(super) fn microphone(&self) -> Option<Mid> {
        self.microphone
    }

    /// A candidate from the server, as JSON (`RTCIceCandidateInit`). Names that do not parse (mDNS) are skipped.
    pub(super) fn trickle(&mut self, now: Instant, init: &str) {
        let Ok(json) = serde_json::from_str::<serde_json::Value>(init) else { return };
        let Some(text) = json.get("candidate").and_then(|c| c.as_str()) else { return };
        if let Ok(candidate) = Candidate::from_sdp_string(text) {
            self.note_candidate(now, &candidate);
            self.rtc.add_remote_candidate(candidate);
        }
    }
}
