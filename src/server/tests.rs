//! The room server with bytes: clients made of str0m and LiveKit's messages, on a network of function calls and a clock of our own.

#[path = "admin/tests.rs"]
mod admin;

use super::*;
use crate::rtc;
use crate::signal::join;
use crate::signal::livekit::{
    AddTrackRequest, ClientInfo, ConnectionSettings, DataPacket, DisconnectReason, JoinRequest, JoinResponse,
    LeaveRequest, MuteTrackRequest, Ping, SessionDescription, SignalRequest, SubscriptionPermission, TrackPermission,
    TrackSource, UpdateSubscription, UpdateTrackSettings, UserPacket, data_packet, leave_request, participant_info,
    signal_request, signal_response::Message,
};
use crate::signal::sdp;
use crate::token::jwt::{self, Claims, VideoGrant};
use prost::Message as _;
use std::time::Duration;
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::channel::{ChannelConfig, ChannelId, Reliability};
use str0m::media::{Direction, KeyframeRequest, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite};
use str0m::{Candidate, Event, Input, Output as RtcOutput, Rtc};

mod check;
mod data_tracks;
mod ending;
mod hostile;
mod long_data;
mod origin;
mod republish;
mod resume;
mod shortcut;
mod simulate;
mod subscribe;
mod tcp;
mod two_connections;
mod video;

const SERVER: &str = "127.0.0.1:7882";
const SERVER_TCP: &str = "127.0.0.1:7880";
const UNIX_US: u64 = 1_700_000_000_000_000;

/// A room server, its clients, and the time.
struct World {
    server: RoomServer,
    clients: Vec<Client>,
    now: Instant,
    logs: Vec<String>,
    webhooks: Vec<Webhook>,
    answers: Vec<AdminResponse>,
    /// New clients announce protocol 18, and use the channel ids known beforehand.
    agreed: bool,
    /// New clients subscribe to all data tracks.
    auto_data: bool,
    /// New clients' media take TCP.
    tcp: bool,
    /// TCP connections that the server closed.
    closed_streams: Vec<SocketAddr>,
}

/// One client: a WebSocket and, where it has one, a peer connection.
struct Client {
    conn: ConnId,
    address: SocketAddr,
    /// What its media take.
    protocol: Protocol,
    rtc: Rtc,
    pending: Option<SdpPendingOffer>,
    reliable: Option<ChannelId>,
    data_track: ChannelId,
    /// Every message, in order.
    messages: Vec<Message>,
    closed: bool,
    connected: bool,
    outbox: Vec<Vec<u8>>,
    /// Payload type, sequence number, RTP time, payload.
    packets: Vec<(u8, u64, u32, Vec<u8>)>,
    /// Packets of video.
    video: Vec<RtpPacket>,
    /// Key frames that the server asked for.
    asked: Vec<KeyframeRequest>,
    /// So many of the next datagrams to it are lost.
    lose: usize,
    /// No datagrams pass, in either direction.
    cut: bool,
    data: Vec<DataPacket>,
    /// Packets of data tracks.
    track_packets: Vec<Vec<u8>>,
    microphone: Option<(Mid, String)>,
    sent: u64,
    offers: usize,
}

fn server_at(protocol: Protocol) -> SocketAddr {
    if protocol == Protocol::Tcp { SERVER_TCP } else { SERVER }.parse().unwrap()
}

fn grant() -> VideoGrant {
    VideoGrant { room: "hall".into(), room_join: true, can_update_own_metadata: Some(true), ..Default::default() }
}

fn token(identity: &str, video: VideoGrant) -> String {
    let unix_s = UNIX_US / 1_000_000;
    let claims = Claims { sub: identity.into(), exp: unix_s + 3600, nbf: unix_s - 5, video, ..Default::default() };
    jwt::build(&claims, "app", "secret")
}

/// A request for two peer connections; `more` stands behind the query.
fn dual_request(identity: &str, more: &str) -> HttpRequest {
    HttpRequest {
        path: join::PATH_DUAL.into(),
        query: format!("protocol=16&auto_subscribe=1{more}"),
        authorization: Some(format!("Bearer {}", token(identity, grant()))),
        ..Default::default()
    }
}

impl World {
    fn new() -> World {
        let now = Instant::now();
        let config = ServerConfig {
            keys: vec![("app".into(), "secret".into())],
            media: vec![SERVER.parse().unwrap()],
            streams: vec![SERVER_TCP.parse().unwrap()],
            limits: Limits { participants: 4, tracks: 2, message: 100_000, ..Default::default() },
        };
        let server = RoomServer::new(config, 1, now, UNIX_US);
        World {
            server,
            clients: Vec::new(),
            now,
            logs: Vec::new(),
            webhooks: Vec::new(),
            answers: Vec::new(),
            agreed: false,
            auto_data: false,
            tcp: false,
            closed_streams: Vec::new(),
        }
    }

    fn request(&self, identity: &str, video: VideoGrant, join: &JoinRequest) -> HttpRequest {
        HttpRequest {
            path: join::PATH_SINGLE.into(),
            query: join::query_single(join),
            authorization: Some(format!("Bearer {}", token(identity, video))),
            ..Default::default()
        }
    }

