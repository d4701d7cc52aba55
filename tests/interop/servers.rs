//! Room servers as processes: `stoa serve`, LiveKit's own, and two of those that share a Redis. All end with their guard.

use super::foreign::{self, Namespace};
use super::proxy;
use super::puppet::{Outcome, Stop, dir, failed};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use stoa::token::jwt::{self, Claims, VideoGrant};

pub const KEY: &str = "app";
pub const SECRET: &str = "a certificate of more than thirty-two characters";
/// The one room of every test.
pub const ROOM: &str = "hall";

/// A process that ends with the test, and can be started again.
pub struct Running {
    command: Command,
    child: Child,
    log: PathBuf,
}

impl Running {
    fn start(mut command: Command, log: &str) -> Running {
        let log = dir().join(format!("{log}.log"));
        let file = std::fs::File::create(&log).expect("the target directory can be written");
        command.stdin(Stdio::null()).stderr(file.try_clone().unwrap()).stdout(file);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}; is it installed?"));
        Running { command, child, log }
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn restart(&mut self) {
        self.end();
        self.child = self.command.spawn().expect("it started before");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// One or two nodes of a server.
pub struct Server {
    pub is_stoa: bool,
    /// `host:port`, where the first and the last client join.
    pub nodes: Vec<String>,
    pub udp_ports: Vec<u16>,
    /// Where media comes over TCP.
    pub tcp_ports: Vec<u16>,
    /// A node's is at its place; what they share comes after them.
    processes: Vec<Running>,
    /// Where the peer is to live.
    pub namespace: Option<Namespace>,
}

/// `stoa serve` at an address, with more flags.
pub fn stoa_at(address: &str, more: &[&str]) -> Server {
    let (port, udp) = (free_tcp(), free_udp());
    let mut command = Command::new(env!("CARGO_BIN_EXE_stoa"));
    command.args(["serve", "--port", &port.to_string(), "--udp-port", &udp.to_string(), "--bind", address]);
    command.args(["--key", &format!("{KEY}:{SECRET}")]).args(more);
    let node = format!("{address}:{port}");
    let process = Running::start(command, &format!("stoa-serve-{port}"));
    await_listener(&node);
    Server {
        is_stoa: true,
        nodes: vec![node],
        udp_ports: vec![udp],
        // It shares the port of HTTP.
        tcp_ports: vec![port],
        processes: vec![process],
        namespace: None,
    }
}

pub fn stoa() -> Server {
    stoa_at("127.0.0.1", &[])
}

/// `stoa serve` where a peer in a namespace of its own reaches it.
pub fn stoa_beside_a_namespace() -> Server {
    let namespace = Namespace::start().expect("a namespace is needed");
    let server = stoa_at(&namespace.here, &[]);
    Server { namespace: Some(namespace), ..server }
}

/// LiveKit's server on loopback.
pub fn livekit() -> Server {
    livekit_nodes(1, "", "")
}

/// The same with its own relay, for datagrams, and the ports of the addresses that this lends.
pub fn livekit_with_its_relay() -> (Server, [u16; 2]) {
    let (port, lent) = (free_udp(), ports_to_lend());
    let more = format!(
        "turn: {{enabled: true, udp_port: {port}, bind_addresses: [127.0.0.1], relay_range_start: {}, relay_range_end: {}, \
         allow_restricted_peer_cidrs: [127.0.0.0/8]}}\n",
        lent[0], lent[1]
    );
    (livekit_nodes(1, &more, ""), lent)
}

/// The same with Pion's relay, on TCP.
pub fn livekit_with_a_relay_on_tcp() -> (Server, [u16; 2]) {
    let (port, lent) = (free_tcp(), ports_to_lend());
    let mut command = Command::new(go_tool("interop-relay", "./relay"));
    command.args(["127.0.0.1", &port.to_string(), "guest", "let me out"]).args(lent.map(|port| port.to_string()));
    let relay = Running::start(command, "relay");
    await_listener(&format!("127.0.0.1:{port}"));
    let named = format!("{{host: 127.0.0.1, port: {port}, protocol: tcp, username: guest, credential: let me out}}");
    let mut server = livekit_nodes(1, "", &format!("turn_servers: [{named}], "));
    server.processes.push(relay);
    (server, lent)
}

fn ports_to_lend() -> [u16; 2] {
    let first = free_udp().min(60_000);
    [first, first + 19]
}

/// Two of LiveKit's servers, which know of each other by a Redis.
pub fn cluster() -> Server {
    let port = free_tcp();
    let mut command = Command::new("redis-server");
    command.current_dir(dir());
    command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string()]);
    let redis = Running::start(command, "redis");
    await_listener(&format!("127.0.0.1:{port}"));
    let mut server = livekit_nodes(2, &format!("redis: {{address: 127.0.0.1:{port}}}\n"), "");
    server.processes.push(redis);
    server
}

/// `more`: to stand in the configuration of each; `of_media`: in that of its media.
fn livekit_nodes(count: usize, more: &str, of_media: &str) -> Server {
    let mut server = Server {
        is_stoa: false,
        nodes: Vec::new(),
        udp_ports: Vec::new(),
        tcp_ports: Vec::new(),
        processes: Vec::new(),
        namespace: None,
    };
    for node in 1..=count {
        let (port, tcp, udp) = (free_tcp(), free_tcp(), free_udp());
        let config = foreign::livekit_config("127.0.0.1", "lo", [port, tcp, udp], KEY, SECRET) + more;
        let config = config.replacen("rtc: {", &format!("rtc: {{{of_media}"), 1);
        let mut command = Command::new(livekit_binary());
        command.args(["--config-body", &config]);
        server.processes.push(Running::start(command, &format!("livekit-{node}")));
        let node = format!("127.0.0.1:{port}");
        await_listener(&node);
        server.nodes.push(node);
        server.udp_ports.push(udp);
        server.tcp_ports.push(tcp);
    }
    server
}

