//! The threads that the library starts for itself.

use nix::sys::signal::{SigSet, Signal};
use std::io;
use std::thread::{Builder, JoinHandle};

/// Starts a thread whose writes can fail, and no more: to a connection or pipe that the other side has closed, or beyond the limit on
/// the size of files. To the process they would be signals that end it, unless it ignores them, and neither hyper nor rustls has a way
/// to write without. The thread of callbacks is none of these: what the application does there is its own.
pub fn start<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> io::Result<JoinHandle<T>> {
    Builder::new().name(name.into()).spawn(move || {
        // Cannot fail: both are signals that can be blocked.
        let _ = SigSet::from_iter([Signal::SIGPIPE, Signal::SIGXFSZ]).thread_block();
        work()
    })
}
