//! Calls of participants' methods from outside: the server asks as another participant would, and the answer of the room service
//! is the participant's, when that comes.

use super::{Answer, Call, Code, Fault, fault, needs_admin};
use crate::server::peer::Lane;
use crate::server::{Job, Output, ParticipantId, RoomServer, data};
use crate::signal::livekit::{DataPacket, RpcError, RpcRequest, data_packet, rpc_response};
use crate::signal::service::{PerformRpcRequest, PerformRpcResponse};
use prost::Message;
use std::time::{Duration, Instant};

/// What a method is given, bytes at most; and its name. All of LiveKit's clients have these bounds.
const MAX_PAYLOAD: usize = 15 * 1024;
const MAX_METHOD: usize = 64;
/// Calls that wait for their answers.
const MAX_CALLS: usize = 256;
/// How long an answer may take where the caller says nothing.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long it may take at most.
pub const MAX_TIMEOUT: Duration = Duration::from_secs(600);
/// How long the acknowledgement may take. The callee is given so much less time than the caller has, but a second at least.
const ROUND_TRIP: Duration = Duration::from_secs(7);
const MIN_TIMEOUT: Duration = Duration::from_secs(1);
/// The version of such calls that is spoken here.
const VERSION: u32 = 1;

/// A call whose answer comes later, as [`Output::Answer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// Such a call.
pub(in crate::server) struct OpenCall {
    /// Who is called: nobody answers for others.
    callee: ParticipantId,
    /// What the callee knows the call by.
    name: String,
    json: bool,
    acknowledged: bool,
    answer_by: Instant,
}

/// What LiveKit's clients call the ways in which a call fails.
const CONNECTION_TIMEOUT: (u32, &str) = (1501, "Connection timeout");
const RESPONSE_TIMEOUT: (u32, &str) = (1502, "Response timeout");
const RECIPIENT_DISCONNECTED: (u32, &str) = (1503, "Recipient disconnected");
const RESPONSE_TOO_LARGE: (u32, &str) = (1504, "Response payload too large");
const REQUEST_TOO_LARGE: (u32, &str) = (1402, "Request payload too large");

impl RoomServer {
    pub(super) fn service_rpc(&mut self, call: &Call) -> Answer<CallId> {
        let PerformRpcRequest { room, destination_identity, method, payload, response_timeout_ms } = call.read()?;
        needs_admin(&call.grant, &room)?;
        if destination_identity.is_empty() {
            return Err(fault(Code::InvalidArgument, "destination identity is required"));
        }
        if method.is_empty() || method.len() > MAX_METHOD {
            return Err(fault(Code::InvalidArgument, format!("A method's name has 1 to {MAX_METHOD} bytes.")));
        }
        if payload.len() > MAX_PAYLOAD {
            return Err(failed(REQUEST_TOO_LARGE));
        }
        let callee = self.find(&room, &destination_identity)?;
        if self.calls.len() >= MAX_CALLS {
            return Err(fault(Code::ResourceExhausted, "Too many calls wait for their answers."));
        }
        let timeout = match response_timeout_ms {
            0 => DEFAULT_TIMEOUT,
            ms => Duration::from_millis(ms.into()).min(MAX_TIMEOUT),
        };
        let name = self.rng.sid("RPC_");
        let packet = DataPacket {
            destination_identities: vec![destination_identity],
            // The caller is no participant: the callee answers to the call itself.
            participant_identity: name.clone(),
            value: Some(data_packet::Value::RpcRequest(RpcRequest {
                id: name.clone(),
                method,
                payload,
                response_timeout_ms: timeout.saturating_sub(ROUND_TRIP).max(MIN_TIMEOUT).as_millis() as u32,
                version: VERSION,
                ..Default::default()
            })),
            ..Default::default()
        };
        let bytes = packet.encode_to_vec();
        let envelope = data::envelope(&bytes).expect("its own bytes");
        self.deliver(&room, None, Lane::Reliable, &envelope, &bytes);
        let id = CallId(self.id());
        let answer_by = self.now + timeout;
        let open = OpenCall { callee, name, json: call.json, acknowledged: false, answer_by };
        self.calls.insert(id, open);
        self.at(answer_by.min(self.now + ROUND_TRIP), Job::Call(id));
        Ok(id)
    }

