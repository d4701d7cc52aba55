//! The room service, with clients in the rooms.

use super::*;
use crate::server::admin::{MAX_BODY, PATH};
use crate::signal::json::{self, Described};
use crate::signal::livekit::{ParticipantPermission, PublishDataTrackRequest, Room as RoomInfo};
use crate::signal::service::{CreateRoomRequest, ListRoomsRequest, ListRoomsResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

mod calls;
mod media;
mod moving;
mod people;
mod rooms;
mod webhooks;

const METHODS: [&str; 14] = [
    "CreateRoom",
    "ListRooms",
    "DeleteRoom",
    "ListParticipants",
    "GetParticipant",
    "RemoveParticipant",
    "MutePublishedTrack",
    "UpdateParticipant",
    "UpdateSubscriptions",
    "SendData",
    "UpdateRoomMetadata",
    "ForwardParticipant",
    "MoveParticipant",
    "PerformRpc",
];

/// Everything that the service asks for, in the room `hall`.
fn now(answer: AdminAnswer) -> AdminResponse {
    let AdminAnswer::Now(response) = answer else { panic!("it is answered later") };
    response
}

fn all() -> VideoGrant {
    VideoGrant {
        room: "hall".into(),
        room_create: true,
        room_list: true,
        room_admin: true,
        destination_room: "cellar".into(),
        ..Default::default()
    }
}

impl World {
    /// The microphone's section rests, and there is another one, as clients do whose track was taken away.
    fn publish_again(&mut self, client: usize) {
        let c = &mut self.clients[client];
        let (microphone, _) = c.microphone.clone().unwrap();
        let mut api = c.rtc.sdp_api();
        api.set_direction(microphone, Direction::Inactive);
        let (offer, pending) = api.apply().unwrap();
        (c.pending, c.offers) = (Some(pending), c.offers + 1);
        let offer = description("offer", offer.to_sdp_string(), c.offers as u32);
        self.ask(client, signal_request::Message::Offer(offer));
        self.run(100);
        self.publish(client);
    }

    fn post(&mut self, method: &str, authorization: Option<&str>, kind: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let answer = self.server.admin(
            self.now,
            &AdminRequest {
                method: "POST",
                path: &format!("{PATH}{method}"),
                query: "",
                content_type: kind,
                authorization,
                body: Some(body),
            },
        );
        let response = now(answer);
        (response.http_status, response.body)
    }

    fn call_with(&mut self, method: &str, video: VideoGrant, request: Value) -> (u16, Value) {
        let bearer = format!("Bearer {}", token("", video));
        let (status, body) = self.post(method, Some(&bearer), "application/json", request.to_string().as_bytes());
        self.settle();
        (status, serde_json::from_slice(&body).expect("JSON"))
    }

    fn call(&mut self, method: &str, request: Value) -> Value {
        let (status, answer) = self.call_with(method, all(), request);
        assert_eq!(status, 200, "{method}: {answer}");
        answer
    }

    /// What a call is refused with: status, code, sentence.
    fn refused(&mut self, method: &str, request: Value) -> (u16, String) {
        let (status, answer) = self.call_with(method, all(), request);
        assert!(!answer["msg"].as_str().unwrap().is_empty(), "{answer}");
        (status, answer["code"].as_str().unwrap().to_string())
    }

    /// The newest that a client was told of its room.
    fn room_of(&self, client: usize) -> RoomInfo {
        let updates = self.clients[client].messages.iter().rev();
        updates.filter_map(|m| if let Message::RoomUpdate(u) = m { u.room.clone() } else { None }).next().unwrap()
    }

    fn has_room(&mut self, name: &str) -> bool {
        !self.call("ListRooms", json!({"names": [name]}))["rooms"].as_array().unwrap().is_empty()
    }
}

fn refuses(code: u16, name: &str) -> (u16, String) {
    (code, name.to_string())
}
