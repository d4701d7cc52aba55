//! The server's numbers as Prometheus reads them: text, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats>).
//!
//! Names with `livekit_` are those of LiveKit's server (`pkg/telemetry/prometheus`), where the meaning is the same.

use super::ServerStats;
use std::fmt::Write;

/// The content type of the text.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes all numbers.
pub(super) fn text(stats: &ServerStats) -> String {
    let r = &stats.rooms;
    let mut out = String::with_capacity(8192);
    let mut family = |name: &str, kind: &str, help: &str, samples: &[(&str, u64)]| {
        let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        for (labels, value) in samples {
            let _ = writeln!(out, "{name}{labels} {value}");
        }
    };
    let gauges = [
        ("livekit_room_total", "Rooms now.", r.rooms),
        ("livekit_participant_total", "Participants now.", r.participants),
        ("stoa_rooms", "Rooms now.", r.rooms),
        ("stoa_participants", "Participants now.", r.participants),
        ("stoa_tracks", "Published tracks now.", r.tracks),
        ("stoa_subscriptions", "Ways now from a track to one who hears it.", r.subscriptions),
        ("stoa_websockets", "WebSockets now.", stats.websockets),
        ("stoa_signals_waiting", "Messages that wait now for WebSockets.", stats.signals_waiting),
        ("stoa_data_waiting_bytes", "Bytes of data that wait now for addressees.", r.data_waiting_bytes),
    ];
    for (name, help, value) in gauges {
        family(name, "gauge", help, &[("", value)]);
    }
    let counters = [
        ("stoa_joins_total", "Joins.", r.joins),
        ("stoa_joins_refused_total", "Joins that were refused.", r.joins_refused),
        ("stoa_resumes_total", "Resumes after a lost WebSocket.", r.resumes),
        ("stoa_participants_failed_total", "Participants ended by a fault.", r.participants_failed),
        ("stoa_websockets_dropped_total", "WebSockets closed for a slow reader.", stats.websockets_dropped),
        ("stoa_service_calls_total", "Calls of the room service.", r.service_calls),
        ("stoa_service_refused_total", "Calls of the room service that were refused.", r.service_refused),
    ];
    for (name, help, value) in counters {
        family(name, "counter", help, &[("", value)]);
    }
    let split = |a, b| [("{direction=\"incoming\"}", a), ("{direction=\"outgoing\"}", b)];
    const INITIAL: [&str; 2] = [
        "{direction=\"incoming\",transmission=\"initial\",country=\"\"}",
        "{direction=\"outgoing\",transmission=\"initial\",country=\"\"}",
    ];
    let livekit = |a, b| [(INITIAL[0], a), (INITIAL[1], b)];
    let both = [
        ("livekit_packet_total", "RTP packets.", livekit(r.media_received, r.media_forwarded)),
        ("livekit_packet_bytes", "Payload of RTP packets.", livekit(r.media_bytes_received, r.media_bytes_forwarded)),
        ("stoa_datagrams_total", "Datagrams, over TCP frames.", split(r.packets_received, r.packets_sent)),
        ("stoa_datagram_bytes_total", "Bytes of datagrams, over TCP frames.", split(r.bytes_received, r.bytes_sent)),
        ("stoa_media_packets_total", "RTP packets.", split(r.media_received, r.media_forwarded)),
        ("stoa_media_bytes_total", "Payload of RTP packets.", split(r.media_bytes_received, r.media_bytes_forwarded)),
        ("stoa_data_packets_total", "Data packets.", split(r.data_received, r.data_forwarded)),
        ("stoa_data_bytes_total", "Bytes of data packets.", split(r.data_bytes_received, r.data_bytes_forwarded)),
        ("stoa_signals_total", "WebSocket messages.", split(r.signals_received, r.signals_sent)),
    ];
    for (name, help, samples) in both {
        family(name, "counter", help, &samples);
    }
    family(
        "stoa_datagrams_dropped_total",
        "counter",
        "Datagrams that went nowhere.",
        &[
            ("{why=\"unknown\"}", r.packets_unknown),
            ("{why=\"malformed\"}", r.packets_malformed),
            ("{why=\"unsent\"}", stats.packets_unsent),
        ],
    );
    family(
        "stoa_media_dropped_total",
        "counter",
        "RTP packets that were not sent on.",
        &[
            ("{why=\"unheard\"}", r.media_unheard),
            ("{why=\"ignored\"}", r.media_ignored),
            ("{why=\"unready\"}", r.media_dropped_unready),
            ("{why=\"format\"}", r.media_dropped_format),
            ("{why=\"old\"}", r.media_dropped_old),
        ],
    );
    family(
        "stoa_data_dropped_total",
        "counter",
        "Data packets that were not sent on.",
        &[
            ("{why=\"forbidden\"}", r.data_dropped_forbidden),
            ("{why=\"malformed\"}", r.data_dropped_malformed),
            ("{why=\"doubled\"}", r.data_dropped_doubled),
            ("{why=\"full\"}", r.data_dropped_full),
        ],
    );
    family(
        "stoa_webhooks_total",
        "counter",
        "Webhooks, once for each URL.",
        &[
            ("{outcome=\"sent\"}", stats.webhooks_sent),
            ("{outcome=\"failed\"}", stats.webhooks_failed),
            ("{outcome=\"dropped\"}", stats.webhooks_dropped),
        ],
    );
    family(
        "stoa_media_lost_total",
        "counter",
        "RTP packets that did not arrive: here, and from here at listeners.",
        &[("{where=\"here\"}", r.media_lost), ("{where=\"onward\"}", r.media_lost_onward)],
    );
    let cpu = stats.cpu_us as f64 / 1e6;
    let _ = write!(
        out,
        "# HELP stoa_cpu_seconds_total Processor time of the server's thread.\n# TYPE stoa_cpu_seconds_total counter\n\
         stoa_cpu_seconds_total {cpu}\n"
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_follows_its_type() {
        let mut stats = ServerStats { cpu_us: 1_500_000, webhooks_failed: 3, ..Default::default() };
        stats.rooms.rooms = 2;
        stats.rooms.media_received = 7;
        let text = text(&stats);
        for line in [
            "livekit_room_total 2",
            "livekit_packet_total{direction=\"incoming\",transmission=\"initial\",country=\"\"} 7",
            "stoa_webhooks_total{outcome=\"failed\"} 3",
            "stoa_cpu_seconds_total 1.5",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
        let mut typed = String::new();
        for line in text.lines() {
            match line.strip_prefix("# TYPE ") {
                Some(rest) => typed = rest.split(' ').next().unwrap().into(),
                None if line.starts_with('#') => {}
                None => assert_eq!(line.split(['{', ' ']).next().unwrap(), typed),
            }
        }
    }
}
