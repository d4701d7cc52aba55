//! The C examples and the C++ wrapper, built against an installation as C99 and as C++17, run as they are, under the sanitizers and
//! under valgrind.

#[path = "common/once.rs"]
mod once;
mod stage;

use once::fits_once;
use stage::{alone, compile, passed, run, stage};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const EXAMPLES: [&str; 9] = ["hello", "wav", "speakers", "callbacks", "events", "chat", "rpc", "tokens", "vad"];
const SANITIZE: [&str; 5] =
    ["-std=c99", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"];
/// A busy machine makes some of them repeat what it tore apart.
const LIMIT: Duration = Duration::from_secs(240);
/// Valgrind runs one thread at a time, some thirty times more slowly.
const SLOW: Duration = Duration::from_secs(400);

fn example(name: &str) -> String {
    format!("examples-c/{name}.c")
}

#[test]
fn examples_are_cpp17_too() {
    for source in EXAMPLES.map(example).into_iter().chain(["demo/speaker.c".into(), "demo/listener.c".into()]) {
        compile("c++", &["-x", "c++", "-std=c++17"], &source, "as-cpp");
    }
}

#[test]
fn examples_are_short() {
    for name in EXAMPLES {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(example(name))).unwrap();
        assert!(text.lines().count() < 120, "{name}.c has {} lines", text.lines().count());
    }
}

#[test]
fn pkg_config_knows_the_installation() {
    let mut command = Command::new("pkg-config");
    command.args(["--cflags", "--libs", "stoa"]).env("PKG_CONFIG_PATH", stage().join("lib/pkgconfig"));
    let printed = passed("pkg-config", &run(&mut command, LIMIT));
    assert_eq!(printed.trim(), format!("-I{0}/include -L{0}/lib -lstoa", stage().display()));
}

/// The loader finds a library in its own places by a cache alone; elsewhere, and for packages, that cache is not ours.
#[test]
fn installing_tells_the_loader_where_it_looks() {
    let says_ldconfig = |variables: &[&str]| {
        let mut make = Command::new("make");
        make.args(["-n", "install"]).args(variables).current_dir(env!("CARGO_MANIFEST_DIR"));
        passed("make -n install", &run(make.env_remove("MAKEFLAGS"), LIMIT)).contains("ldconfig")
    };
    assert!(says_ldconfig(&["PREFIX=/usr/local"]) && says_ldconfig(&["PREFIX=/usr/"]));
    assert!(!says_ldconfig(&["PREFIX=/opt/stoa"]) && !says_ldconfig(&["PREFIX=/usr/local", "DESTDIR=/tmp/package"]));
}

#[test]
fn hello_is_heard_both_ways() {
    let program = compile("cc", &["-std=c99"], &example("hello"), "hello");
    let _alone = alone();
    let printed = passed("hello", &run(&mut Command::new(program), LIMIT));
    assert!(
        printed.contains("samples of ada were heard") && printed.contains("samples of bob were heard"),
        "{printed}"
    );
}

#[test]
fn each_speaker_is_heard_alone() {
    let program = compile("cc", &["-std=c99"], &example("speakers"), "speakers");
    let _alone = alone();
    let printed = passed("speakers", &run(Command::new(program).arg("24"), LIMIT));
    assert!(printed.contains("24 of 24 were heard, each alone"), "{printed}");
}

#[test]
fn callbacks_are_called_and_done_with() {
    let program = compile("cc", &["-std=c99"], &example("callbacks"), "callbacks");
    let _alone = alone();
    let printed = passed("callbacks", &run(&mut Command::new(program), LIMIT));
    assert!(printed.contains("event: user_joined bob") && printed.contains("event: played"), "{printed}");
}

#[test]
fn events_are_listened_to_and_polled() {
    let program = compile("cc", &["-std=c99"], &example("events"), "events");
    let _alone = alone();
    // A busy machine may break his speech in two.
    fits_once(3, || {
        let printed = passed("events", &run(&mut Command::new(&program), LIMIT));
        assert!(printed.contains("polled: connection_state_changed 2 -> 3 after "), "{printed}");
        let fits = printed.starts_with("user_joined bob\nuser_speaking bob begins to speak\nuser_left bob\n");
        (!fits).then_some(printed)
    });
}

