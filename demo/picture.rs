//! The picture: both waveforms aligned, the likeness of each second, and the delay over time, as one HTML page without any others.

use crate::measure::{Measured, RATE};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;
use std::path::Path;

/// The drawing, in units of its view box.
const WIDTH: f64 = 1120.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const LANE: f64 = 96.0;
const STRIP: f64 = 26.0;
const DELAYS: f64 = 190.0;
const GAP: f64 = 20.0;

const STYLE: &str = "
:root{--ground:#fcfcfa;--ink:#1d2329;--soft:#6b747d;--line:#e2e4e3;--said:#7a8794;--heard:#0f766e;--delay:#b45309;--repair:#be123c}
@media(prefers-color-scheme:dark){:root{--ground:#14181c;--ink:#e8eaec;--soft:#98a1aa;--line:#2b3238;--said:#8f9ba7;--heard:#2dd4bf;--delay:#fbbf24;--repair:#fb7185}}
body{margin:0 auto;max-width:1120px;padding:32px 24px 48px;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:22px;margin:0 0 2px}p{color:var(--soft);margin:0 0 20px;max-width:76ch}
dl{display:flex;flex-wrap:wrap;gap:10px 30px;margin:0 0 24px}
dt{color:var(--soft);font-size:13px}dd{margin:0;font-size:25px;font-variant-numeric:tabular-nums}dd small{font-size:14px;color:var(--soft)}
svg{width:100%;height:auto;display:block}text{fill:var(--soft);font-size:12px;font-family:inherit}
.name{fill:var(--ink);font-size:13px}.grid{stroke:var(--line)}.said{fill:var(--said)}.heard{fill:var(--heard)}.delay{fill:var(--delay)}.repair{fill:var(--repair)}
.median{stroke:var(--delay);stroke-dasharray:5 4}.cell{fill:var(--heard)}
section{display:flex;flex-wrap:wrap;gap:24px;margin-top:20px}label{color:var(--soft);font-size:13px}audio{display:block;margin-top:4px}
";

/// The page; `recordings` (said, heard) go into it, to be listened to.
pub fn page(measured: &Measured, recordings: [&Path; 2]) -> Result<String, String> {
    let [decoded, recovered, concealed, silence] = measured.origins;
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Stoa: what was said and what was heard</title><style>{STYLE}</style><h1>What was said, and what was heard</h1>\
         <p>A speaker and a listener, two C programs, and a room server: three processes on one machine, over UDP.</p><dl>"
    );
    let delay = &measured.delay;
    let figures = [
        ("mouth to ear", format!("{:.1} <small>ms, median</small>", delay.median)),
        ("9 of 10 frames within", format!("{:.1}–{:.1} <small>ms</small>", delay.low, delay.high)),
        ("waveform alike", format!("{:.3}", measured.waveform)),
        ("loudness alike", format!("{:.3}", measured.envelope)),
        ("frames decoded", decoded.to_string()),
        ("recovered", recovered.to_string()),
        ("concealed", concealed.to_string()),
        ("of silence", silence.to_string()),
    ];
    for (name, figure) in figures {
        let _ = write!(html, "<div><dt>{name}</dt><dd>{figure}</dd></div>");
    }
    let _ = write!(html, "</dl>{}<section>", drawing(measured));
    for (name, path) in ["said", "heard"].into_iter().zip(recordings) {
        let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let bytes = STANDARD.encode(bytes);
        let _ = write!(html, "<label>{name}<audio controls src=\"data:audio/wav;base64,{bytes}\"></audio></label>");
    }
    html += "</section><p style=\"margin-top:24px\">Mouth to ear is the time from the moment when a sample is spoken until the frame with it \
             is handed to the listening program. A sample waits up to 20 ms until its block is complete and pushed. Which sample of the \
             recording is which of the voice is found by correlation, not from what the library says. Alike is Pearson's correlation: 1 is \
             identical.</p></html>\n";
    Ok(html)
}

fn drawing(measured: &Measured) -> String {
    let seconds = measured.said.len() as f64 / RATE as f64;
    let x = |second: f64| LEFT + second / seconds * (WIDTH - LEFT - RIGHT);
    let strip_top = 2.0 * LANE + GAP;
    let delay_top = strip_top + STRIP + 2.0 * GAP;
    let bottom = delay_top + DELAYS;
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\">", bottom + 34.0);

    let step = [1.0, 2.0, 5.0, 10.0, 30.0, 60.0].into_iter().find(|step| seconds / step <= 16.0).unwrap_or(300.0);
    for tick in (0..).map(|n| f64::from(n) * step).take_while(|tick| *tick <= seconds) {
        let at = x(tick);
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{at:.1}\" y1=\"0\" x2=\"{at:.1}\" y2=\"{bottom:.0}\"/>\
             <text x=\"{at:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{tick} s</text>",
            bottom + 18.0
        );
    }
    let loudest = measured.said.iter().chain(&measured.heard).fold(0.01f32, |most, s| most.max(s.abs()));
    for (lane, (name, samples)) in [("said", &measured.said), ("heard", &measured.heard)].into_iter().enumerate() {
        let middle = LANE * (lane as f64 + 0.5);
        let _ = write!(svg, "<text class=\"name\" x=\"0\" y=\"{:.0}\">{name}</text>", middle + 4.0);
        svg += &waveform(name, samples, loudest, middle);
    }
    let _ = write!(svg, "<text class=\"name\" x=\"0\" y=\"{:.0}\">alike</text>", strip_top + 17.0);
    for (second, likeness) in measured.seconds.iter().enumerate() {
        let (from, to) = (x(second as f64), x((second as f64 + 1.0).min(seconds)));
        let (shade, text) =
            likeness.map_or((0.03, "–".into()), |c| (0.08 + 0.5 * c.max(0.0).powi(4), format!("{c:.2}")));
        let _ = write!(
            svg,
            "<rect class=\"cell\" opacity=\"{shade:.2}\" x=\"{:.1}\" y=\"{strip_top}\" width=\"{:.1}\" height=\"{STRIP}\" rx=\"3\"/>",
            from + 1.0,
            to - from - 2.0
        );
        if to - from > 30.0 {
            let (x, y) = ((from + to) / 2.0, strip_top + 17.0);
            let _ = write!(svg, "<text class=\"name\" x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{text}</text>");
        }
    }
    svg += &delays(measured, x, delay_top);
    svg + "</svg>"
}

