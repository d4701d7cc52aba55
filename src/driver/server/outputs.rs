//! What the room server wants done, and its numbers for who asks.

use super::addresses::mapped;
use super::shared::{Shared, State};
use crate::driver::clock::time_us;
use crate::driver::stats::ServerStats;
use crate::rtc::Protocol;
use crate::server::{Level, Output};
use std::time::Instant;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

impl Shared {
    /// Does what the room server wants done, for a task beside the media's, which has to know of another deadline.
    pub(super) fn pump(&self, state: &mut State) {
        self.carry_out(state);
        self.changed.notify_one();
    }

    /// Does what the room server wants done.
    pub(super) fn carry_out(&self, state: &mut State) {
        while let Some(output) = state.server.poll_output() {
            match output {
                Output::Transmit { protocol: Protocol::Tcp, to, bytes } => {
                    // One that is closed by now lost its datagrams, as any way does that is gone.
                    let queue = state.streams.get(&to);
                    state.unsent +=
                        u64::from(matches!(queue.map(|q| q.try_send(bytes)), Some(Err(TrySendError::Full(_)))));
                }
                Output::CloseStream { from } => _ = state.streams.remove(&from),
                Output::Transmit { to, bytes, .. } => {
                    let to = if self.both_families { mapped(to) } else { to };
                    if let Err(error) = self.udp.try_send_to(&bytes, to)
                        && error.kind() == std::io::ErrorKind::WouldBlock
                    {
                        state.unsent += 1;
                        if state.unsent.is_power_of_two() {
                            let text = format!("The system's send buffer is full: {} datagrams lost.", state.unsent);
                            (state.log)(Level::Warning, &text);
                        }
                    }
                }
                Output::Send { conn, bytes } => {
                    if state.conns.get(&conn).is_some_and(|queue| queue.try_send(bytes).is_err()) {
                        state.conns.remove(&conn);
                        state.dropped += 1;
                        (state.log)(Level::Warning, "A WebSocket is closed: its reader is too slow, or gone.");
                        state.server.disconnected(Instant::now(), conn);
                    }
                }
                Output::Close { conn } => {
                    state.conns.remove(&conn);
                }
                Output::Log { level, text } => (state.log)(level, &text),
                Output::Answer { call, response } => {
                    // Who called may not have waited.
                    let _ = state.calls.remove(&call).map(|caller| caller.send(response));
                }
                Output::Webhook(webhook) => {
                    if let Some(dropped) = state.hooks.put(webhook).filter(|dropped| dropped.is_power_of_two()) {
                        let text = format!("Webhooks are not taken fast enough: {dropped} dropped.");
                        (state.log)(Level::Warning, &text);
                    }
                }
            }
        }
        let now = Instant::now();
        if state.reporting.changed(now) {
            self.report(state, now);
        }
    }

    /// Puts the numbers up for who asks.
    pub(super) fn report(&self, state: &mut State, now: Instant) {
        let depth = |queue: &mpsc::Sender<_>| (queue.max_capacity() - queue.capacity()) as u64;
        let signals_waiting = state.conns.values().map(depth).sum();
        if signals_waiting > 0 {
            // WebSockets take them without a word to the room server.
            state.reporting.again(now);
        }
        let (webhooks_sent, webhooks_failed, webhooks_dropped) = state.hooks.counted();
        self.counted.put(ServerStats {
            time_us: time_us(),
            rooms: state.server.stats(),
            packets_unsent: state.unsent,
            websockets: state.conns.len() as u64,
            websockets_dropped: state.dropped,
            signals_waiting,
            cpu_us: 0,
            webhooks_sent,
            webhooks_failed,
            webhooks_dropped,
        });
    }
}