    /// Joins with an offer of two sections to hear on, and the data channel.
    fn join_as(&mut self, identity: &str, video: VideoGrant, auto_subscribe: bool) -> usize {
        let index = self.clients.len();
        let address: SocketAddr = format!("127.0.0.1:{}", 40_000 + index).parse().unwrap();
        let mut rtc = rtc::with_video(rtc::config(&rtc::crypto_provider(), None)).build(self.now);
        let protocol = if self.tcp { Protocol::Tcp } else { Protocol::Udp };
        rtc.add_local_candidate(Candidate::host(address, protocol).unwrap());
        let mut api = rtc.sdp_api();
        let reliable = api.add_channel_with_config(ChannelConfig {
            label: "_reliable".into(),
            negotiated: self.agreed.then_some(100),
            ..Default::default()
        });
        let data_track = api.add_channel_with_config(ChannelConfig {
            label: "_data_track".into(),
            ordered: false,
            reliability: Reliability::MaxRetransmits { retransmits: 0 },
            negotiated: self.agreed.then_some(102),
            ..Default::default()
        });
        (0..2).for_each(|_| {
            api.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
        });
        let (offer, pending) = api.apply().unwrap();
        let join = JoinRequest {
            client_info: Some(ClientInfo { protocol: if self.agreed { 18 } else { 17 }, ..Default::default() }),
            connection_settings: Some(ConnectionSettings {
                auto_subscribe,
                auto_subscribe_data_track: Some(self.auto_data),
                ..Default::default()
            }),
            publisher_offer: Some(description("offer", offer.to_sdp_string(), 1)),
            ..Default::default()
        };
        let conn = ConnId(100 + index as u64);
        self.clients.push(Client {
            conn,
            address,
            protocol,
            rtc,
            pending: Some(pending),
            reliable: Some(reliable),
            data_track,
            messages: Vec::new(),
            closed: false,
            connected: false,
            outbox: Vec::new(),
            packets: Vec::new(),
            video: Vec::new(),
            asked: Vec::new(),
            lose: 0,
            cut: false,
            data: Vec::new(),
            track_packets: Vec::new(),
            microphone: None,
            sent: 0,
            offers: 1,
        });
        let request = self.request(identity, video, &join);
        self.server.connect(self.now, conn, &request).unwrap();
        index
    }

    fn join(&mut self, identity: &str) -> usize {
        let client = self.join_as(identity, grant(), true);
        self.run(300);
        assert!(self.clients[client].connected, "{identity} is connected");
        client
    }

    fn ask(&mut self, client: usize, message: signal_request::Message) {
        let bytes = SignalRequest { message: Some(message) }.encode_to_vec();
        self.server.message(self.now, self.clients[client].conn, &bytes);
    }

    /// Offers again, with as many more sections to hear on.
    fn offer(&mut self, client: usize, more: u32, videos: u32) {
        let c = &mut self.clients[client];
        let mut api = c.rtc.sdp_api();
        // A section too many where nothing else changes: an offer without change does not come about.
        let audios = if videos == 0 { more.max(1) } else { more };
        (0..audios).for_each(|_| {
            api.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
        });
        (0..videos).for_each(|_| {
            api.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        });
        let (offer, pending) = api.apply().unwrap();
        c.pending = Some(pending);
        c.offers += 1;
        let offer = description("offer", offer.to_sdp_string(), c.offers as u32);
        self.ask(client, signal_request::Message::Offer(offer));
    }

    fn publish(&mut self, client: usize) {
        self.publish_on(client, Direction::SendOnly);
    }

    fn publish_on(&mut self, client: usize, direction: Direction) {
        let request = AddTrackRequest {
            cid: "mic".into(),
            source: TrackSource::Microphone as i32,
            disable_dtx: true,
            ..Default::default()
        };
        self.ask(client, signal_request::Message::AddTrack(request));
        let c = &mut self.clients[client];
        let mut api = c.rtc.sdp_api();
        let mid = api.add_media(MediaKind::Audio, direction, Some("s".into()), Some("mic".into()), None);
        let (offer, pending) = api.apply().unwrap();
        c.pending = Some(pending);
        c.offers += 1;
        c.microphone = Some((mid, String::new()));
        let offer = description("offer", offer.to_sdp_string(), c.offers as u32);
        self.ask(client, signal_request::Message::Offer(offer));
        self.run(100);
        let published = self.clients[client].messages.iter().rev().find_map(|m| match m {
            Message::TrackPublished(response) => Some(response.track.clone().unwrap().sid),
            _ => None,
        });
        self.clients[client].microphone = Some((mid, published.expect("TrackPublished")));
    }

    fn microphone(&self, client: usize) -> String {
        self.clients[client].microphone.clone().expect("published").1
    }

    /// One packet of redundant Opus, its payload numbered, and the 20 ms that it takes.
    fn speak(&mut self, client: usize, level: i8) {
        self.say(client, level);
        self.run(20);
    }

    fn say(&mut self, client: usize, level: i8) {
        let c = &mut self.clients[client];
        let (mid, _) = c.microphone.clone().expect("published");
        let opus = c.rtc.codec_config().params()[0];
        let n = c.sent;
        c.sent += 1;
        let payload = [0x80 | *opus.pt(), 0, 0, 1, *opus.pt(), 0xaa, n as u8, (n >> 8) as u8];
        let mut api = c.rtc.direct_api();
        let stream = api.stream_tx_by_mid(mid, None).expect("a stream");
        stream.write_rtp(
            RtpWrite::new(opus.red().expect("RED"), (n + 100).into(), n as u32 * 960 + 5, self.now, &payload[..])
                .ext_vals(ExtensionValues {
                    audio_level: Some(-level),
                    voice_activity: Some(false),
                    ..Default::default()
                }),
        );
        c.rtc.handle_input(Input::Timeout(self.now)).unwrap();
    }

    /// Lets time pass in steps of 5 ms.
    fn run(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        loop {
            self.settle();
            if self.now >= end {
                return;
            }
            self.now += Duration::from_millis(5);
            for client in self.clients.iter_mut() {
                client.rtc.handle_input(Input::Timeout(self.now)).unwrap();
            }
            self.server.timeout(self.now);
        }
    }

    /// Delivers everything until nothing moves.
    fn settle(&mut self) {
        loop {
            let mut moved = false;
            while let Some(output) = self.server.poll_output() {
                moved = true;
                self.take(output);
            }
            for index in 0..self.clients.len() {
                moved |= self.pass_on(index);
            }
            if !moved {
                return;
            }
        }
    }

