//! Doing all that is due: decoding, what leaves, what is told.

use super::Task;
use crate::client::session::Output;
use crate::driver::clock::time_of_day;
use crate::driver::people::HeldCall;
use crate::driver::stats::ChannelStats;
use crate::event::EventBody;
use std::time::Instant;
use tokio::sync::mpsc::error::TrySendError;

impl Task {
    /// Does all that is due. False when the session is over.
    pub(super) fn work(&mut self) -> bool {
        let now = Instant::now();
        self.voice.wall_clock(now, time_of_day().as_micros() as u64);
        self.voice.advance(now);
        while let Some(work) = self.voice.poll_work(now) {
            let heavy = work.job.is_heavy();
            let mine = if heavy { self.inner.engine.pool.take(work, &self.finished) } else { Some(work) };
            if let Some(work) = mine {
                self.voice.finish(work.run(), now);
            }
        }
        while let Some(output) = self.voice.poll_output(now) {
            match output {
                Output::Transmit { side, protocol, to, bytes } => {
                    self.unsent += u64::from(!self.sockets(side).send(protocol, to, bytes));
                }
                Output::Bind { side } => self.bind(now, side),
                Output::BindOther { side, to } => {
                    // Without that family there is one way less.
                    if let Ok(local) = self.sockets(side).bind_other(to) {
                        self.voice.session().bound_other(now, side, local);
                    }
                }
                Output::Connect { side, to } => self.sockets(side).connect(to),
                Output::Relay { side, id, at } => {
                    let reach = self.inner.engine.reach.clone();
                    self.sockets(side).relay(reach, id, at);
                }
                Output::ToRelay { side, id, bytes } => {
                    self.unsent += u64::from(!self.sockets(side).send_to_relay(id, bytes));
                }
                Output::Signal(bytes) => {
                    // Where it is over, what the server said last is still to be read.
                    let sent = self.wire.as_ref().map_or(Ok(()), |(send, _)| send.try_send(bytes));
                    if let Err(TrySendError::Full(_)) = sent {
                        self.voice.session().closed("the server reads no messages any more");
                    }
                }
                Output::Dial { target } => self.dial(target),
                Output::HangUp => self.wire = None,
                Output::Media { .. } | Output::Event(_) => {}
            }
        }
        let over = self.voice.is_over();
        let left = self.data_held.len().saturating_sub(self.voice.data_waiting());
        self.data_held.drain(..left);
        if self.reporting.changed(now) || over {
            self.report(now);
        }
        let events: Vec<EventBody> = std::iter::from_fn(|| self.voice.poll_event()).collect();
        // Who reads an event must find what it says: first the state, then the event.
        let subscribes = std::mem::take(&mut self.subscribes);
        if self.voice.take_changed() || subscribes > 0 || events.iter().any(changes_what_is_known) {
            self.inner.update(&self.voice, subscribes);
        }
        self.voice.tell_changes();
        let answered = events.iter().any(|event| matches!(event, EventBody::RpcAnswered { .. }));
        events.into_iter().for_each(|event| self.inner.publish(event, now));
        if answered {
            self.calls_held.retain(HeldCall::waits);
        }
        self.busy += now.elapsed();
        !over
    }

    /// Puts the numbers up for who asks.
    fn report(&mut self, now: Instant) {
        let waiting = self.wire.as_ref().map_or(0, |(send, _)| send.max_capacity() - send.capacity());
        if waiting > 0 {
            // The WebSocket takes them without a word to this task.
            self.reporting.again(now);
        }
        let voice = self.voice.stats(now);
        self.inner.engine.totals.add(&self.inner.counted.read().voice, &voice);
        self.inner.counted.put(ChannelStats {
            time_us: self.inner.engine.clock.micros(now),
            voice,
            packets_unsent: self.unsent,
            busy: self.busy,
            signals_waiting: waiting as u64,
            ..ChannelStats::default()
        });
        self.voice.report();
    }
}

/// Whether users, states or the token may be others than before.
fn changes_what_is_known(event: &EventBody) -> bool {
    use EventBody::{DataReceived, Message, MessageError, Played, RpcAnswered, RpcCalled, Starving};
    !matches!(
        event,
        Played { .. }
            | DataReceived { .. }
            | Message { .. }
            | MessageError { .. }
            | RpcCalled { .. }
            | RpcAnswered { .. }
            | Starving { .. }
    )
}
