//! What the application asks of a connected channel, and how it is done.

use super::Task;
use crate::client::gate::VadConfig;
use crate::client::hearing::FrameSink;
use crate::client::people::{OwnChange, Told};
use crate::client::rpc::{OpenCall, RpcCall, RpcError};
use crate::client::tap::Tap;
use crate::driver::people::HeldCall;
use std::sync::{Arc, Weak};
use std::time::Instant;
use tokio::sync::OwnedSemaphorePermit;

/// What the application asks of a connected channel.
pub(in super::super) enum Command {
    Subscribe {
        user: String,
        wanted: bool,
    },
    Mute(bool),
    /// The permit is given back when the packet leaves, or is lost with its connection.
    Data {
        payload: Vec<u8>,
        reliable: bool,
        topic: String,
        to: Vec<String>,
        permit: OwnedSemaphorePermit,
    },
    OpenStream {
        user: String,
        track: String,
        sink: Weak<dyn FrameSink>,
    },
    OpenMix(Weak<dyn FrameSink>),
    SetVad(Option<VadConfig>),
    SetTap(Option<Arc<dyn Tap>>),
    RenewToken(String),
    Reconnect,
    /// The other half ends the call where this task does not.
    RpcCall(RpcCall, HeldCall),
    RpcAnswer(OpenCall, std::result::Result<String, RpcError>),
    ChangeOwn(OwnChange, Told),
    #[cfg(test)]
    Fault,
}

impl Task {
    /// Does what was asked for before, and not what is asked for meanwhile.
    pub(super) fn obey(&mut self) {
        for _ in 0..self.commands.len() {
            let Ok(command) = self.commands.try_recv() else { return };
            self.command(command);
        }
    }

    pub(super) fn command(&mut self, command: Command) {
        let now = Instant::now();
        match command {
            // A user who has just left: the caller, if it waits, sees that in the users.
            Command::Subscribe { user, wanted } => {
                let _ = self.voice.subscribe(now, &user, wanted);
                self.subscribes += 1;
            }
            Command::Mute(muted) => {
                self.voice.mute(muted);
                self.inner.lock().mutes -= 1;
            }
            Command::Data { payload, reliable, topic, to, permit } => {
                let length = payload.len();
                self.data_held.push_back(permit);
                if !self.voice.send_data(now, payload, reliable, &topic, to) {
                    let text = format!("a data packet of {length} bytes was dropped: the connection is full");
                    crate::log::log(crate::log::Level::Warn, &text);
                }
            }
            Command::OpenStream { user, track, sink } => {
                let opened = self.voice.open_stream(now, &user, &track, sink.clone());
                if let Some(sink) = sink.upgrade().filter(|_| opened.is_err()) {
                    sink.close();
                }
            }
            Command::OpenMix(sink) => self.voice.open_mix(sink),
            Command::SetVad(config) => self.voice.set_vad(config),
            Command::SetTap(tap) => self.voice.set_tap(tap),
            Command::RenewToken(token) => {
                self.inner.renewed(&token);
                // A second dial of the same join, which is still on its way, is made with it.
                self.token.clone_from(&token);
                self.voice.renew(token);
            }
            Command::Reconnect => self.voice.reconnect(now),
            Command::RpcCall(call, held) => {
                self.calls_held.push(held);
                self.voice.rpc_call(now, call);
            }
            Command::RpcAnswer(call, answer) => self.voice.rpc_answer(now, call, answer),
            Command::ChangeOwn(change, done) => self.voice.change_own(now, change, done),
            #[cfg(test)]
            Command::Fault => panic!("a fault on purpose"),
        }
    }
}
