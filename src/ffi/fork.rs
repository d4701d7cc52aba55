//! What a forked child may still do: its parent's threads are not in it, and a lock that one of them held stays locked.

use crate::{Error, Result, Status};
use std::ffi::c_int;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

static FORKED: AtomicBool = AtomicBool::new(false);
static WATCH: Once = Once::new();

unsafe extern "C" {
    fn pthread_atfork(
        prepare: Option<extern "C" fn()>,
        parent: Option<extern "C" fn()>,
        child: Option<extern "C" fn()>,
    ) -> c_int;
}

extern "C" fn in_child() {
    FORKED.store(true, Ordering::Relaxed);
}

/// From now on children are told apart. Called before the first thread and the first handle are made.
pub fn watch() {
    WATCH.call_once(|| {
        // SAFETY: the handler only stores into an atomic, which is allowed after a fork, and the library is never unloaded.
        // Where there is no memory for it, children are as they were.
        let _ = unsafe { pthread_atfork(None, None, Some(in_child)) };
    });
}

/// CLOSED in a child that was forked after the library was used.
pub fn check() -> Result<()> {
    if FORKED.load(Ordering::Relaxed) {
        let text =
            "this process was forked from one that used the library: exec a program, or fork before the first use";
        return Err(Error::new(Status::CLOSED, text));
    }
    Ok(())
}
