//! Video through the room server: layers, key frames, losses.

use super::*;
use crate::rtc::video::TRANSPORT_CC;
use crate::signal::livekit::{
    SimulcastCodec, SubscribedQualityUpdate, TrackType, UpdateTrackSettings, VideoLayer, VideoQuality,
};
use str0m::media::{Rid, Simulcast, SimulcastLayer};
use str0m::rtp::Ssrc;

/// A camera: the section, its track, and what each layer has sent.
struct Camera {
    client: usize,
    mid: Mid,
    sid: String,
    rids: Vec<Option<Rid>>,
    /// The streams, where layers have no ids.
    streams: Vec<Ssrc>,
    /// Of each layer: packets and pictures sent.
    sent: Vec<(u64, u16)>,
}

impl World {
    fn publish_camera(&mut self, client: usize, rids: &[&str]) -> Camera {
        self.publish_layers(client, rids, &[])
    }

    /// `ssrcs`: the streams of layers that have no ids.
    fn publish_layers(&mut self, client: usize, rids: &[&str], ssrcs: &[u32]) -> Camera {
        let layers = (0..3).map(|n| VideoLayer { quality: n, width: 320 << n, height: 180 << n, ..Default::default() });
        let request = AddTrackRequest {
            cid: "cam".into(),
            r#type: TrackType::Video as i32,
            source: TrackSource::Camera as i32,
            width: 1280,
            height: 720,
            layers: layers.take(rids.len().max(ssrcs.len()).max(1)).collect(),
            simulcast_codecs: vec![SimulcastCodec { codec: "vp8".into(), cid: "cam".into(), ..Default::default() }],
            ..Default::default()
        };
        self.ask(client, signal_request::Message::AddTrack(request));
        let c = &mut self.clients[client];
        let mut api = c.rtc.sdp_api();
        let mut simulcast = Simulcast::new();
        rids.iter().for_each(|rid| simulcast.add_send_layer(SimulcastLayer::new(rid)));
        let simulcast = (!rids.is_empty()).then_some(simulcast);
        let mid = api.add_media(MediaKind::Video, Direction::SendOnly, Some("s".into()), Some("cam".into()), simulcast);
        let (offer, pending) = api.apply().unwrap();
        c.pending = Some(pending);
        c.offers += 1;
        let mut sdp = offer.to_sdp_string();
        if !ssrcs.is_empty() {
            // str0m sends one stream for each id, so they have ids here; the server is not to hear of them.
            sdp = sdp.lines().filter(|l| !l.ends_with("sdes:rtp-stream-id")).map(|l| format!("{l}\r\n")).collect();
            let group: Vec<String> = ssrcs.iter().map(|ssrc| ssrc.to_string()).collect();
            sdp += &format!("a=ssrc-group:SIM {}\r\n", group.join(" "));
            group.iter().for_each(|ssrc| sdp += &format!("a=ssrc:{ssrc} cname:ann\r\n"));
        }
        let offer = description("offer", sdp, c.offers as u32);
        self.ask(client, signal_request::Message::Offer(offer));
        self.run(100);
        let sid = self.clients[client].messages.iter().rev().find_map(|m| match m {
            Message::TrackPublished(response) => Some(response.track.clone().unwrap().sid),
            _ => None,
        });
        let rids: Vec<Option<Rid>> = match rids.is_empty() {
            true => vec![None],
            false => rids.iter().map(|rid| Some((*rid).into())).collect(),
        };
        let mut api = self.clients[client].rtc.direct_api();
        let mut streams = Vec::new();
        if !ssrcs.is_empty() {
            // To str0m, the one stream without an id would be any of the others.
            let first = api.stream_tx_by_mid(mid, None).expect("a stream").ssrc();
            api.remove_stream_tx(first);
            let declare = |ssrc: &u32| {
                api.declare_stream_tx((*ssrc).into(), None, mid, Some(format!("s{ssrc}").as_str().into())).ssrc()
            };
            streams = ssrcs.iter().map(declare).collect();
        }
        let sent = vec![(0, 0); rids.len().max(streams.len())];
        Camera { client, mid, sid: sid.expect("TrackPublished"), sent, rids, streams }
    }

