//! How well each participant's connection does: loss and round trip, scored as LiveKit's server does it (pkg/sfu/connectionquality).
//!
//! Each track that is sent and each that is heard has a score from 100 down; the lowest of a participant counts. Silence says
//! nothing, and leaves a score as it was.

#[cfg(test)]
mod tests;

use super::track::TrackId;
use super::{Job, ParticipantId, RoomServer, ServerStats};
use crate::signal::livekit::{
    ConnectionQuality, ConnectionQualityInfo, ConnectionQualityUpdate, TrackInfo, participant_info, signal_response,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use str0m::media::Mid;
use str0m::stats::MediaEgressStats;

/// How often connections are judged.
pub const INTERVAL: Duration = Duration::from_secs(5);

/// Scores above these are excellent, good, poor; what is left is lost.
const EXCELLENT: f32 = 80.0;
const GOOD: f32 = 40.0;
const POOR: f32 = 20.0;
/// A lower one would take too long to recover.
const LOWEST: f32 = 30.0;
/// How much of a new score counts: a fall shows sooner than a rise.
const FALL: f32 = 0.8;
const RISE: f32 = 0.4;

/// A score, 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Score(f32);

impl Default for Score {
    fn default() -> Score {
        Score(100.0)
    }
}

impl Score {
    /// Takes in one interval: loss in percent, what each percent counts, the round trip.
    fn update(&mut self, loss: f32, weight: f32, round_trip: Duration) {
        let delay = round_trip.as_secs_f32() * 1000.0 / 2.0;
        let effect = if delay > 160.0 { (delay - 120.0) / 10.0 } else { delay / 40.0 };
        let new = (100.0 - effect - loss * weight).max(0.0);
        let factor = if new < self.0 { FALL } else { RISE };
        self.0 = (factor * new + (1.0 - factor) * self.0).max(LOWEST);
    }

    fn quality(self) -> ConnectionQuality {
        match self.0 {
            s if s > EXCELLENT => ConnectionQuality::Excellent,
            s if s > GOOD => ConnectionQuality::Good,
            s if s > POOR => ConnectionQuality::Poor,
            _ => ConnectionQuality::Lost,
        }
    }

    /// As a mean opinion score, 1 to 4.5.
    fn opinion(self) -> f32 {
        let s = self.0;
        1.0 + 0.035 * s + 0.000_007 * s * (s - 60.0) * (100.0 - s)
    }
}

/// What a percent of loss counts: redundancy and FEC make good for some of it, video has neither.
fn weight(track: &TrackInfo) -> f32 {
    match track.mime_type.as_str() {
        "audio/red" => 4.0,
        mime if mime.starts_with("video/") => 10.0,
        _ => 8.0 / 1.5,
    }
}

/// What comes of one track.
#[derive(Debug, Default)]
pub struct Arrivals {
    ssrc: u32,
    /// The sequence number behind the highest one, and where it stood when the interval began.
    next: u64,
    began: u64,
    received: u64,
    /// Percent lost in the last interval, and in the one before.
    loss: [f32; 2],
    score: Score,
}

impl Arrivals {
    /// A packet came, with its extended sequence number.
    pub fn observe(&mut self, ssrc: u32, sequence: u64) {
        if ssrc != self.ssrc {
            (self.ssrc, self.next, self.began, self.received) = (ssrc, sequence, sequence, 0);
        }
        self.next = self.next.max(sequence + 1);
        self.received += 1;
    }

    /// Ends an interval. Returns the score, and how many packets did not come.
    fn judge(&mut self, track: &TrackInfo) -> (Score, u64) {
        let expected = self.next - self.began;
        let lost = expected.saturating_sub(self.received);
        (self.began, self.received) = (self.next, 0);
        self.loss = [0.0, self.loss[0]];
        if track.muted {
            self.score = Score::default();
        } else if expected > 0 {
            self.loss[0] = lost as f32 * 100.0 / expected as f32;
            self.score.update(self.loss[0], weight(track), Duration::ZERO);
        }
        (self.score, lost)
    }

    /// Percent that are missing in what is sent on. A listener's report may be of an interval that began one earlier.
    fn missing(&self) -> f32 {
        self.loss[0].max(self.loss[1])
    }
}

/// What one participant hears on one section, as it reports it (RFC 3550 receiver reports).
#[derive(Debug, Default)]
struct Departures {
    /// The highest sequence number and the packets lost so far: as reported last, and as of the interval before.
    reported: (u64, u64),
    before: Option<(u64, u64)>,
    round_trip: Duration,
    score: Score,
}

impl Departures {
    /// Ends an interval in which so many percent were missing already when they came to us.
    fn judge(&mut self, track: &TrackInfo, missing: f32) -> Score {
        let (highest, lost) = self.reported;
        if let Some((highest_before, lost_before)) = self.before.replace(self.reported) {
            let expected = highest.saturating_sub(highest_before);
            if expected > 0 {
                let loss = lost.saturating_sub(lost_before) as f32 * 100.0 / expected as f32;
                self.score.update((loss - missing).clamp(0.0, 100.0), weight(track), self.round_trip);
            }
        }
        self.score
    }
}

/// A participant's connection.
#[derive(Debug, Default)]
pub struct Quality {
    heard: BTreeMap<Mid, Departures>,
    now: Score,
    lost: bool,
    pub(super) told: Option<ConnectionQuality>,
}

impl Quality {
    /// Takes over what the other side reported of a section, whose RTP clock runs at `rate` per second.
    pub fn reported(&mut self, report: &MediaEgressStats, rate: u64, counted: &mut ServerStats) {
        let Some(remote) = &report.remote else { return };
        let section = self.heard.entry(report.mid).or_default();
        let lost = remote.packets_lost.saturating_sub(section.reported.1);
        let new = ((*remote.maximum_sequence_number, remote.packets_lost), report.rtt.unwrap_or_default());
        // str0m tells the last report again until there is another.
        if new != (section.reported, section.round_trip) {
            (section.reported, section.round_trip) = new;
            counted.media_lost_onward += lost;
            counted.jitter.add(Duration::from_micros(u64::from(remote.jitter) * 1_000_000 / rate));
            report.rtt.into_iter().for_each(|took| counted.round_trip.add(took));
        }
    }

    fn get(&self) -> (ConnectionQuality, f32) {
        if self.lost {
            return (ConnectionQuality::Lost, Score(POOR).opinion());
        }
        (self.now.quality(), self.now.opinion())
    }
}

impl RoomServer {
    /// Judges a room's connections from now on, if it does not yet.
    pub(super) fn begin_measuring(&mut self, room: &Arc<str>) {
        let next = self.now + INTERVAL;
        if let Some(room) = self.rooms.get_mut(room).filter(|room| room.measured_at.is_none()) {
            room.measured_at = Some(next);
        } else {
            return;
        }
        self.at(next, Job::Quality(room.clone()));
    }

    /// Judges all connections of a room, and tells everybody whose has become another.
    pub(super) fn measure(&mut self, room: &Arc<str>) {
        let now = self.now;
        // An entry of a room that ended, and began again, is stale.
        let Some(found) = self.rooms.get_mut(room).filter(|room| room.measured_at.is_some_and(|at| at <= now)) else {
            return;
        };
        found.measured_at = None;
        if found.members.is_empty() {
            return;
        }
        self.begin_measuring(room);
        let members = self.members(room);
        let sent: BTreeMap<TrackId, (Score, f32)> = members
            .iter()
            .filter_map(|member| Some(self.participants.get(member)?.tracks.clone()))
            .flatten()
            .filter_map(|id| {
                let track = self.tracks.get_mut(&id)?;
                let (score, lost) = track.arrivals.judge(&track.info);
                self.counted.media_lost += lost;
                Some((id, (score, track.arrivals.missing())))
            })
            .collect();
        let mut changed = Vec::new();
        for member in &members {
            self.judge(*member, &sent);
            let Some(participant) = self.participants.get_mut(member) else { continue };
            if participant.state != participant_info::State::Active {
                continue;
            }
            let (quality, _) = participant.quality.get();
            if participant.quality.told.replace(quality) == Some(quality) {
                continue;
            }
            let hidden = participant.claims.video.hidden;
            let Some(info) = self.quality_info(*member) else { continue };
            if hidden {
                self.tell_quality(&[*member], vec![info]);
            } else {
                changed.push(info);
            }
        }
        if !changed.is_empty() {
            self.tell_quality(&members, changed);
        }
    }

    fn judge(&mut self, id: ParticipantId, sent: &BTreeMap<TrackId, (Score, f32)>) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        let own = participant.tracks.iter().filter_map(|track| sent.get(track)).map(|(score, _)| *score);
        let mut lowest = own.fold(Score::default(), lower);
        let wanted = participant.wants.iter().filter_map(|(track, mid)| Some((*track, (*mid)?)));
        let wanted: BTreeMap<Mid, TrackId> = wanted.map(|(track, mid)| (mid, track)).collect();
        participant.quality.heard.retain(|mid, _| wanted.contains_key(mid));
        for (mid, section) in &mut participant.quality.heard {
            let track = wanted.get(mid).and_then(|id| Some((self.tracks.get(id)?, sent.get(id)?.1)));
            if let Some((track, missing)) = track {
                lowest = lower(lowest, section.judge(&track.info, missing));
            }
        }
        participant.quality.now = lowest;
        participant.quality.lost = participant.media_lost.is_some();
    }

    /// How well a participant's connection does, as of the last interval.
    pub(super) fn quality_info(&self, id: ParticipantId) -> Option<ConnectionQualityInfo> {
        let participant = self.participants.get(&id)?;
        let (quality, score) = participant.quality.get();
        Some(ConnectionQualityInfo { participant_sid: participant.sid.clone(), quality: quality as i32, score })
    }

    fn tell_quality(&mut self, to: &[ParticipantId], updates: Vec<ConnectionQualityInfo>) {
        self.send_all(to, signal_response::Message::ConnectionQuality(ConnectionQualityUpdate { updates }));
    }
}

fn lower(a: Score, b: Score) -> Score {
    Score(a.0.min(b.0))
}
