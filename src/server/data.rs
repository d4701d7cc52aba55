//! Data packets: forwarded by their bytes, so that fields this server does not know survive.

use crate::signal::livekit::data_packet::Kind;
use prost::Message;
use std::collections::VecDeque;

/// The length of a nonce, by which a packet that was sent twice is known, bytes.
pub const NONCE: usize = 16;
/// How many of them are remembered of a room; as LiveKit's server does.
const MAX_NONCES: usize = 100;

/// The nonces of a room's newest packets.
#[derive(Default)]
pub struct Nonces(VecDeque<[u8; NONCE]>);

impl Nonces {
    /// Remembers a nonce. False: it is there.
    fn insert(&mut self, nonce: [u8; NONCE]) -> bool {
        if self.0.contains(&nonce) {
            return false;
        }
        if self.0.len() == MAX_NONCES {
            self.0.pop_front();
        }
        self.0.push_back(nonce);
        true
    }
}

/// What of a data packet matters here.
#[derive(Clone, PartialEq, Message)]
pub struct Envelope {
    #[prost(message, optional, tag = "2")]
    user: Option<UserEnvelope>,
    /// Who sent it, as it says itself: that counts from agents alone.
    #[prost(string, tag = "4")]
    participant_identity: String,
    #[prost(string, repeated, tag = "5")]
    destination_identities: Vec<String>,
    /// It carries what somebody has said, as text.
    #[prost(message, optional, tag = "7")]
    transcription: Option<Unread>,
    /// It carries what a client has measured: not for everybody.
    #[prost(message, optional, tag = "8")]
    metrics: Option<Unread>,
    #[prost(message, optional, tag = "9")]
    chat_message: Option<Unread>,
    #[prost(message, optional, tag = "13")]
    stream_header: Option<HeaderEnvelope>,
    /// The sender's number of a reliable packet, from 1; 0 where it does not count.
    #[prost(uint32, tag = "16")]
    pub sequence: u32,
}

#[derive(Clone, PartialEq, Message)]
struct UserEnvelope {
    #[prost(string, repeated, tag = "3")]
    destination_sids: Vec<String>,
    #[prost(string, repeated, tag = "6")]
    destination_identities: Vec<String>,
    #[prost(bytes, tag = "11")]
    nonce: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct HeaderEnvelope {
    /// The stream carries text.
    #[prost(message, optional, tag = "9")]
    text_header: Option<Unread>,
}

/// A message that is there, whatever is in it.
#[derive(Clone, PartialEq, Message)]
struct Unread {}

/// What only the server knows for sure, as fields of `DataPacket`: the way, which some clients ask the packet about, and the sender.
#[derive(Clone, PartialEq, Message)]
struct Origin {
    #[prost(int32, optional, tag = "1")]
    kind: Option<i32>,
    #[prost(message, optional, tag = "2")]
    user: Option<UserOrigin>,
    // Their numbers put them behind `user`: the last of them is what the packet carries.
    #[prost(message, optional, tag = "9")]
    chat_message: Option<ChatOrigin>,
    #[prost(message, optional, tag = "13")]
    stream_header: Option<HeaderOrigin>,
    // Optional, so that an empty one is written too, and counts.
    #[prost(string, optional, tag = "4")]
    participant_identity: Option<String>,
    #[prost(string, tag = "17")]
    participant_sid: String,
}

/// The sender where it used to be told: LiveKit's Go test client looks only there.
#[derive(Clone, PartialEq, Message)]
struct UserOrigin {
    #[prost(string, optional, tag = "1")]
    participant_sid: Option<String>,
    #[prost(string, optional, tag = "5")]
    participant_identity: Option<String>,
}

/// That an agent has written down what somebody said.
#[derive(Clone, PartialEq, Message)]
struct ChatOrigin {
    #[prost(bool, tag = "6")]
    generated: bool,
}

#[derive(Clone, PartialEq, Message)]
struct HeaderOrigin {
    #[prost(message, optional, tag = "9")]
    text_header: Option<TextOrigin>,
}

#[derive(Clone, PartialEq, Message)]
struct TextOrigin {
    #[prost(bool, tag = "5")]
    generated: bool,
}

/// Who sends a packet.
pub struct Sender<'a> {
    pub identity: &'a str,
    pub sid: &'a str,
    /// Its name is not told.
    pub hidden: bool,
    pub is_agent: bool,
}

/// Reads the addressees of a packet; None if the bytes are no data packet.
pub fn envelope(packet: &[u8]) -> Option<Envelope> {
    Envelope::decode(packet).ok()
}

impl Envelope {
    /// Whether it carries what a client has measured.
    pub fn is_metrics(&self) -> bool {
        self.metrics.is_some()
    }

    /// Whether it carries what somebody has said, as text; that may be anybody.
    pub fn is_transcription(&self) -> bool {
        self.transcription.is_some()
    }

    /// Whether it has come before: then its nonce is among these.
    pub fn is_doubled(&self, nonces: &mut Nonces) -> bool {
        let nonce = self.user.as_ref().and_then(|user| user.nonce.as_slice().try_into().ok());
        nonce.is_some_and(|nonce| !nonces.insert(nonce))
    }

