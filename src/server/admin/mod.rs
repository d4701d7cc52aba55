//! LiveKit's room service: rooms and participants seen and changed from outside, over HTTP. It is twirp
//! (<https://twitchtv.github.io/twirp/docs/spec_v7.html>): a POST for each method, its message as protobuf or as JSON.
//!
//! `rooms.rs`: what is done to rooms. `people.rs`: to participants. `rpc.rs`: calls of their methods, which are answered later.

mod people;
mod rooms;
pub(super) mod rpc;

use super::{Level, ParticipantId, RoomServer, permit};
use crate::signal::json::{self, Described, Style};
use crate::token::jwt::{self, VideoGrant};
use prost::Message;
pub use rpc::{CallId, MAX_TIMEOUT};
use std::time::Instant;

/// Where the service is: the path without the method's name.
pub const PATH: &str = "/twirp/livekit.RoomService/";
/// The largest body that is looked at, bytes: data, metadata and attributes have 64 kB each, and as JSON up to six times as much.
pub const MAX_BODY: usize = 1024 * 1024;

/// What the room service may do, and whether it is told what happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AdminOptions {
    /// Events become [`super::Output::Webhook`].
    pub webhooks: bool,
    /// Administrators may unmute, which opens somebody's microphone from afar.
    pub remote_unmute: bool,
}

/// A call of the room service.
#[derive(Clone, Copy, Debug, Default)]
pub struct AdminRequest<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The path, as in `/twirp/livekit.RoomService/ListRooms`.
    pub path: &'a str,
    /// The query, without the question mark.
    pub query: &'a str,
    /// The `Content-Type` header.
    pub content_type: &'a str,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The body; None: it is longer than [`MAX_BODY`].
    pub body: Option<&'a [u8]>,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminAnswer {
    /// It is answered.
    Now(AdminResponse),
    /// It will be, by [`super::Output::Answer`] with this id.
    Later(CallId),
}

/// Its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminResponse {
    /// The HTTP status.
    pub http_status: u16,
    /// The `Content-Type` header.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

const JSON: &str = "application/json";
const PROTOBUF: &str = "application/protobuf";

/// Why a call is not answered: a code of twirp's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    InvalidArgument,
    Malformed,
    NotFound,
    BadRoute,
    Unauthenticated,
    ResourceExhausted,
    FailedPrecondition,
    Unimplemented,
    Canceled,
    Unavailable,
    Internal,
}

impl Code {
    /// Its name and HTTP status.
    fn wire(self) -> (&'static str, u16) {
        match self {
            Code::InvalidArgument => ("invalid_argument", 400),
            Code::Malformed => ("malformed", 400),
            Code::NotFound => ("not_found", 404),
            Code::BadRoute => ("bad_route", 404),
            Code::Unauthenticated => ("unauthenticated", 401),
            Code::ResourceExhausted => ("resource_exhausted", 429),
            Code::FailedPrecondition => ("failed_precondition", 412),
            Code::Unimplemented => ("unimplemented", 501),
            Code::Canceled => ("canceled", 408),
            Code::Unavailable => ("unavailable", 503),
            Code::Internal => ("internal", 500),
        }
    }
}

/// A refusal: what the caller is told, and what the log is.
struct Fault {
    code: Code,
    text: String,
    log: String,
}

fn fault(code: Code, text: impl Into<String>) -> Fault {
    let text = text.into();
    Fault { code, log: text.clone(), text }
}

/// Which check failed is for who runs the server, not for who tries tokens: LiveKit's server has the same words for all.
fn forbidden(why: impl Into<String>) -> Fault {
    Fault { code: Code::Unauthenticated, text: "permissions denied".into(), log: why.into() }
}

/// What a method gives back.
type Answer<T> = Result<T, Fault>;

/// A call whose token is known.
struct Call<'a> {
    grant: VideoGrant,
    json: bool,
    body: &'a [u8],
}

impl RoomServer {
    /// Says what the room service may do, and whether webhooks are wanted. Neither is, by default.
    pub fn set_admin_options(&mut self, options: AdminOptions) {
        self.options = options;
    }

    /// Answers a call of the room service.
    pub fn admin(&mut self, now: Instant, request: &AdminRequest) -> AdminAnswer {
        self.advance(now);
        self.counted.service_calls += 1;
        self.called(request).unwrap_or_else(|fault| AdminAnswer::Now(self.refused(request.path, fault)))
    }

    /// The answer to a call that is refused; always JSON.
    fn refused(&mut self, what: &str, Fault { code, text, log }: Fault) -> AdminResponse {
        self.counted.service_refused += 1;
        self.log(Level::Info, format!("A call of {what} was refused: {log}"));
        let (name, http_status) = code.wire();
        let body = serde_json::json!({"code": name, "msg": text});
        AdminResponse { http_status, content_type: JSON, body: body.to_string().into_bytes() }
    }

