//! The layers that a publisher sends of one track: which flow, which of them a subscriber is to get.

use super::descriptor::Reader;
use super::temporal::Rates;
use crate::signal::livekit::{TrackInfo, UpdateTrackSettings, VideoQuality};
use std::time::{Duration, Instant, SystemTime};
use str0m::media::Rid;
use str0m::rtp::{RtpPacket, Ssrc};

/// LiveKit's layers: low, medium, high.
pub const LAYERS: usize = 3;

/// The names of simulcast layers, as all of LiveKit's clients have them.
const RIDS: [&str; LAYERS] = ["q", "h", "f"];

/// A layer has stopped once nothing came for so long, while so many frames came of the others: a shared screen that does
/// not move has seconds between its frames.
const SILENCE: Duration = Duration::from_secs(1);
const SILENT_FRAMES: u32 = 10;

/// RTP time of video runs at 90 kHz.
const CLOCK: i64 = 90_000;
/// Reports of one sender are at most so far from each other and from what they speak of, seconds.
const PLAUSIBLE: i64 = 60;

/// One simulcast layer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Layer {
    /// Its stream, once a packet of it came.
    pub ssrc: Option<Ssrc>,
    last: Option<Instant>,
    /// Frames of other layers since then.
    missed: u32,
    /// The sender's clock and RTP time at one moment, from its newest report.
    report: Option<(SystemTime, u32)>,
    /// When a key frame was asked for last.
    pub asked: Option<Instant>,
}

/// All layers of a track. One that is not simulcast has the first of them only.
#[derive(Debug, Default)]
pub struct Layers {
    pub layers: [Layer; LAYERS],
    /// The streams of layers that have no RTP stream ids, as the offer has them, the lowest first.
    pub group: Vec<u32>,
    /// The highest spatial layer inside one stream (SVC) since the last key frame.
    pub top: u8,
    /// What each stream said of its frames' dependencies.
    pub readers: [Reader; LAYERS],
    /// How the frames of each stream come.
    pub rates: [Rates; LAYERS],
}

impl Layers {
    /// Which layer a packet is of; notes that it flows. None: of one more than there may be.
    pub fn observe(&mut self, packet: &RtpPacket, rid: Option<Rid>, info: &TrackInfo, now: Instant) -> Option<usize> {
        let ssrc = packet.header.ssrc;
        let known = self.layers.iter().position(|l| l.ssrc == Some(ssrc));
        let index = match (known, rid) {
            (Some(index), _) => index,
            (None, None) => self.index_by_ssrc(*ssrc, info)?,
            (None, Some(rid)) => self.index_of(&rid, info)?,
        };
        if packet.header.marker {
            let others = self.layers.iter_mut().enumerate().filter(|(i, _)| *i != index);
            others.for_each(|(_, other)| other.missed = other.missed.saturating_add(1));
        }
        let layer = &mut self.layers[index];
        layer.ssrc = Some(ssrc);
        layer.last = Some(now);
        layer.missed = 0;
        if let Some(report) = &packet.last_sender_info {
            layer.report = Some((report.ntp_time, report.rtp_time.numer() as u32));
        }
        Some(index)
    }

    fn index_of(&self, rid: &str, info: &TrackInfo) -> Option<usize> {
        let announced = info.layers.iter().find(|l| !l.rid.is_empty() && l.rid == rid).map(|l| l.quality);
        let index = match announced {
            Some(quality) => usize::try_from(quality).ok(),
            // Other clients call them as they like: in the order in which they come.
            None => RIDS.iter().position(|r| *r == rid).or_else(|| self.layers.iter().position(|l| l.ssrc.is_none())),
        };
        index.filter(|index| *index < LAYERS)
    }

