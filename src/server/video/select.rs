//! What one subscriber gets of a track: which layer, from which packet on, with which numbers.

use super::layers::Layers;
use super::numbers::Numbers;
use super::payload::Seen;
use super::targets::{Choice, Wanted};
use crate::server::track::Cursor;
use std::time::Instant;
use str0m::media::Pt;
use str0m::rtp::{RtpPacket, Vp8Patch};

/// One subscriber's way through the layers of a track.
#[derive(Debug)]
pub struct Lane {
    /// The highest layer that is wanted.
    pub wanted: usize,
    /// As many frames a second are enough; 0: all there are.
    pub fps: u32,
    /// The simulcast layer that is sent; None before the first key frame.
    pub current: Option<usize>,
    /// The highest spatial layer that is sent of a stream with several (SVC).
    spatial: u8,
    /// The highest temporal layer that is sent.
    temporal: u8,
    /// The choice inside a stream that describes its dependencies.
    choice: Option<Choice>,
    pub numbers: Numbers,
    /// The publisher's payload type and the subscriber's, as they were matched last.
    pub payload: Option<(Pt, Option<Pt>)>,
}

/// What becomes of a packet.
#[derive(Debug, PartialEq)]
pub enum Fate {
    /// It is sent with these numbers.
    Send { sequence: u64, time: u32, marker: bool, vp8: Option<Vp8Patch> },
    /// It is of a layer that this subscriber does not get.
    Pass,
    /// It is from before the layer began, or too late.
    Old,
}

impl Lane {
    pub fn new(wanted: usize, fps: u32, cursor: Cursor) -> Lane {
        Lane {
            wanted,
            fps,
            current: None,
            spatial: 0,
            temporal: u8::MAX,
            choice: None,
            numbers: Numbers::new(cursor),
            payload: None,
        }
    }

    /// The layer that is to be sent now.
    pub fn aim(&self, layers: &Layers, now: Instant) -> Option<usize> {
        layers.best(self.wanted, now)
    }

    /// Whether a key frame is missing, so that this subscriber gets what it wants; and of which layer.
    pub fn needs_key(&self, layers: &Layers, now: Instant) -> Option<usize> {
        let aim = self.aim(layers, now)?;
        let higher = (self.spatial as usize) < self.wanted.min(usize::from(layers.top));
        let waits = self.choice.as_ref().is_some_and(|choice| choice.waits);
        (self.current != Some(aim) || higher || waits).then_some(aim)
    }

    /// Takes a packet of layer `layer`.
    pub fn take(&mut self, layer: usize, layers: &Layers, seen: &Seen, packet: &RtpPacket, now: Instant) -> Fate {
        let (sequence, time) = (*packet.seq_no, packet.header.timestamp);
        if self.current != Some(layer) {
            if !seen.key || self.aim(layers, now) != Some(layer) {
                return Fate::Pass;
            }
            // Decoding can begin here: the stream goes on with this layer.
            let here = self.current.and_then(|old| {
                let offset = self.numbers.time_offset()?;
                Some(layers.translate(layer, old, time)?.wrapping_add(offset))
            });
            let here = here.filter(|here| self.goes_on(*here));
            self.numbers.begin(sequence, time, seen.vp8.as_ref(), here, now);
            self.current = Some(layer);
            self.choice = None;
        }
        // The frame rate: what of its layers is enough for the one that is wanted.
        let rate = layers.rates[layer].layer(self.fps);
        if let Some(temporal) = &seen.temporal {
            self.temporal = temporal.change(self.temporal, rate, seen.key);
            if temporal.id > self.temporal {
                self.numbers.leave_out(sequence);
                seen.vp8.iter().for_each(|vp8| self.numbers.leave_out_picture(vp8));
                return Fate::Pass;
            }
        }
        let mut marker = packet.header.marker;
        if let Some(place) = seen.vp9 {
            let wanted = self.wanted as u8;
            if place.key() {
                self.spatial = wanted;
            } else if place.begins && place.spatial == 0 {
                // Down at any picture, up at a key picture only.
                self.spatial = self.spatial.min(wanted);
            }
            if place.spatial > self.spatial {
                self.numbers.leave_out(sequence);
                return Fate::Pass;
            }
            // The picture ends with the highest layer that is sent of it.
            marker |= place.ends && place.spatial == self.spatial;
        }
        if let Some(frame) = &seen.frame {
            let reader = &layers.readers[layer];
            let choice = self.choice.get_or_insert_default();
            let wanted = Wanted { spatial: self.wanted as u8, temporal: rate };
            if !choice.takes(frame, reader, wanted) {
                self.numbers.leave_out(sequence);
                return Fate::Pass;
            }
            marker |= frame.ends && choice.top(reader) == Some(frame.spatial());
        }
        let Some((sequence, time)) = self.numbers.map(sequence, time, now) else { return Fate::Old };
        Fate::Send { sequence, time, marker, vp8: seen.vp8.as_ref().and_then(|vp8| self.numbers.picture(vp8)) }
    }

    /// Whether a time lies after what was sent, and not by far: half a minute at most.
    fn goes_on(&self, time: u32) -> bool {
        let last = self.numbers.cursor.last.map(|(last, _)| last);
        last.is_none_or(|last| (1..30 * 90_000).contains(&time.wrapping_sub(last)))
    }
}
