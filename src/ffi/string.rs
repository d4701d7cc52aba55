//! Strings in and out.

use crate::{Error, Result, Status};
use std::ffi::{CString, c_char};

/// The longest string that is read at all, bytes: room for any token.
const MAX_STRING: usize = 65_536;

/// Reads a string that must be there.
///
/// # Safety
/// `text` is NULL, or a string that ends with a zero byte and stays while `'a` lasts.
pub unsafe fn required<'a>(text: *const c_char, name: &str) -> Result<&'a str> {
    if text.is_null() {
        return Err(Error::new(Status::NULL_ARGUMENT, format!("{name} is NULL: give a string")));
    }
    let bytes = text.cast::<u8>();
    // SAFETY: each byte before the closing zero is the caller's to be read; the search stops there.
    let Some(length) = (0..=MAX_STRING).find(|&index| unsafe { *bytes.add(index) } == 0) else {
        return Err(Error::new(Status::BAD_ARGUMENT, format!("{name} is longer than {MAX_STRING} bytes: shorten it")));
    };
    // SAFETY: `length` bytes before the closing zero were read just now.
    let bytes = unsafe { std::slice::from_raw_parts(bytes, length) };
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        Error::new(Status::BAD_UTF8, format!("{name} is not UTF-8 at byte {at}: encode it as UTF-8"))
    })
}

/// Reads a string that may be NULL, which is the empty one.
///
/// # Safety
/// As [`required`].
pub unsafe fn optional<'a>(text: *const c_char, name: &str) -> Result<&'a str> {
    // SAFETY: the caller's promise.
    if text.is_null() { Ok("") } else { unsafe { required(text, name) } }
}

/// Copies a text into the caller's buffer, with a closing zero.
///
/// # Safety
/// `buffer` is NULL or has `capacity` bytes to be written, `out_length` is NULL or may be written.
pub unsafe fn give(text: &str, buffer: *mut c_char, capacity: usize, out_length: *mut usize) -> Result<Status> {
    if buffer.is_null() && capacity > 0 {
        return Err(Error::new(
            Status::NULL_ARGUMENT,
            "buffer is NULL: give one, or a capacity of 0 to ask for the length",
        ));
    }
    let needed = text.len() + 1;
    let fits = capacity >= needed;
    if fits {
        // SAFETY: the buffer has room for the text and its zero, and cannot overlap a Rust string.
        unsafe {
            buffer.cast::<u8>().copy_from_nonoverlapping(text.as_ptr(), text.len());
            *buffer.add(text.len()) = 0;
        }
    }
    if !out_length.is_null() {
        // SAFETY: the caller's promise.
        unsafe { out_length.write_unaligned(text.len()) };
    }
    if fits {
        return Ok(Status::OK);
    }
    Err(Error::new(
        Status::BUFFER_TOO_SMALL,
        format!("the buffer holds {capacity} bytes, and {needed} are needed with the closing zero: give a larger one"),
    ))
}

/// A C string; a zero byte inside, which only a strange peer sends, becomes U+FFFD.
pub fn c_string(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr::null_mut;

    fn read(bytes: &[u8]) -> Result<&str> {
        assert_eq!(bytes.last(), Some(&0));
        // SAFETY: the bytes end with a zero.
        unsafe { required(bytes.as_ptr().cast(), "user") }
    }

    #[test]
    fn strings_in() {
        assert_eq!(read("héllo\0".as_bytes()).unwrap(), "héllo");
        assert_eq!(read(b"ab\xff\0").unwrap_err().text, "user is not UTF-8 at byte 2: encode it as UTF-8");
        let long = [b"a".repeat(MAX_STRING + 1), vec![0]].concat();
        assert_eq!(read(&long).unwrap_err().status, Status::BAD_ARGUMENT);
        assert_eq!(read(&long[1..]).unwrap().len(), MAX_STRING);
        // SAFETY: NULL is allowed.
        unsafe {
            assert_eq!(required(std::ptr::null(), "user").unwrap_err().status, Status::NULL_ARGUMENT);
            assert_eq!(optional(std::ptr::null(), "user").unwrap(), "");
        }
    }

    #[test]
    fn strings_out() {
        let mut buffer = [b'x' as c_char; 8];
        let mut length = 0;
        let mut out = |text: &str, capacity: usize| {
            // SAFETY: the buffer has 8 bytes and no test asks for more.
            let outcome = unsafe { give(text, buffer.as_mut_ptr(), capacity, &mut length) };
            (outcome.map_err(|error| error.status), length, buffer[0] as u8)
        };
        assert_eq!(out("abc", 3), (Err(Status::BUFFER_TOO_SMALL), 3, b'x'), "nothing written");
        assert_eq!(out("abc", 4), (Ok(Status::OK), 3, b'a'));
        assert_eq!(out("", 1), (Ok(Status::OK), 0, 0));
        // SAFETY: NULL with capacity 0 is allowed, and NULL for the length.
        unsafe {
            assert_eq!(give("abc", null_mut(), 0, &mut length).unwrap_err().status, Status::BUFFER_TOO_SMALL);
            assert_eq!(length, 3);
            assert_eq!(give("abc", null_mut(), 1, null_mut()).unwrap_err().status, Status::NULL_ARGUMENT);
        }
    }

    #[test]
    fn zero_bytes_do_not_cut_a_string() {
        assert_eq!(c_string("a\0b").to_str(), Ok("a\u{fffd}b"));
    }
}
