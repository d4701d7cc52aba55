//! A published track, and how its packets become those of each subscriber.

#[cfg(test)]
mod tests;

use super::ParticipantId;
use super::shortcut::Form;
use super::video::{Lane, Picture, Video};
use crate::signal::livekit::{AddTrackRequest, TrackInfo};
use std::borrow::Cow;
use std::time::Instant;
use str0m::format::Codec;
use str0m::media::{Mid, Pt};
use str0m::rtp::Ssrc;

/// Names a track for as long as the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId(pub u64);

/// The payload types one peer connection has for Opus, and for Opus with redundancy.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Payloads {
    pub opus: Option<Pt>,
    pub red: Option<Pt>,
}

impl Payloads {
    pub fn of(rtc: &str0m::Rtc) -> Payloads {
        let opus = rtc.codec_config().params().iter().find(|p| p.spec().codec == Codec::Opus);
        Payloads { opus: opus.map(|p| p.pt()), red: opus.and_then(|p| p.red()) }
    }
}

/// A published track.
#[derive(Debug)]
pub struct Track {
    pub publisher: ParticipantId,
    /// What others are told; `mid` is empty until an offer brought the track.
    pub info: TrackInfo,
    /// The client's own id for it, which its offer repeats.
    pub cid: String,
    /// Its publisher has announced it anew: that begins once this one is over.
    pub again: Option<Box<AddTrackRequest>>,
    /// Where it arrives.
    pub mid: Option<Mid>,
    /// The publisher's payload types.
    pub payloads: Payloads,
    /// The publisher was told that somebody subscribed.
    pub announced_subscribed: bool,
    pub listeners: Vec<Listener>,
    pub level: super::speakers::Level,
    /// What of it arrives.
    pub arrivals: super::quality::Arrivals,
    /// It may not be published at present: nothing is forwarded. Holds whether the publisher has it muted.
    pub withheld: Option<bool>,
    /// An administrator muted it: nothing is forwarded until the publisher, or an administrator, unmutes it.
    pub silenced: bool,
    /// What it has beside, if it is video.
    pub video: Option<Box<Video>>,
}

impl Track {
    /// Nothing is forwarded for now. What comes then goes on where the listeners' streams stood: to them nothing is missing, and SRTP
    /// could not follow a jump of 32,768 numbers.
    pub fn rest(&mut self) {
        for listener in &mut self.listeners {
            listener.rebase.base = None;
            if let Some(lane) = &mut listener.video {
                lane.current = None;
            }
        }
    }

    /// Takes over whether its publisher has it muted. True: others see a change. What may not be published is muted for them
    /// in any case, until it may be again.
    pub fn set_muted(&mut self, muted: bool) -> bool {
        match &mut self.withheld {
            Some(own) => {
                *own = muted;
                false
            }
            None => std::mem::replace(&mut self.info.muted, muted) != muted,
        }
    }
}

/// One subscriber of a track, ready to be sent to.
#[derive(Debug)]
pub struct Listener {
    pub who: ParticipantId,
    /// The section that brings it there.
    pub mid: Mid,
    pub ssrc: Ssrc,
    pub payloads: Payloads,
    /// How its packets' headers look; None: they all go through str0m.
    pub form: Option<Form>,
    pub rebase: Rebase,
    /// Of a video track: its way through the layers, in the place of `rebase`.
    pub video: Option<Box<Lane>>,
}

/// Where a section's outgoing stream stands. It lives longer than a subscription: the next track continues it.
#[derive(Clone, Copy, Debug)]
pub struct Cursor {
    /// The next sequence number, extended.
    pub sequence: u64,
    /// The last packet's RTP time, and when it was sent.
    pub last: Option<(u32, Instant)>,
    /// VP8's numbers of the last packet, where it carried that.
    pub picture: Picture,
}

impl Default for Cursor {
    fn default() -> Self {
        // SRTP's roll-over counter starts at zero on both sides; and late packets may precede the first.
        Cursor { sequence: 1 << 12, last: None, picture: Picture::default() }
    }
}

impl Cursor {
    /// The RTP time at which a stream whose clock runs at `rate` per second goes on now; None: it has not begun.
    pub fn time(&self, rate: u32, now: Instant) -> Option<u32> {
        let (last, at) = self.last?;
        let gap = now.saturating_duration_since(at).as_micros() * u128::from(rate) / 1_000_000;
        Some(last.wrapping_add(gap.max(1) as u32))
    }

