//! The relays that a server names in its `ice_servers`, as URIs (RFC 7065).

use super::livekit as lk;

/// How a relay is spoken with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RelayWay {
    /// Datagrams.
    Udp,
    /// A TCP connection.
    Tcp,
    /// A TCP connection with TLS on it.
    Tls,
}

/// Where a relay is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayAt {
    /// A name, or an IP address without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it is spoken with.
    pub way: RelayWay,
}

/// A relay, and who may use it.
#[derive(Clone)]
pub struct NamedRelay {
    /// Where it is.
    pub at: RelayAt,
    /// The user's name there.
    pub username: String,
    /// The password.
    pub credential: String,
}

/// Relays of a server that are looked at.
const MAX_RELAYS: usize = 4;
/// The longest name and password, bytes (STUN has room for 513).
const MAX_CREDENTIAL: usize = 512;

/// The relays among these servers: those that cost least first. What is none, or is not understood, is passed over.
pub fn relays(servers: &[lk::IceServer]) -> Vec<NamedRelay> {
    let fits = |server: &&lk::IceServer| server.username.len().max(server.credential.len()) <= MAX_CREDENTIAL;
    let mut found: Vec<NamedRelay> = Vec::new();
    for server in servers.iter().filter(fits) {
        for at in server.urls.iter().filter_map(|url| parse(url)) {
            if !found.iter().any(|other| other.at == at) {
                let (username, credential) = (server.username.clone(), server.credential.clone());
                found.push(NamedRelay { at, username, credential });
            }
        }
    }
    found.sort_by_key(|relay| relay.at.way);
    found.truncate(MAX_RELAYS);
    found
}

/// `turn:host[:port][?transport=udp|tcp]`, or `turns:` for TLS.
fn parse(url: &str) -> Option<RelayAt> {
    let (scheme, rest) = url.split_once(':')?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let way = match (scheme, query) {
        ("turn", "" | "transport=udp") => RelayWay::Udp,
        ("turn", "transport=tcp") => RelayWay::Tcp,
        ("turns", "" | "transport=tcp") => RelayWay::Tls,
        _ => return None,
    };
    let (host, port) = match place.strip_prefix('[') {
        Some(six) => six.split_once(']')?,
        None => place.split_at(place.find(':').unwrap_or(place.len())),
    };
    let port = match port.strip_prefix(':') {
        Some(port) => port.parse().ok().filter(|port| *port != 0)?,
        None if port.is_empty() => {
            if way == RelayWay::Tls {
                5349
            } else {
                3478
            }
        }
        None => return None,
    };
    (!host.is_empty()).then(|| RelayAt { host: host.into(), port, way })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_read_as_rfc_7065_has_them() {
        let at = |host: &str, port, way| Some(RelayAt { host: host.into(), port, way });
        for (url, expected) in [
            ("turn:192.0.2.1:3479?transport=udp", at("192.0.2.1", 3479, RelayWay::Udp)),
            ("turn:relay.example.org", at("relay.example.org", 3478, RelayWay::Udp)),
            ("turn:[2001:db8::1]:99?transport=tcp", at("2001:db8::1", 99, RelayWay::Tcp)),
            ("turn:[2001:db8::1]", at("2001:db8::1", 3478, RelayWay::Udp)),
            ("turns:relay.example.org:443?transport=tcp", at("relay.example.org", 443, RelayWay::Tls)),
            ("turns:relay.example.org", at("relay.example.org", 5349, RelayWay::Tls)),
            ("turns:relay.example.org?transport=udp", None),
            ("turn:relay.example.org?transport=sctp", None),
            ("stun:relay.example.org", None),
            ("turn:", None),
            ("turn::3478", None),
            ("turn:a:0", None),
            ("turn:a:port", None),
            ("turn:[::1", None),
            ("turn:[::1]9", None),
            ("", None),
        ] {
            assert_eq!(parse(url), expected, "{url}");
        }
    }

    #[test]
    fn the_cheapest_come_first_and_few_are_taken() {
        let server = |urls: &[&str], username: &str| lk::IceServer {
            urls: urls.iter().map(|url| url.to_string()).collect(),
            username: username.into(),
            credential: "secret".into(),
        };
        let named = relays(&[
            server(&["stun:a", "turns:b", "turn:b?transport=tcp"], "ada"),
            server(&["turn:never"], &"a".repeat(600)),
            server(&["turn:b", "turn:b", "turn:c", "turn:d", "turn:e"], "bob"),
        ]);
        let hosts: Vec<_> = named.iter().map(|relay| (relay.at.host.as_str(), relay.username.as_str())).collect();
        assert_eq!(hosts, [("b", "bob"), ("c", "bob"), ("d", "bob"), ("e", "bob")]);
        let named = relays(&[server(&["turns:b", "turn:b?transport=tcp", "turn:b"], "ada")]);
        let ways: Vec<_> = named.iter().map(|relay| relay.at.way).collect();
        assert_eq!(ways, [RelayWay::Udp, RelayWay::Tcp, RelayWay::Tls]);
    }
}
