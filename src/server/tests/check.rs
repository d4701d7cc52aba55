//! The check back to a client whose own check is faster than its answer.

use super::*;
use str0m::ice::{StunMessage, TransId};

/// The server offers, as it does with two peer connections: the client has its candidates and may check at once.
#[test]
fn a_check_before_the_answer_is_answered_and_checked_back_after_it() {
    let mut world = World::new();
    let client: SocketAddr = "127.0.0.1:40000".parse().unwrap();
    world.server.connect(world.now, ConnId(1), &dual_request("ann", "")).unwrap();
    let sent = std::iter::from_fn(|| world.server.poll_output());
    let messages = sent.filter_map(|output| match output {
        Output::Send { bytes, .. } => SignalResponse::decode(&bytes[..]).unwrap().message,
        _ => None,
    });
    let offer = messages.filter_map(|m| if let Message::Offer(offer) = m { Some(offer) } else { None }).next();
    let offer = offer.expect("an offer");

    let mut rtc = rtc::config(&rtc::crypto_provider(), None).build(world.now);
    let parsed = str0m::change::SdpOffer::from_sdp_string(&offer.sdp).unwrap();
    let answer = rtc.sdp_api().accept_offer(parsed).unwrap().to_sdp_string();
    let named = |description: &str, name| sdp::attribute(description, name).unwrap().to_string();
    let (ours, theirs) = (named(&offer.sdp, "ice-ufrag"), named(&answer, "ice-ufrag"));
    let user = format!("{ours}:{theirs}");
    let hmac = |key: &[u8], parts: &[&[u8]]| rtc::crypto_provider().sha1_hmac_provider.sha1_hmac(key, parts);
    let check = StunMessage::binding_request(&user, TransId::new(), true, 1, 1 << 30, false);
    let mut bytes = vec![0; 512];
    let length = check.to_bytes(Some(named(&offer.sdp, "ice-pwd").as_bytes()), &mut bytes, hmac).unwrap();
    assert!(world.server.datagram(world.now, Protocol::Udp, client, SERVER.parse().unwrap(), &bytes[..length]));
    let datagrams = |server: &mut RoomServer| {
        let sent = std::iter::from_fn(|| server.poll_output());
        let to_client = |output| match output {
            Output::Transmit { to, bytes, .. } => (to == client).then_some(bytes),
            _ => None,
        };
        sent.filter_map(to_client).collect::<Vec<_>>()
    };
    assert_eq!(datagrams(&mut world.server).len(), 0, "what the client is called is not known yet");

    let answer = signal_request::Message::Answer(description("answer", answer, offer.id));
    let bytes = SignalRequest { message: Some(answer) }.encode_to_vec();
    world.server.message(world.now, ConnId(1), &bytes);
    let sent = datagrams(&mut world.server);
    let sent: Vec<_> = sent.iter().map(|bytes| StunMessage::parse(bytes).expect("STUN")).collect();
    assert!(
        sent[0].is_successful_binding_response() && sent[0].trans_id() == check.trans_id(),
        "Pion takes the way only in this order"
    );
    assert!(sent[1].is_binding_request() && sent[1].username() == Some(&format!("{theirs}:{ours}")));
    assert_eq!(sent.len(), 2);
}
