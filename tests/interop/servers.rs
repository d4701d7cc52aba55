//! Room servers as processes: `stoa serve`, LiveKit's own, and two of those that share a Redis. All end with their guard.

use super::puppet::dir;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use stoa::token::jwt::{self, Claims, VideoGrant};

pub const KEY: &str = "app";
pub const SECRET: &str = "a certificate of more than thirty-two characters";
/// The one room of every test.
pub const ROOM: &str = "hall";
pub const LIVEKIT: &str = "1.13.5";

/// A process that ends with the test.
pub struct Running(Child);

impl Running {
    fn start(mut command: Command, log: &str) -> Running {
        let log = std::fs::File::create(dir().join(format!("{log}.log"))).expect("the target directory can be written");
        command.stdin(Stdio::null()).stderr(log.try_clone().unwrap()).stdout(log);
        Running(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}; is it installed?")))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One or two nodes of a server.
pub struct Server {
    pub is_stoa: bool,
    /// `host:port`, where the first and the last client join.
    pub nodes: Vec<String>,
    pub udp_ports: Vec<u16>,
    _processes: Vec<Running>,
    /// Where the peer is to live.
    pub namespace: Option<Namespace>,
}

/// `stoa serve` at an address.
pub fn stoa_at(address: &str) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stoa"));
    command.args(["serve", "--port", "0", "--udp-port", "0", "--json", "--bind", address]);
    command.args(["--key", &format!("{KEY}:{SECRET}")]).stdout(Stdio::piped());
    let mut child = command.spawn().expect("stoa starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let line = lines.next().and_then(Result::ok).expect("stoa says where it serves");
    let says: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
    let mut log = std::fs::File::create(dir().join("stoa-serve.log")).expect("the target directory can be written");
    std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| writeln!(log, "{line}")));
    Server {
        is_stoa: true,
        nodes: vec![says["url"].as_str().unwrap().trim_start_matches("ws://").into()],
        udp_ports: vec![says["udp_port"].as_u64().unwrap() as u16],
        _processes: vec![Running(child)],
        namespace: None,
    }
}

pub fn stoa() -> Server {
    stoa_at("127.0.0.1")
}

/// `stoa serve` where a peer in a namespace of its own reaches it.
pub fn stoa_beside_a_namespace() -> Server {
    let namespace = Namespace::start();
    let server = stoa_at(&namespace.here);
    Server { namespace: Some(namespace), ..server }
}

/// LiveKit's server on loopback.
pub fn livekit() -> Server {
    livekit_nodes(1, None)
}

/// Two of LiveKit's servers, which know of each other by a Redis.
pub fn cluster() -> Server {
    let port = free_tcp();
    let mut command = Command::new("redis-server");
    command.current_dir(dir());
    command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string()]);
    let redis = Running::start(command, "redis");
    await_port(port);
    let mut server = livekit_nodes(2, Some(port));
    server._processes.push(redis);
    server
}

fn livekit_nodes(count: usize, redis: Option<u16>) -> Server {
    let mut server =
        Server { is_stoa: false, nodes: Vec::new(), udp_ports: Vec::new(), _processes: Vec::new(), namespace: None };
    for node in 1..=count {
        let (port, tcp, udp) = (free_tcp(), free_tcp(), free_udp());
        let redis = redis.map(|port| format!("redis: {{address: 127.0.0.1:{port}}}\n")).unwrap_or_default();
        let config = format!(
            "port: {port}\nbind_addresses: [127.0.0.1]\nkeys: {{{KEY}: {SECRET}}}\n{redis}rtc: {{node_ip: 127.0.0.1, \
             use_external_ip: false, enable_loopback_candidate: true, interfaces: {{includes: [lo]}}, udp_port: {udp}, \
             tcp_port: {tcp}}}\n"
        );
        let mut command = Command::new(livekit_binary());
        command.args(["--config-body", &config]);
        server._processes.push(Running::start(command, &format!("livekit-{node}")));
        await_port(port);
        server.nodes.push(format!("127.0.0.1:{port}"));
        server.udp_ports.push(udp);
    }
    server
}

