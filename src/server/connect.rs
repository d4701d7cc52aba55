//! Joining, resuming, looking after participants, leaving.

use super::data_tracks::DataTracks;
use super::participant::Participant;
use super::peer::Peer;
use super::permit::refuse;
use super::track::TrackId;
use super::{ConnId, HttpRequest, Job, Level, Output, ParticipantId, Refusal, RoomServer, Side, quality};
use crate::rtc;
use crate::signal::join;
use crate::signal::livekit::{
    DisconnectReason, JoinRequest, JoinResponse, LeaveRequest, ParticipantInfo, ParticipantUpdate, ReconnectResponse,
    RoomUpdate, ServerInfo, leave_request, participant_info, signal_response,
};
use crate::token::jwt::{self, Claims};
use crate::token::pass::Pass;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often clients are to send a ping, seconds; and after how long without one they are taken for gone.
const PING_INTERVAL: i32 = 5;
const PING_TIMEOUT: i32 = 15;
/// How often a participant is looked after.
const CARE: Duration = Duration::from_secs(5);
/// How long a participant without a WebSocket may take to resume.
const RESUME: Duration = Duration::from_secs(15);
/// The same for one whose media is lost as well: a network that comes back closes the old WebSocket just before the new one.
const BOTH_LOST: Duration = Duration::from_secs(3);
/// How long media may take to flow, at the start or after a loss, while the WebSocket lives.
const MEDIA: Duration = Duration::from_secs(30);
/// How long a client that is to join anew may take to read so: livekit-client in Firefox sees the end of a WebSocket before what came
/// just before it, and then tries to resume for ever. Most close it themselves.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long a client that resumes may take to offer by itself.
const OFFERS: Duration = Duration::from_secs(1);
/// A fresh token is sent this often, and is valid twice as long; LiveKit's server does the same.
const TOKEN: Duration = Duration::from_secs(300);
/// The version of LiveKit's server that this one does as much as, to clients which look at it: they make no calls (RPC) below 1.8.0.
const LIVEKIT: &str = "1.8.0";
/// The protocol version this server speaks.
const PROTOCOL: i32 = 17;
/// Single-connection clients of this version and later know the data channels' ids beforehand.
const AGREED_CHANNELS: i32 = 18;

/// The first protocol version whose clients read what a Leave asks them to do.
const ACTIONS: i32 = 13;

/// How somebody was in a room that is left.
pub(super) struct Past {
    pub was: participant_info::State,
    pub hidden: bool,
}

/// How long somebody's WebSocket may be gone.
fn patience(participant: &Participant) -> Duration {
    match participant.media_lost {
        None => RESUME,
        Some(_) if participant.state == participant_info::State::Active => BOTH_LOST,
        // Who has never come in has nothing to come back to.
        Some(_) => Duration::ZERO,
    }
}

impl RoomServer {
    /// Checks a request without joining: what `/rtc/validate` and `/rtc/v1/validate` answer.
    pub fn validate(&mut self, now: Instant, request: &HttpRequest) -> Result<(), Refusal> {
        self.advance(now);
        let path = request.path.strip_suffix("/validate").unwrap_or(&request.path);
        self.read(path, request)?;
        if path == join::PATH_DUAL {
            join::attributes(&request.query).map_err(|error| refuse(400, &error.text))?;
        }
        Ok(())
    }

    /// A WebSocket wants to join. On success what it is to be sent comes out as [`Output::Send`] for `conn`.
    pub fn connect(&mut self, now: Instant, conn: ConnId, request: &HttpRequest) -> Result<(), Refusal> {
        self.advance(now);
        let let_in = self.let_in(conn, request);
        self.counted.joins_refused += u64::from(let_in.is_err());
        let_in
    }