    /// Gives the server what a client sends. False: nothing.
    fn pass_on(&mut self, client: usize) -> bool {
        let client = &mut self.clients[client];
        client.poll();
        let mut sent = std::mem::take(&mut client.outbox);
        sent.retain(|_| !client.cut);
        for bytes in &sent {
            self.server.datagram(self.now, client.protocol, client.address, server_at(client.protocol), bytes);
        }
        !sent.is_empty()
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::Transmit { protocol, to, bytes } => {
                let there = |c: &&mut Client| (c.protocol, c.address) == (protocol, to) && !c.cut;
                let client = self.clients.iter_mut().find(there);
                if let Some(client) = client.filter(|c| c.lose == 0) {
                    let receive = Receive::new(protocol, server_at(protocol), to, &bytes).unwrap();
                    client.rtc.handle_input(Input::Receive(self.now, receive)).unwrap();
                    // At once: what DTLS keeps unread is bounded.
                    client.poll();
                } else if let Some(client) = self.clients.iter_mut().find(|c| c.address == to && c.lose > 0) {
                    client.lose -= 1;
                }
            }
            Output::Send { conn, bytes } => {
                let message = SignalResponse::decode(&bytes[..]).unwrap().message.unwrap();
                let Some(index) = self.clients.iter().position(|c| c.conn == conn) else { return };
                self.clients[index].messages.push(message.clone());
                match message {
                    Message::Answer(answer) => self.clients[index].answered(&answer),
                    Message::MediaSectionsRequirement(need) => self.offer(index, need.num_audios, need.num_videos),
                    _ => {}
                }
            }
            Output::Close { conn } => {
                self.clients.iter_mut().filter(|c| c.conn == conn).for_each(|c| c.closed = true);
            }
            Output::CloseStream { from } => self.closed_streams.push(from),
            Output::Log { text, .. } => self.logs.push(text),
            Output::Webhook(webhook) => self.webhooks.push(webhook),
            Output::Answer { response, .. } => self.answers.push(response),
        }
    }

    /// The newest answer's names: which mid carries which track.
    fn carried(&self, client: usize) -> BTreeMap<String, String> {
        let answers = self.clients[client].messages.iter().rev();
        answers
            .filter_map(|m| if let Message::Answer(a) = m { Some(a.mid_to_track_id.clone()) } else { None })
            .next()
            .unwrap()
    }

    /// The newest that was told of a participant.
    fn seen(&self, client: usize, identity: &str) -> Option<ParticipantInfo> {
        let updates = self.clients[client].messages.iter().rev();
        updates
            .filter_map(|m| if let Message::Update(u) = m { Some(&u.participants) } else { None })
            .find_map(|p| p.iter().find(|p| p.identity == identity))
            .cloned()
    }

    fn subscribe(&mut self, client: usize, track: &str, subscribe: bool) {
        let update = UpdateSubscription { track_sids: vec![track.into()], subscribe, ..Default::default() };
        self.ask(client, signal_request::Message::Subscription(update));
        self.run(100);
    }
}

fn description(kind: &str, sdp: String, id: u32) -> SessionDescription {
    SessionDescription { r#type: kind.into(), sdp, id, ..Default::default() }
}

impl Client {
    fn answered(&mut self, answer: &SessionDescription) {
        assert_eq!(answer.id as usize, self.offers, "an answer repeats its offer's id");
        let parsed = SdpAnswer::from_sdp_string(&answer.sdp).unwrap();
        let pending = self.pending.take().expect("an offer");
        self.rtc.sdp_api().accept_answer(pending, parsed).unwrap();
    }

    fn poll(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                RtcOutput::Transmit(t) => self.outbox.push(t.contents.into()),
                RtcOutput::Timeout(_) => return,
                RtcOutput::Event(Event::Connected) => self.connected = true,
                RtcOutput::Event(Event::RtpPacket(p)) if p.header.payload_type != 63.into() => self.video.push(p),
                RtcOutput::Event(Event::KeyframeRequest(request)) => self.asked.push(request),
                RtcOutput::Event(Event::RtpPacket(p)) => {
                    self.packets.push((*p.header.payload_type, *p.seq_no, p.header.timestamp, p.payload.to_vec()))
                }
                RtcOutput::Event(Event::ChannelData(d)) if d.id == self.data_track => self.track_packets.push(d.data),
                RtcOutput::Event(Event::ChannelData(d)) => self.data.extend(DataPacket::decode(&d.data[..])),
                RtcOutput::Event(_) => {}
            }
        }
    }

    fn joined(&self) -> &JoinResponse {
        match &self.messages[0] {
            Message::Join(join) => join,
            other => panic!("{other:?} instead of Join"),
        }
    }

    fn left(&self) -> Option<&LeaveRequest> {
        self.messages.iter().find_map(|m| if let Message::Leave(leave) = m { Some(leave) } else { None })
    }
}

#[test]
fn two_join_and_one_hears_the_other() {
    let mut world = World::new();
    let ann = world.join("ann");
    world.publish(ann);
    let bob = world.join("bob");
    let joined = world.clients[bob].joined();
    assert_eq!(joined.other_participants.len(), 1);
    assert_eq!(joined.other_participants[0].tracks[0].sid, world.microphone(ann));
    assert!(joined.room.as_ref().unwrap().sid.starts_with("RM_"));
    assert!(joined.participant.as_ref().unwrap().sid.starts_with("PA_"));
    assert_eq!(world.seen(ann, "bob").unwrap().state, participant_info::State::Active as i32);
    assert_eq!(world.seen(bob, "bob").unwrap().state, participant_info::State::Active as i32, "itself included");
    // The very first answer names the track that was there before.
    assert_eq!(world.carried(bob).into_values().collect::<Vec<_>>(), [world.microphone(ann)]);
    (0..20).for_each(|_| world.speak(ann, 20));
    let packets = &world.clients[bob].packets;
    assert_eq!(packets.len(), 20);
    for (n, packet) in packets.iter().enumerate() {
        assert_eq!(packet.0, 63, "redundancy passes");
        assert_eq!(packet.1 - packets[0].1, n as u64);
        assert_eq!(packet.2 - packets[0].2, n as u32 * 960);
        assert_eq!(packet.3[6], n as u8, "the payload is untouched");
    }
    assert!(packets[0].1 < 65_536);
    let subscribed = |m: &Message| matches!(m, Message::TrackSubscribed(t) if t.track_sid == world.microphone(ann));
    assert_eq!(world.clients[ann].messages.iter().filter(|m| subscribed(m)).count(), 1);
    assert!(world.clients[ann].packets.is_empty(), "nobody hears oneself");
}