    /// Whether the packet is for this participant.
    pub fn is_for(&self, identity: &str, sid: &str) -> bool {
        let user = self.user.as_ref();
        let identities =
            || self.destination_identities.iter().chain(user.into_iter().flat_map(|u| &u.destination_identities));
        let mut sids = user.into_iter().flat_map(|u| &u.destination_sids);
        let for_all = identities().next().is_none() && user.is_none_or(|u| u.destination_sids.is_empty());
        for_all || identities().any(|i| i == identity) || sids.any(|s| s == sid)
    }

    /// The packet with its way and its sender written behind it: of a field that occurs twice the last one counts, so nobody can speak
    /// for others. An agent may, in text, which is marked as generated then.
    pub fn with_origin(&self, packet: &[u8], kind: Kind, sender: &Sender) -> Vec<u8> {
        let told = |name: &str| Some(if sender.hidden { String::new() } else { name.to_string() });
        let user = UserOrigin { participant_identity: told(sender.identity), participant_sid: told(sender.sid) };
        let said = &self.participant_identity;
        let for_another = sender.is_agent && !said.is_empty() && said != sender.identity;
        let chat = self.chat_message.as_ref().filter(|_| for_another);
        let text = self.stream_header.as_ref().filter(|header| for_another && header.text_header.is_some());
        let origin = Origin {
            kind: Some(kind as i32),
            user: self.user.is_some().then_some(user),
            chat_message: chat.map(|_| ChatOrigin { generated: true }),
            stream_header: text.map(|_| HeaderOrigin { text_header: Some(TextOrigin { generated: true }) }),
            participant_identity: if chat.is_some() || text.is_some() { None } else { told(sender.identity) },
            // As with LiveKit's server, also of who is hidden: the packet's number counts with it.
            participant_sid: sender.sid.into(),
        };
        let mut bytes = Vec::with_capacity(packet.len() + origin.encoded_len());
        bytes.extend_from_slice(packet);
        origin.encode(&mut bytes).expect("a Vec grows");
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::livekit::{DataPacket, UserPacket, data_packet::Value};

    const ANN: Sender = Sender { identity: "ann", sid: "PA_ann", hidden: false, is_agent: false };

    #[test]
    fn the_sender_cannot_be_forged_and_unknown_fields_survive() {
        let forged = DataPacket {
            participant_identity: "queen".into(),
            participant_sid: "PA_queen".into(),
            sequence: 7,
            value: Some(Value::User(UserPacket {
                participant_sid: "PA_queen".into(),
                participant_identity: "queen".into(),
                payload: vec![1, 2],
                topic: Some("game".into()),
                ..Default::default()
            })),
            ..Default::default()
        };
        let mut bytes = forged.encode_to_vec();
        bytes.extend_from_slice(&[0xfa, 0x3e, 2, 8, 9]); // field 1007, bytes
        let sent = envelope(&bytes).unwrap().with_origin(&bytes, Kind::Lossy, &ANN);
        assert_eq!(&sent[..bytes.len()], &bytes[..]);
        let read = DataPacket::decode(&sent[..]).unwrap();
        assert_eq!((read.participant_identity.as_str(), read.participant_sid.as_str()), ("ann", "PA_ann"));
        assert_eq!(read.sequence, 7);
        let Some(Value::User(user)) = &read.value else { panic!("{read:?}") };
        assert_eq!((user.participant_identity.as_str(), user.participant_sid.as_str()), ("ann", "PA_ann"));
        assert_eq!((user.payload.as_slice(), user.topic.as_deref()), ([1, 2].as_slice(), Some("game")));
        assert_eq!(read.kind, Kind::Lossy as i32, "the way it came, whatever it says");
        let reliable = envelope(&sent).unwrap().with_origin(&sent, Kind::Reliable, &ANN);
        assert_eq!(DataPacket::decode(&reliable[..]).unwrap().kind, Kind::Reliable as i32);
    }

    #[test]
    fn what_is_no_packet_of_a_user_does_not_become_one() {
        let chunk = Value::StreamChunk(Default::default());
        let bytes = DataPacket { value: Some(chunk.clone()), ..Default::default() }.encode_to_vec();
        let sent = envelope(&bytes).unwrap().with_origin(&bytes, Kind::Reliable, &ANN);
        assert_eq!(DataPacket::decode(&sent[..]).unwrap().value, Some(chunk));
    }

    #[test]
    fn addressees_are_honoured() {
        let packet = |identities: &[&str], sids: &[&str]| {
            let user =
                UserPacket { destination_sids: sids.iter().map(|s| s.to_string()).collect(), ..Default::default() };
            DataPacket {
                destination_identities: identities.iter().map(|s| s.to_string()).collect(),
                value: Some(Value::User(user)),
                ..Default::default()
            }
            .encode_to_vec()
        };
        let goes = |bytes: &[u8]| envelope(bytes).unwrap().is_for("bob", "PA_b");
        assert!(goes(&packet(&[], &[])));
        assert!(goes(&packet(&["ann", "bob"], &[])));
        assert!(goes(&packet(&[], &["PA_b"])));
        assert!(!goes(&packet(&["ann"], &[])));
        assert!(!goes(&packet(&[], &["PA_a"])));
        assert!(envelope(&[0xff; 5]).is_none());
    }
}