    /// One packet of VP8 of each layer that is named: a key frame where the server asked for one.
    fn film(&mut self, camera: &mut Camera, layers: &[usize]) {
        for layer in layers {
            let c = &mut self.clients[camera.client];
            let rid = camera.rids.get(*layer).copied().flatten();
            let ssrc = camera.streams.get(*layer);
            let asked = c.asked.iter().position(|request| request.rid == rid);
            if let Some(at) = asked {
                c.asked.remove(at);
            }
            let (n, picture) = &mut camera.sent[*layer];
            *n += 1;
            *picture += 1;
            let id = *picture + 1000 * *layer as u16;
            // A request does not say which of the streams it means.
            let frame = u8::from(asked.is_none() && ssrc.is_none());
            let payload =
                [0x90, 0xe0, 0x80 | (id >> 8) as u8, id as u8, id as u8, 0x20, frame, *layer as u8, *picture as u8];
            let pt = c.rtc.codec_config().params().iter().find(|p| p.spec().codec == str0m::format::Codec::Vp8);
            let pt = pt.expect("VP8").pt();
            let time = *n as u32 * 3000 + 10_000_000 * *layer as u32;
            let mut api = c.rtc.direct_api();
            let stream = match ssrc {
                Some(ssrc) => api.stream_tx(ssrc),
                None => api.stream_tx_by_mid(camera.mid, rid),
            };
            let stream = stream.expect("a stream");
            let first = 100 + 1000 * *layer as u64;
            stream.write_rtp(RtpWrite::new(pt, (first + *n).into(), time, self.now, &payload[..]).marker(true));
            c.rtc.handle_input(Input::Timeout(self.now)).unwrap();
        }
        self.run(30);
    }

    fn settings(&mut self, client: usize, sid: &str, settings: UpdateTrackSettings) {
        let settings = UpdateTrackSettings { track_sids: vec![sid.into()], ..settings };
        self.ask(client, signal_request::Message::TrackSetting(settings));
    }

    fn quality(&mut self, client: usize, sid: &str, quality: VideoQuality) {
        self.settings(client, sid, UpdateTrackSettings { quality: quality as i32, ..Default::default() });
    }

    /// The layers of the packets of video since the last look.
    fn layers(&mut self, client: usize) -> Vec<u8> {
        std::mem::take(&mut self.clients[client].video).iter().map(|p| p.payload[7]).collect()
    }

    fn told(&self, client: usize) -> Vec<Vec<bool>> {
        let updates = self.clients[client].messages.iter().filter_map(|m| match m {
            Message::SubscribedQualityUpdate(update) => Some(update),
            _ => None,
        });
        let enabled = |u: &SubscribedQualityUpdate| u.subscribed_qualities.iter().map(|q| q.enabled).collect();
        updates.map(enabled).collect()
    }
}

impl World {
    /// Pictures of VP8 in three temporal layers, 30 a second, one packet each.
    fn film_temporal(&mut self, camera: &mut Camera, pictures: usize) {
        for _ in 0..pictures {
            let c = &mut self.clients[camera.client];
            let key = !std::mem::take(&mut c.asked).is_empty();
            let (n, picture) = &mut camera.sent[0];
            (*n, *picture) = (*n + 1, *picture + 1);
            // A key picture is of the lowest layer wherever it comes; the others need no more than that layer.
            let layer: u8 = if key { 0 } else { [0, 2, 1, 2][*n as usize % 4] };
            let payload = [
                0x90,
                0xe0,
                0x80 | (*picture >> 8) as u8,
                *picture as u8,
                (*n / 4) as u8,
                layer << 6 | 0x20,
                u8::from(!key),
                layer,
            ];
            let pt = c.rtc.codec_config().params().iter().find(|p| p.spec().codec == str0m::format::Codec::Vp8);
            let pt = pt.expect("VP8").pt();
            let mut api = c.rtc.direct_api();
            let stream = api.stream_tx_by_mid(camera.mid, None).expect("a stream");
            let packet = RtpWrite::new(pt, (100 + *n).into(), *n as u32 * 3000, self.now, &payload[..]);
            stream.write_rtp(packet.marker(true));
            c.rtc.handle_input(Input::Timeout(self.now)).unwrap();
            self.run(33);
        }
    }
}

