//! Joining: who is let in, and what they are told.

use super::care::CARE;
use super::data_tracks::DataTracks;
use super::participant::Participant;
use super::peer::Peer;
use super::permit::refuse;
use super::{ConnId, HttpRequest, Level, ParticipantId, Refusal, RoomServer, Side, quality};
use crate::rtc;
use crate::signal::join;
use crate::signal::livekit::{
    DisconnectReason, JoinRequest, JoinResponse, RoomUpdate, ServerInfo, participant_info, signal_response,
};
use crate::token::pass::Pass;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

/// How often clients are to send a ping, seconds; and after how long without one they are taken for gone.
const PING_INTERVAL: i32 = 5;
pub(super) const PING_TIMEOUT: i32 = 15;
/// The version of LiveKit's server that this one does as much as, to clients which look at it: they make no calls (RPC) below 1.8.0.
const LIVEKIT: &str = "1.8.0";
/// The protocol version this server speaks.
const PROTOCOL: i32 = 17;
/// Single-connection clients of this version and later know the data channels' ids beforehand.
const AGREED_CHANNELS: i32 = 18;

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

    /// A WebSocket wants to join. On success what it is to be sent comes out as [`Output::Send`](super::Output::Send) for `conn`.
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

    pub(super) fn room_changed(&mut self, room: &str) {
        let members = self.members(room);
        let room = Some(self.room_info(room));
        self.send_all(&members, signal_response::Message::RoomUpdate(RoomUpdate { room }));
    }
}

pub(super) fn server_info() -> ServerInfo {
    ServerInfo {
        version: LIVEKIT.into(),
        protocol: PROTOCOL,
        // By this our own clients know that they may renew their tokens.
        debug_info: join::SERVER.into(),
        ..Default::default()
    }
}
