//! What the queue takes and drops, under each policy and with threads that meet.

use super::*;
use crate::audio::pace::{Paced, Pacer};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

const AT_ONCE: Option<Duration> = Some(Duration::ZERO);

fn queue(channels: usize, capacity: usize, backpressure: Backpressure) -> Arc<SendQueue> {
    Arc::new(SendQueue::new(channels, capacity, backpressure, Box::new(|| {})))
}

fn push(queue: &SendQueue, pcm: &[i16]) -> (usize, PushStatus) {
    let PushOutcome { accepted, status } = queue.push(pcm, AT_ONCE);
    (accepted, status)
}

fn pull(queue: &SendQueue, most: usize) -> Vec<i16> {
    let mut out = vec![0; most];
    let got = queue.ring.consumer().expect("no other").read(&mut out, 1);
    queue.wake.notify();
    out.truncate(got.map_or(0, |range| (range.end - range.start) as usize));
    out
}

/// Everything pushed is somewhere.
fn balance(queue: &SendQueue) -> SendCounters {
    let counters = queue.counters();
    let accounted = counters.sent + counters.interrupted + counters.dropped_oldest + queue.queued();
    assert_eq!(counters.pushed, accounted, "{counters:?}");
    counters
}

#[test]
fn refusing_takes_what_fits_and_says_how_much() {
    let queue = queue(2, 3, Backpressure::Refuse);
    assert_eq!((queue.channels(), queue.capacity()), (2, 3));
    assert_eq!(push(&queue, &[1, 1, 2, 2]), (2, PushStatus::Done));
    assert_eq!(push(&queue, &[3, 3, 4, 4]), (1, PushStatus::Full));
    assert_eq!(push(&queue, &[]), (0, PushStatus::Done));
    assert_eq!(pull(&queue, 9), [1, 1, 2, 2, 3, 3]);
    assert_eq!((queue.sent(), balance(&queue).refused), (3, 1));
}

#[test]
fn dropping_the_oldest_keeps_the_end_of_any_push() {
    let queue = queue(1, 3, Backpressure::DropOldest);
    assert_eq!(push(&queue, &[1, 2]), (2, PushStatus::Done));
    assert_eq!(push(&queue, &[3, 4, 5, 6, 7, 8, 9]), (7, PushStatus::Done));
    assert_eq!(pull(&queue, 9), [7, 8, 9]);
    let counters = balance(&queue);
    assert_eq!((counters.pushed, counters.sent, counters.dropped_oldest), (9, 3, 6));
}

#[test]
fn dropping_the_newest_keeps_the_beginning() {
    let queue = queue(1, 3, Backpressure::DropNewest);
    assert_eq!(push(&queue, &[1, 2, 3, 4, 5]), (3, PushStatus::Done));
    assert_eq!(pull(&queue, 9), [1, 2, 3]);
    assert_eq!(balance(&queue).dropped_newest, 2);
}

#[test]
fn half_a_sample_is_refused() {
    assert_eq!(push(&queue(2, 3, Backpressure::Refuse), &[1, 1, 2]), (0, PushStatus::Misaligned));
}

#[test]
fn floats_are_clipped_and_rounded() {
    let queue = queue(1, 2000, Backpressure::Refuse);
    let pcm = [0.0, 0.5, -0.5, 1.0, -1.0, 7.0, -7.0, f32::NAN, f32::INFINITY, 1.6 / 32768.0, -1.6 / 32768.0];
    assert_eq!(queue.push_f32(&pcm, AT_ONCE).accepted, 11);
    assert_eq!(pull(&queue, 99), [0, 16384, -16384, 32767, -32768, 32767, -32768, 0, 32767, 2, -2]);
    let long: Vec<f32> = (0..1999).map(|value| value as f32 / 32768.0).collect();
    assert_eq!(queue.push_f32(&long, AT_ONCE), PushOutcome { accepted: 1999, status: PushStatus::Done });
    assert_eq!(queue.push_f32(&long, AT_ONCE), PushOutcome { accepted: 1, status: PushStatus::Full });
    assert!(pull(&queue, 1999).into_iter().eq(0..1999));
}

