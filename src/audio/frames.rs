//! Decoded frames on their way to the application: a ring, and the waking of its reader.

use super::ring::{Found, FrameRing, Overflow, Written};
use super::wake::{Patience, Wake};
use std::io;
use std::os::fd::RawFd;

/// What [`StreamRing::read`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOutcome {
    /// A frame was copied out.
    Frame {
        /// Its interleaved samples.
        samples: usize,
    },
    /// No frame came in time.
    TimedOut,
    /// The stream is over, and all its frames have been read.
    End,
    /// Another thread is reading.
    Busy,
    /// The reader is to take nothing.
    Stopped,
    /// The next frame does not fit; it stays.
    TooSmall {
        /// Interleaved samples that the buffer must hold.
        needed: usize,
    },
}

/// A bounded queue of frames, each described by an `I`: the media write, one application thread at a time reads.
///
/// Reading a frame that is there takes no lock, no memory and no system call, except that with a descriptor in use
/// the last frame makes it unreadable again.
pub struct StreamRing<I> {
    ring: FrameRing<I>,
    wake: Wake,
}

impl<I: Copy> StreamRing<I> {
    /// Room for `slots` frames of at most `frame_len` interleaved samples; `overflow` says which is lost beyond.
    pub fn new(slots: usize, frame_len: usize, overflow: Overflow) -> Self {
        Self { ring: FrameRing::new(slots, frame_len, overflow), wake: Wake::new() }
    }

    /// The media's side: stores a frame and wakes the reader. Never waits.
    pub fn write(&self, info: &I, pcm: &[i16]) -> Written {
        let Some(mut writer) = self.ring.writer() else { return Written::Busy };
        let written = writer.write(info, pcm);
        if matches!(written, Written::Stored | Written::DroppedOldest) {
            self.wake.notify();
        }
        written
    }

    /// Ends the stream: the reader drains what is there, then finds the end. Any thread, any number of times.
    pub fn close(&self) {
        self.ring.close();
        self.wake.notify();
    }

    /// Copies the oldest frame into `out` and its description into `info`; both stay as they are for any other
    /// outcome. Waits for one to come as long as there is patience.
    /// Nothing is taken, nor waited for, while `stop`; after a change of it [`StreamRing::wake`] makes a reader look again.
    pub fn read(&self, out: &mut [i16], info: &mut I, patience: &mut Patience, stop: impl Fn() -> bool) -> ReadOutcome {
        let Some(mut reader) = self.ring.reader() else { return ReadOutcome::Busy };
        loop {
            if stop() {
                return ReadOutcome::Stopped;
            }
            let found = reader.read(out, info);
            self.wake.settle(|| self.is_ready());
            match found {
                Found::Frame(samples) => return ReadOutcome::Frame { samples },
                Found::End => return ReadOutcome::End,
                Found::TooSmall(needed) => return ReadOutcome::TooSmall { needed },
                Found::Empty => {
                    let ready = || self.is_ready() || stop();
                    if !patience.deadline().is_some_and(|deadline| self.wake.wait(deadline, ready)) {
                        return ReadOutcome::TimedOut;
                    }
                }
            }
        }
    }

    /// Takes nothing, and waits while `stop`. Whether that was over before the patience.
    pub fn stand_by(&self, patience: &mut Patience, stop: impl Fn() -> bool) -> bool {
        patience.deadline().is_some_and(|deadline| self.wake.wait(deadline, || !stop()))
    }

    /// Makes a reader that waits look at its `stop` again.
    pub fn wake(&self) {
        self.wake.notify();
    }

    /// A descriptor to poll for reading: readable while a frame or the end of the stream can be read. Made at the
    /// first call; it belongs to the stream: poll it, but neither read nor close it.
    pub fn descriptor(&self) -> io::Result<RawFd> {
        self.wake.descriptor(|| self.is_ready())
    }

    /// Frames that can be read now.
    pub fn readable(&self) -> usize {
        self.ring.readable()
    }

    /// Whether the stream was closed; there may still be frames to read.
    pub fn is_closed(&self) -> bool {
        self.ring.is_closed()
    }

    /// Whether it was closed, and all its frames have been read.
    pub fn is_at_end(&self) -> bool {
        self.is_closed() && self.readable() == 0
    }

    /// Frames lost because newer ones took their place.
    pub fn dropped_oldest(&self) -> u64 {
        self.ring.dropped_oldest()
    }

    /// Frames lost because there was no place for them.
    pub fn dropped_newest(&self) -> u64 {
        self.ring.dropped_newest()
    }

