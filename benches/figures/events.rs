//! What an event takes on its way to a callback in C: how many pass in a second, and how long one waits.

use super::calls::{join, must, new_engine};
use super::room::Beat;
use super::table::{Row, quantile};
use std::ffi::{CStr, c_void};
use std::ptr::{from_ref, null, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use stoa::ffi::channel::stoa_channel_free;
use stoa::ffi::channel_audio::stoa_channel_mark;
use stoa::ffi::channel_data::stoa_channel_send_data;
use stoa::ffi::channel_events::stoa_channel_on;
use stoa::ffi::engine::stoa_engine_free;
use stoa::ffi::event::stoa_event;
use stoa::ffi::types::stoa_channel;
use stoa::ffi::version::stoa_time_us;

/// Marks for the rate.
const MARKS: usize = 100_000;
/// Of them unseen at a time: the queue drops its oldest where 1024 wait.
const IN_FLIGHT: usize = 768;
/// Packets for the delay, one every 2 ms.
const PACKETS: usize = 2_000;
const GAP: Duration = Duration::from_millis(2);

#[derive(Default)]
struct Seen {
    count: AtomicUsize,
    delays: Mutex<Vec<f64>>,
}

unsafe extern "C" fn count(_: *mut stoa_channel, _: *const stoa_event, seen: *mut c_void) {
    // SAFETY: the listener's user_data, which outlives it.
    unsafe { &*seen.cast::<Seen>() }.count.fetch_add(1, Ordering::Relaxed);
}

unsafe extern "C" fn time(_: *mut stoa_channel, event: *const stoa_event, seen: *mut c_void) {
    let now = stoa_time_us();
    // SAFETY: both are valid until the callback returns.
    let (seen, at) = unsafe { (&*seen.cast::<Seen>(), (*event).time_us) };
    seen.delays.lock().unwrap_or_else(PoisonError::into_inner).push(now.saturating_sub(at) as f64);
    seen.count.fetch_add(1, Ordering::Relaxed);
}

fn wait(seen: &Seen, least: usize) {
    let end = Instant::now() + Duration::from_secs(60);
    while seen.count.load(Ordering::Relaxed) < least {
        assert!(Instant::now() < end, "{} of {least} events", seen.count.load(Ordering::Relaxed));
        std::thread::sleep(Duration::from_millis(1));
    }
}

pub fn measure() -> Vec<Row> {
    let engine = new_engine();
    let (ada, bob) = (join(engine, c"ada"), join(engine, c"bob"));
    let (marks, packets) = (Seen::default(), Seen::default());
    type Callback = unsafe extern "C" fn(*mut stoa_channel, *const stoa_event, *mut c_void);
    let listen = |event: &CStr, callback: Callback, seen: &Seen| {
        let seen = from_ref(seen).cast_mut().cast();
        // SAFETY: a live handle, a name that ends with a zero, and data that outlives the channel.
        must(unsafe { stoa_channel_on(ada, event.as_ptr(), Some(callback), seen, None, null_mut()) });
    };
    listen(c"played", count, &marks);
    listen(c"data_received", time, &packets);

    let start = Instant::now();
    for mark in 0..MARKS as u64 {
        while mark as usize - marks.count.load(Ordering::Relaxed) > IN_FLIGHT {
            std::thread::yield_now();
        }
        // SAFETY: a live handle. 256 may wait to be passed.
        while unsafe { stoa_channel_mark(ada, mark) } != 0 {
            std::thread::yield_now();
        }
    }
    wait(&marks, MARKS);
    let rate = MARKS as f64 / start.elapsed().as_secs_f64();

    let mut beat = Beat::new(GAP);
    for _ in 0..PACKETS {
        beat.wait();
        // SAFETY: a live handle and as many bytes as said; NULL is the defaults.
        must(unsafe { stoa_channel_send_data(bob, c"event".as_ptr().cast(), 5, null()) });
    }
    wait(&packets, PACKETS);
    // SAFETY: each handle once.
    unsafe {
        must(stoa_engine_free(engine));
        must(stoa_channel_free(ada));
        must(stoa_channel_free(bob));
    }
    let mut delays = packets.delays.into_inner().unwrap_or_else(PoisonError::into_inner);
    let [median, late] = [0.5, 0.99].map(|part| quantile(&mut delays, part));
    vec![
        Row::new("events to a callback in C, a second (playout marks, in a row)", format!("{rate:.0}"), "–"),
        Row::new(
            "an event's delay from arrival to its callback in C (data, one every 2 ms)",
            format!("{median:.0} µs, 99 %: {late:.0} µs"),
            "–",
        ),
    ]
}
