//! What clients do.

use super::*;

impl World {
    /// Joins with an offer of two sections to hear on, and the data channel.
    pub(super) fn join_as(&mut self, identity: &str, video: VideoGrant, auto_subscribe: bool) -> usize {
        let index = self.clients.len();
        let address: SocketAddr = format!("127.0.0.1:{}", 40_000 + index).parse().unwrap();
        let config = rtc::with_video(rtc::config(&rtc::crypto_provider(), None));
        let mut rtc = config.set_stats_interval(Some(Duration::from_secs(1))).build(self.now);
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
            reports: Vec::new(),
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

    pub(super) fn join(&mut self, identity: &str) -> usize {
        let client = self.join_as(identity, grant(), true);
        self.run(300);
        assert!(self.clients[client].connected, "{identity} is connected");
        client
    }

    pub(super) fn ask(&mut self, client: usize, message: signal_request::Message) {
        let bytes = SignalRequest { message: Some(message) }.encode_to_vec();
        self.server.message(self.now, self.clients[client].conn, &bytes);
    }

    /// Offers again, with as many more sections to hear on.
    pub(super) fn offer(&mut self, client: usize, more: u32, videos: u32) {
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

    pub(super) fn publish(&mut self, client: usize) {
        self.publish_on(client, Direction::SendOnly);
    }

    pub(super) fn publish_on(&mut self, client: usize, direction: Direction) {
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

    pub(super) fn microphone(&self, client: usize) -> String {
        self.clients[client].microphone.clone().expect("published").1
    }

    /// One packet of redundant Opus, its payload numbered, and the 20 ms that it takes.
    pub(super) fn speak(&mut self, client: usize, level: i8) {
        self.say(client, level);
        self.run(20);
    }

    pub(super) fn say(&mut self, client: usize, level: i8) {
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

    pub(super) fn subscribe(&mut self, client: usize, track: &str, subscribe: bool) {
        let update = UpdateSubscription { track_sids: vec![track.into()], subscribe, ..Default::default() };
        self.ask(client, signal_request::Message::Subscription(update));
        self.run(100);
    }
}
