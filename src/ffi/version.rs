//! VERSION AND CLOCK

use super::panic::value;
use crate::driver::clock;
use std::ffi::c_char;

const fn number(text: &str) -> u32 {
    let (bytes, mut index, mut value) = (text.as_bytes(), 0, 0);
    while index < bytes.len() {
        value = value * 10 + (bytes[index] - b'0') as u32;
        index += 1;
    }
    value
}

/// The version of the library that is running, such as "0.1.0". STOA_VERSION is the header's.
///
/// Returns: the version, valid for ever.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn stoa_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// The same as a number to compare: major * 1000000 + minor * 1000 + patch. STOA_VERSION_NUMBER is the header's.
///
/// Returns: the number.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn stoa_version_number() -> u32 {
    number(env!("CARGO_PKG_VERSION_MAJOR")) * 1_000_000
        + number(env!("CARGO_PKG_VERSION_MINOR")) * 1_000
        + number(env!("CARGO_PKG_VERSION_PATCH"))
}

/// The clock of all times in this library: it starts at the system's time of day and then runs evenly, whatever is done to that.
///
/// Returns: microseconds since the Unix epoch.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn stoa_time_us() -> u64 {
    value(0, clock::time_us)
}
