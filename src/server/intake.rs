//! A voice packet's short way in, past str0m, whose round over the whole connection costs more than all else that is done for it.
//!
//! The first packet of a stream goes through str0m, and so does each that does not follow the highest before it (late, doubled, after a
//! loss), or is not plainly of the form that voice has. What is next cannot be a replay (RFC 3711), so it is opened here and forwarded at
//! once. str0m is told of it later, of several together and with the times when they came, so that its reports (RFC 3550) tell of all.

use super::shortcut::Packet;
use super::track::TrackId;
use crate::rtc::{Opener, Protocol};
use std::net::SocketAddr;
use std::time::Instant;
use str0m::media::Pt;
use str0m::net::Receive;
use str0m::rtp::{RtpPacket, Ssrc};
use str0m::{Input, Rtc, RtcError};

/// Packets that str0m is told of together: a fifth of a second of voice, of which its reports may be that much behind.
const TOGETHER: usize = 25;
/// Streams of one connection: a voice and what is shared beside it. The oldest makes room.
const STREAMS: usize = 4;

/// What a connection needs for it.
#[derive(Debug, Default)]
pub struct Intake {
    opener: Option<Opener>,
    streams: Vec<Stream>,
    /// When those came that str0m does not know yet, and the bytes of each.
    untold: Vec<(Instant, usize)>,
    bytes: Vec<u8>,
    /// The last one's way, and its number.
    last: Option<(Way, Ssrc, u64)>,
}

/// What it took, from where, to which address of ours.
type Way = (Protocol, SocketAddr, SocketAddr);

#[derive(Debug)]
struct Stream {
    ssrc: Ssrc,
    track: TrackId,
    /// The id of the audio level among its header extensions.
    level: Option<u8>,
    /// The highest number that was taken, extended.
    highest: u64,
}

impl Intake {
    /// The handshake is over.
    pub fn connected(&mut self, opener: Opener) {
        self.opener = Some(opener);
    }

    /// What streams are may have changed: each begins anew with str0m.
    pub fn forget(&mut self) {
        self.streams.clear();
    }

    /// str0m has taken a packet of a track of voice, in whose headers the audio level has this id.
    pub fn show(&mut self, packet: &RtpPacket, track: TrackId, level: Option<u8>) {
        let (ssrc, number) = (packet.header.ssrc, *packet.seq_no);
        let known = self.streams.iter().position(|stream| stream.ssrc == ssrc);
        let highest = known.map_or(number, |at| self.streams.remove(at).highest.max(number));
        if self.streams.len() == STREAMS {
            self.streams.remove(0);
        }
        self.streams.push(Stream { ssrc, track, level, highest });
    }

    /// A datagram that goes the short way: its track, and the packet, whose payload is put into `room`. None: it is str0m's.
    pub fn take<'a>(
        &mut self,
        at: Instant,
        way: Way,
        datagram: &[u8],
        room: &'a mut [u8],
    ) -> Option<(TrackId, Packet<'a>)> {
        let opener = self.opener.as_mut()?;
        let header = Header::parse(datagram)?;
        let stream = self.streams.iter_mut().find(|stream| stream.ssrc == header.ssrc)?;
        let sequence = stream.highest + 1;
        if header.sequence != sequence as u16 {
            return None;
        }
        let (head, sealed) = datagram.split_at(header.length);
        let payload = opener.open(head, *header.ssrc, sequence, sealed, room)?;
        stream.highest = sequence;
        let Header { pt, marker, time, ssrc, .. } = header;
        let level = stream.level.and_then(|id| level(&head[12..], id));
        self.untold.push((at, datagram.len()));
        self.bytes.extend_from_slice(datagram);
        self.last = Some((way, ssrc, sequence));
        Some((stream.track, Packet { pt, marker, sequence, time, ssrc, level, payload }))
    }

    /// How many packets str0m does not know of.
    pub fn waiting(&self) -> usize {
        self.untold.len()
    }

    /// It is time to tell str0m.
    pub fn is_full(&self) -> bool {
        self.untold.len() >= TOGETHER
    }

    /// Tells str0m of the packets that passed it by.
    pub fn tell(&mut self, rtc: &mut Rtc) -> Result<(), RtcError> {
        let Some(((protocol, from, to), ..)) = self.last else { return Ok(()) };
        let mut rest = &self.bytes[..];
        for (at, length) in self.untold.drain(..) {
            let (bytes, behind) = rest.split_at(length);
            rest = behind;
            if let Ok(receive) = Receive::new(protocol, from, to, bytes) {
                rtc.handle_input(Input::Receive(at, receive))?;
            }
        }
        self.bytes.clear();
        Ok(())
    }

    /// A packet that str0m tells of was told it by this side, and is forwarded already.
    pub fn was_told(&self, packet: &RtpPacket) -> bool {
        self.last.is_some_and(|(_, ssrc, number)| (ssrc, number) == (packet.header.ssrc, *packet.seq_no))
    }
}

