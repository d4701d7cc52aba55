//! What str0m's SDP interface does not offer, done on the text: names for streams on lines that the remote side created,
//! and a look at what each media section says.

use std::collections::BTreeMap;

/// What one media section says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// `audio`, `video` or `application`.
    pub kind: String,
    /// `a=mid`.
    pub mid: String,
    /// The sender of this description sends here.
    pub sends: bool,
    /// The sender of this description receives here.
    pub receives: bool,
    /// The stream's and the track's name of `a=msid`; empty where there are none.
    pub msid: (String, String),
    /// The payload types, in order.
    pub payloads: Vec<String>,
    /// The streams of simulcast without RTP stream ids (`a=ssrc-group:SIM`), the lowest layer first.
    pub simulcast: Vec<u32>,
    /// The port is zero and it is not bundle-only (RFC 9143, 6): the section is refused or stopped. Firefox offers every new section
    /// with port zero, for the port of the bundle.
    pub stopped: bool,
}

/// The media sections of a description, in order.
pub fn sections(sdp: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in sdp.lines() {
        if let Some(media) = line.strip_prefix("m=") {
            let mut words = media.split(' ');
            sections.push(Section {
                kind: words.next().unwrap_or_default().into(),
                stopped: words.next() == Some("0"),
                payloads: words.skip(1).map(str::to_string).collect(),
                sends: true,
                receives: true,
                ..Default::default()
            });
        }
        let Some(section) = sections.last_mut() else { continue };
        match line.strip_prefix("a=") {
            Some("bundle-only") => section.stopped = false,
            Some("sendonly") => section.receives = false,
            Some("recvonly") => section.sends = false,
            Some("inactive") => (section.sends, section.receives) = (false, false),
            Some(attribute) => {
                if let Some(mid) = attribute.strip_prefix("mid:") {
                    section.mid = mid.into();
                } else if let Some(msid) = attribute.strip_prefix("msid:") {
                    let (stream, track) = msid.split_once(' ').unwrap_or((msid, ""));
                    section.msid = (stream.into(), track.into());
                } else if let Some(group) = attribute.strip_prefix("ssrc-group:SIM ") {
                    section.simulcast = group.split_ascii_whitespace().filter_map(|ssrc| ssrc.parse().ok()).collect();
                }
            }
            None => {}
        }
    }
    sections
}

/// The value of the first session or media attribute `a=name:`.
pub fn attribute<'a>(sdp: &'a str, name: &str) -> Option<&'a str> {
    sdp.lines().find_map(|line| line.strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':'))
}

/// Leaves in at most so many candidates, and none with an mDNS name (RFC 8828), which cannot be resolved here and does not parse: the
/// peer is found without them. How many are left, too.
pub fn with_candidates(sdp: &str, most: usize) -> (String, usize) {
    let (mut out, mut left) = (String::with_capacity(sdp.len()), 0);
    for line in sdp.lines() {
        if line.starts_with("a=candidate:") {
            if left == most || line.contains(".local ") {
                continue;
            }
            left += 1;
        }
        out.push_str(line);
        out.push_str("\r\n");
    }
    (out, left)
}

/// How a section is to read, beside what str0m wrote.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// The stream's and the track's name where this side sends; None: no name, nobody is heard there yet.
    pub msid: Option<(String, String)>,
    /// Appended to Opus' parameters, as in `stereo=1`.
    pub opus: String,
    /// Leave redundancy (RED) out of the section.
    pub no_red: bool,
    /// The order of payload types, and the codec whose come first.
    pub order: Option<(Vec<String>, String)>,
}

/// Rewrites the sections whose mid is named in `edits`.
pub fn edit(sdp: &str, edits: &BTreeMap<String, Edit>) -> String {
    let mut out = String::with_capacity(sdp.len() + 256);
    for (index, section) in split(sdp).into_iter().enumerate() {
        match (index, edits.get(attribute(section, "mid").unwrap_or_default())) {
            (1.., Some(edit)) => match &edit.order {
                Some((payloads, first)) => edit_section(&ordered(section, payloads, first), edit, &mut out),
                None => edit_section(section, edit, &mut out),
            },
            _ => out.push_str(section),
        }
    }
    out
}