#[test]
fn a_push_waits_for_room_and_keeps_its_order() {
    let queue = queue(1, 4, Backpressure::Refuse);
    let pusher = thread::spawn({
        let queue = queue.clone();
        move || queue.push(&(0..1000).collect::<Vec<i16>>(), None)
    });
    let mut pulled = Vec::new();
    while pulled.len() < 1000 {
        pulled.extend(pull(&queue, 3));
    }
    assert_eq!(pusher.join().expect("no panic"), PushOutcome { accepted: 1000, status: PushStatus::Done });
    assert!(pulled.into_iter().eq(0..1000));
}

#[test]
fn a_push_that_waits_in_vain_says_so() {
    let queue = queue(1, 4, Backpressure::Refuse);
    let outcome = queue.push(&[0; 6], Some(Duration::from_millis(3)));
    assert_eq!(outcome, PushOutcome { accepted: 4, status: PushStatus::TimedOut });
}

/// Fills the queue, and returns a thread that is then blocked in a push of five more samples.
fn blocked(queue: &Arc<SendQueue>) -> thread::JoinHandle<PushOutcome> {
    let pusher = thread::spawn({
        let queue = queue.clone();
        move || queue.push(&[1; 9], None)
    });
    while queue.queued() < 4 {
        thread::yield_now();
    }
    pusher
}

#[test]
fn an_interrupt_ends_a_blocked_push_to_the_sample() {
    let queue = queue(1, 4, Backpressure::Refuse);
    let pusher = blocked(&queue);
    assert_eq!(queue.push(&[2], AT_ONCE), PushOutcome { accepted: 0, status: PushStatus::Busy });
    assert_eq!(queue.interrupt(), Interrupted { sent: 0, dropped: 4 });
    assert_eq!(pusher.join().expect("no panic"), PushOutcome { accepted: 4, status: PushStatus::Interrupted });
    assert_eq!((queue.queued(), pull(&queue, 9)), (0, vec![]));
    assert_eq!(push(&queue, &[3]), (1, PushStatus::Done));
    assert_eq!(pull(&queue, 9), [3]);
    assert_eq!(queue.interrupt(), Interrupted { sent: 1, dropped: 0 });
    balance(&queue);
}

#[test]
fn closing_ends_a_blocked_push() {
    let queue = queue(1, 4, Backpressure::Refuse);
    let pusher = blocked(&queue);
    queue.close();
    assert_eq!(pusher.join().expect("no panic"), PushOutcome { accepted: 4, status: PushStatus::Closed });
    assert_eq!(push(&queue, &[1]), (0, PushStatus::Closed));
    assert_eq!(queue.mark(1), Err(MarkError::Closed));
    assert_eq!(queue.wait_played(None), Playout::Closed);
    assert_eq!(queue.queued(), 4, "what is queued may still leave");
}

#[test]
fn interrupts_are_exact_while_threads_push_and_take() {
    let queue = queue(1, 64, Backpressure::Refuse);
    let start = Barrier::new(3);
    let done = AtomicBool::new(false);
    let (taken, dropped) = thread::scope(|scope| {
        let taker = scope.spawn(|| {
            start.wait();
            let mut taken = 0;
            while !done.load(SeqCst) || queue.queued() > 0 {
                taken += pull(&queue, 7).len() as u64;
            }
            taken
        });
        let interrupter = scope.spawn(|| {
            start.wait();
            let (mut dropped, mut sent) = (0, 0);
            while !done.load(SeqCst) {
                let found = queue.interrupt();
                assert!(found.sent >= sent);
                (dropped, sent) = (dropped + found.dropped, found.sent);
            }
            dropped
        });
        start.wait();
        for _ in 0..20_000 {
            queue.push(&[5; 30], AT_ONCE);
        }
        done.store(true, SeqCst);
        (taker.join().expect("no panic"), interrupter.join().expect("no panic"))
    });
    let counters = balance(&queue);
    assert_eq!((counters.sent, counters.interrupted), (taken, dropped));
}

#[test]
fn marks_are_bounded() {
    let queue = queue(1, 4, Backpressure::Refuse);
    (0..MAX_MARKS as u64).for_each(|id| queue.mark(id).expect("room"));
    let error = queue.mark(0).expect_err("one too many");
    assert_eq!(error, MarkError::TooMany);
    assert!(error.to_string().contains("256"));
}

