//! Scenarios that a client asks for to test itself (SimulateScenario): what LiveKit's server does for them (pkg/rtc/room.go), as far as
//! there is such a thing here. Each concerns the client that asks, and at most what others are told of it.

use super::leaving::leave;
use super::{ConnId, Level, Output, ParticipantId, RoomServer};
use crate::signal::livekit::{
    DisconnectReason, RequestResponse, SimulateScenario, SpeakerInfo, SpeakersChanged, leave_request, request_response,
    signal_response, simulate_scenario::Scenario,
};
use std::time::{Duration, Instant};

/// How long a wish that the next resume fails is kept.
const CUT: Duration = Duration::from_secs(5);
/// The longest time that one may seem to speak, seconds.
const SPEAKS: i32 = 60;

/// What a participant asked for.
#[derive(Debug, Default)]
pub struct Simulated {
    /// It seems to speak until then.
    pub speaks_until: Option<Instant>,
    /// Its next resume, until then, loses its WebSocket: before the answer, or after it.
    cut: Option<(Instant, bool)>,
}

impl RoomServer {
    pub(super) fn simulate(&mut self, id: ParticipantId, scenario: &SimulateScenario) {
        let Some(scenario) = scenario.scenario else { return };
        self.log_of(id, Level::Info, format!("simulates: {scenario:?}."));
        match scenario {
            Scenario::SpeakerUpdate(seconds) => {
                let until = self.now + Duration::from_secs(seconds.clamp(0, SPEAKS) as u64);
                let Some(participant) = self.participants.get_mut(&id) else { return };
                // One at a time: each has an entry in the queue of jobs.
                if participant.simulated.speaks_until.is_none() {
                    participant.simulated.speaks_until = Some(until);
                    let at = until.min(participant.care_at);
                    self.care_at(id, at);
                    self.seems_to_speak(id, 0.9);
                }
            }
            // As if this server had never heard of it: its resume finds nobody.
            Scenario::NodeFailure(_) => self.forsake(id, DisconnectReason::ServerShutdown, None),
            Scenario::ServerLeave(_) => self.remove(id, DisconnectReason::ServerShutdown),
            Scenario::LeaveRequestFullReconnect(_) => {
                self.forsake(id, DisconnectReason::ServerShutdown, Some(leave_request::Action::Reconnect));
            }
            Scenario::DisconnectSignalOnResume(_) => self.cut_next_resume(id, false),
            Scenario::DisconnectSignalOnResumeNoMessages(_) => self.cut_next_resume(id, true),
            Scenario::Migration(_) => {
                let response = RequestResponse {
                    reason: request_response::Reason::UnsupportedType as i32,
                    message: "This server has no other nodes that a participant could migrate to.".into(),
                    ..Default::default()
                };
                self.send(id, signal_response::Message::RequestResponse(response));
            }
            // There is one way for media, and bandwidth is as the network gives it.
            Scenario::SwitchCandidateProtocol(_) | Scenario::SubscriberBandwidth(_) => {}
        }
    }

    /// Looks whether a participant has seemed to speak for long enough.
    pub(super) fn simulated_speech(&mut self, id: ParticipantId) {
        let now = self.now;
        let Some(participant) = self.participants.get_mut(&id) else { return };
        if participant.simulated.speaks_until.take_if(|until| *until <= now).is_some() {
            self.seems_to_speak(id, 0.0);
        }
    }

    fn seems_to_speak(&mut self, id: ParticipantId, level: f32) {
        let Some(participant) = self.participants.get(&id).filter(|p| p.is_visible()) else { return };
        let speakers = vec![SpeakerInfo { sid: participant.sid.clone(), level, active: level > 0.0 }];
        let members = self.members(&participant.room);
        self.send_all(&members, signal_response::Message::SpeakersChanged(SpeakersChanged { speakers }));
    }

    /// Ends a stay without a farewell, but for the one that is given.
    pub(super) fn forsake(
        &mut self,
        id: ParticipantId,
        reason: DisconnectReason,
        farewell: Option<leave_request::Action>,
    ) {
        if let Some(action) = farewell {
            self.send(id, leave(reason, action));
        }
        let now = self.now;
        let Some(participant) = self.participants.get_mut(&id) else { return };
        if let Ok(conn) = std::mem::replace(&mut participant.conn, Err(now)) {
            self.conns.remove(&conn);
            self.output.push_back(Output::Close { conn });
        }
        self.remove(id, reason);
    }

    fn cut_next_resume(&mut self, id: ParticipantId, unanswered: bool) {
        let until = self.now + CUT;
        if let Some(participant) = self.participants.get_mut(&id) {
            participant.simulated.cut = Some((until, unanswered));
        }
    }

    /// Whether a resume is to lose its WebSocket at this stage. Then it has.
    pub(super) fn cuts_resume(&mut self, id: ParticipantId, conn: ConnId, unanswered: bool) -> bool {
        let now = self.now;
        let Some(participant) = self.participants.get_mut(&id) else { return false };
        let cut = participant.simulated.cut.take_if(|(until, when)| *when == unanswered || *until < now);
        let cuts = cut.is_some_and(|(until, _)| now <= until);
        if cuts {
            self.output.push_back(Output::Close { conn });
            self.disconnected(now, conn);
        }
        cuts
    }
}
