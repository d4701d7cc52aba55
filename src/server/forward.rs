//! Forwarding: from a track to everyone who hears it, the path that every packet takes.

use super::shortcut::{Form, Packet};
use super::track::{Rebase, Track, TrackId, convert};
use super::{Job, ParticipantId, RoomServer, ServerStats, Side, speakers};
use crate::signal::livekit::signal_response;
use std::cmp::Reverse;
use str0m::media::Mid;
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite};

/// The longest payload that is passed on, bytes. str0m writes packets of 2000 bytes at most, headers included.
pub const MAX_PAYLOAD: usize = 1500;

impl RoomServer {
    /// Sends a packet on to everyone who hears its track.
    pub(super) fn forward(&mut self, id: ParticipantId, side: Side, packet: RtpPacket) {
        let peer = self.participants.get_mut(&id).and_then(|p| p.peer(side));
        if peer.is_some_and(|peer| peer.intake.was_told(&packet)) {
            return;
        }
        self.counted.media_received += 1;
        self.counted.media_bytes_received += packet.payload.len() as u64;
        if self.forward_to_listeners(id, side, &packet).is_none() {
            self.counted.media_ignored += 1;
        }
    }

    /// The same for a packet of voice that passed str0m by.
    pub(super) fn forward_short(&mut self, id: ParticipantId, track: TrackId, voice: &Packet) {
        self.counted.media_received += 1;
        self.counted.media_bytes_received += voice.payload.len() as u64;
        if self.forward_voice(id, track, voice).is_none() {
            self.counted.media_ignored += 1;
        }
    }

    /// None: there is nothing in it that could be played, or it is of no published track.
    fn forward_to_listeners(&mut self, id: ParticipantId, side: Side, packet: &RtpPacket) -> Option<()> {
        // SRTP numbers packets with 48 bits: who is beyond has turned the roll-over counter by hand.
        if side != Side::Main || packet.payload.len() > MAX_PAYLOAD || *packet.seq_no >> 48 != 0 {
            return None;
        }
        let participant = self.participants.get_mut(&id)?;
        let peer = &mut participant.main;
        let mid = match packet.header.ext_vals.mid {
            Some(mid) => mid,
            None => peer.rtc.direct_api().stream_rx(&packet.header.ssrc)?.mid(),
        };
        let of_mid = |t: &&TrackId| self.tracks.get(t).is_some_and(|t| t.mid == Some(mid));
        let track_id = participant.tracks.iter().find(of_mid).copied()?;
        let track = self.tracks.get_mut(&track_id)?;
        if track.video.is_some() {
            // Layers come and go, so what is missing of video is judged where it is heard.
            let open = is_open(track, &mut self.counted);
            return if open { self.forward_video(id, track_id, packet) } else { None };
        }
        if let Some(form) = Form::of(&peer.rtc, mid) {
            peer.intake.show(packet, track_id, form.level);
        }
        let extensions = &packet.header.ext_vals;
        let voice = Packet {
            pt: packet.header.payload_type,
            marker: packet.header.marker,
            sequence: *packet.seq_no,
            time: packet.header.timestamp,
            ssrc: packet.header.ssrc,
            level: extensions.audio_level.map(|level| (level.unsigned_abs(), extensions.voice_activity == Some(true))),
            payload: &packet.payload,
        };
        self.forward_voice(id, track_id, &voice)
    }

