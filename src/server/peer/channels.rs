//! The data channels of one connection, and what waits for room in them.

use super::Peer;
use str0m::channel::{ChannelConfig, ChannelId, Reliability};
use str0m::error::{ProtoError, RtcError, SctpError};

/// What waits for a data channel that is full or not open yet, bytes; more is dropped and counted. This much each has in any case.
pub const MAX_QUEUED: usize = 4 * 1024 * 1024;
/// And this much while the room's listeners together hold little: the longest message, in any format, for who reads more slowly than it
/// is sent.
pub const MAX_QUEUED_ALONE: usize = 40 * 1024 * 1024;
/// A channel that holds less than this is offered what waits, bytes.
const LOW: usize = 128 * 1024;

/// The data channels, by LiveKit's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    Reliable = 0,
    Lossy = 1,
    /// Packets of data tracks.
    DataTrack = 2,
}

impl Lane {
    pub(super) const ALL: [Lane; 3] = [Lane::Reliable, Lane::Lossy, Lane::DataTrack];
}

/// The channels' labels, and the ids they have where they are agreed on beforehand (protocol 18).
pub(super) const LANES: [(&str, u16); 3] = [("_reliable", 100), ("_lossy", 101), ("_data_track", 102)];

impl Peer {
    /// Declares the data channels that both sides know beforehand.
    pub fn agree_on_channels(&mut self) {
        for lane in Lane::ALL {
            let (label, id) = LANES[lane as usize];
            let config = channel_config(label, lane, Some(id));
            self.agreed[lane as usize] = Some(self.rtc.direct_api().create_data_channel(config));
        }
    }

    /// The client had time to open channels of its own: where it did not, the agreed ones are meant.
    pub fn settle_channels(&mut self) {
        for (channel, agreed) in self.channels.iter_mut().zip(self.agreed) {
            *channel = channel.or(agreed);
        }
        self.drain();
    }

    /// A channel that the client opened, or that was agreed on, is open.
    pub fn channel_open(&mut self, id: ChannelId, label: &str) {
        let lane = LANES.iter().position(|(name, _)| *name == label);
        if let Some(lane) = lane.filter(|_| !self.agreed.contains(&Some(id))) {
            self.channels[lane] = Some(id);
        }
        if let Some(mut channel) = self.rtc.channel(id) {
            channel.set_buffered_amount_low_threshold(LOW);
        }
        self.drain();
    }

    /// Which lane a channel is that the client sent on.
    pub fn lane(&mut self, id: ChannelId) -> Option<Lane> {
        if self.agreed.contains(&Some(id)) {
            self.settle_channels();
        }
        let is = |lane: &Lane| [self.channels[*lane as usize], self.agreed[*lane as usize]].contains(&Some(id));
        Lane::ALL.into_iter().find(is)
    }

    /// Sends a data packet, or keeps it until there is room, as far as no more than `most` bytes wait. The error says of the client why it
    /// was dropped.
    pub fn send_data(&mut self, lane: Lane, packet: Vec<u8>, most: usize) -> Result<(), &'static str> {
        if !self.waiting.iter().any(|(l, _)| *l == lane) {
            match self.write(lane, &packet) {
                Written::Yes => return Ok(()),
                Written::NotYet => {}
                Written::Never => return Err("takes none so long"),
            }
        }
        // What may be lost is not kept: by the time there is room it is stale.
        if lane != Lane::Reliable || self.waiting_bytes + packet.len() > most {
            self.dropped += 1;
            return Err("reads too slowly");
        }
        self.waiting_bytes += packet.len();
        self.waiting.push_back((lane, packet));
        Ok(())
    }

    /// Bytes that wait for room.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Sends what waited.
    pub fn drain(&mut self) {
        while let Some((lane, packet)) = self.waiting.pop_front() {
            if self.write(lane, &packet) == Written::NotYet {
                self.waiting.push_front((lane, packet));
                return;
            }
            self.waiting_bytes -= packet.len();
        }
    }

    fn write(&mut self, lane: Lane, packet: &[u8]) -> Written {
        let channel = self.channels[lane as usize].and_then(|id| self.rtc.channel(id));
        match channel.map(|mut channel| channel.write(true, packet)) {
            Some(Ok(true)) => Written::Yes,
            Some(Err(RtcError::Sctp(SctpError::Proto(ProtoError::ErrOutboundPacketTooLarge)))) => {
                self.dropped += 1;
                Written::Never
            }
            _ => Written::NotYet,
        }
    }
}

/// What became of a data packet that was given to its channel.
#[derive(PartialEq, Eq)]
enum Written {
    Yes,
    /// The channel is not open, or full.
    NotYet,
    /// It is longer than the client takes (`a=max-message-size`), and was dropped.
    Never,
}

pub(super) fn channel_config(label: &str, lane: Lane, negotiated: Option<u16>) -> ChannelConfig {
    let (ordered, reliability) = match lane {
        Lane::Reliable => (true, Reliability::Reliable),
        Lane::Lossy | Lane::DataTrack => (false, Reliability::MaxRetransmits { retransmits: 0 }),
    };
    ChannelConfig { label: label.into(), ordered, reliability, negotiated, protocol: String::new() }
}
