//! Media threads: a fixed number of them, each a current-thread runtime that runs the channels pinned to it.

use super::stats::{Cpu, EngineStats};
use crate::thread;
use crate::{Error, Result, Status};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::runtime::LocalOptions;
use tokio::sync::mpsc;

/// Makes a task on the shard's own thread; the task itself never leaves it.
type Spawn = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// Tasks that wait to be started on one shard; a shard takes them at once, so this is never long.
const STARTING: usize = 1024;

/// The media threads of an engine. Dropping ends them, and the tasks on them.
pub(super) struct Shards {
    starts: Vec<mpsc::Sender<Spawn>>,
    ended: Vec<crossbeam_channel::Receiver<()>>,
    cpus: Vec<Arc<Cpu>>,
    next: AtomicUsize,
}

impl Shards {
    /// Starts `count` threads.
    pub(super) fn start(count: usize) -> Result<Shards> {
        let mut shards = Shards { starts: Vec::new(), ended: Vec::new(), cpus: Vec::new(), next: AtomicUsize::new(0) };
        for index in 0..count {
            let (start, starting) = mpsc::channel(STARTING);
            let (end, ended) = crossbeam_channel::bounded(1);
            let cpu = Arc::new(Cpu::default());
            let looks = cpu.clone();
            let work = move || {
                run(starting, looks);
                let _ = end.send(());
            };
            thread::start(&format!("stoa-media-{index}"), work)
                .map_err(|e| Error::new(Status::INTERNAL, format!("no media thread could be started: {e}")))?;
            shards.starts.push(start);
            shards.ended.push(ended);
            shards.cpus.push(cpu);
        }
        Ok(shards)
    }

    /// Starts a task on the next shard, in turn.
    pub(super) fn spawn<F, T>(&self, make: F) -> Result<()>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Future<Output = ()> + 'static,
    {
        let index = self.next.fetch_add(1, Ordering::Relaxed) % self.starts.len();
        let spawn: Spawn = Box::new(move || Box::pin(make()));
        self.starts[index]
            .try_send(spawn)
            .map_err(|_| Error::new(Status::CLOSED, "the engine is closing; nothing can be started on it"))
    }

    /// Adds these threads' numbers.
    pub(super) fn measure(&self, stats: &mut EngineStats) {
        stats.threads = self.cpus.len() as u64;
        stats.cpu_media_us = self.cpus.iter().map(|cpu| cpu.used_us()).sum();
    }

    /// Ends the threads and waits for them, at most `timeout` in all.
    pub(super) fn stop(mut self, timeout: Duration) {
        self.starts.clear();
        let until = std::time::Instant::now() + timeout;
        for ended in &self.ended {
            let _ = ended.recv_deadline(until);
        }
    }
}

fn run(mut starting: mpsc::Receiver<Spawn>, cpu: Arc<Cpu>) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let Ok(runtime) =
        builder.enable_io().enable_time().on_thread_park(move || cpu.look()).build_local(LocalOptions::default())
    else {
        return;
    };
    runtime.block_on(async {
        while let Some(make) = starting.recv().await {
            tokio::task::spawn_local(make());
        }
    });
    // A name that is being looked up may take long: it is left behind.
    runtime.shutdown_background();
}
