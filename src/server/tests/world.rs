//! A room server, its clients, and the time.

use super::*;

/// A room server, its clients, and the time.
pub(super) struct World {
    pub(super) server: RoomServer,
    pub(super) clients: Vec<Client>,
    pub(super) now: Instant,
    pub(super) logs: Vec<String>,
    pub(super) webhooks: Vec<Webhook>,
    pub(super) answers: Vec<AdminResponse>,
    /// New clients announce protocol 18, and use the channel ids known beforehand.
    pub(super) agreed: bool,
    /// New clients subscribe to all data tracks.
    pub(super) auto_data: bool,
    /// New clients' media take TCP.
    pub(super) tcp: bool,
    /// TCP connections that the server closed.
    pub(super) closed_streams: Vec<SocketAddr>,
}

impl World {
    pub(super) fn new() -> World {
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

    pub(super) fn request(&self, identity: &str, video: VideoGrant, join: &JoinRequest) -> HttpRequest {
        HttpRequest {
            path: join::PATH_SINGLE.into(),
            query: join::query_single(join),
            authorization: Some(format!("Bearer {}", token(identity, video))),
            ..Default::default()
        }
    }

    /// Lets time pass in steps of 5 ms.
    pub(super) fn run(&mut self, ms: u64) {
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
    pub(super) fn settle(&mut self) {
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
    pub(super) fn pass_on(&mut self, client: usize) -> bool {
        let client = &mut self.clients[client];
        client.poll();
        let mut sent = std::mem::take(&mut client.outbox);
        sent.retain(|_| !client.cut);
        for bytes in &sent {
            self.server.datagram(self.now, client.protocol, client.address, server_at(client.protocol), bytes);
        }
        !sent.is_empty()
    }

    pub(super) fn take(&mut self, output: Output) {
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
    pub(super) fn carried(&self, client: usize) -> BTreeMap<String, String> {
        let answers = self.clients[client].messages.iter().rev();
        answers
            .filter_map(|m| if let Message::Answer(a) = m { Some(a.mid_to_track_id.clone()) } else { None })
            .next()
            .unwrap()
    }

    /// The newest that was told of a participant.
    pub(super) fn seen(&self, client: usize, identity: &str) -> Option<ParticipantInfo> {
        let updates = self.clients[client].messages.iter().rev();
        updates
            .filter_map(|m| if let Message::Update(u) = m { Some(&u.participants) } else { None })
            .find_map(|p| p.iter().find(|p| p.identity == identity))
            .cloned()
    }
}
