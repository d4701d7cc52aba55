//! `stoa serve` as people start it.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn stoa() -> Command {
    Command::new(env!("CARGO_BIN_EXE_stoa"))
}

#[test]
fn wrong_flags_are_named_with_their_cure() {
    let cases: [(&[&str], &str); 10] = [
        (&[], "needs a command"),
        (&["server"], "does not know the command server"),
        (&["serve", "--prot", "1"], "does not know --prot"),
        (&["serve", "--port"], "--port needs a value"),
        (&["serve", "--port", "70000"], "--port 70000 is no port"),
        (&["serve", "--udp-port", "x"], "--udp-port x is no port"),
        (&["serve", "--bind", "localhost"], "--bind localhost is no IP address"),
        (&["serve", "--key", "app"], "--key must have a key and its secret"),
        (&["serve", "--key", "a:b", "--webhook", "ftp://host/"], "does not begin with http:// or https://"),
        (&["serve", "--bind", "192.0.2.1", "--key", "a:b"], "no address of this machine"),
    ];
    for (arguments, sentence) in cases {
        let output = stoa().args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(sentence), "{arguments:?}: {said}");
    }
    let help = stoa().args(["serve", "--help"]).output().unwrap();
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("--udp-port"));
}

#[test]
fn without_a_key_it_makes_one_and_tells() {
    let mut child =
        stoa().args(["serve", "--port", "0", "--udp-port", "0"]).stdout(Stdio::piped()).spawn().expect("stoa starts");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let (key, url) = (lines.next(), lines.next());
    child.kill().unwrap();
    child.wait().unwrap();
    let secret = key.as_deref().and_then(|k| k.strip_prefix("key stoa:")).expect("a key");
    assert!(secret.len() == 64 && secret.bytes().all(|b| b.is_ascii_hexdigit()), "{secret}");
    assert!(url.is_some_and(|u| u.starts_with("serving ws://127.0.0.1:")));
}
