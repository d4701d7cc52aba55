//! The end of a stay: leaving, the exit code, the summary.

use super::{Stay, lock, unwritable};
use crate::event;
use crate::output::one_line;
use crate::progress::clock;
use crate::recorder::Recorded;
use crate::{Exit, Failure};
use serde_json::{Value, json};
use std::time::Duration;
use stoa::Status;
use stoa::event::Reason;

/// How long leaving may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// What ended the stay.
pub(super) enum End {
    Done,
    Interrupted,
    Lost(Reason, Status, String),
}

impl Stay {
    /// Leaves the room and writes out the recordings.
    pub(super) fn leave(&mut self) -> Vec<Recorded> {
        // Also when it fails: the engine's end is bounded, and is the end of everything.
        let _ = self.channel.disconnect(Some(FAREWELL));
        while let Ok(Some(event)) = self.channel.poll_event(Some(Duration::ZERO)) {
            self.tell(&event);
        }
        let _ = self.channel.set_frame_callback(None);
        let _ = self.engine.close(FAREWELL);
        self.recorder.as_ref().map_or(Vec::new(), |recorder| lock(recorder).finish())
    }

    /// The exit code, or what went wrong.
    pub(super) fn judge(&self, ended: Result<End, Failure>) -> Result<Exit, Failure> {
        let end = ended?;
        if let Some(text) = self.recorder.as_ref().and_then(|recorder| lock(recorder).failed().map(unwritable)) {
            return Err(text);
        }
        let unfinished = self.joined.is_none()
            || !self.say.is_empty()
            || !self.leaving.is_empty()
            || self.player.is_some() && self.done_at.is_none();
        match end {
            End::Done => Ok(Exit::Done),
            End::Interrupted if unfinished => Ok(Exit::Interrupted),
            End::Interrupted => Ok(Exit::Done),
            End::Lost(reason, status, text) => Err(self.lost(reason, status, &text)),
        }
    }

    fn lost(&self, reason: Reason, status: Status, text: &str) -> Failure {
        let token = matches!(reason, Reason::BadToken | Reason::TokenExpired) || status == Status::BAD_TOKEN;
        let exit = if token { Exit::Token } else { Exit::Failed };
        let text = text.trim_end_matches('.');
        if self.joined.is_some() {
            let text = if text.is_empty() { event::reason_name(reason) } else { text };
            return Failure::new(exit, format!("The stay ended early: {text}."));
        }
        let about = if exit == Exit::Token { self.by } else { self.url.as_str() };
        Failure::new(exit, format!("{about}: {text}."))
    }

    pub(super) fn summary(&mut self, ended: &Result<Exit, Failure>, recorded: &[Recorded]) {
        self.progress.clear(true);
        let Some(joined) = self.joined else { return };
        let seconds = joined.elapsed().as_secs_f64();
        let spoken = self.player.as_ref().map_or(0.0, |player| player.spoken(self.channel.queued_us()));
        let room = self.channel.name();
        let line = format!(
            "left {room} after {}: spoke {}, sent {} messages, got {}, recorded {}",
            clock(seconds),
            clock(spoken),
            self.said,
            self.heard,
            recorded.len()
        );
        let voice = self.channel.stats().voice;
        let exit = ended.as_ref().map_or_else(|failure| failure.exit, |exit| *exit);
        self.output.tell(&one_line(&line), || {
            let file = |recorded: &Recorded| -> Value {
                let file = recorded.path.display().to_string();
                json!({"user": recorded.user, "file": file, "seconds": rounded(recorded.seconds)})
            };
            json!({
                "event": "summary", "exit": exit as u8, "room": room, "user": self.channel.user(),
                "seconds": rounded(seconds), "spoken_seconds": rounded(spoken),
                "packets_sent": voice.audio_packets_sent, "packets_lost": voice.audio_packets_lost,
                "messages_sent": self.said, "messages_received": self.heard,
                "recordings": recorded.iter().map(file).collect::<Vec<_>>(),
            })
        });
    }
}

/// To the millisecond.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}
