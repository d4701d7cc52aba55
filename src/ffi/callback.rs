//! The application's pointer behind a callback.

use super::types::stoa_user_data_free;
use std::ffi::c_void;

/// A `user_data` and what frees it: dropping this calls it, so it happens exactly once, whatever became of the callback.
pub struct UserData {
    pointer: *mut c_void,
    free: stoa_user_data_free,
}

// SAFETY: the header says that callbacks and user_data_free run on the library's threads; the library only hands the pointer back.
unsafe impl Send for UserData {}

impl UserData {
    pub fn new(pointer: *mut c_void, free: stoa_user_data_free) -> UserData {
        UserData { pointer, free }
    }

    pub fn get(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(free) = self.free {
            // SAFETY: the application's function and its own pointer, once.
            unsafe { free(self.pointer) }
        }
    }
}
