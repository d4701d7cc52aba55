//! Frame rates: the temporal layers of a stream that says them in its payload, and which of them a subscriber gets.

use super::vp9::Place;
use std::time::{Duration, Instant};

/// As many temporal layers as VP8 can name; of others, higher ones count as the last.
const LAYERS: usize = 4;
/// Frames are counted over so long.
const WINDOW: Duration = Duration::from_secs(2);

/// How the frames of a stream come, as of the last window.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rates {
    since: Option<Instant>,
    counted: [u32; LAYERS],
    /// Frames in a thousand seconds, of each layer and those below it.
    rates: Option<[u64; LAYERS]>,
}

impl Rates {
    /// A frame of this temporal layer came.
    pub fn count(&mut self, temporal: u8, now: Instant) {
        let since = *self.since.get_or_insert(now);
        let passed = now.saturating_duration_since(since);
        if passed >= WINDOW {
            let mut frames = 0;
            self.rates = Some(self.counted.map(|counted| {
                frames += u64::from(counted);
                frames * 1_000_000 / passed.as_millis() as u64
            }));
            (self.since, self.counted) = (Some(now), [0; LAYERS]);
        }
        let counted = &mut self.counted[usize::from(temporal).min(LAYERS - 1)];
        *counted = counted.saturating_add(1);
    }

    /// The lowest temporal layer that has so many frames a second, ten per cent less being enough, as LiveKit's server has
    /// it; all layers where none has, for 0, and where nothing is known yet.
    pub fn layer(&self, fps: u32) -> u8 {
        let enough = |rate: &u64| *rate >= u64::from(fps) * 900;
        let found = self.rates.filter(|_| fps > 0).and_then(|rates| rates.iter().position(enough));
        found.map_or(u8::MAX, |layer| layer as u8)
    }
}

/// What a packet says of its picture's temporal layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Temporal {
    pub id: u8,
    /// The picture's first packet.
    begins: bool,
    rise: Rise,
}

/// How far one may rise with a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rise {
    Not,
    /// To its layer: it needs pictures of the lowest layer only (VP8's Y).
    ToIt,
    /// From its layer to any: what follows needs none before it of a higher layer (VP9's U).
    FromIt,
}

impl Temporal {
    /// Reads VP8's payload descriptor (RFC 7741). None: there are no temporal layers, or pictures are numbered with 7
    /// bits, too few to close gaps in.
    pub fn vp8(payload: &[u8]) -> Option<Temporal> {
        let (first, fields, number) = (*payload.first()?, *payload.get(1)?, *payload.get(2)?);
        if first & 0x80 == 0 || fields & 0xa0 != 0xa0 || number & 0x80 == 0 {
            return None;
        }
        let at = if fields & 0x40 != 0 { 5 } else { 4 };
        let layer = *payload.get(at)?;
        let rise = if layer & 0x20 != 0 { Rise::ToIt } else { Rise::Not };
        Some(Temporal { id: layer >> 6, begins: first & 0x17 == 0x10, rise })
    }

    pub fn vp9(place: &Place) -> Temporal {
        let rise = if place.up { Rise::FromIt } else { Rise::Not };
        Temporal { id: place.temporal, begins: place.begins && place.spatial == 0, rise }
    }

    /// The highest layer that is sent from here on, where it was `present`: down at any picture, up where that is safe.
    pub fn change(&self, present: u8, wanted: u8, key: bool) -> u8 {
        if !self.begins || present == wanted {
            return present;
        }
        match self.rise {
            _ if key || wanted < present => wanted,
            Rise::ToIt if self.id == present + 1 => self.id,
            Rise::FromIt if self.id <= present => wanted,
            _ => present,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_names_a_layer() {
        let start = Instant::now();
        let mut rates = Rates::default();
        for n in 0..=60u32 {
            assert_eq!(rates.layer(10), u8::MAX, "not known yet");
            rates.count([0, 2, 1, 2][n as usize % 4], start + n * Duration::from_millis(1000) / 30);
        }
        // 7.5, 15 and 30 frames a second.
        let layers = [0, 5, 8, 9, 15, 16, 17, 30, 33].map(|fps| rates.layer(fps));
        assert_eq!(layers, [u8::MAX, 0, 0, 1, 1, 1, 2, 2, 2]);
        assert_eq!(rates.layer(40), u8::MAX);
    }

    #[test]
    fn layers_of_vp8_are_read() {
        let read = |bytes: &[u8]| Temporal::vp8(bytes).map(|t| (t.id, t.begins, t.rise));
        assert_eq!(read(&[0x90, 0xe0, 0x81, 2, 3, 0x60, 0]), Some((1, true, Rise::ToIt)));
        assert_eq!(read(&[0x90, 0xa0, 0x81, 2, 0x80, 0]), Some((2, true, Rise::Not)), "without TL0PICIDX");
        assert_eq!(read(&[0x80, 0xf0, 0x81, 2, 3, 0x1f, 0]), Some((0, false, Rise::Not)));
        assert_eq!(read(&[0x91, 0xf0, 0x81, 2, 3, 0x1f, 0]), Some((0, false, Rise::Not)), "another partition");
        for none in [&[][..], &[0x90], &[0x10, 0, 0], &[0x90, 0xe0, 1, 3, 0x40, 0], &[0x90, 0xe0, 0x81, 2, 3]] {
            assert_eq!(read(none), None, "{none:?}");
        }
    }

    #[test]
    fn rates_rise_where_it_is_safe() {
        let picture = |id, rise| Temporal { id, begins: true, rise };
        assert_eq!(picture(2, Rise::Not).change(u8::MAX, 1, false), 1, "down at any picture");
        assert_eq!(picture(1, Rise::Not).change(0, 2, false), 0);
        assert_eq!(picture(0, Rise::Not).change(0, 2, true), 2);
        assert_eq!(picture(1, Rise::ToIt).change(0, 2, false), 1);
        assert_eq!(picture(2, Rise::ToIt).change(0, 2, false), 0, "the layer between would be missing");
        assert_eq!(picture(0, Rise::FromIt).change(0, u8::MAX, false), u8::MAX);
        assert_eq!(picture(1, Rise::FromIt).change(0, 2, false), 0, "it is not sent itself");
        let middle = Temporal { begins: false, ..picture(0, Rise::FromIt) };
        assert_eq!(middle.change(0, 2, true), 0);
    }
}
