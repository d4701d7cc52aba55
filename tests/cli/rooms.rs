//! `stoa serve` and `stoa join` with one another: sound, recordings, messages, refusals, interrupts.

use crate::once::fits_once;
use crate::{KEY, MACHINE, PATIENCE, Process, SECRET, folder, key, machine, run, serve, stoa, text};
use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use serde_json::{Value, json};
use std::f64::consts::TAU;
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::PoisonError;
use std::time::Instant;

/// What is spoken: its rate, Hz, and the tone's, Hz. Neither rate nor channels are those of a channel.
const RATE: u32 = 44_100;
const TONE: f64 = 440.0;
/// Milliseconds of tone and of pause, by turns.
const PATTERN: [u32; 8] = [300, 400, 600, 300, 200, 500, 450, 400];
/// The windows in which loudness is looked at, milliseconds.
const WINDOW_MS: usize = 10;

fn loud(ms: u32) -> bool {
    let mut end = 0;
    PATTERN
        .iter()
        .position(|part| {
            end += part;
            ms < end
        }) // Tone, pause, tone, ...
        .is_some_and(|part| part % 2 == 0)
}

/// The pattern as a stereo WAV.
pub fn voice() -> Vec<u8> {
    let spec = WavSpec { channels: 2, sample_rate: RATE, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
    let length = PATTERN.iter().sum::<u32>() * RATE / 1000;
    for at in 0..length {
        let tone = (f64::from(at) * TONE * TAU / f64::from(RATE)).sin() * 12_000.0;
        let value = if loud(at * 10 / (RATE / 100)) { tone as i16 } else { 0 };
        writer.write_sample(value).unwrap();
        writer.write_sample(value).unwrap();
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

/// How long each burst of sound is, milliseconds. A burst goes on over what loss concealment leaves open, not over a pause.
fn bursts(pcm: &[f64], rate: usize) -> Vec<usize> {
    const LOUD: f64 = 1000.0;
    const OPEN_MS: usize = 150;
    let rms = |window: &[f64]| (window.iter().map(|s| s * s).sum::<f64>() / window.len() as f64).sqrt();
    let windows = pcm.chunks_exact(rate * WINDOW_MS / 1000);
    let loud = windows.enumerate().filter(|(_, window)| rms(window) > LOUD).map(|(at, _)| at * WINDOW_MS);
    let mut bursts: Vec<(usize, usize)> = Vec::new();
    for at in loud {
        match bursts.last_mut() {
            Some((_, end)) if at <= *end + OPEN_MS => *end = at + WINDOW_MS,
            _ => bursts.push((at, at + WINDOW_MS)),
        }
    }
    bursts.into_iter().map(|(start, end)| end - start).collect()
}

/// How much of the power lies within the tone.
fn purity(pcm: &[f64], rate: f64) -> f64 {
    let turn = |at: usize| at as f64 * TONE * TAU / rate;
    let (mut sin, mut cos, mut power) = (0.0, 0.0, 0.0);
    for (at, s) in pcm.iter().enumerate() {
        (sin, cos, power) = (sin + s * turn(at).sin(), cos + s * turn(at).cos(), power + s * s);
    }
    2.0 * (sin * sin + cos * cos) / pcm.len() as f64 / power
}

fn samples(path: &Path) -> (WavSpec, Vec<f64>) {
    let mut reader = WavReader::open(path).expect("a whole WAV");
    let spec = reader.spec();
    (spec, reader.samples::<i16>().map(|sample| f64::from(sample.unwrap())).collect())
}

/// One plays out of a pipe, once the other can hear: then nothing of it is missed. The other has it in a file.
#[test]
fn what_one_plays_the_other_records() {
    let _alone = MACHINE.write().unwrap_or_else(PoisonError::into_inner);
    let (_server, url) = serve();
    let folder = folder("record");
    let mut rounds = 0;
    fits_once(5, || {
        rounds += 1;
        differs(&recorded(&url, &folder.join(format!("new-{rounds}"))))
    });
}

/// What the one who hears has in the file.
fn recorded(url: &str, folder: &Path) -> Vec<f64> {
    let mut hears = Process::join(url, "bob", &["--record", folder.to_str().unwrap()]);
    hears.event("joined", |joined| joined["room"] == "hall" && joined["user"] == "bob");

    let mut command = stoa();
    command.args(["join", url, "--room", "hall", "--user", "../ann", "--json", "--play", "-"]).envs(key());
    let mut speaks = Process::start(command.stdin(Stdio::piped()));
    let voice = voice();
    let mut pipe = speaks.child.stdin.take().unwrap();
    pipe.write_all(&voice[..64]).unwrap();
    speaks.event("playing", |playing| playing["file"] == "-");
    hears.event("audio_subscribe_state_changed", |now| now["new"] == "subscribed" && now["user"] == "../ann");
    pipe.write_all(&voice[64..]).unwrap();
    drop(pipe);
    let (status, said) = speaks.end();
    assert!(status.success(), "{said:#?}");
    let summary = said.last().unwrap();
    let length = f64::from(PATTERN.iter().sum::<u32>()) / 1000.0;
    assert_eq!((&summary["event"], &summary["exit"]), (&"summary".into(), &0.into()));
    assert!((summary["spoken_seconds"].as_f64().unwrap() - length).abs() < 0.001, "{summary}");
    // 50 packets a second, fewer in pauses.
    assert!(summary["packets_sent"].as_u64().unwrap() > (length * 25.0) as u64, "{summary}");

    hears.event("recording", |_| true);
    hears.event("user_left", |left| left["user"] == "../ann");
    hears.signal("-INT");
    let (status, said) = hears.end();
    assert!(status.success(), "a recorder that is interrupted is done: {said:#?}");
    let recording = &said.last().unwrap()["recordings"][0];
    assert_eq!(recording["user"], "../ann");
    let path = Path::new(recording["file"].as_str().unwrap());
    assert_eq!(path, folder.join("_._ann.wav"));

    let (spec, heard) = samples(path);
    assert_eq!((spec.sample_rate, spec.channels, spec.bits_per_sample), (48_000, 1, 16));
    assert!((heard.len() as f64 / 48_000.0 - recording["seconds"].as_f64().unwrap()).abs() < 0.001);
    heard
}

/// What is heard that was not said, or the reverse.
fn differs(heard: &[f64]) -> Option<String> {
    // The last part is a pause, of which nothing need be sent.
    let length = f64::from(PATTERN.iter().sum::<u32>()) / 1000.0;
    let sound = length - f64::from(PATTERN[PATTERN.len() - 1]) / 1000.0;
    let seconds = heard.len() as f64 / 48_000.0;
    if !(sound - 0.1..length * 1.5).contains(&seconds) {
        return Some(format!("{seconds} s"));
    }
    // A busy machine's jitter buffer stretches sound by as much as half.
    let heard_bursts = bursts(heard, 48_000);
    let said_bursts: Vec<u32> = PATTERN.into_iter().step_by(2).collect();
    let near = |(heard, said): (&usize, &u32)| heard.abs_diff(*said as usize) <= *said as usize / 2 + 50;
    if heard_bursts.len() != said_bursts.len() || !heard_bursts.iter().zip(&said_bursts).all(near) {
        return Some(format!("{heard_bursts:?} are not {said_bursts:?}"));
    }
    // So the tone is looked for in pieces; most of them are whole.
    let windows = heard.chunks_exact(4800);
    let pure: Vec<f64> = windows.filter(|w| w.iter().any(|s| s.abs() > 6000.0)).map(|w| purity(w, 48_000.0)).collect();
    let pure_ones = pure.iter().filter(|purity| **purity > 0.9).count();
    (pure_ones * 2 <= pure.len() || pure.len() <= 8).then(|| format!("{pure:?}"))
}

#[test]
fn what_one_says_the_others_are_shown_in_order() {
    let _machine = machine();
    let (_server, url) = serve();
    let mut hears = Process::join(&url, "bob", &[]);
    hears.event("joined", |_| true);
    let mut speaks = Process::join(&url, "ann", &["--say", "one", "zwei – два", "--say", "a\nb"]);
    let (status, said) = speaks.end();
    assert!(status.success(), "{said:#?}");
    assert_eq!(said.last().unwrap()["messages_sent"], 3);
    for text in ["one", "zwei – два", "a\nb"] {
        let message = hears.event("stream_message", |_| true);
        assert_eq!((&message["user"], &message["text"]), (&"ann".into(), &text.into()));
        // As LiveKit's own clients chat.
        assert_eq!((&message["topic"], &message["format"]), (&"lk.chat".into(), &"text".into()));
    }
    hears.signal("-TERM");
    let (status, said) = hears.end();
    assert!(status.success());
    assert_eq!(said.last().unwrap()["messages_received"], 3);
}

/// People see lines, without power over their terminal, and progress where it cannot disturb.
#[test]
fn people_are_shown_lines() {
    let _machine = machine();
    let (_server, url) = serve();
    let folder = folder("people");
    let wav = folder.join("voice.wav");
    std::fs::write(&wav, voice()).unwrap();
    let arguments = ["join", &url, "--room", "hall", "--user", "ann", "--say", "hi", "--play", wav.to_str().unwrap()];
    let mut watches = Process::start(stoa().args(["join", &url, "--room", "hall", "--user", "bob"]).envs(key()));
    let until = Instant::now() + PATIENCE;
    assert_eq!(watches.line(until).as_deref(), Some("joined hall as bob"));
    let output = stoa().args(arguments).envs(key()).output().unwrap();
    let page = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(page.contains("joined hall as ann\nplaying ") && page.contains("voice.wav (0:03)\n"), "{page}");
    assert!(page.contains("left hall after 0:0") && page.contains("spoke 0:03, sent 1 messages"), "{page}");
    watches.event_line("ann joined", until);
    watches.event_line("ann [lk.chat]: hi", until);
    watches.event_line("ann left", until);
    let quiet = stoa().args(arguments).args(["--quiet"]).envs(key()).output().unwrap();
    assert!(quiet.status.success() && quiet.stdout.is_empty() && quiet.stderr.is_empty(), "{}", text(&quiet.stderr));
}

#[test]
fn a_refused_token_has_an_exit_code_of_its_own() {
    let _machine = machine();
    let (_server, url) = serve();
    let token = |key: &str, secret: &str| {
        text(&run(&["token", "build", "--key", key, "--secret", secret, "--room", "hall", "--user", "ann"]).stdout)
    };
    for token in [token(KEY, "a guess"), token("nobody", SECRET)] {
        let output = run(&["join", &url, "--token", token.trim(), "--for", "1", "--json"]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.starts_with("--token: the server refused the token") && said.lines().count() == 1, "{said}");
        let last: Value = serde_json::from_str(text(&output.stdout).lines().last().unwrap()).unwrap();
        assert_eq!((&last["event"], &last["exit"]), (&"error".into(), &3.into()));
    }
    // One that was made here is not to blame: what it was made with is.
    for (more, environment, named) in [
        (&["--key", KEY, "--secret", "a guess"][..], None, "--key, --secret: "),
        (&[], Some([("STOA_KEY", KEY), ("STOA_SECRET", "a guess")]), "STOA_KEY, STOA_SECRET: "),
    ] {
        let mut command = stoa();
        command.args(["join", &url, "--room", "hall", "--for", "1"]).args(more).envs(environment.into_iter().flatten());
        let output = command.output().unwrap();
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(3) && said.starts_with(&format!("{named}the server refused")), "{said}");
    }
    // The right one: also for a while, and by each way in.
    let good = token(KEY, SECRET);
    let mut command = stoa();
    let output =
        command.args(["join", &url, "--for", "0.2s", "--json"]).env("STOA_TOKEN", good.trim()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// A flag counts more than the environment; where the flag can do nothing by itself, it is what the token must be for.
#[test]
fn a_room_with_a_key_counts_more_than_a_token_of_the_environment() {
    let _machine = machine();
    let (_server, url) = serve();
    let build = ["token", "build", "--room", "hall", "--user", "ann"];
    let token = text(&stoa().args(build).envs(key()).output().unwrap().stdout);
    let join = ["join", &url, "--room", "cellar", "--user", "bob", "--for", "0.1", "--json"];
    let join = || {
        let mut command = stoa();
        command.args(join).env("STOA_TOKEN", token.trim());
        command
    };
    let mut joins = Process::start(join().envs(key()));
    joins.event("joined", |joined| joined["room"] == "cellar" && joined["user"] == "bob");
    let output = join().output().unwrap();
    let said = text(&output.stderr);
    assert!(
        output.status.code() == Some(3) && said.starts_with("STOA_TOKEN: the token is for the user 'ann'"),
        "{said}"
    );
}

/// A missing permission has the same exit code when it is taken in the midst.
#[test]
fn a_permission_that_ends_ends_the_playing() {
    let _machine = machine();
    let (app, certificate) = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210");
    let keys = format!("{app}:{certificate}");
    let mut server = Process::start(stoa().args(["serve", "--port", "0", "--udp-port", "0", "--json", "--key", &keys]));
    let url = server.event("listening", |_| true)["url"].as_str().unwrap().to_string();
    // Servers allow a minute more, of which three seconds are left.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let privileges = json!({"join_channel": 3600, "publish_audio": 3});
    let services = json!([{"type": "rtc", "channel": "hall", "uid": "7", "privileges": privileges}]);
    let claims = folder("permission").join("claims.json");
    std::fs::write(&claims, json!({"issue_ts": now - 60, "expire": 3600, "services": services}).to_string()).unwrap();
    let build = ["token", "build", "--family", "access_token2", "--key", app, "--secret", certificate, "--claims"];
    let token = text(&stoa().args(build).arg(&claims).output().unwrap().stdout);
    let mut command = stoa();
    command.args(["join", &url, "--token", token.trim(), "--json", "--play", "demo/voice.wav"]);
    let (status, said) = Process::start(&mut command).end();
    let error = said.last().unwrap();
    assert_eq!((status.code(), &error["event"]), (Some(3), &"error".into()), "{said:#?}");
    let sentence = error["text"].as_str().unwrap();
    assert!(sentence.starts_with("--play demo/voice.wav ended: this user may not speak"), "{sentence}");
}

/// Neither lines nor objects: what is not an error is not told, and the server's log is not either.
#[test]
fn the_quiet_are_quiet_in_json_too() {
    let _machine = machine();
    let arguments = ["serve", "--port", "0", "--udp-port", "0", "--json", "--quiet"];
    let mut server = Process::start(stoa().args(arguments).envs(key()));
    let url = server.event("listening", |_| true)["url"].as_str().unwrap().to_string();
    let arguments = ["join", &url, "--room", "hall", "--say", "hi", "--json", "--quiet"];
    let output = stoa().args(arguments).envs(key()).output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{}", text(&output.stdout));
    server.signal("-TERM");
    let (_, said) = server.end();
    assert!(said.len() == 2 && said[1]["event"] == "closed", "{said:#?}");
}

/// A token of the other family opens the room as well.
#[test]
fn an_access_token2_joins() {
    let _machine = machine();
    let (app, certificate) = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210");
    let keys = format!("{app}:{certificate}");
    let mut server = Process::start(stoa().args(["serve", "--port", "0", "--udp-port", "0", "--json", "--key", &keys]));
    let url = server.event("listening", |listening| listening["secret"].is_null())["url"].as_str().unwrap().to_string();
    let build = ["token", "build", "--family", "access_token2", "--room", "hall", "--user", "7"];
    let token = text(&run(&[&build[..], &["--key", app, "--secret", certificate]].concat()).stdout);
    let mut joins = Process::start(stoa().args(["join", &url, "--for", "0.1", "--json", "--token", token.trim()]));
    joins.event("joined", |joined| joined["user"] == "7" && joined["room"] == "hall");
    let (status, said) = joins.end();
    assert!(status.success(), "{said:#?}");
}

/// Interrupted in the midst: the others see it leave at once, and the exit code says that it was not done.
#[test]
fn an_interrupt_is_a_clean_leave() {
    let _machine = machine();
    let (_server, url) = serve();
    let mut hears = Process::join(&url, "bob", &[]);
    hears.event("joined", |_| true);
    let mut command = stoa();
    command.args(["join", &url, "--room", "hall", "--user", "ann", "--json", "--play", "-"]).envs(key());
    let mut speaks = Process::start(command.stdin(Stdio::piped()));
    let mut pipe = speaks.child.stdin.take().unwrap();
    pipe.write_all(&voice()[..1000]).unwrap();
    speaks.event("playing", |_| true);
    hears.event("user_joined", |joined| joined["user"] == "ann");
    let asked = Instant::now();
    speaks.signal("-INT");
    let (status, said) = speaks.end();
    assert_eq!(status.code(), Some(130), "{said:#?}");
    assert_eq!((&said.last().unwrap()["event"], &said.last().unwrap()["exit"]), (&"summary".into(), &130.into()));
    hears.event("user_left", |left| left["user"] == "ann");
    // The server gives one who vanished 15 s to come back.
    assert!(asked.elapsed().as_secs() < 12, "it did not say goodbye");
    drop(pipe);
}

/// A server that is stopped says goodbye; who was there ends with a reason.
#[test]
fn a_server_that_is_stopped_ends_the_stays() {
    let _machine = machine();
    let (mut server, url) = serve();
    let mut stays = Process::join(&url, "bob", &[]);
    stays.event("joined", |_| true);
    server.event("log", |log| log["text"].as_str().is_some_and(|text| text.contains("bob")));
    server.signal("-TERM");
    let (status, said) = server.end();
    assert!(status.success());
    assert_eq!(said.last().unwrap()["event"], "closed");
    let (status, said) = stays.end();
    assert_eq!(status.code(), Some(1), "{said:#?}");
    assert_eq!((&said.last().unwrap()["event"], &said.last().unwrap()["exit"]), (&"error".into(), &1.into()));
    assert!(said.iter().any(|object| object["event"] == "summary"), "{said:#?}");
}

/// Nobody reads what it says any more: it leaves.
#[test]
fn a_join_whose_reader_went_away_ends() {
    let _machine = machine();
    let (_server, url) = serve();
    let mut hears = Process::join(&url, "bob", &[]);
    hears.event("joined", |_| true);
    let script = format!("{} join {url} --room hall --user ann --json | head -n 1", env!("CARGO_BIN_EXE_stoa"));
    let mut piped = Process::start(Command::new("sh").args(["-c", &script]).envs(key()));
    hears.event("user_joined", |joined| joined["user"] == "ann");
    // It notices with the next thing that it has to tell.
    let until = Instant::now() + PATIENCE;
    while piped.child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < until, "it stays, after {:#?}", piped.said);
        let guest =
            stoa().args(["join", &url, "--room", "hall", "--for", "0.1", "--quiet"]).envs(key()).output().unwrap();
        assert!(guest.status.success(), "{}", text(&guest.stderr));
    }
    let (status, said) = piped.end();
    assert!(status.success() && said.len() == 1, "{said:#?}");
    hears.event("user_left", |left| left["user"] == "ann");
}
