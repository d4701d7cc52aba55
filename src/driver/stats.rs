//! Statistics of what runs. The threads that count put copies of their numbers up; who asks reads the copy, and so
//! waits for nobody and holds nobody up.

use crate::audio::send::SendCounters;
use crate::client::stats::{HearingStats, VoiceStats};
use crate::message::queue::QueueCounters;
use crate::server::ServerStats as RoomStats;
use crate::stats::Delay;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often numbers are put up while they change.
const INTERVAL: Duration = Duration::from_millis(100);
/// How often a thread looks how much processor time it has used, microseconds: a look costs some 300 ns.
const LOOK_US: u64 = 10_000;

/// A channel's numbers since it was made, over all its connections.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChannelStats {
    /// When the numbers of the connection were taken, on the library's clock; 0 before the first connection.
    pub time_us: u64,
    /// The connection's.
    pub voice: VoiceStats,
    /// Of the datagrams sent, those that the system had no room for.
    pub packets_unsent: u64,
    /// How long its media thread has worked for it: its network, encoding, decoding.
    pub busy: Duration,
    /// Messages that wait now for the WebSocket.
    pub signals_waiting: u64,
    /// Samples, for each channel of the sound.
    pub samples: SendCounters,
    /// Sound in the send queue now.
    pub send_queue: Duration,
    /// What it holds at most.
    pub send_capacity: Duration,
    /// Playout marks that wait now.
    pub marks_waiting: u64,
    /// Messages on their way out.
    pub messages: QueueCounters,
    /// Data packets that wait now, here and in the connection.
    pub data_waiting: u64,
    /// Data packets for which the caller was told that the queue is full.
    pub data_refused: u64,
    /// Events that wait now to be read.
    pub events_waiting: u64,
    /// Events that were dropped because too many waited.
    pub events_dropped: u64,
    /// Calls that wait now for the media thread.
    pub calls_waiting: u64,
}

/// A stream's numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct StreamStats {
    /// When the numbers of the reception were taken, on the library's clock; 0 before the first.
    pub time_us: u64,
    /// The reception's.
    pub hearing: HearingStats,
    /// Frames put into the ring.
    pub frames_written: u64,
    /// Frames dropped for newer ones.
    pub frames_dropped_oldest: u64,
    /// Frames dropped because the ring was full.
    pub frames_dropped_newest: u64,
    /// Frames that can be read now.
    pub frames_waiting: u64,
    /// Frames that fit.
    pub frames_capacity: u64,
    /// From when a frame was ready until it was read.
    pub ring: Delay,
}

/// An engine's numbers. Processor time is that of all threads of a kind, and a few milliseconds old.
#[derive(Clone, Copy, Debug, Default)]
pub struct EngineStats {
    /// When they were taken, on the library's clock.
    pub time_us: u64,
    /// Media threads.
    pub threads: u64,
    /// Channels now, connected or not.
    pub channels: u64,
    /// Channels now that are connected.
    pub channels_connected: u64,
    /// Datagrams of all channels, freed ones included.
    pub packets_sent: u64,
    /// Their bytes.
    pub bytes_sent: u64,
    /// Datagrams that arrived.
    pub packets_received: u64,
    /// Their bytes.
    pub bytes_received: u64,
    /// RTP packets of microphones that servers reported as lost.
    pub audio_packets_lost: u64,
    /// Processor time of the media threads, microseconds.
    pub cpu_media_us: u64,
    /// ... of the dispatch thread, callbacks included.
    pub cpu_dispatch_us: u64,
    /// ... of the codec thread.
    pub cpu_codec_us: u64,
    /// ... of the room server inside.
    pub cpu_server_us: u64,
    /// Event and frame callbacks: each run.
    pub callbacks: Delay,
    /// Sources of callbacks that wait now for the dispatch thread.
    pub dispatch_waiting: u64,
    /// What heavy decoding waited for the codec thread.
    pub codec_queue: Delay,
    /// Jobs that wait now.
    pub codec_waiting: u64,
    /// Jobs that a media thread did because too many waited.
    pub codec_refused: u64,
}

/// A room server's numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServerStats {
    /// When they were taken, on the library's clock.
    pub time_us: u64,
    /// Of rooms and forwarding.
    pub rooms: RoomStats,
    /// Of the datagrams sent, those that the system had no room for.
    pub packets_unsent: u64,
    /// WebSockets now.
    pub websockets: u64,
    /// WebSockets closed because their reader was too slow, or gone.
    pub websockets_dropped: u64,
    /// Messages that wait now for WebSockets.
    pub signals_waiting: u64,
    /// Processor time of the server's thread, microseconds.
    pub cpu_us: u64,
    /// Webhooks that were taken; like those below, once for each URL.
    pub webhooks_sent: u64,
    /// Webhooks that nobody took, after all attempts.
    pub webhooks_failed: u64,
    /// Webhooks dropped because too many waited.
    pub webhooks_dropped: u64,
}