#[test]
fn a_frame_rate_is_chosen_where_there_are_temporal_layers() {
    let mut world = World::new();
    let (ann, bob) = (world.join("ann"), world.join("bob"));
    let mut camera = world.publish_camera(ann, &[]);
    let fps = |fps| UpdateTrackSettings { quality: VideoQuality::High as i32, fps, ..Default::default() };
    world.film_temporal(&mut camera, 90);
    for (wanted, highest) in [(0, 2), (15, 1), (5, 0), (9, 1), (30, 2)] {
        world.settings(bob, &camera.sid, fps(wanted));
        world.film_temporal(&mut camera, 12);
        let seen = std::mem::take(&mut world.clients[bob].video);
        for pair in seen[1..].windows(2) {
            assert_eq!(*pair[1].seq_no, *pair[0].seq_no + 1);
            let picture = |p: &RtpPacket| u16::from_be_bytes([p.payload[2] & 0x7f, p.payload[3]]);
            assert_eq!(picture(&pair[1]), picture(&pair[0]) + 1, "no hole in the pictures");
        }
        let newest = seen[seen.len() - 3..].iter().map(|p| p.payload[7]).max();
        assert_eq!(newest, Some(highest), "{wanted} frames a second");
    }
    assert!(world.server.stats().key_frames_asked < 3, "none for a frame rate");
}

/// What was received is one unbroken stream of VP8.
fn assert_unbroken(packets: &[RtpPacket]) {
    for pair in packets.windows(2) {
        let picture = |p: &RtpPacket| u16::from_be_bytes([p.payload[2] & 0x7f, p.payload[3]]);
        assert_eq!(*pair[1].seq_no, *pair[0].seq_no + 1);
        assert_eq!(picture(&pair[1]), picture(&pair[0]) + 1);
        assert_eq!(pair[1].payload[4], pair[0].payload[4].wrapping_add(1), "TL0PICIDX");
        let passed = pair[1].header.timestamp.wrapping_sub(pair[0].header.timestamp);
        assert!((1..20_000).contains(&passed), "{passed}");
    }
}

