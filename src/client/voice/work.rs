//! Decoding: the jobs of the speakers, run where the driver wants, and their frames on the way to streams and mix.

use super::Voice;
use crate::audio::receiver::{Done, Job};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A decoding job of one speaker, to be run anywhere and given back to [`Voice::finish`].
pub struct Work {
    user: Arc<str>,
    hearing: u64,
    /// The decoding.
    pub job: Job,
    stopwatch: fn() -> Instant,
}

/// A job that was run.
pub struct Finished {
    user: Arc<str>,
    hearing: u64,
    /// None: the job did not come to its end.
    done: Option<Done>,
    took: Duration,
}

impl Work {
    /// Runs the job where the caller is. A fault in it costs the frame and the decoder's past, no more.
    pub fn run(self) -> Finished {
        let Work { user, hearing, job, stopwatch } = self;
        let begun = stopwatch();
        let done = catch_unwind(AssertUnwindSafe(|| job.run())).ok();
        Finished { user, hearing, done, took: stopwatch().saturating_duration_since(begun) }
    }
}

impl Voice {
    /// The next decoding job that is due. Heavy ones belong on another thread.
    pub fn poll_work(&mut self, now: Instant) -> Option<Work> {
        self.users.iter_mut().find_map(|user| {
            let (hearing, job) = user.ears_mut().find_map(|ear| {
                let hearing = ear.hearing.as_mut()?;
                let job = hearing.poll(now)?;
                Some((hearing.serial(), job))
            })?;
            Some(Work { user: user.identity.clone(), hearing, job, stopwatch: self.config.stopwatch })
        })
    }

    /// Takes a job back; its frame goes to the user's ring and the mix.
    pub fn finish(&mut self, finished: Finished, now: Instant) {
        let Some(user) = self.users.iter_mut().find(|user| user.identity == finished.user) else { return };
        // A job may outlive its subscription; its frame then belongs to nobody.
        let mut hearings = user.ears_mut().filter_map(|ear| Some((ear.is_voice(), ear.hearing.as_mut()?)));
        let Some((voice, hearing)) = hearings.find(|(_, hearing)| hearing.serial() == finished.hearing) else { return };
        hearing.decode.add(finished.took);
        // Mix and dump are of the users' voices.
        let mix = (voice && self.mix.strong_count() > 0).then_some(&mut self.mixer);
        let tap = self.tap.as_ref().filter(|_| voice);
        let turn = hearing.finish(finished.done, now, |pcm| {
            if let Some(tap) = tap {
                tap.heard(&finished.user, now, pcm);
            }
            if let Some(mixer) = mix {
                mixer.push(finished.user.clone(), pcm, now);
            }
        });
        drop(hearings);
        if let Some(turn) = turn {
            self.events.push_back(user.speech(turn));
        }
    }
}