#[test]
fn messages_are_exchanged() {
    let program = compile("cc", &["-std=c99"], &example("chat"), "chat");
    let _alone = alone();
    let printed = passed("chat", &run(&mut Command::new(program), LIMIT));
    assert!(
        printed.contains("bob: Past the stoa, to the left. 🏛️") && printed.contains("ada: Thank you!"),
        "{printed}"
    );
    assert!(printed.contains("message 1 of Ada has left: done"), "{printed}");
}

#[test]
fn calls_are_answered() {
    let program = compile("cc", &["-std=c99"], &example("rpc"), "rpc");
    let _alone = alone();
    let printed = passed("rpc", &run(&mut Command::new(program), LIMIT));
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[..2], ["ada calls square(12) and waits 3 s", "12 squared is 144"], "{printed}");
    assert_eq!(lines[3], "twelve: code 1500, 'bob' answered with the error 1500: this is no number", "{printed}");
    assert!(lines[4].starts_with("12: code 1400, ") && lines[5].contains(r#""knows":"squares""#), "{printed}");
}

/// What a program that used the module `rtc` did, row by row: the functions of these programs have its names.
#[test]
fn everything_that_the_module_rtc_did_works_from_c() {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("seed");
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    for name in ["seed", "seed_connecting", "seed_sending", "seed_hearing", "seed_later", "seed_events"] {
        let program = compile("cc", &SANITIZE, &format!("tests/c/{name}.c"), &format!("{name}-asan"));
        let _alone = alone();
        assert_eq!(passed(name, &run(Command::new(program).arg(&dir), LIMIT)).trim(), "0 failures", "{name}");
    }
}

#[test]
fn events_are_waited_for_by_descriptor() {
    let program = compile("cc", &SANITIZE, "tests/c/event_descriptor.c", "event-descriptor-asan");
    let _alone = alone();
    assert_eq!(passed("event_descriptor", &run(&mut Command::new(program), LIMIT)).trim(), "0 failures");
}

#[test]
fn the_log_says_what_a_room_server_inside_refuses() {
    let program = compile("cc", &SANITIZE, "tests/c/logging.c", "logging-asan");
    let _alone = alone();
    assert_eq!(passed("logging", &run(&mut Command::new(program), LIMIT)).trim(), "0 failures");
}

#[test]
fn callbacks_readers_and_frees_take_turns() {
    let program = compile("cc", &SANITIZE, "tests/c/turns.c", "turns-asan");
    let _alone = alone();
    assert_eq!(passed("turns", &run(&mut Command::new(program), LIMIT)).trim(), "0 failures");
}

#[test]
fn a_track_is_subscribed_to_while_its_stream_is_held() {
    let program = compile("cc", &SANITIZE, "tests/c/tracks.c", "tracks-asan");
    let _alone = alone();
    assert_eq!(passed("tracks", &run(&mut Command::new(program), LIMIT)).trim(), "0 failures");
}

#[test]
fn the_cpp_wrapper_does_what_stoa_h_does() {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cpp-dump");
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    let flags = [&["-std=c++17"], &SANITIZE[1..]].concat();
    for name in ["room", "tokens"] {
        let program = compile("c++", &flags, &format!("tests/cpp/{name}.cpp"), &format!("cpp-{name}-asan"));
        let _alone = alone();
        assert_eq!(passed(name, &run(Command::new(program).arg(&dir), LIMIT)).trim(), "0 failures", "{name}");
    }
}

#[test]
fn no_signal_ends_the_program() {
    let program = compile("cc", &SANITIZE, "tests/c/signals.c", "signals-asan");
    let _alone = alone();
    assert_eq!(passed("signals", &run(&mut Command::new(program), LIMIT)).trim(), "0 failures");
}

#[test]
fn tokens_let_in_are_renewed_and_refused() {
    let program = compile("cc", &["-std=c99"], &example("tokens"), "tokens");
    let _alone = alone();
    let printed = passed("tokens", &run(&mut Command::new(program), LIMIT));
    assert_eq!(printed.matches("is refused: ").count(), 3, "{printed}");
    assert!(printed.contains("the token expires in ") && printed.ends_with("still in the room\n"), "{printed}");
}

#[test]
fn utterances_are_written_from_their_first_syllable_on() {
    let program = compile("cc", &SANITIZE, &example("vad"), "vad-asan");
    let _alone = alone();
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let speech = heard(&Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/voice.wav"), 24_000);
    // Twice a second and a half of a voice from its onset on, a second of silence before each. Then more than a send queue
    // takes (30 s): who waited for all of it to fit, and did not read, would lose the beginning.
    let onset = speech.iter().position(|s| s.abs() > 3000).unwrap();
    let once = [&[0; 24_000][..], &speech[onset..onset + 36_000]].concat();
    std::fs::write(dir.join("speech.wav"), wav(24_000, 1, &[once.clone(), once, vec![0; 30 * 24_000]].concat()))
        .unwrap();
    // A machine that stands still in the midst of an utterance breaks it in two.
    fits_once(3, || utterances(&program, &dir));
}

/// How the utterances in speech.wav differ from those that were said.
fn utterances(program: &Path, dir: &Path) -> Option<String> {
    let printed =
        passed("vad", &run(Command::new(program).arg(dir.join("speech.wav")).arg(dir.join("utterance")), LIMIT));
    if ["ada speaks", "ada is silent"].iter().any(|line| printed.matches(line).count() != 2) {
        return Some(printed);
    }
    ["utterance-1.wav", "utterance-2.wav"].into_iter().find_map(|name| {
        let heard = heard(&dir.join(name), 24_000);
        let before = heard.iter().position(|s| s.abs() > 2000).unwrap_or(heard.len());
        let fits = (1_200..9_600).contains(&before) && (36_000..72_000).contains(&(heard.len() - before));
        (!fits).then(|| format!("{name}: {} samples, the onset after {before}", heard.len()))
    })
}

/// Two processes play a file each and record the other's.
#[test]
fn two_processes_exchange_wav_files() {
    let program = compile("cc", &["-std=c99"], &example("wav"), "wav");
    let _alone = alone();
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let [low, high] = [("low.wav", 16000, 300), ("high.wav", 48000, 500)].map(|(name, rate, hertz)| {
        std::fs::write(dir.join(name), wav(rate, 1, &tone(rate, hertz, 6.0))).unwrap();
        dir.join(name)
    });
    let said = dir.join("wav-host.txt");
    let mut host = Command::new(&program);
    host.arg(&low).arg(dir.join("from-guest.wav")).stdout(std::fs::File::create(&said).unwrap());
    let mut host = host.spawn().unwrap();
    let end = std::time::Instant::now() + LIMIT;
    let invitation = loop {
        let text = std::fs::read_to_string(&said).unwrap();
        if let Some(line) = text.lines().find(|line| line.starts_with("join with:") && text.ends_with('\n')) {
            break line.to_string();
        }
        assert!(std::time::Instant::now() < end, "the host says nothing to join with: {text}");
        std::thread::sleep(Duration::from_millis(20));
    };
    let words: Vec<&str> = invitation.split(' ').rev().collect();
    let mut guest = Command::new(&program);
    guest.arg(&high).arg(dir.join("from-host.wav")).args([words[1], words[0]]);
    passed("the guest", &run(&mut guest, LIMIT));
    assert!(host.wait().unwrap().success(), "the host failed");
    for (name, rate, hertz) in [("from-host.wav", 48000, 300.0), ("from-guest.wav", 16000, 500.0)] {
        let samples = heard(&dir.join(name), rate);
        // A frequency is crossings over time, where it is loud.
        let loud: Vec<&[i16]> =
            samples.chunks(rate as usize / 50).filter(|f| f.iter().any(|s| s.abs() > 4000)).collect();
        let crossings = loud.concat().windows(2).filter(|w| (w[0] < 0) != (w[1] < 0)).count();
        let heard = crossings as f64 / 2.0 / (loud.len() as f64 / 50.0);
        assert!(
            loud.len() > 50 && (heard - hertz).abs() < 12.0,
            "{name}: {} frames of {heard:.0} Hz, not {hertz}",
            loud.len()
        );
    }
}

#[test]
fn wav_files_are_read_whatever_is_in_them() {
    let program = compile("cc", &SANITIZE, "tests/c/wav_dump.c", "wav-dump");
    let chunk = |name: &str, size: u32, bytes: &[u8]| [name.as_bytes(), &size.to_le_bytes(), bytes].concat();
    let fmt = |format: u16, channels: u16, bits: u16| {
        let mut bytes = [format.to_le_bytes(), channels.to_le_bytes()].concat();
        bytes.extend([8000u32.to_le_bytes(), 0u32.to_le_bytes()].concat());
        bytes.extend([0u16.to_le_bytes(), bits.to_le_bytes()].concat());
        chunk("fmt ", 16, &bytes)
    };
    let riff = |chunks: &[Vec<u8>]| [b"RIFF\xff\xff\xff\xffWAVE".to_vec(), chunks.concat()].concat();
    let pcm = [1i16, -2, 32767, -32768].map(i16::to_le_bytes).concat();
    let floats = [0.5f32, -1.0, 2.0, f32::NAN, f32::NEG_INFINITY].map(f32::to_le_bytes).concat();
    let mut extensible = fmt(0xfffe, 1, 16);
    extensible.splice(4..8, 40u32.to_le_bytes());
    extensible.extend(
        [22u16.to_le_bytes(), 16u16.to_le_bytes(), 0u16.to_le_bytes(), 0u16.to_le_bytes(), 1u16.to_le_bytes()].concat(),
    );
    extensible.extend([0; 14]);
    let good = "8000 Hz, 1 channels, 4 samples: 1 -2 32767 -32768";
    let cases: [(&str, Vec<u8>, &str); 16] = [
        ("plain", riff(&[fmt(1, 1, 16), chunk("data", 8, &pcm)]), good),
        (
            "data first, odd chunk between",
            riff(&[chunk("data", 8, &pcm), chunk("note", 3, b"abc\0"), fmt(1, 1, 16)]),
            good,
        ),
        ("extensible", riff(&[extensible, chunk("data", 8, &pcm)]), good),
        ("a pipe's endless size", riff(&[fmt(1, 1, 16), chunk("data", u32::MAX, &pcm)]), good),
        ("stereo", riff(&[fmt(1, 2, 16), chunk("data", 8, &pcm)]), "8000 Hz, 2 channels, 2 samples: 1 -2 32767 -32768"),
        ("half a sample", riff(&[fmt(1, 2, 16), chunk("data", 7, &pcm)]), "8000 Hz, 2 channels, 1 samples: 1 -2"),
        ("8 bits", riff(&[fmt(1, 1, 8), chunk("data", 3, &[0, 128, 255, 0])]), "3 samples: -32768 0 32512"),
        ("24 bits", riff(&[fmt(1, 1, 24), chunk("data", 6, &[9, 1, 0, 9, 0, 0x80])]), "2 samples: 1 -32768"),
        ("float", riff(&[fmt(3, 1, 32), chunk("data", 20, &floats)]), "5 samples: 16384 -32768 32767 0 -32768"),
        ("no channels", riff(&[fmt(1, 0, 16), chunk("data", 8, &pcm)]), "refused: only PCM"),
        ("no bits", riff(&[fmt(1, 1, 0), chunk("data", 8, &pcm)]), "refused: only PCM"),
        ("a codec", riff(&[fmt(85, 1, 16), chunk("data", 8, &pcm)]), "refused: only PCM"),
        ("no format", riff(&[chunk("data", 8, &pcm)]), "refused: it has no format chunk"),
        (
            "a size beyond the end",
            riff(&[chunk("junk", 0xffff_fff0, b"xy"), fmt(1, 1, 16)]),
            "refused: it has no format chunk",
        ),
        ("a header alone", b"RIFF\0\0\0\0WAVE".to_vec(), "refused: it has no format chunk"),
        ("nothing", Vec::new(), "refused: it is no WAV file"),
    ];
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("odd.wav");
    let dump = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        passed("wav_dump", &run(Command::new(&program).arg(&path), LIMIT))
    };
    for (name, bytes, expected) in &cases {
        let printed = dump(bytes);
        assert!(printed.contains(expected), "{name}: {printed} instead of {expected}");
        // Cut anywhere, it is read or refused, and nothing else.
        for end in (0..bytes.len()).step_by(7) {
            dump(&bytes[..end]);
        }
    }
}

/// Address and undefined-behaviour sanitizers in the C code; the library's heap is watched as well, and leaks at the end.
#[test]
fn examples_under_sanitizers() {
    for (name, arguments) in [
        ("hello", &[][..]),
        ("speakers", &["3"]),
        ("callbacks", &[]),
        ("events", &[]),
        ("chat", &[]),
        ("rpc", &[]),
        ("tokens", &[]),
    ] {
        let program = compile("cc", &SANITIZE, &example(name), &format!("{name}-asan"));
        let _alone = alone();
        passed(name, &run(Command::new(program).args(arguments), LIMIT));
    }
}

fn valgrind(tool: &[&str], name: &str, arguments: &[&str]) {
    let program = compile("cc", &["-std=c99", "-g", "-O1"], &example(name), &format!("{name}-valgrind"));
    let _alone = alone();
    let mut command = Command::new("valgrind");
    command.args(tool).args([
        "--error-exitcode=99",
        "--num-callers=40",
        "--fair-sched=yes",
        "--suppressions=tests/valgrind.supp",
    ]);
    command.arg(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = run(&mut command, SLOW);
    passed(&format!("{tool:?} {name}"), &output);
}

const MEMCHECK: [&str; 4] =
    ["--tool=memcheck", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"];

#[test]
fn hello_under_memcheck() {
    valgrind(&MEMCHECK, "hello", &[]);
}

#[test]
fn callbacks_under_memcheck() {
    valgrind(&MEMCHECK, "callbacks", &[]);
}

#[test]
fn callbacks_under_helgrind() {
    valgrind(&["--tool=helgrind"], "callbacks", &[]);
}

#[test]
fn hello_under_helgrind() {
    valgrind(&["--tool=helgrind"], "hello", &[]);
}

fn tone(rate: u32, hertz: u32, seconds: f64) -> Vec<i16> {
    let step = f64::from(hertz) / f64::from(rate) * std::f64::consts::TAU;
    (0..(f64::from(rate) * seconds) as usize).map(|i| ((i as f64 * step).sin() * 8000.0) as i16).collect()
}

/// The sound in a mono file of this rate, as a reader that is not ours takes it.
fn heard(path: &Path, rate: u32) -> Vec<i16> {
    let name = path.display();
    let mut wav = hound::WavReader::open(path).unwrap_or_else(|e| panic!("{name} is no WAV: {e}"));
    assert_eq!((wav.spec().sample_rate, wav.spec().channels, wav.spec().bits_per_sample), (rate, 1, 16), "{name}");
    wav.samples().map(|sample| sample.unwrap_or_else(|e| panic!("{name} is cut: {e}"))).collect()
}

fn wav(rate: u32, channels: u16, samples: &[i16]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    let mut bytes = [b"RIFF".as_slice(), &(36 + data.len() as u32).to_le_bytes(), b"WAVEfmt \x10\0\0\0\x01\0"].concat();
    bytes.extend(
        [channels.to_le_bytes().as_slice(), &rate.to_le_bytes(), &(rate * u32::from(channels) * 2).to_le_bytes()]
            .concat(),
    );
    bytes.extend([(channels * 2).to_le_bytes(), 16u16.to_le_bytes()].concat());
    [bytes, b"data".to_vec(), (data.len() as u32).to_le_bytes().to_vec(), data].concat()
}