    /// Without RTP stream ids the announcement may say which stream is which, or the offer; or there is one stream.
    fn index_by_ssrc(&self, ssrc: u32, info: &TrackInfo) -> Option<usize> {
        let announced = info.layers.iter().find(|l| l.ssrc != 0 && l.ssrc == ssrc).map(|l| l.quality);
        let index = match announced {
            Some(quality) => usize::try_from(quality).ok(),
            None if self.group.is_empty() => Some(0),
            None => self.group.iter().position(|s| *s == ssrc),
        };
        index.filter(|index| *index < LAYERS)
    }

    fn flows(&self, index: usize, now: Instant) -> bool {
        let layer = &self.layers[index];
        let silent = |last: Instant| now.saturating_duration_since(last) > SILENCE && layer.missed > SILENT_FRAMES;
        layer.last.is_some_and(|last| !silent(last))
    }

    /// The layer to send where `wanted` is the highest that is wanted: that one, or the next lower one that flows; if
    /// there is none, the lowest.
    pub fn best(&self, wanted: usize, now: Instant) -> Option<usize> {
        let flows = |index: &usize| self.flows(*index, now);
        (0..=wanted.min(LAYERS - 1)).rev().find(flows).or_else(|| (wanted + 1..LAYERS).find(flows))
    }

    /// The RTP time in layer `to` of what has `time` in layer `from`, by the sender's reports: each layer has an RTP clock
    /// of its own. None: no reports yet, or none that agree.
    pub fn translate(&self, from: usize, to: usize, time: u32) -> Option<u32> {
        let ((from_ntp, from_rtp), (to_ntp, to_rtp)) = (self.layers[from].report?, self.layers[to].report?);
        let micros = match to_ntp.duration_since(from_ntp) {
            Ok(later) => i64::try_from(later.as_micros()).ok()?,
            Err(earlier) => -i64::try_from(earlier.duration().as_micros()).ok()?,
        };
        let since_report = i64::from(time.wrapping_sub(from_rtp) as i32);
        if micros.abs() > PLAUSIBLE * 1_000_000 || since_report.abs() > PLAUSIBLE * CLOCK {
            return None;
        }
        let apart = since_report - micros * CLOCK / 1_000_000;
        Some(to_rtp.wrapping_add(apart as u32))
    }
}

/// The highest layer that a subscriber's settings ask for; None: nothing at present.
pub fn wanted(settings: &UpdateTrackSettings, info: &TrackInfo) -> Option<usize> {
    if settings.disabled || (settings.width == 0 && settings.quality == VideoQuality::Off as i32) {
        return None;
    }
    // A client says a size, or a quality; without a size the quality counts, whose zero is the lowest.
    if settings.width > 0 {
        return Some(for_size(settings.width, settings.height, info));
    }
    Some(usize::try_from(settings.quality).unwrap_or(LAYERS - 1).min(LAYERS - 1))
}

