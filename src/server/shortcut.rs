//! A voice packet's short way out to a listener, past str0m, whose round over the whole connection costs more than the packet.
//!
//! It needs to know where to: str0m alone knows, by ICE, and tells with each datagram of its own. Whatever may change that (a STUN
//! message, time) makes the way unknown, so the next packet goes through str0m and shows it again. Some go through it in any case, so
//! that its sender reports (RFC 3550) tell the stream's time; the packets that they count are only those.

use super::Output;
use crate::rtc::{Protocol, Sealer};
use std::net::SocketAddr;
use str0m::Rtc;
use str0m::media::{Mid, Pt};
use str0m::rtp::{Extension, Ssrc};

/// One in so many packets of a stream goes through str0m: every 2.56 s of voice.
const THROUGH: u64 = 128;
/// RTP header (RFC 3550), extension header (RFC 8285), audio level, and a mid of the longest that the one-byte form has.
const LONGEST_HEADER: usize = 12 + 4 + 2 + 17 + 1;

/// A packet of voice, from its publisher or for one listener.
#[derive(Clone, Copy)]
pub struct Packet<'a> {
    pub pt: Pt,
    pub marker: bool,
    /// Extended.
    pub sequence: u64,
    pub time: u32,
    pub ssrc: Ssrc,
    /// Level in -dBov and voice activity (RFC 6464).
    pub level: Option<(u8, bool)>,
    pub payload: &'a [u8],
}

/// Which header extensions a section's packets have, by their ids.
#[derive(Clone, Copy, Debug, Default)]
pub struct Form {
    pub level: Option<u8>,
    mid: Option<(u8, Mid)>,
}

impl Form {
    /// As negotiated. None: with ids that need the two-byte form, or no such section.
    pub fn of(rtc: &Rtc, mid: Mid) -> Option<Form> {
        let extensions = rtc.media(mid)?.remote_extmap();
        let (level, name) = (extensions.id_of(Extension::AudioLevel), extensions.id_of(Extension::RtpMid));
        let short = level.into_iter().chain(name).all(|id| (1..=14).contains(&id)) && mid.len() <= 16;
        short.then_some(Form { level, mid: name.map(|id| (id, mid)) })
    }

    /// The header, and its length.
    fn header(&self, packet: &Packet) -> ([u8; LONGEST_HEADER], usize) {
        let mut header = [0; LONGEST_HEADER];
        header[0] = 0x80;
        header[1] = u8::from(packet.marker) << 7 | *packet.pt;
        header[2..4].copy_from_slice(&(packet.sequence as u16).to_be_bytes());
        header[4..8].copy_from_slice(&packet.time.to_be_bytes());
        header[8..12].copy_from_slice(&packet.ssrc.to_be_bytes());
        let mut end = 16;
        if let Some((id, (level, voice))) = self.level.zip(packet.level) {
            header[end..end + 2].copy_from_slice(&[id << 4, u8::from(voice) << 7 | level & 0x7f]);
            end += 2;
        }
        if let Some((id, mid)) = &self.mid {
            header[end] = id << 4 | (mid.len() - 1) as u8;
            header[end + 1..end + 1 + mid.len()].copy_from_slice(mid.as_bytes());
            end += 1 + mid.len();
        }
        if end == 16 {
            return (header, 12);
        }
        let words = (end - 16).div_ceil(4);
        header[0] |= 0x10;
        header[12..16].copy_from_slice(&[0xbe, 0xde, 0, words as u8]);
        (header, 16 + 4 * words)
    }
}

/// What a connection needs for it.
#[derive(Debug, Default)]
pub struct Shortcut {
    sealer: Option<Sealer>,
    way: Option<(Protocol, SocketAddr)>,
}

impl Shortcut {
    /// The handshake is over.
    pub fn connected(&mut self, sealer: Sealer) {
        self.sealer = Some(sealer);
    }

    /// Something may have changed where media go.
    pub fn forget(&mut self) {
        self.way = None;
    }

