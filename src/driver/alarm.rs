//! Waiting for a deadline that moves.

use std::pin::Pin;
use std::time::Instant;
use tokio::time::Sleep;

/// A timer for the deadline of a loop. It stays with the runtime from turn to turn: one made anew for each costs a lock, and often a
/// system call, though most turns only put the deadline off.
pub(super) struct Alarm(Pin<Box<Sleep>>);

impl Alarm {
    pub(super) fn new() -> Alarm {
        Alarm(Box::pin(tokio::time::sleep_until(Instant::now().into())))
    }

    /// Waits until `deadline`; for ever, where there is none.
    pub(super) async fn wait(&mut self, deadline: Option<Instant>) {
        let Some(deadline) = deadline else { return std::future::pending().await };
        if self.0.deadline() != deadline.into() {
            self.0.as_mut().reset(deadline.into());
        }
        self.0.as_mut().await;
    }
}
