//! Datagrams, timers, events of the peer connections, and forwarding: the path that every packet takes.

use super::participant::Participant;
use super::peer::{Lane, MAX_QUEUED, MAX_QUEUED_ALONE};
use super::shortcut::{Form, Packet};
use super::track::{Rebase, TrackId, convert};
use super::{Job, Level, Output, ParticipantId, Room, RoomServer, Side, data, speakers};
use crate::rtc::Protocol;
use crate::signal::livekit::data_packet::Kind;
use crate::signal::livekit::{
    ConnectionQualityUpdate, DisconnectReason, SpeakerInfo, SpeakersChanged, participant_info, signal_response,
};
use std::cmp::Reverse;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::media::{MediaKind, Mid};
use str0m::net::Receive;
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite};
use str0m::{Event, IceConnectionState, Input, Output as RtcOutput};

/// The longest payload that is passed on, bytes. str0m writes packets of 2000 bytes at most, headers included.
const MAX_PAYLOAD: usize = 1500;
/// Data that waits for the listeners of a room, bytes: beyond that each has only [`MAX_QUEUED`].
const ROOM_QUEUED: usize = 128 * 1024 * 1024;
/// When a connection that reported an error, and lives, is polled again.
const RETRY: Duration = Duration::from_millis(50);

impl RoomServer {
    /// A datagram came `from` somewhere to our address `to`, by UDP, or as a frame of a TCP connection. What belongs to nobody
    /// is ignored. Returns whether it belonged to somebody.
    pub fn datagram(
        &mut self,
        now: Instant,
        protocol: Protocol,
        from: SocketAddr,
        to: SocketAddr,
        bytes: &[u8],
    ) -> bool {
        self.advance(now);
        self.counted.packets_received += 1;
        self.counted.bytes_received += bytes.len() as u64;
        // A datagram that cannot even be told whose it is ends nobody.
        let route = catch_unwind(AssertUnwindSafe(|| self.route(protocol, from, to, bytes)));
        let Ok(Some((id, side))) = route else {
            self.counted.packets_unknown += 1;
            return false;
        };
        self.contained(id, |server| {
            let Ok(receive) = Receive::new(protocol, from, to, bytes) else {
                server.counted.packets_malformed += 1;
                return;
            };
            let Some(peer) = server.participants.get_mut(&id).and_then(|p| p.peer(side)) else { return };
            // Anybody can send nonsense from a forged address: only what the connection itself takes for fatal counts.
            peer.shortcut.received(bytes);
            let taken = peer.rtc.handle_input(Input::Receive(server.now, receive));
            match taken {
                Err(error) if !peer.rtc.is_alive() => server.lose(id, format!("its connection failed: {error}.")),
                _ => server.drive(id, side),
            }
            if stun_username(bytes).is_some() {
                let Some(peer) = server.participants.get_mut(&id).and_then(|p| p.peer(side)) else { return };
                peer.checks.proven(&peer.ufrag, (protocol, from));
                server.check_back(id, side);
            }
        });
        true
    }

    /// Checks where the client's own checks came from: Pion waits for it.
    pub(super) fn check_back(&mut self, id: ParticipantId, side: Side) {
        let Some(peer) = self.participants.get_mut(&id).and_then(|p| p.peer(side)) else { return };
        while let Some(((protocol, to), bytes)) = peer.checks.next(&self.crypto) {
            self.output.push_back(Output::Transmit { protocol, to, bytes });
        }
    }

    /// The media's TCP connection from there is closed.
    pub fn stream_closed(&mut self, now: Instant, from: SocketAddr) {
        self.advance(now);
        let Some((id, side)) = self.by_address.remove(&(Protocol::Tcp, from)) else { return };
        if let Some(peer) = self.participants.get_mut(&id).and_then(|p| p.peer(side)) {
            peer.forget_stream(from);
            self.touch(id, side);
        }
    }

    /// Whose datagram it is: the first ones find their way by the ICE user name in them, later ones by their address.
    fn route(
        &mut self,
        protocol: Protocol,
        from: SocketAddr,
        to: SocketAddr,
        bytes: &[u8],
    ) -> Option<(ParticipantId, Side)> {
        let address = (protocol, from);
        let Some(user) = stun_username(bytes) else { return self.by_address.get(&address).copied() };
        // A binding request names whom it is for, even where the address was somebody else's before.
        let (id, side) = self.by_ufrag.get(user.split(':').next()?).copied()?;
        let peer = self.participants.get_mut(&id)?.peer(side)?;
        // The address counts once the request's integrity is proven.
        let receive = Receive::new(protocol, from, to, bytes).ok()?;
        if !peer.rtc.accepts(&Input::Receive(self.now, receive)) {
            return None;
        }
        let forgotten = peer.learn(address);
        self.by_address.insert(address, (id, side));
        if let Some(address) = forgotten {
            self.forget(address, id);
        }
        Some((id, side))
    }

