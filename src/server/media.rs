//! Peer connections: what is written to them leaves, and what comes out of them is looked at.

use super::peer::Lane;
use super::{Job, Output, ParticipantId, RoomServer, Side};
use crate::signal::livekit::{
    ConnectionQualityUpdate, DisconnectReason, SpeakersChanged, participant_info, signal_response,
};
use std::sync::Arc;
use std::time::Duration;
use str0m::media::MediaKind;
use str0m::{Event, IceConnectionState, Input, Output as RtcOutput};

/// When a connection that reported an error, and lives, is polled again.
const RETRY: Duration = Duration::from_millis(50);

impl RoomServer {
    /// Lets a connection send what was written to it.
    pub(super) fn flush(&mut self, id: ParticipantId, side: Side) {
        self.contained(id, |server| server.flush_unguarded(id, side));
    }

    fn flush_unguarded(&mut self, id: ParticipantId, side: Side) {
        let Some(peer) = self.participants.get_mut(&id).and_then(|p| p.peer(side)) else { return };
        peer.dirty = false;
        peer.shortcut.forget();
        self.catch_up(id, side);
    }

    /// Tells a connection what time it is, and of the packets that passed it by.
    pub(super) fn catch_up(&mut self, id: ParticipantId, side: Side) {
        let Some(peer) = self.participants.get_mut(&id).and_then(|p| p.peer(side)) else { return };
        // The time first: a packet from before it is no reason for a round over the whole connection.
        let timed = peer.rtc.handle_input(Input::Timeout(self.now));
        if let Err(error) = timed.and_then(|()| peer.intake.tell(&mut peer.rtc)) {
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
    pub(super) fn drive(&mut self, id: ParticipantId, side: Side) {
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
                if let Some((sealer, opener)) = peer.keys.take() {
                    peer.shortcut.connected(sealer);
                    peer.intake.connected(opener);
                }
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
}