#[test]
fn a_token_for_joining_again_comes_with_the_join() {
    let mut world = World::new();
    let ann = world.join("ann");
    let token = world.clients[ann].messages.iter().find_map(|m| match m {
        Message::RefreshToken(token) => Some(token.clone()),
        _ => None,
    });
    let claims = crate::token::jwt::parse_unverified(&token.expect("a token")).unwrap();
    assert_eq!((claims.sub.as_str(), claims.video.room.as_str()), ("ann", "hall"));
}

#[test]
fn sections_are_asked_for_when_they_are_missing() {
    let mut world = World::new();
    let listener = world.join("listener");
    let speakers = ["a", "b", "c"].map(|name| world.join(name));
    for speaker in speakers {
        world.publish(speaker);
    }
    world.run(200);
    let needs: Vec<u32> = world.clients[listener]
        .messages
        .iter()
        .filter_map(|m| if let Message::MediaSectionsRequirement(need) = m { Some(need.num_audios) } else { None })
        .collect();
    assert_eq!(needs[0], 0, "two sections are free at first: only offer again");
    for speaker in speakers {
        world.speak(speaker, 20);
    }
    assert_eq!(world.clients[listener].packets.len(), 3);
    assert_eq!(world.carried(listener).len(), 3);
}

#[test]
fn subscriptions_start_stop_and_start_again() {
    let mut world = World::new();
    let ann = world.join("ann");
    let bob = world.join_as("bob", grant(), false);
    world.run(300);
    world.publish(ann);
    world.speak(ann, 20);
    assert!(world.clients[bob].packets.is_empty(), "nobody is subscribed unless asked");
    let track = world.microphone(ann);
    world.subscribe(bob, &track, true);
    world.speak(ann, 20);
    assert_eq!(world.clients[bob].packets.len(), 1);
    world.subscribe(bob, &track, false);
    assert!(world.carried(bob).is_empty(), "the next answer takes the track's name off");
    world.speak(ann, 20);
    assert_eq!(world.clients[bob].packets.len(), 1);
    world.subscribe(bob, &track, true);
    world.speak(ann, 20);
    let packets = &world.clients[bob].packets;
    assert_eq!(packets.len(), 2);
    world.subscribe(bob, "TR_nothing", true);
    let errors = world.clients[bob].messages.iter().filter(|m| matches!(m, Message::SubscriptionResponse(_))).count();
    assert_eq!(errors, 1);
}

#[test]
fn a_section_is_another_stream_for_another_track() {
    let mut world = World::new();
    let bob = world.join_as("bob", grant(), false);
    let speakers = ["ann", "cat", "dan"].map(|name| world.join(name));
    speakers.into_iter().for_each(|speaker| world.publish(speaker));
    let [ann, cat, dan] = speakers.map(|speaker| world.microphone(speaker));
    let mut streams = BTreeMap::new();
    for (old, new) in [(&cat, &ann), (&ann, &cat), (&cat, &dan), (&dan, &ann), (&ann, &cat)] {
        // Both at once, so that one answer may tell of both.
        for (track, subscribe) in [(old, false), (new, true)] {
            let update = UpdateSubscription { track_sids: vec![track.clone()], subscribe, ..Default::default() };
            world.ask(bob, signal_request::Message::Subscription(update));
        }
        world.run(100);
        assert!(world.carried(bob).values().eq([new]), "one is heard");
        let answers = world.clients[bob].messages.iter().rev();
        let answer =
            answers.filter_map(|m| if let Message::Answer(a) = m { Some(&a.sdp) } else { None }).next().unwrap();
        let bob = world.server.participants.values_mut().find(|p| p.identity() == "bob").unwrap();
        let carrying: Vec<_> = bob.main.sections.iter().filter_map(|s| Some((s.mid, s.track?))).collect();
        for (mid, track) in carrying {
            let ssrc = bob.main.ssrc(mid).expect("it is negotiated");
            assert!(
                answer.contains(&format!("a=ssrc:{} msid:", *ssrc)),
                "the answer tells of the stream {ssrc:?}: {answer}"
            );
            let first = *streams.entry(ssrc).or_insert(track);
            assert_eq!(first, track, "a stream is of one track");
        }
    }
    let answers = world.clients[bob].messages.iter();
    let answers: Vec<_> =
        answers.filter_map(|m| if let Message::Answer(a) = m { Some(&a.mid_to_track_id) } else { None }).collect();
    for pair in answers.windows(2) {
        let renamed = pair[0].iter().find(|(mid, track)| pair[1].get(*mid).is_some_and(|other| other != *track));
        assert_eq!(renamed, None, "{answers:?}");
    }
}

/// As Pion has it: asked for a section more to hear on, it takes that of its microphone.
#[test]
fn a_section_that_speaks_may_be_heard_on_too() {
    let mut world = World::new();
    let bob = world.join("bob");
    world.publish_on(bob, Direction::SendRecv);
    let speakers = ["ann", "cat", "dan"].map(|name| world.join(name));
    speakers.into_iter().for_each(|speaker| world.publish(speaker));
    let both_ways = world.clients[bob].microphone.clone().expect("published").0.to_string();
    let track = world.carried(bob).get(&both_ways).cloned().expect("two were heard elsewhere");
    let answers = world.clients[bob].messages.iter().rev();
    let answer = answers.filter_map(|m| if let Message::Answer(a) = m { Some(&a.sdp) } else { None }).next().unwrap();
    let sections = sdp::sections(answer);
    let section = sections.iter().find(|s| s.mid == both_ways).unwrap();
    assert_eq!(section.msid.1, track, "{answer}");
    speakers.into_iter().for_each(|speaker| world.speak(speaker, 20));
    assert_eq!(world.clients[bob].packets.len(), 3);
    world.speak(bob, 20);
    assert!(speakers.into_iter().all(|speaker| world.clients[speaker].packets.len() > 2));
}