    /// An address leads to a participant no more.
    pub(super) fn forget(&mut self, (protocol, from): (Protocol, SocketAddr), id: ParticipantId) {
        if self.by_address.get(&(protocol, from)).is_some_and(|(owner, _)| *owner == id) {
            self.by_address.remove(&(protocol, from));
            if protocol == Protocol::Tcp {
                self.output.push_back(Output::CloseStream { from });
            }
        }
    }

    /// Time passed: runs what is due.
    pub fn timeout(&mut self, now: Instant) {
        self.advance(now);
        while self.jobs.peek().is_some_and(|Reverse((at, _))| *at <= self.now) {
            let Some(Reverse((at, job))) = self.jobs.pop() else { return };
            match job {
                Job::Peer(id, side) => {
                    let peer = self.participants.get_mut(&id).and_then(|p| p.peer(side));
                    // An entry that was overtaken by an earlier one is stale.
                    let Some(peer) = peer.filter(|p| p.scheduled == Some(at)) else { continue };
                    peer.scheduled = None;
                    self.flush(id, side);
                }
                Job::Care(id) => self.contained(id, |server| server.care(id)),
                // A room without its active speakers is still a room.
                Job::Speakers(room) => {
                    self.spared("The speakers of a room", |server| server.update_speakers(&room, at))
                }
                Job::Quality(room) => self.spared("The quality of a room", |server| server.measure(&room)),
                Job::Close(room) => self.spared("The end of a room", |server| server.close_if_empty(&room, at)),
                Job::Layers(track) => self.spared("The layers of a track", |server| server.quality_due(track)),
                Job::Call(id) => self.spared("The end of a call", |server| server.call_due(id)),
                Job::HangUp(conn) => self.output.push_back(Output::Close { conn }),
            }
        }
    }