    fn let_in(&mut self, conn: ConnId, request: &HttpRequest) -> Result<(), Refusal> {
        let (mut pass, join) = self.read(&request.path, request)?;
        if join.reconnect {
            self.resume(conn, &pass, &join);
            return Ok(());
        }
        if pass.claims.sub.is_empty() {
            pass.claims.sub = self.rng.uid().to_string();
        }
        let claims = &pass.claims;
        let room: Arc<str> = claims.video.room.as_str().into();
        if let Some(older) = self.admits(&room, claims).map_err(|text| refuse(503, text))? {
            // A token for any user must not take the place of one who has it by a token of their own.
            let access = self.participants.get(&older).and_then(|p| p.access.as_ref());
            let open = pass.access.as_ref().filter(|access| access.is_for_anyone());
            if open.is_some_and(|open| access.is_none_or(|older| older.signature != open.signature)) {
                return Err(refuse(
                    409,
                    "Another participant has this identity, and the token is for no one in particular.",
                ));
            }
            self.log(Level::Info, format!("{} joins again; the older one leaves.", self.name(older)));
            self.remove(older, DisconnectReason::DuplicateIdentity);
        }
        self.join(conn, room, pass, join, request);
        Ok(())
    }

    /// A WebSocket's message.
    pub fn message(&mut self, now: Instant, conn: ConnId, bytes: &[u8]) {
        self.advance(now);
        self.counted.signals_received += 1;
        let Some(id) = self.conns.get(&conn).copied() else { return };
        let Some(participant) = self.participants.get_mut(&id) else { return };
        participant.last_heard = self.now;
        if bytes.len() > self.config.limits.message {
            return self.fail(id, format!("the client sent a message of {} bytes.", bytes.len()));
        }
        self.contained(id, |server| server.request(id, bytes));
    }

    /// Ends all participants' stays. Their clients try to come back, as long as they are patient.
    pub fn shutdown(&mut self, now: Instant) {
        self.advance(now);
        self.closing = true;
        while let Some(name) = self.rooms.keys().next().cloned() {
            self.close_room(&name, DisconnectReason::ServerShutdown);
        }
    }

    /// A WebSocket is gone. Its participant may resume for a while.
    pub fn disconnected(&mut self, now: Instant, conn: ConnId) {
        self.advance(now);
        let Some(id) = self.conns.remove(&conn) else { return };
        let now = self.now;
        if let Some(participant) = self.participants.get_mut(&id).filter(|p| p.conn == Ok(conn)) {
            participant.conn = Err(now);
            match patience(participant) {
                Duration::ZERO => self.remove(id, DisconnectReason::SignalClose),
                patience => self.care_at(id, now + patience),
            }
        }
    }

