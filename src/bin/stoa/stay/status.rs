//! The progress line of a stay.

use super::lock;
use crate::event;
use crate::player::Player;
use crate::progress::clock;
use crate::recorder::Recorder;
use std::sync::Mutex;
use std::time::Instant;
use stoa::driver::Channel;

/// What the progress line says.
pub(super) fn status_line(
    channel: &Channel,
    joined: Option<Instant>,
    player: Option<&Player>,
    recorder: Option<&Mutex<Recorder>>,
) -> String {
    let mut line = event::state(channel.state()).to_string();
    if let Some(joined) = joined {
        line += &format!(" {}  users {}", clock(joined.elapsed().as_secs_f64()), channel.users().len());
    }
    if let Some(player) = player {
        let spoken = player.spoken(channel.queued_us());
        line += &format!("  spoken {}", clock(spoken));
        if let Some(seconds) = player.seconds() {
            line += &format!(" left {}", clock((seconds - spoken).ceil()));
        }
        let voice = channel.stats().voice;
        line += &format!("  queued {:.1} s", channel.queued_us() as f64 / 1e6);
        line += &format!("  sent {} lost {}", voice.audio_packets_sent, voice.audio_packets_lost);
    }
    if let Some(recorder) = recorder {
        // RFC 6464 counts down from the loudest.
        line += &format!("  level -{} dB", lock(recorder).level());
        // The recorder holds these streams already: to ask for one opens none.
        let streams = channel.users().into_iter().filter_map(|user| channel.stream(&user).ok());
        let (heard, lost) = streams.fold((0, 0), |(heard, lost), stream| {
            let receiver = stream.stats().hearing.receiver;
            (heard + receiver.packets, lost + receiver.lost)
        });
        line += &format!("  heard {heard} lost {lost}");
    }
    line
}
