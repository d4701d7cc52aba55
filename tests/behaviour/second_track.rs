//! One who publishes two tracks. Clients of ours publish a microphone alone, so the second track is another client's microphone, and
//! what the server tells of that client is told as the first one's.

use prost::Message as _;
use stoa::signal::livekit::{
    ParticipantInfo, SignalResponse, TrackInfo, TrackSource, participant_info, signal_response,
};

pub struct SecondTrack {
    /// Who publishes it, and whose it is said to be: number, identities.
    pub client: usize,
    publisher: String,
    owner: String,
    name: String,
    pub source: TrackSource,
    /// It is told before the owner's own track.
    pub first: bool,
    track: Option<TrackInfo>,
    /// What the server last told of the owner.
    told: Option<ParticipantInfo>,
}

impl SecondTrack {
    pub fn new(client: usize, publisher: &str, owner: &str, name: &str) -> SecondTrack {
        let [publisher, owner, name] = [publisher, owner, name].map(str::to_string);
        let source = TrackSource::Unknown;
        SecondTrack { client, publisher, owner, name, source, first: false, track: None, told: None }
    }

    /// Another server knows neither.
    pub fn forget(&mut self) {
        (self.track, self.told) = (None, None);
    }

    /// The sid of the track, once it is published.
    pub fn sid(&self) -> String {
        self.track.as_ref().expect("a track").sid.clone()
    }

    /// What the others are told.
    pub fn tell(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        let Ok(mut response) = SignalResponse::decode(bytes.as_slice()) else { return bytes };
        match &mut response.message {
            Some(signal_response::Message::Join(join)) => self.merge(&mut join.other_participants),
            Some(signal_response::Message::Update(update)) => self.merge(&mut update.participants),
            _ => return bytes,
        }
        response.encode_to_vec()
    }

    fn merge(&mut self, infos: &mut Vec<ParticipantInfo>) {
        let of_publisher: Vec<_> = infos.extract_if(.., |info| info.identity == self.publisher).collect();
        for info in &of_publisher {
            let is_gone = info.state() == participant_info::State::Disconnected;
            let track = info.tracks.first().filter(|_| !is_gone).cloned();
            self.track = track.map(|track| TrackInfo { name: self.name.clone(), ..track });
        }
        if let Some(owner) = infos.iter().find(|info| info.identity == self.owner) {
            let is_gone = owner.state() == participant_info::State::Disconnected;
            self.told = (!is_gone).then(|| owner.clone());
        } else if !of_publisher.is_empty() {
            infos.extend(self.told.clone());
        }
        for info in infos.iter_mut().filter(|info| info.identity == self.owner) {
            let track = self.track.clone().map(|track| TrackInfo { source: self.source as i32, ..track });
            let place = if self.first { 0 } else { info.tracks.len() };
            info.tracks.splice(place..place, track);
        }
    }
}