#[test]
fn publishers_decide_who_hears_them_and_listeners_may_pause() {
    let mut world = World::new();
    let [ann, bob, carol] = ["ann", "bob", "carol"].map(|name| world.join(name));
    world.publish(ann);
    let heard = |world: &World| [bob, carol].map(|c| world.clients[c].packets.len());
    let permit = |world: &mut World, all_participants: bool, identity: &str| {
        let one = TrackPermission { participant_identity: identity.into(), all_tracks: true, ..Default::default() };
        let permission = SubscriptionPermission { all_participants, track_permissions: vec![one] };
        world.ask(ann, signal_request::Message::SubscriptionPermission(permission));
        world.run(100);
        world.speak(ann, 20);
    };
    world.speak(ann, 20);
    assert_eq!(heard(&world), [1, 1]);
    permit(&mut world, false, "bob");
    assert_eq!(heard(&world), [2, 1]);
    let track = world.microphone(ann);
    world.subscribe(carol, &track, true);
    world.speak(ann, 20);
    assert_eq!(heard(&world), [3, 1], "asking does not help");
    permit(&mut world, true, "");
    assert_eq!(heard(&world), [4, 2]);
    let told = world.clients[carol].messages.iter();
    let told: Vec<bool> = told
        .filter_map(|m| if let Message::SubscriptionPermissionUpdate(u) = m { Some(u.allowed) } else { None })
        .collect();
    assert_eq!(told, [false, true]);
    let mut pause = |disabled| {
        let settings = UpdateTrackSettings { track_sids: vec![track.clone()], disabled, ..Default::default() };
        world.ask(bob, signal_request::Message::TrackSetting(settings));
        world.speak(ann, 20);
        heard(&world)
    };
    assert_eq!(pause(true), [4, 3]);
    assert_eq!(pause(false), [5, 4]);
    let numbers: Vec<u64> = world.clients[bob].packets.iter().map(|p| p.1).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "a pause is no loss: {numbers:?}");
    permit(&mut world, false, "bob");
    let recorder = world.join_as("recorder", VideoGrant { recorder: true, hidden: true, ..grant() }, true);
    world.run(100);
    world.speak(ann, 20);
    assert_eq!(world.clients[recorder].packets.len(), 1, "a permission does not bind those who record");
}

#[test]
fn data_reaches_whom_it_is_for_with_its_sender() {
    let mut world = World::new();
    let [ann, bob, carol] = ["ann", "bob", "carol"].map(|name| world.join(name));
    let mut send = |to: &[&str], sequence: u32| {
        let packet = DataPacket {
            participant_identity: "forged".into(),
            destination_identities: to.iter().map(|s| s.to_string()).collect(),
            sequence,
            value: Some(data_packet::Value::User(UserPacket { payload: vec![9; 50_000], ..Default::default() })),
            ..Default::default()
        };
        let channel = world.clients[ann].reliable.unwrap();
        let written = world.clients[ann].rtc.channel(channel).unwrap().write(true, &packet.encode_to_vec()).unwrap();
        assert!(written);
        world.run(200);
    };
    send(&[], 1);
    send(&["carol"], 2);
    let sequences = |client: usize| world.clients[client].data.iter().map(|d| d.sequence).collect::<Vec<_>>();
    assert_eq!((sequences(ann), sequences(bob), sequences(carol)), (vec![], vec![1], vec![1, 2]));
    let sid = &world.clients[ann].joined().participant.as_ref().unwrap().sid;
    let packet = &world.clients[bob].data[0];
    assert_eq!((packet.participant_identity.as_str(), &packet.participant_sid), ("ann", sid));
}

#[test]
fn metrics_reach_those_who_may_have_them_and_hear_their_sender() {
    let mut world = World::new();
    let may = VideoGrant { can_subscribe_metrics: Some(true), ..grant() };
    let ann = world.join("ann");
    world.publish(ann);
    let bob = world.join("bob");
    let [carol, deaf] = [("carol", true), ("deaf", false)].map(|(name, hears)| world.join_as(name, may.clone(), hears));
    world.run(300);
    // Field 8, metrics, with something in it.
    let channel = world.clients[ann].reliable.unwrap();
    assert!(world.clients[ann].rtc.channel(channel).unwrap().write(true, &[0x42, 2, 8, 1]).unwrap());
    world.run(200);
    assert_eq!([bob, carol, deaf].map(|client| world.clients[client].data.len()), [0, 1, 0]);
}

#[test]
fn channels_known_beforehand_carry_data_where_the_client_opens_none() {
    let mut world = World::new();
    let ann = world.join("ann");
    world.agreed = true;
    let bob = world.join("bob");
    let send = |world: &mut World, client: usize, sequence: u32| {
        let packet = DataPacket { sequence, ..Default::default() }.encode_to_vec();
        let channel = world.clients[client].reliable.unwrap();
        assert!(world.clients[client].rtc.channel(channel).unwrap().write(true, &packet).unwrap());
        world.run(100);
    };
    let sequences =
        |world: &World, client: usize| world.clients[client].data.iter().map(|d| d.sequence).collect::<Vec<_>>();
    send(&mut world, ann, 1);
    assert!(sequences(&world, bob).is_empty(), "bob may still open channels of his own");
    world.run(5000);
    assert_eq!(sequences(&world, bob), [1], "he did not");
    let carol = world.join("carol");
    send(&mut world, carol, 2);
    send(&mut world, ann, 3);
    assert_eq!(sequences(&world, carol), [3], "who has used them is not waited for");
    assert_eq!(sequences(&world, bob), [1, 2, 3]);
}

