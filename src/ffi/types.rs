//! HANDLES

/// An engine: media threads, one dispatch thread for callbacks, and the room server where no URL is given.
pub struct stoa_engine {
    _opaque: [u8; 0],
}

/// A channel: one user's conversation in a room.
pub struct stoa_channel {
    _opaque: [u8; 0],
}

/// A stream: the sound of one remote user, or of all of them mixed.
pub struct stoa_stream {
    _opaque: [u8; 0],
}

/// A room server, which programs on other machines and browsers can join.
pub struct stoa_server {
    _opaque: [u8; 0],
}

/// Called exactly once when the library is done with a user_data. See OWNERSHIP.
pub type stoa_user_data_free = Option<unsafe extern "C" fn(user_data: *mut std::ffi::c_void)>;