/// Puts other SSRCs in the place of some, each given as the old and the new one.
pub fn with_ssrcs(sdp: &str, others: &[(u32, u32)]) -> String {
    let other = |word: &str| {
        let found = others.iter().find(|(old, _)| word == old.to_string());
        found.map_or(word.to_string(), |(_, new)| new.to_string())
    };
    let mut out = String::with_capacity(sdp.len());
    for line in sdp.lines() {
        let (ssrc, group) = (line.strip_prefix("a=ssrc:"), line.strip_prefix("a=ssrc-group:"));
        if let Some((number, rest)) = ssrc.and_then(|rest| rest.split_once(' ')) {
            out.push_str(&format!("a=ssrc:{} {rest}", other(number)));
        } else if let Some((meaning, numbers)) = group.and_then(|rest| rest.split_once(' ')) {
            let numbers: Vec<String> = numbers.split(' ').map(other).collect();
            out.push_str(&format!("a=ssrc-group:{meaning} {}", numbers.join(" ")));
        } else {
            out.push_str(line);
        }
        out.push_str("\r\n");
    }
    out
}

fn edit_section(section: &str, edit: &Edit, out: &mut String) {
    let payload = |codec: &str| {
        section.lines().find_map(|line| {
            let (number, name) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
            name.to_ascii_lowercase().starts_with(codec).then_some(number)
        })
    };
    let (opus, red) = (payload("opus/"), payload("red/").filter(|_| edit.no_red));
    let of_payload = |line: &str, number: &str| {
        ["a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"]
            .iter()
            .any(|attribute| line.strip_prefix(attribute).and_then(|rest| rest.split(' ').next()) == Some(number))
    };
    let msid = edit.msid.as_ref().map(|(stream, track)| format!("{stream} {track}"));
    for line in section.lines() {
        if line.starts_with("a=msid:") {
            match &msid {
                Some(msid) => out.push_str(&format!("a=msid:{msid}")),
                None => continue,
            }
        } else if let Some((ssrc, _)) = line.strip_prefix("a=ssrc:").and_then(|l| l.split_once(" msid:")) {
            match &msid {
                Some(msid) => out.push_str(&format!("a=ssrc:{ssrc} msid:{msid}")),
                None => continue,
            }
        } else if red.is_some_and(|red| of_payload(line, red)) {
            continue;
        } else if let (true, Some(red)) = (line.starts_with("m="), red) {
            let words: Vec<&str> =
                line.split(' ').enumerate().filter(|(i, word)| *i < 3 || *word != red).map(|(_, word)| word).collect();
            out.push_str(&words.join(" "));
        } else {
            out.push_str(line);
            let is_opus = opus.is_some_and(|opus| line.starts_with("a=fmtp:") && of_payload(line, opus));
            if is_opus && !edit.opus.is_empty() {
                out.push(';');
                out.push_str(&edit.opus);
            }
        }
        out.push_str("\r\n");
    }
}

/// Puts the payload types of an answer's section into the order of the offer's, those of the codec `first` before all
/// others: a sender takes the first that it finds.
fn ordered(section: &str, offer: &[String], first: &str) -> String {
    let Some(media) = section.lines().next().filter(|line| line.starts_with("m=")) else { return section.into() };
    let words: Vec<&str> = media.split(' ').collect();
    if words.len() < 4 {
        return section.into();
    }
    let value = |attribute: &str, payload: &str| {
        let mut lines = section.lines().filter_map(|line| line.strip_prefix(attribute)?.split_once(' '));
        lines.find(|(number, _)| *number == payload).map(|(_, value)| value.to_ascii_lowercase())
    };
    let is_first = |payload: &str| {
        // What is sent again (RTX) goes with the codec that it is of.
        let of = value("a=fmtp:", payload).and_then(|fmtp| Some(fmtp.strip_prefix("apt=")?.to_string()));
        let name = value("a=rtpmap:", of.as_deref().unwrap_or(payload)).unwrap_or_default();
        name.split('/').next() == Some(first)
    };
    let (media, mut payloads) = (&words[..3], words[3..].to_vec());
    payloads.sort_by_key(|payload| {
        let at = offer.iter().position(|offered| offered == payload).unwrap_or(usize::MAX);
        (!is_first(payload), at)
    });
    let rest = section.split_once('\n').map_or("", |(_, rest)| rest);
    format!("{} {}\r\n{rest}", media.join(" "), payloads.join(" "))
}

