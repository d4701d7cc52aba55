//! The numbers of a channel and of its streams.

use super::Voice;
use crate::client::rpc::RpcCounters;
use crate::client::stats::{HearingStats, VoiceStats};
use crate::client::user::User;
use std::time::{Duration, Instant};

impl Voice {
    /// Goes on counting from the numbers of the channel's voices before.
    pub fn count_from(&mut self, earlier: VoiceStats) {
        self.session.count_from(earlier);
    }

    /// The numbers so far.
    pub fn stats(&self, now: Instant) -> VoiceStats {
        let mut stats = self.session.stats(now);
        self.messages.count(&mut stats);
        self.rpc.counters.add_to(&mut stats.rpc);
        stats
    }

    /// Tells every open stream its numbers; a stream's last ones are told before it ends.
    pub fn report(&self) {
        let network = self.network();
        self.users.iter().flat_map(User::ears).for_each(|ear| ear.tell(network));
        if let Some(sink) = self.mix.upgrade() {
            let samples = self.mixer.dropped() / u64::from(self.config.channels);
            let mix_dropped = Duration::from_micros(samples * 1_000_000 / u64::from(self.config.rate));
            sink.measured(&HearingStats { mix_dropped, network, ..HearingStats::default() });
        }
    }

    /// The way from the server, as far as it can be known here.
    pub(super) fn network(&self) -> Duration {
        Duration::from_nanos(self.session.stats.round_trip.recent_ns / 2)
    }

    /// What was counted of calls, in and out.
    pub fn rpc_counters(&self) -> RpcCounters {
        self.rpc.counters
    }
}