#[test]
fn permissions_are_enforced() {
    let mut world = World::new();
    let deaf = VideoGrant { can_subscribe: Some(false), ..grant() };
    let mute = VideoGrant { can_publish: Some(false), ..grant() };
    let ghost = VideoGrant { hidden: true, ..grant() };
    let ann = world.join("ann");
    let [deaf, mute, ghost] =
        [("deaf", deaf), ("mute", mute), ("ghost", ghost)].map(|(name, grant)| world.join_as(name, grant, true));
    world.run(300);
    world.publish(ann);
    world.speak(ann, 20);
    let heard = |world: &World, client: usize| world.clients[client].packets.len();
    assert_eq!((heard(&world, deaf), heard(&world, mute), heard(&world, ghost)), (0, 1, 1));
    let track = world.microphone(ann);
    world.subscribe(deaf, &track, true);
    world.speak(ann, 20);
    assert_eq!(heard(&world, deaf), 0);
    world.ask(mute, signal_request::Message::AddTrack(AddTrackRequest { cid: "m".into(), ..Default::default() }));
    world.run(20);
    assert!(matches!(world.clients[mute].messages.last(), Some(Message::RequestResponse(r)) if r.reason == 2));
    assert!(world.logs.iter().any(|l| l.contains("mute in hall was refused")), "{:?}", world.logs);
    assert!(world.seen(ann, "ghost").is_none(), "hidden is hidden");
    assert!(world.seen(ghost, "ghost").is_some());
}

#[test]
fn a_token_may_allow_some_sources_alone() {
    let mut world = World::new();
    let voice_only = VideoGrant { can_publish_sources: vec!["microphone".into()], ..grant() };
    let ann = world.join_as("ann", voice_only, true);
    for source in [TrackSource::Camera, TrackSource::Microphone] {
        let request = AddTrackRequest { cid: format!("{source:?}"), source: source as i32, ..Default::default() };
        world.ask(ann, signal_request::Message::AddTrack(request));
    }
    world.run(100);
    let messages = &world.clients[ann].messages;
    let refusals = messages.iter().filter(|m| matches!(m, Message::RequestResponse(r) if r.reason == 2)).count();
    let published = messages.iter().find_map(|m| if let Message::TrackPublished(p) = m { Some(&p.cid) } else { None });
    assert_eq!((refusals, published.map(String::as_str)), (1, Some("Microphone")));
}

#[test]
fn muting_metadata_and_pings_are_answered() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    let sid = world.microphone(ann);
    world.ask(ann, signal_request::Message::Mute(MuteTrackRequest { sid, muted: true }));
    let update = crate::signal::livekit::UpdateParticipantMetadata {
        metadata: "new".into(),
        attributes: [("a".to_string(), "b".to_string())].into(),
        ..Default::default()
    };
    world.ask(ann, signal_request::Message::UpdateMetadata(update));
    world.ask(ann, signal_request::Message::PingReq(Ping { timestamp: 42, rtt: 0 }));
    world.run(20);
    let seen = world.seen(bob, "ann").unwrap();
    assert!(seen.tracks[0].muted);
    assert_eq!((seen.metadata.as_str(), seen.attributes["a"].as_str()), ("new", "b"));
    let pong = |m: &Message| matches!(m, Message::PongResp(p) if p.last_ping_timestamp == 42 && p.timestamp > 0);
    assert!(world.clients[ann].messages.iter().any(pong));
}

#[test]
fn speakers_are_told_by_their_loudness() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    world.publish(bob);
    for _ in 0..40 {
        world.speak(ann, 30);
        world.speak(bob, 10);
    }
    let told = |world: &World| {
        let messages = world.clients[ann].messages.iter();
        messages
            .filter_map(|m| if let Message::SpeakersChanged(s) = m { Some(s.speakers.clone()) } else { None })
            .collect::<Vec<_>>()
    };
    let bob_sid = &world.clients[bob].joined().participant.clone().unwrap().sid;
    let first = &told(&world)[0];
    assert_eq!((first.len(), &first[0].sid), (2, bob_sid));
    assert!(first[0].level > first[1].level && first[1].active);
    world.run(4000);
    let end = told(&world);
    assert!(end.iter().flatten().any(|s| s.sid == *bob_sid && !s.active && s.level == 0.0));
    let count = end.len();
    world.run(4000);
    assert_eq!(told(&world).len(), count, "silence is told once");
}

#[test]
fn who_unpublishes_while_speaking_speaks_no_more() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    (0..40).for_each(|_| world.speak(ann, 10));
    let sid = world.clients[ann].joined().participant.clone().unwrap().sid;
    let told = |world: &World| {
        let messages = world.clients[bob].messages.iter().rev();
        let mut told =
            messages.filter_map(|m| if let Message::SpeakersChanged(s) = m { Some(&s.speakers) } else { None });
        told.find_map(|speakers| speakers.iter().find(|s| s.sid == sid)).map(|s| (s.active, s.level == 0.0))
    };
    assert_eq!(told(&world), Some((true, false)));
    let client = &mut world.clients[ann];
    let (microphone, _) = client.microphone.take().unwrap();
    let mut api = client.rtc.sdp_api();
    api.set_direction(microphone, Direction::Inactive);
    let (offer, pending) = api.apply().unwrap();
    client.pending = Some(pending);
    client.offers += 1;
    let offer = description("offer", offer.to_sdp_string(), client.offers as u32);
    world.ask(ann, signal_request::Message::Offer(offer));
    world.run(5_000);
    assert_eq!(told(&world), Some((false, true)));
}