    fn join(&mut self, conn: ConnId, room: Arc<str>, pass: Pass, join: JoinRequest, request: &HttpRequest) {
        let single = request.path == join::PATH_SINGLE;
        let id = ParticipantId(self.id());
        self.counted.joins += 1;
        let (now, now_ms) = (self.now, self.unix_ms());
        self.open_room(&room, &pass.claims);
        let client = join.client_info.unwrap_or_default();
        let settings = join.connection_settings.unwrap_or_default();
        let mut main = self.make_peer(request.reached);
        if single && client.protocol >= AGREED_CHANNELS {
            main.agree_on_channels();
        }
        let down = (!single).then(|| self.make_peer(request.reached));
        let participant = Participant {
            id,
            room: room.clone(),
            sid: self.rng.sid("PA_"),
            granted: pass.claims.video.clone(),
            claims: pass.claims,
            access: pass.access,
            client,
            state: participant_info::State::Joined,
            version: 0,
            joined_ms: now_ms,
            conn: Ok(conn),
            last_heard: now,
            token_at: now,
            lines: 0,
            data_refused: 0,
            data_sequence: 0,
            care_at: now,
            media_lost: Some(now),
            auto_subscribe: settings.auto_subscribe,
            main,
            down,
            tracks: Vec::new(),
            data_tracks: DataTracks::new(settings.auto_subscribe_data_track == Some(true)),
            wants: BTreeMap::new(),
            denied: BTreeSet::new(),
            paused: BTreeSet::new(),
            quality: Default::default(),
            settings: BTreeMap::new(),
            permission: None,
            offer_due: None,
            offer_id: 0,
            offer_again: false,
            simulated: Default::default(),
        };
        self.conns.insert(conn, id);
        for side in [Side::Main, Side::Down] {
            if let Some(peer) = if side == Side::Main { Some(&participant.main) } else { participant.down.as_ref() } {
                self.by_ufrag.insert(peer.ufrag.clone(), (id, side));
            }
        }
        let others = self.members(&room);
        self.participants.insert(id, participant);
        self.entered(&room, id);
        self.care_at(id, now + CARE);
        let connections = if single { "one peer connection" } else { "two peer connections" };
        let protocol = self.participants[&id].client.protocol;
        self.log(Level::Info, format!("{} joins with {connections}, protocol {protocol}.", self.name(id)));
        self.send_join(id, &others, single);
        // The token of the join may end long before the stay: a client that has to join again would have nothing.
        if self.participants[&id].access.is_none() {
            self.send_token(id);
        }
        self.announce(id, false);
        self.room_changed(&room);
        self.subscribe_to_all(id, &others);
        self.want_all_data_tracks(id);
        self.contained(id, |server| {
            for request in join.add_track_requests {
                server.add_track(id, request);
            }
            match join.publisher_offer {
                Some(offer) => server.offered(id, offer),
                None if single => server.negotiate(id),
                None => {}
            }
            if !single {
                server.offer(id, false);
            }
        });
        self.touch(id, Side::Main);
        self.touch(id, Side::Down);
    }

    /// A connection that is announced at the server's addresses, and at the one by which the client has `reached` it: on a machine with
    /// several networks the others may lead nowhere from there.
    fn make_peer(&self, reached: Option<IpAddr>) -> Box<Peer> {
        let config = rtc::with_video(rtc::config(&self.crypto, self.certificate.as_ref()))
            .set_ice_lite(true)
            .set_stats_interval(Some(quality::INTERVAL));
        let announced = |addresses: &[SocketAddr]| {
            let other = reached.filter(|ip| addresses.iter().all(|address| address.ip() != *ip));
            let other = other.zip(addresses.first()).map(|(ip, first)| SocketAddr::new(ip, first.port()));
            addresses.iter().copied().chain(other).collect::<Vec<_>>()
        };
        Box::new(Peer::new(config, &announced(&self.config.media), &announced(&self.config.streams), self.now))
    }

    fn send_join(&mut self, id: ParticipantId, others: &[ParticipantId], single: bool) {
        let Some(participant) = self.participants.get(&id) else { return };
        let visible = |o: &&ParticipantId| self.participants.get(o).is_some_and(|p| p.is_visible());
        let other_participants =
            others.iter().filter(visible).filter_map(|other| self.participant_info(*other)).collect();
        let response = JoinResponse {
            room: Some(self.room_info(&participant.room)),
            participant: self.participant_info(id),
            other_participants,
            server_version: LIVEKIT.into(),
            subscriber_primary: !single,
            ping_interval: PING_INTERVAL,
            ping_timeout: PING_TIMEOUT,
            server_info: Some(server_info()),
            fast_publish: single,
            ..Default::default()
        };
        self.send(id, signal_response::Message::Join(response));
    }

    pub(super) fn subscribe_to_all(&mut self, id: ParticipantId, others: &[ParticipantId]) {
        let visible = others.iter().filter_map(|o| self.participants.get(o)).filter(|p| p.is_visible());
        let tracks: Vec<_> = visible.flat_map(|p| p.tracks.clone()).collect();
        if self.participants.get(&id).is_some_and(|p| p.auto_subscribe) {
            tracks.into_iter().for_each(|track| self.subscribe(id, track));
        }
    }

