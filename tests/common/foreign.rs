//! Programs in Go, LiveKit's server among them, and a network namespace for clients: what tests/interop and the benchmark share.
#![allow(dead_code, reason = "tests and the benchmark use a part of it each")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// The version of LiveKit's server; tests/interop/go/go.mod names it too.
pub const LIVEKIT: &str = "1.13.5";

/// LiveKit's server, built the first time through the Go module proxy: some minutes. The error says what is missing.
pub fn livekit_binary() -> Result<PathBuf, String> {
    go_tool(&format!("livekit-server-{LIVEKIT}"), "github.com/livekit/livekit-server/cmd/server")
}

/// Its configuration: one UDP port, on one address of one interface.
pub fn livekit_config(address: &str, interface: &str, [port, tcp, udp]: [u16; 3], key: &str, secret: &str) -> String {
    format!(
        "port: {port}\nbind_addresses: [{address}]\nkeys: {{{key}: {secret}}}\nrtc: {{node_ip: {address}, \
         use_external_ip: false, enable_loopback_candidate: {}, interfaces: {{includes: [{interface}]}}, udp_port: {udp}, \
         tcp_port: {tcp}}}\n",
        interface == "lo"
    )
}

/// A program of tests/interop/go, built where it is not there yet or where our own source is newer. The error says what is missing.
pub fn go_tool(name: &str, package: &str) -> Result<PathBuf, String> {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/go");
    let time = |path: PathBuf| path.metadata().and_then(|data| data.modified()).ok();
    let own = source.join(package).join("main.go");
    let newest = [time(source.join("go.mod")), time(own)].into_iter().max().flatten();
    if time(program.clone()) < newest {
        eprintln!("Go builds {package} into {}", program.display());
        let mut go = Command::new("go");
        go.args(["build", "-o"]).arg(&program).arg(package).current_dir(source);
        let status = go.status().map_err(|error| format!("{go:?}: {error}; is it installed?"))?;
        if !status.success() {
            return Err(format!("{go:?}: {status}"));
        }
    }
    Ok(program)
}

/// A network namespace with an address of its own, joined to this one by a pair of interfaces. It ends with its guard.
pub struct Namespace {
    pub name: String,
    /// The address on this side, and its interface.
    pub here: String,
    pub interface: String,
}

impl Namespace {
    /// The error says what is missing: `ip`, or the right to use it.
    pub fn start() -> Result<Namespace, String> {
        // One that ended may still be there for a moment.
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let (id, net) = (format!("{process}n{count}"), (process * 8 + count) % 256);
        let (name, interface, inside) = (format!("stoa-{id}"), format!("st{id}"), format!("st{id}i"));
        let namespace = Namespace { here: format!("198.18.{net}.1"), name: name.clone(), interface: interface.clone() };
        let there = format!("198.18.{net}.2/30");
        let here = format!("{}/30", namespace.here);
        for line in [
            format!("netns add {name}"),
            format!("link add {interface} type veth peer name {inside} netns {name}"),
            format!("addr add {here} dev {interface}"),
            format!("link set {interface} up"),
            format!("-n {name} addr add {there} dev {inside}"),
            format!("-n {name} link set {inside} up"),
            format!("-n {name} link set lo up"),
            format!("-n {name} route add default via {}", namespace.here),
        ] {
            let output = Command::new("ip").args(line.split(' ')).output();
            let output = output.map_err(|error| format!("ip: {error}; install iproute2"))?;
            if !output.status.success() {
                return Err(format!("ip {line}: {}", String::from_utf8_lossy(&output.stderr).trim()));
            }
        }
        Ok(namespace)
    }
}

impl Drop for Namespace {
    /// Its interfaces go with it.
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.name]).stderr(std::process::Stdio::null()).status();
    }
}
