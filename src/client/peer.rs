//! One peer connection of a client: offers and answers one at a time, and which section carries which track.

use super::relays::Relays;
use super::ways::Ways;
use crate::rtc::Protocol;
use crate::signal::livekit as lk;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpApi, SdpOffer, SdpPendingOffer};
use str0m::channel::{ChannelConfig, ChannelId, Reliability};
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid};
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

/// Users heard at once; a server that asks for more sections is not obeyed.
const MAX_SECTIONS: usize = 512;
/// How often the connection reports its round trip and what the server said of the microphone.
const REPORTS: Duration = Duration::from_secs(1);
/// The longest wait for an answer of STUN before the next try: with nine tries, lost media is noticed within about 6 s.
const STUN_RTO: Duration = Duration::from_secs(1);
/// When a connection on which nothing comes any more is lost. str0m goes on for 15 s after the last check of a server that checks
/// of its own, as LiveKit's does; answers to our checks come every second.
const SILENCE: Duration = Duration::from_secs(7);

/// A section to send the microphone on.
fn add_microphone(api: &mut SdpApi<'_>, cid: &str) -> Mid {
    api.add_media(MediaKind::Audio, Direction::SendOnly, Some("stoa".into()), Some(cid.into()), None)
}

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

    /// The first offer: data channels, `receivers` sections to hear with, and the microphone if `cid` names one.
    pub(super) fn first_offer(&mut self, receivers: u32, cid: Option<&str>) -> Option<lk::SessionDescription> {
        let mut api = self.rtc.sdp_api();
        self.reliable = Some(api.add_channel_with_config(ChannelConfig {
            label: "_reliable".into(),
            ordered: true,
            reliability: Reliability::Reliable,
            ..Default::default()
        }));
        self.lossy = Some(api.add_channel_with_config(ChannelConfig {
            label: "_lossy".into(),
            ordered: false,
            reliability: Reliability::MaxRetransmits { retransmits: 0 },
            ..Default::default()
        }));
        self.pending_microphone = cid.map(|cid| add_microphone(&mut api, cid));
        let added = (0..receivers).map(|_| api.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None));
        self.receivers.extend(added);
        let offer = api.apply();
        self.outstanding(offer)
    }

    /// The server asked for `audio` more sections to send on (zero: just offer again).
    pub(super) fn require(&mut self, audio: u32) {
        self.wanted = self.wanted.saturating_add(audio);
        self.again |= audio == 0;
    }

    /// The server took the microphone's track away: nothing is sent until another one is offered.
    pub(super) fn retire_microphone(&mut self) {
        self.retired = self.microphone.take().or(self.retired);
    }

    /// Offers the microphone once more, as a track with this name, on a section of its own.
    pub(super) fn renew_microphone(&mut self, cid: String) {
        self.renewed = Some(cid);
    }

    /// The next offer, if one is needed and none is outstanding.
    pub(super) fn next_offer(&mut self) -> Option<lk::SessionDescription> {
        let microphone = self.retired.is_some() || self.renewed.is_some();
        if self.pending.is_some() || (self.wanted == 0 && !self.again && !self.restart && !microphone) {
            return None;
        }
        if std::mem::take(&mut self.restart) {
            // What the server asked for meanwhile can wait for the next one.
            let mut api = self.rtc.sdp_api();
            api.ice_restart(true);
            let offer = api.apply();
            return self.outstanding(offer);
        }
        let room = MAX_SECTIONS.saturating_sub(self.receivers.len());
        let unused = self.receivers.iter().find(|mid| !self.tracks.contains_key(mid)).copied();
        let mut missing = (self.wanted as usize).min(room);
        let again = std::mem::take(&mut self.again);
        self.wanted = 0;
        let mut api = self.rtc.sdp_api();
        if let Some(mid) = self.retired.take() {
            api.set_direction(mid, Direction::Inactive);
        }
        if let Some(cid) = self.renewed.take() {
            self.pending_microphone = Some(add_microphone(&mut api, &cid));
        }
        if missing == 0 && again && !microphone {
            // "Offer again": the server has a section for its track, and waits for an offer to say so. An offer without
            // a change cannot be made; a section that goes to rest and wakes in one step is a change that changes nothing.
            match unused {
                Some(mid) => {
                    api.set_direction(mid, Direction::Inactive);
                    api.set_direction(mid, Direction::RecvOnly);
                }
                None => missing = room.min(1),
            }
        }
        let added = (0..missing).map(|_| api.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None));
        self.receivers.extend(added);
        let offer = api.apply();
        self.outstanding(offer)
    }

    fn outstanding(&mut self, offer: Option<(SdpOffer, SdpPendingOffer)>) -> Option<lk::SessionDescription> {
        let (offer, pending) = offer?;
        let id = self.next_offer_id;
        self.next_offer_id += 1;
        let sdp = offer.to_sdp_string();
        let offer = lk::SessionDescription { r#type: "offer".into(), sdp, id, ..Default::default() };
        self.pending = Some((offer.clone(), pending));
        Some(offer)
    }

    /// Restarts ICE with the next offer. Returns the one whose answer may have been lost, to be sent again before.
    pub(super) fn restart_ice(&mut self) -> Option<lk::SessionDescription> {
        self.restart = true;
        self.pending.as_ref().map(|(offer, _)| offer.clone())
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

    /// The server's answer to our offer. An answer to an older offer is ignored. Returns true if it was the awaited one.
    pub(super) fn answer(&mut self, now: Instant, answer: &lk::SessionDescription) -> Result<bool, String> {
        // Servers before ids existed answer with 0.
        let awaited = self.pending.as_ref().is_some_and(|(offer, _)| answer.id == 0 || offer.id == answer.id);
        if !awaited {
            return Ok(false);
        }
        let Some((_, pending)) = self.pending.take() else { return Ok(false) };
        let parsed = SdpAnswer::from_sdp_string(&answer.sdp).map_err(|e| e.to_string())?;
        self.rtc.sdp_api().accept_answer(pending, parsed).map_err(|e| e.to_string())?;
        if let Some(mid) = self.pending_microphone.take() {
            self.microphone = Some(mid);
        }
        self.note_candidates(now, &answer.sdp);
        self.map_tracks(answer);
        Ok(true)
    }

    /// The server's offer (two peer connections); returns our answer.
    pub(super) fn accept(
        &mut self,
        now: Instant,
        offer: &lk::SessionDescription,
    ) -> Result<lk::SessionDescription, String> {
        let parsed = SdpOffer::from_sdp_string(&offer.sdp).map_err(|e| e.to_string())?;
        let answer = self.rtc.sdp_api().accept_offer(parsed).map_err(|e| e.to_string())?;
        self.send_nothing(&offer.sdp);
        self.note_candidates(now, &offer.sdp);
        self.map_tracks(offer);
        Ok(lk::SessionDescription {
            r#type: "answer".into(),
            sdp: answer.to_sdp_string(),
            id: offer.id,
            ..Default::default()
        })
    }

    /// Takes away the streams that str0m makes to send on where this side only hears. Their sender reports would carry what is
    /// heard, and LiveKit's server reads that in receiver reports alone.
    fn send_nothing(&mut self, offer: &str) {
        let mut api = self.rtc.direct_api();
        for section in crate::signal::sdp::sections(offer) {
            let idle = api.stream_tx_by_mid(section.mid.as_str().into(), None).map(|stream| stream.ssrc());
            idle.map(|ssrc| api.remove_stream_tx(ssrc));
        }
    }

    /// Learns which section carries which track: from the map beside the SDP, else from `a=msid` (RFC 8830).
    fn map_tracks(&mut self, description: &lk::SessionDescription) {
        let mut tracks = BTreeMap::new();
        for section in crate::signal::sdp::sections(&description.sdp) {
            let named = description.mid_to_track_id.get(&section.mid).unwrap_or(&section.msid.1);
            if section.sends && named.starts_with("TR") {
                tracks.insert(Mid::from(section.mid.as_str()), Arc::from(named.as_str()));
            }
        }
        self.tracks = tracks;
    }

    /// The remote tracks that have a section now.
    pub(super) fn tracks(&self) -> impl Iterator<Item = &Arc<str>> {
        self.tracks.values()
    }

    /// The track a packet's section carries.
    pub(super) fn track(&mut self, ssrc: u32) -> Option<Arc<str>> {
        let mid = self.rtc.direct_api().stream_rx(&ssrc.into())?.mid();
        self.tracks.get(&mid).cloned()
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

    /// A data channel opened: ours, or one that the server created (two peer connections).
    pub(super) fn channel_opened(&mut self, id: ChannelId, label: &str) {
        match label {
            "_reliable" => self.reliable = Some(id),
            "_lossy" => self.lossy = Some(id),
            _ => {}
        }
    }

    pub(super) fn channel(&self, reliable: bool) -> Option<ChannelId> {
        if reliable { self.reliable } else { self.lossy }
    }

    /// The channels to send on, as a server is told of them after a loss.
    pub(super) fn channel_infos(&mut self) -> Vec<lk::DataChannelInfo> {
        let mut infos = Vec::new();
        for (label, id) in [("_reliable", self.reliable), ("_lossy", self.lossy)] {
            let stream = id.and_then(|id| self.rtc.direct_api().sctp_stream_id_by_channel_id(id));
            if let Some(id) = stream {
                infos.push(lk::DataChannelInfo {
                    label: label.into(),
                    id: u32::from(id),
                    target: lk::SignalTarget::Publisher as i32,
                });
            }
        }
        infos
    }

    pub(super) fn is_reliable(&self, id: ChannelId) -> bool {
        self.reliable == Some(id)
    }
}
