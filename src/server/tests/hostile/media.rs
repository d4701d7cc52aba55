//! Nonsense over the media connection, from one who was let in.

use super::*;

/// Eve's client.
const CLIENT: usize = 2;

impl Scene {
    /// What Eve's client has to send: taken from it, on its way nowhere yet.
    fn written(&mut self) -> Vec<Vec<u8>> {
        // What is written leaves with time.
        self.world.now += Duration::from_millis(1);
        let (now, eve) = (self.world.now, &mut self.world.clients[CLIENT]);
        eve.rtc.handle_input(Input::Timeout(now)).unwrap();
        eve.poll();
        std::mem::take(&mut eve.outbox)
    }

    /// From Eve's address, or from another.
    fn datagram(&mut self, protocol: Protocol, from: SocketAddr, bytes: &[u8]) {
        self.world.server.datagram(self.world.now, protocol, from, server_at(protocol), bytes);
    }

    /// Writes a packet of sound on Eve's own track.
    fn play(&mut self, pt: u8, number: u64, time: u32, payload: &[u8]) {
        let now = self.world.now;
        let eve = &mut self.world.clients[CLIENT];
        let (mid, _) = eve.microphone.clone().expect("published");
        let mut api = eve.rtc.direct_api();
        let levels = ExtensionValues { audio_level: Some(-1), ..Default::default() };
        let write = RtpWrite::new(pt.into(), number.into(), time, now, payload).ext_vals(levels);
        api.stream_tx_by_mid(mid, None).expect("a stream").write_rtp(write.marker(true));
    }

    /// Writes to one of Eve's channels as it is.
    fn throw(&mut self, channel: ChannelId, bytes: &[u8]) {
        if let Some(mut channel) = self.world.clients[CLIENT].rtc.channel(channel) {
            // What does not fit is not sent; there is more to come.
            let _ = channel.write(true, bytes);
        }
        self.world.run(5);
    }
}

#[test]
fn sound_that_is_none() {
    let mut scene = Scene::new();
    scene.enter(Stage::Published);
    let mut rng = Rng(0x50d);
    let opus = scene.world.clients[CLIENT].rtc.codec_config().params()[0];
    let types = [*opus.pt(), *opus.red().expect("RED")];
    let received = scene.world.server.counted.media_received;
    // Below 65536, where the roll-over counter of SRTP begins.
    let mut number = 10_000;
    for case in 0..600 {
        let length = [0, 1, 2, 4, 5, 40, 200, 1_300][rng.below(8)];
        let mut payload = rng.bytes(length);
        if case % 3 == 0 {
            // Blocks of redundancy that promise more than there is.
            payload.iter_mut().take(40).step_by(4).for_each(|byte| *byte |= 0x80);
        }
        number += [1, 1, 1, 2, 50, 900][rng.below(6)];
        scene.play(types[rng.below(2)], number, rng.next() as u32, &payload);
        scene.world.run(5);
        if case % 10 == 0 {
            scene.goes_on(&format!("sound {case}"));
        }
    }
    let received = scene.world.server.counted.media_received - received;
    assert!(received > 500, "{received} packets came through");
    scene.log("sound that is none");
    assert!(scene.eve().is_some(), "what she sends is for those who hear her to judge");
    scene.leave();
}

#[test]
fn datagrams_that_are_none() {
    let mut scene = Scene::new();
    let mut rng = Rng(0xda7a);
    let ann = scene.world.clients[scene.ann].address;
    for case in 0..1_500 {
        if scene.eve().is_none() || case % 300 == 0 {
            scene.enter(Stage::Published);
        }
        scene.play(63, 100 + case, case as u32 * 960, b"sound");
        let mut bytes = scene.written().pop().unwrap_or_default();
        match case % 5 {
            // Of every first byte: STUN, DTLS, RTP, RTCP and none of them.
            0 => {
                let length = rng.below(1_500);
                bytes = rng.bytes(length);
                bytes.insert(0, case as u8);
            }
            // A check of ICE for somebody else's connection, without the password.
            1 => bytes = check(&scene.world.server.participants.values().next().unwrap().main.ufrag),
            // A fatal alert, and a client's hello, of DTLS as anybody can write them.
            2 => {
                bytes =
                    [&[21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40][..], &rng.bytes(case as usize % 40)].concat()
            }
            _ => rng.mangle(&mut bytes),
        }
        let own = scene.world.clients[CLIENT].address;
        let elsewhere = SocketAddr::new(own.ip(), 50_000 + rng.below(2_000) as u16);
        // A forged address of Ann's is no better.
        for from in [own, elsewhere, ann] {
            scene.datagram(Protocol::Udp, from, &bytes);
        }
        scene.datagram(Protocol::Tcp, elsewhere, &bytes);
        if case % 10 == 0 {
            let what = format!("datagram {case}");
            scene.goes_on(&what);
            scene.log(&what);
        }
    }
}

/// A binding request (RFC 8489) with a user name, and an integrity that is wrong.
fn check(ufrag: &str) -> Vec<u8> {
    let user = format!("{ufrag}:eve!");
    let mut attributes = vec![0, 6, 0, user.len() as u8];
    attributes.extend(user.as_bytes());
    attributes.resize(attributes.len().next_multiple_of(4), 0);
    attributes.extend([0, 8, 0, 20]);
    attributes.extend([7; 20]);
    let head = [0, 1, 0, attributes.len() as u8, 0x21, 0x12, 0xa4, 0x42];
    [&head[..], &[9; 12], &attributes].concat()
}

#[test]
fn data_that_is_none() {
    let mut scene = Scene::new();
    let mut rng = Rng(0xda3a);
    scene.enter(Stage::Published);
    scene.log("coming");
    let eve = &mut scene.world.clients[CLIENT];
    let mut channels = vec![eve.reliable.unwrap(), eve.data_track];
    // Channels that nobody knows, and some by names that are taken.
    for n in 0..60 {
        let label = ["_reliable", "_lossy", "_data_track", "", "x".repeat(300).as_str()][n % 5].to_string();
        channels.push(eve.rtc.direct_api().create_data_channel(ChannelConfig { label, ..Default::default() }));
    }
    scene.world.run(200);
    let packet = |sequence| DataPacket {
        destination_identities: vec!["bob".into(); sequence as usize % 3],
        sequence,
        value: Some(data_packet::Value::User(UserPacket { payload: vec![1; 30], ..Default::default() })),
        ..Default::default()
    };
    for case in 0..400 {
        let length = [0, 1, 12, 300, 60_000][rng.below(5)];
        let mut bytes = rng.bytes(length);
        if case % 2 == 0 {
            bytes = packet(rng.next() as u32).encode_to_vec();
            rng.mangle(&mut bytes);
        }
        // Of channels with one name the newest counts.
        let channel = [rng.below(5), channels.len() - 1 - rng.below(5)][rng.below(2)];
        scene.throw(channels[channel], &bytes);
        if case % 10 == 0 {
            scene.goes_on(&format!("data {case}"));
        }
    }
    // More than a message may have: the connection ends, or it does not come.
    scene.throw(channels[0], &vec![0xff; 400_000]);
    scene.goes_on("too much data");
    let log = scene.log("data that is none");
    assert!(log.iter().any(|line| line.contains("eve in hall sent data that is no packet")), "{log:?}");
    let malformed = scene.world.server.counted.data_dropped_malformed;
    assert!(malformed > 8, "{malformed}");
    scene.leave();
}
