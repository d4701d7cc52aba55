//! SERVER

use super::fork;
use super::handle::{Entry, Kind, insert};
use super::options::{Versioned, flag, needed, put, read};
use super::panic::{Noun, call, free, last_error, on};
use super::status::stoa_status;
use super::string::{give, optional, required};
use super::types::stoa_server;
use crate::driver::{Server, ServerOptions};
use crate::{Error, Result, Status};
use std::ffi::c_char;
use std::net::{IpAddr, Ipv4Addr};

/// How a room server is made. Begin with STOA_SERVER_OPTIONS_INIT.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct stoa_server_options {
    /// The size of this struct, bytes.
    pub size: usize,
    /// The address to bind, such as "0.0.0.0" or "::1". NULL: 127.0.0.1, this machine only.
    pub bind: *const c_char,
    /// API keys with their secrets (app ids with their certificates), as KEY:SECRET, separated by spaces or line ends. Required.
    pub keys: *const c_char,
    /// TCP port for signalling, 1 to 65535. 0: a free one (see stoa_server_port).
    pub port: u32,
    /// UDP port for media, 1 to 65535. 0: a free one (see stoa_server_udp_port).
    pub udp_port: u32,
    /// Where events (room_started, participant_joined, track_published, …) are posted as LiveKit's webhooks, signed with the first
    /// of the keys: at most 8 URLs as https://HOST:PORT/PATH or http://, separated by spaces or line ends. NULL: nowhere.
    pub webhooks: *const c_char,
    /// 1: GET /metrics shows the numbers of stoa_server_get_stats, as Prometheus reads them, to everyone who can reach the port.
    /// 0: nobody sees them.
    pub metrics: u32,
    /// 1: the room service may unmute, which opens somebody's microphone from afar. 0: only the publisher may; but what was muted with
    /// the permission to publish, when that was taken, is unmuted with it when it is given back.
    pub remote_unmute: u32,
}

// SAFETY: repr(C), begins with its size, four words and four half words without padding, zero bytes are NULL and 0.
unsafe impl Versioned for stoa_server_options {
    const NAME: &'static str = "stoa_server_options";
    const FIRST: usize = 48;
}

fn port(value: u32, name: &str) -> Result<u16> {
    let text = || format!("{name} is {value}: give 1 to 65535, or 0 for a free one");
    u16::try_from(value).map_err(|_| Error::new(Status::BAD_ARGUMENT, text()))
}

fn address(text: &str) -> Result<IpAddr> {
    if text.is_empty() {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    let wrong = format!("bind is \"{text}\": give an IPv4 or IPv6 address, such as 0.0.0.0");
    text.parse().map_err(|_| Error::new(Status::BAD_ARGUMENT, wrong))
}

/// A sentence about a key never repeats it: it may be a secret in the wrong place.
fn keys(text: &str) -> Result<Vec<(String, String)>> {
    let pair = |(index, pair): (usize, &str)| match pair.split_once(':') {
        Some((key, secret)) => Ok((key.to_owned(), secret.to_owned())),
        None => {
            let wrong = format!("entry {} of keys has no colon: give KEY:SECRET, separated by spaces", index + 1);
            Err(Error::new(Status::BAD_ARGUMENT, wrong))
        }
    };
    text.split_ascii_whitespace().enumerate().map(pair).collect()
}

fn urls(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

/// What a server's handle stands for.
pub struct ServerHandle(pub(super) Server);

impl Noun for ServerHandle {
    const KIND: Kind = Kind::Server;
    const NAME: &'static str = "server";

    fn of(entry: &Entry) -> Option<&Self> {
        if let Entry::Server(server) = entry { Some(server) } else { None }
    }

    fn free(&self) -> Result<()> {
        self.0.close();
        Ok(())
    }
}

/// Binds and starts a room server. Engines with its url, official LiveKit clients and browsers can join it.
///
/// options: keys is required.
/// out_server: the new server; free it with stoa_server_free().
/// Returns: STOA_OK; STOA_ERROR_NULL_ARGUMENT: options, keys or out_server; STOA_ERROR_BAD_STRUCT; STOA_ERROR_BAD_UTF8;
///   STOA_ERROR_BAD_ARGUMENT: the sentence names the option; STOA_ERROR_BAD_STATE: webhooks by TLS on a system without trusted
///   certificates; STOA_ERROR_ADDRESS: the address is not of this machine, or the port
///   is taken or not allowed; STOA_ERROR_LIMIT: too many handles; STOA_ERROR_INTERNAL.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_server_new(
    options: *const stoa_server_options,
    out_server: *mut *mut stoa_server,
) -> stoa_status {
    call(|| {
        // SAFETY: the header asks for a struct of the size that it says, and for strings that end with a zero.
        let options = unsafe {
            let options = read(options, "options")?;
            ServerOptions {
                bind: address(optional(options.bind, "bind")?)?,
                port: port(options.port, "port")?,
                udp_port: port(options.udp_port, "udp_port")?,
                keys: keys(required(options.keys, "keys")?)?,
                webhooks: urls(optional(options.webhooks, "webhooks")?),
                metrics: flag(options.metrics, "metrics")?,
                remote_unmute: flag(options.remote_unmute, "remote_unmute")?,
                ..ServerOptions::default()
            }
        };
        needed(out_server, "out_server")?;
        options.validate()?;
        fork::watch();
        let handle = insert(Entry::Server(ServerHandle(Server::new(options)?)))?;
        // SAFETY: the header asks for room for a handle.
        unsafe { put(out_server, handle) };
        Ok(Status::OK)
    })
}

/// Frees a room server: tells its participants that it shuts down, and closes its ports.
///
/// server: NULL does nothing.
/// Returns: STOA_OK; STOA_ERROR_BAD_HANDLE; STOA_ERROR_INTERNAL.
/// Threads: any. Takes at most two seconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_server_free(server: *mut stoa_server) -> stoa_status {
    free::<ServerHandle>(server)
}

