//! Offers and answers of one connection, with what they say of its sections and candidates.

use super::channels::{LANES, Lane, channel_config};
use super::{MAX_SECTIONS, Peer};
use crate::server::track::Payloads;
use crate::server::video::sections;
use crate::signal::sdp;
use str0m::Candidate;
use str0m::change::{SdpAnswer, SdpOffer};
use str0m::media::{Direction, MediaKind, Mid};

impl Peer {
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
        self.intake.forget();
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
        self.intake.forget();
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
}

/// What str0m says of a description, but for addresses in this process's memory.
fn plain(error: impl std::fmt::Display) -> String {
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("PointerOffset(")).collect();
    lines.join(" ").trim_end().to_string()
}