    fn resume(&mut self, conn: ConnId, pass: &Pass, join: &JoinRequest) {
        let claims = &pass.claims;
        let members = self.members(&claims.video.room);
        // Everybody in a room knows the sids: whom a token for any user does not name, the same token must.
        let same_token = |p: &Participant| {
            let open = pass.access.as_ref().filter(|access| access.is_for_anyone());
            open.is_none_or(|open| p.access.as_ref().is_some_and(|own| own.signature == open.signature))
        };
        let same_user = |p: &Participant| p.identity() == claims.sub || claims.sub.is_empty();
        let same = |p: &Participant| p.sid == join.participant_sid && same_user(p) && same_token(p);
        let known = members.into_iter().find(|id| self.participants.get(id).is_some_and(same));
        let Some(participant) = known.and_then(|id| self.participants.get_mut(&id)) else {
            // Gone for too long, or the server was restarted: the client is to join anew.
            let leave = leave(DisconnectReason::StateMismatch, leave_request::Action::Reconnect);
            self.output.push_back(Output::Send { conn, bytes: super::encode(leave) });
            self.at(self.now + FAREWELL, Job::HangUp(conn));
            return;
        };
        let (id, room, dual) = (participant.id, participant.room.clone(), participant.down.is_some());
        let last_message_seq = participant.data_sequence;
        let old = std::mem::replace(&mut participant.conn, Ok(conn));
        participant.last_heard = self.now;
        // What was asked for over the lost WebSocket may not have arrived. Most offer by themselves now, to restart ICE; and LiveKit's
        // Rust client takes the answer to one offer for that to another: it is not asked for a second one.
        participant.offer_due = Some(self.now + OFFERS);
        if let Ok(old) = old {
            self.conns.remove(&old);
            self.output.push_back(Output::Close { conn: old });
        }
        self.conns.insert(conn, id);
        if self.cuts_resume(id, conn, true) {
            return;
        }
        self.counted.resumes += 1;
        self.log(Level::Info, format!("{} resumes.", self.name(id)));
        let response = ReconnectResponse { server_info: Some(server_info()), last_message_seq, ..Default::default() };
        self.send(id, signal_response::Message::Reconnect(response));
        // Clients take whoever is missing here for gone.
        let visible = |m: &ParticipantId| *m == id || self.participants.get(m).is_some_and(|p| p.is_visible());
        let members: Vec<_> = self.members(&room).into_iter().filter(visible).collect();
        let participants = members.into_iter().filter_map(|m| self.participant_info(m)).collect();
        self.send(id, signal_response::Message::Update(ParticipantUpdate { participants }));
        let room = Some(self.room_info(&room));
        self.send(id, signal_response::Message::RoomUpdate(RoomUpdate { room }));
        self.remind_of_data_tracks(id);
        self.contained(id, |server| {
            if let Some(offer) = join.publisher_offer.clone() {
                server.offered(id, offer);
            }
            if dual {
                server.offer(id, true);
            }
            server.care_at(id, server.now + OFFERS);
        });
        self.cuts_resume(id, conn, false);
    }