    fn forward_voice(&mut self, id: ParticipantId, track_id: TrackId, voice: &Packet) -> Option<()> {
        let track = self.tracks.get_mut(&track_id)?;
        track.arrivals.observe(*voice.ssrc, voice.sequence);
        if !is_open(track, &mut self.counted) || voice.payload.is_empty() {
            return None;
        }
        let begins = track.level.idle();
        if let Some((level, _)) = voice.level {
            track.level.observe(level);
            let name = &self.participants.get(&id)?.room;
            if begins && let Some(room) = self.rooms.get_mut(name).filter(|room| room.speakers_at.is_none()) {
                let next = self.now + speakers::INTERVAL;
                room.speakers_at = Some(next);
                self.jobs.push(Reverse((next, Job::Speakers(name.clone()))));
            }
        }
        let counted = &mut self.counted;
        for listener in &mut track.listeners {
            let Some(subscriber) = self.participants.get_mut(&listener.who) else { continue };
            let side = subscriber.receiving_side();
            let peer = subscriber.receiving();
            if !peer.connected {
                counted.media_dropped_unready += 1;
                continue;
            }
            let Some((pt, payload)) = convert(voice.payload, voice.pt, track.payloads, listener.payloads) else {
                counted.media_dropped_format += 1;
                continue;
            };
            let begun = listener.rebase.begun();
            let Some((sequence, time)) = listener.rebase.map(voice.ssrc, voice.sequence, voice.time, self.now) else {
                counted.media_dropped_old += 1;
                continue;
            };
            let (ssrc, length) = (listener.ssrc, payload.len() as u64);
            let mapped = Packet { pt, sequence, time, ssrc, payload: &payload, ..*voice };
            let form = listener.form.as_ref().filter(|_| begun);
            if let Some(output) = form.and_then(|form| peer.shortcut.send(form, &mapped)) {
                self.output.push_back(output);
            } else {
                let mut api = peer.rtc.direct_api();
                let Some(stream) = api.stream_tx(&ssrc) else {
                    counted.media_dropped_unready += 1;
                    continue;
                };
                let values = ExtensionValues {
                    audio_level: voice.level.map(|(level, _)| -(level as i8)),
                    voice_activity: voice.level.map(|(_, active)| active),
                    ..Default::default()
                };
                let write = RtpWrite::new(pt, sequence.into(), time, self.now, &*payload);
                stream.write_rtp(write.marker(voice.marker).ext_vals(values));
                if !peer.dirty {
                    peer.dirty = true;
                    self.dirty.push((listener.who, side));
                }
            }
            counted.media_forwarded += 1;
            counted.media_bytes_forwarded += length;
        }
        Some(())
    }

    /// Opens the way from a track to a subscriber whose section is negotiated.
    pub(super) fn open(&mut self, track_id: TrackId, who: ParticipantId, mid: Mid) {
        let Some(participant) = self.participants.get_mut(&who).filter(|p| !p.paused.contains(&track_id)) else {
            return;
        };
        let peer = participant.receiving();
        let (Some(ssrc), payloads) = (peer.ssrc(mid), peer.payloads) else { return };
        let form = Form::of(&peer.rtc, mid);
        let Some(cursor) = peer.section(mid).map(|s| s.cursor) else { return };
        let open = |track: &super::track::Track| track.listeners.iter().any(|l| l.who == who);
        if self.tracks.get(&track_id).is_none_or(open) {
            return;
        }
        let visible = participant.is_visible();
        let Ok(video) = self.lane(track_id, who, mid, cursor) else { return };
        if video.is_none()
            && let Some(participant) = self.participants.get_mut(&who)
        {
            participant.receiving().keep_nothing(mid);
        }
        let Some(track) = self.tracks.get_mut(&track_id) else { return };
        let rebase = Rebase::new(cursor);
        track.listeners.push(super::track::Listener { who, mid, ssrc, payloads, form, rebase, video });
        // Who is hidden is not betrayed by it.
        let first = visible && !std::mem::replace(&mut track.announced_subscribed, true);
        let (publisher, track_sid) = (track.publisher, track.info.sid.clone());
        if first {
            let message = crate::signal::livekit::TrackSubscribed { track_sid };
            self.send(publisher, signal_response::Message::TrackSubscribed(message));
        }
        self.watch(track_id, who);
    }

    /// Closes it; the section remembers where its stream stood.
    pub(super) fn close(&mut self, track_id: TrackId, who: ParticipantId, mid: Mid) {
        let Some(track) = self.tracks.get_mut(&track_id) else { return };
        let Some(at) = track.listeners.iter().position(|l| l.who == who) else { return };
        let listener = track.listeners.remove(at);
        if let Some(participant) = self.participants.get_mut(&who)
            && let Some(section) = participant.receiving().section(mid)
        {
            section.cursor = listener.video.as_ref().map_or(listener.rebase.cursor, |lane| lane.numbers.cursor);
        }
        if listener.video.is_some() {
            self.unwatch(track_id, who, mid);
        }
    }
}

/// A packet of the track came: is it to be passed on at present?
fn is_open(track: &mut Track, counted: &mut ServerStats) -> bool {
    let open = track.withheld.is_none() && !track.silenced;
    if open {
        counted.media_unheard += u64::from(track.listeners.is_empty());
    } else {
        track.rest();
    }
    open
}