    /// Whether a participant's data packet is its word to such a call, which nobody else gets then.
    pub(in crate::server) fn takes_answer(&mut self, from: ParticipantId, packet: &[u8]) -> bool {
        if self.calls.is_empty() {
            return false;
        }
        let Ok(DataPacket { value: Some(value), .. }) = DataPacket::decode(packet) else { return false };
        let name = match &value {
            data_packet::Value::RpcAck(ack) => &ack.request_id,
            data_packet::Value::RpcResponse(response) => &response.request_id,
            _ => return false,
        };
        let found = self.calls.iter().find(|(_, call)| call.callee == from && call.name == *name);
        let Some(id) = found.map(|(id, _)| *id) else { return false };
        let data_packet::Value::RpcResponse(response) = value else {
            if let Some(call) = self.calls.get_mut(&id).filter(|call| !call.acknowledged) {
                call.acknowledged = true;
                let at = call.answer_by;
                self.at(at, Job::Call(id));
            }
            return true;
        };
        let answer = match response.value {
            Some(rpc_response::Value::Payload(payload)) if payload.len() > MAX_PAYLOAD => {
                Err(failed(RESPONSE_TOO_LARGE))
            }
            Some(rpc_response::Value::Payload(payload)) => Ok(PerformRpcResponse { payload }),
            None => Ok(PerformRpcResponse::default()),
            Some(rpc_response::Value::Error(error)) => Err(refused(error)),
            Some(rpc_response::Value::CompressedPayload(_)) => {
                Err(fault(Code::Internal, "The answer is compressed, which nobody asked for."))
            }
        };
        self.answer_call(id, answer);
        true
    }

    /// A call's time may be over: for the acknowledgement, or for the answer.
    pub(in crate::server) fn call_due(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        if call.answer_by <= self.now {
            self.answer_call(id, Err(failed(RESPONSE_TIMEOUT)));
        } else if !call.acknowledged {
            self.answer_call(id, Err(failed(CONNECTION_TIMEOUT)));
        }
    }

    /// Who was called is gone.
    pub(in crate::server) fn end_calls(&mut self, callee: ParticipantId) {
        let calls: Vec<_> = self.calls.iter().filter(|(_, call)| call.callee == callee).map(|(id, _)| *id).collect();
        calls.into_iter().for_each(|id| self.answer_call(id, Err(failed(RECIPIENT_DISCONNECTED))));
    }

    fn answer_call(&mut self, id: CallId, answer: Answer<PerformRpcResponse>) {
        let Some(call) = self.calls.remove(&id) else { return };
        let response = match answer {
            Ok(answer) => super::written(&answer, call.json),
            Err(fault) => self.refused("PerformRpc", fault),
        };
        self.output.push_back(Output::Answer { call: id, response });
    }
}

fn failed((code, message): (u32, &str)) -> Fault {
    refused(RpcError { code, message: message.into(), data: String::new() })
}

/// An error of a call, as LiveKit's server passes it on.
fn refused(RpcError { code, message, data }: RpcError) -> Fault {
    let twirp = match code {
        1400 => Code::InvalidArgument,
        1401 => Code::NotFound,
        1402 => Code::Malformed,
        1403 | 1404 => Code::Unimplemented,
        1501 | 1502 => Code::Canceled,
        1503 => Code::Unavailable,
        _ => Code::Internal,
    };
    let text = format!("RpcError {code}: {message}");
    fault(twirp, if data.is_empty() { text } else { format!("{text}: {data}") })
}