/// One column a unit, from the least to the greatest sample in it.
fn waveform(class: &str, samples: &[f32], loudest: f32, middle: f64) -> String {
    let columns = (WIDTH - LEFT - RIGHT) as usize;
    let height = |sample: f32| middle - f64::from(sample / loudest) * (LANE / 2.0 - 4.0);
    let (mut above, mut below) = (String::new(), Vec::new());
    for column in 0..columns {
        let part = &samples[column * samples.len() / columns..(column + 1) * samples.len() / columns];
        let x = LEFT + column as f64;
        let (least, most) = part.iter().fold((0.0f32, 0.0f32), |(least, most), s| (least.min(*s), most.max(*s)));
        let _ = write!(above, "{x},{:.1} ", height(most) - 0.4);
        below.push(format!("{x},{:.1}", height(least) + 0.4));
    }
    below.reverse();
    format!("<polygon class=\"{class}\" points=\"{above}{}\"/>", below.join(" "))
}

/// The delay of each frame as a dot, the median, and below it a mark where a frame was repaired.
fn delays(measured: &Measured, x: impl Fn(f64) -> f64, top: f64) -> String {
    let most = measured.delays.iter().map(|(_, delay)| *delay).fold(50.0, f64::max);
    let unit = [10.0, 20.0, 50.0, 100.0, 500.0].into_iter().find(|unit| most / unit <= 8.0).unwrap_or(5000.0);
    let scale = (most / unit).ceil() * unit;
    let y = |delay: f64| top + DELAYS - delay.clamp(0.0, scale) / scale * DELAYS;
    let mut svg = format!("<text class=\"name\" x=\"0\" y=\"{:.0}\">delay</text>", top - 12.0);
    for line in (0..).map(|n| f64::from(n) * unit).take_while(|line| *line <= scale) {
        let at = y(line);
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{}\" y2=\"{at:.1}\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{line} ms</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            at + 4.0
        );
    }
    if measured.delay.median.is_finite() {
        let (at, end) = (y(measured.delay.median), WIDTH - RIGHT);
        let _ = write!(svg, "<line class=\"median\" x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{end}\" y2=\"{at:.1}\"/>");
    }
    for (second, delay) in &measured.delays {
        let _ = write!(svg, "<circle class=\"delay\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"1.9\"/>", x(*second), y(*delay));
    }
    for (second, origin) in &measured.repairs {
        let name = if *origin == 1 { "recovered" } else { "concealed" };
        let (x, y) = (x(*second) - 1.5, top + DELAYS - 8.0);
        let _ = write!(
            svg,
            "<rect class=\"repair\" x=\"{x:.1}\" y=\"{y}\" width=\"3\" height=\"8\"><title>{name}</title></rect>"
        );
    }
    svg
}
