//! The addresses that a client is told of.

use super::*;

/// The UDP and TCP addresses among an answer's candidates.
fn announced(reached: Option<&str>) -> Vec<(String, String)> {
    let mut world = World::new();
    let bob = world.join("placeholder");
    let request = HttpRequest { reached: reached.map(|ip| ip.parse().unwrap()), ..dual_request("bob", "") };
    world.clients[bob].conn = ConnId(700);
    world.server.connect(world.now, ConnId(700), &request).unwrap();
    world.settle();
    let offer = world.clients[bob].messages.iter().find_map(|m| if let Message::Offer(o) = m { Some(o) } else { None });
    let lines = offer.expect("an offer").sdp.lines();
    let words = lines.filter_map(|line| line.strip_prefix("a=candidate:")).map(|line| line.split(' ').collect());
    let mut all: Vec<_> = words.map(|w: Vec<&str>| (w[2].to_lowercase(), format!("{}:{}", w[4], w[5]))).collect();
    all.sort();
    all.dedup();
    all
}

#[test]
fn who_came_by_an_address_is_told_of_it() {
    let own = [("tcp".to_string(), SERVER_TCP.to_string()), ("udp".to_string(), SERVER.to_string())];
    assert_eq!(announced(None), own);
    assert_eq!(announced(Some("127.0.0.1")), own, "it is announced already");
    let other = announced(Some("198.51.100.7"));
    for (protocol, address) in [("udp", "198.51.100.7:7882"), ("tcp", "198.51.100.7:7880")] {
        assert!(other.contains(&(protocol.into(), address.into())), "{other:?}");
    }
    assert_eq!(other.len(), 4);
}
