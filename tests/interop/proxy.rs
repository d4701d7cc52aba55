//! A way for a client's TCP connections that can be cut, and that can make a new server look like an old one.

use socket2::{Domain, Socket, Type};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Where it connects from, so that its connections can be told from those of media at the same port.
pub const ASIDE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

pub struct Proxy {
    pub address: SocketAddr,
    to: Arc<Mutex<String>>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    connections: Arc<AtomicUsize>,
}

impl Proxy {
    /// `old`: `/rtc/v1` is not found, so that clients take two peer connections.
    pub fn start(to: &str, old: bool) -> Proxy {
        let (host, _) = to.rsplit_once(':').expect("host:port");
        let listener = TcpListener::bind((host, 0)).expect("a free port");
        let (address, open) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let to = Arc::new(Mutex::new(to.to_owned()));
        let connections = Arc::new(AtomicUsize::new(0));
        let (goal, pipes, count) = (to.clone(), open.clone(), Arc::clone(&connections));
        // It ends with the process.
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (to, pipes, count) = (goal.lock().unwrap().clone(), pipes.clone(), count.clone());
                std::thread::spawn(move || pass(client, &to, old, &pipes, &count));
            }
        });
        Proxy { address, to, open, connections }
    }

    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// With how many peer connections the newest join that it let through was asked for; 0: there was none.
    pub fn peer_connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// New connections go elsewhere.
    pub fn turn(&self, to: &str) {
        to.clone_into(&mut self.to.lock().unwrap());
    }

    /// Breaks every connection; new ones are let through.
    pub fn cut(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// A page may read it, as all that LiveKit's server answers.
const NOT_FOUND: &[u8] =
    b"HTTP/1.1 404 Not Found\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

fn connect(to: &str) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((ASIDE, 0)).into())?;
    let to: SocketAddr = to.parse().map_err(std::io::Error::other)?;
    socket.connect(&to.into())?;
    Ok(socket.into())
}

/// One connection, to its end.
fn pass(mut client: TcpStream, to: &str, old: bool, open: &Mutex<Vec<TcpStream>>, count: &AtomicUsize) -> Option<()> {
    let mut first = vec![0; 16 * 1024];
    let length = client.read(&mut first).ok()?;
    if old && first[..length].starts_with(b"GET /rtc/v1") {
        return client.write_all(NOT_FOUND).ok();
    }
    for (path, connections) in [("GET /rtc/v1?", 1), ("GET /rtc?", 2)] {
        if first[..length].starts_with(path.as_bytes()) {
            count.store(connections, Ordering::SeqCst);
        }
    }
    let mut server = connect(to).ok()?;
    client.set_nodelay(true).ok()?;
    server.set_nodelay(true).ok()?;
    server.write_all(&first[..length]).ok()?;
    let (mut from, mut back) = (client.try_clone().ok()?, server.try_clone().ok()?);
    open.lock().unwrap().extend([client.try_clone().ok()?, server.try_clone().ok()?]);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut back);
        let _ = back.shutdown(Shutdown::Both);
    });
    let _ = std::io::copy(&mut server, &mut client);
    client.shutdown(Shutdown::Both).ok()
}
