//! One subscriber's choice among the decode targets of a stream that describes its dependencies.

use super::descriptor::{Before, Frame, Reader, Target};

/// So many frames are remembered, sent or not; chains reach back no further.
const REMEMBERED: usize = 256;

/// The highest layers that are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub spatial: u8,
    pub temporal: u8,
}

impl Wanted {
    fn allows(self, target: &Target) -> bool {
        target.spatial <= self.spatial && target.temporal <= self.temporal
    }
}

/// Which decode target is sent, and what was sent of the stream.
#[derive(Debug)]
pub struct Choice {
    /// Its number; None before the first frame.
    target: Option<u8>,
    newest: Option<u16>,
    /// Frames and whether they were sent, each at its number's low bits.
    frames: Box<[Option<(u16, bool)>; REMEMBERED]>,
    /// The wanted layer cannot be had before the next key frame.
    pub waits: bool,
}

impl Default for Choice {
    fn default() -> Self {
        Choice { target: None, newest: None, frames: Box::new([None; REMEMBERED]), waits: false }
    }
}

impl Choice {
    /// Whether a packet of this frame is sent. The first packet that comes of it decides.
    pub fn takes(&mut self, frame: &Frame, reader: &Reader, wanted: Wanted) -> bool {
        if let Some(sent) = self.sent(frame.number) {
            return sent;
        }
        let newer = self.newest.is_none_or(|newest| frame.number.wrapping_sub(newest) < 0x8000);
        if newer {
            self.newest = Some(frame.number);
        }
        if newer || frame.key {
            self.choose(frame, reader, wanted);
        }
        let sent = self.target.is_some_and(|target| frame.is_of(target));
        self.frames[usize::from(frame.number) % REMEMBERED] = Some((frame.number, sent));
        sent
    }

    /// Changes the target where this frame allows it: to the highest that is wanted, and never down without need.
    fn choose(&mut self, frame: &Frame, reader: &Reader, wanted: Wanted) {
        if frame.key {
            // Numbers of targets mean something else from here on.
            self.target = None;
        }
        let rank = |target: &Target| (target.spatial, target.temporal);
        let present = self.target.and_then(|number| reader.target(number));
        let allowed = || reader.targets().filter(|(_, target)| wanted.allows(target));
        let Some((aim_number, aim)) = allowed().max_by_key(|(_, target)| rank(target)) else { return };
        let unbroken = self.unbroken(frame, aim);
        // What can be had without a key frame is waited for; no other layer steps in for a moment.
        let only = present.and(unbroken.then_some(aim_number));
        let can = |number: u8, target: &Target| {
            only.is_none_or(|only| only == number) && frame.switches(number) && self.unbroken(frame, target)
        };
        let best = allowed().filter(|(number, target)| can(*number, target)).max_by_key(|(_, target)| rank(target));
        let holds = present.filter(|target| allowed().any(|(_, t)| t == *target));
        if let Some((number, _)) = best.filter(|(_, best)| holds.is_none_or(|present| rank(best) > rank(present))) {
            self.target = Some(number);
        }
        let spatial = self.target.and_then(|number| reader.target(number)).map(|target| target.spatial);
        self.waits = spatial != Some(aim.spatial) && !unbroken;
    }

    /// Whether all that a target needs before this frame was sent.
    fn unbroken(&self, frame: &Frame, target: &Target) -> bool {
        match frame.before(target) {
            Some(Before::Nothing) => true,
            Some(Before::Frame(number)) => self.sent(number) == Some(true),
            None => false,
        }
    }

    /// Whether a frame was sent; None: it has not come.
    fn sent(&self, number: u16) -> Option<bool> {
        self.frames[usize::from(number) % REMEMBERED].filter(|(of, _)| *of == number).map(|(_, sent)| sent)
    }

