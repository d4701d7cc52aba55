//! The way to a server: TCP to one of its addresses or through an HTTP proxy, and TLS on top where the URL asks for it.

use super::dial::Target;
use super::tls::Tls;
use crate::{Error, Result, Status};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long one address may take before the next is tried: a dead one must not cost the whole join.
const ATTEMPT: Duration = Duration::from_secs(3);
/// The longest answer of a proxy, bytes.
const MAX_ANSWER: usize = 8 * 1024;

/// What carries a WebSocket.
pub(super) trait Pipe: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Pipe for T {}

/// How the server is reached: the same for all channels of an engine.
pub(super) struct Reach {
    pub(super) target: Target,
    proxies: Matcher,
    tls: Option<Tls>,
}

/// A server or a proxy that answered.
pub(super) struct Reached {
    /// Its address.
    pub(super) peer: SocketAddr,
    /// The way to be spoken on: the server's own words come next.
    pub(super) pipe: Box<dyn Pipe>,
}

impl Reach {
    /// Reads the proxies of the environment (`http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`), now and once: a program
    /// may change its environment later, while threads run. For a TLS target also the certificates to trust.
    pub(super) fn new(target: Target, ca_file: &str) -> Result<Reach> {
        let tls = if target.tls { Some(Tls::new(ca_file)?) } else { None };
        Ok(Reach { target, proxies: Matcher::from_env(), tls })
    }

    /// Connects to the server, through what lies between.
    pub(super) async fn connect(&self) -> Result<Reached> {
        let (target, proxy) = (&self.target, self.proxy());
        let (host, port) = match &proxy {
            Some(proxy) => proxy_address(proxy)?,
            None => (target.host.clone(), target.port),
        };
        let mut stream = tcp(&host, port, if proxy.is_some() { "the proxy " } else { "" }).await?;
        // Small messages that wait for each other would wait 40 ms for an acknowledgement.
        let _ = stream.set_nodelay(true);
        let failed = |error| unreachable(&host, port, error);
        let peer = stream.peer_addr().map_err(failed)?;
        if let Some(proxy) = proxy {
            tunnel(&mut stream, &proxy, target).await?;
        }
        let pipe: Box<dyn Pipe> = match &self.tls {
            Some(tls) => Box::new(tls.connect(target, stream).await?),
            None => Box::new(stream),
        };
        Ok(Reached { peer, pipe })
    }

    /// TLS, where the server is reached by it.
    pub(super) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// The proxy for a target, if there is to be one. This machine itself is always reached directly.
    fn proxy(&self) -> Option<Intercept> {
        let target = &self.target;
        let here = target.host.parse::<IpAddr>().map_or(target.host == "localhost", |ip| ip.is_loopback());
        if here {
            return None;
        }
        let scheme = if target.tls { "https" } else { "http" };
        self.proxies.intercept(&format!("{scheme}://{}/", target.authority()).parse().ok()?)
    }
}

fn proxy_address(proxy: &Intercept) -> Result<(String, u16)> {
    let uri = proxy.uri();
    if uri.scheme_str() != Some("http") {
        let scheme = uri.scheme_str().unwrap_or_default();
        let text = format!(
            "the environment names a proxy of the kind {scheme}://, which is not known here: name an http:// proxy, or put the server into no_proxy"
        );
        return Err(Error::new(Status::UNREACHABLE, text));
    }
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    Ok((host.to_string(), uri.port_u16().unwrap_or(80)))
}

/// Tries a host's addresses one after the other, in the system's order (RFC 6724).
pub(super) async fn tcp(host: &str, port: u16, what: &str) -> Result<TcpStream> {
    let found = tokio::net::lookup_host((host, port)).await.map_err(|error| unreachable(host, port, error))?;
    let addresses: Vec<SocketAddr> = found.collect();
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for address in addresses {
        match tokio::time::timeout(ATTEMPT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failed = error,
            Err(_) => failed = io::Error::new(io::ErrorKind::TimedOut, "no answer"),
        }
    }
    Err(unreachable(&format!("{what}{host}"), port, failed))
}

fn unreachable(host: &str, port: u16, error: io::Error) -> Error {
    Error::new(Status::UNREACHABLE, format!("{host}:{port} cannot be reached: {error}; check the URL"))
}

/// Asks a proxy for a tunnel (RFC 9110, section 9.3.6).
async fn tunnel(stream: &mut TcpStream, proxy: &Intercept, target: &Target) -> Result<()> {
    let failed = |what: String| {
        let text = format!(
            "the proxy {} opened no way to {}: {what}; check http_proxy, https_proxy and no_proxy",
            proxy.uri().authority().map_or("", |authority| authority.as_str()),
            target.authority()
        );
        Error::new(Status::UNREACHABLE, text)
    };
    let authority = target.authority();
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n").into_bytes();
    if let Some(basic) = proxy.basic_auth() {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(basic.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    stream.write_all(&request).await.map_err(|error| failed(error.to_string()))?;
    let mut answer = Vec::new();
    // The server speaks only when it is spoken to, so nothing of it can be behind the head.
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() >= MAX_ANSWER {
            return Err(failed("its answer has no end".into()));
        }
        match stream.read_buf(&mut answer).await {
            Ok(0) => return Err(failed("it hung up".into())),
            Ok(_) => {}
            Err(error) => return Err(failed(error.to_string())),
        }
    }
    let line = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    match line.split(' ').nth(1) {
        Some(status) if line.starts_with("HTTP/1.") && status.starts_with('2') => Ok(()),
        _ => Err(failed(format!("it said \"{}\"", line.chars().take(100).collect::<String>()))),
    }
}