/// LiveKit's server, built the first time.
fn livekit_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| foreign::livekit_binary().expect("LiveKit's server is needed"))
}

/// A program of tests/interop/go.
pub fn go_tool(name: &str, package: &str) -> PathBuf {
    foreign::go_tool(name, package).expect("a program in Go is needed")
}

impl Server {
    pub fn first(&self) -> &str {
        &self.nodes[0]
    }

    pub fn last(&self) -> &str {
        self.nodes.last().expect("a server has a node")
    }

    /// What the first node said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.processes[0].log).expect("it has a log")
    }

    /// Ends every node without a word, and starts it again at the same ports.
    pub fn restart(&mut self) {
        for (node, process) in self.nodes.iter().zip(&mut self.processes) {
            process.restart();
            await_listener(node);
        }
    }

    /// Ends the first node without a word, for good.
    pub fn end_first(&mut self) {
        self.processes[0].end();
    }

    /// A call of LiveKit's room service: the answer's status and body.
    pub fn call(&self, method: &str, request: &serde_json::Value) -> (u16, serde_json::Value) {
        let video = VideoGrant {
            room: ROOM.into(),
            room_admin: true,
            room_list: true,
            room_create: true,
            ..Default::default()
        };
        let token = sign(Claims { video, ..Default::default() });
        let body = request.to_string();
        let mut stream = TcpStream::connect(self.last()).expect("the server listens");
        write!(
            stream,
            "POST /twirp/livekit.RoomService/{method} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nAuthorization: \
             Bearer {token}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            self.last(),
            body.len()
        )
        .expect("the server reads");
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        let json = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        // A chunked body has its sizes around the object.
        let json = json.find('{').zip(json.rfind('}')).map_or("{}", |(from, to)| &json[from..=to]);
        (status, serde_json::from_str(json).unwrap_or_default())
    }
}

/// A token for one user.
pub fn token(user: &str) -> String {
    let video =
        VideoGrant { room: ROOM.into(), room_join: true, can_update_own_metadata: Some(true), ..Default::default() };
    sign(Claims { sub: user.into(), video, ..Default::default() })
}

fn sign(claims: Claims) -> String {
    let unix_s = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    jwt::build(&Claims { iss: KEY.into(), nbf: unix_s - 5, exp: unix_s + 600, ..claims }, KEY, SECRET)
}

pub fn free_tcp() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn free_udp() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn await_listener(address: &str) {
    let end = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < end, "nobody listens at {address}; the logs are in {}", dir().display());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Why packets are not lost where tests do not run as root.
pub const NOT_ROOT: &str = "losing packets needs root";

/// Loses packets of a server's media as long as it is there.
pub struct Loss(String);

impl Loss {
    /// A share of the packets that it sends.
    pub fn start(server: &Server, percent: u32) -> Outcome<Loss> {
        Loss::of(&[("output", format!("udp sport {} numgen random mod 100 < {percent}", set(&server.udp_ports)))])
    }

    /// All, both ways: where UDP does not pass.
    pub fn of_udp(server: &Server) -> Outcome<Loss> {
        let udp = set(&server.udp_ports);
        Loss::of(&[("output", format!("udp sport {udp}")), ("input", format!("udp dport {udp}"))])
    }

    /// All of a server's media, but for what comes and goes from the addresses that a relay beside it lends.
    pub fn but_for_a_relay(server: &Server, [first, last]: [u16; 2]) -> Outcome<Loss> {
        let (udp, tcp) = (set(&server.udp_ports), set(&server.tcp_ports));
        Loss::of(&[
            ("input", format!("udp dport {udp} udp sport != {first}-{last}")),
            ("input", format!("udp sport {udp} udp dport != {first}-{last}")),
            ("input", format!("tcp dport {tcp}")),
        ])
    }

    /// All media, over UDP and TCP: only what comes by a [`proxy`] passes.
    pub fn of_media(server: &Server) -> Outcome<Loss> {
        let (udp, tcp) = (set(&server.udp_ports), set(&server.tcp_ports));
        Loss::of(&[
            ("output", format!("udp sport {udp}")),
            ("input", format!("udp dport {udp}")),
            ("output", format!("ip daddr != {} tcp sport {tcp}", proxy::ASIDE)),
            ("input", format!("ip saddr != {} tcp dport {tcp}", proxy::ASIDE)),
        ])
    }

    /// None where nobody may lose packets here.
    fn of(rules: &[(&str, String)]) -> Outcome<Loss> {
        let user = Command::new("id").arg("-u").output().expect("id tells who runs this");
        if user.stdout != b"0\n" {
            return Err(Stop::None(NOT_ROOT.into()));
        }
        let table = format!("stoa_interop_{}", std::process::id());
        let mut script = format!("add table inet {table}");
        for (hook, packets) in rules {
            script += &format!(
                "; add chain inet {table} {hook} {{ type filter hook {hook} priority 0; }}; \
                 add rule inet {table} {hook} {packets} drop"
            );
        }
        match Command::new("nft").arg(script).output() {
            Ok(output) if output.status.success() => Ok(Loss(table)),
            Ok(output) => failed(format!("nft: {}", String::from_utf8_lossy(&output.stderr).trim())),
            Err(error) => failed(format!("nft: {error}; install nftables")),
        }
    }
}

/// Ports as nftables write them.
fn set(ports: &[u16]) -> String {
    format!("{{ {} }}", ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", "))
}

impl Drop for Loss {
    fn drop(&mut self) {
        let _ = Command::new("nft").args(["delete", "table", "inet", &self.0]).status();
    }
}