    /// A packet with these numbers was sent; one that fills a hole moves nothing.
    pub fn sent(&mut self, sequence: u64, time: u32, now: Instant) {
        if sequence >= self.sequence {
            self.sequence = sequence + 1;
            self.last = Some((time, now));
        }
    }
}

/// Maps a track's numbers to those of the stream that carries it to one subscriber.
#[derive(Debug)]
pub struct Rebase {
    pub cursor: Cursor,
    base: Option<Base>,
    /// Which of the 64 numbers before the cursor were used, the newest in the lowest bit: SRTP must not seal two packets with one.
    used: u64,
}

/// Where the publisher's stream joins the outgoing one.
#[derive(Clone, Copy, Debug)]
struct Base {
    /// The publisher's stream: with another one its numbers and time begin anew (RFC 3550, section 8).
    source: Ssrc,
    /// Its first sequence number, and that number's here.
    from: u64,
    to: u64,
    /// Added to its RTP time.
    offset: u32,
}

/// RTP time runs at 48 kHz for Opus whatever the audio's own rate (RFC 7587).
const CLOCK: u32 = 48_000;

impl Rebase {
    pub fn new(cursor: Cursor) -> Rebase {
        Rebase { cursor, base: None, used: u64::MAX }
    }

    /// A packet has been mapped.
    pub fn begun(&self) -> bool {
        self.base.is_some()
    }

    /// The outgoing sequence number and RTP time of a packet. None for one that takes, or may take, the number of a packet already
    /// sent: from before the subscription, doubled, or more than 64 late.
    pub fn map(&mut self, source: Ssrc, sequence: u64, time: u32, now: Instant) -> Option<(u64, u32)> {
        let cursor = &mut self.cursor;
        let base = match self.base {
            Some(base) if base.source == source => base,
            _ => {
                let start = cursor.time(CLOCK, now).unwrap_or(time);
                Base { source, from: sequence, to: cursor.sequence, offset: start.wrapping_sub(time) }
            }
        };
        self.base = Some(base);
        let mapped = base.to + sequence.checked_sub(base.from)?;
        match cursor.sequence.checked_sub(mapped + 1) {
            None => {
                let ahead = u32::try_from(mapped + 1 - cursor.sequence).unwrap_or(u32::MAX);
                self.used = self.used.checked_shl(ahead).unwrap_or(0) | 1;
            }
            Some(behind) => {
                let bit = 1u64.checked_shl(behind.try_into().ok()?)?;
                if self.used & bit != 0 {
                    return None;
                }
                self.used |= bit;
            }
        }
        let time = time.wrapping_add(base.offset);
        cursor.sent(mapped, time, now);
        Some((mapped, time))
    }
}

/// What goes out for a payload that came in: its type, and its bytes where they change.
pub fn convert(payload: &[u8], pt: Pt, from: Payloads, to: Payloads) -> Option<(Pt, Cow<'_, [u8]>)> {
    let opus = to.opus?;
    if Some(pt) == from.opus {
        return Some((opus, payload.into()));
    }
    if Some(pt) != from.red {
        return None;
    }
    match to.red {
        Some(red) if from.opus == to.opus => Some((red, payload.into())),
        // The blocks inside name the payload type too, and this subscriber calls Opus by another number.
        Some(red) => Some((red, renumber(payload, *opus)?.into())),
        None => Some((opus, primary(payload)?.into())),
    }
}

/// Walks the block headers of RFC 2198: calls back with the offset of each, and returns the offset and length of the primary block.
fn blocks(payload: &[u8], mut header: impl FnMut(usize)) -> Option<(usize, usize)> {
    let (mut at, mut redundant) = (0, 0);
    while payload.get(at)? & 0x80 != 0 {
        header(at);
        let length = payload.get(at + 2..at + 4)?;
        redundant += usize::from(length[0] & 3) << 8 | usize::from(length[1]);
        at += 4;
    }
    header(at);
    let start = at + 1 + redundant;
    Some((start, payload.len().checked_sub(start)?))
}

fn primary(payload: &[u8]) -> Option<&[u8]> {
    let (start, length) = blocks(payload, |_| {})?;
    Some(&payload[start..start + length])
}

fn renumber(payload: &[u8], pt: u8) -> Option<Vec<u8>> {
    let mut bytes = payload.to_vec();
    blocks(payload, |at| bytes[at] = bytes[at] & 0x80 | pt)?;
    Some(bytes)
}
