//! Packets of video on their way to those who watch, and requests for key frames on theirs to the publisher.

use super::select::{Fate, Lane};
use super::{payload, wanted};
use crate::rtc::video::DependencyDescriptor;
use crate::server::track::{Cursor, Track, TrackId};
use crate::server::{ParticipantId, RoomServer, Side};
use crate::signal::livekit::{SimulcastCodecInfo, UpdateTrackSettings};
use std::time::{Duration, Instant};
use str0m::Rtc;
use str0m::format::{Codec, CodecSpec};
use str0m::media::{KeyframeRequestKind, Mid, Pt};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite};

/// A publisher is asked for a key frame of one layer at most so often, whoever wants it.
const KEY_FRAMES: Duration = Duration::from_millis(500);
/// What is kept of a stream to be sent again, packets and age. All subscribers' copies share the payload.
const KEPT: usize = 512;
const KEPT_FOR: Duration = Duration::from_secs(1);
/// No more than this part of a stream is sent again: a line that loses more needs less, not more.
const SENT_AGAIN: f32 = 0.25;

impl RoomServer {
    /// Sends a packet on to those who watch. None: it belongs to nothing, or is no video of a known codec.
    pub(in crate::server) fn forward_video(
        &mut self,
        id: ParticipantId,
        track_id: TrackId,
        packet: &RtpPacket,
    ) -> Option<()> {
        let now = self.now;
        let publisher = self.participants.get_mut(&id)?;
        let track = self.tracks.get_mut(&track_id)?;
        let video = track.video.as_mut()?;
        let pt = packet.header.payload_type;
        let ssrc = packet.header.ssrc;
        let main = &mut publisher.main.rtc;
        if video.codec.is_none_or(|(known, _)| known != pt) {
            video.codec = Some((pt, spec_of(main, pt)?));
        }
        let (_, spec) = video.codec?;
        // Only the first packets say which layer they are of; then str0m knows it by the stream.
        let rid = packet.header.ext_vals.rid.or_else(|| main.direct_api().stream_rx(&ssrc)?.rid());
        let layer = video.layers.observe(packet, rid, &track.info, now)?;
        if packet.payload.is_empty() {
            // Padding: what follows closes up.
            let lanes = track.listeners.iter_mut().filter_map(|l| l.video.as_mut());
            lanes.filter(|l| l.current == Some(layer)).for_each(|l| l.numbers.leave_out(*packet.seq_no));
            return Some(());
        }
        let mut seen = payload::inspect(spec.codec, &packet.payload)?;
        if let Some(place) = seen.vp9 {
            video.layers.top = if place.key() { 0 } else { video.layers.top.max(place.spatial) };
        }
        let values = &packet.header.ext_vals;
        // AV1 has no other word on the dependencies between its frames. The other codecs' payloads say it themselves, and
        // the descriptor would contradict what is made of them here.
        let dependencies =
            (spec.codec == Codec::Av1).then(|| values.user_values.get::<DependencyDescriptor>()).flatten();
        if let Some(descriptor) = dependencies {
            seen.frame = video.layers.readers[layer].read(descriptor.bytes(), *packet.seq_no);
        }
        let temporal = seen.temporal.map(|t| t.id).or(seen.frame.map(|frame| frame.temporal()));
        if let Some(temporal) = temporal.filter(|_| packet.header.marker) {
            video.layers.rates[layer].count(temporal, now);
        }
        let counted = &mut self.counted;
        let mut key_wanted = false;
        for listener in &mut track.listeners {
            let (Some(lane), Some(subscriber)) = (&mut listener.video, self.participants.get_mut(&listener.who)) else {
                continue;
            };
            let side = subscriber.receiving_side();
            let peer = subscriber.receiving();
            if !peer.connected {
                counted.media_dropped_unready += 1;
                continue;
            }
            let matched = match lane.payload {
                Some((from, to)) if from == pt => to,
                _ => {
                    let to = payload_type(&peer.rtc, listener.mid, &spec);
                    lane.payload = Some((pt, to));
                    to
                }
            };
            let Some(to) = matched else {
                counted.media_dropped_format += 1;
                continue;
            };
            let fate = lane.take(layer, &video.layers, &seen, packet, now);
            key_wanted |= lane.needs_key(&video.layers, now) == Some(layer);
            let (sequence, time, marker, vp8) = match fate {
                Fate::Send { sequence, time, marker, vp8 } => (sequence, time, marker, vp8),
                Fate::Pass => continue,
                Fate::Old => {
                    counted.media_dropped_old += 1;
                    continue;
                }
            };
            let mut api = peer.rtc.direct_api();
            let Some(stream) = api.stream_tx(&listener.ssrc) else {
                counted.media_dropped_unready += 1;
                continue;
            };
            counted.media_forwarded += 1;
            counted.media_bytes_forwarded += packet.payload.len() as u64;
            let mut extensions = ExtensionValues {
                video_orientation: values.video_orientation,
                video_content_type: values.video_content_type,
                play_delay_min: values.play_delay_min,
                play_delay_max: values.play_delay_max,
                ..Default::default()
            };
            if let Some(dependencies) = dependencies {
                extensions.user_values.set(dependencies.clone());
            }
            let mut write = RtpWrite::new(to, sequence.into(), time, now, packet.payload.clone())
                .marker(marker)
                .nackable(true)
                .ext_vals(extensions);
            if let Some(patch) = vp8 {
                write = write.vp8_patch(patch);
            }
            stream.write_rtp(write);
            if !peer.dirty {
                peer.dirty = true;
                self.dirty.push((listener.who, side));
            }
        }
        if key_wanted {
            self.ask_key_frame(track_id, layer);
        }
        self.note_codec(track_id, id, spec.codec);
        Some(())
    }

