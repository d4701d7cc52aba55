//! Flags, help, errors: one line that names the flag and the cure, and an exit code that was promised.

use crate::{folder, machine, run, stoa, text};
use std::process::{Command, Stdio};

#[test]
fn errors_name_the_flag_and_the_cure() {
    let _machine = machine();
    let missing = folder("usage").join("missing.wav");
    let missing = missing.to_str().unwrap();
    let not_wav = folder("usage-wav").join("text.wav");
    std::fs::write(&not_wav, "This is no sound, but it is long enough to look like some.").unwrap();
    let not_wav = not_wav.to_str().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().port().to_string();
    let join = ["join", "ws://127.0.0.1:1", "--room", "hall", "--key", "k", "--secret", "s"];
    let joined = |more: &[&'static str]| [&join[..], more].concat();
    let token = run(&["token", "build", "--key", "k", "--secret", "s", "--room", "r", "--user", "u", "--no-publish"]);
    let token = text(&token.stdout);
    let mute = token.trim();
    let token = run(&["token", "build", "--key", "k", "--secret", "s", "--room", "r", "--user", "u", "--no-subscribe"]);
    let token = text(&token.stdout);
    let deaf = token.trim();
    let claims = folder("usage-claims").join("claims.json");
    std::fs::write(&claims, r#"{"sub": "u", "video": {"roomCreate": true}}"#).unwrap();
    let claims = claims.to_str().unwrap();
    let token = text(&run(&["token", "build", "--key", "k", "--secret", "s", "--claims", claims]).stdout);
    let anywhere = token.trim();
    let long = "x".repeat(300);
    let long_secret = format!("a:{long}");
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let udp = udp.local_addr().unwrap().port().to_string();
    let taken_udp = format!("--udp-port {udp}: The room server cannot bind UDP");
    let cases: Vec<(Vec<&str>, u8, &str)> = vec![
        (vec![], 2, "needs a command"),
        (vec!["server"], 2, "does not know the command server; did you mean serve?"),
        (vec!["serve", "--prot", "1"], 2, "does not know --prot; did you mean --port?"),
        (vec!["serve", "--xyzzy"], 2, "does not know --xyzzy; stoa serve --help"),
        (vec!["serve", "-p"], 2, "does not know -p;"),
        (vec!["serve", "now"], 2, "does not know what now is for"),
        (vec!["serve", "--port"], 2, "--port needs a value"),
        (vec!["serve", "--port", "70000"], 2, "--port 70000 is no port; give a number from 0 to 65535"),
        (vec!["serve", "--bind", "localhost"], 2, "--bind localhost is no IP address; give one"),
        (vec!["serve", "--key", "app"], 2, "--key must have a key and its secret"),
        (vec!["serve", "--quiet=yes"], 2, "--quiet takes no value"),
        (vec!["serve", "--key", "a:b", "--port", &taken, "--udp-port", "0"], 2, "choose another port"),
        (vec!["serve", "--key", "a:b", "--port", "0", "--udp-port", &udp], 2, &taken_udp),
        (vec!["serve", "--key", &long_secret], 2, "the secret of --key is 300 bytes long: give at most 256"),
        (vec!["serve", "--key", "a:b", "--webhook", "ftp://h/"], 2, "--webhook: "),
        (vec!["serve", "--key", "a:b", "--webhook", "https://h/", "--ca-file", missing], 1, "--ca-file: "),
        (vec!["join"], 2, "needs the server's URL"),
        (vec!["join", "ws://127.0.0.1:1"], 2, "needs a token: give --token T, --token-file FILE or STOA_TOKEN"),
        (vec!["join", "ws://127.0.0.1:1", "--room", "hall"], 2, "--key is missing: give the server's key"),
        (vec!["join", "ws://127.0.0.1:1", "--room", "hall", "--key", "k"], 2, "--secret is missing"),
        (vec!["join", "ws://127.0.0.1:1", "ws://127.0.0.1:2"], 2, "what ws://127.0.0.1:2 is for"),
        (vec!["join", "ws://127.0.0.1:1", "--token", "nonsense"], 3, "--token: The token is no JWT"),
        (vec!["join", "ws://127.0.0.1:1", "--token", ""], 3, "the token is empty"),
        (vec!["join", "ws://127.0.0.1:1", "--token-file", missing], 1, "cannot be read"),
        (
            vec!["join", "ws://127.0.0.1:1", "--token", mute, "--play", "demo/voice.wav"],
            3,
            "--play: the token does not let",
        ),
        (vec!["join", "ws://127.0.0.1:1", "--token", mute, "--say", "hi"], 3, "--say: the token does not let"),
        (
            vec!["join", "ws://127.0.0.1:1", "--token", mute, "--room", "other"],
            3,
            "is for the room 'r', not for 'other'",
        ),
        (vec!["join", "ws://127.0.0.1:1", "--token", mute, "--user", "v"], 3, "is for the user 'u'"),
        (vec!["join", "127.0.0.1:1", "--token", mute], 2, "give ws:// or wss://"),
        (vec!["join", "wss://127.0.0.1:1", "--token", mute, "--ca-file", missing], 1, "--ca-file: "),
        (vec!["join", "ws://127.0.0.1:1", "--token", deaf, "--record", "."], 3, "--record: the token does not let"),
        (vec!["join", "ws://127.0.0.1:1", "--token", anywhere], 3, "--token: the token names no room; take one"),
        ([&join[..4], &["--user", &long]].concat(), 2, "--user is 300 bytes long: give at most 256"),
        (vec!["join", "ws://127.0.0.1:1", "--room", &long], 2, "--room is 300 bytes long: give at most 256"),
        (joined(&["--token", "-", "--play", "-"]), 2, "cannot both read standard input"),
        (joined(&["--for", "soon"]), 2, "--for soon is no length of time; give seconds"),
        (joined(&["--for", "0"]), 2, "--for 0 is no length of time"),
        (joined(&["--say"]), 2, "--say needs a value"),
        (joined(&["--sya", "hi"]), 2, "does not know --sya; did you mean --say?"),
        (joined(&["--play"]), 2, "--play needs a value"),
        ([&join[..], &["--play", missing]].concat(), 1, "cannot be opened"),
        ([&join[..], &["--play", not_wav]].concat(), 1, "is no WAV file; ffmpeg"),
        ([&join[..], &["--record", not_wav]].concat(), 1, "cannot be made (File exists (os error 17)); name one"),
        (joined(&["--quiet"]), 1, "ws://127.0.0.1:1: "),
        (vec!["token"], 2, "needs a command: build, show or verify"),
        (vec!["token", "biuld"], 2, "does not know biuld; did you mean build?"),
        (vec!["token", "build", "--room", "r"], 2, "--key is missing: give the server's key (app id), or set STOA_KEY"),
        (vec!["token", "build", "--key", "k", "--secret", "s", "--user", "u"], 2, "--room is missing"),
        (vec!["token", "build", "--key", "k", "--secret", "s", "--room", "r"], 2, "--user is missing"),
        (vec!["token", "build", "--key", "k", "--secret", "s", "--room", "", "--user", "u"], 2, "--room is empty"),
        (
            vec!["token", "build", "--key", "k", "--secret", "s", "--room", "r", "--user", &long],
            2,
            "--user is 300 bytes",
        ),
        (vec!["token", "build", "--ttl", "1y"], 2, "--ttl 1y is no length of time"),
        (vec!["token", "build", "--family", "jwt"], 2, "--family jwt is no family of tokens; give livekit"),
        (vec!["token", "build", "--attribute", "lang"], 2, "--attribute lang is no pair"),
        (vec!["token", "build", "--claims", missing], 1, "cannot be read"),
        (vec!["token", "build", "--claims", not_wav], 2, "is no JSON object"),
        (vec!["token", "show"], 2, "A token is missing"),
        (vec!["token", "show", "nonsense"], 3, "The token is no JWT"),
        (vec!["token", "show", "007nonsense"], 3, "cut or changed"),
        (vec!["token", "show", "a", "b"], 2, "does not know what b is for"),
        (vec!["token", "show", "a", "--key", "k"], 2, "does not know --key"),
        (vec!["token", "verify", "nonsense"], 2, "--key is missing"),
        (vec!["token", "verify", "nonsense", "--key", "k", "--secret", "s"], 3, "Not valid: "),
    ];
    for (arguments, exit, sentence) in cases {
        let output = run(&arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(i32::from(exit)), "{arguments:?}: {said}");
        assert!(said.contains(sentence), "{arguments:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
        assert!(said.ends_with(".\n"), "{arguments:?}: {said}");
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        // The same for programs.
        let output = stoa().args(&arguments).arg("--json").output().unwrap();
        let (said, object) = (text(&output.stderr), text(&output.stdout));
        if !arguments.last().is_some_and(|last| ["--port", "--play", "--say"].contains(last)) && !arguments.is_empty() {
            // A join tells of its attempt before.
            let object = object.lines().last().unwrap_or_else(|| panic!("{arguments:?}: no object"));
            let object: serde_json::Value = serde_json::from_str(object).unwrap_or_else(|e| panic!("{object}: {e}"));
            assert_eq!(object["event"], "error", "{arguments:?}");
            assert_eq!(object["exit"], output.status.code().unwrap(), "{arguments:?}");
            assert_eq!(object["text"], said.trim_end(), "{arguments:?}");
        }
    }
}

/// A name that is too long is that of a flag, or of a variable.
#[test]
fn errors_name_the_variable() {
    let long = "x".repeat(300);
    let join = ["join", "ws://127.0.0.1:1", "--room", "hall"];
    let build = ["token", "build", "--room", "hall", "--user", "ann"];
    for arguments in [&["serve"][..], &join, &build] {
        for (key, secret, named) in [(&*long, "s", "STOA_KEY"), ("k", &long, "STOA_SECRET")] {
            let output = stoa().args(arguments).envs([("STOA_KEY", key), ("STOA_SECRET", secret)]).output().unwrap();
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
            assert!(said.starts_with(&format!("{named} is 300 bytes long")), "{arguments:?}: {said}");
        }
    }
}

/// Every flag that a help names is known to its command, and the exit codes are told.
#[test]
fn help_is_there_and_true() {
    let commands: [&[&str]; 7] =
        [&[], &["serve"], &["join"], &["token"], &["token", "build"], &["token", "show"], &["token", "verify"]];
    for command in commands {
        let help = stoa().args(command).arg("--help").output().unwrap();
        let page = text(&help.stdout);
        assert!(help.status.success() && page.contains("stoa"), "{command:?}");
        assert!(page.lines().all(|line| line.len() <= 120), "{command:?}");
        assert!(command.ends_with(&["token"]) || page.contains("Exit codes:"), "{command:?}");
        if command.is_empty() || command == ["token"] {
            continue;
        }
        let flags: Vec<&str> = page
            .lines()
            .filter_map(|line| line.trim().split(' ').next())
            .filter(|word| word.starts_with("--"))
            .collect();
        assert!(flags.len() > 1, "{command:?}");
        for flag in flags {
            // With an unknown flag behind it, nothing is done.
            let said = text(&stoa().args(command).args([flag, "1", "--xyzzy"]).output().unwrap().stderr);
            assert!(!said.contains(&format!("does not know {flag}")), "{command:?} {flag}: {said}");
        }
    }
    let version = run(&["--version"]);
    assert_eq!(text(&version.stdout), format!("stoa {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(text(&run(&["help"]).stdout), text(&run(&["--help"]).stdout));
}

/// A reader that goes away is no panic; a full disk is an error.
#[test]
fn a_stdout_that_takes_nothing() {
    let mut child = stoa().arg("--help").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    // The help may have been in the pipe already: then it was written.
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
    let script = format!("exec {} --help >&-", env!("CARGO_BIN_EXE_stoa"));
    assert!(Command::new("sh").args(["-c", &script]).status().unwrap().code().is_some(), "no panic, no signal");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = stoa().arg("--help").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("Standard output cannot be written"), "{}", text(&output.stderr));
}