#[test]
fn waiting_for_playout_ends_when_the_last_sample_left() {
    let queue = queue(1, 960, Backpressure::Refuse);
    assert_eq!(queue.wait_played(None), Playout::Played, "nothing was pushed");
    push(&queue, &[1; 500]);
    assert_eq!(queue.wait_played(AT_ONCE), Playout::TimedOut);
    assert_eq!(queue.wait_played(Some(Duration::from_millis(2))), Playout::TimedOut);
    let waiter = thread::spawn({
        let queue = queue.clone();
        move || queue.wait_played(None)
    });
    assert_eq!(pull(&queue, 499).len(), 499);
    assert!(!waiter.is_finished());
    assert_eq!(pull(&queue, 1).len(), 1);
    assert_eq!(waiter.join().expect("no panic"), Playout::Played);
}

#[test]
fn waiting_for_playout_ends_with_an_interrupt() {
    let queue = queue(1, 4, Backpressure::Refuse);
    push(&queue, &[1; 4]);
    let waiter = thread::spawn({
        let queue = queue.clone();
        move || queue.wait_played(None)
    });
    while queue.control(|control| control.waiters.is_empty()) {
        thread::yield_now();
    }
    queue.interrupt();
    assert_eq!(waiter.join().expect("no panic"), Playout::Interrupted);
    assert_eq!(queue.wait_played(None), Playout::Played, "what was dropped before does not count");
}

#[test]
fn a_waiting_thread_flushes_the_tail() {
    let queue = queue(1, 960, Backpressure::Refuse);
    let (mut pacer, now, mut out) = (Pacer::new(queue.clone(), 480), Instant::now(), [9; 480]);
    push(&queue, &[1; 100]);
    assert_eq!(pacer.poll(now, &mut out), None, "more may come");
    queue.wait_played(AT_ONCE);
    let Some(Paced::Frame(frame)) = pacer.poll(now, &mut out) else { panic!("the tail leaves at once") };
    assert_eq!((frame.samples, &out[98..102]), (100, &[1, 1, 0, 0][..]));
}

#[test]
fn the_pacer_makes_room_for_a_blocked_push() {
    let queue = queue(1, 4, Backpressure::Refuse);
    let pusher = blocked(&queue);
    while queue.wake.is_quiet() {
        thread::yield_now();
    }
    let (mut pacer, mut now, mut left) = (Pacer::new(queue.clone(), 2), Instant::now(), 9);
    while left > 0 {
        if let Some(Paced::Frame(frame)) = pacer.poll(now, &mut [0; 2]) {
            left -= frame.samples;
        }
        now += Duration::from_millis(20);
        thread::yield_now();
    }
    assert_eq!(pusher.join().expect("no panic"), PushOutcome { accepted: 9, status: PushStatus::Done });
}

#[test]
fn the_pacer_is_woken_only_when_it_is_hungry() {
    let wakes = Arc::new(AtomicUsize::new(0));
    let waker = {
        let wakes = wakes.clone();
        move || _ = wakes.fetch_add(1, SeqCst)
    };
    let queue = Arc::new(SendQueue::new(1, 9600, Backpressure::Refuse, Box::new(waker)));
    let (mut pacer, now, mut out) = (Pacer::new(queue.clone(), 480), Instant::now(), [0; 480]);
    push(&queue, &[1; 480]);
    push(&queue, &[1; 480]);
    assert_eq!(wakes.load(SeqCst), 1, "the first push");
    assert!(pacer.poll(now, &mut out).is_some());
    assert!(pacer.poll(now, &mut out).is_none());
    push(&queue, &[1; 480]);
    assert_eq!(wakes.load(SeqCst), 1, "its clock is running");
    while let Some(deadline) = pacer.deadline() {
        pacer.poll(deadline, &mut out);
    }
    assert_eq!(wakes.load(SeqCst), 1, "it sees for itself that the queue is empty");
    push(&queue, &[1; 10]);
    push(&queue, &[1; 10]);
    assert_eq!(wakes.load(SeqCst), 2, "it was hungry");
    assert!(pacer.poll(now + Duration::from_secs(1), &mut out).is_none());
    queue.mark(1).expect("room");
    assert_eq!(wakes.load(SeqCst), 3, "a mark may be reached already");
}