    /// Tells the room which codec a track turned out to have.
    fn note_codec(&mut self, track_id: TrackId, id: ParticipantId, codec: Codec) {
        if self.tracks.get_mut(&track_id).is_some_and(|track| set_codec(track, codec)) {
            self.announce(id, true);
        }
    }

    /// Asks the publisher for a key frame of a layer, if that was not just done.
    fn ask_key_frame(&mut self, track_id: TrackId, layer: usize) {
        let now = self.now;
        let Some(track) = self.tracks.get_mut(&track_id) else { return };
        let publisher = track.publisher;
        let Some(layer) = track.video.as_mut().map(|video| &mut video.layers.layers[layer]) else { return };
        let Some(ssrc) = layer.ssrc else { return };
        if layer.asked.is_some_and(|at: Instant| now.saturating_duration_since(at) < KEY_FRAMES) {
            return;
        }
        let Some(participant) = self.participants.get_mut(&publisher) else { return };
        if let Some(stream) = participant.main.rtc.direct_api().stream_rx(&ssrc) {
            stream.request_keyframe(KeyframeRequestKind::Pli);
            layer.asked = Some(now);
            self.counted.key_frames_asked += 1;
        }
        self.touch(publisher, Side::Main);
    }

    /// A subscriber cannot decode what a section brings: asks for a key frame of what it is sent, or of what it is to be.
    pub(in crate::server) fn key_frame_wanted(&mut self, id: ParticipantId, side: Side, mid: Mid) {
        let Some(peer) = self.participants.get_mut(&id).and_then(|p| p.peer(side)) else { return };
        let Some(track_id) = peer.section(mid).and_then(|section| section.track) else { return };
        let Some(track) = self.tracks.get(&track_id) else { return };
        let lane = track.listeners.iter().find(|l| l.who == id).and_then(|l| l.video.as_ref());
        let (Some(lane), Some(video)) = (lane, &track.video) else { return };
        if let Some(layer) = lane.current.or_else(|| lane.aim(&video.layers, self.now)) {
            self.ask_key_frame(track_id, layer);
        }
    }

