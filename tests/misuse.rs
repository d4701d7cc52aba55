//! Misuse and faults from C, under AddressSanitizer, UndefinedBehaviorSanitizer and valgrind: every mistake is a status and a
//! sentence, and nothing crashes, locks up or leaks.

mod stage;

use stage::{alone, compile, passed, run};
use std::process::Command;
use std::time::Duration;

const SANITIZE: [&str; 4] = ["-std=c99", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
const MEMCHECK: [&str; 4] =
    ["--tool=memcheck", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"];
const LIMIT: Duration = Duration::from_secs(120);
/// Valgrind runs one thread at a time, some thirty times more slowly.
const SLOW: Duration = Duration::from_secs(400);

fn checked(what: &str, command: &mut Command, limit: Duration) {
    let _alone = alone();
    let said = passed(what, &run(command, limit));
    assert!(said.ends_with("\n0 failures\n") || said == "0 failures\n", "{what}: {said}");
}

/// A program as it is, with both sanitizers; `leaks`: whether what is left at its end counts.
fn sanitized(name: &str, arguments: &[&str], leaks: bool) {
    let program = compile("cc", &SANITIZE, &format!("tests/c/{name}.c"), &format!("misuse-{name}"));
    let options = format!("detect_leaks={}", u8::from(leaks));
    checked(name, Command::new(program).args(arguments).env("ASAN_OPTIONS", options), LIMIT);
}

/// The same under a tool of valgrind's.
fn valgrind(tool: &[&str], name: &str, arguments: &[&str]) {
    let program = compile("cc", &["-std=c99", "-g", "-O1"], &format!("tests/c/{name}.c"), &format!("valgrind-{name}"));
    let mut command = Command::new("valgrind");
    command.args(tool).args(["--error-exitcode=99", "--num-callers=40", "--fair-sched=yes"]);
    command.arg("--suppressions=tests/valgrind.supp").arg(program).args(arguments);
    checked(&format!("{name} under {tool:?}"), command.current_dir(env!("CARGO_MANIFEST_DIR")), SLOW);
}

#[test]
fn without_an_engine() {
    sanitized("misuse", &[], true);
    valgrind(&MEMCHECK, "misuse", &[]);
}

#[test]
fn with_an_engine() {
    sanitized("misuse_engine", &[], true);
    valgrind(&MEMCHECK, "misuse_engine", &[]);
}

#[test]
fn every_function_in_every_state() {
    sanitized("states", &[], true);
    valgrind(&MEMCHECK, "states", &[]);
}

#[test]
fn calls_inside_callbacks_and_callbacks_that_are_slow() {
    sanitized("callbacks", &[], true);
    valgrind(&MEMCHECK, "callbacks", &[]);
}

#[test]
fn every_function_from_eight_threads() {
    sanitized("threads", &["4"], true);
    valgrind(&MEMCHECK, "threads", &["15"]);
}

#[test]
fn every_function_from_eight_threads_under_helgrind() {
    valgrind(&["--tool=helgrind"], "threads", &["10"]);
}

/// In a forked child the stacks of the other threads are gone, so that what only they point to looks lost.
#[test]
fn forked_children() {
    sanitized("forks", &[], false);
    valgrind(&["--tool=memcheck", "--leak-check=no"], "forks", &[]);
}