    /// Does something for a participant; a fault of this server in it ends that participant's stay, not the server.
    pub(super) fn contained(&mut self, id: ParticipantId, work: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            self.lose(id, "it met a fault of this server.".into());
        }
    }

    /// Does something that is of no participant in particular; a fault of this server in it ends nothing but that.
    fn spared(&mut self, what: &str, work: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            self.log(Level::Warning, format!("{what} met a fault of this server."));
        }
    }

    /// Lets a connection send what was written to it.
    pub(super) fn flush(&mut self, id: ParticipantId, side: Side) {
        self.contained(id, |server| server.flush_unguarded(id, side));
    }

    fn flush_unguarded(&mut self, id: ParticipantId, side: Side) {
        let Some(peer) = self.participants.get_mut(&id).and_then(|p| p.peer(side)) else { return };
        peer.dirty = false;
        peer.shortcut.forget();
        if let Err(error) = peer.rtc.handle_input(Input::Timeout(self.now)) {
            return self.lose(id, format!("its connection failed: {error}."));
        }
        self.drive(id, side);
    }

    /// Marks a connection as written to.
    pub(super) fn touch(&mut self, id: ParticipantId, side: Side) {
        let peer = self.participants.get_mut(&id).and_then(|p| p.peer(side));
        if let Some(peer) = peer.filter(|p| !p.dirty) {
            peer.dirty = true;
            self.dirty.push((id, side));
        }
    }

    /// Takes a connection's output until there is none.
    fn drive(&mut self, id: ParticipantId, side: Side) {
        loop {
            let Some(peer) = self.participants.get_mut(&id).and_then(|p| p.peer(side)) else { return };
            match peer.rtc.poll_output() {
                Ok(RtcOutput::Transmit(t)) => {
                    let (protocol, to) = (t.proto, t.destination);
                    peer.shortcut.sent(protocol, to, &t.contents);
                    self.output.push_back(Output::Transmit { protocol, to, bytes: t.contents.into() })
                }
                Ok(RtcOutput::Event(Event::RtpPacket(packet))) => self.forward(id, side, packet),
                Ok(RtcOutput::Event(event)) => self.event(id, side, event),
                Ok(RtcOutput::Timeout(at)) => {
                    if peer.scheduled.is_none_or(|scheduled| at < scheduled) {
                        peer.scheduled = Some(at);
                        self.at(at, Job::Peer(id, side));
                    }
                    return;
                }
                Err(error) if !peer.rtc.is_alive() => {
                    return self.lose(id, format!("its connection failed: {error}."));
                }
                Err(_) => {
                    let retry = self.now + RETRY;
                    peer.scheduled = Some(retry);
                    return self.at(retry, Job::Peer(id, side));
                }
            }
        }
    }

    fn event(&mut self, id: ParticipantId, side: Side, event: Event) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        let receiving = side == participant.receiving_side();
        let Some(peer) = participant.peer(side) else { return };
        match event {
            Event::Connected => {
                peer.connected = true;
                peer.shortcut.connected();
                if receiving {
                    participant.media_lost = None;
                    self.active(id);
                    self.offer_what_waits(id);
                }
            }
            Event::IceConnectionStateChange(state) if receiving && peer.connected => {
                // A restart of ICE may lead nowhere: until it has led somewhere, media are as good as lost.
                let flows = matches!(state, IceConnectionState::Connected | IceConnectionState::Completed);
                let now = self.now;
                participant.media_lost = (!flows).then(|| participant.media_lost.unwrap_or(now));
                if state == IceConnectionState::Disconnected && participant.conn.is_err() {
                    self.remove(id, DisconnectReason::ConnectionTimeout);
                }
            }
            Event::ChannelOpen(channel, label) => {
                peer.channel_open(channel, &label);
                self.touch(id, side);
            }
            Event::ChannelBufferedAmountLow(_) => {
                peer.drain();
                self.touch(id, side);
            }
            Event::ChannelData(message) => {
                if let Some(lane) = peer.lane(message.id) {
                    match lane {
                        Lane::DataTrack => self.forward_data_track(id, &message.data),
                        Lane::Reliable | Lane::Lossy => self.forward_data(id, lane, &message.data),
                    }
                }
            }
            Event::MediaEgressStats(report) => {
                let video = peer.section(report.mid).is_some_and(|section| section.kind == MediaKind::Video);
                let rate = if video { 90_000 } else { 48_000 };
                participant.quality.reported(&report, rate, &mut self.counted);
            }
            Event::KeyframeRequest(request) => self.key_frame_wanted(id, side, request.mid),
            Event::Closed => self.remove(id, DisconnectReason::ClientInitiated),
            _ => {}
        }
    }

    /// Media flows: the participant is in the room now.
    fn active(&mut self, id: ParticipantId) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        if participant.state == participant_info::State::Active {
            return;
        }
        participant.state = participant_info::State::Active;
        let room = participant.room.clone();
        self.announce(id, true);
        self.begin_measuring(&room);
        self.tell_joined(id);
        self.tell_present(id, &room);
    }

    /// Tells one who has come in who speaks, and how well connections do.
    pub(super) fn tell_present(&mut self, id: ParticipantId, room: &Arc<str>) {
        let members = self.members(room);
        let updates = members
            .iter()
            .filter_map(|m| self.participants.get(m))
            .filter(|p| p.id == id || p.is_visible())
            .filter_map(|p| self.quality_info(p.id))
            .collect();
        self.send(id, signal_response::Message::ConnectionQuality(ConnectionQualityUpdate { updates }));
        let told = self.level_infos(room);
        if !told.is_empty() {
            self.send(id, signal_response::Message::SpeakersChanged(SpeakersChanged { speakers: told }));
        }
    }

    /// Sends a packet on to everyone who hears its track.
    fn forward(&mut self, id: ParticipantId, side: Side, packet: RtpPacket) {
        self.counted.media_received += 1;
        self.counted.media_bytes_received += packet.payload.len() as u64;
        if self.forward_to_listeners(id, side, packet).is_none() {
            self.counted.media_ignored += 1;
        }
    }

    /// None: there is nothing in it that could be played, or it is of no published track.
    fn forward_to_listeners(&mut self, id: ParticipantId, side: Side, packet: RtpPacket) -> Option<()> {
        // SRTP numbers packets with 48 bits: who is beyond has turned the roll-over counter by hand.
        if side != Side::Main || packet.payload.len() > MAX_PAYLOAD || *packet.seq_no >> 48 != 0 {
            return None;
        }
        let participant = self.participants.get_mut(&id)?;
        let mid = match packet.header.ext_vals.mid {
            Some(mid) => mid,
            None => participant.main.rtc.direct_api().stream_rx(&packet.header.ssrc)?.mid(),
        };
        let of_mid = |t: &&TrackId| self.tracks.get(t).is_some_and(|t| t.mid == Some(mid));
        let track_id = participant.tracks.iter().find(of_mid).copied()?;
        let track = self.tracks.get_mut(&track_id)?;
        if track.video.is_none() {
            // Layers come and go, so what is missing of video is judged where it is heard.
            track.arrivals.observe(*packet.header.ssrc, *packet.seq_no);
        }
        if track.withheld.is_some() || track.silenced {
            track.rest();
            return None;
        }
        let counted = &mut self.counted;
        counted.media_unheard += u64::from(track.listeners.is_empty());
        if track.video.is_some() {
            return self.forward_video(id, track_id, &packet);
        }
        if packet.payload.is_empty() {
            return None;
        }
        let extensions = &packet.header.ext_vals;
        if let Some(level) = extensions.audio_level {
            track.level.observe(level.unsigned_abs());
            let quiet = |r: &&mut Room| r.speakers_at.is_none() && !track.level.idle();
            if let Some(room) = self.rooms.get_mut(&participant.room).filter(quiet) {
                let next = self.now + speakers::INTERVAL;
                room.speakers_at = Some(next);
                self.jobs.push(Reverse((next, Job::Speakers(participant.room.clone()))));
            }
        }
        let level = extensions.audio_level.map(|level| (level.unsigned_abs(), extensions.voice_activity == Some(true)));
        for listener in &mut track.listeners {
            let Some(subscriber) = self.participants.get_mut(&listener.who) else { continue };
            let side = subscriber.receiving_side();
            let peer = subscriber.receiving();
            if !peer.connected {
                counted.media_dropped_unready += 1;
                continue;
            }
            let from = track.payloads;
            let Some((pt, payload)) = convert(&packet.payload, packet.header.payload_type, from, listener.payloads)
            else {
                counted.media_dropped_format += 1;
                continue;
            };
            let begun = listener.rebase.begun();
            let (source, number, time) = (packet.header.ssrc, *packet.seq_no, packet.header.timestamp);
            let Some((sequence, time)) = listener.rebase.map(source, number, time, self.now) else {
                counted.media_dropped_old += 1;
                continue;
            };
            let (ssrc, marker, length) = (listener.ssrc, packet.header.marker, payload.len() as u64);
            let short = Packet { pt, marker, sequence, time, ssrc, level, payload: &payload };
            let form = listener.form.as_ref().filter(|_| begun);
            if let Some(output) = form.and_then(|form| peer.shortcut.send(form, &short)) {
                self.output.push_back(output);
            } else {
                let mut api = peer.rtc.direct_api();
                let Some(stream) = api.stream_tx(&ssrc) else {
                    counted.media_dropped_unready += 1;
                    continue;
                };
                let values = ExtensionValues {
                    audio_level: extensions.audio_level,
                    voice_activity: extensions.voice_activity,
                    ..Default::default()
                };
                let write = RtpWrite::new(pt, sequence.into(), time, self.now, payload);
                stream.write_rtp(write.marker(marker).ext_vals(values));
                if !peer.dirty {
                    peer.dirty = true;
                    self.dirty.push((listener.who, side));
                }
            }
            counted.media_forwarded += 1;
            counted.media_bytes_forwarded += length;
        }
        Some(())
    }

    /// Counts a packet that goes nowhere, and logs the first, second, fourth, eighth, …: the log is not the sender's to fill.
    pub(super) fn refuse_data(&mut self, id: ParticipantId, what: &str) {
        let Some(sender) = self.participants.get_mut(&id) else { return };
        sender.data_refused += 1;
        let refused = sender.data_refused;
        if refused.is_power_of_two() {
            let text = format!("{} sent data {what}; {refused} packets so far.", self.name(id));
            self.log(Level::Warning, text);
        }
    }

    fn forward_data(&mut self, id: ParticipantId, lane: Lane, packet: &[u8]) {
        let Some(sender) = self.participants.get(&id) else { return };
        self.counted.data_received += 1;
        self.counted.data_bytes_received += packet.len() as u64;
        if !sender.claims.video.may_publish_data() {
            self.counted.data_dropped_forbidden += 1;
            return self.refuse_data(id, "without the permission");
        }
        let Some(envelope) = data::envelope(packet) else {
            self.counted.data_dropped_malformed += 1;
            return self.refuse_data(id, "that is no packet");
        };
        let room = sender.room.clone();
        if lane == Lane::Reliable && envelope.sequence > 0 {
            if envelope.sequence <= sender.data_sequence {
                // Sent again after a loss, but it had arrived.
                return self.counted.data_dropped_doubled += 1;
            }
            if let Some(sender) = self.participants.get_mut(&id) {
                sender.data_sequence = envelope.sequence;
            }
        }
        if self.takes_answer(id, packet) {
            return;
        }
        let Some(sender) = self.participants.get(&id) else { return };
        if envelope.is_transcription() && !sender.claims.is_agent() {
            self.counted.data_dropped_forbidden += 1;
            return self.refuse_data(id, "that only agents may send, a transcription");
        }
        let kind = if lane == Lane::Lossy { Kind::Lossy } else { Kind::Reliable };
        let origin = data::Sender {
            identity: sender.identity(),
            sid: &sender.sid,
            hidden: !sender.is_visible(),
            is_agent: sender.claims.is_agent(),
        };
        let bytes = envelope.with_origin(packet, kind, &origin);
        self.deliver(&room, Some(id), lane, &envelope, &bytes);
    }

    /// Sends a data packet to its addressees in a room; not back to its sender.
    pub(super) fn deliver(
        &mut self,
        room: &str,
        sender: Option<ParticipantId>,
        lane: Lane,
        envelope: &data::Envelope,
        bytes: &[u8],
    ) {
        let Some(found) = self.rooms.get_mut(room) else { return };
        if envelope.is_doubled(&mut found.nonces) {
            return self.counted.data_dropped_doubled += 1;
        }
        let members = self.members(room);
        let waiting = members.iter().filter_map(|member| self.participants.get(member)).map(Participant::waiting_bytes);
        let crowded = lane == Lane::Reliable && waiting.sum::<usize>() >= ROOM_QUEUED;
        let most = if crowded { MAX_QUEUED } else { MAX_QUEUED_ALONE };
        for member in members.into_iter().filter(|m| Some(*m) != sender) {
            let Some(to) = self.participants.get_mut(&member) else { continue };
            if !envelope.is_for(to.identity(), &to.sid) {
                continue;
            }
            // As with LiveKit's server, for who may have them and hears their sender.
            let hears = || to.wants.keys().any(|t| self.tracks.get(t).is_some_and(|t| Some(t.publisher) == sender));
            if envelope.is_metrics() && !(to.claims.video.can_subscribe_metrics == Some(true) && hears()) {
                continue;
            }
            let side = to.receiving_side();
            let peer = to.receiving();
            let lost = peer.send_data(lane, bytes.to_vec(), most).err().map(|why| (why, peer.dropped));
            let counted = &mut self.counted;
            match lost {
                None => {
                    counted.data_forwarded += 1;
                    counted.data_bytes_forwarded += bytes.len() as u64;
                }
                Some(_) => counted.data_dropped_full += 1,
            }
            // A line for the first, second, fourth, eighth, …
            if let Some((why, dropped)) = lost.filter(|(_, dropped)| dropped.is_power_of_two()) {
                let text = format!("{} {why}: {dropped} data packets dropped.", self.name(member));
                self.log(Level::Warning, text);
            }
            self.touch(member, side);
        }
    }

    /// Opens the way from a track to a subscriber whose section is negotiated.
    pub(super) fn open(&mut self, track_id: TrackId, who: ParticipantId, mid: Mid) {
        let Some(participant) = self.participants.get_mut(&who).filter(|p| !p.paused.contains(&track_id)) else {
            return;
        };
        let peer = participant.receiving();
        let (Some(ssrc), payloads) = (peer.ssrc(mid), peer.payloads) else { return };
        let form = Form::of(&peer.rtc, mid);
        let Some(cursor) = peer.section(mid).map(|s| s.cursor) else { return };
        let open = |track: &super::track::Track| track.listeners.iter().any(|l| l.who == who);
        if self.tracks.get(&track_id).is_none_or(open) {
            return;
        }
        let visible = participant.is_visible();
        let Ok(video) = self.lane(track_id, who, mid, cursor) else { return };
        if video.is_none()
            && let Some(participant) = self.participants.get_mut(&who)
        {
            participant.receiving().keep_nothing(mid);
        }
        let Some(track) = self.tracks.get_mut(&track_id) else { return };
        let rebase = Rebase::new(cursor);
        track.listeners.push(super::track::Listener { who, mid, ssrc, payloads, form, rebase, video });
        // Who is hidden is not betrayed by it.
        let first = visible && !std::mem::replace(&mut track.announced_subscribed, true);
        let (publisher, track_sid) = (track.publisher, track.info.sid.clone());
        if first {
            let message = crate::signal::livekit::TrackSubscribed { track_sid };
            self.send(publisher, signal_response::Message::TrackSubscribed(message));
        }
        self.watch(track_id, who);
    }

    /// Closes it; the section remembers where its stream stood.
    pub(super) fn close(&mut self, track_id: TrackId, who: ParticipantId, mid: Mid) {
        let Some(track) = self.tracks.get_mut(&track_id) else { return };
        let Some(at) = track.listeners.iter().position(|l| l.who == who) else { return };
        let listener = track.listeners.remove(at);
        if let Some(participant) = self.participants.get_mut(&who)
            && let Some(section) = participant.receiving().section(mid)
        {
            section.cursor = listener.video.as_ref().map_or(listener.rebase.cursor, |lane| lane.numbers.cursor);
        }
        if listener.video.is_some() {
            self.unwatch(track_id, who, mid);
        }
    }

    fn update_speakers(&mut self, room: &Arc<str>, at: Instant) {
        // An entry of a room that ended, and began again, is stale.
        if self.rooms.get(room).is_none_or(|found| found.speakers_at != Some(at)) {
            return;
        }
        let mut speakers = Vec::new();
        let mut idle = true;
        for member in self.members(room) {
            let Some(participant) = self.participants.get(&member) else { continue };
            let mut loudest: Option<f32> = None;
            for track in &participant.tracks {
                let Some(track) = self.tracks.get_mut(track) else { continue };
                if let Some(level) = track.level.tick() {
                    loudest = Some(loudest.map_or(level, |l| l.max(level)));
                }
                idle &= track.level.idle();
            }
            if let Some(level) = loudest.filter(|_| participant.is_visible()) {
                speakers.push(SpeakerInfo { sid: participant.sid.clone(), level, active: level > 0.0 });
            }
        }
        let Some(found) = self.rooms.get_mut(room) else { return };
        // An idle room costs nothing: its next loud packet starts the clock again.
        let next = self.now + speakers::INTERVAL;
        found.speakers_at = (!idle).then_some(next);
        if !idle {
            self.at(next, Job::Speakers(room.clone()));
        }
        if !speakers.is_empty() {
            speakers.sort_by(|a, b| b.level.total_cmp(&a.level));
            let members = self.members(room);
            self.send_all(&members, signal_response::Message::SpeakersChanged(SpeakersChanged { speakers }));
        }
    }

    /// A participant is without a track that it spoke on: how loud it is on those that are left.
    pub(super) fn stopped_speaking(&mut self, id: ParticipantId) {
        let Some(participant) = self.participants.get(&id).filter(|p| p.is_visible()) else { return };
        let level = self.told_level(participant);
        let speakers = vec![SpeakerInfo { sid: participant.sid.clone(), level, active: level > 0.0 }];
        let members = self.members(&participant.room);
        self.send_all(&members, signal_response::Message::SpeakersChanged(SpeakersChanged { speakers }));
    }

    /// How loud the others were told that somebody is.
    fn told_level(&self, participant: &Participant) -> f32 {
        let levels = participant.tracks.iter().filter_map(|t| Some(self.tracks.get(t)?.level.told()));
        levels.fold(0.0, f32::max)
    }

    /// The present speakers, the loudest first.
    fn level_infos(&self, room: &str) -> Vec<SpeakerInfo> {
        let mut infos = Vec::new();
        for participant in self.members(room).iter().filter_map(|m| self.participants.get(m)) {
            let level = self.told_level(participant);
            if level > 0.0 && participant.is_visible() {
                infos.push(SpeakerInfo { sid: participant.sid.clone(), level, active: true });
            }
        }
        infos.sort_by(|a, b| b.level.total_cmp(&a.level));
        infos
    }
}

/// The user name of a STUN binding request (RFC 8489), as far as it is needed to find the connection it is for.
fn stun_username(datagram: &[u8]) -> Option<&str> {
    const BINDING_REQUEST: [u8; 2] = [0, 1];
    const USERNAME: [u8; 2] = [0, 6];
    if datagram.get(..2)? != BINDING_REQUEST {
        return None;
    }
    let mut rest = datagram.get(20..)?;
    while let [t0, t1, l0, l1, value @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*l0, *l1]));
        if [*t0, *t1] == USERNAME {
            return std::str::from_utf8(value.get(..length)?).ok();
        }
        rest = value.get(length.next_multiple_of(4)..)?;
    }
    None
}