    /// A datagram of the connection came in.
    pub fn received(&mut self, datagram: &[u8]) {
        if is_stun(datagram) {
            self.forget();
        }
    }

    /// str0m sends a datagram. Its answers to STUN go back to wherever the question came from; all else goes where media go.
    pub fn sent(&mut self, protocol: Protocol, to: SocketAddr, datagram: &[u8]) {
        if !is_stun(datagram) {
            self.way = Some((protocol, to));
        }
    }

    /// What is to be sent. None: this one goes through str0m.
    pub fn send(&mut self, form: &Form, packet: &Packet) -> Option<Output> {
        // What begins a talk spurt says where time has gone meanwhile.
        if packet.marker || packet.sequence.is_multiple_of(THROUGH) {
            return None;
        }
        let ((protocol, to), sealer) = (self.way?, self.sealer.as_mut()?);
        let (header, length) = form.header(packet);
        let bytes = sealer.seal(&header[..length], *packet.ssrc, packet.sequence, packet.payload)?;
        Some(Output::Transmit { protocol, to, bytes })
    }
}

/// RFC 7983.
fn is_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| *first < 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet<'a>() -> Packet<'a> {
        let (pt, ssrc) = (Pt::new_with_value(111), Ssrc::from(0x0102_0304));
        Packet { pt, marker: false, sequence: 0x1_2345, time: 0x0a0b_0c0d, ssrc, level: Some((30, true)), payload: &[] }
    }

    #[test]
    fn headers_are_as_negotiated() {
        let fixed = [0x80, 111, 0x23, 0x45, 0x0a, 0x0b, 0x0c, 0x0d, 1, 2, 3, 4];
        let header = |form: Form, packet: Packet| {
            let (bytes, length) = form.header(&packet);
            bytes[..length].to_vec()
        };
        assert_eq!(header(Form::default(), packet()), fixed);
        let with = |words: u8, extensions: &[u8]| {
            let mut all = fixed.to_vec();
            all[0] |= 0x10;
            [&all[..], &[0xbe, 0xde, 0, words], extensions].concat()
        };
        let level = Form { level: Some(1), mid: None };
        assert_eq!(header(level, packet()), with(1, &[0x10, 0x80 | 30, 0, 0]));
        assert_eq!(header(level, Packet { level: None, ..packet() }), fixed);
        let quiet = Packet { level: Some((127, false)), ..packet() };
        let both = Form { mid: Some((4, Mid::from("7"))), ..level };
        assert_eq!(header(both, quiet), with(1, &[0x10, 127, 0x40, b'7']));
        let long = Form { level: Some(14), mid: Some((3, Mid::from("0123456789abcdef"))) };
        let extensions = [&[0xe0, 0x80 | 30, 0x3f][..], b"0123456789abcdef", &[0]].concat();
        assert_eq!(header(long, packet()), with(5, &extensions));
        let marked = header(Form::default(), Packet { marker: true, ..packet() });
        assert_eq!(marked[1], 0x80 | 111);
    }

    #[test]
    fn the_way_is_what_str0m_used_last_and_forgotten_when_it_may_change() {
        let (a, b) = ("192.0.2.1:1".parse().unwrap(), "192.0.2.2:2".parse().unwrap());
        let mut shortcut = Shortcut::default();
        shortcut.sent(Protocol::Udp, b, &[1, 1]);
        assert_eq!(shortcut.way, None, "an answer to STUN shows nothing");
        for datagram in [&[22][..], &[128], &[200]] {
            shortcut.sent(Protocol::Udp, a, datagram);
            assert_eq!(shortcut.way.take(), Some((Protocol::Udp, a)));
        }
        shortcut.sent(Protocol::Tcp, b, &[128]);
        shortcut.received(&[144, 111]);
        assert_eq!(shortcut.way, Some((Protocol::Tcp, b)), "media that come in change nothing");
        shortcut.received(&[0, 1]);
        assert_eq!(shortcut.way, None);
        assert!(shortcut.send(&Form::default(), &packet()).is_none());
    }
}
