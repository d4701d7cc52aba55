//! What a frame costs the application: the C functions, called as a C program does.

use super::room::{BLOCK, BLOCK_TIME, Beat};
use super::table::{Row, quantile};
use std::ffi::CStr;
use std::ptr::null_mut;
use std::time::Instant;
use stoa::ffi::channel::{stoa_channel_connect, stoa_channel_free, stoa_channel_new, stoa_channel_options};
use stoa::ffi::channel_audio::{
    stoa_channel_interrupt, stoa_channel_push_audio, stoa_channel_push_audio_f32, stoa_channel_wait_played,
};
use stoa::ffi::channel_users::stoa_channel_stream;
use stoa::ffi::engine::{stoa_engine_free, stoa_engine_new, stoa_engine_options};
use stoa::ffi::frame::stoa_frame;
use stoa::ffi::status::{stoa_last_error, stoa_status};
use stoa::ffi::stream::{stoa_stream_free, stoa_stream_read, stoa_stream_readable};
use stoa::ffi::types::{stoa_channel, stoa_engine};

/// Frames in a row: the ring of two seconds, and as much of the send queue.
const ROW: usize = 100;
const ROWS: usize = 5;

pub fn must(status: stoa_status) {
    // SAFETY: the sentence is valid until the next call on this thread.
    assert_eq!(status, 0, "{}", unsafe { CStr::from_ptr(stoa_last_error()) }.to_string_lossy());
}

pub fn join(engine: *mut stoa_engine, user: &CStr) -> *mut stoa_channel {
    let mut channel = null_mut();
    // SAFETY: zero bytes are these options' defaults; all pointers are valid during the calls.
    unsafe {
        let mut options: stoa_channel_options = std::mem::zeroed();
        options.size = size_of::<stoa_channel_options>();
        options.name = c"calls".as_ptr();
        options.user = user.as_ptr();
        options.subscribe_all = 1;
        must(stoa_channel_new(engine, &options, &mut channel));
        must(stoa_channel_connect(channel, 20_000));
    }
    channel
}

/// The median of the calls, ns, less what looking at the clock costs.
fn median(mut calls: Vec<f64>) -> f64 {
    let mut clock: Vec<f64> = (0..1000).map(|_| timed(|| ())).collect();
    quantile(&mut calls, 0.5) - quantile(&mut clock, 0.5)
}

fn timed(call: impl FnOnce()) -> f64 {
    let start = Instant::now();
    call();
    start.elapsed().as_nanos() as f64
}

pub fn new_engine() -> *mut stoa_engine {
    let mut engine = null_mut();
    // SAFETY: zero bytes are these options' defaults; all pointers are valid during the calls.
    unsafe {
        let mut options: stoa_engine_options = std::mem::zeroed();
        options.size = size_of::<stoa_engine_options>();
        options.app_id = c"bench".as_ptr();
        must(stoa_engine_new(&options, &mut engine));
    }
    engine
}

pub fn measure() -> Vec<Row> {
    let (engine, mut stream) = (new_engine(), null_mut());
    let (ada, bob) = (join(engine, c"ada"), join(engine, c"bob"));
    // SAFETY: as above.
    while unsafe { stoa_channel_stream(bob, c"ada".as_ptr(), &mut stream) } != 0 {
        std::thread::yield_now();
    }
    let pcm: Vec<i16> = (0..BLOCK).map(|i| if i / 60 % 2 == 0 { 3000 } else { -3000 }).collect();
    let floats: Vec<f32> = pcm.iter().map(|sample| f32::from(*sample) / 32768.0).collect();
    // SAFETY: a live handle, and as many samples as said.
    let push = || must(unsafe { stoa_channel_push_audio(ada, pcm.as_ptr(), BLOCK, 0, null_mut()) });
    // SAFETY: as above.
    let push_f32 = || must(unsafe { stoa_channel_push_audio_f32(ada, floats.as_ptr(), BLOCK, 0, null_mut()) });
    // SAFETY: a live handle; NULL is allowed.
    let interrupt = || must(unsafe { stoa_channel_interrupt(ada, null_mut(), null_mut()) });
    let mut heard = [0i16; BLOCK * 2];
    // SAFETY: zero bytes are a frame of zeros.
    let mut frame: stoa_frame = unsafe { std::mem::zeroed() };
    frame.size = size_of::<stoa_frame>();
    // SAFETY: a live handle, and the room that is told.
    let mut read = || unsafe { stoa_stream_read(stream, 0, heard.as_mut_ptr(), heard.len(), &mut frame) };

    let [mut pushes, mut pushes_f32, mut reads, mut paced] = [const { Vec::new() }; 4];
    for _ in 0..ROWS {
        pushes.extend((0..ROW).map(|_| timed(push)));
        interrupt();
        pushes_f32.extend((0..ROW).map(|_| timed(push_f32)));
        interrupt();
    }
    let mut beat = Beat::new(BLOCK_TIME);
    for _ in 0..ROW {
        beat.wait();
        paced.push(timed(push));
    }
    // Two seconds of sound pile up unread, then they are read in a row.
    for _ in 0..2 {
        (0..ROW + 20).for_each(|_| push());
        // SAFETY: a live handle.
        must(unsafe { stoa_channel_wait_played(ada, 20_000) });
        let mut ready = 0;
        // SAFETY: a live handle and room for the number.
        must(unsafe { stoa_stream_readable(stream, &mut ready) });
        reads.extend((0..ready).map(|_| timed(|| must(read()))));
    }
    assert!(reads.len() >= ROW, "{} frames arrived", reads.len());
    // SAFETY: each handle once.
    unsafe {
        must(stoa_stream_free(stream));
        must(stoa_engine_free(engine));
        must(stoa_channel_free(ada));
        must(stoa_channel_free(bob));
    }

    // `capture_frame` of the PyPI client, awaited in Python.
    let earlier = "218 µs, from Python (earlier)";
    let row = |what: &str, calls: Vec<f64>, goal| {
        let ns = median(calls);
        Row::new(what, format!("{ns:.0} ns"), goal).peer(earlier, 218_000.0, ns)
    };
    vec![
        row("push a 20-ms frame from C, in a row", pushes, "1 µs"),
        row("push a 20-ms frame of floats from C, in a row", pushes_f32, "1 µs"),
        row("push a 20-ms frame from C, one every 20 ms (cold caches, wakes the media thread)", paced, "1 µs"),
        row("read a 20-ms frame from C, in a row", reads, "1 µs"),
    ]
}
