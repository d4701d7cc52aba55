//! Who is speaking, from the levels that clients write on their packets (RFC 6464); nothing is decoded.

use super::participant::Participant;
use super::{Job, ParticipantId, RoomServer};
use crate::signal::livekit::{SpeakerInfo, SpeakersChanged, signal_response};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often levels are looked at.
pub const INTERVAL: Duration = Duration::from_millis(300);

/// A packet at this level or louder counts as speech, -dBov; LiveKit's default.
const THRESHOLD: u8 = 35;
/// This share of an interval's packets must be that loud, percent; LiveKit's default.
const SHARE: u32 = 40;
/// Of a change of level this share shows at once, so that meters do not flicker.
const ATTACK: f32 = 0.5;

/// The level of one track.
#[derive(Debug, Default)]
pub struct Level {
    packets: u32,
    loud: u32,
    /// Sum of -dBov over the loud packets.
    sum: u32,
    smoothed: f32,
    /// What was told last: 0 while silent.
    told: f32,
}

impl Level {
    /// One packet's level, -dBov: 0 the loudest, 127 silence.
    pub fn observe(&mut self, level: u8) {
        self.packets += 1;
        if level <= THRESHOLD {
            self.loud += 1;
            self.sum += u32::from(level);
        }
    }

    /// Ends an interval. The level to tell, 0 to 1, where it changed noticeably; 0 means: not speaking any more.
    pub fn tick(&mut self) -> Option<f32> {
        let speaking = self.packets > 0 && self.loud * 100 >= self.packets * SHARE;
        let target = if speaking { 10f32.powf(-(self.sum as f32 / self.loud as f32) / 20.0) } else { 0.0 };
        (self.packets, self.loud, self.sum) = (0, 0, 0);
        self.smoothed += (target - self.smoothed) * ATTACK;
        if self.smoothed < 0.01 {
            self.smoothed = 0.0;
        }
        let active = self.smoothed > 0.0;
        let changed = active != (self.told > 0.0) || (self.smoothed - self.told).abs() > 0.1 * self.told.max(0.05);
        changed.then(|| {
            self.told = self.smoothed;
            self.told
        })
    }

    /// The level told last, 0 to 1.
    pub fn told(&self) -> f32 {
        self.told
    }

    /// Whether ticks may be left out: silent, told so, and nothing came.
    pub fn idle(&self) -> bool {
        self.packets == 0 && self.told == 0.0
    }
}

impl RoomServer {
    pub(super) fn update_speakers(&mut self, room: &Arc<str>, at: Instant) {
        // An entry of a room that ended, and began again, is stale.
        if self.rooms.get(room).is_none_or(|found| found.speakers_at != Some(at)) {
            return;
        }
        let mut speakers = Vec::new();
        let mut idle = true;
        for member in self.members(room) {
            let Some(participant) = self.participants.get(&member) else { continue };
            let mut loudest: Option<f32> = None;
            for track in &participant.tracks {
                let Some(track) = self.tracks.get_mut(track) else { continue };
                if let Some(level) = track.level.tick() {
                    loudest = Some(loudest.map_or(level, |l| l.max(level)));
                }
                idle &= track.level.idle();
            }
            if let Some(level) = loudest.filter(|_| participant.is_visible()) {
                speakers.push(SpeakerInfo { sid: participant.sid.clone(), level, active: level > 0.0 });
            }
        }
        let Some(found) = self.rooms.get_mut(room) else { return };
        // An idle room costs nothing: its next loud packet starts the clock again.
        let next = self.now + INTERVAL;
        found.speakers_at = (!idle).then_some(next);
        if !idle {
            self.at(next, Job::Speakers(room.clone()));
        }
        if !speakers.is_empty() {
            speakers.sort_by(|a, b| b.level.total_cmp(&a.level));
            let members = self.members(room);
            self.send_all(&members, signal_response::Message::SpeakersChanged(SpeakersChanged { speakers }));
        }
    }

    /// A participant is without a track that it spoke on: how loud it is on those that are left.
    pub(super) fn stopped_speaking(&mut self, id: ParticipantId) {
        let Some(participant) = self.participants.get(&id).filter(|p| p.is_visible()) else { return };
        let level = self.told_level(participant);
        let speakers = vec![SpeakerInfo { sid: participant.sid.clone(), level, active: level > 0.0 }];
        let members = self.members(&participant.room);
        self.send_all(&members, signal_response::Message::SpeakersChanged(SpeakersChanged { speakers }));
    }

    /// How loud the others were told that somebody is.
    fn told_level(&self, participant: &Participant) -> f32 {
        let levels = participant.tracks.iter().filter_map(|t| Some(self.tracks.get(t)?.level.told()));
        levels.fold(0.0, f32::max)
    }

    /// The present speakers, the loudest first.
    pub(super) fn level_infos(&self, room: &str) -> Vec<SpeakerInfo> {
        let mut infos = Vec::new();
        for participant in self.members(room).iter().filter_map(|m| self.participants.get(m)) {
            let level = self.told_level(participant);
            if level > 0.0 && participant.is_visible() {
                infos.push(SpeakerInfo { sid: participant.sid.clone(), level, active: true });
            }
        }
        infos.sort_by(|a, b| b.level.total_cmp(&a.level));
        infos
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(level: &mut Level, of: u8) -> Option<f32> {
        (0..15).for_each(|_| level.observe(of));
        level.tick()
    }

    #[test]
    fn speech_is_told_once_and_its_end_too() {
        let mut level = Level::default();
        assert!(level.idle());
        assert_eq!(interval(&mut level, 127), None, "silence is no news");
        let first = interval(&mut level, 10).unwrap();
        assert!(first > 0.1 && first < 0.4);
        let steady = (0..10).filter_map(|_| interval(&mut level, 10)).collect::<Vec<_>>();
        assert!(!steady.is_empty() && steady.len() < 8, "it settles: {steady:?}");
        assert!((level.told() - 0.316).abs() < 0.05);
        let end = (0..10).filter_map(|_| level.tick()).collect::<Vec<_>>();
        assert_eq!(end.last(), Some(&0.0));
        assert!(level.idle());
    }
}
