//! Messages: cut into chunks and put together again, beside a straightforward Python program in the same run.

use super::table::{Row, quantile};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use stoa::event::EventBody;
use stoa::message::reassembly::Reassembly;
use stoa::message::{base64, json};

/// Bytes of a message, about.
const SIZE: usize = 1 << 20;
/// How long each of the two is measured.
const SPAN: Duration = Duration::from_secs(2);

/// Hands each chunk over as it is cut.
type Cut = fn(&str, &mut dyn FnMut(Vec<u8>));

pub fn measure() -> Vec<Row> {
    let formats: [(&str, Cut); 2] = [
        ("json", |text, take| json::chunks("message", text).for_each(take)),
        ("base64", |text, take| base64::chunks("message", text).for_each(take)),
    ];
    let texts = [
        ("English", "All that is said here is heard there, and the other way round. "),
        ("Greek", "Ὅσα ἐνθάδε λέγεται, ἐκεῖ ἀκούεται. "),
    ];
    let mut rows = Vec::new();
    for (format, cut) in formats {
        for (language, sentence) in texts {
            let text = sentence.repeat(SIZE / sentence.len());
            let here = here(cut, &text);
            let row = Row::new(
                format!("chunk and reassemble, \"{format}\", {language}"),
                format!("{here:.0} MB/s"),
                "50 times Python",
            );
            rows.push(match python(format, &text) {
                // Of speeds the greater one is the better.
                Some(peer) => row.peer(format!("{peer:.1} MB/s (Python, same run)"), here, peer),
                None => row,
            });
        }
    }
    rows
}

/// MB a second there and back, the median of the messages.
fn here(cut: Cut, text: &str) -> f64 {
    let mut speeds = Vec::new();
    let start = Instant::now();
    while start.elapsed() < SPAN {
        let began = Instant::now();
        let mut reassembly = Reassembly::new();
        cut(text, &mut |packet| assert!(reassembly.user_packet(began, "ada", "", &packet), "it is a chunk"));
        let Some(EventBody::Message { payload, .. }) = reassembly.poll() else { panic!("the message is whole") };
        speeds.push(text.len() as f64 / began.elapsed().as_secs_f64() / 1e6);
        assert!(payload == text.as_bytes());
    }
    quantile(&mut speeds, 0.5)
}

/// None: it could not be run, and why was said.
fn python(format: &str, text: &str) -> Option<f64> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/figures/messages.py");
    let file = std::env::temp_dir().join(format!("stoa-bench-message-{}", std::process::id()));
    std::fs::write(&file, text).expect("a file for the message");
    let span = SPAN.as_secs().to_string();
    let output = Command::new("python3").arg(script).args([format, &span]).arg(&file).output();
    let _ = std::fs::remove_file(&file);
    let said = output.ok().filter(|output| output.status.success());
    let speed = said.and_then(|output| String::from_utf8_lossy(&output.stdout).trim().parse().ok());
    if speed.is_none() {
        eprintln!("peer not run: python3 is needed");
    }
    speed
}