/// The session part, then each media section, line ends included.
pub fn split(sdp: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = sdp.match_indices("\nm=").map(|(at, _)| at + 1).collect();
    starts.insert(0, 0);
    starts.push(sdp.len());
    starts.windows(2).map(|pair| &sdp[pair[0]..pair[1]]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str = "v=0\r\na=ice-ufrag:abcd\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\na=mid:0\r\na=sendonly\r\na=msid:x y\r\n\
        a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n\
        a=ssrc:7 cname:c\r\na=ssrc:7 msid:x y\r\n\
        m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=inactive\r\n\
        m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\n";

    #[test]
    fn sections_are_read() {
        let read = sections(SDP);
        assert_eq!(
            read.iter().map(|s| (s.kind.as_str(), s.mid.as_str())).collect::<Vec<_>>(),
            [("audio", "0"), ("video", "1"), ("application", "2")]
        );
        assert_eq!((read[0].sends, read[0].receives, read[0].stopped), (true, false, false));
        assert_eq!(read[0].msid, ("x".into(), "y".into()));
        assert_eq!((read[1].sends, read[1].receives, read[1].stopped), (false, false, true));
        let waits =
            SDP.replace("m=video 0 UDP/TLS/RTP/SAVPF 96\r\n", "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=bundle-only\r\n");
        assert_ne!(waits, SDP);
        assert!(!sections(&waits)[1].stopped, "the port of the bundle is meant");
        assert_eq!(attribute(SDP, "ice-ufrag"), Some("abcd"));
        assert_eq!(sections("nonsense"), []);
    }

    #[test]
    fn names_are_set_and_taken_away() {
        let edits = |msid| BTreeMap::from([("0".to_string(), Edit { msid, ..Default::default() })]);
        let named = edit(SDP, &edits(Some(("PA_a|TR_b".into(), "TR_b".into()))));
        assert_eq!(named, SDP.replace("x y", "PA_a|TR_b TR_b"));
        let bare = edit(SDP, &edits(None));
        assert!(!bare.contains("msid") && bare.contains("a=ssrc:7 cname:c"));
        assert_eq!(edit(SDP, &BTreeMap::new()), SDP);
    }

    #[test]
    fn ssrcs_are_replaced_where_they_are_told() {
        let sdp = format!("{SDP}a=ssrc:77 msid:a b7 c:7\r\na=ssrc-group:FID 7 77\r\na=fmtp:7 7\r\n");
        let other = with_ssrcs(&sdp, &[(7, 1000), (77, 2000)]);
        let expected = sdp
            .replace("a=ssrc:7 ", "a=ssrc:1000 ")
            .replace("a=ssrc:77 ", "a=ssrc:2000 ")
            .replace("FID 7 77", "FID 1000 2000");
        assert_eq!(other, expected);
        assert_eq!(with_ssrcs(&sdp, &[]), sdp);
    }

    #[test]
    fn opus_gets_parameters_and_loses_redundancy() {
        let wish = Edit { msid: None, opus: "stereo=1".into(), no_red: true, order: None };
        let edited = edit(SDP, &BTreeMap::from([("0".to_string(), wish)]));
        assert!(edited.contains("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"));
        assert!(edited.contains("a=fmtp:111 minptime=10;stereo=1\r\n"));
        assert!(!edited.contains(":63 "));
    }

    #[test]
    fn candidates_without_an_address_and_too_many_are_left_out() {
        let candidate = |address: &str| format!("a=candidate:1 1 udp 2 {address} 9 typ host\r\n");
        let with = [SDP, &candidate("ab-cd.local"), &candidate("127.0.0.1"), &candidate("127.0.0.2")].concat();
        for (most, kept) in [(9, 2), (1, 1), (0, 0)] {
            let (without, left) = with_candidates(&with, most);
            let addresses = ["127.0.0.1", "127.0.0.2"].iter().filter(|a| without.contains(**a)).count();
            assert_eq!((left, addresses, without.contains(".local")), (kept, kept, false));
            assert!(without.starts_with(SDP));
        }
    }

    #[test]
    fn the_codec_that_is_meant_comes_first() {
        let section = "m=video 9 UDP/TLS/RTP/SAVPF 96 97 127 121 98 99\r\na=mid:1\r\n\
            a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n\
            a=rtpmap:127 H264/90000\r\na=rtpmap:121 rtx/90000\r\na=fmtp:121 apt=127\r\n\
            a=rtpmap:98 VP9/90000\r\na=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n";
        let offer: Vec<String> = "127 121 96 97 98 99".split(' ').map(str::to_string).collect();
        let media = |first: &str| ordered(section, &offer, first).lines().next().unwrap().to_string();
        assert_eq!(media("vp9"), "m=video 9 UDP/TLS/RTP/SAVPF 98 99 127 121 96 97");
        assert_eq!(media(""), "m=video 9 UDP/TLS/RTP/SAVPF 127 121 96 97 98 99");
        assert_eq!(ordered(section, &[], "vp8"), section);
        assert_eq!(ordered("m=video 0\r\n", &offer, "vp8"), "m=video 0\r\n");
    }
}
