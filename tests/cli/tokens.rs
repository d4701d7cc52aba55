//! `stoa token`: both families, built, shown, verified.

use crate::{KEY, SECRET, folder, key, run, stoa, text};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Output, Stdio};
use stoa::token::document::{self, Fresh};

const APP: &str = "0123456789abcdef0123456789abcdef";
const CERTIFICATE: &str = "fedcba9876543210fedcba9876543210";

fn built(arguments: &[&str]) -> String {
    let output = stoa().args(["token", "build"]).args(arguments).envs(key()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).trim().to_string()
}

fn shown(token: &str) -> Value {
    let output = run(&["token", "show", token, "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn verified(token: &str, more: &[&str]) -> Output {
    stoa().args(["token", "verify", token]).args(more).envs(key()).output().unwrap()
}

fn refused(token: &str, more: &[&str], says: &str) {
    let output = verified(token, more);
    assert_eq!(output.status.code(), Some(3), "{more:?}");
    assert!(text(&output.stderr).contains(says), "{more:?}: {}", text(&output.stderr));
    assert!(output.stdout.is_empty());
}

#[test]
fn a_livekit_token_says_what_its_flags_said() {
    let flags = "--room hall --user ann --ttl 10m --no-publish --no-subscribe --no-data --hidden --admin --recorder --agent \
                 --update-metadata --name Ann --metadata free --attribute lang=de --attribute a=b=c";
    let token = built(&flags.split_whitespace().collect::<Vec<_>>());
    let shown = shown(&token);
    let claims = &shown["claims"];
    assert_eq!(
        (&shown["family"], &shown["verified"], &shown["expired"]),
        (&"livekit".into(), &false.into(), &false.into())
    );
    assert_eq!((&claims["iss"], &claims["sub"], &claims["name"]), (&"app".into(), &"ann".into(), &"Ann".into()));
    assert_eq!((&claims["metadata"], &claims["attributes"]["a"]), (&"free".into(), &"b=c".into()));
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["nbf"].as_u64().unwrap(), 600);
    assert_eq!(shown["expires_at"], claims["exp"]);
    let video = &claims["video"];
    for (name, value) in [("canPublish", false), ("canSubscribe", false), ("canPublishData", false), ("roomJoin", true)]
    {
        assert_eq!(video[name], value, "{name}");
    }
    for name in ["hidden", "roomAdmin", "recorder", "agent", "canUpdateOwnMetadata"] {
        assert_eq!(video[name], true, "{name}");
    }
    let page = text(&run(&["token", "show", &token]).stdout);
    assert!(page.starts_with("NOT VERIFIED"), "{page}");
    assert!(page.contains("video.room ") && page.contains(" UTC (in ") && page.contains("usable until"), "{page}");
}

#[test]
fn verifying_tells_by_its_exit_code() {
    let token = built(&["--room", "hall", "--user", "ann"]);
    let output = verified(&token, &["--room", "hall", "--user", "ann"]);
    assert!(output.status.success() && text(&output.stdout).starts_with("valid: ann may join hall until "));
    let object: Value = serde_json::from_slice(&verified(&token, &["--json"]).stdout).unwrap();
    assert_eq!((&object["valid"], &object["user"]), (&true.into(), &"ann".into()));
    refused(&token, &["--room", "cellar"], "room 'hall', not for 'cellar'");
    refused(&token, &["--user", "bob"], "user 'ann', not for 'bob'");
    refused(&token, &["--secret", "guess"], "signature is wrong");
    refused(&token, &["--key", "other"], "issuer");
    refused(&token[..token.len() - 2], &[], "signature");
}

#[test]
fn an_old_token_is_shown_as_expired_and_refused() {
    let claims = folder("tokens").join("claims.json");
    std::fs::write(
        &claims,
        r#"{"sub": "ann", "nbf": 1600000000, "exp": 1700000000, "video": {"room": "hall", "roomJoin": true}}"#,
    )
    .unwrap();
    let token = built(&["--claims", claims.to_str().unwrap()]);
    refused(&token, &[], "expired");
    assert_eq!(shown(&token)["expired"], true);
    let page = text(&run(&["token", "show", &token]).stdout);
    assert!(page.contains("EXPIRED") && page.contains("2023-11-14 22:13:20 UTC ("), "{page}");
    // What flags say counts more.
    let token = built(&["--claims", claims.to_str().unwrap(), "--user", "bob", "--ttl", "60", "--hidden"]);
    assert!(verified(&token, &["--room", "hall", "--user", "bob"]).status.success());
    assert_eq!(shown(&token)["claims"]["video"]["hidden"], true);
}

/// What is shown of a token builds it again, with all that it forbids; what would bind nobody is refused.
#[test]
fn what_is_shown_can_be_built_again() {
    let folder = folder("claims");
    let file = |text: &str| {
        let path = folder.join("claims.json");
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_string()
    };
    let token = built(&["--room", "hall", "--user", "ann", "--no-publish", "--no-subscribe"]);
    let pair = ["--key", APP, "--secret", CERTIFICATE, "--family", "access_token2"];
    let access = built(&[&pair[..], &["--room", "hall", "--user", "7", "--no-publish"]].concat());
    for (token, more) in [(&token, &[][..]), (&access, &pair[..])] {
        let object = shown(token);
        let claims = object["claims"].to_string();
        for text in [object.to_string(), json!({"claims": object["claims"]}).to_string(), claims] {
            assert_eq!(shown(&built(&[&["--claims", &file(&text)], more].concat())), object, "{text}");
        }
    }
    let refused = |text: String, more: &[&str], sentence: &str| {
        let build = ["token", "build", "--room", "hall", "--user", "ann", "--claims", &file(&text)];
        let output = stoa().args(build).args(more).envs(key()).output().unwrap();
        let said = crate::text(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(sentence), "{text}: {said}");
    };
    refused(shown(&access).to_string(), &[], "is for another family of tokens; give --family access_token2");
    refused(shown(&access)["claims"].to_string(), &[], "is for another family of tokens; give --family access_token2");
    refused(shown(&token).to_string(), &pair, "is for another family of tokens; give --family livekit");
    refused(r#"{"claims": {"sub": "ann"}, "video": {"canPublish": false}}"#.into(), &[], "has video beside its claims");
    refused(r#"{"claims": ["canPublish"]}"#.into(), &[], "has no object claims");
}

/// A token that lets nobody in is not made, and does not pass for one that does.
#[test]
fn a_token_that_no_room_takes_is_refused() {
    let path = folder("no-room").join("claims.json");
    let claims = |video: Value| json!({"sub": "ann", "exp": 4_000_000_000u64, "video": video});
    for (room, sentence) in [(String::new(), "room is empty"), ("x".repeat(257), "room is 257 bytes long")] {
        let claims = claims(json!({"room": room, "roomJoin": true}));
        std::fs::write(&path, claims.to_string()).unwrap();
        let output = stoa().args(["token", "build", "--claims", path.to_str().unwrap()]).envs(key()).output().unwrap();
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(sentence), "{said}");
        let document = json!({"family": "livekit", "claims": claims}).to_string();
        let fresh = Fresh { unix_now: 1_700_000_000, random: 1 };
        refused(&document::build(&document, KEY, SECRET, fresh).unwrap(), &[], sentence);
    }
    // One that is not for joining needs no room.
    std::fs::write(&path, claims(json!({"roomList": true})).to_string()).unwrap();
    built(&["--claims", path.to_str().unwrap()]);
}

#[test]
fn an_access_token2_is_built_shown_and_verified() {
    let pair = ["--key", APP, "--secret", CERTIFICATE];
    let arguments =
        [&pair[..], &["--family", "access_token2", "--room", "hall", "--user", "7", "--ttl", "1h"]].concat();
    let token = built(&arguments);
    assert!(token.starts_with("007"));
    assert!(verified(&token, &[&pair[..], &["--room", "hall", "--user", "7"]].concat()).status.success());
    refused(&token, &[&pair[..], &["--room", "cellar"]].concat(), "cellar");
    refused(&token, &["--key", APP, "--secret", APP], "signature is wrong");
    let shown = shown(&token);
    let service = &shown["claims"]["services"][0];
    assert_eq!((&shown["family"], &shown["expired"]), (&"access_token2".into(), &false.into()));
    assert_eq!((&service["channel"], &service["uid"]), (&"hall".into(), &"7".into()));
    assert_eq!(service["privileges"].as_object().unwrap().len(), 4);
    let page = text(&run(&["token", "show", &token]).stdout);
    assert!(page.contains("privileges.join_channel") && page.contains("3600 s, until "), "{page}");
    let listener = built(&[&arguments[..], &["--no-publish"]].concat());
    let page = text(&run(&["token", "show", &listener]).stdout);
    assert!(!page.contains("publish_audio") && page.contains("publish_data"), "{page}");
    let output = stoa().args(["token", "build"]).args(&arguments).arg("--hidden").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--hidden is nothing that an AccessToken2 can say"));
    let short = run(&["token", "build", "--family", "access_token2", "--key", "a", "--secret", "b", "--room", "r"]);
    assert_eq!(short.status.code(), Some(2));
    assert!(text(&short.stderr).contains("32 hexadecimal"), "{}", text(&short.stderr));
}

/// A secret need not be an argument, nor need a token.
#[test]
fn tokens_come_from_files_pipes_and_the_environment() {
    let token = built(&["--room", "hall", "--user", "ann"]);
    let file = folder("token-file").join("token");
    std::fs::write(&file, format!("{token}\n")).unwrap();
    let ann = |output: Output| assert!(text(&output.stdout).contains("\"ann\""), "{}", text(&output.stderr));
    ann(run(&["token", "show", "--json", "--token-file", file.to_str().unwrap()]));
    ann(stoa().args(["token", "show", "--json"]).env("STOA_TOKEN", &token).output().unwrap());
    let piped = stoa().args(["token", "show", "-", "--json"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut piped = piped.unwrap();
    piped.stdin.take().unwrap().write_all(format!(" {token}\n").as_bytes()).unwrap();
    ann(piped.wait_with_output().unwrap());
}
