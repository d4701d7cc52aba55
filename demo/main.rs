//! `make demo`: a room server, a C speaker and a C listener, three processes over real UDP, and what came of it.
//!
//! `demo STOA SPEAKER LISTENER VOICE.WAV OUT_DIR`: the three programs, the voice to say, and where to write.

mod measure;
mod picture;

use measure::{Frame, Measured};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const KEY: &str = "demo";
const SECRET: &str = "a-secret-for-this-machine-alone-32";
/// Beyond the length of the voice: joining, leaving, and a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that does not outlive the demo.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [stoa, speaker, listener, voice, out] = arguments.as_slice() else {
        eprintln!("usage: demo STOA SPEAKER LISTENER VOICE.WAV OUT_DIR (make demo does it)");
        return ExitCode::from(2);
    };
    match run(stoa, speaker, listener, voice, Path::new(out)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("\nThe demo failed: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn run(stoa: &str, speaker: &str, listener: &str, voice: &str, out: &Path) -> Result<(), String> {
    std::fs::create_dir_all(out).map_err(|e| format!("{} cannot be made: {e}", out.display()))?;
    println!("Three processes on this machine, over UDP: a room server, a speaker and a listener.\n");
    let (_server, url) = serve(stoa)?;
    let out_text = out.to_str().ok_or("the directory's name is not UTF-8")?;
    let mut hears = start(Command::new(listener).args([&url, KEY, SECRET, out_text]))?;
    let mut speaks = start(Command::new(speaker).args([&url, KEY, SECRET, voice, out_text]))?;
    let bytes = std::fs::metadata(voice).map_err(|e| format!("{voice}: {e}"))?.len();
    // A WAV of the lowest rate is not longer than this.
    let deadline = Instant::now() + PATIENCE + Duration::from_secs(bytes / 8000);
    finish("speaker", &mut speaks, deadline)?;
    finish("listener", &mut hears, deadline)?;

    let said = measure::read_wav(&out.join("said.wav"))?;
    let heard = measure::read_wav(&out.join("heard.wav"))?;
    let pushed: Vec<u64> = measure::read_table(&out.join("said.csv"))?.iter().map(|row| row[0]).collect();
    let frames: Vec<Frame> =
        measure::read_table(&out.join("heard.csv"))?.iter().map(|row| Frame::from_row(row)).collect();
    let measured = measure::compare(&said, &heard, &pushed, &frames)?;
    report(&measured);
    let page = out.join("demo.html");
    let html = picture::page(&measured, [&out.join("said.wav"), &out.join("heard.wav")])?;
    std::fs::write(&page, html).map_err(|e| format!("{} cannot be written: {e}", page.display()))?;
    println!(
        "\n{}    what was heard\n{}    both voices and the delay, as a picture",
        out.join("heard.wav").display(),
        page.display()
    );
    measured.verdict()
}

/// Starts the room server on free ports; it says where.
fn serve(stoa: &str) -> Result<(Process, String), String> {
    let key = format!("{KEY}:{SECRET}");
    let mut command = Command::new(stoa);
    command.args(["serve", "--bind", "127.0.0.1", "--port", "0", "--udp-port", "0", "--quiet", "--key", &key]);
    let mut server = start(command.stdout(Stdio::piped()))?;
    let mut lines = BufReader::new(server.0.stdout.take().ok_or("no pipe from the server")?);
    let mut line = String::new();
    lines.read_line(&mut line).map_err(|e| format!("the server says nothing: {e}"))?;
    let url = line.split_whitespace().find(|word| word.starts_with("ws://"));
    let url = url.ok_or_else(|| format!("the server did not say where it serves, but '{}'", line.trim()))?.to_string();
    println!("server    {}", line.trim());
    Ok((server, url))
}

fn start(command: &mut Command) -> Result<Process, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.spawn().map(Process).map_err(|e| format!("{name} cannot be started: {e}; make demo builds it"))
}

fn finish(name: &str, process: &mut Process, deadline: Instant) -> Result<(), String> {
    loop {
        match process.0.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("the {name} ended with {status}; see what it said above")),
            Ok(None) if Instant::now() > deadline => return Err(format!("the {name} did not end in time")),
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Err(e) => return Err(format!("the {name} is lost: {e}")),
        }
    }
}

fn report(m: &Measured) {
    let [decoded, recovered, concealed, silence] = m.origins;
    println!(
        "\nmouth to ear    {:.1} ms (median; 5 % below {:.1}, 5 % above {:.1})",
        m.delay.median, m.delay.low, m.delay.high
    );
    println!(
        "                from the moment a sample is spoken until stoa_stream_read() returns its frame. A sample waits up to"
    );
    println!(
        "                20 ms until its block is complete and pushed; which sample is which is found by correlation."
    );
    println!("frames          {decoded} decoded, {recovered} recovered, {concealed} concealed, {silence} of silence");
    println!(
        "likeness        {:.3} of the waveform, {:.3} of the loudness over time (correlation, 1 is identical)",
        m.waveform, m.envelope
    );
    let seconds: Vec<String> = m.seconds.iter().map(|s| s.map_or("  - ".into(), |c| format!("{c:.2}"))).collect();
    println!("each second     {}", seconds.join(" "));
}