#[test]
fn leaving_is_seen_whichever_way_it_happens() {
    let mut world = World::new();
    let [ann, bob, carol] = ["ann", "bob", "carol"].map(|name| world.join(name));
    world.publish(ann);
    world.ask(ann, signal_request::Message::Leave(LeaveRequest::default()));
    world.run(20);
    let gone = world.seen(carol, "ann").unwrap();
    assert_eq!((gone.state, gone.disconnect_reason), (3, DisconnectReason::ClientInitiated as i32));
    assert!(world.clients[ann].closed && world.clients[ann].left().is_none());
    // A client may say why, of what can be its own reason.
    use DisconnectReason::{AgentError, ClientInitiated, RoomDeleted, UserRejected, UserUnavailable};
    for said in [UserRejected, UserUnavailable, AgentError, RoomDeleted] {
        let dan = world.join("dan");
        world.ask(dan, signal_request::Message::Leave(LeaveRequest { reason: said as i32, ..Default::default() }));
        world.run(20);
        let told = if said == RoomDeleted { ClientInitiated } else { said };
        assert_eq!(world.seen(carol, "dan").unwrap().disconnect_reason(), told);
        assert!(world.clients[dan].closed && world.clients[dan].left().is_none());
    }
    // Closing the peer connection is as good.
    world.clients[bob].rtc.close().unwrap();
    world.run(20);
    assert_eq!(world.seen(carol, "bob").unwrap().state, 3);
    // And carol joins again elsewhere.
    let again = world.join("carol");
    let leave = world.clients[carol].left().unwrap();
    assert_eq!((leave.reason, leave.action), (DisconnectReason::DuplicateIdentity as i32, 0));
    assert!(world.clients[carol].closed && !world.clients[again].closed);
    world.ask(again, signal_request::Message::Leave(LeaveRequest::default()));
    world.run(20);
    assert_eq!(world.server.population().1, 0);
}

#[test]
fn a_lost_websocket_may_resume_and_is_given_up_in_the_end() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    let sid = world.clients[ann].joined().participant.clone().unwrap().sid;
    world.server.disconnected(world.now, world.clients[ann].conn);
    world.run(3000);
    let resume = |sid: &str| JoinRequest { reconnect: true, participant_sid: sid.into(), ..Default::default() };
    let request = world.request("ann", grant(), &resume(&sid));
    let conn = ConnId(900);
    world.clients[ann].conn = conn;
    let before = world.clients[ann].messages.len();
    world.server.connect(world.now, conn, &request).unwrap();
    world.run(20);
    let after = &world.clients[ann].messages[before..];
    assert!(matches!(after[0], Message::Reconnect(_)), "{after:?}");
    assert!(matches!(&after[1], Message::Update(u) if u.participants.len() == 2), "everyone, itself included");
    assert!(world.seen(bob, "ann").is_none_or(|seen| seen.state != 3));
    world.publish(ann);
    world.speak(ann, 20);
    assert_eq!(world.clients[bob].packets.len(), 1, "and all goes on");
    // An unknown one is to join anew.
    let request = world.request("ann", grant(), &resume("PA_unknown"));
    world.clients[bob].conn = ConnId(901);
    world.server.connect(world.now, ConnId(901), &request).unwrap();
    world.run(20);
    let leave = world.clients[bob].left().unwrap();
    // It has a moment to read that.
    assert_eq!((leave.action, world.clients[bob].closed), (leave_request::Action::Reconnect as i32, false));
    world.run(1000);
    assert!(world.clients[bob].closed);
    // Who stays away is gone after a while.
    world.server.disconnected(world.now, conn);
    world.run(14_000);
    assert_eq!(world.server.population().1, 2);
    world.run(2_000);
    assert_eq!(world.server.population().1, 1);
}

#[test]
fn silence_on_the_websocket_is_noticed() {
    let mut world = World::new();
    let ann = world.join("ann");
    for _ in 0..4 {
        world.run(5000);
        world.ask(ann, signal_request::Message::Ping(1));
    }
    assert_eq!(world.server.population().1, 1);
    world.run(45_000);
    assert_eq!(world.server.population().1, 0);
    assert!(world.clients[ann].closed);
}

#[test]
fn hostile_bytes_end_one_participant_only() {
    let hostile: [&[u8]; 4] = [&[0xff; 40], &[0x0a, 0x05, 1, 2, 3, 4, 5], &[0; 200_000], &{
        let offer = description(
            "offer",
            "v=0
m=audio x
"
            .into(),
            1,
        );
        SignalRequest { message: Some(signal_request::Message::Offer(offer)) }.encode_to_vec()
    }];
    let mut world = World::new();
    let (ann, bob) = (world.join("ann"), world.join("bob"));
    world.publish(ann);
    for bytes in hostile {
        let eve = world.join("eve");
        world.server.message(world.now, world.clients[eve].conn, bytes);
        world.run(20);
        assert!(world.clients[eve].closed, "{bytes:?}");
        let left = world.clients[eve].left().unwrap();
        assert_eq!(
            (left.reason(), left.action()),
            (DisconnectReason::StateMismatch, leave_request::Action::Disconnect)
        );
    }
    // Datagrams from strangers and from a participant's own address.
    let own = world.clients[bob].address;
    for n in 0..2000u32 {
        let bytes: Vec<u8> = (0..n % 90).map(|i| (n.wrapping_mul(2_654_435_761) >> (i % 24)) as u8 ^ i as u8).collect();
        for from in [own, "127.0.0.1:9".parse().unwrap()] {
            world.server.datagram(world.now, Protocol::Udp, from, SERVER.parse().unwrap(), &bytes);
            world.server.datagram(world.now, Protocol::Tcp, from, SERVER_TCP.parse().unwrap(), &bytes);
        }
    }
    world.run(20);
    world.speak(ann, 20);
    assert_eq!(world.clients[bob].packets.len(), 1, "the others hear no gap");
}

#[test]
fn a_fault_of_the_server_ends_one_participant_only() {
    let mut world = World::new();
    let ada = world.join("ada");
    let bob = world.join("bob");
    let id = world.server.conns[&world.clients[ada].conn];
    world.server.contained(id, |_| panic!("a fault"));
    world.run(100);
    assert!(world.clients[ada].closed);
    assert_eq!(
        world.clients[ada].left().unwrap().action(),
        leave_request::Action::Reconnect,
        "it was no fault of hers"
    );
    assert_eq!(world.seen(bob, "ada").unwrap().state(), participant_info::State::Disconnected);
    assert!(world.logs.iter().any(|line| line.contains("ada in hall is removed: it met a fault")), "{:?}", world.logs);
    assert_eq!(world.server.population(), (1, 1));
    // The room goes on, and lets the same user in again.
    world.publish(bob);
    let again = world.join("ada");
    world.speak(bob, -20);
    world.run(100);
    assert!(!world.clients[again].packets.is_empty());
}

