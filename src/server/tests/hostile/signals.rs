//! Nonsense over the WebSocket.

use super::*;
use crate::signal::livekit::{
    DataChannelInfo, DataChannelReceiveState, DataTrackInfo, ParticipantTracks, PublishDataTrackRequest,
    PublishDataTrackResponse, SimulateScenario, SimulcastCodec, SyncState, TrackPublishedResponse, TrickleRequest,
    UnpublishDataTrackRequest, UpdateDataSubscription, UpdateLocalAudioTrack, UpdateLocalVideoTrack,
    UpdateParticipantMetadata, UpdateVideoLayers, VideoLayer, simulate_scenario::Scenario,
    update_data_subscription::Update,
};
use signal_request::Message as Ask;

/// A request, and what the log has to say of it, at whatever stage; None: it may be let be, refused, or be the end of Eve.
type Row = (&'static str, Vec<Ask>, Option<&'static str>);

const REMOVED: Option<&str> = Some("eve in hall is removed: the client sent ");
const REFUSED: Option<&str> = Some("eve in hall was refused: ");
const GONE: Option<&str> = Some("eve in hall is gone: ");

fn offer(sdp: String) -> Vec<Ask> {
    vec![Ask::Offer(description("offer", sdp, 7))]
}

/// An offer as an honest client makes it.
fn honest_offer(now: Instant) -> String {
    let mut rtc = rtc::with_video(rtc::config(&rtc::crypto_provider(), None)).build(now);
    let mut api = rtc.sdp_api();
    api.add_channel_with_config(ChannelConfig { label: "_reliable".into(), ..Default::default() });
    api.add_media(MediaKind::Audio, Direction::SendOnly, Some("s".into()), Some("mic".into()), None);
    api.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
    api.apply().unwrap().0.to_sdp_string()
}

/// So many sections like the offer's second one.
fn many_sections(offer: &str, count: usize) -> String {
    let parts = sdp::split(offer);
    let section = parts.iter().find(|part| part.starts_with("m=audio")).expect("sound");
    let named = |n: usize| section.replace("a=mid:", &format!("a=mid:x{n}y"));
    (0..count).fold(parts[0].to_string(), |sdp, n| sdp + &named(n))
}

fn add_track(request: AddTrackRequest) -> Ask {
    Ask::AddTrack(request)
}

fn sids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("TR_{n:08}")).collect()
}