    fn is_ready(&self) -> bool {
        self.ring.is_closed() || self.ring.readable() > 0
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::{Arc, Barrier};
    use std::thread;
    use std::time::Duration;

    const AT_ONCE: Option<Duration> = Some(Duration::ZERO);

    fn ring(slots: usize) -> StreamRing<u32> {
        StreamRing::new(slots, 4, Overflow::DropOldest)
    }

    fn read(ring: &StreamRing<u32>, timeout: Option<Duration>) -> (ReadOutcome, u32) {
        let mut info = 0;
        (ring.read(&mut [0; 4], &mut info, &mut Patience::new(timeout), || false), info)
    }

    #[test]
    fn frames_are_read_whole_and_then_the_end() {
        let ring = ring(3);
        assert_eq!(read(&ring, AT_ONCE).0, ReadOutcome::TimedOut);
        assert_eq!(read(&ring, Some(Duration::from_millis(2))).0, ReadOutcome::TimedOut);
        ring.write(&5, &[1, 2, 3]);
        assert_eq!(ring.readable(), 1);
        assert_eq!(
            ring.read(&mut [0; 2], &mut 0, &mut Patience::new(AT_ONCE), || false),
            ReadOutcome::TooSmall { needed: 3 }
        );
        ring.close();
        assert_eq!(read(&ring, AT_ONCE), (ReadOutcome::Frame { samples: 3 }, 5));
        assert_eq!(read(&ring, None), (ReadOutcome::End, 0));
        assert_eq!(ring.write(&6, &[]), Written::Closed);
    }

    #[test]
    fn losses_are_counted() {
        let ring = ring(2);
        (0..5).for_each(|info| _ = ring.write(&info, &[0]));
        assert_eq!((ring.dropped_oldest(), ring.dropped_newest()), (3, 0));
        assert_eq!(read(&ring, AT_ONCE).1, 3);
    }

    #[test]
    fn a_waiting_reader_wakes_for_a_frame_and_for_the_end() {
        let ring = Arc::new(ring(2));
        let reader = thread::spawn({
            let ring = ring.clone();
            move || [read(&ring, None), read(&ring, None)]
        });
        ring.write(&9, &[1]);
        while ring.readable() > 0 {
            thread::yield_now();
        }
        ring.close();
        let got = reader.join().expect("no panic");
        assert_eq!(got, [(ReadOutcome::Frame { samples: 1 }, 9), (ReadOutcome::End, 0)]);
    }

    #[test]
    fn a_second_reader_is_busy_while_the_first_one_waits() {
        let ring = Arc::new(ring(2));
        let first = thread::spawn({
            let ring = ring.clone();
            // The look below may come in between.
            move || loop {
                let outcome = read(&ring, None).0;
                if outcome != ReadOutcome::Busy {
                    return outcome;
                }
            }
        });
        while read(&ring, AT_ONCE).0 != ReadOutcome::Busy {
            thread::yield_now();
        }
        ring.close();
        assert_eq!(first.join().expect("no panic"), ReadOutcome::End);
        assert_eq!(read(&ring, AT_ONCE).0, ReadOutcome::End);
    }

    #[test]
    fn a_reader_that_panics_leaves_the_stream_usable() {
        let ring = ring(2);
        let panic = catch_unwind(AssertUnwindSafe(|| {
            let _reader = ring.ring.reader();
            panic!("while reading");
        }));
        assert!(panic.is_err());
        assert_eq!(read(&ring, AT_ONCE).0, ReadOutcome::TimedOut);
    }

    #[test]
    fn the_descriptor_is_readable_while_a_frame_or_the_end_is() {
        let ring = ring(4);
        ring.write(&1, &[1]);
        ring.descriptor().expect("a socket pair");
        ring.write(&2, &[2]);
        assert!(ring.wake.is_readable());
        assert_eq!(read(&ring, AT_ONCE).1, 1);
        assert!(ring.wake.is_readable(), "one frame is left");
        assert_eq!(read(&ring, AT_ONCE).1, 2);
        assert!(!ring.wake.is_readable(), "none is left");
        assert_eq!(read(&ring, AT_ONCE).0, ReadOutcome::TimedOut);
        ring.write(&3, &[3]);
        assert!(ring.wake.is_readable());
        assert_eq!(
            ring.read(&mut [], &mut 0, &mut Patience::new(AT_ONCE), || false),
            ReadOutcome::TooSmall { needed: 1 }
        );
        assert!(ring.wake.is_readable(), "it was not taken");
        assert_eq!(read(&ring, AT_ONCE).1, 3);
        ring.close();
        assert!(ring.wake.is_readable());
        assert_eq!(read(&ring, AT_ONCE).0, ReadOutcome::End);
        assert!(ring.wake.is_readable(), "and stays so");
    }

    #[test]
    fn many_frames_cross_two_threads_in_order() {
        let ring = Arc::new(StreamRing::new(8, 4, Overflow::DropNewest));
        let start = Arc::new(Barrier::new(2));
        let writer = thread::spawn({
            let (ring, start) = (ring.clone(), start.clone());
            move || {
                start.wait();
                for value in 0..20_000_u32 {
                    while ring.write(&value, &[value as i16; 4]) == Written::DroppedNewest {
                        thread::yield_now();
                    }
                }
                ring.close();
            }
        });
        start.wait();
        let (mut info, mut out) = (0, [0; 4]);
        for value in 0..20_000_u32 {
            assert_eq!(
                ring.read(&mut out, &mut info, &mut Patience::new(None), || false),
                ReadOutcome::Frame { samples: 4 }
            );
            assert_eq!((info, out), (value, [value as i16; 4]));
        }
        assert_eq!(ring.read(&mut out, &mut info, &mut Patience::new(None), || false), ReadOutcome::End);
        writer.join().expect("no panic");
    }
}
