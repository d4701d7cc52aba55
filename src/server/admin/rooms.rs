//! The room service's methods for rooms.

use super::{Answer, Code, fault, forbidden, needs_admin, needs_create};
use crate::server::peer::Lane;
use crate::server::requests::MAX_METADATA;
use crate::server::{Level, RoomServer, data, permit};
use crate::signal::livekit::{DataPacket, DisconnectReason, Room as RoomInfo, UserPacket, data_packet};
use crate::signal::service::{
    CreateRoomRequest, EmptyResponse, ListRoomsRequest, ListRoomsResponse, RoomRequest, SendDataRequest,
    UpdateRoomMetadataRequest,
};
use crate::token::jwt::VideoGrant;
use prost::Message;
use std::sync::Arc;

/// The longest packet that SendData makes, bytes: what clients take that announce nothing (RFC 8841, section 6).
const MAX_PACKET: usize = 64 * 1024;

impl RoomServer {
    pub(super) fn service_create_room(&mut self, request: CreateRoomRequest, grant: &VideoGrant) -> Answer<RoomInfo> {
        needs_create(grant)?;
        if request.name.is_empty() || request.name.len() > permit::MAX_NAME {
            return Err(fault(Code::InvalidArgument, "A room's name has 1 to 256 bytes."));
        }
        check_metadata(&request.metadata)?;
        if !request.room_preset.is_empty() {
            return Err(fault(Code::InvalidArgument, "There is no room preset of this name: this server has none."));
        }
        let name: Arc<str> = request.name.as_str().into();
        if !self.rooms.contains_key(&name) && !self.takes_room() {
            return Err(fault(Code::ResourceExhausted, "The server has as many rooms as it may."));
        }
        self.create_room(&name, request);
        self.log(Level::Info, format!("The room {name} is made."));
        Ok(self.room_info(&name))
    }

    pub(super) fn service_list_rooms(
        &mut self,
        request: ListRoomsRequest,
        grant: &VideoGrant,
    ) -> Answer<ListRoomsResponse> {
        if !grant.room_list {
            return Err(forbidden("the token is not for listing rooms (roomList)."));
        }
        let wanted = |name: &&Arc<str>| request.names.is_empty() || request.names.iter().any(|n| **n == ***name);
        Ok(ListRoomsResponse { rooms: self.rooms.keys().filter(wanted).map(|name| self.room_info(name)).collect() })
    }

    pub(super) fn service_delete_room(&mut self, request: RoomRequest, grant: &VideoGrant) -> Answer<EmptyResponse> {
        needs_create(grant)?;
        self.room_exists(&request.room)?;
        let name: Arc<str> = request.room.as_str().into();
        self.close_room(&name, DisconnectReason::RoomDeleted);
        Ok(EmptyResponse {})
    }

    pub(super) fn service_room_metadata(
        &mut self,
        request: UpdateRoomMetadataRequest,
        grant: &VideoGrant,
    ) -> Answer<RoomInfo> {
        needs_admin(grant, &request.room)?;
        check_metadata(&request.metadata)?;
        self.room_exists(&request.room)?;
        if let Some(room) = self.rooms.get_mut(&*request.room) {
            room.metadata = request.metadata;
        }
        self.room_changed(&request.room);
        Ok(self.room_info(&request.room))
    }

    pub(super) fn service_send_data(&mut self, request: SendDataRequest, grant: &VideoGrant) -> Answer<EmptyResponse> {
        needs_admin(grant, &request.room)?;
        if !request.nonce.is_empty() && request.nonce.len() != data::NONCE {
            return Err(fault(Code::InvalidArgument, "A nonce has 16 bytes, or is absent."));
        }
        self.room_exists(&request.room)?;
        let packet = DataPacket {
            kind: request.kind,
            destination_identities: request.destination_identities.clone(),
            value: Some(data_packet::Value::User(UserPacket {
                payload: request.data,
                destination_sids: request.destination_sids,
                destination_identities: request.destination_identities,
                topic: request.topic,
                nonce: request.nonce,
                ..Default::default()
            })),
            ..Default::default()
        };
        let bytes = packet.encode_to_vec();
        if bytes.len() > MAX_PACKET {
            return Err(fault(Code::InvalidArgument, "More than 64 kB, all fields together; send the data in parts."));
        }
        let envelope = data::envelope(&bytes).expect("its own bytes");
        let lossy = request.kind == data_packet::Kind::Lossy as i32;
        self.deliver(&request.room, None, if lossy { Lane::Lossy } else { Lane::Reliable }, &envelope, &bytes);
        Ok(EmptyResponse {})
    }

    fn room_exists(&self, name: &str) -> Answer<()> {
        match self.rooms.contains_key(name) {
            true => Ok(()),
            false => Err(fault(Code::NotFound, "requested room does not exist")),
        }
    }
}

fn check_metadata(metadata: &str) -> Answer<()> {
    match metadata.len() > MAX_METADATA {
        true => Err(fault(Code::InvalidArgument, "The metadata is longer than 64 kB.")),
        false => Ok(()),
    }
}
