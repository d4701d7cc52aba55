//! What a packet of video says about itself, for each codec: where a key frame begins, which spatial layer it is of.
//! Bytes come from strangers: everything is looked up, nothing is trusted.

use super::descriptor::Frame;
use super::temporal::Temporal;
use super::vp9;
use str0m::format::{Codec, CodecSpec};
use str0m::rtp::Vp8Descriptor;

/// What matters of a payload here.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// A key frame begins with this packet: decoding can begin here.
    pub key: bool,
    /// VP8's descriptor, whose picture numbers are rewritten.
    pub vp8: Option<Vp8Descriptor>,
    /// VP9's place in its picture, where one stream carries several spatial layers.
    pub vp9: Option<vp9::Place>,
    /// The temporal layer, where VP8 or VP9 have such.
    pub temporal: Option<Temporal>,
    /// What its dependency descriptor says, if it has one that can be read.
    pub frame: Option<Frame>,
}

/// Looks into a payload. None: it is no payload of that codec.
pub fn inspect(codec: Codec, payload: &[u8]) -> Option<Seen> {
    match codec {
        Codec::Vp8 => {
            let descriptor = Vp8Descriptor::parse(payload).ok()?;
            Some(Seen {
                key: descriptor.starts_keyframe(payload),
                vp8: Some(descriptor),
                temporal: Temporal::vp8(payload),
                ..Default::default()
            })
        }
        Codec::Vp9 => {
            let place = vp9::parse(payload)?;
            Some(Seen {
                key: place.key(),
                vp9: Some(place),
                temporal: Some(Temporal::vp9(&place)),
                ..Default::default()
            })
        }
        Codec::H264 => Some(Seen { key: h264_key(payload)?, ..Default::default() }),
        Codec::H265 => Some(Seen { key: h265_key(payload)?, ..Default::default() }),
        // The N bit: the first packet of a coded video sequence (AV1's RTP specification, 4.4).
        Codec::Av1 => Some(Seen { key: payload.first()? & 0x08 != 0, ..Default::default() }),
        _ => None,
    }
}

/// H.264 (RFC 6184): a key frame begins with its parameter sets, or with the first slice of an IDR picture.
fn h264_key(payload: &[u8]) -> Option<bool> {
    const IDR: u8 = 5;
    const SPS: u8 = 7;
    let begins = |unit: u8| matches!(unit & 0x1f, IDR | SPS);
    match payload.first()? & 0x1f {
        // STAP-A: units behind lengths of two bytes.
        24 => {
            let mut rest = &payload[1..];
            while let [high, low, unit, ..] = rest {
                if begins(*unit) {
                    return Some(true);
                }
                rest = rest.get(2 + usize::from(u16::from_be_bytes([*high, *low]))..).unwrap_or_default();
            }
            Some(false)
        }
        // FU-A: the start bit, then the type of the unit that is cut.
        28 => {
            let header = *payload.get(1)?;
            Some(header & 0x80 != 0 && begins(header))
        }
        _ => Some(begins(payload[0])),
    }
}

/// H.265 (RFC 7798): likewise, with a parameter set or an intra picture.
fn h265_key(payload: &[u8]) -> Option<bool> {
    // BLA, IDR and CRA pictures; VPS and SPS.
    let begins = |kind: u8| matches!(kind, 16..=21 | 32 | 33);
    let kind = |header: u8| header >> 1 & 0x3f;
    match kind(*payload.first()?) {
        // An aggregation packet.
        48 => {
            let mut rest = payload.get(2..)?;
            while let [high, low, unit, ..] = rest {
                if begins(kind(*unit)) {
                    return Some(true);
                }
                rest = rest.get(2 + usize::from(u16::from_be_bytes([*high, *low]))..).unwrap_or_default();
            }
            Some(false)
        }
        // A fragment.
        49 => {
            let header = *payload.get(2)?;
            Some(header & 0x80 != 0 && begins(header & 0x3f))
        }
        other => Some(begins(other)),
    }
}

/// LiveKit's name for a codec.
pub fn mime_type(codec: Codec) -> &'static str {
    match codec {
        Codec::Vp8 => "video/VP8",
        Codec::Vp9 => "video/VP9",
        Codec::H264 => "video/H264",
        Codec::H265 => "video/H265",
        Codec::Av1 => "video/AV1",
        _ => "",
    }
}