    fn called(&mut self, request: &AdminRequest) -> Answer<AdminAnswer> {
        let Some(method) = request.path.strip_prefix(PATH) else {
            return Err(fault(Code::BadRoute, format!("There is no service at {}.", request.path)));
        };
        if request.method != "POST" {
            return Err(fault(
                Code::BadRoute,
                format!("{} is no way to call a service; it is a POST.", request.method),
            ));
        }
        let kind = request.content_type.split(';').next().unwrap_or_default().trim();
        let json = match kind.to_ascii_lowercase().as_str() {
            JSON => true,
            PROTOBUF => false,
            other => {
                let text = format!("The Content-Type is \"{other}\"; it is to be {PROTOBUF} or {JSON}.");
                return Err(fault(Code::BadRoute, text));
            }
        };
        let body = request.body.filter(|body| body.len() <= MAX_BODY);
        let body =
            body.ok_or_else(|| fault(Code::ResourceExhausted, format!("The body is longer than {MAX_BODY} bytes.")))?;
        let token = permit::token(request.authorization, request.query);
        let token = token
            .ok_or_else(|| forbidden("it has no token; send one as Authorization: Bearer, or as access_token."))?;
        let claims = jwt::verify(token.trim(), &self.config.keys, self.unix_s()).map_err(|e| forbidden(e.text))?;
        let call = Call { grant: claims.video, json, body };
        let response = match method {
            "CreateRoom" => call.answer(|request, grant| self.service_create_room(request, grant)),
            "ListRooms" => call.answer(|request, grant| self.service_list_rooms(request, grant)),
            "DeleteRoom" => call.answer(|request, grant| self.service_delete_room(request, grant)),
            "UpdateRoomMetadata" => call.answer(|request, grant| self.service_room_metadata(request, grant)),
            "SendData" => call.answer(|request, grant| self.service_send_data(request, grant)),
            "ListParticipants" => call.answer(|request, grant| self.service_list_participants(request, grant)),
            "GetParticipant" => call.answer(|request, grant| self.service_get_participant(request, grant)),
            "RemoveParticipant" => call.answer(|request, grant| self.service_remove_participant(request, grant)),
            "MutePublishedTrack" => call.answer(|request, grant| self.service_mute(request, grant)),
            "UpdateParticipant" => call.answer(|request, grant| self.service_update_participant(request, grant)),
            "UpdateSubscriptions" => call.answer(|request, grant| self.service_subscriptions(request, grant)),
            "ForwardParticipant" => call.answer(|request, grant| self.service_forward(request, grant)),
            "MoveParticipant" => call.answer(|request, grant| self.service_move(request, grant)),
            "PerformRpc" => return self.service_rpc(&call).map(AdminAnswer::Later),
            other => Err(fault(Code::BadRoute, format!("The room service has no method {other}."))),
        }?;
        Ok(AdminAnswer::Now(response))
    }

    /// The participant that a call is about.
    fn find(&self, room: &str, identity: &str) -> Answer<ParticipantId> {
        let is = |id: &ParticipantId| self.participants.get(id).is_some_and(|p| p.identity() == identity);
        let found = self.members(room).into_iter().find(is);
        found.ok_or_else(|| fault(Code::NotFound, "participant does not exist"))
    }
}

impl Call<'_> {
    /// Reads the message, lets the method answer it, and writes the answer.
    fn answer<Q, A>(&self, method: impl FnOnce(Q, &VideoGrant) -> Answer<A>) -> Answer<AdminResponse>
    where
        Q: Message + Default + Described,
        A: Message + Described,
    {
        Ok(written(&method(self.read()?, &self.grant)?, self.json))
    }

    fn read<Q: Message + Default + Described>(&self) -> Answer<Q> {
        let malformed = |why: String| fault(Code::Malformed, format!("The request could not be read: {why}."));
        let converted;
        let bytes = if self.json {
            // An empty body is a message without fields.
            let text = if self.body.is_empty() { b"{}" } else { self.body };
            let json = serde_json::from_slice(text).map_err(|_| malformed("the body is no JSON".into()))?;
            converted = json::to_bytes(Q::FIELDS, &json).map_err(malformed)?;
            &converted[..]
        } else {
            self.body
        };
        Q::decode(bytes).map_err(|_| malformed("the body is no such message".into()))
    }
}

/// An answer in the form of its question.
fn written<A: Message + Described>(answer: &A, json: bool) -> AdminResponse {
    let bytes = answer.encode_to_vec();
    if !json {
        return AdminResponse { http_status: 200, content_type: PROTOBUF, body: bytes };
    }
    let json = json::to_json(A::FIELDS, &bytes, Style::Whole).expect("its own bytes");
    AdminResponse { http_status: 200, content_type: JSON, body: json.to_string().into_bytes() }
}

/// May administer a room.
fn needs_admin(grant: &VideoGrant, room: &str) -> Answer<()> {
    match grant.room_admin && grant.room == room {
        true => Ok(()),
        false => Err(forbidden(format!("the token is not for administering the room {room} (roomAdmin, room)."))),
    }
}

/// May create and delete rooms.
fn needs_create(grant: &VideoGrant) -> Answer<()> {
    match grant.room_create {
        true => Ok(()),
        false => Err(forbidden("the token is not for making and deleting rooms (roomCreate).")),
    }
}