/// An RTP header (RFC 3550).
struct Header {
    pt: Pt,
    marker: bool,
    sequence: u16,
    time: u32,
    ssrc: Ssrc,
    /// Its bytes, those of the extensions included.
    length: usize,
}

impl Header {
    /// None: RTCP, or something else, or with what voice has no use for: padding, contributing sources, extensions of another form
    /// than that of one byte (RFC 8285).
    fn parse(datagram: &[u8]) -> Option<Header> {
        let (fixed, rest) = datagram.split_first_chunk::<12>()?;
        let length = match (fixed[0], rest) {
            (0x80, _) => 12,
            (0x90, [0xbe, 0xde, words @ ..]) => 16 + 4 * usize::from(u16::from_be_bytes(*words.first_chunk()?)),
            _ => return None,
        };
        // RFC 5761: these are RTCP's.
        let rtcp = (64..96).contains(&(fixed[1] & 0x7f));
        (!rtcp && length <= datagram.len()).then(|| Header {
            pt: Pt::new_with_value(fixed[1] & 0x7f),
            marker: fixed[1] & 0x80 != 0,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            time: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]).into(),
            length,
        })
    }
}

/// Level in -dBov and voice activity (RFC 6464), as the extension with this id among those of one byte each has it.
fn level(extensions: &[u8], id: u8) -> Option<(u8, bool)> {
    let mut rest = extensions.get(4..)?;
    while let [head, after @ ..] = rest {
        match head >> 4 {
            0 => rest = after,
            15 => return None,
            other => {
                let (value, behind) = after.split_at_checked(usize::from(head & 15) + 1)?;
                if other == id {
                    return Some((value[0] & 0x7f, value[0] & 0x80 != 0));
                }
                rest = behind;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_voice_are_read_and_others_left() {
        let fixed =
            |first: u8, second: u8| [&[first, second, 0xab, 0xcd, 0, 0, 1, 2, 3, 4, 5, 6][..], &[9; 20]].concat();
        let plain = Header::parse(&fixed(0x80, 0x80 | 111)).expect("a header");
        assert_eq!((*plain.pt, plain.marker, plain.sequence), (111, true, 0xabcd));
        assert_eq!((plain.time, *plain.ssrc, plain.length), (0x0102, 0x0304_0506, 12));
        let extended = |profile: [u8; 2], words: u8| {
            let mut bytes = fixed(0x90, 111);
            bytes[12..16].copy_from_slice(&[profile[0], profile[1], 0, words]);
            Header::parse(&bytes).map(|header| header.length)
        };
        assert_eq!(extended([0xbe, 0xde], 1), Some(20));
        assert_eq!(extended([0xbe, 0xde], 4), Some(32));
        assert_eq!(extended([0xbe, 0xde], 5), None, "longer than the packet");
        assert_eq!(extended([0x10, 0], 1), None, "the form of two bytes");
        for (first, second) in [(0xa0, 111), (0x81, 111), (0x40, 111), (0x80, 200), (0x80, 72)] {
            assert!(Header::parse(&fixed(first, second)).is_none(), "{first:x} {second}");
        }
        assert!(Header::parse(&fixed(0x80, 111)[..11]).is_none());
    }

    #[test]
    fn the_level_is_found_among_extensions() {
        let of = |bytes: &[u8]| level(&[&[0xbe, 0xde, 0, 2][..], bytes].concat(), 3);
        assert_eq!(of(&[0x30, 0x80 | 20]), Some((20, true)));
        assert_eq!(of(&[0x12, 1, 2, 3, 0, 0, 0x30, 127]), Some((127, false)));
        assert_eq!(of(&[0x12, 0x30, 0x30, 0x30]), None, "inside of another one");
        assert_eq!(of(&[0xf0, 1, 0x30, 20]), None, "behind the end");
        assert_eq!(of(&[0x12, 1]), None, "cut");
        assert_eq!(level(&[], 3), None);
    }
}