    /// The spatial layer with which a picture ends.
    pub fn top(&self, reader: &Reader) -> Option<u8> {
        Some(reader.target(self.target?)?.spatial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::video::descriptor::tests::{activating, frame, key};

    const ALL: Wanted = Wanted { spatial: 2, temporal: u8::MAX };
    const LOW: Wanted = Wanted { spatial: 0, temporal: u8::MAX };

    /// A sender of L2T2_KEY, four frames for two pictures, and one who watches.
    #[derive(Default)]
    struct Stream {
        reader: Reader,
        choice: Choice,
        number: u16,
    }

    impl Stream {
        /// The next four frames, of which `lost` do not come; which of them are sent on.
        fn four(&mut self, is_key: bool, wanted: Wanted, lost: &[usize]) -> Vec<usize> {
            let templates = if is_key { [0, 3, 2, 5] } else { [1, 4, 2, 5] };
            let mut sent = Vec::new();
            for (at, template) in templates.into_iter().enumerate() {
                self.number += 1;
                let bytes = if is_key && at == 0 { key(self.number) } else { frame(template, self.number) };
                if !lost.contains(&at) && self.give(&bytes, wanted) {
                    sent.push(at);
                }
            }
            sent
        }

        fn give(&mut self, bytes: &[u8], wanted: Wanted) -> bool {
            let frame = self.reader.read(bytes, self.number.into()).expect("a descriptor");
            let sent = self.choice.takes(&frame, &self.reader, wanted);
            assert_eq!(self.choice.takes(&frame, &self.reader, ALL), sent, "all packets of a frame share its fate");
            sent
        }
    }

    #[test]
    fn spatial_layers_change_at_key_frames() {
        let mut stream = Stream::default();
        assert_eq!(stream.four(true, ALL, &[]), [0, 1, 3], "the key frame, and the high layer");
        assert_eq!(stream.choice.top(&stream.reader), Some(1));
        assert_eq!(stream.four(false, ALL, &[]), [1, 3]);
        assert!(!stream.choice.waits);
        assert_eq!(stream.four(false, LOW, &[]), [1, 3], "the low layer cannot be decoded yet");
        assert!(stream.choice.waits);
        assert_eq!(stream.four(true, LOW, &[]), [0, 2]);
        assert_eq!(stream.choice.top(&stream.reader), Some(0));
        assert!(!stream.choice.waits);
        assert_eq!(stream.four(false, LOW, &[]), [0, 2]);
        assert_eq!(stream.four(false, ALL, &[]), [0, 2], "nor the high one");
        assert!(stream.choice.waits);
        assert_eq!(stream.four(true, ALL, &[]), [0, 1, 3]);
    }

    #[test]
    fn a_layer_may_be_joined_while_its_chain_is_whole() {
        let mut stream = Stream::default();
        // The first picture's low layer alone; then the high one is wanted, whose first frame needs no more than that.
        let first = key(1);
        stream.number = 1;
        assert!(stream.give(&first, LOW));
        stream.number = 2;
        assert!(stream.give(&frame(3, 2), ALL));
        assert_eq!(stream.choice.top(&stream.reader), Some(1));
    }

    #[test]
    fn temporal_layers_change_without_a_key_frame() {
        let slow = Wanted { spatial: 1, temporal: 0 };
        let mut stream = Stream::default();
        assert_eq!(stream.four(true, ALL, &[]), [0, 1, 3]);
        assert_eq!(stream.four(false, slow, &[]), [1]);
        assert_eq!(stream.four(false, slow, &[]), [1]);
        assert!(!stream.choice.waits, "no key frame is asked for");
        assert_eq!(stream.four(false, ALL, &[]), [1, 3]);
        assert_eq!(stream.four(false, slow, &[]), [1]);
        // The frame before in the chain is missing: not upwards now.
        assert_eq!(stream.four(false, slow, &[1]), [0; 0]);
        assert_eq!(stream.four(false, ALL, &[]), [1]);
        assert_eq!(stream.four(false, ALL, &[]), [1, 3]);
    }

    #[test]
    fn what_is_not_produced_is_not_aimed_at() {
        let mut stream = Stream::default();
        assert_eq!(stream.four(true, ALL, &[]), [0, 1, 3]);
        assert_eq!(stream.four(false, ALL, &[]), [1, 3]);
        stream.number += 1;
        let number = stream.number;
        assert!(!stream.give(&activating(1, number, 0b0011), ALL));
        assert!(stream.choice.waits, "the high layer ended, and the low one needs a key frame");
    }
}
