//! Descriptions: what is taken out of an offer, and put into its answer.

use crate::rtc::video::TRANSPORT_CC;
use crate::signal::sdp;

/// Leaves transport-wide feedback out of an offer's sections, except, in an offer of the client's, where it sends video:
/// nobody measures the bandwidth of a voice, and none is measured towards subscribers. Each packet would cost a number,
/// and there would be 20 reports a second.
pub fn without_feedback(offer: &str, of_client: bool) -> String {
    let mut out = String::with_capacity(offer.len());
    for section in sdp::split(offer) {
        let sends_video = of_client
            && section.starts_with("m=video")
            && !section.lines().any(|line| matches!(line, "a=recvonly" | "a=inactive"));
        for line in section.lines() {
            if sends_video || !is_feedback(line) {
                out.push_str(line);
                out.push_str("\r\n");
            }
        }
    }
    out
}

/// Puts it into the answer to a client's offer, for each section of video that had it there: libwebrtc offers a new section no extension
/// that the last answer left out (w3c/webrtc-extensions#248), and a camera without it takes long to send its large layers. What is sent
/// to the client carries no numbers all the same.
pub fn with_feedback(answer: &str, offer: &str) -> String {
    let mut out = String::with_capacity(answer.len());
    for (answer, offer) in sdp::split(answer).into_iter().zip(sdp::split(offer)) {
        out.push_str(answer);
        if answer.starts_with("m=video")
            && !answer.lines().any(is_feedback)
            && let Some(line) = offer.lines().find(|line| is_feedback(line))
        {
            out.push_str(line);
            out.push_str("\r\n");
        }
    }
    out
}

fn is_feedback(line: &str) -> bool {
    line.starts_with("a=extmap:") && line.ends_with(TRANSPORT_CC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feedback_is_for_senders_of_video() {
        let extension = format!("a=extmap:3 {TRANSPORT_CC}\r\n");
        let section = |media: &str, direction: &str, extension: &str| {
            format!(
                "m={media} 9 UDP/TLS/RTP/SAVPF 96\r\n{extension}a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na={direction}\r\n"
            )
        };
        let offer = |kept: &str, dropped: &str| {
            [
                "v=0\r\n".to_string(),
                section("audio", "sendonly", dropped),
                section("video", "sendonly", kept),
                section("video", "sendrecv", kept),
                section("video", "recvonly", dropped),
            ]
            .concat()
        };
        assert_eq!(without_feedback(&offer(&extension, &extension), true), offer(&extension, ""));
        assert_eq!(without_feedback(&offer(&extension, &extension), false), offer("", ""), "an offer of this side");
    }
}
