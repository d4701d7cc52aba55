//! Structs that begin with their own size: they may grow at the end, and old and new programs keep working.

use crate::{Error, Result, Status};
use std::mem::{MaybeUninit, size_of};
use std::time::Duration;

/// A struct of the header whose first member is `size`.
///
/// # Safety
/// The type is `repr(C)`, begins with a `usize`, has no padding, and all bytes zero is a value of it.
pub unsafe trait Versioned: Copy {
    /// Its name in C.
    const NAME: &'static str;
    /// Its size in the first release: less than that was never right.
    const FIRST: usize;
}

/// More than this is garbage, not a later version.
const MAX_SIZE: usize = 4096;

unsafe fn size_of_caller<T: Versioned>(from: *const T, name: &str) -> Result<usize> {
    if from.is_null() {
        let text = format!("{name} is NULL: give a {}, begun with {}_INIT", T::NAME, T::NAME.to_uppercase());
        return Err(Error::new(Status::NULL_ARGUMENT, text));
    }
    // SAFETY: the caller's struct begins with its size.
    let size = unsafe { from.cast::<usize>().read_unaligned() };
    if (T::FIRST..=MAX_SIZE).contains(&size) {
        return Ok(size);
    }
    Err(Error::new(
        Status::BAD_STRUCT,
        format!("{name}->size is {size}, no size of a {}: begin with {}_INIT", T::NAME, T::NAME.to_uppercase()),
    ))
}

/// Reads options. What the caller's version does not have is zero; what this version does not know has to be.
///
/// # Safety
/// `from` is NULL, or points to as many bytes as its first member says.
pub unsafe fn read<T: Versioned>(from: *const T, name: &str) -> Result<T> {
    // SAFETY: the caller's promise.
    let size = unsafe { size_of_caller(from, name)? };
    let bytes = from.cast::<u8>();
    // SAFETY: the struct has `size` bytes.
    if let Some(offset) = (size_of::<T>()..size).find(|&offset| unsafe { *bytes.add(offset) } != 0) {
        return Err(Error::new(
            Status::BAD_STRUCT,
            format!(
                "{name} sets an option at byte {offset} that this version ({}) does not have: leave it zero, or use a newer library",
                env!("CARGO_PKG_VERSION")
            ),
        ));
    }
    let mut options = MaybeUninit::<T>::zeroed();
    // SAFETY: at most the size of both sides is copied, and all bytes zero is a value of T.
    unsafe {
        options.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(bytes, size.min(size_of::<T>()));
        Ok(options.assume_init())
    }
}

/// Checks a struct that is to be written later.
///
/// # Safety
/// As [`read`].
pub unsafe fn check<T: Versioned>(to: *const T, name: &str) -> Result<()> {
    // SAFETY: the caller's promise.
    unsafe { size_of_caller(to, name).map(drop) }
}

/// Writes a result as far as the caller's version has it; `size` stays the caller's, and an unknown tail becomes zero.
///
/// # Safety
/// `to` passed [`check`], and all its bytes may be written.
pub unsafe fn write<T: Versioned>(to: *mut T, value: &T) {
    const SIZE: usize = size_of::<usize>();
    let bytes = to.cast::<u8>();
    // SAFETY: the struct has `size` bytes, of which those behind the first member are written.
    unsafe {
        let size = to.cast::<usize>().read_unaligned();
        let known = size.min(size_of::<T>());
        bytes.add(SIZE).copy_from_nonoverlapping((&raw const *value).cast::<u8>().add(SIZE), known - SIZE);
        bytes.add(known).write_bytes(0, size - known);
    }
}

/// Writes an output that the caller may leave out.
///
/// # Safety
/// `to` is NULL or may be written.
pub unsafe fn put<T>(to: *mut T, value: T) {
    if !to.is_null() {
        // SAFETY: the caller's promise; unaligned, since a foreign language may have packed it.
        unsafe { to.write_unaligned(value) };
    }
}

/// Checks that an output that must be there is there.
pub fn needed<T>(to: *mut T, name: &str) -> Result<()> {
    if to.is_null() {
        return Err(Error::new(Status::NULL_ARGUMENT, format!("{name} is NULL: give a place for the result")));
    }
    Ok(())
}

/// A flag: 0 or 1, so that other values can mean something later.
pub fn flag(value: u32, name: &str) -> Result<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::new(Status::BAD_ARGUMENT, format!("{name} is {value}: give 0 or 1"))),
    }
}

/// A member that is to be zero until it means something.
pub fn reserved(value: u32, name: &str) -> Result<()> {
    if value == 0 { Ok(()) } else { Err(Error::new(Status::BAD_STRUCT, format!("{name} is {value}: leave it zero"))) }
}

/// `timeout_ms`: 0 never waits, negative waits for ever.
pub fn timeout(ms: i32) -> Option<Duration> {
    u64::try_from(ms).ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy)]
    #[repr(C)]
    struct Now {
        size: usize,
        old: u64,
        new: u64,
    }
    // SAFETY: C layout, three words.
    unsafe impl Versioned for Now {
        const NAME: &'static str = "stoa_now";
        const FIRST: usize = 16;
    }

    fn read_words(words: &[usize]) -> Result<Now> {
        // SAFETY: every test gives as many words as the first one says, or a size that is refused.
        unsafe { read(words.as_ptr().cast::<Now>(), "options") }
    }

    #[test]
    fn older_equal_and_newer_callers() {
        assert_eq!(read_words(&[16, 7]).unwrap().new, 0);
        assert_eq!(read_words(&[24, 7, 8]).unwrap().new, 8);
        assert_eq!(read_words(&[32, 7, 8, 0]).unwrap().old, 7);
        let error = read_words(&[32, 7, 8, 1 << 16]).err().unwrap();
        assert_eq!(error.status, Status::BAD_STRUCT);
        assert!(error.text.contains("byte 26"), "{}", error.text);
    }

    #[test]
    fn wrong_sizes() {
        for size in [0, 8, 15, 4097, usize::MAX] {
            let error = read_words(&[size]).err().unwrap();
            assert_eq!(error.status, Status::BAD_STRUCT);
            assert!(error.text.contains("STOA_NOW_INIT"), "{}", error.text);
        }
        // SAFETY: NULL is refused.
        let error = unsafe { read::<Now>(std::ptr::null(), "options") }.err().unwrap();
        let text = "options is NULL: give a stoa_now, begun with STOA_NOW_INIT";
        assert_eq!((error.status, error.text.as_str()), (Status::NULL_ARGUMENT, text));
    }

    #[test]
    fn results_fit_older_and_newer_callers() {
        let value = Now { size: 0, old: 7, new: 8 };
        let mut words = [16usize, 1, 1, 1];
        // SAFETY: the words are as many as their size says.
        unsafe { write(words.as_mut_ptr().cast::<Now>(), &value) };
        assert_eq!(words, [16, 7, 1, 1]);
        words[0] = 32;
        // SAFETY: as above.
        unsafe { write(words.as_mut_ptr().cast::<Now>(), &value) };
        assert_eq!(words, [32, 7, 8, 0]);
    }

    #[test]
    fn flags_and_timeouts() {
        assert!(!flag(0, "muted").unwrap() && flag(1, "muted").unwrap());
        assert!(flag(2, "muted").is_err());
        assert_eq!(timeout(-1), None);
        assert_eq!(timeout(0), Some(Duration::ZERO));
        assert_eq!(timeout(i32::MAX), Some(Duration::from_millis(2_147_483_647)));
    }
}
