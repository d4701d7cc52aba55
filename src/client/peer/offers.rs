//! Offers and answers, one at a time.

use super::Peer;
use crate::signal::livekit as lk;
use std::time::Instant;
use str0m::change::{SdpAnswer, SdpApi, SdpOffer, SdpPendingOffer};
use str0m::channel::{ChannelConfig, Reliability};
use str0m::media::{Direction, MediaKind, Mid};

/// Users heard at once; a server that asks for more sections is not obeyed.
const MAX_SECTIONS: usize = 512;

/// A section to send the microphone on.
fn add_microphone(api: &mut SdpApi<'_>, cid: &str) -> Mid {
    api.add_media(MediaKind::Audio, Direction::SendOnly, Some("stoa".into()), Some(cid.into()), None)
}

impl Peer {
    /// The first offer: data channels, `receivers` sections to hear with, and the microphone if `cid` names one.
    pub(in crate::client) fn first_offer(
        &mut self,
        receivers: u32,
        cid: Option<&str>,
    ) -> Option<lk::SessionDescription> {
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
    pub(in crate::client) fn require(&mut self, audio: u32) {
        self.wanted = self.wanted.saturating_add(audio);
        self.again |= audio == 0;
    }

    /// The server took the microphone's track away: nothing is sent until another one is offered.
    pub(in crate::client) fn retire_microphone(&mut self) {
        self.retired = self.microphone.take().or(self.retired);
    }

    /// Offers the microphone once more, as a track with this name, on a section of its own.
    pub(in crate::client) fn renew_microphone(&mut self, cid: String) {
        self.renewed = Some(cid);
    }

    /// The next offer, if one is needed and none is outstanding.
    pub(in crate::client) fn next_offer(&mut self) -> Option<lk::SessionDescription> {
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
    pub(in crate::client) fn restart_ice(&mut self) -> Option<lk::SessionDescription> {
        self.restart = true;
        self.pending.as_ref().map(|(offer, _)| offer.clone())
    }

    /// The server's answer to our offer. An answer to an older offer is ignored. Returns true if it was the awaited one.
    pub(in crate::client) fn answer(&mut self, now: Instant, answer: &lk::SessionDescription) -> Result<bool, String> {
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
    pub(in crate::client) fn accept(
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
}