/// What all channels of an engine have counted together. It outlives them.
#[derive(Default)]
pub(super) struct Totals([AtomicU64; 5]);

impl Totals {
    fn of(voice: &VoiceStats) -> [u64; 5] {
        let v = voice;
        [v.packets_sent, v.bytes_sent, v.packets_received, v.bytes_received, v.audio_packets_lost]
    }

    /// A channel's numbers went from these to those.
    pub(super) fn add(&self, from: &VoiceStats, to: &VoiceStats) {
        for ((total, from), to) in self.0.iter().zip(Totals::of(from)).zip(Totals::of(to)) {
            total.fetch_add(to.saturating_sub(from), Relaxed);
        }
    }

    pub(super) fn measure(&self, stats: &mut EngineStats) {
        let [packets_sent, bytes_sent, packets_received, bytes_received, audio_packets_lost] =
            [0, 1, 2, 3, 4].map(|at| self.0[at].load(Relaxed));
        *stats =
            EngineStats { packets_sent, bytes_sent, packets_received, bytes_received, audio_packets_lost, ..*stats };
    }
}

/// A copy of numbers that their owner puts up and anyone reads. The lock is held for the copying alone.
#[derive(Default)]
pub(super) struct Board<T>(Mutex<T>);

impl<T: Copy> Board<T> {
    pub(super) fn put(&self, numbers: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = numbers;
    }

    pub(super) fn read(&self) -> T {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When numbers are to be put up: at once if that is long ago, else a little later, so that the last change shows too. Where media flow
/// the next packet comes before the deadline, which so wakes nobody.
#[derive(Default)]
pub(super) struct Reporting {
    last: Option<Instant>,
    due: Option<Instant>,
}

impl Reporting {
    /// Something may have changed. True: put it up.
    pub(super) fn changed(&mut self, now: Instant) -> bool {
        let next = self.last.map_or(now, |last| last + INTERVAL);
        let report = next <= now;
        if report {
            self.last = Some(now);
        }
        self.due = (!report).then_some(next + INTERVAL / 2);
        report
    }

    /// What was put up changes without being noticed: look again a little later.
    pub(super) fn again(&mut self, now: Instant) {
        self.due = Some(now + INTERVAL);
    }

    /// When [`Reporting::changed`] is to be called at the latest.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due
    }
}

/// The processor time of one thread: the thread itself looks, anyone reads.
#[derive(Debug, Default)]
pub(super) struct Cpu {
    used_us: AtomicU64,
    looked_us: AtomicU64,
}

impl Cpu {
    /// On the thread itself, wherever it comes by often.
    pub(super) fn look(&self) {
        let now = super::clock::time_us();
        if now.saturating_sub(self.looked_us.load(Relaxed)) >= LOOK_US {
            self.looked_us.store(now, Relaxed);
            self.look_now();
        }
    }

    /// The same, however often: for a thread that ends.
    pub(super) fn look_now(&self) {
        let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        self.used_us.store(used.tv_sec as u64 * 1_000_000 + used.tv_nsec as u64 / 1000, Relaxed);
    }

    pub(super) fn used_us(&self) -> u64 {
        self.used_us.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_put_up_ten_times_a_second_and_the_last_change_is_not_forgotten() {
        let start = Instant::now();
        let ms = |n| start + Duration::from_millis(n);
        let mut reporting = Reporting::default();
        assert!(reporting.changed(ms(0)));
        assert_eq!(reporting.deadline(), None, "nothing changed since");
        assert!(!reporting.changed(ms(1)) && !reporting.changed(ms(99)));
        assert_eq!(reporting.deadline(), Some(ms(150)), "but for what comes between");
        assert!(reporting.changed(ms(100)));
        assert_eq!(reporting.deadline(), None);
        assert!(reporting.changed(ms(5000)));
        reporting.again(ms(5000));
        assert_eq!(reporting.deadline(), Some(ms(5100)));
        assert!(reporting.changed(ms(5100)));
        assert_eq!(reporting.deadline(), None);
    }

    #[test]
    fn a_thread_knows_its_own_processor_time() {
        let cpu = Cpu::default();
        cpu.look();
        let before = cpu.used_us();
        let start = Instant::now();
        // Work, not sleep, until the system has given the thread 20 ms.
        while cpu.used_us() < before + 20_000 && start.elapsed() < Duration::from_secs(60) {
            std::hint::black_box((0..1000).sum::<u64>());
            cpu.look();
        }
        let worked = cpu.used_us() - before;
        assert!(worked >= 20_000 && u128::from(worked) <= start.elapsed().as_micros() + LOOK_US as u128, "{worked} us");
        cpu.look_now();
        let idle = cpu.used_us();
        std::thread::sleep(Duration::from_millis(50));
        cpu.look();
        assert!(cpu.used_us() - idle < 10_000, "sleeping takes none");
    }
}