/// LiveKit's server, built the first time through the Go module proxy: some minutes.
fn livekit_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| go_tool(&format!("livekit-server-{LIVEKIT}"), "github.com/livekit/livekit-server/cmd/server"))
}

/// A program of tests/interop/go, built where it is not there yet or where our own source is newer.
pub fn go_tool(name: &str, package: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/go");
    let time = |path: PathBuf| path.metadata().and_then(|data| data.modified()).ok();
    let newest = [time(source.join("go.mod")), time(source.join("main.go"))].into_iter().max().flatten();
    if time(program.clone()) < newest {
        eprintln!("Go builds {package} into {}", program.display());
        let mut go = Command::new("go");
        go.args(["build", "-o"]).arg(&program).arg(package).current_dir(source);
        let status = go.status().unwrap_or_else(|error| panic!("{go:?}: {error}; is it installed?"));
        assert!(status.success(), "{go:?}: {status}");
    }
    program
}

impl Server {
    pub fn first(&self) -> &str {
        &self.nodes[0]
    }

    pub fn last(&self) -> &str {
        self.nodes.last().expect("a server has a node")
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
        let mut stream = TcpStream::connect(self.first()).expect("the server listens");
        write!(
            stream,
            "POST /twirp/livekit.RoomService/{method} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nAuthorization: \
             Bearer {token}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            self.first(),
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

fn free_tcp() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn free_udp() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn await_port(port: u16) {
    let end = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < end, "nobody listens at port {port}; the logs are in {}", dir().display());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Loses a share of the packets that a server sends, as long as it is there. None: not as root, or without nftables.
pub struct Loss(String);

impl Loss {
    pub fn start(ports: &[u16], percent: u32) -> Option<Loss> {
        let table = format!("stoa_interop_{}", std::process::id());
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        let rules = format!(
            "add table inet {table}; add chain inet {table} lose {{ type filter hook output priority 0; }}; \
             add rule inet {table} lose udp sport {{ {} }} numgen random mod 100 < {percent} drop",
            ports.join(", ")
        );
        Command::new("nft").arg(rules).output().is_ok_and(|output| output.status.success()).then(|| Loss(table))
    }
}

impl Drop for Loss {
    fn drop(&mut self) {
        let _ = Command::new("nft").args(["delete", "table", "inet", &self.0]).status();
    }
}

/// A network namespace with an address of its own, joined to this one by a pair of interfaces. It ends with its guard.
pub struct Namespace {
    pub name: String,
    /// The address on this side.
    pub here: String,
}

impl Namespace {
    pub fn start() -> Namespace {
        // One that ended may still be there for a moment.
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let (id, net) = (format!("{process}n{count}"), (process * 8 + count) % 256);
        let (name, inside) = (format!("stoa-{id}"), format!("st{id}i"));
        let namespace = Namespace { here: format!("198.18.{net}.1"), name: name.clone() };
        let there = format!("198.18.{net}.2/30");
        let here = format!("{}/30", namespace.here);
        for line in [
            format!("netns add {name}"),
            format!("link add st{id} type veth peer name {inside} netns {name}"),
            format!("addr add {here} dev st{id}"),
            format!("link set st{id} up"),
            format!("-n {name} addr add {there} dev {inside}"),
            format!("-n {name} link set {inside} up"),
            format!("-n {name} link set lo up"),
            format!("-n {name} route add default via {}", namespace.here),
        ] {
            let output = Command::new("ip").args(line.split(' ')).output().expect("ip is needed; install iproute2");
            assert!(output.status.success(), "ip {line}: {}", String::from_utf8_lossy(&output.stderr));
        }
        namespace
    }
}

impl Drop for Namespace {
    /// Its interfaces go with it.
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.name]).status();
    }
}