    /// Looks after a participant: is it still there, does media flow, does it need a token?
    pub(super) fn care(&mut self, id: ParticipantId) {
        let now = self.now;
        // An entry from before a change of plan is stale.
        let Some(participant) = self.participants.get(&id).filter(|p| p.care_at <= now) else { return };
        let since = |then: Instant| now.saturating_duration_since(then);
        let patience = patience(participant);
        match participant.conn {
            Err(gone) if since(gone) >= patience => return self.remove(id, DisconnectReason::SignalClose),
            Ok(conn) if since(participant.last_heard) > Duration::from_secs(PING_TIMEOUT as u64) => {
                self.log(Level::Info, format!("{} sends no pings any more.", self.name(id)));
                self.output.push_back(Output::Close { conn });
                self.disconnected(now, conn);
            }
            _ => {}
        }
        let Some(participant) = self.participants.get_mut(&id) else { return };
        if participant.media_lost.is_some_and(|lost| since(lost) > MEDIA) {
            self.log(Level::Warning, format!("{} has no media connection.", self.name(id)));
            return self.remove(id, DisconnectReason::MediaFailure);
        }
        participant.main.settle_channels();
        if participant.offer_due.is_some_and(|due| due <= now) {
            self.negotiate(id);
        }
        self.simulated_speech(id);
        let Some(participant) = self.participants.get_mut(&id) else { return };
        // An AccessToken2 ends when it says: nothing takes its place but another one.
        if since(participant.token_at) >= TOKEN && participant.access.is_none() {
            participant.token_at = now;
            self.send_token(id);
        }
        self.touch(id, Side::Main);
        if !self.lapse(id) {
            return;
        }
        // One that waits for a resume is looked at when its time is over.
        let gone = self.participants.get(&id).and_then(|p| p.conn.err());
        let next = gone.map_or(now + CARE, |gone| gone + patience);
        self.care_at(id, next);
    }

    /// When a participant is looked after next; earlier, if its token has something to end before.
    pub(super) fn care_at(&mut self, id: ParticipantId, at: Instant) {
        let at = self.lapse_at(id).map_or(at, |lapse| at.min(lapse));
        if let Some(participant) = self.participants.get_mut(&id) {
            participant.care_at = at;
            self.at(at, Job::Care(id));
        }
    }

    pub(super) fn send_token(&mut self, id: ParticipantId) {
        if let Some(token) = self.fresh_token(id) {
            self.send(id, signal_response::Message::RefreshToken(token));
        }
    }

    /// A token with what a participant may now, for the room that it is in.
    pub(super) fn fresh_token(&self, id: ParticipantId) -> Option<String> {
        let unix_s = self.unix_s();
        let participant = self.participants.get(&id)?;
        let claims = Claims { nbf: unix_s, exp: unix_s + 2 * TOKEN.as_secs(), ..participant.claims.clone() };
        let (key, secret) = self.config.keys.iter().find(|(key, _)| *key == claims.iss)?;
        Some(jwt::build(&claims, key, secret))
    }

    pub(super) fn room_changed(&mut self, room: &str) {
        let members = self.members(room);
        let room = Some(self.room_info(room));
        self.send_all(&members, signal_response::Message::RoomUpdate(RoomUpdate { room }));
    }

    /// Ends a participant's stay, whatever the reason: the client is told, and so are the others.
    pub(super) fn remove(&mut self, id: ParticipantId, reason: DisconnectReason) {
        let Some(participant) = self.participants.get(&id) else { return };
        let action = match reason {
            DisconnectReason::MediaFailure => leave_request::Action::Reconnect,
            // Another server may be there in a moment, or this one again.
            DisconnectReason::ServerShutdown if self.closing && participant.client.protocol >= ACTIONS => {
                leave_request::Action::Reconnect
            }
            _ => leave_request::Action::Disconnect,
        };
        self.dismiss(id, reason, action);
    }

    /// The same, where the reason does not say what the client is to do.
    pub(super) fn dismiss(&mut self, id: ParticipantId, reason: DisconnectReason, action: leave_request::Action) {
        self.log(Level::Info, format!("{} is gone: {}.", self.name(id), reason.as_str_name()));
        self.leave_data_tracks(id);
        let Some(participant) = self.participants.get_mut(&id) else { return };
        let room = participant.room.clone();
        let was = std::mem::replace(&mut participant.state, participant_info::State::Disconnected);
        participant.version += 1;
        let mut farewell = participant.info(Vec::new());
        farewell.disconnect_reason = reason as i32;
        let hidden = participant.claims.video.hidden;
        for track in self.part(id) {
            self.tracks.remove(&track);
        }
        if !is_clients_own(reason) {
            self.send(id, leave(reason, action));
        }
        // A peer connection that met a fault may meet it again.
        let _ = catch_unwind(AssertUnwindSafe(|| self.say_goodbye(id)));
        self.end_calls(id);
        let Some(participant) = self.participants.remove(&id) else { return };
        for peer in [Some(&participant.main), participant.down.as_ref()].into_iter().flatten() {
            for ufrag in std::iter::once(&peer.ufrag).chain(&peer.former_ufrag) {
                self.by_ufrag.remove(ufrag);
            }
            peer.addresses.iter().for_each(|address| self.forget(*address, id));
        }
        if let Ok(conn) = participant.conn {
            self.conns.remove(&conn);
            self.output.push_back(Output::Close { conn });
        }
        self.out_of_room(&room, id, farewell, Past { was, hidden });
    }

