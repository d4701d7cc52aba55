//! One client: a WebSocket and, where it has one, a peer connection.

use super::*;

/// One client: a WebSocket and, where it has one, a peer connection.
pub(super) struct Client {
    pub(super) conn: ConnId,
    pub(super) address: SocketAddr,
    /// What its media take.
    pub(super) protocol: Protocol,
    pub(super) rtc: Rtc,
    pub(super) pending: Option<SdpPendingOffer>,
    pub(super) reliable: Option<ChannelId>,
    pub(super) data_track: ChannelId,
    /// Every message, in order.
    pub(super) messages: Vec<Message>,
    pub(super) closed: bool,
    pub(super) connected: bool,
    pub(super) outbox: Vec<Vec<u8>>,
    /// Payload type, sequence number, RTP time, payload.
    pub(super) packets: Vec<(u8, u64, u32, Vec<u8>)>,
    /// What the server reports of what it is sent.
    pub(super) reports: Vec<MediaEgressStats>,
    /// Packets of video.
    pub(super) video: Vec<RtpPacket>,
    /// Key frames that the server asked for.
    pub(super) asked: Vec<KeyframeRequest>,
    /// So many of the next datagrams to it are lost.
    pub(super) lose: usize,
    /// No datagrams pass, in either direction.
    pub(super) cut: bool,
    pub(super) data: Vec<DataPacket>,
    /// Packets of data tracks.
    pub(super) track_packets: Vec<Vec<u8>>,
    pub(super) microphone: Option<(Mid, String)>,
    pub(super) sent: u64,
    pub(super) offers: usize,
}

impl Client {
    pub(super) fn answered(&mut self, answer: &SessionDescription) {
        assert_eq!(answer.id as usize, self.offers, "an answer repeats its offer's id");
        let parsed = SdpAnswer::from_sdp_string(&answer.sdp).unwrap();
        let pending = self.pending.take().expect("an offer");
        self.rtc.sdp_api().accept_answer(pending, parsed).unwrap();
    }

    pub(super) fn poll(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                RtcOutput::Transmit(t) => self.outbox.push(t.contents.into()),
                RtcOutput::Timeout(_) => return,
                RtcOutput::Event(Event::Connected) => self.connected = true,
                RtcOutput::Event(Event::RtpPacket(p)) if p.header.payload_type != 63.into() => self.video.push(p),
                RtcOutput::Event(Event::KeyframeRequest(request)) => self.asked.push(request),
                RtcOutput::Event(Event::MediaEgressStats(report)) => self.reports.push(report),
                RtcOutput::Event(Event::RtpPacket(p)) => {
                    self.packets.push((*p.header.payload_type, *p.seq_no, p.header.timestamp, p.payload.to_vec()))
                }
                RtcOutput::Event(Event::ChannelData(d)) if d.id == self.data_track => self.track_packets.push(d.data),
                RtcOutput::Event(Event::ChannelData(d)) => self.data.extend(DataPacket::decode(&d.data[..])),
                RtcOutput::Event(_) => {}
            }
        }
    }

    pub(super) fn joined(&self) -> &JoinResponse {
        match &self.messages[0] {
            Message::Join(join) => join,
            other => panic!("{other:?} instead of Join"),
        }
    }

    pub(super) fn left(&self) -> Option<&LeaveRequest> {
        self.messages.iter().find_map(|m| if let Message::Leave(leave) = m { Some(leave) } else { None })
    }
}
