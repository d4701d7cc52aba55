//! What one thread sees of the rings.

use super::*;

fn push(ring: &PcmRing, pcm: &[i16]) -> usize {
    let mut producer = ring.producer().expect("no other producer");
    let staged = producer.stage(pcm);
    assert!(producer.commit());
    staged
}

fn pull(ring: &PcmRing, most: usize) -> Vec<i16> {
    let mut out = vec![0; most];
    let got = ring.consumer().expect("no other consumer").read(&mut out, 1);
    out.truncate(got.map_or(0, |range| (range.end - range.start) as usize));
    out
}

#[test]
fn samples_come_out_in_order_across_the_end_of_the_memory() {
    let ring = PcmRing::new(5);
    assert_eq!(push(&ring, &[1, 2, 3, 4]), 4);
    assert_eq!(pull(&ring, 3), [1, 2, 3]);
    assert_eq!(push(&ring, &[5, 6, 7, 8, 9]), 4, "one sample is still queued");
    assert_eq!(push(&ring, &[9]), 0);
    assert_eq!(pull(&ring, 9), [4, 5, 6, 7, 8]);
    assert_eq!((ring.tail(), ring.head().position, ring.queued()), (8, 8, 0));
}

#[test]
fn an_empty_ring_starts_again_at_its_first_slot() {
    let ring = PcmRing::new(1000);
    for _ in 0..100 {
        push(&ring, &[7; 30]);
        pull(&ring, 30);
    }
    push(&ring, &[1, 2]);
    assert_eq!(ring.positions.slot(ring.tail()), 0, "memory beyond what was ever queued stays untouched");
    assert_eq!(pull(&ring, 9), [1, 2]);
}

#[test]
fn fewer_samples_than_asked_for_stay() {
    let ring = PcmRing::new(10);
    push(&ring, &[1, 2, 3]);
    let mut out = [0; 4];
    let mut consumer = ring.consumer().expect("no other consumer");
    assert_eq!(consumer.read(&mut out, 4), None);
    assert_eq!(consumer.read(&mut out, 3), Some(0..3));
    assert_eq!(consumer.read(&mut out, 1), None);
}

#[test]
fn an_interrupt_drops_what_is_committed_and_stops_what_is_not() {
    let ring = PcmRing::new(10);
    push(&ring, &[1, 2, 3]);
    let mut producer = ring.producer().expect("no other producer");
    assert_eq!(producer.stage(&[4, 5]), 2);
    assert_eq!(pull(&ring, 1), [1]);
    let end = ring.interrupt();
    assert_eq!(end, 3);
    assert_eq!(ring.discard(end), 1..3);
    assert!(!producer.commit());
    drop(producer);
    assert_eq!(pull(&ring, 9), [0i16; 0]);
    push(&ring, &[6]);
    assert_eq!(pull(&ring, 9), [6]);
    assert_eq!(ring.tail(), 4);
}

#[test]
fn discarding_stops_at_the_end_of_what_is_committed() {
    let ring = PcmRing::new(4);
    push(&ring, &[1, 2]);
    assert_eq!(ring.discard(9), 0..2);
    assert!(ring.discard(1).is_empty());
}

#[test]
fn a_second_producer_or_consumer_is_turned_away_until_the_first_is_gone() {
    let ring = PcmRing::new(4);
    let (producer, consumer) = (ring.producer(), ring.consumer());
    assert!(producer.is_some() && consumer.is_some());
    for _ in 0..2 {
        assert!(ring.producer().is_none() && ring.consumer().is_none(), "asking changes nothing");
    }
    drop((producer, consumer));
    assert!(ring.producer().is_some() && ring.consumer().is_some());
    let frames = FrameRing::<u8>::new(1, 1, Overflow::DropOldest);
    let (writer, reader) = (frames.writer(), frames.reader());
    for _ in 0..2 {
        assert!(frames.writer().is_none() && frames.reader().is_none(), "asking changes nothing");
    }
    drop((writer, reader));
    assert!(frames.writer().is_some() && frames.reader().is_some());
}

#[test]
fn epochs_wrap_without_moving_the_position() {
    let ring = PcmRing::new(4);
    push(&ring, &[1]);
    for _ in 0..65_537 {
        assert_eq!(ring.interrupt(), 1);
    }
    assert_eq!(ring.head(), Head { epoch: 1, position: 1 });
}

fn write(ring: &FrameRing<u32>, info: u32, pcm: &[i16]) -> Written {
    ring.writer().expect("no other writer").write(&info, pcm)
}

fn read(ring: &FrameRing<u32>) -> (Found, u32, [i16; 3]) {
    let (mut info, mut out) = (0, [0; 3]);
    (ring.reader().expect("no other reader").read(&mut out, &mut info), info, out)
}

#[test]
fn a_full_ring_drops_its_oldest_frame() {
    let ring = FrameRing::new(2, 3, Overflow::DropOldest);
    assert_eq!(write(&ring, 1, &[1]), Written::Stored);
    assert_eq!(write(&ring, 2, &[2, 2]), Written::Stored);
    assert_eq!(write(&ring, 3, &[3, 3, 3]), Written::DroppedOldest);
    assert_eq!((ring.readable(), ring.dropped_oldest(), ring.dropped_newest()), (2, 1, 0));
    assert_eq!(read(&ring), (Found::Frame(2), 2, [2, 2, 0]));
    assert_eq!(read(&ring), (Found::Frame(3), 3, [3, 3, 3]));
    assert_eq!(read(&ring).0, Found::Empty);
}

#[test]
fn or_its_newest_if_the_policy_says_so() {
    let ring = FrameRing::new(1, 3, Overflow::DropNewest);
    assert_eq!(write(&ring, 1, &[1]), Written::Stored);
    assert_eq!(write(&ring, 2, &[2]), Written::DroppedNewest);
    assert_eq!((ring.dropped_oldest(), ring.dropped_newest()), (0, 1));
    assert_eq!(read(&ring), (Found::Frame(1), 1, [1, 0, 0]));
}

#[test]
fn a_frame_that_is_being_read_is_never_overwritten() {
    let ring = FrameRing::new(2, 1, Overflow::DropOldest);
    write(&ring, 1, &[1]);
    write(&ring, 2, &[2]);
    let hold = ring.positions.claim(|_, _| Ok::<_, ()>(1)).expect("no error").expect("a frame");
    assert_eq!(write(&ring, 3, &[3]), Written::DroppedNewest);
    drop(hold);
    assert_eq!(write(&ring, 4, &[4]), Written::Stored);
    assert_eq!((ring.dropped_oldest(), ring.dropped_newest()), (0, 1));
    assert_eq!(read(&ring).1, 2);
    assert_eq!(read(&ring).1, 4);
}

#[test]
fn a_small_buffer_is_told_how_large_it_must_be_and_loses_nothing() {
    let ring = FrameRing::new(2, 4, Overflow::DropOldest);
    assert_eq!(write(&ring, 1, &[1; 5]), Written::TooLong);
    write(&ring, 1, &[1; 4]);
    assert_eq!(read(&ring).0, Found::TooSmall(4));
    let (mut info, mut out) = (0, [0; 4]);
    assert_eq!(ring.reader().expect("no other").read(&mut out, &mut info), Found::Frame(4));
}

#[test]
fn a_closed_ring_is_drained_before_it_ends() {
    let ring = FrameRing::new(2, 3, Overflow::DropOldest);
    write(&ring, 1, &[]);
    ring.close();
    assert_eq!(write(&ring, 2, &[]), Written::Closed);
    assert_eq!(read(&ring).0, Found::Frame(0));
    assert_eq!(read(&ring).0, Found::End);
}