/// Every kind of request with fields that make no sense. `mic`: Ann's track; `sid`: Ann's own.
fn rows(now: Instant, mic: &str, sid: &str) -> Vec<Row> {
    let honest = honest_offer(now);
    let mut shuffled: Vec<&str> = honest.lines().collect();
    shuffled.reverse();
    let candidate = |n: usize| {
        let init = format!("{{\"candidate\":\"candidate:1 1 udp {n} 10.{}.{}.9 9 typ host\"}}", n / 256, n % 256);
        Ask::Trickle(TrickleRequest { candidate_init: init, target: (n % 3) as i32 - 1, r#final: n.is_multiple_of(2) })
    };
    let trickle = |init: &str| {
        let init = init.to_string();
        [-1, 0, 1, i32::MAX]
            .map(|target| Ask::Trickle(TrickleRequest { candidate_init: init.clone(), target, r#final: true }))
            .to_vec()
    };
    let named = |cid: usize| AddTrackRequest { cid: format!("cid{cid}"), ..Default::default() };
    let subscription = |track_sids: Vec<String>, subscribe| {
        let participant_tracks =
            vec![ParticipantTracks { participant_sid: sid.into(), track_sids: track_sids.clone() }];
        Ask::Subscription(UpdateSubscription { track_sids, subscribe, participant_tracks })
    };
    let settings = |quality, width, fps| {
        let track_sids = vec![mic.to_string(), String::new(), "x".repeat(9_000)];
        Ask::TrackSetting(UpdateTrackSettings { track_sids, quality, width, height: width, fps, ..Default::default() })
    };
    let layer = VideoLayer { quality: -9, width: u32::MAX, ssrc: u32::MAX, spatial_layer: -1, ..Default::default() };
    let layers = vec![layer.clone(); 2_000];
    let codec = SimulcastCodec { codec: "x/y/".repeat(2_000), layers: layers.clone(), ..Default::default() };
    let long = || "é".repeat(45_000);
    let forged = |all: bool| {
        let one = |n: usize| TrackPermission {
            participant_sid: format!("PA_{n}"),
            participant_identity: "bob".repeat(n % 5),
            track_sids: vec![mic.into()],
            ..Default::default()
        };
        let track_permissions = (0..1_000).map(one).collect();
        Ask::SubscriptionPermission(SubscriptionPermission { all_participants: all, track_permissions })
    };
    let update = |track_sid: String, subscribe| Update { track_sid, subscribe, options: None };
    let data = UpdateDataSubscription { updates: (0..2_000).map(|n| update(format!("DTR_{n}"), n % 3 != 0)).collect() };
    let lies = SyncState {
        answer: Some(description("answer", "garbage".into(), 9)),
        offer: Some(description("offer", honest.clone(), u32::MAX)),
        subscription: Some(UpdateSubscription { track_sids: sids(600), subscribe: true, ..Default::default() }),
        publish_tracks: vec![TrackPublishedResponse { cid: "mic".into(), ..Default::default() }; 500],
        data_channels: vec![DataChannelInfo { label: long(), id: u32::MAX, target: -1 }],
        track_sids_disabled: vec![mic.into(); 50],
        datachannel_receive_states: vec![DataChannelReceiveState { publisher_sid: sid.into(), last_seq: u32::MAX }; 50],
        data_subscription: Some(UpdateDataSubscription { updates: vec![update(mic.into(), true); 50] }),
        ..Default::default()
    };
    let info = DataTrackInfo { pub_handle: 1, sid: "DTR_lie".into(), ..Default::default() };
    let published = PublishDataTrackResponse { info: Some(info) };
    let simulate = |scenario| vec![Ask::Simulate(SimulateScenario { scenario: Some(scenario) })];
    let data_track = |pub_handle, name: &str| {
        Ask::PublishDataTrackRequest(PublishDataTrackRequest { pub_handle, name: name.into(), ..Default::default() })
    };
    let describe = |name: String, metadata: String, attributes: usize| {
        let attributes = (0..attributes).map(|n| (format!("key{n}"), "v".repeat(100))).collect();
        vec![Ask::UpdateMetadata(UpdateParticipantMetadata { name, metadata, attributes, request_id: u32::MAX })]
    };
    vec![
        ("an empty offer", offer(String::new()), REMOVED),
        ("a garbled offer", offer("v=0\r\nm=nonsense\r\n\u{0}\u{7f}é".into()), REMOVED),
        ("half an offer", offer(honest[..honest.len() / 2].into()), None),
        ("an offer upside down", offer(shuffled.join("\r\n")), REMOVED),
        ("an offer with every line twice", offer(honest.lines().map(|l| format!("{l}\r\n{l}\r\n")).collect()), None),
        ("an offer of 1000 sections", offer(many_sections(&honest, 1000)), None),
        ("an offer of 513 short sections", offer("v=0\r\n".to_string() + &"m=audio 9 x 0\r\n".repeat(513)), REMOVED),
        ("sections all of one name", offer(many_sections(&honest, 9).replace("a=mid:x", "a=mid:x0\r\na=x:")), None),
        ("a line without an end", offer(format!("{honest}a={}", "z".repeat(50_000))), None),
        ("an answer to nothing", vec![Ask::Answer(description("answer", honest.clone(), 3))], None),
        ("an empty answer", vec![Ask::Answer(description("", String::new(), 0))], None),
        ("a garbled answer", vec![Ask::Answer(description("answer", "m=\r\na=\r\n".into(), u32::MAX))], None),
        ("candidates that are none", ["", "{", "7", "{\"candidate\":7}", &long()].map(trickle).concat(), None),
        ("candidates of bad numbers", trickle("{\"candidate\":\"candidate:1 9 udp -1 1.2.3 99999 typ x\"}"), None),
        ("a flood of candidates", (0..3_000).map(candidate).collect(), None),
        ("a track of nothing", vec![add_track(AddTrackRequest::default())], None),
        (
            "tracks of no kind",
            [-1, 2, i32::MIN].map(|r#type| add_track(AddTrackRequest { r#type, ..named(0) })).into(),
            REFUSED,
        ),
        ("a flood of tracks", (0..1_000).map(|cid| add_track(named(cid))).collect(), REFUSED),
        ("a track of long names", vec![add_track(AddTrackRequest { name: long(), ..named(1) })], None),
        ("a track of a long id", vec![add_track(AddTrackRequest { cid: long(), ..named(1) })], None),
        ("a track of a long stream", vec![add_track(AddTrackRequest { stream: long(), ..named(1) })], None),
        (
            "a track of many features",
            vec![add_track(AddTrackRequest { audio_features: (-9_000..9_000).collect(), source: -5, ..named(2) })],
            None,
        ),
        (
            "video of many layers",
            vec![add_track(AddTrackRequest {
                r#type: 1,
                layers,
                simulcast_codecs: vec![codec; 2],
                width: u32::MAX,
                encryption: -1,
                ..named(3)
            })],
            None,
        ),
        ("muting Ann", vec![Ask::Mute(MuteTrackRequest { sid: mic.into(), muted: true })], REFUSED),
        ("muting nobody", vec![Ask::Mute(MuteTrackRequest { sid: long(), muted: true })], REFUSED),
        ("subscribing to what is not there", vec![subscription(sids(4_000), true)], None),
        ("unsubscribing from what is not there", vec![subscription(sids(4_000), false)], None),
        (
            "subscribing to and fro",
            (0..200).map(|n| subscription(vec![mic.into(), sid.into(), String::new()], n % 2 == 0)).collect(),
            None,
        ),
        ("impossible settings", vec![settings(-9, 0, 0), settings(i32::MAX, u32::MAX, u32::MAX)], None),
        (
            "layers that are not there",
            vec![Ask::UpdateLayers(UpdateVideoLayers { track_sid: mic.into(), layers: vec![layer; 900] })],
            None,
        ),
        ("permissions for strangers", vec![forged(true), forged(false)], None),
        ("lies about the past", vec![Ask::SyncState(lies)], None),
        (
            "a lie about a data track",
            vec![Ask::SyncState(SyncState { publish_data_tracks: vec![published], ..Default::default() })],
            GONE,
        ),
        (
            "a data track without a description",
            vec![Ask::SyncState(SyncState { publish_data_tracks: vec![Default::default()], ..Default::default() })],
            GONE,
        ),
        ("no scenario", vec![Ask::Simulate(SimulateScenario::default())], None),
        ("speech of minus a century", simulate(Scenario::SpeakerUpdate(i32::MIN)), None),
        ("speech without an end", (0..9).flat_map(|_| simulate(Scenario::SpeakerUpdate(i32::MAX))).collect(), None),
        ("no bandwidth", simulate(Scenario::SubscriberBandwidth(i64::MIN)), None),
        ("no protocol", simulate(Scenario::SwitchCandidateProtocol(i32::MIN)), None),
        ("a lost node", simulate(Scenario::NodeFailure(true)), GONE),
        (
            "pings of no time",
            vec![Ask::Ping(i64::MIN), Ask::PingReq(Ping { timestamp: i64::MIN, rtt: i64::MAX })],
            None,
        ),
        ("a name too long", describe("n".repeat(257), String::new(), 0), REFUSED),
        ("metadata too long", describe(String::new(), long(), 0), REFUSED),
        ("attributes too many", describe(String::new(), String::new(), 800), REFUSED),
        (
            "features of Ann's track",
            vec![Ask::UpdateAudioTrack(UpdateLocalAudioTrack { track_sid: mic.into(), features: vec![-1; 9_000] })],
            None,
        ),
        (
            "a size of Ann's track",
            vec![Ask::UpdateVideoTrack(UpdateLocalVideoTrack { track_sid: mic.into(), width: u32::MAX, height: 0 })],
            None,
        ),
        (
            "a data track's handle",
            vec![data_track(0, "x"), data_track(65_536, "x"), data_track(u32::MAX, "x")],
            REFUSED,
        ),
        ("a data track's name", vec![data_track(1, ""), data_track(1, &"n".repeat(257))], REFUSED),
        ("a flood of data tracks", (1..900).map(|n| data_track(n, &n.to_string())).collect(), REFUSED),
        (
            "the end of a data track that is not there",
            vec![Ask::UnpublishDataTrackRequest(UnpublishDataTrackRequest { pub_handle: u32::MAX })],
            REFUSED,
        ),
        ("data tracks that are not there", vec![Ask::UpdateDataSubscription(data)], None),
        ("tokens that are none", ["", "x.y.z", "007"].map(|t| Ask::RenewToken(t.into())).into(), None),
        ("a token of Ann's", vec![Ask::RenewToken(token("ann", grant()))], Some("not for 'eve'")),
        (
            "a leave of no sense",
            vec![Ask::Leave(LeaveRequest { reason: -7, action: 99, can_reconnect: true, ..Default::default() })],
            GONE,
        ),
    ]
}

impl Scene {
    fn rows(&self) -> Vec<Row> {
        let sid = self.world.clients[self.ann].joined().participant.clone().unwrap().sid;
        rows(self.world.now, &self.world.microphone(self.ann), &sid)
    }
}

#[test]
fn every_request_without_sense_at_every_stage() {
    let mut scene = Scene::new();
    let rows = scene.rows();
    for stage in STAGES {
        for (what, asked, expected) in &rows {
            let what = format!("{what} ({stage:?})");
            scene.enter(stage);
            scene.log(&what);
            for request in asked {
                scene.say(request.clone());
            }
            scene.goes_on(&what);
            let log = scene.log(&what);
            assert!(expected.is_none_or(|part| log.iter().any(|line| line.contains(part))), "{what}: {log:?}");
        }
    }
    scene.settles();
}

#[test]
fn messages_that_are_none_at_every_stage() {
    let mut scene = Scene::new();
    let mut rng = Rng(0xe4e);
    for stage in STAGES {
        let nothing: [Vec<u8>; 4] = [rng.bytes(300), vec![0xff; 20], b"{\"offer\":{}}".to_vec(), vec![0; 100_001]];
        for bytes in nothing {
            let what = format!("{} bytes ({stage:?})", bytes.len());
            scene.enter(stage);
            scene.log(&what);
            scene.send(&bytes);
            scene.goes_on(&what);
            let log = scene.log(&what);
            assert!(log.iter().any(|line| line.contains(REMOVED.unwrap())), "{what}: {log:?}");
        }
        // An empty message is a request for nothing.
        scene.enter(stage);
        scene.send(&[]);
        assert!(scene.eve().is_some());
        scene.goes_on("an empty message");
    }
}

#[test]
fn requests_mangled_by_seed() {
    let mut scene = Scene::new();
    let mut rng = Rng(0x5eed);
    let rows = scene.rows();
    let honest = honest_offer(scene.world.now);
    let mut seeds: Vec<Vec<u8>> = (0..20).map(|_| encoded(&offer(honest.clone())[0])).collect();
    seeds.extend(rows.iter().map(|(_, asked, _)| encoded(&asked[0])).filter(|bytes| bytes.len() < 4_000));
    for case in 0..3_000 {
        let what = format!("case {case}");
        if scene.eve().is_none() || case % 50 == 0 {
            scene.enter([Stage::Joined, Stage::Offered, Stage::Answered][rng.below(3)]);
        }
        let mut bytes = seeds[rng.below(seeds.len())].clone();
        rng.mangle(&mut bytes);
        scene.send(&bytes);
        scene.world.settle();
        scene.log(&what);
        if case % 10 == 0 {
            scene.goes_on(&what);
        }
    }
    scene.settles();
}

fn encoded(message: &Ask) -> Vec<u8> {
    SignalRequest { message: Some(message.clone()) }.encode_to_vec()
}
