//! `make loom`: every order in which the threads can meet.

use super::*;
use loom::{sync::Arc, thread};

/// Threads are preempted at most three times in each run: faults need two at most, and the models end in seconds.
fn model(run: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(run);
}

fn push(ring: &PcmRing, pcm: &[i16]) -> bool {
    let mut producer = ring.producer().expect("the only producer");
    producer.stage(pcm) == pcm.len() && producer.commit()
}

/// The sample at position n is n + 1. Returns how many there were.
fn pull(ring: &PcmRing, most: usize) -> u64 {
    let mut out = [0; 2];
    let Some(range) = ring.consumer().expect("the only consumer").read(&mut out[..most], 1) else { return 0 };
    for (position, sample) in range.clone().zip(out) {
        assert_eq!(sample as u64, position + 1);
    }
    range.end - range.start
}

#[test]
fn loom_push_and_consume() {
    model(|| {
        let ring = Arc::new(PcmRing::new(2));
        let producer = thread::spawn({
            let ring = ring.clone();
            move || {
                let mut next = 1;
                for _ in 0..3 {
                    next += i16::from(push(&ring, &[next]));
                }
                next as u64 - 1
            }
        });
        let mut pulled = pull(&ring, 1) + pull(&ring, 2);
        let pushed = producer.join().expect("no panic");
        pulled += pull(&ring, 2) + pull(&ring, 2);
        assert_eq!(pulled, pushed);
    });
}

#[test]
fn loom_push_and_interrupt_and_consume() {
    model(|| {
        let ring = Arc::new(PcmRing::new(2));
        assert!(push(&ring, &[1]));
        let producer = thread::spawn({
            let ring = ring.clone();
            move || push(&ring, &[2])
        });
        let interrupter = thread::spawn({
            let ring = ring.clone();
            move || {
                let end = ring.interrupt();
                let dropped = ring.discard(end);
                assert!(ring.tail() >= end, "everything committed before is gone");
                dropped.end - dropped.start
            }
        });
        let mut pulled = pull(&ring, 1);
        let pushed = 1 + u64::from(producer.join().expect("no panic"));
        let dropped = interrupter.join().expect("no panic");
        pulled += pull(&ring, 2);
        assert_eq!(pulled + dropped, pushed);
    });
}

#[test]
fn loom_drop_oldest_and_consume() {
    model(|| {
        let ring = Arc::new(PcmRing::new(2));
        assert!(push(&ring, &[1, 2]));
        let producer = thread::spawn({
            let ring = ring.clone();
            move || {
                let dropped = ring.discard(1);
                (dropped.end - dropped.start, u64::from(push(&ring, &[3])))
            }
        });
        let mut pulled = pull(&ring, 1);
        let (dropped, pushed) = producer.join().expect("no panic");
        pulled += pull(&ring, 2);
        assert_eq!(pulled + dropped, 2 + pushed);
    });
}

fn write(ring: &FrameRing<u8>, value: u8) -> Written {
    ring.writer().expect("the only writer").write(&value, &[i16::from(value)])
}

fn read(ring: &FrameRing<u8>) -> Result<u8, Found> {
    let (mut info, mut out) = (0, [0; 1]);
    match ring.reader().expect("the only reader").read(&mut out, &mut info) {
        Found::Frame(1) => {
            assert_eq!(out[0], i16::from(info), "one frame, not two halves");
            Ok(info)
        }
        other => Err(other),
    }
}

fn steal_and_read(slots: usize) {
    model(move || {
        let ring = Arc::new(FrameRing::new(slots, 1, Overflow::DropOldest));
        for value in 1..=slots {
            assert_eq!(write(&ring, value as u8), Written::Stored);
        }
        let writer = thread::spawn({
            let ring = ring.clone();
            move || [write(&ring, 11), write(&ring, 12)]
        });
        let mut seen = Vec::new();
        seen.extend(read(&ring));
        let written = writer.join().expect("no panic");
        while let Ok(value) = read(&ring) {
            seen.push(value);
        }
        assert!(seen.is_sorted(), "in order: {seen:?}");
        let lost = ring.dropped_oldest() + ring.dropped_newest();
        assert_eq!(seen.len() as u64 + lost, slots as u64 + 2, "each is read or counted: {seen:?} {written:?}");
    });
}

#[test]
fn loom_steal_and_read_one_slot() {
    steal_and_read(1);
}

#[test]
fn loom_steal_and_read_two_slots() {
    steal_and_read(2);
}

#[test]
fn loom_close_and_read() {
    model(|| {
        let ring = Arc::new(FrameRing::new(2, 1, Overflow::DropOldest));
        let writer = thread::spawn({
            let ring = ring.clone();
            move || {
                write(&ring, 1);
                ring.close();
            }
        });
        let early = read(&ring);
        assert_ne!(early, Err(Found::End), "the frame comes before the end");
        writer.join().expect("no panic");
        if early.is_err() {
            assert_eq!(read(&ring), Ok(1));
        }
        assert_eq!(read(&ring), Err(Found::End));
    });
}