#[test]
fn simulcast_layers_are_chosen_and_change_without_a_seam() {
    let mut world = World::new();
    let (ann, bob) = (world.join("ann"), world.join("bob"));
    world.publish(ann);
    let mut camera = world.publish_camera(ann, &["q", "h", "f"]);
    let seen = world.seen(bob, "ann").unwrap();
    let track = seen.tracks.iter().find(|t| t.sid == camera.sid).expect("told of the camera");
    assert_eq!((track.r#type, track.width, track.height), (TrackType::Video as i32, 1280, 720));
    assert_eq!((track.mime_type.as_str(), track.layers.len(), track.simulcast), ("video/VP8", 3, true));
    assert!(world.carried(bob).values().any(|sid| *sid == camera.sid), "{:?}", world.carried(bob));
    let all = [0, 1, 2];
    (0..3).for_each(|_| world.film(&mut camera, &all));
    let start = world.layers(bob);
    assert_eq!(start.last(), Some(&2), "the best comes by itself: {start:?}");
    world.clients[bob].video.clear();
    (0..5).for_each(|_| world.film(&mut camera, &all));
    assert_eq!(world.clients[bob].video.iter().map(|p| p.payload[7]).collect::<Vec<_>>(), [2; 5]);
    world.quality(bob, &camera.sid, VideoQuality::Low);
    world.run(20);
    // The key frames of one layer are half a second apart.
    (0..20).for_each(|_| world.film(&mut camera, &all));
    world.quality(bob, &camera.sid, VideoQuality::High);
    (0..20).for_each(|_| world.film(&mut camera, &all));
    let packets = std::mem::take(&mut world.clients[bob].video);
    assert_unbroken(&packets);
    let layers: Vec<u8> = packets.iter().map(|p| p.payload[7]).collect();
    assert_eq!(layers[..5], [2; 5]);
    assert!(layers[5..].contains(&0), "{layers:?}");
    assert_eq!(layers.last(), Some(&2), "{layers:?}");
    for (n, packet) in packets.iter().enumerate().skip(1) {
        let changed = packet.payload[7] != packets[n - 1].payload[7];
        assert!(!changed || packet.payload[6] & 1 == 0, "a change at a key frame only");
    }
    // A size instead of a quality, and none at all.
    world.settings(bob, &camera.sid, UpdateTrackSettings { width: 600, height: 340, ..Default::default() });
    (0..20).for_each(|_| world.film(&mut camera, &all));
    assert_eq!(world.layers(bob).last(), Some(&1));
    world.quality(bob, &camera.sid, VideoQuality::Off);
    world.film(&mut camera, &all);
    assert!(world.layers(bob).is_empty(), "off");
    world.speak(ann, 20);
    assert_eq!(world.clients[bob].packets.len(), 1, "the voice goes on");
    world.quality(bob, &camera.sid, VideoQuality::Low);
    (0..20).for_each(|_| world.film(&mut camera, &all));
    assert_eq!(world.layers(bob).last(), Some(&0));
    // What was not asked for before long is not asked for again and again.
    assert!(world.server.stats().key_frames_asked < 20, "{}", world.server.stats().key_frames_asked);
}

#[test]
fn layers_without_stream_ids_are_told_apart() {
    let mut world = World::new();
    let (ann, bob) = (world.join("ann"), world.join("bob"));
    let mut camera = world.publish_layers(ann, &[], &[0x1001, 0x1002, 0x1003]);
    (0..20).for_each(|_| world.film(&mut camera, &[0, 1, 2]));
    assert_eq!(world.layers(bob).last(), Some(&2), "the best comes by itself");
    world.quality(bob, &camera.sid, VideoQuality::Low);
    (0..20).for_each(|_| world.film(&mut camera, &[0, 1, 2]));
    let packets = std::mem::take(&mut world.clients[bob].video);
    assert_unbroken(&packets);
    assert!(packets.iter().all(|p| p.header.ext_vals.rid.is_none()));
    assert_eq!(packets.last().unwrap().payload[7], 0);
}

#[test]
fn a_layer_that_ends_is_replaced() {
    let mut world = World::new();
    let (ann, bob) = (world.join("ann"), world.join("bob"));
    let mut camera = world.publish_camera(ann, &["q", "h", "f"]);
    (0..20).for_each(|_| world.film(&mut camera, &[0, 1, 2]));
    assert_eq!(world.layers(bob).last(), Some(&2));
    (0..70).for_each(|_| world.film(&mut camera, &[0, 1]));
    assert_eq!(world.layers(bob).last(), Some(&1), "the next lower one");
    (0..20).for_each(|_| world.film(&mut camera, &[0, 1, 2]));
    assert_eq!(world.layers(bob).last(), Some(&2), "and back");
}

#[test]
fn key_frames_are_asked_for_and_losses_repaired() {
    let mut world = World::new();
    let (ann, bob) = (world.join("ann"), world.join("bob"));
    let mut camera = world.publish_camera(ann, &[]);
    (0..3).for_each(|_| world.film(&mut camera, &[0]));
    assert_eq!(
        world.layers(bob).len(),
        2,
        "from the first key frame on, which was asked for when the first packet came"
    );
    world.run(600);
    let section = world.carried(bob).into_iter().find(|(_, sid)| *sid == camera.sid).expect("carried").0;
    let receiver = &mut world.clients[bob];
    let mut api = receiver.rtc.direct_api();
    let stream = api.stream_rx_by_mid(Mid::from(section.as_str()), None).expect("a stream");
    stream.request_keyframe(str0m::media::KeyframeRequestKind::Pli);
    assert_eq!(world.clients[ann].asked.len(), 0);
    world.run(50);
    assert_eq!(world.clients[ann].asked.len(), 1, "the subscriber's wish reaches the publisher");
    world.film(&mut camera, &[0]);
    // One packet is lost, and sent again when it is missed.
    world.clients[bob].lose = 1;
    world.film(&mut camera, &[0]);
    assert_eq!(world.clients[bob].lose, 0);
    (0..10).for_each(|_| world.film(&mut camera, &[0]));
    let mut packets = std::mem::take(&mut world.clients[bob].video);
    packets.sort_by_key(|p| p.seq_no);
    assert_eq!(packets.len(), 12);
    assert_unbroken(&packets);
}

#[test]
fn who_watches_first_may_film_with_feedback_later_and_is_sent_no_numbers() {
    let mut world = World::new();
    let (ann, bob) = (world.join("ann"), world.join("bob"));
    world.offer(bob, 1, 1);
    world.run(100);
    let mut answers = world.clients[bob].messages.iter().filter_map(|m| match m {
        Message::Answer(answer) => Some(answer.sdp.clone()),
        _ => None,
    });
    let answer = answers.next_back().expect("an answer");
    let has = |kind: &str| {
        let sections = sdp::split(&answer).into_iter().filter(|section| section.starts_with(kind));
        sections.map(|section| section.contains(TRANSPORT_CC)).collect::<Vec<_>>()
    };
    assert_eq!(has("m=video"), [true], "libwebrtc would not offer it again");
    assert!(has("m=audio").into_iter().all(|has| !has), "nobody measures the bandwidth of a voice");
    let mut camera = world.publish_camera(ann, &[]);
    (0..5).for_each(|_| world.film(&mut camera, &[0]));
    let video = &world.clients[bob].video;
    assert!(!video.is_empty() && video.iter().all(|packet| packet.header.ext_vals.transport_cc.is_none()));
}

#[test]
fn the_publisher_is_told_who_watches() {
    let mut world = World::new();
    let ann = world.join("ann");
    let mut camera = world.publish_camera(ann, &["q", "h", "f"]);
    world.run(4000);
    assert_eq!(world.told(ann), [[true; 3]; 0], "not at once");
    world.run(1500);
    assert_eq!(world.told(ann), [[false; 3]], "nobody");
    let bob = world.join("bob");
    assert_eq!(world.told(ann).last().unwrap(), &[true; 3], "more is told at once");
    world.quality(bob, &camera.sid, VideoQuality::Low);
    world.run(5500);
    assert_eq!(world.told(ann).last().unwrap(), &[true, false, false]);
    world.quality(bob, &camera.sid, VideoQuality::Medium);
    world.run(10);
    assert_eq!(world.told(ann).last().unwrap(), &[true, true, false]);
    world.film(&mut camera, &[0, 1]);
    world.film(&mut camera, &[0, 1]);
    assert!(!world.layers(bob).is_empty());
    // Muted, unsubscribed, unpublished: as sound is.
    world.ask(ann, signal_request::Message::Mute(MuteTrackRequest { sid: camera.sid.clone(), muted: true }));
    world.run(20);
    let muted = world.seen(bob, "ann").unwrap().tracks[0].muted;
    assert!(muted);
    world.subscribe(bob, &camera.sid, false);
    world.film(&mut camera, &[0]);
    assert!(world.layers(bob).is_empty());
    world.run(5500);
    assert_eq!(world.told(ann).last().unwrap(), &[false; 3]);
}

#[test]
fn video_of_a_size_that_cannot_be_sent_on_ends_nobody() {
    let mut world = World::new();
    let (ann, bob) = (world.join("ann"), world.join("bob"));
    let mut camera = world.publish_camera(ann, &[]);
    (0..3).for_each(|_| world.film(&mut camera, &[0]));
    world.clients[bob].video.clear();
    for (n, size) in [1500, 1501, 1900, 1960].into_iter().enumerate() {
        let c = &mut world.clients[ann];
        let pt = c.rtc.codec_config().params().iter().find(|p| p.spec().codec == str0m::format::Codec::Vp8);
        let pt = pt.expect("VP8").pt();
        let mut payload = vec![0xff; size];
        payload[..7].copy_from_slice(&[0x90, 0xe0, 0x80, 9, 9, 0x20, 0]);
        let mut api = c.rtc.direct_api();
        let stream = api.stream_tx_by_mid(camera.mid, None).unwrap();
        stream.write_rtp(RtpWrite::new(pt, (200 + n as u64).into(), 9_000, world.now, payload));
        c.rtc.handle_input(Input::Timeout(world.now)).unwrap();
        world.run(20);
    }
    assert_eq!(world.clients[bob].video.iter().map(|p| p.payload.len()).collect::<Vec<_>>(), [1500]);
    assert_eq!(world.server.stats().participants_failed, 0);
}