/// The URL to join with, such as "ws://127.0.0.1:7880".
///
/// buffer, capacity, out_length: see CONVENTIONS, strings out.
/// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_server_url(
    server: *const stoa_server,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    // SAFETY: the header asks for a buffer of that capacity.
    on(server, |server: &ServerHandle| unsafe { give(&server.0.url(), buffer, capacity, out_length) })
}

/// The TCP port for signalling.
///
/// out_port: the port.
/// Returns: STOA_OK; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_server_port(server: *const stoa_server, out_port: *mut u32) -> stoa_status {
    on(server, |server: &ServerHandle| {
        needed(out_port, "out_port")?;
        // SAFETY: the header asks for room for the port.
        unsafe { put(out_port, server.0.port().into()) };
        Ok(Status::OK)
    })
}

/// The UDP port for media.
///
/// out_port: the port.
/// Returns: STOA_OK; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_server_udp_port(server: *const stoa_server, out_port: *mut u32) -> stoa_status {
    on(server, |server: &ServerHandle| {
        needed(out_port, "out_port")?;
        // SAFETY: the header asks for room for the port.
        unsafe { put(out_port, server.0.udp_port().into()) };
        Ok(Status::OK)
    })
}

/// The sentence of the last error of this server; "" without one.
///
/// buffer, capacity, out_length: see CONVENTIONS, strings out.
/// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BAD_HANDLE.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_server_last_error(
    server: *const stoa_server,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    // SAFETY: the header asks for a buffer of that capacity.
    last_error::<ServerHandle>(server, |text| unsafe { give(text, buffer, capacity, out_length) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_options_may_say() {
        assert_eq!(address("").unwrap(), Ipv4Addr::LOCALHOST);
        assert!(address("::1").unwrap().is_ipv6());
        assert!(address("localhost").unwrap_err().text.contains("\"localhost\""));
        assert_eq!(port(65535, "port").unwrap(), 65535);
        assert!(port(65536, "port").unwrap_err().text.contains("65536"));
        let expected = vec![("a".to_owned(), "b:c".to_owned()), ("d".to_owned(), "e".to_owned())];
        assert_eq!(keys(" a:b:c\nd:e ").unwrap(), expected);
        assert_eq!(urls(" http://a/ \nhttp://b"), ["http://a/", "http://b"]);
        let error = keys("a:b secret").unwrap_err().text;
        assert!(error.contains("entry 2") && !error.contains("secret,"), "{error}");
    }
}
