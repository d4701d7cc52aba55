//! Where webhooks go, how they are signed, and when they are given up.

use super::*;
use crate::token::jwt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

#[test]
fn urls() {
    let place = |url: &str| {
        let Hook { target, authority, path } = Hook::parse(url).unwrap();
        (target.host, target.port, target.tls, authority, path)
    };
    let at = |host: &str, port, tls, authority: &str, path: &str| {
        (host.to_string(), port, tls, authority.to_string(), path.to_string())
    };
    let local = at("127.0.0.1", 9000, false, "127.0.0.1:9000", "/hook?a=1");
    assert_eq!(place("http://127.0.0.1:9000/hook?a=1"), local);
    assert_eq!(place("http://[::1]"), at("::1", 80, false, "[::1]", "/"));
    assert_eq!(place("https://host/hook"), at("host", 443, true, "host", "/hook"));
    for (url, part) in [
        ("ftp://host", "http://"),
        ("host:80", "http://"),
        ("http://", "no URL"),
        ("http://me:word@host/", "no host"),
        ("http://host:99999/", "a port that is none"),
        ("", "no URL"),
    ] {
        let error = Hook::parse(url).unwrap_err();
        assert_eq!(error.status, Status::BAD_ARGUMENT);
        assert!(error.text.contains(part), "{url}: {}", error.text);
    }
    assert!(Hook::parse_all(&vec!["http://host".into(); MAX_URLS + 1]).unwrap_err().text.contains("at most 8"));
}

fn key() -> Key {
    ("app".into(), "secret".into())
}

/// Reads a request with the body `{}`, and answers it. What it says.
async fn answer(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), status: &str) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n{}") {
        request.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    String::from_utf8(request).unwrap()
}

/// An event may wait for longer than its token is valid: behind others, or for a receiver that is down.
#[test]
fn each_attempt_is_signed_anew() {
    let webhook = Webhook { event: "room_started", body: "{}".into() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let silent: LogSink = Arc::new(|_, text| panic!("{text}"));
        let hooks = Hooks::new(Hook::parse_all(&[url]).unwrap(), None, key(), &silent);
        assert_eq!(hooks.put(webhook), None);
        let mut signed = Vec::new();
        for status in ["503 Service Unavailable", "503 Service Unavailable", "204 No Content"] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = answer(&mut stream, status).await;
            let token = request.lines().find_map(|line| line.strip_prefix("authorization: ")).expect("a token");
            signed.push(jwt::verify(token, &[key()], time_of_day().as_secs()).unwrap().nbf);
        }
        assert!(signed[2] > signed[0], "it took 1.5 s: {signed:?}");
        hooks.finish().await;
    });
}

#[test]
fn one_that_is_refused_is_given_up_at_once_and_told_without_its_path() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let (tell, told) = std::sync::mpsc::channel();
        let log: LogSink = Arc::new(move |_, text| tell.send(text.to_string()).unwrap());
        let hook = Hook::parse_all(&[format!("http://{authority}/secret")]).unwrap();
        let mut hooks = Hooks::new(hook, None, key(), &log);
        for _ in 0..3 {
            hooks.put(Webhook { event: "room_started", body: "{}".into() });
            let (mut stream, _) = listener.accept().await.unwrap();
            answer(&mut stream, "404 Not Found").await;
        }
        hooks.queues.clear();
        while hooks.tasks.join_next().await.is_some() {}
        assert_eq!(hooks.counted(), (0, 3, 0));
        let line = |failed: u32| {
            format!(
                "Webhooks are given up: {failed} so far; the latest, room_started, to {authority}, which answered 404."
            )
        };
        assert_eq!(told.try_iter().collect::<Vec<_>>(), [line(1), line(2)]);
    });
}

#[test]
fn tls_is_spoken_with_who_is_trusted() {
    use rustls::pki_types::PrivateKeyDer;
    let own = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_string()]).unwrap();
    let certificate = certificate.self_signed(&own).unwrap();
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, certificate.der());
    let ca_file = std::env::temp_dir().join(format!("stoa-webhook-{}.pem", std::process::id()));
    std::fs::write(&ca_file, format!("-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(own.serialize_der().into()))
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let webhook = Webhook { event: "room_started", body: "{}".into() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serve = async {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                answer(&mut stream, "204 No Content").await;
            }
        };
        let trusted = |name: &str| {
            let hooks = Hook::parse_all(&[format!("https://{name}:{port}/hook")]).unwrap();
            (trust(&hooks, ca_file.to_str().unwrap()).unwrap().unwrap(), hooks)
        };
        let post = async {
            let (tls, hooks) = trusted("localhost");
            let taken = hooks[0].post(Some(&tls), &key(), &webhook).await;
            // It is a certificate for another name.
            let (tls, hooks) = trusted("127.0.0.1");
            (taken, hooks[0].post(Some(&tls), &key(), &webhook).await)
        };
        tokio::select! {
            () = serve => {}
            outcome = tokio::time::timeout(Duration::from_secs(10), post) => assert_eq!(outcome.unwrap(), (Some(204), None)),
        }
    });
    std::fs::remove_file(&ca_file).unwrap();
    assert!(trust(&Hook::parse_all(&["http://host/".into()]).unwrap(), "/nowhere").unwrap().is_none());
    assert!(trust(&Hook::parse_all(&["https://host/".into()]).unwrap(), "/nowhere").is_err());
}
