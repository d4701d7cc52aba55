//! Data tracks: named streams of packets from one participant to those who subscribe. What a frame is, and how it is cut into packets,
//! is the clients' own matter: the server reads a packet's header, and writes each subscriber's handle into it. The rate that
//! a subscriber may ask for (`target_fps`) is passed over, as LiveKit's server does.
//!
//! - `publish.rs`: tracks begin and end. `subscribe.rs`: who gets which, by what handle. `packet.rs`: the header, and forwarding.

mod packet;
mod publish;
mod subscribe;

use super::{Participant, ParticipantId, RoomServer};
use crate::signal::livekit::DataTrackInfo;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Data tracks that one participant subscribes to at most.
const MAX_WANTS: usize = 1024;

/// A published data track.
pub struct DataTrack {
    publisher: ParticipantId,
    info: DataTrackInfo,
    /// Who gets its packets, each by a handle of its own.
    listeners: Vec<(ParticipantId, u16)>,
}

/// What a participant has to do with data tracks.
#[derive(Default)]
pub struct DataTracks {
    /// The sids of its own, by the handles that it gave them.
    published: BTreeMap<u16, Arc<str>>,
    /// Those it subscribes to, by sid.
    wants: BTreeMap<Arc<str>, Want>,
    /// The handle that was given to it last.
    last_handle: u16,
    /// It subscribes to whatever there is.
    auto_subscribe: bool,
}

/// What becomes of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    /// Nothing yet, or the participant may not subscribe.
    Waits,
    /// The publisher does not let it.
    Denied,
    /// Packets come with this handle.
    Gets(u16),
}

impl DataTracks {
    /// None yet. `auto_subscribe`: it is to get whatever there is.
    pub fn new(auto_subscribe: bool) -> DataTracks {
        DataTracks { auto_subscribe, ..Default::default() }
    }

    /// Whether it publishes any.
    pub fn publishes(&self) -> bool {
        !self.published.is_empty()
    }

    /// A handle that is not in use. The newest ones are not given again at once: packets may be under way.
    fn next_handle(&mut self) -> u16 {
        loop {
            self.last_handle = self.last_handle.wrapping_add(1).max(1);
            let taken = Want::Gets(self.last_handle);
            if !self.wants.values().any(|want| *want == taken) {
                return self.last_handle;
            }
        }
    }
}

impl RoomServer {
    /// The published data tracks of a participant, as others are told.
    pub(super) fn data_track_infos(&self, participant: &Participant) -> Vec<DataTrackInfo> {
        let own = participant.data_tracks.published.values();
        own.filter_map(|sid| self.data_tracks.get(sid)).map(|track| track.info.clone()).collect()
    }
}
