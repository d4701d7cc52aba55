//! Media by a relay, with LiveKit's server: its own, by datagrams, and Pion's, over TCP. Nothing else leads to the media.

use super::features::{OURS, THEIRS, heard};
use super::puppet::Stop;
use super::servers::{self, Loss, Server, token};
use super::{peers, stage};
use std::time::{Duration, Instant};
use stoa::client::DIRECT_ALONE;

fn hear_each_other_behind_a_wall(row: &str, server: &Server, lent: [u16; 2]) {
    let _wall = match Loss::but_for_a_relay(server, lent) {
        Err(Stop::None(why)) => return eprintln!("not tried: {why}"),
        wall => wall.unwrap(),
    };
    let url = format!("ws://{}", server.first());
    let mut pair = ["ada", "bob"].map(|user| peers::stoa_as(user, row));
    for puppet in &mut pair {
        let began = Instant::now();
        puppet.ask(&["join", &url, &token(puppet.user)]).unwrap();
        let took = began.elapsed();
        eprintln!("{row}: {} joined in {took:?}", puppet.user);
        assert!(took > DIRECT_ALONE, "media took another way: {took:?}");
        assert!(took < DIRECT_ALONE + Duration::from_secs(12), "{took:?}");
    }
    let [ada, bob] = &mut pair;
    ada.event(&["joined", "bob"]).unwrap();
    bob.event(&["joined", "ada"]).unwrap();
    ada.ask(&["speak", &OURS.to_string()]).unwrap();
    bob.ask(&["speak", &THEIRS.to_string()]).unwrap();
    heard(bob, "ada", OURS).unwrap();
    heard(ada, "bob", THEIRS).unwrap();
}

#[test]
fn livekits_own_relay_leads_to_its_media() {
    let _alone = stage::alone();
    let (server, lent) = servers::livekit_with_its_relay();
    hear_each_other_behind_a_wall("relay", &server, lent);
}

#[test]
fn pions_relay_leads_there_over_tcp() {
    let _alone = stage::alone();
    let (server, lent) = servers::livekit_with_a_relay_on_tcp();
    hear_each_other_behind_a_wall("relay_on_tcp", &server, lent);
}