/// The lowest layer that fills a picture of this size, ten per cent less being enough, as LiveKit's server has it.
fn for_size(width: u32, height: u32, info: &TrackInfo) -> usize {
    if info.height == 0 {
        return LAYERS - 1;
    }
    let portrait = info.width < info.height;
    let mut sizes: Vec<u32> = info.layers.iter().map(|l| l.height).take(LAYERS).collect();
    let asked = if sizes.is_empty() && portrait { width } else { height };
    if sizes.is_empty() {
        sizes = vec![180, 360, if portrait { info.width } else { info.height }];
    }
    sizes.sort_unstable();
    let enough = (f64::from(asked) * 0.9) as u32;
    let last = sizes.len() - 1;
    (0..last).find(|i| sizes[*i] >= enough && sizes[*i] != sizes[i + 1]).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::livekit::VideoLayer;

    fn layer(quality: i32, width: u32, height: u32) -> VideoLayer {
        VideoLayer { quality, width, height, ..Default::default() }
    }

    fn camera() -> TrackInfo {
        let layers = vec![layer(0, 320, 180), layer(1, 640, 360), layer(2, 1280, 720)];
        TrackInfo { width: 1280, height: 720, layers, ..Default::default() }
    }

    #[test]
    fn settings_name_a_layer() {
        let quality = |quality: VideoQuality| UpdateTrackSettings { quality: quality as i32, ..Default::default() };
        let size = |width, height| UpdateTrackSettings { width, height, ..Default::default() };
        assert_eq!(wanted(&quality(VideoQuality::Low), &camera()), Some(0));
        assert_eq!(wanted(&quality(VideoQuality::Medium), &camera()), Some(1));
        assert_eq!(wanted(&quality(VideoQuality::High), &camera()), Some(2));
        assert_eq!(wanted(&quality(VideoQuality::Off), &camera()), None);
        assert_eq!(wanted(&UpdateTrackSettings { quality: -7, ..Default::default() }, &camera()), Some(2));
        let off = UpdateTrackSettings { disabled: true, width: 1280, height: 720, ..Default::default() };
        assert_eq!(wanted(&off, &camera()), None);
        assert_eq!(wanted(&size(1280, 720), &camera()), Some(2));
        assert_eq!(wanted(&size(700, 390), &camera()), Some(1), "ten per cent less is enough");
        assert_eq!(wanted(&size(100, 60), &camera()), Some(0));
        let portrait = TrackInfo { width: 720, height: 1280, ..Default::default() };
        assert_eq!(wanted(&size(180, 4000), &portrait), Some(0));
        assert_eq!(wanted(&size(1, 1), &TrackInfo::default()), Some(2), "of an unknown size");
        let two = TrackInfo { layers: vec![layer(0, 320, 180), layer(1, 640, 360)], ..camera() };
        assert_eq!(wanted(&size(1280, 720), &two), Some(1));
    }

    #[test]
    fn streams_without_ids_are_told_apart_by_their_sources() {
        let mut layers = Layers::default();
        assert_eq!(layers.index_by_ssrc(7, &camera()), Some(0), "the only one");
        layers.group = vec![5, 6, 7];
        assert_eq!([5, 6, 7, 8].map(|ssrc| layers.index_by_ssrc(ssrc, &camera())), [Some(0), Some(1), Some(2), None]);
        let mut announced = camera();
        announced.layers[0].ssrc = 7;
        announced.layers[1] = VideoLayer { ssrc: 5, quality: 9, ..Default::default() };
        assert_eq!([7, 5, 6].map(|ssrc| layers.index_by_ssrc(ssrc, &announced)), [Some(0), None, Some(1)]);
    }

    #[test]
    fn a_layer_that_stops_is_replaced_by_a_lower_one() {
        let start = Instant::now();
        let mut layers = Layers::default();
        assert_eq!(layers.best(2, start), None);
        for index in 0..3 {
            layers.layers[index].last = Some(start);
        }
        assert_eq!([0, 1, 2].map(|wanted| layers.best(wanted, start)), [Some(0), Some(1), Some(2)]);
        let later = start + 2 * SILENCE;
        assert_eq!(layers.best(2, later), Some(2), "nothing comes of any");
        layers.layers[1].last = Some(later);
        layers.layers[0].missed = SILENT_FRAMES + 1;
        layers.layers[2].missed = SILENT_FRAMES + 1;
        assert_eq!([0, 1, 2].map(|wanted| layers.best(wanted, later)), [Some(1), Some(1), Some(1)]);
    }

    #[test]
    fn times_of_layers_are_tied_by_reports() {
        let mut layers = Layers::default();
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        assert_eq!(layers.translate(0, 1, 5), None);
        layers.layers[0].report = Some((at, 90_000));
        layers.layers[1].report = Some((at + Duration::from_secs(1), 7));
        // One second after the first report: the moment of the second one.
        assert_eq!(layers.translate(0, 1, 180_000), Some(7));
        assert_eq!(layers.translate(1, 0, 7 + 900), Some(180_900));
        layers.layers[1].report = Some((at + Duration::from_secs(3600), 7));
        assert_eq!(layers.translate(0, 1, 180_000), None, "an hour apart");
    }
}