    /// The way from a video track to a subscriber as it begins: what is wanted of it, and room for what is sent again.
    /// None: it is no video; the error: the subscriber wants nothing of it at present.
    pub(in crate::server) fn lane(
        &mut self,
        track_id: TrackId,
        who: ParticipantId,
        mid: Mid,
        cursor: Cursor,
    ) -> Result<Option<Box<Lane>>, ()> {
        let Some(track) = self.tracks.get(&track_id).filter(|track| track.video.is_some()) else { return Ok(None) };
        let Some(participant) = self.participants.get_mut(&who) else { return Err(()) };
        let settings = participant.settings.get(&track_id).cloned().unwrap_or_else(super::default_settings);
        let wanted = wanted(&settings, &track.info).ok_or(())?;
        let mut api = participant.receiving().rtc.direct_api();
        if let Some(stream) = api.stream_tx_by_mid(mid, None) {
            stream.set_rtx_cache(KEPT, KEPT_FOR, Some(SENT_AGAIN));
        }
        Ok(Some(Box::new(Lane::new(wanted, settings.fps, cursor))))
    }

    /// A subscriber wants another layer of what it watches already.
    pub(in crate::server) fn change_layer(&mut self, track_id: TrackId, who: ParticipantId, to: &UpdateTrackSettings) {
        let Some(track) = self.tracks.get_mut(&track_id) else { return };
        let lane = track.listeners.iter_mut().find(|l| l.who == who).and_then(|l| l.video.as_mut());
        let (Some(lane), Some(wanted)) = (lane, wanted(to, &track.info)) else { return };
        (lane.wanted, lane.fps) = (wanted, to.fps);
        self.watch(track_id, who);
    }

    /// A way to a subscriber is open: it cannot wait for the next key frame to come by itself.
    pub(in crate::server) fn watch(&mut self, track_id: TrackId, who: ParticipantId) {
        let now = self.now;
        let Some(track) = self.tracks.get(&track_id) else { return };
        let lane = track.listeners.iter().find(|l| l.who == who).and_then(|l| l.video.as_ref());
        let (Some(lane), Some(video)) = (lane, &track.video) else { return };
        let needed = lane.needs_key(&video.layers, now);
        self.review_quality(track_id);
        if let Some(layer) = needed {
            self.ask_key_frame(track_id, layer);
        }
    }

    /// A way to a subscriber is closed: nothing is kept for it any more.
    pub(in crate::server) fn unwatch(&mut self, track_id: TrackId, who: ParticipantId, mid: Mid) {
        if let Some(participant) = self.participants.get_mut(&who)
            && let Some(stream) = participant.receiving().rtc.direct_api().stream_tx_by_mid(mid, None)
        {
            stream.set_rtx_cache(1, KEPT_FOR, Some(SENT_AGAIN));
        }
        self.review_quality(track_id);
    }
}

/// Notes a track's codec; whether that was news.
pub fn set_codec(track: &mut Track, codec: Codec) -> bool {
    let mime_type = payload::mime_type(codec);
    if track.info.mime_type == mime_type {
        return false;
    }
    track.info.mime_type = mime_type.into();
    if track.info.codecs.is_empty() {
        let layers = track.info.layers.clone();
        track.info.codecs.push(SimulcastCodecInfo { cid: track.cid.clone(), layers, ..Default::default() });
    }
    track.info.codecs[0].mime_type = mime_type.into();
    true
}

/// What a payload type means to its connection.
pub fn spec_of(rtc: &Rtc, pt: Pt) -> Option<CodecSpec> {
    let spec = rtc.codec_config().params().iter().find(|p| p.pt() == pt)?.spec();
    spec.codec.is_video().then_some(spec)
}

/// A subscriber's payload type for a codec, of those that its section takes.
fn payload_type(rtc: &Rtc, mid: Mid, sent: &CodecSpec) -> Option<Pt> {
    let taken = rtc.media(mid)?.remote_pts();
    let params = rtc.codec_config().params().iter().filter(|p| taken.contains(&p.pt()));
    params.filter_map(|p| Some((payload::fits(sent, &p.spec())?, p.pt()))).max_by_key(|(score, _)| *score).map(|f| f.1)
}