#[test]
fn refusals_have_a_status_and_a_sentence() {
    let mut world = World::new();
    let join = JoinRequest::default();
    let good = world.request("ann", grant(), &join);
    let mut says = |request: HttpRequest, status: u16, part: &str| {
        let refusal = world.server.connect(world.now, ConnId(1), &request).unwrap_err();
        assert_eq!(refusal.http_status, status, "{}", refusal.text);
        assert!(refusal.log.contains(part), "{} lacks {part}", refusal.log);
        // Who tries tokens does not hear which check they failed.
        let told = refusal.text == refusal.log;
        assert_eq!(told, !refusal.text.starts_with("The token was refused;"), "{}", refusal.text);
        assert!(told != (status == 401) || part == "No token", "{}", refusal.text);
    };
    says(HttpRequest { path: "/other".into(), ..good.clone() }, 404, "/rtc/v1");
    says(HttpRequest { authorization: None, ..good.clone() }, 401, "No token");
    says(HttpRequest { authorization: Some("Bearer x.y.z".into()), ..good.clone() }, 401, "token");
    says(HttpRequest { query: "join_request=!".into(), ..good.clone() }, 400, "base64url");
    let with = |identity: &str, video| HttpRequest {
        authorization: Some(format!("Bearer {}", token(identity, video))),
        ..good.clone()
    };
    says(with("ann", VideoGrant { room_join: false, ..grant() }), 401, "roomJoin");
    says(with("ann", VideoGrant { room: String::new(), ..grant() }), 401, "room");
    says(with("", grant()), 401, "identity");
    assert_eq!(world.server.population(), (0, 0));
    let in_query = format!("{}&access_token={}", good.query, token("ann", grant()));
    let request = HttpRequest { query: in_query, authorization: None, ..good.clone() };
    let validation = HttpRequest { path: "/rtc/v1/validate".into(), ..request.clone() };
    world.server.validate(world.now, &validation).unwrap();
    assert_eq!(world.server.population(), (0, 0), "validating is not joining");
    world.server.connect(world.now, ConnId(2), &request).unwrap();
    for n in 0..3u64 {
        let request = world.request(&format!("p{n}"), grant(), &join);
        world.server.connect(world.now, ConnId(10 + n), &request).unwrap();
    }
    let refusal = world.server.connect(world.now, ConnId(20), &world.request("p4", grant(), &join)).unwrap_err();
    assert_eq!(refusal.http_status, 503, "a full room is full");
}

/// The system's clock was wrong when the server began, or the machine slept: an [`Instant`] tells of neither.
#[test]
fn tokens_go_by_the_wall_clock_as_it_is_now() {
    let mut world = World::new();
    let good_for_an_hour = world.request("ann", grant(), &JoinRequest::default());
    let hours_later = UNIX_US / 1_000_000 + 2 * 3600;
    let claims = Claims { sub: "bob".into(), nbf: hours_later, exp: hours_later + 600, ..Default::default() };
    let claims = jwt::build(&Claims { video: grant(), ..claims }, "app", "secret");
    let made_later = HttpRequest { authorization: Some(format!("Bearer {claims}")), ..good_for_an_hour.clone() };
    let now = world.now;
    let validate =
        |server: &mut RoomServer, request: &HttpRequest| server.validate(now, request).map_err(|r| r.http_status);
    assert_eq!(validate(&mut world.server, &good_for_an_hour), Ok(()));
    assert_eq!(validate(&mut world.server, &made_later), Err(401));
    world.server.wall_clock(world.now, hours_later * 1_000_000);
    assert_eq!(validate(&mut world.server, &good_for_an_hour), Err(401));
    assert_eq!(validate(&mut world.server, &made_later), Ok(()));
    // And back.
    world.server.wall_clock(world.now, UNIX_US);
    assert_eq!(validate(&mut world.server, &good_for_an_hour), Ok(()));
}

#[test]
fn what_a_new_token_takes_back_is_not_forwarded_whatever_the_client_does() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    world.run(200);
    let (track, heard) = (world.microphone(ann), |world: &World| world.clients[bob].packets.len());
    let renew = |world: &mut World, client: usize, identity: &str, video: VideoGrant| {
        world.ask(client, signal_request::Message::RenewToken(token(identity, video)));
        world.run(100);
    };
    world.speak(ann, 20);
    assert_eq!(heard(&world), 1);
    renew(&mut world, ann, "ann", VideoGrant { can_publish: Some(false), ..grant() });
    let muted = |world: &World| world.seen(bob, "ann").unwrap().tracks[0].muted;
    assert!(muted(&world));
    // It goes on sending, and says that it is not muted.
    world.ask(ann, signal_request::Message::Mute(MuteTrackRequest { sid: track, muted: false }));
    world.speak(ann, 20);
    assert_eq!(heard(&world), 1);
    assert!(muted(&world));
    renew(&mut world, ann, "ann", grant());
    world.speak(ann, 20);
    assert_eq!(heard(&world), 2, "its track goes on");
    assert!(!muted(&world));
    // Hearing is taken back and given again too.
    renew(&mut world, bob, "bob", VideoGrant { can_subscribe: Some(false), ..grant() });
    world.speak(ann, 20);
    assert_eq!(heard(&world), 2);
    renew(&mut world, bob, "bob", grant());
    world.run(200);
    world.speak(ann, 20);
    assert_eq!(heard(&world), 3);
    // Nobody becomes another, and nobody hides, by a new token.
    renew(&mut world, bob, "ann", grant());
    assert!(world.logs.iter().any(|line| line.contains("not for 'bob'")), "{:?}", world.logs);
    renew(&mut world, bob, "bob", VideoGrant { hidden: true, ..grant() });
    assert!(world.seen(ann, "bob").is_some_and(|info| !info.permission.unwrap().hidden));
}
