//! The boundary of a call: a panic never leaves Rust, and every error becomes a status with its sentence.

use super::fork;
use super::handle::{Entry, Kind, Stay, enter, remove};
use super::status::{set_last_error, stoa_status};
use crate::{Error, Result, Status};
use std::any::Any;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// An object behind a handle.
pub trait Noun: 'static {
    /// Its kind of handle.
    const KIND: Kind;
    /// The name of the argument that holds it.
    const NAME: &'static str;
    /// The object in its entry.
    fn of(entry: &Entry) -> Option<&Self>;
    /// CLOSED once the engine was freed.
    fn open(&self) -> Result<()> {
        Ok(())
    }
    /// What freeing the handle does.
    fn free(&self) -> Result<()>;
}

fn panicked(cause: Box<dyn Any + Send>) -> Error {
    let what = cause
        .downcast_ref::<&str>()
        .map(|text| text.to_string())
        .or_else(|| cause.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "of unknown cause".into());
    Error::new(Status::INTERNAL, format!("a fault inside the library ({what}): free the object, and report the fault"))
}

fn caught<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|cause| Err(panicked(cause)))
}

fn status_of(outcome: Result<Status>) -> stoa_status {
    match outcome {
        Ok(status) => status.0,
        Err(error) => {
            set_last_error(&error.text);
            error.status.0
        }
    }
}

/// A call without a handle.
pub fn call(body: impl FnOnce() -> Result<Status>) -> stoa_status {
    status_of(caught(|| fork::check().and_then(|()| body())))
}

/// A call that returns something else than a status; `otherwise` after a panic.
pub fn value<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    caught(|| Ok(body())).unwrap_or(otherwise)
}

fn object<N: Noun>(stay: &Stay) -> &N {
    N::of(stay.entry()).expect("the kind was checked")
}

/// A call on an object. An error is kept for the thread and for the handle.
pub fn on<N: Noun>(handle: *const impl Sized, body: impl FnOnce(&N) -> Result<Status>) -> stoa_status {
    status_of(caught(|| {
        let stay = enter(handle.cast::<c_void>(), N::KIND, N::NAME)?;
        let outcome = caught(|| {
            let noun = object::<N>(&stay);
            noun.open()?;
            body(noun)
        });
        if let Err(error) = &outcome {
            stay.set_error(&error.text);
        }
        outcome
    }))
}

/// Frees a handle; NULL is nothing to free.
pub fn free<N: Noun>(handle: *mut impl Sized) -> stoa_status {
    if handle.is_null() {
        return Status::OK.0;
    }
    call(|| {
        let stay = remove(handle.cast::<c_void>(), N::KIND, N::NAME)?;
        object::<N>(&stay).free()?;
        Ok(Status::OK)
    })
}

/// The last error of a handle. Its own errors are told for the thread alone, so that it never replaces what it is to tell.
pub fn last_error<N: Noun>(handle: *const impl Sized, tell: impl FnOnce(&str) -> Result<Status>) -> stoa_status {
    status_of(caught(|| tell(&enter(handle.cast::<c_void>(), N::KIND, N::NAME)?.error())))
}
