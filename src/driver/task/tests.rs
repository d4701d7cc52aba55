//! A channel's task on real sockets: resuming, joining anew, TCP in the place of UDP, being sent away, a fault.

use super::*;
use crate::driver::{Channel, ChannelOptions, Engine, EngineOptions, ReadOutcome, Server, ServerOptions};
use crate::event::{ConnectionState, EventBody};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

const LONG: Option<Duration> = Some(Duration::from_secs(20));

fn join(engine: &Engine, user: &str) -> Channel {
    let options = ChannelOptions { name: "room".into(), user: user.into(), ..Default::default() };
    let channel = engine.create_channel(options).unwrap();
    channel.connect(LONG).unwrap();
    channel
}

fn wait(channel: &Channel, wanted: impl Fn(&EventBody) -> bool) -> EventBody {
    loop {
        let event = channel.poll_event(LONG).unwrap().expect("the event, in time");
        if wanted(&event.body) {
            return event.body;
        }
    }
}

/// A proxy in front of a server's WebSockets. It cuts them when it is told to, and lets in new ones while it is open.
struct Proxy {
    port: u16,
    open: Arc<AtomicBool>,
    links: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    fn new(server: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let proxy = Proxy { port, open: Arc::new(AtomicBool::new(true)), links: Arc::default() };
        let (open, links) = (proxy.open.clone(), proxy.links.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten().filter(|_| open.load(Relaxed)) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let pair = [(client.try_clone(), server.try_clone()), (server.try_clone(), client.try_clone())];
                links.lock().unwrap().extend([client, server]);
                for (from, to) in pair {
                    let (Ok(mut from), Ok(mut to)) = (from, to) else { continue };
                    std::thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        proxy
    }

    fn cut(&self) {
        self.links.lock().unwrap().drain(..).for_each(|link| _ = link.shutdown(Shutdown::Both));
    }
}

/// Joins and resumes, which are told with a delay.
fn becomes(server: &Server, wanted: (u64, u64)) {
    let counts = || (server.stats().rooms.joins, server.stats().rooms.resumes);
    for _ in 0..200 {
        if counts() == wanted {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(counts(), wanted);
}

#[test]
fn a_cut_websocket_resumes_and_a_restarted_server_is_joined_anew() {
    let keys = vec![("app".to_string(), "secret".to_string())];
    let server = Server::new(ServerOptions { keys: keys.clone(), ..Default::default() }).unwrap();
    let (port, udp_port) = (server.port(), server.udp_port());
    let proxy = Proxy::new(port);
    let options = EngineOptions {
        app_id: "app".into(),
        app_certificate: "secret".into(),
        url: format!("ws://127.0.0.1:{}", proxy.port),
        threads: 1,
        ..Default::default()
    };
    let engine = Engine::new(options).unwrap();
    let (ada, bob) = (join(&engine, "ada"), join(&engine, "bob"));
    wait(&bob, |event| matches!(event, EventBody::UserJoined { user } if user == "ada"));
    bob.subscribe("ada", LONG).unwrap();
    let stream = bob.stream("ada").unwrap();
    let heard = || {
        ada.push(&[8_000; 24_000], LONG).unwrap();
        let mut pcm = [0; 1920];
        let outcome = stream.read(&mut pcm, &mut Default::default(), LONG).unwrap();
        assert!(matches!(outcome, ReadOutcome::Frame(_)), "{outcome:?}");
        while matches!(
            stream.read(&mut pcm, &mut Default::default(), Some(Duration::from_millis(500))),
            Ok(ReadOutcome::Frame(_))
        ) {}
    };
    heard();
    let is = |state| move |event: &EventBody| matches!(event, EventBody::ConnectionStateChanged { new, .. } if *new == state);
    proxy.cut();
    for channel in [&ada, &bob] {
        wait(channel, is(ConnectionState::Reconnecting));
        wait(channel, is(ConnectionState::Connected));
    }
    becomes(&server, (2, 2));
    heard();
    proxy.open.store(false, Relaxed);
    proxy.cut();
    for channel in [&ada, &bob] {
        wait(channel, is(ConnectionState::Reconnecting));
    }
    drop(server);
    let server = Server::new(ServerOptions { port, udp_port, keys, ..Default::default() }).unwrap();
    proxy.open.store(true, Relaxed);
    for channel in [&ada, &bob] {
        wait(channel, is(ConnectionState::Connected));
    }
    assert_eq!(bob.subscribe("ada", LONG).unwrap(), Status::OK);
    heard();
    becomes(&server, (2, 0));
    engine.close(Duration::from_secs(2)).unwrap();
}

/// UDP to and from a port is dropped, as long as it is there.
struct Firewall(String);

impl Firewall {
    fn new(port: u16) -> Option<Firewall> {
        let table = format!("stoa_task_{}", std::process::id());
        let rules = format!(
            "add table inet {table}; add chain inet {table} out {{ type filter hook output priority 0; }}; \
             add rule inet {table} out udp dport {port} drop; add rule inet {table} out udp sport {port} drop"
        );
        let output = std::process::Command::new("nft").arg(rules).output();
        output.is_ok_and(|output| output.status.success()).then_some(Firewall(table))
    }
}

impl Drop for Firewall {
    fn drop(&mut self) {
        let _ = std::process::Command::new("nft").args(["delete", "table", "inet", &self.0]).status();
    }
}

/// Two hear each other through a server at one of these addresses.
fn hears(server: &Server, host: &str) -> Duration {
    let engine = Engine::new(EngineOptions {
        app_id: "app".into(),
        app_certificate: "secret".into(),
        url: format!("ws://{host}:{}", server.port()),
        threads: 1,
        ..Default::default()
    });
    let engine = engine.unwrap();
    let start = Instant::now();
    let (ada, bob) = (join(&engine, "ada"), join(&engine, "bob"));
    let took = start.elapsed();
    wait(&bob, |event| matches!(event, EventBody::UserJoined { user } if user == "ada"));
    bob.subscribe("ada", LONG).unwrap();
    let stream = bob.stream("ada").unwrap();
    ada.push(&[8_000; 24_000], LONG).unwrap();
    let outcome = stream.read(&mut [0; 1920], &mut Default::default(), LONG).unwrap();
    assert!(matches!(outcome, ReadOutcome::Frame(_)), "{outcome:?}");
    engine.close(Duration::from_secs(2)).unwrap();
    took
}

#[test]
fn where_udp_is_blocked_sound_takes_tcp() {
    let keys = vec![("app".to_string(), "secret".to_string())];
    let server = Server::new(ServerOptions { keys, ..Default::default() }).unwrap();
    let Some(_firewall) = Firewall::new(server.udp_port()) else {
        return eprintln!("not tried: only root can block UDP, with nftables");
    };
    let took = hears(&server, "127.0.0.1");
    assert!(took > crate::client::UDP_ALONE, "UDP is not blocked: {took:?}");
}

#[test]
fn a_server_on_all_addresses_is_joined_by_both_families() {
    let keys = vec![("app".to_string(), "secret".to_string())];
    let bind = std::net::Ipv6Addr::UNSPECIFIED.into();
    let server = Server::new(ServerOptions { keys, bind, ..Default::default() }).unwrap();
    hears(&server, "127.0.0.1");
    hears(&server, "[::1]");
}

/// Also in the midst of what it says itself, which nobody takes any more.
#[test]
fn who_is_sent_away_hears_why() {
    let engine = Engine::new(EngineOptions { app_id: "app".into(), threads: 2, ..Default::default() }).unwrap();
    let (_bob, mut ada) = (join(&engine, "bob"), join(&engine, "ada"));
    for round in 0..60 {
        wait(&ada, |event| matches!(event, EventBody::UserJoined { user } if user == "bob"));
        let talker = std::thread::spawn({
            let ada = ada.clone();
            move || {
                while ada.state() == ConnectionState::Connected {
                    let _ = ada.subscribe("bob", Some(Duration::ZERO));
                    let _ = ada.unsubscribe("bob", Some(Duration::ZERO));
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
        });
        let again = join(&engine, "ada");
        let over = |event: &EventBody| {
            matches!(event, EventBody::ConnectionStateChanged { old: ConnectionState::Connected, .. })
        };
        let EventBody::ConnectionStateChanged { reason, text, .. } = wait(&ada, over) else { unreachable!() };
        assert_eq!(reason, Reason::DuplicateIdentity, "round {round}: {text}");
        talker.join().unwrap();
        ada = again;
    }
    engine.close(Duration::from_secs(2)).unwrap();
}

#[test]
fn a_fault_ends_one_channel_with_a_reason_and_nothing_else() {
    // One media thread: both channels are on it.
    let engine = Engine::new(EngineOptions { app_id: "app".into(), threads: 1, ..Default::default() }).unwrap();
    let (ada, bob) = (join(&engine, "ada"), join(&engine, "bob"));
    wait(&ada, |event| matches!(event, EventBody::UserJoined { user } if user == "bob"));
    let stream = ada.stream("bob").unwrap();
    ada.inner.command(Command::Fault).unwrap();
    let failed =
        |event: &EventBody| matches!(event, EventBody::ConnectionStateChanged { new: ConnectionState::Failed, .. });
    let event = wait(&ada, failed);
    let EventBody::ConnectionStateChanged { reason, status, text, .. } = event else { unreachable!() };
    assert_eq!((reason, status), (Reason::Internal, Status::INTERNAL));
    assert!(text.contains("fault inside the library"), "{text}");
    let mut pcm = [0; 1920];
    let end = stream.read(&mut pcm, &mut Default::default(), LONG).unwrap();
    assert_eq!(end, ReadOutcome::End);
    assert_eq!(ada.users(), Vec::<String>::new());
    assert_eq!(bob.state(), ConnectionState::Connected);
    bob.mute(true).unwrap();
    ada.connect(LONG).unwrap();
    engine.close(Duration::from_secs(2)).unwrap();
}