/// How well what one side sends fits what another takes; None: not at all. Payload types are numbers without a meaning,
/// so streams pass from one to the other by codec and parameters.
pub fn fits(sent: &CodecSpec, taken: &CodecSpec) -> Option<u8> {
    if sent.codec != taken.codec || !sent.codec.is_video() {
        return None;
    }
    let (a, b) = (&sent.format, &taken.format);
    match sent.codec {
        Codec::H264 => {
            let mode = |m: Option<u8>| m.unwrap_or(0);
            if mode(a.packetization_mode) > mode(b.packetization_mode) {
                return None;
            }
            // Profile, constraints, level: as RFC 6184 has it without a parameter, baseline.
            let level = |l: Option<u32>| l.unwrap_or(0x42_000a);
            let (a, b) = (level(a.profile_level_id), level(b.profile_level_id));
            // Whoever takes more than the baseline takes the baseline too.
            let baseline = a >> 16 == 0x42;
            let score = if a == b {
                4
            } else if a >> 8 == b >> 8 {
                3
            } else if a >> 16 == b >> 16 {
                2
            } else if baseline {
                1
            } else {
                return None;
            };
            Some(score)
        }
        Codec::Vp9 => (a.profile_id.unwrap_or(0) == b.profile_id.unwrap_or(0)).then_some(1),
        Codec::Av1 => (a.profile.unwrap_or(0) == b.profile.unwrap_or(0)).then_some(1),
        _ => Some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use str0m::format::FormatParams;
    use str0m::media::Frequency;

    fn key(codec: Codec, payload: &[u8]) -> Option<bool> {
        inspect(codec, payload).map(|seen| seen.key)
    }

    #[test]
    fn key_frames_are_found() {
        // VP8: X, S, picture 15 bit, TL0PICIDX, TID; then the frame's first byte, whose lowest bit is 0 for a key frame.
        assert_eq!(key(Codec::Vp8, &[0x90, 0xe0, 0x81, 0x02, 5, 0x20, 0x10]), Some(true));
        assert_eq!(key(Codec::Vp8, &[0x90, 0xe0, 0x81, 0x02, 5, 0x20, 0x11]), Some(false));
        assert_eq!(key(Codec::Vp8, &[0x80, 0xe0, 0x81, 0x02, 5, 0x20, 0x10]), Some(false), "not the frame's beginning");
        assert_eq!(key(Codec::Vp8, &[0x90, 0xe0]), None);
        assert_eq!(key(Codec::H264, &[0x65, 1]), Some(true));
        assert_eq!(key(Codec::H264, &[0x41, 1]), Some(false));
        assert_eq!(key(Codec::H264, &[0x18, 0, 1, 0x09, 0, 2, 0x67, 0]), Some(true), "an SPS in a STAP-A");
        assert_eq!(key(Codec::H264, &[0x18, 0, 1, 0x09, 0xff, 0xff, 0x41]), Some(false));
        assert_eq!(key(Codec::H264, &[0x7c, 0x85, 0]), Some(true), "the first fragment of an IDR slice");
        assert_eq!(key(Codec::H264, &[0x7c, 0x05, 0]), Some(false), "and a later one");
        assert_eq!(key(Codec::H265, &[19 << 1, 1, 0]), Some(true));
        assert_eq!(key(Codec::H265, &[1 << 1, 1, 0]), Some(false));
        assert_eq!(key(Codec::H265, &[49 << 1, 1, 0x80 | 19]), Some(true));
        assert_eq!(key(Codec::H265, &[48 << 1, 1, 0, 2, 32 << 1, 1]), Some(true));
        assert_eq!(key(Codec::Av1, &[0x18, 0]), Some(true));
        assert_eq!(key(Codec::Av1, &[0x10, 0]), Some(false));
        assert_eq!(key(Codec::Opus, &[0]), None);
    }

    #[test]
    fn hostile_payloads_never_panic() {
        // A simple generator: what fails, fails again.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let honest: [&[u8]; 6] = [
            &[0x90, 0xf0, 0x81, 0x02, 5, 0x21, 0x10, 1, 2, 3],
            &[0xaa, 0x81, 0x02, 0x08, 5, 0x18, 0, 16, 0, 9, 0],
            &[0x18, 0, 1, 0x09, 0, 2, 0x67, 0],
            &[0x7c, 0x85, 0, 1, 2],
            &[48 << 1, 1, 0, 2, 32 << 1, 1],
            &[0x18, 0x0a, 1, 2],
        ];
        for round in 0..200_000 {
            let mut bytes = honest[round % honest.len()].to_vec();
            for _ in 0..random() % 4 {
                let at = random() as usize % bytes.len();
                bytes[at] = random() as u8;
            }
            bytes.truncate(random() as usize % (bytes.len() + 1));
            for codec in [Codec::Vp8, Codec::Vp9, Codec::H264, Codec::H265, Codec::Av1] {
                inspect(codec, &bytes);
            }
        }
    }

    #[test]
    fn payload_types_map_by_codec_and_parameters() {
        let spec = |codec, format| CodecSpec { codec, clock_rate: Frequency::NINETY_KHZ, channels: None, format };
        let h264 = |mode, level| {
            let packetization_mode = Some(mode);
            spec(Codec::H264, FormatParams { packetization_mode, profile_level_id: Some(level), ..Default::default() })
        };
        let plain = |codec| spec(codec, FormatParams::default());
        assert!(fits(&plain(Codec::Vp8), &plain(Codec::Vp8)).is_some());
        assert_eq!(fits(&plain(Codec::Vp8), &plain(Codec::Vp9)), None);
        assert_eq!(fits(&plain(Codec::Opus), &plain(Codec::Opus)), None);
        let sent = h264(1, 0x42e01f);
        let best = [h264(0, 0x42e01f), h264(1, 0x64001f), h264(1, 0x42001f), h264(1, 0x42e02a)];
        assert_eq!(best.iter().map(|taken| fits(&sent, taken)).collect::<Vec<_>>(), [None, Some(1), Some(2), Some(3)]);
        assert_eq!(fits(&h264(1, 0x64001f), &sent), None, "who takes the baseline takes no high profile");
        let vp9 = |profile| spec(Codec::Vp9, FormatParams { profile_id: Some(profile), ..Default::default() });
        assert_eq!((fits(&vp9(0), &vp9(0)), fits(&vp9(2), &vp9(0))), (Some(1), None));
    }
}
