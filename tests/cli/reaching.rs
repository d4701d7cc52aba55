//! Ways to a server: TLS, proxies, IPv6.

use crate::{Process, folder, key, machine, serve, serve_at, stoa, text};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Output;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Joins, says a word and leaves.
fn visit(url: &str, more: &[&str], environment: &[(&str, &str)]) -> Output {
    let arguments = ["join", url, "--room", "hall", "--user", "ada", "--say", "hello", "--quiet"];
    stoa().args(arguments).args(more).envs(key()).envs(environment.iter().copied()).output().expect("stoa runs")
}

fn assert_done(output: &Output) {
    assert!(output.status.success(), "{} {}", text(&output.stdout), text(&output.stderr));
}

fn assert_failed(output: &Output, sentence: &str) {
    let said = text(&output.stderr);
    assert!(!output.status.success() && said.contains(sentence), "\"{said}\" lacks \"{sentence}\"");
}

/// Serves connections one after the other on a thread of its own, for as long as the test process runs.
fn listen<F: Future<Output = ()>>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    listener.set_nonblocking(true).expect("a socket");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).expect("a socket");
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream).await;
            }
        });
    });
    address
}

/// A TLS server before a room server, its certificate for this name; and the PEM file of who issued it.
fn secured(url: &str, name: &str) -> (SocketAddr, PathBuf) {
    let upstream: SocketAddr = url.trim_start_matches("ws://").parse().expect("an address");
    let mut issuing = CertificateParams::new(Vec::new()).unwrap();
    issuing.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = KeyPair::generate().unwrap();
    let ca_file = folder(&format!("ca-{name}")).join("ca.pem");
    let issued = STANDARD.encode(issuing.self_signed(&authority).unwrap().der());
    let pem = format!("-----BEGIN CERTIFICATE-----\n{issued}\n-----END CERTIFICATE-----\n");
    std::fs::write(&ca_file, pem).unwrap();
    let own = KeyPair::generate().unwrap();
    let issuer = Issuer::new(issuing, authority);
    let certificate = CertificateParams::new(vec![name.to_string()]).unwrap().signed_by(&own, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let private = PrivateKeyDer::Pkcs8(own.serialize_der().into());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let serve = move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut near) = acceptor.accept(stream).await else { return };
            let mut far = TcpStream::connect(upstream).await.expect("the room server");
            let _ = copy_bidirectional(&mut near, &mut far).await;
        }
    };
    (listen(serve), ca_file)
}

/// An HTTP proxy that takes every name for this address, and what it was asked.
fn proxy(upstream: SocketAddr, answer: &'static str) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = asked.clone();
    let serve = move |mut near: TcpStream| {
        let heard = heard.clone();
        async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(near.read_u8().await.expect("a whole request"));
            }
            heard.lock().unwrap().push(text(&head));
            near.write_all(answer.as_bytes()).await.expect("an answer");
            if answer.contains("200") {
                let mut far = TcpStream::connect(upstream).await.expect("upstream");
                let _ = copy_bidirectional(&mut near, &mut far).await;
            }
        }
    };
    (listen(serve), asked)
}

const OPEN: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

fn address(url: &str) -> SocketAddr {
    url.trim_start_matches("ws://").parse().expect("an address")
}

#[test]
fn tls_with_a_given_authority() {
    let _machine = machine();
    let (_server, url) = serve();
    let (front, ca_file) = secured(&url, "localhost");
    let ca_file = ca_file.to_str().unwrap();
    let secure = format!("wss://localhost:{}", front.port());
    assert_done(&visit(&secure, &["--ca-file", ca_file], &[]));
    // The environment may name the system's file.
    assert_done(&visit(&secure, &[], &[("SSL_CERT_FILE", ca_file)]));
    assert_failed(&visit(&secure, &[], &[]), "of an issuer that is not trusted here; give the issuer's certificate");
    let other = format!("wss://127.0.0.1:{}", front.port());
    assert_failed(&visit(&other, &["--ca-file", ca_file], &[]), "for another name; check the host in the URL");
    let plain = url.replace("ws://", "wss://");
    assert_failed(&visit(&plain, &["--ca-file", ca_file], &[]), "does not speak TLS; check the URL");
    // And the other way round: no WebSocket on what speaks TLS.
    assert_failed(&visit(&format!("ws://{front}"), &[], &[]), "check the URL");
}

#[test]
fn proxies_of_the_environment() {
    let _machine = machine();
    let (_server, url) = serve();
    let (through, asked) = proxy(address(&url), OPEN);
    let named = format!("http://ada:secret@{through}");
    assert_done(&visit("ws://room.test:7880", &[], &[("http_proxy", &named)]));
    let request = asked.lock().unwrap().pop().expect("it was asked");
    assert!(request.starts_with("CONNECT room.test:7880 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("Proxy-Authorization: Basic YWRhOnNlY3JldA==\r\n"), "{request}");
    // TLS is with the server, not with the proxy.
    let (front, ca_file) = secured(&url, "room.test");
    let (secure, asked) = proxy(front, OPEN);
    let named = format!("http://{secure}");
    let ca_file = ["--ca-file", ca_file.to_str().unwrap()];
    assert_done(&visit("wss://room.test", &ca_file, &[("https_proxy", &named)]));
    assert_done(&visit("wss://room.test", &ca_file, &[("ALL_PROXY", &named)]));
    let requests = std::mem::take(&mut *asked.lock().unwrap());
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|request| request.starts_with("CONNECT room.test:443 ")), "{requests:?}");
    // Nobody knows that name, and this machine needs no proxy.
    let spared = [("http_proxy", named.as_str()), ("no_proxy", "room.test")];
    assert_failed(&visit("ws://room.test:7880", &[], &spared), "room.test:7880 cannot be reached");
    assert_done(&visit(&url, &[], &spared[..1]));
    assert!(asked.lock().unwrap().is_empty());
}

#[test]
fn a_proxy_that_does_not_help_is_told() {
    let _machine = machine();
    let (_server, url) = serve();
    let (closed, _) = proxy(address(&url), "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    let closed = visit("ws://room.test", &[], &[("http_proxy", &format!("http://{closed}"))]);
    assert_failed(&closed, "opened no way to room.test:80: it said \"HTTP/1.1 407 Proxy Authentication Required\"");
    let (broken, _) = proxy(address(&url), "");
    let broken = visit("ws://room.test", &[], &[("http_proxy", &format!("http://{broken}"))]);
    assert_failed(&broken, "it hung up; check http_proxy, https_proxy and no_proxy");
    let other = visit("ws://room.test", &[], &[("http_proxy", "socks5://127.0.0.1:1080")]);
    assert_failed(&other, "a proxy of the kind socks5://");
}

#[test]
fn a_room_on_ipv6() {
    let _machine = machine();
    let (_server, url) = serve_at("::1");
    assert!(url.starts_with("ws://[::1]:"), "{url}");
    let mut bob = Process::join(&url, "bob", &["--for", "60"]);
    bob.event("joined", |_| true);
    assert_done(&visit(&url, &[], &[]));
    bob.event("stream_message", |event| event["user"] == "ada");
}