    /// Ends what a participant hears of its room, and its room of it. Gives back what it published.
    pub(super) fn part(&mut self, id: ParticipantId) -> Vec<TrackId> {
        let Some(participant) = self.participants.get(&id) else { return Vec::new() };
        let (room, published) = (participant.room.clone(), participant.tracks.clone());
        // Without a listener's ear in it, nothing is forwarded here any more.
        let wants: Vec<_> = participant.wants.keys().copied().collect();
        wants.into_iter().for_each(|track| self.unsubscribe(id, track));
        for track in &published {
            self.members(&room).into_iter().for_each(|member| self.unsubscribe(member, *track));
            self.tell_track("track_unpublished", *track);
        }
        published
    }

    /// A room is without somebody, and the others are told.
    pub(super) fn out_of_room(&mut self, room: &Arc<str>, id: ParticipantId, farewell: ParticipantInfo, past: Past) {
        let Some(found) = self.rooms.get_mut(room) else { return };
        found.members.retain(|m| *m != id);
        let ending = found.ending;
        self.tell_left(room, &farewell, past.was);
        if ending {
            // All of them go, and perhaps come back where they find each other: nobody has left for anybody. In a room of many, news
            // of each for each would fill the queues of WebSockets before the last ones' own Leave.
            return;
        }
        self.plan_end(room);
        if !past.hidden {
            let members = self.members(room);
            let update = ParticipantUpdate { participants: vec![farewell] };
            self.send_all(&members, signal_response::Message::Update(update));
        }
        self.room_changed(room);
    }

    /// Closes the peer connections in order, so that the other side need not wait for a timeout.
    fn say_goodbye(&mut self, id: ParticipantId) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        for peer in [Some(&mut participant.main), participant.down.as_mut()].into_iter().flatten() {
            if peer.rtc.close().is_err() {
                continue;
            }
            while let Ok(output) = peer.rtc.poll_output() {
                match output {
                    str0m::Output::Transmit(t) => {
                        let (protocol, to) = (t.proto, t.destination);
                        self.output.push_back(Output::Transmit { protocol, to, bytes: t.contents.into() })
                    }
                    str0m::Output::Event(_) => {}
                    str0m::Output::Timeout(_) => break,
                }
            }
        }
    }
}

/// Whether a client says so of its own leave, which needs no answer.
pub(super) fn is_clients_own(reason: DisconnectReason) -> bool {
    use DisconnectReason::{AgentError, ClientInitiated, UserRejected, UserUnavailable};
    matches!(reason, ClientInitiated | UserUnavailable | UserRejected | AgentError)
}

fn server_info() -> ServerInfo {
    ServerInfo {
        version: LIVEKIT.into(),
        protocol: PROTOCOL,
        // By this our own clients know that they may renew their tokens.
        debug_info: join::SERVER.into(),
        ..Default::default()
    }
}

pub(super) fn leave(reason: DisconnectReason, action: leave_request::Action) -> signal_response::Message {
    signal_response::Message::Leave(LeaveRequest {
        can_reconnect: action != leave_request::Action::Disconnect,
        reason: reason as i32,
        action: action as i32,
        regions: None,
    })
}
