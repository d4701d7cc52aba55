//! ENGINE

use super::fork;
use super::handle::{Entry, Kind, insert};
use super::options::{Versioned, needed, put, read, reserved};
use super::panic::{Noun, call, free, last_error, on};
use super::status::stoa_status;
use super::string::{give, optional, required};
use super::types::stoa_engine;
use crate::driver::{Engine, EngineOptions, validate};
use crate::{Result, Status};
use std::ffi::c_char;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How an engine is made. Begin with STOA_ENGINE_OPTIONS_INIT.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct stoa_engine_options {
    /// The size of this struct, bytes.
    pub size: usize,
    /// The app id, or LiveKit's API key: 1 to 256 bytes. Required.
    pub app_id: *const c_char,
    /// The app certificate, or LiveKit's API secret: at most 256 bytes. NULL: with the room server inside, a random secret that
    /// nobody else has; with a url, each channel needs a token of its own.
    pub app_certificate: *const c_char,
    /// The LiveKit server: ws:// or http://, with TLS wss:// or https://. NULL: the room server inside, on loopback and free
    /// ports. A server elsewhere is reached through the HTTP proxy that the environment names as this call is made
    /// (http_proxy, https_proxy, all_proxy, and no_proxy, as curl reads them), the media without it.
    pub url: *const c_char,
    /// Media threads, 1 to 64. 0: as many as cores, at most 4.
    pub threads: u32,
    /// Leave it zero.
    pub reserved: u32,
    /// With TLS: the path of a PEM file with the certificates to trust, and no others. NULL: those of the system, or of the
    /// environment's SSL_CERT_FILE and SSL_CERT_DIR. Without TLS it is not looked at.
    pub ca_file: *const c_char,
}

// SAFETY: repr(C), begins with its size, six words without padding, zero bytes are NULL and 0.
unsafe impl Versioned for stoa_engine_options {
    const NAME: &'static str = "stoa_engine_options";
    const FIRST: usize = 48;
}

/// What an engine's handle stands for.
pub struct EngineHandle {
    engine: Engine,
    /// Shared with the channels, whose handles answer CLOSED from then on.
    closed: Arc<AtomicBool>,
}

impl EngineHandle {
    /// The engine, and the mark that it was freed.
    pub fn parts(&self) -> (&Engine, Arc<AtomicBool>) {
        (&self.engine, self.closed.clone())
    }
}

impl Noun for EngineHandle {
    const KIND: Kind = Kind::Engine;
    const NAME: &'static str = "engine";

    fn of(entry: &Entry) -> Option<&Self> {
        if let Entry::Engine(engine) = entry { Some(engine) } else { None }
    }

    fn free(&self) -> Result<()> {
        self.closed.store(true, Ordering::Release);
        self.engine.close(Duration::from_secs(2))
    }
}

/// Starts an engine: its threads, and the room server where no url is given. Several engines may live in one process.
///
/// options: app_id is required.
/// out_engine: the new engine; free it with stoa_engine_free().
/// Returns: STOA_OK; STOA_ERROR_NULL_ARGUMENT: options, app_id or out_engine; STOA_ERROR_BAD_STRUCT; STOA_ERROR_BAD_UTF8;
///   STOA_ERROR_BAD_ARGUMENT: a name's length, the url, the threads, the ca_file; STOA_ERROR_BAD_STATE: TLS on a system
///   without trusted certificates; STOA_ERROR_ADDRESS: no port on loopback; STOA_ERROR_LIMIT: too many handles; STOA_ERROR_INTERNAL.
/// Threads: any. Does not wait for the network.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_engine_new(
    options: *const stoa_engine_options,
    out_engine: *mut *mut stoa_engine,
) -> stoa_status {
    call(|| {
        // SAFETY: the header asks for a struct of the size that it says, and for strings that end with a zero.
        let options = unsafe {
            let options = read(options, "options")?;
            reserved(options.reserved, "options->reserved")?;
            EngineOptions {
                app_id: required(options.app_id, "app_id")?.into(),
                app_certificate: optional(options.app_certificate, "app_certificate")?.into(),
                url: optional(options.url, "url")?.into(),
                ca_file: optional(options.ca_file, "ca_file")?.into(),
                threads: options.threads,
            }
        };
        needed(out_engine, "out_engine")?;
        options.validate()?;
        fork::watch();
        let engine = Engine::new(options)?;
        let handle = insert(Entry::Engine(EngineHandle { engine, closed: Arc::default() }))?;
        // SAFETY: the header asks for room for a handle.
        unsafe { put(out_engine, handle) };
        Ok(Status::OK)
    })
}

/// Frees an engine: closes its channels and its room server, ends its streams and its threads. Its channels tell no event of that.
/// Handles of its channels and streams are still to be freed.
///
/// engine: NULL does nothing.
/// Returns: STOA_OK; STOA_ERROR_BAD_HANDLE; STOA_ERROR_BUSY: freed, but a callback is still in its last run (see THREADS);
///   STOA_ERROR_INTERNAL.
/// Threads: any, also inside callbacks, where it does not wait for the callback. Takes at most two seconds, offline too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_engine_free(engine: *mut stoa_engine) -> stoa_status {
    free::<EngineHandle>(engine)
}

/// The URL that other processes join with: the room server inside, or the url of the options.
///
/// buffer, capacity, out_length: see CONVENTIONS, strings out.
/// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_engine_url(
    engine: *const stoa_engine,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    // SAFETY: the header asks for a buffer of that capacity.
    on(engine, |engine: &EngineHandle| unsafe { give(&engine.engine.url(), buffer, capacity, out_length) })
}

/// Builds a token (a LiveKit JWT) with which one user may join one room of this engine, speak, hear,
/// send data, and change what others are told of that user.
///
/// room: the channel's name, 1 to 256 bytes. user: the identity, 1 to 256 bytes.
/// ttl_seconds: how long it may be used to join, from 1 s to 10 years.
/// buffer, capacity, out_length: see CONVENTIONS, strings out. 2048 bytes are enough.
/// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: a length or the time;
///   STOA_ERROR_BAD_TOKEN: the engine has a url and no app certificate; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_engine_build_token(
    engine: *const stoa_engine,
    room: *const c_char,
    user: *const c_char,
    ttl_seconds: u64,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    on(engine, |engine: &EngineHandle| {
        // SAFETY: the header asks for strings that end with a zero.
        let (room, user) = unsafe { (required(room, "room")?, required(user, "user")?) };
        let ttl = Duration::from_secs(ttl_seconds);
        validate::name("room", room)?;
        validate::name("user", user)?;
        validate::token_ttl(ttl)?;
        let token = engine.engine.build_token(room, user, ttl)?;
        // SAFETY: the header asks for a buffer of that capacity.
        unsafe { give(&token, buffer, capacity, out_length) }
    })
}

/// The sentence of the last error of this engine; "" without one.
///
/// buffer, capacity, out_length: see CONVENTIONS, strings out.
/// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BAD_HANDLE.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_engine_last_error(
    engine: *const stoa_engine,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    // SAFETY: the header asks for a buffer of that capacity.
    last_error::<EngineHandle>(engine, |text| unsafe { give(text, buffer, capacity, out_length) })
}
