//! What a token's service for real-time voice means in a room: LiveKit's permissions, and when they change.

use super::{JOIN_CHANNEL, PUBLISH_AUDIO, PUBLISH_DATA, PUBLISH_VIDEO, Scope, Service, Token};
use crate::token::grants::VideoGrant;
use crate::token::jwt::LEEWAY;

impl Token {
    /// The service for real-time voice in this channel, and its user; an empty channel finds the first.
    pub fn rtc(&self, channel: &str) -> Option<(&Service, &str, &str)> {
        self.services.iter().find_map(|service| match &service.scope {
            Scope::Rtc { channel: own, uid } if channel.is_empty() || own == channel => {
                Some((service, own.as_str(), uid.as_str()))
            }
            _ => None,
        })
    }

    /// What such a service lets a participant do at `unix_now` seconds. Who may join may hear: there is no privilege for that.
    pub fn video_grant(&self, service: &Service, channel: &str, unix_now: u64) -> VideoGrant {
        let may = |privilege| self.until(service, privilege).is_some_and(|until| unix_now <= until + LEEWAY);
        let (audio, video) = (may(PUBLISH_AUDIO), may(PUBLISH_VIDEO));
        let sources: &[&str] = match (audio, video) {
            (true, false) => &["microphone", "screen_share_audio"],
            (false, true) => &["camera", "screen_share"],
            _ => &[],
        };
        VideoGrant {
            room: channel.into(),
            room_join: may(JOIN_CHANNEL),
            can_publish: Some(audio || video),
            can_publish_sources: sources.iter().map(|source| source.to_string()).collect(),
            can_publish_data: Some(may(PUBLISH_DATA)),
            ..VideoGrant::default()
        }
    }

    /// When the next of the service's privileges ends after `unix_now`, seconds since the Unix epoch: the first second in
    /// which [`Token::video_grant`] says less.
    pub fn next_change(&self, service: &Service, unix_now: u64) -> Option<u64> {
        let privileges = [JOIN_CHANNEL, PUBLISH_AUDIO, PUBLISH_VIDEO, PUBLISH_DATA];
        let ends = privileges.into_iter().filter_map(|privilege| self.until(service, privilege));
        ends.map(|until| until + LEEWAY + 1).filter(|end| *end > unix_now).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn privileges_end_one_by_one() {
        let privileges = [(JOIN_CHANNEL, 400), (PUBLISH_AUDIO, 100), (PUBLISH_VIDEO, 200), (PUBLISH_DATA, 0)].into();
        let service = Service { scope: Scope::Rtc { channel: "hall".into(), uid: String::new() }, privileges };
        let token = Token { issue_ts: 1_000, expire: 300, services: vec![service], ..Token::default() };
        let (service, channel, uid) = token.rtc("hall").unwrap();
        assert_eq!((channel, uid), ("hall", ""));
        assert!(token.rtc("").is_some() && token.rtc("cellar").is_none());
        let may = |now: u64| {
            let grant = token.video_grant(service, channel, now);
            let (voice, camera) = (grant.may_publish_source("microphone"), grant.may_publish_source("camera"));
            (grant.room_join, voice, camera, grant.may_publish_data(), grant.may_subscribe())
        };
        assert_eq!(may(1_000), (true, true, true, false, true), "a time of 0 grants nothing");
        let mut now = 1_000;
        let mut next = || {
            now = token.next_change(service, now)?;
            let (before, after) = (may(now - 1), may(now));
            assert_ne!(before, after);
            Some((now - LEEWAY - 1, after))
        };
        assert_eq!(next(), Some((1_100, (true, false, true, false, true))));
        assert_eq!(next(), Some((1_200, (true, false, false, false, true))));
        assert_eq!(next(), Some((1_300, (false, false, false, false, true))), "no longer than the token");
        assert_eq!(next(), None);
    }
}
